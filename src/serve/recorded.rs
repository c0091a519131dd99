//! The road of a call that a recording answers: a unary one, or a stream.

use bytes::Bytes;

use super::call::{AnsweredBy, Call, Stop};
use crate::entry::Payload;
use crate::net::Ending;
use crate::replay::Replayer;
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
async fn stream(replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
    let mut replay = replayer.stream(&call.method);
    call.number = Some(replay.number());
    let mut begins = replay.begins_with_recv();
    let mut half_closed = false;
    let mut next: Option<Bytes> = None;
    let mut waits_for_half_close = false;
    let mut held: Option<Ending> = None;
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
        }
        if let Some(recorded) = replay.call() {
            call.answered_by = AnsweredBy::Recorded(recorded);
            call.first = None;
            call.reply.open();
        }
        let all_sent = half_closed || (!waits_for_half_close && replay.sends_left() == 0);
        if let Some(ending) = held.take_if(|_| all_sent) {
            return Ok(ending);
        }
        tokio::select! {
            message = call.messages.next(), if !half_closed => match message? {
                Some(message) => {
                    let content = call.messages.open(&message)?;
                    call.received += 1;
                    call.first = replay.call().is_none().then_some(message);
                    replay.send(&content).map_err(Stop::missed)?;
                    begins = true;
                }
                None => (half_closed, begins) = (true, true),
            },
            room = call.reply.room(), if next.is_some() => room.put(&next.take().unwrap_or_default()),
        }
    }
}
