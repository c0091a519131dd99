//! The command: what it writes, where it listens, how it stops.

use std::fs;
use std::time::{Duration, Instant};

use rpcreplay::entry::{Any, Entry, Kind, Payload};
use rpcreplay::format::Writer;
use rpcreplay::recording::Header;
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::time::sleep;

use crate::client::{Client, End};
use crate::process::{Process, over_tls, text};
use crate::recording::{Recording, Step};
use crate::running::bounded;

const GET: &str = "/test.Items/Get";
const TALK: &str = "/test.Items/Talk";

/// Serves a recording.
async fn serve(recording: &[u8], listen: Option<&str>, flags: &[&str]) -> Process {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("calls.replay"), recording).expect("it can be written");
    let listen = listen.unwrap_or("127.0.0.1:0");
    let arguments = [&["serve", "--no-config", "calls.replay", "--listen", listen], flags].concat();
    Process::new(folder, &arguments).await
}

/// The lines of a log, without how long calls took.
fn without_times(log: &str) -> Vec<String> {
    let line = |line: &str| match line.split_once(" ms") {
        Some((front, back)) => format!("{} ms{back}", front.rsplit_once(' ').map_or(front, |(front, _)| front)),
        None => line.to_owned(),
    };
    log.lines().map(line).collect()
}

/// More than a pipe holds, in long lines, and nobody reads them.
#[test]
fn nobody_who_does_not_read_holds_up_calls() {
    const CALLS: usize = 100;
    bounded(async {
        let method = format!("/test.Items/{}", "Long".repeat(1000));
        let recording = Recording::new().unary(&method, b"a", Ok(b"b")).bytes();
        let mut process = serve(&recording, None, &["--repeat", "always"]).await;
        let client = process.client().await;
        for _ in 0..CALLS {
            assert_eq!(client.unary(&method, b"a").await.1, End::of("0", ""));
        }
        process.signal("TERM");
        // It ends though nobody has read anything yet; what fits into the pipe is there.
        let mut child = process.child.take().expect("it runs");
        let status = tokio::task::spawn_blocking(move || (child.wait(), child.wait_with_output()));
        let (status, output) = status.await.expect("no panic");
        assert_eq!(status.expect("it ends").code(), Some(0));
        let lines = text(output.expect("its output").stdout).lines().count();
        assert!((1..CALLS).contains(&lines), "{lines}");
        // Whoever reads in time reads all.
        let process = serve(&recording, None, &["--repeat", "always"]).await;
        let client = process.client().await;
        for _ in 0..CALLS {
            client.unary(&method, b"a").await;
        }
        process.signal("TERM");
        let (code, out, _) = process.output().await;
        assert_eq!((code, out.lines().count()), (Some(0), CALLS));
    });
}

/// Answers come as late as they were recorded, counted from what stands in front of them; never before.
#[test]
fn answers_wait_as_long_as_they_took() {
    const STEP: Duration = Duration::from_millis(150);
    bounded(async {
        let steps = [Step::Recv(b"a"), Step::Send(b"b"), Step::Recv(b"c"), Step::Recv(b"d"), Step::End];
        let recording = Recording::new().noted_every(150).unary(GET, b"a", Ok(b"b")).stream(TALK, &steps).bytes();
        let process = serve(&recording, None, &["--timing", "--repeat", "always"]).await;
        let client = process.client().await;
        let begun = Instant::now();
        assert_eq!(client.unary(GET, b"a").await, (Some(b"b".to_vec()), End::of("0", "")));
        assert!(begun.elapsed() >= STEP);

        let begun = Instant::now();
        let mut talk = client.open(TALK, &[]);
        assert_eq!(talk.message().await.as_deref(), Some(&b"a"[..]));
        assert!(begun.elapsed() >= STEP);
        // What was received after something was sent waits for that.
        sleep(2 * STEP).await;
        let sent = Instant::now();
        talk.send(b"b").await;
        assert_eq!(talk.message().await.as_deref(), Some(&b"c"[..]));
        assert!(sent.elapsed() >= STEP);
        assert_eq!(talk.message().await.as_deref(), Some(&b"d"[..]));
        assert!(sent.elapsed() >= 2 * STEP);
        assert_eq!(talk.end().await, End::of("0", ""));
        assert!(sent.elapsed() >= 3 * STEP);

        // Or for that nothing is sent any more.
        let mut talk = client.open(TALK, &[]);
        talk.half_close();
        assert_eq!(talk.all().await, (vec![b"a".to_vec(), b"c".to_vec(), b"d".to_vec()], End::of("0", "")));
    });
}

#[test]
fn tells_of_calls_line_by_line() {
    bounded(async {
        let recording = Recording::new().unary(GET, b"a", Ok(b"b")).unary(GET, b"c", Ok(b"d"));
        let process = serve(&recording.bytes(), None, &["--require-all"]).await;
        let client = process.client().await;
        assert_eq!(client.unary(GET, b"a").await.1, End::of("0", ""));
        assert_eq!(client.unary("/\u{9b}2J/No", b"a").await.1.0, "2");
        process.signal("TERM");
        let (code, out, err) = process.output().await;
        let expected = [
            "1 /test.Items/Get OK calls.replay #1, 1 in, 1 out, ms",
            "2 /\\u009b2J/No UNKNOWN nothing, 0 in, 0 out, ms: no recorded call is of /\\u009b2J/No",
            "unused calls.replay #3 /test.Items/Get",
        ];
        assert_eq!((code, &without_times(&out)[..]), (Some(1), &expected.map(str::to_owned)[..]));
        assert!(err.contains("miss: call 2: no recorded call is of /\\u009b2J/No\n"), "{err}");
        assert!(err.ends_with("rpcreplay: 1 recorded calls have not answered\n"), "{err}");
    });
}

#[test]
fn tells_of_calls_as_json() {
    bounded(async {
        let recording = Recording::new().unary(GET, b"a", Ok(b"b"));
        let process = serve(&recording.bytes(), None, &["--log", "json", "--require-all"]).await;
        assert_eq!(process.client().await.unary(GET, b"a").await.1, End::of("0", ""));
        process.signal("INT");
        let (code, out, _) = process.output().await;
        let mut line: serde_json::Value = serde_json::from_str(&out).expect("a line of JSON");
        assert!(line["milliseconds"].take().as_f64().is_some_and(|time| time > 0.0));
        let expected = serde_json::json!({
            "number": 1, "method": GET, "status": "OK", "answered_by": "recording", "file": "calls.replay", "entry": 1,
            "received": 1, "sent": 1, "milliseconds": null,
        });
        assert_eq!((code, line), (Some(0), expected));
    });
}

#[test]
fn a_second_signal_ends_it_at_once() {
    bounded(async {
        let steps = [Step::Send(b"a"), Step::Recv(b"1"), Step::Send(b"b"), Step::End];
        let process = serve(&Recording::new().stream(TALK, &steps).bytes(), None, &[]).await;
        let mut call = process.client().await.open(TALK, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"1".to_vec()));
        process.signal("TERM");
        sleep(Duration::from_millis(200)).await;
        let begun = std::time::Instant::now();
        process.signal("TERM");
        assert_eq!(process.output().await.0, Some(0));
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    });
}

#[test]
fn listens_at_a_unix_socket() {
    bounded(async {
        let recording = Recording::new().unary(GET, b"a", Ok(b"b")).bytes();
        let process = serve(&recording, Some("unix:socket"), &[]).await;
        assert_eq!(process.address, "unix:socket");
        let stream = UnixStream::connect(process.path("socket")).await.expect("it listens");
        assert_eq!(Client::over(stream).await.unary(GET, b"a").await.0, Some(b"b".to_vec()));
        process.signal("TERM");
        let socket = process.path("socket");
        assert_eq!(process.output().await.0, Some(0));
        assert!(!socket.exists(), "the socket is removed");
    });
}

#[test]
fn makes_a_certificate_that_clients_can_trust() {
    bounded(async {
        let recording = Recording::new().unary(GET, b"a", Ok(b"b")).bytes();
        let process = serve(&recording, None, &["--tls-self-signed", "cert.pem"]).await;
        let client = over_tls(&process.address, &process.path("cert.pem")).await.expect("it is trusted");
        assert_eq!(client.unary(GET, b"a").await.0, Some(b"b".to_vec()));
        let other = serve(&recording, None, &["--tls-self-signed", "cert.pem"]).await;
        assert!(over_tls(&process.address, &other.path("cert.pem")).await.is_err(), "another one is not");
        process.signal("TERM");
        let (code, _, err) = process.output().await;
        assert_eq!(code, Some(0));
        assert!(err.contains("connection from 127.0.0.1:"), "{err}");
    });
}

#[test]
fn takes_a_certificate_and_its_key() {
    bounded(async {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let folder = TempDir::new().expect("a folder");
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        fs::write(&certificate, made.cert.pem()).expect("it can be written");
        fs::write(&key, made.signing_key.serialize_pem()).expect("it can be written");
        let flags = ["--tls-cert", certificate.to_str().expect("UTF-8"), "--tls-key", key.to_str().expect("UTF-8")];
        let recording = Recording::new().unary(GET, b"a", Ok(b"b")).bytes();
        let process = serve(&recording, None, &flags).await;
        let client = over_tls(&process.address, &certificate).await.expect("it is trusted");
        assert_eq!(client.unary(GET, b"a").await.0, Some(b"b".to_vec()));
    });
}

/// A recording of a request whose secret was replaced answers a program that sends the secret.
#[test]
fn redacts_requests_before_it_matches_them() {
    bounded(async {
        let get = "/google.cloud.secretmanager.v1.SecretManagerService/GetSecret";
        let request = |name: &str| [b"\x0a", &[name.len() as u8][..], name.as_bytes()].concat();
        let redacted = request("REDACTED");
        let url = "type.googleapis.com/google.cloud.secretmanager.v1.GetSecretRequest";
        let any = Payload::Message(Any { type_url: url, value: &redacted });
        let mut writer = Writer::binary(Vec::new(), &Header::new("")).expect("a Vec takes all");
        for (kind, method, first) in [(Kind::Request, get, 0), (Kind::Response, "", 1)] {
            writer.write(&Entry::encode(kind, method, any, first).expect("an entry")).expect("a Vec takes all");
        }
        let recording = writer.finish().expect("a Vec takes all");
        let flags = ["--redact", "request:name=replace:REDACTED"];
        let process = serve(&recording, None, &flags).await;
        let (answer, end) = process.client().await.unary(get, &request("projects/real")).await;
        assert_eq!((answer, end), (Some(redacted), End::of("0", "")));
    });
}

#[test]
fn explains_what_differs_and_ignores_it_on_demand() {
    bounded(async {
        let secrets = include_bytes!("../../data/secrets.replay");
        let get = "/google.cloud.secretmanager.v1.SecretManagerService/GetSecret";
        let request = b"\x0a\x08projects";
        let process = serve(secrets, None, &[]).await;
        assert_eq!(process.client().await.unary(get, request).await.1.0, "2");
        process.signal("TERM");
        let (_, _, err) = process.output().await;
        assert!(err.contains("says the same\n  #9\n"), "{err}");
        let value = "request:name: \"projects/demo/secrets/weather-api-key\" was recorded, \"projects\" was sent\n";
        assert!(err.contains(value), "{err}");
        assert!(err.contains("hint: if they may differ: --ignore 'request:name'\n"), "{err}");
        let process = serve(secrets, None, &["--ignore", "request:name"]).await;
        assert_eq!(process.client().await.unary(get, request).await.1.0, "5", "the first recorded one was not found");
    });
}
