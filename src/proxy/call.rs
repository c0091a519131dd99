//! [`pass`]: a call on its way through the proxy.

use std::mem::replace;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::http::request::Parts;
use hyper::http::response;
use hyper::{Request, Response, StatusCode};
use tokio::time::sleep;

use super::body::{Download, Upload, of_trailers};
use super::methods::Shape;
use super::server::Shared;
use super::tape::{Keeper, Tape};
use crate::net::{Broken, Busy, Channel, Encoding, Ending, Failure, NoConnection, answer_headers, no_grpc, refusal};
use crate::schema::Code;

/// Passes a call on to the server, and its answer back.
///
/// # Errors
///
/// If the server resets the call, so that the client's side is reset for the same reason.
pub(super) async fn pass(
    shared: Arc<Shared>,
    channel: Arc<Channel<Upload>>,
    request: Request<Incoming>,
    busy: Busy,
) -> Result<Response<Download>, Broken> {
    let (mut head, body) = request.into_parts();
    if let Some(status) = refusal(&head) {
        let mut response = Response::new(Download::empty());
        *response.status_mut() = status;
        return Ok(response);
    }
    let encoding = match Encoding::of(&head.headers) {
        Ok(encoding) => encoding,
        Err(found) => {
            shared.failed(head.uri.path(), &found);
            return Ok(ended(&Ending::new(Code::UNIMPLEMENTED, found)));
        }
    };
    Encoding::accept_known(&mut head.headers);
    let method = shared.method(head.uri.path());
    let shape = method.shape;
    let tape = Arc::new(Mutex::new(Tape::new(shared, method, encoding, &head.headers, busy)));
    let keeper = Keeper(tape.clone());
    let mut upload = Upload::new(body, tape);
    match begin(&keeper, &channel, &mut upload, shape).await {
        Ok(()) => {}
        Err(Stop::Ended(ending)) => return Ok(ended(&ending)),
        Err(Stop::Left) => return Err(Broken::off()),
    }
    match send(&channel, head, upload).await {
        Ok(response) => Ok(answer(response, keeper)),
        Err(NoAnswer::NoConnection(error)) => Ok(end(&keeper, no_connection(&error))),
        Err(NoAnswer::Broken(error)) => match keeper.tape().break_off(&Failure::of(&error)) {
            Ok(()) => Err(Broken::by(error)),
            Err(ending) => Ok(ended(&ending)),
        },
    }
}

/// Why a call does not even get to the server.
pub(super) enum Stop {
    /// It has ended so.
    Ended(Ending),
    /// The client has given it up.
    Left,
}

/// Notes how a call begins.
///
/// The request of a unary call is noted before the server is called, and so is the only one of a stream: a server may answer before it has
/// read anything, and a client in Go would have sent it all the same.
async fn begin(keeper: &Keeper, channel: &Channel<Upload>, upload: &mut Upload, shape: Shape) -> Result<(), Stop> {
    if shape == Shape::Unary {
        upload.read_message().await?;
    }
    let connected = channel.sender().await.map(drop).map_err(|error| no_connection(&error));
    match shape {
        Shape::Unary => connected.map_err(|ending| {
            let noted = keeper.tape().end(&ending, None);
            Stop::Ended(noted.err().unwrap_or(ending))
        }),
        Shape::ManyRequests | Shape::ManyResponses | Shape::Many => {
            keeper.tape().open(connected.as_ref().err()).map_err(Stop::Ended)?;
            connected.map_err(Stop::Ended)?;
            if shape == Shape::ManyResponses {
                upload.read_message().await?;
            }
            Ok(())
        }
    }
}

/// Why there is no answer.
enum NoAnswer {
    NoConnection(NoConnection),
    Broken(hyper::Error),
}

/// How often a request is sent that the server has not looked at. It may end connections while many calls wait for their turn.
const ATTEMPTS: u32 = 10;

/// How long to wait before the second time, and so much longer before each that follows.
const PAUSE: Duration = Duration::from_millis(5);

/// Sends a request; again, by a new connection if need be, if the server has not looked at it and nothing of it is lost.
///
/// Source: clients of gRPC do so without a word, "Transparent Retries" of their design of retries; what they would not tell is not recorded.
async fn send(channel: &Channel<Upload>, head: Parts, upload: Upload) -> Result<Response<Incoming>, NoAnswer> {
    let mut again = upload.again().map(|upload| (head.clone(), upload));
    let mut request = channel.upstream().request(head, upload);
    let mut attempt = 1;
    loop {
        let mut sender = channel.sender().await.map_err(NoAnswer::NoConnection)?;
        let mut failed = match sender.try_send_request(request).await {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        let unsent = failed.take_message();
        let error = failed.into_error();
        request = match (unsent, &mut again) {
            _ if attempt == ATTEMPTS => return Err(NoAnswer::Broken(error)),
            (Some(unsent), _) => unsent,
            (None, Some((head, upload))) if Failure::is_unprocessed(&error) => {
                sleep(PAUSE * attempt).await;
                let next = upload.again().expect("all of it was read");
                channel.upstream().request(head.clone(), replace(upload, next))
            }
            (None, _) => return Err(NoAnswer::Broken(error)),
        };
        attempt += 1;
    }
}

/// What the client gets of an answer.
fn answer(response: Response<Incoming>, keeper: Keeper) -> Response<Download> {
    let (mut head, body) = response.into_parts();
    // The body may end otherwise.
    head.headers.remove(CONTENT_LENGTH);
    Encoding::accept_known(&mut head.headers);
    if let Some(ending) = no_grpc(&head) {
        return match keeper.tape().end(&ending, None) {
            Ok(()) => Response::from_parts(head, Download::foreign(body)),
            Err(refused) => ended(&refused),
        };
    }
    if let Some(ending) = whole_ending(&head, &body) {
        let noted = keeper.tape().end(&ending, Some(&head.headers));
        return match noted {
            Ok(()) => Response::from_parts(head, Download::empty()),
            Err(refused) => ended(&refused),
        };
    }
    match Encoding::of(&head.headers) {
        Ok(encoding) => keeper.tape().begin_response(&head.headers, encoding),
        Err(found) => return end(&keeper, Ending::new(Code::INTERNAL, found)),
    }
    Response::from_parts(head, Download::new(body, keeper))
}

/// How a call ended, if its headers are all that there is. Else what they say of it counts for nothing.
fn whole_ending(head: &response::Parts, body: &Incoming) -> Option<Ending> {
    body.is_end_stream().then(|| of_trailers(&head.headers))
}

/// Ends a call with what the client is told, which is noted.
fn end(keeper: &Keeper, ending: Ending) -> Response<Download> {
    let noted = keeper.tape().end(&ending, None);
    ended(&noted.err().unwrap_or(ending))
}

fn no_connection(error: &NoConnection) -> Ending {
    Ending::new(Code::UNAVAILABLE, format!("connection error: {error}"))
}

/// An answer of nothing but its end.
fn ended(ending: &Ending) -> Response<Download> {
    let mut response = Response::new(Download::empty());
    *response.status_mut() = StatusCode::OK;
    *response.headers_mut() = answer_headers(false);
    response.headers_mut().extend(ending.trailers());
    response
}
