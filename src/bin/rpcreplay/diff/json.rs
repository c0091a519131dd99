//! A comparison as JSON.

use std::io::Write;

use rpcreplay::compare::{Change, Comparer, Value};
use rpcreplay::diff::{CallId, Counts, Move, Noise, Pair, Recording, Report};
use rpcreplay::schema::{quote_base64, quote_json, unquote_go};

use super::summary::Totals;
use super::{Shown, View};
use crate::failure::Trouble;
use crate::output::escape_controls;

/// Shows comparisons as one JSON document.
pub struct JsonView {
    /// Whether a terminal is watching.
    escapes: bool,
    stat: bool,
    is_first: bool,
}

impl JsonView {
    /// A view without a comparison yet.
    pub fn new(escapes: bool, stat: bool) -> Self {
        JsonView { escapes, stat, is_first: true }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(if std::mem::take(&mut self.is_first) { b"{\"recordings\":[\n" } else { b",\n" });
    }
}

impl View for JsonView {
    fn unreadable(&mut self, trouble: &Trouble, out: &mut Vec<u8>) {
        self.begin(out);
        out.extend_from_slice(b"{\"verdict\":\"unreadable\"");
        put_string(out, "error", &trouble.message);
        out.extend_from_slice(b"}");
    }

    fn show(&mut self, shown: &Shown<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        put_compared(shown, self.stat, out);
        if self.escapes {
            escape_controls(out);
        }
    }

    fn finish(&mut self, totals: &Totals, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.is_first { b"{\"recordings\":[" } else { b"\n" });
        let Totals { different, noise, same, removed, added, unreadable } = totals;
        put(
            out,
            format_args!(
                "],\"counts\":{{\"changed\":{different},\"added\":{added},\"removed\":{removed},\"noise\":{noise},\
                 \"same\":{same},\"unreadable\":{unreadable}}}}}\n"
            ),
        );
    }
}

/// Writing to a vector does not fail.
fn put(out: &mut Vec<u8>, words: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(words);
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",");
    quote_json(out, name);
    out.extend_from_slice(b":");
}

fn put_string(out: &mut Vec<u8>, name: &str, value: &str) {
    put_name(out, name);
    quote_json(out, value);
}

/// Writes a list, an item per line.
fn put_list<T>(out: &mut Vec<u8>, name: &str, items: impl Iterator<Item = T>, mut each: impl FnMut(&mut Vec<u8>, T)) {
    let mut is_first = true;
    for item in items {
        if std::mem::take(&mut is_first) {
            put_name(out, name);
            out.extend_from_slice(b"[\n");
        } else {
            out.extend_from_slice(b",\n");
        }
        each(out, item);
    }
    if !is_first {
        out.extend_from_slice(b"]");
    }
}

fn put_compared(shown: &Shown<'_>, stat: bool, out: &mut Vec<u8>) {
    let Shown { compared, noise, .. } = *shown;
    out.extend_from_slice(b"{\"file\":");
    quote_json(out, &compared.name);
    if let Some(old) = &compared.old_name {
        put_string(out, "oldFile", old);
    }
    let (Some(old), Some(new), Some(report)) = (&compared.old, &compared.new, &compared.report) else {
        put_string(out, "verdict", if compared.old.is_some() { "removed" } else { "added" });
        let calls = |recording: &Option<Recording>| recording.as_ref().map_or(0, |recording| recording.calls.len());
        let (old, new) = (calls(&compared.old), calls(&compared.new));
        put(
            out,
            format_args!(",\"counts\":{{\"oldCalls\":{old},\"newCalls\":{new},\"added\":{new},\"removed\":{old}}}}}"),
        );
        return;
    };
    let verdict = match (report.is_different(), report.has_noise()) {
        (true, _) => "changed",
        (false, true) => "noise",
        (false, false) => "same",
    };
    put_string(out, "verdict", verdict);
    let Counts { old: olds, new: news, same, noise: noisy, renamed, changed, removed, added, moved, concurrent } =
        report.counts;
    put(
        out,
        format_args!(
            ",\"counts\":{{\"oldCalls\":{olds},\"newCalls\":{news},\"changed\":{changed},\"added\":{added},\
             \"removed\":{removed},\"renamed\":{renamed},\"noise\":{noisy},\"same\":{same},\"moved\":{moved},\
             \"movedAmongConcurrent\":{concurrent}}}"
        ),
    );
    put_name(out, "folded");
    out.extend_from_slice(b"{");
    for (place, &(rule, count)) in report.folded.iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"" } else { b"," });
        quote_json(out, &noise.rule(rule).name);
        put(out, format_args!(":{count}"));
    }
    out.extend_from_slice(b"}");
    if !stat {
        put_details(old, new, report, shown, out);
    }
    out.extend_from_slice(b"}");
}

fn put_details(old: &Recording, new: &Recording, report: &Report, shown: &Shown<'_>, out: &mut Vec<u8>) {
    let noise = shown.noise;
    let mut comparer = Comparer::new(shown.schema, noise.mask());
    put_list(out, "renames", report.renames.iter(), |out, rename| {
        out.extend_from_slice(b"{\"old\":");
        quote_json(out, &rename.old);
        put_string(out, "new", &rename.new);
        let (places, calls, server) = (rename.places, rename.calls, rename.is_from_server);
        put(out, format_args!(",\"values\":{places},\"calls\":{calls},\"assignedByServer\":{server}}}"));
    });
    put_list(out, "common", report.common.iter(), |out, common| {
        out.extend_from_slice(b"{\"method\":");
        quote_json(out, &common.method);
        let mut change = common.change.clone();
        change.path.clone_from(&change.general_path);
        put_change(out, &change, common.values.len() < 2, noise);
        if common.values.len() > 1 {
            put_name(out, "values");
            put_value(out, &Value::List(common.values.clone()));
            put(out, format_args!(",\"moreValues\":{}", common.has_more_values));
        }
        put(out, format_args!(",\"places\":{}", common.places));
        put_name(out, "calls");
        let calls: Vec<_> = common.pairs.iter().map(|&pair| numbers(old, new, &report.pairs[pair as usize])).collect();
        put(out, format_args!("[{}]}}", calls.iter().map(|call| format!("{{{call}}}")).collect::<Vec<_>>().join(",")));
    });
    put_list(out, "initial", report.initial.iter(), |out, change| {
        out.extend_from_slice(b"{\"part\":\"initial\"");
        put_change(out, change, true, noise);
        out.extend_from_slice(b"}");
    });
    let is_shown = |pair: &&Pair| pair.is_changed() || pair.moved.is_some() || !pair.changes.is_empty();
    put_list(out, "calls", report.pairs.iter().filter(is_shown), |out, pair| {
        put_pair(old, new, pair, noise, &mut comparer, out)
    });
}

/// The numbers of a call's first entries.
fn numbers(old: &Recording, new: &Recording, pair: &Pair) -> String {
    let index = |recording: &Recording, call: CallId| recording.first(call).index();
    let old = pair.old.map(|call| format!("\"old\":{}", index(old, call)));
    let new = pair.new.map(|call| format!("\"new\":{}", index(new, call)));
    old.into_iter().chain(new).collect::<Vec<_>>().join(",")
}

fn put_pair(
    old: &Recording,
    new: &Recording,
    pair: &Pair,
    noise: &Noise,
    comparer: &mut Comparer<'_>,
    out: &mut Vec<u8>,
) {
    let (recording, call, change) = match (pair.old, pair.new) {
        (Some(_), Some(call)) => (new, call, if pair.is_changed() { "changed" } else { "noise" }),
        (None, Some(call)) => (new, call, "added"),
        (Some(call), None) => (old, call, "removed"),
        (None, None) => return,
    };
    // Calls that only moved have no changes.
    let change = if change == "noise" && pair.folded == 0 && pair.renamed == 0 { "same" } else { change };
    let change = if change == "noise" && pair.renamed > 0 { "renamed" } else { change };
    put(out, format_args!("{{\"change\":\"{change}\",{}", numbers(old, new, pair)));
    put_string(out, "method", recording.method(call));
    if let Some(code) = recording.code(call) {
        put_string(out, "status", &code.to_string());
    }
    if let Some(call) = pair.instead_of {
        put(out, format_args!(",\"insteadOf\":{}", old.first(call).index()));
    }
    if let Some(moved) = pair.moved {
        put_string(
            out,
            "moved",
            match moved {
                Move::Real => "yes",
                Move::Concurrent => "among-concurrent",
            },
        );
    }
    if pair.old.is_none() || pair.new.is_none() {
        put_list(out, "messages", recording.ends(call, comparer).into_iter(), |out, (path, value)| {
            out.extend_from_slice(b"{\"path\":");
            quote_json(out, &path);
            put_name(out, "value");
            put_value(out, &value);
            out.extend_from_slice(b"}");
        });
    }
    put_list(out, "changes", pair.changes.iter(), |out, found| {
        let index = |recording: &Recording, place: u32| recording.entries[place as usize].index();
        let old = found.old.map(|place| format!("\"oldEntry\":{}", index(old, place)));
        let new = found.new.map(|place| format!("\"newEntry\":{}", index(new, place)));
        let entries: Vec<_> = old.into_iter().chain(new).collect();
        put(out, format_args!("{{{}", entries.join(",")));
        put_change(out, &found.change, true, noise);
        if let Some(common) = found.common {
            put(out, format_args!(",\"common\":{common}"));
        }
        out.extend_from_slice(b"}");
    });
    out.extend_from_slice(b"}");
}

/// Writes the members of a change behind others.
fn put_change(out: &mut Vec<u8>, change: &Change, with_values: bool, noise: &Noise) {
    put_string(out, "path", &change.path);
    if change.old_path != change.path && change.old.is_some() && change.path != change.general_path {
        put_string(out, "oldPath", &change.old_path);
    }
    if let Some(json) = &change.json_path {
        put_string(out, "jsonPath", json);
    }
    if change.is_unknown {
        out.extend_from_slice(b",\"unknownFields\":true");
    }
    let what = match (&change.old, &change.new) {
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "removed",
        (None, _) => "added",
    };
    put_string(out, "what", what);
    for (name, value) in [("old", &change.old), ("new", &change.new)] {
        if let Some(value) = value.as_ref().filter(|_| with_values) {
            put_name(out, name);
            put_value(out, value);
        }
    }
    if let Some(rule) = change.rule {
        put_string(out, "rule", &noise.rule(rule).name);
    }
}

/// Writes a value as protobuf's JSON has it, with the names of the .proto file.
fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(value) => put(out, format_args!("{value}")),
        // What a double can't hold exactly is a string, as in protobuf's JSON.
        Value::Int(value) if value.unsigned_abs() < 1 << 53 => put(out, format_args!("{value}")),
        Value::Int(value) => put(out, format_args!("\"{value}\"")),
        Value::Float(value) => put_float(out, (*value).into(), &format!("{value:?}")),
        Value::Double(value) => put_float(out, *value, &format!("{value:?}")),
        Value::String(text) => match std::str::from_utf8(text) {
            Ok(text) => quote_json(out, text),
            Err(_) => put_bytes(out, text),
        },
        Value::Bytes(bytes) => quote_base64(out, bytes),
        Value::Opaque(bytes) => put_bytes(out, bytes),
        Value::Enum(Ok(name)) => quote_json(out, name),
        Value::Enum(Err(number)) => put(out, format_args!("{number}")),
        Value::Time(text) => quote_json(out, text),
        // It is JSON.
        Value::Json(text) => out.extend_from_slice(text.as_bytes()),
        Value::NoMessage => out.extend_from_slice(b"{\"@noMessage\":true}"),
        Value::Fact(words) => {
            out.extend_from_slice(b"{\"@entry\":");
            quote_json(out, words);
            out.extend_from_slice(b"}");
        }
        Value::End => out.extend_from_slice(b"{\"@end\":true}"),
        Value::TooDeep => out.extend_from_slice(b"{\"@tooDeep\":true}"),
        Value::Message(fields) => put_object(out, fields.iter().map(|(name, value)| (name.as_str(), value))),
        Value::Map(entries) => {
            // Keys are quoted as in selectors.
            let unquoted = |key: &str| match unquote_go(key) {
                Some(key) => String::from_utf8_lossy(&key).into_owned(),
                None => key.to_owned(),
            };
            let entries: Vec<_> = entries.iter().map(|(key, value)| (unquoted(key), value)).collect();
            put_object(out, entries.iter().map(|(key, value)| (key.as_str(), *value)));
        }
        Value::List(values) => {
            out.extend_from_slice(b"[");
            for (place, value) in values.iter().enumerate() {
                out.extend_from_slice(if place == 0 { b"" } else { b"," });
                put_value(out, value);
            }
            out.extend_from_slice(b"]");
        }
        Value::Any(url, message) => {
            out.extend_from_slice(b"{\"@type\":");
            quote_json(out, url);
            put_name(out, "value");
            put_value(out, message);
            out.extend_from_slice(b"}");
        }
    }
}

fn put_object<'v>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'v str, &'v Value)>) {
    out.extend_from_slice(b"{");
    for (place, (name, value)) in members.enumerate() {
        out.extend_from_slice(if place == 0 { b"" } else { b"," });
        quote_json(out, if name.is_empty() { "@unknown" } else { name });
        out.extend_from_slice(b":");
        put_value(out, value);
    }
    out.extend_from_slice(b"}");
}

/// Bytes that no type is known of.
fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"{\"@bytes\":");
    quote_base64(out, bytes);
    out.extend_from_slice(b"}");
}

fn put_float(out: &mut Vec<u8>, value: f64, words: &str) {
    let is_number = value.is_finite();
    let words = match (value.is_nan(), value > 0.0) {
        _ if is_number => words,
        (true, _) => "\"NaN\"",
        (false, true) => "\"Infinity\"",
        (false, false) => "\"-Infinity\"",
    };
    put(out, format_args!("{words}"));
}
