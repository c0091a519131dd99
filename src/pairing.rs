//! Which entries belong to one call: [`Pairing`].
//!
//! Source: Go's replayer, `grpcreplay.NewReplayer`, reads a whole recording by these rules before it replays any of it.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use crate::entry::{Entry, EntryIndex, Kind};

/// Follows the entries of a recording and says which call each belongs to.
///
/// Needs two bits per entry.
#[derive(Debug, Default)]
pub struct Pairing {
    open_requests: EntrySet,
    streams: EntrySet,
    open: u64,
}

/// Why an entry belongs to no call. The text is what Go's replayer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unpaired {
    /// A `RESPONSE` that does not name an earlier `REQUEST` still without one.
    #[error("replayer: no request for response #{0}")]
    Response(EntryIndex),
    /// A `SEND` that does not name an earlier `CREATE_STREAM`.
    #[error("replayer: no stream for send #{0}")]
    Send(EntryIndex),
    /// A `RECV` that does not name an earlier `CREATE_STREAM`.
    #[error("replayer: no stream for recv #{0}")]
    Recv(EntryIndex),
    /// A kind that no recorder writes.
    #[error("replayer: unknown kind {0}")]
    Kind(Kind),
}

impl Pairing {
    /// The first entry of the call that the next entry belongs to; its own number if it begins one.
    ///
    /// # Errors
    ///
    /// [`Unpaired`] if it belongs to none; the entries after it can still be followed.
    pub fn follow(&mut self, entry: &Entry) -> Result<EntryIndex, Unpaired> {
        let index = entry.index();
        let named = u64::try_from(entry.ref_index()).unwrap_or(0);
        match entry.kind() {
            Kind::Request => {
                self.open_requests.insert(index.0);
                self.open += 1;
                Ok(index)
            }
            Kind::CreateStream => {
                self.streams.insert(index.0);
                Ok(index)
            }
            Kind::Response if self.open_requests.remove(named) => {
                self.open -= 1;
                Ok(EntryIndex(named))
            }
            Kind::Send | Kind::Recv if self.streams.contains(named) => Ok(EntryIndex(named)),
            Kind::Response => Err(Unpaired::Response(index)),
            Kind::Send => Err(Unpaired::Send(index)),
            Kind::Recv => Err(Unpaired::Recv(index)),
            Kind::Unspecified | Kind::Unknown(_) => Err(Unpaired::Kind(entry.kind())),
        }
    }

    /// The `REQUEST`s that have no `RESPONSE` yet, in order.
    pub fn open_requests(&self) -> impl Iterator<Item = EntryIndex> {
        self.open_requests.iter().map(EntryIndex)
    }

    /// How many `REQUEST`s have no `RESPONSE` yet.
    ///
    /// At the end of a recording Go's replayer says of them: `replayer: N unmatched requests`.
    pub fn unmatched_requests(&self) -> u64 {
        self.open
    }
}

/// The methods of calls, which only their first entries name.
#[derive(Debug, Default)]
pub struct Methods {
    methods: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    /// By the number of its first entry.
    of_call: FxHashMap<u64, u32>,
}

impl Methods {
    /// Notes the method of the call that begins with this entry.
    pub fn insert(&mut self, call: EntryIndex, method: &str) {
        let number = self.numbers.get(method).copied().unwrap_or_else(|| {
            let number = self.methods.len() as u32;
            self.methods.push(method.into());
            self.numbers.insert(method.into(), number);
            number
        });
        self.of_call.insert(call.0, number);
    }

    /// The method of the call that began with this entry; nothing if that was not noted.
    pub fn of(&self, call: EntryIndex) -> &str {
        self.of_call.get(&call.0).map_or("", |number| &self.methods[*number as usize])
    }

    /// The method of the call that an entry belongs to, which is noted if the entry begins it, and forgotten if no other follows. Of what
    /// belongs to no call it is the method that the entry names.
    pub fn follow<'m>(&'m mut self, entry: &'m Entry, call: Result<EntryIndex, Unpaired>) -> &'m str {
        match call {
            Err(_) => entry.method(),
            Ok(call) if call == entry.index() => {
                self.insert(call, entry.method());
                self.of(call)
            }
            Ok(call) if entry.kind() == Kind::Response => {
                let number = self.of_call.remove(&call.0);
                number.map_or("", |number| &self.methods[number as usize])
            }
            Ok(call) => self.of(call),
        }
    }
}

/// A set of entries by their numbers, a bit each.
#[derive(Debug, Clone, Default)]
pub struct EntrySet(Vec<u64>);

impl EntrySet {
    /// Adds an entry.
    pub fn insert(&mut self, index: u64) {
        let word = (index / 64) as usize;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (index % 64);
    }

    /// Removes an entry, and says whether it was there.
    pub fn remove(&mut self, index: u64) -> bool {
        let was_there = self.contains(index);
        if was_there {
            self.0[(index / 64) as usize] &= !(1 << (index % 64));
        }
        was_there
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        let bits = |word: &u64| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros().into())?;
                left &= left - 1;
                Some(bit)
            })
        };
        (0..).zip(&self.0).flat_map(move |(place, word)| bits(word).map(move |bit: u64| 64 * place + bit))
    }

    /// Whether an entry is in the set.
    pub fn contains(&self, index: u64) -> bool {
        usize::try_from(index / 64)
            .ok()
            .and_then(|word| self.0.get(word))
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Any, Payload};

    #[test]
    fn follows_go() {
        let empty = Payload::Message(Any { type_url: "t", value: b"" });
        #[rustfmt::skip]
        let cases: &[(Kind, i32, Result<u64, &str>)] = &[
            (Kind::Request, 0, Ok(1)),
            (Kind::Response, 1, Ok(1)),
            (Kind::Response, 1, Err("replayer: no request for response #3")),
            (Kind::CreateStream, 0, Ok(4)),
            (Kind::Send, 4, Ok(4)),
            (Kind::Recv, 4, Ok(4)),
            (Kind::Recv, 1, Err("replayer: no stream for recv #7")),
            (Kind::Send, 77, Err("replayer: no stream for send #8")),
            (Kind::Response, 4, Err("replayer: no request for response #9")),
            (Kind::Response, 0, Err("replayer: no request for response #10")),
            (Kind::Response, -1, Err("replayer: no request for response #11")),
            (Kind::Unspecified, 0, Err("replayer: unknown kind TYPE_UNSPECIFIED")),
            (Kind::Unknown(9), 0, Err("replayer: unknown kind 9")),
            (Kind::Request, 7, Ok(14)),
        ];
        let mut pairing = Pairing::default();
        for (position, (kind, ref_index, expected)) in cases.iter().enumerate() {
            let entry = Entry::encode(*kind, "/m", empty, *ref_index).expect("a short record");
            let found = pairing.follow(&entry.with_index(EntryIndex(position as u64 + 1)));
            let found = found.map(|index| index.0).map_err(|unpaired| unpaired.to_string());
            assert_eq!(found, expected.map_err(str::to_owned));
        }
        assert_eq!(pairing.unmatched_requests(), 1);
        assert_eq!(pairing.open_requests().collect::<Vec<_>>(), [EntryIndex(14)]);
    }

    #[test]
    fn sets_are_in_order() {
        let numbers = [0, 1, 63, 64, 200, 319];
        let mut set = EntrySet::default();
        numbers.iter().rev().for_each(|&number| set.insert(number));
        assert_eq!(set.iter().collect::<Vec<_>>(), numbers);
        assert!(set.remove(63) && !set.remove(63));
        assert!(!set.iter().any(|number| number == 63));
    }
}
