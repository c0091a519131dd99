//! [`reflected`]: what a server says of its services, and of the types of their messages.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use hyper::header::{CONTENT_TYPE, HeaderValue, TE};
use hyper::{Request as HttpRequest, Response as HttpResponse, body::Incoming};
use prost::Message;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::net::reflection::{Asked, Request, Response, SERVICES, Told};
use crate::net::{Channel, Encoding, Ending, Failure, Messages, Outgoing, Piece, Upstream, framed};
use crate::schema::{Code, Schema};

/// How long the server has for all answers together.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How many bytes of descriptors are taken: more than all of googleapis has.
const LIMIT_BYTES: usize = 64 << 20;

/// How many files are taken: googleapis has eight thousand.
const LIMIT_FILES: usize = 100_000;

/// Why a server's descriptors are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoReflection {
    /// There is no server.
    #[error("{0}")]
    Unreachable(String),
    /// There is somebody, who does not speak HTTP/2 with us.
    #[error("{0}")]
    Foreign(String),
    /// The server has no reflection.
    #[error("the server has no reflection: {0}")]
    Unimplemented(String),
    /// It has not answered as it should have.
    #[error("the server's reflection: {0}")]
    Failed(String),
}

/// Asks a server for the descriptors of those of its services that a schema does not know, and gives them as a serialised
/// `google.protobuf.FileDescriptorSet`, with all that they import; nothing if it knows all.
///
/// Source: `grpc.reflection.v1`, and `v1alpha` where that is not known.
///
/// # Errors
///
/// [`NoReflection`]; what could be learnt before is lost.
pub async fn reflected(upstream: &Upstream, schema: &Schema) -> Result<Option<Vec<u8>>, NoReflection> {
    let channel = Channel::new(upstream.clone());
    let asking = async {
        let mut unimplemented = None;
        for service in SERVICES {
            match ask(&channel, service, schema).await {
                Err(NoReflection::Unimplemented(why)) => unimplemented = unimplemented.or(Some(why)),
                answered => return answered,
            }
        }
        Err(NoReflection::Unimplemented(unimplemented.unwrap_or_default()))
    };
    let seconds = TIME_LIMIT.as_secs();
    let late = |_| NoReflection::Failed(format!("it has not answered within {seconds} seconds"));
    timeout(TIME_LIMIT, asking).await.map_err(late)?
}

/// Files by their names, as serialised descriptors.
#[derive(Default)]
struct Files {
    by_name: BTreeMap<String, Bytes>,
    bytes: usize,
}

async fn ask(channel: &Channel<Outgoing>, service: &str, schema: &Schema) -> Result<Option<Vec<u8>>, NoReflection> {
    let mut conversation = Conversation::begin(channel, service).await?;
    let services = match conversation.answer().await? {
        Told::Services(services) => services.service,
        other @ (Told::Files(_) | Told::Error(_)) => return Err(unexpected("services", &other)),
    };
    let mut files = Files::default();
    let mut imports = VecDeque::new();
    for service in services.iter().filter(|service| schema.files_defining(&service.name).is_none()) {
        let asked = Asked::FileContainingSymbol(service.name.clone());
        match conversation.ask(asked).await? {
            // A service can be there without a descriptor, and then is as one that nobody knows.
            Told::Error(_) => {}
            told @ (Told::Files(_) | Told::Services(_)) => take(told, &mut files, &mut imports, &service.name)?,
        }
    }
    while let Some(import) = imports.pop_front() {
        if files.by_name.contains_key(&import) {
            continue;
        }
        match conversation.ask(Asked::FileByFilename(import.clone())).await? {
            // Other sources may have it; if none has, that is told where its types are needed.
            Told::Error(_) => {}
            told @ (Told::Files(_) | Told::Services(_)) => take(told, &mut files, &mut imports, &import)?,
        }
    }
    let set = DescriptorSet { file: files.by_name.into_values().collect() };
    Ok((!set.file.is_empty()).then(|| set.encode_to_vec()))
}

/// Takes files that were told of, and notes which ones they import.
fn take(told: Told, files: &mut Files, imports: &mut VecDeque<String>, what: &str) -> Result<(), NoReflection> {
    let Told::Files(told) = told else { return Err(unexpected(&format!("the file of {what}"), &told)) };
    for bytes in told.file_descriptor_proto {
        let file = FileDescriptor::decode(&bytes[..])
            .map_err(|error| NoReflection::Failed(format!("a descriptor of {what} can't be read: {error}")))?;
        files.bytes += bytes.len();
        if files.bytes > LIMIT_BYTES || files.by_name.len() > LIMIT_FILES {
            return Err(NoReflection::Failed(format!("more than {LIMIT_FILES} files or {LIMIT_BYTES} bytes")));
        }
        imports.extend(file.dependency);
        files.by_name.insert(file.name, bytes);
    }
    Ok(())
}

fn unexpected(expected: &str, told: &Told) -> NoReflection {
    let found = match told {
        Told::Files(_) => "files".to_owned(),
        Told::Services(_) => "services".to_owned(),
        Told::Error(error) => error.error_message.clone(),
    };
    NoReflection::Failed(format!("expected {expected}, found: {found}"))
}

/// What is asked, and what is answered, one after the other.
struct Conversation {
    to: mpsc::Sender<Piece>,
    answers: Messages<Incoming>,
}

impl Conversation {
    /// Begins with the question after all services.
    async fn begin(channel: &Channel<Outgoing>, service: &str) -> Result<Conversation, NoReflection> {
        let unreachable = |error: String| NoReflection::Unreachable(error);
        let mut sender = channel.sender().await.map_err(|error| unreachable(error.why))?;
        let (to, pieces) = mpsc::channel(1);
        let mut head = HttpRequest::post(format!("/{service}/ServerReflectionInfo"));
        let headers = head.headers_mut().expect("the path is one");
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        let (head, ()) = head.body(()).expect("a request without a body").into_parts();
        let request = channel.upstream().request(head, Outgoing::new(pieces));
        // Servers need not answer at all before they are asked something.
        put(&to, Asked::ListServices(String::new())).await;
        let foreign = |error: hyper::Error| NoReflection::Foreign(words_of_failure(&error));
        let response = sender.send_request(request).await.map_err(foreign)?;
        Conversation::of(to, response)
    }

    fn of(to: mpsc::Sender<Piece>, response: HttpResponse<Incoming>) -> Result<Conversation, NoReflection> {
        let (head, body) = response.into_parts();
        if let Some(ending) = Ending::said(&head.headers) {
            return Err(refused(&ending));
        }
        let encoding = Encoding::of(&head.headers).map_err(NoReflection::Failed)?;
        Ok(Conversation { to, answers: Messages::new(body, encoding, LIMIT_BYTES) })
    }

    async fn ask(&mut self, asked: Asked) -> Result<Told, NoReflection> {
        put(&self.to, asked).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<Told, NoReflection> {
        let failed = |error: &dyn std::fmt::Display| NoReflection::Failed(error.to_string());
        let answer = self.answers.next().await.map_err(|fault| failed(&fault))?;
        let Some(answer) = answer else {
            let ending = Ending::said(self.answers.trailers());
            return Err(ending.map_or_else(|| failed(&"it ends without an answer"), |ending| refused(&ending)));
        };
        let content = self.answers.open(&answer).map_err(|fault| failed(&fault))?;
        let response = Response::decode(content).map_err(|error| failed(&error))?;
        response.told.ok_or_else(|| failed(&"an answer that says nothing"))
    }
}

/// Asks a question.
async fn put(to: &mpsc::Sender<Piece>, asked: Asked) {
    let request = Request { host: String::new(), asked: Some(asked) };
    // If nobody takes it, nobody answers, which is seen then.
    let _ = to.send(Some(Frame::data(framed(&request.encode_to_vec(), false)))).await;
}

/// Why a server does not answer.
fn refused(ending: &Ending) -> NoReflection {
    let words = format!("{}: {}", ending.code, String::from_utf8_lossy(&ending.message));
    if ending.code == Code::UNIMPLEMENTED { NoReflection::Unimplemented(words) } else { NoReflection::Failed(words) }
}

fn words_of_failure(error: &hyper::Error) -> String {
    match Failure::of(error) {
        Failure::Lost(why) => why,
        Failure::Reset(reason) => reason.description().to_owned(),
    }
}

/// A `google.protobuf.FileDescriptorSet`.
#[derive(Clone, PartialEq, Message)]
struct DescriptorSet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

/// What is asked of a `google.protobuf.FileDescriptorProto`.
#[derive(Clone, PartialEq, Message)]
struct FileDescriptor {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, repeated, tag = "3")]
    dependency: Vec<String>,
}
