//! [`Upload`] and [`Download`]: bodies that pass through, and are noted on their way.

use std::future::poll_fn;
use std::mem::take;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::body::{Body, Frame, Incoming};
use tokio::time::timeout;

use super::call::Stop;
use super::tape::{Keeper, Tape, lock};
use crate::net::{Broken, Ending, Failure, Reason};
use crate::schema::Code;

/// How long to wait behind the only message of a call for its end.
const END_PAUSE: Duration = Duration::from_millis(1);

/// What the client sends, on its way to the server.
pub(super) struct Upload {
    /// What was read of it before the server was called.
    read: Read,
    /// The rest; nothing where all was read.
    body: Option<Incoming>,
    tape: Arc<Mutex<Tape>>,
}

/// The beginning of a body, of which the first piece mostly is all. Copies share the bytes once it is sealed.
#[derive(Clone, Default)]
struct Read {
    first: Bytes,
    /// What comes behind it: a client may send a byte at a time.
    growing: BytesMut,
    /// The same, when it is sealed.
    more: Bytes,
    trailers: Option<HeaderMap>,
}

impl Read {
    fn push(&mut self, frame: Frame<Bytes>) {
        match frame.into_data() {
            Ok(data) if self.first.is_empty() => self.first = data,
            Ok(data) => self.growing.extend_from_slice(&data),
            Err(frame) => self.trailers = frame.into_trailers().ok(),
        }
    }

    /// Nothing is pushed any more.
    fn seal(&mut self) {
        self.more = take(&mut self.growing).freeze();
    }

    fn pop(&mut self) -> Option<Frame<Bytes>> {
        for piece in [&mut self.first, &mut self.more] {
            if !piece.is_empty() {
                return Some(Frame::data(take(piece)));
            }
        }
        self.trailers.take().map(Frame::trailers)
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.more.is_empty() && self.trailers.is_none()
    }
}

impl Upload {
    pub(super) fn new(body: Incoming, tape: Arc<Mutex<Tape>>) -> Self {
        Upload { read: Read::default(), body: Some(body), tape }
    }

    /// Reads until the first message is whole and noted, or the client sends no more.
    ///
    /// # Errors
    ///
    /// If that breaks off, or how the call ends because of us.
    pub(super) async fn read_message(&mut self) -> Result<(), Stop> {
        while lock(&self.tape).sent_messages() == 0 && self.read_frame().await? {}
        // Some clients say a moment later that this was all. Who knows all can send it again.
        let more = self.body.as_ref().is_some_and(|body| !body.is_end_stream());
        if more && let Ok(read) = timeout(END_PAUSE, self.read_frame()).await {
            read?;
        }
        self.read.seal();
        self.body.take_if(|body| body.is_end_stream());
        Ok(())
    }

    /// Reads a frame; false where there is none any more.
    async fn read_frame(&mut self) -> Result<bool, Stop> {
        let Some(body) = &mut self.body else { return Ok(false) };
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None if !body.is_end_stream() => Err(Stop::Left),
            None => Ok(false),
            Some(Err(_)) => Err(Stop::Left),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    lock(&self.tape).send(data.clone()).map_err(Stop::Ended)?;
                }
                self.read.push(frame);
                Ok(true)
            }
        }
    }

    /// The same once more, if all of it was read.
    pub(super) fn again(&self) -> Option<Upload> {
        let is_whole = self.body.is_none();
        is_whole.then(|| Upload { read: self.read.clone(), body: None, tape: self.tape.clone() })
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Some(frame) = self.read.pop() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        let has_ended = body.is_end_stream();
        let mut tape = lock(&self.tape);
        Poll::Ready(match frame {
            // The other direction tells the client why.
            _ if tape.refused().is_some() => Some(Err(Broken::off())),
            None if has_ended => None,
            // A reset without a reason is none of an end, and hyper tells the two apart no more.
            None => {
                tape.abandon();
                Some(Err(Broken::off()))
            }
            Some(Err(error)) => {
                // The client has left, and what breaks on the server's side for that comes later.
                tape.abandon();
                Some(Err(Broken::by(error)))
            }
            Some(Ok(frame)) => {
                let noted = frame.data_ref().map_or(Ok(()), |data| tape.send(data.clone()));
                Some(noted.map(|()| frame).map_err(|_| Broken::off()))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.body.as_ref().is_none_or(Body::is_end_stream)
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
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        let has_ended = body.is_end_stream();
        let mut tape = keeper.tape();
        let noted = match &frame {
            Some(Ok(frame)) => match (frame.data_ref(), frame.trailers_ref()) {
                (Some(data), _) => tape.receive(data.clone()),
                (None, trailers) => tape.end(&trailers.map_or_else(without_trailers, of_trailers), trailers),
            },
            None if has_ended => tape.end(&without_trailers(), None),
            None => tape.break_off(&Failure::Reset(Reason::NO_ERROR)),
            Some(Err(error)) => tape.break_off(&Failure::of(error)),
        };
        drop(tape);
        Poll::Ready(match (noted, frame) {
            (Err(ending), _) => self.end(ending.trailers()),
            (Ok(()), Some(Ok(frame))) if frame.is_data() => Some(Ok(frame)),
            (Ok(()), None) if !has_ended => {
                self.0 = State::Ended;
                Some(Err(Broken::reset(Reason::NO_ERROR)))
            }
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

/// How a call ends by its trailers.
///
/// Source: grpc-go, `decodeState`: without a status nobody knows.
pub(super) fn of_trailers(trailers: &HeaderMap) -> Ending {
    match (Ending::said(trailers), trailers.get("grpc-status")) {
        (Some(ending), _) => ending,
        (None, None) => Ending::new(Code::UNKNOWN, ""),
        (None, Some(status)) => {
            let status = String::from_utf8_lossy(status.as_bytes());
            Ending::new(Code::INTERNAL, format!("transport: malformed grpc-status: `{status}`"))
        }
    }
}

/// How a call ends whose server says no more and not how it ended.
///
/// Source: grpc-go, `handleData`.
fn without_trailers() -> Ending {
    Ending::new(Code::INTERNAL, "server closed the stream without sending trailers")
}
