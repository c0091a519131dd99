//! [`Outgoing`]: a body whose frames are sent while it is on its way.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::{mpsc, oneshot};

/// What a body is made of: frames, and nothing for its end, unless trailers end it.
pub(crate) type Piece = Option<Frame<Bytes>>;

/// A body that ends with its trailers or where it is said; if whoever sends it lets go before that, it is broken off.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pieces: Pieces,
    has_ended: bool,
    /// Dropped with the body, which tells the other end that nobody reads any more.
    _alive: Option<oneshot::Sender<Infallible>>,
}

#[derive(Debug)]
enum Pieces {
    /// As somebody sends them.
    Coming(mpsc::Receiver<Piece>),
    /// All are there, with nobody to wait for.
    There(vec::IntoIter<Frame<Bytes>>),
}

/// Why a body is broken off.
#[derive(Debug, thiserror::Error)]
#[error("whoever sends it has given up")]
pub(crate) struct Abandoned;

impl Outgoing {
    /// A body of these pieces.
    pub(crate) fn new(pieces: mpsc::Receiver<Piece>) -> Self {
        Outgoing { pieces: Pieces::Coming(pieces), has_ended: false, _alive: None }
    }

    /// A body of which everything is known.
    pub(crate) fn whole(frames: Vec<Frame<Bytes>>) -> Self {
        Outgoing { has_ended: frames.is_empty(), pieces: Pieces::There(frames.into_iter()), _alive: None }
    }

    /// Drops something with the body.
    pub(crate) fn keeping(self, alive: oneshot::Sender<Infallible>) -> Self {
        Outgoing { _alive: Some(alive), ..self }
    }

    /// A body that is empty.
    pub(crate) fn empty() -> Self {
        Outgoing::whole(Vec::new())
    }

    #[cfg(test)]
    pub(crate) fn of_pieces(pieces: &[&[u8]]) -> Self {
        let (sender, receiver) = mpsc::channel(pieces.len() + 1);
        let frames = pieces.iter().map(|piece| Some(Frame::data(Bytes::copy_from_slice(piece))));
        frames.chain([None]).for_each(|piece| sender.try_send(piece).expect("there is room for all"));
        Outgoing::new(receiver)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Abandoned;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abandoned>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let piece = match &mut self.pieces {
            Pieces::Coming(pieces) => ready!(pieces.poll_recv(context)),
            Pieces::There(frames) => Some(frames.next()),
        };
        self.has_ended = piece.as_ref().is_none_or(|piece| piece.as_ref().is_none_or(Frame::is_trailers));
        Poll::Ready(piece.map_or(Some(Err(Abandoned)), |piece| piece.map(Ok)))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
    }
}
