//! What was changed in a recording: [`Changes`].

use std::fmt;

/// How many entries were changed, added, removed and moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Whether the initial state is another one.
    pub initial: bool,
    /// Those that say something else than before, or in other bytes.
    pub changed: u64,
    pub added: u64,
    pub removed: u64,
    /// Those that others have to stay for, so that all are in the order they had; as few as possible.
    pub moved: u64,
}

impl Changes {
    /// The changes from a recording of so many entries to one in which each entry stands for that old one, or for none.
    pub fn of(stands_for: &[Option<usize>], old_entries: usize) -> Changes {
        let known: Vec<usize> = stands_for.iter().flatten().copied().collect();
        Changes {
            initial: false,
            changed: 0,
            added: (stands_for.len() - known.len()) as u64,
            removed: (old_entries - known.len()) as u64,
            moved: (known.len() - longest_increase(&known)) as u64,
        }
    }

    /// Whether the recording is the same as before.
    pub fn is_nothing(&self) -> bool {
        *self == Changes::default()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.initial {
            f.write_str("initial state changed")?;
            separator = ", ";
        }
        let mut names_entries = true;
        let counts =
            [(self.changed, "changed"), (self.added, "added"), (self.removed, "removed"), (self.moved, "moved")];
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            let noun = match (names_entries, count) {
                (false, _) => "",
                (true, 1) => " entry",
                (true, _) => " entries",
            };
            write!(f, "{separator}{count}{noun} {what}")?;
            separator = ", ";
            names_entries = false;
        }
        Ok(())
    }
}

/// How many numbers, all different, can stay so that what stays increases.
///
/// For every length, the least number that a row of this length ends with is known; those numbers increase themselves.
fn longest_increase(numbers: &[usize]) -> usize {
    let mut ends: Vec<usize> = Vec::new();
    for &number in numbers {
        let place = ends.partition_point(|&end| end < number);
        if place == ends.len() {
            ends.push(number);
        } else {
            ends[place] = number;
        }
    }
    ends.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_few_as_possible_have_moved() {
        for (stands_for, expected) in [
            (&[][..], (0, 4, 0)),
            (&[Some(0), Some(1), Some(2), Some(3)], (0, 0, 0)),
            (&[Some(3), Some(0), Some(1), Some(2)], (0, 0, 1)),
            (&[Some(3), Some(2), Some(1), Some(0)], (0, 0, 3)),
            (&[Some(2), None, Some(3), Some(0)], (1, 1, 1)),
        ] {
            let Changes { added, removed, moved, .. } = Changes::of(stands_for, 4);
            assert_eq!((added, removed, moved), expected, "{stands_for:?}");
        }
    }

    #[test]
    fn entries_are_named_once() {
        let changes = Changes { initial: true, changed: 1, removed: 2, ..Changes::default() };
        assert_eq!(changes.to_string(), "initial state changed, 1 entry changed, 2 removed");
        assert_eq!(Changes { added: 3, moved: 1, ..Changes::default() }.to_string(), "3 entries added, 1 moved");
        assert!(Changes::of(&[Some(0)], 1).is_nothing());
    }
}
