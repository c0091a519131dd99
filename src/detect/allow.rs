//! [`Allow`]: what is left alone though it looks like a secret.

use std::str::FromStr;

use regex::bytes::Regex;

/// A value that is left alone: a text, or `~` and a regular expression that may match anywhere in it.
#[derive(Debug, Clone)]
pub enum Allow {
    /// This text.
    Text(String),
    /// What this matches.
    Pattern(Regex),
}

impl Allow {
    /// Whether it is this value.
    pub fn allows(&self, value: &[u8]) -> bool {
        match self {
            Allow::Text(text) => text.as_bytes() == value,
            Allow::Pattern(pattern) => pattern.is_match(value),
        }
    }
}

impl FromStr for Allow {
    type Err = regex::Error;

    fn from_str(text: &str) -> Result<Allow, regex::Error> {
        match text.strip_prefix('~') {
            Some(pattern) => Ok(Allow::Pattern(Regex::new(pattern)?)),
            None => Ok(Allow::Text(text.to_owned())),
        }
    }
}
