//! Where words and runs of bytes begin and end.

use std::ops::Range;

/// Whether a byte is one of a word: beside it, nothing begins and nothing ends.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a range of a text has no byte of a word beside it.
pub(super) fn stands_alone(text: &[u8], range: &Range<usize>) -> bool {
    begins_alone(text, range.start) && !text.get(range.end).is_some_and(|&byte| is_word(byte))
}

/// Whether there is no byte of a word in front of a place.
pub(super) fn begins_alone(text: &[u8], at: usize) -> bool {
    !text[..at].last().is_some_and(|&byte| is_word(byte))
}

/// Where a run of such bytes ends that begins at a place.
pub(super) fn run_end(text: &[u8], at: usize, is_part: impl Fn(u8) -> bool) -> usize {
    text[at..].iter().position(|&byte| !is_part(byte)).map_or(text.len(), |length| at + length)
}
