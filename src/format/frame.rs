//! [`Frame`]: an entry that was cut out of a recording and not yet decoded.

use bytes::Bytes;

use super::{binary, json, text};
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
    /// The JSON of an entry, which begins in the line of this number with this character of it, and whether it is ProtoJSON
    /// and nothing else.
    Json { line: u64, column: u64, is_canonical: bool },
}

/// Decodes frames; keeps its memory from one to the next.
#[derive(Debug)]
pub struct Decoder<'s> {
    schema: &'s Schema,
    json: Option<json::JsonDecoder<'s>>,
    keeps_text: bool,
}

impl<'s> Decoder<'s> {
    /// A decoder that asks this schema for the types of messages which the text format and JSON spell out.
    pub fn new(schema: &'s Schema) -> Self {
        Decoder { schema, json: None, keeps_text: false }
    }

    /// The same, and an entry of a text recording keeps its text, which takes as much memory again: written to another one it is
    /// that text, and not what Go's recorder would write.
    pub fn keeping_text(self) -> Self {
        Decoder { keeps_text: true, ..self }
    }
}

impl Frame {
    /// How many bytes the entry takes in its file, without what stands in front of it.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The number of the entry, counted from 1 in file order.
    pub fn index(&self) -> EntryIndex {
        self.index
    }

    /// The offset in bytes, after decompression, at which it begins in its file, with what stands in front of it.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The entry. From JSON it has the name that its `index` gives it, and not yet its number: that is
    /// [`Numbering`](super::Numbering)'s affair.
    ///
    /// # Errors
    ///
    /// `Wire`, `Prototext` and `Json`, with the number of the entry and its offset.
    pub fn decode(self, decoder: &mut Decoder<'_>) -> Result<Entry> {
        let Frame { bytes, index, offset, body } = self;
        match body {
            Body::Record => binary::decode(bytes, index, offset),
            Body::Text { body_offset, line } => {
                text::decode(&bytes, decoder.schema, index, offset, (body_offset, line), decoder.keeps_text)
            }
            Body::Json { line, column, is_canonical } => {
                let json = decoder.json.get_or_insert_with(|| json::JsonDecoder::new(decoder.schema));
                json::decode(&bytes, json, is_canonical, index, offset, (line, column))
            }
        }
    }
}
