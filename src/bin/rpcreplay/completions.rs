//! `rpcreplay completions`: what a shell needs to complete the command line.

use clap::CommandFactory;

use crate::Cli;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// Write the completions of a shell to standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay completions bash > ~/.local/share/bash-completion/completions/rpcreplay
  rpcreplay completions fish > ~/.config/fish/completions/rpcreplay.fish")]
pub struct Completions {
    /// Shell to write them for
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

impl Completions {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "rpcreplay", &mut script);
        let mut output = Output::new();
        output.write(&script)?;
        output.flush()?;
        Ok(Outcome::Fine)
    }
}
