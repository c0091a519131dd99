//! What was noted beside an entry ⇄ JSON: `{"time":"…","headers":[{"key":"…","value":"…"},…],"trailers":[…]}`.
//!
//! A value that is no text stands in `bytes`, in base64. In ProtoJSON and nothing else each stands in `value` so.

use std::io::Write;

use super::read::{repeated, unknown_of};
use crate::extension::{Extension, Metadatum, Time};
use crate::schema::protojson::{Lexer, Raw, read_base64};
use crate::schema::{JsonFault, JsonReadError, quote_base64, quote_json};

type Result<T> = std::result::Result<T, JsonReadError>;

/// Appends what was noted beside an entry.
pub(super) fn write_extension(extension: &Extension, is_strict: bool, out: &mut Vec<u8>) {
    let start = out.len();
    if let Some(time) = extension.time {
        // Writing to a vector does not fail.
        let _ = write!(out, ",\"time\":\"{time}\"");
    }
    for (name, metadata) in [("headers", &extension.headers), ("trailers", &extension.trailers)] {
        for (place, metadatum) in metadata.iter().enumerate() {
            if place == 0 {
                let _ = write!(out, ",\"{name}\":[");
            } else {
                out.push(b',');
            }
            write_metadatum(metadatum, is_strict, out);
        }
        if !metadata.is_empty() {
            out.push(b']');
        }
    }
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

fn write_metadatum(metadatum: &Metadatum, is_strict: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"key\":");
    quote_json(out, &metadatum.key);
    match metadatum.text().filter(|_| !is_strict) {
        Some(text) => {
            out.extend_from_slice(b",\"value\":");
            quote_json(out, text);
        }
        None => {
            out.extend_from_slice(if is_strict { b",\"value\":" } else { b",\"bytes\":" });
            quote_base64(out, &metadatum.value);
        }
    }
    out.push(b'}');
}

/// Reads what was noted beside an entry.
pub(super) fn read_extension(lexer: &mut Lexer<'_>, is_canonical: bool) -> Result<Extension> {
    let mut extension = Extension::default();
    let (mut has_headers, mut has_trailers) = (false, false);
    object(lexer, "an object with time, headers and trailers", |lexer, raw, name| {
        let (list, is_there) = match name {
            b"time" => {
                let is_repeated = extension.time.is_some();
                if !lexer.null() {
                    extension.time = Some(time(lexer)?);
                }
                return if is_repeated { Err(repeated(raw, name)) } else { Ok(()) };
            }
            b"headers" => (&mut extension.headers, &mut has_headers),
            b"trailers" => (&mut extension.trailers, &mut has_trailers),
            _ => return Err(unknown_of(raw, "an extension")),
        };
        if std::mem::replace(is_there, true) {
            return Err(repeated(raw, name));
        }
        if lexer.null() {
            return Ok(());
        }
        lexer.expect(b'[', "a list of metadata")?;
        let mut is_first = true;
        while lexer.next(is_first, b']')? {
            is_first = false;
            list.push(read_metadatum(lexer, is_canonical)?);
        }
        Ok(())
    })?;
    Ok(extension)
}

fn time(lexer: &mut Lexer<'_>) -> Result<Time> {
    const EXPECTED: &str = "a time such as 2026-01-31T12:00:00Z";
    if lexer.peek() != b'"' {
        return Err(lexer.mismatch(EXPECTED));
    }
    let raw = lexer.string(EXPECTED)?;
    let text = raw.unescape()?;
    std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        let found = format!("\"{}\"", crate::error::excerpt(&text, 40));
        JsonReadError::new(raw.at, JsonFault::Value { expected: EXPECTED, found })
    })
}

fn read_metadatum(lexer: &mut Lexer<'_>, is_canonical: bool) -> Result<Metadatum> {
    let (mut key, mut value) = (None, None);
    object(lexer, "an object with key and value", |lexer, raw, name| {
        let is_repeated = match name {
            b"key" if lexer.null() => false,
            b"key" => key.replace(text(lexer, "a key")?).is_some(),
            b"value" if lexer.null() => false,
            b"value" if !is_canonical => value.replace(text(lexer, "a text")?.into_bytes()).is_some(),
            b"bytes" if !is_canonical && lexer.null() => false,
            b"value" | b"bytes" if is_canonical == (name == b"value") => {
                let mut bytes = Vec::new();
                read_base64(lexer, &mut bytes)?;
                value.replace(bytes).is_some()
            }
            _ => return Err(unknown_of(raw, "a metadatum")),
        };
        if is_repeated { Err(repeated(raw, name)) } else { Ok(()) }
    })?;
    Ok(Metadatum { key: key.unwrap_or_default(), value: value.unwrap_or_default() })
}

fn text(lexer: &mut Lexer<'_>, expected: &'static str) -> Result<String> {
    if lexer.peek() != b'"' {
        return Err(lexer.mismatch(expected));
    }
    // Its text is UTF-8, and no escape stands for anything else.
    Ok(String::from_utf8_lossy(&lexer.string(expected)?.unescape()?).into_owned())
}

/// Reads an object, with `on` for the value of each member.
fn object<'t>(
    lexer: &mut Lexer<'t>,
    expected: &'static str,
    mut on: impl FnMut(&mut Lexer<'t>, Raw<'t>, &[u8]) -> Result<()>,
) -> Result<()> {
    if lexer.peek() != b'{' {
        return Err(lexer.mismatch(expected));
    }
    lexer.expect(b'{', expected)?;
    let mut is_first = true;
    while lexer.next(is_first, b'}')? {
        is_first = false;
        let raw = lexer.key()?;
        let name = raw.unescape()?;
        on(lexer, raw, &name)?;
    }
    Ok(())
}
