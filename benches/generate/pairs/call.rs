//! Calls before they are written: [`Call`]; and calls that run at once.

use std::collections::VecDeque;
use std::io::Write;

use rpcreplay::Result;

use crate::random::Random;
use crate::recording::{Answer, Recording, Request, Stream, Typed};

/// A call and all that passes in it.
pub struct Call {
    method: &'static str,
    steps: Steps,
}

/// What happens in a call, in order.
enum Steps {
    Unary(Typed, Answer),
    Stream(VecDeque<Step>),
}

enum Step {
    Send(Typed),
    Receive(Answer),
}

impl Call {
    pub fn unary(method: &'static str, request: Typed, answer: Answer) -> Call {
        Call { method, steps: Steps::Unary(request, answer) }
    }

    /// A call that sends one message and receives several, and then the end.
    pub fn server_stream(method: &'static str, request: Typed, responses: Vec<Typed>) -> Call {
        let responses = responses.into_iter().map(|response| Step::Receive(Answer::Message(response)));
        let steps = [Step::Send(request)].into_iter().chain(responses).chain([Step::Receive(Answer::Eof)]);
        Call { method, steps: Steps::Stream(steps.collect()) }
    }

    /// How many entries it has.
    pub fn entries(&self) -> u64 {
        match &self.steps {
            Steps::Unary(..) => 2,
            Steps::Stream(steps) => 1 + steps.len() as u64,
        }
    }
}

/// A call that has begun, and what is left of it.
enum Running {
    Unary(Request, Answer),
    Stream(Stream, VecDeque<Step>),
}

/// Writes calls that run at once. They begin in the order in which they are given; what follows mixes as `random` has
/// it.
pub fn write_at_once(out: &mut Recording<impl Write>, random: &mut Random, calls: Vec<Call>) -> Result<()> {
    let mut waiting = calls.into_iter();
    let mut running = Vec::new();
    while waiting.len() > 0 || !running.is_empty() {
        let begins = running.is_empty() || random.percent(50);
        if begins && let Some(call) = waiting.next() {
            running.push(call.begin(out)?);
        } else {
            let next = random.take(&mut running);
            running.extend(next.advance(out)?);
        }
    }
    Ok(())
}

impl Call {
    fn begin(self, out: &mut Recording<impl Write>) -> Result<Running> {
        Ok(match self.steps {
            Steps::Unary(request, answer) => Running::Unary(out.request(self.method, request)?, answer),
            Steps::Stream(steps) => Running::Stream(out.create_stream(self.method)?, steps),
        })
    }
}

impl Running {
    /// Takes one step. `None` is the end.
    fn advance(self, out: &mut Recording<impl Write>) -> Result<Option<Running>> {
        match self {
            Running::Unary(request, answer) => out.respond(request, answer).map(|()| None),
            Running::Stream(stream, mut steps) => {
                match steps.pop_front() {
                    Some(Step::Send(message)) => out.send(stream, message)?,
                    Some(Step::Receive(answer)) => out.receive(stream, answer)?,
                    None => return Ok(None),
                }
                Ok((!steps.is_empty()).then_some(Running::Stream(stream, steps)))
            }
        }
    }
}
