//! `rpcreplay schema retype`: recordings that were made without descriptors get the types of their messages.

use std::collections::BTreeMap;

use clap::error::ErrorKind;

use rpcreplay::retype::{Retyping, Survey, Told};
use rpcreplay::schema::Schema;

use crate::args::{Inputs, SchemaArgs, Sources, Verifying};
use crate::destinations::refuse_other_format;
use crate::failure::{Failure, Outcome, Trouble, name_of, note, report, usage};
use crate::folders::{Recognized, Recording, recordings};
use crate::output::Output;
use crate::outputs::OutputArgs;
use crate::rewrite::{Place, Writing};
use crate::source::Source;
use crate::target::{self, Destination};

/// How many methods are named.
const NAMED: usize = 3;

/// Name the types of messages that were recorded without descriptors
///
/// A proxy that knows no descriptors records a message as one of type rpcreplay.unknown/SERVICE.METHOD.Request or .Response, and every
/// call as a stream. Here a message gets the type that the descriptor of its method says, and a stream whose method is unary becomes a
/// request and its response. The end of a stream goes if its method answers once, as Go's recorder notes none. Go's replayer takes no recording with such types.
///
/// Entries are numbered anew, and what refers to them follows. Messages keep their bytes, and what has a type already stays as it is,
/// every byte of it; so do initial state, format and compression. What can't be named stays, too, and is told. What is written to a file
/// is read back and compared before the file takes its place.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 fine, 2 trouble.

Examples:
  rpcreplay schema retype --protoset orders.binpb calls.replay -o named.replay
  rpcreplay schema retype --proto orders.proto -I api --in-place testdata/")]
pub struct Retype {
    #[command(flatten)]
    inputs: Inputs,

    #[command(flatten)]
    outputs: OutputArgs,

    /// Write nothing, and say what would be named
    #[arg(long, conflicts_with_all = ["output", "in_place"], help_heading = "Output")]
    dry_run: bool,

    #[command(flatten)]
    verifying: Verifying,

    #[command(flatten)]
    types: SchemaArgs,
}

impl Retype {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let of_stdin = self.inputs.paths.iter().filter(|path| path.as_os_str() == "-").count();
        if self.outputs.in_place && of_stdin > 0 {
            usage("schema retype", ErrorKind::ArgumentConflict, "standard input can't be written in place");
        }
        if of_stdin > 1 {
            usage("schema retype", ErrorKind::ArgumentConflict, "standard input can be read once");
        }
        target::listen_to_signals();
        let sources: &'static Sources = self.types.load()?.for_good();
        let recordings = recordings(&self.inputs.paths, Recognized::ByContent)?;
        let destinations = match self.dry_run {
            true => recordings.iter().map(|_| Destination::Stdout).collect(),
            false => self.outputs.destinations("schema retype", &self.inputs.paths, &recordings)?,
        };
        let mut outcome = Outcome::Fine;
        for (recording, destination) in recordings.iter().zip(destinations) {
            match self.retype(recording, destination, &sources.schema) {
                Ok(()) => {}
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                Err(Failure::Trouble(trouble)) => {
                    report(&trouble);
                    outcome = Outcome::Reported;
                }
            }
        }
        sources.advise(&[]);
        Ok(outcome)
    }

    /// Names the types of one recording.
    fn retype(&self, recording: &Recording, destination: Destination, schema: &Schema) -> Result<(), Failure> {
        let mut source = Source::new(&recording.path);
        source.prepare_to_read_twice()?;
        let (name, options) = (source.name(), self.inputs.limit.options());
        let mut survey = Survey::new(schema);
        let mut reader = source.reader(schema, options.clone())?;
        while let Some(entry) = reader.read().map_err(|error| Trouble::in_recording(&name, &error))? {
            survey.follow(&entry);
        }
        let mut retyping = survey.finish();
        let mut reader = source.reader(schema, options)?.keeping_text();
        let mut writing = None;
        if !self.dry_run {
            refuse_other_format(&destination, reader.format())?;
            let place = Place {
                needs_entries: false,
                keeps_compression: self.outputs.in_place,
                ..Place::new(destination, &recording.path, self.verifying.verifies(), self.inputs.threads())
            };
            let header = reader.header().clone();
            writing = Some(Writing::new(schema, place, &reader, header)?);
        }
        while let Some(entry) = reader.read().map_err(|error| Trouble::in_recording(&name, &error))? {
            let retyped = retyping
                .retype(&entry)
                .map_err(|error| Trouble::new(&name, &error).with_hint("mend it with rpcreplay repair first"))?;
            if let (Some(entry), Some(writing)) = (retyped, &mut writing) {
                writing.add(&entry, &name)?;
            }
        }
        // What is compressed would be written otherwise, and say the same.
        if let Some(writing) = writing.filter(|_| !self.outputs.in_place || retyping.has_changes()) {
            writing.put_in_place(&name)?;
        }
        if self.dry_run {
            let mut output = Output::new();
            output.write(format!("{}: {}\n", name_of(&recording.path), words(&retyping)).as_bytes())?;
            output.flush()?;
        }
        tell(&name, retyping.told());
        Ok(())
    }
}

/// What would be made of a recording.
fn words(retyping: &Retyping<'_>) -> String {
    let Told { named, calls, .. } = retyping.told();
    match (named, calls) {
        (0, 0) => "would stay as it is".to_owned(),
        (named, 0) => format!("would name {}", count(*named, "message")),
        (named, calls) => {
            let unary = if *calls == 1 { "become a unary call" } else { "become unary calls" };
            format!("would name {}, and {} would {unary}", count(*named, "message"), count(*calls, "stream"))
        }
    }
}

/// Says what was not made of a recording.
fn tell(name: &str, told: &Told) {
    for (methods, one, several) in [
        (
            &told.unknown,
            "message stays without a type, as no descriptor is known of",
            "messages stay without a type, as no descriptor is known of",
        ),
        (
            &told.streams,
            "stream of a unary method has not just a request and a response, and stays one:",
            "streams of unary methods have not just a request and a response, and stay such:",
        ),
        (
            &told.unary,
            "unary call of a method that is a stream stays one:",
            "unary calls of methods that are streams stay such:",
        ),
    ] {
        let all: u64 = methods.values().sum();
        if all > 0 {
            let words = if all == 1 { one } else { several };
            note("rpcreplay: ", &format!("{name}: {all} {words} {}", names(methods)));
        }
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A few methods, and how many there are beside them.
fn names(methods: &BTreeMap<String, u64>) -> String {
    let named: Vec<_> = methods.keys().take(NAMED).map(|method| format!("`{method}`")).collect();
    let more = methods.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
