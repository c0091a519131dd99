//! What is wrong with a recording, and what a careful reviewer would question: will Go's replayer take it, and is it a good one?
//!
//! An [`Inspector`] looks at entries one by one; a [`Checker`] follows them in their order, and gathers what was found. What ends the reading of a
//! recording is a finding, too, if the recording is the reason: see [`of_error`].
//!
//! ```
//! use rpcreplay::check::{Checker, Checks, Inspector};
//! use rpcreplay::detect::Detectors;
//! use rpcreplay::format::{ReadOptions, Reader};
//! use rpcreplay::pairing::Pairing;
//! use rpcreplay::schema::Schema;
//!
//! let (schema, checks) = (Schema::builtin(), Checks::new(Detectors::new(&["jwt".to_owned()], &[])?));
//! let mut inspector = Inspector::new(&checks, &schema, None);
//! let (mut checker, mut pairing) = (Checker::new(&checks, &schema), Pairing::default());
//! let file = std::fs::File::open("tests/data/secrets.replay")?;
//! for entry in Reader::new(file, &schema, ReadOptions::default())? {
//!     let entry = entry?;
//!     checker.add(&entry, pairing.follow(&entry), inspector.inspect(&entry));
//! }
//! for finding in checker.finish(pairing.unmatched_requests(), None) {
//!     println!("{}: {}: {}", finding.position, checks.id(finding.cause), finding.sentence());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checker;
mod drift;
mod finding;
mod go;
mod inspector;
mod look;
mod rule;

use std::fmt;

use crate::close::close_names;
use crate::detect::{Allow, Detectors, known};
use crate::schema::Code;

pub use checker::Checker;
pub use finding::{Cause, Finding, Go, Inspected};
pub use go::of_error;
pub use inspector::Inspector;
pub use rule::{About, Rule, Severity};

/// What stands for all detectors where rules are named.
pub const SECRETS: &str = "secrets";

/// The codes that may pass, so that a program tries again: those that gRPC's own clients are most often told to retry.
pub const TRANSIENT: [Code; 4] = [Code(14), Code(8), Code(10), Code(4)];

/// What is looked for, and how bad it is.
#[derive(Debug)]
pub struct Checks {
    /// By rule; nothing where it is not looked for.
    severities: [Option<Severity>; Rule::ALL.len()],
    detectors: Detectors,
    /// By detector, the same.
    of_secrets: Vec<Option<Severity>>,
    /// Texts that are no secrets.
    pub allow: Vec<Allow>,
    /// The codes that may pass, for [`Rule::RetriedCall`].
    pub transient: Vec<Code>,
}

/// A name that no rule has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRule {
    /// The name.
    pub id: String,
    /// Names that may have been meant, the closest first, three at most.
    pub close: Vec<String>,
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no rule is called `{}`", self.id)
    }
}

impl std::error::Error for UnknownRule {}

impl Checks {
    /// All rules, and these detectors, each as bad as it says.
    pub fn new(detectors: Detectors) -> Checks {
        let of_secrets = detectors.names().map(|_| Some(Severity::Warning)).collect();
        let severities = Rule::ALL.map(|rule| Some(rule.about().severity));
        Checks { severities, detectors, of_secrets, allow: Vec::new(), transient: TRANSIENT.to_vec() }
    }

    /// Says how bad what a rule or detector finds is, or that it is not looked for; [`SECRETS`] is every detector.
    ///
    /// A detector that is built in may be named even if it is not one of these.
    ///
    /// # Errors
    ///
    /// [`UnknownRule`] if nothing is called so.
    pub fn set(&mut self, id: &str, severity: Option<Severity>) -> Result<(), UnknownRule> {
        if let Some(rule) = Rule::ALL.into_iter().find(|rule| rule.id() == id) {
            self.severities[rule as usize] = severity;
            return Ok(());
        }
        if id == SECRETS {
            self.of_secrets.fill(severity);
            return Ok(());
        }
        if let Some(detector) = self.detectors.names().position(|name| name == id) {
            self.of_secrets[detector] = severity;
            return Ok(());
        }
        if known().iter().any(|detector| detector.name == id) {
            return Ok(());
        }
        let all = Rule::ALL.iter().map(|rule| rule.id()).chain(self.detectors.names()).chain([SECRETS]);
        Err(UnknownRule { id: id.to_owned(), close: close_names(id, all).into_iter().map(str::to_owned).collect() })
    }

    /// How bad a finding is; nothing if that is not looked for.
    pub fn severity(&self, cause: impl Into<Cause>) -> Option<Severity> {
        match cause.into() {
            Cause::Rule(rule) => self.severities[rule as usize],
            Cause::Secret(detector) => self.of_secrets[detector],
        }
    }

    /// Whether anything is looked for that is called so.
    pub fn looks_for(&self, id: &str) -> bool {
        let is_on = |cause: Cause| self.severity(cause).is_some() && self.id(cause) == id;
        Rule::ALL.into_iter().any(|rule| is_on(Cause::Rule(rule)))
            || (0..self.of_secrets.len()).any(|detector| is_on(Cause::Secret(detector)))
    }

    /// What the rule or detector is called that found something.
    pub fn id(&self, cause: Cause) -> &str {
        match cause {
            Cause::Rule(rule) => rule.id(),
            Cause::Secret(detector) => self.detectors.names().nth(detector).unwrap_or_default(),
        }
    }

    /// The detectors.
    pub fn detectors(&self) -> &Detectors {
        &self.detectors
    }

    fn looks_for_secrets(&self) -> bool {
        self.of_secrets.iter().any(Option::is_some)
    }

    /// Whether a secret that a detector has found is to be told of.
    fn wants_secret(&self, detector: usize, secret: &[u8]) -> bool {
        self.of_secrets[detector].is_some() && !self.allow.iter().any(|allow| allow.allows(secret))
    }

    /// Whether anything is looked for that stands inside of messages.
    fn looks_into_messages(&self) -> bool {
        let rules = [Rule::DebugInfo, Rule::StackTrace, Rule::UnknownFields, Rule::Uninspected];
        self.looks_for_secrets() || rules.iter().any(|rule| self.severity(*rule).is_some())
    }

    /// Whether it matters what calls say.
    fn compares_calls(&self) -> bool {
        [Rule::DifferentAnswers, Rule::RetriedCall].iter().any(|rule| self.severity(*rule).is_some())
    }
}

#[cfg(test)]
mod tests;
