//! Recordings as JSON: JSON Lines, a header and then an entry per line, and one JSON document.
//!
//! An entry is `{"index":1,"kind":"REQUEST","method":"/…","message":{"@type":"…",…},"isError":true,"refIndex":1}`, each member
//! absent where it has its default. `index` is the entry's name, and `refIndex` such a name, see [`super::Numbering`].
//! What was noted beside it stands in `"extension"`, in the words of [`extension`]. What the members don't tell of an entry stands in `"@unknown"` and `"@wire"`, as it does in messages.

mod cut;
mod extension;
mod read;
mod write;

pub(super) use cut::Cutter;
pub(super) use read::{JsonDecoder, decode};
pub(super) use write::indent;
pub use write::{write_json_entry, write_json_header};

/// How many times as long as its record an entry's JSON may be: base64 adds a third, an escape takes six bytes for one, and
/// the names of fields take more than their tags.
const JSON_RATIO: u64 = 16;
