//! Laws of `schema retype`: what a proxy without descriptors would have recorded becomes what a recorder with them has, nothing is lost,
//! and what has its types stays as it is.

mod corpus;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rpcreplay::Schema;
use rpcreplay::entry::{Any, Entry, Kind, Payload};
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};
use rpcreplay::pairing::{Methods, Pairing};
use rpcreplay::recording::Header;
use rpcreplay::retype::{Survey, Told};
use rpcreplay::schema::{LayoutId, Method, unknown_entry_fields};
use rpcreplay::unnamed::{self, Direction};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

const STATUS: Any<'_> = Any { type_url: "type.googleapis.com/google.rpc.Status", value: b"\x08\x0e\x12\x04away" };

fn schema() -> Schema {
    let protoset = fs::read(format!("{DATA}/ledger.protoset")).expect("a file");
    Schema::builder().protoset("ledger", protoset).expect("a descriptor set").build()
}

fn read(file: &[u8], schema: &Schema) -> (Header, Vec<Entry>) {
    let reader = Reader::new(file, schema, ReadOptions::default()).expect("a recording");
    (reader.header().clone(), reader.map(|entry| entry.expect("an entry")).collect())
}

fn write(header: &Header, entries: &[Entry]) -> Vec<u8> {
    let mut writer = Writer::binary(Vec::new(), header).expect("memory takes it");
    entries.iter().for_each(|entry| {
        writer.write(entry).expect("memory takes it");
    });
    writer.finish().expect("memory takes it")
}

/// What becomes of entries, and what is told of it.
fn retype(entries: &[Entry], schema: &Schema) -> (Vec<Entry>, Told) {
    let mut survey = Survey::new(schema);
    entries.iter().for_each(|entry| survey.follow(entry));
    let mut retyping = survey.finish();
    let new = entries.iter().filter_map(|entry| retyping.retype(entry).expect("it can be numbered")).collect();
    let changed = retyping.has_changes();
    let told = retyping.told().clone();
    assert!(changed || told.named == 0);
    (new, told)
}

/// Entries as a proxy would have recorded them that knows no descriptors.
struct Proxy<'s> {
    schema: &'s Schema,
    entries: Vec<Entry>,
    /// By the first entries of calls.
    creates: HashMap<u64, i32>,
}

impl Proxy<'_> {
    fn put(&mut self, kind: Kind, method: &str, payload: Payload<'_>, ref_index: i32) -> i32 {
        self.entries.push(Entry::encode(kind, method, payload, ref_index).expect("a short record"));
        self.entries.len() as i32
    }

    /// Notes an entry of a call of this method.
    fn note(&mut self, entry: &Entry, call: u64, method: &str) {
        let known = self.schema.method(method);
        let streams = known.is_some_and(|method| method.streams_requests || method.streams_responses);
        let payload = self.payload(entry, method, known);
        let create = self.creates.get(&call).copied().unwrap_or_default();
        match (entry.kind(), payload) {
            (Kind::Request, Some(url)) if !streams => {
                let create = self.put(Kind::CreateStream, method, Payload::Empty, 0);
                self.creates.insert(call, create);
                self.put(Kind::Send, "", renamed(entry, &url), create);
            }
            (Kind::Response, url)
                if self.entries.get(create as usize - 1).is_some_and(|first| first.kind() == Kind::CreateStream) =>
            {
                let payload = url.as_ref().map_or(entry.payload(), |url| renamed(entry, url));
                self.put(Kind::Recv, "", payload, create);
                if matches!(payload, Payload::Message(_)) {
                    self.put(Kind::Recv, "", Payload::Eof, create);
                }
            }
            (kind, url) => {
                let payload = url.as_ref().map_or(entry.payload(), |url| renamed(entry, url));
                let index = self.put(kind, entry.method(), payload, create);
                if matches!(kind, Kind::Request | Kind::CreateStream) {
                    self.creates.insert(call, index);
                }
                let ends = known.is_some_and(|method| method.streams_requests && !method.streams_responses);
                if ends && kind == Kind::Recv && matches!(payload, Payload::Message(_)) && url.is_some() {
                    self.put(Kind::Recv, "", Payload::Eof, create);
                }
            }
        }
    }

    /// The type URL that a message of a known method gets, if it is of the type that the method says.
    fn payload(&self, entry: &Entry, method: &str, known: Option<Method>) -> Option<String> {
        let (Payload::Message(any), Some(known)) = (entry.payload(), known) else { return None };
        let (direction, layout): (Direction, LayoutId) = match entry.kind() {
            Kind::Request | Kind::Send => (Direction::Request, known.request),
            Kind::Response | Kind::Recv => (Direction::Response, known.response),
            Kind::CreateStream | Kind::Unspecified | Kind::Unknown(_) => return None,
        };
        let url = format!("type.googleapis.com/{}", self.schema.layout(layout).full_name());
        (url == any.type_url).then(|| unnamed::type_url(method, direction))
    }
}

fn renamed<'a>(entry: &'a Entry, type_url: &'a str) -> Payload<'a> {
    match entry.payload() {
        Payload::Message(Any { value, .. }) => Payload::Message(Any { type_url, value }),
        other => other,
    }
}

/// What a proxy without descriptors would have recorded; nothing of recordings in which entries belong to no call.
fn proxied(entries: &[Entry], schema: &Schema) -> Option<Vec<Entry>> {
    let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
    let mut proxy = Proxy { schema, entries: Vec::new(), creates: HashMap::new() };
    for entry in entries {
        let call = pairing.follow(entry);
        let method = methods.follow(entry, call).to_owned();
        proxy.note(entry, call.ok()?.0, &method);
    }
    (pairing.unmatched_requests() == 0).then_some(proxy.entries)
}

fn numbered(entries: &[Entry], schema: &Schema) -> Vec<Entry> {
    read(&write(&Header::new(""), entries), schema).1
}

fn facts(entry: &Entry) -> (Kind, &str, Payload<'_>, i32) {
    (entry.kind(), entry.method(), entry.payload(), entry.ref_index())
}

/// The bytes of all messages, in order.
fn messages(entries: &[Entry]) -> Vec<&[u8]> {
    entries.iter().filter_map(|entry| entry.payload().fields().0.map(|any| any.value)).collect()
}

fn recordings() -> Vec<PathBuf> {
    let mut recordings = corpus::files(Path::new(DATA), ".replay");
    recordings.retain(|path| !path.ends_with("unnamed.replay"));
    assert!(recordings.len() >= 6);
    if let Some(folder) = corpus::folder() {
        recordings.extend(corpus::recordings(&folder).into_iter().map(|(path, _)| path));
    }
    recordings
}

#[test]
fn what_a_proxy_records_becomes_what_a_recorder_records() {
    let schema = schema();
    let (mut named, mut calls) = (0, 0);
    for path in recordings() {
        let name = path.display();
        let (_, entries) = read(&fs::read(&path).expect("a file"), &schema);
        let Some(proxied) = proxied(&entries, &schema) else { continue };
        let proxied = numbered(&proxied, &schema);
        let (retyped, told) = retype(&proxied, &schema);
        assert_eq!(retyped.len(), entries.len(), "{name}: {told:?}");
        for (new, old) in retyped.iter().zip(&entries) {
            assert_eq!(facts(new), facts(old), "{name}: {}", old.index());
            let plain =
                Entry::encode(old.kind(), old.method(), old.payload(), old.ref_index()).expect("a short record");
            assert_eq!(new.record(), plain.record(), "{name}: {}", old.index());
        }
        assert_eq!(messages(&retyped), messages(&proxied), "{name}");
        named += told.named;
        calls += told.calls;

        // In JSON it is as lossless as with its types, and read as such.
        let encoder = Encoder::new(WriteOptions::new(Format::Json), &schema);
        let mut json = Writer::new(Vec::new(), &Header::new(""), encoder).expect("memory takes it");
        proxied.iter().for_each(|entry| {
            json.write(entry).unwrap_or_else(|error| panic!("{name}: {error}"));
        });
        let back = read(&json.finish().expect("memory takes it"), &schema).1;
        let records = |entries: &[Entry]| entries.iter().map(|entry| entry.record().to_vec()).collect::<Vec<_>>();
        assert_eq!(records(&back), records(&proxied), "{name}");

        // What has its types stays as it is.
        for entries in [&retyped, &entries] {
            let (again, told) = retype(entries, &schema);
            assert_eq!(write(&Header::new(""), &again), write(&Header::new(""), entries), "{name}");
            assert_eq!((told.named, told.calls, told.unknown.len()), (0, 0, 0), "{name}");
        }
    }
    assert!(named > 50 && calls > 15, "{named} messages, {calls} calls");
}

/// What `tests/data/unnamed.replay` is made of: what a proxy would have recorded instead of two other recordings there, and calls that
/// can't be what they should be.
fn fixture(schema: &Schema) -> Vec<u8> {
    let ledger = |name: &str| read(&fs::read(format!("{DATA}/{name}")).expect("a file"), schema).1;
    let [overlapping, ledger] = ["overlapping.replay", "ledger.replay"].map(ledger);
    let mut entries = proxied(&overlapping, schema).expect("every entry belongs to a call");
    // A call that fails, and a client stream.
    let of_ledger =
        ledger.iter().filter(|entry| (11..=12).contains(&entry.index().0) || (17..=21).contains(&entry.index().0));
    let mut proxy = Proxy { schema, entries: std::mem::take(&mut entries), creates: HashMap::new() };
    let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
    for entry in of_ledger {
        let call = pairing.follow(entry);
        let method = methods.follow(entry, call).to_owned();
        proxy.note(entry, call.expect("it belongs to a call").0, &method);
    }
    let message = |method, direction, value| (unnamed::type_url(method, direction), value);
    let unary = "/interop.v1.Ledger/Post";
    // It could not be opened; and one that was given up.
    proxy.put(Kind::CreateStream, unary, Payload::Error(STATUS), 0);
    let create = proxy.put(Kind::CreateStream, unary, Payload::Empty, 0);
    let (type_url, value) = message(unary, Direction::Request, &b"\x0a\x04slow"[..]);
    proxy.put(Kind::Send, "", Payload::Message(Any { type_url: &type_url, value }), create);
    // Of a service that nobody knows.
    let unknown = "/acme.v1.Orders/Get";
    let create = proxy.put(Kind::CreateStream, unknown, Payload::Empty, 0);
    let (type_url, value) = message(unknown, Direction::Request, &b"\x08\x07"[..]);
    proxy.put(Kind::Send, "", Payload::Message(Any { type_url: &type_url, value }), create);
    let (type_url, value) = message(unknown, Direction::Response, &b"\x08\x07\x12\x03tea"[..]);
    proxy.put(Kind::Recv, "", Payload::Message(Any { type_url: &type_url, value }), create);
    proxy.put(Kind::Recv, "", Payload::Eof, create);
    write(&Header::new("what a proxy records that knows no descriptors\n"), &proxy.entries)
}

#[test]
fn the_fixture_is_what_is_made_here() {
    let path = format!("{DATA}/unnamed.replay");
    let made = fixture(&schema());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).expect("it can be written");
    }
    assert!(fs::read(&path).expect("a file") == made, "UPDATE=1 makes it anew");
}

const METHODS: [&str; 5] = [
    "/interop.v1.Ledger/Post",
    "/interop.v1.Ledger/Import",
    "/interop.v1.Ledger/Watch",
    "/interop.v1.Ledger/Trade",
    "/acme.v1.Orders/Get",
];

/// An entry of a recording: what it does to which call of a method, what it carries, and whether there is something that nobody knows.
#[derive(Debug, Clone, Copy)]
struct Step {
    call: usize,
    kind: u8,
    carries: u8,
    is_named: bool,
    unknown: Option<u8>,
}

fn step() -> impl Strategy<Value = Step> {
    let parts = (0..6usize, 0..5u8, 0..8u8, prop::bool::weighted(0.1), prop::option::weighted(0.3, 0..120u8));
    parts.prop_map(|(call, kind, carries, is_named, unknown)| Step { call, kind, carries, is_named, unknown })
}

/// A recording in which every entry belongs to a call.
fn recording(methods: &[usize], steps: &[Step]) -> Vec<u8> {
    let mut file = b"RPCReplay\0\0\0\0".to_vec();
    let (mut begun, mut open) = ([0i32; 6], [0i32; 6]);
    let mut number = 0;
    for step in steps {
        let method = METHODS[methods[step.call]];
        let is_unary_call = step.kind == 0;
        let kind = match (step.kind, begun[step.call], open[step.call]) {
            (_, _, 1..) if is_unary_call => Kind::Response,
            (0, _, _) => Kind::Request,
            (_, 0, _) | (4, _, _) => Kind::CreateStream,
            (1, _, _) => Kind::Send,
            (_, _, _) => Kind::Recv,
        };
        let direction = match kind {
            Kind::Response | Kind::Recv => Direction::Response,
            _ => Direction::Request,
        };
        let type_url = match step.is_named {
            true => "type.googleapis.com/interop.v1.Posting".to_owned(),
            false => unnamed::type_url(method, direction),
        };
        let value = [0x0a, 1, b'a' + number as u8 % 26];
        let payload = match (kind, step.carries) {
            (Kind::CreateStream, 0) => Payload::Error(STATUS),
            (Kind::CreateStream, _) => Payload::Empty,
            (Kind::Request, _) | (_, 0..5) => Payload::Message(Any { type_url: &type_url, value: &value }),
            (_, 5) => Payload::Error(STATUS),
            (_, _) => Payload::Eof,
        };
        number += 1;
        let (method, ref_index) = match kind {
            Kind::Request => {
                open[step.call] = number;
                (method, 0)
            }
            Kind::CreateStream => {
                begun[step.call] = number;
                (method, 0)
            }
            Kind::Response => ("", std::mem::take(&mut open[step.call])),
            _ => ("", begun[step.call]),
        };
        let entry = Entry::encode(kind, method, payload, ref_index).expect("a short record");
        let mut record = entry.record().to_vec();
        if let Some(unknown) = step.unknown {
            // A varint, field 99.
            record.extend([0x98, 0x06, unknown]);
        }
        file.extend((record.len() as u32).to_le_bytes());
        file.extend(record);
    }
    file
}

proptest! {
    #[test]
    fn nothing_is_lost(
        methods in prop::collection::vec(0..METHODS.len(), 6),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let schema = schema();
        let (header, entries) = read(&recording(&methods, &steps), &schema);
        let (retyped, told) = retype(&entries, &schema);
        let file = write(&header, &retyped);
        let retyped = read(&file, &schema).1;

        // Every message is there, in order, and all that nobody knows.
        prop_assert_eq!(messages(&retyped), messages(&entries));
        let unknown = |entries: &[Entry]| {
            let mut unknown: Vec<Vec<u8>> = Vec::new();
            entries.iter().for_each(|entry| unknown.extend(unknown_entry_fields(entry).of_entry.iter().map(|field| field.to_vec())));
            unknown.sort();
            unknown
        };
        prop_assert_eq!(unknown(&retyped), unknown(&entries));
        let unary = entries.iter().filter(|entry| entry.kind() == Kind::Request).count();
        let new_unary = retyped.iter().filter(|entry| entry.kind() == Kind::Request).count();
        prop_assert_eq!(unary as u64 + told.calls, new_unary as u64);

        // Every entry belongs to a call of the method that it belonged to.
        let calls = |entries: &[Entry]| {
            let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
            let mut calls = Vec::new();
            for entry in entries {
                let call = pairing.follow(entry);
                let method = methods.follow(entry, call).to_owned();
                call.unwrap_or_else(|unpaired| panic!("{unpaired}"));
                if let Some(any) = entry.payload().fields().0 {
                    calls.push((method, any.value.to_vec()));
                }
            }
            (calls, pairing.unmatched_requests())
        };
        prop_assert_eq!(calls(&retyped), calls(&entries));

        // What is left without a name is told, and nothing else is.
        let left = retyped.iter().filter(|entry| {
            entry.payload().fields().0.is_some_and(|any| unnamed::of(any.type_url).is_some())
        });
        prop_assert_eq!(left.count() as u64, told.unknown.values().sum::<u64>());
        prop_assert!(told.unknown.keys().all(|method| method == METHODS[4]));

        // Once is enough.
        let (again, twice) = retype(&retyped, &schema);
        prop_assert_eq!(write(&header, &again), file);
        prop_assert_eq!((twice.named, twice.calls), (0, 0));
        prop_assert_eq!(twice.unknown, told.unknown);

        // Who knows nothing changes nothing.
        let nobody = Schema::builder().builtin(false).build();
        let (same, told) = retype(&entries, &nobody);
        prop_assert_eq!(write(&header, &same), write(&header, &entries));
        prop_assert_eq!(told.named, 0);
    }
}
