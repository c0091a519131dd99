//! [`Plan`]: what an expression needs of a call besides cel's tree of it.

use cel::common::value::Val;

use super::picks::{PickId, Picks};

/// The values that cel's tree names by number, and what they ask for of messages.
#[derive(Debug)]
pub(super) struct Plan {
    pub slots: Vec<Slot>,
    pub picks: Picks,
    pub uses: Uses,
}

/// A value that is not computed by cel.
#[derive(Debug)]
pub(super) enum Slot {
    Method,
    Kind,
    Index,
    Constant(Box<dyn Val>),
    /// The value of a field, or of all of a variable.
    Path(Root, Vec<Step>),
    /// Whether a field is set.
    Has(Root, Vec<Step>),
}

/// A variable that holds messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Request,
    Response,
    Messages,
    Status,
}

impl Root {
    pub fn of_name(name: &str) -> Option<Root> {
        Some(match name {
            "request" => Root::Request,
            "response" => Root::Response,
            "messages" => Root::Messages,
            "status" => Root::Status,
            _ => return None,
        })
    }

    pub fn pick(self) -> PickId {
        match self {
            Root::Request => PickId::REQUEST,
            Root::Response => PickId::RESPONSE,
            Root::Messages => PickId::MESSAGES,
            Root::Status => PickId::STATUS,
        }
    }
}

/// A step to a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub name: Box<str>,
    /// Its place among the names that are asked for there.
    pub ordinal: usize,
}

/// Which variables an expression uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Uses {
    pub request: bool,
    pub response: bool,
    pub messages: bool,
    pub status: bool,
}

impl Uses {
    pub fn add(&mut self, root: Root) {
        match root {
            Root::Request => self.request = true,
            Root::Response => self.response = true,
            Root::Messages => self.messages = true,
            Root::Status => self.status = true,
        }
    }

    pub fn any(self) -> bool {
        self.request || self.response || self.messages || self.status
    }
}
