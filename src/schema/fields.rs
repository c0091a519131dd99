//! The fields of a serialized message, one after the other, as slices of it.
//!
//! For descriptors, of which mostly a few names are wanted; messages in recordings are the walker's.

use crate::wire::{Cursor, Fault, Groups, WireType, WireValue};

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
    Fields { message, cursor: Cursor::new(message, 0..message.len()), groups: Groups::default(), has_failed: false }
}

/// The iterator that [`fields`] returns.
pub(super) struct Fields<'a> {
    message: &'a [u8],
    cursor: Cursor<'a>,
    groups: Groups,
    has_failed: bool,
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<Field<'a>, Fault> {
        if u32::try_from(self.message.len()).is_err() {
            return Err(Fault::TooLong);
        }
        let start = self.cursor.position;
        let (tag, value) = self.cursor.field(&mut self.groups)?;
        let value = match value {
            WireValue::Bits(bits) if tag.wire_type() == WireType::Varint as u32 => Value::Varint(bits),
            WireValue::Span { start, end } if tag.wire_type() == WireType::Bytes as u32 => {
                Value::Bytes(&self.message[start as usize..end as usize])
            }
            WireValue::Bits(_) | WireValue::Span { .. } => Value::Other,
        };
        Ok(Field { number: tag.number(), value, raw: &self.message[start..self.cursor.position] })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed || self.cursor.is_at_end() {
            return None;
        }
        let field = self.field();
        self.has_failed = field.is_err();
        Some(field)
    }
}
