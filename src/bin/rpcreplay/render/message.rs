//! A message as people read it: [`show_message`], and the raw view of what is none.
//!
//! The look is that of the text format, with well-known types in the forms they have in JSON. Nothing is left out in
//! silence: what is shortened says how long it is, what the descriptor does not know is marked.

use std::io::Write;

use rpcreplay::entry::Any;
use rpcreplay::schema::{
    Field, Flow, Layout, LayoutId, Malformed, Order, Place, RawEvent, Scalar, Shape, Sink, Type, UnopenedAny, Walker,
    WellKnown, Wire, duration, likely_float, quote_go, quote_hex, read_raw, text_limit, timestamp,
};

use super::paint::{Painter, Role, shorten};

/// How `bytes` are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BytesForm {
    /// In quotes, with everything unprintable escaped
    Text,
    /// In hexadecimal
    Hex,
    /// In base64
    Base64,
    /// Only how many they are
    Len,
}

/// How values are shown.
#[derive(Debug, Clone, Copy)]
pub struct ValueOptions {
    /// How `bytes` are shown.
    pub bytes: BytesForm,
    /// How many bytes of a string or `bytes` are shown; all if `None`.
    pub max_bytes: Option<usize>,
}

/// What stands in front of a message.
pub enum Shown<'a> {
    /// The fields alone.
    Message(LayoutId, &'a [u8]),
    /// The message as it stands in an `Any`, with its type URL.
    Any(LayoutId, Any<'a>),
}

/// Appends a message, a line per field.
///
/// # Errors
///
/// [`Malformed`] if the bytes are no message of the type; nothing is then appended.
pub fn show_message(
    walker: &mut Walker<'_>,
    message: &Shown<'_>,
    level: usize,
    options: ValueOptions,
    painter: &mut Painter<'_>,
) -> Result<(), Malformed> {
    let start = painter.out.len();
    let bytes = match message {
        Shown::Message(_, bytes) => bytes,
        Shown::Any(_, any) => any.value,
    };
    let limit = start.saturating_add(text_limit(bytes).saturating_mul(COLOR_RATIO));
    walker.checked_if_needed(Malformed::in_any, |walker| {
        let mut sink = MessageSink {
            painter,
            options,
            limit,
            level,
            levels: Vec::new(),
            label: None,
            list: None,
            opened: Vec::new(),
        };
        let walked = match *message {
            Shown::Message(layout, bytes) => walker.walk(layout, bytes, &mut sink),
            Shown::Any(layout, any) => walker.walk_any(layout, any, &mut sink),
        };
        if walked.is_err() {
            painter.out.truncate(start);
        }
        walked
    })
}

/// How much longer colours make text, at most.
const COLOR_RATIO: usize = 4;

struct MessageSink<'p, 'o> {
    painter: &'p mut Painter<'o>,
    /// How long the output may become.
    limit: usize,
    options: ValueOptions,
    level: usize,
    levels: Vec<Level>,
    /// What the line begins with has been written, and whether that is a name; its value follows.
    label: Option<bool>,
    list: Option<List>,
    /// Where the content of what is open begins.
    opened: Vec<usize>,
}

/// A list of numbers that is being written on one line.
struct List {
    start: usize,
    written: u64,
    left_out: u64,
}

/// What the fields of an open message are to become.
enum Level {
    /// Lines, between braces unless the message has no name.
    Fields { braces: bool, unknown: bool },
    /// One value, once both fields are known.
    Time { seconds: i64, nanos: i32 },
    /// The value of the only field.
    Wrapper { written: bool },
    /// The value of the field that is set.
    Value { written: bool },
    /// The entries of the only field, a map, between braces.
    Struct,
    /// The elements of the only field, between brackets.
    ListValue,
    /// The paths, between brackets.
    Mask { any: bool },
}

impl MessageSink<'_, '_> {
    /// Writes what a line begins with.
    fn label(&mut self, place: Place<'_>) {
        if self.label.is_some() {
            return;
        }
        let name = match place {
            Place::Element(_) if matches!(self.levels.last(), Some(Level::ListValue)) => None,
            Place::Field(field) | Place::Element(field) | Place::MapValue(field) => Some(field.text_name()),
            Place::Root | Place::Any => None,
        };
        self.painter.indent(self.level);
        if let Some(name) = name {
            self.painter.name(Role::Name, name.as_bytes());
        }
        self.label = Some(name.is_some());
    }

    /// Writes what stands between a line's beginning and its value.
    fn begin_value(&mut self, place: Place<'_>) {
        self.label(place);
        if self.label.take() == Some(true) {
            self.painter.plain(": ");
        }
    }

    fn open(&mut self, place: Place<'_>, bracket: &str) {
        self.label(place);
        if self.label.take() == Some(true) {
            self.painter.plain(" ");
        }
        self.begin_block(bracket);
    }

    fn begin_block(&mut self, bracket: &str) {
        self.painter.plain(bracket);
        self.painter.plain("\n");
        self.opened.push(self.painter.out.len());
        self.level += 1;
    }

    /// Ends a block; one of a single short line becomes a part of the line that it began on.
    fn close(&mut self, bracket: &str) {
        self.level -= 1;
        let start = self.opened.pop().expect("what is closed was opened");
        let out = &mut *self.painter.out;
        if out.len() == start {
            out.pop();
        } else if is_short_line(&out[start..], self.painter.colors) {
            let blanks = out[start..].iter().take_while(|&&byte| byte == b' ').count();
            out.drain(start..start + blanks);
            out[start - 1] = b' ';
            out.pop();
            out.push(b' ');
        } else {
            self.painter.indent(self.level);
        }
        self.painter.plain(bracket);
        self.painter.plain("\n");
    }

    /// Writes a value without the end of its line.
    fn value(&mut self, value: Scalar<'_>) {
        let limit = self.options.max_bytes;
        match value {
            Scalar::String(value) => return self.painter.quoted(Role::Text, value, limit),
            Scalar::Bytes(value) => return show_bytes(self.painter, value, self.options),
            Scalar::Enum(value, layout) => {
                if let Some(name) = layout.name(value) {
                    return self.painter.name(Role::Value, name.as_bytes());
                }
            }
            _ => {}
        }
        self.painter.paint(Role::Value, |out| {
            // Writing to a vector does not fail.
            let _ = match value {
                Scalar::Bool(value) => write!(out, "{value}"),
                Scalar::I32(value) | Scalar::Enum(value, _) => write!(out, "{value}"),
                Scalar::I64(value) => write!(out, "{value}"),
                Scalar::U32(value) => write!(out, "{value}"),
                Scalar::U64(value) => write!(out, "{value}"),
                Scalar::F32(value) => write!(out, "{value:?}"),
                Scalar::F64(value) => write!(out, "{value:?}"),
                Scalar::String(_) | Scalar::Bytes(_) => Ok(()),
            };
        });
    }

    fn end_line(&mut self) {
        self.painter.plain("\n");
    }

    /// Ends the line of a string, and marks it if it is none.
    fn end_string(&mut self, field: Option<&Field>, value: Scalar<'_>) {
        self.end_line();
        if let Some(reason) = utf8_fault(field, value) {
            self.painter.mark(self.level, reason);
        }
    }

    fn check_length(&self) -> Result<(), Malformed> {
        if self.painter.out.len() > self.limit { Err(Malformed::text_too_long()) } else { Ok(()) }
    }

    fn scalar_line(&mut self, place: Place<'_>, value: Scalar<'_>) {
        let field = match place {
            Place::Field(field) | Place::Element(field) | Place::MapValue(field) => Some(field),
            Place::Root | Place::Any => None,
        };
        self.begin_value(place);
        self.value(value);
        self.end_string(field, value);
    }
}

fn utf8_fault(field: Option<&Field>, value: Scalar<'_>) -> Option<&'static str> {
    let Scalar::String(text) = value else { return None };
    if std::str::from_utf8(text).is_ok() {
        None
    } else if field.is_some_and(Field::checks_utf8) {
        Some("invalid UTF-8, which Go's reader refuses")
    } else {
        Some("invalid UTF-8")
    }
}

impl Sink for MessageSink<'_, '_> {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, wire: Wire<'_>) -> Result<Flow, Malformed> {
        self.check_length()?;
        if let (Place::Field(_), Some(Level::Value { written })) = (place, self.levels.last_mut()) {
            *written = true;
        }
        let well_known = layout.well_known().filter(|_| !wire.has_unknown());
        let level = match well_known {
            None | Some(WellKnown::Any | WellKnown::Empty) => {
                let braces = !matches!(place, Place::Root | Place::Any);
                if braces {
                    self.open(place, "{");
                }
                Level::Fields { braces, unknown: false }
            }
            Some(WellKnown::Timestamp | WellKnown::Duration) => {
                self.label(place);
                Level::Time { seconds: 0, nanos: 0 }
            }
            Some(WellKnown::Wrapper) => {
                self.label(place);
                Level::Wrapper { written: false }
            }
            Some(WellKnown::Value) => {
                self.label(place);
                Level::Value { written: false }
            }
            Some(WellKnown::Struct) => {
                self.open(place, "{");
                Level::Struct
            }
            Some(WellKnown::ListValue) => {
                self.open(place, "[");
                Level::ListValue
            }
            Some(WellKnown::FieldMask) => {
                self.begin_value(place);
                self.painter.plain("[");
                Level::Mask { any: false }
            }
        };
        self.levels.push(level);
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, place: Place<'_>, layout: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        match self.levels.pop().expect("begin_message pushed a level") {
            Level::Fields { braces, .. } => {
                if braces {
                    self.close("}");
                }
            }
            Level::Time { seconds, nanos } => {
                let mut time = Vec::new();
                let written = match layout.well_known() {
                    Some(WellKnown::Duration) => duration(&mut time, seconds, nanos),
                    _ => timestamp(&mut time, seconds, nanos),
                };
                match written {
                    Ok(()) => {
                        self.begin_value(place);
                        self.painter.name(Role::Value, &time);
                        self.end_line();
                    }
                    Err(reason) => {
                        self.open(place, "{");
                        for (name, value) in [("seconds", seconds), ("nanos", nanos.into())] {
                            self.painter.indent(self.level);
                            self.painter.words(Role::Name, name);
                            self.painter.plain(": ");
                            self.painter.words(Role::Value, &value.to_string());
                            self.end_line();
                        }
                        self.painter.mark(self.level, &reason);
                        self.close("}");
                    }
                }
            }
            Level::Wrapper { written } => {
                if !written {
                    self.begin_value(place);
                    let zero = match layout.fields().first().map(Field::ty) {
                        Some(Type::String | Type::Bytes) => "\"\"",
                        Some(Type::Bool) => "false",
                        _ => "0",
                    };
                    self.painter.words(Role::Value, zero);
                    self.end_line();
                }
            }
            Level::Value { written } => {
                if !written {
                    self.open(place, "{");
                    self.painter.mark(self.level, "a google.protobuf.Value without a value");
                    self.close("}");
                }
            }
            Level::Struct => self.close("}"),
            Level::ListValue => self.close("]"),
            Level::Mask { .. } => self.painter.plain("]\n"),
        }
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        self.check_length()?;
        if let Some(list) = &mut self.list {
            let limit = self.options.max_bytes.unwrap_or(usize::MAX);
            if list.written > 0 && self.painter.out.len() - list.start > limit {
                list.left_out += 1;
                return Ok(());
            }
            list.written += 1;
            if list.written > 1 {
                self.painter.plain(", ");
            }
            self.value(value);
            return Ok(());
        }
        match self.levels.last_mut() {
            Some(Level::Time { seconds, nanos }) => match value {
                Scalar::I64(value) => *seconds = value,
                Scalar::I32(value) => *nanos = value,
                _ => {}
            },
            Some(Level::Mask { any }) => {
                if std::mem::replace(any, true) {
                    self.painter.plain(", ");
                }
                self.value(value);
            }
            Some(Level::Value { written }) => {
                *written = true;
                match value {
                    Scalar::Enum(0, layout) if layout.is_null_value() => {
                        self.begin_value(place);
                        self.painter.words(Role::Value, "null");
                        self.end_line();
                    }
                    _ => self.scalar_line(place, value),
                }
            }
            Some(Level::Wrapper { written }) => {
                *written = true;
                self.scalar_line(place, value);
            }
            Some(Level::Fields { .. } | Level::Struct | Level::ListValue) | None => self.scalar_line(place, value),
        }
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
        let is_numbers = field.ty().message().is_none() && !matches!(field.ty(), Type::String | Type::Bytes);
        if is_numbers {
            self.begin_value(Place::Field(field));
            self.painter.plain("[");
            self.list = Some(List { start: self.painter.out.len(), written: 0, left_out: 0 });
        }
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), Malformed> {
        if let Some(list) = self.list.take() {
            if list.left_out > 0 {
                self.painter.plain(", ");
                let count = list.written + list.left_out;
                self.painter.words(Role::Aside, &format!("… ({count} elements)"));
            }
            self.painter.plain("]\n");
        }
        Ok(())
    }

    fn begin_map(&mut self, field: &Field) -> Result<(), Malformed> {
        if !matches!(self.levels.last(), Some(Level::Struct)) {
            self.open(Place::Field(field), "{");
        }
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Malformed> {
        let key_field = match map.shape() {
            Shape::Map(shape) => Some(&shape.key),
            Shape::Singular | Shape::List { .. } => None,
        };
        if let Some(reason) = utf8_fault(key_field, key) {
            self.painter.mark(self.level, &format!("the next key is {reason}"));
        }
        self.painter.indent(self.level);
        match key {
            Scalar::String(key) => self.painter.quoted(Role::Name, key, self.options.max_bytes),
            other => self.value(other),
        }
        self.label = Some(true);
        Ok(())
    }

    fn end_map(&mut self, _: &Field) -> Result<(), Malformed> {
        if !matches!(self.levels.last(), Some(Level::Struct)) {
            self.close("}");
        }
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.open_any(place, any.type_url.as_bytes());
        self.levels.push(Level::Fields { braces: true, unknown: false });
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.levels.pop();
        self.close("}");
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, wire: Wire<'_>) -> Result<Flow, Malformed> {
        self.open_any(place, any.type_url);
        self.painter.mark(self.level, &any.reason.to_string());
        // Its own unknown fields would have no place beside the guess, so then all of it is guessed at.
        let bytes = if wire.has_unknown() { wire.bytes() } else { any.value.into() };
        show_raw(self.painter, &bytes, self.level, self.options);
        self.close("}");
        Ok(Flow::Skip)
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), Malformed> {
        if let Some(Level::Fields { unknown, .. }) = self.levels.last_mut()
            && !std::mem::replace(unknown, true)
        {
            self.painter.mark(self.level, "fields that the descriptor does not know, by number:");
        }
        show_raw(self.painter, wire, self.level, self.options);
        Ok(())
    }
}

impl MessageSink<'_, '_> {
    fn open_any(&mut self, place: Place<'_>, type_url: &[u8]) {
        self.label(place);
        if self.label.take() == Some(true) {
            self.painter.plain(" ");
        }
        self.painter.plain("[");
        let shown = shorten(type_url, self.options.max_bytes.map(|limit| limit.max(TYPE_URL_BYTES)));
        self.painter.name(Role::Type, shown);
        self.painter.elided(shown.len(), type_url.len());
        self.painter.plain("] ");
        self.begin_block("{");
    }
}

/// How much of a type URL is shown, whatever the limit: most are shorter, and without its end it says nothing.
const TYPE_URL_BYTES: usize = 256;

/// How long a line must not be to join the one that its block began on.
const JOINED_CHARACTERS: usize = 60;

/// How many bytes such a line has at most, whatever its characters, colours and indentation.
const LONGEST_LINE_BYTES: usize = 16 * JOINED_CHARACTERS;

/// Whether the content of a block is one short line, and no mark, which must be seen.
fn is_short_line(content: &[u8], colors: bool) -> bool {
    let end = memchr::memchr(b'\n', &content[..content.len().min(LONGEST_LINE_BYTES)]);
    let Some(line) = end.filter(|end| end + 1 == content.len()).map(|end| content[..end].trim_ascii_start()) else {
        return false;
    };
    if !colors && line.len() < JOINED_CHARACTERS {
        return !line.starts_with(b"!");
    }
    let mut characters = 0;
    let mut in_color = false;
    for &byte in line {
        match byte {
            // The data's own escapes are escaped: these are colours.
            0x1b => in_color = true,
            b'm' if in_color => in_color = false,
            _ if in_color || byte & 0xc0 == 0x80 => {}
            b'!' if characters == 0 => return false,
            _ => characters += 1,
        }
    }
    characters < JOINED_CHARACTERS
}

/// Appends bytes in the form that was asked for.
pub fn show_bytes(painter: &mut Painter<'_>, value: &[u8], options: ValueOptions) {
    let shown = match (options.bytes, options.max_bytes) {
        (BytesForm::Text, limit) => shorten(value, limit),
        (BytesForm::Hex, Some(limit)) => &value[..value.len().min(limit)],
        // Three bytes are four characters; without a rest there is no padding in the middle.
        (BytesForm::Base64, Some(limit)) if limit < value.len() => &value[..limit - limit % 3],
        (BytesForm::Len, _) => &[],
        (BytesForm::Hex | BytesForm::Base64, _) => value,
    };
    match options.bytes {
        BytesForm::Text => painter.paint(Role::Text, |out| quote_go(out, shown)),
        BytesForm::Hex => painter.paint(Role::Text, |out| quote_hex(out, shown)),
        BytesForm::Base64 => painter.paint(Role::Text, |out| rpcreplay::schema::quote_base64(out, shown)),
        BytesForm::Len => {
            painter.words(Role::Aside, &format!("({} bytes)", value.len()));
            return;
        }
    }
    painter.elided(shown.len(), value.len());
}

/// Appends a guess at wire bytes, a line per field.
pub fn show_raw(painter: &mut Painter<'_>, bytes: &[u8], level: usize, options: ValueOptions) {
    let mut level = level;
    read_raw(bytes, |event| {
        let number = |painter: &mut Painter<'_>, field: u32| {
            painter.indent(level);
            painter.words(Role::Name, itoa::Buffer::new().format(field));
            painter.plain(": ");
        };
        match event {
            RawEvent::Varint { field, value } => {
                number(painter, field);
                painter.words(Role::Value, itoa::Buffer::new().format(value as i64));
            }
            RawEvent::Fixed64 { field, value } => {
                number(painter, field);
                painter.words(Role::Value, &format!("{value:#x}i64"));
                show_float(painter, f64::from_bits(value));
            }
            RawEvent::Fixed32 { field, value } => {
                number(painter, field);
                painter.words(Role::Value, &format!("{value:#x}i32"));
                show_float(painter, f32::from_bits(value).into());
            }
            RawEvent::Text { field, value } => {
                number(painter, field);
                painter.quoted(Role::Text, value.as_bytes(), options.max_bytes);
            }
            RawEvent::Bytes { field, value } => {
                number(painter, field);
                show_bytes(painter, value, raw_bytes(options));
            }
            RawEvent::Open { field, is_group } => {
                number(painter, field);
                painter.plain(if is_group { "!{" } else { "{" });
                level += 1;
            }
            RawEvent::Close => {
                level -= 1;
                if painter.out.ends_with(b"{\n") {
                    painter.out.pop();
                } else {
                    painter.indent(level);
                }
                painter.plain("}");
            }
            RawEvent::Rest { value, fault } => {
                painter.indent(level);
                show_bytes(painter, value, raw_bytes(options));
                painter.plain("  ");
                painter.words(Role::Mark, &format!("! no field: {fault}"));
            }
        }
        painter.plain("\n");
    });
}

/// In the raw view, bytes stand apart from text.
fn raw_bytes(options: ValueOptions) -> ValueOptions {
    let bytes = if options.bytes == BytesForm::Text { BytesForm::Hex } else { options.bytes };
    ValueOptions { bytes, ..options }
}

fn show_float(painter: &mut Painter<'_>, value: f64) {
    if let Some(value) = likely_float(value) {
        painter.words(Role::Aside, &format!("  # {value}"));
    }
}
