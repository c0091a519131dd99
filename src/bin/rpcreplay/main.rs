//! The command line of `rpcreplay`.

mod args;
mod completions;
mod failure;
mod man;
mod output;
mod print;
mod render;
mod select;
mod shapes;
mod source;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::{Failure, Outcome};

/// Read recordings of gRPC traffic made by Go's rpcreplay and grpcreplay
#[derive(Debug, Parser)]
#[command(name = "rpcreplay", version, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 fine, 1 nothing was selected, 2 trouble.

Examples:
  rpcreplay print calls.replay
  rpcreplay print --help")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Print(print::Print),
    Completions(completions::Completions),
    Man(man::Man),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Print(print) => print.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::NothingSelected) => ExitCode::from(1),
        Ok(Outcome::Reported) => ExitCode::from(2),
        // Whoever closed the pipe has seen enough; that is no trouble.
        Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Err(Failure::Trouble(trouble)) => {
            failure::report(&trouble);
            ExitCode::from(2)
        }
    }
}
