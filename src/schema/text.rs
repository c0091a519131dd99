//! Writes messages in the protobuf text format, exactly as Go's recorder lays it out.
//!
//! Source: protobuf-go, `prototext.MarshalOptions{Multiline: true}`, with one blank behind every colon.

use super::Unresolved;
use super::escape::{Escape, LATIN_LEAD, Special, append_escaped, hex};
use super::layout::{Field, Layout, LayoutId};
use super::number;
use super::sink::{Flow, Malformed, Order, Place, Scalar, Sink, Unopened, UnopenedAny};
use super::walk::{Walker, Wire};
use crate::entry::Any;
use crate::wire::{Cursor, Groups, NESTING_LIMIT};

/// How a message is written as text.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextOptions {
    /// By how many levels every line is indented; a level is two blanks.
    pub level: usize,
    /// What becomes of fields that a layout does not know.
    pub unknown_fields: UnknownFields,
}

/// What becomes of fields that a layout does not know, in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownFields {
    /// They are left out, as Go's recorder does.
    #[default]
    Omit,
    /// They stand by number, length-delimited ones as strings.
    ///
    /// Source: protobuf-go, `prototext.Format`, by which `Fprint` shows messages.
    ByNumber,
    /// They stand by number, and what can be taken for a message as one, as protoc does it.
    Guess,
}

/// How much text a message may become: this many bytes, and [`TEXT_RATIO_LIMIT`] times its own.
///
/// With every level of nesting lines begin further right, and names are longer than tags: a message of some kilobytes
/// can be made such that its text would fill any memory.
pub const TEXT_FREE_BYTES: usize = 16 * 1024 * 1024;

/// How many times its own bytes a message's text may have, beside [`TEXT_FREE_BYTES`].
pub const TEXT_RATIO_LIMIT: usize = 16;

/// The length of text beyond which a message of `bytes` is refused.
pub fn text_limit(bytes: &[u8]) -> usize {
    TEXT_FREE_BYTES.saturating_add(TEXT_RATIO_LIMIT.saturating_mul(bytes.len()))
}

/// What the text of a message does not tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// How many fields, at any level, the descriptor does not know and the text therefore leaves out.
    pub unknown_fields: u64,
    /// Whether a string that must be UTF-8 is not; it stands escaped, where Go's reader refuses the message.
    pub invalid_utf8: bool,
    /// Whether messages, map entries and `Any`s nest deeper than readers of the text go.
    pub too_deep: bool,
    /// Whether metadata or a time was noted beside the entry, which its text does not carry.
    pub extension: bool,
}

/// How many `Any` are expanded inside one another, and inside a message that may itself be that of an `Any`. Those beyond
/// are written as their two fields, for the reader expands no more.
pub(super) const EXPANDED_LIMIT: usize = super::prototext::EXPANDED_LIMIT - 1;

/// Beyond this level lines are indented no further.
///
/// Blanks grow with the square of the nesting; without an end to that, a message of some kilobytes could fill the
/// memory. The text stays the same to every parser.
const INDENT_LIMIT: usize = 256;

/// Appends the text of a message to `out`: a line per field, each with its line feed.
///
/// An `Any` is expanded where its type is known and its value is a message of the type; otherwise its two fields are
/// written. Returns what a reader of the text would not learn.
///
/// # Errors
///
/// [`Malformed`] if the bytes are no message of the type, or their text would be longer than [`text_limit`]; `out` is then
/// as it was.
pub fn write_text(
    walker: &mut Walker<'_>,
    layout: LayoutId,
    bytes: &[u8],
    options: TextOptions,
    out: &mut Vec<u8>,
) -> Result<LeftOut, Malformed> {
    let start = out.len();
    let limit = start.saturating_add(text_limit(bytes));
    let TextOptions { level, unknown_fields } = options;
    walker.checked_if_needed(Malformed::in_any, |walker| {
        let mut sink = TextSink { out, level, expanded: 0, unknown_fields, limit, left_out: LeftOut::default() };
        let walked = walker.walk(layout, bytes, &mut sink);
        let left_out = sink.left_out;
        if walked.is_err() {
            out.truncate(start);
        }
        walked.map(|()| left_out)
    })
}

struct TextSink<'o> {
    out: &'o mut Vec<u8>,
    level: usize,
    /// How many `Any` are open.
    expanded: usize,
    unknown_fields: UnknownFields,
    /// How long `out` may become.
    limit: usize,
    left_out: LeftOut,
}

impl TextSink<'_> {
    #[inline]
    fn indent(&mut self) {
        const BLANKS: [u8; 2 * INDENT_LIMIT] = [b' '; 2 * INDENT_LIMIT];
        /// So many are copied at once, and taken off again.
        const FEW: usize = 32;
        let blanks = 2 * self.level.min(INDENT_LIMIT);
        if blanks <= FEW {
            let end = self.out.len() + blanks;
            self.out.extend_from_slice(&BLANKS[..FEW]);
            self.out.truncate(end);
        } else {
            self.out.extend_from_slice(&BLANKS[..blanks]);
        }
    }

    /// Begins the line of a field.
    #[inline(always)]
    fn begin_line(&mut self, field: &Field) {
        self.indent();
        field.text_key.append_to(self.out);
    }

    /// Begins a line; the key ends with a colon and a blank.
    fn key(&mut self, key: &str) {
        self.indent();
        self.out.extend_from_slice(key.as_bytes());
    }

    #[inline]
    fn open_field(&mut self, field: &Field) {
        self.begin_line(field);
        self.out.extend_from_slice(b"{\n");
        self.deeper();
    }

    #[inline]
    fn deeper(&mut self) {
        self.level += 1;
        self.left_out.too_deep |= self.level > NESTING_LIMIT;
    }

    fn open(&mut self, key: &str) {
        self.key(key);
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

    /// Writes a value and ends its line.
    #[inline(always)]
    fn value(&mut self, field: Option<&Field>, value: Scalar<'_>) {
        match value {
            Scalar::Bool(value) => self.out.extend_from_slice(if value { b"true" } else { b"false" }),
            Scalar::I32(value) => return number::signed(self.out, b"", value.into(), b"\n"),
            Scalar::I64(value) => return number::signed(self.out, b"", value, b"\n"),
            Scalar::U32(value) => return number::unsigned(self.out, b"", value.into(), b"\n"),
            Scalar::U64(value) => return number::unsigned(self.out, b"", value, b"\n"),
            Scalar::F32(value) => number::text_f32(self.out, value),
            Scalar::F64(value) => number::text_f64(self.out, value),
            Scalar::String(value) | Scalar::Bytes(value) => {
                let is_utf8 = quote(self.out, value);
                self.left_out.invalid_utf8 |= !is_utf8 && field.is_some_and(Field::checks_utf8);
            }
            Scalar::Enum(value, layout) => match layout.name(value) {
                Some(name) => self.out.extend_from_slice(name.as_bytes()),
                None => return number::signed(self.out, b"", value.into(), b"\n"),
            },
        }
        self.out.push(b'\n');
    }

    #[inline]
    fn check_length(&self) -> Result<(), Malformed> {
        if self.out.len() > self.limit { Err(Malformed::text_too_long()) } else { Ok(()) }
    }

    /// The field that a value stands in; `None` for what has no line of its own.
    fn field_at<'a>(place: Place<'a>) -> Option<&'a Field> {
        match place {
            Place::Root | Place::Any => None,
            Place::Field(field) | Place::Element(field) | Place::MapValue(field) => Some(field),
        }
    }
}

impl Sink for TextSink<'_> {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    #[inline(always)]
    fn begin_message(&mut self, place: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.check_length()?;
        if let Some(field) = Self::field_at(place) {
            self.open_field(field);
        }
        Ok(Flow::Enter)
    }

    #[inline(always)]
    fn end_message(&mut self, place: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        if Self::field_at(place).is_some() {
            self.close();
        }
        Ok(())
    }

    #[inline(always)]
    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        self.check_length()?;
        let field = Self::field_at(place);
        if let Some(field) = field {
            self.begin_line(field);
        }
        self.value(field, value);
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, key: &Field, value: Scalar<'_>) -> Result<(), Malformed> {
        self.open_field(map);
        self.begin_line(key);
        self.value(Some(key), value);
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        self.close();
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, _: &Layout, wire: Wire<'_>) -> Result<Flow, Malformed> {
        if self.expanded == EXPANDED_LIMIT || !is_plain_type_url(any.type_url) {
            self.two_fields(place, any.type_url.as_bytes(), any.value);
            self.left_out.unknown_fields += u64::from(wire.has_unknown());
            return Ok(Flow::Skip);
        }
        if let Some(field) = Self::field_at(place) {
            self.open_field(field);
        }
        self.indent();
        self.out.push(b'[');
        self.out.extend_from_slice(any.type_url.as_bytes());
        self.out.extend_from_slice(b"]: {\n");
        self.expanded += 1;
        self.deeper();
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, place: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.expanded -= 1;
        self.close();
        self.end_place(place);
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.two_fields(place, any.type_url, any.value);
        self.left_out.invalid_utf8 |= matches!(any.reason, Unopened::Unresolved(Unresolved::NotUtf8));
        // Behind its end there is no place for its own unknown fields, but they can be counted.
        Ok(if self.unknown_fields == UnknownFields::Omit { Flow::Enter } else { Flow::Skip })
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), Malformed> {
        if self.unknown_fields != UnknownFields::Omit {
            self.unknown_fields_of(wire, 0);
        } else {
            self.left_out.unknown_fields += 1;
        }
        Ok(())
    }
}

impl TextSink<'_> {
    /// Writes an `Any` as the message that it is.
    fn two_fields(&mut self, place: Place<'_>, type_url: &[u8], value: &[u8]) {
        if let Some(field) = Self::field_at(place) {
            self.open_field(field);
        }
        for (key, value) in [("type_url: ", type_url), ("value: ", value)] {
            if !value.is_empty() {
                self.key(key);
                self.value(None, Scalar::Bytes(value));
            }
        }
        self.end_place(place);
    }

    fn end_place(&mut self, place: Place<'_>) {
        if Self::field_at(place).is_some() {
            self.close();
        }
    }

    /// Writes fields by number. The bytes are whole fields, checked by the walker or by [`is_message`].
    fn unknown_fields_of(&mut self, wire: &[u8], level: usize) {
        let mut cursor = Cursor::new(wire, 0..wire.len());
        while let Ok((field, wire_type)) = cursor.unknown_tag() {
            let key = format!("{field}: ");
            match wire_type {
                0 => {
                    self.key(&key);
                    number::unsigned(self.out, b"", cursor.varint().unwrap_or_default(), b"\n");
                }
                1 => self.unknown_fixed(&key, cursor.fixed64(field).unwrap_or_default()),
                2 => {
                    let (start, end) = cursor.bytes(field).unwrap_or_default();
                    let value = &wire[start as usize..end as usize];
                    let guesses = self.unknown_fields == UnknownFields::Guess && level < UNKNOWN_LEVELS;
                    if guesses && !value.is_empty() && is_message(value) {
                        self.open(&key);
                        self.unknown_fields_of(value, level + 1);
                        self.close();
                    } else {
                        self.key(&key);
                        self.value(None, Scalar::Bytes(value));
                    }
                }
                3 => self.open(&key),
                4 => self.close(),
                _ => self.unknown_fixed(&key, cursor.fixed32(field).unwrap_or_default().into()),
            }
        }
    }

    fn unknown_fixed(&mut self, key: &str, value: u64) {
        self.key(key);
        self.out.extend_from_slice(format!("{value:#x}\n").as_bytes());
    }
}

/// Whether a type URL can stand in brackets, as that of an expanded `Any`.
///
/// Any other could end the brackets and forge the lines behind them, or would not be read again. Go writes some of the
/// latter, such as `a//pkg.Type`, all the same.
pub fn is_plain_type_url(type_url: &str) -> bool {
    super::prototext::is_bracketed_url(type_url.as_bytes())
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
        if cursor.field(&mut groups).is_err() {
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
    quote(out, value);
}

/// Does what [`quote_text`] does, and says whether the value is UTF-8.
#[inline]
fn quote(out: &mut Vec<u8>, value: &[u8]) -> bool {
    out.push(b'"');
    let rest = append_escaped::<TextEscape>(out, value);
    if !rest.is_empty() {
        append_binary(out, rest);
    }
    out.push(b'"');
    rest.is_empty()
}

struct TextEscape;

impl Escape for TextEscape {
    #[inline]
    fn escape(out: &mut Vec<u8>, character: Special) {
        match character {
            Special::Ascii(byte) => out.extend_from_slice(ByteForm::of(byte).bytes()),
            Special::Latin(second) => out.extend_from_slice(&latin_form(second)),
        }
    }
}

fn latin_form(second: u8) -> [u8; 6] {
    let [high, low] = hex(second);
    [b'\\', b'u', b'0', b'0', high, low]
}

/// How a byte stands in a string: itself, or an escape.
#[derive(Clone, Copy)]
struct ByteForm {
    bytes: [u8; 4],
    length: u32,
}

impl ByteForm {
    #[inline]
    fn of(byte: u8) -> &'static ByteForm {
        static FORMS: [ByteForm; 256] = {
            let mut forms = [ByteForm { bytes: [0; 4], length: 0 }; 256];
            let mut byte = 0;
            while byte < 256 {
                let own = byte as u8;
                forms[byte] = match own {
                    b'\n' => ByteForm { bytes: *b"\\n  ", length: 2 },
                    b'\r' => ByteForm { bytes: *b"\\r  ", length: 2 },
                    b'\t' => ByteForm { bytes: *b"\\t  ", length: 2 },
                    b'"' | b'\\' => ByteForm { bytes: [b'\\', own, 0, 0], length: 2 },
                    0x20..=0x7e => ByteForm { bytes: [own, 0, 0, 0], length: 1 },
                    _ => ByteForm { bytes: [b'\\', b'x', hex(own)[0], hex(own)[1]], length: 4 },
                };
                byte += 1;
            }
            forms
        };
        &FORMS[usize::from(byte)]
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length as usize]
    }
}

/// Appends bytes of which many need an escape, through a block of fixed size.
///
/// In such bytes nothing can be foretold, so the common step has a single branch that hangs on them: whether a character
/// beyond ASCII might begin among the next eight.
fn append_binary(out: &mut Vec<u8>, value: &[u8]) {
    const BLOCK_BYTES: usize = 1024;
    /// The longest form of a character.
    const FORM_BYTES: usize = 6;
    let mut block = [0u8; BLOCK_BYTES];
    let mut at = 0;
    while at < value.len() {
        let mut filled = 0;
        while at < value.len() && filled + FORM_BYTES <= BLOCK_BYTES {
            if let Some(bytes) = value[at..].first_chunk()
                && let Some(room) = block[filled..].first_chunk_mut()
            {
                let begins = character_begins(*bytes);
                let ends = put_eight(room, *bytes);
                if begins == 0 {
                    filled += ends[8];
                    at += 8;
                    continue;
                }
                let plain = begins.trailing_zeros() as usize / 8;
                filled += ends[plain];
                at += plain;
            }
            let byte = value[at];
            let next = value.get(at + 1).copied().unwrap_or_default();
            if (byte < 0xc2) | (next & 0xc0 != 0x80) {
                let form = ByteForm::of(byte);
                block[filled..filled + 4].copy_from_slice(&form.bytes);
                filled += form.length as usize;
                at += 1;
                continue;
            }
            if byte < 0xe0 {
                if byte == LATIN_LEAD && next < 0xa0 {
                    block[filled..filled + 6].copy_from_slice(&latin_form(next));
                    filled += 6;
                } else {
                    block[filled..filled + 2].copy_from_slice(&[byte, next]);
                    filled += 2;
                }
                at += 2;
                continue;
            }
            let rest = &value[at..];
            let (form, length) = match character_bytes(rest) {
                None => (ByteForm::of(byte).bytes, 4),
                Some(length) => {
                    let mut character = [0; 4];
                    character[..length].copy_from_slice(&rest[..length]);
                    at += length - 1;
                    (character, length)
                }
            };
            block[filled..filled + 4].copy_from_slice(&form);
            filled += length;
            at += 1;
        }
        out.extend_from_slice(&block[..filled]);
    }
}

/// Marks those of the first eight bytes that, by the one behind, could begin a character beyond ASCII.
#[inline(always)]
fn character_begins([a, b, c, d, e, f, g, h, i]: [u8; 9]) -> u64 {
    let (bytes, next) = (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes([b, c, d, e, f, g, h, i]));
    // The two high bits are 11 of the one, 10 of the other.
    bytes & (bytes << 1) & next & !(next << 1) & 0x8080_8080_8080_8080
}

/// Writes the forms of eight bytes, and tells how long they are up to each of them. The mask says that there is room.
#[inline(always)]
fn put_eight(room: &mut [u8; 36], bytes: [u8; 9]) -> [usize; 9] {
    let mut ends = [0; 9];
    for index in 0..8 {
        let form = ByteForm::of(bytes[index]);
        let start = ends[index] & 31;
        room[start..start + 4].copy_from_slice(&form.bytes);
        ends[index + 1] = start + form.length as usize;
    }
    ends
}

/// How many bytes the character takes that `value`, which begins beyond ASCII, begins with; `None` if it is not UTF-8.
///
/// Source: the Unicode standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
#[inline]
fn character_bytes(value: &[u8]) -> Option<usize> {
    let continues = |byte: &u8| (0x80..0xc0).contains(byte);
    match value {
        [0xc2..=0xdf, a, ..] if continues(a) => Some(2),
        [0xe0, 0xa0..=0xbf, b, ..] | [0xed, 0x80..=0x9f, b, ..] if continues(b) => Some(3),
        [0xe1..=0xec | 0xee..=0xef, a, b, ..] if continues(a) && continues(b) => Some(3),
        [0xf0, 0x90..=0xbf, b, c, ..] | [0xf4, 0x80..=0x8f, b, c, ..] if continues(b) && continues(c) => Some(4),
        [0xf1..=0xf3, a, b, c, ..] if continues(a) && continues(b) && continues(c) => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        quote_text(&mut out, value);
        out
    }

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        for (value, expected) in [
            (&b""[..], &br#""""#[..]),
            (b"a\n\r\t\"'\\", br#""a\n\r\t\"'\\""#),
            (b"\0\x1f\x7f", br#""\x00\x1f\x7f""#),
            (
                "\u{80}\u{9f}\u{a0}é\u{2028}\u{feff}😀".as_bytes(),
                "\"\\u0080\\u009f\u{a0}é\u{2028}\u{feff}😀\"".as_bytes(),
            ),
            (b"\xff\xc2\x85\xc2", br#""\xff\u0085\xc2""#),
            (b"\xe6\x97\xa5\xff\xe6\x97\xa5\xe6\x97", b"\"\xe6\x97\xa5\\xff\xe6\x97\xa5\\xe6\\x97\""),
            (b"\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80", br#""\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80""#),
        ] {
            assert_eq!(quoted(value), expected, "{value:02x?}");
        }
    }

    #[test]
    fn what_is_left_out_is_told() {
        use super::super::testing::{any, bytes, group, id, schema, varint};
        let schema = schema();
        let broken = |field| bytes(field, b"\xff");
        let inside = [varint(99, 1), broken(9)].concat();
        let odd_any = |url: &[u8]| bytes(10, [bytes(1, url), bytes(3, "beside")].concat());
        #[rustfmt::skip]
        let cases: &[(&str, Vec<u8>, u64, bool)] = &[
            ("test.All", [bytes(2, "é"), broken(14)].concat(), 0, false),
            ("test.All", [varint(99, 1), bytes(98, "x"), varint(99, 1)].concat(), 3, false),
            ("test.All", broken(2), 0, true),
            ("test.All", broken(4), 0, true),
            ("test.All", bytes(5, broken(1)), 0, true),
            ("test.All", bytes(13, inside.clone()), 1, true),
            ("test.All", bytes(10, any("test.All", &inside)), 1, true),
            ("test.All", odd_any(b"no.such.Type"), 1, false),
            ("test.All", odd_any(b"\xff"), 1, true),
            // In proto2 strings are not checked.
            ("test.Old", [group(1, varint(9, 1)), broken(100)].concat(), 1, false),
        ];
        for (name, wire, unknown_fields, invalid_utf8) in cases {
            let mut out = Vec::new();
            let options = TextOptions::default();
            let found = write_text(&mut Walker::new(&schema), id(&schema, name), wire, options, &mut out);
            let expected =
                LeftOut { unknown_fields: *unknown_fields, invalid_utf8: *invalid_utf8, ..LeftOut::default() };
            assert_eq!(found, Ok(expected), "{name} {}", wire.escape_ascii());
        }
    }

    /// The standard library says where UTF-8 begins and ends; the fast road must agree on every pattern of bytes.
    #[test]
    fn broken_utf8_is_split_as_the_standard_library_splits_it() {
        let interesting = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf];
        let leads = [0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];
        let all: Vec<u8> = interesting.into_iter().chain(leads).collect();
        for first in &all {
            for second in &all {
                for third in &all {
                    for fourth in &all {
                        let value = [0xff, *first, *second, *third, *fourth];
                        let mut expected = vec![b'"'];
                        for chunk in value.utf8_chunks() {
                            append_escaped::<TextEscape>(&mut expected, chunk.valid().as_bytes());
                            chunk.invalid().iter().for_each(|&b| expected.extend(ByteForm::of(b).bytes()));
                        }
                        expected.push(b'"');
                        assert_eq!(quoted(&value), expected, "{value:02x?}");
                    }
                }
            }
        }
    }
}
