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
//! use rpcreplay::net::Listener;
//! use rpcreplay::replay::Replayer;
//! use rpcreplay::schema::Schema;
//! use rpcreplay::serve::{Options, Server};
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
mod forward;
mod health;
mod recorded;
mod reflection;
mod reply;
mod server;
mod services;

use crate::net::{Limits, Upstream};

pub use call::{AnsweredBy, Ended};
pub use server::{Log, Server};

/// How a server answers, and its limits.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What it takes.
    pub limits: Limits,
    /// What becomes of a call that no recorded one answers.
    pub on_miss: OnMiss,
}

/// What becomes of a call that no recorded one answers.
#[derive(Debug, Clone, Default)]
pub enum OnMiss {
    /// It ends with `UNKNOWN`, as it does with Go's replayer, and says why in a line.
    #[default]
    Error,
    /// Another server answers it: the call is passed on as it came, messages both ways.
    Forward(Upstream),
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
