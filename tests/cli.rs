//! Documents whose examples are run, and generated files that are compared.
//!
//! In a block marked `console` every line that begins with `$ ` is run by the shell, in a folder of its own in which
//! `tests/` can be read. What it writes, standard error included, must be what follows, and `[exit N]` at the end if it
//! does not succeed. `UPDATE=1 cargo test` writes what was found into the files; read the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const DOCUMENTS: &[&str] = &["README.md", "tests/cli"];

/// Documents about real recordings, which the folder that `RPCREPLAY_CORPUS` names holds.
const DOCUMENTS_OF_CORPUS: &str = "tests/cli/pairs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a file with what it should be, or makes it so.
fn compare(path: &Path, found: &str) -> Result<(), String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("a writable project");
        fs::write(path, found).expect("a writable project");
        return Ok(());
    }
    let differs = |(a, b): &(&str, &str)| a != b;
    let line = expected.lines().zip(found.lines()).position(|pair| differs(&pair));
    let line = line.unwrap_or(expected.lines().count().min(found.lines().count()));
    let show = |text: &str| text.lines().skip(line).take(8).collect::<Vec<_>>().join("\n    ");
    let path = path.display();
    Err(format!("{path}:{}:\n  expected\n    {}\n  found\n    {}", line + 1, show(&expected), show(found)))
}

/// Runs a line in the shell, and returns what a terminal would show.
fn run(line: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_rpcreplay")).parent().expect("it stands in a folder").display();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec 2>&1\n{line}")).current_dir(folder);
    shell.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", folder);
    // What git is told on this machine is nothing to the documents.
    shell.env("GIT_CONFIG_NOSYSTEM", "1");
    let output = shell.output().expect("a shell");
    let mut shown = String::from_utf8_lossy(&output.stdout).into_owned();
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push('\n');
    }
    match output.status.code() {
        Some(0) => shown,
        Some(code) => shown + &format!("[exit {code}]\n"),
        None => shown + "[killed]\n",
    }
}

/// The document with what its commands write today, given folders that they can read under these names.
fn rerun(document: &str, folders: &[(&str, PathBuf)]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, target) in folders {
        std::os::unix::fs::symlink(target, folder.path().join(name)).expect("a link");
    }
    let mut found = String::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        found += &format!("{line}\n");
        if line != "```console" {
            continue;
        }
        for line in lines.by_ref() {
            if let Some(command) = line.strip_prefix("$ ") {
                found += &format!("{line}\n{}", run(command, folder.path()));
            } else if line == "```" {
                found += "```\n";
                break;
            }
        }
    }
    found
}

#[test]
fn documents_tell_the_truth() {
    check(DOCUMENTS, &[("tests", root().join("tests"))], 20);
}

#[test]
fn documents_tell_the_truth_about_real_recordings() {
    let Some(corpus) = std::env::var_os("RPCREPLAY_CORPUS") else {
        eprintln!("skipped: RPCREPLAY_CORPUS does not name the folder with real recordings");
        return;
    };
    check(&[DOCUMENTS_OF_CORPUS], &[("pairs", Path::new(&corpus).join("pairs"))], 10);
}

/// Checks documents, which have more than so many commands.
fn check(places: &[&str], folders: &[(&str, PathBuf)], least: usize) {
    let mut commands = 0;
    let mut wrong = Vec::new();
    for place in places {
        let place = root().join(place);
        let mut files = match fs::read_dir(&place) {
            Ok(folder) => folder.map(|entry| entry.expect("a readable folder").path()).collect(),
            Err(_) => vec![place],
        };
        files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
        for file in files {
            if file.ends_with("git.md") && Command::new("git").arg("version").output().is_err() {
                eprintln!("skipped: {}: there is no git", file.display());
                continue;
            }
            let document = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            commands += document.lines().filter(|line| line.starts_with("$ ")).count();
            wrong.extend(compare(&file, &rerun(&document, folders)).err());
        }
    }
    assert!(commands > least, "only {commands} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn completions_are_those_of_the_program() {
    for (shell, file) in [
        ("bash", "rpcreplay.bash"),
        ("zsh", "_rpcreplay"),
        ("fish", "rpcreplay.fish"),
        ("powershell", "_rpcreplay.ps1"),
        ("elvish", "rpcreplay.elv"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_rpcreplay")).args(["completions", shell]).output();
        let found = String::from_utf8(output.expect("the program starts").stdout).expect("UTF-8");
        assert!(found.contains("rpcreplay"));
        compare(&root().join("completions").join(file), &found).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

#[test]
fn manual_pages_are_those_of_the_program() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let status = Command::new(env!("CARGO_BIN_EXE_rpcreplay")).arg("man").arg(folder.path()).status();
    assert!(status.expect("the program starts").success());
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    for name in names(folder.path()) {
        let found = fs::read_to_string(folder.path().join(&name)).expect("a page");
        compare(&root().join("man").join(&name), &found).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    assert_eq!(names(&root().join("man")), names(folder.path()), "pages of commands that are gone");
}
