//! Which calls of two recordings belong together: [`Matching`].
//!
//! Calls are matched by what they say and never by where they stand. First those that say the same, then those that ask the
//! same, then those that do so when names that only one of the recordings has stand for any name, and at last those of the
//! same method that are most alike.

use rustc_hash::{FxHashMap, FxHashSet};

use super::recording::{CallId, Recording};
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

/// Which calls belong together.
#[derive(Debug, Default)]
pub(super) struct Matching {
    /// Calls that say the same.
    pub(super) same: Vec<(CallId, CallId)>,
    /// Calls that belong together and may differ.
    pub(super) similar: Vec<(CallId, CallId)>,
    pub(super) removed: Vec<CallId>,
    pub(super) added: Vec<CallId>,
}

/// Matches the calls of two recordings; `compare` is for both of them.
pub(super) fn match_calls(old: &Recording, new: &Recording, comparer: &mut Comparer<'_>) -> Matching {
    let mut matching = Matching::default();
    let mut left = Left { old: all(old), new: all(new) };
    matching.same = left.pair_by(|call| old.calls[call as usize].said, |call| new.calls[call as usize].said);
    let scores = |comparer: &mut Comparer<'_>, a: &[CallId], b: &[CallId]| {
        let values = |recording: &Recording, comparer: &mut Comparer<'_>, calls: &[CallId]| -> Vec<Vec<u64>> {
            calls.iter().map(|&call| values_of(recording, call, comparer)).collect()
        };
        (values(old, comparer, a), values(new, comparer, b))
    };
    let by_key = |left: &mut Left, comparer: &mut Comparer<'_>, key: &Keys<'_>, least: u32| {
        left.pair_most_alike(key, least, |a, b| scores(comparer, a, b))
    };
    let (old_key, new_key) = (|call: CallId| old.calls[call as usize].key, |call: CallId| new.calls[call as usize].key);
    matching.similar = by_key(&mut left, comparer, &Keys { old: &old_key, new: &new_key }, 1);

    if !left.is_one_sided() {
        let (old_names, new_names) = names_of_one_side(old, new, &left, comparer);
        let hashes = |recording: &Recording, calls: &[CallId], names: &Names, comparer: &mut Comparer<'_>| {
            let hash = |&call: &CallId| (call, recording.hashes_with(call, comparer, names));
            calls.iter().map(hash).collect::<FxHashMap<_, _>>()
        };
        let old_hashes = hashes(old, &left.old, &old_names, comparer);
        let new_hashes = hashes(new, &left.new, &new_names, comparer);
        let said = left.pair_by(|call| old_hashes[&call].1, |call| new_hashes[&call].1);
        matching.similar.extend(said);
        let (old_key, new_key) = (|call: CallId| old_hashes[&call].0, |call: CallId| new_hashes[&call].0);
        let asked = by_key(&mut left, comparer, &Keys { old: &old_key, new: &new_key }, 1);
        matching.similar.extend(asked);
    }
    if !left.is_one_sided() {
        let hash = |method: &str| xxhash_rust::xxh3::xxh3_128(method.as_bytes());
        let old_key = |call: CallId| hash(old.method(call));
        let new_key = |call: CallId| hash(new.method(call));
        let alike = by_key(&mut left, comparer, &Keys { old: &old_key, new: &new_key }, ALIKE);
        matching.similar.extend(alike);
    }
    matching.removed = left.old;
    matching.added = left.new;
    matching
}

fn all(recording: &Recording) -> Vec<CallId> {
    (0..recording.calls.len() as CallId).collect()
}

/// What calls are to have in common.
struct Keys<'k> {
    old: &'k dyn Fn(CallId) -> u128,
    new: &'k dyn Fn(CallId) -> u128,
}

/// Calls without a partner, in order.
struct Left {
    old: Vec<CallId>,
    new: Vec<CallId>,
}

impl Left {
    fn is_one_sided(&self) -> bool {
        self.old.is_empty() || self.new.is_empty()
    }

    /// Pairs calls whose hashes are the same: in their order as far as that goes, then whatever is left, the first with the
    /// first.
    fn pair_by(
        &mut self,
        old_hash: impl Fn(CallId) -> u128,
        new_hash: impl Fn(CallId) -> u128,
    ) -> Vec<(CallId, CallId)> {
        let old_hashes: Vec<u128> = self.old.iter().map(|&call| old_hash(call)).collect();
        let new_hashes: Vec<u128> = self.new.iter().map(|&call| new_hash(call)).collect();
        let in_order = align(&old_hashes, &new_hashes);
        let mut pairs: Vec<(CallId, CallId)> = Vec::with_capacity(in_order.len());
        pairs.extend(in_order.iter().map(|&(a, b)| (self.old[a as usize], self.new[b as usize])));
        if in_order.len() < self.old.len() && in_order.len() < self.new.len() {
            let mut waiting: FxHashMap<u128, std::collections::VecDeque<CallId>> = FxHashMap::default();
            let mut paired = in_order.iter().map(|&(a, _)| a).peekable();
            for (place, &call) in (0..).zip(&self.old) {
                if paired.next_if_eq(&place).is_none() {
                    waiting.entry(old_hashes[place as usize]).or_default().push_back(call);
                }
            }
            let mut paired = in_order.iter().map(|&(_, b)| b).peekable();
            for (place, &call) in (0..).zip(&self.new) {
                if paired.next_if_eq(&place).is_none()
                    && let Some(partner) =
                        waiting.get_mut(&new_hashes[place as usize]).and_then(|waiting| waiting.pop_front())
                {
                    pairs.push((partner, call));
                }
            }
        }
        self.remove(&pairs);
        pairs
    }

    /// Pairs calls that have a key in common, those first that are most alike.
    fn pair_most_alike(
        &mut self,
        keys: &Keys<'_>,
        least: u32,
        mut values: impl FnMut(&[CallId], &[CallId]) -> (Vec<Vec<u64>>, Vec<Vec<u64>>),
    ) -> Vec<(CallId, CallId)> {
        let mut groups: FxHashMap<u128, (Vec<CallId>, Vec<CallId>)> = FxHashMap::default();
        // In the order in which they first come, so that the result is always the same.
        let mut order = Vec::new();
        for &call in &self.old {
            let key = (keys.old)(call);
            let group = groups.entry(key).or_default();
            if group.0.is_empty() {
                order.push(key);
            }
            group.0.push(call);
        }
        for &call in &self.new {
            if let Some(group) = groups.get_mut(&(keys.new)(call)) {
                group.1.push(call);
            }
        }
        let mut pairs = Vec::new();
        for key in order {
            let Some((olds, news)) = groups.remove(&key) else { continue };
            if news.is_empty() {
                continue;
            }
            if olds.len() == 1 && news.len() == 1 && least <= 1 {
                pairs.push((olds[0], news[0]));
            } else if olds.len() * news.len() <= COMPARED_CALLS {
                pair_part(&olds, &news, least, &mut values, &mut pairs);
            } else {
                for (olds, news) in olds.chunks(PART).zip(news.chunks(PART)) {
                    pair_part(olds, news, least, &mut values, &mut pairs);
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
        self.old.retain(|call| !olds.contains(call));
        self.new.retain(|call| !news.contains(call));
    }
}

/// Pairs few calls: in their order so that they are most alike, then whatever is left and alike.
fn pair_part(
    olds: &[CallId],
    news: &[CallId],
    least: u32,
    values: &mut impl FnMut(&[CallId], &[CallId]) -> (Vec<Vec<u64>>, Vec<Vec<u64>>),
    pairs: &mut Vec<(CallId, CallId)>,
) {
    let (old_values, new_values) = values(olds, news);
    // Whatever asks the same may be paired, even if it shares nothing else.
    let floor = u32::from(least <= 1);
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
    crossing.sort_by_key(|&(score, a, b)| (std::cmp::Reverse(score), a, b));
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
    let collect = |recording: &Recording, calls: &[CallId], comparer: &mut Comparer<'_>| {
        let mut found = FxHashSet::default();
        for &call in calls {
            let method = recording.method(call);
            for entry in recording.entries_of(call) {
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
    let only = |these: &FxHashSet<u64>, others: &FxHashSet<u64>| {
        Names(these.difference(others).map(|&name| (name, 0)).collect())
    };
    let (mut old_names, mut new_names) = (only(&olds, &news), only(&news, &olds));
    for _ in 0..ROUNDS {
        let mut unique: FxHashMap<u128, (Vec<CallId>, Vec<CallId>)> = FxHashMap::default();
        for &call in &left.old {
            unique.entry(old.hashes_with(call, comparer, &old_names).1).or_default().0.push(call);
        }
        for &call in &left.new {
            unique.entry(new.hashes_with(call, comparer, &new_names).1).or_default().1.push(call);
        }
        let mut pairs: Vec<(CallId, CallId)> =
            unique.values().filter(|(a, b)| a.len() == 1 && b.len() == 1).map(|(a, b)| (a[0], b[0])).collect();
        pairs.sort_unstable();
        let mut bound = 0;
        for (a, b) in pairs {
            for (old_name, new_name) in names_of_pair(old, new, (a, b), comparer) {
                if old_names.0.get(&old_name) == Some(&0) && new_names.0.get(&new_name) == Some(&0) {
                    old_names.0.insert(old_name, old_name);
                    new_names.0.insert(new_name, old_name);
                    bound += 1;
                }
            }
        }
        if bound == 0 {
            break;
        }
    }
    (old_names, new_names)
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
