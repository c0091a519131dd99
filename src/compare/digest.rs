//! [`Digest`]: what a message says, in a few bytes; what a mask folds apart.

use super::RuleId;
use super::encode::{Mark, hash_of, put_end, put_field, put_length, put_number, put_scalar};
use super::mask::{Elements, Spot, Watch};
use super::tokens::Names;
use crate::entry::Any;
use crate::schema::{Field, Flow, Layout, Malformed, Order, Place, Scalar, Sink, UnopenedAny, Walker, WellKnown, Wire};

/// What an entry says, in 128 bits of XXH3: equal for two entries that differ in nothing but values that a mask folds.
///
/// It is good against accidents and not against malice.
pub(crate) type Digest = u128;

/// Values that a mask folds, or that are times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folded {
    /// Their hashes: equal for equal values that rules fold, wherever they stand. What is ignored is hashed with the number of
    /// its field, so that nothing is a copy of it.
    pub hashes: Vec<u64>,
    /// What each is folded by.
    pub rules: Vec<RuleId>,
}

impl Folded {
    pub(super) fn push(&mut self, hash: u64, rule: RuleId) {
        self.hashes.push(hash);
        self.rules.push(rule);
    }

    fn truncate(&mut self, length: usize) {
        self.hashes.truncate(length);
        self.rules.truncate(length);
    }
}

/// The value that is being folded.
#[derive(Debug, Clone, Copy)]
struct Folding {
    rule: RuleId,
    /// Where its bytes begin.
    start: usize,
    /// How much is open inside of it.
    open: usize,
}

/// A list whose order does not matter.
#[derive(Debug)]
struct Unordered {
    /// How many scopes were open around it.
    open: usize,
    /// Where the bytes and the folded values of its elements begin.
    starts: Vec<(usize, usize)>,
}

/// Writes the bytes of a message that its digest is of.
struct DigestSink<'w, 's> {
    watch: &'w mut Watch<'s>,
    bytes: &'w mut Vec<u8>,
    folded: &'w mut Folded,
    /// Names that are written as what they were renamed to.
    names: Option<&'w Names>,
    folding: Option<Folding>,
    unordered: Vec<Unordered>,
    /// What is open; of lists and maps, where they begin, and where what is in them does.
    opened: Vec<Option<(usize, usize)>>,
}

/// Appends what a message says to `bytes`, and what is folded of it to `folded`.
pub(super) fn digest<'s>(
    walker: &mut Walker<'s>,
    any: Any<'_>,
    layout: crate::schema::LayoutId,
    watch: &mut Watch<'s>,
    (bytes, folded): (&mut Vec<u8>, &mut Folded),
    names: Option<&Names>,
    origin: (&str, Option<crate::schema::Part>),
) -> Result<(), Malformed> {
    let (start, first) = (bytes.len(), folded.hashes.len());
    walker.checked_if_needed(Malformed::in_any, |walker| {
        bytes.truncate(start);
        folded.truncate(first);
        watch.begin(origin.0, origin.1, walker.schema().layout(layout));
        let mut sink = DigestSink {
            watch: &mut *watch,
            bytes: &mut *bytes,
            folded: &mut *folded,
            names,
            folding: None,
            unordered: Vec::new(),
            opened: Vec::new(),
        };
        walker.walk(layout, any.value, &mut sink)
    })
}

impl DigestSink<'_, '_> {
    /// Writes what stands in front of the value at a place, with what the mask says of it.
    fn begin_value(&mut self, place: Place<'_>, mark: Mark, is_time: bool) -> Option<Spot> {
        if self.folding.is_some() {
            self.put_place(place, mark);
            return None;
        }
        self.begin_element(place);
        let spot = self.watch.at(place);
        Some(self.judge(spot, place, mark, is_time))
    }

    fn judge(&mut self, spot: Spot, place: Place<'_>, mark: Mark, is_time: bool) -> Spot {
        if let Some(rule) = spot.verdict.ignore {
            self.fold(rule);
            self.put_place(place, mark);
        } else if let Some(rule) = spot.verdict.fold.or(is_time.then_some(RuleId::TIME)) {
            self.put_place(place, Mark::Folded);
            self.fold(rule);
        } else {
            self.put_place(place, mark);
        }
        spot
    }

    /// Folds what is written from here to the end of the value that begins.
    fn fold(&mut self, rule: RuleId) {
        self.folding = Some(Folding { rule, start: self.bytes.len(), open: self.opened.len() });
    }

    /// Begins a list or map, and says what the mask says of it, if anything in it is to be told.
    fn begin_container(&mut self, field: &Field, mark: Mark) -> Option<Spot> {
        let start = self.bytes.len();
        let mut spot = self.folding.is_none().then(|| self.watch.at_field(field));
        if let Some(rule) = spot.and_then(|spot| spot.verdict.ignore) {
            self.fold(rule);
            spot = None;
        }
        put_field(self.bytes, field, mark);
        self.enter_container(start);
        spot
    }

    fn put_place(&mut self, place: Place<'_>, mark: Mark) {
        match place {
            Place::Field(field) => put_field(self.bytes, field, mark),
            Place::Element(_) | Place::MapValue(_) | Place::Any => put_number(self.bytes, 1, mark),
            Place::Root => {}
        }
    }

    fn begin_element(&mut self, place: Place<'_>) {
        if let (Place::Element(_), Some(unordered)) = (place, self.unordered.last_mut())
            && unordered.open == self.opened.len()
        {
            unordered.starts.push((self.bytes.len(), self.folded.hashes.len()));
        }
    }

    /// The value that was begun is whole.
    #[inline]
    fn end_value(&mut self) {
        if let Some(Folding { rule, start, open }) = self.folding
            && open == self.opened.len()
        {
            self.folded.push(hash_of(&self.bytes[start..]), rule);
            self.bytes.truncate(start);
            self.folding = None;
        }
    }

    fn enter(&mut self) {
        self.opened.push(None);
    }

    /// Goes into a list, a map or an entry of one, which has something in it unless all of that is ignored.
    fn enter_container(&mut self, start: usize) {
        self.opened.push(self.folding.is_none().then_some((start, self.bytes.len())));
    }

    fn leave(&mut self) {
        match self.opened.pop().flatten() {
            Some((start, inside)) if self.bytes.len() == inside => self.bytes.truncate(start),
            Some(_) | None => put_end(self.bytes),
        }
        if self.folding.is_none() {
            self.watch.leave();
        }
        self.end_value();
    }

    fn put_text(&mut self, value: Scalar<'_>) {
        match (value, self.names) {
            (Scalar::String(text), Some(names)) if self.folding.is_none() => names.write(text, self.bytes),
            (value, _) => put_scalar(self.bytes, value),
        }
    }

    /// Sorts the elements of a list that has no order.
    fn sort(&mut self, unordered: &Unordered) {
        let ends = unordered.starts.iter().skip(1).copied();
        let end = (self.bytes.len(), self.folded.hashes.len());
        let mut elements: Vec<_> = unordered.starts.iter().copied().zip(ends.chain([end])).collect();
        elements.sort_by(|a, b| self.bytes[a.0.0..a.1.0].cmp(&self.bytes[b.0.0..b.1.0]));
        let Some(&(first, first_folded)) = unordered.starts.first() else { return };
        let bytes: Vec<u8> = elements.iter().flat_map(|(start, end)| &self.bytes[start.0..end.0]).copied().collect();
        self.bytes.truncate(first);
        self.bytes.extend(bytes);
        let places = || elements.iter().flat_map(|(start, end)| start.1..end.1);
        let hashes: Vec<_> = places().map(|place| self.folded.hashes[place]).collect();
        let rules: Vec<_> = places().map(|place| self.folded.rules[place]).collect();
        self.folded.truncate(first_folded);
        self.folded.hashes.extend(hashes);
        self.folded.rules.extend(rules);
    }
}

impl Sink for DigestSink<'_, '_> {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        let is_time = layout.well_known() == Some(WellKnown::Timestamp);
        let spot = self.begin_value(place, Mark::Message, is_time);
        if let Some(spot) = spot
            && self.folding.is_none()
        {
            self.watch.enter_message(spot, layout);
        }
        self.enter();
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        self.leave();
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        self.begin_value(place, Mark::Value, false);
        self.put_text(value);
        self.end_value();
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
        if let Some(spot) = self.begin_container(field, Mark::List) {
            if spot.verdict.elements != Elements::Ordered {
                self.unordered.push(Unordered { open: self.opened.len(), starts: Vec::new() });
            }
            self.watch.enter_list(spot);
        }
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), Malformed> {
        if self.unordered.last().is_some_and(|unordered| unordered.open == self.opened.len())
            && let Some(unordered) = self.unordered.pop()
        {
            self.sort(&unordered);
        }
        self.leave();
        Ok(())
    }

    fn begin_map(&mut self, field: &Field) -> Result<(), Malformed> {
        if let Some(spot) = self.begin_container(field, Mark::Map) {
            self.watch.enter_map(spot);
        }
        Ok(())
    }

    fn end_map(&mut self, _: &Field) -> Result<(), Malformed> {
        self.leave();
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Malformed> {
        let start = self.bytes.len();
        if self.folding.is_none() {
            self.watch.enter_entry(map, &key);
        }
        put_scalar(self.bytes, key);
        // Without its value a key is nothing.
        self.enter_container(start);
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        self.leave();
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        let spot = if self.folding.is_some() {
            self.put_place(place, Mark::Any);
            None
        } else {
            self.begin_element(place);
            let any = self.watch.at(place);
            let spot = self.watch.any(any, layout);
            Some(self.judge(spot, place, Mark::Any, false))
        };
        put_length(self.bytes, any.type_url.len());
        self.bytes.extend_from_slice(any.type_url.as_bytes());
        if let Some(spot) = spot
            && self.folding.is_none()
        {
            self.watch.enter_any(spot);
        }
        self.enter();
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.leave();
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.begin_value(place, Mark::Unopened, false);
        put_scalar(self.bytes, Scalar::Bytes(any.type_url));
        put_scalar(self.bytes, Scalar::Bytes(any.value));
        self.end_value();
        Ok(Flow::Enter)
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), Malformed> {
        put_number(self.bytes, 1, Mark::Unknown);
        put_scalar(self.bytes, Scalar::Bytes(wire));
        Ok(())
    }
}
