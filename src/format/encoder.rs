//! [`Encoder`]: entries → the bytes of a format.

use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Position, Result};
use crate::recording::Header;
use crate::schema::protojson::JSON_LIMIT_BYTES;
use crate::schema::{JsonOptions, LeftOut, Loss, Schema, Walker};

use super::Format;
use super::binary::length_of;
use super::json::{indent, write_json_entry, write_json_header};
use super::sniff::BINARY_MAGIC;
use super::text::{first_loss, write_body, write_text_entry, write_text_header};

/// What is too long to be read again.
pub(crate) const JSON_OF_ENTRY: &str = "JSON of an entry";

/// How a recording is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// The format.
    pub format: Format,
    /// Whether JSON holds ProtoJSON and nothing else, which does not tell everything; by itself it is lossless.
    pub canonical: bool,
    /// Whether what the format can't carry may be left out.
    pub allow_loss: bool,
}

impl WriteOptions {
    /// A format, in which everything must be kept.
    pub fn new(format: Format) -> Self {
        WriteOptions { format, canonical: false, allow_loss: false }
    }

    /// Whether what is written tells the exact record of every entry.
    pub fn is_exact(self) -> bool {
        match self.format {
            Format::Binary => true,
            Format::Text => false,
            Format::Json | Format::JsonLines => !self.canonical,
        }
    }
}

/// Turns entries into the bytes of a format, and keeps its memory from one to the next.
///
/// It numbers nothing: an entry is written under the number that it has, which in the binary and the text format is its
/// place. [`Writer`](super::Writer) takes care of that.
#[derive(Debug)]
pub struct Encoder<'s> {
    options: WriteOptions,
    walker: Walker<'s>,
    line: Vec<u8>,
}

impl<'s> Encoder<'s> {
    /// An encoder that asks this schema for the types of messages which the format spells out.
    pub fn new(options: WriteOptions, schema: &'s Schema) -> Self {
        Encoder { options, walker: Walker::new(schema), line: Vec::new() }
    }

    /// How it writes.
    pub fn options(&self) -> WriteOptions {
        self.options
    }

    /// Appends what stands in front of the entries.
    ///
    /// # Errors
    ///
    /// `TooLong` if the initial state has more bytes than the binary format can hold.
    pub fn begin(&self, header: &Header, out: &mut Vec<u8>) -> Result<()> {
        match self.options.format {
            Format::Binary => {
                out.extend_from_slice(BINARY_MAGIC);
                push_record("initial state", &header.initial, out)?;
            }
            Format::Text => write_text_header(header, out),
            Format::JsonLines => {
                write_json_header(header, None, self.options.canonical, out);
                out.extend_from_slice(b"}\n");
            }
            Format::Json => {
                let mut line = Vec::new();
                write_json_header(header, None, self.options.canonical, &mut line);
                line.extend_from_slice(b",\"entries\":[");
                indent(&line, 0, out);
            }
        }
        Ok(())
    }

    /// Appends an entry, and says what is left out of it, if that is allowed. `is_first` says whether no entry came before. An entry
    /// that [keeps its text](super::Decoder::keeping_text) is written to a text recording as that.
    ///
    /// # Errors
    ///
    /// `Loss` and `NoJson` if the format can't carry something, `TooLong` if the record has more bytes than the binary format
    /// can hold, each with the number of the entry; `out` is then as it was.
    pub fn entry(&mut self, entry: &Entry, is_first: bool, out: &mut Vec<u8>) -> Result<LeftOut> {
        let at_entry =
            |kind: ErrorKind| Error::new(kind, Position { entry: Some(entry.index().0), ..Position::default() });
        match self.options.format {
            Format::Binary => {
                push_record("record", entry.record(), out).map_err(at_entry)?;
                Ok(LeftOut::default())
            }
            Format::Text => match &entry.text {
                Some(body) => {
                    write_body(body, out);
                    Ok(LeftOut::default())
                }
                None => write_text_entry(entry, &mut self.walker, self.options.allow_loss, out),
            },
            Format::JsonLines => {
                let left_out = self.json(entry, out).map_err(at_entry)?;
                out.push(b'\n');
                Ok(left_out)
            }
            Format::Json => {
                let mut line = std::mem::take(&mut self.line);
                line.clear();
                let left_out = self.json(entry, &mut line).map_err(at_entry);
                if left_out.is_ok() {
                    out.extend_from_slice(if is_first { b"\n    " } else { b",\n    " });
                    indent(&line, 2, out);
                }
                self.line = line;
                left_out
            }
        }
    }

    /// Appends what stands behind the entries.
    pub fn end(&self, has_entries: bool, out: &mut Vec<u8>) {
        match self.options.format {
            Format::Binary | Format::Text | Format::JsonLines => {}
            Format::Json => out.extend_from_slice(if has_entries { b"\n  ]\n}\n" } else { b"]\n}\n" }),
        }
    }

    fn json(&mut self, entry: &Entry, out: &mut Vec<u8>) -> Result<LeftOut, ErrorKind> {
        let WriteOptions { canonical, allow_loss, .. } = self.options;
        let options = JsonOptions { strict: canonical, lossless: !canonical, ..JsonOptions::default() };
        let start = out.len();
        let unknown_fields = write_json_entry(entry, options, &mut self.walker, out)?;
        if unknown_fields > 0 && !allow_loss {
            let loss = first_loss(entry, &mut self.walker, true);
            let loss = loss.unwrap_or_else(|| Loss::unknown_field(&[], "a message", ""));
            out.truncate(start);
            return Err(ErrorKind::Loss { format: "ProtoJSON", loss });
        }
        let (bytes, limit_bytes) = ((out.len() - start) as u64, JSON_LIMIT_BYTES as u64);
        if bytes > limit_bytes {
            out.truncate(start);
            return Err(ErrorKind::TooLong { what: JSON_OF_ENTRY, bytes, limit_bytes });
        }
        Ok(LeftOut { unknown_fields, ..LeftOut::default() })
    }
}

/// Appends a record behind its length.
fn push_record(what: &'static str, record: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorKind> {
    out.extend_from_slice(&length_of(what, record)?);
    out.extend_from_slice(record);
    Ok(())
}
