//! Laws of recordings as JSON: there and back changes nothing, an edit changes what was edited, and lines may go and move.

mod fixtures;
mod json_text;

use std::io::Write;
use std::path::Path;
use std::process::Command;

use fixtures::{ITEM, OLD, STATUS, binary, binary_of_records, encode, entries, item};
use json_text::Json;
use rpcreplay::entry::{Any, Entry, Kind, Payload};
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};
use rpcreplay::schema::{Walker, write_said};
use rpcreplay::{Error, Schema};

/// A recording in another format, entry by entry; the error if it is damaged or can't be carried.
fn convert(file: &[u8], schema: &Schema, options: WriteOptions) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(file, schema, ReadOptions::default())?;
    let mut writer = Writer::new(Vec::new(), reader.header(), Encoder::new(options, schema))?;
    while let Some(entry) = reader.read()? {
        writer.write(&entry)?;
    }
    writer.finish()
}

fn to(format: Format, file: &[u8], schema: &Schema) -> Vec<u8> {
    let converted = convert(file, schema, WriteOptions::new(format));
    converted.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(file)))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn jsonl(file: &[u8], schema: &Schema) -> String {
    text(to(Format::JsonLines, file, schema))
}

/// A recording and what knows its types.
struct Recording {
    name: &'static str,
    file: Vec<u8>,
    schema: Schema,
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new("tests/data").join(name)).expect("a recording")
}

fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    assert!(field < 16 && value.len() < 128);
    [&[field << 3 | 2, value.len() as u8], value].concat()
}

fn any(type_url: &str, value: &[u8]) -> Vec<u8> {
    [bytes(1, type_url.as_bytes()), bytes(2, value)].concat()
}

/// A record with this message.
fn request(type_url: &str, value: &[u8]) -> Vec<u8> {
    let payload = Payload::Message(Any { type_url, value });
    encode(Kind::Request, "/test.Items/Get", payload, 0).record().to_vec()
}

/// Messages that encoders write otherwise, or not at all.
fn odd_messages() -> Vec<Vec<u8>> {
    let controls: Vec<u8> = (0..0xa0u8).flat_map(|byte| char::from(byte).to_string().into_bytes()).collect();
    let mut long = vec![0x0a, 0x80 | (controls.len() & 0x7f) as u8, (controls.len() >> 7) as u8];
    long.extend(&controls);
    let entry = |key: &[u8], value: u8| bytes(3, &[bytes(1, key), vec![0x10, value]].concat());
    vec![
        long,
        // A tag, a length and a number that are longer than they need be; a default that is written out.
        b"\x8a\x00\x01a".to_vec(),
        b"\x0a\x81\x00a".to_vec(),
        b"\x10\x85\x00".to_vec(),
        b"\x10\x00".to_vec(),
        // Fields backwards; unknown ones between, before and behind, of every wire type; a known number of another type.
        [&b"\x10\x05"[..], &item("a")].concat(),
        [b"\xf8\x7f\x01", &item("a")[..], b"\x10\x05\xf8\x7f\x02"].concat(),
        [&item("a")[..], b"\xf8\x7f\x02\xf9\x7f12345678\xfa\x7f\x01a\xfb\x7f\xfc\x7f\xfd\x7f1234"].concat(),
        b"\x08\x07".to_vec(),
        // A field twice, two members of a oneof, a list in pieces, a map whose keys come in no order or twice.
        [item("a"), item("b")].concat(),
        b"\x40\x01\x4d\x00\x00\x80\x3f".to_vec(),
        b"\x2a\x02\x01\x02\x28\x03".to_vec(),
        b"\x2a\x03\x80\x80\x00".to_vec(),
        [entry(b"z", 1), entry(b"a", 3), entry(b"@type", 5)].concat(),
        [entry(b"a", 1), entry(b"a", 3)].concat(),
        [entry(b"\xff", 1), entry(b"@wire:", 3), entry(b"@@", 2), entry(b"", 0)].concat(),
        bytes(3, b""),
        // The messages within: exact ones in one that is not, and the other way round.
        [bytes(4, b"\x10\x05"), b"\x10\x00".to_vec()].concat(),
        bytes(4, &[&bytes(4, b"\x10\x00"), &b"\x10\x07"[..]].concat()),
        [bytes(6, b""), bytes(6, b"\x10\x00"), bytes(6, &item("x"))].concat(),
        // An Any with further fields, in another order, without a type, of no known type, empty, within itself.
        bytes(7, &[&any("x/test.Item", &item("a"))[..], b"\x18\x01"].concat()),
        bytes(7, &[bytes(2, &item("a")), bytes(1, b"x/test.Item")].concat()),
        bytes(7, &bytes(2, b"no type")),
        bytes(7, &any("no.Such", b"\xff")),
        bytes(7, b""),
        bytes(7, &bytes(1, b"test.Item")),
        bytes(7, &any("google.protobuf.Any", &any("x/test.Item", b"\x10\x00"))),
        bytes(7, &any("x/test.Item", b"\x10")),
        // Numbers: an enum without a name, beyond its bits, a bool of 2, the bits of a NaN, a negative zero.
        b"\x50\x2a".to_vec(),
        b"\x50\x81\x80\x80\x80\x10".to_vec(),
        b"\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(),
        b"\x40\x02".to_vec(),
        b"\x4d\x01\x00\xc0\x7f".to_vec(),
        b"\x61\0\0\0\0\0\0\0\x80".to_vec(),
        b"\x61\0\0\0\0\0\0\xf0\x7f".to_vec(),
        b"\x5a\x02\xff\xfe".to_vec(),
        // No UTF-8; no message.
        bytes(1, b"a\xff"),
        b"\x0a\x05a".to_vec(),
    ]
}

/// Records that Go reads and no encoder writes.
fn odd_records() -> Vec<Vec<u8>> {
    let value = [&b"\x12"[..], &[item("v").len() as u8], &item("v")].concat();
    let typed = bytes(1, ITEM.as_bytes());
    vec![
        b"".to_vec(),
        b"\x28\x00\x12\x02/s\x08\x81\x80\x80\x80\x00".to_vec(),
        b"\x08\x01\x30\x05\x39\x01\x02\x03\x04\x05\x06\x07\x08\x3d\x01\x02\x03\x04\x42\x01x\x4b\x53\x08\x01\x54\x4c"
            .to_vec(),
        // The message in two parts, with something between, ref_index twice and as the wrong wire type.
        [bytes(3, &typed), b"\x28\x63".to_vec(), bytes(3, &value), b"\x28\x02\x2a\x01x\x08\x02".to_vec()].concat(),
        // A message, with fields of the Any and of the entry that nobody knows, in front and behind.
        [b"\x78\x01".to_vec(), bytes(3, &[&typed[..], b"\x18\x07", &value].concat()), b"\x78\x02\x08\x01".to_vec()]
            .concat(),
        bytes(3, b""),
        bytes(3, &bytes(1, b"x/y")),
        // Kinds without a name, negative and beyond 32 bits; what is false, written out, and 2 for true.
        b"\x08\x63".to_vec(),
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(),
        b"\x08\x81\x80\x80\x80\x10".to_vec(),
        b"\x08\x05\x20\x00".to_vec(),
        b"\x08\x05\x20\x02".to_vec(),
        // An error that is no Status, one with an empty Any, and one without any.
        [&b"\x08\x02"[..], &bytes(3, &[&typed[..], &value].concat()), b"\x20\x01"].concat(),
        b"\x08\x02\x1a\x00\x20\x01".to_vec(),
        b"\x08\x02\x20\x01".to_vec(),
        [b"\x12\x20".to_vec(), (0..32).collect()].concat(),
        // References that lead nowhere: negative, to itself, far ahead.
        b"\x08\x02\x28\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(),
        b"\x08\x02\x28\x12".to_vec(),
        b"\x08\x02\x28\xe7\x07".to_vec(),
        b"\x08\x02\x28\x01".to_vec(),
    ]
}

/// Records with something in the field of an extension: what encoders write, what they write otherwise, and what is none.
fn extended_records() -> Vec<Vec<u8>> {
    let plain = || b"\x08\x03\x12\x02/s".to_vec();
    let with = |content: &[u8]| [&[0x8a, 0xea, 0x30, content.len() as u8], content].concat();
    let time = bytes(1, b"\x08\x07\x10\x09");
    let metadatum = |field, key: &[u8], value: &[u8]| bytes(field, &[bytes(1, key), bytes(2, value)].concat());
    let texts =
        [metadatum(2, b"a", b"b\"\n"), metadatum(2, b"a", "é\u{7f}".as_bytes()), metadatum(3, b"k", b"v")].concat();
    vec![
        [plain(), with(&[&time[..], &texts].concat())].concat(),
        [plain(), with(b"")].concat(),
        [plain(), with(&bytes(1, b""))].concat(),
        [plain(), with(&metadatum(3, b"x-bin", b"\x00\xff")), b"\x30\x05".to_vec()].concat(),
        [plain(), with(&metadatum(2, b"no-text", b"\xff"))].concat(),
        // Written otherwise: in front, in two parts, out of order, with what is empty or longer than it need be.
        [with(&time), plain()].concat(),
        [plain(), with(&texts), with(&time)].concat(),
        [plain(), with(&[&texts[..], &time, &time].concat())].concat(),
        [plain(), with(&bytes(2, b"\x0a\x00\x12\x00"))].concat(),
        [plain(), with(&bytes(2, b"\x12\x01v\x0a\x01k"))].concat(),
        [plain(), with(b"\x0a\x03\x08\x87\x00")].concat(),
        // None: a field too many, beside one that would be one, and another wire type.
        [plain(), with(b"\x20\x01")].concat(),
        [plain(), with(&time), with(b"\x20\x01"), b"\x30\x05".to_vec()].concat(),
        [plain(), b"\x88\xea\x30\x01".to_vec()].concat(),
    ]
}

fn recordings() -> Vec<Recording> {
    let of_fixtures = |name, file| Recording { name, file, schema: fixtures::schema() };
    let records = odd_records();
    let messages: Vec<_> = odd_messages().iter().map(|message| request(ITEM, message)).collect();
    let old = b"\x0b\x08\x03\x0c\x0b\x0c\xa0\x06\x07\x12\x01\xff\xf8\x7f\x01\x0b\x08\x00\x0c";
    let others = [
        request(OLD, old),
        request(OLD, b"\xa0\x06\x07\x0b\x08\x03\x0c\x12\x01a"),
        request("a//test.Item", b"\x10\x01"),
        request("no.Such", b"x"),
        request("", b"x"),
        request(STATUS, &bytes(3, &any("x/test.Item", b"\x10\x00"))),
        request("google.protobuf.Any", &any("x/test.Item", &item("a"))),
        request("\u{1}\"\u{2028}/test.Item", b"\x10\x01"),
    ];
    let refer = |records: &[Vec<u8>]| binary_of_records(&records.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let from_data = |name, schema| Recording { name, file: data(name), schema };
    let ledger = || {
        let builder = Schema::builder().protoset("ledger.protoset", data("ledger.protoset"));
        builder.expect("a descriptor set").build()
    };
    vec![
        of_fixtures("entries", binary(b"state", &entries())),
        of_fixtures("nothing", binary(b"\0\xff\"", &[])),
        of_fixtures("odd records", refer(&records)),
        of_fixtures("odd messages", refer(&messages)),
        of_fixtures("extended records", refer(&extended_records())),
        of_fixtures("others", refer(&others)),
        from_data("bytestream.replay", Schema::builtin()),
        from_data("firestore.replay", Schema::builtin()),
        from_data("pubsub.replay", Schema::builtin()),
        from_data("secrets.replay", Schema::builtin()),
        from_data("ledger.replay", ledger()),
        from_data("overlapping.replay", ledger()),
    ]
}

#[test]
fn there_and_back_changes_nothing() {
    for Recording { name, file, schema } in recordings() {
        for format in [Format::JsonLines, Format::Json] {
            let json = to(format, &file, &schema);
            assert!(to(Format::Binary, &json, &schema) == file, "{name}: {format}: {}", text(json));
            // What was written is read as what it is, and written again as the same.
            let (read, error) = fixtures::read(&json, &schema);
            assert!(error.is_none(), "{name}: {error:?}");
            assert!(!read.iter().any(Entry::ignored_wire), "{name}: {}", text(json));
            assert_eq!(Reader::new(&json[..], &schema, ReadOptions::default()).expect("a header").format(), format);
            assert!(to(format, &json, &schema) == json, "{name}");
            let _: serde_json::Value = match format {
                Format::Json => serde_json::from_slice(&json).expect("it is JSON"),
                _ => json
                    .split(|&byte| byte == b'\n')
                    .filter(|line| !line.is_empty())
                    .map(|line| serde_json::from_slice::<serde_json::Value>(line).expect("it is JSON"))
                    .collect(),
            };
        }
        let (there, through) = (to(Format::Json, &file, &schema), to(Format::JsonLines, &file, &schema));
        assert!(to(Format::Json, &through, &schema) == there, "{name}");
    }
}

/// What a value may be changed to; the first that is read counts.
fn edits(scalar: &str) -> Vec<String> {
    let other_digit = |text: &str| {
        let at = text.find(|character: char| character.is_ascii_digit())?;
        let digit = match text.as_bytes()[at] {
            b'9' => "8",
            b'0' => "1",
            b'1' => "2",
            // The least of all doubles begins with it.
            b'5' => "9",
            _ => "1",
        };
        Some([&text[..at], digit, &text[at + 1..]].concat())
    };
    match scalar {
        "true" => vec!["false".to_owned()],
        "false" => vec!["true".to_owned()],
        text if text.starts_with('"') => {
            let words = [
                "RED",
                "MINUS",
                "REQUEST",
                "RESPONSE",
                "GREEN",
                "COLOR_RED",
                "STATE_ONE",
                "1s",
                "a.b",
                "ENABLED",
                "ASCENDING",
                "DISABLED",
            ];
            let other_words = words.iter().map(|word| format!("\"{word}\"")).filter(|word| word != scalar);
            let is_number = text[1..text.len() - 1].parse::<f64>().is_ok_and(f64::is_finite) || text.ends_with("Z\"");
            let digit = is_number.then(|| other_digit(text)).flatten();
            let longer = format!("\"AAAA{}", &text[1..]);
            digit
                .into_iter()
                .chain([longer])
                .chain(other_words)
                .chain(other_digit(text))
                .chain(["\"7\"".to_owned()])
                .collect()
        }
        number => {
            let digit = other_digit(number).expect("a number has digits");
            vec![digit, "2".to_owned(), "1".to_owned()]
        }
    }
}

/// Of every string, number and truth in a message, and of an entry's own: what is read differs there and nowhere else.
#[test]
fn an_edit_changes_what_was_edited() {
    let mut edited = 0;
    for Recording { name, file, schema } in recordings() {
        let json = jsonl(&file, &schema);
        let (header, lines) = json.split_once('\n').expect("a header");
        let mut before = format!("{header}\n");
        for (number, line) in (1..).zip(lines.lines()) {
            let entry = Json::parse(line);
            for path in entry.leaves() {
                edited += usize::from(edit_one(&format!("{name}: entry {number}"), &schema, &before, &entry, &path));
            }
            // What others refer to is there, and no more of it than that.
            before += &format!("{{\"index\":{number}}}\n");
        }
    }
    assert!(edited > 900, "only {edited} edits");
}

/// Changes one value of an entry that stands behind others; whether there was something to change.
fn edit_one(place: &str, schema: &Schema, before: &str, entry: &Json, path: &[usize]) -> bool {
    let names = entry.names(path);
    let around: Vec<Json> = (0..path.len()).map(|depth| entry.clone().at(&path[..depth]).clone()).collect();
    let last = names.last().expect("an entry is an object").as_str();
    let stands_alone = around.last().is_some_and(|object| object.member("@reason").is_some());
    if matches!(last, "index" | "@wire" | "@unknown" | "@reason") || stands_alone {
        return false;
    }
    let Json::Scalar(scalar) = entry.clone().at(path).clone() else { unreachable!("it is a leaf") };
    let edits = match (last, scalar.rsplit_once('/')) {
        ("@type", Some((_, name))) => vec![format!("\"example.com/{name}")],
        ("@type", None) => return false,
        _ => edits(&scalar),
    };
    let read = |edit: &String| {
        let mut changed = entry.clone();
        *changed.at(path) = Json::Scalar(edit.clone());
        let file = format!("{before}{}\n", changed.on_one_line());
        let (mut entries, error) = fixtures::read(file.as_bytes(), schema);
        error.is_none().then(|| (changed, file, entries.pop().expect("an entry")))
    };
    let Some((mut expected, file, read)) = edits.iter().find_map(read) else {
        // There need not be another entry to refer to.
        assert_eq!(last, "refIndex", "{place}: no edit of {names:?} is read: {}", entry.on_one_line());
        return false;
    };
    // Beside a type are the bytes of the message, of which it is no part.
    let above = if last == "@type" { path.len() - 1 } else { path.len() };
    let is_pinned = around[..above].iter().any(|object| object.member("@wire").is_some());
    assert_eq!(read.ignored_wire(), is_pinned, "{place}: {file}");
    for depth in 0..above {
        expected.at(&path[..depth]).remove("@wire");
    }
    let mut found = Json::parse(jsonl(file.as_bytes(), schema).lines().last().expect("the entry"));
    found.remove("@wire");
    let is_as_expected = found.is_like(&expected) || {
        // What is false may be left out.
        let is_false = *expected.at(path) == Json::Scalar("false".to_owned());
        let (_, outer) = path.split_last().expect("a path");
        expected.at(outer).remove(last);
        is_false && found.is_like(&expected)
    };
    assert!(is_as_expected, "{place}: {names:?}\n{}\n{}", found.on_one_line(), expected.on_one_line());
    true
}

#[test]
fn bytes_may_be_edited_too() {
    let schema = fixtures::schema();
    let file = binary_of_records(&[&request(ITEM, b"\xf8\x7f\x01\x10\x05"), b"\x08\x05\x20\x01\x78\x01"]);
    let json = jsonl(&file, &schema);
    assert!(json.contains(r#""@unknown":"+H8B","value":5"#) && json.contains(r#""@unknown":"eAE="}"#), "{json}");
    let edited = json.replace("+H8B", "+H8C").replace("eAE=", "eAI=");
    let expected = binary_of_records(&[&request(ITEM, b"\xf8\x7f\x02\x10\x05"), b"\x08\x05\x20\x01\x78\x02"]);
    assert_eq!(to(Format::Binary, edited.as_bytes(), &schema), expected);

    // What has no JSON is its bytes.
    let file = binary_of_records(&[&request(ITEM, b"\x10"), &request("no.Such", b"\x01")]);
    let json = jsonl(&file, &schema);
    let edited =
        json.replace(r#""@wire":"EA==""#, r#""@wire":"EAE=""#).replace(r#""@wire":"AQ==""#, r#""@wire":"Ag==""#);
    let expected = binary_of_records(&[&request(ITEM, b"\x10\x01"), &request("no.Such", b"\x02")]);
    assert_eq!(to(Format::Binary, edited.as_bytes(), &schema), expected);
    // The reason is for people.
    let edited = json.replace(r#""@reason":""#, r#""@reason":"as they say: "#);
    assert_eq!(to(Format::Binary, edited.as_bytes(), &schema), file);
}

/// Somebody who edits an entry need not know of its bytes, nor of the reference that leads nowhere.
#[test]
fn a_broken_reference_survives_an_edit_of_its_entry() {
    let schema = fixtures::schema();
    let file = binary_of_records(&[b"\x08\x02\x12\x01a\x28\x63"]);
    let edited = jsonl(&file, &schema).replace(r#""method":"a""#, r#""method":"b""#);
    assert_eq!(to(Format::Binary, edited.as_bytes(), &schema), binary_of_records(&[b"\x08\x02\x12\x01b\x28\x63"]));
}

#[test]
fn lines_may_be_deleted() {
    let schema = fixtures::schema();
    let json = jsonl(&binary(b"state", &entries()), &schema);
    let without = |dropped: &[usize]| {
        let kept = json.lines().enumerate().filter(|(line, _)| !dropped.contains(line)).map(|(_, line)| line);
        let file: String = kept.flat_map(|line| [line, "\n"]).collect();
        convert(file.as_bytes(), &schema, WriteOptions::new(Format::Binary)).map_err(|error| error.to_string())
    };
    // Without the first call, and without the second one, which stands between the entries of the stream.
    for (dropped, kept, references) in [
        (&[1, 2][..], &[3, 4, 5, 6, 7, 8][..], &[0, 0, 1, 2, 1, 1]),
        (&[4, 6], &[1, 2, 3, 5, 7, 8], &[0, 1, 0, 3, 3, 3]),
    ] {
        let (read, error) = fixtures::read(&without(dropped).expect("a recording"), &schema);
        assert!(error.is_none());
        assert!(read.iter().map(Entry::ref_index).eq(references.iter().copied()));
        for (read, kept) in read.iter().zip(kept) {
            let original = &entries()[kept - 1];
            assert_eq!((read.method(), read.payload()), (original.method(), original.payload()));
        }
    }
    assert_eq!(
        without(&[1]).expect_err("2 refers to it"),
        "entry 1 at line 2, byte 44: refIndex 1 is the index of no entry before it"
    );
}

/// What another entry refers to is that one, or nothing; not what came to stand in its place.
#[test]
fn a_reference_ahead_never_comes_to_name_a_stranger() {
    let schema = fixtures::schema();
    let request: &[u8] = b"\x08\x01\x12\x02/s";
    let file = binary_of_records(&[request, b"\x08\x02\x28\x05", request, request, request, request]);
    let json = jsonl(&file, &schema);
    let without = |dropped: usize| {
        let file: String =
            json.lines().enumerate().filter(|(line, _)| *line != dropped).flat_map(|(_, line)| [line, "\n"]).collect();
        fixtures::read(file.as_bytes(), &schema)
    };
    let (read, error) = without(3);
    assert_eq!(read.len(), 2);
    assert_eq!(
        error.expect("entry 6 would become entry 5").to_string(),
        "entry 3 at line 4, byte 141: entry 4 cannot move to another place, because entry 2, which stays, refers to entry 5, \
         which would then be another one"
    );
    assert!(without(6).1.is_none(), "nothing moves");
}

#[test]
fn lines_may_be_moved() {
    let schema = fixtures::schema();
    let json = jsonl(&binary(b"state", &entries()), &schema);
    let lines: Vec<&str> = json.lines().collect();
    let moved = |order: &[usize]| order.iter().map(|&line| format!("{}\n", lines[line])).collect::<String>();
    let (read, error) = fixtures::read(moved(&[0, 3, 5, 8, 4, 1, 7, 2, 6]).as_bytes(), &schema);
    assert!(error.is_none(), "{error:?}");
    assert!(read.iter().map(Entry::ref_index).eq([0, 1, 1, 0, 0, 1, 5, 4]));
    assert!(read.iter().map(|entry| entry.index().0).eq(1..=8));
    let (read, error) = fixtures::read(moved(&[0, 2, 1]).as_bytes(), &schema);
    assert_eq!(read.len(), 0);
    let error = error.expect("an answer before the question").to_string();
    assert!(error.ends_with("refIndex 1 is the index of no entry before it"), "{error}");
}

#[test]
fn an_entry_without_a_name_is_called_by_its_place() {
    let schema = fixtures::schema();
    let file = binary(b"state", &entries());
    let json = jsonl(&file, &schema);
    let nameless = (1..=8).fold(json.clone(), |json, index| json.replace(&format!("\"index\":{index},"), ""));
    assert!(!nameless.contains("index"));
    assert_eq!(to(Format::Binary, nameless.as_bytes(), &schema), file);
    // Names may be any.
    let renamed = (1..=8).rev().fold(json, |json, index| {
        json.replace(&format!("ndex\":{index},"), &format!("ndex\":{},", index * 1_000 + 7))
            .replace(&format!("ndex\":{index}}}"), &format!("ndex\":\"{}\"}}", index * 1_000 + 7))
    });
    assert!(renamed.contains("\"refIndex\":\"4007\"") && renamed.contains("\"index\":8007,"), "{renamed}");
    assert_eq!(to(Format::Binary, renamed.as_bytes(), &schema), file);
}

/// How others write JSON is as good as our own way.
#[test]
fn other_ways_to_write_json_say_the_same() {
    for Recording { name, file, schema } in recordings() {
        let lines = jsonl(&file, &schema);
        let document = text(to(Format::Json, &file, &schema));
        let of_proto = lines.replace("\"refIndex\":", "\"ref_index\":").replace("\"isError\":", "\"is_error\":");
        let each_line =
            |change: &dyn Fn(Json) -> String| lines.lines().map(|line| change(Json::parse(line))).collect::<String>();
        let blank: String = lines.lines().map(|line| format!(" \t{line}  \n\n \r\n")).collect();
        let mut reversed = Json::parse(&document);
        if let Json::Object(members) = &mut reversed {
            members.reverse();
        }
        let forms = [
            of_proto,
            lines.replace('\n', "\r\n"),
            document.replace('\n', "\r\n"),
            document.replace('\n', "\r"),
            format!("\u{feff}{lines}"),
            format!("\u{feff}{document}"),
            lines.trim_end().to_owned(),
            document.trim_end().to_owned(),
            format!("{document}\n \r\n\t"),
            blank,
            each_line(&|json| json.on_many_lines("\n") + "\n"),
            each_line(&|json| json.on_many_lines("\r\n") + "\r\n"),
            each_line(&|json| json.on_many_lines("")),
            each_line(&|json| json.on_one_line() + " "),
            each_line(&|json| json.on_one_line() + "\t\n"),
            Json::parse(&document).on_one_line(),
            reversed.on_one_line(),
            reversed.on_many_lines("\n"),
        ];
        for (number, form) in forms.iter().enumerate() {
            let read = convert(form.as_bytes(), &schema, WriteOptions::new(Format::Binary));
            let read = read.unwrap_or_else(|error| panic!("{name}, form {number}: {error}"));
            assert!(read == file, "{name}: form {number} of\n{lines}");
            // In batches, too.
            assert!(fixtures::read(form.as_bytes(), &schema).1.is_none(), "{name}, form {number}");
        }
    }
}

/// Whoever sorts members tells the order of fields no more, but everything that they say.
#[test]
fn sorted_members_say_the_same() {
    for Recording { name, file, schema } in recordings() {
        let sorted = |json: &str| {
            let mut json = Json::parse(json);
            json.sort();
            json
        };
        let lines = jsonl(&file, &schema);
        let sorted_lines: String = lines.lines().map(|line| sorted(line).on_one_line() + "\n").collect();
        let document = sorted(&text(to(Format::Json, &file, &schema))).on_many_lines("\n");
        assert!(document.starts_with("{\n  \"entries\":["));
        let expected = said(&file, &schema);
        for json in [sorted_lines, document] {
            for (found, expected) in said(json.as_bytes(), &schema).iter().zip(&expected) {
                assert_eq!(found, expected, "{name}");
            }
        }
    }
}

/// What entries say: their facts and what their messages say.
fn said(file: &[u8], schema: &Schema) -> Vec<String> {
    let (entries, error) = fixtures::read(file, schema);
    assert!(error.is_none(), "{error:?}");
    let mut walker = Walker::new(schema);
    let mut said = |entry: &Entry| {
        let (any, is_error) = entry.payload().fields();
        let message = any.map(|any| {
            let mut bytes = Vec::new();
            let layout = schema.resolve(any.type_url).ok();
            let is_message =
                layout.is_some_and(|layout| write_said(&mut walker, layout, any.value, true, &mut bytes).is_ok());
            (any.type_url, if is_message { bytes } else { any.value.to_vec() })
        });
        format!("{} {} {message:x?} {is_error} {}", entry.kind(), entry.method(), entry.ref_index())
    };
    entries.iter().map(&mut said).collect()
}

/// A recording that is cut anywhere is read as far as its entries are whole, and then there is an error, unless it may end
/// there.
#[test]
fn json_cut_everywhere() {
    let schema = fixtures::schema();
    let file = binary("stäte".as_bytes(), &entries());
    let lines = jsonl(&file, &schema);
    let document = text(to(Format::Json, &file, &schema));
    let pretty: String = lines.lines().map(|line| Json::parse(line).on_many_lines("\n") + "\n").collect();
    let sorted = {
        let mut json = Json::parse(&document);
        json.sort();
        json.on_one_line()
    };
    let (all, _) = fixtures::read(&file, &schema);
    for (json, is_document) in [(&lines, false), (&pretty, false), (&document, true), (&sorted, true)] {
        assert_eq!(fixtures::read(json.as_bytes(), &schema).0.len(), 8);
        let mut most = 0;
        for cut in 0..json.len() {
            let cut_off = &json.as_bytes()[..cut];
            let (read, error) = fixtures::read(cut_off, &schema);
            assert!(read.iter().zip(&all).all(|(a, b)| a.record() == b.record()), "cut at {cut}");
            assert!(read.len() >= most, "cut at {cut}: an entry that was whole before");
            most = read.len();
            let is_whole = match is_document {
                true => json[cut..].trim().is_empty(),
                // Something is open, or it is not.
                false => {
                    serde_json::Deserializer::from_slice(cut_off)
                        .into_iter::<serde_json::Value>()
                        .all(|value| value.is_ok())
                        && cut > 0
                }
            };
            assert_eq!(error.is_none(), is_whole, "cut at {cut}: {error:?}");
            if let Some(error) = error {
                let is_in_header = read.is_empty() && error.position().entry.is_none();
                assert!(is_in_header || error.position().entry == Some(read.len() as u64 + 1), "{error}");
            }
        }
    }
}

/// What arrives in pieces is as good, and so is what fills the batches of a reader several times.
#[test]
fn long_recordings_are_read_in_batches() {
    struct Slow<'a>(&'a [u8]);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(into.len()).min(7);
            std::io::Read::read(&mut self.0, &mut into[..length])
        }
    }
    let schema = fixtures::schema();
    let file = binary(b"state", &long());
    for format in [Format::JsonLines, Format::Json] {
        let json = to(format, &file, &schema);
        assert!(json.len() > 600_000);
        assert!(to(Format::Binary, &json, &schema) == file);
        let (read, error) = fixtures::read(&json, &schema);
        assert_eq!((read.len(), error.is_none()), (4_000, true));
        let slow: Vec<_> = Reader::new(Slow(&json), &schema, ReadOptions::default()).expect("a header").collect();
        assert!(slow.iter().flatten().zip(&read).all(|(a, b)| (a.record(), a.offset()) == (b.record(), b.offset())));
        assert_eq!(slow.len(), read.len());
    }
}

fn long() -> Vec<Entry> {
    let request = |number: u64| {
        // A default that is written out, so that some bytes stand in JSON as they are.
        let details = bytes(3, &any("x/google.rpc.Status", b"\x08\x00"));
        let value = [bytes(2, format!("number {number}").as_bytes()), details].concat();
        let payload = Payload::Message(Any { type_url: STATUS, value: &value });
        match number % 2 {
            1 => encode(Kind::Request, "/test.Items/Get", payload, 0),
            _ => encode(Kind::Response, "", payload, number as i32 - 1),
        }
    };
    (1..=4_000).map(request).collect()
}

#[test]
fn threads_change_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let convert = |input: &Path, arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_rpcreplay")).arg("convert").args(arguments).arg(input).output();
        let output = output.expect("the program starts");
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        output.stdout
    };
    let file = binary(b"state", &long());
    std::fs::File::create(path("long.replay")).and_then(|mut out| out.write_all(&file)).expect("a writable folder");
    for format in ["json", "jsonl"] {
        let json = convert(&path("long.replay"), &["--to", format, "--threads", "1"]);
        std::fs::write(path("long.json"), &json).expect("a writable folder");
        for threads in ["1", "2", "5"] {
            assert!(
                convert(&path("long.replay"), &["--to", format, "--threads", threads]) == json,
                "{format} on {threads}"
            );
            assert!(
                convert(&path("long.json"), &["--to", "binary", "--threads", threads]) == file,
                "{format} on {threads}"
            );
        }
    }
}

/// What stands there of an extension is what a reader takes, in either manner, whatever is beside it.
#[test]
fn extensions_are_read_as_they_are_edited() {
    let schema = fixtures::schema();
    let file = binary_of_records(&[&extended_records()[0]]);
    let shown = "\"extension\":{\"time\":\"1970-01-01T00:00:07.000000009Z\",\"headers\":[{\"key\":\"a\",\"value\":\"b\\\"\\n\"},\
                 {\"key\":\"a\",\"value\":\"é\\u007f\"}],\"trailers\":[{\"key\":\"k\",\"value\":\"v\"}]}";
    let json = jsonl(&file, &schema);
    assert!(json.contains(shown), "{json}");
    let canonical = WriteOptions { canonical: true, ..WriteOptions::new(Format::JsonLines) };
    let strict = text(convert(&file, &schema, canonical).expect("ProtoJSON has a place for it"));
    assert!(strict.contains("\"value\":\"dg==\""), "{strict}");
    assert_eq!(to(Format::Binary, strict.as_bytes(), &schema), file);
    for (old, new) in [
        ("\"value\":\"v\"", "\"bytes\":\"dg==\""),
        ("\"value\":\"v\"", "\"value\":\"\\u0076\""),
        ("\"time\":", " \"time\" :\t"),
    ] {
        assert_eq!(to(Format::Binary, json.replace(old, new).as_bytes(), &schema), file, "{new}");
    }
    for (old, new) in
        [("\"value\":\"v\"", "\"value\":\"other\""), ("07.000000009Z", "08Z"), (shown, "\"extension\":{}")]
    {
        let edited = to(Format::Binary, json.replace(old, new).as_bytes(), &schema);
        let found = fixtures::read(&edited, &schema).0[0].extension().expect("one");
        match new {
            "08Z" => assert_eq!(found.time.map(|time| time.seconds()), Some(8)),
            "\"extension\":{}" => assert_eq!(found, rpcreplay::extension::Extension::default()),
            _ => assert_eq!(found.trailers[0].value, b"other"),
        }
    }
}
