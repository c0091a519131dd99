//! [`metadata`]: what of headers and trailers may stand in a recording.

use hyper::HeaderMap;

use crate::extension::Metadatum;
use crate::net::read_binary;

/// What belongs to the transport, or is noted as how the call ended.
const TRANSPORT: [&str; 11] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "te",
    "trailer",
];

/// What stands in the names of keys whose values let somebody in: `authorization`, `cookie`, `x-goog-api-key` and their like.
const SECRET: [&str; 22] = [
    "api-key",
    "apikey",
    "api_key",
    "assertion",
    "auth",
    "cookie",
    "credential",
    "csrf",
    "jwt",
    "passw",
    "secret",
    "session",
    "signature",
    "token",
    "access-key",
    "bearer",
    "functions-key",
    "passphrase",
    "private-key",
    "pwd",
    "signed",
    "subscription-key",
];

/// What values begin with that are the secrets of `authorization`, wherever they stand.
const SECRET_VALUES: [&str; 2] = ["basic ", "bearer "];

/// The metadata in headers or trailers, in their order. Keys that look like secrets are left out, with their values.
pub(super) fn metadata(headers: &HeaderMap) -> Vec<Metadatum> {
    let mut all = Vec::new();
    for (name, value) in headers {
        let key = name.as_str();
        if TRANSPORT.contains(&key) || SECRET.iter().any(|part| key.contains(part)) || is_secret(value.as_bytes()) {
            continue;
        }
        let mut push = |value: Vec<u8>| all.push(Metadatum { key: key.to_owned(), value });
        if !key.ends_with("-bin") {
            push(value.as_bytes().to_vec());
            continue;
        }
        // Several values may stand behind one another.
        for part in value.as_bytes().split(|byte| *byte == b',') {
            let part = part.trim_ascii();
            push(read_binary(part).unwrap_or_else(|| part.to_vec()));
        }
    }
    all
}

fn is_secret(value: &[u8]) -> bool {
    let begins_with = |beginning: &&str| {
        value.get(..beginning.len()).is_some_and(|found| found.eq_ignore_ascii_case(beginning.as_bytes()))
    };
    SECRET_VALUES.iter().any(begins_with)
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn secrets_and_the_transport_are_left_out() {
        let kept = [
            ("user-agent", "test/1"),
            ("x-request-id", "7"),
            ("x-request-id", "8"),
            ("x-trace-bin", "AAE=, AQ"),
            ("x-odd-bin", "%"),
        ];
        let left_out = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "x-goog-api-key",
            "x-api-key",
            "x-goog-iam-authorization-token",
            "x-amz-security-token",
            "x-csrf",
            "my-secret-bin",
            "x-password",
            "ocp-apim-subscription-key",
            "x-functions-key",
            "x-access-key",
            "private-key",
            "x-db-pwd",
            "te",
            "content-type",
            "grpc-status",
            "grpc-encoding",
        ];
        let all = kept.into_iter().chain(left_out.map(|name| (name, "c2VjcmV0"))).chain([("x-forwarded", "Bearer x")]);
        let headers: HeaderMap =
            all.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        let found: Vec<(String, Vec<u8>)> =
            metadata(&headers).into_iter().map(|found| (found.key, found.value)).collect();
        let expected: [(&str, &[u8]); 6] = [
            ("user-agent", b"test/1"),
            ("x-request-id", b"7"),
            ("x-request-id", b"8"),
            ("x-trace-bin", b"\0\x01"),
            ("x-trace-bin", b"\x01"),
            ("x-odd-bin", b"%"),
        ];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_vec())));
    }
}
