//! Cuts JSON into the values that are entries: [`Cutter`].
//!
//! It knows braces and strings, and no more than that: what stands in an entry is for those who decode it.

use std::io::Read;

use bytes::Bytes;

use super::JSON_RATIO;
use crate::entry::EntryIndex;
use crate::error::{Error, ErrorKind, Position, Result};
use crate::format::Format;
use crate::format::frame::{Body, Frame};
use crate::format::input::Input;
use crate::recording::Header;
use crate::schema::JsonFault;
use crate::schema::protojson::{Lexer, read_base64, utf8};

/// Cuts the entries of a recording out of its JSON.
#[derive(Debug)]
pub(in crate::format) struct Cutter {
    mode: Mode,
    /// The number of the line that comes next.
    line: u64,
    /// How many characters of that line were taken.
    taken_characters: u64,
    /// The members of a document that stood in front of its entries.
    front: HeaderMembers,
    /// Whether the payloads are ProtoJSON and nothing else.
    is_canonical: bool,
    limit_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// An entry per line.
    Lines,
    /// Entries one behind the other, with blanks and line feeds wherever somebody put them.
    Values,
    /// The elements of a document's list.
    Elements { is_first: bool },
    /// The members behind that list, then nothing.
    Ended,
}

/// A value that was cut out, and where it stood.
struct Value {
    bytes: Bytes,
    offset: u64,
    line: u64,
    /// The character in its line, counted from 1.
    column: u64,
}

/// What a header says.
#[derive(Debug, Default, Clone)]
struct HeaderMembers {
    format: Option<()>,
    initial: Option<Vec<u8>>,
    is_canonical: Option<bool>,
    file: Option<()>,
}

/// A byte order mark, which some editors put in front.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Cutter {
    /// Reads the header, and tells which of the two forms of JSON it is.
    pub(in crate::format) fn open<R: Read>(input: &mut Input<R>, limit_bytes: u64) -> Result<(Cutter, Format, Header)> {
        let limit_bytes = limit_bytes.saturating_mul(JSON_RATIO);
        let mut cutter = Cutter {
            mode: Mode::Values,
            line: 1,
            taken_characters: 0,
            front: HeaderMembers::default(),
            is_canonical: false,
            limit_bytes,
        };
        if input.fill(BYTE_ORDER_MARK.len()).map_err(|error| cutter.error(input, 0, error))? == BYTE_ORDER_MARK.len()
            && input.peek().starts_with(BYTE_ORDER_MARK)
        {
            input.take(BYTE_ORDER_MARK.len());
        }
        cutter.skip_blanks(input)?;
        let mut members = HeaderMembers::default();
        // The opening brace, by which it was recognised.
        let mut at = 1;
        let mut is_first = true;
        loop {
            let Some(key) = cutter.next_key(input, &mut at, is_first)? else {
                cutter.is_canonical = members.is_canonical.unwrap_or_default();
                let header = members.header().map_err(|fault| cutter.fault(input, at - 1, fault))?;
                let has_line = !input.peek()[..at].contains(&b'\n');
                cutter.take(input, at);
                if has_line && cutter.rest_of_line_is_blank(input)? {
                    cutter.mode = Mode::Lines;
                }
                return Ok((cutter, Format::JsonLines, header));
            };
            is_first = false;
            if key == b"entries" {
                break;
            }
            cutter.header_member(input, &mut at, &key, &mut members)?;
        }
        at = cutter.blanks(input, at)?;
        if input.peek().get(at) != Some(&b'[') {
            return Err(cutter.unexpected(input, at, "a list of entries"));
        }
        let entries_at = at + 1;
        cutter.front = members.clone();
        if members.format.is_none() || members.initial.is_none() {
            // Somebody has sorted the members: the rest of the header stands behind the entries.
            let mut at = cutter.value_end(input, at)?;
            while let Some(key) = cutter.next_key(input, &mut at, false)? {
                if key == b"entries" {
                    return Err(cutter.fault(input, at, JsonFault::Repeated("entries".to_owned())));
                }
                cutter.header_member(input, &mut at, &key, &mut members)?;
            }
        }
        cutter.is_canonical = members.is_canonical.unwrap_or_default();
        let header = members.header().map_err(|fault| cutter.fault(input, entries_at - 1, fault))?;
        cutter.take(input, entries_at);
        cutter.mode = Mode::Elements { is_first: true };
        Ok((cutter, Format::Json, header))
    }

    /// Whether the header says that what follows is ProtoJSON and nothing else.
    pub(in crate::format) fn is_canonical(&self) -> bool {
        self.is_canonical
    }

    /// Cuts out the next entry; nothing at a clean end.
    pub(in crate::format) fn frame<R: Read>(
        &mut self,
        input: &mut Input<R>,
        index: EntryIndex,
    ) -> Result<Option<Frame>> {
        let frame = match self.mode {
            Mode::Lines => self.next_line(input),
            Mode::Values => self.next_value(input),
            Mode::Elements { is_first } => self.next_element(input, is_first),
            Mode::Ended => Ok(None),
        };
        match frame {
            Ok(frame) => Ok(frame.map(|Value { bytes, offset, line, column }| {
                let body = Body::Json { line, column, is_canonical: self.is_canonical };
                Frame { bytes, index, offset, body }
            })),
            Err(error) => {
                let position = Position { entry: Some(index.0), ..error.position() };
                Err(Error::new(error.into_kind(), position))
            }
        }
    }

    /// Whether the next entry is there whole, without reading on.
    pub(in crate::format) fn is_buffered<R: Read>(&self, input: &Input<R>) -> bool {
        let seen = input.peek();
        match self.mode {
            Mode::Lines => memchr::memchr(b'\n', seen).is_some(),
            Mode::Values | Mode::Elements { .. } => {
                let start = seen.iter().position(|byte| !is_blank(*byte) && *byte != b',').unwrap_or(seen.len());
                Scan::default().feed(&seen[start..]).is_some()
            }
            Mode::Ended => false,
        }
    }

    fn next_line<R: Read>(&mut self, input: &mut Input<R>) -> Result<Option<Value>> {
        loop {
            let mut searched = 0;
            let (length, is_whole) = loop {
                let seen = input.peek();
                let found = memchr::memchr(b'\n', &seen[searched..]).map(|place| searched + place);
                let bytes = found.unwrap_or(seen.len()) as u64;
                if bytes > self.limit_bytes {
                    let error = ErrorKind::TooLong { what: "line", bytes, limit_bytes: self.limit_bytes };
                    return Err(self.error(input, 0, error));
                }
                if let Some(length) = found {
                    break (length, true);
                }
                searched = seen.len();
                if !input.fill_some().map_err(|error| self.error(input, 0, error))? {
                    break (searched, false);
                }
            };
            let (offset, line) = (input.offset(), self.line);
            if length == 0 && !is_whole {
                return Ok(None);
            }
            let bytes = input.take(length);
            if is_whole {
                input.take(1);
                self.line += 1;
            }
            if !bytes.iter().all(|&byte| is_blank(byte)) {
                return Ok(Some(Value { bytes, offset, line, column: 1 }));
            }
        }
    }

    fn next_value<R: Read>(&mut self, input: &mut Input<R>) -> Result<Option<Value>> {
        self.skip_blanks(input)?;
        if input.peek().is_empty() {
            return Ok(None);
        }
        self.take_value(input).map(Some)
    }

    fn next_element<R: Read>(&mut self, input: &mut Input<R>, is_first: bool) -> Result<Option<Value>> {
        self.skip_blanks(input)?;
        match input.peek().first() {
            Some(b']') => {
                self.end_document(input)?;
                return Ok(None);
            }
            Some(b',') if !is_first => {
                self.take(input, 1);
                self.skip_blanks(input)?;
            }
            _ if is_first => {}
            _ => return Err(self.unexpected(input, 0, "`,` or `]`")),
        }
        self.mode = Mode::Elements { is_first: false };
        self.take_value(input).map(Some)
    }

    fn take_value<R: Read>(&mut self, input: &mut Input<R>) -> Result<Value> {
        let end = self.value_end(input, 0)?;
        let (offset, line, column) = (input.offset(), self.line, self.taken_characters + 1);
        Ok(Value { bytes: self.take(input, end), offset, line, column })
    }

    /// Reads what stands behind the entries of a document; of its members nothing is new that was not seen before.
    fn end_document<R: Read>(&mut self, input: &mut Input<R>) -> Result<()> {
        self.mode = Mode::Ended;
        self.take(input, 1);
        let mut members = std::mem::take(&mut self.front);
        let mut at = 0;
        while let Some(key) = self.next_key(input, &mut at, false)? {
            self.header_member(input, &mut at, &key, &mut members)?;
        }
        if members.is_canonical.unwrap_or(self.is_canonical) != self.is_canonical {
            let expected = "the same as in front of the entries";
            let fault = JsonFault::Value { expected, found: "canonical".to_owned() };
            return Err(self.fault(input, at - 1, fault));
        }
        self.take(input, at);
        self.skip_blanks(input)?;
        if input.peek().is_empty() { Ok(()) } else { Err(self.unexpected(input, 0, "the end of the document")) }
    }

    /// Reads the name of the next member of the header, and the colon behind it; nothing at the object's end.
    fn next_key<R: Read>(&self, input: &mut Input<R>, at: &mut usize, is_first: bool) -> Result<Option<Vec<u8>>> {
        *at = self.blanks(input, *at)?;
        match input.peek().get(*at) {
            Some(b'}') => {
                *at += 1;
                return Ok(None);
            }
            Some(b',') if !is_first => *at = self.blanks(input, *at + 1)?,
            Some(b'"') if is_first => {}
            _ => return Err(self.unexpected(input, *at, if is_first { "the name of a member" } else { "`,` or `}`" })),
        }
        if input.peek().get(*at) != Some(&b'"') {
            return Err(self.unexpected(input, *at, "the name of a member"));
        }
        let end = self.value_end(input, *at)?;
        let key = utf8(&input.peek()[*at..end]).and_then(|text| {
            let raw = Lexer::new(text).string("the name of a member")?;
            raw.unescape().map(|name| name.into_owned())
        });
        let key = key.map_err(|error| self.fault(input, *at + error.at(), error.into_fault()))?;
        *at = self.blanks(input, end)?;
        if input.peek().get(*at) != Some(&b':') {
            return Err(self.unexpected(input, *at, "`:`"));
        }
        *at = self.blanks(input, *at + 1)?;
        Ok(Some(key))
    }

    /// Reads the value of a member of the header.
    fn header_member<R: Read>(
        &self,
        input: &mut Input<R>,
        at: &mut usize,
        key: &[u8],
        members: &mut HeaderMembers,
    ) -> Result<()> {
        let start = *at;
        *at = self.value_end(input, start)?;
        let text = &input.peek()[start..*at];
        let result = members.read(key, text);
        result.map_err(|(offset, fault)| self.fault(input, start + offset, fault))
    }

    fn rest_of_line_is_blank<R: Read>(&mut self, input: &mut Input<R>) -> Result<bool> {
        let mut at = 0;
        loop {
            match input.peek().get(at).copied() {
                Some(b'\n') => {
                    self.take(input, at + 1);
                    return Ok(true);
                }
                Some(byte) if is_blank(byte) => at += 1,
                Some(_) => return Ok(false),
                None if at as u64 > self.limit_bytes => return Err(self.too_many_blanks(input, 0, at)),
                None if input.fill(at + 1).map_err(|error| self.error(input, at, error))? <= at => return Ok(true),
                None => {}
            }
        }
    }

    /// Where the value ends that begins at an offset of what was read.
    fn value_end<R: Read>(&self, input: &mut Input<R>, start: usize) -> Result<usize> {
        let mut scan = Scan::default();
        let mut at = start;
        loop {
            if let Some(length) = scan.feed(&input.peek()[at..]) {
                if at + length == start {
                    // What closes something stands where a value should.
                    return Err(self.unexpected(input, start, "a value"));
                }
                return Ok(at + length);
            }
            at = input.peek().len();
            if (at - start) as u64 > self.limit_bytes {
                let error =
                    ErrorKind::TooLong { what: "value", bytes: (at - start) as u64, limit_bytes: self.limit_bytes };
                return Err(self.error(input, start, error));
            }
            if !input.fill_some().map_err(|error| self.error(input, start, error))? {
                return match scan.ends_here() {
                    true if at > start => Ok(at),
                    _ => Err(self.fault(input, at, JsonFault::End)),
                };
            }
        }
    }

    /// The offset of the first byte that is no blank.
    fn blanks<R: Read>(&self, input: &mut Input<R>, start: usize) -> Result<usize> {
        let mut at = start;
        loop {
            match input.peek().get(at).copied() {
                Some(byte) if is_blank(byte) => at += 1,
                Some(_) => return Ok(at),
                None if (at - start) as u64 > self.limit_bytes => return Err(self.too_many_blanks(input, start, at)),
                None if input.fill(at + 1).map_err(|error| self.error(input, at, error))? <= at => return Ok(at),
                None => {}
            }
        }
    }

    fn too_many_blanks<R: Read>(&self, input: &Input<R>, start: usize, end: usize) -> Error {
        let (bytes, limit_bytes) = ((end - start) as u64, self.limit_bytes);
        self.error(input, start, ErrorKind::TooLong { what: "blanks", bytes, limit_bytes })
    }

    fn skip_blanks<R: Read>(&mut self, input: &mut Input<R>) -> Result<()> {
        loop {
            let seen = input.peek();
            let blanks = seen.iter().position(|&byte| !is_blank(byte));
            let (length, is_end) = (blanks.unwrap_or(seen.len()), blanks.is_some());
            self.take(input, length);
            if is_end || !input.fill_some().map_err(|error| self.error(input, 0, error))? {
                return Ok(());
            }
        }
    }

    /// Takes bytes, and counts the lines that end in them.
    fn take<R: Read>(&mut self, input: &mut Input<R>, length: usize) -> Bytes {
        let bytes = input.take(length);
        let (lines, column) = line_and_column(&bytes);
        self.line += lines;
        self.taken_characters = if lines > 0 { column - 1 } else { self.taken_characters + column - 1 };
        bytes
    }

    fn unexpected<R: Read>(&self, input: &Input<R>, at: usize, expected: &'static str) -> Error {
        let rest = String::from_utf8_lossy(&input.peek()[at.min(input.peek().len())..]);
        let fault = Lexer::new(&rest).unexpected(expected).into_fault();
        self.fault(input, at, fault)
    }

    fn fault<R: Read>(&self, input: &Input<R>, at: usize, fault: JsonFault) -> Error {
        self.error(input, at, ErrorKind::Json { selector: None, fault })
    }

    /// An error at an offset of what was read and not yet taken.
    fn error<R: Read>(&self, input: &Input<R>, at: usize, kind: impl Into<ErrorKind>) -> Error {
        let seen = input.peek();
        let (lines, column) = line_and_column(&seen[..at.min(seen.len())]);
        let column = if lines > 0 { column } else { self.taken_characters + column };
        let position = Position {
            byte: Some(input.offset() + at as u64),
            line: Some(self.line + lines),
            column: Some(column),
            ..Position::default()
        };
        Error::new(kind, position)
    }
}

/// How many lines end in some text, and the number of the character behind it in its line, counted from 1.
pub(super) fn line_and_column(before: &[u8]) -> (u64, u64) {
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |place| place + 1);
    let lines = memchr::memchr_iter(b'\n', before).count() as u64;
    let is_continuation = |byte: &u8| byte & 0xc0 == 0x80;
    let characters = before[line_start..].iter().filter(|byte| !is_continuation(byte)).count() as u64;
    (lines, characters + 1)
}

impl HeaderMembers {
    fn read(&mut self, key: &[u8], text: &[u8]) -> std::result::Result<(), (usize, JsonFault)> {
        let at_error = |error: crate::schema::JsonReadError| (error.at(), error.into_fault());
        let mut lexer = Lexer::new(utf8(text).map_err(at_error)?);
        let is_repeated = match key {
            b"format" => {
                let raw = lexer.string("\"RPCReplay\"").map_err(at_error)?;
                if raw.text != b"RPCReplay" {
                    let found = format!("\"{}\"", crate::error::excerpt(raw.text, 40));
                    return Err((
                        raw.at,
                        JsonFault::Value { expected: "\"RPCReplay\", which every recording as JSON has here", found },
                    ));
                }
                self.format.replace(()).is_some()
            }
            b"initial" => {
                let mut initial = Vec::new();
                if !lexer.null() {
                    read_base64(&mut lexer, &mut initial).map_err(at_error)?;
                }
                self.initial.replace(initial).is_some()
            }
            b"canonical" => {
                let is_canonical = lexer.word(b"true");
                if !is_canonical && !lexer.word(b"false") {
                    return Err(at_error(lexer.mismatch("true or false")));
                }
                self.is_canonical.replace(is_canonical).is_some()
            }
            b"file" => {
                lexer.string("the name of a file").map_err(at_error)?;
                self.file.replace(()).is_some()
            }
            _ => {
                let (field, message) = (crate::error::excerpt(key, 40), "a recording's header".to_owned());
                return Err((0, JsonFault::UnknownField { field, message }));
            }
        };
        lexer.end().map_err(at_error)?;
        if is_repeated {
            return Err((0, JsonFault::Repeated(crate::error::excerpt(key, 40))));
        }
        Ok(())
    }

    fn header(self) -> std::result::Result<Header, JsonFault> {
        self.format.ok_or(JsonFault::Missing("format"))?;
        Ok(Header::new(self.initial.ok_or(JsonFault::Missing("initial"))?))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Finds the end of a value as its bytes arrive.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    has_begun: bool,
}

impl Scan {
    /// Whether the value may end where the input does: a number or a word does.
    fn ends_here(&self) -> bool {
        self.has_begun && self.depth == 0 && !self.is_in_string
    }

    /// Reads what comes next of the value, which begins with its first byte, and says how much of that belongs to it if it
    /// ends there.
    fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.is_in_string {
                if std::mem::take(&mut self.is_escaped) {
                    at += 1;
                    continue;
                }
                match memchr::memchr2(b'"', b'\\', &bytes[at..]) {
                    None => return None,
                    Some(place) => at += place + 1,
                }
                if bytes[at - 1] == b'\\' {
                    self.is_escaped = true;
                    continue;
                }
                self.is_in_string = false;
                if self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            match byte {
                b'"' => self.is_in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                // Behind a number or a word.
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 && self.has_begun => return Some(at),
                _ => {}
            }
            self.has_begun = true;
            at += 1;
        }
        None
    }
}
