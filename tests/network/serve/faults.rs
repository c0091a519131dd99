//! What breaks the rules, or comes in masses: nothing hangs, nothing panics, and others are served as before.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rpcreplay::net::Limits;
use rpcreplay::schema::Code;
use rpcreplay::serve::{Event, Options};
use tokio::time::{sleep, timeout};

use crate::client::{End, compressed, framed, with_prefix};
use crate::recording::{Recording, Step};
use crate::running::{Running, bounded};

const GET: &str = "/test.Items/Get";
const TALK: &str = "/test.Items/Talk";

/// What a server answers that is as well as before.
async fn assert_well(server: &Running) {
    let answer = timeout(Duration::from_secs(10), async { server.client().await.unary(GET, b"well").await });
    assert_eq!(answer.await.expect("it answers in time"), (Some(b"yes".to_vec()), End::of("0", "")));
}

fn recording() -> Recording {
    (0..3).fold(Recording::new(), |recording, _| recording.unary(GET, b"well", Ok(b"yes")))
}

#[test]
fn lengths_that_lie() {
    bounded(async {
        let options = limited(1000);
        let server = Running::new(&recording().bytes(), options).await;
        let client = server.client().await;
        let gzip = &[("grpc-encoding", "gzip")][..];
        let no_headers = &[][..];
        let table = [
            (
                no_headers,
                vec![0, 0xff, 0xff, 0xff, 0xff],
                "8",
                "message of 4294967295 bytes exceeds the limit of 1000, max_message_bytes",
            ),
            (no_headers, framed(&[0; 1001]), "8", "message of 1001 bytes exceeds the limit of 1000, max_message_bytes"),
            (gzip, compressed(&[0; 1001]), "8", "has more than 1000 bytes when it is open, max_message_bytes"),
            (gzip, with_prefix(1, b"this is no gzip at all"), "13", "message claims to be gzip: invalid gzip header"),
            (no_headers, vec![0, 0, 0, 0, 100, 1, 2], "13", "it ends inside a message: 7 bytes of 105"),
            (no_headers, compressed(b"well"), "13", "message is compressed, but there is no grpc-encoding"),
            (no_headers, vec![9, 0, 0, 0, 0], "13", "message begins with byte 9, expected 0, or 1 if it is compressed"),
        ];
        for (headers, wire, code, message) in table {
            let (answer, end) = client.unary_with(GET, headers, &wire).await;
            assert_eq!((answer, &*end.0), (None, code), "{message}");
            assert!(end.1.ends_with(message), "{}, expected {message}", end.1);
        }
        // The connection has not suffered.
        assert_eq!(client.unary(GET, b"well").await.0, Some(b"yes".to_vec()));
    });
}

#[test]
fn a_client_that_does_not_read_stops_nobody() {
    bounded(async {
        let long = vec![1; 1_000_000];
        let steps: Vec<Step<'_>> =
            [Step::Send(b"a")].into_iter().chain((0..50).map(|_| Step::Recv(&long))).chain([Step::End]).collect();
        let server = Running::new(&recording().stream(TALK, &steps).bytes(), Options::default()).await;
        let client = server.client().await;
        let mut slow = client.open(TALK, &[]);
        slow.send(b"a").await;
        let _ = slow.headers().await;
        sleep(Duration::from_millis(200)).await;
        assert_well(&server).await;
        // What was sent waits for it.
        let (messages, end) = slow.all().await;
        assert_eq!((messages.len(), end), (50, End::of("0", "")));
    });
}

#[test]
fn resets_in_the_middle() {
    bounded(async {
        let long = vec![1; 100_000];
        let steps = [Step::Send(b"a"), Step::Recv(&long), Step::Recv(&long), Step::Send(b"b"), Step::End];
        let recording = (0..100).fold(recording(), |recording, _| recording.stream(TALK, &steps));
        let server = Running::new(&recording.bytes(), Options::default()).await;
        let client = server.client().await;
        for number in 0..100 {
            let mut call = client.open(TALK, &[]);
            call.send(b"a").await;
            match number % 3 {
                0 => drop(call.headers().await),
                1 => drop(call.message().await),
                _ => call.send_wire(b"\0\0\0\0\x09cut").await,
            }
        }
        let ended = server.ended(100).await;
        assert!(ended.iter().all(|ended| ended.code == Code::CANCELLED), "{ended:?}");
        assert_well(&server).await;
    });
}

#[test]
fn connections_that_break_off() {
    bounded(async {
        let server = Running::new(&recording().bytes(), Options::default()).await;
        for number in 0..2000 {
            let mut stream = TcpStream::connect(&server.address).expect("it listens");
            match number % 4 {
                0 => {}
                1 => drop(stream.write_all(b"GET / HTTP/1.1\r\n\r\n")),
                2 => drop(stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")),
                _ => drop(stream.write_all(&[0xff; 100])),
            }
        }
        assert_well(&server).await;
    });
}

#[test]
fn what_is_no_http_2_is_let_go() {
    bounded(async {
        let server = Running::new(&recording().bytes(), Options::default()).await;
        let address = server.address.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).expect("it listens");
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
            stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it takes bytes");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).map(|_| answer)
        });
        // Whether it says goodbye or resets, it does not wait.
        let _ = read.await.expect("no panic");
        let events = server.stopped().await;
        assert!(matches!(&events[..], [Event::Refused { why, .. }] if why.starts_with("http2 error")), "{events:?}");
    });
}

#[test]
fn connections_that_say_nothing_are_let_go() {
    bounded(async {
        let options = limits(Limits { handshake: Duration::from_millis(50), ..Limits::default() });
        let server = Running::new(&recording().bytes(), options).await;
        let mut silent = TcpStream::connect(&server.address).expect("it listens");
        silent.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let read = tokio::task::spawn_blocking(move || silent.read(&mut [0]).ok()).await;
        assert_eq!(read.expect("no panic"), Some(0), "it is closed");
        let events = server.stopped().await;
        let expected = "nothing of HTTP/2 within 50ms, handshake";
        assert!(matches!(&events[..], [Event::Refused { why, .. }] if why == expected), "{events:?}");
    });
}

#[test]
fn a_server_that_stops_does_not_wait_for_those_who_say_nothing() {
    bounded(async {
        let server = Running::new(&recording().bytes(), Options::default()).await;
        let _silent = TcpStream::connect(&server.address).expect("it listens");
        sleep(Duration::from_millis(50)).await;
        let begun = Instant::now();
        assert_eq!(server.stopped().await, []);
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    });
}

#[test]
fn headers_have_a_limit() {
    bounded(async {
        let server = Running::new(&recording().bytes(), Options::default()).await;
        let client = server.client().await;
        let long = "x".repeat(1000);
        let names: Vec<String> = (0..100).map(|number| format!("x-{number}")).collect();
        let headers: Vec<(&str, &str)> = names.iter().map(|name| (&**name, &*long)).collect();
        let mut call = client.open(GET, &headers);
        let answer = timeout(Duration::from_secs(10), call.try_headers()).await.expect("it answers");
        assert!(answer.is_none_or(|status| status == 431), "{answer:?}");
        assert_well(&server).await;
    });
}

#[test]
fn connections_have_a_limit() {
    bounded(async {
        let options = limits(Limits { max_connections: 1, ..Limits::default() });
        let server = Running::new(&recording().bytes(), options).await;
        let client = server.client().await;
        assert_eq!(client.unary(GET, b"well").await.0, Some(b"yes".to_vec()));
        let mut second = TcpStream::connect(&server.address).expect("the system takes it");
        second.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        assert_eq!(second.read(&mut [0]).ok(), Some(0), "it is closed at once");
        assert_eq!(client.unary(GET, b"well").await.0, Some(b"yes".to_vec()));
        drop(client);
        let events = server.stopped().await;
        let refused = |event: &Event| matches!(event, Event::Refused { why, .. } if why == "the limit of 1 connections, max_connections");
        assert!(events.iter().any(refused), "{events:?}");
    });
}

#[test]
fn what_is_no_call_is_refused() {
    bounded(async {
        let server = Running::new(&recording().bytes(), Options::default()).await;
        let client = server.client().await;
        for (method, content_type, status) in [
            ("GET", "application/grpc", 405),
            ("POST", "application/json", 415),
            ("POST", "application/grpc-web", 415),
            ("POST", "application/grpc+proto", 200),
        ] {
            assert_eq!(client.status(method, content_type).await, status, "{method} {content_type}");
        }
    });
}

#[test]
fn a_server_that_stops_lets_calls_end() {
    bounded(async {
        let steps = [Step::Send(b"a"), Step::Recv(b"1"), Step::Send(b"b"), Step::End];
        let mut server = Running::new(&recording().stream(TALK, &steps).bytes(), Options::default()).await;
        let client = server.client().await;
        let mut call = client.open(TALK, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"1".to_vec()));
        server.stop();
        sleep(Duration::from_millis(50)).await;
        assert!(tokio::net::TcpStream::connect(&server.address).await.is_err(), "nobody listens");
        call.send(b"b").await;
        assert_eq!(call.end().await, End::of("0", ""));
        let begun = Instant::now();
        server.stopped().await;
        assert!(begun.elapsed() < Duration::from_secs(3), "it waits for nothing: {:?}", begun.elapsed());
    });
}

#[test]
fn a_server_that_stops_does_not_wait_for_ever() {
    bounded(async {
        let options = limits(Limits { grace: Duration::from_millis(100), ..Limits::default() });
        let steps = [Step::Send(b"a"), Step::Recv(b"1"), Step::Send(b"b"), Step::End];
        let mut server = Running::new(&recording().stream(TALK, &steps).bytes(), options).await;
        let mut call = server.client().await.open(TALK, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"1".to_vec()));
        server.stop();
        assert_eq!(call.end().await, End::of("14", "the server is stopping"));
        let events = server.stopped().await;
        assert!(matches!(&events[..], [Event::Ended(ended)] if ended.code == Code::UNAVAILABLE), "{events:?}");
    });
}

fn limited(max_message_bytes: usize) -> Options {
    limits(Limits { max_message_bytes, ..Limits::default() })
}

fn limits(limits: Limits) -> Options {
    Options { limits, ..Options::default() }
}
