//! The protobuf wire format below the level of messages: varints, tags, and how to step over a value.
//!
//! It knows bytes only: which fields a message has, and what they mean, is its readers' affair.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// The largest field number.
///
/// Source: the protobuf language guide, "Assigning Field Numbers".
pub const FIELD_NUMBER_LIMIT: u32 = (1 << 29) - 1;

/// How deep messages may be nested, and how many groups that nobody knows may be open inside another one.
///
/// Source: protobuf-go, `protowire.DefaultRecursionLimit`.
pub const NESTING_LIMIT: usize = 10_000;

/// Why bytes are not the wire form of a message. Numbers that are claims are given as they were found.
///
/// It comes with an offset in bytes: that of the damaged number where a varint, a length or a number of fixed size is
/// cut or too large, that of a string that is not UTF-8, else that of the tag of the field or group concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
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
    /// The end of a group that was not begun, or not begun last.
    #[error("group {0} ends, but was not begun")]
    GroupEnd(u32),
    /// A group without its end.
    #[error("group {0} does not end")]
    GroupCut(u32),
    /// More messages or groups within one another than [`NESTING_LIMIT`].
    #[error("messages nest deeper than {NESTING_LIMIT}")]
    TooDeep,
    /// A string field that is not UTF-8.
    #[error("field {0} is not valid UTF-8")]
    Utf8(u32),
    /// A message whose text would be out of all proportion.
    #[error("its text would have more than 16 times its bytes and 16 MiB")]
    TextTooLong,
    /// A message of more bytes than positions within it can say.
    #[error("it has more than {} bytes", u32::MAX)]
    TooLong,
}

/// The kinds of encoding on the wire, by their numbers.
///
/// Source: the protobuf encoding documentation, "Message Structure".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireType {
    /// 0
    Varint = 0,
    /// 1: eight bytes, little-endian
    Fixed64 = 1,
    /// 2: a length and that many bytes
    Bytes = 2,
    /// 3: everything up to the matching end tag
    Group = 3,
    /// 5: four bytes, little-endian
    Fixed32 = 5,
}

/// The wire type of the tag that ends a group; no value has it.
pub(crate) const GROUP_END: u32 = 4;

const VARINT: u32 = WireType::Varint as u32;
const FIXED64: u32 = WireType::Fixed64 as u32;
const BYTES: u32 = WireType::Bytes as u32;
const GROUP: u32 = WireType::Group as u32;
const FIXED32: u32 = WireType::Fixed32 as u32;

/// A place in wire bytes from which values are read one after the other.
///
/// Positions are offsets from the start of the bytes, of which it sees none behind its range. After a [`Fault`] the
/// position is that of the fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    data: &'a [u8],
    pub(crate) position: usize,
}

/// A field's tag: its number and, in the last three bits, its wire type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(pub(crate) u32);

impl Tag {
    pub(crate) const fn new(field: u32, wire_type: WireType) -> Tag {
        Tag(field << 3 | wire_type as u32)
    }

    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0 >> 3
    }

    #[inline]
    pub(crate) fn wire_type(self) -> u32 {
        self.0 & 7
    }
}

/// A value as far as the wire tells, without a descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WireValue {
    /// A varint, or eight or four bytes, as a number.
    Bits(u64),
    /// The span of a length-delimited value, or of what stands between a group's tags.
    Span { start: u32, end: u32 },
}

impl<'a> Cursor<'a> {
    /// A cursor over a range of `data`, whose positions count from the start of `data`. Of more than `u32::MAX` bytes
    /// the spans would not be right.
    #[inline]
    pub(crate) fn new(data: &'a [u8], range: Range<usize>) -> Self {
        Cursor { data: &data[..range.end], position: range.start }
    }

    #[inline]
    pub(crate) fn is_at_end(&self) -> bool {
        self.position >= self.data.len()
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Fault> {
        let (value, end) = varint_at(self.data, self.position).ok_or_else(|| self.varint_fault())?;
        self.position = end;
        Ok(value)
    }

    #[cold]
    fn varint_fault(&self) -> Fault {
        if self.data.len() - self.position < 10 { Fault::VarintCut } else { Fault::VarintTooLong }
    }

    #[inline]
    fn tag(&mut self) -> Result<Tag, Fault> {
        let start = self.position;
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > FIELD_NUMBER_LIMIT.into() {
            self.position = start;
            return Err(Fault::FieldNumber(number));
        }
        Ok(Tag(tag as u32))
    }

    /// Reads a tag as it may stand inside a group that nobody knows: its number and its wire type. Go takes the numbers
    /// there that protobuf does not use, too.
    ///
    /// Source: protobuf-go, `protowire.ConsumeTag`.
    pub(crate) fn unknown_tag(&mut self) -> Result<(u32, u32), Fault> {
        let start = self.position;
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > i32::MAX as u64 {
            self.position = start;
            return Err(Fault::FieldNumber(number));
        }
        Ok((number as u32, tag as u32 & 7))
    }

    /// Reads a length and steps over that many bytes, the value of the field with this number.
    #[inline]
    pub(crate) fn bytes(&mut self, field: u32) -> Result<(u32, u32), Fault> {
        let at = self.position;
        let claimed = self.varint()?;
        let start = self.position;
        let left = (self.data.len() - start) as u64;
        if claimed > left {
            self.position = at;
            return Err(Fault::FieldCut { field, claimed, left });
        }
        self.position = start + claimed as usize;
        Ok((start as u32, self.position as u32))
    }

    /// Reads eight bytes, a value of the field with this number.
    #[inline]
    pub(crate) fn fixed64(&mut self, field: u32) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.fixed(field)?))
    }

    /// Reads four bytes, a value of the field with this number.
    #[inline]
    pub(crate) fn fixed32(&mut self, field: u32) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.fixed(field)?))
    }

    /// Reads as many numbers of `N` bytes as are whole.
    #[inline]
    pub(crate) fn all_fixed<const N: usize>(&mut self) -> &'a [[u8; N]] {
        let (numbers, rest) = self.data[self.position..].as_chunks();
        self.position = self.data.len() - rest.len();
        numbers
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, field: u32) -> Result<[u8; N], Fault> {
        let rest = &self.data[self.position..];
        let Some(bytes) = rest.first_chunk::<N>() else {
            return Err(Fault::FieldCut { field, claimed: N as u64, left: rest.len() as u64 });
        };
        self.position += N;
        Ok(*bytes)
    }

    /// Reads a varint that is well-formed, like [`quick_field`](Self::quick_field).
    #[inline(always)]
    pub(crate) fn quick_varint(self) -> Option<(u64, usize)> {
        varint_at(self.data, self.position)
    }

    /// Reads a field that is well-formed and no group; of others [`field`](Self::field) says what they are.
    ///
    /// It hands back the position behind the field, and no [`Fault`], so that everything stays in registers.
    #[inline(always)]
    pub(crate) fn quick_field(self) -> Option<(usize, Tag, WireValue)> {
        let data = self.data;
        let (tag, at) = match *data.get(self.position)? {
            0..8 => return None,
            first @ 8..0x80 => (first.into(), self.position + 1),
            0x80.. => {
                let (tag, at) = varint_at(data, self.position)?;
                (u32::try_from(tag).ok().filter(|tag| *tag >= 8)?, at)
            }
        };
        let (value, position) = match tag & 7 {
            VARINT => {
                let (bits, end) = varint_at(data, at)?;
                (WireValue::Bits(bits), end)
            }
            BYTES => {
                let (length, start) = varint_at(data, at)?;
                if length > (data.len() - start) as u64 {
                    return None;
                }
                let end = start + length as usize;
                (WireValue::Span { start: start as u32, end: end as u32 }, end)
            }
            FIXED64 => (WireValue::Bits(u64::from_le_bytes(*data.get(at..)?.first_chunk()?)), at + 8),
            FIXED32 => (WireValue::Bits(u32::from_le_bytes(*data.get(at..)?.first_chunk()?).into()), at + 4),
            _ => return None,
        };
        Some((position, Tag(tag), value))
    }

    /// Reads a field: its tag, and its value up to the next one.
    ///
    /// Always inlined: a fault has room for numbers, and results of that size would otherwise go through memory.
    #[inline(always)]
    pub(crate) fn field(&mut self, groups: &mut Groups) -> Result<(Tag, WireValue), Fault> {
        let start = self.position;
        let tag = self.tag()?;
        let field = tag.number();
        let value = match tag.wire_type() {
            VARINT => WireValue::Bits(self.varint()?),
            FIXED64 => WireValue::Bits(self.fixed64(field)?),
            BYTES => {
                let (start, end) = self.bytes(field)?;
                WireValue::Span { start, end }
            }
            GROUP => {
                let inside = self.position as u32;
                let end = groups.skip(self, field, start)?;
                WireValue::Span { start: inside, end }
            }
            FIXED32 => WireValue::Bits(self.fixed32(field)?.into()),
            other => {
                self.position = start;
                return Err(no_value(field, other));
            }
        };
        Ok((tag, value))
    }
}

/// The varint at a position, and where it ends; `None` if it is cut or too large.
#[inline(always)]
fn varint_at(data: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = *data.get(at)?;
    if first < 0x80 {
        return Some((first.into(), at + 1));
    }
    if let Some(&second @ ..0x80) = data.get(at + 1) {
        return Some((u64::from(first & 0x7f) | u64::from(second) << 7, at + 2));
    }
    let (value, end) = long_varint(data, at);
    (end > 0).then_some((value, end))
}

/// A varint of more than one byte, and where it ends; that is 0 if it is cut or too large.
#[inline(never)]
fn long_varint(data: &[u8], at: usize) -> (u64, usize) {
    const MORE: u64 = 0x8080_8080_8080_8080;
    let data = &data[at..];
    if let Some(bytes) = data.first_chunk() {
        let word = u64::from_le_bytes(*bytes);
        let ends = !word & MORE;
        if ends != 0 {
            // Keeps what stands up to the last byte, then closes the gaps between its groups of seven bits.
            let word = word & (ends ^ (ends - 1)) & !MORE;
            let word = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1;
            let word = (word & 0x0000_3fff_0000_3fff) | (word & 0x3fff_0000_3fff_0000) >> 2;
            let word = (word & 0x0fff_ffff) | (word & 0x0fff_ffff_0000_0000) >> 4;
            return (word, at + ends.trailing_zeros() as usize / 8 + 1);
        }
    }
    let mut value = 0;
    for (index, &byte) in data.iter().enumerate().take(10) {
        // The tenth byte has room for a single bit.
        if index == 9 && byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return (value, at + index + 1);
        }
    }
    (0, 0)
}

/// Why there is no value behind a tag.
#[cold]
fn no_value(field: u32, wire_type: u32) -> Fault {
    match wire_type {
        GROUP_END => Fault::GroupEnd(field),
        _ => Fault::WireType { field, wire_type: wire_type as u8 },
    }
}

/// Where the groups of a message end.
///
/// A group has no length: stepping over one means reading it. So that groups within groups are not read once per
/// level, the ends found on the way are kept.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// From the position behind a nested group's start tag to that of its end tag and that behind it.
    ends: FxHashMap<u32, (u32, u32)>,
    open: Vec<(u32, u32)>,
}

impl Groups {
    /// Forgets the ends found; other bytes have others.
    pub(crate) fn clear(&mut self) {
        self.ends.clear();
    }

    /// Moves the cursor from behind a group's start tag, which stands at `start`, to behind its end tag, and tells where
    /// the end tag stands.
    fn skip(&mut self, cursor: &mut Cursor<'_>, number: u32, start: usize) -> Result<u32, Fault> {
        if let Some(&(end, behind)) = self.ends.get(&(cursor.position as u32)) {
            cursor.position = behind as usize;
            return Ok(end);
        }
        self.open.clear();
        self.open.push((number, cursor.position as u32));
        loop {
            if cursor.is_at_end() {
                cursor.position = start;
                return Err(Fault::GroupCut(number));
            }
            let at = cursor.position;
            let (field, wire_type) = cursor.unknown_tag()?;
            let fault = match wire_type {
                VARINT => {
                    cursor.varint()?;
                    continue;
                }
                FIXED64 => {
                    cursor.fixed64(field)?;
                    continue;
                }
                BYTES => {
                    cursor.bytes(field)?;
                    continue;
                }
                FIXED32 => {
                    cursor.fixed32(field)?;
                    continue;
                }
                GROUP if self.open.len() > NESTING_LIMIT => Fault::TooDeep,
                GROUP => {
                    self.open.push((field, cursor.position as u32));
                    continue;
                }
                GROUP_END => match self.open.pop() {
                    Some((open, inside)) if open == field => {
                        if self.open.is_empty() {
                            return Ok(at as u32);
                        }
                        self.ends.insert(inside, (at as u32, cursor.position as u32));
                        continue;
                    }
                    Some(_) | None => Fault::GroupEnd(field),
                },
                other => no_value(field, other),
            };
            cursor.position = at;
            return Err(fault);
        }
    }
}

/// A number as `sint32` and `sint64` are written: near zero on either side it is short.
#[inline]
pub(crate) fn zig_zag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// Appends a varint.
#[inline(always)]
pub(crate) fn push_varint(out: &mut Vec<u8>, value: u64) {
    match value {
        0..0x80 => out.push(value as u8),
        0x80..0x4000 => out.extend_from_slice(&[value as u8 | 0x80, (value >> 7) as u8]),
        _ => push_long_varint(out, value),
    }
}

fn push_long_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes a varint takes.
pub(crate) fn varint_bytes(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// How many bytes a field takes if its numbers are as short as can be.
#[inline(always)]
pub(crate) fn least_bytes(tag: Tag, value: WireValue) -> usize {
    let tag_bytes = varint_bytes(tag.0.into());
    match (value, tag.wire_type()) {
        (WireValue::Bits(_), FIXED64) => tag_bytes + 8,
        (WireValue::Bits(_), FIXED32) => tag_bytes + 4,
        (WireValue::Bits(bits), _) => tag_bytes + varint_bytes(bits),
        (WireValue::Span { start, end }, GROUP) => 2 * tag_bytes + (end - start) as usize,
        (WireValue::Span { start, end }, _) => {
            let length = end - start;
            tag_bytes + varint_bytes(length.into()) + length as usize
        }
    }
}

/// Appends a field's tag.
#[inline]
pub(crate) fn push_tag(out: &mut Vec<u8>, field: u32, wire_type: WireType) {
    push_varint(out, u64::from(field) << 3 | wire_type as u64);
}

/// Appends the tag that ends a group.
pub(crate) fn push_group_end(out: &mut Vec<u8>, field: u32) {
    push_varint(out, u64::from(field) << 3 | u64::from(GROUP_END));
}

/// Appends a field that is a varint.
#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, field: u32, value: u64) {
    push_tag(out, field, WireType::Varint);
    push_varint(out, value);
}

/// Appends a length-delimited field.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    push_tag(out, field, WireType::Bytes);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a field that is a varint, as proto3 has it: one that is 0 is left out.
#[inline]
pub(crate) fn put_unless_zero(out: &mut Vec<u8>, field: u32, value: i64) {
    if value != 0 {
        put_varint(out, field, value as u64);
    }
}

/// Appends a length-delimited field, as proto3 has it: one that is empty is left out.
#[inline]
pub(crate) fn put_unless_empty(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    if !bytes.is_empty() {
        put_bytes(out, field, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads all fields; gives back how many there are, or the fault and its place.
    fn read(bytes: &[u8]) -> Result<usize, (String, usize)> {
        let mut cursor = Cursor::new(bytes, 0..bytes.len());
        let mut groups = Groups::default();
        let mut fields = 0;
        while !cursor.is_at_end() {
            cursor.field(&mut groups).map_err(|fault| (fault.to_string(), cursor.position))?;
            fields += 1;
        }
        Ok(fields)
    }

    #[test]
    fn faults_stand_where_they_are() {
        let cases: &[(&[u8], &str, usize)] = &[
            (b"\x08\x01\x80", "it ends inside a varint", 2),
            (b"\x08\xff", "it ends inside a varint", 1),
            (b"\x0a\x80", "it ends inside a varint", 1),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "a varint is longer than 64 bits", 1),
            (b"\x08\x01\x00", "field number 0 is out of range", 2),
            (b"\x80\x80\x80\x80\x10", "field number 536870912 is out of range", 0),
            (b"\x08\x01\x0f", "field 1 has wire type 7, which does not exist", 2),
            (b"\x08\x01\x12\x03ab", "field 2 claims 3 bytes, but 2 are left", 3),
            (
                b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                "field 2 claims 18446744073709551615 bytes, but 0 are left",
                1,
            ),
            (b"\x19abc", "field 3 claims 8 bytes, but 3 are left", 1),
            (b"\x1dabc", "field 3 claims 4 bytes, but 3 are left", 1),
            (b"\x08\x01\x0c", "group 1 ends, but was not begun", 2),
            (b"\x08\x01\x0b\x13\x14", "group 1 does not end", 2),
            (b"\x0b\x13\x0c\x14", "group 1 ends, but was not begun", 2),
            (b"\x0b\x08\x01\x0e", "field 1 has wire type 6, which does not exist", 3),
            (b"\x0b\x12\x05a", "field 2 claims 5 bytes, but 1 are left", 2),
            (b"\x0b\x00", "field number 0 is out of range", 1),
            (b"\x0b\x80\x80\x80\x80\x40", "field number 2147483648 is out of range", 1),
        ];
        for (bytes, text, position) in cases {
            assert_eq!(read(bytes), Err(((*text).to_owned(), *position)), "{bytes:02x?}");
        }
    }

    #[test]
    fn fields_of_every_type_are_stepped_over() {
        let bytes =
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x11abcdefgh\x1a\x02hi\x25abcd\x2b\x33\x08\x01\x34\x2c";
        assert_eq!(read(bytes), Ok(5));
        // A varint may be longer than it need be; a group may hold numbers that no field has.
        assert_eq!(read(b"\x88\x80\x00\x81\x80\x00\x0b\xf8\xff\xff\xff\x3f\x01\x0c"), Ok(2));
    }

    #[test]
    fn groups_nest_to_the_limit_and_no_deeper() {
        let groups = |levels| [[0x0b].repeat(levels), [0x0c].repeat(levels)].concat();
        assert_eq!(read(&groups(NESTING_LIMIT + 1)), Ok(1));
        let fault = ("messages nest deeper than 10000".to_owned(), NESTING_LIMIT + 1);
        assert_eq!(read(&groups(NESTING_LIMIT + 2)), Err(fault));
    }

    #[test]
    fn varints_take_as_many_bytes_as_is_said() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                push_varint(&mut bytes, value);
                assert_eq!(bytes.len(), varint_bytes(value), "{value}");
                assert_eq!(Cursor::new(&bytes, 0..bytes.len()).varint(), Ok(value));
            }
        }
    }
}
