//! What is told of a redaction: a summary per recording, the list of `--dry-run`, and the JSON of `--report`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use rpcreplay::entry::Entry;
use rpcreplay::redact::{Action, Cause, Change, PROPAGATED_CHARACTERS, Redacted, Rules, ValueKind, Warning};
use rpcreplay::schema::{Schema, quote_go};

use super::init::general;
use super::run::Sent;
use crate::failure::{Failure, Trouble, name_of, note};
use crate::json_object::put_object;
use crate::output::{Output, escape_controls};

/// What is told of all recordings.
pub struct Report<'r> {
    rules: &'r Rules,
    /// Where what would be replaced is shown.
    shown: Option<Output>,
    file: Option<ReportFile>,
    counts: Vec<RuleCount>,
    /// By rule: whether it has selected something, or its detectors were asked.
    met: Vec<bool>,
    /// The rules some of whose values can't be known again.
    unrecognisable: Vec<bool>,
    /// Whether it is told of a recording that nothing was redacted: of many recordings it is not.
    tells_all: bool,
    recordings: u64,
    changed: u64,
    /// Whether something that a program sends was redacted.
    is_sent: bool,
    /// The rules that cleared messages as a whole.
    clearing: Vec<bool>,
}

struct ReportFile {
    name: String,
    out: BufWriter<File>,
    has_recordings: bool,
    /// Whether what is written of a recording has no end yet.
    is_open: bool,
}

/// How many values a rule replaced.
#[derive(Debug, Clone, Copy, Default)]
struct RuleCount {
    selected: u64,
    copied: u64,
}

/// What is told of one recording.
pub struct OfRecording<'a, 'r> {
    report: &'a mut Report<'r>,
    name: String,
    entries: u64,
    redacted: u64,
    counts: Vec<RuleCount>,
    sent: Sent,
    warnings: BTreeMap<Warning, (u64, u64)>,
    uninspected: BTreeMap<String, u64>,
    has_changes: bool,
    has_shown: bool,
    is_initial_changed: bool,
}

/// What counts as one line of a report.
type Line = (String, usize, String, bool);

impl<'r> Report<'r> {
    /// Nothing was told yet.
    pub fn new(rules: &'r Rules, is_shown: bool, tells_all: bool, path: Option<&Path>) -> Result<Self, Failure> {
        let count = rules.rules().len();
        let file = path.map(|path| {
            let name = name_of(path);
            let file = File::create(path).map_err(|error| Trouble::new(&name, error))?;
            let mut file = ReportFile { name, out: BufWriter::new(file), has_recordings: false, is_open: false };
            file.write(b"{\"recordings\":[")?;
            Ok::<_, Failure>(file)
        });
        Ok(Report {
            rules,
            shown: is_shown.then(Output::new),
            file: file.transpose()?,
            counts: vec![RuleCount::default(); count],
            met: vec![false; count],
            unrecognisable: vec![false; count],
            tells_all,
            recordings: 0,
            changed: 0,
            is_sent: false,
            clearing: vec![false; count],
        })
    }

    /// A recording is redacted now.
    pub fn begin(&mut self, name: &str) -> Result<OfRecording<'_, 'r>, Failure> {
        if let Some(file) = &mut self.file {
            let mut begin =
                if std::mem::replace(&mut file.has_recordings, true) { b",\n".to_vec() } else { b"\n".to_vec() };
            begin.extend_from_slice(b"{\"file\":");
            rpcreplay::schema::quote_json(&mut begin, name);
            begin.extend_from_slice(b",\"changes\":[");
            file.write(&begin)?;
            file.is_open = true;
        }
        let counts = vec![RuleCount::default(); self.counts.len()];
        Ok(OfRecording {
            report: self,
            name: name.to_owned(),
            entries: 0,
            redacted: 0,
            counts,
            sent: Sent::default(),
            warnings: BTreeMap::new(),
            uninspected: BTreeMap::new(),
            has_changes: false,
            has_shown: false,
            is_initial_changed: false,
        })
    }

    /// A recording could not be redacted to its end.
    pub fn fail(&mut self) -> Result<(), Failure> {
        let Some(file) = self.file.as_mut().filter(|file| file.is_open) else { return Ok(()) };
        file.is_open = false;
        file.write(b"],\"warnings\":[],\"failed\":true}")
    }

    /// Tells what is to be told of all of them, of which some may have been read in part.
    pub fn finish(mut self, has_map: bool, are_all_whole: bool, schema: &Schema) -> Result<(), Failure> {
        let rules = self.rules.rules();
        if let Some(file) = &mut self.file {
            let mut end = b"],\n\"rules\":[".to_vec();
            for (number, (rule, count)) in rules.iter().zip(&self.counts).enumerate() {
                end.extend_from_slice(if number == 0 { b"\n" } else { b",\n" });
                put_object(&mut end, |object| {
                    object.string("name", &rule.name);
                    object.string("action", &rule.action.to_string());
                    object.number("selected", count.selected);
                    object.number("copies", count.copied);
                });
            }
            end.extend_from_slice(b"]}\n");
            file.write(&end)?;
            file.out.flush().map_err(|error| Trouble::new(&file.name, error))?;
        }
        if let Some(output) = &mut self.shown {
            output.flush()?;
        }
        for (rule, _) in rules.iter().zip(&self.clearing).filter(|(_, is_clearing)| **is_clearing) {
            note(
                "note: ",
                &format!("rule `{}` cleared messages as a whole; copies of what stood in them stay", rule.name),
            );
            if let [selector] = &*rule.select {
                let dot = if selector.to_string().ends_with(':') { "" } else { "." };
                note("hint: ", &format!("to clear copies, too, select the texts: {selector}{dot}**"));
            }
        }
        if self.is_sent {
            note("hint: ", "a program replays what was redacted if it sends the redacted values, too");
        }
        if !self.tells_all {
            let values: u64 = self.counts.iter().map(|count| count.selected + count.copied).sum();
            let would = if self.shown.is_some() { "would be redacted" } else { "redacted" };
            let (changed, recordings) = (self.changed, self.recordings);
            note("rpcreplay: ", &format!("{values} values {would} in {changed} of {recordings} recordings"));
        }
        if are_all_whole {
            tell_unmet(self.rules, &self.met, schema);
        }
        let unrecognisable: Vec<_> =
            rules.iter().zip(&self.unrecognisable).filter(|(_, is_so)| **is_so).map(|(rule, _)| rule).collect();
        if !unrecognisable.is_empty() && !has_map && self.shown.is_none() {
            let names: Vec<_> =
                unrecognisable.iter().map(|rule| format!("`{}` ({})", rule.name, rule.action)).collect();
            note(
                "note: ",
                &format!("what {} made of values can't be told from values that were never redacted", names.join(", ")),
            );
            note("hint: ", "keep a map with --map FILE: --check, and to redact the result again, will need it");
        }
        Ok(())
    }
}

impl ReportFile {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.out.write_all(bytes).map_err(|error| Trouble::new(&self.name, error))?)
    }
}

impl OfRecording<'_, '_> {
    /// What was replaced in the initial state.
    pub fn initial(&mut self, changes: &[Change]) -> Result<(), Failure> {
        self.is_initial_changed = !changes.is_empty();
        self.add(0, 0, "", changes)
    }

    /// What was made of an entry of a call of this method.
    pub fn entry(&mut self, entry: &Entry, method: &str, redacted: &Redacted) -> Result<(), Failure> {
        self.entries += 1;
        self.redacted += u64::from(!redacted.changes.is_empty());
        self.sent.add(entry, method, &redacted.changes);
        for warning in &redacted.warnings {
            let warning = match warning {
                Warning::Checksum { place } => Warning::Checksum { place: general(place) },
                Warning::Binary { place } => Warning::Binary { place: general(place) },
                Warning::OtherKey { place } => Warning::OtherKey { place: general(place) },
                Warning::Short => Warning::Short,
            };
            self.warnings.entry(warning).or_insert((entry.index().0, 0)).1 += 1;
        }
        for uninspected in &redacted.uninspected {
            *self.uninspected.entry(uninspected.type_name.clone()).or_default() += 1;
        }
        self.add(entry.index().0, entry.offset(), method, &redacted.changes)
    }

    /// Whether something was replaced so far.
    pub fn has_changes(&self) -> bool {
        self.redacted > 0 || self.is_initial_changed
    }

    /// By rule: whether it has selected something, or its detectors were asked.
    pub fn met(&mut self, met: &[bool]) {
        self.report.met.iter_mut().zip(met).for_each(|(all, met)| *all |= met);
    }

    fn add(&mut self, entry: u64, offset: u64, method: &str, changes: &[Change]) -> Result<(), Failure> {
        let rules = self.report.rules;
        let mut lines: BTreeMap<Line, u64> = BTreeMap::new();
        for change in changes {
            let rule = &rules.rules()[change.rule];
            let count = &mut self.counts[change.rule];
            match change.cause {
                Cause::Selected | Cause::Detected(_) => count.selected += 1,
                Cause::Copied => count.copied += 1,
            }
            self.report.clearing[change.rule] |=
                change.kind == ValueKind::Message && rule.action == Action::Clear && rule.propagate;
            let is_number = change.kind == ValueKind::Number && matches!(rule.action, Action::Pseudonym(_));
            self.report.unrecognisable[change.rule] |= !rule.action.is_recognisable() || is_number;
            *lines.entry((change.place.clone(), change.rule, cause_of(rules, change), change.is_key)).or_default() += 1;
        }
        if let Some(output) = &mut self.report.shown
            && !changes.is_empty()
        {
            let mut shown = Vec::new();
            if !std::mem::replace(&mut self.has_shown, true) {
                shown.extend_from_slice(self.name.as_bytes());
                shown.push(b'\n');
            }
            for change in changes {
                put_shown(&mut shown, rules, entry, change);
            }
            escape_controls(&mut shown);
            output.write(&shown)?;
        }
        if let Some(file) = &mut self.report.file {
            for ((place, rule, cause, is_key), count) in lines {
                let mut line =
                    if std::mem::replace(&mut self.has_changes, true) { b",\n".to_vec() } else { b"\n".to_vec() };
                put_object(&mut line, |object| {
                    if entry > 0 {
                        object.number("entry", entry);
                        object.number("offset", offset);
                        object.string("method", method);
                    }
                    object.string("selector", &place);
                    object.string("rule", &rules.rules()[rule].name);
                    object.string("action", &rules.rules()[rule].action.to_string());
                    object.string("cause", &cause);
                    if is_key {
                        object.string("of", "key");
                    }
                    object.number("count", count);
                });
                file.write(&line)?;
            }
        }
        Ok(())
    }

    /// Tells what is to be told of the recording.
    pub fn end(self) -> Result<(), Failure> {
        let OfRecording { report, name, entries, redacted, counts, sent, warnings, uninspected, .. } = self;
        let is_initial_changed = self.is_initial_changed;
        if let Some(file) = &mut report.file {
            let mut end = b"],\"warnings\":[".to_vec();
            for (number, (warning, (entry, count))) in warnings.iter().enumerate() {
                end.extend_from_slice(if number == 0 { b"\n" } else { b",\n" });
                let (kind, place) = match warning {
                    Warning::Checksum { place } => ("checksum", place.as_str()),
                    Warning::Binary { place } => ("binary", place.as_str()),
                    Warning::OtherKey { place } => ("other key", place.as_str()),
                    Warning::Short => ("short", ""),
                };
                put_object(&mut end, |object| {
                    object.string("kind", kind);
                    if !place.is_empty() {
                        object.string("selector", place);
                    }
                    object.number("entry", *entry);
                    object.number("count", *count);
                });
            }
            end.extend_from_slice(b"]}");
            file.write(&end)?;
            file.is_open = false;
        }
        let rules = report.rules.rules();
        let (mut selected, mut copied) = (0, 0);
        let mut by_rule = Vec::new();
        for ((rule, count), all) in rules.iter().zip(&counts).zip(&mut report.counts) {
            (selected, copied) = (selected + count.selected, copied + count.copied);
            (all.selected, all.copied) = (all.selected + count.selected, all.copied + count.copied);
            if count.selected + count.copied > 0 {
                let copies = match count.copied {
                    0 => String::new(),
                    1 => " and a copy".to_owned(),
                    copies => format!(" and {copies} copies"),
                };
                by_rule.push(format!("{} {}{copies}", rule.name, count.selected));
            }
        }
        if let Some(output) = &mut report.shown {
            output.flush()?;
        }
        let would = if report.shown.is_some() { "would be redacted" } else { "redacted" };
        let words = match selected + copied {
            0 => "nothing to redact".to_owned(),
            values => {
                let plural = if values == 1 { "value" } else { "values" };
                let of = if entries == 1 { "entry" } else { "entries" };
                let of_initial = if is_initial_changed { " and the initial state" } else { "" };
                format!(
                    "{values} {plural} {would} in {redacted} of {entries} {of}{of_initial} ({})",
                    by_rule.join(", ")
                )
            }
        };
        report.recordings += 1;
        report.changed += u64::from(selected + copied > 0);
        if selected + copied > 0 || report.tells_all {
            note("rpcreplay: ", &format!("{name}: {words}"));
        }
        if let Some(words) = sent.words() {
            note("warning: ", &format!("{name}: {words}"));
            report.is_sent = true;
        }
        for (warning, (entry, count)) in warnings {
            let more = if count == 1 { String::new() } else { format!(" and {} more", count - 1) };
            let words = match warning {
                Warning::Checksum { place } => format!("`{place}` may not fit what was redacted beside it"),
                Warning::OtherKey { place } => {
                    format!("`{place}` looked like a pseudonym that was made with another key, and got another one")
                }
                Warning::Short => {
                    let what = if count == 1 { "a value is" } else { "values are" };
                    let least = PROPAGATED_CHARACTERS;
                    format!("{what} shorter than {least} characters: copies outside of what the rule selects stay")
                }
                Warning::Binary { place } => {
                    format!("a part of `{place}` was redacted, which is no text: what reads it may not understand it")
                }
            };
            note("warning: ", &format!("{name}: entry {entry}{more}: {words}"));
        }
        for (type_name, count) in uninspected {
            let plural = if count == 1 { "message" } else { "messages" };
            note(
                "warning: ",
                &format!("{name}: {count} {plural} of type `{type_name}` passed on without a look into it"),
            );
        }
        Ok(())
    }
}

/// Says which rules selected nothing, and names of fields that may have been meant.
pub fn tell_unmet(rules: &Rules, met: &[bool], schema: &Schema) {
    for (rule, _) in rules.rules().iter().zip(met).filter(|(_, met)| !**met) {
        note("note: ", &format!("rule `{}` selected nothing", rule.name));
        for selector in &rule.select {
            for (name, close) in selector.unmet_names(schema) {
                let close: Vec<_> = close.iter().map(|name| format!("`{name}`")).collect();
                let words = match &*close {
                    [] => "is the name of no field in what was read".to_owned(),
                    close => format!("is the name of no field in what was read; did you mean {}?", close.join(" or ")),
                };
                note("hint: ", &format!("`{name}` {words}"));
            }
        }
    }
}

/// Why a value is replaced, in words.
fn cause_of(rules: &Rules, change: &Change) -> String {
    let cause = match change.cause {
        Cause::Selected => "selected".to_owned(),
        Cause::Detected(detector) => {
            format!("detected as {}", rules.detectors().names().nth(detector).unwrap_or_default())
        }
        Cause::Copied => "copy".to_owned(),
    };
    match change.encoding {
        Some(encoding) => format!("{cause}, {encoding}"),
        None => cause,
    }
}

/// Shows what would be replaced, and nothing of what it was but its size.
fn put_shown(out: &mut Vec<u8>, rules: &Rules, entry: u64, change: &Change) {
    let rule = &rules.rules()[change.rule];
    let bytes = change.old.len();
    let what = match change.kind {
        ValueKind::String | ValueKind::Bytes if change.is_key => format!("a key of {bytes} bytes"),
        ValueKind::String => format!("a string of {bytes} bytes"),
        ValueKind::Bytes => format!("{bytes} bytes"),
        ValueKind::Number => "a value".to_owned(),
        ValueKind::Message => format!("a message of {bytes} bytes"),
    };
    let index = if entry == 0 { String::new() } else { format!("#{entry} ") };
    out.extend_from_slice(format!("  {index}{}: {what} → ", change.place).as_bytes());
    match (&change.new, change.kind) {
        (Some(new), ValueKind::String | ValueKind::Bytes) if !new.is_empty() => quote_go(out, new),
        (Some(_), ValueKind::Number | ValueKind::Message) => out.extend_from_slice(b"another one"),
        (Some(_) | None, _) => out.extend_from_slice(b"nothing"),
    }
    let action = rule.action.to_string();
    out.extend_from_slice(format!("  [{}, {}, {action}]\n", rule.name, cause_of(rules, change)).as_bytes());
}
