//! `rpcreplay git diff-driver`: what `git diff` runs for two versions of a recording.
//!
//! Source: git(1), `GIT_EXTERNAL_DIFF`; git 2.47's `run_external_diff`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::IsTerminal;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use clap::error::ErrorKind as UsageError;

use rpcreplay::schema::{Schema, escape_go};

use super::patterns::is_recording;
use super::repository::{ask, config, is_at_least, path_of};
use super::settings::{Setting, TRUSTS_EXIT_CODES};
use super::textconv::{convert, sources};
use crate::diff::NoiseArgs;
use crate::failure::{Failure, Outcome, Trouble, in_folder, name_of, report, usage};
use crate::output::Output;

/// Show how two versions of a recording differ (git calls it)
///
/// Takes what git gives an external diff: path, old file, its object and mode, new file, its object and mode; behind these, for
/// what was renamed, the new path and git's words about it. The path alone is one in conflict. `/dev/null` is no file.
///
/// What is no recording on either side is compared as git does, line by line.
///
/// Git ends when an external diff fails, so the exit code is 0, whatever happened. If git is 2.46 or newer and
/// diff.rpcreplay.trustExitCode is true, it is 1 where something differs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git config diff.rpcreplay.command 'rpcreplay git diff-driver --'
  rpcreplay git diff-driver calls.replay old.replay . 100644 new.replay . 100644")]
pub struct DiffDriver {
    /// What git says: path, old file, object and mode, new file, object and mode, new path, words
    #[arg(value_name = "ARGUMENT", required = true)]
    arguments: Vec<OsString>,
}

/// What git names where there is no file.
const NO_FILE: &str = "/dev/null";

/// A version of a file.
pub struct Side {
    /// What it is called: its path in the repository, behind `a/` or `b/`.
    pub label: String,
    /// Where its content is; nowhere if there is no such version.
    pub path: Option<PathBuf>,
}

/// What git says of two versions.
struct Pair<'a> {
    old: Version<'a>,
    new: Version<'a>,
    /// What git says of a file that was renamed or copied.
    words: &'a OsStr,
}

struct Version<'a> {
    /// Its path in the repository.
    name: &'a Path,
    file: &'a Path,
    mode: &'a OsStr,
}

impl Version<'_> {
    fn side(&self, prefix: &str) -> Side {
        let path = Some(self.file.to_owned()).filter(|path| path != Path::new(NO_FILE));
        Side { label: format!("{prefix}{}", self.name.display()), path }
    }
}

impl DiffDriver {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let arguments: Vec<&OsStr> = self.arguments.iter().map(OsString::as_os_str).collect();
        let outcome = match arguments.as_slice() {
            [path] => say(format!("* Unmerged path {}\n", Path::new(path).display()))?,
            [path, old_file, _, old_mode, new_file, _, new_mode, rest @ ..] if matches!(rest.len(), 0 | 2) => {
                // Below folders that are compared, what is not there may be called `/dev/null`.
                let new_name = rest.first().filter(|_| *new_file != NO_FILE).unwrap_or(path);
                let old_name = if *old_file == NO_FILE { new_name } else { path };
                let words = rest.get(1).copied().unwrap_or_default();
                let version = |name, file, mode| Version { name: Path::new(name), file: Path::new(file), mode };
                let old = version(*old_name, *old_file, *old_mode);
                let new = version(*new_name, *new_file, *new_mode);
                show(&Pair { old, new, words })?
            }
            other => {
                let message = format!("found {} arguments, expected 1, 7 or 9, as git gives them", other.len());
                usage("git diff-driver", UsageError::WrongNumberOfValues, &message);
            }
        };
        Ok(if outcome == Outcome::Different && may_fail() { outcome } else { Outcome::Fine })
    }
}

/// Shows how two versions differ. Whatever is wrong with them is said, and no failure: git would show no further file.
fn show(pair: &Pair<'_>) -> Result<Outcome, Failure> {
    let (old, new) = (pair.old.side("a/"), pair.new.side("b/"));
    let schema = Schema::builder().builtin(false).build();
    let are_recordings = [&old, &new]
        .into_iter()
        .all(|side| side.path.as_ref().is_none_or(|path| is_recording(path, &schema).unwrap_or(false)));
    if are_recordings {
        say(head(pair, &old, &new))?;
        match compare(&old, &new) {
            Ok(outcome) => return Ok(outcome),
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            Err(Failure::Trouble(trouble)) => report(&trouble),
        }
    }
    show_lines(pair).unwrap_or_else(|trouble| report(&trouble));
    Ok(Outcome::Different)
}

/// Shows how two recordings differ, of which one may not be there.
fn compare(old: &Side, new: &Side) -> Result<Outcome, Failure> {
    let sources = sources();
    let noise = NoiseArgs::default().load(sources.project())?;
    crate::diff::show_versions(old.path.as_deref(), new.path.as_deref(), &sources.schema, &noise, wants_colors())
}

/// Whether git would write colours itself: to a terminal or through its pager, if color.diff and color.ui have nothing against
/// it.
fn wants_colors() -> bool {
    let is_watched = std::env::var_os("GIT_PAGER_IN_USE").is_some() || std::io::stdout().is_terminal();
    let is_watched = if is_watched { "true" } else { "false" };
    ask(&["config", "--get-colorbool", "color.diff", is_watched]).is_ok_and(|answer| answer == b"true\n")
}

/// What stands above a difference, as git has it.
fn head(pair: &Pair<'_>, old: &Side, new: &Side) -> String {
    let mut head = format!("diff --rpcreplay {} {}\n", old.label, new.label);
    let (old_mode, new_mode) = (pair.old.mode.to_string_lossy(), pair.new.mode.to_string_lossy());
    if old.path.is_none() {
        head += &format!("new file mode {new_mode}\n");
    } else if new.path.is_none() {
        head += &format!("deleted file mode {old_mode}\n");
    } else if old_mode != new_mode {
        head += &format!("old mode {old_mode}\nnew mode {new_mode}\n");
    }
    head + &pair.words.to_string_lossy()
}

/// Writes lines, in which nothing is left that a terminal would obey.
fn say(lines: String) -> Result<Outcome, Failure> {
    let mut output = Output::new();
    let mut escaped = Vec::new();
    for line in lines.lines() {
        escape_go(&mut escaped, line.as_bytes());
        escaped.push(b'\n');
    }
    output.write(&escaped)?;
    output.flush()?;
    Ok(Outcome::Different)
}

/// Has git compare two versions line by line, in their textconv.
///
/// They stand in a folder of their own below the names that they have in the repository, which git then shows.
fn show_lines(pair: &Pair<'_>) -> Result<(), Trouble> {
    let folder = tempfile::tempdir().map_err(|error| in_folder(&std::env::temp_dir(), &error))?;
    let (old, new) = (pair.old.side(""), pair.new.side(""));
    let schema = &sources().schema;
    let put = |side: &Side, below: &str| -> Result<PathBuf, Trouble> {
        let Some(path) = &side.path else { return Ok(NO_FILE.into()) };
        // Names come from git, which has none that lead elsewhere; but anybody may call this.
        let parts = Path::new(&side.label).components().filter(|part| matches!(part, Component::Normal(_)));
        let name = Path::new(below).join(parts.collect::<PathBuf>());
        let target = folder.path().join(&name);
        let text = convert(path, schema)?;
        let write = || {
            fs::create_dir_all(target.parent().expect("it is below the folder"))?;
            fs::write(&target, &text)
        };
        write().map_err(|error| in_folder(folder.path(), &error))?;
        Ok(name)
    };
    // With both there, the folders are the prefixes that git shows. Of one alone, git shows the path twice.
    let both = old.path.is_some() && new.path.is_some();
    let (old, new) = if both { (put(&old, "a")?, put(&new, "b")?) } else { (put(&old, "")?, put(&new, "")?) };
    let mut git = Command::new("git");
    git.current_dir(folder.path());
    // The colours and the algorithm that the repository asks for; there may be none.
    if let Ok(found) = ask(&["rev-parse", "--absolute-git-dir"]) {
        git.env("GIT_DIR", path_of(&found));
        git.env_remove("GIT_WORK_TREE");
    }
    git.args(["--no-pager", "diff", "--no-index", "--no-ext-diff", "--no-textconv"]);
    git.args(if both { &["--no-prefix"][..] } else { &["--src-prefix=a/", "--dst-prefix=b/"] });
    let status =
        git.arg("--").args([old, new]).stdin(Stdio::null()).status().map_err(|error| Trouble::new("git", error))?;
    match status.code() {
        Some(0 | 1) => Ok(()),
        Some(_) | None => Err(Trouble::new(&name_of(pair.new.name), format!("git diff --no-index: {status}"))),
    }
}

/// Whether git takes an exit code of 1 for a difference, and not for the end of everything.
fn may_fail() -> bool {
    let trusts = config(&["--type=bool"], Setting::TrustExitCode.key());
    trusts.is_ok_and(|value| value.is_some_and(|value| value == "true"))
        && is_at_least(TRUSTS_EXIT_CODES).unwrap_or(false)
}
