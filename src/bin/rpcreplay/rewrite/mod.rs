//! Recordings that are read and written anew: [`Rewrite`], the road that convert, filter and merge share.

mod outlet;
mod writing;

use rpcreplay::entry::Entry;
use rpcreplay::format::{Compression, Decoder, Encoder, Format, WriteOptions};
use rpcreplay::query::{Query, Unit};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use crate::args::Input;
use crate::batches::{Batch, Batches, Beginning, passes};
use crate::failure::{Failure, Trouble};
use crate::fingerprint::Identifier;
use crate::notes::Notes;
use crate::ordered::{Ordered, Queue, on_threads};
use crate::progress::Progress;
use crate::target::Target;

pub use outlet::{Outlet, Place};
pub use writing::Writing;

/// What stands between reading and writing: it is given the entries of all batches, one after the other.
///
/// It may change what the batch says of the beginning and the end of its recording, too.
pub trait Middle<'a>: Send {
    /// The entries that are to be written, under the numbers that they are to have.
    fn pass(&mut self, batch: &mut Batch<'a>, entries: Vec<Entry>) -> Vec<Entry>;
}

/// Everything passes.
pub struct Unchanged;

impl<'a> Middle<'a> for Unchanged {
    fn pass(&mut self, _: &mut Batch<'a>, entries: Vec<Entry>) -> Vec<Entry> {
        entries
    }
}

/// Recordings that become one.
pub struct Rewrite<'a> {
    /// What errors call it.
    pub name: String,
    /// What to read.
    pub input: Input,
    /// What of it the middle asks for.
    pub query: &'a Query,
    pub unit: Unit,
    /// How to write; where there is nothing said, as the recording is.
    pub options: Option<WriteOptions>,
    /// Where to write.
    pub place: Place,
    /// What is said where something can't be written.
    pub trouble: fn(&str, &rpcreplay::Error, WriteOptions) -> Trouble,
}

/// What a thread hands over of a batch.
struct Rewritten {
    begins: Option<Result<Begins, Trouble>>,
    ends: Option<Result<(), Trouble>>,
    bytes: Vec<u8>,
    fingerprints: Vec<u64>,
    notes: Notes,
}

/// How a recording begins that is written.
struct Begins {
    /// The format that it had.
    format: Format,
    options: WriteOptions,
    compression: Compression,
    header: Header,
}

impl Rewrite<'_> {
    /// Reads and writes, and says whether there was anything to write, and what became of the middle.
    pub fn carry_out<'a, M: Middle<'a>>(&'a self, schema: &'a Schema, middle: M) -> Result<(bool, M), Failure> {
        let (query, unit) = (self.query, self.unit);
        let threads = self.input.threads();
        let progress = Progress::beside(&self.input, passes(query, unit), self.place.destination.may_be_watched());
        let batches = Batches::new(&self.input, query, unit, schema, progress.clone(), threads);
        let middle = Ordered::new(middle);
        let target = Target::new(&self.place.destination, self.place.like.as_deref())?;
        if let Some(options) = self.options {
            target.refuse_terminal_for(options.format)?;
        }
        let (target, outlet, notes, result) = (Some(target), None, Notes::default(), None);
        let queue = Queue::new(Course { rewrite: self, schema, target, outlet, notes, result });
        let stop = || {
            batches.close();
            middle.close();
        };
        on_threads(threads, stop, |more| {
            let decoder = Decoder::new(schema);
            let mut decoder = if self.options.is_none() { decoder.keeping_text() } else { decoder };
            let mut writer: Option<EntryWriter<'_>> = None;
            while let Some(mut batch) = batches.next() {
                if batch.may_have_more {
                    more();
                }
                let (number, room) = (batch.number, batch.bytes());
                let entries = batches.decode(&mut batch, &mut decoder);
                let passed = middle.with(number, |middle| middle.pass(&mut batch, entries));
                let Some(entries) = passed else { return };
                let options = self.options.unwrap_or(batch.options);
                let writer = match &mut writer {
                    Some(writer) if writer.options == options => writer,
                    other => other.insert(EntryWriter::new(self, options, schema)),
                };
                queue.add(number, writer.write(batch, &entries, room), |course, rewritten| {
                    course.add(rewritten);
                    if course.result.is_some() {
                        batches.close();
                    }
                });
                batches.give_back(room);
            }
        });
        progress.finish();
        let Course { outlet, notes, result, .. } = queue.into_inner();
        match result {
            Some(Ok(())) => {}
            Some(Err(failure)) => return Err(failure),
            None => return Err(Trouble::new(&self.name, "ends unexpectedly").into()),
        }
        let is_written = match outlet {
            Some(outlet) => outlet.put_in_place(&self.name, || notes.tell(&self.name))?,
            None => false,
        };
        Ok((is_written, middle.into_inner()))
    }
}

/// Encodes entries; every thread has one.
struct EntryWriter<'a> {
    rewrite: &'a Rewrite<'a>,
    options: WriteOptions,
    encoder: Encoder<'a>,
    identifier: Option<Identifier<'a>>,
}

impl<'a> EntryWriter<'a> {
    fn new(rewrite: &'a Rewrite<'_>, options: WriteOptions, schema: &'a Schema) -> Self {
        let identifier = rewrite.place.identifier(options, schema);
        EntryWriter { rewrite, options, encoder: Encoder::new(options, schema), identifier }
    }

    /// Encodes what is left of a batch, which had so many bytes.
    fn write(&mut self, batch: Batch<'_>, entries: &[Entry], room: usize) -> Rewritten {
        let options = self.options;
        let begins = batch.begins.map(|begins| {
            let Beginning { format, compression, header, .. } = *begins?;
            Ok(Begins { format, options, compression, header })
        });
        let mut written = Rewritten {
            begins,
            ends: batch.ends,
            bytes: Vec::with_capacity(if entries.is_empty() { 0 } else { room }),
            fingerprints: Vec::with_capacity(if self.identifier.is_some() { entries.len() } else { 0 }),
            notes: Notes::default(),
        };
        for entry in entries {
            let index = entry.index().0;
            match self.encoder.entry(entry, index == 1, &mut written.bytes) {
                Ok(left_out) => {
                    written.notes.left_out.add(index, left_out.unknown_fields);
                    written.notes.extensions.add(index, left_out.extension.into());
                }
                Err(error) => {
                    batch.rest.abandon();
                    written.ends = Some(Err((self.rewrite.trouble)(&batch.name, &error, options)));
                    break;
                }
            }
            if entry.ignored_wire() {
                written.notes.ignored_wire.add(index, 1);
            }
            if let Some(identifier) = &mut self.identifier {
                written.fingerprints.push(identifier.fingerprint(entry));
            }
        }
        written
    }
}

/// What was written so far.
struct Course<'a> {
    rewrite: &'a Rewrite<'a>,
    schema: &'a Schema,
    /// Until the first recording begins.
    target: Option<Target>,
    outlet: Option<Outlet<'a>>,
    notes: Notes,
    /// How it ended, if it did.
    result: Option<Result<(), Failure>>,
}

impl Course<'_> {
    /// Adds what comes next; nothing that follows an end.
    fn add(&mut self, rewritten: Rewritten) {
        if self.result.is_none() {
            self.result = self.try_to_add(rewritten).transpose();
        }
    }

    /// Writes what comes next, and says how it ended if it did.
    fn try_to_add(&mut self, rewritten: Rewritten) -> Result<Option<()>, Failure> {
        if let Some(begins) = rewritten.begins {
            let Begins { format, options, compression, header } = begins?;
            // What was compressed as a recording is to be readable as JSON.
            let kept = if is_json(options.format) && !is_json(format) { Compression::None } else { compression };
            if let Some(target) = self.target.take() {
                let place = (self.rewrite.place.clone(), target);
                self.outlet = Some(Outlet::new(self.schema, place, options, header, kept)?);
            }
        }
        let Some(outlet) = &mut self.outlet else { return Ok(rewritten.ends.transpose().map(|_| None)?) };
        outlet.add(&rewritten.bytes, &rewritten.fingerprints)?;
        self.notes.add(rewritten.notes);
        match rewritten.ends {
            None => Ok(None),
            Some(Err(damage)) => Err(damage.into()),
            Some(Ok(())) => outlet.end().map(Some),
        }
    }
}

/// Whether a format is one of those of JSON.
pub fn is_json(format: Format) -> bool {
    match format {
        Format::Json | Format::JsonLines => true,
        Format::Binary | Format::Text => false,
    }
}
