//! Laws over recordings: cut anywhere, they keep what is whole and never end in silence; copied, they stay the same.

mod fixtures;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use fixtures::{ITEM, binary, binary_of_records, entries, gzip, text, zstd, zstd_blocks};
use proptest::prelude::*;
use rpcreplay::entry::{Any, Entry, EntryIndex, Kind, Payload};
use rpcreplay::format::{Compression, Format, ReadOptions, Reader, Writer};
use rpcreplay::{Error, Schema};

/// A recording cut at every byte yields the entries that are whole, and then an error unless the cut is at a boundary
/// between entries; the error names the entry and the offset at which that entry begins.
fn cut_everywhere(file: &[u8], boundaries: &BTreeMap<usize, usize>) {
    let schema = fixtures::schema();
    for cut in 0..file.len() {
        let (entries, error) = fixtures::read(&file[..cut], &schema);
        let whole = boundaries.range(..=cut).next_back();
        assert_eq!(entries.len(), whole.map_or(0, |(_, &entries)| entries), "cut at {cut}");
        match (error, whole) {
            (None, Some((&boundary, _))) => assert_eq!(boundary, cut, "silence about a cut at {cut}"),
            (None, None) => panic!("silence about a cut at {cut}, in the header"),
            (Some(error), None) => assert_eq!(error.position().entry, None, "cut at {cut}: {error}"),
            (Some(error), Some((&boundary, &entries))) => {
                assert_ne!(boundary, cut, "a clean end is no error: {error}");
                assert_eq!(error.position().entry, Some(entries as u64 + 1), "cut at {cut}: {error}");
                assert_eq!(error.position().byte, Some(boundary as u64), "cut at {cut}: {error}");
            }
        }
    }
}

#[test]
fn binary_cut_everywhere() {
    let file = binary(b"state", &entries());
    let mut boundaries = BTreeMap::from([(18, 0)]);
    let mut end = 18;
    for (index, entry) in entries().iter().enumerate() {
        end += 4 + entry.record().len();
        boundaries.insert(end, index + 1);
    }
    assert_eq!(end, file.len());
    cut_everywhere(&file, &boundaries);
}

const BODIES: &[&str] = &[
    "kind: REQUEST\nmethod: \"/test.Items/Get\"\nmessage: {\n  [type.googleapis.com/test.Item]: {\n    name:  \"a\"\n  }\n}\n",
    "kind: RESPONSE message { type_url: 'ä' } ref_index: 1",
    "",
    "# nothing but a remark",
    "kind:\r\n5 is_error: t, ref_index: 0x1 # end\n",
];

#[test]
fn text_cut_everywhere() {
    let file = text("\"sta\\x74e\"", BODIES);
    let mut end = "RPCReTxt1\n\"sta\\x74e\"\n".len();
    let mut boundaries = BTreeMap::from([(end, 0)]);
    for (index, body) in BODIES.iter().enumerate() {
        end += body.len().to_string().len() + 1 + body.len();
        boundaries.insert(end, index + 1);
    }
    assert_eq!(end, file.len());
    cut_everywhere(&file, &boundaries);
}

/// In gzip no cut is clean, not even between entries.
#[test]
fn gzip_cut_everywhere() {
    let schema = fixtures::schema();
    for file in [binary(b"state", &entries()), text("\"\"", BODIES)] {
        let all = fixtures::read(&file, &schema).0;
        let compressed = gzip(&file);
        let mut counts = BTreeSet::new();
        for cut in 0..compressed.len() {
            let (entries, error) = fixtures::read(&compressed[..cut], &schema);
            // What can be inflated of the prefix, by somebody else's code, says how many entries arrived whole.
            let mut arrived = Vec::new();
            let _ = flate2::read::GzDecoder::new(&compressed[..cut]).read_to_end(&mut arrived);
            assert_eq!(entries.len(), fixtures::read(&arrived, &schema).0.len(), "cut at {cut}");
            counts.insert(entries.len());
            let error = error.unwrap_or_else(|| panic!("silence about a cut at {cut}"));
            assert!(
                cut == 0 || error.to_string().contains(&format!("at byte {cut} of the compressed")) || cut == 1,
                "{error}"
            );
            for (entry, expected) in entries.iter().zip(&all) {
                assert_eq!(entry.record(), expected.record());
            }
        }
        assert!(counts.len() > 2, "entries arrive one after the other: {counts:?}");
        assert_eq!(fixtures::read(&compressed, &schema).0.len(), all.len());
    }
}

/// In zstd no cut is clean either; the blocks that arrived whole are read, and at most a part of the next.
#[test]
fn zstd_cut_everywhere() {
    let schema = fixtures::schema();
    for file in [binary(b"state", &entries()), text("\"\"", BODIES)] {
        let all = fixtures::read(&file, &schema).0;
        let pieces: Vec<_> = file.chunks(50).collect();
        let (compressed, ends) = zstd_blocks(&pieces);
        for cut in 0..compressed.len() {
            let (entries, error) = fixtures::read(&compressed[..cut], &schema);
            let arrived = ends.iter().filter(|&&end| end <= cut).count();
            let within = |pieces: &[&[u8]]| fixtures::read(&pieces.concat(), &schema).0.len();
            let next = pieces.len().min(arrived + 1);
            let expected = within(&pieces[..arrived])..=within(&pieces[..next]);
            assert!(expected.contains(&entries.len()), "cut at {cut}: {}, expected {expected:?}", entries.len());
            for (entry, expected) in entries.iter().zip(&all) {
                assert_eq!(entry.record(), expected.record());
            }
            let error = error.unwrap_or_else(|| panic!("silence about a cut at {cut}")).to_string();
            assert!(cut < 4 || error.contains(&format!("at byte {cut} of the compressed")), "{cut}: {error}");
        }
        assert_eq!(fixtures::read(&compressed, &schema).0.len(), all.len());
    }
}

/// A reader that gives a byte at a time, as a slow pipe may, changes nothing.
#[test]
fn arriving_byte_by_byte_changes_nothing() {
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(into.len()).min(1);
            self.0.read(&mut into[..length])
        }
    }
    let schema = fixtures::schema();
    let file = binary(b"state", &entries());
    for file in [gzip(&file), zstd(&file), text("\"\"", BODIES), file] {
        let slow = Reader::new(Slow(&file), &schema, ReadOptions::default()).expect("a header");
        let slow: Vec<Entry> = slow.map(|entry| entry.expect("an entry")).collect();
        let fast = fixtures::read(&file, &schema).0;
        assert_eq!(slow.len(), fast.len());
        for (slow, fast) in slow.iter().zip(&fast) {
            assert_eq!((slow.record(), slow.offset(), slow.index()), (fast.record(), fast.offset(), fast.index()));
        }
    }
}

#[test]
fn a_reader_says_what_it_reads() {
    let schema = fixtures::schema();
    let about = |file: &[u8]| {
        let reader = Reader::new(file, &schema, ReadOptions::default()).expect("a header");
        (reader.format(), reader.compression(), reader.header().initial.to_vec())
    };
    let file = binary(b"sta\xffte", &entries());
    assert_eq!(about(&file), (Format::Binary, Compression::None, b"sta\xffte".to_vec()));
    assert_eq!(about(&gzip(&file)), (Format::Binary, Compression::Gzip, b"sta\xffte".to_vec()));
    assert_eq!(about(&zstd(&file)), (Format::Binary, Compression::Zstd, b"sta\xffte".to_vec()));
    let file = text("`a\\b`", &[]);
    assert_eq!(about(&file), (Format::Text, Compression::None, br"a\b".to_vec()));
    assert_eq!(about(b"RPCReTxt1 remark\r\n\n"), (Format::Text, Compression::None, Vec::new()));
}

/// Reads a binary recording and writes it again, without the entries that `is_dropped` names.
fn copy(file: &[u8], schema: &Schema, is_dropped: impl Fn(u64) -> bool) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(file, schema, ReadOptions::default())?;
    let mut writer = Writer::binary(Vec::new(), reader.header())?;
    while let Some(entry) = reader.read()? {
        if !is_dropped(entry.index().0) {
            writer.write(&entry)?;
        }
    }
    writer.finish()
}

/// Records that Go reads and no encoder writes.
const ODD_RECORDS: &[&[u8]] = &[
    b"",
    // Fields backwards, a long varint for the kind.
    b"\x28\x00\x12\x02/s\x08\x81\x80\x80\x80\x00",
    // Unknown fields of every wire type, one of them a group with a group inside.
    b"\x08\x01\x30\x05\x39\x01\x02\x03\x04\x05\x06\x07\x08\x3d\x01\x02\x03\x04\x42\x01x\x4b\x53\x08\x01\x54\x4c",
    // The message in three parts, ref_index twice and as the wrong wire type.
    b"\x1a\x03\x0a\x01a\x28\x63\x1a\x03\x12\x01v\x1a\x00\x28\x02\x2a\x01x\x08\x02",
    // ref_index as ten bytes, and broken: negative, its own number, later.
    b"\x08\x02\x28\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x08\x02\x28\x06",
    b"\x08\x02\x28\xe7\x07",
];

#[test]
fn a_copy_is_the_same() {
    let schema = fixtures::schema();
    for file in [binary(b"", &entries()), binary(b"\0\xff", &[]), binary_of_records(ODD_RECORDS)] {
        assert_eq!(copy(&file, &schema, |_| false).expect("a copy"), file);
        assert_eq!(copy(&gzip(&file), &schema, |_| false).expect("a copy"), file);
        assert_eq!(copy(&zstd(&file), &schema, |_| false).expect("a copy"), file);
    }
}

#[test]
fn odd_records_mean_what_go_says() {
    let (entries, error) = fixtures::read(&binary_of_records(ODD_RECORDS), &fixtures::schema());
    assert!(error.is_none());
    let facts: Vec<_> = entries.iter().map(|entry| (entry.kind(), entry.method(), entry.ref_index())).collect();
    let response = Kind::Response;
    assert_eq!(
        facts,
        [
            (Kind::Unspecified, "", 0),
            (Kind::Request, "/s", 0),
            (Kind::Request, "", 0),
            (response, "", 2),
            (response, "", -3),
            (response, "", 6),
            (response, "", 999)
        ]
    );
    assert_eq!(entries[3].payload(), Payload::Message(Any { type_url: "a", value: b"v" }));
}

#[test]
fn a_selection_is_numbered_anew() {
    let schema = fixtures::schema();
    let file = binary(b"", &entries());
    // Without the first call the stream becomes entry 1, the second request 2.
    let kept = copy(&file, &schema, |index| index <= 2).expect("no reference is lost");
    let (kept, _) = fixtures::read(&kept, &schema);
    let references: Vec<i32> = kept.iter().map(Entry::ref_index).collect();
    assert_eq!(references, [0, 0, 1, 2, 1, 1]);
    let original = entries();
    for (kept, original) in kept.iter().zip(&original[2..]) {
        assert_eq!(
            (kept.kind(), kept.method(), kept.payload()),
            (original.kind(), original.method(), original.payload())
        );
    }

    let error = copy(&file, &schema, |index| index == 3).expect_err("entry 5 needs entry 3");
    assert_eq!(error.to_string(), "entry 5 refers to entry 3, which is not in the recording");
    assert_eq!(error.hint().as_deref(), Some("keep the entry it refers to, or leave this entry out too"));
}

/// References that were broken already are copied, and refused from the first new number on.
#[test]
fn broken_references_are_copied_but_not_renumbered() {
    let schema = fixtures::schema();
    let file = binary_of_records(ODD_RECORDS);
    let dropping = |dropped: &'static [u64]| copy(&file, &schema, |index| dropped.contains(&index));
    let error = |dropped| dropping(dropped).expect_err("a broken reference").to_string();
    assert_eq!(error(&[1]), "entry 5 refers to entry -3, which is not in the recording");
    assert_eq!(error(&[1, 5]), "entry 6 refers to entry 6, which is not in the recording");
    assert_eq!(error(&[1, 5, 6]), "entry 7 refers to entry 999, which is not in the recording");
    assert_eq!(error(&[2]), "entry 4 refers to entry 2, which is not in the recording");

    let kept = dropping(&[1, 5, 6, 7]).expect("the others are whole");
    // Only the value that counts was replaced; 2 became 1.
    let record: &[u8] = b"\x1a\x03\x0a\x01a\x28\x63\x1a\x03\x12\x01v\x1a\x00\x28\x01\x2a\x01x\x08\x02";
    assert_eq!(kept, binary_of_records(&[ODD_RECORDS[1], ODD_RECORDS[2], record]));
    // What is dropped at the end renumbers nothing.
    assert_eq!(dropping(&[7]).expect("a copy so far"), binary_of_records(&ODD_RECORDS[..6]));
}

#[test]
fn a_copied_reference_never_comes_to_name_a_stranger() {
    let schema = fixtures::schema();
    let request: &[u8] = b"\x08\x01\x12\x02/s";
    // Entry 2 refers to entry 5, which comes later.
    let records = [request, b"\x08\x02\x28\x05", request, request, request, request];
    let file = binary_of_records(&records);
    let dropping = |dropped: &'static [u64]| copy(&file, &schema, |index| dropped.contains(&index));
    let error = dropping(&[3]).expect_err("entry 6 would become entry 5");
    assert_eq!(
        error.to_string(),
        "entry 4 cannot move to another place, because entry 2, which stays, refers to entry 5, \
         which would then be another one"
    );
    assert_eq!(error.hint().as_deref(), Some("leave entry 2 out too"));
    let error = dropping(&[5]).expect_err("entry 6 would become entry 5").to_string();
    assert!(error.starts_with("entry 6 cannot move to another place, because entry 2"), "{error}");

    assert_eq!(dropping(&[2, 3]).expect("nobody refers to anybody"), binary_of_records(&[request; 4]));
    assert_eq!(dropping(&[]).expect("a copy"), file);
    assert_eq!(dropping(&[6]).expect("nothing moves"), binary_of_records(&records[..5]));
    // What moves behind the entry referred to harms nobody.
    let seven = binary_of_records(&[&records[..], &[request]].concat());
    assert_eq!(copy(&seven, &schema, |index| index == 6).expect("entry 7 becomes entry 6"), file);
}

#[test]
fn a_writer_wants_entries_in_order() {
    let [first, second, ..] = &entries()[..] else { unreachable!() };
    let mut writer = Writer::binary(Vec::new(), &Default::default()).expect("a vector takes everything");
    let at = |entry: &Entry, index| entry.clone().with_index(EntryIndex(index));
    assert_eq!(writer.write(&at(first, 5)).expect("entry 5 comes first"), EntryIndex(1));
    assert_eq!(
        writer.write(&at(first, 5)).expect_err("it was written").to_string(),
        "entry 5 cannot be written after entry 5, which it precedes in its file"
    );
    assert_eq!(
        writer.write(&at(second, 6)).expect_err("entry 1 was not written").to_string(),
        "entry 6 refers to entry 1, which is not in the recording"
    );
    assert_eq!(writer.write(&at(first, 9)).expect("an error wrote nothing"), EntryIndex(2));
}

#[derive(Debug, Clone)]
struct Facts {
    kind: i32,
    method: String,
    any: Option<(String, Vec<u8>)>,
    is_error: bool,
    ref_index: i32,
}

impl Facts {
    fn payload(&self) -> Payload<'_> {
        let any = self.any.as_ref().map(|(type_url, value)| Any { type_url, value });
        match (any, self.is_error) {
            (Some(any), false) => Payload::Message(any),
            (Some(any), true) => Payload::Error(any),
            (None, true) => Payload::Eof,
            (None, false) => Payload::Empty,
        }
    }
}

prop_compose! {
    fn facts()(
        kind in prop_oneof![0..=5i32, any::<i32>()],
        method in ".{0,20}",
        any in proptest::option::of((prop_oneof![Just(ITEM.to_owned()), ".{0,20}"], proptest::collection::vec(any::<u8>(), 0..300))),
        is_error: bool,
        ref_index in prop_oneof![0..9i32, any::<i32>()],
    ) -> Facts {
        Facts { kind, method, any, is_error, ref_index }
    }
}

proptest! {
    /// What is encoded reads back.
    #[test]
    fn entries_encode_and_decode(all in proptest::collection::vec(facts(), 0..6), initial: Vec<u8>) {
        let encoded: Vec<Entry> = all.iter().map(|facts| {
            fixtures::encode(Kind::from_number(facts.kind), &facts.method, facts.payload(), facts.ref_index)
        }).collect();
        // Written one by one under their own numbers, so that no reference is looked at.
        let file = binary(&initial, &encoded);
        let (read, error) = fixtures::read(&file, &fixtures::schema());
        prop_assert!(error.is_none());
        prop_assert_eq!(read.len(), all.len());
        for (read, facts) in read.iter().zip(&all) {
            prop_assert_eq!(read.kind().number(), facts.kind);
            prop_assert_eq!(read.method(), &facts.method);
            prop_assert_eq!(read.payload(), facts.payload());
            prop_assert_eq!(read.ref_index(), facts.ref_index);
        }
        prop_assert_eq!(copy(&file, &fixtures::schema(), |_| false).expect("a copy"), file);
    }

    /// Bytes of every kind: no panic, and what reads copies unchanged.
    #[test]
    fn any_record_is_read_or_refused(records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..4)) {
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let file = binary_of_records(&records);
        let schema = fixtures::schema();
        let (entries, error) = fixtures::read(&file, &schema);
        prop_assert!(entries.len() == records.len() || error.is_some());
        if error.is_none() {
            prop_assert_eq!(copy(&file, &schema, |_| false).expect("a copy"), file);
        }
    }

    /// Text of every kind: no panic.
    #[test]
    fn any_text_is_read_or_refused(body in "[a-z_:{}<>\\[\\]'\"\\\\0-9.,;# \n/-]{0,60}") {
        let file = text("\"\"", &[&body, &format!("message {{ [test.Item] {{ {body} }} }}")]);
        let (entries, error) = fixtures::read(&file, &fixtures::schema());
        prop_assert!(entries.len() == 2 || error.is_some());
    }
}
