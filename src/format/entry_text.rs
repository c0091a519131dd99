//! An entry as prototext, the body that the text format frames.
//!
//! The five fields of `grpcreplay.Entry` are known here, so that reading text does not depend on which descriptors
//! there are; only the message inside does.

use crate::entry::{Any, Entry, Kind, Payload};
use crate::error::Result;
use crate::schema::Schema;
use crate::schema::prototext::{self, AnyText, Dialect, Lexer, Name, NameKind, ParseError, Scalar, Token};

/// The facts of an entry, as its text gives them.
pub(super) struct EntryText {
    kind: Kind,
    method: String,
    any: Option<AnyText>,
    is_error: bool,
    ref_index: i32,
}

impl EntryText {
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

/// Reads the text of an entry.
pub(super) fn parse(text: &[u8], schema: &Schema) -> Result<EntryText, ParseError> {
    let mut lexer = Lexer::new(text, Dialect::Go);
    let mut kind = None;
    let mut method = None;
    let mut any = None;
    let mut is_error = None;
    let mut ref_index = None;
    loop {
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
                method = Some(scalar(&mut lexer, &name, method.is_some())?.string()?.to_owned());
            }
            NameKind::Ident("message") if any.is_some() => return Err(name.repeated()),
            NameKind::Ident("message") => any = Some(prototext::read_any(&mut lexer, schema)?),
            NameKind::Ident("is_error") => {
                is_error = Some(scalar(&mut lexer, &name, is_error.is_some())?.bool()?);
            }
            NameKind::Ident("ref_index") => {
                ref_index = Some(scalar(&mut lexer, &name, ref_index.is_some())?.int32()?);
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
    let at = lexer.at();
    match lexer.token()? {
        Token::Scalar(scalar) => Ok(scalar),
        token => Err(prototext::unexpected(at, &token)),
    }
}

fn kind_number(name: &str) -> Option<i32> {
    (0..=5).find(|&number| Kind::from_number(number).name() == Some(name))
}
