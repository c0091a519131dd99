//! [`Texts`]: what detectors find in texts, and copies of redacted values, plain, in base64, and URL-encoded.

use std::ops::Range;

use super::change::Cause;
use super::values::{Replacements, Values};
use super::{Rules, Unfit};
use crate::detect::{Encoded, Encoding, Found, encoded_parts};

/// How many times a text is taken apart: each time what is encoded in it is replaced, which may stand in something that is encoded
/// otherwise.
const ROUNDS: usize = 8;

/// Looks into texts; keeps its memory from one to the next.
#[derive(Debug)]
pub(super) struct Texts<'r> {
    rules: &'r Rules,
    found: Vec<Found>,
}

/// A part of a text that is replaced.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    range: Range<usize>,
    pub(super) rule: u16,
    pub(super) cause: Cause,
    pub(super) encoding: Option<Encoding>,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

impl<'r> Texts<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Texts { rules, found: Vec::new() }
    }

    /// Adds what the detectors of these rules find in a text.
    pub(super) fn learn(&mut self, text: &[u8], detecting: &[u16], values: &mut Values) {
        let mut learn = |text: &[u8]| {
            self.detect(text, detecting, |range, rule, _| {
                let of_rule = &self.rules.rules[usize::from(rule)];
                if of_rule.propagate && !self.rules.is_pseudonym(&text[range.clone()]) {
                    values.add(&text[range], rule);
                }
            });
        };
        learn(text);
        encoded_parts(text, |part| learn(&part.decoded));
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
        if detecting.is_empty() && !replacements.may_be_in(text) {
            return Ok(None);
        }
        let mut new: Option<Vec<u8>> = None;
        for _ in 0..ROUNDS {
            let current = new.as_deref().unwrap_or(text);
            let Some(next) = self.replace_encoded(current, detecting, replacements, pieces)? else { break };
            new = Some(next);
        }
        let current = new.as_deref().unwrap_or(text);
        let found = self.pieces(current, anywhere, detecting, replacements)?;
        if found.is_empty() {
            return Ok(new);
        }
        let next = spliced(current, found.iter().map(|piece| (piece.range.clone(), piece.new.as_slice())));
        pieces.extend(found);
        Ok(Some(next))
    }

    fn replace_encoded(
        &mut self,
        text: &[u8],
        detecting: &[u16],
        replacements: &Replacements,
        pieces: &mut Vec<Piece>,
    ) -> Result<Option<Vec<u8>>, (u16, Unfit)> {
        let mut parts: Vec<(Encoded, Vec<Piece>)> = Vec::new();
        let mut result = Ok(());
        encoded_parts(text, |part| match self.pieces(&part.decoded, false, detecting, replacements) {
            Ok(found) if found.is_empty() => {}
            Ok(found) => parts.push((part, found)),
            Err(unfit) => result = Err(unfit),
        });
        result?;
        // Of those that overlap, what is URL-encoded first: what is base64 in it comes in the next round.
        parts.sort_by_key(|(part, _)| {
            (part.encoding == Encoding::Base64, part.range.start, usize::MAX - part.range.end)
        });
        let mut chosen: Vec<(Encoded, Vec<Piece>)> = Vec::new();
        for (part, found) in parts {
            let overlaps =
                |(other, _): &(Encoded, _)| part.range.start < other.range.end && other.range.start < part.range.end;
            if !chosen.iter().any(overlaps) {
                chosen.push((part, found));
            }
        }
        if chosen.is_empty() {
            return Ok(None);
        }
        chosen.sort_by_key(|(part, _)| part.range.start);
        let replaced: Vec<(Range<usize>, Vec<u8>)> = chosen
            .iter()
            .map(|(part, found)| {
                let edits: Vec<_> = found.iter().map(|piece| (piece.range.clone(), piece.new.clone())).collect();
                (part.range.clone(), part.replace(text, &edits))
            })
            .collect();
        let new = spliced(text, replaced.iter().map(|(range, new)| (range.clone(), new.as_slice())));
        for (part, found) in chosen {
            pieces.extend(found.into_iter().map(|piece| Piece { encoding: Some(part.encoding), ..piece }));
        }
        Ok(Some(new))
    }

    /// What is replaced in a plain text, from left to right.
    fn pieces(
        &mut self,
        text: &[u8],
        anywhere: bool,
        detecting: &[u16],
        replacements: &Replacements,
    ) -> Result<Vec<Piece>, (u16, Unfit)> {
        let mut pieces = Vec::new();
        let mut put = |range: Range<usize>, rule, cause, new: Vec<u8>| {
            let old = text[range.clone()].to_vec();
            if new != old {
                pieces.push(Piece { range, rule, cause, encoding: None, old, new });
            }
        };
        let mut result = Ok(());
        let rules = self.rules;
        self.detect(text, detecting, |range, rule, detector| {
            let secret = &text[range.clone()];
            if replacements.is_made(secret) {
                return;
            }
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
        pieces.sort_by_key(|piece| (piece.range.start, usize::MAX - piece.range.end));
        // What reaches into another one goes with it, so that nothing of it is left.
        let mut disjoint: Vec<Piece> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match disjoint.last_mut() {
                Some(last) if piece.range.start < last.range.end => {
                    if piece.range.end > last.range.end {
                        last.old.extend_from_slice(&text[last.range.end..piece.range.end]);
                        last.range.end = piece.range.end;
                        last.new.extend_from_slice(&piece.new);
                    }
                }
                _ => disjoint.push(piece),
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
        self.rules.detectors.find(text, &mut self.found);
        for Found { detector, range } in &self.found {
            let asking = self.rules.asked[*detector].iter().find(|rule| detecting.contains(rule));
            if let Some(&rule) = asking
                && !self.rules.rules[usize::from(rule)].allows(&text[range.clone()])
            {
                on(range.clone(), rule, *detector);
            }
        }
    }
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
