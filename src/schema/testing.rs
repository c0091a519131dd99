//! A small schema with every feature of fields, and wire bytes by hand, for the tests of this folder.

use std::sync::LazyLock;

use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, FileDescriptorSet, MessageOptions, OneofDescriptorProto, descriptor_proto::ExtensionRange,
};

use super::{LayoutId, Schema};
use crate::wire::{self, Cursor, WireType};

/// ```proto
/// syntax = "proto3";
/// package test;
/// message All {
///   string late = 20;                    // declared before what has lower numbers
///   int32 i = 1;
///   string s = 2;
///   repeated int32 packed = 3;
///   repeated string names = 4;
///   map<string, int32> counts = 5;
///   All child = 6;
///   oneof pick { int32 a = 7; All b = 8; string c = 9; }
///   google.protobuf.Any any = 10;
///   map<int32, All> children = 11;
///   double d = 12;
///   repeated All list = 13;
///   bytes raw = 14;
///   Color color = 15;
///   optional int32 maybe = 16;
///   sint64 zigzag = 17;
///   google.protobuf.Timestamp time = 18;
///   google.protobuf.Value value = 19;
///   map<bool, Color> flags = 21;
/// }
/// enum Color { RED = 0; BLUE = 5; }
/// ```
/// and, in proto2, `message Old { optional group Data = 1 { optional int32 x = 2; optional Old deep = 3; }
/// extensions 100 to 200; repeated group Row = 4 { optional int32 y = 5; } }`, `extend Old { optional string note = 100; }`.
pub(crate) fn schema() -> Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(build);
    SCHEMA.clone()
}

fn build() -> Schema {
    let mut set = well_known();
    set.file.push(all());
    set.file.push(old());
    Schema::builder().protoset("test", set.encode_to_vec()).expect("the test schema is valid").build()
}

fn well_known() -> FileDescriptorSet {
    FileDescriptorSet { file: DescriptorPool::global().file_descriptor_protos().cloned().collect() }
}

/// The schema of a descriptor set and the well-known types, and of nothing else.
pub(crate) fn with_well_known(protoset: Vec<u8>) -> Schema {
    let builder = Schema::builder().builtin(false).protoset("test", protoset).expect("the set is valid");
    builder.protoset("well-known", well_known().encode_to_vec()).expect("the set is valid").build()
}

pub(crate) fn id(schema: &Schema, name: &str) -> LayoutId {
    schema.resolve(name).expect("the test schema has the type")
}

fn field(name: &str, number: i32, ty: Type) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        r#type: Some(ty.into()),
        label: Some(Label::Optional.into()),
        ..Default::default()
    }
}

fn repeated(field: FieldDescriptorProto) -> FieldDescriptorProto {
    FieldDescriptorProto { label: Some(Label::Repeated.into()), ..field }
}

fn of(type_name: &str, field: FieldDescriptorProto) -> FieldDescriptorProto {
    FieldDescriptorProto { type_name: Some(type_name.to_owned()), ..field }
}

fn in_oneof(field: FieldDescriptorProto) -> FieldDescriptorProto {
    FieldDescriptorProto { oneof_index: Some(0), ..field }
}

fn map_entry(name: &str, key: Type, value: FieldDescriptorProto) -> DescriptorProto {
    DescriptorProto {
        name: Some(name.to_owned()),
        field: vec![field("key", 1, key), value],
        options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
        ..Default::default()
    }
}

fn all() -> FileDescriptorProto {
    let message = |name, number, type_name: &str| of(type_name, field(name, number, Type::Message));
    let value = |number| FieldOptions { packed: Some(number), ..Default::default() };
    let all = DescriptorProto {
        name: Some("All".to_owned()),
        field: vec![
            field("late", 20, Type::String),
            field("i", 1, Type::Int32),
            field("s", 2, Type::String),
            FieldDescriptorProto { options: Some(value(true)), ..repeated(field("packed", 3, Type::Int32)) },
            repeated(field("names", 4, Type::String)),
            repeated(message("counts", 5, ".test.All.CountsEntry")),
            message("child", 6, ".test.All"),
            in_oneof(field("a", 7, Type::Int32)),
            in_oneof(message("b", 8, ".test.All")),
            in_oneof(field("c", 9, Type::String)),
            message("any", 10, ".google.protobuf.Any"),
            repeated(message("children", 11, ".test.All.ChildrenEntry")),
            field("d", 12, Type::Double),
            repeated(message("list", 13, ".test.All")),
            field("raw", 14, Type::Bytes),
            of(".test.Color", field("color", 15, Type::Enum)),
            FieldDescriptorProto {
                proto3_optional: Some(true),
                oneof_index: Some(1),
                ..field("maybe", 16, Type::Int32)
            },
            field("zigzag", 17, Type::Sint64),
            message("time", 18, ".google.protobuf.Timestamp"),
            message("value", 19, ".google.protobuf.Value"),
            repeated(message("flags", 21, ".test.All.FlagsEntry")),
        ],
        oneof_decl: ["pick", "_maybe"]
            .map(|name| OneofDescriptorProto { name: Some(name.to_owned()), ..Default::default() })
            .into(),
        nested_type: vec![
            map_entry("CountsEntry", Type::String, field("value", 2, Type::Int32)),
            map_entry("ChildrenEntry", Type::Int32, message("value", 2, ".test.All")),
            map_entry("FlagsEntry", Type::Bool, of(".test.Color", field("value", 2, Type::Enum))),
        ],
        ..Default::default()
    };
    let color = EnumDescriptorProto {
        name: Some("Color".to_owned()),
        value: [("RED", 0), ("BLUE", 5)]
            .map(|(name, number)| EnumValueDescriptorProto {
                name: Some(name.to_owned()),
                number: Some(number),
                ..Default::default()
            })
            .into(),
        ..Default::default()
    };
    FileDescriptorProto {
        name: Some("test/all.proto".to_owned()),
        package: Some("test".to_owned()),
        dependency: ["any", "timestamp", "struct"].map(|file| format!("google/protobuf/{file}.proto")).into(),
        message_type: vec![all],
        enum_type: vec![color],
        syntax: Some("proto3".to_owned()),
        ..Default::default()
    }
}

fn old() -> FileDescriptorProto {
    let group =
        |name: &str, fields| DescriptorProto { name: Some(name.to_owned()), field: fields, ..Default::default() };
    let old = DescriptorProto {
        name: Some("Old".to_owned()),
        field: vec![
            of(".test.Old.Data", field("data", 1, Type::Group)),
            repeated(of(".test.Old.Row", field("row", 4, Type::Group))),
        ],
        nested_type: vec![
            group("Data", vec![field("x", 2, Type::Int32), of(".test.Old", field("deep", 3, Type::Message))]),
            group("Row", vec![field("y", 5, Type::Int32)]),
        ],
        extension_range: vec![ExtensionRange { start: Some(100), end: Some(200), ..Default::default() }],
        ..Default::default()
    };
    FileDescriptorProto {
        name: Some("test/old.proto".to_owned()),
        package: Some("test".to_owned()),
        message_type: vec![old],
        extension: vec![FieldDescriptorProto {
            extendee: Some(".test.Old".to_owned()),
            ..field("note", 100, Type::String)
        }],
        ..Default::default()
    }
}

/// A varint field.
pub(crate) fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    wire::put_varint(&mut out, number, value);
    out
}

/// A length-delimited field.
pub(crate) fn bytes(number: u32, value: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    wire::put_bytes(&mut out, number, value.as_ref());
    out
}

/// A group.
pub(crate) fn group(number: u32, value: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    wire::push_tag(&mut out, number, WireType::Group);
    out.extend_from_slice(value.as_ref());
    wire::push_group_end(&mut out, number);
    out
}

/// A `google.protobuf.Any`.
pub(crate) fn any(type_url: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [bytes(1, type_url), bytes(2, value)].concat()
}

/// The fields of a message of type `test.All`: mostly few, and mostly in the order of declaration.
pub(crate) fn message() -> impl Strategy<Value = Vec<u8>> {
    let scalar = prop_oneof![
        8 => (prop::sample::select(vec![1, 7, 15, 16]), 0..300u64).prop_map(|(field, value)| varint(field, value)),
        8 => (prop::sample::select(vec![2, 4, 9, 14, 20]), "[a-cé]{0,12}").prop_map(|(field, s)| bytes(field, s)),
        2 => prop::collection::vec(0..128u8, 0..4).prop_map(|packed| bytes(3, packed)),
        2 => (0..128u64).prop_map(|element| varint(3, element)),
        3 => ("[a-c]?", 0..9u64).prop_map(|(key, value)| bytes(5, [bytes(1, key), varint(2, value)].concat())),
        3 => (0..2u64, 0..3u64).prop_map(|(key, value)| bytes(21, [varint(1, key), varint(2, value)].concat())),
        3 => (0..9u64, 0..9u64).prop_map(|(x, y)| bytes(18, [varint(1, x), varint(2, y)].concat())),
        1 => (0..9u64).prop_map(|value| varint(98, value)),
        1 => (0..9u64).prop_map(|value| group(99, varint(1, value))),
    ];
    let of_fields = |field| (prop::collection::vec(field, 0..5), 0..5u8).prop_map(in_order);
    of_fields(scalar.clone().boxed()).prop_recursive(5, 60, 5, move |inner| {
        let field = prop_oneof![
            4 => scalar.clone(),
            4 => (prop::sample::select(vec![6, 8, 13]), inner.clone()).prop_map(|(field, inner)| bytes(field, inner)),
            2 => (0..3u64, inner.clone())
                .prop_map(|(key, inner)| bytes(11, [varint(1, key), bytes(2, inner)].concat())),
            1 => inner.prop_map(|inner| bytes(10, any("t/test.All", inner))),
        ];
        of_fields(field.boxed())
    })
}

fn in_order((mut fields, disorder): (Vec<Vec<u8>>, u8)) -> Vec<u8> {
    if disorder > 0 {
        fields.sort_by_key(|field| match Cursor::new(field, 0..field.len()).varint() {
            // Field 20 is declared before the others.
            Ok(tag) if tag >> 3 != 20 => tag >> 3,
            _ => 0,
        });
    }
    fields.concat()
}
