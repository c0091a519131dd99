//! [`Selector`]: names fields of messages; the one grammar of flags, rules, reports and errors.
//!
//! ```text
//! SELECTOR = [ METHOD ":" ] [ PART ":" ] PATH  |  [ METHOD ":" ] TYPE  |  [ METHOD ":" ] "metadata:" KEY
//! METHOD   = a pattern for methods, such as GetSecret or SecretManagerService/*
//! PART     = request | response | send | recv | status | initial
//! PATH     = names of fields joined by ".", in which * stands for any characters; "[3]" or "[*]" into a list, "["key"]" or
//!            "[*]" into a map, "(pkg.Message)" into an Any, "**" for any depth; "[pkg.name]" is an extension
//! TYPE     = pkg.Message for every value of a type, pkg.Message.field for a field wherever its message occurs; * stands for
//!            any characters
//! KEY      = a key of metadata, in capitals or not, in which * stands for any characters; all of them, if there is none
//! ```
//!
//! What has no part and a name in it that begins with a capital is a type. A step into a list or map may be left out.

mod parse;
mod track;
mod trail;

use std::fmt;
use std::str::FromStr;

use super::Schema;
use crate::close::close_names;
use crate::entry::{Entry, Kind, Payload};
use crate::glob::Glob;

pub use parse::SelectorError;
pub(crate) use track::{StateId, TableId, Tracker};
pub(crate) use trail::{Reached, Trail};

/// Names fields, or values of a type.
///
/// It is displayed as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    text: String,
    method: Option<Glob>,
    part: Option<Part>,
    pattern: Pattern,
}

/// What part of a call a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The request of a unary call.
    Request,
    /// The response of a unary call.
    Response,
    /// A message sent on a stream.
    Send,
    /// A message received from a stream.
    Recv,
    /// The status that a call or stream failed with.
    Status,
    /// The recording's initial state.
    Initial,
    /// The metadata of a call, which no message holds.
    Metadata,
}

/// What a selector selects of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// Values at the end of these steps.
    Path(Vec<Step>),
    /// Values of message types, or these of their fields.
    Type { message: Glob, field: Option<Glob> },
    /// Values of metadata with these keys, which are in lower case.
    Metadata(Glob),
}

/// A step into a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// To a field, by its name in the `.proto` file.
    Field(Glob),
    /// To an extension, by its full name.
    Extension(String),
    /// To an element of a list, or to a map's value at an integer.
    Index(i64),
    /// To any element of a list, or any value of a map.
    AnyElement,
    /// To a map's value.
    Key(Vec<u8>),
    /// Into an `Any` that holds such a message.
    Message(Glob),
    /// Any steps, or none.
    Deep,
}

impl Selector {
    /// Whether it may select something of the recording's initial state, and nothing else.
    pub fn is_of_initial_state(&self) -> bool {
        self.part == Some(Part::Initial)
    }

    /// Whether it selects something in calls of some methods alone.
    pub(crate) fn names_method(&self) -> bool {
        self.method.is_some()
    }

    /// Whether it selects all that stands in something, and not only what it names: it ends in `**` or `*`.
    pub(crate) fn is_deep(&self) -> bool {
        match &self.pattern {
            Pattern::Path(steps) => match steps.last() {
                Some(Step::Deep) => true,
                Some(Step::Field(name)) => name.as_str() == "*",
                Some(_) | None => false,
            },
            Pattern::Type { .. } | Pattern::Metadata(_) => false,
        }
    }

    /// Whether it selects the value of metadata with this key in calls of this method. What names no part is of messages.
    pub(crate) fn selects_metadata(&self, method: &str, key: &str) -> bool {
        match &self.pattern {
            Pattern::Metadata(keys) => {
                keys.matches_all(&key.to_ascii_lowercase())
                    && self.method.as_ref().is_none_or(|glob| glob.matches(method))
            }
            Pattern::Path(_) | Pattern::Type { .. } => false,
        }
    }

    /// The names of fields in its path that no message type has which this schema was asked for so far, each with those that are close.
    ///
    /// Names with `*` or `?` in them are left out.
    pub fn unmet_names(&self, schema: &Schema) -> Vec<(String, Vec<String>)> {
        let Pattern::Path(steps) = &self.pattern else { return Vec::new() };
        let known = schema.field_names();
        let names = steps.iter().filter_map(|step| match step {
            Step::Field(name) if !name.as_str().contains(['*', '?']) && !known.contains(name.as_str()) => {
                Some(name.as_str())
            }
            _ => None,
        });
        let close = |name: &str| close_names(name, known.iter().copied()).into_iter().map(str::to_owned).collect();
        names.map(|name| (name.to_owned(), close(name))).collect()
    }

    /// The selector of a list where this one selects all of its elements one by one.
    pub(crate) fn of_list(mut self) -> Selector {
        if let Pattern::Path(steps) = &mut self.pattern
            && steps.last() == Some(&Step::AnyElement)
        {
            steps.pop();
        }
        self
    }

    /// Whether it selects something of messages of this part in calls of this method; a message that belongs to no part
    /// is selected by those that name none.
    fn applies_to(&self, method: &str, part: Option<Part>) -> bool {
        let of_part = match (self.part, part) {
            (None, Some(Part::Initial | Part::Metadata)) => false,
            (None, _) => true,
            (Some(wanted), found) => found == Some(wanted),
        };
        of_part && self.method.as_ref().is_none_or(|glob| glob.matches(method))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Selector, SelectorError> {
        parse::parse(text)
    }
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 7] =
        [Part::Request, Part::Response, Part::Send, Part::Recv, Part::Status, Part::Initial, Part::Metadata];

    /// The part that an entry's message is; `None` for kinds that no recorder writes.
    pub fn of(entry: &Entry) -> Option<Part> {
        match (entry.kind(), entry.payload()) {
            (Kind::Unspecified | Kind::Unknown(_), _) => None,
            (_, Payload::Error(_)) => Some(Part::Status),
            (Kind::Request, _) => Some(Part::Request),
            (Kind::Response, _) => Some(Part::Response),
            (Kind::CreateStream | Kind::Send, _) => Some(Part::Send),
            (Kind::Recv, _) => Some(Part::Recv),
        }
    }

    /// Whether the server made it.
    pub fn is_from_server(self) -> bool {
        matches!(self, Part::Response | Part::Recv | Part::Status)
    }

    /// Where a value of metadata stands, as a selector.
    pub(crate) fn place_of_metadata(key: &str) -> String {
        format!("{}:{key}", Part::Metadata)
    }

    /// What selectors call it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Request => "request",
            Part::Response => "response",
            Part::Send => "send",
            Part::Recv => "recv",
            Part::Status => "status",
            Part::Initial => "initial",
            Part::Metadata => "metadata",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
