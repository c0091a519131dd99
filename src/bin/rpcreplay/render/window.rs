//! [`Window`]: entries on their way to becoming calls.

use std::collections::{HashMap, VecDeque};

use rpcreplay::entry::{Entry, EntryIndex, Kind, Payload};
use rpcreplay::pairing::Unpaired;
use rpcreplay::schema::Code;
use rpcreplay::shapes::ending;

/// How many entries wait for the end of a call before it is shown without.
///
/// The longest stream in the public recordings has 97 entries.
pub const WAITING_ENTRIES: usize = 1024;

/// How many bytes of entries wait for the end of a call before it is shown without.
pub const WAITING_BYTES: usize = 4 * 1024 * 1024;

/// Some or all entries of a call.
#[derive(Debug)]
pub struct Call {
    /// The number of the call's first entry, which is not among these if they only continue it.
    pub first: EntryIndex,
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// Why the only entry belongs to no call.
    pub unpaired: Option<Unpaired>,
    ended: bool,
    /// How many of the entries have their bytes to themselves.
    detached: usize,
}

impl Call {
    /// Whether earlier entries of the call were shown before.
    pub fn continues(&self) -> bool {
        self.unpaired.is_none() && self.entries.first().is_some_and(|entry| entry.index() != self.first)
    }
}

/// How a call left the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It ended.
    Ended,
    /// Too much had come after it.
    Waited,
    /// The recording ended.
    EndOfRecording {
        /// How many requests have no response.
        unmatched: u64,
    },
    /// The recording is damaged.
    Damage,
}

/// Calls whose end has not come yet, in the order they began, and those that wait behind them.
#[derive(Debug, Default)]
pub struct Window {
    calls: VecDeque<Call>,
    /// How many calls have left.
    gone: usize,
    /// Per first entry, which call it is, counted with those that left.
    places: HashMap<u64, usize>,
    entries: usize,
    bytes: usize,
}

impl Window {
    /// Adds an entry to its call, which may be one that ends with its first response.
    pub fn add(&mut self, entry: Entry, call: Result<EntryIndex, Unpaired>, is_answered_once: bool) {
        self.entries += 1;
        self.bytes += entry.record().len();
        let (first, unpaired) = match call {
            Ok(first) => (first, None),
            Err(unpaired) => (entry.index(), Some(unpaired)),
        };
        let ended = unpaired.is_some() || ends(&entry, is_answered_once);
        if unpaired.is_none()
            && let Some(place) = self.places.get(&first.0)
        {
            let call = &mut self.calls[place - self.gone];
            call.entries.push(entry);
            call.ended |= ended;
            return;
        }
        self.places.insert(first.0, self.gone + self.calls.len());
        self.calls.push_back(Call { first, entries: vec![entry], unpaired, ended, detached: 0 });
    }

    /// Takes the first call if it has ended, or has waited for too long.
    pub fn next(&mut self) -> Option<(Call, Ending)> {
        let ending = match self.calls.front() {
            Some(call) if call.ended => Ending::Ended,
            Some(_) if self.entries > WAITING_ENTRIES || self.bytes > WAITING_BYTES => Ending::Waited,
            Some(_) | None => return None,
        };
        self.pop().map(|call| (call, ending))
    }

    /// Gives the entries that still wait their own bytes: they must not keep the batch in memory that they came with.
    pub fn detach(&mut self) {
        for call in &mut self.calls {
            call.entries[call.detached..].iter_mut().for_each(Entry::detach);
            call.detached = call.entries.len();
        }
    }

    /// Takes the first call, once no more entries come.
    pub fn next_at_end(&mut self, end: Ending) -> Option<(Call, Ending)> {
        let call = self.pop()?;
        let ending = if call.ended { Ending::Ended } else { end };
        Some((call, ending))
    }

    fn pop(&mut self) -> Option<Call> {
        let call = self.calls.pop_front()?;
        self.gone += 1;
        self.places.remove(&call.first.0);
        self.entries -= call.entries.len();
        self.bytes -= call.entries.iter().map(|entry| entry.record().len()).sum::<usize>();
        Some(call)
    }
}

/// Whether nothing more is to come after an entry.
///
/// What a stream still sends or receives after its end is shown as its continuation.
fn ends(entry: &Entry, is_answered_once: bool) -> bool {
    match (entry.kind(), entry.payload()) {
        (Kind::Response, _) => true,
        (Kind::Recv | Kind::CreateStream, Payload::Error(_)) => {
            ending(entry, is_answered_once).is_none_or(|code| code != Code::OK)
        }
        (Kind::Recv, Payload::Eof) => true,
        (Kind::Recv, Payload::Message(_)) if is_answered_once => true,
        (
            Kind::Request | Kind::CreateStream | Kind::Send | Kind::Recv | Kind::Unspecified | Kind::Unknown(_),
            Payload::Message(_) | Payload::Error(_) | Payload::Eof | Payload::Empty,
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpcreplay::entry::Any;
    use rpcreplay::pairing::Pairing;

    fn entry(index: u64, kind: Kind, ref_index: i32, eof: bool) -> Entry {
        let message = Any { type_url: "t", value: b"" };
        let payload = if eof { Payload::Eof } else { Payload::Message(message) };
        Entry::encode(kind, "/m", payload, ref_index).expect("a short record").with_index(EntryIndex(index))
    }

    fn numbers(call: &Call) -> Vec<u64> {
        call.entries.iter().map(|entry| entry.index().0).collect()
    }

    #[test]
    fn calls_come_in_the_order_they_began() {
        let mut window = Window::default();
        let mut pairing = Pairing::default();
        let mut came = Vec::new();
        #[rustfmt::skip]
        let entries = [
            entry(1, Kind::Request, 0, false), entry(2, Kind::CreateStream, 0, false), entry(3, Kind::Response, 9, false),
            entry(4, Kind::Send, 2, false), entry(5, Kind::Response, 1, false), entry(6, Kind::Recv, 2, true),
            entry(7, Kind::Send, 2, false), entry(8, Kind::Request, 0, false),
        ];
        for entry in entries {
            let call = pairing.follow(&entry);
            window.add(entry, call, false);
            while let Some((call, ending)) = window.next() {
                came.push((numbers(&call), ending, call.continues()));
            }
        }
        let end = Ending::EndOfRecording { unmatched: 1 };
        while let Some((call, ending)) = window.next_at_end(end) {
            came.push((numbers(&call), ending, call.continues()));
        }
        let expected = [
            (vec![1, 5], Ending::Ended, false),
            (vec![2, 4, 6], Ending::Ended, false),
            (vec![3], Ending::Ended, false),
            (vec![7], end, true),
            (vec![8], end, false),
        ];
        assert_eq!(came, expected);
        assert_eq!((window.entries, window.bytes, window.places.len()), (0, 0, 0));
    }

    #[test]
    fn the_only_response_of_a_client_stream_ends_it() {
        let mut window = Window::default();
        window.add(entry(1, Kind::CreateStream, 0, false), Ok(EntryIndex(1)), true);
        window.add(entry(2, Kind::Send, 1, false), Ok(EntryIndex(1)), true);
        assert!(window.next().is_none());
        window.add(entry(3, Kind::Recv, 1, false), Ok(EntryIndex(1)), true);
        assert_eq!(window.next().map(|(call, ending)| (numbers(&call), ending)), Some((vec![1, 2, 3], Ending::Ended)));
    }

    #[test]
    fn nobody_waits_for_ever() {
        let mut window = Window::default();
        window.add(entry(1, Kind::Request, 0, false), Ok(EntryIndex(1)), false);
        for index in 2..=WAITING_ENTRIES as u64 {
            window.add(entry(index, Kind::CreateStream, 0, false), Ok(EntryIndex(index)), false);
            assert!(window.next().is_none());
        }
        let last = WAITING_ENTRIES as u64 + 1;
        window.add(entry(last, Kind::Request, 0, false), Ok(EntryIndex(last)), false);
        let (call, ending) = window.next().expect("one too many");
        assert_eq!((numbers(&call), ending), (vec![1], Ending::Waited));
        assert!(window.next().is_none());
        window.add(entry(last + 1, Kind::Response, 1, false), Ok(EntryIndex(1)), false);
        let (call, _) = window.next().expect("one too many again");
        assert_eq!(numbers(&call), vec![2]);
        let mut call = None;
        while let Some((next, _)) = window.next_at_end(Ending::Damage) {
            call = Some(next);
        }
        let call = call.expect("the late response");
        assert_eq!((numbers(&call), call.continues(), call.first), (vec![last + 1], true, EntryIndex(1)));
    }
}
