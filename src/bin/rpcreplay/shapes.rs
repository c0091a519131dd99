//! Which streams end with their first response: [`Shapes`].

use std::collections::HashMap;

use rpcreplay::entry::{Entry, Kind};
use rpcreplay::pairing::EntrySet;
use rpcreplay::schema::{Method, Schema};

/// Follows the streams of a recording whose methods answer once.
///
/// Go's client reads the only response of a client stream and nothing after it, so no end of such a stream is ever
/// recorded: the response is the end. Which streams these are, only the service's descriptor tells.
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
            return self.answered_once.contains(first);
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
