//! [`Tree`]: a message indexed once, so that its values can be reached in any order.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_128;

use super::RuleId;
use super::encode::{Mark, hash_of, hash_of_time, hash_of_value, put_scalar};
use super::mask::{Elements, Spot, Watch};
use super::value::Value;
use crate::entry::Any;
use crate::schema::{
    Field, Flow, Layout, LayoutId, Malformed, Order, Part, Place, Scalar, Sink, UnopenedAny, Walker, WellKnown, Wire,
    duration, quote_go, timestamp,
};

/// The number of a node of one tree; a node comes before what is inside of it.
pub(super) type NodeId = u32;

/// A message and all values inside of it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// Strings, bytes and names.
    texts: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    parent: NodeId,
    /// The first node that is not inside of it.
    pub(super) end: NodeId,
    pub(super) step: Step,
    pub(super) kind: Kind,
    pub(super) fold: Option<RuleId>,
    pub(super) ignore: Option<RuleId>,
    /// Of a list or map in which nothing matters, a rule by which that is so.
    pub(super) hollow: Option<RuleId>,
    pub(super) elements: Elements,
    /// Whether it, and all inside of it, is outside of what alone matters.
    pub(super) is_outside: bool,
    /// Equal for equal values.
    pub(super) exact: u128,
    /// Equal for values that differ in nothing but what the mask folds or ignores.
    pub(super) masked: u128,
}

impl Node {
    /// Equal for values that differ in nothing but what the mask folds, themselves included.
    pub(super) fn seen(&self) -> u128 {
        if self.fold.is_some() { FOLDED } else { self.masked }
    }

    /// The rule by which it does not matter that the value is there, if there is one.
    pub(super) fn does_not_matter(&self) -> Option<RuleId> {
        self.ignore.or(self.hollow)
    }
}

/// What leads from a value to one inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Root,
    /// The field's number, and its name as a selector has it.
    Field(u32, Range<usize>),
    Element(u32),
    /// The key's hash, and the key as a selector has it.
    Key(u64, Range<usize>),
    /// Into an `Any` that holds a message of this type.
    Message(Range<usize>),
    /// To the fields that the descriptor does not know.
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Bool(bool),
    Int(i128),
    Float(f32),
    Double(f64),
    String(Range<usize>),
    Bytes(Range<usize>),
    Enum(i32, Option<Range<usize>>),
    /// Seconds, nanos, and whether it is a duration.
    Time(i64, i32, bool),
    Message,
    List,
    Map,
    /// Its type URL; the message follows.
    Any(Range<usize>),
    /// Type URL and bytes.
    Unopened(Range<usize>, Range<usize>),
    Unknown(Range<usize>),
}

/// How long a path, and a key in it, may become before it is cut: each change has a path, and a message can make the paths of
/// all its values as long as itself.
const PATH_BYTES: usize = 2000;

/// Deeper values are not shown.
const SHOWN_DEPTH: usize = 60;

impl Tree {
    /// Indexes a message.
    pub(super) fn new<'s>(
        walker: &mut Walker<'s>,
        layout: LayoutId,
        any: Any<'_>,
        watch: &mut Watch<'s>,
        (method, part): (&str, Option<Part>),
    ) -> Result<Tree, Malformed> {
        walker.checked_if_needed(Malformed::in_any, |walker| {
            watch.begin(method, part, walker.schema().layout(layout));
            let tree = Tree::default();
            let (exact, masked, inside) = (Vec::new(), Vec::new(), Vec::new());
            let (open, untold, step) = (Vec::new(), None, None);
            let mut sink = TreeSink { watch: &mut *watch, tree, open, untold, step, exact, masked, inside };
            walker.walk(layout, any.value, &mut sink)?;
            Ok(sink.tree)
        })
    }

    pub(super) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let end = self.nodes[node as usize].end;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next = self.nodes[child as usize].end;
                child
            })
        })
    }

    pub(super) fn text(&self, range: &Range<usize>) -> &[u8] {
        &self.texts[range.clone()]
    }

    fn name(&self, range: &Range<usize>) -> String {
        String::from_utf8_lossy(self.text(range)).into_owned()
    }

    /// The path of a node, as a selector has it; `general` for all elements of lists alike. Where it is cut it ends with `…`.
    pub(super) fn path(&self, node: NodeId, general: bool) -> String {
        let mut nodes = vec![];
        let mut at = node;
        while at > 0 {
            nodes.push(at);
            at = self.nodes[at as usize].parent;
        }
        let mut path = String::new();
        for node in nodes.into_iter().rev() {
            if path.len() > PATH_BYTES {
                path.push('…');
                break;
            }
            match &self.nodes[node as usize].step {
                Step::Root | Step::Unknown => {}
                Step::Field(_, name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path += &self.name(name);
                }
                Step::Element(_) if general => path += "[*]",
                Step::Element(index) => path += &format!("[{index}]"),
                Step::Key(_, key) if key.len() > PATH_BYTES => {
                    let shown = String::from_utf8_lossy(&self.text(key)[..PATH_BYTES]);
                    path += &format!("[{shown}…]");
                }
                Step::Key(_, key) => path += &format!("[{}]", self.name(key)),
                Step::Message(name) => path += &format!("({})", self.name(name)),
            }
        }
        path
    }

    /// A value that a report may hold.
    pub(super) fn value(&self, node: NodeId) -> Value {
        self.value_within(node, 0)
    }

    fn value_within(&self, node: NodeId, depth: usize) -> Value {
        if depth > SHOWN_DEPTH {
            return Value::TooDeep;
        }
        let inside = |child| self.value_within(child, depth + 1);
        match &self.nodes[node as usize].kind {
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::Float(value) => Value::Float(*value),
            Kind::Double(value) => Value::Double(*value),
            Kind::String(range) => Value::String(self.text(range).to_vec()),
            Kind::Bytes(range) => Value::Bytes(self.text(range).to_vec()),
            Kind::Enum(number, name) => Value::Enum(name.as_ref().map(|name| self.name(name)).ok_or(*number)),
            Kind::Time(seconds, nanos, is_duration) => {
                let mut text = Vec::new();
                // Only what can be written became a time.
                let _ = if *is_duration {
                    duration(&mut text, *seconds, *nanos)
                } else {
                    timestamp(&mut text, *seconds, *nanos)
                };
                Value::Time(String::from_utf8_lossy(&text).into_owned())
            }
            Kind::Message => {
                let fields = self.children(node).map(|child| match &self.nodes[child as usize].step {
                    Step::Field(_, name) => (self.name(name), inside(child)),
                    Step::Root | Step::Unknown | Step::Element(_) | Step::Key(..) | Step::Message(_) => {
                        (String::new(), inside(child))
                    }
                });
                Value::Message(fields.collect())
            }
            Kind::List => Value::List(self.children(node).map(inside).collect()),
            Kind::Map => {
                let entries = self.children(node).map(|child| match &self.nodes[child as usize].step {
                    Step::Key(_, key) => (self.name(key), inside(child)),
                    _ => (String::new(), inside(child)),
                });
                Value::Map(entries.collect())
            }
            Kind::Any(url) => {
                let message = self.children(node).next().map_or(Value::TooDeep, inside);
                Value::Any(self.name(url), Box::new(message))
            }
            Kind::Unopened(url, value) => {
                Value::Any(self.name(url), Box::new(Value::Opaque(self.text(value).to_vec())))
            }
            Kind::Unknown(range) => Value::Opaque(self.text(range).to_vec()),
        }
    }

    /// The hash by which a value is known again elsewhere in its recording: that of [`Folded`](super::Folded).
    pub(super) fn value_hash(&self, node: NodeId) -> u64 {
        match &self.nodes[node as usize].kind {
            Kind::Bool(value) => hash_of_value(Scalar::Bool(*value)),
            Kind::Int(value) => hash_of_value(match i64::try_from(*value) {
                Ok(value) => Scalar::I64(value),
                Err(_) => Scalar::U64(*value as u64),
            }),
            Kind::String(range) | Kind::Bytes(range) => hash_of_value(Scalar::Bytes(self.text(range))),
            Kind::Time(seconds, nanos, _) => hash_of_time(*seconds, *nanos),
            _ => 0,
        }
    }

    fn put_text(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        start..self.texts.len()
    }
}

struct TreeSink<'w, 's> {
    watch: &'w mut Watch<'s>,
    tree: Tree,
    /// The nodes that are open.
    open: Vec<NodeId>,
    /// How many were open when a value began of whose inside the mask has nothing more to say.
    untold: Option<usize>,
    /// What leads to the next value, where that is not told by its place: the key of a map's entry.
    step: Option<Step>,
    /// What the hashes of a node are made of, kept for the next one.
    exact: Vec<u8>,
    masked: Vec<u8>,
    inside: Vec<(u64, u128)>,
}

impl TreeSink<'_, '_> {
    fn step_to(&mut self, place: Place<'_>, layout: Option<&Layout>) -> Step {
        match place {
            Place::Root => Step::Root,
            Place::Field(field) => self.step_to_field(field),
            Place::Element(_) => {
                let list = self.open.last().copied().unwrap_or(0);
                // The nodes inside were counted as they came.
                Step::Element(self.count(list))
            }
            Place::MapValue(_) => self.step.take().unwrap_or(Step::Root),
            Place::Any => Step::Message(self.tree.put_text(layout.map_or("", Layout::full_name).as_bytes())),
        }
    }

    fn step_to_field(&mut self, field: &Field) -> Step {
        let name = if field.is_extension() { field.text_name() } else { field.name() };
        Step::Field(field.number(), self.tree.put_text(name.as_bytes()))
    }

    /// The next element of a list, which is kept where its exact hash will stand.
    fn count(&mut self, list: NodeId) -> u32 {
        let list = &mut self.tree.nodes[list as usize];
        let index = list.exact;
        list.exact += 1;
        index as u32
    }

    /// Adds a node, and says what the mask says of it.
    fn push(&mut self, place: Place<'_>, layout: Option<&Layout>, kind: Kind) -> Option<Spot> {
        let step = self.step_to(place, layout);
        let spot = match self.untold {
            Some(_) => None,
            None => Some(self.watch.at(place)),
        };
        let is_time = layout.is_some_and(|layout| layout.well_known() == Some(WellKnown::Timestamp));
        self.push_node(step, kind, spot, is_time);
        spot
    }

    fn push_node(&mut self, step: Step, kind: Kind, spot: Option<Spot>, is_time: bool) {
        let verdict = spot.map(|spot| spot.verdict).unwrap_or_default();
        let ignore = verdict.ignore;
        let is_outside = self.watch.is_outside(spot);
        let fold = verdict.fold.or((is_time && spot.is_some()).then_some(RuleId::TIME));
        let parent = self.open.last().copied().unwrap_or(0);
        let end = self.tree.nodes.len() as NodeId + 1;
        let (elements, exact, masked) = (verdict.elements, 0, 0);
        let hollow = None;
        let node = Node { parent, end, step, kind, fold, ignore, hollow, elements, is_outside, exact, masked };
        self.tree.nodes.push(node);
        if self.untold.is_none() && (fold.is_some() || ignore.is_some()) {
            self.untold = Some(self.open.len());
        }
    }

    /// Goes into the node that was added last.
    fn open(&mut self) {
        self.open.push(self.tree.nodes.len() as NodeId - 1);
    }

    /// The innermost open node is whole.
    fn close(&mut self) {
        let node = self.open.pop().expect("what ends has begun");
        if self.untold.is_none() {
            self.watch.leave();
        }
        self.tree.nodes[node as usize].end = self.tree.nodes.len() as NodeId;
        self.make_time(node);
        let (mut ignored, mut is_outside) = (None, true);
        let mut exact = std::mem::take(&mut self.exact);
        self.inside.clear();
        for child in self.tree.children(node) {
            let child = &self.tree.nodes[child as usize];
            let step = match &child.step {
                Step::Root | Step::Element(_) | Step::Unknown => 0,
                Step::Field(number, _) => u64::from(*number),
                Step::Key(hash, _) => *hash,
                Step::Message(name) => hash_of(&self.tree.texts[name.clone()]),
            };
            exact.extend_from_slice(&step.to_le_bytes());
            exact.extend_from_slice(&child.exact.to_le_bytes());
            match child.does_not_matter() {
                None => self.inside.push((step, child.seen())),
                rule => ignored = ignored.or(rule),
            }
            is_outside &= child.is_outside;
        }
        if self.tree.nodes[node as usize].elements != Elements::Ordered {
            self.inside.sort_unstable();
        }
        let mut masked = std::mem::take(&mut self.masked);
        for (step, hash) in &self.inside {
            masked.extend_from_slice(&step.to_le_bytes());
            masked.extend_from_slice(&hash.to_le_bytes());
        }
        self.put_seed(node, &mut exact);
        self.put_seed(node, &mut masked);
        let node = &mut self.tree.nodes[node as usize];
        node.exact = xxh3_128(&exact);
        node.masked = xxh3_128(&masked);
        exact.clear();
        masked.clear();
        (self.exact, self.masked) = (exact, masked);
        node.is_outside &= is_outside;
        // A list or map has something in it, unless all of that is ignored.
        if self.inside.is_empty() && matches!(node.kind, Kind::List | Kind::Map) {
            node.hollow = ignored;
        }
        self.tell_again();
    }

    fn tell_again(&mut self) {
        if self.untold == Some(self.open.len()) {
            self.untold = None;
        }
    }

    /// A time is one value, unless there is more in it than a time has.
    fn make_time(&mut self, node: NodeId) {
        let Kind::Time(_, _, is_duration) = self.tree.nodes[node as usize].kind else { return };
        let (mut seconds, mut nanos, mut is_plain) = (0, 0, true);
        for child in self.tree.children(node) {
            let child = &self.tree.nodes[child as usize];
            match (&child.step, &child.kind) {
                (Step::Field(1, _), Kind::Int(value)) => seconds = *value as i64,
                (Step::Field(2, _), Kind::Int(value)) => nanos = *value as i32,
                _ => is_plain = false,
            }
            // What is said of a part of it must not be lost.
            is_plain &= child.fold.is_none() && child.ignore.is_none();
        }
        let write = if is_duration { duration } else { timestamp };
        is_plain &= write(&mut Vec::new(), seconds, nanos).is_ok();
        let inside = node as usize + 1;
        if is_plain {
            self.tree.nodes.truncate(inside);
            self.tree.nodes[node as usize].end = inside as NodeId;
            self.tree.nodes[node as usize].kind = Kind::Time(seconds, nanos, is_duration);
        } else {
            self.tree.nodes[node as usize].kind = Kind::Message;
        }
    }

    /// Appends what a node is apart from what is inside of it.
    fn put_seed(&self, node: NodeId, out: &mut Vec<u8>) {
        match &self.tree.nodes[node as usize].kind {
            Kind::Message => out.push(Mark::Message as u8),
            Kind::List => out.push(Mark::List as u8),
            Kind::Map => out.push(Mark::Map as u8),
            Kind::Any(url) => out.extend_from_slice(self.tree.text(url)),
            Kind::Time(seconds, nanos, _) => {
                out.extend_from_slice(&seconds.to_le_bytes());
                out.extend_from_slice(&nanos.to_le_bytes());
            }
            _ => {}
        }
    }

    /// Gives the last node, which has nothing inside, its hashes: those of a value, or of two that follow each other.
    fn finish_leaf(&mut self, values: &[Scalar<'_>]) {
        for value in values {
            put_scalar(&mut self.exact, *value);
        }
        let hash = xxh3_128(&self.exact);
        self.exact.clear();
        if let Some(node) = self.tree.nodes.last_mut() {
            (node.exact, node.masked) = (hash, hash);
        }
        self.tell_again();
    }
}

/// Stands for whatever is folded.
const FOLDED: u128 = 1;

impl Sink for TreeSink<'_, '_> {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        let kind = match layout.well_known() {
            Some(WellKnown::Timestamp) => Kind::Time(0, 0, false),
            Some(WellKnown::Duration) => Kind::Time(0, 0, true),
            _ => Kind::Message,
        };
        let spot = self.push(place, Some(layout), kind);
        self.open();
        if let Some(spot) = spot
            && self.untold.is_none()
        {
            self.watch.enter_message(spot, layout);
        }
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        self.close();
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        let kind = match value {
            Scalar::Bool(value) => Kind::Bool(value),
            Scalar::I32(value) => Kind::Int(value.into()),
            Scalar::I64(value) => Kind::Int(value.into()),
            Scalar::U32(value) => Kind::Int(value.into()),
            Scalar::U64(value) => Kind::Int(value.into()),
            Scalar::F32(value) => Kind::Float(value),
            Scalar::F64(value) => Kind::Double(value),
            Scalar::String(text) => Kind::String(self.tree.put_text(text)),
            Scalar::Bytes(bytes) => Kind::Bytes(self.tree.put_text(bytes)),
            Scalar::Enum(number, layout) => {
                Kind::Enum(number, layout.name(number).map(|name| self.tree.put_text(name.as_bytes())))
            }
        };
        self.push(place, None, kind);
        self.finish_leaf(&[value]);
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
        let spot = self.untold.is_none().then(|| self.watch.at_field(field));
        let step = self.step_to_field(field);
        // What folds a list folds each of its elements; the list itself may differ in their number.
        self.push_container(step, Kind::List, spot);
        if let Some(spot) = spot
            && self.untold.is_none()
        {
            self.watch.enter_list(spot);
        }
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), Malformed> {
        self.close();
        Ok(())
    }

    fn begin_map(&mut self, field: &Field) -> Result<(), Malformed> {
        let spot = self.untold.is_none().then(|| self.watch.at_field(field));
        let step = self.step_to_field(field);
        self.push_container(step, Kind::Map, spot);
        if let Some(spot) = spot
            && self.untold.is_none()
        {
            self.watch.enter_map(spot);
        }
        Ok(())
    }

    fn end_map(&mut self, _: &Field) -> Result<(), Malformed> {
        self.close();
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Malformed> {
        if self.untold.is_none() {
            self.watch.enter_entry(map, &key);
        }
        let mut shown = Vec::new();
        match key {
            Scalar::String(text) | Scalar::Bytes(text) => quote_go(&mut shown, text),
            Scalar::Bool(key) => shown.extend_from_slice(key.to_string().as_bytes()),
            Scalar::I32(key) | Scalar::Enum(key, _) => shown.extend_from_slice(key.to_string().as_bytes()),
            Scalar::I64(key) => shown.extend_from_slice(key.to_string().as_bytes()),
            Scalar::U32(key) => shown.extend_from_slice(key.to_string().as_bytes()),
            Scalar::U64(key) => shown.extend_from_slice(key.to_string().as_bytes()),
            // No map has such keys.
            Scalar::F32(_) | Scalar::F64(_) => {}
        }
        self.step = Some(Step::Key(hash_of_value(key), self.tree.put_text(&shown)));
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        if self.untold.is_none() {
            self.watch.leave();
        }
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        let url = self.tree.put_text(any.type_url.as_bytes());
        let step = self.step_to(place, None);
        let spot = self.untold.is_none().then(|| {
            let any = self.watch.at(place);
            self.watch.any(any, layout)
        });
        self.push_node(step, Kind::Any(url), spot, false);
        self.open();
        if let Some(spot) = spot
            && self.untold.is_none()
        {
            self.watch.enter_any(spot);
        }
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.close();
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        let (url, value) = (self.tree.put_text(any.type_url), self.tree.put_text(any.value));
        self.push(place, None, Kind::Unopened(url, value));
        self.finish_leaf(&[Scalar::Bytes(any.type_url), Scalar::Bytes(any.value)]);
        Ok(Flow::Enter)
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), Malformed> {
        let range = self.tree.put_text(wire);
        let is_outside = self.untold.is_some() || self.watch.is_outside_here();
        self.push_node(Step::Unknown, Kind::Unknown(range), None, false);
        if let Some(node) = self.tree.nodes.last_mut() {
            node.is_outside = is_outside;
        }
        self.finish_leaf(&[Scalar::Bytes(wire)]);
        Ok(())
    }
}

impl TreeSink<'_, '_> {
    fn push_container(&mut self, step: Step, kind: Kind, spot: Option<Spot>) {
        let without_fold = spot.map(|spot| Spot { verdict: spot.verdict.without_fold(), ..spot });
        self.push_node(step, kind, without_fold, false);
        self.open();
    }
}
