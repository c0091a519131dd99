//! Any bytes as a message: the first says of which type it is, the others are its wire bytes, or what stands for those.
//! Its lossless JSON is JSON, and is read as the very same bytes. Or the others are the entries of a recording, of which the
//! same holds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rpcreplay::entry::{Any, Entry, EntryIndex, Kind, Payload};
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};
use rpcreplay::recording::Header;
use rpcreplay_fuzz::SCHEMA;
use serde::de::IgnoredAny;

/// The types of the seeds of `walk`, in the same order, and others that have a form of their own in JSON.
const TYPES: [&str; 16] = [
    "every.Old",
    "every.New",
    "google.protobuf.Any",
    "google.protobuf.Struct",
    "google.protobuf.Value",
    "google.protobuf.ListValue",
    "google.rpc.Status",
    "google.pubsub.v1.PullResponse",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
    "google.protobuf.FieldMask",
    "google.protobuf.Empty",
    "google.protobuf.DoubleValue",
    "google.protobuf.StringValue",
    "google.protobuf.BytesValue",
    "no.such.Type",
];

/// The bit that says that it is a recording.
const RECORDING: u8 = 1 << 5;

/// Takes the entries of a binary recording, up to damage, to JSON and back.
fn there_and_back(entries: &[u8]) {
    let file = [b"RPCReplay\0\0\0\0", entries].concat();
    let reader = Reader::new(&file[..], &SCHEMA, ReadOptions { max_record_bytes: 1 << 20 }).expect("it has a header");
    let entries: Vec<Entry> = reader.map_while(Result::ok).collect();
    for format in [Format::JsonLines, Format::Json] {
        let encoder = Encoder::new(WriteOptions::new(format), &SCHEMA);
        let mut writer = Writer::new(Vec::new(), &Header::default(), encoder).expect("a vector takes everything");
        for entry in &entries {
            writer.write(entry).unwrap_or_else(|error| panic!("{error}"));
        }
        let json = String::from_utf8(writer.finish().expect("a vector takes everything")).expect("JSON is UTF-8");
        for value in serde_json::Deserializer::from_str(&json).into_iter::<IgnoredAny>() {
            value.unwrap_or_else(|error| panic!("{error}: {json}"));
        }
        let reader = Reader::new(json.as_bytes(), &SCHEMA, ReadOptions::default()).expect("we wrote it");
        let back: Vec<Entry> = reader.map(|entry| entry.unwrap_or_else(|error| panic!("{error}: {json}"))).collect();
        assert_eq!(back.len(), entries.len(), "{json}");
        for (back, entry) in back.iter().zip(&entries) {
            assert_eq!((back.record(), back.ignored_wire()), (entry.record(), false), "{json}");
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&choice, value)) = input.split_first() else { return };
    if choice & RECORDING != 0 {
        return there_and_back(value);
    }
    let any = Any { type_url: TYPES[usize::from(choice & 7) + usize::from(choice >> 6 & 1) * 8], value };
    let entry = Entry::encode(Kind::Request, "/m", Payload::Message(any), 0).expect("a small entry");
    let entry = entry.with_index(EntryIndex(1));
    let mut encoder = Encoder::new(WriteOptions::new(Format::JsonLines), &SCHEMA);
    let mut file = Vec::new();
    encoder.begin(&Header::default(), &mut file).expect("there is no initial state");
    let start = file.len();
    encoder.entry(&entry, true, &mut file).expect("nothing is lost");
    let json = std::str::from_utf8(&file[start..]).expect("JSON is UTF-8");
    // Ignoring values needs no stack, however deep they are.
    serde_json::from_str::<IgnoredAny>(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let mut reader = Reader::new(&file[..], &SCHEMA, ReadOptions::default()).expect("we wrote it");
    let back = reader.read().unwrap_or_else(|error| panic!("{error}: {json}")).expect("an entry");
    assert_eq!(back.record(), entry.record(), "{json}");
    assert!(!back.ignored_wire(), "{json}");
});
