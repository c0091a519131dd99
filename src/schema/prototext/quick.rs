//! The fast road: fields as writers of the text format lay them out, `name: value` with nothing odd about them.
//!
//! What is not of this kind, or wrong, is left to the [`Lexer`](super::Lexer) untouched: it knows what it is.

use std::ops::Range;

use super::builder::{Builder, Frame, Number};
use super::error::ParseError;
use super::token::{Last, blanks};
use crate::schema::digits::{Decimal, digits};
use crate::schema::{Field, Layout, Shape, Type};
use crate::wire::{NESTING_LIMIT, zig_zag};

/// What is known of a value before it is written.
enum Value {
    Message,
    Number(Number),
    /// A string that stands in the text as it is.
    Plain(Range<usize>),
    /// A string whose escapes were read into the builder's memory.
    Unescaped,
}

impl Builder<'_, '_, '_> {
    /// Reads what stands at a place if it is simple, and says whether it was.
    #[inline]
    pub(super) fn quick(&mut self, at: usize) -> Result<bool, ParseError> {
        let text = self.lexer.text;
        match self.frames.last() {
            Some(Frame::Message(_) | Frame::Entry(_)) if text.get(at) == Some(&b'}') => {
                if !self.lexer.quick_close(at) {
                    return Ok(false);
                }
                self.end_message(at)?;
                Ok(true)
            }
            Some(Frame::Message(message)) => {
                let layout = message.layout;
                let Some((index, field, value_at)) = field(text, at, layout, message.last) else { return Ok(false) };
                if !message.allows(index, field) {
                    return Ok(false);
                }
                let Some((value, end)) = self.quick_value(field, value_at) else { return Ok(false) };
                self.lexer.at = end;
                self.lexer.last = Last::Value;
                match value {
                    Value::Number(number) => self.number(index, field, number),
                    Value::Plain(range) => {
                        self.begin_bytes(index, field, range.len());
                        self.out.bytes.extend_from_slice(&text[range]);
                    }
                    Value::Unescaped => {
                        self.begin_bytes(index, field, self.scratch.len());
                        self.out.bytes.extend_from_slice(&self.scratch);
                    }
                    Value::Message => {
                        self.lexer.quick_open();
                        self.begin_field(index, field);
                        self.begin_message(field)?;
                    }
                }
                Ok(true)
            }
            Some(Frame::Entry(entry)) => {
                let field = match (entry.has_key, entry.has_value) {
                    (false, _) => entry.key,
                    (true, false) => entry.value,
                    (true, true) => return Ok(false),
                };
                let Some(length) = field.text_key.stands_at(text, at) else { return Ok(false) };
                let value_at = at + length;
                let Some((value, end)) = self.quick_value(field, value_at) else { return Ok(false) };
                self.lexer.at = end;
                self.lexer.last = Last::Value;
                match value {
                    Value::Number(number) => self.entry_number(field, number),
                    Value::Plain(range) => {
                        self.begin_entry_bytes(field, range.len());
                        self.out.bytes.extend_from_slice(&text[range]);
                    }
                    Value::Unescaped => {
                        self.begin_entry_bytes(field, self.scratch.len());
                        self.out.bytes.extend_from_slice(&self.scratch);
                    }
                    Value::Message => {
                        self.lexer.quick_open();
                        self.begin_entry_message(field)?;
                    }
                }
                Ok(true)
            }
            Some(Frame::List { .. } | Frame::Any(_)) | None => Ok(false),
        }
    }

    /// Reads a value of a field's type, or the brace it begins with, and says where the rest of the text begins.
    #[inline]
    fn quick_value(&mut self, field: &Field, at: usize) -> Option<(Value, usize)> {
        let text = self.lexer.text;
        let number = |number, end| Some((Value::Number(number), end));
        match field.ty() {
            Type::String | Type::Bytes => self.quick_string(field, at),
            Type::Message(_) | Type::Group(_) => {
                let is_open = text.get(at) == Some(&b'{') && self.frames.len() < NESTING_LIMIT;
                is_open.then_some((Value::Message, at))
            }
            Type::Int32 => integer::<i32>(text, at).and_then(|(n, end)| number(Number::Varint(n as i64 as u64), end)),
            Type::Int64 => integer::<i64>(text, at).and_then(|(n, end)| number(Number::Varint(n as u64), end)),
            Type::Uint32 => integer::<u32>(text, at).and_then(|(n, end)| number(Number::Varint(n.into()), end)),
            Type::Uint64 => integer::<u64>(text, at).and_then(|(n, end)| number(Number::Varint(n), end)),
            Type::Sint32 => {
                integer::<i32>(text, at).and_then(|(n, end)| number(Number::Varint(zig_zag(n.into())), end))
            }
            Type::Sint64 => integer::<i64>(text, at).and_then(|(n, end)| number(Number::Varint(zig_zag(n)), end)),
            Type::Fixed32 => integer::<u32>(text, at).and_then(|(n, end)| number(Number::Fixed32(n), end)),
            Type::Sfixed32 => integer::<i32>(text, at).and_then(|(n, end)| number(Number::Fixed32(n as u32), end)),
            Type::Fixed64 => integer::<u64>(text, at).and_then(|(n, end)| number(Number::Fixed64(n), end)),
            Type::Sfixed64 => integer::<i64>(text, at).and_then(|(n, end)| number(Number::Fixed64(n as u64), end)),
            Type::Float => float(text, at).and_then(|(n, end)| number(Number::Fixed32((n as f32).to_bits()), end)),
            Type::Double => float(text, at).and_then(|(n, end)| number(Number::Fixed64(n.to_bits()), end)),
            Type::Bool => {
                let (value, end) = match text.get(at..)? {
                    [b't', b'r', b'u', b'e', ..] => (1, at + 4),
                    [b'f', b'a', b'l', b's', b'e', ..] => (0, at + 5),
                    _ => return None,
                };
                ends(text, end).then_some((Value::Number(Number::Varint(value)), end))
            }
            Type::Enum(names) => {
                let end = at + word_bytes(text.get(at..)?, b'\n');
                let name = std::str::from_utf8(&text[at..end]).ok()?;
                let value = names.number(name).filter(|_| ends(text, end))?;
                number(Number::Varint(value as i64 as u64), end)
            }
        }
    }

    #[inline]
    fn quick_string(&mut self, field: &Field, at: usize) -> Option<(Value, usize)> {
        let text = self.lexer.text;
        if text.get(at) != Some(&b'"') {
            return None;
        }
        let mut end = at + 1;
        let mut is_ascii = true;
        end = loop {
            end += plain_bytes(&text[end..]);
            match text.get(end)? {
                b'"' => break end,
                b'\\' => return self.unescape(field, at + 1),
                b'\n' | 0 => return None,
                byte => is_ascii &= *byte < 0x80,
            }
            end += 1;
        };
        if !is_ascii {
            simdutf8::basic::from_utf8(&text[at + 1..end]).ok()?;
        }
        Some((Value::Plain(at + 1..end), behind_string(text, end + 1)?))
    }

    /// Reads a string with escapes, which begins behind its quote.
    ///
    /// Bytes are put together in a block of fixed size, eight at a time, and cut to what is right: in bytes that are no
    /// text there is an escape at every other place.
    #[inline(never)]
    fn unescape(&mut self, field: &Field, start: usize) -> Option<(Value, usize)> {
        const BLOCK_BYTES: usize = 1024;
        /// What one step may take.
        const ROOM: usize = 16;
        let text = self.lexer.text;
        self.scratch.clear();
        let mut block = [0; BLOCK_BYTES];
        let mut filled = 0;
        let mut at = start;
        let mut beyond_ascii = 0;
        let mut escapes_make_bytes = false;
        loop {
            let (eight, length) = match text[at..].first_chunk() {
                Some(chunk) => (*chunk, 8),
                None => {
                    let mut eight = [0; 8];
                    let rest = &text[at..];
                    eight[..rest.len()].copy_from_slice(rest);
                    (eight, rest.len())
                }
            };
            if filled + ROOM > BLOCK_BYTES {
                self.scratch.extend_from_slice(&block[..filled]);
                filled = 0;
            }
            *block[filled..].first_chunk_mut()? = eight;
            let word = u64::from_le_bytes(eight);
            let found = specials(word);
            let plain = found.trailing_zeros() as usize / 8;
            beyond_ascii |= word & TOPS & (found & found.wrapping_neg()).wrapping_sub(1);
            filled += plain;
            at += plain;
            if plain == 8 {
                continue;
            }
            // Zeros stand behind the end of the text.
            if plain == length {
                return None;
            }
            match text[at] {
                b'"' => break,
                b'\\' => {}
                b'\n' | 0 => return None,
                byte => {
                    block[filled] = byte;
                    filled += 1;
                    at += 1;
                    continue;
                }
            }
            let &[_, letter, high, low] = text[at..].first_chunk()?;
            // Which of the two it is can't be foretold, so both are read, without a branch.
            let is_hexadecimal = letter == b'x';
            let of_letter = u16::from(LETTERS[usize::from(letter)]);
            let of_digits = hexadecimal(high, low);
            let byte = if is_hexadecimal { of_digits } else { of_letter };
            if byte != 0 && byte <= 0xff {
                block[filled] = byte as u8;
                filled += 1;
                at += if is_hexadecimal { 4 } else { 2 };
                escapes_make_bytes |= byte >= 0x80;
                continue;
            }
            match letter {
                b'x' if of_digits == 0 => {
                    block[filled] = 0;
                    filled += 1;
                    at += 4;
                }
                b'u' => {
                    let more = hexadecimal(*text.get(at + 4)?, *text.get(at + 5)?);
                    if of_digits | more > 0xff {
                        return None;
                    }
                    let character = char::from_u32(u32::from(of_digits) << 8 | u32::from(more))?;
                    filled += character.encode_utf8(&mut block[filled..]).len();
                    at += 6;
                }
                b'0'..=b'3' => {
                    let (b'0'..=b'7', b'0'..=b'7') = (high, low) else { return None };
                    let byte = (letter & 3) << 6 | (high & 7) << 3 | low & 7;
                    escapes_make_bytes |= byte >= 0x80;
                    block[filled] = byte;
                    filled += 1;
                    at += 4;
                }
                _ => return None,
            }
        }
        self.scratch.extend_from_slice(&block[..filled]);
        if beyond_ascii != 0 {
            simdutf8::basic::from_utf8(&text[start..at]).ok()?;
        }
        if escapes_make_bytes && field.checks_utf8() {
            simdutf8::basic::from_utf8(&self.scratch).ok()?;
        }
        Some((Value::Unescaped, behind_string(text, at + 1)?))
    }
}

/// Steps over what follows a string, unless that may belong to the value.
#[inline]
fn behind_string(text: &[u8], end: usize) -> Option<usize> {
    let end = end + blanks(&text[end..]);
    (!matches!(text.get(end), Some(b'"' | b'\''))).then_some(end)
}

/// What a letter stands for behind a backslash, or 0.
static LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let pairs = b"\"\"\'\'\\\\??a\x07b\x08f\x0cn\nr\rt\tv\x0b";
    let mut at = 0;
    while at < pairs.len() {
        letters[pairs[at] as usize] = pairs[at + 1];
        at += 2;
    }
    letters
};

/// The number of two hexadecimal digits, and more than any has if they are none.
#[inline]
fn hexadecimal(high: u8, low: u8) -> u16 {
    const NONE: u16 = 0x800;
    static DIGITS: [u16; 256] = {
        let mut digits = [NONE; 256];
        let mut digit = 0;
        while digit < 16 {
            let character = b"0123456789abcdef"[digit as usize];
            digits[character as usize] = digit;
            digits[character.to_ascii_uppercase() as usize] = digit;
            digit += 1;
        }
        digits
    };
    DIGITS[usize::from(high)] << 4 | DIGITS[usize::from(low)]
}

/// Reads the name of a field and what stands between it and the value: finds the field and where the value begins.
///
/// Mostly it is another element of the last list, or the field that is declared behind the last one.
#[inline]
fn field<'s>(text: &[u8], at: usize, layout: &'s Layout, last: u32) -> Option<(usize, &'s Field, usize)> {
    let fields = layout.fields();
    let (last, next) = (last as usize, last.wrapping_add(1) as usize);
    let is_repeated = fields.get(last).is_some_and(|field| !matches!(field.shape(), Shape::Singular));
    for index in if is_repeated { [last, next] } else { [next, next + 1] } {
        if let Some(field) = fields.get(index)
            && let Some(length) = field.text_key.stands_at(text, at)
        {
            return Some((index, field, at + length));
        }
    }
    let (name, value_at) = name(text, at)?;
    let index = layout.index_of_text_name(name)?;
    Some((index, &fields[index], value_at))
}

/// Reads what may be the name of a field, and the colon behind it, and says where the value begins, if no more than a
/// blank is between.
///
/// What stands before the first colon or blank is a name only if somebody knows it.
#[inline]
fn name(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let end = at + word_bytes(text.get(at..)?, b':');
    let name = &text[at..end];
    match text.get(end..)? {
        [b':', b' ', ..] => Some((name, end + 2)),
        [b':', ..] | [b' ', b'{', ..] => Some((name, end + 1)),
        _ => None,
    }
}

/// How many bytes stand in front of the first blank, line feed, or `end`; of more than names have, as many.
#[inline]
fn word_bytes(text: &[u8], end: u8) -> usize {
    const LONGEST: usize = 128;
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*chunk);
        let found = zeros(word ^ (ONES * u64::from(end)))
            | zeros(word ^ (ONES * b' ' as u64))
            | zeros(word ^ (ONES * b'\n' as u64));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
        if at >= LONGEST {
            return at;
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| [b' ', b'\n', end].contains(byte)).unwrap_or(rest.len())
}

/// Whether a name or number can end here.
#[inline]
fn ends(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), None | Some(b'\n' | b' ' | b',' | b';' | b'}' | b'\r'))
}

const ONES: u64 = u64::MAX / 255;
const TOPS: u64 = 0x80 * ONES;

/// Marks quotes, backslashes and controls among eight bytes of a string; only the lowest mark is to be relied on, since
/// what stands behind it can be wrong by a carry.
#[inline]
fn specials(word: u64) -> u64 {
    let (quotes, backslashes) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
    zeros(quotes) | zeros(backslashes) | word.wrapping_sub(ONES * 0x20) & !word & TOPS
}

/// Marks zeros among eight bytes; only the lowest mark is to be relied on.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

/// How many bytes are ASCII, no controls, and neither a quote nor a backslash.
#[inline]
fn plain_bytes(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = text[at..].first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        let found = specials(word) | word & TOPS;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: u8| matches!(byte, 0x20..0x80) && byte != b'"' && byte != b'\\';
    at + text[at..].iter().position(|&byte| !is_plain(byte)).unwrap_or(text.len() - at)
}

/// Reads a decimal integer with nothing odd about it, and says where it ends.
#[inline]
fn integer<T: TryFrom<i128>>(text: &[u8], at: usize) -> Option<(T, usize)> {
    let is_negative = text.get(at) == Some(&b'-');
    let start = at + usize::from(is_negative);
    let (magnitude, end) = digits(text, start)?;
    // What begins with a zero is octal.
    if text[start] == b'0' && end > start + 1 || !ends(text, end) {
        return None;
    }
    // There is no minus zero of the types without a sign.
    if is_negative && magnitude == 0 {
        return None;
    }
    let number = if is_negative { -i128::from(magnitude) } else { magnitude.into() };
    Some((number.try_into().ok()?, end))
}

/// Reads a decimal number, with a fraction and exponent or without.
#[inline]
fn float(text: &[u8], at: usize) -> Option<(f64, usize)> {
    let (decimal, end) = Decimal::read(text, at)?;
    if !ends(text, end) {
        return None;
    }
    let number = match decimal.double() {
        Some(number) => number,
        None => std::str::from_utf8(&text[at..end]).ok()?.parse().ok()?,
    };
    Some((number, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_of_the_standard_library() {
        for digits in 1..=20 {
            for number in
                ["12345678901234567890", "99999999999999999999", "10000000000000000000", "90000000000000000001"]
            {
                for sign in ["", "-"] {
                    for behind in ["", "\n", " ", "\n          "] {
                        let number = format!("{sign}{}", &number[..digits]);
                        let text = format!("{number}{behind}");
                        let expected = number.parse::<i64>().ok().map(|value| (value, number.len()));
                        assert_eq!(integer::<i64>(text.as_bytes(), 0), expected, "{text:?}");
                        let expected = number.parse::<i32>().ok().map(|value| (value, number.len()));
                        assert_eq!(integer::<i32>(text.as_bytes(), 0), expected, "{text:?}");
                    }
                }
            }
        }
        for text in ["", "-", "x", "01", "1x", "1.", "0x1", "1_", "-0", "1-"] {
            assert_eq!(integer::<i64>(text.as_bytes(), 0), None, "{text:?}");
            assert_eq!(integer::<i64>(format!("{text}        ").as_bytes(), 0), None, "{text:?}");
        }
    }

    #[test]
    fn floats_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0",
            "1",
            "0.1",
            "123.456",
            "9007199254740992",
            "9007199254740993",
            "9007199254740993.5",
            "1e10",
            "1.5e-7",
            "1e+22",
            "1e23",
            "1e999",
            "0.30000000000000004",
            "5e-324",
            "123456789012345678",
            "1.0000000000000000000",
            "18446744073709551615.5",
            "0.0000000000000000000001",
        ] {
            for behind in ["", "\n", "\n            "] {
                if let Some((number, end)) = float(format!("{text}{behind}").as_bytes(), 0) {
                    assert_eq!(
                        (number.to_bits(), end),
                        (text.parse::<f64>().expect(text).to_bits(), text.len()),
                        "{text}"
                    );
                }
            }
        }
        for text in ["", "-", ".5", "5.", "01", "1f", "1e", "1e+", "inf", "nan", "1.2.3", "0x1"] {
            assert_eq!(float(text.as_bytes(), 0), None, "{text:?}");
        }
    }

    #[test]
    fn plain_bytes_end_where_something_is_special() {
        for length in 0..40 {
            for special in [0, b'\n', b'\t', 0x1f, b'"', b'\\', 0x80, 0xff] {
                for behind in ["", "x", "\"\\\n\0 some more and more"] {
                    let mut text = vec![b' '; length];
                    text.extend((0x20..0x7f).filter(|byte| !b"\"\\".contains(byte)).cycle().take(length));
                    let plain = text.len();
                    assert_eq!(plain_bytes(&text), plain);
                    text.push(special);
                    text.extend_from_slice(behind.as_bytes());
                    assert_eq!(plain_bytes(&text), plain, "{}", text.escape_ascii());
                }
            }
        }
    }
}
