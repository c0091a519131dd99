//! [`Notes`]: what is said once, after everything was shown.

use rpcreplay::entry::{Entry, Flaw};

use crate::notes::Found;

/// What was noticed while showing recordings.
#[derive(Debug, Default)]
pub struct Notes {
    flaw: Option<(u64, Flaw)>,
    more_flaws: u64,
    unknown_fields: Found,
    extensions: Found,
    invalid_utf8: Found,
}

impl Notes {
    /// Adds what was noticed after all this.
    pub fn add(&mut self, later: Notes) {
        match self.flaw {
            None => (self.flaw, self.more_flaws) = (later.flaw, later.more_flaws),
            Some(_) => self.more_flaws += later.more_flaws + u64::from(later.flaw.is_some()),
        }
        self.unknown_fields.append(later.unknown_fields);
        self.extensions.append(later.extensions);
        self.invalid_utf8.append(later.invalid_utf8);
    }

    /// Remembers an entry that Go's reader refuses.
    pub fn flaw(&mut self, entry: &Entry, flaw: Flaw) {
        match self.flaw {
            None => self.flaw = Some((entry.index().0, flaw)),
            Some(_) => self.more_flaws += 1,
        }
    }

    /// What is wrong with the recording beside its entries being shown, once.
    pub fn take_flaws(&mut self) -> Option<String> {
        let (entry, flaw) = self.flaw.take()?;
        Some(match std::mem::take(&mut self.more_flaws) {
            0 => format!("entry {entry}: {flaw}"),
            1 => format!("entry {entry}: {flaw}; another entry is refused too"),
            more => format!("entry {entry}: {flaw}; {more} more entries are refused too"),
        })
    }

    /// Remembers fields that the descriptor does not know and the format leaves out.
    pub fn unknown_fields(&mut self, entry: &Entry, count: u64) {
        self.unknown_fields.add(entry.index().0, count);
    }

    /// Remembers metadata and a time beside an entry that are not shown, if there are some.
    pub fn extension(&mut self, entry: &Entry) {
        if entry.has_extension() {
            self.extensions.add(entry.index().0, 1);
        }
    }

    /// Remembers strings that must be UTF-8 and are not, in a format that has no mark for them.
    pub fn invalid_utf8(&mut self, entry: &Entry) {
        self.invalid_utf8.add(entry.index().0, 1);
    }

    /// What the format could not show of a recording, a line each, once.
    pub fn take_losses(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let fields = std::mem::take(&mut self.unknown_fields);
        match fields.count() {
            0 => {}
            1 => lines.push(format!("1 unknown field in {} is not shown in this format", fields.place())),
            count => lines.push(format!("{count} unknown fields in {} are not shown in this format", fields.place())),
        }
        let extensions = std::mem::take(&mut self.extensions);
        if extensions.count() > 0 {
            let place = extensions.place();
            lines.push(format!(
                "metadata or times beside {place} are not shown: --verbose shows them in text, and JSON has them"
            ));
        }
        let strings = std::mem::take(&mut self.invalid_utf8);
        if strings.count() > 0 {
            lines.push(format!("invalid UTF-8 in strings of {}, which Go's reader refuses", strings.place()));
        }
        lines
    }
}
