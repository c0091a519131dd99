//! What makes a recording that Go's replayer takes: [`Replayable`].

use std::collections::BTreeSet;

use super::{RECORD_LIMIT_BYTES, Renumbering};
use crate::entry::{Entry, EntryIndex, Flaw, Kind};
use crate::error::{Error, ErrorKind};
use crate::pairing::Unpaired;

/// Numbers the entries that are kept of recordings anew, and refuses those for which Go's replayer would refuse the result.
///
/// What stands inside of messages is not looked at, and Go refuses types that its program does not link.
#[derive(Debug, Default)]
pub struct Replayable {
    renumbering: Renumbering,
    /// Requests that were kept and not yet answered.
    unanswered: BTreeSet<u64>,
}

/// An entry for which Go's replayer would refuse a recording, and why.
#[derive(Debug, thiserror::Error)]
#[error("entry {entry}: {why}")]
pub struct Unreplayable {
    /// The number that the entry had.
    pub entry: EntryIndex,
    /// Why.
    pub why: Refusal,
}

/// Why Go's replayer refuses an entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It belongs to no call.
    #[error("Go's {0}")]
    Unpaired(#[from] Unpaired),
    /// It is none that Go reads.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// Its message has no type.
    #[error("a message without a type, which Go refuses")]
    NoType,
    /// Its record is longer than go-replayers reads.
    #[error("its record has {0} bytes, and go-replayers reads no more than {RECORD_LIMIT_BYTES}")]
    TooLong(u64),
    /// It belongs to an entry that was not kept.
    #[error("it is kept, and entry {0}, which it belongs to, is not")]
    NotKept(i32),
    /// A request whose response is not there, or was not kept.
    #[error("a REQUEST without its RESPONSE, for which Go refuses the recording")]
    Unanswered,
    /// It can't have a number.
    #[error(transparent)]
    Unnumbered(#[from] Error),
}

fn too_long(entry: &Entry) -> Option<Refusal> {
    let bytes = entry.record().len() as u64;
    (bytes > RECORD_LIMIT_BYTES).then_some(Refusal::TooLong(bytes))
}

impl Refusal {
    /// Why Go's replayer refuses an entry whatever stands beside it, if it does. What is inside of its message is not looked at.
    pub fn of(entry: &Entry) -> Option<Refusal> {
        if let Some(flaw) = entry.flaw() {
            return Some(flaw.into());
        }
        if entry.message.as_ref().is_some_and(|any| any.type_url.is_empty()) {
            return Some(Refusal::NoType);
        }
        too_long(entry)
    }

    /// Whether the entry is refused for what was kept beside it, and not for what it is.
    pub fn is_for_others(&self) -> bool {
        match self {
            Refusal::NotKept(_) | Refusal::Unanswered => true,
            Refusal::Unpaired(_)
            | Refusal::Flaw(_)
            | Refusal::NoType
            | Refusal::TooLong(_)
            | Refusal::Unnumbered(_) => false,
        }
    }
}

impl Replayable {
    /// What comes next is of another recording.
    ///
    /// # Errors
    ///
    /// Those of [`Renumbering::begin_recording`].
    pub fn begin_recording(&mut self) -> Result<(), Error> {
        self.renumbering.begin_recording()
    }

    /// An entry as it is written, given which call it belongs to.
    ///
    /// A reference of an entry that begins a call means nothing; one that leads nowhere is taken away.
    ///
    /// # Errors
    ///
    /// [`Unreplayable`]; other entries may follow.
    pub fn keep(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>) -> Result<Entry, Unreplayable> {
        self.try_to_keep(entry, call).map_err(|why| Unreplayable { entry: entry.index(), why })
    }

    fn try_to_keep(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>) -> Result<Entry, Refusal> {
        let call = call?;
        if let Some(refusal) = Refusal::of(entry) {
            return Err(refusal);
        }
        let begins_call = call == entry.index();
        let (entry, mut written) = match self.renumbering.next(entry) {
            Ok(written) => (entry.clone(), written),
            Err(error) => match error.kind() {
                ErrorKind::MissingReference { .. } if begins_call => {
                    let entry = entry.with_reference(0)?;
                    let written = self.renumbering.next(&entry)?;
                    (entry, written)
                }
                ErrorKind::MissingReference { refers_to, .. } => return Err(Refusal::NotKept(*refers_to)),
                _ => return Err(error.into()),
            },
        };
        let kept = entry.written(written)?;
        // Its new reference may take more room.
        if let Some(refusal) = too_long(&kept) {
            return Err(refusal);
        }
        if begins_call {
            // No entry that is yet to come has to be there for it.
            written.ref_index = 0;
        }
        self.renumbering.accept(written);
        match entry.kind() {
            Kind::Request => drop(self.unanswered.insert(entry.index().0)),
            Kind::Response => drop(self.unanswered.remove(&call.0)),
            Kind::CreateStream | Kind::Send | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => {}
        }
        Ok(kept)
    }

    /// What was kept of a recording ends here.
    ///
    /// # Errors
    ///
    /// [`Unreplayable`] if a request that was kept is not answered.
    pub fn end_recording(&mut self) -> Result<(), Unreplayable> {
        match std::mem::take(&mut self.unanswered).first() {
            None => Ok(()),
            Some(&request) => Err(Unreplayable { entry: EntryIndex(request), why: Refusal::Unanswered }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Any, Payload};
    use crate::pairing::Pairing;

    /// Keeps these entries of a recording with two calls and a stream, and tells the kept references or what is wrong.
    fn keep(wanted: &[u64]) -> Result<Vec<i32>, String> {
        let message = Payload::Message(Any { type_url: "t", value: b"" });
        let entries = [
            (Kind::Request, "/m", message, 0),
            (Kind::Request, "/m", message, 0),
            (Kind::Response, "", message, 2),
            (Kind::Response, "", message, 1),
            (Kind::CreateStream, "/m", Payload::Empty, 0),
            (Kind::Send, "", message, 5),
            (Kind::Recv, "", Payload::Eof, 5),
            (Kind::Recv, "", message, 1),
            (Kind::Recv, "", Payload::Empty, 5),
        ];
        let (mut pairing, mut replayable, mut kept) = (Pairing::default(), Replayable::default(), Vec::new());
        for (&(kind, method, payload, ref_index), index) in entries.iter().zip(1..) {
            let entry = Entry::encode(kind, method, payload, ref_index).expect("a short record");
            let entry = entry.with_index(EntryIndex(index));
            let call = pairing.follow(&entry);
            if wanted.contains(&index) {
                kept.push(replayable.keep(&entry, call).map_err(|refused| refused.to_string())?.ref_index());
            }
        }
        replayable.end_recording().map(|()| kept).map_err(|refused| refused.to_string())
    }

    #[test]
    fn what_goes_refuses_is_refused() {
        assert_eq!(keep(&[1, 2, 3, 4, 5, 6, 7]), Ok(vec![0, 0, 2, 1, 0, 5, 5]));
        assert_eq!(keep(&[2, 3, 5, 7]), Ok(vec![0, 1, 0, 3]));
        for (wanted, expected) in [
            (&[1, 2, 3][..], "entry 1: a REQUEST without its RESPONSE, for which Go refuses the recording"),
            (&[3], "entry 3: it is kept, and entry 2, which it belongs to, is not"),
            (&[6], "entry 6: it is kept, and entry 5, which it belongs to, is not"),
            (&[8], "entry 8: Go's replayer: no stream for recv #8"),
            (&[5, 9], "entry 9: RECV without message and without error, which only CREATE_STREAM may have"),
        ] {
            assert_eq!(keep(wanted), Err(expected.to_owned()), "{wanted:?}");
        }
    }

    #[test]
    fn a_reference_that_means_nothing_hinders_nobody() {
        let message = Payload::Message(Any { type_url: "t", value: b"" });
        let entry = |index, kind, method, ref_index| {
            let entry = Entry::encode(kind, method, message, ref_index).expect("a short record");
            entry.with_index(EntryIndex(index))
        };
        let mut replayable = Replayable::default();
        let mut keep = |entry: &Entry, call| replayable.keep(entry, Ok(EntryIndex(call))).map(|kept| kept.ref_index());
        assert_eq!(keep(&entry(3, Kind::Request, "/m", 77), 3).expect("it means nothing"), 0);
        assert_eq!(keep(&entry(5, Kind::CreateStream, "/m", 3), 5).expect("it means nothing"), 1);
        assert_eq!(keep(&entry(6, Kind::Response, "", 3), 3).expect("it is there"), 1);
        // Not those either that keep their numbers at first.
        let mut replayable = Replayable::default();
        let mut keep = |entry: &Entry, call| replayable.keep(entry, Ok(EntryIndex(call))).map(|kept| kept.ref_index());
        assert_eq!(keep(&entry(1, Kind::Request, "/m", 77), 1).expect("it means nothing"), 77);
        assert_eq!(keep(&entry(3, Kind::Response, "", 1), 1).expect("it is there"), 1);
        replayable.begin_recording().expect("nothing is yet to come");
    }

    #[test]
    fn what_go_does_not_read_is_refused() {
        let untyped = Payload::Message(Any { type_url: "", value: b"" });
        let entry = Entry::encode(Kind::Request, "/m", untyped, 0).expect("a short record").with_index(EntryIndex(1));
        let refused = Replayable::default().keep(&entry, Ok(EntryIndex(1))).expect_err("it has no type");
        assert_eq!(refused.to_string(), "entry 1: a message without a type, which Go refuses");
        let long = vec![0; RECORD_LIMIT_BYTES as usize];
        let message = Payload::Message(Any { type_url: "t", value: &long });
        let entry = Entry::encode(Kind::Request, "/m", message, 0).expect("a long record").with_index(EntryIndex(1));
        let refused = Replayable::default().keep(&entry, Ok(EntryIndex(1))).expect_err("it is too long");
        assert!(refused.to_string().ends_with("bytes, and go-replayers reads no more than 67108864"), "{refused}");
    }
}
