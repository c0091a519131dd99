//! Payloads without a descriptor: a readable guess at the wire bytes, in the manner of protoscope.
//!
//! The wire tells a field's number and how its value is packed, not what it means. What stands behind a length may be
//! text, a message, or bytes; [`read_raw`] says which of them it looks like, in this order: a message if it reads as
//! one and does not look like text; text if every character is printable; else bytes.
//!
//! Every byte is looked at a bounded number of times, and nesting is kept on a list of its own: no input takes longer
//! than its length allows or overflows the stack.

use super::escape::hex;
use super::quote::{is_printable, quote_go};
use crate::wire::{Cursor, Fault, Groups, WireValue};

/// How many messages within each other the raw view opens; what is nested deeper is shown as bytes.
pub const RAW_DEPTH_LIMIT: usize = 100;

/// What the raw view meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawEvent<'a> {
    /// A number of variable length. What it stands for (signed or not, zig-zag, bool, enum) is not known.
    Varint {
        /// The field's number.
        field: u32,
        /// The value.
        value: u64,
    },
    /// Eight bytes.
    Fixed64 {
        /// The field's number.
        field: u32,
        /// The value as an unsigned number.
        value: u64,
    },
    /// Four bytes.
    Fixed32 {
        /// The field's number.
        field: u32,
        /// The value as an unsigned number.
        value: u32,
    },
    /// Behind a length, something that looks like text.
    Text {
        /// The field's number.
        field: u32,
        /// The text.
        value: &'a str,
    },
    /// Behind a length, something that looks neither like text nor like a message.
    Bytes {
        /// The field's number.
        field: u32,
        /// The bytes.
        value: &'a [u8],
    },
    /// A group, or behind a length something that looks like a message; its fields follow up to [`RawEvent::Close`].
    Open {
        /// The field's number.
        field: u32,
        /// Whether it is a group.
        is_group: bool,
    },
    /// The end of what was opened last.
    Close,
    /// From here on the bytes are no fields; nothing follows at this level.
    Rest {
        /// The bytes.
        value: &'a [u8],
        /// Why they are not.
        fault: Fault,
    },
}

/// Walks wire bytes without a descriptor; never fails on any input.
pub fn read_raw<'a>(bytes: &'a [u8], mut on: impl FnMut(RawEvent<'a>)) {
    if u32::try_from(bytes.len()).is_err() {
        on(RawEvent::Rest { value: bytes, fault: Fault::TooLong });
        return;
    }
    let texts = Texts::find(bytes);
    let mut groups = Groups::default();
    // Of every open message, where it ends and where reading goes on behind it.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut level = (bytes.len(), bytes.len());
    let mut cursor = Cursor::new(bytes, 0..bytes.len());
    loop {
        while cursor.position >= level.0 {
            let Some(outer) = open.pop() else { return };
            on(RawEvent::Close);
            cursor = Cursor::new(bytes, level.1..outer.0);
            level = outer;
        }
        let at = cursor.position;
        let (tag, value) = match cursor.field(&mut groups) {
            Ok(read) => read,
            Err(fault) => {
                // Only at the outermost level: what is opened has been read once before.
                on(RawEvent::Rest { value: &bytes[at..level.0], fault });
                cursor.position = level.0;
                continue;
            }
        };
        let field = tag.number();
        match (tag.wire_type(), value) {
            (1, WireValue::Bits(value)) => on(RawEvent::Fixed64 { field, value }),
            (5, WireValue::Bits(value)) => on(RawEvent::Fixed32 { field, value: value as u32 }),
            (_, WireValue::Bits(value)) => on(RawEvent::Varint { field, value }),
            (wire_type, WireValue::Span { start, end }) => {
                let (start, end) = (start as usize, end as usize);
                let is_group = wire_type == 3;
                let value = &bytes[start..end];
                let fits = open.len() < RAW_DEPTH_LIMIT;
                if is_group && !fits {
                    on(RawEvent::Rest { value: &bytes[at..level.0], fault: Fault::TooDeep });
                    cursor.position = level.0;
                } else if is_group || (fits && looks_like_message(bytes, start, end, &texts, &mut groups)) {
                    on(RawEvent::Open { field, is_group });
                    open.push(level);
                    level = (end, cursor.position);
                    cursor = Cursor::new(bytes, start..end);
                } else {
                    match std::str::from_utf8(value) {
                        Ok(value) if texts.holds(bytes, start, end) => on(RawEvent::Text { field, value }),
                        _ => on(RawEvent::Bytes { field, value }),
                    }
                }
            }
        }
    }
}

/// Whether bytes are more likely a message than text.
///
/// Few texts read as a message from end to end, but many messages of text alone are printable up to their tags, and
/// the tags of the fields that are used most are control characters; so that decides.
fn looks_like_message(bytes: &[u8], start: usize, end: usize, texts: &Texts, groups: &mut Groups) -> bool {
    let Some(&first) = bytes[start..end].first() else { return false };
    if first >= b' ' && texts.holds(bytes, start, end) {
        return false;
    }
    let mut cursor = Cursor::new(bytes, start..end);
    while !cursor.is_at_end() {
        if cursor.field(groups).is_err() {
            return false;
        }
    }
    true
}

/// Where the bytes are printable text, found once for all levels.
struct Texts {
    /// Runs of text as start and end, in order.
    runs: Vec<(usize, usize)>,
}

impl Texts {
    fn find(bytes: &[u8]) -> Texts {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let mut position = 0;
        let mut start = 0;
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                let length = character.len_utf8();
                if !matches!(character, '\n' | '\r' | '\t') && !is_printable(character) {
                    if position > start {
                        runs.push((start, position));
                    }
                    start = position + length;
                }
                position += length;
            }
            if !chunk.invalid().is_empty() {
                if position > start {
                    runs.push((start, position));
                }
                position += chunk.invalid().len();
                start = position;
            }
        }
        if position > start {
            runs.push((start, position));
        }
        Texts { runs }
    }

    /// Whether a range is text. It begins behind an ASCII byte, the last of its length, and so with a character.
    fn holds(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        if start == end {
            return true;
        }
        let after = self.runs.partition_point(|&(run_start, _)| run_start <= start);
        let Some(&(_, run_end)) = self.runs[..after].last() else { return false };
        end == run_end || (end < run_end && bytes[end] & 0xc0 != 0x80)
    }
}

/// Beyond this level the lines of a raw view are indented no further: nobody refuses bytes for being too deep here, so
/// their text must stay in proportion to them.
const RAW_INDENT_LIMIT: usize = 32;

/// Appends the raw view of wire bytes, a line per field, indented by `level` times two blanks.
///
/// Numbers stand as `1: 150`, `1: 0x3ff0000000000000i64` and `1: 0x3f800000i32`, the fixed ones with their value as a
/// floating-point number behind `#` where that is a likely one; text in quotes as Go writes them; bytes in hexadecimal
/// between back quotes; messages in `{…}`, groups in `!{…}`.
pub fn write_raw(bytes: &[u8], level: usize, out: &mut Vec<u8>) {
    let mut depth = level;
    let mut is_empty = false;
    read_raw(bytes, |event| {
        if event == RawEvent::Close {
            depth -= 1;
            if is_empty {
                out.pop();
                out.extend_from_slice(b"}\n");
            } else {
                indent(out, depth);
                out.extend_from_slice(b"}\n");
            }
            is_empty = false;
            return;
        }
        indent(out, depth);
        is_empty = false;
        if let RawEvent::Varint { field, .. }
        | RawEvent::Fixed64 { field, .. }
        | RawEvent::Fixed32 { field, .. }
        | RawEvent::Text { field, .. }
        | RawEvent::Bytes { field, .. }
        | RawEvent::Open { field, .. } = event
        {
            out.extend_from_slice(itoa::Buffer::new().format(field).as_bytes());
            out.extend_from_slice(b": ");
        }
        match event {
            RawEvent::Varint { value, .. } => {
                // protoscope shows varints signed too.
                out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
            }
            RawEvent::Fixed64 { value, .. } => {
                out.extend_from_slice(format!("{value:#x}i64").as_bytes());
                comment_float(out, f64::from_bits(value));
            }
            RawEvent::Fixed32 { value, .. } => {
                out.extend_from_slice(format!("{value:#x}i32").as_bytes());
                comment_float(out, f32::from_bits(value).into());
            }
            RawEvent::Text { value, .. } => quote_go(out, value.as_bytes()),
            RawEvent::Bytes { value, .. } => quote_hex(out, value),
            RawEvent::Open { is_group, .. } => {
                out.extend_from_slice(if is_group { b"!{" } else { b"{" });
                depth += 1;
                is_empty = true;
            }
            RawEvent::Close => {}
            RawEvent::Rest { value, fault } => {
                quote_hex(out, value);
                out.extend_from_slice(b"  # no field: ");
                out.extend_from_slice(fault.to_string().as_bytes());
            }
        }
        out.push(b'\n');
    });
}

fn indent(out: &mut Vec<u8>, level: usize) {
    out.resize(out.len() + 2 * level.min(RAW_INDENT_LIMIT), b' ');
}

/// Appends bytes in hexadecimal between back quotes.
pub fn quote_hex(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'`');
    for &byte in value {
        out.extend_from_slice(&hex(byte));
    }
    out.push(b'`');
}

/// Notes what fixed bytes are as a floating-point number, unless that is one that hardly anybody would write.
fn comment_float(out: &mut Vec<u8>, value: f64) {
    if let Some(value) = likely_float(value) {
        out.extend_from_slice(b"  # ");
        out.extend_from_slice(value.to_string().as_bytes());
    }
}

/// The number, if it is of a size that people use: integers and hashes in fixed bytes rarely are.
pub fn likely_float(value: f64) -> Option<f64> {
    (1e-9..1e15).contains(&value.abs()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        write_raw(bytes, 0, &mut out);
        String::from_utf8(out).expect("the raw view escapes what is not UTF-8")
    }

    #[test]
    fn guesses() {
        #[rustfmt::skip]
        let cases: &[(&[u8], &str)] = &[
            (b"", ""),
            (b"\x08\x96\x01", "1: 150\n"),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "1: -1\n"),
            (b"\x09\0\0\0\0\0\0\xf0\x3f", "1: 0x3ff0000000000000i64  # 1\n"),
            (b"\x09\x05\0\0\0\0\0\0\0", "1: 0x5i64\n"),
            (b"\x0d\0\0\x20\x41", "1: 0x41200000i32  # 10\n"),
            (b"\x0a\x05hello", "1: \"hello\"\n"),
            ("\x0a\u{4}aé\n".as_bytes(), "1: \"aé\\n\"\n"),
            (b"\x0a\0", "1: \"\"\n"),
            (b"\x0a\x02\xff\xfe", "1: `fffe`\n"),
            // A message, although every byte of it is printable or a line feed.
            (b"\x0a\x22\x0a\x20aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", "1: {\n  1: \"aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb\"\n}\n"),
            // Text, although it reads as a message: field 14, the varint 65.
            (b"\x0a\x02pA", "1: \"pA\"\n"),
            (b"\x0a\x04\x08\x01\x10\x02", "1: {\n  1: 1\n  2: 2\n}\n"),
            (b"\x1b\x08\x01\x1c", "3: !{\n  1: 1\n}\n"),
            (b"\x1b\x1c", "3: !{}\n"),
            (b"\x0a\x04\x1b\x08\x01\x1c\x10\x01", "1: {\n  3: !{\n    1: 1\n  }\n}\n2: 1\n"),
            (b"\x08\x01\x0a\x05ab", "1: 1\n`0a056162`  # no field: field 1 claims 5 bytes, but 2 are left\n"),
            (b"\x08\x01\x0f", "1: 1\n`0f`  # no field: field 1 has wire type 7, which does not exist\n"),
            (b"\x0a\x03\x1b\x08\x01", "1: `1b0801`\n"),
            // The text ends before a tag whose first byte could go on in UTF-8.
            (b"\x0a\x03a\xc3\xa9\x82\x01\x01b", "1: \"aé\"\n16: \"b\"\n"),
            (b"\x0a\x02a\xc3\xa9\x02\x01\x01", "1: `61c3`\n`a9020101`  # no field: field 37 claims 8 bytes, but 2 are left\n"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(raw(bytes), *expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn opens_a_hundred_levels() {
        let mut nested = vec![0x08, 0x01];
        while nested.len() < 100_000 {
            let mut outer = vec![0x0a];
            let mut length = nested.len();
            while length >= 0x80 {
                outer.push(length as u8 | 0x80);
                length >>= 7;
            }
            outer.push(length as u8);
            outer.append(&mut nested);
            nested = outer;
        }
        let mut opened = 0;
        read_raw(&nested, |event| opened += usize::from(matches!(event, RawEvent::Open { .. })));
        assert_eq!(opened, RAW_DEPTH_LIMIT);
        let groups = [vec![0x0b; 5000], vec![0x0c; 5000]].concat();
        let mut events = Vec::new();
        read_raw(&groups, |event| events.push(event));
        assert_eq!(events.iter().filter(|event| matches!(event, RawEvent::Open { .. })).count(), RAW_DEPTH_LIMIT);
        assert!(events.iter().any(|event| matches!(event, RawEvent::Rest { fault: Fault::TooDeep, .. })));
    }
}
