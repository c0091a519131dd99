//! [`Gunzip`]: what a gzip file holds, member after member, up to the first damage.
//!
//! The frames around the compressed data are read by hand rather than by a ready-made reader, because everything that
//! was decompressed before damage has to come out, and the damage has to be named with its place.

use std::io::Read;

use bytes::Bytes;
use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::compression::{Compressed, Compression, CompressionError};
use crate::error::ErrorKind;

/// The two bytes that a gzip member begins with.
pub(super) const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// Decompresses a gzip file of one or more members.
pub(super) struct Gunzip<R> {
    compressed: Compressed<R>,
    inflate: Decompress,
    /// Of the member being read.
    crc: Crc,
    state: State,
}

enum State {
    Header,
    Data,
    Trailer,
    Ended,
    Failed(CompressionError),
}

impl<R: Read> Gunzip<R> {
    /// Decompresses `head`, which begins with [`GZIP_MAGIC`], and what follows it in `rest`.
    pub(super) fn new(head: Bytes, rest: R) -> Self {
        Gunzip {
            compressed: Compressed::new(Compression::Gzip, head, rest),
            inflate: Decompress::new(false),
            crc: Crc::new(),
            state: State::Header,
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
        let bomb = self.compressed.count_decompressed(produced);
        self.state = match (bomb, result) {
            (Some(bomb), _) => State::Failed(bomb),
            (None, Ok(Status::StreamEnd)) => State::Trailer,
            (None, Ok(Status::Ok | Status::BufError)) if input_ended && produced == 0 => {
                State::Failed(self.compressed.truncated())
            }
            (None, Ok(Status::Ok | Status::BufError)) => State::Data,
            (None, Err(_)) => State::Failed(self.corrupt("invalid deflate data")),
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
            return Err(self.compressed.trailing_bytes(member_start).into());
        }
        let mut crc = Crc::new();
        let [_, magic, method, flags, ..] = self.header_bytes::<10>(&mut crc)?;
        if magic != GZIP_MAGIC[1] {
            return Err(self.compressed.trailing_bytes(member_start).into());
        }
        if method != 8 {
            return Err(self.corrupt("unknown compression method").into());
        }
        if flags & HAS_EXTRA != 0 {
            for _ in 0..u16::from_le_bytes(self.header_bytes(&mut crc)?) {
                self.header_bytes::<1>(&mut crc)?;
            }
        }
        for flag in [HAS_NAME, HAS_COMMENT] {
            while flags & flag != 0 && self.header_bytes(&mut crc)? != [0] {}
        }
        if flags & HAS_HEADER_CRC != 0 {
            let expected = crc.sum() as u16;
            if u16::from_le_bytes(self.header_bytes(&mut crc)?) != expected {
                return Err(self.corrupt("the header's checksum does not match").into());
            }
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.state = State::Data;
        Ok(())
    }

    fn read_trailer(&mut self) -> Result<(), ErrorKind> {
        let checksum = u32::from_le_bytes(self.compressed.bytes()?);
        let length = u32::from_le_bytes(self.compressed.bytes()?);
        if checksum != self.crc.sum() {
            return Err(self.corrupt("the checksum does not match what came out").into());
        }
        if length != self.crc.amount() {
            return Err(self.corrupt("the length does not match what came out").into());
        }
        self.state = State::Header;
        Ok(())
    }

    /// Consumes the next bytes of a header.
    fn header_bytes<const N: usize>(&mut self, crc: &mut Crc) -> Result<[u8; N], ErrorKind> {
        let bytes = self.compressed.bytes()?;
        crc.update(&bytes);
        Ok(bytes)
    }

    fn corrupt(&self, reason: &'static str) -> CompressionError {
        self.compressed.corrupt(self.compressed.consumed_bytes, reason)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::compression::read_all;
    use super::*;

    #[test]
    fn a_bomb_does_not_go_off() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 4 << 20]).expect("a vector takes everything");
        let bomb = encoder.finish().expect("a vector takes everything");
        let read_all = |free_bytes| {
            let mut gunzip = Gunzip::new(Bytes::new(), &bomb[..]);
            gunzip.compressed.free_bytes = free_bytes;
            read_all(|into| gunzip.read(into))
        };
        assert_eq!(read_all(4 << 20), Ok(4 << 20));
        let (produced, error) = read_all(1 << 20).expect_err("it grows a thousandfold");
        assert!((1 << 20..2 << 20).contains(&produced), "{produced}");
        assert!(error.starts_with("gzip data grows to 1"), "{error}");
        assert!(error.ends_with("of the compressed file, more than the limit of 200 times"), "{error}");
    }
}
