//! What a broken call says, in the words of Go's client: [`Failure`].

use std::error::Error;

use h2::Reason;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::response;

use super::connections::words_of;
use super::ending::Ending;
use super::head::is_grpc;
use crate::schema::Code;

/// Why a call has broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// One side has reset it, and only it.
    Reset(Reason),
    /// The connection is gone.
    Lost(String),
}

impl Failure {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Failure {
        // What hyper says of this is of its own tasks.
        if error.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_canceled() || error.is_closed()) {
            return Failure::Lost("the server has closed the connection".to_owned());
        }
        let mut cause = Some(error);
        while let Some(inner) = cause {
            if let Some(error) = inner.downcast_ref::<h2::Error>() {
                return match error.reason().filter(|_| error.is_reset()) {
                    Some(reason) => Failure::Reset(reason),
                    None => Failure::Lost(words_of(error)),
                };
            }
            cause = inner.source();
        }
        Failure::Lost(words_of(error))
    }

    /// Whether the server says that it has not done anything for the call, so that it may be sent again.
    ///
    /// Source: RFC 9113, section 8.7.
    pub(crate) fn is_unprocessed(error: &hyper::Error) -> bool {
        let error = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
        error.filter(|error| error.is_remote()).is_some_and(|error| {
            let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
            refused || error.is_go_away() && error.reason() == Some(Reason::NO_ERROR)
        })
    }

    /// How the call ends by what the server has done; a call that is reset because its deadline has passed says so.
    ///
    /// Source: grpc-go, `http2ErrConvTab` and `handleRSTStream`.
    pub(crate) fn ending(&self, is_late: bool) -> Ending {
        match self {
            Failure::Reset(reason) => {
                let (code, name) = code_of(*reason, is_late);
                Ending::new(code, format!("stream terminated by RST_STREAM with error code: {name}"))
            }
            Failure::Lost(why) => Ending::new(Code::UNAVAILABLE, format!("error reading from server: {why}")),
        }
    }
}

fn code_of(reason: Reason, is_late: bool) -> (Code, String) {
    let (code, name) = match reason {
        Reason::NO_ERROR => (Code::INTERNAL, "NO_ERROR"),
        Reason::PROTOCOL_ERROR => (Code::INTERNAL, "PROTOCOL_ERROR"),
        Reason::INTERNAL_ERROR => (Code::INTERNAL, "INTERNAL_ERROR"),
        Reason::FLOW_CONTROL_ERROR => (Code::RESOURCE_EXHAUSTED, "FLOW_CONTROL_ERROR"),
        Reason::SETTINGS_TIMEOUT => (Code::INTERNAL, "SETTINGS_TIMEOUT"),
        Reason::STREAM_CLOSED => (Code::INTERNAL, "STREAM_CLOSED"),
        Reason::FRAME_SIZE_ERROR => (Code::INTERNAL, "FRAME_SIZE_ERROR"),
        Reason::REFUSED_STREAM => (Code::UNAVAILABLE, "REFUSED_STREAM"),
        Reason::CANCEL if is_late => (Code::DEADLINE_EXCEEDED, "CANCEL"),
        Reason::CANCEL => (Code::CANCELLED, "CANCEL"),
        Reason::COMPRESSION_ERROR => (Code::INTERNAL, "COMPRESSION_ERROR"),
        Reason::CONNECT_ERROR => (Code::INTERNAL, "CONNECT_ERROR"),
        Reason::ENHANCE_YOUR_CALM => (Code::RESOURCE_EXHAUSTED, "ENHANCE_YOUR_CALM"),
        Reason::INADEQUATE_SECURITY => (Code::PERMISSION_DENIED, "INADEQUATE_SECURITY"),
        Reason::HTTP_1_1_REQUIRED => (Code::INTERNAL, "HTTP_1_1_REQUIRED"),
        other => return (Code::UNKNOWN, format!("unknown error code 0x{:x}", u32::from(other))),
    };
    (code, name.to_owned())
}

/// Breaks a body off as somebody else has broken off what comes in it: with the same reason, if that was one of HTTP/2, and else as if
/// nobody wanted it any more.
#[derive(Debug, thiserror::Error)]
#[error("what comes in was broken off")]
pub(crate) struct Broken(#[source] Box<dyn Error + Send + Sync>);

impl Broken {
    /// Broken off for the same reason.
    pub(crate) fn by(error: hyper::Error) -> Broken {
        match Failure::of(&error) {
            Failure::Reset(_) => Broken(Box::new(error)),
            Failure::Lost(_) => Broken::off(),
        }
    }

    /// Broken off for this reason.
    pub(crate) fn reset(reason: Reason) -> Broken {
        Broken(Box::new(h2::Error::from(reason)))
    }

    /// Broken off because nobody wants it any more.
    pub(crate) fn off() -> Broken {
        Broken::reset(Reason::CANCEL)
    }
}

/// How a call ends that the client has left, or whose deadline has passed for the client.
///
/// Source: grpc-go, `status.FromContextError`.
pub(crate) fn abandoned(is_late: bool) -> Ending {
    if is_late {
        Ending::new(Code::DEADLINE_EXCEEDED, "context deadline exceeded")
    } else {
        Ending::new(Code::CANCELLED, "context canceled")
    }
}

/// How a call ends that was answered by something that speaks HTTP and not gRPC, if it was.
///
/// Source: "HTTP to gRPC Status Code Mapping"; the words are grpc-go's.
pub(crate) fn no_grpc(answer: &response::Parts) -> Option<Ending> {
    let is_fine = answer.status == StatusCode::OK;
    if is_fine && is_grpc(&answer.headers) || answer.headers.contains_key("grpc-status") {
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
    let mut words = format!("unexpected HTTP status code received from server: {}", answer.status);
    if let Some(reason) = answer.status.canonical_reason() {
        words = format!("unexpected HTTP status code received from server: {} ({reason})", answer.status.as_u16());
    }
    let content_type = answer.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).map(String::from_utf8_lossy);
    match content_type.filter(|_| !is_grpc(&answer.headers)) {
        None if is_grpc(&answer.headers) => {}
        None => words.push_str("; malformed header: missing HTTP content-type"),
        Some(content_type) => {
            words.push_str(&format!("; transport: received unexpected content-type \"{content_type}\""))
        }
    }
    Some(Ending::new(code, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_grpc_is_told_from_what_is() {
        for (status, content_type, expected) in [
            (200, Some("application/grpc"), None),
            (200, Some("application/grpc+proto"), None),
            (200, Some("text/html"), Some(Code::UNKNOWN)),
            (503, None, Some(Code::UNAVAILABLE)),
            (404, Some("text/html"), Some(Code::UNIMPLEMENTED)),
            (401, Some("application/grpc"), Some(Code::UNAUTHENTICATED)),
        ] {
            let mut answer = hyper::Response::builder().status(status);
            if let Some(content_type) = content_type {
                answer = answer.header(CONTENT_TYPE, content_type);
            }
            let (parts, ()) = answer.body(()).expect("an answer").into_parts();
            assert_eq!(no_grpc(&parts).map(|ending| ending.code), expected, "{status} {content_type:?}");
        }
    }

    #[test]
    fn a_reset_is_what_grpc_makes_of_it() {
        for (reason, is_late, code, name) in [
            (Reason::CANCEL, false, Code::CANCELLED, "CANCEL"),
            (Reason::CANCEL, true, Code::DEADLINE_EXCEEDED, "CANCEL"),
            (Reason::REFUSED_STREAM, false, Code::UNAVAILABLE, "REFUSED_STREAM"),
            (Reason::INTERNAL_ERROR, true, Code::INTERNAL, "INTERNAL_ERROR"),
            (Reason::from(0x77), false, Code::UNKNOWN, "unknown error code 0x77"),
        ] {
            let ending = Failure::Reset(reason).ending(is_late);
            let words = format!("stream terminated by RST_STREAM with error code: {name}");
            assert_eq!((ending.code, ending.message), (code, words.into_bytes()));
        }
    }

    #[test]
    fn finds_the_reason_among_causes() {
        let error = std::io::Error::other(h2::Error::from(Reason::CANCEL));
        // A reason that is nobody's reset.
        assert_eq!(Failure::of(&error), Failure::Lost("protocol error: stream no longer needed".to_owned()));
    }
}
