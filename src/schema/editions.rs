//! Lowers files of editions 2023 and 2024 to proto2 or proto3, which is all that prost-reflect knows.
//!
//! prost-reflect panics on the syntax "editions" and prost-types drops `features`, so this works on the serialized file.
//! Features are resolved as the language says, from file to message to field, and said again in older words:
//!
//! | feature | becomes |
//! |---|---|
//! | `field_presence` | label `required`; in proto3 `proto3_optional`, but without the oneof that protoc would add |
//! | `repeated_field_encoding` | the option `packed` |
//! | `message_encoding` | type group, except for maps, which are never delimited |
//! | `enum_type` | the syntax of the file; see below |
//! | `utf8_validation` | the syntax of the file; see below |
//!
//! A file becomes proto3, unless it is proto2 in all but name (closed enums only, no implicit presence) or has an enum
//! that does not begin with zero. Enums and strings that are not what the syntax makes of them keep their feature as an
//! option, resolved; [`enum_is_closed`] and [`field_checks_utf8`] tell both.
//!
//! What cannot be said: implicit presence in a file that also has an enum that does not begin with zero (such a field
//! shows a zero that stands on the wire), and field names that differ only in case or underscores in a file that becomes
//! proto3 (prost-reflect refuses them). Naming styles and symbol visibility mean nothing here.

use std::borrow::Cow;

use prost::{DecodeError, Message};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Syntax};

use super::fields::{Field, fields, put_bytes, put_varint};

/// The depth of nested messages at which lowering gives up; prost decodes no more than that either.
const DEPTH_LIMIT: usize = 100;

/// Why a file cannot be lowered.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum LowerError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("edition {0} is not known, only 2023 and 2024 are")]
    Edition(i32),
    #[error("messages nest deeper than {DEPTH_LIMIT}")]
    Depth,
}

/// Whether values that the enum does not define are unknown fields to it.
pub(crate) fn enum_is_closed(descriptor: &EnumDescriptor) -> bool {
    let kept = descriptor.enum_descriptor_proto().options.is_some().then(|| {
        let options = descriptor.options().encode_to_vec();
        Kept::read(&options, tag::ENUM_FEATURES).enum_type
    });
    match kept.flatten() {
        Some(kept) => kept == CLOSED,
        None => descriptor.parent_file().syntax() == Syntax::Proto2,
    }
}

/// Whether a string field must be UTF-8.
pub(crate) fn field_checks_utf8(descriptor: &FieldDescriptor) -> bool {
    let kept = descriptor.field_descriptor_proto().options.is_some().then(|| {
        let options = descriptor.options().encode_to_vec();
        Kept::read(&options, tag::FIELD_FEATURES).utf8_validation
    });
    match kept.flatten() {
        Some(kept) => kept == VERIFY,
        None => descriptor.parent_file().syntax() == Syntax::Proto3,
    }
}

/// The two features that lowering leaves in the options.
#[derive(Default)]
struct Kept {
    enum_type: Option<i32>,
    utf8_validation: Option<i32>,
}

impl Kept {
    fn read(options: &[u8], features: u32) -> Kept {
        let mut kept = Kept::default();
        for feature in fields(options).flatten().filter(|field| field.number == features) {
            for field in fields(feature.bytes()).flatten() {
                match field.number {
                    tag::ENUM_TYPE => kept.enum_type = Some(field.int()),
                    tag::UTF8_VALIDATION => kept.utf8_validation = Some(field.int()),
                    _ => {}
                }
            }
        }
        kept
    }
}

const EDITION_2023: i32 = 1000;
const EDITION_2024: i32 = 1001;

const IMPLICIT: i32 = 2;
const LEGACY_REQUIRED: i32 = 3;
const OPEN: i32 = 1;
const CLOSED: i32 = 2;
const PACKED: i32 = 1;
const VERIFY: i32 = 2;
const DELIMITED: i32 = 2;

/// Field numbers of `descriptor.proto`.
mod tag {
    pub(super) const FILE_PACKAGE: u32 = 2;
    pub(super) const FILE_MESSAGE: u32 = 4;
    pub(super) const FILE_ENUM: u32 = 5;
    pub(super) const FILE_EXTENSION: u32 = 7;
    pub(super) const FILE_OPTIONS: u32 = 8;
    pub(super) const FILE_SYNTAX: u32 = 12;
    pub(super) const FILE_EDITION: u32 = 14;
    pub(super) const FILE_FEATURES: u32 = 50;

    pub(super) const MESSAGE_NAME: u32 = 1;
    pub(super) const MESSAGE_FIELD: u32 = 2;
    pub(super) const MESSAGE_MESSAGE: u32 = 3;
    pub(super) const MESSAGE_ENUM: u32 = 4;
    pub(super) const MESSAGE_EXTENSION: u32 = 6;
    pub(super) const MESSAGE_OPTIONS: u32 = 7;
    pub(super) const MESSAGE_MAP_ENTRY: u32 = 7;
    pub(super) const MESSAGE_FEATURES: u32 = 12;

    pub(super) const FIELD_EXTENDEE: u32 = 2;
    pub(super) const FIELD_LABEL: u32 = 4;
    pub(super) const FIELD_TYPE: u32 = 5;
    pub(super) const FIELD_TYPE_NAME: u32 = 6;
    pub(super) const FIELD_OPTIONS: u32 = 8;
    pub(super) const FIELD_ONEOF_INDEX: u32 = 9;
    pub(super) const FIELD_PROTO3_OPTIONAL: u32 = 17;
    pub(super) const FIELD_PACKED: u32 = 2;
    pub(super) const FIELD_FEATURES: u32 = 21;

    pub(super) const ENUM_VALUE: u32 = 2;
    pub(super) const ENUM_OPTIONS: u32 = 3;
    pub(super) const ENUM_FEATURES: u32 = 7;
    pub(super) const ENUM_VALUE_NUMBER: u32 = 2;

    pub(super) const FIELD_PRESENCE: u32 = 1;
    pub(super) const ENUM_TYPE: u32 = 2;
    pub(super) const REPEATED_FIELD_ENCODING: u32 = 3;
    pub(super) const UTF8_VALIDATION: u32 = 4;
    pub(super) const MESSAGE_ENCODING: u32 = 5;
}

const LABEL_REQUIRED: i32 = 2;
const LABEL_REPEATED: i32 = 3;
const TYPE_STRING: i32 = 9;
const TYPE_GROUP: i32 = 10;
const TYPE_MESSAGE: i32 = 11;
const TYPE_BYTES: i32 = 12;

/// Resolved features; numbers as in `google.protobuf.FeatureSet`.
#[derive(Clone, Copy)]
struct Features {
    field_presence: i32,
    enum_type: i32,
    repeated_field_encoding: i32,
    utf8_validation: i32,
    message_encoding: i32,
}

impl Features {
    /// The defaults of editions 2023 and 2024, which agree in all that matters here.
    const DEFAULT: Features = Features {
        field_presence: 1,
        enum_type: OPEN,
        repeated_field_encoding: PACKED,
        utf8_validation: VERIFY,
        message_encoding: 1,
    };

    /// What remains when the options of an inner element are laid over these.
    fn with(mut self, options: &[u8], features: u32) -> Result<Features, DecodeError> {
        for option in fields(options) {
            let option = option?;
            if option.number != features {
                continue;
            }
            for feature in fields(option.bytes()) {
                let feature = feature?;
                let value = feature.int();
                match feature.number {
                    tag::FIELD_PRESENCE => self.field_presence = value,
                    tag::ENUM_TYPE => self.enum_type = value,
                    tag::REPEATED_FIELD_ENCODING => self.repeated_field_encoding = value,
                    tag::UTF8_VALIDATION => self.utf8_validation = value,
                    tag::MESSAGE_ENCODING => self.message_encoding = value,
                    _ => {}
                }
            }
        }
        Ok(self)
    }
}

/// Returns the file as it is if it has a syntax of old, else its lowered form.
pub(super) fn lower(file: &[u8]) -> Result<Cow<'_, [u8]>, LowerError> {
    let mut edition = None;
    let mut options = Vec::new();
    let mut scope = String::new();
    for field in fields(file) {
        let field = field?;
        match field.number {
            tag::FILE_SYNTAX if field.text() == "editions" => edition = edition.or(Some(0)),
            tag::FILE_EDITION => edition = Some(field.int()),
            tag::FILE_OPTIONS => options.extend_from_slice(field.bytes()),
            tag::FILE_PACKAGE if !field.text().is_empty() => scope = format!(".{}", field.text()),
            _ => {}
        }
    }
    // Before editions 998 and 999 stood for proto2 and proto3, and nobody wrote them.
    match edition {
        None => return Ok(Cow::Borrowed(file)),
        Some(EDITION_2023 | EDITION_2024) => {}
        Some(other) => return Err(LowerError::Edition(other)),
    }
    let features = Features::DEFAULT.with(&options, tag::FILE_FEATURES)?;
    let mut found = Found::default();
    found.file(file, features)?;
    let lowering = Lowering { proto3: found.proto3() };
    let mut out = Vec::with_capacity(file.len() + 64);
    for field in fields(file) {
        let field = field?;
        match field.number {
            tag::FILE_MESSAGE => {
                let message = lowering.message(field.bytes(), features, &scope, 0)?;
                put_bytes(&mut out, field.number, &message);
            }
            tag::FILE_ENUM => put_bytes(&mut out, field.number, &lowering.enumeration(field.bytes(), features)?),
            tag::FILE_EXTENSION => {
                let extension = lowering.field(field.bytes(), features, &Owner::File)?;
                put_bytes(&mut out, field.number, &extension);
            }
            tag::FILE_SYNTAX | tag::FILE_EDITION => {}
            _ => out.extend_from_slice(field.raw),
        }
    }
    if lowering.proto3 {
        put_bytes(&mut out, tag::FILE_SYNTAX, b"proto3");
    }
    Ok(Cow::Owned(out))
}

/// What was found in a file that decides on its syntax.
#[derive(Default)]
struct Found {
    implicit_presence: bool,
    open_enum: bool,
    closed_enum: bool,
    enum_without_zero: bool,
}

impl Found {
    fn proto3(&self) -> bool {
        let proto2_but_in_name = self.closed_enum && !self.open_enum && !self.implicit_presence;
        !self.enum_without_zero && !proto2_but_in_name
    }

    fn file(&mut self, file: &[u8], features: Features) -> Result<(), LowerError> {
        for field in fields(file) {
            let field = field?;
            match field.number {
                tag::FILE_MESSAGE => self.message(field.bytes(), features, 0)?,
                tag::FILE_ENUM => self.enumeration(field.bytes(), features)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn message(&mut self, message: &[u8], features: Features, depth: usize) -> Result<(), LowerError> {
        if depth == DEPTH_LIMIT {
            return Err(LowerError::Depth);
        }
        let features = features.with(&joined(message, tag::MESSAGE_OPTIONS)?, tag::MESSAGE_FEATURES)?;
        for field in fields(message) {
            let field = field?;
            match field.number {
                tag::MESSAGE_FIELD => {
                    let features = features.with(&joined(field.bytes(), tag::FIELD_OPTIONS)?, tag::FIELD_FEATURES)?;
                    self.implicit_presence |= features.field_presence == IMPLICIT;
                }
                tag::MESSAGE_MESSAGE => self.message(field.bytes(), features, depth + 1)?,
                tag::MESSAGE_ENUM => self.enumeration(field.bytes(), features)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn enumeration(&mut self, enumeration: &[u8], features: Features) -> Result<(), LowerError> {
        let features = features.with(&joined(enumeration, tag::ENUM_OPTIONS)?, tag::ENUM_FEATURES)?;
        let closed = features.enum_type == CLOSED;
        self.closed_enum |= closed;
        self.open_enum |= !closed;
        let first = fields(enumeration).flatten().find(|field| field.number == tag::ENUM_VALUE);
        let number = first.map_or(0, |value| {
            let number = fields(value.bytes()).flatten().find(|field| field.number == tag::ENUM_VALUE_NUMBER);
            number.map_or(0, |number| number.int())
        });
        self.enum_without_zero |= number != 0;
        Ok(())
    }
}

/// All occurrences of an embedded message, one after the other: to protobuf that is their merge.
fn joined(message: &[u8], number: u32) -> Result<Vec<u8>, DecodeError> {
    let mut all = Vec::new();
    for field in fields(message) {
        let field = field?;
        if field.number == number {
            all.extend_from_slice(field.bytes());
        }
    }
    Ok(all)
}

/// What a field belongs to, as far as its encoding depends on it.
enum Owner {
    File,
    Message { maps: Vec<String> },
    MapEntry,
}

struct Lowering {
    proto3: bool,
}

impl Lowering {
    fn message(&self, message: &[u8], features: Features, scope: &str, depth: usize) -> Result<Vec<u8>, LowerError> {
        if depth == DEPTH_LIMIT {
            return Err(LowerError::Depth);
        }
        let options = joined(message, tag::MESSAGE_OPTIONS)?;
        let features = features.with(&options, tag::MESSAGE_FEATURES)?;
        let name = fields(message).flatten().find(|field| field.number == tag::MESSAGE_NAME);
        let scope = format!("{scope}.{}", name.map_or("", |name| name.text()));
        let owner =
            if is_map_entry(&options) { Owner::MapEntry } else { Owner::Message { maps: maps(message, &scope)? } };
        let mut out = Vec::with_capacity(message.len() + 16);
        for field in fields(message) {
            let field = field?;
            match field.number {
                tag::MESSAGE_FIELD | tag::MESSAGE_EXTENSION => {
                    put_bytes(&mut out, field.number, &self.field(field.bytes(), features, &owner)?);
                }
                tag::MESSAGE_MESSAGE => {
                    put_bytes(&mut out, field.number, &self.message(field.bytes(), features, &scope, depth + 1)?);
                }
                tag::MESSAGE_ENUM => put_bytes(&mut out, field.number, &self.enumeration(field.bytes(), features)?),
                tag::MESSAGE_OPTIONS => {}
                _ => out.extend_from_slice(field.raw),
            }
        }
        put_options(&mut out, tag::MESSAGE_OPTIONS, without(&options, tag::MESSAGE_FEATURES)?);
        Ok(out)
    }

    fn field(&self, field: &[u8], features: Features, owner: &Owner) -> Result<Vec<u8>, LowerError> {
        let options = joined(field, tag::FIELD_OPTIONS)?;
        let features = features.with(&options, tag::FIELD_FEATURES)?;
        let (mut label, mut kind, mut type_name) = (1, 0, "");
        let (mut in_oneof, mut extends) = (false, false);
        let mut out = Vec::with_capacity(field.len() + 16);
        for part in fields(field) {
            let part = part?;
            match part.number {
                tag::FIELD_LABEL => label = part.int(),
                tag::FIELD_TYPE => kind = part.int(),
                tag::FIELD_OPTIONS | tag::FIELD_PROTO3_OPTIONAL => continue,
                tag::FIELD_TYPE_NAME => type_name = part.text(),
                tag::FIELD_ONEOF_INDEX => in_oneof = true,
                tag::FIELD_EXTENDEE => extends = true,
                _ => {}
            }
            if !matches!(part.number, tag::FIELD_LABEL | tag::FIELD_TYPE) {
                out.extend_from_slice(part.raw);
            }
        }
        let repeated = label == LABEL_REPEATED;
        let is_map = match owner {
            Owner::File => false,
            Owner::Message { maps } => repeated && maps.iter().any(|map| map == type_name),
            Owner::MapEntry => true,
        };
        if features.field_presence == LEGACY_REQUIRED && !repeated && !in_oneof && !extends {
            label = LABEL_REQUIRED;
        }
        if kind == TYPE_MESSAGE && features.message_encoding == DELIMITED && !is_map {
            kind = TYPE_GROUP;
        }
        put_varint(&mut out, tag::FIELD_LABEL, label as u64);
        if kind != 0 {
            put_varint(&mut out, tag::FIELD_TYPE, kind as u64);
        }
        // prost-reflect takes this for presence even of a field that stands in no oneof, and of a required one.
        let explicit = features.field_presence != IMPLICIT && !repeated && !in_oneof && !extends;
        if self.proto3 && explicit && !matches!(owner, Owner::MapEntry) {
            put_varint(&mut out, tag::FIELD_PROTO3_OPTIONAL, 1);
        }
        let mut options = without(&options, tag::FIELD_FEATURES)?;
        let packable = !matches!(kind, TYPE_STRING | TYPE_GROUP | TYPE_MESSAGE | TYPE_BYTES);
        let packed = features.repeated_field_encoding == PACKED;
        if repeated && packable && packed != self.proto3 {
            put_varint(&mut options, tag::FIELD_PACKED, u64::from(packed));
        }
        if kind == TYPE_STRING && (features.utf8_validation == VERIFY) != self.proto3 {
            put_feature(&mut options, tag::FIELD_FEATURES, tag::UTF8_VALIDATION, features.utf8_validation);
        }
        put_options(&mut out, tag::FIELD_OPTIONS, options);
        Ok(out)
    }

    fn enumeration(&self, enumeration: &[u8], features: Features) -> Result<Vec<u8>, LowerError> {
        let options = joined(enumeration, tag::ENUM_OPTIONS)?;
        let features = features.with(&options, tag::ENUM_FEATURES)?;
        let mut out = without(enumeration, tag::ENUM_OPTIONS)?;
        let mut options = without(&options, tag::ENUM_FEATURES)?;
        if (features.enum_type == CLOSED) == self.proto3 {
            put_feature(&mut options, tag::ENUM_FEATURES, tag::ENUM_TYPE, features.enum_type);
        }
        put_options(&mut out, tag::ENUM_OPTIONS, options);
        Ok(out)
    }
}

fn is_map_entry(options: &[u8]) -> bool {
    fields(options).flatten().any(|option| option.number == tag::MESSAGE_MAP_ENTRY && option.int() != 0)
}

/// The type names of the map entries that are nested in a message.
fn maps(message: &[u8], scope: &str) -> Result<Vec<String>, LowerError> {
    let mut maps = Vec::new();
    for nested in fields(message).flatten().filter(|field| field.number == tag::MESSAGE_MESSAGE) {
        if is_map_entry(&joined(nested.bytes(), tag::MESSAGE_OPTIONS)?) {
            let name = fields(nested.bytes()).flatten().find(|field| field.number == tag::MESSAGE_NAME);
            maps.push(format!("{scope}.{}", name.map_or("", |name| name.text())));
        }
    }
    Ok(maps)
}

fn without(message: &[u8], number: u32) -> Result<Vec<u8>, DecodeError> {
    let mut rest = Vec::with_capacity(message.len());
    for field in fields(message) {
        let Field { number: found, raw, .. } = field?;
        if found != number {
            rest.extend_from_slice(raw);
        }
    }
    Ok(rest)
}

fn put_options(out: &mut Vec<u8>, number: u32, options: Vec<u8>) {
    if !options.is_empty() {
        put_bytes(out, number, &options);
    }
}

fn put_feature(options: &mut Vec<u8>, features: u32, feature: u32, value: i32) {
    let mut set = Vec::with_capacity(4);
    put_varint(&mut set, feature, value as u64);
    put_bytes(options, features, &set);
}
