//! Strings in Go's quotes, as the text format holds the initial state.

/// Why a line is not a quoted string when a file's line ends were changed.
pub(crate) const CARRIAGE_RETURN: &str = "it ends with a carriage return";

/// Reads a quoted string: in `"…"`, `` `…` ``, or one character in `'…'`.
///
/// A byte that is not part of valid UTF-8 becomes U+FFFD. On error says what is wrong.
///
/// Source: Go's `strconv.Unquote`.
pub(super) fn unquote(line: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (&quote, rest) = line.split_first().ok_or("there is nothing")?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return Err("it does not begin with a quote");
    }
    if rest.ends_with(b"\r") {
        return Err(CARRIAGE_RETURN);
    }
    let text = rest.strip_suffix(&[quote]).ok_or("it does not end with the quote it begins with")?;
    if quote == b'`' {
        return match memchr::memchr(b'`', text) {
            Some(_) => Err("there is a back quote inside"),
            None => Ok(text.iter().copied().filter(|&byte| byte != b'\r').collect()),
        };
    }
    let mut unquoted = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut characters = 0;
    while let Some(&byte) = rest.first() {
        rest = match byte {
            b'\\' => unescape(&rest[1..], quote, &mut unquoted)?,
            _ if byte == quote => return Err("the quote inside is not escaped"),
            _ if byte < 0x80 => {
                unquoted.push(byte);
                &rest[1..]
            }
            _ => character(rest, &mut unquoted),
        };
        characters += 1;
        if quote == b'\'' && characters > 1 {
            return Err("single quotes hold one character");
        }
    }
    Ok(unquoted)
}

/// Reads what follows a backslash, and returns what follows that.
fn unescape<'a>(rest: &'a [u8], quote: u8, out: &mut Vec<u8>) -> Result<&'a [u8], &'static str> {
    let (&letter, rest) = rest.split_first().ok_or("it ends with a backslash")?;
    let byte = match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'"' | b'\'' if letter == quote => letter,
        b'x' => {
            let (number, rest) = digits(rest, 2, 16)?;
            out.push(number as u8);
            return Ok(rest);
        }
        b'u' | b'U' => {
            let (number, rest) = digits(rest, if letter == b'u' { 4 } else { 8 }, 16)?;
            let character = char::from_u32(number).ok_or("an escape names no character")?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(rest);
        }
        b'0'..=b'7' => {
            let (number, rest) = digits(rest, 2, 8)?;
            let number = u32::from(letter - b'0') * 64 + number;
            out.push(u8::try_from(number).map_err(|_| "an octal escape is larger than a byte")?);
            return Ok(rest);
        }
        _ => return Err("there is an unknown escape"),
    };
    out.push(byte);
    Ok(rest)
}

fn digits(text: &[u8], count: usize, radix: u32) -> Result<(u32, &[u8]), &'static str> {
    const TOO_FEW: &str = "an escape has too few digits";
    let (digits, rest) = text.split_at_checked(count).ok_or(TOO_FEW)?;
    let number = digits.iter().try_fold(0, |number: u32, &digit| {
        Some(number.wrapping_mul(radix).wrapping_add(char::from(digit).to_digit(radix)?))
    });
    Ok((number.ok_or(TOO_FEW)?, rest))
}

/// Copies a character of more than one byte, or U+FFFD for a byte that begins none, and returns what follows it.
fn character<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let length = (2..=4).find(|&length| {
        text.get(..length).is_some_and(|bytes| std::str::from_utf8(bytes).is_ok_and(|text| text.chars().count() == 1))
    });
    match length {
        Some(length) => {
            out.extend_from_slice(&text[..length]);
            &text[length..]
        }
        None => {
            out.extend_from_slice("\u{fffd}".as_bytes());
            &text[1..]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn takes_what_go_takes() {
        #[rustfmt::skip]
        let cases: &[(&[u8], &[u8])] = &[
            (b"\"\"", b""),
            (b"''", b""),
            (b"``", b""),
            (b"\"a b\"", b"a b"),
            (br#""\a\b\f\n\r\t\v\\\"""#, b"\x07\x08\x0c\n\r\t\x0b\\\""),
            (br#""\x41\xff\101\377""#, b"\x41\xff\x41\xff"),
            (br#""\u00fc\U0001F600""#, "ü😀".as_bytes()),
            (b"\"raw \xc3\xbc tab\t\"", b"raw \xc3\xbc tab\t"),
            (b"\"\xff \xc3\"", "\u{fffd} \u{fffd}".as_bytes()),
            (b"\"\xed\xa0\x80\"", "\u{fffd}\u{fffd}\u{fffd}".as_bytes()),
            (b"\"it's\"", b"it's"),
            (b"`a\\n\"\rb`", b"a\\n\"b"),
            ("'ü'".as_bytes(), "ü".as_bytes()),
            (br"'\''", b"'"),
            (b"'\"'", b"\""),
        ];
        for (line, expected) in cases {
            assert_eq!(unquote(line).as_deref(), Ok(*expected), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        #[rustfmt::skip]
        let cases: &[(&[u8], &str)] = &[
            (b"", "there is nothing"),
            (b"abc", "it does not begin with a quote"),
            (b" \"a\"", "it does not begin with a quote"),
            (b"\"", "it does not end with the quote it begins with"),
            (b"\"a\" ", "it does not end with the quote it begins with"),
            (b"\"a\"\r", "it ends with a carriage return"),
            (b"\"a\"b\"", "the quote inside is not escaped"),
            (b"\"\\\"", "it ends with a backslash"),
            (br#""\q""#, "there is an unknown escape"),
            (br#""\'""#, "there is an unknown escape"),
            (br#"'\"'"#, "there is an unknown escape"),
            (br#""\x4""#, "an escape has too few digits"),
            (br#""\x+4""#, "an escape has too few digits"),
            (br#""\12""#, "an escape has too few digits"),
            (br#""\400""#, "an octal escape is larger than a byte"),
            (br#""\ud800""#, "an escape names no character"),
            (br#""\U00110000""#, "an escape names no character"),
            (b"'ab'", "single quotes hold one character"),
            (b"`a`b`", "there is a back quote inside"),
        ];
        for (line, expected) in cases {
            assert_eq!(unquote(line), Err(*expected), "{}", line.escape_ascii());
        }
    }
}
