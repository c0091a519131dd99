//! Reads ProtoJSON into wire bytes: [`JsonReader`].
//!
//! It takes what the specification allows, and what [`write_json_any`](super::write_json_any) adds to it: `"@unknown"`,
//! `"@wire"`, `"@reason"`, and map keys with another `@` in front. Members become fields in the order in which they stand.
//!
//! Values within values are kept on a stack of our own, so that no text can exhaust the thread's.
//!
//! Source: the ProtoJSON specification; protobuf-go's `encoding/protojson`.

mod any;
mod error;
mod field_names;
mod lexer;
mod map;
mod members;
mod path;
mod quick;
mod scalar;
#[cfg(test)]
mod tests;
mod value;
mod well_known;

pub use error::{JsonFault, JsonReadError};
pub(crate) use lexer::{Lexer, Raw};
pub(crate) use scalar::read_base64;
pub(crate) use value::{Integer, quoted_integer, timestamp as parse_timestamp};

use super::Schema;
use super::layout::{Field, Layout, LayoutId, MapShape, Shape, Type};
use super::lengths::{Mark, OpenLength, Unsized};
use super::seen::SeenFields;
use super::well_known::WellKnown;
use crate::wire::{NESTING_LIMIT, WireType, push_group_end, push_tag};
use field_names::Names;
use map::MapKey;
use quick::Quick;

type Result<T> = std::result::Result<T, JsonReadError>;

/// How JSON is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonReadOptions {
    /// Takes no member or map key that begins with `@` for one of ours: what the specification has no word for is an error.
    pub strict: bool,
    /// Passes over members and names of enums that are not known.
    pub ignore_unknown: bool,
}

/// Reads messages from JSON; keeps its memory, and what it has learnt about types, from one to the next.
#[derive(Debug)]
pub struct JsonReader<'s> {
    schema: &'s Schema,
    options: JsonReadOptions,
    /// The names of fields, by layout id.
    names: Vec<Option<Box<Names<'s>>>>,
    out: Unsized,
    /// The lengths that are not known yet.
    lengths: Vec<OpenLength>,
    frames: Vec<Frame<'s>>,
    /// How many messages are open.
    depth: usize,
    /// The words of [`SeenFields`].
    seen: Vec<u64>,
    keys: Vec<MapKey>,
    extras: Vec<Extras>,
    /// Where the `"@type"` of each object stands, for the objects of a part of the text that ends here: those inside of one
    /// in which it does not come first.
    types: Vec<(u32, u32)>,
    types_end: usize,
    /// How many bytes may still be compared with those of a `"@wire"`.
    wire_budget: usize,
    /// Whether the bytes of a `"@wire"` were not taken since the JSON beside them says something else.
    ignored_wire: bool,
    /// Types that were named before, mostly the next one, too.
    recent: Vec<Recent<'s>>,
    /// Which of them makes room for another.
    oldest: usize,
}

/// An `Any` that was read.
#[derive(Debug, Default)]
pub(crate) struct AnyJson {
    pub(crate) type_url: String,
    value: Unsized,
}

impl AnyJson {
    /// How many bytes its value has.
    pub(crate) fn value_bytes(&self) -> usize {
        self.value.sized_bytes()
    }

    /// Appends its value.
    pub(crate) fn append_value(&self, out: &mut Vec<u8>) {
        self.value.append_to(out);
    }
}

/// A type that was named.
#[derive(Debug)]
struct Recent<'s> {
    /// How an object of this type begins, up to the quote behind the name.
    opening: Box<[u8]>,
    type_url: Box<str>,
    id: LayoutId,
    layout: &'s Layout,
}

/// Something open.
#[derive(Debug, Clone, Copy)]
enum Frame<'s> {
    Message(Message<'s>),
    /// A list of messages.
    List {
        field: &'s Field,
        index: u64,
    },
    /// A map with messages for values.
    Map {
        field: &'s Field,
        shape: &'s MapShape,
        first_key: u32,
        key: KeyAt,
        is_first: bool,
    },
    /// The object of a `Struct`.
    Struct {
        ends: Ends,
        first_key: u32,
        key: KeyAt,
        is_first: bool,
    },
    /// The array of a `ListValue`.
    Array {
        ends: Ends,
        index: u64,
    },
    /// The object of an `Any` whose message has no members of its own in it.
    Any(AnyObject<'s>),
}

/// A message whose members are being read; of an `Any`, what its own `"@type"` says is one of them.
#[derive(Debug, Clone, Copy)]
struct Message<'s> {
    id: LayoutId,
    layout: &'s Layout,
    is_first: bool,
    /// The field that came last, plus 1.
    previous: u32,
    /// The field that the path of an error tells, plus 1.
    told: u32,
    /// The field whose name was read and its value not, plus 1.
    begun: u32,
    seen: SeenFields,
    ends: Ends,
    /// The number of the group that it is, or 0.
    group: u32,
    /// Where its content begins.
    content: Mark,
    /// Where the `"@type"` stands that was read before, plus 1; 0 without one.
    type_at: u32,
    has_members: bool,
    /// Whether it has an entry in `extras`.
    has_extras: bool,
}

/// An `Any` with a well-known type, or one that is not known.
#[derive(Debug, Clone, Copy)]
struct AnyObject<'s> {
    known: Option<(LayoutId, &'s Layout)>,
    type_at: u32,
    type_span: KeyAt,
    is_first: bool,
    has_value: bool,
    ends: Ends,
    content: Mark,
    has_extras: bool,
}

/// What ends together with a value: lengths, and messages as far as they count for the depth.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    lengths: u8,
    messages: u8,
    /// Whether the innermost length is that of an `Any`'s value, which is left out if it is empty.
    drops_empty: bool,
}

/// Room for the lengths of a value, which are not open yet.
#[derive(Debug, Clone, Copy)]
enum Room {
    None,
    /// Its own.
    One(usize),
    /// That of the entry of a map that it stands in, and its own.
    Two(usize, usize),
}

/// Where a key stands in the text, in quotes.
type KeyAt = (u32, u32);

/// Members of ours in an object.
#[derive(Debug, Default)]
struct Extras {
    wire: Option<Vec<u8>>,
    has_reason: bool,
    has_unknown: bool,
}

impl<'s> Message<'s> {
    fn new(id: LayoutId, layout: &'s Layout, group: u32) -> Self {
        Message {
            id,
            layout,
            is_first: true,
            previous: 0,
            told: 0,
            begun: 0,
            seen: SeenFields::default(),
            ends: Ends::default(),
            group,
            content: Mark::default(),
            type_at: 0,
            has_members: false,
            has_extras: false,
        }
    }
}

impl<'s> JsonReader<'s> {
    /// A reader that looks types up in this schema.
    pub fn new(schema: &'s Schema, options: JsonReadOptions) -> Self {
        JsonReader {
            schema,
            options,
            names: Vec::new(),
            out: Unsized::default(),
            lengths: Vec::new(),
            frames: Vec::new(),
            depth: 0,
            seen: Vec::new(),
            keys: Vec::new(),
            extras: Vec::new(),
            types: Vec::new(),
            types_end: 0,
            wire_budget: 0,
            ignored_wire: false,
            recent: Vec::new(),
            oldest: 0,
        }
    }

    /// The schema the reader looks types up in.
    pub fn schema(&self) -> &'s Schema {
        self.schema
    }

    /// Appends the wire bytes of a message to `out`, whose JSON the text is. Says whether a `"@wire"` in it was passed over
    /// since the JSON beside it tells something else.
    ///
    /// # Errors
    ///
    /// [`JsonReadError`] with the place in the text and the path of the value; `out` is then as it was.
    pub fn read(&mut self, layout: LayoutId, text: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let mut lexer = Lexer::new(utf8(text)?);
        self.clear();
        self.located(&mut lexer, |reader, lexer| {
            reader.message(lexer, layout, Room::None, 0, 0)?;
            reader.run(lexer)?;
            lexer.end()
        })?;
        self.out.append_to(out);
        Ok(self.ignored_wire)
    }

    /// Reads an `Any` that comes next, as the entries of recordings hold one, and says whether a `"@wire"` was passed over.
    pub(crate) fn read_any(&mut self, lexer: &mut Lexer<'_>, any: &mut AnyJson) -> Result<bool> {
        self.clear();
        self.located(lexer, |reader, lexer| {
            lexer.peek();
            if !reader.recent_object(lexer, any) {
                any.type_url.clear();
                let is_own = reader.any_object(lexer, Ends::default(), Some(any))?;
                debug_assert!(is_own, "the outermost Any has no bytes of its own");
            }
            reader.run(lexer)
        })?;
        std::mem::swap(&mut self.out, &mut any.value);
        Ok(self.ignored_wire)
    }

    fn clear(&mut self) {
        self.out.clear();
        self.lengths.clear();
        self.frames.clear();
        self.depth = 0;
        self.seen.clear();
        self.keys.clear();
        self.extras.clear();
        self.types.clear();
        self.types_end = 0;
        self.ignored_wire = false;
    }

    /// Reads, and on failure says which value it was.
    fn located<'t, T>(
        &mut self,
        lexer: &mut Lexer<'t>,
        read: impl FnOnce(&mut Self, &mut Lexer<'t>) -> Result<T>,
    ) -> Result<T> {
        /// How many times its length a text may have compared with bytes in it, and how much beyond that.
        const WIRE_RATIO: usize = 8;
        const FREE_WIRE_BYTES: usize = 64 * 1024;
        let start = *lexer;
        self.wire_budget = start.rest().len().saturating_mul(WIRE_RATIO).saturating_add(FREE_WIRE_BYTES);
        if start.rest().len() > JSON_LIMIT_BYTES {
            return Err(JsonReadError::new(start.at, JsonFault::TooLong(JSON_LIMIT_BYTES)));
        }
        read(self, lexer).map_err(|error| error.within(self.path(start)))
    }

    /// Reads on until nothing is open.
    fn run(&mut self, lexer: &mut Lexer<'_>) -> Result<()> {
        while let Some(frame) = self.frames.last() {
            let own = self.frames.len() - 1;
            match *frame {
                Frame::Message(message) => self.members(lexer, own, message)?,
                Frame::List { field, index } => self.messages(lexer, own, field, index)?,
                Frame::Map { field, shape, first_key, is_first, .. } => {
                    self.entries(lexer, own, (field, shape), first_key, is_first)?;
                }
                Frame::Struct { ends, first_key, is_first, .. } => {
                    if lexer.next(is_first, b'}')? {
                        push_tag(&mut self.out.bytes, STRUCT_FIELDS, WireType::Bytes);
                        self.begin_length();
                        let key = self.key(lexer, ENTRY_KEY, None)?;
                        self.frames[own] = Frame::Struct { ends, first_key, key, is_first: false };
                        push_tag(&mut self.out.bytes, ENTRY_VALUE, WireType::Bytes);
                        self.begin_length();
                        self.json_value(lexer, Ends { lengths: 2, messages: 1, drops_empty: false })?;
                    } else {
                        self.end_keys(first_key, lexer)?;
                        self.frames.pop();
                        self.end(ends);
                    }
                }
                Frame::Array { ends, index } => {
                    if lexer.next(index == 0, b']')? {
                        self.frames[own] = Frame::Array { ends, index: index + 1 };
                        push_tag(&mut self.out.bytes, LIST_VALUES, WireType::Bytes);
                        self.begin_length();
                        self.json_value(lexer, Ends { lengths: 1, messages: 1, drops_empty: false })?;
                    } else {
                        self.frames.pop();
                        self.end(ends);
                    }
                }
                Frame::Any(any) => self.any_members(lexer, own, any)?,
            }
        }
        Ok(())
    }

    /// Reads the elements of a list of messages up to one that is kept open, or all of them.
    fn messages(&mut self, lexer: &mut Lexer<'_>, own: usize, field: &'s Field, mut index: u64) -> Result<()> {
        let Some(id) = field.ty().message() else { unreachable!("lists of numbers are not kept open") };
        while lexer.next(index == 0, b']')? {
            index += 1;
            let result = self.field_message(lexer, field, id);
            if result.is_err() || self.frames.len() > own + 1 {
                self.frames[own] = Frame::List { field, index };
                return result;
            }
        }
        self.frames.pop();
        Ok(())
    }

    fn begin_length(&mut self) {
        self.lengths.push(self.out.begin_length());
    }

    /// Ends what ends together with a value.
    #[inline]
    fn end(&mut self, ends: Ends) {
        let mut drops_empty = ends.drops_empty;
        for _ in 0..ends.lengths {
            let length = self.lengths.pop().expect("every end has its begin");
            if std::mem::take(&mut drops_empty) && self.out.is_empty(length) {
                self.out.cancel_length(length);
                // Its tag is that of field 2: one byte.
                self.out.bytes.pop();
            } else {
                self.out.end_length(length);
            }
        }
        self.depth -= usize::from(ends.messages);
    }

    fn deeper(&mut self, lexer: &mut Lexer<'_>) -> Result<()> {
        self.check_length(lexer)?;
        self.depth += 1;
        if self.depth > NESTING_LIMIT {
            lexer.peek();
            return Err(JsonReadError::new(lexer.at, JsonFault::TooDeep(NESTING_LIMIT)));
        }
        Ok(())
    }

    /// Reads a message that is the value of a field, or its beginning.
    fn field_message(&mut self, lexer: &mut Lexer<'_>, field: &'s Field, id: LayoutId) -> Result<()> {
        field.put_head(&mut self.out.bytes);
        if let Type::Group(_) = field.ty() {
            return self.message(lexer, id, Room::None, 1, field.number());
        }
        let room = Room::One(self.out.room());
        self.message(lexer, id, room, 1, 0)
    }

    /// Reads a message for whose length there is room, or its beginning.
    fn message(&mut self, lexer: &mut Lexer<'_>, id: LayoutId, room: Room, messages: u8, group: u32) -> Result<()> {
        if messages > 0 {
            self.deeper(lexer)?;
        }
        let layout = self.layout(id);
        if let Some(well_known) = layout.well_known() {
            if well_known == WellKnown::Timestamp && self.quick_timestamp(lexer) {
                self.fill(room, messages);
                return Ok(());
            }
            let ends = self.open(room, messages);
            return self.well_known(lexer, well_known, id, layout, ends);
        }
        if lexer.peek() != b'{' {
            return Err(lexer.mismatch("an object"));
        }
        lexer.at += 1;
        let mut message = Message::new(id, layout, group);
        let start = self.out.bytes.len();
        match self.quick_members(lexer, &mut message) {
            Quick::End => {
                if group > 0 {
                    push_group_end(&mut self.out.bytes, group);
                }
                self.fill(room, messages);
                return Ok(());
            }
            Quick::Nested(index) => message.begun = index + 1,
            Quick::Other => {}
        }
        message.ends = self.open(room, messages);
        message.content = self.out.mark_at(start);
        self.push_message(message);
        Ok(())
    }

    /// Makes sure that places in what was written fit into four bytes.
    fn check_length(&self, lexer: &Lexer<'_>) -> Result<()> {
        if self.out.bytes.len() > WRITTEN_LIMIT_BYTES {
            return Err(JsonReadError::new(lexer.at, JsonFault::MessageTooLong(WRITTEN_LIMIT_BYTES)));
        }
        Ok(())
    }

    /// Ends a value inside of which nothing was kept open.
    #[inline(always)]
    fn fill(&mut self, room: Room, messages: u8) {
        match room {
            Room::None => {}
            Room::One(position) => self.out.fill_room(position),
            Room::Two(outer, inner) => self.out.fill_rooms(outer, inner),
        }
        self.depth -= usize::from(messages);
    }

    /// Opens the lengths of a value that is kept open.
    fn open(&mut self, room: Room, messages: u8) -> Ends {
        let mut lengths = 0;
        let mut open = |position| {
            self.lengths.push(self.out.open_room(position));
            lengths += 1;
        };
        match room {
            Room::None => {}
            Room::One(position) => open(position),
            Room::Two(outer, inner) => {
                open(outer);
                open(inner);
            }
        }
        Ends { lengths, messages, drops_empty: false }
    }

    fn push_message(&mut self, mut message: Message<'s>) {
        message.seen.begin(message.layout, &mut self.seen);
        self.frames.push(Frame::Message(message));
    }

    /// The layout of a type, whose names are then known.
    #[inline]
    fn layout(&mut self, id: LayoutId) -> &'s Layout {
        let index = id.0 as usize;
        match self.names.get(index) {
            Some(Some(known)) => known.layout,
            Some(None) | None => self.new_layout(id),
        }
    }

    #[cold]
    fn new_layout(&mut self, id: LayoutId) -> &'s Layout {
        let layout = self.schema.layout(id);
        let index = id.0 as usize;
        if self.names.len() <= index {
            self.names.resize_with(index + 1, || None);
        }
        self.names[index] = Some(Box::new(Names::new(layout)));
        layout
    }

    /// Reads a list of values that are no messages.
    fn list(&mut self, lexer: &mut Lexer<'_>, field: &'s Field) -> Result<()> {
        if lexer.peek() != b'[' {
            return Err(lexer.mismatch("a list"));
        }
        lexer.at += 1;
        let Shape::List { packed } = field.shape() else { unreachable!("its role is that of a list") };
        self.frames.push(Frame::List { field, index: 0 });
        let own = self.frames.len() - 1;
        if *packed {
            let tag_at = self.out.bytes.len();
            push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
            let length = self.out.begin_length();
            let mut count = 0;
            let result = self.packed(lexer, field.ty(), &mut count);
            if let Err(error) = result {
                // The path of an error is that of what is open.
                self.frames[own] = Frame::List { field, index: count };
                return Err(error);
            }
            if self.out.is_empty(length) {
                // There are no elements, or all names were passed over.
                self.out.cancel_length(length);
                self.out.bytes.truncate(tag_at);
            } else {
                self.out.end_length(length);
            }
        } else {
            let mut index = match field.ty() {
                Type::String => quick::strings(&mut self.out, lexer, field),
                _ => 0,
            };
            self.frames[own] = Frame::List { field, index };
            while lexer.next(index == 0, b']')? {
                index += 1;
                self.frames[own] = Frame::List { field, index };
                if !self.skips_unknown_name(lexer, field.ty())? {
                    self.scalar(lexer, field, true)?;
                }
            }
        }
        self.frames.pop();
        Ok(())
    }
}

/// How long the JSON of a message may be: 1 GiB, which is less than places in it have room for.
pub(crate) const JSON_LIMIT_BYTES: usize = 1 << 30;

/// How long a message may be, apart from what stands behind its last key and the beginning of its last message.
const WRITTEN_LIMIT_BYTES: usize = u32::MAX as usize;

const LIST_VALUES: u32 = 1;
const STRUCT_FIELDS: u32 = 1;
const ENTRY_KEY: u32 = 1;
const ENTRY_VALUE: u32 = 2;

/// Whether `null` is a value of a field, and not the same as leaving it out.
fn takes_null(schema: &Schema, field: &Field) -> bool {
    match (field.ty(), field.shape()) {
        (Type::Enum(layout), Shape::Singular) => layout.is_null_value(),
        (Type::Message(id), Shape::Singular) => schema.layout(*id).well_known() == Some(WellKnown::Value),
        _ => false,
    }
}

/// A text, which must be UTF-8.
pub(crate) fn utf8(text: &[u8]) -> Result<&str> {
    simdutf8::basic::from_utf8(text).map_err(|_| {
        let valid = simdutf8::compat::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        JsonReadError::new(valid, JsonFault::Utf8)
    })
}
