//! Laws of `list`: it shows every call once, in the order they began, and counts what `print` shows.

mod corpus;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// The recordings of `tests/data`, and of the corpus if there is one.
fn recordings() -> Vec<PathBuf> {
    let mut recordings = corpus::files(Path::new(DATA), ".replay");
    recordings.extend(corpus::files(Path::new(DATA), ".grpcrr"));
    if let Some(folder) = corpus::folder() {
        recordings.extend(corpus::files_below(&folder.join("recordings")));
        recordings.extend(corpus::files(&folder.join("bad"), ".replay"));
    }
    recordings
}

/// What the program writes, and its exit code.
fn rpcreplay(arguments: &[&str], recording: &Path) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
    let output = command.args(arguments).arg(recording).output().expect("the program starts");
    (String::from_utf8(output.stdout).expect("text"), output.status.code())
}

fn calls(recording: &Path) -> Vec<Value> {
    let (document, _) = rpcreplay(&["list", "--format", "json"], recording);
    if document.is_empty() {
        return Vec::new();
    }
    let document: Value = serde_json::from_str(&document).expect("JSON");
    document["calls"].as_array().expect("a list of calls").clone()
}

#[test]
fn every_call_is_listed_once() {
    for recording in recordings() {
        let calls = calls(&recording);
        let name = recording.display();
        let (lines, code) = rpcreplay(&["print", "--to", "jsonl"], &recording);
        assert_eq!(rpcreplay(&["list"], &recording).1, code, "{name}");
        let entries: Vec<Value> = lines.lines().skip(1).map(|line| serde_json::from_str(line).expect("JSON")).collect();

        let numbers: Vec<_> = calls.iter().map(|call| call["index"].as_u64().expect("a number")).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{name}: {numbers:?}");
        for entry in entries.iter().filter(|entry| matches!(entry["kind"].as_str(), Some("REQUEST" | "CREATE_STREAM")))
        {
            let number = entry["index"].as_u64().expect("a number");
            let place = numbers.binary_search(&number).unwrap_or_else(|_| panic!("{name}: {number} is not listed"));
            assert_eq!(calls[place]["method"], entry["method"], "{name}");
            assert_eq!(calls[place]["shape"] == "unary", entry["kind"] == "REQUEST", "{name}");
        }
        for (kinds, direction) in [(["REQUEST", "SEND"], "sentMessages"), (["RESPONSE", "RECV"], "receivedMessages")] {
            let is_message = |entry: &&Value| {
                entry["kind"].as_str().is_some_and(|kind| kinds.contains(&kind))
                    && !entry["message"].is_null()
                    && entry["isError"].is_null()
            };
            let listed: u64 = calls.iter().map(|call| call[direction].as_u64().expect("a number")).sum();
            assert_eq!(listed, entries.iter().filter(is_message).count() as u64, "{name}: {direction}");
        }
        // A code keeps the calls that are listed with it, and no others.
        let mut by_status: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (call, &number) in calls.iter().zip(&numbers) {
            if let Some(status) = call["status"].as_str() {
                by_status.entry(status).or_default().push(number);
            }
        }
        for (status, expected) in by_status {
            let (selected, _) = rpcreplay(&["list", "--code", status], &recording);
            let index = |line: &str| line.split('\t').nth(1).and_then(|index| index.parse().ok());
            let selected: Vec<u64> = selected.lines().map(|line| index(line).expect("a number")).collect();
            assert_eq!(selected, expected, "{name}: {status}");
        }
    }
}

#[test]
fn fields_say_what_json_says() {
    for recording in recordings() {
        let (lines, _) = rpcreplay(&["list"], &recording);
        let lines: Vec<Vec<&str>> = lines.lines().map(|line| line.split('\t').collect()).collect();
        let calls = calls(&recording);
        assert_eq!(lines.len(), calls.len());
        for (fields, call) in lines.iter().zip(&calls) {
            let [file, index, _, shape, status, numbers @ .., remarks] = &fields[..] else { panic!("{fields:?}") };
            assert_eq!(Path::new(file), recording);
            assert_eq!(*index, call["index"].to_string());
            assert_eq!(*shape, call["shape"]);
            match &call["status"] {
                Value::Null => assert_eq!(*status, "-"),
                Value::String(name) => assert_eq!(status, name),
                number => assert_eq!(*status, number.to_string()),
            }
            let expected = ["sentMessages", "sentBytes", "receivedMessages", "receivedBytes"];
            assert_eq!(numbers, expected.map(|name| call[name].to_string()));
            let words = |name: &str, mark: &str| {
                let words = call[name].as_array().cloned().unwrap_or_default();
                words.into_iter().map(|word| format!("{mark}{}", word.as_str().expect("words"))).collect::<Vec<_>>()
            };
            let mut expected: Vec<_> = words("marks", "! ");
            expected.extend(words("remarks", ""));
            let mut found: Vec<_> = remarks.split(", ").filter(|words| *words != "-").map(str::to_owned).collect();
            expected.sort();
            found.sort();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn many_threads_list_what_one_lists() {
    let recordings = recordings();
    let list = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
        let output = command.args(arguments).args(&recordings).output().expect("the program starts");
        (output.stdout, output.stderr, output.status.code())
    };
    for command in [&["list"][..], &["list", "--format", "json"], &["schema", "used"]] {
        let one = list(&[command, &["--threads", "1"]].concat());
        assert!(!one.0.is_empty());
        assert!(one == list(&[command, &["--threads", "7"]].concat()), "{command:?}");
    }
}
