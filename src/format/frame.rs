//! [`Frame`]: an entry that was cut out of a recording and not yet decoded.

use bytes::Bytes;

use super::{binary, text};
use crate::entry::{Entry, EntryIndex};
use crate::error::Result;
use crate::schema::Schema;

/// The bytes of one entry, as they stand in the file, and where.
///
/// Cutting entries apart is cheap and goes from front to back; decoding them is neither, so several threads may do it
/// at once.
#[derive(Debug, Clone)]
pub struct Frame {
    pub(super) bytes: Bytes,
    pub(super) index: EntryIndex,
    pub(super) offset: u64,
    pub(super) body: Body,
}

/// What the bytes are.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// The record of an entry.
    Record,
    /// The text of an entry, which begins at this offset, behind the line of this number.
    Text { body_offset: u64, line: u64 },
}

impl Frame {
    /// How many bytes the entry takes in its file, without what stands in front of it.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The entry. The schema is asked for the types of messages that the text format spells out.
    ///
    /// # Errors
    ///
    /// `Wire` and `Prototext`, with the number of the entry and its offset.
    pub fn decode(self, schema: &Schema) -> Result<Entry> {
        let Frame { bytes, index, offset, body } = self;
        match body {
            Body::Record => binary::decode(bytes, index, offset),
            Body::Text { body_offset, line } => text::decode(&bytes, schema, index, offset, body_offset, line),
        }
    }
}
