//! The four kinds of calls, and how they end.

use std::time::Duration;

use rpcreplay::Schema;
use rpcreplay::schema::Code;
use rpcreplay::serve::{AnsweredBy, Options};
use tokio::time::{sleep, timeout};

use crate::client::{End, compressed, framed};
use crate::recording::{Recording, Step};
use crate::running::{Running, bounded};

const GET: &str = "/test.Items/Get";
const TALK: &str = "/test.Items/Talk";

/// NOT_FOUND, a message that needs encoding, and a detail.
const GONE: &[u8] = b"\x08\x05\x12\x06gone %\x1a\x03\x0a\x01t";

#[test]
fn unary_calls_answer_once_each() {
    bounded(async {
        let recording = Recording::new()
            .unary(GET, b"a", Ok(b"first"))
            .unary(GET, b"a", Ok(b"second"))
            .unary(GET, b"b", Err(GONE))
            .unary(GET, b"empty", Ok(b""));
        let server = Running::new(&recording.bytes(), Options::default()).await;
        let client = server.client().await;
        let ok = End::of("0", "");
        assert_eq!(client.unary(GET, b"a").await, (Some(b"first".to_vec()), ok));
        let gone = End("5".to_owned(), "gone %25".to_owned(), Some("CAUSBmdvbmUgJRoDCgF0".to_owned()));
        assert_eq!(client.unary(GET, b"b").await, (None, gone));
        assert_eq!(client.unary(GET, b"empty").await.0, Some(Vec::new()));
        assert_eq!(client.unary(GET, b"a").await.0, Some(b"second".to_vec()));
        let used = "every recorded call of /test.Items/Get that fits has answered already: #1 (has answered call 1), \
                    #3 (has answered call 4)";
        assert_eq!(client.unary(GET, b"a").await, (None, End::of("2", used)));
        let (_, End(code, message, _)) = client.unary("/test.Items/Gett", b"a").await;
        assert_eq!(code, "2");
        assert_eq!(message, "no recorded call is of /test.Items/Gett; there are calls of /test.Items/Get");
        let ended = server.ended(6).await;
        let told: Vec<_> = ended.iter().map(|ended| (ended.number, ended.code, ended.received, ended.sent)).collect();
        assert_eq!(told[..3], [(Some(1), Code::OK, 1, 1), (Some(2), Code::NOT_FOUND, 1, 0), (Some(3), Code::OK, 1, 1)]);
        assert!(matches!(&ended[1].answered_by, AnsweredBy::Recorded(call) if call.first.0 == 5), "{ended:?}");
        assert!(matches!(&ended[4].answered_by, AnsweredBy::Missed(miss) if miss.number == 5), "{ended:?}");
        server.stopped().await;
    });
}

#[test]
fn a_unary_call_has_one_message() {
    bounded(async {
        let server = Running::new(&Recording::new().unary(GET, b"a", Ok(b"b")).bytes(), Options::default()).await;
        let client = server.client().await;
        let end = |what: &str| End::of("12", &format!("{what}, expected the one of a unary call"));
        assert_eq!(client.unary_with(GET, &[], b"").await.1, end("request without a message"));
        let two = [framed(b"a"), framed(b"a")].concat();
        assert_eq!(client.unary_with(GET, &[], &two).await.1, end("request of more than one message"));
        assert_eq!(client.unary(GET, b"a").await.0, Some(b"b".to_vec()));
    });
}

#[test]
fn a_stream_answers_with_all_that_came() {
    bounded(async {
        let steps = [Step::Send(b"list"), Step::Recv(b"1"), Step::Recv(b"2"), Step::End];
        let server = Running::new(&Recording::new().stream(TALK, &steps).bytes(), Options::default()).await;
        let mut call = server.client().await.open(TALK, &[]);
        call.send(b"list").await;
        call.half_close();
        assert_eq!(call.all().await, (vec![b"1".to_vec(), b"2".to_vec()], End::of("0", "")));
    });
}

#[test]
fn a_stream_ends_when_as_much_was_sent() {
    bounded(async {
        let steps = [Step::Send(b"a"), Step::Recv(b"1"), Step::Send(b"b"), Step::Send(b"c"), Step::Fail(GONE)];
        let server = Running::new(&Recording::new().stream(TALK, &steps).bytes(), Options::default()).await;
        let mut call = server.client().await.open(TALK, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"1".to_vec()));
        call.send(b"b").await;
        let early = timeout(Duration::from_millis(100), call.message()).await;
        assert!(early.is_err(), "it goes on until all was sent: {early:?}");
        call.send(b"something else").await;
        assert_eq!(call.end().await.0, "5");
        assert_eq!(server.ended(1).await[0].received, 3);
    });
}

#[test]
fn a_client_stream_ends_with_its_response() {
    bounded(async {
        let import = "/interop.v1.Ledger/Import";
        let steps = [Step::Send(b""), Step::Send(b""), Step::Recv(b"\x08\x02")];
        let protoset = include_bytes!("../../data/ledger.protoset");
        let schema = Schema::builder().protoset("ledger", &protoset[..]).expect("a descriptor set").build();
        let recording = Recording::new().stream(import, &steps).bytes();
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Running::at(&address, schema, &recording, Options::default()).await;
        let mut call = server.client().await.open(import, &[]);
        call.send(b"").await;
        call.send(b"").await;
        assert_eq!(call.all().await, (vec![b"\x08\x02".to_vec()], End::of("0", "")));
    });
}

#[test]
fn a_stream_that_begins_with_an_answer_needs_no_message() {
    bounded(async {
        let steps = [Step::Recv(b"hello"), Step::Send(b"a"), Step::Recv(b"1"), Step::End];
        let server = Running::new(&Recording::new().stream(TALK, &steps).bytes(), Options::default()).await;
        let mut call = server.client().await.open(TALK, &[]);
        assert_eq!(call.message().await, Some(b"hello".to_vec()));
        call.send(b"a").await;
        assert_eq!(call.all().await, (vec![b"1".to_vec()], End::of("0", "")));
    });
}

#[test]
fn streams_are_chosen_by_their_first_message() {
    bounded(async {
        let recording = Recording::new()
            .stream(TALK, &[Step::Send(b"a"), Step::Recv(b"1"), Step::End])
            .stream(TALK, &[Step::Send(b"b"), Step::Recv(b"2"), Step::End]);
        let server = Running::new(&recording.bytes(), Options::default()).await;
        let client = server.client().await;
        let (mut one, mut two) = (client.open(TALK, &[]), client.open(TALK, &[]));
        two.send(b"b").await;
        assert_eq!(two.message().await, Some(b"2".to_vec()));
        // Nothing was sent, and nothing will be: the first that is left.
        one.half_close();
        assert_eq!(one.all().await, (vec![b"1".to_vec()], End::of("0", "")));
        let mut third = client.open(TALK, &[]);
        third.send(b"c").await;
        assert_eq!(third.end().await.0, "2");
    });
}

/// `google.pubsub.v1.Subscriber/StreamingPull` streams in both directions by its descriptor.
#[test]
fn a_server_stream_without_a_recorded_end_stays_open() {
    bounded(async {
        let pull = "/google.pubsub.v1.Subscriber/StreamingPull";
        let recording = Recording::new().stream(pull, &[Step::Send(b""), Step::Recv(b"")]);
        let recording = recording.stream(pull, &[Step::Send(b""), Step::Recv(b"")]);
        let server = Running::new(&recording.bytes(), Options::default()).await;
        let client = server.client().await;
        let mut call = client.open(pull, &[]);
        call.send(b"").await;
        assert_eq!(call.message().await, Some(Vec::new()));
        assert!(timeout(Duration::from_millis(100), call.message()).await.is_err(), "it stays open");
        call.half_close();
        assert_eq!(call.end().await, End::of("0", ""));
        let mut call = client.open(pull, &[("grpc-timeout", "1S")]);
        call.send(b"").await;
        let passed = End::of("4", "the deadline of the call has passed");
        assert_eq!(call.all().await, (vec![Vec::new()], passed));
    });
}

#[test]
fn the_deadline_ends_what_waits() {
    bounded(async {
        let recording = Recording::new().stream(TALK, &[Step::Send(b"a"), Step::End]).unary(GET, b"a", Ok(b"b"));
        let server = Running::new(&recording.bytes(), Options::default()).await;
        let client = server.client().await;
        let passed = End::of("4", "the deadline of the call has passed");
        for method in [TALK, GET] {
            let mut call = client.open(method, &[("grpc-timeout", "50m")]);
            assert_eq!(call.end().await, passed, "{method}");
        }
        let mut call = client.open(GET, &[("grpc-timeout", "soon")]);
        let message = "grpc-timeout: found `soon`, expected up to 8 digits and one of H, M, S, m, u, n";
        assert_eq!(call.end().await, End::of("13", message));
        assert_eq!(client.unary(GET, b"a").await.0, Some(b"b".to_vec()), "no recorded call was used up");
    });
}

#[test]
fn what_a_client_gives_up_ends() {
    bounded(async {
        let recording =
            Recording::new().stream(TALK, &[Step::Send(b"a"), Step::Recv(b"1"), Step::Send(b"b"), Step::End]);
        let server = Running::new(&recording.bytes(), Options::default()).await;
        let client = server.client().await;
        let mut call = client.open(TALK, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"1".to_vec()));
        drop(call);
        let waiting = client.open(TALK, &[]);
        sleep(Duration::from_millis(50)).await;
        drop(waiting);
        let ended = server.ended(2).await;
        assert_eq!(ended.iter().map(|ended| ended.code).collect::<Vec<_>>(), [Code::CANCELLED; 2]);
    });
}

#[test]
fn gzip_in_gzip_out() {
    bounded(async {
        let long = vec![b'x'; 100_000];
        let recording = Recording::new();
        let recording = (0..4).fold(recording, |recording, _| recording.unary(GET, &long, Ok(&long)));
        let server = Running::new(&recording.bytes(), Options::default()).await;
        let client = server.client().await;
        let gzip = ("grpc-encoding", "gzip");
        let accept = ("grpc-accept-encoding", "identity,gzip");
        for (headers, answered) in [(&[gzip, accept][..], true), (&[gzip], false), (&[accept], false)] {
            let mut call = client.open(GET, headers);
            let is_compressed = headers.contains(&gzip);
            call.send_wire(&if is_compressed { compressed(&long) } else { framed(&long) }).await;
            call.half_close();
            assert_eq!(call.headers().await.contains_key("grpc-encoding"), answered, "{headers:?}");
            assert_eq!(call.message().await.as_ref(), Some(&long), "{headers:?}");
            assert_eq!(call.end().await, End::of("0", ""), "{headers:?}");
        }
        let mut call = client.open(GET, &[("grpc-encoding", "snappy")]);
        assert_eq!(
            call.end().await,
            End::of("12", "grpc-encoding: found `snappy`, expected one of identity,gzip,deflate,zstd")
        );
        assert_eq!(
            call.headers().await.get("grpc-accept-encoding").expect("it says what it takes"),
            "identity,gzip,deflate,zstd"
        );
    });
}

#[test]
fn long_messages_pass() {
    bounded(async {
        let long: Vec<u8> = (0..20_000_000u32).map(|number| (number % 251) as u8).collect();
        let server = Running::new(&Recording::new().unary(GET, &long, Ok(&long)).bytes(), Options::default()).await;
        let (answer, end) = server.client().await.unary(GET, &long).await;
        assert_eq!((answer.as_deref() == Some(&long[..]), end), (true, End::of("0", "")));
    });
}

#[test]
fn a_real_recording_answers_itself() {
    bounded(async {
        let protoset = include_bytes!("../../data/ledger.protoset");
        let schema = Schema::builder().protoset("ledger", &protoset[..]).expect("a descriptor set").build();
        let recording = include_bytes!("../../data/ledger.replay");
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Running::at(&address, schema.clone(), recording, Options::default()).await;
        let client = server.client().await;
        let calls = crate::recording::calls(recording, &schema);
        assert!(calls.len() > 10, "{}", calls.len());
        for recorded in calls {
            let mut call = client.open(&recorded.method, &[]);
            for message in &recorded.sent {
                call.send(message).await;
            }
            call.half_close();
            let (received, End(code, ..)) = call.all().await;
            assert_eq!((received, code), (recorded.received, recorded.code), "#{} {}", recorded.first, recorded.method);
        }
    });
}
