//! [`Call`]: one call from its request to its end, whatever ends it.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::recorded;
use super::reply::Reply;
use super::server::Shared;
use super::services::BuiltIn;
use crate::net::{Encoding, Ending, Fault, Framed, Head, Messages, Stage};
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
    /// The first message, until a recorded call answers it.
    pub(super) first: Option<Framed>,
}

/// What a call was answered by.
#[derive(Debug, Clone, PartialEq)]
pub enum AnsweredBy {
    /// A recorded call.
    Recorded(CallRef),
    /// Nothing that was recorded, and why.
    Missed(Box<Miss>),
    /// Another server, to which it was forwarded because no recorded call answers.
    Forwarded(Box<Miss>),
    /// The server itself: its health, what it knows of services, or that the request is none.
    Server,
    /// Nobody: the client has given up, or its deadline has passed, before it was known who answers.
    Nobody,
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
    fn new(method: String, body: Incoming, encoding: Encoding, limit: usize, reply: Reply) -> Call {
        Call {
            method,
            messages: Messages::new(body, encoding, limit),
            reply,
            number: None,
            answered_by: AnsweredBy::Nobody,
            received: 0,
            first: None,
        }
    }

    /// What the next message says; nothing if the client sends no more.
    pub(super) async fn next_message(&mut self) -> Result<Option<Bytes>, Fault> {
        let Some(message) = self.messages.next().await? else { return Ok(None) };
        self.received += 1;
        let content = self.messages.open(&message)?;
        self.first.get_or_insert(message);
        Ok(Some(content))
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
    let (encoding, timeout) = head.as_ref().map_or((Encoding::Identity, None), |head| (head.encoding, head.timeout));
    let mut call =
        Call::new(parts.uri.path().to_owned(), body, encoding, shared.options.limits.max_message_bytes, reply);
    let mut is_gone = false;
    let ending = match head {
        Err(refused) => {
            call.answered_by = AnsweredBy::Server;
            refused
        }
        Ok(_) => tokio::select! {
            biased;
            // Whoever would send that it is alive never does, so this is its end.
            _ = &mut gone => {
                is_gone = true;
                Ending::new(Code::CANCELLED, "the client has given up")
            }
            ending = answer(&shared, &parts, &mut call) => ending,
            () = deadline(timeout) => {
                // The client says so by its own clock, whatever it is told now; it is told the same.
                Ending::new(Code::DEADLINE_EXCEEDED, "the deadline of the call has passed")
            }
            () = Stage::Ending.reached(&mut stage) => stopping(),
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
    if is_gone {
        return;
    }
    // What the client still sends is refused when the end has been sent, and not before: it may wait for nothing else.
    let messages = call.messages;
    tokio::select! {
        () = call.reply.end(ending.trailers()) => {}
        _ = gone => {}
    }
    drop(messages);
}

/// Answers a call by what was recorded, and where nothing was, as the options say.
async fn answer(shared: &Shared, head: &Parts, call: &mut Call) -> Ending {
    let replayer = &shared.replayer;
    let result = match BuiltIn::of(&call.method, replayer) {
        None => recorded::answer(replayer, call).await,
        Some(built_in) => {
            call.answered_by = AnsweredBy::Server;
            let mut stage = shared.stage.clone();
            tokio::select! {
                result = built_in.answer(replayer, call) => result,
                // Those who watch would wait for ever.
                () = Stage::Draining.reached(&mut stage) => Ok(stopping()),
            }
        }
    };
    match (result, &shared.forwarding) {
        (Ok(ending), _) => ending,
        (Err(Stop::Ended(ending)), _) => {
            if call.answered_by == AnsweredBy::Nobody {
                call.answered_by = AnsweredBy::Server;
            }
            ending
        }
        (Err(Stop::Missed(miss)), None) => {
            let ending = Ending::new(Code::UNKNOWN, miss.to_string());
            call.number = Some(miss.number);
            call.answered_by = AnsweredBy::Missed(miss);
            ending
        }
        (Err(Stop::Missed(miss)), Some(forwarding)) => {
            call.number = Some(miss.number);
            call.answered_by = AnsweredBy::Forwarded(miss);
            forwarding.forward(call, head).await
        }
    }
}

fn stopping() -> Ending {
    Ending::new(Code::UNAVAILABLE, "the server is stopping")
}

async fn deadline(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => sleep(timeout).await,
        None => pending().await,
    }
}
