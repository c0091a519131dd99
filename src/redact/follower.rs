//! [`Follower`]: one pass over entries as they come, for what can't be read twice.

use std::collections::HashSet;

use super::change::{Change, Redacted, Refusal};
use super::redactor::{Learner, Redactor};
use super::sorted::{Replaced, Sorted};
use super::values::{Values, add_written_otherwise};
use super::{Rules, Unfit, UnfitValue};
use crate::entry::Entry;
use crate::schema::Schema;

/// Replaces values in entries as they come: what rules select in an entry or detectors find, and copies of what they selected or found in
/// it or in one before.
///
/// So equal values are equal from the entry on in which one is first selected. Of a recording in which no copy stands before that it makes
/// what a [`Learner`] and a [`Redactor`] make of it in two passes, which see copies before, too; but a value that several rules select
/// becomes what the first rule of the first such entry makes of it, as that may have been written by then, and one that two values
/// become where they are written otherwise, in JSON or without a line break, becomes what it became first.
///
/// Adding a value costs the same, by and large, whatever the number of those that are known, which are kept until the end.
///
/// ```
/// use rpcreplay::entry::{Any, Entry, Kind, Payload};
/// use rpcreplay::redact::{Follower, RulesBuilder};
/// use rpcreplay::Schema;
///
/// let schema = Schema::builtin();
/// let rules = vec!["response:name=replace:somebody".parse()?];
/// let rules = RulesBuilder { rules, ..RulesBuilder::default() }.build()?;
/// let type_url = "type.googleapis.com/google.pubsub.v1.Topic";
/// let topic = |kind| Entry::encode(kind, "", Payload::Message(Any { type_url, value: b"\x0a\x09my-secret" }), 0);
///
/// let mut follower = Follower::new(&rules, &schema);
/// for (kind, has_changed) in [(Kind::Request, false), (Kind::Response, true), (Kind::Request, true)] {
///     let redacted = follower.redact(&topic(kind)?, "/google.pubsub.v1.Publisher/CreateTopic")?;
///     assert_eq!(redacted.changes.len(), usize::from(has_changed));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Follower<'r> {
    rules: &'r Rules,
    learner: Learner<'r>,
    redactor: Redactor<'r>,
    /// The values that are known; what stands for them has others beside them, as they may be written otherwise.
    values: HashSet<Box<[u8]>>,
    pseudonyms: HashSet<Box<[u8]>>,
    /// Values to which a rule can't be applied, and why.
    unfit: Vec<(Box<[u8]>, usize, Unfit)>,
}

impl<'r> Follower<'r> {
    /// A follower that has seen nothing.
    pub fn new(rules: &'r Rules, schema: &'r Schema) -> Self {
        let (learner, redactor) = (Learner::new(rules, schema), Redactor::growing(rules, schema));
        Follower {
            rules,
            learner,
            redactor,
            values: HashSet::default(),
            pseudonyms: HashSet::default(),
            unfit: Vec::new(),
        }
    }

    /// Replaces values in the next entry, one of a call of this method.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it can't be looked into, or a rule can't be applied to it. What was found in it until then is known, and the entries
    /// after it can still be redacted.
    pub fn redact(&mut self, entry: &Entry, method: &str) -> Result<Redacted, Refusal> {
        if !self.rules.needs_first_pass() {
            return self.redactor.redact(entry, method);
        }
        let learnt = self.learner.learn(entry, method);
        let fits = self.add_learnt();
        let redacted = if !learnt? && !self.redactor.known().may_be_in_entry(entry) {
            Redacted::unchanged(entry)
        } else {
            // Where a rule does not fit, this says where it stands.
            self.redactor.redact(entry, method)?
        };
        fits?;
        self.refuse_unfit(&redacted.entry)?;
        Ok(redacted)
    }

    /// Refuses what holds a value that a rule has selected once and could not be applied to.
    fn refuse_unfit(&self, entry: &Entry) -> Result<(), Refusal> {
        let is_in_entry = |value: &[u8]| memchr::memmem::find(entry.record(), value).is_some();
        match self.unfit.iter().find(|(value, ..)| is_in_entry(value)) {
            Some((_, rule, unfit)) => Err(Refusal::Unfit { place: String::new(), rule: *rule, unfit: unfit.clone() }),
            None => Ok(()),
        }
    }

    /// Replaces values in the recording's initial state, which comes before its entries, and says which.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if a rule can't be applied to it.
    pub fn redact_initial(&mut self, initial: &[u8]) -> Result<(Vec<u8>, Vec<Change>), Refusal> {
        self.learner.learn_initial(initial);
        let fits = self.add_learnt();
        let redacted = self.redactor.redact_initial(initial)?;
        fits.map(|()| redacted)
    }

    /// By rule: whether it has selected something so far, be it as it should be or not, or its detectors were asked.
    pub fn met(&self) -> Vec<bool> {
        self.learner.met().iter().zip(self.redactor.met()).map(|(one, other)| *one || *other).collect()
    }

    /// Adds what was learnt to what is known; what a rule can't be applied to is left out, and told.
    fn add_learnt(&mut self) -> Result<(), Refusal> {
        let values = self.learner.take_values();
        if values.is_empty() {
            return Ok(());
        }
        let (more, fits) = self.replaced(values);
        self.redactor.add(Sorted::new(more));
        fits.map_err(|UnfitValue { rule, unfit, .. }| Refusal::Unfit { place: String::new(), rule, unfit })
    }

    /// What stands for those of the values that were not known, and for how they are written otherwise.
    fn replaced(&mut self, values: Values) -> (Vec<Replaced>, Result<(), UnfitValue>) {
        let (mut more, mut fits) = (Vec::new(), Ok(()));
        for (value, rule) in values.into_sorted() {
            if self.values.contains(&value) {
                continue;
            }
            match self.rules.replaced(value.clone(), rule, &mut self.pseudonyms) {
                Ok(replaced) => {
                    self.values.insert(value);
                    more.extend(replaced);
                }
                Err(unfit) => {
                    // No entry that holds it may pass.
                    self.unfit.push((value, unfit.rule, unfit.unfit.clone()));
                    fits = Err(unfit);
                }
            }
        }
        // What a value becomes where it is written otherwise gives way to the value itself alone.
        let known = self.redactor.known();
        add_written_otherwise(&mut more, |value| known.of(value).is_some());
        (more, fits)
    }
}

#[cfg(test)]
mod tests {
    use super::super::RulesBuilder;
    use super::super::tests::{redacting, rules};
    use super::*;
    use crate::schema::testing;

    /// The texts of messages that were redacted, one after the other.
    fn followed(builder: RulesBuilder, texts: &[&str]) -> Vec<String> {
        let (rules, schema) = (builder.build().expect("the rules are sound"), testing::schema());
        let mut follower = Follower::new(&rules, &schema);
        texts.iter().map(|text| redacting(&schema, text, |entry| follower.redact(entry, "/a.S/Get"))).collect()
    }

    #[test]
    fn copies_are_replaced_from_the_first_time_on() {
        let texts = [
            "raw: \"a secret\"",
            "s: \"a secret\" raw: \"a secret\"",
            "raw: \"so: a secret.\"",
            "raw: \"YSBzZWNyZXQ=\"",
            "s: \"another one\"",
            "raw: \"another one, a secret\"",
        ];
        #[rustfmt::skip]
        assert_eq!(followed(rules(&["s=replace:x"]), &texts), [
            "raw: \"a secret\"", "s: \"x\" raw: \"x\"", "raw: \"so: x.\"", "raw: \"eA==\"", "s: \"x\"", "raw: \"x, x\"",
        ]);
    }

    #[test]
    fn without_propagation_nothing_is_learnt() {
        let mut builder = rules(&["s=replace:x"]);
        builder.rules[0].propagate = false;
        let texts = ["s: \"a secret\" raw: \"a secret\"", "raw: \"a secret\""];
        assert_eq!(followed(builder, &texts), ["s: \"x\" raw: \"a secret\"", "raw: \"a secret\""]);
    }

    /// What was written stays what it is, so equal values do.
    #[test]
    fn the_rule_counts_that_came_first() {
        let texts = ["raw: \"a secret\"", "s: \"a secret\"", "s: \"a secret\" raw: \"a secret\""];
        let first = followed(rules(&["s=replace:one", "raw=replace:two"]), &texts);
        assert_eq!(first, ["raw: \"two\"", "s: \"two\"", "s: \"two\" raw: \"two\""]);
        let in_one_entry = followed(rules(&["s=replace:one", "raw=replace:two"]), &texts[2..]);
        assert_eq!(in_one_entry, ["s: \"one\" raw: \"one\""]);
    }

    #[test]
    fn how_a_value_is_written_otherwise_gives_way_to_a_value() {
        let texts = [
            "s: \"a secret\"",
            "raw: \"a+secret\"",
            "s: \"a+secret\"",
            "raw: \"a+secret a secret\"",
            "s: \"a+secret\\n\"",
        ];
        #[rustfmt::skip]
        assert_eq!(followed(rules(&["s=mask:6"]), &texts), [
            "s: \"**secret\"", "raw: \"**secret\"", "s: \"**secret\"", "raw: \"**secret **secret\"", "s: \"***ecret\\n\"",
        ]);
        let texts = ["s: \"a+secret\\n\"", "raw: \"a+secret\"", "s: \"a+secret\"", "raw: \"a+secret\""];
        #[rustfmt::skip]
        assert_eq!(followed(rules(&["s=mask:6"]), &texts), [
            "s: \"***ecret\\n\"", "raw: \"***ecret\\n\"", "s: \"**secret\"", "raw: \"**secret\"",
        ]);
    }

    #[test]
    fn a_refusal_is_of_its_entry_alone() {
        let texts = ["s: \"a secret\" time { seconds: 1 }", "raw: \"a secret\""];
        #[rustfmt::skip]
        assert_eq!(followed(rules(&["s=replace:x", "time=mask:1"]), &texts), [
            "error: `response:time`: `mask:1` can't be applied to a time", "raw: \"x\"",
        ]);
        // What a rule can't be applied to must not pass elsewhere either.
        assert_eq!(
            followed(rules(&["s=pseudonym:same-length"]), &["s: \"!!!!!!!!!\"", "raw: \"!!!!!!!!!\""]),
            [
                "error: `response:s`: there are too few digits and letters in a value, or there are characters beyond ASCII, for pseudonyms that differ",
                "error: there are too few digits and letters in a value, or there are characters beyond ASCII, for pseudonyms that differ",
            ]
        );
    }

    #[test]
    fn the_initial_state_is_learnt_and_redacted() {
        let (rules, schema) = (rules(&["initial:=replace:x"]).build().expect("the rules are sound"), testing::schema());
        let mut follower = Follower::new(&rules, &schema);
        let (initial, changes) = follower.redact_initial(b"a secret").expect("a rule fits");
        assert_eq!((&*initial, changes.len()), (&b"x"[..], 1));
        let text = redacting(&schema, "raw: \"a secret\"", |entry| follower.redact(entry, "/a.S/Get"));
        assert_eq!((text.as_str(), follower.met()), ("raw: \"x\"", vec![true]));
    }

    #[test]
    fn it_can_be_given_to_another_thread() {
        fn takes(_: impl Send) {}
        let (rules, schema) = (rules(&["s=clear"]).build().expect("the rules are sound"), testing::schema());
        takes(Follower::new(&rules, &schema));
    }
}
