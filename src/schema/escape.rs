//! Finds the bytes of a string that can't simply be copied, in text and in JSON alike.

/// The offset of the first byte that needs care: controls, the quote, the backslash, U+007F, and the byte that control
/// characters beyond ASCII begin with. The string's length if there is none.
///
/// Sixteen bytes at a time, in a form that the compiler turns into vector instructions.
#[inline]
pub(super) fn find_care(value: &[u8]) -> usize {
    let (blocks, _) = value.as_chunks::<16>();
    let clean = blocks.iter().take_while(|block| !block.iter().fold(false, |found, &byte| found | needs_care(byte)));
    let start = clean.count() * 16;
    let rest = &value[start..];
    start + rest.iter().position(|&byte| needs_care(byte)).unwrap_or(rest.len())
}

#[inline(always)]
fn needs_care(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte == 0x7f) | (byte == LATIN_CONTROL_LEAD)
}

/// The first byte of U+0080 to U+00BF in UTF-8, the lower half of which are control characters.
pub(super) const LATIN_CONTROL_LEAD: u8 = 0xc2;

/// Two digits in lower case.
pub(super) fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_needs_care_is_found_at_every_offset() {
        for length in 0..50 {
            let clean = vec![b'a'; length];
            assert_eq!(find_care(&clean), length);
            for at in 0..length {
                for care in [0, 0x1f, b'"', b'\\', 0x7f, 0xc2] {
                    let mut value = clean.clone();
                    value[at] = care;
                    assert_eq!(find_care(&value), at);
                    value[length - 1] = b'"';
                    assert_eq!(find_care(&value), at.min(length - 1));
                }
            }
        }
    }
}
