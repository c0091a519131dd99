//! A recording in memory, with its calls and what they say: [`Recording`].

use std::io::Read;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::Result;
use crate::compare::{Comparer, Digest, Folded, Names, Value, alike};
use crate::entry::{Entry, Kind, Payload};
use crate::format::Reader;
use crate::pairing::Pairing;
use crate::recording::Header;
use crate::schema::{Code, Status};

/// The place of a call in [`Recording::calls`].
pub type CallId = u32;

/// A recording that is to be compared: all of it, and a few bytes for each entry that tell what it says.
#[derive(Debug)]
pub struct Recording {
    /// What stands in front of the entries.
    pub header: Header,
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
    /// The calls, in the order in which they begin. An entry that belongs to no call is one by itself.
    pub calls: Vec<Call>,
    /// By entry: the next one of its call, or 0.
    next: Vec<u32>,
    digests: Vec<Digest>,
    /// The folded values of all entries.
    folded: Folded,
    /// By entry: where its folded values begin.
    first_folded: Vec<u32>,
}

/// A call, or an entry that belongs to none.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its first and its last entry, as places in [`Recording::entries`].
    first: u32,
    last: u32,
    /// What it asks: method, and the first message that was sent.
    pub(super) key: u128,
    /// All that it says, apart from how what was sent and what came back followed each other.
    pub(super) said: u128,
}

/// What the calls of a recording ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Sorted hashes.
    asks: Vec<u64>,
    /// The same, with all names in texts alike.
    forms: Vec<u64>,
}

impl Fingerprint {
    /// How much of what two recordings ask is the same, in thousandths of the longer one: as it is, and names aside.
    pub fn likeness(&self, other: &Fingerprint) -> (u32, u32) {
        (alike(&self.asks, &other.asks), alike(&self.forms, &other.forms))
    }
}

impl Recording {
    /// Reads all of a recording, up to its end or to what is damaged.
    ///
    /// # Errors
    ///
    /// Those of [`Reader::read`].
    pub fn read<R: Read>(reader: Reader<'_, R>, comparer: &mut Comparer<'_>) -> Result<Recording> {
        Recording::new(reader.header().clone(), reader, comparer)
    }

    /// A recording with these entries, or these calls of it, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// The first of those among the entries.
    pub fn new(
        header: Header,
        entries: impl IntoIterator<Item = Result<Entry>>,
        comparer: &mut Comparer<'_>,
    ) -> Result<Recording> {
        let mut recording = Recording {
            header,
            entries: Vec::new(),
            calls: Vec::new(),
            next: Vec::new(),
            digests: Vec::new(),
            folded: Folded::default(),
            first_folded: Vec::new(),
        };
        let mut pairing = Pairing::default();
        // By the number of an entry: its call.
        let mut call_of: Vec<CallId> = Vec::new();
        for entry in entries {
            let entry = entry?;
            // Of those that are not among the entries nobody asks.
            call_of.resize((entry.index().0 as usize).saturating_sub(1), CallId::MAX);
            let place = recording.entries.len() as u32;
            let begun = pairing.follow(&entry).ok().filter(|&begun| begun != entry.index());
            let call = begun.map(|begun| call_of[begun.0 as usize - 1]);
            recording.first_folded.push(recording.folded.hashes.len() as u32);
            let first = call.map(|call| &recording.entries[recording.calls[call as usize].first as usize]);
            let method = first.unwrap_or(&entry).method();
            let digest = comparer.digest(&entry, method, None, &mut recording.folded);
            match call {
                Some(call) => {
                    let call = &mut recording.calls[call as usize];
                    recording.next[call.last as usize] = place;
                    call.last = place;
                }
                None => recording.calls.push(Call { first: place, last: place, key: 0, said: 0 }),
            }
            call_of.push(call.unwrap_or(recording.calls.len() as u32 - 1));
            recording.entries.push(entry);
            recording.digests.push(digest);
            recording.next.push(0);
        }
        for call in 0..recording.calls.len() as u32 {
            let (key, said) = recording.hashes(call, |entry| recording.digests[entry as usize]);
            let call = &mut recording.calls[call as usize];
            (call.key, call.said) = (key, said);
        }
        Ok(recording)
    }

    /// The entries of a call, as places in [`entries`](Self::entries), in order.
    pub fn entries_of(&self, call: CallId) -> impl Iterator<Item = u32> {
        let mut at = Some(self.calls[call as usize].first);
        std::iter::from_fn(move || {
            let entry = at?;
            at = Some(self.next[entry as usize]).filter(|&next| next > 0);
            Some(entry)
        })
    }

    /// What was sent in a call, or what came back, in order.
    pub(super) fn half(&self, call: CallId, sent: bool) -> impl Iterator<Item = u32> {
        self.entries_of(call).filter(move |&entry| is_sent(&self.entries[entry as usize]) == sent)
    }

    /// The entries of two calls that say the same, side by side: what was sent and what came back may have followed each other
    /// otherwise.
    pub(super) fn side_by_side(
        &self,
        call: CallId,
        other: &Recording,
        partner: CallId,
    ) -> impl Iterator<Item = (u32, u32)> {
        [true, false].into_iter().flat_map(move |sent| self.half(call, sent).zip(other.half(partner, sent)))
    }

    /// The entry that a call begins with.
    pub fn first(&self, call: CallId) -> &Entry {
        &self.entries[self.calls[call as usize].first as usize]
    }

    /// The full method of a call, `/package.Service/Method`.
    pub fn method(&self, call: CallId) -> &str {
        self.first(call).method()
    }

    /// The code that a call ended with; `None` if its end is not in the recording.
    pub fn code(&self, call: CallId) -> Option<Code> {
        let last = &self.entries[self.calls[call as usize].last as usize];
        match (last.kind(), last.payload()) {
            (_, Payload::Error(any)) => Status::read(any.value).ok().map(|status| status.code),
            (Kind::Response, _) | (Kind::Recv, Payload::Eof) => Some(Code::OK),
            _ => None,
        }
    }

    /// The first message that was sent in a call, and the first that came back, each with the selector of all of it.
    pub fn ends(&self, call: CallId, comparer: &mut Comparer<'_>) -> Vec<(String, Value)> {
        let (mut sent, mut received) = (None, None);
        for place in self.entries_of(call) {
            let entry = &self.entries[place as usize];
            let end =
                if is_sent(entry) && !matches!(entry.payload(), Payload::Error(_)) { &mut sent } else { &mut received };
            if end.is_none() && !matches!(entry.payload(), Payload::Empty) {
                *end = Some(entry);
            }
        }
        let mut whole = |entry| {
            let change = comparer.changes(None, Some(entry), self.method(call)).into_iter().next()?;
            Some((change.path, change.new?))
        };
        [sent, received].into_iter().flatten().filter_map(&mut whole).collect()
    }

    /// What its calls ask, in a few bytes each, to find a recording of the same thing by.
    pub fn fingerprint(&self, comparer: &mut Comparer<'_>) -> Fingerprint {
        let sorted = |mut hashes: Vec<u64>| {
            hashes.sort_unstable();
            hashes
        };
        let form = |call| self.hashes_with(call, comparer, &Names::Any).0 as u64;
        Fingerprint {
            asks: sorted(self.calls.iter().map(|call| call.key as u64).collect()),
            forms: sorted((0..self.calls.len() as CallId).map(form).collect()),
        }
    }

    /// Whether two calls were open at the same time.
    pub(super) fn overlap(&self, a: CallId, b: CallId) -> bool {
        let (a, b) = (&self.calls[a as usize], &self.calls[b as usize]);
        a.first <= b.last && b.first <= a.last
    }

    pub(super) fn digest(&self, entry: u32) -> Digest {
        self.digests[entry as usize]
    }

    /// The folded values of an entry: their hashes and rules.
    pub(super) fn folded_of(&self, entry: u32) -> (&[u64], &[crate::compare::RuleId]) {
        let start = self.first_folded[entry as usize] as usize;
        let end = self.first_folded.get(entry as usize + 1).map_or(self.folded.hashes.len(), |&end| end as usize);
        (&self.folded.hashes[start..end], &self.folded.rules[start..end])
    }

    pub(super) fn folded(&self) -> &Folded {
        &self.folded
    }

    /// What a call asks and what it says, with what stands for names.
    pub(super) fn hashes_with(&self, call: CallId, comparer: &mut Comparer<'_>, names: &Names) -> (u128, u128) {
        let method = self.method(call);
        let mut folded = Folded::default();
        let mut digest = |entry: u32| comparer.digest(&self.entries[entry as usize], method, Some(names), &mut folded);
        self.hashes(call, &mut digest)
    }

    /// What a call asks and what it says, made of what its entries say.
    fn hashes(&self, call: CallId, mut hash_of: impl FnMut(u32) -> Digest) -> (u128, u128) {
        let first = self.first(call);
        let mut asked = Xxh3::new();
        asked.update(first.method().as_bytes());
        asked.update(&first.kind().number().to_le_bytes());
        let (mut sent, mut received) = (Xxh3::new(), Xxh3::new());
        let mut key = None;
        for entry in self.entries_of(call) {
            let hash = hash_of(entry).to_le_bytes();
            match self.entries[entry as usize].kind() {
                Kind::Request | Kind::Send => {
                    key.get_or_insert(hash);
                    sent.update(&hash);
                }
                // What a stream was opened with, or why it was not.
                Kind::CreateStream => asked.update(&hash),
                Kind::Response | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => received.update(&hash),
            }
        }
        let asked = asked.digest128().to_le_bytes();
        let [sent, received] = [sent, received].map(|hasher| hasher.digest128().to_le_bytes());
        let key = [asked, key.unwrap_or_default()].concat();
        (xxh3_128(&key), xxh3_128(&[asked, sent, received].concat()))
    }
}

fn is_sent(entry: &Entry) -> bool {
    match entry.kind() {
        Kind::Request | Kind::CreateStream | Kind::Send => true,
        Kind::Response | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => false,
    }
}
