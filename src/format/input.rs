//! [`Input`]: the bytes of a recording as they arrive, in batches, with their offset after decompression.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};

use super::gzip::Gunzip;
use crate::error::ErrorKind;

/// How much is asked of the operating system at once.
///
/// Larger batches did not read faster; mapping the file used more memory and more time with two threads.
const BATCH_BYTES: usize = 256 * 1024;

/// Below this much free space a read is not worth its call.
const LEAST_READ_BYTES: usize = 32 * 1024;

/// Where the bytes come from.
pub(super) enum Source<R> {
    /// As they stand in the file.
    Plain(R),
    /// Through a decompressor.
    Gzip(Box<Gunzip<R>>),
}

impl<R: Read> Source<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        match self {
            Source::Plain(source) => Ok(read_some(source, into)?),
            Source::Gzip(gunzip) => gunzip.read(into),
        }
    }
}

/// Reads what is there, or 0 bytes at the end of input; a read that was merely interrupted is tried again.
pub(super) fn read_some(source: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The bytes that were read and not yet taken.
///
/// What is taken shares the batch it was read in; a batch is reused once nobody holds a part of it.
pub(super) struct Input<R> {
    source: Source<R>,
    /// Its first `filled` bytes were read, the others are zeros to read into: a batch is cleared once, not per read.
    buffer: BytesMut,
    filled: usize,
    offset: u64,
    ended: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: Source<R>) -> Self {
        Input { source, buffer: BytesMut::new(), filled: 0, offset: 0, ended: false }
    }

    /// What was read and not yet taken, and the source of everything behind it.
    pub(super) fn into_parts(mut self) -> (Bytes, Source<R>) {
        self.buffer.truncate(self.filled);
        (self.buffer.freeze(), self.source)
    }

    /// The offset of the next byte to be taken.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// What was read and not yet taken.
    pub(super) fn peek(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Reads until `wanted` bytes can be taken or the input ends, and says how many there are, up to `wanted`.
    ///
    /// The buffer grows in proportion to what has arrived, whatever `wanted` claims.
    pub(super) fn fill(&mut self, wanted: usize) -> Result<usize, ErrorKind> {
        while self.filled < wanted && !self.ended {
            self.read_more(wanted)?;
        }
        Ok(self.filled.min(wanted))
    }

    /// Reads whatever arrives next, and says whether anything did.
    pub(super) fn fill_some(&mut self) -> Result<bool, ErrorKind> {
        if !self.ended {
            self.read_more(self.filled.saturating_mul(2))?;
        }
        Ok(!self.ended)
    }

    /// Takes `length` bytes, which must have been filled.
    pub(super) fn take(&mut self, length: usize) -> Bytes {
        debug_assert!(length <= self.filled);
        self.filled -= length;
        self.offset += length as u64;
        self.buffer.split_to(length).freeze()
    }

    fn read_more(&mut self, wanted: usize) -> Result<(), ErrorKind> {
        if self.buffer.len() - self.filled < LEAST_READ_BYTES {
            let missing = wanted.saturating_sub(self.filled);
            let growth = missing.clamp(BATCH_BYTES, BATCH_BYTES.max(self.filled));
            self.buffer.truncate(self.filled);
            self.buffer.resize(self.filled + growth, 0);
        }
        let read = self.source.read(&mut self.buffer[self.filled..])?;
        self.filled += read;
        self.ended = read == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_not_allocated() {
        let arrived = vec![7; 1_000_000];
        let mut input = Input::new(Source::Plain(&arrived[..]));
        assert_eq!(input.fill(usize::MAX).expect("a slice does not fail"), arrived.len());
        assert!(input.buffer.capacity() < 4 * arrived.len(), "{}", input.buffer.capacity());
    }

    #[test]
    fn batches_are_used_again() {
        let arrived: Vec<u8> = (0..4_000_000u32).map(|number| (number / 251) as u8).collect();
        let mut input = Input::new(Source::Plain(&arrived[..]));
        let mut taken = 0;
        while input.fill(1_000).expect("a slice does not fail") == 1_000 {
            assert_eq!(input.offset(), taken as u64);
            assert_eq!(input.take(1_000)[..], arrived[taken..taken + 1_000]);
            taken += 1_000;
            assert!(input.buffer.capacity() <= 2 * BATCH_BYTES, "{}", input.buffer.capacity());
        }
        assert_eq!(taken, arrived.len());
    }
}
