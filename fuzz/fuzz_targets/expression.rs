//! Any text as an expression, evaluated over a small recording, which the rest of the bytes make. Never a panic; every call is
//! decided once; the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rpcreplay::entry::{Any, Entry, EntryIndex, Kind, Payload};
use rpcreplay::pairing::Pairing;
use rpcreplay::query::{Evaluator, Expression};
use rpcreplay::schema::{Code, Schema};
use rpcreplay_fuzz::SMALL;

const TYPES: [&str; 4] = ["every.Old", "every.New", "google.rpc.Status", "no.such.Type"];

/// Entries of two calls and an entry that belongs to none, with messages cut out of the bytes.
fn entries(bytes: &[u8]) -> Vec<Entry> {
    let cut = |part: usize| &bytes[bytes.len() * part / 5..bytes.len() * (part + 1) / 5];
    let any = |part: usize| {
        let value = cut(part);
        let choice = value.first().map_or(0, |byte| usize::from(byte >> 6));
        Any { type_url: TYPES[choice], value: value.get(1..).unwrap_or_default() }
    };
    let status = Any { type_url: "google.rpc.Status", value: b"\x08\x05\x12\x04gone" };
    let made = [
        Entry::encode(Kind::Request, "/every.Service/Method", Payload::Message(any(0)), 0),
        Entry::encode(Kind::CreateStream, "/every.Service/Stream", Payload::Empty, 0),
        Entry::encode(Kind::Send, "", Payload::Message(any(1)), 2),
        Entry::encode(Kind::Response, "", Payload::Message(any(2)), 1),
        Entry::encode(Kind::Recv, "", Payload::Message(any(3)), 2),
        Entry::encode(Kind::Recv, "", Payload::Error(status), 2),
        Entry::encode(Kind::Recv, "", Payload::Message(any(4)), 77),
    ];
    let made = (1..).zip(made);
    made.map(|(index, entry)| entry.expect("a small entry").with_index(EntryIndex(index))).collect()
}

fn decided(expression: &Expression, schema: &Schema, entries: &[Entry]) -> Vec<(EntryIndex, bool)> {
    let mut evaluator = Evaluator::new(expression, schema);
    let mut pairing = Pairing::default();
    let mut decided = Vec::new();
    for entry in entries {
        let call = pairing.follow(entry).unwrap_or(entry.index());
        let ending = match entry.payload() {
            Payload::Error(_) => Some(Code(5)),
            Payload::Message(_) if entry.kind() == Kind::Response => Some(Code::OK),
            Payload::Message(_) | Payload::Eof | Payload::Empty => None,
        };
        decided.extend(evaluator.add(entry, call, ending));
    }
    decided.extend(evaluator.finish());
    decided.sort();
    let remarks = evaluator.remarks();
    assert_eq!(remarks.failed > 0, remarks.first_failure.is_some());
    decided
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (text, rest) = input.split_at(end);
    let Ok(text) = std::str::from_utf8(text) else { return };
    match Expression::parse(text, &SMALL) {
        Ok(expression) => {
            let entries = entries(rest);
            let found = decided(&expression, &SMALL, &entries);
            assert_eq!(found.iter().map(|(call, _)| call.0).collect::<Vec<_>>(), [1, 2, 7]);
            assert_eq!(found, decided(&expression, &SMALL, &entries));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty() && error.caret().contains('^'));
        }
    }
});
