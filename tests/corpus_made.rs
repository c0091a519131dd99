//! Recordings made by Go's recorder or byte by byte: we read what Go reads, entry for entry, and say more where Go is
//! silent or panics.

mod corpus;

use std::fs::{self, File};
use std::path::Path;

use rpcreplay::entry::Entry;
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::{Error, Schema};
use serde_json::Value;

/// Where Go takes damage for a clean end: the file, and our error.
const SILENT_IN_GO: &[(&str, &str)] = &[
    (
        "bin_stream_cut_clean.bin.replay",
        "entry 2 at byte 25: input ends right behind the length of a record of 32 bytes, \
         which Go's reader takes for the end of the recording",
    ),
    (
        "txt_count_line_cut.txt.replay",
        "entry 3 at line 20, byte 246: input ends inside a line that holds a byte count, \
         which Go's reader takes for the end of the recording",
    ),
];

#[test]
fn go_and_we_read_the_same() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("made");
    let schema = corpus::schema(&folder.join("types.protoset"));
    let manifest = fs::read(folder.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let files = manifest["files"].as_array().expect("a list");
    assert!(files.len() >= 99);
    for file in files {
        let name = file["file"].as_str().expect("a name");
        let (initial, entries, error) = read(&folder.join(name), &schema);
        let go_error = file["go"]["fprint_error"].as_str();
        let go_panics = !file["go"]["fprint_panic"].is_null();

        if let Some((_, expected)) = SILENT_IN_GO.iter().find(|(silent, _)| *silent == name) {
            assert!(go_error.is_none(), "{name}");
            assert_eq!(error.as_ref().map(ToString::to_string).as_deref(), Some(*expected), "{name}");
        } else {
            // What Go refuses for its meaning is read, with a flaw; everything else it refuses is refused.
            let go_finds_flaw = go_panics || go_error.is_some_and(|error| error.contains("nil message"));
            assert_eq!(entries.iter().any(|entry| entry.flaw().is_some()), go_finds_flaw, "{name}");
            let go_refuses = go_error.is_some() && !go_finds_flaw;
            assert_eq!(error.is_some(), go_refuses, "{name}: Go: {go_error:?}, we: {error:?}");
        }
        if let Some(expected) = file["initial_b64"].as_str() {
            assert_eq!(initial.as_deref(), Some(&base64(expected)[..]), "{name}");
        }
        if let Some(expected) = file["entries_file"].as_str() {
            let expected = fs::read_to_string(folder.join(expected)).expect("a list of entries");
            let expected: Vec<Value> = expected.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert_eq!(entries.len(), expected.len(), "{name}");
            for (entry, expected) in entries.iter().zip(&expected) {
                compare(name, entry, expected);
            }
        }
    }
}

fn read(path: &Path, schema: &Schema) -> (Option<Vec<u8>>, Vec<Entry>, Option<Error>) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = match Reader::new(file, schema, ReadOptions::default()) {
        Ok(reader) => reader,
        Err(error) => return (None, Vec::new(), Some(error)),
    };
    let mut entries = Vec::new();
    let error = loop {
        match reader.read() {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    (Some(reader.header().initial.to_vec()), entries, error)
}

fn compare(file: &str, entry: &Entry, expected: &Value) {
    let place = format!("{file}: entry {}", entry.index());
    let (any, is_error) = entry.payload().fields();
    assert_eq!(entry.index().0, expected["n"], "{place}");
    assert_eq!(entry.kind().number(), expected["kind"], "{place}");
    assert_eq!(entry.method(), expected["method"], "{place}");
    assert_eq!(entry.ref_index(), expected["ref_index"], "{place}");
    assert_eq!(is_error, expected["is_error"], "{place}");
    assert_eq!(any.is_some(), expected["any"].is_object(), "{place}");
    let Some(any) = any else { return };
    assert_eq!(any.type_url, expected["any"]["type_url"], "{place}");
    assert_eq!(any.value.len(), expected["any"]["value"]["len"], "{place}");
    if let Some(value) = expected["any"]["value_b64"].as_str() {
        assert_eq!(any.value, base64(value), "{place}");
    }
}

fn base64(text: &str) -> Vec<u8> {
    base64_simd::STANDARD.decode_to_vec(text).expect("base64")
}
