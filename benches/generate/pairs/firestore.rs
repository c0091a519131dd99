//! Firestore: documents that are created, read, and then updated or deleted on condition that they are as they were
//! read.

use crate::message::Message;
use crate::pairs::call::Call;
use crate::pairs::run::{Half, Run};
use crate::random::Random;
use crate::recording::{Answer, Typed, timestamp};

const DATABASE: &str = "projects/demo-project/databases/(default)";
/// How deep maps stand within each other.
const DEPTH: u32 = 2;

/// A document. Its fields are made of its own chance whenever it is written.
struct Document {
    name: String,
    story: Random,
    update_time: Message,
}

/// Commits at once; then a batch and a query at once; then a commit for each document at once.
pub fn rounds(story: &mut Random, run: &mut Run) -> Vec<Vec<Call>> {
    let collection = story.word();
    let mut documents: Vec<Document> = (0..story.between(2, 6)).map(|_| new_document(collection, story)).collect();
    let create = documents.chunks_mut(2).map(|documents| create(documents, run)).collect();
    let mut read = vec![batch_get(&documents, run)];
    if story.percent(60) {
        read.push(query(collection, &documents, run));
    }
    let write = documents
        .iter()
        .map(|document| if story.percent(50) { update(document, story, run) } else { delete(document, run) })
        .collect();
    vec![create, read, write]
}

/// A commit of one new document.
pub fn lone_commit(story: &mut Random, run: &mut Run) -> Call {
    let collection = story.word();
    create(&mut [new_document(collection, story)], run)
}

/// A list of documents, each made of a chance of its own, and whether a text in it has changed.
pub fn list(documents: impl Iterator<Item = (Random, bool)>, run: &mut Run) -> Call {
    let mut response = Message::new();
    for (mut story, changed) in documents {
        let mut document = new_document("list", &mut story);
        document.update_time = run.time();
        if changed {
            run.change(Half::Response, 0);
        }
        response = response.message(1, document.message(Half::Response, run));
    }
    let request = Message::new().text(1, &format!("{DATABASE}/documents")).text(2, "list");
    Call::unary(
        "/google.firestore.v1.Firestore/ListDocuments",
        ("google.firestore.v1.ListDocumentsRequest", request),
        Answer::Message(("google.firestore.v1.ListDocumentsResponse", response)),
    )
}

fn new_document(collection: &str, story: &mut Random) -> Document {
    let name = format!("{DATABASE}/documents/{collection}/{}", story.id(20));
    Document { name, story: story.fork(), update_time: Message::new() }
}

fn create(documents: &mut [Document], run: &mut Run) -> Call {
    let commit_time = run.time();
    let mut request = Message::new().text(1, DATABASE);
    for document in documents.iter_mut() {
        let written = fields(document.story.clone(), Half::Request, run, Message::new().text(1, &document.name), 2, 0);
        request = request.message(2, Message::new().message(1, written).message(4, Message::new().number(1, 0)));
        document.update_time = commit_time.clone();
    }
    let result = Message::new().message(1, commit_time.clone());
    commit(request, documents.iter().map(|_| result.clone()), commit_time)
}

fn update(document: &Document, story: &mut Random, run: &mut Run) -> Call {
    let commit_time = run.time();
    let named = Message::new().text(1, &document.name);
    let written = fields(story.fork(), Half::Request, run, named, 2, 0);
    let write = Message::new().message(1, written).message(4, document.unchanged());
    let request = Message::new().text(1, DATABASE).message(2, write);
    commit(request, [Message::new().message(1, commit_time.clone())], commit_time)
}

fn delete(document: &Document, run: &mut Run) -> Call {
    let write = Message::new().text(2, &document.name).message(4, document.unchanged());
    commit(Message::new().text(1, DATABASE).message(2, write), [Message::new()], run.time())
}

fn commit(request: Message, results: impl IntoIterator<Item = Message>, commit_time: Message) -> Call {
    let response = Message::new().messages(1, results).message(2, commit_time);
    Call::unary(
        "/google.firestore.v1.Firestore/Commit",
        ("google.firestore.v1.CommitRequest", request),
        Answer::Message(("google.firestore.v1.CommitResponse", response)),
    )
}

fn batch_get(documents: &[Document], run: &mut Run) -> Call {
    let request = Message::new().text(1, DATABASE).texts(2, documents.iter().map(|document| &document.name));
    let read_time = run.time();
    let found = |document: &Document| -> Typed {
        let found = document.message(Half::Response, run);
        let response = Message::new().message(1, found).message(4, read_time.clone());
        ("google.firestore.v1.BatchGetDocumentsResponse", response)
    };
    Call::server_stream(
        "/google.firestore.v1.Firestore/BatchGetDocuments",
        ("google.firestore.v1.BatchGetDocumentsRequest", request),
        documents.iter().map(found).collect(),
    )
}

fn query(collection: &str, documents: &[Document], run: &mut Run) -> Call {
    let structured = Message::new().message(2, Message::new().text(2, collection));
    let request = Message::new().text(1, &format!("{DATABASE}/documents")).message(2, structured);
    let read_time = run.time();
    let found = |document: &Document| -> Typed {
        let found = document.message(Half::Response, run);
        ("google.firestore.v1.RunQueryResponse", Message::new().message(1, found).message(3, read_time.clone()))
    };
    Call::server_stream(
        "/google.firestore.v1.Firestore/RunQuery",
        ("google.firestore.v1.RunQueryRequest", request),
        documents.iter().map(found).collect(),
    )
}

impl Document {
    /// The document as it is read.
    fn message(&self, half: Half, run: &mut Run) -> Message {
        fields(self.story.clone(), half, run, Message::new().text(1, &self.name), 2, 0)
            .message(3, self.update_time.clone())
            .message(4, self.update_time.clone())
    }

    /// The precondition that nobody has written the document since.
    fn unchanged(&self) -> Message {
        Message::new().message(2, self.update_time.clone())
    }
}

/// Adds a map of values, of which the first is a text.
fn fields(mut story: Random, half: Half, run: &mut Run, message: Message, field: u32, depth: u32) -> Message {
    let mut entries = Vec::new();
    for number in 0..story.between(2, 6) {
        let key = format!("{}_{number}", story.word());
        let value = if number == 0 { text(&mut story, half, run) } else { value(&mut story, half, run, depth) };
        entries.push((key, value));
    }
    run.map(message, field, entries)
}

fn value(story: &mut Random, half: Half, run: &mut Run, depth: u32) -> Message {
    let value = Message::new();
    match story.below(12) {
        0 if depth < DEPTH => value.message(6, fields(story.fork(), half, run, Message::new(), 1, depth + 1)),
        1 => value.message(9, Message::new().messages(1, (0..story.below(4)).map(|_| text(story, half, run)))),
        2 => value.number(11, 0),
        3 => value.number(1, story.below(2)),
        4..6 => value.number(2, story.magnitude(1, 1 << 30)),
        6 => value.double(3, story.double()),
        7 => value.message(10, timestamp(story)),
        _ => text(story, half, run),
    }
}

fn text(story: &mut Random, half: Half, run: &mut Run) -> Message {
    let length = story.magnitude(2, 40) as usize;
    Message::new().text(17, &run.text(half, story.text(length)))
}
