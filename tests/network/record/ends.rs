//! How calls end, for the client and in the recording: errors, resets, servers that vanish, clients that leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use h2::Reason;
use rpcreplay::proxy::Options;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::proxied::{BOTH, DOWN, Proxied, UNARY, UP};
use super::upstream::{GRPC, map, upstream, waiting};
use crate::client::{End, framed};
use crate::running::bounded;

/// The entry that says how the only call of a recording ended.
fn last(entries: &[String]) -> &str {
    let last = entries.last().expect("there are entries");
    last.split_once("#1 ").expect("it is of the call").1
}

/// What a client that reads the wire sees of a reset, and what Go's client makes of it.
#[test]
fn a_reset_is_passed_on_as_it_was() {
    bounded(async {
        let cases = [
            (Reason::CANCEL, "error CANCELLED: stream terminated by RST_STREAM with error code: CANCEL"),
            (Reason::INTERNAL_ERROR, "error INTERNAL: stream terminated by RST_STREAM with error code: INTERNAL_ERROR"),
            (
                Reason::REFUSED_STREAM,
                "error UNAVAILABLE: stream terminated by RST_STREAM with error code: REFUSED_STREAM",
            ),
            (
                Reason::ENHANCE_YOUR_CALM,
                "error RESOURCE_EXHAUSTED: stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM",
            ),
        ];
        for (reason, words) in cases {
            for (method, is_answered) in
                [(UNARY, false), (UNARY, true), (DOWN, false), (DOWN, true), (BOTH, true), (UP, false)]
            {
                let address = upstream(move |mut call| async move {
                    call.read().await;
                    if is_answered {
                        let mut stream = call.headers(200, &[GRPC], false);
                        stream.send_data(framed(b"b").into(), false).expect("it is open");
                        // So that it is not forgotten for the reset.
                        sleep(Duration::from_millis(20)).await;
                        stream.send_reset(reason);
                    } else {
                        call.respond.send_reset(reason);
                    }
                    false
                })
                .await;
                let proxied = Proxied::new(&address, Options::default()).await;
                let mut call = proxied.client().await.open(method, &[]);
                call.send(b"a").await;
                assert_eq!(call.reset().await, Some(reason), "{method} {is_answered}");
                let entries = proxied.recorded().await;
                assert_eq!(last(&entries), words, "{method} {is_answered}");
            }
        }
    });
}

#[test]
fn a_server_that_vanishes_is_unavailable() {
    bounded(async {
        for (method, is_answered) in
            [(UNARY, false), (UNARY, true), (DOWN, false), (DOWN, true), (BOTH, true), (UP, false)]
        {
            let address = upstream(move |mut call| async move {
                call.read().await;
                if is_answered {
                    let mut stream = call.headers(200, &[GRPC], false);
                    stream.send_data(framed(b"b").into(), false).expect("it is open");
                    sleep(Duration::from_millis(20)).await;
                    std::mem::forget(stream);
                }
                call.keep();
                true
            })
            .await;
            let proxied = Proxied::new(&address, Options::default()).await;
            let mut call = proxied.client().await.open(method, &[]);
            call.send(b"a").await;
            let (messages, end) = call.all().await;
            assert_eq!((messages.len(), &*end.0), (usize::from(is_answered), "14"), "{method} {is_answered}");
            assert!(end.1.starts_with("error reading from server: "), "{end:?}");
            let entries = proxied.recorded().await;
            assert_eq!(last(&entries), format!("error UNAVAILABLE: {}", end.1));
        }
    });
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    bounded(async {
        let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port is free").local_addr().expect("it has one");
        let proxied = Proxied::new(&nobody.to_string(), Options::default()).await;
        let client = proxied.client().await;
        let message = format!("connection error: {nobody}: Connection refused (os error 111)");
        assert_eq!(client.unary(UNARY, b"a").await, (None, End::of("14", &message)));
        let mut call = client.open(BOTH, &[]);
        assert_eq!(call.all().await.1, End::of("14", &message));
        assert_eq!(
            proxied.recorded().await,
            [
                format!("1 REQUEST {UNARY} google.pubsub.v1.Topic a"),
                format!("2 RESPONSE #1 error UNAVAILABLE: {message}"),
                format!("3 CREATE_STREAM {BOTH} error UNAVAILABLE: {message}"),
            ]
        );
    });
}

/// The next call reaches the server that has come back.
#[test]
fn a_server_may_come_back() {
    bounded(async {
        let address = upstream(|mut call| async move {
            let is_last = call.read_all().await == framed(b"last");
            call.answer(&framed(b"b"), &[("grpc-status", "0")]);
            is_last
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let client = proxied.client().await;
        for _ in 0..10 {
            let _ = client.unary(UNARY, b"last").await;
            sleep(Duration::from_millis(20)).await;
            assert_eq!(client.unary(UNARY, b"a").await, (Some(b"b".to_vec()), End::of("0", "")));
        }
        assert_eq!(proxied.recorded().await.len(), 40);
    });
}

/// The server gets to know that the client is gone, and of what is recorded the code is the one that a client in Go has.
#[test]
fn a_client_that_leaves_has_cancelled() {
    bounded(async {
        for method in [UNARY, DOWN, BOTH, UP] {
            // The client's clock began earlier than the proxy's: a deadline may be met before it has passed for that.
            for (timeout, wait, words) in [
                (None, 0, "error CANCELLED: context canceled"),
                (Some("9S"), 0, "error CANCELLED: context canceled"),
                (Some("60m"), 60, "error DEADLINE_EXCEEDED: context deadline exceeded"),
                (Some("400m"), 360, "error DEADLINE_EXCEEDED: context deadline exceeded"),
            ] {
                let (address, mut told) = waiting().await;
                let proxied = Proxied::new(&address, Options::default()).await;
                let headers: Vec<_> = timeout.map(|timeout| ("grpc-timeout", timeout)).into_iter().collect();
                let client = proxied.client().await;
                let mut call = client.open(method, &headers);
                call.send(b"a").await;
                assert_eq!(told.recv().await, Some(None), "the server has the message");
                sleep(Duration::from_millis(wait)).await;
                drop(call);
                assert_eq!(told.recv().await, Some(Some(Reason::CANCEL)), "{method}");
                proxied.ended(1).await;
                let entries = proxied.recorded().await;
                assert_eq!(last(&entries), words, "{method} {timeout:?}");
            }
        }
    });
}

#[test]
fn a_connection_that_is_gone_has_cancelled_its_calls() {
    bounded(async {
        let (address, mut told) = waiting().await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime of its own, which takes the connection with it");
        let proxy = proxied.address.clone();
        let call = runtime.spawn(async move {
            let mut call = crate::client::Client::tcp(&proxy).await.open(BOTH, &[]);
            call.send(b"a").await;
            call
        });
        let call = call.await.expect("no panic");
        assert_eq!(told.recv().await, Some(None));
        runtime.shutdown_background();
        assert_eq!(told.recv().await, Some(Some(Reason::CANCEL)));
        proxied.ended(1).await;
        let entries = proxied.recorded().await;
        assert_eq!(last(&entries), "error CANCELLED: context canceled");
        std::mem::forget(call);
    });
}

/// What is no gRPC passes as it is, and is recorded as Go's client would tell it.
#[test]
fn what_is_no_grpc_is_what_grpc_makes_of_it() {
    bounded(async {
        /// A status of HTTP, headers, and what is recorded.
        type Case = (u16, &'static [(&'static str, &'static str)], &'static str);
        let cases: [Case; 3] = [
            (
                503,
                &[("content-type", "text/html")],
                "error UNAVAILABLE: unexpected HTTP status code received from server: 503 (Service Unavailable); transport: received \
                 unexpected content-type \"text/html\"",
            ),
            (
                404,
                &[],
                "error UNIMPLEMENTED: unexpected HTTP status code received from server: 404 (Not Found); malformed header: missing HTTP \
                 content-type",
            ),
            (200, &[GRPC], "error INTERNAL: server closed the stream without sending trailers"),
        ];
        for (status, headers, words) in cases {
            let address = upstream(move |mut call| async move {
                call.read_all().await;
                let mut stream = call.headers(status, headers, false);
                stream.send_data(framed(b"b").into(), true).expect("it is open");
                false
            })
            .await;
            let proxied = Proxied::new(&address, Options::default()).await;
            let mut call = proxied.client().await.open(UNARY, &[]);
            call.send(b"a").await;
            call.half_close();
            assert_eq!(call.try_headers().await, Some(status));
            let entries = proxied.recorded().await;
            assert_eq!(last(&entries), words);
        }
    });
}

/// Source: grpc-go's "cardinality violation".
#[test]
fn a_unary_call_has_one_answer() {
    bounded(async {
        let cases: [(&[&[u8]], &str); 3] = [
            (&[], "error INTERNAL: cardinality violation: received no response message from non-server-streaming RPC"),
            (
                &[b"a", b"b"],
                "error INTERNAL: cardinality violation: expected <EOF> for non server-streaming RPCs, but received another message",
            ),
            (&[b"a"], "google.pubsub.v1.Topic a"),
        ];
        for (messages, words) in cases {
            let address = upstream(move |mut call| async move {
                call.read_all().await;
                call.answer(
                    &messages.iter().flat_map(|message| framed(message)).collect::<Vec<_>>(),
                    &[("grpc-status", "0")],
                );
                false
            })
            .await;
            let proxied = Proxied::new(&address, Options::default()).await;
            let mut call = proxied.client().await.open(UNARY, &[]);
            call.send(b"a").await;
            call.half_close();
            assert_eq!(call.all().await.0.len(), messages.len(), "the client sees what the server does");
            assert_eq!(last(&proxied.recorded().await), words);
        }
    });
}

/// An error that comes behind a message is what the call failed with; of a stream that message was received.
#[test]
fn an_error_may_come_behind_a_message() {
    bounded(async {
        let address = upstream(|mut call| async move {
            call.read_all().await;
            let mut stream = call.headers(200, &[GRPC], false);
            stream.send_data(framed(b"b").into(), false).expect("it is open");
            stream.send_trailers(map(&[("grpc-status", "9"), ("grpc-message", "late")])).expect("it is open");
            false
        })
        .await;
        for (method, received) in [(UNARY, 1), (UP, 2), (DOWN, 3)] {
            let proxied = Proxied::new(&address, Options::default()).await;
            let mut call = proxied.client().await.open(method, &[]);
            call.send(b"a").await;
            call.half_close();
            assert_eq!(call.all().await, (vec![b"b".to_vec()], End::of("9", "late")));
            let entries = proxied.recorded().await;
            assert_eq!(last(&entries), "error FAILED_PRECONDITION: late");
            assert_eq!(entries.len(), received + 1, "{method}: {entries:?}");
        }
    });
}

/// A unary call and a stream that are open.
async fn held(grace: Duration) -> Proxied {
    let address = upstream(|mut call| async move {
        call.read().await;
        std::future::pending::<()>().await;
        false
    })
    .await;
    let limits = rpcreplay::net::Limits { grace, ..Default::default() };
    let proxied = Proxied::new(&address, Options { limits, ..Options::default() }).await;
    let client = proxied.client().await;
    let mut one = client.open(UNARY, &[]);
    one.send(b"a").await;
    proxied.entries(1).await;
    let mut two = client.open(BOTH, &[]);
    two.send(b"a").await;
    proxied.entries(3).await;
    // Nobody gives them up.
    std::mem::forget((one, two));
    proxied
}

/// Go's recorder, when it is closed, leaves streams without an end; a request without a response Go's replayer would refuse.
fn lawful_ends() -> [String; 4] {
    [
        format!("1 REQUEST {UNARY} google.pubsub.v1.Topic a"),
        format!("2 CREATE_STREAM {BOTH} -"),
        "3 SEND #2 google.pubsub.v1.StreamingPullRequest a".to_owned(),
        "4 RESPONSE #1 error UNAVAILABLE: the recording was stopped".to_owned(),
    ]
}

#[test]
fn what_is_open_at_the_end_is_lawful() {
    bounded(async {
        assert_eq!(held(Duration::from_millis(50)).await.recorded().await, lawful_ends());
    });
}

#[test]
fn what_is_open_when_it_ends_at_once_is_lawful() {
    bounded(async {
        // What ends first is a matter of chance.
        for _ in 0..20 {
            assert_eq!(held(Duration::from_secs(60)).await.dropped().await, lawful_ends());
        }
    });
}

/// Clients of gRPC send again, without a word, what a server has not looked at; what nobody is told is not recorded.
#[test]
fn what_a_server_refuses_unseen_is_sent_again() {
    bounded(async {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        let address = upstream(move |mut call| {
            let is_refused = count.fetch_add(1, Ordering::Relaxed) % 4 != 3;
            async move {
                if is_refused {
                    call.respond.send_reset(Reason::REFUSED_STREAM);
                } else {
                    let body = call.read_all().await;
                    call.answer(&body, &[("grpc-status", "0")]);
                }
                false
            }
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let client = proxied.client().await;
        for method in [UNARY, DOWN] {
            assert_eq!(client.unary(method, b"a").await, (Some(b"a".to_vec()), End::of("0", "")));
        }
        assert_eq!(calls.load(Ordering::Relaxed), 8);
        let entries = proxied.recorded().await;
        assert_eq!(entries.len(), 2 + 4, "{entries:?}");
    });
}

/// Only where headers are all that there is do they say how a call ended.
#[test]
fn a_status_in_front_of_messages_is_none() {
    bounded(async {
        let address = upstream(|mut call| async move {
            call.read_all().await;
            let mut stream = call.headers(200, &[GRPC, ("grpc-status", "5")], false);
            stream.send_data(framed(b"b").into(), false).expect("it is open");
            stream.send_trailers(map(&[("grpc-status", "0")])).expect("it is open");
            false
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let mut call = proxied.client().await.open(UNARY, &[]);
        call.send(b"a").await;
        call.half_close();
        assert_eq!(call.message().await, Some(b"b".to_vec()));
        assert_eq!(call.message().await, None);
        assert_eq!(call.trailers["grpc-status"], "0");
        assert_eq!(last(&proxied.recorded().await), "google.pubsub.v1.Topic b");
    });
}

/// Source: grpc-go, `decodeState`.
#[test]
fn trailers_need_not_say_how_a_call_ended() {
    bounded(async {
        let cases: [(&'static [(&str, &str)], &str); 2] = [
            (&[("x-cost", "7")], "error UNKNOWN: "),
            (&[("grpc-status", "five")], "error INTERNAL: transport: malformed grpc-status: `five`"),
        ];
        for (trailers, words) in cases {
            for is_all in [false, true] {
                let address = upstream(move |mut call| async move {
                    call.read_all().await;
                    if is_all {
                        call.headers(200, &[&[GRPC], trailers].concat(), true);
                    } else {
                        call.answer(b"", trailers);
                    }
                    false
                })
                .await;
                let proxied = Proxied::new(&address, Options::default()).await;
                let mut call = proxied.client().await.open(UNARY, &[]);
                call.send(b"a").await;
                call.half_close();
                let _ = call.headers().await;
                assert_eq!(call.message().await, None);
                assert_eq!(last(&proxied.recorded().await), words, "{is_all}");
            }
        }
    });
}
