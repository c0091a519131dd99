//! [`Learner`] and [`Redactor`]: the two passes over the entries of a recording.

use std::sync::Arc;

use super::Rules;
use super::change::{Cause, Change, Patch, Redacted, Refusal, ValueKind};
use super::pass::{Known, Mode, Pass};
use super::sorted::Sorted;
use super::text::Piece;
use super::values::{Replacements, Values};
use crate::entry::Entry;
use crate::schema::{Part, Schema, Splicer};

/// Finds the values that are to be replaced wherever they stand; keeps its memory from one entry to the next.
#[derive(Debug)]
pub struct Learner<'r> {
    splicer: Splicer<'r>,
    pass: Pass<'r>,
}

impl<'r> Learner<'r> {
    /// A learner that has learnt nothing.
    pub fn new(rules: &'r Rules, schema: &'r Schema) -> Self {
        let splicer = Splicer::new(schema, (&rules.selectors).into());
        Learner { splicer, pass: Pass::new(rules, schema, Mode::Learn(Values::default())) }
    }

    /// Finds the values of an entry of a call of this method, and says whether a rule selects something in it, a detector has found
    /// something, or something is passed on without a look into it. Where it is not so, and [no copy may be](Replacements::may_be_in_entry)
    /// in it, it need not be redacted.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it can't be looked into.
    pub fn learn(&mut self, entry: &Entry, method: &str) -> Result<bool, Refusal> {
        self.pass.run(&mut self.splicer, entry, (method, false))?;
        Ok(self.pass.is_touched)
    }

    /// The same of an entry that an earlier run has made, as its map says: what that made of values is no value.
    ///
    /// # Errors
    ///
    /// As for [`learn`](Self::learn).
    pub fn learn_made(&mut self, entry: &Entry, method: &str) -> Result<bool, Refusal> {
        self.pass.run(&mut self.splicer, entry, (method, true))?;
        Ok(self.pass.is_touched)
    }

    /// Finds the values of a recording's initial state.
    pub fn learn_initial(&mut self, initial: &[u8]) {
        self.pass.learn_initial(initial);
    }

    /// By rule: whether it has selected something so far, or its detectors were asked.
    pub fn met(&self) -> &[bool] {
        self.pass.met()
    }

    /// The values that were found.
    pub fn into_values(mut self) -> Values {
        self.take_values()
    }

    /// The values that were found since they were taken last.
    pub(super) fn take_values(&mut self) -> Values {
        match &mut self.pass.mode {
            Mode::Learn(values) => std::mem::take(values),
            Mode::Replace { .. } => Values::default(),
        }
    }
}

/// Replaces values in entries; keeps its memory from one to the next.
#[derive(Debug)]
pub struct Redactor<'r> {
    splicer: Splicer<'r>,
    pass: Pass<'r>,
}

impl<'r> Redactor<'r> {
    /// A redactor that replaces these values wherever they stand.
    pub fn new(rules: &'r Rules, schema: &'r Schema, replacements: &'r Replacements) -> Self {
        Redactor::knowing(rules, schema, Known::All(replacements))
    }

    /// A redactor that replaces copies of what it is [told](Self::add) as it comes.
    pub(super) fn growing(rules: &'r Rules, schema: &'r Schema) -> Self {
        Redactor::knowing(rules, schema, Known::SoFar(Arc::default()))
    }

    fn knowing(rules: &'r Rules, schema: &'r Schema, replacements: Known<'r>) -> Self {
        let splicer = Splicer::new(schema, (&rules.selectors).into());
        let (changes, warnings) = Default::default();
        let mode = Mode::Replace { replacements, changes, warnings };
        Redactor { splicer, pass: Pass::new(rules, schema, mode) }
    }

    /// Adds replacements of values, of which copies are replaced from now on.
    pub(super) fn add(&mut self, more: Sorted) {
        self.pass.add(more);
    }

    /// What stands for values at present.
    pub(super) fn known(&self) -> Known<'r> {
        self.pass.known()
    }

    /// Replaces values in an entry of a call of this method.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it can't be looked into, or a rule can't be applied to it.
    pub fn redact(&mut self, entry: &Entry, method: &str) -> Result<Redacted, Refusal> {
        self.redact_any(entry, method, false)
    }

    /// The same of an entry that an earlier run has made, as its map says: what that made of values stays.
    ///
    /// # Errors
    ///
    /// As for [`redact`](Self::redact).
    pub fn redact_made(&mut self, entry: &Entry, method: &str) -> Result<Redacted, Refusal> {
        self.redact_any(entry, method, true)
    }

    fn redact_any(&mut self, entry: &Entry, method: &str, is_made: bool) -> Result<Redacted, Refusal> {
        let edits = self.pass.run(&mut self.splicer, entry, (method, is_made))?;
        let uninspected = std::mem::take(&mut self.pass.uninspected);
        let (changes, warnings) = self.pass.take_changes();
        let Some(edits) = edits else {
            let mut redacted = Redacted { entry: entry.clone(), changes, warnings, patches: Vec::new(), uninspected };
            if let Some(text) = entry.text().filter(|text| memchr::memchr(b'#', text).is_some()) {
                let pieces = self.pass.pieces_of_comments(text, &self.known())?;
                if !pieces.is_empty() {
                    redacted.changes.extend(pieces);
                    redacted.entry = redacted.entry.without_text();
                }
            }
            return Ok(redacted);
        };
        let (mut record, mut patches) = (Vec::with_capacity(entry.record().len()), Vec::new());
        let mut growth = 0i64;
        for splice in edits.splices() {
            let at = (splice.range.start as i64 + growth) as usize;
            growth += splice.new.len() as i64 - splice.range.len() as i64;
            patches.push(Patch { at, bytes: splice.new.len(), old: entry.record()[splice.range].to_vec() });
        }
        edits.apply(entry.record(), &mut record);
        let redacted = entry.with_record(record).map_err(|_| Refusal::TooLong)?;
        if changes.iter().any(|change| change.is_key) && self.pass.loses_keys(entry, &redacted) {
            return Err(Refusal::SameKeys);
        }
        Ok(Redacted { entry: redacted, changes, warnings, patches, uninspected })
    }

    /// By rule: whether it has selected something so far, be it as it should be or not, or its detectors were asked.
    pub fn met(&self) -> &[bool] {
        self.pass.met()
    }

    /// Replaces values in a recording's initial state, and says which.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if a rule can't be applied to it.
    pub fn redact_initial(&mut self, initial: &[u8]) -> Result<(Vec<u8>, Vec<Change>), Refusal> {
        let place = format!("{}:", Part::Initial);
        let change = |rule: u16, cause, encoding, old, new| Change {
            place: place.clone(),
            byte: 0,
            rule: rule.into(),
            cause,
            encoding,
            is_key: false,
            kind: ValueKind::Bytes,
            old,
            new: Some(new),
        };
        let unfit = |(rule, unfit): (u16, _)| Refusal::Unfit { place: place.clone(), rule: rule.into(), unfit };
        if let Some(rule) = self.pass.rule_of_initial(initial) {
            let (rule, new) = self.pass.whole(initial, rule, &self.known()).map_err(unfit)?;
            let is_changed = new != initial;
            let changes = is_changed.then(|| change(rule, Cause::Selected, None, initial.to_vec(), new.clone()));
            return Ok((new, changes.into_iter().collect()));
        }
        let mut pieces = Vec::new();
        let new = self.pass.pieces_of_initial(initial, &self.known(), &mut pieces).map_err(unfit)?;
        let changes = pieces.into_iter().map(|piece| {
            let Piece { rule, cause, encoding, old, new, .. } = piece;
            change(rule, cause, encoding, old, new)
        });
        Ok((new.unwrap_or_else(|| initial.to_vec()), changes.collect()))
    }
}
