//! Laws of `stats`: it counts what `list` lists, whatever the number of threads, and counts of parts make up those of the whole.

mod corpus;
mod fixtures;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use rpcreplay::Schema;
use rpcreplay::entry::{Any, Entry, Kind, Payload};
use rpcreplay::format::{ReadOptions, Reader};
use serde_json::{Map, Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// The recordings of `tests/data`, and of the corpus if there is one, damaged ones too.
fn recordings() -> Vec<PathBuf> {
    let mut recordings = corpus::files(Path::new(DATA), ".replay");
    recordings.extend(corpus::files(Path::new(DATA), ".zst"));
    recordings.extend(corpus::files(Path::new(DATA), ".grpcrr"));
    if let Some(folder) = corpus::folder() {
        recordings.extend(corpus::recordings(&folder).into_iter().map(|(path, _)| path));
        recordings.extend(corpus::files(&folder.join("bad"), ".replay"));
    }
    recordings
}

/// What the program writes, and its exit code.
fn rpcreplay<P: AsRef<OsStr>>(arguments: &[&str], paths: &[P]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
    command.args(arguments).args(["--protoset", &format!("{DATA}/ledger.protoset")]).args(paths);
    let output = command.output().expect("the program starts");
    (String::from_utf8(output.stdout).expect("text"), output.status.code().expect("it ended by itself"))
}

/// The document that `stats` writes with these arguments; nothing if no recording could be read.
fn stats<P: AsRef<OsStr>>(arguments: &[&str], paths: &[P]) -> Option<Value> {
    let (document, _) = rpcreplay(&[&["stats", "--format", "json"], arguments].concat(), paths);
    (!document.is_empty()).then(|| corpus::json(&document))
}

/// Counts by name, without the largest message.
type Counts = BTreeMap<String, u64>;

/// What `stats` says of one row.
fn counts(row: &Value) -> Counts {
    let mut counts = Counts::new();
    for (name, value) in row.as_object().expect("an object") {
        if name == "statuses" {
            for (code, calls) in value.as_object().expect("an object") {
                counts.insert(format!("status {code}"), calls.as_u64().expect("a number"));
            }
        } else if let Some(number) = value.as_u64() {
            counts.insert(name.clone(), number);
        }
    }
    counts.retain(|_, number| *number > 0);
    counts
}

/// What `stats` says of each row, by its name.
fn rows(document: &Value, rows: &str, name: &str) -> BTreeMap<String, Counts> {
    let list = document[rows].as_array().expect("a list");
    let named: BTreeMap<_, _> =
        list.iter().map(|row| (row[name].as_str().unwrap_or("").to_owned(), counts(row))).collect();
    assert_eq!(named.len(), list.len(), "a name has one row");
    named
}

fn methods(document: &Value) -> BTreeMap<String, Counts> {
    rows(document, "methods", "method")
}

/// Adds numbers of the same name.
fn sum<'c>(all: impl IntoIterator<Item = &'c Counts>) -> Counts {
    let mut sum = Counts::new();
    for (name, number) in all.into_iter().flatten() {
        *sum.entry(name.clone()).or_default() += number;
    }
    sum
}

/// What `list` says of the calls of a recording, counted by method.
fn counted_from_list(recording: &Path) -> BTreeMap<String, Counts> {
    let (document, _) = rpcreplay(&["list", "--format", "json"], &[recording]);
    let mut methods: BTreeMap<String, Counts> = BTreeMap::new();
    for call in corpus::json(&document)["calls"].as_array().expect("a list") {
        let counts = methods.entry(call["method"].as_str().unwrap_or("").to_owned()).or_default();
        let mut add = |name: &str, number: u64| *counts.entry(name.to_owned()).or_default() += number;
        for name in ["sentMessages", "sentBytes", "receivedMessages", "receivedBytes"] {
            add(name, call[name].as_u64().expect("a number"));
        }
        let says = |name: &str, words: &str| call[name].as_array().is_some_and(|said| said.contains(&json!(words)));
        if says("marks", "unpaired") {
            add("unpairedEntries", 1);
            continue;
        }
        add("calls", 1);
        add("streams", u64::from(call["shape"] != "unary"));
        match &call["status"] {
            Value::Null if says("marks", "no response") || says("remarks", "no end") => add("unfinished", 1),
            Value::Null if says("remarks", "unknown shape") => {
                add("unfinished", 1);
                add("unknownShapes", 1);
            }
            Value::Null => {
                assert!(says("marks", "no status"), "{call}");
                add("withoutStatus", 1);
            }
            status => {
                let code = status.as_str().map_or_else(|| status.to_string(), str::to_owned);
                add("failed", u64::from(code != "OK"));
                add(&format!("status {code}"), 1);
            }
        }
    }
    methods.values_mut().for_each(|counts| counts.retain(|_, number| *number > 0));
    methods
}

/// What the entries of a recording say by themselves, as far as it can be read.
#[derive(Debug, Default, PartialEq)]
struct Messages {
    /// Messages and bytes that were sent, and that were received.
    sent: (u64, u64),
    received: (u64, u64),
    /// The bytes of the largest message, and its entry.
    largest: Option<(u64, u64)>,
}

fn messages(recording: &Path) -> Messages {
    let schema = Schema::builtin();
    let file = fs::File::open(recording).expect("a file");
    let mut messages = Messages::default();
    for entry in Reader::new(file, &schema, ReadOptions::default()).expect("a recording").map_while(Result::ok) {
        let bytes = match (entry.kind(), entry.payload()) {
            (Kind::Request | Kind::Response | Kind::Send | Kind::Recv, Payload::Message(any)) => any.value.len() as u64,
            _ => continue,
        };
        let is_sent = matches!(entry.kind(), Kind::Request | Kind::Send);
        let (count, sum) = if is_sent { &mut messages.sent } else { &mut messages.received };
        (*count, *sum) = (*count + 1, *sum + bytes);
        if messages.largest.is_none_or(|(most, _)| bytes > most) {
            messages.largest = Some((bytes, entry.index().0));
        }
    }
    messages
}

/// Checks the counts of a recording against what `list` says of each of its calls.
fn agrees_with_list(recording: &Path) {
    let name = recording.display();
    let document = stats(&[], &[recording]);
    let codes = ["stats", "list"].map(|command| rpcreplay(&[command], &[recording]).1);
    assert_eq!(codes[0], codes[1], "{name}");
    let Some(document) = document else {
        assert_eq!(codes[0], 2, "{name}");
        return;
    };
    assert_eq!(document["recordings"], 1);
    let methods = methods(&document);
    assert_eq!(methods, counted_from_list(recording), "{name}");
    assert_eq!(counts(&document["total"]), sum(methods.values()), "{name}");
    let place = |row: &Value| {
        let largest = &row["largest"];
        assert!(largest.is_null() || Path::new(largest["file"].as_str().expect("a path")) == recording);
        Some((largest["bytes"].as_u64()?, largest["entry"].as_u64()?))
    };
    let total = &document["total"];
    let number = |key: &str| total[key].as_u64().expect("a number");
    let expected = messages(recording);
    let found = Messages {
        sent: (number("sentMessages"), number("sentBytes")),
        received: (number("receivedMessages"), number("receivedBytes")),
        largest: place(total),
    };
    assert_eq!(found, expected, "{name}");
    let places = document["methods"].as_array().expect("a list").iter().filter_map(place);
    // The largest message of all is that of a method: more bytes, or the same in an earlier entry.
    let most = places.max_by_key(|(bytes, entry)| (*bytes, std::cmp::Reverse(*entry)));
    assert_eq!(most, expected.largest, "{name}");
}

#[test]
fn stats_count_what_list_lists() {
    let recordings = recordings();
    recordings.iter().for_each(|recording| agrees_with_list(recording));
    let calls: u64 = recordings.iter().filter_map(|path| stats(&[], &[path])?["total"]["calls"].as_u64()).sum();
    assert!(calls > 40, "only {calls} calls were counted");
}

#[test]
fn many_threads_count_what_one_counts() {
    let recordings = recordings();
    for arguments in [&["--format", "json"][..], &["--by", "file"], &["--by", "service", "--sort", "largest"]] {
        let count = |threads| rpcreplay(&[&["stats", "--threads", threads], arguments].concat(), &recordings);
        let one = count("1");
        assert!(!one.0.is_empty());
        for threads in ["2", "9"] {
            assert!(one == count(threads), "{arguments:?}, {threads} threads");
        }
    }
}

#[test]
fn counts_of_two_recordings_are_those_of_each_together() {
    let recordings = recordings();
    for pair in recordings.windows(2) {
        let (Some(both), Some(first), Some(second)) =
            (stats(&[], pair), stats(&[], &pair[..1]), stats(&[], &pair[1..]))
        else {
            continue;
        };
        let name = format!("{pair:?}");
        let (first_methods, second_methods) = (methods(&first), methods(&second));
        let mut expected = first_methods;
        for (method, counts) in second_methods {
            let known = expected.entry(method).or_default();
            *known = sum([&*known, &counts]);
        }
        assert_eq!(methods(&both), expected, "{name}");
        assert_eq!(counts(&both["total"]), sum([&counts(&first["total"]), &counts(&second["total"])]), "{name}");
        let bytes = |document: &Value| document["total"]["largest"]["bytes"].as_u64();
        let larger = if bytes(&second) > bytes(&first) { &second } else { &first };
        assert_eq!(both["total"]["largest"], larger["total"]["largest"], "{name}");

        let by_file = stats(&["--by", "file"], pair).expect("they were read before");
        let files = rows(&by_file, "files", "file");
        let of = |path: &PathBuf| files[path.to_str().expect("text")].clone();
        assert_eq!(of(&pair[0]), counts(&first["total"]), "{name}");
        assert_eq!(of(&pair[1]), counts(&second["total"]), "{name}");

        let (compared, code) = rpcreplay(&["stats", "--compare", "--format", "json"], pair);
        let compared = corpus::json(&compared);
        assert_eq!(compared["total"]["old"], first["total"], "{name}");
        assert_eq!(compared["total"]["new"], second["total"], "{name}");
        let without_bytes = |document: &Value| {
            let mut methods = methods(document);
            methods.values_mut().for_each(|counts| counts.retain(|name, _| !name.ends_with("Bytes")));
            methods
        };
        if code != 2 {
            assert_eq!(code == 1, without_bytes(&first) != without_bytes(&second), "{name}");
        }
    }
}

#[test]
fn services_are_their_methods_together() {
    let recordings = recordings();
    let by_method = stats(&[], &recordings).expect("some can be read");
    let by_service = stats(&["--by", "service"], &recordings).expect("some can be read");
    let mut expected: BTreeMap<String, Counts> = BTreeMap::new();
    for (method, counts) in methods(&by_method) {
        let service = method.rsplit_once('/').map_or("", |(service, _)| service).trim_start_matches('/').to_owned();
        let known = expected.entry(service).or_default();
        *known = sum([&*known, &counts]);
    }
    assert_eq!(rows(&by_service, "services", "service"), expected);
    assert_eq!(by_service["total"], by_method["total"]);
}

#[test]
fn a_selection_counts_what_filter_keeps() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = folder.path().join("kept.replay");
    let mut compared = 0;
    for recording in recordings() {
        let Some(document) = stats(&[], &[&recording]) else { continue };
        for method in methods(&document).keys().filter(|method| method.starts_with('/')) {
            let kept = kept.to_str().expect("text");
            let filter = ["filter", "-o", kept, "-m", method];
            // What would not replay is refused.
            if rpcreplay(&filter, &[&recording]).1 != 0 {
                continue;
            }
            compared += 1;
            let selected = stats(&["-m", method], &[&recording]).expect("it was read before");
            let filtered = stats(&[], &[kept]).expect("it was just written");
            assert_eq!(methods(&selected), methods(&filtered), "{} {method}", recording.display());
            let bytes = |document: &Value| document["total"]["largest"]["bytes"].clone();
            assert_eq!(bytes(&selected), bytes(&filtered));
        }
    }
    assert!(compared > 15, "only {compared} selections were compared");
}

#[test]
fn fields_say_what_json_says() {
    for recording in recordings() {
        let (lines, _) = rpcreplay(&["stats"], &[&recording]);
        let Some(document) = stats(&[], &[&recording]) else {
            assert_eq!(lines, "");
            continue;
        };
        let methods = document["methods"].as_array().expect("a list");
        let mut total = document["total"].clone();
        total["method"] = json!("total");
        assert_eq!(lines.lines().count(), methods.len() + 1);
        for (line, row) in lines.lines().zip(methods.iter().chain([&total])) {
            let fields: Vec<_> = line.split('\t').collect();
            let text = |value: &Value| match value {
                Value::Null => "-".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let numbers = ["calls", "streams", "sentMessages", "sentBytes", "receivedMessages", "receivedBytes"];
            let found = [&fields[1..3], &fields[4..8]].concat();
            assert_eq!(found, numbers.map(|name| row[name].to_string()));
            let largest = &row["largest"];
            assert_eq!(&fields[8..], [&largest["bytes"], &largest["file"], &largest["entry"]].map(text));
            let ends: Map<String, Value> = fields[3]
                .split(", ")
                .filter(|end| *end != "-")
                .map(|end| end.rsplit_once(' ').expect("a name and a number"))
                .map(|(name, number)| (name.to_owned(), json!(number.parse::<u64>().expect("a number"))))
                .collect();
            let mut expected = row["statuses"].as_object().expect("an object").clone();
            for (name, words) in
                [("unfinished", "unfinished"), ("withoutStatus", "no status"), ("unpairedEntries", "unpaired")]
            {
                if row[name] != 0 {
                    expected.insert(words.to_owned(), row[name].clone());
                }
            }
            assert_eq!(ends, expected, "{line}");
        }
    }
}

#[test]
fn rows_come_in_the_order_that_was_asked_for() {
    let recordings = recordings();
    for (sort, number) in [
        ("calls", (|row| row["calls"].as_u64()) as fn(&Value) -> Option<u64>),
        ("streams", |row| row["streams"].as_u64()),
        ("failed", |row| Some(row["failed"].as_u64()? + row["withoutStatus"].as_u64()?)),
        ("messages", |row| Some(row["sentMessages"].as_u64()? + row["receivedMessages"].as_u64()?)),
        ("bytes", |row| Some(row["sentBytes"].as_u64()? + row["receivedBytes"].as_u64()?)),
        ("largest", |row| row["largest"]["bytes"].as_u64()),
        ("method", |_| None),
    ] {
        let document = stats(&["--sort", sort], &recordings).expect("some can be read");
        let methods = document["methods"].as_array().expect("a list");
        assert!(methods.len() > 10);
        let key = |row: &Value| (std::cmp::Reverse(number(row)), row["method"].as_str().unwrap_or("").to_owned());
        assert!(methods.is_sorted_by_key(key), "{sort}");
    }
}

/// An entry of any kind, which may keep Go's rules or not.
fn entry() -> impl Strategy<Value = Entry> {
    let kinds = prop::sample::select(vec![
        Kind::Request,
        Kind::Request,
        Kind::Response,
        Kind::CreateStream,
        Kind::Send,
        Kind::Recv,
        Kind::Recv,
        Kind::Unspecified,
        Kind::Unknown(9),
    ]);
    let methods = prop::sample::select(vec![
        "",
        "/a.v1.Shop/Get",
        "/b.Shop/Watch",
        "/google.bytestream.ByteStream/Read",
        "/google.bytestream.ByteStream/Write",
        "/google.pubsub.v1.Publisher/Publish", // no stream
        "bare",
    ]);
    let value = prop::collection::vec(any::<u8>(), 0..6);
    (kinds, methods, 0..7u8, value, -1..24i32).prop_map(|(kind, method, payload, value, ref_index)| {
        let status = "type.googleapis.com/google.rpc.Status";
        let code = [0x08, value.first().copied().unwrap_or(0) % 20];
        let payload = match payload {
            0..3 => Payload::Message(Any { type_url: "type.googleapis.com/a.B", value: &value }),
            3 => Payload::Error(Any { type_url: status, value: &code }),
            4 => Payload::Error(Any { type_url: "type.googleapis.com/a.B", value: &value }),
            5 => Payload::Eof,
            _ => Payload::Empty,
        };
        let method = if matches!(kind, Kind::Request | Kind::CreateStream) || value.len() > 4 { method } else { "" };
        fixtures::encode(kind, method, payload, ref_index)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// The same of recordings that no recorder writes.
    #[test]
    fn stats_count_what_list_lists_of_anything(entries in prop::collection::vec(entry(), 0..40)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("made.replay");
        let records: Vec<_> = entries.iter().map(Entry::record).collect();
        fs::write(&path, fixtures::binary_of_records(&records)).expect("a writable folder");
        agrees_with_list(&path);
    }
}
