//! [`Encoder`]: wire bytes of messages within messages whose lengths are not known before they end.

/// Collects wire bytes.
///
/// Lengths are kept apart until the end, so that no byte is copied once per level of nesting.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
    /// In the order of their places.
    lengths: Vec<Length>,
    /// How many bytes the closed lengths will take.
    length_bytes: usize,
}

#[derive(Debug)]
struct Length {
    place: usize,
    length: usize,
}

/// A length that was begun and not yet ended.
#[derive(Debug)]
pub(super) struct OpenLength {
    index: usize,
    length_bytes_before: usize,
}

impl Encoder {
    pub(super) fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(super) fn tag(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field) << 3 | u64::from(wire_type));
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn field_of_bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, 2);
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Begins a value whose length stands in front of it.
    pub(super) fn begin_length(&mut self) -> OpenLength {
        self.lengths.push(Length { place: self.bytes.len(), length: 0 });
        OpenLength { index: self.lengths.len() - 1, length_bytes_before: self.length_bytes }
    }

    pub(super) fn end_length(&mut self, open: OpenLength) {
        let length = &mut self.lengths[open.index];
        length.length = self.bytes.len() - length.place + self.length_bytes - open.length_bytes_before;
        let significant_bits = usize::BITS - (length.length | 1).leading_zeros();
        self.length_bytes += significant_bits.div_ceil(7) as usize;
    }

    /// The bytes, with the lengths in their places.
    pub(super) fn finish(self) -> Vec<u8> {
        if self.lengths.is_empty() {
            return self.bytes;
        }
        let mut whole =
            Encoder { bytes: Vec::with_capacity(self.bytes.len() + self.length_bytes), ..Encoder::default() };
        let mut copied = 0;
        for length in &self.lengths {
            whole.raw(&self.bytes[copied..length.place]);
            whole.varint(length.length as u64);
            copied = length.place;
        }
        whole.raw(&self.bytes[copied..]);
        whole.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_the_lengths_inside_them() {
        let mut encoder = Encoder::default();
        encoder.tag(1, 2);
        let outer = encoder.begin_length();
        encoder.field_of_bytes(2, &[7; 125]);
        encoder.tag(3, 2);
        let empty = encoder.begin_length();
        encoder.end_length(empty);
        encoder.tag(3, 2);
        let inner = encoder.begin_length();
        encoder.raw(&[9]);
        encoder.end_length(inner);
        encoder.end_length(outer);
        encoder.tag(4, 0);
        encoder.varint(1);

        let mut expected = vec![0x0a, 0x84, 0x01, 0x12, 125];
        expected.extend([7; 125]);
        expected.extend([0x1a, 0, 0x1a, 1, 9, 0x20, 1]);
        assert_eq!(encoder.finish(), expected);
    }
}
