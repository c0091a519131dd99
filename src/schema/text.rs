//! Writes messages in the protobuf text format, exactly as Go's recorder lays it out.
//!
//! Source: protobuf-go, `prototext.MarshalOptions{Multiline: true}`, with one blank behind every colon.

use super::escape::{LATIN_CONTROL_LEAD, find_care, hex};
use super::layout::{Field, Layout, LayoutId};
use super::number;
use super::sink::{Flow, Malformed, Order, Place, Scalar, Sink, UnopenedAny};
use super::walk::{Walker, Wire};
use super::wire::{Cursor, Groups};
use crate::entry::Any;

/// How a message is written as text.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextOptions {
    /// By how many levels every line is indented; a level is two blanks.
    pub level: usize,
    /// Writes unknown fields too, by number, and what can be taken for a message as one, as protoc does; Go's recorder
    /// leaves them out.
    pub unknown_fields: bool,
}

/// Beyond this level lines are indented no further.
///
/// Blanks grow with the square of the nesting; without an end to that, a message of some kilobytes could fill the
/// memory. The text stays the same to every parser.
pub const INDENT_LIMIT: usize = 256;

/// Appends the text of a message to `out`: a line per field, each with its line feed.
///
/// An `Any` is expanded where its type is known and its value is a message of the type; otherwise its two fields are
/// written.
///
/// # Errors
///
/// [`Malformed`] if the bytes are no message of the type; `out` is then as it was.
pub fn write_text(
    walker: &mut Walker<'_>,
    layout: LayoutId,
    bytes: &[u8],
    options: TextOptions,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let start = out.len();
    for checks_any in [false, true] {
        walker.check_any(checks_any);
        let mut sink = TextSink { out, level: options.level, unknown_fields: options.unknown_fields };
        match walker.walk(layout, bytes, &mut sink) {
            Ok(()) => return Ok(()),
            Err(malformed) => {
                out.truncate(start);
                if !malformed.in_any || checks_any {
                    return Err(malformed);
                }
            }
        }
    }
    unreachable!("the second round returns")
}

struct TextSink<'o> {
    out: &'o mut Vec<u8>,
    level: usize,
    unknown_fields: bool,
}

impl TextSink<'_> {
    #[inline]
    fn indent(&mut self) {
        const BLANKS: [u8; 2 * INDENT_LIMIT] = [b' '; 2 * INDENT_LIMIT];
        self.out.extend_from_slice(&BLANKS[..2 * self.level.min(INDENT_LIMIT)]);
    }

    #[inline]
    fn name(&mut self, name: &str) {
        self.indent();
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
    }

    fn open(&mut self, name: &str) {
        self.name(name);
        self.out.extend_from_slice(b"{\n");
        self.level += 1;
    }

    /// Ends what [`open`](Self::open) began; with nothing between, on the same line.
    fn close(&mut self) {
        self.level -= 1;
        if self.out.ends_with(b"{\n") {
            self.out.pop();
        } else {
            self.indent();
        }
        self.out.extend_from_slice(b"}\n");
    }

    fn value(&mut self, value: Scalar<'_>) {
        match value {
            Scalar::Bool(value) => self.out.extend_from_slice(if value { b"true" } else { b"false" }),
            Scalar::I32(value) => number::integer(self.out, value),
            Scalar::I64(value) => number::integer(self.out, value),
            Scalar::U32(value) => number::integer(self.out, value),
            Scalar::U64(value) => number::integer(self.out, value),
            Scalar::F32(value) => number::text_f32(self.out, value),
            Scalar::F64(value) => number::text_f64(self.out, value),
            Scalar::String(value) | Scalar::Bytes(value) => quote_text(self.out, value),
            Scalar::Enum(value, layout) => match layout.name(value) {
                Some(name) => self.out.extend_from_slice(name.as_bytes()),
                None => number::integer(self.out, value),
            },
        }
        self.out.push(b'\n');
    }

    /// The field that a value stands in; `None` for what has no line of its own.
    fn name_at<'a>(place: Place<'a>) -> Option<&'a str> {
        match place {
            Place::Root | Place::Any => None,
            Place::Field(field) | Place::Element(field) | Place::MapValue(field) => Some(field.text_name()),
        }
    }
}

impl Sink for TextSink<'_> {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        if let Some(name) = Self::name_at(place) {
            self.open(name);
        }
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, place: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        if Self::name_at(place).is_some() {
            self.close();
        }
        Ok(())
    }

    #[inline]
    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        self.name(Self::name_at(place).unwrap_or_default());
        self.value(value);
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, key: &Field, value: Scalar<'_>) -> Result<(), Malformed> {
        self.open(map.text_name());
        self.name(key.text_name());
        self.value(value);
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        self.close();
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        if let Some(name) = Self::name_at(place) {
            self.open(name);
        }
        self.indent();
        self.out.push(b'[');
        self.out.extend_from_slice(any.type_url.as_bytes());
        self.out.extend_from_slice(b"]: {\n");
        self.level += 1;
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, place: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.close();
        self.end_place(place);
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        if let Some(name) = Self::name_at(place) {
            self.open(name);
        }
        for (name, value) in [("type_url", any.type_url), ("value", any.value)] {
            if !value.is_empty() {
                self.name(name);
                self.value(Scalar::Bytes(value));
            }
        }
        self.end_place(place);
        Ok(Flow::Skip)
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), Malformed> {
        if self.unknown_fields {
            self.unknown_fields_of(wire, 0);
        }
        Ok(())
    }
}

impl TextSink<'_> {
    fn end_place(&mut self, place: Place<'_>) {
        if Self::name_at(place).is_some() {
            self.close();
        }
    }

    /// Writes fields by number. The bytes are whole fields, checked by the walker or by [`is_message`].
    fn unknown_fields_of(&mut self, wire: &[u8], level: usize) {
        let mut cursor = Cursor::new(wire, 0..wire.len());
        while let Ok(tag) = cursor.tag() {
            let mut digits = itoa::Buffer::new();
            let name = digits.format(tag.number());
            match tag.0 & 7 {
                0 => {
                    self.name(name);
                    number::integer(self.out, cursor.varint().unwrap_or_default());
                    self.out.push(b'\n');
                }
                1 => self.unknown_fixed(name, cursor.fixed64().unwrap_or_default()),
                2 => {
                    let (start, end) = cursor.bytes().unwrap_or_default();
                    let value = &wire[start as usize..end as usize];
                    if level < UNKNOWN_LEVELS && !value.is_empty() && is_message(value) {
                        self.open(name);
                        self.unknown_fields_of(value, level + 1);
                        self.close();
                    } else {
                        self.name(name);
                        self.value(Scalar::Bytes(value));
                    }
                }
                3 => self.open(name),
                4 => self.close(),
                _ => self.unknown_fixed(name, cursor.fixed32().unwrap_or_default().into()),
            }
        }
    }

    fn unknown_fixed(&mut self, name: &str, value: u64) {
        self.name(name);
        self.out.extend_from_slice(format!("{value:#x}\n").as_bytes());
    }
}

/// How deep bytes within unknown bytes are taken for messages.
///
/// Source: protobuf's C++ text writer, `kUnknownFieldRecursionLimit`.
const UNKNOWN_LEVELS: usize = 10;

/// Whether bytes can be taken for a message: they are whole fields to the end.
fn is_message(wire: &[u8]) -> bool {
    let mut cursor = Cursor::new(wire, 0..wire.len());
    let mut groups = Groups::default();
    while !cursor.is_at_end() {
        if cursor.tag().and_then(|tag| cursor.value(tag, &mut groups)).is_err() {
            return false;
        }
    }
    true
}

/// Appends a string or bytes in quotes, as the text format of Go has it.
///
/// Line feed, carriage return, tab, quote and backslash are escaped by letter, other controls and U+007F as `\xHH`,
/// U+0080 to U+009F as `\u00HH`, bytes that are not UTF-8 as `\xHH`; everything else stands as it is.
///
/// Source: protobuf-go, `internal/encoding/text`, `appendString`.
pub fn quote_text(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    if simdutf8::basic::from_utf8(value).is_ok() {
        escape_valid(out, value);
    } else {
        for chunk in value.utf8_chunks() {
            escape_valid(out, chunk.valid().as_bytes());
            for &byte in chunk.invalid() {
                escape_hex(out, byte);
            }
        }
    }
    out.push(b'"');
}

fn escape_valid(out: &mut Vec<u8>, value: &[u8]) {
    let mut rest = value;
    loop {
        let position = find_care(rest);
        out.extend_from_slice(&rest[..position]);
        let Some(&byte) = rest.get(position) else { return };
        let mut used = 1;
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            LATIN_CONTROL_LEAD => {
                let second = rest[position + 1];
                used = 2;
                if second < 0xa0 {
                    out.extend_from_slice(b"\\u00");
                    out.extend_from_slice(&hex(second));
                } else {
                    out.extend_from_slice(&[byte, second]);
                }
            }
            _ => escape_hex(out, byte),
        }
        rest = &rest[position + used..];
    }
}

fn escape_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(b"\\x");
    out.extend_from_slice(&hex(byte));
}
