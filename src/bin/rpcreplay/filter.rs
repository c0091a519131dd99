//! `rpcreplay filter`: the calls of recordings that somebody wants, as recordings.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use rpcreplay::entry::Entry;
use rpcreplay::format::{Decoder, Replayable, Unreplayable};
use rpcreplay::pairing::Pairing;
use rpcreplay::query::{Query, Selected, Unit};
use rpcreplay::schema::Schema;

use crate::args::{Input, SchemaArgs, Selection, Verifying};
use crate::batches::{Batch, Batches, passes};
use crate::destinations::{destinations, make_folder, refuse_other_format};
use crate::evaluated::Evaluated;
use crate::failure::{Failure, Outcome, Trouble, name_of, note, report};
use crate::output::Output;
use crate::progress::Progress;
use crate::rewrite::{Middle, Place, Rewrite};
use crate::target::{self, Destination};

/// Keep the calls of recordings that you want, and write them as recordings that replay
///
/// A call is kept whole: a request with its response, a stream with all its messages. Entries are numbered anew, and what
/// refers to them follows; every other byte of them stays as it was (JSON is written anew, and says the same), and so do initial state, format and compression. An
/// ending .gz or .zst of OUT says otherwise. What is written to a file is read back and compared before the file takes its place.
///
/// What would not replay is not written: a selection that keeps an entry without its call, or a request without its response,
/// is refused. `rpcreplay repair` takes such entries out of a recording. What stands inside messages is not looked at for that.
///
/// The exit code is 1 if nothing is kept; then nothing is written, either.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 something is kept, 1 nothing is, 2 trouble.

Examples:
  rpcreplay filter -m 'Get*' --code '!OK' calls.replay -o failed.replay
  rpcreplay filter --invert-match -m 'Operations/GetOperation' testdata/*.replay -o without-polling/")]
pub struct Filter {
    #[command(flatten)]
    input: Input,

    /// Write to this file, or into this folder, where recordings keep their names [default: standard output]
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    output: Option<PathBuf>,

    /// Keep single entries rather than whole calls: those that all conditions hold for
    ///
    /// So messages can be taken out of streams, such as with --entries --invert-match --index 9..10. Conditions about calls, --method,
    /// --code and --where, hold for all entries of a call, or for none. A selection that leaves a response without its request, a
    /// request without its response, or a message without its stream, is refused.
    #[arg(long, help_heading = "Output")]
    entries: bool,

    /// Leave out calls that are equal to an earlier one, the answer included
    ///
    /// Messages are compared, not their bytes. Go's replayer plays each recorded call once: a test that asks as often as
    /// before finds the answers gone.
    #[arg(long, conflicts_with = "entries", help_heading = "Output")]
    unique: bool,

    /// Write how many calls are kept, and nothing else; with --entries, how many entries
    #[arg(long, conflicts_with_all = ["output", "dry_run"], help_heading = "Output")]
    count: bool,

    /// Write nothing, and say what would be kept
    #[arg(long, help_heading = "Output")]
    dry_run: bool,

    #[command(flatten)]
    verifying: Verifying,

    #[command(flatten)]
    types: SchemaArgs,

    #[command(flatten)]
    selection: Selection,
}

impl Filter {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.input.refuse_to_read_twice("filter");
        let (destinations, folder) = match self.count {
            true => (self.input.files.iter().map(|_| Destination::Stdout).collect(), None),
            false => destinations("filter", &self.input.files, self.output.as_deref())?,
        };
        if let Some(folder) = folder.filter(|_| !self.dry_run) {
            make_folder(folder)?;
        }
        target::listen_to_signals();
        let sources = self.types.load()?.for_good();
        let query = Query { is_unique: self.unique, ..self.selection.query(&sources.schema)? };
        let evaluated = Evaluated::default();
        let mut outcome = Outcome::NothingSelected;
        for (path, destination) in self.input.files.iter().zip(destinations) {
            let input = Input { files: vec![path.clone()], ..self.input };
            match self.filter((&query, &evaluated), input, destination, &sources.schema) {
                Ok(true) if outcome == Outcome::NothingSelected => outcome = Outcome::Fine,
                Ok(_) => {}
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                Err(Failure::Trouble(trouble)) => {
                    report(&trouble);
                    outcome = Outcome::Reported;
                }
            }
        }
        evaluated.tell(outcome != Outcome::NothingSelected);
        sources.advise(&[]);
        Ok(outcome)
    }

    /// Filters one recording, and says whether anything is kept.
    fn filter(
        &self,
        (query, evaluated): (&Query, &Evaluated),
        input: Input,
        destination: Destination,
        schema: &Schema,
    ) -> Result<bool, Failure> {
        let (name, unit) = (name_of(&input.files[0]), if self.entries { Unit::Entry } else { Unit::Call });
        let keeping = Keeping::new(unit, &destination, evaluated);
        if self.count || self.dry_run {
            let counts = count(query, unit, &input, schema, keeping)?;
            let mut output = Output::new();
            output.write(self.words(&name, &counts, &destination).as_bytes())?;
            output.flush()?;
            return Ok(counts.entries.kept > 0);
        }
        let place = Place::new(destination.clone(), &input.files[0], self.verifying.verifies(), input.threads());
        let trouble = |name: &str, error: &rpcreplay::Error, _| Trouble::in_recording(name, error);
        let rewrite = Rewrite { name: name.clone(), input, query, unit, options: None, place, trouble };
        let (is_written, keeping) = rewrite.carry_out(schema, keeping)?;
        if is_written {
            // Who watches sees whether it was too much.
            if io::stderr().is_terminal() {
                note("rpcreplay: ", &format!("{name}: kept {}", self.kept(&keeping.counts)));
            }
        } else {
            let place = match &destination {
                Destination::Stdout => String::new(),
                Destination::File(path) => format!("; {} is not written", name_of(path)),
            };
            note("rpcreplay: ", &format!("{name}: nothing matches the selection{place}"));
        }
        Ok(is_written)
    }

    /// What is said instead of writing.
    fn words(&self, name: &str, counts: &Counts, destination: &Destination) -> String {
        let Counts { calls, entries } = counts;
        if self.count {
            let kept = if self.entries { entries.kept } else { calls.kept };
            return if self.input.files.len() > 1 { format!("{name}\t{kept}\n") } else { format!("{kept}\n") };
        }
        let place = match destination {
            _ if entries.kept == 0 => ", so nothing would be written".to_owned(),
            Destination::Stdout => String::new(),
            Destination::File(path) => format!(", in {}", name_of(path)),
        };
        format!("{name}: would keep {}{place}\n", self.kept(counts))
    }

    fn kept(&self, Counts { calls, entries }: &Counts) -> String {
        let entries = format!("{} of {} entries", entries.kept, entries.all);
        match self.entries {
            true => entries,
            false => format!("{} of {} calls, {entries}", calls.kept, calls.all),
        }
    }
}

/// Reads a recording for what would be kept of it.
fn count<'a>(
    query: &'a Query,
    unit: Unit,
    input: &'a Input,
    schema: &'a Schema,
    mut keeping: Keeping<'a>,
) -> Result<Counts, Trouble> {
    let progress = Progress::beside(input, passes(query, unit), true);
    let batches = Batches::new(input, query, unit, schema, progress, input.threads());
    let mut decoder = Decoder::new(schema);
    while let Some(mut batch) = batches.next() {
        let room = batch.bytes();
        let entries = batches.decode(&mut batch, &mut decoder);
        keeping.pass(&mut batch, entries);
        batch.begins.transpose()?;
        batch.ends.transpose()?;
        batches.give_back(room);
    }
    Ok(keeping.counts)
}

/// How many there are, and how many of them are kept.
#[derive(Debug, Default)]
struct Count {
    all: u64,
    kept: u64,
}

#[derive(Debug, Default)]
struct Counts {
    calls: Count,
    entries: Count,
}

/// Keeps what is selected of a recording, and numbers it anew.
struct Keeping<'a> {
    unit: Unit,
    destination: &'a Destination,
    evaluated: &'a Evaluated,
    counts: Counts,
    selected: Option<Selected<'a>>,
    pairing: Pairing,
    replayable: Replayable,
}

impl<'a> Keeping<'a> {
    fn new(unit: Unit, destination: &'a Destination, evaluated: &'a Evaluated) -> Self {
        let (counts, pairing, replayable) = Default::default();
        Keeping { unit, destination, evaluated, counts, selected: None, pairing, replayable }
    }
}

impl<'a> Middle<'a> for Keeping<'a> {
    fn pass(&mut self, batch: &mut Batch<'a>, entries: Vec<Entry>) -> Vec<Entry> {
        if let Some(Ok(beginning)) = &mut batch.begins {
            self.selected = beginning.selected.take();
            if let Err(trouble) = refuse_other_format(self.destination, beginning.format) {
                batch.rest.abandon();
                batch.begins = Some(Err(trouble));
                return Vec::new();
            }
        }
        let Some(selected) = &mut self.selected else { return Vec::new() };
        let counts = &mut self.counts;
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            let call = self.pairing.follow(&entry);
            let begins_call = call.is_err() || call == Ok(entry.index());
            counts.entries.all += 1;
            counts.calls.all += u64::from(begins_call);
            if !selected.keeps(&entry, call) {
                continue;
            }
            counts.entries.kept += 1;
            counts.calls.kept += u64::from(begins_call);
            match self.replayable.keep(&entry, call) {
                Ok(entry) => kept.push(entry),
                Err(refused) => {
                    batch.rest.abandon();
                    batch.ends = Some(Err(self.refusal(&batch.name, &refused)));
                    self.selected = None;
                    return kept;
                }
            }
        }
        if batch.ends.is_some() {
            self.evaluated.add(&batch.name, selected);
        }
        if matches!(batch.ends, Some(Ok(())))
            && let Err(refused) = self.replayable.end_recording()
        {
            batch.ends = Some(Err(self.refusal(&batch.name, &refused)));
        }
        kept
    }
}

impl Keeping<'_> {
    fn refusal(&self, name: &str, refused: &Unreplayable) -> Trouble {
        Trouble::new(name, refused).with_hint(match self.unit {
            Unit::Entry if refused.why.is_for_others() => {
                "keep what belongs together, or leave out --entries: whole calls are kept then"
            }
            Unit::Entry | Unit::Call => "mend it with rpcreplay repair first, or leave its call out of the selection",
        })
    }
}
