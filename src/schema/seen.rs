//! Which fields of a message have come: [`SeenFields`].

use super::layout::Layout;

/// Which fields have come, and of which oneofs a member has. Those beyond the 64th of either stand in words that all open
/// messages share.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SeenFields {
    /// A bit for each of the first fields.
    pub(super) fields: u64,
    /// A bit for each of the first oneofs.
    pub(super) oneofs: u64,
    /// Where the words for the others begin.
    more: u32,
}

impl SeenFields {
    /// Takes words for the fields that have no bit of their own.
    pub(super) fn begin(&mut self, layout: &Layout, words: &mut Vec<u64>) {
        let more = words.len();
        let count = words_beyond(layout.fields().len()) + words_beyond(layout.oneofs() as usize);
        if count > 0 {
            words.resize(more + count, 0);
        }
        self.more = more as u32;
    }

    /// Gives the words back.
    pub(super) fn end(self, words: &mut Vec<u64>) {
        words.truncate(self.more as usize);
    }

    /// Notes that a field has come, and says whether it had not before.
    #[inline(always)]
    pub(super) fn field(&mut self, words: &mut [u64], index: usize) -> bool {
        mark(&mut self.fields, &mut words[self.more as usize..], index)
    }

    /// Notes that a member of a oneof has come, and says whether none had before.
    #[inline(always)]
    pub(super) fn oneof(&mut self, words: &mut [u64], layout: &Layout, oneof: u32) -> bool {
        let more = self.more as usize + words_beyond(layout.fields().len());
        mark(&mut self.oneofs, &mut words[more..], oneof as usize)
    }
}

/// How many words the bits beyond the first 64 take.
fn words_beyond(bits: usize) -> usize {
    bits.saturating_sub(64).div_ceil(64)
}

/// Sets a bit, and says whether it was not set before.
#[inline(always)]
fn mark(first: &mut u64, more: &mut [u64], index: usize) -> bool {
    let word = match index.checked_sub(64) {
        None => first,
        Some(index) => &mut more[index / 64],
    };
    let bit = 1 << (index % 64);
    let is_new = *word & bit == 0;
    *word |= bit;
    is_new
}
