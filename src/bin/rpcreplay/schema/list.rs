//! `rpcreplay schema list`: the sources of message types.

use std::io::Write;

use rpcreplay::schema::{DefinitionKind, SourceSummary, quote_json};

use crate::args::{SchemaArgs, TableFormat};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, escape_controls};
use crate::render::{Cell, Column, Role, Yields};

use super::write_rows;

/// List the sources of message types, in the order in which they are asked
///
/// Of several sources the first that knows a type counts: those that flags name, then those of the project file, then the
/// built-in ones.
///
/// On a terminal a table; elsewhere a line each, fields apart by tabs: kind, name, where it was named, and how many files,
/// messages, enums, services and methods it has.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay schema list
  rpcreplay schema list --protoset acme.binpb --format json")]
pub struct List {
    /// Write the list in this format
    #[arg(long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    format: TableFormat,

    #[command(flatten)]
    schema: SchemaArgs,
}

/// What is counted of a source, in the order of its columns.
const COUNTED: [(DefinitionKind, &str); 4] = [
    (DefinitionKind::Message, "messages"),
    (DefinitionKind::Enum, "enums"),
    (DefinitionKind::Service, "services"),
    (DefinitionKind::Method, "methods"),
];

struct Row {
    source: SourceSummary,
    named: String,
    counts: [usize; 4],
}

impl List {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let sources = self.schema.load()?;
        let summaries = sources.schema.sources().into_iter().zip(sources.named);
        let mut rows: Vec<_> = summaries.map(|(source, named)| Row { source, named, counts: [0; 4] }).collect();
        for definition in sources.schema.definitions() {
            if let Some(column) = COUNTED.iter().position(|&(kind, _)| kind == definition.kind) {
                rows[definition.source].counts[column] += 1;
            }
        }
        let mut output = Output::new();
        let mut list = Vec::new();
        match self.format {
            TableFormat::Table => write_rows(&COLUMNS, rows.iter().map(cells_of), output.is_terminal(), &mut list),
            TableFormat::Json => {
                write_json(&rows, &mut list);
                if output.is_terminal() {
                    escape_controls(&mut list);
                }
            }
        }
        output.write(&list)?;
        output.flush()?;
        Ok(Outcome::Fine)
    }
}

const COLUMNS: [Column; 8] = [
    Column { title: "SOURCE", is_number: false, yields: Yields::Never },
    Column { title: "NAME", is_number: false, yields: Yields::Shortened(shorten_path) },
    Column { title: "NAMED BY", is_number: false, yields: Yields::Never },
    Column { title: "FILES", is_number: true, yields: Yields::LeftOut(1) },
    Column { title: "MESSAGES", is_number: true, yields: Yields::Never },
    Column { title: "ENUMS", is_number: true, yields: Yields::LeftOut(1) },
    Column { title: "SERVICES", is_number: true, yields: Yields::LeftOut(2) },
    Column { title: "METHODS", is_number: true, yields: Yields::LeftOut(2) },
];

fn cells_of(row: &Row) -> Vec<Cell> {
    let words = [row.source.kind.to_string(), row.source.name.clone(), row.named.clone()];
    let numbers = [row.source.files].into_iter().chain(row.counts).map(|count| count.to_string());
    words.into_iter().chain(numbers).map(|text| Cell::new(Role::Kind, &text)).collect()
}

/// The end of a path, from the folder on that leaves it short enough; its last part in any case.
fn shorten_path(path: &str, width: usize) -> String {
    let ends = path.match_indices('/').map(|(at, _)| format!("…{}", &path[at..]));
    let last = path.rsplit('/').next().unwrap_or(path).to_owned();
    [path.to_owned()].into_iter().chain(ends).find(|end| end.chars().count() <= width).unwrap_or(last)
}

fn write_json(rows: &[Row], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"sources\":[");
    for (number, row) in rows.iter().enumerate() {
        out.extend_from_slice(if number == 0 { b"\n{\"kind\":" } else { b",\n{\"kind\":" });
        quote_json(out, &row.source.kind.to_string());
        out.extend_from_slice(b",\"name\":");
        quote_json(out, &row.source.name);
        out.extend_from_slice(b",\"namedBy\":");
        quote_json(out, &row.named);
        // Writing to a vector does not fail.
        let _ = write!(out, ",\"files\":{}", row.source.files);
        for ((_, name), count) in COUNTED.iter().zip(row.counts) {
            let _ = write!(out, ",\"{name}\":{count}");
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"\n]}\n");
}
