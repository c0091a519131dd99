//! [`Trail`]: which selectors select what a walk has reached.

use std::borrow::Cow;

use super::{Part, Selector, StateId, TableId, Tracker};
use crate::schema::{Field, Layout, Place, Scalar, Schema};

/// Follows a walk with a [`Tracker`]: a sink says what it enters and leaves, and is told what is selected.
#[derive(Debug)]
pub(crate) struct Trail<'s> {
    tracker: Tracker<'s>,
    open: Vec<Open>,
}

/// What is open around a value.
#[derive(Debug, Clone, Copy)]
enum Open {
    /// The message of a walk, or of an `Any`, which begins next.
    Whole(StateId),
    Message(TableId),
    List {
        list: StateId,
        next: u64,
    },
    Map(StateId),
    Entry {
        map: StateId,
        value: StateId,
    },
}

/// A value that a walk has reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reached {
    pub(crate) state: StateId,
    /// That of the list or map it stands in, which whatever selects all of it selects, too.
    around: Option<StateId>,
}

impl<'s> Trail<'s> {
    pub(crate) fn new(schema: &'s Schema, selectors: Cow<'s, [Selector]>) -> Self {
        Trail { tracker: Tracker::new(schema, selectors), open: Vec::new() }
    }

    /// A message is about to be walked, of a call of this method.
    pub(crate) fn begin(&mut self, method: &str, part: Option<Part>, root: &Layout) {
        self.open.clear();
        let state = self.tracker.start(method, part, root);
        self.open.push(Open::Whole(state));
    }

    /// The value at a place of what is open.
    pub(crate) fn at(&mut self, place: Place<'_>) -> Reached {
        match (place, self.open.last_mut()) {
            (Place::Field(field), Some(&mut Open::Message(table))) => {
                Reached { state: self.tracker.field(table, field), around: None }
            }
            (Place::Element(_), Some(Open::List { list, next })) => {
                let (list, index) = (*list, *next);
                *next += 1;
                Reached { state: self.tracker.element(list, index), around: Some(list) }
            }
            (Place::MapValue(_), Some(&mut Open::Entry { map, value })) => Reached { state: value, around: Some(map) },
            (Place::Root | Place::Any, Some(&mut Open::Whole(state))) => Reached { state, around: None },
            (place, open) => unreachable!("{place:?} in {open:?}"),
        }
    }

    /// The message inside an `Any` at a place.
    pub(crate) fn any(&mut self, any: Reached, layout: &Layout) -> Reached {
        Reached { state: self.tracker.any(any.state, layout), around: any.around }
    }

    pub(crate) fn enter_any(&mut self, message: Reached) {
        self.open.push(Open::Whole(message.state));
    }

    pub(crate) fn enter_message(&mut self, message: Reached, layout: &Layout) {
        let table = self.tracker.table(message.state, layout);
        self.open.push(Open::Message(table));
    }

    pub(crate) fn enter_list(&mut self, list: Reached) {
        self.open.push(Open::List { list: list.state, next: 0 });
    }

    pub(crate) fn enter_map(&mut self, map: Reached) {
        self.open.push(Open::Map(map.state));
    }

    pub(crate) fn enter_entry(&mut self, field: &Field, key: &Scalar<'_>) {
        let Some(&Open::Map(map)) = self.open.last() else { unreachable!("entries come in maps") };
        let value = self.tracker.entry(map, field, key);
        self.open.push(Open::Entry { map, value });
    }

    pub(crate) fn leave(&mut self) {
        self.open.pop();
    }

    /// The selectors that select a value.
    pub(crate) fn hits(&self, reached: Reached) -> impl Iterator<Item = u32> {
        let around = reached.around.map(|around| self.tracker.hits(around)).unwrap_or_default();
        self.tracker.hits(reached.state).iter().chain(around).copied()
    }

    /// Whether nothing inside of a value can be selected.
    pub(crate) fn is_dead_end(&self, reached: Reached) -> bool {
        !self.tracker.goes_on(reached.state)
    }
}
