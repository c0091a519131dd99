//! [`Values`] that rules have selected, and [`Replacements`] of them wherever they stand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rustc_hash::FxHashSet;

use super::PROPAGATED_CHARACTERS;
use super::sorted::{Replaced, Replacement, Sorted};
use super::text::may_hold;
use super::windows::Windows;
use crate::entry::Entry;

/// How many bytes a value begins with by which it is looked for: as many as the shortest has, at least.
const HEAD_BYTES: usize = PROPAGATED_CHARACTERS;

/// By how much of a value texts are passed over in which it is not: many begin alike, with `projects/`.
const SOUGHT_BYTES: usize = 32;

/// How many values are looked for at once by how they begin, in plain text and in base64. Of more the automaton would take too much
/// memory.
const SOUGHT_VALUES: usize = 10_000;

/// How many bytes a value has at most that is looked for as a part of a text; longer ones are known as a whole.
const EMBEDDED_BYTES: usize = 4096;

/// How many beginnings make a table of all steps worth its memory.
const TABLE_HEADS: usize = 500;

/// Values that are to be replaced wherever they stand, each with the first rule that selected it.
#[derive(Debug, Clone, Default)]
pub struct Values(HashMap<Box<[u8]>, u16>);

impl Values {
    /// Adds a value, unless it is too short to be told from what stands elsewhere by chance.
    pub(super) fn add(&mut self, value: &[u8], rule: u16) {
        if is_propagated(value) {
            match self.0.get_mut(value) {
                Some(first) => *first = rule.min(*first),
                None => drop(self.0.insert(value.into(), rule)),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_sorted(self) -> Vec<(Box<[u8]>, u16)> {
        let mut values: Vec<_> = self.0.into_iter().collect();
        values.sort();
        values
    }
}

/// Whether a value is long enough to be replaced outside of what was selected.
pub(super) fn is_propagated(value: &[u8]) -> bool {
    value.len() >= PROPAGATED_CHARACTERS
        && match std::str::from_utf8(value) {
            Ok(text) => text.chars().nth(PROPAGATED_CHARACTERS - 1).is_some(),
            Err(_) => true,
        }
}

/// Adds values as they may stand elsewhere, but those for which something stands already, and sorts all of them.
pub(super) fn add_written_otherwise(replaced: &mut Vec<Replaced>, is_known: impl Fn(&[u8]) -> bool) {
    let others = replaced.iter().flat_map(|(value, new, rule)| written_otherwise(value, new, *rule));
    let others: Vec<_> = others.filter(|(value, ..)| !is_known(value)).collect();
    replaced.extend(others);
    // Of two that are written alike the value itself counts, which comes first.
    replaced.sort_by(|one, other| one.0.cmp(&other.0));
    replaced.dedup_by(|later, first| later.0 == first.0);
}

/// A value as it may stand elsewhere, with what stands for it there: without the line break that ends it, as a string of JSON, and as
/// forms write it.
fn written_otherwise(value: &[u8], new: &[u8], rule: u16) -> Vec<Replaced> {
    let mut others: Vec<Replaced> = Vec::new();
    let mut add = |value: &[u8], new: &[u8]| {
        if is_propagated(value) {
            others.push((value.into(), new.into(), rule));
        }
    };
    let line = value.strip_suffix(b"\n").unwrap_or(value);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() < value.len() {
        add(line, new);
    }
    // As forms write blanks.
    let with_pluses =
        |text: &[u8]| text.iter().map(|byte| if *byte == b' ' { b'+' } else { *byte }).collect::<Vec<_>>();
    if value.contains(&b' ') {
        add(&with_pluses(line), &with_pluses(new));
    }
    let in_json = |text: &[u8]| {
        let quoted = serde_json::to_vec(std::str::from_utf8(text).ok()?).ok()?;
        Some(quoted[1..quoted.len() - 1].to_vec())
    };
    if let (Some(new), Some(json), Some(line_in_json)) = (in_json(new), in_json(value), in_json(line)) {
        if json != value {
            add(&json, &new);
        }
        if line_in_json != line && line_in_json != json {
            add(&line_in_json, &new);
        }
    }
    others
}

/// What an earlier run replaced, as its map says: what it made of values can't be known again in all cases.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// What became of texts, by what they were, and the rule by its number.
    pub texts: BTreeMap<Vec<u8>, (Vec<u8>, u16)>,
    /// What became of numbers and messages, by the entry's number and the selector of the place.
    pub places: HashMap<(u64, String), Vec<u8>>,
}

/// What stands for which values, wherever they are.
#[derive(Debug, Default)]
pub struct Replacements {
    /// What became of texts in an earlier run, which is not replaced once more.
    made: HashSet<Box<[u8]>>,
    places: HashMap<(u64, String), Vec<u8>>,
    /// What was added later stands behind, and counts where a value is in several. Each is more than twice as large as the next, so that
    /// there are few, and a value moves few times.
    levels: Vec<Sorted>,
    are_sought_anywhere: bool,
    heads: FxHashSet<u64>,
    sought: Sought,
}

/// What texts are passed over by in which no value stands, plain or in base64.
#[derive(Debug)]
enum Sought {
    /// Values that are all known.
    All(AhoCorasick),
    /// Values that come one after the other, or that are many.
    Growing(Windows),
}

impl Default for Sought {
    fn default() -> Self {
        Sought::Growing(Windows::default())
    }
}

impl Replacements {
    /// Replacements of values, which come sorted, each once, and what an earlier run did.
    pub(super) fn new(values: impl IntoIterator<Item = Replaced>, done: Done) -> Replacements {
        let all = Sorted::new(values);
        let made = done.texts.into_values().map(|(new, _)| new.into()).collect();
        let mut replacements = Replacements { made, places: done.places, ..Replacements::default() };
        match automaton(&all) {
            Some(automaton) => {
                replacements.heads = all.values().filter_map(head).collect();
                replacements.sought = Sought::All(automaton);
                replacements.levels.push(all);
            }
            None => replacements.add(all),
        }
        replacements
    }

    /// Adds replacements of values. What stands for one of them already does so no longer.
    pub(super) fn add(&mut self, more: Sorted) {
        if more.len() == 0 {
            return;
        }
        self.heads.extend(more.values().filter_map(head));
        if let Sought::All(_) = &self.sought {
            let mut windows = Windows::default();
            self.levels.iter().for_each(|level| seek(level, &mut windows));
            self.sought = Sought::Growing(windows);
        }
        if let Sought::Growing(windows) = &mut self.sought {
            seek(&more, windows);
        }
        let mut more = more;
        while let Some(last) = self.levels.pop_if(|last| last.len() <= 2 * more.len()) {
            more = last.merged(more);
        }
        self.levels.push(more);
    }

    /// The same, where values are sought inside of longer names, too.
    pub fn anywhere(self) -> Replacements {
        Replacements { are_sought_anywhere: true, ..self }
    }

    /// Whether values are sought inside of longer names, too.
    pub(super) fn are_sought_anywhere(&self) -> bool {
        self.are_sought_anywhere
    }

    /// Whether a text is what an earlier run made of another one.
    pub(super) fn is_made(&self, text: &[u8]) -> bool {
        self.made.contains(text)
    }

    /// Whether what stands at a place of an entry is what an earlier run made of it; `place` is asked for where that is to be known.
    pub(super) fn is_made_at(&self, entry: u64, place: impl FnOnce() -> String, value: &[u8]) -> bool {
        !self.places.is_empty() && self.places.get(&(entry, place())).is_some_and(|made| made == value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// What stands for a value as a whole.
    pub(super) fn of(&self, value: &[u8]) -> Option<&Replacement> {
        if !self.heads.contains(&head(value)?) {
            return None;
        }
        self.levels.iter().rev().find_map(|level| level.of(value))
    }

    /// Whether a copy of a value may stand in an entry; a comment of its text counts as one.
    pub fn may_be_in_entry(&self, entry: &Entry) -> bool {
        may_hold(self, entry.record()) || entry.text().is_some_and(|text| memchr::memchr(b'#', text).is_some())
    }

    /// Whether a value may stand in a text, plain or in base64.
    pub(super) fn may_be_in(&self, text: &[u8]) -> bool {
        if self.is_empty() || text.len() < PROPAGATED_CHARACTERS {
            return false;
        }
        let is_found = match &self.sought {
            Sought::All(automaton) => automaton.is_match(text),
            Sought::Growing(windows) => windows.may_be_in(text),
        };
        is_found || is_wrapped(text)
    }

    /// Calls `on` for every value in a plain text that is bounded by delimiters or the ends of the text, from left to right; of
    /// several that begin at one place for the longest. `anywhere` asks for no delimiters: bytes that are no text have none.
    pub(super) fn find<'r>(&'r self, text: &[u8], anywhere: bool, mut on: impl FnMut(Range<usize>, &'r Replacement)) {
        if text.len() > EMBEDDED_BYTES
            && let Some(replacement) = self.of(text)
        {
            return on(0..text.len(), replacement);
        }
        let mut at = 0;
        while let Some(head) = text.get(at..).and_then(head) {
            if (anywhere || is_border(text, at)) && self.heads.contains(&head) {
                let longest = &text[at..text.len().min(at + EMBEDDED_BYTES)];
                let found = self.longest(longest, |end| anywhere || is_border(text, at + end));
                if let Some(replacement) = found {
                    let end = at + replacement.value.len();
                    on(at..end, replacement);
                    at = end;
                    continue;
                }
            }
            at += 1;
        }
    }

    /// The longest value that a text begins with and behind which there is an end.
    fn longest(&self, text: &[u8], is_end: impl Fn(usize) -> bool) -> Option<&Replacement> {
        let of_levels = self.levels.iter().filter_map(|level| level.longest(text, &is_end));
        // Of those that are as long, which are the same, the last.
        of_levels.max_by_key(|replacement| replacement.value.len())
    }
}

/// What finds values, plain or in base64; nothing if there are none, or too many.
fn automaton(all: &Sorted) -> Option<AhoCorasick> {
    if !(1..=SOUGHT_VALUES).contains(&all.len()) {
        return None;
    }
    let mut patterns: Vec<Vec<u8>> = all.values().flat_map(beginnings).collect();
    patterns.sort();
    patterns.dedup();
    let kind = (patterns.len() <= TABLE_HEADS).then_some(AhoCorasickKind::DFA);
    // The fast ways of looking for several are for this kind of match alone.
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).kind(kind).build(patterns).ok()
}

fn seek(values: &Sorted, windows: &mut Windows) {
    values.values().flat_map(beginnings).for_each(|beginning| windows.add(&beginning));
}

fn head(value: &[u8]) -> Option<u64> {
    value.first_chunk::<HEAD_BYTES>().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Whether a line break stands behind 64 characters of base64, as it does where that is wrapped: a value may stand on both sides.
fn is_wrapped(text: &[u8]) -> bool {
    const LINE_BYTES: usize = 64;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    memchr::memchr_iter(b'\n', text).any(|end| {
        let before = text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]);
        before.len() >= LINE_BYTES && before.iter().rev().take(LINE_BYTES).all(is_base64)
    })
}

/// Whether a name may begin or end at a place of a text: it is an end of the text, or what stands on one side of it is a delimiter,
/// no letter, digit, `_` or `-`.
fn is_border(text: &[u8], at: usize) -> bool {
    let is_delimiter = |byte: u8| byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-');
    at == 0
        || at == text.len()
        || is_delimiter(text[at - 1])
        || is_delimiter(text[at])
        || (!text[at].is_ascii() || !text[at - 1].is_ascii()) && is_border_of_characters(text, at)
}

/// The same where characters beyond ASCII stand, of which letters and digits are parts of names.
#[cold]
fn is_border_of_characters(text: &[u8], at: usize) -> bool {
    /// How many bytes a character has at most.
    const CHARACTER_BYTES: usize = 4;
    let is_delimiter = |character: char| !character.is_alphanumeric() && !matches!(character, '_' | '-');
    let before = (1..=CHARACTER_BYTES.min(at)).find_map(|bytes| std::str::from_utf8(&text[at - bytes..at]).ok());
    let behind =
        (1..=CHARACTER_BYTES.min(text.len() - at)).find_map(|bytes| std::str::from_utf8(&text[at..at + bytes]).ok());
    // What is no character is no letter.
    let is_end =
        |side: Option<&str>, character: fn(&str) -> Option<char>| side.and_then(character).is_none_or(is_delimiter);
    is_end(before, |side| side.chars().next_back()) || is_end(behind, |side| side.chars().next())
}

/// What stands in a text in which a value stands, plain or in base64, wherever in it that begins and in either alphabet.
fn beginnings(value: &[u8]) -> Vec<Vec<u8>> {
    let head = &value[..SOUGHT_BYTES.min(value.len())];
    let mut beginnings = vec![head.to_vec()];
    for shift in 0..3 {
        let mut padded = vec![0; shift];
        padded.extend_from_slice(head);
        let encoded = base64_simd::STANDARD.encode_to_string(&padded);
        // Characters that bytes before or behind the head have a part in are left out.
        let (first, last) = ((8 * shift).div_ceil(6), 8 * padded.len() / 6);
        let known = encoded[first..last].to_owned().into_bytes();
        let other: Vec<u8> = known
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                byte => *byte,
            })
            .collect();
        beginnings.extend([known, other]);
    }
    beginnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacements(values: &[&str]) -> Replacements {
        let mut all = Values::default();
        values.iter().for_each(|value| all.add(value.as_bytes(), 0));
        let new = |(value, rule): (Box<[u8]>, u16)| (value, b"X".as_slice().into(), rule);
        Replacements::new(all.into_sorted().into_iter().map(new), Done::default())
    }

    /// The same, one added after the other.
    fn grown(values: &[&str]) -> Replacements {
        let mut replacements = Replacements::default();
        for value in values.iter().filter(|value| is_propagated(value.as_bytes())) {
            let new = (value.as_bytes().into(), b"X".as_slice().into(), 0);
            replacements.add(Sorted::new([new]));
        }
        replacements
    }

    fn replaced(values: &[&str], text: &str) -> String {
        let [at_once, in_turn] = [replacements(values), grown(values)].map(|replacements| {
            let (mut out, mut at) = (String::new(), 0);
            replacements.find(text.as_bytes(), false, |range, replacement| {
                out += &text[at..range.start];
                out += std::str::from_utf8(&replacement.new).expect("it is X");
                at = range.end;
            });
            out + &text[at..]
        });
        assert_eq!(at_once, in_turn);
        at_once
    }

    #[test]
    fn values_that_are_added_move_few_times() {
        let mut replacements = Replacements::default();
        let name = |number: usize| format!("projects/{number:04}").into_bytes().into_boxed_slice();
        for number in 0..1_000 {
            replacements.add(Sorted::new([(name(number), name(number + 1), 7)]));
            let sizes: Vec<_> = replacements.levels.iter().map(Sorted::len).collect();
            assert!(sizes.windows(2).all(|sizes| sizes[0] > 2 * sizes[1]), "{sizes:?}");
            assert_eq!(sizes.iter().sum::<usize>(), number + 1);
        }
        replacements.add(Sorted::new([(name(0), name(3), 8)]));
        let found = |number| replacements.of(&name(number)).map(|found| (found.new.clone(), found.rule));
        assert_eq!((found(0), found(1)), (Some((name(3), 8)), Some((name(2), 7))));
        assert_eq!((found(999), found(1_000)), (Some((name(1_000), 7)), None));
    }

    #[test]
    fn whole_segments_are_found() {
        for (text, expected) in [
            ("my-project", "X"),
            ("projects/my-project", "projects/X"),
            ("projects/my-project/secrets/s", "projects/X/secrets/s"),
            ("my-project.example.com", "X.example.com"),
            ("parent = \"my-project\" AND x", "parent = \"X\" AND x"),
            ("my-project-2", "my-project-2"),
            ("not-my-project", "not-my-project"),
            ("my-projectmy-project", "my-projectmy-project"),
            ("my-project my-project", "X X"),
            ("über-my-project", "über-my-project"),
            ("ümy-project", "ümy-project"),
            ("“my-project”\u{a0}", "“X”\u{a0}"),
            ("my-proj", "my-proj"),
        ] {
            assert_eq!(replaced(&["my-project"], text), expected, "{text}");
        }
    }

    #[test]
    fn the_longest_counts_that_ends_at_a_delimiter() {
        let values = ["projects/foo", "projects/foo/secrets/x", "projects/foo/secrets/x/versions/1"];
        for (text, expected) in [
            ("projects/foo/secrets/x", "X"),
            ("projects/foo/secrets/xyz", "X/secrets/xyz"),
            ("projects/foo/secrets/x/versions/12", "X/versions/12"),
            ("(projects/foo/secrets/x/versions/1)", "(X)"),
        ] {
            assert_eq!(replaced(&values, text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_short_is_not_looked_for() {
        assert!(replacements(&["seven77", "äöüßäöü"]).is_empty());
        assert!(!replacements(&["eight888"]).is_empty());
    }

    #[test]
    fn base64_is_seen_wherever_the_value_begins() {
        let values = ["a secret value", "?>?>?>?>?>"];
        for replacements in [replacements(&values), grown(&values)] {
            for (before, value) in (0..7).flat_map(|before| values.map(|value| (before, value))) {
                let text = ["x".repeat(before).as_str(), value, "y"].concat();
                for encoded in [
                    base64_simd::STANDARD.encode_to_string(&text),
                    base64_simd::URL_SAFE_NO_PAD.encode_to_string(&text),
                ] {
                    assert!(replacements.may_be_in(format!("<{encoded}>").as_bytes()), "{text} {encoded}");
                }
            }
            assert!(!replacements.may_be_in(b"nothing of the kind"));
        }
    }
}
