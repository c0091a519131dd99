//! [`Sorted`]: values with what stands for them, by how they begin.

/// A value, what stands for it, and the rule that says so.
pub(super) type Replaced = (Box<[u8]>, Box<[u8]>, u16);

/// What stands for a value.
#[derive(Debug, Clone)]
pub(super) struct Replacement {
    pub(super) value: Box<[u8]>,
    pub(super) new: Box<[u8]>,
    pub(super) rule: u16,
    /// The longest other value that this one begins with.
    shorter: Option<u32>,
}

/// Values with what stands for them, sorted.
#[derive(Debug, Default)]
pub(super) struct Sorted(Vec<Replacement>);

impl Sorted {
    /// Replacements of values, which come sorted, each once.
    pub(super) fn new(values: impl IntoIterator<Item = Replaced>) -> Sorted {
        let mut all: Vec<Replacement> = Vec::new();
        for (value, new, rule) in values {
            // What a value begins with stands before it, and so do only others that begin alike.
            let mut shorter = all.len().checked_sub(1).map(|last| last as u32);
            while let Some(other) = shorter
                && !value.starts_with(&all[other as usize].value)
            {
                shorter = all[other as usize].shorter;
            }
            all.push(Replacement { value, new, rule, shorter });
        }
        Sorted(all)
    }

    /// The replacements of both; of a value that is in both, the newer one.
    pub(super) fn merged(self, newer: Sorted) -> Sorted {
        let replaced = |Replacement { value, new, rule, .. }| (value, new, rule);
        let (mut older, mut newer) = (self.0.into_iter().peekable(), newer.0.into_iter().peekable());
        Sorted::new(std::iter::from_fn(|| {
            let next = match (older.peek(), newer.peek()) {
                (Some(one), Some(other)) if one.value < other.value => older.next(),
                (Some(one), Some(other)) => {
                    if one.value == other.value {
                        older.next();
                    }
                    newer.next()
                }
                (Some(_), None) => older.next(),
                (None, Some(_) | None) => newer.next(),
            };
            next.map(replaced)
        }))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|replacement| &*replacement.value)
    }

    /// What stands for a value as a whole.
    pub(super) fn of(&self, value: &[u8]) -> Option<&Replacement> {
        let place = self.0.binary_search_by(|replacement| (*replacement.value).cmp(value)).ok()?;
        Some(&self.0[place])
    }

    /// The longest value that a text begins with and behind which there is an end.
    pub(super) fn longest(&self, text: &[u8], is_end: impl Fn(usize) -> bool) -> Option<&Replacement> {
        let behind = self.0.partition_point(|replacement| *replacement.value <= *text);
        let mut place = behind.checked_sub(1).map(|last| last as u32);
        while let Some(candidate) = place {
            let replacement = &self.0[candidate as usize];
            if text.starts_with(&replacement.value) && is_end(replacement.value.len()) {
                return Some(replacement);
            }
            place = replacement.shorter;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(values: &[(&str, u16)]) -> Sorted {
        Sorted::new(values.iter().map(|(value, rule)| (value.as_bytes().into(), b"X".as_slice().into(), *rule)))
    }

    #[test]
    fn of_both_the_newer_one_counts() {
        let merged = sorted(&[("a", 1), ("ab", 1), ("c", 1)]).merged(sorted(&[("a", 2), ("abc", 2), ("b", 2)]));
        let found: Vec<_> = merged.0.iter().map(|found| (&*found.value, found.rule, found.shorter)).collect();
        #[rustfmt::skip]
        assert_eq!(found, [
            (&b"a"[..], 2, None), (b"ab", 1, Some(0)), (b"abc", 2, Some(1)), (b"b", 2, None), (b"c", 1, None),
        ]);
        assert_eq!(sorted(&[]).merged(sorted(&[("a", 1)])).len(), 1);
        assert_eq!(sorted(&[("a", 1)]).merged(sorted(&[])).len(), 1);
    }

    #[test]
    fn the_longest_is_found_that_ends_there() {
        let values = sorted(&[("a", 1), ("ab", 2), ("abcd", 3), ("b", 4)]);
        let found = |text: &str, ends: &[usize]| {
            values.longest(text.as_bytes(), |end| ends.contains(&end)).map(|found| found.rule)
        };
        assert_eq!(found("abcde", &[1, 2, 4]), Some(3));
        assert_eq!(found("abcde", &[1, 2]), Some(2));
        assert_eq!(found("abc", &[1]), Some(1));
        assert_eq!(found("abc", &[3]), None);
        assert_eq!(found("c", &[1]), None);
    }
}
