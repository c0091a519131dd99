//! Recordings as people and programs read them.

mod call;
mod document;
mod message;
mod notes;
mod paint;
mod table;
mod units;
mod value;
mod window;

pub use call::{CallView, show_header, show_initial};
pub use document::{Document, write_fprint, write_prototext};
pub use message::{BytesForm, ValueOptions};
pub use notes::Notes;
pub use paint::{Painter, Role, shorten};
pub use table::{Cell, Column, GAP, Table, Yields, shorten_name, write_fields};
pub use units::in_units;
pub use value::{are_long, show, show_block, show_both};
pub use window::{Call, Ending, Window};
