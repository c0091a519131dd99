//! Recordings in other formats: JSON of ours there and back, canonical JSON as others write it, text as Go writes it.

mod corpus;

use std::fs;
use std::path::Path;

use corpus::{is_equal, json, recordings, without_type};
use rpcreplay::Schema;
use rpcreplay::entry::Entry;
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};
use serde_json::Value;

/// A recording in another format, or what is wrong with it.
fn convert(file: &[u8], schema: &Schema, options: WriteOptions) -> Result<Vec<u8>, String> {
    let in_words = |error: rpcreplay::Error| error.to_string();
    let mut reader = Reader::new(file, schema, ReadOptions::default()).map_err(in_words)?;
    let encoder = Encoder::new(options, schema);
    let mut writer = Writer::new(Vec::new(), reader.header(), encoder).map_err(in_words)?;
    while let Some(entry) = reader.read().map_err(in_words)? {
        writer.write(&entry).map_err(in_words)?;
    }
    writer.finish().map_err(in_words)
}

fn must_convert(name: &str, file: &[u8], schema: &Schema, options: WriteOptions) -> Vec<u8> {
    convert(file, schema, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Takes a recording to JSON and back, in both forms, and hands out the lines; nothing of one that is damaged.
fn there_and_back(path: &Path, schema: &Schema) -> Option<String> {
    let name = path.display().to_string();
    let file = fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    // Decompressed, and of a text recording the records that its text stands for.
    let binary = convert(&file, schema, WriteOptions::new(Format::Binary)).ok()?;
    if file.starts_with(b"RPCReplay") {
        assert!(binary == file, "{name}: a copy differs");
    }
    let [lines, document] = [Format::JsonLines, Format::Json].map(|format| {
        let written = must_convert(&name, &file, schema, WriteOptions::new(format));
        let back = must_convert(&name, &written, schema, WriteOptions::new(Format::Binary));
        assert!(back == binary, "{name}: {format} does not lead back: {}", String::from_utf8_lossy(&written));
        String::from_utf8(written).expect("JSON is UTF-8")
    });
    let document = json(&document);
    let entries = document["entries"].as_array().expect("a list of entries");
    assert!(lines.lines().skip(1).map(json).eq(entries.iter().cloned()), "{name}");
    Some(lines)
}

/// Calls `each` with every object of a value.
fn for_each_object(value: &Value, each: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| for_each_object(element, each)),
        Value::Object(members) => {
            each(members);
            members.values().for_each(|member| for_each_object(member, each));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// How many objects need their bytes beside them to tell what they are of.
fn count_of_bytes(lines: &str) -> usize {
    let mut count = 0;
    for line in lines.lines().map(json) {
        for_each_object(&line, &mut |object| {
            count += usize::from(object.contains_key("@wire") && !object.contains_key("@reason"));
        });
    }
    count
}

/// What real programs record is told by its JSON alone, though Go writes maps in the order of chance.
#[test]
fn real_recordings_lead_to_json_and_back() {
    let Some(folder) = corpus::folder() else { return };
    let schema = Schema::builtin();
    let pairs = corpus::files_below(&folder.join("pairs"));
    let pairs = pairs.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "replay"));
    let mut files = 0;
    for path in recordings(&folder).into_iter().map(|(path, _)| path).chain(pairs) {
        let lines = there_and_back(&path, &schema).unwrap_or_else(|| panic!("{}: it is damaged", path.display()));
        assert_eq!(count_of_bytes(&lines), 0, "{}", path.display());
        assert!(!lines.contains("\"@unknown\""), "{}", path.display());
        files += 1;
    }
    assert!(files >= 66 + 28, "{files}");
}

#[test]
fn corner_cases_lead_to_json_and_back() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("edge");
    let schema = corpus::schema(&folder.join("edge.binpb"));
    let (mut files, mut with_bytes) = (0, Vec::new());
    for path in [".replay", ".rpcbin", ".rpctxt"].iter().flat_map(|suffix| corpus::files(&folder, suffix)) {
        let lines = there_and_back(&path, &schema).unwrap_or_else(|| panic!("{}: it is damaged", path.display()));
        if count_of_bytes(&lines) > 0 {
            with_bytes.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
        files += 1;
    }
    assert!(files > 240, "{files}");
    assert_eq!(with_bytes, WITH_BYTES);
}

/// The corner cases that JSON alone does not tell: lists that are packed as their descriptor does not say, defaults that are
/// written out, maps and messages in pieces, and the bits of a NaN.
#[rustfmt::skip]
const WITH_BYTES: &[&str] = &[
    "any_Any.replay",
    "any_Empty.replay",
    "any_StringValue.replay",
    "any_noncanonical.replay",
    "any_repeated.replay",
    "double_e15.replay",
    "double_e20.replay",
    "double_e22.replay",
    "double_e5.replay",
    "double_m5.replay",
    "double_m7.replay",
    "double_nan.replay",
    "double_small.replay",
    "double_tenth.replay",
    "double_x123456789.replay",
    "double_x12345_5.replay",
    "double_zero_neg.replay",
    "float_e20.replay",
    "float_e7.replay",
    "float_m5.replay",
    "float_max.replay",
    "float_neg.replay",
    "float_third.replay",
    "map_defaults.replay",
    "map_value_first.replay",
    "merge_submessage.replay",
    "nullvalue_field.replay",
    "packed_vs_unpacked.replay",
    "value_nan.replay",
    "any_Any.replay.rpcbin",
    "any_noncanonical.replay.rpcbin",
    "double_nan.replay.rpcbin",
    "value_nan.replay.rpcbin",
];

#[test]
fn made_recordings_lead_to_json_and_back() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("made");
    let schema = corpus::schema(&folder.join("types.protoset"));
    let files = corpus::files(&folder, ".replay");
    let whole = files.iter().filter(|path| there_and_back(path, &schema).is_some()).count();
    assert!(files.len() >= 99 && whole > 60, "{whole} of {}", files.len());
}

#[test]
fn canonical_json_is_that_of_others() {
    let Some(folder) = corpus::folder() else { return };
    let schema = Schema::builtin();
    let mut messages = 0;
    for (path, name) in recordings(&folder) {
        let file = fs::read(&path).expect("a recording");
        let options = WriteOptions { canonical: true, ..WriteOptions::new(Format::JsonLines) };
        let written = must_convert(&name, &file, &schema, options);
        let lines: Vec<Value> = String::from_utf8_lossy(&written).lines().map(json).collect();
        let oracle = fs::read_to_string(folder.join("golden/oracle").join(format!("{name}.jsonl"))).expect("an oracle");
        let oracle: Vec<Value> = oracle.lines().map(json).collect();
        assert_eq!((&lines[0]["canonical"], &lines[0]["initial"]), (&Value::Bool(true), &oracle[0]["initial"]));
        assert_eq!(lines.len(), oracle.len(), "{name}");
        for (line, expected) in lines.iter().zip(&oracle).skip(1) {
            assert_eq!(line["message"].is_null(), expected["message"].is_null(), "{name}: {line}");
            if !line["message"].is_null() {
                let found = without_type(&line["message"]);
                assert!(is_equal(&found, &expected["message"]), "{name}: {found}\n{}", expected["message"]);
                messages += 1;
            }
            for_each_object(line, &mut |object| {
                let is_ours = |key: &String| ["@wire", "@unknown", "@reason"].contains(&key.as_str());
                assert!(!object.keys().any(is_ours), "{name}: {line}");
            });
        }
        // It is read as the same, apart from the order of fields and of what maps hold.
        assert_same(&name, &file, &written, &schema);
    }
    assert!(messages > 1_000, "{messages}");
}

#[test]
fn text_is_that_of_go_and_leads_back() {
    let Some(folder) = corpus::folder() else { return };
    let schema = Schema::builtin();
    for (path, name) in recordings(&folder) {
        let file = fs::read(&path).expect("a recording");
        let golden = fs::read(folder.join("golden/text").join(format!("{name}.rpctxt"))).expect("a golden");
        let text = must_convert(&name, &file, &schema, WriteOptions::new(Format::Text));
        assert!(text == golden, "{name}: {}", String::from_utf8_lossy(&text));
        assert_same(&name, &file, &must_convert(&name, &golden, &schema, WriteOptions::new(Format::Binary)), &schema);
    }
}

/// Two recordings have the same header and entries with equal messages.
fn assert_same(name: &str, a: &[u8], b: &[u8], schema: &Schema) {
    let read = |file: &[u8]| {
        let mut reader =
            Reader::new(file, schema, ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let initial = reader.header().initial.to_vec();
        let entries: Vec<Entry> =
            reader.by_ref().map(|entry| entry.unwrap_or_else(|error| panic!("{name}: {error}"))).collect();
        (initial, entries)
    };
    let (a, b) = (read(a), read(b));
    assert_eq!((a.0, a.1.len()), (b.0, b.1.len()), "{name}");
    for (a, b) in a.1.iter().zip(&b.1) {
        let (any, _) = a.payload().fields();
        assert!(any.is_none_or(|any| schema.resolve(any.type_url).is_ok()), "{name}: entry {}", a.index());
        assert_eq!(corpus::facts(a, schema), corpus::facts(b, schema), "{name}: entry {}", a.index());
    }
}
