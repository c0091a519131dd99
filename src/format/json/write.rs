//! An entry → JSON.

use std::io::Write;

use super::extension::write_extension;
use crate::entry::Entry;
use crate::format::wire;
use crate::recording::Header;
use crate::schema::{
    JsonError, JsonOptions, UnknownEntryFields, Walker, quote_base64, quote_json, unknown_entry_fields, write_json_any,
};

/// Appends the members of a recording's header, and the brace in front of them.
///
/// `file` is the name of the recording where there are several. `"canonical"` says that what follows is ProtoJSON and nothing
/// else.
pub fn write_json_header(header: &Header, file: Option<&str>, is_canonical: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"format\":\"RPCReplay\"");
    if is_canonical {
        out.extend_from_slice(b",\"canonical\":true");
    }
    if let Some(file) = file {
        out.extend_from_slice(b",\"file\":");
        quote_json(out, file);
    }
    out.extend_from_slice(b",\"initial\":");
    quote_base64(out, &header.initial);
}

/// Appends an entry as a JSON object on one line, without a line feed.
///
/// The fields are those of the protobuf message, absent where they have their default, and `index` in front. A value of metadata that
/// is no text stands in `bytes` as base64; in the strict manner each value does so in `value`, as ProtoJSON has it. Fields that
/// the message does not have stand in `"@unknown"` as base64 of their bytes; so do those that its `Any` does not have, in a
/// field 3 as the entry has it. In the lossless manner `"@wire"` holds the entry's record where the other members don't tell
/// it, or where it refers to what is no entry before it. Says how many unknown fields the strict manner left out.
///
/// Names, enums and defaults hold for the entry's own fields too.
///
/// # Errors
///
/// [`JsonError`], in the strict manner only; `out` is then as it was.
pub fn write_json_entry(
    entry: &Entry,
    options: JsonOptions,
    walker: &mut Walker<'_>,
    out: &mut Vec<u8>,
) -> Result<u64, JsonError> {
    let mut left_out = 0;
    let start = out.len();
    // Writing to a vector does not fail.
    let _ = write!(out, "{{\"index\":{}", entry.index());
    if entry.kind().number() != 0 || options.emit_defaults {
        out.extend_from_slice(b",\"kind\":");
        match entry.kind().name() {
            Some(name) if !options.enum_numbers => quote_json(out, name),
            _ => {
                let _ = write!(out, "{}", entry.kind().number());
            }
        }
    }
    if !entry.method().is_empty() || options.emit_defaults {
        out.extend_from_slice(b",\"method\":");
        quote_json(out, entry.method());
    }
    let (any, is_error) = entry.payload().fields();
    if let Some(any) = any {
        out.extend_from_slice(b",\"message\":");
        if any.type_url.is_empty() && any.value.is_empty() {
            out.extend_from_slice(b"{}");
        } else {
            match write_json_any(walker, any, options, out) {
                Ok(written) => left_out = written.left_out,
                Err(error) => {
                    out.truncate(start);
                    return Err(error);
                }
            }
        }
    }
    let (is_error_name, ref_index_name) =
        if options.proto_names { ("is_error", "ref_index") } else { ("isError", "refIndex") };
    if is_error || options.emit_defaults {
        let _ = write!(out, ",\"{is_error_name}\":{is_error}");
    }
    if entry.ref_index() != 0 || options.emit_defaults {
        let _ = write!(out, ",\"{ref_index_name}\":{}", entry.ref_index());
    }
    if let Some(extension) = entry.extension() {
        out.extend_from_slice(b",\"extension\":");
        write_extension(&extension, options.strict, out);
    }
    let unknown = unknown_entry_fields(entry);
    if options.strict {
        left_out += (unknown.of_entry.len() + unknown.of_any.len()) as u64;
    } else {
        if unknown != UnknownEntryFields::default() {
            out.extend_from_slice(b",\"@unknown\":");
            quote_base64(out, &unknown.to_record());
        }
        if options.lossless && !is_told(entry, &unknown) {
            out.extend_from_slice(b",\"@wire\":");
            quote_base64(out, entry.record());
        }
    }
    out.push(b'}');
    Ok(left_out)
}

/// Whether an entry's members tell its record.
fn is_told(entry: &Entry, unknown: &UnknownEntryFields<'_>) -> bool {
    let refers_back = entry.ref_index() == 0
        || u64::try_from(entry.ref_index()).is_ok_and(|named| (1..entry.index().0).contains(&named));
    refers_back
        && (wire::is_plain(entry)
            || Entry::encode(entry.kind(), entry.method(), entry.payload(), entry.ref_index())
                .and_then(|told| match entry.extension() {
                    Some(extension) => told.with_extension(&extension),
                    None => Ok(told),
                })
                .is_ok_and(|told| entry.record() == [told.record(), &unknown.to_record()].concat()))
}

/// Appends JSON that stands on one line, or the beginning of some, with a line for each member and element, indented by two
/// blanks a level. Lists of numbers, and what is empty, stay on their line.
pub(in crate::format) fn indent(json: &[u8], level: usize, out: &mut Vec<u8>) {
    /// Deeper lines are indented no further: blanks would grow with the square of the nesting.
    const MOST_LEVELS: usize = 256;
    let mut level = level;
    let new_line = |level: usize, out: &mut Vec<u8>| {
        out.push(b'\n');
        out.resize(out.len() + 2 * level.min(MOST_LEVELS), b' ');
    };
    let mut rest = json;
    while let Some(&byte) = rest.first() {
        match byte {
            b'"' => {
                let end = string_end(rest);
                out.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            b'[' if let Some(end) = end_of_numbers(rest) => {
                for &byte in &rest[..end] {
                    out.push(byte);
                    if byte == b',' {
                        out.push(b' ');
                    }
                }
                rest = &rest[end..];
                continue;
            }
            b'{' | b'[' => {
                out.push(byte);
                level += 1;
                match rest.get(1) {
                    Some(close @ (b'}' | b']')) => {
                        out.push(*close);
                        level -= 1;
                        rest = &rest[1..];
                    }
                    Some(_) => new_line(level, out),
                    // The beginning of a list that goes on.
                    None => {}
                }
            }
            b'}' | b']' => {
                level = level.saturating_sub(1);
                new_line(level, out);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(level, out);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
        rest = &rest[1..];
    }
}

/// The length of the list that a text begins with, if it is one of numbers and words alone.
fn end_of_numbers(list: &[u8]) -> Option<usize> {
    let end = list[1..].iter().position(|byte| matches!(byte, b'"' | b'{' | b'[' | b']'))? + 1;
    (list[end] == b']').then_some(end + 1)
}

/// The length of the string that a text begins with, in quotes.
fn string_end(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(place) = memchr::memchr2(b'"', b'\\', &text[at..]) {
        at += place + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_stays_what_it_is() {
        let json = br#"{"a":[1,{"b":"x,\"{y"},[],{}],"c":{},"d":[1,-2.5,true],"e":["f"]}"#;
        let mut out = Vec::new();
        indent(json, 1, &mut out);
        let expected = r#"{
    "a": [
      1,
      {
        "b": "x,\"{y"
      },
      [],
      {}
    ],
    "c": {},
    "d": [1, -2.5, true],
    "e": [
      "f"
    ]
  }"#;
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
