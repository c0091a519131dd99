//! What is done to the values of metadata that was noted beside an entry, in either pass; their keys stay.

use super::change::{Cause, Change, Refusal, ValueKind, Warning};
use super::pass::{Mode, Pass};
use super::text::{is_text, may_hold};
use super::values::{Replacements, is_propagated};
use super::{Action, Key, Rule, Unfit};
use crate::entry::Entry;
use crate::extension::{Fate, MetadatumAt, edit_metadata};
use crate::schema::{Edits, Part, Selector};

impl Pass<'_> {
    /// Looks into the metadata beside an entry of a call of this method, and notes what is to be replaced in its record.
    pub(super) fn metadata(&mut self, entry: &Entry, method: &str, edits: &mut Edits) -> Result<(), Refusal> {
        edit_metadata(entry, edits, |metadatum| {
            let (whole, detecting) = self.rules_of_metadata(method, metadatum);
            match self.mode {
                Mode::Learn(_) => {
                    self.learn_metadatum(metadatum.value, whole, &detecting);
                    Ok(Fate::Stays)
                }
                Mode::Replace { .. } => {
                    let known = self.known();
                    let fate = match whole {
                        Some(rule) => self.selected_metadatum(metadatum, rule, &known),
                        None => self.other_metadatum(metadatum, &detecting, &known),
                    };
                    let place = || Part::place_of_metadata(metadatum.key);
                    fate.map_err(|(rule, unfit)| Refusal::Unfit { place: place(), rule: rule.into(), unfit })
                }
            }
        })
    }

    /// The first rule that selects a value as a whole, and the rules whose detectors look into it.
    fn rules_of_metadata(&mut self, method: &str, metadatum: &MetadatumAt<'_>) -> (Option<u16>, Vec<u16>) {
        let selects =
            |selectors: &[Selector]| selectors.iter().any(|selector| selector.selects_metadata(method, metadatum.key));
        // What belongs to no call may belong to any.
        let is_for = |rule: &Rule| {
            rule.methods.is_empty() || method.is_empty() || rule.methods.iter().any(|glob| glob.matches(method))
        };
        let (mut whole, mut detecting) = (None, Vec::new());
        for (number, rule) in (0..).zip(&self.rules.rules) {
            let is_selected = selects(&rule.select);
            if !(is_selected || rule.detects_everywhere()) || !is_for(rule) || selects(&rule.except) {
                continue;
            }
            self.judge.meet(number);
            if !rule.detect.is_empty() {
                detecting.push(number);
            } else if whole.is_none() && !rule.allows(metadatum.value) {
                whole = Some(number);
            }
        }
        self.is_touched |= whole.is_some();
        (whole, detecting)
    }

    fn learn_metadatum(&mut self, value: &[u8], whole: Option<u16>, detecting: &[u16]) {
        let Mode::Learn(values) = &mut self.mode else { return };
        let Some(number) = whole else {
            if !detecting.is_empty() {
                self.is_touched |= self.texts.learn(value, detecting, values);
            }
            return;
        };
        let rule = &self.rules.rules[usize::from(number)];
        let is_value = !matches!(rule.action, Action::Shift(_) | Action::Drop);
        // Of what an earlier run has made nothing is known but that it has.
        let is_made = self.is_made && !rule.action.is_recognisable();
        if rule.propagate && is_value && !is_made && !self.rules.is_pseudonym(value) {
            values.add(value, number);
        }
    }

    /// What becomes of a value that a rule selects.
    fn selected_metadatum(
        &mut self,
        metadatum: &MetadatumAt<'_>,
        number: u16,
        replacements: &Replacements,
    ) -> Result<Fate, (u16, Unfit)> {
        let (rule, value) = (&self.rules.rules[usize::from(number)], metadatum.value);
        let is_dropped = rule.action == Action::Drop;
        if rule.propagate && !value.is_empty() && !is_propagated(value) && !is_dropped {
            self.warn(Warning::Short);
        }
        if is_dropped {
            self.change_metadatum(metadatum, number, None);
            return Ok(Fate::Goes);
        }
        if value.is_empty() {
            return Ok(Fate::Stays);
        }
        let (number, new) = self.whole(value, number, replacements)?;
        if new == value {
            return Ok(Fate::Stays);
        }
        if matches!(self.rules.rules[usize::from(number)].action, Action::Pseudonym(_))
            && Key::looks_like_pseudonym(value)
        {
            self.warn(Warning::OtherKey { place: Part::place_of_metadata(metadatum.key) });
        }
        self.change_metadatum(metadatum, number, Some(new.clone()).filter(|new| !new.is_empty()));
        Ok(Fate::Becomes(new))
    }

    /// What becomes of a value of which no rule selects all.
    fn other_metadatum(
        &mut self,
        metadatum: &MetadatumAt<'_>,
        detecting: &[u16],
        replacements: &Replacements,
    ) -> Result<Fate, (u16, Unfit)> {
        let value = metadatum.value;
        if detecting.is_empty() && !may_hold(replacements, value) {
            return Ok(Fate::Stays);
        }
        let is_binary = !is_text(value);
        let anywhere = is_binary || replacements.are_sought_anywhere();
        let mut pieces = Vec::new();
        let Some(new) = self.texts.replace(value, anywhere, detecting, replacements, &mut pieces)? else {
            return Ok(Fate::Stays);
        };
        let place = Part::place_of_metadata(metadatum.key);
        if is_binary {
            self.warn(Warning::Binary { place: place.clone() });
        }
        if let Mode::Replace { changes, .. } = &mut self.mode {
            changes.extend(pieces.into_iter().map(|piece| Change {
                place: place.clone(),
                byte: metadatum.whole.start,
                rule: piece.rule.into(),
                cause: piece.cause,
                encoding: piece.encoding,
                is_key: false,
                kind: kind_of(value),
                old: piece.old,
                new: Some(piece.new),
            }));
        }
        Ok(Fate::Becomes(new))
    }

    fn warn(&mut self, warning: Warning) {
        if let Mode::Replace { warnings, .. } = &mut self.mode {
            warnings.push(warning);
        }
    }

    /// Notes that a value is replaced.
    fn change_metadatum(&mut self, metadatum: &MetadatumAt<'_>, rule: u16, new: Option<Vec<u8>>) {
        if let Mode::Replace { changes, .. } = &mut self.mode {
            changes.push(Change {
                place: Part::place_of_metadata(metadatum.key),
                byte: metadatum.whole.start,
                rule: rule.into(),
                cause: Cause::Selected,
                encoding: None,
                is_key: false,
                kind: kind_of(metadatum.value),
                old: metadatum.value.to_vec(),
                new,
            });
        }
    }
}

fn kind_of(value: &[u8]) -> ValueKind {
    if is_text(value) { ValueKind::String } else { ValueKind::Bytes }
}
