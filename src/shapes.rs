//! How calls end: [`ending`], and [`Shapes`], which knows the streams that end with their first response.

use std::collections::HashMap;

use crate::entry::{Entry, Kind, Payload};
use crate::pairing::EntrySet;
use crate::schema::{Code, Method, Schema, Status};
use crate::unnamed;

/// How the call ended, if this entry says so.
///
/// An error counts in every kind of entry, also a stream that could not be opened. The end of a stream is its success,
/// and so is the only response of one that [is answered once](Shapes::is_answered_once).
pub fn ending(entry: &Entry, is_answered_once: bool) -> Option<Code> {
    match (entry.payload(), entry.kind()) {
        (Payload::Error(any), _) if any.type_name() == "google.rpc.Status" => {
            Status::read(any.value).ok().map(|status| status.code)
        }
        (Payload::Error(_), _) => None,
        (Payload::Message(_) | Payload::Empty | Payload::Eof, Kind::Response) => Some(Code::OK),
        (Payload::Eof, Kind::Recv) => Some(Code::OK),
        (Payload::Message(_), Kind::Recv) if is_answered_once => Some(Code::OK),
        (Payload::Message(_) | Payload::Empty | Payload::Eof, _) => None,
    }
}

/// Whether the call has ended with this entry, given [how](ending) if that can be told: an error that is no status ends it
/// without a code.
pub fn is_end(entry: &Entry, code: Option<Code>) -> bool {
    code.is_some() || entry.kind() == Kind::Response || matches!(entry.payload(), Payload::Error(_))
}

/// Follows the streams of a recording whose methods answer once.
///
/// Go's client reads the only response of a client stream and nothing after it, so no end of such a stream is ever
/// recorded: the response is the end. Which streams these are, only the service's descriptor tells; who
/// [recorded without descriptors](crate::unnamed) has noted the end of every stream.
#[derive(Debug)]
pub struct Shapes<'s> {
    schema: &'s Schema,
    /// What is known of the methods that were asked for.
    methods: HashMap<String, Option<Method>>,
    /// The first entries of the calls that are answered once.
    answered_once: EntrySet,
}

impl<'s> Shapes<'s> {
    /// Looks methods up in this schema.
    pub fn new(schema: &'s Schema) -> Self {
        Shapes { schema, methods: HashMap::new(), answered_once: EntrySet::default() }
    }

    /// Whether an entry belongs to a stream that ends with its first response. To be asked of every entry, in order.
    pub fn is_answered_once(&mut self, entry: &Entry, first: u64) -> bool {
        if entry.kind() != Kind::CreateStream {
            let once = self.answered_once.contains(first);
            let is_unnamed = |entry: &Entry| match entry.payload() {
                Payload::Message(any) => unnamed::of(any.type_url).is_some(),
                Payload::Error(_) | Payload::Eof | Payload::Empty => false,
            };
            if once && is_unnamed(entry) {
                self.answered_once.remove(first);
                return false;
            }
            return once;
        }
        let once = self.method(entry.method()).is_some_and(|method| !method.streams_responses);
        if once {
            self.answered_once.insert(first);
        }
        once
    }

    /// What the descriptor of its service says of a method.
    pub fn method(&mut self, path: &str) -> Option<Method> {
        if let Some(known) = self.methods.get(path) {
            return *known;
        }
        let method = self.schema.method(path);
        self.methods.insert(path.to_owned(), method);
        method
    }
}
