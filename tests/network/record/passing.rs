//! What passes through stays as it was.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use rpcreplay::Schema;
use rpcreplay::extension::{Metadatum, Time};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::proxy::Options;
use tokio::time::sleep;

use super::proxied::{BOTH, DOWN, Proxied, UNARY, UP};
use super::upstream::{GRPC, map, upstream, upstream_with};
use crate::client::{Client, End, compressed, framed, with_prefix};
use crate::running::bounded;

/// What the server has got: headers and bytes.
type Got = Arc<Mutex<Vec<(hyper::HeaderMap, Vec<u8>)>>>;

/// A server that answers with these headers, bytes and trailers.
async fn noting(headers: &'static [(&str, &str)], wire: Vec<u8>, trailers: &'static [(&str, &str)]) -> (String, Got) {
    let got = Got::default();
    let note = got.clone();
    let address = upstream(move |mut call| {
        let (note, wire) = (note.clone(), wire.clone());
        async move {
            let body = call.read_all().await;
            note.lock().expect("no panic").push((call.request.headers().clone(), body));
            let headers = [&[GRPC], headers].concat();
            let mut stream = call.headers(200, &headers, false);
            stream.send_data(wire.into(), false).expect("it is open");
            stream.send_trailers(map(trailers)).expect("it is open");
            false
        }
    })
    .await;
    (address, got)
}

#[test]
fn metadata_passes_both_ways() {
    bounded(async {
        let headers = &[("x-answer", "1"), ("x-answer", "2"), ("date", "yesterday"), ("x-bin", "AAE")];
        let trailers = &[("grpc-status", "0"), ("x-cost", "7"), ("grpc-message", "fine%20")];
        let (address, got) = noting(headers, framed(b"b"), trailers).await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let sent = [
            ("authorization", "Bearer token"),
            ("x-two", "1"),
            ("x-two", "2"),
            ("grpc-timeout", "9S"),
            ("user-agent", "test/1"),
            ("grpc-accept-encoding", "gzip, snappy"),
            ("x-data-bin", "AAEC"),
        ];
        let mut call = proxied.client().await.open(UNARY, &sent);
        call.send(b"a").await;
        call.half_close();
        let answered = call.headers().await;
        assert_eq!(call.all().await, (vec![b"b".to_vec()], End::of("0", "fine%20")));
        let list = |map: &hyper::HeaderMap| -> Vec<String> {
            let mut all: Vec<String> =
                map.iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII"))).collect();
            all.sort();
            all
        };
        assert_eq!(
            list(&answered),
            ["content-type: application/grpc", "date: yesterday", "x-answer: 1", "x-answer: 2", "x-bin: AAE"]
        );
        assert_eq!(list(&call.trailers), ["grpc-message: fine%20", "grpc-status: 0", "x-cost: 7"]);
        let (headers, body) = got.lock().expect("no panic")[0].clone();
        assert_eq!(
            list(&headers),
            [
                "authorization: Bearer token",
                "content-type: application/grpc",
                // What can't be recorded is not asked for.
                "grpc-accept-encoding: gzip",
                "grpc-timeout: 9S",
                "te: trailers",
                "user-agent: test/1",
                "x-data-bin: AAEC",
                "x-two: 1",
                "x-two: 2",
            ]
        );
        assert_eq!(body, framed(b"a"));
    });
}

#[test]
fn messages_stay_compressed_as_they_were() {
    bounded(async {
        let long = vec![b'x'; 100_000];
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(&long).expect("a Vec takes all");
        let deflated = with_prefix(1, &zlib.finish().expect("a Vec takes all"));
        let zstd = with_prefix(1, &zstd::encode_all(&long[..], 1).expect("a Vec takes all"));
        let cases = [("gzip", compressed(&long)), ("deflate", deflated), ("zstd", zstd), ("identity", framed(&long))];
        for (encoding, wire) in cases {
            let headers: &'static [(&str, &str)] = Box::leak(Box::new([("grpc-encoding", encoding)]));
            let (address, got) = noting(headers, wire.clone(), &[("grpc-status", "0")]).await;
            let proxied = Proxied::new(&address, Options::default()).await;
            let mut call = proxied.client().await.open(UNARY, &[("grpc-encoding", encoding)]);
            call.send_wire(&wire).await;
            call.half_close();
            assert_eq!(call.headers().await["grpc-encoding"], encoding);
            assert_eq!(call.wire().await, wire, "{encoding}");
            let (headers, body) = got.lock().expect("no panic")[0].clone();
            assert!(headers["grpc-encoding"] == encoding && body == wire, "{encoding}");
            let entries = proxied.recorded().await;
            let message = "google.pubsub.v1.Topic 100000 bytes";
            assert_eq!(
                entries,
                [format!("1 REQUEST {UNARY} {message}"), format!("2 RESPONSE #1 {message}")],
                "{encoding}"
            );
        }
    });
}

#[test]
fn what_nobody_could_open_is_refused() {
    bounded(async {
        let (address, got) = noting(&[("grpc-encoding", "snappy")], framed(b"b"), &[("grpc-status", "0")]).await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let client = proxied.client().await;
        let expected = "expected one of identity,gzip,deflate,zstd";
        let message = format!("grpc-encoding: found `snappy`, {expected}");
        let answer = client.unary_with(UNARY, &[("grpc-encoding", "snappy")], &framed(b"a")).await;
        assert_eq!(answer, (None, End::of("12", &message)));
        assert!(got.lock().expect("no panic").is_empty(), "the server was not called");
        assert_eq!(client.unary(UNARY, b"a").await, (None, End::of("13", &message)));
        let entries = proxied.recorded().await;
        assert_eq!(entries[1..], [format!("2 RESPONSE #1 error INTERNAL: {message}")]);
    });
}

#[test]
fn long_messages_pass() {
    bounded(async {
        let long = vec![7; 20_000_000];
        let address = upstream(|mut call| async move {
            let body = call.read_all().await;
            let mut stream = call.headers(200, &[GRPC], false);
            let mut rest = Bytes::from(body);
            while !rest.is_empty() {
                stream.reserve_capacity(rest.len());
                let capacity = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
                let capacity = capacity.expect("it is open").expect("it is open").min(rest.len());
                stream.send_data(rest.split_to(capacity), false).expect("it is open");
            }
            stream.send_trailers(map(&[("grpc-status", "0")])).expect("it is open");
            false
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let client = proxied.client().await;
        assert_eq!(client.unary(UNARY, &long).await.0.map(|answer| answer == long), Some(true));
        let mut call = client.open(BOTH, &[]);
        call.send(&long).await;
        call.half_close();
        assert_eq!(call.all().await.0.len(), 1);
        let entries = proxied.recorded().await;
        assert_eq!(entries.len(), 6);
        assert_eq!(entries[1], "2 RESPONSE #1 google.pubsub.v1.Topic 20000000 bytes");
    });
}

/// What passed in front of messages and behind them stands beside the entries, and no secret does.
#[test]
fn metadata_is_noted_on_demand() {
    bounded(async {
        let (address, _) =
            noting(&[("x-answer", "1"), ("set-cookie", "a")], framed(b"b"), &[("grpc-status", "0"), ("x-cost", "7")])
                .await;
        let proxied = Proxied::new(&address, Options { extensions: true, ..Options::default() }).await;
        let client = proxied.client().await;
        let sent = [("authorization", "Bearer token"), ("x-trace-bin", "AAE="), ("x-request", "7")];
        let before = std::time::SystemTime::now();
        for method in [UNARY, DOWN, UP, BOTH] {
            assert_eq!(client.unary_with(method, &sent, &framed(b"a")).await.0, Some(b"b".to_vec()));
        }
        let (result, recording) = proxied.file().await;
        result.expect("everything was written");
        let schema = Schema::builtin();
        let reader = Reader::new(&recording[..], &schema, ReadOptions::default()).expect("a recording");
        let mut last: Time = before.try_into().expect("it is now");
        let mut beside = Vec::new();
        for entry in reader {
            let entry = entry.expect("an entry");
            let extension = entry.extension().expect("each has one");
            let time = extension.time.expect("each has one");
            assert!(time >= last, "time goes on");
            last = time;
            let words = |list: &[Metadatum]| -> Vec<String> {
                list.iter().map(|one| format!("{}={}", one.key, String::from_utf8_lossy(&one.value))).collect()
            };
            beside.push(format!("{} {:?} {:?}", entry.kind(), words(&extension.headers), words(&extension.trailers)));
        }
        let sent = r#"["x-trace-bin=\0\u{1}", "x-request=7"] []"#;
        let (answered, cost, none) = (r#"["x-answer=1"]"#, r#"["x-cost=7"]"#, "[] []");
        assert_eq!(
            beside,
            [
                format!("REQUEST {sent}"),
                format!("RESPONSE {answered} {cost}"),
                format!("CREATE_STREAM {sent}"),
                format!("SEND {none}"),
                format!("RECV {answered} []"),
                format!("RECV [] {cost}"),
                format!("CREATE_STREAM {sent}"),
                format!("SEND {none}"),
                format!("RECV {answered} {cost}"),
                format!("CREATE_STREAM {sent}"),
                format!("SEND {none}"),
                format!("RECV {answered} []"),
                format!("RECV [] {cost}"),
            ]
        );
    });
}

/// h2 ends a connection where small frames wait that it has counted too many of.
#[test]
fn any_number_of_small_messages_waits_for_a_slow_client() {
    const MESSAGES: usize = 20_000;
    bounded(async {
        let address = upstream(|mut call| async move {
            call.read_all().await;
            let mut stream = call.headers(200, &[GRPC], false);
            for _ in 0..MESSAGES {
                stream.send_data(framed(b"m").into(), false).expect("it is open");
            }
            stream.send_trailers(map(&[("grpc-status", "0")])).expect("it is open");
            false
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let mut call = Client::with_window(&proxied.address, 1000).await.open(DOWN, &[]);
        call.send(b"").await;
        call.half_close();
        call.headers().await;
        // All that the client does not take has come to the proxy by then.
        sleep(Duration::from_millis(500)).await;
        let (messages, end) = call.all().await;
        assert_eq!((messages.len(), end), (MESSAGES, End::of("0", "")));
    });
}

#[test]
fn a_server_that_takes_few_calls_at_once_refuses_none() {
    bounded(async {
        let mut builder = h2::server::Builder::new();
        builder.max_concurrent_streams(2);
        let address = upstream_with(builder, |mut call| async move {
            call.read_all().await;
            call.answer(&framed(b"b"), &[("grpc-status", "0")]);
            false
        })
        .await;
        let proxied = Proxied::new(&address, Options::default()).await;
        let client = proxied.client().await;
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.unary(UNARY, b"a").await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.expect("no panic"), (Some(b"b".to_vec()), End::of("0", "")));
        }
        assert_eq!(proxied.recorded().await.len(), 100);
    });
}
