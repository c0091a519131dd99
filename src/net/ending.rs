//! [`Ending`]: how a call ends, as trailers say it.

use base64_simd::STANDARD_NO_PAD;
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};

use crate::entry::Any;
use crate::schema::{Code, Status};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// What a message must not hold as it is: all but the printable characters of ASCII, and `%` itself.
///
/// Source: "gRPC over HTTP2", `Percent-Encoded`.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// How many bytes of a message of our own are sent. Clients refuse trailers of more than some 8 KiB.
const MESSAGE_LIMIT_BYTES: usize = 2048;

/// How a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) code: Code,
    pub(crate) message: Vec<u8>,
    /// The whole `google.rpc.Status`, if it says more than code and message.
    details: Option<Bytes>,
    /// The trailers as another server has sent them.
    forwarded: Option<Box<HeaderMap>>,
}

impl Ending {
    pub(crate) fn ok() -> Self {
        Ending { code: Code::OK, message: Vec::new(), details: None, forwarded: None }
    }

    /// An end of our own.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MESSAGE_LIMIT_BYTES {
            let cut = (0..=MESSAGE_LIMIT_BYTES).rev().find(|cut| message.is_char_boundary(*cut));
            message.truncate(cut.unwrap_or(0));
            message.push('…');
        }
        Ending { code, message: message.into_bytes(), details: None, forwarded: None }
    }

    /// An end that was recorded, a `google.rpc.Status`. A code that gRPC does not have is passed on: what a client makes of it, it would have made
    /// of it then.
    pub(crate) fn recorded(any: Any<'_>) -> Self {
        let Ok(status) = Status::read(any.value) else {
            return Ending::new(Code::UNKNOWN, "the recorded status can't be read");
        };
        let says_more = !status.details.is_empty() || !status.unknown.is_empty();
        Ending {
            code: status.code,
            message: status.message.to_vec(),
            details: says_more.then(|| Bytes::copy_from_slice(any.value)),
            forwarded: None,
        }
    }

    /// An end as another server has said it in its trailers, if it did, which are kept.
    pub(crate) fn forwarded(trailers: &HeaderMap) -> Option<Self> {
        Some(Ending { forwarded: Some(Box::new(trailers.clone())), ..Ending::said(trailers)? })
    }

    /// What another server has said in its trailers of the end, if it did.
    ///
    /// Source: grpc-go, `status.NewWithProto`: details count if they are of the same code.
    pub(crate) fn said(trailers: &HeaderMap) -> Option<Self> {
        let code = Code(trailers.get(STATUS)?.to_str().ok()?.parse().ok()?);
        let message = trailers.get(MESSAGE).map(|message| percent_decode(message.as_bytes()).collect());
        let details = trailers.get(DETAILS).and_then(|details| read_binary(details.as_bytes()));
        let details = details.filter(|details| Status::read(details).is_ok_and(|status| status.code == code));
        let message = message.unwrap_or_default();
        Some(Ending { code, message, details: details.map(Bytes::from), forwarded: None })
    }

    /// As a `google.rpc.Status`, as Go writes it into a recording.
    pub(crate) fn status(&self) -> Bytes {
        if let Some(details) = &self.details {
            return details.clone();
        }
        Status::encode(self.code, &self.message).into()
    }

    /// As HTTP has it.
    pub(crate) fn trailers(&self) -> HeaderMap {
        if let Some(trailers) = &self.forwarded {
            return HeaderMap::clone(trailers);
        }
        let mut trailers = HeaderMap::new();
        trailers.insert(STATUS, HeaderValue::from(self.code.0));
        let mut insert = |name, text: String| {
            let value = HeaderValue::try_from(text).expect("what is encoded is printable ASCII");
            trailers.insert(name, value);
        };
        if !self.message.is_empty() {
            insert(MESSAGE, percent_encode(&self.message, ENCODED).to_string());
        }
        if let Some(details) = &self.details {
            insert(DETAILS, STANDARD_NO_PAD.encode_to_string(details));
        }
        trailers
    }
}

/// What metadata holds whose name ends with `-bin`: base64, with or without `=` at its end.
pub(crate) fn read_binary(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    STANDARD_NO_PAD.decode_to_vec(&text[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_another_server_says() {
        let status = |pairs: &[(&'static str, &'static str)]| {
            let pairs =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            Ending::said(&pairs.collect()).map(|ending| ending.status().to_vec())
        };
        assert_eq!(status(&[]), None);
        assert_eq!(status(&[("grpc-status", "five")]), None);
        assert_eq!(status(&[("grpc-status", "0")]), Some(b"".to_vec()));
        let (gone, text) = (("grpc-status", "5"), ("grpc-message", "%C3%A9 gone"));
        assert_eq!(status(&[gone, text]), Some("\u{8}\u{5}\u{12}\u{7}é gone".as_bytes().to_vec()));
        let wrong = ("grpc-message", "%ff");
        assert_eq!(status(&[gone, wrong]), Some("\u{8}\u{5}\u{12}\u{3}\u{fffd}".as_bytes().to_vec()));
        for details in ["CAUaAwoBdA", "CAUaAwoBdA=="] {
            assert_eq!(
                status(&[gone, ("grpc-status-details-bin", details)]),
                Some(b"\x08\x05\x1a\x03\x0a\x01t".to_vec())
            );
        }
        for details in ["CAYaAwoBdA", "CAU", "%"] {
            let of_another_code = ("grpc-status-details-bin", details);
            assert_eq!(status(&[gone, of_another_code]), Some(b"\x08\x05".to_vec()), "{details}");
        }
    }

    #[test]
    fn says_all_that_was_recorded() {
        let trailers = |value: &[u8]| {
            let trailers = Ending::recorded(Any { type_url: "google.rpc.Status", value }).trailers();
            let text = |name: &str| trailers.get(name).map(|value| value.to_str().expect("ASCII").to_owned());
            [text("grpc-status"), text("grpc-message"), text("grpc-status-details-bin")]
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(trailers(b"\x08\x05\x12\x05gone!"), [some("5"), some("gone!"), None]);
        assert_eq!(
            trailers("\u{8}\u{5}\u{12}\u{6}é%\n\u{1b}~".as_bytes()),
            [some("5"), some("%C3%A9%25%0A%1B~"), None]
        );
        assert_eq!(trailers(b"\x08\x05\x1a\x03\x0a\x01t"), [some("5"), None, some("CAUaAwoBdA")]);
        assert_eq!(trailers(b"\x08\x4d"), [some("77"), None, None]);
        assert_eq!(trailers(b"\x12\xff"), [some("2"), some("the recorded status can't be read"), None]);
    }
}
