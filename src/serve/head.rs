//! [`Head`]: what stands in front of a call's messages.

use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};

use super::ending::Ending;
use super::outgoing::Outgoing;
use crate::schema::Code;

const TIMEOUT: &str = "grpc-timeout";
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

const GRPC: &str = "application/grpc";
const GZIP: &str = "gzip";
const IDENTITY: &str = "identity";

/// What a client says of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// How long it waits.
    pub(super) timeout: Option<Duration>,
    /// Whether its messages may be compressed.
    pub(super) sends_gzip: bool,
    /// Whether it understands messages that are compressed.
    pub(super) takes_gzip: bool,
}

impl Head {
    /// Reads the head of a request.
    ///
    /// # Errors
    ///
    /// The end of the call, if it can't be answered.
    pub(super) fn read(headers: &HeaderMap) -> Result<Head, Ending> {
        let timeout = headers.get(TIMEOUT).map(|value| {
            let malformed = || {
                let found = String::from_utf8_lossy(value.as_bytes()).into_owned();
                let expected = "expected up to 8 digits and one of H, M, S, m, u, n";
                Ending::new(Code::INTERNAL, format!("{TIMEOUT}: found `{found}`, {expected}"))
            };
            value.to_str().ok().and_then(duration_of).ok_or_else(malformed)
        });
        let sends_gzip = match headers.get(ENCODING).map(HeaderValue::as_bytes) {
            None => false,
            Some(encoding) if encoding == IDENTITY.as_bytes() => false,
            Some(encoding) if encoding == GZIP.as_bytes() => true,
            Some(other) => {
                let found = String::from_utf8_lossy(other);
                let message = format!("{ENCODING}: found `{found}`, expected {IDENTITY} or {GZIP}");
                return Err(Ending::new(Code::UNIMPLEMENTED, message));
            }
        };
        let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let takes_gzip = accepted.flat_map(|list| list.split(',')).any(|encoding| encoding.trim() == GZIP);
        Ok(Head { timeout: timeout.transpose()?, sends_gzip, takes_gzip })
    }

    /// Whether to compress what is answered: as the client does, if it says that it understands that.
    pub(super) fn answers_gzip(self) -> bool {
        self.sends_gzip && self.takes_gzip
    }
}

/// The answer to what is no call of gRPC at all.
pub(super) fn refusal(parts: &Parts) -> Option<Response<Outgoing>> {
    let content_type = parts.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_grpc = content_type
        .strip_prefix(GRPC.as_bytes())
        .is_some_and(|rest| rest.first().is_none_or(|next| matches!(next, b'+' | b';')));
    let status = match (&parts.method, is_grpc) {
        (&Method::POST, true) => return None,
        (&Method::POST, false) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    };
    let mut response = Response::new(Outgoing::empty());
    *response.status_mut() = status;
    Some(response)
}

/// The headers of an answer.
pub(super) fn answer_headers(with_gzip: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip"));
    if with_gzip {
        headers.insert(ENCODING, HeaderValue::from_static(GZIP));
    }
    headers
}

/// A duration as `grpc-timeout` has it.
///
/// Source: "gRPC over HTTP2", `Timeout`.
fn duration_of(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_timeouts() {
        let table = [
            ("1S", Some(1_000_000)),
            ("99999999H", Some(359_999_996_400_000_000)),
            ("250m", Some(250_000)),
            ("7u", Some(7)),
            ("2000n", Some(2)),
            ("2M", Some(120_000_000)),
            ("123456789S", None),
            ("S", None),
            ("", None),
            ("1", None),
            ("+1S", None),
            ("1é", None),
            ("1s", None),
        ];
        for (text, micros) in table {
            assert_eq!(duration_of(text), micros.map(Duration::from_micros), "{text}");
        }
    }

    #[test]
    fn answers_as_it_was_asked() {
        let head = |headers: &[(&'static str, &'static str)]| {
            let pairs =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            Head::read(&pairs.collect())
        };
        let answers = |headers| head(headers).map(Head::answers_gzip);
        assert_eq!(answers(&[]), Ok(false));
        assert_eq!(answers(&[("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity, gzip")]), Ok(true));
        assert_eq!(answers(&[("grpc-encoding", "gzip")]), Ok(false));
        assert_eq!(answers(&[("grpc-accept-encoding", "gzip")]), Ok(false));
        let refused = Ending::new(Code::UNIMPLEMENTED, "grpc-encoding: found `snappy`, expected identity or gzip");
        assert_eq!(answers(&[("grpc-encoding", "snappy")]), Err(refused));
    }
}
