//! Laws of `redact` over recordings: nothing is left of what was redacted, everything else is as it was, and it can be put back.

mod corpus;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::MultiGzDecoder;
use rpcreplay::Schema;
use rpcreplay::detect::known;
use rpcreplay::entry::Entry;
use rpcreplay::extension::{Extension, Metadatum, Time};
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};
use rpcreplay::pairing::{Methods, Pairing};
use rpcreplay::recording::Header;
use rpcreplay::redact::{Cause, Done, Follower, Key, Learner, Redactor, Rule, Rules, RulesBuilder};
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// Rules, each set with whether what it makes can be known again without a map.
const RULES: [(&[&str], bool); 8] = [
    (&["--redact", "**.data=pseudonym", "--redact", "**.name=pseudonym"], true),
    (&["--redact", "**.parent=replace:projects/REDACTED", "--redact", "**.message=mask:2"], true),
    (&["--redact", "request:**=pseudonym"], true),
    (&["--redact", "status:details=drop", "--redact", "google.protobuf.Timestamp=clear"], true),
    (&["--detect", "all=pseudonym"], true),
    (&["--redact", "google.protobuf.Timestamp=shift", "--redact", "**.labels=clear"], false),
    (&["--redact", "initial:=clear", "--redact", "**.fields=replace:x"], true),
    (
        &[
            "--redact",
            "metadata:authorization=pseudonym",
            "--redact",
            "metadata:x-*=drop",
            "--redact",
            "metadata:*-bin=clear",
        ],
        true,
    ),
];

/// Runs the program with a key, and returns its exit code, what it writes and what it says.
fn run(arguments: &[&str]) -> (i32, Vec<u8>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rpcreplay"))
        .env("RPCREPLAY_KEY", "a key for tests")
        .args(arguments)
        .args(["--protoset", &format!("{DATA}/ledger.protoset"), "--allow-uninspected", "acme.*"])
        .output()
        .expect("the program starts");
    let said = String::from_utf8(output.stderr).expect("text");
    (output.status.code().expect("it ended by itself"), output.stdout, said)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

fn read(path: &Path) -> (Vec<u8>, Vec<Entry>) {
    let schema = Schema::builder().protoset("ledger", fs::read(format!("{DATA}/ledger.protoset")).expect("a file"));
    let schema = schema.expect("a descriptor set").build();
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = Reader::new(file, &schema, ReadOptions::default()).expect("a recording");
    let initial = reader.header().initial.to_vec();
    (initial, reader.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", path.display()))).collect())
}

/// The bytes of a recording, decompressed.
fn decompressed(path: &Path) -> Vec<u8> {
    let file = fs::read(path).expect("a file");
    let mut bytes = Vec::new();
    match file.starts_with(b"\x1f\x8b") {
        true => MultiGzDecoder::new(&file[..]).read_to_end(&mut bytes).map(|_| bytes).expect("gzip"),
        false => file,
    }
}

/// What a map says: by entry, the values that were replaced, with their kind and selector.
fn values(map: &Path) -> BTreeMap<u64, Vec<(String, Vec<u8>)>> {
    let mut values: BTreeMap<u64, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    for line in fs::read_to_string(map).expect("a map").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        if line.get("entry").is_none() {
            continue;
        }
        let of_entry = values.entry(line["entry"].as_u64().expect("a number")).or_default();
        for value in line["values"].as_array().expect("a list") {
            let original = value["original"].as_str().expect("base64");
            let original = base64_simd::STANDARD.decode_to_vec(original).expect("base64");
            of_entry.push((value["kind"].as_str().expect("a kind").to_owned(), original));
        }
    }
    values
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

fn redacting(path: &Path, folder: &Path) -> usize {
    let extension = path.extension().map(|extension| extension.display().to_string()).unwrap_or_default();
    let [out, again, restored] = ["out", "again", "restored"].map(|name| folder.join(format!("{name}.{extension}")));
    let [map, map_again] = ["map", "map-again"].map(|name| folder.join(name));
    let (initial, entries) = read(path);
    let original = decompressed(path);
    let mut replaced = 0;
    for (rules, is_recognisable) in RULES {
        let name = format!("{} {rules:?}", path.display());
        for file in [&out, &again, &restored, &map, &map_again] {
            let _ = fs::remove_file(file);
        }
        let redact = |arguments: &[&str]| run(&[&["redact"], rules, arguments].concat());
        let (code, _, said) = redact(&["--map", text(&map), text(path), "-o", text(&out)]);
        if said.contains("two keys of a map would become the same") {
            assert!(code == 2 && !out.exists(), "{name}: {said}");
            continue;
        }
        assert_eq!(code, 0, "{name}: {said}");
        let values = values(&map);
        replaced += values.values().map(Vec::len).sum::<usize>();

        // What was not replaced is as it was; the rest belongs to the same calls.
        let (new_initial, new_entries) = read(&out);
        assert_eq!(new_initial == initial, !values.contains_key(&0), "{name}");
        assert_eq!(new_entries.len(), entries.len(), "{name}");
        for (old, new) in entries.iter().zip(&new_entries) {
            let facts = |entry: &Entry| (entry.kind(), entry.method().to_owned(), entry.ref_index());
            assert_eq!(facts(old), facts(new), "{name}");
            assert_eq!(old.record() == new.record(), !values.contains_key(&old.index().0), "{name}: {}", old.index());
        }

        // Nothing is left, and a second time nothing changes.
        let with_map: &[&str] = if is_recognisable { &[] } else { &["--map", text(&map)] };
        let (code, found, said) = redact(&[with_map, &["--check", text(&out)]].concat());
        assert_eq!(code, 0, "{name}: {said}{}", String::from_utf8_lossy(&found));
        let _ = fs::copy(&map, &map_again);
        let with_map: &[&str] = if is_recognisable { &[] } else { &["--map", text(&map_again)] };
        let (code, _, said) = redact(&[with_map, &[text(&out), "-o", text(&again)]].concat());
        assert_eq!(code, 0, "{name}: {said}");
        assert!(decompressed(&again) == decompressed(&out), "{name}: {said}");

        // What it replaced is put back, to the byte.
        let (code, _, said) = run(&["redact", "--restore", text(&map), text(&out), "-o", text(&restored)]);
        assert_eq!(code, 0, "{name}: {said}");
        assert!(decompressed(&restored) == original, "{name}");
    }
    replaced
}

/// Whether a value can't stand elsewhere but as a copy: what is short may by chance, and bytes that are a message may be a message.
fn is_telling(value: &[u8]) -> bool {
    value.len() >= 12 && std::str::from_utf8(value).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// Whether a value stands in records; inside of a longer name it is another one.
fn stands(records: &[u8], value: &[u8]) -> bool {
    let is_of_name = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii())
    };
    memchr::memmem::find_iter(records, value).any(|at| {
        !is_of_name(at.checked_sub(1).and_then(|before| records.get(before)))
            && !is_of_name(records.get(at + value.len()))
    })
}

/// Recordings in every format, of `tests/data`, and of the corpus if there is one.
fn recordings() -> Vec<PathBuf> {
    let mut recordings = corpus::files_below(Path::new(DATA));
    recordings.retain(|path| {
        let name = path.display().to_string();
        // One of them holds messages without a type.
        [".replay", ".replay.gz", ".grpcrr"].iter().any(|ending| name.ends_with(ending))
            && !name.ends_with("marks.grpcrr")
    });
    assert!(recordings.len() >= 6);
    if let Some(folder) = corpus::folder() {
        recordings.extend(corpus::recordings(&folder).into_iter().map(|(path, _)| path));
    }
    recordings
}

/// The recording with metadata beside all its entries: values of the messages, others, and what stands in both.
fn extended(path: &Path, folder: &Path) -> PathBuf {
    let (initial, entries) = read(path);
    let schema = Schema::builtin();
    let encoder = Encoder::new(WriteOptions::new(Format::Binary), &schema);
    let mut writer = Writer::new(Vec::new(), &Header::new(initial), encoder).expect("a header");
    for entry in &entries {
        let metadatum = |key: &str, value: &[u8]| Metadatum { key: key.to_owned(), value: value.to_vec() };
        let authorization = format!("Bearer token-{}-of-somebody", entry.index());
        let extension = Extension {
            time: Time::new(1_000_000_000 + entry.index().0 as i64, 5),
            headers: vec![
                metadatum("authorization", authorization.as_bytes()),
                metadatum("x-goog-request-params", b"name=projects%2Fdemo%2Fsecrets%2Fweather-api-key"),
                metadatum("message-bin", entry.payload().fields().0.map_or(b"", |any| any.value)),
            ],
            trailers: vec![metadatum("copy", authorization.as_bytes()), metadatum("contact", b"mail alice@acme.com")],
        };
        writer.write(&entry.with_extension(&extension).expect("a short record")).expect("it can be written");
    }
    let path = folder.join("extended.replay");
    fs::write(&path, writer.finish().expect("it can be written")).expect("a writable folder");
    path
}

#[test]
fn redaction_keeps_its_promises_of_metadata() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["secrets.replay", "pubsub.replay", "ledger.replay"] {
        let path = extended(&Path::new(DATA).join(name), folder.path());
        let replaced = redacting(&path, folder.path());
        assert!(replaced > 50, "only {replaced} values of {name} were replaced");
    }
}

#[test]
fn redaction_keeps_its_promises() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let replaced: usize = recordings().iter().map(|path| redacting(path, folder.path())).sum();
    assert!(replaced > 100, "only {replaced} values were replaced");
}

/// The values of secrets are nowhere, in no form.
#[test]
fn secrets_are_gone_from_the_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (out, map) = (folder.path().join("out.replay"), folder.path().join("map"));
    let mut gone = 0;
    for path in recordings() {
        let _ = fs::remove_file(&map);
        let rules =
            ["--redact", "**.data=pseudonym", "--redact", "**.payload.**=pseudonym", "--redact", "**.parent=pseudonym"];
        let (code, _, said) =
            run(&[&["redact"], &rules[..], &["--map", text(&map), text(&path), "-o", text(&out)]].concat());
        // Names may say another format than the recording has.
        if code != 0 && said.contains("keeps its format") {
            continue;
        }
        assert_eq!(code, 0, "{}: {said}", path.display());
        let records: Vec<u8> = read(&out).1.iter().flat_map(|entry| entry.record().to_vec()).collect();
        for (kind, value) in values(&map).into_values().flatten() {
            if !matches!(kind.as_str(), "string" | "bytes") || !is_telling(&value) {
                continue;
            }
            gone += 1;
            let shown = value.escape_ascii();
            assert!(!stands(&records, &value), "{}: {shown}", path.display());
            for shift in 0..3 {
                let padded = [vec![0; shift], value.clone()].concat();
                let encoded = base64_simd::STANDARD.encode_to_string(&padded);
                let known = &encoded.as_bytes()[(8 * shift).div_ceil(6)..8 * padded.len() / 6];
                assert!(!contains(&records, known), "{}: {shown} in base64", path.display());
            }
        }
    }
    assert!(gone > 10, "only {gone} values were replaced");
}

/// Rules of the library: these, or all detectors.
fn library_rules(texts: &[&str]) -> Rules {
    let mut rules: Vec<Rule> = texts.iter().map(|text| text.parse().expect("a rule")).collect();
    if rules.is_empty() {
        let detect = known().iter().map(|known| known.name.to_owned()).collect();
        rules.push(Rule { detect, ..Rule::new("secrets", "pseudonym".parse().expect("an action")) });
    }
    let (key, uninspected) = (Key::new(b"a key for tests"), vec!["*".parse().expect("a pattern")]);
    RulesBuilder { rules, key, uninspected, ..RulesBuilder::default() }.build().expect("sound rules")
}

/// Entries with the methods of their calls.
fn with_methods(entries: &[Entry]) -> impl Iterator<Item = (&Entry, String)> {
    let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
    entries.iter().map(move |entry| {
        let call = pairing.follow(entry);
        (entry, methods.follow(entry, call).to_owned())
    })
}

/// Where no copy stood before its value was selected, one pass makes what two make; and from there on no value is left.
#[test]
fn following_makes_what_two_passes_make() {
    let schema = Schema::builder().protoset("ledger", fs::read(format!("{DATA}/ledger.protoset")).expect("a file"));
    let schema = schema.expect("a descriptor set").build();
    let (mut same, mut others, mut gone) = (0, 0, 0);
    for path in recordings() {
        let (initial, entries) = read(&path);
        for texts in [
            &["**.name=pseudonym", "**.parent=pseudonym", "**.data=pseudonym", "**.payload.**=pseudonym"][..],
            &["request:**=pseudonym"],
            &["initial:=pseudonym", "response:**.name=pseudonym", "**.labels=clear"],
            &[],
        ] {
            let (rules, name) = (library_rules(texts), format!("{} {texts:?}", path.display()));
            let mut learner = Learner::new(&rules, &schema);
            learner.learn_initial(&initial);
            for (entry, method) in with_methods(&entries) {
                learner.learn(entry, &method).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            let replacements =
                rules.replacements(learner.into_values(), Done::default()).expect("they can be replaced");
            let mut redactor = Redactor::new(&rules, &schema, &replacements);
            let mut follower = Follower::new(&rules, &schema);
            let (new_initial, of_initial) = follower.redact_initial(&initial).expect("it can be replaced");
            assert_eq!(new_initial, redactor.redact_initial(&initial).expect("it can be replaced").0, "{name}");

            let mut selected: HashMap<Vec<u8>, usize> = HashMap::new();
            selected.extend(of_initial.into_iter().map(|change| (change.old, 0)));
            let mut records = Vec::new();
            for (entry, method) in with_methods(&entries) {
                let (once, twice) = (follower.redact(entry, &method), redactor.redact(entry, &method));
                let (Ok(once), Ok(twice)) = (once, twice) else { continue };
                let of_entry = once.changes.iter().filter(|change| change.cause != Cause::Copied);
                for change in of_entry {
                    selected.entry(change.old.clone()).or_insert(records.len());
                }
                let mut copies = twice.changes.iter().filter(|change| change.cause == Cause::Copied);
                // What was found in it only because of a copy within is no value of its own.
                if copies.all(|copy| selected.contains_key(&copy.old)) {
                    same += 1;
                    assert_eq!(once.entry.record(), twice.entry.record(), "{name}: {}", entry.index());
                } else {
                    others += 1;
                }
                records.push(once.entry.record().to_vec());
            }
            for (value, first) in selected.into_iter().filter(|(value, _)| is_telling(value)) {
                gone += 1;
                let left = records[first..].iter().any(|record| stands(record, &value));
                assert!(!left, "{name}: {} of {first}", value.escape_ascii());
            }
        }
    }
    eprintln!("{same} entries are the same, {others} had copies before, {gone} values are gone");
    assert!(same > 100 && gone > 20, "only {same} entries and {gone} values");
}
