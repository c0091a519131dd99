//! `diff` of recordings that mean harm: nothing in them reaches a terminal as a command, nothing is taken for Markdown or
//! HTML, what is enormous is shortened, and what is damaged is one error.

mod fixtures;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use fixtures::{STATUS, binary, encode};
use rpcreplay::entry::{Any, Entry, Kind, Payload};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rpcreplay");

const SECRET: &str = "type.googleapis.com/google.cloud.secretmanager.v1.Secret";
const VALUE: &str = "type.googleapis.com/google.protobuf.Value";

/// What a terminal obeys: ESC, C1, DEL, what turns text around, and what ends lines and cells.
const COMMANDS: &str =
    "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{90}\u{7f}\u{8}\r\t\nFAKELINE \u{202e}\u{2066}\u{200f}\u{61c}\u{2028}";

/// What Markdown or HTML would take for its own.
const MARKUP: &str = "</code></summary></details>\n\n```\n````\n~~~\n<script>alert(1)</script><img src=x onerror=y>\n# head\n\n\
    @everybody #1 [a](https://b.example) ![c](d) **bold** &lt; | a | b |\n- [ ] todo\n> quote\n<!-- ";

fn command(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("diff").current_dir(folder).env_clear();
    command
}

fn diff<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Output {
    command(folder).args(arguments).output().expect("the program starts")
}

/// A length-delimited field.
fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    let mut length = value.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(value);
    out
}

fn any(type_url: &str, value: &[u8]) -> Vec<u8> {
    [bytes(1, type_url.as_bytes()), bytes(2, value)].concat()
}

/// A secret with this name, and this label.
fn secret(name: &str, key: &str, label: &str) -> Vec<u8> {
    [bytes(1, name.as_bytes()), bytes(4, &[bytes(1, key.as_bytes()), bytes(2, label.as_bytes())].concat())].concat()
}

fn message<'a>(type_url: &'a str, value: &'a [u8]) -> Payload<'a> {
    Payload::Message(Any { type_url, value })
}

/// A recording with this text in all places that texts have, beside a word that tells versions apart.
fn hostile(text: &str, word: &str) -> Vec<u8> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut add = |kind, method: &str, payload: Payload<'_>, begun| {
        entries.push(encode(kind, method, payload, begun));
        entries.len() as i32
    };
    let method = format!("/x.S/M{text}");
    // A name, a key and a value in each of several calls; two of them have the same changes.
    for number in 0..3 {
        let name = format!("projects/{text}é{word}éé/secrets/{number}");
        let request = secret(&name, text, "same");
        let begun = add(Kind::Request, &method, message(SECRET, &request), 0);
        let response =
            [secret(&name, &format!("{text}{number}"), &format!("{text} {word}!")), secret(&name, text, word)].concat();
        add(Kind::Response, "", message(SECRET, &response), begun);
    }
    // A status, with details of a type that nobody knows.
    let begun = add(Kind::Request, &method, message(SECRET, &secret("failing", text, text)), 0);
    let detail = any(&format!("{text}/no.Such{text}"), format!("{text}{word}").as_bytes());
    let status = [b"\x08\x05".to_vec(), bytes(2, format!("{text}{word}").as_bytes()), bytes(3, &detail)].concat();
    add(Kind::Response, "", Payload::Error(Any { type_url: STATUS, value: &status }), begun);
    // A message of a type that nobody knows, and unknown fields of one that is known.
    let url = format!("{text}/no.Such{text}");
    let begun = add(Kind::Request, "/x.S/Unknown", message(&url, b"the same"), 0);
    add(Kind::Response, "", message(&url, format!("{text}{word}").as_bytes()), begun);
    let begun = add(Kind::Request, "/x.S/Fields", message(SECRET, &secret("fields", "a", "b")), 0);
    let unknown = [secret("fields", "a", "b"), bytes(15, format!("{text}{word}").as_bytes())].concat();
    add(Kind::Response, "", message(SECRET, &unknown), begun);
    // JSON within, on a stream.
    let begun = add(Kind::CreateStream, &method, Payload::Empty, 0);
    let json = serde_json::json!({ text: format!("{text}{word}"), "list": [text] }).to_string();
    add(Kind::Send, "", message(SECRET, &secret("stream", "a", "b")), begun);
    add(Kind::Recv, "", message(SECRET, &secret("stream", "json", &json)), begun);
    add(Kind::Recv, "", Payload::Eof, begun);
    // A call that only one of the versions has.
    add(Kind::Request, &format!("/x.S/{word}{text}"), message(SECRET, &secret(text, text, text)), 0);
    binary(serde_json::json!({ text: word }).to_string().as_bytes(), &entries)
}

/// Two folders with a recording of this text each, and one that only one of them has; all are named by it as well as may be.
fn folders(text: &str) -> (tempfile::TempDir, [PathBuf; 2]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = text.replace('/', "∕");
    // A name may have 255 bytes.
    let name: String = name
        .chars()
        .scan(0, |length, c| {
            *length += c.len_utf8();
            (*length < 200).then_some(c)
        })
        .collect();
    let files = ["before", "behind"].map(|word| {
        let below = folder.path().join(word);
        fs::create_dir(&below).expect("a writable folder");
        let file = below.join(format!("{name}.replay"));
        fs::write(&file, hostile(text, word)).expect("a writable folder");
        file
    });
    let alone = folder.path().join("behind").join(format!("{name}-alone.replay"));
    fs::write(alone, hostile(text, "somebody-else")).expect("a writable folder");
    (folder, files)
}

/// The first character that a terminal would obey, or that would look like a line of our own.
fn commands_in(text: &str) -> Option<String> {
    let turns =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let obeyed = text.chars().find(|&c| (c.is_control() && c != '\n') || turns(c)).map(|c| format!("{c:?}"));
    obeyed.or_else(|| text.lines().find(|line| line.trim_start().starts_with("FAKELINE")).map(str::to_owned))
}

/// The text without the colours that we write.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (color, rest) = part.split_once('m').unwrap_or((part, ""));
        assert!(color.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{color:?} is no colour");
        plain += rest;
    }
    plain
}

const LOOKS: &[&[&str]] =
    &[&[], &["--show-noise", "-U2"], &["--max-bytes", "all", "--profile", "none"], &["--max-bytes", "3"], &["--stat"]];

#[test]
fn nothing_reaches_a_terminal_as_a_command() {
    for text in [COMMANDS, MARKUP] {
        let (folder, [old, new]) = folders(text);
        for look in LOOKS {
            for color in ["never", "always"] {
                let paths: [&OsStr; 2] = [old.as_ref(), new.as_ref()];
                let below: [&OsStr; 3] = ["-r".as_ref(), "before".as_ref(), "behind".as_ref()];
                for what in [&paths[..], &below] {
                    let output = command(folder.path()).args(*look).args(["--color", color]).args(what).output();
                    let output = output.expect("the program starts");
                    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
                    let shown = String::from_utf8(output.stdout).expect("UTF-8");
                    assert_eq!(shown.contains('\u{1b}'), color == "always", "{shown}");
                    assert_eq!(commands_in(&without_colors(&shown)), None, "{look:?}: {shown}");
                    assert!(shown.contains("FAKELINE") || text != COMMANDS, "it is escaped and not left out: {shown}");
                }
            }
        }
    }
}

/// On a terminal, that of util-linux's `script`; what it shows.
fn on_terminal(folder: &Path, arguments: &str) -> Option<String> {
    let mut script = Command::new("script");
    script.args(["-qec", &format!("{PROGRAM} diff --no-pager {arguments}"), "/dev/null"]).current_dir(folder);
    script.env_clear().env("PATH", std::env::var_os("PATH")?).env("SHELL", "/bin/sh").env("NO_COLOR", "1");
    let Ok(output) = script.stdin(std::process::Stdio::null()).output() else {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return None;
    };
    Some(String::from_utf8(output.stdout).expect("all of it is escaped").replace("\r\n", "\n"))
}

#[test]
fn nothing_reaches_a_terminal_in_other_formats() {
    for text in [COMMANDS, MARKUP] {
        let (folder, _) = folders(text);
        for look in ["--format json", "--format json --show-noise", "--format markdown", "--brief", ""] {
            let Some(shown) = on_terminal(folder.path(), &format!("{look} -r before behind")) else { return };
            assert!(shown.contains(".replay"), "{shown}");
            assert_eq!(commands_in(&shown), None, "{look}: {shown}");
        }
        let Some(shown) = on_terminal(folder.path(), "--format json -r before behind 2>/dev/null") else { return };
        let on_terminal: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        let in_pipe = diff(folder.path(), &["--format", "json", "-r", "before", "behind"]).stdout;
        assert_eq!(on_terminal, serde_json::from_slice::<serde_json::Value>(&in_pipe).expect("JSON"));
    }
}

/// Complains of whatever stands outside of blocks of code and is not of our making.
fn check_markdown(markdown: &str) {
    assert!(markdown.chars().count() < 65_536, "{} characters", markdown.chars().count());
    assert_eq!(commands_in(markdown), None, "{markdown}");
    let mut fence: Option<String> = None;
    let mut open = 0;
    for line in markdown.lines() {
        let quotes = line.len() - line.trim_start_matches('`').len();
        if let Some(fenced) = &fence {
            // A fence is ended by one that is at least as long, with nothing behind it.
            let closing = line.trim_start();
            if closing.trim_end().len() >= fenced.len() && closing.trim_end().bytes().all(|byte| byte == b'`') {
                assert_eq!(line, fenced, "a fence of ours");
                fence = None;
            }
            continue;
        }
        if quotes >= 3 {
            assert_eq!(&line[quotes..], "text", "{line}");
            fence = Some("`".repeat(quotes));
            continue;
        }
        let mut rest = line.to_owned();
        for (tag, by) in [("<details open><summary>", 1), ("<details><summary>", 1), ("</details>", -1)] {
            if rest.starts_with(tag) {
                open += by;
                rest = rest.replacen(tag, "", 1);
            }
        }
        for tag in ["</summary>", "<code>", "</code>", "**rpcreplay diff**"] {
            rest = rest.replace(tag, "");
        }
        let rest = rest.strip_prefix("- ").unwrap_or(&rest);
        // What is escaped is harmless, unless it turns text around when it is shown.
        let mut parts = rest.split("&#");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (number, after) = part.split_once(';').expect("a reference to a character");
            let character = number.parse().ok().and_then(char::from_u32).expect("a character");
            assert_eq!(commands_in(&character.to_string()), None, "{line}");
            plain += after;
        }
        assert!(!plain.contains("://") && !plain.contains("www."), "{line}");
        let is_harmless = |c: char| c.is_alphanumeric() || " ,.:/-→…()\\".contains(c);
        assert!(plain.chars().all(is_harmless), "{line}");
        let is_ours =
            ["**rpcreplay diff**: ", "<details><summary><code>", "<details open><summary><code>", "- <code>", "… "]
                .iter()
                .any(|begin| line.starts_with(begin));
        assert!(is_ours || matches!(line, "" | "</details>"), "{line}");
    }
    assert_eq!((open, fence), (0, None), "all that is open is closed: {markdown}");
}

/// Keys of maps stand in JSON as they are.
#[test]
fn keys_are_the_same_in_json() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, secret) in [("old", secret("a", COMMANDS, "b")), ("new", bytes(1, b"a"))] {
        let entries = [
            encode(Kind::Request, "/x.S/Get", message(SECRET, b"\x0a\x04call"), 0),
            encode(Kind::Response, "", message(SECRET, &secret), 1),
        ];
        fs::write(folder.path().join(name), binary(b"", &entries)).expect("a writable folder");
    }
    let json = diff(folder.path(), &["--format", "json", "old", "new"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let change = &json["recordings"][0]["calls"][0]["changes"][0];
    assert_eq!(change["old"], serde_json::json!({ COMMANDS: "b" }), "{json}");
}

#[test]
fn nothing_is_taken_for_markdown() {
    for text in [COMMANDS, MARKUP, "`", "````````````````````", "<b>", "&amp;", "~~~~", "    code", "http://www.a.b/"] {
        let (folder, [old, new]) = folders(text);
        for look in LOOKS {
            let paths: [&OsStr; 2] = [old.as_ref(), new.as_ref()];
            let below: [&OsStr; 3] = ["-r".as_ref(), "before".as_ref(), "behind".as_ref()];
            for what in [&paths[..], &below] {
                let output = command(folder.path()).args(*look).args(["--format", "markdown"]).args(what).output();
                let output = output.expect("the program starts");
                assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
                check_markdown(&String::from_utf8(output.stdout).expect("UTF-8"));
            }
        }
    }
}

/// A value in as many lists.
fn nested(depth: usize, innermost: f64) -> Vec<u8> {
    // The whole of it stands in memory once per level otherwise.
    let mut reversed: Vec<u8> = [&[0x11][..], &innermost.to_le_bytes()].concat();
    reversed.reverse();
    for _ in 0..depth {
        for tag in [0x0a, 0x32] {
            let mut head = bytes(1, &vec![0; reversed.len()]);
            head.truncate(head.len() - reversed.len());
            head[0] = tag;
            reversed.extend(head.iter().rev());
        }
    }
    reversed.reverse();
    reversed
}

#[test]
fn what_is_enormous_is_shortened() {
    let unary = |method: &str, type_url: &str, value: &[u8]| {
        let request = message(SECRET, b"\x0a\x04call");
        let entries =
            [encode(Kind::Request, method, request, 0), encode(Kind::Response, "", message(type_url, value), 1)];
        binary(b"", &entries)
    };
    let mega = |letter: &str, megabytes: usize| letter.repeat(megabytes * 1_000_000);
    let numbers = |last: u8| {
        let list: Vec<u8> =
            (0..100_000u32).flat_map(|number| bytes(1, &bytes(3, number.to_string().as_bytes()))).collect();
        bytes(6, &[list, bytes(1, &bytes(3, &[last]))].concat())
    };
    let other_numbers = {
        let list: Vec<u8> =
            (0..30_000u32).flat_map(|number| bytes(1, &bytes(3, (number * 7).to_string().as_bytes()))).collect();
        bytes(6, &list)
    };
    let some_numbers = {
        let list: Vec<u8> =
            (0..30_000u32).flat_map(|number| bytes(1, &bytes(3, number.to_string().as_bytes()))).collect();
        bytes(6, &list)
    };
    let get = "/x.S/Get";
    let cases = [
        (
            "string",
            unary(get, SECRET, &secret(&mega("a", 10), "k", "l")),
            unary(get, SECRET, &secret(&mega("b", 10), "k", "l")),
        ),
        ("quotes", unary(get, SECRET, &secret(&mega("`", 10), "k", "l")), unary(get, SECRET, &secret("`", "k", "l"))),
        ("list", unary(get, VALUE, &numbers(b'x')), unary(get, VALUE, &numbers(b'y'))),
        ("other list", unary(get, VALUE, &some_numbers), unary(get, VALUE, &other_numbers)),
        ("gone list", unary(get, VALUE, &numbers(b'x')), unary(get, VALUE, b"")),
        ("nesting", unary(get, VALUE, &nested(4_990, 1.0)), unary(get, VALUE, &nested(4_990, 2.0))),
        ("deeper than is read", unary(get, VALUE, &nested(10_000, 1.0)), unary(get, VALUE, &nested(10_000, 2.0))),
        (
            "key",
            unary(get, SECRET, &secret("a", &mega("k", 1), "l")),
            unary(get, SECRET, &secret("a", &mega("k", 1), "m")),
        ),
        ("gone key", unary(get, SECRET, &secret("a", &mega("k", 1), "l")), unary(get, SECRET, &secret("a", "k", "m"))),
        (
            "method",
            unary(&format!("/x.S/{}", mega("M", 1)), SECRET, b""),
            unary(&format!("/x.S/{}", mega("M", 1)), SECRET, b"\x0a\x01a"),
        ),
        ("type", unary(get, &format!("t/{}", mega("T", 1)), b""), unary(get, &format!("t/{}", mega("T", 1)), b"\x0a")),
        ("name", unary(get, SECRET, &secret(&mega("n", 1), "k", "l")), unary(get, SECRET, &secret("a", "k", "l"))),
    ];
    for (name, old, new) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("old.replay"), old).expect("a writable folder");
        fs::write(folder.path().join("new.replay"), new).expect("a writable folder");
        for look in [&[][..], &["--color", "always"], &["--format", "markdown"]] {
            let start = Instant::now();
            let output = diff(folder.path(), &[look, &["old.replay", "new.replay"]].concat());
            let complaints = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{name}: {complaints}");
            // Far more than it takes, on a slow machine without optimizations.
            assert!(start.elapsed() < Duration::from_secs(60), "{name}: {:?}", start.elapsed());
            let shown = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(shown.len() < 50_000, "{name} {look:?}: {} bytes: {}", shown.len(), &shown[..1000]);
            if look.contains(&"markdown") {
                check_markdown(&shown);
            }
        }
    }
}

#[test]
fn what_is_no_recording_is_one_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = hostile("text", "word");
    let mut long = whole.clone();
    long.extend(u32::MAX.to_le_bytes());
    let json = b"{\"format\":\"RPCReplay\",\"initial\":\"\"}\n{\"index\":1,\n";
    for (name, bytes) in [
        ("whole.replay", &whole[..]),
        ("cut.replay", &whole[..whole.len() - 1]),
        ("long.replay", &long),
        ("other.replay", b"no recording"),
        ("empty.replay", b""),
        ("magic.replay", b"RPCReplay"),
        ("cut.jsonl", json),
        ("cut.gz", &fixtures::gzip(&whole)[..40]),
        ("\u{1b}[2J\nFAKELINE.replay", b"\x1b[2J"),
    ] {
        fs::write(folder.path().join(name), bytes).expect("a writable folder");
    }
    fs::create_dir(folder.path().join("folder")).expect("a writable folder");
    for name in [
        "cut.replay",
        "long.replay",
        "other.replay",
        "empty.replay",
        "magic.replay",
        "cut.jsonl",
        "cut.gz",
        "missing.replay",
        "missing/\u{202e}\n.replay",
        "\u{1b}[2J\nFAKELINE.replay",
        "folder/",
    ] {
        for arguments in [["whole.replay", name], [name, "whole.replay"]] {
            for look in [&[][..], &["--format", "json"], &["--format", "markdown"], &["--brief"]] {
                let output = diff(folder.path(), &[look, &arguments].concat());
                let complaints = String::from_utf8(output.stderr).expect("UTF-8");
                assert_eq!(output.status.code(), Some(2), "{name}: {complaints}");
                let errors = complaints.lines().filter(|line| line.starts_with("rpcreplay: ")).count();
                assert_eq!(errors, 1, "{name}: {complaints}");
                let is_told = |line: &str| ["rpcreplay: ", "hint: "].iter().any(|told| line.starts_with(told));
                assert!(complaints.lines().all(is_told), "{name}: {complaints}");
                assert_eq!(commands_in(&complaints), None, "{name}: {complaints}");
            }
        }
    }
}
