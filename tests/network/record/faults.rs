//! What breaks the rules, or can't be recorded: nothing hangs, nothing panics, and what is in the file is lawful.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rpcreplay::Schema;
use rpcreplay::entry::Kind;
use rpcreplay::format::Format;
use rpcreplay::net::Limits;
use rpcreplay::proxy::Options;
use rpcreplay::replay::{NotRecorded, Recorder};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::proxied::{BOTH, DOWN, Proxied, UNARY};
use super::upstream::{GRPC, answering, echoing, upstream};
use crate::client::{End, framed};
use crate::running::bounded;

fn limited(max_message_bytes: usize) -> Options {
    Options { limits: Limits { max_message_bytes, ..Limits::default() }, ..Options::default() }
}

#[test]
fn what_is_no_message_ends_its_call_alone() {
    bounded(async {
        let address = answering(b"b").await;
        let proxied = Proxied::new(&address, limited(1000)).await;
        let client = proxied.client().await;
        let long = "message of 1001 bytes exceeds the limit of 1000, max_message_bytes";
        for (wire, code, message) in [
            (vec![9, 0, 0, 0, 0], "13", "message begins with byte 9, expected 0, or 1 if it is compressed"),
            (vec![0, 0, 0, 3, 0xe9], "8", long),
            (framed(&[0; 1001]), "8", long),
        ] {
            for method in [UNARY, DOWN, BOTH] {
                let (answer, end) = client.unary_with(method, &[], &wire).await;
                assert_eq!((answer, end), (None, End::of(code, message)), "{method}");
            }
        }
        assert_eq!(client.unary(UNARY, b"a").await, (Some(b"b".to_vec()), End::of("0", "")));
        let entries = proxied.recorded().await;
        // Of unary calls there is nothing that was a request.
        assert_eq!(entries.len(), 3 * 4 + 2, "{entries:#?}");
        assert_eq!(
            entries[1],
            "2 RECV #1 error INTERNAL: message begins with byte 9, expected 0, or 1 if it is compressed"
        );
        assert_eq!(entries[11], format!("12 RECV #11 error RESOURCE_EXHAUSTED: {long}"));
    });
}

#[test]
fn an_answer_that_is_too_long_ends_its_call() {
    bounded(async {
        let address = upstream(|mut call| async move {
            call.read_all().await;
            let mut stream = call.headers(200, &[GRPC], false);
            // It claims to be long, and never comes.
            stream.send_data(framed(b"ok").into(), false).expect("it is open");
            stream.send_data(vec![0, 0xff, 0xff, 0xff, 0xff].into(), false).expect("it is open");
            std::future::poll_fn(|context| stream.poll_reset(context)).await.is_err()
        })
        .await;
        let proxied = Proxied::new(&address, limited(1000)).await;
        let message = "message of 4294967295 bytes exceeds the limit of 1000, max_message_bytes";
        for method in [UNARY, DOWN] {
            let mut call = proxied.client().await.open(method, &[]);
            call.send(b"a").await;
            call.half_close();
            assert_eq!(call.all().await.1, End::of("8", message), "{method}");
        }
        let entries = proxied.recorded().await;
        assert_eq!(entries[1], format!("2 RESPONSE #1 error RESOURCE_EXHAUSTED: {message}"));
        assert_eq!(entries[5], format!("6 RECV #3 error RESOURCE_EXHAUSTED: {message}"));
    });
}

/// Whoever reads slowly holds back whoever writes, and no more than HTTP/2's windows is kept in between.
#[test]
fn a_slow_reader_holds_back_the_other_side() {
    bounded(async {
        const MESSAGE: usize = 1 << 16;
        /// More than all windows on the way together.
        const MOST: usize = 16 << 20;
        let sent = Arc::new(AtomicUsize::new(0));
        let count = sent.clone();
        let address = upstream(move |mut call| {
            let count = count.clone();
            async move {
                call.read().await;
                let mut stream = call.headers(200, &[GRPC], false);
                loop {
                    stream.reserve_capacity(MESSAGE + 5);
                    while stream.capacity() < MESSAGE + 5 {
                        let Some(Ok(_)) = std::future::poll_fn(|context| stream.poll_capacity(context)).await else {
                            return false;
                        };
                    }
                    stream.send_data(framed(&[0; MESSAGE]).into(), false).expect("it is open");
                    count.fetch_add(MESSAGE, Ordering::Relaxed);
                }
            }
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let mut call = proxied.client().await.open(DOWN, &[]);
        call.send(b"a").await;
        call.half_close();
        let _ = call.headers().await;
        let mut last = usize::MAX;
        while sent.load(Ordering::Relaxed) != last {
            last = sent.load(Ordering::Relaxed);
            sleep(Duration::from_millis(100)).await;
        }
        assert!((1..MOST).contains(&last), "{last} bytes were sent to nobody");
        for _ in 0..2 * MOST / MESSAGE {
            assert_eq!(call.message().await.map(|message| message.len()), Some(MESSAGE));
        }
        assert!(sent.load(Ordering::Relaxed) > MOST, "it goes on when somebody reads");
        drop(call);
        proxied.ended(1).await;
        assert!(proxied.recorded().await.last().expect("entries").ends_with("error CANCELLED: context canceled"));
    });
}

/// The same in the other direction.
#[test]
fn a_slow_server_holds_back_the_client() {
    bounded(async {
        const MOST: usize = 16 << 20;
        let address = upstream(|call| async move {
            let _call = call;
            std::future::pending::<()>().await;
            false
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let mut call = proxied.client().await.open(BOTH, &[]);
        let mut sent = 0;
        while timeout(Duration::from_millis(300), call.send(&[0; 1 << 16])).await.is_ok() {
            sent += 1 << 16;
            assert!(sent < MOST, "{sent} bytes were taken that nobody reads");
        }
        drop(call);
        proxied.ended(1).await;
        proxied.recorded().await;
    });
}

#[test]
fn resets_in_masses_leave_a_lawful_file() {
    bounded(async {
        let address = upstream(|mut call| async move {
            call.read().await;
            let mut stream = call.headers(200, &[GRPC], false);
            let _ = stream.send_data(framed(b"b").into(), false);
            std::future::poll_fn(|context| stream.poll_reset(context)).await.is_err()
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let client = proxied.client().await;
        for number in 0..300 {
            let method = [UNARY, DOWN, BOTH][number % 3];
            let mut call = client.open(method, &[]);
            match number % 4 {
                0 => call.send(b"a").await,
                1 => call.send_wire(b"\0\0\0\0\x09cut").await,
                2 => {
                    call.send(b"a").await;
                    let _ = call.message().await;
                }
                _ => {}
            }
        }
        while proxied.counts.open() > 0 || proxied.counts.recorded() < 75 {
            sleep(Duration::from_millis(5)).await;
        }
        // Reading it follows the rules of Go's replayer.
        let entries = proxied.recorded().await;
        let requests = entries.iter().filter(|entry| entry.contains(" REQUEST ")).count();
        let responses = entries.iter().filter(|entry| entry.contains(" RESPONSE ")).count();
        assert_eq!(requests, responses);
        assert!(requests >= 25, "{requests}");
    });
}

/// Nothing is passed on that is not in the file.
#[test]
fn a_disk_that_is_full_ends_the_proxy() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: there is no /dev/full");
        return;
    }
    bounded(async {
        let called = Arc::new(AtomicUsize::new(0));
        let count = called.clone();
        let address = upstream(move |mut call| {
            count.fetch_add(1, Ordering::Relaxed);
            async move {
                call.read_all().await;
                call.answer(&framed(b"b"), &[("grpc-status", "0")]);
                false
            }
        })
        .await;
        let schema: &'static Schema = Box::leak(Box::new(Schema::builtin()));
        let recorder =
            Arc::new(Recorder::create(Path::new("/dev/full"), Format::Binary, schema).expect("it can be opened"));
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("calls.replay"), b"RPCReplay\0\0\0\0").expect("it can be written");
        let proxied = Proxied::with(&address, Options::default(), folder, recorder, schema).await;
        let (_, end) = proxied.client().await.unary(UNARY, b"a").await;
        assert_eq!(end, End::of("13", "not recorded: No space left on device (os error 28)"));
        assert_eq!(proxied.events(), [format!("not recorded: {UNARY}: No space left on device (os error 28)")]);
        // It stops by itself.
        while tokio::net::TcpStream::connect(&proxied.address).await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
        let (result, _) = proxied.stopped().await;
        assert!(matches!(result, Err(NotRecorded::Write(_))), "{result:?}");
        assert_eq!(called.load(Ordering::Relaxed), 0, "the server was not called");
    });
}

/// What a rule refuses ends its call, for the client and in the recording.
#[test]
fn what_may_not_be_written_is_not() {
    bounded(async {
        let address = echoing().await;
        let folder = TempDir::new().expect("a folder");
        let schema: &'static Schema = Box::leak(Box::new(Schema::builtin()));
        let recorder = Recorder::create(&folder.path().join("calls.replay"), Format::Binary, schema).expect("a file");
        let recorder = recorder.before_write(Box::new(|entry, _| {
            let is_secret = entry.record().windows(6).any(|bytes| bytes == b"secret");
            let is_response = entry.kind() != Kind::Request;
            if is_secret && is_response { Err("nobody may see it".to_owned()) } else { Ok(entry.clone()) }
        }));
        let proxied = Proxied::with(&address, Options::default(), folder, Arc::new(recorder), schema).await;
        let client = proxied.client().await;
        let message = "not recorded: refused before it was written: nobody may see it";
        // A response is noted together with its status; a client of gRPC gives nobody the message of a call that has failed.
        assert_eq!(client.unary(UNARY, b"secret").await.1, End::of("13", message));
        assert_eq!(client.unary(BOTH, b"secret").await, (None, End::of("13", message)));
        assert_eq!(client.unary(UNARY, b"a").await, (Some(b"a".to_vec()), End::of("0", "")));
        assert_eq!(
            proxied.recorded().await,
            [
                format!("1 REQUEST {UNARY} google.pubsub.v1.Topic secret"),
                format!("2 RESPONSE #1 error INTERNAL: {message}"),
                format!("3 CREATE_STREAM {BOTH} -"),
                format!("4 RECV #3 error INTERNAL: {message}"),
                format!("5 REQUEST {UNARY} google.pubsub.v1.Topic a"),
                "6 RESPONSE #5 google.pubsub.v1.Topic a".to_owned(),
            ]
        );
    });
}

/// When a call has ended because of us, nothing of it passes any more, in neither direction.
#[test]
fn what_comes_behind_such_an_end_does_not_pass() {
    bounded(async {
        for refused in [Kind::Send, Kind::Recv] {
            let got = Arc::new(AtomicUsize::new(0));
            let count = got.clone();
            let address = upstream(move |mut call| {
                let count = count.clone();
                async move {
                    let mut stream = call.headers(200, &[GRPC], false);
                    while let Some(data) = call.read().await {
                        count.fetch_add(data.len(), Ordering::Relaxed);
                        // A word, and then more than that.
                        let _ = stream.send_data(framed(b"secret").into(), false);
                        let _ = stream.send_data(framed(b"more").into(), false);
                    }
                    false
                }
            })
            .await;
            let folder = TempDir::new().expect("a folder");
            let schema: &'static Schema = Box::leak(Box::new(Schema::builtin()));
            let recorder =
                Recorder::create(&folder.path().join("calls.replay"), Format::Binary, schema).expect("a file");
            let recorder = recorder.before_write(Box::new(move |entry, _| {
                let is_secret = entry.record().windows(6).any(|bytes| bytes == b"secret");
                if is_secret && entry.kind() == refused {
                    Err("nobody may see it".to_owned())
                } else {
                    Ok(entry.clone())
                }
            }));
            let proxied = Proxied::with(&address, Options::default(), folder, Arc::new(recorder), schema).await;
            let mut call = proxied.client().await.open(BOTH, &[]);
            call.send(b"first").await;
            if refused == Kind::Send {
                assert_eq!(call.message().await.as_deref(), Some(&b"secret"[..]));
                call.send(b"a secret").await;
            }
            let (messages, end) = call.all().await;
            assert_eq!(end, End::of("13", "not recorded: refused before it was written: nobody may see it"));
            assert!(messages.len() <= usize::from(refused == Kind::Send), "{messages:?}");
            for _ in 0..10 {
                call.send(b"behind the end").await;
            }
            drop(call);
            proxied.ended(1).await;
            let entries = proxied.recorded().await;
            assert_eq!(got.load(Ordering::Relaxed), framed(b"first").len(), "{entries:?}");
            assert!(entries.last().expect("entries").ends_with("nobody may see it"), "{entries:?}");
        }
    });
}
