//! [`Unsized`]: wire bytes of messages within messages whose lengths are not known before they end.

use std::ops::Range;

use crate::wire::{push_varint, varint_bytes};

/// Wire bytes with messages whose lengths are not all in place.
///
/// A length takes one byte if it is below 128, as most are, and then it is put where a byte was left for it. Shifting a
/// longer message to make room for its length would take time by the square of the nesting; so those lengths are put in
/// at the end, all of them in one pass.
#[derive(Debug, Default)]
pub(super) struct Unsized {
    /// The bytes, with one byte where a length belongs; whatever has no length is appended here.
    pub(super) bytes: Vec<u8>,
    /// The lengths that are open or do not fit into their byte, in ascending order of position.
    lengths: Vec<Length>,
    /// How many more bytes the lengths known so far take than were left for them.
    missing_bytes: usize,
    /// Kept for its memory.
    scratch: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Length {
    position: usize,
    /// Of a length that is open, how many bytes were missing before it.
    value: u64,
}

/// A place behind which everything can be taken back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    position: u32,
    lengths: u32,
    missing_bytes: u32,
}

/// A length that was begun and not yet ended.
///
/// Its place among the lengths, of which each is open, at most as many as messages nest, or of a message of 128 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenLength(u32);

impl Unsized {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Unsized { bytes: Vec::with_capacity(capacity), ..Unsized::default() }
    }

    /// Bytes to which others are appended.
    pub(super) fn behind(bytes: Vec<u8>) -> Self {
        Unsized { bytes, ..Unsized::default() }
    }

    /// Begins a value whose length stands in front of it.
    #[inline]
    pub(super) fn begin_length(&mut self) -> OpenLength {
        self.lengths.push(Length { position: self.bytes.len(), value: self.missing_bytes as u64 });
        self.bytes.push(0);
        OpenLength(self.lengths.len() as u32 - 1)
    }

    /// Ends the value that was begun last.
    #[inline]
    pub(super) fn end_length(&mut self, open: OpenLength) {
        let length = &mut self.lengths[open.0 as usize];
        let missing_inside = self.missing_bytes as u64 - length.value;
        let value = (self.bytes.len() - length.position - 1) as u64 + missing_inside;
        if value < 0x80 {
            // What is inside is no longer, so no length in there is left.
            self.bytes[length.position] = value as u8;
            self.lengths.truncate(open.0 as usize);
        } else {
            length.value = value;
            self.missing_bytes += varint_bytes(value) - 1;
        }
    }

    /// Leaves room for a length, and says where. Whoever asks for it must [open](Self::open_room) it before anything inside
    /// gets a length of this kind, or else [fill](Self::fill_room) it.
    #[inline(always)]
    pub(super) fn room(&mut self) -> usize {
        self.bytes.push(0);
        self.bytes.len() - 1
    }

    /// Begins the value that stands behind a room.
    #[inline]
    pub(super) fn open_room(&mut self, position: usize) -> OpenLength {
        self.lengths.push(Length { position, value: self.missing_bytes as u64 });
        OpenLength(self.lengths.len() as u32 - 1)
    }

    /// Ends the value that stands behind a room, if there are no rooms inside of it.
    #[inline(always)]
    pub(super) fn fill_room(&mut self, position: usize) {
        let value = self.bytes.len() - position - 1;
        if value < 0x80 {
            self.bytes[position] = value as u8;
        } else {
            self.keep_length(position, value);
        }
    }

    /// Ends two values, one inside of the other.
    #[inline(always)]
    pub(super) fn fill_rooms(&mut self, outer: usize, inner: usize) {
        let outer_value = self.bytes.len() - outer - 1;
        let inner_value = self.bytes.len() - inner - 1;
        if outer_value < 0x80 {
            self.bytes[outer] = outer_value as u8;
            self.bytes[inner] = inner_value as u8;
            return;
        }
        self.keep_length(outer, outer_value + varint_bytes(inner_value as u64) - 1);
        self.fill_room(inner);
    }

    fn keep_length(&mut self, position: usize, value: usize) {
        self.lengths.push(Length { position, value: value as u64 });
        self.missing_bytes += varint_bytes(value as u64) - 1;
    }

    /// Takes back the value that was begun last, whatever stands inside it, and its length.
    pub(super) fn cancel_length(&mut self, open: OpenLength) {
        let Length { position, value } = self.lengths[open.0 as usize];
        self.bytes.truncate(position);
        self.lengths.truncate(open.0 as usize);
        self.missing_bytes = value as usize;
    }

    /// Whether nothing stands inside the value that was begun last.
    pub(super) fn is_empty(&self, open: OpenLength) -> bool {
        self.bytes.len() == self.lengths[open.0 as usize].position + 1
    }

    /// Takes out what stands inside the value that was begun last, with the lengths in their places.
    pub(super) fn take(&mut self, open: OpenLength) -> Vec<u8> {
        let Length { position, value } = self.lengths[open.0 as usize];
        let mut taken = Vec::new();
        self.append_part(position + 1, open.0 as usize + 1, &mut taken);
        self.bytes.truncate(position + 1);
        self.lengths.truncate(open.0 as usize + 1);
        self.missing_bytes = value as usize;
        taken
    }

    /// Puts parts of the bytes, which together are all from `start` on, into another order. No length may be open there.
    pub(super) fn rearrange(&mut self, start: usize, parts: impl Iterator<Item = Range<usize>>) {
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.bytes[start..]);
        self.bytes.truncate(start);
        let first = self.lengths.partition_point(|length| length.position < start);
        let moved = self.lengths.split_off(first);
        for part in parts {
            let within = |position: usize| moved.partition_point(|length| length.position < position);
            for &Length { position, value } in &moved[within(part.start)..within(part.end)] {
                self.lengths.push(Length { position: position - part.start + self.bytes.len(), value });
            }
            self.bytes.extend_from_slice(&self.scratch[part.start - start..part.end - start]);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
        self.missing_bytes = 0;
    }

    /// The place behind everything that is there, which is less than 4 GiB.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            position: self.bytes.len() as u32,
            lengths: self.lengths.len() as u32,
            missing_bytes: self.missing_bytes as u32,
        }
    }

    /// How many bytes stand behind a mark, without the lengths that have no place yet.
    pub(super) fn length_since(&self, mark: Mark) -> usize {
        self.bytes.len() - mark.position as usize
    }

    /// A place behind which there are no lengths.
    pub(super) fn mark_at(&self, position: usize) -> Mark {
        Mark { position: position as u32, ..self.mark() }
    }

    /// The bytes behind a mark, with their lengths, all of which have ended.
    pub(super) fn sized_since(&self, mark: Mark) -> Vec<u8> {
        let mut out = Vec::new();
        self.append_part(mark.position as usize, mark.lengths as usize, &mut out);
        out
    }

    /// Puts bytes in the place of everything behind a mark.
    pub(super) fn replace_since(&mut self, mark: Mark, bytes: &[u8]) {
        self.bytes.truncate(mark.position as usize);
        self.bytes.extend_from_slice(bytes);
        self.lengths.truncate(mark.lengths as usize);
        self.missing_bytes = mark.missing_bytes as usize;
    }

    /// How many bytes there are with the lengths in their places, none of which is open.
    pub(super) fn sized_bytes(&self) -> usize {
        self.bytes.len() + self.missing_bytes
    }

    /// Appends the bytes to `out`, with the lengths in their places.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        self.append_part(0, 0, out);
    }

    /// The bytes, with the lengths in their places: what stands behind a length is shifted, the last first, in the memory that
    /// the bytes have. No length may be open.
    pub(super) fn into_sized(mut self) -> Vec<u8> {
        let mut end = self.bytes.len();
        let mut sized_end = end + self.missing_bytes;
        self.bytes.resize(sized_end, 0);
        for &Length { position, mut value } in self.lengths.iter().rev() {
            let start = position + 1;
            self.bytes.copy_within(start..end, sized_end - (end - start));
            sized_end -= end - start;
            let length = &mut self.bytes[sized_end - varint_bytes(value)..sized_end];
            sized_end -= length.len();
            for byte in &mut *length {
                *byte = value as u8 | 0x80;
                value >>= 7;
            }
            if let Some(last) = length.last_mut() {
                *last &= 0x7f;
            }
            end = position;
        }
        self.bytes
    }

    fn append_part(&self, start: usize, first_length: usize, out: &mut Vec<u8>) {
        out.reserve(self.bytes.len() - start + self.missing_bytes);
        let mut copied = start;
        for &Length { position, value } in &self.lengths[first_length..] {
            out.extend_from_slice(&self.bytes[copied..position]);
            push_varint(out, value);
            copied = position + 1;
        }
        out.extend_from_slice(&self.bytes[copied..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{WireType, push_tag, put_bytes, put_varint};

    #[test]
    fn lengths_count_the_lengths_inside_them() {
        let mut message = Unsized::default();
        push_tag(&mut message.bytes, 1, WireType::Bytes);
        let outer = message.begin_length();
        put_bytes(&mut message.bytes, 2, &[7; 125]);
        push_tag(&mut message.bytes, 3, WireType::Bytes);
        let empty = message.begin_length();
        message.end_length(empty);
        push_tag(&mut message.bytes, 3, WireType::Bytes);
        let inner = message.begin_length();
        message.bytes.push(9);
        message.end_length(inner);
        message.end_length(outer);
        put_varint(&mut message.bytes, 4, 1);

        let mut expected = vec![0x0a, 0x84, 0x01, 0x12, 125];
        expected.extend([7; 125]);
        expected.extend([0x1a, 0, 0x1a, 1, 9, 0x20, 1]);
        let mut behind = vec![0xff];
        message.append_to(&mut behind);
        assert_eq!(behind, [&[0xff], &expected[..]].concat());
        assert_eq!(message.into_sized(), expected);
    }

    /// A room that is filled is the same as a length that is begun and ended, for every length of what is inside and beside.
    #[test]
    fn rooms_are_lengths() {
        for (inside, behind) in (0..4).flat_map(|n| [0, 1, 124, 125, 126, 127, 128, 300].map(|length| (length, n))) {
            let (mut rooms, mut lengths) = (Unsized::default(), Unsized::default());
            for _ in 0..2 {
                let (outer, begun) = (rooms.room(), lengths.begin_length());
                rooms.bytes.push(1);
                lengths.bytes.push(1);
                let (inner, begun_inside) = (rooms.room(), lengths.begin_length());
                rooms.bytes.resize(rooms.bytes.len() + inside, 7);
                lengths.bytes.resize(lengths.bytes.len() + inside, 7);
                rooms.fill_rooms(outer, inner);
                lengths.end_length(begun_inside);
                lengths.end_length(begun);
            }
            let (room, begun) = (rooms.room(), lengths.begin_length());
            let opened = rooms.open_room(room);
            for _ in 0..behind {
                let room = rooms.room();
                rooms.bytes.extend([5; 130]);
                rooms.fill_room(room);
                let begun = lengths.begin_length();
                lengths.bytes.extend([5; 130]);
                lengths.end_length(begun);
            }
            rooms.end_length(opened);
            lengths.end_length(begun);
            assert_eq!(rooms.sized_bytes(), lengths.sized_bytes());
            assert_eq!(rooms.into_sized(), lengths.into_sized(), "{inside} {behind}");
        }
    }

    /// One message inside another: what is inside is taken out, cancelled, and put into another order.
    #[test]
    fn values_are_taken_out_and_rearranged() {
        let long = |message: &mut Unsized, number: u32| {
            push_tag(&mut message.bytes, number, WireType::Bytes);
            let open = message.begin_length();
            message.bytes.extend([number as u8; 200]);
            message.end_length(open);
        };
        let field = |number: u32| [vec![(number << 3 | 2) as u8, 0xc8, 1], vec![number as u8; 200]].concat();
        let mut message = Unsized::default();
        long(&mut message, 1);
        let start = message.bytes.len();
        long(&mut message, 3);
        let middle = message.bytes.len();
        long(&mut message, 2);
        put_varint(&mut message.bytes, 2, 7);
        let end = message.bytes.len();
        message.rearrange(start, [middle..end, start..middle].into_iter());

        push_tag(&mut message.bytes, 4, WireType::Bytes);
        let outer = message.begin_length();
        assert!(message.is_empty(outer));
        let inner = message.begin_length();
        long(&mut message, 5);
        message.cancel_length(inner);
        assert!(message.is_empty(outer));
        long(&mut message, 6);
        assert_eq!(message.take(outer), field(6));
        long(&mut message, 7);
        message.end_length(outer);

        let expected = [field(1), field(2), vec![0x10, 7], field(3), vec![0x22, 0xcb, 1], field(7)].concat();
        assert_eq!(message.into_sized(), expected);
    }
}
