//! [`Checker`]: what is wrong with entries in the place in which they stand, and all that was found in a recording.

use std::collections::{BTreeMap, HashMap};
use std::mem;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::Checks;
use super::finding::{Cause, Finding, Found, Go, Inspected};
use super::go::of_error;
use super::rule::Rule;
use crate::entry::{Entry, EntryIndex, Kind, Payload};
use crate::error::{Error, Position};
use crate::pairing::{EntrySet, Methods, Unpaired};
use crate::schema::{Code, Schema};
use crate::shapes::{Shapes, ending};

/// Follows the entries of a recording, and gathers what was found in it.
///
/// It keeps what was found, some hundred bytes per open stream, and as many per request that is unlike those before it.
pub struct Checker<'c> {
    checks: &'c Checks,
    schema: &'c Schema,
    shapes: Shapes<'c>,
    methods: Methods,
    findings: Vec<Finding>,
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
    /// What came after the first message sent.
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
    /// The call that was answered last, and its code, if that is one that may pass.
    failed: Option<(EntryIndex, Code)>,
}

/// A call that is answered otherwise than another one with the same request.
#[derive(Debug)]
struct Other {
    call: EntryIndex,
    position: Position,
    method: String,
}

impl<'c> Checker<'c> {
    /// Nothing of a recording was read yet.
    pub fn new(checks: &'c Checks, schema: &'c Schema) -> Self {
        Checker {
            checks,
            schema,
            shapes: Shapes::new(schema),
            methods: Methods::default(),
            findings: Vec::new(),
            once: HashMap::new(),
            unanswered: BTreeMap::new(),
            streams: BTreeMap::new(),
            told_after_end: EntrySet::default(),
            asked: FxHashMap::default(),
            has_entries: false,
        }
    }

    /// Adds what was found where no entry is, in the initial state.
    pub fn add_finding(&mut self, finding: Finding) {
        self.put(finding, None);
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
        for Found { finding, once } in findings {
            let finding = Finding { position: entry.position(), call: call.ok(), method: method.to_owned(), ..finding };
            self.put(finding, once);
        }
        match call {
            Err(unpaired) if !is_refused => self.unpaired(entry, unpaired),
            Err(_) => {}
            Ok(call) => {
                self.look_at_type(entry, call, method);
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
            self.put(Finding::new(Rule::NoEntries, "a header and no entry"), None);
        }
        if let Some(finding) = damage.flatten() {
            self.put(finding, None);
        }
        self.different_answers();
        for Once { index, entries, .. } in self.once.into_values().filter(|once| once.entries > 1) {
            self.findings[index].message += &format!(", in {entries} entries");
        }
        let mut findings = self.findings;
        // Of a recording as a whole first, and where it ends last: that is of the entry which should follow.
        findings.sort_by_key(|finding| finding.position.entry);
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
        let method = entry.method().to_owned();
        self.put(Finding { position: entry.position(), method, ..Finding::new(rule, message).said(unpaired) }, None);
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
        // Go refuses a message without a type before it looks where it stands.
        if found == wanted || found.is_empty() {
            return;
        }
        let finding = Finding::new(Rule::WrongType, format!("a {found}, and the method {verb} {wanted}"));
        self.put_at(entry, call, method, finding);
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
        } else {
            stream.said = joined(stream.said, said);
        }
        let is_end = match (entry.kind(), entry.payload()) {
            (Kind::Send, _) => false,
            (_, Payload::Error(_)) => true,
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
        let Some((failed, code)) = self.asked.get_mut(&key).and_then(|asked| asked.failed.take()) else { return };
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
        let failed = code.filter(|code| self.checks.transient.contains(code)).map(|code| (call, code));
        let asked = self.asked.entry(key).or_insert_with(|| Asked {
            first: call,
            answer,
            calls: 0,
            others: 0,
            other: None,
            failed: None,
        });
        // What may pass is told of as that, and not as another answer.
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
            asked.other.get_or_insert_with(|| Other { call, position, method: method.to_owned() });
        }
    }

    fn different_answers(&mut self) {
        for mut asked in mem::take(&mut self.asked).into_values() {
            let Some(Other { call, position, method }) = asked.other.take() else { continue };
            let first = asked.first;
            let counted = match (asked.calls, asked.others) {
                (2, _) => String::new(),
                (calls, 1) => format!("; 1 of the {calls} calls with it is"),
                (calls, others) => format!("; {others} of the {calls} calls with it are"),
            };
            let message = format!("the same request as that of call #{first}, answered otherwise{counted}");
            let finding = Finding::new(Rule::DifferentAnswers, message);
            self.put(Finding { position, call: Some(call), method, ..finding }, None);
        }
    }

    fn end_of_calls(&mut self, unmatched: u64) {
        for (first, open) in mem::take(&mut self.unanswered) {
            let call = EntryIndex(first);
            let finding = Finding::new(Rule::UnmatchedRequest, "a REQUEST without its RESPONSE");
            let finding = finding.said(format!("replayer: {unmatched} unmatched requests"));
            let method = self.methods.of(call).to_owned();
            self.put(Finding { position: open.position, call: Some(call), method, ..finding }, None);
        }
        for (first, stream) in mem::take(&mut self.streams).into_iter().filter(|(_, stream)| !stream.is_broken) {
            let call = EntryIndex(first);
            let method = self.methods.of(call).to_owned();
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
            self.put(Finding { position: stream.position, call: Some(call), method, ..finding }, None);
        }
    }

    fn put_at(&mut self, entry: &Entry, call: EntryIndex, method: &str, finding: Finding) {
        self.put(Finding { position: entry.position(), call: Some(call), method: method.to_owned(), ..finding }, None);
    }

    /// Adds a finding; of what is told once only the first.
    fn put(&mut self, finding: Finding, once: Option<String>) {
        if self.checks.severity(finding.cause).is_none() {
            return;
        }
        if let (Cause::Rule(rule), Some(about)) = (finding.cause, once) {
            let (index, entry) = (self.findings.len(), finding.position.entry);
            let once = self.once.entry((rule, about)).or_insert(Once { index, entries: 0, last: None });
            if once.last != entry {
                (once.entries, once.last) = (once.entries + 1, entry);
            }
            if once.index != index {
                return;
            }
        }
        self.findings.push(finding.on_one_line());
    }
}

/// Two things that were said, one after the other, in 128 bits.
fn joined(first: u128, second: u128) -> u128 {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&first.to_le_bytes());
    bytes[16..].copy_from_slice(&second.to_le_bytes());
    xxh3_128(&bytes)
}
