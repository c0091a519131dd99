//! What was noted beside an entry, part by part: it differs from run to run, and is told apart from what the entry says.

use super::encode::hash_of;
use super::{Change, Folded, RuleId, Value};
use crate::entry::Entry;
use crate::extension::{Extension, Metadatum};
use crate::schema::{Part, quote_go};

/// The parts of what was noted beside an entry, each with the rule that folds it.
fn parts(entry: &Entry) -> [(RuleId, Extension); 3] {
    let Extension { time, headers, trailers } = entry.extension().unwrap_or_default();
    [
        (RuleId::NOTED_TIME, Extension { time, ..Extension::default() }),
        (RuleId::METADATA, Extension { headers, ..Extension::default() }),
        (RuleId::METADATA, Extension { trailers, ..Extension::default() }),
    ]
}

/// Appends what is folded of an entry because it stands beside it.
pub(super) fn fold_noted(entry: &Entry, folded: &mut Folded) {
    if !entry.has_extension() {
        return;
    }
    for (rule, part) in parts(entry) {
        if part != Extension::default() {
            folded.push(hash_of(&part.encode()), rule);
        }
    }
}

/// Where two entries differ in what stands beside them.
pub(super) fn noted_changes(old: &Entry, new: &Entry, changes: &mut Vec<Change>) {
    if !old.has_extension() && !new.has_extension() {
        return;
    }
    for ((rule, old), (_, new)) in parts(old).into_iter().zip(parts(new)) {
        if old != new {
            let path = if rule == RuleId::METADATA { Part::place_of_metadata("") } else { String::new() };
            let (old, new) = (value_of(old), value_of(new));
            changes.push(Change { old, new, rule: Some(rule), ..Change::at(path) });
        }
    }
}

fn value_of(part: Extension) -> Option<Value> {
    let Extension { time, headers, trailers } = part;
    let metadata: Vec<Metadatum> = headers.into_iter().chain(trailers).collect();
    match time {
        Some(time) => Some(Value::Time(time.to_string())),
        None if metadata.is_empty() => None,
        None => {
            let value = |metadatum: &Metadatum| match metadatum.text() {
                Some(text) => Value::String(text.as_bytes().to_vec()),
                None => Value::Bytes(metadatum.value.clone()),
            };
            // A key may come several times.
            let one = |metadatum: &Metadatum| {
                let mut key = Vec::new();
                quote_go(&mut key, metadatum.key.as_bytes());
                Value::Map(vec![(String::from_utf8_lossy(&key).into_owned(), value(metadatum))])
            };
            Some(Value::List(metadata.iter().map(one).collect()))
        }
    }
}
