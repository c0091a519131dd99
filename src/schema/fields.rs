//! The fields of a serialized message, one after the other, as slices of it.
//!
//! For descriptors, of which mostly a few names are wanted; messages in recordings are the walker's.

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field};

/// One field as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) number: u32,
    pub(super) value: Value<'a>,
    /// Key and value.
    pub(super) raw: &'a [u8],
}

/// The value of a field, as far as the wire tells it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// A fixed-width number or a group, which no field that we look at has.
    Other,
}

impl<'a> Field<'a> {
    /// The bytes of a length-delimited field, nothing of any other.
    pub(super) fn bytes(&self) -> &'a [u8] {
        match self.value {
            Value::Bytes(bytes) => bytes,
            Value::Varint(_) | Value::Other => &[],
        }
    }

    /// The text of a length-delimited field, empty if it is none or not UTF-8.
    pub(super) fn text(&self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The number of a varint field as an enum or `int32` has it, 0 for any other.
    pub(super) fn int(&self) -> i32 {
        match self.value {
            Value::Varint(value) => value as i32,
            Value::Bytes(_) | Value::Other => 0,
        }
    }
}

/// Iterates over the fields of `message`; ends after the first error.
pub(super) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

/// The iterator that [`fields`] returns.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<Field<'a>, DecodeError> {
        let start = self.rest;
        let (number, wire_type) = decode_key(&mut self.rest)?;
        let mut value = self.rest;
        skip_field(wire_type, number, &mut self.rest, DecodeContext::default())?;
        let value = match wire_type {
            WireType::Varint => Value::Varint(decode_varint(&mut value)?),
            WireType::LengthDelimited => {
                decode_varint(&mut value)?;
                Value::Bytes(&value[..value.len() - self.rest.len()])
            }
            WireType::SixtyFourBit | WireType::ThirtyTwoBit | WireType::StartGroup | WireType::EndGroup => Value::Other,
        };
        Ok(Field { number, value, raw: &start[..start.len() - self.rest.len()] })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Appends a length-delimited field.
pub(super) fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends a varint field.
pub(super) fn put_varint(out: &mut Vec<u8>, number: u32, value: u64) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}
