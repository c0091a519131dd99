//! Laws of what was noted beside entries: every command that writes a recording keeps it, and none that compares calls looks at it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rpcreplay::Schema;
use rpcreplay::entry::Entry;
use rpcreplay::extension::{Extension, Metadatum, Time};
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// Recordings whose calls are whole.
const RECORDINGS: [&str; 6] =
    ["bytestream.replay", "firestore.replay", "ledger.replay", "overlapping.replay", "pubsub.replay", "secrets.replay"];

/// Runs the program, and returns its exit code, what it writes, and what it says.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rpcreplay"))
        .args(arguments)
        .args(["--protoset", &format!("{DATA}/ledger.protoset")])
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("it ended by itself"), text(output.stdout), text(output.stderr))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

/// The entries of a recording, read with its header.
fn read(path: &Path) -> (rpcreplay::recording::Header, Vec<Entry>) {
    let schema = Schema::builtin();
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = Reader::new(file, &schema, ReadOptions::default()).expect("a recording");
    let header = reader.header().clone();
    (header, reader.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", path.display()))).collect())
}

/// A recording with metadata and a time of its own beside each entry, so that an entry is known again by it.
fn extended(name: &str, run: i64, folder: &Path) -> PathBuf {
    let (header, entries) = read(&Path::new(DATA).join(name));
    let schema = Schema::builtin();
    let encoder = Encoder::new(WriteOptions::new(Format::Binary), &schema);
    let mut writer = Writer::new(Vec::new(), &header, encoder).expect("a header");
    for entry in &entries {
        let metadatum = |key: &str, value: Vec<u8>| Metadatum { key: key.to_owned(), value };
        let extension = Extension {
            time: Time::new(run * 1000 + entry.index().0 as i64, 0),
            headers: vec![metadatum("x-run", run.to_string().into_bytes()), metadatum("x-run", vec![])],
            trailers: vec![metadatum("raw-bin", entry.record()[..4.min(entry.record().len())].to_vec())],
        };
        writer.write(&entry.with_extension(&extension).expect("a short record")).expect("it can be written");
    }
    let path = folder.join(format!("{run}-{name}"));
    fs::write(&path, writer.finish().expect("it can be written")).expect("a writable folder");
    path
}

/// An entry without the number that it refers to.
fn said(entry: &Entry) -> Vec<u8> {
    let plain = Entry::encode(entry.kind(), entry.method(), entry.payload(), 0).expect("a short record");
    let extension = entry.extension().unwrap_or_else(|| panic!("entry {} has lost what was beside it", entry.index()));
    plain.with_extension(&extension).expect("a short record").record().to_vec()
}

/// Every entry of a recording is one of these; says how many it has.
fn is_of(path: &Path, sources: &[&Path]) -> usize {
    let whole: Vec<Vec<u8>> = sources.iter().flat_map(|source| read(source).1).map(|entry| said(&entry)).collect();
    let entries = read(path).1;
    for entry in &entries {
        assert!(whole.contains(&said(entry)), "{}: entry {}", path.display(), entry.index());
    }
    entries.len()
}

#[test]
fn what_is_written_keeps_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in RECORDINGS {
        let (path, other) = (extended(name, 1, folder.path()), extended(name, 2, folder.path()));
        let entries = read(&path).1.len();
        let out = folder.path().join("out.replay");
        let write = |arguments: &[&str]| {
            let _ = fs::remove_file(&out);
            let (code, _, complaint) = run(arguments);
            assert_eq!(code, 0, "{name} {arguments:?}: {complaint}");
        };
        let kinds = ["--kind", "REQUEST", "--kind", "CREATE_STREAM"];
        write(&[&["filter", text(&path), "-o", text(&out)][..], &kinds].concat());
        assert_eq!(is_of(&out, &[&path]), entries, "{name}");
        write(&["filter", "--index", "1", text(&path), "-o", text(&out)]);
        assert!(is_of(&out, &[&path]) > 0, "{name}");
        write(&["merge", text(&path), text(&other), "-o", text(&out)]);
        assert_eq!(is_of(&out, &[&path, &other]), 2 * entries, "{name}");
        write(&["repair", text(&path), "-o", text(&out)]);
        assert_eq!(fs::read(&out).expect("a file"), fs::read(&path).expect("a file"), "{name}");

        let parts = folder.path().join("parts");
        let _ = fs::remove_dir_all(&parts);
        write(&["split", "--by", "method", text(&path), "-o", text(&parts)]);
        let parts = fs::read_dir(&parts).expect("a folder").map(|part| part.expect("a file").path());
        assert_eq!(parts.map(|part| is_of(&part, &[&path])).sum::<usize>(), entries, "{name}");

        let json = folder.path().join("out.json");
        for to in ["json", "jsonl"] {
            let _ = fs::remove_file(&json);
            write(&["convert", "--to", to, text(&path), "-o", text(&json)]);
            write(&["convert", text(&json), "-o", text(&out)]);
            assert_eq!(fs::read(&out).expect("a file"), fs::read(&path).expect("a file"), "{name} {to}");
        }
    }
}

/// Behind damage reading goes on at entries with something beside them, too.
#[test]
fn repair_finds_it_behind_damage() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (path, out) = (extended("pubsub.replay", 1, folder.path()), folder.path().join("out.replay"));
    let mut bytes = fs::read(&path).expect("a file");
    let first = read(&path).1[0].record().len();
    let header = 9 + 4 + read(&path).0.initial.len();
    // The length of the second record.
    bytes[header + 4 + first..][..4].fill(0xff);
    let damaged = folder.path().join("damaged.replay");
    fs::write(&damaged, bytes).expect("a writable folder");
    let (code, _, complaint) = run(&["repair", text(&damaged), "-o", text(&out)]);
    assert_eq!(code, 0, "{complaint}");
    assert!(is_of(&out, &[&path]) > 5, "{complaint}");
}

#[test]
fn what_compares_calls_does_not_look_at_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in RECORDINGS {
        let (path, other) = (extended(name, 1, folder.path()), extended(name, 2, folder.path()));
        let plain = format!("{DATA}/{name}");
        // Two runs are the same but for noise, in whichever direction, and so is one without anything beside its entries.
        for (old, new) in [(text(&path), text(&other)), (text(&other), text(&path)), (&plain, text(&path))] {
            let (code, shown, complaint) = run(&["diff", old, new]);
            assert_eq!(code, 0, "{name}: {shown}{complaint}");
            assert!(shown.contains("noted-time") && shown.contains("metadata"), "{name}: {shown}");
        }
        // The calls of both are those of one.
        let both = folder.path().join("both.replay");
        let _ = fs::remove_file(&both);
        assert_eq!(run(&["merge", text(&path), text(&other), "-o", text(&both)]).0, 0);
        let count = |path: &str| run(&["filter", "--unique", "--count", path]).1;
        assert_eq!(count(text(&both)), count(&plain), "{name}");
        let (code, shown, complaint) = run(&["check", "--disable", "secrets", text(&path)]);
        let (plain_code, plain_shown, _) = run(&["check", "--disable", "secrets", &plain]);
        assert_eq!(code, plain_code, "{name}: {shown}{complaint}");
        // Entries are longer, so that they stand elsewhere.
        let placeless =
            |shown: &str| shown.split(' ').filter(|word| word.parse::<u64>().is_err()).collect::<Vec<_>>().join(" ");
        assert_eq!(placeless(&shown.replace(text(&path), &plain)), placeless(&plain_shown), "{name}");
    }
}

/// Keys and values with what a terminal would obey, or read as another line.
#[test]
fn nothing_of_it_reaches_a_terminal_as_a_command() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let schema = Schema::builtin();
    let hostile = "\u{1b}[2J\u{9b}31m\r\n\u{202e}ops@acme.com\u{7}";
    let metadatum = |key: &str, value: &str| Metadatum { key: key.to_owned(), value: value.as_bytes().to_vec() };
    let paths = [1, 2].map(|run| {
        let (header, entries) = read(&Path::new(DATA).join("secrets.replay"));
        let mut writer = Writer::new(Vec::new(), &header, Encoder::new(WriteOptions::new(Format::Binary), &schema))
            .expect("a header");
        for entry in &entries {
            let extension = Extension {
                time: Time::new(run, 0),
                headers: vec![metadatum(hostile, hostile), metadatum("x-bin", hostile)],
                trailers: vec![metadatum("a", &format!("{hostile}{run}"))],
            };
            writer.write(&entry.with_extension(&extension).expect("a short record")).expect("it can be written");
        }
        let path = folder.path().join(format!("{run}.replay"));
        fs::write(&path, writer.finish().expect("it can be written")).expect("a writable folder");
        path
    });
    let [path, other] = paths.each_ref().map(|path| text(path));
    for arguments in [
        &["print", "--verbose", path][..],
        &["print", "--verbose", "--to", "raw", "--bytes", "hex", path],
        &["print", "--verbose", "--max-bytes", "all", path],
        &["diff", "--show-noise", path, other],
        &["check", path],
        &["redact", "--dry-run", "--detect", "all", "--redact", "metadata:=pseudonym", "--key-env", "PATH", path],
        &["redact", "--check", "--detect", "email", path],
    ] {
        let (_, shown, complaint) = run(arguments);
        assert!(shown.contains("acme") || shown.contains("metadata:"), "{arguments:?}: {shown}{complaint}");
        for text in [&shown, &complaint] {
            let is_command = |character: char| character != '\n' && character.is_control() || character == '\u{202e}';
            assert_eq!(text.find(is_command), None, "{arguments:?}: {text:?}");
        }
    }
}
