//! [`Texts`]: what detectors find in texts, and copies of redacted values, plain, in base64, and URL-encoded.

use std::ops::Range;

use super::change::Cause;
use super::values::{Replacements, Values};
use super::{PROPAGATED_CHARACTERS, Rules, Unfit};
use crate::detect::{ENCODED_DEPTH, Encoded, Encoding, Found, encoded_at, encoded_parts, readings};

/// How many times a text is looked into: of parts that overlap one is replaced each time.
const ROUNDS: usize = 8;

/// Looks into texts; keeps its memory from one to the next.
#[derive(Debug)]
pub(super) struct Texts<'r> {
    rules: &'r Rules,
    found: Vec<Found>,
}

/// A value in a text that is replaced.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) rule: u16,
    pub(super) cause: Cause,
    pub(super) encoding: Option<Encoding>,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

/// A part of a text that becomes another one, because of these values in it.
#[derive(Debug)]
struct Edit {
    range: Range<usize>,
    new: Vec<u8>,
    pieces: Vec<Piece>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
struct Seeking<'a> {
    /// The rules whose detectors look.
    detecting: &'a [u16],
    /// The values of which copies are looked for.
    replacements: &'a Replacements,
    /// Whether copies need no delimiters around them.
    anywhere: bool,
}

impl<'a> Seeking<'a> {
    /// What is looked for in a part that was encoded.
    fn within(&self, decoded: &[u8]) -> Seeking<'a> {
        Seeking { anywhere: !is_text(decoded) || self.replacements.are_sought_anywhere(), ..*self }
    }
}

impl<'r> Texts<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Texts { rules, found: Vec::new() }
    }

    /// Adds what the detectors of these rules find in a text, and says whether they find something.
    pub(super) fn learn(&mut self, text: &[u8], detecting: &[u16], values: &mut Values) -> bool {
        let rules = self.rules;
        let mut is_found = false;
        readings(text, |text, _| {
            self.detect(text, detecting, |range, rule, _| {
                is_found = true;
                if rules.rules[usize::from(rule)].propagate && !rules.is_pseudonym(&text[range.clone()]) {
                    values.add(&text[range], rule);
                }
            });
        });
        is_found
    }

    /// A text without what detectors of these rules find in it, and without copies of redacted values; nothing if it stays as it is. The
    /// pieces that are replaced are appended. `anywhere` is for bytes that are no text, in which there are no delimiters.
    pub(super) fn replace(
        &mut self,
        text: &[u8],
        anywhere: bool,
        detecting: &[u16],
        replacements: &Replacements,
        pieces: &mut Vec<Piece>,
    ) -> Result<Option<Vec<u8>>, (u16, Unfit)> {
        let seeking = Seeking { detecting, replacements, anywhere };
        let mut new: Option<Vec<u8>> = None;
        for _ in 0..ROUNDS {
            let current = new.as_deref().unwrap_or(text);
            let edits = self.edits(current, &seeking, 0)?;
            if edits.is_empty() {
                break;
            }
            let next = spliced(current, edits.iter().map(|edit| (edit.range.clone(), edit.new.as_slice())));
            pieces.extend(edits.into_iter().flat_map(|edit| edit.pieces));
            new = Some(next);
        }
        Ok(new)
    }

    /// What is replaced in a text, from left to right: in plain, and in parts of it that are encoded.
    fn edits(&mut self, text: &[u8], seeking: &Seeking<'_>, depth: usize) -> Result<Vec<Edit>, (u16, Unfit)> {
        let looks = !seeking.detecting.is_empty();
        let may_be_plain = looks || seeking.replacements.may_be_in(text);
        let mut edits = if may_be_plain { self.plain(text, seeking)? } else { Vec::new() };
        if depth == ENCODED_DEPTH {
            return Ok(edits);
        }
        let mut encoded = Vec::new();
        let mut result = Ok(());
        let mut look_into = |part: Encoded| match self.edits(&part.decoded, &seeking.within(&part.decoded), depth + 1) {
            Ok(found) if found.is_empty() => {}
            Ok(found) => encoded.push((part, found)),
            Err(unfit) => result = Err(unfit),
        };
        if may_be_plain {
            encoded_parts(text, look_into);
        } else {
            // Values that are URL-encoded may look like anything.
            let mut behind = 0;
            for at in escapes(text).filter(|_| !seeking.replacements.is_empty()) {
                if at >= behind {
                    for part in encoded_at(text, at).into_iter().filter(|part| part.encoding == Encoding::Url) {
                        behind = behind.max(part.range.end);
                        look_into(part);
                    }
                }
            }
        }
        result?;
        if encoded.is_empty() {
            return Ok(edits);
        }
        // Of those that overlap, what is URL-encoded first: the others come in another round, if something is left in them.
        encoded.sort_by_key(|(part, _)| {
            (part.encoding == Encoding::Base64, part.range.start, usize::MAX - part.range.end)
        });
        let mut chosen: Vec<Edit> = Vec::new();
        let mut ends = (0, 0);
        let urls = encoded.partition_point(|(part, _)| part.encoding == Encoding::Url);
        for (part, found) in encoded {
            // Each kind comes sorted by where it begins.
            let (behind, of_urls) = match part.encoding {
                Encoding::Url => (&mut ends.0, &[][..]),
                Encoding::Base64 => (&mut ends.1, &chosen[..urls.min(chosen.len())]),
            };
            let before = of_urls.partition_point(|other: &Edit| other.range.end <= part.range.start);
            let is_taken = of_urls.get(before).is_some_and(|other| other.range.start < part.range.end);
            if part.range.start >= *behind && !is_taken {
                *behind = part.range.end;
                let parts: Vec<_> = found.iter().map(|edit| (edit.range.clone(), edit.new.clone())).collect();
                let new = part.replace(text, &parts);
                let pieces = found.into_iter().flat_map(|edit| edit.pieces);
                let pieces = pieces.map(|piece| Piece { encoding: Some(part.encoding), ..piece }).collect();
                chosen.push(Edit { range: part.range, new, pieces });
            }
        }
        chosen.sort_by_key(|edit| edit.range.start);
        edits.retain(|edit| {
            let before = chosen.partition_point(|other| other.range.end <= edit.range.start);
            chosen.get(before).is_none_or(|other| other.range.start >= edit.range.end)
        });
        edits.extend(chosen);
        edits.sort_by_key(|edit| edit.range.start);
        Ok(edits)
    }

    /// What is replaced in a plain text, from left to right.
    fn plain(&mut self, text: &[u8], seeking: &Seeking<'_>) -> Result<Vec<Edit>, (u16, Unfit)> {
        let Seeking { detecting, replacements, anywhere } = *seeking;
        let mut edits: Vec<Edit> = Vec::new();
        let mut put = |range: Range<usize>, rule, cause, new: Vec<u8>| {
            let old = text[range.clone()].to_vec();
            if new != old {
                let piece = Piece { rule, cause, encoding: None, old, new: new.clone() };
                edits.push(Edit { range, new, pieces: vec![piece] });
            }
        };
        let mut result = Ok(());
        let rules = self.rules;
        self.detect(text, detecting, |range, rule, detector| {
            let secret = &text[range.clone()];
            let new = match replacements.of(secret) {
                Some(replacement) => Ok(replacement.new.to_vec()),
                None => rules.rules[usize::from(rule)].action.of_text(secret, rules.key.as_ref()),
            };
            match new {
                Ok(new) => put(range, rule, Cause::Detected(detector), new),
                Err(unfit) => result = Err((rule, unfit)),
            }
        });
        result?;
        if !replacements.is_empty() {
            replacements.find(text, anywhere, |range, replacement| {
                put(range, replacement.rule, Cause::Copied, replacement.new.to_vec());
            });
        }
        edits.sort_by_key(|edit| (edit.range.start, usize::MAX - edit.range.end));
        // What reaches into another one goes with it, so that nothing of it is left.
        let mut disjoint: Vec<Edit> = Vec::with_capacity(edits.len());
        for edit in edits {
            match disjoint.last_mut() {
                Some(last) if edit.range.start < last.range.end => {
                    if edit.range.end > last.range.end {
                        last.range.end = edit.range.end;
                        last.new.extend_from_slice(&edit.new);
                        last.pieces.extend(edit.pieces);
                    }
                }
                _ => disjoint.push(edit),
            }
        }
        Ok(disjoint)
    }

    /// Calls `on` for every secret that detectors of these rules find in a plain text, with the first rule that asks for the detector.
    fn detect(&mut self, text: &[u8], detecting: &[u16], mut on: impl FnMut(Range<usize>, u16, usize)) {
        if detecting.is_empty() {
            return;
        }
        self.found.clear();
        let rules = self.rules;
        let asking = |detector: usize, secret: &[u8]| {
            let mut asking = rules.asked[detector].iter().filter(|rule| detecting.contains(rule));
            asking.find(|rule| !rules.rules[usize::from(**rule)].allows(secret)).copied()
        };
        rules.detectors.find_wanted(text, &mut self.found, |detector, secret| asking(detector, secret).is_some());
        for Found { detector, range } in &self.found {
            if let Some(rule) = asking(*detector, &text[range.clone()]) {
                on(range.clone(), rule, *detector);
            }
        }
    }
}

/// Whether bytes are a text, and not a message or the like with texts in it: bytes beside these may look like letters.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |character: char| !character.is_control() || character.is_whitespace();
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain))
}

/// Whether a copy of a value may stand in a text, in whatever way it is written.
#[inline]
pub(super) fn may_hold(replacements: &Replacements, text: &[u8]) -> bool {
    !replacements.is_empty() && (replacements.may_be_in(text) || escapes(text).next().is_some())
}

/// Where characters stand in a text as `%` and two digits, among others that may stand in a URL: as many as a value has that is looked
/// for. In bytes that are no text such a thing stands by chance, and hardly ever among others.
fn escapes(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_hexdigit);
    let is_of_url = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%#[]".contains(byte);
    let is_among_others = move |at: usize| {
        let before = text[..at].iter().rev().take(PROPAGATED_CHARACTERS).take_while(is_of_url).count();
        let behind = text[at + 3..].iter().take(PROPAGATED_CHARACTERS).take_while(is_of_url).count();
        before + 1 + behind >= PROPAGATED_CHARACTERS
    };
    memchr::memchr_iter(b'%', text)
        .filter(move |&at| is_digit(at + 1) && is_digit(at + 2))
        .filter(move |&at| is_among_others(at))
}

/// A text in which ranges, from left to right, are replaced.
fn spliced<'a>(text: &[u8], edits: impl Iterator<Item = (Range<usize>, &'a [u8])>) -> Vec<u8> {
    let (mut new, mut at) = (Vec::with_capacity(text.len()), 0);
    for (range, with) in edits {
        new.extend_from_slice(&text[at..range.start]);
        new.extend_from_slice(with);
        at = range.end;
    }
    new.extend_from_slice(&text[at..]);
    new
}
