//! Parts of a text that are written in another way, base64 or URL-encoded: [`encoded_parts`].
//!
//! What stands in them is the caller's to look at, and may be encoded again.

use std::fmt;
use std::ops::Range;

/// How many bytes a part decodes to at least: fewer are no secret.
pub const LEAST_BYTES: usize = 8;

/// How many characters of base64 those are.
const LEAST_CHARACTERS: usize = 11;

/// How long the lines are that base64 is wrapped in: those of PEM and those of MIME.
const WIDTHS: [usize; 2] = [64, 76];

/// A part of a text that is written in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Where it stands in the text, its padding included.
    pub range: Range<usize>,
    /// What it says.
    pub decoded: Vec<u8>,
    /// How it is written.
    pub encoding: Encoding,
    spelling: Spelling,
}

/// A way in which bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Base64, in either alphabet.
    Base64,
    /// Percent-encoded.
    Url,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Base64 => "base64",
            Encoding::Url => "URL-encoded",
        })
    }
}

/// What an encoding leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Spelling {
    Base64 {
        alphabet: Alphabet,
        is_padded: bool,
        lines: Option<Lines>,
    },
    /// Which of the decoded bytes are written as `%XX`.
    Url {
        escaped: Vec<usize>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Standard,
    UrlSafe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lines {
    width: usize,
    line_break: &'static [u8],
}

/// Calls `on` for every part of the text that decodes to at least [`LEAST_BYTES`], in no particular order.
///
/// Parts may overlap, for a text can often be read in several ways. In base64, a part is a run of the characters of one
/// of the two alphabets that is what an encoder would have written, with padding or without, or what stands between two
/// slashes of such a run, as in the path of a URL; lines of 64 or 76 characters are one run. A run of nothing but small
/// letters, `/`, `-` and `_` is taken for words. What is URL-encoded is the longest run of a URL's characters with a
/// `%XX` in it; a `+` is a `+`.
///
/// Every byte is decoded at most four times.
pub fn encoded_parts(text: &[u8], mut on: impl FnMut(Encoded)) {
    let mut at = 0;
    while let Some(run) = next_run(text, at) {
        at = base64_parts(text, run, &mut on);
    }
    let mut at = 0;
    while let Some(distance) = memchr::memchr(b'%', &text[at..]) {
        let run = around(text, at, at + distance, is_of_url);
        at = run.end;
        if let Some(part) = url_part(text, run) {
            on(part);
        }
    }
}

/// How often something may be encoded in something that is encoded: a token in base64 that is URL-encoded.
pub(crate) const ENCODED_DEPTH: usize = 2;

/// Calls `on` for a text, and for what is written in it in base64 or URL-encoded, also in what is; with the way in which the outermost of
/// that is written.
pub fn readings(text: &[u8], mut on: impl FnMut(&[u8], Option<Encoding>)) {
    fn within(text: &[u8], encoding: Option<Encoding>, depth: usize, on: &mut impl FnMut(&[u8], Option<Encoding>)) {
        on(text, encoding);
        if depth < ENCODED_DEPTH {
            encoded_parts(text, |part| within(&part.decoded, encoding.or(Some(part.encoding)), depth + 1, on));
        }
    }
    within(text, None, 0, &mut on);
}

/// Those of the [`encoded_parts`] of a text that contain a place, in the time that looking at them takes.
///
/// Nothing if the place is not in the text.
pub fn encoded_at(text: &[u8], at: usize) -> Vec<Encoded> {
    let mut parts = Vec::new();
    let Some(&byte) = text.get(at) else { return parts };
    let mut on = |part: Encoded| {
        if part.range.contains(&at) {
            parts.push(part);
        }
    };
    // Padding belongs to what stands in front of it.
    let before_padding = text[..=at].iter().rev().take(3).take_while(|&&byte| byte == b'=').count();
    let inside = (at + 1 - before_padding).saturating_sub(1);
    if is_of_base64(text[inside]) {
        let mut start = first_line(text, around(text, 0, inside, is_of_base64).start);
        while let Some(run) = next_run(text, start)
            && run.start <= inside
        {
            start = base64_parts(text, run, &mut on);
        }
    }
    if is_of_url(byte)
        && let Some(part) = url_part(text, around(text, 0, at, is_of_url))
    {
        on(part);
    }
    parts
}

impl Encoded {
    /// What stands for the part in the text if ranges of the decoded bytes become other bytes.
    ///
    /// Without edits this is the part as it is in the text. Base64 keeps its alphabet, its lines and whether it is
    /// padded; what is URL-encoded keeps the spelling of all that is not replaced.
    ///
    /// # Panics
    ///
    /// If the ranges are not those of decoded bytes, sorted and apart, or the text is not the one that the part was
    /// found in.
    pub fn replace(&self, text: &[u8], edits: &[(Range<usize>, Vec<u8>)]) -> Vec<u8> {
        match &self.spelling {
            Spelling::Base64 { alphabet, is_padded, lines } => {
                let decoded = edited(&self.decoded, edits);
                let encoded = alphabet.encode(&decoded, *is_padded);
                match lines {
                    Some(Lines { width, line_break }) => encoded.chunks(*width).collect::<Vec<_>>().join(*line_break),
                    None => encoded,
                }
            }
            Spelling::Url { escaped } => {
                let in_text = |decoded: usize| decoded + 2 * escaped.partition_point(|&escape| escape < decoded);
                let edits = edits.iter().map(|(range, bytes)| {
                    let range = in_text(range.start)..in_text(range.end);
                    (range, percent_encoded(bytes))
                });
                edited(&text[self.range.clone()], &edits.collect::<Vec<_>>())
            }
        }
    }
}

/// Bytes in which ranges have become other bytes.
fn edited(bytes: &[u8], edits: &[(Range<usize>, Vec<u8>)]) -> Vec<u8> {
    let mut result = Vec::with_capacity(bytes.len());
    let mut kept = 0;
    for (range, replacement) in edits {
        result.extend_from_slice(&bytes[kept..range.start]);
        result.extend_from_slice(replacement);
        kept = range.end;
    }
    result.extend_from_slice(&bytes[kept..]);
    result
}

impl Alphabet {
    fn decode(self, characters: &[u8]) -> Option<Vec<u8>> {
        match self {
            Alphabet::Standard => base64_simd::STANDARD_NO_PAD.decode_to_vec(characters).ok(),
            Alphabet::UrlSafe => base64_simd::URL_SAFE_NO_PAD.decode_to_vec(characters).ok(),
        }
    }

    fn encode(self, bytes: &[u8], is_padded: bool) -> Vec<u8> {
        let engine = match (self, is_padded) {
            (Alphabet::Standard, true) => base64_simd::STANDARD,
            (Alphabet::Standard, false) => base64_simd::STANDARD_NO_PAD,
            (Alphabet::UrlSafe, true) => base64_simd::URL_SAFE,
            (Alphabet::UrlSafe, false) => base64_simd::URL_SAFE_NO_PAD,
        };
        engine.encode_type(bytes)
    }
}

/// `a-z`, of which words are.
const SMALL: u8 = 1;
const CAPITAL_OR_DIGIT: u8 = 2;
const PLUS: u8 = 4;
const SLASH: u8 = 8;
/// `-` and `_`.
const DASH: u8 = 16;
/// What else a URL may have.
const PUNCTUATION: u8 = 32;

/// By byte: what it is.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => SMALL,
            b'0'..=b'9' | b'A'..=b'Z' => CAPITAL_OR_DIGIT,
            b'+' => PLUS,
            b'/' => SLASH,
            b'-' | b'_' => DASH,
            // Source: RFC 3986, sections 2.1 to 2.3.
            b'.' | b'~' | b':' | b'?' | b'#' | b'[' | b']' | b'@' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' => {
                PUNCTUATION
            }
            b'*' | b',' | b';' | b'=' | b'%' => PUNCTUATION,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

/// All that there is in characters.
fn classes(characters: &[u8]) -> u8 {
    characters.iter().fold(0, |classes, &byte| classes | class(byte))
}

fn is_of_base64(byte: u8) -> bool {
    class(byte) & !PUNCTUATION != 0
}

fn is_of_url(byte: u8) -> bool {
    class(byte) != 0
}

/// The run of such bytes around a place, which does not begin before `least`.
fn around(text: &[u8], least: usize, at: usize, is_part: fn(u8) -> bool) -> Range<usize> {
    let start = text[least..at].iter().rposition(|&byte| !is_part(byte)).map_or(least, |last| least + last + 1);
    let end = text[at..].iter().position(|&byte| !is_part(byte)).map_or(text.len(), |length| at + length);
    start..end
}

/// The next run of characters of either alphabet that is long enough. None begins in front of `at` and ends behind it.
///
/// A run that is long enough has a byte that is so far on; so most bytes of an ordinary text are not looked at.
fn next_run(text: &[u8], mut at: usize) -> Option<Range<usize>> {
    loop {
        let far = at + LEAST_CHARACTERS - 1;
        if !is_of_base64(*text.get(far)?) {
            at = far + 1;
            continue;
        }
        match text[at..far].iter().rposition(|&byte| !is_of_base64(byte)) {
            Some(last) => at += last + 1,
            None => return Some(around(text, at, far, is_of_base64)),
        }
    }
}

/// Reports what is base64 in a run of characters of either alphabet. Returns how far the text has been read.
fn base64_parts(text: &[u8], run: Range<usize>, on: &mut impl FnMut(Encoded)) -> usize {
    let in_run = classes(&text[run.clone()]);
    if in_run & DASH == 0
        && let Some(part) = lines(text, run.clone())
    {
        let end = part.range.end;
        on(part);
        return end;
    }
    if is_words(in_run) {
        return run.end;
    }
    let mut report = |range: Range<usize>| {
        if let Some(part) = base64_part(text, range, &run) {
            on(part);
        }
    };
    if in_run & (PLUS | SLASH | DASH) == 0 {
        report(run.clone());
        return run.end;
    }
    for standard in split(text, run.clone(), DASH) {
        report(standard.clone());
        // Without a `/` there is one piece, which has been reported.
        for piece in split(text, standard.clone(), SLASH).filter(|piece| *piece != standard) {
            // Those that are a run of the other alphabet, too, are reported below.
            let is_beside = |at: Option<usize>| at.is_some_and(|at| run.contains(&at) && class(text[at]) == DASH);
            let is_run = !is_beside(piece.start.checked_sub(1)) && !is_beside(Some(piece.end));
            if !is_run || classes(&text[piece.clone()]) & PLUS != 0 {
                report(piece);
            }
        }
    }
    split(text, run.clone(), PLUS | SLASH).for_each(report);
    run.end
}

/// The ranges between bytes of a class that are long enough.
fn split(text: &[u8], range: Range<usize>, separators: u8) -> impl Iterator<Item = Range<usize>> {
    let mut start = range.start;
    let pieces = text[range].split(move |&byte| class(byte) & separators != 0).map(move |piece| {
        let range = start..start + piece.len();
        start = range.end + 1;
        range
    });
    pieces.filter(|piece| piece.len() >= LEAST_CHARACTERS)
}

/// A part of a run of characters, if that is base64.
fn base64_part(text: &[u8], range: Range<usize>, run: &Range<usize>) -> Option<Encoded> {
    let characters = &text[range.clone()];
    let padding = padding(characters)?;
    let classes = classes(characters);
    if is_words(classes) {
        return None;
    }
    let is_whole = range == *run;
    // A `/` that replacing made would be one more separator of what is not all of a run.
    let is_standard = classes & (PLUS | SLASH) != 0 || is_whole && classes & DASH == 0;
    let alphabet = if is_standard { Alphabet::Standard } else { Alphabet::UrlSafe };
    let decoded = alphabet.decode(characters)?;
    let is_padded = match padding {
        "" => is_whole && is_standard,
        padding => text[range.end..].starts_with(padding.as_bytes()),
    };
    let range = range.start..if is_padded { range.end + padding.len() } else { range.end };
    let spelling = Spelling::Base64 { alphabet, is_padded, lines: None };
    Some(Encoded { range, decoded, encoding: Encoding::Base64, spelling })
}

/// The padding that belongs behind characters; nothing if they are not what an encoder writes, for the bits that the
/// last one has to spare are not zero.
fn padding(characters: &[u8]) -> Option<&'static str> {
    let last = *characters.last()?;
    match characters.len() % 4 {
        0 => Some(""),
        2 => b"AQgw".contains(&last).then_some("=="),
        3 => b"AEIMQUYcgkosw048".contains(&last).then_some("="),
        _ => None,
    }
}

/// Whether characters are words and paths. Of base64 that is long enough, one run in ten thousand looks so, and of
/// base64 that holds a secret of 16 bytes, one in a hundred million.
fn is_words(classes: u8) -> bool {
    classes & (CAPITAL_OR_DIGIT | PLUS) == 0
}

fn line_break(text: &[u8]) -> Option<&'static [u8]> {
    [&b"\n"[..], b"\r\n"].into_iter().find(|line_break| text.starts_with(line_break))
}

/// Base64 in several lines, of which the run is the first.
fn lines(text: &[u8], run: Range<usize>) -> Option<Encoded> {
    let width = WIDTHS.into_iter().find(|width| run.len() == *width)?;
    let line_break = line_break(&text[run.end..])?;
    let mut characters = text[run.clone()].to_vec();
    let mut end = run.end;
    // The last one may be shorter.
    let mut is_full = true;
    while is_full && text[end..].starts_with(line_break) {
        let start = end + line_break.len();
        let near = &text[start..text.len().min(start + width + 1)];
        let line = &near[..near.iter().take_while(|&&byte| is_of_base64(byte)).count()];
        is_full = line.len() == width;
        // Full lines are whole groups, so that the last line alone says whether it can be one.
        if line.len() > width || classes(line) & DASH != 0 || padding(line).is_none() {
            break;
        }
        characters.extend_from_slice(line);
        end = start + line.len();
    }
    if end == run.end {
        return None;
    }
    let decoded = Alphabet::Standard.decode(&characters)?;
    let padding = padding(&characters)?;
    let is_padded = text[end..].starts_with(padding.as_bytes());
    let range = run.start..if is_padded { end + padding.len() } else { end };
    let lines = Some(Lines { width, line_break });
    let spelling = Spelling::Base64 { alphabet: Alphabet::Standard, is_padded, lines };
    Some(Encoded { range, decoded, encoding: Encoding::Base64, spelling })
}

/// Where the first of the lines begins that may be one part with the run that begins at a place.
fn first_line(text: &[u8], mut start: usize) -> usize {
    loop {
        let before = &text[..start];
        let Some(before) = before.strip_suffix(b"\r\n").or(before.strip_suffix(b"\n")) else { return start };
        // One more character than the longest line has tells that this is none.
        let near = before.iter().rev().take(WIDTHS[1] + 1);
        let length = near.take_while(|&&byte| is_of_base64(byte)).count();
        let line = before.len() - length;
        if !WIDTHS.contains(&length) || classes(&before[line..]) & DASH != 0 {
            return start;
        }
        start = line;
    }
}

/// A run of a URL's characters, if some of them are `%XX`.
fn url_part(text: &[u8], run: Range<usize>) -> Option<Encoded> {
    let characters = &text[run.clone()];
    let mut decoded = Vec::with_capacity(characters.len());
    let mut escaped = Vec::new();
    let mut at = 0;
    while let Some(distance) = memchr::memchr(b'%', &characters[at..]) {
        decoded.extend_from_slice(&characters[at..at + distance]);
        at += distance;
        let digit = |place: usize| characters.get(place).and_then(|&digit| char::from(digit).to_digit(16));
        if let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) {
            escaped.push(decoded.len());
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(b'%');
            at += 1;
        }
    }
    decoded.extend_from_slice(&characters[at..]);
    if escaped.is_empty() || decoded.len() < LEAST_BYTES {
        return None;
    }
    Some(Encoded { range: run, decoded, encoding: Encoding::Url, spelling: Spelling::Url { escaped } })
}

/// Bytes of which all but the unreserved characters of RFC 3986 are written as `%XX`.
fn percent_encoded(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(byte);
        } else {
            encoded.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> Vec<Encoded> {
        let mut parts = Vec::new();
        encoded_parts(text.as_bytes(), |part| parts.push(part));
        parts
    }

    #[test]
    fn parts_are_found_where_they_stand() {
        let long = "The quick brown fox jumps over the lazy dog, and then it jumps back over it.";
        let mime = base64_simd::STANDARD.encode_to_string(long);
        let wrapped = |width: usize, line_break: &str| {
            let lines: Vec<_> = mime.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            lines.join(line_break)
        };
        let (unix, windows) = (wrapped(76, "\n"), wrapped(64, "\r\n"));
        for (before, encoded, behind, decoded) in [
            ("", "SGVsbG8sIHdvcmxkIQ==", "", "Hello, world!"),
            ("", "SGVsbG8sIHdvcmxkIQ", "", "Hello, world!"),
            ("key=", "SGVsbG8sIHdvcmxk", "=x", "Hello, world"),
            ("\"", "SGVsbG8sIHdvcmxkISE=", "\"", "Hello, world!!"),
            ("projects/x/tokens/", "SGVsbG8sIHdvcmxk", "", "Hello, world"),
            ("a-b/", "SGVsbG8sIHdvcmxk", "/c_d", "Hello, world"),
            ("a/b-", "SGVsbG8sIHdvcmxk", "/c", "Hello, world"),
            ("tokens/", "aGk+aGk+aGk+", "/x", "hi>hi>hi>"),
            ("", "aGk-aGk_aGk-", "", "hi>hi?hi>"),
            ("", "aGk/aGk+aGk+", "", "hi?hi>hi>"),
            ("----\n", &unix, "\n----", long),
            ("----\r\n", &windows, "\r\n----", long),
            ("see ", "https://h/%3Fq=a%20b+c", " there", "https://h/?q=a b+c"),
            ("", "100%25,100%,100%2", "", "100%,100%,100%2"),
        ] {
            let text = format!("{before}{encoded}{behind}");
            let range = before.len()..before.len() + encoded.len();
            let is_it = |part: &&Encoded| part.decoded == decoded.as_bytes() && part.range == range;
            let found = parts(&text);
            assert_eq!(found.iter().filter(is_it).count(), 1, "{text}: {found:?}");
            for at in range.clone().filter(|&at| !matches!(text.as_bytes()[at], b'\r' | b'\n')) {
                assert_eq!(encoded_at(text.as_bytes(), at).iter().filter(is_it).count(), 1, "{text}: {at}");
            }
        }
    }

    #[test]
    fn what_is_not_encoded_has_no_parts() {
        for text in [
            "",
            "projects/my-project/secrets/some_secret",
            // 1 more than groups of 4, bits to spare that are not zero, too short.
            "SGVsbG8sIHdvc",
            "SGVsbG8sIHdvcmxkIR==",
            "SGVsbG8sIH",
            "SGVsbG8sI HdvcmxkIQ",
            "100% of all, 50%x of some, %",
            "%41%42%43",
        ] {
            assert_eq!(parts(text), [], "{text}");
            assert_eq!(
                (0..=text.len()).flat_map(|at| encoded_at(text.as_bytes(), at)).collect::<Vec<_>>(),
                [],
                "{text}"
            );
        }
    }

    #[test]
    fn replacing_keeps_the_spelling() {
        let long = base64_simd::STANDARD.encode_to_string("Hello, world! ".repeat(10));
        let lines = |width: usize, line_break: &str, text: &str| {
            let lines: Vec<_> = text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            lines.join(line_break)
        };
        let longer = base64_simd::STANDARD.encode_to_string(format!("Hello, ?>{}", &"Hello, world! ".repeat(10)[12..]));
        for (text, range, replacement, expected) in [
            ("SGVsbG8sIHdvcmxkIQ==", 7..12, "?>", "SGVsbG8sID8+IQ=="),
            ("SGVsbG8sIHdvcmxkIQ", 7..12, "?>", "SGVsbG8sID8+IQ"),
            ("SGVsbG8sIHdvcmxk", 7..12, "?>", "SGVsbG8sID8+"),
            ("SGVsbG8sIHdvcmxk", 7..12, "x", "SGVsbG8sIHg="),
            ("aGk-aGk_aGk-", 0..2, "ho?", "aG8_PmhpP2hpPg"),
            ("https://h/%3fq=a%20b+c%2", 14..16, " /b", "https://h/%3fq=%20%2Fb%20b+c%2"),
            (&lines(76, "\n", &long), 7..12, "?>", &lines(76, "\n", &longer)),
            (&lines(64, "\r\n", &long), 7..12, "?>", &lines(64, "\r\n", &longer)),
        ] {
            let part = parts(text).into_iter().find(|part| part.range == (0..text.len())).expect(text);
            // The URL is counted from its own beginning.
            let range = if part.encoding == Encoding::Url { 13..14 } else { range };
            let replaced = part.replace(text.as_bytes(), &[(range, replacement.as_bytes().to_vec())]);
            assert_eq!(String::from_utf8(replaced).unwrap(), expected);
        }
        // A `/` in what stands between slashes would be one more.
        let text = b"tokens/SGVsbG8sIHdvcmxk/1";
        let part = encoded_at(text, 10).into_iter().find(|part| part.range.start == 7).unwrap();
        assert_eq!(part.replace(text, &[(0..12, b"???".to_vec())]), b"Pz8_");
        assert_eq!(part.replace(text, &[(0..12, b"?".to_vec())]), b"Pw");
    }

    #[test]
    fn bytes_are_decoded_a_few_times_at_most() {
        let lines = format!("{}\n", "Ab0/".repeat(16));
        for text in ["A0/", "A0-", "A0+/-_", "A0/-", "%41", "%", "Ab0/Ab0/A0-", &lines, &"x7".repeat(38)] {
            let text = text.repeat(1 + 100_000 / text.len());
            let mut decoded = 0;
            encoded_parts(text.as_bytes(), |part| decoded += part.decoded.len());
            assert!(decoded <= 4 * text.len(), "{} bytes of {}", decoded, text.len());
        }
    }

    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let pieces = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            "[A-Za-z0-9+/_=%-]{0,30}".prop_map(String::into_bytes),
            "(%[0-9A-Fa-f]{2}|[a-z:/%]){0,12}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..160).prop_map(|bytes| base64_simd::STANDARD.encode_type(bytes)),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| base64_simd::URL_SAFE_NO_PAD.encode_type(bytes)),
            (prop::collection::vec(any::<u8>(), 48..200), any::<bool>()).prop_map(|(bytes, is_mime)| {
                let encoded: Vec<u8> = base64_simd::STANDARD.encode_type(bytes);
                encoded.chunks(if is_mime { 76 } else { 64 }).collect::<Vec<_>>().join(&b"\n"[..])
            }),
        ];
        prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
    }

    /// What the characters of a part say.
    fn read(part: &Encoded, characters: &[u8]) -> Vec<u8> {
        match &part.spelling {
            Spelling::Base64 { alphabet, .. } => {
                let characters: Vec<u8> =
                    characters.iter().copied().filter(|byte| !matches!(byte, b'=' | b'\r' | b'\n')).collect();
                alphabet.decode(&characters).expect("base64")
            }
            Spelling::Url { .. } => {
                url_part(characters, 0..characters.len()).map_or(characters.to_vec(), |part| part.decoded)
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_replaced_reads_back(
            text in texts(),
            places in prop::collection::vec((0usize..200, 0usize..20), 0..4),
            new in "[ -~é]{0,30}",
        ) {
            let mut all = Vec::new();
            encoded_parts(&text, |part| all.push(part));
            for part in &all {
                prop_assert!(part.decoded.len() >= LEAST_BYTES && part.range.end <= text.len());
                prop_assert_eq!(&part.replace(&text, &[]), &text[part.range.clone()]);
                prop_assert!(encoded_at(&text, part.range.start).contains(part));
                prop_assert!(encoded_at(&text, part.range.end - 1).contains(part));
                let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
                for (skipped, length) in &places {
                    let least = edits.last().map_or(0, |(range, _)| range.end);
                    let start = (least + skipped).min(part.decoded.len());
                    edits.push((start..(start + length).min(part.decoded.len()), new.clone().into_bytes()));
                }
                let expected = edited(&part.decoded, &edits);
                if part.encoding == Encoding::Base64 || expected.len() >= LEAST_BYTES && !part.decoded.contains(&b'%') {
                    prop_assert_eq!(read(part, &part.replace(&text, &edits)), expected);
                }
            }
        }
    }
}
