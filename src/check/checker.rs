//! [`Checker`]: what is wrong with entries in the place in which they stand, and all that was found in a recording.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::Checks;
use super::finding::{Cause, Finding, Go, Inspected};
use super::go::of_error;
use super::rule::Rule;
use crate::entry::{Entry, EntryIndex, Kind, Payload};
use crate::error::{Error, Position};
use crate::pairing::{EntrySet, Methods, Unpaired};
use crate::schema::{Code, Schema};
use crate::shapes::{Shapes, ending};

/// Follows the entries of a recording, and gathers what was found in it.
///
/// It keeps what was found, a thousand findings of a rule at most, some hundred bytes per open call, as many per request that is unlike those
/// before it, and a few per stream.
pub struct Checker<'c> {
    checks: &'c Checks,
    schema: &'c Schema,
    shapes: Shapes<'c>,
    /// What the descriptors say that the recording is held against.
    against: Option<(&'c Schema, Shapes<'c>)>,
    methods: Methods,
    /// The method that findings were last about: most of a recording are about few.
    method: Arc<str>,
    findings: Vec<Finding>,
    /// How many findings of a rule or detector there are.
    counts: HashMap<Cause, u64>,
    /// What is told once, by what it is about.
    once: HashMap<(Rule, String), Once>,
    /// By their first entries: unary calls that are not answered.
    unanswered: BTreeMap<u64, Open>,
    /// By their first entries: streams that have not ended.
    streams: BTreeMap<u64, Stream>,
    /// Streams on which something was received after their end.
    told_after_end: EntrySet,
    /// By what is asked.
    asked: FxHashMap<u128, Asked>,
    has_entries: bool,
}

/// What is told once.
#[derive(Debug)]
struct Once {
    /// Which finding it is.
    index: usize,
    /// How many entries have it, and the last of these.
    entries: u64,
    last: Option<u64>,
}

/// A call that goes on.
#[derive(Debug, Clone)]
struct Open {
    position: Position,
    /// What is asked.
    key: u128,
}

/// A stream that goes on.
#[derive(Debug, Clone)]
struct Stream {
    position: Position,
    /// The method; then with the first message sent, once there is one.
    key: u128,
    has_sent: bool,
    received: u64,
    is_used: bool,
    /// Whether something could not be sent: what ends it may be received, or not.
    is_broken: bool,
    /// What came back, and how opening it ended.
    said: u128,
}

/// A request, and how it was answered.
#[derive(Debug)]
struct Asked {
    /// The first call with it, and what its answer says.
    first: EntryIndex,
    answer: u128,
    /// How many calls ask it, and how many of them are answered otherwise than the first.
    calls: u64,
    others: u64,
    /// The first call that is.
    other: Option<Other>,
    /// The call that was answered last, if that ended with a code that may pass.
    failed: Option<Failed>,
}

/// A call that failed in a way that may pass.
#[derive(Debug)]
struct Failed {
    call: EntryIndex,
    position: Position,
    method: Arc<str>,
    code: Code,
    answer: u128,
}

/// A call that is answered otherwise than another one with the same request.
#[derive(Debug)]
struct Other {
    call: EntryIndex,
    position: Position,
    method: Arc<str>,
}

/// How many findings of a rule or detector are kept; the others are counted. More of them nobody reads.
const MOST: u64 = 1000;

impl<'c> Checker<'c> {
    /// Nothing of a recording was read yet.
    pub fn new(checks: &'c Checks, schema: &'c Schema) -> Self {
        Checker {
            checks,
            schema,
            shapes: Shapes::new(schema),
            against: None,
            methods: Methods::default(),
            method: Arc::default(),
            findings: Vec::new(),
            counts: HashMap::new(),
            once: HashMap::new(),
            unanswered: BTreeMap::new(),
            streams: BTreeMap::new(),
            told_after_end: EntrySet::default(),
            asked: FxHashMap::default(),
            has_entries: false,
        }
    }

    /// Holds methods against these descriptors, too.
    pub fn against(self, against: Option<&'c Schema>) -> Self {
        Checker { against: against.map(|against| (against, Shapes::new(against))), ..self }
    }

    /// Adds what was found where no entry is, in the initial state.
    pub fn add_finding(&mut self, finding: Finding) {
        self.put(finding);
    }

    /// Notes that there is an entry which is not to be looked at.
    pub fn skip(&mut self) {
        self.has_entries = true;
    }

    /// Adds an entry, given which call it belongs to, and what was found in it.
    pub fn add(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>, inspected: Inspected) {
        self.has_entries = true;
        let Inspected { findings, said, is_refused } = inspected;
        let mut methods = mem::take(&mut self.methods);
        let method = methods.follow(entry, call);
        for finding in findings {
            let method = self.shared(method);
            self.put(Finding { position: entry.position(), call: call.ok(), method, ..finding });
        }
        match call {
            Err(unpaired) if !is_refused => self.unpaired(entry, unpaired),
            Err(_) => {}
            Ok(call) => {
                self.look_at_type(entry, call, method);
                self.look_at_drift(entry, call, method);
                match entry.kind() {
                    Kind::Request | Kind::Response => self.unary(entry, call, method, said),
                    Kind::CreateStream | Kind::Send | Kind::Recv => self.stream(entry, call, method, said),
                    Kind::Unspecified | Kind::Unknown(_) => {}
                }
            }
        }
        self.methods = methods;
    }

    /// All that was found, in the order of the recording: how many of its requests were never answered, and what ended the reading of it, if
    /// that was not its end.
    ///
    /// What is missing behind damage is not held against the calls before it, unless Go takes it for the end.
    pub fn finish(mut self, unmatched: u64, damage: Option<&Error>) -> Vec<Finding> {
        let damage = damage.map(of_error);
        let is_end_for_go = match &damage {
            None => true,
            Some(finding) => finding.as_ref().is_some_and(|finding| finding.go == Some(Go::Accepts)),
        };
        if is_end_for_go {
            self.end_of_calls(unmatched);
        }
        if damage.is_none() && !self.has_entries {
            self.put(Finding::new(Rule::NoEntries, "a header and no entry"));
        }
        if let Some(finding) = damage.flatten() {
            self.put(finding);
        }
        self.different_answers();
        for Once { index, entries, .. } in self.once.into_values().filter(|once| once.entries > 1) {
            self.findings[index].message += &format!(", in {entries} entries");
        }
        let mut findings = self.findings;
        // Of a recording as a whole first, and where it ends last: that is of the entry which should follow.
        findings.sort_by_key(|finding| finding.position.entry);
        let mut more: Vec<_> = self.counts.into_iter().filter(|(_, count)| *count > MOST).collect();
        more.sort_by_key(|(cause, _)| self.checks.id(*cause).to_owned());
        findings.extend(more.into_iter().map(|(cause, count)| {
            Finding::new(cause, format!("{} more of the same rule, which are not listed", count - MOST))
        }));
        findings
    }
}

/// What is told of calls that have not ended, and of calls that ask the same.
impl Checker<'_> {
    fn unpaired(&mut self, entry: &Entry, unpaired: Unpaired) {
        let (kind, refers_to) = (entry.kind(), entry.ref_index());
        let (rule, message) = match unpaired {
            Unpaired::Response(_) if refers_to == 0 => {
                (Rule::NoRequest, "a RESPONSE that refers to no entry".to_owned())
            }
            Unpaired::Response(_) => {
                (Rule::NoRequest, format!("a RESPONSE to entry {refers_to}, where no REQUEST waits for one"))
            }
            Unpaired::Send(_) | Unpaired::Recv(_) if refers_to == 0 => {
                (Rule::NoStream, format!("a {kind} that refers to no entry"))
            }
            Unpaired::Send(_) | Unpaired::Recv(_) => {
                (Rule::NoStream, format!("a {kind} on entry {refers_to}, where no stream was opened before it"))
            }
            Unpaired::Kind(kind) => (Rule::UnknownKind, format!("an entry of kind {kind}")),
        };
        let method = self.shared(entry.method());
        self.put(Finding { position: entry.position(), method, ..Finding::new(rule, message).said(unpaired) });
    }

    /// Tells of a message that the method neither takes nor answers with.
    fn look_at_type(&mut self, entry: &Entry, call: EntryIndex, method: &str) {
        if self.checks.severity(Rule::WrongType).is_none() {
            return;
        }
        let Payload::Message(any) = entry.payload() else { return };
        let Some(known) = self.shapes.method(method) else { return };
        let (verb, layout) = match entry.kind() {
            Kind::Request | Kind::Send => ("takes", known.request),
            Kind::Response | Kind::Recv => ("answers with", known.response),
            Kind::CreateStream | Kind::Unspecified | Kind::Unknown(_) => return,
        };
        let (wanted, found) = (self.schema.layout(layout).full_name(), any.type_name());
        // Go refuses a message without a type before it looks where it stands. One that nobody could name is what its method says.
        let is_known = found == wanted || self.schema.resolve(any.type_url).is_ok_and(|found| found == layout);
        if is_known || found.is_empty() {
            return;
        }
        let finding = Finding::new(Rule::WrongType, format!("a {found}, and the method {verb} {wanted}"));
        self.put_at(entry, call, method, finding);
    }

    /// Tells of a method that is not what it was.
    fn look_at_drift(&mut self, entry: &Entry, call: EntryIndex, method: &str) {
        let Some((against, shapes)) = &mut self.against else { return };
        let begins_call = matches!(entry.kind(), Kind::Request | Kind::CreateStream);
        if method.is_empty() || self.checks.severity(Rule::DriftMethod).is_none() {
            return;
        }
        let message = match shapes.method(method) {
            None if begins_call => "the method is gone".to_owned(),
            None => return,
            Some(of_method) => {
                let is_stream = of_method.streams_requests || of_method.streams_responses;
                let (verb, layout) = match entry.kind() {
                    Kind::Request if is_stream => ("is a stream", None),
                    Kind::CreateStream if !is_stream => ("is no stream", None),
                    Kind::Request | Kind::Send => ("takes", Some(of_method.request)),
                    Kind::Response | Kind::Recv => ("answers with", Some(of_method.response)),
                    Kind::CreateStream | Kind::Unspecified | Kind::Unknown(_) => return,
                };
                match (layout, entry.payload()) {
                    (None, _) => format!("the method {verb}"),
                    (Some(layout), Payload::Message(any)) => {
                        let (wanted, found) = (against.layout(layout).full_name(), any.type_name());
                        if wanted == found || against.resolve(any.type_url).is_ok_and(|found| found == layout) {
                            return;
                        }
                        format!("the method {verb} {wanted}, and not {found}")
                    }
                    (Some(_), Payload::Error(_) | Payload::Eof | Payload::Empty) => return,
                }
            }
        };
        let about = format!("{method} {message}");
        self.put_at(entry, call, method, Finding::new(Rule::DriftMethod, message).about(about));
    }

    fn unary(&mut self, entry: &Entry, call: EntryIndex, method: &str, said: u128) {
        if entry.kind() == Kind::Request {
            self.told_if_retried(entry, call, method, said);
            self.unanswered.insert(call.0, Open { position: entry.position(), key: said });
        } else if let Some(open) = self.unanswered.remove(&call.0) {
            let code = ending(entry, false);
            self.answered(open.key, (call, open.position, method), said, code);
        }
    }

    fn stream(&mut self, entry: &Entry, call: EntryIndex, method: &str, said: u128) {
        let is_answered_once = self.shapes.is_answered_once(entry, call.0);
        if entry.kind() == Kind::CreateStream {
            let key = xxh3_128(method.as_bytes());
            self.told_if_retried(entry, call, method, key);
            let position = entry.position();
            self.streams.insert(
                call.0,
                Stream { position, key, has_sent: false, received: 0, is_used: false, is_broken: false, said: 0 },
            );
        }
        let Some(stream) = self.streams.get_mut(&call.0) else {
            if entry.kind() == Kind::Recv && !self.told_after_end.contains(call.0) {
                self.told_after_end.insert(call.0);
                let finding = Finding::new(Rule::RecvAfterEnd, "received after the end of the stream");
                self.put_at(entry, call, method, finding);
            }
            return;
        };
        stream.is_used |= entry.kind() != Kind::CreateStream;
        stream.received += u64::from(entry.kind() == Kind::Recv);
        stream.is_broken |= matches!((entry.kind(), entry.payload()), (Kind::Send, Payload::Error(_)));
        let is_message = matches!(entry.payload(), Payload::Message(_));
        if entry.kind() == Kind::Send && is_message && !stream.has_sent {
            stream.has_sent = true;
            stream.key = joined(stream.key, said);
            let key = stream.key;
            self.told_if_retried(entry, call, method, key);
        } else if entry.kind() != Kind::Send {
            // Go keeps what was sent and what was received apart, and compares no more than the first message sent.
            stream.said = joined(stream.said, said);
        }
        let is_end = match (entry.kind(), entry.payload()) {
            (Kind::Send, _) => false,
            // An error whose code is OK is none.
            (_, Payload::Error(_)) => ending(entry, false) != Some(Code::OK),
            (Kind::CreateStream | Kind::Recv, Payload::Eof) => true,
            (Kind::Recv, Payload::Message(_)) => is_answered_once,
            (_, Payload::Message(_) | Payload::Eof | Payload::Empty) => false,
        };
        if is_end && let Some(stream) = self.streams.remove(&call.0) {
            let code = ending(entry, is_answered_once);
            self.answered(stream.key, (call, stream.position, method), stream.said, code);
        }
    }

    /// Tells of a call that asks what one before it has asked that failed in a way that may pass.
    fn told_if_retried(&mut self, entry: &Entry, call: EntryIndex, method: &str, key: u128) {
        let failed = self.asked.get_mut(&key).and_then(|asked| asked.failed.take());
        let Some(Failed { call: failed, code, .. }) = failed else { return };
        let message = format!("the same request as that of call #{failed}, which had ended with {code}");
        self.put_at(entry, call, method, Finding::new(Rule::RetriedCall, message));
    }

    /// Notes the answer to what a call has asked.
    fn answered(
        &mut self,
        key: u128,
        (call, position, method): (EntryIndex, Position, &str),
        answer: u128,
        code: Option<Code>,
    ) {
        if !self.checks.compares_calls() {
            return;
        }
        let looks_for_retries = self.checks.severity(Rule::RetriedCall).is_some();
        let transient = code.filter(|code| looks_for_retries && self.checks.transient.contains(code));
        let failed = transient.map(|code| Failed { call, position, method: self.shared(method), code, answer });
        let asked = self.asked.entry(key).or_insert_with(|| Asked {
            first: call,
            answer,
            calls: 0,
            others: 0,
            other: None,
            failed: None,
        });
        // What may pass is told of as that, if the call is made again, and not as another answer.
        if failed.is_some() {
            asked.failed = failed;
            return;
        }
        if asked.calls == 0 {
            (asked.first, asked.answer) = (call, answer);
        }
        asked.calls += 1;
        if asked.answer != answer {
            asked.others += 1;
            asked.other.get_or_insert_with(|| Other { call, position, method: method.into() });
        }
    }

    fn different_answers(&mut self) {
        for mut asked in mem::take(&mut self.asked).into_values() {
            // It was not made again.
            if let Some(Failed { call, position, method, answer, .. }) = asked.failed.take()
                && asked.calls > 0
                && answer != asked.answer
            {
                (asked.calls, asked.others) = (asked.calls + 1, asked.others + 1);
                asked.other.get_or_insert(Other { call, position, method });
            }
            let Some(Other { call, position, method }) = asked.other.take() else { continue };
            let first = asked.first;
            let counted = match (asked.calls, asked.others) {
                (2, _) => String::new(),
                (calls, 1) => format!("; 1 of the {calls} calls with it is"),
                (calls, others) => format!("; {others} of the {calls} calls with it are"),
            };
            let message = format!("the same request as that of call #{first}, answered otherwise{counted}");
            let finding = Finding::new(Rule::DifferentAnswers, message);
            self.put(Finding { position, call: Some(call), method, ..finding });
        }
    }

    fn end_of_calls(&mut self, unmatched: u64) {
        for (first, open) in mem::take(&mut self.unanswered) {
            let call = EntryIndex(first);
            let finding = Finding::new(Rule::UnmatchedRequest, "a REQUEST without its RESPONSE");
            let finding = finding.said(format!("replayer: {unmatched} unmatched requests"));
            let method = self.methods.of(call).into();
            self.put(Finding { position: open.position, call: Some(call), method, ..finding });
        }
        for (first, stream) in mem::take(&mut self.streams).into_iter().filter(|(_, stream)| !stream.is_broken) {
            let call = EntryIndex(first);
            let method: Arc<str> = self.methods.of(call).into();
            let finding = match (stream.is_used, stream.received) {
                (false, _) => Finding::new(Rule::UnreadStream, "a stream on which nothing was sent or received"),
                (true, _) if self.shapes.method(&method).is_none() && stream.received == 1 => continue,
                (true, received) => {
                    let messages = if received == 1 { "message" } else { "messages" };
                    Finding::new(
                        Rule::StreamWithoutEof,
                        format!("a stream without an end, after {received} {messages} received"),
                    )
                }
            };
            self.put(Finding { position: stream.position, call: Some(call), method, ..finding });
        }
    }

    /// A method of which there are many findings, mostly.
    fn shared(&mut self, method: &str) -> Arc<str> {
        if *self.method != *method {
            self.method = method.into();
        }
        Arc::clone(&self.method)
    }

    fn put_at(&mut self, entry: &Entry, call: EntryIndex, method: &str, finding: Finding) {
        let method = self.shared(method);
        self.put(Finding { position: entry.position(), call: Some(call), method, ..finding });
    }

    /// Adds a finding; of what is told once only the first.
    fn put(&mut self, finding: Finding) {
        if self.checks.severity(finding.cause).is_none() {
            return;
        }
        let entry = finding.position.entry;
        let once = match (finding.cause, &finding.about) {
            (Cause::Rule(rule), Some(about)) => Some((rule, about.clone())),
            (Cause::Rule(_) | Cause::Secret(_), _) => None,
        };
        if let Some(told) = once.as_ref().and_then(|once| self.once.get_mut(once)) {
            if told.last != entry {
                (told.entries, told.last) = (told.entries + 1, entry);
            }
            return;
        }
        let count = self.counts.entry(finding.cause).or_default();
        *count += 1;
        if *count <= MOST {
            if let Some(once) = once {
                self.once.insert(once, Once { index: self.findings.len(), entries: 1, last: entry });
            }
            self.findings.push(finding.on_one_line());
        }
    }
}

/// Two things that were said, one after the other, in 128 bits.
fn joined(first: u128, second: u128) -> u128 {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&first.to_le_bytes());
    bytes[16..].copy_from_slice(&second.to_le_bytes());
    xxh3_128(&bytes)
}
