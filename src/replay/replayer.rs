//! [`Replayer`]: a recording that answers calls.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::calls::{Asked, Call, CallId, CallRef, Order, Repeat, Waiting};
use super::miss::{Miss, Why};
use super::stream::StreamReplay;
use crate::compare::{Change, Comparer, Folded, Mask};
use crate::entry::{Any, Entry, EntryIndex, Kind, Payload};
use crate::error::Error;
use crate::format::{Reader, Replayable, Unreplayable};
use crate::pairing::Pairing;
use crate::recording::Header;
use crate::schema::Schema;

/// Answers calls with what was recorded, by the rules of Go's replayer unless others are asked for.
///
/// A unary call is answered by the first recorded call of its method with an equal request that has not answered yet, in the order of the
/// responses; a stream by the first whose first message sent is equal, in the order in which streams were opened. Requests are equal as
/// messages, apart from what a [`Mask`] ignores; if the type of one is not known, as bytes. How long that takes does not depend on how many
/// calls were recorded. Source: `grpcreplay.go` of go-replayers.
///
/// Any number of threads may ask at the same time.
pub struct Replayer<'s> {
    schema: &'s Schema,
    mask: &'s Mask,
    rules: (Order, Repeat),
    is_timed: bool,
    before_match: Option<Box<BeforeMatch<'s>>>,
    log: Option<Box<Log<'s>>>,
    headers: Vec<Header>,
    /// Of all recordings.
    entries: Vec<Entry>,
    calls: Vec<Call>,
    numbers: HashMap<Box<str>, u32>,
    methods: Vec<Method>,
    waiting: Mutex<(Waiting, u64)>,
    /// Those that nobody uses at the moment.
    comparers: Mutex<Vec<Comparer<'s>>>,
}

/// May change what a program sends before it is matched: it is given a `REQUEST` or `SEND` entry and the method, and says what to match
/// instead, or why that can't be.
pub type BeforeMatch<'s> = dyn Fn(&Entry, &str) -> Result<Entry, String> + Send + Sync + 's;

/// Is told of every call.
pub type Log<'s> = dyn Fn(&Event<'_>) + Send + Sync + 's;

/// Something that happened in a replay.
#[derive(Debug)]
pub struct Event<'e> {
    /// The number of the call among those of the run, from 1.
    pub number: u64,
    /// The full method, `/package.Service/Method`.
    pub method: &'e str,
    /// What came of it.
    pub outcome: Outcome<'e>,
}

/// What came of a call, or of a message sent in it.
#[derive(Debug)]
pub enum Outcome<'e> {
    /// A recorded call answers.
    Answered(CallRef),
    /// None does.
    Missed(&'e Miss),
    /// What was sent later on a stream is not what was recorded.
    SentOtherwise {
        /// The call that answers.
        call: CallRef,
        /// Which message it is, from 0.
        place: usize,
        /// Where they differ.
        changes: &'e [Change],
    },
}

/// How a recorded unary call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'r> {
    /// The number of the call among those of the run, from 1.
    pub number: u64,
    /// The recorded call.
    pub call: CallRef,
    /// A message, or an error, a `google.rpc.Status`.
    pub payload: Payload<'r>,
    /// How long it took in the recording, if that is [wanted](Replayer::timed) and the recording has the times.
    pub took: Option<Duration>,
}

/// Why a recording can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum NoReplay {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] Error),
    /// Go's replayer would refuse it.
    #[error(transparent)]
    Refused(#[from] Unreplayable),
}

/// What the calls of a method have in common.
#[derive(Debug)]
struct Method {
    name: Box<str>,
    /// Of unary calls and of streams: the type URLs of what was sent first. Nearly always there is one.
    types: [Vec<Box<str>>; 2],
}

impl fmt::Debug for Replayer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayer").field("rules", &self.rules).field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

impl<'s> Replayer<'s> {
    /// A replayer without recordings, whose messages are of these types, and compared without what the mask
    /// [ignores](crate::compare::Treatment::Ignore).
    pub fn new(schema: &'s Schema, mask: &'s Mask) -> Self {
        Replayer {
            schema,
            mask,
            rules: Default::default(),
            is_timed: false,
            before_match: None,
            log: None,
            headers: Vec::new(),
            entries: Vec::new(),
            calls: Vec::new(),
            numbers: HashMap::new(),
            methods: Vec::new(),
            waiting: Mutex::default(),
            comparers: Mutex::default(),
        }
    }

    /// Answers by these rules, and not by those of Go.
    pub fn with_rules(self, order: Order, repeat: Repeat) -> Self {
        Replayer { rules: (order, repeat), ..self }
    }

    /// Says of answers how long they took in the recording, for whoever is to wait as long: it waits for nothing itself.
    pub fn timed(self, is_timed: bool) -> Self {
        Replayer { is_timed, ..self }
    }

    /// Changes what a program sends before it is matched.
    pub fn before_match(self, hook: Box<BeforeMatch<'s>>) -> Self {
        Replayer { before_match: Some(hook), ..self }
    }

    /// Tells of every call.
    pub fn log(self, sink: Box<Log<'s>>) -> Self {
        Replayer { log: Some(sink), ..self }
    }

    /// Reads a recording, whose calls answer behind those that were added before.
    ///
    /// # Errors
    ///
    /// [`NoReplay`] if it can't be read, or Go's replayer would refuse it. Messages whose type is not known, which Go refuses, too, are
    /// compared as bytes.
    pub fn add<R: Read>(&mut self, mut reader: Reader<'_, R>) -> Result<(), NoReplay> {
        let (entries, calls, methods) = (self.entries.len(), self.calls.len(), self.methods.len());
        if let Err(error) = self.read(&mut reader) {
            self.entries.truncate(entries);
            self.calls.truncate(calls);
            self.methods.truncate(methods);
            self.numbers.retain(|_, number| (*number as usize) < methods);
            self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner).0.keep_methods(methods);
            return Err(error);
        }
        self.headers.push(reader.header().clone());
        let mut comparer = self.comparer();
        for id in calls..self.calls.len() {
            let call = &self.calls[id];
            if let Some(&sent) = call.sent.first() {
                let entry = &self.entries[sent as usize];
                let method = &mut self.methods[call.method as usize];
                let types = &mut method.types[usize::from(call.is_stream)];
                let type_url = entry.payload().fields().0.map_or("", |any| any.type_url);
                if !types.iter().any(|known| **known == *type_url) {
                    types.push(type_url.into());
                }
                let key = comparer.digest(entry, &method.name, None, &mut Folded::default());
                self.calls[id].key = Some(key);
            }
            let waiting = self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner);
            waiting.0.add(id as CallId, &self.calls[id]);
        }
        self.give_back(comparer);
        Ok(())
    }

    /// Reads the entries of a recording, and makes calls of them.
    fn read<R: Read>(&mut self, reader: &mut Reader<'_, R>) -> Result<(), NoReplay> {
        let recording = self.headers.len() as u32;
        let (mut pairing, mut replayable) = (Pairing::default(), Replayable::default());
        // By the number of the first entry: a request's place, or the stream.
        let (mut requests, mut streams): (FxHashMap<u64, u32>, FxHashMap<u64, usize>) = Default::default();
        while let Some(entry) = reader.read()? {
            let call = pairing.follow(&entry);
            replayable.keep(&entry, call)?;
            // It said so if the entry is of no call.
            let Ok(EntryIndex(first)) = call else { continue };
            let place = self.entries.len() as u32;
            let call = |method, is_stream, first| Call {
                method,
                recording,
                is_stream,
                first,
                sent: Vec::new(),
                received: Vec::new(),
                key: None,
                begins_with_recv: false,
            };
            match entry.kind() {
                Kind::Request => drop(requests.insert(first, place)),
                Kind::Response => {
                    let request = requests.remove(&first).unwrap_or(place);
                    let method = self.entries[request as usize].method().to_owned();
                    let method = self.number(&method);
                    self.calls.push(Call {
                        sent: vec![request],
                        received: vec![place],
                        ..call(method, false, request)
                    });
                }
                Kind::CreateStream => {
                    let method = self.number(entry.method());
                    streams.insert(first, self.calls.len());
                    // One that could not be opened has its error to tell before anything is sent.
                    let begins_with_recv = matches!(entry.payload(), Payload::Error(_));
                    self.calls.push(Call { begins_with_recv, ..call(method, true, place) });
                }
                Kind::Send | Kind::Recv => {
                    if let Some(stream) = streams.get(&first).map(|stream| &mut self.calls[*stream]) {
                        stream.begins_with_recv |= entry.kind() == Kind::Recv && stream.sent.is_empty();
                        let messages = if entry.kind() == Kind::Send { &mut stream.sent } else { &mut stream.received };
                        messages.push(place);
                    }
                }
                Kind::Unspecified | Kind::Unknown(_) => {}
            }
            self.entries.push(entry);
        }
        Ok(replayable.end_recording()?)
    }

    /// Where the types of messages come from.
    pub fn schema(&self) -> &'s Schema {
        self.schema
    }

    /// The initial state of the first recording.
    pub fn initial(&self) -> &[u8] {
        self.headers.first().map_or(b"", |header| &header.initial)
    }

    /// Whether calls of a method are answered as streams; nothing if none was recorded. Where both were, its descriptor says so, and without one
    /// they are unary.
    pub fn answers_streams(&self, method: &str) -> Option<bool> {
        let number = *self.numbers.get(method)?;
        let recorded = {
            let waiting = self.waiting();
            [false, true].map(|is_stream| !waiting.0.shape(number, is_stream).is_empty())
        };
        match recorded {
            [false, false] => None,
            [true, true] => {
                let method = self.schema.method(method);
                Some(method.is_some_and(|method| method.streams_requests || method.streams_responses))
            }
            [_, is_stream] => Some(is_stream),
        }
    }

    /// The methods that were recorded, as `/package.Service/Method`, in the order in which they first answer.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.methods.iter().map(|method| &*method.name)
    }

    /// The type URL of what is sent first in calls of a method, if there is one that all of them have.
    pub fn request_type(&self, method: &str, is_stream: bool) -> Option<&str> {
        let number = *self.numbers.get(method)?;
        match &*self.methods[number as usize].types[usize::from(is_stream)] {
            [one] => Some(one),
            [] | [_, _, ..] => None,
        }
    }

    /// Answers a unary call.
    ///
    /// # Errors
    ///
    /// [`Miss`] if no recorded call does.
    pub fn unary(&self, method: &str, request: &[u8]) -> Result<Answer<'_>, Box<Miss>> {
        let number = self.begin_call();
        let sent = self.sent(Kind::Request, method, request).map_err(|why| self.refused(method, false, number, why))?;
        let call = self.choose(method, false, Some(&sent), number)?;
        let payload = self.received_in(call, 0).unwrap_or(Payload::Empty);
        let took = if self.is_timed { self.took(call) } else { None };
        Ok(Answer { number, call: self.call_ref(call), payload, took })
    }

    /// Answers a stream, message by message.
    pub fn stream(&self, method: &str) -> StreamReplay<'_, 's> {
        StreamReplay::new(self, method, self.begin_call())
    }

    /// The calls that have not answered, with their methods, in the order in which they would.
    pub fn unused(&self) -> Vec<(CallRef, &str)> {
        let waiting = self.waiting();
        let unused = (0..).zip(&waiting.0.used).filter(|(_, used)| used.times == 0);
        unused.map(|(call, _)| (self.call_ref(call), self.method_of(call))).collect()
    }
}

/// What streams and misses ask for.
impl<'s> Replayer<'s> {
    pub(super) fn call_ref(&self, call: CallId) -> CallRef {
        let call = &self.calls[call as usize];
        let index = |place: u32| self.entries[place as usize].index();
        let answer = call.received.first().filter(|_| !call.is_stream).map(|place| index(*place));
        CallRef { recording: call.recording as usize, first: index(call.first), answer }
    }

    pub(super) fn method_of(&self, call: CallId) -> &str {
        &self.methods[self.calls[call as usize].method as usize].name
    }

    pub(super) fn call(&self, call: CallId) -> &Call {
        &self.calls[call as usize]
    }

    pub(super) fn entry(&self, place: u32) -> &Entry {
        &self.entries[place as usize]
    }

    pub(super) fn first_of(&self, call: CallId) -> &Entry {
        self.entry(self.calls[call as usize].first)
    }

    pub(super) fn sent_in(&self, call: CallId, number: usize) -> Option<Payload<'_>> {
        self.calls[call as usize].sent.get(number).map(|place| self.entry(*place).payload())
    }

    pub(super) fn received_in(&self, call: CallId, number: usize) -> Option<Payload<'_>> {
        self.calls[call as usize].received.get(number).map(|place| self.entry(*place).payload())
    }

    pub(super) fn number_of(&self, method: &str) -> Option<u32> {
        self.numbers.get(method).copied()
    }

    pub(super) fn is_timed(&self) -> bool {
        self.is_timed
    }

    pub(super) fn rules(&self) -> (Order, Repeat) {
        self.rules
    }

    pub(super) fn waiting(&self) -> MutexGuard<'_, (Waiting, u64)> {
        // Nothing is left half done where a thread could panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn comparer(&self) -> Comparer<'s> {
        let free = self.comparers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| Comparer::new(self.schema, self.mask))
    }

    pub(super) fn give_back(&self, comparer: Comparer<'s>) {
        self.comparers.lock().unwrap_or_else(PoisonError::into_inner).push(comparer);
    }

    pub(super) fn tell(&self, method: &str, number: u64, outcome: Outcome<'_>) {
        if let Some(log) = &self.log {
            log(&Event { number, method, outcome });
        }
    }

    pub(super) fn begins_with_recv(&self, method: &str) -> bool {
        let Some(number) = self.number_of(method) else { return false };
        let mut waiting = self.waiting();
        match self.rules.0 {
            Order::Any => waiting.0.shape(number, true).begin_with_recv(self.rules.1),
            Order::PerMethod | Order::Recorded => {
                let asked = Asked { method: number, is_stream: true, keys: None };
                let next = waiting.0.next_in_order(asked, self.rules);
                let next = next.map(|call| &self.calls[call as usize]);
                next.is_some_and(|call| call.method == number && call.is_stream && call.begins_with_recv)
            }
        }
    }

    /// What a program sends, in the types that messages of the method have, as it is to be matched.
    pub(super) fn sent(&self, kind: Kind, method: &str, message: &[u8]) -> Result<Vec<Entry>, String> {
        let number = self.number_of(method);
        let types = number.map(|number| &self.methods[number as usize].types[usize::from(kind == Kind::Send)]);
        let types = types.into_iter().flatten().map(|known| &**known).filter(|known| !known.is_empty());
        let mut entries = Vec::new();
        for type_url in types {
            let any = Any { type_url, value: message };
            let name = if kind == Kind::Request { method } else { "" };
            let entry = Entry::encode(kind, name, Payload::Message(any), 0).map_err(|error| error.to_string())?;
            entries.push(match &self.before_match {
                None => entry,
                Some(hook) => hook(&entry, method)?,
            });
        }
        Ok(entries)
    }

    /// The call that answers what was sent first; nothing stands for a stream from which something is to be received at once.
    pub(super) fn choose(
        &self,
        method: &str,
        is_stream: bool,
        sent: Option<&[Entry]>,
        number: u64,
    ) -> Result<CallId, Box<Miss>> {
        let mut comparer = self.comparer();
        let digest = |entry: &Entry| comparer.digest(entry, method, None, &mut Folded::default());
        let keys: Option<Vec<u128>> = sent.map(|sent| sent.iter().map(digest).collect());
        self.give_back(comparer);
        let chosen = self.number_of(method).and_then(|of_method| {
            let asked = Asked { method: of_method, is_stream, keys: keys.as_deref() };
            self.waiting().0.choose(asked, &self.calls, self.rules, number)
        });
        match chosen {
            Some(call) => {
                self.tell(method, number, Outcome::Answered(self.call_ref(call)));
                Ok(call)
            }
            None => {
                let miss = Miss::explain(self, method, is_stream, sent, keys.as_deref(), number);
                self.tell(method, number, Outcome::Missed(&miss));
                Err(Box::new(miss))
            }
        }
    }

    /// In what a message that is sent on a stream differs from the one that was recorded in its place.
    pub(super) fn changes_of_later(&self, call: CallId, place: usize, message: &[u8]) -> Option<Vec<Change>> {
        let recorded = self.entry(*self.calls[call as usize].sent.get(place)?);
        let Payload::Message(any) = recorded.payload() else { return None };
        let method = self.method_of(call);
        let any = Any { type_url: any.type_url, value: message };
        let entry = Entry::encode(Kind::Send, "", Payload::Message(any), 0).ok()?;
        let entry = match &self.before_match {
            None => entry,
            Some(hook) => hook(&entry, method).ok()?,
        };
        let mut comparer = self.comparer();
        let digest = |entry, comparer: &mut Comparer<'s>| comparer.digest(entry, method, None, &mut Folded::default());
        let is_same = digest(recorded, &mut comparer) == digest(&entry, &mut comparer);
        let changes = if is_same { Vec::new() } else { comparer.changes(Some(recorded), Some(&entry), method) };
        self.give_back(comparer);
        Some(changes)
    }

    /// A call that the hook refuses.
    pub(super) fn refused(&self, method: &str, is_stream: bool, number: u64, why: String) -> Box<Miss> {
        let miss = Miss { number, method: method.to_owned(), is_stream, why: Why::Refused(why), nearest: Vec::new() };
        self.tell(method, number, Outcome::Missed(&miss));
        Box::new(miss)
    }

    fn begin_call(&self) -> u64 {
        let mut waiting = self.waiting();
        waiting.1 += 1;
        waiting.1
    }

    fn number(&mut self, method: &str) -> u32 {
        if let Some(number) = self.numbers.get(method) {
            return *number;
        }
        let number = self.methods.len() as u32;
        self.methods.push(Method { name: method.into(), types: Default::default() });
        self.numbers.insert(method.into(), number);
        self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner).0.add_method();
        number
    }
}
