//! An edited text in JSON, in which every entry has a name: that of the entry it was.

use rpcreplay::format::{Decoder, Numbering, ReadOptions, Reader};
use rpcreplay::schema::Schema;

use super::changes::Changes;
use super::original::Original;
use super::{Edited, trouble_in_text};
use crate::failure::Trouble;

/// Reads the text of this name.
pub fn read(text: &[u8], original: &Original, schema: &Schema, name: &str) -> Result<Edited, Trouble> {
    try_to_read(text, original, schema).map_err(|error| trouble_in_text(name, error))
}

fn try_to_read(text: &[u8], original: &Original, schema: &Schema) -> rpcreplay::error::Result<Edited> {
    // Entries take more room than they did as records.
    let mut reader = Reader::new(text, schema, ReadOptions { max_record_bytes: u64::MAX })?;
    let mut decoder = Decoder::new(schema);
    let mut numbering = Numbering::new(reader.format());
    let (mut entries, mut stands_for, mut changed) = (Vec::new(), Vec::new(), 0);
    let mut frames = Vec::new();
    loop {
        let result = reader.read_batch(&mut frames);
        let is_end = frames.is_empty();
        // What is whole before damage comes first.
        for frame in frames.drain(..) {
            // Under its name, and referring to names, it is compared with what had them as numbers: an entry that others
            // were deleted before is the same.
            let entry = frame.decode(&mut decoder)?;
            let place = usize::try_from(entry.index().0 - 1).ok();
            let old = place.and_then(|place| original.entries.get(place));
            stands_for.push(place.filter(|_| old.is_some()));
            changed += u64::from(old.is_some_and(|old| old.record() != entry.record()));
            entries.push(numbering.settle(entry)?);
        }
        result?;
        if is_end {
            break;
        }
    }
    let header = reader.header().clone();
    let initial = header != original.header;
    let changes = Changes { initial, changed, ..Changes::of(&stands_for, original.entries.len()) };
    Ok(Edited { header, entries, changes })
}
