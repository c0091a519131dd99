//! An entry as JSON → the entry.

use std::borrow::Cow;

use super::cut::line_and_column;
use super::extension::read_extension;
use crate::entry::{Entry, EntryIndex, Kind};
use crate::error::{Error, ErrorKind, Position, Result};
use crate::extension::Extension;
use crate::format::wire::{self, NewAny};
use crate::schema::protojson::{AnyJson, Integer, Lexer, Raw, read_base64, utf8};
use crate::schema::{JsonFault, JsonReadError, JsonReadOptions, JsonReader, Schema, unknown_entry_fields};
use crate::wire::Fault;

/// What is needed to decode entries, and kept from one to the next.
#[derive(Debug)]
pub(in crate::format) struct JsonDecoder<'s> {
    reader: JsonReader<'s>,
    canonical: JsonReader<'s>,
    any: AnyJson,
}

impl<'s> JsonDecoder<'s> {
    pub(in crate::format) fn new(schema: &'s Schema) -> Self {
        JsonDecoder {
            reader: JsonReader::new(schema, JsonReadOptions::default()),
            canonical: JsonReader::new(schema, JsonReadOptions { strict: true, ..JsonReadOptions::default() }),
            any: AnyJson::default(),
        }
    }
}

/// The members of an entry.
#[derive(Debug, Default)]
struct Members<'t> {
    index: Option<u64>,
    kind: Option<Kind>,
    method: Option<Cow<'t, str>>,
    has_message: bool,
    is_error: Option<bool>,
    ref_index: Option<i32>,
    extension: Option<Extension>,
    unknown: Option<Vec<u8>>,
    wire: Option<Vec<u8>>,
    ignored_wire: bool,
}

/// Turns the JSON of an entry into an entry, which still has the name that its `index` gives it; without one it is `index`.
///
/// The JSON begins at `offset` of the file, in the line of this number with this character of it.
pub(in crate::format) fn decode(
    text: &[u8],
    decoder: &mut JsonDecoder<'_>,
    is_canonical: bool,
    index: EntryIndex,
    offset: u64,
    (line, first_column): (u64, u64),
) -> Result<Entry> {
    let mut members = Members::default();
    let position = Position { entry: Some(index.0), byte: Some(offset), line: Some(line), column: None };
    if let Err((error, selector)) = members.read(text, decoder, is_canonical) {
        let (lines, column) = line_and_column(&text[..error.at()]);
        let position = Position {
            byte: Some(offset + error.at() as u64),
            line: Some(line + lines),
            column: Some(if lines > 0 { column } else { first_column + column - 1 }),
            ..position
        };
        let between = if selector.is_empty() || error.path().is_empty() { "" } else { ":" };
        let selector = Some(selector + between + error.path()).filter(|selector| !selector.is_empty());
        return Err(Error::new(ErrorKind::Json { selector, fault: error.into_fault() }, position));
    }
    let entry = members.encode(&decoder.any).map_err(|error| Error::new(error.into_kind(), position))?;
    Ok(Entry { index: EntryIndex(members.index.unwrap_or(index.0)), offset, line, ..entry })
}

impl<'t> Members<'t> {
    /// Reads the object of an entry; on failure also says what the path of a value begins with.
    fn read(
        &mut self,
        text: &'t [u8],
        decoder: &mut JsonDecoder<'_>,
        is_canonical: bool,
    ) -> std::result::Result<(), (JsonReadError, String)> {
        let plain = |error: JsonReadError| (error, String::new());
        let mut lexer = Lexer::new(utf8(text).map_err(plain)?);
        lexer.expect(b'{', "an entry's object").map_err(plain)?;
        let mut is_first = !self.read_front(&mut lexer);
        while lexer.next(is_first, b'}').map_err(plain)? {
            is_first = false;
            let raw = lexer.key().map_err(plain)?;
            let name = raw.unescape().map_err(plain)?;
            if *name == *b"message" {
                if self.has_message {
                    return Err(plain(repeated(raw, &name)));
                }
                if lexer.null() {
                    continue;
                }
                self.has_message = true;
                let JsonDecoder { reader, canonical, any } = decoder;
                let reader = if is_canonical { canonical } else { reader };
                match reader.read_any(&mut lexer, any) {
                    Ok(ignored) => {
                        self.ignored_wire |= ignored;
                        self.read_back(&mut lexer);
                    }
                    Err(error) => return Err((error, self.selector(&any.type_url))),
                }
            } else {
                self.member(&mut lexer, raw, &name, is_canonical).map_err(plain)?;
            }
        }
        lexer.end().map_err(plain)
    }

    /// Reads the members in front of the message as they are written here, and says whether there were any; of others nothing
    /// is read.
    fn read_front(&mut self, lexer: &mut Lexer<'t>) -> bool {
        let mut ahead = *lexer;
        if !ahead.literal(b"\"index\":") {
            return false;
        }
        let Some(index) = ahead.quick_integer().and_then(|number| Integer::new(number).signed()) else { return false };
        if !(1..=i32::MAX.into()).contains(&index) {
            return false;
        }
        (self.index, *lexer) = (Some(index as u64), ahead);
        if !ahead.literal(b",\"kind\":") {
            return true;
        }
        let Some(kind) = ahead.quick_string().and_then(|name| kind_of(name.as_bytes())) else { return true };
        (self.kind, *lexer) = (Some(kind), ahead);
        if !ahead.literal(b",\"method\":") {
            return true;
        }
        let Some(method) = ahead.quick_string() else { return true };
        (self.method, *lexer) = (Some(Cow::Borrowed(method)), ahead);
        true
    }

    /// Reads the members behind the message as they are written here; of others nothing is read.
    fn read_back(&mut self, lexer: &mut Lexer<'t>) {
        let mut ahead = *lexer;
        if self.is_error.is_none() && ahead.literal(b",\"isError\":true") {
            (self.is_error, *lexer) = (Some(true), ahead);
        }
        let mut ahead = *lexer;
        if self.ref_index.is_none()
            && ahead.literal(b",\"refIndex\":")
            && let Some(number) = ahead.quick_integer().and_then(|number| Integer::new(number).signed())
            && let Ok(ref_index) = i32::try_from(number)
        {
            (self.ref_index, *lexer) = (Some(ref_index), ahead);
        }
    }

    /// What the path of a value in the message begins with, so that it is a selector.
    fn selector(&self, type_url: &str) -> String {
        let side = match self.kind {
            // Which is never an error.
            Some(Kind::Request) => "request",
            _ if crate::entry::type_name(type_url) == "google.rpc.Status" => "status",
            Some(Kind::Response) => "response",
            Some(Kind::Send) => "send",
            Some(Kind::Recv) => "recv",
            Some(Kind::CreateStream | Kind::Unspecified | Kind::Unknown(_)) | None => "",
        };
        side.to_owned()
    }

    fn member(
        &mut self,
        lexer: &mut Lexer<'t>,
        raw: Raw<'_>,
        name: &[u8],
        is_canonical: bool,
    ) -> std::result::Result<(), JsonReadError> {
        if lexer.null() {
            return if is_member(name) { Ok(()) } else { Err(unknown(raw)) };
        }
        let is_repeated = match name {
            b"index" => {
                let (number, at) = integer(lexer)?;
                let index = number.filter(|number| (1..=i32::MAX.into()).contains(number)).ok_or_else(|| {
                    let found = crate::error::excerpt(lexer.since(at), 40);
                    JsonReadError::new(at, JsonFault::Value { expected: "a number from 1 to 2147483647", found })
                })?;
                self.index.replace(index as u64).is_some()
            }
            b"refIndex" | b"ref_index" => {
                let (number, at) = integer(lexer)?;
                let ref_index = number.and_then(|number| i32::try_from(number).ok()).ok_or_else(|| {
                    let found = crate::error::excerpt(lexer.since(at), 40);
                    JsonReadError::new(at, JsonFault::Value { expected: "the index of an entry", found })
                })?;
                self.ref_index.replace(ref_index).is_some()
            }
            b"kind" => self.kind.replace(kind(lexer)?).is_some(),
            b"method" => {
                let method = lexer.string("a method")?.unescape()?;
                self.method.replace(text_of(method)).is_some()
            }
            b"isError" | b"is_error" => {
                let is_error = lexer.word(b"true");
                if !is_error && !lexer.word(b"false") {
                    return Err(lexer.mismatch("true or false"));
                }
                self.is_error.replace(is_error).is_some()
            }
            b"extension" => self.extension.replace(read_extension(lexer, is_canonical)?).is_some(),
            b"@unknown" if !is_canonical => {
                lexer.peek();
                let (at, mut bytes) = (lexer.at, Vec::new());
                read_base64(lexer, &mut bytes)?;
                let holds_others = match with_record(bytes.clone()) {
                    Ok(entry) => unknown_entry_fields(&entry).to_record() != bytes,
                    Err(fault) => return Err(JsonReadError::new(at, JsonFault::UnknownFields(fault))),
                };
                if holds_others {
                    let expected = "fields that an entry does not have";
                    return Err(JsonReadError::new(at, JsonFault::Value { expected, found: "@unknown".to_owned() }));
                }
                self.unknown.replace(bytes).is_some()
            }
            b"@wire" if !is_canonical => {
                let mut bytes = Vec::new();
                read_base64(lexer, &mut bytes)?;
                self.wire.replace(bytes).is_some()
            }
            b"format" | b"initial" => {
                return Err(JsonReadError::new(raw.at, JsonFault::SecondHeader));
            }
            _ => return Err(unknown(raw)),
        };
        if is_repeated { Err(repeated(raw, name)) } else { Ok(()) }
    }

    fn encode(&self, any: &AnyJson) -> Result<Entry> {
        let any = self.has_message.then(|| NewAny {
            type_url: &any.type_url,
            value_bytes: any.value_bytes(),
            put_value: |record: &mut Vec<u8>| any.append_value(record),
        });
        let kind = self.kind.unwrap_or(Kind::Unspecified);
        let method = self.method.as_deref().unwrap_or_default();
        let (is_error, ref_index) = (self.is_error.unwrap_or_default(), self.ref_index.unwrap_or_default());
        let mut entry = Entry::encode_parts(kind, method, any, is_error, ref_index)?;
        if let Some(extension) = &self.extension {
            entry = entry.with_extension(extension)?;
        }
        if let Some(unknown) = &self.unknown {
            entry = with_record([entry.record(), unknown].concat())?;
        }
        let mut ignored_wire = self.ignored_wire;
        if let Some(wire) = &self.wire {
            let pinned = with_record(wire.clone())?;
            // A reference that leads nowhere is as it was recorded, whatever else of the entry was edited.
            let is_pinned = pinned.ref_index() == entry.ref_index();
            if says_the_same(&pinned, &entry) {
                entry = pinned;
            } else {
                ignored_wire = true;
            }
            entry = Entry { is_pinned, ..entry };
        }
        Ok(Entry { ignored_wire, ..entry })
    }
}

/// What a string says, which is UTF-8 since its text is.
fn text_of(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn with_record(record: Vec<u8>) -> std::result::Result<Entry, Fault> {
    wire::decode(record.into(), EntryIndex(0), 0).map_err(|(fault, _)| fault)
}

fn says_the_same(a: &Entry, b: &Entry) -> bool {
    let facts = |entry: &Entry| (entry.kind(), entry.ref_index());
    facts(a) == facts(b)
        && a.method() == b.method()
        && a.payload() == b.payload()
        && a.extension() == b.extension()
        && unknown_entry_fields(a).to_record() == unknown_entry_fields(b).to_record()
}

const MEMBERS: [&[u8]; 8] =
    [b"index", b"kind", b"method", b"isError", b"is_error", b"refIndex", b"ref_index", b"extension"];

fn is_member(name: &[u8]) -> bool {
    MEMBERS.contains(&name)
}

#[cold]
fn unknown(raw: Raw<'_>) -> JsonReadError {
    unknown_of(raw, "an entry")
}

#[cold]
pub(super) fn unknown_of(raw: Raw<'_>, message: &str) -> JsonReadError {
    let field = crate::error::excerpt(raw.text, 40);
    JsonReadError::new(raw.at, JsonFault::UnknownField { field, message: message.to_owned() })
}

#[cold]
pub(super) fn repeated(raw: Raw<'_>, name: &[u8]) -> JsonReadError {
    JsonReadError::new(raw.at, JsonFault::Repeated(crate::error::excerpt(name, 40)))
}

/// Reads an integer, in quotes or not, and tells where it stands; none if it is no integer of 64 bits.
fn integer(lexer: &mut Lexer<'_>) -> std::result::Result<(Option<i64>, usize), JsonReadError> {
    let byte = lexer.peek();
    let at = lexer.at;
    if let Some(quick) = lexer.quick_integer() {
        return Ok((Integer::new(quick).signed(), at));
    }
    let text = match byte {
        b'"' => lexer.string("a number")?.unescape()?,
        b'-' | b'0'..=b'9' => Cow::Borrowed(lexer.number()?.as_bytes()),
        _ => return Err(lexer.mismatch("a number")),
    };
    let number = crate::schema::protojson::quoted_integer(&text);
    Ok((number.and_then(Integer::signed), at))
}

fn kind_of(name: &[u8]) -> Option<Kind> {
    (0..=5).map(Kind::from_number).find(|kind| kind.name().is_some_and(|known| known.as_bytes() == name))
}

fn kind(lexer: &mut Lexer<'_>) -> std::result::Result<Kind, JsonReadError> {
    const EXPECTED: &str = "REQUEST, RESPONSE, CREATE_STREAM, SEND, RECV or a number";
    match lexer.peek() {
        b'"' => {
            let raw = lexer.string(EXPECTED)?;
            let name = raw.unescape()?;
            kind_of(&name).ok_or_else(|| {
                let found = format!("\"{}\"", crate::error::excerpt(&name, 40));
                JsonReadError::new(raw.at, JsonFault::Value { expected: EXPECTED, found })
            })
        }
        b'-' | b'0'..=b'9' => {
            let (number, at) = integer(lexer)?;
            number.and_then(|number| i32::try_from(number).ok()).map(Kind::from_number).ok_or_else(|| {
                let found = crate::error::excerpt(lexer.since(at), 40);
                JsonReadError::new(at, JsonFault::Value { expected: EXPECTED, found })
            })
        }
        _ => Err(lexer.mismatch(EXPECTED)),
    }
}
