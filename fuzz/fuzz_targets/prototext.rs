//! Any text as an entry, and as messages that stand alone: parsed or refused, never a panic. What was parsed is written as
//! text and parsed again: the bytes are the same.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rpcreplay::Schema;
use rpcreplay::entry::{Any, Entry, Payload};
use rpcreplay::format::{ReadOptions, Reader, write_text_entry};
use rpcreplay::schema::{TextOptions, Walker, read_text, write_canonical, write_text};

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::builtin);

const TYPES: [&str; 4] =
    ["google.protobuf.Any", "google.protobuf.Struct", "google.rpc.Status", "google.protobuf.FileDescriptorProto"];

fn parse_file(file: &[u8]) -> Option<Entry> {
    Reader::new(file, &SCHEMA, ReadOptions::default()).expect("the header is right").read().ok()?
}

fn parse(body: &[u8]) -> Option<Entry> {
    parse_file(&[format!("RPCReTxt1\n\"\"\n{}\n", body.len()).as_bytes(), body].concat())
}

/// The entry with its message in the form that equal messages share.
fn canonical(entry: &Entry) -> Option<(String, Vec<u8>)> {
    let (Payload::Message(any) | Payload::Error(any)) = entry.payload() else { return None };
    let Any { type_url, value } = any;
    let mut canonical = Vec::new();
    let is_known = SCHEMA
        .resolve(type_url)
        .is_ok_and(|id| write_canonical(&mut Walker::new(&SCHEMA), id, value, &mut canonical).is_ok());
    Some((type_url.to_owned(), if is_known { canonical } else { value.to_vec() }))
}

fuzz_target!(|body: &[u8]| {
    for name in TYPES {
        let id = SCHEMA.resolve(name).expect("the bundle has it");
        let (mut wire, mut text, mut again) = Default::default();
        if read_text(&SCHEMA, id, body, &mut wire).is_err() {
            assert!(wire.is_empty());
            continue;
        }
        write_text(&mut Walker::new(&SCHEMA), id, &wire, TextOptions::default(), &mut text)
            .expect("it was just encoded");
        // Closed enums and bytes that the text gave as bytes may hold what text does not carry.
        if !body.windows(5).any(|window| window == b"value") {
            read_text(&SCHEMA, id, &text, &mut again)
                .unwrap_or_else(|error| panic!("{error}: {}", text.escape_ascii()));
            assert_eq!(again, wire, "{}", text.escape_ascii());
        }
    }

    let Some(entry) = parse(body) else { return };
    let mut text = b"RPCReTxt1\n\"\"\n".to_vec();
    let written = write_text_entry(&entry, &mut Walker::new(&SCHEMA), false, &mut text);
    // Bytes that the text gave as bytes may hold what text does not carry, and an Any with Anys in another form.
    if body.windows(5).any(|window| window == b"value") {
        return;
    }
    written.expect("text carries what came out of text");
    let again = parse_file(&text).unwrap_or_else(|| panic!("{}", text.escape_ascii()));
    assert_eq!(canonical(&again), canonical(&entry), "{}", text.escape_ascii());
    assert_eq!((again.kind(), again.method()), (entry.kind(), entry.method()));
});
