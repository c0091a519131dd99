//! A recorder that is killed at any moment leaves all that it has said is written, and at most one entry that is cut.
//!
//! The recording program is this test itself, started again: it says on standard output which entries are noted, as soon as the call that
//! notes one returns.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rpcreplay::entry::{Any, Payload};
use rpcreplay::error::ErrorKind;
use rpcreplay::format::{Format, ReadOptions, Reader};
use rpcreplay::pairing::Pairing;
use rpcreplay::replay::Recorder;
use rpcreplay::schema::Schema;

/// Where the program that is started again records to.
const RECORD_TO: &str = "RPCREPLAY_TEST_RECORD_TO";

/// How often a recorder is killed.
const KILLS: u32 = 300;

/// Records calls until it is killed, on two threads, if it is the program that is started again.
#[test]
fn recording_program() {
    let Some(path) = std::env::var_os(RECORD_TO).map(PathBuf::from) else { return };
    let schema = Schema::builtin();
    let recorder = Recorder::append(&path, &schema).expect("a recording that can be continued");
    // Messages of all sizes, so that some take several pages.
    let values: Vec<Vec<u8>> = (0..20u32).map(|size| topic(1 << (size % 16))).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for value in values.iter().cycle() {
                    let any = Any { type_url: "type.googleapis.com/google.pubsub.v1.Topic", value };
                    let call = recorder.request("/google.pubsub.v1.Publisher/CreateTopic", any).expect("it is written");
                    let answer = recorder.response(call, Payload::Message(any)).expect("it is written");
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "noted {call} {answer}").and_then(|()| out.flush()).expect("somebody listens");
                }
            });
        }
    });
}

/// A topic whose name has so many letters.
fn topic(letters: usize) -> Vec<u8> {
    let (mut bytes, mut length) = (vec![0x0a], letters);
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.resize(bytes.len() + letters, b't');
    bytes
}

/// The highest number that a recording program said was noted before it was killed after so long.
fn killed_after(delay: Duration, path: &Path) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .args(["--exact", "recording_program", "--nocapture"])
        .env(RECORD_TO, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it can be started again");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let (mut noted, mut since) = (0, None);
    // What was said before it was killed can still be read.
    for line in lines.map_while(Result::ok) {
        let since = *since.get_or_insert_with(Instant::now);
        if let Some(numbers) = line.split_once("noted ").map(|(_, numbers)| numbers) {
            noted = numbers.split(' ').filter_map(|number| number.parse().ok()).fold(noted, u64::max);
        }
        if since.elapsed() >= delay {
            // It may be dead already the second time.
            let _ = child.kill();
        }
    }
    child.wait().expect("it was killed");
    noted
}

#[test]
fn a_recorder_that_is_killed_loses_at_most_the_entry_that_it_writes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("calls.replay");
    let schema = Schema::builtin();
    let (mut cut, mut all_noted, mut before) = (0, 0, 0);
    for kill in 0..KILLS {
        // Every tenth recording is new, the others are continued.
        if kill % 10 == 0 {
            let _ = fs::remove_file(&path);
            before = 0;
        }
        let noted = killed_after(Duration::from_micros(u64::from(kill * 7919 % 5000)), &path);
        // It was killed before it made the file.
        let Ok(file) = fs::File::open(&path) else {
            assert_eq!(noted, 0);
            continue;
        };
        let mut reader = match Reader::new(file, &schema, ReadOptions::default()) {
            Ok(reader) => reader,
            // It was killed before its first entry.
            Err(error) => {
                assert_eq!(noted, 0, "{error}");
                continue;
            }
        };
        let (mut pairing, mut entries, mut whole) = (Pairing::default(), 0, 13);
        loop {
            match reader.read() {
                Ok(Some(entry)) => {
                    pairing.follow(&entry).expect("every entry belongs to a call");
                    entries += 1;
                    whole = entry.offset() + 4 + entry.record().len() as u64;
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Truncated(_)), "{error}");
                    cut += 1;
                    break;
                }
            }
        }
        assert!(entries >= noted, "{noted} entries were noted, and {entries} are there");
        assert!(noted == 0 || noted > before, "what is continued goes on behind the {before} entries that are there");
        (all_noted, before) = (all_noted + u64::from(noted > 0), entries);
        // Two threads, each with a call that goes on.
        assert!(pairing.unmatched_requests() <= 2 * u64::from(kill % 10 + 1));
        let file = fs::OpenOptions::new().write(true).open(&path).expect("a file");
        file.set_len(whole).expect("it can be cut");
    }
    assert!(all_noted > u64::from(KILLS) / 2, "most of the recorders must have noted something: {all_noted}");
    // How often that happens is up to the operating system; most often it never does.
    println!("{cut} of {KILLS} recordings end in the middle of an entry");
}

/// Where nothing can be written, that is said at once.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let schema = Schema::builtin();
    let recorder = Recorder::create(Path::new("/dev/full"), Format::Binary, &schema).expect("it can be opened");
    let any = Any { type_url: "type.googleapis.com/google.pubsub.v1.Topic", value: b"" };
    let error = recorder.request("/a.B/C", any).expect_err("it is full").to_string();
    assert_eq!(error, "No space left on device (os error 28)");
    let error = recorder.request("/a.B/C", any).expect_err("it has failed").to_string();
    assert!(error.starts_with("nothing more is recorded, since something could not be written before"), "{error}");
}
