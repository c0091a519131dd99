//! Recordings that answer calls of gRPC over the network: [`Server`].
//!
//! It stands on [`replay`](crate::replay), which chooses the recorded call that answers; here bytes become messages and back, and
//! calls begin and end. It knows no types of messages: what comes in is compared as [`Replayer`](crate::replay::Replayer) does it, and
//! what goes out is what was recorded.
//!
//! It answers questions after its health (`grpc.health.v1`) and for descriptors (`grpc.reflection.v1` and `v1alpha`) by itself, unless calls
//! of these services were recorded.
//!
//! ```
//! use std::sync::Arc;
//!
//! use rpcreplay::compare::Mask;
//! use rpcreplay::format::{ReadOptions, Reader};
//! use rpcreplay::replay::Replayer;
//! use rpcreplay::schema::Schema;
//! use rpcreplay::serve::{Listener, Options, Server};
//!
//! // A server lives as long as the process, and so does what it needs.
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let schema: &'static Schema = Box::leak(Box::new(Schema::builtin()));
//! let mut replayer = Replayer::new(schema, Box::leak(Box::new(Mask::new())));
//! let file = std::fs::File::open("tests/data/secrets.replay")?;
//! replayer.add(Reader::new(file, schema, ReadOptions::default())?)?;
//!
//! let runtime = tokio::runtime::Runtime::new()?;
//! runtime.block_on(async {
//!     let listener = Listener::bind(&"127.0.0.1:0".parse()?).await?;
//!     println!("listening at {}", listener.address());
//!     let stop = async {}; // Such as `tokio::signal::ctrl_c()`; here there is nothing to wait for.
//!     Server::new(Arc::new(replayer), Options::default()).run(listener, stop).await;
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })
//! # }
//! ```

mod call;
mod ending;
mod forward;
mod framing;
mod head;
mod health;
mod listener;
mod outgoing;
mod recorded;
mod reflection;
mod reply;
mod server;
mod services;
mod tls;

use std::time::Duration;

pub use call::{AnsweredBy, Ended};
pub use listener::{Address, Listener, NoAddress};
pub use server::{Log, Server};
pub use tls::{NoTls, Tls};

/// How a server answers, and its limits.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many bytes a message that comes in may have, compressed and open: 64 MiB unless said otherwise.
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
    /// What becomes of a call that no recorded one answers.
    pub on_miss: OnMiss,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_message_bytes: 64 << 20,
            max_concurrent_streams: 1000,
            max_connections: 1000,
            max_header_list_bytes: 64 << 10,
            handshake: Duration::from_secs(10),
            grace: Duration::from_secs(5),
            on_miss: OnMiss::Error,
        }
    }
}

/// What becomes of a call that no recorded one answers.
#[derive(Debug, Clone, Default)]
pub enum OnMiss {
    /// It ends with `UNKNOWN`, as it does with Go's replayer, and says why in a line.
    #[default]
    Error,
    /// Another server answers it, without TLS: the call is passed on as it came, messages both ways.
    Forward(Address),
}

/// Something that happens in a server.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A call has ended.
    Ended(Box<Ended>),
    /// A connection was refused, or broke.
    Refused {
        /// Where it is from.
        peer: String,
        /// Why.
        why: String,
    },
}
