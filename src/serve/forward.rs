//! [`Forwarding`]: another server, which answers what no recorded call does.

use bytes::Bytes;
use hyper::body::Frame;
use hyper::header::CONTENT_LENGTH;
use hyper::http::request::Parts;
use hyper::http::response;
use hyper::{HeaderMap, StatusCode};
use tokio::sync::mpsc;

use super::call::Call;
use super::reply::Reply;
use crate::net::{Channel, Encoding, Ending, Fault, Messages, Outgoing, Upstream, is_grpc};
use crate::schema::Code;

/// Another server, and the connection to it.
#[derive(Debug)]
pub(super) struct Forwarding {
    channel: Channel<Outgoing>,
    max_message_bytes: usize,
}

impl Forwarding {
    pub(super) fn new(upstream: Upstream, max_message_bytes: usize) -> Self {
        Forwarding { channel: Channel::new(upstream), max_message_bytes }
    }

    /// Passes a call on, messages both ways as they come, and says how it ended. What was read of it already is its first message.
    pub(super) async fn forward(&self, call: &mut Call, head: &Parts) -> Ending {
        let upstream = self.channel.upstream();
        let failed = |error: &dyn std::fmt::Display| {
            Ending::new(Code::UNAVAILABLE, format!("forwarding to {}: {error}", upstream.address()))
        };
        let mut sender = match self.channel.sender().await {
            Ok(sender) => sender,
            Err(error) => return Ending::new(Code::UNAVAILABLE, format!("forwarding to {error}")),
        };
        let (to, pieces) = mpsc::channel(1);
        let request = match upstream.request(head.clone(), Outgoing::new(pieces)) {
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
            pass_on(parts.headers, Messages::new(body, Encoding::Gzip, self.max_message_bytes), reply)
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
}

/// How a call ends that was answered by something that speaks HTTP and not gRPC, such as a proxy.
///
/// Source: "HTTP to gRPC Status Code Mapping".
fn no_grpc(answer: &response::Parts) -> Option<Ending> {
    let is_grpc = answer.status == StatusCode::OK && is_grpc(&answer.headers);
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
    use hyper::header::CONTENT_TYPE;

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
