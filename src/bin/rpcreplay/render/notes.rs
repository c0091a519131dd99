//! [`Notes`]: what is said once, after everything was shown.

use std::collections::BTreeSet;

use rpcreplay::entry::{Entry, Flaw};
use rpcreplay::schema::{Schema, Unresolved};

/// How many names of types are remembered.
const NAMES: usize = 8;

/// What was noticed while showing recordings.
#[derive(Debug, Default)]
pub struct Notes {
    unknown_types: BTreeSet<String>,
    more_types: bool,
    flaw: Option<(u64, Flaw)>,
    more_flaws: u64,
}

impl Notes {
    /// Remembers a type that could not be found.
    pub fn unresolved(&mut self, reason: &Unresolved) {
        if let Unresolved::Unknown(name) = reason {
            self.unknown_type(name);
        }
    }

    /// Remembers a type that could not be found, by its name.
    pub fn unknown_type(&mut self, name: &str) {
        if self.unknown_types.contains(name) {
            return;
        }
        if self.unknown_types.len() < NAMES {
            self.unknown_types.insert(name.to_owned());
        } else {
            self.more_types = true;
        }
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

    /// What to do about types that could not be found, with the built-in ones or without them.
    pub fn hint(&self, without_builtin: bool) -> Option<String> {
        if without_builtin && self.unknown_types.iter().any(|name| Schema::builtin().resolve(name).is_ok()) {
            return Some(
                "leave --no-builtin-protos out: the built-in descriptors know types that were not found".into(),
            );
        }
        let names: Vec<_> = self.unknown_types.iter().map(|name| format!("`{name}`")).collect();
        let (last, others) = names.split_last()?;
        Some(match (others, self.more_types) {
            ([], _) => format!("name the descriptor set that defines {last} with --protoset FILE"),
            (others, false) => {
                format!("name the descriptor sets that define {} and {last} with --protoset FILE", others.join(", "))
            }
            (_, true) => {
                format!("name the descriptor sets that define {} and others with --protoset FILE", names.join(", "))
            }
        })
    }
}
