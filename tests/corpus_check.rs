//! What is found in recordings, against Go's own verdicts, and what is found in real ones.

mod corpus;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use rpcreplay::Schema;
use rpcreplay::check::{Cause, Checker, Checks, Finding, Go, Inspector, Rule, Severity};
use rpcreplay::detect::{Detectors, known};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::pairing::Pairing;
use serde_json::Value;

fn checks() -> Checks {
    let names: Vec<String> = known().iter().map(|known| known.name.to_owned()).collect();
    Checks::new(Detectors::new(&names, &[]).expect("they are built in"))
}

/// All that is found in a recording.
fn check(path: &Path, checks: &Checks, schema: &Schema) -> Vec<Finding> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut checker = Checker::new(checks, schema);
    let mut reader = match Reader::new(file, schema, ReadOptions::default()) {
        Ok(reader) => reader,
        Err(error) => return checker.finish(0, Some(&error)),
    };
    let mut inspector = Inspector::new(checks, schema, None);
    let mut pairing = Pairing::default();
    loop {
        match reader.read() {
            Ok(Some(entry)) => checker.add(&entry, pairing.follow(&entry), inspector.inspect(&entry)),
            Ok(None) => return checker.finish(pairing.unmatched_requests(), None),
            Err(error) => return checker.finish(pairing.unmatched_requests(), Some(&error)),
        }
    }
}

/// What Go's replayer says first: of an entry before what it says at the end of a recording.
fn verdict(findings: &[Finding]) -> Option<&Go> {
    let is_at_end = |finding: &&Finding| finding.cause == Cause::Rule(Rule::UnmatchedRequest);
    let says = |finding: &&Finding| matches!(finding.go, Some(Go::Says(_) | Go::Refuses));
    let first = findings.iter().filter(says).find(|finding| !is_at_end(finding));
    first.or(findings.iter().find(is_at_end)).and_then(|finding| finding.go.as_ref())
}

/// An error of Go without what differs from one executable to the next, the file and line in front of it, and places in the text of an entry.
fn plain(go: &str) -> String {
    let go = go.replace('\u{a0}', " ");
    let position = regex::Regex::new(r"^(?:\(unknown\)|[\w.]+):\d+: ").expect("a pattern");
    let place = regex::Regex::new(r" ?\(line \d+:\d+\)").expect("a pattern");
    let what = regex::Regex::new(r" \[[^\]]*\]: not found").expect("a pattern");
    let go = position.replace(&go, "");
    let go = place.replace(&go, "").replace("proto::", "proto:");
    let go = what.replace(&go, ": not found");
    match go.strip_prefix("panic: interface conversion") {
        Some(_) => "panic: interface conversion: protoreflect.ProtoMessage is not *status.Status".to_owned(),
        None => go.into_owned(),
    }
}

/// Checks that we say what Go says, or that it refuses the recording in words that we do not know.
fn agree(name: &str, findings: &[Finding], go: Option<&str>) {
    match (verdict(findings), go.map(plain)) {
        (None, None) => {}
        (Some(Go::Refuses), Some(_)) => {}
        (Some(Go::Says(ours)), Some(go)) => assert_eq!(*ours, go, "{name}"),
        (ours, go) => panic!("{name}: we say {ours:?}, Go {go:?}"),
    }
}

/// What an entry is found to be, where others have looked at the same recordings.
const SAME: [Rule; 8] = [
    Rule::EofOnResponse,
    Rule::RecvAfterEnd,
    Rule::EmptyStatus,
    Rule::SwallowedTruncation,
    Rule::MethodOnResponse,
    Rule::NoMethod,
    Rule::StreamWithoutEof,
    Rule::UnreadStream,
];

#[test]
fn injected_faults_are_what_go_says() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("bad");
    let (schema, checks) = (Schema::builtin(), checks());
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).expect("a manifest");
    let mut cases = 0;
    for line in manifest.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let name = case["file"].as_str().expect("a name");
        let findings = check(&folder.join(name), &checks, &schema);
        agree(name, &findings, case["go_error"].as_str());
        if case["go_error"].is_null() {
            let expected: Vec<(String, Option<u64>)> = case["findings"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|finding| (finding["code"].as_str().expect("a code").to_owned(), finding["entry"].as_u64()))
                .filter(|(code, _)| code != "duplicate-request")
                .collect();
            let mut found: Vec<(String, Option<u64>)> = findings
                .iter()
                .filter(|finding| SAME.iter().any(|rule| finding.cause == Cause::Rule(*rule)))
                .map(|finding| (checks.id(finding.cause).to_owned(), finding.position.entry))
                .collect();
            for (code, entry) in &mut found {
                // It is the entry that is missing.
                if code == Rule::SwallowedTruncation.id() {
                    *entry = None;
                }
            }
            found.sort();
            let mut sorted = expected.clone();
            sorted.sort();
            assert_eq!(found, sorted, "{name}");
        }
        cases += 1;
    }
    assert_eq!(cases, 78);
}

#[test]
fn made_recordings_are_what_go_says() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("made");
    let schema = corpus::schema(&folder.join("types.protoset"));
    let checks = checks();
    let manifest = fs::read(folder.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let files = manifest["files"].as_array().expect("a list");
    assert!(files.len() >= 99);
    for file in files {
        let name = file["file"].as_str().expect("a name");
        let findings = check(&folder.join(name), &checks, &schema);
        let panic = file["go"]["replayer_panic"].as_str().map(|panic| format!("panic: {panic}"));
        let go = file["go"]["replayer_error"].as_str().or(panic.as_deref());
        agree(name, &findings, go);
        // What is refused is an error.
        let is_error = |finding: &Finding| checks.severity(finding.cause) == Some(Severity::Error);
        assert!(go.is_none() || findings.iter().any(is_error), "{name}");
    }
}

#[test]
fn real_recordings_have_no_errors_and_known_warnings() {
    let Some(folder) = corpus::folder() else { return };
    let (schema, checks) = (Schema::builtin(), checks());
    let mut warnings: BTreeMap<String, u64> = BTreeMap::new();
    let recordings = corpus::files_below(&folder.join("recordings"));
    for path in &recordings {
        for finding in check(path, &checks, &schema) {
            let place = format!("{}: {}: {}", path.display(), finding.position, finding.sentence());
            assert_eq!(checks.severity(finding.cause), Some(Severity::Warning), "{place}");
            *warnings.entry(checks.id(finding.cause).to_owned()).or_default() += 1;
        }
    }
    assert_eq!(recordings.len(), 66);
    let found: Vec<(&str, u64)> = warnings.iter().map(|(id, count)| (id.as_str(), *count)).collect();
    assert_eq!(found, [("debug-info", 20), ("different-answers", 62), ("email", 2)]);
}
