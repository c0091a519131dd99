//! Any rules, a line each, and any bytes as messages of a recording. Never a panic; what is redacted can be put back; a second time
//! nothing changes; what was a message still is one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rpcreplay::detect::{Detectors, encoded_parts, known};
use rpcreplay::entry::{Any, Entry, EntryIndex, Kind, Payload};
use rpcreplay::redact::{
    Action, Done, Form, Key, Learner, Redacted, Redactor, Refusal, Rule, Rules, RulesBuilder, ValueKind, restore,
};
use rpcreplay::schema::{Walker, check_message};
use rpcreplay_fuzz::SMALL;

const TYPES: [&str; 4] = ["every.Old", "every.New", "google.rpc.Status", "no.such.Type"];
const METHOD: &str = "/every.Service/Method";

fn rules(lines: &str) -> Option<Rules> {
    let mut rules = Vec::new();
    for line in lines.lines() {
        match line.strip_prefix('@') {
            Some(action) => {
                let detect = known().iter().map(|known| known.name.to_owned()).collect();
                rules.push(Rule { detect, ..Rule::new("detected", action.parse().ok()?) });
            }
            None => rules.push(line.parse().ok()?),
        }
    }
    let uninspected = vec!["*".parse().ok()?];
    RulesBuilder { rules, key: Key::new(b"fuzz"), uninspected, ..RulesBuilder::default() }.build().ok()
}

/// Two entries of a recording, cut out of the bytes.
fn entries(bytes: &[u8]) -> Vec<Entry> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let entry = |number: u64, kind, bytes: &[u8]| {
        let choice = bytes.first().map_or(0, |byte| usize::from(byte >> 6));
        let any = Any { type_url: TYPES[choice], value: bytes.get(1..).unwrap_or_default() };
        let entry = Entry::encode(kind, METHOD, Payload::Message(any), 0).expect("a small entry");
        entry.with_index(EntryIndex(number))
    };
    vec![entry(1, Kind::Request, first), entry(2, Kind::Response, second)]
}

fn redact(rules: &Rules, entries: &[Entry]) -> Result<Vec<Redacted>, Refusal> {
    let mut learner = Learner::new(rules, &SMALL);
    for entry in entries {
        learner.learn(entry, METHOD)?;
    }
    let Ok(replacements) = rules.replacements(learner.into_values(), Done::default()) else {
        return Err(Refusal::TooLong);
    };
    let mut redactor = Redactor::new(rules, &SMALL, &replacements);
    entries.iter().map(|entry| redactor.redact(entry, METHOD)).collect()
}

fn is_message(entry: &Entry) -> bool {
    let any = entry.payload().fields().0.expect("it has a message");
    let Ok(layout) = SMALL.resolve(any.type_url) else { return false };
    check_message(&mut Walker::new(&SMALL), layout, any.value).is_ok()
}

/// Whether what a rule made can be known again, wherever it is.
fn is_recognisable(rules: &Rules, redacted: &[Redacted]) -> bool {
    // A dropped element moves others to its place; a text with values in it may become one that a detector finds.
    let is_plain = |rule: &Rule| match &rule.action {
        Action::Clear | Action::Mask(_) => rule.detect.is_empty(),
        Action::Pseudonym(form) => *form == Form::Marked && rule.detect.is_empty(),
        Action::Replace(_) | Action::Drop | Action::Shift(_) => false,
    };
    let numbers = |redacted: &Redacted| redacted.changes.iter().any(|change| change.kind == ValueKind::Number);
    rules.rules().len() == 1 && rules.rules().iter().all(is_plain) && !redacted.iter().any(numbers)
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (lines, bytes) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    let mut ends = 0;
    encoded_parts(bytes, |part| ends = ends.max(part.range.end));
    assert!(ends <= bytes.len());
    let Some(rules) = std::str::from_utf8(lines).ok().and_then(rules) else {
        let names: Vec<String> = known().iter().map(|known| known.name.to_owned()).collect();
        let mut found = Vec::new();
        Detectors::new(&names, &[]).expect("they are known").find(input, &mut found);
        assert!(found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        return;
    };
    let entries = entries(bytes);
    let Ok(redacted) = redact(&rules, &entries) else { return };
    for (entry, redacted) in entries.iter().zip(&redacted) {
        assert_eq!(redacted.patches.is_empty(), redacted.changes.is_empty());
        let restored = restore(&redacted.entry, &redacted.patches).expect("the patches are its own");
        assert_eq!(restored.record(), entry.record());
        if is_message(entry) {
            assert!(is_message(&redacted.entry));
        }
    }
    if is_recognisable(&rules, &redacted) {
        let again: Vec<_> = redacted.into_iter().map(|redacted| redacted.entry).collect();
        let twice = redact(&rules, &again).expect("it was redacted before");
        assert!(twice.iter().all(|redacted| redacted.changes.is_empty()));
    }
});
