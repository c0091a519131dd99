//! `rpcreplay man`: the manual, a page per command.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::Cli;
use crate::failure::{Failure, Outcome, Trouble, name_of};

/// Write the manual pages into a directory
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay man /usr/local/share/man/man1
  rpcreplay man . && man ./rpcreplay-print.1")]
pub struct Man {
    /// Directory to write `rpcreplay.1` and a page per command into; it must exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Man {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        match clap_mangen::generate_to(Cli::command(), &self.directory) {
            Ok(()) => Ok(Outcome::Fine),
            Err(error) => Err(Trouble::new(&name_of(&self.directory), error).into()),
        }
    }
}
