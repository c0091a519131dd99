//! The command: what it writes and says, how it begins and stops.

use std::fs;
use std::process::Command;

use rpcreplay::Schema;
use rpcreplay::format::{Format, ReadOptions, Reader};
use rpcreplay::net::Listener;
use rpcreplay::schema::SchemaBuilder;
use rpcreplay::serve;
use tempfile::TempDir;
use tokio::net::{TcpListener, UnixStream};

use super::proxied::{BOTH, UNARY, UNKNOWN, entries_of};
use super::upstream::{answering, echoing};
use crate::client::{Client, End};
use crate::process::{Process, over_tls};
use crate::recording::{Recording, Step, calls};
use crate::running::{Running, bounded};

async fn serving(recording: Recording) -> Running {
    Running::new(&recording.bytes(), serve::Options::default()).await
}

/// Records what passes to this address in `calls.replay`.
async fn record(folder: TempDir, upstream: &str, flags: &[&str]) -> Process {
    let listen = if flags.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
    let output = if flags.contains(&"-o") { &[][..] } else { &["-o", "calls.replay"] };
    let config = if flags.contains(&"--config") { &[][..] } else { &["--no-config"] };
    Process::new(folder, &[&["record", "--upstream", upstream], listen, output, config, flags].concat()).await
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// Ends it, and gives back what it has said, without how long it took, and the file.
async fn stopped(process: Process) -> (Option<i32>, Vec<String>, Vec<u8>, TempDir) {
    process.signal("TERM");
    let (code, out, err, folder) = process.ended().await;
    assert_eq!(out, "", "standard output is not for words");
    let without_time = |line: &str| match line.split_once(" in ").filter(|_| line.starts_with("recorded ")) {
        Some((front, back)) => format!("{front}, {}", back.split_once(" s, ").expect("a time").1),
        None => line.to_owned(),
    };
    let recording = fs::read(folder.path().join("calls.replay")).unwrap_or_default();
    (code, err.lines().map(without_time).collect(), recording, folder)
}

#[test]
fn says_what_is_in_the_file() {
    bounded(async {
        let upstream = serving(Recording::new().unary(UNARY, b"a", Ok(b"b"))).await;
        let process = record(folder(), &upstream.address, &["--initial", "state"]).await;
        let address = process.address.clone();
        assert_eq!(process.client().await.unary(UNARY, b"a").await, (Some(b"b".to_vec()), End::of("0", "")));
        let (code, said, recording, _) = stopped(process).await;
        let bytes = recording.len();
        let recorded = format!("recorded 1 call, 2 entries, {bytes} B, to calls.replay");
        let stopping = "stopping; open calls have 5 seconds, another signal ends them at once".to_owned();
        assert_eq!((code, said), (Some(0), vec![format!("listening at {address}"), stopping, recorded]));
        let schema = Schema::builtin();
        let reader = Reader::new(&recording[..], &schema, ReadOptions::default()).expect("a recording");
        assert_eq!((reader.format(), &reader.header().initial[..]), (Format::Binary, &b"state"[..]));
    });
}

/// Recorded calls, answered and recorded again, are the same calls.
#[test]
fn what_was_recorded_is_recorded_again() {
    bounded(async {
        for name in ["secrets.replay", "ledger.replay"] {
            let data = fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a fixture");
            let protoset = format!("{}/tests/data/ledger.protoset", env!("CARGO_MANIFEST_DIR"));
            let builder: SchemaBuilder = Schema::builder();
            let schema = builder.protoset("ledger", fs::read(&protoset).expect("a fixture")).expect("a set").build();
            let any = "127.0.0.1:0".parse().expect("an address");
            let upstream = Running::at(&any, schema.clone(), &data, serve::Options::default()).await;
            // The ledger's types are known by reflection alone.
            let process = record(folder(), &upstream.address, &[]).await;
            let client = process.client().await;
            for call in calls(&data, &schema) {
                let mut open = client.open(&call.method, &[]);
                for message in &call.sent {
                    open.send(message).await;
                }
                open.half_close();
                let (received, end) = open.all().await;
                assert_eq!((received, end.0), (call.received, call.code), "{name} #{}", call.first);
            }
            let (code, said, recording, _) = stopped(process).await;
            assert_eq!(code, Some(0), "{said:?}");
            let shape = |bytes: &[u8]| -> Vec<_> {
                calls(bytes, &schema)
                    .into_iter()
                    .map(|call| (call.method, call.sent, call.received, call.code))
                    .collect()
            };
            assert_eq!(shape(&recording), shape(&data), "{name}");
            let types = |bytes: &[u8]| {
                let reader = Reader::new(bytes, &schema, ReadOptions::default()).expect("a recording");
                let mut types: Vec<String> = reader
                    .filter_map(|entry| Some(entry.expect("an entry").payload().fields().0?.type_url.to_owned()))
                    .collect();
                types.sort();
                types
            };
            assert_eq!(types(&recording), types(&data), "{name}");
        }
    });
}

#[test]
fn the_server_tells_of_its_types() {
    bounded(async {
        let protoset = include_bytes!("../../data/ledger.protoset");
        let schema = Schema::builder().protoset("ledger", &protoset[..]).expect("a descriptor set").build();
        let any = "127.0.0.1:0".parse().expect("an address");
        let data = include_bytes!("../../data/ledger.replay");
        let upstream = Running::at(&any, schema, data, serve::Options::default()).await;
        let process = record(folder(), &upstream.address, &["--protoset-out", "told.protoset"]).await;
        process.client().await.unary("/interop.v1.Ledger/Ping", b"").await;
        let (code, _, recording, folder) = stopped(process).await;
        assert_eq!(code, Some(0));
        assert!(entries_of(&recording)[0].starts_with("1 REQUEST /interop.v1.Ledger/Ping "), "it is known to be unary");
        // What was told is what other commands need.
        let mut print = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
        print.current_dir(&folder).args(["print", "--no-config", "--protoset", "told.protoset", "calls.replay"]);
        let output = print.output().expect("it runs");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr)), (Some(0), "".into()));
    });
}

#[test]
fn a_method_that_nobody_knows_is_told() {
    bounded(async {
        let recording = Recording::new().unary(UNKNOWN, b"a", Ok(b"b")).unary(UNKNOWN, b"a", Ok(b"b"));
        let upstream = serving(recording).await;
        for (flags, what, kind) in
            [(&[][..], "a stream", "CREATE_STREAM"), (&["--unary", "Items/*"], "a unary call", "REQUEST")]
        {
            let process = record(folder(), &upstream.address, flags).await;
            assert_eq!(process.client().await.unary(UNKNOWN, b"a").await.0, Some(b"b".to_vec()));
            let (code, said, recording, _) = stopped(process).await;
            assert_eq!(code, Some(0), "{said:?}");
            let words =
                format!("note: no descriptor has {UNKNOWN}: it is recorded as {what} of messages without types");
            assert!(said.contains(&words), "{said:?}");
            assert!(entries_of(&recording)[0].starts_with(&format!("1 {kind} {UNKNOWN}")), "{recording:?}");
        }
    });
}

#[test]
fn goes_on_where_a_recording_ends() {
    bounded(async {
        let recording = (0..3).fold(Recording::new(), |recording, _| recording.unary(UNARY, b"a", Ok(b"b")));
        let upstream = serving(recording).await;
        for (output, to) in [("calls.replay", Format::Binary), ("calls.grpcrr", Format::Text)] {
            let mut folder = folder();
            for run in 0..3 {
                let flags = if run == 0 { &["-o", output][..] } else { &["-o", output, "--append"] };
                let process = record(folder, &upstream.address, flags).await;
                if run < 2 {
                    // A message that says something, which the text format can carry.
                    let _ = process.client().await.unary(UNARY, b"\x0a\x01t").await;
                }
                let (code, said, _, kept) = stopped(process).await;
                assert_eq!(code, Some(0), "{said:?}");
                folder = kept;
            }
            let recording = fs::read(folder.path().join(output)).expect("it is there");
            let schema = Schema::builtin();
            let reader = Reader::new(&recording[..], &schema, ReadOptions::default()).expect("a recording");
            assert_eq!((reader.format(), reader.count()), (to, 4), "{output}");
        }
    });
}

/// A recording is replaced by the first call, and not before: a wrong upstream costs nothing.
#[test]
fn what_is_there_stays_until_there_is_something_else() {
    bounded(async {
        let upstream = serving(Recording::new().unary(UNARY, b"a", Ok(b"b"))).await;
        let old = Recording::new().unary(BOTH, b"old", Ok(b"old")).bytes();
        let place = folder();
        fs::write(place.path().join("calls.replay"), &old).expect("it can be written");
        let (code, said, kept, place) = stopped(record(place, &upstream.address, &[]).await).await;
        assert_eq!((code, kept), (Some(0), old));
        let summary = "recorded nothing: no call has come, and calls.replay is as it was";
        assert_eq!(said.last().map(String::as_str), Some(summary));
        let process = record(place, &upstream.address, &[]).await;
        process.client().await.unary(UNARY, b"a").await;
        let (_, _, recording, _) = stopped(process).await;
        assert_eq!(entries_of(&recording).len(), 2);
        // Where nothing is, an empty recording is what there was.
        let (code, said, recording, _) = stopped(record(folder(), &upstream.address, &[]).await).await;
        assert_eq!((code, entries_of(&recording).len()), (Some(0), 0));
        assert!(said.last().expect("a summary").starts_with("recorded 0 calls, 0 entries, "), "{said:?}");
    });
}

/// A process that is killed leaves whole entries.
#[test]
fn a_process_that_is_killed_leaves_what_was_noted() {
    bounded(async {
        let recording =
            Recording::new().stream(BOTH, &[Step::Send(b"a"), Step::Recv(b"b"), Step::Send(b"c"), Step::End]);
        let upstream = serving(recording).await;
        let process = record(folder(), &upstream.address, &[]).await;
        let mut call = process.client().await.open(BOTH, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"b".to_vec()));
        process.signal("KILL");
        let (code, _, _, folder) = process.ended().await;
        assert_eq!(code, None);
        let entries = entries_of(&fs::read(folder.path().join("calls.replay")).expect("it is there"));
        assert_eq!(
            entries,
            [
                format!("1 CREATE_STREAM {BOTH} -"),
                "2 SEND #1 google.pubsub.v1.StreamingPullRequest a".to_owned(),
                "3 RECV #1 google.pubsub.v1.StreamingPullResponse b".to_owned(),
            ]
        );
    });
}

/// Nothing that a rule selects is in the file, not even where a copy of it stands later, nor in the initial state.
#[test]
fn redacts_before_anything_is_written() {
    bounded(async {
        let name = |text: &str| [b"\x0a", &[text.len() as u8][..], text.as_bytes()].concat();
        let address = echoing().await;
        for (flags, config) in
            [(&["--redact", "request:name=replace:hidden"][..], ""), (&["--config", "rpcreplay.toml"], "request:name")]
        {
            let folder = folder();
            let rules = format!("[[redact]]\nselect = \"{config}\"\naction = \"replace:hidden\"\n");
            fs::write(folder.path().join("rpcreplay.toml"), rules).expect("it can be written");
            let flags = [flags, &["--detect", "email", "--initial", "who: jane.doe@acme-corp.io"]].concat();
            let process = record(folder, &address, &flags).await;
            let client = process.client().await;
            let secret = name("projects/my-secret-name");
            assert_eq!(client.unary(UNARY, &secret).await.0, Some(secret.clone()), "the client sees what there is");
            let (code, said, recording, _) = stopped(process).await;
            assert_eq!(code, Some(0), "{said:?}");
            assert!(!recording.windows(9).any(|bytes| bytes == b"my-secret"), "{said:?}");
            let schema = Schema::builtin();
            let reader = Reader::new(&recording[..], &schema, ReadOptions::default()).expect("a recording");
            assert_eq!(reader.header().initial, "who: REDACTED");
            let hidden = String::from_utf8(name("hidden")).expect("UTF-8");
            assert_eq!(
                entries_of(&recording),
                [
                    format!("1 REQUEST {UNARY} google.pubsub.v1.Topic {hidden}"),
                    format!("2 RESPONSE #1 google.pubsub.v1.Topic {hidden}"),
                ]
            );
        }
    });
}

/// What rules can't look into is not written; its call fails, and so does the command.
#[test]
fn what_can_not_be_redacted_is_not_written() {
    bounded(async {
        let address = answering(b"b").await;
        let process = record(folder(), &address, &["--detect", "all"]).await;
        let (answer, end) = process.client().await.unary(UNKNOWN, b"\x0a\x01t").await;
        assert_eq!((answer, &*end.0), (None, "13"));
        let (code, said, recording, _) = stopped(process).await;
        assert_eq!(code, Some(1), "{said:?}");
        assert!(said.iter().any(|line| line.starts_with(&format!("not recorded: {UNKNOWN}: "))), "{said:?}");
        let entries = entries_of(&recording);
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert!(entries[1].starts_with("2 RECV #1 error INTERNAL: not recorded: "), "{entries:?}");
    });
}

#[test]
fn speaks_tls_on_both_sides_and_over_sockets() {
    bounded(async {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let folder = folder();
        fs::write(folder.path().join("ca.pem"), made.cert.pem()).expect("it can be written");
        let tls =
            rpcreplay::net::Tls::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes());
        let listener = Listener::bind(&"127.0.0.1:0".parse().expect("an address")).await.expect("a port is free");
        let listener = listener.with_tls(tls.expect("they belong together"));
        let recording = (0..2).fold(Recording::new(), |recording, _| recording.unary(UNARY, b"a", Ok(b"b")));
        let upstream = Running::on(listener, Schema::builtin(), &recording.bytes(), serve::Options::default());
        let address = upstream.address.replace("127.0.0.1", "localhost");
        let flags = ["--upstream-ca", "ca.pem", "--tls-self-signed", "own.pem"];
        let process = record(folder, &address, &flags).await;
        let client = over_tls(&process.address, &process.path("own.pem")).await.expect("it is trusted");
        assert_eq!(client.unary(UNARY, b"a").await, (Some(b"b".to_vec()), End::of("0", "")));
        let (code, said, recording, folder) = stopped(process).await;
        assert_eq!((code, entries_of(&recording).len()), (Some(0), 2), "{said:?}");
        // Whoever is not trusted is not spoken to.
        fs::write(folder.path().join("ca.pem"), fs::read(folder.path().join("own.pem")).expect("it is there"))
            .expect("it can be");
        let process = record(folder, &address, &["--upstream-ca", "ca.pem", "--listen", "unix:socket"]).await;
        let stream = UnixStream::connect(process.path("socket")).await.expect("it listens");
        let (_, end) = Client::over(stream).await.unary(UNARY, b"a").await;
        assert_eq!(end.0, "14");
        assert!(end.1.contains("invalid peer certificate"), "{}", end.1);
        let (code, said, _, _) = stopped(process).await;
        assert_eq!(code, Some(0), "{said:?}");
        assert!(said.iter().any(|line| line.starts_with("warning: --upstream localhost:")), "{said:?}");
    });
}

#[test]
fn refuses_what_it_can_not_write() {
    for (flags, words) in [
        (&["-o", "calls.jsonl"][..], "a recording is written call by call as binary or text, not compressed"),
        (&["-o", "calls.replay.gz"], "a recording is written call by call as binary or text, not compressed"),
        (&["-o", "-"], "a recording is written to a file, not to standard output"),
        (&["-o", "no/folder/calls.replay"], "no/folder/calls.replay: No such file or directory"),
        (&["-o", "calls.grpcrr", "--extensions"], "a text recording can't carry what --extensions notes"),
        (&["-o", "calls.replay", "--append", "--initial", "x"], "cannot be used with"),
        (&["-o", "calls.replay", "--initial", "@missing"], "missing: No such file or directory"),
        (&["-o", "calls.replay", "--upstream-ca", "missing.pem"], "missing.pem: No such file or directory"),
        (&["-o", "calls.replay", "--upstream", "https://localhost:1"], "expected HOST:PORT"),
    ] {
        let folder = folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
        command.current_dir(&folder).args(["record", "--no-config", "--listen", "127.0.0.1:0"]).args(flags);
        if !flags.contains(&"--upstream") {
            command.args(["--upstream", "127.0.0.1:1"]);
        }
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {said}");
        assert!(said.contains(words), "{flags:?}: {said}");
        assert!(fs::read_dir(&folder).expect("it is there").next().is_none(), "{flags:?}: nothing was made");
    }
}

/// What is no recording is not replaced by one, and a recording that somebody writes is not written by two.
#[test]
fn keeps_its_hands_off_files_of_others() {
    bounded(async {
        let place = folder();
        fs::write(place.path().join("source.txt"), "precious").expect("it can be written");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let taken = listener.local_addr().expect("it has one").to_string();
        let run = |output: &str, place: &TempDir| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
            command.current_dir(place).args(["record", "--no-config", "--upstream", "127.0.0.1:1", "--listen", &taken]);
            let output = command.args(["-o", output]).output().expect("it runs");
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (code, said) = run("new.replay", &place);
        assert_eq!((code, place.path().join("new.replay").exists()), (Some(2), false), "{said}");
        assert!(said.contains("hint: port 0 is one that is free\n"), "{said}");
        let (code, said) = run("source.txt", &place);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("source.txt: is there and no recording, which the first call would replace\n"), "{said}");
        let process = record(place, "127.0.0.1:1", &[]).await;
        let (code, said) = run("calls.replay", &process.folder);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("calls.replay: another recorder writes this file\n"), "{said}");
        assert_eq!(stopped(process).await.0, Some(0));
    });
}

/// What rules did not find is told, since a misspelt one would leave a secret.
#[test]
fn a_rule_that_selects_nothing_is_told() {
    bounded(async {
        let upstream = serving(Recording::new().unary(UNARY, b"\x0a\x01t", Ok(b""))).await;
        let process = record(folder(), &upstream.address, &["--redact", "request:nmae=clear"]).await;
        process.client().await.unary(UNARY, b"\x0a\x01t").await;
        let (code, said, _, _) = stopped(process).await;
        assert_eq!(code, Some(0), "{said:?}");
        assert!(said.contains(&"note: rule `request:nmae` selected nothing".to_owned()), "{said:?}");
        assert!(said.iter().any(|line| line.contains("did you mean `name`?")), "{said:?}");
    });
}

/// Who is not there yet may come later.
#[test]
fn begins_without_its_server() {
    bounded(async {
        let place = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = place.local_addr().expect("it has one").to_string();
        drop(place);
        let process = record(folder(), &address, &[]).await;
        assert_eq!(process.client().await.unary(UNARY, b"a").await.1.0, "14");
        let recording = Recording::new().unary(UNARY, b"a", Ok(b"b")).bytes();
        let any = address.parse().expect("an address");
        let _upstream = Running::at(&any, Schema::builtin(), &recording, serve::Options::default()).await;
        assert_eq!(process.client().await.unary(UNARY, b"a").await.1.0, "0");
        let (code, said, recording, _) = stopped(process).await;
        assert_eq!((code, entries_of(&recording).len()), (Some(0), 4));
        assert!(said[0].starts_with(&format!("warning: --upstream {address}: ")), "{said:?}");
        assert!(said[1].starts_with("hint: calls are taken all the same"), "{said:?}");
    });
}
