//! The spellings of prototext: each row is a message in text and what it is on the wire, or what is wrong with it.

mod fixtures;

use fixtures::{ITEM, OLD};
use rpcreplay::entry::Payload;
use rpcreplay::schema::{ParseFault, read_text};

/// Reads an entry whose message is spelled so; gives back type and bytes, or the error.
fn parse(message: &str) -> Result<(String, Vec<u8>), String> {
    let schema = fixtures::schema();
    let file = fixtures::text("\"\"", &[&format!("kind:1 message {message}")]);
    match fixtures::read(&file, &schema) {
        (entries, None) => match entries[0].payload() {
            Payload::Message(any) => Ok((any.type_url.to_owned(), any.value.to_vec())),
            other => panic!("{other:?}"),
        },
        (_, Some(error)) => Err(error.to_string()),
    }
}

#[test]
fn reads_every_spelling() {
    #[rustfmt::skip]
    let cases: &[(&str, &[u8])] = &[
        ("", b""),
        ("name: \"a\" value: 1", b"\x0a\x01a\x10\x01"),
        ("value: 1 name: \"a\"", b"\x0a\x01a\x10\x01"),
        ("value:1;name:'a',", b"\x0a\x01a\x10\x01"),
        ("# why\n name # then\n : # and\n 'a' # so\n 'b' \"c\"# end", b"\x0a\x03abc"),
        (r#"name: "\a\b\f\n\r\t\v\\\'\"\?""#, b"\x0a\x0b\x07\x08\x0c\n\r\t\x0b\\'\"?"),
        (r#"name: "\101\12\x41\x4a\xa\u00fc\U0001F600\ud83d\ude00""#, "\n\x0fA\nAJ\nü😀😀".as_bytes()),
        (r#"data: "\377\0\xff""#, b"\x5a\x03\xff\0\xff"),
        ("name: 'ü\"'", b"\x0a\x03\xc3\xbc\""),
        ("name: ''", b""),
        ("value: 0", b""),
        ("value: -0", b""),
        ("value: -1", b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("value: - # minus\n 1", b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("value: 0x1F", b"\x10\x1f"),
        ("value: -0x1f", b"\x10\xe1\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("value: 017", b"\x10\x0f"),
        ("long: 18446744073709551615", b"\x71\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("fixed: -2147483648", b"\x6d\0\0\0\x80"),
        ("double: 1", b"\x61\0\0\0\0\0\0\xf0\x3f"),
        ("double: -0", b"\x61\0\0\0\0\0\0\0\x80"),
        ("double: 1.5f", b"\x61\0\0\0\0\0\0\xf8\x3f"),
        ("double: 10F", b"\x61\0\0\0\0\0\0\x24\x40"),
        ("double: .5e1", b"\x61\0\0\0\0\0\0\x14\x40"),
        ("double: 5.", b"\x61\0\0\0\0\0\0\x14\x40"),
        ("double: 010", b"\x61\0\0\0\0\0\0\x24\x40"),
        ("double: 1e999", b"\x61\0\0\0\0\0\0\xf0\x7f"),
        ("double: -InFinity", b"\x61\0\0\0\0\0\0\xf0\xff"),
        ("no: nan", b"\x4d\0\0\xc0\x7f"),
        ("double: NaN", b"\x61\x01\0\0\0\0\0\xf8\x7f"),
        ("no: 1e99", b"\x4d\0\0\x80\x7f"),
        ("no: 0", b"\x4d\0\0\0\0"),
        ("yes: t", b"\x40\x01"),
        ("yes: True", b"\x40\x01"),
        ("yes: 0x1", b"\x40\x01"),
        ("yes: f", b"\x40\0"),
        ("colour: RED", b"\x50\x01"),
        ("colour: 7", b"\x50\x07"),
        ("colour: MINUS", b"\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("numbers: [1, 2] numbers: 3 numbers: []", b"\x2a\x03\x01\x02\x03"),
        ("child { value: 1 }", b"\x22\x02\x10\x01"),
        ("child < value: 1; >", b"\x22\x02\x10\x01"),
        ("child: {}", b"\x22\0"),
        ("children: [{value: 1}, <>] children {}", b"\x32\x02\x10\x01\x32\0\x32\0"),
        ("children []", b""),
        ("counts { value: -1 key: 'b' } counts: { key: 'a' }", b"\x1a\x05\x0a\x01a\x10\0\x1a\x05\x0a\x01b\x10\x01"),
        ("counts [{ key: 'a' value: 1 }, { key: 'a' value: 2 }]", b"\x1a\x05\x0a\x01a\x10\x04"),
        ("counts {}", b"\x1a\x04\x0a\0\x10\0"),
        ("detail { [type.googleapis.com/test.Item] { value: 1 } }", b"\x3a\x23\x0a\x1dtype.googleapis.com/test.Item\x12\x02\x10\x01"),
        ("detail { [ x # host\n / test . Item ] { } }", b"\x3a\x0d\x0a\x0bx/test.Item"),
        ("detail { type_url: 'x/y' value: '\\001' }", b"\x3a\x08\x0a\x03x/y\x12\x01\x01"),
        ("detail { value: 'lost' [test.Item] { value: 1 } }", b"\x3a\x0f\x0a\x09test.Item\x12\x02\x10\x01"),
        ("detail { [x/google.protobuf.Any] { [x/test.Item] { value: 1 } } }",
            b"\x3a\x2a\x0a\x15x/google.protobuf.Any\x12\x11\x0a\x0bx/test.Item\x12\x02\x10\x01"),
    ];
    for (text, expected) in cases {
        let whole = format!("{{ [{ITEM}] {{ {text}\n }} }}");
        assert_eq!(parse(&whole), Ok((ITEM.to_owned(), expected.to_vec())), "{text}");
    }
}

#[test]
fn reads_groups_and_extensions() {
    #[rustfmt::skip]
    let cases: &[(&str, &[u8])] = &[
        ("Part { size: 1 } Part {}", b"\x0b\x08\x01\x0c\x0b\x0c"),
        ("Part: [{ size: 0 }]", b"\x0b\x08\0\x0c"),
        ("raw: '\\xff'", b"\x12\x01\xff"),
        ("raw: ''", b"\x12\0"),
        ("raw: 'a' [test.extra]: 5", b"\xa0\x06\x05\x12\x01a"),
    ];
    for (text, expected) in cases {
        let whole = format!("{{ [{OLD}] {{ {text} }} }}");
        assert_eq!(parse(&whole), Ok((OLD.to_owned(), expected.to_vec())), "{text}");
    }
}

/// As Go does; what is passed over must be prototext, though of no type.
#[test]
fn passes_over_fields_whose_name_is_reserved() {
    let parse = |text: &str| parse(&format!("{{ [{OLD}] {{ {text} }} }}"));
    for value in [
        ": 1",
        " 1",
        ": 'a' \"b\"",
        ": SOME_NAME",
        ": []",
        ": [1, x, 'y']",
        " {}",
        ": < a: 1; b { c: [{ d: {} }, {}] }, [x.y/no.Type] { 9: 1 } raw: 'lost' >",
        " [{ a: 1 }, { gone: 2 }]",
    ] {
        let text = format!("gone{value} raw: 'a' gone{value}");
        assert_eq!(parse(&text), Ok((OLD.to_owned(), b"\x12\x01a".to_vec())), "{text}");
    }
    for (text, expected) in [
        ("gone2: 1", "unknown field `gone2` of test.Old"),
        ("[gone]: 1", "unknown field `[gone]` of test.Old"),
        ("Part { gone: 1 }", "unknown field `gone` of test.Old.Part"),
        ("gone: }", "`}` is not a value"),
        ("gone: { a: }", "`}` is not a value"),
        ("gone: { a: 1 >", "`>` does not close what `{` opened"),
        ("gone: [1", "unexpected `}`"),
        ("gone: { a: 1", "the text ends too early"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.ends_with(&format!(": {expected}")), "{text}: {error}");
    }
    // No level of the skipped needs the thread's stack.
    let deep = format!("gone {}{}", "{ a ".repeat(100_000), "{}".to_owned() + &"}".repeat(100_000));
    assert!(parse(&deep).is_ok());
}

#[test]
fn reads_both_forms_of_any() {
    let raw = |url: &str, value: &[u8]| Ok((url.to_owned(), value.to_vec()));
    assert_eq!(parse("{}"), raw("", b""));
    assert_eq!(parse("{ type_url: 'unknown.Type' }"), raw("unknown.Type", b""));
    assert_eq!(parse("< value: 'b' ; type_url: 'a/' 'B' >"), raw("a/B", b"b"));
    assert_eq!(parse(": { [test.Item]: < value: 1 > }"), raw("test.Item", b"\x10\x01"));
}

#[test]
fn says_what_is_wrong_and_where() {
    #[rustfmt::skip]
    let cases: &[(&str, &str)] = &[
        ("later: 1", "13: unknown field `later` of test.Item"),
        ("[test.extra]: 1", "13: unknown field `[test.extra]` of test.Item"),
        ("1: 1", "13: `1` is a number, expected the name of a field"),
        ("value: 1 value: 2", "22: field `value` is repeated"),
        ("child {} child {}", "22: field `child` is repeated"),
        ("yes: t no: 1", "20: field `no` belongs to a oneof of which another field is set"),
        ("value 1", "13: no colon behind `value`"),
        ("numbers [1]", "13: no colon behind `numbers`"),
        ("value: 2147483648", "20: `2147483648` is not a value of type int32"),
        ("value: 1.0", "20: `1.0` is not a value of type int32"),
        ("value: 'a'", "20: `'a'` is not a value of type int32"),
        ("value: 08", "20: `08` is not a value"),
        ("value: 0x", "20: `0x` is not a value"),
        ("value: +1", "20: `+1` is not a value"),
        ("value: {}", "20: unexpected `{`"),
        ("value: [1]", "20: unexpected `[`"),
        ("long: -1", "19: `-1` is not a value of type uint64"),
        ("double: 0x10", "21: `0x10` is not a value of type double"),
        ("double: 1e", "21: `1e` is not a value of type double"),
        ("double: big", "21: `big` is not a value of type double"),
        ("yes: 2", "18: `2` is not a value of type bool"),
        ("yes: TRUE", "18: `TRUE` is not a value of type bool"),
        ("colour: GREEN", "21: `GREEN` is not a value of type enum"),
        ("colour: -RED", "21: `-RED` is not a value of type enum"),
        ("name: a", "19: `a` is not a value of type string"),
        ("name: '\\xff'", "19: a string with invalid UTF-8"),
        ("name: '\n'", "20: a string with a raw `\\n`"),
        ("name: '\\q'", "20: `\\q` is not an escape"),
        ("name: '\\400'", "20: `\\400` is not an escape"),
        ("name: '\\x'", "20: `\\x` is not an escape"),
        ("name: '\\u12'", "20: `\\u12` is not an escape"),
        ("name: '\\ud800'", "20: `\\ud800` is not an escape"),
        ("name: '\\ud800\\u0041'", "20: `\\ud800\\u0041` is not an escape"),
        ("name: '\\U00110000'", "20: `\\U00110000` is not an escape"),
        ("child: 1", "20: unexpected `1`"),
        ("child { >", "21: `>` does not close what `{` opened"),
        ("child < }", "21: `}` does not close what `<` opened"),
        ("child [{}]", "19: unexpected `[`"),
        ("children [1]", "23: unexpected `1`"),
        ("numbers: [1 2]", "25: unexpected `2`"),
        ("numbers: [1,]", "25: `]` is not a value"),
        ("numbers: [{}]", "23: unexpected `{`"),
        ("value: 1,, name: ''", "22: `,` is not a field name"),
        (",value: 1", "13: `,` is not a field name"),
        ("na-me: 1", "13: `na-me` is not a field name"),
        ("counts { key: 'a' key: 'b' }", "31: field `key` is repeated"),
        ("counts { other: 1 }", "22: unknown field `other` of a map's entry"),
        ("counts { key 'a' }", "22: no colon behind `key`"),
        ("detail { [no.Type] {} }", "22: no descriptor for message type `no.Type`"),
        ("detail { type_url: 'a' [test.Item] {} }", "36: `[test.Item]` contradicts what the Any already holds"),
        ("detail { [test.Item] {} value: '' }", "37: `value` contradicts what the Any already holds"),
        ("detail { [test.Item] {} [test.Item] {} }", "37: `[test.Item]` contradicts what the Any already holds"),
        ("detail { value: '' value: '' }", "32: `value` contradicts what the Any already holds"),
        ("detail { name: '' }", "22: unknown field `name` of google.protobuf.Any"),
        ("detail { [.test.Item] {} }", "22: `[.` is not a type URL or an extension's name"),
        ("detail { [a//b] {} }", "22: `[a//` is not a type URL or an extension's name"),
        ("detail { [a/] {} }", "22: `[a/]` is not a type URL or an extension's name"),
        ("detail { [a b] {} }", "22: `[a b` is not a type URL or an extension's name"),
        ("detail { [test.Item] 1 }", "34: unexpected `1`"),
    ];
    for (text, expected) in cases {
        let error = parse(&format!("{{ [test.Item] {{\n            {text} }} }}")).expect_err(text);
        let place = error.strip_prefix("entry 1 at line 5:").unwrap_or_else(|| panic!("{text}: {error}"));
        let (column, rest) = place.split_once(", byte ").expect("a byte offset");
        let (_, fault) = rest.split_once(": ").expect("a fault");
        assert_eq!(format!("{column}: {fault}"), *expected, "{text}");
    }
}

#[test]
fn says_that_the_text_ends() {
    for text in [
        "",
        "{",
        "{ [test.Item] ",
        "{ [test.Item] {",
        "{ [test.It",
        "{ [test.Item] { name:",
        "{ [test.Item] { name: 'a",
        "{ [test.Item] { name: 'a\\",
        "{ [test.Item] { numbers: [",
        "{ [test.Item] { numbers: [1",
        "{ [test.Item] { numbers: [1,",
        "{ [test.Item] { name: 'a'",
        "{ [test.Item] {}",
        "{ [test.Item] {} # }",
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.ends_with(": the text ends too early"), "{text}: {error}");
    }
}

#[test]
fn nests_to_the_limit_and_no_deeper() {
    let nested = |depth: usize| format!("{{ [test.Item] {{ {}{} }} }}", "child {".repeat(depth), "}".repeat(depth));
    // The Any and its message are the first two levels.
    assert!(parse(&nested(9_998)).is_ok());
    let error = parse(&nested(9_999)).expect_err("one too many");
    assert!(error.ends_with(": messages nest deeper than 10000"), "{error}");
    let error = parse(&nested(1_000_000)).expect_err("far too many");
    assert!(error.ends_with(": messages nest deeper than 10000"), "{error}");

    let nested = |depth: usize| "{ [google.protobuf.Any] ".repeat(depth) + "{}" + &"}".repeat(depth);
    assert!(parse(&nested(100)).is_ok());
    for depth in [101, 4_000, 1_000_000] {
        let error = parse(&nested(depth)).expect_err("too many");
        assert!(error.ends_with(": expanded messages of Any nest deeper than 100"), "{error}");
    }
}

/// The fuzzer starts from texts that are read, not from ones that are refused at the first byte.
#[test]
fn the_seeds_of_the_fuzzer_are_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/prototext");
    let mut seeds = 0;
    for seed in std::fs::read_dir(folder).expect("the seeds") {
        let seed = std::fs::read_to_string(seed.expect("a seed").path()).expect("text");
        let (entries, error) = fixtures::read(&fixtures::text("\"\"", &[&seed]), &rpcreplay::Schema::builtin());
        assert!(error.is_none(), "{error:?}: {seed}");
        assert_eq!(entries[0].ref_index(), 7);
        seeds += 1;
    }
    assert_eq!(seeds, 4);
}

/// Reads the text of a message that stands alone; gives back its bytes, or the error.
fn read(type_name: &str, text: &str) -> Result<Vec<u8>, String> {
    let schema = fixtures::schema();
    let mut out = b"before".to_vec();
    let read = read_text(&schema, schema.resolve(type_name).expect("a fixture"), text.as_bytes(), &mut out);
    let bytes = out.strip_prefix(b"before").expect("what was there stays").to_vec();
    match read {
        Ok(()) => Ok(bytes),
        Err(error) => {
            assert!(bytes.is_empty(), "{text}");
            Err(error.to_string())
        }
    }
}

#[test]
fn reads_a_message_of_any_type() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, &[u8])] = &[
        ("test.Item", "", b""),
        ("test.Item", " # nothing", b""),
        ("test.Item", "name: 'a'\nvalue: 1", b"\x0a\x01a\x10\x01"),
        ("test.Item", "child { value: 1 };", b"\x22\x02\x10\x01"),
        ("test.Old", "raw: 'a' Part { size: 1 } part {}", b"\x0b\x08\x01\x0c\x0b\x0c\x12\x01a"),
        ("google.protobuf.Any", "", b""),
        ("google.protobuf.Any", "type_url: 'a/b' value: '\\001'", b"\x0a\x03a/b\x12\x01\x01"),
        ("google.protobuf.Any", "[x/test.Item] { value: 1 name: 'a' }", b"\x0a\x0bx/test.Item\x12\x05\x0a\x01a\x10\x01"),
        ("google.protobuf.Any", "[x/google.protobuf.Any] { type_url: 'a' }",
            b"\x0a\x15x/google.protobuf.Any\x12\x03\x0a\x01a"),
    ];
    for (type_name, text, expected) in cases {
        assert_eq!(read(type_name, text), Ok(expected.to_vec()), "{text}");
    }
}

/// Where Go's reader is liberal, and the conformance suite is not.
#[test]
fn a_message_that_stands_alone_is_read_as_the_standard_has_it() {
    for (text, expected) in [
        ("double: 010", "`010` is not a value of type double at byte 8"),
        ("no: -010", "`-010` is not a value of type float at byte 4"),
        (r"name: '\ud83d\ude00'", r"`\ud83d` is not an escape at byte 7"),
        ("value: 1 }", "`}` is not a field name at byte 9"),
        ("child {", "the text ends too early at byte 7"),
        ("value", "no colon behind `value` at byte 0"),
        ("value: 1 value: 2", "field `value` is repeated at byte 9"),
    ] {
        assert_eq!(read("test.Item", text), Err(expected.to_owned()), "{text}");
    }
    let schema = fixtures::schema();
    let error = read_text(&schema, schema.resolve("test.Item").expect("a fixture"), b"later: 1", &mut Vec::new());
    assert!(matches!(error.expect_err("no such field").fault(), ParseFault::UnknownField { .. }));
}

/// Whatever order fields, entries and elements come in, the bytes are those of Go's deterministic encoder.
#[test]
fn any_order_becomes_that_of_the_wire() {
    let whole = [
        "name: 'a'",
        "value: 1",
        "counts { key: 'a' value: 1 }",
        "counts { key: 'b' value: 2 }",
        "child { name: 'c' value: 2 }",
        "numbers: 1",
        "numbers: 300",
        "children { name: 'd' }",
        "children { value: 3 }",
        "colour: RED",
        "data: 'x'",
    ];
    let expected = read("test.Item", &whole.join("\n"));
    let mut fields = whole.to_vec();
    // Lists must keep their order: entries 5 and 6, 7 and 8.
    for rotation in 0..fields.len() {
        fields.rotate_left(1);
        let keeps_lists = ["numbers", "children"].iter().all(|name| {
            let places: Vec<_> = fields.iter().filter(|field| field.starts_with(name)).collect();
            whole.iter().filter(|field| field.starts_with(name)).eq(places)
        });
        let text = fields.join("\n");
        assert_eq!(read("test.Item", &text) == expected, keeps_lists, "{rotation}: {text}");
    }
    for text in [
        // A list in two parts, an entry without its key in front, entries in brackets, keys twice.
        "numbers: 1 name: 'a' numbers: 300 value: 1 children { name: 'd' } counts { value: 2 key: 'b' }
         counts { key: 'a' value: 1 } child { value: 2 name: 'c' } children { value: 3 } data: 'x' colour: 1",
        "counts [{ key: 'b' value: 2 }, { key: 'a' value: 1 }] child { name: 'c' value: 2 } numbers: [1, 300]
         children [{ name: 'd' }, { value: 3 }] colour: RED value: 1 name: 'a' data: 'x'",
        "counts { key: 'a' value: 7 } counts { key: 'b' value: 2 } counts { key: 'a' value: 1 } name: 'a' value: 1
         child { name: 'c' value: 2 } numbers: [1, 300] children [{ name: 'd' }, { value: 3 }] colour: RED data: 'x'",
    ] {
        assert_eq!(read("test.Item", text), expected, "{text}");
        let long = format!("data: '{}'", "x".repeat(300));
        let nested = format!("child {{ {long} child {{ {text} }} }} name: 'n'");
        let in_order = format!("name: 'n' child {{ child {{ {} }} {long} }}", whole.join(" "));
        assert_eq!(read("test.Item", &nested), read("test.Item", &in_order), "{text}");
        assert!(read("test.Item", &nested).is_ok());
    }
}

/// On each level the fields are out of order: moving them each time would take time by the square of the nesting.
#[test]
fn disorder_on_every_level_takes_time_in_proportion() {
    let levels = 9_000;
    let text =
        format!("{}data: '{}'{}", "child { ".repeat(levels), "x".repeat(4_000_000), " name: 'n' }".repeat(levels));
    let in_order =
        format!("{}data: '{}'{}", "name: 'n' child { ".repeat(levels), "x".repeat(4_000_000), "}".repeat(levels));
    let start = std::time::Instant::now();
    let bytes = read("test.Item", &text);
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(bytes.is_ok());
    // The innermost name stands behind the data in the one and the outermost in front of the child in the other.
    assert_eq!(bytes.map(|bytes| bytes.len()), read("test.Item", &in_order).map(|bytes| bytes.len()));
}
