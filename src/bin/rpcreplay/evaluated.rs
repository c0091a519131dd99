//! What is said once at the end of how a selection went: [`Evaluated`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rpcreplay::query::{AskedPath, AskedValue, Selected};

use crate::failure::note;

/// What was noticed while messages were looked into for a selection, over all recordings.
#[derive(Debug, Default)]
pub struct Evaluated(Mutex<Noticed>);

#[derive(Debug, Default)]
struct Noticed {
    /// By path of --where: whether a recording has it, or names that are close.
    paths: BTreeMap<String, Result<(), Vec<String>>>,
    /// By place and text that --where or --match compares it with: whether it can be equal in a recording, or names that are
    /// close.
    values: BTreeMap<(String, String), Result<(), Vec<String>>>,
    failed: u64,
    /// The first call that an expression failed for, and why.
    first_failure: Option<String>,
    unopened: u64,
    /// By selector of --has and --match: whether it has selected anything.
    selectors: BTreeMap<String, bool>,
    /// The same for --has and --match.
    unopened_otherwise: u64,
}

impl Evaluated {
    /// Adds what was noticed of a recording of this name, all of which was asked for.
    pub fn add(&self, name: &str, selected: &Selected<'_>) {
        let remarks = selected.remarks();
        if !selected.query().asks_about_messages() && remarks.is_empty() {
            return;
        }
        let mut noticed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noticed.unopened_otherwise += selected.unopened();
        for (selector, has_hit) in selected.selectors() {
            *noticed.selectors.entry(selector.to_string()).or_default() |= has_hit;
        }
        for AskedValue { place, value, is_possible, close } in selected.asked_values() {
            note_either(&mut noticed.values, (place, value), is_possible, close);
        }
        for remark in remarks {
            for AskedPath { path, is_met, close } in remark.paths {
                note_either(&mut noticed.paths, path, is_met, close);
            }
            for AskedValue { place, value, is_possible, close } in remark.values {
                note_either(&mut noticed.values, (place, value), is_possible, close);
            }
            if let (Some((index, words)), None) = (remark.first_failure, &noticed.first_failure) {
                noticed.first_failure = Some(format!("entry {index} of {name}: {words}"));
            }
            noticed.failed += remark.failed;
            noticed.unopened += remark.unopened;
        }
    }

    /// Says it; what no message has is of interest where nothing was kept.
    pub fn tell(&self, kept_any: bool) {
        let noticed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let say = |words: &str| note("note: ", &format!("--where: {words}"));
        if let Some(failure) = &noticed.first_failure {
            let calls = if noticed.failed == 1 { "1 call".to_owned() } else { format!("{} calls", noticed.failed) };
            say(&format!("could not be evaluated for {calls}, which did not match; {failure}"));
        }
        for (flags, unopened) in [("--where", noticed.unopened), ("--has and --match", noticed.unopened_otherwise)] {
            let messages = if unopened == 1 { "1 message".to_owned() } else { format!("{unopened} messages") };
            if unopened > 0 {
                note("note: ", &format!("{flags}: {messages} could not be opened and counted as absent"));
            }
        }
        for (selector, _) in noticed.selectors.iter().filter(|(_, has_hit)| !**has_hit) {
            note("note: ", &format!("`{selector}` selects nothing in these recordings"));
        }
        for ((place, value), close) in of_none(&noticed.values) {
            note("note: ", &format!("`{place}` is an enum without a value `{value}`{}", hint("there is", close)));
        }
        for (path, close) in of_none(&noticed.paths).filter(|_| !kept_any) {
            say(&format!("no message of these recordings has `{path}`{}", hint("they have", close)));
        }
    }
}

/// Notes what a recording says of a name, unless another recording has it.
fn note_either<K: Ord>(known: &mut BTreeMap<K, Result<(), Vec<String>>>, name: K, has: bool, close: Vec<String>) {
    let known = known.entry(name).or_insert_with(|| Err(close));
    if has {
        *known = Ok(());
    }
}

/// The names that no recording has, with those that are close.
fn of_none<K>(known: &BTreeMap<K, Result<(), Vec<String>>>) -> impl Iterator<Item = (&K, &[String])> {
    known.iter().filter_map(|(name, has)| Some((name, has.as_ref().err()?.as_slice())))
}

/// Names that are close, behind a few words.
fn hint(words: &str, close: &[String]) -> String {
    let close: Vec<String> = close.iter().map(|name| format!("`{name}`")).collect();
    if close.is_empty() { String::new() } else { format!("; {words} {}", close.join(", ")) }
}
