//! Fuzzers start from what is sound, not from bytes that are refused at the first field.

use std::path::Path;

use rpcreplay::Schema;
use rpcreplay::entry::Any;
use rpcreplay::format::{Format, ReadOptions, Reader};
use rpcreplay::schema::{JsonOptions, Walker, check_message, write_canonical, write_json, write_json_any};

/// The seed, its type, and something of its JSON that only a message of that type has.
const SEEDS: [(&str, &str, &str); 10] = [
    ("old", "every.Old", r#""[every.extra]":{"more":1}"#),
    ("old-unknown", "every.Old", r#""@unknown":"mwYIARMaAggFFJwG"#),
    ("new", "every.New", r#""time":"2023-11-14T22:13:20.120Z""#),
    ("new-defaults", "every.New", r#""oneValue":"v""#),
    ("any", "google.protobuf.Any", r#"{"@type":"type.googleapis.com/every.Old","int32":1"#),
    ("struct", "google.protobuf.Struct", r#"{"a":{"b":null},"z":1}"#),
    ("value", "google.protobuf.Value", r#"["s",[]]"#),
    ("list", "google.protobuf.ListValue", "[true,-1.25e+300]"),
    ("status", "google.rpc.Status", r#""details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo""#),
    ("pull", "google.pubsub.v1.PullResponse", r#""messageId":"id""#),
];

#[test]
fn the_seeds_of_the_walk_are_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let schema = every();
    let mut walker = Walker::new(&schema);
    for (name, type_name, expected) in SEEDS {
        let seed = std::fs::read(folder.join("seeds/walk").join(name)).expect(name);
        let id = schema.resolve(type_name).expect(type_name);
        let mut json = Vec::new();
        write_json(&mut walker, id, &seed[1..], JsonOptions::default(), &mut json).expect(name);
        let json = String::from_utf8(json).expect("JSON is UTF-8");
        assert!(json.contains(expected), "{name}: {json}");
        write_canonical(&mut walker, id, &seed[1..], &mut Vec::new()).expect(name);
    }
    let seeds = std::fs::read_dir(folder.join("seeds/walk")).expect("the seeds").count();
    assert_eq!(seeds, SEEDS.len());
}

/// Of each the format, and how many entries it has.
const RECORDINGS: [(&str, Format, usize); 7] = [
    ("lines", Format::JsonLines, 10),
    ("document", Format::Json, 8),
    ("pretty", Format::JsonLines, 8),
    ("sorted", Format::Json, 8),
    ("canonical", Format::JsonLines, 4),
    ("windows", Format::JsonLines, 2),
    ("extended", Format::JsonLines, 2),
];

#[test]
fn the_seeds_of_json_are_recordings() {
    let schema = every();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/json");
    for (name, format, entries) in RECORDINGS {
        let seed = std::fs::read(folder.join(name)).expect(name);
        let mut reader = Reader::new(&seed[..], &schema, ReadOptions::default()).expect(name);
        assert_eq!(reader.format(), format, "{name}");
        let read = reader.by_ref().map(|entry| entry.unwrap_or_else(|error| panic!("{name}: {error}")));
        assert_eq!(read.filter(|entry| !entry.ignored_wire()).count(), entries, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder).expect("the seeds").count(), RECORDINGS.len());
}

/// The seed, its type, and something of its JSON.
const LOSSLESS: [(&str, &str, &str); 9] = [
    ("timestamp", "google.protobuf.Timestamp", r#""1970-01-01T00:00:05.000000006Z"}"#),
    ("duration-backwards", "google.protobuf.Duration", r#""1.000000123s","@wire":"#),
    ("mask", "google.protobuf.FieldMask", r#""aB,c"}"#),
    ("empty", "google.protobuf.Empty", r#"{"@unknown":"CAE="}"#),
    ("double", "google.protobuf.DoubleValue", r#""Infinity"}"#),
    ("string", "google.protobuf.StringValue", r#"{"@wire":"Yf8=","@reason":"#),
    ("bytes-default", "google.protobuf.BytesValue", r#""","@wire":"CgA="}"#),
    ("unknown-type", "no.such.Type", r#""@reason":"no descriptor"#),
    ("old-long", "every.Old", r#""int32":2,"@unknown":"+H8B","@wire":"#),
];

#[test]
fn the_seeds_of_lossless_are_messages() {
    let schema = every();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/lossless");
    let mut walker = Walker::new(&schema);
    for (name, type_url, expected) in LOSSLESS {
        let seed = std::fs::read(folder.join(name)).expect(name);
        let options = JsonOptions { lossless: true, ..JsonOptions::default() };
        let mut json = Vec::new();
        write_json_any(&mut walker, Any { type_url, value: &seed[1..] }, options, &mut json).expect(name);
        let json = String::from_utf8(json).expect("JSON is UTF-8");
        assert!(json.contains(expected), "{name}: {json}");
    }
    for (name, entries) in [("recording", 10), ("recording-odd", 8)] {
        let seed = std::fs::read(folder.join(name)).expect(name);
        let file = [b"RPCReplay\0\0\0\0", &seed[1..]].concat();
        let reader = Reader::new(&file[..], &schema, ReadOptions::default()).expect(name);
        assert_eq!(reader.filter(Result::is_ok).count(), entries, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder).expect("the seeds").count(), LOSSLESS.len() + 2);
}

/// The seed, and the type of its two messages.
const REDACTED: [(&str, &str); 9] = [
    ("pseudonym", "every.New"),
    ("same-length", "every.New"),
    ("number", "every.Old"),
    ("everything", "every.New"),
    ("detail", "google.rpc.Status"),
    ("type", "google.rpc.Status"),
    ("times", "every.New"),
    ("map", "every.Old"),
    ("detected", "every.New"),
];

#[test]
fn the_seeds_of_redact_are_rules_and_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/redact");
    let schema = every();
    for (name, type_name) in REDACTED {
        let seed = std::fs::read(folder.join(name)).expect(name);
        let end = seed.iter().position(|byte| *byte == 0).expect(name);
        for line in std::str::from_utf8(&seed[..end]).expect(name).lines().filter(|line| !line.starts_with('@')) {
            line.parse::<rpcreplay::redact::Rule>().unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let messages = &seed[end + 1..];
        let (first, second) = messages.split_at(messages.len() / 2);
        assert_eq!(first, second, "{name}");
        let id = schema.resolve(type_name).expect(type_name);
        check_message(&mut Walker::new(&schema), id, &first[1..]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(std::fs::read_dir(folder).expect("the seeds").count(), REDACTED.len());
}

fn every() -> Schema {
    let every = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/protos/every.protoset");
    let every = std::fs::read(every).expect("the descriptor set");
    Schema::builder().protoset("every.protoset", every).expect("protoc made it").build()
}

#[test]
fn the_seeds_of_the_carver_are_programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/go_binary");
    let seeds = [
        ("plain", "every.New"),
        ("compressed", "every.Old"),
        ("both", "interop.v1.PostRequest"),
        ("both", "every.New"),
        ("small", "every.New"),
    ];
    for (name, type_name) in seeds {
        let program = std::fs::read(folder.join(name)).expect(name);
        let schema = Schema::builder().go_binary(name, &program).unwrap_or_else(|error| panic!("{error}")).build();
        schema.resolve(type_name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn the_seeds_of_the_proto_fuzzer_are_proto_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/proto");
    for (name, type_name) in
        [("old.proto", "every.Old"), ("new.proto", "every.New"), ("ledger.proto", "interop.v1.Everything")]
    {
        let builder = Schema::builder().proto(&[folder.join(name)], &[]).unwrap_or_else(|error| panic!("{error}"));
        builder.build().resolve(type_name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn the_seeds_of_check_are_recordings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/check");
    let schema = Schema::builtin();
    let mut seeds = 0;
    for seed in std::fs::read_dir(folder).expect("the seeds") {
        let seed = seed.expect("a readable folder");
        let file = std::fs::read(seed.path()).expect("a seed");
        let reader = Reader::new(&file[..], &schema, ReadOptions::default()).expect("a recording");
        let entries = reader.filter(|entry| entry.is_ok()).count();
        assert!(entries >= 4, "{:?}: {entries}", seed.file_name());
        seeds += 1;
    }
    assert_eq!(seeds, 4);
}
