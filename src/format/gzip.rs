//! [`Gunzip`]: what a gzip file holds, member after member, up to the first damage.
//!
//! The frames around the compressed data are read by hand rather than by a ready-made reader, because everything that
//! was decompressed before damage has to come out, and the damage has to be named with its place.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use bytes::Bytes;
use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::error::ErrorKind;

/// The two bytes that a gzip member begins with.
pub(super) const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// How many times as large as its compressed form a file may be, beyond [`DECOMPRESSION_FREE_BYTES`].
///
/// Real recordings shrink to between a half and a thirtieth; deflate at its best, on nothing but zeros, to 1/1032.
pub const DECOMPRESSION_RATIO_LIMIT: u64 = 200;

/// How much may come out of a gzip file before [`DECOMPRESSION_RATIO_LIMIT`] applies.
pub const DECOMPRESSION_FREE_BYTES: u64 = 256 * 1024 * 1024;

/// What is wrong with a gzip file. Offsets are those of the file itself, before decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GzipError {
    /// The file ends inside a member.
    #[error("gzip data ends early, at byte {compressed_byte} of the compressed file")]
    Truncated {
        /// Where the file ends.
        compressed_byte: u64,
    },
    /// A member's header or compressed data does not decode.
    #[error("gzip data is damaged at byte {compressed_byte} of the compressed file: {reason}")]
    Corrupt {
        /// How far decompression came.
        compressed_byte: u64,
        /// What was found.
        reason: &'static str,
    },
    /// After a member's end stands neither the end of the file nor another member.
    #[error("gzip data is followed by something else, at byte {compressed_byte} of the compressed file")]
    TrailingBytes {
        /// Where the last member ends.
        compressed_byte: u64,
    },
    /// The file grows more than any sensible recording does.
    #[error(
        "gzip data grows to {decompressed_bytes} bytes at byte {compressed_byte} of the compressed file, \
         more than the limit of {DECOMPRESSION_RATIO_LIMIT} times"
    )]
    Bomb {
        /// How much of the file was read.
        compressed_byte: u64,
        /// How much had come out.
        decompressed_bytes: u64,
    },
}

impl GzipError {
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            GzipError::Bomb { .. } => Some("if you trust the file, decompress it first: gzip -dc FILE"),
            GzipError::Truncated { .. } | GzipError::Corrupt { .. } | GzipError::TrailingBytes { .. } => None,
        }
    }
}

/// Decompresses a gzip file of one or more members.
pub(super) struct Gunzip<R> {
    compressed: Compressed<R>,
    inflate: Decompress,
    /// Of the member being read.
    crc: Crc,
    state: State,
    produced_bytes: u64,
    /// [`DECOMPRESSION_FREE_BYTES`], but for tests.
    free_bytes: u64,
}

enum State {
    Header,
    Data,
    Trailer,
    Ended,
    Failed(GzipError),
}

impl<R: Read> Gunzip<R> {
    /// Decompresses `head`, which begins with [`GZIP_MAGIC`], and what follows it in `rest`.
    pub(super) fn new(head: Bytes, rest: R) -> Self {
        Gunzip {
            compressed: Compressed {
                source: BufReader::with_capacity(64 * 1024, Cursor::new(head).chain(rest)),
                consumed_bytes: 0,
            },
            inflate: Decompress::new(false),
            crc: Crc::new(),
            state: State::Header,
            produced_bytes: 0,
            free_bytes: DECOMPRESSION_FREE_BYTES,
        }
    }

    /// Decompresses some bytes, or none at the end of the last member.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        loop {
            match self.state {
                State::Header => self.read_header()?,
                State::Data => {
                    let produced = self.inflate(into)?;
                    if produced > 0 {
                        return Ok(produced);
                    }
                }
                State::Trailer => self.read_trailer()?,
                State::Ended => return Ok(0),
                State::Failed(error) => return Err(error.into()),
            }
        }
    }

    fn inflate(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        let input = self.compressed.peek()?;
        let input_ended = input.is_empty();
        let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(input, into, FlushDecompress::None);
        // The counters are right after an error too: what was decompressed before it is in `into`.
        self.compressed.consume((self.inflate.total_in() - in_before) as usize);
        let produced = (self.inflate.total_out() - out_before) as usize;
        self.crc.update(&into[..produced]);
        self.produced_bytes += produced as u64;

        let compressed_byte = self.compressed.consumed_bytes;
        let is_bomb =
            self.produced_bytes > self.free_bytes && self.produced_bytes / DECOMPRESSION_RATIO_LIMIT > compressed_byte;
        self.state = match result {
            _ if is_bomb => State::Failed(GzipError::Bomb { compressed_byte, decompressed_bytes: self.produced_bytes }),
            Ok(Status::StreamEnd) => State::Trailer,
            Ok(Status::Ok | Status::BufError) if input_ended && produced == 0 => {
                State::Failed(GzipError::Truncated { compressed_byte })
            }
            Ok(Status::Ok | Status::BufError) => State::Data,
            Err(_) => State::Failed(GzipError::Corrupt { compressed_byte, reason: "invalid deflate data" }),
        };
        Ok(produced)
    }

    /// Reads a member's header, or notices that there is no further member.
    ///
    /// Source: RFC 1952; as in Go's reader, unknown flags are not looked at.
    fn read_header(&mut self) -> Result<(), ErrorKind> {
        const HAS_HEADER_CRC: u8 = 1 << 1;
        const HAS_EXTRA: u8 = 1 << 2;
        const HAS_NAME: u8 = 1 << 3;
        const HAS_COMMENT: u8 = 1 << 4;

        let member_start = self.compressed.consumed_bytes;
        let begins_as_gzip = match self.compressed.peek()? {
            [] => {
                self.state = State::Ended;
                return Ok(());
            }
            [first, ..] => *first == GZIP_MAGIC[0],
        };
        if !begins_as_gzip {
            return Err(GzipError::TrailingBytes { compressed_byte: member_start }.into());
        }
        let mut crc = Crc::new();
        let [_, magic, method, flags, ..] = self.compressed.bytes::<10>(&mut crc)?;
        if magic != GZIP_MAGIC[1] {
            return Err(GzipError::TrailingBytes { compressed_byte: member_start }.into());
        }
        if method != 8 {
            return Err(self.corrupt("unknown compression method"));
        }
        if flags & HAS_EXTRA != 0 {
            for _ in 0..u16::from_le_bytes(self.compressed.bytes(&mut crc)?) {
                self.compressed.bytes::<1>(&mut crc)?;
            }
        }
        for flag in [HAS_NAME, HAS_COMMENT] {
            while flags & flag != 0 && self.compressed.bytes(&mut crc)? != [0] {}
        }
        if flags & HAS_HEADER_CRC != 0 {
            let expected = crc.sum() as u16;
            if u16::from_le_bytes(self.compressed.bytes(&mut crc)?) != expected {
                return Err(self.corrupt("the header's checksum does not match"));
            }
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.state = State::Data;
        Ok(())
    }

    fn read_trailer(&mut self) -> Result<(), ErrorKind> {
        let mut ignored = Crc::new();
        let checksum = u32::from_le_bytes(self.compressed.bytes(&mut ignored)?);
        let length = u32::from_le_bytes(self.compressed.bytes(&mut ignored)?);
        if checksum != self.crc.sum() {
            return Err(self.corrupt("the checksum does not match what came out"));
        }
        if length != self.crc.amount() {
            return Err(self.corrupt("the length does not match what came out"));
        }
        self.state = State::Header;
        Ok(())
    }

    fn corrupt(&self, reason: &'static str) -> ErrorKind {
        GzipError::Corrupt { compressed_byte: self.compressed.consumed_bytes, reason }.into()
    }
}

/// The compressed bytes, counted.
struct Compressed<R> {
    source: BufReader<Chain<Cursor<Bytes>, R>>,
    consumed_bytes: u64,
}

impl<R: Read> Compressed<R> {
    /// What was read and not yet consumed; nothing at the end of input.
    fn peek(&mut self) -> io::Result<&[u8]> {
        while let Err(error) = self.source.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.source.consume(length);
        self.consumed_bytes += length as u64;
    }

    /// Consumes the next bytes of a header or trailer.
    fn bytes<const N: usize>(&mut self, crc: &mut Crc) -> Result<[u8; N], ErrorKind> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            let Some(&next) = self.peek()?.first() else {
                return Err(GzipError::Truncated { compressed_byte: self.consumed_bytes }.into());
            };
            *byte = next;
            self.consume(1);
        }
        crc.update(&bytes);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_bomb_does_not_go_off() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 4 << 20]).expect("a vector takes everything");
        let bomb = encoder.finish().expect("a vector takes everything");
        let read_all = |free_bytes| {
            let mut gunzip = Gunzip { free_bytes, ..Gunzip::new(Bytes::new(), &bomb[..]) };
            let mut produced = 0;
            loop {
                match gunzip.read(&mut [0; 4096]) {
                    Ok(0) => return Ok(produced),
                    Ok(length) => produced += length,
                    Err(error) => return Err((produced, error.to_string())),
                }
            }
        };
        assert_eq!(read_all(4 << 20), Ok(4 << 20));
        let (produced, error) = read_all(1 << 20).expect_err("it grows a thousandfold");
        assert!((1 << 20..2 << 20).contains(&produced), "{produced}");
        assert!(error.starts_with("gzip data grows to 1"), "{error}");
        assert!(error.ends_with("of the compressed file, more than the limit of 200 times"), "{error}");
    }
}
