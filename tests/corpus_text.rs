//! What Go wrote as text reads as what Go wrote in binary, and what Go wrote in binary is written as Go writes it as text.

mod corpus;

use std::fs;
use std::path::Path;

use rpcreplay::Schema;
use rpcreplay::entry::{Entry, EntryIndex};
use rpcreplay::format::{ReadOptions, Reader, write_text_entry, write_text_header};
use rpcreplay::schema::Walker;

fn read(path: &Path, schema: &Schema) -> Vec<Entry> {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = Reader::new(file, schema, ReadOptions::default());
    let mut reader = reader.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    std::iter::from_fn(|| reader.read().unwrap_or_else(|error| panic!("{}: {error}", path.display()))).collect()
}

/// What the text format does not carry: cases whose first entry differs from the binary recording, and what it loses.
const LOSSES: &[(&str, &str)] = &[
    ("any_Any", "an empty value that was written out inside an Any"),
    ("any_noncanonical", "the order of fields inside an Any"),
    ("double_nan", "the bits of a NaN, which become those of Go's"),
    ("value_nan", "the bits of a NaN, which become those of Go's"),
    ("p2_ext", "an unknown field"),
    ("unknown_all", "unknown fields"),
    ("unknown_wiretype", "a field of the wrong wire type"),
];

/// The corner cases: our encoding of the text is byte for byte that of Go's deterministic encoder.
#[test]
fn edge_text_encodes_as_go_does() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("edge");
    let schema = corpus::schema(&folder.join("edge.binpb"));
    let mut compared = 0;
    for text in corpus::files(&folder, ".rpctxt") {
        let binary = text.with_extension("rpcbin");
        let (from_text, from_binary) = (read(&text, &schema), read(&binary, &schema));
        assert_eq!(from_text.len(), from_binary.len(), "{}", text.display());
        for (a, b) in from_text.iter().zip(&from_binary) {
            let name = format!("{}: entry {}", text.display(), a.index());
            let loses = LOSSES.iter().any(|(case, _)| text.ends_with(format!("{case}.replay.rpctxt")));
            if loses && a.index() == EntryIndex(1) {
                assert_ne!(a.record(), b.record(), "{name}: loses nothing");
            } else {
                assert_eq!(a.record(), b.record(), "{name}");
            }
        }
        compared += from_text.len();
    }
    assert!(compared >= 176, "{compared}");
}

/// Recordings that Go made in both formats: the same entries, with messages that are equal, though Go's random order
/// of map entries lets their bytes differ.
#[test]
fn made_text_holds_the_messages_of_made_binary() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("made");
    let schema = corpus::schema(&folder.join("types.protoset"));
    let mut compared = 0;
    for text in corpus::files(&folder, ".txt.replay") {
        let binary = folder.join(text.file_name().unwrap().to_str().unwrap().replace(".txt.", ".bin."));
        let has_reader =
            |path: &Path| Reader::new(fs::File::open(path).unwrap(), &schema, ReadOptions::default()).is_ok();
        // The concurrent one records the same calls in another order.
        if !binary.exists() || !has_reader(&text) || text.ends_with("concurrent.txt.replay") {
            continue;
        }
        let (from_text, from_binary) = (read(&text, &schema), read(&binary, &schema));
        assert_eq!(from_text.len(), from_binary.len(), "{}", text.display());
        for (a, b) in from_text.iter().zip(&from_binary) {
            assert_eq!(corpus::facts(a, &schema), corpus::facts(b, &schema), "{}: entry {}", text.display(), a.index());
        }
        compared += from_text.len();
    }
    assert!(compared >= 166, "{compared}");
}

/// Real recordings, and what Go wrote for them as text: the same entries, with equal messages.
#[test]
fn golden_text_holds_the_messages_of_real_recordings() {
    let Some(folder) = corpus::folder() else { return };
    let schema = Schema::builtin();
    let (mut files, mut compared) = (0, 0);
    let recordings = folder.join("recordings");
    for recording in corpus::files_below(&recordings) {
        let name = recording.strip_prefix(&recordings).expect("a path below it").display().to_string();
        let text = folder.join("golden/text").join(format!("{name}.rpctxt"));
        let (from_text, expected) = (read(&text, &schema), read(&recording, &schema));
        assert_eq!(from_text.len(), expected.len(), "{name}");
        for (a, b) in from_text.iter().zip(&expected) {
            assert_eq!(corpus::facts(a, &schema), corpus::facts(b, &schema), "{name}: entry {}", a.index());
        }
        files += 1;
        compared += expected.len();
    }
    assert!(files == 66 && compared > 1_000, "{files} files, {compared} entries");
}

/// A recording in the text format; the error of what text can't carry, unless loss is allowed.
fn to_text(path: &Path, schema: &Schema, allow_loss: bool) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader::new(file, schema, ReadOptions::default()).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    write_text_header(reader.header(), &mut text);
    let mut walker = Walker::new(schema);
    while let Some(entry) = reader.read().map_err(|error| error.to_string())? {
        write_text_entry(&entry, &mut walker, allow_loss, &mut text).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

fn assert_same_text(name: &str, ours: &[u8], go: &[u8]) {
    if ours != go {
        let line = ours.split(|&byte| byte == b'\n').zip(go.split(|&byte| byte == b'\n')).position(|(a, b)| a != b);
        panic!("{name}: line {line:?} differs:\n{}", String::from_utf8_lossy(ours));
    }
}

/// Real recordings: what we write is what Go wrote, byte for byte, and nothing is lost.
#[test]
fn real_recordings_are_written_as_go_writes_them() {
    let Some(folder) = corpus::folder() else { return };
    let schema = Schema::builtin();
    let mut files = 0;
    let recordings = folder.join("recordings");
    for recording in corpus::files_below(&recordings) {
        let name = recording.strip_prefix(&recordings).expect("a path below it").display().to_string();
        let golden = folder.join("golden/text").join(format!("{name}.rpctxt"));
        let ours = to_text(&recording, &schema, false).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_same_text(&name, &ours, &fs::read(golden).expect("a golden"));
        files += 1;
    }
    assert_eq!(files, 66);
}

/// The corner cases that text can't carry, with our error.
const UNCARRIED: &[(&str, &str)] = &[
    ("p2_ext", "entry 1: text can't carry field 120 of oracle.edge2.Old, which the descriptor does not know"),
    ("unknown_all", "entry 1: text can't carry field 500 of oracle.edge.All, which the descriptor does not know"),
    ("unknown_wiretype", "entry 1: text can't carry field 1 of oracle.edge.All, which the descriptor does not know"),
];

/// The corner cases: what we write is what Go wrote, byte for byte.
#[test]
fn edge_is_written_as_go_writes_it() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("edge");
    let schema = corpus::schema(&folder.join("edge.binpb"));
    let (mut compared, mut lossy) = (0, Vec::new());
    for recording in corpus::files(&folder, ".replay") {
        let name = recording.file_stem().expect("a name").to_string_lossy().into_owned();
        if let Err(error) = to_text(&recording, &schema, false) {
            lossy.push((name.clone(), error));
        }
        let golden = folder.join(format!("{name}.replay.rpctxt"));
        if golden.exists() {
            let ours = to_text(&recording, &schema, true).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_same_text(&name, &ours, &fs::read(golden).expect("a golden"));
            compared += 1;
        }
    }
    let lossy: Vec<_> = lossy.iter().map(|(name, error)| (name.as_str(), error.as_str())).collect();
    assert_eq!(lossy, UNCARRIED);
    assert!(compared > 80, "{compared}");
}

/// Recordings that Go made in both formats: the binary one is written as the text one.
#[test]
fn made_binary_is_written_as_made_text() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("made");
    let schema = corpus::schema(&folder.join("types.protoset"));
    let mut compared = 0;
    for text in corpus::files(&folder, ".txt.replay") {
        let binary = folder.join(text.file_name().unwrap().to_str().unwrap().replace(".txt.", ".bin."));
        // The concurrent one records the same calls in another order, and without a call there is no binary recording.
        if !binary.exists()
            || ["concurrent", "no_calls"].iter().any(|name| text.ends_with(format!("{name}.txt.replay")))
        {
            continue;
        }
        let name = text.display().to_string();
        match to_text(&binary, &schema, false) {
            Ok(ours) => assert_same_text(&name, &ours, &fs::read(&text).expect("a file")),
            Err(error) => panic!("{name}: {error}"),
        }
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}
