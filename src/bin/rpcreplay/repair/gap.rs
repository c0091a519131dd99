//! Damage in the middle of a binary recording: how to read on behind it.

use std::collections::HashSet;

use bytes::Bytes;

use rpcreplay::entry::{Entry, Kind};
use rpcreplay::format::{ReadOptions, Reader, Writer, find_records, is_record};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

/// How many entries behind damage are looked at for how many are missing.
const LOOKED_AT: usize = 10_000;

/// How many entries may be missing.
const MOST_MISSING: u64 = 10_000;

/// Damage in the middle of a recording, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// The length in front of an entry was wrong, and nothing else.
    Length { entry: u64 },
    /// So many entries are lost.
    Lost { first: u64, entries: u64, offset: u64, bytes: u64 },
}

/// A recording in which a reader can go on behind the place where it must end by itself: at the entry of number `first`, which
/// begins at `offset`. Entries that are lost have empty records in their places, so that the others keep their numbers.
pub fn bridge(recording: &Bytes, first: u64, offset: usize, schema: &Schema) -> Option<(Bytes, Gap)> {
    const LENGTH_BYTES: usize = 4;
    let (whole, damaged) = (recording.slice(..offset), recording.slice(offset..));
    let found = find_records(&damaged.slice(1..)).map(|place| 1 + place);
    let next = found.unwrap_or(damaged.len());
    let rest = damaged.slice(next..);
    if next >= LENGTH_BYTES && is_record(&damaged.slice(LENGTH_BYTES..next)) {
        let length = u32::try_from(next - LENGTH_BYTES).ok()?.to_le_bytes();
        let mended = [&whole[..], &length, &damaged[LENGTH_BYTES..]].concat();
        return Some((mended.into(), Gap::Length { entry: first }));
    }
    // If nothing follows, nothing is bridged.
    found?;
    let before: Vec<Reference> = references(&whole, schema).collect();
    // What follows is a recording, too, if a header is put in front of it.
    let header = Writer::binary(Vec::new(), &Header::default()).and_then(Writer::finish).ok()?;
    let behind = Bytes::from([&header[..], &rest].concat());
    let after: Vec<Reference> = references(&behind, schema).take(LOOKED_AT).collect();
    let entries = missing(&before, &after)?;
    let empty = vec![0; LENGTH_BYTES * entries as usize];
    let mended = [&whole[..], &empty, &rest].concat();
    Some((mended.into(), Gap::Lost { first, entries, offset: offset as u64, bytes: next as u64 }))
}

/// The kind of an entry and what it refers to.
type Reference = (Kind, u64);

fn references(recording: &Bytes, schema: &Schema) -> impl Iterator<Item = Reference> {
    let options = ReadOptions { max_record_bytes: u64::MAX };
    let reader = Reader::new(&recording[..], schema, options).ok();
    let reference = |entry: Entry| (entry.kind(), u64::try_from(entry.ref_index()).unwrap_or(0));
    reader.into_iter().flatten().map_while(Result::ok).map(reference).collect::<Vec<_>>().into_iter()
}

/// How many entries are missing between these: the number with which every reference behind them leads to an entry that it may
/// refer to, or to one that is missing; of several such numbers the one with which most lead to one that is there.
fn missing(before: &[Reference], after: &[Reference]) -> Option<u64> {
    let answered: HashSet<u64> =
        before.iter().filter(|(kind, _)| *kind == Kind::Response).map(|(_, request)| *request).collect();
    let mut best = None;
    for missing in 1..=MOST_MISSING {
        let Some(found) = found(before, after, missing, &answered) else { continue };
        if best.is_none_or(|(most, _)| found > most) {
            best = Some((found, missing));
        }
        if found == after.iter().filter(|(_, refers_to)| *refers_to > 0).count() {
            break;
        }
    }
    best.map(|(_, missing)| missing)
}

/// How many references lead to an entry that is there if so many are missing; nothing if one leads to an entry that it can't
/// refer to.
fn found(before: &[Reference], after: &[Reference], missing: u64, answered: &HashSet<u64>) -> Option<usize> {
    let first_missing = before.len() as u64 + 1;
    let first_after = first_missing + missing;
    let mut answered_after = HashSet::new();
    let mut found = 0;
    for (place, &(kind, refers_to)) in after.iter().enumerate() {
        let wanted = match kind {
            Kind::Response => Kind::Request,
            Kind::Send | Kind::Recv => Kind::CreateStream,
            Kind::Request | Kind::CreateStream | Kind::Unspecified | Kind::Unknown(_) => continue,
        };
        let named = if refers_to < first_missing {
            before.get(refers_to.checked_sub(1)? as usize)?
        } else if refers_to < first_after {
            continue;
        } else {
            after[..place].get((refers_to - first_after) as usize)?
        };
        let is_first = kind != Kind::Response || (!answered.contains(&refers_to) && answered_after.insert(refers_to));
        if named.0 != wanted || !is_first {
            return None;
        }
        found += 1;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_tell_how_many_entries_are_missing() {
        let (request, stream) = ((Kind::Request, 0), (Kind::CreateStream, 0));
        let (response, send, recv) = (|to| (Kind::Response, to), |to| (Kind::Send, to), |to| (Kind::Recv, to));
        #[rustfmt::skip]
        let cases: &[(&[Reference], &[Reference], Option<u64>)] = &[
            // The next request has the number 5.
            (&[request, response(1)], &[request, response(5)], Some(2)),
            // One of those before is answered behind, which tells nothing.
            (&[request, stream], &[response(1), send(2), recv(2)], Some(1)),
            // A request that is missing is answered first.
            (&[], &[response(2), request, response(4)], Some(2)),
            (&[request, response(1)], &[request, request, response(8), response(9)], Some(5)),
            (&[stream], &[recv(1), stream, recv(4), send(4)], Some(1)),
            // Nothing refers to anything.
            (&[request], &[request, stream], Some(1)),
            // What was answered before is answered again, whatever is missing.
            (&[request, response(1)], &[response(1)], None),
            (&[request], &[recv(1)], None),
        ];
        for (before, after, expected) in cases {
            assert_eq!(missing(before, after), *expected, "{before:?} {after:?}");
        }
    }
}
