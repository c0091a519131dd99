//! The command line of `rpcreplay`.

mod args;
mod batches;
mod check;
mod completions;
mod convert;
mod course;
mod destinations;
mod detectors;
mod diff;
mod edit;
mod evaluated;
mod failure;
mod file_names;
mod filter;
mod findings;
mod fingerprint;
mod folders;
mod git;
mod json_object;
mod keeping;
mod list;
mod man;
mod r#match;
mod merge;
mod missing;
mod network;
mod notes;
mod ordered;
mod output;
mod outputs;
mod pager;
mod print;
mod progress;
mod project;
mod read_back;
mod record;
mod redact;
mod render;
mod repair;
mod replaying;
mod rewrite;
mod schema;
mod serve;
mod source;
mod split;
mod stats;
mod tally;
mod target;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Outcome;

/// Read recordings of gRPC traffic made by Go's rpcreplay and grpcreplay
#[derive(Debug, Parser)]
#[command(name = "rpcreplay", version, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 fine, 1 nothing was selected, something is missing or found, a limit is exceeded, or recordings differ, 2 trouble.

Examples:
  rpcreplay list calls.replay
  rpcreplay print calls.replay
  rpcreplay diff old.replay new.replay
  rpcreplay print --help")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Print(Box<print::Print>),
    List(Box<list::List>),
    Stats(Box<stats::Stats>),
    Convert(Box<convert::Convert>),
    Diff(Box<diff::Diff>),
    Filter(Box<filter::Filter>),
    Merge(Box<merge::Merge>),
    Split(Box<split::Split>),
    Repair(Box<repair::Repair>),
    Redact(Box<redact::Redact>),
    Check(Box<check::Check>),
    Match(Box<r#match::Match>),
    Edit(Box<edit::Edit>),
    Serve(Box<serve::Serve>),
    Record(Box<record::Record>),
    Schema(Box<schema::Schema>),
    Git(git::Git),
    Completions(completions::Completions),
    Man(man::Man),
}

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        let code = error.exit_code();
        // A newcomer names a file and no command.
        let is_no_command = error.kind() == clap::error::ErrorKind::InvalidSubcommand;
        let first = std::env::args_os().nth(1).filter(|first| is_no_command && std::path::Path::new(first).exists());
        if error.print().is_err() {
            std::process::exit(2);
        }
        if let Some(file) = first {
            failure::note("hint: ", &format!("rpcreplay print {}", failure::name_of(file.as_ref())));
        }
        std::process::exit(code)
    });
    let result = match cli.command {
        Command::Print(print) => print.run(),
        Command::List(list) => list.run(),
        Command::Stats(stats) => stats.run(),
        Command::Convert(convert) => convert.run(),
        Command::Diff(diff) => diff.run(),
        Command::Filter(filter) => filter.run(),
        Command::Merge(merge) => merge.run(),
        Command::Split(split) => split.run(),
        Command::Repair(repair) => repair.run(),
        Command::Redact(redact) => redact.run(),
        Command::Check(check) => check.run(),
        Command::Match(r#match) => r#match.run(),
        Command::Edit(edit) => edit.run(),
        Command::Serve(serve) => serve.run(),
        Command::Record(record) => record.run(),
        Command::Schema(schema) => schema.run(),
        Command::Git(git) => git.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::NothingSelected | Outcome::Missing | Outcome::Different | Outcome::Found | Outcome::Exceeded) => {
            ExitCode::from(1)
        }
        Ok(Outcome::Reported) => ExitCode::from(2),
        Err(failure) => failure::end(&failure),
    }
}
