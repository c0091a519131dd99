//! The protobuf form of an entry, `grpcreplay.Entry`, and its checked conversion.
//!
//! The message has five fields and never changes; reading it by hand yields the places of its parts in the record
//! without copying or building anything. What stands inside the payload is not looked at.

use std::ops::Range;

use bytes::Bytes;

use crate::entry::{Any, AnyRanges, Entry, EntryIndex, Kind, Payload};
use crate::error::{ErrorKind, Position, Result};

/// How deep unknown groups may nest inside one another.
///
/// Source: protobuf-go's `protowire.DefaultRecursionLimit`, which lets a group have that many others around it.
const GROUP_NESTING_LIMIT: usize = 10_000;

const KIND: u32 = 1;
const METHOD: u32 = 2;
const MESSAGE: u32 = 3;
const IS_ERROR: u32 = 4;
const REF_INDEX: u32 = 5;

const ANY_TYPE_URL: u32 = 1;
const ANY_VALUE: u32 = 2;

/// Why bytes are not the wire form of a message. Numbers that are claims are given as they were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end inside a varint.
    #[error("it ends inside a varint")]
    VarintCut,
    /// A varint does not fit into 64 bits.
    #[error("a varint is longer than 64 bits")]
    VarintTooLong,
    /// A field number outside 1 to 536,870,911.
    #[error("field number {0} is out of range")]
    FieldNumber(u64),
    /// Wire type 6 or 7.
    #[error("field {field} has wire type {wire_type}, which does not exist")]
    WireType {
        /// The field's number.
        field: u32,
        /// 6 or 7.
        wire_type: u8,
    },
    /// A field's value is longer than what is left.
    #[error("field {field} claims {claimed} bytes, but {left} are left")]
    FieldCut {
        /// The field's number.
        field: u32,
        /// The value's length.
        claimed: u64,
        /// What is left.
        left: u64,
    },
    /// The end of a group that was not begun.
    #[error("group {0} ends, but was not begun")]
    GroupEnd(u32),
    /// A group without its end.
    #[error("group {0} does not end")]
    GroupCut(u32),
    /// Groups inside groups beyond the limit.
    #[error("groups nest deeper than {GROUP_NESTING_LIMIT}")]
    TooDeep,
    /// A string field that is not UTF-8.
    #[error("field {0} is not valid UTF-8")]
    Utf8(u32),
}

/// Reads an entry from the bytes of its record.
///
/// Takes what Go's reader takes: fields in any order, the last of several, unknown fields and groups, long varints;
/// a field with another wire type than its own is an unknown one. On error also says how far into the record it is.
///
/// Source: protobuf-go, `impl.MessageInfo.unmarshalPointer` and `protowire`.
pub(crate) fn decode(record: Bytes, index: EntryIndex, offset: u64) -> Result<Entry, (WireError, u64)> {
    let mut kind = 0;
    let mut method = 0..0;
    let mut message: Option<AnyRanges> = None;
    let mut is_error = false;
    let mut ref_index = 0;

    let mut cursor = Cursor::new(&record);
    while let Some(field) = cursor.next_field()? {
        match (field.number, field.value) {
            (KIND, Value::Varint(number)) => kind = number as i32,
            (METHOD, Value::Bytes(range)) => {
                cursor.check_utf8(METHOD, &range)?;
                method = range;
            }
            (MESSAGE, Value::Bytes(range)) => decode_any(&record, range, message.get_or_insert_default())?,
            (IS_ERROR, Value::Varint(number)) => is_error = number != 0,
            (REF_INDEX, Value::Varint(number)) => ref_index = number as i32,
            _ => {}
        }
    }
    Ok(Entry { record, index, offset, kind: Kind::from_number(kind), method, message, is_error, ref_index })
}

/// Merges the `Any` in `range` of the record into what an earlier occurrence said.
fn decode_any(record: &[u8], range: Range<u32>, any: &mut AnyRanges) -> Result<(), (WireError, u64)> {
    let mut cursor = Cursor { bytes: &record[..range.end as usize], at: range.start as usize };
    while let Some(field) = cursor.next_field()? {
        match (field.number, field.value) {
            (ANY_TYPE_URL, Value::Bytes(range)) => {
                cursor.check_utf8(ANY_TYPE_URL, &range)?;
                any.type_url = range;
            }
            (ANY_VALUE, Value::Bytes(range)) => any.value = range,
            _ => {}
        }
    }
    Ok(())
}

struct Field {
    number: u32,
    value: Value,
}

enum Value {
    Varint(u64),
    Bytes(Range<u32>),
    /// A group or a fixed-size number, which no field of an entry is.
    Skipped,
}

/// A place in wire bytes.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

type CursorResult<T> = Result<T, (WireError, u64)>;

impl<'a> Cursor<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    /// Reads a field, or nothing at the end of the bytes.
    fn next_field(&mut self) -> CursorResult<Option<Field>> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let start = self.at;
        let tag = self.varint()?;
        let number = field_number(tag, (1 << 29) - 1).ok_or((WireError::FieldNumber(tag >> 3), start as u64))?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            2 => {
                let length = self.varint()?;
                let start = self.at;
                self.skip(number, length)?;
                Value::Bytes(start as u32..self.at as u32)
            }
            3 => {
                self.skip_group(number, start)?;
                Value::Skipped
            }
            4 => return Err((WireError::GroupEnd(number), start as u64)),
            wire_type => {
                self.skip_fixed(number, wire_type as u8, start)?;
                Value::Skipped
            }
        };
        Ok(Some(Field { number, value }))
    }

    fn skip_fixed(&mut self, field: u32, wire_type: u8, start: usize) -> CursorResult<()> {
        match wire_type {
            1 => self.skip(field, 8),
            5 => self.skip(field, 4),
            wire_type => Err((WireError::WireType { field, wire_type }, start as u64)),
        }
    }

    /// Skips to behind the end of a group whose start has been read.
    fn skip_group(&mut self, number: u32, start: usize) -> CursorResult<()> {
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            let tag_start = self.at;
            if tag_start == self.bytes.len() {
                return Err((WireError::GroupCut(innermost), start as u64));
            }
            let tag = self.varint()?;
            // Inside groups Go takes the numbers that protobuf does not use, too.
            let number = field_number(tag, i32::MAX as u64).ok_or((WireError::FieldNumber(tag >> 3), start as u64))?;
            match tag & 7 {
                0 => {
                    self.varint()?;
                }
                2 => {
                    let length = self.varint()?;
                    self.skip(number, length)?;
                }
                3 if open.len() > GROUP_NESTING_LIMIT => return Err((WireError::TooDeep, tag_start as u64)),
                3 => open.push(number),
                4 if number != innermost => return Err((WireError::GroupEnd(number), tag_start as u64)),
                4 => {
                    open.pop();
                }
                wire_type => self.skip_fixed(number, wire_type as u8, tag_start)?,
            }
        }
        Ok(())
    }

    fn skip(&mut self, field: u32, length: u64) -> CursorResult<()> {
        let left = (self.bytes.len() - self.at) as u64;
        if length > left {
            return Err((WireError::FieldCut { field, claimed: length, left }, self.at as u64));
        }
        self.at += length as usize;
        Ok(())
    }

    #[inline]
    fn varint(&mut self) -> CursorResult<u64> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> CursorResult<u64> {
        let start = self.at;
        let mut number = 0;
        for (place, &byte) in self.bytes[start..].iter().take(10).enumerate() {
            // The tenth byte has room for a single bit.
            if place == 9 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                self.at = start + place + 1;
                return Ok(number);
            }
        }
        let is_cut = self.bytes.len() - start < 10;
        Err((if is_cut { WireError::VarintCut } else { WireError::VarintTooLong }, start as u64))
    }

    fn check_utf8(&self, field: u32, range: &Range<u32>) -> CursorResult<()> {
        match simdutf8::basic::from_utf8(&self.bytes[range.start as usize..range.end as usize]) {
            Ok(_) => Ok(()),
            Err(_) => Err((WireError::Utf8(field), u64::from(range.start))),
        }
    }
}

fn field_number(tag: u64, largest: u64) -> Option<u32> {
    (1..=largest).contains(&(tag >> 3)).then_some((tag >> 3) as u32)
}

impl Entry {
    /// Makes an entry that was not read from a file, with a record as Go's recorder writes it.
    ///
    /// It has no number of its own: [`index`](Entry::index) is 0, and a [`Writer`](super::Writer) takes it for the
    /// entry that follows the one written last.
    ///
    /// # Errors
    ///
    /// `TooLong` if the record would not fit into 4 GiB, which is what the binary format can hold.
    pub fn encode(kind: Kind, method: &str, payload: Payload<'_>, ref_index: i32) -> Result<Entry> {
        let (any, is_error) = match payload {
            Payload::Message(any) => (Some(any), false),
            Payload::Error(any) => (Some(any), true),
            Payload::Eof => (None, true),
            Payload::Empty => (None, false),
        };
        let mut record = Vec::new();
        put_int32(&mut record, KIND, kind.number());
        put_bytes(&mut record, METHOD, method.as_bytes());
        if let Some(any) = any {
            put_tag(&mut record, MESSAGE, 2);
            put_varint(&mut record, any_length(any));
            put_bytes(&mut record, ANY_TYPE_URL, any.type_url.as_bytes());
            put_bytes(&mut record, ANY_VALUE, any.value);
        }
        if is_error {
            put_tag(&mut record, IS_ERROR, 0);
            record.push(1);
        }
        put_int32(&mut record, REF_INDEX, ref_index);
        let limit_bytes = u64::from(u32::MAX);
        if record.len() as u64 > limit_bytes {
            let bytes = record.len() as u64;
            return Err(ErrorKind::TooLong { what: "record", bytes, limit_bytes }.into());
        }
        decode(record.into(), EntryIndex(0), 0)
            .map_err(|(error, byte)| crate::Error::new(error, Position { byte: Some(byte), ..Position::default() }))
    }

    /// The entry under another number.
    pub fn with_index(self, index: EntryIndex) -> Self {
        Entry { index, ..self }
    }
}

/// The record with `ref_index` replaced, every other byte as it was.
///
/// The last of several is the one that counts, so that is the one replaced; a record without any gets one at its end.
pub(super) fn with_ref_index(record: &[u8], ref_index: i32) -> Result<Vec<u8>, (WireError, u64)> {
    let mut place = None;
    let mut cursor = Cursor::new(record);
    loop {
        let start = cursor.at;
        let Some(field) = cursor.next_field()? else { break };
        if let (REF_INDEX, Value::Varint(_)) = (field.number, field.value) {
            place = Some(start..cursor.at);
        }
    }
    let place = place.unwrap_or(record.len()..record.len());
    let mut spliced = Vec::with_capacity(record.len() + 6);
    spliced.extend_from_slice(&record[..place.start]);
    put_tag(&mut spliced, REF_INDEX, 0);
    put_varint(&mut spliced, ref_index as i64 as u64);
    spliced.extend_from_slice(&record[place.end..]);
    Ok(spliced)
}

fn any_length(any: Any<'_>) -> u64 {
    let field = |bytes: &[u8]| match bytes.len() as u64 {
        0 => 0,
        length => 1 + varint_length(length) + length,
    };
    field(any.type_url.as_bytes()) + field(any.value)
}

fn put_tag(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    put_varint(out, u64::from(field << 3 | wire_type));
}

fn put_int32(out: &mut Vec<u8>, field: u32, number: i32) {
    if number != 0 {
        put_tag(out, field, 0);
        put_varint(out, number as i64 as u64);
    }
}

fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    if !bytes.is_empty() {
        put_tag(out, field, 2);
        put_varint(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint_length(number: u64) -> u64 {
    u64::from((64 - (number | 1).leading_zeros()).div_ceil(7))
}
