//! `rpcreplay redact --check`: what is left to be redacted.

use std::io::IsTerminal;

use rpcreplay::detect::known;
use rpcreplay::entry::{Entry, Kind};
use rpcreplay::redact::{Action, Cause, Change, Redactor, Rules, Uninspected, ValueKind};

use super::Redact;
use super::map::Map;
use super::report::tell_unmet;
use super::run::{Learnt, Made, Redaction, each_redacted, refused};
use crate::args::ColorWhen;
use crate::failure::{Failure, Outcome, Trouble, name_of, report};
use crate::findings::{Finding, Findings, RuleInfo, Severity};
use crate::folders::Recording;
use crate::output::Output;
use crate::source::Source;

impl Redact {
    /// Writes what is left, and says whether there is something.
    pub(super) fn check(
        &self,
        redaction: &Redaction<'_>,
        recordings: &[Recording],
        map: Option<Map>,
    ) -> Result<Outcome, Failure> {
        if map.is_none() {
            refuse_unrecognisable(redaction.rules)?;
        }
        let mut output = Output::new();
        let colors = ColorWhen::Auto.colors() && std::io::stdout().is_terminal();
        let mut findings = Findings::new(self.format, rule_infos(redaction.rules), Severity::Error, colors);
        let (mut outcome, mut is_left) = (Outcome::Fine, false);
        let mut met = vec![false; redaction.rules.rules().len()];
        for recording in recordings {
            findings.begin(&name_of(&recording.path));
            let told = (&mut findings, &mut met[..], &mut is_left);
            match self.check_one(redaction, recording, map.as_ref(), told, &mut output) {
                Ok(()) => {}
                Err(Failure::BrokenPipe) if is_left => return Ok(Outcome::Found),
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                Err(Failure::Trouble(trouble)) => {
                    output.flush()?;
                    findings.fail(&trouble.message);
                    report(&trouble);
                    outcome = Outcome::Reported;
                }
            }
        }
        let mut end = Vec::new();
        findings.finish(&mut end);
        output.write(&end)?;
        output.flush()?;
        if outcome == Outcome::Reported {
            return Ok(outcome);
        }
        tell_unmet(redaction.rules, &met, redaction.schema);
        Ok(if is_left { Outcome::Found } else { Outcome::Fine })
    }

    /// Checks a recording, and notes whether something is left.
    fn check_one(
        &self,
        redaction: &Redaction<'_>,
        recording: &Recording,
        map: Option<&Map>,
        (findings, met, is_left): (&mut Findings, &mut [bool], &mut bool),
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut source = Source::new(&recording.path);
        let name = source.name();
        let rules = redaction.rules;
        let earlier = map.map(|map| &*map.earlier);
        let learnt = self.learn(redaction, &mut source, &recording.path, earlier)?;
        // With the originals at hand none may be left, not even a part of something else.
        let replacements = if map.is_some() { learnt.replacements.anywhere() } else { learnt.replacements };
        let learnt = Learnt { replacements, ..learnt };
        let reader = source.reader(redaction.schema, self.limit.options())?.keeping_text();
        let mut redactor = Redactor::new(rules, redaction.schema, &learnt.replacements);
        let initial = redactor.redact_initial(&reader.header().initial);
        let (_, changes) = initial.map_err(|refusal| refused(rules, &name, None, &refusal))?;
        let mut tell = |entry: Option<(&Entry, &str)>, changes: &[Change], passed_on: &[Uninspected]| {
            let mut bytes = Vec::new();
            for uninspected in passed_on {
                findings.add(&passed_on_finding(&name, entry, uninspected), &mut bytes);
            }
            for change in changes {
                *is_left = true;
                let is_number = change.kind == ValueKind::Number
                    && matches!(rules.rules()[change.rule].action, Action::Pseudonym(_));
                if is_number && map.is_none() {
                    return Err(needs_map(&rules.rules()[change.rule].name, "pseudonym of a number or enum").into());
                }
                findings.add(&finding(rules, &name, entry, change), &mut bytes);
            }
            output.write(&bytes)
        };
        tell(None, &changes, &[])?;
        let made = Made::new(redaction.schema, &reader, earlier);
        each_redacted(rules, (reader, made), &name, (&mut redactor, &learnt), |entry, method, redacted| {
            tell(Some((entry, method)), &redacted.changes, &redacted.uninspected)
        })?;
        met.iter_mut().zip(learnt.met(&redactor)).for_each(|(all, met)| *all |= met);
        Ok(())
    }
}

/// Refuses rules whose values can't be told from values that were never redacted.
fn refuse_unrecognisable(rules: &Rules) -> Result<(), Trouble> {
    match rules.rules().iter().find(|rule| !rule.action.is_recognisable()) {
        Some(rule) => Err(needs_map(&rule.name, &rule.action.to_string())),
        None => Ok(()),
    }
}

fn needs_map(rule: &str, action: &str) -> Trouble {
    Trouble::plain(format!(
        "rule `{rule}`: what `{action}` makes of values can't be told from values that were never redacted"
    ))
    .with_hint("name the map of the run that redacted them, with --map FILE")
}

/// The name by which findings of a change are known: that of the detector or of the rule.
fn rule_name(rules: &Rules, change: &Change) -> String {
    match change.cause {
        Cause::Detected(detector) => rules.detectors().names().nth(detector).unwrap_or_default().to_owned(),
        Cause::Selected | Cause::Copied => rules.rules()[change.rule].name.clone(),
    }
}

fn rule_infos(rules: &Rules) -> Vec<RuleInfo> {
    let help = Some("take it out with rpcreplay redact".to_owned());
    let of_rules = rules.rules().iter().map(|rule| RuleInfo {
        id: rule.name.clone(),
        summary: format!("a value that is to be redacted ({})", rule.action),
        help: help.clone(),
    });
    let of_detectors = rules.detectors().names().map(|name| RuleInfo {
        id: name.to_owned(),
        summary: known()
            .iter()
            .find(|known| known.name == name)
            .map_or_else(|| "what a pattern of the project finds".to_owned(), |known| known.what.to_owned()),
        help: help.clone(),
    });
    let uninspected = RuleInfo {
        id: UNINSPECTED.to_owned(),
        summary: "a message that nobody can look into, which is allowed".to_owned(),
        help: Some("name what defines its type, with --protoset, --proto or --go-binary".to_owned()),
    };
    let mut infos: Vec<RuleInfo> = Vec::new();
    for info in of_rules.chain(of_detectors).chain([uninspected]) {
        match infos.iter_mut().find(|other| other.id == info.id) {
            // A rule that is called as its detector is nothing else.
            Some(other) => *other = info,
            None => infos.push(info),
        }
    }
    infos
}

/// What findings of messages are known by that nobody looked into.
const UNINSPECTED: &str = "uninspected";

fn passed_on_finding(file: &str, entry: Option<(&Entry, &str)>, uninspected: &Uninspected) -> Finding {
    Finding {
        place: Some(uninspected.place.clone()),
        rule: UNINSPECTED.to_owned(),
        severity: Severity::Warning,
        message: format!("passed on without a look into it: {}", uninspected.why),
        ..finding_at(file, entry)
    }
}

fn finding(rules: &Rules, file: &str, entry: Option<(&Entry, &str)>, change: &Change) -> Finding {
    let what = match (change.cause, change.is_key) {
        (Cause::Selected, false) => "a value that is to be redacted",
        (Cause::Detected(_), false) => "a secret",
        (Cause::Copied, false) => "the copy of a value that is to be redacted",
        (Cause::Selected | Cause::Copied, true) => "the copy of a value that is to be redacted, in a key",
        (Cause::Detected(_), true) => "a secret, in a key",
    };
    let encoding = change.encoding.map(|encoding| format!(", {encoding}")).unwrap_or_default();
    Finding {
        place: Some(change.place.clone()),
        rule: rule_name(rules, change),
        message: format!("{what}{encoding}"),
        ..finding_at(file, entry)
    }
}

/// A finding in an entry of a call of this method, or in the initial state.
fn finding_at(file: &str, entry: Option<(&Entry, &str)>) -> Finding {
    Finding {
        file: file.to_owned(),
        entry: entry.map(|(entry, _)| entry.index().0),
        offset: entry.map(|(entry, _)| entry.offset()),
        line: entry.and_then(|(entry, _)| entry.line()),
        call: entry.and_then(|(entry, _)| call_of(entry)),
        method: entry.map(|(_, method)| method.to_owned()).filter(|method| !method.is_empty()),
        place: None,
        rule: String::new(),
        severity: Severity::Error,
        message: String::new(),
        about: None,
    }
}

/// The first entry of the call that an entry says it belongs to.
fn call_of(entry: &Entry) -> Option<u64> {
    match entry.kind() {
        Kind::Request | Kind::CreateStream => Some(entry.index().0),
        Kind::Response | Kind::Send | Kind::Recv => u64::try_from(entry.ref_index()).ok().filter(|first| *first > 0),
        Kind::Unspecified | Kind::Unknown(_) => None,
    }
}
