//! Files ⇄ entries: [`Reader`] and [`Writer`]. Knows nothing of what stands inside a payload, and of no command.
//!
//! A recording is told by its content, never by its file name: the binary format `RPCReplay`, the text format
//! `RPCReTxt1`, and JSON of our own, any of them also inside gzip or zstd.
//!
//! Source of every rule here about the first two: Go's `github.com/google/go-replayers/grpcreplay` and, for the binary format, its ancestor
//! `cloud.google.com/go/rpcreplay`, whose files are the same bytes.

mod binary;
mod compression;
mod encoder;
mod entry_text;
mod frame;
mod gzip;
mod input;
mod json;
mod numbering;
mod quote;
mod recast;
mod renumbering;
mod replayable;
mod resume;
mod sniff;
mod text;
pub(crate) mod wire;
mod writer;
mod zstd;

use std::fmt;
use std::io::{self, Read};

use crate::entry::{Entry, EntryIndex};
use crate::error::{Error, Position, Result};
use crate::recording::Header;
use crate::schema::Schema;

use compression::COMPRESSION_MAGIC_BYTES;
use gzip::Gunzip;
use input::{Input, Source};
use json::Cutter;
pub use sniff::BINARY_MAGIC;
use sniff::{MAGIC_BYTES, SNIFFED_BYTES};
use zstd::Unzstd;

pub(crate) use quote::CARRIAGE_RETURN;

pub use compression::{Compression, CompressionError, DECOMPRESSION_FREE_BYTES, DECOMPRESSION_RATIO_LIMIT};
pub(crate) use encoder::JSON_OF_ENTRY;
pub use encoder::{Encoder, WriteOptions};
pub(crate) use entry_text::comments;
pub use entry_text::write_entry_text;
pub use frame::{Decoder, Frame};
pub use json::{write_json_entry, write_json_header};
pub use numbering::Numbering;
pub(crate) use recast::Recast;
pub use renumbering::{Renumbering, Written};
pub use replayable::{Refusal, Replayable, Unreplayable};
pub use resume::{find_records, is_as_recorded, is_record};
pub use sniff::Unrecognized;
pub use text::{CountError, write_text_entry, write_text_header};
pub(crate) use wire::{MessagePlace, message_place};
pub use writer::Writer;
pub use zstd::ZSTD_WINDOW_LIMIT_BYTES;

/// How long a record may be unless [`ReadOptions`] say otherwise: 64 MiB.
///
/// Source: go-replayers refuses longer ones.
pub const RECORD_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// The formats of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `RPCReplay`
    Binary,
    /// `RPCReTxt1`
    Text,
    /// One JSON document.
    Json,
    /// A JSON object per line: a header, then the entries.
    JsonLines,
}

impl fmt::Display for Format {
    /// The mark that files of the format begin with, or what it is called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Format::Binary => "RPCReplay",
            Format::Text => "RPCReTxt1",
            Format::Json => "JSON",
            Format::JsonLines => "JSON Lines",
        })
    }
}

/// How to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The longest record, text of an entry, or header line that is read.
    pub max_record_bytes: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { max_record_bytes: RECORD_LIMIT_BYTES }
    }
}

/// The input ends where more must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Truncated {
    /// Inside the length in front of a record.
    #[error("input ends after {found} of the 4 bytes of a record's length")]
    Length {
        /// How many of them there are.
        found: u64,
    },
    /// Right behind the length of a record.
    #[error(
        "input ends right behind the length of a record of {expected} bytes, \
         which Go's reader takes for the end of the recording"
    )]
    BehindLength {
        /// The length.
        expected: u64,
    },
    /// Inside a record, the initial state, or the text of an entry.
    #[error("input ends after {found} of the {expected} bytes of the {what}")]
    Record {
        /// What it ends in.
        what: &'static str,
        /// How many of its bytes there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// Inside a line of the text format's header.
    #[error("input ends in the line of the {what}")]
    HeaderLine {
        /// What the line holds.
        what: &'static str,
    },
    /// Inside the line that says how long an entry's text is.
    #[error("input ends inside a line that holds a byte count, which Go's reader takes for the end of the recording")]
    CountLine,
}

/// Reads a recording, entry by entry, in memory that does not grow with its length.
///
/// What is whole before damage is read first; then comes the error, then nothing more.
pub struct Reader<'s, R> {
    input: Input<R>,
    decoder: Decoder<'s>,
    numbering: Numbering,
    options: ReadOptions,
    format: Format,
    /// Where JSON is cut.
    cutter: Option<Cutter>,
    compression: Compression,
    header: Header,
    /// How many entries were read.
    entries: u64,
    /// How many lines were read, in the text format.
    lines: u64,
    ended: bool,
}

impl<'s, R: Read> Reader<'s, R> {
    /// Tells the format and reads the header.
    ///
    /// The schema is asked for the types of messages that the text format and JSON spell out; the binary one holds their
    /// bytes.
    ///
    /// # Errors
    ///
    /// `Unrecognized` if it is no recording; `Truncated`, `TooLong`, `Quoting`, `Json`, `Compressed`, `Io` if the header is damaged.
    pub fn new(input: R, schema: &'s Schema, options: ReadOptions) -> Result<Self> {
        let (mut input, compression) = decompress(input)?;
        let at_start = |error| Error::new(error, Position::default());
        if input.fill(MAGIC_BYTES).map_err(at_start)? < MAGIC_BYTES || sniff::sniff(input.peek(), compression).is_err()
        {
            input.fill(SNIFFED_BYTES).map_err(at_start)?;
        }
        let format = sniff::sniff(&input.peek()[..input.peek().len().min(SNIFFED_BYTES)], compression)?;
        let mut lines = 0;
        let mut cutter = None;
        let (format, header) = match format {
            Format::Binary => (format, binary::read_header(&mut input, options.max_record_bytes)?),
            Format::Text => (format, text::read_header(&mut input, &mut lines, options.max_record_bytes)?),
            Format::Json | Format::JsonLines => {
                let (opened, format, header) = Cutter::open(&mut input, options.max_record_bytes)?;
                cutter = Some(opened);
                (format, header)
            }
        };
        let (decoder, numbering) = (Decoder::new(schema), Numbering::new(format));
        let (entries, ended) = (0, false);
        Ok(Reader { input, decoder, numbering, options, format, cutter, compression, header, entries, lines, ended })
    }

    /// The format found.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The compression found.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Whether it is JSON that says to hold nothing but ProtoJSON.
    pub fn is_canonical(&self) -> bool {
        self.cutter.as_ref().is_some_and(Cutter::is_canonical)
    }

    /// What stands in front of the entries.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The same, and what it decodes [keeps its text](Decoder::keeping_text).
    pub fn keeping_text(self) -> Self {
        Reader { decoder: self.decoder.keeping_text(), ..self }
    }

    /// Reads the next entry; `None` at a clean end and after an error.
    ///
    /// An entry that Go's reader refuses although it is well framed is read; [`Entry::flaw`] says what is wrong.
    ///
    /// # Errors
    ///
    /// `Truncated`, `TooLong`, `Wire`, `Count`, `Prototext`, `Json`, `DuplicateIndex`, `DanglingReference`,
    /// `ForwardReference`, `Compressed` and `Io`, with the number of the entry and its offset.
    pub fn read(&mut self) -> Result<Option<Entry>> {
        let Some(frame) = self.read_frame()? else { return Ok(None) };
        let result = frame.decode(&mut self.decoder).and_then(|entry| self.numbering.settle(entry));
        self.ended |= result.is_err();
        result.map(Some)
    }

    /// Reads the next frame and as many more as have arrived with it, and appends them; none at a clean end and after
    /// an error.
    ///
    /// A batch is what one read of 256 KiB brings, or one longer entry. It says nothing of whether the frames decode;
    /// what follows one that does not is not to be trusted.
    ///
    /// # Errors
    ///
    /// `Truncated`, `TooLong`, `Count`, `Json`, `Compressed` and `Io`, with the number of the entry and its offset.
    pub fn read_batch(&mut self, frames: &mut Vec<Frame>) -> Result<()> {
        while let Some(frame) = self.read_frame()? {
            frames.push(frame);
            let is_next_buffered = match (self.format, &self.cutter) {
                (Format::Binary, _) => binary::is_buffered(&self.input),
                (Format::Text, _) => text::is_buffered(&self.input),
                (Format::Json | Format::JsonLines, cutter) => {
                    cutter.as_ref().is_some_and(|cutter| cutter.is_buffered(&self.input))
                }
            };
            if !is_next_buffered {
                break;
            }
        }
        Ok(())
    }

    fn read_frame(&mut self) -> Result<Option<Frame>> {
        if self.ended {
            return Ok(None);
        }
        let index = EntryIndex(self.entries + 1);
        let limit_bytes = self.options.max_record_bytes;
        let result = match (self.format, &mut self.cutter) {
            (Format::Binary, _) => binary::read_frame(&mut self.input, index, limit_bytes),
            (Format::Text, _) => text::read_frame(&mut self.input, index, &mut self.lines, limit_bytes),
            (Format::Json | Format::JsonLines, Some(cutter)) => cutter.frame(&mut self.input, index),
            (Format::Json | Format::JsonLines, None) => Ok(None),
        };
        match &result {
            Ok(Some(_)) => self.entries += 1,
            Ok(None) | Err(_) => self.ended = true,
        }
        result
    }
}

impl<R: Read> Iterator for Reader<'_, R> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// The bytes of a recording after decompression; of one that is not compressed, as they are.
///
/// What is whole before damage comes first. An error of decompression is an [`io::Error`] that holds an [`Error`].
pub struct Decompressed<R>(Input<R>);

impl<R: Read> Decompressed<R> {
    /// Looks whether the input is compressed.
    ///
    /// # Errors
    ///
    /// `Io` and `Compressed` if not even that can be read.
    pub fn new(input: R) -> Result<Self> {
        Ok(Decompressed(decompress(input)?.0))
    }
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.peek().is_empty() {
            self.0.fill_some().map_err(|error| io::Error::other(Error::from(error)))?;
        }
        let bytes = self.0.peek().len().min(into.len());
        into[..bytes].copy_from_slice(&self.0.take(bytes));
        Ok(bytes)
    }
}

/// Looks whether the input is compressed, and if so reads what is inside.
fn decompress<R: Read>(input: R) -> Result<(Input<R>, Compression)> {
    let mut input = Input::new(Source::Plain(input));
    input.fill(COMPRESSION_MAGIC_BYTES)?;
    let compression = Compression::sniff(input.peek());
    let (head, source) = match compression {
        Compression::None => return Ok((input, compression)),
        Compression::Gzip | Compression::Zstd => input.into_parts(),
    };
    let source = match (source, compression) {
        (Source::Plain(rest), Compression::Gzip) => Source::Gzip(Box::new(Gunzip::new(head, rest))),
        (Source::Plain(rest), Compression::Zstd) => Source::Zstd(Box::new(Unzstd::new(head, rest))),
        (source, _) => source,
    };
    Ok((Input::new(source), compression))
}
