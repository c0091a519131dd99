//! [`Unzstd`]: what a zstd file holds, frame after frame, up to the first damage.
//!
//! The headers of frames and blocks are read by hand, and the decompressor is given one block at a time, because it
//! forgets what it has produced in a call that fails: everything that was decompressed before damage has to come out, and
//! the damage has to be named with its place.
//!
//! Source: RFC 8878.

use std::io::Read;

use bytes::Bytes;
use zstd::zstd_safe::{DCtx, InBuffer, OutBuffer};

use super::compression::{Compressed, Compression, CompressionError};
use crate::error::ErrorKind;

/// How large a window may be: how much of what a frame decompressed to is kept in memory for its later parts.
///
/// Source: what `zstd` itself accepts unless it is told to accept more. Its highest level makes such frames; those without
/// `--ultra` and `--long` make do with 8 MiB.
pub const ZSTD_WINDOW_LIMIT_BYTES: u64 = 128 * 1024 * 1024;

/// The four bytes that a frame begins with.
const FRAME_MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// The longest header of a frame.
const FRAME_HEADER_LIMIT_BYTES: usize = 18;

/// Whether four bytes begin a frame, one with data or one to be skipped.
pub(super) fn begins_frame(magic: &[u8; 4]) -> bool {
    *magic == FRAME_MAGIC || is_skippable(magic)
}

fn is_skippable(magic: &[u8; 4]) -> bool {
    u32::from_le_bytes(*magic) & !0xf == 0x184d_2a50
}

/// Decompresses a zstd file of one or more frames.
pub(super) struct Unzstd<R> {
    compressed: Compressed<R>,
    context: DCtx<'static>,
    state: State,
    /// Whether the frame being read ends with a checksum.
    has_checksum: bool,
}

#[derive(Clone, Copy)]
enum State {
    FrameHeader,
    /// In a frame that holds something for other programs.
    Skipped {
        left_bytes: u32,
    },
    BlockHeader,
    Block {
        start: u64,
        left_bytes: u32,
        is_last: bool,
    },
    Checksum,
    Ended,
    Failed(CompressionError),
}

impl<R: Read> Unzstd<R> {
    /// Decompresses `head`, which [begins a frame](begins_frame), and what follows it in `rest`.
    pub(super) fn new(head: Bytes, rest: R) -> Self {
        Unzstd {
            compressed: Compressed::new(Compression::Zstd, head, rest),
            context: DCtx::create(),
            state: State::FrameHeader,
            has_checksum: false,
        }
    }

    /// Decompresses some bytes, or none at the end of the last frame.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        loop {
            match self.state {
                State::FrameHeader => self.read_frame_header()?,
                State::Skipped { left_bytes } => self.skip(left_bytes)?,
                State::BlockHeader => self.read_block_header()?,
                State::Block { start, left_bytes, is_last } => {
                    let produced = self.decompress(start, left_bytes, is_last, into)?;
                    if produced > 0 {
                        return Ok(produced);
                    }
                }
                State::Checksum => self.read_checksum()?,
                State::Ended => return Ok(0),
                State::Failed(error) => return Err(error.into()),
            }
        }
    }

    /// Reads a frame's header, or notices that there is no further frame.
    fn read_frame_header(&mut self) -> Result<(), ErrorKind> {
        let start = self.compressed.consumed_bytes;
        match self.compressed.peek()? {
            [] => {
                self.state = State::Ended;
                return Ok(());
            }
            // The first byte of either kind of frame.
            [0x28 | 0x50..=0x5f, ..] => {}
            [_, ..] => return Err(self.compressed.trailing_bytes(start).into()),
        }
        let magic = self.compressed.bytes()?;
        if is_skippable(&magic) {
            self.state = State::Skipped { left_bytes: u32::from_le_bytes(self.compressed.bytes()?) };
            return Ok(());
        }
        if magic != FRAME_MAGIC {
            return Err(self.compressed.trailing_bytes(start).into());
        }
        let [descriptor] = self.compressed.bytes()?;
        let is_single_segment = descriptor & 1 << 5 != 0;
        self.has_checksum = descriptor & 1 << 2 != 0;
        let window_length = usize::from(!is_single_segment);
        let dictionary_length = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size_length = [usize::from(is_single_segment), 2, 4, 8][usize::from(descriptor >> 6)];

        let mut header = Vec::with_capacity(FRAME_HEADER_LIMIT_BYTES);
        header.extend(magic);
        header.push(descriptor);
        for _ in 0..window_length + dictionary_length + size_length {
            header.extend(self.compressed.bytes::<1>()?);
        }
        let (window, rest) = header[5..].split_at(window_length);
        let (dictionary, size) = rest.split_at(dictionary_length);
        let window_bytes = match window {
            [window] => (8 + u64::from(window & 7)) << (7 + (window >> 3)),
            // The frame is its own window; of the lengths in two bytes those are left out that fit in one.
            _ => little_endian(size) + if size_length == 2 { 256 } else { 0 },
        };
        if window_bytes > ZSTD_WINDOW_LIMIT_BYTES {
            return Err(CompressionError::Window { compressed_byte: start, window_bytes }.into());
        }
        let dictionary = little_endian(dictionary) as u32;
        if dictionary != 0 {
            return Err(CompressionError::Dictionary { compressed_byte: start, dictionary }.into());
        }
        self.feed(start, &header, "invalid frame header")?;
        self.state = State::BlockHeader;
        Ok(())
    }

    /// Skips some of what is to be skipped.
    fn skip(&mut self, left_bytes: u32) -> Result<(), ErrorKind> {
        if left_bytes == 0 {
            self.state = State::FrameHeader;
            return Ok(());
        }
        let skipped = self.compressed.peek()?.len().min(left_bytes as usize);
        if skipped == 0 {
            return Err(self.compressed.truncated().into());
        }
        self.compressed.consume(skipped);
        self.state = State::Skipped { left_bytes: left_bytes - skipped as u32 };
        Ok(())
    }

    fn read_block_header(&mut self) -> Result<(), ErrorKind> {
        let start = self.compressed.consumed_bytes;
        let header = self.compressed.bytes::<3>()?;
        self.feed(start, &header, "invalid block header")?;
        let [low, middle, high] = header;
        let fields = u32::from_le_bytes([low, middle, high, 0]);
        const REPEATED_BYTE: u32 = 1;
        let left_bytes = if fields >> 1 & 3 == REPEATED_BYTE { 1 } else { fields >> 3 };
        self.state = State::Block { start, left_bytes, is_last: fields & 1 != 0 };
        Ok(())
    }

    /// Decompresses some of a block.
    fn decompress(&mut self, start: u64, left_bytes: u32, is_last: bool, into: &mut [u8]) -> Result<usize, ErrorKind> {
        let input = self.compressed.peek()?;
        let input = &input[..input.len().min(left_bytes as usize)];
        if input.is_empty() && left_bytes > 0 {
            return Err(self.compressed.truncated().into());
        }
        let Some((consumed, produced)) = step(&mut self.context, input, into) else {
            return Err(self.compressed.corrupt(start, "invalid block").into());
        };
        self.compressed.consume(consumed);
        let left_bytes = left_bytes - consumed as u32;
        let bomb = self.compressed.count_decompressed(produced);
        self.state = if let Some(bomb) = bomb {
            State::Failed(bomb)
        } else if left_bytes > 0 || produced == into.len() {
            // In the second case there may be more that did not fit.
            State::Block { start, left_bytes, is_last }
        } else if !is_last {
            State::BlockHeader
        } else if self.has_checksum {
            State::Checksum
        } else {
            State::FrameHeader
        };
        Ok(produced)
    }

    fn read_checksum(&mut self) -> Result<(), ErrorKind> {
        let checksum = self.compressed.bytes::<4>()?;
        let end = self.compressed.consumed_bytes;
        self.feed(end, &checksum, "the checksum does not match what came out")?;
        self.state = State::FrameHeader;
        Ok(())
    }

    /// Gives the decompressor what stands around blocks, which it answers with nothing.
    fn feed(&mut self, place: u64, bytes: &[u8], reason: &'static str) -> Result<(), ErrorKind> {
        match step(&mut self.context, bytes, &mut []) {
            Some(_) => Ok(()),
            None => Err(self.compressed.corrupt(place, reason).into()),
        }
    }
}

/// Decompresses some of `input`, and says how much was consumed and produced; `None` if it does not decompress.
fn step(context: &mut DCtx<'_>, input: &[u8], into: &mut [u8]) -> Option<(usize, usize)> {
    let mut input = InBuffer::around(input);
    let mut output = OutBuffer::around(into);
    context.decompress_stream(&mut output, &mut input).ok()?;
    let produced = output.pos();
    Some((input.pos(), produced))
}

/// The number in at most eight bytes.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::super::compression::read_all;
    use super::*;

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = zstd::stream::encode_all(&vec![0; 4 << 20][..], 19).expect("a vector takes everything");
        let read_all = |free_bytes| {
            let mut unzstd = Unzstd::new(Bytes::new(), &bomb[..]);
            unzstd.compressed.free_bytes = free_bytes;
            read_all(|into| unzstd.read(into))
        };
        assert_eq!(read_all(4 << 20), Ok(4 << 20));
        let (produced, error) = read_all(1 << 20).expect_err("it grows ten thousandfold");
        assert!((1 << 20..2 << 20).contains(&produced), "{produced}");
        assert!(error.starts_with("zstd data grows to 1"), "{error}");
        assert!(error.ends_with("of the compressed file, more than the limit of 200 times"), "{error}");
    }
}
