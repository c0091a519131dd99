//! Credentials that a regular expression can't say what they look like: functions that read what belongs to a marker.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use super::bounds::{begins_alone, is_word, run_end};
use super::placeholder::is_placeholder;

/// `Basic ` and base64 of a user's name, a colon and a password.
pub(super) fn basic(text: &[u8], marker: usize) -> Option<Range<usize>> {
    let start = marker + "Basic ".len();
    let end = run_end(text, start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    let characters = &text[start..end];
    let decoded = base64_simd::STANDARD_NO_PAD.decode_to_vec(characters).ok()?;
    let says_user = memchr(b':', &decoded).is_some()
        && std::str::from_utf8(&decoded).is_ok_and(|decoded| !decoded.contains(char::is_control));
    if !says_user || is_placeholder(&decoded) || !begins_alone(text, marker) {
        return None;
    }
    Some(start..end + text[end..].iter().take(2).take_while(|&&byte| byte == b'=').count())
}

/// `Bearer ` and a token, which may not be words.
pub(super) fn bearer(text: &[u8], marker: usize) -> Option<Range<usize>> {
    const LEAST_BYTES: usize = 12;
    let start = marker + "Bearer ".len();
    let is_separator = |byte: u8| matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    let end = run_end(text, start, |byte| byte.is_ascii_alphanumeric() || is_separator(byte));
    // The end of a sentence.
    let token = &text[start..end];
    let token = &token[..token.iter().rposition(|&byte| byte != b'.').map_or(0, |last| last + 1)];
    let is_words = token.split(|&byte| is_separator(byte)).all(|word| {
        word.iter()
            .enumerate()
            .all(|(place, byte)| byte.is_ascii_lowercase() || place == 0 && byte.is_ascii_uppercase())
    });
    if token.len() < LEAST_BYTES || is_words || !begins_alone(text, marker) {
        return None;
    }
    let end = start + token.len();
    Some(start..run_end(text, end, |byte| byte == b'='))
}

fn is_base64url(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

/// A header that begins with `eyJ` and names an `alg`, a payload and a signature; or, if the header has an `enc`, five
/// parts.
pub(super) fn jwt(text: &[u8], marker: usize) -> Option<Range<usize>> {
    if text[..marker].last().is_some_and(|&byte| is_base64url(byte)) {
        return None;
    }
    let header_end = run_end(text, marker, is_base64url);
    // Where the parts end, the header's first.
    let mut ends = [header_end; 5];
    let mut count = 1;
    while count < ends.len() && text.get(ends[count - 1]) == Some(&b'.') {
        ends[count] = run_end(text, ends[count - 1] + 1, is_base64url);
        count += 1;
    }
    let is_empty = |part: usize| ends[part] == ends[part - 1] + 1;
    if count < 3 || is_empty(2) {
        return None;
    }
    let header = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&text[marker..header_end]).ok()?;
    let names = |name: &[u8]| memmem::find(&header, name).is_some();
    if !names(b"\"alg\"") {
        None
    } else if !names(b"\"enc\"") {
        (!is_empty(1)).then_some(marker..ends[2])
    } else {
        // The second part, the key, may be empty.
        (count == 5 && !is_empty(4)).then_some(marker..ends[4])
    }
}

/// A block of PEM that is a private key, up to its end, or as far as there is text if that has been cut off.
pub(super) fn private_key(text: &[u8], marker: usize) -> Option<Range<usize>> {
    const DASHES: &[u8] = b"-----";
    // Labels are shorter; what is longer is none.
    const LABEL_BYTES: usize = 64;
    let label_end = |start: usize| {
        let label = &text[start..text.len().min(start + LABEL_BYTES)];
        memmem::find(label, DASHES).map(|length| start + length)
    };
    let label_start = marker + "-----BEGIN ".len();
    let label = &text[label_start..label_end(label_start)?];
    if !label.ends_with(b"PRIVATE KEY") && !label.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let body_start = label_start + label.len() + DASHES.len();
    // No body has dashes in it, so that reading goes no further than to where the next block begins.
    let body_end = memmem::find(&text[body_start..], DASHES).map(|length| body_start + length);
    if let Some(end) = body_end
        && text[end..].starts_with(b"-----END ")
    {
        let end = end + "-----END ".len();
        return Some(marker..label_end(end).map_or(end, |end| end + DASHES.len()));
    }
    // Line breaks may be escaped, once or more often.
    let is_break = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'n' | b'r');
    let first = run_end(text, body_start, is_break);
    let begins_key =
        run_end(text, first, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')) >= first + 16;
    begins_key.then(|| marker..body_end.unwrap_or(text.len()))
}

/// `:AA` and 33 characters behind the number of a bot.
pub(super) fn telegram(text: &[u8], marker: usize) -> Option<Range<usize>> {
    // More digits than any number has would be those of something else.
    let digits = text[..marker].iter().rev().take(13).take_while(|byte| byte.is_ascii_digit()).count();
    let start = marker - digits;
    let end = run_end(text, marker + 1, is_base64url);
    let is_token = (6..=12).contains(&digits) && end - marker == 36;
    (is_token && (begins_alone(text, start) || text[..start].ends_with(b"/bot"))).then_some(start..end)
}

/// `://` between a scheme and what has a password in front of a host.
pub(super) fn url_password(text: &[u8], marker: usize) -> Option<Range<usize>> {
    if !text[..marker].last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let start = marker + "://".len();
    let is_part = |byte: u8| !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`' | ..=b' ');
    let authority = &text[start..run_end(text, start, is_part)];
    // Browsers take the last `@`, for passwords with one in them.
    let user_info = &authority[..memrchr(b'@', authority)?];
    let password = memchr(b':', user_info)? + 1;
    (password < user_info.len()).then_some(start + password..start + user_info.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text in which brackets stand around what is to be found, or nothing.
    #[track_caller]
    fn check(read: fn(&[u8], usize) -> Option<Range<usize>>, marker: &str, marked: &str) {
        let text = marked.replace(['⟦', '⟧'], "");
        let expected =
            marked.split_once('⟦').map(|(before, rest)| before.len()..before.len() + rest.find('⟧').unwrap());
        assert_eq!(read(text.as_bytes(), text.find(marker).unwrap()), expected, "{marked}");
    }

    #[test]
    fn tokens_end_where_they_end() {
        for marked in [
            "Bearer ⟦abcdef123456⟧",
            "Bearer ⟦abcdef123456==⟧\"",
            "Bearer ⟦abcdef123456⟧. And",
            "Bearer Authentication/Of-words",
            "Bearer abcdef12345",
            "XBearer abcdef123456",
            "Bearer  abcdef123456",
            "Bearer ⟦aBcdefghijkl⟧",
            "Bearer ............",
        ] {
            check(bearer, "Bearer ", marked);
        }
        for marked in ["Basic ⟦YTpi⟧", "Basic ⟦YWI6⟧", "Basic ⟦YTpiYw==⟧=", "Basic YWJj", "Basic ", "xBasic YTpi"]
        {
            check(basic, "Basic ", marked);
        }
        for marked in [
            "://a:b@c",
            "x://",
            "x://a:⟦b⟧@c",
            "x://a:⟦b:c@d⟧@e/f@g",
            "x://a/b:c@d",
            "x://a:b c@d",
            "x://:⟦b⟧@",
            "x://a:@b",
        ] {
            check(url_password, "://", marked);
        }
    }

    #[test]
    fn private_keys_end_where_they_end() {
        for marked in [
            "a ⟦-----BEGIN PRIVATE KEY-----\nfake\n-----END PRIVATE KEY-----⟧ b",
            "⟦-----BEGIN PRIVATE KEY-----\\nMIIEvgIBADANBgkq\\n⟧",
            "⟦-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkq⟧-----BEGIN PRIVATE KEY-----",
            "⟦-----BEGIN PRIVATE KEY-----x-----END ⟧PRIVATE KEY",
            "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgk",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEYS-----x-----END PRIVATE KEYS-----",
        ] {
            check(private_key, "-----BEGIN ", marked);
        }
    }
}
