//! What can go wrong, and where: [`Error`], [`ErrorKind`], [`Position`].
//!
//! The library says entry, byte and line; whoever opened the file adds its name. Nothing here prints or decides
//! on an exit code.

use std::fmt;

use crate::format::{CARRIAGE_RETURN, CountError};
use crate::schema::ParseFault;

/// A result whose error says where in the recording it happened.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with the place it was found at.
#[derive(Debug)]
pub struct Error(Box<Located>);

#[derive(Debug)]
struct Located {
    kind: ErrorKind,
    position: Position,
}

impl Error {
    /// Joins what was found to where it was found.
    pub fn new(kind: impl Into<ErrorKind>, position: Position) -> Self {
        Error(Box::new(Located { kind: kind.into(), position }))
    }

    /// What was found, and what was expected.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What was found, without where.
    pub fn into_kind(self) -> ErrorKind {
        self.0.kind
    }

    /// Where it was found.
    pub fn position(&self) -> Position {
        self.0.position
    }

    /// What to do about it, if there is something to do: a sentence in the imperative, without a period.
    ///
    /// It names no flags, which only a program that has them can know.
    pub fn hint(&self) -> Option<String> {
        self.0.kind.hint()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.position.is_unknown() {
            write!(f, "{}: ", self.0.position)?;
        }
        self.0.kind.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.kind)
    }
}

impl<K: Into<ErrorKind>> From<K> for Error {
    fn from(kind: K) -> Self {
        Error::new(kind, Position::default())
    }
}

/// A place in a recording, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of the entry, counted from 1 in file order.
    pub entry: Option<u64>,
    /// The offset in bytes from the start of the recording, after decompression.
    pub byte: Option<u64>,
    /// The line, counted from 1, in a format that has lines.
    pub line: Option<u64>,
    /// The character in its line, counted from 1.
    pub column: Option<u64>,
}

impl Position {
    /// Whether nothing is known of the place.
    pub fn is_unknown(self) -> bool {
        self == Position::default()
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}")?;
            separator = " at ";
        }
        if let Some(line) = self.line {
            write!(f, "{separator}line {line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
            separator = ", ";
        }
        if let Some(byte) = self.byte {
            write!(f, "{separator}byte {byte}")?;
        }
        Ok(())
    }
}

/// What was found, and what was expected instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system failed to read or write.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The bytes are no recording that this version reads.
    #[error(transparent)]
    Unrecognized(#[from] crate::format::Unrecognized),
    /// The input ends where more must follow.
    #[error(transparent)]
    Truncated(#[from] crate::format::Truncated),
    /// A length in the file is beyond [`ReadOptions::max_record_bytes`](crate::format::ReadOptions), or one to be written
    /// beyond the `u32::MAX` bytes of the binary format.
    #[error("{what} of {bytes} bytes exceeds the limit of {limit_bytes}")]
    TooLong {
        /// What has the length: the initial state, a record, the text of an entry, a line.
        what: &'static str,
        /// The claimed length, or how much had arrived when the limit was reached.
        bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// A record is not the wire form of a `grpcreplay.Entry`.
    #[error("not a grpcreplay.Entry: {0}")]
    Wire(#[from] crate::wire::Fault),
    /// A compressed file is damaged, or is not decompressed for what it would take.
    #[error(transparent)]
    Compressed(#[from] crate::format::CompressionError),
    /// A byte count of the text format does not count.
    #[error(transparent)]
    Count(#[from] crate::format::CountError),
    /// The initial state of the text format is not quoted as Go quotes strings.
    #[error("initial state `{line}` is not a quoted string: {reason}")]
    Quoting {
        /// The line, or its beginning, with everything unprintable escaped.
        line: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The text of an entry is not prototext, or not that of a `grpcreplay.Entry`.
    #[error(transparent)]
    Prototext(#[from] crate::schema::ParseFault),
    /// JSON that is not that of an entry, a header, or a message.
    #[error("{}{fault}", .selector.as_ref().map(|selector| format!("`{selector}`: ")).unwrap_or_default())]
    Json {
        /// Which value it is about, as far as that is known.
        selector: Option<String>,
        /// What is wrong with it.
        fault: crate::schema::JsonFault,
    },
    /// Two entries of a recording as JSON have the same name.
    #[error("the index {index} is that of an entry before it; an entry that says none has its place, 1, 2 and so on")]
    DuplicateIndex {
        /// The name.
        index: u64,
    },
    /// An entry of a recording as JSON refers to a name that no entry before it has.
    #[error("refIndex {refers_to} is the index of no entry before it")]
    DanglingReference {
        /// The name.
        refers_to: i32,
    },
    /// An entry holds what the format to be written can't carry.
    #[error("{format} can't carry {loss}")]
    Loss {
        /// The format: `text` or `ProtoJSON`.
        format: &'static str,
        /// What it can't carry.
        loss: crate::schema::Loss,
    },
    /// A message, or something in it, has no ProtoJSON.
    #[error("ProtoJSON can't carry {0}")]
    NoJson(#[from] crate::schema::JsonError),
    /// An entry refers to one that the writer was not given.
    #[error("entry {entry} refers to entry {refers_to}, which is not in the recording")]
    MissingReference {
        /// The number that the referring entry had in its own file.
        entry: u64,
        /// The number it refers to.
        refers_to: i32,
    },
    /// An entry cannot get another number, because the reference of one already written would then name it, or another
    /// entry that moved.
    #[error(
        "entry {moved} cannot move to another place, because entry {entry}, which stays, refers to entry {refers_to}, \
         which would then be another one"
    )]
    ForwardReference {
        /// The number of the entry that refers.
        entry: u64,
        /// The number it refers to.
        refers_to: i32,
        /// The number that the entry which was to move had in its own file.
        moved: u64,
    },
    /// Entries came to the writer in another order than they had in their file.
    #[error("entry {entry} cannot be written after entry {previous}, which it precedes in its file")]
    OutOfOrder {
        /// The number of the entry that came too late.
        entry: u64,
        /// The number of the entry written before it.
        previous: u64,
    },
    /// A recording has more entries than `ref_index` can name.
    #[error("a recording holds at most {} entries", i32::MAX)]
    TooManyEntries,
}

impl ErrorKind {
    fn hint(&self) -> Option<String> {
        match self {
            ErrorKind::Unrecognized(found) => found.hint().map(str::to_owned),
            ErrorKind::Count(CountError::CarriageReturn { .. })
            | ErrorKind::Quoting { reason: CARRIAGE_RETURN, .. } => {
                Some("restore the line ends, which something changed to those of Windows".to_owned())
            }
            ErrorKind::Count(CountError::NotANumber { .. }) => {
                Some("after editing by hand, correct the byte count in front of the entry before this place".to_owned())
            }
            ErrorKind::Count(_) | ErrorKind::Quoting { .. } => None,
            // What is no prototext is most often cut by a byte count that an edit made wrong.
            ErrorKind::Prototext(ParseFault::UnknownField { .. }) => None,
            ErrorKind::Prototext(fault) => Some(fault.hint().unwrap_or_else(|| {
                "after editing by hand, correct the byte count on the line in front of the entry".to_owned()
            })),
            ErrorKind::Json { fault, .. } => fault.hint(),
            ErrorKind::DuplicateIndex { .. } => {
                Some("give it an index that is free, and change the refIndex of what refers to it".to_owned())
            }
            ErrorKind::DanglingReference { .. } => {
                Some("keep the entry it refers to and put it first, or leave this entry out too".to_owned())
            }
            ErrorKind::Compressed(error) => error.hint().map(str::to_owned),
            // Beyond 4 GiB the limit is the binary format's own, which nobody can raise.
            ErrorKind::TooLong { limit_bytes, .. } if *limit_bytes < u64::from(u32::MAX) => {
                Some("raise the limit, unless the file is damaged".to_owned())
            }
            ErrorKind::MissingReference { .. } => {
                Some("keep the entry it refers to, or leave this entry out too".to_owned())
            }
            ErrorKind::ForwardReference { entry, .. } => Some(format!("leave entry {entry} out too")),
            ErrorKind::Io(_)
            | ErrorKind::Truncated(_)
            | ErrorKind::TooLong { .. }
            | ErrorKind::Wire(_)
            | ErrorKind::Loss { .. }
            | ErrorKind::NoJson(_)
            | ErrorKind::OutOfOrder { .. }
            | ErrorKind::TooManyEntries => None,
        }
    }
}

/// The beginning of some bytes, for an error message: as it is where it can be printed, escaped where not.
pub(crate) fn excerpt(bytes: &[u8], most_characters: usize) -> String {
    let mut excerpt = String::new();
    let mut characters = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if characters == most_characters {
                excerpt.push('…');
                return excerpt;
            }
            characters += 1;
            match character {
                '"' | '\'' | '\\' => excerpt.push(character),
                '\n' | '\r' | '\t' => excerpt.extend(character.escape_default()),
                '\0'..' ' | '\x7f' => excerpt += &format!("\\x{:02x}", character as u32),
                _ => excerpt.extend(character.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            characters += 1;
            excerpt += &format!("\\x{byte:02x}");
        }
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_can_be_printed() {
        assert_eq!(excerpt("a \"b\" 'c' \\d ü\t".as_bytes(), 20), "a \"b\" 'c' \\d ü\\t");
        assert_eq!(excerpt(b"\0\x1b[31m\x7f\xff\xc3", 20), "\\x00\\x1b[31m\\x7f\\xff\\xc3");
        assert_eq!(excerpt("\u{202e}abc\u{200b}".as_bytes(), 20), "\\u{202e}abc\\u{200b}");
        assert_eq!(excerpt(b"abcdef", 3), "abc…");
    }

    #[test]
    fn only_a_limit_that_can_be_raised_is_to_be_raised() {
        let hint = |limit_bytes| Error::from(ErrorKind::TooLong { what: "record", bytes: 1 << 40, limit_bytes }).hint();
        assert_eq!(hint(1024).as_deref(), Some("raise the limit, unless the file is damaged"));
        assert_eq!(hint(u64::from(u32::MAX)), None);
    }

    #[test]
    fn positions_name_what_is_known() {
        let show = |entry, line, column, byte| Position { entry, line, column, byte }.to_string();
        assert_eq!(show(Some(3), None, None, None), "entry 3");
        assert_eq!(show(Some(3), None, None, Some(7)), "entry 3 at byte 7");
        assert_eq!(show(None, None, None, Some(7)), "byte 7");
        assert_eq!(show(Some(3), Some(4), None, Some(7)), "entry 3 at line 4, byte 7");
        assert_eq!(show(Some(3), Some(4), Some(5), None), "entry 3 at line 4:5");
    }
}
