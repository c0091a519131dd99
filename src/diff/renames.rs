//! Names that are others throughout a recording: [`find`].

use memchr::memmem::Finder;
use rustc_hash::{FxHashMap, FxHashSet};

use super::recording::{CallId, Recording};
use super::{EntryChange, Pair};
use crate::compare::{Comparer, Name, RuleId, Value, renamed, text_hash, time_hash};
use crate::schema::Part;

/// A name that is another one throughout the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The name, with the one in front of it if it is short: `cryptoKeyVersions/8`.
    pub old: String,
    /// What it is now.
    pub new: String,
    /// In how many values it was renamed.
    pub places: u32,
    /// In how many calls.
    pub calls: u32,
    /// Whether it is an id of the server's: it looks made up, and first occurs in what the server says, in both recordings.
    pub is_from_server: bool,
    /// Whether that is noise.
    pub is_noise: bool,
}

/// What a name seems to have become.
struct Candidate {
    old: String,
    new: String,
    /// The two as people see them.
    shown: (String, String),
    new_hash: u64,
    places: u32,
    calls: u32,
    last_call: Option<usize>,
    is_one_to_one: bool,
    /// Whether it stands in a resource name somewhere: other words that become others are changes.
    is_in_path: bool,
    /// Whether both look as if nobody had thought of them.
    is_generated: bool,
}

/// In how many calls a name must be another one to be called renamed. In one, it is a change, also if the response repeats what
/// the request says.
const TELLING_CALLS: u32 = 2;

/// Up to so many names, old and new, are first looked for in the bytes of an entry, before its message is taken apart.
const SEARCHED_NAMES: usize = 32;

/// Finds what was renamed, and folds the changes that this explains.
pub(super) fn find(
    old: &Recording,
    new: &Recording,
    pairs: &mut [Pair],
    copies: &mut Copies<'_>,
    comparer: &mut Comparer<'_>,
) -> Vec<Rename> {
    let mut candidates: FxHashMap<u64, Candidate> = FxHashMap::default();
    // What became each new name, and the order in which names come.
    let mut origins: FxHashMap<u64, u64> = FxHashMap::default();
    let mut order = Vec::new();
    // Names that became the same as others.
    let mut contested = Vec::new();
    for (call, pair) in pairs.iter().enumerate() {
        for found in &pair.changes {
            let Some((a, b)) = texts(found) else { continue };
            let is_path = a.contains(&b'/') && !a.contains(&b' ');
            for (a, b) in renamed(a, b).unwrap_or_default() {
                let (old_hash, new_hash) = (a.hash(), b.hash());
                let text = |told: &[u8]| String::from_utf8_lossy(told).into_owned();
                let is_short = a.told != a.name || b.told != b.name;
                let shown = |name: &Name<'_>| text(if is_short { name.with_before } else { name.name });
                let candidate = candidates.entry(old_hash).or_insert_with(|| {
                    order.push(old_hash);
                    Candidate {
                        old: text(a.told),
                        new: text(b.told),
                        shown: (shown(&a), shown(&b)),
                        new_hash,
                        places: 0,
                        calls: 0,
                        last_call: None,
                        is_one_to_one: true,
                        is_in_path: false,
                        is_generated: is_generated(a.name) && is_generated(b.name),
                    }
                });
                candidate.is_one_to_one &= candidate.new_hash == new_hash;
                let origin = *origins.entry(new_hash).or_insert(old_hash);
                if origin != old_hash {
                    contested.push(origin);
                    candidate.is_one_to_one = false;
                }
                candidate.is_in_path |= is_path;
                candidate.places += 1;
                candidate.calls += u32::from(candidate.last_call != Some(call));
                candidate.last_call = Some(call);
            }
        }
    }
    for origin in contested {
        if let Some(candidate) = candidates.get_mut(&origin) {
            candidate.is_one_to_one = false;
        }
    }
    candidates
        .retain(|_, candidate| candidate.is_one_to_one && candidate.is_in_path && candidate.calls >= TELLING_CALLS);
    order.retain(|old_hash| candidates.contains_key(old_hash));
    if order.is_empty() {
        explain(pairs, &FxHashMap::default(), copies);
        return Vec::new();
    }
    let of_candidate = |(old_hash, candidate): (&u64, &Candidate)| {
        [(*old_hash, candidate.old.clone()), (candidate.new_hash, candidate.new.clone())]
    };
    let names: Vec<(u64, String)> = candidates.iter().flat_map(of_candidate).collect();
    let (in_old, in_new) = (occurrences(old, &names, comparer), occurrences(new, &names, comparer));
    let stays = |found: &FxHashMap<u64, Occurrence>, hash| found.get(&hash).is_some_and(|found| found.is_telling);
    let mut accepted = FxHashMap::default();
    let mut renames = Vec::new();
    for old_hash in order {
        let Some(candidate) = candidates.remove(&old_hash) else { continue };
        let new_hash = candidate.new_hash;
        if stays(&in_new, old_hash) || stays(&in_old, new_hash) {
            continue;
        }
        accepted.insert(old_hash, new_hash);
        let from_server = |found: &FxHashMap<u64, Occurrence>, hash| {
            found.get(&hash).is_some_and(|found| found.first_part.is_some_and(Part::is_from_server))
        };
        renames.push(Rename {
            is_from_server: candidate.is_generated && from_server(&in_old, old_hash) && from_server(&in_new, new_hash),
            is_noise: false,
            old: candidate.shown.0,
            new: candidate.shown.1,
            places: candidate.places,
            calls: candidate.calls,
        });
    }
    explain(pairs, &accepted, copies);
    renames
}

/// The two strings of a change that nothing explains yet.
fn texts(found: &EntryChange) -> Option<(&[u8], &[u8])> {
    match (&found.change.old, &found.change.new) {
        (Some(Value::String(old)), Some(Value::String(new))) if found.change.rule.is_none() => Some((old, new)),
        _ => None,
    }
}

/// Folds the changes of strings that differ in nothing but renamed names, and copies of folded values.
fn explain(pairs: &mut [Pair], accepted: &FxHashMap<u64, u64>, copies: &mut Copies<'_>) {
    for found in pairs.iter_mut().flat_map(|pair| &mut pair.changes) {
        let Some((old, new)) = texts(found) else { continue };
        let Some(names) = renamed(old, new) else { continue };
        let mut any_renamed = false;
        let is_explained = names.iter().all(|(a, b)| {
            let is_renamed = accepted.get(&a.hash()) == Some(&b.hash());
            any_renamed |= is_renamed;
            is_renamed || copies.is_copy_in_text(a.name, b.name)
        });
        if is_explained && !names.is_empty() {
            found.change.rule = Some(if any_renamed { RuleId::RENAMED } else { RuleId::COPY });
        }
    }
}

/// Whether a name looks as if a machine had made it up: a number, or digits and letters mixed.
fn is_generated(name: &[u8]) -> bool {
    /// Four digits may be a year; of names that people choose, few are longer and have more.
    const DIGITS: usize = 5;
    const LONG: usize = 16;
    let count = |is: fn(&u8) -> bool| name.iter().filter(|byte| is(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let is_mixed = digits > 0 && count(u8::is_ascii_uppercase) > 0 && count(u8::is_ascii_lowercase) > 0;
    digits == name.len() || digits >= DIGITS || (name.len() >= LONG && is_mixed)
}

struct Occurrence {
    first_part: Option<Part>,
    /// Whether it occurs in a value that is not folded.
    is_telling: bool,
}

/// Where names occur in a recording.
fn occurrences(
    recording: &Recording,
    names: &[(u64, String)],
    comparer: &mut Comparer<'_>,
) -> FxHashMap<u64, Occurrence> {
    let wanted: FxHashSet<u64> = names.iter().map(|(hash, _)| *hash).collect();
    let finders: Vec<_> = names.iter().map(|(_, text)| Finder::new(text.as_bytes())).collect();
    let mut found: FxHashMap<u64, Occurrence> = FxHashMap::default();
    for call in 0..recording.calls.len() as u32 {
        let method = recording.method(call);
        for entry in recording.entries_of(call) {
            let entry = &recording.entries[entry as usize];
            if finders.len() <= SEARCHED_NAMES && finders.iter().all(|finder| finder.find(entry.record()).is_none()) {
                continue;
            }
            comparer.names(entry, method, |name, is_folded| {
                let hash = name.hash();
                if wanted.contains(&hash) {
                    let first_part = Part::of(entry);
                    let found = found.entry(hash).or_insert(Occurrence { first_part, is_telling: false });
                    found.is_telling |= !is_folded;
                }
            });
        }
    }
    found
}

/// Tells copies of values that rules fold.
pub(super) struct Copies<'r> {
    old: &'r Recording,
    new: &'r Recording,
    same: &'r [(CallId, CallId)],
    folded: Option<FoldedValues>,
}

/// The folded values of two recordings, by their hashes.
struct FoldedValues {
    old: FxHashSet<u64>,
    new: FxHashSet<u64>,
    /// Those that stand at the same place in calls that say the same.
    pairs: FxHashSet<(u64, u64)>,
    /// The old ones of them.
    paired: FxHashSet<u64>,
}

impl<'r> Copies<'r> {
    /// `same` are calls that say the same.
    pub(super) fn new(old: &'r Recording, new: &'r Recording, same: &'r [(CallId, CallId)]) -> Self {
        Copies { old, new, same, folded: None }
    }

    /// Whether both values, given by their hashes, are copies of values of their recordings that rules fold; of those that
    /// belong together, if that is known.
    pub(super) fn is_copy(&mut self, old: u64, new: u64) -> bool {
        let found = match &self.folded {
            Some(found) => found,
            None => self.folded.insert(FoldedValues::new(self.old, self.new, self.same)),
        };
        let belong_together = match found.paired.contains(&old) {
            true => found.pairs.contains(&(old, new)),
            false => found.old.contains(&old) && found.new.contains(&new),
        };
        old != 0 && new != 0 && belong_together
    }

    /// Whether two names out of texts are such copies, or tell such times in units since 1970.
    fn is_copy_in_text(&mut self, old: &[u8], new: &[u8]) -> bool {
        /// Shorter values are copies by chance.
        const TELLING_BYTES: usize = 8;
        if old.len() < TELLING_BYTES || new.len() < TELLING_BYTES {
            return false;
        }
        let is_time = match (time_of(old), time_of(new)) {
            (Some(old), Some(new)) => self.is_copy(old, new),
            _ => false,
        };
        is_time || self.is_copy(text_hash(old), text_hash(new))
    }
}

impl FoldedValues {
    fn new(old: &Recording, new: &Recording, same: &[(CallId, CallId)]) -> Self {
        let all = |recording: &Recording| {
            let folded = recording.folded();
            let values = folded.hashes.iter().zip(&folded.rules);
            values.filter(|(_, rule)| **rule != RuleId::TIME).map(|(hash, _)| *hash).collect()
        };
        let (mut pairs, mut paired) = (FxHashSet::default(), FxHashSet::default());
        for &(a, b) in same {
            for (a, b) in old.side_by_side(a, new, b) {
                let ((olds, old_rules), (news, new_rules)) = (old.folded_of(a), new.folded_of(b));
                if old_rules != new_rules {
                    continue;
                }
                for ((&old, &new), &rule) in olds.iter().zip(news).zip(old_rules) {
                    if rule != RuleId::TIME {
                        pairs.insert((old, new));
                        paired.insert(old);
                    }
                }
            }
        }
        FoldedValues { old: all(old), new: all(new), pairs, paired }
    }
}

/// The hash of the time that a number of microseconds since 1970 tells, as Firestore's messages have it.
fn time_of(text: &[u8]) -> Option<u64> {
    const DIGITS: usize = 16;
    if text.len() != DIGITS || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let micros: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(time_hash(micros / 1_000_000, (micros % 1_000_000 * 1000) as i32))
}

#[cfg(test)]
mod tests {
    use super::is_generated;

    #[test]
    fn tells_what_machines_make_up() {
        for name in ["8", "8329136549924962304", "0b1c2d3e-4f50-6a7b-8c9d-0e1f2a3b4c5d", "kR3vQ9zTfLw2XyBa7NcD"] {
            assert!(is_generated(name.as_bytes()), "{name}");
        }
        for name in ["prod", "active", "us-east1", "testReplaceStruct", "report-2026", "go-cloud-test"] {
            assert!(!is_generated(name.as_bytes()), "{name}");
        }
    }
}
