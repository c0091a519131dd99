//! The words of JSON: [`Lexer`].
//!
//! Source: RFC 8259.

use std::borrow::Cow;

use super::error::{JsonFault, JsonReadError, quote};
use crate::schema::digits::{Decimal, SURE_DIGITS, digits_behind};

type Result<T> = std::result::Result<T, JsonReadError>;

/// A place in JSON text from which words are read one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lexer<'t> {
    string: &'t str,
    text: &'t [u8],
    pub(crate) at: usize,
}

/// A string as it stands in the text, between its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'t> {
    /// Where its opening quote stands.
    pub(crate) at: usize,
    pub(crate) text: &'t [u8],
    pub(crate) has_escapes: bool,
}

impl<'t> Raw<'t> {
    /// Where what follows it begins.
    pub(crate) fn end(self) -> usize {
        self.at + self.text.len() + 2
    }

    /// What the string says.
    #[inline]
    pub(crate) fn unescape(self) -> Result<Cow<'t, [u8]>> {
        if self.has_escapes { self.unescaped() } else { Ok(Cow::Borrowed(self.text)) }
    }

    #[cold]
    fn unescaped(self) -> Result<Cow<'t, [u8]>> {
        let mut out = Vec::with_capacity(self.text.len());
        self.unescape_into(&mut out)?;
        Ok(Cow::Owned(out))
    }

    /// Appends what the string says.
    pub(crate) fn unescape_into(self, out: &mut Vec<u8>) -> Result<()> {
        let mut rest = self.text;
        while let Some(escape) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..escape]);
            let at = self.at + 1 + self.text.len() - rest.len() + escape;
            let length = unescape_one(&rest[escape..], out)
                .ok_or_else(|| JsonReadError::new(at, JsonFault::Escape(quote(escape_at(&rest[escape..])))))?;
            rest = &rest[escape + length..];
        }
        out.extend_from_slice(rest);
        Ok(())
    }
}

/// What an error quotes of a wrong escape.
fn escape_at(text: &[u8]) -> &[u8] {
    let length = if text.get(1) == Some(&b'u') { 6 } else { 2 };
    &text[..length.min(text.len())]
}

/// Reads the escape that a text begins with, and says how long it is.
fn unescape_one(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    out.push(match *text.get(1)? {
        byte @ (b'"' | b'\\' | b'/') => byte,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => {
            let unit = hex4(text.get(2..6)?)?;
            let (code, length) = match unit {
                0xd800..0xdc00 => {
                    let low =
                        text.get(6..12).filter(|next| next.starts_with(b"\\u")).and_then(|next| hex4(&next[2..]))?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return None;
                    }
                    (0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), 12)
                }
                _ => (unit, 6),
            };
            let character = char::from_u32(code)?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(length);
        }
        _ => return None,
    });
    Some(2)
}

fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, &digit| Some(number * 16 + char::from(digit).to_digit(16)?))
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(string: &'t str) -> Self {
        Lexer { string, text: string.as_bytes(), at: 0 }
    }

    /// The whole text.
    #[inline(always)]
    pub(super) fn text(&self) -> &'t [u8] {
        self.text
    }

    /// The text from the current place on.
    #[inline]
    pub(crate) fn rest(&self) -> &'t [u8] {
        &self.text[self.at..]
    }

    /// The part of the text from a place to the current one.
    pub(crate) fn since(&self, start: usize) -> &'t [u8] {
        &self.text[start..self.at]
    }

    /// The next byte that is no blank; 0 at the end.
    #[inline(always)]
    pub(crate) fn peek(&mut self) -> u8 {
        match self.text.get(self.at) {
            Some(&byte) if byte > b' ' => byte,
            _ => self.peek_behind_blanks(),
        }
    }

    #[inline(never)]
    fn peek_behind_blanks(&mut self) -> u8 {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return byte;
            }
            self.at += 1;
        }
        0
    }

    /// A lexer of the same text at another place.
    pub(crate) fn back_to(&self, at: usize) -> Lexer<'t> {
        Lexer { at, ..*self }
    }

    /// Steps over a byte if it comes next.
    #[inline(always)]
    pub(crate) fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte && self.at < self.text.len();
        self.at += usize::from(found);
        found
    }

    /// Steps over a byte that must come next.
    #[inline(always)]
    pub(crate) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<()> {
        if self.skip(byte) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// Steps to the next member or element of what is open, and says whether there is one; if not, it is closed.
    #[inline(always)]
    pub(crate) fn next(&mut self, is_first: bool, close: u8) -> Result<bool> {
        let byte = self.peek();
        if is_first {
            return if byte == close && self.at < self.text.len() {
                self.at += 1;
                Ok(false)
            } else {
                Ok(true)
            };
        }
        if byte == b',' {
            self.at += 1;
            return Ok(true);
        }
        if byte == close && self.at < self.text.len() {
            self.at += 1;
            return Ok(false);
        }
        Err(self.unexpected(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" }))
    }

    /// Reads a string.
    #[inline]
    pub(crate) fn string(&mut self, expected: &'static str) -> Result<Raw<'t>> {
        let at = {
            let byte = self.peek();
            if byte != b'"' {
                return Err(self.unexpected(expected));
            }
            self.at
        };
        let start = at + 1;
        let mut end = start;
        let mut has_escapes = false;
        loop {
            end += plain_length(&self.text[end..]);
            match self.text.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    end += 2;
                    if end > self.text.len() {
                        return Err(JsonReadError::new(self.text.len(), JsonFault::End));
                    }
                }
                Some(byte) => {
                    let fault = JsonFault::RawCharacter(byte.escape_ascii().to_string());
                    return Err(JsonReadError::new(end, fault));
                }
                None => return Err(JsonReadError::new(end, JsonFault::End)),
            }
        }
        self.at = end + 1;
        Ok(Raw { at, text: &self.text[start..end], has_escapes })
    }

    /// Steps over these bytes if nothing else comes next.
    #[inline(always)]
    pub(crate) fn literal<const N: usize>(&mut self, literal: &[u8; N]) -> bool {
        let found = self.text.get(self.at..).and_then(<[u8]>::first_chunk) == Some(literal);
        self.at += if found { N } else { 0 };
        found
    }

    /// Steps over a string without escapes if one comes next.
    #[inline]
    pub(crate) fn quick_string(&mut self) -> Option<&'t str> {
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        let start = self.at + 1;
        let end = start + plain_length(&self.text[start..]);
        if self.text.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(&self.string[start..end])
    }

    /// Reads the name of a member, and the colon behind it.
    pub(crate) fn key(&mut self) -> Result<Raw<'t>> {
        let key = self.string("the name of a member")?;
        self.expect(b':', "`:`")?;
        Ok(key)
    }

    /// Reads a number, in the form that JSON has.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<&'t str> {
        self.peek();
        let start = self.at;
        match number_length(self.rest()) {
            Some(length) => {
                self.at += length;
                Ok(&self.string[start..self.at])
            }
            None => Err(self.unexpected("a number")),
        }
    }

    /// Steps over an integer, in quotes or not, and says whether it is negative and how large, if it is a short one of digits
    /// alone, as nearly all are; of others nothing is read.
    #[inline]
    pub(crate) fn quick_integer(&mut self) -> Option<(bool, u64)> {
        self.peek();
        let (integer, end) = quick_integer(self.text, self.at)?;
        self.at = end;
        Some(integer)
    }

    /// Steps over a number that is not in quotes, if it is one of few digits, as nearly all are; of others nothing is read.
    #[inline(always)]
    pub(super) fn quick_decimal(&mut self) -> Option<Decimal> {
        let (decimal, end) = Decimal::read(self.text, self.at)?;
        matches!(self.text.get(end), Some(b',' | b']' | b'}' | b'\n')).then_some(())?;
        self.at = end;
        Some(decimal)
    }

    /// Steps over `null` if it comes next.
    #[inline]
    pub(crate) fn null(&mut self) -> bool {
        self.peek() == b'n' && self.word(b"null")
    }

    /// Steps over a word that must not be part of a longer one.
    pub(crate) fn word(&mut self, word: &[u8]) -> bool {
        let rest = self.rest();
        let found = rest.starts_with(word) && !rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Steps over a value of any kind.
    pub(crate) fn value(&mut self) -> Result<()> {
        self.value_with(|_, _| {})
    }

    /// Steps over a value of any kind, and tells the name of each member inside, with where its object's brace stands.
    pub(crate) fn value_with(&mut self, mut on_key: impl FnMut(usize, Raw<'t>)) -> Result<()> {
        // What is open: where it begins, and what closes it.
        let mut open: Vec<(usize, u8)> = Vec::new();
        loop {
            match self.peek() {
                b'"' => drop(self.string("a value")?),
                byte @ (b'{' | b'[') => {
                    let (start, close) = (self.at, if byte == b'{' { b'}' } else { b']' });
                    self.at += 1;
                    if self.next(true, close)? {
                        open.push((start, close));
                        if close == b'}' {
                            on_key(start, self.key()?);
                        }
                        continue;
                    }
                }
                b't' if self.word(b"true") => {}
                b'f' if self.word(b"false") => {}
                b'n' if self.word(b"null") => {}
                b'-' | b'0'..=b'9' => drop(self.number()?),
                _ => return Err(self.unexpected("a value")),
            }
            loop {
                let Some(&(start, close)) = open.last() else { return Ok(()) };
                if self.next(false, close)? {
                    if close == b'}' {
                        on_key(start, self.key()?);
                    }
                    break;
                }
                open.pop();
            }
        }
    }

    /// Makes sure that nothing but blanks follows.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.peek();
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(JsonReadError::new(self.at, JsonFault::Trailing(quote(self.found()))))
    }

    /// The error that something else comes next.
    #[cold]
    pub(crate) fn unexpected(&mut self, expected: &'static str) -> JsonReadError {
        self.peek();
        if self.at >= self.text.len() {
            return JsonReadError::new(self.text.len(), JsonFault::End);
        }
        JsonReadError::new(self.at, JsonFault::Unexpected { found: quote(self.found()), expected })
    }

    /// The error that the value which comes next is none that its field takes.
    #[cold]
    pub(crate) fn mismatch(&mut self, expected: &'static str) -> JsonReadError {
        self.peek();
        let start = self.at;
        match self.value() {
            Ok(()) => {
                let fault = JsonFault::Value { expected, found: quote(self.since(start)) };
                self.at = start;
                JsonReadError::new(start, fault)
            }
            Err(error) => error,
        }
    }

    /// What stands at the current place, for an error.
    fn found(&self) -> &'t [u8] {
        let rest = self.rest();
        let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || b"{}[],:\"".contains(byte));
        &rest[..end.unwrap_or(rest.len()).max(1).min(rest.len())]
    }
}

/// Reads an integer as [`Lexer::quick_integer`] does, and says where it ends.
#[inline(always)]
pub(super) fn quick_integer(text: &[u8], at: usize) -> Option<((bool, u64), usize)> {
    let is_quoted = text.get(at) == Some(&b'"');
    let mut start = at + usize::from(is_quoted);
    let is_negative = text.get(start) == Some(&b'-');
    start += usize::from(is_negative);
    let first = text.get(start)?.wrapping_sub(b'0');
    if first > 9 {
        return None;
    }
    let (mut magnitude, mut end) = (u64::from(first), start + 1);
    if let Some(b'0'..=b'9') = text.get(end) {
        (magnitude, end) = digits_behind(magnitude, text, end);
        if end - start > SURE_DIGITS || first == 0 {
            return None;
        }
    }
    let ends = match text.get(end) {
        Some(b'"') if is_quoted => true,
        Some(b',' | b']' | b'}') => !is_quoted,
        _ => false,
    };
    ends.then_some(((is_negative, magnitude), end + usize::from(is_quoted)))
}

/// The length of the number that a text begins with, if it begins with one.
#[inline]
fn number_length(text: &[u8]) -> Option<usize> {
    #[inline(always)]
    fn digits(text: &[u8], mut at: usize) -> usize {
        while let Some(b'0'..=b'9') = text.get(at) {
            at += 1;
        }
        at
    }
    let start = usize::from(text.first() == Some(&b'-'));
    let mut end = digits(text, start);
    // There is one, and none in front of others is a zero.
    if end == start || (text[start] == b'0' && end > start + 1) {
        return None;
    }
    if text.get(end) == Some(&b'.') {
        let fraction = digits(text, end + 1);
        if fraction == end + 1 {
            return None;
        }
        end = fraction;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(text, end + 1 + sign);
        if exponent == end + 1 + sign {
            return None;
        }
        end = exponent;
    }
    // What follows a number without anything between is no JSON.
    match text.get(end) {
        Some(b',' | b'}' | b']' | b'"' | b' ' | b'\n' | b'\r' | b'\t' | b':') | None => Some(end),
        Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_') => None,
        Some(_) => Some(end),
    }
}

/// How many bytes of a string stand for themselves: up to a quote, a backslash or a control character.
#[inline(always)]
pub(super) fn plain_length(text: &[u8]) -> usize {
    /// What is shorter than so many words need not be looked at in larger blocks.
    const FEW: usize = 4;
    for (index, word) in text.as_chunks().0.iter().take(FEW).enumerate() {
        let specials = specials(u64::from_le_bytes(*word));
        if specials != 0 {
            return 8 * index + specials.trailing_zeros() as usize / 8;
        }
    }
    long_plain_length(text, (text.len() / 8).min(FEW) * 8)
}

/// The same of a text of which so much at the start is known to stand for itself.
#[inline(never)]
fn long_plain_length(text: &[u8], start: usize) -> usize {
    let rest = &text[start..];
    let plain = &rest[..memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len())];
    // In this form the compiler looks at many bytes at once.
    let has_controls = plain.iter().fold(u8::MAX, |least, &byte| least.min(byte)) < b' ';
    let controls = if has_controls { plain.iter().position(|&byte| byte < b' ') } else { None };
    start + controls.unwrap_or(plain.len())
}

/// The highest bit of each byte of a word that is a quote, a backslash or a control character; those above the lowest such
/// byte may be wrong.
#[inline(always)]
fn specials(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let controls = word.wrapping_sub(0x20 * ONES) & !word;
    let quotes = is_zero(word ^ (u64::from(b'"') * ONES));
    let backslashes = is_zero(word ^ (u64::from(b'\\') * ONES));
    (controls | quotes | backslashes) & HIGH
}

/// Whether a text is a number as JSON has it, and nothing else.
pub(crate) fn is_number(text: &[u8]) -> bool {
    number_length(text) == Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_string_is_found_at_every_offset() {
        for length in 0..70 {
            for plain in ["a", "\u{7f}", "é", "!", "#", "[", "]", "\u{a2}", "\u{dc}"] {
                let text = plain.repeat(length);
                assert_eq!(plain_length(text.as_bytes()), text.len());
                for special in ["\"", "\\", "\0", "\u{1f}"] {
                    let with = format!("{text}{special}{text}{special}");
                    assert_eq!(plain_length(with.as_bytes()), text.len(), "{with:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_those_of_json() {
        for text in ["0", "-0", "10", "1.5", "1e5", "1E+5", "-1.25e-07", "0.0", "0e0"] {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in ["", "-", "01", "+1", ".5", "1.", "1e", "1e+", "0x1", "1_0", "NaN", "1 ", "--1", "1.e1", "1f"] {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn quick_integers_are_integers() {
        for (text, expected) in [
            ("0,", Some((false, 0))),
            ("-0]", Some((true, 0))),
            ("\"17\"", Some((false, 17))),
            ("\"-17\"x", Some((true, 17))),
            ("1234567890123456789}", Some((false, 1_234_567_890_123_456_789))),
            ("12345678901234567890}", None),
            ("1", None),
            ("01,", None),
            ("-,", None),
            ("1.0,", None),
            ("1e1,", None),
            ("\"1,", None),
            ("1\"", None),
            ("\"\"", None),
        ] {
            let mut lexer = Lexer::new(text);
            assert_eq!(lexer.quick_integer(), expected, "{text}");
            assert_eq!(lexer.at > 0, expected.is_some(), "{text}");
        }
    }

    #[test]
    fn values_are_stepped_over_or_refused() {
        let skip = |text: &str| {
            let mut lexer = Lexer::new(text);
            lexer.value().and_then(|()| lexer.end()).map_err(|error| (error.at(), error.fault().to_string()))
        };
        for text in
            ["{}", "[]", " {\"a\" : [1, 2, {\"b\":null}], \"c\":\"\\\"\\\\\"} ", "-1.5e3", "\"\\ud83d\"", "true"]
        {
            assert_eq!(skip(text), Ok(()), "{text}");
        }
        for (text, at, fault) in [
            ("", 0, "the text ends too early"),
            ("{", 1, "the text ends too early"),
            ("{\"a\"}", 4, "found `}`, expected `:`"),
            ("{\"a\":1,}", 7, "found `}`, expected the name of a member"),
            ("{a:1}", 1, "found `a`, expected the name of a member"),
            ("[1 2]", 3, "found `2`, expected `,` or `]`"),
            ("[1,]", 3, "found `]`, expected a value"),
            ("{} x", 3, "found `x` behind the end of the value"),
            ("\"a\nb\"", 2, "a string with a raw `\\n`, which must be escaped"),
            ("\"ab", 3, "the text ends too early"),
            ("\"ab\\", 4, "the text ends too early"),
            ("nul", 0, "found `nul`, expected a value"),
            ("truex", 0, "found `truex`, expected a value"),
            ("'a'", 0, "found `'a'`, expected a value"),
            ("[01]", 1, "found `01`, expected a number"),
        ] {
            assert_eq!(skip(text), Err((at, fault.to_owned())), "{text}");
        }
        let deep = "[".repeat(1_000_000);
        assert_eq!(skip(&deep), Err((1_000_000, "the text ends too early".to_owned())));
    }

    #[test]
    fn escapes_are_those_of_json() {
        let read = |text: &str| {
            let raw = Lexer::new(text).string("a string")?;
            raw.unescape().map(|bytes| String::from_utf8(bytes.into_owned()).expect("JSON is UTF-8"))
        };
        let all = r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#;
        assert_eq!(read(all).expect("it is lawful"), "\"\\/\u{8}\u{c}\n\r\té😀é");
        for (text, at, escape) in [
            (r#""a\x""#, 2, "\\x"),
            (r#""\u12""#, 1, "\\u12"),
            (r#""\ud83d""#, 1, "\\ud83d"),
            (r#""\ude00""#, 1, "\\ude00"),
            (r#""\ud83d\u0041""#, 1, "\\ud83d"),
        ] {
            let error = read(text).expect_err("it is not lawful");
            assert_eq!((error.at(), error.to_string()), (at, format!("`{escape}` is not an escape of JSON")), "{text}");
        }
    }
}
