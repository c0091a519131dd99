//! What can go wrong, and where: [`Error`], [`ErrorKind`], [`Position`].
//!
//! The library says entry, byte and line; whoever opened the file adds its name. Nothing here prints or decides
//! on an exit code.

use std::fmt;

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

    /// Where it was found.
    pub fn position(&self) -> Position {
        self.0.position
    }

    /// What to do about it, if there is something to do: a sentence in the imperative, without a period.
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
            separator = ", ";
            if self.byte.is_none() {
                return Ok(());
            }
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
}

impl ErrorKind {
    fn hint(&self) -> Option<String> {
        match self {
            ErrorKind::Io(_) => None,
        }
    }
}
