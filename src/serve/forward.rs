//! [`Upstream`]: another server, which answers what no recorded call does.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::response;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

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
            if let Some(ending) = no_grpc(&parts) {
                return Ok(ending);
            }
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
        let connecting = async {
            let stream = self.connect().await.map_err(|error| error.to_string())?;
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(|error| error.to_string())
        };
        // Other calls wait for it.
        let connected = timeout(CONNECT_TIMEOUT, connecting).await;
        let seconds = CONNECT_TIMEOUT.as_secs();
        let (sender, driver) = connected.map_err(|_| format!("nobody has answered for {seconds} seconds"))??;
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

/// How long the other server has for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a call ends that was answered by something that speaks HTTP and not gRPC, such as a proxy.
///
/// Source: "HTTP to gRPC Status Code Mapping".
fn no_grpc(answer: &response::Parts) -> Option<Ending> {
    let content_type = answer.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_grpc = answer.status == StatusCode::OK && content_type.starts_with(b"application/grpc");
    if is_grpc || answer.headers.contains_key("grpc-status") {
        return None;
    }
    let code = match answer.status.as_u16() {
        400 => Code::INTERNAL,
        401 => Code::UNAUTHENTICATED,
        403 => Code::PERMISSION_DENIED,
        404 => Code::UNIMPLEMENTED,
        429 | 502..=504 => Code::UNAVAILABLE,
        _ => Code::UNKNOWN,
    };
    Some(Ending::new(
        code,
        format!("the other server has answered with HTTP status {}, and not as gRPC", answer.status),
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_grpc_is_told_from_what_is() {
        for (status, content_type, expected) in [
            (200, "application/grpc", None),
            (200, "application/grpc+proto", None),
            (200, "text/html", Some("UNKNOWN")),
            (503, "", Some("UNAVAILABLE")),
            (404, "text/html", Some("UNIMPLEMENTED")),
            (401, "application/grpc", Some("UNAUTHENTICATED")),
        ] {
            let answer = hyper::Response::builder().status(status).header(CONTENT_TYPE, content_type).body(());
            let (parts, ()) = answer.expect("an answer").into_parts();
            let found = no_grpc(&parts).map(|ending| ending.code.to_string());
            assert_eq!(found.as_deref(), expected, "{status} {content_type}");
        }
    }
}
