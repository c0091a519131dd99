//! The types of `google.protobuf` that have a form of their own in JSON, or in text.

use super::layout::{Field, Shape, Type};

/// A well-known type whose descriptor has the shape it should have.
///
/// Source: the ProtoJSON specification, "JSON Mapping".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WellKnown {
    /// `google.protobuf.Any`
    Any,
    /// `google.protobuf.Timestamp`
    Timestamp,
    /// `google.protobuf.Duration`
    Duration,
    /// `google.protobuf.FieldMask`
    FieldMask,
    /// `google.protobuf.Struct`
    Struct,
    /// `google.protobuf.Value`
    Value,
    /// `google.protobuf.ListValue`
    ListValue,
    /// `google.protobuf.Empty`, which has an ordinary form except inside an `Any`
    Empty,
    /// One of the wrappers: `google.protobuf.Int64Value` and so on
    Wrapper,
}

impl WellKnown {
    /// The well-known type of this name, unless a descriptor set defines something else under it.
    ///
    /// A descriptor set may hold anything. The sinks rely on these types having the fields they should have, so that
    /// is asked here, once.
    pub(super) fn recognise(full_name: &str, fields: &[Field]) -> Option<WellKnown> {
        let name = full_name.strip_prefix("google.protobuf.")?;
        let singular = |number: u32, is: fn(&Type) -> bool| {
            fields.iter().any(|f| f.number() == number && is(f.ty()) && matches!(f.shape(), Shape::Singular))
        };
        let list = |number: u32, is: fn(&Type) -> bool| {
            fields.iter().any(|f| f.number() == number && is(f.ty()) && matches!(f.shape(), Shape::List { .. }))
        };
        let message = |ty: &Type| matches!(ty, Type::Message(_));
        let (known, count, fits) = match name {
            "Any" => (
                WellKnown::Any,
                2,
                singular(1, |t| matches!(t, Type::String)) && singular(2, |t| matches!(t, Type::Bytes)),
            ),
            "Timestamp" | "Duration" => (
                if name == "Timestamp" { WellKnown::Timestamp } else { WellKnown::Duration },
                2,
                singular(1, |t| matches!(t, Type::Int64)) && singular(2, |t| matches!(t, Type::Int32)),
            ),
            "FieldMask" => (WellKnown::FieldMask, 1, list(1, |t| matches!(t, Type::String))),
            "Struct" => (
                WellKnown::Struct,
                1,
                fields.iter().any(|f| match f.shape() {
                    Shape::Map(map) => {
                        f.number() == 1 && matches!(map.key.ty(), Type::String) && message(map.value.ty())
                    }
                    Shape::Singular | Shape::List { .. } => false,
                }),
            ),
            "Value" => (
                WellKnown::Value,
                6,
                singular(1, |t| matches!(t, Type::Enum(_)))
                    && singular(2, |t| matches!(t, Type::Double))
                    && singular(3, |t| matches!(t, Type::String))
                    && singular(4, |t| matches!(t, Type::Bool))
                    && singular(5, message)
                    && singular(6, message)
                    && fields.iter().all(|f| f.oneof() == Some(0)),
            ),
            "ListValue" => (WellKnown::ListValue, 1, list(1, message)),
            "Empty" => (WellKnown::Empty, 0, true),
            "DoubleValue" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Double))),
            "FloatValue" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Float))),
            "Int64Value" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Int64))),
            "UInt64Value" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Uint64))),
            "Int32Value" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Int32))),
            "UInt32Value" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Uint32))),
            "BoolValue" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Bool))),
            "StringValue" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::String))),
            "BytesValue" => (WellKnown::Wrapper, 1, singular(1, |t| matches!(t, Type::Bytes))),
            _ => return None,
        };
        (fits && fields.len() == count).then_some(known)
    }
}
