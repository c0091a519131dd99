//! Strings in Go's quotes, in which nothing is left that a terminal would obey or hide.

use super::escape::hex;
use super::prototext::read_string;

/// Appends bytes in quotes as Go's `%q` writes a string.
///
/// Printable characters stand as they are. Everything else is escaped: controls, also those beyond ASCII, blanks other
/// than the space, what changes the direction of text or has no width, and bytes that are not UTF-8.
///
/// Source: Go's `strconv.Quote`.
pub fn quote_go(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    escape_unprintable(out, value, true);
    out.push(b'"');
}

/// The bytes that a string in Go's quotes stands for; `None` for what is none.
///
/// It undoes [`quote_go`].
pub fn unquote_go(text: &str) -> Option<Vec<u8>> {
    if !text.starts_with('"') {
        return None;
    }
    let (value, end) = read_string(text.as_bytes(), 0).ok()?;
    (end == text.len()).then_some(value)
}

/// Appends bytes without quotes, with the escapes of [`quote_go`] for what is not printable.
///
/// Quotes and backslashes stand as they are, so the result can't always be turned back: it is for names and messages
/// that people read.
pub fn escape_go(out: &mut Vec<u8>, value: &[u8]) {
    escape_unprintable(out, value, false);
}

fn escape_unprintable(out: &mut Vec<u8>, value: &[u8], quotes: bool) {
    let mut rest = value;
    loop {
        let plain = plain_length(rest, quotes);
        out.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        match rest.first() {
            None => return,
            Some(first) if first.is_ascii() => {
                escape(out, char::from(*first));
                rest = &rest[1..];
            }
            Some(_) => {
                let length = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
                escape_beyond_ascii(out, &rest[..length]);
                rest = &rest[length..];
            }
        }
    }
}

/// How many bytes at the start are ASCII that stands as it is. Most text is nothing else, so it is looked at in blocks.
fn plain_length(text: &[u8], quotes: bool) -> usize {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') & !(quotes & matches!(byte, b'"' | b'\\'));
    let (blocks, _) = text.as_chunks::<16>();
    let plain =
        16 * blocks.iter().take_while(|block| block.iter().fold(true, |all, &byte| all & is_plain(byte))).count();
    plain + text[plain..].iter().take_while(|&&byte| is_plain(byte)).count()
}

fn escape_beyond_ascii(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_printable(character) {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                escape(out, character);
            }
        }
        for &byte in chunk.invalid() {
            out.extend_from_slice(b"\\x");
            out.extend_from_slice(&hex(byte));
        }
    }
}

fn escape(out: &mut Vec<u8>, character: char) {
    let letter = match character {
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        '"' | '\\' => character as u8,
        '\0'..='\x7f' => {
            out.extend_from_slice(b"\\x");
            out.extend_from_slice(&hex(character as u8));
            return;
        }
        _ => {
            let number = u32::from(character);
            let escaped = if number <= 0xffff { format!("\\u{number:04x}") } else { format!("\\U{number:08x}") };
            out.extend_from_slice(escaped.as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Whether a character is a letter, mark, number, punctuation, symbol or the ASCII space, and nothing else.
///
/// Source: Go's `unicode.IsPrint`. The table is that of the standard library's `escape_debug`, which leaves out the
/// same categories; behind another character it does not escape combining marks either.
pub fn is_printable(character: char) -> bool {
    match character {
        '\0'..='\x7f' => matches!(character, ' '..='~'),
        // Blocks of scripts in which everything is printable, since the table takes its time.
        'À'..='ɏ' | 'А'..='я' | 'ぁ'..='ゖ' | '゛'..='ヿ' | '一'..='鿿' | '가'..='힣' => true,
        _ => is_printable_in_table(character),
    }
}

fn is_printable_in_table(character: char) -> bool {
    let mut pair = [b'a'; 5];
    let length = 1 + character.encode_utf8(&mut pair[1..]).len();
    let pair = std::str::from_utf8(&pair[..length]).expect("two characters were just encoded");
    pair.escape_debug().eq(pair.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_block_is_printable() {
        for character in ('\u{80}'..=char::MAX).filter(|&character| is_printable(character)) {
            assert!(is_printable_in_table(character), "{character:?}");
        }
    }

    #[test]
    fn quotes_as_go_does() {
        #[rustfmt::skip]
        let cases: &[(&[u8], &str)] = &[
            (b"", r#""""#),
            (b"plain text", r#""plain text""#),
            (b"\x07\x08\x0c\n\r\t\x0b\\\"'", r#""\a\b\f\n\r\t\v\\\"'""#),
            (b"\0\x1b[31m\x7f", r#""\x00\x1b[31m\x7f""#),
            (b"\xff\xc3\xa9\xc3", "\"\\xffé\\xc3\""),
            ("\u{85}\u{9b}31m".as_bytes(), r#""\u0085\u009b31m""#),
            ("nbsp\u{a0}, soft\u{ad}hyphen".as_bytes(), r#""nbsp\u00a0, soft\u00adhyphen""#),
            ("\u{202e}\u{2066}\u{61c}\u{200b}\u{2028}\u{feff}".as_bytes(), r#""\u202e\u2066\u061c\u200b\u2028\ufeff""#),
            ("e\u{301} 日本語 😀".as_bytes(), "\"e\u{301} 日本語 😀\""),
            ("\u{301}".as_bytes(), "\"\u{301}\""),
            ("\u{fffd}\u{e000}\u{10ffff}".as_bytes(), "\"\u{fffd}\\ue000\\U0010ffff\""),
        ];
        for (value, expected) in cases {
            let mut out = Vec::new();
            quote_go(&mut out, value);
            assert_eq!(String::from_utf8_lossy(&out), *expected);
            assert_eq!(unquote_go(expected).as_deref(), Some(*value));
        }
        for text in ["", "a", "33", "\"a", "\"a\"b", "\"\\\""] {
            assert_eq!(unquote_go(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_without_quotes() {
        let mut out = Vec::new();
        escape_go(&mut out, b"/pkg.\"S\\ervice\"/\x1b]0;title\x07\xff");
        assert_eq!(String::from_utf8_lossy(&out), r#"/pkg."S\ervice"/\x1b]0;title\a\xff"#);
    }
}
