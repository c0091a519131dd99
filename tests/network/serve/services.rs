//! What a server says of itself, and what another one says in its place.

use std::time::Duration;

use prost::Message;
use prost_types::FileDescriptorProto;
use rpcreplay::Schema;
use rpcreplay::net::Upstream;
use rpcreplay::schema::Code;
use rpcreplay::serve::{AnsweredBy, OnMiss, Options};
use tokio::time::timeout;

use crate::client::{End, compressed};
use crate::recording::{Recording, Step};
use crate::running::{Running, bounded};

const GET: &str = "/test.Items/Get";
const TALK: &str = "/test.Items/Talk";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const SERVING: &[u8] = b"\x08\x01";

#[test]
fn says_that_it_is_well() {
    bounded(async {
        let server = Running::new(&Recording::new().unary(GET, b"a", Ok(b"b")).bytes(), Options::default()).await;
        let client = server.client().await;
        let serving = (Some(SERVING.to_vec()), End::of("0", ""));
        assert_eq!(client.unary(CHECK, b"").await, serving);
        assert_eq!(client.unary(CHECK, b"\x0a\x0atest.Items").await, serving);
        let unknown = End::of("5", "no recorded call is of a service `other`");
        assert_eq!(client.unary(CHECK, b"\x0a\x05other").await, (None, unknown));
        let mut watch = client.open("/grpc.health.v1.Health/Watch", &[]);
        watch.send(b"").await;
        watch.half_close();
        assert_eq!(watch.message().await, Some(SERVING.to_vec()));
        assert!(timeout(Duration::from_millis(50), watch.message()).await.is_err(), "it stays open");
        let ended = server.ended(3).await;
        assert!(
            ended.iter().all(|ended| ended.number.is_none() && ended.answered_by == AnsweredBy::Server),
            "{ended:?}"
        );
        let begun = std::time::Instant::now();
        server.stopped().await;
        assert!(begun.elapsed() < Duration::from_secs(3), "nobody waits for those who watch: {:?}", begun.elapsed());
        assert_eq!(watch.end().await, End::of("14", "the server is stopping"));
    });
}

#[test]
fn what_was_recorded_of_its_health_counts() {
    bounded(async {
        let recording = Recording::new().unary(CHECK, b"", Ok(b"\x08\x02")).bytes();
        let server = Running::new(&recording, Options::default()).await;
        let client = server.client().await;
        assert_eq!(client.unary(CHECK, b"").await.0, Some(b"\x08\x02".to_vec()));
        assert_eq!(client.unary(CHECK, b"").await.1.0, "2");
    });
}

/// As far as the test looks into it.
#[derive(Clone, PartialEq, Message)]
struct Reflected {
    #[prost(message, optional, tag = "4")]
    files: Option<Files>,
    #[prost(message, optional, tag = "6")]
    services: Option<Services>,
    #[prost(message, optional, tag = "7")]
    error: Option<Named>,
}

#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(bytes = "vec", repeated, tag = "1")]
    files: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    services: Vec<Service>,
}

#[derive(Clone, PartialEq, Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Named {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// A question: a field with a name.
fn question(field: u8, name: &str) -> Vec<u8> {
    [&[field << 3 | 2, name.len() as u8], name.as_bytes()].concat()
}

#[test]
fn tells_of_services_and_their_types() {
    bounded(async {
        let protoset = include_bytes!("../../data/ledger.protoset");
        let schema = Schema::builder().protoset("ledger", &protoset[..]).expect("a descriptor set").build();
        let address = "127.0.0.1:0".parse().expect("an address");
        let recording = include_bytes!("../../data/ledger.replay");
        let server = Running::at(&address, schema, recording, Options::default()).await;
        let client = server.client().await;
        for version in ["v1", "v1alpha"] {
            let mut call =
                client.open(&format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"), &[]);
            let mut ask = async |field, name: &str| {
                call.send(&question(field, name)).await;
                let answer = call.message().await.expect("an answer");
                Reflected::decode(&answer[..]).expect("a response")
            };
            let services = ask(7, "").await.services.expect("services");
            assert_eq!(services.services, [Service { name: "interop.v1.Ledger".to_owned() }]);
            for (field, name) in [(4, "interop.v1.Ledger"), (4, "interop.v1.Ledger.Ping"), (3, "ledger.proto")] {
                let files = ask(field, name).await.files.expect("files").files;
                let files = files.iter().map(|file| FileDescriptorProto::decode(&file[..]).expect("a file"));
                let names: Vec<String> = files.map(|file| file.name().to_owned()).collect();
                assert_eq!((&*names[0], names.len()), ("ledger.proto", 8), "{name}");
                assert!(names.contains(&"google/protobuf/any.proto".to_owned()), "{names:?}");
            }
            let error = ask(4, "interop.v1.Leger").await.error.expect("an error");
            let message = "no descriptor is known for `interop.v1.Leger`".to_owned();
            assert_eq!(error, Named { code: Code::NOT_FOUND.0, message });
            assert_eq!(ask(6, "a.B").await.error.expect("an error").code, Code::UNIMPLEMENTED.0);
            call.half_close();
            assert_eq!(call.end().await, End::of("0", ""));
        }
    });
}

/// A server with nothing recorded but one call, which passes others on to the one at this address.
async fn forwarding(address: &str) -> Running {
    let recording = Recording::new().unary(GET, b"own", Ok(b"mine")).bytes();
    let on_miss = OnMiss::Forward(Upstream::new(address.parse().expect("an address")));
    Running::new(&recording, Options { on_miss, ..Options::default() }).await
}

#[test]
fn passes_on_what_was_not_recorded() {
    bounded(async {
        let long = vec![b'x'; 100_000];
        let steps = [
            Step::Send(b"a"),
            Step::Recv(b"1"),
            Step::Send(b"b"),
            Step::Recv(&long),
            Step::Fail(b"\x08\x05\x12\x03no\n"),
        ];
        let recording = Recording::new()
            .unary(GET, b"a", Ok(b"b"))
            .unary(GET, &long, Ok(&long))
            .unary(GET, b"c", Err(b"\x08\x09\x1a\x03\x0a\x01t"))
            .stream(TALK, &steps);
        let upstream = Running::new(&recording.bytes(), Options::default()).await;
        let server = forwarding(&upstream.address).await;
        let client = server.client().await;
        assert_eq!(client.unary(GET, b"own").await.0, Some(b"mine".to_vec()));
        assert_eq!(client.unary(GET, b"a").await, (Some(b"b".to_vec()), End::of("0", "")));
        let failed = End("9".to_owned(), String::new(), Some("CAkaAwoBdA".to_owned()));
        assert_eq!(client.unary(GET, b"c").await, (None, failed));
        let gzip = [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip")];
        assert_eq!(client.unary_with(GET, &gzip, &compressed(&long)).await, (Some(long.clone()), End::of("0", "")));
        let mut call = client.open(TALK, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"1".to_vec()));
        call.send(b"b").await;
        assert_eq!(call.all().await, (vec![long], End::of("5", "no%0A")));
        let ended = server.ended(5).await;
        let told: Vec<_> = ended.iter().map(|ended| (ended.code, ended.received, ended.sent)).collect();
        assert_eq!(told[1..], [(Code::OK, 1, 1), (Code(9), 1, 0), (Code::OK, 1, 1), (Code::NOT_FOUND, 2, 2)]);
        assert!(ended[1..].iter().all(|ended| matches!(ended.answered_by, AnsweredBy::Forwarded(_))), "{ended:?}");
    });
}

#[test]
fn gives_up_what_was_passed_on() {
    bounded(async {
        let steps = [Step::Send(b"a"), Step::Recv(b"1"), Step::Send(b"b"), Step::End];
        let upstream = Running::new(&Recording::new().stream(TALK, &steps).bytes(), Options::default()).await;
        let server = forwarding(&upstream.address).await;
        let mut call = server.client().await.open(TALK, &[]);
        call.send(b"a").await;
        assert_eq!(call.message().await, Some(b"1".to_vec()));
        drop(call);
        assert_eq!(upstream.ended(1).await[0].code, Code::CANCELLED, "it is not taken for the end of the request");
        assert_eq!(server.ended(1).await[0].code, Code::CANCELLED);
    });
}

#[test]
fn says_that_nobody_is_there_to_pass_it_on_to() {
    bounded(async {
        let upstream = Running::new(&Recording::new().bytes(), Options::default()).await;
        let address = upstream.address.clone();
        upstream.stopped().await;
        let server = forwarding(&address).await;
        let (answer, End(code, message, _)) = server.client().await.unary(GET, b"a").await;
        assert_eq!((answer, &*code), (None, "14"));
        assert!(message.starts_with(&format!("forwarding to {address}: ")), "{message}");
    });
}
