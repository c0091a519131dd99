//! The protobuf form of an entry, `grpcreplay.Entry`, and its checked conversion.
//!
//! The message has five fields and never changes; reading it by hand yields the places of its parts in the record
//! without copying or building anything. What stands inside the payload is not looked at.

use std::ops::Range;

use bytes::Bytes;

use crate::entry::{Any, AnyRanges, Entry, EntryBody, EntryIndex, Kind, Payload};
use crate::error::{ErrorKind, Result};
use crate::extension;
use crate::wire::{
    Cursor, Fault, Groups, Tag, WireType, WireValue, least_bytes, push_tag, push_varint, put_unless_empty,
    put_unless_zero, put_varint, varint_bytes,
};

pub(super) const KIND: Tag = Tag::new(1, WireType::Varint);
pub(super) const METHOD: Tag = Tag::new(2, WireType::Bytes);
pub(super) const MESSAGE: Tag = Tag::new(3, WireType::Bytes);
pub(super) const IS_ERROR: Tag = Tag::new(4, WireType::Varint);
pub(super) const REF_INDEX: Tag = Tag::new(5, WireType::Varint);
const EXTENSION: Tag = Tag::new(Entry::EXTENSION, WireType::Bytes);

const ANY_TYPE_URL: Tag = Tag::new(Any::TYPE_URL, WireType::Bytes);
const ANY_VALUE: Tag = Tag::new(Any::VALUE, WireType::Bytes);

/// Reads an entry from the bytes of its record.
///
/// Takes what Go's reader takes: fields in any order, the last of several, unknown fields and groups, long varints;
/// a field with another wire type than its own is an unknown one. On error also says how far into the record it is.
///
/// Source: protobuf-go, `impl.MessageInfo.unmarshalPointer` and `protowire`.
pub(crate) fn decode(record: Bytes, index: EntryIndex, offset: u64) -> Result<Entry, (Fault, u64)> {
    let mut kind = 0;
    let mut method = 0..0;
    let mut message: Option<AnyRanges> = None;
    let mut is_error = false;
    let mut ref_index = 0;
    let mut has_unknown_fields = false;
    // Whether all that stands in its field is one, if there is something.
    let mut is_extension: Option<bool> = None;

    let mut fields = Fields::new(&record, 0..record.len());
    while let Some(field) = fields.next()? {
        match field {
            (KIND, WireValue::Bits(number)) => kind = number as i32,
            (METHOD, WireValue::Span { start, end }) => method = utf8(&record, METHOD, start..end)?,
            (MESSAGE, WireValue::Span { start, end }) => {
                has_unknown_fields |= decode_any(&record, start..end, message.get_or_insert_default())?;
            }
            (IS_ERROR, WireValue::Bits(number)) => is_error = number != 0,
            (REF_INDEX, WireValue::Bits(number)) => ref_index = number as i32,
            (EXTENSION, WireValue::Span { start, end }) => {
                let is_another = extension::is_extension(&record, start as usize..end as usize);
                is_extension = Some(is_extension.unwrap_or(true) && is_another);
            }
            _ => has_unknown_fields = true,
        }
    }
    let has_extension = is_extension == Some(true);
    has_unknown_fields |= is_extension == Some(false);
    let kind = Kind::from_number(kind);
    let (line, text, is_pinned, ignored_wire) = (0, None, false, false);
    Ok(Entry {
        record,
        index,
        offset,
        line,
        text,
        is_pinned,
        ignored_wire,
        kind,
        method,
        message,
        is_error,
        ref_index,
        has_unknown_fields,
        has_extension,
    })
}

/// Merges the `Any` in `range` of the record into what an earlier occurrence said, and says whether it has other fields.
fn decode_any(record: &[u8], range: Range<u32>, any: &mut AnyRanges) -> Result<bool, (Fault, u64)> {
    let mut has_unknown_fields = false;
    let mut fields = Fields::new(record, range.start as usize..range.end as usize);
    while let Some(field) = fields.next()? {
        match field {
            (ANY_TYPE_URL, WireValue::Span { start, end }) => any.type_url = utf8(record, ANY_TYPE_URL, start..end)?,
            (ANY_VALUE, WireValue::Span { start, end }) => any.value = start..end,
            _ => has_unknown_fields = true,
        }
    }
    Ok(has_unknown_fields)
}

/// The fields of a message in a record.
struct Fields<'a> {
    cursor: Cursor<'a>,
    groups: Groups,
}

impl<'a> Fields<'a> {
    fn new(record: &'a [u8], range: Range<usize>) -> Self {
        Fields { cursor: Cursor::new(record, range), groups: Groups::default() }
    }

    /// Reads a field, or nothing at the end of the message.
    #[inline]
    fn next(&mut self) -> Result<Option<(Tag, WireValue)>, (Fault, u64)> {
        if self.cursor.is_at_end() {
            return Ok(None);
        }
        match self.cursor.field(&mut self.groups) {
            Ok(field) => Ok(Some(field)),
            Err(fault) => Err((fault, self.cursor.position as u64)),
        }
    }
}

fn utf8(record: &[u8], tag: Tag, range: Range<u32>) -> Result<Range<u32>, (Fault, u64)> {
    match simdutf8::basic::from_utf8(&record[range.start as usize..range.end as usize]) {
        Ok(_) => Ok(range),
        Err(_) => Err((Fault::Utf8(tag.number()), u64::from(range.start))),
    }
}

/// A message for a new record: its type, the length of its bytes, and what appends them.
pub(crate) struct NewAny<'a, F> {
    pub(crate) type_url: &'a str,
    pub(crate) value_bytes: usize,
    pub(crate) put_value: F,
}

/// How many bytes a field takes that holds a number and is left out if that is 0. Its tag takes one.
fn bytes_unless_zero(number: i32) -> usize {
    if number == 0 { 0 } else { 1 + varint_bytes(number as i64 as u64) }
}

/// How many bytes a field takes that holds so many and is left out if it is empty.
fn bytes_unless_empty(length: usize) -> usize {
    if length == 0 { 0 } else { 1 + varint_bytes(length as u64) + length }
}

impl Entry {
    /// Makes an entry that was not read from a file, with a record as Go's recorder writes it.
    ///
    /// It has no number of its own: [`index`](Entry::index) is 0, and a [`Writer`](super::Writer) takes it for the
    /// entry that follows the one written last.
    ///
    /// # Errors
    ///
    /// `TooLong` if the record would not fit into 4 GiB, which is what the binary format can hold.
    pub fn encode(kind: Kind, method: &str, payload: Payload<'_>, ref_index: i32) -> Result<Entry> {
        let (any, is_error) = payload.fields();
        let any = any.map(|any| NewAny {
            type_url: any.type_url,
            value_bytes: any.value.len(),
            put_value: |record: &mut Vec<u8>| record.extend_from_slice(any.value),
        });
        Entry::encode_parts(kind, method, any, is_error, ref_index)
    }

    /// [`encode`](Self::encode) for a message whose bytes stand nowhere yet.
    pub(crate) fn encode_parts(
        kind: Kind,
        method: &str,
        any: Option<NewAny<'_, impl FnOnce(&mut Vec<u8>)>>,
        is_error: bool,
        ref_index: i32,
    ) -> Result<Entry> {
        let (kind_number, method_bytes) = (kind.number(), method.len());
        let any_bytes =
            any.as_ref().map(|any| bytes_unless_empty(any.type_url.len()) + bytes_unless_empty(any.value_bytes));
        let record_bytes = bytes_unless_zero(kind_number)
            + bytes_unless_empty(method_bytes)
            + any_bytes.map_or(0, |bytes| 1 + varint_bytes(bytes as u64) + bytes)
            + 2 * usize::from(is_error)
            + bytes_unless_zero(ref_index);
        let limit_bytes = u64::from(u32::MAX);
        if record_bytes as u64 > limit_bytes {
            return Err(ErrorKind::TooLong { what: "record", bytes: record_bytes as u64, limit_bytes }.into());
        }
        // With no room to spare it becomes what entries share without another allocation.
        let mut record = Vec::with_capacity(record_bytes);
        put_unless_zero(&mut record, KIND.number(), kind_number.into());
        let method = put_text(&mut record, METHOD, method.as_bytes());
        let message = any.zip(any_bytes).map(|(any, any_bytes)| {
            push_tag(&mut record, MESSAGE.number(), WireType::Bytes);
            push_varint(&mut record, any_bytes as u64);
            let type_url = put_text(&mut record, ANY_TYPE_URL, any.type_url.as_bytes());
            let value = if any.value_bytes == 0 {
                0..0
            } else {
                push_tag(&mut record, ANY_VALUE.number(), WireType::Bytes);
                push_varint(&mut record, any.value_bytes as u64);
                let start = record.len();
                (any.put_value)(&mut record);
                debug_assert_eq!(record.len() - start, any.value_bytes);
                start as u32..record.len() as u32
            };
            AnyRanges { type_url, value }
        });
        if is_error {
            put_varint(&mut record, IS_ERROR.number(), 1);
        }
        put_unless_zero(&mut record, REF_INDEX.number(), ref_index.into());
        debug_assert_eq!(record.len(), record_bytes);
        Ok(Entry {
            record: record.into(),
            index: EntryIndex(0),
            offset: 0,
            line: 0,
            text: None,
            is_pinned: false,
            ignored_wire: false,
            kind,
            method,
            message,
            is_error,
            ref_index,
            has_unknown_fields: false,
            has_extension: false,
        })
    }

    /// The entry under another number.
    pub fn with_index(self, index: EntryIndex) -> Self {
        Entry { index, ..self }
    }
}

/// Where the message of an entry stands in its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MessagePlace {
    /// There is none, or it has no bytes.
    None,
    /// The fields of the `Any` and of its value, each with tag and length.
    At { any: Range<usize>, value: Range<usize> },
    /// The record holds something beside it, or several of what an entry has one of, of which all but one are hidden.
    Odd(&'static str),
}

/// Finds the message of an entry in its record.
pub(crate) fn message_place(entry: &Entry) -> MessagePlace {
    const SEVERAL: &str = "a record with several values of one field";
    if entry.has_unknown_fields {
        return MessagePlace::Odd("a record with fields that no entry has");
    }
    let record = &entry.record;
    let mut fields = Fields::new(record, 0..record.len());
    let (mut any, mut has_method) = (None, false);
    // It was read once before.
    let mut start = 0;
    while let Ok(Some((tag, _))) = fields.next() {
        let range = start..fields.cursor.position;
        start = range.end;
        if tag == METHOD && std::mem::replace(&mut has_method, true) || tag == MESSAGE && any.replace(range).is_some() {
            return MessagePlace::Odd(SEVERAL);
        }
    }
    let (Some(any), Some(AnyRanges { value, .. })) = (any, &entry.message) else { return MessagePlace::None };
    let content = any.end - content_bytes(record, any.clone())..any.end;
    let mut fields = Fields::new(record, content.clone());
    let (mut place, mut has_url) = (None, false);
    let mut start = content.start;
    while let Ok(Some((tag, _))) = fields.next() {
        let range = start..fields.cursor.position;
        start = range.end;
        if tag == ANY_TYPE_URL && std::mem::replace(&mut has_url, true)
            || tag == ANY_VALUE && place.replace(range).is_some()
        {
            return MessagePlace::Odd(SEVERAL);
        }
    }
    match place {
        Some(place) if !value.is_empty() => MessagePlace::At { any, value: place },
        Some(_) | None => MessagePlace::None,
    }
}

/// How many bytes stand behind the tag and the length of a field.
fn content_bytes(record: &[u8], field: Range<usize>) -> usize {
    match Cursor::new(record, field).quick_field() {
        Some((_, _, WireValue::Span { start, end })) => (end - start) as usize,
        Some((_, _, WireValue::Bits(_))) | None => 0,
    }
}

impl Entry {
    /// The entry with another record that says the same of everything but its message. Its text is not kept.
    pub(crate) fn with_record(&self, record: Vec<u8>) -> Result<Entry, (Fault, u64)> {
        let entry = decode(record.into(), self.index, self.offset)?;
        Ok(Entry { line: self.line, is_pinned: self.is_pinned, ignored_wire: self.ignored_wire, ..entry })
    }

    /// The same of a record that may be too long.
    pub(crate) fn with_whole_record(&self, record: Vec<u8>) -> Result<Entry> {
        let (bytes, limit_bytes) = (record.len() as u64, u64::from(u32::MAX));
        if bytes > limit_bytes {
            return Err(ErrorKind::TooLong { what: "record", bytes, limit_bytes }.into());
        }
        self.with_record(record).map_err(|(fault, _)| fault.into())
    }

    /// The entry without the text that it was read from.
    pub(crate) fn without_text(self) -> Entry {
        Entry { text: None, ..self }
    }

    /// The entry with its text in a text recording.
    pub(crate) fn with_text(self, text: Vec<u8>) -> Entry {
        Entry { text: Some(Box::new(EntryBody { bytes: text.into(), ref_index: None })), ..self }
    }
}

/// Whether an entry's record is what [`Entry::encode`] makes of what it says.
pub(super) fn is_plain(entry: &Entry) -> bool {
    if entry.has_unknown_fields {
        return false;
    }
    let mut last = 0;
    let mut cursor = Cursor::new(&entry.record, 0..entry.record.len());
    while let Some((end, tag, value)) = cursor.quick_field() {
        let is_default = match value {
            WireValue::Bits(bits) => bits == 0,
            WireValue::Span { start, end } => tag != MESSAGE && start == end,
        };
        let is_short = end - cursor.position == least_bytes(tag, value);
        let is_whole = match (tag, value) {
            (MESSAGE, WireValue::Span { start, end }) => is_plain_any(&entry.record, start..end),
            (KIND | REF_INDEX, WireValue::Bits(bits)) => bits as i32 as i64 as u64 == bits,
            (IS_ERROR, WireValue::Bits(bits)) => bits == 1,
            (EXTENSION, WireValue::Span { start, end }) => {
                extension::is_plain(&entry.record, start as usize..end as usize)
            }
            _ => true,
        };
        if is_default || !is_short || !is_whole || tag.number() <= last {
            return false;
        }
        last = tag.number();
        cursor.position = end;
    }
    cursor.is_at_end()
}

fn is_plain_any(record: &[u8], range: Range<u32>) -> bool {
    let mut last = 0;
    let mut cursor = Cursor::new(record, range.start as usize..range.end as usize);
    while let Some((end, tag, value)) = cursor.quick_field() {
        let is_empty = matches!(value, WireValue::Span { start, end } if start == end);
        if is_empty || end - cursor.position != least_bytes(tag, value) || tag.number() <= last {
            return false;
        }
        last = tag.number();
        cursor.position = end;
    }
    cursor.is_at_end()
}

/// The record with `ref_index` replaced, every other byte as it was.
///
/// The last of several is the one that counts, so that is the one replaced; a record without any gets one at its end.
pub(super) fn with_ref_index(record: &[u8], ref_index: i32) -> Result<Vec<u8>, (Fault, u64)> {
    let mut place = record.len()..record.len();
    let mut fields = Fields::new(record, 0..record.len());
    loop {
        let start = fields.cursor.position;
        let Some((tag, _)) = fields.next()? else { break };
        if tag == REF_INDEX {
            place = start..fields.cursor.position;
        }
    }
    let mut spliced = Vec::with_capacity(record.len() + 6);
    spliced.extend_from_slice(&record[..place.start]);
    put_varint(&mut spliced, REF_INDEX.number(), ref_index as i64 as u64);
    spliced.extend_from_slice(&record[place.end..]);
    Ok(spliced)
}

/// Appends a length-delimited field, and says where its value stands; a field that is empty stands nowhere.
fn put_text(out: &mut Vec<u8>, tag: Tag, bytes: &[u8]) -> Range<u32> {
    put_unless_empty(out, tag.number(), bytes);
    if bytes.is_empty() { 0..0 } else { (out.len() - bytes.len()) as u32..out.len() as u32 }
}
