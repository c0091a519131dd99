//! [`Keeping`]: which entries of a recording are wanted, one after the other.

use rpcreplay::entry::{Entry, EntryIndex};
use rpcreplay::pairing::{Pairing, Unpaired};
use rpcreplay::query::Selected;

/// Follows the entries of a recording, and says which call each belongs to and whether anybody wants it.
pub struct Keeping<'a> {
    pub selected: Selected<'a>,
    pairing: Pairing,
    /// Whether anything was wanted; where everything is, that is so without an entry, too.
    pub kept_any: bool,
}

impl<'a> Keeping<'a> {
    /// No entry has come.
    pub fn new(selected: Selected<'a>) -> Self {
        Keeping { kept_any: selected.query().is_everything(), selected, pairing: Pairing::default() }
    }

    /// The call that the next entry belongs to, if the entry is wanted.
    pub fn keep(&mut self, entry: &Entry) -> Option<Result<EntryIndex, Unpaired>> {
        let call = self.pairing.follow(entry);
        let keeps = self.selected.keeps(entry, call);
        self.kept_any |= keeps;
        keeps.then_some(call)
    }

    /// How many requests have no response yet.
    pub fn unmatched_requests(&self) -> u64 {
        self.pairing.unmatched_requests()
    }
}
