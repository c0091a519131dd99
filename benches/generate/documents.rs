//! Firestore: documents with nested maps, read by batches and queries, written by commits.

use std::io::Write;

use rpcreplay::Result;

use crate::message::Message;
use crate::random::Random;
use crate::recording::{Answer, Recording, status, timestamp};

const DATABASE: &str = "projects/demo-project/databases/(default)";
/// The code of `ABORTED`.
const ABORTED: u64 = 10;

pub fn step(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
    match random.below(10) {
        0..4 => commit(recording, random),
        4..8 => batch_get(recording, random),
        _ => query(recording, random),
    }
}

fn commit(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
    let writes = random.between(1, 4);
    let mut request = Message::new().text(1, DATABASE);
    let mut response = Message::new();
    for _ in 0..writes {
        let precondition = Message::new().number(1, random.below(2));
        request = request.message(2, Message::new().message(4, precondition).message(1, document(random)));
        response = response.message(1, Message::new().message(1, timestamp(random)));
    }
    if random.percent(50) {
        request = request.bytes(3, &random.bytes(16));
    }
    response = response.message(2, timestamp(random));
    let answer = match random.percent(4) {
        true => Answer::Error(status(random, ABORTED, DATABASE)),
        false => Answer::Message(("google.firestore.v1.CommitResponse", response)),
    };
    let request = ("google.firestore.v1.CommitRequest", request);
    recording.call(random, "/google.firestore.v1.Firestore/Commit", request, answer)
}

fn batch_get(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
    let names: Vec<String> = (0..random.between(1, 8)).map(|_| document_name(random)).collect();
    let stream = recording.create_stream("/google.firestore.v1.Firestore/BatchGetDocuments")?;
    let request = names.iter().fold(Message::new().text(1, DATABASE), |request, name| request.text(2, name));
    recording.send(stream, ("google.firestore.v1.BatchGetDocumentsRequest", request))?;
    for name in names {
        let response = Message::new().message(4, timestamp(random));
        let response = match random.percent(10) {
            true => response.text(2, &name),
            false => response.message(1, named_document(random, &name)),
        };
        recording.receive(stream, Answer::Message(("google.firestore.v1.BatchGetDocumentsResponse", response)))?;
    }
    recording.receive(stream, Answer::Eof)
}

fn query(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
    let field = |path: &str| Message::new().text(2, path);
    let filter =
        Message::new().message(1, field(random.word())).number(2, random.between(1, 5)).message(3, scalar(random));
    let order = Message::new().message(1, field(random.word())).number(2, random.between(1, 2));
    let structured = Message::new()
        .message(2, Message::new().text(2, "orders"))
        .message(3, Message::new().message(2, filter))
        .message(4, order)
        .message(5, Message::new().number(1, random.between(1, 100)));
    let request = Message::new().text(1, &format!("{DATABASE}/documents")).message(2, structured);
    let stream = recording.create_stream("/google.firestore.v1.Firestore/RunQuery")?;
    recording.send(stream, ("google.firestore.v1.RunQueryRequest", request))?;
    for _ in 0..random.below(12) {
        let response = Message::new().message(1, document(random)).message(3, timestamp(random));
        recording.receive(stream, Answer::Message(("google.firestore.v1.RunQueryResponse", response)))?;
    }
    recording.receive(stream, Answer::Eof)
}

fn document_name(random: &mut Random) -> String {
    format!("{DATABASE}/documents/{}/{}", random.word(), random.id(20))
}

pub fn document(random: &mut Random) -> Message {
    let name = document_name(random);
    named_document(random, &name)
}

fn named_document(random: &mut Random, name: &str) -> Message {
    fields(random, Message::new().text(1, name), 2, 0).message(3, timestamp(random)).message(4, timestamp(random))
}

/// Adds a map of values. The keys differ and come in any order, as Go writes them.
fn fields(random: &mut Random, message: Message, field: u32, depth: u32) -> Message {
    let count = if depth == 0 { random.between(4, 20) } else { random.between(1, 6) };
    (0..count).fold(message, |message, number| {
        let key = match random.percent(80) {
            true => format!("{}_{number}", random.word()),
            false => format!("{number}-{}", random.id(6)),
        };
        message.message_pair(field, &key, value(random, depth))
    })
}

/// A value; of those at the top, about a quarter hold others.
fn value(random: &mut Random, depth: u32) -> Message {
    match random.below(8 + 4 * u64::from(depth)) {
        0 if depth < 4 => Message::new().message(6, fields(random, Message::new(), 1, depth + 1)),
        1 if depth < 4 => {
            let count = random.below(6);
            let array = (0..count).fold(Message::new(), |array, _| array.message(1, value(random, depth + 1)));
            Message::new().message(9, array)
        }
        _ => scalar(random),
    }
}

fn scalar(random: &mut Random) -> Message {
    let value = Message::new();
    match random.below(20) {
        0 => value.number(11, 0),
        1 | 2 => value.number(1, random.below(2)),
        3..7 => value.number(2, number(random)),
        7..10 => value.double(3, random.double()),
        10 | 11 => value.message(10, timestamp(random)),
        12 => value.text(5, &document_name(random)),
        13 => {
            let latitude = random.unit() * 180.0 - 90.0;
            let longitude = random.unit() * 360.0 - 180.0;
            value.message(8, Message::new().double_unless_zero(1, latitude).double_unless_zero(2, longitude))
        }
        14 => {
            let length = random.magnitude(8, 256) as usize;
            value.bytes(18, &random.bytes(length))
        }
        _ => {
            let length = random.magnitude(4, 300) as usize;
            value.text(17, &random.text(length))
        }
    }
}

/// An integer of any size; one in ten is negative.
fn number(random: &mut Random) -> u64 {
    let magnitude = random.magnitude(1, 1 << 50);
    if random.percent(10) { magnitude.wrapping_neg() } else { magnitude }
}
