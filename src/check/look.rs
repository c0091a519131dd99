//! [`Look`]: what stands in a message that nobody should publish, or that nobody can look into.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::bytes::RegexSet;

use super::Checks;
use super::finding::{Cause, Finding, Go};
use super::rule::Rule;
use crate::detect::{Encoding, readings};
use crate::schema::{ChangedMessage, Editor, Layout, Opaque, Part, Scalar, Selected, Spot, Verdict};

/// The full name of what servers tell of their inside with.
const DEBUG_INFO: &str = "google.rpc.DebugInfo";

/// What stands around values that are told of as a whole.
const IN_DEBUG_INFO: u32 = 1;

/// Looks at all that stands on the wire, and changes nothing of it: what a message hides may be a secret, too.
pub(super) struct Look<'c> {
    pub(super) checks: &'c Checks,
    pub(super) part: Option<Part>,
    pub(super) found: Vec<Finding>,
    /// What was told of the entry that is to be told once: a message may have it a million times.
    told: HashSet<(Rule, String)>,
    /// What detectors have found in a text.
    secrets: Vec<crate::detect::Found>,
}

impl<'c> Look<'c> {
    pub(super) fn new(checks: &'c Checks) -> Self {
        Look { checks, part: None, found: Vec::new(), told: HashSet::new(), secrets: Vec::new() }
    }

    /// A message follows, which is this part of its call.
    pub(super) fn begin(&mut self, part: Option<Part>) {
        self.part = part;
        self.told.clear();
    }

    /// Calls `on` for every secret in a text, until it says that it has seen enough.
    fn secrets(&mut self, text: &[u8], mut on: impl FnMut(usize, Option<Encoding>) -> Enough) {
        if !self.checks.looks_for_secrets() {
            return;
        }
        let (checks, secrets, mut enough) = (self.checks, &mut self.secrets, Enough(false));
        readings(text, |text, encoding| {
            secrets.clear();
            if enough == Enough(false) {
                checks.detectors().find_wanted(text, secrets, |detector, secret| checks.wants_secret(detector, secret));
            }
            for found in secrets.iter() {
                enough = on(found.detector, encoding);
            }
        });
    }

    fn is_trace(&self, text: &[u8], cover: u32) -> bool {
        self.part == Some(Part::Status)
            && cover != IN_DEBUG_INFO
            && self.checks.severity(Rule::StackTrace).is_some()
            && TRACES.is_match(text)
    }

    fn push(&mut self, spot: Option<&Spot<'_>>, finding: Finding) {
        let path = spot.map(|spot| spot.path_without_keys()).unwrap_or_default();
        self.found.push(finding.of_place(place_of(self.part, &path)));
    }

    /// Adds the secrets in a text that stands in no message.
    pub(super) fn secrets_of(&mut self, text: &[u8], place: &str) {
        let mut found = Vec::new();
        self.secrets(text, |detector, encoding| {
            add(&mut found, (detector, encoding));
            Enough(false)
        });
        self.found.extend(found.into_iter().map(|(secret, count)| secret_finding(secret, count, "").of_place(place)));
    }
}

/// Whether enough was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Enough(bool);

type Secret = (usize, Option<Encoding>);

/// Counts a secret.
fn add(found: &mut Vec<(Secret, u64)>, secret: Secret) {
    match found.iter_mut().find(|(known, _)| *known == secret) {
        Some((_, count)) => *count += 1,
        None => found.push((secret, 1)),
    }
}

fn secret_finding((detector, encoding): Secret, count: u64, where_: &str) -> Finding {
    let encoding = encoding.map(|encoding| format!(", {encoding}")).unwrap_or_default();
    let several = if count > 1 { format!(", {count} times") } else { String::new() };
    Finding::new(Cause::Secret(detector), format!("a secret{where_}{encoding}{several}"))
}

/// A path in a message as a selector.
pub(super) fn place_of(part: Option<Part>, path: &str) -> String {
    part.map_or_else(|| path.to_owned(), |part| format!("{part}:{path}"))
}

/// What stack traces look like, as runtimes write them.
///
/// Source: the formats of the runtimes of the JVM, JavaScript and .NET (a frame each), Python, Go, Rust, C++ (glog, gdb), PHP and Ruby.
static TRACES: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = [
        r"(?m)^\s*at [\w.$<>/\[\] ]+ ?\([^()\n]*(?::\d+|Native Method|Unknown Source|<anonymous>)\)",
        r"(?m)^\s*at [\w.$<>/]+\(\w+\.(?:java|kt|scala|groovy)\)",
        r"\bat [\w.$<>/]+\(\w+\.(?:java|kt|scala|groovy):\d+\) at ",
        r"(?m)^\s*at async [\w.<>]+ \(",
        r"(?m)^\s*at [\w.$<>]+\(.*\) in .+:line \d+",
        r"Traceback \(most recent call last\):",
        r#"File "[^"\n]+", line \d+, in "#,
        r"\.go:\d+ \+0x[0-9a-f]+",
        r"goroutine \d+ \[[a-z ,0-9]+\]:",
        r"stack backtrace:\n",
        r"(?m)^\s*(?:@|#\d+)\s+0x[0-9a-f]{6,16}\b",
        r"(?m)^#\d+ /.*\.php\(\d+\): ",
        r"(?m)^\s*(?:from )?/.*\.rb:\d+:in [`']",
    ];
    RegexSet::new(patterns).expect("the patterns are sound")
});

impl Editor for Look<'_> {
    fn passes(&mut self, selected: &Selected<'_>, text: Option<&[u8]>) -> bool {
        let Some(text) = text else { return true };
        let mut is_any = self.is_trace(text, selected.cover);
        if !is_any {
            self.secrets(text, |_, _| {
                is_any = true;
                Enough(true)
            });
        }
        !is_any
    }

    fn enters(&mut self, _: &Selected<'_>) -> Option<u32> {
        None
    }

    fn message(&mut self, spot: &Spot<'_>, layout: &Layout, _: &[u8], _: &mut Vec<u8>) -> Verdict {
        if layout.full_name() == DEBUG_INFO {
            if self.checks.severity(Rule::DebugInfo).is_some() {
                self.push(
                    Some(spot),
                    Finding::new(Rule::DebugInfo, "details that a server gives for its own developers"),
                );
            }
            return Verdict::Keep(IN_DEBUG_INFO);
        }
        Verdict::Keep(spot.selected.cover)
    }

    fn scalar(&mut self, spot: &Spot<'_>, value: Scalar<'_>, _: &mut Vec<u8>) -> Verdict {
        let (Scalar::String(text) | Scalar::Bytes(text)) = value else { return Verdict::Keep(0) };
        let mut found = Vec::new();
        self.secrets(text, |detector, encoding| {
            add(&mut found, (detector, encoding));
            Enough(false)
        });
        let in_key = if spot.is_key { " in a key" } else { "" };
        for (secret, count) in found {
            self.push(Some(spot), secret_finding(secret, count, in_key));
        }
        if self.is_trace(text, spot.selected.cover) {
            self.push(Some(spot), Finding::new(Rule::StackTrace, "a stack trace"));
        }
        Verdict::Keep(0)
    }

    fn opaque(&mut self, spot: &Spot<'_>, type_name: &str, opaque: Opaque<'_>) {
        let (rule, about) = match opaque {
            Opaque::Unknown { field } => (Rule::UnknownFields, format!("{type_name} {field}")),
            Opaque::Unresolved { type_url, .. } => (Rule::Uninspected, type_url.to_owned()),
            Opaque::OddAny { type_url } => (Rule::Uninspected, format!("odd {type_url}")),
            Opaque::Malformed { type_url, .. } => (Rule::Uninspected, format!("malformed {type_url}")),
        };
        if self.checks.severity(rule).is_none() || !self.told.insert((rule, about.clone())) {
            return;
        }
        let finding = match opaque {
            Opaque::Unknown { field } => Finding::new(rule, format!("field {field}, which {type_name} does not have")),
            Opaque::Unresolved { reason, .. } => Finding::new(rule, reason.to_string()),
            Opaque::OddAny { .. } => {
                let message = "a google.protobuf.Any with more than one type or value, of which only the last counts";
                Finding::new(rule, message)
            }
            Opaque::Malformed { type_url, malformed } => {
                let (type_name, fault) = (crate::entry::type_name(type_url), malformed.fault());
                Finding::new(rule, format!("a google.protobuf.Any that is not of its type, {type_name}: {fault}"))
                    .of_go(Go::Accepts)
            }
        };
        self.push(Some(spot), finding.about(about));
    }

    fn changed(&mut self, _: &Spot<'_>, _: &mut ChangedMessage<'_, '_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_told_from_other_texts() {
        for text in [
            "boom\n\tat com.acme.Server.handle(Server.java:17)\n\tat java.lang.Thread.run(Thread.java:833)",
            "Error: no\n    at Object.<anonymous> (/srv/app/index.js:3:9)",
            "   at Acme.Server.Handle(Request r) in C:\\src\\Server.cs:line 17",
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in f",
            "panic: no\n\ngoroutine 17 [running]:\nmain.main()",
            "panic: no\nmain.main()\n\t/tmp/x.go:12 +0x1d",
            "\tat com.google.common.util.concurrent.Futures.get(Futures.java)",
            "no at a.B.c(B.java:3) at a.B.main(B.java:7)",
            "    at async Promise.all (index 0)",
            "no\n  File \"a.py\", line 3, in f\n    g()",
            "stack backtrace:\n   0: std::panicking",
            "    @     0x7f3a2b1c4d50  acme::Handle()",
            "#1  0x00005581a3b2c4d0 in handle ()",
            "#0 /var/www/index.php(17): handle()",
            "/srv/app/server.rb:17:in `handle'",
        ] {
            assert!(TRACES.is_match(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "not found at the moment (try again)",
            "at noon (in UTC)",
            "the topic at projects/p (deleted) is gone",
            "see #17",
            "goroutine leak",
            "at line 3 of file \"a.py\"",
            "main.go:12 is wrong",
            "at the station (Main.java is a file)",
            "digest 0x7f3a2b1c4d50 not found",
            "a traceback was written",
        ] {
            assert!(!TRACES.is_match(text.as_bytes()), "{text}");
        }
    }
}
