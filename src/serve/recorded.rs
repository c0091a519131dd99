//! The road of a call that a recording answers: a unary one, or a stream.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, sleep_until};

use super::call::{AnsweredBy, Call, Stop};
use crate::entry::Payload;
use crate::net::Ending;
use crate::replay::{After, Replayer, Wait};
use crate::schema::Code;

/// Answers a call as it was recorded: as a unary one if it was, else as a stream.
///
/// A method of which both were recorded is what its descriptor says, and unary without one.
///
/// # Errors
///
/// If the request is not as it should be, or no recorded call answers.
pub(super) async fn answer(replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
    match replayer.answers_streams(&call.method) {
        None => {
            // Whatever it asks, there is no answer, so nobody has to wait for it.
            replayer.unary(&call.method, b"").map_err(Stop::missed)?;
            unary(replayer, call).await
        }
        Some(true) => stream(replayer, call).await,
        Some(false) => unary(replayer, call).await,
    }
}

/// A unary call: one message, the end of the request, one answer.
async fn unary(replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
    let only = |found: &str| Ending::new(Code::UNIMPLEMENTED, format!("{found}, expected the one of a unary call"));
    let Some(message) = call.next_message().await? else { return Ok(only("request without a message")) };
    if call.messages.next().await?.is_some() {
        return Ok(only("request of more than one message"));
    }
    let answer = replayer.unary(&call.method, &message).map_err(Stop::missed)?;
    (call.number, call.answered_by) = (Some(answer.number), AnsweredBy::Recorded(answer.call));
    call.first = None;
    if let Some(took) = answer.took {
        sleep(took.min(LONGEST_WAIT)).await;
    }
    let (message, ending) = match answer.payload {
        Payload::Message(any) => (any.value, Ending::ok()),
        Payload::Empty | Payload::Eof => (&b""[..], Ending::ok()),
        Payload::Error(any) => match Ending::recorded(any) {
            // For Go an error of code OK is none, and the response stays empty.
            ending if ending.code == Code::OK => (&b""[..], ending),
            ending => return Ok(ending),
        },
    };
    call.reply.last_message(message);
    Ok(ending)
}

/// A stream. The first message chooses the recorded one, or the end of the request if there is none; if all that may answer begin with
/// an answer, nothing has to be sent.
///
/// From then on all that was received in the recording goes out, as fast as the client takes it, and what the client sends is compared
/// with what was sent. How the stream ended is said when as much was sent as in the recording, or the client sends no more. Where the
/// recording does not say, because whoever recorded it read no further, the end is OK; of a method whose server streams, by its
/// descriptor, only when the client sends no more, as it would wait for what may come.
///
/// If the replayer says how long something took, it goes out as much later as it was noted behind what stands in front of it, which for what the
/// client sends means that it has sent it, or sends no more.
async fn stream(replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
    let mut replay = replayer.stream(&call.method);
    call.number = Some(replay.number());
    let mut begins = replay.begins_with_recv();
    let mut half_closed = false;
    let mut next: Option<Bytes> = None;
    let mut waits_for_half_close = false;
    let mut held: Option<Ending> = None;
    let mut moments = Moments { opened: Instant::now(), sent: Vec::new(), received: None, half_closed: None };
    let mut wait: Option<Wait> = None;
    loop {
        if begins && next.is_none() && held.is_none() {
            match replay.recv().map_err(Stop::missed)? {
                Some(Payload::Message(any)) => next = Some(Bytes::copy_from_slice(any.value)),
                Some(Payload::Empty) => next = Some(Bytes::new()),
                Some(Payload::Error(any)) => held = Some(Ending::recorded(any)),
                Some(Payload::Eof) => held = Some(Ending::ok()),
                None => {
                    let method = replayer.schema().method(&call.method);
                    waits_for_half_close = method.is_some_and(|method| method.streams_responses);
                    held = Some(Ending::ok());
                }
            }
            wait = replay.wait();
        }
        if let Some(recorded) = replay.call() {
            call.answered_by = AnsweredBy::Recorded(recorded);
            call.first = None;
            call.reply.open();
        }
        let all_sent = half_closed || (!waits_for_half_close && replay.sends_left() == 0);
        // What does not have to wait is due; what waits for the client has no time yet.
        let due = wait.map_or(Some(moments.opened), |wait| moments.due(wait));
        let is_due = due.is_some_and(|due| due <= Instant::now());
        if let Some(ending) = held.take_if(|_| all_sent && is_due) {
            return Ok(ending);
        }
        tokio::select! {
            message = call.messages.next(), if !half_closed => match message? {
                Some(message) => {
                    let content = call.messages.open(&message)?;
                    call.received += 1;
                    moments.sent.push(Instant::now());
                    call.first = replay.call().is_none().then_some(message);
                    replay.send(&content).map_err(Stop::missed)?;
                    begins = true;
                }
                None => {
                    (half_closed, begins) = (true, true);
                    moments.half_closed = Some(Instant::now());
                }
            },
            room = call.reply.room(), if next.is_some() && is_due => {
                room.put(&next.take().unwrap_or_default());
                moments.received = Some(Instant::now());
            }
            () = sleep_until(due.unwrap_or(moments.opened)), if due.is_some() && !is_due => {}
        }
    }
}

/// The longest that anybody waits, which clocks can count from now on: a recording may say anything.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// When what happened on a stream.
struct Moments {
    opened: Instant,
    sent: Vec<Instant>,
    /// The last message that went out.
    received: Option<Instant>,
    half_closed: Option<Instant>,
}

impl Moments {
    /// When something is due that waits; nothing as long as what it waits for has not happened.
    fn due(&self, wait: Wait) -> Option<Instant> {
        let after = match wait.after {
            After::Opened => Some(self.opened),
            After::Sent(number) => self.sent.get(number).copied().or(self.half_closed),
            After::Received => self.received,
        };
        after.map(|after| after + wait.delay.min(LONGEST_WAIT))
    }
}
