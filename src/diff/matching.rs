//! Which calls of two recordings belong together: [`Matching`].
//!
//! Calls are matched by what they say and never by where they stand. First those that say the same, then those that ask the
//! same, then those that do so when names that only one of the recordings has stand for any name, and at last those of the
//! same method that are most alike.

use std::cmp::Reverse;
use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::recording::{Call, CallId, Recording};
use crate::compare::{Comparer, Names, Value, align, alike, in_order, renamed};

/// How many pairs of calls of the same method, or that ask the same, are compared to find out which are most alike. Beyond
/// that they are taken in parts of [`PART`] on both sides, and only calls of the same part can be paired.
const COMPARED_CALLS: usize = 1024;

/// See [`COMPARED_CALLS`].
const PART: usize = 32;

/// How often names are looked for in the pairs that the names found before have made.
const ROUNDS: usize = 3;

/// How much of what they say calls of the same method must share to be called the same call, in thousandths: of those of the
/// same form, a fifth.
const ALIKE: u32 = 600;

/// How much calls must share that ask the same: nothing.
const ASKS_THE_SAME: u32 = 1;

/// Which calls belong together.
#[derive(Debug)]
pub(super) struct Matching {
    /// Calls that say the same.
    pub(super) same: Vec<(CallId, CallId)>,
    /// Calls that belong together and may differ.
    pub(super) similar: Vec<(CallId, CallId)>,
    pub(super) removed: Vec<CallId>,
    pub(super) added: Vec<CallId>,
}

/// Matches the calls of two recordings; `comparer` is for both of them.
pub(super) fn match_calls(old: &Recording, new: &Recording, comparer: &mut Comparer<'_>) -> Matching {
    let mut left = Left { old: all(old), new: all(new) };
    let same = left.pair_equal();
    let mut similar = left.pair_alike(ASKS_THE_SAME, (old, new), comparer);
    if !left.is_one_sided() {
        let (old_names, new_names) = names_of_one_side(old, new, &left, comparer);
        for (recording, calls, names) in [(old, &mut left.old, &old_names), (new, &mut left.new, &new_names)] {
            for waiting in calls {
                (waiting.asks, waiting.says) = recording.hashes_with(waiting.call, comparer, names);
            }
        }
        similar.extend(left.pair_equal());
        similar.extend(left.pair_alike(ASKS_THE_SAME, (old, new), comparer));
    }
    if !left.is_one_sided() {
        for (recording, calls) in [(old, &mut left.old), (new, &mut left.new)] {
            for waiting in calls {
                waiting.asks = xxhash_rust::xxh3::xxh3_128(recording.method(waiting.call).as_bytes());
            }
        }
        similar.extend(left.pair_alike(ALIKE, (old, new), comparer));
    }
    let calls = |waiting: Vec<Waiting>| waiting.into_iter().map(|waiting| waiting.call).collect();
    Matching { same, similar, removed: calls(left.old), added: calls(left.new) }
}

/// A call without a partner.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    call: CallId,
    /// Equal for calls that may belong together.
    asks: u128,
    /// Equal for calls that do.
    says: u128,
}

fn all(recording: &Recording) -> Vec<Waiting> {
    let waiting = |(call, found): (CallId, &Call)| Waiting { call, asks: found.key, says: found.said };
    (0..).zip(&recording.calls).map(waiting).collect()
}

/// Calls without a partner, in order.
struct Left {
    old: Vec<Waiting>,
    new: Vec<Waiting>,
}

impl Left {
    fn is_one_sided(&self) -> bool {
        self.old.is_empty() || self.new.is_empty()
    }

    /// Pairs calls that say the same: in their order as far as that goes, then whatever is left, the first with the first.
    fn pair_equal(&mut self) -> Vec<(CallId, CallId)> {
        let says = |calls: &[Waiting]| -> Vec<u128> { calls.iter().map(|waiting| waiting.says).collect() };
        let in_order = align(&says(&self.old), &says(&self.new));
        let mut pairs: Vec<(CallId, CallId)> =
            in_order.iter().map(|&(a, b)| (self.old[a as usize].call, self.new[b as usize].call)).collect();
        if pairs.len() < self.old.len() && pairs.len() < self.new.len() {
            let mut waiting: FxHashMap<u128, VecDeque<CallId>> = FxHashMap::default();
            for old in unpaired(&self.old, in_order.iter().map(|pair| pair.0)) {
                waiting.entry(old.says).or_default().push_back(old.call);
            }
            for new in unpaired(&self.new, in_order.iter().map(|pair| pair.1)) {
                if let Some(partner) = waiting.get_mut(&new.says).and_then(VecDeque::pop_front) {
                    pairs.push((partner, new.call));
                }
            }
        }
        self.remove(&pairs);
        pairs
    }

    /// Pairs calls that ask the same, those first that are most alike, if they share so much.
    fn pair_alike(
        &mut self,
        least: u32,
        recordings: (&Recording, &Recording),
        comparer: &mut Comparer<'_>,
    ) -> Vec<(CallId, CallId)> {
        let mut groups: FxHashMap<u128, (Vec<CallId>, Vec<CallId>)> = FxHashMap::default();
        // In the order in which they first come, so that the result is always the same.
        let mut order = Vec::new();
        for old in &self.old {
            let group = groups.entry(old.asks).or_default();
            if group.0.is_empty() {
                order.push(old.asks);
            }
            group.0.push(old.call);
        }
        for new in &self.new {
            if let Some(group) = groups.get_mut(&new.asks) {
                group.1.push(new.call);
            }
        }
        let mut pairs = Vec::new();
        for asks in order {
            let Some((olds, news)) = groups.remove(&asks) else { continue };
            if olds.len() == 1 && news.len() == 1 && least == ASKS_THE_SAME {
                pairs.push((olds[0], news[0]));
            } else if olds.len() * news.len() <= COMPARED_CALLS {
                pair_part((&olds, &news), least, recordings, comparer, &mut pairs);
            } else {
                for part in olds.chunks(PART).zip(news.chunks(PART)) {
                    pair_part(part, least, recordings, comparer, &mut pairs);
                }
            }
        }
        self.remove(&pairs);
        pairs
    }

    fn remove(&mut self, pairs: &[(CallId, CallId)]) {
        if pairs.is_empty() {
            return;
        }
        let olds: FxHashSet<CallId> = pairs.iter().map(|pair| pair.0).collect();
        let news: FxHashSet<CallId> = pairs.iter().map(|pair| pair.1).collect();
        self.old.retain(|waiting| !olds.contains(&waiting.call));
        self.new.retain(|waiting| !news.contains(&waiting.call));
    }
}

/// The calls at other places than these, which rise.
fn unpaired(calls: &[Waiting], paired: impl Iterator<Item = u32>) -> impl Iterator<Item = &Waiting> {
    let mut paired = paired.peekable();
    (0..).zip(calls).filter(move |(place, _)| paired.next_if_eq(place).is_none()).map(|(_, waiting)| waiting)
}

/// Pairs few calls: in their order so that they are most alike, then whatever is left and alike.
fn pair_part(
    (olds, news): (&[CallId], &[CallId]),
    least: u32,
    (old, new): (&Recording, &Recording),
    comparer: &mut Comparer<'_>,
    pairs: &mut Vec<(CallId, CallId)>,
) {
    if olds.is_empty() || news.is_empty() {
        return;
    }
    let mut values = |recording: &Recording, calls: &[CallId]| -> Vec<Vec<u64>> {
        calls.iter().map(|&call| values_of(recording, call, comparer)).collect()
    };
    let (old_values, new_values) = (values(old, olds), values(new, news));
    // Whatever asks the same may be paired, even if it shares nothing else.
    let floor = if least == ASKS_THE_SAME { ASKS_THE_SAME } else { 0 };
    let score = |a: usize, b: usize| match alike(&old_values[a], &new_values[b]).max(floor) {
        score if score >= least => score,
        _ => 0,
    };
    let (mut rest_old, mut rest_new) = (Vec::new(), Vec::new());
    for pair in in_order(olds.len(), news.len(), score) {
        match pair {
            (Some(a), Some(b)) => pairs.push((olds[a], news[b])),
            (Some(a), None) => rest_old.push(a),
            (None, Some(b)) => rest_new.push(b),
            (None, None) => {}
        }
    }
    let mut crossing: Vec<(u32, usize, usize)> = rest_old
        .iter()
        .flat_map(|&a| rest_new.iter().map(move |&b| (a, b)))
        .map(|(a, b)| (score(a, b), a, b))
        .filter(|(score, _, _)| *score > 0)
        .collect();
    crossing.sort_by_key(|&(score, a, b)| (Reverse(score), a, b));
    let (mut taken_old, mut taken_new) = (FxHashSet::default(), FxHashSet::default());
    for (_, a, b) in crossing {
        if !taken_old.contains(&a) && !taken_new.contains(&b) {
            taken_old.insert(a);
            taken_new.insert(b);
            pairs.push((olds[a], news[b]));
        }
    }
}

/// The hashes of the values of a call's messages, sorted.
fn values_of(recording: &Recording, call: CallId, comparer: &mut Comparer<'_>) -> Vec<u64> {
    /// Long streams are alike if they begin alike.
    const LOOKED_AT: usize = 20;
    let method = recording.method(call);
    let entries = recording.entries_of(call).take(LOOKED_AT);
    let mut values: Vec<u64> =
        entries.flat_map(|entry| comparer.values(&recording.entries[entry as usize], method)).collect();
    values.sort_unstable();
    values
}

/// The names that only one of the recordings has, as far as calls without a partner tell, and what stands for them: the same
/// for names that stand for each other where there is no doubt.
fn names_of_one_side(old: &Recording, new: &Recording, left: &Left, comparer: &mut Comparer<'_>) -> (Names, Names) {
    let collect = |recording: &Recording, calls: &[Waiting], comparer: &mut Comparer<'_>| {
        let mut found = FxHashSet::default();
        for waiting in calls {
            let method = recording.method(waiting.call);
            for entry in recording.entries_of(waiting.call) {
                comparer.names(&recording.entries[entry as usize], method, |name, is_folded| {
                    if !is_folded {
                        found.insert(name.hash());
                    }
                });
            }
        }
        found
    };
    let (olds, news) = (collect(old, &left.old, comparer), collect(new, &left.new, comparer));
    let only = |these: &FxHashSet<u64>, others: &FxHashSet<u64>| -> FxHashMap<u64, u64> {
        these.difference(others).map(|&name| (name, 0)).collect()
    };
    let (mut old_names, mut new_names) = (only(&olds, &news), only(&news, &olds));
    for _ in 0..ROUNDS {
        let mut unique: FxHashMap<u128, (Vec<CallId>, Vec<CallId>)> = FxHashMap::default();
        let (of_old, of_new) = (Names::Of(old_names.clone()), Names::Of(new_names.clone()));
        for &Waiting { call, .. } in &left.old {
            unique.entry(old.hashes_with(call, comparer, &of_old).1).or_default().0.push(call);
        }
        for &Waiting { call, .. } in &left.new {
            unique.entry(new.hashes_with(call, comparer, &of_new).1).or_default().1.push(call);
        }
        let mut pairs: Vec<(CallId, CallId)> =
            unique.values().filter(|(a, b)| a.len() == 1 && b.len() == 1).map(|(a, b)| (a[0], b[0])).collect();
        pairs.sort_unstable();
        let mut bound = 0;
        for (a, b) in pairs {
            for (old_name, new_name) in names_of_pair(old, new, (a, b), comparer) {
                if old_names.get(&old_name) == Some(&0) && new_names.get(&new_name) == Some(&0) {
                    old_names.insert(old_name, old_name);
                    new_names.insert(new_name, old_name);
                    bound += 1;
                }
            }
        }
        if bound == 0 {
            break;
        }
    }
    (Names::Of(old_names), Names::Of(new_names))
}

/// The names in which two calls differ.
fn names_of_pair(
    old: &Recording,
    new: &Recording,
    (a, b): (CallId, CallId),
    comparer: &mut Comparer<'_>,
) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let method = new.method(b);
    for (a, b) in old.entries_of(a).zip(new.entries_of(b)) {
        let (a, b) = (&old.entries[a as usize], &new.entries[b as usize]);
        for change in comparer.changes(Some(a), Some(b), method) {
            if let (Some(Value::String(a)), Some(Value::String(b))) = (&change.old, &change.new)
                && let Some(pairs) = renamed(a, b)
            {
                found.extend(pairs.iter().map(|(a, b)| (a.hash(), b.hash())));
            }
        }
    }
    found
}
