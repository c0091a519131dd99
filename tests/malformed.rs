//! Malformed recordings: each row is the bytes of a file and exactly the error that reading it ends with.
//!
//! How many entries are read before it stands in the row too: what is whole comes first.

mod fixtures;

use std::io::Read;

use fixtures::{binary, binary_of_records, entries, gzip, text, zstd, zstd_blocks, zstd_skippable};
use rpcreplay::format::ReadOptions;

/// A request with its payload left out, in 7 bytes.
const REQUEST: &[u8] = b"\x08\x01\x12\x03/s\x2f";

struct Case {
    file: Vec<u8>,
    entries: usize,
    error: &'static str,
}

fn case(file: impl Into<Vec<u8>>, entries: usize, error: &'static str) -> Case {
    Case { file: file.into(), entries, error }
}

fn check(cases: Vec<Case>) {
    let schema = fixtures::schema();
    for (row, case) in cases.into_iter().enumerate() {
        let (entries, error) = fixtures::read(&case.file, &schema);
        let error = error.unwrap_or_else(|| panic!("row {row}: no error, expected: {}", case.error)).to_string();
        assert_eq!((entries.len(), error.as_str()), (case.entries, case.error), "row {row}");
    }
}

fn record(bytes: &[u8]) -> Vec<u8> {
    binary_of_records(&[REQUEST, bytes])
}

#[test]
fn binary_frames() {
    let one = binary_of_records(&[REQUEST]);
    let with = |tail: &[u8]| [&one, tail].concat();
    check(vec![
        case("", 0, "the file is empty, expected a recording"),
        case("RPCRep", 0, "the file ends inside the mark that a recording begins with, after `RPCRep`"),
        case("RPCReplax", 0, "begins with `RPCReplax`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd"),
        case(
            "RPCReplay",
            0,
            "nothing follows the mark `RPCReplay`: a recorder that was closed before its first call leaves such a file",
        ),
        case("RPCReplay\x01", 0, "byte 9: input ends after 1 of the 4 bytes of a record's length"),
        case("RPCReplay\x05\0\0\0", 0, "byte 9: input ends after 0 of the 5 bytes of the initial state"),
        case("RPCReplay\x05\0\0\0ab", 0, "byte 9: input ends after 2 of the 5 bytes of the initial state"),
        case("RPCReplay\x01\0\0\x04", 0, "byte 9: initial state of 67108865 bytes exceeds the limit of 67108864"),
        case(with(b"\x01"), 1, "entry 2 at byte 24: input ends after 1 of the 4 bytes of a record's length"),
        case(with(b"\x01\0\0"), 1, "entry 2 at byte 24: input ends after 3 of the 4 bytes of a record's length"),
        case(
            with(b"\x10\0\0\0"),
            1,
            "entry 2 at byte 24: input ends right behind the length of a record of 16 bytes, \
             which Go's reader takes for the end of the recording",
        ),
        case(with(b"\x10\0\0\0abc"), 1, "entry 2 at byte 24: input ends after 3 of the 16 bytes of the record"),
        case(with(b"\x00\0\0\x04x"), 1, "entry 2 at byte 24: input ends after 1 of the 67108864 bytes of the record"),
        case(with(b"\x01\0\0\x04x"), 1, "entry 2 at byte 24: record of 67108865 bytes exceeds the limit of 67108864"),
        case(
            with(b"\xff\xff\xff\xff"),
            1,
            "entry 2 at byte 24: record of 4294967295 bytes exceeds the limit of 67108864",
        ),
    ]);
}

#[test]
fn wire_form_of_an_entry() {
    let deep = |depth: usize| [vec![0x3b; depth], vec![0x3c; depth]].concat();
    check(vec![
        case(record(b"\x08"), 1, "entry 2 at byte 29: not a grpcreplay.Entry: it ends inside a varint"),
        case(record(b"\x08\xff\xff"), 1, "entry 2 at byte 29: not a grpcreplay.Entry: it ends inside a varint"),
        case(record(b"\x80"), 1, "entry 2 at byte 28: not a grpcreplay.Entry: it ends inside a varint"),
        case(
            record(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
            1,
            "entry 2 at byte 29: not a grpcreplay.Entry: a varint is longer than 64 bits",
        ),
        case(
            record(b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
            1,
            "entry 2 at byte 29: not a grpcreplay.Entry: a varint is longer than 64 bits",
        ),
        case(record(b"\x00\x00"), 1, "entry 2 at byte 28: not a grpcreplay.Entry: field number 0 is out of range"),
        case(
            record(b"\x80\x80\x80\x80\x10\x00"),
            1,
            "entry 2 at byte 28: not a grpcreplay.Entry: field number 536870912 is out of range",
        ),
        case(
            record(b"\x0e"),
            1,
            "entry 2 at byte 28: not a grpcreplay.Entry: field 1 has wire type 6, which does not exist",
        ),
        case(
            record(b"\x12\x05/s"),
            1,
            "entry 2 at byte 29: not a grpcreplay.Entry: field 2 claims 5 bytes, but 2 are left",
        ),
        case(
            record(b"\x31\x01\x02"),
            1,
            "entry 2 at byte 29: not a grpcreplay.Entry: field 6 claims 8 bytes, but 2 are left",
        ),
        case(record(b"\x12\x02/\xff"), 1, "entry 2 at byte 30: not a grpcreplay.Entry: field 2 is not valid UTF-8"),
        case(
            record(b"\x1a\x03\x0a\x01\xc3"),
            1,
            "entry 2 at byte 32: not a grpcreplay.Entry: field 1 is not valid UTF-8",
        ),
        case(
            record(b"\x1a\x04\x0a\x05ab"),
            1,
            "entry 2 at byte 31: not a grpcreplay.Entry: field 1 claims 5 bytes, but 2 are left",
        ),
        case(record(b"\x3c"), 1, "entry 2 at byte 28: not a grpcreplay.Entry: group 7 ends, but was not begun"),
        case(record(b"\x3b\x44"), 1, "entry 2 at byte 29: not a grpcreplay.Entry: group 8 ends, but was not begun"),
        case(record(b"\x3b\x08\x01"), 1, "entry 2 at byte 28: not a grpcreplay.Entry: group 7 does not end"),
        case(
            record(&deep(10_002)),
            1,
            "entry 2 at byte 10029: not a grpcreplay.Entry: messages nest deeper than 10000",
        ),
    ]);
    // The outermost group and 10,000 inside it.
    assert!(fixtures::read(&record(&deep(10_001)), &fixtures::schema()).1.is_none());
}

#[test]
fn text_frames() {
    let with = |tail: &str| [&text("\"x\"", &["kind: CREATE_STREAM\n"])[..], tail.as_bytes()].concat();
    check(vec![
        case("RPCReTxt2\n\"\"\n", 0, "text format version `2` is not known, expected `1`"),
        case(
            "RPCReTxt1",
            0,
            "nothing follows the mark `RPCReTxt1`: a recorder that was closed before its first call leaves such a file",
        ),
        case("RPCReTxt1 ", 0, "line 1, byte 9: input ends in the line of the mark"),
        case("RPCReTxt1\n", 0, "line 2, byte 10: input ends in the line of the initial state"),
        case("RPCReTxt1\n\"x\"", 0, "line 2, byte 10: input ends in the line of the initial state"),
        case(
            "RPCReTxt1\nabc\n",
            0,
            "line 2, byte 10: initial state `abc` is not a quoted string: it does not begin with a quote",
        ),
        case(
            "RPCReTxt1\r\n\"x\"\r\n",
            0,
            "line 2, byte 11: initial state `\"x\"\\r` is not a quoted string: it ends with a carriage return",
        ),
        case(with("29x\n"), 1, "entry 2 at line 5, byte 37: `29x` is not the number of bytes of an entry's text"),
        case(with("\n"), 1, "entry 2 at line 5, byte 37: `` is not the number of bytes of an entry's text"),
        case(with(" 1\n"), 1, "entry 2 at line 5, byte 37: ` 1` is not the number of bytes of an entry's text"),
        case(
            with("1\r\n"),
            1,
            "entry 2 at line 5, byte 37: `1\\r` is not the number of bytes of an entry's text: \
             it ends with a carriage return",
        ),
        case(with("1_0\n"), 1, "entry 2 at line 5, byte 37: `1_0` is not the number of bytes of an entry's text"),
        case(with("+\n"), 1, "entry 2 at line 5, byte 37: `+` is not the number of bytes of an entry's text"),
        case(
            with("-1\n"),
            1,
            "entry 2 at line 5, byte 37: `-1` is a negative number of bytes, on which Go's reader panics",
        ),
        case(
            with("9223372036854775808\n"),
            1,
            "entry 2 at line 5, byte 37: `9223372036854775808` bytes are more than any file has",
        ),
        case(
            with("67108865\n"),
            1,
            "entry 2 at line 5, byte 37: text of an entry of 67108865 bytes exceeds the limit of 67108864",
        ),
        case(
            with("67108864\nkind"),
            1,
            "entry 2 at line 5, byte 37: input ends after 4 of the 67108864 bytes of the text of an entry",
        ),
        case(with("10\n"), 1, "entry 2 at line 5, byte 37: input ends after 0 of the 10 bytes of the text of an entry"),
        case(
            with("10"),
            1,
            "entry 2 at line 5, byte 37: input ends inside a line that holds a byte count, \
             which Go's reader takes for the end of the recording",
        ),
        case(
            with("8\nkind: 1\nkind"),
            2,
            "entry 3 at line 7, byte 47: input ends inside a line that holds a byte count, \
             which Go's reader takes for the end of the recording",
        ),
        case(with("7\nkind: X"), 1, "entry 2 at line 6:7, byte 45: `X` is not a value of type enum"),
        case(with("8\n\nlater:1"), 1, "entry 2 at line 7:1, byte 40: unknown field `later` of grpcreplay.Entry"),
        case(with("3\n9:1"), 1, "entry 2 at line 6:1, byte 39: `9` is a number, expected the name of a field"),
        case(with("13\nkind:1 kind:2"), 1, "entry 2 at line 6:8, byte 47: field `kind` is repeated"),
        case(with("20\nmessage{}\r\nmessage{}"), 1, "entry 2 at line 7:1, byte 51: field `message` is repeated"),
        case(with("6\nkind 1"), 1, "entry 2 at line 6:1, byte 39: no colon behind `kind`"),
        case(with("10\nmethod: \"ü\""), 1, "entry 2 at line 6:10, byte 49: a string with invalid UTF-8"),
        case(
            with("27\nmessage { [no.Type]: <> } }"),
            1,
            "entry 2 at line 6:11, byte 50: no descriptor for message type `no.Type`",
        ),
    ]);
}

/// The header of a recording as JSON Lines, in 36 bytes.
const HEADER: &str = "{\"format\":\"RPCReplay\",\"initial\":\"\"}\n";

#[test]
fn json_headers() {
    let document = |rest: &str| format!("{{\"format\":\"RPCReplay\",\"initial\":\"\",\"entries\":[{rest}");
    check(vec![
        case("{", 0, "this is JSON, but not of a kind known to hold a recording"),
        case("{\"format\"", 0, "line 1:10, byte 9: the text ends too early"),
        case("{\"format\":", 0, "line 1:11, byte 10: the text ends too early"),
        case("{\"format\":\"RPCReplay", 0, "line 1:21, byte 20: the text ends too early"),
        case("{\"format\":\"RPCReplay\"", 0, "line 1:22, byte 21: the text ends too early"),
        case("{\"format\":\"RPCReplay\"}", 0, "line 1:22, byte 21: `initial` is missing"),
        case("{\"initial\":\"\"}", 0, "line 1:14, byte 13: `format` is missing"),
        case("\u{feff} \n{\n\"initial\":\"\"}", 0, "line 3:13, byte 19: `format` is missing"),
        case(
            "{\"format\":\"RPCRetxt\",\"initial\":\"\"}",
            0,
            "line 1:11, byte 10: `\"RPCRetxt\"` is not \"RPCReplay\", which every recording as JSON has here",
        ),
        case("{\"format\":1,\"initial\":\"\"}", 0, "line 1:11, byte 10: found `1`, expected \"RPCReplay\""),
        case("{\"format\":\"RPCReplay\",\"initial\":\"ä\"}", 0, "line 1:33, byte 32: `\"ä\"` is not bytes in base64"),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"AAA=AA==\"}",
            0,
            "line 1:33, byte 32: `\"AAA=AA==\"` is not bytes in base64",
        ),
        case("{\"format\":\"RPCReplay\",\"initial\":7}", 0, "line 1:33, byte 32: `7` is not bytes in base64"),
        case("{\"format\":\"RPCReplay\",\"initial\":{}}", 0, "line 1:33, byte 32: `{}` is not bytes in base64"),
        case("{\"format\":\"RPCReplay\",\"initial\":}", 0, "line 1:33, byte 32: found `}`, expected a value"),
        case(
            "{\"format\":\"RPCReplay\",,\"initial\":\"\"}",
            0,
            "line 1:23, byte 22: found `,`, expected the name of a member",
        ),
        case("{\"format\":\"RPCReplay\" \"initial\":\"\"}", 0, "line 1:23, byte 22: found `\"`, expected `,` or `}`"),
        case("{\"format\":\"RPCReplay\",\"initial\" \"\"}", 0, "line 1:33, byte 32: found `\"`, expected `:`"),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"\",}",
            0,
            "line 1:36, byte 35: found `}`, expected the name of a member",
        ),
        case(
            "{\"format\":\"RPCReplay\",\n\"initial\":\"a\nb\"}",
            0,
            "line 2:13, byte 35: a string with a raw `\\n`, which must be escaped",
        ),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"\",\"initial\":\"\"}",
            0,
            "line 1:46, byte 45: `initial` stands there twice",
        ),
        case(
            "{\"format\":\"RPCReplay\",\"format\":\"RPCReplay\"}",
            0,
            "line 1:32, byte 31: `format` stands there twice",
        ),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"\",\"version\":1}",
            0,
            "line 1:46, byte 45: unknown field `version` of a recording's header",
        ),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"\",\"canonical\":1}",
            0,
            "line 1:48, byte 47: `1` is not true or false",
        ),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"\",\"file\":1}",
            0,
            "line 1:43, byte 42: found `1`, expected the name of a file",
        ),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"\",\"entries\":{}}",
            0,
            "line 1:46, byte 45: found `{`, expected a list of entries",
        ),
        case(
            "{\"format\":\"RPCReplay\",\"initial\":\"\",\"entries\":null}",
            0,
            "line 1:46, byte 45: found `null`, expected a list of entries",
        ),
        case("{\"entries\":[]}", 0, "line 1:12, byte 11: `format` is missing"),
        case("{\"entries\":[{}],\"format\":\"RPCReplay\"}", 0, "line 1:12, byte 11: `initial` is missing"),
        case("{\"entries\":[{}", 0, "line 1:15, byte 14: the text ends too early"),
        case(
            "{\"entries\":[{}],\"initial\":\"\",\"format\":\"RPCReplay\",\"entries\":[]}",
            0,
            "line 1:61, byte 60: `entries` stands there twice",
        ),
        case(
            "{\"index\":1,\"kind\":\"REQUEST\"}\n",
            0,
            "this is an entry of a recording as JSON, but the header in front of it is missing",
        ),
        case(
            "{\"kind\":\"REQUEST\"}",
            0,
            "this is an entry of a recording as JSON, but the header in front of it is missing",
        ),
        case("[{\"format\":\"RPCReplay\",\"initial\":\"\",\"entries\":[]}]", 0, "this is a list of recordings as JSON"),
        case("{\"a\":1}", 0, "this is JSON, but not of a kind known to hold a recording"),
        case("\"RPCReplay\"", 0, "begins with `\"RPCReplay\"`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd"),
        case(document(""), 0, "entry 1 at line 1:47, byte 46: the text ends too early"),
        case(document("]"), 0, "entry 1 at line 1:48, byte 47: the text ends too early"),
        case(document("],}"), 0, "entry 1 at line 1:49, byte 48: found `}`, expected the name of a member"),
        case(document("],\"initial\":\"AA==\"}"), 0, "entry 1 at line 1:59, byte 58: `initial` stands there twice"),
        case(document("],\"format\":\"RPCReplay\"}"), 0, "entry 1 at line 1:58, byte 57: `format` stands there twice"),
        case(
            document("],\"entries\":[]}"),
            0,
            "entry 1 at line 1:59, byte 58: unknown field `entries` of a recording's header",
        ),
        case(
            document("],\"canonical\":true}"),
            0,
            "entry 1 at line 1:65, byte 64: `canonical` is not the same as in front of the entries",
        ),
        case(
            document("],\"other\":1}"),
            0,
            "entry 1 at line 1:57, byte 56: unknown field `other` of a recording's header",
        ),
        case(document("{}],\"file\":2}"), 1, "entry 2 at line 1:58, byte 57: found `2`, expected the name of a file"),
        case(document("{}]}\n {}"), 1, "entry 2 at line 2:2, byte 52: found `{`, expected the end of the document"),
        case(document("{}]}]"), 1, "entry 2 at line 1:51, byte 50: found `]`, expected the end of the document"),
        case(document("{},]}"), 1, "entry 2 at line 1:50, byte 49: found `]`, expected a value"),
        case(document(",{}]}"), 0, "entry 1 at line 1:47, byte 46: found `,`, expected an entry's object"),
        case(document("{},,{}]}"), 1, "entry 2 at line 1:50, byte 49: found `,`, expected an entry's object"),
        case(document("{}\n  {}]}"), 1, "entry 2 at line 2:3, byte 51: found `{`, expected `,` or `]`"),
        case(document("{}"), 1, "entry 2 at line 1:49, byte 48: the text ends too early"),
        case(document("{},"), 1, "entry 2 at line 1:50, byte 49: the text ends too early"),
        case(document("{},{\"index\""), 1, "entry 2 at line 1:58, byte 57: the text ends too early"),
        case(document("{}}"), 1, "entry 2 at line 1:49, byte 48: found `}`, expected `,` or `]`"),
        case(document("}"), 0, "entry 1 at line 1:47, byte 46: found `}`, expected a value"),
        case(document("[]]}"), 0, "entry 1 at line 1:47, byte 46: found `[`, expected an entry's object"),
        case(document("7]}"), 0, "entry 1 at line 1:47, byte 46: found `7`, expected an entry's object"),
    ]);
}

#[test]
fn json_entries() {
    let with = |second: &str| format!("{HEADER}{{\"index\":1}}\n{second}");
    check(vec![
        case(with("{"), 1, "entry 2 at line 3:2, byte 49: the text ends too early"),
        case(with("{\"index\":2"), 1, "entry 2 at line 3:11, byte 58: the text ends too early"),
        case(with("{\"kind\":\"REQ"), 1, "entry 2 at line 3:13, byte 60: the text ends too early"),
        case(with("{}}"), 1, "entry 2 at line 3:3, byte 50: found `}` behind the end of the value"),
        case(with("{} {}"), 1, "entry 2 at line 3:4, byte 51: found `{` behind the end of the value"),
        case(with("{},\n{}"), 1, "entry 2 at line 3:3, byte 50: found `,` behind the end of the value"),
        case(with("[]"), 1, "entry 2 at line 3:1, byte 48: found `[`, expected an entry's object"),
        case(with("null"), 1, "entry 2 at line 3:1, byte 48: found `null`, expected an entry's object"),
        case(with("}"), 1, "entry 2 at line 3:1, byte 48: found `}`, expected an entry's object"),
        case(with("// remark"), 1, "entry 2 at line 3:1, byte 48: found `//`, expected an entry's object"),
        case(with("{\"index\":2,}"), 1, "entry 2 at line 3:12, byte 59: found `}`, expected the name of a member"),
        case(with("{index:2}"), 1, "entry 2 at line 3:2, byte 49: found `index`, expected the name of a member"),
        case(with("{'index':2}"), 1, "entry 2 at line 3:2, byte 49: found `'index'`, expected the name of a member"),
        case(with("{\"index\":0}"), 1, "entry 2 at line 3:10, byte 57: `0` is not a number from 1 to 2147483647"),
        case(with("{\"index\":-1}"), 1, "entry 2 at line 3:10, byte 57: `-1` is not a number from 1 to 2147483647"),
        case(
            with("{\"index\":2147483648}"),
            1,
            "entry 2 at line 3:10, byte 57: `2147483648` is not a number from 1 to 2147483647",
        ),
        case(
            with("{\"index\":\"0x2\"}"),
            1,
            "entry 2 at line 3:10, byte 57: `\"0x2\"` is not a number from 1 to 2147483647",
        ),
        case(with("{\"index\":1.5}"), 1, "entry 2 at line 3:10, byte 57: `1.5` is not a number from 1 to 2147483647"),
        case(with("{\"index\":02}"), 1, "entry 2 at line 3:10, byte 57: found `02`, expected a number"),
        case(with("{\"index\":true}"), 1, "entry 2 at line 3:10, byte 57: `true` is not a number"),
        case(
            with("{\"index\":1}"),
            1,
            "entry 2 at line 3, byte 48: the index 1 is that of an entry before it; an entry that says none has its place, 1, 2 and so on",
        ),
        case(
            with("{\"index\":5}\n\n {\"index\":\"5\"}"),
            2,
            "entry 3 at line 5, byte 61: the index 5 is that of an entry before it; an entry that says none has its place, 1, 2 and so on",
        ),
        case(
            with("{\"index\":5}\n{}\n{\"index\":3}"),
            3,
            "entry 4 at line 5, byte 63: the index 3 is that of an entry before it; an entry that says none has its place, 1, 2 and so on",
        ),
        case(
            with("{\"index\":2}\n{\"refIndex\":3}"),
            2,
            "entry 3 at line 4, byte 60: refIndex 3 is the index of no entry before it",
        ),
        case(with("{\"refIndex\":7}"), 1, "entry 2 at line 3, byte 48: refIndex 7 is the index of no entry before it"),
        case(
            with("{\"refIndex\":-1}"),
            1,
            "entry 2 at line 3, byte 48: refIndex -1 is the index of no entry before it",
        ),
        case(
            with("{\"refIndex\":2147483648}"),
            1,
            "entry 2 at line 3:13, byte 60: `2147483648` is not the index of an entry",
        ),
        case(
            with("{\"refIndex\":1,\"ref_index\":1}"),
            1,
            "entry 2 at line 3:15, byte 62: `ref_index` stands there twice",
        ),
        case(with("{\"kind\":\"REQUEST\",\"kind\":1}"), 1, "entry 2 at line 3:19, byte 66: `kind` stands there twice"),
        case(
            with("{\"kind\":\"request\"}"),
            1,
            "entry 2 at line 3:9, byte 56: `\"request\"` is not REQUEST, RESPONSE, CREATE_STREAM, SEND, RECV or a number",
        ),
        case(
            with("{\"kind\":2147483648}"),
            1,
            "entry 2 at line 3:9, byte 56: `2147483648` is not REQUEST, RESPONSE, CREATE_STREAM, SEND, RECV or a number",
        ),
        case(
            with("{\"kind\":true}"),
            1,
            "entry 2 at line 3:9, byte 56: `true` is not REQUEST, RESPONSE, CREATE_STREAM, SEND, RECV or a number",
        ),
        case(with("{\"method\":7}"), 1, "entry 2 at line 3:11, byte 58: found `7`, expected a method"),
        case(with("{\"method\":\"\\ud800\"}"), 1, "entry 2 at line 3:12, byte 59: `\\ud800` is not an escape of JSON"),
        case(
            with("{\"method\":\"a\u{1}b\"}"),
            1,
            "entry 2 at line 3:13, byte 60: a string with a raw `\\x01`, which must be escaped",
        ),
        case(
            [with("{\"method\":\"ä").as_bytes(), b"\xff\"}"].concat(),
            1,
            "entry 2 at line 3:13, byte 61: the text is not valid UTF-8",
        ),
        case(with("{\"isError\":1}"), 1, "entry 2 at line 3:12, byte 59: `1` is not true or false"),
        case(with("{\"isError\":\"true\"}"), 1, "entry 2 at line 3:12, byte 59: `\"true\"` is not true or false"),
        case(
            with("{\"isError\":true,\"is_error\":true}"),
            1,
            "entry 2 at line 3:17, byte 64: `is_error` stands there twice",
        ),
        case(
            with("{\"message\":{},\"message\":null}"),
            1,
            "entry 2 at line 3:15, byte 62: `message` stands there twice",
        ),
        case(with("{\"Message\":{}}"), 1, "entry 2 at line 3:2, byte 49: unknown field `Message` of an entry"),
        case(with("{\"m\\u0065thod\":{}}"), 1, "entry 2 at line 3:16, byte 63: found `{`, expected a method"),
        case(with("{\"@unknown\":\"?\"}"), 1, "entry 2 at line 3:13, byte 60: `\"?\"` is not bytes in base64"),
        case(
            with("{\"@unknown\":\"CA==\"}"),
            1,
            "entry 2 at line 3:13, byte 60: `@unknown` does not hold whole fields: it ends inside a varint",
        ),
        case(
            with("{\"extension\":7}"),
            1,
            "entry 2 at line 3:14, byte 61: `7` is not an object with time, headers and trailers",
        ),
        case(
            with("{\"extension\":{\"time\":\"2026-02-30T00:00:00Z\"}}"),
            1,
            "entry 2 at line 3:22, byte 69: `\"2026-02-30T00:00:00Z\"` is not a time such as 2026-01-31T12:00:00Z",
        ),
        case(
            with("{\"extension\":{\"time\":7}}"),
            1,
            "entry 2 at line 3:22, byte 69: `7` is not a time such as 2026-01-31T12:00:00Z",
        ),
        case(
            with("{\"extension\":{\"headers\":[],\"headers\":[]}}"),
            1,
            "entry 2 at line 3:28, byte 75: `headers` stands there twice",
        ),
        case(
            with("{\"extension\":{\"trailers\":{}}}"),
            1,
            "entry 2 at line 3:26, byte 73: found `{`, expected a list of metadata",
        ),
        case(
            with("{\"extension\":{\"other\":1}}"),
            1,
            "entry 2 at line 3:15, byte 62: unknown field `other` of an extension",
        ),
        case(
            with("{\"extension\":{},\"extension\":{}}"),
            1,
            "entry 2 at line 3:17, byte 64: `extension` stands there twice",
        ),
        case(
            with("{\"extension\":{\"headers\":[{\"value\":\"\",\"bytes\":\"\"}]}}"),
            1,
            "entry 2 at line 3:38, byte 85: `bytes` stands there twice",
        ),
        case(
            with("{\"extension\":{\"headers\":[{\"name\":\"a\"}]}}"),
            1,
            "entry 2 at line 3:27, byte 74: unknown field `name` of a metadatum",
        ),
        case(with("{\"extension\":{\"headers\":[{\"key\":7}]}}"), 1, "entry 2 at line 3:33, byte 80: `7` is not a key"),
        case(
            with("{\"@unknown\":\"iuowAA==\"}"),
            1,
            "entry 2 at line 3:13, byte 60: `@unknown` is not fields that an entry does not have",
        ),
        case(with("{\"@wire\":7}"), 1, "entry 2 at line 3:10, byte 57: `7` is not bytes in base64"),
        case(
            with("{\"@wire\":\"CA==\"}"),
            1,
            "entry 2 at line 3, byte 48: not a grpcreplay.Entry: it ends inside a varint",
        ),
        case(with("{\"@reason\":\"\"}"), 1, "entry 2 at line 3:2, byte 49: unknown field `@reason` of an entry"),
        case(
            with("{\"format\":\"RPCReplay\",\"initial\":\"\"}"),
            1,
            "entry 2 at line 3:2, byte 49: a second header: several recordings stand one behind the other",
        ),
        case(
            with("{\"initial\":\"\",\"format\":\"RPCReplay\",\"entries\":[]}"),
            1,
            "entry 2 at line 3:2, byte 49: a second header: several recordings stand one behind the other",
        ),
    ]);
}

#[test]
fn json_messages() {
    let with = |message: &str| format!("{HEADER}{{\"kind\":\"SEND\",\"message\":{message}}}");
    let item = |rest: &str| with(&format!("{{\"@type\":\"test.Item\",{rest}}}"));
    let canonical = |rest: &str| item(rest).replace("\"initial\"", "\"canonical\":true,\"initial\"");
    check(vec![
        case(with("7"), 0, "entry 1 at line 2:26, byte 61: `send`: `7` is not an object"),
        case(with("[]"), 0, "entry 1 at line 2:26, byte 61: `send`: `[]` is not an object"),
        case(with("{\"name\":\"a\"}"), 0, "entry 1 at line 2:27, byte 62: `send`: an Any without `@type`"),
        case(with("{\"@type\":7}"), 0, "entry 1 at line 2:35, byte 70: `send`: found `7`, expected a type's URL"),
        case(
            with("{\"@type\":\"no.Such\"}"),
            0,
            "entry 1 at line 2:35, byte 70: `send`: no descriptor for message type `no.Such`",
        ),
        case(
            with("{\"name\":\"a\",\"@type\":\"x/no.Such\"}"),
            0,
            "entry 1 at line 2:46, byte 81: `send`: no descriptor for message type `no.Such`",
        ),
        case(with("{\"@type\":\"\"}"), 0, "entry 1 at line 2:35, byte 70: `send`: empty type url"),
        case(
            with("{\"@type\":\"no.Such\",\"@wire\":\"?\",\"@reason\":\"\"}"),
            0,
            "entry 1 at line 2:53, byte 88: `send`: `\"?\"` is not bytes in base64",
        ),
        case(item("\"nam\":\"a\""), 0, "entry 1 at line 2:47, byte 82: `send`: unknown field `nam` of test.Item"),
        case(item("\"name\":7"), 0, "entry 1 at line 2:54, byte 89: `send:name`: `7` is not a string"),
        case(
            item("\"name\":\"a\",\"name\":\"b\""),
            0,
            "entry 1 at line 2:58, byte 93: `send:name`: `name` stands there twice",
        ),
        case(
            item("\"child\":{\"children\":[{},\n{\"numbers\":[1,-1]}]}"),
            0,
            "entry 1 at line 2:71, byte 106: `send:child.children[1]`: the text ends too early",
        ),
        case(
            item("\"counts\":{\"ä\":1,\"b\":\"x\"}"),
            0,
            "entry 1 at line 2:67, byte 103: `send:counts[\"b\"]`: `\"x\"` is not an integer of 64 bits",
        ),
        case(
            item("\"counts\":{\"a\":1,\"a\":1}"),
            0,
            "entry 1 at line 2:63, byte 98: `send:counts[\"a\"]`: `a` stands there twice",
        ),
        case(
            item("\"detail\":{\"@type\":\"a/test.Item\",\"children\":[{\"value\":2147483648}]}"),
            0,
            "entry 1 at line 2:100, byte 135: `send:detail(test.Item).children[0].value`: `2147483648` is not an integer of 32 bits",
        ),
        case(
            item("\"detail\":{\"@type\":\"a/no.Item\",\"value\":1}"),
            0,
            "entry 1 at line 2:65, byte 100: `send:detail`: no descriptor for message type `no.Item`",
        ),
        case(
            item("\"detail\":{\"value\":1}"),
            0,
            "entry 1 at line 2:57, byte 92: `send:detail`: an Any without `@type`",
        ),
        case(
            item("\"yes\":true,\"no\":1.5"),
            0,
            "entry 1 at line 2:58, byte 93: `send:no`: field `no` belongs to a oneof of which another field is set",
        ),
        case(
            item("\"colour\":\"PINK\""),
            0,
            "entry 1 at line 2:56, byte 91: `send:colour`: `PINK` is not a value of test.Colour",
        ),
        case(item("\"data\":\"A\""), 0, "entry 1 at line 2:54, byte 89: `send:data`: `\"A\"` is not bytes in base64"),
        case(item("\"no\":1e39"), 0, "entry 1 at line 2:52, byte 87: `send:no`: `1e39` is not a value of type float"),
        case(
            item("\"long\":\"1 \""),
            0,
            "entry 1 at line 2:54, byte 89: `send:long`: `\"1 \"` is not an unsigned integer of 64 bits",
        ),
        case(
            item("\"child\":{\"@unknown\":\"gA==\"}"),
            0,
            "entry 1 at line 2:67, byte 102: `send:child`: `@unknown` does not hold whole fields: it ends inside a varint",
        ),
        case(
            item("\"child\":{\"@wire\":\"\",\"@wire\":\"\"}"),
            0,
            "entry 1 at line 2:67, byte 102: `send:child`: `@wire` stands there twice",
        ),
        case(
            item("\"child\":{\"@other\":1}"),
            0,
            "entry 1 at line 2:56, byte 91: `send:child`: unknown field `@other` of test.Item",
        ),
        case(
            item("\"child\":{\"@type\":\"test.Item\"}"),
            0,
            "entry 1 at line 2:56, byte 91: `send:child`: unknown field `@type` of test.Item",
        ),
        case(
            item("\"name\":\"a\tb\""),
            0,
            "entry 1 at line 2:56, byte 91: `send:name`: a string with a raw `\\t`, which must be escaped",
        ),
        case(item("\"name\":\"\\x\""), 0, "entry 1 at line 2:55, byte 90: `send:name`: `\\x` is not an escape of JSON"),
        case(
            canonical("\"@unknown\":\"\""),
            0,
            "entry 1 at line 2:47, byte 99: `send`: unknown field `@unknown` of test.Item",
        ),
        case(
            canonical("\"child\":{\"@wire\":\"\"}"),
            0,
            "entry 1 at line 2:56, byte 108: `send:child`: unknown field `@wire` of test.Item",
        ),
        case(
            canonical("\"name\":{\"@wire\":\"/w==\",\"@reason\":\"\"}"),
            0,
            "entry 1 at line 2:54, byte 106: `send:name`: `{\"@wire\":\"/w==\",\"@reason\":\"\"}` is not a string",
        ),
        case(
            with("{}").replace("}}", "},\"@wire\":\"\"}").replace("\"initial\"", "\"canonical\":true,\"initial\""),
            0,
            "entry 1 at line 2:29, byte 81: unknown field `@wire` of an entry",
        ),
        case(
            with("{\"@type\":\"google.rpc.Status\",\"details\":[{\"@type\":\"test.Item\",\"value\":[]}]}"),
            0,
            "entry 1 at line 2:95, byte 130: `status:details[0](test.Item).value`: `[]` is not an integer of 32 bits",
        ),
    ]);
}

#[test]
fn gzip_frames() {
    let whole = gzip(&binary(b"state", &entries()));
    let length = whole.len();
    let mut checksum = whole.clone();
    checksum[length - 8] ^= 1;
    let mut size = whole.clone();
    size[length - 1] ^= 1;
    let mut method = whole.clone();
    method[2] = 7;
    let leak = |text: &str| -> &'static str {
        let text = text.replace("END", &length.to_string());
        text.replace("CUT", &(length - 1).to_string()).replace("ODD", &(length + 2).to_string()).leak()
    };
    check(vec![
        case(b"\x1f\x8b", 0, "gzip data ends early, at byte 2 of the compressed file"),
        case(&whole[..10], 0, "gzip data ends early, at byte 10 of the compressed file"),
        case(gzip(b""), 0, "the file is empty, expected a recording"),
        case(gzip(&whole), 0, "this is a gzip file inside a gzip file"),
        case(
            gzip(b"{\"Initial\":null"),
            0,
            "this is an httpreplay log (HTTP traffic as JSON), which this version does not read",
        ),
        case(method, 0, "gzip data is damaged at byte 10 of the compressed file: unknown compression method"),
        case(
            &whole[..length - 1],
            8,
            leak("entry 9 at byte 399: gzip data ends early, at byte CUT of the compressed file"),
        ),
        case(
            checksum,
            8,
            leak(
                "entry 9 at byte 399: gzip data is damaged at byte END of the compressed file: \
                  the checksum does not match what came out",
            ),
        ),
        case(
            size,
            8,
            leak(
                "entry 9 at byte 399: gzip data is damaged at byte END of the compressed file: \
                  the length does not match what came out",
            ),
        ),
        case(
            [&whole[..], b"\0\0"].concat(),
            8,
            leak("entry 9 at byte 399: gzip data is followed by something else, at byte END of the compressed file"),
        ),
        case(
            [&whole[..], b"\x1f\x8c"].concat(),
            8,
            leak("entry 9 at byte 399: gzip data ends early, at byte ODD of the compressed file"),
        ),
    ]);
    let two_members = [gzip(&binary(b"state", &entries())[..100]), gzip(&binary(b"state", &entries())[100..])].concat();
    let (read, error) = fixtures::read(&two_members, &fixtures::schema());
    assert_eq!((read.len(), error.is_none()), (8, true));
}

#[test]
fn zstd_frames() {
    let whole = zstd(&binary(b"state", &entries()));
    let length = whole.len();
    let changed = |place: usize, mask: u8| {
        let mut changed = whole.clone();
        changed[place] ^= mask;
        changed
    };
    // The header of a frame without a checksum, whose window or dictionary follows; and then a block of one byte.
    let frame = |header: &[u8]| [b"\x28\xb5\x2f\xfd", header, b"\x09\0\0R"].concat();
    let leak = |text: &str| -> &'static str {
        let text = text.replace("END", &length.to_string());
        text.replace("CUT", &(length - 1).to_string()).replace("ODD", &(length + 4).to_string()).leak()
    };
    check(vec![
        case(&whole[..4], 0, "zstd data ends early, at byte 4 of the compressed file"),
        case(&whole[..5], 0, "zstd data ends early, at byte 5 of the compressed file"),
        case(&whole[..8], 0, "zstd data ends early, at byte 8 of the compressed file"),
        case(&whole[..20], 0, "zstd data ends early, at byte 20 of the compressed file"),
        case(zstd(b""), 0, "the file is empty, expected a recording"),
        case(zstd(&whole), 0, "this is a zstd file inside a zstd file"),
        case(zstd(&gzip(b"RPCReplay")), 0, "this is a gzip file inside a zstd file"),
        case(gzip(&zstd_skippable(b"")), 0, "this is a zstd file inside a gzip file"),
        case(changed(4, 8), 0, "zstd data is damaged at byte 0 of the compressed file: invalid frame header"),
        // The only block: of the type that is reserved, and then with something else in it.
        case(changed(6, 2), 0, "zstd data is damaged at byte 6 of the compressed file: invalid block header"),
        case(changed(9, 0xff), 0, "zstd data is damaged at byte 6 of the compressed file: invalid block"),
        case(frame(b"\0\x51"), 0, "the file ends inside the mark that a recording begins with, after `R`"),
        case(frame(b"\0\x88"), 0, "the file ends inside the mark that a recording begins with, after `R`"),
        case(
            frame(b"\0\x89"),
            0,
            "zstd data needs a window of 150994944 bytes at byte 0 of the compressed file, \
             more than the limit of 134217728",
        ),
        case(
            frame(b"\xe0\x01\0\0\x08\0\0\0\0"),
            0,
            "zstd data needs a window of 134217729 bytes at byte 0 of the compressed file, \
             more than the limit of 134217728",
        ),
        case(
            [zstd_skippable(b"12"), frame(b"\x02\0\x01\x02")].concat(),
            0,
            "zstd data needs the dictionary 513 at byte 10 of the compressed file",
        ),
        case(&zstd_skippable(b"some bytes")[..12], 0, "zstd data ends early, at byte 12 of the compressed file"),
        case(
            &whole[..length - 1],
            8,
            leak("entry 9 at byte 399: zstd data ends early, at byte CUT of the compressed file"),
        ),
        case(
            changed(length - 1, 1),
            8,
            leak(
                "entry 9 at byte 399: zstd data is damaged at byte END of the compressed file: \
                 the checksum does not match what came out",
            ),
        ),
        case(
            [&whole[..], b"\0"].concat(),
            8,
            leak("entry 9 at byte 399: zstd data is followed by something else, at byte END of the compressed file"),
        ),
        case(
            [&whole[..], b"\x28\xb5\x2f\xfc"].concat(),
            8,
            leak("entry 9 at byte 399: zstd data is followed by something else, at byte END of the compressed file"),
        ),
        case(
            [&whole[..], b"\x28\xb5\x2f\xfd"].concat(),
            8,
            leak("entry 9 at byte 399: zstd data ends early, at byte ODD of the compressed file"),
        ),
    ]);
    let file = binary(b"state", &entries());
    let frames = [
        zstd_skippable(b"of another program"),
        zstd(&file[..100]),
        zstd(b""),
        zstd_skippable(b""),
        zstd_blocks(&[&file[100..200], &file[200..201], &file[201..]]).0,
        zstd_skippable(b"and its index"),
    ];
    let (read, error) = fixtures::read(&frames.concat(), &fixtures::schema());
    assert_eq!((read.len(), error.is_none()), (8, true));
}

/// What was decompressed before damage is read, and damage is never taken for an end.
#[test]
fn damaged_compression_delivers_what_came_before() {
    // Enough entries, and of so little repetition, that compressed data reaches far into them.
    let noise: Vec<_> = (0..20_000u32)
        .map(|number| {
            let bytes: Vec<u8> =
                (0..8).map(|place| (number.wrapping_mul(2_654_435_761) >> (place * 3)) as u8).collect();
            let any = rpcreplay::entry::Any { type_url: "x", value: &bytes };
            fixtures::encode(rpcreplay::entry::Kind::Request, "/m", rpcreplay::entry::Payload::Message(any), 0)
        })
        .collect();
    let schema = fixtures::schema();
    for whole in [gzip(&binary(b"", &noise)), zstd(&binary(b"", &noise))] {
        let mut most = 0;
        for place in (20..whole.len() - 8).step_by(9_973) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            let (entries, error) = fixtures::read(&damaged, &schema);
            assert!(error.is_some(), "damage at {place} was not noticed");
            most = most.max(entries.len());
        }
        assert!(most > 10_000, "{most}");
    }
}

/// Where there is a next step, the error names it.
#[test]
fn hints_say_what_to_do() {
    let schema = fixtures::schema();
    let hint = |file: &[u8]| fixtures::read(file, &schema).1.expect("an error").hint();
    let json = |entries: &str| format!("{HEADER}{entries}").into_bytes();
    let line_ends = "restore the line ends, which something changed to those of Windows";
    #[rustfmt::skip]
    let cases: Vec<(Vec<u8>, Option<&str>)> = vec![
        (b"RPCReplay".to_vec(), Some("record again, with at least one call before the recorder is closed")),
        (gzip(&gzip(b"RPCReplay")), Some("decompress it once: gzip -dc FILE")),
        (zstd(&gzip(b"RPCReplay")), Some("decompress it once: zstd -dc FILE")),
        (b"\x28\xb5\x2f\xfd\0\xff".to_vec(), Some("if you trust the file, decompress it first: zstd -dc --long=31 FILE")),
        (b"\x28\xb5\x2f\xfd\x01\x51\x07".to_vec(), Some("decompress it first: zstd -dc -D DICTIONARY FILE")),
        (b"version https://git-lfs.github.com/spec/v1\n".to_vec(), Some("fetch the file with: git lfs pull")),
        (b"RPCReplay\xff\xff\xff\xff".to_vec(), Some("raise the limit, unless the file is damaged")),
        (b"RPCReTxt1\r\n\"\"\r\n".to_vec(), Some(line_ends)),
        (b"RPCReTxt1\n\"\"\n9\r\n".to_vec(), Some(line_ends)),
        (b"RPCReTxt1\n\"\"\n\n".to_vec(), Some("after editing by hand, correct the byte count in front of the entry before this place")),
        (text("", &["message { [no.Type] {} }"]), Some("add the descriptor set that defines it to the schema")),
        (binary_of_records(&[b"\x08"]), None),
        (b"{\"index\":1}".to_vec(), Some("put it back, or write one: {\"format\":\"RPCReplay\",\"initial\":\"\"}")),
        (b"[{}]".to_vec(), Some("if it holds a header and entries, make it JSON Lines with: jq -c '.[]'")),
        (b"[{\"format\":\"RPCReplay\",\"entries\":[]}]".to_vec(), Some("take one out, such as with: jq '.[0]'")),
        (b"{}".to_vec(), Some("a recording as JSON begins with {\"format\":\"RPCReplay\",\"initial\":")),
        (json(HEADER), Some("put each of them into a file of its own")),
        (json("{\"index\":2}\n{}"), Some("give it an index that is free, and change the refIndex of what refers to it")),
        (json("{\"refIndex\":2}"), Some("keep the entry it refers to and put it first, or leave this entry out too")),
        (json("{\"message\":{\"@type\":\"no.Type\"}}"), Some("add the descriptor set that defines it to the schema")),
        (json("{\"isError\":1}"), None),
    ];
    for (file, expected) in cases {
        assert_eq!(hint(&file).as_deref(), expected, "{}", file.escape_ascii());
    }
}

#[test]
fn limits_can_be_chosen() {
    let schema = fixtures::schema();
    let read = |file: &[u8], max_record_bytes| {
        let (entries, error) = fixtures::read_with(file, &schema, ReadOptions { max_record_bytes });
        (entries.len(), error.map(|error| error.to_string()).unwrap_or_default())
    };
    let file = binary_of_records(&[REQUEST]);
    assert_eq!(read(&file, 7), (1, String::new()));
    assert_eq!(read(&file, 6), (0, "entry 1 at byte 13: record of 7 bytes exceeds the limit of 6".to_owned()));
    let file = text("\"abcd\"", &["kind:3"]);
    assert_eq!(read(&file, 6), (1, String::new()));
    let error = "line 2, byte 10: initial state of 6 bytes exceeds the limit of 5";
    assert_eq!(read(&file, 5), (0, error.to_owned()));
    // JSON may be sixteen times as long.
    let file = format!("{HEADER}{{}}\n{{\"kind\":\"CREATE_STREAM\",\"method\":\"/s/m\"}}\n");
    assert_eq!(read(file.as_bytes(), 3), (2, String::new()));
    let error = "entry 2 at line 3:1, byte 39: line of 40 bytes exceeds the limit of 32";
    assert_eq!(read(file.as_bytes(), 2), (1, error.to_owned()));
    let file = b"RPCReTxt1 a long remark\n\"\"\n";
    assert_eq!(read(file, 5), (0, "line 1, byte 9: mark of 14 bytes exceeds the limit of 5".to_owned()));
}

/// A length is a claim: what it claims is not allocated before it arrives.
#[test]
fn endless_input_ends_at_the_limit() {
    let schema = fixtures::schema();
    let read = |beginning: &'static [u8], byte| {
        let endless = beginning.chain(std::io::repeat(byte));
        let reader = rpcreplay::format::Reader::new(endless, &schema, ReadOptions { max_record_bytes: 1 << 20 });
        reader.and_then(|mut reader| reader.read().map(|_| ())).expect_err("it has no end").to_string()
    };
    let endless_json = "exceeds the limit of 16777216";
    let document = b"{\"format\":\"RPCReplay\",\"initial\":\"\",\"entries\":[";
    for (beginning, byte, start, end) in [
        (&b"RPCReTxt1"[..], b'x', "line 1, byte 9: mark of ", "exceeds the limit of 1048576"),
        (b"{\"format\":\"", b'x', "line 1:11, byte 10: value of ", endless_json),
        (b"{\"format\":", b' ', "line 1:11, byte 10: blanks of ", endless_json),
        (b"{\"format\":\"RPCReplay\",\"initial\":\"\"}", b' ', "line 1:36, byte 35: blanks of ", endless_json),
        (HEADER.as_bytes(), b'[', "entry 1 at line 2:1, byte 36: line of ", endless_json),
        (document, b'[', "entry 1 at line 1:47, byte 46: value of ", endless_json),
        (b"{\"entries\":[", b'[', "line 1:12, byte 11: value of ", endless_json),
    ] {
        let error = read(beginning, byte);
        assert!(error.starts_with(start) && error.ends_with(end), "{error}");
    }
}

#[test]
fn input_that_fails_is_reported_with_its_place() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let schema = fixtures::schema();
    let file = binary_of_records(&[REQUEST]);
    let mut reader =
        rpcreplay::format::Reader::new(file.chain(Failing), &schema, ReadOptions::default()).expect("a header");
    assert!(reader.read().expect("a whole entry").is_some());
    assert_eq!(reader.read().expect_err("a failure").to_string(), "entry 2 at byte 24: the disk is gone");
}
