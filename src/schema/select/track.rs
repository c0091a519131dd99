//! [`Tracker`]: which of many selectors a walk has followed how far.
//!
//! The selectors are one automaton. A state says how far each of them has been followed, and which select the value that
//! was reached. States and the steps between them are made when they are first needed, so that following a field costs a
//! look into a table, however many selectors there are.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::{Part, Pattern, Selector, Step};
use crate::schema::{Field, Layout, Scalar, Schema, Shape};

/// A state of one [`Tracker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct StateId(u32);

impl StateId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The states of a message's fields, in a table of one [`Tracker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableId(u32);

/// A selector, and how many of its steps have been taken.
type Live = (u32, u32);

#[derive(Debug, PartialEq, Eq, Hash, Clone, Default)]
struct State {
    /// Sorted.
    live: Vec<Live>,
    /// The selectors that select the value, sorted.
    hits: Vec<u32>,
}

/// The state of a message by its part and the address of its layout.
type Start = (Option<Part>, usize, StateId);

/// Follows selectors through messages.
#[derive(Debug)]
pub(crate) struct Tracker<'s> {
    schema: &'s Schema,
    selectors: Cow<'s, [Selector]>,
    states: Vec<State>,
    ids: FxHashMap<State, StateId>,
    /// By method: the states of its messages.
    starts: FxHashMap<Box<str>, Vec<Start>>,
    /// By state and layout.
    tables: FxHashMap<(StateId, usize), TableId>,
    fields: Vec<Box<[StateId]>>,
    /// By state: the state of an element that no selector names by itself.
    elements: Vec<Option<StateId>>,
    /// By state and field: the state of a map's value whose key no selector names.
    entries: FxHashMap<(StateId, usize), StateId>,
    /// By state and layout: inside an `Any`.
    anys: FxHashMap<(StateId, usize), StateId>,
}

/// How many methods are remembered with where their messages begin: recordings can make up any number of them.
const REMEMBERED_METHODS: usize = 4096;

/// Of how many types of messages of each. Real ones have three: request, response and status.
const REMEMBERED_MESSAGES: usize = 16;

/// What a step leads to.
enum Into<'a> {
    Field(&'a Field),
    Element(Option<u64>),
    Entry(Option<&'a Scalar<'a>>),
    Any(&'a Layout),
}

impl<'s> Tracker<'s> {
    pub(crate) fn new(schema: &'s Schema, selectors: Cow<'s, [Selector]>) -> Self {
        Tracker {
            schema,
            selectors,
            states: Vec::new(),
            ids: FxHashMap::default(),
            starts: FxHashMap::default(),
            tables: FxHashMap::default(),
            fields: Vec::new(),
            elements: Vec::new(),
            entries: FxHashMap::default(),
            anys: FxHashMap::default(),
        }
    }

    /// The selectors that select the value of a state, in order.
    pub(crate) fn hits(&self, state: StateId) -> &[u32] {
        &self.states[state.index()].hits
    }

    /// Whether there are selectors to follow further from a state.
    pub(crate) fn goes_on(&self, state: StateId) -> bool {
        let goes_on = |live: &Live| match &self.selectors[live.0 as usize].pattern {
            Pattern::Path(steps) => (live.1 as usize) < steps.len(),
            Pattern::Type { .. } => true,
            Pattern::Metadata(_) => false,
        };
        self.states[state.index()].live.iter().any(goes_on)
    }

    /// How many states there are so far.
    pub(crate) fn states(&self) -> usize {
        self.states.len()
    }

    /// The state of a message of this part in a call of this method.
    pub(crate) fn start(&mut self, method: &str, part: Option<Part>, root: &Layout) -> StateId {
        let address = std::ptr::from_ref(root).addr();
        let mut known = self.starts.get(method).into_iter().flatten();
        if let Some(&(_, _, state)) = known.rfind(|(of, at, _)| (*of, *at) == (part, address)) {
            return state;
        }
        self.new_start(method, part, root)
    }

    #[cold]
    fn new_start(&mut self, method: &str, part: Option<Part>, root: &Layout) -> StateId {
        let mut state = State::default();
        for number in 0..self.selectors.len() as u32 {
            if self.selectors[number as usize].applies_to(method, part) {
                self.settle(&mut state, number, 0);
            }
        }
        self.hit_type(&mut state, root);
        let state = self.intern(state);
        if self.starts.len() >= REMEMBERED_METHODS && !self.starts.contains_key(method) {
            return state;
        }
        let of_method = self.starts.entry(method.into()).or_default();
        if of_method.len() < REMEMBERED_MESSAGES {
            of_method.push((part, std::ptr::from_ref(root).addr(), state));
        }
        state
    }

    /// The states of the fields of a message; a state of a list or map is that of all of it.
    pub(crate) fn table(&mut self, state: StateId, layout: &Layout) -> TableId {
        let key = (state, std::ptr::from_ref(layout).addr());
        if let Some(&table) = self.tables.get(&key) {
            return table;
        }
        let states = layout.fields().iter().map(|field| self.field_state(state, layout, field)).collect();
        let table = TableId(self.fields.len() as u32);
        self.fields.push(states);
        self.tables.insert(key, table);
        table
    }

    /// The state of a field.
    #[inline]
    pub(crate) fn field(&self, table: TableId, field: &Field) -> StateId {
        self.fields[table.0 as usize][field.index()]
    }

    /// The state of a list's element, given that of the list.
    #[inline]
    pub(crate) fn element(&mut self, list: StateId, index: u64) -> StateId {
        if let Some(state) = self.elements[list.index()] {
            return state;
        }
        self.new_element(list, index)
    }

    #[cold]
    fn new_element(&mut self, list: StateId, index: u64) -> StateId {
        let named = |step: &Step| matches!(step, Step::Index(named) if u64::try_from(*named) == Ok(index));
        if self.names_elements(list) {
            // Those that are named are few, and the others are one.
            let is_named = self.live_steps(list).any(|step| step.is_some_and(named));
            let index = is_named.then_some(index);
            return self.advance(list, &Into::Element(index));
        }
        let state = self.advance(list, &Into::Element(None));
        self.elements[list.index()] = Some(state);
        state
    }

    /// The state of a map's value, given that of the map.
    pub(crate) fn entry(&mut self, map: StateId, field: &Field, key: &Scalar<'_>) -> StateId {
        // The state of a list may be that of a map, and the values of two maps differ in their types.
        let of_field = (map, std::ptr::from_ref(field).addr());
        if let Some(&state) = self.entries.get(&of_field) {
            return state;
        }
        let is_named = self.live_steps(map).any(|step| step.is_some_and(|step| is_key(step, key)));
        let state = self.advance(map, &Into::Entry(is_named.then_some(key)));
        let state = match field.shape() {
            Shape::Map(shape) => self.hit_value(state, &shape.value),
            Shape::Singular | Shape::List { .. } => state,
        };
        if !self.names_elements(map) {
            self.entries.insert(of_field, state);
        }
        state
    }

    /// The state of the message inside an `Any`, given that of the `Any`.
    pub(crate) fn any(&mut self, any: StateId, layout: &Layout) -> StateId {
        let key = (any, std::ptr::from_ref(layout).addr());
        if let Some(&state) = self.anys.get(&key) {
            return state;
        }
        let state = self.advance(any, &Into::Any(layout));
        self.anys.insert(key, state);
        state
    }

    fn live_steps(&self, state: StateId) -> impl Iterator<Item = Option<&Step>> {
        self.states[state.index()].live.iter().map(|&live| self.step(live))
    }

    /// Whether selectors tell elements, or values, apart.
    pub(crate) fn names_elements(&self, state: StateId) -> bool {
        self.live_steps(state).any(|step| matches!(step, Some(Step::Index(_) | Step::Key(_))))
    }

    /// The step that a selector takes next; `None` for those of types.
    fn step(&self, (selector, taken): Live) -> Option<&Step> {
        match &self.selectors[selector as usize].pattern {
            Pattern::Path(steps) => steps.get(taken as usize),
            Pattern::Type { .. } | Pattern::Metadata(_) => None,
        }
    }

    fn field_state(&mut self, state: StateId, layout: &Layout, field: &Field) -> StateId {
        let mut next = self.advanced(state, &Into::Field(field));
        for index in 0..self.states[state.index()].live.len() {
            let (selector, _) = self.states[state.index()].live[index];
            if let Pattern::Type { message, field: Some(name) } = &self.selectors[selector as usize].pattern
                && name.matches_all(field.name())
                && message.matches_all(layout.full_name())
            {
                hit(&mut next, selector);
            }
        }
        let next = self.intern(next);
        match field.shape() {
            // Its type is that of its entries.
            Shape::Map(_) => next,
            Shape::Singular | Shape::List { .. } => self.hit_value(next, field),
        }
    }

    /// The state of a field's value, which selectors may select for its type.
    fn hit_value(&mut self, state: StateId, field: &Field) -> StateId {
        let Some(id) = field.ty().message() else { return state };
        let mut hit = self.states[state.index()].clone();
        self.hit_type(&mut hit, self.schema.layout(id));
        self.intern(hit)
    }

    fn hit_type(&self, state: &mut State, layout: &Layout) {
        for index in 0..state.live.len() {
            let (selector, _) = state.live[index];
            if let Pattern::Type { message, field: None } = &self.selectors[selector as usize].pattern
                && message.matches_all(layout.full_name())
            {
                hit(state, selector);
            }
        }
    }

    fn advance(&mut self, state: StateId, into: &Into<'_>) -> StateId {
        let next = self.advanced(state, into);
        self.intern(next)
    }

    fn advanced(&self, state: StateId, into: &Into<'_>) -> State {
        let mut next = State::default();
        for &(selector, taken) in &self.states[state.index()].live {
            let Some(step) = self.step((selector, taken)) else {
                // Selectors of types are followed everywhere; those of paths have come to their end.
                if let Pattern::Type { .. } = &self.selectors[selector as usize].pattern {
                    self.settle(&mut next, selector, taken);
                }
                continue;
            };
            let is_taken = match (step, into) {
                (Step::Deep, _) => {
                    self.settle(&mut next, selector, taken);
                    false
                }
                (Step::Field(name), Into::Field(field)) => !field.is_extension() && name.matches_all(field.name()),
                (Step::Extension(name), Into::Field(field)) => field.is_extension() && field.name() == name,
                (Step::AnyElement, Into::Element(_) | Into::Entry(_)) => true,
                (Step::Index(_), Into::Element(index)) => index.is_some_and(|index| is_index(step, index)),
                (Step::Index(_) | Step::Key(_), Into::Entry(key)) => key.is_some_and(|key| is_key(step, key)),
                (Step::Message(name), Into::Any(layout)) => name.matches_all(layout.full_name()),
                // A step into a list or map may be left out.
                (Step::Field(_) | Step::Extension(_) | Step::Message(_), Into::Element(_) | Into::Entry(_)) => {
                    self.settle(&mut next, selector, taken);
                    false
                }
                _ => false,
            };
            if is_taken {
                self.settle(&mut next, selector, taken + 1);
            }
        }
        if let Into::Any(layout) = into {
            self.hit_type(&mut next, layout);
        }
        next
    }

    /// Adds a selector that has taken so many steps to a state, and what follows from it without a step.
    fn settle(&self, state: &mut State, selector: u32, mut taken: u32) {
        loop {
            if let Err(place) = state.live.binary_search(&(selector, taken)) {
                state.live.insert(place, (selector, taken));
            }
            let Pattern::Path(steps) = &self.selectors[selector as usize].pattern else { return };
            match steps.get(taken as usize) {
                None => return hit(state, selector),
                Some(Step::Deep) => taken += 1,
                Some(_) => return,
            }
        }
    }

    fn intern(&mut self, state: State) -> StateId {
        if let Some(&id) = self.ids.get(&state) {
            return id;
        }
        let id = StateId(self.states.len() as u32);
        self.states.push(state.clone());
        self.elements.push(None);
        self.ids.insert(state, id);
        id
    }
}

fn hit(state: &mut State, selector: u32) {
    if let Err(place) = state.hits.binary_search(&selector) {
        state.hits.insert(place, selector);
    }
}

fn is_index(step: &Step, index: u64) -> bool {
    matches!(step, Step::Index(named) if u64::try_from(*named) == Ok(index))
}

/// Whether a step leads to the value at a map's key.
fn is_key(step: &Step, key: &Scalar<'_>) -> bool {
    match (step, key) {
        (Step::Key(named), Scalar::String(key) | Scalar::Bytes(key)) => named == key,
        (Step::Key(named), Scalar::Bool(key)) => named == if *key { "true".as_bytes() } else { b"false" },
        (Step::Index(named), Scalar::I32(key)) => *named == i64::from(*key),
        (Step::Index(named), Scalar::I64(key)) => named == key,
        (Step::Index(named), Scalar::U32(key)) => *named == i64::from(*key),
        (Step::Index(named), Scalar::U64(key)) => u64::try_from(*named) == Ok(*key),
        _ => false,
    }
}
