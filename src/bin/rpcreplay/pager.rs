//! [`Pager`]: the program that shows long output a screen at a time.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::mem;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::failure::{hold_notes, note, release_notes};

/// The pager of those who have set none.
const DEFAULT_PAGER: &str = "less";

/// What `less` does unless LESS is set: show colours, and end by itself where the output fits on the screen, which it
/// leaves as it is. Source: git does the same.
const DEFAULT_LESS: &str = "FRX";

/// More than a pipe takes before anybody reads from it. Source: pipe(7).
const PIPE_BYTES: usize = 64 * 1024;

/// Writes to `$PAGER`, and to standard output if that can't be run.
pub struct Pager {
    name: OsString,
    state: State,
    /// What was written so far, as long as a pager that was never there can't be told from one that has not read it yet.
    unread: Option<Vec<u8>>,
}

enum State {
    Running(Running),
    /// It ended, or was quit.
    Ended,
    /// It can't be run, and standard output is written to.
    LeftOut,
}

struct Running {
    pipe: ChildStdin,
    end: JoinHandle<io::Result<ExitStatus>>,
}

impl Pager {
    /// Starts the pager, unless the user wants none.
    ///
    /// Until it ends, what is to be said on standard error waits, and Ctrl-C is for the pager alone.
    pub fn start() -> Option<Pager> {
        // Elsewhere there is neither `sh` nor, as a rule, `less`.
        if !cfg!(unix) {
            return None;
        }
        let name = env::var_os("PAGER").unwrap_or_else(|| DEFAULT_PAGER.into());
        if name == "cat" || name.as_encoded_bytes().trim_ascii().is_empty() {
            return None;
        }
        let mut pager = Pager { state: State::LeftOut, unread: Some(Vec::new()), name };
        match Running::start(&pager.name) {
            Ok(running) => {
                hold_notes();
                pager.state = State::Running(running);
            }
            Err(error) => pager.say_why(&error.to_string()),
        }
        Some(pager)
    }

    /// Writes to the pager, or to standard output if it turns out that there is none.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let running = match &mut self.state {
            State::Running(running) => running,
            State::LeftOut => return write_directly(bytes),
            State::Ended => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        if let Some(unread) = &mut self.unread {
            unread.extend_from_slice(bytes);
        }
        match running.pipe.write_all(bytes) {
            Ok(()) => {
                self.unread.take_if(|unread| unread.len() > PIPE_BYTES);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.end()?;
                if matches!(self.state, State::LeftOut) { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for the pager to end. If it turns out that it could not be run, standard output is written to in its place.
    fn end(&mut self) -> io::Result<()> {
        /// How a shell ends that can't run a command, or does not find it. Source: POSIX, "Exit Status for Commands".
        const NOT_RUN: [Option<i32>; 2] = [Some(126), Some(127)];

        let State::Running(Running { pipe, end }) = mem::replace(&mut self.state, State::Ended) else { return Ok(()) };
        drop(pipe);
        let status = end.join();
        release_notes();
        let is_not_run = matches!(status, Ok(Ok(status)) if NOT_RUN.contains(&status.code()));
        match self.unread.take() {
            Some(unread) if is_not_run => {
                self.state = State::LeftOut;
                self.say_why("the shell can't run it");
                write_directly(&unread)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn say_why(&self, reason: &str) {
        note("rpcreplay: ", &format!("the pager `{}` is left out: {reason}", self.name.display()));
        note("hint: ", "set PAGER to another one or to `cat`, or use --no-pager");
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        // Whether standard output can be written to is of no interest to anybody any more.
        let _ = self.end();
    }
}

impl Running {
    fn start(name: &OsStr) -> io::Result<Running> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(name).stdin(Stdio::piped());
        if env::var_os("LESS").is_none() {
            shell.env("LESS", DEFAULT_LESS);
        }
        // The terminal sends Ctrl-C to both programs, and `less` goes on. If this one ended, the shell would take the
        // terminal back from under it. Once nobody pages any more, Ctrl-C ends the program again.
        let has_ended = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, Arc::clone(&has_ended))?;
        let mut child = shell.spawn()?;
        let pipe = child.stdin.take().expect("it was asked for");
        let end = thread::spawn(move || {
            let status = child.wait();
            has_ended.store(true, Ordering::SeqCst);
            status
        });
        Ok(Running { pipe, end })
    }
}

fn write_directly(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}
