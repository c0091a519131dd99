//! `rpcreplay stats`: calls, messages and bytes, counted by method.

mod compare;
mod counting;
mod limit;
mod view;

use clap::error::ErrorKind;

use rpcreplay::format::Decoder;
use rpcreplay::query::{Query, Unit};
use rpcreplay::schema::Schema;

use crate::args::{ColorWhen, Input, Inputs, SchemaArgs, Selection, TableFormat};
use crate::batches::{Batches, passes};
use crate::course::Course;
use crate::failure::{Failure, Outcome, Trouble, usage};
use crate::folders::Recognized;
use crate::missing::UnknownServices;
use crate::ordered::{Ordered, on_threads};
use crate::output::Output;
use crate::progress::Progress;
use compare::Comparison;
use counting::{Counted, Counting};
use limit::CallLimit;
use view::{Report, View};

/// Count calls, messages and bytes of recordings, by method and in total
///
/// A row says of a method how many calls it has, how many of them are streams, how they ended, how many messages of how many
/// bytes were sent and received, and how large the largest message is; the last row is the total. Calls whose end is not in
/// the recording are unfinished, among them streams of which no descriptor tells whether they have ended. Entries that belong to
/// no call are counted as unpaired, their messages with the others. Folders stand for the recordings below them, told by their
/// content; a recording that is named twice is counted once.
///
/// On a terminal this is a table, in which packages are shortened, and if that is not enough columns left out. Where there is no room for how
/// calls ended the rare codes are summed up as other failures, then all of them as failed, and what has no code as others. Elsewhere the
/// fields are apart by tabs, without a title: method, calls, streams, how they ended, messages sent, bytes sent, messages received,
/// bytes received, bytes of the largest message, its file, its entry; the last line is that of `total`. `-` stands for what there
/// is none of.
///
/// With --compare two recordings, or two folders, are compared by their counts, and methods with the same counts are left out.
/// Fields then come in pairs, of OLD and of NEW: calls, streams, how they ended, messages sent, bytes sent, messages
/// received, bytes received.
///
/// Exit codes: 0 fine, 1 a limit is exceeded, counts differ or nothing was selected, 2 trouble, such as damage. What is whole of a
/// damaged recording is counted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay stats --sort bytes testdata/
  rpcreplay stats --max-calls 100 --max-calls 'Get*=20' testdata/
  rpcreplay stats --compare old.replay new.replay")]
pub struct Stats {
    #[command(flatten)]
    input: Inputs,

    /// Compare the counts of two recordings or folders, OLD and NEW; exit with 1 if calls, streams, messages, how calls ended, or entries
    /// of no call differ
    ///
    /// Bytes are shown, and alone they are no difference: names and times of another length are not worth a look.
    #[arg(long)]
    compare: bool,

    /// Fail if there are more calls than N, or more than N to methods that match (can be repeated)
    ///
    /// METHOD is a pattern as for --method, and all methods that match are counted together, of all recordings, after the selection; with
    /// --compare those of NEW.
    /// What is exceeded is said on standard error, and the exit code is 1.
    #[arg(long, value_name = "N|METHOD=N")]
    max_calls: Vec<CallLimit>,

    /// What a row is of
    #[arg(long, value_name = "GROUP", default_value = "method", help_heading = "Output", conflicts_with = "compare")]
    by: By,

    /// Sort rows by this: by name, or by a number, the greatest first
    #[arg(long, value_name = "KEY", default_value = "calls", help_heading = "Output", conflicts_with = "compare")]
    sort: Sort,

    /// Write the counts in this format
    #[arg(long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    format: TableFormat,

    /// Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: ColorWhen,

    #[command(flatten)]
    schema: SchemaArgs,

    #[command(flatten)]
    selection: Selection,
}

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// A method
    Method,
    /// The methods of a service
    Service,
    /// A recording
    File,
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// The name of the method, service or file
    Method,
    /// How many calls there are
    Calls,
    /// How many of them are streams
    Streams,
    /// How many calls ended with another code than OK
    Failed,
    /// How many messages were sent and received
    Messages,
    /// How many bytes these have
    Bytes,
    /// How many bytes the largest message has
    Largest,
}

impl Stats {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let (input, old_recordings) = self.find()?;
        let sources = self.schema.load()?.for_good();
        let query = self.selection.query(&sources.schema)?;
        let (counted, mut course) = self.count(&input, old_recordings, &query, &sources.schema);
        let view = View::new(self.format, self.color);
        let mut document = Vec::new();
        let mut verdict = Outcome::Fine;
        // Where nothing could be read there is nothing to show, which has been said.
        let [has_old, has_new] = counted.read().map(|recordings| recordings > 0);
        if self.compare && has_old && has_new {
            let comparison = Comparison::new(&counted);
            comparison.show(&view, query.is_everything(), &mut document);
            if comparison.differs() {
                verdict = Outcome::Different;
            }
        } else if !self.compare && has_new {
            Report::new(&counted, self.by, self.sort).show(&view, query.is_everything(), &mut document);
        }
        course.write(&document);
        for limit in self.max_calls.iter().filter(|_| has_new) {
            let excess = limit.excess(counted.new_stats());
            if excess.is_some() {
                verdict = Outcome::Exceeded;
            }
            course.tell(|| limit.tell(excess, counted.new_stats()));
        }
        let outcome = course.finish(b"");
        counted.evaluated.tell(outcome != Outcome::NothingSelected);
        let mut services = UnknownServices::default();
        let unknown = counted.methods().filter(|(_, counts)| counts.unknown_shapes > 0);
        unknown.for_each(|(method, _)| services.add(method));
        sources.advise(services.names());
        Ok(if outcome == Outcome::Fine { verdict } else { outcome })
    }

    /// The recordings to read, and how many of them are those of OLD.
    fn find(&self) -> Result<(Input, usize), Trouble> {
        if !self.compare {
            return Ok((self.input.find("stats", Recognized::ByContent)?, 0));
        }
        let [old, new] = &self.input.paths[..] else {
            let found = format!("--compare needs two paths, OLD and NEW; found {}", self.input.paths.len());
            usage("stats", ErrorKind::WrongNumberOfValues, &found)
        };
        let side = |path| Inputs { paths: vec![path], ..self.input }.find("stats", Recognized::ByContent);
        let (mut input, new) = (side(old.clone())?, side(new.clone())?);
        let old_recordings = input.files.len();
        input.files.extend(new.files);
        input.refuse_to_read_twice("stats");
        Ok((input, old_recordings))
    }

    /// Counts what is in the recordings, and reports those that are damaged.
    fn count(&self, input: &Input, old_recordings: usize, query: &Query, schema: &Schema) -> (Counted, Course) {
        let output = Output::new();
        let threads = input.threads();
        let progress = Progress::through(input, passes(query, Unit::Call), &output);
        let batches = Batches::new(input, query, Unit::Call, schema, progress.clone(), threads);
        let counting = Ordered::new(Counting::new(schema, old_recordings, Course::new(output, progress)));
        let stop = || {
            batches.close();
            counting.close();
        };
        on_threads(threads, stop, |more| {
            let mut decoder = Decoder::new(schema);
            while let Some(mut batch) = batches.next() {
                if batch.may_have_more {
                    more();
                }
                let (number, bytes) = (batch.number, batch.bytes());
                let entries = batches.decode(&mut batch, &mut decoder);
                if counting.with(number, |counting| counting.add(batch, &entries)).is_none() {
                    return;
                }
                batches.give_back(bytes);
            }
        });
        counting.into_inner().finish()
    }
}
