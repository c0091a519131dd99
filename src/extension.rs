//! [`Extension`]: what a recorder may note beside an entry, the metadata of a call and the time, and its bytes.
//!
//! It stands in a field of the entry that Go's reader of binary recordings steps over. What stands there and is no extension
//! stays a field that nobody knows.
//!
//! Source: `descriptors/recording.proto`.
//!
//! ```
//! use rpcreplay::entry::{Entry, Kind, Payload};
//! use rpcreplay::extension::{Extension, Metadatum, Time};
//!
//! let agent = Metadatum { key: "user-agent".to_owned(), value: b"grpc-go".to_vec() };
//! let noted = Extension { time: Time::new(1_772_357_400, 0), headers: vec![agent], trailers: Vec::new() };
//! let entry = Entry::encode(Kind::CreateStream, "/pkg.Service/Call", Payload::Empty, 0)?.with_extension(&noted)?;
//! assert_eq!(entry.extension(), Some(noted));
//! # Ok::<(), rpcreplay::Error>(())
//! ```

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::entry::Entry;
use crate::schema::{Edits, is_timestamp, parse_timestamp, timestamp};
use crate::wire::{Cursor, Fault, Groups, Tag, WireType, WireValue, put_bytes, put_unless_empty, put_unless_zero};

const EXTENSION: Tag = Tag::new(Entry::EXTENSION, WireType::Bytes);
const TIME: Tag = Tag::new(1, WireType::Bytes);
const HEADERS: Tag = Tag::new(2, WireType::Bytes);
const TRAILERS: Tag = Tag::new(3, WireType::Bytes);
const SECONDS: Tag = Tag::new(1, WireType::Varint);
const NANOS: Tag = Tag::new(2, WireType::Varint);
const KEY: Tag = Tag::new(1, WireType::Bytes);
const VALUE: Tag = Tag::new(2, WireType::Bytes);

/// What a recorder has noted beside an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extension {
    /// When the entry was noted.
    pub time: Option<Time>,
    /// What was sent in front of the messages: by the client if the entry begins a call, else by the server.
    pub headers: Vec<Metadatum>,
    /// What the server sent behind its last message.
    pub trailers: Vec<Metadatum>,
}

/// A key of a call's metadata, and a value that it has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadatum {
    /// In lower case, as HTTP/2 wants it.
    pub key: String,
    /// Text, or bytes if the key ends in `-bin`: these, and not their base64.
    pub value: Vec<u8>,
}

/// A point in time, from the year 1 to the year 9999.
///
/// It is displayed as RFC 3339 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time {
    seconds: i64,
    nanos: i32,
}

/// A text is no time from the year 1 to the year 9999 as RFC 3339 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-01-31T12:00:00Z")]
pub struct NoTime;

/// Why bytes are no extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionFault {
    /// They are no message.
    #[error(transparent)]
    Wire(#[from] Fault),
    /// A field that the message does not have.
    #[error("field {field}, which {message} does not have")]
    UnknownField {
        /// The number of the field.
        field: u32,
        /// What the message is.
        message: &'static str,
    },
    /// A key or a value that stands there twice, of which one would be hidden.
    #[error("a metadatum with two {0}")]
    Twice(&'static str),
    /// A time before the year 1 or after the year 9999, or with a part of a second that is none.
    #[error("a time of {seconds} seconds and {nanos} nanoseconds")]
    Time {
        /// Since 1970.
        seconds: i64,
        /// Beside the seconds.
        nanos: i32,
    },
}

impl Extension {
    /// Reads an extension from its bytes. What stands there several times counts as it does in protobuf: lists go on, and of a time the
    /// last parts count.
    ///
    /// # Errors
    ///
    /// [`ExtensionFault`]; fields that an extension does not have are among them, since nobody can say what they mean.
    pub fn decode(bytes: &[u8]) -> Result<Extension, ExtensionFault> {
        let mut extension = Extension::default();
        extension.merge(bytes, 0..bytes.len())?;
        Ok(extension)
    }

    /// Its bytes, as protobuf's encoders write them.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(Time { seconds, nanos }) = self.time {
            let mut time = Vec::new();
            put_unless_zero(&mut time, SECONDS.number(), seconds);
            put_unless_zero(&mut time, NANOS.number(), nanos.into());
            put_bytes(&mut bytes, TIME.number(), &time);
        }
        let mut metadatum = Vec::new();
        for (list, metadata) in [(HEADERS, &self.headers), (TRAILERS, &self.trailers)] {
            for Metadatum { key, value } in metadata {
                metadatum.clear();
                put_unless_empty(&mut metadatum, KEY.number(), key.as_bytes());
                put_unless_empty(&mut metadatum, VALUE.number(), value);
                put_bytes(&mut bytes, list.number(), &metadatum);
            }
        }
        bytes
    }

    /// Adds what stands in a range.
    fn merge(&mut self, data: &[u8], content: Range<usize>) -> Result<(), ExtensionFault> {
        read(data, content, |found| match found {
            Found::Seconds(seconds) => self.time.get_or_insert_default().seconds = seconds,
            Found::Nanos(nanos) => self.time.get_or_insert_default().nanos = nanos,
            Found::Time => drop(self.time.get_or_insert_default()),
            Found::Metadatum(MetadatumAt { is_trailer, key, value, .. }) => {
                let list = if is_trailer { &mut self.trailers } else { &mut self.headers };
                list.push(Metadatum { key: key.to_owned(), value: value.to_owned() });
            }
        })
    }
}

impl Metadatum {
    /// The value as text; `None` if the key says that it is none, or it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        if self.key.ends_with("-bin") { None } else { std::str::from_utf8(&self.value).ok() }
    }
}

impl Time {
    /// The time so many seconds after 1970 began, or before, and so many nanoseconds later; `None` outside of the years 1 to 9999, or
    /// if the nanoseconds are no part of a second.
    pub fn new(seconds: i64, nanos: i32) -> Option<Time> {
        is_timestamp(seconds, nanos).then_some(Time { seconds, nanos })
    }

    /// Whole seconds since 1970 began, rounded down.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds beside the seconds, from 0 to 999,999,999.
    pub fn nanos(self) -> i32 {
        self.nanos
    }

    /// How long after another time it is; nothing if it is before.
    pub fn since(self, earlier: Time) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        let (seconds, nanos) = (self.seconds - earlier.seconds, self.nanos - earlier.nanos);
        // A second borrowed where there are less nanoseconds.
        let (seconds, nanos) = if nanos < 0 { (seconds - 1, nanos + 1_000_000_000) } else { (seconds, nanos) };
        Duration::new(seconds.unsigned_abs(), nanos.unsigned_abs())
    }
}

impl FromStr for Time {
    type Err = NoTime;

    /// Reads a time as RFC 3339 has it.
    fn from_str(text: &str) -> Result<Time, NoTime> {
        parse_timestamp(text.as_bytes()).and_then(|(seconds, nanos)| Time::new(seconds, nanos)).ok_or(NoTime)
    }
}

impl TryFrom<SystemTime> for Time {
    type Error = ExtensionFault;

    /// Fails outside of the years 1 to 9999.
    fn try_from(time: SystemTime) -> Result<Time, ExtensionFault> {
        let (seconds, nanos) = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos() as i32),
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).map_or(i64::MIN, |seconds| -seconds);
                match before.subsec_nanos() as i32 {
                    0 => (seconds, 0),
                    nanos => (seconds.saturating_sub(1), 1_000_000_000 - nanos),
                }
            }
        };
        Time::new(seconds, nanos).ok_or(ExtensionFault::Time { seconds, nanos })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        timestamp(&mut text, self.seconds, self.nanos).map_err(|_| fmt::Error)?;
        f.pad(&String::from_utf8_lossy(&text))
    }
}

/// What stands in an extension, in the order of the wire.
enum Found<'a> {
    /// There is a time, whose parts follow.
    Time,
    Seconds(i64),
    Nanos(i32),
    Metadatum(MetadatumAt<'a>),
}

/// A metadatum where it stands in a record.
#[derive(Debug, Clone)]
pub(crate) struct MetadatumAt<'a> {
    is_trailer: bool,
    pub(crate) key: &'a str,
    pub(crate) value: &'a [u8],
    /// Its field, with tag and length.
    pub(crate) whole: Range<usize>,
    /// Where its key and value stand.
    content: Range<usize>,
    /// The field of its value, with tag and length; nothing if it has none.
    field: Option<Range<usize>>,
}

/// What becomes of a value of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Stays,
    /// It becomes another one.
    Becomes(Vec<u8>),
    /// It goes, and its key with it.
    Goes,
}

/// Whether the bytes in a range of a record are an extension.
pub(crate) fn is_extension(record: &[u8], content: Range<usize>) -> bool {
    read(record, content, |_| {}).is_ok()
}

/// Whether the bytes in a range of a record are what an encoder makes of the extension that they are.
pub(crate) fn is_plain(record: &[u8], content: Range<usize>) -> bool {
    let bytes = &record[content];
    Extension::decode(bytes).is_ok_and(|extension| extension.encode() == bytes)
}

impl Entry {
    /// Whether something was noted beside the entry, which costs less than to ask what.
    pub fn has_extension(&self) -> bool {
        self.has_extension
    }

    /// What was noted beside the entry. Bytes that are no extension are a field that nobody knows, and so are all others in the same field
    /// of the entry then.
    pub fn extension(&self) -> Option<Extension> {
        let mut extension = Extension::default();
        if !self.has_extension {
            return None;
        }
        for Around { content, .. } in extensions_of(self.record()) {
            // It was read once before.
            extension.merge(self.record(), content).ok()?;
        }
        Some(extension)
    }

    /// The entry with this extension and no other, at the end of its record. Its text is not kept, since a text recording can't carry it.
    ///
    /// # Errors
    ///
    /// `TooLong` if the record would not fit into 4 GiB, which is what the binary format can hold.
    pub fn with_extension(&self, extension: &Extension) -> crate::Result<Entry> {
        let mut record = Vec::with_capacity(self.record().len() + 64);
        let mut copied = 0;
        for Around { whole, .. } in extensions_of(self.record()) {
            record.extend_from_slice(&self.record()[copied..whole.start]);
            copied = whole.end;
        }
        record.extend_from_slice(&self.record()[copied..]);
        put_bytes(&mut record, Entry::EXTENSION, &extension.encode());
        self.with_whole_record(record)
    }
}

/// Why what stands in the field of an extension is none, if an entry has such a field.
pub(crate) fn fault_of(entry: &Entry) -> Option<ExtensionFault> {
    if !entry.has_unknown_fields {
        return None;
    }
    extensions_of(entry.record()).find_map(|Around { content, .. }| read(entry.record(), content, |_| {}).err())
}

/// Calls `on` for each metadatum of an entry, and notes what becomes of its value; no other byte of the record changes but the lengths
/// around it.
///
/// # Errors
///
/// The first of `on`; some edits may have been made then.
pub(crate) fn edit_metadata<E>(
    entry: &Entry,
    edits: &mut Edits,
    mut on: impl FnMut(&MetadatumAt<'_>) -> Result<Fate, E>,
) -> Result<(), E> {
    if !entry.has_extension {
        return Ok(());
    }
    let record = entry.record();
    for around in extensions_of(record) {
        let (mut growth, mut result) = (0, Ok(()));
        // It was read once before.
        let _ = read(record, around.content.clone(), |found| {
            let Found::Metadatum(metadatum) = found else { return };
            if result.is_ok() {
                match on(&metadatum) {
                    Ok(fate) => growth += edit(record, &metadatum, fate, edits),
                    Err(error) => result = Err(error),
                }
            }
        });
        result?;
        replace_length(record, (&around.whole, &around.content), growth, edits);
    }
    Ok(())
}

/// Makes the edits for one metadatum, and says how many more bytes there are.
fn edit(record: &[u8], metadatum: &MetadatumAt<'_>, fate: Fate, edits: &mut Edits) -> i64 {
    let MetadatumAt { whole, content, field, .. } = metadatum;
    let value = match fate {
        Fate::Stays => return 0,
        Fate::Goes => return edits.replace(whole.clone(), b""),
        Fate::Becomes(value) => value,
    };
    let mut new = Vec::new();
    if !value.is_empty() {
        put_bytes(&mut new, VALUE.number(), &value);
    }
    let growth = edits.replace(field.clone().unwrap_or(content.end..content.end), &new);
    growth + replace_length(record, (whole, content), growth, edits)
}

/// Corrects the length of a field whose content has grown, and says how many more bytes that takes.
fn replace_length(
    record: &[u8],
    (whole, content): (&Range<usize>, &Range<usize>),
    growth: i64,
    edits: &mut Edits,
) -> i64 {
    if growth == 0 {
        return 0;
    }
    let mut cursor = Cursor::new(record, whole.clone());
    // It was read once before.
    let _ = cursor.varint();
    let old = content.len() as u64;
    edits.replace_length(cursor.position..content.start, old, old.saturating_add_signed(growth))
}

/// A field that holds an extension.
struct Around {
    /// With tag and length.
    whole: Range<usize>,
    content: Range<usize>,
}

/// The fields of a record that hold extensions.
fn extensions_of(record: &[u8]) -> impl Iterator<Item = Around> {
    let fields = Fields { cursor: Cursor::new(record, 0..record.len()), groups: Groups::default() };
    fields.map_while(Result::ok).filter_map(|(whole, tag, value)| match (tag, value) {
        (EXTENSION, WireValue::Span { start, end }) => Some(Around { whole, content: start as usize..end as usize }),
        (_, WireValue::Span { .. } | WireValue::Bits(_)) => None,
    })
}

/// The fields of a message, each with the place of all of it.
struct Fields<'a> {
    cursor: Cursor<'a>,
    groups: Groups,
}

impl Iterator for Fields<'_> {
    type Item = Result<(Range<usize>, Tag, WireValue), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.is_at_end() {
            return None;
        }
        let start = self.cursor.position;
        let field = self.cursor.field(&mut self.groups);
        Some(field.map(|(tag, value)| (start..self.cursor.position, tag, value)))
    }
}

/// Reads an extension from a range of a record, and calls `on` for each thing in it. Nothing is allocated.
fn read<'a>(record: &'a [u8], content: Range<usize>, mut on: impl FnMut(Found<'a>)) -> Result<(), ExtensionFault> {
    for field in fields_of(record, content) {
        match field? {
            (_, TIME, WireValue::Span { start, end }) => {
                on(Found::Time);
                read_time(record, start as usize..end as usize, &mut on)?;
            }
            (whole, list @ (HEADERS | TRAILERS), WireValue::Span { start, end }) => {
                let place = (whole, start as usize..end as usize);
                on(Found::Metadatum(read_metadatum(record, place, list == TRAILERS)?));
            }
            (_, tag, _) => {
                return Err(ExtensionFault::UnknownField { field: tag.number(), message: "an extension" });
            }
        }
    }
    Ok(())
}

fn fields_of(record: &[u8], content: Range<usize>) -> Fields<'_> {
    Fields { cursor: Cursor::new(record, content), groups: Groups::default() }
}

fn read_time<'a>(
    record: &'a [u8],
    content: Range<usize>,
    on: &mut impl FnMut(Found<'a>),
) -> Result<(), ExtensionFault> {
    for field in fields_of(record, content) {
        // Each part by itself: then what several make together is lawful, too.
        let (found, seconds, nanos) = match field? {
            (_, SECONDS, WireValue::Bits(bits)) => (Found::Seconds(bits as i64), bits as i64, 0),
            (_, NANOS, WireValue::Bits(bits)) => (Found::Nanos(bits as i32), 0, bits as i32),
            (_, tag, _) => return Err(ExtensionFault::UnknownField { field: tag.number(), message: "a time" }),
        };
        if !is_timestamp(seconds, nanos) {
            return Err(ExtensionFault::Time { seconds, nanos });
        }
        on(found);
    }
    Ok(())
}

fn read_metadatum(
    record: &[u8],
    (whole, content): (Range<usize>, Range<usize>),
    is_trailer: bool,
) -> Result<MetadatumAt<'_>, ExtensionFault> {
    let (mut key, mut value, mut place) = (None, None, None);
    for field in fields_of(record, content.clone()) {
        match field? {
            (_, KEY, WireValue::Span { start, end }) => {
                let bytes = &record[start as usize..end as usize];
                let text = simdutf8::basic::from_utf8(bytes).map_err(|_| Fault::Utf8(KEY.number()))?;
                if key.replace(text).is_some() {
                    return Err(ExtensionFault::Twice("keys"));
                }
            }
            (field, VALUE, WireValue::Span { start, end }) => {
                place = Some(field);
                if value.replace(&record[start as usize..end as usize]).is_some() {
                    return Err(ExtensionFault::Twice("values"));
                }
            }
            (_, tag, _) => return Err(ExtensionFault::UnknownField { field: tag.number(), message: "a metadatum" }),
        }
    }
    let (key, value) = (key.unwrap_or_default(), value.unwrap_or_default());
    Ok(MetadatumAt { is_trailer, key, value, whole, content, field: place })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{EntryIndex, Kind, Payload};
    use crate::format::{ReadOptions, Reader};
    use crate::schema::{Schema, unknown_entry_fields};

    fn metadatum(key: &str, value: &[u8]) -> Metadatum {
        Metadatum { key: key.to_owned(), value: value.to_owned() }
    }

    fn extension() -> Extension {
        Extension {
            time: Time::new(1_764_456_348, 120_000_000),
            headers: vec![metadatum("a", b"b"), metadatum("a", b"c"), metadatum("", b"")],
            trailers: vec![metadatum("x-bin", b"\x00\xff")],
        }
    }

    fn plain() -> Entry {
        Entry::encode(Kind::CreateStream, "/m", Payload::Empty, 0).expect("a short record")
    }

    /// The entry as it is read from a binary recording.
    fn read_back(record: &[u8]) -> Entry {
        let length = (record.len() as u32).to_le_bytes();
        let bytes = [b"RPCReplay\0\0\0\0", &length[..], record].concat();
        let schema = Schema::builtin();
        let mut reader = Reader::new(&bytes[..], &schema, ReadOptions::default()).expect("a header");
        reader.read().expect("a record").expect("an entry")
    }

    /// A record that ends with these bytes in the field of an extension.
    fn with_field(entry: &Entry, bytes: &[u8]) -> Entry {
        let mut record = entry.record().to_vec();
        put_bytes(&mut record, Entry::EXTENSION, bytes);
        read_back(&record)
    }

    #[test]
    fn what_is_written_is_read() {
        for extension in
            [extension(), Extension::default(), Extension { time: Time::new(0, 0), ..Extension::default() }]
        {
            assert_eq!(Extension::decode(&extension.encode()), Ok(extension.clone()));
            let entry = plain().with_extension(&extension).expect("a short record");
            assert_eq!(entry.extension(), Some(extension.clone()));
            let read = read_back(entry.record());
            assert_eq!((read.extension(), read.index()), (Some(extension), EntryIndex(1)));
            assert!(unknown_entry_fields(&read).of_entry.is_empty());
            assert!(entry.record().starts_with(plain().record()), "nothing else changes");
            let without = Extension::default();
            assert_eq!(
                entry.with_extension(&without).expect("a short record").extension(),
                Some(without),
                "one replaces another"
            );
        }
        assert_eq!(plain().extension(), None);
    }

    #[test]
    fn what_comes_again_counts_as_in_protobuf() {
        let first = Extension { time: Time::new(7, 8), headers: vec![metadatum("a", b"1")], ..Extension::default() };
        let second = Extension { time: Time::new(9, 0), headers: vec![metadatum("a", b"2")], ..Extension::default() };
        let both = with_field(&with_field(&plain(), &first.encode()), &second.encode());
        let merged =
            Extension { time: Time::new(9, 8), headers: vec![metadatum("a", b"1"), metadatum("a", b"2")], ..first };
        assert_eq!(both.extension(), Some(merged.clone()));
        let replaced = both.with_extension(&merged).expect("a short record");
        assert_eq!(replaced.record(), plain().with_extension(&merged).expect("a short record").record());
    }

    /// Each is a field that nobody knows, for itself and beside one that is an extension.
    #[test]
    fn what_is_no_extension_is_said() {
        for (bytes, fault) in [
            (&b"\x08\x01"[..], "field 1, which an extension does not have"),
            (b"\x22\x00", "field 4, which an extension does not have"),
            (b"\x0a\x02\x18\x01", "field 3, which a time does not have"),
            (
                b"\x0a\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                "a time of 9223372036854775807 seconds and 0 nanoseconds",
            ),
            (b"\x0a\x06\x10\x80\x94\xeb\xdc\x03", "a time of 0 seconds and 1000000000 nanoseconds"),
            (b"\x12\x02\x0a\x05", "field 1 claims 5 bytes, but 0 are left"),
            (b"\x12\x03\x0a\x01\xff", "field 1 is not valid UTF-8"),
            (b"\x12\x06\x0a\x01a\x0a\x01b", "a metadatum with two keys"),
            (b"\x1a\x04\x12\x00\x12\x00", "a metadatum with two values"),
            (b"\x1a\x02\x18\x01", "field 3, which a metadatum does not have"),
            (b"\x12", "it ends inside a varint"),
            (b"\x0b", "group 1 does not end"),
        ] {
            let found = Extension::decode(bytes).expect_err("it is none");
            assert_eq!(found.to_string(), fault, "{bytes:x?}");
            for entry in [with_field(&plain(), bytes), with_field(&with_field(&plain(), b""), bytes)] {
                assert_eq!(entry.extension(), None);
                assert!(!unknown_entry_fields(&entry).of_entry.is_empty(), "{bytes:x?}");
            }
        }
        // A number in its place.
        let other = read_back(&[plain().record(), b"\x88\xea\x30\x01"].concat());
        assert_eq!((other.extension(), unknown_entry_fields(&other).of_entry.len()), (None, 1));
    }

    #[test]
    fn times_are_those_of_clocks() {
        for (seconds, nanos, text) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (1_764_456_348, 120_000_000, "2025-11-29T22:45:48.120Z"),
        ] {
            let time = Time::new(seconds, nanos).expect("a time");
            assert_eq!(time.to_string(), text);
            assert_eq!(text.parse(), Ok(time));
        }
        assert_eq!((Time::new(0, -1), Time::new(0, 1_000_000_000), Time::new(i64::MAX, 0)), (None, None, None));
        assert_eq!("2025-11-29".parse::<Time>(), Err(NoTime));
        let (whole, part) = (Duration::from_secs(3), Duration::new(2, 1));
        assert_eq!(Time::try_from(UNIX_EPOCH + part), Ok(Time { seconds: 2, nanos: 1 }));
        assert_eq!(Time::try_from(UNIX_EPOCH - part), Ok(Time { seconds: -3, nanos: 999_999_999 }));
        assert_eq!(Time::try_from(UNIX_EPOCH - whole), Ok(Time { seconds: -3, nanos: 0 }));
        let (early, late) = (Time { seconds: 1, nanos: 9 }, Time { seconds: 3, nanos: 2 });
        assert_eq!((late.since(early), early.since(late)), (Duration::new(1, 999_999_993), Duration::ZERO));
    }

    /// Bytes that are an extension, or nearly one.
    fn nearly() -> impl Strategy<Value = Vec<u8>> {
        let field = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            (1..4u8, prop::collection::vec((1..4u8, prop::collection::vec(0x40..0xc3u8, 0..4)), 0..3)).prop_map(
                |(number, inner)| {
                    let inner: Vec<u8> = inner
                        .into_iter()
                        .flat_map(|(number, text)| [&[number << 3 | 2, text.len() as u8][..], &text].concat())
                        .collect();
                    [&[number << 3 | 2, inner.len() as u8][..], &inner].concat()
                }
            ),
            (any::<u16>(), any::<u16>()).prop_map(|(seconds, nanos)| {
                let time = Time::new(seconds.into(), nanos.into());
                Extension { time, ..Extension::default() }.encode()
            }),
        ];
        prop::collection::vec(field, 0..4).prop_map(|fields| fields.concat())
    }

    proptest! {
        /// Whatever is read is written as the same, and what is not is a field that nobody knows; the record stays.
        #[test]
        fn bytes_are_an_extension_or_an_unknown_field(bytes in nearly()) {
            let entry = with_field(&plain(), &bytes);
            match Extension::decode(&bytes) {
                Ok(extension) => {
                    prop_assert_eq!(Extension::decode(&extension.encode()), Ok(extension.clone()));
                    prop_assert_eq!(entry.extension(), Some(extension));
                    prop_assert!(unknown_entry_fields(&entry).of_entry.is_empty());
                }
                Err(_) => {
                    prop_assert_eq!(entry.extension(), None);
                    prop_assert_eq!(unknown_entry_fields(&entry).of_entry.len(), 1);
                }
            }
            prop_assert!(entry.record().starts_with(plain().record()));
        }
    }
}
