//! `rpcreplay diff -r`, and standard input as one side.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use super::{PROGRAM, SECRETS_DIFFER, changed_secrets, data};
use tempfile::TempDir;

/// Folders `old` and `new` with these files.
fn folders(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["old", "new"] {
        fs::create_dir(folder.path().join(name)).expect("a writable folder");
    }
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a writable folder");
        fs::write(path, bytes).expect("a writable folder");
    }
    folder
}

/// What `rpcreplay diff` writes, what it says on standard error, and its exit code; `old/a` is its standard input.
fn diff(folder: &TempDir, arguments: &[&str]) -> (String, String, i32) {
    let input = fs::File::open(folder.path().join("old/a")).map_or_else(|_| Stdio::null(), Stdio::from);
    let mut command = Command::new(PROGRAM);
    command.arg("diff").args(arguments).current_dir(folder.path()).env_clear().stdin(input);
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("an exit code"))
}

fn found(shown: &str, said: &str, code: i32) -> (String, String, i32) {
    (shown.to_owned(), said.to_owned(), code)
}

#[test]
fn files_belong_together_by_path_then_by_content() {
    let (secrets, changed) = (data("secrets.replay"), changed_secrets());
    let (pubsub, firestore) = (data("pubsub.replay"), data("firestore.replay"));
    let folder = folders(&[
        ("old/a", &secrets),
        ("new/a", &changed),
        ("old/sub/deep/a", &secrets),
        ("new/sub/deep/a", &secrets),
        // Others are like each other, too, but these have the path.
        ("old/moved", &secrets),
        ("new/elsewhere/moved", &changed),
        ("old/gone", &pubsub),
        ("new/came", &firestore),
        ("old/text", b"one"),
        ("new/text", b"two"),
        ("new/other text", b""),
    ]);
    symlink("a", folder.path().join("new/link")).expect("a link");
    symlink(".", folder.path().join("new/loop")).expect("a link");
    let shown = "a: 2 calls changed, 3 the same\n\
                 came: added, 4 calls\n\
                 moved → elsewhere/moved: 2 calls changed, 3 the same\n\
                 gone: removed, 4 calls\n\
                 5 recordings: 2 changed, 1 added, 1 removed, 1 the same\n";
    let note = "note: 2 files that are no recordings passed over\n";
    for (old, new) in [("old", "new"), ("old/", "./new//"), (".//old", "new/.")] {
        assert_eq!(diff(&folder, &["-r", "--stat", old, new]), found(shown, note, 1));
    }
    assert_eq!(diff(&folder, &["-r", "--brief", "old", "new"]).0, "a\ncame\nelsewhere/moved\ngone\n");
    assert_eq!(
        diff(&folder, &["-r", "old", "old"]),
        found("4 recordings: 0 changed, 4 the same\n", "note: 1 file that is no recording passed over\n", 0)
    );
    let folder = folders(&[]);
    let note = "note: no recordings were found\n";
    assert_eq!(diff(&folder, &["-r", "old", "new"]), found("0 recordings: 0 changed\n", note, 0));
}

#[test]
fn a_file_where_the_other_has_a_folder() {
    let (secrets, pubsub) = (data("secrets.replay"), data("pubsub.replay"));
    let folder = folders(&[("old/a", &secrets), ("new/a/b", &pubsub)]);
    let shown = "a: removed, 5 calls\na/b: added, 4 calls\n2 recordings: 0 changed, 1 added, 1 removed\n";
    assert_eq!(diff(&folder, &["-r", "--stat", "old", "new"]), found(shown, "", 1));
    let said = "rpcreplay: old/a: is a file, expected a folder\nhint: compare two recordings without -r\n";
    assert_eq!(diff(&folder, &["-r", "old/a", "new"]), found("", said, 2));
    assert_eq!(diff(&folder, &["-r", "new", "old/a"]), found("", said, 2));
    let said = "rpcreplay: nowhere: No such file or directory\n";
    assert_eq!(diff(&folder, &["-r", "old", "nowhere"]), found("", said, 2));
    let said = "rpcreplay: old: is a folder, and so is the other\nhint: compare them with -r\n";
    assert_eq!(diff(&folder, &["old", "new"]), found("", said, 2));
    // A folder stands for the file in it that is called like the other.
    let shown = "old/a → new/a/a: 2 calls changed, 3 the same\n";
    fs::write(folder.path().join("new/a/a"), changed_secrets()).expect("a writable folder");
    assert_eq!(diff(&folder, &["--stat", "old/a", "new/a"]), found(shown, "", 1));
}

#[test]
fn a_damaged_recording_hides_no_other() {
    let (secrets, changed) = (data("secrets.replay"), changed_secrets());
    let folder = folders(&[
        ("old/a", &secrets),
        ("new/a", &secrets[..900]),
        ("old/b", &secrets),
        ("new/b", &changed),
        ("old/only", &secrets[..900]),
    ]);
    let damage = "entry 5 at byte 795: input ends after 101 of the 208 bytes of the record\n\
                  hint: save what is whole with rpcreplay repair";
    let said = format!("rpcreplay: new/a: {damage}\nrpcreplay: old/only: {damage}\n");
    let shown = "b: 2 calls changed, 3 the same\n3 recordings: 1 changed, 2 unreadable\n";
    for flags in [&["-r", "--stat"][..], &["-r", "--stat", "--no-exit-code"]] {
        assert_eq!(diff(&folder, &[flags, &["old", "new"]].concat()), found(shown, &said, 2));
    }
}

#[test]
fn standard_input_is_one_side() {
    let (secrets, changed) = (data("secrets.replay"), changed_secrets());
    let folder = folders(&[("old/a", &secrets), ("new/a", &changed), ("-", &secrets), ("old/-", &secrets)]);
    let shown = format!("standard input → new/a: {SECRETS_DIFFER}");
    assert_eq!(diff(&folder, &["-", "new/a"]), found(&shown, "", 1));
    let shown = "new/a → standard input: 2 calls changed, 3 the same\n";
    assert_eq!(diff(&folder, &["--stat", "new/a", "-"]), found(shown, "", 1));
    assert_eq!(diff(&folder, &["--stat", "./-", "-"]).0, "./- → standard input: no difference in 5 calls\n");

    let said = "rpcreplay: standard input: is one recording, expected a folder like the other\n\
                hint: name the recording in the folder\n";
    assert_eq!(diff(&folder, &["-", "old"]), found("", said, 2));
    assert_eq!(diff(&folder, &["old", "-"]), found("", said, 2));
    let said = "rpcreplay: standard input: is one recording, expected a folder\n\
                hint: compare two recordings without -r\n";
    assert_eq!(diff(&folder, &["-r", "-", "old"]), found("", said, 2));
    let (_, said, code) = diff(&folder, &["-", "-"]);
    assert!(said.contains("standard input can be read once"), "{said}");
    assert_eq!(code, 2);
    // Nothing is written to it.
    let folder = folders(&[("new/a", &changed)]);
    let (shown, said, code) = diff(&folder, &["-", "new/a"]);
    assert!(said.starts_with("rpcreplay: standard input: "), "{said}");
    assert_eq!((shown.as_str(), code), ("", 2));
}
