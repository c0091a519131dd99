//! Recordings as people and programs read them.

mod call;
mod document;
mod message;
mod notes;
mod paint;
mod window;

pub use call::{CallView, show_header};
pub use document::{Document, JsonShape, write_fprint, write_json_entry, write_prototext};
pub use message::{BytesForm, ValueOptions};
pub use notes::Notes;
pub use paint::{Painter, Role};
pub use window::{Call, Ending, Window};
