//! The fields of a message by their names in JSON: [`Names`].

use crate::schema::layout::Layout;
use crate::schema::names;

/// The fields of a message by their names in JSON, and what usually comes next.
#[derive(Debug)]
pub(super) struct Names<'s> {
    pub(super) layout: &'s Layout,
    /// The names: first those in JSON, then others as the `.proto` file has them; and per name the field.
    table: names::Names,
    names: Vec<(&'s [u8], u32)>,
    /// Per field, and before the first, the one that came after it last time.
    pub(super) next: Vec<u32>,
    /// The first fields that are known to be points in time, by bits.
    pub(super) times: u64,
    /// The fields by the first eight bytes of their names in JSON; of those that share a slot one.
    by_word: Box<[u32]>,
}

impl<'s> Names<'s> {
    pub(super) fn new(layout: &'s Layout) -> Self {
        let fields = || layout.fields().iter().zip(0..);
        // Of equal names the first is found: the name in JSON is stronger than what another field is called.
        let in_json = fields().map(|(field, index)| (field.json_name().as_bytes(), index));
        let names: Vec<_> = in_json.chain(fields().map(|(field, index)| (field.name().as_bytes(), index))).collect();
        let table = names::Names::new(names.iter().map(|(name, _)| str::from_utf8(name).expect("it was a string")));
        let next = (0..=layout.fields().len() as u32).collect();
        let mut by_word = vec![u32::MAX; (4 * layout.fields().len() + 1).next_power_of_two()];
        for (field, index) in fields() {
            if let Some(word) = first_word(&[field.json_key.quoted(), &[b':'; 8]].concat(), 0) {
                let slot = slot_of(word, by_word.len());
                by_word[slot] = by_word[slot].min(index);
            }
        }
        Names { layout, table, names, next, times: 0, by_word: by_word.into() }
    }

    /// The field whose name in JSON stands at a place in its quotes, with a colon behind it, and where that ends; if it is
    /// quickly found.
    #[inline(always)]
    pub(super) fn find_quoted(&self, text: &[u8], at: usize) -> Option<(u32, usize)> {
        let index = *self.by_word.get(slot_of(first_word(text, at)?, self.by_word.len()))?;
        let field = self.layout.fields().get(index as usize)?;
        let length = field.json_key.stands_at(text, at)?;
        (!field.json_name_is_ours).then_some((index, at + length))
    }

    /// The field of a name.
    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<u32> {
        let found = self.table.find(name, |index| names::is_same(self.names[index].0, name))?;
        Some(self.names[found].1)
    }
}

/// The first eight bytes of a name that stands in quotes at a place, of a shorter one up to the quote.
#[inline(always)]
fn first_word(text: &[u8], at: usize) -> Option<u64> {
    let word = u64::from_le_bytes(*text.get(at + 1..)?.first_chunk()?);
    let quotes = word ^ u64::from_le_bytes([b'"'; 8]);
    let ends = quotes.wrapping_sub(u64::MAX / 255) & !quotes & (0x80 * (u64::MAX / 255));
    // The bits below the highest of the quote's byte; of a quote they are always the same.
    Some(word & (ends & ends.wrapping_neg()).wrapping_sub(1))
}

#[inline(always)]
fn slot_of(word: u64, slots: usize) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    (word.wrapping_mul(ODD) >> 32) as usize & (slots - 1)
}
