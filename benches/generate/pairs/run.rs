//! What differs each time a program runs: [`Run`].

use crate::message::Message;
use crate::pairs::Side;
use crate::random::Random;

/// Where in a call something stands.
#[derive(Clone, Copy, PartialEq)]
pub enum Half {
    Request,
    Response,
}

/// A run of the program that was recorded: the clock, the identifiers that services gave, the order in which Go walked
/// through maps; and the one text that is not what it was, if there is one.
#[derive(Clone)]
pub struct Run {
    pub random: Random,
    micros: u64,
    requests: u64,
    responses: u64,
    changed: Option<(Half, u64)>,
}

impl Run {
    /// The run on the day of the old recording, or of the new one, a month later.
    pub fn new(seed: u64, side: Side) -> Run {
        let (number, day) = match side {
            Side::Old => (1, 0),
            Side::New => (2, 30),
        };
        let mut random = Random::of(&[seed, number]);
        let micros = (1_767_225_600 + day * 86_400) * 1_000_000 + random.below(86_400_000_000);
        Run { random, micros, requests: 0, responses: 0, changed: None }
    }

    /// A `google.protobuf.Timestamp` that is later than those before it.
    pub fn time(&mut self) -> Message {
        self.micros += self.random.magnitude(500, 200_000);
        let message = Message::new().number(1, self.micros / 1_000_000);
        match self.micros % 1_000_000 {
            0 => message,
            micros => message.number(2, micros * 1000),
        }
    }

    /// An entity tag as Secret Manager makes it.
    pub fn etag(&mut self) -> String {
        format!("\"{:014x}\"", self.random.next() >> 8)
    }

    /// Adds a map from text to messages, its entries in any order.
    pub fn map(&mut self, message: Message, field: u32, mut entries: Vec<(String, Message)>) -> Message {
        self.random.shuffle(&mut entries);
        entries.into_iter().fold(message, |message, (key, value)| message.message_pair(field, &key, value))
    }

    /// Adds a map from text to text, its entries in any order.
    pub fn text_map(&mut self, message: Message, field: u32, mut entries: Vec<(String, String)>) -> Message {
        self.random.shuffle(&mut entries);
        entries.into_iter().fold(message, |message, (key, value)| message.text_pair(field, &key, &value))
    }

    /// A text that may be the one to change. It stands in one call only.
    pub fn text(&mut self, half: Half, text: String) -> String {
        let count = match half {
            Half::Request => &mut self.requests,
            Half::Response => &mut self.responses,
        };
        let number = *count;
        *count += 1;
        if self.changed == Some((half, number)) { format!("{text} again") } else { text }
    }

    /// How many texts there were that may change.
    pub fn texts(&self, half: Half) -> u64 {
        match half {
            Half::Request => self.requests,
            Half::Response => self.responses,
        }
    }

    /// Lets one of the texts change that are still to come: the one before which come `number` others.
    pub fn change(&mut self, half: Half, number: u64) {
        self.changed = Some((half, self.texts(half) + number));
    }
}
