//! A client that speaks HTTP/2 and frames messages by itself.

use std::fmt;
use std::io::{Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest, handshake};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

#[derive(Clone)]
pub struct Client(SendRequest<Sent>);

/// What is sent on a call, piece by piece.
pub struct Sent(mpsc::Receiver<Result<Bytes, GivenUp>>);

/// What breaks a call off, as clients do that give it up.
#[derive(Debug)]
pub struct GivenUp(h2::Error);

/// A call that is open.
pub struct Open {
    send: Option<mpsc::Sender<Result<Bytes, GivenUp>>>,
    state: State,
    buffer: Vec<u8>,
    pub trailers: HeaderMap,
}

enum State {
    Waiting(JoinHandle<hyper::Result<Response<Incoming>>>),
    Answered(HeaderMap, Incoming),
}

/// How a call ended: its code, its message as it stands on the wire, its details.
#[derive(Debug, PartialEq)]
pub struct End(pub String, pub String, pub Option<String>);

impl End {
    pub fn of(code: &str, message: &str) -> End {
        End(code.to_owned(), message.to_owned(), None)
    }
}

impl Client {
    pub async fn tcp(address: &str) -> Client {
        Client::over(TcpStream::connect(address).await.expect("somebody listens")).await
    }

    pub async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Client {
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
        tokio::spawn(connection);
        Client(sender)
    }

    /// A client that takes so few bytes before it has read others.
    pub async fn with_window(address: &str, bytes: u32) -> Client {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        let mut builder = Builder::new(TokioExecutor::new());
        let connecting = builder.initial_stream_window_size(bytes).handshake(TokioIo::new(stream));
        let (sender, connection) = connecting.await.expect("HTTP/2");
        tokio::spawn(connection);
        Client(sender)
    }

    /// Opens a call.
    pub fn open(&self, method: &str, headers: &[(&str, &str)]) -> Open {
        let (send, pieces) = mpsc::channel(1);
        let mut request = Request::post(format!("http://localhost{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Sent(pieces)).expect("a request");
        let mut sender = self.0.clone();
        let response = tokio::spawn(async move {
            sender.ready().await?;
            sender.send_request(request).await
        });
        Open { send: Some(send), state: State::Waiting(response), buffer: Vec::new(), trailers: HeaderMap::new() }
    }

    /// A call with one message and at most one answer.
    pub async fn unary(&self, method: &str, message: &[u8]) -> (Option<Vec<u8>>, End) {
        self.unary_with(method, &[], &framed(message)).await
    }

    pub async fn unary_with(&self, method: &str, headers: &[(&str, &str)], wire: &[u8]) -> (Option<Vec<u8>>, End) {
        let mut call = self.open(method, headers);
        call.send_wire(wire).await;
        call.half_close();
        let mut all = call.all().await;
        assert!(all.0.len() <= 1, "one answer: {:?}", all.0);
        (all.0.pop(), all.1)
    }
}

impl Client {
    /// The status of HTTP that answers a request without a message.
    pub async fn status(&self, method: &str, content_type: &str) -> u16 {
        let request = Request::builder().method(method).uri("http://localhost/test.Items/Get");
        let request = request.header("content-type", content_type).body(Sent(mpsc::channel(1).1));
        let response = self.0.clone().send_request(request.expect("a request")).await;
        response.expect("an answer").status().as_u16()
    }
}

impl Open {
    pub async fn send(&mut self, message: &[u8]) {
        self.send_wire(&framed(message)).await;
    }

    /// Sends bytes as they are. Whether anybody takes them is not asked.
    pub async fn send_wire(&mut self, wire: &[u8]) {
        let send = self.send.as_ref().expect("it was not closed");
        let _ = send.send(Ok(Bytes::copy_from_slice(wire))).await;
    }

    pub fn half_close(&mut self) {
        self.send = None;
    }

    pub async fn headers(&mut self) -> HeaderMap {
        let (headers, _) = self.answered().await;
        headers.clone()
    }

    /// The next message, decompressed if it says that it is compressed.
    pub async fn message(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some((prefix, rest)) = self.buffer.split_first_chunk::<5>() {
                let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
                if rest.len() >= length {
                    let is_compressed = prefix[0] == 1;
                    let message = rest[..length].to_vec();
                    self.buffer.drain(..5 + length);
                    return Some(if is_compressed { gunzip(&message) } else { message });
                }
            }
            let (_, body) = self.answered().await;
            let frame = body.frame().await?.ok()?;
            match frame.into_data() {
                Ok(data) => self.buffer.extend_from_slice(&data),
                Err(frame) => self.trailers = frame.into_trailers().expect("data or trailers"),
            }
        }
    }

    /// What the call is reset for, when all has come that comes before; nothing if it ends otherwise.
    pub async fn reset(&mut self) -> Option<h2::Reason> {
        let error = loop {
            if let State::Waiting(response) = &mut self.state {
                match response.await.expect("no panic") {
                    Ok(response) => {
                        let (parts, body) = response.into_parts();
                        self.state = State::Answered(parts.headers, body);
                    }
                    Err(error) => break error,
                }
            }
            let (_, body) = self.answered().await;
            match body.frame().await? {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        let error = std::error::Error::source(&error)?.downcast_ref::<h2::Error>()?;
        error.reason().filter(|_| error.is_reset() && error.is_remote())
    }

    /// All messages that are left, and the end.
    pub async fn all(&mut self) -> (Vec<Vec<u8>>, End) {
        let mut messages = Vec::new();
        while let Some(message) = self.message().await {
            messages.push(message);
        }
        (messages, self.end().await)
    }

    /// All bytes of the answer as they are.
    pub async fn wire(&mut self) -> Vec<u8> {
        let (_, body) = self.answered().await;
        let mut all = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            all.extend_from_slice(frame.data_ref().map_or(&b""[..], |data| data));
        }
        all
    }

    /// The status of HTTP; nothing if the call was reset.
    pub async fn try_headers(&mut self) -> Option<u16> {
        let State::Waiting(response) = &mut self.state else { panic!("it was answered already") };
        let response = response.await.expect("no panic").ok()?;
        Some(response.status().as_u16())
    }

    /// How it ended, when there are no messages left.
    pub async fn end(&mut self) -> End {
        assert_eq!(self.message().await, None, "no message is left");
        let headers = self.headers().await;
        let text = |name: &str| {
            let value = self.trailers.get(name).or_else(|| headers.get(name))?;
            Some(value.to_str().expect("ASCII").to_owned())
        };
        let code = text("grpc-status").unwrap_or_else(|| "none".to_owned());
        End(code, text("grpc-message").unwrap_or_default(), text("grpc-status-details-bin"))
    }

    async fn answered(&mut self) -> (&HeaderMap, &mut Incoming) {
        if let State::Waiting(response) = &mut self.state {
            let response = response.await.expect("no panic").expect("an answer");
            let (parts, body) = response.into_parts();
            self.state = State::Answered(parts.headers, body);
        }
        match &mut self.state {
            State::Answered(headers, body) => (headers, body),
            State::Waiting(_) => unreachable!("it has just been answered"),
        }
    }
}

impl Drop for Open {
    /// Resets the call, unless it was closed.
    fn drop(&mut self) {
        if let Some(send) = self.send.take() {
            tokio::spawn(async move { send.send(Err(GivenUp(h2::Reason::CANCEL.into()))).await });
        }
        if let State::Waiting(response) = &self.state {
            response.abort();
        }
    }
}

pub fn framed(message: &[u8]) -> Vec<u8> {
    with_prefix(0, message)
}

pub fn compressed(message: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(message).expect("a Vec takes all");
    with_prefix(1, &encoder.finish().expect("a Vec takes all"))
}

pub fn with_prefix(flag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a message");
    [&[flag][..], &length.to_be_bytes(), content].concat()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut open = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut open).expect("gzip");
    open
}

impl Body for Sent {
    type Data = Bytes;
    type Error = GivenUp;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, GivenUp>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("given up")
    }
}

impl std::error::Error for GivenUp {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
