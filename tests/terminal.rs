//! What a terminal shows: output through a pager, tables that fit, and a question.
//!
//! The terminal is that of util-linux's `script`; where there is none these tests say so and pass.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rpcreplay");

/// How wide the terminal is.
const COLUMNS: usize = 74;

/// A pager that can be told from none.
const MARKING: &str = "sed s/^/paged:/";

/// Runs `rpcreplay` with these arguments and this environment on a terminal; what it shows, and the exit code.
fn on_terminal(arguments: &str, environment: &[(&str, &str)]) -> Option<(String, i32)> {
    typing("", arguments, environment)
}

/// The same, where somebody types this, and then the end of input. The terminal shows it when it arrives, which may be before
/// it is asked for.
fn typing(typed: &str, arguments: &str, environment: &[(&str, &str)]) -> Option<(String, i32)> {
    let mut script = Command::new("script");
    script
        .args(["-qec", &format!("stty rows 24 cols {COLUMNS}; {PROGRAM} {arguments}"), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    script.current_dir(env!("CARGO_MANIFEST_DIR")).env_clear().env("PATH", std::env::var_os("PATH")?);
    script.env("SHELL", "/bin/sh").env("NO_COLOR", "1").envs(environment.iter().copied());
    let Ok(mut script) = script.spawn() else {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return None;
    };
    // Who does not wait for what is typed has ended.
    let _ = script.stdin.take().expect("it was asked for").write_all(typed.as_bytes());
    let output = script.wait_with_output().expect("it ends");
    let shown = String::from_utf8(output.stdout).expect("all of it is escaped").replace('\r', "");
    Some((shown, output.status.code()?))
}

/// What the program writes where no terminal is.
fn in_pipe(arguments: &str) -> String {
    let output = Command::new(PROGRAM)
        .args(arguments.split(' '))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PAGER", MARKING)
        .output()
        .expect("the program");
    String::from_utf8(output.stdout).expect("all of it is escaped")
}

fn marked(text: &str) -> String {
    text.lines().map(|line| format!("paged:{line}\n")).collect()
}

#[test]
fn a_terminal_is_paged() {
    let plain = in_pipe("print tests/data/secrets.replay");
    assert!(plain.starts_with("binary recording"), "a pipe is not paged");
    let shown = |arguments, pager| on_terminal(arguments, &[("PAGER", pager)]);
    let Some(paged) = shown("print tests/data/secrets.replay", MARKING) else { return };
    assert_eq!(paged, (marked(&plain), 0));
    for pager in ["cat", "", "  "] {
        assert_eq!(shown("print tests/data/secrets.replay", pager), Some((plain.clone(), 0)), "{pager:?}");
    }
    assert_eq!(shown("print --no-pager tests/data/secrets.replay", MARKING), Some((plain, 0)));
    let initial = shown("print --initial - tests/data/nothing.replay", MARKING);
    assert_eq!(initial, Some(("no call was made".to_owned(), 0)));
}

#[test]
fn colours_are_for_the_pager_too() {
    let environment = [("NO_COLOR", ""), ("TERM", "xterm-256color"), ("PAGER", MARKING)];
    let Some((shown, _)) = on_terminal("print tests/data/secrets.replay", &environment) else { return };
    assert!(shown.contains("paged:    \u{1b}[36mname\u{1b}[0m: "), "{shown}");
}

#[test]
fn less_gets_options_unless_it_has_some() {
    let pager = ("PAGER", "echo $LESS; cat >/dev/null");
    let Some(default) = on_terminal("print tests/data/secrets.replay", &[pager]) else { return };
    assert_eq!(default, ("FRX\n".to_owned(), 0));
    let own = on_terminal("print tests/data/secrets.replay", &[pager, ("LESS", "S")]);
    assert_eq!(own, Some(("S\n".to_owned(), 0)));
}

#[test]
fn trouble_is_told_when_the_pager_has_ended() {
    let environment = [("PAGER", MARKING)];
    let arguments = "print missing.replay tests/data/marks.grpcrr tests/data/README.md tests/data/nothing.replay";
    let Some((shown, code)) = on_terminal(arguments, &environment) else { return };
    assert_eq!(code, 2);
    let (before, rest) = shown.split_at(shown.find("paged:").expect("it was paged"));
    let (paged, after) = rest.split_at(rest.rfind("paged:").expect("it was paged"));
    assert_eq!(before, "rpcreplay: missing.replay: No such file or directory\n", "nothing to page yet");
    assert!(paged.lines().all(|line| line.starts_with("paged:")), "{paged}");
    assert!(after.starts_with("paged:no entries\nrpcreplay: tests/data/README.md: begins with "), "{after}");
    assert!(after.ends_with(" or --protoset FILE\n"), "{after}");
}

#[test]
fn a_pager_that_is_not_there_is_done_without() {
    for arguments in [
        "print tests/data/secrets.replay".to_owned(),
        // More than a pipe holds.
        format!("print{}", " tests/data/firestore.replay".repeat(100)),
    ] {
        let Some((shown, code)) = on_terminal(&arguments, &[("PAGER", "no-such-pager -x")]) else { return };
        let (words, rest) = shown.split_at(shown.find("hint: ").expect("a hint"));
        let (hint, output) = rest.split_once('\n').expect("a line");
        assert!(
            words.ends_with("rpcreplay: the pager `no-such-pager -x` is left out: the shell can't run it\n"),
            "{words}"
        );
        assert_eq!(hint, "hint: set PAGER to another one or to `cat`, or use --no-pager");
        assert_eq!((output, code), (in_pipe(&arguments).as_str(), 0));
    }
}

#[test]
fn a_pager_may_be_quit() {
    let arguments = format!("print{}", " tests/data/firestore.replay".repeat(100));
    let Some(shown) = on_terminal(&arguments, &[("PAGER", "head -n 1")]) else { return };
    assert_eq!(shown, ("tests/data/firestore.replay\n".to_owned(), 0));
}

#[test]
fn a_list_fits_on_the_terminal() {
    let arguments =
        "list tests/data/bytestream.replay missing.replay tests/data/nothing.replay tests/data/marks.grpcrr";
    let Some((shown, code)) = on_terminal(arguments, &[]) else { return };
    let expected = "\
tests/data/bytestream.replay
 #  METHOD                 SHAPE   STATUS        SENT  BYTES  RECV  BYTES
 1  /g.b.ByteStream/Write  client  OK               2  146 B     1    2 B
 5  /g.b.ByteStream/Write  client  OUT_OF_RANGE     1   40 B     0    0 B
 8  /g.b.ByteStream/Read   server  OK               1   40 B     2  100 B
13  /g.b.ByteStream/Read   server  NOT_FOUND        1   16 B     0    0 B
4 calls, 2 failed
rpcreplay: missing.replay: No such file or directory

tests/data/nothing.replay
no calls

tests/data/marks.grpcrr
 #  METHOD                  STATUS  SENT  RECV  REMARKS
 1  /demo.Echo/Say          OK         1     0  ! error with code OK
 3  -                       OK         0     1  ! unpaired
 4  /demo.Echo/Say          OK         1     1
 6  /demo.Echo/Say          OK         1     0
 8  -                       -          0     1  ! unpaired
 9  -                       -          0     0  ! unpaired
10  …/\\x1b[31mListen\\u202e  -          1     0  unknown shape
12  -                       -          1     0  ! no method, ! no response
8 calls, 5 would not replay
hint: name what defines `demo.Echo` with --go-binary PROGRAM (the Go test that made the recording has it), --proto FILE -I DIR or --protoset FILE
";
    assert_eq!(shown, expected);
    assert_eq!(code, 2);
    let found = on_terminal("list --code ABORTED tests/data/nothing.replay", &[]);
    assert_eq!(found, Some(("nothing matches the selection\n".to_owned(), 1)));
}

#[test]
fn counts_fit_on_the_terminal() {
    let Some((shown, code)) = on_terminal("stats missing.replay tests/data/bytestream.replay", &[]) else { return };
    let expected = "\
rpcreplay: missing.replay: No such file or directory
METHOD   CALLS  STATUS                SENT  BYTES  RECV  BYTES  LARGEST
…/Read       2  OK 1, NOT_FOUND 1        2   56 B     2  100 B     50 B
…/Write      2  OK 1, OUT_OF_RANGE 1     3  186 B     1    2 B    104 B
total        4  OK 2, failed 2           5  242 B     3  102 B    104 B
";
    assert_eq!((shown.as_str(), code), (expected, 2));
    let arguments = "stats --by file tests/data/marks.grpcrr tests/data/pubsub.replay tests/data/nothing.replay";
    let Some((shown, code)) = on_terminal(arguments, &[]) else { return };
    let expected = "\
FILE                       CALLS  STATUS                    SENT  RECV
tests/data/marks.grpcrr        5  OK 3, others 5               5     3
tests/data/pubsub.replay       4  OK 2, failed 2               5     4
tests/data/nothing.replay      0                               0     0
total                          9  OK 5, failed 2, others 5    10     7
in 3 recordings
hint: name what defines `demo.Echo` with --go-binary PROGRAM (the Go test that made the recording has it), --proto FILE -I DIR or --protoset FILE
";
    assert_eq!((shown.as_str(), code), (expected, 0));
    let arguments = "stats --compare tests/data/pubsub.replay tests/data/secrets.replay";
    let Some((shown, code)) = on_terminal(arguments, &[]) else { return };
    let expected = "\
METHOD                          CALLS  STATUS
…Publisher/CreateTopic     2 → 0 (-2)  OK 1 → 0, ALREADY_EXISTS 1 → 0
…/AccessSecretVersion      0 → 1 (+1)  OK 0 → 1
…/AddSecretVersion         0 → 1 (+1)  OK 0 → 1
…/CreateSecret             0 → 1 (+1)  OK 0 → 1
…/DeleteSecret             0 → 1 (+1)  OK 0 → 1
…/GetSecret                0 → 1 (+1)  NOT_FOUND 0 → 1
/g.p.v1.Publisher/Publish  1 → 0 (-1)  OK 1 → 0
…Subscriber/StreamingPull  1 → 0 (-1)  UNAVAILABLE 1 → 0
total                      4 → 5 (+1)  OK 2 → 4, NOT_FOUND 0 → 1, 2 more
8 methods differ
";
    assert_eq!((shown.as_str(), code), (expected, 1));
    let same = on_terminal("stats --compare tests/data/pubsub.replay tests/data/pubsub.replay.zst", &[]);
    let expected = "\
METHOD  CALLS  STREAMS  FAILED  SENT  BYTES  RECV  BYTES
total       4        1       2     5  256 B     4  345 B
no differences in counts
";
    assert_eq!(same, Some((expected.to_owned(), 0)));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let longer = folder.path().join("longer.jsonl");
    let text = in_pipe("print --to jsonl tests/data/pubsub.replay").replace("projects/demo", "projects/demonstration");
    fs::write(&longer, text).expect("a writable folder");
    let longer = on_terminal(&format!("stats --compare tests/data/pubsub.replay {}", longer.display()), &[]);
    assert!(
        longer.is_some_and(|(shown, code)| shown.ends_with("no differences in counts but of bytes\n") && code == 0)
    );
    let nothing = on_terminal("stats tests/data/nothing.replay", &[]);
    assert_eq!(nothing, Some(("no calls\n".to_owned(), 0)));
    let nothing = on_terminal("stats --code ABORTED tests/data/pubsub.replay", &[]);
    assert_eq!(nothing, Some(("nothing matches the selection\n".to_owned(), 1)));
    let coloured = on_terminal("stats --color always --sort failed tests/data/secrets.replay", &[]);
    assert!(coloured.is_some_and(|(shown, _)| shown.contains("\u{1b}[1m\u{1b}[31mNOT_FOUND 1\u{1b}[0m")));
}

/// Edits a copy of a recording in a folder, typing this, in an editor that makes a mistake the first time and mends it the
/// second; what the terminal shows, the exit code, and whether the recording was changed.
fn edit_twice(typed: &str, folder: &Path) -> Option<(String, i32, bool)> {
    const RECORDING: &str = "tests/data/secrets.replay";
    let path = folder.join("calls.replay");
    let editor = folder.join("editor");
    fs::copy(RECORDING, &path).expect("a writable folder");
    let script = "if grep -q mistake \"$1\"; then sed -i 's/: mistake/: \"climate\"/' \"$1\"; \
                  else sed -i '0,/: \"weather-api-key\"/s//: mistake/' \"$1\"; fi\n";
    fs::write(&editor, script).expect("a writable folder");
    let arguments = format!("edit {}", path.display());
    // Ctrl-C is for the editor, each time.
    let editor = format!("kill -INT $PPID; sh {}", editor.display());
    let environment = [("EDITOR", editor.as_str()), ("TMPDIR", folder.to_str().expect("UTF-8"))];
    let (shown, code) = typing(typed, &arguments, &environment)?;
    Some((shown, code, fs::read(&path).expect("a file") != fs::read(RECORDING).expect("a file")))
}

/// The text that stands in the only folder there is.
fn kept_text(folder: &Path) -> Option<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let kept = entries.filter(|path| path.is_dir()).map(|path| path.join("calls.replay.json")).next()?;
    Some(fs::read_to_string(kept).expect("a text"))
}

#[test]
fn a_mistake_may_be_mended_in_the_editor() {
    for typed in ["y\n", "what\nY\n", "\n"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let Some((shown, code, is_changed)) = edit_twice(typed, folder.path()) else { return };
        assert!(
            shown.contains("calls.replay.json: entry 1 at line 12:21: `request:secret_id`: found `mistake`, expected"),
            "{shown}"
        );
        let asked = shown.matches("edit again? [Y/n] ").count();
        assert_eq!(asked, typed.matches('\n').count(), "{shown}");
        assert!(shown.ends_with("calls.replay: 1 entry changed\n"), "{shown}");
        assert_eq!((code, is_changed, kept_text(folder.path())), (0, true, None), "{typed:?}");
    }
}

#[test]
fn whoever_gives_up_keeps_the_text() {
    for typed in ["n\n", "No\n", "", "what\n"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let Some((shown, code, is_changed)) = edit_twice(typed, folder.path()) else { return };
        assert!(shown.contains("edit again? [Y/n] "), "{shown}");
        assert!(shown.contains("calls.replay: not written; the edited text is kept in "), "{shown}");
        assert_eq!((code, is_changed), (2, false), "{typed:?}");
        assert!(kept_text(folder.path()).expect("it is kept").contains(": mistake"));
    }
}

#[test]
fn what_no_terminal_shows_is_not_written_to_one() {
    for (arguments, what) in [
        ("convert --to binary tests/data/secrets.replay", "a binary recording"),
        ("convert --to binary tests/data/secrets.replay -o -", "a binary recording"),
        ("convert --to json --compress gzip tests/data/secrets.replay", "what is compressed"),
        ("convert --to text tests/data/pubsub.replay.zst", "what is compressed"),
    ] {
        let Some(found) = on_terminal(arguments, &[]) else { return };
        let refusal = format!(
            "rpcreplay: standard output: is a terminal, which can't show {what}\n\
             hint: name a file with -o, or redirect standard output\n"
        );
        assert_eq!(found, (refusal, 2), "{arguments}");
    }
    let terminal = on_terminal("convert --to binary tests/data/secrets.replay -o /dev/tty", &[]);
    let refusal = "rpcreplay: /dev/tty: is a terminal, which can't show a binary recording\n";
    assert!(terminal.is_some_and(|(shown, code)| shown.starts_with(refusal) && code == 2));
}

/// Of a recording that was made to do harm nothing reaches the terminal as a command, nor is a pager asked.
#[test]
fn recordings_as_text_are_shown_on_a_terminal() {
    for arguments in
        ["convert --to jsonl --allow-loss tests/data/marks.grpcrr", "convert --to text tests/data/secrets.replay"]
    {
        let Some((shown, code)) = on_terminal(arguments, &[("PAGER", MARKING)]) else { return };
        assert_eq!(code, 0, "{shown}");
        assert!(shown.starts_with("{\"format\":") || shown.starts_with("RPCReTxt1\n"), "{shown}");
        assert!(!shown.chars().any(|character| character.is_control() && character != '\n'), "{shown:?}");
    }
}

/// Git reads a textconv through a pipe; a terminal means that a person has called it.
#[test]
fn what_passes_through_the_textconv_is_no_command() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("calls.replay");
    fs::write(&path, "no \u{1b}[2Jrecording\n").expect("a writable folder");
    let Some(shown) = on_terminal(&format!("git textconv {}", path.display()), &[]) else { return };
    assert_eq!(shown, ("no \\u001b[2Jrecording\n".to_owned(), 0));
}
