//! Writes messages as ProtoJSON.
//!
//! Three manners share one sink. The *strict* one is the ProtoJSON specification: what has no JSON is an error. The
//! *lenient* one, made for showing recordings, never fails on a message that parses: what has no JSON stands as
//! `{"@type": …, "@wire": "<base64>", "@reason": …}` in its place, and unknown fields stand in `"@unknown"` as base64
//! of their bytes. So that nothing can be mistaken for these, a map key that begins with `@@` or `@wire` gets another `@`
//! in front.
//!
//! The *lossless* one is made for writing messages back, and adds to this: members stand in the order of the wire, an object
//! whose members don't tell the exact bytes of its message has these in `"@wire"`, its last member, and every key that
//! begins with `@` gets another one.
//! [`JsonReader`](super::JsonReader) reads all three.
//!
//! Source: the ProtoJSON specification; protobuf-go, `protojson`.

use super::escape::{Escape, Special, append_escaped, hex};
use super::layout::{EnumLayout, Field, Layout, LayoutId, Type};
use super::number;
use super::sink::{Flow, Malformed, Order, Place, Scalar, Sink, UnopenedAny};
use super::time::{duration, timestamp};
use super::walk::{Walker, Wire};
use super::well_known::WellKnown;
use crate::entry::Any;

/// How a message is written as JSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonOptions {
    /// Names fields as the `.proto` file does, not in camel case.
    pub proto_names: bool,
    /// Writes enums as numbers, not by name.
    pub enum_numbers: bool,
    /// Writes fields without presence, lists and maps even when they have their default value.
    pub emit_defaults: bool,
    /// Fails on what has no ProtoJSON, and leaves unknown fields out.
    pub strict: bool,
    /// Writes what is needed to get the very bytes back; only for [`write_json_any`], and neither with `strict` nor with
    /// `emit_defaults`.
    pub lossless: bool,
}

/// Why a message can't be written as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The bytes are no message of the type.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A value has no ProtoJSON, which only the strict manner minds.
    #[error("{type_name}: {reason}")]
    NoJson {
        /// The message type, or the field, whose value it is.
        type_name: String,
        /// What is wrong with the value.
        reason: String,
    },
}

/// Appends the JSON of a message to `out`, on one line.
///
/// # Errors
///
/// [`JsonError`]; `out` is then as it was.
pub fn write_json(
    walker: &mut Walker<'_>,
    layout: LayoutId,
    bytes: &[u8],
    options: JsonOptions,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    write(walker, options, out, |walker, sink| walker.walk(layout, bytes, sink))
}

/// Appends the JSON of a message as it stands in an `Any`: with `"@type"`.
///
/// What can't be opened is written with `"@wire"` in the lenient manner, and then the reason is returned.
///
/// # Errors
///
/// [`JsonError`] in the strict manner; `out` is then as it was.
pub fn write_json_any(
    walker: &mut Walker<'_>,
    any: Any<'_>,
    options: JsonOptions,
    out: &mut Vec<u8>,
) -> Result<Option<String>, JsonError> {
    let start = out.len();
    let written = match walker.schema().resolve(any.type_url) {
        Ok(layout) if options.lossless => match write_lossless(walker, layout, any, options, out) {
            Ok(true) => Ok(()),
            // Only messages that are malformed, or nest too deep, get here, and the other road says why.
            Ok(false) | Err(_) => write(walker, options, out, |walker, sink| walker.walk_any(layout, any, sink))
                .and_then(|()| Err(JsonError::NoJson { type_name: String::new(), reason: "no exact form".to_owned() })),
        },
        Ok(layout) => write(walker, options, out, |walker, sink| walker.walk_any(layout, any, sink)),
        Err(reason) => {
            Err(JsonError::NoJson { type_name: "google.protobuf.Any".to_owned(), reason: reason.to_string() })
        }
    };
    match written {
        Ok(()) => Ok(None),
        Err(error) if options.strict => Err(error),
        Err(error) => {
            let reason = match error {
                JsonError::Malformed(malformed) => malformed.to_string(),
                JsonError::NoJson { reason, .. } => reason,
            };
            out.truncate(start);
            let mut sink = JsonSink::new(out, options);
            sink.wire_value(Some(any.type_url.as_bytes()), any.value, &reason);
            sink.out.pop();
            Ok(Some(reason))
        }
    }
}

/// Appends the JSON that tells the exact bytes of a message, if there is one.
fn write_lossless(
    walker: &mut Walker<'_>,
    layout: LayoutId,
    any: Any<'_>,
    options: JsonOptions,
    out: &mut Vec<u8>,
) -> Result<bool, Box<JsonError>> {
    let start = out.len();
    for is_careful in [false, true] {
        if walker.walk_exact(layout, any, is_careful, &mut JsonSink::new(out, options))? {
            // The comma behind the value.
            out.truncate(out.len() - 1);
            return Ok(true);
        }
        out.truncate(start);
    }
    Ok(false)
}

fn write(
    walker: &mut Walker<'_>,
    options: JsonOptions,
    out: &mut Vec<u8>,
    walk: impl Fn(&mut Walker<'_>, &mut JsonSink<'_>) -> Result<(), Box<JsonError>>,
) -> Result<(), JsonError> {
    let start = out.len();
    let is_in_any =
        |error: &JsonError| !options.strict && matches!(error, JsonError::Malformed(malformed) if malformed.in_any());
    walker.checked_if_needed(is_in_any, |walker| {
        let walked = walk(walker, &mut JsonSink::new(out, options));
        match walked {
            // The comma behind the value.
            Ok(()) => out.truncate(out.len() - 1),
            Err(_) => out.truncate(start),
        }
        walked.map_err(|error| *error)
    })
}

/// Every value is followed by a comma; whatever closes the object or list overwrites the last one.
struct JsonSink<'o> {
    out: &'o mut Vec<u8>,
    options: JsonOptions,
    /// The innermost open message, and those around it.
    level: Level,
    outer: Vec<Level>,
    /// What goes into the `"@unknown"` of the innermost message: its unknown fields are the last thing that comes.
    unknown: Vec<u8>,
    /// The seconds and nanos, as far as they have come, of the point in time or the duration that is open.
    time: (i64, i32),
    /// Where the string of the field mask that is open begins, and why its paths have no JSON.
    mask_start: usize,
    mask_fault: Option<String>,
    /// The member `"@wire"` of the message that is reported tidied up, and where it belongs.
    wire: Vec<u8>,
    wire_end: WireEnd,
    /// How many `Any`s are open.
    open_anys: usize,
}

/// Where the `"@wire"` of a message belongs that is reported tidied up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WireEnd {
    /// There is none.
    Nowhere,
    /// In the object that begins next.
    Next,
    /// In the message's object, within so many others.
    Message(usize),
    /// In the object of the message's `Any`, within so many other `Any`s.
    Any(usize),
}

/// What the members of an open message are to become.
///
/// A byte, since every message pushes and pops one; what only one open message can have stands in the sink.
#[derive(Debug, Clone, Copy)]
enum Level {
    /// Members of an object.
    Object,
    /// Members of the object of an `Any`, which closes it.
    InAny,
    /// A string, once both fields are known.
    Time,
    /// A string that the paths are appended to.
    Mask,
    /// The message's only field is its JSON: `Struct` and `ListValue`.
    Only,
    /// The message's only field, or one of them, is its JSON: `Value` and the wrappers.
    Bare,
    /// That field has come.
    Written,
}

/// How deep most messages are, at most.
const USUAL_DEPTH: usize = 16;

impl<'o> JsonSink<'o> {
    fn new(out: &'o mut Vec<u8>, options: JsonOptions) -> Self {
        JsonSink {
            out,
            options,
            level: Level::Object,
            outer: Vec::with_capacity(USUAL_DEPTH),
            unknown: Vec::new(),
            time: (0, 0),
            mask_start: 0,
            mask_fault: None,
            wire: Vec::new(),
            wire_end: WireEnd::Nowhere,
            open_anys: 0,
        }
    }
}

impl JsonSink<'_> {
    #[inline(always)]
    fn key(&mut self, field: &Field) {
        let names_proto = self.options.proto_names || (field.json_name_is_ours && !self.options.strict);
        let key = if names_proto { &field.proto_json_key } else { &field.json_key };
        key.append_to(self.out);
    }

    /// Whether a map's key gets another `@` in front, of which readers take one off again where there are two.
    ///
    /// What is shown should be what it is, so there only keys are escaped that would be taken for something else.
    fn escapes_key(&self, key: &[u8]) -> bool {
        match self.options {
            JsonOptions { strict: true, .. } => false,
            JsonOptions { lossless: true, .. } => key.starts_with(b"@"),
            _ => key.starts_with(b"@@") || key.starts_with(b"@wire"),
        }
    }

    /// Notes that a message's object has begun, which may be the one that `"@wire"` belongs into.
    #[inline]
    fn object_begun(&mut self) {
        if self.wire_end == WireEnd::Next {
            self.wire_end = WireEnd::Message(self.outer.len());
        }
    }

    #[cold]
    fn write_wire(&mut self) {
        self.out.append(&mut self.wire);
        self.wire_end = WireEnd::Nowhere;
    }

    /// Writes the key at a place that needs one.
    #[inline]
    fn begin_value(&mut self, place: Place<'_>) {
        match place {
            Place::Field(field) => {
                if let Level::Bare | Level::Written = self.level {
                    self.level = Level::Written;
                } else {
                    self.key(field);
                }
            }
            Place::Any => self.out.extend_from_slice(b"\"value\":"),
            Place::Root | Place::Element(_) | Place::MapValue(_) => {}
        }
    }

    fn close(&mut self, bracket: u8) {
        match self.out.last_mut() {
            Some(last @ b',') => *last = bracket,
            _ => self.out.push(bracket),
        }
        self.out.push(b',');
    }

    /// Writes a value that has no JSON, or fails in the strict manner.
    fn no_json(&mut self, layout: &Layout, wire: Wire<'_>, reason: String) -> Result<(), Box<JsonError>> {
        if self.options.strict {
            return Err(no_json(layout.full_name(), reason));
        }
        let type_url = format!("type.googleapis.com/{}", layout.full_name());
        self.wire_value(Some(type_url.as_bytes()), &wire.bytes(), &reason);
        Ok(())
    }

    fn wire_value(&mut self, type_url: Option<&[u8]>, wire: &[u8], reason: &str) {
        self.out.push(b'{');
        if let Some(type_url) = type_url {
            self.out.extend_from_slice(b"\"@type\":");
            quote_json(self.out, &String::from_utf8_lossy(type_url));
            self.out.push(b',');
        }
        self.out.extend_from_slice(b"\"@wire\":");
        quote_base64(self.out, wire);
        self.out.extend_from_slice(b",\"@reason\":");
        quote_json(self.out, reason);
        self.out.extend_from_slice(b"},");
    }

    #[inline]
    fn string(&mut self, value: &[u8]) -> Result<(), Box<JsonError>> {
        self.out.push(b'"');
        if append_string(self.out, value).is_ok() {
            self.out.extend_from_slice(b"\",");
            return Ok(());
        }
        self.out.pop();
        if self.options.strict {
            return Err(invalid_utf8());
        }
        self.wire_value(None, value, "invalid UTF-8");
        Ok(())
    }

    fn enum_value(&mut self, value: i32, layout: &EnumLayout) {
        match layout.name(value) {
            _ if layout.is_null_value() => self.out.extend_from_slice(b"null"),
            Some(name) if !self.options.enum_numbers => quote_json(self.out, name),
            _ => number::signed(self.out, b"", value.into(), b""),
        }
    }

    #[inline(always)]
    fn value(&mut self, value: Scalar<'_>) -> Result<(), Box<JsonError>> {
        match value {
            Scalar::Bool(value) => self.out.extend_from_slice(if value { b"true" } else { b"false" }),
            Scalar::I32(value) => {
                number::signed(self.out, b"", value.into(), b",");
                return Ok(());
            }
            Scalar::U32(value) => {
                number::unsigned(self.out, b"", value.into(), b",");
                return Ok(());
            }
            // The integers that not every reader of JSON can hold stand in quotes.
            Scalar::I64(value) => {
                number::signed(self.out, b"\"", value, b"\",");
                return Ok(());
            }
            Scalar::U64(value) => {
                number::unsigned(self.out, b"\"", value, b"\",");
                return Ok(());
            }
            // Some readers of JSON take `-0` for an integer, which has no sign.
            Scalar::F32(value) if self.options.lossless && value.to_bits() == 1 << 31 => {
                self.out.extend_from_slice(b"-0.0")
            }
            Scalar::F64(value) if self.options.lossless && value.to_bits() == 1 << 63 => {
                self.out.extend_from_slice(b"-0.0")
            }
            Scalar::F32(value) => number::json_f32(self.out, value),
            Scalar::F64(value) => number::json_f64(self.out, value),
            Scalar::String(value) => return self.string(value),
            Scalar::Bytes(value) => quote_base64(self.out, value),
            Scalar::Enum(value, layout) => self.enum_value(value, layout),
        }
        self.out.push(b',');
        Ok(())
    }

    #[inline(never)]
    fn begin_well_known(
        &mut self,
        well_known: WellKnown,
        place: Place<'_>,
        layout: &Layout,
        wire: Wire<'_>,
    ) -> Result<Flow, Box<JsonError>> {
        self.begin_value(place);
        if well_known != WellKnown::Empty && self.loses_unknown(wire) {
            match well_known {
                // One without a type and without a value.
                WellKnown::Any => self.any_as_bytes(wire),
                _ => self.no_json(layout, wire, "unknown fields".to_owned())?,
            }
            return Ok(Flow::Skip);
        }
        let level = match well_known {
            WellKnown::Any | WellKnown::Empty => {
                self.out.push(b'{');
                Level::Object
            }
            WellKnown::Timestamp | WellKnown::Duration => {
                self.time = (0, 0);
                Level::Time
            }
            WellKnown::FieldMask => {
                self.mask_start = self.out.len();
                self.out.push(b'"');
                Level::Mask
            }
            WellKnown::Struct => {
                self.out.push(b'{');
                Level::Only
            }
            WellKnown::ListValue => {
                self.out.push(b'[');
                Level::Only
            }
            WellKnown::Value | WellKnown::Wrapper => Level::Bare,
        };
        self.outer.push(std::mem::replace(&mut self.level, level));
        if let Level::Object = level {
            self.object_begun();
        }
        Ok(Flow::Enter)
    }

    /// Writes an `Any` that has fields beside its own as its bytes; without a type, since what has one is a message inside
    /// an `Any`.
    #[cold]
    fn any_as_bytes(&mut self, wire: Wire<'_>) {
        self.wire_value(None, &wire.bytes(), "unknown fields beside type_url and value");
        if self.wire_end == WireEnd::Next {
            self.wire_end = WireEnd::Nowhere;
        }
    }

    #[cold]
    fn write_unknown(&mut self) {
        self.out.extend_from_slice(b"\"@unknown\":");
        quote_base64(self.out, &self.unknown);
        self.out.push(b',');
        self.unknown.clear();
    }

    #[inline(never)]
    fn end_well_known(&mut self, level: Level, layout: &Layout, wire: Wire<'_>) -> Result<(), Box<JsonError>> {
        match level {
            Level::Object | Level::InAny | Level::Written => {}
            Level::Time => {
                let (seconds, nanos) = self.time;
                let start = self.out.len();
                self.out.push(b'"');
                let written = match layout.well_known() {
                    Some(WellKnown::Duration) => duration(self.out, seconds, nanos),
                    _ => timestamp(self.out, seconds, nanos),
                };
                match written {
                    Ok(()) => self.out.extend_from_slice(b"\","),
                    Err(reason) => {
                        self.out.truncate(start);
                        self.no_json(layout, wire, reason)?;
                    }
                }
            }
            Level::Mask => match self.mask_fault.take() {
                None => self.close(b'"'),
                Some(reason) => {
                    self.out.truncate(self.mask_start);
                    self.no_json(layout, wire, reason)?;
                }
            },
            Level::Only => self.close(if layout.well_known() == Some(WellKnown::Struct) { b'}' } else { b']' }),
            Level::Bare => match layout.well_known() {
                Some(WellKnown::Wrapper) => self.default_of(layout.fields()[0].ty())?,
                _ => self.no_json(layout, wire, "none of the fields of the oneof `kind` is set".to_owned())?,
            },
        }
        Ok(())
    }

    /// A field of a well-known type whose JSON is no object.
    fn well_known_scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Box<JsonError>> {
        match self.level {
            Level::Object | Level::InAny | Level::Only => Ok(()),
            Level::Time => {
                match value {
                    Scalar::I64(value) => self.time.0 = value,
                    Scalar::I32(value) => self.time.1 = value,
                    _ => {}
                }
                Ok(())
            }
            Level::Mask => {
                if let Scalar::String(path) = value {
                    match camel_case_path(path) {
                        Ok(path) => {
                            self.out.extend_from_slice(path.as_bytes());
                            self.out.push(b',');
                        }
                        Err(reason) => self.mask_fault = Some(reason),
                    }
                }
                Ok(())
            }
            Level::Bare | Level::Written => {
                self.level = Level::Written;
                // A value without number is not the number's field being unset: it is written here as its bytes.
                let is_value = matches!(place, Place::Field(field) if field.oneof().is_some());
                match value {
                    Scalar::F64(number) if is_value && !number.is_finite() => {
                        let reason = format!("number_value is {number}, which JSON does not have");
                        if self.options.strict {
                            return Err(no_json("google.protobuf.Value", reason));
                        }
                        let mut wire = vec![0x11];
                        wire.extend_from_slice(&number.to_le_bytes());
                        self.wire_value(Some(b"type.googleapis.com/google.protobuf.Value"), &wire, &reason);
                        Ok(())
                    }
                    _ => self.value(value),
                }
            }
        }
    }

    /// Whether a well-known type must be shown as its bytes because its JSON has no room for unknown fields.
    fn loses_unknown(&self, wire: Wire<'_>) -> bool {
        wire.has_unknown() && !self.options.strict
    }

    fn default_of(&mut self, ty: &Type) -> Result<(), Box<JsonError>> {
        self.value(match ty {
            Type::Double => Scalar::F64(0.0),
            Type::Float => Scalar::F32(0.0),
            Type::Int32 | Type::Sint32 | Type::Sfixed32 => Scalar::I32(0),
            Type::Int64 | Type::Sint64 | Type::Sfixed64 => Scalar::I64(0),
            Type::Uint32 | Type::Fixed32 => Scalar::U32(0),
            Type::Uint64 | Type::Fixed64 => Scalar::U64(0),
            Type::Bool => Scalar::Bool(false),
            Type::String => Scalar::String(b""),
            Type::Bytes => Scalar::Bytes(b""),
            Type::Enum(layout) => Scalar::Enum(layout.default_number(), layout),
            Type::Message(_) | Type::Group(_) => unreachable!("messages have presence"),
        })
    }
}

impl Sink for JsonSink<'_> {
    /// A pointer, so that the results of a walk stay small.
    type Error = Box<JsonError>;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn wants_absent(&self) -> bool {
        self.options.emit_defaults
    }

    #[inline(always)]
    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, wire: Wire<'_>) -> Result<Flow, Box<JsonError>> {
        if let Some(well_known) = layout.well_known() {
            return self.begin_well_known(well_known, place, layout, wire);
        }
        let inside_any = matches!(place, Place::Any);
        if !inside_any {
            self.begin_value(place);
            self.out.push(b'{');
        }
        self.outer.push(std::mem::replace(&mut self.level, if inside_any { Level::InAny } else { Level::Object }));
        self.object_begun();
        Ok(Flow::Enter)
    }

    #[inline(always)]
    fn end_message(&mut self, _: Place<'_>, layout: &Layout, wire: Wire<'_>) -> Result<(), Box<JsonError>> {
        let depth = self.outer.len();
        let outer = self.outer.pop().expect("begin_message pushed a level");
        match std::mem::replace(&mut self.level, outer) {
            level @ (Level::Object | Level::InAny) => {
                if !self.unknown.is_empty() {
                    self.write_unknown();
                }
                if self.wire_end == WireEnd::Message(depth) {
                    self.write_wire();
                }
                if let Level::Object = level {
                    self.close(b'}');
                }
                Ok(())
            }
            level => self.end_well_known(level, layout, wire),
        }
    }

    #[inline(always)]
    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Box<JsonError>> {
        match self.level {
            Level::Object | Level::InAny | Level::Only => {
                if let Place::Field(field) = place {
                    self.key(field);
                }
                self.value(value)
            }
            Level::Time | Level::Mask | Level::Bare | Level::Written => self.well_known_scalar(place, value),
        }
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Box<JsonError>> {
        if let Level::Object | Level::InAny = self.level {
            self.key(field);
            self.out.push(b'[');
        }
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), Box<JsonError>> {
        if let Level::Object | Level::InAny = self.level {
            self.close(b']');
        }
        Ok(())
    }

    fn begin_map(&mut self, field: &Field) -> Result<(), Box<JsonError>> {
        if let Level::Object | Level::InAny = self.level {
            self.key(field);
            self.out.push(b'{');
        }
        Ok(())
    }

    fn begin_entry(&mut self, _: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Box<JsonError>> {
        self.out.push(b'"');
        let start = self.out.len();
        match key {
            Scalar::Bool(value) => self.out.extend_from_slice(if value { b"true" } else { b"false" }),
            Scalar::I32(value) => number::signed(self.out, b"", value.into(), b""),
            Scalar::I64(value) => number::signed(self.out, b"", value, b""),
            Scalar::U32(value) => number::unsigned(self.out, b"", value.into(), b""),
            Scalar::U64(value) => number::unsigned(self.out, b"", value, b""),
            Scalar::String(value) => {
                if self.escapes_key(value) {
                    self.out.push(b'@');
                }
                match append_string(self.out, value) {
                    Ok(()) => {}
                    Err(InvalidUtf8) if self.options.strict => return Err(invalid_utf8()),
                    Err(InvalidUtf8) => {
                        // It can't be mistaken for a key that begins so: that has two.
                        self.out.truncate(start);
                        self.out.extend_from_slice(b"@wire:");
                        base64_simd::STANDARD.encode_append(value, self.out);
                    }
                }
            }
            Scalar::F32(_) | Scalar::F64(_) | Scalar::Bytes(_) | Scalar::Enum(..) => {
                unreachable!("descriptors with such map keys are refused")
            }
        }
        self.out.extend_from_slice(b"\":");
        Ok(())
    }

    fn end_map(&mut self, _: &Field) -> Result<(), Box<JsonError>> {
        if let Level::Object | Level::InAny = self.level {
            self.close(b'}');
        }
        Ok(())
    }

    fn begin_any(
        &mut self,
        place: Place<'_>,
        any: Any<'_>,
        _: &Layout,
        wire: Wire<'_>,
    ) -> Result<Flow, Box<JsonError>> {
        self.begin_value(place);
        if self.loses_unknown(wire) {
            self.any_as_bytes(wire);
            return Ok(Flow::Skip);
        }
        self.out.extend_from_slice(b"{\"@type\":");
        quote_json(self.out, any.type_url);
        self.out.push(b',');
        if self.wire_end == WireEnd::Next {
            self.wire_end = WireEnd::Any(self.open_anys);
        }
        self.open_anys += 1;
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), Box<JsonError>> {
        self.open_anys -= 1;
        if self.wire_end == WireEnd::Any(self.open_anys) {
            self.write_wire();
        }
        self.close(b'}');
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, wire: Wire<'_>) -> Result<Flow, Box<JsonError>> {
        self.begin_value(place);
        let reason = any.reason.to_string();
        if self.options.strict {
            return Err(no_json("google.protobuf.Any", reason));
        }
        if wire.has_unknown() || any.type_url.is_empty() || simdutf8::basic::from_utf8(any.type_url).is_err() {
            self.wire_value(None, &wire.bytes(), &reason);
        } else {
            self.wire_value(Some(any.type_url), any.value, &reason);
        }
        Ok(Flow::Skip)
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), Box<JsonError>> {
        if !self.options.strict {
            self.unknown.extend_from_slice(wire);
        }
        Ok(())
    }

    #[cold]
    fn unknown_run(&mut self, wire: &[u8]) -> Result<(), Box<JsonError>> {
        self.unknown.extend_from_slice(wire);
        self.write_unknown();
        Ok(())
    }

    #[cold]
    fn begin_inexact(&mut self, wire: &[u8]) {
        self.wire.clear();
        self.wire.extend_from_slice(b"\"@wire\":");
        quote_base64(&mut self.wire, wire);
        self.wire.push(b',');
        self.wire_end = WireEnd::Next;
    }

    fn absent(&mut self, field: &Field) -> Result<(), Box<JsonError>> {
        use super::layout::Shape;
        if !matches!(self.level, Level::Object | Level::InAny) || field.is_extension() {
            return Ok(());
        }
        match field.shape() {
            Shape::List { .. } => {
                self.key(field);
                self.out.extend_from_slice(b"[],");
            }
            Shape::Map(_) => {
                self.key(field);
                self.out.extend_from_slice(b"{},");
            }
            Shape::Singular if field.has_presence() => {}
            Shape::Singular => {
                self.key(field);
                self.default_of(field.ty())?;
            }
        }
        Ok(())
    }
}

#[cold]
fn no_json(type_name: &str, reason: String) -> Box<JsonError> {
    Box::new(JsonError::NoJson { type_name: type_name.to_owned(), reason })
}

fn invalid_utf8() -> Box<JsonError> {
    no_json("string", "invalid UTF-8".to_owned())
}

impl From<Malformed> for Box<JsonError> {
    fn from(malformed: Malformed) -> Self {
        Box::new(JsonError::Malformed(malformed))
    }
}

/// Appends a string in quotes; controls, U+007F and U+0080 to U+009F are escaped, so that no terminal obeys them.
pub fn quote_json(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    append_escaped::<JsonEscape>(out, value.as_bytes());
    out.push(b'"');
}

/// Appends a string without its quotes; what is not UTF-8 makes it fail, and `out` is then as it was.
fn append_string(out: &mut Vec<u8>, value: &[u8]) -> Result<(), InvalidUtf8> {
    let start = out.len();
    if append_escaped::<JsonEscape>(out, value).is_empty() {
        Ok(())
    } else {
        out.truncate(start);
        Err(InvalidUtf8)
    }
}

struct InvalidUtf8;

struct JsonEscape;

impl Escape for JsonEscape {
    fn escape(out: &mut Vec<u8>, character: Special) {
        match character {
            Special::Ascii(byte @ (b'"' | b'\\')) => out.extend_from_slice(&[b'\\', byte]),
            Special::Ascii(b'\n') => out.extend_from_slice(b"\\n"),
            Special::Ascii(b'\r') => out.extend_from_slice(b"\\r"),
            Special::Ascii(b'\t') => out.extend_from_slice(b"\\t"),
            Special::Ascii(0x08) => out.extend_from_slice(b"\\b"),
            Special::Ascii(0x0c) => out.extend_from_slice(b"\\f"),
            // The second byte of U+0080 to U+009F is the low byte of the code point too.
            Special::Ascii(byte) | Special::Latin(byte) => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&hex(byte));
            }
        }
    }
}

/// Appends bytes as base64 in quotes.
pub fn quote_base64(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    base64_simd::STANDARD.encode_append(value, out);
    out.push(b'"');
}

/// A path of a field mask in camel case, if it is a path and can be turned back.
///
/// Source: protobuf-go, `protojson`, `marshalFieldMask`: names between dots, each a letter or underscore and then letters,
/// digits and underscores; every underscore is followed by a small letter, since that is what turns it back.
fn camel_case_path(path: &[u8]) -> Result<String, String> {
    let path = std::str::from_utf8(path).map_err(|_| "path is not valid UTF-8".to_owned())?;
    let mut camel = String::with_capacity(path.len());
    let mut before = '.';
    for character in path.chars() {
        match (before, character) {
            ('_', 'a'..='z') => camel.push(character.to_ascii_uppercase()),
            (_, 'a'..='z') => camel.push(character),
            ('_' | '.', '0'..='9') | ('_', '_') | ('_' | '.', '.') => return Err(no_path(path)),
            (_, '0'..='9' | '.') => camel.push(character),
            (_, '_') => {}
            _ => return Err(no_path(path)),
        }
        before = character;
    }
    if matches!(before, '_' | '.') { Err(no_path(path)) } else { Ok(camel) }
}

#[cold]
fn no_path(path: &str) -> String {
    format!("path `{}` can't be turned back from camel case", path.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_field_masks() {
        for (path, camel) in [("a", "a"), ("a_b.c", "aB.c"), ("_a", "A"), ("a1.b_c2", "a1.bC2")] {
            assert_eq!(camel_case_path(path.as_bytes()).as_deref(), Ok(camel));
        }
        for path in ["", ".", "a.", ".a", "a..b", "1a", "a.1", "a_1", "a__b", "a_", "A", "a-b", "a,b", "é"] {
            assert!(camel_case_path(path.as_bytes()).is_err(), "{path}");
        }
    }
}
