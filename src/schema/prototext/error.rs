//! What can be wrong with prototext, and where.

use crate::error::excerpt;
use crate::schema::{Malformed, Unresolved};

/// What was found in the text, and where.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{fault} at byte {at}")]
pub struct ParseError {
    at: usize,
    #[source]
    fault: ParseFault,
}

impl ParseError {
    pub(crate) fn new(at: usize, fault: ParseFault) -> Self {
        ParseError { at, fault }
    }

    /// The offset in bytes from the start of the text.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What was found.
    pub fn fault(&self) -> &ParseFault {
        &self.fault
    }

    /// What was found, without where.
    pub fn into_fault(self) -> ParseFault {
        self.fault
    }

    /// The line and the character in it, both counted from 1.
    pub fn line_and_column(&self, text: &[u8]) -> (u64, u64) {
        let before = &text[..self.at];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |place| place + 1);
        let lines = memchr::memchr_iter(b'\n', before).count() as u64;
        let is_continuation = |byte: &u8| byte & 0xc0 == 0x80;
        let characters = before[line_start..].iter().filter(|byte| !is_continuation(byte)).count() as u64;
        (lines + 1, characters + 1)
    }
}

/// What is wrong with prototext. What it quotes stands as it does in the text, everything unprintable escaped.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ParseFault {
    /// The text ends inside a message, a list, a string, or behind a name.
    #[error("the text ends too early")]
    End,
    /// A field's name was expected.
    #[error("`{0}` is not a field name")]
    Name(String),
    /// A value was expected.
    #[error("`{0}` is not a value")]
    Value(String),
    /// Something in brackets that is neither the URL of a type nor the name of an extension.
    #[error("`{0}` is not a type URL or an extension's name")]
    TypeUrl(String),
    /// `}` for `<`, or `>` for `{`.
    #[error("`{found}` does not close what `{open}` opened")]
    Mismatch {
        /// The opening character.
        open: char,
        /// The closing character.
        found: char,
    },
    /// Something lawful elsewhere.
    #[error("unexpected `{0}`")]
    Unexpected(String),
    /// A string with bytes that are not UTF-8.
    #[error("a string with invalid UTF-8")]
    Utf8,
    /// A string across the end of a line, or with a zero byte.
    #[error("a string with a raw `{0}`")]
    RawCharacter(String),
    /// An escape that does not exist or whose number is out of range.
    #[error("`{0}` is not an escape")]
    Escape(String),
    /// The message has no field of that name.
    #[error("unknown field `{field}` of {message}")]
    UnknownField {
        /// The name.
        field: String,
        /// The message's full name.
        message: String,
    },
    /// A field named by its number, which Go's reader refuses.
    #[error("`{0}` is a number, expected the name of a field")]
    NumberForName(String),
    /// A field that is neither a message nor followed by a colon.
    #[error("no colon behind `{0}`")]
    NoColon(String),
    /// A field that may occur once.
    #[error("field `{0}` is repeated")]
    Repeated(String),
    /// A second member of a oneof.
    #[error("field `{0}` belongs to a oneof of which another field is set")]
    OneofRepeated(String),
    /// A value that its field cannot hold.
    #[error("`{found}` is not a value of type {expected}")]
    ValueType {
        /// The field's type.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// An `Any` with both an expanded message and `type_url` or `value`, or with two messages.
    #[error("`{0}` contradicts what the Any already holds")]
    AnyConflict(String),
    /// An expanded `Any` whose type is not known.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// A message that cannot be encoded.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Messages inside messages beyond the limit.
    #[error("messages nest deeper than {0}")]
    TooDeep(usize),
    /// Expanded `Any` inside expanded `Any` beyond the limit.
    #[error("expanded messages of Any nest deeper than {0}")]
    TooManyExpanded(usize),
}

impl ParseFault {
    /// What to do about it, if there is something to do: a sentence in the imperative, without a period.
    pub fn hint(&self) -> Option<String> {
        match self {
            ParseFault::Unresolved(Unresolved::Unknown(_)) => {
                Some("add the descriptor set that defines it to the schema".to_owned())
            }
            ParseFault::Unresolved(Unresolved::Broken { error, .. }) => error.hint(),
            _ => None,
        }
    }
}

/// Text for an error message.
pub(super) fn quote(text: &[u8]) -> String {
    const QUOTED_CHARACTERS: usize = 60;
    excerpt(text, QUOTED_CHARACTERS)
}
