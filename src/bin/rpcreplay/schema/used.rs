//! `rpcreplay schema used`: the types and methods of recordings, and what resolves them.

use std::collections::BTreeMap;
use std::io::Write;
use std::mem;

use rpcreplay::entry::{Any, Entry, Payload};
use rpcreplay::format::Decoder;
use rpcreplay::query::{Query, Unit};
use rpcreplay::schema::{
    Flow, Layout, Malformed, Order, Place, Schema, Sink, Status, UnopenedAny, Unresolved, Walker, Wire, quote_json,
    read_any,
};
use rpcreplay::unnamed;

use crate::args::{Input, SchemaArgs, Sources, TableFormat};
use crate::batches::Batches;
use crate::course::Course;
use crate::failure::{Failure, Outcome, note};
use crate::ordered::{Ordered, on_threads};
use crate::output::{Output, escape_controls};
use crate::progress::Progress;
use crate::render::{Cell, Column, Role, Yields, shorten_name};

use super::write_rows;

/// How long a name may be that is counted by itself; what is longer names nothing.
const NAME_LIMIT_BYTES: usize = rpcreplay::schema::TYPE_NAME_LIMIT_BYTES;

/// Say which message types and methods recordings use, and which source knows each
///
/// Counted are the messages of all entries, those inside a google.protobuf.Any in them at any depth, and the details of
/// errors; and the calls of each method. On a terminal they are a table; elsewhere a line each, fields apart by tabs:
/// message or method, count, name, and source or `!` and the reason.
///
/// The exit code is 1 if a type or method is missing, 2 if a recording is damaged or unreadable.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay schema used testdata/*.replay
  rpcreplay schema used --format json calls.replay | jq -r '.types[] | select(.source == null).name'")]
pub struct Used {
    #[command(flatten)]
    input: Input,

    /// Write the list in this format
    #[arg(long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    format: TableFormat,

    #[command(flatten)]
    schema: SchemaArgs,
}

/// How often names were used.
#[derive(Default)]
struct Uses {
    types: BTreeMap<String, u64>,
    methods: BTreeMap<String, u64>,
}

/// A name, how often it was used, and the source that knows it.
struct Row {
    name: String,
    count: u64,
    /// Or why there is none.
    source: Result<String, String>,
}

impl Used {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.input.refuse_to_read_twice("schema used");
        let sources = self.schema.load()?;
        let output = Output::new();
        let is_terminal = output.is_terminal();
        let (uses, course) = self.count(&sources.schema, output);
        let types: Vec<_> = uses.types.into_iter().map(|(name, count)| row_of_type(name, count, &sources)).collect();
        let methods: Vec<_> =
            uses.methods.into_iter().map(|(name, count)| row_of_method(name, count, &sources)).collect();
        let mut list = Vec::new();
        match self.format {
            TableFormat::Table => {
                let messages = types.iter().map(|row| cells_of("message", row));
                let rows = messages.chain(methods.iter().map(|row| cells_of("method", row)));
                write_rows(&COLUMNS, rows, is_terminal, &mut list);
            }
            TableFormat::Json => {
                write_json(&types, &methods, &mut list);
                if is_terminal {
                    escape_controls(&mut list);
                }
            }
        }
        let mut outcome = course.finish(&list);
        if outcome == Outcome::Fine && types.iter().chain(&methods).any(|row| row.source.is_err()) {
            outcome = Outcome::Missing;
        }
        let missing_methods = methods.iter().filter(|row| row.source.is_err()).count();
        if sources.schema.unresolved().is_empty() && missing_methods > 0 {
            note("hint: ", "name a source that has the services, too: a set of messages alone does not know methods");
        }
        sources.advise(&[]);
        Ok(outcome)
    }

    /// Counts what the recordings use, and reports those that are damaged.
    fn count(&self, schema: &Schema, output: Output) -> (Uses, Course) {
        let everything = Query::default();
        let threads = self.input.threads();
        let progress = Progress::through(&self.input, 1, &output);
        let batches = Batches::new(&self.input, &everything, Unit::Entry, schema, progress.clone(), threads);
        // What follows damage may have been read before the damage was found; it is not counted.
        let is_whole = Ordered::new(false);
        let counted = Ordered::new((Uses::default(), Course::new(output, progress)));
        let stop = || {
            batches.close();
            is_whole.close();
            counted.close();
        };
        on_threads(threads, stop, |more| {
            let mut walker = Walker::new(schema);
            let mut decoder = Decoder::new(schema);
            while let Some(mut batch) = batches.next() {
                if batch.may_have_more {
                    more();
                }
                let (number, bytes) = (batch.number, batch.bytes());
                let entries = batches.decode(&mut batch, &mut decoder);
                let is_counted = is_whole.with(number, |is_whole| {
                    *is_whole = batch.begins.as_ref().map_or(*is_whole, Result::is_ok);
                    mem::replace(is_whole, *is_whole && batch.ends.is_none())
                });
                let mut uses = Uses::default();
                match is_counted {
                    Some(true) => entries.iter().for_each(|entry| uses.entry(entry, &mut walker)),
                    Some(false) => batch.ends = None,
                    None => return,
                }
                let added = counted.with(number, |(all, course)| {
                    all.add(uses);
                    if let Some(Err(trouble)) = &batch.begins {
                        course.report(trouble);
                    }
                    if let Some(result) = &batch.ends {
                        course.recording_ended(result, true);
                    }
                });
                if added.is_none() {
                    return;
                }
                batches.give_back(bytes);
            }
        });
        counted.into_inner()
    }
}

impl Uses {
    fn add(&mut self, other: Uses) {
        for (all, others) in [(&mut self.types, other.types), (&mut self.methods, other.methods)] {
            for (name, count) in others {
                *all.entry(name).or_default() += count;
            }
        }
    }

    fn entry(&mut self, entry: &Entry, walker: &mut Walker<'_>) {
        if !entry.method().is_empty() {
            count(&mut self.methods, entry.method());
        }
        match entry.payload() {
            Payload::Message(any) => self.message(any, walker),
            Payload::Error(any) => {
                self.message(any, walker);
                // A status needs no descriptor.
                if walker.schema().resolve(any.type_url).is_err()
                    && let Ok(status) = Status::read(any.value)
                {
                    let details = status.details.into_iter().filter_map(|detail| read_any(detail).ok());
                    details.for_each(|detail| self.message(detail, walker));
                }
            }
            Payload::Eof | Payload::Empty => {}
        }
    }

    /// Counts a message, and those in the `Any`s inside.
    fn message(&mut self, any: Any<'_>, walker: &mut Walker<'_>) {
        if any.type_name().is_empty() {
            return;
        }
        count(&mut self.types, unnamed::name(any.type_url));
        let Ok(layout) = walker.schema().resolve(any.type_url) else { return };
        let inside = walker.checked_if_needed(Malformed::in_any, |walker| {
            let mut sink = Inside::default();
            walker.walk(layout, any.value, &mut sink).map(|()| sink.names)
        });
        // What is no message of its type has nothing inside that can be told.
        inside.unwrap_or_default().iter().for_each(|name| count(&mut self.types, name));
    }
}

fn count(uses: &mut BTreeMap<String, u64>, name: &str) {
    let mut end = name.len().min(NAME_LIMIT_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    match uses.get_mut(&name[..end]) {
        Some(count) => *count += 1,
        None => drop(uses.insert(name[..end].to_owned(), 1)),
    }
}

/// Collects the types of the `Any`s inside a message.
#[derive(Default)]
struct Inside {
    names: Vec<String>,
}

impl Sink for Inside {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_any(&mut self, _: Place<'_>, any: Any<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.names.push(any.type_name().to_owned());
        Ok(Flow::Enter)
    }

    fn unopened_any(&mut self, _: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        if let Ok(type_url) = std::str::from_utf8(any.type_url) {
            self.names.push(Any { type_url, value: any.value }.type_name().to_owned());
        }
        Ok(Flow::Skip)
    }
}

fn row_of_type(name: String, count: u64, sources: &Sources) -> Row {
    let source = match sources.schema.resolve(&name) {
        Ok(_) => Ok(sources.schema.origin(&name).unwrap_or_default()),
        Err(Unresolved::Broken { error, .. }) => Err(error.to_string()),
        Err(Unresolved::Unknown(_) | Unresolved::EmptyUrl | Unresolved::NotUtf8) => Err("missing".to_owned()),
    };
    Row { name, count, source }
}

fn row_of_method(name: String, count: u64, sources: &Sources) -> Row {
    let source = sources.schema.origin_of_method(&name).ok_or_else(|| "missing".to_owned());
    Row { name, count, source }
}

const COLUMNS: [Column; 4] = [
    Column { title: "KIND", is_number: false, yields: Yields::LeftOut(1) },
    Column { title: "COUNT", is_number: true, yields: Yields::LeftOut(2) },
    Column { title: "NAME", is_number: false, yields: Yields::Shortened(shorten_name) },
    Column { title: "SOURCE", is_number: false, yields: Yields::Never },
];

fn cells_of(kind: &str, row: &Row) -> Vec<Cell> {
    let source = match &row.source {
        Ok(source) => Cell::new(Role::Aside, source),
        Err(reason) => Cell::new(Role::Mark, &format!("! {reason}")),
    };
    let count = row.count.to_string();
    vec![Cell::new(Role::Kind, kind), Cell::new(Role::Kind, &count), Cell::new(Role::Kind, &row.name), source]
}

fn write_json(types: &[Row], methods: &[Row], out: &mut Vec<u8>) {
    for (start, rows) in [("{\"types\":[", types), ("\n],\"methods\":[", methods)] {
        out.extend_from_slice(start.as_bytes());
        for (number, row) in rows.iter().enumerate() {
            out.extend_from_slice(if number == 0 { b"\n{\"name\":" } else { b",\n{\"name\":" });
            quote_json(out, &row.name);
            // Writing to a vector does not fail.
            let _ = write!(out, ",\"count\":{},\"source\":", row.count);
            match &row.source {
                Ok(source) => quote_json(out, source),
                Err(reason) => {
                    out.extend_from_slice(b"null,\"reason\":");
                    quote_json(out, reason);
                }
            }
            out.push(b'}');
        }
    }
    out.extend_from_slice(b"\n]}\n");
}
