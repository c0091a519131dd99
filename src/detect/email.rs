//! E-mail addresses: [`email`].

use std::ops::Range;

use super::bounds::is_word;

/// The e-mail address whose `@` stands at a place.
///
/// A local part may have what people have in theirs: letters, digits, `.`, `_`, `%`, `+` and `-`, and what is not
/// ASCII. A domain ends in a label of letters. The user of a URL is none, even if it looks so together with the host.
pub(super) fn email(text: &[u8], at: usize) -> Option<Range<usize>> {
    // Source: RFC 5321, section 4.5.3.1.
    const LOCAL_BYTES: usize = 64;
    const DOMAIN_BYTES: usize = 255;
    let before = &text[..at];
    let local = before.iter().rev().take(LOCAL_BYTES + 1).take_while(|&&byte| is_of_local_part(byte)).count();
    // Among bytes that are no text, what stands in front may be no character.
    let local = before[at - local..].utf8_chunks().last().map_or(0, |last| match last.invalid() {
        [] => last.valid().len(),
        _ => 0,
    });
    if local > LOCAL_BYTES || before.ends_with(b".") {
        return None;
    }
    // A dot, or a sign that something else has in front of it, as in `--to=-x@example.com`.
    let start =
        at - local + text[at - local..at].iter().take_while(|byte| matches!(byte, b'.' | b'-' | b'+' | b'%')).count();
    let domain = &text[at + 1..text.len().min(at + 1 + DOMAIN_BYTES)];
    let domain = &domain[..domain.iter().position(|&byte| !is_of_domain(byte)).unwrap_or(domain.len())];
    let domain = domain.utf8_chunks().next().map_or(&b""[..], |first| first.valid().as_bytes());
    let end = at + 1 + domain_end(domain)?;
    (start < at && !is_user_of_url(text, start)).then_some(start..end)
}

fn is_of_local_part(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'%' | b'+' | b'-') || !byte.is_ascii()
}

fn is_of_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') || !byte.is_ascii()
}

/// Where in characters of a domain the domain ends: behind its last label of letters. A sentence may go on behind it.
fn domain_end(characters: &[u8]) -> Option<usize> {
    // Endings of files, none of which is a domain's; the others are told from domains by nothing.
    const FILES: [&[u8]; 12] =
        [b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"js", b"css", b"html", b"json", b"xml", b"yaml"];
    let mut end = characters.len();
    while let Some(dot) = characters[..end].iter().rposition(|&byte| byte == b'.') {
        let label = &characters[dot + 1..end];
        let letters = label.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        // Scripts without spaces, behind the domain.
        let is_whole = label.get(letters).is_none_or(|byte| !byte.is_ascii());
        if letters >= 2 && is_whole {
            let is_file = FILES.iter().any(|file| file.eq_ignore_ascii_case(&label[..letters]));
            let is_domain = characters[..dot].split(|&byte| byte == b'.').all(|label| !label.is_empty());
            return (is_domain && !is_file && !characters.starts_with(b"-")).then_some(dot + 1 + letters);
        }
        end = dot;
    }
    None
}

/// Whether what begins at a place stands between the `//` of a URL and its host.
fn is_user_of_url(text: &[u8], start: usize) -> bool {
    let before = &text[..start];
    let is_of_user = |byte: u8| byte > b' ' && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'@' | b'<' | b'>');
    let user = before.iter().rev().take_while(|&&byte| is_of_user(byte)).count();
    before[..before.len() - user].ends_with(b"://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_characters_are_no_part_of_it() {
        let find = |text: &[u8]| {
            let at = text.iter().position(|&byte| byte == b'@').expect("a sign");
            email(text, at).map(|range| text[range].to_vec())
        };
        assert_eq!(find(b"\x12\x9e@\xd3Sr.bm\x00"), None);
        assert_eq!(find(b"\x9ejane@example.com\xd3.bm"), Some(b"jane@example.com".to_vec()));
        assert_eq!(find(b"\x9e@example.com"), None);
    }

    #[test]
    fn addresses_end_where_they_end() {
        let long = "x".repeat(65);
        for (text, expected) in [
            ("Jane <jane.doe@example.com>, and", Some("jane.doe@example.com")),
            ("mailto:jane@example.com?subject=x", Some("jane@example.com")),
            ("write to jane@example.com.", Some("jane@example.com")),
            ("jane@example.com.Next", Some("jane@example.com.Next")),
            ("jane@example.com. Next", Some("jane@example.com")),
            ("..jane@example.com", Some("jane@example.com")),
            ("jörg@example.com", Some("jörg@example.com")),
            ("--jane@example.com", Some("jane@example.com")),
            ("jane@example.com谢谢", Some("jane@example.com")),
            ("jane@example.com-", None),
            ("jane.@example.com", None),
            ("jane@.example.com", None),
            ("jane@-example.com", None),
            ("jane@example..com", None),
            ("jane@localhost", None),
            ("jane@10.1.2.3", None),
            ("@", None),
            ("a@", None),
            ("-@example.com", None),
            ("background@2x.png", None),
            ("https://jane:secret@example.com", None),
            ("https://jane@example.com", None),
            ("https://example.com/?to=jane@example.com", Some("jane@example.com")),
            (&format!("{long}@example.com"), None),
            (&format!("{}@example.com", &long[1..]), Some(&*format!("{}@example.com", &long[1..]))),
        ] {
            let found = email(text.as_bytes(), text.find('@').unwrap());
            assert_eq!(found.map(|range| &text[range]), expected, "{text}");
        }
    }
}
