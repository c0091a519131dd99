//! What a query keeps of one recording: [`Selected`].

use rustc_hash::FxHashMap;

use super::expression::{Evaluator, Remarks};
use super::finder::{Finder, Found};
use super::said::Said;
use super::{AskedValue, Query};
use crate::entry::{Entry, EntryIndex};
use crate::pairing::{EntrySet, Methods, Pairing, Unpaired};
use crate::schema::{Code, Schema, Selector};
use crate::shapes::{Shapes, ending};

/// How many methods are remembered with whether they are asked for: recordings can make up any number of them.
const REMEMBERED_METHODS: usize = 4096;

/// What is kept as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A call, for any of its entries.
    Call,
    /// An entry.
    Entry,
}

/// Says of each entry of a recording whether a query keeps it.
///
/// The method and the end of a call are told by one of its entries, and its other entries must follow. The method comes
/// first; the end comes last, so whoever asks for it reads the recording twice. What is kept is a few bits per entry; some bytes
/// per call if a query is [unique](Query::is_unique) or a selector names methods, and what expressions ask for of calls that
/// are not decided.
#[derive(Debug)]
pub struct Selected<'q> {
    query: &'q Query,
    unit: Unit,
    finder: Finder<'q>,
    called: Methods,
    /// Whether selectors name methods.
    asks_for_methods: bool,
    /// Whether methods are asked for.
    known_methods: FxHashMap<Box<str>, bool>,
    evaluators: Vec<Evaluator<'q>>,
    /// The first entries of the calls for which one of the expressions holds.
    evaluated: EntrySet,
    /// Whether the recording was read a first time.
    has_learnt: bool,
    /// The first entries of the calls whose method matches.
    methods: EntrySet,
    /// The first entries of the calls whose code matches.
    codes: EntrySet,
    /// The first entries of the calls of which an entry's kind and number match.
    hits: EntrySet,
    /// The first entries of the calls that have one of the fields.
    fields: EntrySet,
    /// The first entries of the calls that have one of the values.
    values: EntrySet,
    /// The first entries of the calls that repeat an earlier one.
    repeated: EntrySet,
}

impl<'q> Selected<'q> {
    /// A query before anything is known of the recording.
    pub fn new(query: &'q Query, unit: Unit, schema: &'q Schema) -> Self {
        Selected {
            query,
            unit,
            finder: Finder::new(query, schema),
            called: Methods::default(),
            asks_for_methods: query.asks_for_methods(),
            known_methods: FxHashMap::default(),
            evaluators: query.expressions.iter().map(|expression| Evaluator::new(expression, schema)).collect(),
            evaluated: EntrySet::default(),
            has_learnt: false,
            methods: EntrySet::default(),
            codes: EntrySet::default(),
            hits: EntrySet::default(),
            fields: EntrySet::default(),
            values: EntrySet::default(),
            repeated: EntrySet::default(),
        }
    }

    /// The query.
    pub fn query(&self) -> &'q Query {
        self.query
    }

    /// Reads the recording a first time: learns how calls end, and which contain what is asked for. Needed if
    /// [the query says so](Query::needs_first_pass).
    pub fn learn(&mut self, entries: impl Iterator<Item = Entry>, schema: &'q Schema) {
        let (mut pairing, mut shapes) = (Pairing::default(), Shapes::new(schema));
        let mut said = self.query.is_unique.then(|| Said::new(schema));
        for entry in entries {
            let call = call_of(&entry, pairing.follow(&entry));
            let end = ending(&entry, shapes.is_answered_once(&entry, call.0));
            self.note_method(&entry, call);
            self.evaluate(&entry, call, end);
            match end {
                Some(code) if self.query.matches_code(code) => self.codes.insert(call.0),
                Some(_) => drop(self.codes.remove(call.0)),
                None => {}
            }
            if self.matches_entry(&entry) {
                self.hits.insert(call.0);
            }
            if self.unit == Unit::Call {
                self.look_for(&entry, call);
            }
            if let Some(said) = &mut said {
                said.add(&entry, call);
            }
        }
        for evaluator in &mut self.evaluators {
            let held = evaluator.finish().into_iter().filter(|(_, holds)| *holds);
            held.for_each(|(call, _)| self.evaluated.insert(call.0));
        }
        self.has_learnt = true;
        if let Some(said) = said {
            let repeated = said.repeated(|call| self.matches_call(call) != self.query.is_inverted);
            repeated.into_iter().for_each(|call| self.repeated.insert(call));
        }
    }

    /// Whether an entry is kept. To be asked of every entry, in order.
    pub fn keeps(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>) -> bool {
        if self.query.is_everything() {
            return true;
        }
        let call = call_of(entry, call);
        self.note_method(entry, call);
        if !self.has_learnt {
            self.evaluate(entry, call, None);
        }
        let matches = self.matches_call(call.0)
            && match self.unit {
                Unit::Call => true,
                Unit::Entry => self.matches_entry(entry) && self.has_what_is_asked(entry, call),
            };
        matches != self.query.is_inverted && !self.repeated.contains(call.0)
    }

    /// The query's selectors, of fields and then of values, each with whether it has selected anything.
    pub fn selectors(&self) -> impl Iterator<Item = (&'q Selector, bool)> {
        let of_values = self.query.values.iter().map(|condition| &condition.selector);
        self.query.fields.iter().chain(of_values).zip(self.finder.has_hit().iter().copied())
    }

    /// The texts that fields are compared with which the query's values selected.
    pub fn asked_values(&self) -> impl Iterator<Item = AskedValue> {
        self.finder.asked_values()
    }

    /// How many messages could not be opened, and so have neither fields nor values; each as often as it was looked at.
    pub fn unopened(&self) -> u64 {
        self.finder.unopened()
    }

    /// What is to be said of the query's expressions, in their order.
    pub fn remarks(&self) -> Vec<Remarks> {
        self.evaluators.iter().map(Evaluator::remarks).collect()
    }

    /// Asks the expressions about the call of an entry, given how it ended if the entry says so.
    fn evaluate(&mut self, entry: &Entry, call: EntryIndex, ending: Option<Code>) {
        if self.evaluators.is_empty() || !self.methods.contains(call.0) {
            return;
        }
        for evaluator in &mut self.evaluators {
            if let Some((call, true)) = evaluator.add(entry, call, ending) {
                self.evaluated.insert(call.0);
            }
        }
    }

    /// Whether a method is asked for; there are few, and many calls.
    fn matches_method(&mut self, method: &str) -> bool {
        if self.query.methods.is_empty() {
            return true;
        }
        if let Some(known) = self.known_methods.get(method) {
            return *known;
        }
        let matches = self.query.matches_method(method);
        if self.known_methods.len() < REMEMBERED_METHODS {
            self.known_methods.insert(method.into(), matches);
        }
        matches
    }

    fn note_method(&mut self, entry: &Entry, call: EntryIndex) {
        if call != entry.index() {
            return;
        }
        let method = entry.method();
        if self.matches_method(method) {
            self.methods.insert(call.0);
            if self.asks_for_methods {
                self.called.insert(call, method);
            }
        }
    }

    /// Notes what an entry has of what is asked for, unless its call has it already.
    fn look_for(&mut self, entry: &Entry, call: EntryIndex) {
        let Query { fields, values, .. } = self.query;
        let misses_field = !fields.is_empty() && !self.fields.contains(call.0);
        let misses_value = !values.is_empty() && !self.values.contains(call.0);
        if self.methods.contains(call.0) && (misses_field || misses_value) {
            let Found { field, value } = self.finder.find(entry, self.called.of(call));
            if field {
                self.fields.insert(call.0);
            }
            if value {
                self.values.insert(call.0);
            }
        }
    }

    /// Whether all that is asked of a call as a whole is so.
    fn matches_call(&self, call: u64) -> bool {
        let Query { codes, fields, values, expressions, .. } = self.query;
        let of_entries = self.unit == Unit::Entry
            || (!self.query.asks_about_entries() || self.hits.contains(call))
                && (fields.is_empty() || self.fields.contains(call))
                && (values.is_empty() || self.values.contains(call));
        self.methods.contains(call)
            && (codes.is_empty() || self.codes.contains(call))
            && (expressions.is_empty() || self.evaluated.contains(call))
            && of_entries
    }

    /// Whether an entry's kind and number are asked for.
    fn matches_entry(&self, entry: &Entry) -> bool {
        let Query { kinds, numbers, .. } = self.query;
        (kinds.is_empty() || kinds.contains(&entry.kind()))
            && (numbers.is_empty() || numbers.iter().any(|range| range.contains(entry.index().0)))
    }

    /// Whether an entry has the fields and values that are asked for.
    fn has_what_is_asked(&mut self, entry: &Entry, call: EntryIndex) -> bool {
        let Query { fields, values, .. } = self.query;
        if !self.query.asks_about_messages() {
            return true;
        }
        let found = self.finder.find(entry, self.called.of(call));
        (fields.is_empty() || found.field) && (values.is_empty() || found.value)
    }
}

/// The first entry of an entry's call; one that belongs to no call is a call of its own.
fn call_of(entry: &Entry, call: Result<EntryIndex, Unpaired>) -> EntryIndex {
    call.unwrap_or(entry.index())
}
