//! Messages that have a form of their own in JSON.

use super::any::{BytesInPlace, InPlace};
use super::lexer::Lexer;
use super::scalar::{plain_double, wrong};
use super::{Ends, Frame, JsonReader, Message, Result, quick, value};
use crate::entry::type_name;
use crate::schema::layout::{Layout, LayoutId};
use crate::schema::well_known::WellKnown;
use crate::wire::{WireType, push_tag, put_bytes, put_varint};

const MASK_PATHS: u32 = 1;
const VALUE_NULL: u32 = 1;
const VALUE_NUMBER: u32 = 2;
const VALUE_STRING: u32 = 3;
const VALUE_BOOL: u32 = 4;
const VALUE_STRUCT: u32 = 5;
const VALUE_LIST: u32 = 6;

impl<'s> JsonReader<'s> {
    /// Reads a message that has a form of its own, or its beginning.
    pub(super) fn well_known(
        &mut self,
        lexer: &mut Lexer<'_>,
        well_known: WellKnown,
        id: LayoutId,
        layout: &'s Layout,
        ends: Ends,
    ) -> Result<()> {
        match well_known {
            WellKnown::Any => {
                self.any_object(lexer, ends, None)?;
                return Ok(());
            }
            WellKnown::Empty => {
                if lexer.peek() != b'{' {
                    return Err(lexer.mismatch("an object"));
                }
                lexer.at += 1;
                let content = self.out.mark();
                self.push_message(Message { ends, content, ..Message::new(id, layout, 0) });
                return Ok(());
            }
            _ => {}
        }
        if well_known == WellKnown::Value {
            // Its depth was counted.
            return self.json_value_of(lexer, ends);
        }
        let start = *lexer;
        if let Some(bytes) = self.bytes_in_place(lexer, InPlace::Message)? {
            if type_name(bytes.type_url) == layout.full_name() {
                self.out.bytes.extend_from_slice(&bytes.wire);
                self.end(ends);
                return Ok(());
            }
            *lexer = start;
        }
        match well_known {
            WellKnown::Any | WellKnown::Empty | WellKnown::Value => unreachable!("they came before"),
            WellKnown::Timestamp => {
                self.time(lexer, "a point in time, such as \"2026-11-29T08:00:00.5Z\"", value::timestamp)?
            }
            WellKnown::Duration => self.time(lexer, "a duration, such as \"1.5s\"", value::duration)?,
            WellKnown::FieldMask => self.field_mask(lexer)?,
            WellKnown::Wrapper => self.singular(lexer, &layout.fields()[0])?,
            WellKnown::Struct => {
                if lexer.peek() != b'{' {
                    return Err(lexer.mismatch("an object"));
                }
                lexer.at += 1;
                self.push_struct(ends);
                return Ok(());
            }
            WellKnown::ListValue => {
                if lexer.peek() != b'[' {
                    return Err(lexer.mismatch("a list"));
                }
                lexer.at += 1;
                self.frames.push(Frame::Array { ends, index: 0 });
                return Ok(());
            }
        }
        self.end(ends);
        Ok(())
    }

    pub(super) fn push_struct(&mut self, ends: Ends) {
        let first_key = self.keys.len() as u32;
        self.frames.push(Frame::Struct { ends, first_key, key: (0, 0), is_first: true });
    }

    /// Reads a point in time as programs write it, and says whether that is what came next.
    pub(super) fn quick_timestamp(&mut self, lexer: &mut Lexer<'_>) -> bool {
        let text = lexer.text();
        let at = lexer.at + quick::blanks(text, lexer.at);
        let Some(end) = quick::string(text, at) else { return false };
        let Some((seconds, nanos)) = value::timestamp(&text[at + 1..end]) else { return false };
        quick::put_time(&mut self.out, seconds, nanos);
        lexer.at = end + 1;
        true
    }

    pub(super) fn time(
        &mut self,
        lexer: &mut Lexer<'_>,
        expected: &'static str,
        read: fn(&[u8]) -> Option<(i64, i32)>,
    ) -> Result<()> {
        if lexer.peek() != b'"' {
            return Err(lexer.mismatch(expected));
        }
        let raw = lexer.string(expected)?;
        let text = raw.unescape()?;
        let (seconds, nanos) = read(&text).ok_or_else(|| wrong(raw, expected))?;
        quick::put_time(&mut self.out, seconds, nanos);
        Ok(())
    }

    pub(super) fn field_mask(&mut self, lexer: &mut Lexer<'_>) -> Result<()> {
        const EXPECTED: &str = "paths in camel case with commas between them";
        if lexer.peek() != b'"' {
            return Err(lexer.mismatch(EXPECTED));
        }
        let raw = lexer.string(EXPECTED)?;
        let text = raw.unescape()?;
        if text.is_empty() {
            return Ok(());
        }
        for path in text.split(|&byte| byte == b',') {
            let path = value::snake_case_path(path).ok_or_else(|| wrong(raw, EXPECTED))?;
            put_bytes(&mut self.out.bytes, MASK_PATHS, &path);
        }
        Ok(())
    }

    /// Reads a `Value` whose length was begun, or its beginning.
    pub(super) fn json_value(&mut self, lexer: &mut Lexer<'_>, ends: Ends) -> Result<()> {
        self.deeper(lexer)?;
        self.json_value_of(lexer, ends)
    }

    /// Reads a `Value` whose depth was counted, too, or its beginning.
    fn json_value_of(&mut self, lexer: &mut Lexer<'_>, ends: Ends) -> Result<()> {
        let start = *lexer;
        if let Some(bytes) = self.bytes_in_place(lexer, InPlace::Message)? {
            if self.put_value_in_place(&bytes) {
                self.end(ends);
                return Ok(());
            }
            *lexer = start;
        }
        self.json_value_inside(lexer, ends)
    }

    /// Writes a `Value` whose bytes stand in its place, or those of the message in it that is its JSON, and says whether they
    /// are of such a type: keys of a `Struct` may look the same.
    fn put_value_in_place(&mut self, bytes: &BytesInPlace<'_>) -> bool {
        match type_name(bytes.type_url) {
            "google.protobuf.Struct" => put_bytes(&mut self.out.bytes, VALUE_STRUCT, &bytes.wire),
            "google.protobuf.ListValue" => put_bytes(&mut self.out.bytes, VALUE_LIST, &bytes.wire),
            "google.protobuf.Value" => self.out.bytes.extend_from_slice(&bytes.wire),
            _ => return false,
        }
        true
    }

    pub(super) fn json_value_inside(&mut self, lexer: &mut Lexer<'_>, ends: Ends) -> Result<()> {
        let nested = Ends { lengths: ends.lengths + 1, messages: ends.messages + 1, drops_empty: false };
        match lexer.peek() {
            b'n' if lexer.word(b"null") => put_varint(&mut self.out.bytes, VALUE_NULL, 0),
            b't' if lexer.word(b"true") => put_varint(&mut self.out.bytes, VALUE_BOOL, 1),
            b'f' if lexer.word(b"false") => put_varint(&mut self.out.bytes, VALUE_BOOL, 0),
            b'-' | b'0'..=b'9' => {
                let number = plain_double(lexer, "a double")?;
                push_tag(&mut self.out.bytes, VALUE_NUMBER, WireType::Fixed64);
                self.out.bytes.extend_from_slice(&number.to_le_bytes());
            }
            b'"' => {
                let raw = lexer.string("a value")?;
                self.put_string(VALUE_STRING, raw)?;
            }
            b'{' => {
                if let Some(bytes) = self.bytes_in_place(lexer, InPlace::String)? {
                    put_bytes(&mut self.out.bytes, VALUE_STRING, &bytes.wire);
                    self.end(ends);
                    return Ok(());
                }
                lexer.at += 1;
                self.deeper(lexer)?;
                push_tag(&mut self.out.bytes, VALUE_STRUCT, WireType::Bytes);
                self.begin_length();
                // What ends with the value are its length and those around it.
                self.push_struct(nested);
                return Ok(());
            }
            b'[' => {
                lexer.at += 1;
                self.deeper(lexer)?;
                push_tag(&mut self.out.bytes, VALUE_LIST, WireType::Bytes);
                self.begin_length();
                self.frames.push(Frame::Array { ends: nested, index: 0 });
                return Ok(());
            }
            _ => return Err(lexer.unexpected("a value")),
        }
        self.end(ends);
        Ok(())
    }
}
