//! Findings as JUnit XML, which CI systems show as tests: [`JunitView`].
//!
//! Source: `junit-4.xsd` of Jenkins; there is no other definition that every reader of such files keeps to.

use rpcreplay::schema::escape_go;

use super::{Counts, Finding, Severity, View};

/// Shows every recording as a test, which fails if something was found that is bad enough:
///
/// ```text
/// <testsuites>
/// <testsuite name="rpcreplay" tests="2" failures="1" errors="0">
/// <testcase classname="rpcreplay" name="calls.replay">
/// <failure type="private-key" message="1 error">#5 /pkg.Service/Method response:payload.data: private key (private-key)
/// </failure>
/// </testcase>
/// <testcase classname="rpcreplay" name="other.replay"/>
/// </testsuite>
/// </testsuites>
/// ```
///
/// A recording that could not be read is a test with an error. What is not bad enough to fail stands in `system-out`. Several readers show the
/// first failure of a test alone, so there is one.
pub struct JunitView {
    fails_on: Severity,
    tests: Vec<Test>,
}

/// A recording, with text for the elements of its test.
struct Test {
    file: String,
    /// The rule that found the first of what fails it.
    rule: String,
    errors: u64,
    warnings: u64,
    failure: String,
    other: String,
    trouble: Option<String>,
}

impl JunitView {
    /// A view without a test.
    pub fn new(fails_on: Severity) -> Self {
        JunitView { fails_on, tests: Vec::new() }
    }
}

impl View for JunitView {
    fn begin(&mut self, file: &str) {
        self.tests.push(Test {
            file: file.to_owned(),
            rule: String::new(),
            errors: 0,
            warnings: 0,
            failure: String::new(),
            other: String::new(),
            trouble: None,
        });
    }

    fn fail(&mut self, message: &str) {
        if let Some(test) = self.tests.last_mut() {
            test.trouble = Some(message.to_owned());
        }
    }

    fn show(&mut self, finding: &Finding, _: &mut Vec<u8>) {
        let Some(test) = self.tests.last_mut() else { return };
        let line = format!("{}: {} ({})", finding.severity, finding.sentence(), finding.rule);
        if finding.severity < self.fails_on {
            test.other += &(escaped(&line) + "\n");
            return;
        }
        if test.failure.is_empty() {
            test.rule.clone_from(&finding.rule);
        }
        match finding.severity {
            Severity::Error => test.errors += 1,
            Severity::Warning => test.warnings += 1,
        }
        test.failure += &(escaped(&line) + "\n");
    }

    fn finish(&mut self, _: &Counts, out: &mut Vec<u8>) {
        let count = |is: fn(&Test) -> bool| self.tests.iter().filter(|test| is(test)).count();
        let (failures, errors) = (count(|test| !test.failure.is_empty()), count(|test| test.trouble.is_some()));
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
        text += &format!(
            "<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\">\n",
            env!("CARGO_PKG_NAME"),
            self.tests.len()
        );
        self.tests.iter().for_each(|test| test.put(&mut text));
        text += "</testsuite>\n</testsuites>\n";
        out.extend_from_slice(text.as_bytes());
    }
}

impl Test {
    fn put(&self, text: &mut String) {
        let name = escaped(&self.file);
        *text += &format!("<testcase classname=\"{}\" name=\"{name}\"", env!("CARGO_PKG_NAME"));
        if self.failure.is_empty() && self.other.is_empty() && self.trouble.is_none() {
            *text += "/>\n";
            return;
        }
        *text += ">\n";
        if let Some(trouble) = &self.trouble {
            *text += &format!("<error message=\"{}\"/>\n", escaped(trouble));
        }
        if !self.failure.is_empty() {
            let counts = Counts { errors: self.errors, warnings: self.warnings, ..Counts::default() };
            let (rule, message) = (escaped(&self.rule), counts.found());
            *text += &format!("<failure type=\"{rule}\" message=\"{message}\">{}</failure>\n", self.failure);
        }
        if !self.other.is_empty() {
            *text += &format!("<system-out>{}</system-out>\n", self.other);
        }
        *text += "</testcase>\n";
    }
}

/// A text as it may stand in an element or an attribute. What is not printable, of which XML allows little, is escaped as in other text.
fn escaped(text: &str) -> String {
    let mut plain = Vec::new();
    escape_go(&mut plain, text.as_bytes());
    let mut escaped = String::new();
    for character in String::from_utf8_lossy(&plain).chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::testing::{HOSTILE, finding, hostile, written};
    use super::super::{Findings, FindingsFormat};
    use super::*;
    use crate::output::is_harmless;

    #[test]
    fn every_recording_is_a_test() {
        let mut findings = Findings::new(FindingsFormat::Junit, Vec::new(), Severity::Error, false);
        let mut out = Vec::new();
        findings.begin("a<b>.replay");
        findings.add(&finding(), &mut out);
        findings.add(&Finding { severity: Severity::Warning, place: None, ..finding() }, &mut out);
        findings.begin("clean.replay");
        findings.begin("gone.replay");
        findings.fail("no such \"file\"");
        findings.finish(&mut out);
        let expected = "\
            <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuites>\n\
            <testsuite name=\"rpcreplay\" tests=\"3\" failures=\"1\" errors=\"1\">\n\
            <testcase classname=\"rpcreplay\" name=\"a&lt;b&gt;.replay\">\n\
            <failure type=\"private-key\" message=\"1 error\">\
            error: #5 /pkg.Service/Method response:payload.data: private key (private-key)\n\
            </failure>\n\
            <system-out>warning: #5 /pkg.Service/Method: private key (private-key)\n</system-out>\n\
            </testcase>\n\
            <testcase classname=\"rpcreplay\" name=\"clean.replay\"/>\n\
            <testcase classname=\"rpcreplay\" name=\"gone.replay\">\n\
            <error message=\"no such &quot;file&quot;\"/>\n\
            </testcase>\n\
            </testsuite>\n\
            </testsuites>\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn nothing_becomes_markup() {
        for text in HOSTILE {
            let written = written(FindingsFormat::Junit, Vec::new(), &[hostile(text)]);
            assert!(is_harmless(written.as_bytes()), "{written}");
            let tags: Vec<&str> =
                written.split('<').skip(1).filter_map(|tag| tag.split(['>', ' ', '/']).next()).collect();
            assert_eq!(tags, ["?xml", "testsuites", "testsuite", "testcase", "failure", "", "", "", ""], "{written}");
        }
    }
}
