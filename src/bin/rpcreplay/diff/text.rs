//! A comparison as people read it.

use rpcreplay::compare::{Change, Comparer, Value};
use rpcreplay::diff::{CallId, EntryChange, Move, Noise, Pair, Recording, Report};
use rpcreplay::entry::Payload;
use rpcreplay::schema::Code;

use super::summary::{self, Totals};
use super::{Shown, View};
use crate::failure::Trouble;
use crate::render::{Painter, Role, ValueOptions, are_long, show, show_block, show_both};

/// How many calls that have a change in common are named one by one.
const NAMED_CALLS: usize = 12;

/// How many lines of a value that came or went are shown.
const VALUE_LINES: usize = 40;

/// How many of what was sent, and of what came back, in a call that came or went.
const END_LINES: usize = 12;

/// How many calls of a recording without a counterpart are shown.
const SHOWN_CALLS: usize = 100;

/// Shows comparisons as text.
pub struct TextView {
    options: ValueOptions,
    colors: bool,
    /// Whether only the summary is shown.
    stat: bool,
    /// How many unchanged calls are shown around those that changed.
    context: usize,
    several: bool,
    is_first: bool,
}

impl TextView {
    /// A view of recordings, which may be several.
    pub fn new(options: ValueOptions, colors: bool, stat: bool, context: usize, several: bool) -> Self {
        TextView { options, colors, stat, context, several, is_first: true }
    }
}

impl View for TextView {
    fn show(&mut self, shown: &Shown<'_>, out: &mut Vec<u8>) {
        let compared = shown.compared;
        // Of several, those that are the same would hide the others.
        let is_dull = compared.report.as_ref().is_some_and(|report| !report.is_different() && !report.has_noise());
        if self.several && is_dull && compared.old_name.is_none() {
            return;
        }
        if !std::mem::take(&mut self.is_first) && !self.stat {
            out.push(b'\n');
        }
        let mut painter = Painter { out, colors: self.colors };
        if let Some(old) = &compared.old_name {
            painter.name(Role::File, old.as_bytes());
            painter.plain(" → ");
        }
        painter.name(Role::File, compared.name.as_bytes());
        painter.plain(": ");
        painter.plain(&summary::words(compared));
        let folded = compared.report.as_ref().map(|report| summary::folded(report, shown.noise)).unwrap_or_default();
        if self.stat && !folded.is_empty() {
            painter.words(Role::Aside, &format!("; {folded}"));
        }
        painter.plain("\n");
        if !self.stat {
            show_body(shown, self.options, self.context, &mut painter);
        }
    }

    fn unreadable(&mut self, _: &Trouble, _: &mut Vec<u8>) {}

    fn finish(&mut self, totals: &Totals, out: &mut Vec<u8>) {
        if self.several {
            if !self.is_first && !self.stat {
                out.push(b'\n');
            }
            let mut painter = Painter { out, colors: self.colors };
            painter.plain(&totals.words());
            painter.plain("\n");
        }
    }
}

/// Appends all that stands below the summary of a comparison.
pub fn show_body(shown: &Shown<'_>, options: ValueOptions, context: usize, painter: &mut Painter<'_>) {
    let compared = shown.compared;
    let (Some(old), Some(new), Some(report)) = (&compared.old, &compared.new, &compared.report) else {
        for (recording, marker) in [(&compared.old, '-'), (&compared.new, '+')] {
            if let Some(recording) = recording {
                show_calls(recording, marker, painter);
            }
        }
        return;
    };
    let comparer = Comparer::new(shown.schema, shown.noise.mask());
    let (noise, with_noise) = (shown.noise, shown.with_noise);
    let mut body = Body { old, new, report, noise, comparer, with_noise, options, painter };
    body.renames();
    body.common();
    body.initial();
    body.calls(context);
    body.moves();
    let folded = summary::folded(report, shown.noise);
    if !folded.is_empty() {
        let hint = if shown.with_noise { "" } else { "; --show-noise shows them" };
        body.painter.plain("\n");
        body.painter.words(Role::Aside, &format!("{folded}{hint}\n"));
    }
}

/// Appends the calls of a recording that has no counterpart.
fn show_calls(recording: &Recording, marker: char, painter: &mut Painter<'_>) {
    painter.plain("\n");
    for call in (0..recording.calls.len() as CallId).take(SHOWN_CALLS) {
        let number = recording.first(call).index().to_string();
        show_head(marker, &number, recording, call, painter);
        if recording.code(call) != Some(Code::OK) {
            painter.plain(" ");
            show_code(recording.code(call), painter);
        }
        painter.plain("\n");
    }
    if let Some(left @ 1..) = recording.calls.len().checked_sub(SHOWN_CALLS) {
        painter.words(Role::Aside, &format!("  … {}\n", summary::calls(left as u64)));
    }
}

/// Appends the line of a call, as far as it tells number and method.
fn show_head(marker: char, number: &str, recording: &Recording, call: CallId, painter: &mut Painter<'_>) {
    let role = match marker {
        '-' => Role::Removed,
        '+' => Role::Added,
        '~' => Role::Changed,
        _ => Role::Aside,
    };
    painter.words(role, &format!("{marker} #{number}"));
    painter.plain(" ");
    match recording.method(call) {
        "" => painter.words(Role::Method, "entry without a call"),
        method => painter.short_name(if marker == ' ' { Role::Aside } else { Role::Method }, method.as_bytes()),
    }
}

/// Appends how a call ended, if not well; `None` stands for a call whose end is not in the recording.
fn show_code(code: Option<Code>, painter: &mut Painter<'_>) {
    match code {
        Some(Code::OK) => painter.words(Role::Good, "OK"),
        Some(code) => painter.words(Role::Bad, &code.to_string()),
        None => painter.words(Role::Aside, "no end"),
    }
}

struct Body<'a, 'p, 'o> {
    old: &'a Recording,
    new: &'a Recording,
    report: &'a Report,
    noise: &'a Noise,
    comparer: Comparer<'a>,
    /// Whether what is folded is shown, too.
    with_noise: bool,
    options: ValueOptions,
    painter: &'p mut Painter<'o>,
}

impl Body<'_, '_, '_> {
    fn heading(&mut self, words: &str) {
        self.painter.plain("\n");
        self.painter.words(Role::Method, words);
        self.painter.plain("\n");
    }

    fn renames(&mut self) {
        let report = self.report;
        for is_noise in [false, true] {
            let mut renames = report.renames.iter().filter(|rename| rename.is_noise == is_noise).peekable();
            if renames.peek().is_none() {
                continue;
            }
            self.heading(if is_noise { "ids that the server made up anew (noise)" } else { "renamed" });
            for rename in renames {
                self.painter.plain("  ");
                self.painter.short_name(Role::Removed, rename.old.as_bytes());
                self.painter.plain(" → ");
                self.painter.short_name(Role::Added, rename.new.as_bytes());
                let values = if rename.places == 1 { "value" } else { "values" };
                let calls = summary::calls(rename.calls.into());
                self.painter.words(Role::Aside, &format!("  in {} {values} of {calls}", rename.places));
                self.painter.plain("\n");
            }
        }
    }

    fn common(&mut self) {
        if self.report.common.is_empty() {
            return;
        }
        self.heading("the same in several places");
        for common in &self.report.common {
            let change = &common.change;
            self.painter.plain("  ");
            // A selector that can be pasted.
            self.painter.short_name(Role::Method, common.method.as_bytes());
            self.painter.plain(":");
            self.painter.short_name(Role::Name, change.general_path.as_bytes());
            self.painter.plain("\n");
            let mut shown = change.clone();
            shown.path.clear();
            if common.values.len() < 2 {
                self.change(&shown, 2);
            } else {
                let role = if change.new.is_some() { Role::Added } else { Role::Removed };
                for (place, value) in common.values.iter().enumerate() {
                    self.marker(change, 2);
                    self.painter.words(Role::Aside, if place == 0 { "" } else { "or " });
                    show_block(value, role, (2, VALUE_LINES), self.options, self.painter);
                    self.painter.plain("\n");
                }
                if common.has_more_values {
                    self.painter.words(Role::Aside, "      or others\n");
                }
            }
            self.painter.plain("    ");
            let mut words = format!("in {}", summary::calls(common.pairs.len() as u64));
            if common.places as usize > common.pairs.len() {
                words += &format!(", {} places", common.places);
            }
            let named = common
                .pairs
                .iter()
                .take(NAMED_CALLS)
                .map(|&pair| format!("#{}", self.number(&self.report.pairs[pair as usize])));
            words += &format!(": {}", named.collect::<Vec<_>>().join(" "));
            if common.pairs.len() > NAMED_CALLS {
                words += " …";
            }
            self.painter.words(Role::Aside, &words);
            self.painter.plain("\n");
        }
    }

    fn initial(&mut self) {
        let (report, with_noise) = (self.report, self.with_noise);
        let mut shown = report.initial.iter().filter(|change| with_noise || change.rule.is_none()).peekable();
        if shown.peek().is_some() {
            self.heading("initial state");
        }
        for change in shown {
            self.change(change, 1);
        }
    }

    /// The calls that changed, each with its changes, and others around them.
    fn calls(&mut self, context: usize) {
        let report = self.report;
        let is_shown = |pair: &Pair| {
            pair.old.is_none()
                || pair.new.is_none()
                || pair.changes.iter().any(|found| found.common.is_none() || found.change.rule.is_some())
        };
        let mut shown_until = 0;
        let mut places =
            report.pairs.iter().enumerate().filter(|(_, pair)| is_shown(pair)).map(|(place, _)| place).peekable();
        while let Some(place) = places.next() {
            let from = place.saturating_sub(context).max(shown_until);
            if context > 0 && from > shown_until {
                self.painter.plain("\n");
                self.painter.words(Role::Aside, &format!("  … {}\n", summary::calls((from - shown_until) as u64)));
            }
            for pair in &report.pairs[from..place] {
                self.context(pair);
            }
            self.pair(&report.pairs[place]);
            let next = places.peek().copied().unwrap_or(report.pairs.len());
            let to = (place + 1 + context).min(next);
            for pair in &report.pairs[place + 1..to] {
                self.context(pair);
            }
            shown_until = to;
        }
        if context > 0 && shown_until > 0 && shown_until < report.pairs.len() {
            let left = report.pairs.len() - shown_until;
            self.painter.words(Role::Aside, &format!("  … {}\n", summary::calls(left as u64)));
        }
    }

    /// A call beside one that is shown; it may have changes, which several calls have in common.
    fn context(&mut self, pair: &Pair) {
        self.head(if pair.is_changed() { '~' } else { ' ' }, pair);
    }

    fn pair(&mut self, pair: &Pair) {
        let marker = match (pair.old, pair.new) {
            (Some(_), None) => '-',
            (None, _) => '+',
            (Some(_), Some(_)) => '~',
        };
        self.painter.plain("\n");
        self.head(marker, pair);
        if let (Some(call), None) | (None, Some(call)) = (pair.old, pair.new) {
            self.ends(call, pair.new.is_none());
        }
        let mut entry = None;
        for found in pair.changes.iter().filter(|found| found.common.is_none()) {
            // In streams it must be said which message it is.
            let here = (found.old, found.new);
            if entry != Some(here) && self.is_stream(pair) {
                self.entry(found);
            }
            entry = Some(here);
            self.change(&found.change, if self.is_stream(pair) { 2 } else { 1 });
        }
        let common = pair.changes.iter().filter(|found| found.common.is_some()).count();
        if common > 0 {
            let changes = if common == 1 { "change" } else { "changes" };
            self.painter.words(Role::Aside, &format!("    and {common} {changes} shown above\n"));
        }
    }

    /// What a call asks, and how it is answered, that only one of the recordings has.
    fn ends(&mut self, call: CallId, is_gone: bool) {
        let (recording, role) = if is_gone { (self.old, Role::Removed) } else { (self.new, Role::Added) };
        for (path, value) in recording.ends(call, &mut self.comparer) {
            self.painter.indent(1);
            self.painter.short_name(Role::Name, path.as_bytes());
            self.painter.plain(" ");
            show_block(&value, role, (1, END_LINES), self.options, self.painter);
            self.painter.plain("\n");
        }
        let is_message = |&entry: &u32| !matches!(recording.entries[entry as usize].payload(), Payload::Empty);
        let more = recording.entries_of(call).filter(is_message).count().saturating_sub(2);
        if more > 0 {
            let messages = if more == 1 { "message" } else { "messages" };
            self.painter.words(Role::Aside, &format!("  … {more} more {messages}\n"));
        }
    }

    fn is_stream(&self, pair: &Pair) -> bool {
        let is_stream =
            |recording: &Recording, call: CallId| recording.first(call).kind() == rpcreplay::entry::Kind::CreateStream;
        match (pair.old, pair.new) {
            (_, Some(call)) => is_stream(self.new, call),
            (Some(call), None) => is_stream(self.old, call),
            (None, None) => false,
        }
    }

    /// Which message of a stream it is.
    fn entry(&mut self, found: &EntryChange) {
        let index = |recording: &Recording, place: u32| recording.entries[place as usize].index();
        let words = match (found.old, found.new) {
            (Some(old), Some(new)) => {
                let (old, new) = (index(self.old, old), index(self.new, new));
                if old == new { format!("#{new}") } else { format!("#{old} → #{new}") }
            }
            (Some(old), None) => format!("#{}, which is gone", index(self.old, old)),
            (None, Some(new)) => format!("#{}, which is new", index(self.new, new)),
            (None, None) => return,
        };
        self.painter.plain("    ");
        self.painter.words(Role::Index, &words);
        self.painter.plain("\n");
    }

    /// The number of a call's first entry, or both if there are two.
    fn number(&self, pair: &Pair) -> String {
        let index = |recording: &Recording, call: CallId| recording.first(call).index();
        match (pair.old.map(|call| index(self.old, call)), pair.new.map(|call| index(self.new, call))) {
            (Some(old), Some(new)) if old != new => format!("{old}→#{new}"),
            (Some(index), _) | (None, Some(index)) => index.to_string(),
            (None, None) => String::new(),
        }
    }

    /// The line of a call: its numbers, its method, and how it ended.
    fn head(&mut self, marker: char, pair: &Pair) {
        let (recording, call) = match (pair.old, pair.new) {
            (_, Some(call)) => (self.new, call),
            (Some(call), None) => (self.old, call),
            (None, None) => return,
        };
        show_head(marker, &self.number(pair), recording, call, self.painter);
        let code = recording.code(call);
        let before = pair.old.filter(|_| pair.new.is_some()).map_or(code, |old| self.old.code(old));
        if before != code {
            self.painter.plain(" ");
            show_code(before, self.painter);
            self.painter.plain(" →");
        }
        if before != code || code != Some(Code::OK) {
            self.painter.plain(" ");
            show_code(code, self.painter);
        }
        if let Some(gone) = pair.instead_of {
            self.painter.words(Role::Aside, &format!(", in the place of #{}", self.old.first(gone).index()));
        }
        if let Some(moved) = pair.moved {
            self.painter.words(
                Role::Aside,
                match moved {
                    Move::Real => ", moved",
                    Move::Concurrent => ", moved among concurrent calls",
                },
            );
        }
        self.painter.plain("\n");
    }

    fn marker(&mut self, change: &Change, level: usize) {
        let (marker, role) = match (&change.old, &change.new) {
            (Some(_), Some(_)) => ("~", Role::Changed),
            (Some(_), None) => ("-", Role::Removed),
            (None, _) => ("+", Role::Added),
        };
        self.painter.indent(level);
        self.painter.words(role, marker);
        self.painter.plain(" ");
    }

    /// A change, below its call.
    fn change(&mut self, change: &Change, level: usize) {
        self.marker(change, level);
        let path = if change.new.is_none() && !change.path.is_empty() { &change.old_path } else { &change.path };
        let mut has_label = !path.is_empty();
        if has_label {
            self.painter.short_name(Role::Name, path.as_bytes());
        }
        if change.new.is_some() && change.old.is_some() && change.old_path != change.path && has_label {
            self.painter.words(Role::Aside, " (before: ");
            self.painter.short_name(Role::Aside, change.old_path.as_bytes());
            self.painter.words(Role::Aside, ")");
        }
        if change.is_unknown {
            self.painter.words(Role::Aside, if has_label { " (unknown fields)" } else { "unknown fields" });
            has_label = true;
        }
        if let Some(json) = &change.json_path {
            self.painter.words(Role::Aside, if has_label { " at " } else { "at " });
            self.painter.short_name(Role::Name, json.as_bytes());
            has_label = true;
        }
        // The path of a whole message ends with a colon of its own.
        let separator = match has_label {
            true if path.ends_with(':') && change.json_path.is_none() && !change.is_unknown => " ",
            true => ": ",
            false => "",
        };
        match (&change.old, &change.new) {
            (Some(old), Some(new)) if are_long(old, new) => self.long(old, new, level, change),
            (Some(old), Some(new)) => {
                self.painter.plain(separator);
                show(old, Role::Removed, self.options, self.painter);
                self.painter.plain(" → ");
                show(new, Role::Added, self.options, self.painter);
                self.rule(change);
                self.painter.plain("\n");
            }
            (old, new) => {
                self.painter.plain(separator);
                let value = old.as_ref().map(|old| (old, Role::Removed)).or(new.as_ref().map(|new| (new, Role::Added)));
                if let Some((value, role)) = value {
                    show_block(value, role, (level, VALUE_LINES), self.options, self.painter);
                }
                self.rule(change);
                self.painter.plain("\n");
            }
        }
    }

    /// Two long values below one another.
    fn long(&mut self, old: &Value, new: &Value, level: usize, change: &Change) {
        self.rule(change);
        self.painter.plain("\n");
        let colors = self.painter.colors;
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        let mut old_painter = Painter { out: &mut removed, colors };
        let mut new_painter = Painter { out: &mut added, colors };
        old_painter.words(Role::Removed, "- ");
        new_painter.words(Role::Added, "+ ");
        show_both(old, new, self.options, &mut old_painter, &mut new_painter);
        for line in [removed, added] {
            self.painter.indent(level + 2);
            self.painter.out.extend_from_slice(&line);
            self.painter.plain("\n");
        }
    }

    /// What a change is folded by.
    fn rule(&mut self, change: &Change) {
        if let Some(rule) = change.rule {
            self.painter.plain("  ");
            self.painter.words(Role::Aside, "(");
            self.painter.short_name(Role::Aside, self.noise.rule(rule).name.as_bytes());
            self.painter.words(Role::Aside, ")");
        }
    }

    fn moves(&mut self) {
        let report = self.report;
        let moved: Vec<&Pair> = report.pairs.iter().filter(|pair| pair.moved.is_some()).collect();
        if moved.is_empty() {
            return;
        }
        self.heading("moved");
        for pair in moved {
            self.head(' ', pair);
        }
    }
}
