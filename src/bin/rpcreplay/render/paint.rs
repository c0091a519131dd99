//! [`Painter`]: text with colours, where colours are wanted.

use anstyle::{AnsiColor, Style};

use rpcreplay::schema::{escape_go, quote_go};

/// What a piece of text is; decides on its colour.
///
/// Of the sixteen colours only those are used that can be read on light and on dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The name of a file, where several are printed.
    File,
    /// What a call is called.
    Method,
    /// The number of an entry.
    Index,
    /// What an entry is.
    Kind,
    /// A message type.
    Type,
    /// The name of a field.
    Name,
    /// A string or bytes.
    Text,
    /// Any other value.
    Value,
    /// How a call ended well.
    Good,
    /// How a call ended otherwise.
    Bad,
    /// What is wrong with the recording.
    Mark,
    /// What was there and is no more.
    Removed,
    /// What was not there.
    Added,
    /// What is another one now.
    Changed,
    /// The part of a value that is no more.
    RemovedPart,
    /// The part of a value that was not there.
    AddedPart,
    /// That a finding is an error.
    Error,
    /// That a finding is a warning.
    Warning,
    /// What is not from the recording.
    Aside,
}

impl Role {
    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Role::File => Style::new().bold().underline(),
            Role::Method => Style::new().bold(),
            Role::Aside | Role::Type => Style::new().dimmed(),
            Role::Index | Role::Kind => Style::new(),
            Role::Name => color(AnsiColor::Cyan),
            Role::Text => color(AnsiColor::Green),
            Role::Value => color(AnsiColor::Magenta),
            Role::Good => color(AnsiColor::Green).bold(),
            Role::Bad | Role::Error => color(AnsiColor::Red).bold(),
            Role::Warning => color(AnsiColor::Magenta).bold(),
            Role::Mark | Role::Removed => color(AnsiColor::Red),
            Role::Added => color(AnsiColor::Green),
            Role::Changed => color(AnsiColor::Magenta),
            Role::RemovedPart => color(AnsiColor::Red).bold().underline(),
            Role::AddedPart => color(AnsiColor::Green).bold().underline(),
        }
    }
}

/// Appends text to a buffer.
#[derive(Debug)]
pub struct Painter<'o> {
    /// What was painted.
    pub out: &'o mut Vec<u8>,
    /// Whether in colours.
    pub colors: bool,
}

/// Beyond this level lines are indented no further, so that what is shown stays in proportion to what is recorded.
const INDENT_LIMIT: usize = 32;

impl Painter<'_> {
    /// Appends what `write` writes, in the colour of its role.
    pub fn paint(&mut self, role: Role, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.colors || role.style() == Style::new() {
            write(self.out);
            return;
        }
        let style = role.style();
        self.out.extend_from_slice(style.render().to_string().as_bytes());
        write(self.out);
        self.out.extend_from_slice(style.render_reset().to_string().as_bytes());
    }

    /// Appends words of our own. A colour ends before its line does: what comes after a line feed begins another line, and
    /// pagers show it.
    pub fn words(&mut self, role: Role, words: &str) {
        let line = words.trim_end_matches('\n');
        self.paint(role, |out| out.extend_from_slice(line.as_bytes()));
        self.plain(&words[line.len()..]);
    }

    /// Appends a name out of the recording, with nothing left in it that a terminal would obey.
    pub fn name(&mut self, role: Role, name: &[u8]) {
        self.paint(role, |out| escape_go(out, name));
    }

    /// [`name`](Self::name), of which no more is shown than a name has that somebody gave.
    pub fn short_name(&mut self, role: Role, name: &[u8]) {
        /// Several times the longest path, with keys of maps in it, of real recordings.
        const NAME_BYTES: usize = 1000;
        let shown = shorten(name, Some(NAME_BYTES));
        self.name(role, shown);
        self.elided(shown.len(), name.len());
    }

    /// Appends text out of the recording in quotes, of which at most `limit` bytes are shown.
    pub fn quoted(&mut self, role: Role, text: &[u8], limit: Option<usize>) {
        let shown = shorten(text, limit);
        self.paint(role, |out| quote_go(out, shown));
        self.elided(shown.len(), text.len());
    }

    /// Appends a part of what stands in quotes.
    pub fn inside_quotes(&mut self, role: Role, text: &[u8]) {
        self.paint(role, |out| {
            let start = out.len();
            quote_go(out, text);
            out.pop();
            out.remove(start);
        });
    }

    /// Says how long a value is of which not everything was shown.
    pub fn elided(&mut self, shown: usize, length: usize) {
        if shown < length {
            self.words(Role::Aside, &format!("… ({length} bytes)"));
        }
    }

    /// Appends plain text.
    pub fn plain(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Begins a line.
    pub fn indent(&mut self, level: usize) {
        let blanks = 2 * level.min(INDENT_LIMIT);
        self.out.resize(self.out.len() + blanks, b' ');
    }

    /// Appends a line that says what is wrong with the recording.
    pub fn mark(&mut self, level: usize, reason: &str) {
        self.indent(level);
        self.paint(Role::Mark, |out| {
            out.extend_from_slice(b"! ");
            escape_go(out, reason.as_bytes());
        });
        self.plain("\n");
    }
}

/// The first bytes of a text, up to a limit, without cutting a character.
pub fn shorten(text: &[u8], limit: Option<usize>) -> &[u8] {
    let Some(mut end) = limit.filter(|&limit| limit < text.len()) else { return text };
    // A character has at most four bytes; more continuation bytes than three are no UTF-8 anyway.
    for _ in 0..3 {
        if end > 0 && text[end] & 0xc0 == 0x80 {
            end -= 1;
        }
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_between_characters() {
        assert_eq!(shorten("aé".as_bytes(), Some(2)), b"a");
        assert_eq!(shorten("aé".as_bytes(), Some(3)), "aé".as_bytes());
        assert_eq!(shorten("😀".as_bytes(), Some(3)), b"");
        assert_eq!(shorten(b"\x80\x80\x80\x80\x80", Some(4)), b"\x80");
        assert_eq!(shorten(b"abc", Some(0)), b"");
        assert_eq!(shorten(b"abc", None), b"abc");
    }

    #[test]
    fn paints_only_where_wanted() {
        for (colors, expected) in
            [(false, "\"a\"… (2 bytes)"), (true, "\u{1b}[32m\"a\"\u{1b}[0m\u{1b}[2m… (2 bytes)\u{1b}[0m")]
        {
            let mut out = Vec::new();
            Painter { out: &mut out, colors }.quoted(Role::Text, b"ab", Some(1));
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn a_colour_ends_before_its_line() {
        let mut out = Vec::new();
        Painter { out: &mut out, colors: true }.words(Role::Aside, "\nno entries\n");
        assert_eq!(String::from_utf8_lossy(&out), "\u{1b}[2m\nno entries\u{1b}[0m\n");
    }
}
