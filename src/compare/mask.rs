//! [`Mask`]: what a comparison makes of certain values, and [`Watch`], which finds them in a walk.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::schema::{Field, Layout, Place, Scalar, Schema, Selector, StateId, TableId, Tracker};

use super::RuleId;

/// What a comparison makes of the values that a selector selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Treatment {
    /// That they differ is noise, which this rule explains; that one is there and the other is not is a difference.
    Fold(RuleId),
    /// Neither matters, which this rule explains.
    Ignore(RuleId),
    /// Nothing else matters: differences elsewhere are folded by [`RuleId::OUTSIDE`]. What an entry says, for the
    /// matching of calls, does not depend on it.
    Only,
    /// The order of a list's elements doesn't matter.
    Unordered,
    /// The elements of a list are told by their field of this name, and their order doesn't matter.
    Key(String),
}

/// What is to be made of which values: the first selector that selects a value counts.
#[derive(Debug, Default)]
pub struct Mask {
    selectors: Vec<Selector>,
    treatments: Vec<Treatment>,
    has_only: bool,
    /// Which of the selectors has selected a value so far.
    used: Vec<AtomicBool>,
}

impl Mask {
    /// A mask under which all values matter.
    pub fn new() -> Self {
        Mask::default()
    }

    /// Adds what is to be made of the values that a selector selects.
    pub fn add(&mut self, selector: Selector, treatment: Treatment) {
        // What is said of a list may be said of all its elements.
        let selector = match treatment {
            Treatment::Unordered | Treatment::Key(_) => selector.of_list(),
            Treatment::Fold(_) | Treatment::Ignore(_) | Treatment::Only => selector,
        };
        self.has_only |= treatment == Treatment::Only;
        self.selectors.push(selector);
        self.treatments.push(treatment);
        self.used.push(AtomicBool::new(false));
    }

    /// Whether there is something that alone matters.
    pub(super) fn has_only(&self) -> bool {
        self.has_only
    }

    /// The selectors that have selected nothing in any message so far.
    pub fn unused(&self) -> impl Iterator<Item = &Selector> {
        let is_unused = |(_, used): &(&Selector, &AtomicBool)| !used.load(Ordering::Relaxed);
        self.selectors.iter().zip(&self.used).filter(is_unused).map(|(selector, _)| selector)
    }

    /// The name of the field that tells elements apart, which the treatment of this number names.
    pub(super) fn key_of(&self, treatment: u32) -> &str {
        match &self.treatments[treatment as usize] {
            Treatment::Key(name) => name,
            Treatment::Fold(_) | Treatment::Ignore(_) | Treatment::Only | Treatment::Unordered => "",
        }
    }

    /// The rule that the recording's initial state is ignored by, if it is.
    pub fn initial_state(&self) -> Option<RuleId> {
        let all = self.selectors.iter().zip(&self.treatments).zip(&self.used);
        let mut only = false;
        for ((_, treatment), used) in all.filter(|((selector, _), _)| selector.is_of_initial_state()) {
            used.store(true, Ordering::Relaxed);
            match treatment {
                Treatment::Fold(rule) | Treatment::Ignore(rule) => return Some(*rule),
                Treatment::Only => only = true,
                Treatment::Unordered | Treatment::Key(_) => {}
            }
        }
        (self.has_only && !only).then_some(RuleId::OUTSIDE)
    }
}

/// How the elements of a list are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Elements {
    /// By their order.
    #[default]
    Ordered,
    /// By what they are.
    Unordered,
    /// By a field, which the treatment of this number names.
    Keyed(u32),
}

/// What a mask says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    pub(super) fold: Option<RuleId>,
    pub(super) ignore: Option<RuleId>,
    pub(super) elements: Elements,
    is_inside: bool,
}

impl Verdict {
    /// What it says of a list or map as a whole, whose values are folded one by one.
    pub(super) fn without_fold(self) -> Verdict {
        Verdict { fold: None, ..self }
    }
}

/// A value that a walk has reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) state: StateId,
    pub(super) verdict: Verdict,
}

/// What is open around a value.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Root(Spot),
    Message { table: TableId, is_inside: bool },
    List { list: Spot, next: u64 },
    Map(Spot),
    Entry(Spot),
    Any(Spot),
}

/// Follows a walk and tells what the mask says of each value.
#[derive(Debug)]
pub(super) struct Watch<'s> {
    mask: &'s Mask,
    tracker: Tracker<'s>,
    /// By state; what is inherited is not in it.
    verdicts: Vec<Option<Verdict>>,
    scopes: Vec<Scope>,
}

impl<'s> Watch<'s> {
    pub(super) fn new(schema: &'s Schema, mask: &'s Mask) -> Self {
        let tracker = Tracker::new(schema, (&mask.selectors).into());
        Watch { mask, tracker, verdicts: Vec::new(), scopes: Vec::new() }
    }

    /// A message is about to be walked.
    pub(super) fn begin(&mut self, method: &str, part: Option<crate::schema::Part>, root: &Layout) {
        self.scopes.clear();
        let state = self.tracker.start(method, part, root);
        let root = self.spot(state, false);
        self.scopes.push(Scope::Root(root));
    }

    /// The value at a place of what is open.
    #[inline]
    pub(super) fn at(&mut self, place: Place<'_>) -> Spot {
        let top = self.scopes.len() - 1;
        match (place, &mut self.scopes[top]) {
            (Place::Field(field), &mut Scope::Message { table, is_inside }) => {
                let state = self.tracker.field(table, field);
                self.spot(state, is_inside)
            }
            (Place::Element(_), Scope::List { list, next }) => {
                let (list, index) = (*list, *next);
                *next += 1;
                let state = self.tracker.element(list.state, index);
                self.within(list, state)
            }
            (Place::MapValue(_), Scope::Entry(spot)) | (_, Scope::Root(spot) | Scope::Any(spot)) => *spot,
            (place, scope) => unreachable!("{place:?} in {scope:?}"),
        }
    }

    /// The whole list or map of a field begins.
    pub(super) fn at_field(&mut self, field: &Field) -> Spot {
        self.at(Place::Field(field))
    }

    pub(super) fn enter_message(&mut self, spot: Spot, layout: &Layout) {
        let table = self.tracker.table(spot.state, layout);
        self.scopes.push(Scope::Message { table, is_inside: spot.verdict.is_inside });
    }

    pub(super) fn enter_list(&mut self, list: Spot) {
        self.scopes.push(Scope::List { list, next: 0 });
    }

    pub(super) fn enter_map(&mut self, map: Spot) {
        self.scopes.push(Scope::Map(map));
    }

    pub(super) fn enter_entry(&mut self, field: &Field, key: &Scalar<'_>) {
        let Some(&Scope::Map(map)) = self.scopes.last() else { unreachable!("entries come in maps") };
        let state = self.tracker.entry(map.state, field, key);
        let spot = self.within(map, state);
        self.scopes.push(Scope::Entry(spot));
    }

    /// What the mask says of an `Any` that holds such a message: what concerns all of the message concerns the `Any`.
    pub(super) fn any(&mut self, any: Spot, layout: &Layout) -> Spot {
        let state = self.tracker.any(any.state, layout);
        let mut spot = self.spot(state, any.verdict.is_inside);
        spot.verdict.fold = any.verdict.fold.or(spot.verdict.fold);
        spot.verdict.ignore = any.verdict.ignore.or(spot.verdict.ignore);
        spot
    }

    /// Goes into an `Any`, of which [`any`](Self::any) has said this.
    pub(super) fn enter_any(&mut self, any: Spot) {
        self.scopes.push(Scope::Any(any));
    }

    pub(super) fn leave(&mut self) {
        self.scopes.pop();
    }

    /// Whether a value is outside of all that alone [matters](Treatment::Only), itself; something inside of it may not be.
    pub(super) fn is_outside(&self, spot: Option<Spot>) -> bool {
        self.mask.has_only && !spot.is_some_and(|spot| spot.verdict.is_inside)
    }

    /// The same of fields of the open message that its descriptor does not know.
    pub(super) fn is_outside_here(&self) -> bool {
        self.mask.has_only && !matches!(self.scopes.last(), Some(Scope::Message { is_inside: true, .. }))
    }

    /// A value inside a list or map: what folds all of it folds each.
    fn within(&mut self, outer: Spot, state: StateId) -> Spot {
        let mut spot = self.spot(state, outer.verdict.is_inside);
        spot.verdict.fold = spot.verdict.fold.or(outer.verdict.fold);
        spot
    }

    #[inline]
    fn spot(&mut self, state: StateId, is_inside: bool) -> Spot {
        let mut verdict = match self.verdicts.get(state.index()) {
            Some(Some(verdict)) => *verdict,
            Some(None) | None => self.judge(state),
        };
        verdict.is_inside |= is_inside;
        Spot { state, verdict }
    }

    #[cold]
    fn judge(&mut self, state: StateId) -> Verdict {
        let mut verdict = Verdict::default();
        for &number in self.tracker.hits(state) {
            self.mask.used[number as usize].store(true, Ordering::Relaxed);
            match self.mask.treatments[number as usize] {
                Treatment::Fold(rule) => verdict.fold = verdict.fold.or(Some(rule)),
                Treatment::Ignore(rule) => verdict.ignore = verdict.ignore.or(Some(rule)),
                Treatment::Only => verdict.is_inside = true,
                Treatment::Unordered | Treatment::Key(_) if verdict.elements != Elements::Ordered => {}
                Treatment::Unordered => verdict.elements = Elements::Unordered,
                Treatment::Key(_) => verdict.elements = Elements::Keyed(number),
            }
        }
        if self.verdicts.len() < self.tracker.states() {
            self.verdicts.resize(self.tracker.states(), None);
        }
        self.verdicts[state.index()] = Some(verdict);
        verdict
    }
}
