//! Two recordings: which calls changed, came, went and moved, without the noise that every new recording brings.
//!
//! [`compare`] makes a [`Report`]. Values that differ by nature are [`Noise`]: they are counted, by rule, and never
//! dropped. How a report looks is for others.

mod matching;
mod moves;
mod noise;
mod recording;
mod renames;

use std::fmt::Write;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use crate::compare::{Change, Comparer, Mask, Pairs, RuleId, Value, alike, in_order, in_places, side_by_side};
use crate::schema::{Code, Schema};

pub use moves::Move;
pub use noise::{Noise, NoiseError, Rule, VOLATILE};
pub use recording::{Call, CallId, Fingerprint, Recording};
pub use renames::Rename;

use matching::match_calls;
use renames::Copies;

/// How two recordings differ.
#[derive(Debug)]
pub struct Report {
    /// Calls side by side, in the order of the new recording; those that are gone stand where they would have been.
    pub pairs: Vec<Pair>,
    /// What was renamed, in the order of the recording.
    pub renames: Vec<Rename>,
    /// Changes that several calls have in common, those of most calls first.
    pub common: Vec<Common>,
    /// How the initial states differ.
    pub initial: Vec<Change>,
    /// How many differing values were folded, by rule.
    pub folded: Vec<(RuleId, u64)>,
    /// How many calls there are of which sort.
    pub counts: Counts,
}

/// A call of the old recording beside the same call of the new one, or one that only one of them has.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    /// In the old recording.
    pub old: Option<CallId>,
    /// In the new recording.
    pub new: Option<CallId>,
    /// Whether it stands elsewhere than before.
    pub moved: Option<Move>,
    /// A call of the old recording in whose place it stands, and that ended as it does; only of calls that were added.
    pub instead_of: Option<CallId>,
    /// Where its messages differ; folded differences only if they were asked for.
    pub changes: Vec<EntryChange>,
    /// How many differences were folded that no renamed name explains.
    pub folded: u32,
    /// How many values differ in nothing but renamed names.
    pub renamed: u32,
}

/// A difference between two entries.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryChange {
    /// The entry, as a place in [`Recording::entries`]; `None` if it is not there.
    pub old: Option<u32>,
    /// The entry in the new recording.
    pub new: Option<u32>,
    /// What differs.
    pub change: Change,
    /// The place in [`Report::common`], if other calls have the same change.
    pub common: Option<u32>,
}

/// A change that several calls have in common, or that one call has in several places.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// The method of the calls.
    pub method: String,
    /// The change, with the values that it has in the first call.
    pub change: Change,
    /// The different values that were added or removed, as long as they are few; otherwise the first of them.
    pub values: Vec<Value>,
    /// Whether there are more.
    pub has_more_values: bool,
    /// The places in [`Report::pairs`] of the calls.
    pub pairs: Vec<u32>,
    /// In how many places of them.
    pub places: u32,
}

/// How many calls there are of which sort. Calls that both recordings have are the same, noise, renamed or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls of the old recording.
    pub old: u64,
    /// Calls of the new recording.
    pub new: u64,
    /// Calls that say the very same.
    pub same: u64,
    /// Calls that differ in nothing but noise.
    pub noise: u64,
    /// Calls that differ in nothing but renamed names, and noise.
    pub renamed: u64,
    /// Calls that differ otherwise.
    pub changed: u64,
    /// Calls that only the old recording has.
    pub removed: u64,
    /// Calls that only the new recording has.
    pub added: u64,
    /// Calls that stand elsewhere than before, changed or not.
    pub moved: u64,
    /// Those of them that only changed places with calls that were open at the same time.
    pub concurrent: u64,
}

impl Pair {
    /// Whether only one of the recordings has the call, or it has changes that nothing folds.
    pub fn is_changed(&self) -> bool {
        self.old.is_none() || self.new.is_none() || self.changes.iter().any(|found| found.change.rule.is_none())
    }
}

impl Report {
    /// Whether the recordings differ in more than noise. Ids of the server's that are others now are noise, and so is the
    /// order of calls that were open at the same time.
    pub fn is_different(&self) -> bool {
        let Counts { changed, removed, added, moved, concurrent, .. } = self.counts;
        changed + removed + added > 0
            || moved > concurrent
            || self.renames.iter().any(|rename| !rename.is_noise)
            || self.initial.iter().any(|change| change.rule.is_none())
    }

    /// Whether anything differs, noise included.
    pub fn has_noise(&self) -> bool {
        self.counts.moved > 0 || !self.renames.is_empty() || !self.folded.is_empty()
    }
}

/// Compares two recordings that were read with the same noise; with `keeps_folded`, the report has folded differences, too.
///
/// What comes out does not depend on which of the two is called old, but for what it is called.
pub fn compare(old: &Recording, new: &Recording, schema: &Schema, noise: &Noise, keeps_folded: bool) -> Report {
    let mut comparer = Comparer::new(schema, &noise.mask);
    // Of many ways to pair calls that serve equally well one must be chosen, and by nothing that depends on the order of the
    // two.
    if rank(old) <= rank(new) {
        report(old, new, &mut comparer, noise, keeps_folded)
    } else {
        mirrored(report(new, old, &mut comparer, noise, keeps_folded), old, new)
    }
}

fn rank(recording: &Recording) -> (usize, u128) {
    let said: Vec<u8> = recording.calls.iter().flat_map(|call| call.said.to_le_bytes()).collect();
    (recording.entries.len(), xxhash_rust::xxh3::xxh3_128(&said))
}

fn report(old: &Recording, new: &Recording, comparer: &mut Comparer<'_>, noise: &Noise, keeps_folded: bool) -> Report {
    let matching = match_calls(old, new, comparer);
    let mut copies = Copies::new(old, new, &matching.same);
    let mut folded: FxHashMap<RuleId, u64> = FxHashMap::default();
    let mut pairs = Vec::with_capacity(matching.same.len() + matching.similar.len());
    for &(a, b) in &matching.same {
        let mut pair = Pair { old: Some(a), new: Some(b), ..Pair::default() };
        match folded_of_same(old, new, (a, b), &mut copies) {
            Some(rules) if rules.is_empty() || !keeps_folded => {
                pair.folded = rules.len() as u32;
                for rule in rules {
                    *folded.entry(rule).or_default() += 1;
                }
            }
            // They are counted with all other changes.
            Some(_) | None => pair.changes = changes_of(old, new, (a, b), comparer, &mut copies),
        }
        pairs.push(pair);
    }
    for &(a, b) in &matching.similar {
        let changes = changes_of(old, new, (a, b), comparer, &mut copies);
        pairs.push(Pair { old: Some(a), new: Some(b), changes, ..Pair::default() });
    }
    pairs.sort_unstable_by_key(|pair| pair.old);
    let mut renames = renames::find(old, new, &mut pairs, &mut copies, comparer);
    for rename in &mut renames {
        rename.is_noise = rename.is_from_server && noise.has_rules();
    }
    mark_moves(old, new, &mut pairs);
    for pair in &mut pairs {
        for found in &mut pair.changes {
            if found.change.is_outside && found.change.rule.is_none() {
                found.change.rule = Some(RuleId::OUTSIDE);
            }
            match found.change.rule {
                None => {}
                Some(RuleId::RENAMED) => pair.renamed += 1,
                Some(rule) => {
                    pair.folded += 1;
                    *folded.entry(rule).or_default() += 1;
                }
            }
        }
        if !keeps_folded {
            pair.changes.retain(|found| found.change.rule.is_none());
            pair.changes.shrink_to_fit();
        }
    }
    let mut counts = count(old, new, &pairs);
    counts.removed = matching.removed.len() as u64;
    counts.added = matching.added.len() as u64;
    pairs.extend(matching.removed.iter().map(|&call| Pair { old: Some(call), ..Pair::default() }));
    pairs.extend(matching.added.iter().map(|&call| Pair { new: Some(call), ..Pair::default() }));
    sort(&mut pairs);
    mark_replaced(old, new, &mut pairs);
    let common = find_common(new, &mut pairs);
    let initial = initial_changes(old, new, noise.mask());
    for rule in initial.iter().filter_map(|change| change.rule) {
        *folded.entry(rule).or_default() += 1;
    }
    let mut folded: Vec<_> = folded.into_iter().collect();
    folded.sort_unstable_by_key(|&(rule, count)| (std::cmp::Reverse(count), rule));
    Report { pairs, renames, common, initial, folded, counts }
}

/// The rules that fold what differs in two calls that say the same, without a look into their messages; `None` if that is not
/// enough to tell.
fn folded_of_same(
    old: &Recording,
    new: &Recording,
    (a, b): (CallId, CallId),
    copies: &mut Copies<'_>,
) -> Option<Vec<RuleId>> {
    let mut found: Vec<RuleId> = Vec::new();
    for (a, b) in old.side_by_side(a, new, b) {
        let ((olds, old_rules), (news, new_rules)) = (old.folded_of(a), new.folded_of(b));
        if old_rules != new_rules {
            return None;
        }
        for ((&old, &new), &rule) in olds.iter().zip(news).zip(old_rules) {
            if old == new {
                continue;
            }
            found.push(match rule {
                RuleId::TIME if copies.is_copy(old, new) => RuleId::COPY,
                RuleId::TIME => return None,
                rule => rule,
            });
        }
    }
    Some(found)
}

/// Where two calls differ, entry by entry, folded differences included.
fn changes_of(
    old: &Recording,
    new: &Recording,
    (a, b): (CallId, CallId),
    comparer: &mut Comparer<'_>,
    copies: &mut Copies<'_>,
) -> Vec<EntryChange> {
    let method = new.method(b);
    let mut found = Vec::new();
    for (a, b) in entries_side_by_side(old, new, (a, b), comparer) {
        let entry =
            |recording: &Recording, entry: Option<u32>| entry.map(|entry| recording.entries[entry as usize].clone());
        let (old_entry, new_entry) = (entry(old, a), entry(new, b));
        for mut change in comparer.changes(old_entry.as_ref(), new_entry.as_ref(), method) {
            if change.rule == Some(RuleId::TIME) || (change.rule.is_none() && is_telling(&change)) {
                change.rule = copies.is_copy(change.hashes.0, change.hashes.1).then_some(RuleId::COPY);
            }
            found.push(EntryChange { old: a, new: b, change, common: None });
        }
    }
    found
}

/// Whether the values of a change are long enough that copies of others are none by chance.
fn is_telling(change: &Change) -> bool {
    const TELLING_BYTES: usize = 8;
    let is_telling = |value: &Option<Value>| match value {
        Some(Value::String(text) | Value::Bytes(text)) => text.len() >= TELLING_BYTES,
        _ => false,
    };
    is_telling(&change.old) && is_telling(&change.new)
}

/// The entries of two calls side by side: those that were sent in their order, and those that came back in theirs.
fn entries_side_by_side(
    old: &Recording,
    new: &Recording,
    (a, b): (CallId, CallId),
    comparer: &mut Comparer<'_>,
) -> Pairs<u32> {
    /// How many pairs of entries between two that are the same are compared to find out which belong together.
    const COMPARED_ENTRIES: usize = 1024;
    let method = new.method(b);
    let mut pairs = Vec::new();
    for sent in [true, false] {
        let olds: Vec<u32> = old.half(a, sent).collect();
        let news: Vec<u32> = new.half(b, sent).collect();
        let said = |recording: &Recording, entries: &[u32]| -> Vec<u128> {
            entries.iter().map(|&entry| recording.digest(entry)).collect()
        };
        let (old_said, new_said) = (said(old, &olds), said(new, &news));
        pairs.extend(side_by_side((&olds, &old_said), (&news, &new_said), |left, right, pairs| {
            if left.len() == right.len() || left.len() * right.len() > COMPARED_ENTRIES {
                return in_places(left, right, pairs);
            }
            let mut values = |recording: &Recording, entries: &[u32]| -> Vec<Vec<u64>> {
                entries.iter().map(|&entry| comparer.values(&recording.entries[entry as usize], method)).collect()
            };
            let (old_values, new_values) = (values(old, left), values(new, right));
            let found = in_order(left.len(), right.len(), |a, b| alike(&old_values[a], &new_values[b]));
            pairs.extend(found.into_iter().map(|(a, b)| (a.map(|a| left[a]), b.map(|b| right[b]))));
        }));
    }
    pairs
}

fn mark_moves(old: &Recording, new: &Recording, pairs: &mut [Pair]) {
    let calls: Vec<_> = pairs.iter().filter_map(|pair| Some((pair.old?, pair.new?))).collect();
    let mut times: FxHashMap<u128, u32> = FxHashMap::default();
    for call in &new.calls {
        *times.entry(call.said).or_default() += 1;
    }
    const MOST: u32 = 1 << 20;
    let weight = |&(_, b): &(CallId, CallId)| MOST / times[&new.calls[b as usize].said].min(MOST);
    let weights: Vec<u32> = calls.iter().map(weight).collect();
    for (pair, moved) in pairs.iter_mut().zip(moves::moves(old, new, &calls, &weights)) {
        pair.moved = moved;
    }
}

fn count(old: &Recording, new: &Recording, pairs: &[Pair]) -> Counts {
    let mut counts = Counts { old: old.calls.len() as u64, new: new.calls.len() as u64, ..Counts::default() };
    for pair in pairs {
        let of_sort = match pair {
            pair if pair.is_changed() => &mut counts.changed,
            Pair { renamed: 1.., .. } => &mut counts.renamed,
            Pair { folded: 1.., .. } => &mut counts.noise,
            _ => &mut counts.same,
        };
        *of_sort += 1;
        counts.moved += u64::from(pair.moved.is_some());
        counts.concurrent += u64::from(pair.moved == Some(Move::Concurrent));
    }
    counts
}

/// Puts pairs into the order of the new recording, and what is gone behind what stood in front of it.
fn sort(pairs: &mut [Pair]) {
    pairs.sort_unstable_by_key(|pair| pair.old.map_or((1, 0), |old| (0, old)));
    let mut last = 0;
    let mut keys: Vec<(u64, u64)> = Vec::with_capacity(pairs.len());
    for pair in pairs.iter() {
        keys.push(match (pair.old, pair.new) {
            (_, Some(new)) => {
                if pair.old.is_some() && pair.moved.is_none() {
                    last = u64::from(new) + 1;
                }
                (u64::from(new) + 1, 0)
            }
            (old, None) => (last, u64::from(old.unwrap_or(0)) + 1),
        });
    }
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_unstable_by_key(|&place| keys[place]);
    let sorted: Vec<Pair> = order.into_iter().map(|place| std::mem::take(&mut pairs[place])).collect();
    for (place, pair) in sorted.into_iter().enumerate() {
        pairs[place] = pair;
    }
}

/// Finds calls that came where others went which ended, with an error, as they do.
fn mark_replaced(old: &Recording, new: &Recording, pairs: &mut [Pair]) {
    for place in 1..pairs.len() {
        let (Pair { old: Some(gone), new: None, .. }, Pair { old: None, new: Some(came), .. }) =
            (&pairs[place - 1], &pairs[place])
        else {
            continue;
        };
        let code = new.code(*came).filter(|code| *code != Code::OK);
        if code.is_some() && code == old.code(*gone) {
            pairs[place].instead_of = Some(*gone);
        }
    }
}

/// What a group of changes has in common, hashed.
struct Key(Xxh3);

impl std::fmt::Write for Key {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// Of how many different values all are kept.
const FEW_VALUES: usize = 4;

/// In how many places of a single call a field must have come or gone to be told once for all of them.
const SEVERAL_PLACES: u32 = 3;

/// Finds changes that several calls have in common.
fn find_common(new: &Recording, pairs: &mut [Pair]) -> Vec<Common> {
    let mut groups: FxHashMap<u128, Common> = FxHashMap::default();
    let key_of = |method: &str, change: &Change| {
        let mut key = Key(Xxh3::new());
        let (path, json_path) = (&change.general_path, change.json_path.as_deref().unwrap_or_default());
        // Writing to a hash does not fail.
        let _ = match (&change.old, &change.new) {
            (Some(old), Some(new)) => write!(key, "{method}\0{path}\0{json_path}\0~{old:?}\0{new:?}"),
            (Some(_), None) => write!(key, "{method}\0{path}\0{json_path}\0-"),
            (None, _) => write!(key, "{method}\0{path}\0{json_path}\0+"),
        };
        key.0.digest128()
    };
    let of_interest = |found: &&EntryChange| {
        found.change.rule.is_none() && found.old.is_some() && found.new.is_some() && !found.change.is_unknown
    };
    for (place, pair) in (0..).zip(&*pairs) {
        let Some(call) = pair.new.filter(|_| pair.old.is_some()) else { continue };
        for found in pair.changes.iter().filter(of_interest) {
            let group = groups.entry(key_of(new.method(call), &found.change)).or_insert_with(|| Common {
                method: new.method(call).to_owned(),
                change: found.change.clone(),
                values: Vec::new(),
                has_more_values: false,
                pairs: Vec::new(),
                places: 0,
            });
            group.places += 1;
            if let (Some(value), None) | (None, Some(value)) = (&found.change.old, &found.change.new)
                && !group.has_more_values
                && !group.values.contains(value)
            {
                if group.values.len() < FEW_VALUES {
                    group.values.push(value.clone());
                } else {
                    group.has_more_values = true;
                }
            }
            if group.pairs.last() != Some(&place) {
                group.pairs.push(place);
            }
        }
    }
    let is_replaced = |change: &Change| change.old.is_some() && change.new.is_some();
    groups.retain(|_, group| group.pairs.len() > 1 || (group.places >= SEVERAL_PLACES && !is_replaced(&group.change)));
    let mut keys: Vec<u128> = groups.keys().copied().collect();
    keys.sort_by_cached_key(|key| {
        let Common { pairs, change, .. } = &groups[key];
        (std::cmp::Reverse(pairs.len()), pairs[0], change.general_path.clone(), *key)
    });
    let numbers: FxHashMap<u128, u32> = keys.iter().copied().zip(0..).collect();
    for pair in pairs.iter_mut() {
        let Some(call) = pair.new.filter(|_| pair.old.is_some()) else { continue };
        for found in &mut pair.changes {
            if of_interest(&&*found) {
                found.common = numbers.get(&key_of(new.method(call), &found.change)).copied();
            }
        }
    }
    keys.iter().filter_map(|key| groups.remove(key)).collect()
}

/// How the initial states differ: as JSON if both are, else as a whole.
fn initial_changes(old: &Recording, new: &Recording, mask: &Mask) -> Vec<Change> {
    let (old, new) = (&old.header.initial, &new.header.initial);
    if old == new {
        return Vec::new();
    }
    crate::compare::text_changes("initial:", old, new, mask.initial_state())
}

/// The report with old and new exchanged; `old` and `new` are those of the result.
fn mirrored(report: Report, old: &Recording, new: &Recording) -> Report {
    let Report { mut pairs, mut renames, common: _, mut initial, folded, mut counts } = report;
    for change in &mut initial {
        mirror(change);
    }
    for pair in &mut pairs {
        std::mem::swap(&mut pair.old, &mut pair.new);
        pair.instead_of = None;
        for found in &mut pair.changes {
            std::mem::swap(&mut found.old, &mut found.new);
            mirror(&mut found.change);
            found.common = None;
        }
    }
    for rename in &mut renames {
        std::mem::swap(&mut rename.old, &mut rename.new);
    }
    std::mem::swap(&mut counts.old, &mut counts.new);
    std::mem::swap(&mut counts.removed, &mut counts.added);
    sort(&mut pairs);
    mark_replaced(old, new, &mut pairs);
    let common = find_common(new, &mut pairs);
    Report { pairs, renames, common, initial, folded, counts }
}

fn mirror(change: &mut Change) {
    std::mem::swap(&mut change.old, &mut change.new);
    std::mem::swap(&mut change.path, &mut change.old_path);
    change.hashes = (change.hashes.1, change.hashes.0);
}
