//! What can be read of a damaged recording that no reader reads: entries behind damage, and texts whose byte counts are wrong.
//!
//! Knows nothing of which entries are worth keeping, nor of who is told.

mod gap;
mod recount;

pub use gap::{Gap, bridge};
pub use recount::Recounted;
