//! Any bytes as the calls of two recordings, some of them in both, and as a selector. Never a panic; a recording is the same as
//! itself; comparing in the other direction mirrors the result; every call is counted once; and calls that are the same say
//! the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rpcreplay::compare::Comparer;
use rpcreplay::diff::{Noise, Recording, Report, compare};
use rpcreplay::entry::{Any, Entry, EntryIndex, Kind, Payload};
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};
use rpcreplay::recording::Header;
use rpcreplay::schema::{Walker, write_said};
use rpcreplay_fuzz::SCHEMA;

const TYPES: [&str; 8] = [
    "every.Old",
    "every.New",
    "google.protobuf.Any",
    "google.protobuf.Struct",
    "google.rpc.Status",
    "google.pubsub.v1.PullResponse",
    "google.firestore.v1.Document",
    "no.such.Type",
];

/// A call of one message, which is its request and its response: two bits say in which recordings it is, three which type it
/// has, one whether the response is an error.
struct Call<'a> {
    choice: u8,
    value: &'a [u8],
}

impl Call<'_> {
    fn is_in(&self, side: u8) -> bool {
        match self.choice & 3 {
            1 => side == 1,
            2 => side == 2,
            _ => true,
        }
    }
}

fn calls(mut input: &[u8]) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    while let [choice, length, rest @ ..] = input {
        let (value, left) = rest.split_at(rest.len().min(usize::from(*length)));
        calls.push(Call { choice: *choice, value });
        input = left;
    }
    calls
}

/// The recording of a side, read with some noise.
fn recording(calls: &[Call<'_>], side: u8, noise: &Noise) -> Recording {
    let encoder = Encoder::new(WriteOptions::new(Format::Binary), &SCHEMA);
    let mut writer = Writer::new(Vec::new(), &Header::default(), encoder).expect("a vector takes everything");
    let mut index = 0;
    for call in calls.iter().filter(|call| call.is_in(side)) {
        let type_url = TYPES[usize::from(call.choice >> 2 & 7)];
        let any = Any { type_url, value: call.value };
        let answer = if call.choice & 1 << 5 != 0 { Payload::Error(any) } else { Payload::Message(any) };
        let request = Entry::encode(Kind::Request, "/every.Service/Method", Payload::Message(any), 0);
        let response = Entry::encode(Kind::Response, "", answer, index as i32 + 1);
        for entry in [request, response] {
            index += 1;
            let entry = entry.expect("a small entry").with_index(EntryIndex(index));
            writer.write(&entry).expect("a vector takes everything");
        }
    }
    let file = writer.finish().expect("a vector takes everything");
    let file = if index == 0 { b"RPCReplay\0\0\0\0".to_vec() } else { file };
    let reader = Reader::new(&file[..], &SCHEMA, ReadOptions::default()).expect("we wrote it");
    Recording::read(reader, &mut Comparer::new(&SCHEMA, noise.mask())).expect("we wrote it")
}

/// What a request says, if it is a message.
fn said(entry: &Entry) -> Option<Vec<u8>> {
    let Payload::Message(any) = entry.payload() else { return None };
    let mut out = Vec::new();
    let layout = SCHEMA.resolve(any.type_url).ok()?;
    write_said(&mut Walker::new(&SCHEMA), layout, any.value, true, &mut out).ok()?;
    Some(out)
}

fn changes(report: &Report) -> usize {
    report.pairs.iter().flat_map(|pair| &pair.changes).count()
}

fuzz_target!(|input: &[u8]| {
    let Some((&flags, input)) = input.split_first() else { return };
    let mut noise = Noise::none();
    if flags & 1 != 0 {
        noise.add_rules(&Noise::volatile()).expect("its selectors are some");
    }
    if flags & 2 != 0 {
        let (selector, _) = input.split_at(input.len().min(20));
        let selector = String::from_utf8_lossy(selector);
        let _ = if flags & 4 != 0 { noise.only(&selector) } else { noise.ignore(&selector) };
    }
    let calls = calls(input);
    let (old, new) = (recording(&calls, 1, &noise), recording(&calls, 2, &noise));

    let same = compare(&old, &old, &SCHEMA, &noise, true);
    assert!(!same.is_different() && !same.has_noise());
    assert_eq!(same.counts.same, old.calls.len() as u64);

    let report = compare(&old, &new, &SCHEMA, &noise, true);
    let mirror = compare(&new, &old, &SCHEMA, &noise, true);
    let counts = report.counts;
    let both = counts.same + counts.noise + counts.renamed + counts.changed;
    assert_eq!((both + counts.removed, both + counts.added), (counts.old, counts.new));
    assert_eq!((counts.added, counts.removed), (mirror.counts.removed, mirror.counts.added));
    assert_eq!(
        (counts.changed, counts.same, counts.moved),
        (mirror.counts.changed, mirror.counts.same, mirror.counts.moved)
    );
    assert_eq!((&report.folded, changes(&report)), (&mirror.folded, changes(&mirror)));
    for pair in &report.pairs {
        let (Some(a), Some(b)) = (pair.old, pair.new) else { continue };
        if pair.changes.is_empty() && pair.folded == 0 {
            assert_eq!(said(old.first(a)), said(new.first(b)), "the same call says the same");
        }
    }
});
