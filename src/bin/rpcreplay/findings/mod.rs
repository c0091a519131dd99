//! Findings in recordings, and the formats that they are written in: [`Findings`].
//!
//! What is looked for, and what it means for the exit code, the commands know.

mod github;
mod json;
mod sarif;
#[cfg(test)]
mod testing;
mod text;

use std::collections::HashSet;
use std::fmt;

use clap::ValueEnum;

use github::GithubView;
use json::JsonView;
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
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something is wrong.
    Error,
    /// Something is probably wrong.
    Warning,
}

impl Severity {
    /// The word that text, JSON and SARIF have for it.
    fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
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
    /// The full method of the call, such as `/pkg.Service/Method`.
    pub call: Option<String>,
    /// The selector of the field, such as `response:payload.data`.
    pub place: Option<String>,
    /// The `id` of a [`RuleInfo`].
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found: one line without a full stop, and without a value out of the recording.
    pub message: String,
}

impl Finding {
    /// Where in the file it is, as far as that is known: `#5 /pkg.Service/Method response:payload.data`.
    fn location(&self) -> Option<String> {
        let entry = self.entry.map(|number| format!("#{number}"));
        let parts: Vec<_> =
            [entry.as_deref(), self.call.as_deref(), self.place.as_deref()].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// Where it is and what it is, for formats that show the one only together with the other.
    fn sentence(&self) -> String {
        self.location().map_or_else(|| self.message.clone(), |location| format!("{location}: {}", self.message))
    }
}

/// How many findings there were.
#[derive(Debug, Default)]
struct Counts {
    errors: u64,
    warnings: u64,
    /// In how many files.
    files: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { errors, warnings, files } = *self;
        let several = |count, word| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
        let found = [(errors, "error"), (warnings, "warning")];
        let found: Vec<_> =
            found.into_iter().filter(|&(count, _)| count > 0).map(|(count, word)| several(count, word)).collect();
        write!(f, "{} in {}", found.join(", "), several(files, "file"))
    }
}

/// A way to write findings, each as soon as it is found.
trait View: Send {
    /// Appends a finding, and in front of the first one what the document begins with.
    fn show(&mut self, finding: &Finding, out: &mut Vec<u8>);

    /// Appends what the document ends with, and what it begins with if there was no finding.
    fn finish(&mut self, counts: &Counts, out: &mut Vec<u8>);
}

/// Writes findings in a format.
///
/// It gives the bytes of each finding back at once and keeps only the rules, the names of files and counts, so that a
/// million findings take no memory.
pub struct Findings {
    view: Box<dyn View>,
    counts: Counts,
    files: HashSet<String>,
}

impl Findings {
    /// Nothing was found yet. `rules` are those that may find something; `colors` counts for text alone.
    pub fn new(format: FindingsFormat, rules: Vec<RuleInfo>, colors: bool) -> Self {
        let view: Box<dyn View> = match format {
            FindingsFormat::Text => Box::new(TextView::new(colors)),
            FindingsFormat::Json => Box::new(JsonView::new(rules)),
            FindingsFormat::Github => Box::new(GithubView),
            FindingsFormat::Sarif => Box::new(SarifView::new(rules)),
        };
        Findings { view, counts: Counts::default(), files: HashSet::new() }
    }

    /// Appends to `out` what is to be written to standard output for a finding.
    pub fn add(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        match finding.severity {
            Severity::Error => self.counts.errors += 1,
            Severity::Warning => self.counts.warnings += 1,
        }
        if !self.files.contains(&finding.file) {
            self.files.insert(finding.file.clone());
            self.counts.files += 1;
        }
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
            ((1, 0, 1), "1 error in 1 file"),
            ((2, 1, 3), "2 errors, 1 warning in 3 files"),
            ((0, 2, 1), "2 warnings in 1 file"),
        ];
        for ((errors, warnings, files), words) in cases {
            assert_eq!(Counts { errors, warnings, files }.to_string(), words);
        }
    }

    #[test]
    fn a_location_is_what_is_known_of_it() {
        let whole = finding();
        assert_eq!(whole.location().as_deref(), Some("#5 /pkg.Service/Method response:payload.data"));
        assert_eq!(whole.sentence(), "#5 /pkg.Service/Method response:payload.data: private key");
        let initial = Finding { entry: None, call: None, place: Some("initial:name".to_owned()), ..finding() };
        assert_eq!(initial.location().as_deref(), Some("initial:name"));
        let file = Finding { place: None, ..initial };
        assert_eq!((file.location(), file.sentence()), (None, "private key".to_owned()));
    }

    #[test]
    fn files_are_counted_once_in_any_order() {
        let mut findings = Findings::new(FindingsFormat::Text, Vec::new(), false);
        let mut out = Vec::new();
        for file in ["a", "b", "a"] {
            findings.add(&Finding { file: file.to_owned(), ..finding() }, &mut out);
        }
        findings.finish(&mut out);
        assert!(out.ends_with(b"\n3 errors in 2 files\n"), "{}", out.escape_ascii());
    }
}
