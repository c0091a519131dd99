//! The fast road: members as programs write them, with nothing odd about them.
//!
//! What is not of this kind, or wrong, is left to the other road untouched: it knows what it is.

use super::lexer::{Lexer, plain_length, quick_integer};
use super::scalar::bits_of;
use super::value::{Integer, base64, base64_bytes, timestamp};
use super::{JsonReader, Message, Names};
use crate::schema::digits::Decimal;
use crate::schema::layout::{Field, Role, Type};
use crate::schema::lengths::Unsized;
use crate::wire::{NESTING_LIMIT, WireType, push_varint, put_varint};

/// Where the fast road ended.
pub(super) enum Quick {
    /// Behind the message.
    End,
    /// In front of the value of this field, which is no scalar.
    Nested(u32),
    /// In front of something else.
    Other,
}

impl<'s> JsonReader<'s> {
    /// Reads members of a message as far as they are simple.
    #[inline]
    pub(super) fn quick_members(&mut self, lexer: &mut Lexer<'_>, message: &mut Message<'s>) -> Quick {
        let fields = message.layout.fields();
        if fields.len() > 64 || message.layout.oneofs() > 64 {
            return Quick::Other;
        }
        let text = lexer.text();
        let known = self.names[message.id.0 as usize].as_deref_mut().expect("a message that begins has its names");
        loop {
            let at = lexer.at + blanks(text, lexer.at);
            let key_at = match text.get(at) {
                Some(b'}') => {
                    lexer.at = at + 1;
                    return Quick::End;
                }
                Some(b',') if !message.is_first => at + 1 + blanks(text, at + 1),
                Some(b'"') if message.is_first => at,
                _ => return Quick::Other,
            };
            let Some((index, value_at)) = key(known, text, key_at, message.previous) else { return Quick::Other };
            let field = &fields[index as usize];
            let (bit, oneof_bit) = (1 << index, field.oneof().map_or(0, |oneof| 1 << oneof));
            if message.seen.fields & bit != 0 || message.seen.oneofs & oneof_bit != 0 {
                return Quick::Other;
            }
            let value_at = value_at + blanks(text, value_at);
            let end = match field.role() {
                Role::Scalar => match value(&mut self.out, text, value_at, field) {
                    Some(end) => end,
                    None => return Quick::Other,
                },
                Role::Message(_) | Role::Scalars | Role::Messages(_) | Role::Map => {
                    if text.get(value_at) == Some(&b'n') {
                        return Quick::Other;
                    }
                    if known.times & bit != 0 && self.depth < NESTING_LIMIT {
                        field_time(&mut self.out, text, value_at, field).unwrap_or(value_at)
                    } else {
                        value_at
                    }
                }
            };
            lexer.at = end;
            message.is_first = false;
            message.has_members = true;
            message.previous = index + 1;
            message.seen.fields |= bit;
            message.seen.oneofs |= oneof_bit;
            if end == value_at {
                return Quick::Nested(index);
            }
        }
    }
}

/// Reads elements of a list of strings as far as they are simple, and says how many.
pub(super) fn strings(out: &mut Unsized, lexer: &mut Lexer<'_>, field: &Field) -> u64 {
    let text = lexer.text();
    let mut count = 0;
    loop {
        let at = lexer.at + blanks(text, lexer.at);
        let at = match text.get(at) {
            Some(b',') if count > 0 => at + 1 + blanks(text, at + 1),
            Some(b'"') if count == 0 => at,
            _ => return count,
        };
        let Some(end) = string(text, at) else { return count };
        field.put_head(&mut out.bytes);
        put_part(&mut out.bytes, text, at + 1, end);
        lexer.at = end + 1;
        count += 1;
    }
}

/// How many blanks stand at a place; mostly none.
#[inline(always)]
pub(super) fn blanks(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b' ' | b'\n' | b'\r' | b'\t') => more_blanks(text, at),
        _ => 0,
    }
}

#[inline(never)]
fn more_blanks(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).unwrap_or(text.len() - at)
}

/// Reads the name of a field and the colon behind it, and says where the value begins.
#[inline(always)]
fn key(known: &mut Names<'_>, text: &[u8], at: usize, previous: u32) -> Option<(u32, usize)> {
    let guess = known.next[previous as usize];
    if let Some(field) = known.layout.fields().get(guess as usize)
        && let Some(length) = field.json_key.stands_at(text, at)
        && !field.json_name_is_ours
    {
        return Some((guess, at + length));
    }
    let (index, end) = match known.find_quoted(text, at) {
        Some(found) => found,
        None => {
            let (name, end) = name(text, at)?;
            (known.find(name)?, end)
        }
    };
    known.next[previous as usize] = index;
    Some((index, end))
}

/// Reads a name that is none of ours and has no escapes, and the colon behind it.
#[inline(always)]
pub(super) fn name(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let end = string(text, at)?;
    let name = &text[at + 1..end];
    let is_plain = text.get(end + 1) == Some(&b':') && name.first() != Some(&b'@');
    is_plain.then_some((name, end + 2))
}

/// The place of the quote that ends a string without escapes.
#[inline(always)]
pub(super) fn string(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let end = at + 1 + plain_length(&text[at + 1..]);
    (text.get(end) == Some(&b'"')).then_some(end)
}

/// Reads the value of a field that is no message, writes it with its tag, and says where it ends.
#[inline(always)]
fn value(out: &mut Unsized, text: &[u8], at: usize, field: &Field) -> Option<usize> {
    let out = &mut out.bytes;
    let writes_default = field.has_presence() || field.oneof().is_some();
    match field.ty() {
        Type::String => {
            let end = string(text, at)?;
            if end > at + 1 || writes_default {
                field.put_head(out);
                put_part(out, text, at + 1, end);
            }
            Some(end + 1)
        }
        Type::Bytes => bytes(out, text, at, field, writes_default),
        Type::Bool => {
            let (value, end) = match text.get(at..)? {
                [b't', b'r', b'u', b'e', ..] => (true, at + 4),
                [b'f', b'a', b'l', b's', b'e', ..] => (false, at + 5),
                _ => return None,
            };
            if !matches!(text.get(end), Some(b',' | b'}')) {
                return None;
            }
            if value || writes_default {
                field.put_head(out);
                out.push(value.into());
            }
            Some(end)
        }
        Type::Double => {
            let (number, end) = Decimal::read(text, at)?;
            let bits = number.double().filter(|_| ends(text, end))?.to_bits();
            if bits != 0 || writes_default {
                field.put_head(out);
                out.extend_from_slice(&bits.to_le_bytes());
            }
            Some(end)
        }
        Type::Float => {
            let (number, end) = Decimal::read(text, at)?;
            let bits = number.float().filter(|_| ends(text, end))?.to_bits();
            if bits != 0 || writes_default {
                field.put_head(out);
                out.extend_from_slice(&bits.to_le_bytes());
            }
            Some(end)
        }
        Type::Enum(layout) => {
            let end = string(text, at)?;
            let number = layout.number(std::str::from_utf8(&text[at + 1..end]).ok()?)?;
            if number != 0 || writes_default {
                field.put_head(out);
                push_varint(out, i64::from(number) as u64);
            }
            Some(end + 1)
        }
        Type::Message(_) | Type::Group(_) => None,
        ty => {
            let (value, end) = quick_integer(text, at)?;
            let value = Integer::new(value);
            let bits = bits_of(ty, value)?;
            if !value.is_zero() || writes_default {
                field.put_head(out);
                match ty.wire_type() {
                    WireType::Fixed64 => out.extend_from_slice(&bits.to_le_bytes()),
                    WireType::Fixed32 => out.extend_from_slice(&(bits as u32).to_le_bytes()),
                    WireType::Varint | WireType::Bytes | WireType::Group => push_varint(out, bits),
                }
            }
            Some(end)
        }
    }
}

/// Reads a field that is a point in time.
fn field_time(out: &mut Unsized, text: &[u8], at: usize, field: &Field) -> Option<usize> {
    let end = string(text, at)?;
    let (seconds, nanos) = timestamp(&text[at + 1..end])?;
    field.put_head(&mut out.bytes);
    let room = out.room();
    put_time(out, seconds, nanos);
    out.fill_room(room);
    Some(end + 1)
}

/// Appends a time.
pub(super) fn put_time(out: &mut Unsized, seconds: i64, nanos: i32) {
    const SECONDS: u32 = 1;
    const NANOS: u32 = 2;
    if seconds != 0 {
        put_varint(&mut out.bytes, SECONDS, seconds as u64);
    }
    if nanos != 0 {
        put_varint(&mut out.bytes, NANOS, i64::from(nanos) as u64);
    }
}

#[inline(always)]
fn ends(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), Some(b',' | b'}' | b'\n'))
}

fn bytes(out: &mut Vec<u8>, text: &[u8], at: usize, field: &Field, writes_default: bool) -> Option<usize> {
    let end = string(text, at)?;
    let digits = &text[at + 1..end];
    if digits.is_empty() && !writes_default {
        return Some(end + 1);
    }
    let start = out.len();
    field.put_head(out);
    push_varint(out, base64_bytes(digits) as u64);
    if !base64(digits, out) {
        out.truncate(start);
        return None;
    }
    Some(end + 1)
}

/// Appends a part of a text behind its length.
///
/// What is short is copied as a block and cut to length, which is faster than copying so many bytes.
#[inline(always)]
pub(super) fn put_part(out: &mut Vec<u8>, text: &[u8], start: usize, end: usize) {
    const BLOCK: usize = 32;
    let length = end - start;
    push_varint(out, length as u64);
    match text.get(start..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        Some(block) if length <= BLOCK => {
            let whole = out.len() + length;
            out.extend_from_slice(block);
            out.truncate(whole);
        }
        _ => out.extend_from_slice(&text[start..end]),
    }
}
