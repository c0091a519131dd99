//! `corpus/edge`: synthetic corner cases, with the JSON, text and deterministic bytes that Go makes of them.
//!
//! The folder is taken from `RPCREPLAY_CORPUS`.

use std::fs;
use std::path::{Path, PathBuf};

use rpcreplay::entry::{Any, Payload};
use rpcreplay::format::Reader;
use rpcreplay::schema::{
    JsonOptions, Schema, TextOptions, Walker, write_canonical, write_json, write_json_any, write_text,
};
use serde_json::Value;

/// Every case as (name, path of the recording), or `None` without a corpus.
fn cases() -> Option<(Schema, Vec<(String, PathBuf)>)> {
    let Some(corpus) = std::env::var_os("RPCREPLAY_CORPUS") else {
        eprintln!("skipped: RPCREPLAY_CORPUS names no corpus");
        return None;
    };
    let folder = Path::new(&corpus).join("edge");
    let protoset = fs::read(folder.join("edge.binpb")).expect("the corpus has edge.binpb");
    let schema = Schema::builder().protoset("edge.binpb", protoset).expect("edge.binpb is a descriptor set").build();
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .expect("the corpus has the folder edge")
        .map(|file| file.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "replay"))
        .map(|path| (path.file_stem().expect("a file has a name").to_string_lossy().into_owned(), path))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no recordings in {}", folder.display());
    Some((schema, cases))
}

fn beside(recording: &Path, suffix: &str) -> Option<PathBuf> {
    let path = PathBuf::from(format!("{}{suffix}", recording.display()));
    path.exists().then_some(path)
}

/// Calls `each` with every message of a recording and the entry's number.
fn for_each_message(schema: &Schema, recording: &Path, mut each: impl FnMut(u64, Any<'_>)) {
    let file = fs::File::open(recording).expect("the recording can be opened");
    let reader = Reader::new(file, schema, Default::default()).expect("the recording has a header");
    for entry in reader {
        let entry = entry.expect("the recording is whole");
        if let Payload::Message(any) | Payload::Error(any) = entry.payload() {
            each(entry.index().0, any);
        }
    }
}

fn golden_lines(path: &Path) -> Vec<Value> {
    let lines = fs::read_to_string(path).expect("the golden can be read");
    lines.lines().map(|line| serde_json::from_str(line).expect("the golden is JSON lines")).collect()
}

#[test]
fn json_is_what_go_writes() {
    let Some((schema, cases)) = cases() else { return };
    let mut compared = 0;
    for (name, recording) in cases {
        let golden = beside(&recording, ".go.jsonl").map(|path| golden_lines(&path));
        for_each_message(&schema, &recording, |index, any| {
            let layout = schema.resolve(any.type_url).expect("the type is in edge.binpb");
            for (proto_names, member) in [(false, "message"), (true, "message_proto_names")] {
                let options = JsonOptions { proto_names, strict: true, ..JsonOptions::default() };
                let mut json = Vec::new();
                let written = write_json(&mut Walker::new(&schema), layout, any.value, options, &mut json);
                let Some(golden) = &golden else { continue };
                written.unwrap_or_else(|error| panic!("{name}, entry {index}: {error}"));
                let ours: Value = serde_json::from_slice(&json).expect("we write JSON");
                let line = golden.iter().find(|line| line["index"] == index).expect("the golden has the entry");
                assert_eq!(ours, line[member], "{name}, entry {index}, {member}");
                compared += 1;
            }
        });
    }
    assert!(compared > 0, "no case has a golden");
}

/// Where Go refuses to write JSON, the strict manner does too, and the lenient one shows the bytes with the reason.
#[test]
fn what_has_no_json_is_refused_or_shown_as_its_bytes() {
    let Some((schema, cases)) = cases() else { return };
    let mut refused = 0;
    for (name, recording) in cases {
        if beside(&recording, ".go.jsonl").is_some() {
            continue;
        }
        let mut failures = 0;
        for_each_message(&schema, &recording, |_, any| {
            let layout = schema.resolve(any.type_url).expect("the type is in edge.binpb");
            let strict = JsonOptions { strict: true, ..JsonOptions::default() };
            let (mut walker, mut json) = (Walker::new(&schema), Vec::new());
            failures += usize::from(write_json(&mut walker, layout, any.value, strict, &mut json).is_err());
            json.clear();
            let opened = write_json_any(&mut walker, any, JsonOptions::default(), &mut json);
            assert_eq!(opened.expect("it does not fail").reason, None, "{name}");
            let shown: Value = serde_json::from_slice(&json).expect("we write JSON");
            if name != "p2_missing_required" && shown["@type"] != "type.googleapis.com/oracle.edge.Nothing" {
                assert!(String::from_utf8_lossy(&json).contains(r#""@reason":"#), "{name}: {shown}");
            }
        });
        // Go minds a required field that is missing. A recording can hold such a message, so it is shown.
        assert_eq!(failures, usize::from(name != "p2_missing_required"), "{name}");
        refused += 1;
    }
    assert!(refused > 0, "Go refuses no case");
}

/// The golden text recordings hold each message inside an expanded `Any`, two levels in.
#[test]
fn text_is_what_go_writes() {
    let Some((schema, cases)) = cases() else { return };
    let mut compared = 0;
    for (name, recording) in cases {
        let Some(golden) = beside(&recording, ".rpctxt") else { continue };
        let golden = fs::read(golden).expect("the golden can be read");
        for_each_message(&schema, &recording, |index, any| {
            let layout = schema.resolve(any.type_url).expect("the type is in edge.binpb");
            let options = TextOptions { level: 2, ..TextOptions::default() };
            let mut text = format!("  [{}]: {{\n", any.type_url).into_bytes();
            let empty = text.len();
            write_text(&mut Walker::new(&schema), layout, any.value, options, &mut text)
                .unwrap_or_else(|error| panic!("{name}, entry {index}: {error}"));
            if text.len() == empty {
                text.truncate(empty - 1);
            } else {
                text.extend_from_slice(b"  ");
            }
            text.extend_from_slice(b"}\n");
            assert!(
                golden.windows(text.len()).any(|window| window == text),
                "{name}, entry {index}: not in the golden:\n{}",
                String::from_utf8_lossy(&text)
            );
            compared += 1;
        });
    }
    assert!(compared > 0, "no case has a golden");
}

#[test]
fn canonical_bytes_are_what_go_writes() {
    let Some((schema, cases)) = cases() else { return };
    let mut compared = 0;
    for (name, recording) in cases {
        let Some(golden) = beside(&recording, ".rpcbin") else { continue };
        let mut theirs = Vec::new();
        for_each_message(&schema, &golden, |_, any| theirs.push(any.value.to_vec()));
        let mut ours = Vec::new();
        for_each_message(&schema, &recording, |_, any| {
            let layout = schema.resolve(any.type_url).expect("the type is in edge.binpb");
            let mut canonical = Vec::new();
            write_canonical(&mut Walker::new(&schema), layout, any.value, &mut canonical).expect("it is a message");
            ours.push(canonical);
        });
        assert_eq!(ours, theirs, "{name}");
        compared += ours.len();
    }
    assert!(compared > 0, "no case has a golden");
}
