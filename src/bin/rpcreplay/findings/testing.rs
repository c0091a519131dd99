//! Findings to test the formats with.

use super::{Finding, Findings, FindingsFormat, RuleInfo, Severity};

/// Strings that end a line, a string, a property or a command, or that a terminal or a viewer would obey.
pub const HOSTILE: &[&str] = &[
    "two\nlines",
    "\r\n::error file=a::owned",
    "::stop-commands::x",
    "100%0A::error::owned",
    "a,b:c;d=e",
    "\"quoted\" \\ \\\"",
    "\u{1b}]0;title\u{7}\u{1b}[31mred\0",
    "\u{9b}2J\u{7f}\u{85}\u{2028}\u{202e}gnp\u{e0001}",
    "é 漢 😀",
    "{0} [link](https://example.com) [x\\](1)",
    "]}],\"results\":[]",
    "",
];

/// A finding of which everything but the line is known.
pub fn finding() -> Finding {
    Finding {
        file: "calls.replay".to_owned(),
        entry: Some(5),
        offset: Some(1234),
        line: None,
        call: None,
        method: Some("/pkg.Service/Method".to_owned()),
        place: Some("response:payload.data".to_owned()),
        rule: "private-key".to_owned(),
        severity: Severity::Error,
        message: "private key".to_owned(),
        about: None,
    }
}

/// A finding in which `text` stands in every place that has text.
pub fn hostile(text: &str) -> Finding {
    Finding {
        file: text.to_owned(),
        method: Some(text.to_owned()),
        place: Some(text.to_owned()),
        rule: text.to_owned(),
        message: text.to_owned(),
        ..finding()
    }
}

/// Two rules, one of them with help.
pub fn rules() -> Vec<RuleInfo> {
    let rule = |id: &str, summary: &str, help: Option<&str>| RuleInfo {
        id: id.to_owned(),
        summary: summary.to_owned(),
        help: help.map(str::to_owned),
    };
    vec![
        rule("jwt", "A JSON Web Token", None),
        rule("private-key", "A private key in PEM", Some("Replace it.\nThen revoke it.")),
    ]
}

/// What is written of findings.
pub fn written(format: FindingsFormat, rules: Vec<RuleInfo>, found: &[Finding]) -> String {
    let mut findings = Findings::new(format, rules, Severity::Error, false);
    let mut out = Vec::new();
    for (place, finding) in found.iter().enumerate() {
        if place == 0 || found[place - 1].file != finding.file {
            findings.begin(&finding.file);
        }
        findings.add(finding, &mut out);
    }
    findings.finish(&mut out);
    String::from_utf8(out).expect("every format is UTF-8")
}
