//! `rpcreplay print`: recordings as people and programs read them.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{CommandFactory, ValueEnum};

use rpcreplay::entry::Entry;
use rpcreplay::format::Reader;
use rpcreplay::pairing::{Pairing, Unpaired};
use rpcreplay::schema::{JsonOptions, Schema, Walker};

use crate::Cli;
use crate::args::{ColorWhen, Input, SchemaArgs, Selection};
use crate::failure::{Failure, Outcome, Trouble, name_of, note, report};
use crate::output::{Output, is_harmless};
use crate::render::{
    BytesForm, Call, CallView, Document, Ending, JsonShape, Notes, Painter, Role, ValueOptions, Window, show_header,
    write_fprint, write_json_entry, write_prototext,
};
use crate::select::Selected;
use crate::shapes::Shapes;
use crate::source::Source;

/// Show what recordings hold
///
/// A recording is told by its content: binary or text, inside gzip or not. Message types are known for all of
/// googleapis; name others with --protoset.
///
/// What is whole is shown, also before damage; then the damage is reported with entry and byte. What stands in a
/// recording but would not replay is shown with a mark, `!`, that says why.
///
/// The exit code is 2 if a recording is damaged or unreadable, or has an entry with neither message nor error where one
/// must be, or with is_error but no google.rpc.Status. Other marks, such as those of payloads that can't be opened, leave
/// it at 0. It is 1 if the selection keeps nothing.
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
    #[arg(long, value_name = "N", default_value = "256", help_heading = "Output")]
    max_bytes: MaxBytes,

    /// Show `bytes` in text in this form
    #[arg(long, value_name = "FORM", default_value = "text", help_heading = "Output")]
    bytes: BytesForm,

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

    #[command(flatten)]
    schema: SchemaArgs,

    #[command(flatten)]
    selection: Selection,
}

/// The arguments that say how entries are shown, of which `--initial` shows none.
const WITHOUT_ENTRIES: [&str; 14] = [
    "to",
    "group",
    "max_bytes",
    "bytes",
    "emit_defaults",
    "proto_names",
    "enum_numbers",
    "color",
    "protoset",
    "no_builtin_protos",
    "method",
    "kind",
    "code",
    "index",
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

/// What stands together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// The entries of a call
    Call,
    /// Every entry by itself, in the order of the file
    Entry,
}

/// How much of a value is printer.
#[derive(Debug, Clone, Copy)]
struct MaxBytes(Option<usize>);

impl FromStr for MaxBytes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(MaxBytes(None)),
            _ => text.parse().map(|bytes| MaxBytes(Some(bytes))).map_err(|_| "expected a number of bytes, or `all`"),
        }
    }
}

impl Print {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.refuse_idle_flags();
        if let Some(target) = &self.initial {
            return self.write_initial(target);
        }
        // The process ends with it, and freeing thousands of descriptors takes a tenth of a short run.
        let schema: &Schema = Box::leak(Box::new(self.schema.load()?));
        let several = self.input.files.len() > 1;
        let mut printer = Printer::new(self, schema);
        let mut outcome = Outcome::NothingSelected;
        printer.begin_all(several);
        for path in &self.input.files {
            let mut source = Source::new(path);
            match self.print_file(&mut source, several, schema, &mut printer) {
                Ok(true) if outcome == Outcome::NothingSelected => outcome = Outcome::Fine,
                Ok(_) => {}
                Err(Failure::Trouble(trouble)) => {
                    printer.output.flush()?;
                    report(&trouble);
                    outcome = Outcome::Reported;
                }
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            }
        }
        printer.end_all(several);
        printer.output.flush()?;
        if let Some(hint) = printer.notes.hint(self.schema.no_builtin_protos) {
            note("hint: ", &hint);
        }
        Ok(outcome)
    }

    /// Prints a recording, and says whether the selection left anything of it.
    fn print_file(
        &self,
        source: &mut Source,
        several: bool,
        schema: &Schema,
        printer: &mut Printer<'_>,
    ) -> Result<bool, Failure> {
        let name = source.name();
        let damaged = |error| Failure::from(Trouble::in_recording(&name, &error));
        let mut selected = Selected::new(&self.selection, printer.groups_calls());
        if selected.needs_first_pass() {
            source.prepare_to_read_twice()?;
            let reader = Reader::new(source.open()?, schema, self.input.options()).map_err(damaged)?;
            // Damage ends this pass; the next one reports it.
            selected.learn(reader.map_while(Result::ok), &mut Shapes::new(schema));
        }
        let mut reader = Reader::new(source.open()?, schema, self.input.options()).map_err(damaged)?;
        printer.begin(several.then_some(name.as_str()), &reader);
        let mut pairing = Pairing::default();
        let mut window = Window::default();
        let mut shapes = Shapes::new(schema);
        let mut kept_any = selected.is_everything();
        let end = loop {
            let entry = match reader.read() {
                Ok(Some(entry)) => entry,
                Ok(None) => break None,
                Err(error) => break Some(damaged(error)),
            };
            let call = pairing.follow(&entry);
            if !selected.keeps(&entry, call) {
                continue;
            }
            kept_any = true;
            if printer.groups_calls() {
                let first = call.unwrap_or(entry.index()).0;
                let is_answered_once = shapes.is_answered_once(&entry, first);
                window.add(entry, call, is_answered_once);
                while let Some((call, ending)) = window.next() {
                    printer.call(&call, ending)?;
                }
            } else if let Some(refused) = printer.entry(&entry, call.err())? {
                break Some(Trouble::new(&name, refused).into());
            }
        };
        let ending = match end {
            Some(_) => Ending::Damage,
            None => Ending::EndOfRecording { unmatched: pairing.unmatched_requests() },
        };
        while let Some((call, ending)) = window.next_at_end(ending) {
            printer.call(&call, ending)?;
        }
        let is_whole = end.is_none();
        printer.end(is_whole, selected.is_everything());
        let losses = printer.notes.take_losses();
        if !losses.is_empty() {
            printer.output.flush()?;
        }
        for loss in losses {
            note("rpcreplay: ", &format!("{name}: note: {loss}"));
        }
        let flaws = printer.notes.take_flaws().map(|flaws| Trouble::new(&name, flaws));
        match (end, flaws) {
            (None, None) => Ok(kept_any),
            (None, Some(flaws)) => Err(flaws.into()),
            (Some(damage), None) => Err(damage),
            (Some(damage), Some(flaws)) => {
                printer.output.flush()?;
                report(&flaws);
                Err(damage)
            }
        }
    }

    /// Writes the initial state of the only recording.
    fn write_initial(&self, target: &Path) -> Result<Outcome, Failure> {
        let [path] = self.input.files.as_slice() else {
            usage(
                ErrorKind::TooManyValues,
                "--initial takes the initial state of one recording, and several are given",
            );
        };
        let mut source = Source::new(path);
        let name = source.name();
        let schema = Schema::builder().builtin(false).build();
        let reader = Reader::new(source.open()?, &schema, self.input.options())
            .map_err(|error| Trouble::in_recording(&name, &error))?;
        let initial = &reader.header().initial;
        if target.as_os_str() == "-" {
            refuse_commands("standard output", &io::stdout(), initial)?;
            let mut output = Output::new();
            output.buffer.extend_from_slice(initial);
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
            (self.bytes != BytesForm::Text, is_text, "--bytes", "text and raw"),
            (self.max_bytes.0 != Some(256), is_text, "--max-bytes", "text and raw"),
        ] {
            if given && !allowed {
                usage(ErrorKind::ArgumentConflict, &format!("{flag} is for --to {formats}"));
            }
        }
        if self.input.files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            usage(ErrorKind::ArgumentConflict, "standard input can be read once");
        }
    }
}

/// Ends the program as clap does when arguments are wrong.
fn usage(kind: ErrorKind, message: &str) -> ! {
    let mut command = Cli::command();
    command.build();
    let print = command.find_subcommand_mut("print").expect("it is this one");
    print.error(kind, message).exit()
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
    read.is_ok() && (matches!(&magic, b"RPCReplay" | b"RPCReTxt1") || magic.starts_with(b"\x1f\x8b"))
}

/// The output of the command, and how recordings become it.
struct Printer<'s> {
    output: Output,
    notes: Notes,
    view: View<'s>,
    /// How many recordings were begun.
    recordings: u64,
    /// How many entries or calls of this recording were printer.
    items: u64,
}

enum View<'s> {
    People { view: CallView<'s>, by_call: bool, colors: bool, options: ValueOptions },
    Programs { document: Document, walker: Walker<'s>, json: JsonShape },
}

impl<'s> Printer<'s> {
    fn new(print: &Print, schema: &'s Schema) -> Self {
        let walker = Walker::new(schema);
        let json = JsonShape {
            options: JsonOptions {
                proto_names: print.proto_names,
                enum_numbers: print.enum_numbers,
                emit_defaults: print.emit_defaults,
                strict: false,
            },
        };
        let options = ValueOptions { bytes: print.bytes, max_bytes: print.max_bytes.0 };
        let people = |walker, raw| View::People {
            view: CallView::new(walker, options, raw),
            by_call: print.group == Group::Call,
            colors: print.color.colors(),
            options,
        };
        let view = match print.to {
            To::Text => people(walker, false),
            To::Raw => people(walker, true),
            To::Fprint => View::Programs { document: Document::Fprint, walker, json },
            To::Prototext => View::Programs { document: Document::Prototext, walker, json },
            To::Json => View::Programs { document: Document::Json, walker, json },
            To::Jsonl => View::Programs { document: Document::Jsonl, walker, json },
        };
        Printer { output: Output::new(), notes: Notes::default(), view, recordings: 0, items: 0 }
    }

    fn groups_calls(&self) -> bool {
        matches!(self.view, View::People { by_call: true, .. })
    }

    fn begin_all(&mut self, several: bool) {
        if let View::Programs { document, .. } = &self.view {
            document.begin_all(several, &mut self.output.buffer);
        }
    }

    fn end_all(&mut self, several: bool) {
        if let View::Programs { document, .. } = &self.view {
            document.end_all(several, &mut self.output.buffer);
        }
    }

    fn begin<R: Read>(&mut self, name: Option<&str>, reader: &Reader<'_, R>) {
        let start = self.output.buffer.len();
        let is_first = self.recordings == 0;
        self.recordings += 1;
        self.items = 0;
        match &self.view {
            View::Programs { document, .. } => {
                document.begin(name, is_first, reader.header(), &mut self.output.buffer);
                self.output.make_safe(start);
            }
            View::People { colors, options, .. } => {
                let mut painter = Painter { out: &mut self.output.buffer, colors: *colors };
                show_header(name, is_first, reader, *options, &mut painter);
            }
        }
    }

    fn end(&mut self, is_whole: bool, is_everything: bool) {
        match &self.view {
            View::Programs { document, .. } => document.end(self.items > 0, &mut self.output.buffer),
            View::People { colors, .. } if self.items == 0 && is_whole => {
                let words = if is_everything { "\nno entries\n" } else { "\nnothing matches the selection\n" };
                Painter { out: &mut self.output.buffer, colors: *colors }.words(Role::Aside, words);
            }
            View::People { .. } => {}
        }
    }

    /// Shows a call.
    fn call(&mut self, call: &Call, ending: Ending) -> Result<(), Failure> {
        if let View::People { view, colors, .. } = &mut self.view {
            let mut painter = Painter { out: &mut self.output.buffer, colors: *colors };
            view.call(call, ending, &mut painter, &mut self.notes);
        }
        self.items += 1;
        self.output.offer()
    }

    /// Shows an entry, or says why the format has no form for it.
    fn entry(&mut self, entry: &Entry, unpaired: Option<Unpaired>) -> Result<Option<String>, Failure> {
        match &mut self.view {
            View::People { view, colors, .. } => {
                let mut painter = Painter { out: &mut self.output.buffer, colors: *colors };
                if self.items == 0 {
                    painter.plain("\n");
                }
                view.entry(entry, unpaired, &mut painter, &mut self.notes);
            }
            View::Programs { document, walker, json } => {
                let start = self.output.buffer.len();
                if let Some(flaw) = entry.flaw() {
                    if *document == Document::Fprint {
                        return Ok(Some(format!("entry {}: {flaw}; Fprint ends here", entry.index())));
                    }
                    self.notes.flaw(entry, flaw);
                }
                let out = &mut self.output.buffer;
                document.begin_entry(entry, self.items == 0, out);
                match document {
                    Document::Fprint => write_fprint(entry, walker, out, &mut self.notes),
                    Document::Prototext => write_prototext(entry, walker, out, &mut self.notes),
                    Document::Json | Document::Jsonl => write_json_entry(entry, *json, walker, out, &mut self.notes),
                }
                document.end_entry(out);
                self.output.make_safe(start);
            }
        }
        self.items += 1;
        self.output.offer()?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

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
