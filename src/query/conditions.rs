//! Conditions, and how they are written: [`CodeCondition`], [`EntryRange`], [`ValueCondition`].

use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;

use crate::schema::{Code, EnumLayout, Selector, SelectorError};

/// A code that a call must end with, or must not: `NOT_FOUND`, `5`, `!OK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeCondition {
    /// The code.
    pub code: Code,
    /// Whether it is the one not to have.
    pub is_negated: bool,
}

impl FromStr for CodeCondition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, is_negated) = text.strip_prefix('!').map_or((text, false), |name| (name, true));
        match Code::parse(name) {
            Some(code) => Ok(CodeCondition { code, is_negated }),
            None => {
                let known: Vec<_> = Code::named().map(|code| code.to_string()).collect();
                Err(format!("expected a number or one of {}", known.join(", ")))
            }
        }
    }
}

/// Numbers of entries, both ends included: `3`, `3..10`, `3..`, `..10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRange {
    first: u64,
    last: u64,
}

impl EntryRange {
    /// Whether it holds a number.
    pub fn contains(self, index: u64) -> bool {
        (self.first..=self.last).contains(&index)
    }
}

impl fmt::Display for EntryRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.last)
    }
}

impl FromStr for EntryRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected entry numbers from 1 on, such as `3`, `3..10`, `3..` or `..10`";
        let number = |text: &str, default| match text {
            "" => Ok(default),
            _ => text.parse().map_err(|_| EXPECTED),
        };
        let (first, last) = match text.split_once("..") {
            Some(("", "")) => return Err(EXPECTED),
            Some((first, last)) => (number(first, 1)?, number(last, u64::MAX)?),
            None => (text.parse().map_err(|_| EXPECTED)?, text.parse().map_err(|_| EXPECTED)?),
        };
        if first == 0 {
            return Err(EXPECTED);
        }
        if first > last {
            return Err("the range is empty: its end lies before its beginning");
        }
        Ok(EntryRange { first, last })
    }
}

/// A value that must be somewhere a selector says: `SELECTOR=VALUE`, or `SELECTOR~REGEX`.
#[derive(Debug, Clone)]
pub struct ValueCondition {
    /// Where it is.
    pub selector: Selector,
    wanted: Wanted,
}

/// A text that a field is compared with, by a [`ValueCondition`] or an expression, and whether it can be that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedValue {
    /// The field: a selector, or a path of the expression.
    pub place: String,
    /// The text.
    pub value: String,
    /// Whether one of the fields found there can be that: only an enum can't be, which has no value of this name.
    pub is_possible: bool,
    /// If none can be, names of the enum's values that are close.
    pub close: Vec<String>,
}

#[derive(Debug, Clone)]
enum Wanted {
    Value(String),
    Pattern(Regex),
}

/// Why a text is no [`ValueCondition`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueConditionError {
    /// There is neither `=` nor `~` in it.
    #[error("expected SELECTOR=VALUE or SELECTOR~REGEX, such as `request:name=projects/demo`")]
    NoValue,
    /// It stands there twice, as in other languages.
    #[error("found `==`, expected `=`; a value that begins so is found with `~^=`")]
    Twice,
    /// There is no such sign.
    #[error(
        "found `!=`, which there is not: keep what is left with --invert-match, or write an expression for --where"
    )]
    Unequal,
    /// What stands in front of them is no selector.
    #[error("{0}")]
    Selector(#[from] SelectorError),
    /// What stands behind `~` is no regular expression. The text says where.
    #[error("{0}")]
    Pattern(String),
}

impl FromStr for ValueCondition {
    type Err = ValueConditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (place, sign) = sign_of(text).ok_or(ValueConditionError::NoValue)?;
        match (text[..place].trim_end().ends_with('!'), sign, text[place + 1..].starts_with('=')) {
            (true, _, _) => return Err(ValueConditionError::Unequal),
            (false, '=', true) => return Err(ValueConditionError::Twice),
            (false, _, _) => {}
        }
        let (selector, value) = (text[..place].parse::<Selector>()?, &text[place + 1..]);
        let pattern = match sign {
            '~' => Some(value),
            _ => value.strip_prefix('~'),
        };
        let wanted = match pattern {
            Some(pattern) => Wanted::Pattern(Regex::new(pattern).map_err(|error| {
                // The first lines draw the place; the last one says what is wrong.
                let words = error.to_string();
                let words = words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                ValueConditionError::Pattern(format!("`{pattern}` is no regular expression: {words}"))
            })?),
            None => Wanted::Value(value.to_owned()),
        };
        Ok(ValueCondition { selector, wanted })
    }
}

/// The first `=` or `~` that does not stand in the key of a map.
fn sign_of(text: &str) -> Option<(usize, char)> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().find(|&(_, character)| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match character {
            '"' if !was_escaped => is_quoted = !is_quoted,
            '\\' if is_quoted && !was_escaped => is_escaped = true,
            _ => {}
        }
        !is_quoted && matches!(character, '=' | '~')
    })
}

impl ValueCondition {
    /// Whether a value is wanted that is written so.
    pub(super) fn takes(&self, text: &[u8]) -> bool {
        match &self.wanted {
            Wanted::Value(value) => value.as_bytes() == text,
            Wanted::Pattern(pattern) => pattern.is_match(text),
        }
    }

    /// The text that is wanted, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.wanted {
            Wanted::Value(value) => Some(value),
            Wanted::Pattern(_) => None,
        }
    }

    /// The text that is wanted, if no value of an enum is that.
    pub(super) fn lacked_by(&self, layout: &EnumLayout) -> Option<&str> {
        self.text().filter(|text| layout.number(text).is_none() && text.parse::<i32>().is_err())
    }

    /// The number that is wanted, if it is one.
    pub(super) fn number<N: FromStr>(&self) -> Option<N> {
        self.text()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_parse() {
        let range = |first, last| Ok(EntryRange { first, last });
        assert_eq!("3".parse(), range(3, 3));
        assert_eq!("3..10".parse(), range(3, 10));
        assert_eq!("3..".parse(), range(3, u64::MAX));
        assert_eq!("..10".parse(), range(1, 10));
        for text in ["", "..", "0", "0..3", "-1", "3...4", "a", "10..3"] {
            assert!(text.parse::<EntryRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn codes_parse() {
        assert_eq!("!ok".parse(), Ok(CodeCondition { code: Code(0), is_negated: true }));
        assert_eq!("DeadlineExceeded".parse(), Ok(CodeCondition { code: Code(4), is_negated: false }));
        assert!("!".parse::<CodeCondition>().is_err());
    }

    #[test]
    fn values_stand_behind_the_first_sign_outside_of_keys() {
        for (text, selector, taken, not_taken) in [
            ("request:name=a=b", "request:name", "a=b", "a"),
            ("name~^a.*z$", "name", "a to z", "a to y"),
            ("name=~b", "name", "abc", "~"),
            ("labels[\"a=b\\\"~\"]=x", "labels[\"a=b\\\"~\"]", "x", ""),
            ("name=", "name", "", "x"),
            ("name~", "name", "anything", ""),
        ] {
            let condition: ValueCondition = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(condition.selector.to_string(), selector, "{text}");
            assert!(condition.takes(taken.as_bytes()), "{text}");
            assert!(text == "name~" || !condition.takes(not_taken.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_says_why() {
        for (text, expected) in [
            ("name", "expected SELECTOR=VALUE or SELECTOR~REGEX, such as `request:name=projects/demo`"),
            ("labels[\"a=b\"]", "expected SELECTOR=VALUE or SELECTOR~REGEX, such as `request:name=projects/demo`"),
            ("name==x", "found `==`, expected `=`; a value that begins so is found with `~^=`"),
            (
                "name!=x",
                "found `!=`, which there is not: keep what is left with --invert-match, or write an expression for --where",
            ),
            ("=x", "character 1: expected a path, such as `response:update_time`"),
            ("a..b=x", "character 3: expected a name"),
            ("name~(", "`(` is no regular expression: unclosed group"),
            (
                "name=~[z-a]",
                "`[z-a]` is no regular expression: invalid character class range, the start must be <= the end",
            ),
        ] {
            assert_eq!(text.parse::<ValueCondition>().expect_err(text).to_string(), expected, "{text}");
        }
    }
}
