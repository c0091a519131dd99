//! What is said of a recording that was written: [`Notes`].

use crate::failure::note;

/// What was noticed about a recording, as numbers of entries.
#[derive(Debug, Default)]
pub struct Notes {
    /// Those with bytes that were not taken.
    pub ignored_wire: Vec<u64>,
    /// Those that hold what the format can't carry.
    pub left_out: Vec<u64>,
    /// Whether what was written can't be read again.
    pub has_unreadable: bool,
}

impl Notes {
    /// Adds what was noticed of later entries.
    pub fn add(&mut self, later: Notes) {
        self.ignored_wire.extend(later.ignored_wire);
        self.left_out.extend(later.left_out);
        self.has_unreadable |= later.has_unreadable;
    }

    /// Says what was noticed.
    pub fn tell(&self, name: &str) {
        let say = |numbers: &[u64], singular: &str, plural: &str| {
            const SHOWN: usize = 8;
            let shown: Vec<_> = numbers.iter().take(SHOWN).map(u64::to_string).collect();
            let message = match (&shown[..], numbers.len().saturating_sub(SHOWN)) {
                ([], _) => return,
                ([number], _) => format!("entry {number} {singular}"),
                (numbers, 0) => format!("entries {} {plural}", numbers.join(", ")),
                (numbers, more) => format!("entries {} and {more} more {plural}", numbers.join(", ")),
            };
            note("rpcreplay: ", &format!("{name}: note: {message}"));
        };
        let passed_over = "bytes in \"@wire\" that were passed over, because the JSON beside them says something else";
        say(&self.ignored_wire, &format!("has {passed_over}"), &format!("have {passed_over}"));
        let left_out = "what the format can't carry, which is left out";
        say(&self.left_out, &format!("holds {left_out}"), &format!("hold {left_out}"));
    }
}
