//! [`Methods`]: what becomes of the calls of a method.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::glob::Glob;
use crate::schema::Schema;
use crate::unnamed::{self, Direction};

/// How many methods are remembered, and how long their paths may be: a client can make up any.
const REMEMBERED_METHODS: usize = 4096;
const REMEMBERED_PATH_BYTES: usize = 1024;

/// A method, as far as a recording needs it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Method {
    /// `/package.Service/Method`.
    pub(super) path: String,
    pub(super) shape: Shape,
    /// Whether a descriptor has it.
    pub(super) is_known: bool,
    pub(super) request_url: String,
    pub(super) response_url: String,
}

/// Who sends how many messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One each.
    Unary,
    /// The client any number, the server one.
    ManyRequests,
    /// The client one, the server any number.
    ManyResponses,
    /// Both any number; also, as far as nobody knows.
    Many,
}

/// All methods.
#[derive(Debug)]
pub(super) struct Methods {
    schema: &'static Schema,
    unary: Vec<Glob>,
    known: RwLock<HashMap<String, Arc<Method>>>,
}

impl Methods {
    /// Methods are what their descriptors say, and without one streams, but for those that are said to be unary.
    pub(super) fn new(schema: &'static Schema, unary: Vec<Glob>) -> Methods {
        Methods { schema, unary, known: RwLock::default() }
    }

    /// A method, and whether it was not asked for before, as far as that is remembered.
    pub(super) fn of(&self, path: &str) -> (Arc<Method>, bool) {
        if let Some(method) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return (method.clone(), false);
        }
        let method = Arc::new(self.find(path));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let can_be = path.len() <= REMEMBERED_PATH_BYTES && known.len() < REMEMBERED_METHODS;
        let is_new = can_be && known.insert(path.to_owned(), method.clone()).is_none();
        (method, is_new)
    }

    fn find(&self, path: &str) -> Method {
        let is_said_to_be_unary = || self.unary.iter().any(|glob| glob.matches(path));
        match self.schema.method(path) {
            Some(method) => Method {
                path: path.to_owned(),
                is_known: true,
                shape: match (method.streams_requests, method.streams_responses) {
                    (false, false) => Shape::Unary,
                    (true, false) => Shape::ManyRequests,
                    (false, true) => Shape::ManyResponses,
                    (true, true) => Shape::Many,
                },
                request_url: type_url(self.schema.layout(method.request).full_name()),
                response_url: type_url(self.schema.layout(method.response).full_name()),
            },
            None => Method {
                path: path.to_owned(),
                is_known: false,
                shape: if is_said_to_be_unary() { Shape::Unary } else { Shape::Many },
                request_url: unnamed::type_url(path, Direction::Request),
                response_url: unnamed::type_url(path, Direction::Response),
            },
        }
    }
}

fn type_url(name: &str) -> String {
    format!("type.googleapis.com/{name}")
}
