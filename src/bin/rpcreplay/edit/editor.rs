//! The program that texts are edited with: [`Editor`].

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::failure::Trouble;

/// The editor of those who have set none. Source: git, and POSIX, where `vi` is always there.
const DEFAULT_EDITOR: &str = "vi";

/// An editor, as the environment names it.
pub struct Editor {
    name: OsString,
    is_default: bool,
    /// Whether Ctrl-C ends the program.
    may_be_interrupted: Arc<AtomicBool>,
}

impl Editor {
    /// The editor that VISUAL names, or else EDITOR.
    ///
    /// The terminal sends Ctrl-C to both programs, and as long as the editor runs it is for that. If this one ended, nobody
    /// would read what is saved, and the shell would take the terminal back from under the editor.
    pub fn of_environment() -> Result<Editor, Trouble> {
        let may_be_interrupted = Arc::new(AtomicBool::new(true));
        flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, Arc::clone(&may_be_interrupted))
            .map_err(|error| Trouble::new("Ctrl-C can't be left to the editor", error))?;
        let set = |variable| env::var_os(variable).filter(|name| !name.as_encoded_bytes().trim_ascii().is_empty());
        let name = set("VISUAL").or_else(|| set("EDITOR"));
        let is_default = name.is_none();
        Ok(Editor { name: name.unwrap_or_else(|| DEFAULT_EDITOR.into()), is_default, may_be_interrupted })
    }

    /// Opens a file in it, on the terminal that we have, and waits for its end.
    pub fn open(&self, file: &Path) -> Result<(), Trouble> {
        /// How a shell ends that can't run a command, or does not find it. Source: POSIX, "Exit Status for Commands".
        const NOT_RUN: [Option<i32>; 2] = [Some(126), Some(127)];

        let status = self.run(file).map_err(|error| self.not_run(error))?;
        if status.success() {
            return Ok(());
        }
        if NOT_RUN.contains(&status.code()) {
            return Err(self.not_run("the shell can't run it"));
        }
        let message = format!("the editor `{}` failed with {status}", self.name.display());
        Err(Trouble::plain(message))
    }

    /// Runs it through the shell as git does, so that it may be named with arguments.
    fn run(&self, file: &Path) -> std::io::Result<ExitStatus> {
        let mut command = self.name.clone();
        command.push(" \"$@\"");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).arg(&self.name).arg(file);
        self.may_be_interrupted.store(false, Ordering::SeqCst);
        let status = shell.status();
        self.may_be_interrupted.store(true, Ordering::SeqCst);
        status
    }

    fn not_run(&self, reason: impl Display) -> Trouble {
        let name = self.name.display();
        if self.is_default {
            let message =
                format!("there is no editor: neither VISUAL nor EDITOR is set, and `{name}` can't be started");
            return Trouble::new(&message, reason).with_hint("set EDITOR to the editor to use");
        }
        Trouble::new(&format!("the editor `{name}` can't be started"), reason)
            .with_hint("set VISUAL or EDITOR to another one")
    }
}
