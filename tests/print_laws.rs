//! Laws of `print` over recordings that chance has damaged: it never panics, what it writes stays what it should be, and
//! nothing out of a recording reaches a terminal as a command.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// How many damaged copies are made of every recording, and how many where all are printed many times.
const COPIES: u64 = 60;
const FEW_COPIES: u64 = 8;

/// A number that looks like chance and is the same every time: Vigna's SplitMix64.
fn chance(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Damaged copies of the recordings of `tests/data`.
fn damaged(folder: &Path, number_of_copies: u64) -> Vec<PathBuf> {
    let mut seed = 1;
    let mut copies = Vec::new();
    for entry in fs::read_dir(DATA).expect("the recordings") {
        let path = entry.expect("a readable folder").path();
        if !path
            .extension()
            .is_some_and(|extension| ["replay", "grpcrr", "zst"].iter().any(|known| extension == *known))
        {
            continue;
        }
        let whole = fs::read(&path).expect("a readable recording");
        for number in 0..number_of_copies {
            let mut bytes = whole.clone();
            for _ in 0..=number % 4 {
                let place = chance(&mut seed) as usize % bytes.len();
                match chance(&mut seed) % 4 {
                    0 => bytes[place] = chance(&mut seed) as u8,
                    1 => bytes[place] ^= 1 << (chance(&mut seed) % 8),
                    2 => bytes[place] = [0x1b, 0x9b, 0x00, 0xff][chance(&mut seed) as usize % 4],
                    _ => bytes.truncate(place.max(1)),
                }
            }
            let copy = folder.join(format!("{number}-{}", path.file_name().expect("a name").display()));
            fs::write(&copy, bytes).expect("a writable folder");
            copies.push(copy);
        }
    }
    assert!(copies.len() as u64 >= 8 * number_of_copies);
    copies
}

fn print(arguments: &[&str], files: &[PathBuf]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
    command.args(["print", "--protoset"]).arg(Path::new(DATA).join("ledger.protoset")).args(arguments).args(files);
    let output = command.env_clear().output().expect("the program starts");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 2)), "{arguments:?}: {:?}: {complaints}", output.status);
    assert!(complaints.contains("rpcreplay: "), "much is damaged");
    assert_eq!(commands_in(&complaints), None, "{arguments:?}: {complaints}");
    output
}

/// The first character that a terminal would obey.
fn commands_in(text: &str) -> Option<char> {
    let turns = |character| matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().find(|&character| (character.is_control() && character != '\n') || turns(character))
}

#[test]
fn damage_is_shown_and_survived() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = damaged(folder.path(), COPIES);
    for arguments in [
        &[][..],
        &["--to", "raw"],
        &["--group", "entry", "--bytes", "hex", "--max-bytes", "3"],
        &["--max-bytes", "0", "--bytes", "base64"],
        &["--no-builtin-protos", "--max-bytes", "all", "--code", "!OK"],
    ] {
        let output = print(arguments, &files);
        let text = String::from_utf8(output.stdout).expect("text for people is UTF-8");
        assert_eq!(commands_in(&text), None, "{arguments:?}");
        assert!(text.lines().count() > 1000);
    }
    for arguments in [&["--to", "fprint"][..], &["--to", "prototext"]] {
        assert!(print(arguments, &files).stdout.len() > 10_000);
    }
}

#[test]
fn json_of_damaged_recordings_is_json() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = damaged(folder.path(), COPIES);
    for flags in [&[][..], &["--emit-defaults", "--proto-names", "--enum-numbers"]] {
        let lines = print(&[&["--to", "jsonl"], flags].concat(), &files).stdout;
        let mut recordings: Vec<serde_json::Value> = Vec::new();
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let mut line: serde_json::Value = serde_json::from_slice(line).expect("a line is JSON");
            if line["format"] == "RPCReplay" {
                line["entries"] = serde_json::json!([]);
                recordings.push(line);
            } else {
                let recording = recordings.last_mut().expect("a header comes first");
                recording["entries"].as_array_mut().expect("a list").push(line);
            }
        }
        let document = print(&[&["--to", "json"], flags].concat(), &files).stdout;
        let document: Vec<serde_json::Value> = serde_json::from_slice(&document).expect("the document is JSON");
        assert_eq!(document, recordings);
    }
}

/// A recording of several batches: those of `tests/data` one after the other, again and again. References are left as they
/// are, so that calls are open, late, and refer to strangers.
fn long(folder: &Path) -> Vec<PathBuf> {
    let read = |name: &str| fs::read(Path::new(DATA).join(name)).expect("a readable recording");
    let (mut binary, mut text) = (b"RPCReplay\0\0\0\0".to_vec(), b"RPCReTxt1\n\"\"\n".to_vec());
    while binary.len() < 700_000 {
        for name in ["firestore.replay", "ledger.replay", "overlapping.replay", "pubsub.replay", "secrets.replay"] {
            let recording = read(name);
            let length = |at: usize| u32::from_le_bytes(recording[at..at + 4].try_into().expect("four bytes")) as usize;
            binary.extend_from_slice(&recording[13 + length(9)..]);
        }
    }
    let marks = read("marks.grpcrr");
    let header = marks.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).expect("two lines").0;
    while text.len() < 400_000 {
        text.extend_from_slice(&marks[header + 1..]);
    }
    let compressed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&binary).expect("a vector takes everything");
        encoder.finish().expect("a vector takes everything")
    };
    let mut cut = binary.clone();
    cut.truncate(600_000);
    let files = [("long.replay", binary), ("long.grpcrr", text), ("long.gz", compressed), ("cut.replay", cut)];
    let written = files.map(|(name, bytes)| {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("a writable folder");
        path
    });
    written.to_vec()
}

#[test]
fn threads_change_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = [damaged(folder.path(), FEW_COPIES), long(folder.path()), vec![folder.path().join("missing")]].concat();
    for arguments in [
        &[][..],
        &["--group", "entry"],
        &["--to", "raw", "--kind", "recv"],
        &["--to", "json", "--code", "!OK"],
        &["--to", "jsonl", "--no-builtin-protos"],
        &["--to", "fprint"],
        &["--to", "prototext"],
    ] {
        let one = print(&[&["--threads", "1"], arguments].concat(), &files);
        assert!(one.stdout.len() > 500_000, "{arguments:?}: {}", one.stdout.len());
        for threads in ["2", "5"] {
            let several = print(&[&["--threads", threads], arguments].concat(), &files);
            assert_eq!(one.status, several.status);
            assert!(one.stdout == several.stdout, "{arguments:?} on {threads} threads");
            assert_eq!(String::from_utf8_lossy(&one.stderr), String::from_utf8_lossy(&several.stderr));
        }
    }
}

/// Threads that wait for a turn that never comes would wait for ever.
#[test]
fn a_closed_pipe_ends_all_threads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = long(folder.path());
    for threads in ["1", "2", "5"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
        command.args(["print", "--to", "jsonl", "--threads", threads]).args(&files).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        child.stdout.take().expect("a pipe").read_exact(&mut [0]).expect("a byte");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{threads}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

/// One thread learns that nobody reads the output while another waits for input.
#[test]
fn a_closed_pipe_ends_the_program_before_its_input_does() {
    for threads in ["1", "2", "5"] {
        for command in [&["print", "--to", "jsonl"][..], &["list"]] {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            // What is said of the second file has all of the first written before.
            let files = ["ledger.replay", "README.md"].map(|name| Path::new(DATA).join(name));
            let mut program = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
            program.args(command).args(["--threads", threads]).args(files).arg("-");
            let mut child = program.stdin(Stdio::piped()).stdout(writer).spawn().expect("the program starts");
            let begun = Instant::now();
            let status = loop {
                match child.try_wait().expect("a child") {
                    Some(status) => break status,
                    None if begun.elapsed() > Duration::from_secs(60) => {
                        child.kill().expect("it runs");
                        panic!("{command:?} on {threads} threads waits for input that nobody wants");
                    }
                    None => thread::sleep(Duration::from_millis(5)),
                }
            };
            assert!(status.success(), "{command:?} on {threads} threads: {status}");
        }
    }
}
