//! The search for what begins with a few characters of its own: [`Markers`].

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::Found;
use super::bounds::{begins_alone, stands_alone};
use super::known::{Form, Known, Read};

/// How many bytes from a marker on a pattern may look at: more than any token has that patterns are for. A limit keeps
/// the time that a text takes in proportion to its length, whatever patterns repeat.
pub(super) const PATTERN_BYTES: usize = 4096;

/// How many markers there may be: each has a bit.
const MOST: usize = 64;

/// All detectors that have markers, in one pass over a text.
///
/// A marker is looked for by its first three bytes, with a table for each of them that says which markers have a byte
/// there. That is half as fast as the vector instructions of `aho-corasick` over long texts, and three times as fast
/// over a name of 40 bytes, such as most texts in messages are.
#[derive(Debug)]
pub(super) struct Markers {
    /// By place in a marker and byte: which markers have it there.
    tables: Box<[[u64; 256]; 3]>,
    markers: Vec<Marker>,
    verifiers: Vec<Verifier>,
}

#[derive(Debug)]
struct Marker {
    text: &'static [u8],
    /// Which of the verifiers it is one of.
    verifier: usize,
}

/// What a detector makes of its markers.
#[derive(Debug)]
struct Verifier {
    detector: usize,
    kind: VerifierKind,
}

#[derive(Debug)]
enum VerifierKind {
    /// Anchored; whether the secret is its group 1.
    Pattern(Regex, bool),
    Reader(Read),
}

impl Markers {
    /// The markers of detectors, which are known by their numbers. Those without markers are left out.
    pub fn new<'k>(detectors: impl Iterator<Item = (usize, &'k Known)>) -> Self {
        let mut this = Markers { tables: Box::new([[0; 256]; 3]), markers: Vec::new(), verifiers: Vec::new() };
        for (detector, known) in detectors {
            let (markers, kind) = match &known.form {
                Form::Pattern { markers, pattern } => {
                    let anchored = format!(r"\A(?:{pattern})");
                    let regex = RegexBuilder::new(&anchored).unicode(false).build();
                    let regex = regex.expect("a test compiles all patterns");
                    let has_group = regex.captures_len() > 1;
                    (markers, VerifierKind::Pattern(regex, has_group))
                }
                Form::Reader { markers, read } => (markers, VerifierKind::Reader(*read)),
                Form::Address(_) => continue,
            };
            for marker in *markers {
                this.add(marker.as_bytes());
            }
            this.verifiers.push(Verifier { detector, kind });
        }
        this
    }

    fn add(&mut self, text: &'static [u8]) {
        let bit = 1 << self.markers.len();
        for (place, table) in self.tables.iter_mut().enumerate() {
            match text.get(place) {
                Some(&byte) => table[usize::from(byte)] |= bit,
                None => table.iter_mut().for_each(|markers| *markers |= bit),
            }
        }
        self.markers.push(Marker { text, verifier: self.verifiers.len() });
    }

    pub fn is_empty(&self) -> bool {
        self.markers.is_empty()
    }

    /// Appends what may be secrets.
    pub fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        // Most texts have none, and are done with here.
        if let Some(first) = self.next(text, 0) {
            self.find_from(text, first, found);
        }
    }

    fn find_from(&self, text: &[u8], first: usize, found: &mut Vec<Found>) {
        // By verifier: where what it has found last ends. Nothing is looked for inside of that, which keeps many
        // beginnings of what may end far away from being read again and again.
        let mut ends = [0; MOST];
        let mut next = Some(first);
        while let Some(at) = next {
            let mut candidates = self.candidates(&text[at..]);
            while candidates != 0 {
                let marker = &self.markers[candidates.trailing_zeros() as usize];
                candidates &= candidates - 1;
                if at < ends[marker.verifier] || !text[at..].starts_with(marker.text) {
                    continue;
                }
                let verifier = &self.verifiers[marker.verifier];
                if let Some(range) = verifier.kind.read(text, at) {
                    ends[marker.verifier] = range.end;
                    found.push(Found { detector: verifier.detector, range });
                }
            }
            next = self.next(text, at + 1);
        }
    }

    /// The next place where a marker may stand.
    fn next(&self, text: &[u8], mut at: usize) -> Option<usize> {
        // One branch for eight places.
        const STEP: usize = 8;
        while let Some(near) = text.get(at..at + STEP + 2) {
            if (0..STEP).fold(0, |candidates, place| candidates | self.candidates(&near[place..place + 3])) != 0 {
                break;
            }
            at += STEP;
        }
        text[at..].windows(3).position(|window| self.candidates(window) != 0).map(|distance| at + distance)
    }

    /// The markers of which a text has the first three bytes, a bit each. The text has at least as many.
    #[inline(always)]
    fn candidates(&self, text: &[u8]) -> u64 {
        let [first, second, third] = &*self.tables;
        first[usize::from(text[0])] & second[usize::from(text[1])] & third[usize::from(text[2])]
    }
}

impl VerifierKind {
    fn read(&self, text: &[u8], at: usize) -> Option<Range<usize>> {
        let near = &text[at..text.len().min(at + PATTERN_BYTES)];
        let range = match self {
            VerifierKind::Reader(read) => return read(text, at),
            VerifierKind::Pattern(regex, false) if begins_alone(text, at) => regex.find(near)?.range(),
            VerifierKind::Pattern(_, false) => return None,
            VerifierKind::Pattern(regex, true) => regex.captures(near)?.get(1)?.range(),
        };
        let range = at + range.start..at + range.end;
        stands_alone(text, &range).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::known;
    use super::*;

    #[test]
    fn every_marker_has_a_bit() {
        let markers = Markers::new(known().iter().enumerate());
        assert!(markers.markers.len() <= MOST && markers.verifiers.len() <= MOST);
        for marker in &markers.markers {
            assert!(marker.text.len() >= 2, "{:?} is found everywhere", marker.text);
        }
    }
}
