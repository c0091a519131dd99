//! [`Finding`]: something in a recording that somebody should look at.

use std::fmt;
use std::sync::Arc;

use super::rule::Rule;
use crate::entry::EntryIndex;
use crate::error::Position;
use crate::schema::escape_go;

/// What found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A rule.
    Rule(Rule),
    /// The detector of this number among those of the [`Checks`](super::Checks).
    Secret(usize),
}

/// What Go's replayer makes of what was found.
///
/// The words are those of `grpcreplay` of go-replayers, which its predecessor has, too, with `rpcreplay:` in front of some of them. File and line,
/// which it puts in front of what it says of text recordings, places in the text of an entry, and names of Go's types are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Go {
    /// It refuses the recording, or panics, and says this.
    Says(String),
    /// It refuses the recording in other words.
    Refuses,
    /// It takes the recording, though something is wrong with it.
    Accepts,
}

impl fmt::Display for Go {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Go::Says(words) => write!(f, "Go's replayer: `{words}`"),
            Go::Refuses => f.write_str("Go's replayer refuses it"),
            Go::Accepts => f.write_str("Go accepts this"),
        }
    }
}

/// Something in a recording that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What found it.
    pub cause: Cause,
    /// The entry that it is about, where that is one, and where it stands.
    pub position: Position,
    /// The first entry of the call that it is about.
    pub call: Option<EntryIndex>,
    /// The full method of that call; nothing if that is not known.
    pub method: Arc<str>,
    /// Which field of the message, as a selector without the keys of maps; empty if it is about the entry.
    pub place: String,
    /// What was found: one line without a full stop, and without a value out of the recording.
    pub message: String,
    /// What Go's replayer makes of it, if that is known.
    pub go: Option<Go>,
    /// Of what is told once in a recording, however many entries have it: what it is about, such as a type or one of its fields.
    pub about: Option<String>,
}

impl Finding {
    pub(super) fn new(cause: impl Into<Cause>, message: impl Into<String>) -> Finding {
        Finding {
            cause: cause.into(),
            position: Position::default(),
            call: None,
            method: Arc::default(),
            place: String::new(),
            message: message.into(),
            go: None,
            about: None,
        }
    }

    /// It is told once, and of this.
    pub(super) fn about(self, what: impl Into<String>) -> Finding {
        Finding { about: Some(what.into()), ..self }
    }

    pub(super) fn of_go(self, go: Go) -> Finding {
        Finding { go: Some(go), ..self }
    }

    pub(super) fn said(self, words: impl fmt::Display) -> Finding {
        self.of_go(Go::Says(words.to_string()))
    }

    pub(super) fn of_place(self, place: impl Into<String>) -> Finding {
        Finding { place: place.into(), ..self }
    }

    /// The same, in which names out of the recording are escaped that would end the line.
    pub(super) fn on_one_line(self) -> Finding {
        let one_line = |text: String| match text.contains(char::is_control) {
            false => text,
            true => {
                let mut escaped = Vec::new();
                escape_go(&mut escaped, text.as_bytes());
                String::from_utf8_lossy(&escaped).into_owned()
            }
        };
        let go = self.go.map(|go| match go {
            Go::Says(words) => Go::Says(one_line(words)),
            Go::Refuses | Go::Accepts => go,
        });
        Finding { message: one_line(self.message), go, about: self.about.map(one_line), ..self }
    }

    /// What was found, and what Go's replayer makes of it.
    pub fn sentence(&self) -> String {
        match &self.go {
            Some(go) => format!("{}; {go}", self.message),
            None => self.message.clone(),
        }
    }
}

impl From<Rule> for Cause {
    fn from(rule: Rule) -> Cause {
        Cause::Rule(rule)
    }
}

/// What an entry says by itself, as [`Inspector::inspect`](super::Inspector::inspect) has found out.
#[derive(Debug, Clone, Default)]
pub struct Inspected {
    /// What was found in it, with nothing of where it stands but the place in the message.
    pub(super) findings: Vec<Finding>,
    /// What it says, in 128 bits; 0 if nobody asks for that.
    pub(super) said: u128,
    /// Whether Go's reader refuses it whatever stands around it.
    pub(super) is_refused: bool,
}
