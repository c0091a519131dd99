//! [`Noise`]: what a comparison folds, and by which rules.

use crate::compare::{Mask, RuleId, Treatment};
use crate::config::{ConfigError, RuleConfig, parse_rules};
use crate::schema::{Selector, SelectorError};

/// The profile `volatile`, as users can read and extend it.
pub const VOLATILE: &str = include_str!("volatile.toml");

/// How many rules are told apart; what more of them fold is counted with the last one.
const RULES_LIMIT: usize = 10_000;

/// What is folded, and why.
#[derive(Debug)]
pub struct Noise {
    pub(super) mask: Mask,
    rules: Vec<Rule>,
    /// Whether a profile, or somebody, has rules for what is noise.
    has_rules: bool,
}

/// A rule that differences are folded by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is called.
    pub name: String,
    /// What it folds, in a line.
    pub what: String,
}

/// Why a selector can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {error}", .selector.escape_debug())]
pub struct NoiseError {
    /// The selector.
    pub selector: String,
    /// What is wrong with it.
    pub error: SelectorError,
}

impl Default for Noise {
    fn default() -> Self {
        Noise::none()
    }
}

impl Noise {
    /// Nothing is folded.
    pub fn none() -> Noise {
        let rule = |name: &str, what: &str| Rule { name: name.to_owned(), what: what.to_owned() };
        let rules = vec![
            rule("time", "times"),
            rule("--only", "what no --only selects"),
            rule("same-json", "JSON in other words"),
            rule("copy", "copies of values that another rule folds"),
            rule("renamed", "names that are others throughout the recording"),
            rule("noted-time", "when entries were noted"),
            rule("metadata", "metadata that was noted beside entries"),
        ];
        debug_assert_eq!(rules.len(), usize::from(RuleId::FIRST_FREE.0));
        Noise { mask: Mask::new(), rules, has_rules: false }
    }

    /// The rules of the built-in profile.
    pub fn volatile() -> Vec<RuleConfig> {
        parse_rules(VOLATILE).expect("a test parses the built-in profile")
    }

    /// The rules of a profile.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for what is no profile.
    pub fn parse(text: &str) -> Result<Vec<RuleConfig>, ConfigError> {
        parse_rules(text)
    }

    /// Adds the rules of a profile. What was added before counts first.
    ///
    /// # Errors
    ///
    /// [`NoiseError`] with the line of the selector that is none.
    pub fn add_rules(&mut self, rules: &[RuleConfig]) -> Result<(), (usize, NoiseError)> {
        self.has_rules |= !rules.is_empty();
        for rule in rules {
            let id = self.add_rule(&rule.name, &rule.what);
            for setting in &rule.select {
                let selector = parse(&setting.value).map_err(|error| (setting.line, error))?;
                self.mask.add(selector, Treatment::Fold(id));
            }
        }
        Ok(())
    }

    /// Ignores what a selector selects.
    ///
    /// # Errors
    ///
    /// [`NoiseError`] if it is none.
    pub fn ignore(&mut self, selector: &str) -> Result<(), NoiseError> {
        let parsed = parse(selector)?;
        let id = self.add_rule(&format!("--ignore {selector}"), "ignored on demand");
        self.mask.add(parsed, Treatment::Ignore(id));
        Ok(())
    }

    /// Ignores all else than what this selects, and others that are added so.
    ///
    /// # Errors
    ///
    /// [`NoiseError`] if it is none.
    pub fn only(&mut self, selector: &str) -> Result<(), NoiseError> {
        let parsed = parse(selector)?;
        self.mask.add(parsed, Treatment::Only);
        Ok(())
    }

    /// Takes the lists that a selector selects for sets.
    ///
    /// # Errors
    ///
    /// [`NoiseError`] if it is none.
    pub fn unordered(&mut self, selector: &str) -> Result<(), NoiseError> {
        let parsed = parse(selector)?;
        self.mask.add(parsed, Treatment::Unordered);
        Ok(())
    }

    /// Tells the elements of the lists that a selector selects by one of their fields.
    ///
    /// # Errors
    ///
    /// [`NoiseError`] if it is none.
    pub fn key(&mut self, selector: &str, field: &str) -> Result<(), NoiseError> {
        let parsed = parse(selector)?;
        self.mask.add(parsed, Treatment::Key(field.to_owned()));
        Ok(())
    }

    /// The rule of an id, which a report on recordings that were read with this noise has.
    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[usize::from(id.0)]
    }

    /// What a comparison is to make of which values.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Whether there are rules for what is noise. Without, ids of the server's that are others now are none.
    pub fn has_rules(&self) -> bool {
        self.has_rules
    }

    /// The selectors that have selected nothing in what was read with this noise.
    pub fn unused(&self) -> Vec<String> {
        let mut unused: Vec<String> = self.mask.unused().map(ToString::to_string).collect();
        unused.dedup();
        unused
    }

    fn add_rule(&mut self, name: &str, what: &str) -> RuleId {
        let known = self.rules.iter().rposition(|rule| rule.name == name);
        if let Some(known) = known.filter(|&known| known >= usize::from(RuleId::FIRST_FREE.0)) {
            return RuleId(known as u16);
        }
        if self.rules.len() == RULES_LIMIT {
            return RuleId(RULES_LIMIT as u16 - 1);
        }
        self.rules.push(Rule { name: name.to_owned(), what: what.to_owned() });
        RuleId(self.rules.len() as u16 - 1)
    }
}

fn parse(selector: &str) -> Result<Selector, NoiseError> {
    selector.parse().map_err(|error| NoiseError { selector: selector.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profile_has_rules_with_reasons() {
        let rules = Noise::volatile();
        assert!(rules.len() >= 10, "{} rules", rules.len());
        for rule in &rules {
            assert!(!rule.evidence.is_empty() && !rule.what.is_empty() && !rule.select.is_empty(), "{}", rule.name);
        }
        let mut noise = Noise::none();
        noise.add_rules(&rules).expect("its selectors are some");
        assert_eq!(noise.rules.len(), usize::from(RuleId::FIRST_FREE.0) + rules.len(), "names are unique");
    }
}
