//! `rpcreplay list`: a line per call.

use std::io::Write;
use std::sync::Arc;
use std::{iter, mem};

use rpcreplay::entry::Entry;
use rpcreplay::format::Decoder;
use rpcreplay::query::{Selected, Unit};
use rpcreplay::schema::{Code, Schema, quote_json};
use rpcreplay::shapes::Shapes;
use rpcreplay::stats::Traffic;

use crate::args::{ColorWhen, Input, SchemaArgs, Selection, Sources, TableFormat};
use crate::batches::{Batch, Batches, passes};
use crate::course::Course;
use crate::evaluated::Evaluated;
use crate::failure::{Failure, Outcome, Trouble};
use crate::keeping::Keeping;
use crate::missing::UnknownServices;
use crate::ordered::{Ordered, on_threads};
use crate::output::{Output, escape_controls, terminal_width};
use crate::progress::Progress;
use crate::render::{Cell, Column, Notes, Painter, Role, Table, Yields, in_units, shorten_name, write_fields};
use crate::tally::{Note, Shape, Tallies, Tally};

/// List the calls of recordings, a line each
///
/// A line says the number of the call's first entry, its method, its shape, how it ended, and how many messages of how many
/// bytes were sent and received. It names what would not replay, with `!` in front; `print --index N` shows more. Calls come
/// in the order they began; an entry that belongs to none has a line of its own.
///
/// On a terminal this is a table, in which packages are shortened, and if that is not enough columns left out. Elsewhere the
/// fields are apart by tabs, without a title: file, number, method, shape, status, messages sent, bytes sent, messages
/// received, bytes received, remarks. `-` stands for what there is none of.
///
/// Shapes are unary, client-stream, server-stream and bidi-stream, of which a table shows the first word. Which one a stream
/// has, its descriptor tells; without it it is listed as `stream`.
///
/// The exit code is that of `print`.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls")]
#[command(after_help = "\
Examples:
  rpcreplay list calls.replay
  rpcreplay list --code '!OK' testdata/*.replay | cut -f 3 | sort | uniq -c")]
pub struct List {
    #[command(flatten)]
    input: Input,

    /// List in this format
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

impl List {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.input.refuse_to_read_twice("list");
        let sources = self.schema.load()?.for_good();
        let schema = &sources.schema;
        let output = Output::new();
        let threads = self.input.threads();
        let query = self.selection.query(&sources.schema)?;
        let progress = Progress::through(&self.input, passes(&query, Unit::Call), &output);
        let batches = Batches::new(&self.input, &query, Unit::Call, schema, progress.clone(), threads);
        let mut lister = Lister::new(self, schema, output, progress);
        lister.begin_all();
        let lister = Ordered::new(lister);
        let stop = || {
            batches.close();
            lister.close();
        };
        on_threads(threads, stop, |more| {
            let mut decoder = Decoder::new(schema);
            while let Some(mut batch) = batches.next() {
                if batch.may_have_more {
                    more();
                }
                let (number, bytes) = (batch.number, batch.bytes());
                let entries = batches.decode(&mut batch, &mut decoder);
                if lister.with(number, |lister| lister.add(batch, &entries)).is_none() {
                    return;
                }
                batches.give_back(bytes);
            }
        });
        Ok(lister.into_inner().finish(sources))
    }
}

/// The output of the command, and how recordings become it, batch after batch.
struct Lister<'a> {
    schema: &'a Schema,
    course: Course,
    view: View,
    several: bool,
    /// How many recordings were begun.
    recordings: u64,
    recording: Option<Recording<'a>>,
    /// Services of streams, of which no descriptor tells the shape.
    unknown_services: UnknownServices,
    evaluated: Evaluated,
}

/// The recording that is being read.
struct Recording<'a> {
    name: Arc<str>,
    keeping: Keeping<'a>,
    shapes: Shapes<'a>,
    tallies: Tallies,
    notes: Notes,
    /// How many calls were listed.
    calls: u64,
}

enum View {
    /// What a terminal shows waits for its last row, which may be the widest.
    People { table: Table, totals: Totals, colors: bool },
    /// Fields apart by tabs.
    Fields,
    Json {
        /// Whether a terminal is watching.
        escapes: bool,
    },
}

#[derive(Default)]
struct Totals {
    failed: u64,
    marked: u64,
}

#[rustfmt::skip]
const COLUMNS: [Column; 9] = [
    Column { title: "#", is_number: true, yields: Yields::Never },
    Column { title: "METHOD", is_number: false, yields: Yields::Shortened(shorten_name) },
    Column { title: "SHAPE", is_number: false, yields: Yields::LeftOut(2) },
    Column { title: "STATUS", is_number: false, yields: Yields::Never },
    Column { title: "SENT", is_number: true, yields: Yields::LeftOut(3) },
    Column { title: "BYTES", is_number: true, yields: Yields::LeftOut(1) },
    Column { title: "RECV", is_number: true, yields: Yields::LeftOut(3) },
    Column { title: "BYTES", is_number: true, yields: Yields::LeftOut(1) },
    Column { title: "REMARKS", is_number: false, yields: Yields::LeftOut(4) },
];

impl<'a> Lister<'a> {
    fn new(list: &List, schema: &'a Schema, output: Output, progress: Progress) -> Self {
        let view = match list.format {
            TableFormat::Json => View::Json { escapes: output.is_terminal() },
            TableFormat::Table if output.is_terminal() => {
                View::People { table: Table::new(&COLUMNS), totals: Totals::default(), colors: list.color.colors() }
            }
            TableFormat::Table => View::Fields,
        };
        Lister {
            schema,
            course: Course::new(output, progress),
            view,
            several: list.input.files.len() > 1,
            recordings: 0,
            recording: None,
            unknown_services: UnknownServices::default(),
            evaluated: Evaluated::default(),
        }
    }

    /// Lists a batch, whose entries these are.
    fn add(&mut self, batch: Batch<'a>, entries: &[Entry]) {
        match batch.begins {
            Some(Err(trouble)) => return self.course.report(&trouble),
            Some(Ok(beginning)) => {
                self.begin(&batch.name);
                self.recording = beginning.selected.map(|selected| Recording::new(batch.name, selected, self.schema));
            }
            None => {}
        }
        let Some(mut recording) = self.recording.take() else { return };
        for entry in entries {
            recording.add(entry);
            while let Some(call) = recording.tallies.next() {
                self.call(&mut recording, &call);
            }
        }
        match batch.ends {
            None => self.recording = Some(recording),
            Some(result) => self.end(recording, &result),
        }
    }

    /// Lists the calls that were still waiting, and says how the recording ended.
    fn end(&mut self, mut recording: Recording<'_>, result: &Result<(), Trouble>) {
        while let Some(call) = recording.tallies.next_at_end() {
            self.call(&mut recording, &call);
        }
        self.end_view(&recording, result.is_ok());
        if let Some(flaws) = recording.notes.take_flaws() {
            self.course.report(&Trouble::new(&recording.name, flaws));
        }
        self.evaluated.add(&recording.name, &recording.keeping.selected);
        self.course.recording_ended(result, recording.keeping.kept_any);
    }

    fn finish(self, sources: &Sources) -> Outcome {
        let is_array = self.several && matches!(self.view, View::Json { .. });
        let outcome = self.course.finish(if is_array { b"]\n" } else { b"" });
        self.evaluated.tell(outcome != Outcome::NothingSelected);
        sources.advise(self.unknown_services.names());
        outcome
    }

    fn begin_all(&mut self) {
        if self.several && matches!(self.view, View::Json { .. }) {
            self.course.write(b"[\n");
        }
    }

    /// Shows what stands in front of the calls of a recording.
    fn begin(&mut self, name: &str) {
        let is_first = self.recordings == 0;
        self.recordings += 1;
        let mut part = Vec::new();
        match &self.view {
            View::People { colors, .. } if self.several => {
                let mut painter = Painter { out: &mut part, colors: *colors };
                if !is_first {
                    painter.plain("\n");
                }
                painter.name(Role::File, name.as_bytes());
                painter.plain("\n");
            }
            View::People { .. } | View::Fields => {}
            View::Json { escapes } => {
                part.extend_from_slice(if is_first { b"{\"file\":" } else { b",{\"file\":" });
                quote_json(&mut part, name);
                part.extend_from_slice(b",\"calls\":[");
                if *escapes {
                    escape_controls(&mut part);
                }
            }
        }
        self.course.write(&part);
    }

    fn call(&mut self, recording: &mut Recording<'_>, call: &Tally) {
        recording.calls += 1;
        if call.shape == Shape::Stream {
            self.unknown_services.add(&call.method);
        }
        let mut part = Vec::new();
        match &mut self.view {
            View::People { table, totals, .. } => {
                totals.failed += u64::from(call.code.is_some_and(|code| code != Code::OK));
                totals.marked += u64::from(call.notes.iter().any(|note| note.is_mark()));
                table.add(row(call));
            }
            View::Fields => {
                write_fields(iter::once(&*recording.name).chain(fields(call).iter().map(String::as_str)), &mut part);
            }
            View::Json { escapes } => {
                part.extend_from_slice(if recording.calls == 1 { b"\n" } else { b",\n" });
                write_json(call, &mut part);
                if *escapes {
                    escape_controls(&mut part);
                }
            }
        }
        self.course.write(&part);
    }

    /// Shows what stands behind the calls of a recording.
    fn end_view(&mut self, recording: &Recording<'_>, is_whole: bool) {
        let mut part = Vec::new();
        match &mut self.view {
            View::People { table, totals, colors } => {
                let table = mem::replace(table, Table::new(&COLUMNS));
                let totals = mem::take(totals);
                let mut painter = Painter { out: &mut part, colors: *colors };
                if recording.calls > 0 {
                    table.show(terminal_width(), &mut painter);
                    painter.words(Role::Aside, &format!("{}\n", totals.words(recording.calls)));
                } else if is_whole {
                    let is_everything = recording.keeping.selected.query().is_everything();
                    let words = if is_everything { "no calls\n" } else { "nothing matches the selection\n" };
                    painter.words(Role::Aside, words);
                }
            }
            View::Fields => {}
            View::Json { .. } => part.extend_from_slice(if recording.calls > 0 { b"\n]}\n" } else { b"]}\n" }),
        }
        self.course.write(&part);
    }
}

impl<'a> Recording<'a> {
    fn new(name: Arc<str>, selected: Selected<'a>, schema: &'a Schema) -> Self {
        Recording {
            name,
            keeping: Keeping::new(selected),
            shapes: Shapes::new(schema),
            tallies: Tallies::default(),
            notes: Notes::default(),
            calls: 0,
        }
    }

    /// Counts an entry, if it is kept.
    fn add(&mut self, entry: &Entry) {
        let Some(call) = self.keeping.keep(entry) else { return };
        if let Some(flaw) = entry.flaw() {
            self.notes.flaw(entry, flaw);
        }
        self.tallies.add(entry, call, &mut self.shapes);
    }
}

impl Totals {
    fn words(&self, calls: u64) -> String {
        let mut words = if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
        if self.failed > 0 {
            words += &format!(", {} failed", self.failed);
        }
        if self.marked > 0 {
            words += &format!(", {} would not replay", self.marked);
        }
        words
    }
}

/// What people see of a call.
fn row(call: &Tally) -> [Cell; 9] {
    let plain = |text: &str| Cell::new(Role::Index, text);
    let status = match call.code {
        Some(code) => Cell::new(if code == Code::OK { Role::Good } else { Role::Bad }, &code.to_string()),
        None => Cell::new(Role::Aside, "-"),
    };
    let is_marked = call.notes.iter().any(|note| note.is_mark());
    [
        plain(&call.first.to_string()),
        Cell::new(Role::Method, if call.method.is_empty() { "-" } else { &call.method }),
        // Below the title, in the little room that there is, `server` says enough.
        plain(call.shape.word().trim_end_matches("-stream")),
        status,
        plain(&call.sent.messages.to_string()),
        plain(&in_units(call.sent.bytes)),
        plain(&call.received.messages.to_string()),
        plain(&in_units(call.received.bytes)),
        Cell::new(if is_marked { Role::Mark } else { Role::Aside }, &remarks(call)),
    ]
}

/// The fields of a call for programs.
fn fields(call: &Tally) -> [String; 9] {
    let Tally { sent, received, .. } = call;
    [
        call.first.to_string(),
        call.method.clone(),
        call.shape.word(),
        call.code.map(|code| code.to_string()).unwrap_or_default(),
        sent.messages.to_string(),
        sent.bytes.to_string(),
        received.messages.to_string(),
        received.bytes.to_string(),
        remarks(call),
    ]
}

/// Appends a call as a JSON object on one line.
fn write_json(call: &Tally, out: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = write!(out, "{{\"index\":{}", call.first);
    if !call.method.is_empty() {
        out.extend_from_slice(b",\"method\":");
        quote_json(out, &call.method);
    }
    let _ = write!(out, ",\"shape\":\"{}\"", call.shape.word());
    if let Some(code) = call.code {
        let _ = match code.name() {
            Some(name) => write!(out, ",\"status\":\"{name}\""),
            None => write!(out, ",\"status\":{}", code.0),
        };
    }
    for (direction, Traffic { messages, bytes }) in [("sent", call.sent), ("received", call.received)] {
        let _ = write!(out, ",\"{direction}Messages\":{messages},\"{direction}Bytes\":{bytes}");
    }
    for (name, is_mark) in [("marks", true), ("remarks", false)] {
        let words: Vec<_> =
            call.notes.iter().filter(|note| note.is_mark() == is_mark).map(|note| note.words()).collect();
        if !words.is_empty() {
            let _ = write!(out, ",\"{name}\":[\"{}\"]", words.join("\",\""));
        }
    }
    out.push(b'}');
}

/// The remarks on a call, those on what would not replay behind `!`.
fn remarks(call: &Tally) -> String {
    let words = |note: &Note| if note.is_mark() { format!("! {}", note.words()) } else { note.words().to_owned() };
    call.notes.iter().map(words).collect::<Vec<_>>().join(", ")
}
