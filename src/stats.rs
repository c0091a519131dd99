//! What passed in recordings, counted by method: [`Stats`], which a [`Counter`] makes of one recording after the other.
//!
//! Knows entries and calls; of what messages say it reads nothing but the codes of errors. Nothing here keeps an entry.
//!
//! ```
//! use rpcreplay::format::{ReadOptions, Reader};
//! use rpcreplay::pairing::Pairing;
//! use rpcreplay::schema::{Code, Schema};
//! use rpcreplay::stats::{Counter, Stats};
//!
//! let schema = Schema::builtin();
//! let mut stats = Stats::default();
//! for (number, path) in ["tests/data/secrets.replay", "tests/data/pubsub.replay"].iter().enumerate() {
//!     let mut counter = Counter::new(number, &schema);
//!     let mut pairing = Pairing::default();
//!     for entry in Reader::new(std::fs::File::open(path)?, &schema, ReadOptions::default())? {
//!         let entry = entry?;
//!         counter.add(&entry, pairing.follow(&entry));
//!     }
//!     stats.merge(&counter.finish());
//! }
//! let total = stats.total();
//! assert_eq!((total.calls, total.streams, total.failed()), (9, 1, 3));
//! assert_eq!(total.statuses[&Code::OK], 6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::entry::{Entry, EntryIndex, Kind, Payload};
use crate::pairing::Unpaired;
use crate::schema::{Code, Schema};
use crate::shapes::{Shapes, ending, is_end};

/// Messages in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many there were.
    pub messages: u64,
    /// Of the messages by themselves, as they are on the wire: without what gRPC or the recording puts around them.
    pub bytes: u64,
}

impl Traffic {
    /// Counts a message of so many bytes.
    pub fn add(&mut self, bytes: u64) {
        self.merge(Traffic { messages: 1, bytes });
    }

    fn merge(&mut self, other: Traffic) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

/// Which way a message goes, seen from the client, which is what a recorder records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It is a request, or was sent on a stream.
    Sent,
    /// It is a response, or was received from a stream.
    Received,
}

/// The direction and the size in bytes of an entry's message. Errors and ends of streams are none, nor is what an entry carries
/// that only begins a stream.
pub fn message_of(entry: &Entry) -> Option<(Direction, u64)> {
    let direction = match entry.kind() {
        Kind::Request | Kind::Send => Direction::Sent,
        Kind::Response | Kind::Recv => Direction::Received,
        Kind::CreateStream | Kind::Unspecified | Kind::Unknown(_) => return None,
    };
    match entry.payload() {
        Payload::Message(any) => Some((direction, any.value.len() as u64)),
        Payload::Error(_) | Payload::Eof | Payload::Empty => None,
    }
}

/// A message, by its size and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Largest {
    /// Its size in bytes.
    pub bytes: u64,
    /// The number of its recording, as its [`Counter`] was told.
    pub recording: usize,
    /// The number of its entry there.
    pub entry: EntryIndex,
}

impl Largest {
    /// The larger of two messages; of equal ones the earlier.
    fn of(self, other: Largest) -> Largest {
        let rank = |largest: &Largest| (Reverse(largest.bytes), largest.recording, largest.entry);
        std::cmp::min_by_key(self, other, rank)
    }
}

/// What passed in some calls, and in entries that belong to none.
///
/// Every call is counted in `statuses`, `unfinished` or `without_status`, once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many calls began.
    pub calls: u64,
    /// How many of them are streams; the others are unary.
    pub streams: u64,
    /// How many calls ended with each code. If a call ends more than once, its last code counts.
    pub statuses: BTreeMap<Code, u64>,
    /// How many calls have no end in the recording: requests without a response, and streams.
    pub unfinished: u64,
    /// How many of those are streams of a method without a descriptor. They may have ended: a client stream ends with its
    /// only response, and that it is one only its descriptor tells.
    pub unknown_shapes: u64,
    /// How many calls ended with an error that is no google.rpc.Status, and so without a code.
    pub without_status: u64,
    /// How many entries belong to no call. Their messages are counted below, and their codes nowhere.
    pub unpaired_entries: u64,
    /// The messages that were sent.
    pub sent: Traffic,
    /// The messages that were received.
    pub received: Traffic,
    /// The largest message, of equal ones the first.
    pub largest: Option<Largest>,
}

impl Counts {
    /// How many calls ended with another code than OK.
    pub fn failed(&self) -> u64 {
        self.statuses.iter().filter(|(code, _)| **code != Code::OK).map(|(_, calls)| calls).sum()
    }

    /// The messages in both directions.
    pub fn messages(&self) -> Traffic {
        let mut both = self.sent;
        both.merge(self.received);
        both
    }

    /// Adds what was counted elsewhere. The order in which that is done does not matter.
    pub fn merge(&mut self, other: &Counts) {
        let Counts { calls, streams, statuses, unfinished, unknown_shapes, without_status, .. } = other;
        self.calls += calls;
        self.streams += streams;
        for (code, calls) in statuses {
            *self.statuses.entry(*code).or_default() += calls;
        }
        self.unfinished += unfinished;
        self.unknown_shapes += unknown_shapes;
        self.without_status += without_status;
        self.unpaired_entries += other.unpaired_entries;
        self.sent.merge(other.sent);
        self.received.merge(other.received);
        self.note_largest(other.largest);
    }

    fn note_largest(&mut self, message: Option<Largest>) {
        self.largest = match (self.largest, message) {
            (Some(largest), Some(message)) => Some(largest.of(message)),
            (largest, message) => largest.or(message),
        };
    }

    /// Counts the message of an entry, if it has one.
    fn add_message(&mut self, entry: &Entry, recording: usize) {
        let Some((direction, bytes)) = message_of(entry) else { return };
        match direction {
            Direction::Sent => self.sent.add(bytes),
            Direction::Received => self.received.add(bytes),
        }
        self.note_largest(Some(Largest { bytes, recording, entry: entry.index() }));
    }
}

/// What passed in recordings, by method.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// By full method, `/package.Service/Method`; empty for calls without one, and for entries that belong to no call and
    /// name none.
    pub methods: BTreeMap<Box<str>, Counts>,
}

impl Stats {
    /// Adds what was counted elsewhere. The order in which that is done does not matter.
    pub fn merge(&mut self, other: &Stats) {
        for (method, counts) in &other.methods {
            match self.methods.get_mut(method) {
                Some(known) => known.merge(counts),
                None => drop(self.methods.insert(method.clone(), counts.clone())),
            }
        }
    }

    /// All methods together.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.methods.values().for_each(|counts| total.merge(counts));
        total
    }
}

/// Counts what passes in one recording.
///
/// Needs some hundred bytes for every method, and about 50 for every request that has no response yet and for every stream.
#[derive(Debug)]
pub struct Counter<'s> {
    recording: usize,
    shapes: Shapes<'s>,
    methods: Vec<(Box<str>, Counts)>,
    numbers: FxHashMap<Box<str>, usize>,
    /// The calls to which more entries may belong, by the numbers of their first ones.
    open: FxHashMap<u64, Open>,
}

/// A call to which more entries may belong.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// The number of its method.
    method: u32,
    is_stream: bool,
    code: Option<Code>,
    has_ended: bool,
}

impl<'s> Counter<'s> {
    /// Nothing is counted yet of the recording with this number, which is for whoever reads it to choose.
    pub fn new(recording: usize, schema: &'s Schema) -> Self {
        Counter {
            recording,
            shapes: Shapes::new(schema),
            methods: Vec::new(),
            numbers: FxHashMap::default(),
            open: FxHashMap::default(),
        }
    }

    /// Counts an entry of a call, given [the first entry](crate::pairing::Pairing::follow) of that. To be told of every entry of a
    /// call, in order; one whose call did not begin here belongs to none.
    pub fn add(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>) {
        if call == Ok(entry.index()) {
            let method = self.number_of(entry.method());
            let counts = &mut self.methods[method].1;
            counts.calls += 1;
            let is_stream = entry.kind() == Kind::CreateStream;
            counts.streams += u64::from(is_stream);
            // A number of a method stands for an entry at least, of which a recording has no more.
            let open = Open { method: method as u32, is_stream, code: None, has_ended: false };
            self.open.insert(entry.index().0, open);
        }
        let Some((first, call)) = call.ok().and_then(|first| Some((first.0, self.open.get_mut(&first.0)?))) else {
            let method = self.number_of(entry.method());
            let counts = &mut self.methods[method].1;
            counts.unpaired_entries += 1;
            counts.add_message(entry, self.recording);
            return;
        };
        let code = ending(entry, self.shapes.is_answered_once(entry, first));
        call.code = code.or(call.code);
        call.has_ended |= is_end(entry, code);
        let counts = &mut self.methods[call.method as usize].1;
        counts.add_message(entry, self.recording);
        if entry.kind() == Kind::Response {
            call.count_end(counts);
            self.open.remove(&first);
        }
    }

    /// Counts what has not ended, and returns it all.
    pub fn finish(mut self) -> Stats {
        for call in self.open.values() {
            let (method, counts) = &mut self.methods[call.method as usize];
            call.count_end(counts);
            // A request needs no descriptor to be without a response.
            if !call.has_ended && call.is_stream && self.shapes.method(method).is_none() {
                counts.unknown_shapes += 1;
            }
        }
        Stats { methods: self.methods.into_iter().collect() }
    }

    /// The number of a method.
    fn number_of(&mut self, method: &str) -> usize {
        self.numbers.get(method).copied().unwrap_or_else(|| {
            let number = self.methods.len();
            self.methods.push((method.into(), Counts::default()));
            self.numbers.insert(method.into(), number);
            number
        })
    }
}

impl Open {
    /// Counts how the call ended, now that nothing more of it comes.
    fn count_end(&self, counts: &mut Counts) {
        match self.code {
            Some(code) => *counts.statuses.entry(code).or_default() += 1,
            None if self.has_ended => counts.without_status += 1,
            None => counts.unfinished += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Any;
    use crate::pairing::Pairing;

    const MESSAGE: Payload<'_> = Payload::Message(Any { type_url: "t", value: b"abc" });

    fn status(value: &[u8]) -> Payload<'_> {
        Payload::Error(Any { type_url: "google.rpc.Status", value })
    }

    /// Counts entries, which are numbered from 1 on.
    fn count(recording: usize, entries: &[(Kind, &str, Payload<'_>, i32)]) -> Stats {
        let schema = Schema::builtin();
        let (mut counter, mut pairing) = (Counter::new(recording, &schema), Pairing::default());
        for (number, (kind, method, payload, ref_index)) in (1..).zip(entries) {
            let entry = Entry::encode(*kind, method, *payload, *ref_index).expect("a short record");
            let entry = entry.with_index(EntryIndex(number));
            counter.add(&entry, pairing.follow(&entry));
        }
        counter.finish()
    }

    /// How the calls of a method ended, in words.
    fn ends(stats: &Stats, method: &str) -> String {
        let Counts { statuses, unfinished, unknown_shapes, without_status, .. } = &stats.methods[method];
        let codes: Vec<_> = statuses.iter().map(|(code, calls)| format!("{code} {calls}")).collect();
        format!("{}; {unfinished} {unknown_shapes} {without_status}", codes.join(", "))
    }

    #[test]
    fn every_call_has_one_end() {
        let (read, write) = ("/google.bytestream.ByteStream/Read", "/google.bytestream.ByteStream/Write");
        let no_status = Payload::Error(Any { type_url: "t", value: b"" });
        let stats = count(
            0,
            &[
                (Kind::Request, "/a", MESSAGE, 0),
                (Kind::CreateStream, read, Payload::Empty, 0),
                (Kind::CreateStream, write, Payload::Empty, 0),
                (Kind::Response, "", status(b"\x08\x05"), 1),
                (Kind::Recv, "", MESSAGE, 2),
                (Kind::Recv, "", Payload::Eof, 2),
                (Kind::Recv, "", status(b"\x08\x0e"), 2), // the last code counts
                (Kind::Recv, "", MESSAGE, 3),             // the only response of a client stream
                (Kind::CreateStream, read, Payload::Empty, 0),
                (Kind::CreateStream, "/no.Descriptor/M", Payload::Empty, 0),
                (Kind::Recv, "", MESSAGE, 10),
                (Kind::CreateStream, "/no.Descriptor/M", status(b"\x08\x0e"), 0),
                (Kind::Request, "/a", MESSAGE, 0),
                (Kind::Request, "/a", MESSAGE, 0),
                (Kind::Response, "", no_status, 14),
                (Kind::Request, "/a", status(b"\x08\x07"), 0),
                (Kind::Response, "", no_status, 16), // how it ended was said before
            ],
        );
        assert_eq!(ends(&stats, "/a"), "NOT_FOUND 1, PERMISSION_DENIED 1; 1 0 1");
        assert_eq!(ends(&stats, read), "UNAVAILABLE 1; 1 0 0");
        assert_eq!(ends(&stats, write), "OK 1; 0 0 0");
        assert_eq!(ends(&stats, "/no.Descriptor/M"), "UNAVAILABLE 1; 1 1 0");
        let total = stats.total();
        assert_eq!((total.calls, total.streams, total.failed()), (9, 5, 4));
        assert_eq!(total.statuses.values().sum::<u64>() + total.unfinished + total.without_status, total.calls);
    }

    #[test]
    fn messages_are_counted_each_way() {
        let of = |value: &'static [u8]| Payload::Message(Any { type_url: "t", value });
        let stats = count(
            7,
            &[
                (Kind::CreateStream, "/s", of(b"not a message"), 0),
                (Kind::Send, "", of(b"1"), 1),
                (Kind::Recv, "", of(b"55555"), 1),
                (Kind::Send, "", of(b"55555"), 1),
                (Kind::Recv, "", Payload::Eof, 1),
                (Kind::Send, "", of(b""), 1), // after the end, and counted all the same
                (Kind::Recv, "/named", of(b"22"), 77),
                (Kind::Unknown(9), "", of(b"no message either"), 0),
            ],
        );
        let Counts { sent, received, largest, unpaired_entries, .. } = stats.methods["/s"].clone();
        assert_eq!((sent.messages, sent.bytes, received.messages, received.bytes), (3, 6, 1, 5));
        assert_eq!(largest, Some(Largest { bytes: 5, recording: 7, entry: EntryIndex(3) }), "the first of two");
        assert_eq!(unpaired_entries, 0);
        let unpaired = |method: &str| (stats.methods[method].unpaired_entries, stats.methods[method].received.bytes);
        assert_eq!((unpaired("/named"), unpaired("")), ((1, 2), (1, 0)));
        let total = stats.total();
        assert_eq!((total.calls, total.messages()), (1, Traffic { messages: 5, bytes: 13 }));
    }

    #[test]
    fn the_order_of_merging_does_not_matter() {
        let answered = [(Kind::Request, "/a", MESSAGE, 0), (Kind::Response, "", status(b"\x08\x05"), 1)];
        let parts = [
            count(2, &answered),
            count(0, &[(Kind::Request, "/b", MESSAGE, 0)]),
            count(1, &[(Kind::Request, "/a", MESSAGE, 0), (Kind::Response, "", MESSAGE, 1)]),
            Stats::default(),
        ];
        let merged = |order: &[usize]| {
            let mut merged = Stats::default();
            order.iter().for_each(|&part| merged.merge(&parts[part]));
            merged
        };
        let all = merged(&[0, 1, 2, 3]);
        assert_eq!(all.total().largest, Some(Largest { bytes: 3, recording: 0, entry: EntryIndex(1) }));
        assert_eq!(all.methods["/a"].largest.map(|largest| largest.recording), Some(1));
        assert_eq!(ends(&all, "/a"), "OK 1, NOT_FOUND 1; 0 0 0");
        for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
            assert_eq!(merged(&order), all);
        }
    }

    /// A long recording of unary calls takes no more memory than those that are open at the same time.
    #[test]
    fn answered_requests_are_forgotten() {
        let schema = Schema::builtin();
        let (mut counter, mut pairing) = (Counter::new(0, &schema), Pairing::default());
        for number in (1..10_000).step_by(2) {
            for (index, kind, ref_index) in [(number, Kind::Request, 0), (number + 1, Kind::Response, number as i32)] {
                let entry = Entry::encode(kind, "/a", MESSAGE, ref_index).expect("a short record");
                let entry = entry.with_index(EntryIndex(index));
                counter.add(&entry, pairing.follow(&entry));
            }
            assert!(counter.open.is_empty());
        }
        assert_eq!(ends(&counter.finish(), "/a"), "OK 5000; 0 0 0");
    }
}
