//! [`Builder`]: words become wire bytes, in the order of Go's deterministic encoder.

use std::borrow::Cow;

use super::error::{ParseError, ParseFault, quote};
use super::token::{Dialect, Lexer, Name, NameKind, Scalar, Token};
use super::{AnyText, EXPANDED_LIMIT, unexpected};
use crate::entry::Any;
use crate::schema::lengths::{OpenLength, Unsized};
use crate::schema::{Field, Layout, LayoutId, Schema, Shape, Type, Walker, WellKnown, write_canonical};
use crate::wire::{NESTING_LIMIT, WireType, push_group_end, push_tag, push_varint, put_bytes, zig_zag};

const ANY: &str = "google.protobuf.Any";

/// How many times the length of the text may be moved to bring fields into order, before the rest is left to a walk.
///
/// A level that is out of order is moved as a whole, with all that stands inside it, so that without an end a deeply
/// nested text would take time by the square of its length. A walk is slower and has no such problem.
const MOVED_LIMIT: usize = 8;

/// For how many open messages there is room from the start; recorded ones seldom nest deeper.
const FRAMES: usize = 12;

/// Builds wire bytes from words.
///
/// What stands in the order of the wire is written once. Fields in another order are moved where their message ends. What
/// is left, maps whose keys are not in order or packed lists in several parts, is walked again as a whole.
pub(super) struct Builder<'l, 't, 's> {
    pub(super) lexer: &'l mut Lexer<'t>,
    schema: &'s Schema,
    /// What is open, from the outside in.
    pub(super) frames: Vec<Frame<'t, 's>>,
    pub(super) out: Unsized,
    /// Where the fields of the messages that are open begin, from the outside in.
    runs: Vec<Run>,
    /// How many expanded `Any` are open.
    expanded: usize,
    /// Whether the innermost expanded `Any`, or the message that was asked for, has to be walked again.
    needs_walk: bool,
    /// How many bytes may still be moved.
    movable_bytes: usize,
    /// Strings without their escapes, kept for its memory.
    pub(super) scratch: Vec<u8>,
    /// Whether the fast road is closed.
    #[cfg(test)]
    pub(super) makes_words_of_all: bool,
}

/// Occurrences of one field that follow one another.
#[derive(Debug, Clone, Copy)]
struct Run {
    rank: u32,
    start: usize,
}

/// Something open.
pub(super) enum Frame<'t, 's> {
    Message(Message<'s>),
    /// `[` of a field whose elements are messages or map entries.
    List {
        field: &'s Field,
    },
    Entry(Entry<'s>),
    Any(AnyFields<'t>),
}

/// A message that is open.
pub(super) struct Message<'s> {
    pub(super) layout: &'s Layout,
    seen: Seen,
    /// Where its first field stands.
    start: usize,
    /// The first of its runs.
    runs: usize,
    id: LayoutId,
    /// The field that was set last, or `u32::MAX`.
    pub(super) last: u32,
    /// The rank of the last run, or -1. There are fewer fields than field numbers.
    rank: i32,
    is_in_order: bool,
    /// The list of the last run, if it is a packed one.
    packed: Option<OpenLength>,
    /// The last key of the last run, if it is a map.
    key: Key,
    end: MessageEnd,
}

/// A map's entry that is open.
pub(super) struct Entry<'s> {
    pub(super) key: &'s Field,
    pub(super) value: &'s Field,
    pub(super) has_key: bool,
    pub(super) has_value: bool,
    place: Key,
    length: OpenLength,
}

/// A map's key, as far as it is compared with others of its map.
#[derive(Debug, Clone, Copy)]
enum Key {
    None,
    /// In an order that is that of numbers without a sign.
    Number(u64),
    /// Where the string stands in the bytes.
    String {
        start: usize,
        end: usize,
    },
}

/// An `Any` that is open.
pub(super) struct AnyFields<'t> {
    type_url: Option<Cow<'t, str>>,
    value: Option<Vec<u8>>,
    expanded: Option<Expanded>,
    end: MessageEnd,
}

/// The message of an expanded `Any`.
#[derive(Debug, Clone, Copy)]
struct Expanded {
    /// Where field `value` begins, with its length; nothing in an `Any` that is given back apart.
    field: Option<(usize, OpenLength)>,
    /// Whether what is around the `Any` has to be walked again.
    outer_needs_walk: bool,
}

/// What to do where a message ends.
#[derive(Debug, Clone, Copy)]
enum MessageEnd {
    Length(OpenLength),
    Group(u32),
    /// It is the message of the `Any` around it.
    Expanded,
    /// It is an `Any` whose two fields are given back apart, without tags.
    Apart,
    /// It ends with the text.
    Outermost,
}

/// Which fields and oneofs of a message were set: a bit for each field, then one for each oneof.
#[derive(Default)]
struct Seen {
    first: u64,
    /// Few messages have so many fields.
    more: Option<Box<[u64]>>,
}

impl Seen {
    #[inline]
    fn contains(&self, bit: usize) -> bool {
        match bit.checked_sub(64) {
            None => self.first >> bit & 1 != 0,
            Some(bit) => self.more.as_ref().is_some_and(|more| more[bit / 64] >> (bit % 64) & 1 != 0),
        }
    }

    #[inline]
    fn insert(&mut self, bit: usize, layout: &Layout) {
        match bit.checked_sub(64) {
            None => self.first |= 1 << bit,
            Some(bit) => {
                let words = (layout.fields().len() + layout.oneofs() as usize) / 64;
                let more = self.more.get_or_insert_with(|| vec![0; words].into());
                more[bit / 64] |= 1 << (bit % 64);
            }
        }
    }
}

/// A value that is no string and no message, as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
}

impl<'l, 't, 's> Builder<'l, 't, 's> {
    /// A builder that appends to some bytes.
    pub(super) fn new(lexer: &'l mut Lexer<'t>, schema: &'s Schema, mut bytes: Vec<u8>) -> Self {
        let text_bytes = lexer.text.len();
        bytes.reserve(text_bytes / 2);
        Builder {
            lexer,
            schema,
            frames: Vec::with_capacity(FRAMES),
            out: Unsized::behind(bytes),
            runs: Vec::new(),
            expanded: 0,
            needs_walk: false,
            movable_bytes: text_bytes.saturating_mul(MOVED_LIMIT),
            scratch: Vec::new(),
            #[cfg(test)]
            makes_words_of_all: false,
        }
    }

    /// Reads an `Any` whose opening brace was the last word, and gives it back in its parts.
    pub(super) fn any(mut self) -> Result<AnyText<'t>, ParseError> {
        self.push(Frame::Any(AnyFields::new(MessageEnd::Apart)))?;
        while !self.step()? {}
        let Some(Frame::Any(any)) = self.frames.pop() else { unreachable!("the outermost frame is left at the end") };
        let value = if any.expanded.is_some() { self.out.into_sized() } else { any.value.unwrap_or_default() };
        Ok(AnyText { type_url: any.type_url.unwrap_or_default(), value })
    }

    /// Reads a whole text, a message of this type, whose bytes are appended to those from the start.
    pub(super) fn text(&mut self, layout: LayoutId) -> Result<(), ParseError> {
        let start = self.out.bytes.len();
        self.push_message(layout, MessageEnd::Outermost)?;
        while !self.step()? {}
        let at = self.lexer.at();
        match self.frames.last() {
            Some(Frame::Message(_)) => {
                self.end_fields();
                if self.needs_walk {
                    let mut bytes = std::mem::take(&mut self.out).into_sized();
                    let mut canonical = Vec::with_capacity(bytes.len() - start);
                    let result = self.canonical(at, layout, &bytes[start..], &mut canonical);
                    bytes.truncate(start);
                    bytes.extend_from_slice(&canonical);
                    self.out = Unsized::behind(bytes);
                    return result;
                }
            }
            Some(Frame::Any(any)) => any.put_fields(&mut self.out.bytes),
            Some(Frame::List { .. } | Frame::Entry(_)) | None => unreachable!("the outermost frame is a message"),
        }
        Ok(())
    }

    /// All bytes, after a text was read.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out.into_sized()
    }

    /// The first of the bytes, which were there from the start.
    pub(super) fn into_first_bytes(self, count: usize) -> Vec<u8> {
        let mut bytes = self.out.bytes;
        bytes.truncate(count);
        bytes
    }

    /// Reads a field, or the end of something, and says whether the outermost message has ended; it is then the frame that
    /// is left.
    #[inline]
    fn step(&mut self) -> Result<bool, ParseError> {
        let at = self.lexer.at();
        #[cfg(test)]
        if self.makes_words_of_all {
            return self.word(at);
        }
        if self.quick(at)? {
            return Ok(false);
        }
        self.word(at)
    }

    fn word(&mut self, at: usize) -> Result<bool, ParseError> {
        let token = self.lexer.token()?;
        let is_outermost = self.frames.len() == 1;
        let frame = self.frames.last_mut().expect("the outermost frame is never closed");
        match (frame, token) {
            (Frame::Message(_) | Frame::Entry(_), Token::Close) => self.end_message(at)?,
            (Frame::Any(any), Token::Close) => {
                if let MessageEnd::Apart = any.end {
                    return Ok(true);
                }
                self.end_any();
            }
            (Frame::List { .. }, Token::ListClose) => {
                self.frames.pop();
            }
            (Frame::List { field }, Token::Open) => {
                let field = *field;
                self.begin_message(field)?;
            }
            (Frame::Message(message), Token::Name(name)) => match message.find(&name)? {
                Some(index) => {
                    let field = &message.layout.fields()[index];
                    message.check(index, &name)?;
                    self.field(index, field)?;
                }
                None => self.skip_value()?,
            },
            (Frame::Entry(_), Token::Name(name)) => self.entry_field(&name)?,
            (Frame::Any(_), Token::Name(name)) => self.any_field(name)?,
            // The lexer sees to it that everything was closed.
            (Frame::Message(_) | Frame::Any(_), Token::End) if is_outermost => return Ok(true),
            (_, token) => return Err(unexpected(at, &token)),
        }
        Ok(false)
    }

    fn push(&mut self, frame: Frame<'t, 's>) -> Result<(), ParseError> {
        if self.frames.len() == NESTING_LIMIT {
            return Err(ParseError::new(self.lexer.at(), ParseFault::TooDeep(NESTING_LIMIT)));
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Begins a message of this type, whose tag and length have been written.
    #[inline]
    fn push_message(&mut self, id: LayoutId, end: MessageEnd) -> Result<(), ParseError> {
        let layout = self.schema.layout(id);
        if layout.well_known() == Some(WellKnown::Any) {
            return self.push(Frame::Any(AnyFields::new(end)));
        }
        self.push(Frame::Message(Message {
            layout,
            id,
            seen: Seen::default(),
            last: u32::MAX,
            start: self.out.bytes.len(),
            runs: self.runs.len(),
            rank: -1,
            is_in_order: true,
            packed: None,
            key: Key::None,
            end,
        }))
    }

    /// Reads the value of a message's field, or its beginning if it is a message.
    fn field(&mut self, index: usize, field: &'s Field) -> Result<(), ParseError> {
        let at = self.lexer.at();
        let is_repeated = !matches!(field.shape(), Shape::Singular);
        let is_message = field.ty().message().is_some();
        match self.lexer.token()? {
            Token::Open if is_message => {
                self.begin_field(index, field);
                self.begin_message(field)
            }
            Token::ListOpen if is_repeated && is_message => {
                self.begin_field(index, field);
                self.push(Frame::List { field })
            }
            Token::ListOpen if is_repeated => loop {
                let at = self.lexer.at();
                match self.lexer.token()? {
                    Token::ListClose => return Ok(()),
                    Token::Scalar(scalar) => self.scalar(index, field, &scalar)?,
                    token => return Err(unexpected(at, &token)),
                }
            },
            Token::Scalar(scalar) if !is_message => self.scalar(index, field, &scalar),
            token => Err(unexpected(at, &token)),
        }
    }

    /// Writes a value of a message's field, unless it is the default that is not written.
    fn scalar(&mut self, index: usize, field: &'s Field, scalar: &Scalar<'_>) -> Result<(), ParseError> {
        match scalar.of_type(field, self.lexer.dialect)? {
            Value::Number(number) => self.number(index, field, number),
            Value::Bytes(bytes) => {
                self.begin_bytes(index, field, bytes.len());
                self.out.bytes.extend_from_slice(bytes);
            }
        }
        Ok(())
    }

    /// Writes a value of a message's field, unless it is the default that is not written.
    #[inline]
    pub(super) fn number(&mut self, index: usize, field: &'s Field, number: Number) {
        if number.is_zero() && !writes_default(field) {
            return self.set(index, field);
        }
        self.begin_field(index, field);
        match field.shape() {
            Shape::List { packed: true } => {
                let Some(Frame::Message(message)) = self.frames.last_mut() else { unreachable!("it has the field") };
                if message.packed.is_none() {
                    push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
                    message.packed = Some(self.out.begin_length());
                }
            }
            Shape::List { packed: false } | Shape::Singular | Shape::Map(_) => {
                push_tag(&mut self.out.bytes, field.number(), field.ty().wire_type());
            }
        }
        number.push_to(&mut self.out.bytes);
    }

    /// Begins the value of a message's field that is a string of this length, which must follow.
    #[inline]
    pub(super) fn begin_bytes(&mut self, index: usize, field: &'s Field, length: usize) {
        if length == 0 && !writes_default(field) {
            return self.set(index, field);
        }
        self.begin_field(index, field);
        push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
        push_varint(&mut self.out.bytes, length as u64);
    }

    fn set(&mut self, index: usize, field: &Field) {
        let Some(Frame::Message(message)) = self.frames.last_mut() else { unreachable!("it has the field") };
        message.set(index, field);
    }

    /// Begins an occurrence of a message's field that will be written.
    #[inline]
    pub(super) fn begin_field(&mut self, index: usize, field: &'s Field) {
        let Some(Frame::Message(message)) = self.frames.last_mut() else { unreachable!("it has the field") };
        let rank = field.wire_rank() as i32;
        if rank == message.rank {
            return;
        }
        if let Some(open) = message.packed.take() {
            self.out.end_length(open);
        }
        message.key = Key::None;
        message.is_in_order &= rank > message.rank;
        message.rank = rank;
        self.runs.push(Run { rank: field.wire_rank(), start: self.out.bytes.len() });
        // Where the runs of a list are put together, it is whole again, unless it has to be merged.
        self.needs_walk |= message.seen.contains(index)
            && match field.shape() {
                Shape::Singular => false,
                Shape::List { packed } => *packed,
                Shape::Map(_) => true,
            };
        message.set(index, field);
    }

    /// Begins a message, a group, a map entry or an `Any`, whose opening brace has been read.
    #[inline]
    pub(super) fn begin_message(&mut self, field: &'s Field) -> Result<(), ParseError> {
        if let Shape::Map(map) = field.shape() {
            push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
            let length = self.out.begin_length();
            let (key, value) = (&map.key, &map.value);
            let entry = Entry { key, value, has_key: false, has_value: false, place: Key::None, length };
            return self.push(Frame::Entry(entry));
        }
        match field.ty() {
            Type::Group(id) => {
                push_tag(&mut self.out.bytes, field.number(), WireType::Group);
                self.push_message(*id, MessageEnd::Group(field.number()))
            }
            Type::Message(id) => {
                push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
                let length = self.out.begin_length();
                self.push_message(*id, MessageEnd::Length(length))
            }
            ty => unreachable!("{ty:?} is no message, and the caller looked"),
        }
    }

    /// Ends a message or an entry, whose closing brace has been read.
    #[inline]
    pub(super) fn end_message(&mut self, at: usize) -> Result<(), ParseError> {
        match self.frames.last_mut() {
            Some(Frame::Message(message)) => {
                let (id, end) = (message.id, message.end);
                self.end_fields();
                if let MessageEnd::Expanded = end
                    && self.needs_walk
                {
                    self.walk_expanded(at, id)?;
                }
                self.end(end);
            }
            Some(Frame::Entry(entry)) => {
                let (length, place, is_whole) = (entry.length, entry.place, entry.has_key && entry.has_value);
                self.frames.pop();
                self.end_entry(length, place, is_whole);
            }
            Some(Frame::List { .. } | Frame::Any(_)) | None => unreachable!("the caller saw a message or entry"),
        }
        Ok(())
    }

    /// Ends a message's last list, puts its fields into order, and takes it off the frames.
    #[inline]
    fn end_fields(&mut self) {
        let Some(Frame::Message(message)) = self.frames.last_mut() else { unreachable!("the caller saw a message") };
        if let Some(open) = message.packed {
            self.out.end_length(open);
        }
        let (start, runs) = (message.start, message.runs);
        if !message.is_in_order && !self.needs_walk {
            self.sort_fields(start, runs);
        }
        self.runs.truncate(runs);
        self.frames.pop();
    }

    #[inline(never)]
    fn sort_fields(&mut self, start: usize, first_run: usize) {
        let end = self.out.bytes.len();
        match self.movable_bytes.checked_sub(end - start) {
            None => self.needs_walk = true,
            Some(left) => {
                self.movable_bytes = left;
                let runs = &self.runs[first_run..];
                let ends = runs.iter().skip(1).map(|run| run.start).chain([end]);
                let mut parts: Vec<_> = runs.iter().zip(ends).map(|(run, end)| (run.rank, run.start..end)).collect();
                parts.sort_by_key(|(rank, _)| *rank);
                self.out.rearrange(start, parts.into_iter().map(|(_, part)| part));
            }
        }
    }

    fn end_entry(&mut self, length: OpenLength, place: Key, is_whole: bool) {
        self.out.end_length(length);
        let bytes = &self.out.bytes;
        // In the brackets of a list of entries nobody keeps the key.
        let follows = match self.frames.last_mut() {
            Some(Frame::Message(message)) => match (std::mem::replace(&mut message.key, place), place) {
                (Key::None, _) => true,
                (Key::Number(previous), Key::Number(key)) => previous < key,
                (Key::String { start, end }, Key::String { start: key_start, end: key_end }) => {
                    bytes[start..end] < bytes[key_start..key_end]
                }
                (Key::Number(_) | Key::String { .. }, _) => false,
            },
            Some(Frame::List { .. } | Frame::Entry(_) | Frame::Any(_)) | None => false,
        };
        self.needs_walk |= !is_whole || !follows;
    }

    /// Ends what has no more fields.
    #[inline]
    fn end(&mut self, end: MessageEnd) {
        match end {
            MessageEnd::Length(length) => self.out.end_length(length),
            MessageEnd::Group(number) => push_group_end(&mut self.out.bytes, number),
            MessageEnd::Expanded => self.end_expanded(),
            MessageEnd::Apart | MessageEnd::Outermost => unreachable!("no brace of the builder's ends it"),
        }
    }

    fn end_any(&mut self) {
        let Some(Frame::Any(any)) = self.frames.pop() else { unreachable!("the caller saw an Any") };
        any.put_fields(&mut self.out.bytes);
        self.end(any.end);
    }

    /// Ends the message of the innermost `Any`.
    fn end_expanded(&mut self) {
        let Some(Frame::Any(AnyFields { expanded: Some(expanded), .. })) = self.frames.last() else {
            unreachable!("it was expanded")
        };
        match expanded.field {
            Some((start, length)) if self.out.is_empty(length) => {
                self.out.cancel_length(length);
                self.out.bytes.truncate(start);
            }
            Some((_, length)) => self.out.end_length(length),
            None => {}
        }
        self.needs_walk = expanded.outer_needs_walk;
        self.expanded -= 1;
    }

    /// Replaces the bytes of the innermost expanded message by its canonical ones.
    #[cold]
    fn walk_expanded(&mut self, at: usize, id: LayoutId) -> Result<(), ParseError> {
        let Some(Frame::Any(AnyFields { expanded: Some(expanded), .. })) = self.frames.last() else {
            unreachable!("it was expanded")
        };
        let bytes = match expanded.field {
            Some((_, length)) => self.out.take(length),
            None => std::mem::take(&mut self.out).into_sized(),
        };
        let mut canonical = Vec::with_capacity(bytes.len());
        self.canonical(at, id, &bytes, &mut canonical)?;
        self.out.bytes.extend_from_slice(&canonical);
        Ok(())
    }

    #[cold]
    fn canonical(&self, at: usize, id: LayoutId, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ParseError> {
        write_canonical(&mut Walker::new(self.schema), id, bytes, out)
            .map_err(|malformed| ParseError::new(at, malformed.into()))
    }

    /// Reads a value of any type and forgets it.
    fn skip_value(&mut self) -> Result<(), ParseError> {
        let mut open = 0usize;
        loop {
            let at = self.lexer.at();
            match self.lexer.token()? {
                Token::Open | Token::ListOpen => open += 1,
                // The lexer sees to it that what is closed was opened.
                Token::Close | Token::ListClose => open -= 1,
                Token::Name(_) => continue,
                Token::Scalar(_) => {}
                token @ Token::End => return Err(unexpected(at, &token)),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn entry_field(&mut self, name: &Name<'_>) -> Result<(), ParseError> {
        let Some(Frame::Entry(entry)) = self.frames.last_mut() else { unreachable!("the caller saw an entry") };
        let (field, is_repeated) = match name.kind {
            NameKind::Ident("key") => (entry.key, entry.has_key),
            NameKind::Ident("value") => (entry.value, entry.has_value),
            NameKind::Ident(_) | NameKind::Bracketed(_) | NameKind::Number => {
                return Err(name.unknown("a map's entry"));
            }
        };
        if is_repeated {
            return Err(name.repeated());
        }
        check_colon(name, field)?;
        let at = self.lexer.at();
        match self.lexer.token()? {
            Token::Open if field.ty().message().is_some() => self.begin_entry_message(field),
            Token::Scalar(scalar) if field.ty().message().is_none() => {
                match scalar.of_type(field, self.lexer.dialect)? {
                    Value::Number(number) => self.entry_number(field, number),
                    Value::Bytes(bytes) => {
                        self.begin_entry_bytes(field, bytes.len());
                        self.out.bytes.extend_from_slice(bytes);
                    }
                }
                Ok(())
            }
            token => Err(unexpected(at, &token)),
        }
    }

    /// Begins the value of a map's entry, which is a message.
    #[inline]
    pub(super) fn begin_entry_message(&mut self, field: &'s Field) -> Result<(), ParseError> {
        self.set_in_entry(field, Key::None);
        self.begin_message(field)
    }

    /// Writes the key or value of a map's entry.
    #[inline]
    pub(super) fn entry_number(&mut self, field: &'s Field, number: Number) {
        self.set_in_entry(field, Key::Number(number.in_order(field.ty())));
        push_tag(&mut self.out.bytes, field.number(), field.ty().wire_type());
        number.push_to(&mut self.out.bytes);
    }

    /// Begins the key or value of a map's entry, a string of this length, which must follow.
    #[inline]
    pub(super) fn begin_entry_bytes(&mut self, field: &'s Field, length: usize) {
        push_tag(&mut self.out.bytes, field.number(), WireType::Bytes);
        push_varint(&mut self.out.bytes, length as u64);
        let start = self.out.bytes.len();
        self.set_in_entry(field, Key::String { start, end: start + length });
    }

    #[inline]
    fn set_in_entry(&mut self, field: &Field, place: Key) {
        let Some(Frame::Entry(entry)) = self.frames.last_mut() else { unreachable!("it has the field") };
        if std::ptr::eq(field, entry.key) {
            entry.has_key = true;
            entry.place = place;
            // The key stands first.
            self.needs_walk |= entry.has_value;
        } else {
            entry.has_value = true;
        }
    }

    fn any_field(&mut self, name: Name<'t>) -> Result<(), ParseError> {
        let Some(Frame::Any(any)) = self.frames.last_mut() else { unreachable!("the caller saw an Any") };
        let conflict = || ParseError::new(name.at, ParseFault::AnyConflict(quote(name.raw)));
        match name.kind {
            NameKind::Ident(field @ ("type_url" | "value")) => {
                let is_url = field == "type_url";
                if any.expanded.is_some() || (if is_url { any.type_url.is_some() } else { any.value.is_some() }) {
                    return Err(conflict());
                }
                if !name.has_colon {
                    return Err(name.no_colon());
                }
                let at = self.lexer.at();
                match self.lexer.token()? {
                    Token::Scalar(scalar) if is_url => any.type_url = Some(scalar.into_string()?),
                    Token::Scalar(scalar) => any.value = Some(scalar.bytes("bytes")?.to_vec()),
                    token => return Err(unexpected(at, &token)),
                }
                Ok(())
            }
            NameKind::Bracketed(type_url) => {
                if any.expanded.is_some() || any.type_url.is_some() {
                    return Err(conflict());
                }
                if self.expanded == EXPANDED_LIMIT {
                    return Err(ParseError::new(name.at, ParseFault::TooManyExpanded(EXPANDED_LIMIT)));
                }
                let id = self.schema.resolve(&type_url).map_err(|error| ParseError::new(name.at, error.into()))?;
                let field = match any.end {
                    MessageEnd::Apart => None,
                    MessageEnd::Length(_) | MessageEnd::Group(_) | MessageEnd::Expanded | MessageEnd::Outermost => {
                        put_bytes(&mut self.out.bytes, Any::TYPE_URL, type_url.as_bytes());
                        let start = self.out.bytes.len();
                        push_tag(&mut self.out.bytes, Any::VALUE, WireType::Bytes);
                        Some((start, self.out.begin_length()))
                    }
                };
                any.type_url = Some(type_url);
                any.expanded = Some(Expanded { field, outer_needs_walk: std::mem::take(&mut self.needs_walk) });
                self.expanded += 1;
                let at = self.lexer.at();
                match self.lexer.token()? {
                    Token::Open => self.push_message(id, MessageEnd::Expanded),
                    token => Err(unexpected(at, &token)),
                }
            }
            NameKind::Ident(_) | NameKind::Number => Err(name.unknown(ANY)),
        }
    }
}

impl Message<'_> {
    /// Finds a field by its name in the text; nothing if the message reserves the name, for then the value is passed over.
    ///
    /// Source: protobuf-go, `prototext`, `decoder.unmarshalMessage`.
    fn find(&self, name: &Name<'_>) -> Result<Option<usize>, ParseError> {
        let layout = self.layout;
        let index = match &name.kind {
            NameKind::Ident(ident) => layout.index_of_text_name(ident.as_bytes()),
            NameKind::Bracketed(extension) => layout.index_of_text_name(format!("[{extension}]").as_bytes()),
            NameKind::Number => None,
        };
        match name.kind {
            _ if index.is_some() => Ok(index),
            NameKind::Ident(ident) if layout.is_reserved_name(ident) => Ok(None),
            NameKind::Ident(_) | NameKind::Bracketed(_) | NameKind::Number => Err(name.unknown(layout.full_name())),
        }
    }

    /// Checks that a field may stand here.
    fn check(&self, index: usize, name: &Name<'_>) -> Result<(), ParseError> {
        let field = &self.layout.fields()[index];
        check_colon(name, field)?;
        if matches!(field.shape(), Shape::Singular) {
            if self.seen.contains(index) {
                return Err(name.repeated());
            }
            if field.oneof().is_some_and(|oneof| self.seen.contains(self.layout.fields().len() + oneof as usize)) {
                return Err(ParseError::new(name.at, ParseFault::OneofRepeated(quote(name.raw))));
            }
        }
        Ok(())
    }

    /// Whether [`check`](Self::check) has nothing against the field, colons apart.
    #[inline]
    pub(super) fn allows(&self, index: usize, field: &Field) -> bool {
        !matches!(field.shape(), Shape::Singular)
            || !self.seen.contains(index)
                && !field.oneof().is_some_and(|oneof| self.seen.contains(self.layout.fields().len() + oneof as usize))
    }

    #[inline]
    fn set(&mut self, index: usize, field: &Field) {
        self.last = index as u32;
        self.seen.insert(index, self.layout);
        if let Some(oneof) = field.oneof() {
            self.seen.insert(self.layout.fields().len() + oneof as usize, self.layout);
        }
    }
}

impl AnyFields<'_> {
    fn new(end: MessageEnd) -> Self {
        AnyFields { type_url: None, value: None, expanded: None, end }
    }

    /// Writes the fields, unless they have been written with an expanded message.
    fn put_fields(&self, out: &mut Vec<u8>) {
        if self.expanded.is_some() {
            return;
        }
        let type_url = self.type_url.as_deref().map(str::as_bytes);
        for (number, value) in [(Any::TYPE_URL, type_url), (Any::VALUE, self.value.as_deref())] {
            if let Some(value) = value
                && !value.is_empty()
            {
                put_bytes(out, number, value);
            }
        }
    }
}

impl Number {
    #[inline]
    fn is_zero(self) -> bool {
        match self {
            Number::Varint(value) | Number::Fixed64(value) => value == 0,
            Number::Fixed32(value) => value == 0,
        }
    }

    #[inline]
    fn push_to(self, out: &mut Vec<u8>) {
        match self {
            Number::Varint(value) => push_varint(out, value),
            Number::Fixed32(value) => out.extend_from_slice(&value.to_le_bytes()),
            Number::Fixed64(value) => out.extend_from_slice(&value.to_le_bytes()),
        }
    }

    /// A number that sorts among others, all without a sign, as this one among those of its type.
    fn in_order(self, ty: &Type) -> u64 {
        let signed = |number: i64| number as u64 ^ 1 << 63;
        match (self, ty) {
            (Number::Varint(bits), Type::Sint32 | Type::Sint64) => signed((bits >> 1) as i64 ^ -((bits & 1) as i64)),
            (Number::Varint(bits) | Number::Fixed64(bits), Type::Int32 | Type::Int64 | Type::Sfixed64) => {
                signed(bits as i64)
            }
            (Number::Fixed32(bits), Type::Sfixed32) => signed(i64::from(bits as i32)),
            (Number::Varint(bits) | Number::Fixed64(bits), _) => bits,
            (Number::Fixed32(bits), _) => bits.into(),
        }
    }
}

/// A value that is no message.
enum Value<'a> {
    Number(Number),
    Bytes(&'a [u8]),
}

impl Scalar<'_> {
    /// The value as one of its field's type.
    fn of_type(&self, field: &Field, dialect: Dialect) -> Result<Value<'_>, ParseError> {
        let number = match field.ty() {
            Type::Bool => Number::Varint(self.bool()?.into()),
            Type::Int32 => Number::Varint(self.int32()? as i64 as u64),
            Type::Int64 => Number::Varint(self.int64()? as u64),
            Type::Uint32 => Number::Varint(self.uint32()?.into()),
            Type::Uint64 => Number::Varint(self.uint64()?),
            Type::Sint32 => Number::Varint(zig_zag(self.int32()?.into())),
            Type::Sint64 => Number::Varint(zig_zag(self.int64()?)),
            Type::Enum(names) => {
                let number = self.enumeration(|name| names.number(name))?;
                if dialect == Dialect::Standard && names.is_closed() && names.name(number).is_none() {
                    return Err(self.mismatch("enum"));
                }
                Number::Varint(number as i64 as u64)
            }
            Type::Fixed32 => Number::Fixed32(self.uint32()?),
            Type::Sfixed32 => Number::Fixed32(self.int32()? as u32),
            Type::Float => Number::Fixed32(self.float(dialect)?.to_bits()),
            Type::Fixed64 => Number::Fixed64(self.uint64()?),
            Type::Sfixed64 => Number::Fixed64(self.int64()? as u64),
            Type::Double => Number::Fixed64(self.double("double", dialect)?.to_bits()),
            Type::String if field.checks_utf8() => return Ok(Value::Bytes(self.string()?.as_bytes())),
            Type::String => return Ok(Value::Bytes(self.bytes("string")?)),
            Type::Bytes => return Ok(Value::Bytes(self.bytes("bytes")?)),
            Type::Message(_) | Type::Group(_) => unreachable!("the caller looked"),
        };
        Ok(Value::Number(number))
    }
}

fn writes_default(field: &Field) -> bool {
    field.has_presence() || field.oneof().is_some() || !matches!(field.shape(), Shape::Singular)
}

fn check_colon(name: &Name<'_>, field: &Field) -> Result<(), ParseError> {
    if name.has_colon || field.ty().message().is_some() {
        return Ok(());
    }
    Err(name.no_colon())
}
