//! [`Reply`]: the answer to a call on its way out.

use std::future::pending;

use bytes::Bytes;
use hyper::body::Frame;
use hyper::{HeaderMap, Response};
use tokio::sync::{mpsc, oneshot};

use crate::net::{Outgoing, Piece, answer_headers, framed};

/// How many messages wait for a client that reads slowly, beside what HTTP/2 holds of one.
const WAITING_MESSAGES: usize = 1;

/// The answer to a call: headers, then messages, then how it ended.
///
/// When nobody takes it any more, whoever sends waits for ever: the call has ended, and all that works for it is dropped.
#[derive(Debug)]
pub(super) struct Reply {
    way: Way,
    with_gzip: bool,
    /// A message that goes out with the end.
    last: Option<Bytes>,
    /// How many messages were sent.
    pub(super) messages: u64,
}

#[derive(Debug)]
enum Way {
    /// Nothing was sent, not even headers.
    Closed(oneshot::Sender<Response<Outgoing>>),
    Open(mpsc::Sender<Piece>),
    /// Nobody takes it.
    Gone,
}

impl Reply {
    /// An answer of which nothing was sent, and the place where its head comes out.
    pub(super) fn new() -> (Reply, oneshot::Receiver<Response<Outgoing>>) {
        let (way, head) = oneshot::channel();
        (Reply { way: Way::Closed(way), with_gzip: false, last: None, messages: 0 }, head)
    }

    /// Compresses messages from now on.
    pub(super) fn compress(&mut self) {
        self.with_gzip = true;
    }

    /// Sends the headers of our own, unless headers were sent.
    pub(super) fn open(&mut self) {
        if matches!(self.way, Way::Closed(_)) {
            self.open_with(answer_headers(self.with_gzip));
        }
    }

    /// Sends headers, unless some were sent.
    pub(super) fn open_with(&mut self, headers: HeaderMap) {
        match std::mem::replace(&mut self.way, Way::Gone) {
            Way::Closed(way) => {
                let (sender, pieces) = mpsc::channel(WAITING_MESSAGES);
                let mut response = Response::new(Outgoing::new(pieces));
                *response.headers_mut() = headers;
                if way.send(response).is_ok() {
                    self.way = Way::Open(sender);
                }
            }
            way @ (Way::Open(_) | Way::Gone) => self.way = way,
        }
    }

    /// Sends a message.
    pub(super) async fn message(&mut self, content: &[u8]) {
        self.room().await.put(content);
    }

    /// Keeps the last message until the end, so that whoever sends it is woken once and not for each part of the answer.
    pub(super) fn last_message(&mut self, content: &[u8]) {
        self.last = Some(framed(content, self.with_gzip));
        self.messages += 1;
    }

    /// Waits until a message can be sent. Nothing is lost if the future is dropped.
    pub(super) async fn room(&mut self) -> Room<'_> {
        self.open();
        let Reply { way, with_gzip, messages, last: _ } = self;
        match way {
            Way::Open(sender) => match sender.reserve().await {
                Ok(permit) => Room { permit, with_gzip: *with_gzip, messages },
                Err(_) => pending().await,
            },
            Way::Closed(_) | Way::Gone => pending().await,
        }
    }

    /// Says how the call ended; without messages that stands in the headers.
    pub(super) async fn end(self, trailers: HeaderMap) {
        match (self.way, self.last) {
            (Way::Closed(way), last) => {
                let mut headers = answer_headers(self.with_gzip && last.is_some());
                let body = match last {
                    Some(message) => Outgoing::whole(vec![Frame::data(message), Frame::trailers(trailers)]),
                    None => {
                        headers.extend(trailers);
                        Outgoing::empty()
                    }
                };
                let mut response = Response::new(body);
                *response.headers_mut() = headers;
                // If nobody takes it, nobody is there to be told.
                let _ = way.send(response);
            }
            (Way::Open(sender), last) => {
                for frame in last.map(Frame::data).into_iter().chain([Frame::trailers(trailers)]) {
                    let _ = sender.send(Some(frame)).await;
                }
            }
            (Way::Gone, _) => {}
        }
    }
}

/// Room for a message.
#[derive(Debug)]
pub(super) struct Room<'r> {
    permit: mpsc::Permit<'r, Piece>,
    with_gzip: bool,
    messages: &'r mut u64,
}

impl Room<'_> {
    /// Sends what a message says.
    pub(super) fn put(self, content: &[u8]) {
        let message = framed(content, self.with_gzip);
        self.send(message);
    }

    /// Sends a message as it is.
    pub(super) fn send(self, message: Bytes) {
        *self.messages += 1;
        self.permit.send(Some(Frame::data(message)));
    }
}
