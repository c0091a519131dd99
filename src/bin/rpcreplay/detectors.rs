//! Detectors: those that are built in, and those of a project.

use std::path::Path;

use regex::bytes::Regex;

use rpcreplay::check::{Rule, SECRETS};
use rpcreplay::config::{DetectorConfig, Setting};
use rpcreplay::detect::{Allow, Own, known};

use crate::failure::{Failure, Outcome, Trouble, name_of};
use crate::output::Output;

/// Lists the detectors that are built in.
pub fn list() -> Result<Outcome, Failure> {
    let width = known().iter().map(|known| known.name.len()).max().unwrap_or_default();
    let mut output = Output::new();
    for known in known() {
        output.write(format!("{:width$}  {}\n", known.name, known.what).as_bytes())?;
    }
    output.flush()?;
    Ok(Outcome::Fine)
}

/// Adds the detectors of a project, which says what they are in the file of this path.
pub fn add_own(detectors: &mut Vec<Own>, path: &Path, configs: &[DetectorConfig]) -> Result<(), Trouble> {
    let at = |setting: &Setting| format!("{}:{}", name_of(path), setting.line);
    for detector in configs {
        let name = &detector.name.value;
        let is_taken = known().iter().any(|known| known.name == name)
            || detectors.iter().any(|other| other.name == *name)
            || Rule::ALL.iter().any(|rule| rule.id() == name)
            || [ALL, SECRETS].contains(&name.as_str());
        if is_taken {
            return Err(Trouble::new(&at(&detector.name), format!("there is a detector or rule `{name}` already")));
        }
        let pattern = Regex::new(&detector.pattern.value)
            .map_err(|error| Trouble::new(&at(&detector.pattern), format!("`pattern`: {}", fault_of(&error))))?;
        detectors.push(Own { name: name.clone(), pattern });
    }
    Ok(())
}

/// What names all detectors that are built in.
const ALL: &str = "all";

/// The detectors that a name stands for.
pub fn names_of(name: &str) -> Vec<String> {
    match name {
        ALL => known().iter().map(|known| known.name.to_owned()).collect(),
        name => vec![name.to_owned()],
    }
}

/// A text that is left alone, or an expression behind `~`.
pub fn parse_allow(text: &str) -> Result<Allow, String> {
    text.parse().map_err(|error: regex::Error| fault_of(&error))
}

/// What is wrong with a pattern, without the lines that show it.
fn fault_of(error: &regex::Error) -> String {
    let fault = error.to_string();
    fault.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
