//! `grpc.reflection`: what services there are, and the descriptors of their types.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;

use super::call::{Call, Stop};
use super::services;
use crate::net::Ending;
use crate::net::reflection::{Asked, ErrorResponse, Files, Request, Response, Service, Services, Told};
use crate::replay::Replayer;
use crate::schema::Code;

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
