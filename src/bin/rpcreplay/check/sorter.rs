//! What is to be looked at of a recording, in order: [`Sorter`].

use std::sync::Arc;

use rpcreplay::entry::{Entry, EntryIndex, Payload};
use rpcreplay::format::Format;
use rpcreplay::pairing::Unpaired;
use rpcreplay::query::Selected;
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use crate::batches::Batch;
use crate::failure::Trouble;
use crate::keeping::Keeping;

/// Says of the entries of recordings which call they belong to, and keeps those that are wanted.
pub struct Sorter<'a> {
    schema: &'a Schema,
    recording: Option<Keeping<'a>>,
}

/// What is to be looked at of a batch.
pub struct Part<'a> {
    /// The name of the recording.
    pub name: Arc<str>,
    /// What the recording begins with, if it begins here, or why it can't be read.
    pub begins: Option<Result<(Header, Format), Trouble>>,
    /// The entries that are wanted, each with the call it belongs to.
    pub entries: Vec<(Entry, Result<EntryIndex, Unpaired>)>,
    /// Whether there are others.
    pub has_others: bool,
    /// How the recording ends, if it ends here.
    pub ends: Option<End<'a>>,
}

/// How a recording ended.
pub struct End<'a> {
    /// Whether all of it could be read.
    pub result: Result<(), Trouble>,
    /// How many requests were never answered.
    pub unmatched: u64,
    /// Whether the selection kept anything.
    pub kept_any: bool,
    pub selected: Option<Selected<'a>>,
}

impl<'a> Sorter<'a> {
    pub fn new(schema: &'a Schema) -> Self {
        Sorter { schema, recording: None }
    }

    /// What is to be looked at of a batch, whose entries these are.
    pub fn sort(&mut self, batch: Batch<'a>, entries: Vec<Entry>) -> Part<'a> {
        let begins = batch.begins.map(|begins| {
            begins.map(|beginning| {
                self.recording = beginning.selected.map(Keeping::new);
                (beginning.header, beginning.format)
            })
        });
        let mut part = Part {
            name: batch.name,
            begins,
            entries: Vec::with_capacity(entries.len()),
            has_others: false,
            ends: None,
        };
        let Some(recording) = &mut self.recording else { return part };
        for entry in entries {
            let Some(call) = recording.keep(&entry) else {
                part.has_others = true;
                continue;
            };
            if let Payload::Message(any) | Payload::Error(any) = entry.payload() {
                // The bundle supplies only so many types. Which of them these are must not depend on which thread is
                // faster, so they are looked up in turn; why one is not known is told where it is looked at.
                let _ = self.schema.resolve(any.type_url);
            }
            part.entries.push((entry, call));
        }
        part.ends = batch.ends.map(|result| {
            let recording = self.recording.take();
            let unmatched = recording.as_ref().map_or(0, |recording| recording.unmatched_requests());
            let kept_any = recording.as_ref().is_some_and(|recording| recording.kept_any);
            End { result, unmatched, kept_any, selected: recording.map(|recording| recording.selected) }
        });
        part
    }
}
