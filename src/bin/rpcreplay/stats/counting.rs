//! Recordings that are counted, batch after batch: [`Counting`], and what comes of it, [`Counted`].

use std::sync::Arc;

use rpcreplay::entry::Entry;
use rpcreplay::query::Selected;
use rpcreplay::schema::Schema;
use rpcreplay::stats::{Counter, Counts, Stats};

use crate::batches::Batch;
use crate::course::Course;
use crate::evaluated::Evaluated;
use crate::failure::Trouble;
use crate::keeping::Keeping;
use crate::render::Notes;

/// What was counted so far.
pub struct Counting<'a> {
    schema: &'a Schema,
    course: Course,
    recording: Option<Recording<'a>>,
    counted: Counted,
}

/// What was counted.
pub struct Counted {
    /// How many recordings, from the first on, are the old side of a comparison.
    old_recordings: usize,
    /// The names of all recordings, by their numbers; also of those that can't be read.
    names: Vec<Arc<str>>,
    /// Of the recordings that could be read, and of which something was kept: the number, and what is in it.
    files: Vec<(usize, Counts)>,
    /// How many recordings could be read, of either side.
    read: [usize; 2],
    /// What is in those of either side.
    stats: [Stats; 2],
    /// How the selection went.
    pub evaluated: Evaluated,
}

/// The recording that is being read.
struct Recording<'a> {
    number: usize,
    name: Arc<str>,
    keeping: Keeping<'a>,
    counter: Counter<'a>,
    notes: Notes,
}

impl<'a> Counting<'a> {
    /// Nothing was counted yet.
    pub fn new(schema: &'a Schema, old_recordings: usize, course: Course) -> Self {
        let counted = Counted {
            old_recordings,
            names: Vec::new(),
            files: Vec::new(),
            read: [0; 2],
            stats: Default::default(),
            evaluated: Evaluated::default(),
        };
        Counting { schema, course, recording: None, counted }
    }

    /// Counts a batch, whose entries these are.
    pub fn add(&mut self, batch: Batch<'a>, entries: &[Entry]) {
        if batch.begins.is_some() {
            self.counted.names.push(batch.name.clone());
        }
        match batch.begins {
            Some(Err(trouble)) => return self.course.report(&trouble),
            Some(Ok(beginning)) => {
                let number = self.counted.names.len() - 1;
                self.recording =
                    beginning.selected.map(|selected| Recording::new(number, batch.name, selected, self.schema));
            }
            None => {}
        }
        let Some(mut recording) = self.recording.take() else { return };
        entries.iter().for_each(|entry| recording.add(entry));
        match batch.ends {
            None => self.recording = Some(recording),
            Some(result) => self.end(recording, &result),
        }
    }

    /// Adds a recording, and says how it ended.
    fn end(&mut self, mut recording: Recording<'_>, result: &Result<(), Trouble>) {
        if let Some(flaws) = recording.notes.take_flaws() {
            self.course.report(&Trouble::new(&recording.name, flaws));
        }
        self.counted.evaluated.add(&recording.name, &recording.keeping.selected);
        self.course.recording_ended(result, recording.keeping.kept_any);
        let stats = recording.counter.finish();
        let side = usize::from(recording.number >= self.counted.old_recordings);
        self.counted.read[side] += 1;
        if recording.keeping.kept_any {
            self.counted.files.push((recording.number, stats.total()));
            self.counted.stats[side].merge(&stats);
        }
    }

    /// All that was counted, and how it went.
    pub fn finish(self) -> (Counted, Course) {
        (self.counted, self.course)
    }
}

impl<'a> Recording<'a> {
    fn new(number: usize, name: Arc<str>, selected: Selected<'a>, schema: &'a Schema) -> Self {
        Recording {
            number,
            name,
            keeping: Keeping::new(selected),
            counter: Counter::new(number, schema),
            notes: Notes::default(),
        }
    }

    /// Counts an entry, if it is kept.
    fn add(&mut self, entry: &Entry) {
        let Some(call) = self.keeping.keep(entry) else { return };
        if let Some(flaw) = entry.flaw() {
            self.notes.flaw(entry, flaw);
        }
        self.counter.add(entry, call);
    }
}

impl Counted {
    /// How many recordings could be read.
    pub fn recordings(&self) -> usize {
        self.read.iter().sum()
    }

    /// What is in the recordings; of a comparison, in those of the new side.
    pub fn new_stats(&self) -> &Stats {
        &self.stats[1]
    }

    /// What is in the recordings of the old side.
    pub fn old_stats(&self) -> &Stats {
        &self.stats[0]
    }

    /// How many recordings of either side could be read.
    pub fn read(&self) -> [usize; 2] {
        self.read
    }

    /// Every method with what was counted of it, on either side.
    pub fn methods(&self) -> impl Iterator<Item = (&str, &Counts)> {
        self.stats.iter().flat_map(|stats| &stats.methods).map(|(method, counts)| (&**method, counts))
    }

    /// The recordings that could be read and of which something was kept, in their order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Counts)> {
        self.files.iter().map(|(number, counts)| (self.name(*number), counts))
    }

    /// The name of the recording with this number.
    pub fn name(&self, number: usize) -> &str {
        &self.names[number]
    }
}
