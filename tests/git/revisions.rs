//! `rpcreplay diff --rev`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::{PROGRAM, SECRETS_DIFFER, Sandbox, changed_secrets, data, replaced};

/// What `rpcreplay diff` writes, what it says on standard error, and its exit code.
fn diff<S: AsRef<OsStr>>(sandbox: &Sandbox, arguments: &[S]) -> (String, String, i32) {
    let words: Vec<&OsStr> = [OsStr::new("diff")].into_iter().chain(arguments.iter().map(AsRef::as_ref)).collect();
    let output = sandbox.output(PROGRAM, &words);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().expect("an exit code"))
}

/// The same with `--stat`, where nothing is said on standard error.
fn stat(sandbox: &Sandbox, arguments: &[&str]) -> (String, i32) {
    let (shown, said, code) = diff(sandbox, &[&["--stat"], arguments].concat());
    assert_eq!(said, "", "{arguments:?}");
    (shown, code)
}

/// The trouble, which is all there is.
fn trouble(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let (shown, said, code) = diff(sandbox, arguments);
    assert_eq!((shown.as_str(), code), ("", 2), "{arguments:?}: {said}");
    said
}

const CALLS_CHANGED: &str = "calls.replay: 2 calls changed, 3 the same\n1 recording: 1 changed\n";
const NONE: &str = "0 recordings: 0 changed\n";
const UNREADABLE: &str = "1 recording: 0 changed, 1 unreadable\n";

/// What is there where no recording came, went or changed.
fn nothing() -> (String, String, i32) {
    (NONE.to_owned(), "".to_owned(), 0)
}

#[test]
fn every_form_of_revisions() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.commit("one");
    sandbox.git("tag one");
    sandbox.git("checkout --quiet -b side");
    sandbox.write("side.replay", data("pubsub.replay"));
    sandbox.commit("side");
    sandbox.git("checkout --quiet main");
    sandbox.write("calls.replay", changed_secrets());
    sandbox.commit("two");

    let changed = (CALLS_CHANGED.to_owned(), 1);
    for rev in
        ["one", "HEAD^", "one..main", "one..", "one...main", "one...", "side...main", "HEAD~1..HEAD", ":/one..:/two"]
    {
        assert_eq!(stat(&sandbox, &["--rev", rev]), changed, "{rev}");
    }
    for rev in ["HEAD", "main..HEAD", "main...one", "..main", "...main", "one^{tree}..one"] {
        assert_eq!(diff(&sandbox, &["--rev", rev, "--stat"]), nothing(), "{rev}");
    }
    // Two dots compare with what the other branch has not, three do not.
    let both = "calls.replay: 2 calls changed, 3 the same\nside.replay: removed, 4 calls\n\
                2 recordings: 1 changed, 1 removed\n";
    assert_eq!(stat(&sandbox, &["--rev", "side..main"]), (both.to_owned(), 1));
    sandbox.git("checkout --quiet --detach one");
    assert_eq!(stat(&sandbox, &["--rev", "..main"]), changed);
    assert_eq!(stat(&sandbox, &["--rev", "...main"]), changed);
    sandbox.git("checkout --quiet main");

    let (shown, said, code) = diff(&sandbox, &["--rev", "one"]);
    let expected = format!("calls.replay: {SECRETS_DIFFER}\n1 recording: 1 changed\n");
    assert_eq!((shown, said.as_str(), code), (expected, "", 1));
    assert_eq!(diff(&sandbox, &["--rev", "side..main", "--brief"]).0, "calls.replay\nside.replay\n");
    let (shown, _, _) = diff(&sandbox, &["--rev", "one", "--format", "json"]);
    assert!(shown.contains("{\"file\":\"calls.replay\",\"verdict\":\"changed\","), "{shown}");
    let (shown, _, _) = diff(&sandbox, &["--rev", "one", "--format", "markdown"]);
    assert!(shown.starts_with("**rpcreplay diff**: 1 recording: 1 changed\n\n<details open><summary>"), "{shown}");
}

#[test]
fn revisions_that_are_none() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    assert_eq!(
        trouble(&sandbox, &["--rev", "HEAD"]),
        "rpcreplay: --rev: `HEAD` is no revision of this repository\n",
        "there is no commit"
    );
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.commit("one");
    sandbox.git("tag one");
    let no_object = "0123456789012345678901234567890123456789";
    for (rev, name) in [
        ("nope", "nope"),
        (no_object, no_object),
        ("HEAD..nope", "nope"),
        ("nope...HEAD", "nope"),
        ("HEAD^5", "HEAD^5"),
        ("HEAD:calls.replay", "HEAD:calls.replay"),
        ("^HEAD", "^HEAD"),
        ("..^HEAD", "^HEAD"),
        // Git would take these for flags.
        ("--output=made", "--output=made"),
        ("HEAD..--output=made", "--output=made"),
        ("...-x", "-x"),
        ("a\u{1b}[31m", "a\\u{1b}[31m"),
    ] {
        let said = trouble(&sandbox, &[&format!("--rev={rev}")]);
        assert_eq!(said, format!("rpcreplay: --rev: `{name}` is no revision of this repository\n"), "{rev}");
    }
    assert!(!sandbox.path("made").exists());
    // Variables that are not set.
    for rev in ["", "..", "..."] {
        let said = trouble(&sandbox, &["--rev", rev]);
        assert_eq!(said, format!("rpcreplay: --rev: found `{rev}`, expected a revision, such as `HEAD`\n"));
    }
    sandbox.git("checkout --quiet --orphan other");
    sandbox.write("other.replay", data("pubsub.replay"));
    sandbox.commit("other");
    assert_eq!(
        trouble(&sandbox, &["--rev", "one...other"]),
        "rpcreplay: --rev: `one` and `other` have no commit in common\n"
    );

    // As CI clones it.
    sandbox.git("checkout --quiet main");
    sandbox.write("calls.replay", changed_secrets());
    sandbox.commit("two");
    let first = sandbox.git("rev-parse one");
    let first = first.trim_end();
    let from = format!("file://{}", sandbox.working_directory.display());
    sandbox.working_directory = sandbox.folder.path().to_owned();
    sandbox.git(&format!("clone --quiet --depth 1 --no-tags {from} shallow"));
    sandbox.working_directory = sandbox.folder.path().join("shallow");
    let hint = "hint: this clone is shallow; fetch the rest with: git fetch --unshallow\n";
    let said = trouble(&sandbox, &["--rev", &format!("{first}...HEAD")]);
    assert_eq!(said, format!("rpcreplay: --rev: `{first}` is no revision of this repository\n{hint}"));
    sandbox.git(&format!("fetch --quiet --depth 1 origin {first}"));
    let said = trouble(&sandbox, &["--rev", &format!("{first}...HEAD")]);
    assert_eq!(said, format!("rpcreplay: --rev: `{first}` and `HEAD` have no commit in common\n{hint}"));
    assert_eq!(stat(&sandbox, &["--rev", &format!("{first}..HEAD")]).1, 1, "which need not be known for this");
}

#[test]
fn places_without_a_working_tree() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.commit("one");
    sandbox.write("calls.replay", changed_secrets());
    sandbox.commit("two");
    sandbox.git("clone --quiet --bare . ../bare");
    for folder in ["bare", "work/.git"] {
        sandbox.working_directory = sandbox.folder.path().join(folder);
        assert_eq!(stat(&sandbox, &["--rev", "main^..main"]), (CALLS_CHANGED.to_owned(), 1));
        assert_eq!(
            trouble(&sandbox, &["--rev", "main^"]),
            "rpcreplay: working directory: is no working tree, with which a revision is compared\n\
             hint: name two revisions, REV..REV\n"
        );
    }
    sandbox.working_directory = sandbox.folder.path().join("home");
    let said = trouble(&sandbox, &["--rev", "main"]);
    assert!(said.contains(": fatal: not a git repository"), "{said}");
    assert!(said.ends_with("\nhint: go into a repository, or name two recordings\n"), "{said}");
    sandbox.set("PATH", "/nowhere");
    assert_eq!(
        trouble(&sandbox, &["--rev", "main"]),
        "rpcreplay: git: No such file or directory\nhint: install git, or put it on PATH\n"
    );
}

#[test]
fn paths_are_names() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    let names = [
        "-dash.replay",
        "-",
        "sub folder/it's \"q\".replay",
        "sub folder/[a]*.replay",
        "sub folder/a.replay",
        ":!x.replay",
    ];
    for name in names {
        sandbox.write(name, data("secrets.replay"));
    }
    let odd = OsStr::from_bytes(b"\xff.replay");
    fs::write(sandbox.working_directory.join(odd), data("secrets.replay")).expect("a writable folder");
    sandbox.commit("one");
    for name in names {
        sandbox.write(name, changed_secrets());
    }
    fs::write(sandbox.working_directory.join(odd), changed_secrets()).expect("a writable folder");

    // Each by itself.
    for name in names {
        let expected = format!("{name}: 2 calls changed, 3 the same\n1 recording: 1 changed\n");
        assert_eq!(stat(&sandbox, &["--rev", "HEAD", "--", name]), (expected, 1), "{name}");
    }
    let arguments = ["--stat", "--rev", "HEAD"].map(OsString::from);
    let (shown, said, _) = diff(&sandbox, &[&arguments[..], &[odd.to_owned()]].concat());
    assert!(shown.contains(".replay: 2 calls changed, 3 the same\n1 recording: 1 changed\n"), "{shown}{said}");
    // All of them; several; a folder.
    assert_eq!(diff(&sandbox, &["--brief", "--rev", "HEAD"]).0.lines().count(), names.len() + 1);
    assert_eq!(stat(&sandbox, &["--rev", "HEAD", "--", "-", "./-dash.replay"]).0.lines().count(), 3);
    assert_eq!(stat(&sandbox, &["--rev", "HEAD", "sub folder"]).0.lines().count(), 4);

    // From below the top, where git may be set to show only what is there.
    sandbox.working_directory = sandbox.path("sub folder");
    for setting in ["false", "true"] {
        sandbox.git(&format!("config diff.relative {setting}"));
        let all = diff(&sandbox, &["--brief", "--rev", "HEAD"]).0;
        assert_eq!(all.lines().count(), names.len() + 1, "{all}");
        let (shown, _) = stat(&sandbox, &["--rev", "HEAD", ".", "../-"]);
        assert!(shown.contains("\nsub folder/a.replay: 2 calls changed, 3 the same\n"), "{shown}");
        assert_eq!(shown.lines().count(), 5, "{shown}");
        let expected = "-: 2 calls changed, 3 the same\n1 recording: 1 changed\n";
        assert_eq!(stat(&sandbox, &["--rev", "HEAD", "--", "../-"]).0, expected);
    }

    // What is nowhere is misspelt; what is gone is not.
    let said = trouble(&sandbox, &["--rev", "HEAD", "a.replay", "b.replay"]);
    assert_eq!(said, "rpcreplay: b.replay: is neither in the working tree nor in `HEAD`\n");
    let said = trouble(&sandbox, &["--rev", "HEAD..HEAD", "*.replay"]);
    assert_eq!(said, "rpcreplay: *.replay: is neither in the working tree nor in `HEAD` or `HEAD`\n");
    fs::remove_file(sandbox.path("a.replay")).expect("a file");
    let expected = "sub folder/a.replay: removed, 5 calls\n1 recording: 0 changed, 1 removed\n";
    assert_eq!(stat(&sandbox, &["--rev", "HEAD", "a.replay"]), (expected.to_owned(), 1));
}

#[test]
fn files_that_came_went_and_moved() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("gone.replay", data("firestore.replay"));
    sandbox.write("moved.replay", data("pubsub.replay"));
    sandbox.write("old.replay", data("secrets.replay"));
    sandbox.write("text", "one\n");
    sandbox.write("notes.txt", "one\n");
    symlink("old.replay", sandbox.path("link.replay")).expect("a link");
    sandbox.write("becomes.replay", data("nothing.replay"));
    let module = sandbox.folder.path().join("module");
    fs::create_dir(&module).expect("a writable folder");
    for arguments in ["init --quiet --initial-branch main", "commit --quiet --allow-empty --message one"] {
        sandbox.git(&format!("-C {} {arguments}", module.display()));
    }
    sandbox.git(&format!("-c protocol.file.allow=always submodule --quiet add {} module", module.display()));
    sandbox.commit("one");

    sandbox.git("rm --quiet gone.replay");
    sandbox.git("mv moved.replay elsewhere.replay");
    sandbox.git("mv old.replay new.replay");
    sandbox.write("new.replay", changed_secrets());
    sandbox.write("added.replay", data("bytestream.replay"));
    sandbox.git("add added.replay");
    sandbox.write("untracked.replay", data("bytestream.replay"));
    sandbox.write("text", "two\n");
    sandbox.write("notes.txt", "two\n");
    fs::remove_file(sandbox.path("link.replay")).expect("a link");
    symlink("new.replay", sandbox.path("link.replay")).expect("a link");
    fs::remove_file(sandbox.path("becomes.replay")).expect("a file");
    symlink("new.replay", sandbox.path("becomes.replay")).expect("a link");
    sandbox.git("-C module commit --quiet --allow-empty --message two");

    let lines = [
        "moved.replay → elsewhere.replay: renamed, no difference in 4 calls",
        "old.replay → new.replay: 2 calls changed, 3 the same",
        "added.replay: added, 4 calls",
        "becomes.replay: removed, 0 calls",
        "gone.replay: removed, 4 calls",
        "5 recordings: 1 changed, 1 added, 2 removed, 1 the same",
        "",
    ];
    let expected = (lines.join("\n"), String::new(), 1);
    // Text, a link, and a module that is a repository of its own: no news, unless there is nothing else.
    let note = "note: 4 files that are no recordings passed over\n";
    let others = ["--rev", "HEAD", "--stat", "text", "notes.txt", "link.replay", "module"];
    assert_eq!(diff(&sandbox, &others), (NONE.to_owned(), note.to_owned(), 0));
    assert_eq!(diff(&sandbox, &["--rev", "HEAD", "--stat"]), expected);
    sandbox.git("add --update");
    assert_eq!(diff(&sandbox, &["--rev", "HEAD", "--stat"]), expected, "from the index");
    sandbox.git("commit --quiet --message two");
    assert_eq!(diff(&sandbox, &["--rev", "HEAD^..HEAD", "--stat"]), expected);
}

/// Of the bytes of the two little is the same, and git takes them for two files.
#[test]
fn what_git_does_not_know_to_be_renamed() {
    let Some(sandbox) = Sandbox::new() else { return };
    let compress = |name: &str, bytes: Vec<u8>| {
        sandbox.write("plain", bytes);
        let output = sandbox.output(PROGRAM, &["convert", "--to", "binary", "--compress", "zstd", "plain"]);
        fs::remove_file(sandbox.path("plain")).expect("a file");
        sandbox.write(name, output.stdout);
    };
    compress("old.replay", data("secrets.replay"));
    compress("gone.replay", data("pubsub.replay"));
    sandbox.commit("one");
    for name in ["old.replay", "gone.replay"] {
        fs::remove_file(sandbox.path(name)).expect("a file");
    }
    compress("new.replay", changed_secrets());
    sandbox.write("damaged.replay", &data("secrets.replay")[..900]);
    sandbox.git("add --all");
    assert!(!sandbox.git("diff --cached -M --name-status").contains('R'), "git knows");
    let shown = "gone.replay: removed, 4 calls\nold.replay → new.replay: 2 calls changed, 3 the same\n\
                 3 recordings: 1 changed, 1 removed, 1 unreadable\n";
    let said = "rpcreplay: damaged.replay: entry 5 at byte 795: input ends after 101 of the 208 bytes of the record\n\
                hint: save what is whole with rpcreplay repair\n";
    assert_eq!(diff(&sandbox, &["--rev", "HEAD", "--stat"]), (shown.to_owned(), said.to_owned(), 2));
}

/// The working tree counts, and what it says nothing new of is read out of the index.
#[test]
fn what_is_staged_is_compared() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.commit("one");
    sandbox.write("calls.replay", changed_secrets());
    sandbox.git("add calls.replay");
    assert_eq!(stat(&sandbox, &["--rev", "HEAD"]), (CALLS_CHANGED.to_owned(), 1));
    assert_eq!(diff(&sandbox, &["--rev", "HEAD..HEAD", "--stat"]), nothing());
    sandbox.write("calls.replay", data("secrets.replay"));
    assert_eq!(diff(&sandbox, &["--rev", "HEAD", "--stat"]), nothing());
    // Other bytes that say the same.
    let output = sandbox.output(PROGRAM, &["convert", "--to", "text", "calls.replay"]);
    sandbox.write("calls.replay", output.stdout);
    assert_eq!(stat(&sandbox, &["--rev", "HEAD"]), ("1 recording: 0 changed, 1 the same\n".to_owned(), 0));
}

#[test]
fn a_damaged_recording_hides_no_other() {
    let Some(sandbox) = Sandbox::new() else { return };
    let names = ["a.replay", "b.replay", "c.replay"];
    for name in names {
        sandbox.write(name, data("secrets.replay"));
    }
    sandbox.commit("one");
    for name in names {
        sandbox.write(name, changed_secrets());
    }
    sandbox.write("b.replay", &data("secrets.replay")[..900]);
    let shown = "a.replay: 2 calls changed, 3 the same\nc.replay: 2 calls changed, 3 the same\n\
                 3 recordings: 2 changed, 1 unreadable\n";
    let of = |name: &str| {
        format!(
            "rpcreplay: {name}: entry 5 at byte 795: input ends after 101 of the 208 bytes of the record\n\
             hint: save what is whole with rpcreplay repair\n"
        )
    };
    for flags in [&[][..], &["--no-exit-code"], &["--threads", "1"], &["--exit-on-noise"]] {
        let arguments = [&["--rev", "HEAD", "--stat"], flags].concat();
        assert_eq!(diff(&sandbox, &arguments), (shown.to_owned(), of("b.replay"), 2), "{flags:?}");
    }
    // Where only the output is looked at, it is told there.
    let (shown_as_json, _, code) = diff(&sandbox, &["--rev", "HEAD", "--stat", "--format", "json"]);
    let damage = "entry 5 at byte 795: input ends after 101 of the 208 bytes of the record";
    let item = format!("\n{{\"verdict\":\"unreadable\",\"error\":\"b.replay: {damage}\"}},\n");
    assert!(shown_as_json.contains(&item), "{shown_as_json}");
    let counts = "\n],\"counts\":{\"changed\":2,\"added\":0,\"removed\":0,\"noise\":0,\"same\":0,\"unreadable\":1}}\n";
    assert!(shown_as_json.ends_with(counts), "{shown_as_json}");
    assert_eq!(code, 2);
    sandbox.commit("two");
    let arguments = ["--rev", "HEAD^..HEAD", "--stat"];
    assert_eq!(diff(&sandbox, &arguments), (shown.to_owned(), of("HEAD:b.replay"), 2));

    // In conflict, between revisions that are whole.
    sandbox.write("b.replay", data("secrets.replay"));
    sandbox.commit("three");
    let text = |name: &str| {
        let output = sandbox.output(PROGRAM, &["convert", "--to", "text", name]);
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    sandbox.write("b.replay", text("b.replay").replacen("\n\"", "\n<<<<<<< HEAD\n\"", 1));
    let (shown, said, code) = diff(&sandbox, &["--rev", "HEAD", "--stat"]);
    assert!(said.starts_with("rpcreplay: b.replay: "), "{said}");
    assert_eq!((shown.as_str(), code), (UNREADABLE, 2));
}

#[test]
fn exit_codes_are_those_of_diff() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("firestore.replay"));
    sandbox.commit("one");
    let codes = |sandbox: &Sandbox| {
        [&[][..], &["--exit-on-noise"], &["--no-exit-code"], &["--profile", "none"], &["--brief"]]
            .map(|flags| diff(sandbox, &[&["--rev", "HEAD"], flags].concat()).2)
    };
    assert_eq!(codes(&sandbox), [0, 0, 0, 0, 0]);
    // Another time: 2026-11-21T08:00:03.000052Z is one second later.
    let output = sandbox.output(PROGRAM, &["convert", "--to", "json", "calls.replay"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("\"commitTime\": \"2026-11-21T08:00:03.000052Z\""), "{text}");
    let later = text.replace("\"commitTime\": \"2026-11-21T08:00:03", "\"commitTime\": \"2026-11-21T08:00:04");
    sandbox.write("calls.replay", later);
    let (shown, _, _) = diff(&sandbox, &["--rev", "HEAD", "--stat"]);
    assert_eq!(
        shown,
        "calls.replay: no calls changed, 1 differs only in noise, 3 the same; 1 value folded as noise: server-clock 1\n\
         1 recording: 0 changed, 1 with nothing but noise\n"
    );
    assert_eq!(codes(&sandbox), [0, 1, 0, 1, 0]);
    sandbox.write("calls.replay", text.replace("Liverpool", "Rotterdam"));
    assert_eq!(codes(&sandbox), [1, 1, 0, 1, 1]);
    assert!(trouble(&sandbox, &["--rev", "HEAD", "--exit-on-noise", "--no-exit-code"]).contains("cannot be used with"));
    assert!(trouble(&sandbox, &["--rev", "HEAD", "-r"]).contains("cannot be used with"));
}

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";

#[test]
fn a_pointer_stands_for_no_recording() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.write("other.replay", POINTER);
    sandbox.commit("one");
    sandbox.write("calls.replay", POINTER);
    sandbox.write("other.replay", POINTER.replace('9', "10"));
    let said = |name: &str| {
        format!(
            "rpcreplay: {name}calls.replay: this is a git-LFS pointer, which stands for the file itself\n\
             hint: fetch the file with: git lfs pull\n\
             note: 1 git-LFS pointer passed over\n\
             hint: if they stand for recordings, fetch these with: git lfs pull\n"
        )
    };
    assert_eq!(diff(&sandbox, &["--rev", "HEAD"]), (UNREADABLE.to_owned(), said(""), 2));
    sandbox.commit("two");
    assert_eq!(diff(&sandbox, &["--rev", "HEAD..HEAD^"]), (UNREADABLE.to_owned(), said("HEAD:"), 2));
}

/// Of which nothing is in the working tree.
#[test]
fn what_a_sparse_checkout_leaves_out_is_compared() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("sub/calls.replay", data("secrets.replay"));
    sandbox.write("other/calls.replay", data("pubsub.replay"));
    sandbox.commit("one");
    sandbox.write("sub/calls.replay", changed_secrets());
    sandbox.commit("two");
    sandbox.git("sparse-checkout set --cone other");
    assert!(!sandbox.path("sub/calls.replay").exists());
    assert_eq!(stat(&sandbox, &["--rev", "HEAD^"]), (format!("sub/{CALLS_CHANGED}"), 1));
    assert_eq!(stat(&sandbox, &["--rev", "HEAD^", "sub"]).1, 1);
}

/// As git-LFS works, with a folder for its server.
#[test]
fn filters_give_what_a_checkout_gives() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    let store = sandbox.folder.path().join("home");
    // Tools that every machine with git has.
    let clean = format!(
        "h=$(git hash-object -w --stdin) && printf '{}%s\\n' $h",
        "version https://git-lfs.github.com/spec/v1\\n"
    );
    let smudge = format!("git cat-file blob $(tail -n 1) || {{ cat {}/nothing; exit 1; }}", store.display());
    for (key, value) in [("clean", &clean), ("smudge", &smudge)] {
        let (said, code) = sandbox.run("git", &["config", &format!("filter.store.{key}"), value]);
        assert_eq!(code, 0, "{said}");
    }
    sandbox.git("config filter.store.required true");
    sandbox.write(".gitattributes", "/sub/*.replay filter=store -text\n");
    sandbox.write("sub/calls.replay", data("secrets.replay"));
    sandbox.commit("one");
    assert!(sandbox.git("cat-file blob HEAD:sub/calls.replay").starts_with("version https://git-lfs"));
    sandbox.write("sub/calls.replay", changed_secrets());
    let changed = (format!("sub/{CALLS_CHANGED}"), 1);
    assert_eq!(stat(&sandbox, &["--rev", "HEAD"]), changed);
    sandbox.commit("two");
    assert_eq!(stat(&sandbox, &["--rev", "HEAD^..HEAD"]), changed);
    assert_eq!(stat(&sandbox, &["--rev", "HEAD^"]), changed);
    sandbox.working_directory = sandbox.path("sub");
    assert_eq!(stat(&sandbox, &["--rev", "HEAD^..HEAD", "calls.replay"]), changed);

    // The server is down.
    sandbox.git("config filter.store.smudge false");
    let (shown, said, code) = diff(&sandbox, &["--rev", "HEAD^..HEAD"]);
    assert!(said.contains("note: 1 git-LFS pointer passed over\n"), "{said}");
    assert_eq!((shown.as_str(), code), (NONE, 0));
}

/// Line ends that git changes are the working tree's; what git keeps is compared as it is.
#[test]
fn line_ends_of_windows() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("secrets.replay"));
    for (name, bytes) in [("one", data("secrets.replay")), ("two", changed_secrets())] {
        sandbox.write("calls.replay", bytes);
        let output = sandbox.output(PROGRAM, &["convert", "--to", "text", "calls.replay"]);
        sandbox.write("text.grpcrr", output.stdout);
        sandbox.commit(name);
    }
    let expected = "calls.replay: 2 calls changed, 3 the same\ntext.grpcrr: 2 calls changed, 3 the same\n\
                    2 recordings: 2 changed\n";
    for attributes in ["* text eol=crlf\n", "* text=auto eol=crlf\n", "*.grpcrr text eol=crlf\n*.replay binary\n"] {
        sandbox.write(".gitattributes", attributes);
        assert_eq!(stat(&sandbox, &["--rev", "HEAD^..HEAD"]), (expected.to_owned(), 1), "{attributes}");
    }
    fs::remove_file(sandbox.path("text.grpcrr")).expect("a file");
    sandbox.git("checkout text.grpcrr");
    assert!(sandbox.read("text.grpcrr").contains("\r\n"));
    let said = "rpcreplay: text.grpcrr: line 2, byte 11: initial state `\"{\\\"project\\\":\\\"demo\\\"}\"\\r` is not a quoted string: \
                it ends with a carriage return\n\
                hint: restore the line ends, which something changed to those of Windows\n";
    assert_eq!(diff(&sandbox, &["--rev", "HEAD^", "text.grpcrr"]), (UNREADABLE.to_owned(), said.to_owned(), 2));
}

/// A recording that only one of two revisions can read is compared by neither: `replaced` would be a change of another sort.
#[test]
fn a_file_that_becomes_a_recording_is_said_to_have_been_none() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", "notes\n");
    sandbox.write("other.replay", data("secrets.replay"));
    sandbox.commit("one");
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.write("other.replay", replaced(&data("secrets.replay"), b"No such secret", b"No known secret"));
    let (shown, said, code) = diff(&sandbox, &["--rev", "HEAD", "--stat"]);
    assert!(said.starts_with("rpcreplay: HEAD:calls.replay: "), "{said}");
    let expected = "other.replay: 1 call changed, 4 the same\n2 recordings: 1 changed, 1 unreadable\n";
    assert_eq!((shown.as_str(), code), (expected, 2));
}
