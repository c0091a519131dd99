//! The laws of the JSON that is written and read.

use proptest::prelude::*;

use super::*;
use crate::entry::Any;
use crate::schema::testing::{any, bytes, group, id, message, schema, varint};
use crate::schema::{JsonOptions, Walker, write_canonical, write_json_any};

fn lossless(schema: &Schema, type_url: &str, wire: &[u8]) -> String {
    let (mut walker, mut out) = (Walker::new(schema), Vec::new());
    let options = JsonOptions { lossless: true, ..JsonOptions::default() };
    let written = write_json_any(&mut walker, Any { type_url, value: wire }, options, &mut out);
    written.expect("the lossless manner does not fail");
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn value_of(any: &AnyJson) -> Vec<u8> {
    let mut value = Vec::new();
    any.append_value(&mut value);
    assert_eq!(value.len(), any.value_bytes());
    value
}

fn read_any(schema: &Schema, json: &str) -> Result<(AnyJson, bool)> {
    let mut any = AnyJson::default();
    let mut lexer = Lexer::new(json);
    let ignored = JsonReader::new(schema, JsonReadOptions::default()).read_any(&mut lexer, &mut any)?;
    lexer.end()?;
    Ok((any, ignored))
}

fn assert_comes_back(name: &str, wire: &[u8]) -> String {
    let schema = schema();
    let json = lossless(&schema, name, wire);
    match serde_json::from_str::<serde_json::Value>(&json) {
        Ok(_) => {}
        // What nests deeper than it goes is JSON all the same.
        Err(error) if error.to_string().starts_with("recursion limit exceeded") => {}
        Err(error) => panic!("{error}: {json}"),
    }
    let (any, ignored) = read_any(&schema, &json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!((any.type_url.as_str(), value_of(&any).as_slice(), ignored), (name, wire, false), "{json}");
    json
}

fn all(wire: &[u8]) -> String {
    assert_comes_back("test.All", wire)
}

#[test]
fn members_stand_in_the_order_of_the_wire() {
    let entry = |key: &str, value| bytes(5, [bytes(1, key), varint(2, value)].concat());
    let wire = [bytes(2, "s"), entry("b", 1), entry("a", 0), varint(1, 7), varint(98, 5), bytes(20, "late")].concat();
    assert_eq!(
        all(&wire),
        r#"{"@type":"test.All","s":"s","counts":{"b":1,"a":0},"i":7,"@unknown":"kgYF","late":"late"}"#
            .replace("kgYF", "kAYF")
    );
}

#[test]
fn what_an_encoder_would_not_write_has_its_bytes_beside_it() {
    for wire in [
        vec![0x08, 0x81, 0x00],
        vec![0x88, 0x00, 0x01],
        vec![0x12, 0x81, 0x00, b'a'],
        varint(1, 0),
        varint(1, 1 << 32),
        varint(1, 0xffff_ffff),
        varint(16, 1 << 40),
        [varint(1, 1), varint(1, 2)].concat(),
        [varint(7, 1), bytes(9, "c")].concat(),
        [bytes(4, "a"), varint(1, 1), bytes(4, "b")].concat(),
        bytes(3, []),
        varint(3, 5),
        [bytes(3, [1]), bytes(3, [2])].concat(),
        bytes(3, [0x80, 0]),
        bytes(5, []),
        bytes(5, bytes(1, "a")),
        bytes(5, [varint(2, 1), bytes(1, "a")].concat()),
        bytes(5, [bytes(1, "a"), varint(2, 1), varint(3, 1)].concat()),
        [bytes(5, [bytes(1, "a"), varint(2, 1)].concat()), bytes(5, [bytes(1, "a"), varint(2, 2)].concat())].concat(),
        [varint(98, 1), varint(1, 1), varint(98, 1)].concat(),
        bytes(18, [varint(2, 5), varint(1, 5)].concat()),
        bytes(18, varint(1, 0)),
        bytes(19, varint(1, 5)),
        bytes(19, [varint(4, 1), varint(4, 0)].concat()),
        bytes(19, bytes(5, bytes(1, [bytes(2, varint(4, 1)), bytes(1, "a")].concat()))),
        bytes(10, [bytes(2, varint(1, 1)), bytes(1, "test.All")].concat()),
        bytes(10, [bytes(1, "test.All"), bytes(2, [])].concat()),
        bytes(21, [varint(1, 2), varint(2, 0)].concat()),
        [&[0x61][..], &f64::NAN.to_bits().wrapping_add(5).to_le_bytes()].concat(),
    ] {
        let json = all(&wire);
        assert!(json.contains("\"@wire\"") && !json.contains("@reason"), "{wire:02x?} {json}");
        // Deep inside only what needs it has it, also where what it stands in is not in the order of declaration.
        let around = [varint(1, 5), bytes(20, "late")].concat();
        let json = all(&[bytes(6, &wire), around].concat());
        assert!(json.starts_with(r#"{"@type":"test.All","child":{"#), "{json}");
        assert!(json.ends_with(r#""},"i":5,"late":"late"}"#), "{json}");
        // Inside an `Any` it stands in that one's object.
        let json = all(&bytes(10, any("x/test.All", &wire)));
        assert!(json.ends_with(r#""}}"#) && json.contains("\"@wire\""), "{json}");
    }
    let nested = bytes(
        10,
        any("google.protobuf.Any", any("google.protobuf.Any", any("google.protobuf.Any", any("x/test.All", [])))),
    );
    assert!(all(&nested).contains("\"@wire\""));
    let time = bytes(10, any("google.protobuf.Timestamp", [varint(2, 5), varint(1, 5)].concat()));
    let expected = r#"{"@type":"test.All","any":{"@type":"google.protobuf.Timestamp","value":"1970-01-01T00:00:05.000000005Z","@wire":"EAUIBQ=="}}"#;
    assert_eq!(all(&time), expected);
}

#[test]
fn what_is_exact_has_no_bytes_beside_it() {
    for wire in [
        vec![],
        [varint(1, u64::MAX), varint(17, 5), varint(15, 5), varint(15 + 1, 0)].concat(),
        bytes(3, [1, 2, 0]),
        bytes(6, []),
        bytes(10, []),
        bytes(10, any("no.Such", "x")),
        bytes(10, bytes(1, "google.protobuf.Any")),
        bytes(10, any("google.protobuf.Empty", varint(9, 9))),
        bytes(10, [any("test.All", varint(1, 1)), varint(9, 9)].concat()),
        bytes(10, bytes(2, "x")),
        bytes(10, any("test.All", bytes(10, bytes(1, "test.All")))),
        bytes(11, [varint(1, 5), bytes(2, varint(1, 1))].concat()),
        [bytes(13, varint(1, 1)), bytes(13, [])].concat(),
        bytes(14, [0, 0xff]),
        bytes(2, [0xff, b'"']),
        bytes(5, [bytes(1, [0xff]), varint(2, 1)].concat()),
        bytes(5, [bytes(1, "@wire:"), varint(2, 1)].concat()),
        bytes(5, [bytes(1, "@@"), varint(2, 1)].concat()),
        bytes(18, [varint(1, 5), varint(2, 6)].concat()),
        bytes(18, varint(2, u64::MAX)),
        bytes(18, [varint(1, 5), varint(7, 6)].concat()),
        bytes(19, []),
        bytes(19, varint(1, 0)),
        bytes(19, bytes(3, [0xff])),
        bytes(19, bytes(5, bytes(1, [bytes(1, "@type"), bytes(2, varint(4, 1))].concat()))),
        bytes(19, bytes(6, [bytes(1, varint(1, 0)), bytes(1, bytes(6, []))].concat())),
        bytes(19, [&[0x11][..], &f64::NAN.to_le_bytes()].concat()),
        bytes(21, [varint(1, 1), varint(2, 77)].concat()),
        [&[0x61][..], &(-0.0f64).to_le_bytes()].concat(),
        [&[0x61][..], &f64::NEG_INFINITY.to_le_bytes()].concat(),
        bytes(20, "\0\u{1b}\u{7f}\u{85}\u{2028}😀\\\"/"),
    ] {
        let json = all(&wire);
        assert_eq!(json.contains("@wire\":"), json.contains("@reason"), "{wire:02x?} {json}");
    }
    let old =
        [group(1, [varint(2, 3), bytes(3, group(1, varint(2, 4)))].concat()), group(4, []), bytes(100, "x")].concat();
    assert!(!assert_comes_back("test.Old", &old).contains("@wire"));
}

/// They read as nothing that JSON has a place for, and a group is not read ahead of the walk.
#[test]
fn an_any_of_unknown_fields_alone_is_its_bytes() {
    for unknown in [varint(9, 9), group(12, [])] {
        all(&bytes(10, &unknown));
        all(&[varint(1, 0), bytes(10, &unknown)].concat());
        all(&bytes(10, any("google.protobuf.Any", &unknown)));
        assert_comes_back("google.protobuf.Any", &unknown);
    }
}

/// The place is that of a `Value`, whichever of the two it is that has no JSON.
#[test]
fn what_a_value_holds_may_be_its_bytes() {
    for value in [
        bytes(5, varint(1, 9)),
        bytes(5, bytes(1, [bytes(1, "k"), bytes(2, bytes(5, varint(9, 9)))].concat())),
        bytes(6, varint(9, 9)),
        bytes(6, bytes(1, bytes(6, varint(9, 9)))),
        varint(9, 9),
        bytes(5, bytes(1, [bytes(1, "k"), bytes(2, varint(9, 9))].concat())),
        [&[0x11][..], &f64::INFINITY.to_le_bytes()].concat(),
    ] {
        all(&bytes(19, &value));
        assert_comes_back("google.protobuf.Value", &value);
        assert_comes_back("google.protobuf.ListValue", &bytes(1, &value));
    }
}

#[test]
fn malformed_messages_and_types_that_are_not_known_keep_their_bytes() {
    assert!(all(&[0x08]).contains("@reason"));
    assert!(all(&bytes(10, any("test.All", [0x08]))).contains(r#"{"@type":"test.All","@wire":"CA==","@reason""#));
    for (name, wire) in [("no.Such", &b"x"[..]), ("no.Such", b""), ("", b"abc")] {
        assert_comes_back(name, wire);
    }
}

#[test]
fn the_json_wins_where_it_was_edited() {
    let schema = schema();
    let wire = [bytes(6, [varint(1, 0), bytes(2, "s")].concat()), bytes(2, "t")].concat();
    let json = all(&wire);
    assert_eq!(json, r#"{"@type":"test.All","child":{"s":"s","@wire":"CAASAXM="},"s":"t"}"#);
    let (any, ignored) = read_any(&schema, &json.replace(r#""s":"t""#, r#""s":"u""#)).expect("it is JSON");
    assert_eq!(
        (value_of(&any), ignored),
        ([bytes(6, [varint(1, 0), bytes(2, "s")].concat()), bytes(2, "u")].concat(), false)
    );
    let (any, ignored) = read_any(&schema, &json.replace(r#""s":"s""#, r#""s":"u""#)).expect("it is JSON");
    assert_eq!((value_of(&any), ignored), ([bytes(6, bytes(2, "u")), bytes(2, "t")].concat(), true));
    // Another order of members says the same.
    let moved = r#"{"@type":"test.All","child":{"@wire":"CAASAXM=","s":"s"},"s":"t"}"#;
    assert_eq!(value_of(&read_any(&schema, moved).expect("it is JSON").0), wire);
}

#[test]
fn errors_tell_where_and_what() {
    let schema = schema();
    for (json, at, error) in [
        (r#"{"@type":"test.All","x":1}"#, 20, "unknown field `x` of test.All"),
        (r#"{"@type":"test.All","i":"1x"}"#, 24, "`i`: `\"1x\"` is not an integer of 32 bits"),
        (r#"{"@type":"test.All","i":2147483648}"#, 24, "`i`: `2147483648` is not an integer of 32 bits"),
        (r#"{"@type":"test.All","i":1,"i":2}"#, 26, "`i`: `i` stands there twice"),
        (r#"{"@type":"test.All","a":1,"c":""}"#, 26, "`c`: field `c` belongs to a oneof of which another field is set"),
        (
            r#"{"@type":"test.All","child":{"list":[{},{"raw":"?"}]}}"#,
            47,
            "`child.list[1].raw`: `\"?\"` is not bytes in base64",
        ),
        (r#"{"@type":"test.All","counts":{"a":1,"b":{}}}"#, 40, "`counts[\"b\"]`: `{}` is not an integer of 32 bits"),
        (r#"{"@type":"test.All","counts":{"a":1,"a":2}}"#, 36, "`counts[\"a\"]`: `a` stands there twice"),
        (
            r#"{"@type":"test.All","children":{"1":{"color":"PINK"}}}"#,
            45,
            "`children[\"1\"].color`: `PINK` is not a value of test.Color",
        ),
        (
            r#"{"@type":"test.All","any":{"@type":"x/test.All","i":true}}"#,
            52,
            "`any(test.All).i`: `true` is not an integer of 32 bits",
        ),
        (r#"{"@type":"test.All","any":{"i":1}}"#, 27, "`any`: an Any without `@type`"),
        (r#"{"@type":"test.All","any":{"@type":"no.Such"}}"#, 35, "`any`: no descriptor for message type `no.Such`"),
        (
            r#"{"@type":"test.All","any":{"@type":"google.protobuf.Duration"}}"#,
            62,
            "`any(google.protobuf.Duration)`: `value` is missing",
        ),
        (
            r#"{"@type":"test.All","time":"yesterday"}"#,
            27,
            "`time`: `\"yesterday\"` is not a point in time, such as \"2026-11-29T08:00:00.5Z\"",
        ),
        (
            r#"{"@type":"test.All","value":{"a":[1,{"b":}]}}"#,
            41,
            "`value[\"a\"][1][\"b\"]`: found `}`, expected a value",
        ),
        (
            r#"{"@type":"test.All","@unknown":"CA=="}"#,
            31,
            "`@unknown` does not hold whole fields: it ends inside a varint",
        ),
        (r#"{"@type":"test.All","i":1"#, 25, "the text ends too early"),
        (r#"{"@type":"test.All","i":1}}"#, 26, "found `}` behind the end of the value"),
        (r#"[]"#, 0, "`[]` is not an object"),
        (r#"{"@type":"test.All","s":"a	b"}"#, 26, "`s`: a string with a raw `\\t`, which must be escaped"),
    ] {
        let found = read_any(&schema, json).expect_err(json);
        assert_eq!((found.at(), found.to_string().as_str()), (at, error), "{json}");
    }
}

#[test]
fn what_the_specification_allows_is_read() {
    let schema = schema();
    for (json, wire) in [
        (r#"{"i":"5","maybe":null,"zigzag":-1}"#, [varint(1, 5), varint(17, 1)].concat()),
        (r#"{"i":1e2}"#, varint(1, 100)),
        (r#"{"i":0,"s":"","raw":"","counts":{},"packed":[],"names":[],"child":null}"#, vec![]),
        (
            r#"{"color":5,"flags":{"true":"BLUE"}}"#,
            [varint(15, 5), bytes(21, [varint(1, 1), varint(2, 5)].concat())].concat(),
        ),
        (r#"{"value":null}"#, bytes(19, varint(1, 0))),
        (r#"{"raw":"-_8"}"#, bytes(14, [0xfb, 0xff])),
        (
            r#"{"any":{"value":"1s","@type":"google.protobuf.Duration"}}"#,
            bytes(10, any("google.protobuf.Duration", varint(1, 1))),
        ),
        (
            r#"{"any":{"i":1,"@type":"test.All","s":"x"}}"#,
            bytes(10, any("test.All", [varint(1, 1), bytes(2, "x")].concat())),
        ),
        (r#"{ "any" : { } , "a" : 0 }"#, [bytes(10, []), varint(7, 0)].concat()),
        (r#"{"d":"Infinity"}"#, [&[0x61][..], &f64::INFINITY.to_le_bytes()].concat()),
    ] {
        for options in [JsonReadOptions::default(), JsonReadOptions { strict: true, ignore_unknown: false }] {
            let mut out = Vec::new();
            let read = JsonReader::new(&schema, options).read(id(&schema, "test.All"), json.as_bytes(), &mut out);
            assert!(!read.expect(json));
            assert_eq!(out, wire, "{json}");
        }
    }
}

#[test]
fn nesting_has_a_limit_and_needs_no_stack() {
    let schema = schema();
    let nested = |levels: usize, wrap: &dyn Fn(&[u8]) -> Vec<u8>| (1..levels).fold(Vec::new(), |inner, _| wrap(&inner));
    for wrap in [
        (|inner: &[u8]| bytes(6, inner)) as fn(&[u8]) -> Vec<u8>,
        |inner| bytes(13, inner),
        |inner| bytes(11, [varint(1, 0), bytes(2, inner)].concat()),
    ] {
        all(&nested(NESTING_LIMIT, &wrap));
        // Beyond the limit it is no message, and stands there as its bytes.
        assert!(all(&nested(NESTING_LIMIT + 1, &wrap)).contains("@reason"));
    }
    // Of an `Any` in the last place what is inside is too deep, and stands there as its bytes.
    for levels in NESTING_LIMIT / 2 - 2..NESTING_LIMIT / 2 + 3 {
        all(&nested(levels, &|inner| bytes(10, any("test.All", inner))));
    }
    for levels in NESTING_LIMIT - 3..NESTING_LIMIT + 3 {
        all(&bytes(10, nested(levels, &|inner| any("google.protobuf.Any", inner))));
    }
    let json =
        format!("{{\"@type\":\"test.All\",{}{}}}", "\"child\":{".repeat(NESTING_LIMIT), "}".repeat(NESTING_LIMIT));
    let error = read_any(&schema, &json).expect_err("it is too deep");
    assert!(matches!(error.fault(), JsonFault::TooDeep(NESTING_LIMIT)));
    let json = format!("{{\"@type\":\"test.All\",\"value\":{}", "[".repeat(1_000_000));
    let error = read_any(&schema, &json).expect_err("it is too deep");
    assert!(matches!(error.fault(), JsonFault::TooDeep(NESTING_LIMIT)));
}

proptest! {
    #[test]
    fn every_message_comes_back(mut wire in message(), broken in 0..400usize, cut in 0..400usize) {
        all(&wire);
        // Every message has a canonical form, and no need of its bytes then.
        let schema = schema();
        let mut canonical = Vec::new();
        write_canonical(&mut Walker::new(&schema), id(&schema, "test.All"), &wire, &mut canonical).expect("a message");
        all(&canonical);
        if let Some(byte) = wire.get_mut(broken) {
            *byte ^= 0x11;
            all(&wire);
        }
        wire.truncate(cut);
        all(&wire);
    }

    #[test]
    fn no_text_makes_it_panic(wire in message(), at in 0..900usize, byte in prop::sample::select(b"{}[]\",:@0x\\ ".to_vec())) {
        let schema = schema();
        let mut json = lossless(&schema, "test.All", &wire).into_bytes();
        if let Some(changed) = json.get_mut(at) {
            *changed = byte;
        }
        if let Ok(json) = String::from_utf8(json) {
            let ours = read_any(&schema, &json);
            if ours.is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
            }
        }
    }
}

/// Reading each level again for its type would not end within a minute.
#[test]
fn types_that_come_late_are_looked_for_once() {
    let schema = schema();
    let levels = 4_000;
    let json = format!(
        r#"{}{{"@type":"google.protobuf.StringValue","value":"{}"}}{}"#,
        r#"{"value":"#.repeat(levels),
        "x".repeat(1_000_000),
        r#","@type":"google.protobuf.Any"}"#.repeat(levels),
    );
    let (any, _) = read_any(&schema, &json).expect("it is JSON");
    assert!(any.value_bytes() > 1_000_000 + levels * "google.protobuf.Any".len());
}

/// The text with every name of a member spelt in a way that the fast road does not take, and with blanks around it.
fn spelt_oddly(json: &str) -> (String, String) {
    let mut keys = Vec::new();
    Lexer::new(json).value_with(|_, key| keys.push((key.at, key.end()))).expect("it is JSON");
    keys.sort_unstable();
    let (mut escaped, mut spaced, mut copied) = (String::new(), String::new(), 0);
    for (start, end) in keys {
        let key = &json[start + 1..end - 1];
        escaped += &json[copied..=start];
        match key.bytes().next().filter(u8::is_ascii_graphic).filter(|&first| first != b'\\') {
            Some(first) => escaped += &format!("\\u{first:04x}{}", &key[1..]),
            None => escaped += key,
        }
        spaced += &format!("{}\n \t\"{key}\": ", &json[copied..start]);
        escaped += "\":";
        copied = end + 1;
    }
    (escaped + &json[copied..], spaced + &json[copied..])
}

proptest! {
    #[test]
    fn all_roads_lead_to_the_same_bytes(wire in message()) {
        let schema = schema();
        let json = lossless(&schema, "test.All", &wire);
        let (escaped, spaced) = spelt_oddly(&json);
        for other in [escaped, spaced] {
            let (any, ignored) = read_any(&schema, &other).map_err(|error| TestCaseError::fail(format!("{error}: {other}")))?;
            prop_assert_eq!((value_of(&any), ignored), (wire.clone(), false), "{}", other);
        }
    }
}

/// With one reader, which learns what follows what.
#[test]
fn long_messages_have_their_lengths() {
    let schema = schema();
    let mut reader = JsonReader::new(&schema, JsonReadOptions::default());
    for length in [0, 1, 100, 121, 122, 123, 124, 125, 126, 127, 128, 200, 20_000] {
        let leaf = [varint(1, 5), bytes(2, "x".repeat(length + 1))].concat();
        let child = [varint(1, 6), bytes(6, &leaf)].concat();
        let grandchild = [varint(1, 7), bytes(6, &child), bytes(20, "y".repeat(length + 1))].concat();
        for wire in [leaf, child, grandchild] {
            let json = lossless(&schema, "test.All", &wire);
            for _ in 0..3 {
                let (mut any, mut lexer) = (AnyJson::default(), Lexer::new(&json));
                assert!(!reader.read_any(&mut lexer, &mut any).expect("it is JSON"));
                assert_eq!(value_of(&any), wire, "{json}");
            }
        }
    }
}
