//! Recordings of RPC traffic: read them, look inside them, write them.
//!
//! A recording is a header and a list of entries. Every operation reads entries, does one thing to them, and
//! writes entries or shows them.
//!
//! The modules stand in layer order: each uses only those above it.

pub mod error;

pub mod wire;

pub mod entry;
pub mod pairing;
pub mod recording;

pub mod schema;

pub mod format;

pub use error::{Error, Result};
pub use schema::Schema;
