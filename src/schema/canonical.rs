//! One byte form for each message: fields in one order, maps sorted, lists packed as declared.
//!
//! It is the form of Go's deterministic encoder, so that equal messages have equal bytes whoever wrote them. Unknown
//! fields stand at the end in the order in which they came; the value of an `Any` stays the bytes it was.
//!
//! Source: protobuf-go, `proto.MarshalOptions{Deterministic: true}`.

use super::layout::{Field, Layout, LayoutId, Shape, Type};
use super::lengths::{OpenLength, Unsized};
use super::number::{GO_NAN, GO_NAN_F32};
use super::sink::{Flow, Malformed, Order, Place, Scalar, Sink, UnopenedAny};
use super::walk::{Walker, Wire};
use crate::entry::Any;
use crate::wire::{WireType, push_group_end, push_tag, push_varint, put_bytes, zig_zag};

/// Appends the canonical bytes of a message to `out`.
///
/// # Errors
///
/// [`Malformed`] if the bytes are no message of the type; `out` is then as it was.
pub fn write_canonical(
    walker: &mut Walker<'_>,
    layout: LayoutId,
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let mut sink = CanonicalSink { out: Unsized::with_capacity(bytes.len()), ..CanonicalSink::default() };
    walker.walk(layout, bytes, &mut sink)?;
    sink.out.append_to(out);
    Ok(())
}

/// Appends bytes that are the same for messages which say the same, and differ for others: the canonical ones, but every
/// `Any` that can be opened holds the canonical bytes of its message, and there is one NaN.
///
/// Without `with_unknown`, fields that a layout does not know say nothing.
///
/// # Errors
///
/// As for [`write_canonical`].
pub fn write_said(
    walker: &mut Walker<'_>,
    layout: LayoutId,
    bytes: &[u8],
    with_unknown: bool,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let manner = if with_unknown { Manner::Said } else { Manner::Known };
    let said = walker.checked_if_needed(Malformed::in_any, |walker| {
        let mut sink = CanonicalSink { manner, ..CanonicalSink::default() };
        walker.walk(layout, bytes, &mut sink).map(|()| sink.out)
    });
    said?.append_to(out);
    Ok(())
}

/// A hash of a message's canonical bytes: equal messages have equal hashes, whatever their bytes.
///
/// It is 128 bits of XXH3, good against accidents and not against malice.
///
/// # Errors
///
/// As for [`write_canonical`].
pub fn canonical_hash(walker: &mut Walker<'_>, layout: LayoutId, bytes: &[u8]) -> Result<u128, Malformed> {
    let mut canonical = Vec::new();
    write_canonical(walker, layout, bytes, &mut canonical)?;
    Ok(xxhash_rust::xxh3::xxh3_128(&canonical))
}

#[derive(Default)]
struct CanonicalSink {
    out: Unsized,
    /// The messages, map entries and packed lists that are open.
    open: Vec<OpenLength>,
    manner: Manner,
}

/// What is left of what a message says in more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Manner {
    /// The values are what they were, those of `Any`s too.
    #[default]
    Exact,
    /// What says the same is the same.
    Said,
    /// The same, without unknown fields.
    Known,
}

impl CanonicalSink {
    fn tag(&mut self, field: &Field, wire_type: WireType) {
        push_tag(&mut self.out.bytes, field.number(), wire_type);
    }

    /// Begins a message that is the value of a field.
    fn begin_place(&mut self, place: Place<'_>) {
        if let Place::Field(field) | Place::Element(field) | Place::MapValue(field) = place {
            self.tag(field, field.ty().wire_type());
            if let Type::Message(_) = field.ty() {
                self.begin_length();
            }
        }
    }

    fn end_place(&mut self, place: Place<'_>) {
        if let Place::Field(field) | Place::Element(field) | Place::MapValue(field) = place {
            match field.ty() {
                Type::Group(_) => push_group_end(&mut self.out.bytes, field.number()),
                _ => self.end_length(),
            }
        }
    }

    fn begin_length(&mut self) {
        self.open.push(self.out.begin_length());
    }

    fn end_length(&mut self) {
        let open = self.open.pop().expect("every end has its begin");
        self.out.end_length(open);
    }

    fn value(&mut self, ty: &Type, value: Scalar<'_>) {
        let is_said = self.manner != Manner::Exact;
        match value {
            Scalar::F32(value) if is_said && value.is_nan() => {
                self.out.bytes.extend_from_slice(&GO_NAN_F32.to_le_bytes())
            }
            Scalar::F64(value) if is_said && value.is_nan() => self.out.bytes.extend_from_slice(&GO_NAN.to_le_bytes()),
            Scalar::Bool(value) => self.out.bytes.push(value.into()),
            Scalar::I32(value) => match ty {
                Type::Sint32 => push_varint(&mut self.out.bytes, zig_zag(value.into())),
                Type::Sfixed32 => self.out.bytes.extend_from_slice(&value.to_le_bytes()),
                _ => push_varint(&mut self.out.bytes, i64::from(value) as u64),
            },
            Scalar::I64(value) => match ty {
                Type::Sint64 => push_varint(&mut self.out.bytes, zig_zag(value)),
                Type::Sfixed64 => self.out.bytes.extend_from_slice(&value.to_le_bytes()),
                _ => push_varint(&mut self.out.bytes, value as u64),
            },
            Scalar::U32(value) => match ty {
                Type::Fixed32 => self.out.bytes.extend_from_slice(&value.to_le_bytes()),
                _ => push_varint(&mut self.out.bytes, value.into()),
            },
            Scalar::U64(value) => match ty {
                Type::Fixed64 => self.out.bytes.extend_from_slice(&value.to_le_bytes()),
                _ => push_varint(&mut self.out.bytes, value),
            },
            Scalar::F32(value) => self.out.bytes.extend_from_slice(&value.to_le_bytes()),
            Scalar::F64(value) => self.out.bytes.extend_from_slice(&value.to_le_bytes()),
            Scalar::String(value) | Scalar::Bytes(value) => {
                push_varint(&mut self.out.bytes, value.len() as u64);
                self.out.bytes.extend_from_slice(value);
            }
            Scalar::Enum(value, _) => push_varint(&mut self.out.bytes, i64::from(value) as u64),
        }
    }
}

fn is_packed(field: &Field) -> bool {
    matches!(field.shape(), Shape::List { packed: true })
}

impl Sink for CanonicalSink {
    type Error = Malformed;
    const ORDER: Order = Order::Wire;

    fn opens_any(&self) -> bool {
        self.manner != Manner::Exact
    }

    fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.begin_place(place);
        put_bytes(&mut self.out.bytes, Any::TYPE_URL, any.type_url.as_bytes());
        push_tag(&mut self.out.bytes, Any::VALUE, WireType::Bytes);
        self.begin_length();
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, place: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.end_length();
        self.end_place(place);
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.begin_place(place);
        put_bytes(&mut self.out.bytes, Any::TYPE_URL, any.type_url);
        put_bytes(&mut self.out.bytes, Any::VALUE, any.value);
        self.end_place(place);
        Ok(Flow::Enter)
    }

    fn begin_message(&mut self, place: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.begin_place(place);
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, place: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        self.end_place(place);
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        if let Place::Field(field) | Place::Element(field) | Place::MapValue(field) = place {
            if !is_packed(field) {
                self.tag(field, field.ty().wire_type());
            }
            self.value(field.ty(), value);
        }
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
        if is_packed(field) {
            self.tag(field, WireType::Bytes);
            self.begin_length();
        }
        Ok(())
    }

    fn end_list(&mut self, field: &Field) -> Result<(), Malformed> {
        if is_packed(field) {
            self.end_length();
        }
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, key: &Field, value: Scalar<'_>) -> Result<(), Malformed> {
        self.tag(map, WireType::Bytes);
        self.begin_length();
        self.tag(key, key.ty().wire_type());
        self.value(key.ty(), value);
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        self.end_length();
        Ok(())
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), Malformed> {
        if self.manner != Manner::Known {
            self.out.bytes.extend_from_slice(wire);
        }
        Ok(())
    }
}
