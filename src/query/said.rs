//! Which calls say the same: [`Said`].

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_128;

use crate::compare::put_said;
use crate::entry::{Entry, EntryIndex, Kind};
use crate::schema::{Schema, Walker};

/// What the calls of a recording say, in a few bytes each.
///
/// Two calls say the same if their methods, the messages that were sent and those that came back are equal as messages; how
/// sending and receiving followed each other says nothing. It is 128 bits of XXH3, good against accidents and not against malice.
#[derive(Debug)]
pub struct Said<'s> {
    walker: Walker<'s>,
    /// By the number of its first entry.
    calls: FxHashMap<u64, Call>,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Call {
    sent: u128,
    received: u128,
    /// Whether it is a stream, or was answered.
    is_whole: bool,
}

impl<'s> Said<'s> {
    /// Looks types up in this schema.
    pub fn new(schema: &'s Schema) -> Self {
        Said { walker: Walker::new(schema), calls: FxHashMap::default(), bytes: Vec::new() }
    }

    /// Adds an entry of a call, given the number of its first.
    pub fn add(&mut self, entry: &Entry, call: EntryIndex) {
        let call = self.calls.entry(call.0).or_default();
        let half = match entry.kind() {
            Kind::Request | Kind::CreateStream | Kind::Send => &mut call.sent,
            Kind::Response | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => &mut call.received,
        };
        call.is_whole |= matches!(entry.kind(), Kind::Response | Kind::CreateStream);
        self.bytes.clear();
        self.bytes.extend_from_slice(&half.to_le_bytes());
        put_said(entry, &mut self.walker, &mut self.bytes);
        *half = xxh3_128(&self.bytes);
    }

    /// The calls, by the numbers of their first entries, that say the same as an earlier one; only of those that are wanted.
    pub fn repeated(&self, mut is_wanted: impl FnMut(u64) -> bool) -> Vec<u64> {
        let mut wanted: Vec<(u64, &Call)> = self
            .calls
            .iter()
            .filter(|(first, call)| call.is_whole && is_wanted(**first))
            .map(|(first, call)| (*first, call))
            .collect();
        wanted.sort_unstable_by_key(|&(first, _)| first);
        let mut seen = FxHashSet::default();
        wanted.retain(|(_, call)| !seen.insert((call.sent, call.received)));
        wanted.into_iter().map(|(first, _)| first).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Any, Payload};
    use crate::pairing::Pairing;

    #[test]
    fn calls_that_say_the_same_are_found() {
        let schema = Schema::builtin();
        // A map with two entries, in both orders: the same message in other bytes.
        let labels = |order: [&str; 2]| {
            let mut bytes = Vec::new();
            for key in order {
                let entry = [b"\x0a\x01", key.as_bytes(), b"\x12\x01v"].concat();
                crate::wire::put_bytes(&mut bytes, 2, &entry);
            }
            bytes
        };
        let (forwards, backwards) = (labels(["a", "b"]), labels(["b", "a"]));
        let topic = |value| Payload::Message(Any { type_url: "x/google.pubsub.v1.Topic", value });
        let none = Payload::Empty;
        #[rustfmt::skip]
        let entries: &[(Kind, &str, Payload<'_>, i32)] = &[
            (Kind::Request, "/a.S/M", topic(&forwards), 0),    // 1
            (Kind::Request, "/a.S/M", topic(&backwards), 0),   // 2: as 1
            (Kind::Response, "", topic(b""), 2),
            (Kind::Response, "", topic(b""), 1),
            (Kind::Request, "/a.S/N", topic(&forwards), 0),    // 5: another method
            (Kind::Response, "", topic(b""), 5),
            (Kind::Request, "/a.S/M", topic(&forwards), 0),    // 7: another answer
            (Kind::Response, "", topic(&forwards), 7),
            (Kind::CreateStream, "/a.S/M", none, 0),           // 9: a stream
            (Kind::CreateStream, "/a.S/M", none, 0),           // 10: as 9, interleaved otherwise
            (Kind::Send, "", topic(b""), 9),
            (Kind::Recv, "", topic(b""), 9),
            (Kind::Recv, "", topic(b""), 10),
            (Kind::Send, "", topic(b""), 10),
            (Kind::CreateStream, "/a.S/M", none, 0),           // 15: sends more
            (Kind::Send, "", topic(b""), 15),
            (Kind::Send, "", topic(b""), 15),
            (Kind::Recv, "", topic(b""), 15),
            (Kind::Request, "/a.S/O", topic(b""), 0),          // 19 and 20: never answered
            (Kind::Request, "/a.S/O", topic(b""), 0),
        ];
        let (mut said, mut pairing) = (Said::new(&schema), Pairing::default());
        for ((kind, method, payload, ref_index), index) in entries.iter().zip(1..) {
            let entry = Entry::encode(*kind, method, *payload, *ref_index).expect("a short record");
            let entry = entry.with_index(EntryIndex(index));
            said.add(&entry, pairing.follow(&entry).expect("it has a call"));
        }
        assert_eq!(said.repeated(|_| true), [2, 10]);
        assert_eq!(said.repeated(|first| first != 1), [10]);
    }
}
