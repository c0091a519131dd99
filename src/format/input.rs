//! [`Input`]: the bytes of a recording as they arrive, in batches, with their offset after decompression.

use std::io::{self, Read};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::gzip::Gunzip;
use super::zstd::Unzstd;
use crate::error::ErrorKind;

/// How much is asked of the operating system at once.
///
/// Larger batches did not read faster; mapping the file used more memory and more time with two threads.
const BATCH_BYTES: usize = 256 * 1024;

/// How much is kept in buffers that wait to be used again: two of 4 MiB, by default the longest message of gRPC.
const SPARE_BYTES: usize = 8 * 1024 * 1024;

/// How much is rather copied out of a buffer than shared with it: little that arrived must not keep much in memory.
const COPIED_BYTES: usize = BATCH_BYTES / 4;

/// Below this much free space a read is not worth its call.
const LEAST_READ_BYTES: usize = 32 * 1024;

/// Where the bytes come from.
pub(super) enum Source<R> {
    /// As they stand in the file.
    Plain(R),
    /// Out of a gzip file.
    Gzip(Box<Gunzip<R>>),
    /// Out of a zstd file.
    Zstd(Box<Unzstd<R>>),
}

impl<R: Read> Source<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ErrorKind> {
        match self {
            Source::Plain(source) => Ok(read_some(source, into)?),
            Source::Gzip(gunzip) => gunzip.read(into),
            Source::Zstd(unzstd) => unzstd.read(into),
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
/// What is taken shares the buffer it was read into, which is used again once nobody holds a part of it.
pub(super) struct Input<R> {
    source: Source<R>,
    /// What is left of a buffer of which something was taken.
    rest: Bytes,
    /// If there is no such rest: the buffer that is read into, of which the first `filled` bytes have arrived.
    buffer: Vec<u8>,
    filled: usize,
    spares: Arc<Spares>,
    offset: u64,
    ended: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: Source<R>) -> Self {
        let (rest, buffer, spares) = Default::default();
        Input { source, rest, buffer, filled: 0, spares, offset: 0, ended: false }
    }

    /// What was read and not yet taken, and the source of everything behind it.
    pub(super) fn into_parts(mut self) -> (Bytes, Source<R>) {
        let head = self.take(self.peek().len());
        (head, self.source)
    }

    /// The offset of the next byte to be taken.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// What was read and not yet taken.
    pub(super) fn peek(&self) -> &[u8] {
        if self.filled > 0 { &self.buffer[..self.filled] } else { &self.rest }
    }

    /// Reads until `wanted` bytes can be taken or the input ends, and says how many there are, up to `wanted`.
    ///
    /// The buffer grows in proportion to what has arrived, whatever `wanted` claims.
    pub(super) fn fill(&mut self, wanted: usize) -> Result<usize, ErrorKind> {
        while self.peek().len() < wanted && !self.ended {
            self.read_more(wanted)?;
        }
        Ok(self.peek().len().min(wanted))
    }

    /// Reads whatever arrives next, and says whether anything did.
    pub(super) fn fill_some(&mut self) -> Result<bool, ErrorKind> {
        if !self.ended {
            self.read_more(self.peek().len().saturating_mul(2))?;
        }
        Ok(!self.ended)
    }

    /// Takes `length` bytes, which must have been filled.
    pub(super) fn take(&mut self, length: usize) -> Bytes {
        match mem::take(&mut self.filled) {
            0 => {}
            filled @ 1..=COPIED_BYTES => self.rest = Bytes::copy_from_slice(&self.buffer[..filled]),
            filled => {
                let buffer = Buffer { bytes: mem::take(&mut self.buffer), spares: self.spares.clone() };
                self.rest = Bytes::from_owner(buffer).slice(..filled);
            }
        }
        self.offset += length as u64;
        self.rest.split_to(length)
    }

    fn read_more(&mut self, wanted: usize) -> Result<(), ErrorKind> {
        let rest = mem::take(&mut self.rest);
        let filled = self.filled + rest.len();
        let missing = wanted.saturating_sub(filled);
        if self.buffer.len() < filled + LEAST_READ_BYTES {
            // What is spare is there, however much is claimed; what is not grows with what has arrived.
            if let Some(larger) = self.spares.take(filled.saturating_add(missing.max(LEAST_READ_BYTES))) {
                let smaller = mem::replace(&mut self.buffer, larger);
                self.buffer[..self.filled].copy_from_slice(&smaller[..self.filled]);
                self.spares.give_back(smaller);
            } else {
                let length = filled + missing.clamp(BATCH_BYTES, BATCH_BYTES.max(filled));
                if self.buffer.is_empty() {
                    self.buffer = vec![0; length];
                } else {
                    self.buffer.resize(length, 0);
                }
            }
        }
        self.buffer[self.filled..filled].copy_from_slice(&rest);
        self.filled = filled;
        let end = self.buffer.len().min(filled.saturating_add(missing.max(BATCH_BYTES)));
        let read = self.source.read(&mut self.buffer[filled..end])?;
        self.filled += read;
        self.ended = read == 0;
        Ok(())
    }
}

/// Buffers that nobody needs at the moment, the smallest first. A batch then costs neither an allocation nor zeros to read into.
#[derive(Default)]
struct Spares(Mutex<Vec<Vec<u8>>>);

impl Spares {
    /// The smallest spare buffer of at least so many bytes.
    fn take(&self, least_bytes: usize) -> Option<Vec<u8>> {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = spares.iter().position(|buffer| buffer.len() >= least_bytes)?;
        Some(spares.remove(place))
    }

    /// Keeps a buffer, and drops the smallest if that is too much.
    fn give_back(&self, buffer: Vec<u8>) {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !buffer.is_empty() {
            spares.push(buffer);
        }
        spares.sort_unstable_by_key(Vec::len);
        while spares.iter().map(Vec::len).sum::<usize>() > SPARE_BYTES {
            spares.remove(0);
        }
    }
}

/// A buffer that becomes a spare when the last part of it is dropped.
struct Buffer {
    bytes: Vec<u8>,
    spares: Arc<Spares>,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.spares.give_back(mem::take(&mut self.bytes));
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
        let spares = input.spares.0.lock().expect("nobody panicked");
        assert_eq!(spares.len(), 1, "a buffer is either read into or spare");
        assert_eq!(taken, arrived.len());
    }
}
