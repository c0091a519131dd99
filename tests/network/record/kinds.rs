//! What calls become, by the shape of their methods.

use std::sync::Arc;

use rpcreplay::Schema;
use rpcreplay::entry::{Entry, Kind};
use rpcreplay::extension::Extension;
use rpcreplay::format::{Format, ReadOptions, Reader};
use rpcreplay::net::Limits;
use rpcreplay::proxy::Options;
use rpcreplay::replay::Recorder;
use rpcreplay::retype::Survey;
use rpcreplay::serve;

use super::proxied::{BOTH, DOWN, Proxied, UNARY, UNKNOWN, UP};
use crate::client::{End, framed};
use crate::recording::{Recording, Step};
use crate::running::{Running, bounded};

/// A `google.rpc.Status` with a detail.
const STATUS: &[u8] = b"\x08\x05\x12\x04gone\x1a\x06\x0a\x01t\x12\x01v";

async fn serving(recording: Recording) -> Running {
    Running::new(&recording.bytes(), serve::Options::default()).await
}

fn unary_of(patterns: &[&str]) -> Options {
    let unary = patterns.iter().map(|pattern| pattern.parse().expect("a pattern")).collect();
    Options { unary, ..Options::default() }
}

#[test]
fn a_unary_call_is_a_request_and_a_response() {
    bounded(async {
        let recording =
            Recording::new().unary(UNARY, b"a", Ok(b"b")).unary(UNARY, b"c", Err(STATUS)).unary(UNARY, b"", Ok(b""));
        let upstream = serving(recording).await;
        let proxied = Proxied::new(&upstream.address, Options::default()).await;
        let client = proxied.client().await;
        assert_eq!(client.unary(UNARY, b"a").await, (Some(b"b".to_vec()), End::of("0", "")));
        let details = Some("CAUSBGdvbmUaBgoBdBIBdg".to_owned());
        assert_eq!(client.unary(UNARY, b"c").await, (None, End("5".to_owned(), "gone".to_owned(), details)));
        assert_eq!(client.unary(UNARY, b"").await, (Some(b"".to_vec()), End::of("0", "")));
        assert_eq!(proxied.counts.recorded(), 3);
        assert_eq!(
            proxied.recorded().await,
            [
                format!("1 REQUEST {UNARY} google.pubsub.v1.Topic a"),
                "2 RESPONSE #1 google.pubsub.v1.Topic b".to_owned(),
                format!("3 REQUEST {UNARY} google.pubsub.v1.Topic c"),
                "4 RESPONSE #3 error NOT_FOUND: gone".to_owned(),
                format!("5 REQUEST {UNARY} google.pubsub.v1.Topic "),
                "6 RESPONSE #5 google.pubsub.v1.Topic ".to_owned(),
            ]
        );
    });
}

#[test]
fn a_server_that_streams_has_an_end() {
    bounded(async {
        let whole = [Step::Send(b"q"), Step::Recv(b"1"), Step::Recv(b"2"), Step::End];
        let broken = [Step::Send(b"r"), Step::Recv(b"1"), Step::Fail(STATUS)];
        let upstream = serving(Recording::new().stream(DOWN, &whole).stream(DOWN, &broken)).await;
        let proxied = Proxied::new(&upstream.address, Options::default()).await;
        let client = proxied.client().await;
        for (request, answers) in [(b"q", 2), (b"r", 1)] {
            let mut call = client.open(DOWN, &[]);
            call.send(request).await;
            call.half_close();
            assert_eq!(call.all().await.0.len(), answers);
        }
        assert_eq!(
            proxied.recorded().await,
            [
                format!("1 CREATE_STREAM {DOWN} -"),
                "2 SEND #1 google.firestore.v1.RunQueryRequest q".to_owned(),
                "3 RECV #1 google.firestore.v1.RunQueryResponse 1".to_owned(),
                "4 RECV #1 google.firestore.v1.RunQueryResponse 2".to_owned(),
                "5 RECV #1 end".to_owned(),
                format!("6 CREATE_STREAM {DOWN} -"),
                "7 SEND #6 google.firestore.v1.RunQueryRequest r".to_owned(),
                "8 RECV #6 google.firestore.v1.RunQueryResponse 1".to_owned(),
                "9 RECV #6 error NOT_FOUND: gone".to_owned(),
            ]
        );
    });
}

/// Go's client receives the one message together with the status behind it, and never asks for more.
#[test]
fn a_client_that_streams_receives_once() {
    bounded(async {
        let whole = [Step::Send(b"1"), Step::Send(b"2"), Step::Recv(b"sum")];
        let refused = [Step::Send(b"x"), Step::Fail(STATUS)];
        let upstream = serving(Recording::new().stream(UP, &whole).stream(UP, &refused)).await;
        let proxied = Proxied::new(&upstream.address, Options::default()).await;
        let client = proxied.client().await;
        let mut call = client.open(UP, &[]);
        call.send(b"1").await;
        call.send(b"2").await;
        call.half_close();
        assert_eq!(call.all().await, (vec![b"sum".to_vec()], End::of("0", "")));
        let mut call = client.open(UP, &[]);
        call.send(b"x").await;
        assert_eq!(call.all().await.1.0, "5");
        assert_eq!(
            proxied.recorded().await,
            [
                format!("1 CREATE_STREAM {UP} -"),
                "2 SEND #1 google.storage.v2.WriteObjectRequest 1".to_owned(),
                "3 SEND #1 google.storage.v2.WriteObjectRequest 2".to_owned(),
                "4 RECV #1 google.storage.v2.WriteObjectResponse sum".to_owned(),
                format!("5 CREATE_STREAM {UP} -"),
                "6 SEND #5 google.storage.v2.WriteObjectRequest x".to_owned(),
                "7 RECV #5 error NOT_FOUND: gone".to_owned(),
            ]
        );
    });
}

#[test]
fn a_conversation_is_in_its_order() {
    bounded(async {
        let steps = [Step::Send(b"a"), Step::Recv(b"A"), Step::Send(b"b"), Step::Recv(b"B"), Step::End];
        // What waits to be sent goes out at once, so the server is one that waits for each turn.
        let upstream = super::upstream::upstream(|mut call| async move {
            let mut stream = call.headers(200, &[super::upstream::GRPC], false);
            while let Some(data) = call.read().await {
                let answer = data.to_ascii_uppercase();
                stream.send_data(answer.into(), false).expect("it is open");
            }
            stream.send_trailers(super::upstream::map(&[("grpc-status", "0")])).expect("it is open");
            false
        })
        .await;
        let proxied = Proxied::new(&upstream, Options::default()).await;
        let client = proxied.client().await;
        let mut call = client.open(BOTH, &[]);
        for step in &steps {
            match step {
                Step::Send(message) => call.send(message).await,
                Step::Recv(message) => assert_eq!(call.message().await.as_deref(), Some(*message)),
                Step::End => call.half_close(),
                Step::Fail(_) => unreachable!("nothing fails"),
            }
        }
        assert_eq!(call.all().await, (vec![], End::of("0", "")));
        assert_eq!(
            proxied.recorded().await,
            [
                format!("1 CREATE_STREAM {BOTH} -"),
                "2 SEND #1 google.pubsub.v1.StreamingPullRequest a".to_owned(),
                "3 RECV #1 google.pubsub.v1.StreamingPullResponse A".to_owned(),
                "4 SEND #1 google.pubsub.v1.StreamingPullRequest b".to_owned(),
                "5 RECV #1 google.pubsub.v1.StreamingPullResponse B".to_owned(),
                "6 RECV #1 end".to_owned(),
            ]
        );
    });
}

#[test]
fn nobody_knows_an_unknown_method() {
    bounded(async {
        let steps = [Step::Send(b"a"), Step::Recv(b"b"), Step::End];
        let upstream = serving(Recording::new().stream(UNKNOWN, &steps).unary("/test.Items/Put", b"c", Ok(b"d"))).await;
        let proxied = Proxied::new(&upstream.address, unary_of(&["Items/Pu*"])).await;
        let client = proxied.client().await;
        assert_eq!(client.unary(UNKNOWN, b"a").await.0, Some(b"b".to_vec()));
        for _ in 0..2 {
            client.unary("/test.Items/Put", b"c").await;
        }
        assert_eq!(
            proxied.events(),
            ["unknown: /test.Items/Get, unary: false", "unknown: /test.Items/Put, unary: true"]
        );
        let entries = proxied.recorded().await;
        assert_eq!(
            entries[..6],
            [
                format!("1 CREATE_STREAM {UNKNOWN} -"),
                "2 SEND #1 test.Items.Get.Request a".to_owned(),
                "3 RECV #1 test.Items.Get.Response b".to_owned(),
                "4 RECV #1 end".to_owned(),
                "5 REQUEST /test.Items/Put test.Items.Put.Request c".to_owned(),
                "6 RESPONSE #5 test.Items.Put.Response d".to_owned(),
            ]
        );
    });
}

/// What was recorded without descriptors becomes, with them, what would have been recorded with them; metadata, too.
#[test]
fn types_may_come_later() {
    bounded(async {
        let address = super::upstream::upstream(|mut call| async move {
            let body = call.read_all().await;
            let path = call.request.uri().path().to_owned();
            let mut stream = call.headers(200, &[super::upstream::GRPC, ("x-answer", "1")], false);
            let is_refused = body.ends_with(b"refused");
            if !is_refused {
                stream.send_data(framed(path.as_bytes()).into(), false).expect("it is open");
            }
            let status = if is_refused { "5" } else { "0" };
            let trailers = super::upstream::map(&[("grpc-status", status), ("x-cost", "7")]);
            stream.send_trailers(trailers).expect("it is open");
            false
        })
        .await;
        let mut recordings = Vec::new();
        for schema in [Schema::builtin(), Schema::builder().builtin(false).build()] {
            let folder = tempfile::TempDir::new().expect("a folder");
            let schema: &'static Schema = Box::leak(Box::new(schema));
            let recorder = Recorder::create(&folder.path().join("calls.replay"), Format::Binary, schema);
            let options = Options { extensions: true, ..Options::default() };
            let proxied = Proxied::with(&address, options, folder, Arc::new(recorder.expect("a file")), schema).await;
            let client = proxied.client().await;
            for method in [UNARY, UP, DOWN, BOTH] {
                for message in [b"a".as_slice(), b"refused"] {
                    client.unary_with(method, &[("x-trace", "8")], &framed(message)).await;
                }
            }
            recordings.push(proxied.file().await.1);
        }
        let schema = Schema::builtin();
        let read = |bytes: &[u8]| -> Vec<Entry> {
            let reader = Reader::new(bytes, &schema, ReadOptions::default()).expect("a recording");
            reader.map(|entry| entry.expect("an entry")).collect()
        };
        let (with, without) = (read(&recordings[0]), read(&recordings[1]));
        assert!(without.iter().all(|entry| !matches!(entry.kind(), Kind::Request | Kind::Response)));
        let mut survey = Survey::new(&schema);
        without.iter().for_each(|entry| survey.follow(entry));
        let mut retyping = survey.finish();
        let retyped: Vec<Entry> =
            without.iter().filter_map(|entry| retyping.retype(entry).expect("it can be numbered")).collect();
        // They were not made at the same time.
        let timeless = |entry: &Entry| {
            let noted = entry.extension().expect("each has one");
            assert!(noted.time.is_some());
            let entry = entry.with_extension(&Extension { time: None, ..noted }).expect("a short record");
            (entry.index(), entry.record().to_vec())
        };
        let (retyped, with): (Vec<_>, Vec<_>) =
            (retyped.iter().map(timeless).collect(), with.iter().map(timeless).collect());
        assert_eq!(retyped, with);
    });
}

/// A server may answer before it has read anything; a client in Go has noted what it sent before it gets to know.
#[test]
fn what_is_sent_once_is_there_though_nobody_reads_it() {
    bounded(async {
        let upstream = super::upstream::upstream(|mut call| async move {
            call.headers(200, &[super::upstream::GRPC, ("grpc-status", "12"), ("grpc-message", "no")], true);
            false
        })
        .await;
        let proxied = Proxied::new(&upstream, Options::default()).await;
        let client = proxied.client().await;
        for method in [UNARY, DOWN].repeat(20) {
            assert_eq!(client.unary(method, b"a").await, (None, End::of("12", "no")));
        }
        let entries = proxied.recorded().await;
        assert_eq!(entries.len(), 20 * 5);
        for (place, call) in entries.chunks(5).enumerate() {
            let (one, two) = (5 * place + 1, 5 * place + 3);
            assert_eq!(
                call,
                [
                    format!("{one} REQUEST {UNARY} google.pubsub.v1.Topic a"),
                    format!("{} RESPONSE #{one} error UNIMPLEMENTED: no", one + 1),
                    format!("{two} CREATE_STREAM {DOWN} -"),
                    format!("{} SEND #{two} google.firestore.v1.RunQueryRequest a", two + 1),
                    format!("{} RECV #{two} error UNIMPLEMENTED: no", two + 2),
                ]
            );
        }
    });
}

/// Each call keeps Go's rules while many run at once on several connections.
#[test]
fn many_calls_at_once_are_told_apart() {
    bounded(async {
        const CALLS: usize = 200;
        let recording = (0..CALLS).fold(Recording::new(), |recording, number| {
            let text = number.to_string();
            let steps = [Step::Send(text.as_bytes()), Step::Recv(text.as_bytes()), Step::End];
            recording.unary(UNARY, text.as_bytes(), Ok(text.as_bytes())).stream(DOWN, &steps)
        });
        let upstream = serving(recording).await;
        let options = Options { limits: Limits { max_connections: 4, ..Limits::default() }, ..Options::default() };
        let proxied = Proxied::new(&upstream.address, options).await;
        let mut running = tokio::task::JoinSet::new();
        for connection in 0..4 {
            let client = proxied.client().await;
            for number in (connection..CALLS).step_by(4) {
                let client = client.clone();
                running.spawn(async move {
                    let text = number.to_string();
                    for method in [UNARY, DOWN] {
                        let answer = client.unary(method, text.as_bytes()).await;
                        assert_eq!(answer, (Some(text.clone().into_bytes()), End::of("0", "")));
                    }
                });
            }
        }
        while let Some(done) = running.join_next().await {
            done.expect("no call goes wrong");
        }
        let entries = proxied.recorded().await;
        assert_eq!(entries.len(), CALLS * 6);
        // What was sent and received in a call is the same text.
        for entry in &entries {
            let mut words = entry.split(' ');
            let (number, kind, of) =
                (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next().unwrap_or(""));
            let first = if of.starts_with('#') { of.trim_start_matches('#') } else { number };
            if let (true, Some(text)) = (kind != "CREATE_STREAM" && !entry.ends_with(" end"), words.next_back()) {
                let others = entries.iter().filter(|other| {
                    other.contains(&format!(" #{first} ")) || other.starts_with(&format!("{first} REQUEST"))
                });
                let texts: Vec<&str> = others.filter_map(|other| other.split(' ').next_back()).collect();
                assert!(texts.iter().all(|other| *other == text || *other == "end"), "{entry}: {texts:?}");
            }
        }
    });
}
