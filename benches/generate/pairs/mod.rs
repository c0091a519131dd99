//! Pairs of recordings to be compared: an old one and a new one that tell of the same calls, or of others.
//!
//! Both are made from one seed, each by itself, and nothing is kept of what was written. What happens in the calls
//! comes from chance that both recordings share, what differs each time a program runs comes from [`Run`].

mod call;
mod firestore;
mod pubsub;
mod rerecorded;
mod run;
mod secrets;
mod worst;

use std::io::Write;

use rpcreplay::Result;

use crate::random::Random;
use crate::recording::Recording;
use call::Call;
use run::Run;

/// Which of the two recordings.
#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    Old,
    New,
}

/// What makes a pair. Its old recording has as many entries as asked for, or up to a few calls more.
#[derive(Clone, Copy)]
pub enum Pair {
    /// The same calls, recorded again, of which one in a thousand has changed.
    Rerecorded,
    /// Calls of the same methods in the same order, of which none is in both.
    Different,
    /// One call again and again; new has one in a thousand fewer.
    EqualCalls,
    /// Ten calls, each again and again, in an order of its own on each side.
    FewCalls,
    /// The same calls; in new they are in any order.
    Permuted,
    /// The same calls; in new the last is the first.
    Reversed,
    /// One call with a list of so many elements, of which in new a few are changed, removed, inserted and moved.
    LongList,
    /// One call with a list of so many elements; in new it is in any order.
    ShuffledList,
}

const PAIRS: [(&str, Pair); 8] = [
    ("rerecorded", Pair::Rerecorded),
    ("different", Pair::Different),
    ("equal-calls", Pair::EqualCalls),
    ("few-calls", Pair::FewCalls),
    ("permuted", Pair::Permuted),
    ("reversed", Pair::Reversed),
    ("long-list", Pair::LongList),
    ("shuffled-list", Pair::ShuffledList),
];

pub fn named(name: &str) -> Option<Pair> {
    PAIRS.iter().find(|(known, _)| *known == name).map(|&(_, pair)| pair)
}

pub fn names() -> String {
    PAIRS.map(|(name, _)| name).join(", ")
}

impl Pair {
    pub fn write(self, out: Recording<impl Write>, entries: u64, seed: u64, side: Side) -> Result<()> {
        match self {
            Pair::Rerecorded => rerecorded::write(out, entries, seed, side),
            Pair::Different => worst::different(out, entries, seed, side),
            Pair::EqualCalls => worst::equal_calls(out, entries, seed, side),
            Pair::FewCalls => worst::few_calls(out, entries, seed, side),
            Pair::Permuted => worst::permuted(out, entries, seed, side),
            Pair::Reversed => worst::reversed(out, entries, seed, side),
            Pair::LongList => worst::long_list(out, entries, seed, side),
            Pair::ShuffledList => worst::shuffled_list(out, entries, seed, side),
        }
    }
}

/// A unary call that needs none before it: `kind` says of which method, `story` what is in it.
fn lone_call(kind: u64, story: &mut Random, run: &mut Run) -> Call {
    match kind % 4 {
        0 => firestore::lone_commit(story, run),
        1 => pubsub::lone_publish(story, run),
        2 => pubsub::lone_acknowledge(story),
        _ => secrets::lone_get(story, run),
    }
}
