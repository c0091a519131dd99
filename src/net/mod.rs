//! gRPC on HTTP/2, as far as servers and proxies share it: connections, the heads and ends of calls, and messages behind their lengths.
//!
//! It knows nothing of recordings.

mod connections;
mod ending;
mod failure;
mod framing;
mod head;
mod listener;
mod outgoing;
pub(crate) mod reflection;
mod tls;
mod upstream;

use std::time::Duration;

pub use listener::{Address, Listener, NoAddress};
pub use tls::{NoTls, Tls, Trust};
pub use upstream::Upstream;

pub(crate) use connections::{Busy, Stage, run};
pub(crate) use ending::{Ending, read_binary};
pub(crate) use failure::{Broken, Failure, abandoned, no_grpc};
pub(crate) use framing::{Deframer, Fault, Framed, Messages, framed};
pub(crate) use h2::Reason;
pub(crate) use head::{Encoding, Head, answer_headers, refusal, timeout_of};
pub(crate) use outgoing::{Outgoing, Piece};
pub(crate) use upstream::{Channel, NoConnection};

/// What a server takes of those who call it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many bytes a message may have, compressed and open: 64 MiB unless said otherwise.
    pub max_message_bytes: usize,
    /// How many calls may be open on a connection at the same time: 1,000.
    pub max_concurrent_streams: u32,
    /// How many connections may be open at the same time: 1,000.
    pub max_connections: usize,
    /// How many bytes the headers of a call may have, as HTTP/2 counts them: 64 KiB.
    pub max_header_list_bytes: u32,
    /// How long a connection may take to begin, with TLS and the first bytes of HTTP/2: 10 seconds.
    pub handshake: Duration,
    /// How long open calls have to end when the server stops: 5 seconds.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_message_bytes: 64 << 20,
            max_concurrent_streams: 1000,
            max_connections: 1000,
            max_header_list_bytes: 64 << 10,
            handshake: Duration::from_secs(10),
            grace: Duration::from_secs(5),
        }
    }
}
