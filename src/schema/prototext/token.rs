//! The words of prototext: [`Lexer`] turns text into [`Token`]s and knows which of them may follow which.
//!
//! Source: protobuf-go's `internal/encoding/text`, which is a little more liberal than the text format's specification.

use std::borrow::Cow;

use super::error::{ParseError, ParseFault, quote};
use super::string;

/// A word.
#[derive(Debug)]
pub(crate) enum Token<'t> {
    /// The end of the text, outside of all messages.
    End,
    Name(Name<'t>),
    Scalar(Scalar<'t>),
    /// `{` or `<`
    Open,
    /// `}` or `>`
    Close,
    /// `[`
    ListOpen,
    /// `]`
    ListClose,
}

/// The name of a field.
#[derive(Debug)]
pub(crate) struct Name<'t> {
    pub(crate) at: usize,
    pub(crate) raw: &'t [u8],
    pub(crate) kind: NameKind<'t>,
    pub(crate) has_colon: bool,
}

#[derive(Debug)]
pub(crate) enum NameKind<'t> {
    Ident(&'t str),
    /// What stands in brackets, without the blanks and comments inside: an extension, or the URL of a type.
    Bracketed(Cow<'t, str>),
    Number,
}

impl Name<'_> {
    /// The error that a message has no field of this name; a number is no name, whatever field has it.
    pub(crate) fn unknown(&self, message: &str) -> ParseError {
        let field = quote(self.raw);
        let fault = match self.kind {
            NameKind::Number => ParseFault::NumberForName(field),
            NameKind::Ident(_) | NameKind::Bracketed(_) => {
                ParseFault::UnknownField { field, message: message.to_owned() }
            }
        };
        ParseError::new(self.at, fault)
    }

    /// The error that the field occurs a second time.
    pub(crate) fn repeated(&self) -> ParseError {
        ParseError::new(self.at, ParseFault::Repeated(quote(self.raw)))
    }

    /// The error that the colon is missing.
    pub(crate) fn no_colon(&self) -> ParseError {
        ParseError::new(self.at, ParseFault::NoColon(quote(self.raw)))
    }
}

/// A value that is no message.
#[derive(Debug)]
pub(crate) struct Scalar<'t> {
    pub(crate) at: usize,
    pub(crate) raw: &'t [u8],
    pub(crate) kind: ScalarKind<'t>,
}

#[derive(Debug)]
pub(crate) enum ScalarKind<'t> {
    /// One or more adjacent strings.
    String(Cow<'t, [u8]>),
    /// A name, with a minus sign before it or not.
    Literal(&'t str),
    Number(Number<'t>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'t> {
    pub(crate) is_negative: bool,
    pub(crate) form: NumberForm,
    /// Without the sign, the `0x`, and the `f` of a float.
    pub(crate) digits: &'t str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberForm {
    Decimal,
    Hexadecimal,
    Octal,
    Float,
}

/// Whose reader ours takes after, where Go's is more liberal than the specification of the text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Go's.
    Go,
    /// The one that protobuf's conformance suite wants: no octal numbers for `float` and `double`, no pairs of surrogates
    /// for a character, no numbers without a name for closed enums.
    Standard,
}

/// Reads tokens.
pub(crate) struct Lexer<'t> {
    pub(super) dialect: Dialect,
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    pub(super) last: Last,
    /// The opening characters of the messages and lists around the current place.
    open: Vec<u8>,
}

/// What the last token was, as far as it decides about the next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Last {
    Start,
    Name,
    /// A scalar, or the end of a message or list.
    Value,
    Open,
    ListOpen,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t [u8], dialect: Dialect) -> Self {
        Lexer { dialect, text, at: 0, last: Last::Start, open: Vec::new() }
    }

    /// Where the next token begins, blanks and comments before it apart.
    pub(crate) fn at(&mut self) -> usize {
        self.skip_blanks();
        self.at
    }

    /// Reads the next token; at the end of the text again and again the end.
    pub(crate) fn token(&mut self) -> Result<Token<'t>, ParseError> {
        self.skip_blanks();
        let token = match self.last {
            Last::Start => self.name_or_end(),
            Last::Name => match self.peek()? {
                open @ (b'{' | b'<') => Ok(self.open(open)),
                b'[' => Ok(self.open(b'[')),
                _ => self.scalar(),
            },
            Last::Open => self.name_or_close(),
            Last::ListOpen => match self.peek()? {
                b']' => Ok(self.close()),
                _ => self.element(),
            },
            Last::Value => match self.open.last() {
                None => {
                    self.skip_separator(b",;");
                    self.name_or_end()
                }
                Some(b'[') => match self.peek()? {
                    b']' => Ok(self.close()),
                    b',' => {
                        self.skip_separator(b",");
                        self.element()
                    }
                    _ => Err(self.error(ParseFault::Unexpected(quote(self.word())))),
                },
                Some(_) => {
                    self.skip_separator(b",;");
                    self.name_or_close()
                }
            },
        }?;
        self.last = match token {
            Token::End => Last::Start,
            Token::Name(_) => Last::Name,
            Token::Scalar(_) | Token::Close | Token::ListClose => Last::Value,
            Token::Open => Last::Open,
            Token::ListOpen => Last::ListOpen,
        };
        Ok(token)
    }

    /// Reads the name of a field, its colon and one blank, if they stand here outside of all messages; the value is next.
    pub(crate) fn quick_key(&mut self, key: &[u8]) -> bool {
        let at = self.at();
        let is_here = self.open.is_empty() && !matches!(self.last, Last::Name) && self.text[at..].starts_with(key);
        if is_here {
            self.at = at + key.len();
            self.last = Last::Name;
        }
        is_here
    }

    /// Reads the brace at `at` if it closes what was opened last.
    #[inline]
    pub(super) fn quick_close(&mut self, at: usize) -> bool {
        if self.open.last() != Some(&b'{') || matches!(self.last, Last::Name) {
            return false;
        }
        self.open.pop();
        self.at = at + 1;
        self.last = Last::Value;
        true
    }

    /// Reads the brace at the current place.
    #[inline]
    pub(super) fn quick_open(&mut self) {
        self.open.push(b'{');
        self.at += 1;
        self.last = Last::Open;
    }

    fn name_or_end(&mut self) -> Result<Token<'t>, ParseError> {
        if self.at == self.text.len() { Ok(Token::End) } else { self.name() }
    }

    fn name_or_close(&mut self) -> Result<Token<'t>, ParseError> {
        match self.peek()? {
            found @ (b'}' | b'>') => {
                let open = self.open.last().copied().unwrap_or(b'{');
                if (open == b'{') != (found == b'}') {
                    return Err(self.error(ParseFault::Mismatch { open: open.into(), found: found.into() }));
                }
                Ok(self.close())
            }
            _ => self.name(),
        }
    }

    fn element(&mut self) -> Result<Token<'t>, ParseError> {
        match self.peek()? {
            open @ (b'{' | b'<') => Ok(self.open(open)),
            _ => self.scalar(),
        }
    }

    fn open(&mut self, open: u8) -> Token<'t> {
        self.at += 1;
        self.open.push(open);
        if open == b'[' { Token::ListOpen } else { Token::Open }
    }

    fn close(&mut self) -> Token<'t> {
        self.at += 1;
        if self.open.pop() == Some(b'[') { Token::ListClose } else { Token::Close }
    }

    fn name(&mut self) -> Result<Token<'t>, ParseError> {
        let start = self.at;
        let kind = if self.peek()? == b'[' {
            self.bracketed()?
        } else if let Some(ident) = ident(&self.text[self.at..]) {
            self.at += ident.len();
            NameKind::Ident(ident)
        } else if let Some((number, length)) = number(&self.text[self.at..])
            && number.form == NumberForm::Decimal
            && !number.is_negative
        {
            self.at += length;
            NameKind::Number
        } else {
            return Err(self.error(ParseFault::Name(quote(self.word()))));
        };
        let raw = &self.text[start..self.at];
        self.skip_blanks();
        let has_colon = self.skip_separator(b":");
        Ok(Token::Name(Name { at: start, raw, kind, has_colon }))
    }

    /// Reads a type URL or the name of an extension, in which blanks and comments may surround dots and slashes.
    fn bracketed(&mut self) -> Result<NameKind<'t>, ParseError> {
        let start = self.at;
        self.at += 1;
        if let Some(plain) = plain_url(&self.text[self.at..]) {
            self.at += plain.len() + 1;
            return Ok(NameKind::Bracketed(Cow::Borrowed(plain)));
        }
        let mut name = String::new();
        loop {
            self.skip_blanks();
            while let Some(&byte) = self.text.get(self.at)
                && is_url_character(byte)
            {
                name.push(byte.into());
                self.at += 1;
            }
            self.skip_blanks();
            let byte = self.peek()?;
            self.at += 1;
            let ends_with_separator = name.is_empty() || name.ends_with(['.', '/']);
            match byte {
                b'.' | b'/' if !ends_with_separator || (name.is_empty() && byte == b'/') => name.push(byte.into()),
                b']' if !ends_with_separator => return Ok(NameKind::Bracketed(Cow::Owned(name))),
                _ => {
                    let raw = &self.text[start..self.at];
                    return Err(ParseError::new(start, ParseFault::TypeUrl(quote(raw))));
                }
            }
        }
    }

    fn scalar(&mut self) -> Result<Token<'t>, ParseError> {
        let start = self.at;
        let rest = &self.text[start..];
        let kind = if matches!(self.peek()?, b'"' | b'\'') {
            ScalarKind::String(self.strings()?)
        } else if let Some(literal) = literal(rest) {
            self.at += literal.len();
            ScalarKind::Literal(literal)
        } else if let Some((number, length)) = number(rest) {
            self.at += length;
            ScalarKind::Number(number)
        } else {
            return Err(self.error(ParseFault::Value(quote(self.word()))));
        };
        Ok(Token::Scalar(Scalar { at: start, raw: &self.text[start..self.at], kind }))
    }

    /// Reads adjacent strings as one.
    fn strings(&mut self) -> Result<Cow<'t, [u8]>, ParseError> {
        let mut whole = Cow::Borrowed(&[][..]);
        loop {
            let end = string::read(self.text, self.at, self.dialect, &mut whole)?;
            self.at = end;
            // Only blanks that lead to a further string belong to the value.
            self.skip_blanks();
            if !matches!(self.text.get(self.at), Some(b'"' | b'\'')) {
                self.at = end;
                return Ok(whole);
            }
        }
    }

    fn peek(&self) -> Result<u8, ParseError> {
        self.text.get(self.at).copied().ok_or_else(|| ParseError::new(self.at, ParseFault::End))
    }

    fn skip_separator(&mut self, separators: &[u8]) -> bool {
        let found = self.text.get(self.at).is_some_and(|byte| separators.contains(byte));
        if found {
            self.at += 1;
            self.skip_blanks();
        }
        found
    }

    fn skip_blanks(&mut self) {
        self.at += blanks(&self.text[self.at..]);
    }

    /// What stands at the current place, for an error.
    fn word(&self) -> &'t [u8] {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || b"{}[]<>,;:#\"'".contains(byte));
        &rest[..end.unwrap_or(rest.len()).max(1).min(rest.len())]
    }

    fn error(&self, fault: ParseFault) -> ParseError {
        ParseError::new(self.at, fault)
    }
}

/// How many blanks and comments the text begins with.
#[inline]
pub(super) fn blanks(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        // Most blanks indent a line.
        while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
            const BLANKS: u64 = u64::from_le_bytes([b' '; 8]);
            let others = u64::from_le_bytes(*chunk) ^ BLANKS;
            if others != 0 {
                at += others.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match text.get(at) {
            Some(b' ' | b'\n' | b'\r' | b'\t') => at += 1,
            Some(b'#') => match memchr::memchr(b'\n', &text[at..]) {
                Some(end) => at += end + 1,
                None => return text.len(),
            },
            _ => return at,
        }
    }
}

/// A type URL or extension's name up to its bracket, if there are no blanks and comments in it.
fn plain_url(text: &[u8]) -> Option<&str> {
    let url = &text[..memchr::memchr(b']', text)?];
    if is_bracketed_url(url) { str::from_utf8(url).ok() } else { None }
}

/// Whether a type URL, or an extension's name, may stand in brackets.
///
/// Source: protobuf-go, `internal/encoding/text`, `Decoder.parseTypeName`; the text format specification, "Any".
pub(crate) fn is_bracketed_url(url: &[u8]) -> bool {
    let mut is_behind_separator = true;
    url.iter().enumerate().all(|(at, &byte)| match byte {
        b'.' | b'/' => !std::mem::replace(&mut is_behind_separator, true) || (at == 0 && byte == b'/'),
        _ => {
            is_behind_separator = false;
            is_url_character(byte)
        }
    }) && !is_behind_separator
}

/// Whether a byte may stand in the host or path of a type URL besides dots and slashes.
fn is_url_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_~!$&()*+,;=%".contains(&byte)
}

/// Whether a byte may follow a name or a number.
fn is_delimiter(byte: Option<&u8>) -> bool {
    byte.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || b"-+._".contains(byte)))
}

fn ident(text: &[u8]) -> Option<&str> {
    let first = text.first()?;
    if !first.is_ascii_alphabetic() && *first != b'_' {
        return None;
    }
    let end = text.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(text.len());
    is_delimiter(text.get(end)).then(|| str::from_utf8(&text[..end]).ok()).flatten()
}

fn literal(text: &[u8]) -> Option<&str> {
    let Some(unsigned) = text.strip_prefix(b"-") else { return ident(text) };
    str::from_utf8(&text[..1 + ident(unsigned)?.len()]).ok()
}

/// Reads a number, of which blanks and comments may separate the sign, and says how long it is.
fn number(text: &[u8]) -> Option<(Number<'_>, usize)> {
    let is_negative = text.first() == Some(&b'-');
    let start = if is_negative { 1 + blanks(&text[1..]) } else { 0 };
    let unsigned = &text[start..];
    let count = |from: usize, is_digit: fn(&u8) -> bool| {
        let rest = unsigned.get(from..).unwrap_or_default();
        rest.iter().position(|byte| !is_digit(byte)).unwrap_or(rest.len())
    };
    let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7');

    let (form, digits, length) = match unsigned {
        [b'0', b'x' | b'X', ..] => {
            let digits = count(2, u8::is_ascii_hexdigit);
            if digits == 0 {
                return None;
            }
            (NumberForm::Hexadecimal, 2..2 + digits, 2 + digits)
        }
        [b'0', b'0'..=b'7', ..] => {
            let digits = count(0, is_octal);
            (NumberForm::Octal, 0..digits, digits)
        }
        [b'0'..=b'9' | b'.', ..] => {
            let mut form = NumberForm::Decimal;
            let mut end = if unsigned[0] == b'0' { 1 } else { count(0, u8::is_ascii_digit) };
            if unsigned.get(end) == Some(&b'.') {
                form = NumberForm::Float;
                end += 1 + count(end + 1, u8::is_ascii_digit);
            }
            if let Some(b'e' | b'E') = unsigned.get(end) {
                form = NumberForm::Float;
                end += 1 + usize::from(matches!(unsigned.get(end + 1), Some(b'+' | b'-')));
                end += count(end, u8::is_ascii_digit);
            }
            let has_suffix = matches!(unsigned.get(end), Some(b'f' | b'F'));
            if has_suffix {
                form = NumberForm::Float;
            }
            (form, 0..end, end + usize::from(has_suffix))
        }
        _ => return None,
    };
    if !is_delimiter(unsigned.get(length)) {
        return None;
    }
    let digits = str::from_utf8(&unsigned[digits]).ok()?;
    Some((Number { is_negative, form, digits }, start + length))
}
