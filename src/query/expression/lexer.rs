//! The text of an expression, cut into tokens.
//!
//! Source: the CEL specification, "Syntax".

use std::ops::Range;

use super::error::ExpressionError;

/// A token, and where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub place: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// A name; also `true`, `false`, `null` and `in`.
    Name(String),
    Int(u64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    /// An operator or a bracket.
    Mark(&'static str),
    End,
}

/// Those that begin others come after them.
const MARKS: [&str; 23] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",", "(", ")", "[", "]",
    "{",
];
const LAST_MARK: &str = "}";

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ExpressionError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token()?;
        let is_end = token.kind == TokenKind::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn error(&self, place: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.text, place, message)
    }

    fn token(&mut self) -> Result<Token, ExpressionError> {
        loop {
            let rest = self.rest().trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at = self.text.len() - rest.len();
            if !rest.starts_with("//") {
                break;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
        let start = self.at;
        let kind = self.kind()?;
        Ok(Token { kind, place: start..self.at })
    }

    fn kind(&mut self) -> Result<TokenKind, ExpressionError> {
        let rest = self.rest();
        let start = self.at;
        let Some(first) = rest.chars().next() else { return Ok(TokenKind::End) };
        if let Some(string) = self.string()? {
            return Ok(string);
        }
        if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            return self.number();
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            self.at += length;
            return Ok(TokenKind::Name(rest[..length].to_owned()));
        }
        if let Some(mark) = MARKS.into_iter().chain([LAST_MARK]).find(|mark| rest.starts_with(mark)) {
            self.at += mark.len();
            return Ok(TokenKind::Mark(mark));
        }
        let place = start..start + first.len_utf8();
        Err(match first {
            '=' => self.error(place, "found `=`, expected `==`"),
            '&' => self.error(place, "found `&`, expected `&&`"),
            '|' => self.error(place, "found `|`, expected `||`"),
            '`' => self.error(place, "found a backtick, expected a name").with_hint("strings stand in \" or '"),
            '“' | '”' | '‘' | '’' | '„' | '«' | '»' => {
                self.error(place, format!("found `{first}`, expected a plain quotation mark, \" or '"))
            }
            _ => self.error(place, format!("found `{}`, which begins nothing", first.escape_debug())),
        })
    }

    /// A string or bytes, if one begins here.
    fn string(&mut self) -> Result<Option<TokenKind>, ExpressionError> {
        let rest = self.rest();
        // At most two letters stand in front of a quote.
        let Some(quote_at) = rest.bytes().take(3).position(|byte| matches!(byte, b'"' | b'\'')) else {
            return Ok(None);
        };
        let (is_raw, is_bytes) = match rest[..quote_at].to_ascii_lowercase().as_str() {
            "" => (false, false),
            "r" => (true, false),
            "b" => (false, true),
            "br" | "rb" => (true, true),
            _ => return Ok(None),
        };
        let start = self.at;
        let quoted = &rest[quote_at..];
        let quote = &quoted[..1];
        let triple = quote.repeat(3);
        let delimiter = if quoted.starts_with(&triple) { triple.as_str() } else { quote };
        let mut value = Vec::new();
        let mut at = self.at + quote_at + delimiter.len();
        loop {
            let rest = &self.text[at..];
            let Some(next) = rest.chars().next() else {
                return Err(self.error(start..start + quote_at + delimiter.len(), "the string has no closing quote"));
            };
            if rest.starts_with(delimiter) {
                self.at = at + delimiter.len();
                break;
            }
            if next == '\n' && delimiter.len() == 1 {
                return Err(self.error(start..start + quote_at + 1, "the string has no closing quote on its line"));
            }
            if next == '\\' && !is_raw {
                at += self.escape(at, is_bytes, &mut value)?;
            } else {
                value.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
                at += next.len_utf8();
            }
        }
        Ok(Some(match (is_bytes, String::from_utf8(value)) {
            (true, value) => TokenKind::Bytes(value.map_or_else(|error| error.into_bytes(), String::into_bytes)),
            // Only escapes in bytes make what is not UTF-8.
            (false, value) => TokenKind::String(value.unwrap_or_default()),
        }))
    }

    /// Appends what an escape sequence stands for, and returns its length.
    fn escape(&self, at: usize, is_bytes: bool, value: &mut Vec<u8>) -> Result<usize, ExpressionError> {
        let rest = &self.text[at + 1..];
        let wrong = |length: usize| {
            let mut ends = at + length + 1..self.text.len();
            let end = ends.find(|&end| self.text.is_char_boundary(end)).unwrap_or(self.text.len());
            let found = self.text[at + 1..end].escape_debug();
            self.error(at..end, format!("`\\{found}` is no escape sequence"))
                .with_hint("a backslash is written \\\\, or the string begins with r: r\"\\d+\"")
        };
        let digits = |count: usize, radix: u32, skip: usize| {
            let digits = rest.get(skip..skip + count).filter(|digits| digits.chars().all(|c| c.is_digit(radix)));
            digits.and_then(|digits| u32::from_str_radix(digits, radix).ok()).ok_or_else(|| wrong(1))
        };
        let (code, length) = match rest.chars().next().ok_or_else(|| wrong(1))? {
            'a' => (7, 2),
            'b' => (8, 2),
            'f' => (12, 2),
            'n' => (10, 2),
            'r' => (13, 2),
            't' => (9, 2),
            'v' => (11, 2),
            c @ ('\\' | '?' | '"' | '\'' | '`') => (u32::from(c), 2),
            'x' | 'X' => (digits(2, 16, 1)?, 4),
            'u' if !is_bytes => (digits(4, 16, 1)?, 6),
            'U' if !is_bytes => (digits(8, 16, 1)?, 10),
            '0'..='3' => (digits(3, 8, 0)?, 4),
            _ => return Err(wrong(1)),
        };
        match u8::try_from(code) {
            Ok(byte) if is_bytes => value.push(byte),
            _ => {
                let character = char::from_u32(code).ok_or_else(|| wrong(length - 1))?;
                value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Ok(length)
    }

    fn number(&mut self) -> Result<TokenKind, ExpressionError> {
        let rest = self.rest();
        let start = self.at;
        let digits_from = |at: usize| {
            let after = &rest[at..];
            at + after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())
        };
        let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
        let mut is_double = false;
        let mut end = if is_hex {
            let digits = &rest[2..];
            2 + digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len())
        } else {
            let mut end = digits_from(0);
            if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
                is_double = true;
                end = digits_from(end + 1);
            }
            let exponent = rest[end..].strip_prefix(['e', 'E']);
            let signed = exponent.map(|after| after.strip_prefix(['+', '-']).unwrap_or(after));
            if let Some(digits) = signed.filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) {
                is_double = true;
                end = digits_from(rest.len() - digits.len());
            }
            end
        };
        let digits = &rest[..end];
        let is_unsigned = !is_double && rest[end..].starts_with(['u', 'U']);
        end += usize::from(is_unsigned);
        let place = start..start + end;
        self.at += end;
        let glued: usize =
            self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
        if glued > 0 {
            let place = start..self.at + glued;
            let found = &self.text[place.clone()];
            return Err(self.error(place, format!("found `{found}`, which is neither a number nor a name")));
        }
        if is_double {
            let value: f64 = digits.parse().map_err(|_| self.error(place.clone(), "found no number"))?;
            return if value.is_finite() {
                Ok(TokenKind::Double(value))
            } else {
                Err(self.error(place, "the number is too large"))
            };
        }
        let value = if is_hex { u64::from_str_radix(&digits[2..], 16) } else { digits.parse() };
        match value {
            Ok(value) if is_unsigned => Ok(TokenKind::Uint(value)),
            // The least integer has no positive counterpart.
            Ok(value) if value <= 1 << 63 => Ok(TokenKind::Int(value)),
            Ok(_) => Err(self
                .error(place, "the number is too large for an int")
                .with_hint("unsigned numbers end with u: 18446744073709551615u")),
            Err(_) => Err(self.error(place, "the number is too large")),
        }
    }
}
