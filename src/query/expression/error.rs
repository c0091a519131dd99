//! Why a text is no expression, and where in it.

use std::fmt;
use std::ops::Range;

/// Why a text is no expression, or none that could ever hold.
///
/// Its text says where, as a character counted from 1, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// The line that the place is in, and its number, counted from 1 if there are several, else 0.
    line: String,
    number: usize,
    /// The place in the line, in characters.
    place: Range<usize>,
    message: String,
    hint: Option<String>,
}

/// How much of a long line is shown, in characters.
const SHOWN_CHARACTERS: usize = 100;

/// How much of it in front of the place.
const SHOWN_BEFORE: usize = 60;

impl ExpressionError {
    /// An error at some bytes of the text.
    pub(super) fn new(text: &str, place: Range<usize>, message: impl Into<String>) -> Self {
        let start = text[..place.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let first = text[start..place.start].chars().count();
        let length = text[place.start..place.end.clamp(place.start, end.max(place.start))].chars().count();
        let has_lines = text.trim_end().contains('\n');
        ExpressionError {
            line: text[start..end].to_owned(),
            number: if has_lines { text[..start].matches('\n').count() + 1 } else { 0 },
            place: first..first + length.max(1),
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    /// The line of the text, and below it a line that marks the place with `^`.
    ///
    /// Of a long line only what is near the place is shown; control characters in it, tabs apart, are replaced.
    pub fn caret(&self) -> String {
        let shown = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
        let characters: Vec<char> = self.line.trim_end_matches('\r').chars().map(shown).collect();
        let first = if characters.len() > SHOWN_CHARACTERS { self.place.start.saturating_sub(SHOWN_BEFORE) } else { 0 };
        let end = characters.len().min(first + SHOWN_CHARACTERS);
        let mut line = String::new();
        let mut marks = String::new();
        if first > 0 {
            line.push('…');
            marks.push(' ');
        }
        line.extend(&characters[first.min(end)..end]);
        if end < characters.len() {
            line.push('…');
        }
        let before = characters.iter().copied().chain(std::iter::repeat(' '));
        let before = before.take(self.place.start).skip(first);
        marks.extend(before.map(|c| if c == '\t' { '\t' } else { ' ' }));
        let length = self.place.len().min((end + 1).saturating_sub(self.place.start)).max(1);
        marks.extend(std::iter::repeat_n('^', length));
        format!("{line}\n{marks}")
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number > 0 {
            write!(f, "line {}, ", self.number)?;
        }
        write!(f, "character {}: {}", self.place.start + 1, self.message)
    }
}

impl std::error::Error for ExpressionError {}

/// Names in backticks, in a row: `a`, `b` or `c`.
pub(super) fn alternatives<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked() {
        let error = ExpressionError::new("a.é == b", 2..4, "wrong");
        assert_eq!(error.to_string(), "character 3: wrong");
        assert_eq!(error.caret(), "a.é == b\n  ^");
        let error = ExpressionError::new("a ||\n\tbcd\n", 6..9, "wrong");
        assert_eq!(error.to_string(), "line 2, character 2: wrong");
        assert_eq!(error.caret(), "\tbcd\n\t^^^");
        assert_eq!(ExpressionError::new("", 0..0, "empty").caret(), "\n^");
        assert_eq!(ExpressionError::new("a\u{1b}[m", 1..2, "odd").caret(), "a\u{fffd}[m\n ^");
    }

    #[test]
    fn of_a_long_line_the_neighbourhood_is_shown() {
        let text = format!("{}name{}", "a".repeat(200), "b".repeat(200));
        let caret = ExpressionError::new(&text, 200..204, "wrong").caret();
        let (line, marks) = caret.split_once('\n').expect("two lines");
        assert_eq!(line, format!("…{}name{}…", "a".repeat(60), "b".repeat(36)));
        assert_eq!(marks, format!("{}^^^^", " ".repeat(61)));
        let caret = ExpressionError::new(&text, 0..404, "wrong").caret();
        assert_eq!(caret.lines().next_back().map(str::len), Some(101));
    }

    #[test]
    fn alternatives_stand_in_a_row() {
        assert_eq!(alternatives(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
