//! Recordings that were made without descriptors become what they would have been with them: a [`Survey`] looks at all entries, and
//! [`Retyping`] makes the new ones.
//!
//! A message [whose type nobody could name](crate::unnamed) gets the type that its method's descriptor says. A unary call that was recorded as
//! a stream becomes a request and a response, if it has just these; and the end of a stream goes that answers once, as Go's recorder reads
//! none.
//!
//! ```
//! use rpcreplay::format::{ReadOptions, Reader, Writer};
//! use rpcreplay::retype::Survey;
//! use rpcreplay::Schema;
//!
//! let schema = Schema::builder().protoset("ledger", std::fs::read("tests/data/ledger.protoset")?)?.build();
//! let file = std::fs::read("tests/data/unnamed.replay")?;
//! let reader = || Reader::new(&file[..], &schema, ReadOptions::default());
//! let mut survey = Survey::new(&schema);
//! for entry in reader()? {
//!     survey.follow(&entry?);
//! }
//! let mut retyping = survey.finish();
//! let mut new = Writer::binary(Vec::new(), reader()?.header())?;
//! for entry in reader()? {
//!     if let Some(entry) = retyping.retype(&entry?)? {
//!         new.write(&entry)?;
//!     }
//! }
//! assert_eq!(retyping.told().calls, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::entry::{Entry, EntryIndex, Kind, Payload};
use crate::error::{ErrorKind, Result};
use crate::extension::Extension;
use crate::format::{Recast, Renumbering};
use crate::pairing::Pairing;
use crate::schema::{Schema, unknown_entry_fields};
use crate::unnamed::{self, Direction, Unnamed};

/// What the type URL of a message begins with whose type has a name.
const TYPE_PREFIX: &str = "type.googleapis.com/";

/// Looks at the entries of a recording, one after the other, for what is to become of them.
#[derive(Debug)]
pub struct Survey<'s> {
    schema: &'s Schema,
    pairing: Pairing,
    /// The streams that may become something else, by their first entries.
    streams: FxHashMap<u64, Stream>,
    told: Told,
}

/// A stream whose method answers once.
#[derive(Debug)]
struct Stream {
    method: Rc<str>,
    /// Whether its method takes one request, too.
    is_unary: bool,
    has_messages: bool,
    has_unnamed: bool,
    /// The entry that sent the first message, that which answered, and the end behind it.
    sent: Option<u64>,
    answered: Option<u64>,
    ended: Option<u64>,
    /// Whether it was answered with an error.
    has_failed: bool,
    /// Whether there is something in it that a call of its method does not have.
    is_odd: bool,
    /// What no entry has in those that would go.
    of_create: Beside,
    of_end: Beside,
}

/// What was made of a recording, and what was not, by method.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// How many messages have got the name of their type.
    pub named: u64,
    /// How many streams have become unary calls.
    pub calls: u64,
    /// How many messages have no name still, as no descriptor of their method is known.
    pub unknown: BTreeMap<String, u64>,
    /// How many streams of unary methods stay streams, as they have not just a request and a response.
    pub streams: BTreeMap<String, u64>,
    /// How many unary calls stay what they are, though their methods are streams.
    pub unary: BTreeMap<String, u64>,
}

/// What becomes of an entry, beside the name of its type.
#[derive(Debug)]
enum Role {
    /// It goes.
    Gone,
    /// It is the request of this method; fields of the entry that goes before it stand in front of its own.
    Request(Rc<str>, Beside),
    /// It answers this entry; fields of the entry that goes behind it stand behind its own.
    Response(u64, Beside),
    /// It stays what it is, with fields of the entry that goes behind it.
    Last(Beside),
}

/// What stands in an entry that goes and belongs to another one then.
#[derive(Debug, Default)]
struct Beside {
    /// Fields that no entry has.
    fields: Box<[u8]>,
    /// What was noted beside it.
    noted: Option<Extension>,
}

impl Beside {
    fn of(entry: &Entry) -> Beside {
        Beside { fields: unknown_entry_fields(entry).of_entry.concat().into(), noted: entry.extension() }
    }
}

/// What was noted beside two entries that become one: the time is that of the later.
fn joined(first: Option<Extension>, second: Option<Extension>) -> Option<Extension> {
    match (first, second) {
        (Some(mut first), Some(second)) => {
            first.time = second.time.or(first.time);
            first.headers.extend(second.headers);
            first.trailers.extend(second.trailers);
            Some(first)
        }
        (first, second) => first.or(second),
    }
}

/// Makes what becomes of the entries of a recording, one after the other.
#[derive(Debug)]
pub struct Retyping<'s> {
    schema: &'s Schema,
    roles: FxHashMap<u64, Role>,
    renumbering: Renumbering,
    has_changes: bool,
    told: Told,
}

impl<'s> Survey<'s> {
    /// A survey of a recording, by what this schema says of methods.
    pub fn new(schema: &'s Schema) -> Self {
        Survey { schema, pairing: Pairing::default(), streams: FxHashMap::default(), told: Told::default() }
    }

    /// Looks at the next entry.
    pub fn follow(&mut self, entry: &Entry) {
        let call = self.pairing.follow(entry);
        let is_unnamed = unnamed_of(entry).is_some();
        match entry.kind() {
            Kind::CreateStream => self.begin(entry),
            Kind::Request => {
                let is_stream = |method: &str| {
                    self.schema.method(method).is_some_and(|it| it.streams_requests || it.streams_responses)
                };
                if is_unnamed && is_stream(entry.method()) {
                    *self.told.unary.entry(entry.method().to_owned()).or_default() += 1;
                }
            }
            Kind::Send | Kind::Recv => {
                if let Some(stream) = call.ok().and_then(|EntryIndex(call)| self.streams.get_mut(&call)) {
                    stream.has_unnamed |= is_unnamed;
                    stream.has_messages |= matches!(entry.payload(), Payload::Message(_));
                    if entry.kind() == Kind::Send { stream.sends(entry) } else { stream.receives(entry) }
                }
            }
            Kind::Response | Kind::Unspecified | Kind::Unknown(_) => {}
        }
    }

    fn begin(&mut self, entry: &Entry) {
        let Some(method) = self.schema.method(entry.method()).filter(|method| !method.streams_responses) else {
            return;
        };
        let stream = Stream {
            method: entry.method().into(),
            is_unary: !method.streams_requests,
            has_messages: false,
            has_unnamed: false,
            sent: None,
            answered: None,
            ended: None,
            has_failed: false,
            is_odd: entry.payload() != Payload::Empty,
            of_create: Beside::of(entry),
            of_end: Beside::default(),
        };
        self.streams.insert(entry.index().0, stream);
    }

    /// What is to become of the entries, which are to be read again.
    pub fn finish(self) -> Retyping<'s> {
        let Survey { schema, streams, mut told, .. } = self;
        let mut roles = FxHashMap::default();
        for (create, stream) in streams {
            let Stream { method, is_unary, is_odd, of_create, of_end, .. } = stream;
            match (stream.sent, stream.answered, stream.ended) {
                (Some(sent), Some(answered), ended) if is_unary && !is_odd && stream.has_unnamed => {
                    told.calls += 1;
                    roles.extend([create].into_iter().chain(ended).map(|gone| (gone, Role::Gone)));
                    roles.insert(sent, Role::Request(method, of_create));
                    roles.insert(answered, Role::Response(sent, of_end));
                }
                (_, Some(answered), Some(ended)) if !is_unary && !is_odd && stream.has_unnamed => {
                    roles.insert(answered, Role::Last(of_end));
                    roles.insert(ended, Role::Gone);
                }
                (_, _, _) if is_unary && (stream.has_unnamed || !stream.has_messages) => {
                    *told.streams.entry(method.to_string()).or_default() += 1;
                }
                (_, _, _) => {}
            }
        }
        Retyping { schema, roles, renumbering: Renumbering::default(), has_changes: false, told }
    }
}

impl Stream {
    fn sends(&mut self, entry: &Entry) {
        if !self.is_unary {
            return;
        }
        let is_request =
            matches!(entry.payload(), Payload::Message(_)) && self.sent.is_none() && self.answered.is_none();
        self.is_odd |= !is_request;
        self.sent.get_or_insert(entry.index().0);
    }

    fn receives(&mut self, entry: &Entry) {
        let is_first = self.answered.is_none() && (!self.is_unary || self.sent.is_some());
        match entry.payload() {
            Payload::Message(_) if is_first => self.answered = Some(entry.index().0),
            // It ends the stream, as the status of a unary call does, and another end is none of that.
            Payload::Error(_) if is_first && self.is_unary => {
                self.answered = Some(entry.index().0);
                self.has_failed = true;
            }
            Payload::Eof if self.answered.is_some() && self.ended.is_none() && !self.has_failed => {
                self.ended = Some(entry.index().0);
                self.of_end = Beside::of(entry);
            }
            Payload::Message(_) | Payload::Error(_) | Payload::Eof | Payload::Empty => self.is_odd = true,
        }
    }
}

impl Retyping<'_> {
    /// What becomes of the next entry; nothing if it goes. What stays as it is keeps every byte but its reference.
    ///
    /// # Errors
    ///
    /// Those of [`Renumbering::next`], once an entry has gone; `TooLong` if the record would not fit into 4 GiB.
    pub fn retype(&mut self, entry: &Entry) -> Result<Option<Entry>> {
        let named = unnamed_of(entry).and_then(|unnamed| self.name(unnamed));
        let mut new = Recast::of(entry);
        if let Some(named) = &named {
            new.type_url = named;
        }
        let role = self.roles.remove(&entry.index().0);
        self.has_changes |= named.is_some() || role.is_some();
        let own = entry.extension();
        let mut noted = own.clone();
        match &role {
            Some(Role::Gone) => return Ok(None),
            Some(Role::Request(method, before)) => {
                new = Recast { kind: Kind::Request, method, ref_index: 0, before: &before.fields, ..new };
                noted = joined(before.noted.clone(), own);
            }
            Some(Role::Response(request, behind)) => {
                let request = i32::try_from(*request).map_err(|_| ErrorKind::TooManyEntries)?;
                new = Recast { kind: Kind::Response, ref_index: request, behind: &behind.fields, ..new };
                noted = joined(own, behind.noted.clone());
            }
            Some(Role::Last(behind)) => {
                new.behind = &behind.fields;
                noted = joined(own, behind.noted.clone());
            }
            None => {}
        }
        if named.is_none() && role.is_none() {
            return self.numbered(entry).map(Some);
        }
        let mut recast = entry.recast(&new)?;
        if let Some(noted) = noted {
            recast = recast.with_extension(&noted)?;
        }
        self.numbered(&recast).map(Some)
    }

    /// What was made so far, and what was not.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// Whether an entry so far has become another one, or has gone.
    pub fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// The type URL of a message, now that its method is known; nothing if it is not.
    fn name(&mut self, Unnamed { method, direction }: Unnamed) -> Option<String> {
        let Some(known) = self.schema.method(&method) else {
            *self.told.unknown.entry(method).or_default() += 1;
            return None;
        };
        self.told.named += 1;
        let layout = match direction {
            Direction::Request => known.request,
            Direction::Response => known.response,
        };
        Some(format!("{TYPE_PREFIX}{}", self.schema.layout(layout).full_name()))
    }

    /// The entry under the number that it is written under.
    fn numbered(&mut self, entry: &Entry) -> Result<Entry> {
        let begins_call = matches!(entry.kind(), Kind::Request | Kind::CreateStream);
        let without_reference;
        let (entry, mut written) = match self.renumbering.next(entry) {
            Ok(written) => (entry, written),
            // What begins a call has a reference that means nothing.
            Err(error) if begins_call && matches!(error.kind(), ErrorKind::MissingReference { .. }) => {
                without_reference = entry.with_reference(0)?;
                (&without_reference, self.renumbering.next(&without_reference)?)
            }
            Err(error) => return Err(error),
        };
        let numbered = entry.written(written)?;
        if begins_call {
            // No entry that is yet to come has to be there for it.
            written.ref_index = 0;
        }
        self.renumbering.accept(written);
        Ok(numbered)
    }
}

/// What is known of an entry's message if nobody could name its type.
fn unnamed_of(entry: &Entry) -> Option<Unnamed> {
    match entry.payload() {
        Payload::Message(any) => unnamed::of(any.type_url),
        Payload::Error(_) | Payload::Eof | Payload::Empty => None,
    }
}
