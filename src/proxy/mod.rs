//! A proxy between gRPC clients and a server that records what passes: [`Proxy`].
//!
//! It stands on [`Recorder`](crate::replay::Recorder); here is decided what of a call becomes which entry, and when. What
//! passes stays as it is, frame by frame: metadata, messages, their compression, trailers, resets. Whoever is faster waits for the other
//! side by the windows of HTTP/2.
//!
//! Entries are noted in the order in which Go's recorder, in the client, would have noted them: the request of a unary call before the
//! server is called, what is sent before the server gets it, and what is received, or how a call ended, before the client gets it.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use rpcreplay::format::Format;
//! use rpcreplay::net::{Listener, Upstream};
//! use rpcreplay::proxy::{Options, Proxy};
//! use rpcreplay::replay::Recorder;
//! use rpcreplay::schema::Schema;
//!
//! // A proxy lives as long as the process, and so does what it needs.
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let schema: &'static Schema = Box::leak(Box::new(Schema::builtin()));
//! let recorder = Arc::new(Recorder::create(Path::new("calls.replay"), Format::Binary, schema)?);
//! let upstream = Upstream::new("127.0.0.1:8080".parse()?);
//! let proxy = Proxy::new(upstream, recorder.clone(), schema, Options::default());
//!
//! let runtime = tokio::runtime::Runtime::new()?;
//! runtime.block_on(async {
//!     let listener = Listener::bind(&"127.0.0.1:9090".parse()?).await?;
//!     let stop = async { drop(tokio::signal::ctrl_c().await) };
//!     proxy.run(listener, stop).await?;
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! recorder.finish()?;
//! # Ok(())
//! # }
//! ```

mod body;
mod call;
mod metadata;
mod methods;
mod reflection;
mod server;
mod tape;

pub use reflection::{NoReflection, reflected};
pub use server::{Counts, Event, Log, Proxy};

use crate::glob::Glob;
use crate::net::Limits;

/// What a proxy takes, and what it makes of calls.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What it takes, of clients and of the server.
    pub limits: Limits,
    /// The methods that are unary, of those that no descriptor has, as `/package.Service/Method`.
    pub unary: Vec<Glob>,
    /// Whether metadata and times are noted beside entries, as an [`Extension`](crate::extension::Extension); what looks like a secret by its
    /// key is not. A text recording can't carry that.
    pub extensions: bool,
}
