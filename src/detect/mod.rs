//! Secrets and personal data in texts: [`Detectors`] find them, and [`encoded_parts`] opens what is written in base64
//! or URL-encoded.
//!
//! A text is any bytes. What it is a part of, and what is done with what is found, is the caller's affair.

mod addresses;
mod allow;
mod bounds;
mod credentials;
mod email;
mod encoded;
mod known;
mod markers;
mod placeholder;

use std::cmp::Reverse;
use std::ops::Range;

use regex::bytes::Regex;

use crate::close::close_names;

pub use allow::Allow;
pub(crate) use encoded::ENCODED_DEPTH;
pub use encoded::{Encoded, Encoding, LEAST_BYTES, encoded_at, encoded_parts, readings};
pub use known::{Known, known};

use addresses::Addresses;
use known::Form;
use markers::Markers;
pub(crate) use placeholder::STAND_IN;
use placeholder::{is_placeholder, is_stand_in};

/// A detector that somebody wrote.
#[derive(Debug, Clone)]
pub struct Own {
    /// What it is called.
    pub name: String,
    /// What it finds: group 1 if the pattern has groups and that one matched, or else all that matches.
    pub pattern: Regex,
}

/// Something that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The number of the detector among [`Detectors::names`].
    pub detector: usize,
    /// Where in the text it stands.
    pub range: Range<usize>,
}

/// A name that no detector has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no detector is called `{name}`")]
pub struct UnknownDetector {
    /// The name.
    pub name: String,
    /// Names that may have been meant, the closest first, three at most.
    pub close: Vec<String>,
}

/// Detectors, ready to look into texts.
#[derive(Debug)]
pub struct Detectors {
    names: Vec<String>,
    markers: Markers,
    addresses: Addresses,
    own: Vec<(usize, Regex)>,
}

impl Detectors {
    /// The detectors that have these names, of those that are built in and those that somebody wrote. Of two with the
    /// same name, the one that somebody wrote is meant, and of these the first. A name that comes again adds nothing.
    ///
    /// # Errors
    ///
    /// [`UnknownDetector`] for the first name that is none.
    pub fn new(names: &[String], own: &[Own]) -> Result<Self, UnknownDetector> {
        let mut taken: Vec<String> = Vec::new();
        let mut addresses = Addresses::default();
        let (mut built_in, mut written) = (Vec::new(), Vec::new());
        for name in names {
            if taken.contains(name) {
                continue;
            }
            let number = taken.len();
            if let Some(own) = own.iter().find(|own| own.name == *name) {
                written.push((number, own.pattern.clone()));
            } else if let Some(known) = known().iter().find(|known| known.name == name) {
                match known.form {
                    Form::Address(address) => addresses.add(address, number),
                    Form::Pattern { .. } | Form::Reader { .. } => built_in.push((number, known)),
                }
            } else {
                let all = known().iter().map(|known| known.name).chain(own.iter().map(|own| own.name.as_str()));
                let close = close_names(name, all).into_iter().map(str::to_owned).collect();
                return Err(UnknownDetector { name: name.clone(), close });
            }
            taken.push(name.clone());
        }
        Ok(Detectors { names: taken, markers: Markers::new(built_in.into_iter()), addresses, own: written })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Their names, by number.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Appends what is found in a text, sorted, without overlaps.
    ///
    /// Of what overlaps, what begins first is kept; of that, the longest; of that, what the first detector has found.
    /// Placeholders and what has been redacted are not found.
    ///
    /// The time that the detectors which are built in take is in proportion to the length of the text, apart from
    /// sorting what is found.
    pub fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        self.find_wanted(text, found, |_, _| true);
    }

    /// The same of what is wanted, given the detector that found it and the text: what is not hides nothing else.
    pub fn find_wanted(&self, text: &[u8], found: &mut Vec<Found>, is_wanted: impl FnMut(usize, &[u8]) -> bool) {
        let first = found.len();
        if !self.markers.is_empty() {
            self.markers.find(text, found);
        }
        if !self.addresses.is_empty() {
            self.addresses.find(text, found);
        }
        for (detector, pattern) in &self.own {
            find_own(*detector, pattern, text, found);
        }
        if found.len() > first {
            self.settle(text, found, first, is_wanted);
        }
    }

    /// Sorts what was found, from the first one on, and drops what overlaps and what is no secret.
    fn settle(
        &self,
        text: &[u8],
        found: &mut Vec<Found>,
        first: usize,
        mut is_wanted: impl FnMut(usize, &[u8]) -> bool,
    ) {
        found[first..].sort_unstable_by_key(|one| (one.range.start, Reverse(one.range.end), one.detector));
        let mut kept = first;
        let mut end = 0;
        for at in first..found.len() {
            let Found { detector, ref range } = found[at];
            // What somebody's own pattern finds is theirs to say, as long as it has not been redacted.
            let is_own = self.own.iter().any(|(own, _)| *own == detector);
            let is_none = if is_own { is_stand_in(text, range.clone()) } else { is_placeholder(&text[range.clone()]) };
            if range.start >= end && !is_none && is_wanted(detector, &text[range.clone()]) {
                end = range.end;
                found.swap(kept, at);
                kept += 1;
            }
        }
        found.truncate(kept);
    }
}

/// Appends what somebody's pattern finds.
fn find_own(detector: usize, pattern: &Regex, text: &[u8], found: &mut Vec<Found>) {
    let mut push = |range: Range<usize>| {
        if !range.is_empty() {
            found.push(Found { detector, range });
        }
    };
    if pattern.captures_len() == 1 {
        pattern.find_iter(text).for_each(|matched| push(matched.range()));
    } else {
        for captures in pattern.captures_iter(text) {
            if let Some(matched) = captures.get(1).or(captures.get(0)) {
                push(matched.range());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn all() -> Detectors {
        Detectors::new(&known().iter().map(|known| known.name.to_owned()).collect::<Vec<_>>(), &[]).unwrap()
    }

    fn only(name: &str) -> Detectors {
        Detectors::new(&[name.to_owned()], &[]).unwrap()
    }

    fn own(name: &str, pattern: &str) -> Own {
        Own { name: name.to_owned(), pattern: Regex::new(pattern).unwrap() }
    }

    fn find<'t>(detectors: &Detectors, text: &'t str) -> Vec<(usize, &'t str)> {
        let mut found = Vec::new();
        detectors.find(text.as_bytes(), &mut found);
        found.into_iter().map(|found| (found.detector, &text[found.range])).collect()
    }

    /// What of an example is the secret: what stands behind the first of these texts, up to the second.
    fn secret<'e>(detector: &str, example: &'e str) -> &'e str {
        let behind: &[&str] = match detector {
            "aws-secret-key" => &["_key = ", "_KEY=", "Key\": \""],
            "azure-storage-key" => &["AccountKey="],
            "basic-auth" => &["asic "],
            "bearer-token" => &["earer "],
            "gcp-api-key" | "sendgrid-key" | "huggingface-token" | "twilio-key" => &["?key=", "_KEY=", "_TOKEN="],
            "gcp-oauth-secret" => &["secret\":\""],
            "gcp-refresh-token" => &["refresh_token="],
            "gcp-service-account-key" => &["id\": \"", "id\\\":\\\""],
            "ipv4" => &["peer="],
            "ipv6" => &["["],
            "npm-token" => &["_authToken="],
            "slack-webhook" => &["services/", "workflows/"],
            "telegram-bot-token" => &["/bot"],
            "url-password" => &["admin:", "redis://:", "user:"],
            _ => &[],
        };
        let start = behind.iter().find_map(|behind| Some(example.find(behind)? + behind.len())).unwrap_or(0);
        let ends: &[&str] = match detector {
            "azure-storage-key" => &[";Endpoint"],
            "aws-secret-key" | "gcp-oauth-secret" | "gcp-service-account-key" => &["\\\"", "\""],
            "gcp-api-key" => &["&v=3"],
            "ipv4" => &[":443"],
            "ipv6" => &["]:443"],
            "telegram-bot-token" => &["/getMe"],
            "url-password" => &["@db", "@cache", "@example"],
            _ => &[],
        };
        let secret = &example[start..];
        &secret[..ends.iter().find_map(|end| secret.find(end)).unwrap_or(secret.len())]
    }

    #[test]
    fn examples_are_found_and_not_found() {
        for known in known() {
            assert!(known.found.len() >= 2 && known.not_found.len() >= 2, "{}", known.name);
            let detectors = only(known.name);
            for example in known.found {
                for (before, behind) in
                    [("", ""), ("See ", " there."), ("{\"key\":\"", "\"}"), ("größe=", ", größe"), ("(", ").")]
                {
                    let text = format!("{before}{example}{behind}");
                    assert_eq!(find(&detectors, &text), [(0, secret(known.name, example))], "{}: {text}", known.name);
                }
            }
            for example in known.not_found {
                for (before, behind) in [("", ""), ("See ", " there."), ("{\"key\":\"", "\"}")] {
                    let text = format!("{before}{example}{behind}");
                    assert_eq!(find(&detectors, &text), [], "{}: {text}", known.name);
                }
            }
        }
    }

    #[test]
    fn detectors_are_in_alphabetical_order() {
        assert!(known().is_sorted_by_key(|known| known.name));
    }

    #[test]
    fn what_is_redacted_is_not_found_again() {
        let stand_in = "redacted-abcdefgh23456723";
        let mut detectors: Vec<String> = known().iter().map(|known| known.name.to_owned()).collect();
        detectors.extend(["word", "quoted", "piece"].map(str::to_owned));
        let own = [own("word", "[a-z0-9-]{10,}"), own("quoted", "\"[^\"]*\""), own("piece", "[a-h]{4}")];
        let detectors = Detectors::new(&detectors, &own).unwrap();
        for text in [
            "redacted-abcdefgh23456723".to_owned(),
            format!("Bearer {stand_in}"),
            format!("Basic {stand_in}"),
            format!("https://{stand_in}:{stand_in}@{stand_in}/"),
            format!("{stand_in}@{stand_in}"),
        ] {
            assert_eq!(find(&detectors, &text), [], "{text}");
        }
        assert_eq!(find(&all(), "https://u:redacted-abcdefgh23456723@h/, redacted-abcdefgh23456723@example.com"), []);
        // Wherever a secret was, nothing is found once the stand-in is there.
        for known in known() {
            for example in known.found {
                let text = example.replacen(secret(known.name, example), stand_in, 1);
                assert_eq!(find(&only(known.name), &text), [], "{text}");
            }
        }
    }

    #[test]
    fn of_what_overlaps_the_first_and_longest_is_found() {
        let names = ["three", "jwt", "bearer-token", "one", "two"].map(str::to_owned);
        let own = [own("one", "b(cd)?"), own("two", "cdef"), own("three", "cd"), own("four", "e")];
        let detectors = Detectors::new(&names, &own).unwrap();
        assert_eq!(detectors.names().collect::<Vec<_>>(), names);
        assert_eq!(find(&detectors, "abcdef"), [(4, "cdef")]);
        assert_eq!(find(&detectors, "abcd ab"), [(0, "cd"), (3, "b")]);
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        assert_eq!(find(&detectors, &format!("Bearer {token}")), [(1, token)]);
    }

    #[test]
    fn names_are_looked_up() {
        let error = |name: &str| Detectors::new(&[name.to_owned()], &[own("order-number", "x")]).unwrap_err();
        assert_eq!(error("github-tokne").close, ["github-token", "gitlab-token"]);
        assert_eq!(error("ipv").close, ["ipv4", "ipv6"]);
        assert_eq!(error("order-numbers").close, ["order-number"]);
        assert_eq!(error("nothing-like-it").close, [""; 0]);
        assert_eq!(error("nothing-like-it").to_string(), "no detector is called `nothing-like-it`");
        assert!(Detectors::new(&[], &[]).unwrap().is_empty());
        // Somebody's own one is meant, and a name that comes again adds nothing.
        let own = [own("email", "mine"), own("email", "theirs")];
        let detectors = Detectors::new(&["email".to_owned(), "email".to_owned()], &own).unwrap();
        assert_eq!(detectors.names().collect::<Vec<_>>(), ["email"]);
        assert_eq!(find(&detectors, "mine, theirs, jane@example.com"), [(0, "mine")]);
    }

    /// What would take minutes if it were looked at anew from every place.
    #[test]
    fn no_text_takes_long() {
        let detectors = all();
        let begin = Instant::now();
        let mut pieces = [
            "@",
            ".",
            ":",
            "::",
            "a@",
            "a@b.",
            "1.",
            "1:",
            "a:",
            "://",
            "x://a:",
            "-----BEGIN PRIVATE KEY-----",
            "-----",
            "-----BEGIN PRIVATE KEY-----MIIEvgIBADANBgkq",
            "-----BEGIN PRIVATE KEY-----\nREDACTED",
            "eyJ",
            "eyJ.",
            "eyJ-",
            "eyJhbGciOiJIUzI1NiJ9.",
            "-AKIA",
            "-sk-proj-",
            "ya29.c.",
            "ya29.-",
            "Bearer a",
            "Basic a",
            "te_key_id\\",
            "te_key_id ",
            "SG.",
            "1:AA",
            "123456:AA",
            "é",
            "\0",
        ]
        .map(str::to_owned)
        .to_vec();
        for known in known() {
            pieces.extend(known.found.iter().chain(known.not_found).map(|example| (*example).to_owned()));
            pieces
                .extend(known.found.iter().map(|example| example.chars().take(example.chars().count() / 2).collect()));
        }
        for piece in &pieces {
            let text = piece.repeat(100_000 / piece.len());
            detectors.find(text.as_bytes(), &mut Vec::new());
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?} for {} texts", begin.elapsed(), pieces.len());
    }

    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let examples: Vec<&str> =
            known().iter().flat_map(|known| known.found.iter().chain(known.not_found)).copied().collect();
        let example = (prop::sample::select(examples), any::<prop::sample::Index>(), any::<bool>());
        let pieces = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            "[ -~]{0,12}".prop_map(String::into_bytes),
            "[a:.@/0-9 -]{0,12}".prop_map(String::into_bytes),
            // A whole example, or its beginning.
            example.prop_map(|(example, length, is_cut)| {
                example.as_bytes()[..if is_cut { length.index(example.len()) } else { example.len() }].to_vec()
            }),
        ];
        prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_found_is_sorted_and_apart(text in texts()) {
            let mut found = vec![Found { detector: 7, range: 5..500 }];
            all().find(&text, &mut found);
            prop_assert_eq!(&found[0], &Found { detector: 7, range: 5..500 });
            let mut end = 0;
            for one in &found[1..] {
                prop_assert!(one.detector < known().len() && one.range.start >= end && !one.range.is_empty());
                end = one.range.end;
            }
            prop_assert!(end <= text.len());
        }
    }
}
