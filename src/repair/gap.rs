//! Damage in the middle of a binary recording, and how to read on behind it: [`bridge`].

use bytes::Bytes;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::entry::{Entry, Kind, Payload};
use crate::format::{BINARY_MAGIC, RECORD_LIMIT_BYTES, ReadOptions, Reader, Writer, find_records, is_record};
use crate::recording::Header;
use crate::schema::Schema;
use crate::unnamed;

/// The bytes of the length in front of a record.
const LENGTH_BYTES: usize = 4;

/// An entry has a kind, and a method and a message or a reference: its record and the length in front of it take at least this
/// much.
const LEAST_ENTRY_BYTES: usize = 10;

/// How many entries may be looked at, for all numbers together that may be missing.
const LOOKED_AT: usize = 20_000_000;

/// Damage in the middle of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// The length in front of this entry was wrong, and nothing else.
    Length {
        /// Its number.
        entry: u64,
    },
    /// Entries are lost.
    Lost {
        /// The number of the first.
        first: u64,
        /// How many; at least so many if that is not certain.
        entries: u64,
        /// Whether references behind it tell how many.
        is_certain: bool,
        /// Where the damage begins.
        offset: u64,
        /// How many bytes it has.
        bytes: u64,
    },
}

impl Gap {
    /// Whether an entry was lost, and an empty record stands in its place.
    pub fn has_lost(&self, index: u64) -> bool {
        match self {
            Gap::Length { .. } => false,
            Gap::Lost { first, entries, .. } => (*first..first + entries).contains(&index),
        }
    }

    /// Whether nobody can tell which entry one behind the damage refers to, because it is not certain how many are missing.
    pub fn hides(&self, index: u64, refers_to: i32) -> bool {
        match self {
            Gap::Length { .. } | Gap::Lost { is_certain: true, .. } => false,
            Gap::Lost { first, entries, is_certain: false, .. } => {
                index >= first + entries && u64::try_from(refers_to).is_ok_and(|refers_to| refers_to >= *first)
            }
        }
    }
}

/// A recording in which a reader can go on behind the place where it must end by itself: at the entry of number `first`, which
/// begins at `offset`. Entries that are lost have empty records in their places, so that the others keep their numbers.
///
/// Nothing if no entries follow, if another recording follows, or if this one merely ends early: what a cut has left of an entry is
/// none.
pub fn bridge(recording: &Bytes, first: u64, offset: usize, schema: &Schema) -> Option<(Bytes, Gap)> {
    let (whole, damaged) = (recording.slice(..offset), recording.slice(offset..));
    // What ends between two entries, such as a compressed recording that was cut there, has no length.
    let claimed = damaged.first_chunk().map(|length| u64::from(u32::from_le_bytes(*length)))?;
    let found = find_records(&damaged.slice(1..)).map(|place| 1 + place);
    // What follows there refers to entries of its own.
    if memchr::memmem::find(&damaged[..found.unwrap_or(damaged.len())], BINARY_MAGIC).is_some() {
        return None;
    }
    let next = found.unwrap_or(damaged.len());
    let behind_length = (damaged.len() - LENGTH_BYTES) as u64;
    let is_cut = found.is_none() && claimed > behind_length && claimed <= RECORD_LIMIT_BYTES;
    if next >= LENGTH_BYTES && !is_cut && is_record(&damaged.slice(LENGTH_BYTES..next)) {
        let length = u32::try_from(next - LENGTH_BYTES).ok()?.to_le_bytes();
        let mended = [&whole[..], &length, &damaged[LENGTH_BYTES..]].concat();
        return Some((mended.into(), Gap::Length { entry: first }));
    }
    let rest = damaged.slice(found?..);
    let (before, _) = links(&whole, schema);
    // What follows is a recording, too, if a header is put in front of it.
    let header = Writer::binary(Vec::new(), &Header::default()).and_then(Writer::finish).ok()?;
    let (after, is_whole) = links(&[&header[..], &rest].concat().into(), schema);
    let most = (next / LEAST_ENTRY_BYTES).max(1);
    let (entries, is_certain) = missing(&before, &after, most as u64, is_whole);
    let empty = vec![0; LENGTH_BYTES * entries as usize];
    let mended = [&whole[..], &empty, &rest].concat();
    Some((mended.into(), Gap::Lost { first, entries, is_certain, offset: offset as u64, bytes: next as u64 }))
}

/// How an entry hangs together with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Link {
    kind: Kind,
    refers_to: u64,
    /// Whether others must refer to it: a request is answered, and a stream that was opened is used.
    is_open: bool,
    /// What the schema says of its method: the number of the type of responses, if it is known; of an answer its own type.
    answer: Option<u32>,
}

/// The entries of a recording up to its end or to damage, and whether that is its end.
fn links(recording: &Bytes, schema: &Schema) -> (Vec<Link>, bool) {
    let options = ReadOptions { max_record_bytes: u64::MAX };
    let Ok(mut reader) = Reader::new(&recording[..], schema, options) else { return (Vec::new(), false) };
    let mut types: FxHashMap<String, u32> = FxHashMap::default();
    let mut number = |name: String| {
        let next = types.len() as u32;
        *types.entry(name).or_insert(next)
    };
    let mut links = Vec::new();
    loop {
        match reader.read() {
            Ok(Some(entry)) => {
                let is_error = matches!(entry.payload(), Payload::Error(_));
                links.push(Link {
                    kind: entry.kind(),
                    refers_to: u64::try_from(entry.ref_index()).unwrap_or(0),
                    is_open: is_open(entry.kind(), is_error),
                    answer: answer(&entry, schema).map(&mut number),
                });
            }
            Ok(None) => return (links, true),
            Err(_) => return (links, false),
        }
    }
}

fn is_open(kind: Kind, is_error: bool) -> bool {
    kind == Kind::Request || (kind == Kind::CreateStream && !is_error)
}

/// The type that answers to an entry have, or that an answer has.
fn answer(entry: &Entry, schema: &Schema) -> Option<String> {
    match (entry.kind(), entry.payload()) {
        (Kind::Request | Kind::CreateStream, _) => {
            let method = schema.method(entry.method())?;
            Some(schema.layout(method.response).full_name().to_owned())
        }
        (Kind::Response | Kind::Recv, Payload::Message(any)) if unnamed::of(any.type_url).is_some() => {
            Some(schema.layout(schema.resolve(any.type_url).ok()?).full_name().to_owned())
        }
        (Kind::Response | Kind::Recv, Payload::Message(any)) => Some(any.type_name().to_owned()),
        _ => None,
    }
}

/// How many entries are missing between these, at most so many, and whether that is certain: whether it is the only number with
/// which every reference behind them leads to an entry that it may lead to, or to one that is missing. A recording that reaches
/// its end is taken for one that was whole: every request behind them is answered, and every stream used.
fn missing(before: &[Link], after: &[Link], most: u64, is_whole: bool) -> (u64, bool) {
    let answered: FxHashSet<u64> =
        before.iter().filter(|link| link.kind == Kind::Response).map(|link| link.refers_to).collect();
    let refers_behind = after.iter().any(|link| link.refers_to > before.len() as u64);
    let mut left = LOOKED_AT;
    for all_used in [true, false] {
        if all_used && !is_whole {
            continue;
        }
        let mut fitting = (1..=most).filter(|&missing| fits(before, after, missing, all_used, &answered, &mut left));
        let first = fitting.next();
        let is_only = fitting.next().is_none() && left > 0;
        if let Some(first) = first {
            return (first, is_only || !refers_behind);
        }
    }
    (1, false)
}

/// Whether so many may be missing. What costs too much may not.
fn fits(
    before: &[Link],
    after: &[Link],
    missing: u64,
    all_used: bool,
    answered: &FxHashSet<u64>,
    left: &mut usize,
) -> bool {
    let first_missing = before.len() as u64 + 1;
    let first_after = first_missing + missing;
    let mut used_after = FxHashSet::default();
    for (place, link) in after.iter().enumerate() {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return false;
        }
        let wanted = match link.kind {
            Kind::Response => Kind::Request,
            Kind::Send | Kind::Recv => Kind::CreateStream,
            Kind::Request | Kind::CreateStream | Kind::Unspecified | Kind::Unknown(_) => continue,
        };
        let refers_to = link.refers_to;
        let is_new = used_after.insert(refers_to);
        let is_first = link.kind != Kind::Response || (!answered.contains(&refers_to) && is_new);
        let named = if (first_missing..first_after).contains(&refers_to) {
            None
        } else if refers_to < first_missing {
            match refers_to.checked_sub(1).and_then(|place| before.get(place as usize)) {
                // Types of the two sides are numbered apart.
                Some(named) => Some(Link { answer: None, ..*named }),
                None => return false,
            }
        } else {
            match after[..place].get((refers_to - first_after) as usize) {
                Some(named) => Some(*named),
                None => return false,
            }
        };
        let may_refer = named.is_none_or(|named| {
            let same_type = named.answer.zip(link.answer).is_none_or(|(wanted, found)| wanted == found);
            named.kind == wanted && same_type
        });
        if !may_refer || !is_first {
            return false;
        }
    }
    let is_unused = |(place, link): (u64, &Link)| link.is_open && !used_after.contains(&(first_after + place));
    !all_used || !(0..).zip(after).any(is_unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(kind: Kind, refers_to: u64) -> Link {
        Link { kind, refers_to, is_open: is_open(kind, false), answer: None }
    }

    #[test]
    fn references_tell_how_many_entries_are_missing() {
        let (request, stream) = (link(Kind::Request, 0), link(Kind::CreateStream, 0));
        let [response, send, recv] =
            [Kind::Response, Kind::Send, Kind::Recv].map(|kind| move |refers_to| link(kind, refers_to));
        let typed = |link: Link, answer| Link { answer: Some(answer), ..link };
        type Case<'a> = (&'a [Link], &'a [Link], bool, (u64, bool));
        #[rustfmt::skip]
        let cases: &[Case<'_>] = &[
            // The next request has the number 5.
            (&[request, response(1)], &[request, response(5)], true, (2, true)),
            (&[request, response(1)], &[request, response(5)], false, (2, false)),
            // Those before are answered behind, which tells nothing, and hides nothing.
            (&[request, stream], &[response(1), send(2), recv(2)], true, (1, true)),
            // A request that is missing is answered first.
            (&[], &[response(2), request, response(4)], true, (2, true)),
            (&[request, response(1)], &[request, request, response(8), response(9)], true, (5, true)),
            // Two answers changed places: with one missing both are answered, but one of them with what is none.
            (&[], &[request, request, response(3), response(2), response(1)], true, (1, true)),
            (&[], &[typed(request, 1), typed(request, 2), typed(response(3), 1), typed(response(4), 2), response(1)], true, (2, true)),
            (&[], &[typed(request, 1), request, typed(response(2), 3), response(3)], true, (2, false)),
            (&[stream], &[recv(1), stream, recv(4), send(4)], true, (1, true)),
            (&[stream], &[recv(1), stream, recv(4), send(4)], false, (1, false)),
            // Nothing refers to anything.
            (&[request], &[stream, stream], true, (1, true)),
            // What was answered before is answered again, whatever is missing.
            (&[request, response(1)], &[response(1), request, response(4)], true, (1, false)),
            (&[request], &[recv(1)], true, (1, false)),
        ];
        for (before, after, is_whole, expected) in cases {
            let found = missing(before, after, 9, *is_whole);
            assert_eq!(found, *expected, "{before:?} {after:?}");
        }
    }
}
