//! Findings as SARIF, which code scanning and editors read: [`SarifView`].
//!
//! Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, an OASIS standard; sections are its own.

use std::collections::HashMap;

use xxhash_rust::xxh3::Xxh3;

use super::{Counts, Finding, RuleInfo, View};
use crate::json_object::{Object, put_object};

/// Where the schema of the format is published.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Shows findings as one SARIF log with one run, a line for each result.
pub struct SarifView {
    rules: Vec<RuleInfo>,
    indexes: HashMap<String, u64>,
    is_first: bool,
}

impl SarifView {
    /// A view without a result.
    pub fn new(rules: Vec<RuleInfo>) -> Self {
        let indexes = (0..).zip(&rules).map(|(index, rule)| (rule.id.clone(), index)).collect();
        SarifView { rules, indexes, is_first: true }
    }

    /// Appends what stands before the results: the tool and its rules.
    fn put_beginning(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{").as_bytes());
        out.extend_from_slice(b"\"tool\":");
        put_object(out, |tool| {
            tool.object("driver", |driver| {
                driver.string("name", env!("CARGO_PKG_NAME"));
                driver.string("version", env!("CARGO_PKG_VERSION"));
                if let Some(repository) = Some(env!("CARGO_PKG_REPOSITORY")).filter(|uri| !uri.is_empty()) {
                    driver.string("informationUri", repository);
                }
                driver.list("rules", &self.rules, put_rule);
            });
        });
        out.extend_from_slice(b",\"results\":[");
    }
}

impl View for SarifView {
    fn show(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_first) {
            self.put_beginning(out);
            out.extend_from_slice(b"\n");
        } else {
            out.extend_from_slice(b",\n");
        }
        let uri = uri(&finding.file, cfg!(windows));
        put_object(out, |result| {
            result.string("ruleId", &finding.rule);
            if let Some(&index) = self.indexes.get(&finding.rule) {
                result.number("ruleIndex", index);
            }
            result.string("level", &finding.severity.to_string());
            put_text(result, "message", &finding.sentence());
            result.list("locations", [finding], |location, finding| put_location(location, finding, &uri));
            result.object("partialFingerprints", |prints| prints.string("rpcreplay/v1", &fingerprint(finding, &uri)));
        });
    }

    fn finish(&mut self, counts: &Counts, out: &mut Vec<u8>) {
        if self.is_first {
            self.put_beginning(out);
        } else {
            out.extend_from_slice(b"\n");
        }
        // §3.20.14: whether everything was looked at that should have been.
        let is_whole = counts.failed == 0;
        out.extend_from_slice(format!("],\"invocations\":[{{\"executionSuccessful\":{is_whole}}}]}}]}}\n").as_bytes());
    }
}

fn put_rule(object: &mut Object<'_>, rule: &RuleInfo) {
    object.string("id", &rule.id);
    put_text(object, "shortDescription", &rule.summary);
    if let Some(help) = &rule.help {
        put_text(object, "help", help);
    }
}

/// Appends a text in which nothing is a placeholder or a link: braces are doubled, as §3.11.5 has it, and a blank
/// keeps a bracket from the parenthesis that would make it a link by §3.11.6, which has no escape for that.
fn put_text(object: &mut Object<'_>, name: &str, text: &str) {
    let text = text.replace('{', "{{").replace('}', "}}").replace("](", "] (");
    object.object(name, |message| message.string("text", &text));
}

fn put_location(location: &mut Object<'_>, finding: &Finding, uri: &str) {
    location.object("physicalLocation", |physical| {
        physical.object("artifactLocation", |artifact| artifact.string("uri", uri));
        // Where both stand, §3.30.1 wants them to mean the same bytes, and a line is more than where a record begins.
        match (finding.line, finding.offset) {
            (Some(line), _) => physical.object("region", |region| region.number("startLine", line)),
            (None, Some(offset)) => physical.object("region", |region| region.number("byteOffset", offset)),
            (None, None) => {}
        }
    });
    let Some(full_name) = finding.location() else { return };
    // By §3.33.4 a name is the last component of the full name. Kinds are those of §3.33.7; it has none for an entry
    // and allows others.
    let entry = finding.entry.map(|number| format!("#{number}")).unwrap_or_default();
    let (name, kind) = match (&finding.place, &finding.method) {
        (Some(place), _) => (place, "member"),
        (None, Some(call)) => (call, "function"),
        (None, None) => (&entry, "entry"),
    };
    location.list("logicalLocations", [full_name], |logical, full_name| {
        logical.string("name", name);
        logical.string("fullyQualifiedName", &full_name);
        logical.string("kind", kind);
    });
}

/// What stays the same as long as a finding is the same: a hash over file, rule, place and entry.
fn fingerprint(finding: &Finding, uri: &str) -> String {
    let entry = finding.entry.map(|number| number.to_string()).unwrap_or_default();
    let mut hash = Xxh3::new();
    for part in [uri, &finding.rule, finding.place.as_deref().unwrap_or_default(), &entry] {
        // The length keeps parts apart that would be the same one behind the other.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    format!("{:016x}", hash.digest())
}

/// A path as a URI reference: relative as it was, an absolute one with the scheme `file`.
///
/// By §3.10.2, segments that are empty or `.` are left out. What `..` means only the file system knows: it stays.
fn uri(path: &str, is_windows: bool) -> String {
    let path = if is_windows { path.replace('\\', "/") } else { path.to_owned() };
    let has_drive = is_windows && matches!(path.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z', b':', b'/', ..]);
    let mut uri = match path.as_bytes() {
        // The first segment is a host.
        [b'/', b'/', ..] if is_windows => "file://",
        [b'/', ..] => "file:///",
        _ if has_drive => "file:///",
        _ => "",
    }
    .to_owned();
    let segments = path.split('/').filter(|segment| !matches!(*segment, "" | "."));
    for (place, segment) in segments.enumerate() {
        uri.push_str(if place == 0 { "" } else { "/" });
        for byte in segment.bytes() {
            let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            if is_plain || (has_drive && place == 0) {
                uri.push(char::from(byte));
            } else {
                uri.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{HOSTILE, finding, hostile, rules, written};
    use super::super::{FindingsFormat, Severity};
    use super::*;
    use crate::output::is_harmless;

    fn parsed(findings: &[Finding]) -> Value {
        let log = written(FindingsFormat::Sarif, rules(), findings);
        let log: Value = serde_json::from_str(&log).expect("it is JSON");
        check(&log);
        log
    }

    /// Checks what the standard asks of every log and result, as far as it concerns what is written here.
    fn check(log: &Value) {
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        assert_eq!(log["version"], "2.1.0");
        let [run] = &log["runs"].as_array().expect("runs")[..] else { panic!("one run") };
        let driver = &run["tool"]["driver"];
        assert_eq!(
            (text(&driver["name"]), text(&driver["version"])),
            ("rpcreplay".into(), env!("CARGO_PKG_VERSION").into())
        );
        let rules = driver["rules"].as_array().expect("rules");
        for rule in rules {
            text(&rule["id"]);
            text(&rule["shortDescription"]["text"]);
        }
        for result in run["results"].as_array().expect("results, since something was looked for") {
            let rule = text(&result["ruleId"]);
            match result.get("ruleIndex") {
                Some(index) => assert_eq!(rules[index.as_u64().expect("a number") as usize]["id"], rule),
                None => assert!(rules.iter().all(|known| known["id"] != rule)),
            }
            assert!(["error", "warning", "note"].contains(&&*text(&result["level"])));
            text(&result["message"]["text"]);
            let [location] = &result["locations"].as_array().expect("locations")[..] else { panic!("one location") };
            let physical = &location["physicalLocation"];
            let uri = text(&physical["artifactLocation"]["uri"]);
            assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%:".contains(&byte)), "{uri}");
            if let Some(region) = physical.get("region") {
                assert_eq!(region.as_object().expect("an object").len(), 1);
            }
            if let Some(logical) = location.get("logicalLocations") {
                let [logical] = &logical.as_array().expect("an array")[..] else { panic!("one of them") };
                assert!(text(&logical["fullyQualifiedName"]).ends_with(&text(&logical["name"])));
                text(&logical["kind"]);
            }
            assert_eq!(text(&result["partialFingerprints"]["rpcreplay/v1"]).len(), 16);
        }
    }

    fn result(finding: Finding) -> Value {
        parsed(&[finding])["runs"][0]["results"][0].clone()
    }

    #[test]
    fn is_one_log_with_one_run() {
        let expected = format!(
            "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\
             \"name\":\"rpcreplay\",\"version\":\"{}\",\"rules\":[\
             {{\"id\":\"jwt\",\"shortDescription\":{{\"text\":\"A JSON Web Token\"}}}},\n\
             {{\"id\":\"private-key\",\"shortDescription\":{{\"text\":\"A private key in PEM\"}},\
             \"help\":{{\"text\":\"Replace it.\\nThen revoke it.\"}}}}]}}}},\"results\":[\n\
             {{\"ruleId\":\"private-key\",\"ruleIndex\":1,\"level\":\"error\",\"message\":{{\"text\":\
             \"#5 /pkg.Service/Method response:payload.data: private key\"}},\"locations\":[{{\"physicalLocation\":\
             {{\"artifactLocation\":{{\"uri\":\"calls.replay\"}},\"region\":{{\"byteOffset\":1234}}}},\
             \"logicalLocations\":[{{\"name\":\"response:payload.data\",\"fullyQualifiedName\":\
             \"#5 /pkg.Service/Method response:payload.data\",\"kind\":\"member\"}}]}}],\
             \"partialFingerprints\":{{\"rpcreplay/v1\":\"FINGERPRINT\"}}}}\n],\
             \"invocations\":[{{\"executionSuccessful\":true}}]}}]}}\n",
            env!("CARGO_PKG_VERSION")
        );
        let log = written(FindingsFormat::Sarif, rules(), &[finding()]);
        assert_eq!(log, expected.replace("FINGERPRINT", &fingerprint(&finding(), "calls.replay")));
    }

    #[test]
    fn a_run_that_found_nothing_says_so() {
        assert_eq!(parsed(&[])["runs"][0]["results"], json!([]));
    }

    #[test]
    fn locations_are_what_is_known() {
        let with_line = Finding { line: Some(17), place: None, severity: Severity::Warning, ..finding() };
        let with_line = result(with_line);
        assert_eq!(with_line["locations"][0]["physicalLocation"]["region"], json!({"startLine": 17}));
        let method = "/pkg.Service/Method";
        let expected = json!([{"name": method, "fullyQualifiedName": format!("#5 {method}"), "kind": "function"}]);
        assert_eq!(with_line["locations"][0]["logicalLocations"], expected);
        let entry = result(Finding { place: None, method: None, severity: Severity::Warning, ..finding() });
        let expected = json!([{"name": "#5", "fullyQualifiedName": "#5", "kind": "entry"}]);
        assert_eq!(entry["locations"][0]["logicalLocations"], expected);
        let file = Finding { entry: None, offset: None, method: None, place: None, ..finding() };
        let expected = json!([{"physicalLocation": {"artifactLocation": {"uri": "calls.replay"}}}]);
        assert_eq!(result(file)["locations"], expected);
    }

    #[test]
    fn a_rule_that_is_not_listed_has_no_index() {
        let unlisted = result(Finding { rule: "unlisted".to_owned(), ..finding() });
        assert_eq!((&unlisted["ruleId"], unlisted.get("ruleIndex")), (&json!("unlisted"), None));
    }

    #[test]
    fn every_string_reads_as_it_was() {
        for &text in HOSTILE {
            let result = result(hostile(text));
            let logical = &result["locations"][0]["logicalLocations"][0];
            assert_eq!((&result["ruleId"], &logical["name"]), (&json!(text), &json!(text)));
            assert_eq!(logical["fullyQualifiedName"], format!("#5 {text} {text}"));
        }
    }

    #[test]
    fn texts_have_no_placeholders_and_no_links() {
        let cases = [
            ("plain", "plain"),
            ("{0} }", "{{0}} }}"),
            ("[a](1) [b\\](2) [c\\\\](3)", "[a] (1) [b\\] (2) [c\\\\] (3)"),
            ("a[\"b\"]", "a[\"b\"]"),
        ];
        for (text, expected) in cases {
            let file = Finding { entry: None, method: None, place: None, message: text.to_owned(), ..finding() };
            assert_eq!(result(file)["message"], json!({"text": expected}));
        }
    }

    #[test]
    fn no_terminal_obeys_it() {
        let found: Vec<_> = HOSTILE.iter().map(|text| hostile(text)).collect();
        assert!(is_harmless(written(FindingsFormat::Sarif, rules(), &found).as_bytes()));
    }

    #[test]
    fn a_path_becomes_a_uri() {
        let cases = [
            ("calls.replay", false, "calls.replay"),
            ("./a//b/./c", false, "a/b/c"),
            ("../a", false, "../a"),
            ("/tmp/a b", false, "file:///tmp/a%20b"),
            ("//tmp/a", false, "file:///tmp/a"),
            // A colon would make what comes before it a scheme.
            ("a:b,c", false, "a%3Ab%2Cc"),
            ("100%?#[]", false, "100%25%3F%23%5B%5D"),
            ("é\n\\", false, "%C3%A9%0A%5C"),
            ("standard input", false, "standard%20input"),
            ("a\\b.replay", true, "a/b.replay"),
            ("C:\\a b\\c", true, "file:///C:/a%20b/c"),
            ("C:/a", false, "C%3A/a"),
            ("\\\\server\\share\\a", true, "file://server/share/a"),
        ];
        for (path, is_windows, expected) in cases {
            assert_eq!(uri(path, is_windows), expected, "{path}");
        }
    }

    #[test]
    fn fingerprints_tell_findings_apart_and_stay() {
        let of = |finding: &Finding| fingerprint(finding, &uri(&finding.file, false));
        let first = of(&finding());
        // Whoever changes how it is made changes its name, too: `rpcreplay/v1` stays comparable.
        assert_eq!(first, "102c14c773d7b791");
        let same = Finding { file: "./calls.replay".to_owned(), message: "other words".to_owned(), ..finding() };
        assert_eq!(of(&same), first);
        let others = [
            Finding { file: "other".to_owned(), ..finding() },
            Finding { rule: "jwt".to_owned(), ..finding() },
            Finding { place: None, ..finding() },
            Finding { entry: Some(6), ..finding() },
            Finding { rule: "private-keyr".to_owned(), place: Some("esponse:payload.data".to_owned()), ..finding() },
        ];
        for other in others {
            assert_ne!(of(&other), first, "{other:?}");
        }
    }
}
