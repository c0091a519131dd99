//! [`Forwarding`]: another server, which answers what no recorded call does.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::Frame;
use hyper::header::CONTENT_LENGTH;
use hyper::http::request::Parts;
use tokio::sync::mpsc;

use super::call::Call;
use super::reply::Reply;
use crate::net::{Channel, Encoding, Ending, Fault, Messages, Outgoing, Upstream, no_grpc};
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
        let request = upstream.request(head.clone(), Outgoing::new(pieces));
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
    let ending = Ending::forwarded(messages.trailers());
    Ok(ending.unwrap_or_else(|| Ending::new(Code::INTERNAL, "the other server has not said how the call ended")))
}
