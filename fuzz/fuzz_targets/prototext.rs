//! Any text as an entry: parsed or refused, never a panic. What was parsed is written as text and parsed again: the
//! bytes are the same.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rpcreplay::Schema;
use rpcreplay::entry::{Any, Payload};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::schema::{TextOptions, Walker, write_text};

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::builtin);

fn parse(body: &[u8]) -> Option<(String, Vec<u8>)> {
    let file = [format!("RPCReTxt1\n\"\"\n{}\n", body.len()).as_bytes(), body].concat();
    let mut reader = Reader::new(&file[..], &SCHEMA, ReadOptions::default()).expect("the header is right");
    let entry = reader.read().ok()??;
    match entry.payload() {
        Payload::Message(Any { type_url, value }) | Payload::Error(Any { type_url, value }) => {
            Some((type_url.to_owned(), value.to_vec()))
        }
        Payload::Eof | Payload::Empty => None,
    }
}

fuzz_target!(|body: &[u8]| {
    let Some((type_url, value)) = parse(body) else { return };
    // Bytes that the text gave as bytes may hold what text does not carry.
    if body.windows(8).any(|window| window == b"type_url") || type_url.is_empty() {
        return;
    }
    let id = SCHEMA.resolve(&type_url).expect("an expanded Any is of a known type");
    let mut text = format!("message {{ [{type_url}] {{\n").into_bytes();
    write_text(&mut Walker::new(&SCHEMA), id, &value, TextOptions::default(), &mut text).expect("it was just encoded");
    text.extend(b"} }");
    assert_eq!(parse(&text), Some((type_url, value)), "{}", text.escape_ascii());
});
