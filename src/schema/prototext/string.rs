//! The strings of prototext: quotes and escapes.

use std::borrow::Cow;

use super::error::{ParseError, ParseFault, quote};
use super::token::Dialect;

/// Reads the string that begins with a quote at `start`, appends it to `out`, and says where it ends.
///
/// Source: protobuf-go's `internal/encoding/text`, `parseString`.
pub(super) fn read<'t>(
    text: &'t [u8],
    start: usize,
    dialect: Dialect,
    out: &mut Cow<'t, [u8]>,
) -> Result<usize, ParseError> {
    let closing = text[start];
    let mut at = start + 1;
    loop {
        let rest = &text[at..];
        let run = rest.iter().position(|&byte| byte == closing || matches!(byte, b'\\' | b'\n' | 0));
        let run = &rest[..run.unwrap_or(rest.len())];
        if let Err(error) = simdutf8::compat::from_utf8(run) {
            return Err(ParseError::new(at + error.valid_up_to(), ParseFault::Utf8));
        }
        append(out, run);
        at += run.len();
        match text.get(at) {
            None => return Err(ParseError::new(at, ParseFault::End)),
            Some(b'\\') => at = unescape(text, at, dialect, out.to_mut())?,
            Some(&byte) if byte == closing => return Ok(at + 1),
            Some(byte) => return Err(ParseError::new(at, ParseFault::RawCharacter(byte.escape_ascii().to_string()))),
        }
    }
}

fn append<'t>(out: &mut Cow<'t, [u8]>, run: &'t [u8]) {
    if out.is_empty() && matches!(out, Cow::Borrowed(_)) {
        *out = Cow::Borrowed(run);
    } else if !run.is_empty() {
        out.to_mut().extend_from_slice(run);
    }
}

/// Reads the escape whose backslash stands at `start`, and says where it ends.
fn unescape(text: &[u8], start: usize, dialect: Dialect, out: &mut Vec<u8>) -> Result<usize, ParseError> {
    let invalid = |end: usize| ParseError::new(start, ParseFault::Escape(quote(&text[start..end])));
    let Some(&letter) = text.get(start + 1) else { return Err(ParseError::new(text.len(), ParseFault::End)) };
    let digits_at = start + 2;
    let byte = match letter {
        b'"' | b'\'' | b'\\' | b'?' => letter,
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'0'..=b'7' => {
            let (number, end) = some_digits(text, start + 1, 3, 8);
            out.push(u8::try_from(number).map_err(|_| invalid(end))?);
            return Ok(end);
        }
        b'x' => {
            let (number, end) = some_digits(text, digits_at, 2, 16);
            if end == digits_at {
                return Err(invalid(end));
            }
            out.push(number as u8);
            return Ok(end);
        }
        b'u' | b'U' => {
            let count = if letter == b'u' { 4 } else { 8 };
            let (mut code, mut end) = some_digits(text, digits_at, count, 16);
            if end < digits_at + count {
                return Err(invalid(end));
            }
            if dialect == Dialect::Go && (0xd800..0xdc00).contains(&code) && text[end..].starts_with(b"\\u") {
                // The first half of a surrogate pair, which only its second half completes.
                let (low, low_end) = some_digits(text, end + 2, 4, 16);
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(invalid(low_end));
                }
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                end = low_end;
            }
            let character = char::from_u32(code).ok_or_else(|| invalid(end))?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(end);
        }
        _ => return Err(invalid(digits_at)),
    };
    out.push(byte);
    Ok(digits_at)
}

/// Reads up to `most` digits, and says where they end.
fn some_digits(text: &[u8], start: usize, most: usize, radix: u32) -> (u32, usize) {
    let digits = text[start..].iter().take(most).map_while(|&byte| char::from(byte).to_digit(radix));
    digits.fold((0, start), |(number, end), digit| (number * radix + digit, end + 1))
}
