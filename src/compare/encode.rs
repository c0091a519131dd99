//! The bytes that values are hashed as. Two values have the same bytes if, and only if, they say the same.

use crate::schema::{Field, Scalar};

/// What follows a field's number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Value = 0,
    Message = 1,
    List = 2,
    Map = 3,
    Unknown = 4,
    Folded = 5,
    Any = 6,
    Unopened = 7,
}

/// What ends a message, list or map: no field has the number 0.
const END: u8 = 0;

pub(super) fn put_field(out: &mut Vec<u8>, field: &Field, mark: Mark) {
    put_number(out, field.number(), mark);
}

#[inline]
pub(super) fn put_number(out: &mut Vec<u8>, number: u32, mark: Mark) {
    crate::wire::push_varint(out, u64::from(number) << 3 | mark as u64);
}

pub(super) fn put_end(out: &mut Vec<u8>) {
    out.push(END);
}

pub(super) fn put_length(out: &mut Vec<u8>, length: usize) {
    crate::wire::push_varint(out, length as u64);
}

/// Appends a value. Numbers have the same bytes whatever their size, so that an identifier is known again in a field of another
/// type; of texts the same holds for strings and `bytes`.
#[inline]
pub(super) fn put_scalar(out: &mut Vec<u8>, value: Scalar<'_>) {
    let (letter, bits) = match value {
        Scalar::Bool(value) => (b'b', u64::from(value)),
        Scalar::I32(value) => (b'i', i64::from(value) as u64),
        Scalar::I64(value) => (b'i', value as u64),
        Scalar::U32(value) => (b'i', u64::from(value)),
        // Beyond what an `int64` holds they are no number that one has.
        Scalar::U64(value) => (if i64::try_from(value).is_ok() { b'i' } else { b'u' }, value),
        Scalar::F32(value) => (b'f', if value.is_nan() { f64::NAN.to_bits() } else { f64::from(value).to_bits() }),
        Scalar::F64(value) => (b'd', if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }),
        Scalar::Enum(value, _) => (b'e', i64::from(value) as u64),
        Scalar::String(text) | Scalar::Bytes(text) => {
            out.push(b's');
            put_length(out, text.len());
            out.extend_from_slice(text);
            return;
        }
    };
    let mut block = [letter, 0, 0, 0, 0, 0, 0, 0, 0];
    block[1..].copy_from_slice(&bits.to_le_bytes());
    out.extend_from_slice(&block);
}

/// The hash by which a value is known again elsewhere in its recording.
pub(super) fn hash_of(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// [`hash_of`] a value that is no message.
pub(super) fn hash_of_value(value: Scalar<'_>) -> u64 {
    let mut bytes = Vec::new();
    put_scalar(&mut bytes, value);
    hash_of(&bytes)
}

/// [`hash_of`] a timestamp or duration.
pub(super) fn hash_of_time(seconds: i64, nanos: i32) -> u64 {
    let mut bytes = Vec::new();
    for (number, value) in [(1, seconds), (2, nanos.into())] {
        if value != 0 {
            put_number(&mut bytes, number, Mark::Value);
            put_scalar(&mut bytes, Scalar::I64(value));
        }
    }
    put_end(&mut bytes);
    hash_of(&bytes)
}
