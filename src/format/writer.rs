//! [`Writer`]: numbers entries anew, rewrites their references, and writes them.

use std::io::Write;

use super::binary::length_of;
use super::numbering::Numbers;
use super::sniff::BINARY_MAGIC;
use super::{Encoder, wire};
use crate::entry::{Entry, EntryIndex};
use crate::error::{Error, ErrorKind, Position, Result};
use crate::recording::Header;
use crate::wire::Fault;

/// Writes a recording, by itself in the binary format.
///
/// There an entry is written as the record it was read from, byte for byte; only a `ref_index` that has to change is
/// replaced. Entries must come in the order of their own numbers, and may leave some out. An entry without a number
/// ([`Entry::encode`]) counts as the one that follows the entry written last.
///
/// # References
///
/// A `ref_index` is understood as a number of the file that the entry came from, and written as the number under which
/// the entry it names was written. As long as every entry has kept its number, records are copied unread, and with
/// them the references that were broken in the source: a copy is a copy. From the first entry on that gets another
/// number than it had, every reference must name an entry already written; one that does not (left out, later,
/// negative) is refused rather than made to point at a stranger. For the same reason no entry gets another number than
/// it had while a reference copied earlier names a number that is yet to come.
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
    written: u64,
    numbers: Numbers,
    forward: Option<ForwardReference>,
}

/// The copied reference that reaches furthest beyond its entry.
#[derive(Debug, Clone, Copy)]
struct ForwardReference {
    entry: u64,
    refers_to: i32,
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
        Writer { out, encoder, encoded: Vec::new(), written: 0, numbers: Numbers::default(), forward: None }
    }

    /// Writes an entry, and says under which number.
    ///
    /// # Errors
    ///
    /// `MissingReference`, `ForwardReference`, `OutOfOrder`, `TooManyEntries` and those of [`Encoder::entry`], after which
    /// nothing of the entry is written and others may follow; `Io` if writing fails.
    pub fn write(&mut self, entry: &Entry) -> Result<EntryIndex> {
        let new = self.written + 1;
        let at = |kind: ErrorKind| Error::from(kind);
        if new > i32::MAX as u64 {
            return Err(at(ErrorKind::TooManyEntries));
        }
        let own = match entry.index() {
            EntryIndex(0) => self.numbers.last + 1,
            EntryIndex(own) if own > self.numbers.last => own,
            EntryIndex(own) => return Err(at(ErrorKind::OutOfOrder { entry: own, previous: self.numbers.last })),
        };
        let is_copy = self.numbers.are_unchanged && own == new;
        let ref_index = if is_copy { entry.ref_index() } else { self.translate(own, entry.ref_index())? };
        if own != new
            && let Some(ForwardReference { entry, refers_to }) = self.forward
            && new as i64 <= i64::from(refers_to)
        {
            return Err(at(ErrorKind::ForwardReference { entry, refers_to, moved: own }));
        }
        if ref_index == entry.ref_index() {
            self.write_entry(entry, new)?;
        } else {
            let damage = |(error, byte): (Fault, u64)| {
                Error::new(error, Position { entry: Some(own), byte: Some(byte), ..Position::default() })
            };
            let record = wire::with_ref_index(entry.record(), ref_index).map_err(damage)?;
            self.write_entry(&wire::decode(record.into(), entry.index(), entry.offset()).map_err(damage)?, new)?;
        }
        if is_copy
            && i64::from(ref_index) > new as i64
            && self.forward.is_none_or(|forward| ref_index > forward.refers_to)
        {
            self.forward = Some(ForwardReference { entry: own, refers_to: ref_index });
        }
        self.written = new;
        self.numbers.push(own, new);
        Ok(EntryIndex(new))
    }

    /// Flushes, and gives back what was written to.
    ///
    /// # Errors
    ///
    /// `Io` if flushing fails.
    pub fn finish(mut self) -> Result<W> {
        if let Some(encoder) = &self.encoder {
            self.encoded.clear();
            encoder.end(self.written > 0, &mut self.encoded);
            self.out.write_all(&self.encoded)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn translate(&self, entry: u64, ref_index: i32) -> Result<i32> {
        if ref_index == 0 {
            return Ok(0);
        }
        match u64::try_from(ref_index).ok().and_then(|own| self.numbers.of(own)) {
            Some(new) => Ok(new as i32),
            None => Err(ErrorKind::MissingReference { entry, refers_to: ref_index }.into()),
        }
    }

    /// Writes an entry, whose reference is that to be written, under a number.
    fn write_entry(&mut self, entry: &Entry, number: u64) -> Result<()> {
        let Some(encoder) = &mut self.encoder else { return self.write_record("record", entry.record()) };
        self.encoded.clear();
        encoder.entry(&entry.clone().with_index(EntryIndex(number)), number == 1, &mut self.encoded)?;
        self.out.write_all(&self.encoded)?;
        Ok(())
    }

    fn write_record(&mut self, what: &'static str, record: &[u8]) -> Result<()> {
        self.out.write_all(&length_of(what, record)?)?;
        self.out.write_all(record)?;
        Ok(())
    }
}
