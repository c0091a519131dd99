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

    /// Appends the bytes to `out`, with the lengths in their places.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        out.reserve(self.bytes.len() + self.length_bytes);
        let mut copied = 0;
        for &Length { position, value } in &self.lengths {
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
