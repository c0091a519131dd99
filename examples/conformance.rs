//! The testee of the protobuf conformance suite, which `tests/conformance/run` starts.
//!
//! It takes binary messages, JSON and text, and answers with canonical bytes, strict ProtoJSON or text. JSPB, which is no
//! format of protobuf's own, is answered with `skipped`.
//!
//! Source: `conformance/conformance.proto` and the runner's protocol, a length in four bytes, little-endian, in front
//! of each message.

use std::borrow::Cow;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};

use prost::Message;
use rpcreplay::schema::{
    Field, JsonError, JsonOptions, JsonReadOptions, JsonReader, LayoutId, Malformed, Order, Place, Scalar, Schema,
    Sink, TextOptions, UnknownFields, Walker, read_text, write_canonical, write_json, write_text,
};

/// Names the descriptor set of the suite's messages; the runner gives its testee no arguments.
const MESSAGES: &str = "CONFORMANCE_MESSAGES";

/// The category of tests in which members that nobody knows are passed over.
const IGNORE_UNKNOWN_JSON: i32 = 3;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(oneof = "Payload", tags = "1, 2, 7, 8")]
    payload: Option<Payload>,
    #[prost(enumeration = "WireFormat", tag = "3")]
    requested_output_format: i32,
    #[prost(string, tag = "4")]
    message_type: String,
    #[prost(int32, tag = "5")]
    test_category: i32,
    #[prost(bool, tag = "9")]
    print_unknown_fields: bool,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Payload {
    #[prost(bytes, tag = "1")]
    Protobuf(Vec<u8>),
    #[prost(string, tag = "2")]
    Json(String),
    #[prost(string, tag = "7")]
    Jspb(String),
    #[prost(string, tag = "8")]
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum WireFormat {
    Unspecified = 0,
    Protobuf = 1,
    Json = 2,
    Jspb = 3,
    Text = 4,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(oneof = "Outcome", tags = "1, 2, 3, 4, 5, 6, 8")]
    outcome: Option<Outcome>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Outcome {
    #[prost(string, tag = "1")]
    ParseError(String),
    #[prost(string, tag = "2")]
    RuntimeError(String),
    #[prost(bytes, tag = "3")]
    Protobuf(Vec<u8>),
    #[prost(string, tag = "4")]
    Json(String),
    #[prost(string, tag = "5")]
    Skipped(String),
    #[prost(string, tag = "6")]
    SerializeError(String),
    #[prost(string, tag = "8")]
    Text(String),
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::var_os(MESSAGES).ok_or_else(|| format!("{MESSAGES} must name a descriptor set"))?;
    let schema = Schema::builder().protoset(MESSAGES, fs::read(path)?)?.build();
    let mut walker = Walker::new(&schema);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(request) = read_frame(&mut input)? {
        let outcome = Some(answer(&mut walker, Request::decode(&*request)?));
        let response = Response { outcome }.encode_to_vec();
        output.write_all(&u32::try_from(response.len())?.to_le_bytes())?;
        output.write_all(&response)?;
        output.flush()?;
    }
    Ok(())
}

/// Reads a length and that many bytes; `None` at a clean end of input.
fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut frame = Vec::new();
    if input.by_ref().take(4).read_to_end(&mut frame)? == 0 {
        return Ok(None);
    }
    let length = frame.as_slice().try_into().map(u32::from_le_bytes).map_err(|_| io::ErrorKind::UnexpectedEof)?;
    frame.clear();
    match input.by_ref().take(length.into()).read_to_end(&mut frame)? == length as usize {
        true => Ok(Some(frame)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn answer(walker: &mut Walker<'_>, request: Request) -> Outcome {
    // The question which tests are expected to fail; the runner has lists of its own.
    if request.message_type == "conformance.FailureSet" {
        return Outcome::Protobuf(Vec::new());
    }
    let layout = match walker.schema().resolve(&request.message_type) {
        Ok(layout) => layout,
        Err(error) => return Outcome::RuntimeError(error.to_string()),
    };
    let bytes = match wire_bytes(walker, layout, &request) {
        Ok(bytes) => bytes,
        Err(outcome) => return outcome,
    };
    let bytes = &*bytes;
    let mut out = Vec::new();
    match request.requested_output_format() {
        WireFormat::Protobuf => match write_canonical(walker, layout, bytes, &mut out) {
            Ok(()) => Outcome::Protobuf(out),
            Err(error) => Outcome::ParseError(error.to_string()),
        },
        WireFormat::Json => {
            let options = JsonOptions { strict: true, ..JsonOptions::default() };
            match write_json(walker, layout, bytes, options, &mut out) {
                Ok(()) => text(out).map_or_else(Outcome::RuntimeError, Outcome::Json),
                Err(JsonError::Malformed(error)) => Outcome::ParseError(error.to_string()),
                Err(error @ JsonError::NoJson { .. }) => Outcome::SerializeError(error.to_string()),
            }
        }
        WireFormat::Text => {
            let unknown_fields = if request.print_unknown_fields { UnknownFields::Guess } else { UnknownFields::Omit };
            let options = TextOptions { unknown_fields, ..TextOptions::default() };
            match write_text(walker, layout, bytes, options, &mut out) {
                Ok(_) => text(out).map_or_else(Outcome::RuntimeError, Outcome::Text),
                Err(error) => Outcome::ParseError(error.to_string()),
            }
        }
        WireFormat::Jspb => Outcome::Skipped("JSPB is not written".to_owned()),
        WireFormat::Unspecified => Outcome::RuntimeError("no output format".to_owned()),
    }
}

/// What a request holds, as the wire has it; where it holds no message, the answer that says so.
fn wire_bytes<'p>(walker: &mut Walker<'_>, layout: LayoutId, request: &'p Request) -> Result<Cow<'p, [u8]>, Outcome> {
    match &request.payload {
        Some(Payload::Protobuf(bytes)) => {
            walker.check_any(false);
            match walker.walk(layout, bytes, &mut Utf8Check) {
                Ok(()) => Ok(Cow::Borrowed(bytes)),
                Err(error) => Err(Outcome::ParseError(error.to_string())),
            }
        }
        Some(Payload::Text(text)) => {
            let mut bytes = Vec::new();
            match read_text(walker.schema(), layout, text.as_bytes(), &mut bytes) {
                Ok(()) => Ok(Cow::Owned(bytes)),
                Err(error) => Err(Outcome::ParseError(error.to_string())),
            }
        }
        Some(Payload::Json(json)) => {
            let options =
                JsonReadOptions { strict: true, ignore_unknown: request.test_category == IGNORE_UNKNOWN_JSON };
            let mut bytes = Vec::new();
            match JsonReader::new(walker.schema(), options).read(layout, json.as_bytes(), &mut bytes) {
                Ok(_) => Ok(Cow::Owned(bytes)),
                Err(error) => Err(Outcome::ParseError(error.to_string())),
            }
        }
        Some(Payload::Jspb(_)) => Err(Outcome::Skipped("JSPB is not read".to_owned())),
        None => Err(Outcome::RuntimeError("no payload".to_owned())),
    }
}

fn text(out: Vec<u8>) -> Result<String, String> {
    String::from_utf8(out).map_err(|error| format!("the output is not valid UTF-8: {error}"))
}

/// Fails on text that is not UTF-8 where the standard wants a parser to fail. The library shows such text instead:
/// a recording that holds it has to be readable.
struct Utf8Check;

impl Utf8Check {
    fn check(field: &Field, value: Scalar<'_>) -> Result<(), NotParsed> {
        match value {
            Scalar::String(text) if field.checks_utf8() && std::str::from_utf8(text).is_err() => Err(NotParsed::Utf8),
            _ => Ok(()),
        }
    }
}

impl Sink for Utf8Check {
    type Error = NotParsed;

    const ORDER: Order = Order::Declared;

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), NotParsed> {
        match place {
            Place::Field(field) | Place::Element(field) | Place::MapValue(field) => Utf8Check::check(field, value),
            Place::Root | Place::Any => Ok(()),
        }
    }

    fn begin_entry(&mut self, _map: &Field, key: &Field, value: Scalar<'_>) -> Result<(), NotParsed> {
        Utf8Check::check(key, value)
    }
}

/// Why the bytes are no message.
#[derive(Debug, thiserror::Error)]
enum NotParsed {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("text is not valid UTF-8")]
    Utf8,
}
