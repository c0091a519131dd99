//! What an entry says, as bytes: [`put_said`].

use crate::entry::Entry;
use crate::schema::{Walker, unknown_entry_fields, write_said};

/// Appends what an entry says, but for its number and what it refers to: the same bytes for entries that say the same.
pub(crate) fn put_said(entry: &Entry, walker: &mut Walker<'_>, out: &mut Vec<u8>) {
    let (any, is_error) = entry.payload().fields();
    for number in [entry.kind().number(), is_error.into(), any.is_some().into()] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    let unknown = unknown_entry_fields(entry).to_record();
    for text in [entry.method().as_bytes(), &unknown, any.map_or("", |any| any.type_url).as_bytes()] {
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text);
    }
    let Some(any) = any else { return };
    let layout = walker.schema().resolve(any.type_url).ok();
    let told = layout.is_some_and(|layout| write_said(walker, layout, any.value, true, out).is_ok());
    if !told {
        out.extend_from_slice(any.value);
    }
}
