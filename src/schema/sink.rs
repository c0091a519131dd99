//! [`Sink`]: what receives the events of a walk, and what those events are made of.

use super::Unresolved;
use super::layout::{EnumLayout, Field, Layout};
use super::walk::Wire;
use crate::entry::Any;
use crate::wire::Fault;

/// Receives what a [`Walker`](super::Walker) meets in a message.
///
/// The default of every event is to do nothing. An error ends the walk.
#[allow(unused_variables)]
pub trait Sink {
    /// What ends a walk: the sink's own failures, and bytes that are no message.
    type Error: From<Malformed>;

    /// The order in which fields come.
    const ORDER: Order;

    /// Whether the message inside a `google.protobuf.Any` is walked; if not, an `Any` is a message like others.
    fn opens_any(&self) -> bool {
        false
    }

    /// Whether [`absent`](Self::absent) is to be called; only in [`Order::Declared`].
    fn wants_absent(&self) -> bool {
        false
    }

    /// A message begins; its fields follow, then [`end_message`](Self::end_message), or neither if the sink says so.
    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, wire: Wire<'_>) -> Result<Flow, Self::Error> {
        Ok(Flow::Enter)
    }

    /// A message ends.
    fn end_message(&mut self, place: Place<'_>, layout: &Layout, wire: Wire<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// A value that is no message.
    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// The elements of a list follow, at least one, each at a [`Place::Element`].
    fn begin_list(&mut self, field: &Field) -> Result<(), Self::Error> {
        Ok(())
    }

    /// The list's last element has come.
    fn end_list(&mut self, field: &Field) -> Result<(), Self::Error> {
        Ok(())
    }

    /// The entries of a map follow, at least one.
    fn begin_map(&mut self, field: &Field) -> Result<(), Self::Error> {
        Ok(())
    }

    /// An entry of a map begins; its value follows at a [`Place::MapValue`].
    fn begin_entry(&mut self, map: &Field, key: &Field, value: Scalar<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// An entry of a map ends.
    fn end_entry(&mut self, map: &Field) -> Result<(), Self::Error> {
        Ok(())
    }

    /// The map's last entry has come.
    fn end_map(&mut self, field: &Field) -> Result<(), Self::Error> {
        Ok(())
    }

    /// A `google.protobuf.Any` begins whose type is known; its message follows at [`Place::Any`].
    ///
    /// Only if the sink [opens](Self::opens_any) them. Fields of the `Any` beside its two are reported as unknown before
    /// the message begins.
    fn begin_any(
        &mut self,
        place: Place<'_>,
        any: Any<'_>,
        layout: &Layout,
        wire: Wire<'_>,
    ) -> Result<Flow, Self::Error> {
        Ok(Flow::Enter)
    }

    /// The `Any` ends.
    fn end_any(&mut self, place: Place<'_>, layout: &Layout) -> Result<(), Self::Error> {
        Ok(())
    }

    /// A `google.protobuf.Any` that is not empty and can't be opened.
    ///
    /// Only if the sink [opens](Self::opens_any) them. Its fields beside the two are reported as unknown afterwards.
    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, wire: Wire<'_>) -> Result<Flow, Self::Error> {
        Ok(Flow::Enter)
    }

    /// A field that the layout does not know, with its tag; unknown fields come last, in the order of the wire.
    fn unknown(&mut self, wire: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Fields that the layout does not know, which stand together, where they stand; only in
    /// [exact walks](super::Walker::walk_exact).
    fn unknown_run(&mut self, wire: &[u8]) -> Result<(), Self::Error> {
        self.unknown(wire)
    }

    /// The message that begins next, or the one inside the `Any` that does, is reported tidied up, and these are the bytes
    /// that it is; only in [exact walks](super::Walker::walk_exact). What stands inside of it is not announced again.
    fn begin_inexact(&mut self, wire: &[u8]) {}

    /// A field that is not on the wire, in its turn.
    fn absent(&mut self, field: &Field) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// What a sink wants of a message that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Its fields.
    Enter,
    /// Nothing more: neither fields nor an end.
    Skip,
}

/// The order in which a message's fields come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As declared, extensions last by name: the order of Go's text and JSON writers.
    Declared,
    /// Extensions, then fields outside oneofs, then oneofs: the order of Go's deterministic wire encoder.
    Wire,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The message the walk began with.
    Root,
    /// The value of a singular field.
    Field(&'a Field),
    /// An element of a list.
    Element(&'a Field),
    /// The value of a map's entry; this is field 2 of the entry.
    MapValue(&'a Field),
    /// The message inside an `Any`.
    Any,
}

/// A value that is no message.
#[derive(Debug, Clone, Copy)]
pub enum Scalar<'a> {
    /// A `bool`.
    Bool(bool),
    /// An `int32`, `sint32` or `sfixed32`.
    I32(i32),
    /// An `int64`, `sint64` or `sfixed64`.
    I64(i64),
    /// A `uint32` or `fixed32`.
    U32(u32),
    /// A `uint64` or `fixed64`.
    U64(u64),
    /// A `float`.
    F32(f32),
    /// A `double`.
    F64(f64),
    /// A `string`; the bytes are as they were and may not be UTF-8.
    String(&'a [u8]),
    /// A `bytes`.
    Bytes(&'a [u8]),
    /// An enum's number.
    Enum(i32, &'a EnumLayout),
}

impl Scalar<'_> {
    /// Whether it is nothing: the number 0, `false`, an empty text.
    pub fn is_zero(&self) -> bool {
        match *self {
            Scalar::Bool(value) => !value,
            Scalar::I32(value) | Scalar::Enum(value, _) => value == 0,
            Scalar::I64(value) => value == 0,
            Scalar::U32(value) => value == 0,
            Scalar::U64(value) => value == 0,
            Scalar::F32(value) => value.to_bits() == 0,
            Scalar::F64(value) => value.to_bits() == 0,
            Scalar::String(value) | Scalar::Bytes(value) => value.is_empty(),
        }
    }
}

/// A `google.protobuf.Any` whose message can't be walked.
#[derive(Debug, Clone, Copy)]
pub struct UnopenedAny<'a> {
    /// The type URL; the bytes may not be UTF-8.
    pub type_url: &'a [u8],
    /// The message's wire bytes.
    pub value: &'a [u8],
    /// Why it can't be opened.
    pub reason: &'a Unopened,
}

/// Why an `Any` can't be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unopened {
    /// There is no descriptor for its type.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// Its value is no message of its type.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Bytes that are no message of their type.
///
/// It is a pointer, so that the results of a walk, which is full of them, stay small.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {}", .0.fault, .0.position)]
pub struct Malformed(Box<Damage>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Damage {
    fault: Fault,
    position: usize,
    in_any: bool,
}

impl Malformed {
    #[cold]
    pub(super) fn new(fault: Fault, position: usize) -> Self {
        Malformed(Box::new(Damage { fault, position, in_any: false }))
    }

    /// What a sink fails with whose text grows beyond [`text_limit`](super::text_limit).
    pub fn text_too_long() -> Self {
        Malformed::new(Fault::TextTooLong, 0)
    }

    /// Notes that it is inside an `Any`, if it is.
    #[cold]
    pub(super) fn located(mut self, in_any: bool) -> Self {
        self.0.in_any |= in_any;
        self
    }

    /// What is wrong.
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// The offset in bytes from the start of the walk's bytes.
    pub fn position(&self) -> usize {
        self.0.position
    }

    /// Whether it is inside an `Any` inside the message, which may then be shown unopened.
    pub fn in_any(&self) -> bool {
        self.0.in_any
    }
}
