//! `rpcreplay repair`: what can be saved of a damaged recording.

mod findings;
mod gap;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rpcreplay::entry::Kind;
use rpcreplay::error::{ErrorKind, Position};
use rpcreplay::format::{
    Decoder, Decompressed, Format, Frame, Numbering, ReadOptions, Reader, Renumbering, is_as_recorded,
};
use rpcreplay::pairing::{Pairing, Unpaired};
use rpcreplay::schema::Schema;

use crate::args::SchemaArgs;
use crate::destinations::{at, refuse_other_format};
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::recount::Recounted;
use crate::rewrite::{Place, Writing};
use crate::source::Source;
use crate::target::{self, Destination};
use bytes::Bytes;
use findings::{Findings, runs};

/// Save what can be saved of a damaged recording, as one that replays
///
/// Entries that are whole are kept, and every byte of them apart from their references, which follow the new numbers. Left out
/// is what Go's replayer refuses, each with its reason: an entry that can't be read, one with neither message nor error or with an
/// error that is no google.rpc.Status, one that belongs to no call, and a request that was never answered. A stream without an
/// end is kept: it replays as far as it goes.
///
/// In a text recording, whose byte counts an editor leaves wrong, they are corrected. Behind damage in a binary recording,
/// reading goes on where entries follow each other again; how many are lost in between is told by what later ones refer to.
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
            Patient { source, options: ReadOptions { max_record_bytes: self.max_record_size }, mended: None };
        let mut findings = Findings::default();
        patient.mend(schema, &mut findings)?;
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

/// How many times damage is looked behind; each time takes another look at everything.
const MOST_GAPS: usize = 64;

/// A recording that can be read more than once.
struct Patient {
    source: Source,
    options: ReadOptions,
    /// What can be read further than the recording: its text with byte counts that are right, or its records around damage.
    mended: Option<Bytes>,
}

type PatientReader<'s> = Reader<'s, Box<dyn Read + Send>>;

impl Patient {
    fn open<'s>(&mut self, schema: &'s Schema) -> Result<PatientReader<'s>, Trouble> {
        let input: Box<dyn Read + Send> = match &self.mended {
            Some(mended) => Box::new(Cursor::new(mended.clone())),
            None => self.source.open()?,
        };
        Reader::new(input, schema, self.options.clone()).map_err(|error| {
            let trouble = Trouble::in_recording(&self.source.name(), &error);
            let hint = "nothing can be saved of a recording without a beginning";
            Trouble { hint: trouble.hint.or(Some(hint.to_owned())), ..trouble }
        })
    }

    /// Makes it readable as far as that can be done.
    fn mend(&mut self, schema: &Schema, findings: &mut Findings) -> Result<(), Trouble> {
        match self.open(schema)?.format() {
            Format::Text => self.correct_counts(findings),
            Format::Binary => self.bridge_gaps(schema, findings),
            Format::Json | Format::JsonLines => Ok(()),
        }
    }

    /// Corrects the byte counts of a text recording.
    fn correct_counts(&mut self, findings: &mut Findings) -> Result<(), Trouble> {
        let Some(text) = self.bytes()? else { return Ok(()) };
        let recounted = Recounted::new(&text);
        if !recounted.corrected.is_empty() {
            findings.corrected_counts = runs(&recounted.corrected);
            self.mended = Some(recounted.text.into());
        }
        Ok(())
    }

    /// Finds the records behind damage in a binary recording.
    fn bridge_gaps(&mut self, schema: &Schema, findings: &mut Findings) -> Result<(), Trouble> {
        for _ in 0..MOST_GAPS {
            let mut reader = self.open(schema)?;
            let mut decoder = Decoder::new(schema);
            // A length that is too short leaves something that is no entry in front of what can't be cut into any.
            let mut odd = None;
            let end = each_frame(&mut reader, |frame| {
                let (entry, offset) = (frame.index(), frame.offset());
                odd = match frame.decode(&mut decoder) {
                    Ok(entry) if is_as_recorded(&entry) => None,
                    Ok(_) | Err(_) => odd.or(Some((entry.0, offset))),
                };
                Ok::<(), Trouble>(())
            })?;
            let Some(end) = end else { return Ok(()) };
            let is_of_records = matches!(end.kind(), ErrorKind::Truncated(_) | ErrorKind::TooLong { .. });
            let found = end.position().entry.zip(end.position().byte).filter(|_| is_of_records);
            let Some((entry, offset)) = odd.or(found) else { return Ok(()) };
            let bytes = match &self.mended {
                Some(mended) => Some(mended.clone()),
                None => self.bytes()?,
            };
            let bridged = bytes.and_then(|bytes| gap::bridge(&bytes, entry, offset as usize, schema));
            let Some((mended, gap)) = bridged else { return Ok(()) };
            findings.add_gap(gap);
            self.mended = Some(mended);
        }
        Ok(())
    }

    /// All of it after decompression; nothing if it can't be decompressed to its end.
    fn bytes(&mut self) -> Result<Option<Bytes>, Trouble> {
        let decompressed = Decompressed::new(self.source.open()?);
        let mut decompressed = decompressed.map_err(|error| Trouble::in_recording(&self.source.name(), &error))?;
        let mut bytes = Vec::new();
        Ok(decompressed.read_to_end(&mut bytes).is_ok().then(|| bytes.into()))
    }

    /// Finds out what can be kept.
    fn examine(&mut self, schema: &Schema, keeps_unanswered: bool, findings: &mut Findings) -> Result<(), Trouble> {
        let is_mended = self.mended.is_some();
        // Where something stands in what was mended is nowhere in the file.
        let words = |error: rpcreplay::Error| match is_mended {
            true => {
                let position = Position { byte: None, ..error.position() };
                rpcreplay::Error::new(error.into_kind(), position).to_string()
            }
            false => error.to_string(),
        };
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
                    findings.unreadable.push(words(error));
                    return Ok::<(), Trouble>(());
                }
            };
            let index = entry.index().0;
            if findings.is_lost(index) {
                return Ok(());
            }
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
        findings.end = end.map(words);
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
