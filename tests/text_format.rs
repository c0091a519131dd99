//! Writing the text format: what was written is read again as the same, and what text can't carry is said.

mod fixtures;

use fixtures::{ITEM, OLD, encode};
use rpcreplay::entry::{Any, Entry, Kind, Payload};
use rpcreplay::format::{write_text_entry, write_text_header};
use rpcreplay::recording::Header;
use rpcreplay::schema::{LeftOut, Loss, Walker, read_text, write_canonical, write_text};
use rpcreplay::{Result, Schema};

const ANY: &str = "type.googleapis.com/google.protobuf.Any";

fn write(entry: &Entry, schema: &Schema, allow_loss: bool) -> Result<(String, LeftOut)> {
    let mut out = b"before".to_vec();
    let written = write_text_entry(entry, &mut Walker::new(schema), allow_loss, &mut out);
    let text = String::from_utf8(out).expect("these texts are UTF-8");
    let text = text.strip_prefix("before").expect("what was there stays").to_owned();
    assert!(written.is_ok() || text.is_empty());
    written.map(|left_out| (text, left_out))
}

fn request(type_url: &str, value: &[u8]) -> Entry {
    encode(Kind::Request, "/test.Items/Get", Payload::Message(Any { type_url, value }), 0)
}

fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    assert!(field < 16 && value.len() < 128);
    [&[field << 3 | 2, value.len() as u8], value].concat()
}

fn any(type_url: &[u8], value: &[u8]) -> Vec<u8> {
    [bytes(1, type_url), bytes(2, value)].concat()
}

#[test]
fn a_recording_is_written_as_go_writes_it() {
    let schema = fixtures::schema();
    let mut file = Vec::new();
    write_text_header(&Header::new("st\u{e4}te \"\n\u{1}".to_owned()), &mut file);
    let mut walker = Walker::new(&schema);
    for (index, entry) in (1..).zip(fixtures::entries()) {
        let entry = entry.with_index(rpcreplay::entry::EntryIndex(index));
        let left_out = write_text_entry(&entry, &mut walker, false, &mut file).expect("text carries it all");
        assert_eq!(left_out, LeftOut::default());
    }
    let text = String::from_utf8(file).expect("it is UTF-8");
    let expected = r#"RPCReTxt1
"stäte \"\n\x01"
108
kind: REQUEST
method: "/test.Items/Get"
message: {
  [type.googleapis.com/test.Item]: {
    name: "a"
  }
}
111
kind: RESPONSE
message: {
  [type.googleapis.com/test.Item]: {
    name: "some longer name"
  }
}
ref_index: 1
"#;
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.contains(
            "\n91\nkind: REQUEST\nmethod: \"/test.Items/Get\"\nmessage: {\n  [type.googleapis.com/test.Item]: {}\n}\n"
        ),
        "{text}"
    );
    assert!(text.ends_with("\n39\nkind: RECV\nis_error: true\nref_index: 3\n"), "{text}");

    let (entries, error) = fixtures::read(text.as_bytes(), &schema);
    assert!(error.is_none(), "{error:?}");
    let records = |entries: &[Entry]| entries.iter().map(|entry| entry.record().to_vec()).collect::<Vec<_>>();
    assert_eq!(records(&entries), records(&fixtures::entries()));
}

/// What has no text of its own stands as bytes, of which nothing is lost.
#[test]
fn what_cannot_be_opened_is_carried_as_bytes() {
    let schema = fixtures::schema();
    for entry in [
        request("x/no.Such", b"\xff\0\x7f\xc2\x85"),
        request("", b"x"),
        request("", b""),
        request("x/no.Such", b""),
        // Neither a message of its type nor a URL that stands in brackets.
        request(ITEM, b"\x10"),
        request("a//test.Item", b"\x10\x01"),
        request("a b/test.Item", b"\x10\x01"),
        request("./test.Item", b"\x10\x01"),
        encode(Kind::Unknown(77), "", Payload::Empty, -1),
        encode(Kind::Unspecified, "", Payload::Eof, 0),
        // The same inside a message.
        request(ITEM, &bytes(7, &any(b"x/no.Such", b"\xff"))),
        request(ITEM, &bytes(7, &any(b"a//test.Item", b"\x10\x01"))),
        request(ITEM, &bytes(7, &any(b"test.Item", b"\x10"))),
        request(ITEM, &bytes(7, &bytes(2, b"x"))),
        request(ITEM, &bytes(7, b"")),
        request(ANY, &any(b"x/no.Such", b"\xff")),
        // A string of proto2 may be anything.
        request(OLD, &bytes(2, b"\xff\xc2")),
    ] {
        let (text, left_out) = write(&entry, &schema, false).expect("text carries it");
        assert_eq!(left_out, LeftOut::default(), "{text}");
        let (entries, error) = fixtures::read(format!("RPCReTxt1\n\"\"\n{text}").as_bytes(), &schema);
        assert!(error.is_none(), "{error:?}: {text}");
        assert_eq!(entries[0].record(), entry.record(), "{text}");
    }
}

#[test]
fn what_text_cannot_carry_is_refused_with_its_path() {
    const UNKNOWN: &[u8] = b"\xf8\x7f\x01";
    let schema = fixtures::schema();
    let child = |message: &[u8]| bytes(6, message);
    #[rustfmt::skip]
    let cases: &[(Vec<u8>, u64, &str)] = &[
        (UNKNOWN.to_vec(), 1, "field 2047 of test.Item, which the descriptor does not know"),
        // A known number with another wire type.
        (b"\x08\x01".to_vec(), 1, "field 1 of test.Item, which the descriptor does not know"),
        (bytes(4, &[&bytes(4, UNKNOWN), UNKNOWN].concat()), 2,
            "field 2047 of test.Item, which the descriptor does not know, at `child.child`"),
        ([child(b""), child(&bytes(1, b"a")), child(&child(UNKNOWN))].concat(), 1,
            "field 2047 of test.Item, which the descriptor does not know, at `children[2].children[0]`"),
        (bytes(7, &any(b"x/test.Item", &bytes(4, UNKNOWN))), 1,
            "field 2047 of test.Item, which the descriptor does not know, at `detail(test.Item).child`"),
        (bytes(7, &[&any(b"x/test.Item", b""), UNKNOWN].concat()), 1,
            "field 2047 of google.protobuf.Any, which the descriptor does not know, at `detail`"),
        (bytes(7, &[&any(b"x/no.Such", b""), UNKNOWN].concat()), 1,
            "field 2047 of google.protobuf.Any, which the descriptor does not know, at `detail`"),
        (bytes(7, &[&any(b"a//test.Item", b""), UNKNOWN].concat()), 1,
            "field 2047 of google.protobuf.Any, which the descriptor does not know, at `detail`"),
        (bytes(7, &any(b"x/google.protobuf.Any", &any(b"test.Item", UNKNOWN))), 1,
            "field 2047 of test.Item, which the descriptor does not know, at `detail(google.protobuf.Any)(test.Item)`"),
        (bytes(1, b"a\xff"), 0, "a string that is not valid UTF-8, at `name`"),
        (child(&bytes(1, b"\xff")), 0, "a string that is not valid UTF-8, at `children[0].name`"),
        ([bytes(3, &bytes(1, b"a")), bytes(3, &bytes(1, b"b\"\xff"))].concat(), 0,
            "a string that is not valid UTF-8, at `counts[\"b\"\\xff\"]`"),
        (bytes(7, &any(b"x/\xff", b"")), 0, "a type URL that is not valid UTF-8, at `detail`"),
    ];
    for (message, unknown_fields, expected) in cases {
        let entry = request(ITEM, message).with_index(rpcreplay::entry::EntryIndex(11));
        let error = write(&entry, &schema, false).expect_err(expected);
        assert_eq!(error.to_string(), format!("entry 11: text can't carry {expected}"));
        assert_eq!(error.hint(), None);
        let (text, left_out) = write(&entry, &schema, true).expect("loss is allowed");
        assert_eq!(left_out, LeftOut { unknown_fields: *unknown_fields, ..LeftOut::default() }, "{text}");
        if *unknown_fields == 0 {
            // It stands there as its bytes.
            let (entries, error) = fixtures::read(format!("RPCReTxt1\n\"\"\n{text}").as_bytes(), &schema);
            assert!(error.is_none(), "{error:?}: {text}");
            assert_eq!(entries[0].record(), entry.record(), "{text}");
        }
    }
}

#[test]
fn unknown_fields_of_the_entry_itself_are_refused() {
    let schema = fixtures::schema();
    for (record, expected) in [
        (&b"\x08\x03\x78\x01"[..], "field 15 of grpcreplay.Entry, which the descriptor does not know"),
        (
            b"\x08\x01\x1a\x0d\x0a\x09test.Item\x78\x01",
            "field 15 of google.protobuf.Any, which the descriptor does not know, at `message`",
        ),
    ] {
        let (entries, error) = fixtures::read(&fixtures::binary_of_records(&[record]), &schema);
        assert!(error.is_none(), "{error:?}");
        let error = write(&entries[0], &schema, false).expect_err(expected);
        assert_eq!(error.to_string(), format!("entry 1: text can't carry {expected}"));
        let (_, left_out) = write(&entries[0], &schema, true).expect("loss is allowed");
        assert_eq!(left_out, LeftOut { unknown_fields: 1, ..LeftOut::default() });
    }
}

/// A reader of text counts braces, so entries of maps and both levels of an `Any` are levels, too.
#[test]
fn nesting_beyond_what_readers_take_is_refused() {
    let schema = fixtures::schema();
    // Wraps a message so often in field 4, shortest first; lengths are varints.
    let nested = |levels: usize| {
        let mut lengths = vec![0usize];
        for level in 0..levels {
            let inner = lengths[level];
            lengths.push(1 + varint(inner).len() + inner);
        }
        let mut wire = Vec::new();
        for inner in lengths[..levels].iter().rev() {
            wire.push(0x22);
            wire.extend(varint(*inner));
        }
        wire
    };
    let (text, _) = write(&request(ITEM, &nested(9_998)), &schema, false).expect("as deep as readers go");
    let (_, error) = fixtures::read(format!("RPCReTxt1\n\"\"\n{text}").as_bytes(), &schema);
    assert!(error.is_none(), "{error:?}");
    let error = write(&request(ITEM, &nested(9_999)), &schema, false).expect_err("one level too many");
    assert!(matches!(error.kind(), rpcreplay::error::ErrorKind::Loss { loss: Loss::TooDeep, .. }), "{error}");

    // An Any beyond the hundredth stays closed, which readers take.
    let mut message = bytes(2, b"x");
    for _ in 0..150 {
        message =
            [vec![0x0a, 0x13], b"google.protobuf.Any".to_vec(), vec![0x12], varint(message.len()), message].concat();
    }
    let entry = request(ANY, &message);
    let (text, left_out) = write(&entry, &schema, false).expect("text carries it");
    assert_eq!((left_out, text.matches("[google.protobuf.Any]").count()), (LeftOut::default(), 99));
    let (entries, error) = fixtures::read(format!("RPCReTxt1\n\"\"\n{text}").as_bytes(), &schema);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(entries[0].record(), entry.record());
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The recordings that tests and documents share, of real services: every message's text has the message's bytes.
#[test]
fn the_text_of_a_message_has_its_canonical_bytes() {
    let schema = Schema::builtin();
    let mut walker = Walker::new(&schema);
    let mut messages = 0;
    for name in ["bytestream", "firestore", "pubsub", "secrets", "overlapping"] {
        let file = std::fs::read(format!("tests/data/{name}.replay")).expect("a recording");
        let (entries, error) = fixtures::read(&file, &schema);
        assert!(error.is_none(), "{name}: {error:?}");
        for entry in entries {
            let (Payload::Message(any) | Payload::Error(any)) = entry.payload() else { continue };
            let Ok(layout) = schema.resolve(any.type_url) else { continue };
            let (mut expected, mut text, mut read) = Default::default();
            write_canonical(&mut walker, layout, any.value, &mut expected).expect("a message");
            write_text(&mut walker, layout, any.value, Default::default(), &mut text).expect("a message");
            read_text(&schema, layout, &text, &mut read).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(read, expected, "{name}: {}", String::from_utf8_lossy(&text));
            messages += 1;
        }
    }
    assert!(messages > 30, "{messages}");
}
