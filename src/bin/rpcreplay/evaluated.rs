//! What is said once at the end of how a selection went: [`Evaluated`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rpcreplay::query::{Selected, UnmetPath};

use crate::failure::note;

/// What was noticed while messages were looked into for a selection, over all recordings.
#[derive(Debug, Default)]
pub struct Evaluated(Mutex<Noticed>);

#[derive(Debug, Default)]
struct Noticed {
    /// Paths that no message of a recording had, with names that are close.
    unmet: BTreeMap<String, Vec<String>>,
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
        for remark in remarks {
            for UnmetPath { path, close } in remark.unmet {
                noticed.unmet.insert(path, close);
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
        for (path, close) in noticed.unmet.iter().filter(|_| !kept_any) {
            let close: Vec<String> = close.iter().map(|name| format!("`{name}`")).collect();
            let close = if close.is_empty() { String::new() } else { format!("; they have {}", close.join(", ")) };
            say(&format!("no message of these recordings has `{path}`{close}"));
        }
    }
}
