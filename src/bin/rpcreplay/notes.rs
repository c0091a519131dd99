//! What is said of a recording that was written: [`Notes`].

use crate::failure::note;

/// How many numbers of entries are remembered for each thing that was noticed.
const NUMBERS: usize = 8;

/// How often something was noticed, and in which entries.
#[derive(Debug, Default)]
pub struct Found {
    count: u64,
    /// The first of the entries, in order.
    entries: Vec<u64>,
    more_entries: u64,
    last: u64,
}

impl Found {
    /// How often it was noticed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds what was found so many times in an entry.
    pub fn add(&mut self, index: u64, count: u64) {
        self.count += count;
        if count == 0 || self.last == index {
            return;
        }
        self.last = index;
        if self.entries.len() < NUMBERS {
            self.entries.push(index);
        } else {
            self.more_entries += 1;
        }
    }

    /// Adds what was found in later entries.
    pub fn append(&mut self, later: Found) {
        let room = NUMBERS - self.entries.len();
        self.more_entries += later.more_entries + later.entries.len().saturating_sub(room) as u64;
        self.entries.extend(later.entries.into_iter().take(room));
        self.count += later.count;
        self.last = self.last.max(later.last);
    }

    /// The entries in words.
    pub fn place(&self) -> String {
        let numbers: Vec<_> = self.entries.iter().map(u64::to_string).collect();
        match (&numbers[..], self.more_entries) {
            ([number], 0) => format!("entry {number}"),
            (numbers, 0) => format!("entries {}", numbers.join(", ")),
            (numbers, more) => format!("entries {} and {more} more", numbers.join(", ")),
        }
    }
}

/// What was noticed about a recording that was written.
#[derive(Debug, Default)]
pub struct Notes {
    /// Bytes that were not taken.
    pub ignored_wire: Found,
    /// Fields that the format can't carry.
    pub left_out: Found,
    /// What was noted beside entries and the format can't carry.
    pub extensions: Found,
}

impl Notes {
    /// Adds what was noticed of later entries.
    pub fn add(&mut self, later: Notes) {
        self.ignored_wire.append(later.ignored_wire);
        self.left_out.append(later.left_out);
        self.extensions.append(later.extensions);
    }

    /// Says what was noticed.
    pub fn tell(&self, name: &str) {
        let say = |found: &Found, what: &str| {
            if found.count() > 0 {
                note("rpcreplay: ", &format!("{name}: note: {what} in {}", found.place()));
            }
        };
        say(&self.ignored_wire, "\"@wire\" was passed over, because the JSON beside it says something else,");
        let left_out = match self.left_out.count() {
            1 => "1 field that the descriptor does not know was left out".to_owned(),
            count => format!("{count} fields that the descriptor does not know were left out"),
        };
        say(&self.left_out, &left_out);
        say(&self.extensions, "metadata and times, which the format can't carry, were left out");
    }
}
