//! [`Wait`]: how long answers took in the recording, where it has the times of entries.

use std::time::Duration;

use super::calls::CallId;
use super::replayer::Replayer;
use crate::extension::Time;

/// How long something that is received on a stream is to be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// What it is counted from: what stands in front of it in the recording, of the same stream.
    pub after: After,
    /// How much later it was noted.
    pub delay: Duration,
}

/// What happened on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It was opened.
    Opened,
    /// The message of this number was sent, from 0.
    Sent(usize),
    /// The message before was received.
    Received,
}

impl Replayer<'_> {
    /// How long the response of a unary call took, if the recording has the times.
    pub(super) fn took(&self, call: CallId) -> Option<Duration> {
        let call = self.call(call);
        Some(self.time(*call.received.first()?)?.since(self.time(call.first)?))
    }

    /// How long what was received on a stream, by its number from 0, is to be waited for, if the recording has the times.
    pub(super) fn wait_of(&self, call: CallId, number: usize) -> Option<Wait> {
        let call = self.call(call);
        let place = *call.received.get(number)?;
        let received = number.checked_sub(1).map(|before| (call.received[before], After::Received));
        let sent = call.sent.partition_point(|sent| *sent < place).checked_sub(1);
        let sent = sent.map(|sent| (call.sent[sent], After::Sent(sent)));
        let before = [Some((call.first, After::Opened)), received, sent].into_iter().flatten();
        let (before, after) = before.max_by_key(|(place, _)| *place)?;
        Some(Wait { after, delay: self.time(place)?.since(self.time(before)?) })
    }

    fn time(&self, place: u32) -> Option<Time> {
        self.entry(place).extension()?.time
    }
}
