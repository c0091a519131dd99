//! [`Edits`]: what is replaced in a record, in the order in which it is decided.

use std::ops::Range;

use crate::wire::{push_varint, varint_bytes};

/// Replacements of ranges of a record, none of which overlap.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    edits: Vec<Edit>,
    /// The new bytes, one behind the other.
    new: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) start: usize,
    end: usize,
    new: Range<usize>,
    /// Where in the new bytes the value begins, behind its length.
    value: usize,
}

/// A part of a record that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Splice<'a> {
    /// Where it stood.
    pub(crate) range: Range<usize>,
    /// What stands there now.
    pub(crate) new: &'a [u8],
}

impl Edits {
    pub(crate) fn clear(&mut self) {
        self.edits.clear();
        self.new.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.edits.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Those that were made from this number on.
    pub(super) fn since(&self, first: usize) -> impl Iterator<Item = &Edit> {
        self.edits[first..].iter()
    }

    /// What the value of a field became, if it was replaced as a whole and not dropped.
    pub(super) fn new_value(&self, first: usize, field: &Range<usize>) -> Option<&[u8]> {
        let edit = self.since(first).find(|edit| field.contains(&edit.start) && edit.end == field.end)?;
        (edit.start > field.start).then(|| &self.new[edit.value..edit.new.end])
    }

    /// Replaces a range.
    pub(crate) fn replace(&mut self, range: Range<usize>, new: &[u8]) -> i64 {
        let start = self.new.len();
        self.new.extend_from_slice(new);
        self.push(range, start, start)
    }

    /// Replaces a length and what stands behind it.
    pub(super) fn replace_behind_length(&mut self, range: Range<usize>, content: &[u8]) -> i64 {
        let start = self.new.len();
        push_varint(&mut self.new, content.len() as u64);
        let value = self.new.len();
        self.new.extend_from_slice(content);
        self.push(range, start, value)
    }

    /// Replaces a length by another one, and says how many more bytes there are. One that is longer than it need be stays so.
    pub(crate) fn replace_length(&mut self, range: Range<usize>, old: u64, length: u64) -> i64 {
        let start = self.new.len();
        push_varint(&mut self.new, length);
        while range.len() > varint_bytes(old) && self.new.len() - start < range.len() {
            if let Some(last) = self.new.last_mut() {
                *last |= 0x80;
            }
            self.new.push(0);
        }
        self.push(range, start, start)
    }

    fn push(&mut self, range: Range<usize>, new: usize, value: usize) -> i64 {
        let new = new..self.new.len();
        let growth = new.len() as i64 - range.len() as i64;
        self.edits.push(Edit { start: range.start, end: range.end, new, value });
        growth
    }

    /// Whether the last edit has removed this range.
    pub(super) fn has_removed(&self, range: &Range<usize>) -> bool {
        self.edits.last().is_some_and(|edit| (edit.start..edit.end) == *range && edit.new.is_empty())
    }

    /// Takes back all edits from this number on.
    pub(super) fn truncate(&mut self, first: usize) {
        self.edits.truncate(first);
    }

    /// The parts that were replaced, in the order of the record.
    pub(crate) fn splices(&mut self) -> impl Iterator<Item = Splice<'_>> {
        self.edits.sort_by_key(|edit| (edit.start, edit.end));
        self.edits.iter().map(|edit| Splice { range: edit.start..edit.end, new: &self.new[edit.new.clone()] })
    }

    /// Appends the record with its replacements.
    pub(crate) fn apply(&mut self, record: &[u8], out: &mut Vec<u8>) {
        let mut copied = 0;
        for splice in self.splices() {
            out.extend_from_slice(&record[copied..splice.range.start]);
            out.extend_from_slice(splice.new);
            copied = splice.range.end;
        }
        out.extend_from_slice(&record[copied..]);
    }
}
