//! Redaction: values that rules select are replaced in a recording, wherever they stand, so that it still replays.
//!
//! It takes two passes. A [`Learner`] finds the values that rules select or detectors find, and what is to stand for them is decided
//! once for all of them ([`Replacements`]). Then a [`Redactor`] replaces, in every entry, what rules select there, and copies of
//! those values elsewhere. Both step through messages as they stand on the wire; the second refuses what it can't look into.
//! Where entries can't be read twice, a [`Follower`] replaces copies of what was selected so far.
//!
//! ```
//! use rpcreplay::format::{ReadOptions, Reader};
//! use rpcreplay::pairing::{Methods, Pairing};
//! use rpcreplay::redact::{Done, Learner, Redactor, RulesBuilder};
//! use rpcreplay::Schema;
//!
//! let schema = Schema::builtin();
//! let rules = vec!["response:payload.data=replace:hidden".parse()?];
//! let rules = RulesBuilder { rules, ..RulesBuilder::default() }.build()?;
//! let file = std::fs::read("tests/data/secrets.replay")?;
//! let reader = || Reader::new(&file[..], &schema, ReadOptions::default());
//!
//! let mut learner = Learner::new(&rules, &schema);
//! let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
//! for entry in reader()? {
//!     let entry = entry?;
//!     let call = pairing.follow(&entry);
//!     learner.learn(&entry, methods.follow(&entry, call))?;
//! }
//! let replacements = rules.replacements(learner.into_values(), Done::default())?;
//!
//! let mut redactor = Redactor::new(&rules, &schema, &replacements);
//! let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
//! let mut changed = Vec::new();
//! for entry in reader()? {
//!     let entry = entry?;
//!     let call = pairing.follow(&entry);
//!     let redacted = redactor.redact(&entry, methods.follow(&entry, call))?;
//!     changed.extend(redacted.changes.iter().map(|change| change.place.clone()));
//!     // A Writer takes redacted.entry.
//! }
//! assert_eq!(changed, ["request:payload.data", "response:payload.data"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod action;
mod change;
mod checksum;
mod cover;
mod follower;
mod key;
#[cfg(test)]
mod laws;
mod metadata;
mod pass;
mod redactor;
mod rule;
mod sorted;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod windows;

use std::collections::HashSet;

use crate::detect::{Detectors, Own, UnknownDetector};
use crate::glob::Glob;
use crate::schema::Selector;
use sorted::Replaced;

pub use action::{Action, Form, NoAction, Unfit};
pub use change::{
    Cause, Change, NotRestored, Patch, Redacted, Refusal, Uninspected, ValueKind, Warning, restore, restore_bytes,
    restore_text,
};
pub use checksum::Checksum;
pub use follower::Follower;
pub use key::{Key, PSEUDONYM_PREFIX};
pub use redactor::{Learner, Redactor};
pub use rule::{NoRule, PROPAGATED_CHARACTERS, Rule};
pub use values::{Done, Replacements, Values};

/// Rules that are ready to be followed.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    key: Option<Key>,
    checksums: Vec<Checksum>,
    detectors: Detectors,
    /// By detector: the rules that ask for it, in order.
    asked: Vec<Vec<u16>>,
    /// What selects something, and what is excepted, of all rules.
    selectors: Vec<Selector>,
    /// By selector.
    uses: Vec<Use>,
    /// The types of what may be passed on without a look into it.
    uninspected: Vec<Glob>,
}

/// What a selector is to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    rule: u16,
    is_exception: bool,
    /// Whether it selects all that stands in something, so that some of it may be no matter for the rule's action.
    is_deep: bool,
}

/// What rules are made of.
#[derive(Debug, Default)]
pub struct RulesBuilder {
    /// The rules; where several select a value, the first counts.
    pub rules: Vec<Rule>,
    /// What pseudonyms are made with.
    pub key: Option<Key>,
    /// Checksums beside those that are known.
    pub checksums: Vec<Checksum>,
    /// Detectors beside those that are built in.
    pub detectors: Vec<Own>,
    /// The types of messages that may be passed on without a look into them.
    pub uninspected: Vec<Glob>,
}

/// Why rules can't be followed.
#[derive(Debug, thiserror::Error)]
pub enum RulesFault {
    /// A rule that selects nothing and asks for no detector.
    #[error("rule `{0}` selects nothing")]
    SelectsNothing(String),
    /// A rule whose action needs a key.
    #[error("rule `{rule}`: `{action}` needs a key")]
    NeedsKey {
        /// The rule.
        rule: String,
        /// Its action.
        action: String,
    },
    /// A rule with detectors and an action that is not for parts of texts.
    #[error("rule `{rule}`: `{action}` can't be applied to what detectors find")]
    NotForDetectors {
        /// The rule.
        rule: String,
        /// Its action.
        action: String,
    },
    /// A name that no detector has.
    #[error("rule `{rule}`: {error}")]
    UnknownDetector {
        /// The rule.
        rule: String,
        /// The name, and close ones.
        error: UnknownDetector,
    },
    /// More rules than there are numbers for.
    #[error("there are more than {} rules", u16::MAX)]
    TooMany,
}

impl RulesFault {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            RulesFault::SelectsNothing(_) => Some("give it `select`, `detect` or `debug-redact = true`".to_owned()),
            RulesFault::NotForDetectors { .. } => Some("use replace:TEXT, mask:N, pseudonym or clear".to_owned()),
            RulesFault::UnknownDetector { error, .. } => Some(match &*error.close {
                [] => "`rpcreplay redact --detectors` lists them".to_owned(),
                [close, ..] => format!("did you mean `{close}`?"),
            }),
            RulesFault::NeedsKey { .. } | RulesFault::TooMany => None,
        }
    }
}

/// A value that a rule's action can't be applied to. It never tells the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule `{name}`: {unfit}")]
pub struct UnfitValue {
    /// The rule, by its number.
    pub rule: usize,
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub unfit: Unfit,
}

impl RulesBuilder {
    /// The rules, ready to be followed.
    ///
    /// # Errors
    ///
    /// [`RulesFault`] if one of them makes no sense.
    pub fn build(self) -> Result<Rules, RulesFault> {
        let RulesBuilder { rules, key, checksums, detectors: own, uninspected } = self;
        if rules.len() >= usize::from(u16::MAX) {
            return Err(RulesFault::TooMany);
        }
        let mut names: Vec<String> = Vec::new();
        let (mut selectors, mut uses) = (Vec::new(), Vec::new());
        for (number, rule) in (0..).zip(&rules) {
            let (name, action) = (rule.name.clone(), rule.action.to_string());
            if rule.select.is_empty() && rule.detect.is_empty() && !rule.debug_redact {
                return Err(RulesFault::SelectsNothing(name));
            }
            if rule.action.needs_key() && key.is_none() {
                return Err(RulesFault::NeedsKey { rule: name, action });
            }
            if !rule.detect.is_empty() && matches!(rule.action, Action::Drop | Action::Shift(_)) {
                return Err(RulesFault::NotForDetectors { rule: name, action });
            }
            Detectors::new(&rule.detect, &own).map_err(|error| RulesFault::UnknownDetector { rule: name, error })?;
            names.extend(rule.detect.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
            for (of_rule, is_exception) in [(&rule.select, false), (&rule.except, true)] {
                uses.extend(of_rule.iter().map(|selector| Use {
                    rule: number,
                    is_exception,
                    is_deep: selector.is_deep(),
                }));
                selectors.extend(of_rule.iter().cloned());
            }
        }
        let unknown = |error| RulesFault::UnknownDetector { rule: String::new(), error };
        let detectors = Detectors::new(&names, &own).map_err(unknown)?;
        let asks = |name: &str| {
            let asking = (0..).zip(&rules).filter(|(_, rule)| rule.detect.iter().any(|asked| asked == name));
            asking.map(|(number, _)| number).collect()
        };
        let asked = detectors.names().map(asks).collect();
        let checksums = checksums.into_iter().chain(checksum::known()).collect();
        Ok(Rules { rules, key, checksums, detectors, asked, selectors, uses, uninspected })
    }
}

impl Rules {
    /// The rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The detectors that rules ask for.
    pub fn detectors(&self) -> &Detectors {
        &self.detectors
    }

    /// Whether values have to be [learnt](Learner) before anything is redacted.
    pub fn needs_first_pass(&self) -> bool {
        self.rules.iter().any(|rule| rule.propagate)
    }

    /// What is to stand for values wherever they are, where an earlier run did this.
    ///
    /// # Errors
    ///
    /// [`UnfitValue`] if a rule's action can't be applied to one, or if two values would get the same pseudonym.
    pub fn replacements(&self, values: Values, done: Done) -> Result<Replacements, UnfitValue> {
        let (mut replaced, mut pseudonyms) = (Vec::new(), HashSet::new());
        let mut values: Vec<_> = values.into_sorted();
        values.retain(|(value, _)| !done.texts.contains_key(&**value));
        for (value, rule) in values {
            replaced.extend(self.replaced(value, rule, &mut pseudonyms)?);
        }
        for (value, (new, rule)) in &done.texts {
            if values::is_propagated(value) && value != new {
                replaced.push((value.as_slice().into(), new.as_slice().into(), *rule));
            }
        }
        values::add_written_otherwise(&mut replaced, |_| false);
        Ok(Replacements::new(replaced, done))
    }

    /// What stands for a value that a rule has selected; nothing if it stays as it is.
    fn replaced(
        &self,
        value: Box<[u8]>,
        rule: u16,
        pseudonyms: &mut HashSet<Box<[u8]>>,
    ) -> Result<Option<Replaced>, UnfitValue> {
        let Rule { name, action, .. } = &self.rules[usize::from(rule)];
        let at_rule = |unfit| UnfitValue { rule: rule.into(), name: name.clone(), unfit };
        let new: Box<[u8]> = action.of_text(&value, self.key.as_ref()).map_err(at_rule)?.into();
        if new == value {
            return Ok(None);
        }
        if matches!(action, Action::Pseudonym(_)) && !pseudonyms.insert(new.clone()) {
            return Err(at_rule(Unfit::SamePseudonym));
        }
        Ok(Some((value, new, rule)))
    }

    /// Whether a text is a pseudonym that was made with the key.
    fn is_pseudonym(&self, text: &[u8]) -> bool {
        self.key.as_ref().is_some_and(|key| key.is_pseudonym(text))
    }

    /// Whether something of this type may be passed on without a look into it.
    fn may_pass(&self, type_name: &str) -> bool {
        self.uninspected.iter().any(|glob| glob.matches_all(type_name))
    }
}
