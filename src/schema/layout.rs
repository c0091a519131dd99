//! [`Layout`]: a message descriptor compiled once into a flat table.
//!
//! The walker meets a tag and must know at once what it is; the sinks need names that are ready to be copied. A layout
//! holds both. It does not know other layouts, only their [`LayoutId`]s, so that recursive types need no cycles in
//! memory and a layout is built when it is first needed.

use std::sync::Arc;

use prost_reflect::{
    Cardinality, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor, Syntax,
};
use rustc_hash::FxHashMap;

use super::editions::{
    extension_checks_utf8, extension_is_debug_redact, field_checks_utf8, field_has_presence, field_is_debug_redact,
};
use super::names::{Names, is_same};
use super::well_known::WellKnown;
use crate::wire::{WireType, push_tag};

/// Names a layout of one [`Schema`](super::Schema); meaningless in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayoutId(pub(super) u32);

/// A message type, ready for the walker.
#[derive(Debug)]
pub struct Layout {
    full_name: Box<str>,
    fields: Box<[Field]>,
    /// Per tag below 256 its field. A tag is the field number and the wire type as they stand on the wire, so these are
    /// the fields 1 to 31.
    small_tags: [FieldSlot; 256],
    large_tags: FxHashMap<u32, FieldSlot>,
    text_names: Names,
    /// The fields that the text format calls by their type, and some call by their name.
    groups: Box<[u32]>,
    oneofs: u32,
    reserved_names: Box<[Box<str>]>,
    well_known: Option<WellKnown>,
}

/// The index of a field, and what the walker must know of it before it reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldSlot(pub(super) u32);

impl FieldSlot {
    /// No field.
    pub(super) const NONE: FieldSlot = FieldSlot(Self::INDEX);
    /// The bits of the index: there are fewer fields than field numbers, and those have 29 bits.
    const INDEX: u32 = (1 << 30) - 1;
    const ONEOF: u32 = 1 << 30;
    const NESTED: u32 = 1 << 31;

    fn new(index: usize, field: &Field) -> FieldSlot {
        let oneof = if field.oneof.is_some() { Self::ONEOF } else { 0 };
        let nested = if field.is_nested() { Self::NESTED } else { 0 };
        FieldSlot(index as u32 | oneof | nested)
    }

    #[inline]
    pub(super) fn index(self) -> u32 {
        self.0 & Self::INDEX
    }

    #[inline]
    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Whether the field is a member of a oneof.
    #[inline]
    pub(super) fn in_oneof(self) -> bool {
        self.0 & Self::ONEOF != 0
    }

    /// Whether the field's values are messages.
    #[inline]
    pub(super) fn is_nested(self) -> bool {
        self.0 & Self::NESTED != 0
    }
}

/// What a field is to the walker: its shape, and whether its values are messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    Scalar,
    Message(LayoutId),
    Scalars,
    Messages(LayoutId),
    Map,
}

impl Role {
    fn new(shape: &Shape, ty: &Type) -> Role {
        match (shape, ty.message()) {
            (Shape::Singular, None) => Role::Scalar,
            (Shape::Singular, Some(id)) => Role::Message(id),
            (Shape::List { .. }, None) => Role::Scalars,
            (Shape::List { .. }, Some(id)) => Role::Messages(id),
            (Shape::Map(_), _) => Role::Map,
        }
    }
}

/// A field of a message, or an extension of it.
#[derive(Debug)]
pub struct Field {
    name: Box<str>,
    text_name: Box<str>,
    /// The name as a line of text begins: with a colon and a blank.
    pub(super) text_key: Key,
    json_name: Box<str>,
    /// The two names as members of a JSON object begin: quoted, with a colon.
    pub(super) json_key: Key,
    pub(super) proto_json_key: Key,
    /// Whether the name in JSON is that of a member that we add, so that only the other name can be told from it.
    pub(super) json_name_is_ours: bool,
    number: u32,
    /// The tag of a single value as it stands on the wire, and how many bytes it has.
    head: [u8; 8],
    head_bytes: u8,
    ty: Type,
    shape: Shape,
    role: Role,
    has_presence: bool,
    checks_utf8: bool,
    is_extension: bool,
    is_debug_redact: bool,
    /// Which of the message's oneofs the field belongs to; synthetic ones (proto3 `optional`) don't count.
    oneof: Option<u32>,
    /// The place among the message's fields in Go's deterministic wire order.
    wire_rank: u32,
    /// The place in [`Layout::fields`].
    index: u32,
}

/// The beginning of a line or member, ready to be copied.
///
/// What is short stands in a block that is copied as a whole and cut to length, which is faster than copying so many
/// bytes.
#[derive(Debug)]
pub(super) struct Key {
    block: [u8; KEY_BLOCK],
    /// Empty if the block holds it all.
    long: Box<[u8]>,
    length: usize,
}

const KEY_BLOCK: usize = 32;

impl Key {
    fn new(bytes: Vec<u8>) -> Key {
        let mut block = [0; KEY_BLOCK];
        let length = bytes.len();
        match block.get_mut(..length) {
            Some(start) => {
                start.copy_from_slice(&bytes);
                Key { block, long: Box::default(), length }
            }
            None => Key { block, long: bytes.into(), length },
        }
    }

    /// The name in its quotes, of a member of a JSON object.
    #[inline(always)]
    pub(super) fn quoted(&self) -> &[u8] {
        if self.length <= KEY_BLOCK { &self.block[..self.length - 1] } else { &self.long[..self.length - 1] }
    }

    /// Its length, if a text has it at a place.
    #[inline(always)]
    pub(super) fn stands_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let key = self.block.get(..self.length)?;
        is_same(text.get(at..at + self.length)?, key).then_some(self.length)
    }

    #[inline(always)]
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        if self.length <= KEY_BLOCK {
            let end = out.len() + self.length;
            out.extend_from_slice(&self.block);
            out.truncate(end);
        } else {
            out.extend_from_slice(&self.long);
        }
    }
}

/// How often a field occurs.
#[derive(Debug)]
pub enum Shape {
    /// At most once; on the wire the last one wins, messages merge.
    Singular,
    /// Any number of times.
    List {
        /// Whether a deterministic encoder writes all elements as one length-delimited field.
        packed: bool,
    },
    /// A map; `ty` of the field itself is its entry message.
    Map(Box<MapShape>),
}

/// The two fields of a map's entries.
#[derive(Debug)]
pub struct MapShape {
    /// Field 1, of an integer, boolean or string type.
    pub key: Field,
    /// Field 2.
    pub value: Field,
    /// Their tags.
    pub(super) tags: [u32; 2],
}

/// The type of a field's value.
#[derive(Debug, Clone)]
pub enum Type {
    /// `double`
    Double,
    /// `float`
    Float,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `sint32`, in zig-zag encoding
    Sint32,
    /// `sint64`, in zig-zag encoding
    Sint64,
    /// `fixed32`
    Fixed32,
    /// `fixed64`
    Fixed64,
    /// `sfixed32`
    Sfixed32,
    /// `sfixed64`
    Sfixed64,
    /// `bool`
    Bool,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// An enum; unknown numbers are kept, as Go keeps them for open and closed enums alike.
    Enum(Arc<EnumLayout>),
    /// A message behind a length.
    Message(LayoutId),
    /// A message between a start and an end tag: a proto2 group, or `DELIMITED` in editions.
    Group(LayoutId),
}

impl Type {
    /// How a single value of the type stands on the wire.
    pub fn wire_type(&self) -> WireType {
        match self {
            Type::Double | Type::Fixed64 | Type::Sfixed64 => WireType::Fixed64,
            Type::Float | Type::Fixed32 | Type::Sfixed32 => WireType::Fixed32,
            Type::Int32 | Type::Int64 | Type::Uint32 | Type::Uint64 => WireType::Varint,
            Type::Sint32 | Type::Sint64 | Type::Bool | Type::Enum(_) => WireType::Varint,
            Type::String | Type::Bytes | Type::Message(_) => WireType::Bytes,
            Type::Group(_) => WireType::Group,
        }
    }

    /// Whether the elements of a list may stand one behind the other in one field.
    #[inline]
    pub(super) fn is_packable(&self) -> bool {
        !matches!(self.wire_type(), WireType::Bytes | WireType::Group)
    }

    /// The layout of the message, if it is one.
    pub fn message(&self) -> Option<LayoutId> {
        match self {
            Type::Message(id) | Type::Group(id) => Some(*id),
            _ => None,
        }
    }
}

/// An enum's names by number.
#[derive(Debug)]
pub struct EnumLayout {
    full_name: Box<str>,
    /// Sorted by number; of several names for a number the first declared.
    names: Box<[(i32, Box<str>)]>,
    /// Sorted by name, aliases included.
    numbers: Box<[(Box<str>, i32)]>,
    default: i32,
    is_null_value: bool,
    is_closed: bool,
}

impl EnumLayout {
    fn new(descriptor: &EnumDescriptor) -> Self {
        let declared = &descriptor.enum_descriptor_proto().value;
        let mut names: Vec<(i32, Box<str>)> =
            declared.iter().map(|value| (value.number(), Box::from(value.name()))).collect();
        names.sort_by_key(|&(number, _)| number);
        names.dedup_by_key(|&mut (number, _)| number);
        let mut numbers: Vec<(Box<str>, i32)> =
            declared.iter().map(|value| (Box::from(value.name()), value.number())).collect();
        numbers.sort();
        EnumLayout {
            full_name: descriptor.full_name().into(),
            names: names.into(),
            numbers: numbers.into(),
            default: declared.first().map_or(0, |value| value.number()),
            is_null_value: descriptor.full_name() == "google.protobuf.NullValue",
            is_closed: descriptor.parent_file().syntax() == Syntax::Proto2,
        }
    }

    /// The enum's full name.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// The name of a number; of several the one declared first.
    pub fn name(&self, number: i32) -> Option<&str> {
        // Most enums are numbered from 0 without gaps.
        if let Ok(index) = usize::try_from(number)
            && let Some((found, name)) = self.names.get(index)
            && *found == number
        {
            return Some(name);
        }
        let index = self.names.binary_search_by_key(&number, |&(number, _)| number).ok()?;
        Some(&self.names[index].1)
    }

    /// The names of all values, aliases included, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.numbers.iter().map(|(name, _)| &**name)
    }

    /// The number that a name stands for.
    pub fn number(&self, name: &str) -> Option<i32> {
        let index = self.numbers.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        Some(self.numbers[index].1)
    }

    /// The number of the first declared value.
    pub fn default_number(&self) -> i32 {
        self.default
    }

    /// Whether it is `google.protobuf.NullValue`, which JSON writes as `null`.
    pub fn is_null_value(&self) -> bool {
        self.is_null_value
    }

    /// Whether only the declared numbers are values: true in proto2.
    ///
    /// Of files written in an edition, those with closed enums and no open ones count as proto2.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }
}

impl Layout {
    /// Compiles a message and the extensions known for it, of which another source may give one the number of a field
    /// that the message declares: the message comes from the first source that knows it, so that one is left out.
    ///
    /// `id_of` hands out the id of a message type that a field refers to.
    pub(super) fn new(
        descriptor: &MessageDescriptor,
        extensions: &[ExtensionDescriptor],
        id_of: &mut dyn FnMut(MessageDescriptor) -> LayoutId,
    ) -> Self {
        let mut declared: Vec<FieldDescriptor> = descriptor.fields().collect();
        declared.sort_by_key(|field| field.path().last().copied());
        let mut oneofs: Vec<String> = Vec::new();
        let mut fields: Vec<Field> =
            declared.iter().map(|field| Field::of_message(field, &mut oneofs, id_of)).collect();
        let extensions = extensions.iter().filter(|extension| descriptor.get_field(extension.number()).is_none());
        fields.extend(extensions.map(|extension| Field::of_extension(extension, id_of)));
        // Go's text and JSON writers put extensions last, by name.
        fields[declared.len()..].sort_by(|a, b| a.name.cmp(&b.name));
        for (index, field) in (0..).zip(&mut fields) {
            field.index = index;
        }

        let mut by_wire: Vec<usize> = (0..fields.len()).collect();
        by_wire.sort_by_key(|&index| fields[index].wire_order());
        for (rank, index) in by_wire.into_iter().enumerate() {
            fields[index].wire_rank = rank as u32;
        }

        let mut small_tags = [FieldSlot::NONE; 256];
        let mut large_tags = FxHashMap::default();
        for (index, field) in fields.iter().enumerate() {
            let slot = FieldSlot::new(index, field);
            for tag in field.tags() {
                match small_tags.get_mut(tag as usize) {
                    Some(small) => *small = slot,
                    None => drop(large_tags.insert(tag, slot)),
                }
            }
        }
        Layout {
            full_name: descriptor.full_name().into(),
            well_known: WellKnown::recognise(descriptor.full_name(), &fields),
            text_names: Names::new(fields.iter().map(|field| &*field.text_name)),
            groups: (0..).zip(&fields).filter(|(_, field)| field.has_group_name()).map(|(index, _)| index).collect(),
            fields: fields.into(),
            small_tags,
            large_tags,
            oneofs: oneofs.len() as u32,
            reserved_names: descriptor.reserved_names().map(Box::from).collect(),
        }
    }

    /// The message's full name.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// The fields in the order of declaration, then the extensions by name.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The index in [`fields`](Self::fields) of the field that a tag (number and wire type) belongs to.
    ///
    /// Both encodings of a repeated number are known, packed and not.
    pub fn field_of_tag(&self, tag: u32) -> Option<usize> {
        let slot = self.slot_of_tag(tag);
        (!slot.is_none()).then(|| slot.index() as usize)
    }

    #[inline]
    pub(super) fn slot_of_tag(&self, tag: u32) -> FieldSlot {
        match self.small_tags.get(tag as usize) {
            Some(&slot) => slot,
            None => self.large_tags.get(&tag).copied().unwrap_or(FieldSlot::NONE),
        }
    }

    /// The field with this number, whatever its wire type.
    pub fn field_of_number(&self, number: u32) -> Option<&Field> {
        self.fields.iter().find(|field| field.number == number)
    }

    /// The field that the text format calls by this name: the field's, a group's type, or `[an.extension]`. A group is
    /// known by its field's name, too.
    ///
    /// Source: the conformance suite, `GroupFieldLowercased`.
    pub fn field_of_text_name(&self, name: &str) -> Option<&Field> {
        Some(&self.fields[self.index_of_text_name(name.as_bytes())?])
    }

    /// Where in [`fields`](Self::fields) the field stands that the text format calls by this name.
    #[inline]
    pub(super) fn index_of_text_name(&self, name: &[u8]) -> Option<usize> {
        let found = self.text_names.find(name, |index| is_same(self.fields[index].text_name.as_bytes(), name));
        if found.is_none() && !self.groups.is_empty() {
            let mut groups = self.groups.iter().map(|&index| index as usize);
            return groups.find(|&index| self.fields[index].name.as_bytes() == name);
        }
        found
    }

    /// How many oneofs the message has, synthetic ones apart.
    pub fn oneofs(&self) -> u32 {
        self.oneofs
    }

    /// Whether the message reserves a name, so that no field of it may have it: a field that was deleted, mostly.
    pub fn is_reserved_name(&self, name: &str) -> bool {
        self.reserved_names.iter().any(|reserved| &**reserved == name)
    }

    /// Which of the types with a form of its own in text or JSON this is.
    pub fn well_known(&self) -> Option<WellKnown> {
        self.well_known
    }
}

impl Field {
    fn of_message(
        field: &FieldDescriptor,
        oneofs: &mut Vec<String>,
        id_of: &mut dyn FnMut(MessageDescriptor) -> LayoutId,
    ) -> Field {
        let kind = field.kind();
        let shape = match &kind {
            Kind::Message(entry) if field.is_map() => {
                let key = Field::of_message(&entry.map_entry_key_field(), &mut Vec::new(), id_of);
                let value = Field::of_message(&entry.map_entry_value_field(), &mut Vec::new(), id_of);
                let value = Field { is_debug_redact: field_is_debug_redact(field), ..value };
                let tags = [key.tag(), value.tag()];
                Shape::Map(Box::new(MapShape { key, value, tags }))
            }
            _ if field.cardinality() == Cardinality::Repeated => Shape::List { packed: field.is_packed() },
            _ => Shape::Singular,
        };
        let ty = Type::new(kind.clone(), field.is_group(), id_of);
        let parent = field.parent_message();
        let text_name = match &kind {
            Kind::Message(group) if field.is_group() && is_group_like(field.name(), group, Some(parent)) => {
                group.name()
            }
            _ => field.name(),
        };
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic()).map(|oneof| {
            let known = oneofs.iter().position(|name| name == oneof.name());
            known.unwrap_or_else(|| {
                oneofs.push(oneof.name().to_owned());
                oneofs.len() - 1
            }) as u32
        });
        Field {
            name: field.name().into(),
            text_name: text_name.into(),
            text_key: text_key(text_name),
            json_name: field.json_name().into(),
            json_key: json_key(field.json_name()),
            proto_json_key: json_key(field.name()),
            json_name_is_ours: matches!(field.json_name(), "@type" | "@wire" | "@unknown" | "@reason"),
            number: field.number(),
            head: head(field.number(), &ty).0,
            head_bytes: head(field.number(), &ty).1,
            role: Role::new(&shape, &ty),
            ty,
            shape,
            has_presence: field_has_presence(field),
            checks_utf8: matches!(kind, Kind::String) && field_checks_utf8(field),
            is_extension: false,
            is_debug_redact: field_is_debug_redact(field),
            oneof,
            wire_rank: 0,
            index: 0,
        }
    }

    fn of_extension(extension: &ExtensionDescriptor, id_of: &mut dyn FnMut(MessageDescriptor) -> LayoutId) -> Field {
        let bracketed: Box<str> = format!("[{}]", extension.full_name()).into();
        let ty = Type::new(extension.kind(), extension.is_group(), id_of);
        let shape = match extension.cardinality() {
            Cardinality::Repeated => Shape::List { packed: extension.is_packed() },
            Cardinality::Optional | Cardinality::Required => Shape::Singular,
        };
        Field {
            name: extension.full_name().into(),
            json_key: json_key(&bracketed),
            proto_json_key: json_key(&bracketed),
            json_name_is_ours: false,
            text_key: text_key(&bracketed),
            text_name: bracketed.clone(),
            json_name: bracketed,
            number: extension.number(),
            head: head(extension.number(), &ty).0,
            head_bytes: head(extension.number(), &ty).1,
            role: Role::new(&shape, &ty),
            ty,
            shape,
            has_presence: extension.supports_presence(),
            checks_utf8: matches!(extension.kind(), Kind::String) && extension_checks_utf8(extension),
            is_extension: true,
            is_debug_redact: extension_is_debug_redact(extension),
            oneof: None,
            wire_rank: 0,
            index: 0,
        }
    }

    /// The name in the `.proto` file; of an extension the full name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name in the text format: a group is called by its type, an extension stands in brackets.
    pub fn text_name(&self) -> &str {
        &self.text_name
    }

    /// The name in JSON: `json_name`, or an extension's full name in brackets.
    pub fn json_name(&self) -> &str {
        &self.json_name
    }

    /// The field's number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The type of a value; of a map, its entry message.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// How often the field occurs.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Whether a default value that was set differs from none.
    pub fn has_presence(&self) -> bool {
        self.has_presence
    }

    /// Whether parsers must refuse a string that is not UTF-8: true in proto3.
    pub fn checks_utf8(&self) -> bool {
        self.checks_utf8
    }

    /// Whether it is an extension.
    pub fn is_extension(&self) -> bool {
        self.is_extension
    }

    /// Whether it has the option `debug_redact`, by which its authors say that its value should not be shown; of a map's value, whether
    /// the map has.
    pub fn is_debug_redact(&self) -> bool {
        self.is_debug_redact
    }

    /// Which of the message's oneofs the field belongs to; synthetic ones (proto3 `optional`) don't count.
    pub fn oneof(&self) -> Option<u32> {
        self.oneof
    }

    /// The place among its message's [`fields`](Layout::fields); 0 for the key and the value of a map.
    #[inline]
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// The place among the message's fields in Go's deterministic wire order.
    pub fn wire_rank(&self) -> u32 {
        self.wire_rank
    }

    /// What Go's deterministic encoder sorts fields by: extensions, then fields outside oneofs, then oneofs in the
    /// order of declaration; within each by number.
    ///
    /// Source: protobuf-go, `order.LegacyFieldOrder`.
    fn wire_order(&self) -> (bool, Option<u32>, u32) {
        (!self.is_extension, self.oneof, self.number)
    }

    /// Whether the text format calls the field by its type.
    fn has_group_name(&self) -> bool {
        !self.is_extension && self.name != self.text_name
    }

    /// What the field is to the walker.
    #[inline]
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// Whether there are messages among its values, or its entries' values.
    fn is_nested(&self) -> bool {
        match &self.shape {
            Shape::Map(map) => map.value.ty.message().is_some(),
            Shape::Singular | Shape::List { .. } => self.ty.message().is_some(),
        }
    }

    /// The tag of a single value.
    fn tag(&self) -> u32 {
        self.number << 3 | self.ty.wire_type() as u32
    }

    /// Appends the tag of a single value.
    #[inline(always)]
    pub(super) fn put_head(&self, out: &mut Vec<u8>) {
        let end = out.len() + usize::from(self.head_bytes);
        out.extend_from_slice(&self.head);
        out.truncate(end);
    }

    /// The tags under which a value may stand on the wire.
    fn tags(&self) -> impl Iterator<Item = u32> {
        let packed = matches!(self.shape, Shape::List { .. }) && self.ty.is_packable();
        std::iter::once(self.tag()).chain(packed.then_some(self.number << 3 | WireType::Bytes as u32))
    }
}

impl Type {
    fn new(kind: Kind, is_group: bool, id_of: &mut dyn FnMut(MessageDescriptor) -> LayoutId) -> Type {
        match kind {
            Kind::Double => Type::Double,
            Kind::Float => Type::Float,
            Kind::Int32 => Type::Int32,
            Kind::Int64 => Type::Int64,
            Kind::Uint32 => Type::Uint32,
            Kind::Uint64 => Type::Uint64,
            Kind::Sint32 => Type::Sint32,
            Kind::Sint64 => Type::Sint64,
            Kind::Fixed32 => Type::Fixed32,
            Kind::Fixed64 => Type::Fixed64,
            Kind::Sfixed32 => Type::Sfixed32,
            Kind::Sfixed64 => Type::Sfixed64,
            Kind::Bool => Type::Bool,
            Kind::String => Type::String,
            Kind::Bytes => Type::Bytes,
            Kind::Enum(descriptor) => Type::Enum(Arc::new(EnumLayout::new(&descriptor))),
            Kind::Message(descriptor) if is_group => Type::Group(id_of(descriptor)),
            Kind::Message(descriptor) => Type::Message(id_of(descriptor)),
        }
    }
}

/// The tag of a single value, and its length.
fn head(number: u32, ty: &Type) -> ([u8; 8], u8) {
    let mut tag = Vec::new();
    push_tag(&mut tag, number, ty.wire_type());
    let mut head = [0; 8];
    head[..tag.len()].copy_from_slice(&tag);
    (head, tag.len() as u8)
}

fn text_key(name: &str) -> Key {
    Key::new(format!("{name}: ").into_bytes())
}

fn json_key(name: &str) -> Key {
    let mut key = Vec::new();
    // Names are identifiers, which need no escapes, unless a descriptor set was made by hand.
    super::json::quote_json(&mut key, name);
    key.push(b':');
    Key::new(key)
}

/// Whether a delimited field was, or might have been, declared as a proto2 group: then the text format calls it by the
/// name of its type.
///
/// Source: protobuf-go, `FieldDescriptor.TextName`.
fn is_group_like(field: &str, group: &MessageDescriptor, scope: Option<&MessageDescriptor>) -> bool {
    group.name().to_ascii_lowercase() == field && group.parent_message().as_ref() == scope
}
