//! What makes a recording that Go's replayer takes: [`Replayable`].

use std::collections::BTreeSet;

use rpcreplay::entry::{Entry, EntryIndex, Kind};
use rpcreplay::error::ErrorKind;
use rpcreplay::format::Renumbering;
use rpcreplay::pairing::Unpaired;

/// Numbers the entries that are kept of recordings anew, and refuses those for which Go's replayer would refuse the result.
#[derive(Debug, Default)]
pub struct Replayable {
    renumbering: Renumbering,
    /// Requests that were kept and not yet answered.
    unanswered: BTreeSet<u64>,
}

impl Replayable {
    /// What comes next is of another recording.
    pub fn begin_recording(&mut self) -> Result<(), String> {
        self.renumbering.begin_recording().map_err(|error| error.to_string())
    }

    /// An entry as it is written, given which call it belongs to, or why it can't be.
    pub fn keep(&mut self, entry: &Entry, call: Result<EntryIndex, Unpaired>) -> Result<Entry, String> {
        let index = entry.index();
        let call = call.map_err(|unpaired| format!("entry {index}: Go's {unpaired}"))?;
        if let Some(flaw) = entry.flaw() {
            return Err(format!("entry {index}: {flaw}"));
        }
        let written = self.renumbering.next(entry).map_err(|error| match error.kind() {
            ErrorKind::MissingReference { entry, refers_to } => {
                format!("entry {entry} is kept, and entry {refers_to}, which it belongs to, is not")
            }
            _ => error.to_string(),
        })?;
        self.renumbering.accept(written);
        match entry.kind() {
            Kind::Request => drop(self.unanswered.insert(index.0)),
            Kind::Response => drop(self.unanswered.remove(&call.0)),
            Kind::CreateStream | Kind::Send | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => {}
        }
        entry.written(written).map_err(|error| error.to_string())
    }

    /// Says why what was kept of a recording that ends here can't be replayed, if it can't.
    pub fn end_recording(&mut self) -> Result<(), String> {
        match std::mem::take(&mut self.unanswered).first() {
            None => Ok(()),
            Some(request) => {
                Err(format!("entry {request}: a REQUEST without its RESPONSE, for which Go refuses the recording"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpcreplay::entry::{Any, Payload};
    use rpcreplay::pairing::Pairing;

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
                kept.push(replayable.keep(&entry, call)?.ref_index());
            }
        }
        replayable.end_recording().map(|()| kept)
    }

    #[test]
    fn what_goes_refuses_is_refused() {
        assert_eq!(keep(&[1, 2, 3, 4, 5, 6, 7]), Ok(vec![0, 0, 2, 1, 0, 5, 5]));
        assert_eq!(keep(&[2, 3, 5, 7]), Ok(vec![0, 1, 0, 3]));
        for (wanted, expected) in [
            (&[1, 2, 3][..], "entry 1: a REQUEST without its RESPONSE, for which Go refuses the recording"),
            (&[3], "entry 3 is kept, and entry 2, which it belongs to, is not"),
            (&[6], "entry 6 is kept, and entry 5, which it belongs to, is not"),
            (&[8], "entry 8: Go's replayer: no stream for recv #8"),
            (&[5, 9], "entry 9: RECV without message and without error, which only CREATE_STREAM may have"),
        ] {
            assert_eq!(keep(wanted), Err(expected.to_owned()), "{wanted:?}");
        }
    }
}
