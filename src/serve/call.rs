//! [`Call`]: one call from its request to its end, whatever ends it.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::ending::Ending;
use super::framing::{Fault, Messages};
use super::head::Head;
use super::reply::Reply;
use super::server::{Shared, Stage};
use super::{OnMiss, recorded};
use crate::replay::{CallRef, Miss};
use crate::schema::Code;

/// A call that is being answered.
#[derive(Debug)]
pub(super) struct Call {
    /// `/package.Service/Method`.
    pub(super) method: String,
    pub(super) messages: Messages<Incoming>,
    pub(super) reply: Reply,
    /// Its number among the calls that the recording was asked for.
    pub(super) number: Option<u64>,
    pub(super) answered_by: AnsweredBy,
    /// How many messages came.
    pub(super) received: u64,
    /// How it ends if the deadline passes; nothing if only that it has passed is to be told.
    pub(super) held: Option<Ending>,
}

/// What a call was answered by.
#[derive(Debug, Clone, PartialEq)]
pub enum AnsweredBy {
    /// A recorded call.
    Recorded(CallRef),
    /// Nothing that was recorded, and why.
    Missed(Box<Miss>),
    /// The server itself: its health, what it knows of services, or that the request is none.
    Server,
}

/// How a call went.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Its number among the calls that the recording was asked for, from 1; nothing if it was not asked.
    pub number: Option<u64>,
    /// What the client called, `/package.Service/Method` if it is one of gRPC.
    pub method: String,
    /// How it ended; `CANCELLED` if the client gave it up.
    pub code: Code,
    /// What was said beside the code; the bytes may not be UTF-8.
    pub message: Vec<u8>,
    /// What answered it.
    pub answered_by: AnsweredBy,
    /// How many messages came.
    pub received: u64,
    /// How many messages were sent.
    pub sent: u64,
    /// How long it took.
    pub duration: Duration,
}

/// Why the road of a call ends before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Ended(Ending),
    Missed(Box<Miss>),
}

impl Stop {
    pub(super) fn missed(miss: Box<Miss>) -> Stop {
        Stop::Missed(miss)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Ended(fault.ending())
    }
}

impl Call {
    fn new(method: String, body: Incoming, has_gzip: bool, limit: usize, reply: Reply) -> Call {
        Call {
            method,
            messages: Messages::new(body, has_gzip, limit),
            reply,
            number: None,
            answered_by: AnsweredBy::Server,
            received: 0,
            held: None,
        }
    }

    /// What the next message says; nothing if the client sends no more.
    pub(super) async fn next_message(&mut self) -> Result<Option<Bytes>, Fault> {
        let Some(message) = self.messages.next().await? else { return Ok(None) };
        self.received += 1;
        Ok(Some(self.messages.open(&message)?))
    }
}

/// Answers a call, until it ends, the client is gone, its deadline passes, or the server stops.
pub(super) async fn run(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    mut reply: Reply,
    mut gone: oneshot::Receiver<Infallible>,
) {
    let begun = Instant::now();
    let mut stage = shared.stage.clone();
    let (parts, body) = request.into_parts();
    let head = Head::read(&parts.headers);
    if head.as_ref().is_ok_and(|head| head.answers_gzip()) {
        reply.compress();
    }
    let (has_gzip, timeout) = head.as_ref().map_or((false, None), |head| (head.sends_gzip, head.timeout));
    let mut call = Call::new(parts.uri.path().to_owned(), body, has_gzip, shared.options.max_message_bytes, reply);
    let ending = match head {
        Err(refused) => refused,
        Ok(_) => tokio::select! {
            biased;
            // Whoever would send that it is alive never does, so this is its end.
            _ = &mut gone => Ending::new(Code::CANCELLED, "the client has given up"),
            ending = answer(&shared, &mut call) => ending,
            () = deadline(timeout) => {
                let passed = || Ending::new(Code::DEADLINE_EXCEEDED, "the deadline of the call has passed");
                call.held.take().unwrap_or_else(passed)
            }
            () = Stage::Ending.reached(&mut stage) => Ending::new(Code::UNAVAILABLE, "the server is stopping"),
        },
    };
    let ended = Ended {
        number: call.number,
        method: call.method,
        code: ending.code,
        message: ending.message.clone(),
        answered_by: call.answered_by,
        received: call.received,
        sent: call.reply.messages,
        duration: begun.elapsed(),
    };
    shared.tell(ended);
    // What the client still sends is refused when the end has been sent, and not before: it may wait for nothing else.
    let messages = call.messages;
    tokio::select! {
        () = call.reply.end(ending.trailers()) => {}
        _ = &mut gone => {}
    }
    drop(messages);
}

/// Answers a call by what was recorded, and where nothing was, as the options say.
async fn answer(shared: &Shared, call: &mut Call) -> Ending {
    match recorded::answer(&shared.replayer, call).await {
        Ok(ending) | Err(Stop::Ended(ending)) => ending,
        Err(Stop::Missed(miss)) => {
            call.number = Some(miss.number);
            match &shared.options.on_miss {
                OnMiss::Error => {
                    let ending = Ending::new(Code::UNKNOWN, miss.to_string());
                    call.answered_by = AnsweredBy::Missed(miss);
                    ending
                }
            }
        }
    }
}

async fn deadline(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => sleep(timeout).await,
        None => pending().await,
    }
}
