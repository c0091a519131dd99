//! [`CallLog`]: a line per call.

use rpcreplay::replay::CallRef;
use rpcreplay::schema::{Code, escape_go};
use rpcreplay::serve::{AnsweredBy, Ended};

use super::telling::Told;
use crate::json_object::put_object;

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A line of JSON
    Json,
}

/// Makes a line of a call.
#[derive(Debug, Clone)]
pub struct CallLog {
    pub format: LogFormat,
    /// What the recordings are called.
    pub files: Vec<String>,
}

impl CallLog {
    /// The line of a call that has ended.
    pub fn ended(&self, ended: &Ended) -> Told {
        let mut line = Vec::new();
        match self.format {
            LogFormat::Text => self.put_text(&mut line, ended),
            LogFormat::Json => self.put_json(&mut line, ended),
        }
        Told::Line(line)
    }

    /// The line of a call that has answered nobody.
    pub fn unused(&self, call: CallRef, method: &str) -> Told {
        let mut line = Vec::new();
        match self.format {
            LogFormat::Text => {
                let words = format!("unused {} #{} {method}", self.file(call), call.first);
                escape_go(&mut line, words.as_bytes());
            }
            LogFormat::Json => put_object(&mut line, |object| {
                object.object("unused", |object| {
                    object.string("file", self.file(call));
                    object.number("entry", call.first.0);
                    object.string("method", method);
                });
            }),
        }
        Told::Line(line)
    }

    fn put_text(&self, line: &mut Vec<u8>, ended: &Ended) {
        let number = ended.number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let by = match &ended.answered_by {
            AnsweredBy::Recorded(call) => format!("{} #{}", self.file(*call), call.first),
            other @ (AnsweredBy::Missed(_) | AnsweredBy::Forwarded(_) | AnsweredBy::Server | AnsweredBy::Nobody) => {
                answered_by(other).to_owned()
            }
        };
        let Ended { method, code, received, sent, .. } = ended;
        let milliseconds = milliseconds(ended);
        let words = format!("{number} {method} {code} {by}, {received} in, {sent} out, {milliseconds:.2} ms");
        escape_go(line, words.as_bytes());
        if ended.code != Code::OK && !ended.message.is_empty() {
            line.extend_from_slice(b": ");
            escape_go(line, &ended.message);
        }
    }

    fn put_json(&self, line: &mut Vec<u8>, ended: &Ended) {
        put_object(line, |object| {
            if let Some(number) = ended.number {
                object.number("number", number);
            }
            object.string("method", &ended.method);
            object.string("status", &ended.code.to_string());
            if !ended.message.is_empty() {
                object.string("message", &String::from_utf8_lossy(&ended.message));
            }
            object.string("answered_by", answered_by(&ended.answered_by));
            if let AnsweredBy::Recorded(call) = &ended.answered_by {
                object.string("file", self.file(*call));
                object.number("entry", call.first.0);
            }
            object.number("received", ended.received);
            object.number("sent", ended.sent);
            object.decimal("milliseconds", milliseconds(ended));
        });
    }

    fn file(&self, call: CallRef) -> &str {
        &self.files[call.recording]
    }
}

/// What answered a call, in a word.
fn answered_by(answered_by: &AnsweredBy) -> &'static str {
    match answered_by {
        AnsweredBy::Recorded(_) => "recording",
        AnsweredBy::Missed(_) => "nothing",
        AnsweredBy::Nobody => "nobody",
        AnsweredBy::Forwarded(_) => "forwarded",
        AnsweredBy::Server => "server",
    }
}

fn milliseconds(ended: &Ended) -> f64 {
    ended.duration.as_secs_f64() * 1000.0
}
