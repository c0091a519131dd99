//! Laws of `filter`, `merge`, `split` and `repair`: what they write keeps Go's rules, and is nothing but what was there.

mod corpus;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use rpcreplay::Schema;
use rpcreplay::entry::{Any, Entry, Kind, Payload};
use rpcreplay::format::{ReadOptions, Reader, Writer};
use rpcreplay::recording::Header;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// Runs the program, and returns its exit code and what it says.
fn run(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rpcreplay"))
        .args(arguments)
        .args(["--protoset", &format!("{DATA}/ledger.protoset")])
        .output()
        .expect("the program starts");
    let said = String::from_utf8(output.stderr).expect("text");
    (output.status.code().expect("it ended by itself"), said)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

/// An entry as far as it must not change: its record without what it refers to, which stands at its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    kind: Kind,
    method: String,
    record: Vec<u8>,
    refers_to: usize,
    is_error: bool,
}

fn read(path: &Path) -> (Header, Vec<Said>) {
    let schema = Schema::builtin();
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = Reader::new(file, &schema, ReadOptions::default()).expect("a recording");
    let header = reader.header().clone();
    let said = |entry: Entry| {
        let mut record = entry.record().to_vec();
        if entry.ref_index() != 0 {
            let mut reference = vec![0x28];
            prost::encoding::encode_varint(entry.ref_index() as u64, &mut reference);
            assert!(record.ends_with(&reference), "{}: entry {}", path.display(), entry.index());
            record.truncate(record.len() - reference.len());
        }
        let refers_to = entry.ref_index() as usize;
        let is_error = entry.payload().fields().1;
        Said { kind: entry.kind(), method: entry.method().to_owned(), record, refers_to, is_error }
    };
    (header, reader.map(|entry| said(entry.unwrap_or_else(|error| panic!("{}: {error}", path.display())))).collect())
}

/// The rules of Go's replayer, as a table: which entry may refer to which, and how often.
fn keeps_the_rules(entries: &[Said]) -> Result<(), String> {
    let mut answered = BTreeSet::new();
    for (place, entry) in entries.iter().enumerate() {
        let number = place + 1;
        let wanted = match entry.kind {
            Kind::Request | Kind::CreateStream => continue,
            Kind::Response => Kind::Request,
            Kind::Send | Kind::Recv => Kind::CreateStream,
            Kind::Unspecified | Kind::Unknown(_) => return Err(format!("#{number} is of no kind")),
        };
        let named = entry.refers_to.checked_sub(1).and_then(|named| entries[..place].get(named));
        if named.is_none_or(|named| named.kind != wanted) {
            return Err(format!("#{number} refers to #{}", entry.refers_to));
        }
        if wanted == Kind::Request && !answered.insert(entry.refers_to) {
            return Err(format!("#{} is answered twice", entry.refers_to));
        }
    }
    match entries.iter().filter(|entry| entry.kind == Kind::Request).count() - answered.len() {
        0 => Ok(()),
        open => Err(format!("{open} requests without a response")),
    }
}

/// The calls of a recording that keeps the rules, each as the places of its entries.
fn calls(entries: &[Said]) -> Vec<Vec<usize>> {
    let mut calls: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        let first = if entry.refers_to == 0 { place } else { entry.refers_to - 1 };
        calls.entry(first).or_default().push(place);
    }
    calls.into_values().collect()
}

/// Some of the entries, with references that follow.
fn only(entries: &[Said], is_kept: impl Fn(usize) -> bool) -> Vec<Said> {
    let kept: Vec<usize> = (0..entries.len()).filter(|&place| is_kept(place)).collect();
    let number = |place: usize| kept.iter().position(|&kept| kept == place).expect("it is kept") + 1;
    let moved = |place: &usize| {
        let entry = entries[*place].clone();
        let refers_to = if entry.refers_to == 0 { 0 } else { number(entry.refers_to - 1) };
        Said { refers_to, ..entry }
    };
    kept.iter().map(moved).collect()
}

/// Whether an entry opens a stream of which nothing else is left.
fn is_bare(entries: &[Said], place: usize, is_left: impl Fn(usize) -> bool) -> bool {
    let is_opened = entries[place].kind == Kind::CreateStream && !entries[place].is_error;
    is_opened && !(place + 1..entries.len()).any(|other| is_left(other) && entries[other].refers_to == place + 1)
}

/// What calls say, whatever their order, and whichever numbers their entries have.
fn sorted_calls(entries: &[Said]) -> Vec<Vec<Vec<u8>>> {
    let mut said: Vec<Vec<Vec<u8>>> = calls(entries)
        .into_iter()
        .map(|call| call.into_iter().map(|place| entries[place].record.clone()).collect())
        .collect();
    said.sort();
    said
}

/// Recordings as Go's recorder wrote them, which keep its rules: of `tests/data`, and of the corpus if there is one.
fn recordings() -> Vec<PathBuf> {
    let mut recordings = corpus::files(Path::new(DATA), ".replay");
    if let Some(folder) = corpus::folder() {
        recordings.extend(corpus::files_below(&folder.join("recordings/binary")));
    }
    recordings.retain(|path| !text(path).ends_with("nothing.replay"));
    assert!(recordings.len() >= 6);
    recordings
}

/// Whether a call is wanted, given the entries of its recording and which of them are its own.
type IsSelected = Box<dyn Fn(&[Said], &[usize]) -> bool>;

/// A selection, as flags and as what it says of a call.
struct Selection {
    flags: Vec<String>,
    is_selected: IsSelected,
}

fn selections(entries: &[Said]) -> Vec<Selection> {
    let flags = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>();
    let half = entries.len() / 2;
    let mut selections = vec![
        Selection {
            flags: flags(&["--kind", "CREATE_STREAM"]),
            is_selected: Box::new(|entries, call| entries[call[0]].kind == Kind::CreateStream),
        },
        Selection {
            flags: flags(&["--index", &format!("{}..", half + 1)]),
            is_selected: Box::new(move |_, call| call.iter().any(|&place| place >= half)),
        },
        Selection {
            flags: flags(&["--kind", "RESPONSE", "--kind", "RECV", "--index", &format!("..{}", half.max(1))]),
            is_selected: Box::new(move |entries, call| {
                call.iter()
                    .any(|&place| place < half.max(1) && matches!(entries[place].kind, Kind::Response | Kind::Recv))
            }),
        },
    ];
    let methods: BTreeSet<&str> =
        entries.iter().map(|entry| &*entry.method).filter(|method| !method.is_empty()).collect();
    for method in methods.into_iter().take(2).map(str::to_owned) {
        selections.push(Selection {
            flags: flags(&["-m", &method]),
            is_selected: Box::new(move |entries, call| entries[call[0]].method == method),
        });
    }
    selections
}

/// What a selection keeps and what it leaves out are the calls that it should, and together they are the recording.
fn filtering(path: &Path, folder: &Path) {
    let (header, entries) = read(path);
    assert_eq!(keeps_the_rules(&entries), Ok(()), "{}", path.display());
    let out = folder.join("out.replay");
    for Selection { flags, is_selected } in selections(&entries) {
        let selected: BTreeSet<usize> =
            calls(&entries).into_iter().filter(|call| is_selected(&entries, call)).flatten().collect();
        for invert in [false, true] {
            let name = format!("{} {flags:?} {invert}", path.display());
            let mut arguments = vec!["filter", text(path), "-o", text(&out)];
            arguments.extend(flags.iter().map(String::as_str));
            arguments.extend(invert.then_some("--invert-match"));
            let _ = fs::remove_file(&out);
            let (code, said) = run(&arguments);
            let expected = only(&entries, |place| selected.contains(&place) != invert);
            assert_eq!(code, i32::from(expected.is_empty()), "{name}: {said}");
            assert_eq!(out.exists(), !expected.is_empty(), "{name}");
            if !expected.is_empty() {
                assert_eq!(read(&out), (header.clone(), expected), "{name}");
            }
        }
    }
    let _ = run(&["filter", text(path), "-o", text(&out)]);
    assert!(fs::read(&out).expect("it was written") == fs::read(path).expect("a file"), "{}", path.display());
}

/// The parts keep the rules, and together they have the calls that there were; those of so many calls each are in order.
fn splitting(path: &Path, folder: &Path) {
    let (header, entries) = read(path);
    for by in ["method", "service", "calls=1", "calls=3"] {
        let name = format!("{} {by}", path.display());
        let parts = folder.join("parts");
        let _ = fs::remove_dir_all(&parts);
        let (code, said) = run(&["split", "--by", by, text(path), "-o", text(&parts)]);
        assert_eq!(code, 0, "{name}: {said}");
        let parts = corpus::files(&parts, "");
        let mut number_of_calls = Vec::new();
        for part in &parts {
            let (its_header, its_entries) = read(part);
            assert_eq!(its_header, header, "{name}");
            assert_eq!(keeps_the_rules(&its_entries), Ok(()), "{name}");
            let of_call = |call: &Vec<usize>| its_entries[call[0]].method.clone();
            let methods: BTreeSet<String> = calls(&its_entries).iter().map(of_call).collect();
            let services: BTreeSet<&str> = methods.iter().filter_map(|method| method.rsplit('/').nth(1)).collect();
            match by {
                "method" => assert_eq!(methods.len(), 1, "{name}"),
                "service" => assert_eq!(services.len(), 1, "{name}"),
                _ => number_of_calls.push(calls(&its_entries).len()),
            }
        }
        if let Some((last, others)) = number_of_calls.split_last() {
            let most = if by == "calls=1" { 1 } else { 3 };
            assert!(others.iter().all(|&calls| calls == most) && *last <= most && *last > 0, "{name}");
        }
        let out = folder.join("merged.replay");
        let mut arguments = vec!["merge", "-o", text(&out)];
        arguments.extend(parts.iter().map(|part| text(part)));
        let (code, said) = run(&arguments);
        assert_eq!(code, 0, "{name}: {said}");
        let (merged_header, merged) = read(&out);
        assert_eq!(merged_header, header, "{name}");
        assert_eq!(keeps_the_rules(&merged), Ok(()), "{name}");
        assert_eq!(sorted_calls(&merged), sorted_calls(&entries), "{name}");
        if by.starts_with("calls") {
            let first = |entries: &[Said]| -> Vec<Vec<u8>> {
                calls(entries).iter().map(|call| entries[call[0]].record.clone()).collect()
            };
            assert_eq!(first(&merged), first(&entries), "{name}: the order of calls");
        }
    }
}

/// Where the header of a binary recording ends, and its entries.
fn ends(file: &[u8]) -> Vec<usize> {
    let schema = Schema::builtin();
    let reader = Reader::new(file, &schema, ReadOptions::default()).expect("a recording");
    let mut ends = vec![9 + 4 + reader.header().initial.len()];
    for entry in reader {
        ends.push(ends[ends.len() - 1] + 4 + entry.expect("an entry").record().len());
    }
    assert_eq!(ends[ends.len() - 1], file.len());
    ends
}

/// Cut at some place, a recording keeps every call that was whole, and nothing that was not there.
fn repairing(path: &Path, folder: &Path, cuts: impl Iterator<Item = usize>) {
    let (header, entries) = read(path);
    let file = fs::read(path).expect("a file");
    let ends = ends(&file);
    let (cut, out) = (folder.join("cut.replay"), folder.join("repaired.replay"));
    for at in cuts {
        let name = format!("{} cut at {at}", path.display());
        fs::write(&cut, &file[..at]).expect("a writable folder");
        let _ = fs::remove_file(&out);
        let (code, said) = run(&["repair", text(&cut), "-o", text(&out)]);
        let whole = ends.partition_point(|&end| end <= at).checked_sub(1);
        let Some(whole) = whole else {
            assert_eq!(code, 2, "{name}: {said}");
            continue;
        };
        let answered: BTreeSet<usize> = entries[..whole]
            .iter()
            .filter(|entry| entry.kind == Kind::Response)
            .map(|entry| entry.refers_to - 1)
            .collect();
        let is_damaged = ends[whole] != at;
        let is_kept = |place: usize| {
            let is_unanswered = entries[place].kind == Kind::Request && !answered.contains(&place);
            place < whole && !is_unanswered && !(is_damaged && is_bare(&entries, place, |other| other < whole))
        };
        let expected = only(&entries, is_kept);
        assert_eq!(code, i32::from(expected.is_empty()), "{name}: {said}");
        assert_eq!(said.contains("ends here"), is_damaged, "{name}: {said}");
        if !expected.is_empty() {
            let repaired = read(&out);
            assert_eq!(keeps_the_rules(&repaired.1), Ok(()), "{name}");
            assert_eq!(repaired, (header.clone(), expected), "{name}");
        }
    }
}

/// Compressed and ended between two entries, by the beginning of what follows, it keeps what had come before.
fn repairing_compressed(path: &Path, folder: &Path) {
    let (header, entries) = read(path);
    let file = fs::read(path).expect("a file");
    let (cut, out) = (folder.join("cut.replay.gz"), folder.join("repaired.replay.gz"));
    for (place, end) in ends(&file).into_iter().skip(1).enumerate() {
        let mut whole = GzEncoder::new(Vec::new(), Compression::fast());
        whole.write_all(&file[..end]).expect("memory");
        let next_member = b"\x1f\x8b\x08\0";
        fs::write(&cut, [&whole.finish().expect("memory")[..], next_member].concat()).expect("a writable folder");
        let _ = fs::remove_file(&out);
        let (code, said) = run(&["repair", "--keep-unanswered", text(&cut), "-o", text(&out)]);
        let name = format!("{} cut behind entry {}", path.display(), place + 1);
        assert!(code == 0 && said.contains("ends here"), "{name}: {code} {said}");
        assert_eq!(read(&out), (header.clone(), only(&entries, |kept| kept <= place)), "{name}");
    }
}

/// Damaged in the middle, a recording loses no more than what is damaged, and what belongs to it.
fn damaging(path: &Path, folder: &Path, is_tried: impl Fn(usize) -> bool) {
    let (header, entries) = read(path);
    let file = fs::read(path).expect("a file");
    let (damaged, out) = (folder.join("damaged.replay"), folder.join("repaired.replay"));
    for (place, ends) in ends(&file).windows(2).enumerate() {
        let (start, record, end) = (ends[0], ends[0] + 4, ends[1]);
        // A wrong length, which claims more or less than there is, and bytes that are no entry, with their length.
        for (what, range, filler) in
            [("length", start..record, 0xff), ("length", start..start + 1, 0x03), ("all", start..end, 0xff)]
        {
            let name = format!("{} entry {} {what} {filler}", path.display(), place + 1);
            if !is_tried(place) || file[range.clone()].iter().all(|&byte| byte == filler) {
                continue;
            }
            let mut bytes = file.clone();
            bytes[range].fill(filler);
            fs::write(&damaged, &bytes).expect("a writable folder");
            let _ = fs::remove_file(&out);
            let (code, said) = run(&["repair", text(&damaged), "-o", text(&out)]);
            let gone: BTreeSet<usize> = match what {
                "length" => BTreeSet::new(),
                _ if matches!(entries[place].kind, Kind::Request | Kind::CreateStream | Kind::Response) => {
                    let call = calls(&entries).into_iter().find(|call| call.contains(&place)).expect("it has a call");
                    call.into_iter().collect()
                }
                _ => BTreeSet::from([place]),
            };
            let left = |place: usize| !gone.contains(&place);
            let is_kept = |place: usize| left(place) && !is_bare(&entries, place, left);
            let expected = only(&entries, is_kept);
            assert_eq!(code, i32::from(expected.is_empty()), "{name}: {said}");
            if code == 0 {
                assert_eq!(read(&out), (header.clone(), expected), "{name}: {said}");
            }
        }
    }
}

/// Whether every call of a recording is one of another, in the same order; of streams some entries may be missing.
fn are_calls_of(some: &[Said], all: &[Said]) -> bool {
    let said = |entries: &[Said], call: &[usize]| -> Vec<Vec<u8>> {
        call.iter().map(|&place| entries[place].record.clone()).collect()
    };
    let mut left = calls(all).into_iter().map(|call| said(all, &call));
    calls(some).into_iter().all(|call| {
        let is_unary = some[call[0]].kind == Kind::Request;
        let call = said(some, &call);
        left.any(|whole| {
            let mut whole_left = whole.iter();
            whole[0] == call[0]
                && if is_unary {
                    whole == call
                } else {
                    call.iter().all(|entry| whole_left.any(|other| other == entry))
                }
        })
    })
}

/// However much is damaged, no call is made up: none has the answer of another.
fn making_nothing_up(path: &Path, folder: &Path, places: &[usize]) {
    let (_, entries) = read(path);
    let file = fs::read(path).expect("a file");
    let (damaged, out) = (folder.join("damaged.replay"), folder.join("repaired.replay"));
    for &place in places {
        for bytes in [1, 40, 400] {
            let mut broken = file.clone();
            let end = (place + bytes).min(file.len());
            broken[place..end].fill(0xff);
            fs::write(&damaged, &broken).expect("a writable folder");
            let _ = fs::remove_file(&out);
            let (code, said) = run(&["repair", text(&damaged), "-o", text(&out)]);
            let name = format!("{} {bytes} bytes at {place}: {said}", path.display());
            assert!((0..=2).contains(&code), "{name}");
            if code != 0 {
                continue;
            }
            let repaired = read(&out).1;
            assert_eq!(keeps_the_rules(&repaired), Ok(()), "{name}");
            // What is damaged inside a message and is one all the same can't be told from what was there.
            let is_known = |entry: &Said| entries.iter().any(|other| other.record == entry.record);
            let is_altered = repaired.iter().any(|entry| !is_known(entry));
            assert!(is_altered || are_calls_of(&repaired, &entries), "{name}");
        }
    }
}

/// What was cut or damaged in a text recording is left out, and nothing else becomes of it.
fn repairing_text(path: &Path, folder: &Path) {
    let (all, cut, out) = (folder.join("all.grpcrr"), folder.join("cut.grpcrr"), folder.join("out.grpcrr"));
    if run(&["convert", text(path), "-o", text(&all)]).0 != 0 {
        return;
    }
    let lines = |path: &Path| -> Vec<String> {
        let lines = String::from_utf8(output(&["print", "--to", "jsonl", text(path)])).expect("text");
        let said = |line: &str| {
            let mut entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let fields = entry.as_object_mut().expect("an entry");
            fields.remove("index");
            fields.remove("refIndex");
            entry.to_string()
        };
        lines.lines().skip(1).map(said).collect()
    };
    let (file, expected) = (fs::read(&all).expect("a file"), lines(&all));
    // What is damaged takes its call with it.
    let longest = calls(&read(path).1).iter().map(Vec::len).max().expect("a call");
    let last = file.len().saturating_sub(45)..file.len();
    for at in (30..file.len()).step_by((file.len() / 20).max(1)).chain(last) {
        let mut damaged = file.clone();
        damaged[at] = b'?';
        for (what, bytes) in [("cut", &file[..at]), ("damaged", &damaged[..])] {
            let name = format!("{} {what} at {at}", path.display());
            fs::write(&cut, bytes).expect("a writable folder");
            let _ = fs::remove_file(&out);
            let (code, said) = run(&["repair", text(&cut), "-o", text(&out)]);
            if code != 0 {
                assert!(code == 1 || at < 60, "{name}: {said}");
                continue;
            }
            let found = lines(&out);
            let unknown = found.iter().filter(|line| !expected.contains(line)).count();
            // A letter that was changed in a value makes another value, of one entry.
            assert!(unknown <= usize::from(what == "damaged"), "{name}: {said}");
            let lost = expected.len() - found.len();
            assert!(what == "cut" || lost <= longest, "{name}: {lost} {said}");
        }
    }
}

/// The cuts of a file that are tried: at all places of a small one, at some of a large one.
fn cuts(bytes: usize) -> impl Iterator<Item = usize> {
    (13..=bytes).step_by((bytes / 12).max(1))
}

#[test]
fn a_selection_and_its_inverse_are_the_recording() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    recordings().iter().for_each(|path| filtering(path, folder.path()));
}

#[test]
fn what_is_split_can_be_merged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    recordings().iter().for_each(|path| splitting(path, folder.path()));
}

#[test]
fn what_is_whole_is_saved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in recordings() {
        let bytes = fs::metadata(&path).expect("a file").len() as usize;
        repairing(&path, folder.path(), cuts(bytes).chain(bytes.saturating_sub(12)..=bytes));
        if path.starts_with(DATA) {
            repairing_compressed(&path, folder.path());
        }
    }
}

#[test]
fn nothing_is_made_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in recordings() {
        let bytes = fs::metadata(&path).expect("a file").len() as usize;
        let places = if path.starts_with(DATA) { 24 } else { 4 };
        let places: Vec<usize> = (40..bytes).step_by((bytes / places).max(1)).collect();
        making_nothing_up(&path, folder.path(), &places);
        if path.starts_with(DATA) {
            repairing_text(&path, folder.path());
        }
    }
}

#[test]
fn damage_costs_no_more_than_what_is_damaged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in recordings() {
        let entries = read(&path).1.len();
        damaging(&path, folder.path(), |place| place % (entries / 6).max(1) == 0 || place + 1 == entries);
    }
}

/// What a command writes to standard output.
fn output(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_rpcreplay"))
        .args(arguments)
        .args(["--protoset", &format!("{DATA}/ledger.protoset")])
        .output()
        .expect("the program starts");
    output.stdout
}

/// In whatever format and compression a recording is, the same of it is kept, and it keeps those.
#[test]
fn formats_agree() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let in_folder = |name: &str| folder.path().join(name);
    for path in recordings() {
        let half = (read(&path).1.len() / 2).to_string();
        // Real recordings are many, and the same code reads them all.
        let all_flags = [&["--index", &half][..], &["--code", "OK"], &["--code", "OK", "--invert-match"]];
        let tried = if path.starts_with(DATA) { &all_flags[..] } else { &all_flags[..1] };
        for flags in tried.iter().copied() {
            let kept = in_folder("kept.replay");
            let _ = fs::remove_file(&kept);
            let (code, _) = run(&[&["filter", text(&path), "-o", text(&kept)][..], flags].concat());
            for name in ["all.json", "all.jsonl", "all.grpcrr", "all.replay.gz", "all.replay.zst"] {
                let case = format!("{} {name} {flags:?}", path.display());
                let (all, out) = (in_folder(name), in_folder(&format!("out-{name}")));
                let _ = fs::remove_file(&out);
                if run(&["convert", text(&path), "-o", text(&all)]).0 != 0 {
                    // Text has no place for fields that nobody knows.
                    assert_eq!(name, "all.grpcrr", "{case}");
                    continue;
                }
                let found = run(&[&["filter", text(&all), "-o", text(&out)][..], flags].concat());
                assert_eq!(found.0, code, "{case}: {}", found.1);
                if code != 0 {
                    continue;
                }
                let (written, given) =
                    (fs::read(&out).expect("it was written"), fs::read(&all).expect("it was written"));
                assert_eq!(written[..4], given[..4], "{case}: the format");
                let said = |path: &Path| output(&["print", "--to", "prototext", text(path)]);
                assert!(said(&out) == said(&kept), "{case}");
                if name != "all.grpcrr" {
                    assert!(
                        output(&["convert", "--to", "binary", "--compress", "none", text(&out)])
                            == fs::read(&kept).expect("a file"),
                        "{case}"
                    );
                }
            }
        }
    }
}

/// What a text recording says of an entry stands in what is kept of it, byte for byte but for the reference.
#[test]
fn text_stays_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (all, kept) = (folder.path().join("all.grpcrr"), folder.path().join("kept.grpcrr"));
    let header = "RPCReTxt1 written by hand\n'x'\n";
    let request =
        |name: &str| format!("# {name}\nkind:REQUEST,method:'/a.S/{name}'  message {{ [google.protobuf.Empty] <> }}");
    let response =
        |to: &str| format!("ref_index : {to}# the one above\nkind: 2 message: {{ [google.protobuf.Empty]: {{}} }}\n");
    let recording = |bodies: &[String]| {
        let bodies: String = bodies.iter().map(|body| format!("{}\n{body}", body.len())).collect();
        format!("{header}{bodies}")
    };
    fs::write(
        &all,
        recording(&[request("A"), response("0x1"), request("B"), request("C"), response("04"), response("3")]),
    )
    .expect("a writable folder");
    let (code, said) = run(&["filter", "--invert-match", "-m", "A", text(&all), "-o", text(&kept)]);
    assert_eq!(code, 0, "{said}");
    let expected = recording(&[request("B"), request("C"), response("2"), response("1")]);
    let expected = expected.replace(header, "RPCReTxt1\n\"x\"\n");
    assert_eq!(fs::read_to_string(&kept).expect("text"), expected);
    let (code, said) = run(&["filter", "-m", "A", text(&all), "-o", text(&kept)]);
    assert_eq!(code, 0, "{said}");
    let expected = recording(&[request("A"), response("0x1")]).replace(header, "RPCReTxt1\n\"x\"\n");
    assert_eq!(fs::read_to_string(&kept).expect("text"), expected);
}

/// Of calls that say the same as JSON, the first is kept, and of others each.
#[test]
fn unique_calls_are_the_first_of_their_kind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (twice, unique) = (folder.path().join("twice.replay"), folder.path().join("unique.replay"));
    let calls = |path: &Path| -> Vec<Vec<String>> {
        let lines = String::from_utf8(output(&["print", "--to", "jsonl", text(path)])).expect("text");
        let mut calls: BTreeMap<u64, [Vec<String>; 2]> = BTreeMap::new();
        for line in lines.lines().skip(1) {
            let mut entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let fields = entry.as_object_mut().expect("an entry");
            let index = fields.remove("index").and_then(|index| index.as_u64()).expect("a number");
            let first = fields.remove("refIndex").and_then(|first| first.as_u64()).unwrap_or(index);
            let is_received = matches!(fields["kind"].as_str(), Some("RESPONSE" | "RECV"));
            calls.entry(first).or_default()[usize::from(is_received)].push(entry.to_string());
        }
        calls.into_values().map(|[sent, received]| [sent, vec!["→".to_owned()], received].concat()).collect()
    };
    let mut repeated = 0;
    for path in recordings() {
        let mut seen = BTreeSet::new();
        let of_path = calls(&path);
        let expected: Vec<_> = of_path.iter().filter(|call| seen.insert((*call).clone())).cloned().collect();
        repeated += of_path.len() - expected.len();
        for (command, recording) in [("filter", &path), ("merge", &path), ("filter", &twice), ("filter", &unique)] {
            let case = format!("{} {command} {}", path.display(), recording.display());
            assert_eq!(run(&["merge", text(&path), text(&path), "-o", text(&twice)]).0, 0, "{case}");
            let (code, said) = run(&[command, "--unique", text(recording), "-o", text(&unique)]);
            assert_eq!(code, 0, "{case}: {said}");
            assert_eq!(calls(&unique), expected, "{case}");
        }
    }
    if corpus::folder().is_some() {
        assert!(repeated > 10, "{repeated}: real recordings repeat calls");
    }
}

/// What Go says of a recording with an injected fault.
fn verdicts(corpus: &Path) -> BTreeMap<String, Option<String>> {
    let manifest = fs::read_to_string(corpus.join("bad/manifest.jsonl")).expect("a manifest");
    let verdict = |line: &str| {
        let fault: serde_json::Value = serde_json::from_str(line).expect("JSON");
        (fault["file"].as_str().expect("a name").to_owned(), fault["go_error"].as_str().map(str::to_owned))
    };
    manifest.lines().map(verdict).collect()
}

/// What Go accepts of broken recordings stays as it is; what it refuses becomes what it takes, or nothing, by repair, and filter
/// refuses it.
#[test]
fn what_go_refuses_is_mended_or_refused() {
    let Some(corpus) = corpus::folder() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out.replay");
    let verdicts = verdicts(&corpus);
    let (mut mended, mut refused) = (0, 0);
    for path in corpus::files(&corpus.join("bad"), ".replay") {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let go_error = verdicts.get(name).unwrap_or_else(|| panic!("{name} is not in the manifest"));
        let _ = fs::remove_file(&out);
        let (code, said) = run(&["repair", text(&path), "-o", text(&out)]);
        assert_eq!(out.exists(), code == 0, "{name}: {code} {said}");
        if code == 0 {
            assert_eq!(keeps_the_rules(&read_loosely(&out)), Ok(()), "{name}");
            let (again, said) = run(&["repair", "--dry-run", text(&out)]);
            // What is odd and kept is said again.
            let is_of_repair = |line: &&str| line.starts_with("rpcreplay:") && !line.contains(": kept: ");
            let lines = said.lines().filter(is_of_repair).count();
            assert_eq!((again, lines), (0, 1), "{name}: {said}");
        }
        // A type that the Go program does not link is no fault; a length without a record is one, which Go does not see.
        let is_unlinked = go_error.as_ref().is_some_and(|error| error.ends_with("not found"));
        let is_same = code == 0 && fs::read(&out).expect("a file") == fs::read(&path).expect("a file");
        let is_empty = read_loosely_if_readable(&path).is_some_and(|entries| entries.is_empty());
        match name {
            "trunc_after_length.replay" => assert!(code == 0 && !is_same, "{said}"),
            _ if is_empty => assert_eq!(code, if go_error.is_some() { 2 } else { 1 }, "{name}: {said}"),
            _ => assert_eq!(is_same, go_error.is_none() || is_unlinked, "{name}: {go_error:?}: {said}"),
        }
        mended += usize::from(code == 0 && !is_same);
        let _ = fs::remove_file(&out);
        let (code, said) = run(&["filter", text(&path), "-o", text(&out)]);
        // What stands inside messages is not looked at.
        let is_inside =
            go_error.as_ref().is_some_and(|error| error.contains("cannot parse") || error.contains("UTF-8"));
        if go_error.is_some() && !is_unlinked && !is_inside {
            refused += 1;
            assert_eq!((code, out.exists()), (2, false), "{name}: {go_error:?}: {said}");
        }
        assert!(code == 2 || !out.exists() || keeps_the_rules(&read_loosely(&out)).is_ok(), "{name}: {said}");
    }
    assert!(mended > 15 && refused > 20, "{mended} {refused}");
}

/// The entries of a recording, if it can be read.
fn read_loosely_if_readable(path: &Path) -> Option<Vec<Entry>> {
    let schema = Schema::builtin();
    let reader = Reader::new(fs::File::open(path).expect("a file"), &schema, ReadOptions::default()).ok()?;
    reader.collect::<Result<_, _>>().ok()
}

/// Entries of a recording in which references may stand anywhere in their records.
fn read_loosely(path: &Path) -> Vec<Said> {
    let schema = Schema::builtin();
    let reader = Reader::new(fs::File::open(path).expect("a file"), &schema, ReadOptions::default());
    let said = |entry: Entry| Said {
        kind: entry.kind(),
        method: entry.method().to_owned(),
        record: Vec::new(),
        refers_to: usize::try_from(entry.ref_index()).unwrap_or(usize::MAX),
        is_error: entry.payload().fields().1,
    };
    reader.expect("a recording").map(|entry| said(entry.expect("an entry"))).collect()
}

/// What happens next in a made recording.
#[derive(Debug, Clone, Copy)]
enum Step {
    Request(u8),
    /// The answer to one of the open requests.
    Response(prop::sample::Index),
    Stream(u8),
    Send(prop::sample::Index, u8),
    Recv(prop::sample::Index, u8),
    End(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4u8).prop_map(Step::Request),
        any::<prop::sample::Index>().prop_map(Step::Response),
        (0..4u8).prop_map(Step::Stream),
        (any::<prop::sample::Index>(), 0..3u8).prop_map(|(stream, value)| Step::Send(stream, value)),
        (any::<prop::sample::Index>(), 0..3u8).prop_map(|(stream, value)| Step::Recv(stream, value)),
        any::<prop::sample::Index>().prop_map(Step::End),
    ]
}

/// A recording that keeps Go's rules, of calls that overlap in every way.
fn make(steps: &[Step]) -> Vec<u8> {
    let mut writer = Writer::binary(Vec::new(), &Header::new("made")).expect("memory");
    let methods = ["/a.v1.Shop/Get", "/a.v1.Shop/List", "/a.v1.Bank/Get", "/b.Shop/Watch"];
    let value = |value: u8| [0x0a, 1, b'a' + value];
    let (mut open, mut streams) = (Vec::new(), Vec::new());
    let mut write = |kind, method: &str, content: Option<u8>, is_end: bool, refers_to: u64| {
        let bytes = value(content.unwrap_or(0));
        let payload = match content {
            _ if is_end => Payload::Eof,
            Some(_) => Payload::Message(Any { type_url: "type.googleapis.com/google.pubsub.v1.Topic", value: &bytes }),
            None => Payload::Empty,
        };
        let entry = Entry::encode(kind, method, payload, refers_to as i32).expect("a small entry");
        writer.write(&entry).expect("memory").0
    };
    for step in steps {
        match *step {
            Step::Request(method) => open.push(write(Kind::Request, methods[method as usize], Some(method), false, 0)),
            Step::Stream(method) => streams.push(write(Kind::CreateStream, methods[method as usize], None, false, 0)),
            Step::Response(which) if !open.is_empty() => {
                let request = open.remove(which.index(open.len()));
                write(Kind::Response, "", Some(1), false, request);
            }
            Step::Send(which, value) if !streams.is_empty() => {
                write(Kind::Send, "", Some(value), false, *which.get(&streams));
            }
            Step::Recv(which, value) if !streams.is_empty() => {
                write(Kind::Recv, "", Some(value), false, *which.get(&streams));
            }
            Step::End(which) if !streams.is_empty() => {
                write(Kind::Recv, "", None, true, *which.get(&streams));
            }
            Step::Response(_) | Step::Send(..) | Step::Recv(..) | Step::End(_) => {}
        }
    }
    for request in open {
        write(Kind::Response, "", Some(2), false, request);
    }
    writer.finish().expect("memory")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The same of recordings in which calls overlap as no real one's do.
    #[test]
    fn laws_hold_for_calls_that_overlap(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("made.replay");
        let file = make(&steps);
        fs::write(&path, &file).expect("a writable folder");
        if read(&path).1.is_empty() {
            return Ok(());
        }
        filtering(&path, folder.path());
        splitting(&path, folder.path());
        repairing(&path, folder.path(), cuts(file.len()).chain([file.len()]));
    }
}
