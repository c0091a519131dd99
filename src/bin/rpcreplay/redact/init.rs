//! `rpcreplay redact --init`: rules to begin with, for what is found in recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex::bytes::Regex;

use rpcreplay::detect::{Own, known};
use rpcreplay::redact::{Action, Cause, Done, Redactor, Rule, Rules, RulesBuilder, Values};
use rpcreplay::schema::Schema;

use super::Redact;
use super::run::{Learnt, Made, each_redacted};
use crate::failure::{Failure, Outcome, Trouble, note, report};
use crate::folders::{Recognized, recordings};
use crate::output::{Output, escape_controls};
use crate::source::Source;

/// Fields, and keys of metadata, whose names say that they hold secrets.
const TELLING: [&str; 15] = [
    "**.*password*",
    "**.*passphrase*",
    "**.*credential*",
    "**.*private_key*",
    "**.*api_key*",
    "**.access_token",
    "**.id_token",
    "**.refresh_token",
    "**.client_secret",
    "**.plaintext",
    "google.cloud.secretmanager.v*.SecretPayload.data",
    "metadata:authorization",
    "metadata:cookie",
    "metadata:*token*",
    "metadata:*api-key*",
];

/// The name of the detector of ids of projects, and what it finds: they are no secrets, and often nobody else's business.
const PROJECT: &str = "project-id";
const PROJECT_PATTERN: &str = "projects/([a-z][a-z0-9-]{4,28}[a-z0-9])";

/// How many methods are named.
const NAMED_METHODS: usize = 3;

/// What was found in recordings.
#[derive(Debug, Default)]
struct Findings {
    recordings: u64,
    /// By detector: how many, and in how many recordings.
    detected: BTreeMap<String, (u64, u64)>,
    /// By selector: how many, and in calls of which methods.
    telling: BTreeMap<String, (u64, BTreeSet<String>)>,
    marked: u64,
    uninspected: BTreeSet<String>,
}

impl Redact {
    /// Writes rules for what is found.
    pub(super) fn write_rules(&self) -> Result<Outcome, Failure> {
        let sources = self.types.load()?.for_good();
        let rules = sought()?;
        let mut findings = Findings::default();
        let mut outcome = Outcome::Fine;
        for recording in recordings(&self.paths, Recognized::ByContent)? {
            match self.search(&rules, &recording.path, &sources.schema, &mut findings) {
                Ok(()) => findings.recordings += 1,
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                Err(Failure::Trouble(trouble)) => {
                    report(&trouble);
                    outcome = Outcome::Reported;
                }
            }
        }
        if findings.recordings == 0 {
            return Ok(outcome);
        }
        let mut text = findings.rules().into_bytes();
        escape_controls(&mut text);
        match self.outputs.output.as_deref().filter(|path| path.as_os_str() != "-") {
            None => {
                let mut output = Output::new();
                output.write(&text)?;
                output.flush()?;
            }
            Some(path) => {
                if path.exists() {
                    return Err(Trouble::new(&path.display().to_string(), "is there already")
                        .with_hint("name another file, or add what `rpcreplay redact --init` writes to standard output")
                        .into());
                }
                write_new(path, &text)?;
            }
        }
        sources.advise(&[]);
        Ok(outcome)
    }

    fn search(&self, rules: &Rules, path: &Path, schema: &Schema, findings: &mut Findings) -> Result<(), Failure> {
        let mut source = Source::new(path);
        let name = source.name();
        let replacements = rules
            .replacements(Values::default(), Done::default())
            .map_err(|error| Trouble::plain(error.to_string()))?;
        let reader = source.reader(schema, self.limit.options())?;
        let learnt = Learnt::nothing(replacements);
        let mut redactor = Redactor::new(rules, schema, &learnt.replacements);
        let (_, of_initial) = redactor.redact_initial(&reader.header().initial).unwrap_or_default();
        let mut detected: BTreeMap<usize, u64> = BTreeMap::new();
        let mut add = |method: &str, changes: &[rpcreplay::redact::Change]| {
            for change in changes {
                match change.cause {
                    Cause::Detected(detector) => *detected.entry(detector).or_default() += 1,
                    Cause::Selected if rules.rules()[change.rule].debug_redact => findings.marked += 1,
                    Cause::Selected => {
                        let (count, methods) = findings.telling.entry(general(&change.place)).or_default();
                        *count += 1;
                        methods.insert(method.to_owned());
                    }
                    Cause::Copied => {}
                }
            }
        };
        add("", &of_initial);
        let mut uninspected = BTreeSet::new();
        let made = Made::new(schema, &reader, None);
        each_redacted(rules, (reader, made), &name, (&mut redactor, &learnt), |_, method, redacted| {
            add(method, &redacted.changes);
            uninspected.extend(redacted.uninspected.iter().map(|uninspected| uninspected.type_name.clone()));
            Ok(())
        })?;
        findings.uninspected.extend(uninspected);
        for (detector, count) in detected {
            let name = rules.detectors().names().nth(detector).unwrap_or_default();
            let (all, recordings) = findings.detected.entry(name.to_owned()).or_default();
            (*all, *recordings) = (*all + count, *recordings + 1);
        }
        Ok(())
    }
}

fn write_new(path: &Path, text: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Trouble::new(&path.display().to_string(), error))?;
    note("rpcreplay: ", &format!("{} written", path.display()));
    Ok(())
}

/// What is looked for. Everything may be passed on: nothing is written.
fn sought() -> Result<Rules, Trouble> {
    let no_copies = |rule: Rule| Rule { propagate: false, ..rule };
    let hidden = Action::Replace("REDACTED".to_owned());
    let mut rules = Vec::new();
    for selector in TELLING {
        let selector = selector.parse().map_err(|error| Trouble::new(selector, error))?;
        rules.push(no_copies(Rule { select: vec![selector], ..Rule::new("", Action::Clear) }));
    }
    rules.push(no_copies(Rule { debug_redact: true, ..Rule::new("", Action::Clear) }));
    let detect = known().iter().map(|known| known.name.to_owned()).collect();
    rules.push(no_copies(Rule { detect, ..Rule::new("", hidden.clone()) }));
    rules.push(no_copies(Rule { detect: vec![PROJECT.to_owned()], ..Rule::new("", hidden) }));
    let pattern = Regex::new(PROJECT_PATTERN).map_err(|error| Trouble::plain(error.to_string()))?;
    let detectors = vec![Own { name: PROJECT.to_owned(), pattern }];
    let uninspected = vec!["*".parse().map_err(|error| Trouble::new("*", error))?];
    let builder = RulesBuilder { rules, detectors, uninspected, ..RulesBuilder::default() };
    builder.build().map_err(|fault| Trouble::plain(fault.to_string()))
}

/// A selector without the numbers of elements and the keys of maps, which may say something themselves.
pub fn general(place: &str) -> String {
    let (mut general, mut rest) = (String::new(), place);
    while let Some(open) = rest.find('[') {
        general.push_str(&rest[..open]);
        let inside = &rest[open + 1..];
        let mut is_quoted = false;
        let mut is_escaped = false;
        let close = inside.find(|character| match character {
            _ if is_escaped => {
                is_escaped = false;
                false
            }
            '\\' => {
                is_escaped = true;
                false
            }
            '"' => {
                is_quoted = !is_quoted;
                false
            }
            ']' => !is_quoted,
            _ => false,
        });
        let Some(close) = close else { return general };
        let step = &inside[..close];
        // An extension stays what it is called.
        let is_name = step.contains('.') && !step.starts_with('"');
        general.push_str(&if is_name { format!("[{step}]") } else { "[*]".to_owned() });
        rest = &inside[close + 1..];
    }
    general + rest
}

impl Findings {
    /// The rules, as they may stand in a file.
    fn rules(&self) -> String {
        let plural = if self.recordings == 1 { "recording" } else { "recordings" };
        let mut out = format!(
            "# What `rpcreplay redact` takes out of recordings, to begin with: made from {} {plural}.\n\
             # Keep it in rpcreplay.toml, or in a file that --rules names. `rpcreplay redact --dry-run` shows what it does,\n\
             # `rpcreplay redact --check` fails where something is left.\n\
             #\n\
             # An action is clear, drop, replace:TEXT, mask:N, pseudonym, pseudonym:same-length or shift. With pseudonym, different\n\
             # values stay different; it needs a key in the environment, RPCREPLAY_KEY, that is the same for everybody. Of several rules\n\
             # for a value the first counts.\n",
            self.recordings
        );
        if let Some((count, recordings)) = self.detected.get(PROJECT) {
            let times = if *count == 1 { "once" } else { &format!("{count} times") };
            out.push_str(&format!(
                "\n# Ids of projects, found {times} in {recordings} of {}: no secrets, but perhaps nobody else's business.\n\
                 # [[detector]]\n# name = \"{PROJECT}\"\n# pattern = '{PROJECT_PATTERN}'\n#\n\
                 # [[redact]]\n# name = \"projects\"\n# detect = \"{PROJECT}\"\n# action = \"pseudonym\"\n",
                self.recordings
            ));
        }
        self.put_detected(&mut out);
        if !self.telling.is_empty() {
            out.push_str("\n# Fields whose names say that they hold secrets.\n[[redact]]\nname = \"secret fields\"\nselect = [\n");
            for (selector, (count, methods)) in &self.telling {
                let named: Vec<_> =
                    methods.iter().take(NAMED_METHODS).map(|method| method.escape_debug().to_string()).collect();
                let more = if methods.len() > NAMED_METHODS { ", …" } else { "" };
                let times = if *count == 1 { "once" } else { &format!("{count} times") };
                let line = format!("  {},  # {times}, {}{more}\n", quoted(selector), named.join(", "));
                out.push_str(&line);
            }
            out.push_str("]\naction = \"replace:REDACTED\"\n");
        }
        if self.marked > 0 {
            let times = if self.marked == 1 { "once" } else { &format!("{} times", self.marked) };
            out.push_str(&format!(
                "\n# Fields that their authors marked as sensitive, found {times}.\n[[redact]]\nname = \"debug_redact\"\ndebug-redact = true\naction = \"clear\"\n"
            ));
        }
        for type_name in &self.uninspected {
            out.push_str(&format!(
                "\n# Messages of type {} can't be looked into. Name what defines it in [schema], or pass them on with\n# --allow-uninspected.\n",
                quoted(type_name)
            ));
        }
        out
    }

    fn put_detected(&self, out: &mut String) {
        let secrets: Vec<_> = self.detected.iter().filter(|(name, _)| *name != PROJECT).collect();
        if secrets.is_empty() {
            out.push_str(
                "\n# Detectors found nothing; these look for secrets that may come with the next recording.\n",
            );
        } else {
            out.push_str("\n# Detectors found:\n");
            for (name, (count, recordings)) in &secrets {
                let what = known().iter().find(|known| known.name == **name).map_or("", |known| known.what);
                let times = if *count == 1 { "once" } else { &format!("{count} times") };
                out.push_str(&format!("#   {name}: {times} in {recordings} of {}: {what}\n", self.recordings));
            }
        }
        out.push_str(
            "[[redact]]\nname = \"detected\"\ndetect = \"all\"\n# allow = [\"team@example.com\", \"~@example\\\\.com$\"]\naction = \"replace:REDACTED\"\n",
        );
    }
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    if !text.contains('\'') && !text.chars().any(char::is_control) {
        return format!("'{text}'");
    }
    let escaped: String = text
        .chars()
        .map(|character| match character {
            '"' | '\\' => format!("\\{character}"),
            character if character.is_control() => format!("\\u{:04x}", u32::from(character)),
            character => character.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_become_general() {
        for (place, expected) in [
            ("response:items[3].name", "response:items[*].name"),
            ("request:labels[\"a]\\\"b\"].x", "request:labels[*].x"),
            ("status:details[0](google.rpc.DebugInfo).detail", "status:details[*](google.rpc.DebugInfo).detail"),
            ("response:[acme.v1.note].x", "response:[acme.v1.note].x"),
            ("response:labels[\"a", "response:labels"),
        ] {
            assert_eq!(general(place), expected);
        }
    }
}
