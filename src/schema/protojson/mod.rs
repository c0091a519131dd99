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
mod lexer;
mod quick;
mod scalar;
#[cfg(test)]
mod tests;
mod value;
mod well_known;

pub use error::{JsonFault, JsonReadError};
pub(crate) use lexer::{Lexer, Raw};
pub(crate) use scalar::read_base64;
pub(crate) use value::{Integer, quoted_integer};

use super::layout::{Field, Layout, LayoutId, MapShape, Role, Shape, Type};
use super::lengths::{Mark, OpenLength, Unsized};
use super::well_known::WellKnown;
use super::{Schema, names};
use crate::wire::{Cursor, Groups, NESTING_LIMIT, WireType, push_group_end, push_tag, put_bytes, put_varint};
use error::quote;
use quick::Quick;
use scalar::{integer_type, put_integer, wrong};
use value::base64;

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

/// The fields of a message by their names in JSON, and what usually comes next.
#[derive(Debug)]
struct Names<'s> {
    layout: &'s Layout,
    /// The names: first those in JSON, then others as the `.proto` file has them; and per name the field.
    table: names::Names,
    names: Vec<(&'s [u8], u32)>,
    /// Per field, and before the first, the one that came after it last time.
    next: Vec<u32>,
    /// The first fields that are known to be points in time, by bits.
    times: u64,
    /// The fields by the first eight bytes of their names in JSON; of those that share a slot one.
    by_word: Box<[u32]>,
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

/// The first eight bytes of a name that stands in quotes at a place, of a shorter one up to the quote.
#[inline(always)]
fn first_word(text: &[u8], at: usize) -> Option<u64> {
    let word = u64::from_le_bytes(*text.get(at + 1..)?.first_chunk()?);
    let quotes = word ^ u64::from_le_bytes([b'"'; 8]);
    let ends = quotes.wrapping_sub(u64::MAX / 255) & !quotes & (0x80 * (u64::MAX / 255));
    // The bits below the highest of the quote's byte; of a quote they are always the same.
    Some(word & (ends & ends.wrapping_neg()).wrapping_sub(1))
}

#[inline(always)]
fn slot_of(word: u64, slots: usize) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    (word.wrapping_mul(ODD) >> 32) as usize & (slots - 1)
}

impl<'s> Names<'s> {
    fn new(layout: &'s Layout) -> Self {
        let fields = || layout.fields().iter().zip(0..);
        // Of equal names the first is found: the name in JSON is stronger than what another field is called.
        let in_json = fields().map(|(field, index)| (field.json_name().as_bytes(), index));
        let names: Vec<_> = in_json.chain(fields().map(|(field, index)| (field.name().as_bytes(), index))).collect();
        let table = names::Names::new(names.iter().map(|(name, _)| str::from_utf8(name).expect("it was a string")));
        let next = (0..=layout.fields().len() as u32).collect();
        let mut by_word = vec![u32::MAX; (4 * layout.fields().len() + 1).next_power_of_two()];
        for (field, index) in fields() {
            if let Some(word) = first_word(&[field.json_key.quoted(), &[b':'; 8]].concat(), 0) {
                let slot = slot_of(word, by_word.len());
                by_word[slot] = by_word[slot].min(index);
            }
        }
        Names { layout, table, names, next, times: 0, by_word: by_word.into() }
    }

    /// The field whose name in JSON stands at a place in its quotes, with a colon behind it, and where that ends; if it is
    /// quickly found.
    #[inline(always)]
    fn find_quoted(&self, text: &[u8], at: usize) -> Option<(u32, usize)> {
        let index = *self.by_word.get(slot_of(first_word(text, at)?, self.by_word.len()))?;
        let field = self.layout.fields().get(index as usize)?;
        let length = field.json_key.stands_at(text, at)?;
        (!field.json_name_is_ours).then_some((index, at + length))
    }

    /// The field of a name.
    #[inline]
    fn find(&self, name: &[u8]) -> Option<u32> {
        let found = self.table.find(name, |index| names::is_same(self.names[index].0, name))?;
        Some(self.names[found].1)
    }
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
            fields: 0,
            oneofs: 0,
            more: 0,
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
        /// Places in the text are kept in four bytes.
        const LIMIT_BYTES: usize = JSON_LIMIT_BYTES;
        let start = *lexer;
        /// How many times its length a text may have compared with bytes in it, and how much beyond that.
        const WIRE_RATIO: usize = 8;
        const FREE_WIRE_BYTES: usize = 64 * 1024;
        self.wire_budget = start.rest().len().saturating_mul(WIRE_RATIO).saturating_add(FREE_WIRE_BYTES);
        if start.rest().len() > LIMIT_BYTES {
            return Err(JsonReadError::new(start.at, JsonFault::TooLong(LIMIT_BYTES)));
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

    /// Reads the entries of a map of messages up to one that is kept open, or all of them.
    fn entries(
        &mut self,
        lexer: &mut Lexer<'_>,
        own: usize,
        (field, shape): (&'s Field, &'s MapShape),
        first_key: u32,
        mut is_first: bool,
    ) -> Result<()> {
        let Some(id) = shape.value.ty().message() else { unreachable!("other maps are not kept open") };
        while lexer.next(is_first, b'}')? {
            is_first = false;
            let (entry, key) = self.entry_key(lexer, field, &shape.key)?;
            shape.value.put_head(&mut self.out.bytes);
            let room = Room::Two(entry, self.out.room());
            let result = self.message(lexer, id, room, 1, 0);
            if result.is_err() || self.frames.len() > own + 1 {
                self.frames[own] = Frame::Map { field, shape, first_key, key, is_first };
                return result;
            }
        }
        self.end_keys(first_key, lexer)?;
        self.frames.pop();
        Ok(())
    }

    /// Reads members of a message up to one that is kept open, or all of them.
    fn members(&mut self, lexer: &mut Lexer<'_>, own: usize, mut message: Message<'s>) -> Result<()> {
        loop {
            let begun = match std::mem::take(&mut message.begun) {
                0 => self.quick_members(lexer, &mut message),
                begun => Quick::Nested(begun - 1),
            };
            match begun {
                Quick::End => break,
                Quick::Nested(index) => {
                    self.keep(own, &mut message);
                    let field = &message.layout.fields()[index as usize];
                    self.nested(lexer, field)?;
                    if let Role::Message(id) = field.role()
                        && self.layout(id).well_known() == Some(WellKnown::Timestamp)
                        && let Some(known) = &mut self.names[message.id.0 as usize]
                    {
                        known.times |= 1u64.checked_shl(index).unwrap_or(0);
                    }
                    if self.frames.len() > own + 1 {
                        return Ok(());
                    }
                    continue;
                }
                Quick::Other => {}
            }
            if !lexer.next(message.is_first, b'}')? {
                break;
            }
            message.is_first = false;
            let at = {
                lexer.peek();
                lexer.at
            };
            let index = match self.member_key(lexer, &message)? {
                Key::Field(index) => index,
                Key::Ours(raw) => {
                    // The path of an error is that of what is open.
                    self.keep(own, &mut message);
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
                    self.keep(own, &mut message);
                    self.nested(lexer, field)?;
                    if self.frames.len() > own + 1 {
                        return Ok(());
                    }
                }
            }
            if result.is_err() {
                // The path of an error is that of what is open.
                self.keep(own, &mut message);
                return result;
            }
        }
        self.end_message(message);
        Ok(())
    }

    /// Keeps a message as it is now. The path of an error is that of what is kept.
    #[inline(always)]
    fn keep(&mut self, own: usize, message: &mut Message<'s>) {
        message.told = message.previous;
        self.frames[own] = Frame::Message(*message);
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
                    let (tag, _) = cursor
                        .field(&mut groups)
                        .map_err(|fault| JsonReadError::new(start, JsonFault::UnknownFields(fault)))?;
                    // A descriptor may know today what it did not when this was written, but not beside its member.
                    if let Some(index) = message.layout.field_of_tag(tag.0)
                        && let field = &message.layout.fields()[index]
                        && let Shape::Singular = field.shape()
                    {
                        self.see(&mut message, index as u32, field, start, false)?;
                    }
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
    fn end_message(&mut self, message: Message<'s>) {
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
        let layout = message.layout;
        let more = self.seen.len();
        let words = words_beyond(layout.fields().len()) + words_beyond(layout.oneofs() as usize);
        if words > 0 {
            self.seen.resize(more + words, 0);
        }
        message.more = more as u32;
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
            let (entry, key) = self.entry_key(lexer, field, &shape.key)?;
            self.frames[own] = Frame::Map { field, shape, first_key, key, is_first };
            if self.skips_unknown_name(lexer, shape.value.ty())? {
                self.keys.pop();
                self.out.replace_since(start, &[]);
                continue;
            }
            self.scalar(lexer, &shape.value, true)?;
            self.out.fill_room(entry);
        }
        self.end_keys(first_key, lexer)?;
        self.frames.pop();
        Ok(())
    }

    /// Begins an entry of a map and reads its key; tells where there is room for the entry's length.
    #[inline(always)]
    fn entry_key(&mut self, lexer: &mut Lexer<'_>, map: &Field, key: &Field) -> Result<(usize, KeyAt)> {
        map.put_head(&mut self.out.bytes);
        let room = self.out.room();
        if let Type::String = key.ty()
            && let text = lexer.text()
            && let at = lexer.at + quick::blanks(text, lexer.at)
            && let Some((name, end)) = quick::name(text, at)
        {
            let start = self.out.bytes.len() as u32;
            key.put_head(&mut self.out.bytes);
            let key_at = (at as u32, (at + name.len() + 2) as u32);
            quick::put_part(&mut self.out.bytes, text, at + 1, at + 1 + name.len());
            self.keys.push(MapKey { start, end: self.out.bytes.len() as u32, at: at as u32 });
            lexer.at = end;
            return Ok((room, key_at));
        }
        Ok((room, self.key(lexer, key.number(), Some(key))?))
    }

    /// Reads a key and writes it as the field of this number; without a field as a string.
    fn key(&mut self, lexer: &mut Lexer<'_>, number: u32, field: Option<&Field>) -> Result<KeyAt> {
        self.check_length(lexer)?;
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
                    let Some(field) = message.told.checked_sub(1) else { continue };
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
