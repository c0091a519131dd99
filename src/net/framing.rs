//! Messages on the wire of gRPC: a flag, a length, and so many bytes; compressed or not.
//!
//! Source: "gRPC over HTTP2", `Length-Prefixed-Message`.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use flate2::Compression;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Body;

use super::ending::Ending;
use super::head::Encoding;
use crate::schema::Code;

/// What stands in front of a message: whether it is compressed, and how long it is.
const PREFIX_BYTES: usize = 5;

/// The first byte of a message that is compressed.
const COMPRESSED: u8 = 1;

/// Why a body does not hold messages.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("message of {found} bytes exceeds the limit of {limit}, max_message_bytes")]
    TooLong { found: u64, limit: usize },
    #[error("compressed message of {found} bytes has more than {limit} bytes when it is open, max_message_bytes")]
    TooLongInside { found: usize, limit: usize },
    #[error("message begins with byte {0}, expected 0, or 1 if it is compressed")]
    Flag(u8),
    #[error("message is compressed, but there is no grpc-encoding")]
    NoEncoding,
    #[error("message claims to be {0}: {1}")]
    NotEncoded(Encoding, io::Error),
    #[error("it ends inside a message: {found} bytes of {expected}")]
    Cut { found: usize, expected: u64 },
    #[error("it ends early: {0}")]
    Body(String),
}

impl Fault {
    /// How a call ends because of it.
    pub(crate) fn ending(&self) -> Ending {
        let code = match self {
            Fault::TooLong { .. } | Fault::TooLongInside { .. } => Code::RESOURCE_EXHAUSTED,
            Fault::Flag(_) | Fault::NoEncoding | Fault::NotEncoded(..) | Fault::Cut { .. } => Code::INTERNAL,
            Fault::Body(_) => Code::CANCELLED,
        };
        Ending::new(code, self.to_string())
    }
}

/// A message as it came: with what stands in front of it.
#[derive(Debug, Clone)]
pub(crate) struct Framed(pub(crate) Bytes);

/// Cuts a body into messages. Memory grows with the bytes that arrive, whatever lengths they claim.
#[derive(Debug)]
pub(crate) struct Deframer {
    /// What came last, as long as nothing was left of what came before it.
    last: Bytes,
    /// Else everything that has come of the next messages.
    buffer: BytesMut,
    encoding: Encoding,
    limit: usize,
}

impl Deframer {
    /// Compressed messages are in this encoding, and none is longer than the limit, neither compressed nor open.
    pub(crate) fn new(encoding: Encoding, limit: usize) -> Self {
        Deframer { last: Bytes::new(), buffer: BytesMut::new(), encoding, limit }
    }

    /// Takes the next bytes of the body.
    pub(crate) fn push(&mut self, data: Bytes) {
        if self.buffer.is_empty() && self.last.is_empty() {
            self.last = data;
            return;
        }
        self.buffer.extend_from_slice(&std::mem::take(&mut self.last));
        self.buffer.extend_from_slice(&data);
    }

    /// The next message, if all of it has come.
    pub(crate) fn next(&mut self) -> Result<Option<Framed>, Fault> {
        let Some(length) = self.length()? else { return Ok(None) };
        let end = PREFIX_BYTES + length;
        if self.rest().len() < end {
            return Ok(None);
        }
        let message = if self.buffer.is_empty() { self.last.split_to(end) } else { self.buffer.split_to(end).freeze() };
        Ok(Some(Framed(message)))
    }

    /// Whether the body may end here.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        if self.rest().is_empty() {
            return Ok(());
        }
        let expected = (PREFIX_BYTES + self.length()?.unwrap_or(0)) as u64;
        Err(Fault::Cut { found: self.rest().len(), expected })
    }

    /// What a message says, decompressed if need be.
    pub(crate) fn open(&self, message: &Framed) -> Result<Bytes, Fault> {
        let content = message.0.slice(PREFIX_BYTES..);
        if message.0[0] != COMPRESSED {
            return Ok(content);
        }
        let mut open = Vec::new();
        // A byte beyond the limit tells that there is more.
        let limit = (self.limit as u64).saturating_add(1);
        let (found, content) = (content.len(), content.reader());
        let opened = match self.encoding {
            Encoding::Identity => return Err(Fault::NoEncoding),
            Encoding::Gzip => MultiGzDecoder::new(content).take(limit).read_to_end(&mut open),
            Encoding::Deflate => ZlibDecoder::new(content).take(limit).read_to_end(&mut open),
            Encoding::Zstd => {
                zstd::Decoder::with_buffer(content).and_then(|decoder| decoder.take(limit).read_to_end(&mut open))
            }
        };
        opened.map_err(|error| Fault::NotEncoded(self.encoding, error))?;
        if open.len() > self.limit {
            return Err(Fault::TooLongInside { found, limit: self.limit });
        }
        Ok(open.into())
    }

    fn rest(&self) -> &[u8] {
        if self.buffer.is_empty() { &self.last } else { &self.buffer }
    }

    /// The length that the next message claims, once that has arrived.
    fn length(&self) -> Result<Option<usize>, Fault> {
        let Some((&flag, rest)) = self.rest().split_first() else { return Ok(None) };
        match flag {
            0 => {}
            COMPRESSED if self.encoding != Encoding::Identity => {}
            COMPRESSED => return Err(Fault::NoEncoding),
            other => return Err(Fault::Flag(other)),
        }
        let Some(length) = rest.first_chunk() else { return Ok(None) };
        let length = u32::from_be_bytes(*length);
        match usize::try_from(length).ok().filter(|length| *length <= self.limit) {
            Some(length) => Ok(Some(length)),
            None => Err(Fault::TooLong { found: length.into(), limit: self.limit }),
        }
    }
}

/// The messages of a body, as they are asked for.
#[derive(Debug)]
pub(crate) struct Messages<B> {
    body: B,
    deframer: Deframer,
    trailers: HeaderMap,
}

impl<B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin> Messages<B> {
    /// The messages of a body; see [`Deframer::new`].
    pub(crate) fn new(body: B, encoding: Encoding, limit: usize) -> Self {
        Messages { body, deframer: Deframer::new(encoding, limit), trailers: HeaderMap::new() }
    }

    /// The next message; nothing where the body ends. Nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<Framed>, Fault> {
        loop {
            if let Some(message) = self.deframer.next()? {
                return Ok(Some(message));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.deframer.push(data),
                    Err(frame) => self.trailers = frame.into_trailers().unwrap_or_default(),
                },
                Some(Err(error)) => return Err(Fault::Body(error.to_string())),
                None => return self.deframer.end().map(|()| None),
            }
        }
    }

    /// What a message says, decompressed if need be.
    pub(crate) fn open(&self, message: &Framed) -> Result<Bytes, Fault> {
        self.deframer.open(message)
    }

    /// What came behind the last message.
    pub(crate) fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }
}

/// A message as it goes out, compressed or not.
pub(crate) fn framed(content: &[u8], with_gzip: bool) -> Bytes {
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
    use crate::net::Outgoing;
    use Encoding::{Deflate, Gzip, Identity, Zstd};

    const LIMIT: usize = 100;

    /// What is read of a body that arrives in these pieces: messages, and the fault that ends it.
    async fn read(pieces: &[&[u8]], encoding: Encoding) -> (Vec<Bytes>, Option<String>) {
        let body = Outgoing::of_pieces(pieces);
        let mut messages = Messages::new(body, encoding, LIMIT);
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
            let (messages, fault) = read(&[&wire[..cut], &wire[cut..]], Gzip).await;
            assert_eq!((messages, fault), (vec!["one".into(), "".into(), "three".into()], None), "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn opens_what_others_compress() {
        let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(b"text").expect("a Vec takes all");
        let deflated = deflate.finish().expect("a Vec takes all");
        let zstd = zstd::encode_all(&b"text"[..], 1).expect("a Vec takes all");
        for (content, encoding) in [(deflated, Deflate), (zstd, Zstd)] {
            let wire = [&[COMPRESSED][..], &(content.len() as u32).to_be_bytes(), &content].concat();
            assert_eq!(read(&[&wire], encoding).await, (vec!["text".into()], None), "{encoding}");
        }
    }

    #[tokio::test]
    async fn tells_what_is_no_message() {
        let bomb = framed(&[0; LIMIT + 1], true);
        let table: [(&[u8], Encoding, &str); 9] = [
            (b"\x07\0\0\0\0", Gzip, "message begins with byte 7, expected 0, or 1 if it is compressed"),
            (b"\x01\0\0\0\0", Identity, "message is compressed, but there is no grpc-encoding"),
            (b"\0\0\0", Gzip, "it ends inside a message: 3 bytes of 5"),
            (b"\0\0\0\0\x09abc", Gzip, "it ends inside a message: 8 bytes of 14"),
            (b"\0\xff\xff\xff\xff", Gzip, "message of 4294967295 bytes exceeds the limit of 100, max_message_bytes"),
            (b"\x01\0\0\0\x0cthis is text", Gzip, "message claims to be gzip: invalid gzip header"),
            (b"\x01\0\0\0\x0cthis is text", Deflate, "message claims to be deflate: corrupt deflate stream"),
            (b"\x01\0\0\0\x0cthis is text", Zstd, "message claims to be zstd: Unknown frame descriptor"),
            (&bomb, Gzip, "has more than 100 bytes when it is open, max_message_bytes"),
        ];
        for (wire, encoding, expected) in table {
            let (_, fault) = read(&[wire], encoding).await;
            assert!(fault.as_ref().is_some_and(|fault| fault.ends_with(expected)), "{fault:?}, expected {expected}");
        }
    }
}
