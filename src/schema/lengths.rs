//! [`Unsized`]: wire bytes of messages within messages whose lengths are not known before they end.

use crate::wire::{push_varint, varint_bytes};

/// Wire bytes that still lack the lengths of messages, and where those belong.
///
/// Shifting each message to make room for its length would take time by the square of the nesting; so lengths are put in
/// at the end, all of them in one pass.
#[derive(Debug, Default)]
pub(super) struct Unsized {
    /// The bytes without the lengths; whatever has none is appended here.
    pub(super) bytes: Vec<u8>,
    /// In ascending order of position.
    lengths: Vec<Length>,
    /// How many bytes the lengths known so far take.
    length_bytes: usize,
}

#[derive(Debug)]
struct Length {
    position: usize,
    value: u64,
}

/// A place among the lengths.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    index: usize,
    length_bytes: usize,
}

/// A length that was begun and not yet ended.
#[derive(Debug)]
pub(super) struct OpenLength {
    index: usize,
    length_bytes_before: usize,
}

impl Unsized {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Unsized { bytes: Vec::with_capacity(capacity), ..Unsized::default() }
    }

    /// Begins a value whose length stands in front of it.
    pub(super) fn begin_length(&mut self) -> OpenLength {
        self.lengths.push(Length { position: self.bytes.len(), value: 0 });
        OpenLength { index: self.lengths.len() - 1, length_bytes_before: self.length_bytes }
    }

    /// Ends the value that was begun last.
    pub(super) fn end_length(&mut self, open: OpenLength) {
        let length = &mut self.lengths[open.index];
        let lengths_inside = self.length_bytes - open.length_bytes_before;
        length.value = (self.bytes.len() - length.position + lengths_inside) as u64;
        self.length_bytes += varint_bytes(length.value);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
        self.length_bytes = 0;
    }

    /// Whether nothing came since the length was begun.
    pub(super) fn is_empty_since(&self, open: &OpenLength) -> bool {
        self.lengths[open.index].position == self.bytes.len()
    }

    /// Forgets the length that was begun last and has nothing behind it.
    pub(super) fn cancel(&mut self, open: OpenLength) {
        self.lengths.truncate(open.index);
    }

    /// The place behind all lengths that were begun.
    pub(super) fn mark(&self) -> Mark {
        Mark { index: self.lengths.len(), length_bytes: self.length_bytes }
    }

    /// The bytes from a position on, with the lengths since a mark, all of which have ended.
    pub(super) fn sized_since(&self, position: usize, mark: Mark) -> Vec<u8> {
        let mut out = Vec::new();
        self.append_part(position, mark, &mut out);
        out
    }

    /// Puts bytes in the place of those from a position on, and of the lengths since a mark.
    pub(super) fn replace_since(&mut self, position: usize, mark: Mark, bytes: &[u8]) {
        self.bytes.truncate(position);
        self.bytes.extend_from_slice(bytes);
        self.lengths.truncate(mark.index);
        self.length_bytes = mark.length_bytes;
    }

    /// Appends the bytes to `out`, with the lengths in their places.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        self.append_part(0, Mark { index: 0, length_bytes: 0 }, out);
    }

    fn append_part(&self, start: usize, mark: Mark, out: &mut Vec<u8>) {
        out.reserve(self.bytes.len() - start + self.length_bytes - mark.length_bytes);
        let mut copied = start;
        for &Length { position, value } in &self.lengths[mark.index..] {
            out.extend_from_slice(&self.bytes[copied..position]);
            push_varint(out, value);
            copied = position;
        }
        out.extend_from_slice(&self.bytes[copied..]);
    }

    /// The bytes, with the lengths in their places.
    pub(super) fn into_sized(self) -> Vec<u8> {
        if self.lengths.is_empty() {
            return self.bytes;
        }
        let mut whole = Vec::new();
        self.append_to(&mut whole);
        whole
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
}
