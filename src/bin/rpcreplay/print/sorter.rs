//! What is to be shown of a recording, in order: [`Sorter`].

use std::sync::Arc;

use rpcreplay::entry::{Entry, EntryIndex, Payload};
use rpcreplay::format::{Compression, Format};
use rpcreplay::pairing::Unpaired;
use rpcreplay::query::Selected;
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;
use rpcreplay::shapes::Shapes;

use crate::batches::{Batch, Beginning};
use crate::evaluated::Evaluated;
use crate::failure::Trouble;
use crate::keeping::Keeping;
use crate::render::{Call, Ending, Window};

/// Turns the entries of recordings into what is to be shown of them, batch after batch.
pub struct Sorter<'a> {
    schema: &'a Schema,
    /// Whether calls are shown, or entries.
    by_call: bool,
    /// Whether a recording ends at an entry that Go's reader refuses, as it does for Go's Fprint.
    ends_at_flaws: bool,
    /// How many recordings were begun.
    recordings: u64,
    recording: Option<Recording<'a>>,
    evaluated: &'a Evaluated,
}

/// The recording that is being read.
struct Recording<'a> {
    keeping: Keeping<'a>,
    shapes: Shapes<'a>,
    window: Window,
    shown_any: bool,
}

/// What is to be shown of a batch.
pub struct Part {
    /// The name of the recording.
    pub name: Arc<str>,
    /// What the recording begins with, if it begins here.
    pub begins: Option<Head>,
    /// What comes next.
    pub items: Vec<Item>,
    /// Whether nothing of the recording came before.
    pub is_first: bool,
    /// How the recording ends, if it ends here.
    pub ends: Option<End>,
}

/// What a recording begins with.
pub struct Head {
    /// Whether no recording came before.
    pub is_first: bool,
    /// The format found.
    pub format: Format,
    /// The compression found.
    pub compression: Compression,
    /// What stands in front of the entries.
    pub header: Header,
}

/// What is shown as one.
pub enum Item {
    /// A call.
    Call(Call, Ending),
    /// An entry, and why it belongs to no call.
    Entry(Entry, Option<Unpaired>),
}

/// How a recording ended.
pub struct End {
    /// Whether all of it could be read.
    pub result: Result<(), Trouble>,
    /// Whether nothing of it was shown.
    pub is_empty: bool,
    /// Whether the selection kept anything.
    pub kept_any: bool,
    /// Whether the selection keeps everything.
    pub is_everything: bool,
}

impl<'a> Sorter<'a> {
    /// A sorter for calls or for entries.
    pub fn new(schema: &'a Schema, by_call: bool, ends_at_flaws: bool, evaluated: &'a Evaluated) -> Self {
        Sorter { schema, by_call, ends_at_flaws, recordings: 0, recording: None, evaluated }
    }

    /// What is to be shown of a batch, whose entries these are; nothing of what follows the end of a recording.
    ///
    /// # Errors
    ///
    /// If the recording could not be opened.
    pub fn sort(&mut self, batch: Batch<'a>, entries: Vec<Entry>) -> Result<Option<Part>, Trouble> {
        let mut begins = None;
        if let Some(beginning) = batch.begins.transpose()? {
            self.recordings += 1;
            let Beginning { format, compression, header, selected } = *beginning;
            begins = Some(Head { is_first: self.recordings == 1, format, compression, header });
            self.recording = selected.map(|selected| Recording::new(selected, self.schema));
        }
        let Some(recording) = &mut self.recording else { return Ok(None) };
        let is_first = !recording.shown_any;
        let mut items = Vec::with_capacity(entries.len());
        let mut ends = batch.ends;
        for entry in entries {
            let Some(call) = recording.keeping.keep(&entry) else { continue };
            if let Payload::Message(any) = entry.payload() {
                // The bundle supplies only so many types. Which of them these are must not depend on which thread is
                // faster, so they are looked up in turn; why one is not known is told where it is shown.
                let _ = self.schema.resolve(any.type_url);
            }
            if self.by_call {
                recording.add(entry, call, &mut items);
            } else if let Some(flaw) = entry.flaw().filter(|_| self.ends_at_flaws) {
                batch.rest.abandon();
                let refused = format!("entry {}: {flaw}; Fprint ends here", entry.index());
                ends = Some(Err(Trouble::new(&batch.name, refused)));
                break;
            } else {
                items.push(Item::Entry(entry, call.err()));
            }
        }
        recording.window.detach();
        let ends = ends.map(|result| {
            self.evaluated.add(&batch.name, &recording.keeping.selected);
            recording.end(result, &mut items)
        });
        recording.shown_any |= !items.is_empty();
        if ends.is_some() {
            self.recording = None;
        }
        Ok(Some(Part { name: batch.name, begins, items, is_first, ends }))
    }
}

impl<'a> Recording<'a> {
    fn new(selected: Selected<'a>, schema: &'a Schema) -> Self {
        Recording {
            keeping: Keeping::new(selected),
            shapes: Shapes::new(schema),
            window: Window::default(),
            shown_any: false,
        }
    }

    /// Adds an entry to its call, and takes the calls that can now be shown.
    fn add(&mut self, entry: Entry, call: Result<EntryIndex, Unpaired>, items: &mut Vec<Item>) {
        let first = call.unwrap_or(entry.index()).0;
        let is_answered_once = self.shapes.is_answered_once(&entry, first);
        self.window.add(entry, call, is_answered_once);
        while let Some((call, ending)) = self.window.next() {
            items.push(Item::Call(call, ending));
        }
    }

    /// Takes the calls that were still waiting.
    fn end(&mut self, result: Result<(), Trouble>, items: &mut Vec<Item>) -> End {
        let ending = match result {
            Ok(()) => Ending::EndOfRecording { unmatched: self.keeping.unmatched_requests() },
            Err(_) => Ending::Damage,
        };
        while let Some((call, ending)) = self.window.next_at_end(ending) {
            items.push(Item::Call(call, ending));
        }
        End {
            result,
            is_empty: !self.shown_any && items.is_empty(),
            kept_any: self.keeping.kept_any,
            is_everything: self.keeping.selected.query().is_everything(),
        }
    }
}
