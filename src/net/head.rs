//! [`Head`]: what stands in front of a call's messages.

use std::fmt;
use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};

use super::ending::Ending;
use crate::schema::Code;

const TIMEOUT: &str = "grpc-timeout";
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// The names of all encodings that are known, as `grpc-accept-encoding` has them.
const ENCODINGS: &str = "identity,gzip,deflate,zstd";

const GRPC: &str = "application/grpc";
/// How messages are compressed that say that they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// None is.
    Identity,
    Gzip,
    Deflate,
    Zstd,
}

impl Encoding {
    const ALL: [Encoding; 4] = [Encoding::Identity, Encoding::Gzip, Encoding::Deflate, Encoding::Zstd];

    /// The encoding that headers name, if they name one.
    ///
    /// # Errors
    ///
    /// What was found and what was expected, if it is none that is known.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Encoding, String> {
        let Some(name) = headers.get(ENCODING) else { return Ok(Encoding::Identity) };
        let known = Encoding::ALL.into_iter().find(|known| known.name().as_bytes() == name.as_bytes());
        known.ok_or_else(|| {
            let found = String::from_utf8_lossy(name.as_bytes());
            format!("{ENCODING}: found `{found}`, expected one of {ENCODINGS}")
        })
    }

    /// Takes from headers what they accept that is not known.
    pub(crate) fn accept_known(headers: &mut HeaderMap) {
        let accepted = || {
            let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
            lists.flat_map(|list| list.split(',')).map(str::trim)
        };
        let is_known = |name: &&str| Encoding::ALL.iter().any(|known| known.name() == *name);
        if accepted().all(|name| is_known(&name)) {
            return;
        }
        let known: Vec<&str> = accepted().filter(is_known).collect();
        let known = HeaderValue::try_from(known.join(",")).expect("names of encodings are ASCII");
        headers.insert(ACCEPT_ENCODING, known);
    }

    /// As `grpc-encoding` has it.
    fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
            Encoding::Zstd => "zstd",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a client says of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// How long it waits.
    pub(crate) timeout: Option<Duration>,
    /// How its messages may be compressed.
    pub(crate) encoding: Encoding,
    /// Whether it understands messages that are compressed.
    pub(crate) takes_gzip: bool,
}

impl Head {
    /// Reads the head of a request.
    ///
    /// # Errors
    ///
    /// The end of the call, if it can't be answered.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Head, Ending> {
        let timeout = timeout_of(headers)?;
        let encoding = Encoding::of(headers).map_err(|found| Ending::new(Code::UNIMPLEMENTED, found))?;
        let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let mut accepted = accepted.flat_map(|list| list.split(','));
        let takes_gzip = accepted.any(|encoding| encoding.trim() == Encoding::Gzip.name());
        Ok(Head { timeout, encoding, takes_gzip })
    }

    /// Whether to compress what is answered: as the client does, if it says that it understands that.
    pub(crate) fn answers_gzip(self) -> bool {
        self.encoding == Encoding::Gzip && self.takes_gzip
    }
}

/// The status of HTTP for what is no call of gRPC at all.
pub(crate) fn refusal(parts: &Parts) -> Option<StatusCode> {
    match (&parts.method, is_grpc(&parts.headers)) {
        (&Method::POST, true) => None,
        (&Method::POST, false) => Some(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        _ => Some(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// Whether what has these headers is a call of gRPC, or the answer to one.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let rest = content_type.strip_prefix(GRPC.as_bytes());
    rest.is_some_and(|rest| rest.first().is_none_or(|next| matches!(next, b'+' | b';')))
}

/// The headers of an answer.
pub(crate) fn answer_headers(with_gzip: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
    if with_gzip {
        headers.insert(ENCODING, HeaderValue::from_static(Encoding::Gzip.name()));
    }
    headers
}

/// How long whoever sends these headers waits.
///
/// # Errors
///
/// The end of the call, if that can't be read.
pub(crate) fn timeout_of(headers: &HeaderMap) -> Result<Option<Duration>, Ending> {
    let Some(value) = headers.get(TIMEOUT) else { return Ok(None) };
    let timeout = value.to_str().ok().and_then(duration_of);
    timeout.map(Some).ok_or_else(|| {
        let found = String::from_utf8_lossy(value.as_bytes());
        let expected = "expected up to 8 digits and one of H, M, S, m, u, n";
        Ending::new(Code::INTERNAL, format!("{TIMEOUT}: found `{found}`, {expected}"))
    })
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
    fn knows_its_encodings() {
        assert_eq!(Encoding::ALL.map(Encoding::name).join(","), ENCODINGS);
    }

    #[test]
    fn accepts_what_it_knows() {
        for (accepted, expected) in
            [("gzip", "gzip"), ("identity, gzip", "identity, gzip"), ("br,gzip, snappy,identity", "gzip,identity")]
        {
            let mut headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            Encoding::accept_known(&mut headers);
            assert_eq!(headers[ACCEPT_ENCODING], expected);
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
        let refused = Ending::new(
            Code::UNIMPLEMENTED,
            "grpc-encoding: found `snappy`, expected one of identity,gzip,deflate,zstd",
        );
        assert_eq!(answers(&[("grpc-encoding", "snappy")]), Err(refused));
    }
}
