//! What can be wrong with JSON, and where.

use crate::error::excerpt;
use crate::schema::Unresolved;

/// What was found in the JSON of a message, and where.
///
/// It is a pointer, so that the results of the parser, which is full of them, stay small.
#[derive(Debug, Clone)]
pub struct JsonReadError(Box<Located>);

#[derive(Debug, Clone)]
struct Located {
    at: usize,
    path: String,
    fault: JsonFault,
}

impl JsonReadError {
    #[cold]
    pub(crate) fn new(at: usize, fault: JsonFault) -> Self {
        JsonReadError(Box::new(Located { at, path: String::new(), fault }))
    }

    /// Notes which value it is about.
    #[cold]
    pub(super) fn within(mut self, path: String) -> Self {
        const SHOWN_CHARACTERS: usize = 300;
        self.0.path = excerpt(path.as_bytes(), SHOWN_CHARACTERS);
        self
    }

    /// The offset in bytes from the start of the text.
    pub fn at(&self) -> usize {
        self.0.at
    }

    /// The path of the value: names as the `.proto` file has them, joined by dots, `[3]` into a list, `["key"]` into a map,
    /// `(pkg.Message)` into an `Any`. Empty for the message itself.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong.
    pub fn fault(&self) -> &JsonFault {
        &self.0.fault
    }

    /// What is wrong, without where.
    pub fn into_fault(self) -> JsonFault {
        self.0.fault
    }
}

impl std::fmt::Display for JsonReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "`{}`: ", self.0.path)?;
        }
        self.0.fault.fmt(f)
    }
}

impl std::error::Error for JsonReadError {}

/// What is wrong with JSON. What it quotes stands as it does in the text, everything unprintable escaped.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// The text ends inside a value.
    #[error("the text ends too early")]
    End,
    /// Something else than what JSON has here.
    #[error("found `{found}`, expected {expected}")]
    Unexpected {
        /// What was found.
        found: String,
        /// What may stand here.
        expected: &'static str,
    },
    /// Text behind the end of the value.
    #[error("found `{0}` behind the end of the value")]
    Trailing(String),
    /// Bytes that are not UTF-8.
    #[error("the text is not valid UTF-8")]
    Utf8,
    /// A control character that must be escaped.
    #[error("a string with a raw `{0}`, which must be escaped")]
    RawCharacter(String),
    /// An escape that JSON does not have, or half of a surrogate pair.
    #[error("`{0}` is not an escape of JSON")]
    Escape(String),
    /// The message has no such field.
    #[error("unknown field `{field}` of {message}")]
    UnknownField {
        /// The name.
        field: String,
        /// The message's full name.
        message: String,
    },
    /// The same member, or another name of the same field, a second time.
    #[error("`{0}` stands there twice")]
    Repeated(String),
    /// A second member of a oneof.
    #[error("field `{0}` belongs to a oneof of which another field is set")]
    OneofRepeated(String),
    /// A value that its field cannot hold.
    #[error("`{found}` is not {expected}")]
    Value {
        /// What the field takes.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// A name that an enum does not have.
    #[error("`{name}` is not a value of {enumeration}")]
    EnumName {
        /// The name.
        name: String,
        /// The enum's full name.
        enumeration: String,
    },
    /// An `Any` without a type.
    #[error("an Any without `@type`")]
    NoType,
    /// The type of an `Any` is not known.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// A member that is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A header among the entries.
    #[error("a second header: several recordings stand one behind the other")]
    SecondHeader,
    /// `@unknown` holds something else than fields.
    #[error("`@unknown` does not hold whole fields: {0}")]
    UnknownFields(crate::wire::Fault),
    /// A text of which not even the beginning is looked at.
    #[error("the text has more than {0} bytes")]
    TooLong(usize),
    /// A message that has become longer than any record.
    #[error("the message has more than {0} bytes")]
    MessageTooLong(usize),
    /// Messages inside messages beyond the limit.
    #[error("messages nest deeper than {0}")]
    TooDeep(usize),
}

impl JsonFault {
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            JsonFault::Unresolved(Unresolved::Unknown(_)) => {
                Some("add the descriptor set that defines it to the schema".to_owned())
            }
            JsonFault::Unresolved(Unresolved::Broken { error, .. }) => error.hint(),
            JsonFault::NoType => Some(
                "begin the object with \"@type\":\"type.googleapis.com/pkg.Message\", the type of its message"
                    .to_owned(),
            ),
            JsonFault::SecondHeader => Some("put each of them into a file of its own".to_owned()),
            _ => None,
        }
    }
}

/// Text for an error message.
pub(super) fn quote(text: &[u8]) -> String {
    const QUOTED_CHARACTERS: usize = 60;
    excerpt(text, QUOTED_CHARACTERS)
}
