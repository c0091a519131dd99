//! What Go's replayer says of a recording that can't be read to its end: [`of_error`].

use super::finding::{Finding, Go};
use super::rule::Rule;
use crate::error::{Error, ErrorKind};
use crate::format::{CountError, Format, RECORD_LIMIT_BYTES, Truncated, Unrecognized};
use crate::schema::{ParseFault, Unresolved};
use crate::wire::Fault;

/// What was found where the reading of a recording ended; nothing if that says nothing of the recording: it could not be read, or
/// has more bytes in one piece than the reader was allowed to take.
///
/// Source: `binary_format.go` and `text_format.go` of go-replayers.
pub fn of_error(error: &Error) -> Option<Finding> {
    let (rule, go) = judge(error.kind())?;
    let mut message = error.kind().to_string();
    if let ErrorKind::TooLong { what: "record", bytes, .. } = error.kind() {
        message += beyond_belief(*bytes);
    }
    Some(Finding { position: error.position(), go, ..Finding::new(rule, message) })
}

fn judge(kind: &ErrorKind) -> Option<(Rule, Option<Go>)> {
    let says = |words: &str| Some(Go::Says(words.to_owned()));
    Some(match kind {
        ErrorKind::Unrecognized(found) => match found {
            Unrecognized::Empty => (Rule::NotARecording, says("grpcreplay: empty replay file")),
            Unrecognized::ShortMagic { .. } | Unrecognized::Short { .. } => {
                (Rule::NotARecording, says("unexpected EOF"))
            }
            Unrecognized::NoCalls { magic: Format::Text } => (Rule::MissingInitialState, says("EOF")),
            Unrecognized::NoCalls { .. } => (Rule::MissingInitialState, says("grpcreplay: missing initial state")),
            _ => (Rule::NotARecording, says("unknown grpcreplay file type")),
        },
        ErrorKind::Truncated(truncated) => match truncated {
            // The reader was allowed to take more than Go does, which looks at the length first.
            Truncated::Record { what: "record" | "initial state", expected: bytes, .. }
            | Truncated::BehindLength { expected: bytes }
                if *bytes > RECORD_LIMIT_BYTES =>
            {
                (Rule::OverlongRecord, Some(too_long(*bytes)))
            }
            Truncated::Record { what: "initial state", found: 0, .. } => {
                (Rule::MissingInitialState, says("grpcreplay: missing initial state"))
            }
            Truncated::Record { what: "text of an entry", found: 0, .. } => (Rule::Truncated, says("EOF")),
            Truncated::Length { .. } | Truncated::Record { .. } => (Rule::Truncated, says("unexpected EOF")),
            Truncated::HeaderLine { .. } => (Rule::MissingInitialState, says("EOF")),
            Truncated::BehindLength { .. } | Truncated::CountLine => (Rule::SwallowedTruncation, Some(Go::Accepts)),
        },
        ErrorKind::TooLong { what: "record" | "initial state", bytes, .. } if *bytes > RECORD_LIMIT_BYTES => {
            (Rule::OverlongRecord, Some(too_long(*bytes)))
        }
        // Go asks for all the memory at once.
        ErrorKind::TooLong { what: "text of an entry", bytes, .. } if *bytes > ABSURD_BYTES => {
            (Rule::MalformedCount, Some(Go::Refuses))
        }
        ErrorKind::Wire(Fault::Utf8(field)) => {
            let field = if *field == 2 { "grpcreplay.Entry.method" } else { "google.protobuf.Any.type_url" };
            (Rule::MalformedEntry, says(&format!("proto: field {field} contains invalid UTF-8")))
        }
        ErrorKind::Wire(_) => (Rule::MalformedEntry, says(UNPARSABLE)),
        ErrorKind::Compressed(_) => (Rule::DamagedCompression, None),
        ErrorKind::Count(count) => {
            let parsing = |line: &str, what: &str| format!("strconv.Atoi: parsing \"{line}\": {what}");
            let words = match count {
                CountError::NotANumber { line } | CountError::CarriageReturn { line } => {
                    parsing(line, "invalid syntax")
                }
                CountError::Negative { .. } => "panic: runtime error: makeslice: len out of range".to_owned(),
                CountError::OutOfRange { line } => parsing(line, "value out of range"),
            };
            (Rule::MalformedCount, Some(Go::Says(words)))
        }
        ErrorKind::Quoting { .. } => (Rule::MalformedHeader, says("strconv.Unquote: invalid syntax")),
        ErrorKind::Prototext(fault) => (rule_of(fault), Some(of_fault(fault))),
        ErrorKind::Json { .. } | ErrorKind::DuplicateIndex { .. } | ErrorKind::DanglingReference { .. } => {
            (Rule::MalformedEntry, None)
        }
        // Of these the recording is not the reason, or they belong to writing.
        ErrorKind::Io(_)
        | ErrorKind::TooLong { .. }
        | ErrorKind::Loss { .. }
        | ErrorKind::NoJson(_)
        | ErrorKind::MissingReference { .. }
        | ErrorKind::ForwardReference { .. }
        | ErrorKind::OutOfOrder { .. }
        | ErrorKind::TooManyEntries => return None,
    })
}

/// How many bytes no machine has room for that anybody replays a recording on.
const ABSURD_BYTES: u64 = 1 << 36;

/// What Go says of a record that has so many bytes.
pub(super) fn too_long(bytes: u64) -> Go {
    Go::Says(format!("grpcreplay: record size {bytes} exceeds maximum {RECORD_LIMIT_BYTES}"))
}

/// What a length is instead, if it looks like something else.
fn beyond_belief(bytes: u64) -> &'static str {
    let Ok(length) = u32::try_from(bytes).map(u32::to_le_bytes) else { return "" };
    match length.as_slice() {
        b"RPCR" => "; another recording begins there",
        letters if letters.iter().all(|byte| byte.is_ascii_graphic() || b" \n".contains(byte)) => {
            "; text stands there instead of a length"
        }
        _ => "",
    }
}

/// What Go says of a message of a type that its program does not link.
pub(super) const NOT_FOUND: &str = "proto: not found";

/// What Go says of bytes that are no message.
pub(super) const UNPARSABLE: &str = "proto: cannot parse invalid wire-format data";

fn rule_of(fault: &ParseFault) -> Rule {
    match fault {
        ParseFault::Unresolved(Unresolved::Unknown(_)) => Rule::UnknownType,
        _ => Rule::MalformedEntry,
    }
}

/// What Go says of the text of an entry, where its words are known.
///
/// Source: protobuf-go, `prototext/decode.go` and `internal/encoding/text/decode.go`.
fn of_fault(fault: &ParseFault) -> Go {
    Go::Says(match fault {
        ParseFault::End => "proto: unexpected EOF".to_owned(),
        ParseFault::UnknownField { field, .. } => format!("proto: unknown field: {field}"),
        ParseFault::NumberForName(number) => format!("proto: cannot specify field by number: {number}"),
        ParseFault::Repeated(field) => format!("proto: non-repeated field \"{field}\" is repeated"),
        ParseFault::Utf8 => "proto: syntax error: invalid UTF-8 detected".to_owned(),
        ParseFault::Unresolved(Unresolved::Unknown(_)) => "proto: unable to resolve message: not found".to_owned(),
        _ => return Go::Refuses,
    })
}
