//! Lowers files of editions 2023 and 2024 to proto2 or proto3, which is all that prost-reflect knows.
//!
//! prost-reflect panics on the syntax "editions" and prost-types drops `features`, so this works on the serialized file.
//! Features are resolved as the language says, from file to message to field, and said again in older words:
//!
//! | feature | becomes |
//! |---|---|
//! | `field_presence` | label `required`; in proto3 `proto3_optional`, but without the oneof that protoc would add; see below |
//! | `repeated_field_encoding` | the option `packed` |
//! | `message_encoding` | type group, except for maps, which are never delimited |
//! | `enum_type` | the syntax of the file; see below |
//! | `utf8_validation` | the syntax of the file; see below |
//!
//! A file becomes proto3, unless it is proto2 in all but name (closed enums only, no implicit presence) or has an enum
//! that does not begin with zero. Strings and implicit fields that are not what the syntax makes of them keep their feature
//! as an option, resolved. So ask [`field_checks_utf8`], [`extension_checks_utf8`] and [`field_has_presence`], not the
//! syntax. Enums keep nothing: like Go, nobody here reads a closed enum in another way than an open one.
//!
//! What cannot be said: field names that differ only in case or underscores in a file that becomes proto3; prost-reflect
//! refuses them. Naming styles and symbol visibility mean nothing here, and JSON is never "best effort".

use std::borrow::Cow;

use prost::Message;
use prost_reflect::{ExtensionDescriptor, FieldDescriptor, Syntax};

use super::fields::{Field, fields};
use super::tag;
use crate::wire::{Fault, put_bytes, put_varint};

/// The depth of nested messages at which lowering gives up; prost decodes no more than that either.
const DEPTH_LIMIT: usize = 100;

/// Why a file cannot be lowered.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum LowerError {
    #[error(transparent)]
    Wire(#[from] Fault),
    #[error("edition {0} is not known, only 2023 and 2024 are")]
    Edition(i32),
    #[error("messages nest deeper than {DEPTH_LIMIT}")]
    Depth,
}

/// Whether a string field must be UTF-8.
pub(crate) fn field_checks_utf8(descriptor: &FieldDescriptor) -> bool {
    let kept = descriptor.field_descriptor_proto().options.is_some().then(|| {
        let options = descriptor.options().encode_to_vec();
        kept_feature(&options, tag::FIELD_FEATURES, tag::UTF8_VALIDATION)
    });
    kept.flatten().map_or(descriptor.parent_file().syntax() == Syntax::Proto3, |kept| kept == VERIFY)
}

/// Whether a string extension must be UTF-8.
pub(crate) fn extension_checks_utf8(descriptor: &ExtensionDescriptor) -> bool {
    let kept = descriptor.field_descriptor_proto().options.is_some().then(|| {
        let options = descriptor.options().encode_to_vec();
        kept_feature(&options, tag::FIELD_FEATURES, tag::UTF8_VALIDATION)
    });
    kept.flatten().map_or(descriptor.parent_file().syntax() == Syntax::Proto3, |kept| kept == VERIFY)
}

/// Whether a field that is absent differs from one that holds its default.
pub(crate) fn field_has_presence(descriptor: &FieldDescriptor) -> bool {
    // The feature is kept in files that became proto2 only, and implicit presence is all that it says.
    descriptor.supports_presence()
        && !(descriptor.field_descriptor_proto().options.is_some() && {
            let options = descriptor.options().encode_to_vec();
            kept_feature(&options, tag::FIELD_FEATURES, tag::FIELD_PRESENCE) == Some(IMPLICIT)
        })
}

/// Whether a field has the option `debug_redact`.
pub(crate) fn field_is_debug_redact(descriptor: &FieldDescriptor) -> bool {
    descriptor.field_descriptor_proto().options.is_some() && is_debug_redact(&descriptor.options().encode_to_vec())
}

/// Whether an extension has the option `debug_redact`.
pub(crate) fn extension_is_debug_redact(descriptor: &ExtensionDescriptor) -> bool {
    descriptor.field_descriptor_proto().options.is_some() && is_debug_redact(&descriptor.options().encode_to_vec())
}

fn is_debug_redact(options: &[u8]) -> bool {
    let values = fields(options).flatten().filter(|field| field.number == tag::FIELD_DEBUG_REDACT);
    values.last().is_some_and(|value| value.int() != 0)
}

/// The value of a feature that lowering left in the options.
fn kept_feature(options: &[u8], features: u32, feature: u32) -> Option<i32> {
    let sets = fields(options).flatten().filter(|field| field.number == features);
    let values = sets.flat_map(|set| fields(set.bytes()).flatten()).filter(|field| field.number == feature);
    values.last().map(|value| value.int())
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
    fn with(mut self, options: &[u8], features: u32) -> Result<Features, Fault> {
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
            tag::FILE_ENUM => put_bytes(&mut out, field.number, &lowered_enum(field.bytes())?),
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
fn joined(message: &[u8], number: u32) -> Result<Vec<u8>, Fault> {
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
        let name = fields(message).flatten().find(|field| field.number == tag::NAME);
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
                tag::MESSAGE_ENUM => put_bytes(&mut out, field.number, &lowered_enum(field.bytes())?),
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
        let mut kept = Vec::new();
        let implicit = features.field_presence == IMPLICIT && !repeated && !in_oneof && !extends;
        if !self.proto3 && implicit && !matches!(kind, TYPE_MESSAGE | TYPE_GROUP) {
            put_varint(&mut kept, tag::FIELD_PRESENCE, IMPLICIT as u64);
        }
        if kind == TYPE_STRING && (features.utf8_validation == VERIFY) != self.proto3 {
            put_varint(&mut kept, tag::UTF8_VALIDATION, features.utf8_validation as u64);
        }
        put_options(&mut options, tag::FIELD_FEATURES, kept);
        put_options(&mut out, tag::FIELD_OPTIONS, options);
        Ok(out)
    }
}

fn lowered_enum(enumeration: &[u8]) -> Result<Vec<u8>, LowerError> {
    let options = joined(enumeration, tag::ENUM_OPTIONS)?;
    let mut out = without(enumeration, tag::ENUM_OPTIONS)?;
    put_options(&mut out, tag::ENUM_OPTIONS, without(&options, tag::ENUM_FEATURES)?);
    Ok(out)
}

fn is_map_entry(options: &[u8]) -> bool {
    fields(options).flatten().any(|option| option.number == tag::MESSAGE_MAP_ENTRY && option.int() != 0)
}

/// The type names of the map entries that are nested in a message.
fn maps(message: &[u8], scope: &str) -> Result<Vec<String>, LowerError> {
    let mut maps = Vec::new();
    for nested in fields(message).flatten().filter(|field| field.number == tag::MESSAGE_MESSAGE) {
        if is_map_entry(&joined(nested.bytes(), tag::MESSAGE_OPTIONS)?) {
            let name = fields(nested.bytes()).flatten().find(|field| field.number == tag::NAME);
            maps.push(format!("{scope}.{}", name.map_or("", |name| name.text())));
        }
    }
    Ok(maps)
}

fn without(message: &[u8], number: u32) -> Result<Vec<u8>, Fault> {
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

#[cfg(test)]
mod tests {
    use prost_reflect::{Cardinality, DescriptorPool, MessageDescriptor};
    use prost_types::field_descriptor_proto::{Label, Type};
    use prost_types::{
        DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
        MessageOptions, OneofDescriptorProto,
    };

    use super::*;

    /// Appends options with features to a serialized element.
    fn with_features(mut element: Vec<u8>, options: u32, features: u32, set: &[(u32, i32)]) -> Vec<u8> {
        let mut encoded = Vec::new();
        for &(feature, value) in set {
            put_varint(&mut encoded, feature, value as u64);
        }
        let mut outer = Vec::new();
        put_bytes(&mut outer, features, &encoded);
        put_bytes(&mut element, options, &outer);
        element
    }

    fn field(name: &str, number: i32, label: Label, kind: Type, type_name: &str) -> FieldDescriptorProto {
        FieldDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            label: Some(label.into()),
            r#type: Some(kind.into()),
            type_name: (!type_name.is_empty()).then(|| type_name.to_owned()),
            ..Default::default()
        }
    }

    /// A file of package `p` with an enum `E` and a message `M` whose fields have these features.
    fn file(
        edition: i32,
        features: &[(u32, i32)],
        enum_features: &[(u32, i32)],
        first_value: i32,
        fields: Vec<(FieldDescriptorProto, &[(u32, i32)])>,
    ) -> Vec<u8> {
        let base = FileDescriptorProto {
            name: Some("e.proto".to_owned()),
            package: Some("p".to_owned()),
            syntax: Some("editions".to_owned()),
            ..Default::default()
        };
        let mut out = with_features(base.encode_to_vec(), tag::FILE_OPTIONS, tag::FILE_FEATURES, features);
        put_varint(&mut out, tag::FILE_EDITION, edition as u64);
        let value = |name: &str, number| EnumValueDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            ..Default::default()
        };
        let enumeration = EnumDescriptorProto {
            name: Some("E".to_owned()),
            value: vec![value("FIRST", first_value), value("SECOND", 7)],
            ..Default::default()
        };
        let enumeration =
            with_features(enumeration.encode_to_vec(), tag::ENUM_OPTIONS, tag::ENUM_FEATURES, enum_features);
        put_bytes(&mut out, tag::FILE_ENUM, &enumeration);
        let entry = DescriptorProto {
            name: Some("MapEntry".to_owned()),
            field: vec![
                field("key", 1, Label::Optional, Type::String, ""),
                field("value", 2, Label::Optional, Type::Message, ".p.M"),
            ],
            options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
            ..Default::default()
        };
        let message = DescriptorProto {
            name: Some("M".to_owned()),
            nested_type: vec![entry],
            oneof_decl: vec![OneofDescriptorProto { name: Some("choice".to_owned()), ..Default::default() }],
            ..Default::default()
        };
        let mut message = message.encode_to_vec();
        for (field, features) in fields {
            let field = with_features(field.encode_to_vec(), tag::FIELD_OPTIONS, tag::FIELD_FEATURES, features);
            put_bytes(&mut message, tag::MESSAGE_FIELD, &field);
        }
        put_bytes(&mut out, tag::FILE_MESSAGE, &message);
        out
    }

    fn lowered(file: &[u8]) -> MessageDescriptor {
        let mut pool = DescriptorPool::new();
        let file = lower(file).expect("the file lowers");
        pool.decode_file_descriptor_proto(&*file).expect("prost-reflect takes it");
        pool.get_message_by_name("p.M").expect("the message is there")
    }

    fn by_name(message: &MessageDescriptor, name: &str) -> FieldDescriptor {
        message.get_field_by_name(name).expect(name)
    }

    const NONE: i32 = 3;
    const EXPANDED: i32 = 2;

    fn of_all_kinds() -> Vec<(FieldDescriptorProto, &'static [(u32, i32)])> {
        let in_oneof =
            FieldDescriptorProto { oneof_index: Some(0), ..field("member", 10, Label::Optional, Type::Int32, "") };
        vec![
            (field("plain", 1, Label::Optional, Type::Int32, ""), &[]),
            (field("implicit", 2, Label::Optional, Type::Int32, ""), &[(tag::FIELD_PRESENCE, IMPLICIT)]),
            (field("required", 3, Label::Optional, Type::Int32, ""), &[(tag::FIELD_PRESENCE, LEGACY_REQUIRED)]),
            (field("packed", 4, Label::Repeated, Type::Int32, ""), &[]),
            (field("expanded", 5, Label::Repeated, Type::Enum, ".p.E"), &[(tag::REPEATED_FIELD_ENCODING, EXPANDED)]),
            (field("child", 6, Label::Optional, Type::Message, ".p.M"), &[]),
            (field("group", 7, Label::Optional, Type::Message, ".p.M"), &[(tag::MESSAGE_ENCODING, DELIMITED)]),
            (field("text", 8, Label::Optional, Type::String, ""), &[]),
            (field("raw", 9, Label::Optional, Type::String, ""), &[(tag::UTF8_VALIDATION, NONE)]),
            (in_oneof, &[]),
            (field("map", 11, Label::Repeated, Type::Message, ".p.M.MapEntry"), &[(tag::MESSAGE_ENCODING, DELIMITED)]),
        ]
    }

    /// All that lowering must say is the same whatever syntax the file becomes.
    fn check_all_kinds(message: &MessageDescriptor) {
        for (name, presence) in [
            ("plain", true),
            ("implicit", false),
            ("required", true),
            ("child", true),
            ("member", true),
            ("packed", false),
        ] {
            assert_eq!(field_has_presence(&by_name(message, name)), presence, "{name}");
        }
        assert_eq!(by_name(message, "required").cardinality(), Cardinality::Required);
        assert_eq!(by_name(message, "plain").cardinality(), Cardinality::Optional);
        assert!(by_name(message, "packed").is_packed());
        assert!(!by_name(message, "expanded").is_packed());
        assert!(!by_name(message, "child").is_group());
        assert!(by_name(message, "group").is_group());
        assert!(by_name(message, "map").is_map() && !by_name(message, "map").is_group());
        assert!(field_checks_utf8(&by_name(message, "text")));
        assert!(!field_checks_utf8(&by_name(message, "raw")));
        assert_eq!(message.oneofs().map(|oneof| oneof.fields().count()).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_file_with_open_enums_becomes_proto3() {
        for edition in [EDITION_2023, EDITION_2024] {
            let message = lowered(&file(edition, &[], &[], 0, of_all_kinds()));
            assert_eq!(message.parent_file().syntax(), Syntax::Proto3);
            check_all_kinds(&message);
        }
    }

    #[test]
    fn a_closed_enum_with_zero_and_implicit_presence_stand_together() {
        let message = lowered(&file(EDITION_2023, &[], &[(tag::ENUM_TYPE, CLOSED)], 0, of_all_kinds()));
        assert_eq!(message.parent_file().syntax(), Syntax::Proto3);
        check_all_kinds(&message);
    }

    #[test]
    fn an_enum_without_zero_and_implicit_presence_stand_together() {
        let message = lowered(&file(EDITION_2023, &[], &[(tag::ENUM_TYPE, CLOSED)], 5, of_all_kinds()));
        assert_eq!(message.parent_file().syntax(), Syntax::Proto2);
        check_all_kinds(&message);
    }

    #[test]
    fn features_of_the_file_hold_where_nothing_else_is_said() {
        let features = [
            (tag::FIELD_PRESENCE, IMPLICIT),
            (tag::ENUM_TYPE, CLOSED),
            (tag::REPEATED_FIELD_ENCODING, EXPANDED),
            (tag::UTF8_VALIDATION, NONE),
            (tag::MESSAGE_ENCODING, DELIMITED),
        ];
        let message = lowered(&file(EDITION_2023, &features, &[], 0, of_all_kinds()));
        assert!(!field_has_presence(&by_name(&message, "plain")));
        assert!(field_has_presence(&by_name(&message, "member")));
        assert!(!by_name(&message, "packed").is_packed());
        assert!(by_name(&message, "child").is_group());
        assert!(by_name(&message, "map").is_map() && !by_name(&message, "map").is_group());
        let entry = by_name(&message, "map").kind().as_message().expect("a map has an entry").clone();
        assert!(!entry.map_entry_value_field().is_group());
        assert!(!field_checks_utf8(&by_name(&message, "text")));
    }

    #[test]
    fn what_is_proto2_in_all_but_name_becomes_proto2() {
        let features = [(tag::ENUM_TYPE, CLOSED), (tag::UTF8_VALIDATION, NONE)];
        let fields = of_all_kinds().into_iter().filter(|(field, _)| field.name() != "implicit").collect();
        let message = lowered(&file(EDITION_2023, &features, &[], 0, fields));
        assert_eq!(message.parent_file().syntax(), Syntax::Proto2);
        assert!(by_name(&message, "packed").is_packed());
        assert!(!field_checks_utf8(&by_name(&message, "text")));
    }

    #[test]
    fn files_of_old_pass_as_they_are() {
        for syntax in [None, Some("proto2".to_owned()), Some("proto3".to_owned())] {
            let file = FileDescriptorProto { name: Some("a".to_owned()), syntax, ..Default::default() }.encode_to_vec();
            assert!(matches!(lower(&file), Ok(Cow::Borrowed(same)) if same == file));
        }
    }

    #[test]
    fn other_editions_and_damage_are_refused() {
        let refusal = |file: &[u8]| lower(file).expect_err("nothing to lower").to_string();
        assert_eq!(refusal(&file(1002, &[], &[], 0, vec![])), "edition 1002 is not known, only 2023 and 2024 are");
        let mut deep = Vec::new();
        for _ in 0..200 {
            let mut outer = Vec::new();
            put_bytes(&mut outer, tag::MESSAGE_MESSAGE, &deep);
            deep = outer;
        }
        let mut whole = Vec::new();
        put_bytes(&mut whole, tag::FILE_SYNTAX, b"editions");
        put_varint(&mut whole, tag::FILE_EDITION, EDITION_2023 as u64);
        put_bytes(&mut whole, tag::FILE_MESSAGE, &deep);
        assert_eq!(refusal(&whole), "messages nest deeper than 100");
        let whole = file(EDITION_2023, &[], &[], 0, of_all_kinds());
        let last = fields(&whole).flatten().last().expect("the file has fields").raw.len();
        for length in whole.len() - last + 1..whole.len() {
            assert!(lower(&whole[..length]).is_err(), "{length}");
        }
    }
}
