//! Pub/Sub: messages that are published, pulled and acknowledged.

use crate::message::Message;
use crate::pairs::call::Call;
use crate::pairs::run::{Half, Run};
use crate::pubsub::ack_id;
use crate::random::Random;
use crate::recording::Answer;

/// A message that was published, and what the service called it. The rest is made of its own chance.
struct Published {
    story: Random,
    id: String,
    time: Message,
}

/// Batches that are published at once; then all of their messages are pulled, and then acknowledged.
pub fn rounds(story: &mut Random, run: &mut Run) -> Vec<Vec<Call>> {
    let topic = story.word();
    let mut published = Vec::new();
    let publish = (0..story.between(1, 3)).map(|_| publish(topic, story, run, &mut published)).collect();
    let ack_ids: Vec<String> = published.iter().map(|_| ack_id(&mut run.random)).collect();
    let pull = pull(topic, &published, &ack_ids, run);
    vec![publish, vec![pull], vec![acknowledge(topic, &ack_ids)]]
}

/// A batch of messages that nobody pulls.
pub fn lone_publish(story: &mut Random, run: &mut Run) -> Call {
    publish(&lone_topic(story), story, run, &mut Vec::new())
}

/// An acknowledgement of messages that nobody has pulled.
pub fn lone_acknowledge(story: &mut Random) -> Call {
    acknowledge(&lone_topic(story), &[ack_id(story)])
}

/// A topic that no other call names.
fn lone_topic(story: &mut Random) -> String {
    format!("{}-{}", story.word(), story.id(12))
}

fn publish(topic: &str, story: &mut Random, run: &mut Run, published: &mut Vec<Published>) -> Call {
    let mut request = Message::new().text(1, &format!("projects/demo-project/topics/{topic}"));
    let mut response = Message::new();
    let time = run.time();
    for _ in 0..story.between(1, 4) {
        let story = story.fork();
        let id = run.random.between(10_000_000_000_000_000, 19_999_999_999_999_999).to_string();
        request = request.message(2, content(story.clone(), Half::Request, run));
        response = response.text(1, &id);
        published.push(Published { story, id, time: time.clone() });
    }
    Call::unary(
        "/google.pubsub.v1.Publisher/Publish",
        ("google.pubsub.v1.PublishRequest", request),
        Answer::Message(("google.pubsub.v1.PublishResponse", response)),
    )
}

fn pull(topic: &str, published: &[Published], ack_ids: &[String], run: &mut Run) -> Call {
    let request = Message::new().text(1, &subscription(topic)).number(3, 10);
    let received = published.iter().zip(ack_ids).map(|(published, ack_id)| {
        let message = content(published.story.clone(), Half::Response, run)
            .text(3, &published.id)
            .message(4, published.time.clone());
        Message::new().text(1, ack_id).message(2, message)
    });
    let response = Message::new().messages(1, received);
    Call::unary(
        "/google.pubsub.v1.Subscriber/Pull",
        ("google.pubsub.v1.PullRequest", request),
        Answer::Message(("google.pubsub.v1.PullResponse", response)),
    )
}

fn acknowledge(topic: &str, ack_ids: &[String]) -> Call {
    let request = Message::new().text(1, &subscription(topic)).texts(2, ack_ids);
    Call::unary(
        "/google.pubsub.v1.Subscriber/Acknowledge",
        ("google.pubsub.v1.AcknowledgeRequest", request),
        Answer::Message(("google.protobuf.Empty", Message::new())),
    )
}

fn subscription(topic: &str) -> String {
    format!("projects/demo-project/subscriptions/{topic}-billing")
}

/// Data and attributes.
fn content(mut story: Random, half: Half, run: &mut Run) -> Message {
    let length = story.magnitude(8, 120) as usize;
    let message = Message::new().bytes(1, run.text(half, story.text(length)).as_bytes());
    let mut attributes = Vec::new();
    for number in 0..story.below(5) {
        attributes.push((format!("{}-{number}", story.word()), run.text(half, story.text(8))));
    }
    run.text_map(message, 2, attributes)
}
