//! Calls and streams to entries: [`Recording`].

use std::io::Write;

use rpcreplay::Result;
use rpcreplay::entry::{Any, Entry, EntryIndex, Kind, Payload};
use rpcreplay::format::Writer;
use rpcreplay::recording::Header;

use crate::message::Message;
use crate::random::Random;

/// How many unary calls wait for their answer at most.
const CALLS_AT_ONCE: u64 = 4;

/// A message with the name of its type.
pub type Typed = (&'static str, Message);

/// What a call, or a receive, ends with.
pub enum Answer {
    Message(Typed),
    Error(Message),
    Eof,
}

/// The number of the entry that asks for something.
#[derive(Clone, Copy)]
pub struct Request(EntryIndex);

/// The number of the entry that created a stream.
#[derive(Clone, Copy)]
pub struct Stream(EntryIndex);

/// A recording being written. It holds no more than one entry, and the answers that are due.
pub struct Recording<W> {
    writer: Writer<'static, W>,
    bytes: u64,
    due: Vec<(Request, Answer)>,
}

impl<W: Write> Recording<W> {
    pub fn begin(out: W, initial: &'static str) -> Result<Recording<W>> {
        let writer = Writer::binary(out, &Header::new(initial))?;
        Ok(Recording { writer, bytes: 0, due: Vec::new() })
    }

    /// The bytes of the entries written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A unary call. Its answer comes once a few later calls were made, or at once.
    pub fn call(&mut self, random: &mut Random, method: &str, request: Typed, answer: Answer) -> Result<()> {
        let request = self.request(method, request)?;
        self.due.push((request, answer));
        self.answer(random, CALLS_AT_ONCE)
    }

    /// The request of a unary call, which [`Recording::respond`] answers.
    pub fn request(&mut self, method: &str, message: Typed) -> Result<Request> {
        self.entry(Kind::Request, method, &Answer::Message(message), NO_ENTRY).map(Request)
    }

    pub fn respond(&mut self, request: Request, answer: Answer) -> Result<()> {
        self.entry(Kind::Response, "", &answer, request.0).map(drop)
    }

    pub fn create_stream(&mut self, method: &str) -> Result<Stream> {
        self.push(&Entry::encode(Kind::CreateStream, method, Payload::Empty, 0)?).map(Stream)
    }

    pub fn send(&mut self, stream: Stream, message: Typed) -> Result<()> {
        self.entry(Kind::Send, "", &Answer::Message(message), stream.0).map(drop)
    }

    pub fn receive(&mut self, stream: Stream, answer: Answer) -> Result<()> {
        self.entry(Kind::Recv, "", &answer, stream.0).map(drop)
    }

    /// Writes the answers that are still due.
    pub fn end(mut self, random: &mut Random) -> Result<()> {
        self.answer(random, 1)?;
        self.finish()
    }

    /// Ends a recording in which no answers are due.
    pub fn finish(self) -> Result<()> {
        self.writer.finish().map(drop)
    }

    fn answer(&mut self, random: &mut Random, at_once: u64) -> Result<()> {
        while self.due.len() as u64 > random.below(at_once) {
            let (request, answer) = random.take(&mut self.due);
            self.respond(request, answer)?;
        }
        Ok(())
    }

    fn entry(&mut self, kind: Kind, method: &str, answer: &Answer, refers_to: EntryIndex) -> Result<EntryIndex> {
        let type_url;
        let payload = match answer {
            Answer::Message((type_name, message)) => {
                type_url = type_url_of(type_name);
                Payload::Message(Any { type_url: &type_url, value: &message.0 })
            }
            Answer::Error(status) => {
                type_url = type_url_of("google.rpc.Status");
                Payload::Error(Any { type_url: &type_url, value: &status.0 })
            }
            Answer::Eof => Payload::Eof,
        };
        // The writer refuses more entries than an i32 counts.
        self.push(&Entry::encode(kind, method, payload, refers_to.0 as i32)?)
    }

    fn push(&mut self, entry: &Entry) -> Result<EntryIndex> {
        self.bytes += 4 + entry.record().len() as u64;
        self.writer.write(entry)
    }
}

/// What an entry refers to that refers to none.
const NO_ENTRY: EntryIndex = EntryIndex(0);

fn type_url_of(type_name: &str) -> String {
    format!("type.googleapis.com/{type_name}")
}

/// A `google.protobuf.Any`.
pub fn any((type_name, message): Typed) -> Message {
    Message::new().text(1, &type_url_of(type_name)).message(2, message)
}

/// A moment in 2026.
pub fn timestamp(random: &mut Random) -> Message {
    let seconds = 1_767_225_600 + random.below(365 * 86_400);
    let nanos = match random.below(3) {
        0 => random.between(1, 999) * 1_000_000,
        1 => random.between(1, 999_999) * 1_000,
        _ => random.between(1, 999_999_999),
    };
    Message::new().number(1, seconds).number(2, nanos)
}

/// A `google.rpc.Status` with one or two details.
pub fn status(random: &mut Random, code: u64, resource: &str) -> Message {
    let resource_info = Message::new().text(1, "example.com/Resource").text(2, resource).text(4, &random.text(40));
    let mut status = Message::new()
        .number(1, code)
        .text(2, &format!("{}: {resource}", random.text(30)))
        .message(3, any(("google.rpc.ResourceInfo", resource_info)));
    if random.percent(50) {
        let delay = Message::new().number(1, random.between(1, 30)).number(2, 250_000_000);
        status = status.message(3, any(("google.rpc.RetryInfo", Message::new().message(1, delay))));
    }
    status
}
