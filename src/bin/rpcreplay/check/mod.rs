//! `rpcreplay check`: what is wrong with recordings, and what a careful reviewer would question.

mod baseline;
mod explain;
mod rules;
mod sorter;

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use rpcreplay::check::{self, Checker, Checks, Inspected, Inspector, Severity};
use rpcreplay::format::Decoder;
use rpcreplay::query::Unit;
use rpcreplay::schema::Schema;

use crate::args::{ColorWhen, Inputs, Limit, SchemaArgs, Selection, parse_threads};
use crate::batches::{Batches, passes};
use crate::course::Course;
use crate::evaluated::Evaluated;
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::findings::{Finding, Findings, FindingsFormat};
use crate::folders::Recognized;
use crate::ordered::{Ordered, Queue, on_threads};
use crate::output::Output;
use crate::progress::Progress;

use baseline::Baseline;
use rules::RuleArgs;
use sorter::{Part, Sorter};

/// Check recordings: will Go's replayer take them, and are they good ones?
///
/// Errors are what Go's replayer refuses, or panics on, with what it says, and what it takes without noticing that something is missing. Warnings are
/// what makes a recording worse than it could be: equal requests with different answers, calls that were tried again, streams
/// without an end, stack traces and secrets, and fields that nobody knows. Every rule has a name, by which --explain tells why it is there,
/// and --disable leaves it out.
///
/// A finding names the recording, the entry and its byte (of text, its line), its call, and the selector of the field. `print --index N` shows
/// the entry. What is JSON or compressed, which Go's replayer can't read, is judged by what it holds; bytes are those of the decompressed file.
///
/// The section `[check]` of rpcreplay.toml has settings: `disable`, `error` and `warning` name rules, of which `secrets` is every detector, and say
/// how bad what they find is; `fail-on` and `allow` are those of the flags; `transient` names the codes that may pass, for the rule retried-call
/// (if it is not there UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED and DEADLINE_EXCEEDED).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 nothing was found that is as bad as --fail-on, 1 something was, or the selection keeps nothing, 2 trouble.

Examples:
  rpcreplay check calls.replay
  rpcreplay check --format github --fail-on warning testdata/
  rpcreplay check --against gen/acme.binpb testdata/          with the message types of rpcreplay.toml
  rpcreplay check --format json testdata/ > known.json; rpcreplay check --baseline known.json testdata/
  rpcreplay check --explain different-answers")]
pub struct Check {
    /// Recordings to read, in any format, compressed or not, and folders, which stand for all recordings below them; `-` is standard input
    #[arg(value_name = "FILE|DIR", required_unless_present = "explain")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    limit: Limit,

    /// Work on this many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    rules: RuleArgs,

    /// Also look for what these descriptor sets do not have any more: types, fields and methods of the recordings (can be repeated)
    ///
    /// What the recordings hold is read with the message types of the other flags, as ever.
    #[arg(long, value_name = "PROTOSET", help_heading = "Rules")]
    against: Vec<PathBuf>,

    /// Leave out what was found before, as `--format json` wrote it to this file
    ///
    /// A finding is the same if file, rule, method and selector are, and of a secret how many there are in the place; of several that are the same as
    /// many are left out as there were. That one secret stands where another one stood can't be seen: the file holds no values.
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    baseline: Option<PathBuf>,

    /// Tell what a rule looks for, why, and what to do about it; without ID list all rules
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "", conflicts_with = "paths", help_heading = "Rules")]
    explain: Option<String>,

    /// Write findings in this format
    #[arg(long, value_enum, default_value_t = FindingsFormat::Text, help_heading = "Output")]
    format: FindingsFormat,

    /// Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: ColorWhen,

    #[command(flatten)]
    schema: SchemaArgs,

    #[command(flatten)]
    selection: Selection,
}

impl Check {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        if let Some(id) = &self.explain {
            let (checks, _) = self.rules.load(self.schema.project()?.as_ref())?;
            return explain::explain(id, checks, self.color);
        }
        let inputs = Inputs { paths: self.paths.clone(), limit: self.limit, threads: self.threads };
        let input = inputs.find("check", Recognized::ByContentOrName)?;
        let sources = self.schema.load()?.for_good();
        let schema = &sources.schema;
        let (checks, fails_on) = self.rules.load(sources.project())?;
        let against = self.descriptors_against()?;
        let mut baseline = self.baseline.as_deref().map(Baseline::read).transpose()?;
        let query = self.selection.query(schema)?;
        let output = Output::new();
        let colors = self.color.colors() && (self.color == ColorWhen::Always || io::stdout().is_terminal());
        let findings = Findings::new(self.format, rules::infos(&checks), fails_on, colors);

        let threads = input.threads();
        let progress = Progress::through(&input, passes(&query, Unit::Call), &output);
        let batches = Batches::new(&input, &query, Unit::Call, schema, progress.clone(), threads);
        let sorter = Ordered::new(Sorter::new(schema));
        let course = Course::new(output, progress);
        let evaluated = Evaluated::default();
        let (is_bad, kept_any, first_rule, checker) = (false, false, None, None);
        let baseline = baseline.as_mut();
        let checked = Queue::new(Checked {
            checks: &checks,
            schema,
            against: against.as_ref(),
            fails_on,
            course,
            findings,
            baseline,
            evaluated,
            is_bad,
            first_rule,
            kept_any,
            checker,
        });
        let stop = || {
            batches.close();
            sorter.close();
        };
        on_threads(threads, stop, |more| {
            let mut decoder = Decoder::new(schema).keeping_text();
            let mut inspector = Inspector::new(&checks, schema, against.as_ref());
            while let Some(mut batch) = batches.next() {
                if batch.may_have_more {
                    more();
                }
                let (number, bytes) = (batch.number, batch.bytes());
                let entries = batches.decode(&mut batch, &mut decoder);
                let Some(part) = sorter.with(number, |sorter| sorter.sort(batch, entries)) else { return };
                let initial = part.begins.as_ref().and_then(|begins| begins.as_ref().ok());
                let initial = initial.map(|(header, format)| inspector.inspect_initial(&header.initial, *format));
                let initial = initial.unwrap_or_default();
                let inspected = part.entries.iter().map(|(entry, _)| inspector.inspect(entry)).collect();
                checked.add(number, (part, initial, inspected, bytes), |checked, (part, initial, inspected, bytes)| {
                    checked.add(part, initial, inspected);
                    batches.give_back(bytes);
                });
            }
        });
        let outcome = checked.into_inner().finish(query.is_everything(), self.format);
        sources.advise(&[]);
        Ok(outcome)
    }

    /// What `--against` names.
    fn descriptors_against(&self) -> Result<Option<Schema>, Trouble> {
        if self.against.is_empty() {
            return Ok(None);
        }
        let mut builder = Schema::builder().builtin(false);
        for path in &self.against {
            let name = name_of(path);
            let bytes = std::fs::read(path).map_err(|error| Trouble::new(&name, error))?;
            builder = builder.protoset(&name, bytes)?;
        }
        Ok(Some(builder.build()))
    }
}

/// What was found so far, and how it is told.
struct Checked<'c> {
    checks: &'c Checks,
    schema: &'c Schema,
    against: Option<&'c Schema>,
    fails_on: Severity,
    course: Course,
    findings: Findings,
    baseline: Option<&'c mut Baseline>,
    evaluated: Evaluated,
    /// Whether something was found that is bad enough.
    is_bad: bool,
    /// What found something first, for whoever reads this and does not know it.
    first_rule: Option<String>,
    kept_any: bool,
    /// The recording that is being read.
    checker: Option<Checker<'c>>,
}

impl<'c> Checked<'c> {
    /// Adds a part of a recording, what was found in its initial state, and in its entries.
    fn add(&mut self, part: Part<'_>, initial: Vec<check::Finding>, inspected: Vec<Inspected>) {
        match part.begins {
            None => {}
            Some(begins) => {
                self.findings.begin(&part.name);
                self.checker = Some(Checker::new(self.checks, self.schema).against(self.against));
                if let Err(trouble) = begins {
                    return self.end(&part.name, Err(trouble), 0);
                }
            }
        }
        let Some(checker) = &mut self.checker else { return };
        initial.into_iter().for_each(|finding| checker.add_finding(finding));
        if part.has_others {
            checker.skip();
        }
        for ((entry, call), inspected) in part.entries.into_iter().zip(inspected) {
            checker.add(&entry, call, inspected);
        }
        if let Some(end) = part.ends {
            if let Some(selected) = &end.selected {
                self.evaluated.add(&part.name, selected);
            }
            self.kept_any |= end.kept_any;
            self.end(&part.name, end.result, end.unmatched);
        }
    }

    /// Tells what was found in a recording, now that nothing more of it comes.
    fn end(&mut self, name: &Arc<str>, result: Result<(), Trouble>, unmatched: u64) {
        let Some(checker) = self.checker.take() else { return };
        let damage = result.err();
        let error = damage.as_ref().and_then(|damage| damage.error.as_ref());
        if let (Some(trouble), None) = (&damage, error) {
            // Nothing of it was seen.
            self.findings.fail(&trouble.message);
            return self.course.report(trouble);
        }
        // What a disabled rule would tell has ended the reading all the same.
        let is_finding =
            error.and_then(check::of_error).is_some_and(|finding| self.checks.severity(finding.cause).is_some());
        self.kept_any |= is_finding;
        let mut text = Vec::new();
        for found in checker.finish(unmatched, error) {
            let Some(finding) = self.finding(name, found) else { continue };
            if self.baseline.as_mut().is_some_and(|baseline| baseline.knows(&finding)) {
                continue;
            }
            self.is_bad |= finding.severity >= self.fails_on;
            self.first_rule.get_or_insert_with(|| finding.rule.clone());
            self.findings.add(&finding, &mut text);
        }
        if self.is_bad {
            self.course.has_failed();
        }
        self.course.write(&text);
        if let Some(baseline) = &mut self.baseline {
            baseline.end(name);
        }
        // What says nothing of the recording.
        let trouble = damage.filter(|_| !is_finding);
        if let Some(trouble) = &trouble {
            self.findings.fail(&trouble.message);
        }
        self.course.recording_ended(&trouble.map_or(Ok(()), Err), true);
    }

    fn finding(&self, file: &str, found: check::Finding) -> Option<Finding> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Some(Finding {
            file: file.to_owned(),
            entry: found.position.entry,
            offset: found.position.byte,
            line: found.position.line,
            call: found.call.map(|call| call.0),
            method: text(&found.method),
            place: text(&found.place),
            rule: self.checks.id(found.cause).to_owned(),
            severity: self.checks.severity(found.cause)?,
            message: found.sentence(),
            about: found.about,
        })
    }

    /// Ends the document, and says how all of it went.
    fn finish(mut self, is_everything: bool, format: FindingsFormat) -> Outcome {
        let mut end = Vec::new();
        self.findings.finish(&mut end);
        if let Some(baseline) = &self.baseline {
            let checks = self.checks;
            self.course.tell(|| baseline.tell(is_everything, |id| checks.looks_for(id)));
        }
        let outcome = self.course.finish(&end);
        self.evaluated.tell(self.kept_any);
        if let Some(rule) = self.first_rule.filter(|_| format == FindingsFormat::Text) {
            note("hint: ", &format!("what it means, and what to do about it: rpcreplay check --explain {rule}"));
        }
        if outcome == Outcome::Reported {
            return outcome;
        }
        if !self.kept_any && !is_everything {
            note("note: ", "nothing matches the selection");
            return Outcome::NothingSelected;
        }
        if self.is_bad { Outcome::Found } else { Outcome::Fine }
    }
}
