//! [`StreamReplay`]: a recorded stream, message by message.

use super::calls::{CallId, CallRef};
use super::miss::Miss;
use super::replayer::{Outcome, Replayer};
use super::timing::Wait;
use crate::compare::Change;
use crate::entry::{Kind, Payload};

/// A stream that a recording answers, of which the call that answers is chosen as soon as something is sent or wanted.
///
/// As in Go's replayer, only the first message has to say what was recorded; of those that follow it is told whether they do.
#[derive(Debug)]
pub struct StreamReplay<'r, 's> {
    replayer: &'r Replayer<'s>,
    method: String,
    number: u64,
    call: Option<CallId>,
    sent: usize,
    received: usize,
    /// How long what was received last is to be waited for.
    wait: Option<Wait>,
}

/// What became of a message that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent<'r> {
    /// What sending it led to in the recording: a message, an error, or `Eof` if the stream had ended. Nothing if so many were not sent.
    pub recorded: Option<Payload<'r>>,
    /// In what it differs from what was recorded.
    pub changes: Vec<Change>,
}

impl<'r, 's> StreamReplay<'r, 's> {
    pub(super) fn new(replayer: &'r Replayer<'s>, method: &str, number: u64) -> Self {
        StreamReplay { replayer, method: method.to_owned(), number, call: None, sent: 0, received: 0, wait: None }
    }

    /// The recorded call that answers, once it is chosen.
    pub fn call(&self) -> Option<CallRef> {
        self.call.map(|call| self.replayer.call_ref(call))
    }

    /// The number of this call among those of the run, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether something may be received before anything is sent: every stream of the method that has not answered yet begins so.
    pub fn begins_with_recv(&self) -> bool {
        self.replayer.begins_with_recv(&self.method)
    }

    /// Notes that a message was sent. The first one chooses the call.
    ///
    /// # Errors
    ///
    /// [`Miss`] if no recorded stream fits.
    pub fn send(&mut self, message: &[u8]) -> Result<Sent<'r>, Box<Miss>> {
        let place = self.sent;
        self.sent += 1;
        let Some(call) = self.call else {
            let sent = self.replayer.sent(Kind::Send, &self.method, message);
            let sent = sent.map_err(|why| self.replayer.refused(&self.method, true, self.number, why))?;
            let call = self.replayer.choose(&self.method, true, Some(&sent), self.number)?;
            self.call = Some(call);
            return Ok(Sent { recorded: self.replayer.sent_in(call, 0), changes: Vec::new() });
        };
        let Some(recorded) = self.replayer.sent_in(call, place) else {
            return Ok(Sent { recorded: None, changes: Vec::new() });
        };
        let changes = self.replayer.changes_of_later(call, place, message).unwrap_or_default();
        if !changes.is_empty() {
            let differs = Outcome::SentOtherwise { call: self.replayer.call_ref(call), place, changes: &changes };
            self.replayer.tell(&self.method, self.number, differs);
        }
        Ok(Sent { recorded: Some(recorded), changes })
    }

    /// The next that was received: a message, an error, which ends the stream, or `Eof`. Nothing if no more was recorded.
    ///
    /// # Errors
    ///
    /// [`Miss`] if no call was chosen yet and none is left.
    pub fn recv(&mut self) -> Result<Option<Payload<'r>>, Box<Miss>> {
        let call = match self.call {
            Some(call) => call,
            None => *self.call.insert(self.replayer.choose(&self.method, true, None, self.number)?),
        };
        if let error @ Payload::Error(_) = self.replayer.first_of(call).payload() {
            return Ok(Some(error));
        }
        let received = self.replayer.received_in(call, self.received);
        self.wait = if self.replayer.is_timed() { self.replayer.wait_of(call, self.received) } else { None };
        self.received += usize::from(received.is_some());
        Ok(received)
    }

    /// How long what was received last is to be waited for, if that is [wanted](Replayer::timed) and the recording has the times.
    pub fn wait(&self) -> Option<Wait> {
        self.wait
    }

    /// How many messages were sent in the recording that were not sent yet.
    pub fn sends_left(&self) -> usize {
        self.call.map_or(0, |call| self.replayer.call(call).sent.len().saturating_sub(self.sent))
    }
}
