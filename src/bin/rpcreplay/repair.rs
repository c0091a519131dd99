//! `rpcreplay repair`: what can be saved of a damaged recording.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io::{Cursor, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rpcreplay::entry::{Entry, Kind};
use rpcreplay::format::{Decoder, Decompressed, Format, Frame, Numbering, ReadOptions, Reader, Renumbering};
use rpcreplay::pairing::{EntrySet, Pairing, Unpaired};
use rpcreplay::schema::Schema;

use crate::args::SchemaArgs;
use crate::destinations::{at, refuse_other_format};
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::recount::Recounted;
use crate::rewrite::{Place, Writing};
use crate::source::Source;
use crate::target::{self, Destination};

/// Save what can be saved of a damaged recording, as one that replays
///
/// Entries that are whole are kept, and every byte of them apart from their references, which follow the new numbers. Left out
/// is what Go's replayer refuses, each with its reason: an entry that can't be read, one with neither message nor error or with an
/// error that is no google.rpc.Status, one that belongs to no call, and a request that was never answered. So is what lies behind
/// damage that nobody can see beyond, such as a wrong length in a binary recording. In a text recording, whose byte counts
/// an editor leaves wrong, they are corrected. A stream without an end is kept: it replays as far as it goes.
///
/// What was left out is said on standard error. The recording itself stays as it is, unless --in-place is given.
///
/// The exit code is 0 if anything was saved, whether something was left out or not, and 1 if nothing was; then nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 something was saved, 1 nothing was, 2 trouble.

Examples:
  rpcreplay repair --dry-run cut.replay
  rpcreplay repair cut.replay -o whole.replay")]
pub struct Repair {
    /// The recording to read, in any format, compressed with gzip or zstd, or not; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    output: Option<PathBuf>,

    /// Write the recording over itself
    #[arg(short, long, conflicts_with = "output", help_heading = "Output")]
    in_place: bool,

    /// Keep requests that were never answered, though Go's replayer refuses a recording with one
    #[arg(long, help_heading = "Output")]
    keep_unanswered: bool,

    /// Write nothing, and say what would be kept
    #[arg(long, help_heading = "Output")]
    dry_run: bool,

    /// Refuse records, entries and header lines of more bytes than this
    #[arg(long, value_name = "BYTES", default_value_t = ReadOptions::default().max_record_bytes)]
    max_record_size: u64,

    #[command(flatten)]
    types: SchemaArgs,
}

impl Repair {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let destination = self.destination()?;
        target::listen_to_signals();
        // The process ends with it, and freeing thousands of descriptors takes a tenth of a short run.
        let sources = Box::leak(Box::new(self.types.load()?));
        let schema = &sources.schema;
        let mut source = Source::new(&self.file);
        source.prepare_to_read_twice()?;
        let name = source.name();
        let mut patient =
            Patient { source, options: ReadOptions { max_record_bytes: self.max_record_size }, text: None };
        let mut findings = Findings::default();
        patient.correct_counts(schema, &mut findings)?;
        patient.examine(schema, self.keep_unanswered, &mut findings)?;
        findings.tell(&name);
        sources.advise(&[]);
        if findings.kept == 0 {
            note("rpcreplay: ", &format!("{name}: nothing could be saved, so nothing is written"));
            return Ok(Outcome::NothingSelected);
        }
        if !self.dry_run {
            self.write(&mut patient, &findings, destination, schema)?;
        }
        note("rpcreplay: ", &format!("{name}: {}", findings.summary(self.dry_run)));
        Ok(Outcome::Fine)
    }

    fn destination(&self) -> Result<Destination, Trouble> {
        let name = name_of(&self.file);
        if self.in_place {
            if self.file.as_os_str() == "-" {
                return Err(Trouble::new(&name, "has no place to be written over").with_hint("name a file with -o"));
            }
            return Ok(Destination::File(self.file.clone()));
        }
        let Some(output) = self.output.as_deref() else { return Ok(Destination::Stdout) };
        let destination = at(output);
        let is_same =
            |a: &Path, b: &Path| matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b);
        if let Destination::File(path) = &destination
            && is_same(path, &self.file)
        {
            return Err(Trouble::new(&name, "is the damaged recording itself")
                .with_hint("write it over itself with --in-place, or name another file with -o"));
        }
        Ok(destination)
    }

    fn write(
        &self,
        patient: &mut Patient,
        findings: &Findings,
        destination: Destination,
        schema: &Schema,
    ) -> Result<(), Failure> {
        let name = patient.source.name();
        let mut reader = patient.open(schema)?;
        refuse_other_format(&destination, reader.format())?;
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let place = Place { keeps_compression: self.in_place, ..Place::new(destination, &self.file, true, threads) };
        let header = reader.header().clone();
        let mut writing = Writing::new(schema, place, &reader, header)?;
        let mut renumbering = Renumbering::default();
        let mut numbering = Numbering::new(reader.format());
        let mut decoder = Decoder::new(schema);
        each_frame(&mut reader, |frame| {
            let Ok(entry) = frame.decode(&mut decoder).and_then(|entry| numbering.settle(entry)) else { return Ok(()) };
            if !findings.keeps(&entry) {
                return Ok(());
            }
            let entry = match entry.kind() {
                // A reference means nothing there, and may lead nowhere.
                Kind::Request | Kind::CreateStream => entry.with_reference(0),
                Kind::Response | Kind::Send | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => Ok(entry),
            };
            let entry = entry.map_err(|error| Trouble::in_recording(&name, &error))?;
            let written = renumbering.next(&entry).map_err(|error| Trouble::in_recording(&name, &error))?;
            renumbering.accept(written);
            let entry = entry.written(written).map_err(|error| Trouble::in_recording(&name, &error))?;
            writing.add(&entry, &name)
        })?;
        writing.put_in_place(&name)?;
        Ok(())
    }
}

/// A recording that can be read more than once.
struct Patient {
    source: Source,
    options: ReadOptions,
    /// Its text with byte counts that are right, if it is one whose counts were wrong.
    text: Option<Vec<u8>>,
}

type PatientReader<'s> = Reader<'s, Box<dyn Read + Send>>;

impl Patient {
    fn open<'s>(&mut self, schema: &'s Schema) -> Result<PatientReader<'s>, Trouble> {
        let input: Box<dyn Read + Send> = match &self.text {
            Some(text) => Box::new(Cursor::new(text.clone())),
            None => self.source.open()?,
        };
        Reader::new(input, schema, self.options.clone()).map_err(|error| {
            let trouble = Trouble::in_recording(&self.source.name(), &error);
            let hint = "nothing can be saved of a recording without a beginning";
            Trouble { hint: trouble.hint.or(Some(hint.to_owned())), ..trouble }
        })
    }

    /// Corrects the byte counts of a text recording.
    fn correct_counts(&mut self, schema: &Schema, findings: &mut Findings) -> Result<(), Trouble> {
        if self.open(schema)?.format() != Format::Text {
            return Ok(());
        }
        let mut text = Vec::new();
        let decompressed = Decompressed::new(self.source.open()?);
        let decompressed = decompressed.map_err(|error| Trouble::in_recording(&self.source.name(), &error))?;
        // What comes before damage is there all the same; the damage itself is found by whoever reads to it.
        let is_whole = { decompressed }.read_to_end(&mut text).is_ok();
        let recounted = Recounted::new(&text);
        if is_whole && recounted.text != text {
            findings.corrected_counts = runs(&recounted.corrected);
            self.text = Some(recounted.text);
        }
        Ok(())
    }

    /// Finds out what can be kept.
    fn examine(&mut self, schema: &Schema, keeps_unanswered: bool, findings: &mut Findings) -> Result<(), Trouble> {
        let mut reader = self.open(schema)?;
        let mut numbering = Numbering::new(reader.format());
        let mut decoder = Decoder::new(schema);
        let mut pairing = Pairing::default();
        let mut unanswered: BTreeSet<u64> = BTreeSet::new();
        let end = each_frame(&mut reader, |frame| {
            findings.entries += 1;
            let entry = match frame.decode(&mut decoder).and_then(|entry| numbering.settle(entry)) {
                Ok(entry) => entry,
                Err(error) => {
                    findings.unreadable.push(error.to_string());
                    return Ok::<(), Trouble>(());
                }
            };
            let index = entry.index().0;
            if let Some(flaw) = entry.flaw() {
                findings.leave_out(index, flaw.to_string());
                return Ok(());
            }
            match pairing.follow(&entry) {
                Err(unpaired) => findings.leave_out(index, reason(unpaired)),
                Ok(call) => {
                    match entry.kind() {
                        Kind::Request => drop(unanswered.insert(index)),
                        Kind::Response => drop(unanswered.remove(&call.0)),
                        Kind::CreateStream | Kind::Send | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => {}
                    }
                    findings.keep(&entry, call == entry.index());
                }
            }
            Ok(())
        })?;
        findings.end = end.map(|error| error.to_string());
        if !keeps_unanswered {
            for request in unanswered {
                findings.take_back(request);
                findings.leave_out(request, "a REQUEST without its RESPONSE".to_owned());
            }
        }
        Ok(())
    }
}

/// Why an entry that belongs to no call is left out.
fn reason(unpaired: Unpaired) -> String {
    match unpaired {
        Unpaired::Response(_) => "a RESPONSE whose REQUEST is not there, or was answered before".to_owned(),
        Unpaired::Send(_) => "a SEND without its stream".to_owned(),
        Unpaired::Recv(_) => "a RECV without its stream".to_owned(),
        Unpaired::Kind(kind) => format!("of kind {kind}, which no recorder writes"),
    }
}

/// Calls `see` for every entry that can be cut out of a recording, and says what ends it, if that is damage.
fn each_frame<E>(
    reader: &mut PatientReader<'_>,
    mut see: impl FnMut(Frame) -> Result<(), E>,
) -> Result<Option<rpcreplay::Error>, E> {
    let mut frames = Vec::new();
    loop {
        let end = reader.read_batch(&mut frames).err();
        let is_last = frames.is_empty() || end.is_some();
        frames.drain(..).try_for_each(&mut see)?;
        if is_last {
            return Ok(end);
        }
    }
}

/// What can be kept of a recording, and what can't, and why.
#[derive(Debug, Default)]
struct Findings {
    /// How many entries there are.
    entries: u64,
    kept: u64,
    calls: u64,
    keeps: EntrySet,
    /// What is wrong with entries that can't be read.
    unreadable: Vec<String>,
    /// By reason: the numbers of the entries that are left out for it, in runs.
    left_out: BTreeMap<String, Runs>,
    /// The numbers of entries whose byte counts were put right, in runs.
    corrected_counts: Runs,
    /// What ends the recording before its end.
    end: Option<String>,
}

impl Findings {
    fn keeps(&self, entry: &Entry) -> bool {
        self.keeps.contains(entry.index().0)
    }

    fn keep(&mut self, entry: &Entry, begins_call: bool) {
        self.keeps.insert(entry.index().0);
        self.kept += 1;
        self.calls += u64::from(begins_call);
    }

    /// A request that was kept is not to be.
    fn take_back(&mut self, request: u64) {
        self.keeps.remove(request);
        self.kept -= 1;
        self.calls -= 1;
    }

    fn leave_out(&mut self, index: u64, reason: String) {
        push(self.left_out.entry(reason).or_default(), index);
    }

    /// Says what is wrong.
    fn tell(&self, name: &str) {
        let say = |words: &str| note("rpcreplay: ", &format!("{name}: {words}"));
        if !self.corrected_counts.is_empty() {
            say(&format!("corrected: the byte count of {}", numbers(&self.corrected_counts)));
        }
        for error in &self.unreadable {
            say(&format!("left out: {error}"));
        }
        let mut left_out: Vec<_> = self.left_out.iter().collect();
        left_out.sort_by_key(|(_, runs)| runs.first());
        for (reason, runs) in left_out {
            say(&format!("left out: {}: {reason}", numbers(runs)));
        }
        if let Some(end) = &self.end {
            say(&format!("ends here: {end}"));
        }
    }

    fn summary(&self, is_dry_run: bool) -> String {
        let kept = if is_dry_run { "would keep" } else { "kept" };
        let calls = if self.calls == 1 { "1 call".to_owned() } else { format!("{} calls", self.calls) };
        format!("{kept} {} of {} entries, {calls}", self.kept, self.entries)
    }
}

/// Numbers of entries in order, neighbours together.
type Runs = Vec<(u64, u64)>;

fn push(runs: &mut Runs, number: u64) {
    match runs.last_mut() {
        Some((_, last)) if *last + 1 == number => *last = number,
        _ => runs.push((number, number)),
    }
}

fn runs(numbers: &[u64]) -> Runs {
    let mut runs = Runs::new();
    numbers.iter().for_each(|&number| push(&mut runs, number));
    runs
}

/// Numbers of entries in words.
fn numbers(runs: &[(u64, u64)]) -> String {
    let mut words = match runs {
        [(first, last)] if first == last => "entry ".to_owned(),
        _ => "entries ".to_owned(),
    };
    for (place, (first, last)) in runs.iter().enumerate() {
        words += if place > 0 { ", " } else { "" };
        // Writing to a string does not fail.
        let _ = match last - first {
            0 => write!(words, "{first}"),
            1 => write!(words, "{first}, {last}"),
            _ => write!(words, "{first}..{last}"),
        };
    }
    words
}
