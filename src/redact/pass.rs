//! [`Pass`]: what is done to each value that a [`Splicer`] reaches, in either pass.

use std::ops::Deref;
use std::sync::Arc;

use super::change::{Cause, Change, Refusal, Uninspected, ValueKind, Warning};
use super::cover::{Hit, Judge, Judgement};
use super::sorted::Sorted;
use super::text::{Piece, Texts, is_text, may_hold};
use super::values::{Replacements, Values, is_propagated};
use super::{Action, Key, Rule, Rules, Unfit, checksum};
use crate::entry::{Entry, type_name};
use crate::format::{MessagePlace, comments, message_place};
use crate::schema::{
    ChangedMessage, Editor, Edits, Field, Flow, Layout, Malformed, Opaque, Order, Part, Place, Scalar, Schema,
    Selected, Selector, Sink, Splicer, Spot, Target, Verdict, Walker, WellKnown, Wire, put_scalar,
};

/// Where values stand that stand in a comment of a text recording.
const COMMENT: &str = "comment";

/// What a pass is for.
#[derive(Debug)]
pub(super) enum Mode<'r> {
    /// To find the values that are to be replaced wherever they stand.
    Learn(Values),
    /// To replace values.
    Replace { replacements: Known<'r>, changes: Vec<Change>, warnings: Vec<Warning> },
}

/// What stands for values: decided for good, or added to from one entry to the next.
#[derive(Debug, Clone)]
pub(super) enum Known<'r> {
    All(&'r Replacements),
    SoFar(Arc<Replacements>),
}

impl Deref for Known<'_> {
    type Target = Replacements;

    #[inline]
    fn deref(&self) -> &Replacements {
        match self {
            Known::All(replacements) => replacements,
            Known::SoFar(replacements) => replacements,
        }
    }
}

/// A pass over entries.
#[derive(Debug)]
pub(super) struct Pass<'r> {
    pub(super) rules: &'r Rules,
    schema: &'r Schema,
    pub(super) judge: Judge<'r>,
    pub(super) texts: Texts<'r>,
    pub(super) mode: Mode<'r>,
    entry: u64,
    /// Whether an earlier run has made the entry.
    pub(super) is_made: bool,
    part: Option<Part>,
    /// Why the entry can't be redacted, once that is known.
    refusal: Option<Refusal>,
    /// Whether something in the entry is selected, was found, or was passed on without a look into it.
    pub(super) is_touched: bool,
    /// What was passed on without a look into it.
    pub(super) uninspected: Vec<Uninspected>,
}

impl<'r> Pass<'r> {
    pub(super) fn new(rules: &'r Rules, schema: &'r Schema, mode: Mode<'r>) -> Self {
        let (judge, texts) = (Judge::new(rules), Texts::new(rules));
        let (entry, is_made, part, refusal, is_touched, uninspected) = Default::default();
        Pass { rules, schema, judge, texts, mode, entry, is_made, part, refusal, is_touched, uninspected }
    }

    /// Steps through the message of an entry of a call of this method, which an earlier run
    /// may have made, and says what is to be replaced in its record, if something is.
    pub(super) fn run<'s>(
        &mut self,
        splicer: &'s mut Splicer<'r>,
        entry: &Entry,
        (method, is_made): (&str, bool),
    ) -> Result<Option<&'s mut Edits>, Refusal> {
        (self.entry, self.part, self.refusal) = (entry.index().0, Part::of(entry), None);
        (self.is_made, _) = (is_made, self.take_changes());
        self.uninspected.clear();
        self.is_touched = false;
        splicer.edits().clear();
        self.message(splicer, entry, method)?;
        self.metadata(entry, method, splicer.edits())?;
        let edits = splicer.edits();
        Ok((!edits.is_empty()).then_some(edits))
    }

    /// Steps through the message of an entry.
    fn message(&mut self, splicer: &mut Splicer<'r>, entry: &Entry, method: &str) -> Result<(), Refusal> {
        let Some(any) = entry.payload().fields().0 else {
            return match message_place(entry) {
                MessagePlace::Odd(why) => self.pass_on("", "", why.to_owned()),
                MessagePlace::None | MessagePlace::At { .. } => Ok(()),
            };
        };
        let (around, message) = match message_place(entry) {
            MessagePlace::None => return Ok(()),
            MessagePlace::Odd(why) => return self.pass_on("", any.type_name(), why.to_owned()),
            MessagePlace::At { any, value } => ([any], value),
        };
        let layout = match self.schema.resolve(any.type_url) {
            Ok(layout) => layout,
            Err(reason) => return self.pass_on("", any.type_name(), reason.to_string()),
        };
        let cover = self.judge.of_method(Some(method));
        let (data, part) = (entry.record(), self.part);
        let target = Target { data, around: &around, message, part, method, layout, cover };
        let result = splicer.run(&target, self).map(drop);
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        result.or_else(|malformed| {
            self.take_changes();
            splicer.edits().clear();
            let why = format!("no message of type `{}`: {malformed}", any.type_name());
            self.pass_on("", any.type_name(), why)
        })
    }

    /// What stands for values; nothing while they are learnt.
    pub(super) fn known(&self) -> Known<'r> {
        match &self.mode {
            Mode::Learn(_) => Known::SoFar(Arc::default()),
            Mode::Replace { replacements, .. } => replacements.clone(),
        }
    }

    /// Adds replacements of values to those that are not decided for good.
    pub(super) fn add(&mut self, more: Sorted) {
        if let Mode::Replace { replacements: Known::SoFar(replacements), .. } = &mut self.mode {
            Arc::get_mut(replacements).expect("between entries nobody else holds them").add(more);
        }
    }

    /// What was replaced, and what is to be said of it.
    pub(super) fn take_changes(&mut self) -> (Vec<Change>, Vec<Warning>) {
        match &mut self.mode {
            Mode::Learn(_) => (Vec::new(), Vec::new()),
            Mode::Replace { changes, warnings, .. } => (std::mem::take(changes), std::mem::take(warnings)),
        }
    }

    /// Refuses what can't be looked into, unless that is allowed.
    fn pass_on(&mut self, path: &str, type_name: &str, why: String) -> Result<(), Refusal> {
        let uninspected = Uninspected { place: self.place(path), type_name: type_name.to_owned(), why };
        if self.rules.may_pass(type_name) {
            self.is_touched = true;
            self.uninspected.push(uninspected);
            return Ok(());
        }
        Err(Refusal::Uninspected(uninspected))
    }

    /// By rule: whether it has selected something, or its detectors were asked.
    pub(super) fn met(&self) -> &[bool] {
        self.judge.met()
    }

    /// A path as a selector.
    fn place(&self, path: &str) -> String {
        match self.part {
            Some(part) => format!("{part}:{path}"),
            None => path.to_owned(),
        }
    }

    fn refuse(&mut self, spot: &Spot<'_>, rule: u16, unfit: Unfit) -> Verdict {
        if self.refusal.is_none() {
            self.refusal =
                Some(Refusal::Unfit { place: self.place(&spot.path_without_keys()), rule: rule.into(), unfit });
        }
        Verdict::Keep(0)
    }

    /// Whether a number or message is what an earlier run made of it.
    fn is_made(&self, spot: &Spot<'_>, value: &[u8]) -> bool {
        match &self.mode {
            Mode::Learn(_) => false,
            Mode::Replace { .. } if !self.is_made => false,
            Mode::Replace { replacements, .. } => {
                replacements.is_made_at(self.entry, || self.place(&spot.path()), value)
            }
        }
    }

    /// Notes that a value is replaced.
    fn change(&mut self, spot: &Spot<'_>, rule: u16, kind: ValueKind, old: &[u8], new: Option<&[u8]>) {
        let place = self.place(&spot.path());
        if let Mode::Replace { changes, .. } = &mut self.mode {
            changes.push(Change {
                place,
                byte: spot.at,
                rule: rule.into(),
                cause: Cause::Selected,
                encoding: None,
                is_key: false,
                kind,
                old: old.to_vec(),
                new: new.map(<[u8]>::to_vec),
            });
        }
    }

    /// What becomes of a text that a rule selects as a whole, and of which rule that is: of one that selects it elsewhere, too, the
    /// first.
    pub(super) fn whole(
        &self,
        text: &[u8],
        rule: u16,
        replacements: &Replacements,
    ) -> Result<(u16, Vec<u8>), (u16, Unfit)> {
        if self.is_made && replacements.is_made(text) {
            return Ok((rule, text.to_vec()));
        }
        let of_rule = &self.rules.rules[usize::from(rule)];
        if of_rule.propagate
            && let Some(replacement) = replacements.of(text)
        {
            return Ok((replacement.rule, replacement.new.to_vec()));
        }
        let new = of_rule.action.of_text(text, self.rules.key.as_ref());
        new.map(|new| (rule, new)).map_err(|unfit| (rule, unfit))
    }

    /// A text that a rule selects as a whole; nothing if the rule is not for it.
    fn selected_text(
        &mut self,
        spot: &Spot<'_>,
        hit: Hit,
        text: &[u8],
        kind: ValueKind,
        new: &mut Vec<u8>,
    ) -> Option<Verdict> {
        let rule = &self.rules.rules[usize::from(hit.rule)];
        if rule.allows(text) || (hit.is_deep && !rule.action.fits_text(text)) {
            return None;
        }
        let goes = hit.is_container && rule.action == Action::Clear;
        let replacements = match &mut self.mode {
            Mode::Learn(values) => {
                // Of what an earlier run has made nothing is known but that it has.
                let is_made = self.is_made && !rule.action.is_recognisable();
                let is_value = !matches!(rule.action, Action::Shift(_) | Action::Drop);
                if rule.propagate && is_value && !is_made && !self.rules.is_pseudonym(text) {
                    values.add(text, hit.rule);
                }
                return Some(Verdict::Keep(0));
            }
            Mode::Replace { replacements, warnings, .. } => {
                if rule.propagate && !text.is_empty() && !is_propagated(text) && rule.action != Action::Drop {
                    warnings.push(Warning::Short);
                }
                replacements.clone()
            }
        };
        if text.is_empty() && spot.stays_when_dropped {
            return Some(Verdict::Keep(0));
        }
        if rule.action == Action::Drop || goes {
            self.change(spot, hit.rule, kind, text, None);
            return Some(Verdict::Drop);
        }
        if text.is_empty() {
            return Some(Verdict::Keep(0));
        }
        Some(self.replaced_text(spot, hit.rule, text, kind, &replacements, new))
    }

    /// A text that becomes another one, as a rule says.
    fn replaced_text(
        &mut self,
        spot: &Spot<'_>,
        rule: u16,
        text: &[u8],
        kind: ValueKind,
        replacements: &Replacements,
        new: &mut Vec<u8>,
    ) -> Verdict {
        match self.whole(text, rule, replacements) {
            Ok((_, unchanged)) if unchanged == text => Verdict::Keep(0),
            Ok((rule, replaced)) if replaced.is_empty() => {
                self.change(spot, rule, kind, text, None);
                Verdict::Clear
            }
            Ok((rule, replaced)) => {
                let made_of = &self.rules.rules[usize::from(rule)].action;
                if matches!(made_of, Action::Pseudonym(_)) && Key::looks_like_pseudonym(text) {
                    let place = self.place(&spot.path());
                    if let Mode::Replace { warnings, .. } = &mut self.mode {
                        warnings.push(Warning::OtherKey { place });
                    }
                }
                self.change(spot, rule, kind, text, Some(&replaced));
                new.extend_from_slice(&replaced);
                Verdict::Replace
            }
            Err((rule, unfit)) => self.refuse(spot, rule, unfit),
        }
    }

    /// A text of which no rule selects all.
    fn text(&mut self, spot: &Spot<'_>, text: &[u8], kind: ValueKind, detecting: u32, new: &mut Vec<u8>) -> Verdict {
        let detecting = self.judge.detecting(detecting);
        let replacements = match &mut self.mode {
            Mode::Learn(values) => {
                if !detecting.is_empty() {
                    self.is_touched |= self.texts.learn(text, detecting, values);
                }
                return Verdict::Keep(0);
            }
            Mode::Replace { replacements, .. } => replacements.clone(),
        };
        if detecting.is_empty() && !may_hold(&replacements, text) {
            return Verdict::Keep(0);
        }
        let is_binary = kind == ValueKind::Bytes && !is_text(text);
        let anywhere = is_binary || replacements.are_sought_anywhere();
        let mut pieces = Vec::new();
        match self.texts.replace(text, anywhere, detecting, &replacements, &mut pieces) {
            Ok(None) => Verdict::Keep(0),
            Ok(Some(replaced)) => {
                self.changed_pieces(spot, kind, is_binary, pieces);
                new.extend_from_slice(&replaced);
                Verdict::Replace
            }
            Err((rule, unfit)) => self.refuse(spot, rule, unfit),
        }
    }

    fn changed_pieces(&mut self, spot: &Spot<'_>, kind: ValueKind, is_binary: bool, pieces: Vec<Piece>) {
        let place = self.place(&spot.path());
        let Mode::Replace { changes, warnings, .. } = &mut self.mode else { return };
        if is_binary {
            warnings.push(Warning::Binary { place: place.clone() });
        }
        changes.extend(pieces.into_iter().map(|piece| Change {
            place: place.clone(),
            byte: spot.at,
            rule: piece.rule.into(),
            cause: piece.cause,
            encoding: piece.encoding,
            is_key: spot.is_key,
            kind,
            old: piece.old,
            new: Some(piece.new),
        }));
    }

    /// A number, an enum or a boolean that a rule selects; nothing if the rule is not for it.
    fn selected_number(&mut self, spot: &Spot<'_>, hit: Hit, value: &Scalar<'_>, new: &mut Vec<u8>) -> Option<Verdict> {
        let action = &self.rules.rules[usize::from(hit.rule)].action;
        let field = spot.value_field()?;
        let mut old = Vec::new();
        put_scalar(&mut old, field.ty(), value);
        Some(match action {
            Action::Clear if spot.stays_when_cleared && value.is_zero() => Verdict::Keep(0),
            Action::Drop if spot.stays_when_dropped && value.is_zero() => Verdict::Keep(0),
            Action::Clear if !hit.is_container => {
                self.change(spot, hit.rule, ValueKind::Number, &old, None);
                Verdict::Clear
            }
            Action::Clear | Action::Drop => {
                self.change(spot, hit.rule, ValueKind::Number, &old, None);
                Verdict::Drop
            }
            // It is said nowhere that it is more than a part of what is selected.
            _ if hit.is_deep => return None,
            // What nobody has set stands for nobody.
            Action::Pseudonym(_) if value.is_zero() => Verdict::Keep(0),
            Action::Replace(_) | Action::Mask(_) | Action::Pseudonym(_) | Action::Shift(_) => {
                let replaced = action.of_number(value, field.ty(), self.rules.key.as_ref(), new);
                match replaced {
                    Err(unfit) => self.refuse(spot, hit.rule, unfit),
                    Ok(()) if *new == old || self.is_made(spot, &old) => Verdict::Keep(0),
                    Ok(()) => {
                        self.change(spot, hit.rule, ValueKind::Number, &old, Some(new));
                        Verdict::Replace
                    }
                }
            }
        })
    }

    /// The first rule that selects the initial state as a whole.
    pub(super) fn rule_of_initial(&mut self, initial: &[u8]) -> Option<u16> {
        let selects = |rule: &Rule| {
            let is_free = rule.methods.is_empty() && rule.detect.is_empty() && !name_initial(&rule.except);
            is_free && name_initial(&rule.select) && !rule.allows(initial)
        };
        let mut numbered = (0..).zip(&self.rules.rules);
        let (number, _) = numbered.find(|(_, rule)| !initial.is_empty() && selects(rule))?;
        self.judge.meet(number);
        Some(number)
    }

    /// The rules whose detectors look into the initial state.
    fn detecting_initial(&self) -> Vec<u16> {
        let looks = |rule: &Rule| {
            let is_asked = rule.detects_everywhere() || !rule.detect.is_empty() && name_initial(&rule.select);
            is_asked && rule.methods.is_empty() && !name_initial(&rule.except)
        };
        let numbered = (0..).zip(&self.rules.rules);
        numbered.filter(|(_, rule)| looks(rule)).map(|(number, _)| number).collect()
    }

    pub(super) fn learn_initial(&mut self, initial: &[u8]) {
        let (whole, detecting) = (self.rule_of_initial(initial), self.detecting_initial());
        let Mode::Learn(values) = &mut self.mode else { return };
        match whole {
            Some(rule) if self.rules.rules[usize::from(rule)].propagate => values.add(initial, rule),
            Some(_) => {}
            None => drop(self.texts.learn(initial, &detecting, values)),
        }
    }

    pub(super) fn pieces_of_initial(
        &mut self,
        initial: &[u8],
        replacements: &Replacements,
        pieces: &mut Vec<Piece>,
    ) -> Result<Option<Vec<u8>>, (u16, Unfit)> {
        let (detecting, is_binary) = (self.detecting_initial(), !is_text(initial));
        let anywhere = is_binary || replacements.are_sought_anywhere();
        self.texts.replace(initial, anywhere, &detecting, replacements, pieces)
    }

    /// What detectors find, and copies of redacted values, in the comments of an entry's text, which is to be written without them then.
    pub(super) fn pieces_of_comments(
        &mut self,
        text: &[u8],
        replacements: &Replacements,
    ) -> Result<Vec<Change>, Refusal> {
        let detecting = self.detecting_initial();
        let mut pieces = Vec::new();
        for comment in comments(text) {
            let found = self.texts.replace(comment, false, &detecting, replacements, &mut pieces);
            found.map_err(|(rule, unfit)| Refusal::Unfit { place: COMMENT.to_owned(), rule: rule.into(), unfit })?;
        }
        let change = |piece: Piece| Change {
            place: COMMENT.to_owned(),
            byte: 0,
            rule: piece.rule.into(),
            cause: piece.cause,
            encoding: piece.encoding,
            is_key: false,
            kind: ValueKind::String,
            old: piece.old,
            new: None,
        };
        Ok(pieces.into_iter().map(change).collect())
    }

    /// Whether keys of a map of an entry's message became the same: then there are more that are hidden by others than there were.
    pub(super) fn loses_keys(&self, before: &Entry, after: &Entry) -> bool {
        hidden_keys(self.schema, after) > hidden_keys(self.schema, before)
    }
}

/// Whether one of these selectors is of the initial state.
fn name_initial(selectors: &[Selector]) -> bool {
    selectors.iter().any(Selector::is_of_initial_state)
}

/// How many keys of maps in an entry's message come again in their map; 0 if nobody can look into it.
fn hidden_keys(schema: &Schema, entry: &Entry) -> u64 {
    let (Some(any), MessagePlace::At { any: around, value }) = (entry.payload().fields().0, message_place(entry))
    else {
        return 0;
    };
    let Ok(layout) = schema.resolve(any.type_url) else { return 0 };
    let (data, part, around) = (entry.record(), None, [around]);
    let target = Target { data, around: &around, message: value, part, method: "", layout, cover: 0 };
    let mut standing = StandingKeys(0);
    let mut walker = Walker::new(schema);
    let counted = walker.checked_if_needed(Malformed::in_any, |walker| {
        let mut entries = MapEntries(0);
        walker.walk(layout, any.value, &mut entries).map(|()| entries.0)
    });
    match (Splicer::new(schema, (&[]).into()).run(&target, &mut standing), counted) {
        (Ok(_), Ok(counted)) => standing.0.saturating_sub(counted),
        (Ok(_) | Err(_), _) => 0,
    }
}

/// Counts the keys of all maps as they stand on the wire.
struct StandingKeys(u64);

impl Editor for StandingKeys {
    fn passes(&mut self, _: &Selected<'_>, _: Option<&[u8]>) -> bool {
        true
    }

    fn enters(&mut self, _: &Selected<'_>) -> Option<u32> {
        Some(0)
    }

    fn message(&mut self, _: &Spot<'_>, _: &Layout, _: &[u8], _: &mut Vec<u8>) -> Verdict {
        Verdict::Keep(0)
    }

    fn scalar(&mut self, spot: &Spot<'_>, _: Scalar<'_>, _: &mut Vec<u8>) -> Verdict {
        self.0 += u64::from(spot.is_key);
        Verdict::Keep(0)
    }

    fn opaque(&mut self, _: &Spot<'_>, _: &str, _: Opaque<'_>) {}

    fn changed(&mut self, _: &Spot<'_>, _: &mut ChangedMessage<'_, '_>) {}
}

/// Counts the entries of all maps, of those with the same key one.
struct MapEntries(u64);

impl Sink for MapEntries {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        Ok(Flow::Enter)
    }

    fn begin_entry(&mut self, _: &Field, _: &Field, _: Scalar<'_>) -> Result<(), Malformed> {
        self.0 += 1;
        Ok(())
    }
}

impl Editor for Pass<'_> {
    #[inline]
    fn passes(&mut self, selected: &Selected<'_>, text: Option<&[u8]>) -> bool {
        let Judgement { hits, detecting, .. } = self.judge.judge(selected);
        hits == 0
            && match (&self.mode, text) {
                (_, None) => true,
                (_, Some(_)) if detecting != 0 => false,
                (Mode::Learn(_), Some(_)) => true,
                (Mode::Replace { replacements, .. }, Some(text)) => !may_hold(replacements, text),
            }
    }

    #[inline]
    fn enters(&mut self, selected: &Selected<'_>) -> Option<u32> {
        let judgement = self.judge.judge(selected);
        (judgement.hits == 0).then_some(judgement.inside)
    }

    fn message(&mut self, spot: &Spot<'_>, layout: &Layout, content: &[u8], new: &mut Vec<u8>) -> Verdict {
        let judgement = self.judge.judge(&spot.selected);
        self.is_touched = true;
        let mut is_selected = false;
        for at in 0..self.judge.hits(judgement.hits).len() {
            let hit = self.judge.hits(judgement.hits)[at];
            is_selected |= !hit.is_deep;
            let action = &self.rules.rules[usize::from(hit.rule)].action;
            let goes = match action {
                // Not the message, but what stands in it.
                Action::Clear | Action::Drop | Action::Replace(_) if hit.is_deep => continue,
                Action::Clear if spot.stays_when_cleared && content.is_empty() => break,
                Action::Drop if spot.stays_when_dropped && content.is_empty() => break,
                Action::Drop if spot.stays_when_cleared && spot.selected.field.is_none() && content.is_empty() => break,
                Action::Clear if hit.is_container => Verdict::Drop,
                Action::Clear => Verdict::Clear,
                Action::Drop => Verdict::Drop,
                Action::Replace(_) | Action::Mask(_) | Action::Pseudonym(_) | Action::Shift(_) => {
                    match action.of_message(layout, content, self.schema, self.rules.key.as_ref(), new) {
                        Ok(true) if new.as_slice() == content || self.is_made(spot, content) => return Verdict::Leave,
                        Ok(true) => {
                            self.change(spot, hit.rule, ValueKind::Message, content, Some(new));
                            return Verdict::Replace;
                        }
                        // It is for the texts in it.
                        Ok(false) if !hit.is_deep => break,
                        Ok(false) => continue,
                        Err(Unfit::Kind { .. }) if hit.is_deep => continue,
                        Err(unfit) => return self.refuse(spot, hit.rule, unfit),
                    }
                }
            };
            self.change(spot, hit.rule, ValueKind::Message, content, None);
            return goes;
        }
        // A wrapper is the value in it.
        if is_selected && layout.well_known() == Some(WellKnown::Wrapper) {
            return Verdict::Keep(self.judge.of_wrapped(judgement.inside));
        }
        Verdict::Keep(judgement.inside)
    }

    fn scalar(&mut self, spot: &Spot<'_>, value: Scalar<'_>, new: &mut Vec<u8>) -> Verdict {
        let judgement = self.judge.judge(&spot.selected);
        let text = match value {
            Scalar::String(text) => Some((text, ValueKind::String)),
            Scalar::Bytes(text) => Some((text, ValueKind::Bytes)),
            Scalar::Bool(_)
            | Scalar::I32(_)
            | Scalar::I64(_)
            | Scalar::U32(_)
            | Scalar::U64(_)
            | Scalar::F32(_)
            | Scalar::F64(_)
            | Scalar::Enum(..) => None,
        };
        // Keys are a matter of detectors and copies.
        let hits = if spot.is_key { 0 } else { self.judge.hits(judgement.hits).len() };
        self.is_touched |= hits > 0;
        for at in 0..hits {
            let hit = self.judge.hits(judgement.hits)[at];
            let verdict = match text {
                Some((text, kind)) => self.selected_text(spot, hit, text, kind, new),
                None => self.selected_number(spot, hit, &value, new),
            };
            if let Some(verdict) = verdict {
                return verdict;
            }
        }
        match text {
            Some((text, kind)) => self.text(spot, text, kind, judgement.detecting, new),
            None => Verdict::Keep(0),
        }
    }

    fn opaque(&mut self, spot: &Spot<'_>, type_name: &str, opaque: Opaque<'_>) {
        if self.refusal.is_some() {
            return;
        }
        let (type_name, why) = match opaque {
            Opaque::Unresolved { type_url, reason } => (self::type_name(type_url), reason.to_string()),
            Opaque::OddAny { type_url } => {
                (self::type_name(type_url), "an Any with more than a type and a message".to_owned())
            }
            Opaque::Malformed { type_url, malformed } => {
                let type_name = self::type_name(type_url);
                (type_name, format!("no message of type `{type_name}`: {malformed}"))
            }
            Opaque::Unknown { field } => {
                (type_name, format!("field {field} of `{type_name}`, which its descriptor does not know"))
            }
        };
        if let Err(refusal) = self.pass_on(&spot.path_without_keys(), type_name, why) {
            self.refusal = Some(refusal);
        }
    }

    fn changed(&mut self, spot: &Spot<'_>, message: &mut ChangedMessage<'_, '_>) {
        let (rules, schema, part) = (self.rules, self.schema, self.part);
        let Mode::Replace { warnings, .. } = &mut self.mode else { return };
        checksum::correct(message, &rules.checksums, schema, |field| {
            let path = spot.path();
            let dot = if path.is_empty() { "" } else { "." };
            let part = part.map(|part| format!("{part}:")).unwrap_or_default();
            warnings.push(Warning::Checksum { place: format!("{part}{path}{dot}{field}") });
        });
    }
}
