//! [`Numbering`]: from the names that entries have in JSON to their numbers.

use std::collections::HashMap;

use super::{Format, wire};
use crate::entry::{Entry, EntryIndex};
use crate::error::{Error, ErrorKind, Position, Result};

/// Gives the entries of a recording their numbers.
///
/// In JSON an entry has a name, its `index`, and others refer to it by that, so that lines can be deleted and moved. Numbers
/// are counted anew. In the other formats an entry's place is its name, and nothing is changed.
#[derive(Debug)]
pub struct Numbering {
    has_names: bool,
    /// How many entries came.
    entries: u64,
    /// Those of names that are further on than all before.
    numbers: Numbers,
    /// Those of all others.
    rest: HashMap<u64, u64>,
    /// Of the references that lead to no entry before, that which reaches furthest: whose it is, and to what.
    forward: Option<(u64, i32)>,
}

impl Numbering {
    /// The numbering of a recording in a format, of which no entry came.
    pub fn new(format: Format) -> Self {
        let has_names = match format {
            Format::Binary | Format::Text => false,
            Format::Json | Format::JsonLines => true,
        };
        Numbering { has_names, entries: 0, numbers: Numbers::default(), rest: HashMap::new(), forward: None }
    }

    /// Gives the next entry its number, and turns the name that it refers to into one.
    ///
    /// # Errors
    ///
    /// `DuplicateIndex` if an entry before it has the same name, `DanglingReference` if none before it has the name that it
    /// refers to, `ForwardReference` if its number is not its name and one before it refers to what is yet to come; each with
    /// the entry's number and line.
    pub fn settle(&mut self, entry: Entry) -> Result<Entry> {
        if !self.has_names {
            return Ok(entry);
        }
        self.entries += 1;
        let (number, name) = (self.entries, entry.index().0);
        let position = Position { entry: Some(number), ..entry.position() };
        if self.number_of(name).is_some() {
            return Err(Error::new(ErrorKind::DuplicateIndex { index: name }, position));
        }
        if name != number
            && let Some((entry, refers_to)) = self.forward
            && number as i64 <= i64::from(refers_to)
        {
            return Err(Error::new(ErrorKind::ForwardReference { entry, refers_to, moved: name }, position));
        }
        let refers_to = entry.ref_index();
        let ref_index = match u64::try_from(refers_to).ok().and_then(|name| self.number_of(name)) {
            _ if refers_to == 0 => 0,
            Some(number) => number as i32,
            // So it stood in the recording that the JSON was made of, and no entry has moved.
            None if entry.is_pinned && self.numbers.are_unchanged && name == number => {
                if self.forward.is_none_or(|(_, furthest)| refers_to > furthest) {
                    self.forward = Some((number, refers_to));
                }
                refers_to
            }
            None => return Err(Error::new(ErrorKind::DanglingReference { refers_to }, position)),
        };
        self.push(name, number);
        let entry = if ref_index == refers_to {
            entry
        } else {
            let record =
                wire::with_ref_index(entry.record(), ref_index).map_err(|(fault, _)| Error::new(fault, position))?;
            wire::decode(record.into(), entry.index(), entry.offset())
                .map(|renumbered| Entry { line: entry.line, ignored_wire: entry.ignored_wire, ..renumbered })
                .map_err(|(fault, _)| Error::new(fault, position))?
        };
        Ok(entry.with_index(EntryIndex(number)))
    }

    /// An entry that can't be read has a number all the same.
    pub fn skip(&mut self) {
        self.entries += 1;
    }

    fn push(&mut self, name: u64, number: u64) {
        if name > self.numbers.last {
            self.numbers.push(name, number);
        } else {
            self.rest.insert(name, number);
        }
    }

    fn number_of(&self, name: u64) -> Option<u64> {
        self.numbers.of(name).or_else(|| self.rest.get(&name).copied())
    }
}

/// Which number an entry was given, by the name it had; of names each of which is further on than those before.
///
/// Kept as runs of neighbours, so that a copy costs no memory, and a selection as much as it has gaps.
#[derive(Debug)]
pub(super) struct Numbers {
    runs: Vec<Run>,
    /// The name that came last.
    pub(super) last: u64,
    /// Whether every entry's name is its number.
    pub(super) are_unchanged: bool,
}

#[derive(Debug)]
struct Run {
    name: u64,
    number: u64,
    length: u64,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers { runs: Vec::new(), last: 0, are_unchanged: true }
    }
}

impl Numbers {
    pub(super) fn push(&mut self, name: u64, number: u64) {
        match self.runs.last_mut() {
            Some(run) if run.name + run.length == name && run.number + run.length == number => run.length += 1,
            _ => self.runs.push(Run { name, number, length: 1 }),
        }
        self.last = name;
        self.are_unchanged &= name == number;
    }

    pub(super) fn of(&self, name: u64) -> Option<u64> {
        let after = self.runs.partition_point(|run| run.name <= name);
        let run = self.runs[..after].last()?;
        (name - run.name < run.length).then(|| run.number + (name - run.name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{Any, Kind, Payload};

    fn entry(name: u64, ref_index: i32) -> Entry {
        let empty = Payload::Message(Any { type_url: "t", value: b"" });
        Entry::encode(Kind::Request, "/m", empty, ref_index).expect("a small entry").with_index(EntryIndex(name))
    }

    /// Settles entries of these names and references, and tells their numbers and references, or what is wrong.
    fn settle(entries: &[(u64, i32)]) -> Vec<std::result::Result<(u64, i32), String>> {
        let mut numbering = Numbering::new(Format::Json);
        let settled = entries.iter().map(|&(name, ref_index)| numbering.settle(entry(name, ref_index)));
        settled
            .map(|entry| {
                entry.map(|entry| (entry.index().0, entry.ref_index())).map_err(|error| {
                    assert!(error.position().entry.is_some());
                    error.kind().to_string()
                })
            })
            .collect()
    }

    #[test]
    fn names_become_numbers() {
        let names = [(1, 0), (2, 1), (5, 0), (6, 5), (9, 0), (3, 9), (4, 0), (7, 4), (8, 6)];
        let numbers = [(1, 0), (2, 1), (3, 0), (4, 3), (5, 0), (6, 5), (7, 0), (8, 7), (9, 4)];
        assert_eq!(settle(&names), numbers.map(Ok));
        // Neighbours by name with one between them that was moved there.
        let names = [(5, 0), (3, 0), (6, 0), (7, 6), (8, 3), (9, 5)];
        assert_eq!(settle(&names), [(1, 0), (2, 0), (3, 0), (4, 3), (5, 2), (6, 1)].map(Ok));
    }

    proptest! {
        /// Whatever the order of names: a reference to a name leads to the place of the entry that has it.
        #[test]
        fn references_follow_names(names in Just((1..=24u64).collect::<Vec<_>>()).prop_shuffle(), moved in 0..24usize,
            targets in prop::collection::vec(any::<prop::sample::Index>(), 24)) {
            // The first are in order, as most are.
            let mut names = names;
            names[..moved].sort_unstable();
            let referred = |place: usize| if place == 0 { None } else { Some(targets[place].index(place)) };
            let entries: Vec<_> =
                (0..names.len()).map(|place| (names[place], referred(place).map_or(0, |to| names[to] as i32))).collect();
            let expected: Vec<_> = (0..names.len())
                .map(|place| Ok((place as u64 + 1, referred(place).map_or(0, |to| to as i32 + 1))))
                .collect();
            prop_assert_eq!(settle(&entries), expected);
        }
    }

    #[test]
    fn a_name_belongs_to_one_entry_and_a_reference_to_one_before_it() {
        let found = settle(&[(3, 0), (3, 0), (5, 4), (6, 6), (7, -1), (2, 3), (2, 0)]);
        let expected = [
            Ok((1, 0)),
            Err("the index 3 is that of an entry before it; an entry that says none has its place, 1, 2 and so on"
                .to_owned()),
            Err("refIndex 4 is the index of no entry before it".to_owned()),
            Err("refIndex 6 is the index of no entry before it".to_owned()),
            Err("refIndex -1 is the index of no entry before it".to_owned()),
            Ok((6, 1)),
            Err("the index 2 is that of an entry before it; an entry that says none has its place, 1, 2 and so on"
                .to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_reference_that_led_nowhere_may_do_so_again_while_nothing_has_moved() {
        let mut numbering = Numbering::new(Format::Json);
        let pinned = |name, ref_index| Entry { is_pinned: true, ..entry(name, ref_index) };
        assert_eq!(numbering.settle(pinned(1, 70)).expect("nothing has moved").ref_index(), 70);
        numbering.settle(entry(2, 0)).expect("it refers to nothing");
        // What moves would become the one that entry 1 refers to, now or later.
        let error = numbering.settle(entry(4, 0)).expect_err("entry 70 may follow");
        assert!(matches!(error.kind(), ErrorKind::ForwardReference { entry: 1, refers_to: 70, moved: 4 }), "{error}");

        let mut numbering = Numbering::new(Format::Json);
        assert_eq!(numbering.settle(pinned(1, -1)).expect("nothing has moved").ref_index(), -1);
        numbering.settle(entry(3, 0)).expect("it refers to nothing");
        assert!(numbering.settle(pinned(4, -1)).is_err());
    }

    #[test]
    fn other_formats_are_left_alone() {
        let mut numbering = Numbering::new(Format::Binary);
        for (name, ref_index) in [(1, 9), (1, -1)] {
            let settled = numbering.settle(entry(name, ref_index)).expect("nothing is looked at");
            assert_eq!((settled.index().0, settled.ref_index()), (name, ref_index));
        }
    }
}
