//! [`Inspector`]: what is wrong with an entry by itself.

use std::borrow::Cow;
use std::mem;

use xxhash_rust::xxh3::xxh3_128;

use super::Checks;
use super::drift::Drift;
use super::finding::{Cause, Finding, Go, Inspected};
use super::go::{NOT_FOUND, UNPARSABLE, too_long};
use super::look::{Look, place_of};
use super::rule::Rule;
use crate::compare::put_said;
use crate::entry::{Any, Entry, Flaw, Kind, Payload};
use crate::extension::{Extension, Metadatum, fault_of};
use crate::format::{Format, MessagePlace, RECORD_LIMIT_BYTES, comments, message_place};
use crate::schema::{
    Code, LayoutId, Part, Schema, Splicer, Status, Target, UnknownEntryFields, Unresolved, Walker, check_message,
    field_without_utf8, unknown_entry_fields,
};
use crate::unnamed;
use crate::wire::{Cursor, Fault, Groups};

/// Where secrets stand that stand in a comment of a text recording.
const COMMENT: &str = "comment";

/// Looks at entries one by one, whatever stands around them, so that several threads may have one each.
pub struct Inspector<'c> {
    checks: &'c Checks,
    schema: &'c Schema,
    against: Option<(Drift<'c>, Splicer<'c>)>,
    walker: Walker<'c>,
    splicer: Splicer<'c>,
    look: Look<'c>,
    bytes: Vec<u8>,
}

impl<'c> Inspector<'c> {
    /// Looks types up in a schema, and in another one for [drift](Rule::DriftType).
    pub fn new(checks: &'c Checks, schema: &'c Schema, against: Option<&'c Schema>) -> Self {
        let splicer = |schema| Splicer::new(schema, Cow::Borrowed(&[]));
        Inspector {
            checks,
            schema,
            against: against.map(|against| (Drift::new(checks, schema, against), splicer(against))),
            walker: Walker::new(schema),
            splicer: splicer(schema),
            look: Look::new(checks),
            bytes: Vec::new(),
        }
    }

    /// Looks at an entry; at the comments of one from a text recording, too, if it was read by what
    /// [keeps texts](crate::format::Decoder::keeping_text).
    pub fn inspect(&mut self, entry: &Entry) -> Inspected {
        let mut inspected = Inspected::default();
        self.look_at_entry(entry, &mut inspected);
        self.look_at_message(entry, &mut inspected);
        self.look_at_metadata(entry, &mut inspected);
        for comment in entry.text().map(comments).unwrap_or_default() {
            self.look.secrets_of(comment, COMMENT);
            inspected.findings.append(&mut self.look.found);
        }
        if self.checks.compares_calls() {
            self.bytes.clear();
            put_said(entry, &mut self.walker, &mut self.bytes);
            inspected.said = xxh3_128(&self.bytes);
        }
        inspected.findings.retain(|finding| self.checks.severity(finding.cause).is_some());
        // Of a type that Go may know nobody can say so.
        let is_refused = |finding: &Finding| {
            matches!(finding.go, Some(Go::Says(_))) && finding.cause != Cause::Rule(Rule::UnknownType)
        };
        inspected.is_refused = inspected.findings.iter().any(is_refused);
        inspected
    }

    /// Looks at the initial state of a recording of this format.
    pub fn inspect_initial(&mut self, initial: &[u8], format: Format) -> Vec<Finding> {
        self.look.found.clear();
        let bytes = initial.len() as u64;
        if bytes > RECORD_LIMIT_BYTES && format != Format::Text {
            let finding = Finding::new(Rule::OverlongRecord, format!("an initial state of {bytes} bytes"));
            self.look.found.push(finding.of_go(too_long(bytes)));
        }
        self.look.secrets_of(initial, "initial:");
        self.look.found.retain(|finding| self.checks.severity(finding.cause).is_some());
        mem::take(&mut self.look.found)
    }

    /// What its own fields say.
    fn look_at_entry(&mut self, entry: &Entry, inspected: &mut Inspected) {
        let findings = &mut inspected.findings;
        let mut add = |finding: Finding| findings.push(finding);
        let bytes = entry.record().len() as u64;
        // Go's reader of texts knows no limit.
        if bytes > RECORD_LIMIT_BYTES && entry.text().is_none() {
            add(Finding::new(Rule::OverlongRecord, format!("a record of {bytes} bytes")).of_go(too_long(bytes)));
        }
        let begins_call = matches!(entry.kind(), Kind::Request | Kind::CreateStream);
        let belongs_to_call = matches!(entry.kind(), Kind::Response | Kind::Send | Kind::Recv);
        if begins_call && entry.method().is_empty() {
            add(Finding::new(Rule::NoMethod, format!("a {} without a method", entry.kind())).of_go(Go::Accepts));
        }
        if belongs_to_call && !entry.method().is_empty() {
            add(Finding::new(Rule::MethodOnResponse, format!("a {} with a method", entry.kind())).of_go(Go::Accepts));
        }
        if begins_call && entry.ref_index() != 0 {
            let message = format!("a {} that refers to entry {}", entry.kind(), entry.ref_index());
            add(Finding::new(Rule::ReferenceOnRequest, message).of_go(Go::Accepts));
        }
        match (entry.kind(), entry.payload()) {
            (Kind::Request, Payload::Error(_) | Payload::Eof) => {
                add(Finding::new(Rule::ErrorOnRequest, "a REQUEST that is an error").of_go(Go::Accepts));
            }
            (Kind::CreateStream, Payload::Message(_)) => {
                add(Finding::new(Rule::MessageOnCreateStream, "a CREATE_STREAM with a message").of_go(Go::Accepts));
            }
            (Kind::Response, Payload::Eof) => {
                add(Finding::new(Rule::EofOnResponse, "a RESPONSE that is the end of a stream").of_go(Go::Accepts));
            }
            (Kind::Unspecified | Kind::Unknown(_), _)
            | (Kind::Request, Payload::Message(_) | Payload::Empty)
            | (Kind::CreateStream, Payload::Error(_) | Payload::Eof | Payload::Empty)
            | (Kind::Response, Payload::Message(_) | Payload::Error(_) | Payload::Empty)
            | (Kind::Send | Kind::Recv, _) => {}
        }
        if let Some(Flaw::NoMessage(kind)) = entry.flaw() {
            let finding = Finding::new(Rule::NilMessage, format!("neither a message nor an error in a {kind}"));
            add(finding.said("grpcreplay: entry with nil message and false is_error"));
        }
        let unknown = unknown_entry_fields(entry);
        for (fields, of_type) in [(&unknown.of_entry, "grpcreplay.Entry"), (&unknown.of_any, "google.protobuf.Any")] {
            let mut numbers: Vec<u32> = fields.iter().map(|field| field_number(field)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            for number in numbers {
                let fault = fault_of(entry).filter(|_| number == Entry::EXTENSION && of_type == "grpcreplay.Entry");
                let message = match fault {
                    Some(fault) => format!("field {number} of {of_type}, which holds no metadata and time: {fault}"),
                    None => format!("field {number}, which {of_type} does not have"),
                };
                let finding = Finding::new(Rule::UnknownFields, message);
                findings.push(finding.of_go(Go::Accepts).about(format!("{of_type} {number}")));
            }
        }
    }

    /// What its message says.
    fn look_at_message(&mut self, entry: &Entry, inspected: &mut Inspected) {
        let (Some(any), is_error) = entry.payload().fields() else { return };
        let part = Part::of(entry);
        let layout = match self.schema.resolve(any.type_url) {
            Ok(layout) => layout,
            Err(reason) => return inspected.findings.push(self.unresolved(any, part, &reason)),
        };
        // Here its method tells what it is, and Go does not ask that.
        inspected.findings.extend(recorded_without_type(any));
        if let Some(malformed) = self.malformed(layout, any) {
            return inspected.findings.push(malformed);
        }
        if entry.flaw() == Some(Flaw::ErrorIsNoStatus) {
            let message = format!("an error with a message of type {}, and no google.rpc.Status", any.type_name());
            let finding = Finding::new(Rule::ErrorWithoutStatus, message);
            let words = "panic: interface conversion: protoreflect.ProtoMessage is not *status.Status";
            inspected.findings.push(finding.said(words));
        } else if is_error && Status::read(any.value).is_ok_and(|status| status.code == Code::OK) {
            let finding = Finding::new(Rule::EmptyStatus, "an error whose code is OK");
            inspected.findings.push(finding.of_go(Go::Accepts));
        }
        if let Some((drift, _)) = &self.against {
            drift.look_for_type(any.type_url, part, &mut inspected.findings);
        }
        let is_text = entry.text().is_some();
        match message_place(entry) {
            MessagePlace::None => {}
            MessagePlace::At { any: around, value } => {
                let (data, around) = (entry.record(), [around]);
                let target = Target { data, around: &around, message: value, part, method: "", layout, cover: 0 };
                self.look_inside(any, &target, is_text, inspected);
            }
            MessagePlace::Odd(why) => {
                // Fields that an entry does not have were told of.
                if unknown_entry_fields(entry) == UnknownEntryFields::default() {
                    let finding = Finding::new(Rule::Uninspected, why).of_go(Go::Accepts);
                    inspected.findings.push(finding.about(why));
                }
                // What counts of it can be looked at all the same.
                let plain = Entry::encode(entry.kind(), entry.method(), entry.payload(), entry.ref_index());
                if let Ok(plain) = plain
                    && let MessagePlace::At { any: around, value } = message_place(&plain)
                {
                    let (data, around) = (plain.record(), [around]);
                    let target = Target { data, around: &around, message: value, part, method: "", layout, cover: 0 };
                    self.look_inside(any, &target, is_text, inspected);
                }
            }
        }
    }

    /// What stands in the metadata beside it, of which keys are no secrets.
    fn look_at_metadata(&mut self, entry: &Entry, inspected: &mut Inspected) {
        let Some(Extension { headers, trailers, .. }) = entry.extension() else { return };
        for Metadatum { key, value } in headers.iter().chain(&trailers) {
            self.look.secrets_of(value, &Part::place_of_metadata(key));
        }
        inspected.findings.append(&mut self.look.found);
    }

    fn look_inside(&mut self, any: Any<'_>, target: &Target<'_>, is_text: bool, inspected: &mut Inspected) {
        if self.checks.looks_into_messages() {
            self.look.begin(target.part);
            // The message itself can be read, and of one in it that can't be the look is told.
            let _ = self.splicer.run(target, &mut self.look);
            inspected.findings.append(&mut self.look.found);
        }
        if let Some((drift, splicer)) = &mut self.against {
            drift.look_inside(splicer, (any.type_url, target), is_text, &mut inspected.findings);
        }
    }

    /// A finding of a message whose type is not known; if nobody wants to hear that, of what can't be looked into for it.
    fn unresolved(&self, any: Any<'_>, part: Option<Part>, reason: &Unresolved) -> Finding {
        let (rule, words) = match reason {
            Unresolved::EmptyUrl => (Rule::NoType, "proto: invalid empty type URL"),
            Unresolved::NotUtf8 | Unresolved::Unknown(_) | Unresolved::Broken { .. } => (Rule::UnknownType, NOT_FOUND),
        };
        if rule == Rule::UnknownType && self.checks.severity(rule).is_none() {
            let finding = Finding::new(Rule::Uninspected, reason.to_string()).of_place(place_of(part, ""));
            return finding.about(any.type_url);
        }
        if let Some(finding) = recorded_without_type(any) {
            return finding;
        }
        let message = match rule {
            Rule::NoType => "a message without a type".to_owned(),
            _ => format!("{reason}, which Go refuses unless the program links it"),
        };
        Finding::new(rule, message).said(words).about(any.type_url)
    }

    /// What is wrong with the bytes of a message.
    fn malformed(&mut self, layout: LayoutId, any: Any<'_>) -> Option<Finding> {
        let malformed = check_message(&mut self.walker, layout, any.value).err()?;
        let message =
            format!("not a {}: {} at byte {} of it", any.type_name(), malformed.fault(), malformed.position());
        let words = match malformed.fault() {
            Fault::Utf8(_) => match field_without_utf8(&mut self.walker, layout, any.value) {
                Some(field) => {
                    let finding = Finding::new(Rule::MalformedMessage, format!("{field} is not UTF-8"));
                    return Some(finding.said(format!("proto: field {field} contains invalid UTF-8")));
                }
                None => UNPARSABLE,
            },
            _ => UNPARSABLE,
        };
        Some(Finding::new(Rule::MalformedMessage, message).said(words))
    }
}

/// A finding of a message whose type nobody could name when it was recorded.
fn recorded_without_type(any: Any<'_>) -> Option<Finding> {
    let method = unnamed::of(any.type_url)?.method;
    let message = format!(
        "a message of {method} that was recorded without descriptors, which Go refuses; `rpcreplay schema retype` names its type"
    );
    Some(Finding::new(Rule::UnknownType, message).said(NOT_FOUND).about(any.type_url))
}

/// The number of a field that begins with its tag.
fn field_number(field: &[u8]) -> u32 {
    let mut cursor = Cursor::new(field, 0..field.len());
    // It was read once before.
    cursor.field(&mut Groups::default()).map_or(0, |(tag, _)| tag.number())
}
