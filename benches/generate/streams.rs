//! Many small messages on several streams at once: StreamingPull in both directions, ByteStream's reads and writes.

use std::io::Write;

use rpcreplay::Result;

use crate::message::Message;
use crate::pubsub::{ack_id, received};
use crate::random::Random;
use crate::recording::{Answer, Recording, Stream, status};

/// How many streams are open at once.
const OPEN: usize = 5;
/// The code of `UNAVAILABLE`.
const UNAVAILABLE: u64 = 14;

/// The streams that are open.
#[derive(Default)]
pub struct Streams(Vec<Open>);

#[derive(Clone, Copy)]
struct Open {
    stream: Stream,
    work: Work,
    messages_left: u64,
}

#[derive(Clone, Copy)]
enum Work {
    Pull,
    Read,
    Write { offset: u64 },
}

impl Streams {
    /// Lets one stream, chosen at random, send or receive once; opens it if it is new, ends it if it is done.
    pub fn step(&mut self, recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
        if self.0.len() < OPEN {
            let opened = open(recording, random)?;
            self.0.push(opened);
            return Ok(());
        }
        let mut open = random.take(&mut self.0);
        if open.messages_left == 0 {
            return end(recording, random, open);
        }
        open.messages_left -= 1;
        advance(recording, random, &mut open)?;
        self.0.push(open);
        Ok(())
    }
}

fn open(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<Open> {
    let messages_left = random.magnitude(3, 300);
    Ok(match random.below(4) {
        0 | 1 => {
            let stream = recording.create_stream("/google.pubsub.v1.Subscriber/StreamingPull")?;
            let request = Message::new().text(1, "projects/demo-project/subscriptions/events").number(5, 60);
            recording.send(stream, ("google.pubsub.v1.StreamingPullRequest", request))?;
            Open { stream, work: Work::Pull, messages_left }
        }
        2 => {
            let stream = recording.create_stream("/google.bytestream.ByteStream/Read")?;
            let request = Message::new().text(1, &format!("demo/blobs/{}/4096", random.id(64)));
            recording.send(stream, ("google.bytestream.ReadRequest", request))?;
            Open { stream, work: Work::Read, messages_left }
        }
        _ => {
            let stream = recording.create_stream("/google.bytestream.ByteStream/Write")?;
            Open { stream, work: Work::Write { offset: 0 }, messages_left }
        }
    })
}

fn advance(recording: &mut Recording<impl Write>, random: &mut Random, open: &mut Open) -> Result<()> {
    let stream = open.stream;
    match &mut open.work {
        Work::Pull if random.percent(50) => {
            let response = Message::new().message(1, received(random));
            recording.receive(stream, Answer::Message(("google.pubsub.v1.StreamingPullResponse", response)))
        }
        Work::Pull => {
            let count = random.between(1, 3);
            let mut request = (0..count).fold(Message::new(), |request, _| request.text(2, &ack_id(random)));
            if random.percent(30) {
                request = request.packed_numbers(3, (0..count).map(|_| 30));
                request = (0..count).fold(request, |request, _| request.text(4, &ack_id(random)));
            }
            recording.send(stream, ("google.pubsub.v1.StreamingPullRequest", request))
        }
        Work::Read => {
            let length = random.between(16, 512) as usize;
            let response = Message::new().bytes(10, &random.bytes(length));
            recording.receive(stream, Answer::Message(("google.bytestream.ReadResponse", response)))
        }
        Work::Write { offset } => {
            let length = random.between(16, 512);
            let request = match *offset {
                0 => Message::new().text(1, &format!("demo/uploads/{}", random.id(64))),
                offset => Message::new().number(2, offset),
            };
            *offset += length;
            let request = request.bytes(10, &random.bytes(length as usize));
            recording.send(stream, ("google.bytestream.WriteRequest", request))
        }
    }
}

fn end(recording: &mut Recording<impl Write>, random: &mut Random, open: Open) -> Result<()> {
    let answer = match open.work {
        _ if random.percent(10) => Answer::Error(status(random, UNAVAILABLE, "demo-stream")),
        Work::Write { offset } => {
            Answer::Message(("google.bytestream.WriteResponse", Message::new().number(1, offset)))
        }
        Work::Pull | Work::Read => Answer::Eof,
    };
    recording.receive(open.stream, answer)
}
