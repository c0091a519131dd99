//! Recordings made for a test.

use rpcreplay::entry::{Any, Entry, Kind, Payload};
use rpcreplay::extension::{Extension, Time};
use rpcreplay::format::{ReadOptions, Reader, Writer};
use rpcreplay::recording::Header;
use rpcreplay::schema::{Schema, Status};

const TYPE: &str = "type.googleapis.com/test.Unknown";

/// A recording that grows call by call. No source knows the types of its messages, which are compared as bytes.
pub struct Recording {
    writer: Writer<'static, Vec<u8>>,
    /// When the last entry was noted, and how long after the one before, in milliseconds, if times are noted.
    noted: Option<(i64, i64)>,
}

/// What happens on a stream.
pub enum Step<'a> {
    Send(&'a [u8]),
    Recv(&'a [u8]),
    /// A `google.rpc.Status`.
    Fail(&'a [u8]),
    End,
}

impl Recording {
    pub fn new() -> Self {
        Recording { writer: Writer::binary(Vec::new(), &Header::new("")).expect("a Vec takes all"), noted: None }
    }

    /// Notes times from now on: every entry comes so many milliseconds after the one before.
    pub fn noted_every(self, step: i64) -> Self {
        Recording { noted: Some((0, step)), ..self }
    }

    pub fn unary(mut self, method: &str, request: &[u8], response: Result<&[u8], &[u8]>) -> Self {
        let first = self.write(Kind::Request, method, message(request), 0);
        self.write(Kind::Response, "", response.map_or_else(status, message), first);
        self
    }

    pub fn stream(mut self, method: &str, steps: &[Step<'_>]) -> Self {
        let first = self.write(Kind::CreateStream, method, Payload::Empty, 0);
        for step in steps {
            match step {
                Step::Send(content) => self.write(Kind::Send, "", message(content), first),
                Step::Recv(content) => self.write(Kind::Recv, "", message(content), first),
                Step::Fail(content) => self.write(Kind::Recv, "", status(content), first),
                Step::End => self.write(Kind::Recv, "", Payload::Eof, first),
            };
        }
        self
    }

    pub fn bytes(self) -> Vec<u8> {
        self.writer.finish().expect("a Vec takes all")
    }

    fn write(&mut self, kind: Kind, method: &str, payload: Payload<'_>, first: i32) -> i32 {
        let mut entry = Entry::encode(kind, method, payload, first).expect("a small entry");
        if let Some((last, step)) = &mut self.noted {
            *last += *step;
            let time = Time::new(*last / 1000, (*last % 1000 * 1_000_000) as i32);
            entry = entry.with_extension(&Extension { time, ..Extension::default() }).expect("a small entry");
        }
        self.writer.write(&entry).expect("it refers to an earlier one").0 as i32
    }
}

fn message(value: &[u8]) -> Payload<'_> {
    Payload::Message(Any { type_url: TYPE, value })
}

fn status(value: &[u8]) -> Payload<'_> {
    Payload::Error(Any { type_url: "type.googleapis.com/google.rpc.Status", value })
}

/// A recorded call, as a client sees it.
pub struct Call {
    pub first: u64,
    pub method: String,
    pub sent: Vec<Vec<u8>>,
    pub received: Vec<Vec<u8>>,
    /// The code it ends with, or would.
    pub code: String,
}

/// The calls of a recording, in its order.
pub fn calls(recording: &[u8], schema: &Schema) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for entry in Reader::new(recording, schema, ReadOptions::default()).expect("a recording") {
        let entry = entry.expect("an entry");
        let first = if entry.ref_index() == 0 { entry.index().0 } else { entry.ref_index() as u64 };
        if !entry.method().is_empty() {
            let (method, code) = (entry.method().to_owned(), "0".to_owned());
            calls.push(Call { first, method, sent: Vec::new(), received: Vec::new(), code });
        }
        let call = calls.iter_mut().find(|call| call.first == first).expect("it was begun");
        let is_sent = matches!(entry.kind(), Kind::Request | Kind::Send);
        match entry.payload() {
            Payload::Message(any) if is_sent => call.sent.push(any.value.to_vec()),
            Payload::Message(any) => call.received.push(any.value.to_vec()),
            Payload::Error(any) => {
                call.code = Status::read(any.value).expect("a status").code.0.to_string();
            }
            Payload::Eof | Payload::Empty => {}
        }
    }
    calls
}
