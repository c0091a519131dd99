//! Findings as JSON: [`JsonView`].

use super::{Counts, Finding, RuleInfo, View};
use crate::json_object::put_object;

/// Shows findings as one JSON document:
///
/// ```text
/// {"findings":[
/// {"file":"calls.replay","entry":5,"offset":1234,"call":5,"method":"/pkg.Service/Method","place":"response:payload.data",
///  "rule":"private-key","severity":"error","message":"private key"}
/// ],
/// "rules":[{"id":"private-key","summary":"A private key in PEM","help":"Replace it."}],
/// "summary":{"errors":1,"warnings":0,"files":1,"recordings":1,"failed":0}}
/// ```
///
/// A finding is one line, and may have a `line` behind its `offset`. Of what is told once in a recording, however many entries have it, `about`
/// says what it is about. What is not known is left out: of a finding all
/// but `file`, `rule`, `severity` and `message`, of a rule its `help`. `rules` are all that were applied, `files` those of the `recordings`
/// with findings, `failed` those that could not be looked at to their end.
pub struct JsonView {
    rules: Vec<RuleInfo>,
    is_first: bool,
}

impl JsonView {
    /// A view without a finding.
    pub fn new(rules: Vec<RuleInfo>) -> Self {
        JsonView { rules, is_first: true }
    }
}

impl View for JsonView {
    fn show(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        out.extend_from_slice(if std::mem::take(&mut self.is_first) { b"{\"findings\":[\n" } else { b",\n" });
        put_object(out, |object| {
            object.string("file", &finding.file);
            for (name, number) in
                [("entry", finding.entry), ("offset", finding.offset), ("line", finding.line), ("call", finding.call)]
            {
                if let Some(number) = number {
                    object.number(name, number);
                }
            }
            for (name, text) in [("method", &finding.method), ("place", &finding.place)] {
                if let Some(text) = text {
                    object.string(name, text);
                }
            }
            object.string("rule", &finding.rule);
            object.string("severity", &finding.severity.to_string());
            object.string("message", &finding.message);
            if let Some(about) = &finding.about {
                object.string("about", about);
            }
        });
    }

    fn finish(&mut self, counts: &Counts, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.is_first { b"{\"findings\":[" } else { b"\n" });
        out.extend_from_slice(b"],\n\"rules\":[");
        for (place, rule) in self.rules.iter().enumerate() {
            out.extend_from_slice(if place == 0 { b"" } else { b",\n" });
            put_object(out, |object| {
                object.string("id", &rule.id);
                object.string("summary", &rule.summary);
                if let Some(help) = &rule.help {
                    object.string("help", help);
                }
            });
        }
        out.extend_from_slice(b"],\n\"summary\":");
        put_object(out, |object| {
            object.number("errors", counts.errors);
            object.number("warnings", counts.warnings);
            object.number("files", counts.files);
            object.number("recordings", counts.recordings);
            object.number("failed", counts.failed);
        });
        out.extend_from_slice(b"}\n");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{HOSTILE, finding, hostile, rules, written};
    use super::super::{FindingsFormat, Severity};
    use super::*;
    use crate::output::is_harmless;

    fn parsed(rules: Vec<RuleInfo>, findings: &[Finding]) -> Value {
        serde_json::from_str(&written(FindingsFormat::Json, rules, findings)).expect("it is JSON")
    }

    #[test]
    fn is_one_document() {
        let file = Finding {
            entry: None,
            offset: None,
            line: Some(17),
            method: None,
            place: None,
            severity: Severity::Warning,
            ..finding()
        };
        let expected = "\
            {\"findings\":[\n\
            {\"file\":\"calls.replay\",\"entry\":5,\"offset\":1234,\"method\":\"/pkg.Service/Method\",\
            \"place\":\"response:payload.data\",\"rule\":\"private-key\",\"severity\":\"error\",\
            \"message\":\"private key\"},\n\
            {\"file\":\"calls.replay\",\"line\":17,\"rule\":\"private-key\",\"severity\":\"warning\",\
            \"message\":\"private key\"}\n\
            ],\n\
            \"rules\":[{\"id\":\"jwt\",\"summary\":\"A JSON Web Token\"},\n\
            {\"id\":\"private-key\",\"summary\":\"A private key in PEM\",\
            \"help\":\"Replace it.\\nThen revoke it.\"}],\n\
            \"summary\":{\"errors\":1,\"warnings\":1,\"files\":1,\"recordings\":1,\"failed\":0}}\n";
        assert_eq!(written(FindingsFormat::Json, rules(), &[finding(), file]), expected);
    }

    #[test]
    fn is_a_document_without_findings_too() {
        let summary = json!({"errors": 0, "warnings": 0, "files": 0, "recordings": 0, "failed": 0});
        assert_eq!(parsed(Vec::new(), &[]), json!({"findings": [], "rules": [], "summary": summary}));
    }

    #[test]
    fn every_string_reads_as_it_was() {
        for &text in HOSTILE {
            let rule = RuleInfo { id: text.to_owned(), summary: text.to_owned(), help: Some(text.to_owned()) };
            let document = parsed(vec![rule], &[hostile(text)]);
            for name in ["file", "method", "place", "rule", "message"] {
                assert_eq!(document["findings"][0][name], text);
            }
            assert_eq!(document["rules"], json!([{"id": text, "summary": text, "help": text}]));
        }
    }

    #[test]
    fn no_terminal_obeys_it() {
        let found: Vec<_> = HOSTILE.iter().map(|text| hostile(text)).collect();
        assert!(is_harmless(written(FindingsFormat::Json, rules(), &found).as_bytes()));
    }
}
