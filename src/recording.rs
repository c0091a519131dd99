//! The file as a whole: [`Header`].

use bytes::Bytes;

/// What stands in front of the entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// The exact bytes of the initial state, which the recording program chose; empty when it gave none.
    ///
    /// Source: Go's recorder writes nil and the empty slice alike.
    pub initial: Bytes,
}

impl Header {
    /// A header with this initial state.
    pub fn new(initial: impl Into<Bytes>) -> Self {
        Header { initial: initial.into() }
    }
}
