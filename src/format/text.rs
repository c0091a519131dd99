//! The text format, `RPCReTxt1`: a byte count on a line of its own, then that many bytes of prototext, an entry. Read and
//! written.

use std::io::{Read, Write};

use bytes::Bytes;

use super::frame::{Body, Frame};
use super::input::Input;
use super::sniff::{MAGIC_BYTES, TEXT_MAGIC, Unrecognized};
use super::{Format, Truncated, entry_text, quote};
use crate::entry::{Entry, EntryBody, EntryIndex, Payload};
use crate::error::{Error, ErrorKind, Position, Result, excerpt};
use crate::recording::Header;
use crate::schema::{LeftOut, Loss, Schema, UnknownEntryFields, Walker, find_loss, quote_go, unknown_entry_fields};

/// How much of a line that is wrong an error quotes.
const QUOTED_CHARACTERS: usize = 40;

/// How long a line that counts bytes is at most, unless it has leading zeros.
const COUNT_LINE_BYTES: usize = 24;

/// Why a line does not count the bytes of an entry's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CountError {
    /// It is not a number.
    #[error("`{line}` is not the number of bytes of an entry's text")]
    NotANumber {
        /// The line, or its beginning, everything unprintable escaped.
        line: String,
    },
    /// Its line ends as those of Windows do.
    #[error("`{line}` is not the number of bytes of an entry's text: it ends with a carriage return")]
    CarriageReturn {
        /// The line, or its beginning.
        line: String,
    },
    /// It is below zero, on which Go's reader panics.
    #[error("`{line}` is a negative number of bytes, on which Go's reader panics")]
    Negative {
        /// The line, or its beginning.
        line: String,
    },
    /// It does not fit into 64 bits.
    #[error("`{line}` bytes are more than any file has")]
    OutOfRange {
        /// The line, or its beginning.
        line: String,
    },
}

/// Appends the mark and the line with the initial state.
///
/// Source: go-replayers, `grpcreplay`, `textWriter.writeHeader`, which quotes nothing as the empty string.
pub fn write_text_header(header: &Header, out: &mut Vec<u8>) {
    out.extend_from_slice(TEXT_MAGIC);
    out.push(b'\n');
    quote_go(out, &header.initial);
    out.push(b'\n');
}

/// Appends an entry in the text format: the number of bytes on a line of its own, then those of
/// [`write_entry_text`](super::write_entry_text). Says what the text does not tell of the entry, if that is allowed: fields
/// that nobody knows, and what was noted beside it. A message that readers would refuse then stands there as its bytes.
///
/// The text is read as an equal entry, though its bytes need not be the same: fields come in another order, and a NaN is one
/// like others.
///
/// # Errors
///
/// [`Loss`] if the text would not tell everything and `allow_loss` does not allow that; `out` is then as it was.
pub fn write_text_entry(
    entry: &Entry,
    walker: &mut Walker<'_>,
    allow_loss: bool,
    out: &mut Vec<u8>,
) -> Result<LeftOut> {
    let start = out.len();
    let mut left_out = entry_text::write_entry_text(entry, walker, out);
    if allow_loss && (left_out.invalid_utf8 || left_out.too_deep) {
        out.truncate(start);
        left_out = entry_text::write_unexpanded(entry, out);
    }
    if left_out != LeftOut::default() && !allow_loss {
        out.truncate(start);
        let index = Some(entry.index().0).filter(|&index| index != 0);
        let noted = || if entry.has_extension { Loss::Extension } else { Loss::TooDeep };
        let loss = first_loss(entry, walker, false).unwrap_or_else(noted);
        return Err(Error::new(
            ErrorKind::Loss { format: "text", loss },
            Position { entry: index, ..Position::default() },
        ));
    }
    let count = format!("{}\n", out.len() - start);
    out.splice(start..start, count.bytes());
    Ok(left_out)
}

/// Appends the text that an entry was read from, behind its number of bytes.
pub(super) fn write_body(body: &EntryBody, out: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = writeln!(out, "{}", body.bytes.len());
    out.extend_from_slice(&body.bytes);
}

/// The text of an entry with another number in the place of the one that it refers to, and nothing else changed.
pub(super) fn with_ref_index(body: &EntryBody, ref_index: i32) -> EntryBody {
    let mut bytes = body.bytes.to_vec();
    let number = ref_index.to_string();
    let start = match &body.ref_index {
        Some(place) => {
            bytes.splice(place.start as usize..place.end as usize, number.bytes());
            place.start
        }
        None => {
            // The last line may be a comment.
            bytes.extend_from_slice(b"\nref_index: ");
            bytes.extend_from_slice(number.as_bytes());
            bytes.push(b'\n');
            (bytes.len() - 1 - number.len()) as u32
        }
    };
    EntryBody { bytes: bytes.into(), ref_index: Some(start..start + number.len() as u32) }
}

/// The first thing that an entry holds and its text does not tell, nesting apart; or its JSON, which opens each `Any`.
#[cold]
pub(super) fn first_loss(entry: &Entry, walker: &mut Walker<'_>, opens_all: bool) -> Option<Loss> {
    let UnknownEntryFields { of_entry, of_any } = unknown_entry_fields(entry);
    if let Some(field) = of_entry.first() {
        return Some(Loss::unknown_field(field, "grpcreplay.Entry", ""));
    }
    if let Some(field) = of_any.first() {
        return Some(Loss::unknown_field(field, "google.protobuf.Any", "message"));
    }
    match entry.payload() {
        Payload::Message(any) | Payload::Error(any) => find_loss(walker, any, opens_all),
        Payload::Eof | Payload::Empty => None,
    }
}

/// Reads the mark, whatever else stands on its line, and the line with the initial state.
pub(super) fn read_header<R: Read>(input: &mut Input<R>, lines: &mut u64, limit_bytes: u64) -> Result<Header> {
    input.take(MAGIC_BYTES);
    if input.fill(1).map_err(|error| at(error, input, *lines))? == 0 {
        return Err(Unrecognized::NoCalls { magic: Format::Text }.into());
    }
    let mut header_line = |what| {
        let offset = input.offset();
        let position = Position { byte: Some(offset), line: Some(*lines + 1), ..Position::default() };
        match read_line(input, what, limit_bytes) {
            Ok(Line::Whole(line)) => {
                *lines += 1;
                Ok((line, position))
            }
            Ok(Line::Cut | Line::Nothing) => Err(Error::new(Truncated::HeaderLine { what }, position)),
            Err(error) => Err(Error::new(error, position)),
        }
    };
    header_line("mark")?;
    let (line, position) = header_line("initial state")?;
    if line.is_empty() {
        return Ok(Header::default());
    }
    match quote::unquote(&line) {
        Ok(initial) => Ok(Header::new(initial)),
        Err(reason) => Err(Error::new(ErrorKind::Quoting { line: beginning(&line), reason }, position)),
    }
}

/// Reads the text of the next entry, or nothing at a clean end.
pub(super) fn read_frame<R: Read>(
    input: &mut Input<R>,
    index: EntryIndex,
    lines: &mut u64,
    limit_bytes: u64,
) -> Result<Option<Frame>> {
    let offset = input.offset();
    let located = |error, line| located(error, index, offset, line);
    let line = match read_line(input, "line", limit_bytes) {
        Ok(Line::Nothing) => return Ok(None),
        Ok(Line::Whole(line)) => line,
        Ok(Line::Cut) => return Err(located(Truncated::CountLine.into(), *lines + 1)),
        Err(error) => return Err(located(error, *lines + 1)),
    };
    *lines += 1;
    let expected = parse_count(&line).map_err(|error| located(error.into(), *lines))?;
    if expected > limit_bytes {
        let error = ErrorKind::TooLong { what: "text of an entry", bytes: expected, limit_bytes };
        return Err(located(error, *lines));
    }
    let wanted = usize::try_from(expected).unwrap_or(usize::MAX);
    let found = input.fill(wanted).map_err(|error| located(error, *lines))?;
    if found < wanted {
        let error = Truncated::Record { what: "text of an entry", found: found as u64, expected };
        return Err(located(error.into(), *lines));
    }
    let body = Body::Text { body_offset: input.offset(), line: *lines };
    let bytes = input.take(wanted);
    *lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
    Ok(Some(Frame { bytes, index, offset, body }))
}

/// Whether the next entry is there whole, without reading on.
pub(super) fn is_buffered<R: Read>(input: &Input<R>) -> bool {
    let seen = input.peek();
    let Some(length) = memchr::memchr(b'\n', &seen[..seen.len().min(COUNT_LINE_BYTES)]) else { return false };
    parse_count(&seen[..length]).is_ok_and(|count| count <= (seen.len() - length - 1) as u64)
}

/// Turns the text of an entry into an entry. It begins at `body_offset`, behind the line of this number.
pub(super) fn decode(
    text: &Bytes,
    schema: &Schema,
    index: EntryIndex,
    offset: u64,
    (body_offset, line): (u64, u64),
    keeps_text: bool,
) -> Result<Entry> {
    match entry_text::parse(text, schema) {
        Ok(parsed) => {
            let entry = parsed.encode().map_err(|error| located(error.into_kind(), index, offset, line))?;
            let body = || Box::new(EntryBody { bytes: text.clone(), ref_index: parsed.ref_index_at });
            Ok(Entry { index, offset, line, text: keeps_text.then(body), ..entry })
        }
        Err(error) => {
            let (line_in_text, column) = error.line_and_column(text);
            let position = Position {
                entry: Some(index.0),
                byte: Some(body_offset + error.at() as u64),
                line: Some(line + line_in_text),
                column: Some(column),
            };
            Err(Error::new(error.into_fault(), position))
        }
    }
}

fn located(error: ErrorKind, index: EntryIndex, offset: u64, line: u64) -> Error {
    Error::new(error, Position { entry: Some(index.0), byte: Some(offset), line: Some(line), column: None })
}

/// Reads a decimal number as Go does: an optional sign, and at least one digit.
///
/// Source: Go's `strconv.Atoi`.
fn parse_count(line: &[u8]) -> Result<u64, CountError> {
    let (is_negative, digits) = match line {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if line.ends_with(b"\r") {
        return Err(CountError::CarriageReturn { line: beginning(line) });
    }
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(CountError::NotANumber { line: beginning(line) });
    }
    let number =
        digits.iter().try_fold(0, |number: i64, digit| number.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
    match number {
        Some(0) => Ok(0),
        _ if is_negative => Err(CountError::Negative { line: beginning(line) }),
        Some(number) => Ok(number as u64),
        None => Err(CountError::OutOfRange { line: beginning(line) }),
    }
}

enum Line {
    /// A line, without its line feed.
    Whole(Bytes),
    /// Bytes without a line feed behind them.
    Cut,
    /// The end of input.
    Nothing,
}

/// Reads up to the next line feed.
fn read_line<R: Read>(input: &mut Input<R>, what: &'static str, limit_bytes: u64) -> Result<Line, ErrorKind> {
    let mut searched = 0;
    loop {
        let seen = input.peek();
        let found = memchr::memchr(b'\n', &seen[searched..]).map(|place| searched + place);
        let bytes = found.unwrap_or(seen.len()) as u64;
        if bytes > limit_bytes {
            return Err(ErrorKind::TooLong { what, bytes, limit_bytes });
        }
        if let Some(length) = found {
            let line = input.take(length);
            input.take(1);
            return Ok(Line::Whole(line));
        }
        searched = seen.len();
        if !input.fill_some()? {
            return Ok(if searched == 0 { Line::Nothing } else { Line::Cut });
        }
    }
}

fn at<R: Read>(error: ErrorKind, input: &Input<R>, lines: u64) -> Error {
    Error::new(error, Position { byte: Some(input.offset()), line: Some(lines + 1), ..Position::default() })
}

fn beginning(line: &[u8]) -> String {
    excerpt(line, QUOTED_CHARACTERS)
}
