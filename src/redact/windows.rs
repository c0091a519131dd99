//! [`Windows`]: whether one of many strings stands in a text, to which others are added as they come.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// How many bytes a string begins with by which it is looked for: as many as the shortest has, at least.
const WINDOW_BYTES: usize = 8;

/// Strings that are looked for in texts. An automaton is faster, and can't grow.
///
/// A text may be said to hold one that it does not, by chance.
#[derive(Debug, Default)]
pub(super) struct Windows {
    /// By their first bytes: how many more they have, a bit each.
    lengths: FxHashMap<u64, u64>,
    hashes: FxHashSet<u64>,
}

impl Windows {
    /// Adds a string of at least eight and at most 71 bytes.
    pub(super) fn add(&mut self, sought: &[u8]) {
        let more = sought.len().checked_sub(WINDOW_BYTES).filter(|more| *more < 64);
        let (Some(more), Some(window)) = (more, window(sought)) else {
            unreachable!("what is sought is as long as a value at least, and cut before it is too long")
        };
        *self.lengths.entry(window).or_default() |= 1 << more;
        self.hashes.insert(hash(sought));
    }

    /// Whether one of the strings may stand in a text.
    pub(super) fn may_be_in(&self, text: &[u8]) -> bool {
        let is_at = |at: usize| {
            let Some(&lengths) = window(&text[at..]).and_then(|window| self.lengths.get(&window)) else { return false };
            let mut left = lengths;
            while left != 0 {
                let length = WINDOW_BYTES + left.trailing_zeros() as usize;
                if text.get(at..at + length).is_some_and(|found| self.hashes.contains(&hash(found))) {
                    return true;
                }
                left &= left - 1;
            }
            false
        };
        (0..(text.len() + 1).saturating_sub(WINDOW_BYTES)).any(is_at)
    }
}

fn window(text: &[u8]) -> Option<u64> {
    text.first_chunk::<WINDOW_BYTES>().map(|bytes| u64::from_le_bytes(*bytes))
}

fn hash(text: &[u8]) -> u64 {
    FxBuildHasher.hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_wherever_it_stands() {
        let mut windows = Windows::default();
        assert!(!windows.may_be_in(b"projects/one"));
        let longest = "x".repeat(71);
        for sought in ["projects/one", "projects/another", "12345678", &longest] {
            windows.add(sought.as_bytes());
        }
        for text in ["projects/one", "a projects/another b", "12345678", "0123456789", &longest] {
            assert!(windows.may_be_in(text.as_bytes()), "{text}");
        }
        for text in ["", "1234567", "projects/", "projects/on", "projects/two", &longest[1..]] {
            assert!(!windows.may_be_in(text.as_bytes()), "{text}");
        }
    }
}
