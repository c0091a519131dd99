//! What git says and does: [`git`], and the [`Repository`] of the working directory.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::failure::Trouble;

/// Runs git, which may answer with another exit code than 0.
pub fn git<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Output, Trouble> {
    command(arguments).stdin(Stdio::null()).output().map_err(|error| no_git(&error))
}

/// Runs git, which must succeed, and returns what it says.
pub fn ask<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Vec<u8>, Trouble> {
    let output = git(arguments)?;
    if output.status.success() { Ok(output.stdout) } else { Err(refusal(arguments, &output)) }
}

/// The same, giving git something to read.
pub fn ask_about<S: AsRef<OsStr>>(arguments: &[S], input: Vec<u8>) -> Result<Vec<u8>, Trouble> {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| no_git(&error))?;
    let mut stdin = child.stdin.take().expect("it was asked for");
    // Git answers before it has read everything, and would wait for its answers to be read. If it ends early, its exit code
    // says why.
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().map_err(|error| Trouble::new("git", error))?;
    let _ = writer.join();
    if output.status.success() { Ok(output.stdout) } else { Err(refusal(arguments, &output)) }
}

/// The trouble that git has.
pub fn refusal<S: AsRef<OsStr>>(arguments: &[S], output: &Output) -> Trouble {
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim_end().replace('\n', ", ");
    let said = if said.is_empty() { output.status.to_string() } else { said };
    Trouble::new(&format!("git {}", words.join(" ")), said)
}

fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new("git");
    command.args(arguments);
    command
}

fn no_git(error: &io::Error) -> Trouble {
    Trouble::new("git", error).with_hint("install git, or put it on PATH")
}

/// The value of a setting, if it has one; `scope` is `--local`, `--global` or nothing for what counts here.
pub fn config(scope: &[&str], key: &str) -> Result<Option<String>, Trouble> {
    let arguments: Vec<_> = ["config"].iter().chain(scope).copied().chain(["-z", "--get", key]).collect();
    let output = git(&arguments)?;
    match output.status.code() {
        Some(0) => Ok(Some(text_of(&output.stdout))),
        // Git's documentation: the section or key is invalid, or not set.
        Some(1) => Ok(None),
        Some(_) | None => Err(refusal(&arguments, &output)),
    }
}

fn text_of(answer: &[u8]) -> String {
    let answer = answer.strip_suffix(b"\0").or_else(|| answer.strip_suffix(b"\n")).unwrap_or(answer);
    String::from_utf8_lossy(answer).into_owned()
}

/// Whether git knows who commits. Who does not can read, but git ends when it is to write its cache of a textconv.
pub fn knows_committer() -> Result<bool, Trouble> {
    Ok(git(&["var", "GIT_COMMITTER_IDENT"])?.status.success() && git(&["var", "GIT_AUTHOR_IDENT"])?.status.success())
}

/// Whether git is at least this old, 2.46 for `(2, 46)`.
pub fn is_at_least(wanted: (u32, u32)) -> Result<bool, Trouble> {
    Ok(version(&text_of(&ask(&["version"])?)).is_some_and(|found| found >= wanted))
}

/// The first two numbers of what `git version` says: `git version 2.47.3`, `git version 2.39.5 (Apple Git-154)`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split(' ').nth(2)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The repository of the working directory.
#[derive(Debug)]
pub struct Repository {
    /// The top of the working tree; a bare repository has none.
    pub top: Option<PathBuf>,
    /// The file of attributes that belong to this copy of the repository alone.
    pub own_attributes: PathBuf,
}

impl Repository {
    /// Finds it, as git does.
    pub fn here() -> Result<Repository, Trouble> {
        let is_bare = ask(&["rev-parse", "--is-bare-repository"])
            .map_err(|trouble| trouble.with_hint("go into a repository, or use --global"))?;
        let own_attributes = path_of(&ask(&["rev-parse", "--git-path", "info/attributes"])?);
        if is_bare == b"true\n" {
            return Ok(Repository { top: None, own_attributes });
        }
        let output = git(&["rev-parse", "--show-toplevel"])?;
        if !output.status.success() {
            return Err(Trouble::new("working directory", "is git's own folder, expected a working tree")
                .with_hint("go to the top of the working tree"));
        }
        let top = path_of(&output.stdout);
        Ok(Repository { top: Some(top), own_attributes })
    }
}

/// The files of the working tree, tracked and new, from its top. Ignored ones are left out.
pub fn files(top: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"].map(OsStr::new);
    let mut files = paths_of(&ask(&[&[OsStr::new("-C"), top.as_os_str()][..], &arguments].concat())?);
    // What is in conflict has an entry for each side.
    files.sort();
    files.dedup();
    Ok(files)
}

/// The paths of an answer in which a NUL ends each.
pub fn paths_of(answer: &[u8]) -> Vec<PathBuf> {
    answer.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(|path| os_string(path).into()).collect()
}

/// The path of an answer in which a line feed ends it.
pub fn path_of(answer: &[u8]) -> PathBuf {
    os_string(answer.strip_suffix(b"\n").unwrap_or(answer)).into()
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    // Git writes paths in UTF-8 there.
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_have_two_numbers() {
        for (said, expected) in [
            ("git version 2.47.3", Some((2, 47))),
            ("git version 2.39.5 (Apple Git-154)", Some((2, 39))),
            ("git version 2.45.1.windows.1", Some((2, 45))),
            ("git version 3.0", Some((3, 0))),
            ("git version next", None),
            ("", None),
        ] {
            assert_eq!(version(said), expected, "{said}");
        }
        assert!(version("git version 2.100.0") > Some((2, 46)));
    }
}
