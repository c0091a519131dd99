//! `rpcreplay schema`: what is known of message types, and from where; and naming those of recordings.

mod find;
mod list;
mod retype;
mod show;
mod used;

use clap::Subcommand;

use crate::args::ColorWhen;
use crate::failure::{Failure, Outcome};
use crate::output::terminal_width;
use crate::render::{Cell, Column, Painter, Table, write_fields};

/// Say which message types are known, from where, and which ones recordings use, and name them there
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay schema find '*SecretVersion*'
  rpcreplay schema used testdata/*.replay")]
pub struct Schema {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Find(find::Find),
    Show(show::Show),
    Used(used::Used),
    Retype(retype::Retype),
}

impl Schema {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        match &self.command {
            Command::List(list) => list.run(),
            Command::Find(find) => find.run(),
            Command::Show(show) => show.run(),
            Command::Used(used) => used.run(),
            Command::Retype(retype) => retype.run(),
        }
    }
}

/// Appends rows: a table as wide as the terminal, or for programs a line of fields each.
fn write_rows(columns: &[Column], rows: impl Iterator<Item = Vec<Cell>>, is_terminal: bool, out: &mut Vec<u8>) {
    if !is_terminal {
        rows.for_each(|row| write_fields(row.iter().map(Cell::text), out));
        return;
    }
    let mut table = Table::new(columns);
    let mut is_empty = true;
    for row in rows {
        is_empty = false;
        table.add(row);
    }
    if !is_empty {
        table.show(terminal_width(), &mut Painter { out, colors: ColorWhen::Auto.colors() });
    }
}
