//! [`Baseline`]: what was found before, and is not told again.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

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
    /// How many it knows of recordings that were checked, and were not met.
    gone: u64,
}

/// What makes findings the same. Entries move when a recording is made anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    file: String,
    rule: String,
    method: String,
    place: String,
}

/// A path as it is compared.
fn plain(path: &str) -> String {
    path.replace('\\', "/").trim_start_matches("./").to_owned()
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
            let [method, place] = ["method", "place"].map(|key| text(key).unwrap_or_default().to_owned());
            *baseline.known.entry(Kind { file: plain(file), rule: rule.to_owned(), method, place }).or_default() += 1;
        }
        Ok(baseline)
    }

    /// Whether a finding is one that it knows, which is then met.
    pub fn knows(&mut self, finding: &Finding) -> bool {
        let kind = Kind {
            file: plain(&finding.file),
            rule: finding.rule.clone(),
            method: finding.method.clone().unwrap_or_default(),
            place: finding.place.clone().unwrap_or_default(),
        };
        let left = self.known.get_mut(&kind).filter(|left| **left > 0);
        let is_known = left.map(|left| *left -= 1).is_some();
        self.met += u64::from(is_known);
        is_known
    }

    /// A recording was checked.
    pub fn end(&mut self, file: &str) {
        let file = plain(file);
        let left = self.known.iter().filter(|(kind, _)| kind.file == file).map(|(_, left)| left);
        self.gone += left.sum::<u64>();
    }

    /// Says how many findings were left out, and how many are gone.
    pub fn tell(&self) {
        let several = |count: u64| if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
        if self.met > 0 {
            note("note: ", &format!("{} left out that {} knows", several(self.met), self.name));
        }
        if self.gone > 0 {
            let is = if self.gone == 1 { "is" } else { "are" };
            note("note: ", &format!("{} of {} {is} gone; write it anew", several(self.gone), self.name));
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
            message: String::new(),
        }
    }

    #[test]
    fn as_many_are_known_as_there_were() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("known.json");
        let document = r#"{"findings":[
            {"file":"./a.replay","rule":"jwt","method":"/a.S/M","place":"request:b","entry":3},
            {"file":"a.replay","rule":"jwt","method":"/a.S/M","place":"request:b","entry":5},
            {"file":"b.replay","rule":"truncated"}]}"#;
        std::fs::write(&path, document).expect("a writable folder");
        let mut baseline = Baseline::read(&path).expect("a baseline");
        let place = Some("request:b");
        assert!(baseline.knows(&finding("a.replay", "jwt", 7, place)));
        assert!(!baseline.knows(&finding("a.replay", "jwt", 8, None)));
        assert!(!baseline.knows(&finding("c.replay", "jwt", 8, place)));
        baseline.end("a.replay");
        assert_eq!((baseline.met, baseline.gone), (1, 1));
        assert!(baseline.knows(&finding("./a.replay", "jwt", 9, place)));
        assert!(!baseline.knows(&finding("a.replay", "jwt", 10, place)));
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
