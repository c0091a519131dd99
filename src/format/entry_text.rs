//! An entry as prototext, the body that the text format frames.
//!
//! The five fields of `grpcreplay.Entry` are known here, so that reading text does not depend on which descriptors
//! there are; only the message inside does.

use std::borrow::Cow;
use std::io::Write;
use std::ops::Range;

use crate::entry::{Any, Entry, Kind, Payload};
use crate::error::Result;
use crate::schema::prototext::{self, AnyText, Dialect, Lexer, Name, NameKind, ParseError, Scalar, Token};
use crate::schema::{
    LeftOut, Schema, TextOptions, UnknownEntryFields, Walker, is_plain_type_url, quote_text, unknown_entry_fields,
    write_text,
};

/// The facts of an entry, as its text gives them.
pub(super) struct EntryText<'t> {
    kind: Kind,
    method: Cow<'t, str>,
    any: Option<AnyText<'t>>,
    is_error: bool,
    ref_index: i32,
    /// Where that number stands.
    pub(super) ref_index_at: Option<Range<u32>>,
}

impl EntryText<'_> {
    /// Encodes the entry as Go's recorder does.
    pub(super) fn encode(&self) -> Result<Entry> {
        let any = self.any.as_ref().map(|any| Any { type_url: &any.type_url, value: &any.value });
        let payload = match (any, self.is_error) {
            (Some(any), false) => Payload::Message(any),
            (Some(any), true) => Payload::Error(any),
            (None, true) => Payload::Eof,
            (None, false) => Payload::Empty,
        };
        Entry::encode(self.kind, &self.method, payload, self.ref_index)
    }
}

/// Appends an entry as prototext, byte for byte as Go's recorder writes it, and says what the text does not tell.
///
/// The message is expanded if its type is known, its bytes are one, and its text can be read again; else the two fields of
/// the /// the `Any` are written. Unknown fields of the entry and its `Any` count as left out, too, and so does what was noted beside it.
///
/// Source: go-replayers, `grpcreplay`, `text_format.go`; protobuf-go, `prototext.MarshalOptions{Multiline: true}`.
pub fn write_entry_text(entry: &Entry, walker: &mut Walker<'_>, out: &mut Vec<u8>) -> LeftOut {
    write_entry(entry, Some(walker), out)
}

/// The same without looking inside the message: the two fields of its `Any`, which carry all of it.
pub(super) fn write_unexpanded(entry: &Entry, out: &mut Vec<u8>) -> LeftOut {
    write_entry(entry, None, out)
}

fn write_entry(entry: &Entry, walker: Option<&mut Walker<'_>>, out: &mut Vec<u8>) -> LeftOut {
    let mut left_out = LeftOut::default();
    if entry.kind().number() != 0 {
        // Writing to a vector does not fail.
        let _ = writeln!(out, "kind: {}", entry.kind());
    }
    if !entry.method().is_empty() {
        out.extend_from_slice(b"method: ");
        quote_text(out, entry.method().as_bytes());
        out.push(b'\n');
    }
    let (any, is_error) = entry.payload().fields();
    match any {
        None => {}
        Some(Any { type_url: "", value: b"" }) => out.extend_from_slice(b"message: {}\n"),
        Some(any) => {
            out.extend_from_slice(b"message: {\n");
            match walker.and_then(|walker| write_expanded(any, walker, out)) {
                Some(of_message) => left_out = of_message,
                None => {
                    for (key, value) in [(&b"  type_url: "[..], any.type_url.as_bytes()), (b"  value: ", any.value)] {
                        if !value.is_empty() {
                            out.extend_from_slice(key);
                            quote_text(out, value);
                            out.push(b'\n');
                        }
                    }
                }
            }
            out.extend_from_slice(b"}\n");
        }
    }
    if is_error {
        out.extend_from_slice(b"is_error: true\n");
    }
    if entry.ref_index() != 0 {
        let _ = writeln!(out, "ref_index: {}", entry.ref_index());
    }
    let UnknownEntryFields { of_entry, of_any } = unknown_entry_fields(entry);
    left_out.unknown_fields += (of_entry.len() + of_any.len()) as u64;
    left_out.extension = entry.has_extension;
    left_out
}

/// Appends an entry's message below its type URL, or nothing if that can't be done.
fn write_expanded(any: Any<'_>, walker: &mut Walker<'_>, out: &mut Vec<u8>) -> Option<LeftOut> {
    if !is_plain_type_url(any.type_url) {
        return None;
    }
    let layout = walker.schema().resolve(any.type_url).ok()?;
    let start = out.len();
    out.extend_from_slice(b"  [");
    out.extend_from_slice(any.type_url.as_bytes());
    out.extend_from_slice(b"]: {\n");
    let opened = out.len();
    match write_text(walker, layout, any.value, TextOptions { level: 2, ..TextOptions::default() }, out) {
        Ok(left_out) => {
            if out.len() == opened {
                out.pop();
            } else {
                out.extend_from_slice(b"  ");
            }
            out.extend_from_slice(b"}\n");
            Some(left_out)
        }
        Err(_) => {
            out.truncate(start);
            None
        }
    }
}

/// Reads the text of an entry.
pub(super) fn parse<'t>(text: &'t [u8], schema: &Schema) -> Result<EntryText<'t>, ParseError> {
    let mut lexer = Lexer::new(text, Dialect::Go);
    let mut kind = None;
    let mut method = None;
    let mut any = None;
    let mut is_error = None;
    let mut ref_index = None;
    let mut ref_index_at = None;
    let mut number = |scalar: Scalar<'_>| {
        ref_index_at = Some(scalar.at as u32..(scalar.at + scalar.raw.len()) as u32);
        scalar.int32()
    };
    loop {
        // As writers write it.
        if kind.is_none() && lexer.quick_key(b"kind: ") {
            kind = Some(Kind::from_number(value(&mut lexer)?.enumeration(kind_number)?));
        }
        if method.is_none() && lexer.quick_key(b"method: ") {
            method = Some(value(&mut lexer)?.into_string()?);
        }
        if any.is_none() && lexer.quick_key(b"message: ") {
            any = Some(prototext::read_any(&mut lexer, schema)?);
        }
        if ref_index.is_none() && lexer.quick_key(b"ref_index: ") {
            ref_index = Some(number(value(&mut lexer)?)?);
        }
        let at = lexer.at();
        let name = match lexer.token()? {
            Token::End => break,
            Token::Name(name) => name,
            token => return Err(prototext::unexpected(at, &token)),
        };
        match name.kind {
            NameKind::Ident("kind") => {
                let number = scalar(&mut lexer, &name, kind.is_some())?.enumeration(kind_number)?;
                kind = Some(Kind::from_number(number));
            }
            NameKind::Ident("method") => {
                method = Some(scalar(&mut lexer, &name, method.is_some())?.into_string()?);
            }
            NameKind::Ident("message") if any.is_some() => return Err(name.repeated()),
            NameKind::Ident("message") => any = Some(prototext::read_any(&mut lexer, schema)?),
            NameKind::Ident("is_error") => {
                is_error = Some(scalar(&mut lexer, &name, is_error.is_some())?.bool()?);
            }
            NameKind::Ident("ref_index") => {
                ref_index = Some(number(scalar(&mut lexer, &name, ref_index.is_some())?)?);
            }
            NameKind::Ident(_) | NameKind::Bracketed(_) | NameKind::Number => {
                return Err(name.unknown("grpcreplay.Entry"));
            }
        }
    }
    Ok(EntryText {
        kind: kind.unwrap_or(Kind::Unspecified),
        method: method.unwrap_or_default(),
        any,
        is_error: is_error.unwrap_or_default(),
        ref_index: ref_index.unwrap_or_default(),
        ref_index_at,
    })
}

/// Reads the value of a field that is no message and may occur once.
fn scalar<'t>(lexer: &mut Lexer<'t>, name: &Name<'_>, is_repeated: bool) -> Result<Scalar<'t>, ParseError> {
    if !name.has_colon {
        return Err(name.no_colon());
    }
    if is_repeated {
        return Err(name.repeated());
    }
    value(lexer)
}

fn value<'t>(lexer: &mut Lexer<'t>) -> Result<Scalar<'t>, ParseError> {
    let at = lexer.at();
    match lexer.token()? {
        Token::Scalar(scalar) => Ok(scalar),
        token => Err(prototext::unexpected(at, &token)),
    }
}

fn kind_number(name: &str) -> Option<i32> {
    (0..=5).find(|&number| Kind::from_number(number).name() == Some(name))
}

/// The comments in the text of an entry: from `#` to the end of the line, outside of strings.
pub(crate) fn comments(text: &[u8]) -> Vec<&[u8]> {
    let (mut comments, mut at, mut quote) = (Vec::new(), 0, None);
    while let Some(&byte) = text.get(at) {
        match (byte, quote) {
            (b'\\', Some(_)) => at += 1,
            (_, Some(open)) if byte == open || byte == b'\n' => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'#', None) => {
                let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
                comments.push(&text[at..end]);
                at = end;
            }
            (_, None) => {}
        }
        at += 1;
    }
    comments
}
