//! Reads ProtoJSON into wire bytes: [`JsonReader`].
//!
//! It takes what the specification allows, and what [`write_json_any`](super::write_json_any) adds to it: `"@unknown"`,
//! `"@wire"`, `"@reason"`, and map keys with another `@` in front. Members become fields in the order in which they stand.
//!
//! Values within values are kept on a stack of our own, so that no text can exhaust the thread's.
//!
//! Source: the ProtoJSON specification; protobuf-go's `encoding/protojson`.

mod error;
mod lexer;
mod value;

pub use error::{JsonFault, JsonReadError};
pub(crate) use lexer::{Lexer, Raw};
use value::base64;
pub(crate) use value::{Integer, quoted_integer};

use super::canonical::write_said;
use super::layout::{Field, Layout, LayoutId, MapShape, Role, Shape, Type};
use super::lengths::{Mark, OpenLength, Unsized};
use super::well_known::WellKnown;
use super::{JsonOptions, Schema, Walker, names, write_json};
use crate::wire::{
    Cursor, Groups, NESTING_LIMIT, WireType, push_group_end, push_tag, push_varint, put_bytes, put_varint,
};
use error::quote;

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
    seen: Vec<u64>,
    keys: Vec<MapKey>,
    extras: Vec<Extras>,
    /// Whether the bytes of a `"@wire"` were not taken since the JSON beside them says something else.
    ignored_wire: bool,
}

/// An `Any` that was read.
#[derive(Debug, Default)]
pub(crate) struct AnyJson {
    pub(crate) type_url: String,
    pub(crate) value: Vec<u8>,
}

/// The fields of a message by their names in JSON, and what usually comes next.
#[derive(Debug)]
struct Names<'s> {
    layout: &'s Layout,
    /// The names: first those in JSON, then others as the `.proto` file has them; and per name the field.
    table: names::Names,
    names: Vec<(&'s [u8], u32)>,
    /// Per field, and before the first, the one that came after it last time.
    next: Vec<u32>,
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
    fields: u64,
    oneofs: u64,
    /// Where the words for further fields and oneofs begin.
    more: u32,
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

/// Where a key stands in the text, in quotes.
type KeyAt = (u32, u32);

/// A key of a map that is being read.
#[derive(Debug, Clone, Copy)]
struct MapKey {
    /// What the key is on the wire.
    start: u32,
    end: u32,
    /// Where it stands in the text.
    at: u32,
}

/// Members of ours in an object.
#[derive(Debug, Default)]
struct Extras {
    wire: Option<Vec<u8>>,
    has_reason: bool,
    has_unknown: bool,
}

/// What the name of a member is.
enum Key<'t> {
    Field(u32),
    /// One of ours: it begins with `@`.
    Ours(Raw<'t>),
    Unknown(Raw<'t>),
}

impl<'s> Names<'s> {
    fn new(layout: &'s Layout) -> Self {
        let fields = || layout.fields().iter().zip(0..);
        // Of equal names the first is found: the name in JSON is stronger than what another field is called.
        let in_json = fields().map(|(field, index)| (field.json_name().as_bytes(), index));
        let names: Vec<_> = in_json.chain(fields().map(|(field, index)| (field.name().as_bytes(), index))).collect();
        let table = names::Names::new(names.iter().map(|(name, _)| str::from_utf8(name).expect("it was a string")));
        let next = (0..=layout.fields().len() as u32).collect();
        Names { layout, table, names, next }
    }

    /// The field of a name.
    #[inline]
    fn find(&self, name: &[u8]) -> Option<u32> {
        let found = self.table.find(name, |index| names::is_same(self.names[index].0, name))?;
        Some(self.names[found].1)
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
            ignored_wire: false,
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
            reader.message(lexer, layout, Ends::default(), 0)?;
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
            let is_own = reader.any_object(lexer, Ends::default(), Some(any))?;
            debug_assert!(is_own, "the outermost Any has no bytes of its own");
            reader.run(lexer)
        })?;
        self.out.move_to(&mut any.value);
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
        self.ignored_wire = false;
    }

    /// Reads, and on failure says which value it was.
    fn located<'t, T>(
        &mut self,
        lexer: &mut Lexer<'t>,
        read: impl FnOnce(&mut Self, &mut Lexer<'t>) -> Result<T>,
    ) -> Result<T> {
        /// No text becomes more than four times its length: a number of two bytes is one of eight.
        const LIMIT_BYTES: usize = u32::MAX as usize / 4;
        let start = *lexer;
        if start.rest().len() > LIMIT_BYTES {
            return Err(JsonReadError::new(start.at, JsonFault::TooLong(LIMIT_BYTES)));
        }
        read(self, lexer).map_err(|error| error.within(self.path(start)))
    }

    /// Reads on until nothing is open.
    fn run(&mut self, lexer: &mut Lexer<'_>) -> Result<()> {
        while let Some(&frame) = self.frames.last() {
            let own = self.frames.len() - 1;
            match frame {
                Frame::Message(message) => self.members(lexer, own, message)?,
                Frame::List { field, index } => {
                    if lexer.next(index == 0, b']')? {
                        self.frames[own] = Frame::List { field, index: index + 1 };
                        let Some(id) = field.ty().message() else { unreachable!("lists of numbers are not kept open") };
                        self.field_message(lexer, field, id)?;
                    } else {
                        self.frames.pop();
                    }
                }
                Frame::Map { field, shape, first_key, is_first, .. } => {
                    if lexer.next(is_first, b'}')? {
                        let key = self.entry_key(lexer, field, &shape.key)?;
                        self.frames[own] = Frame::Map { field, shape, first_key, key, is_first: false };
                        let Some(id) = shape.value.ty().message() else { unreachable!("other maps are not kept open") };
                        push_tag(&mut self.out.bytes, shape.value.number(), WireType::Bytes);
                        self.begin_length();
                        self.message(lexer, id, Ends { lengths: 2, messages: 1, drops_empty: false }, 0)?;
                    } else {
                        self.end_keys(first_key, lexer)?;
                        self.frames.pop();
                    }
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

    /// Reads members of a message up to one that is kept open, or all of them.
    fn members(&mut self, lexer: &mut Lexer<'_>, own: usize, mut message: Message<'s>) -> Result<()> {
        while lexer.next(message.is_first, b'}')? {
            message.is_first = false;
            let at = {
                lexer.peek();
                lexer.at
            };
            let index = match self.member_key(lexer, &message)? {
                Key::Field(index) => index,
                Key::Ours(raw) => {
                    // The path of an error is that of what is open.
                    self.frames[own] = Frame::Message(message);
                    self.our_member(lexer, own, raw)?;
                    let Frame::Message(changed) = self.frames[own] else { unreachable!("it is this message") };
                    message = changed;
                    continue;
                }
                Key::Unknown(_) if self.options.ignore_unknown => {
                    lexer.value()?;
                    continue;
                }
                Key::Unknown(raw) => {
                    let (field, message) = (quote(raw.text), message.layout.full_name().to_owned());
                    return Err(JsonReadError::new(raw.at, JsonFault::UnknownField { field, message }));
                }
            };
            let field = &message.layout.fields()[index as usize];
            message.previous = index + 1;
            message.has_members = true;
            let is_null = lexer.peek() == b'n' && !takes_null(self.schema, field) && lexer.null();
            let mut result = self.see(&mut message, index, field, at, is_null);
            if result.is_ok() && !is_null {
                if let Role::Scalar = field.role() {
                    result = self.singular(lexer, field);
                } else {
                    self.frames[own] = Frame::Message(message);
                    self.nested(lexer, field)?;
                    if self.frames.len() > own + 1 {
                        return Ok(());
                    }
                }
            }
            if result.is_err() {
                // The path of an error is that of what is open.
                self.frames[own] = Frame::Message(message);
                return result;
            }
        }
        self.frames[own] = Frame::Message(message);
        self.end_message(message)
    }

    /// Reads the value of a field, or its beginning, that is more than a single one which is no message.
    fn nested(&mut self, lexer: &mut Lexer<'_>, field: &'s Field) -> Result<()> {
        match field.role() {
            Role::Scalar => self.singular(lexer, field),
            Role::Message(id) => self.field_message(lexer, field, id),
            Role::Scalars => self.list(lexer, field),
            Role::Messages(_) => {
                if lexer.peek() != b'[' {
                    return Err(lexer.mismatch("a list"));
                }
                lexer.at += 1;
                self.frames.push(Frame::List { field, index: 0 });
                Ok(())
            }
            Role::Map => self.map(lexer, field),
        }
    }

    /// Reads the name of a member.
    #[inline(always)]
    fn member_key<'t>(&mut self, lexer: &mut Lexer<'t>, message: &Message<'s>) -> Result<Key<'t>> {
        let known = self.names[message.id.0 as usize].as_deref_mut().expect("a message that begins has its names");
        let guess = known.next[message.previous as usize];
        if let Some(field) = known.layout.fields().get(guess as usize)
            && lexer.peek() == b'"'
            && let quoted = field.json_key.quoted()
            && lexer.rest().get(..quoted.len()).is_some_and(|text| names::is_same(text, quoted))
        {
            lexer.at += quoted.len();
            lexer.expect(b':', "`:`")?;
            return Ok(Key::Field(guess));
        }
        let raw = lexer.key()?;
        let name = raw.unescape()?;
        if name.first() == Some(&b'@') && (!self.options.strict || (message.type_at > 0 && *name == *b"@type")) {
            let is_ours = matches!(&*name, b"@type" | b"@wire" | b"@unknown" | b"@reason");
            // Only an `Any` has a type; elsewhere it is a name like others, if a field has it.
            let is_type = message.type_at == 0 && *name == *b"@type";
            if is_ours && !(is_type && known.find(&name).is_some()) {
                return Ok(Key::Ours(raw));
            }
        }
        let Some(index) = known.find(&name) else { return Ok(Key::Unknown(raw)) };
        known.next[message.previous as usize] = index;
        Ok(Key::Field(index))
    }

    /// Notes that a field has come, which it may once.
    #[inline(always)]
    fn see(&mut self, message: &mut Message<'s>, index: u32, field: &Field, at: usize, is_null: bool) -> Result<()> {
        let repeated = |field: &Field| JsonReadError::new(at, JsonFault::Repeated(quote(field.json_name().as_bytes())));
        let bit = |index: u32| (1u64 << (index % 64), index as usize / 64);
        let (mask, word) = bit(index);
        let words = match word {
            0 => &mut message.fields,
            word => &mut self.seen[message.more as usize + word - 1],
        };
        if *words & mask != 0 {
            return Err(repeated(field));
        }
        *words |= mask;
        if let Some(oneof) = field.oneof().filter(|_| !is_null) {
            let (mask, word) = bit(oneof);
            let words = match word {
                0 => &mut message.oneofs,
                word => &mut self.seen[message.more as usize + words_beyond(message.layout.fields().len()) + word - 1],
            };
            if *words & mask != 0 {
                return Err(JsonReadError::new(at, JsonFault::OneofRepeated(quote(field.json_name().as_bytes()))));
            }
            *words |= mask;
        }
        Ok(())
    }

    /// Reads a member of ours.
    #[cold]
    fn our_member(&mut self, lexer: &mut Lexer<'_>, own: usize, raw: Raw<'_>) -> Result<()> {
        let name = raw.unescape()?;
        let Frame::Message(mut message) = self.frames[own] else { unreachable!("it is this message") };
        if *name == *b"@type" {
            if message.type_at != raw.at as u32 + 1 {
                return Err(match message.type_at {
                    1.. => JsonReadError::new(raw.at, JsonFault::Repeated("@type".to_owned())),
                    0 => {
                        let message = message.layout.full_name().to_owned();
                        JsonReadError::new(raw.at, JsonFault::UnknownField { field: "@type".to_owned(), message })
                    }
                });
            }
            return lexer.value();
        }
        if !message.has_extras {
            self.extras.push(Extras::default());
            message.has_extras = true;
        }
        let repeated = || JsonReadError::new(raw.at, JsonFault::Repeated(quote(&name)));
        let start = {
            lexer.peek();
            lexer.at
        };
        match &*name {
            b"@unknown" => {
                let extras = self.extras.last_mut().expect("it was pushed");
                if std::mem::replace(&mut extras.has_unknown, true) {
                    return Err(repeated());
                }
                message.has_members = true;
                let mut fields = Vec::new();
                read_base64(lexer, &mut fields)?;
                let mut cursor = Cursor::new(&fields, 0..fields.len());
                let mut groups = Groups::default();
                while !cursor.is_at_end() {
                    cursor
                        .field(&mut groups)
                        .map_err(|fault| JsonReadError::new(start, JsonFault::UnknownFields(fault)))?;
                }
                self.out.bytes.extend_from_slice(&fields);
            }
            _ => self.wire_or_reason(lexer, &name, raw.at)?,
        }
        self.frames[own] = Frame::Message(message);
        Ok(())
    }

    /// Reads `"@wire"` or `"@reason"` into the innermost extras.
    fn wire_or_reason(&mut self, lexer: &mut Lexer<'_>, name: &[u8], at: usize) -> Result<()> {
        let extras = self.extras.last_mut().expect("the caller pushed one");
        let is_repeated = if name == b"@wire" {
            let mut wire = Vec::new();
            read_base64(lexer, &mut wire)?;
            extras.wire.replace(wire).is_some()
        } else {
            lexer.string("a string")?;
            std::mem::replace(&mut extras.has_reason, true)
        };
        if is_repeated {
            return Err(JsonReadError::new(at, JsonFault::Repeated(quote(name))));
        }
        Ok(())
    }

    /// Ends a message, which is the last thing open.
    fn end_message(&mut self, message: Message<'s>) -> Result<()> {
        self.frames.pop();
        self.seen.truncate(message.more as usize);
        if message.has_extras {
            let extras = self.extras.pop().expect("the message has one");
            if let Some(wire) = extras.wire {
                // What has no JSON stands alone with its reason.
                let stands_alone = extras.has_reason && !message.has_members && message.type_at > 0;
                self.settle_wire(message.id, message.content, wire, stands_alone);
            }
        }
        if message.group > 0 {
            push_group_end(&mut self.out.bytes, message.group);
        }
        self.end(message.ends);
        Ok(())
    }

    /// Takes the bytes of a `"@wire"` for the content of a message if they say what the JSON beside them says.
    #[cold]
    fn settle_wire(&mut self, id: LayoutId, content: Mark, wire: Vec<u8>, stands_alone: bool) {
        let takes = stands_alone || {
            let told = self.out.sized_since(content);
            told == wire || self.tells_the_same(id, &told, &wire).unwrap_or(false)
        };
        if takes {
            self.out.replace_since(content, &wire);
        } else {
            self.ignored_wire = true;
        }
    }

    /// Whether the JSON of some bytes is that which these others were made of, apart from the order of members.
    fn tells_the_same(&self, id: LayoutId, told: &[u8], wire: &[u8]) -> Option<bool> {
        let mut walker = Walker::new(self.schema);
        let mut json = Vec::new();
        write_json(&mut walker, id, wire, JsonOptions::default(), &mut json).ok()?;
        let mut told_by_wire = Vec::new();
        JsonReader::new(self.schema, self.options).read(id, &json, &mut told_by_wire).ok()?;
        let mut form = |bytes: &[u8]| {
            let mut out = Vec::new();
            write_said(&mut walker, id, bytes, true, &mut out).map(|()| out)
        };
        Some(form(told).ok()? == form(&told_by_wire).ok()?)
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
        self.depth += 1;
        if self.depth > NESTING_LIMIT {
            lexer.peek();
            return Err(JsonReadError::new(lexer.at, JsonFault::TooDeep(NESTING_LIMIT)));
        }
        Ok(())
    }

    /// Reads a message that is the value of a field, or its beginning.
    fn field_message(&mut self, lexer: &mut Lexer<'_>, field: &'s Field, id: LayoutId) -> Result<()> {
        if let Type::Group(_) = field.ty() {
            push_tag(&mut self.out.bytes, field.number(), WireType::Group);
            return self.message(lexer, id, Ends { lengths: 0, messages: 1, drops_empty: false }, field.number());
        }
        push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
        self.begin_length();
        self.message(lexer, id, Ends { lengths: 1, messages: 1, drops_empty: false }, 0)
    }

    /// Reads a message whose length was begun, or its beginning.
    fn message(&mut self, lexer: &mut Lexer<'_>, id: LayoutId, ends: Ends, group: u32) -> Result<()> {
        if ends.messages > 0 {
            self.deeper(lexer)?;
        }
        let layout = self.layout(id);
        if let Some(well_known) = layout.well_known() {
            return self.well_known(lexer, well_known, id, layout, ends);
        }
        if lexer.peek() != b'{' {
            return Err(lexer.mismatch("an object"));
        }
        lexer.at += 1;
        self.push_message(id, layout, ends, group, 0);
        Ok(())
    }

    fn push_message(&mut self, id: LayoutId, layout: &'s Layout, ends: Ends, group: u32, type_at: u32) {
        let more = self.seen.len();
        let words = words_beyond(layout.fields().len()) + words_beyond(layout.oneofs() as usize);
        if words > 0 {
            self.seen.resize(more + words, 0);
        }
        let content = self.out.mark();
        self.frames.push(Frame::Message(Message {
            id,
            layout,
            is_first: true,
            previous: 0,
            fields: 0,
            oneofs: 0,
            more: more as u32,
            ends,
            group,
            content,
            type_at,
            has_members: false,
            has_extras: false,
        }));
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

    /// Reads a message that has a form of its own, or its beginning.
    fn well_known(
        &mut self,
        lexer: &mut Lexer<'_>,
        well_known: WellKnown,
        id: LayoutId,
        layout: &'s Layout,
        ends: Ends,
    ) -> Result<()> {
        match well_known {
            WellKnown::Any => {
                self.any_object(lexer, ends, None)?;
                return Ok(());
            }
            WellKnown::Empty => {
                if lexer.peek() != b'{' {
                    return Err(lexer.mismatch("an object"));
                }
                lexer.at += 1;
                self.push_message(id, layout, ends, 0, 0);
                return Ok(());
            }
            _ => {}
        }
        if let Some(bytes) = self.bytes_in_place(lexer, InPlace::Message)? {
            match well_known {
                WellKnown::Value => self.put_value_in_place(&bytes),
                _ => self.out.bytes.extend_from_slice(&bytes.wire),
            }
            self.end(ends);
            return Ok(());
        }
        match well_known {
            WellKnown::Any | WellKnown::Empty => unreachable!("they came before"),
            WellKnown::Timestamp => {
                self.time(lexer, "a point in time, such as \"2026-11-29T08:00:00.5Z\"", value::timestamp)?
            }
            WellKnown::Duration => self.time(lexer, "a duration, such as \"1.5s\"", value::duration)?,
            WellKnown::FieldMask => self.field_mask(lexer)?,
            WellKnown::Wrapper => self.singular(lexer, &layout.fields()[0])?,
            WellKnown::Struct => {
                if lexer.peek() != b'{' {
                    return Err(lexer.mismatch("an object"));
                }
                lexer.at += 1;
                self.push_struct(ends);
                return Ok(());
            }
            WellKnown::ListValue => {
                if lexer.peek() != b'[' {
                    return Err(lexer.mismatch("a list"));
                }
                lexer.at += 1;
                self.frames.push(Frame::Array { ends, index: 0 });
                return Ok(());
            }
            // Its depth was counted.
            WellKnown::Value => return self.json_value_inside(lexer, ends),
        }
        self.end(ends);
        Ok(())
    }

    fn push_struct(&mut self, ends: Ends) {
        let first_key = self.keys.len() as u32;
        self.frames.push(Frame::Struct { ends, first_key, key: (0, 0), is_first: true });
    }

    fn time(
        &mut self,
        lexer: &mut Lexer<'_>,
        expected: &'static str,
        read: fn(&[u8]) -> Option<(i64, i32)>,
    ) -> Result<()> {
        if lexer.peek() != b'"' {
            return Err(lexer.mismatch(expected));
        }
        let raw = lexer.string(expected)?;
        let text = raw.unescape()?;
        let (seconds, nanos) = read(&text).ok_or_else(|| wrong(raw, expected))?;
        if seconds != 0 {
            put_varint(&mut self.out.bytes, TIME_SECONDS, seconds as u64);
        }
        if nanos != 0 {
            put_varint(&mut self.out.bytes, TIME_NANOS, i64::from(nanos) as u64);
        }
        Ok(())
    }

    fn field_mask(&mut self, lexer: &mut Lexer<'_>) -> Result<()> {
        const EXPECTED: &str = "paths in camel case with commas between them";
        if lexer.peek() != b'"' {
            return Err(lexer.mismatch(EXPECTED));
        }
        let raw = lexer.string(EXPECTED)?;
        let text = raw.unescape()?;
        if text.is_empty() {
            return Ok(());
        }
        for path in text.split(|&byte| byte == b',') {
            let path = value::snake_case_path(path).ok_or_else(|| wrong(raw, EXPECTED))?;
            put_bytes(&mut self.out.bytes, MASK_PATHS, &path);
        }
        Ok(())
    }

    /// Reads a `Value` whose length was begun, or its beginning.
    fn json_value(&mut self, lexer: &mut Lexer<'_>, ends: Ends) -> Result<()> {
        self.deeper(lexer)?;
        if let Some(bytes) = self.bytes_in_place(lexer, InPlace::Message)? {
            self.put_value_in_place(&bytes);
            self.end(ends);
            return Ok(());
        }
        self.json_value_inside(lexer, ends)
    }

    fn json_value_inside(&mut self, lexer: &mut Lexer<'_>, ends: Ends) -> Result<()> {
        let nested = Ends { lengths: ends.lengths + 1, messages: ends.messages + 1, drops_empty: false };
        match lexer.peek() {
            b'n' if lexer.word(b"null") => put_varint(&mut self.out.bytes, VALUE_NULL, 0),
            b't' if lexer.word(b"true") => put_varint(&mut self.out.bytes, VALUE_BOOL, 1),
            b'f' if lexer.word(b"false") => put_varint(&mut self.out.bytes, VALUE_BOOL, 0),
            b'-' | b'0'..=b'9' => {
                let at = lexer.at;
                let text = lexer.number()?;
                let number = value::double(text).ok_or_else(|| out_of_range(at, text.as_bytes(), "a double"))?;
                push_tag(&mut self.out.bytes, VALUE_NUMBER, WireType::Fixed64);
                self.out.bytes.extend_from_slice(&number.to_le_bytes());
            }
            b'"' => {
                let raw = lexer.string("a value")?;
                self.put_string(VALUE_STRING, raw)?;
            }
            b'{' => {
                if let Some(bytes) = self.bytes_in_place(lexer, InPlace::String)? {
                    put_bytes(&mut self.out.bytes, VALUE_STRING, &bytes.wire);
                    self.end(ends);
                    return Ok(());
                }
                lexer.at += 1;
                self.deeper(lexer)?;
                push_tag(&mut self.out.bytes, VALUE_STRUCT, WireType::Bytes);
                self.begin_length();
                // What ends with the value are its length and those around it.
                self.push_struct(nested);
                return Ok(());
            }
            b'[' => {
                lexer.at += 1;
                self.deeper(lexer)?;
                push_tag(&mut self.out.bytes, VALUE_LIST, WireType::Bytes);
                self.begin_length();
                self.frames.push(Frame::Array { ends: nested, index: 0 });
                return Ok(());
            }
            _ => return Err(lexer.unexpected("a value")),
        }
        self.end(ends);
        Ok(())
    }

    /// Reads what stands in the place of something that has no JSON: its bytes with a reason. Nothing if that is not what
    /// comes next.
    #[inline]
    fn bytes_in_place<'t>(&self, lexer: &mut Lexer<'t>, what: InPlace) -> Result<Option<BytesInPlace<'t>>> {
        if lexer.peek() != b'{' || self.options.strict {
            return Ok(None);
        }
        let start = *lexer;
        match in_place(lexer, what) {
            Some(bytes) => Ok(Some(bytes)),
            None => {
                *lexer = start;
                Ok(None)
            }
        }
    }

    /// Writes a `Value` whose bytes stand in its place, or those of the message in it that is its JSON.
    fn put_value_in_place(&mut self, bytes: &BytesInPlace<'_>) {
        match crate::entry::type_name(bytes.type_url) {
            "google.protobuf.Struct" => put_bytes(&mut self.out.bytes, VALUE_STRUCT, &bytes.wire),
            "google.protobuf.ListValue" => put_bytes(&mut self.out.bytes, VALUE_LIST, &bytes.wire),
            _ => self.out.bytes.extend_from_slice(&bytes.wire),
        }
    }

    /// Reads the object of an `Any`, or its beginning. Of the outermost the type is handed back, and its value is all that is
    /// written.
    fn any_object(&mut self, lexer: &mut Lexer<'_>, ends: Ends, outermost: Option<&mut AnyJson>) -> Result<bool> {
        if lexer.peek() != b'{' {
            return Err(lexer.mismatch("an object"));
        }
        if outermost.is_none()
            && let Some(bytes) = self.bytes_in_place(lexer, InPlace::Any)?
        {
            self.out.bytes.extend_from_slice(&bytes.wire);
            self.end(ends);
            return Ok(false);
        }
        lexer.at += 1;
        let mut ahead = *lexer;
        if ahead.skip(b'}') {
            *lexer = ahead;
            self.end(ends);
            return Ok(true);
        }
        let Some((key, raw)) = find_type(*lexer)? else {
            return Err(JsonReadError::new(lexer.at, JsonFault::NoType));
        };
        lexer.peek();
        let comes_first = key.at == lexer.at;
        if comes_first {
            *lexer = lexer.back_to(raw.end());
        }
        let type_url = raw.unescape()?;
        let type_url = std::str::from_utf8(&type_url).expect("the text is UTF-8");
        let resolved =
            if type_url.is_empty() { Err(super::Unresolved::EmptyUrl) } else { self.schema.resolve(type_url) };
        let mut ends = ends;
        match outermost {
            Some(any) => {
                any.type_url.clear();
                any.type_url.push_str(type_url);
            }
            None => {
                if !type_url.is_empty() {
                    put_bytes(&mut self.out.bytes, ANY_TYPE_URL, type_url.as_bytes());
                }
                push_tag(&mut self.out.bytes, ANY_VALUE, WireType::Bytes);
                self.begin_length();
                ends.lengths += 1;
                ends.drops_empty = true;
            }
        }
        let type_at = key.at as u32;
        // The outermost one is no message of its own.
        self.deeper(lexer)?;
        ends.messages += 1;
        match resolved {
            Ok(id) if self.layout(id).well_known().is_none() => {
                let layout = self.layout(id);
                self.push_message(id, layout, ends, 0, type_at + 1);
                if let Some(Frame::Message(message)) = self.frames.last_mut() {
                    message.is_first = !comes_first;
                }
            }
            resolved => {
                let content = self.out.mark();
                let type_span = (raw.at as u32, raw.end() as u32);
                let known = match resolved {
                    Ok(id) => Some((id, self.layout(id))),
                    Err(_) => None,
                };
                let (is_first, has_value, has_extras) = (!comes_first, false, false);
                self.frames.push(Frame::Any(AnyObject {
                    known,
                    type_at,
                    type_span,
                    is_first,
                    has_value,
                    ends,
                    content,
                    has_extras,
                }));
            }
        }
        Ok(true)
    }

    /// Reads the members of an `Any` whose message has none in it, up to its value, or all of them.
    fn any_members(&mut self, lexer: &mut Lexer<'_>, own: usize, mut any: AnyObject<'s>) -> Result<()> {
        while lexer.next(any.is_first, b'}')? {
            any.is_first = false;
            let raw = lexer.key()?;
            let name = raw.unescape()?;
            match &*name {
                b"@type" if raw.at as u32 == any.type_at => lexer.value()?,
                b"@type" => return Err(JsonReadError::new(raw.at, JsonFault::Repeated("@type".to_owned()))),
                b"@wire" | b"@reason" if !self.options.strict => {
                    if !any.has_extras {
                        self.extras.push(Extras::default());
                        any.has_extras = true;
                    }
                    self.wire_or_reason(lexer, &name, raw.at)?;
                }
                b"value" if let Some((id, layout)) = any.known => {
                    if std::mem::replace(&mut any.has_value, true) {
                        return Err(JsonReadError::new(raw.at, JsonFault::Repeated("value".to_owned())));
                    }
                    self.frames[own] = Frame::Any(any);
                    self.deeper(lexer)?;
                    let ends = Ends { lengths: 0, messages: 1, drops_empty: false };
                    let well_known = layout.well_known().expect("others have their members in the object");
                    self.well_known(lexer, well_known, id, layout, ends)?;
                    if self.frames.len() > own + 1 {
                        return Ok(());
                    }
                }
                _ if self.options.ignore_unknown && any.known.is_some() => lexer.value()?,
                _ => {
                    if any.known.is_none() {
                        return Err(self.unresolved(lexer, any));
                    }
                    let (field, message) = (quote(raw.text), "google.protobuf.Any".to_owned());
                    return Err(JsonReadError::new(raw.at, JsonFault::UnknownField { field, message }));
                }
            }
        }
        self.frames[own] = Frame::Any(any);
        let extras = if any.has_extras { self.extras.pop() } else { None };
        match (extras, any.known) {
            (Some(Extras { wire: Some(wire), has_reason, .. }), Some((id, _))) => {
                self.settle_wire(id, any.content, wire, has_reason && !any.has_value);
            }
            // Nobody can tell whether the bytes are what they should be.
            (Some(Extras { wire: Some(wire), .. }), None) => self.out.bytes.extend_from_slice(&wire),
            (_, None) => return Err(self.unresolved(lexer, any)),
            // Implementations other than Go's leave the value of an Empty out.
            (_, Some((_, layout))) if !any.has_value && layout.well_known() != Some(WellKnown::Empty) => {
                return Err(JsonReadError::new(lexer.at, JsonFault::Missing("value")));
            }
            (_, Some(_)) => {}
        }
        self.frames.pop();
        self.end(any.ends);
        Ok(())
    }

    /// The error that the type of an `Any` is not known.
    #[cold]
    fn unresolved(&self, lexer: &Lexer<'_>, any: AnyObject<'_>) -> JsonReadError {
        let at = any.type_span.0 as usize;
        let mut quoted = lexer.back_to(at);
        let reason = quoted
            .string("a string")
            .and_then(Raw::unescape)
            .map(|url| self.schema.resolve(&String::from_utf8_lossy(&url)).err());
        match reason {
            Ok(Some(unresolved)) => JsonReadError::new(at, unresolved.into()),
            Ok(None) | Err(_) => JsonReadError::new(at, JsonFault::NoType),
        }
    }

    /// Reads a map, or its beginning if its values are messages.
    fn map(&mut self, lexer: &mut Lexer<'_>, field: &'s Field) -> Result<()> {
        let Shape::Map(shape) = field.shape() else { unreachable!("its role is that of a map") };
        if lexer.peek() != b'{' {
            return Err(lexer.mismatch("an object"));
        }
        lexer.at += 1;
        let first_key = self.keys.len() as u32;
        let is_nested = shape.value.ty().message().is_some();
        self.frames.push(Frame::Map { field, shape, first_key, key: (0, 0), is_first: true });
        if is_nested {
            return Ok(());
        }
        let own = self.frames.len() - 1;
        let mut is_first = true;
        while lexer.next(is_first, b'}')? {
            is_first = false;
            let start = self.out.mark();
            let key = self.entry_key(lexer, field, &shape.key)?;
            self.frames[own] = Frame::Map { field, shape, first_key, key, is_first };
            if self.skips_unknown_name(lexer, shape.value.ty())? {
                self.keys.pop();
                self.lengths.pop();
                self.out.replace_since(start, &[]);
                continue;
            }
            self.scalar(lexer, &shape.value, true)?;
            let length = self.lengths.pop().expect("the entry's");
            self.out.end_length(length);
        }
        self.end_keys(first_key, lexer)?;
        self.frames.pop();
        Ok(())
    }

    /// Begins an entry of a map and reads its key.
    fn entry_key(&mut self, lexer: &mut Lexer<'_>, map: &Field, key: &Field) -> Result<KeyAt> {
        push_tag(&mut self.out.bytes, map.number(), WireType::Bytes);
        self.begin_length();
        self.key(lexer, key.number(), Some(key))
    }

    /// Reads a key and writes it as the field of this number; without a field as a string.
    fn key(&mut self, lexer: &mut Lexer<'_>, number: u32, field: Option<&Field>) -> Result<KeyAt> {
        let raw = lexer.key()?;
        let span = (raw.at as u32, raw.end() as u32);
        let start = self.out.bytes.len();
        let out = &mut self.out.bytes;
        match field.map(Field::ty) {
            None | Some(Type::String) => {
                let key = raw.unescape()?;
                match &*key {
                    [b'@', b'@', ..] if !self.options.strict => put_bytes(out, number, &key[1..]),
                    key if key.starts_with(b"@wire:") && !self.options.strict => {
                        let mut bytes = Vec::new();
                        if !base64(&key[b"@wire:".len()..], &mut bytes) {
                            return Err(wrong(raw, "`@wire:` with base64 behind it"));
                        }
                        put_bytes(out, number, &bytes);
                    }
                    key => put_bytes(out, number, key),
                }
            }
            Some(Type::Bool) => {
                let is_true = match &*raw.unescape()? {
                    b"true" => true,
                    b"false" => false,
                    _ => return Err(wrong(raw, "a key of type bool")),
                };
                put_varint(out, number, is_true.into());
            }
            Some(ty) => {
                let text = raw.unescape()?;
                let integer = value::quoted_integer(&text);
                let expected = integer_type(ty);
                if !integer.is_some_and(|integer| put_integer(out, number, ty, integer, true)) {
                    return Err(wrong(raw, expected));
                }
            }
        }
        self.keys.push(MapKey { start: start as u32, end: self.out.bytes.len() as u32, at: raw.at as u32 });
        Ok(span)
    }

    /// Forgets the keys of the innermost map, each of which may come once.
    fn end_keys(&mut self, first: u32, lexer: &Lexer<'_>) -> Result<()> {
        let bytes = &self.out.bytes;
        let of = |key: &MapKey| &bytes[key.start as usize..key.end as usize];
        let keys = &mut self.keys[first as usize..];
        let mut repeated = None;
        if !are_surely_distinct(keys.iter().map(of)) {
            keys.sort_unstable_by(|a, b| of(a).cmp(of(b)).then(a.at.cmp(&b.at)));
            repeated = keys.windows(2).find(|pair| of(&pair[0]) == of(&pair[1])).map(|pair| pair[1].at);
        }
        self.keys.truncate(first as usize);
        match repeated {
            None => Ok(()),
            Some(at) => {
                let key = lexer.back_to(at as usize).string("a key").map(|raw| quote(raw.text)).unwrap_or_default();
                Err(JsonReadError::new(at as usize, JsonFault::Repeated(key)))
            }
        }
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
        let mut index = 0;
        while lexer.next(index == 0, b']')? {
            if index == 0 && *packed {
                push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
                self.begin_length();
            }
            index += 1;
            if let Frame::List { index: shown, .. } = &mut self.frames[own] {
                *shown = index;
            }
            if self.skips_unknown_name(lexer, field.ty())? {
                continue;
            }
            if *packed {
                self.packed(lexer, field.ty())?;
            } else {
                self.scalar(lexer, field, true)?;
            }
        }
        if *packed && index > 0 {
            let length = self.lengths.pop().expect("the list's");
            if self.out.is_empty(length) {
                // All names were passed over.
                self.out.cancel_length(length);
                let tag = crate::wire::varint_bytes(u64::from(field.number()) << 3);
                self.out.bytes.truncate(self.out.bytes.len() - tag);
            } else {
                self.out.end_length(length);
            }
        }
        self.frames.pop();
        Ok(())
    }

    /// Reads an element of a packed list.
    #[inline]
    fn packed(&mut self, lexer: &mut Lexer<'_>, ty: &Type) -> Result<()> {
        match ty {
            Type::Double => {
                let bits = double(lexer)?.to_bits();
                self.out.bytes.extend_from_slice(&bits.to_le_bytes());
            }
            Type::Float => {
                let bits = float(lexer)?.to_bits();
                self.out.bytes.extend_from_slice(&bits.to_le_bytes());
            }
            Type::Bool => {
                let value = boolean(lexer)?;
                self.out.bytes.push(value.into());
            }
            Type::Enum(_) => {
                let number = self.enumeration(lexer, ty)?;
                push_varint(&mut self.out.bytes, i64::from(number) as u64);
            }
            ty => {
                let (value, at) = integer(lexer, ty)?;
                if !push_integer(&mut self.out.bytes, ty, value) {
                    return Err(out_of_range(at, lexer.since(at), integer_type(ty)));
                }
            }
        }
        Ok(())
    }

    /// Reads the value of a field that may occur once.
    #[inline]
    fn singular(&mut self, lexer: &mut Lexer<'_>, field: &'s Field) -> Result<()> {
        if self.skips_unknown_name(lexer, field.ty())? {
            return Ok(());
        }
        self.scalar(lexer, field, field.has_presence() || field.oneof().is_some())
    }

    /// Steps over the name of an enum's value that is not known, if such are to be passed over.
    #[inline]
    fn skips_unknown_name(&self, lexer: &mut Lexer<'_>, ty: &Type) -> Result<bool> {
        if !self.options.ignore_unknown {
            return Ok(false);
        }
        let Type::Enum(layout) = ty else { return Ok(false) };
        let mut ahead = *lexer;
        if ahead.peek() != b'"' {
            return Ok(false);
        }
        let name = ahead.string("a name")?.unescape()?;
        let is_unknown = std::str::from_utf8(&name).is_ok_and(|name| layout.number(name).is_none());
        if is_unknown {
            *lexer = ahead;
        }
        Ok(is_unknown)
    }

    /// Reads a value that is no message and writes it with its tag; one that is a default only if that is wanted.
    #[inline]
    fn scalar(&mut self, lexer: &mut Lexer<'_>, field: &Field, writes_default: bool) -> Result<()> {
        let number = field.number();
        match field.ty() {
            Type::String => {
                if lexer.peek() != b'"' {
                    return match self.bytes_in_place(lexer, InPlace::String)? {
                        Some(bytes) => {
                            put_bytes(&mut self.out.bytes, number, &bytes.wire);
                            Ok(())
                        }
                        None => Err(lexer.mismatch("a string")),
                    };
                }
                let raw = lexer.string("a string")?;
                if raw.text.is_empty() && !writes_default {
                    return Ok(());
                }
                self.put_string(number, raw)
            }
            Type::Bytes => self.bytes(lexer, number, writes_default),
            Type::Bool => {
                let value = boolean(lexer)?;
                if value || writes_default {
                    put_varint(&mut self.out.bytes, number, value.into());
                }
                Ok(())
            }
            Type::Double => {
                let bits = double(lexer)?.to_bits();
                if bits != 0 || writes_default {
                    push_tag(&mut self.out.bytes, number, WireType::Fixed64);
                    self.out.bytes.extend_from_slice(&bits.to_le_bytes());
                }
                Ok(())
            }
            Type::Float => {
                let bits = float(lexer)?.to_bits();
                if bits != 0 || writes_default {
                    push_tag(&mut self.out.bytes, number, WireType::Fixed32);
                    self.out.bytes.extend_from_slice(&bits.to_le_bytes());
                }
                Ok(())
            }
            ty @ Type::Enum(_) => {
                let value = self.enumeration(lexer, ty)?;
                if value != 0 || writes_default {
                    put_varint(&mut self.out.bytes, number, i64::from(value) as u64);
                }
                Ok(())
            }
            Type::Message(_) | Type::Group(_) => unreachable!("messages are read elsewhere"),
            ty => {
                let (value, at) = integer(lexer, ty)?;
                if !put_integer(&mut self.out.bytes, number, ty, value, writes_default) {
                    return Err(out_of_range(at, lexer.since(at), integer_type(ty)));
                }
                Ok(())
            }
        }
    }

    #[inline]
    fn put_string(&mut self, number: u32, raw: Raw<'_>) -> Result<()> {
        if !raw.has_escapes {
            put_bytes(&mut self.out.bytes, number, raw.text);
            return Ok(());
        }
        push_tag(&mut self.out.bytes, number, WireType::Bytes);
        let length = self.out.begin_length();
        raw.unescape_into(&mut self.out.bytes)?;
        self.out.end_length(length);
        Ok(())
    }

    fn bytes(&mut self, lexer: &mut Lexer<'_>, number: u32, writes_default: bool) -> Result<()> {
        if lexer.peek() != b'"' {
            return Err(lexer.mismatch("bytes in base64"));
        }
        let raw = lexer.string("bytes in base64")?;
        let text = raw.unescape()?;
        if text.is_empty() && !writes_default {
            return Ok(());
        }
        push_tag(&mut self.out.bytes, number, WireType::Bytes);
        let length = self.out.begin_length();
        if !base64(&text, &mut self.out.bytes) {
            return Err(wrong(raw, "bytes in base64"));
        }
        self.out.end_length(length);
        Ok(())
    }

    fn enumeration(&self, lexer: &mut Lexer<'_>, ty: &Type) -> Result<i32> {
        let Type::Enum(layout) = ty else { unreachable!("the caller looked") };
        match lexer.peek() {
            b'"' => {
                let raw = lexer.string("the name of an enum's value")?;
                let name = raw.unescape()?;
                let number = std::str::from_utf8(&name).ok().and_then(|name| layout.number(name));
                number.ok_or_else(|| {
                    let (name, enumeration) = (quote(&name), layout.full_name().to_owned());
                    JsonReadError::new(raw.at, JsonFault::EnumName { name, enumeration })
                })
            }
            b'n' if layout.is_null_value() && lexer.word(b"null") => Ok(0),
            b'-' | b'0'..=b'9' => {
                let at = lexer.at;
                let text = lexer.number()?;
                let number = value::integer(text.as_bytes()).and_then(Integer::signed_32);
                number.ok_or_else(|| out_of_range(at, text.as_bytes(), "the name or number of an enum's value"))
            }
            _ => Err(lexer.mismatch("the name or number of an enum's value")),
        }
    }

    /// The path of what is open, for an error.
    #[cold]
    fn path(&self, text: Lexer<'_>) -> String {
        let mut path = String::new();
        let key_of = |(start, end): KeyAt| {
            let raw = text.back_to(start as usize).string("a key").ok().filter(|_| end > 0);
            raw.map(|raw| format!("[\"{}\"]", quote(raw.text))).unwrap_or_default()
        };
        for frame in &self.frames {
            match frame {
                Frame::Message(message) => {
                    if message.type_at > 0 && !path.is_empty() {
                        path += &format!(".({})", message.layout.full_name());
                    }
                    let Some(field) = message.previous.checked_sub(1) else { continue };
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path += message.layout.fields()[field as usize].text_name();
                }
                Frame::List { index, .. } | Frame::Array { index, .. } => {
                    if let Some(index) = index.checked_sub(1) {
                        path += &format!("[{index}]");
                    }
                }
                Frame::Map { key, .. } | Frame::Struct { key, .. } => path += &key_of(*key),
                Frame::Any(any) => {
                    if let Some((_, layout)) = any.known
                        && !path.is_empty()
                    {
                        path += &format!(".({})", layout.full_name());
                    }
                }
            }
        }
        path
    }
}

const ANY_TYPE_URL: u32 = 1;
const ANY_VALUE: u32 = 2;
const TIME_SECONDS: u32 = 1;
const TIME_NANOS: u32 = 2;
const MASK_PATHS: u32 = 1;
const STRUCT_FIELDS: u32 = 1;
const ENTRY_KEY: u32 = 1;
const ENTRY_VALUE: u32 = 2;
const LIST_VALUES: u32 = 1;
const VALUE_NULL: u32 = 1;
const VALUE_NUMBER: u32 = 2;
const VALUE_STRING: u32 = 3;
const VALUE_BOOL: u32 = 4;
const VALUE_STRUCT: u32 = 5;
const VALUE_LIST: u32 = 6;

/// In the place of what some bytes may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InPlace {
    /// Of a string, which has no type.
    String,
    /// Of an `Any`, whose own bytes have no type either: what has one is a message in it.
    Any,
    /// Of another message, with its type.
    Message,
}

/// Bytes that stand in the place of what they are the bytes of.
struct BytesInPlace<'t> {
    wire: Vec<u8>,
    /// Of what type they are, as it stands in the text, if that is told.
    type_url: &'t str,
}

/// Reads an object with `"@wire"` and `"@reason"` and nothing else but, of messages, `"@type"`.
fn in_place<'t>(lexer: &mut Lexer<'t>, what: InPlace) -> Option<BytesInPlace<'t>> {
    lexer.at += 1;
    if !{
        lexer.peek();
        lexer.rest().starts_with(b"\"@")
    } {
        return None;
    }
    let (mut type_url, mut wire, mut has_reason, mut is_first) = (None, None, false, true);
    while lexer.next(is_first, b'}').ok()? {
        is_first = false;
        let key = lexer.key().ok()?;
        let text = lexer.string("a string").ok()?;
        match key.text {
            b"@type" if what == InPlace::Message && type_url.is_none() => {
                type_url = Some(std::str::from_utf8(text.text).ok()?);
            }
            b"@wire" if wire.is_none() => {
                let mut bytes = Vec::new();
                if !base64(&text.unescape().ok()?, &mut bytes) {
                    return None;
                }
                wire = Some(bytes);
            }
            b"@reason" if !has_reason => has_reason = true,
            _ => return None,
        }
    }
    let is_complete = has_reason && type_url.is_some() == (what == InPlace::Message);
    wire.filter(|_| is_complete).map(|wire| BytesInPlace { wire, type_url: type_url.unwrap_or_default() })
}

/// Finds the `"@type"` of an object whose opening brace was read: the name, and what it says. Mostly it comes first.
///
/// What comes before it is read twice; so is all of an object inside of that whose type comes late, too, and so on.
fn find_type(mut lexer: Lexer<'_>) -> Result<Option<(Raw<'_>, Raw<'_>)>> {
    let mut is_first = true;
    while lexer.next(is_first, b'}')? {
        is_first = false;
        let key = lexer.key()?;
        if *key.unescape()? == *b"@type" {
            return Ok(Some((key, lexer.string("a type's URL")?)));
        }
        lexer.value()?;
    }
    Ok(None)
}

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

/// Whether a glance shows that keys differ; if not, they may differ all the same.
#[inline]
fn are_surely_distinct<'k>(keys: impl ExactSizeIterator<Item = &'k [u8]>) -> bool {
    /// So many keys leave enough of the marks free.
    const MOST_KEYS: usize = 48;
    const MARKS: usize = 1024;
    if keys.len() > MOST_KEYS {
        return false;
    }
    let mut marks = [0u64; MARKS / 64];
    for key in keys {
        let mark = names::hash(key) % MARKS;
        let (word, bit) = (&mut marks[mark / 64], 1 << (mark % 64));
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
    }
    true
}

/// How many words the bits beyond the first 64 take.
fn words_beyond(bits: usize) -> usize {
    bits.saturating_sub(64).div_ceil(64)
}

pub(crate) fn read_base64(lexer: &mut Lexer<'_>, out: &mut Vec<u8>) -> Result<()> {
    if lexer.peek() != b'"' {
        return Err(lexer.mismatch("bytes in base64"));
    }
    let raw = lexer.string("bytes in base64")?;
    if base64(&raw.unescape()?, out) { Ok(()) } else { Err(wrong(raw, "bytes in base64")) }
}

/// The error that a string is not what its field takes.
#[cold]
fn wrong(raw: Raw<'_>, expected: &'static str) -> JsonReadError {
    JsonReadError::new(raw.at, JsonFault::Value { expected, found: format!("\"{}\"", quote(raw.text)) })
}

/// The error that a number is not what its field takes.
#[cold]
fn out_of_range(at: usize, text: &[u8], expected: &'static str) -> JsonReadError {
    JsonReadError::new(at, JsonFault::Value { expected, found: quote(text) })
}

#[inline]
fn boolean(lexer: &mut Lexer<'_>) -> Result<bool> {
    match lexer.peek() {
        b't' if lexer.word(b"true") => Ok(true),
        b'f' if lexer.word(b"false") => Ok(false),
        _ => Err(lexer.mismatch("true or false")),
    }
}

#[inline]
fn double(lexer: &mut Lexer<'_>) -> Result<f64> {
    const EXPECTED: &str = "a value of type double";
    match lexer.peek() {
        b'-' | b'0'..=b'9' => {
            let at = lexer.at;
            let text = lexer.number()?;
            value::double(text).ok_or_else(|| out_of_range(at, text.as_bytes(), EXPECTED))
        }
        b'"' => {
            let raw = lexer.string(EXPECTED)?;
            value::quoted_double(&raw.unescape()?).ok_or_else(|| wrong(raw, EXPECTED))
        }
        _ => Err(lexer.mismatch(EXPECTED)),
    }
}

#[inline]
fn float(lexer: &mut Lexer<'_>) -> Result<f32> {
    const EXPECTED: &str = "a value of type float";
    match lexer.peek() {
        b'-' | b'0'..=b'9' => {
            let at = lexer.at;
            let text = lexer.number()?;
            value::float(text).ok_or_else(|| out_of_range(at, text.as_bytes(), EXPECTED))
        }
        b'"' => {
            let raw = lexer.string(EXPECTED)?;
            value::quoted_float(&raw.unescape()?).ok_or_else(|| wrong(raw, EXPECTED))
        }
        _ => Err(lexer.mismatch(EXPECTED)),
    }
}

/// Reads an integer, in quotes or not, and tells where it stands.
#[inline]
fn integer(lexer: &mut Lexer<'_>, ty: &Type) -> Result<(Integer, usize)> {
    let byte = lexer.peek();
    let at = lexer.at;
    if let Some(quick) = lexer.quick_integer() {
        return Ok((Integer::new(quick), at));
    }
    match byte {
        b'"' => {
            let raw = lexer.string(integer_type(ty))?;
            match value::quoted_integer(&raw.unescape()?) {
                Some(value) => Ok((value, at)),
                None => Err(wrong(raw, integer_type(ty))),
            }
        }
        b'-' | b'0'..=b'9' => {
            let text = lexer.number()?;
            match value::integer(text.as_bytes()) {
                Some(value) => Ok((value, at)),
                None => Err(out_of_range(at, text.as_bytes(), integer_type(ty))),
            }
        }
        _ => Err(lexer.mismatch(integer_type(ty))),
    }
}

fn integer_type(ty: &Type) -> &'static str {
    match ty {
        Type::Int32 | Type::Sint32 | Type::Sfixed32 => "an integer of 32 bits",
        Type::Int64 | Type::Sint64 | Type::Sfixed64 => "an integer of 64 bits",
        Type::Uint32 | Type::Fixed32 => "an unsigned integer of 32 bits",
        Type::Uint64 | Type::Fixed64 => "an unsigned integer of 64 bits",
        _ => "a value of its type",
    }
}

/// The bits of an integer on the wire, if it is in the range of its type.
#[inline]
fn bits_of(ty: &Type, value: Integer) -> Option<u64> {
    Some(match ty {
        Type::Int32 => i64::from(value.signed_32()?) as u64,
        Type::Sfixed32 => (value.signed_32()? as u32).into(),
        Type::Uint32 | Type::Fixed32 => u32::try_from(value.unsigned()?).ok()?.into(),
        Type::Int64 | Type::Sfixed64 => value.signed()? as u64,
        Type::Uint64 | Type::Fixed64 => value.unsigned()?,
        Type::Sint32 => {
            let value = value.signed_32()?;
            ((value << 1) ^ (value >> 31)) as u32 as u64
        }
        Type::Sint64 => {
            let value = value.signed()?;
            ((value << 1) ^ (value >> 63)) as u64
        }
        _ => return None,
    })
}

/// Appends an integer without a tag, if it is in range.
#[inline]
fn push_integer(out: &mut Vec<u8>, ty: &Type, value: Integer) -> bool {
    let Some(bits) = bits_of(ty, value) else { return false };
    match ty.wire_type() {
        WireType::Fixed64 => out.extend_from_slice(&bits.to_le_bytes()),
        WireType::Fixed32 => out.extend_from_slice(&(bits as u32).to_le_bytes()),
        WireType::Varint | WireType::Bytes | WireType::Group => push_varint(out, bits),
    }
    true
}

/// Appends an integer with its tag, if it is in range; a zero only if that is wanted.
#[inline]
fn put_integer(out: &mut Vec<u8>, number: u32, ty: &Type, value: Integer, writes_default: bool) -> bool {
    if value.is_zero() && !writes_default {
        return true;
    }
    push_tag(out, number, ty.wire_type());
    push_integer(out, ty, value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::Any;
    use crate::schema::testing::{any, bytes, group, id, message, schema, varint};
    use crate::schema::{JsonOptions, write_canonical, write_json_any};

    fn lossless(schema: &Schema, type_url: &str, wire: &[u8]) -> String {
        let (mut walker, mut out) = (Walker::new(schema), Vec::new());
        let options = JsonOptions { lossless: true, ..JsonOptions::default() };
        let written = write_json_any(&mut walker, Any { type_url, value: wire }, options, &mut out);
        written.expect("the lossless manner does not fail");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn read_any(schema: &Schema, json: &str) -> Result<(AnyJson, bool)> {
        let mut any = AnyJson::default();
        let mut lexer = Lexer::new(json);
        let ignored = JsonReader::new(schema, JsonReadOptions::default()).read_any(&mut lexer, &mut any)?;
        lexer.end()?;
        Ok((any, ignored))
    }

    fn assert_comes_back(name: &str, wire: &[u8]) -> String {
        let schema = schema();
        let json = lossless(&schema, name, wire);
        serde_json::from_str::<serde_json::Value>(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        let (any, ignored) = read_any(&schema, &json).unwrap_or_else(|error| panic!("{error}: {json}"));
        assert_eq!((any.type_url.as_str(), any.value.as_slice(), ignored), (name, wire, false), "{json}");
        json
    }

    fn all(wire: &[u8]) -> String {
        assert_comes_back("test.All", wire)
    }

    #[test]
    fn members_stand_in_the_order_of_the_wire() {
        let entry = |key: &str, value| bytes(5, [bytes(1, key), varint(2, value)].concat());
        let wire =
            [bytes(2, "s"), entry("b", 1), entry("a", 0), varint(1, 7), varint(98, 5), bytes(20, "late")].concat();
        assert_eq!(
            all(&wire),
            r#"{"@type":"test.All","s":"s","counts":{"b":1,"a":0},"i":7,"@unknown":"kgYF","late":"late"}"#
                .replace("kgYF", "kAYF")
        );
    }

    #[test]
    fn what_an_encoder_would_not_write_has_its_bytes_beside_it() {
        for wire in [
            vec![0x08, 0x81, 0x00],
            vec![0x88, 0x00, 0x01],
            vec![0x12, 0x81, 0x00, b'a'],
            varint(1, 0),
            varint(1, 1 << 32),
            varint(1, 0xffff_ffff),
            varint(16, 1 << 40),
            [varint(1, 1), varint(1, 2)].concat(),
            [varint(7, 1), bytes(9, "c")].concat(),
            [bytes(4, "a"), varint(1, 1), bytes(4, "b")].concat(),
            bytes(3, []),
            varint(3, 5),
            [bytes(3, [1]), bytes(3, [2])].concat(),
            bytes(3, [0x80, 0]),
            bytes(5, []),
            bytes(5, bytes(1, "a")),
            bytes(5, [varint(2, 1), bytes(1, "a")].concat()),
            bytes(5, [bytes(1, "a"), varint(2, 1), varint(3, 1)].concat()),
            [bytes(5, [bytes(1, "a"), varint(2, 1)].concat()), bytes(5, [bytes(1, "a"), varint(2, 2)].concat())]
                .concat(),
            [varint(98, 1), varint(1, 1), varint(98, 1)].concat(),
            bytes(18, [varint(2, 5), varint(1, 5)].concat()),
            bytes(18, varint(1, 0)),
            bytes(19, varint(1, 5)),
            bytes(19, [varint(4, 1), varint(4, 0)].concat()),
            bytes(19, bytes(5, bytes(1, [bytes(2, varint(4, 1)), bytes(1, "a")].concat()))),
            bytes(10, [bytes(2, varint(1, 1)), bytes(1, "test.All")].concat()),
            bytes(10, [bytes(1, "test.All"), bytes(2, [])].concat()),
            bytes(21, [varint(1, 2), varint(2, 0)].concat()),
            [&[0x61][..], &f64::NAN.to_bits().wrapping_add(5).to_le_bytes()].concat(),
        ] {
            let json = all(&wire);
            assert!(json.contains("\"@wire\"") && !json.contains("@reason"), "{wire:02x?} {json}");
            // Deep inside only what needs it has it, also where what it stands in is not in the order of declaration.
            let around = [varint(1, 5), bytes(20, "late")].concat();
            let json = all(&[bytes(6, &wire), around].concat());
            assert!(json.starts_with(r#"{"@type":"test.All","child":{"#), "{json}");
            assert!(json.ends_with(r#""},"i":5,"late":"late"}"#), "{json}");
            // Inside an `Any` it stands in that one's object.
            let json = all(&bytes(10, any("x/test.All", &wire)));
            assert!(json.ends_with(r#""}}"#) && json.contains("\"@wire\""), "{json}");
        }
        let nested = bytes(
            10,
            any("google.protobuf.Any", any("google.protobuf.Any", any("google.protobuf.Any", any("x/test.All", [])))),
        );
        assert!(all(&nested).contains("\"@wire\""));
        let time = bytes(10, any("google.protobuf.Timestamp", [varint(2, 5), varint(1, 5)].concat()));
        let expected = r#"{"@type":"test.All","any":{"@type":"google.protobuf.Timestamp","value":"1970-01-01T00:00:05.000000005Z","@wire":"EAUIBQ=="}}"#;
        assert_eq!(all(&time), expected);
    }

    #[test]
    fn what_is_exact_has_no_bytes_beside_it() {
        for wire in [
            vec![],
            [varint(1, u64::MAX), varint(17, 5), varint(15, 5), varint(15 + 1, 0)].concat(),
            bytes(3, [1, 2, 0]),
            bytes(6, []),
            bytes(10, []),
            bytes(10, any("no.Such", "x")),
            bytes(10, bytes(1, "google.protobuf.Any")),
            bytes(10, any("google.protobuf.Empty", varint(9, 9))),
            bytes(10, [any("test.All", varint(1, 1)), varint(9, 9)].concat()),
            bytes(10, bytes(2, "x")),
            bytes(10, any("test.All", bytes(10, bytes(1, "test.All")))),
            bytes(11, [varint(1, 5), bytes(2, varint(1, 1))].concat()),
            [bytes(13, varint(1, 1)), bytes(13, [])].concat(),
            bytes(14, [0, 0xff]),
            bytes(2, [0xff, b'"']),
            bytes(5, [bytes(1, [0xff]), varint(2, 1)].concat()),
            bytes(5, [bytes(1, "@wire:"), varint(2, 1)].concat()),
            bytes(5, [bytes(1, "@@"), varint(2, 1)].concat()),
            bytes(18, [varint(1, 5), varint(2, 6)].concat()),
            bytes(18, varint(2, u64::MAX)),
            bytes(18, [varint(1, 5), varint(7, 6)].concat()),
            bytes(19, []),
            bytes(19, varint(1, 0)),
            bytes(19, bytes(3, [0xff])),
            bytes(19, bytes(5, bytes(1, [bytes(1, "@type"), bytes(2, varint(4, 1))].concat()))),
            bytes(19, bytes(6, [bytes(1, varint(1, 0)), bytes(1, bytes(6, []))].concat())),
            bytes(19, [&[0x11][..], &f64::NAN.to_le_bytes()].concat()),
            bytes(21, [varint(1, 1), varint(2, 77)].concat()),
            [&[0x61][..], &(-0.0f64).to_le_bytes()].concat(),
            [&[0x61][..], &f64::NEG_INFINITY.to_le_bytes()].concat(),
            bytes(20, "\0\u{1b}\u{7f}\u{85}\u{2028}😀\\\"/"),
        ] {
            let json = all(&wire);
            assert_eq!(json.contains("@wire\":"), json.contains("@reason"), "{wire:02x?} {json}");
        }
        let old = [group(1, [varint(2, 3), bytes(3, group(1, varint(2, 4)))].concat()), group(4, []), bytes(100, "x")]
            .concat();
        assert!(!assert_comes_back("test.Old", &old).contains("@wire"));
    }

    /// They read as nothing that JSON has a place for, and a group is not read ahead of the walk.
    #[test]
    fn an_any_of_unknown_fields_alone_is_its_bytes() {
        for unknown in [varint(9, 9), group(12, [])] {
            all(&bytes(10, &unknown));
            all(&[varint(1, 0), bytes(10, &unknown)].concat());
            all(&bytes(10, any("google.protobuf.Any", &unknown)));
            assert_comes_back("google.protobuf.Any", &unknown);
        }
    }

    /// The place is that of a `Value`, whichever of the two it is that has no JSON.
    #[test]
    fn what_a_value_holds_may_be_its_bytes() {
        for value in [
            bytes(5, varint(1, 9)),
            bytes(5, bytes(1, [bytes(1, "k"), bytes(2, bytes(5, varint(9, 9)))].concat())),
            bytes(6, varint(9, 9)),
            bytes(6, bytes(1, bytes(6, varint(9, 9)))),
            varint(9, 9),
            bytes(5, bytes(1, [bytes(1, "k"), bytes(2, varint(9, 9))].concat())),
            [&[0x11][..], &f64::INFINITY.to_le_bytes()].concat(),
        ] {
            all(&bytes(19, &value));
            assert_comes_back("google.protobuf.Value", &value);
            assert_comes_back("google.protobuf.ListValue", &bytes(1, &value));
        }
    }

    #[test]
    fn malformed_messages_and_types_that_are_not_known_keep_their_bytes() {
        assert!(all(&[0x08]).contains("@reason"));
        assert!(all(&bytes(10, any("test.All", [0x08]))).contains(r#"{"@type":"test.All","@wire":"CA==","@reason""#));
        for (name, wire) in [("no.Such", &b"x"[..]), ("no.Such", b""), ("", b"abc")] {
            assert_comes_back(name, wire);
        }
    }

    #[test]
    fn the_json_wins_where_it_was_edited() {
        let schema = schema();
        let wire = [bytes(6, [varint(1, 0), bytes(2, "s")].concat()), bytes(2, "t")].concat();
        let json = all(&wire);
        assert_eq!(json, r#"{"@type":"test.All","child":{"s":"s","@wire":"CAASAXM="},"s":"t"}"#);
        let (any, ignored) = read_any(&schema, &json.replace(r#""s":"t""#, r#""s":"u""#)).expect("it is JSON");
        assert_eq!(
            (any.value, ignored),
            ([bytes(6, [varint(1, 0), bytes(2, "s")].concat()), bytes(2, "u")].concat(), false)
        );
        let (any, ignored) = read_any(&schema, &json.replace(r#""s":"s""#, r#""s":"u""#)).expect("it is JSON");
        assert_eq!((any.value, ignored), ([bytes(6, bytes(2, "u")), bytes(2, "t")].concat(), true));
        // Another order of members says the same.
        let moved = r#"{"@type":"test.All","child":{"@wire":"CAASAXM=","s":"s"},"s":"t"}"#;
        assert_eq!(read_any(&schema, moved).expect("it is JSON").0.value, wire);
    }

    #[test]
    fn errors_tell_where_and_what() {
        let schema = schema();
        for (json, at, error) in [
            (r#"{"@type":"test.All","x":1}"#, 20, "unknown field `x` of test.All"),
            (r#"{"@type":"test.All","i":"1x"}"#, 24, "`i`: `\"1x\"` is not an integer of 32 bits"),
            (r#"{"@type":"test.All","i":2147483648}"#, 24, "`i`: `2147483648` is not an integer of 32 bits"),
            (r#"{"@type":"test.All","i":1,"i":2}"#, 26, "`i`: `i` stands there twice"),
            (
                r#"{"@type":"test.All","a":1,"c":""}"#,
                26,
                "`c`: field `c` belongs to a oneof of which another field is set",
            ),
            (
                r#"{"@type":"test.All","child":{"list":[{},{"raw":"?"}]}}"#,
                47,
                "`child.list[1].raw`: `\"?\"` is not bytes in base64",
            ),
            (
                r#"{"@type":"test.All","counts":{"a":1,"b":{}}}"#,
                40,
                "`counts[\"b\"]`: `{}` is not an integer of 32 bits",
            ),
            (r#"{"@type":"test.All","counts":{"a":1,"a":2}}"#, 36, "`counts[\"a\"]`: `a` stands there twice"),
            (
                r#"{"@type":"test.All","children":{"1":{"color":"PINK"}}}"#,
                45,
                "`children[\"1\"].color`: `PINK` is not a value of test.Color",
            ),
            (
                r#"{"@type":"test.All","any":{"@type":"x/test.All","i":true}}"#,
                52,
                "`any.(test.All).i`: `true` is not an integer of 32 bits",
            ),
            (r#"{"@type":"test.All","any":{"i":1}}"#, 27, "`any`: an Any without `@type`"),
            (
                r#"{"@type":"test.All","any":{"@type":"no.Such"}}"#,
                35,
                "`any`: no descriptor for message type `no.Such`",
            ),
            (
                r#"{"@type":"test.All","any":{"@type":"google.protobuf.Duration"}}"#,
                62,
                "`any.(google.protobuf.Duration)`: `value` is missing",
            ),
            (
                r#"{"@type":"test.All","time":"yesterday"}"#,
                27,
                "`time`: `\"yesterday\"` is not a point in time, such as \"2026-11-29T08:00:00.5Z\"",
            ),
            (
                r#"{"@type":"test.All","value":{"a":[1,{"b":}]}}"#,
                41,
                "`value[\"a\"][1][\"b\"]`: found `}`, expected a value",
            ),
            (
                r#"{"@type":"test.All","@unknown":"CA=="}"#,
                31,
                "`@unknown` does not hold whole fields: it ends inside a varint",
            ),
            (r#"{"@type":"test.All","i":1"#, 25, "the text ends too early"),
            (r#"{"@type":"test.All","i":1}}"#, 26, "found `}` behind the end of the value"),
            (r#"[]"#, 0, "`[]` is not an object"),
            (r#"{"@type":"test.All","s":"a	b"}"#, 26, "`s`: a string with a raw `\\t`, which must be escaped"),
        ] {
            let found = read_any(&schema, json).expect_err(json);
            assert_eq!((found.at(), found.to_string().as_str()), (at, error), "{json}");
        }
    }

    #[test]
    fn what_the_specification_allows_is_read() {
        let schema = schema();
        for (json, wire) in [
            (r#"{"i":"5","maybe":null,"zigzag":-1}"#, [varint(1, 5), varint(17, 1)].concat()),
            (r#"{"i":1e2}"#, varint(1, 100)),
            (r#"{"i":0,"s":"","raw":"","counts":{},"packed":[],"names":[],"child":null}"#, vec![]),
            (
                r#"{"color":5,"flags":{"true":"BLUE"}}"#,
                [varint(15, 5), bytes(21, [varint(1, 1), varint(2, 5)].concat())].concat(),
            ),
            (r#"{"value":null}"#, bytes(19, varint(1, 0))),
            (r#"{"raw":"-_8"}"#, bytes(14, [0xfb, 0xff])),
            (
                r#"{"any":{"value":"1s","@type":"google.protobuf.Duration"}}"#,
                bytes(10, any("google.protobuf.Duration", varint(1, 1))),
            ),
            (
                r#"{"any":{"i":1,"@type":"test.All","s":"x"}}"#,
                bytes(10, any("test.All", [varint(1, 1), bytes(2, "x")].concat())),
            ),
            (r#"{ "any" : { } , "a" : 0 }"#, [bytes(10, []), varint(7, 0)].concat()),
            (r#"{"d":"Infinity"}"#, [&[0x61][..], &f64::INFINITY.to_le_bytes()].concat()),
        ] {
            for options in [JsonReadOptions::default(), JsonReadOptions { strict: true, ignore_unknown: false }] {
                let mut out = Vec::new();
                let read = JsonReader::new(&schema, options).read(id(&schema, "test.All"), json.as_bytes(), &mut out);
                assert!(!read.expect(json));
                assert_eq!(out, wire, "{json}");
            }
        }
    }

    #[test]
    fn nesting_has_a_limit_and_needs_no_stack() {
        let schema = schema();
        let nested =
            |levels: usize, wrap: &dyn Fn(&[u8]) -> Vec<u8>| (1..levels).fold(Vec::new(), |inner, _| wrap(&inner));
        for wrap in [
            (|inner: &[u8]| bytes(6, inner)) as fn(&[u8]) -> Vec<u8>,
            |inner| bytes(13, inner),
            |inner| bytes(11, [varint(1, 0), bytes(2, inner)].concat()),
        ] {
            all(&nested(NESTING_LIMIT, &wrap));
            // Beyond the limit it is no message, and stands there as its bytes.
            assert!(all(&nested(NESTING_LIMIT + 1, &wrap)).contains("@reason"));
        }
        let json =
            format!("{{\"@type\":\"test.All\",{}{}}}", "\"child\":{".repeat(NESTING_LIMIT), "}".repeat(NESTING_LIMIT));
        let error = read_any(&schema, &json).expect_err("it is too deep");
        assert!(matches!(error.fault(), JsonFault::TooDeep(NESTING_LIMIT)));
        let json = format!("{{\"@type\":\"test.All\",\"value\":{}", "[".repeat(1_000_000));
        let error = read_any(&schema, &json).expect_err("it is too deep");
        assert!(matches!(error.fault(), JsonFault::TooDeep(NESTING_LIMIT)));
    }

    proptest! {
        #[test]
        fn every_message_comes_back(mut wire in message(), broken in 0..400usize, cut in 0..400usize) {
            all(&wire);
            // Every message has a canonical form, and no need of its bytes then.
            let schema = schema();
            let mut canonical = Vec::new();
            write_canonical(&mut Walker::new(&schema), id(&schema, "test.All"), &wire, &mut canonical).expect("a message");
            all(&canonical);
            if let Some(byte) = wire.get_mut(broken) {
                *byte ^= 0x11;
                all(&wire);
            }
            wire.truncate(cut);
            all(&wire);
        }

        #[test]
        fn no_text_makes_it_panic(wire in message(), at in 0..900usize, byte in prop::sample::select(b"{}[]\",:@0x\\ ".to_vec())) {
            let schema = schema();
            let mut json = lossless(&schema, "test.All", &wire).into_bytes();
            if let Some(changed) = json.get_mut(at) {
                *changed = byte;
            }
            if let Ok(json) = String::from_utf8(json) {
                let ours = read_any(&schema, &json);
                if ours.is_ok() {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
                }
            }
        }
    }
}
