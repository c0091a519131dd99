//! Fuzzers start from what is sound, not from bytes that are refused at the first field.

use std::path::Path;

use rpcreplay::Schema;
use rpcreplay::schema::{JsonOptions, Walker, write_canonical, write_json};

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
    let every = std::fs::read(folder.join("protos/every.protoset")).expect("the descriptor set");
    let schema = Schema::builder().protoset("every.protoset", every).expect("protoc made it").build();
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
