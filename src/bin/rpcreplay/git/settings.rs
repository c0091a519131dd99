//! What is set in git's configuration: the [`Setting`]s, which install, uninstall and status share.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::failure::Trouble;

/// What attributes call the driver: `*.replay diff=rpcreplay`.
pub const ATTRIBUTE: &str = "diff=rpcreplay";

/// The notes in which git keeps what the textconv wrote of a blob.
pub const CACHE_REF: &str = "refs/notes/textconv/rpcreplay";

/// Since which version git looks at `trustExitCode`. Source: the release notes of 2.46.
pub const TRUSTS_EXIT_CODES: (u32, u32) = (2, 46);

/// A setting of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The command that makes text of a recording.
    Textconv,
    /// Whether git keeps what that wrote.
    CacheTextconv,
    /// Which lines of that text stand behind the `@@` of a difference: those of methods, as functions do.
    FunctionName,
    /// The command that compares two recordings.
    Command,
    /// Whether that command's exit code says that recordings differ.
    TrustExitCode,
}

impl Setting {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Setting; 5] =
        [Setting::Textconv, Setting::CacheTextconv, Setting::FunctionName, Setting::Command, Setting::TrustExitCode];

    /// The key in git's configuration.
    pub fn key(self) -> &'static str {
        match self {
            Setting::Textconv => "diff.rpcreplay.textconv",
            Setting::CacheTextconv => "diff.rpcreplay.cachetextconv",
            Setting::FunctionName => "diff.rpcreplay.xfuncname",
            Setting::Command => "diff.rpcreplay.command",
            Setting::TrustExitCode => "diff.rpcreplay.trustExitCode",
        }
    }

    /// What it is set to, with this program.
    pub fn value(self, program: &str) -> String {
        match self.kind() {
            // A file whose name begins with a dash is no flag.
            ValueKind::Runs(subcommand) => format!("{program} git {subcommand} --"),
            ValueKind::Is(value) => value.to_owned(),
        }
    }

    /// Whether a value is one that install sets, with whatever program.
    pub fn is_ours(self, value: &str) -> bool {
        let subcommand = match self.kind() {
            ValueKind::Runs(subcommand) => subcommand,
            ValueKind::Is(expected) => return value == expected,
        };
        let Some(words) = shlex::split(value) else { return false };
        let [program, rest @ ..] = words.as_slice() else { return false };
        let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
        name.strip_suffix(".exe").unwrap_or(name) == "rpcreplay" && rest == ["git", subcommand, "--"]
    }

    /// Whether it is a command, without which the rest is of no use.
    pub fn is_command(self) -> bool {
        matches!(self.kind(), ValueKind::Runs(_))
    }

    fn kind(self) -> ValueKind {
        match self {
            Setting::Textconv => ValueKind::Runs("textconv"),
            Setting::Command => ValueKind::Runs("diff-driver"),
            Setting::FunctionName => ValueKind::Is("^/.*$"),
            Setting::CacheTextconv | Setting::TrustExitCode => ValueKind::Is("true"),
        }
    }
}

/// What a setting is set to.
enum ValueKind {
    /// A command: this program with this subcommand of `rpcreplay git`.
    Runs(&'static str),
    /// Always the same.
    Is(&'static str),
}

/// The program as git's shell is to call it: by its name if PATH leads to this very program, else by its path.
pub fn program() -> Result<String, Trouble> {
    let this = env::current_exe().map_err(|error| Trouble::new("path of this program", error))?;
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if on_path("rpcreplay".as_ref()).is_some_and(|found| real(&found) == real(&this)) {
        return Ok("rpcreplay".to_owned());
    }
    let Some(path) = this.to_str() else {
        return Err(Trouble::new(&this.display().to_string(), "is no UTF-8, which git's configuration must be in")
            .with_hint("put the program on PATH"));
    };
    match shlex::try_quote(path) {
        Ok(quoted) => Ok(quoted.into_owned()),
        Err(error) => Err(Trouble::new(path, error)),
    }
}

/// The program that a command of git's configuration begins with, if it is there.
pub fn program_of(command: &str) -> Option<PathBuf> {
    let words = shlex::split(command)?;
    let path = Path::new(words.first()?);
    if path.components().count() > 1 {
        Some(path.to_owned()).filter(|path| path.is_file())
    } else {
        on_path(path.as_os_str())
    }
}

fn on_path(name: &OsStr) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut name = Path::new(name).to_owned();
    if !env::consts::EXE_EXTENSION.is_empty() {
        name.set_extension(env::consts::EXE_EXTENSION);
    }
    env::split_paths(&path).map(|folder| folder.join(&name)).find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::Setting;

    #[test]
    fn what_is_set_is_known_again() {
        for program in ["rpcreplay", "/usr/bin/rpcreplay", "'/opt/it'\"'\"'s here/rpcreplay'", "'C:\\x\\rpcreplay.exe'"]
        {
            for setting in Setting::ALL {
                assert!(setting.is_ours(&setting.value(program)), "{}", setting.value(program));
            }
        }
        for value in [
            "",
            "cat",
            "rpcreplay print",
            "rpcreplay git textconv",
            "my-rpcreplay git textconv --",
            "rpcreplay git diff-driver --",
            "'",
        ] {
            assert!(!Setting::Textconv.is_ours(value), "{value}");
        }
        assert!(!Setting::CacheTextconv.is_ours("false"));
    }
}
