//! Reads prototext, as far as Go's `prototext` package reads it, into wire bytes.
//!
//! Messages within messages are kept on a stack of our own, so that no text can exhaust the thread's. Field names mean
//! what the [`Schema`] says; an expanded `Any` of a type that it does not know is an error, because there are no bytes
//! that could be kept instead.
//!
//! Source: protobuf-go's `encoding/prototext`.

mod error;
mod string;
mod token;
mod value;

use error::quote;

pub use error::{ParseError, ParseFault};
pub(crate) use token::{Lexer, Name, NameKind, Scalar, Token};

use super::lengths::{OpenLength, Unsized};
use super::{Field, Layout, LayoutId, Schema, Shape, Type, Walker, write_canonical};
use crate::wire::{NESTING_LIMIT, WireType, push_group_end, push_tag, put_bytes, put_varint};

const ANY: &str = "google.protobuf.Any";
const ANY_TYPE_URL: u32 = 1;
const ANY_VALUE: u32 = 2;

/// How many expanded `Any` may stand inside one another.
///
/// Each is put into canonical order and copied where it ends, so that what stands inside all of them costs as many times
/// its length: a string of 4 MB inside 9,000 took 13 s. Go's reader has its limit of 10,000 messages alone; a message
/// that is packed into another a hundred times over has not been seen.
const EXPANDED_LIMIT: usize = 100;

/// An `Any`, from either of its two forms.
#[derive(Debug, Default)]
pub(crate) struct AnyText {
    pub(crate) type_url: String,
    pub(crate) value: Vec<u8>,
}

impl AnyText {
    fn encode(&self, out: &mut Vec<u8>) {
        if !self.type_url.is_empty() {
            put_bytes(out, ANY_TYPE_URL, self.type_url.as_bytes());
        }
        if !self.value.is_empty() {
            put_bytes(out, ANY_VALUE, &self.value);
        }
    }
}

/// Reads an `Any` whose name the lexer has just read, braces included.
///
/// The message of an expanded one is encoded as Go's deterministic encoder does.
pub(crate) fn read_any(lexer: &mut Lexer<'_>, schema: &Schema) -> Result<AnyText, ParseError> {
    let at = lexer.at();
    match lexer.token()? {
        Token::Open => Builder { lexer, schema, frames: Vec::new(), messages: Vec::new() }.any(),
        token => Err(unexpected(at, &token)),
    }
}

/// Builds wire bytes from tokens.
struct Builder<'l, 't, 's> {
    lexer: &'l mut Lexer<'t>,
    schema: &'s Schema,
    /// What is open, from the outside in.
    frames: Vec<Frame<'s>>,
    /// One for each expanded `Any` that is open.
    messages: Vec<Unsized>,
}

/// Something open.
enum Frame<'s> {
    Message {
        layout: &'s Layout,
        seen: Seen,
        end: MessageEnd,
    },
    /// `[` of a field whose elements are messages or map entries.
    List {
        field: &'s Field,
    },
    Entry {
        key: &'s Field,
        value: &'s Field,
        has_key: bool,
        has_value: bool,
        length: OpenLength,
    },
    Any {
        any: AnyFields,
        end: AnyEnd,
    },
}

/// Which fields of a message were set.
#[derive(Default)]
struct Seen {
    fields: Vec<u32>,
    oneofs: Vec<u32>,
}

/// What to write where a message ends.
enum MessageEnd {
    Length(OpenLength),
    Group(u32),
    /// It is the message of the `Any` around it.
    Expanded(LayoutId),
}

/// What to write where an `Any` ends.
enum AnyEnd {
    Length(OpenLength),
    /// It is the message of the `Any` around it.
    Expanded,
    /// It is what was asked for.
    Outermost,
}

#[derive(Default)]
struct AnyFields {
    type_url: Option<String>,
    value: Option<Vec<u8>>,
    is_expanded: bool,
}

impl<'s> Builder<'_, '_, 's> {
    fn any(mut self) -> Result<AnyText, ParseError> {
        self.push(Frame::Any { any: AnyFields::default(), end: AnyEnd::Outermost })?;
        loop {
            let at = self.lexer.at();
            let token = self.lexer.token()?;
            let frame = self.frames.last_mut().expect("the loop ends with the outermost frame");
            match (frame, token) {
                (Frame::Message { .. } | Frame::Entry { .. }, Token::Close) => self.end_message(at)?,
                (Frame::Any { .. }, Token::Close) => {
                    if let Some(any) = self.end_any() {
                        return Ok(any);
                    }
                }
                (Frame::List { .. }, Token::ListClose) => {
                    self.frames.pop();
                }
                (Frame::List { field }, Token::Open) => {
                    let field = *field;
                    self.begin_message(field)?;
                }
                (Frame::Message { layout, seen, .. }, Token::Name(name)) => match field(layout, seen, &name)? {
                    Some(field) => self.field(field)?,
                    None => self.skip_value()?,
                },
                (Frame::Entry { .. }, Token::Name(name)) => self.entry_field(&name)?,
                (Frame::Any { .. }, Token::Name(name)) => self.any_field(name)?,
                (_, token) => return Err(unexpected(at, &token)),
            }
        }
    }

    fn push(&mut self, frame: Frame<'s>) -> Result<(), ParseError> {
        if self.frames.len() == NESTING_LIMIT {
            return Err(ParseError::new(self.lexer.at(), ParseFault::TooDeep(NESTING_LIMIT)));
        }
        self.frames.push(frame);
        Ok(())
    }

    fn message(&mut self) -> &mut Unsized {
        self.messages.last_mut().expect("fields stand inside an expanded Any")
    }

    /// Reads the value of a field, or its beginning if it is a message.
    fn field(&mut self, field: &'s Field) -> Result<(), ParseError> {
        let at = self.lexer.at();
        let is_repeated = !matches!(field.shape(), Shape::Singular);
        match self.lexer.token()? {
            Token::Open if field.ty().message().is_some() => self.begin_message(field),
            Token::ListOpen if is_repeated && field.ty().message().is_some() => self.push(Frame::List { field }),
            Token::ListOpen if is_repeated => loop {
                let at = self.lexer.at();
                match self.lexer.token()? {
                    Token::ListClose => return Ok(()),
                    Token::Scalar(scalar) => self.scalar(field, &scalar)?,
                    token => return Err(unexpected(at, &token)),
                }
            },
            Token::Scalar(scalar) if field.ty().message().is_none() => self.scalar(field, &scalar),
            token => Err(unexpected(at, &token)),
        }
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

    /// Begins a message, a group, a map entry or an `Any`, whose opening brace has been read.
    fn begin_message(&mut self, field: &'s Field) -> Result<(), ParseError> {
        let message = self.message();
        if let Shape::Map(map) = field.shape() {
            push_tag(&mut message.bytes, field.number(), WireType::Bytes);
            let length = message.begin_length();
            let (key, value) = (&map.key, &map.value);
            return self.push(Frame::Entry { key, value, has_key: false, has_value: false, length });
        }
        let (id, end) = match field.ty() {
            Type::Group(id) => {
                push_tag(&mut message.bytes, field.number(), WireType::Group);
                (*id, MessageEnd::Group(field.number()))
            }
            Type::Message(id) => {
                push_tag(&mut message.bytes, field.number(), WireType::Bytes);
                (*id, MessageEnd::Length(message.begin_length()))
            }
            ty => unreachable!("{ty:?} is no message, and the caller looked"),
        };
        let layout = self.schema.layout(id);
        match end {
            MessageEnd::Length(length) if layout.full_name() == ANY => {
                self.push(Frame::Any { any: AnyFields::default(), end: AnyEnd::Length(length) })
            }
            end => self.push(Frame::Message { layout, seen: Seen::default(), end }),
        }
    }

    fn end_message(&mut self, at: usize) -> Result<(), ParseError> {
        match self.frames.pop() {
            Some(Frame::Message { end: MessageEnd::Length(length), .. } | Frame::Entry { length, .. }) => {
                self.message().end_length(length);
            }
            Some(Frame::Message { end: MessageEnd::Group(number), .. }) => {
                push_group_end(&mut self.message().bytes, number);
            }
            Some(Frame::Message { end: MessageEnd::Expanded(id), .. }) => {
                let message = self.messages.pop().expect("an expanded Any began it").into_sized();
                let mut canonical = Vec::with_capacity(message.len());
                write_canonical(&mut Walker::new(self.schema), id, &message, &mut canonical)
                    .map_err(|malformed| ParseError::new(at, malformed.into()))?;
                self.end_expanded(canonical);
            }
            Some(Frame::List { .. } | Frame::Any { .. }) | None => unreachable!("the caller saw a message or entry"),
        }
        Ok(())
    }

    /// Writes an `Any` into what is around it, or returns the outermost.
    fn end_any(&mut self) -> Option<AnyText> {
        let Some(Frame::Any { any, end }) = self.frames.pop() else { unreachable!("the caller saw an Any") };
        let any = AnyText { type_url: any.type_url.unwrap_or_default(), value: any.value.unwrap_or_default() };
        match end {
            AnyEnd::Outermost => return Some(any),
            AnyEnd::Length(length) => {
                any.encode(&mut self.message().bytes);
                self.message().end_length(length);
            }
            AnyEnd::Expanded => {
                let mut message = self.messages.pop().expect("an expanded Any began it");
                any.encode(&mut message.bytes);
                self.end_expanded(message.into_sized());
            }
        }
        None
    }

    /// Gives an expanded `Any` its message.
    fn end_expanded(&mut self, message: Vec<u8>) {
        if let Some(Frame::Any { any, .. }) = self.frames.last_mut() {
            any.value = Some(message);
        }
    }

    fn entry_field(&mut self, name: &Name<'_>) -> Result<(), ParseError> {
        let Some(Frame::Entry { key, value, has_key, has_value, .. }) = self.frames.last_mut() else {
            unreachable!("the caller saw an entry")
        };
        let (field, is_repeated) = match name.kind {
            NameKind::Ident("key") => (*key, std::mem::replace(has_key, true)),
            NameKind::Ident("value") => (*value, std::mem::replace(has_value, true)),
            NameKind::Ident(_) | NameKind::Bracketed(_) | NameKind::Number => {
                return Err(name.unknown("a map's entry"));
            }
        };
        if is_repeated {
            return Err(name.repeated());
        }
        check_colon(name, field)?;
        self.field(field)
    }

    fn any_field(&mut self, name: Name<'_>) -> Result<(), ParseError> {
        let Some(Frame::Any { any, .. }) = self.frames.last_mut() else { unreachable!("the caller saw an Any") };
        let conflict = || ParseError::new(name.at, ParseFault::AnyConflict(quote(name.raw)));
        match name.kind {
            NameKind::Ident(field @ ("type_url" | "value")) => {
                let is_url = field == "type_url";
                if any.is_expanded || (if is_url { any.type_url.is_some() } else { any.value.is_some() }) {
                    return Err(conflict());
                }
                if !name.has_colon {
                    return Err(name.no_colon());
                }
                let at = self.lexer.at();
                match self.lexer.token()? {
                    Token::Scalar(scalar) if is_url => any.type_url = Some(scalar.string()?.to_owned()),
                    Token::Scalar(scalar) => any.value = Some(scalar.bytes("bytes")?.to_vec()),
                    token => return Err(unexpected(at, &token)),
                }
                Ok(())
            }
            NameKind::Bracketed(type_url) => {
                if any.is_expanded || any.type_url.is_some() {
                    return Err(conflict());
                }
                if self.messages.len() == EXPANDED_LIMIT {
                    return Err(ParseError::new(name.at, ParseFault::TooManyExpanded(EXPANDED_LIMIT)));
                }
                let id = self.schema.resolve(&type_url).map_err(|error| ParseError::new(name.at, error.into()))?;
                any.type_url = Some(type_url);
                any.is_expanded = true;
                let at = self.lexer.at();
                match self.lexer.token()? {
                    Token::Open => {}
                    token => return Err(unexpected(at, &token)),
                }
                self.messages.push(Unsized::default());
                let layout = self.schema.layout(id);
                self.push(if layout.full_name() == ANY {
                    Frame::Any { any: AnyFields::default(), end: AnyEnd::Expanded }
                } else {
                    Frame::Message { layout, seen: Seen::default(), end: MessageEnd::Expanded(id) }
                })
            }
            NameKind::Ident(_) | NameKind::Number => Err(name.unknown(ANY)),
        }
    }

    fn scalar(&mut self, field: &'s Field, scalar: &Scalar<'_>) -> Result<(), ParseError> {
        let is_written = |is_default: bool| {
            !is_default || field.has_presence() || field.oneof().is_some() || !matches!(field.shape(), Shape::Singular)
        };
        let number = field.number();
        let out = &mut self.messages.last_mut().expect("fields stand inside an expanded Any").bytes;
        let mut varint = |value: u64| {
            if is_written(value == 0) {
                put_varint(out, number, value);
            }
        };
        match field.ty() {
            Type::Bool => varint(scalar.bool()?.into()),
            Type::Int32 => varint(scalar.int32()? as i64 as u64),
            Type::Int64 => varint(scalar.int64()? as u64),
            Type::Uint32 => varint(scalar.uint32()?.into()),
            Type::Uint64 => varint(scalar.uint64()?),
            Type::Sint32 => varint(zig_zag(scalar.int32()?.into())),
            Type::Sint64 => varint(zig_zag(scalar.int64()?)),
            Type::Enum(names) => varint(scalar.enumeration(|name| names.number(name))? as i64 as u64),
            Type::Fixed32 => fixed32(out, number, scalar.uint32()?, is_written),
            Type::Sfixed32 => fixed32(out, number, scalar.int32()? as u32, is_written),
            Type::Float => fixed32(out, number, scalar.float()?.to_bits(), is_written),
            Type::Fixed64 => fixed64(out, number, scalar.uint64()?, is_written),
            Type::Sfixed64 => fixed64(out, number, scalar.int64()? as u64, is_written),
            Type::Double => fixed64(out, number, scalar.double("double")?.to_bits(), is_written),
            Type::String | Type::Bytes => {
                let bytes = match field.ty() {
                    Type::String if field.checks_utf8() => scalar.string()?.as_bytes(),
                    Type::String => scalar.bytes("string")?,
                    _ => scalar.bytes("bytes")?,
                };
                if is_written(bytes.is_empty()) {
                    put_bytes(out, number, bytes);
                }
            }
            Type::Message(_) | Type::Group(_) => unreachable!("the caller looked"),
        }
        Ok(())
    }
}

/// Finds a message's field by its name in the text, and checks that it may stand here; nothing if the message reserves
/// the name, for then the value is passed over.
///
/// Source: protobuf-go, `prototext`, `decoder.unmarshalMessage`.
fn field<'s>(layout: &'s Layout, seen: &mut Seen, name: &Name<'_>) -> Result<Option<&'s Field>, ParseError> {
    let field = match &name.kind {
        NameKind::Ident(ident) => layout.field_of_text_name(ident),
        NameKind::Bracketed(extension) => layout.field_of_text_name(&format!("[{extension}]")),
        NameKind::Number => None,
    };
    let Some(field) = field else {
        return match name.kind {
            NameKind::Ident(ident) if layout.is_reserved_name(ident) => Ok(None),
            NameKind::Ident(_) | NameKind::Bracketed(_) | NameKind::Number => Err(name.unknown(layout.full_name())),
        };
    };
    check_colon(name, field)?;
    if matches!(field.shape(), Shape::Singular) {
        if seen.fields.contains(&field.number()) {
            return Err(name.repeated());
        }
        seen.fields.push(field.number());
        if let Some(oneof) = field.oneof() {
            if seen.oneofs.contains(&oneof) {
                return Err(ParseError::new(name.at, ParseFault::OneofRepeated(quote(name.raw))));
            }
            seen.oneofs.push(oneof);
        }
    }
    Ok(Some(field))
}

fn check_colon(name: &Name<'_>, field: &Field) -> Result<(), ParseError> {
    if name.has_colon || field.ty().message().is_some() {
        return Ok(());
    }
    Err(name.no_colon())
}

/// The error that a token does not belong where it stands.
pub(crate) fn unexpected(at: usize, token: &Token<'_>) -> ParseError {
    let found = match token {
        Token::End => return ParseError::new(at, ParseFault::End),
        Token::Name(name) => quote(name.raw),
        Token::Scalar(scalar) => quote(scalar.raw),
        Token::Open => "{".to_owned(),
        Token::Close => "}".to_owned(),
        Token::ListOpen => "[".to_owned(),
        Token::ListClose => "]".to_owned(),
    };
    ParseError::new(at, ParseFault::Unexpected(found))
}

fn zig_zag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn fixed32(out: &mut Vec<u8>, field: u32, bits: u32, is_written: impl Fn(bool) -> bool) {
    if is_written(bits == 0) {
        push_tag(out, field, WireType::Fixed32);
        out.extend_from_slice(&bits.to_le_bytes());
    }
}

fn fixed64(out: &mut Vec<u8>, field: u32, bits: u64, is_written: impl Fn(bool) -> bool) {
    if is_written(bits == 0) {
        push_tag(out, field, WireType::Fixed64);
        out.extend_from_slice(&bits.to_le_bytes());
    }
}
