//! `rpcreplay git`: recordings as `git diff`, `git show` and `git log -p` show them.

mod attributes;
mod canonical;
mod driver;
mod install;
mod patterns;
mod place;
mod repository;
mod settings;
mod status;
mod textconv;

pub use repository::{ask, ask_about, git, paths_of, refusal};

use clap::Subcommand;

use crate::failure::{Failure, Outcome};

/// Have git show what changed in recordings
///
/// `git diff` then asks the diff driver; `git show`, `git log -p`, `git blame` and `git grep --textconv` ask the textconv.
/// `git add -p` asks neither: it takes or leaves a recording as a whole.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay git install
  rpcreplay git status")]
pub struct Git {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Install(install::Install),
    Uninstall(install::Uninstall),
    Status(status::Status),
    Textconv(textconv::Textconv),
    DiffDriver(driver::DiffDriver),
}

impl Git {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        match &self.command {
            Command::Install(install) => install.run(),
            Command::Uninstall(uninstall) => uninstall.run(),
            Command::Status(status) => status.run(),
            Command::Textconv(textconv) => textconv.run(),
            Command::DiffDriver(driver) => driver.run(),
        }
    }
}
