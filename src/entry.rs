//! One recorded action: [`Entry`], and the record it was read from.
//!
//! An entry owns the bytes of its record and knows where in them its facts stand. It never looks inside a message:
//! that is the schema's work.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::error::Position;

/// The number of an entry in its recording, counted from 1 in file order.
///
/// Source: Go's replayer numbers entries so in `ref_index` and in its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryIndex(pub u64);

impl fmt::Display for EntryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an entry records.
///
/// Source: `grpcreplay.Entry.Kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 0, which no recorder writes.
    Unspecified,
    /// 1: the request of a unary call.
    Request,
    /// 2: the response, or the error, of a unary call.
    Response,
    /// 3: a stream was opened, or failed to.
    CreateStream,
    /// 4: a message was sent on a stream.
    Send,
    /// 5: a message was received from a stream, or its end.
    Recv,
    /// Any other number.
    Unknown(i32),
}

impl Kind {
    /// The kind with this number on the wire.
    pub fn from_number(number: i32) -> Kind {
        match number {
            0 => Kind::Unspecified,
            1 => Kind::Request,
            2 => Kind::Response,
            3 => Kind::CreateStream,
            4 => Kind::Send,
            5 => Kind::Recv,
            other => Kind::Unknown(other),
        }
    }

    /// The number on the wire.
    pub fn number(self) -> i32 {
        match self {
            Kind::Unspecified => 0,
            Kind::Request => 1,
            Kind::Response => 2,
            Kind::CreateStream => 3,
            Kind::Send => 4,
            Kind::Recv => 5,
            Kind::Unknown(number) => number,
        }
    }

    /// The name in the enum, `None` for a number without one.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Kind::Unspecified => "TYPE_UNSPECIFIED",
            Kind::Request => "REQUEST",
            Kind::Response => "RESPONSE",
            Kind::CreateStream => "CREATE_STREAM",
            Kind::Send => "SEND",
            Kind::Recv => "RECV",
            Kind::Unknown(_) => return None,
        })
    }
}

impl fmt::Display for Kind {
    /// The name, or the number where there is none, as Go shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => self.number().fmt(f),
        }
    }
}

/// A message with the name of its type: the two fields of `google.protobuf.Any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Any<'a> {
    /// The type URL as it stands in the file; the type's name is what follows the last `/`.
    pub type_url: &'a str,
    /// The message's wire bytes.
    pub value: &'a [u8],
}

impl<'a> Any<'a> {
    pub(crate) const TYPE_URL: u32 = 1;
    pub(crate) const VALUE: u32 = 2;

    /// The full name of the message's type: what follows the last `/` of the type URL.
    ///
    /// Source: protobuf-go's resolver; no slash is needed.
    pub fn type_name(&self) -> &'a str {
        type_name(self.type_url)
    }
}

/// The full name of the type that a type URL names: what follows its last `/`.
pub fn type_name(type_url: &str) -> &str {
    type_url.rsplit_once('/').map_or(type_url, |(_, name)| name)
}

/// What an entry carries: the four meanings of (`message`, `is_error`).
///
/// Source: Go's `protoToEntry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payload<'a> {
    /// A message.
    Message(Any<'a>),
    /// An error; the `Any` should hold a `google.rpc.Status`.
    Error(Any<'a>),
    /// The end of a stream (`io.EOF`).
    Eof,
    /// Nothing; lawful for `CREATE_STREAM` only, see [`Entry::flaw`].
    Empty,
}

impl<'a> Payload<'a> {
    /// The two fields of an entry that say it: `message` and `is_error`.
    pub fn fields(self) -> (Option<Any<'a>>, bool) {
        match self {
            Payload::Message(any) => (Some(any), false),
            Payload::Error(any) => (Some(any), true),
            Payload::Eof => (None, true),
            Payload::Empty => (None, false),
        }
    }
}

/// Why Go's reader refuses, or panics on, an entry that is framed and parsed well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Flaw {
    /// Neither a message nor an error where one must be.
    #[error("{0} without message and without error, which only CREATE_STREAM may have")]
    NoMessage(Kind),
    /// `is_error` with a message that is no `google.rpc.Status`: Go panics on it.
    #[error("is_error with a message that is not a google.rpc.Status, on which Go's replayer panics")]
    ErrorIsNoStatus,
}

/// One recorded action.
///
/// It owns the record it was read from; cloning it, and slicing it, copies no bytes.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(crate) record: Bytes,
    pub(crate) index: EntryIndex,
    pub(crate) offset: u64,
    pub(crate) kind: Kind,
    pub(crate) method: Range<u32>,
    pub(crate) message: Option<AnyRanges>,
    pub(crate) is_error: bool,
    pub(crate) ref_index: i32,
    /// The line it begins with, in a format that has lines; else 0.
    pub(crate) line: u64,
    /// Its text, if it was read from a text recording by what keeps texts.
    pub(crate) text: Option<Box<EntryBody>>,
    /// Whether a record that stood in JSON has the same reference.
    pub(crate) is_pinned: bool,
    /// Whether JSON had bytes for it that were not taken.
    pub(crate) ignored_wire: bool,
    /// Whether the entry or its `Any` has fields beside those above and an extension, which is rare and dear to look for.
    pub(crate) has_unknown_fields: bool,
    /// Whether there is an [`Extension`](crate::extension::Extension) beside it.
    pub(crate) has_extension: bool,
}

/// The text of an entry, as it stands in a text recording behind its byte count.
#[derive(Debug, Clone)]
pub(crate) struct EntryBody {
    pub(crate) bytes: Bytes,
    /// Where the number stands in it that the entry refers to.
    pub(crate) ref_index: Option<Range<u32>>,
}

/// Where the two fields of the entry's `Any` stand in its record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AnyRanges {
    pub(crate) type_url: Range<u32>,
    pub(crate) value: Range<u32>,
}

impl Entry {
    /// The number of the field in which an [`Extension`](crate::extension::Extension) stands: so high that Go's recorder will not come to
    /// it.
    pub(crate) const EXTENSION: u32 = 100_001;

    /// The number the entry had in its file.
    pub fn index(&self) -> EntryIndex {
        self.index
    }

    /// The offset in bytes, after decompression, at which the entry's record begins in its file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the entry stands in its file.
    pub fn position(&self) -> Position {
        let line = (self.line > 0).then_some(self.line);
        Position { entry: Some(self.index.0), byte: Some(self.offset), line, column: None }
    }

    /// Whether there were bytes for the entry, or for a message in it, as `"@wire"` in JSON that were not taken, because the
    /// JSON beside them says something else.
    pub fn ignored_wire(&self) -> bool {
        self.ignored_wire
    }

    /// The line that it begins with, counted from 1, in a format that has lines.
    pub fn line(&self) -> Option<u64> {
        (self.line > 0).then_some(self.line)
    }

    /// Its text as it stands in a text recording behind its byte count, if it was read by what
    /// [keeps texts](crate::format::Decoder::keeping_text).
    pub fn text(&self) -> Option<&[u8]> {
        self.text.as_ref().map(|body| &*body.bytes)
    }

    /// What the entry records.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The full method, `/package.Service/Method`; empty in the entries that refer to an earlier one.
    pub fn method(&self) -> &str {
        self.str(&self.method)
    }

    /// The number of the `REQUEST` or `CREATE_STREAM` that this entry belongs to, as it stands in the file; 0 for none.
    pub fn ref_index(&self) -> i32 {
        self.ref_index
    }

    /// What the entry carries.
    pub fn payload(&self) -> Payload<'_> {
        match (&self.message, self.is_error) {
            (Some(any), false) => Payload::Message(self.any(any)),
            (Some(any), true) => Payload::Error(self.any(any)),
            (None, true) => Payload::Eof,
            (None, false) => Payload::Empty,
        }
    }

    /// The wire bytes of the whole `grpcreplay.Entry`, as they stand in the file.
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Why Go's reader refuses this entry, though its bytes parse.
    ///
    /// Source: Go's `protoToEntry` ("entry with nil message and false is_error").
    pub fn flaw(&self) -> Option<Flaw> {
        match (&self.message, self.is_error) {
            (None, false) if self.kind != Kind::CreateStream => Some(Flaw::NoMessage(self.kind)),
            (Some(any), true) if self.any(any).type_name() != "google.rpc.Status" => Some(Flaw::ErrorIsNoStatus),
            (Some(_) | None, _) => None,
        }
    }

    /// The entry with its bytes in an allocation of their own.
    ///
    /// An entry from a reader shares its bytes with its neighbours; one that is kept for long should not keep
    /// them in memory too.
    pub fn detach(&mut self) {
        self.record = Bytes::copy_from_slice(&self.record);
        if let Some(text) = &mut self.text {
            text.bytes = Bytes::copy_from_slice(&text.bytes);
        }
    }

    fn any(&self, ranges: &AnyRanges) -> Any<'_> {
        Any { type_url: self.str(&ranges.type_url), value: self.slice(&ranges.value) }
    }

    fn slice(&self, range: &Range<u32>) -> &[u8] {
        &self.record[range.start as usize..range.end as usize]
    }

    fn str(&self, range: &Range<u32>) -> &str {
        simdutf8::basic::from_utf8(self.slice(range)).expect("format::wire checked the UTF-8 of this range")
    }
}
