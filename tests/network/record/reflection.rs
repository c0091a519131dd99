//! What a server says of its types.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use prost_types::{
    DescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};
use rpcreplay::Schema;
use rpcreplay::net::Upstream;
use rpcreplay::proxy::{NoReflection, reflected};
use rpcreplay::serve;

use super::upstream::{GRPC, map, upstream};
use crate::client::framed;
use crate::recording::Recording;
use crate::running::{Running, bounded};

/// A service whose messages stand in a file of their own, which imports one that is known everywhere.
fn set() -> Vec<u8> {
    let file = |name: &str, imports: &[&str]| FileDescriptorProto {
        name: Some(name.to_owned()),
        package: Some("two".to_owned()),
        syntax: Some("proto3".to_owned()),
        dependency: imports.iter().map(|&import| import.to_owned()).collect(),
        ..FileDescriptorProto::default()
    };
    let method = MethodDescriptorProto {
        name: Some("Get".to_owned()),
        input_type: Some(".two.Asked".to_owned()),
        output_type: Some(".google.protobuf.Empty".to_owned()),
        ..MethodDescriptorProto::default()
    };
    let service = ServiceDescriptorProto { name: Some("Items".to_owned()), method: vec![method], ..Default::default() };
    let message = DescriptorProto { name: Some("Asked".to_owned()), ..DescriptorProto::default() };
    let files = vec![
        FileDescriptorProto { message_type: vec![message], ..file("messages.proto", &[]) },
        FileDescriptorProto {
            service: vec![service],
            ..file("service.proto", &["messages.proto", "google/protobuf/empty.proto"])
        },
    ];
    FileDescriptorSet { file: files }.encode_to_vec()
}

#[derive(Clone, PartialEq, Message)]
struct FileSet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct FileName {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(string, optional, tag = "3")]
    file: Option<String>,
    #[prost(string, optional, tag = "4")]
    symbol: Option<String>,
    #[prost(string, optional, tag = "7")]
    services: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "4")]
    files: Option<FileSet>,
    #[prost(message, optional, tag = "6")]
    services: Option<Services>,
    #[prost(message, optional, tag = "7")]
    error: Option<Failed>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    service: Vec<FileName>,
}

#[derive(Clone, PartialEq, Message)]
struct Failed {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// A server that has only the older reflection, and gives of each question the one file that answers it.
async fn sparing(lacks: &'static str) -> Upstream {
    let files = FileSet::decode(&set()[..]).expect("a set").file;
    let name = |file: &Bytes| FileName::decode(&file[..]).expect("a file").name;
    let files: Arc<HashMap<String, Bytes>> = Arc::new(files.into_iter().map(|file| (name(&file), file)).collect());
    let address = upstream(move |mut call| {
        let files = files.clone();
        async move {
            if call.request.uri().path().starts_with("/grpc.reflection.v1.") {
                call.headers(200, &[GRPC, ("grpc-status", "12"), ("grpc-message", "unknown service")], true);
                return false;
            }
            let mut stream = None;
            while let Some(data) = call.read().await {
                let asked = Request::decode(&data[5..]).expect("a whole message in a frame");
                let file = |name: &str| match files.get(name).filter(|_| name != lacks) {
                    Some(file) => Response { files: Some(FileSet { file: vec![file.clone()] }), ..Response::default() },
                    None => Response {
                        error: Some(Failed { code: 5, message: "no such file".into() }),
                        ..Response::default()
                    },
                };
                let answer = match (asked.services, asked.symbol, asked.file) {
                    (Some(_), _, _) => {
                        let service = ["two.Items", "google.pubsub.v1.Publisher"];
                        let service = service.map(|name| FileName { name: name.to_owned() }).to_vec();
                        Response { services: Some(Services { service }), ..Response::default() }
                    }
                    (_, Some(symbol), _) => {
                        assert_eq!(symbol, "two.Items", "others are known");
                        file("service.proto")
                    }
                    (_, _, name) => file(&name.expect("something is asked")),
                };
                let stream = stream.get_or_insert_with(|| call.headers(200, &[GRPC], false));
                stream.send_data(framed(&answer.encode_to_vec()).into(), false).expect("it is open");
            }
            if let Some(mut stream) = stream {
                let _ = stream.send_trailers(map(&[("grpc-status", "0")]));
            }
            false
        }
    })
    .await;
    Upstream::new(address.parse().expect("an address"))
}

#[test]
fn files_are_asked_for_until_none_is_missing() {
    bounded(async {
        let told =
            reflected(&sparing("").await, &Schema::builtin()).await.expect("it answers").expect("something is new");
        let names: Vec<String> = FileSet::decode(&told[..])
            .expect("a set")
            .file
            .iter()
            .map(|file| FileName::decode(&file[..]).expect("a file").name)
            .collect();
        // The server lacks the well-known types, which other sources have.
        assert_eq!(names, ["messages.proto", "service.proto"]);
        let schema = Schema::builder().protoset("told", told).expect("a set").build();
        assert_eq!(schema.missing_imports(), []);
        assert!(schema.method("/two.Items/Get").is_some());
        // Who knows all is told nothing.
        let known = Schema::builder().protoset("known", set()).expect("a set").build();
        assert_eq!(reflected(&sparing("").await, &known).await, Ok(None));
    });
}

/// A service may be there without a descriptor.
#[test]
fn a_service_that_is_not_told_of_is_left_out() {
    bounded(async {
        assert_eq!(reflected(&sparing("service.proto").await, &Schema::builtin()).await, Ok(None));
        let told = reflected(&sparing("messages.proto").await, &Schema::builtin()).await.expect("it answers");
        let schema = Schema::builder().protoset("told", told.expect("something is new")).expect("a set").build();
        let missing: Vec<String> = schema.missing_imports().into_iter().map(|missing| missing.name).collect();
        assert_eq!(missing, ["messages.proto"]);
    });
}

#[test]
fn a_server_need_not_have_it() {
    bounded(async {
        let address = upstream(|mut call| async move {
            call.headers(200, &[GRPC, ("grpc-status", "12"), ("grpc-message", "unknown service")], true);
            false
        })
        .await;
        let upstream = Upstream::new(address.parse().expect("an address"));
        let failed = reflected(&upstream, &Schema::builtin()).await.expect_err("it has none");
        assert_eq!(failed, NoReflection::Unimplemented("UNIMPLEMENTED: unknown service".to_owned()));
        let nobody = Upstream::new("127.0.0.1:1".parse().expect("an address"));
        let failed = reflected(&nobody, &Schema::builtin()).await.expect_err("there is none");
        assert!(matches!(failed, NoReflection::Unreachable(_)), "{failed}");
        // One that tells of services that are known already.
        let server = Running::new(&Recording::new().bytes(), serve::Options::default()).await;
        let upstream = Upstream::new(server.address.parse().expect("an address"));
        assert_eq!(reflected(&upstream, &Schema::builtin()).await, Ok(None));
    });
}
