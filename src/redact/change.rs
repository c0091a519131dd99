//! [`Redacted`]: what redaction did to an entry, and why it could not.

use std::fmt;

use super::Unfit;
use crate::detect::Encoding;
use crate::entry::Entry;
use crate::schema::Part;

/// A value that is replaced.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it stands, as a selector; of a map's key, the map; `comment` in a comment of a text recording.
    pub place: String,
    /// The byte of the entry's record at which its field stands.
    pub byte: usize,
    /// The rule, by its number.
    pub rule: usize,
    /// Why it is replaced.
    pub cause: Cause,
    /// How it is encoded in the text that it stands in.
    pub encoding: Option<Encoding>,
    /// Whether it stands in the key of a map's entry.
    pub is_key: bool,
    /// What it is.
    pub kind: ValueKind,
    /// What it was: a text or bytes, of a message its content, of a number its bytes on the wire.
    pub old: Vec<u8>,
    /// What it becomes; nothing if it goes.
    pub new: Option<Vec<u8>>,
}

impl Change {
    /// Whether it stands in metadata, which no replay looks at.
    pub fn is_of_metadata(&self) -> bool {
        self.place.strip_prefix(Part::Metadata.name()).is_some_and(|key| key.starts_with(':'))
    }
}

/// Why a value is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The rule selects it.
    Selected,
    /// A detector found it, by its number.
    Detected(usize),
    /// It is the copy of a value that the rule selected, or a detector found, elsewhere.
    Copied,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A string, or a part of one.
    String,
    /// Bytes, or a part of some.
    Bytes,
    /// A number, an enum or a boolean.
    Number,
    /// A message.
    Message,
}

/// Something that is not as it should be after redaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Warning {
    /// A checksum, digest or signature beside a value that was replaced, which tells so now.
    Checksum {
        /// Where it stands, as a selector.
        place: String,
    },
    /// A value of fewer characters than are looked for elsewhere: copies of it are not replaced.
    Short,
    /// A value that looks like a pseudonym and was not made with this key.
    OtherKey {
        /// Where it stands, as a selector.
        place: String,
    },
    /// Bytes that are no text, in a part of which something was replaced: what reads them may not understand them any more.
    Binary {
        /// Where they stand, as a selector.
        place: String,
    },
}

/// Why an entry can't be redacted. It never tells a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Something in it can't be looked into.
    Uninspected(Uninspected),
    /// A rule's action can't be applied to what it selects.
    Unfit {
        /// Where it stands, as a selector; empty if it is any of several places.
        place: String,
        /// The rule, by its number.
        rule: usize,
        /// What is wrong.
        unfit: Unfit,
    },
    /// Two keys of a map would become the same.
    SameKeys,
    /// The record would become longer than a recording can hold.
    TooLong,
}

/// Something that can't be looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uninspected {
    /// Where it stands, as a selector.
    pub place: String,
    /// The type of what it stands in.
    pub type_name: String,
    /// Why nobody can look into it.
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Uninspected(Uninspected { place, why, .. }) => {
                let at = if place.is_empty() { String::new() } else { format!("`{place}`: ") };
                write!(f, "{at}{why}, so secrets in it can't be seen")
            }
            Refusal::Unfit { place, unfit, .. } if place.is_empty() => unfit.fmt(f),
            Refusal::Unfit { place, unfit, .. } => write!(f, "`{place}`: {unfit}"),
            Refusal::SameKeys => {
                f.write_str("two keys of a map would become the same, and one of their values be lost")
            }
            Refusal::TooLong => f.write_str("it would become longer than a record can be"),
        }
    }
}

impl std::error::Error for Refusal {}

/// An entry that was redacted.
#[derive(Debug)]
pub struct Redacted {
    /// The entry; the same if nothing of it changed.
    pub entry: Entry,
    /// What was replaced, in the order of the wire.
    pub changes: Vec<Change>,
    /// What is not as it should be.
    pub warnings: Vec<Warning>,
    /// The parts of the record that were replaced, lengths included: where they stand in the new record, how long they are there, and
    /// what they were.
    pub patches: Vec<Patch>,
    /// What was passed on without a look into it, as that is allowed.
    pub uninspected: Vec<Uninspected>,
}

impl Redacted {
    /// An entry that need not be redacted.
    pub fn unchanged(entry: &Entry) -> Redacted {
        let (changes, warnings, patches, uninspected) = Default::default();
        Redacted { entry: entry.clone(), changes, warnings, patches, uninspected }
    }
}

/// A part of a record that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Where it stands in the new record.
    pub at: usize,
    /// How many bytes it has there.
    pub bytes: usize,
    /// What it was.
    pub old: Vec<u8>,
}

/// The entry that was redacted: its record with what was replaced in it.
///
/// # Errors
///
/// If the patches don't fit the record, or what comes of it is no record.
pub fn restore(entry: &Entry, patches: &[Patch]) -> Result<Entry, NotRestored> {
    entry.with_record(restore_bytes(entry.record(), patches)?).map_err(|_| NotRestored)
}

/// The entry of a text recording that was redacted: with the text that it had, and the record that this was read as.
///
/// # Errors
///
/// If it is no record.
pub fn restore_text(entry: &Entry, text: Vec<u8>, record: Vec<u8>) -> Result<Entry, NotRestored> {
    Ok(entry.with_record(record).map_err(|_| NotRestored)?.with_text(text))
}

/// Bytes with what was replaced in them.
///
/// # Errors
///
/// If the patches don't fit them.
pub fn restore_bytes(redacted: &[u8], patches: &[Patch]) -> Result<Vec<u8>, NotRestored> {
    let (mut restored, mut at) = (Vec::with_capacity(redacted.len()), 0);
    for patch in patches {
        let between = redacted.get(at..patch.at).ok_or(NotRestored)?;
        restored.extend_from_slice(between);
        restored.extend_from_slice(&patch.old);
        at = patch.at.checked_add(patch.bytes).filter(|end| *end <= redacted.len()).ok_or(NotRestored)?;
    }
    restored.extend_from_slice(&redacted[at..]);
    Ok(restored)
}

/// Patches that are not of this record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the map does not fit it")]
pub struct NotRestored;
