//! Any bytes as a recording that is checked: no panic; what Go's replayer refuses is an error, and nothing else is held against a recording
//! in its words; and errors do not depend on what else is looked for.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rpcreplay::check::{Cause, Checker, Checks, Finding, Go, Inspector, Rule, SECRETS, Severity, of_error};
use rpcreplay::detect::{Detectors, known};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::pairing::Pairing;
use rpcreplay_fuzz::{SCHEMA, SMALL};

fn everything() -> Checks {
    let names: Vec<String> = known().iter().map(|known| known.name.to_owned()).collect();
    Checks::new(Detectors::new(&names, &[]).expect("they are built in"))
}

static ALL: LazyLock<Checks> = LazyLock::new(everything);

static ERRORS: LazyLock<Checks> = LazyLock::new(|| {
    let mut checks = everything();
    checks.set(SECRETS, None).expect("there are some");
    for rule in Rule::ALL.iter().filter(|rule| rule.about().severity == Severity::Warning) {
        checks.set(rule.id(), None).expect("there is one");
    }
    checks
});

/// What is found, and whether Go refuses something that is no message.
fn check(file: &[u8], checks: &Checks) -> (Vec<Finding>, bool) {
    let options = ReadOptions { max_record_bytes: 1 << 20 };
    let mut checker = Checker::new(checks, &SCHEMA);
    let reader = match Reader::new(file, &SCHEMA, options) {
        Ok(reader) => reader,
        Err(error) => {
            let is_refused = of_error(&error).is_some();
            return (checker.finish(0, Some(&error)), is_refused);
        }
    };
    let mut reader = reader.keeping_text();
    let mut inspector = Inspector::new(checks, &SCHEMA, Some(&SMALL));
    for finding in inspector.inspect_initial(&reader.header().initial, reader.format()) {
        checker.add_finding(finding);
    }
    let (mut pairing, mut is_refused) = (Pairing::default(), false);
    loop {
        match reader.read() {
            Ok(Some(entry)) => {
                let call = pairing.follow(&entry);
                is_refused |= call.is_err() || entry.flaw().is_some();
                checker.add(&entry, call, inspector.inspect(&entry));
            }
            Ok(None) => {
                let unmatched = pairing.unmatched_requests();
                return (checker.finish(unmatched, None), is_refused || unmatched > 0);
            }
            Err(error) => {
                is_refused |= of_error(&error).is_some();
                return (checker.finish(pairing.unmatched_requests(), Some(&error)), is_refused);
            }
        }
    }
}

fuzz_target!(|file: &[u8]| {
    let (findings, is_refused) = check(file, &ALL);
    // Those that are only counted come last.
    let listed = findings.iter().take_while(|finding| !finding.message.ends_with("which are not listed"));
    assert!(listed.is_sorted_by_key(|finding| finding.position.entry));
    for finding in &findings {
        let sentence = finding.sentence();
        assert!(!sentence.is_empty() && !sentence.contains('\n'), "{sentence}");
        if matches!(finding.go, Some(Go::Says(_) | Go::Refuses)) {
            assert_eq!(ALL.severity(finding.cause), Some(Severity::Error), "{sentence}");
        }
    }
    let is_error = |finding: &&Finding| ALL.severity(finding.cause) == Some(Severity::Error);
    assert!(!is_refused || findings.iter().any(|finding| is_error(&finding)), "{findings:#?}");
    let errors: Vec<&Finding> = findings.iter().filter(is_error).collect();
    let (alone, _) = check(file, &ERRORS);
    // Of what is told once, the count is told, too.
    let plain = |finding: &Finding| (finding.cause, finding.position, finding.call, finding.go.clone());
    assert!(alone.iter().map(plain).eq(errors.into_iter().map(plain)), "{alone:#?}");
    assert!(alone.iter().all(|finding| matches!(finding.cause, Cause::Rule(_))));
});
