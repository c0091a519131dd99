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
    let file = b"RPCReTxt1 a long remark\n\"\"\n";
    assert_eq!(read(file, 5), (0, "line 1, byte 9: mark of 14 bytes exceeds the limit of 5".to_owned()));
}

/// A length is a claim: what it claims is not allocated before it arrives.
#[test]
fn endless_input_ends_at_the_limit() {
    let schema = fixtures::schema();
    let endless = b"RPCReTxt1".chain(std::io::repeat(b'x'));
    let error = rpcreplay::format::Reader::new(endless, &schema, ReadOptions { max_record_bytes: 1 << 20 });
    let error = error.err().expect("no line is that long").to_string();
    assert!(
        error.starts_with("line 1, byte 9: mark of ") && error.ends_with(" exceeds the limit of 1048576"),
        "{error}"
    );
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
