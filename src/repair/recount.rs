//! Text recordings that somebody has edited: [`Recounted`].

use std::ops::Range;

/// A text in the text format, with byte counts that are right.
///
/// Nobody counts bytes in an editor. A count that leads to the next one, or to the end, is taken as it is; else the entry
/// ends where the next line follows that is nothing but a number, which in prototext stands behind a name.
pub struct Recounted {
    /// The text.
    pub text: Vec<u8>,
    bodies: Vec<Range<usize>>,
    /// The line before the first of each body.
    lines: Vec<usize>,
    /// The entries, numbered from 1, whose counts were wrong.
    pub corrected: Vec<u64>,
}

impl Recounted {
    /// The text of a recording that was edited.
    pub fn new(found: &[u8]) -> Recounted {
        Recounted::cut(found, false)
    }

    /// What is left of the text of a recording that may be damaged: byte counts that are no numbers, or are not there, don't
    /// hide the entries behind them, as long as an entry begins with its kind, as Go writes it. A last entry that is
    /// shorter than its count says was cut, unless other counts were wrong, too; its text stays as it is.
    pub fn of_damaged(found: &[u8]) -> Recounted {
        Recounted::cut(found, true)
    }

    fn cut(found: &[u8], is_damaged: bool) -> Recounted {
        let mut ends = line_ends(found);
        let header = ends.by_ref().take(2).last().unwrap_or(0);
        let mut cut =
            Recounted { text: found[..header].to_vec(), bodies: Vec::new(), lines: Vec::new(), corrected: Vec::new() };
        let (mut at, mut line) = (header, 2);
        loop {
            let (counted, start) = match count(found, at) {
                Some((count, start)) => (Some(count), start),
                None => match begins_uncounted(found, at).filter(|_| is_damaged) {
                    Some(start) => (None, start),
                    None => break,
                },
            };
            let is_end = |end: usize| {
                let begins_next = || is_damaged && end > start && begins_uncounted(found, end).is_some();
                end == found.len() || count_follows(found, start, end) || begins_next()
            };
            let claimed = counted.and_then(|count| start.checked_add(count));
            // The end of a count that is wrong may be where the next entry begins, behind a count of its own.
            let is_counted = |end: usize| end == found.len() || count_follows(found, start, end);
            let end = claimed.filter(|&end| end <= found.len() && is_counted(end)).unwrap_or_else(|| {
                let next = line_ends(&found[start..]).map(|end| start + end);
                std::iter::once(start).chain(next).find(|&end| is_end(end)).unwrap_or(found.len())
            });
            let was_cut = end == found.len() && claimed.is_some_and(|claimed| claimed > end);
            if is_damaged && was_cut && (cut.corrected.is_empty() || !found.ends_with(b"\n")) {
                break;
            }
            cut.text.extend_from_slice(format!("{}\n", end - start).as_bytes());
            cut.bodies.push(cut.text.len()..cut.text.len() + end - start);
            line += usize::from(start > at);
            cut.lines.push(line);
            if counted != Some(end - start) {
                cut.corrected.push(cut.bodies.len() as u64);
            }
            cut.text.extend_from_slice(&found[start..end]);
            line += found[start..end].iter().filter(|&&byte| byte == b'\n').count();
            at = end;
        }
        cut.text.extend_from_slice(&found[at..]);
        cut
    }

    /// The texts of the entries.
    pub fn bodies(&self) -> impl Iterator<Item = &[u8]> {
        self.bodies.iter().map(|body| &self.text[body.clone()])
    }

    /// The text of an entry.
    pub fn body(&self, place: usize) -> Option<&[u8]> {
        self.bodies.get(place).map(|body| &self.text[body.clone()])
    }

    /// The line that an entry's byte count stands in, as errors say it.
    pub fn line_of(&self, place: usize) -> String {
        self.lines.get(place).map(|line| format!(" at line {line}")).unwrap_or_default()
    }
}

/// Where lines end, line feeds included.
fn line_ends(text: &[u8]) -> impl Iterator<Item = usize> {
    text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1)
}

/// The number that the line at a place is, and where the next line begins.
fn count(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let digits = text.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = at + digits;
    if digits == 0 || text.get(end).is_some_and(|&byte| byte != b'\n') {
        return None;
    }
    // A number beyond all files is as wrong as any.
    let number = std::str::from_utf8(&text[at..end]).ok()?.parse().unwrap_or(usize::MAX);
    Some((number, (end + 1).min(text.len())))
}

/// Where the text of an entry begins whose byte count is damaged or not there: at this line, if it begins as Go writes entries, or
/// at the next one, if this one is no prototext.
fn begins_uncounted(text: &[u8], at: usize) -> Option<usize> {
    let begins = |at: usize| text[at..].starts_with(b"kind:");
    if (at > 0 && text[at - 1] != b'\n') || at == text.len() {
        return None;
    }
    if begins(at) {
        return Some(at);
    }
    let next = at + line_ends(&text[at..]).next()?;
    let is_prototext = text[at..next].iter().any(|byte| matches!(byte, b':' | b'{' | b'}'));
    (begins(next) && !is_prototext).then_some(next)
}

/// Whether a body that begins at `start` may end here, because a count follows on a line of its own.
fn count_follows(text: &[u8], start: usize, end: usize) -> bool {
    (end == start || text[end - 1] == b'\n') && count(text, end).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_counts_are_corrected() {
        let cut = |text: &str| String::from_utf8(Recounted::new(text.as_bytes()).text).expect("UTF-8");
        let header = "RPCReTxt1\n\"\"\n";
        for (found, expected) in [
            ("", ""),
            ("3\na:1", "3\na:1"),
            ("3\na:1\n2\nb\n", "4\na:1\n2\nb\n"),
            ("9\na:1\n0\n9\nb\n", "4\na:1\n0\n2\nb\n"),
            ("99999999999999999999999\na\n", "2\na\n"),
            ("4\na:\n1\n2\nb\n", "3\na:\n0\n2\nb\n"),
            // A right count is taken though a number stands on a line of its own.
            ("5\na:\n1\n2\nb\n", "5\na:\n1\n2\nb\n"),
            ("0\n", "0\n"),
            ("7", "0\n"),
            ("a\n3\nb\n", "a\n3\nb\n"),
        ] {
            assert_eq!(cut(&format!("{header}{found}")), format!("{header}{expected}"), "{found:?}");
        }
        assert_eq!(cut("RPCReTxt1\n"), "RPCReTxt1\n");
        assert_eq!(cut(""), "");
    }

    #[test]
    fn damaged_counts_hide_nothing() {
        let header = "RPCReTxt1\n\"\"\n";
        for (found, expected, corrected) in [
            ("8\nkind: 1\nx8\nkind: 2\n8\nkind: 3\n", "8\nkind: 1\n8\nkind: 2\n8\nkind: 3\n", &[2][..]),
            ("8\nkind: 1\nkind: 2\n8\nkind: 3\n", "8\nkind: 1\n8\nkind: 2\n8\nkind: 3\n", &[2]),
            ("?\nkind: 1\nm: {\n}\n8\nkind: 2\n", "15\nkind: 1\nm: {\n}\n8\nkind: 2\n", &[1]),
            ("8\nkind: 1\n9\nkind: 2\n8\nkind: 3\n", "8\nkind: 1\n8\nkind: 2\n8\nkind: 3\n", &[2]),
            ("11\nkind: 1\n8\nkind: 2\n", "8\nkind: 1\n8\nkind: 2\n", &[1]),
            ("10\nkind: 1\n8\nkind: 2\n8\nkind: 3\n", "8\nkind: 1\n8\nkind: 2\n8\nkind: 3\n", &[1]),
            // An end that was cut off.
            ("8\nkind: 1\n8\nkind:", "8\nkind: 1\n8\nkind:", &[]),
            ("8\nkind: 1\n18\nkind: 2\n", "8\nkind: 1\n18\nkind: 2\n", &[]),
            ("9\nkind: 1\n18\nkind: 2\n", "8\nkind: 1\n8\nkind: 2\n", &[1, 2]),
            ("9\nkind: 1\n18\nkind: 2", "8\nkind: 1\n18\nkind: 2", &[1]),
            ("garbage\n8\nkind: 1\n", "garbage\n8\nkind: 1\n", &[]),
        ] {
            let recounted = Recounted::of_damaged(format!("{header}{found}").as_bytes());
            let text = String::from_utf8(recounted.text).expect("UTF-8");
            assert_eq!((text, &recounted.corrected[..]), (format!("{header}{expected}"), corrected), "{found:?}");
        }
    }
}
