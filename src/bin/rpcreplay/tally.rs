//! [`Tallies`]: what passed in each call, without what it said.

use std::collections::{HashMap, VecDeque};

use rpcreplay::entry::{Entry, EntryIndex, Flaw, Kind, Payload};
use rpcreplay::pairing::Unpaired;
use rpcreplay::schema::Code;
use rpcreplay::shapes::{Shapes, ending, is_end};
use rpcreplay::stats::{Direction, Traffic, message_of};

/// How many calls wait for entries that still belong to them, and for those before them.
///
/// They come out in the order they began, in memory that does not grow with the recording: some 20 MB.
pub const WAITING_CALLS: usize = 65_536;

/// What passed in a call, or in an entry that belongs to none.
#[derive(Debug, Clone)]
pub struct Tally {
    /// The number of the first entry.
    pub first: EntryIndex,
    /// The method; empty where none is recorded.
    pub method: String,
    pub shape: Shape,
    /// How it ended, as far as the recording says.
    pub code: Option<Code>,
    pub sent: Traffic,
    pub received: Traffic,
    /// What is to be said of it, each once.
    pub notes: Vec<Note>,
    ended: bool,
}

/// Who may send how many messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Unary,
    ClientStream,
    ServerStream,
    BidiStream,
    /// A stream of a method without a descriptor.
    Stream,
    /// A stream of a method that is none.
    NoStream,
    /// An entry that belongs to no call.
    Entry(Kind),
}

/// Something to be said of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// An entry that belongs to no call.
    Unpaired,
    /// A call that no other can match.
    NoMethod,
    /// An entry with neither message nor error.
    NoMessage,
    /// An error that is no google.rpc.Status.
    NoStatus,
    /// An error with the code OK.
    OkError,
    /// A request that was never answered.
    NoResponse,
    /// A stream that could not be opened.
    NotOpened,
    /// A stream whose end is not in the recording.
    NoEnd,
    /// A stream of which nobody knows whether it has ended: that of a client ends with its response.
    UnknownShape,
    /// Only the later part of a call, whose beginning came out before.
    Continued,
}

impl Note {
    /// Whether Go's replayer refuses such a call.
    pub fn is_mark(self) -> bool {
        match self {
            Note::Unpaired | Note::NoMethod | Note::NoMessage | Note::NoStatus | Note::OkError | Note::NoResponse => {
                true
            }
            Note::NotOpened | Note::NoEnd | Note::UnknownShape | Note::Continued => false,
        }
    }

    /// The note in words.
    pub fn words(self) -> &'static str {
        match self {
            Note::Unpaired => "unpaired",
            Note::NoMethod => "no method",
            Note::NoMessage => "no message",
            Note::NoStatus => "no status",
            Note::OkError => "error with code OK",
            Note::NoResponse => "no response",
            Note::NotOpened => "not opened",
            Note::NoEnd => "no end",
            Note::UnknownShape => "unknown shape",
            Note::Continued => "continued",
        }
    }
}

impl Shape {
    /// The shape in one word; the kind of an entry that belongs to no call.
    pub fn word(self) -> String {
        match self {
            Shape::Unary => "unary".to_owned(),
            Shape::ClientStream => "client-stream".to_owned(),
            Shape::ServerStream => "server-stream".to_owned(),
            Shape::BidiStream => "bidi-stream".to_owned(),
            Shape::Stream | Shape::NoStream => "stream".to_owned(),
            Shape::Entry(kind) => match kind {
                Kind::Request | Kind::Response | Kind::CreateStream | Kind::Send | Kind::Recv => {
                    kind.to_string().to_lowercase()
                }
                Kind::Unspecified | Kind::Unknown(_) => format!("kind-{}", kind.number()),
            },
        }
    }

    /// The shape of the call that an entry begins.
    fn of_call(entry: &Entry, shapes: &mut Shapes<'_>) -> Shape {
        if entry.kind() != Kind::CreateStream {
            return Shape::Unary;
        }
        match shapes.method(entry.method()).map(|method| (method.streams_requests, method.streams_responses)) {
            Some((true, true)) => Shape::BidiStream,
            Some((true, false)) => Shape::ClientStream,
            Some((false, true)) => Shape::ServerStream,
            Some((false, false)) => Shape::NoStream,
            None => Shape::Stream,
        }
    }
}

impl Tally {
    fn new(entry: &Entry, call: Result<EntryIndex, Unpaired>, shapes: &mut Shapes<'_>) -> Tally {
        let (first, shape, notes) = match call {
            Ok(first) if first == entry.index() => (first, Shape::of_call(entry, shapes), Vec::new()),
            Ok(first) => (first, Shape::Entry(entry.kind()), vec![Note::Continued]),
            Err(_) => (entry.index(), Shape::Entry(entry.kind()), vec![Note::Unpaired]),
        };
        let (sent, received) = (Traffic::default(), Traffic::default());
        let mut tally =
            Tally { first, method: entry.method().to_owned(), shape, code: None, sent, received, notes, ended: false };
        if call == Ok(entry.index()) && entry.method().is_empty() {
            tally.note(Note::NoMethod);
        }
        tally
    }

    /// Counts an entry of the call, which may be a stream that ends with its first response.
    fn add(&mut self, entry: &Entry, is_answered_once: bool) {
        let code = ending(entry, is_answered_once);
        self.code = code.or(self.code);
        self.ended |= is_end(entry, code);
        match message_of(entry) {
            Some((Direction::Sent, bytes)) => self.sent.add(bytes),
            Some((Direction::Received, bytes)) => self.received.add(bytes),
            None => {}
        }
        if let Payload::Error(_) = entry.payload() {
            if entry.kind() == Kind::CreateStream {
                self.note(Note::NotOpened);
            }
            if code == Some(Code::OK) {
                self.note(Note::OkError);
            } else if code.is_none() {
                self.note(Note::NoStatus);
            }
        }
        match entry.flaw() {
            Some(Flaw::NoMessage(_)) => self.note(Note::NoMessage),
            Some(Flaw::ErrorIsNoStatus) => self.note(Note::NoStatus),
            None => {}
        }
    }

    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Says what is missing, now that nothing more comes.
    fn close(mut self) -> Tally {
        match self.shape {
            _ if self.ended => {}
            Shape::Unary => self.note(Note::NoResponse),
            Shape::Stream => self.note(Note::UnknownShape),
            Shape::ClientStream | Shape::ServerStream | Shape::BidiStream | Shape::NoStream => self.note(Note::NoEnd),
            Shape::Entry(_) => {}
        }
        self
    }
}

/// The calls that may still go on, in the order they began, and those that wait behind them.
#[derive(Debug, Default)]
pub struct Tallies {
    calls: VecDeque<Tally>,
    /// How many calls have left.
    gone: usize,
    /// Per first entry, which call it is, counted with those that left.
    places: HashMap<u64, usize>,
}

impl Tallies {
    /// Counts an entry in its call.
    pub fn add(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>, shapes: &mut Shapes<'_>) {
        let is_answered_once = shapes.is_answered_once(entry, call.unwrap_or(entry.index()).0);
        let place = call.ok().and_then(|first| self.places.get(&first.0)).map(|place| place - self.gone);
        let place = place.unwrap_or_else(|| {
            if let Ok(first) = call {
                self.places.insert(first.0, self.gone + self.calls.len());
            }
            self.calls.push_back(Tally::new(entry, call, shapes));
            self.calls.len() - 1
        });
        self.calls[place].add(entry, is_answered_once);
    }

    /// Takes the first call if too many wait.
    pub fn next(&mut self) -> Option<Tally> {
        if self.calls.len() > WAITING_CALLS { self.next_at_end() } else { None }
    }

    /// Takes the first call, once no more entries come.
    pub fn next_at_end(&mut self) -> Option<Tally> {
        let call = self.calls.pop_front()?;
        self.gone += 1;
        self.places.remove(&call.first.0);
        Some(call.close())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpcreplay::entry::Any;
    use rpcreplay::pairing::Pairing;
    use rpcreplay::schema::Schema;

    fn entry(index: u64, kind: Kind, method: &str, payload: Payload<'_>, ref_index: i32) -> Entry {
        Entry::encode(kind, method, payload, ref_index).expect("a short record").with_index(EntryIndex(index))
    }

    /// Counts entries, and returns what came out and what waited until the end.
    fn tally(entries: impl IntoIterator<Item = Entry>) -> (Vec<Tally>, Vec<Tally>) {
        let schema = Schema::builtin();
        let mut shapes = Shapes::new(&schema);
        let (mut pairing, mut tallies) = (Pairing::default(), Tallies::default());
        let mut came = Vec::new();
        for entry in entries {
            tallies.add(&entry, pairing.follow(&entry), &mut shapes);
            came.extend(std::iter::from_fn(|| tallies.next()));
        }
        (came, std::iter::from_fn(|| tallies.next_at_end()).collect())
    }

    const MESSAGE: Payload<'_> = Payload::Message(Any { type_url: "t", value: b"abc" });

    fn status(value: &[u8]) -> Payload<'_> {
        Payload::Error(Any { type_url: "google.rpc.Status", value })
    }

    #[test]
    fn what_passed_is_counted() {
        let (read, write) = ("/google.bytestream.ByteStream/Read", "/google.bytestream.ByteStream/Write");
        #[rustfmt::skip]
        let entries = [
            entry(1, Kind::Request, "/m", MESSAGE, 0),
            entry(2, Kind::CreateStream, read, Payload::Empty, 0),
            entry(3, Kind::CreateStream, write, Payload::Empty, 0),
            entry(4, Kind::Recv, "", MESSAGE, 2),
            entry(5, Kind::Response, "", status(b"\x08\x05"), 1),
            entry(6, Kind::Recv, "", Payload::Eof, 2),
            entry(7, Kind::Send, "", MESSAGE, 2), // after its end, and counted all the same
            entry(8, Kind::Recv, "", MESSAGE, 3), // the only response of a client stream
            entry(9, Kind::CreateStream, "/no.Descriptor/M", status(b"\x08\x0e"), 0),
            entry(10, Kind::CreateStream, "/no.Descriptor/M", Payload::Empty, 0),
            entry(11, Kind::Request, "", MESSAGE, 0),
            entry(12, Kind::Response, "", MESSAGE, 1),
            entry(13, Kind::Request, "/m", Payload::Empty, 0),
            entry(14, Kind::Response, "", status(b""), 13),
            entry(15, Kind::Unknown(9), "", Payload::Error(Any { type_url: "t", value: b"" }), 0),
        ];
        let (came, rest) = tally(entries);
        assert!(came.is_empty());
        let traffic = |messages| Traffic { messages, bytes: 3 * messages };
        type Expected = (u64, Shape, Option<Code>, u64, u64, &'static [Note]);
        #[rustfmt::skip]
        let expected: &[Expected] = &[
            (1, Shape::Unary, Some(Code(5)), 1, 0, &[]),
            (2, Shape::ServerStream, Some(Code::OK), 1, 1, &[]),
            (3, Shape::ClientStream, Some(Code::OK), 0, 1, &[]),
            (9, Shape::Stream, Some(Code(14)), 0, 0, &[Note::NotOpened]),
            (10, Shape::Stream, None, 0, 0, &[Note::UnknownShape]),
            (11, Shape::Unary, None, 1, 0, &[Note::NoMethod, Note::NoResponse]),
            (12, Shape::Entry(Kind::Response), Some(Code::OK), 0, 1, &[Note::Unpaired]),
            (13, Shape::Unary, Some(Code::OK), 0, 0, &[Note::NoMessage, Note::OkError]),
            (15, Shape::Entry(Kind::Unknown(9)), None, 0, 0, &[Note::Unpaired, Note::NoStatus]),
        ];
        assert_eq!(rest.len(), expected.len());
        for (call, &(first, shape, code, sent, received, notes)) in rest.iter().zip(expected) {
            assert_eq!((call.first.0, call.shape, call.code), (first, shape, code));
            assert_eq!(
                (call.sent, call.received, &call.notes[..]),
                (traffic(sent), traffic(received), notes),
                "{first}"
            );
        }
    }

    #[test]
    fn a_call_that_never_ends_holds_up_only_so_many() {
        let last = WAITING_CALLS as u64 + 1;
        let endless = (1..=last).map(|index| entry(index, Kind::CreateStream, "/m", Payload::Empty, 0));
        let late = [entry(last + 1, Kind::Send, "", MESSAGE, 1), entry(last + 2, Kind::Send, "", MESSAGE, 2)];
        let (came, rest) = tally(endless.chain(late));
        let numbers: Vec<_> = came.iter().map(|call| call.first.0).collect();
        // What comes late for a call that left is one more to wait for.
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(rest.len(), WAITING_CALLS);
        let numbers: Vec<_> = rest.iter().map(|call| call.first.0).collect();
        assert_eq!(numbers[..3], [4, 5, 6]);
        let [.., first, second] = &rest[..] else { panic!("two continuations") };
        for (call, number) in [(first, 1), (second, 2)] {
            assert_eq!((call.first.0, call.sent.messages, &call.notes[..]), (number, 1, &[Note::Continued][..]));
        }
    }
}
