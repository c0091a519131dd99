//! Calls and streams to entries: [`Recording`].

use std::io::{self, Write};

use crate::message::Message;
use crate::random::Random;

const REQUEST: u64 = 1;
const RESPONSE: u64 = 2;
const CREATE_STREAM: u64 = 3;
const SEND: u64 = 4;
const RECV: u64 = 5;

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

/// The number of the entry that created a stream.
#[derive(Clone, Copy)]
pub struct Stream(u64);

/// A recording being written. It holds no more than one entry, and the answers that are due.
pub struct Recording<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
    entries: u64,
    due: Vec<(u64, Answer)>,
}

impl<'a> Recording<'a> {
    pub fn begin(out: &'a mut dyn Write, initial: &[u8]) -> io::Result<Recording<'a>> {
        out.write_all(b"RPCReplay")?;
        let mut recording = Recording { out, bytes: 9, entries: 0, due: Vec::new() };
        recording.record(initial)?;
        Ok(recording)
    }

    /// The bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A unary call. Its answer comes once a few later calls were made, or at once.
    pub fn call(&mut self, random: &mut Random, method: &str, request: Typed, answer: Answer) -> io::Result<()> {
        let index = self.entry(REQUEST, method, 0, Answer::Message(request))?;
        self.due.push((index, answer));
        self.answer(random, CALLS_AT_ONCE)
    }

    pub fn create_stream(&mut self, method: &str) -> io::Result<Stream> {
        let entry = Message::new().number(1, CREATE_STREAM).text(2, method);
        self.push(entry).map(Stream)
    }

    pub fn send(&mut self, stream: Stream, message: Typed) -> io::Result<()> {
        self.entry(SEND, "", stream.0, Answer::Message(message)).map(drop)
    }

    pub fn receive(&mut self, stream: Stream, answer: Answer) -> io::Result<()> {
        self.entry(RECV, "", stream.0, answer).map(drop)
    }

    /// Writes the answers that are still due.
    pub fn end(mut self, random: &mut Random) -> io::Result<()> {
        self.answer(random, 1)?;
        self.out.flush()
    }

    fn answer(&mut self, random: &mut Random, at_once: u64) -> io::Result<()> {
        while self.due.len() as u64 > random.below(at_once) {
            let (request, answer) = random.take(&mut self.due);
            self.entry(RESPONSE, "", request, answer)?;
        }
        Ok(())
    }

    fn entry(&mut self, kind: u64, method: &str, ref_index: u64, payload: Answer) -> io::Result<u64> {
        let mut entry = Message::new().number(1, kind);
        if !method.is_empty() {
            entry = entry.text(2, method);
        }
        entry = match payload {
            Answer::Message(message) => entry.message(3, any(message)),
            Answer::Error(status) => entry.message(3, any(("google.rpc.Status", status))).number(4, 1),
            Answer::Eof => entry.number(4, 1),
        };
        if ref_index != 0 {
            entry = entry.number(5, ref_index);
        }
        self.push(entry)
    }

    fn push(&mut self, entry: Message) -> io::Result<u64> {
        self.record(&entry.0)?;
        self.entries += 1;
        Ok(self.entries)
    }

    fn record(&mut self, record: &[u8]) -> io::Result<()> {
        let length = u32::try_from(record.len()).expect("no message of ours comes near 4 GB");
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(record)?;
        self.bytes += 4 + u64::from(length);
        Ok(())
    }
}

/// A `google.protobuf.Any`.
pub fn any((type_name, message): Typed) -> Message {
    Message::new().text(1, &format!("type.googleapis.com/{type_name}")).message(2, message)
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
