//! [`Checksum`]: fields that tell whether another one is as it was sent, and have to follow when it changes.

use crate::glob::Glob;
use crate::schema::{
    ChangedMessage, Field, FieldAt, FieldValue, Layout, Number, Schema, Shape, Type, WellKnown, put_number,
};
use crate::wire::{Cursor, WireValue, push_tag};

/// A field that holds the CRC32C of another one beside it.
#[derive(Debug, Clone)]
pub struct Checksum {
    /// The messages that have the two fields.
    pub message: Glob,
    /// The field with the checksum: a number, or a wrapper of one.
    pub field: String,
    /// The field whose bytes it is made of, a string or bytes.
    pub of: String,
}

/// What Google's APIs call checksums: `data_crc32c` beside `data` in Secret Manager, `plaintext_crc32c` and `ciphertext_crc32c` in
/// Cloud KMS, and so on; `crc32c` beside `content` in Cloud Storage.
///
/// Source: `google/cloud/secretmanager/v1/resources.proto`, `google/cloud/kms/v1/service.proto`, `google/storage/v2/storage.proto`.
pub(super) fn known() -> Vec<Checksum> {
    let known = |message: &str, field: &str, of: &str| Checksum {
        message: message.parse().expect("a pattern"),
        field: field.to_owned(),
        of: of.to_owned(),
    };
    vec![known("*", "*_crc32c", "*"), known("google.storage.v*.ChecksummedData", "crc32c", "content")]
}

/// What the names of fields hold that can't be kept right: digests of other kinds, sizes, signatures.
const DIGESTS: [&str; 9] = ["md5", "sha1", "sha256", "sha384", "sha512", "digest", "checksum", "hash", "signature"];

impl Checksum {
    /// The field that it is made of, if it is one of this message's.
    fn source<'l>(&self, layout: &'l Layout, field: &Field) -> Option<&'l Field> {
        let name = match self.field.strip_prefix('*') {
            None if self.field == field.name() => self.of.as_str(),
            Some(ending) => field.name().strip_suffix(ending).filter(|stem| !stem.is_empty())?,
            None => return None,
        };
        let of = layout.fields().iter().find(|of| of.name() == name && matches!(of.shape(), Shape::Singular))?;
        (self.message.matches_all(layout.full_name()) && matches!(of.ty(), Type::String | Type::Bytes)).then_some(of)
    }
}

/// Corrects the checksums in a message of which fields were changed, and calls `warn` with the names of fields that can't be kept
/// right.
pub(super) fn correct(
    message: &mut ChangedMessage<'_, '_>,
    checksums: &[Checksum],
    schema: &Schema,
    mut warn: impl FnMut(&str),
) {
    let layout = message.layout;
    let is_digest = |field: &Field| DIGESTS.iter().any(|digest| field.name().contains(digest));
    let is_checksum = |field: &Field| checksums.iter().any(|checksum| checksum.source(layout, field).is_some());
    if !layout.fields().iter().any(|field| is_digest(field) || is_checksum(field)) {
        return;
    }
    // The last of several values is the one that counts.
    let mut changed: Vec<(usize, Vec<u8>, Vec<u8>)> = Vec::new();
    message.fields(|index, is_changed, at| {
        let is_source = matches!(layout.fields()[index].shape(), Shape::Singular);
        if let FieldValue::Bytes(old) = at.value
            && is_changed
            && is_source
        {
            changed.retain(|(other, ..)| *other != index);
            let new = message.new_value(&at).unwrap_or_default();
            changed.push((index, old.to_vec(), new.to_vec()));
        }
    });
    let mut corrections = Vec::new();
    message.fields(|index, is_changed, FieldAt { range, value }| {
        let field = &layout.fields()[index];
        if is_changed || !matches!(field.shape(), Shape::Singular) {
            return;
        }
        let source = checksums.iter().find_map(|checksum| checksum.source(layout, field));
        let Some(source) = source else {
            if is_digest(field) {
                warn(field.name());
            }
            return;
        };
        let Some((_, old, new)) = changed.iter().find(|(of, ..)| *of == source.index()) else { return };
        let of_old = u64::from(crc32c::crc32c(old));
        let of_new = Number { bits: crc32c::crc32c(new).into() };
        let wrapped = field.ty().message().map(|id| schema.layout(id));
        match (&value, wrapped) {
            (FieldValue::Number(bits), None) if bits & u64::from(u32::MAX) == of_old => {
                corrections.push((range, field, None, of_new));
            }
            (FieldValue::Bytes(content), Some(wrapper))
                if wrapper.well_known() == Some(WellKnown::Wrapper) && number_in(content) == Some(of_old) =>
            {
                corrections.push((range, field, wrapper.fields().first(), of_new));
            }
            // It was wrong before, or is something else.
            _ => warn(field.name()),
        }
    });
    for (range, field, wrapped, number) in corrections {
        match wrapped {
            None => message.replace_number(range, field.ty(), number),
            Some(wrapped) => {
                let mut content = Vec::new();
                push_tag(&mut content, wrapped.number(), wrapped.ty().wire_type());
                put_number(&mut content, wrapped.ty(), number);
                message.replace_bytes(range, &content);
            }
        }
    }
}

/// The number in a wrapper.
fn number_in(content: &[u8]) -> Option<u64> {
    let mut number = Some(0);
    let mut cursor = Cursor::new(content, 0..content.len());
    while let Some((end, tag, value)) = cursor.quick_field() {
        match value {
            WireValue::Bits(bits) if tag.number() == 1 => number = Some(bits & u64::from(u32::MAX)),
            _ => return None,
        }
        cursor.position = end;
    }
    number.filter(|_| cursor.is_at_end())
}
