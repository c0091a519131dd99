//! A comparison as Markdown, for a comment on a pull request.

use rpcreplay::schema::is_printable;

use super::summary::{self, Totals};
use super::text::show_body;
use super::{Shown, View};
use crate::failure::Trouble;
use crate::render::{Painter, ValueOptions};

/// How long a comment may become, in bytes. GitHub takes 65,536 characters.
const COMMENT_BYTES: usize = 60_000;

/// How much of it one recording may take, so that others are seen, too.
const RECORDING_BYTES: usize = 20_000;

/// How much of an error is shown.
const MESSAGE_BYTES: usize = 1000;

/// Shows comparisons as Markdown.
///
/// What stands in the recordings comes into blocks of code, whose fences are longer than any run of back quotes inside, or
/// into HTML with every character escaped that means something there.
pub struct MarkdownView {
    options: ValueOptions,
    stat: bool,
    context: usize,
    /// What is written when all recordings have been compared, since the total comes first.
    body: String,
    /// How many recordings were left out for want of room.
    left_out: u64,
}

impl MarkdownView {
    /// A view without a comparison yet.
    pub fn new(options: ValueOptions, stat: bool, context: usize) -> Self {
        MarkdownView { options, stat, context, body: String::new(), left_out: 0 }
    }

    /// Adds a section, if there is room for it.
    fn add(&mut self, section: String) {
        if self.body.len() + section.len() > COMMENT_BYTES {
            self.left_out += 1;
            return;
        }
        // A list ends where a blank line and no item follow.
        if !self.body.is_empty() {
            self.body += "\n";
        }
        self.body += &section;
    }
}

impl View for MarkdownView {
    fn show(&mut self, shown: &Shown<'_>, _: &mut Vec<u8>) {
        let compared = shown.compared;
        if !compared.is_different() && !compared.has_noise() && compared.old_name.is_none() {
            return;
        }
        let mut body = Vec::new();
        if !self.stat {
            show_body(shown, self.options, self.context, &mut Painter { out: &mut body, colors: false });
        }
        let name = match &compared.old_name {
            Some(old) => format!("{} → {}", code(old), code(&compared.name)),
            None => code(&compared.name),
        };
        let title = format!("{name}: {}", escape(&summary::words(compared)));
        let mut section = if body.is_empty() {
            format!("- {title}\n")
        } else {
            let text = String::from_utf8_lossy(&body);
            let (text, rest) = shorten(text.trim_matches('\n'), RECORDING_BYTES);
            let fence = fence(text);
            let rest = match rest {
                0 => String::new(),
                lines => format!("\n… {lines} more lines are left out\n"),
            };
            let open = if compared.is_different() { " open" } else { "" };
            format!("<details{open}><summary>{title}</summary>\n\n{fence}text\n{text}\n{fence}\n{rest}\n</details>\n")
        };
        if self.body.len() + section.len() > COMMENT_BYTES {
            section = format!("- {title}\n");
        }
        self.add(section);
    }

    fn unreadable(&mut self, trouble: &Trouble, _: &mut Vec<u8>) {
        let (message, _) = shorten(&trouble.message, MESSAGE_BYTES);
        self.add(format!("- can't be compared: {}\n", escape(message)));
    }

    fn finish(&mut self, totals: &Totals, out: &mut Vec<u8>) {
        let mut document = format!("**rpcreplay diff**: {}\n", totals.words());
        if !self.body.is_empty() {
            document += &format!("\n{}", self.body);
        }
        if self.left_out > 0 {
            document += &format!("\n{} more recordings differ and are left out here.\n", self.left_out);
        }
        out.extend_from_slice(document.as_bytes());
    }
}

/// The first lines of a text, and how many are left out.
fn shorten(text: &str, limit: usize) -> (&str, usize) {
    if text.len() <= limit {
        return (text, 0);
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').unwrap_or(end);
    (&text[..end], text[end..].trim_start_matches('\n').lines().count())
}

/// A fence that nothing in a text ends.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn code(name: &str) -> String {
    format!("<code>{}</code>", escape(name))
}

/// Escapes everything that means something in HTML or Markdown, and what would not be seen or turns text around.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            // GitHub makes links of what follows `www.` and, below, of what has a scheme.
            '.' if escaped.to_ascii_lowercase().ends_with("www") => escaped += "&#46;",
            '0'..='9' | 'a'..='z' | 'A'..='Z' | ' ' | '/' | '.' | ',' | '-' | '→' => escaped.push(character),
            character if character.is_alphanumeric() => escaped.push(character),
            character if !is_printable(character) => escaped += &format!("\\u{:04x}", u32::from(character)),
            character => escaped += &format!("&#{};", u32::from(character)),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_means_anything() {
        assert_eq!(escape("a/b-1.replay"), "a/b-1.replay");
        assert_eq!(
            escape("<b>&`*_[x](y)@me#1|\n"),
            "&#60;b&#62;&#38;&#96;&#42;&#95;&#91;x&#93;&#40;y&#41;&#64;me&#35;1&#124;\\u000a"
        );
        assert_eq!(escape("http://a.WWW.b"), "http&#58;//a.WWW&#46;b");
        assert_eq!(escape("\u{202e}\u{9b}é"), "\\u202e\\u009bé");
    }

    #[test]
    fn nothing_ends_a_fence() {
        assert_eq!(fence("no quotes"), "```");
        assert_eq!(fence("a ````` b ```"), "``````");
    }

    #[test]
    fn shortens_between_lines() {
        assert_eq!(shorten("ab\ncd\nef", 4), ("ab", 2));
        assert_eq!(shorten("ab\ncd", 5), ("ab\ncd", 0));
        assert_eq!(shorten("éé", 1), ("", 1));
    }
}
