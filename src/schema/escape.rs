//! Finds the bytes of a string that can't simply be copied, in text and in JSON alike.

/// What a sink does with a character that can't simply be copied.
pub(super) trait Escape {
    /// Appends the escape of an ASCII character, or of U+0080 to U+009F by its second byte in UTF-8.
    fn escape(out: &mut Vec<u8>, character: Special);
}

/// A character that can't simply be copied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Special {
    /// A control below U+0020, the quote, the backslash, or U+007F.
    Ascii(u8),
    /// A control from U+0080 to U+009F.
    Latin(u8),
}

/// The first byte of U+0080 to U+00BF in UTF-8, the lower half of which are control characters.
pub(super) const LATIN_LEAD: u8 = 0xc2;

/// Appends a string, or as much of its beginning as is valid UTF-8, and returns the rest.
///
/// Most strings are ASCII with nothing to escape: those are read once and copied at once.
#[inline]
pub(super) fn append_escaped<'v, E: Escape>(out: &mut Vec<u8>, value: &'v [u8]) -> &'v [u8] {
    // Controls, U+007F and what is not ASCII are all that is outside of blank to tilde.
    let plain = find(value, |byte| (byte.wrapping_sub(b' ') >= 0x5f) | (byte == b'"') | (byte == b'\\'));
    out.extend_from_slice(&value[..plain]);
    if plain == value.len() { &[] } else { append_special::<E>(out, &value[plain..]) }
}

fn append_special<'v, E: Escape>(out: &mut Vec<u8>, value: &'v [u8]) -> &'v [u8] {
    let valid = match simdutf8::basic::from_utf8(value) {
        Ok(_) => value.len(),
        Err(_) => simdutf8::compat::from_utf8(value).map_or_else(|error| error.valid_up_to(), str::len),
    };
    let (mut rest, invalid) = value.split_at(valid);
    loop {
        let plain = find(rest, |byte| needs_escape(byte) | (byte == LATIN_LEAD));
        out.extend_from_slice(&rest[..plain]);
        let used = match rest[plain..] {
            [] => return invalid,
            [LATIN_LEAD, second @ ..0xa0, ..] => {
                E::escape(out, Special::Latin(second));
                2
            }
            [LATIN_LEAD, second, ..] => {
                out.extend_from_slice(&[LATIN_LEAD, second]);
                2
            }
            [byte, ..] => {
                E::escape(out, Special::Ascii(byte));
                1
            }
        };
        rest = &rest[plain + used..];
    }
}

/// The offset of the first byte for which `is_sought` holds; the length if there is none.
///
/// Sixteen bytes at a time, in a form that the compiler turns into vector instructions. The last ones overlap those
/// before; strings that are shorter, as most names are, are two halves that overlap.
#[inline(always)]
pub(super) fn find(value: &[u8], is_sought: impl Fn(u8) -> bool) -> usize {
    let (blocks, rest) = value.as_chunks::<16>();
    let mut start = 0;
    for block in blocks {
        if holds(block, &is_sought) {
            return start + position(block, is_sought);
        }
        start += 16;
    }
    let is_clean = if rest.is_empty() {
        true
    } else if let Some(last) = value.last_chunk::<16>() {
        !holds(last, &is_sought)
    } else if let (Some(first), Some(last)) = (value.first_chunk::<8>(), value.last_chunk::<8>()) {
        !holds(first, &is_sought) & !holds(last, &is_sought)
    } else if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
        !holds(first, &is_sought) & !holds(last, &is_sought)
    } else {
        false
    };
    if is_clean { value.len() } else { start + position(rest, is_sought) }
}

#[inline(always)]
fn holds<const N: usize>(block: &[u8; N], is_sought: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(false, |found, &byte| found | is_sought(byte))
}

#[inline(always)]
fn position(bytes: &[u8], is_sought: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| is_sought(byte)).unwrap_or(bytes.len())
}

#[inline(always)]
fn needs_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte == 0x7f)
}

/// Two digits in lower case.
pub(super) const fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Marks;

    impl Escape for Marks {
        fn escape(out: &mut Vec<u8>, character: Special) {
            match character {
                Special::Ascii(byte) => out.extend_from_slice(format!("<{byte:x}>").as_bytes()),
                Special::Latin(second) => out.extend_from_slice(format!("<u{second:x}>").as_bytes()),
            }
        }
    }

    fn escaped(value: &[u8]) -> (String, &[u8]) {
        let mut out = Vec::new();
        let rest = append_escaped::<Marks>(&mut out, value);
        (String::from_utf8(out).expect("only valid UTF-8 is copied"), rest)
    }

    #[test]
    fn what_needs_an_escape_is_found_at_every_offset() {
        for length in 0..50 {
            let clean = "a".repeat(length);
            assert_eq!(escaped(clean.as_bytes()), (clean.clone(), &b""[..]));
            for at in 0..=length {
                for (special, mark) in [
                    ("\0", "<0>"),
                    ("\u{1f}", "<1f>"),
                    ("\"", "<22>"),
                    ("\\", "<5c>"),
                    ("\u{7f}", "<7f>"),
                    ("\u{80}", "<u80>"),
                    ("\u{9f}", "<u9f>"),
                    ("\u{a0}", "\u{a0}"),
                    ("é", "é"),
                    ("日本", "日本"),
                ] {
                    let with = |middle: &str| format!("{}{middle}{}{middle}", &clean[..at], &clean[at..]);
                    assert_eq!(escaped(with(special).as_bytes()), (with(mark), &b""[..]));
                }
            }
        }
    }

    #[test]
    fn what_is_not_utf8_is_left() {
        assert_eq!(escaped(b"a\n\xffrest"), ("a<a>".to_owned(), &b"\xffrest"[..]));
        assert_eq!(escaped(b"\xc2"), (String::new(), &b"\xc2"[..]));
        assert_eq!(escaped("ü\u{85}".as_bytes()), ("ü<u85>".to_owned(), &b""[..]));
    }
}
