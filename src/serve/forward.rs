//! [`Upstream`]: another server, which answers what no recorded call does.

use std::io;

use bytes::Bytes;
use hyper::body::Frame;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::header::{CONTENT_LENGTH, HOST};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::sync::{Mutex, mpsc};

use super::call::Call;
use super::ending::Ending;
use super::framing::{Fault, Messages};
use super::listener::{Address, Stream};
use super::outgoing::Outgoing;
use super::reply::Reply;
use crate::schema::Code;

/// Another server, and the connection to it, which is made when the first call needs it.
#[derive(Debug)]
pub(super) struct Upstream {
    address: Address,
    connection: Mutex<Option<SendRequest<Outgoing>>>,
    max_message_bytes: usize,
}

impl Upstream {
    pub(super) fn new(address: Address, max_message_bytes: usize) -> Self {
        Upstream { address, connection: Mutex::default(), max_message_bytes }
    }

    /// Passes a call on, messages both ways as they come, and says how it ended. What was read of it already is its first message.
    pub(super) async fn forward(&self, call: &mut Call, head: &Parts) -> Ending {
        let failed = |error: &dyn std::fmt::Display| {
            Ending::new(Code::UNAVAILABLE, format!("forwarding to {}: {error}", self.address))
        };
        let mut sender = match self.sender().await {
            Ok(sender) => sender,
            Err(error) => return failed(&error),
        };
        let (to, pieces) = mpsc::channel(1);
        let request = match self.request(head, Outgoing::new(pieces)) {
            Ok(request) => request,
            Err(error) => return failed(&error),
        };
        let first = call.first.take().map(|message| message.0);
        let Call { messages, reply, received, .. } = call;
        let sending = async {
            if let Some(message) = first {
                let _ = to.send(Some(Frame::data(message))).await;
            }
            // A request that breaks off is never ended, which breaks off the one that is sent.
            while let Some(message) = messages.next().await? {
                *received += 1;
                let _ = to.send(Some(Frame::data(message.0))).await;
            }
            let _ = to.send(None).await;
            Ok::<(), Fault>(())
        };
        let receiving = async {
            let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
            let (parts, body) = response.into_parts();
            pass_on(parts.headers, Messages::new(body, true, self.max_message_bytes), reply)
                .await
                .map_err(|fault| failed(&fault))
        };
        let (mut sending, mut receiving) = (std::pin::pin!(sending), std::pin::pin!(receiving));
        let mut is_sent = false;
        loop {
            tokio::select! {
                ending = &mut receiving => return ending.unwrap_or_else(|failed| failed),
                sent = &mut sending, if !is_sent => match sent {
                    Ok(()) => is_sent = true,
                    Err(fault) => return fault.ending(),
                },
            }
        }
    }

    /// The same request to the other server. The transport has headers of its own.
    fn request(&self, head: &Parts, body: Outgoing) -> Result<Request<Outgoing>, hyper::http::Error> {
        let authority = match &self.address {
            Address::Tcp(address) => address,
            #[cfg(unix)]
            Address::Unix(_) => "localhost",
        };
        let mut request = Request::post(format!("http://{authority}{}", head.uri.path())).body(body)?;
        *request.headers_mut() = head.headers.clone();
        request.headers_mut().remove(HOST);
        request.headers_mut().remove(CONTENT_LENGTH);
        Ok(request)
    }

    /// What requests are sent with: the connection that is there, or a new one if there is none any more.
    async fn sender(&self) -> Result<SendRequest<Outgoing>, String> {
        let mut connection = self.connection.lock().await;
        if let Some(sender) = connection.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let stream = self.connect().await.map_err(|error| error.to_string())?;
        let (sender, driver) =
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(driver);
        Ok(connection.insert(sender).clone())
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match &self.address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            #[cfg(unix)]
            Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        })
    }
}

/// Passes an answer on, and says how it ended.
async fn pass_on(
    mut headers: HeaderMap,
    mut messages: Messages<hyper::body::Incoming>,
    reply: &mut Reply,
) -> Result<Ending, Fault> {
    headers.remove(CONTENT_LENGTH);
    if let Some(ending) = Ending::forwarded(&headers) {
        return Ok(ending);
    }
    reply.open_with(headers);
    while let Some(message) = messages.next().await? {
        let message: Bytes = message.0;
        reply.room().await.send(message);
    }
    let ending = Ending::forwarded(&messages.trailers());
    Ok(ending.unwrap_or_else(|| Ending::new(Code::INTERNAL, "the other server has not said how the call ended")))
}
