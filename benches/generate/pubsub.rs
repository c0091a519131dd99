//! Pub/Sub: messages published, pulled and acknowledged by unary calls.

use std::io::Write;

use rpcreplay::Result;

use crate::message::Message;
use crate::random::Random;
use crate::recording::{Answer, Recording, status, timestamp};

const TOPIC: &str = "projects/demo-project/topics/orders-accepted";
const SUBSCRIPTION: &str = "projects/demo-project/subscriptions/orders-accepted-billing";
/// The code of `NOT_FOUND`.
const NOT_FOUND: u64 = 5;

pub fn step(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
    let count = random.between(1, 10);
    match random.below(3) {
        0 => {
            let request = Message::new().text(1, TOPIC).messages(2, (0..count).map(|_| new_message(random)));
            let response = (0..count).fold(Message::new(), |response, _| response.text(1, &message_id(random)));
            let response = ("google.pubsub.v1.PublishResponse", response);
            call(
                recording,
                random,
                "/google.pubsub.v1.Publisher/Publish",
                ("google.pubsub.v1.PublishRequest", request),
                response,
            )
        }
        1 => {
            let request = Message::new().text(1, SUBSCRIPTION).number(3, 10);
            let response = Message::new().messages(1, (0..count).map(|_| received(random)));
            let response = ("google.pubsub.v1.PullResponse", response);
            call(
                recording,
                random,
                "/google.pubsub.v1.Subscriber/Pull",
                ("google.pubsub.v1.PullRequest", request),
                response,
            )
        }
        _ => {
            let request =
                (0..count).fold(Message::new().text(1, SUBSCRIPTION), |request, _| request.text(2, &ack_id(random)));
            let request = ("google.pubsub.v1.AcknowledgeRequest", request);
            let response = ("google.protobuf.Empty", Message::new());
            call(recording, random, "/google.pubsub.v1.Subscriber/Acknowledge", request, response)
        }
    }
}

fn call(
    recording: &mut Recording<impl Write>,
    random: &mut Random,
    method: &str,
    request: (&'static str, Message),
    response: (&'static str, Message),
) -> Result<()> {
    let answer = match random.percent(3) {
        true => Answer::Error(status(random, NOT_FOUND, TOPIC)),
        false => Answer::Message(response),
    };
    recording.call(random, method, request, answer)
}

pub fn ack_id(random: &mut Random) -> String {
    random.id(176)
}

/// A message as a subscriber receives it.
pub fn received(random: &mut Random) -> Message {
    let message = new_message(random).text(3, &message_id(random)).message(4, timestamp(random));
    let received = Message::new().text(1, &ack_id(random)).message(2, message);
    if random.percent(10) { received.number(3, random.between(2, 5)) } else { received }
}

/// A message as it is published: JSON or binary data, and attributes.
fn new_message(random: &mut Random) -> Message {
    let length = random.magnitude(40, 2000) as usize;
    let data = match random.percent(70) {
        true => format!("{{\"id\":\"{}\",\"text\":\"{}\"}}", random.id(12), random.text(length)).into_bytes(),
        false => random.bytes(length),
    };
    let mut message = Message::new().bytes(1, &data);
    for number in 0..random.below(5) {
        let key = format!("{}-{number}", random.word());
        message = message.text_pair(2, &key, &random.text(16));
    }
    message
}

fn message_id(random: &mut Random) -> String {
    random.between(1_000_000_000_000_000, 9_999_999_999_999_999).to_string()
}
