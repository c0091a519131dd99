//! Values out of messages, on a line: [`show`]; and what two of them have in common: [`show_both`].

use rpcreplay::compare::Value;
use rpcreplay::schema::{escape_go, quote_hex};
use similar::{ChangeTag, TextDiff};

use super::{Painter, Role, ValueOptions, shorten};

/// How long the line of a message or list may become before the rest of it is only counted.
const LINE_BYTES: usize = 600;

/// Longer texts are shown without what they have in common: finding that takes time that grows faster than they do.
const HIGHLIGHTED_BYTES: usize = 4096;

/// Appends a value, on one line.
pub fn show(value: &Value, role: Role, options: ValueOptions, painter: &mut Painter<'_>) {
    match value {
        Value::String(text) | Value::Bytes(text) => painter.quoted(role, text, options.max_bytes),
        Value::Json(text) => shortened(text.as_bytes(), role, options, painter),
        Value::Bool(value) => painter.words(role, &value.to_string()),
        Value::Int(value) => painter.words(role, &value.to_string()),
        Value::Float(value) => painter.words(role, &format!("{value:?}")),
        Value::Double(value) => painter.words(role, &format!("{value:?}")),
        Value::Enum(Ok(name)) => painter.short_name(role, name.as_bytes()),
        Value::Enum(Err(number)) => painter.words(role, &number.to_string()),
        Value::Time(text) => painter.words(role, text),
        Value::End => painter.words(role, "end of stream"),
        Value::NoMessage => painter.words(role, "no message"),
        Value::Fact(words) => painter.short_name(role, words.as_bytes()),
        Value::TooDeep => painter.words(Role::Aside, "(nests too deep to be shown)"),
        Value::Opaque(bytes) => {
            let shown = &bytes[..bytes.len().min(options.max_bytes.unwrap_or(bytes.len()))];
            painter.paint(role, |out| quote_hex(out, shown));
            painter.elided(shown.len(), bytes.len());
        }
        Value::Any(url, message) => {
            painter.short_name(Role::Type, shown_type(url).as_bytes());
            painter.plain(" ");
            show(message, role, options, painter);
        }
        Value::Message(fields) => {
            let fields = fields.iter().map(|(name, value)| (if name.is_empty() { "?" } else { name }, value));
            show_fields(fields, ("{", "}"), role, options, painter);
        }
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
            show_fields(entries, ("{", "}"), role, options, painter);
        }
        Value::List(values) => show_fields(values.iter().map(|value| ("", value)), ("[", "]"), role, options, painter),
    }
}

/// How long a value may be that stands on one line.
const SHORT_LINE_BYTES: usize = 90;

/// Appends a value: on one line if that is short, else with a line for each field or element, the first on the line that has
/// been begun at a level. Beyond so many lines the rest is counted.
pub fn show_block(
    value: &Value,
    role: Role,
    (level, mut lines): (usize, usize),
    options: ValueOptions,
    painter: &mut Painter<'_>,
) {
    show_lines(value, role, level, options, &mut lines, painter);
}

fn show_lines(
    value: &Value,
    role: Role,
    level: usize,
    options: ValueOptions,
    lines: &mut usize,
    painter: &mut Painter<'_>,
) {
    let mut line = Vec::new();
    show(value, role, options, &mut Painter { out: &mut line, colors: false });
    let fields: Vec<(&str, &Value)> = match value {
        _ if line.len() <= SHORT_LINE_BYTES => return show(value, role, options, painter),
        Value::Any(url, message) => {
            painter.short_name(Role::Type, shown_type(url).as_bytes());
            painter.plain(" ");
            return show_lines(message, role, level, options, lines, painter);
        }
        Value::Message(fields) | Value::Map(fields) => {
            fields.iter().map(|(name, value)| (if name.is_empty() { "?" } else { name.as_str() }, value)).collect()
        }
        Value::List(values) => values.iter().map(|value| ("", value)).collect(),
        _ => return show(value, role, options, painter),
    };
    let (open, close) = if matches!(value, Value::List(_)) { ("[", "]") } else { ("{", "}") };
    painter.words(role, open);
    painter.plain("\n");
    for (place, (name, value)) in fields.iter().enumerate() {
        painter.indent(level + 1);
        if *lines == 0 {
            painter.words(Role::Aside, &format!("… {} more\n", fields.len() - place));
            break;
        }
        *lines -= 1;
        if !name.is_empty() {
            painter.short_name(Role::Name, name.as_bytes());
            painter.plain(": ");
        }
        show_lines(value, role, level + 1, options, lines, painter);
        painter.plain("\n");
    }
    painter.indent(level);
    painter.words(role, close);
}

/// A type URL without what nearly all begin with.
fn shown_type(url: &str) -> &str {
    url.strip_prefix("type.googleapis.com/").unwrap_or(url)
}

fn shortened(text: &[u8], role: Role, options: ValueOptions, painter: &mut Painter<'_>) {
    let shown = shorten(text, options.max_bytes);
    painter.paint(role, |out| escape_go(out, shown));
    painter.elided(shown.len(), text.len());
}

fn show_fields<'v>(
    fields: impl ExactSizeIterator<Item = (&'v str, &'v Value)>,
    (open, close): (&str, &str),
    role: Role,
    options: ValueOptions,
    painter: &mut Painter<'_>,
) {
    let all = fields.len();
    if all == 0 {
        return painter.words(role, &format!("{open}{close}"));
    }
    painter.words(role, open);
    let start = painter.out.len();
    for (shown, (name, value)) in fields.enumerate() {
        painter.plain(if shown == 0 { " " } else { ", " });
        if painter.out.len() - start > LINE_BYTES {
            painter.words(Role::Aside, &format!("… {} more", all - shown));
            break;
        }
        if !name.is_empty() {
            painter.short_name(Role::Name, name.as_bytes());
            painter.plain(": ");
        }
        show(value, role, options, painter);
    }
    painter.plain(" ");
    painter.words(role, close);
}

/// Whether two values are so long that they are better shown one below the other.
pub fn are_long(old: &Value, new: &Value) -> bool {
    /// Together with what stands in front of them, as much as a line takes.
    const SHORT_BYTES: usize = 60;
    let length = |value: &Value| match value {
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::Json(text) => text.len(),
        Value::Message(_) | Value::List(_) | Value::Map(_) | Value::Any(..) | Value::Opaque(_) => SHORT_BYTES,
        _ => 0,
    };
    length(old) + length(new) > SHORT_BYTES
}

/// Appends two values, each by itself, in which what they do not have in common stands out.
pub fn show_both(
    old: &Value,
    new: &Value,
    options: ValueOptions,
    old_painter: &mut Painter<'_>,
    new_painter: &mut Painter<'_>,
) {
    let text = |value: &Value| match value {
        Value::String(text) | Value::Bytes(text) => std::str::from_utf8(text).ok().map(str::to_owned),
        _ => None,
    };
    let limit = options.max_bytes.unwrap_or(HIGHLIGHTED_BYTES).min(HIGHLIGHTED_BYTES);
    let (Some(old_text), Some(new_text)) = (text(old), text(new)) else {
        show(old, Role::Removed, options, old_painter);
        show(new, Role::Added, options, new_painter);
        return;
    };
    if old_text.len() > limit || new_text.len() > limit {
        let start = options.max_bytes.map_or(0, |limit| start_of_difference(&old_text, &new_text, limit));
        show_from(&old_text, start, Role::Removed, options, old_painter);
        show_from(&new_text, start, Role::Added, options, new_painter);
        return;
    }
    if !new_painter.colors {
        show(old, Role::Removed, options, old_painter);
        show(new, Role::Added, options, new_painter);
        return;
    }
    let (old_words, new_words) = (words(&old_text), words(&new_text));
    let diff = TextDiff::configure().diff_slices(&old_words, &new_words);
    old_painter.words(Role::Removed, "\"");
    new_painter.words(Role::Added, "\"");
    for change in diff.iter_all_changes() {
        let word = change.value().as_bytes();
        match change.tag() {
            ChangeTag::Equal => {
                old_painter.inside_quotes(Role::Removed, word);
                new_painter.inside_quotes(Role::Added, word);
            }
            ChangeTag::Delete => old_painter.inside_quotes(Role::RemovedPart, word),
            ChangeTag::Insert => new_painter.inside_quotes(Role::AddedPart, word),
        }
    }
    old_painter.words(Role::Removed, "\"");
    new_painter.words(Role::Added, "\"");
}

/// Where to begin with two texts that are shortened, so that what differs is seen.
fn start_of_difference(old: &str, new: &str, limit: usize) -> usize {
    /// How much is shown in front of it.
    const BEFORE_BYTES: usize = 40;
    let common = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    if common < limit / 2 {
        return 0;
    }
    let mut start = common.saturating_sub(BEFORE_BYTES);
    // Up to here both have the same characters.
    while !old.is_char_boundary(start) {
        start -= 1;
    }
    start
}

/// Appends a text from a byte on.
fn show_from(text: &str, start: usize, role: Role, options: ValueOptions, painter: &mut Painter<'_>) {
    if start > 0 {
        painter.words(Role::Aside, &format!("… from byte {start}: "));
    }
    painter.quoted(role, &text.as_bytes()[start..], options.max_bytes);
}

/// A text in pieces: words, and each character between them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first.is_alphanumeric() {
            true => rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, left) = rest.split_at(end);
        words.push(word);
        rest = left;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::BytesForm;

    fn shown(value: &Value) -> String {
        let mut out = Vec::new();
        let options = ValueOptions { bytes: BytesForm::Text, max_bytes: Some(8) };
        show(value, Role::Value, options, &mut Painter { out: &mut out, colors: false });
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn values_stand_on_a_line() {
        let text = |text: &str| Value::String(text.into());
        for (value, expected) in [
            (text("a\n\u{1b}[2J"), "\"a\\n\\x1b[2J\""),
            (text("0123456789"), "\"01234567\"… (10 bytes)"),
            (Value::Message(vec![("a".to_owned(), Value::Int(1)), ("b".to_owned(), text("x"))]), "{ a: 1, b: \"x\" }"),
            (Value::Message(vec![]), "{}"),
            (Value::List(vec![Value::Bool(true), Value::Bool(false)]), "[ true, false ]"),
            (Value::Map(vec![("\"k\"".to_owned(), Value::Double(1.0))]), "{ \"k\": 1.0 }"),
            (Value::Any("a/b.C".to_owned(), Box::new(Value::Opaque(vec![1, 255]))), "a/b.C `01ff`"),
            (Value::List(vec![Value::Int(1); 1000]), &format!("[ {}… 800 more ]", "1, ".repeat(200))),
        ] {
            assert_eq!(shown(&value), expected);
        }
    }

    #[test]
    fn what_differs_stands_out() {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        let options = ValueOptions { bytes: BytesForm::Text, max_bytes: None };
        let text = |text: &str| Value::String(text.into());
        show_both(
            &text("a/b"),
            &text("a/c"),
            options,
            &mut Painter { out: &mut old, colors: true },
            &mut Painter { out: &mut new, colors: true },
        );
        let plain = |text: &[u8]| String::from_utf8_lossy(text).replace("\u{1b}[0m", "").replace("\u{1b}[31m", "");
        assert_eq!(plain(&old), "\"a/\u{1b}[1m\u{1b}[4m\u{1b}[31mb\"".replace("\u{1b}[31m", ""));
        assert!(String::from_utf8_lossy(&new).contains('c'));
    }
}
