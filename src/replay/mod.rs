//! Calls that become recordings: [`Recorder`]; recordings that answer calls: [`Replayer`], and why one has no answer: [`Miss`].
//!
//! It knows messages and their order and nothing of connections: whoever calls it has the bytes of a request, and gets those of a
//! response.
//!
//! ```
//! use rpcreplay::compare::Mask;
//! use rpcreplay::entry::Payload;
//! use rpcreplay::format::{ReadOptions, Reader};
//! use rpcreplay::replay::Replayer;
//! use rpcreplay::schema::Schema;
//!
//! let (schema, mask) = (Schema::builtin(), Mask::new());
//! let mut replayer = Replayer::new(&schema, &mask);
//! let file = std::fs::File::open("tests/data/secrets.replay")?;
//! replayer.add(Reader::new(file, &schema, ReadOptions::default())?)?;
//!
//! let get = "/google.cloud.secretmanager.v1.SecretManagerService/GetSecret";
//! let request = b"\x0a\x28projects/1063/secrets/weather-api-absent";
//! let miss = replayer.unary(get, request).expect_err("it was not recorded");
//! assert!(miss.to_string().starts_with("no recorded call"), "{miss}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod miss;
mod recorder;
mod replayer;
mod stream;
mod timing;

pub use calls::{CallRef, Order, Repeat};
pub use miss::{Miss, Near, Why};
pub use recorder::{BeforeWrite, NotRecorded, Note, Recorder};
pub use replayer::{Answer, BeforeMatch, Event, Log, NoReplay, Outcome, Replayer};
pub use stream::{Sent, StreamReplay};
pub use timing::{After, Wait};

#[cfg(test)]
mod tests;
