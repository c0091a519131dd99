//! The counts of two recordings or folders side by side: [`Comparison`].

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rpcreplay::stats::{Counts, Traffic};

use super::counting::Counted;
use super::view::{View, ends_by_name, numbers, or_dash, write_counts};
use crate::json_object::{Object, put_object};
use crate::output::terminal_width;
use crate::render::{Cell, Column, Painter, Role, Table, Yields, in_units, shorten_name, write_fields};

/// What was counted on both sides.
pub struct Comparison<'c> {
    counted: &'c Counted,
    /// The methods that differ in any count, those first whose calls differ most.
    changes: Vec<Change>,
    total: Change,
}

/// The counts of a method on both sides.
struct Change {
    method: String,
    old: Counts,
    new: Counts,
}

impl<'c> Comparison<'c> {
    /// Compares both sides of what was counted.
    pub fn new(counted: &'c Counted) -> Self {
        let (old, new) = (counted.old_stats(), counted.new_stats());
        let methods: BTreeSet<&str> = counted.methods().map(|(method, _)| method).collect();
        let changes = methods.into_iter().map(|method| Change {
            method: method.to_owned(),
            old: old.methods.get(method).cloned().unwrap_or_default(),
            new: new.methods.get(method).cloned().unwrap_or_default(),
        });
        let mut changes: Vec<_> = changes.filter(|change| change.differs() || change.differs_in_bytes()).collect();
        changes.sort_by_key(|change| Reverse(change.old.calls.abs_diff(change.new.calls)));
        let total = Change { method: "total".to_owned(), old: old.total(), new: new.total() };
        Comparison { counted, changes, total }
    }

    /// Whether calls, streams, messages or how calls ended differ, of any method.
    pub fn differs(&self) -> bool {
        self.changes.iter().any(Change::differs)
    }

    /// Appends the comparison, of all that is there or of a selection.
    pub fn show(&self, view: &View, is_everything: bool, out: &mut Vec<u8>) {
        match view {
            View::People { colors } => self.show_table(is_everything, &mut Painter { out, colors: *colors }),
            View::Fields => {
                for change in self.changes.iter().chain([&self.total]) {
                    let pairs = numbers(&change.old).into_iter().zip(numbers(&change.new));
                    let pairs: Vec<_> = pairs.flat_map(|(old, new)| [old, new]).collect();
                    write_fields([&*change.method].into_iter().chain(pairs.iter().map(String::as_str)), out);
                }
            }
            View::Json => {
                put_object(out, |object| self.write_json(object));
                out.push(b'\n');
            }
        }
    }

    fn show_table(&self, is_everything: bool, painter: &mut Painter<'_>) {
        let is_empty = |counts: &Counts| *counts == Counts::default();
        if is_empty(&self.total.old) && is_empty(&self.total.new) {
            painter.words(Role::Aside, if is_everything { "no calls\n" } else { "nothing matches the selection\n" });
            return;
        }
        let mut table = Table::new(&COLUMNS);
        // Bytes alone are worth a row only where there is nothing else.
        let has_others = self.changes.iter().any(Change::differs);
        let changes = self.changes.iter().filter(|change| change.differs() || !has_others);
        let rows: Vec<_> = changes.map(|change| change.cells(false)).collect();
        let differs = |at: usize| rows.is_empty() || rows.iter().any(|row| !row[at].text().is_empty());
        let total = self.total.cells(true).into_iter().enumerate();
        let total: Vec<_> =
            total.map(|(at, cell)| if differs(at) { cell } else { Cell::new(Role::Index, "") }).collect();
        rows.into_iter().chain([total]).for_each(|row| table.add(row));
        table.show(terminal_width(), painter);
        painter.words(Role::Aside, &words(&self.changes));
    }

    fn write_json(&self, object: &mut Object<'_>) {
        let [old, new] = self.counted.read();
        object.object("recordings", |object| {
            object.number("old", old as u64);
            object.number("new", new as u64);
        });
        object.list("methods", &self.changes, |object, change| {
            if !change.method.is_empty() {
                object.string("method", &change.method);
            }
            change.write_sides(object, self.counted);
        });
        object.object("total", |object| self.total.write_sides(object, self.counted));
    }
}

/// How many ways in which other numbers of calls ended people are shown of a row.
const SHOWN_ENDS: usize = 2;

const COLUMNS: [Column; 9] = [
    Column { title: "METHOD", is_number: false, yields: Yields::Shortened(shorten_name) },
    Column { title: "CALLS", is_number: true, yields: Yields::Never },
    Column { title: "STREAMS", is_number: true, yields: Yields::LeftOut(4) },
    Column { title: "FAILED", is_number: true, yields: Yields::LeftOut(2) },
    Column { title: "STATUS", is_number: false, yields: Yields::LeftOut(5) },
    Column { title: "SENT", is_number: true, yields: Yields::LeftOut(3) },
    Column { title: "BYTES", is_number: true, yields: Yields::LeftOut(1) },
    Column { title: "RECV", is_number: true, yields: Yields::LeftOut(3) },
    Column { title: "BYTES", is_number: true, yields: Yields::LeftOut(1) },
];

impl Change {
    /// Whether anything differs that makes a difference: all but bytes.
    fn differs(&self) -> bool {
        let (old, new) = (&self.old, &self.new);
        old.calls != new.calls
            || old.streams != new.streams
            || old.sent.messages != new.sent.messages
            || old.received.messages != new.received.messages
            || ends_by_name(old) != ends_by_name(new)
    }

    fn differs_in_bytes(&self) -> bool {
        let bytes = |counts: &Counts| [counts.sent, counts.received].map(|Traffic { bytes, .. }| bytes);
        bytes(&self.old) != bytes(&self.new)
    }

    /// What people see of it. Beside calls, numbers that are the same are shown only if asked for.
    fn cells(&self, shows_same: bool) -> Vec<Cell> {
        let (old, new) = (&self.old, &self.new);
        let number = |old: u64, new: u64| cell(old, new, shows_same, |number| number.to_string());
        let bytes = |old: Traffic, new: Traffic| cell(old.bytes, new.bytes, shows_same, in_units);
        vec![
            Cell::new(Role::Method, or_dash(&self.method)),
            cell(old.calls, new.calls, true, |number| number.to_string()),
            number(old.streams, new.streams),
            number(old.failed(), new.failed()),
            Cell::new(Role::Changed, &self.shown_ends()),
            number(old.sent.messages, new.sent.messages),
            bytes(old.sent, new.sent),
            number(old.received.messages, new.received.messages),
            bytes(old.received, new.received),
        ]
    }

    /// In which ways other numbers of calls ended, in words: OK first, then the most frequent ones.
    fn changed_ends(&self) -> Vec<String> {
        let mut ends: Vec<(String, [u64; 2])> = Vec::new();
        for (side, counts) in [&self.new, &self.old].into_iter().enumerate() {
            for (name, number) in ends_by_name(counts) {
                let at = ends.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                    ends.push((name, [0; 2]));
                    ends.len() - 1
                });
                ends[at].1[side] = number;
            }
        }
        let changed = ends.into_iter().filter(|(_, [new, old])| old != new);
        changed.map(|(name, [new, old])| format!("{name} {old} → {new}")).collect()
    }

    /// The same, with no more of them than people read.
    fn shown_ends(&self) -> String {
        let ends = self.changed_ends();
        match ends.len().checked_sub(SHOWN_ENDS) {
            None | Some(0) => ends.join(", "),
            Some(more) => format!("{}, {more} more", ends[..SHOWN_ENDS].join(", ")),
        }
    }

    fn write_sides(&self, object: &mut Object<'_>, counted: &Counted) {
        object.object("old", |object| write_counts(object, &self.old, counted));
        object.object("new", |object| write_counts(object, &self.new, counted));
    }
}

/// How many methods differ, in words.
fn words(changes: &[Change]) -> String {
    let methods = changes.iter().filter(|change| change.differs()).count();
    match (methods, changes.len() - methods) {
        (0, 0) => "no differences in counts\n".to_owned(),
        (0, _) => "no differences in counts but of bytes\n".to_owned(),
        (1, 0) => "1 method differs\n".to_owned(),
        (1, others) => format!("1 method differs, {others} in bytes alone\n"),
        (_, 0) => format!("{methods} methods differ\n"),
        (_, others) => format!("{methods} methods differ, {others} in bytes alone\n"),
    }
}

/// Two numbers with their difference; one, if they are the same and that is to be shown.
fn cell(old: u64, new: u64, shows_same: bool, words: impl Fn(u64) -> String) -> Cell {
    if old == new {
        return Cell::new(Role::Index, &if shows_same { words(new) } else { String::new() });
    }
    let sign = if new > old { '+' } else { '-' };
    Cell::new(Role::Changed, &format!("{} → {} ({sign}{})", words(old), words(new), words(new.abs_diff(old))))
}

#[cfg(test)]
mod tests {
    use rpcreplay::schema::Code;

    use super::*;

    fn change(old: Counts, new: Counts) -> Change {
        Change { method: "/a.B/C".to_owned(), old, new }
    }

    #[test]
    fn bytes_alone_are_no_difference() {
        let counts = |calls, statuses: &[(Code, u64)], sent, bytes| Counts {
            calls,
            statuses: statuses.iter().copied().collect(),
            sent: Traffic { messages: sent, bytes },
            ..Counts::default()
        };
        let old = counts(2, &[(Code::OK, 2)], 2, 10);
        for (new, differs) in [
            (old.clone(), false),
            (counts(2, &[(Code::OK, 2)], 2, 11), false),
            (counts(3, &[(Code::OK, 3)], 2, 10), true),
            (counts(2, &[(Code::OK, 1), (Code(5), 1)], 2, 10), true),
            (counts(2, &[(Code::OK, 2)], 3, 10), true),
            (Counts { streams: 1, ..old.clone() }, true),
            (Counts { received: Traffic { messages: 1, bytes: 0 }, ..old.clone() }, true),
            (Counts { unpaired_entries: 1, ..old.clone() }, true),
        ] {
            assert_eq!(change(old.clone(), new.clone()).differs(), differs, "{new:?}");
            assert_eq!(change(new, old.clone()).differs(), differs);
        }
    }

    #[test]
    fn methods_that_differ_in_bytes_alone_are_counted_apart() {
        let more = |calls, bytes| {
            let new = Counts { calls, sent: Traffic { messages: 0, bytes }, ..Counts::default() };
            change(Counts::default(), new)
        };
        for (changes, expected) in [
            (vec![], "no differences in counts\n"),
            (vec![more(0, 1)], "no differences in counts but of bytes\n"),
            (vec![more(1, 0)], "1 method differs\n"),
            (vec![more(1, 1), more(0, 1), more(0, 2)], "1 method differs, 2 in bytes alone\n"),
            (vec![more(1, 0), more(2, 0)], "2 methods differ\n"),
            (vec![more(1, 0), more(2, 0), more(0, 1)], "2 methods differ, 1 in bytes alone\n"),
        ] {
            assert_eq!(words(&changes), expected);
        }
    }

    #[test]
    fn what_changed_is_shown_with_the_difference() {
        let shown = |old, new, shows_same| cell(old, new, shows_same, in_units).text().to_owned();
        assert_eq!(shown(12, 15, false), "12 B → 15 B (+3 B)");
        assert_eq!(shown(1_500, 999, true), "1.5 kB → 999 B (-501 B)");
        assert_eq!((shown(7, 7, true), shown(7, 7, false)), ("7 B".to_owned(), String::new()));
        let ends = |codes: &[(i32, u64)]| Counts {
            statuses: codes.iter().map(|&(code, calls)| (Code(code), calls)).collect(),
            ..Counts::default()
        };
        let changed = change(ends(&[(0, 3), (5, 2)]), ends(&[(0, 3), (5, 1), (10, 1)])).changed_ends();
        assert_eq!(changed, ["NOT_FOUND 2 → 1", "ABORTED 0 → 1"]);
        let many = change(ends(&[(0, 1)]), ends(&[(0, 2), (1, 1), (2, 1), (5, 1)]));
        assert_eq!(many.shown_ends(), "OK 1 → 2, CANCELLED 0 → 1, 2 more");
    }
}
