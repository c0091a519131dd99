//! The protobuf wire format below the level of fields: varints, tags, and how to step over a value.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::layout::WireType;

/// The largest field number.
///
/// Source: the protobuf language guide, "Assigning Field Numbers".
pub const FIELD_NUMBER_LIMIT: u32 = (1 << 29) - 1;

/// How deep messages and groups may be nested.
///
/// Source: protobuf-go, `protowire.DefaultRecursionLimit`.
pub const NESTING_LIMIT: usize = 10_000;

/// Why bytes are no message on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes end inside a tag, a number or a length-delimited value.
    #[error("ends inside a value")]
    Truncated,
    /// A varint of more than ten bytes, or of more than 64 bits.
    #[error("varint of more than 64 bits")]
    VarintOverflow,
    /// Field number 0, or beyond 2^29-1.
    #[error("field number {0} is not between 1 and 536870911")]
    FieldNumber(u64),
    /// Wire types 6 and 7 don't exist.
    #[error("wire type {0} does not exist")]
    WireType(u8),
    /// An end tag that no group is open for.
    #[error("end of group {0}, which is not open")]
    EndGroup(u32),
    /// A group whose end tag is missing.
    #[error("group {0} has no end")]
    OpenGroup(u32),
    /// More messages within messages than Go's decoder takes.
    #[error("messages nested deeper than {NESTING_LIMIT} levels")]
    TooDeep,
    /// A message of more bytes than positions within it can say.
    #[error("message of more than 4294967295 bytes")]
    TooLong,
}

/// A place in wire bytes from which values are read one after the other.
///
/// Positions are offsets from the start of the payload; everything ends at `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    data: &'a [u8],
    pub(super) position: usize,
}

/// A field's tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag(pub(super) u32);

impl Tag {
    pub(super) fn number(self) -> u32 {
        self.0 >> 3
    }
}

/// A value as far as the wire tells, without a descriptor.
#[derive(Debug, Clone, Copy)]
pub(super) enum WireValue {
    /// A varint, or eight or four bytes, as a number.
    Bits(u64),
    /// The span of a length-delimited value, or of what stands between a group's tags.
    Span { start: u32, end: u32 },
}

impl<'a> Cursor<'a> {
    /// A cursor over a range of `data`, whose positions count from the start of `data`.
    pub(super) fn new(data: &'a [u8], range: Range<usize>) -> Self {
        Cursor { data: &data[..range.end], position: range.start }
    }

    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.position >= self.data.len()
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Fault> {
        let Some(&first) = self.data.get(self.position) else { return Err(Fault::Truncated) };
        if first < 0x80 {
            self.position += 1;
            return Ok(first.into());
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0u64;
        let rest = &self.data[self.position..];
        for (index, &byte) in rest.iter().enumerate().take(10) {
            if index == 9 && byte > 1 {
                return Err(Fault::VarintOverflow);
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.position += index + 1;
                return Ok(value);
            }
        }
        Err(if rest.len() < 10 { Fault::Truncated } else { Fault::VarintOverflow })
    }

    #[inline]
    pub(super) fn tag(&mut self) -> Result<Tag, Fault> {
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > FIELD_NUMBER_LIMIT.into() {
            return Err(Fault::FieldNumber(number));
        }
        Ok(Tag(tag as u32))
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Result<(u32, u32), Fault> {
        let length = self.varint()?;
        let start = self.position;
        let left = self.data.len() - start;
        if length > left as u64 {
            return Err(Fault::Truncated);
        }
        self.position = start + length as usize;
        Ok((start as u32, self.position as u32))
    }

    #[inline]
    pub(super) fn fixed64(&mut self) -> Result<u64, Fault> {
        let rest = &self.data[self.position..];
        let Some(bytes) = rest.first_chunk::<8>() else { return Err(Fault::Truncated) };
        self.position += 8;
        Ok(u64::from_le_bytes(*bytes))
    }

    #[inline]
    pub(super) fn fixed32(&mut self) -> Result<u32, Fault> {
        let rest = &self.data[self.position..];
        let Some(bytes) = rest.first_chunk::<4>() else { return Err(Fault::Truncated) };
        self.position += 4;
        Ok(u32::from_le_bytes(*bytes))
    }

    /// Reads the value behind a tag.
    #[inline]
    pub(super) fn value(&mut self, tag: Tag, groups: &mut Groups) -> Result<WireValue, Fault> {
        const VARINT: u32 = WireType::Varint as u32;
        const FIXED64: u32 = WireType::Fixed64 as u32;
        const BYTES: u32 = WireType::Bytes as u32;
        const GROUP: u32 = WireType::Group as u32;
        const FIXED32: u32 = WireType::Fixed32 as u32;
        Ok(match tag.0 & 7 {
            VARINT => WireValue::Bits(self.varint()?),
            FIXED64 => WireValue::Bits(self.fixed64()?),
            BYTES => {
                let (start, end) = self.bytes()?;
                WireValue::Span { start, end }
            }
            GROUP => {
                let start = self.position as u32;
                let end = groups.skip(self, tag.number())?;
                WireValue::Span { start, end }
            }
            4 => return Err(Fault::EndGroup(tag.number())),
            FIXED32 => WireValue::Bits(self.fixed32()?.into()),
            other => return Err(Fault::WireType(other as u8)),
        })
    }
}

/// Where the groups of a payload end.
///
/// A group has no length: stepping over one means reading it. So that groups within groups are not read once per
/// level, the ends found on the way are kept.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// From the position behind a nested group's start tag to that of its end tag and that behind it.
    ends: FxHashMap<u32, (u32, u32)>,
    open: Vec<(u32, u32)>,
}

impl Groups {
    pub(super) fn clear(&mut self) {
        self.ends.clear();
    }

    /// Moves the cursor from behind a group's start tag to behind its end tag, and tells where the end tag stands.
    fn skip(&mut self, cursor: &mut Cursor<'_>, number: u32) -> Result<u32, Fault> {
        if let Some(&(end, behind)) = self.ends.get(&(cursor.position as u32)) {
            cursor.position = behind as usize;
            return Ok(end);
        }
        self.open.clear();
        self.open.push((number, cursor.position as u32));
        loop {
            if cursor.is_at_end() {
                return Err(Fault::OpenGroup(number));
            }
            let at = cursor.position as u32;
            let tag = cursor.tag()?;
            match tag.0 & 7 {
                0 => drop(cursor.varint()?),
                1 => drop(cursor.fixed64()?),
                2 => drop(cursor.bytes()?),
                3 if self.open.len() >= NESTING_LIMIT => return Err(Fault::TooDeep),
                3 => self.open.push((tag.number(), cursor.position as u32)),
                4 => {
                    let (number, start) = self.open.pop().expect("the loop ends with the outermost group");
                    if number != tag.number() {
                        return Err(Fault::EndGroup(tag.number()));
                    }
                    if self.open.is_empty() {
                        return Ok(at);
                    }
                    self.ends.insert(start, (at, cursor.position as u32));
                }
                5 => drop(cursor.fixed32()?),
                other => return Err(Fault::WireType(other as u8)),
            }
        }
    }
}
