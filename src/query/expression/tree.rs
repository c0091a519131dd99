//! [`Tree`]: the values of a call's messages that an expression asks for.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::picks::{PickId, Picks};
use crate::entry::Any;
use crate::query::close::close_values;
use crate::schema::{
    Field, Flow, Layout, LayoutId, Malformed, Order, Place, Scalar, Schema, Shape, Sink, Type, UnopenedAny, Walker,
    WellKnown, Wire,
};

/// The picked values of messages, each in front of what stands inside of it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    text: String,
    bytes: Vec<u8>,
}

/// A place in a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(u32);

#[derive(Debug, Clone, Copy)]
struct Node {
    value: Value,
    /// In a message, the place of the field in its layout.
    field: u32,
    /// Where what stands inside ends, and the next begins.
    end: u32,
}

/// A value, as far as it stands in no other node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    /// Where it stands in the texts.
    Text(u32, u32),
    /// Where it stands in the bytes.
    Bytes(u32, u32),
    Moment(i64, i32),
    Span(i64, i32),
    /// Inside of it stand the fields that are set.
    Message(BoundId),
    List,
    /// Inside of it stand keys and values in turns.
    Map,
    /// A message that can't be opened, or of which nothing is asked.
    Closed,
}

impl Tree {
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.text.clear();
        self.bytes.clear();
    }

    pub fn value(&self, id: NodeId) -> Value {
        self.nodes[id.0 as usize].value
    }

    pub fn text(&self, start: u32, end: u32) -> &str {
        &self.text[start as usize..end as usize]
    }

    pub fn bytes(&self, start: u32, end: u32) -> &[u8] {
        &self.bytes[start as usize..end as usize]
    }

    /// What stands inside of a node, in order.
    pub fn inside(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let end = self.nodes[id.0 as usize].end;
        let first = Some(id.0 + 1).filter(|&first| first < end);
        std::iter::successors(first, move |&at| Some(self.nodes[at as usize].end).filter(|&next| next < end))
            .map(NodeId)
    }

    /// The keys and values of a map.
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let mut inside = self.inside(id);
        std::iter::from_fn(move || Some((inside.next()?, inside.next()?)))
    }

    /// The value of a field that is set.
    pub fn field(&self, id: NodeId, field: usize) -> Option<NodeId> {
        self.inside(id).find(|&inner| self.field_of(inner) == field)
    }

    /// The place in its message's layout of the field that a node is the value of.
    pub fn field_of(&self, id: NodeId) -> usize {
        self.nodes[id.0 as usize].field as usize
    }

    /// The value at a key that is a string.
    pub fn at_key(&self, id: NodeId, key: &str) -> Option<NodeId> {
        let is_key = |node: NodeId| matches!(self.value(node), Value::Text(start, end) if self.text(start, end) == key);
        self.entries(id).find(|&(node, _)| is_key(node)).map(|(_, value)| value)
    }

    /// Adds a message of which nothing is asked.
    pub fn add_closed(&mut self) -> NodeId {
        let at = self.nodes.len() as u32;
        self.nodes.push(Node { value: Value::Closed, field: 0, end: at + 1 });
        NodeId(at)
    }

    /// Walks a message and keeps what is picked of it; `None` if it can't be opened.
    pub fn add<'s>(
        &mut self,
        walker: &mut Walker<'s>,
        bindings: &mut Bindings<'s>,
        picks: &Picks,
        root: PickId,
        any: Any<'_>,
    ) -> Option<NodeId> {
        let id = walker.schema().resolve(any.type_url).ok()?;
        self.add_message(walker, bindings, picks, root, id, any.value)
    }

    /// As [`add`](Self::add), of a message whose layout is known.
    pub fn add_message<'s>(
        &mut self,
        walker: &mut Walker<'s>,
        bindings: &mut Bindings<'s>,
        picks: &Picks,
        root: PickId,
        id: LayoutId,
        value: &[u8],
    ) -> Option<NodeId> {
        let (nodes, text, bytes) = (self.nodes.len(), self.text.len(), self.bytes.len());
        let walked = walker.checked_if_needed(Malformed::in_any, |walker| {
            self.nodes.truncate(nodes);
            self.text.truncate(text);
            self.bytes.truncate(bytes);
            bindings.frames.clear();
            walker.walk(id, value, &mut Picker { tree: self, bindings, picks, root, root_id: id })
        });
        if walked.is_err() {
            self.nodes.truncate(nodes);
            self.text.truncate(text);
            self.bytes.truncate(bytes);
            return None;
        }
        (self.nodes.len() > nodes).then_some(NodeId(nodes as u32))
    }
}

/// A layout of which a pick asks for some fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BoundId(u32);

#[derive(Debug)]
struct Bound<'s> {
    layout: &'s Layout,
    /// By the place of a field in the layout.
    picks: Box<[PickId]>,
    /// Whether any of them is asked for.
    is_wanted: bool,
    /// By the place among the picks of the message: the place of its field in the layout.
    fields: Box<[Option<u32>]>,
    /// Whether it has not been [met](Bindings::meet).
    is_new: bool,
}

/// What picks ask for of the layouts that were met.
#[derive(Debug)]
pub(super) struct Bindings<'s> {
    schema: &'s Schema,
    bound: Vec<Bound<'s>>,
    /// By pick and the address of a layout.
    ids: FxHashMap<(PickId, usize), BoundId>,
    /// By pick, whether a type has it.
    met: Vec<bool>,
    /// By pick and text that it is compared with, whether it can be that: an enum that was met has such a value, or it is
    /// none; if not, the names that are close.
    texts: BTreeMap<(PickId, usize), Result<(), Vec<String>>>,
    /// By pick, the layouts that were looked at for what it asks for by name.
    looked_at: FxHashMap<PickId, Vec<&'s Layout>>,
    frames: Vec<Frame>,
}

/// How many layouts are remembered of each pick, for names that are close to one that none has.
const REMEMBERED_LAYOUTS: usize = 16;

impl<'s> Bindings<'s> {
    pub fn new(schema: &'s Schema, picks: &Picks) -> Self {
        Bindings {
            schema,
            bound: Vec::new(),
            ids: FxHashMap::default(),
            met: vec![false; picks.len()],
            texts: BTreeMap::new(),
            looked_at: FxHashMap::default(),
            frames: Vec::new(),
        }
    }

    pub fn layout(&self, id: BoundId) -> &'s Layout {
        self.bound[id.0 as usize].layout
    }

    /// The place in the layout of a field that is asked for, by its place among the picks, if the layout has it; nothing if
    /// all of the message is asked for.
    pub fn field(&self, id: BoundId, ordinal: usize) -> Option<Option<usize>> {
        let fields = &self.bound[id.0 as usize].fields;
        fields.get(ordinal).map(|field| field.map(|field| field as usize))
    }

    /// Whether a pick was found in a type.
    pub fn is_met(&self, picks: &Picks, pick: PickId) -> bool {
        self.met[picks.index_of(pick)]
    }

    /// The texts that were compared with what was met, each with its pick, and with whether it can be equal or names that are
    /// close.
    pub fn texts<'b>(
        &'b self,
        picks: &'b Picks,
    ) -> impl Iterator<Item = (PickId, &'b str, &'b Result<(), Vec<String>>)> {
        self.texts.iter().map(|(&(pick, number), can_be)| (pick, picks.compared(pick)[number].as_str(), can_be))
    }

    /// Whether anything was looked at for what a pick asks for.
    pub fn looked_at(&self, pick: PickId) -> &[&'s Layout] {
        self.looked_at.get(&pick).map_or(&[], |layouts| layouts)
    }

    #[inline]
    fn bind(
        &mut self,
        picks: &Picks,
        pick: PickId,
        layout: &Layout,
        id: impl FnOnce(&Schema) -> Option<LayoutId>,
    ) -> BoundId {
        let key = (pick, std::ptr::from_ref(layout).addr());
        if let Some(&known) = self.ids.get(&key) {
            return known;
        }
        let layout = id(self.schema).map(|id| self.schema.layout(id));
        self.new_binding(picks, key, layout)
    }

    #[cold]
    fn new_binding(&mut self, picks: &Picks, key: (PickId, usize), layout: Option<&'s Layout>) -> BoundId {
        let id = BoundId(self.bound.len() as u32);
        let (pick, _) = key;
        let layout = layout.expect("the walker found the layout under the same id or type URL");
        let of_fields = layout.fields().iter().map(|field| match field.is_extension() {
            true => picks.field(pick, "").max_whole(pick),
            false => picks.field(pick, field.name()),
        });
        let of_fields: Box<[PickId]> = of_fields.collect();
        let place = |name: &str| layout.fields().iter().position(|field| !field.is_extension() && field.name() == name);
        let fields = picks.fields(pick).iter().map(|(name, _)| place(name).map(|place| place as u32)).collect();
        let is_wanted = of_fields.iter().any(|pick| *pick != PickId::NONE);
        self.bound.push(Bound { layout, picks: of_fields, is_wanted, fields, is_new: true });
        self.ids.insert(key, id);
        id
    }

    /// Notes which of the fields that a pick asks for a type has, and its fields' types.
    pub fn meet(&mut self, picks: &Picks, pick: PickId, id: LayoutId) {
        let layout = self.schema.layout(id);
        match layout.well_known() {
            // What stands in them has no type; and of times nothing is asked for.
            Some(WellKnown::Any | WellKnown::Struct | WellKnown::Value | WellKnown::ListValue) => {
                return self.meet_all(picks, pick);
            }
            Some(WellKnown::Timestamp | WellKnown::Duration | WellKnown::Wrapper) => return,
            Some(WellKnown::FieldMask | WellKnown::Empty) | None => {}
        }
        let looked_at = self.looked_at.entry(pick).or_default();
        if looked_at.iter().any(|known| std::ptr::eq(*known, layout)) {
            return;
        }
        if looked_at.len() < REMEMBERED_LAYOUTS {
            looked_at.push(layout);
        }
        for (name, inner) in picks.asked(pick) {
            let Some(name) = name else { continue };
            let mut fields = layout.fields().iter();
            let Some(field) = fields.find(|field| !field.is_extension() && field.name() == name) else { continue };
            self.meet_field(picks, inner, field);
        }
    }

    /// Notes that a type has a pick, and of what type that is.
    fn reach(&mut self, picks: &Picks, pick: PickId, ty: Option<&Type>) {
        self.met[picks.index_of(pick)] = true;
        for (number, text) in picks.compared(pick).iter().enumerate() {
            let can_be = match ty {
                Some(Type::Enum(layout)) if !layout.is_null_value() && layout.number(text).is_none() => {
                    Err(close_values(text, layout))
                }
                _ => Ok(()),
            };
            let known = self.texts.entry((pick, number)).or_insert_with(|| can_be.clone());
            if can_be.is_ok() {
                *known = can_be;
            }
        }
    }

    fn meet_field(&mut self, picks: &Picks, pick: PickId, field: &Field) {
        self.reach(picks, pick, (!matches!(field.shape(), Shape::Map(_))).then(|| field.ty()));
        match field.shape() {
            Shape::Singular => {
                if let Some(id) = field.ty().message() {
                    self.meet(picks, pick, id);
                }
            }
            Shape::List { .. } => {
                for (_, inner) in picks.asked(pick).filter(|(name, _)| name.is_none()) {
                    self.reach(picks, inner, Some(field.ty()));
                    if let Some(id) = field.ty().message() {
                        self.meet(picks, inner, id);
                    }
                }
            }
            Shape::Map(map) => {
                for (name, inner) in picks.asked(pick) {
                    self.reach(picks, inner, Some(map.value.ty()));
                    match map.value.ty().message() {
                        Some(id) => self.meet(picks, inner, id),
                        None if name.is_some() => self.meet_all(picks, inner),
                        None => {}
                    }
                }
            }
        }
    }

    fn meet_all(&mut self, picks: &Picks, pick: PickId) {
        for (_, inner) in picks.asked(pick) {
            self.reach(picks, inner, None);
            self.meet_all(picks, inner);
        }
    }
}

impl PickId {
    /// Extensions have no names in expressions; all of a message is them, too.
    fn max_whole(self, of: PickId) -> PickId {
        if of == PickId::WHOLE || self == PickId::WHOLE { PickId::WHOLE } else { PickId::NONE }
    }
}

/// How many lists and maps of a `Struct` are opened within each other, times three, which is what is open for each: cel's
/// values of them call themselves for every level. What is deeper is as an `Any` that can't be opened.
const OPEN_FRAMES: usize = 3 * 100;

/// What is open in a walk.
#[derive(Debug, Clone, Copy)]
enum Frame {
    Message {
        node: u32,
        bound: BoundId,
    },
    List {
        node: u32,
        elements: PickId,
    },
    Map {
        node: u32,
        values: PickId,
        after_key: u32,
    },
    /// A list or map that nobody asks for.
    Ignored,
    /// A message whose scalars are put into the node.
    Folded {
        node: u32,
    },
    /// A `google.protobuf.Value`: a node comes with what it holds.
    Held {
        node: u32,
        field: u32,
    },
    /// A `Struct` or `ListValue`.
    Container {
        node: u32,
    },
    Any {
        pick: PickId,
        field: u32,
    },
}

struct Picker<'w, 's> {
    tree: &'w mut Tree,
    bindings: &'w mut Bindings<'s>,
    picks: &'w Picks,
    root: PickId,
    root_id: LayoutId,
}

impl Picker<'_, '_> {
    fn push(&mut self, field: u32, value: Value) -> u32 {
        let at = self.tree.nodes.len() as u32;
        self.tree.nodes.push(Node { value, field, end: at + 1 });
        at
    }

    fn end(&mut self, node: u32) {
        let end = self.tree.nodes.len() as u32;
        self.tree.nodes[node as usize].end = end;
    }

    fn value(&mut self, scalar: Scalar<'_>) -> Value {
        match scalar {
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::I32(value) => Value::Int(value.into()),
            Scalar::I64(value) => Value::Int(value),
            Scalar::U32(value) => Value::Uint(value.into()),
            Scalar::U64(value) => Value::Uint(value),
            Scalar::F32(value) => Value::Double(value.into()),
            Scalar::F64(value) => Value::Double(value),
            Scalar::String(value) => {
                let start = self.tree.text.len() as u32;
                match simdutf8::basic::from_utf8(value) {
                    Ok(text) => self.tree.text.push_str(text),
                    Err(_) => self.tree.text.push_str(&String::from_utf8_lossy(value)),
                }
                Value::Text(start, self.tree.text.len() as u32)
            }
            Scalar::Bytes(value) => {
                let start = self.tree.bytes.len() as u32;
                self.tree.bytes.extend_from_slice(value);
                Value::Bytes(start, self.tree.bytes.len() as u32)
            }
            Scalar::Enum(number, layout) => match layout.name(number) {
                _ if layout.is_null_value() => Value::Null,
                Some(name) => {
                    let start = self.tree.text.len() as u32;
                    self.tree.text.push_str(name);
                    Value::Text(start, self.tree.text.len() as u32)
                }
                None => Value::Int(number.into()),
            },
        }
    }

    fn top(&self) -> Option<Frame> {
        self.bindings.frames.last().copied()
    }

    /// What is asked of a value that begins here, and the place of its field.
    fn at(&self, place: Place<'_>) -> (PickId, u32) {
        match (self.top(), place) {
            (None, _) => (self.root, 0),
            (Some(Frame::Message { bound, .. }), Place::Field(field)) => self.asked_of(bound, field),
            (Some(Frame::List { elements, .. }), _) => (elements, 0),
            (Some(Frame::Map { values, .. }), _) => (values, 0),
            (Some(Frame::Any { pick, field }), _) => (pick, field),
            (Some(Frame::Held { field, .. }), _) => (PickId::WHOLE, field),
            (Some(Frame::Message { .. } | Frame::Ignored | Frame::Folded { .. } | Frame::Container { .. }), _) => {
                (PickId::NONE, 0)
            }
        }
    }

    /// Whether lists and maps nest deeper than they are opened.
    fn is_too_deep(&self) -> bool {
        let inner = self.bindings.frames.iter().rev().take_while(|frame| !matches!(frame, Frame::Message { .. }));
        inner.take(OPEN_FRAMES + 1).count() > OPEN_FRAMES
    }

    fn asked_of(&self, bound: BoundId, field: &Field) -> (PickId, u32) {
        (self.bindings.bound[bound.0 as usize].picks[field.index()], field.index() as u32)
    }

    fn begin_container(&mut self, field: &Field, is_map: bool) {
        let (pick, node) = match self.top() {
            Some(Frame::Message { bound, .. }) => {
                let (pick, index) = self.asked_of(bound, field);
                if pick == PickId::NONE {
                    self.bindings.frames.push(Frame::Ignored);
                    return;
                }
                (self.picks.elements(pick), self.push(index, if is_map { Value::Map } else { Value::List }))
            }
            Some(Frame::Container { node }) => (PickId::WHOLE, node),
            _ => {
                self.bindings.frames.push(Frame::Ignored);
                return;
            }
        };
        self.bindings.frames.push(if is_map {
            Frame::Map { node, values: pick, after_key: 0 }
        } else {
            Frame::List { node, elements: pick }
        });
    }

    fn end_container(&mut self) {
        if let Some(Frame::List { node, .. } | Frame::Map { node, .. }) = self.bindings.frames.pop() {
            self.end(node);
        }
    }
}

/// The value of a wrapper, or of a field, that is not set.
pub(super) fn default_value(ty: &Type) -> Value {
    match ty {
        Type::Double | Type::Float => Value::Double(0.0),
        Type::Int32 | Type::Int64 | Type::Sint32 | Type::Sint64 | Type::Sfixed32 | Type::Sfixed64 => Value::Int(0),
        Type::Uint32 | Type::Uint64 | Type::Fixed32 | Type::Fixed64 => Value::Uint(0),
        Type::Bool => Value::Bool(false),
        Type::String => Value::Text(0, 0),
        Type::Bytes => Value::Bytes(0, 0),
        Type::Enum(_) | Type::Message(_) | Type::Group(_) => Value::Null,
    }
}

impl Sink for Picker<'_, '_> {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        let (pick, field) = self.at(place);
        if pick == PickId::NONE {
            // The elements of a list can be counted without being looked at.
            if let Some(Frame::List { .. } | Frame::Map { .. }) = self.top() {
                self.push(0, Value::Closed);
            }
            return Ok(Flow::Skip);
        }
        match layout.well_known() {
            Some(WellKnown::Timestamp | WellKnown::Duration) => {
                let is_moment = layout.well_known() == Some(WellKnown::Timestamp);
                let node = self.push(field, if is_moment { Value::Moment(0, 0) } else { Value::Span(0, 0) });
                self.bindings.frames.push(Frame::Folded { node });
            }
            Some(WellKnown::Wrapper) => {
                let value = layout.fields().first().map_or(Value::Null, |field| default_value(field.ty()));
                let node = self.push(field, value);
                self.bindings.frames.push(Frame::Folded { node });
            }
            Some(WellKnown::Value) if self.is_too_deep() => {
                self.push(field, Value::Closed);
                return Ok(Flow::Skip);
            }
            Some(WellKnown::Value) => {
                let node = self.tree.nodes.len() as u32;
                self.bindings.frames.push(Frame::Held { node, field });
            }
            Some(known @ (WellKnown::Struct | WellKnown::ListValue)) => {
                let node = self.push(field, if known == WellKnown::Struct { Value::Map } else { Value::List });
                self.bindings.frames.push(Frame::Container { node });
            }
            Some(WellKnown::Any) => {
                self.push(field, Value::Closed);
                return Ok(Flow::Skip);
            }
            Some(WellKnown::FieldMask | WellKnown::Empty) | None => {
                let root_id = self.root_id;
                let bound = self.bindings.bind(self.picks, pick, layout, |schema| match place {
                    Place::Root => Some(root_id),
                    Place::Field(field) | Place::Element(field) | Place::MapValue(field) => field.ty().message(),
                    Place::Any => schema.resolve(layout.full_name()).ok(),
                });
                if self.bindings.frames.is_empty() {
                    self.bindings.meet_root(self.picks, self.root, root_id, bound);
                }
                let node = self.push(field, Value::Message(bound));
                if !self.bindings.bound[bound.0 as usize].is_wanted {
                    return Ok(Flow::Skip);
                }
                self.bindings.frames.push(Frame::Message { node, bound });
            }
        }
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        match self.bindings.frames.pop() {
            Some(Frame::Message { node, .. } | Frame::Container { node }) => self.end(node),
            Some(Frame::Held { node, field }) if node as usize == self.tree.nodes.len() => {
                self.push(field, Value::Null);
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, scalar: Scalar<'_>) -> Result<(), Malformed> {
        match (self.top(), place) {
            (Some(Frame::Message { bound, .. }), Place::Field(field)) => {
                let (pick, index) = self.asked_of(bound, field);
                if pick != PickId::NONE {
                    let value = self.value(scalar);
                    self.push(index, value);
                }
            }
            (Some(Frame::Folded { node }), Place::Field(field)) => {
                let was = self.tree.nodes[node as usize].value;
                let value = match (was, scalar, field.number()) {
                    (Value::Moment(_, nanos), Scalar::I64(seconds), 1) => Value::Moment(seconds, nanos),
                    (Value::Moment(seconds, _), Scalar::I32(nanos), 2) => Value::Moment(seconds, nanos),
                    (Value::Span(_, nanos), Scalar::I64(seconds), 1) => Value::Span(seconds, nanos),
                    (Value::Span(seconds, _), Scalar::I32(nanos), 2) => Value::Span(seconds, nanos),
                    (was @ (Value::Moment(..) | Value::Span(..)), _, _) => was,
                    _ => self.value(scalar),
                };
                self.tree.nodes[node as usize].value = value;
            }
            (Some(Frame::Held { field, .. }), _) => {
                let value = self.value(scalar);
                self.push(field, value);
            }
            (Some(Frame::List { .. } | Frame::Map { .. }), _) => {
                let value = self.value(scalar);
                self.push(0, value);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
        self.begin_container(field, false);
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), Malformed> {
        self.end_container();
        Ok(())
    }

    fn begin_map(&mut self, field: &Field) -> Result<(), Malformed> {
        self.begin_container(field, true);
        Ok(())
    }

    fn begin_entry(&mut self, _: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Malformed> {
        if let Some(Frame::Map { .. }) = self.top() {
            let key = self.value(key);
            self.push(0, key);
            let nodes = self.tree.nodes.len() as u32;
            if let Some(Frame::Map { after_key, .. }) = self.bindings.frames.last_mut() {
                *after_key = nodes;
            }
        }
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        if let Some(Frame::Map { after_key, .. }) = self.top()
            && after_key as usize == self.tree.nodes.len()
        {
            self.push(0, Value::Null);
        }
        Ok(())
    }

    fn end_map(&mut self, _: &Field) -> Result<(), Malformed> {
        self.end_container();
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, _: Any<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        let (pick, field) = self.at(place);
        if pick == PickId::NONE {
            if let Some(Frame::List { .. } | Frame::Map { .. }) = self.top() {
                self.push(0, Value::Closed);
            }
            return Ok(Flow::Skip);
        }
        self.bindings.frames.push(Frame::Any { pick, field });
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.bindings.frames.pop();
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, _: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        let (pick, field) = self.at(place);
        if pick != PickId::NONE || matches!(self.top(), Some(Frame::List { .. } | Frame::Map { .. })) {
            self.push(field, Value::Closed);
        }
        Ok(Flow::Skip)
    }
}

impl<'s> Bindings<'s> {
    /// Meets the type of a message, the first time that it comes.
    fn meet_root(&mut self, picks: &Picks, root: PickId, id: LayoutId, bound: BoundId) {
        if self.bound[bound.0 as usize].is_new {
            self.bound[bound.0 as usize].is_new = false;
            self.meet(picks, root, id);
        }
    }
}
