//! Any bytes as a message: the first says of which type it is and how it is written, the others are its wire bytes.
//! Never a panic; text, JSON and canonical bytes agree on whether it is a message, and say the same of its canonical
//! bytes as of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rpcreplay::schema::{
    JsonOptions, LayoutId, TextOptions, UnknownFields, Walker, write_canonical, write_json, write_text,
};
use rpcreplay_fuzz::SCHEMA;
use serde::de::IgnoredAny;

const TYPES: [&str; 8] = [
    "every.Old",
    "every.New",
    "google.protobuf.Any",
    "google.protobuf.Struct",
    "google.protobuf.Value",
    "google.protobuf.ListValue",
    "google.rpc.Status",
    "google.pubsub.v1.PullResponse",
];

fn text(id: LayoutId, wire: &[u8], options: TextOptions) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let is_message = write_text(&mut Walker::new(&SCHEMA), id, wire, options, &mut out).is_ok();
    assert!(is_message || out.is_empty());
    is_message.then_some(out)
}

fn json(id: LayoutId, wire: &[u8], options: JsonOptions) -> Option<String> {
    let mut out = Vec::new();
    if write_json(&mut Walker::new(&SCHEMA), id, wire, options, &mut out).is_err() {
        assert!(out.is_empty());
        return None;
    }
    let json = String::from_utf8(out).expect("JSON is UTF-8");
    // Ignoring values needs no stack, however deep they are.
    serde_json::from_str::<IgnoredAny>(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    Some(json)
}

fn canonical(id: LayoutId, wire: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let is_message = write_canonical(&mut Walker::new(&SCHEMA), id, wire, &mut out).is_ok();
    assert!(is_message || out.is_empty());
    is_message.then_some(out)
}

fuzz_target!(|input: &[u8]| {
    let Some((&choice, wire)) = input.split_first() else { return };
    let id = SCHEMA.resolve(TYPES[usize::from(choice & 7)]).expect("the schema has the type");
    let flag = |bit: u8| choice & 1 << bit != 0;
    let lenient =
        JsonOptions { proto_names: flag(3), enum_numbers: flag(4), emit_defaults: flag(5), ..JsonOptions::default() };
    let as_text =
        TextOptions { level: 0, unknown_fields: if flag(6) { UnknownFields::Guess } else { UnknownFields::Omit } };

    let text_of_wire = text(id, wire, as_text);
    let json_of_wire = json(id, wire, lenient);
    let strict_of_wire = json(id, wire, JsonOptions { strict: true, ..lenient });
    let Some(canonical_of_wire) = canonical(id, wire) else {
        assert_eq!((text_of_wire, json_of_wire, strict_of_wire), (None, None, None));
        return;
    };
    assert!(text_of_wire.is_some() && json_of_wire.is_some());
    assert_eq!(canonical(id, &canonical_of_wire).as_deref(), Some(canonical_of_wire.as_slice()));
    assert_eq!(text(id, &canonical_of_wire, as_text), text_of_wire);
    // The lenient JSON may show bytes as they came, so it need not be the same.
    assert!(json(id, &canonical_of_wire, lenient).is_some());
    assert_eq!(json(id, &canonical_of_wire, JsonOptions { strict: true, ..lenient }), strict_of_wire);
});
