//! `rpcreplay repair`: what can be saved of a damaged recording.

mod findings;

use std::fs;
use std::io::{Cursor, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rpcreplay::entry::{Entry, EntryIndex};
use rpcreplay::error::{ErrorKind, Position};
use rpcreplay::format::{
    BINARY_MAGIC, Decoder, Decompressed, Format, Frame, Numbering, ReadOptions, Reader, Refusal, Replayable,
    is_as_recorded,
};
use rpcreplay::pairing::{Pairing, Unpaired};
use rpcreplay::repair::{Gap, Recounted, bridge};
use rpcreplay::schema::{JsonFault, ParseFault, Schema, Unresolved, Walker, check_message};

use crate::args::{Limit, SchemaArgs};
use crate::destinations::{at, refuse_other_format};
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::rewrite::{Place, Writing};
use crate::source::{Source, SourceReader};
use crate::target::{self, Destination};
use bytes::Bytes;
use findings::{Findings, runs};

/// Save what can be saved of a damaged recording, as one that replays
///
/// Entries that are whole are kept, and every byte of them apart from their references, which follow the new numbers. Left out
/// is what Go's replayer refuses, each with its reason: an entry that can't be read, one with neither message nor error or with an
/// error that is no google.rpc.Status, one that belongs to no call, and a request that was never answered. A stream without an
/// end is kept: it replays as far as it goes. One of which nothing but its beginning is left is not: in a replay it would take what is
/// sent on another one.
///
/// In a text recording, whose byte counts an editor leaves wrong, they are corrected. Behind damage in a binary recording,
/// reading goes on where entries follow each other again; how many are lost in between is told by what later ones refer to, if
/// the recording was whole before, and where it can't be told, what refers to them is left out. A stream may lack what was damaged.
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

    /// Keep requests that were never answered, though Go's replayer refuses a recording with one, and streams of which only the beginning is left
    #[arg(long, help_heading = "Output")]
    keep_unanswered: bool,

    /// Write nothing, and say what would be kept
    #[arg(long, help_heading = "Output")]
    dry_run: bool,

    #[command(flatten)]
    limit: Limit,

    #[command(flatten)]
    types: SchemaArgs,
}

impl Repair {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let destination = self.destination()?;
        target::listen_to_signals();
        let sources = self.types.load()?.for_good();
        let schema = &sources.schema;
        let mut source = Source::new(&self.file);
        source.prepare_to_read_twice()?;
        let options = self.limit.options();
        let mut patient = Patient { source, options, mended: None, damage: None };
        let mut findings = Findings::default();
        let saved = self.save(&mut patient, &mut findings, &destination, schema);
        sources.advise(&[]);
        saved
    }

    /// Finds out what can be saved, says it, and saves it.
    fn save(
        &self,
        patient: &mut Patient,
        findings: &mut Findings,
        destination: &Destination,
        schema: &Schema,
    ) -> Result<Outcome, Failure> {
        let name = patient.source.name();
        let format = patient.open(schema)?.format();
        refuse_other_format(destination, format)?;
        patient.mend(format, schema, findings)?;
        patient.examine(schema, self.keep_unanswered, findings)?;
        findings.tell(&name);
        if findings.kept == 0 {
            note("rpcreplay: ", &format!("{name}: nothing could be saved, so nothing is written"));
            return Ok(Outcome::NothingSelected);
        }
        if !self.dry_run {
            self.write(patient, findings, destination.clone(), schema)?;
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
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let place = Place { keeps_compression: self.in_place, ..Place::new(destination, &self.file, true, threads) };
        let header = reader.header().clone();
        let mut writing = Writing::new(schema, place, &reader, header)?;
        let (mut pairing, mut replayable) = (Pairing::default(), Replayable::default());
        let mut entries = Entries::new(reader.format(), schema);
        each_frame(&mut reader, |frame| {
            let Ok(entry) = entries.next(frame) else { return Ok(()) };
            if !findings.keeps(&entry) {
                return Ok(());
            }
            let kept = replayable.keep(&entry, pairing.follow(&entry));
            writing.add(&kept.map_err(|refused| Trouble::new(&name, refused))?, &name)
        })?;
        writing.put_in_place(&name)?;
        Ok(())
    }
}

/// How many times damage is looked behind at least.
const GAPS: usize = 16;

/// How many bytes may be read for more gaps: each takes another look at everything.
const MOST_READ_BYTES: usize = 16 << 30;

const BEGINNING_IS_DAMAGED: &str = "nothing can be saved of a recording whose beginning is damaged";

/// An entry that no recorder writes.
#[derive(Clone, Copy)]
struct Odd {
    /// Its number, and where it begins.
    place: (u64, u64),
    /// Whether it can be read all the same.
    decodes: bool,
}

/// A recording that can be read more than once.
struct Patient {
    source: Source,
    options: ReadOptions,
    /// What can be read further than the recording: its text with byte counts that are right, or its records around damage.
    mended: Option<Bytes>,
    /// What ended decompression, of what was mended.
    damage: Option<rpcreplay::Error>,
}

impl Patient {
    fn open<'s>(&mut self, schema: &'s Schema) -> Result<SourceReader<'s>, Trouble> {
        let input: Box<dyn Read + Send> = match &self.mended {
            Some(mended) => Box::new(Cursor::new(mended.clone())),
            None => self.source.open()?,
        };
        Reader::new(input, schema, self.options.clone()).map_err(|error| {
            let trouble = Trouble::in_recording(&self.source.name(), &error);
            match error.kind() {
                ErrorKind::Compressed(_) => trouble.with_hint("nothing of it can be decompressed"),
                ErrorKind::Unrecognized(cut) if cut.is_cut() => trouble.with_hint(BEGINNING_IS_DAMAGED),
                // Such as line ends of Windows, which can be undone.
                ErrorKind::Unrecognized(_) | ErrorKind::Quoting { .. } if trouble.hint.is_some() => trouble,
                _ => trouble.with_hint(BEGINNING_IS_DAMAGED),
            }
        })
    }

    /// Makes it readable as far as that can be done.
    fn mend(&mut self, format: Format, schema: &Schema, findings: &mut Findings) -> Result<(), Trouble> {
        match format {
            Format::Text => self.correct_counts(findings),
            Format::Binary => self.bridge_gaps(schema, findings),
            Format::Json | Format::JsonLines => Ok(()),
        }
    }

    /// Corrects the byte counts of a text recording.
    fn correct_counts(&mut self, findings: &mut Findings) -> Result<(), Trouble> {
        let recounted = Recounted::of_damaged(&self.bytes()?);
        if !recounted.corrected.is_empty() {
            findings.corrected_counts = runs(recounted.corrected.iter().copied());
            self.mended = Some(recounted.text.into());
        }
        Ok(())
    }

    /// Finds the records behind damage in a binary recording.
    fn bridge_gaps(&mut self, schema: &Schema, findings: &mut Findings) -> Result<(), Trouble> {
        let mut read_bytes = 0;
        loop {
            let end = each_frame(&mut self.open(schema)?, |_| Ok::<(), Trouble>(()))?;
            let Some(end) = end else { return Ok(()) };
            // A length that claims too much reaches beyond the end of what can be decompressed, too.
            let is_of_records =
                matches!(end.kind(), ErrorKind::Truncated(_) | ErrorKind::TooLong { .. } | ErrorKind::Compressed(_));
            let found = end.position().entry.zip(end.position().byte).filter(|_| is_of_records);
            let Some(found) = found else { return Ok(()) };
            let (bytes, odd) = (self.bytes()?, self.odd_at_end(schema)?);
            read_bytes += bytes.len();
            if findings.gaps.len() >= GAPS && read_bytes > MOST_READ_BYTES {
                findings.has_more_gaps = true;
                return Ok(());
            }
            let bridge = |(entry, offset): (u64, u64)| bridge(&bytes, entry, offset as usize, schema);
            let bridged = match odd {
                None => bridge(found),
                // If it decodes it may be odd and whole; then the length behind it is wrong, and not its own.
                Some(Odd { place, decodes }) => match bridge(place) {
                    Some((_, Gap::Lost { .. })) | None if decodes => bridge(found),
                    bridged => bridged,
                },
            };
            let Some((mended, gap)) = bridged else { return Ok(()) };
            findings.add_gap(gap);
            self.mended = Some(mended);
        }
    }

    /// The first of the last entries in a row that no recorder writes: a length that is too short leaves such entries in front of
    /// what can't be cut into any.
    fn odd_at_end(&mut self, schema: &Schema) -> Result<Option<Odd>, Trouble> {
        let mut decoder = Decoder::new(schema);
        let mut odd = None;
        each_frame(&mut self.open(schema)?, |frame| {
            let place = (frame.index().0, frame.offset());
            odd = match frame.decode(&mut decoder) {
                Ok(entry) if is_as_recorded(&entry) => None,
                Ok(_) => odd.or(Some(Odd { place, decodes: true })),
                Err(_) => odd.or(Some(Odd { place, decodes: false })),
            };
            Ok::<(), Trouble>(())
        })?;
        Ok(odd)
    }

    /// All of it after decompression, as far as that goes, and mended as far as it was.
    fn bytes(&mut self) -> Result<Bytes, Trouble> {
        if let Some(mended) = &self.mended {
            return Ok(mended.clone());
        }
        let decompressed = Decompressed::new(self.source.open()?);
        let mut decompressed = decompressed.map_err(|error| Trouble::in_recording(&self.source.name(), &error))?;
        let mut bytes = Vec::new();
        self.damage = decompressed.read_to_end(&mut bytes).err().map(rpcreplay::Error::from);
        Ok(bytes.into())
    }

    /// Finds out what can be kept.
    fn examine(&mut self, schema: &Schema, keeps_unanswered: bool, findings: &mut Findings) -> Result<(), Trouble> {
        let name = self.source.name();
        let mut reader = self.open(schema)?;
        let mut entries = Entries::new(reader.format(), schema);
        let mut walker = Walker::new(schema);
        let mut pairing = Pairing::default();
        let end = each_frame(&mut reader, |frame| {
            findings.entries += 1;
            let number = frame.index().0;
            let entry = match entries.next(frame) {
                Ok(entry) => entry,
                Err(error) if is_unknown_type(&error) => return Err(Trouble::in_recording(&name, &error)),
                Err(error) => {
                    findings.damaged(number, error.kind().to_string());
                    return Ok(());
                }
            };
            let index = entry.index().0;
            if findings.is_lost(index) {
                return Ok(());
            }
            findings.look_at(&entry, walker.schema());
            if let Some(wrong) = wrong(&entry, &mut walker, findings) {
                findings.damaged(index, wrong);
                return Ok(());
            }
            match pairing.follow(&entry) {
                Err(unpaired) => findings.leave_out(index, reason(unpaired)),
                Ok(call) => findings.keep(&entry, call),
            }
            Ok(())
        })?;
        findings.end = self.end(end)?;
        if !keeps_unanswered {
            for EntryIndex(request) in pairing.open_requests() {
                findings.take_back(request);
                findings.leave_out(request, "a REQUEST without its RESPONSE".to_owned());
            }
            // A replay would take the first message that the program sends on another stream for one of this.
            let bare = if findings.has_damage() { findings.bare_streams() } else { Vec::new() };
            for stream in bare {
                findings.take_back(stream);
                findings.leave_out(stream, "a CREATE_STREAM of which nothing else is left".to_owned());
            }
        }
        Ok(())
    }

    /// What ends it before its end, in words, with how much is left out for that.
    fn end(&mut self, end: Option<rpcreplay::Error>) -> Result<Option<String>, Trouble> {
        let Some(end) = end else { return Ok(self.damage.take().map(|damage| damage.to_string())) };
        let bytes = self.bytes()?;
        let rest = end.position().byte.and_then(|offset| bytes.get(offset as usize..)).unwrap_or_default();
        if let (Some(entry), true) = (end.position().entry, rest.starts_with(BINARY_MAGIC)) {
            let bytes = rest.len();
            return Ok(Some(format!(
                "another recording begins behind entry {}; its {bytes} bytes are left out",
                entry - 1
            )));
        }
        // Where something stands in what was mended is nowhere in the file.
        let position = match self.mended {
            Some(_) => Position { byte: None, ..end.position() },
            None => end.position(),
        };
        let words = rpcreplay::Error::new(end.into_kind(), position).to_string();
        Ok(Some(match rest.len() {
            0 => words,
            1 => format!("{words}; 1 byte is left out"),
            behind => format!("{words}; {behind} bytes are left out"),
        }))
    }
}

/// Turns what was cut out of a recording into entries with their numbers, those that can't be read counted.
struct Entries<'s> {
    decoder: Decoder<'s>,
    numbering: Numbering,
}

impl<'s> Entries<'s> {
    fn new(format: Format, schema: &'s Schema) -> Self {
        Entries { decoder: Decoder::new(schema).keeping_text(), numbering: Numbering::new(format) }
    }

    fn next(&mut self, frame: Frame) -> rpcreplay::Result<Entry> {
        match frame.decode(&mut self.decoder) {
            Ok(entry) => self.numbering.settle(entry),
            Err(error) => {
                self.numbering.skip();
                Err(error)
            }
        }
    }
}

/// Whether an entry can't be read for want of a descriptor: that is no damage.
fn is_unknown_type(error: &rpcreplay::Error) -> bool {
    let unresolved = match error.kind() {
        ErrorKind::Prototext(ParseFault::Unresolved(unresolved))
        | ErrorKind::Json { fault: JsonFault::Unresolved(unresolved), .. } => unresolved,
        _ => return false,
    };
    matches!(unresolved, Unresolved::Unknown(_) | Unresolved::Broken { .. })
}

/// What is wrong with an entry by itself, so that Go refuses it.
fn wrong(entry: &Entry, walker: &mut Walker<'_>, findings: &Findings) -> Option<String> {
    if let Some(refusal) = Refusal::of(entry) {
        return Some(refusal.to_string());
    }
    if findings.hides_reference(entry) {
        return Some("what it refers to can't be told, because it is not certain how many entries are lost".to_owned());
    }
    let any = entry.payload().fields().0?;
    let layout = walker.schema().resolve(any.type_url).ok()?;
    let malformed = check_message(walker, layout, any.value).err()?;
    Some(format!("not a {}: {}", any.type_name(), malformed.fault()))
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
    reader: &mut SourceReader<'_>,
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
