//! [`Upload`] and [`Download`]: bodies that pass through, and are noted on their way.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, Incoming};

use super::tape::{Keeper, Tape, lock};
use crate::net::{Broken, Ending, Failure};
use crate::schema::Code;

/// What the client sends, on its way to the server.
pub(super) struct Upload {
    /// What was read of it before the server was called.
    read: VecDeque<Frame<Bytes>>,
    body: Incoming,
    tape: Arc<Mutex<Tape>>,
}

impl Upload {
    pub(super) fn new(body: Incoming, tape: Arc<Mutex<Tape>>) -> Self {
        Upload { read: VecDeque::new(), body, tape }
    }

    /// Reads until the first message is whole and noted, or the client sends no more.
    ///
    /// # Errors
    ///
    /// If that breaks off, or how the call ends because of us.
    pub(super) async fn read_message(&mut self) -> Result<(), Option<Ending>> {
        while lock(&self.tape).sent_messages() == 0 {
            match poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await {
                None => break,
                Some(Err(_)) => return Err(None),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        lock(&self.tape).send(data.clone()).map_err(Some)?;
                    }
                    self.read.push_back(frame);
                }
            }
        }
        Ok(())
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Some(frame) = self.read.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => {
                // The client has left, and what breaks on the server's side for that comes later.
                lock(&self.tape).abandon();
                return Poll::Ready(Some(Err(Broken::by(error))));
            }
            Some(Ok(frame)) => frame,
        };
        let noted = match frame.data_ref() {
            Some(data) => lock(&self.tape).send(data.clone()),
            None => Ok(()),
        };
        // The other direction tells the client why.
        Poll::Ready(Some(noted.map(|()| frame).map_err(|_| Broken::off())))
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.body.is_end_stream()
    }
}

/// What the server answers, on its way to the client.
pub(super) struct Download(State);

enum State {
    Passing(Incoming, Keeper),
    /// It is not one of gRPC, and how it ended is noted already.
    Foreign(Incoming),
    /// There is no more.
    Ended,
}

impl Download {
    pub(super) fn new(body: Incoming, keeper: Keeper) -> Self {
        Download(State::Passing(body, keeper))
    }

    pub(super) fn foreign(body: Incoming) -> Self {
        Download(State::Foreign(body))
    }

    pub(super) fn empty() -> Self {
        Download(State::Ended)
    }

    /// Ends with these trailers.
    fn end(&mut self, trailers: HeaderMap) -> Option<Result<Frame<Bytes>, Broken>> {
        self.0 = State::Ended;
        Some(Ok(Frame::trailers(trailers)))
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let (body, keeper) = match &mut self.0 {
            State::Passing(body, keeper) => (body, keeper),
            State::Foreign(body) => return Pin::new(body).poll_frame(context).map_err(Broken::by),
            State::Ended => return Poll::Ready(None),
        };
        let frame = ready!(Pin::new(body).poll_frame(context));
        let mut tape = keeper.tape();
        let noted = match &frame {
            Some(Ok(frame)) => match (frame.data_ref(), frame.trailers_ref()) {
                (Some(data), _) => tape.receive(data.clone()),
                (None, trailers) => tape.end(&trailers.and_then(Ending::said).unwrap_or_else(without_status), trailers),
            },
            None => tape.end(&without_status(), None),
            Some(Err(error)) => match (tape.refused(), Failure::of(error)) {
                (Some(refused), _) => Err(refused),
                (None, failure) => {
                    let (ending, noted) = tape.break_off(&failure);
                    match failure {
                        Failure::Reset(_) => noted,
                        // The client's connection is not gone, so it is told.
                        Failure::Lost(_) => noted.and(Err(ending)),
                    }
                }
            },
        };
        drop(tape);
        Poll::Ready(match (noted, frame) {
            (Err(ending), _) => self.end(ending.trailers()),
            (Ok(()), Some(Ok(frame))) if frame.is_data() => Some(Ok(frame)),
            (Ok(()), frame) => {
                self.0 = State::Ended;
                frame.map(|frame| frame.map_err(Broken::by))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            // Where it ends is noted when it is asked for what comes then.
            State::Passing(..) => false,
            State::Foreign(body) => body.is_end_stream(),
            State::Ended => true,
        }
    }
}

/// How a call ends of which the server does not say how it ended.
///
/// Source: grpc-go, `handleData`.
pub(super) fn without_status() -> Ending {
    Ending::new(Code::INTERNAL, "server closed the stream without sending trailers")
}
