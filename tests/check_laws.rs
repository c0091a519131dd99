//! Laws of `check`: what it says of a recording that was cut is what Go's replayer says, by a small table of Go's rules; and what it finds
//! depends neither on the number of threads nor on what is checked beside it.

mod corpus;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rpcreplay::Schema;
use rpcreplay::check::{Cause, Checker, Checks, Finding, Go, Inspector, Rule, Severity};
use rpcreplay::detect::{Detectors, known};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::pairing::Pairing;
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// What finds errors, and nothing else.
fn errors_alone() -> Checks {
    let mut checks = Checks::new(Detectors::new(&[], &[]).expect("none"));
    for rule in Rule::ALL {
        if rule.about().severity == Severity::Warning {
            checks.set(rule.id(), None).expect("it is one");
        }
    }
    checks
}

fn check(bytes: &[u8], checks: &Checks, schema: &Schema) -> Vec<Finding> {
    let mut checker = Checker::new(checks, schema);
    let mut reader = match Reader::new(bytes, schema, ReadOptions::default()) {
        Ok(reader) => reader,
        Err(error) => return checker.finish(0, Some(&error)),
    };
    let (mut inspector, mut pairing) = (Inspector::new(checks, schema, None), Pairing::default());
    loop {
        match reader.read() {
            Ok(Some(entry)) => checker.add(&entry, pairing.follow(&entry), inspector.inspect(&entry)),
            Ok(None) => return checker.finish(pairing.unmatched_requests(), None),
            Err(error) => return checker.finish(pairing.unmatched_requests(), Some(&error)),
        }
    }
}

/// Where in a whole recording a cut lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Nothing is left.
    Nothing,
    /// In the mark that a recording begins with.
    Mark,
    /// Where the initial state should begin, or its line.
    Initial,
    /// In the initial state, or its length.
    InInitial,
    /// Between entries, so many of which are left.
    Border(usize),
    /// In the length of the entry behind so many, or its record.
    InEntry(usize),
    /// Right behind its length.
    BehindLength(usize),
    /// In the line with its byte count.
    InCount(usize),
}

/// What Go's replayer says, and whether something is missing that it does not notice; given how many requests are not answered after so many entries.
///
/// Source: `binary_format.go`, `text_format.go` and `NewReplayer` of go-replayers.
fn go(cut: Cut, is_text: bool, unmatched: &[u64]) -> (Option<String>, bool) {
    let says = |words: &str| (Some(words.to_owned()), false);
    let at_end = |entries: usize| {
        let left = unmatched[entries];
        (left > 0).then(|| format!("replayer: {left} unmatched requests"))
    };
    match (cut, is_text) {
        (Cut::Nothing, _) => says("grpcreplay: empty replay file"),
        (Cut::Mark, _) => says("unexpected EOF"),
        (Cut::Initial, false) => says("grpcreplay: missing initial state"),
        (Cut::InInitial, false) => says("unexpected EOF"),
        (Cut::Initial | Cut::InInitial, true) => says("EOF"),
        (Cut::Border(entries), _) => (at_end(entries), false),
        (Cut::InEntry(_), _) => says("unexpected EOF"),
        (Cut::BehindLength(entries), false) => (at_end(entries), true),
        (Cut::BehindLength(_), true) => says("EOF"),
        (Cut::InCount(entries), _) => (at_end(entries), true),
    }
}

/// The cuts of a binary recording that are tried, each with how many bytes are left.
fn binary_cuts(file: &[u8]) -> Vec<(usize, Cut)> {
    let length = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
    let initial = length(9);
    let mut cuts = vec![(0, Cut::Nothing), (1, Cut::Mark), (8, Cut::Mark), (9, Cut::Initial), (11, Cut::InInitial)];
    if initial > 0 {
        cuts.push((13, Cut::Initial));
    }
    if initial > 1 {
        cuts.push((13 + initial / 2, Cut::InInitial));
    }
    let (mut at, mut entries) = (13 + initial, 0);
    while at < file.len() {
        let record = length(at);
        cuts.extend([(at, Cut::Border(entries)), (at + 1, Cut::InEntry(entries)), (at + 3, Cut::InEntry(entries))]);
        if record > 1 {
            let body = at + 4;
            cuts.extend([
                (body, Cut::BehindLength(entries)),
                (body + 1, Cut::InEntry(entries)),
                (body + record - 1, Cut::InEntry(entries)),
            ]);
        }
        (at, entries) = (at + 4 + record, entries + 1);
    }
    cuts.push((at, Cut::Border(entries)));
    cuts
}

/// The same of a text recording.
fn text_cuts(file: &[u8]) -> Vec<(usize, Cut)> {
    let line_end = |at: usize| at + file[at..].iter().position(|&byte| byte == b'\n').expect("a line") + 1;
    let magic = line_end(0);
    let header = line_end(magic);
    let mut cuts =
        vec![(0, Cut::Nothing), (1, Cut::Mark), (8, Cut::Mark), (magic, Cut::Initial), (header - 1, Cut::InInitial)];
    let (mut at, mut entries) = (header, 0);
    while at < file.len() {
        let body = line_end(at);
        let count: usize = std::str::from_utf8(&file[at..body - 1]).expect("text").parse().expect("a number");
        cuts.extend([
            (at, Cut::Border(entries)),
            (at + 1, Cut::InCount(entries)),
            (body - 1, Cut::InCount(entries)),
            (body, Cut::BehindLength(entries)),
            (body + 1, Cut::InEntry(entries)),
            (body + count - 1, Cut::InEntry(entries)),
        ]);
        (at, entries) = (body + count, entries + 1);
    }
    cuts.push((at, Cut::Border(entries)));
    cuts
}

/// How many requests are not answered after so many entries of a recording, all of which Go takes.
fn unmatched(file: &[u8], schema: &Schema) -> Vec<u64> {
    let mut pairing = Pairing::default();
    let mut unmatched = vec![0];
    for entry in Reader::new(file, schema, ReadOptions::default()).expect("a recording") {
        pairing.follow(&entry.expect("an entry")).expect("it has a call");
        unmatched.push(pairing.unmatched_requests());
    }
    unmatched
}

fn cutting(path: &Path, checks: &Checks, schema: &Schema) -> usize {
    let file = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_text = file.starts_with(b"RPCReTxt1");
    let cuts = if is_text { text_cuts(&file) } else { binary_cuts(&file) };
    let unmatched = unmatched(&file, schema);
    for &(at, cut) in &cuts {
        let name = format!("{} cut at {at}: {cut:?}", path.display());
        let findings = check(&file[..at], checks, schema);
        let (says, is_swallowed) = go(cut, is_text, &unmatched);
        let is_missed = |finding: &&Finding| finding.cause == Cause::Rule(Rule::SwallowedTruncation);
        assert_eq!(findings.iter().filter(is_missed).count(), usize::from(is_swallowed), "{name}: {findings:#?}");
        let ours: Vec<String> = findings
            .iter()
            .filter_map(|finding| match &finding.go {
                Some(Go::Says(words)) => Some(words.clone()),
                Some(Go::Refuses | Go::Accepts) | None => None,
            })
            .collect();
        match says {
            None => assert!(ours.is_empty(), "{name}: {ours:?}"),
            Some(says) => {
                assert!(!ours.is_empty() && ours.iter().all(|ours| *ours == says), "{name}: {ours:?}, Go: {says}")
            }
        }
        // Each of them is a finding of its own.
        if let (Cut::Border(entries), false) = (cut, findings.is_empty()) {
            assert_eq!(findings.len() as u64, unmatched[entries], "{name}");
        }
    }
    cuts.len()
}

/// Recordings that Go takes: those of `tests/data`, and those of the corpus if there is one.
fn recordings() -> Vec<PathBuf> {
    let mut recordings = corpus::files(Path::new(DATA), ".replay");
    // Its types are none that a program has.
    recordings.retain(|path| !path.ends_with("unnamed.replay"));
    recordings
        .extend(corpus::files(Path::new(DATA), ".grpcrr").into_iter().filter(|path| !path.ends_with("marks.grpcrr")));
    if let Some(folder) = corpus::folder() {
        recordings.extend(corpus::files_below(&folder.join("recordings/binary")));
        recordings.extend(corpus::files_below(&folder.join("recordings/text")));
    }
    recordings
}

#[test]
fn a_cut_is_what_go_says_of_it() {
    let protoset = fs::read(format!("{DATA}/ledger.protoset")).expect("a file");
    let schema = Schema::builder().protoset("ledger.protoset", protoset).expect("a descriptor set").build();
    let checks = errors_alone();
    let cuts: usize = recordings().iter().map(|path| cutting(path, &checks, &schema)).sum();
    assert!(cuts > 300, "{cuts}");
}

/// What the program writes, and its exit code.
fn run(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
    let output = command.args(arguments).env_clear().output().expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code().expect("it ends by itself"), text)
}

/// Every recording that there is, whole or broken.
fn all_recordings() -> Vec<PathBuf> {
    let mut recordings = recordings();
    recordings.push(Path::new(DATA).join("marks.grpcrr"));
    if let Some(folder) = corpus::folder() {
        recordings.extend(corpus::files_below(&folder.join("recordings/gzip")));
        recordings.extend(
            corpus::files_below(&folder.join("bad")).into_iter().filter(|path| !path.ends_with("manifest.jsonl")),
        );
    }
    recordings
}

fn findings(text: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    document["findings"].as_array().expect("a list").clone()
}

#[test]
fn many_threads_find_what_one_finds() {
    let recordings = all_recordings();
    let mut arguments = vec!["check", "--no-config", "--format", "json"];
    arguments.extend(recordings.iter().map(|path| path.to_str().expect("UTF-8")));
    let one = run(&[&arguments[..], &["--threads", "1"]].concat());
    assert_eq!(one.0, 1, "some are broken");
    for threads in ["2", "9"] {
        assert_eq!(run(&[&arguments[..], &["--threads", threads]].concat()), one, "{threads} threads");
    }
    // All together are each by itself.
    let alone = recordings.iter().flat_map(|path| {
        findings(&run(&["check", "--no-config", "--format", "json", path.to_str().expect("UTF-8")]).1)
    });
    assert_eq!(alone.collect::<Vec<_>>(), findings(&one.1));
}

/// What detectors find here is what `redact` would take out.
#[test]
fn secrets_are_those_that_redact_finds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.AZm4N8pvgxPv9wV4eSB7YEUcJvR5MxCJ5rpd9OuSqcH";
    let mut secrets = 0;
    for path in recordings() {
        let protoset = format!("{DATA}/ledger.protoset");
        // Some string of each becomes an address, another one a token.
        let (code, json) =
            run(&["convert", "--no-config", "--protoset", &protoset, "--to", "jsonl", path.to_str().expect("UTF-8")]);
        assert_eq!(code, 0, "{}", path.display());
        let planted: String = json
            .lines()
            .enumerate()
            .map(|(number, line)| {
                let line = if number % 3 == 1 {
                    line.replacen("\"name\":\"", &format!("\"name\":\"{token} "), 1)
                } else {
                    line.to_owned()
                };
                line.replacen("\"parent\":\"", "\"parent\":\"ops@acme.com/", 1) + "\n"
            })
            .collect();
        let planted_path = folder.path().join("planted.jsonl");
        fs::write(&planted_path, planted).expect("a writable folder");
        let planted_path = planted_path.to_str().expect("UTF-8");
        let known = ["--no-config", "--protoset", &protoset, "--format", "json", planted_path];
        let ours = run(&[&["check"], &known[..]].concat()).1;
        let theirs =
            run(&[&["redact", "--check", "--detect", "all", "--allow-uninspected", "*"], &known[..]].concat()).1;
        let of = |text: &str| -> BTreeSet<(String, u64)> {
            let is_secret = |finding: &&Value| known_detectors().contains(&finding["rule"].as_str().expect("a name"));
            let place = |finding: &Value| (finding["rule"].to_string(), finding["entry"].as_u64().unwrap_or(0));
            findings(text).iter().filter(is_secret).map(place).collect()
        };
        assert_eq!(of(&ours), of(&theirs), "{}", path.display());
        secrets += of(&ours).len();
    }
    assert!(secrets > 5, "{secrets}");
}

fn known_detectors() -> Vec<&'static str> {
    known().iter().map(|known| known.name).collect()
}

/// Of some calls only what is wrong with them is told, and all of that.
#[test]
fn a_selection_finds_what_is_in_it() {
    for path in all_recordings() {
        let path = path.to_str().expect("UTF-8");
        // What compares calls depends on which there are.
        let alone = ["--disable", "different-answers", "--disable", "retried-call", "--format", "json"];
        let check = |more: &[&str]| findings(&run(&[&["check", "--no-config", path], &alone[..], more].concat()).1);
        let all = check(&[]);
        let mut methods: Vec<&str> = all.iter().filter_map(|finding| finding["method"].as_str()).collect();
        methods.sort_unstable();
        methods.dedup();
        for method in methods.iter().filter(|method| method.starts_with('/') && !method.contains(['*', '?', '\u{1b}']))
        {
            // How many entries have it is told of all of them.
            let plain = |findings: &[Value]| -> Vec<Value> {
                let is_of_method = |finding: &&Value| finding["method"].as_str() == Some(*method);
                let without_count = |finding: &Value| {
                    let mut finding = finding.clone();
                    let message = finding["message"].as_str().unwrap_or_default();
                    finding["message"] = message.split(", in ").next().unwrap_or_default().into();
                    finding
                };
                findings.iter().filter(is_of_method).map(without_count).collect()
            };
            let selected = check(&["-m", method]);
            for finding in plain(&all) {
                assert!(plain(&selected).contains(&finding), "{path} {method}: {finding}");
            }
            let is_of_others = |finding: &Value| finding["method"].as_str().is_some_and(|other| other != *method);
            assert!(!selected.iter().any(is_of_others), "{path} {method}");
        }
    }
}
