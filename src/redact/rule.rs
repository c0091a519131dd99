//! [`Rule`]: which values are redacted, and what becomes of them.

use std::fmt;
use std::str::FromStr;

use super::action::{Action, NoAction};
use crate::detect::Allow;
use crate::glob::Glob;
use crate::schema::{Selector, SelectorError};

/// Which values are redacted, and what becomes of them.
///
/// A value is selected by one of the selectors, or because its field has the option `debug_redact`. With detectors only what they
/// find in it is redacted; with detectors and nothing that selects they look everywhere.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What reports call it.
    pub name: String,
    /// What selects values.
    pub select: Vec<Selector>,
    /// Whether fields with the option `debug_redact` are selected.
    pub debug_redact: bool,
    /// The detectors that look for secrets in values, by name.
    pub detect: Vec<String>,
    /// The methods whose calls it is for; all, if there are none.
    pub methods: Vec<Glob>,
    /// What selects values that it leaves alone, with all that stands in them.
    pub except: Vec<Selector>,
    /// The values that it leaves alone.
    pub allow: Vec<Allow>,
    /// What becomes of what is selected or found.
    pub action: Action,
    /// Whether it becomes that wherever else it stands in a recording; strings and bytes of at least [`PROPAGATED_CHARACTERS`] do.
    pub propagate: bool,
}

/// How many characters a value has, at least, that is replaced outside of what was selected, too: what is shorter stands there by
/// chance.
pub const PROPAGATED_CHARACTERS: usize = 8;

impl Rule {
    /// A rule with a name and an action that selects nothing.
    pub fn new(name: impl Into<String>, action: Action) -> Rule {
        Rule {
            name: name.into(),
            select: Vec::new(),
            debug_redact: false,
            detect: Vec::new(),
            methods: Vec::new(),
            except: Vec::new(),
            allow: Vec::new(),
            action,
            propagate: true,
        }
    }

    /// Whether it looks for secrets in all values.
    pub(super) fn detects_everywhere(&self) -> bool {
        !self.detect.is_empty() && self.select.is_empty() && !self.debug_redact
    }

    /// Whether it leaves a value alone.
    pub(super) fn allows(&self, value: &[u8]) -> bool {
        self.allow.iter().any(|allow| allow.allows(value))
    }
}

/// Why a text is no rule `SELECTOR=ACTION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRule {
    /// There is no `=ACTION`.
    NoAction,
    /// What stands behind the selector is no action.
    Action(NoAction),
    /// What stands before the action is no selector.
    Selector(SelectorError),
}

impl fmt::Display for NoRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoRule::NoAction => f.write_str("expected SELECTOR=ACTION, such as `response:payload.data=clear`"),
            NoRule::Action(error) => error.fmt(f),
            NoRule::Selector(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NoRule {}

impl FromStr for Rule {
    type Err = NoRule;

    /// Reads `SELECTOR=ACTION`; it is called by its selector.
    fn from_str(text: &str) -> Result<Rule, NoRule> {
        // Keys of maps may hold the sign; the text of a replacement, too.
        let mut quoted = false;
        let mut escaped = false;
        let sign = text.bytes().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'=' if !quoted => return true,
                _ => {}
            }
            false
        });
        let (selector, action) = text.split_at_checked(sign.ok_or(NoRule::NoAction)?).ok_or(NoRule::NoAction)?;
        let action = action[1..].parse().map_err(NoRule::Action)?;
        let selector = selector.parse().map_err(NoRule::Selector)?;
        let mut rule = Rule::new(format!("{selector}"), action);
        rule.select.push(selector);
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_selector_and_an_action() {
        for (text, selector, action) in [
            ("response:payload.data=clear", "response:payload.data", "clear"),
            ("labels[\"a=b\"]=mask:4", "labels[\"a=b\"]", "mask:4"),
            ("initial:=replace:a=b:c", "initial:", "replace:a=b:c"),
            ("Get*:name=pseudonym:same-length", "Get*:name", "pseudonym:same-length"),
            ("google.protobuf.Timestamp=shift:-2d", "google.protobuf.Timestamp", "shift:-172800s"),
            ("a=replace:", "a", "replace:"),
        ] {
            let rule: Rule = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((rule.select[0].to_string().as_str(), rule.action.to_string().as_str()), (selector, action));
        }
        for (text, error) in [
            ("name", "expected SELECTOR=ACTION, such as `response:payload.data=clear`"),
            (
                "name=hide",
                "`hide` is no action, expected clear, drop, replace:TEXT, mask:N, pseudonym, \
                 pseudonym:same-length, shift or shift:-30d",
            ),
            ("=clear", "character 1: expected a path, such as `response:update_time`"),
            ("a..b=clear", "character 3: expected a name"),
        ] {
            assert_eq!(text.parse::<Rule>().expect_err(text).to_string(), error);
        }
    }
}
