//! [`Status`]: how a call ended, read without a descriptor.
//!
//! Every error in a recording is a `google.rpc.Status`, and whoever shows or selects calls by their outcome must read it
//! even when no descriptor is at hand.

use std::fmt;

use crate::entry::{Any, Entry};
use crate::wire::{Cursor, Fault, Groups, Tag, WireType, WireValue, put_bytes, put_unless_empty, put_unless_zero};

/// The code of a status: how a call ended.
///
/// Source: `google/rpc/code.proto`; the names of Go are those of `google.golang.org/grpc/codes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub i32);

/// Per code its name in the protobuf enum and in Go.
const NAMES: [(&str, &str); 17] = [
    ("OK", "OK"),
    ("CANCELLED", "Canceled"),
    ("UNKNOWN", "Unknown"),
    ("INVALID_ARGUMENT", "InvalidArgument"),
    ("DEADLINE_EXCEEDED", "DeadlineExceeded"),
    ("NOT_FOUND", "NotFound"),
    ("ALREADY_EXISTS", "AlreadyExists"),
    ("PERMISSION_DENIED", "PermissionDenied"),
    ("RESOURCE_EXHAUSTED", "ResourceExhausted"),
    ("FAILED_PRECONDITION", "FailedPrecondition"),
    ("ABORTED", "Aborted"),
    ("OUT_OF_RANGE", "OutOfRange"),
    ("UNIMPLEMENTED", "Unimplemented"),
    ("INTERNAL", "Internal"),
    ("UNAVAILABLE", "Unavailable"),
    ("DATA_LOSS", "DataLoss"),
    ("UNAUTHENTICATED", "Unauthenticated"),
];

impl Code {
    /// The call succeeded.
    pub const OK: Code = Code(0);
    /// Whoever calls may not do this.
    pub const PERMISSION_DENIED: Code = Code(7);
    /// Nobody knows who calls.
    pub const UNAUTHENTICATED: Code = Code(16);
    /// The call was given up, usually by its client.
    pub const CANCELLED: Code = Code(1);
    /// Something failed, and nobody says what.
    pub const UNKNOWN: Code = Code(2);
    /// What was asked makes no sense.
    pub const INVALID_ARGUMENT: Code = Code(3);
    /// Time was up.
    pub const DEADLINE_EXCEEDED: Code = Code(4);
    /// What was asked for does not exist.
    pub const NOT_FOUND: Code = Code(5);
    /// A limit is exceeded.
    pub const RESOURCE_EXHAUSTED: Code = Code(8);
    /// There is no such method, or it can't be called so.
    pub const UNIMPLEMENTED: Code = Code(12);
    /// Something is not as the protocol wants it.
    pub const INTERNAL: Code = Code(13);
    /// The server can't answer at the moment.
    pub const UNAVAILABLE: Code = Code(14);

    /// All codes that have a name.
    pub fn named() -> impl Iterator<Item = Code> {
        (0..NAMES.len() as i32).map(Code)
    }

    /// The name in the protobuf enum, such as `NOT_FOUND`.
    pub fn name(self) -> Option<&'static str> {
        self.names().map(|(name, _)| name)
    }

    /// The name in Go, such as `NotFound`.
    pub fn go_name(self) -> Option<&'static str> {
        self.names().map(|(_, name)| name)
    }

    /// The code with this number, or this name in the manner of protobuf or Go, in capitals or not.
    pub fn parse(text: &str) -> Option<Code> {
        if let Ok(number) = text.parse() {
            return Some(Code(number));
        }
        let bare = text.replace('_', "");
        // protobuf writes CANCELLED, Go Canceled.
        let bare = if bare.eq_ignore_ascii_case("canceled") { "cancelled" } else { &bare };
        Code::named().find(|code| code.name().is_some_and(|name| name.replace('_', "").eq_ignore_ascii_case(bare)))
    }

    fn names(self) -> Option<(&'static str, &'static str)> {
        NAMES.get(usize::try_from(self.0).ok()?).copied()
    }
}

impl fmt::Display for Code {
    /// The name in the protobuf enum, or the number where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => self.0.fmt(f),
        }
    }
}

/// A `google.rpc.Status`, as far as it can be read without a descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status<'a> {
    /// How the call ended.
    pub code: Code,
    /// What the server had to say; the bytes may not be UTF-8.
    pub message: &'a [u8],
    /// The wire bytes of each detail, a `google.protobuf.Any`; see [`read_any`].
    pub details: Vec<&'a [u8]>,
    /// Fields that a status does not have, with their tags.
    pub unknown: Vec<&'a [u8]>,
}

impl<'a> Status<'a> {
    /// A status that says this and has no details, as Go writes it. What of the text is not UTF-8 becomes U+FFFD: a string must be.
    pub fn encode(code: Code, message: &[u8]) -> Vec<u8> {
        let mut status = Vec::new();
        put_unless_zero(&mut status, 1, code.0.into());
        put_unless_empty(&mut status, 2, String::from_utf8_lossy(message).as_bytes());
        status
    }

    /// Reads a status from its wire bytes.
    ///
    /// # Errors
    ///
    /// [`Fault`] if they are no message.
    pub fn read(bytes: &'a [u8]) -> Result<Status<'a>, Fault> {
        let mut status = Status { code: Code::OK, message: b"", details: Vec::new(), unknown: Vec::new() };
        for_each_field(bytes, |tag, value, field| match (tag, value) {
            (0x08, WireValue::Bits(code)) => status.code = Code(code as i32),
            (0x12, WireValue::Span { start, end }) => status.message = &bytes[start as usize..end as usize],
            (0x1a, WireValue::Span { start, end }) => status.details.push(&bytes[start as usize..end as usize]),
            _ => status.unknown.push(field),
        })?;
        Ok(status)
    }
}

/// Reads a `google.protobuf.Any` from its wire bytes.
///
/// # Errors
///
/// Says what is wrong if they are no `Any`, or its type URL is not UTF-8.
pub fn read_any(bytes: &[u8]) -> Result<Any<'_>, String> {
    let (mut type_url, mut message) = (&b""[..], &b""[..]);
    for_each_field(bytes, |tag, value, _| match (tag, value) {
        (0x0a, WireValue::Span { start, end }) => type_url = &bytes[start as usize..end as usize],
        (0x12, WireValue::Span { start, end }) => message = &bytes[start as usize..end as usize],
        _ => {}
    })
    .map_err(|fault| fault.to_string())?;
    let type_url = std::str::from_utf8(type_url).map_err(|_| "type url is not valid UTF-8")?;
    Ok(Any { type_url, value: message })
}

/// Fields of a recorded entry that nothing in it has a place for, with their tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnknownEntryFields<'a> {
    /// Those that `grpcreplay.Entry` does not have.
    pub of_entry: Vec<&'a [u8]>,
    /// Those of its message that `google.protobuf.Any` does not have, beside type URL and value.
    pub of_any: Vec<&'a [u8]>,
}

impl UnknownEntryFields<'_> {
    /// A record that holds these fields and no others.
    pub fn to_record(&self) -> Vec<u8> {
        let mut record = self.of_entry.concat();
        if !self.of_any.is_empty() {
            put_bytes(&mut record, 3, &self.of_any.concat());
        }
        record
    }
}

/// Finds the fields of a recorded entry, and of the `Any` that carries its message, that their types do not have. An
/// [`Extension`](crate::extension::Extension) is none of them.
pub fn unknown_entry_fields(entry: &Entry) -> UnknownEntryFields<'_> {
    if entry.has_unknown_fields {
        unknown_fields_of(entry.record(), entry.has_extension)
    } else {
        UnknownEntryFields::default()
    }
}

fn unknown_fields_of(record: &[u8], has_extension: bool) -> UnknownEntryFields<'_> {
    const EXTENSION: u32 = Tag::new(Entry::EXTENSION, WireType::Bytes).0;
    let mut unknown = UnknownEntryFields::default();
    // The reader has refused records that can't be read to their end.
    let _ = for_each_field(record, |tag, value, field| match (tag, value) {
        // kind, method, is_error, ref_index
        (0x08 | 0x12 | 0x20 | 0x28, _) => {}
        (EXTENSION, _) if has_extension => {}
        (0x1a, WireValue::Span { start, end }) => {
            let _ = for_each_field(&record[start as usize..end as usize], |tag, _, field| {
                if !matches!(tag, 0x0a | 0x12) {
                    unknown.of_any.push(field);
                }
            });
        }
        _ => unknown.of_entry.push(field),
    });
    unknown
}

fn for_each_field<'a>(bytes: &'a [u8], mut on: impl FnMut(u32, WireValue, &'a [u8])) -> Result<(), Fault> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(Fault::TooLong);
    }
    let mut groups = Groups::default();
    let mut cursor = Cursor::new(bytes, 0..bytes.len());
    while !cursor.is_at_end() {
        let at = cursor.position;
        let (tag, value) = cursor.field(&mut groups)?;
        on(tag.0, value, &bytes[at..cursor.position]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_status() {
        let bytes = b"\x08\x03\x12\x04gone\x1a\x06\x0a\x01t\x12\x01v\x08\x05\x50\x01";
        let status = Status::read(bytes).expect("a status");
        assert_eq!((status.code, status.message), (Code(5), &b"gone"[..]));
        assert_eq!(status.unknown, [b"\x50\x01"]);
        assert_eq!(status.details.len(), 1);
        assert_eq!(read_any(status.details[0]), Ok(Any { type_url: "t", value: b"v" }));
        assert_eq!(Status::read(b"\x12\x09gone"), Err(Fault::FieldCut { field: 2, claimed: 9, left: 4 }));
        assert_eq!(read_any(b"\x0a\x01\xff"), Err("type url is not valid UTF-8".to_owned()));
    }

    #[test]
    fn knows_codes_by_every_name() {
        for text in ["NOT_FOUND", "NotFound", "notfound", "not_found", "5"] {
            assert_eq!(Code::parse(text), Some(Code(5)), "{text}");
        }
        assert_eq!(Code::parse("Canceled"), Some(Code(1)));
        assert_eq!(Code::parse("CANCELLED"), Some(Code(1)));
        assert_eq!(Code::parse("77"), Some(Code(77)));
        assert_eq!(Code::parse("GONE"), None);
        assert_eq!((Code(77).to_string(), Code(16).to_string()), ("77".to_owned(), "UNAUTHENTICATED".to_owned()));
    }

    #[test]
    fn finds_what_an_entry_should_not_have() {
        let record = b"\x08\x01\x30\x05\x12\x01m\x3b\x08\x01\x3c\x1a\x05\x0a\x01t\x18\x07\x1a\x02\x20\x01";
        let unknown = unknown_fields_of(record, false);
        assert_eq!(unknown.of_entry, [&b"\x30\x05"[..], b"\x3b\x08\x01\x3c"]);
        assert_eq!(unknown.of_any, [b"\x18\x07", b"\x20\x01"]);
        let alone = unknown.to_record();
        assert_eq!(alone, b"\x30\x05\x3b\x08\x01\x3c\x1a\x04\x18\x07\x20\x01");
        let again = unknown_fields_of(&alone, false);
        assert_eq!((&again.of_entry, &again.of_any), (&unknown.of_entry, &unknown.of_any));
        let none = unknown_fields_of(b"\x08\x01\x1a\x06\x0a\x01t\x12\x01v\x20\x01\x28\x07", false);
        assert_eq!(none, UnknownEntryFields::default());
        assert_eq!(none.to_record(), b"");
    }
}
