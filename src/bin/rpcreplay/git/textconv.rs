//! `rpcreplay git textconv`: a recording as text, for git.

use std::path::{Path, PathBuf};

use rpcreplay::schema::Schema;

use super::canonical::text_of;
use crate::args::{SchemaArgs, Sources};
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::output::{Output, escape_controls};

/// Write a recording as text that can be compared line by line (git calls it)
///
/// The text is the same for the same content, whatever the format, the compression and the order of maps. Entries stand with
/// their call, and have no numbers, so that nothing but what changed differs. Values are whole.
///
/// Git ends when a textconv fails, so what is no recording is written as it is: an httpreplay log, a git-LFS pointer, a file with
/// conflict markers. So is a recording as text or JSON that can't be read to its end. Of others what is whole is written, then
/// where the damage is.
///
/// Message types are those of the nearest rpcreplay.toml and the built-in ones; without the former, if it can't be read, which is
/// then said on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay git textconv calls.replay
  git config diff.rpcreplay.textconv 'rpcreplay git textconv --'")]
pub struct Textconv {
    /// File to show
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Textconv {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut text = convert(&self.file, &sources().schema)?;
        let mut output = Output::new();
        if output.is_terminal() {
            escape_controls(&mut text);
        }
        output.write(&text)?;
        output.flush()?;
        Ok(Outcome::Fine)
    }
}

/// The text of a file, or the file as it is.
pub fn convert(path: &Path, schema: &Schema) -> Result<Vec<u8>, Trouble> {
    let bytes = std::fs::read(path).map_err(|error| Trouble::new(&name_of(path), error))?;
    Ok(text_of(&bytes, schema).unwrap_or(bytes))
}

/// The types of the project file and the built-in ones; the latter alone if the former can't be read.
pub fn sources() -> &'static Sources {
    let sources = SchemaArgs::default().load().or_else(|trouble| {
        note("rpcreplay: ", &trouble.message);
        note("hint: ", "types are looked up in the built-in ones alone; what git keeps of that is dropped by: rpcreplay git install");
        SchemaArgs { no_config: true, ..SchemaArgs::default() }.load()
    });
    sources.unwrap_or_else(|_| Sources::builtin()).for_good()
}
