//! [`Names`]: a table from names to where they stand in a list.

/// Finds a name in a list that it does not hold itself.
///
/// Whoever looks a name up compares it with the one that may be meant, so the table needs four bytes per slot and no
/// copies. A hash of a few bytes is enough for names that somebody chose for people to tell them apart; those of a
/// schema that was made to collide are compared one after the other.
#[derive(Debug)]
pub(super) struct Names {
    /// One more than a name's place in the list, or 0. There are more slots than names, and a power of two of them.
    slots: Box<[u32]>,
}

impl Names {
    /// Of several equal names the first will be found.
    pub(super) fn new<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> Self {
        let mut slots = vec![0; (2 * names.len() + 1).next_power_of_two()];
        for (index, name) in names.enumerate() {
            let mut at = hash(name.as_bytes()) & (slots.len() - 1);
            while slots[at] != 0 {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = index as u32 + 1;
        }
        Names { slots: slots.into() }
    }

    /// The place of a name in the list; `is_at` says whether it stands at a place.
    #[inline]
    pub(super) fn find(&self, name: &[u8], is_at: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = hash(name) & (self.slots.len() - 1);
        loop {
            let index = (*self.slots.get(at)? as usize).checked_sub(1)?;
            if is_at(index) {
                return Some(index);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// Mixes the length, the beginning and the end of a name.
#[inline]
pub(super) fn hash(name: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (first, last) = if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
    } else {
        name.iter().fold((0, 0), |(before, _), &byte| (before << 8 | u64::from(byte), 0))
    };
    let mixed = (first ^ (name.len() as u64) << 56).wrapping_mul(ODD) ^ last.rotate_left(32).wrapping_mul(ODD);
    (mixed.wrapping_mul(ODD) >> 32) as usize
}

/// Whether two names are the same; faster for names than a comparison that is made for any length.
#[inline]
pub(super) fn is_same(name: &[u8], other: &[u8]) -> bool {
    if name.len() != other.len() {
        return false;
    }
    if let (Some(last), Some(other_last)) = (name.last_chunk::<8>(), other.last_chunk::<8>()) {
        let (words, other_words) = (name.as_chunks::<8>().0, other.as_chunks::<8>().0);
        return last == other_last && words.iter().zip(other_words).all(|(word, other)| word == other);
    }
    if let (Some(last), Some(other_last)) = (name.last_chunk::<4>(), other.last_chunk::<4>()) {
        return last == other_last && name.first_chunk::<4>() == other.first_chunk::<4>();
    }
    name.iter().zip(other).all(|(byte, other)| byte == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        let names: Vec<String> = (0..2_000).map(|number| format!("{}{number}", "name_".repeat(number % 7))).collect();
        for count in [0, 1, 2, 3, 2_000] {
            let names = &names[..count];
            let table = Names::new(names.iter().map(String::as_str));
            for (index, name) in names.iter().enumerate() {
                assert_eq!(table.find(name.as_bytes(), |at| names[at] == *name), Some(index));
            }
            for name in ["", "n", "name", "name_", "name_name_x"] {
                assert_eq!(table.find(name.as_bytes(), |at| names[at] == name), None);
            }
        }
    }

    #[test]
    fn of_equal_names_the_first_is_found() {
        let names = ["a", "b", "a"];
        assert_eq!(Names::new(names.iter().copied()).find(b"a", |at| names[at] == "a"), Some(0));
    }

    #[test]
    fn names_are_the_same_in_every_byte() {
        for length in 0..40 {
            let name: Vec<u8> = (b'a'..).take(length).collect();
            assert!(is_same(&name, &name.clone()));
            assert!(!is_same(&name, &[&name[..], b"x"].concat()));
            for at in 0..length {
                let mut other = name.clone();
                other[at] ^= 1;
                assert!(!is_same(&name, &other), "{at} of {length}");
            }
        }
    }

    /// They differ in the middle alone, which the hash does not see.
    #[test]
    fn names_that_collide_are_told_apart() {
        let names: Vec<String> = (100..200).map(|number| format!("the_same_start_{number}_the_same_end")).collect();
        let table = Names::new(names.iter().map(String::as_str));
        for (index, name) in names.iter().enumerate() {
            assert_eq!(table.find(name.as_bytes(), |at| names[at] == *name), Some(index));
        }
    }
}
