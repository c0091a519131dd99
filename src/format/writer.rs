//! [`Writer`]: numbers entries anew, rewrites their references, and writes them.

use std::io::Write;

use super::binary::length_of;
use super::sniff::BINARY_MAGIC;
use super::{Encoder, Renumbering};
use crate::entry::{Entry, EntryIndex};
use crate::error::Result;
use crate::recording::Header;

/// Writes a recording, by itself in the binary format.
///
/// There an entry is written as the record it was read from, byte for byte; only a `ref_index` that has to change is
/// replaced. Entries must come in the order of their own numbers, and may leave some out. An entry without a number
/// ([`Entry::encode`]) counts as the one that follows the entry written last.
///
/// What becomes of references, [`Renumbering`] says.
///
/// ```
/// use rpcreplay::entry::{Any, Kind, Entry, Payload};
/// use rpcreplay::format::Writer;
/// use rpcreplay::recording::Header;
///
/// let mut writer = Writer::binary(Vec::new(), &Header::new("state"))?;
/// let empty = Any { type_url: "type.googleapis.com/google.protobuf.Empty", value: b"" };
/// let request = writer.write(&Entry::encode(Kind::Request, "/pkg.Service/Call", Payload::Message(empty), 0)?)?;
/// writer.write(&Entry::encode(Kind::Response, "", Payload::Message(empty), request.0 as i32)?)?;
/// let file = writer.finish()?;
/// assert!(file.starts_with(b"RPCReplay\x05\0\0\0state"));
/// # Ok::<(), rpcreplay::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<'s, W> {
    out: W,
    /// For other formats than the binary one, and the memory it writes to.
    encoder: Option<Encoder<'s>>,
    encoded: Vec<u8>,
    renumbering: Renumbering,
}

impl<'s, W: Write> Writer<'s, W> {
    /// Writes the header of a binary recording.
    ///
    /// # Errors
    ///
    /// `TooLong` if the initial state has more than `u32::MAX` bytes, `Io` if writing fails.
    pub fn binary(out: W, header: &Header) -> Result<Self> {
        let mut writer = Writer::empty(out, None);
        writer.out.write_all(BINARY_MAGIC)?;
        writer.write_record("initial state", &header.initial)?;
        Ok(writer)
    }

    /// Writes the header of a recording in the format of an encoder.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::begin`], and `Io` if writing fails.
    pub fn new(out: W, header: &Header, encoder: Encoder<'s>) -> Result<Self> {
        let mut beginning = Vec::new();
        encoder.begin(header, &mut beginning)?;
        let mut writer = Writer::empty(out, Some(encoder));
        writer.out.write_all(&beginning)?;
        Ok(writer)
    }

    fn empty(out: W, encoder: Option<Encoder<'s>>) -> Self {
        Writer { out, encoder, encoded: Vec::new(), renumbering: Renumbering::default() }
    }

    /// Writes an entry, and says under which number.
    ///
    /// # Errors
    ///
    /// `MissingReference`, `ForwardReference`, `OutOfOrder`, `TooManyEntries` and those of [`Encoder::entry`], after which
    /// nothing of the entry is written and others may follow; `Io` if writing fails.
    pub fn write(&mut self, entry: &Entry) -> Result<EntryIndex> {
        let written = self.renumbering.next(entry)?;
        self.write_entry(&entry.written(written)?)?;
        self.renumbering.accept(written);
        Ok(written.index)
    }

    /// What comes next is of another recording, whose numbers begin anew.
    ///
    /// # Errors
    ///
    /// `ForwardReference` if an entry refers to one that has not come.
    pub fn begin_recording(&mut self) -> Result<()> {
        self.renumbering.begin_recording()
    }

    /// Flushes, and gives back what was written to.
    ///
    /// # Errors
    ///
    /// `Io` if flushing fails.
    pub fn finish(mut self) -> Result<W> {
        if let Some(encoder) = &self.encoder {
            self.encoded.clear();
            encoder.end(self.renumbering.written() > 0, &mut self.encoded);
            self.out.write_all(&self.encoded)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_entry(&mut self, entry: &Entry) -> Result<()> {
        let Some(encoder) = &mut self.encoder else { return self.write_record("record", entry.record()) };
        self.encoded.clear();
        encoder.entry(entry, entry.index() == EntryIndex(1), &mut self.encoded)?;
        self.out.write_all(&self.encoded)?;
        Ok(())
    }

    fn write_record(&mut self, what: &'static str, record: &[u8]) -> Result<()> {
        self.out.write_all(&length_of(what, record)?)?;
        self.out.write_all(record)?;
        Ok(())
    }
}
