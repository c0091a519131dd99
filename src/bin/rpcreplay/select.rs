//! Which entries of a recording a command sees: [`Selected`].

use rpcreplay::entry::{Entry, EntryIndex, Kind, Payload};
use rpcreplay::pairing::{EntrySet, Pairing, Unpaired};
use rpcreplay::schema::{Code, Status};

use crate::args::Selection;
use crate::shapes::Shapes;

/// What a selection keeps of one recording.
///
/// The method and the end of a call are told by one of its entries, and its other entries must follow. The method comes
/// first; the end comes last, so whoever asks for it reads the recording twice. All that is kept is a few bits per entry.
pub struct Selected<'a> {
    selection: &'a Selection,
    /// Whether a call is kept whole for one of its entries.
    whole_calls: bool,
    /// The first entries of the calls whose method matches.
    methods: EntrySet,
    /// The first entries of the calls whose code matches.
    codes: EntrySet,
    /// The first entries of the calls of which an entry matches.
    hits: EntrySet,
}

impl<'a> Selected<'a> {
    /// A selection before anything is known of the recording.
    pub fn new(selection: &'a Selection, whole_calls: bool) -> Self {
        Selected {
            selection,
            whole_calls,
            methods: EntrySet::default(),
            codes: EntrySet::default(),
            hits: EntrySet::default(),
        }
    }

    /// Whether every entry is kept.
    pub fn is_everything(&self) -> bool {
        let Selection { method, kind, code, index } = self.selection;
        method.is_empty() && kind.is_empty() && code.is_empty() && index.is_empty()
    }

    /// How many times a recording is read.
    pub fn passes(&self) -> u64 {
        if self.needs_first_pass() { 2 } else { 1 }
    }

    /// Whether the recording must be [learned](Self::learn) before the first entry can be judged.
    pub fn needs_first_pass(&self) -> bool {
        !self.selection.code.is_empty() || (self.whole_calls && self.asks_about_entries())
    }

    /// Learns how calls end, and which contain what is asked for.
    pub fn learn(&mut self, entries: impl Iterator<Item = Entry>, shapes: &mut Shapes<'_>) {
        let mut pairing = Pairing::default();
        for entry in entries {
            let root = root(&entry, pairing.follow(&entry));
            if self.matches_entry(&entry) {
                self.hits.insert(root);
            }
            match ending(&entry, shapes.is_answered_once(&entry, root)) {
                Some(code) if self.matches_code(code) => self.codes.insert(root),
                Some(_) => drop(self.codes.remove(root)),
                None => {}
            }
        }
    }

    /// Whether an entry is kept. To be asked of every entry, in order.
    pub fn keeps(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>) -> bool {
        if self.is_everything() {
            return true;
        }
        let root = root(entry, call);
        if root == entry.index().0 && self.matches_method(entry.method()) {
            self.methods.insert(root);
        }
        self.methods.contains(root)
            && (self.selection.code.is_empty() || self.codes.contains(root))
            && if self.whole_calls && self.asks_about_entries() {
                self.hits.contains(root)
            } else {
                self.matches_entry(entry)
            }
    }

    fn asks_about_entries(&self) -> bool {
        !self.selection.kind.is_empty() || !self.selection.index.is_empty()
    }

    fn matches_method(&self, method: &str) -> bool {
        self.selection.method.is_empty() || self.selection.method.iter().any(|glob| glob.matches(method))
    }

    fn matches_entry(&self, entry: &Entry) -> bool {
        let Selection { kind, index, .. } = self.selection;
        (kind.is_empty() || kind.iter().any(|kind| kind.kind() == entry.kind()))
            && (index.is_empty() || index.iter().any(|range| range.contains(entry.index().0)))
    }

    fn matches_code(&self, code: Code) -> bool {
        let codes = &self.selection.code;
        let mut wanted = codes.iter().filter(|arg| !arg.negated).peekable();
        (wanted.peek().is_none() || wanted.any(|arg| arg.code == code))
            && codes.iter().filter(|arg| arg.negated).all(|arg| arg.code != code)
    }
}

/// The first entry of an entry's call; one that belongs to no call is a call of its own.
fn root(entry: &Entry, call: Result<EntryIndex, Unpaired>) -> u64 {
    call.unwrap_or(entry.index()).0
}

/// How the call ended, if this entry says so.
///
/// An error counts in every kind of entry, also a stream that could not be opened. The end of a stream is its success,
/// and so is the only response of one that [is answered once](Shapes::is_answered_once).
pub fn ending(entry: &Entry, is_answered_once: bool) -> Option<Code> {
    match (entry.payload(), entry.kind()) {
        (Payload::Error(any), _) if any.type_name() == "google.rpc.Status" => {
            Status::read(any.value).ok().map(|status| status.code)
        }
        (Payload::Error(_), _) => None,
        (Payload::Message(_) | Payload::Empty | Payload::Eof, Kind::Response) => Some(Code::OK),
        (Payload::Eof, Kind::Recv) => Some(Code::OK),
        (Payload::Message(_), Kind::Recv) if is_answered_once => Some(Code::OK),
        (Payload::Message(_) | Payload::Empty | Payload::Eof, _) => None,
    }
}
