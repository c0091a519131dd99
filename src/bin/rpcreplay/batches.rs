//! The recordings of a command, cut into batches: [`Batches`].
//!
//! A batch is a part of one recording. Recordings follow each other without a gap, so that many short ones keep several
//! threads as busy as a long one.

use std::io::Read;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{mem, slice};

use rpcreplay::entry::Entry;
use rpcreplay::format::{Compression, Decoder, Format, Frame, Numbering, Reader, WriteOptions};
use rpcreplay::query::{Query, Selected, Unit};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use crate::args::Input;
use crate::failure::Trouble;
use crate::ordered::{Ordered, Room};
use crate::progress::Progress;
use crate::source::Source;

/// How many bytes of recordings may be worked on at the same time, per thread: 1 MiB, which is four batches.
///
/// What they become takes several times their room, and waits until everything before it is done. An entry that is longer
/// than this is worked on alone.
const ROOM_BYTES: usize = 1024 * 1024;

/// Reads the recordings of a command, for several threads: each takes the batch that comes next.
pub struct Batches<'a> {
    files: Mutex<Files<'a>>,
    /// The numbers of the entries of JSON, which are known once all before them are.
    numbering: Ordered<Numbering>,
    room: Room,
    is_closed: AtomicBool,
}

impl<'a> Batches<'a> {
    /// The batches of all recordings, of which a query keeps calls or entries.
    pub fn new(
        input: &'a Input,
        query: &'a Query,
        unit: Unit,
        schema: &'a Schema,
        progress: Progress,
        threads: NonZeroUsize,
    ) -> Self {
        let (files, name) = (input.files.iter(), "".into());
        let (number, named) = (0, 0);
        let files = Files { input, query, unit, schema, progress, files, name, open: None, number, named };
        let numbering = Ordered::new(Numbering::new(Format::JsonLines));
        let room = Room::new(ROOM_BYTES.saturating_mul(threads.get()));
        Batches { files: Mutex::new(files), numbering, room, is_closed: AtomicBool::new(false) }
    }

    /// Waits for room and reads the next batch. A recording that can't be opened is a batch, too.
    pub fn next(&self) -> Option<Batch<'a>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed.load(Ordering::Relaxed) {
            return None;
        }
        let batch = files.next()?;
        // Until there is room for this one, nobody need read the one after it.
        self.room.take(batch.bytes());
        Some(batch)
    }

    /// Decodes and takes the entries of a batch; the first that can't be decoded ends the recording.
    pub fn decode(&self, batch: &mut Batch<'_>, decoder: &mut Decoder<'_>) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(batch.frames.len());
        for frame in mem::take(&mut batch.frames) {
            match frame.decode(decoder) {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    batch.fail(error);
                    break;
                }
            }
        }
        let Some(named) = batch.named else { return entries };
        let settled = self.numbering.with(named, |numbering| {
            if batch.begins.is_some() {
                *numbering = Numbering::new(Format::JsonLines);
            }
            let mut settled = Vec::with_capacity(entries.len());
            for entry in entries {
                match numbering.settle(entry) {
                    Ok(entry) => settled.push(entry),
                    Err(error) => {
                        batch.fail(error);
                        break;
                    }
                }
            }
            settled
        });
        settled.unwrap_or_default()
    }

    /// Gives back the room that a batch took: its [bytes](Batch::bytes) before they were decoded.
    pub fn give_back(&self, bytes: usize) {
        self.room.give_back(bytes);
    }

    /// Reads no more, and lets nobody wait.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.numbering.close();
        self.room.close();
    }
}

/// How a recording is written that is to be as one that is read.
pub fn options_of<R: Read>(reader: &Reader<'_, R>) -> WriteOptions {
    WriteOptions { canonical: reader.is_canonical(), ..WriteOptions::new(reader.format()) }
}

/// How many times a recording is read for a query.
pub fn passes(query: &Query, unit: Unit) -> u64 {
    if query.needs_first_pass(unit) { 2 } else { 1 }
}

/// The recordings that are yet to be read.
struct Files<'a> {
    input: &'a Input,
    query: &'a Query,
    unit: Unit,
    schema: &'a Schema,
    progress: Progress,
    files: slice::Iter<'a, PathBuf>,
    /// The name of the recording that was begun last.
    name: Arc<str>,
    open: Option<Open<'a>>,
    number: u64,
    /// How many batches had entries with names.
    named: u64,
}

type RecordingReader<'a> = Reader<'a, Box<dyn Read + Send>>;

/// The recording that is being read.
struct Open<'a> {
    reader: RecordingReader<'a>,
    rest: Rest,
}

/// A part of a recording. Batches are numbered from 0 over all recordings.
pub struct Batch<'a> {
    /// Its number.
    pub number: u64,
    /// The name of the recording.
    pub name: Arc<str>,
    /// How the recording is written that it belongs to.
    pub options: WriteOptions,
    /// What the recording begins with, if it begins with this batch; or why it can't be read.
    pub begins: Option<Result<Box<Beginning<'a>>, Trouble>>,
    /// How the recording ended, if it ends with this batch.
    pub ends: Option<Result<(), Trouble>>,
    /// Whether there may be another batch.
    pub may_have_more: bool,
    frames: Vec<Frame>,
    /// Of those whose entries have names, the number.
    named: Option<u64>,
    /// What follows in the recording.
    pub rest: Rest,
}

/// The rest of a recording, which may turn out to be of no interest.
#[derive(Clone, Default)]
pub struct Rest(Arc<AtomicBool>);

impl Rest {
    /// Has nothing more read of the recording, soon.
    pub fn abandon(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a recording begins with, and what is kept of it.
pub struct Beginning<'a> {
    /// The format found.
    pub format: Format,
    /// The compression found.
    pub compression: Compression,
    /// What stands in front of the entries.
    pub header: Header,
    /// Which entries are kept; whoever asks takes it.
    pub selected: Option<Selected<'a>>,
}

impl<'a> Files<'a> {
    fn next(&mut self) -> Option<Batch<'a>> {
        self.open = self.open.take().filter(|open| !open.rest.is_abandoned());
        let begins = match self.open {
            Some(_) => None,
            None => Some(self.begin_next()?),
        };
        let mut batch = Batch {
            number: self.number,
            name: self.name.clone(),
            options: WriteOptions::new(Format::Binary),
            begins,
            ends: None,
            may_have_more: false,
            frames: Vec::new(),
            named: None,
            rest: Rest::default(),
        };
        self.number += 1;
        if let Some(open) = &mut self.open {
            let format = open.reader.format();
            batch.options = options_of(&open.reader);
            batch.named = match format {
                Format::Binary | Format::Text => None,
                Format::Json | Format::JsonLines => {
                    self.named += 1;
                    Some(self.named - 1)
                }
            };
            batch.rest = open.rest.clone();
            batch.ends = match open.reader.read_batch(&mut batch.frames) {
                Err(error) => Some(Err(Trouble::that_ends(&batch.name, error))),
                Ok(()) if batch.frames.is_empty() => Some(Ok(())),
                Ok(()) => None,
            };
            if batch.ends.is_some() {
                self.open = None;
            }
        }
        batch.may_have_more = self.open.is_some() || !self.files.as_slice().is_empty();
        self.progress.show();
        Some(batch)
    }

    /// Opens the next recording, and learns what the selection asks for.
    fn begin_next(&mut self) -> Option<Result<Box<Beginning<'a>>, Trouble>> {
        let mut source = Source::new(self.files.next()?);
        self.name = source.name().into();
        Some(self.begin(&mut source).map(|(reader, selected)| {
            let (format, compression, header) = (reader.format(), reader.compression(), reader.header().clone());
            self.open = Some(Open { reader, rest: Rest::default() });
            Box::new(Beginning { format, compression, header, selected: Some(selected) })
        }))
    }

    fn begin(&self, source: &mut Source) -> Result<(RecordingReader<'a>, Selected<'a>), Trouble> {
        let mut selected = Selected::new(self.query, self.unit, self.schema);
        if self.query.needs_first_pass(self.unit) {
            source.prepare_to_read_twice()?;
            // Damage ends this pass; the next one reports it.
            let entries = self.reader(source)?.map_while(Result::ok).inspect(|_| self.progress.show());
            selected.learn(entries, self.schema);
        }
        Ok((self.reader(source)?, selected))
    }

    fn reader(&self, source: &mut Source) -> Result<RecordingReader<'a>, Trouble> {
        let input = self.progress.follow(source.open()?);
        Reader::new(input, self.schema, self.input.options()).map_err(|error| Trouble::that_ends(&source.name(), error))
    }
}

impl Batch<'_> {
    /// How many bytes it has in memory.
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(Frame::bytes).sum()
    }

    /// Ends the recording with an error.
    fn fail(&mut self, error: rpcreplay::Error) {
        self.rest.abandon();
        self.ends = Some(Err(Trouble::that_ends(&self.name, error)));
    }
}
