//! `grpc.reflection`: what services there are, and the descriptors of their types.
//!
//! Both versions have the same messages. Source: `grpc/reflection/v1/reflection.proto` of grpc-proto.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::{Message, Oneof};

use super::call::{Call, Stop};
use super::services;
use crate::net::Ending;
use crate::replay::Replayer;
use crate::schema::Code;

pub(super) const SERVICES: [&str; 2] =
    ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(string, tag = "1")]
    host: String,
    #[prost(oneof = "Asked", tags = "3, 4, 5, 6, 7")]
    asked: Option<Asked>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Asked {
    #[prost(string, tag = "3")]
    FileByFilename(String),
    #[prost(string, tag = "4")]
    FileContainingSymbol(String),
    #[prost(message, tag = "5")]
    FileContainingExtension(ExtensionRequest),
    #[prost(string, tag = "6")]
    AllExtensionNumbersOfType(String),
    #[prost(string, tag = "7")]
    ListServices(String),
}

#[derive(Clone, PartialEq, Message)]
struct ExtensionRequest {
    #[prost(string, tag = "1")]
    containing_type: String,
    #[prost(int32, tag = "2")]
    extension_number: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(string, tag = "1")]
    valid_host: String,
    #[prost(message, optional, tag = "2")]
    original_request: Option<Request>,
    #[prost(oneof = "Told", tags = "4, 6, 7")]
    told: Option<Told>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Told {
    #[prost(message, tag = "4")]
    Files(Files),
    #[prost(message, tag = "6")]
    Services(Services),
    #[prost(message, tag = "7")]
    Error(ErrorResponse),
}

#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file_descriptor_proto: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    service: Vec<Service>,
}

#[derive(Clone, PartialEq, Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorResponse {
    #[prost(int32, tag = "1")]
    error_code: i32,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// Answers each question as it comes.
pub(super) async fn answer(replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
    while let Some(message) = call.next_message().await? {
        let request = Request::decode(message).map_err(services::malformed)?;
        let told = tell(replayer, request.asked.as_ref());
        let valid_host = request.host.clone();
        let response = Response { valid_host, original_request: Some(request), told: Some(told) };
        call.reply.message(&response.encode_to_vec()).await;
    }
    Ok(Ending::ok())
}

/// The services are those of which calls were recorded; files come with all that they import.
fn tell(replayer: &Replayer<'static>, asked: Option<&Asked>) -> Told {
    let schema = replayer.schema();
    let files = |files: Option<Vec<Bytes>>, name: &str| match files {
        Some(file_descriptor_proto) => Told::Files(Files { file_descriptor_proto }),
        None => error(Code::NOT_FOUND, &format!("no descriptor is known for `{name}`")),
    };
    match asked {
        Some(Asked::ListServices(_)) => {
            let names: BTreeSet<&str> = services::recorded(replayer).collect();
            Told::Services(Services {
                service: names.into_iter().map(|name| Service { name: name.to_owned() }).collect(),
            })
        }
        Some(Asked::FileContainingSymbol(name)) => files(schema.files_defining(name), name),
        Some(Asked::FileByFilename(name)) => files(schema.files_named(name), name),
        Some(Asked::FileContainingExtension(_) | Asked::AllExtensionNumbersOfType(_)) => {
            error(Code::UNIMPLEMENTED, "extensions are not told of")
        }
        None => error(Code::INVALID_ARGUMENT, "nothing is asked"),
    }
}

fn error(code: Code, message: &str) -> Told {
    Told::Error(ErrorResponse { error_code: code.0, error_message: message.to_owned() })
}
