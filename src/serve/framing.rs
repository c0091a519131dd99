//! Messages on the wire of gRPC: a flag, a length, and so many bytes; compressed or not.
//!
//! Source: "gRPC over HTTP2", `Length-Prefixed-Message`.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Body;

use super::ending::Ending;
use crate::schema::Code;

/// What stands in front of a message: whether it is compressed, and how long it is.
const PREFIX_BYTES: usize = 5;

/// The first byte of a message that is compressed.
const COMPRESSED: u8 = 1;

/// Why a body does not hold messages.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("message of {found} bytes exceeds the limit of {limit}, max_message_bytes")]
    TooLong { found: u64, limit: usize },
    #[error("compressed message of {found} bytes has more than {limit} bytes when it is open, max_message_bytes")]
    TooLongInside { found: usize, limit: usize },
    #[error("message begins with byte {0}, expected 0, or 1 if it is compressed")]
    Flag(u8),
    #[error("message is compressed, but there is no grpc-encoding")]
    NoEncoding,
    #[error("message claims to be gzip: {0}")]
    NotGzip(io::Error),
    #[error("it ends inside a message: {found} bytes of {expected}")]
    Cut { found: usize, expected: u64 },
    #[error("it ends early: {0}")]
    Body(String),
}

impl Fault {
    /// How a call ends because of it.
    pub(super) fn ending(&self) -> Ending {
        let code = match self {
            Fault::TooLong { .. } | Fault::TooLongInside { .. } => Code::RESOURCE_EXHAUSTED,
            Fault::Flag(_) | Fault::NoEncoding | Fault::NotGzip(_) | Fault::Cut { .. } => Code::INTERNAL,
            Fault::Body(_) => Code::CANCELLED,
        };
        Ending::new(code, self.to_string())
    }
}

/// A message as it came: with what stands in front of it.
#[derive(Debug, Clone)]
pub(super) struct Framed(pub(super) Bytes);

/// The messages of a body. Memory grows with the bytes that arrive, whatever lengths they claim.
#[derive(Debug)]
pub(super) struct Messages<B> {
    body: B,
    /// What has come of the next messages.
    buffer: BytesMut,
    trailers: HeaderMap,
    has_gzip: bool,
    limit: usize,
}

impl<B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin> Messages<B> {
    /// The messages of a body, compressed ones only if gzip was announced, and none longer than the limit.
    pub(super) fn new(body: B, has_gzip: bool, limit: usize) -> Self {
        Messages { body, buffer: BytesMut::new(), trailers: HeaderMap::new(), has_gzip, limit }
    }

    /// The next message; nothing where the body ends. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<Framed>, Fault> {
        loop {
            let length = self.length()?;
            if let Some(length) = length.filter(|length| self.buffer.len() - PREFIX_BYTES >= *length) {
                return Ok(Some(Framed(self.buffer.split_to(PREFIX_BYTES + length).freeze())));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.buffer.extend_from_slice(&data),
                    Err(frame) => self.trailers = frame.into_trailers().unwrap_or_default(),
                },
                Some(Err(error)) => return Err(Fault::Body(error.to_string())),
                None if self.buffer.is_empty() => return Ok(None),
                None => {
                    let expected = (PREFIX_BYTES + length.unwrap_or(0)) as u64;
                    return Err(Fault::Cut { found: self.buffer.len(), expected });
                }
            }
        }
    }

    /// What a message says, decompressed if need be.
    pub(super) fn open(&self, message: &Framed) -> Result<Bytes, Fault> {
        let content = message.0.slice(PREFIX_BYTES..);
        if message.0[0] != COMPRESSED {
            return Ok(content);
        }
        let mut open = Vec::new();
        // A byte beyond the limit tells that there is more.
        let limit = (self.limit as u64).saturating_add(1);
        MultiGzDecoder::new(content.reader()).take(limit).read_to_end(&mut open).map_err(Fault::NotGzip)?;
        if open.len() > self.limit {
            return Err(Fault::TooLongInside { found: message.0.len() - PREFIX_BYTES, limit: self.limit });
        }
        Ok(open.into())
    }

    /// What came behind the last message.
    pub(super) fn trailers(self) -> HeaderMap {
        self.trailers
    }

    /// The length that the next message claims, once that has arrived.
    fn length(&self) -> Result<Option<usize>, Fault> {
        let Some(&flag) = self.buffer.first() else { return Ok(None) };
        match flag {
            0 => {}
            COMPRESSED if self.has_gzip => {}
            COMPRESSED => return Err(Fault::NoEncoding),
            other => return Err(Fault::Flag(other)),
        }
        let Some(length) = self.buffer[1..].first_chunk() else { return Ok(None) };
        let length = u32::from_be_bytes(*length);
        match usize::try_from(length).ok().filter(|length| *length <= self.limit) {
            Some(length) => Ok(Some(length)),
            None => Err(Fault::TooLong { found: length.into(), limit: self.limit }),
        }
    }
}

/// A message as it goes out, compressed or not.
pub(super) fn framed(content: &[u8], with_gzip: bool) -> Bytes {
    let mut message = vec![0; PREFIX_BYTES];
    if with_gzip && !content.is_empty() {
        message[0] = COMPRESSED;
        let mut encoder = GzEncoder::new(message, Compression::fast());
        message = encoder.write_all(content).and_then(|()| encoder.finish()).expect("a Vec takes all that is written");
    } else {
        message.extend_from_slice(content);
    }
    let length = u32::try_from(message.len() - PREFIX_BYTES).expect("positions in a record have 32 bits");
    message[1..PREFIX_BYTES].copy_from_slice(&length.to_be_bytes());
    message.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::outgoing::Outgoing;

    const LIMIT: usize = 100;

    /// What is read of a body that arrives in these pieces: messages, and the fault that ends it.
    async fn read(pieces: &[&[u8]], has_gzip: bool) -> (Vec<Bytes>, Option<String>) {
        let body = Outgoing::of_pieces(pieces);
        let mut messages = Messages::new(body, has_gzip, LIMIT);
        let mut all = Vec::new();
        loop {
            let message = messages.next().await.and_then(|message| message.map(|m| messages.open(&m)).transpose());
            match message {
                Ok(Some(message)) => all.push(message),
                Ok(None) => return (all, None),
                Err(fault) => return (all, Some(fault.to_string())),
            }
        }
    }

    #[tokio::test]
    async fn reads_messages_cut_anywhere() {
        let wire = [framed(b"one", false), framed(b"", false), framed(b"three", true)].concat();
        for cut in 0..=wire.len() {
            let (messages, fault) = read(&[&wire[..cut], &wire[cut..]], true).await;
            assert_eq!((messages, fault), (vec!["one".into(), "".into(), "three".into()], None), "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn tells_what_is_no_message() {
        let bomb = framed(&[0; LIMIT + 1], true);
        let table: [(&[u8], bool, &str); 7] = [
            (b"\x07\0\0\0\0", true, "message begins with byte 7, expected 0, or 1 if it is compressed"),
            (b"\x01\0\0\0\0", false, "message is compressed, but there is no grpc-encoding"),
            (b"\0\0\0", true, "it ends inside a message: 3 bytes of 5"),
            (b"\0\0\0\0\x09abc", true, "it ends inside a message: 8 bytes of 14"),
            (b"\0\xff\xff\xff\xff", true, "message of 4294967295 bytes exceeds the limit of 100, max_message_bytes"),
            (b"\x01\0\0\0\x0cthis is text", true, "message claims to be gzip: invalid gzip header"),
            (&bomb, true, "has more than 100 bytes when it is open, max_message_bytes"),
        ];
        for (wire, has_gzip, expected) in table {
            let (_, fault) = read(&[wire], has_gzip).await;
            assert!(fault.as_ref().is_some_and(|fault| fault.ends_with(expected)), "{fault:?}, expected {expected}");
        }
    }
}
