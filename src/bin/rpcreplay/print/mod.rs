//! `rpcreplay print`: recordings as people and programs read them.

mod sorter;
mod view;

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use clap::error::ErrorKind;

use rpcreplay::format::Decoder;
use rpcreplay::query::Unit;
use rpcreplay::schema::Schema;

use crate::args::{ColorWhen, Input, MaxBytes, SchemaArgs, Selection};
use crate::batches::{Batches, passes};
use crate::course::Course;
use crate::evaluated::Evaluated;
use crate::failure::{self, Failure, Outcome, Trouble, name_of, note};
use crate::ordered::{Ordered, Queue, on_threads};
use crate::output::{Output, is_harmless};
use crate::progress::Progress;
use crate::render::{BytesForm, Document, Notes};
use crate::source::Source;

use sorter::{Part, Sorter};
use view::View;

/// Show what recordings hold
///
/// A recording is told by its content: binary, text or JSON, inside gzip or zstd, or not. Message types are known for all of
/// googleapis; name others with --go-binary, --proto or --protoset, or in rpcreplay.toml.
///
/// What is whole is shown, also before damage; then the damage is reported with entry and byte. What stands in a
/// recording but would not replay is shown with a mark, `!`, that says why.
///
/// The exit code is 2 if a recording is damaged or unreadable, or has an entry with neither message nor error where one
/// must be, or with is_error but no google.rpc.Status. Other marks, such as those of payloads that can't be opened, leave
/// it at 0. But a text recording spells its payloads out, and what has no type in it can't be read any further. It is 1 if the
/// selection keeps nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay print calls.replay
  rpcreplay print --to jsonl -m 'Get*' --code '!OK' calls.replay")]
pub struct Print {
    #[command(flatten)]
    input: Input,

    /// Print in this format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    to: To,

    /// Group entries of text like this
    #[arg(long, value_name = "UNIT", default_value = "call", help_heading = "Output")]
    group: Group,

    /// Shorten strings and bytes in text to this many bytes, or `all` to show them whole
    #[arg(long, value_name = "N", default_value_t, help_heading = "Output")]
    max_bytes: MaxBytes,

    /// Show `bytes` in text in this form
    #[arg(long, value_name = "FORM", default_value = "text", help_heading = "Output")]
    bytes: BytesForm,

    /// In text, show what was noted beside entries, too: metadata, and the time
    #[arg(long, help_heading = "Output")]
    verbose: bool,

    /// In JSON, write fields that have their default value
    #[arg(long, help_heading = "Output")]
    emit_defaults: bool,

    /// In JSON, name fields as the .proto file does
    #[arg(long, help_heading = "Output")]
    proto_names: bool,

    /// In JSON, write enums as numbers
    #[arg(long, help_heading = "Output")]
    enum_numbers: bool,

    /// Write the exact bytes of the initial state to this file, or `-` for standard output, and nothing else
    ///
    /// To a terminal only if they are text without control characters.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, help_heading = "Output")]
    #[arg(conflicts_with_all = WITHOUT_ENTRIES)]
    initial: Option<PathBuf>,

    /// Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: ColorWhen,

    /// Write to a terminal directly, and not through the pager that PAGER names
    #[arg(long, help_heading = "Output")]
    no_pager: bool,

    #[command(flatten)]
    schema: SchemaArgs,

    #[command(flatten)]
    selection: Selection,
}

/// The arguments that say how entries are shown, of which `--initial` shows none.
const WITHOUT_ENTRIES: [&str; 26] = [
    "threads",
    "to",
    "group",
    "max_bytes",
    "bytes",
    "verbose",
    "emit_defaults",
    "proto_names",
    "enum_numbers",
    "color",
    "no_pager",
    "protoset",
    "proto",
    "proto_path",
    "go_binary",
    "no_builtin_protos",
    "config",
    "no_config",
    "method",
    "kind",
    "code",
    "index",
    "has",
    "matches",
    "expressions",
    "invert_match",
];

/// A format to print in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// For people
    Text,
    /// As Fprint of go-replayers, byte for byte
    Fprint,
    /// Every entry in the protobuf text format
    Prototext,
    /// One JSON document
    Json,
    /// JSON Lines: a header, then an object per entry
    Jsonl,
    /// For people, with every payload as a guess at its bytes
    Raw,
}

impl To {
    /// What stands around the entries; nothing for people.
    fn document(self) -> Option<Document> {
        match self {
            To::Text | To::Raw => None,
            To::Fprint => Some(Document::Fprint),
            To::Prototext => Some(Document::Prototext),
            To::Json => Some(Document::Json),
            To::Jsonl => Some(Document::Jsonl),
        }
    }
}

/// What stands together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// The entries of a call
    Call,
    /// Every entry by itself, in the order of the file
    Entry,
}

impl Print {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.refuse_idle_flags();
        if let Some(target) = &self.initial {
            return self.write_initial(target);
        }
        let sources = self.schema.load()?.for_good();
        let schema = &sources.schema;
        let query = self.selection.query(schema)?;
        let mut output = if self.no_pager { Output::new() } else { Output::paged() };
        let is_terminal = output.is_terminal();
        let document = self.to.document();
        let several = self.input.files.len() > 1;
        output.write(document.map_or(b"", |document| document.begin_all(several)))?;

        let by_call = document.is_none() && self.group == Group::Call;
        let threads = self.input.threads();
        let unit = if by_call { Unit::Call } else { Unit::Entry };
        let progress = Progress::through(&self.input, passes(&query, unit), &output);
        let batches = Batches::new(&self.input, &query, unit, schema, progress.clone(), threads);
        let evaluated = Evaluated::default();
        let sorter = Ordered::new(Sorter::new(schema, by_call, document == Some(Document::Fprint), &evaluated));
        let printed = Queue::new(Printed { course: Course::new(output, progress), notes: Notes::default() });
        let stop = || {
            batches.close();
            sorter.close();
        };
        // Buffers that were written, one for each thread: fresh ones would cost a page fault for every 4 KiB.
        let spares = Mutex::new(Vec::new());
        let spare = || spares.lock().unwrap_or_else(PoisonError::into_inner);
        on_threads(threads, stop, |more| {
            let mut view = View::new(self, schema, is_terminal);
            let mut decoder = Decoder::new(schema);
            while let Some(mut batch) = batches.next() {
                if batch.may_have_more {
                    more();
                }
                let (number, bytes) = (batch.number, batch.bytes());
                let entries = batches.decode(&mut batch, &mut decoder);
                let Some(mut sorted) = sorter.with(number, |sorter| sorter.sort(batch, entries)) else { return };
                let (shown, notes) = match &mut sorted {
                    Ok(Some(part)) => {
                        let buffer = spare().pop().unwrap_or_default();
                        view.show(part, buffer)
                    }
                    Ok(None) | Err(_) => Default::default(),
                };
                printed.add(number, (sorted, shown, notes, bytes), |printed, (sorted, shown, notes, bytes)| {
                    printed.add(&sorted, &shown, notes);
                    batches.give_back(bytes);
                    if spare().len() < threads.get() {
                        spare().push(shown);
                    }
                });
            }
        });
        let outcome = printed.into_inner().course.finish(document.map_or(b"", |document| document.end_all(several)));
        evaluated.tell(outcome != Outcome::NothingSelected);
        sources.advise(&[]);
        Ok(outcome)
    }

    /// Writes the initial state of the only recording.
    fn write_initial(&self, target: &Path) -> Result<Outcome, Failure> {
        let [path] = self.input.files.as_slice() else {
            usage(
                ErrorKind::TooManyValues,
                "--initial takes the initial state of one recording, and several are given",
            );
        };
        let schema = Schema::builder().builtin(false).build();
        let reader = Source::new(path).reader(&schema, self.input.options())?;
        let initial = &reader.header().initial;
        if target.as_os_str() == "-" {
            refuse_commands("standard output", &io::stdout(), initial)?;
            let mut output = Output::new();
            output.write(initial)?;
            output.flush()?;
            return Ok(Outcome::Fine);
        }
        if is_recording(target) {
            return Err(Trouble::new(&name_of(target), "is a recording, which --initial would replace")
                .with_hint("name the file to write behind --initial, and the recording after it")
                .into());
        }
        let failed = |error| Trouble::new(&name_of(target), error);
        let mut file = File::create(target).map_err(failed)?;
        refuse_commands(&name_of(target), &file, initial)?;
        file.write_all(initial).map_err(failed)?;
        Ok(Outcome::Fine)
    }

    /// Refuses flags that would change nothing.
    fn refuse_idle_flags(&self) {
        let is_text = matches!(self.to, To::Text | To::Raw);
        let is_json = matches!(self.to, To::Json | To::Jsonl);
        for (given, allowed, flag, formats) in [
            (self.emit_defaults, is_json, "--emit-defaults", "json and jsonl"),
            (self.proto_names, is_json, "--proto-names", "json and jsonl"),
            (self.enum_numbers, is_json, "--enum-numbers", "json and jsonl"),
            (self.group == Group::Entry, is_text, "--group entry", "text and raw"),
            (self.verbose, is_text, "--verbose", "text and raw"),
            (self.bytes != BytesForm::Text, is_text, "--bytes", "text and raw"),
            (self.max_bytes.0 != Some(256), is_text, "--max-bytes", "text and raw"),
        ] {
            if given && !allowed {
                usage(ErrorKind::ArgumentConflict, &format!("{flag} is for --to {formats}"));
            }
        }
        self.input.refuse_to_read_twice("print");
    }
}

fn usage(kind: ErrorKind, message: &str) -> ! {
    failure::usage("print", kind, message)
}

/// Refuses to write bytes to a terminal that it could take for commands.
fn refuse_commands(name: &str, target: &impl IsTerminal, bytes: &[u8]) -> Result<(), Trouble> {
    if is_harmless(bytes) || !target.is_terminal() {
        return Ok(());
    }
    Err(Trouble::new(name, "is a terminal, and the initial state is not text without control characters")
        .with_hint("name a file behind --initial, or redirect standard output"))
}

/// Whether a path leads to a file that begins as a recording does. What is no file, such as a pipe, is not opened.
fn is_recording(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return false;
    }
    let mut magic = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok()
        && (matches!(&magic, b"RPCReplay" | b"RPCReTxt1")
            || magic.starts_with(b"\x1f\x8b")
            || magic.starts_with(b"\x28\xb5\x2f\xfd"))
}

/// What was printed, and how that went.
struct Printed {
    course: Course,
    notes: Notes,
}

impl Printed {
    /// Writes a part of a recording, and reports how the recording ended if it did.
    fn add(&mut self, sorted: &Result<Option<Part>, Trouble>, shown: &[u8], notes: Notes) {
        match sorted {
            Err(trouble) => self.course.report(trouble),
            Ok(None) => {}
            Ok(Some(part)) => self.write(part, shown, notes),
        }
    }

    fn write(&mut self, part: &Part, shown: &[u8], notes: Notes) {
        self.course.write(shown);
        self.notes.add(notes);
        let Some(end) = &part.ends else { return };
        for loss in self.notes.take_losses() {
            self.course.tell(|| note("rpcreplay: ", &format!("{}: note: {loss}", part.name)));
        }
        if let Some(flaws) = self.notes.take_flaws() {
            self.course.report(&Trouble::new(&part.name, flaws));
        }
        self.course.recording_ended(&end.result, end.kept_any);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cli;
    use clap::{CommandFactory, Parser};

    /// Beside the recording and how to read it, nothing changes what `--initial` writes.
    #[test]
    fn initial_goes_with_nothing_idle() {
        let mut command = Cli::command();
        command.build();
        let print = command.find_subcommand("print").expect("it is this one");
        let mut refused = 0;
        for argument in print.get_arguments().filter(|argument| argument.get_long().is_some()) {
            let flag = format!("--{}", argument.get_long().expect("others were left out"));
            if matches!(flag.as_str(), "--initial" | "--max-record-size" | "--help") {
                continue;
            }
            let value = match argument.get_possible_values().first() {
                Some(value) => value.get_name().to_owned(),
                None if flag == "--match" => "a=1".to_owned(),
                None => "1".to_owned(),
            };
            let mut line = vec!["rpcreplay", "print", "--initial", "-", "file", &flag];
            if argument.get_action().takes_values() {
                line.push(&value);
            }
            let kind = Cli::try_parse_from(&line).err().map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::ArgumentConflict), "{line:?}");
            refused += 1;
        }
        assert_eq!(refused, WITHOUT_ENTRIES.len());
        assert!(Cli::try_parse_from(["rpcreplay", "print", "--initial", "-", "--max-record-size", "9", "f"]).is_ok());
    }
}
