//! Values that are no messages: read, and written with their tags.

use super::any::InPlace;
use super::error::{JsonFault, JsonReadError, quote};
use super::lexer::{Lexer, Raw, quick_integer};
use super::value::{Integer, base64, base64_bytes};
use super::{JsonReader, Result, value};
use crate::schema::digits::Decimal;
use crate::schema::layout::{Field, Type};
use crate::wire::{WireType, push_tag, push_varint, put_bytes, put_varint, zig_zag};

impl<'s> JsonReader<'s> {
    /// Reads the elements of a packed list behind its bracket, and counts them.
    pub(super) fn packed(&mut self, lexer: &mut Lexer<'_>, ty: &Type, count: &mut u64) -> Result<()> {
        match ty {
            Type::Double => {
                while lexer.next(*count == 0, b']')? {
                    *count += 1;
                    let number = match quick_number(lexer, Decimal::double) {
                        Some(number) => number,
                        None => double(lexer)?,
                    };
                    self.out.bytes.extend_from_slice(&number.to_bits().to_le_bytes());
                }
            }
            Type::Float => {
                while lexer.next(*count == 0, b']')? {
                    *count += 1;
                    let number = match quick_number(lexer, Decimal::float) {
                        Some(number) => number,
                        None => float(lexer)?,
                    };
                    self.out.bytes.extend_from_slice(&number.to_bits().to_le_bytes());
                }
            }
            Type::Bool => {
                while lexer.next(*count == 0, b']')? {
                    *count += 1;
                    let value = boolean(lexer)?;
                    self.out.bytes.push(value.into());
                }
            }
            Type::Enum(_) => {
                while lexer.next(*count == 0, b']')? {
                    *count += 1;
                    if !self.skips_unknown_name(lexer, ty)? {
                        let number = self.enumeration(lexer, ty)?;
                        push_varint(&mut self.out.bytes, i64::from(number) as u64);
                    }
                }
            }
            ty => {
                while lexer.next(*count == 0, b']')? {
                    *count += 1;
                    if let Some((value, end)) = quick_integer(lexer.text(), lexer.at)
                        && push_integer(&mut self.out.bytes, ty, Integer::new(value))
                    {
                        lexer.at = end;
                        continue;
                    }
                    let (value, at) = integer(lexer, ty)?;
                    if !push_integer(&mut self.out.bytes, ty, value) {
                        return Err(out_of_range(at, lexer.since(at), integer_type(ty)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the value of a field that may occur once.
    #[inline]
    pub(super) fn singular(&mut self, lexer: &mut Lexer<'_>, field: &'s Field) -> Result<()> {
        if self.skips_unknown_name(lexer, field.ty())? {
            return Ok(());
        }
        self.scalar(lexer, field, field.has_presence() || field.oneof().is_some())
    }

    /// Steps over the name of an enum's value that is not known, if such are to be passed over.
    #[inline]
    pub(super) fn skips_unknown_name(&self, lexer: &mut Lexer<'_>, ty: &Type) -> Result<bool> {
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
    pub(super) fn scalar(&mut self, lexer: &mut Lexer<'_>, field: &Field, writes_default: bool) -> Result<()> {
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
    pub(super) fn put_string(&mut self, number: u32, raw: Raw<'_>) -> Result<()> {
        if !raw.has_escapes {
            put_bytes(&mut self.out.bytes, number, raw.text);
            return Ok(());
        }
        put_bytes(&mut self.out.bytes, number, &raw.unescape()?);
        Ok(())
    }

    pub(super) fn bytes(&mut self, lexer: &mut Lexer<'_>, number: u32, writes_default: bool) -> Result<()> {
        if lexer.peek() != b'"' {
            return Err(lexer.mismatch("bytes in base64"));
        }
        let raw = lexer.string("bytes in base64")?;
        let text = raw.unescape()?;
        if text.is_empty() && !writes_default {
            return Ok(());
        }
        push_tag(&mut self.out.bytes, number, WireType::Bytes);
        push_varint(&mut self.out.bytes, base64_bytes(&text) as u64);
        if base64(&text, &mut self.out.bytes) { Ok(()) } else { Err(wrong(raw, "bytes in base64")) }
    }

    pub(super) fn enumeration(&self, lexer: &mut Lexer<'_>, ty: &Type) -> Result<i32> {
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
pub(super) fn wrong(raw: Raw<'_>, expected: &'static str) -> JsonReadError {
    JsonReadError::new(raw.at, JsonFault::Value { expected, found: format!("\"{}\"", quote(raw.text)) })
}

/// The error that a number is not what its field takes.
#[cold]
pub(super) fn out_of_range(at: usize, text: &[u8], expected: &'static str) -> JsonReadError {
    JsonReadError::new(at, JsonFault::Value { expected, found: quote(text) })
}

#[inline]
pub(super) fn boolean(lexer: &mut Lexer<'_>) -> Result<bool> {
    match lexer.peek() {
        b't' if lexer.word(b"true") => Ok(true),
        b'f' if lexer.word(b"false") => Ok(false),
        _ => Err(lexer.mismatch("true or false")),
    }
}

/// Reads a number that is not in quotes, if what it stands for is quickly found.
#[inline(always)]
fn quick_number<T>(lexer: &mut Lexer<'_>, find: impl FnOnce(Decimal) -> Option<T>) -> Option<T> {
    let mut ahead = *lexer;
    let number = find(ahead.quick_decimal()?)?;
    *lexer = ahead;
    Some(number)
}

pub(super) fn double(lexer: &mut Lexer<'_>) -> Result<f64> {
    const EXPECTED: &str = "a value of type double";
    match lexer.peek() {
        b'-' | b'0'..=b'9' => plain_double(lexer, EXPECTED),
        b'"' => {
            let raw = lexer.string(EXPECTED)?;
            value::quoted_double(&raw.unescape()?).ok_or_else(|| wrong(raw, EXPECTED))
        }
        _ => Err(lexer.mismatch(EXPECTED)),
    }
}

/// Reads a number that is not in quotes.
pub(super) fn plain_double(lexer: &mut Lexer<'_>, expected: &'static str) -> Result<f64> {
    if let Some(number) = quick_number(lexer, Decimal::double) {
        return Ok(number);
    }
    let at = lexer.at;
    let text = lexer.number()?;
    value::double(text).ok_or_else(|| out_of_range(at, text.as_bytes(), expected))
}

pub(super) fn float(lexer: &mut Lexer<'_>) -> Result<f32> {
    const EXPECTED: &str = "a value of type float";
    match lexer.peek() {
        b'-' | b'0'..=b'9' => {
            if let Some(number) = quick_number(lexer, Decimal::float) {
                return Ok(number);
            }
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
pub(super) fn integer(lexer: &mut Lexer<'_>, ty: &Type) -> Result<(Integer, usize)> {
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

pub(super) fn integer_type(ty: &Type) -> &'static str {
    match ty {
        Type::Int32 | Type::Sint32 | Type::Sfixed32 => "an integer of 32 bits",
        Type::Int64 | Type::Sint64 | Type::Sfixed64 => "an integer of 64 bits",
        Type::Uint32 | Type::Fixed32 => "an unsigned integer of 32 bits",
        Type::Uint64 | Type::Fixed64 => "an unsigned integer of 64 bits",
        _ => "a value of its type",
    }
}

/// The bits of an integer on the wire, if it is in the range of its type.
#[inline(always)]
pub(super) fn bits_of(ty: &Type, value: Integer) -> Option<u64> {
    Some(match ty {
        Type::Int32 => i64::from(value.signed_32()?) as u64,
        Type::Sfixed32 => (value.signed_32()? as u32).into(),
        Type::Uint32 | Type::Fixed32 => u32::try_from(value.unsigned()?).ok()?.into(),
        Type::Int64 | Type::Sfixed64 => value.signed()? as u64,
        Type::Uint64 | Type::Fixed64 => value.unsigned()?,
        Type::Sint32 => zig_zag(value.signed_32()?.into()),
        Type::Sint64 => zig_zag(value.signed()?),
        _ => return None,
    })
}

/// Appends an integer without a tag, if it is in range.
#[inline(always)]
pub(super) fn push_integer(out: &mut Vec<u8>, ty: &Type, value: Integer) -> bool {
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
pub(super) fn put_integer(out: &mut Vec<u8>, number: u32, ty: &Type, value: Integer, writes_default: bool) -> bool {
    if value.is_zero() && !writes_default {
        return true;
    }
    push_tag(out, number, ty.wire_type());
    push_integer(out, ty, value)
}
