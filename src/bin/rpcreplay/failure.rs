//! What ends a command, and how it is told.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use clap::CommandFactory;

use rpcreplay::error::ErrorKind;
use rpcreplay::schema::{JsonFault, ParseFault, SourceError, Unresolved, escape_go};

use crate::Cli;

/// How a command ended that did not fail at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Fine,
    /// The selection left nothing.
    NothingSelected,
    /// Something that was asked for is not there.
    Missing,
    /// What was compared differs.
    Different,
    /// Something is there that should not be.
    Found,
    /// There is more of something than was allowed.
    Exceeded,
    /// Something failed and was reported; the rest was done.
    Reported,
}

/// What ends a command at once.
#[derive(Debug)]
pub enum Failure {
    /// Nobody reads standard output any more.
    BrokenPipe,
    /// Anything else.
    Trouble(Trouble),
}

/// A failure as people read it.
#[derive(Debug)]
pub struct Trouble {
    /// Where and what.
    pub message: String,
    /// Lines that show the place.
    pub shown: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What ended the reading of a recording, for whoever tells it in other words.
    pub error: Option<rpcreplay::Error>,
}

impl Trouble {
    /// Trouble without advice.
    pub fn plain(message: impl Into<String>) -> Self {
        Trouble { message: message.into(), shown: None, hint: None, error: None }
    }

    /// Trouble with a file.
    pub fn new(name: &str, error: impl Display) -> Self {
        Trouble::plain(format!("{name}: {}", without_number(&error.to_string())))
    }

    /// Trouble that the library found in a recording; where a flag helps, the hint names it.
    pub fn in_recording(name: &str, error: &rpcreplay::Error) -> Self {
        let flag = match error.kind() {
            ErrorKind::TooLong { .. } => Some(
                "allow longer ones with --max-record-size BYTES; of a damaged file rpcreplay repair saves what it can"
                    .to_owned(),
            ),
            ErrorKind::Truncated(_) | ErrorKind::Wire(_) if error.position().entry.is_some() => {
                return Trouble::new(name, error).with_hint("save what is whole with rpcreplay repair");
            }
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::IsADirectory => {
                return Trouble::new(name, error).with_hint("name the recordings in it, such as DIR/*.replay");
            }
            // What would help is said once, after everything else.
            ErrorKind::Prototext(ParseFault::Unresolved(Unresolved::Unknown(_)))
            | ErrorKind::Json { fault: JsonFault::Unresolved(Unresolved::Unknown(_)), .. } => {
                return Trouble::new(name, error);
            }
            _ => None,
        };
        let hint = error.hint().map(|hint| flag.unwrap_or(hint));
        Trouble { hint, ..Trouble::new(name, error) }
    }

    /// The same trouble, which ended the reading of the recording.
    pub fn that_ends(name: &str, error: rpcreplay::Error) -> Self {
        let trouble = Trouble::in_recording(name, &error);
        Trouble { error: Some(error), ..trouble }
    }

    /// The same trouble with where it comes from in front.
    pub fn within(self, place: &str) -> Self {
        Trouble { message: format!("{place}: {}", self.message), ..self }
    }

    /// The same trouble with advice.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Trouble { hint: Some(hint.into()), ..self }
    }
}

impl From<SourceError> for Trouble {
    fn from(error: SourceError) -> Self {
        Trouble { hint: error.hint(), ..Trouble::plain(error.to_string()) }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Failure::Trouble(trouble)
    }
}

impl Failure {
    /// Failure to write to standard output.
    pub fn of_output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Trouble::new("standard output", error).into(),
        }
    }
}

/// Ends the program because a command failed.
pub fn end(failure: &Failure) -> ! {
    std::process::exit(match failure {
        // Whoever closed the pipe has seen enough; that is no trouble.
        Failure::BrokenPipe => 0,
        Failure::Trouble(trouble) => {
            report(trouble);
            2
        }
    })
}

/// Prints trouble to standard error.
pub fn report(trouble: &Trouble) {
    note("rpcreplay: ", &trouble.message);
    for line in trouble.shown.iter().flat_map(|shown| shown.lines()) {
        note("  ", line);
    }
    if let Some(hint) = &trouble.hint {
        note("hint: ", hint);
    }
}

/// Prints a line to standard error, in which nothing is left that a terminal would obey.
pub fn note(prefix: &str, message: &str) {
    let mut line = prefix.as_bytes().to_vec();
    escape_go(&mut line, message.as_bytes());
    line.push(b'\n');
    match &mut *HELD.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(held) => held.extend(line),
        None => write_notes(&line),
    }
}

/// What was to be said since a pager took the terminal.
static HELD: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// From now on keeps what is to be said on a terminal, which somebody else writes to.
pub fn hold_notes() {
    if io::stderr().is_terminal() {
        HELD.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }
}

/// Says what was kept.
pub fn release_notes() {
    if let Some(held) = HELD.lock().unwrap_or_else(PoisonError::into_inner).take() {
        write_notes(&held);
    }
}

fn write_notes(lines: &[u8]) {
    // If standard error is closed there is nobody left to tell.
    let _ = io::stderr().write_all(lines);
}

/// Ends the program as clap does when the arguments of a command, such as `schema used`, are wrong.
pub fn usage(command: &str, kind: clap::error::ErrorKind, message: &str) -> ! {
    let mut cli = Cli::command();
    cli.build();
    let inner = |outer, name| clap::Command::find_subcommand_mut(outer, name).expect("it is the one that is running");
    command.split(' ').fold(&mut cli, inner).error(kind, message).exit()
}

/// A path as errors call it.
pub fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

/// Trouble with making a file in a folder, without the name of that file, which nobody knows.
pub fn in_folder(folder: &Path, error: &io::Error) -> Trouble {
    let words = error.to_string();
    let words = words.split_once(" at path ").map_or(&*words, |(words, _)| words);
    Trouble::new(&format!("folder {}", name_of(folder)), words)
}

/// The words of the operating system, without the number that Rust puts behind them.
fn without_number(message: &str) -> &str {
    match message.rfind(" (os error ") {
        Some(position) if message.ends_with(')') => &message[..position],
        _ => message,
    }
}
