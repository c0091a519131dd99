//! Findings in recordings, and the formats that they are written in: [`Findings`].
//!
//! What is looked for, and what it means for the exit code, the commands know.

mod github;
mod json;
mod junit;
mod sarif;
#[cfg(test)]
mod testing;
mod text;

use std::fmt;

use clap::ValueEnum;

pub use rpcreplay::check::Severity;

use github::GithubView;
use json::JsonView;
use junit::JunitView;
use sarif::SarifView;
use text::TextView;

/// A format of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    /// A line for each, as compilers write them, and how many there are
    Text,
    /// One JSON document
    Json,
    /// Commands for GitHub Actions, which shows them beside the files
    Github,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// JUnit XML, for CI systems that show tests: each recording is one
    Junit,
}

/// What a rule is about, for the formats that list rules.
#[derive(Debug, Clone)]
pub struct RuleInfo {
    /// The name that findings refer to.
    pub id: String,
    /// What it finds, in one sentence.
    pub summary: String,
    /// What can be done about it.
    pub help: Option<String>,
}

/// Something in a recording that somebody should look at.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The path of the recording as the user named it.
    pub file: String,
    /// The number of the entry, from 1; `None` for the file as a whole or its initial state.
    pub entry: Option<u64>,
    /// Where the entry's record begins, in bytes of the decompressed file.
    pub offset: Option<u64>,
    /// The line of the entry, from 1, in formats that have lines.
    pub line: Option<u64>,
    /// The number of the first entry of the call.
    pub call: Option<u64>,
    /// The full method of the call, such as `/pkg.Service/Method`.
    pub method: Option<String>,
    /// The selector of the field, such as `response:payload.data`.
    pub place: Option<String>,
    /// The `id` of a [`RuleInfo`].
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found: one line without a full stop, and without a value out of the recording.
    pub message: String,
    /// Of what is told once in a recording, however many entries have it: what it is about.
    pub about: Option<String>,
}

impl Finding {
    /// Where in the file it is, as far as that is known: `#6 of call #5 /pkg.Service/Method response:payload.data`.
    fn location(&self) -> Option<String> {
        let entry = self.entry.map(|number| format!("#{number}{}", self.of_call()));
        let parts: Vec<_> =
            [entry.as_deref(), self.method.as_deref(), self.place.as_deref()].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// Which call it belongs to, if another entry begins it.
    fn of_call(&self) -> String {
        let call = self.call.filter(|call| self.entry != Some(*call));
        call.map(|call| format!(" of call #{call}")).unwrap_or_default()
    }

    /// Where it is and what it is, for formats that show the one only together with the other.
    fn sentence(&self) -> String {
        let join = |location: String| format!("{}: {}", location.trim_end_matches(':'), self.message);
        self.location().map_or_else(|| self.message.clone(), join)
    }
}

/// How many findings there were.
#[derive(Debug, Default)]
struct Counts {
    errors: u64,
    warnings: u64,
    /// In how many files.
    files: u64,
    /// How many files were looked at.
    recordings: u64,
    /// How many of them could not be looked at to their end.
    failed: u64,
}

impl Counts {
    /// How much was found: `2 errors, 1 warning`.
    fn found(&self) -> String {
        let found = [(self.errors, "error"), (self.warnings, "warning")];
        let found: Vec<_> =
            found.into_iter().filter(|&(count, _)| count > 0).map(|(count, word)| several(count, word)).collect();
        if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_found = self.files > 0;
        let looked_at = if is_found { self.recordings } else { self.recordings - self.failed };
        let of = if is_found && self.files < looked_at { format!("{} of ", self.files) } else { String::new() };
        if looked_at > 0 || self.failed == 0 {
            write!(f, "{} in {of}{}", self.found(), several(looked_at, "recording"))?;
        }
        match (self.failed, looked_at) {
            (0, _) => Ok(()),
            (failed, 0) => write!(f, "{} could not be checked", several(failed, "recording")),
            (failed, _) => write!(f, "; {failed} could not be checked"),
        }
    }
}

fn several(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// A way to write findings, each as soon as it is found.
trait View: Send {
    /// A recording is looked at, whose findings follow.
    fn begin(&mut self, _file: &str) {}

    /// It could not be looked at to its end.
    fn fail(&mut self, _message: &str) {}

    /// Appends a finding, and in front of the first one what the document begins with.
    fn show(&mut self, finding: &Finding, out: &mut Vec<u8>);

    /// Appends what the document ends with, and what it begins with if there was no finding.
    fn finish(&mut self, counts: &Counts, out: &mut Vec<u8>);
}

/// Writes findings in a format.
///
/// It gives the bytes of each finding back at once and keeps only the rules and counts; but for JUnit, which wants counts before everything
/// else.
pub struct Findings {
    view: Box<dyn View>,
    counts: Counts,
    /// Whether something was found in the recording that is being looked at.
    is_found: bool,
}

impl Findings {
    /// Nothing was found yet. `rules` are those that may find something, `fails_on` what a recording fails for; `colors` counts for text alone.
    pub fn new(format: FindingsFormat, rules: Vec<RuleInfo>, fails_on: Severity, colors: bool) -> Self {
        let view: Box<dyn View> = match format {
            FindingsFormat::Text => Box::new(TextView::new(colors)),
            FindingsFormat::Json => Box::new(JsonView::new(rules)),
            FindingsFormat::Github => Box::new(GithubView),
            FindingsFormat::Sarif => Box::new(SarifView::new(rules)),
            FindingsFormat::Junit => Box::new(JunitView::new(fails_on)),
        };
        Findings { view, counts: Counts::default(), is_found: false }
    }

    /// A recording is looked at, whose findings follow.
    pub fn begin(&mut self, file: &str) {
        self.counts.recordings += 1;
        self.is_found = false;
        self.view.begin(file);
    }

    /// It could not be looked at to its end.
    pub fn fail(&mut self, message: &str) {
        self.counts.failed += 1;
        self.view.fail(message);
    }

    /// Appends to `out` what is to be written to standard output for a finding.
    pub fn add(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        match finding.severity {
            Severity::Error => self.counts.errors += 1,
            Severity::Warning => self.counts.warnings += 1,
        }
        self.counts.files += u64::from(!std::mem::replace(&mut self.is_found, true));
        self.view.show(finding, out);
    }

    /// Appends to `out` what is to be written behind the last finding.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.view.finish(&self.counts, out);
    }
}

#[cfg(test)]
mod tests {
    use super::testing::finding;
    use super::*;

    #[test]
    fn counts_what_there_is() {
        let cases = [
            ((1, 0, 1, 1, 0), "1 error in 1 recording"),
            ((2, 1, 3, 5, 0), "2 errors, 1 warning in 3 of 5 recordings"),
            ((0, 2, 2, 2, 0), "2 warnings in 2 recordings"),
            ((0, 0, 0, 66, 0), "nothing found in 66 recordings"),
            ((0, 0, 0, 3, 1), "nothing found in 2 recordings; 1 could not be checked"),
            ((1, 0, 1, 3, 1), "1 error in 1 of 3 recordings; 1 could not be checked"),
            ((0, 0, 0, 1, 1), "1 recording could not be checked"),
        ];
        for ((errors, warnings, files, recordings, failed), words) in cases {
            assert_eq!(Counts { errors, warnings, files, recordings, failed }.to_string(), words);
        }
    }

    #[test]
    fn a_location_is_what_is_known_of_it() {
        let whole = finding();
        assert_eq!(whole.location().as_deref(), Some("#5 /pkg.Service/Method response:payload.data"));
        assert_eq!(whole.sentence(), "#5 /pkg.Service/Method response:payload.data: private key");
        let later = Finding { entry: Some(6), call: Some(5), place: None, ..finding() };
        assert_eq!(later.location().as_deref(), Some("#6 of call #5 /pkg.Service/Method"));
        assert_eq!(Finding { call: Some(5), ..finding() }.location(), whole.location());
        let initial = Finding { entry: None, method: None, place: Some("initial:name".to_owned()), ..finding() };
        assert_eq!(initial.location().as_deref(), Some("initial:name"));
        let file = Finding { place: None, ..initial };
        assert_eq!((file.location(), file.sentence()), (None, "private key".to_owned()));
    }

    #[test]
    fn recordings_are_counted_once() {
        let mut findings = Findings::new(FindingsFormat::Text, Vec::new(), Severity::Error, false);
        let mut out = Vec::new();
        for file in ["a", "b", "c"] {
            findings.begin(file);
            for _ in 0..if file == "b" { 0 } else { 2 } {
                findings.add(&Finding { file: file.to_owned(), ..finding() }, &mut out);
            }
        }
        findings.finish(&mut out);
        assert!(out.ends_with(b"\n4 errors in 2 of 3 recordings\n"), "{}", out.escape_ascii());
    }
}
