//! The binary format, `RPCReplay`: records, each behind its length.

use std::io::Read;

use bytes::Bytes;

use super::Truncated;
use super::frame::{Body, Frame};
use super::input::Input;
use super::sniff::{MAGIC_BYTES, Unrecognized};
use super::{Format, wire};
use crate::entry::{Entry, EntryIndex};
use crate::error::{Error, ErrorKind, Position, Result};
use crate::recording::Header;

/// How many bytes the length in front of a record takes.
pub(super) const LENGTH_BYTES: usize = 4;

/// The length in front of a record; `what` is that in an error.
pub(super) fn length_of(what: &'static str, record: &[u8]) -> Result<[u8; LENGTH_BYTES], ErrorKind> {
    let too_long = |_| {
        let (bytes, limit_bytes) = (record.len() as u64, u64::from(u32::MAX));
        ErrorKind::TooLong { what, bytes, limit_bytes }
    };
    u32::try_from(record.len()).map(u32::to_le_bytes).map_err(too_long)
}

/// Reads the mark and the initial state.
pub(super) fn read_header<R: Read>(input: &mut Input<R>, limit_bytes: u64) -> Result<Header> {
    input.take(MAGIC_BYTES);
    let position = Position { byte: Some(input.offset()), ..Position::default() };
    match read_record(input, "initial state", limit_bytes) {
        Ok(Some(initial)) => Ok(Header { initial }),
        Ok(None) => Err(Unrecognized::NoCalls { magic: Format::Binary }.into()),
        // Go has an error for this one, though not for the same thing among the entries.
        Err(ErrorKind::Truncated(Truncated::BehindLength { expected })) => {
            Err(Error::new(Truncated::Record { what: "initial state", found: 0, expected }, position))
        }
        Err(error) => Err(Error::new(error, position)),
    }
}

/// Reads the record of the next entry, or nothing at a clean end.
pub(super) fn read_frame<R: Read>(input: &mut Input<R>, index: EntryIndex, limit_bytes: u64) -> Result<Option<Frame>> {
    let offset = input.offset();
    match read_record(input, "record", limit_bytes) {
        Ok(record) => Ok(record.map(|bytes| Frame { bytes, index, offset, body: Body::Record })),
        Err(error) => Err(located(error, index, offset)),
    }
}

/// Whether the next record is there whole, without reading on.
pub(super) fn is_buffered<R: Read>(input: &Input<R>) -> bool {
    match input.peek().split_first_chunk::<LENGTH_BYTES>() {
        Some((length, behind)) => u64::from(u32::from_le_bytes(*length)) <= behind.len() as u64,
        None => false,
    }
}

/// Turns a record into an entry.
pub(super) fn decode(record: Bytes, index: EntryIndex, offset: u64) -> Result<Entry> {
    wire::decode(record, index, offset)
        .map_err(|(error, at)| located(error.into(), index, offset + LENGTH_BYTES as u64 + at))
}

fn located(error: ErrorKind, index: EntryIndex, byte: u64) -> Error {
    Error::new(error, Position { entry: Some(index.0), byte: Some(byte), ..Position::default() })
}

/// Reads one record: a little-endian `u32` length in bytes, then that many bytes; nothing at the end of input.
///
/// Source: go-replayers, `binaryReader.readRecord`.
fn read_record<R: Read>(
    input: &mut Input<R>,
    what: &'static str,
    limit_bytes: u64,
) -> Result<Option<Bytes>, ErrorKind> {
    match input.fill(LENGTH_BYTES)? {
        0 => return Ok(None),
        LENGTH_BYTES => {}
        found => return Err(Truncated::Length { found: found as u64 }.into()),
    }
    let mut length = [0; LENGTH_BYTES];
    length.copy_from_slice(&input.peek()[..LENGTH_BYTES]);
    let expected = u64::from(u32::from_le_bytes(length));
    if expected > limit_bytes {
        return Err(ErrorKind::TooLong { what, bytes: expected, limit_bytes });
    }
    let end = usize::try_from(expected).unwrap_or(usize::MAX).saturating_add(LENGTH_BYTES);
    let found = (input.fill(end)? - LENGTH_BYTES) as u64;
    if found == 0 && expected > 0 {
        return Err(Truncated::BehindLength { expected }.into());
    }
    if found < expected {
        return Err(Truncated::Record { what, found, expected }.into());
    }
    input.take(LENGTH_BYTES);
    Ok(Some(input.take(end - LENGTH_BYTES)))
}
