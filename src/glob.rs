//! Patterns for names: [`Glob`].

use std::str::FromStr;

/// A pattern in which `*` stands for any characters and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

/// Why a text is no pattern: it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a pattern, such as `Get*`")]
pub struct EmptyGlob;

impl FromStr for Glob {
    type Err = EmptyGlob;

    fn from_str(text: &str) -> Result<Self, EmptyGlob> {
        if text.is_empty() { Err(EmptyGlob) } else { Ok(Glob(text.to_owned())) }
    }
}

/// Where in a text a pattern may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// At its beginning.
    Text,
    /// There, and behind any `.` or `/`.
    Part,
}

impl Glob {
    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of a text matches.
    pub fn matches_all(&self, text: &str) -> bool {
        self.find(text, Beginning::Text)
    }

    /// Whether a full name matches, such as that of a method, `/package.Service/Method`.
    ///
    /// The pattern may begin behind any `.` or `/` of the name, unless it begins with `/`.
    pub fn matches(&self, name: &str) -> bool {
        self.find(name, if self.0.starts_with('/') { Beginning::Text } else { Beginning::Part })
    }

    /// Takes at most as many steps as the pattern is long times the text: what fails is tried again one step later, and
    /// once a `*` has been reached nothing in front of it need ever be tried again. Libraries match whole texts, and would
    /// have to be asked at every place where the pattern may begin.
    fn find(&self, text: &str, beginning: Beginning) -> bool {
        let mut pattern = self.0.as_str();
        let mut text = text;
        // Where to go on when the rest does not match: with this pattern, further behind in this text.
        let mut retry = (pattern, text);
        let mut last_star = false;
        loop {
            if let Some(rest) = pattern.strip_prefix('*') {
                (pattern, retry, last_star) = (rest, (rest, text), true);
                continue;
            }
            let (mut wanted, mut found) = (pattern.chars(), text.chars());
            match (wanted.next(), found.next()) {
                (None, None) => return true,
                (Some(wants), Some(has)) if wants == '?' || wants == has => {
                    (pattern, text) = (wanted.as_str(), found.as_str());
                    continue;
                }
                // A later beginning leaves even less text.
                (Some(_), None) => return false,
                (None | Some(_), Some(_)) => {}
            }
            let later = if last_star {
                retry.1.chars().next().map(char::len_utf8)
            } else if beginning == Beginning::Text {
                None
            } else {
                retry.1.bytes().position(|byte| matches!(byte, b'/' | b'.')).map(|position| position + 1)
            };
            let Some(later) = later else { return false };
            retry.1 = &retry.1[later..];
            (pattern, text) = retry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_methods() {
        let method = "/google.pubsub.v1.Publisher/CreateTopic";
        for pattern in
            ["CreateTopic", "Create*", "*Topic", "Publisher/*", "v1.Publisher/CreateTop?c", "/google.*/*", "*", method]
        {
            assert!(Glob(pattern.to_owned()).matches(method), "{pattern}");
        }
        for pattern in ["Topic", "Create", "/Publisher/*", "ublisher/*", "createtopic", "CreateTopic?", "/"] {
            assert!(!Glob(pattern.to_owned()).matches(method), "{pattern}");
        }
        let accented = "/a.é/Größe";
        for pattern in ["Gr??e", "?/Gr*", "é/*", "*?e", "??????????", "Größe*"] {
            assert!(Glob(pattern.to_owned()).matches(accented), "{pattern}");
        }
        for pattern in ["Gr???e", "Gr?e", "???????????", "/?????????????"] {
            assert!(!Glob(pattern.to_owned()).matches(accented), "{pattern}");
        }
    }

    /// Every pattern and text of a few characters, against the plain meaning of a pattern.
    #[test]
    fn globs_mean_what_they_say() {
        fn means(pattern: &[char], text: &[char]) -> bool {
            match (pattern, text) {
                ([], _) => text.is_empty(),
                (['*', rest @ ..], _) => (0..=text.len()).any(|taken| means(rest, &text[taken..])),
                ([wants, rest @ ..], [has, others @ ..]) => (*wants == '?' || wants == has) && means(rest, others),
                (_, []) => false,
            }
        }
        fn words(alphabet: &[char], length: u32) -> Vec<Vec<char>> {
            let count = alphabet.len().pow(length);
            let letter = |number: usize, place| alphabet[number / alphabet.len().pow(place) % alphabet.len()];
            (0..count).map(|number| (0..length).map(|place| letter(number, place)).collect()).collect()
        }
        let texts: Vec<_> = (0..=5).flat_map(|length| words(&['a', 'é', '/'], length)).collect();
        for pattern in (1..=4).flat_map(|length| words(&['a', 'é', '/', '*', '?'], length)) {
            let glob = Glob(pattern.iter().collect());
            for text in &texts {
                let starts = (0..=text.len()).filter(|&start| start == 0 || text[start - 1] == '/');
                let expected = starts
                    .filter(|&start| start == 0 || pattern[0] != '/')
                    .any(|start| means(&pattern, &text[start..]));
                assert_eq!(glob.matches(&text.iter().collect::<String>()), expected, "{pattern:?} {text:?}");
            }
        }
    }

    /// A quadratic search would not end within a minute.
    #[test]
    fn globs_are_not_slow_on_long_methods() {
        let long = "a/".repeat(500_000);
        for pattern in ["*x", "a*x", "*a*a*a*a*a*a*x", "a/a/a/a?a*x", "a/a/x"] {
            assert!(!Glob(pattern.to_owned()).matches(&long), "{pattern}");
        }
    }
}
