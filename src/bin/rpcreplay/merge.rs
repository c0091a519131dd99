//! `rpcreplay merge`: recordings one after the other, as one.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use rpcreplay::entry::{Entry, EntryIndex};
use rpcreplay::format::{Replayable, Unreplayable, WriteOptions};
use rpcreplay::pairing::{EntrySet, Pairing};
use rpcreplay::query::{Query, Said, Unit};
use rpcreplay::recording::Header;
use rpcreplay::schema::{Schema, quote_go};

use crate::args::{Input, SchemaArgs, Verifying};
use crate::batches::Batch;
use crate::destinations::{at, refuse_other_format};
use crate::failure::{Failure, Outcome, Trouble, name_of, note, usage};
use crate::rewrite::{Middle, Place, Rewrite};
use crate::source::Source;
use crate::target::{self, Destination};

/// Join recordings: the calls of the first, then those of the second, and so on
///
/// Entries are numbered anew, and what refers to them follows; every other byte of them stays as it was (JSON is written anew, and says the same). Format and compression
/// are those of the first recording; an ending .gz or .zst of OUT says otherwise. What is written to a file is read back and
/// compared before the file takes its place, which may be that of one of the recordings.
///
/// A recording has one initial state. Recordings with different ones are refused, unless --initial-from says which to take.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay merge create.replay delete.replay -o all.replay
  rpcreplay merge --unique --initial-from monday.replay monday.replay tuesday.replay -o week.replay")]
pub struct Merge {
    #[command(flatten)]
    input: Input,

    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    output: Option<PathBuf>,

    /// Take the initial state from this recording
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    initial_from: Option<PathBuf>,

    /// Leave out calls that are equal to an earlier one, of the same recording or one before it, the answer included
    ///
    /// Messages are compared, not their bytes. Without it all are kept, and Go's replayer plays each once.
    #[arg(long, help_heading = "Output")]
    unique: bool,

    #[command(flatten)]
    verifying: Verifying,

    #[command(flatten)]
    types: SchemaArgs,
}

impl Merge {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.input.refuse_to_read_twice("merge");
        let destination = self.output.as_deref().map_or(Destination::Stdout, at);
        target::listen_to_signals();
        let sources = self.types.load()?.for_good();
        let schema = &sources.schema;
        let initial = match &self.initial_from {
            Some(path) => Some(self.initial_state(path, schema)?),
            None => None,
        };
        let repeated = if self.unique { self.repeated(schema)? } else { EntrySet::default() };
        let (files, threads) = (&self.input.files, self.input.threads());
        let rewrite = Rewrite {
            name: match &destination {
                Destination::Stdout => "standard output".to_owned(),
                Destination::File(path) => name_of(path),
            },
            input: Input { files: files.clone(), ..self.input },
            query: &Query::default(),
            unit: Unit::Entry,
            options: None,
            place: Place {
                needs_entries: false,
                ..Place::new(destination.clone(), &files[0], self.verifying.verifies(), threads)
            },
            trouble: |name, error, _| Trouble::in_recording(name, error),
        };
        let joining = Joining {
            destination: &destination,
            initial,
            repeated,
            first: None,
            entries_before: 0,
            entries: 0,
            left_out: 0,
            pairing: Pairing::default(),
            replayable: Replayable::default(),
        };
        let (_, joined) = rewrite.carry_out(schema, joining)?;
        if self.unique && io::stderr().is_terminal() {
            note("rpcreplay: ", &format!("left out {} repeated entries of {}", joined.left_out, joined.all()));
        }
        sources.advise(&[]);
        Ok(Outcome::Fine)
    }

    /// The initial state of a recording.
    fn initial_state(&self, path: &Path, schema: &Schema) -> Result<Header, Trouble> {
        if path.as_os_str() == "-" {
            usage("merge", ErrorKind::ValueValidation, "--initial-from needs a file, not standard input");
        }
        Ok(Source::new(path).reader(schema, self.input.options())?.header().clone())
    }

    /// The first entries of the calls that repeat an earlier one, numbered through all recordings.
    fn repeated(&self, schema: &Schema) -> Result<EntrySet, Trouble> {
        let is_read_once = |path: &&PathBuf| path.as_os_str() == "-" || (path.exists() && !path.is_file());
        if let Some(path) = self.input.files.iter().find(is_read_once) {
            let error = format!("--unique reads every recording twice, which {} can't be: name a file", name_of(path));
            usage("merge", ErrorKind::ArgumentConflict, &error);
        }
        let (mut said, mut before) = (Said::new(schema), 0);
        for path in &self.input.files {
            let mut reader = Source::new(path).reader(schema, self.input.options())?;
            let (mut pairing, mut entries) = (Pairing::default(), 0);
            while let Some(entry) = reader.read().map_err(|error| Trouble::in_recording(&name_of(path), &error))? {
                let call = pairing.follow(&entry).unwrap_or(entry.index());
                said.add(&entry, EntryIndex(before + call.0));
                entries += 1;
            }
            before += entries;
        }
        let mut repeated = EntrySet::default();
        said.repeated(|_| true).into_iter().for_each(|call| repeated.insert(call));
        Ok(repeated)
    }
}

/// Puts recordings one behind the other.
struct Joining<'a> {
    destination: &'a Destination,
    /// The initial state that was chosen.
    initial: Option<Header>,
    /// The first entries of calls that are left out, numbered through all recordings.
    repeated: EntrySet,
    /// What the first one is.
    first: Option<First>,
    /// How many entries the recordings before this one have, and this one so far.
    entries_before: u64,
    entries: u64,
    /// How many of them were left out.
    left_out: u64,
    pairing: Pairing,
    replayable: Replayable,
}

/// The first of the recordings.
struct First {
    name: String,
    options: WriteOptions,
    header: Header,
}

impl<'a> Middle<'a> for Joining<'_> {
    fn pass(&mut self, batch: &mut Batch<'a>, entries: Vec<Entry>) -> Vec<Entry> {
        let mut kept = Vec::with_capacity(entries.len());
        if let Err(trouble) = self.join(batch, entries, &mut kept) {
            batch.ends = Some(Err(trouble));
        }
        kept
    }
}

impl Joining<'_> {
    /// How many entries there were.
    fn all(&self) -> u64 {
        self.entries_before + self.entries
    }

    fn join(&mut self, batch: &mut Batch<'_>, entries: Vec<Entry>, kept: &mut Vec<Entry>) -> Result<(), Trouble> {
        let refusal =
            |refused: Unreplayable| Trouble::new(&batch.name, refused).with_hint("mend it with rpcreplay repair first");
        match batch.begins.take().transpose()? {
            None => {}
            Some(mut beginning) => {
                self.entries_before += std::mem::take(&mut self.entries);
                self.pairing = Pairing::default();
                self.replayable.begin_recording().map_err(|error| Trouble::new(&batch.name, error))?;
                match &self.first {
                    None => {
                        refuse_other_format(self.destination, beginning.format)?;
                        let header = beginning.header.clone();
                        self.first = Some(First { name: batch.name.to_string(), options: batch.options, header });
                        beginning.header = self.initial.clone().unwrap_or(beginning.header);
                        batch.begins = Some(Ok(beginning));
                    }
                    Some(first) if self.initial.is_none() && first.header != beginning.header => {
                        let (ours, theirs) = (shown(&beginning.header), shown(&first.header));
                        let error = format!("its initial state is {ours}, and that of {} is {theirs}", first.name);
                        return Err(Trouble::new(&batch.name, error)
                            .with_hint("say with --initial-from FILE from which recording to take it"));
                    }
                    Some(_) => {}
                }
            }
        }
        batch.options = self.first.as_ref().map_or(batch.options, |first| first.options);
        for entry in entries {
            self.entries += 1;
            let call = self.pairing.follow(&entry);
            let first = call.unwrap_or(entry.index());
            if self.repeated.contains(self.entries_before + first.0) {
                self.left_out += 1;
            } else {
                kept.push(self.replayable.keep(&entry, call).map_err(refusal)?);
            }
        }
        if let Some(Ok(())) = batch.ends {
            self.replayable.end_recording().map_err(refusal)?;
            if batch.may_have_more {
                batch.ends = None;
            }
        }
        Ok(())
    }
}

/// An initial state in a line.
fn shown(header: &Header) -> String {
    const SHOWN_BYTES: usize = 60;
    let initial = &header.initial;
    if initial.is_empty() {
        return "empty".to_owned();
    }
    let mut quoted = Vec::new();
    quote_go(&mut quoted, &initial[..initial.len().min(SHOWN_BYTES)]);
    let more = if initial.len() > SHOWN_BYTES { format!("… of {} bytes", initial.len()) } else { String::new() };
    format!("{}{more}", String::from_utf8_lossy(&quoted))
}
