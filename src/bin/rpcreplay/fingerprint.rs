//! What tells whether two recordings are the same without keeping either: [`Fingerprints`].

use rpcreplay::entry::Entry;
use rpcreplay::schema::{Schema, Walker, write_said};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// How many fingerprints are kept.
const KEPT: usize = 65_536;

/// The fingerprints of a recording's entries, one for each or, of many, for so many together that they take no more than
/// half a megabyte.
#[derive(Debug)]
pub struct Fingerprints {
    kept: Vec<u64>,
    /// How many entries each of them stands for.
    together: u64,
    entries: u64,
}

impl Default for Fingerprints {
    fn default() -> Self {
        Fingerprints { kept: Vec::new(), together: 1, entries: 0 }
    }
}

impl Fingerprints {
    /// Adds the fingerprint of the next entry.
    pub fn push(&mut self, fingerprint: u64) {
        if self.entries.is_multiple_of(self.together) {
            if self.kept.len() == KEPT {
                self.kept = self.kept.as_chunks().0.iter().map(|[first, second]| join(*first, *second)).collect();
                self.together *= 2;
            }
            if self.entries.is_multiple_of(self.together) {
                self.kept.push(fingerprint);
                self.entries += 1;
                return;
            }
        }
        self.entries += 1;
        if let Some(last) = self.kept.last_mut() {
            *last = join(*last, fingerprint);
        }
    }

    /// The first entry, or entries, that others do not have so.
    pub fn first_difference(&self, other: &Fingerprints) -> Option<String> {
        if self.entries != other.entries {
            return Some(format!("the number of entries, {} and {},", self.entries, other.entries));
        }
        let place = self.kept.iter().zip(&other.kept).position(|(ours, theirs)| ours != theirs)? as u64;
        let (first, last) = (place * self.together + 1, ((place + 1) * self.together).min(self.entries));
        Some(if first == last { format!("entry {first}") } else { format!("one of the entries {first} to {last}") })
    }
}

fn join(first: u64, second: u64) -> u64 {
    let mut both = [0; 16];
    both[..8].copy_from_slice(&first.to_le_bytes());
    both[8..].copy_from_slice(&second.to_le_bytes());
    xxh3_64(&both)
}

/// Makes fingerprints of entries.
pub struct Identifier<'s> {
    walker: Walker<'s>,
    exactly: bool,
    with_unknown: bool,
    said: Vec<u8>,
}

impl<'s> Identifier<'s> {
    /// Of records as they are, or else of what they say, with or without fields that nobody knows.
    pub fn new(schema: &'s Schema, exactly: bool, with_unknown: bool) -> Self {
        Identifier { walker: Walker::new(schema), exactly, with_unknown, said: Vec::new() }
    }

    /// The fingerprint of an entry. Its number and references are part of it.
    pub fn fingerprint(&mut self, entry: &Entry) -> u64 {
        if self.exactly {
            return xxh3_64(entry.record());
        }
        let (any, is_error) = entry.payload().fields();
        let mut hash = Xxh3::new();
        for number in [entry.kind().number(), entry.ref_index(), is_error.into(), any.is_some().into()] {
            hash.update(&number.to_le_bytes());
        }
        hash.update(entry.method().as_bytes());
        if let Some(any) = any {
            hash.update(&[0]);
            hash.update(any.type_url.as_bytes());
            hash.update(&[0]);
            self.said.clear();
            let layout = self.walker.schema().resolve(any.type_url).ok();
            let said = layout.is_some_and(|layout| {
                write_said(&mut self.walker, layout, any.value, self.with_unknown, &mut self.said).is_ok()
            });
            hash.update(if said { &self.said } else { any.value });
        }
        if let Some(extension) = entry.extension().filter(|_| self.with_unknown) {
            hash.update(&extension.encode());
        }
        hash.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entries: u64, changed: Option<u64>) -> Fingerprints {
        let mut fingerprints = Fingerprints::default();
        (1..=entries).for_each(|entry| fingerprints.push(if changed == Some(entry) { 0 } else { entry }));
        fingerprints
    }

    #[test]
    fn differences_are_found_and_named() {
        assert_eq!(of(5, None).first_difference(&of(5, None)), None);
        assert_eq!(of(5, None).first_difference(&of(5, Some(3))).as_deref(), Some("entry 3"));
        let difference = of(5, None).first_difference(&of(4, None));
        assert_eq!(difference.as_deref(), Some("the number of entries, 5 and 4,"));
    }

    #[test]
    fn of_many_entries_few_are_kept_and_every_one_counts() {
        let entries = 5 * KEPT as u64 + 3;
        let whole = of(entries, None);
        assert!(whole.kept.len() <= KEPT);
        for changed in [1, 2, KEPT as u64, KEPT as u64 + 1, 3 * KEPT as u64 + 7, entries] {
            let place = whole.first_difference(&of(entries, Some(changed))).expect("it differs");
            let numbers: Vec<u64> = place.split(' ').filter_map(|word| word.parse().ok()).collect();
            assert!(numbers[0] <= changed && changed <= numbers[numbers.len() - 1], "{changed}: {place}");
        }
        assert_eq!(whole.first_difference(&of(entries, None)), None);
    }
}
