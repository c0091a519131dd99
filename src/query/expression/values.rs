//! What a call holds, as values of CEL.
//!
//! Scalars and lists are those of the crate `cel`. Messages are looked into only where an expression asks. Maps are our own:
//! those of the crate have no order, so that what is made of them would differ from one run to the next.

use std::cmp::Ordering;
use std::fmt;

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator as ValIterator, Sizer};
use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelInt, CelList, CelNull, CelString, CelUInt, MAP_TYPE, Type as CelType,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;

use super::moment::{Moment, Span};
use super::plan::{Plan, Root, Slot, Step};
use super::tree::{Bindings, NodeId, Tree, Value, default_value};
use crate::schema::{Field, Layout, Schema, Shape, Type, WellKnown};

/// What stands in front of the name of a field that is asked for its presence, and between several.
pub(super) const PRESENCE: char = '\0';

/// What a message is asked for to be compared: it answers with bytes that are equal for equal messages.
const CONTENT: &str = "\0=";

pub(super) static MESSAGE_TYPE: CelType = CelType::new_unspecified_type("message");

static NULL: CelNull = CelNull;
static TRUE: CelBool = CelBool::TRUE;
static FALSE: CelBool = CelBool::FALSE;

/// A call, as far as an expression asks for it.
pub(super) struct Scene<'e> {
    pub plan: &'e Plan,
    pub schema: &'e Schema,
    pub bindings: &'e Bindings<'e>,
    pub tree: &'e Tree,
    pub method: &'e str,
    pub kind: &'e str,
    pub index: u64,
    pub request: Option<NodeId>,
    pub response: Option<NodeId>,
    pub status: Option<NodeId>,
    pub messages: &'e [NodeId],
}

/// A value in a call's messages.
#[derive(Clone, Copy)]
enum Held<'e> {
    Node(NodeId),
    /// That of a field that is not set.
    Unset(&'e Field),
}

impl VariableResolver for Scene<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let number = variable.parse::<usize>().ok()?;
        match self.plan.slots.get(number)? {
            Slot::Method => Some(CowVal::owned(CelString::from(self.method))),
            Slot::Kind => Some(CowVal::owned(CelString::from(self.kind))),
            Slot::Index => Some(CowVal::owned(CelInt::from(self.index as i64))),
            Slot::Constant(value) => Some(CowVal::Borrowed(&**value)),
            Slot::Path(Root::Messages, _) => {
                let messages = self.messages.iter().map(|&node| self.boxed(Held::Node(node)));
                Some(CowVal::owned(CelList::from(messages.collect::<Vec<_>>())))
            }
            Slot::Path(root, steps) => match self.root(*root) {
                Some(node) => Some(self.val(self.walk(Held::Node(node), steps)?)),
                None if steps.is_empty() => Some(CowVal::Borrowed(&NULL)),
                None => None,
            },
            Slot::Has(root, steps) => {
                let is_set = self.root(*root).is_some_and(|node| self.has(Held::Node(node), steps));
                Some(CowVal::Borrowed(if is_set { &TRUE } else { &FALSE }))
            }
        }
    }
}

impl<'e> Scene<'e> {
    fn root(&self, root: Root) -> Option<NodeId> {
        match root {
            Root::Request => self.request,
            Root::Response => self.response,
            Root::Status => self.status,
            Root::Messages => None,
        }
    }

    fn walk<'b>(&'b self, mut held: Held<'b>, steps: &[Step]) -> Option<Held<'b>> {
        for step in steps {
            held = self.select(held, &step.name, Some(step.ordinal))?;
        }
        Some(held)
    }

    fn has<'b>(&'b self, held: Held<'b>, steps: &[Step]) -> bool {
        let Some((last, steps)) = steps.split_last() else { return true };
        self.walk(held, steps).is_some_and(|held| self.is_set(held, &last.name))
    }

    /// What stands under a name; `None` if nothing can. The ordinal is its place among what is picked.
    fn select<'b>(&'b self, held: Held<'b>, name: &str, ordinal: Option<usize>) -> Option<Held<'b>> {
        match held {
            Held::Node(node) => match self.tree.value(node) {
                Value::Message(bound) => {
                    let layout = self.bindings.layout(bound);
                    let known = ordinal.and_then(|ordinal| self.bindings.field(bound, ordinal));
                    let field = match known {
                        Some(known) => known?,
                        None => field_place(layout, name)?,
                    };
                    let set = self.tree.field(node, field).map(Held::Node);
                    Some(set.unwrap_or(Held::Unset(&layout.fields()[field])))
                }
                Value::Map => self.tree.at_key(node, name).map(Held::Node),
                _ => None,
            },
            Held::Unset(field) => {
                let layout = self.message_layout(field)?;
                Some(Held::Unset(&layout.fields()[field_place(layout, name)?]))
            }
        }
    }

    fn is_set(&self, held: Held<'_>, name: &str) -> bool {
        let Held::Node(node) = held else { return false };
        match self.tree.value(node) {
            Value::Message(bound) => {
                let field = field_place(self.bindings.layout(bound), name);
                field.is_some_and(|field| self.tree.field(node, field).is_some())
            }
            Value::Map => self.tree.at_key(node, name).is_some(),
            _ => false,
        }
    }

    /// The layout of a field that holds a message with fields.
    fn message_layout(&self, field: &Field) -> Option<&'e Layout> {
        let layout = match field.shape() {
            Shape::Singular => self.schema.layout(field.ty().message()?),
            Shape::List { .. } | Shape::Map(_) => return None,
        };
        match layout.well_known() {
            None | Some(WellKnown::FieldMask | WellKnown::Empty) => Some(layout),
            Some(_) => None,
        }
    }

    fn val<'b>(&'b self, held: Held<'b>) -> CowVal<'b, 'b> {
        match held {
            Held::Node(node) => match self.tree.value(node) {
                Value::Null => CowVal::Borrowed(&NULL),
                Value::Bool(true) => CowVal::Borrowed(&TRUE),
                Value::Bool(false) => CowVal::Borrowed(&FALSE),
                _ => CowVal::Owned(self.boxed(held)),
            },
            Held::Unset(_) => CowVal::Owned(self.boxed(held)),
        }
    }

    fn boxed<'b>(&'b self, held: Held<'b>) -> Box<dyn Val + 'b> {
        let node = match held {
            Held::Node(node) => node,
            Held::Unset(field) => return self.unset(field),
        };
        match self.tree.value(node) {
            Value::List => {
                let elements = self.tree.inside(node).map(|node| self.boxed(Held::Node(node)));
                Box::new(CelList::from(elements.collect::<Vec<_>>()))
            }
            Value::Map => {
                let boxed = |node| self.boxed(Held::Node(node));
                let entries = self.tree.entries(node).map(|(key, value)| (boxed(key), boxed(value)));
                Box::new(MapValue(entries.collect()))
            }
            Value::Message(_) | Value::Closed => Box::new(MessageValue { scene: self, held }),
            Value::Text(start, end) => Box::new(CelString::from(self.tree.text(start, end))),
            Value::Bytes(start, end) => Box::new(CelBytes::from(self.tree.bytes(start, end))),
            scalar => boxed_scalar(scalar),
        }
    }

    fn unset<'b>(&'b self, field: &'b Field) -> Box<dyn Val + 'b> {
        match field.shape() {
            Shape::List { .. } => return Box::new(CelList::from(Vec::new())),
            Shape::Map(_) => return Box::new(MapValue(Vec::new())),
            Shape::Singular => {}
        }
        if let Some(id) = field.ty().message() {
            return match self.schema.layout(id).well_known() {
                Some(WellKnown::Timestamp) => Box::new(Moment { seconds: 0, nanos: 0 }),
                Some(WellKnown::Duration) => Box::new(Span { seconds: 0, nanos: 0 }),
                Some(WellKnown::Wrapper | WellKnown::Value) => Box::new(CelNull),
                Some(WellKnown::Struct) => Box::new(MapValue(Vec::new())),
                Some(WellKnown::ListValue) => Box::new(CelList::from(Vec::new())),
                Some(WellKnown::Any | WellKnown::FieldMask | WellKnown::Empty) | None => {
                    Box::new(MessageValue { scene: self, held: Held::Unset(field) })
                }
            };
        }
        match field.ty() {
            Type::Enum(layout) if layout.is_null_value() => Box::new(CelNull),
            Type::Enum(layout) => match layout.name(layout.default_number()) {
                Some(name) => Box::new(CelString::from(name)),
                None => Box::new(CelInt::from(i64::from(layout.default_number()))),
            },
            ty => boxed_scalar(default_value(ty)),
        }
    }
}

/// A value that stands in nothing but itself; text and bytes are empty.
fn boxed_scalar<'b>(value: Value) -> Box<dyn Val + 'b> {
    match value {
        Value::Bool(value) => Box::new(CelBool::from(value)),
        Value::Int(value) => Box::new(CelInt::from(value)),
        Value::Uint(value) => Box::new(CelUInt::from(value)),
        Value::Double(value) => Box::new(CelDouble::from(value)),
        Value::Moment(seconds, nanos) => Box::new(Moment { seconds, nanos }),
        Value::Span(seconds, nanos) => Box::new(Span { seconds, nanos }),
        Value::Text(..) => Box::new(CelString::from("")),
        Value::Bytes(..) => Box::new(CelBytes::from(Vec::new())),
        Value::Null | Value::Message(_) | Value::List | Value::Map | Value::Closed => Box::new(CelNull),
    }
}

fn field_place(layout: &Layout, name: &str) -> Option<usize> {
    layout.fields().iter().position(|field| !field.is_extension() && field.name() == name)
}

/// A message.
#[derive(Clone, Copy)]
struct MessageValue<'e> {
    scene: &'e Scene<'e>,
    held: Held<'e>,
}

impl fmt::Debug for MessageValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("message")
    }
}

impl<'e> MessageValue<'e> {
    fn get_field(&self, name: &str) -> Result<CowVal<'e, 'e>, ExecutionError> {
        let scene = self.scene;
        if name == CONTENT {
            let mut content = Vec::new();
            self.put_content(&mut content);
            return Ok(CowVal::owned(CelBytes::from(content)));
        }
        let none = || ExecutionError::no_such_key(name);
        match name.strip_prefix(PRESENCE) {
            Some(path) => {
                let mut held = self.held;
                let (way, last) = path.rsplit_once(PRESENCE).map_or((None, path), |(way, last)| (Some(way), last));
                for name in way.into_iter().flat_map(|way| way.split(PRESENCE)) {
                    held = scene.select(held, name, None).ok_or_else(none)?;
                }
                scene.is_set(held, last).then_some(CowVal::Borrowed(&TRUE as &(dyn Val + 'e))).ok_or_else(none)
            }
            None => Ok(scene.val(scene.select(self.held, name, None).ok_or_else(none)?)),
        }
    }

    /// Appends what the message says; the same for equal messages.
    fn put_content(&self, out: &mut Vec<u8>) {
        match self.held {
            Held::Node(node) => put_node(self.scene, node, out),
            Held::Unset(field) => {
                let name = field.ty().message().map_or("", |id| self.scene.schema.layout(id).full_name());
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(&[0, 0xff]);
            }
        }
    }
}

fn put_node(scene: &Scene<'_>, node: NodeId, out: &mut Vec<u8>) {
    // Messages may nest deeper than the program's stack.
    enum Task {
        Node(NodeId),
        End,
    }
    let mut tasks = vec![Task::Node(node)];
    let tree = scene.tree;
    while let Some(task) = tasks.pop() {
        let Task::Node(node) = task else {
            out.push(0xff);
            continue;
        };
        out.extend_from_slice(&(tree.field_of(node) as u32).to_le_bytes());
        let value = tree.value(node);
        match value {
            Value::Message(bound) => {
                out.extend_from_slice(scene.bindings.layout(bound).full_name().as_bytes());
                out.push(0);
            }
            Value::Text(start, end) => {
                out.push(1);
                out.extend_from_slice(&(end - start).to_le_bytes());
                out.extend_from_slice(tree.text(start, end).as_bytes());
            }
            Value::Bytes(start, end) => {
                out.push(2);
                out.extend_from_slice(&(end - start).to_le_bytes());
                out.extend_from_slice(tree.bytes(start, end));
            }
            scalar => out.extend_from_slice(format!("{scalar:?}\0").as_bytes()),
        }
        tasks.push(Task::End);
        let first = tasks.len();
        tasks.extend(tree.inside(node).map(Task::Node));
        tasks[first..].reverse();
    }
}

impl<'e> Val for MessageValue<'e> {
    fn get_type(&self) -> &CelType {
        &MESSAGE_TYPE
    }

    fn cel_type() -> &'static CelType {
        &MESSAGE_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        if other.get_type() != &MESSAGE_TYPE {
            return false;
        }
        let content = |value: &dyn Val| {
            let content = value.as_indexer()?.get(&CelString::from(CONTENT)).ok()?;
            Some(content.downcast_ref::<CelBytes>()?.inner()[4..].to_vec())
        };
        content(self) == content(other)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl<'e> Indexer for MessageValue<'e> {
    fn get<'b, 'v>(&'b self, name: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let name = name.downcast_ref::<CelString>().ok_or_else(|| unexpected(name, "string"))?;
        self.get_field(name.inner())
    }

    fn steal<'v>(self: Box<Self>, name: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let name = name.downcast_ref::<CelString>().ok_or_else(|| unexpected(name, "string"))?;
        Ok(self.get_field(name.inner())?.into_owned())
    }
}

fn unexpected(got: &dyn Val, want: &str) -> ExecutionError {
    ExecutionError::UnexpectedType { got: got.get_type().name().to_owned(), want: want.to_owned() }
}

/// A map: its keys and values, in order.
#[derive(Debug)]
pub(super) struct MapValue<'v>(pub Vec<(Box<dyn Val + 'v>, Box<dyn Val + 'v>)>);

impl<'v> MapValue<'v> {
    fn find(&self, key: &dyn Val) -> Option<&(dyn Val + 'v)> {
        self.0.iter().find(|(known, _)| known.equals(key)).map(|(_, value)| &**value)
    }

    /// A key that is none at all has no value; the presence of one is asked for with a mark.
    fn at(&self, key: &dyn Val) -> Result<&(dyn Val + 'v), ExecutionError> {
        if let Some(path) = key.downcast_ref::<CelString>().and_then(|name| name.inner().strip_prefix(PRESENCE)) {
            let (first, rest) = path.split_once(PRESENCE).map_or((path, None), |(first, rest)| (first, Some(rest)));
            let value = self.find(&CelString::from(first)).ok_or_else(|| ExecutionError::no_such_key(first))?;
            let Some(rest) = rest else { return Ok(value) };
            let rest = CelString::from(format!("{PRESENCE}{rest}"));
            let indexer = value.as_indexer().ok_or_else(|| ExecutionError::no_such_key(first))?;
            return indexer.get(&rest).map(|_| value);
        }
        let is_key = ["string", "int", "uint", "double", "bool"].contains(&key.get_type().name());
        if !is_key {
            return Err(unexpected(key, "key"));
        }
        self.find(key).ok_or_else(|| match key.downcast_ref::<CelString>() {
            Some(key) => ExecutionError::no_such_key(key.inner()),
            None => ExecutionError::no_such_key("number"),
        })
    }
}

impl Clone for MapValue<'_> {
    fn clone(&self) -> Self {
        MapValue(self.0.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

impl<'m> Val for MapValue<'m> {
    fn get_type(&self) -> &CelType {
        &MAP
    }

    fn cel_type() -> &'static CelType {
        &MAP
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        let size = other.as_sizer().map(|sizer| sizer.size());
        other.get_type() == &MAP
            && size == Some(self.size())
            && other.as_indexer().is_some_and(|other| {
                let is_same = |(key, value): &(Box<dyn Val + 'm>, Box<dyn Val + 'm>)| {
                    other.get(&**key).is_ok_and(|other| value.equals(&*other))
                };
                self.0.iter().all(is_same)
            })
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }
}

/// The type of cel's own maps, so that what works on them works on ours.
static MAP: CelType = MAP_TYPE;

impl Container for MapValue<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.find(key).is_some())
    }
}

impl Sizer for MapValue<'_> {
    fn size(&self) -> CelInt {
        CelInt::from(self.0.len() as i64)
    }
}

impl<'m> Indexer for MapValue<'m> {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.at(key).map(CowVal::Borrowed)
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.at(key).map(|value| value.clone_as_boxed())
    }
}

impl<'m> Iterable for MapValue<'m> {
    fn iter<'b, 'v>(&'b self) -> Box<dyn ValIterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Keys(self.0.iter()))
    }
}

struct Keys<'b, 'm>(std::slice::Iter<'b, (Box<dyn Val + 'm>, Box<dyn Val + 'm>)>);

impl<'b, 'm: 'v, 'v> ValIterator<'b, 'v> for Keys<'b, 'm> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        let (key, _) = self.0.next()?;
        Some(&**key)
    }
}

/// How two keys of a map stand to each other, for those that are written in an expression.
pub(super) fn is_same_key(left: &dyn Val, right: &dyn Val) -> bool {
    left.equals(right) || left.as_comparer().is_some_and(|left| left.compare(right) == Ok(Ordering::Equal))
}
