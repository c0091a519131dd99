//! The names that texts are made of: [`names`], and [`Names`] that were renamed.

use rustc_hash::FxHashMap;

use super::encode::{hash_of, put_length, put_scalar};
use crate::schema::Scalar;

/// A name shorter than this says nothing without the one in front of it: `8` is anything, `cryptoKeyVersions/8` is not.
const TELLING_BYTES: usize = 6;

/// A name in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'t> {
    /// The name, with the one in front of it and what stands between them if it is short.
    pub told: &'t [u8],
    /// The name, with the one in front of it and what stands between them, if there is one.
    pub with_before: &'t [u8],
    /// What stands between the end of the name before, or the text's beginning, and the name.
    pub between: &'t [u8],
    /// The name alone.
    pub name: &'t [u8],
}

impl Name<'_> {
    /// The hash that the name is known by.
    pub fn hash(&self) -> u64 {
        hash_of(self.told)
    }
}

/// The names in a text: what stands between its delimiters, such as the segments of a resource name.
///
/// A name is a run of letters, digits, `_` and `-`.
pub(crate) fn names(text: &[u8]) -> impl Iterator<Item = Name<'_>> {
    // Where the last name began and ended.
    let (mut last, mut at) = (None, 0);
    std::iter::from_fn(move || {
        let start = at + text[at..].iter().position(|&byte| is_of_name(byte))?;
        let end = text[start..].iter().position(|&byte| !is_of_name(byte)).map_or(text.len(), |length| start + length);
        let (between, name) = (&text[at..start], &text[start..end]);
        let with_before = &text[last.unwrap_or(start)..end];
        let told = if name.len() < TELLING_BYTES { with_before } else { name };
        (last, at) = (Some(start), end);
        Some(Name { told, with_before, between, name })
    })
}

/// What stands behind the last name of a text.
pub(super) fn after_names(text: &[u8]) -> &[u8] {
    &text[text.iter().rposition(|&byte| is_of_name(byte)).map_or(0, |last| last + 1)..]
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii()
}

/// The names in which two texts differ, if they differ in nothing else.
pub(crate) fn renamed<'t>(old: &'t [u8], new: &'t [u8]) -> Option<Vec<(Name<'t>, Name<'t>)>> {
    let (mut olds, mut news) = (names(old), names(new));
    let mut differing = Vec::new();
    loop {
        match (olds.next(), news.next()) {
            (Some(old), Some(new)) if old.between != new.between => return None,
            (Some(old), Some(new)) if old.name != new.name => differing.push((old, new)),
            (Some(_), Some(_)) => {}
            (None, None) => return (after_names(old) == after_names(new)).then_some(differing),
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}

/// Names of one of two recordings, and what stands for them in both.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    /// These, by their hashes: 0 for a name that stands for any.
    Of(FxHashMap<u64, u64>),
    /// All names stand for any.
    Any,
}

impl Names {
    /// Appends a text with what stands for its names.
    pub(super) fn write(&self, text: &[u8], out: &mut Vec<u8>) {
        if !names(text).any(|name| self.substitute(&name).is_some()) {
            return put_scalar(out, Scalar::String(text));
        }
        let mut put = |mark: u8, bytes: &[u8]| {
            out.push(mark);
            put_length(out, bytes.len());
            out.extend_from_slice(bytes);
        };
        for name in names(text) {
            put(b'd', name.between);
            match self.substitute(&name) {
                Some(substitute) => put(b'r', &substitute.to_le_bytes()),
                None => put(b'n', name.name),
            }
        }
        put(b'z', after_names(text));
    }

    /// What stands for a name, if something does.
    fn substitute(&self, name: &Name<'_>) -> Option<u64> {
        match self {
            Names::Of(names) => names.get(&name.hash()).copied(),
            Names::Any => Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_names() {
        let found = |text: &'static str| {
            names(text.as_bytes()).map(|name| String::from_utf8_lossy(name.told).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("projects/go-cloud/databases/(default)"), ["projects", "go-cloud", "databases", "default"]);
        assert_eq!(found("cryptoKeyVersions/8"), ["cryptoKeyVersions", "cryptoKeyVersions/8"]);
        assert_eq!(found("Größe|pat"), ["Größe", "Größe|pat"]);
        assert!(found(" //").is_empty());
    }

    #[test]
    fn texts_differ_in_names() {
        let found = |old: &'static str, new: &'static str| {
            let pairs = renamed(old.as_bytes(), new.as_bytes())?;
            Some(pairs.iter().map(|(a, b)| format!("{}={}", a.name.escape_ascii(), b.name.escape_ascii())).collect())
        };
        let pairs = |expected: &[&str]| Some(expected.iter().map(|pair| (*pair).to_owned()).collect::<Vec<_>>());
        assert_eq!(found("a/b/c!", "a/x/c!"), pairs(&["b=x"]));
        assert_eq!(found("a/b", "a/b"), pairs(&[]));
        assert_eq!(found("a/b", "a.b"), None);
        assert_eq!(found("a/b", "a/b/c"), None);
        assert_eq!(found("a/b!", "a/b?"), None);
    }
}
