//! Recordings of RPC traffic: read them, look inside them, write them.
//!
//! A recording is a header and a list of entries. Every operation reads entries, does one thing to them, and
//! writes entries or shows them.
//!
//! ```
//! use rpcreplay::format::{ReadOptions, Reader};
//! use rpcreplay::schema::{Schema, TextOptions, Walker, write_text};
//!
//! let schema = Schema::builtin();
//! let mut walker = Walker::new(&schema);
//! let file = std::fs::File::open("tests/data/secrets.replay")?;
//! for entry in Reader::new(file, &schema, ReadOptions::default())? {
//!     let entry = entry?;
//!     if let rpcreplay::entry::Payload::Message(any) = entry.payload() {
//!         let mut text = Vec::new();
//!         write_text(&mut walker, schema.resolve(any.type_url)?, any.value, TextOptions::default(), &mut text)?;
//!         println!("#{} {} {}\n{}", entry.index(), entry.kind(), any.type_name(), String::from_utf8_lossy(&text));
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules stand in layer order: each uses only those above it. [`error`] is the one exception: it lists every kind of
//! failure by name, while the kinds, with what they say and advise, live with what fails.

pub mod error;

mod close;
pub mod glob;
pub mod wire;

pub mod entry;
pub mod pairing;
pub mod recording;
pub mod unnamed;

pub mod schema;
pub mod shapes;

pub mod extension;

pub mod format;

pub mod compare;
pub mod config;
pub mod detect;

pub mod check;
pub mod diff;
pub mod query;
pub mod redact;
pub mod repair;
pub mod replay;
pub mod retype;
pub mod stats;

#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "net")]
pub mod proxy;
#[cfg(feature = "net")]
pub mod serve;

pub use error::{Error, Result};
pub use schema::Schema;
