//! [`Baseline`]: what was found before, and is not told again.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{self, Path, PathBuf};

use serde_json::Value;

use rpcreplay::check::Rule;

use crate::failure::{Trouble, name_of, note};
use crate::findings::Finding;

/// Findings that are known, from a document that `--format json` has written.
#[derive(Debug, Default)]
pub struct Baseline {
    /// The name of its file.
    name: String,
    /// How many findings there are of each kind that were not met yet.
    known: HashMap<Kind, u64>,
    /// How many findings were met that it knows.
    met: u64,
    /// The recordings that were checked.
    checked: HashSet<PathBuf>,
}

/// What makes findings the same. Entries move when a recording is made anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    file: PathBuf,
    rule: String,
    method: String,
    place: String,
    /// Of what is told once in a recording, wherever it is first: what it is about. Of a detector what it says, which is how many secrets there
    /// are in the place. Else nothing.
    about: String,
}

impl Kind {
    fn new(file: &str, rule: &str, about: Option<&str>, [method, place, message]: [&str; 3]) -> Kind {
        let is_rule = Rule::ALL.iter().any(|known| known.id() == rule);
        let ([method, place], about) = match about {
            Some(about) => ([""; 2], about),
            None if is_rule => ([method, place], ""),
            None => ([method, place], message),
        };
        let [rule, method, place, about] = [rule, method, place, about].map(str::to_owned);
        Kind { file: plain(file), rule, method, place, about }
    }
}

/// A path as it is compared: from the root, and without links.
fn plain(path: &str) -> PathBuf {
    fs::canonicalize(path).or_else(|_| path::absolute(path)).unwrap_or_else(|_| PathBuf::from(path))
}

impl Baseline {
    /// Reads a document.
    pub fn read(path: &Path) -> Result<Baseline, Trouble> {
        let name = name_of(path);
        let bytes = std::fs::read(path).map_err(|error| Trouble::new(&name, error))?;
        let none = |why: String| {
            Trouble::new(&name, format!("is no baseline: {why}"))
                .with_hint("write one with: rpcreplay check --format json FILE… > BASELINE")
        };
        let document: Value = serde_json::from_slice(&bytes).map_err(|error| none(error.to_string()))?;
        let findings = document.get("findings").and_then(Value::as_array);
        let findings = findings.ok_or_else(|| none("there is no list `findings` in it".to_owned()))?;
        let mut baseline = Baseline { name: name.clone(), ..Baseline::default() };
        for (number, finding) in findings.iter().enumerate() {
            let text = |key: &str| finding.get(key).and_then(Value::as_str);
            let (Some(file), Some(rule)) = (text("file"), text("rule")) else {
                return Err(none(format!("finding {} has no `file` or no `rule`", number + 1)));
            };
            let others = ["method", "place", "message"].map(|key| text(key).unwrap_or_default());
            *baseline.known.entry(Kind::new(file, rule, text("about"), others)).or_default() += 1;
        }
        Ok(baseline)
    }

    /// Whether a finding is one that it knows, which is then met.
    pub fn knows(&mut self, finding: &Finding) -> bool {
        let [method, place] = [&finding.method, &finding.place].map(|text| text.as_deref().unwrap_or_default());
        let kind = Kind::new(&finding.file, &finding.rule, finding.about.as_deref(), [method, place, &finding.message]);
        let left = self.known.get_mut(&kind).filter(|left| **left > 0);
        let is_known = left.map(|left| *left -= 1).is_some();
        self.met += u64::from(is_known);
        is_known
    }

    /// A recording was checked.
    pub fn end(&mut self, file: &str) {
        self.checked.insert(plain(file));
    }

    /// How many findings it knows that could have been met, and were not, given what was looked for.
    fn gone(&self, is_looked_for: impl Fn(&str) -> bool) -> u64 {
        let could_be_met = |kind: &Kind| self.checked.contains(&kind.file) && is_looked_for(&kind.rule);
        self.known.iter().filter(|(kind, _)| could_be_met(kind)).map(|(_, left)| left).sum()
    }

    /// Says how many findings were left out, and how many are gone; nothing of the latter if only some calls were looked at.
    pub fn tell(&self, is_everything: bool, is_looked_for: impl Fn(&str) -> bool) {
        let several = |count: u64| if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
        if self.met > 0 {
            note("note: ", &format!("{} left out that {} knows", several(self.met), self.name));
        }
        let gone = if is_everything { self.gone(is_looked_for) } else { 0 };
        if gone > 0 {
            let is = if gone == 1 { "is" } else { "are" };
            note("note: ", &format!("{} of {} {is} gone; write it anew", several(gone), self.name));
        }
        if !self.known.is_empty() && !self.known.keys().any(|kind| self.checked.contains(&kind.file)) {
            note(
                "note: ",
                &format!("{} knows none of these recordings; its paths are seen from this folder", self.name),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Severity;

    fn finding(file: &str, rule: &str, entry: u64, place: Option<&str>) -> Finding {
        Finding {
            file: file.to_owned(),
            entry: Some(entry),
            offset: None,
            line: None,
            call: None,
            method: Some("/a.S/M".to_owned()),
            place: place.map(str::to_owned),
            rule: rule.to_owned(),
            severity: Severity::Warning,
            message: "a secret".to_owned(),
            about: None,
        }
    }

    #[test]
    fn what_is_told_once_may_move() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("known.json");
        let document = r#"{"findings":[{"file":"a.replay","rule":"unknown-fields","method":"/a.S/M","place":"request:",
            "about":"a.T 7","message":"field 7, in 2 entries"}]}"#;
        std::fs::write(&path, document).expect("a writable folder");
        let mut baseline = Baseline::read(&path).expect("a baseline");
        let field = |about: &str| {
            let moved = finding("sub/../a.replay", "unknown-fields", 1, Some("response:"));
            Finding { method: Some("/a.S/Other".to_owned()), about: Some(about.to_owned()), ..moved }
        };
        assert!(!baseline.knows(&field("a.T 8")));
        let same = Finding { file: "a.replay".to_owned(), ..field("a.T 7") };
        assert!(baseline.knows(&same) && !baseline.knows(&same));
    }

    #[test]
    fn as_many_are_known_as_there_were() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("known.json");
        let document = r#"{"findings":[
            {"file":"./a.replay","rule":"jwt","method":"/a.S/M","place":"request:b","entry":3,"message":"a secret"},
            {"file":"a.replay","rule":"jwt","method":"/a.S/M","place":"request:b","entry":5,"message":"a secret"},
            {"file":"b.replay","rule":"truncated","message":"input ends"}]}"#;
        std::fs::write(&path, document).expect("a writable folder");
        let mut baseline = Baseline::read(&path).expect("a baseline");
        let place = Some("request:b");
        assert!(baseline.knows(&finding("a.replay", "jwt", 7, place)));
        assert!(!baseline.knows(&finding("a.replay", "jwt", 8, None)));
        let two = Finding { message: "a secret, 2 times".to_owned(), ..finding("a.replay", "jwt", 7, place) };
        assert!(!baseline.knows(&two), "one more came");
        assert!(!baseline.knows(&finding("c.replay", "jwt", 8, place)));
        baseline.end("a.replay");
        assert_eq!((baseline.met, baseline.gone(|_| true)), (1, 1), "of another recording nothing is gone");
        assert_eq!(baseline.gone(|rule| rule != "jwt"), 0);
        let here = std::env::current_dir().expect("a working directory").join("a.replay");
        assert!(baseline.knows(&finding(&name_of(&here), "jwt", 9, place)));
        assert!(!baseline.knows(&finding("a.replay", "jwt", 10, place)));
        assert!(baseline.knows(&Finding { method: None, place: None, ..finding("b.replay", "truncated", 1, None) }));
        for (text, why) in [
            ("", "is no baseline: EOF while parsing"),
            ("[]", "is no baseline: there is no list `findings` in it"),
            (r#"{"findings":[{}]}"#, "is no baseline: finding 1 has no `file` or no `rule`"),
        ] {
            std::fs::write(&path, text).expect("a writable folder");
            let trouble = Baseline::read(&path).expect_err("it is none");
            assert!(trouble.message.contains(why), "{}", trouble.message);
        }
    }
}
