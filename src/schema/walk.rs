//! The decoder: wire bytes and a [`Layout`] → a stream of events, never a message object.
//!
//! A [`Walker`] steps through a message and calls a [`Sink`] for what it meets. It takes care of what the wire format
//! leaves open, so that sinks don't: fields come in the order the sink asks for, whatever their order on the wire; all
//! elements of a list come together; a singular field comes once, the last one or all merged; of a oneof only the last
//! member comes; map entries come sorted, each key once.
//!
//! Nesting is kept on a stack of its own, not on the program's: [`NESTING_LIMIT`] messages within each other need no
//! more of it than one. Every byte of a message is read once, by the level it belongs to, and once more to check an
//! `Any` where that was asked for.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use super::layout::{EnumLayout, Field, Layout, LayoutId, MapShape, Shape, Type, WireType};
use super::well_known::WellKnown;
use super::wire::{Cursor, Fault, Groups, NESTING_LIMIT, Tag, WireValue};
use super::{Schema, Unresolved};
use crate::entry::Any;

/// Receives what a [`Walker`] meets in a message.
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

/// The bytes of a message that a walk has reached.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    data: &'a [u8],
    occurrences: Occurrences<'a>,
    has_unknown: bool,
    is_empty: bool,
}

#[derive(Debug, Clone, Copy)]
enum Occurrences<'a> {
    All(&'a [u8]),
    Spans(&'a [Span]),
}

impl<'a> Wire<'a> {
    /// The message's bytes; those of a field that occurred several times are joined, which is how messages merge.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        match self.occurrences {
            Occurrences::All(bytes) => Cow::Borrowed(bytes),
            Occurrences::Spans([span]) => Cow::Borrowed(span.bytes(self.data)),
            Occurrences::Spans(spans) => {
                Cow::Owned(spans.iter().flat_map(|span| span.bytes(self.data)).copied().collect())
            }
        }
    }

    /// Whether the message has fields, on its own level, that its layout does not know.
    pub fn has_unknown(&self) -> bool {
        self.has_unknown
    }

    /// Whether the message has no field at all.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {position}", message = .fault)]
pub struct Malformed {
    /// What is wrong.
    pub fault: Fault,
    /// The offset in bytes from the start of the walk's bytes.
    pub position: usize,
    /// Whether it is inside an `Any` inside the message, which may then be shown unopened.
    pub in_any: bool,
}

/// One field occurrence on the wire.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// The index in the layout's fields, or `UNKNOWN`.
    field: u32,
    /// Where the bytes end; 0 for a number, since nothing with a tag before it ends there.
    end: u32,
    /// A number, or where the bytes start; of an unknown field they begin with its tag.
    bits: u64,
}

const UNKNOWN: u32 = u32::MAX;

/// The mark of a oneof's member that a later one replaced.
const REPLACED: u32 = u32::MAX - 1;

/// A key or value that is missing from a map's entry: the default of every scalar type but an enum's.
const ABSENT: Span = Span { field: UNKNOWN, end: 0, bits: 0 };

impl Span {
    #[inline]
    fn new(field: u32, value: WireValue) -> Span {
        match value {
            WireValue::Bits(bits) => Span { field, end: 0, bits },
            WireValue::Span { start, end } => Span { field, end, bits: start.into() },
        }
    }

    fn is_number(&self) -> bool {
        self.end == 0
    }

    #[inline]
    fn bytes(self, data: &[u8]) -> &[u8] {
        &data[self.range()]
    }

    #[inline]
    fn range(self) -> Range<usize> {
        if self.end == 0 { 0..0 } else { self.bits as usize..self.end as usize }
    }
}

/// One entry of a map.
#[derive(Debug, Clone, Copy)]
struct MapItem {
    key: Span,
    /// The occurrences of the value, as a range of spans.
    first_value: u32,
    end_value: u32,
}

/// Where a message's bytes stand.
#[derive(Debug, Clone)]
enum Body {
    /// In the bytes of the walk.
    Range(Range<usize>),
    /// In the spans of the level above.
    Spans(Range<usize>),
}

/// A level of nesting.
#[derive(Debug)]
enum Frame<'s> {
    Message {
        layout: &'s Layout,
        place: Place<'s>,
        /// The spans of the fields still to come: from here to `end`.
        next: usize,
        end: usize,
        /// Where the level's spans begin.
        base: usize,
        /// A list whose elements are messages, between two of them.
        list: Option<&'s Field>,
        /// What [`Wire`] is made of.
        body: Body,
        /// How many of the declared fields have come or were reported absent.
        reported: usize,
    },
    Map {
        field: &'s Field,
        shape: &'s MapShape,
        layout: LayoutId,
        next: usize,
        end: usize,
        /// Where the level's items and spans begin.
        items: usize,
        base: usize,
    },
    Any {
        place: Place<'s>,
        layout: &'s Layout,
    },
}

/// Walks messages; keeps its memory from one to the next.
#[derive(Debug)]
pub struct Walker<'s> {
    schema: &'s Schema,
    spans: Vec<Span>,
    items: Vec<MapItem>,
    frames: Vec<Frame<'s>>,
    groups: Groups,
    /// How many messages are open.
    depth: usize,
    /// How many `Any`s are open.
    open_anys: usize,
    checks_any: bool,
}

impl<'s> Walker<'s> {
    /// A walker that looks types up in this schema.
    pub fn new(schema: &'s Schema) -> Self {
        Walker {
            schema,
            spans: Vec::new(),
            items: Vec::new(),
            frames: Vec::new(),
            groups: Groups::default(),
            depth: 0,
            open_anys: 0,
            checks_any: false,
        }
    }

    /// The schema the walker looks types up in.
    pub fn schema(&self) -> &'s Schema {
        self.schema
    }

    /// Whether the message inside an `Any` is read once before it is opened.
    ///
    /// Without, a malformed one fails the whole walk, with [`Malformed::in_any`] set. That is the fast road; whoever
    /// meets the failure throws away what came and walks again with the check, which then reports that `Any`
    /// [unopened](Sink::unopened_any).
    pub fn check_any(&mut self, checks_any: bool) {
        self.checks_any = checks_any;
    }

    /// Walks a message.
    ///
    /// # Errors
    ///
    /// Those of the sink, and [`Malformed`] for bytes that are no message of the type.
    pub fn walk<S: Sink>(&mut self, layout: LayoutId, data: &[u8], sink: &mut S) -> Result<(), S::Error> {
        self.reset(data)?;
        self.push_root(self.schema.layout(layout), Place::Root, data, sink)?;
        self.run(data, 0, sink)
    }

    /// Walks a message of a type that a type URL names, as if it stood in an `Any`: the sink gets
    /// [`begin_any`](Sink::begin_any) and [`end_any`](Sink::end_any) at [`Place::Root`].
    ///
    /// # Errors
    ///
    /// As for [`walk`](Self::walk).
    pub fn walk_any<S: Sink>(&mut self, layout: LayoutId, any: Any<'_>, sink: &mut S) -> Result<(), S::Error> {
        self.reset(any.value)?;
        let layout = self.schema.layout(layout);
        let occurrences = Occurrences::All(any.value);
        let wire = Wire { data: any.value, occurrences, has_unknown: false, is_empty: any.value.is_empty() };
        if sink.begin_any(Place::Root, any, layout, wire)? == Flow::Skip {
            return Ok(());
        }
        self.push_root(layout, Place::Any, any.value, sink)?;
        self.run(any.value, 0, sink)?;
        sink.end_any(Place::Root, layout)
    }

    fn reset(&mut self, data: &[u8]) -> Result<(), Malformed> {
        self.spans.clear();
        self.items.clear();
        self.frames.clear();
        self.groups.clear();
        self.depth = 0;
        self.open_anys = 0;
        if u32::try_from(data.len()).is_err() {
            return Err(Malformed { fault: Fault::TooLong, position: 0, in_any: false });
        }
        Ok(())
    }

    fn malformed(&self, fault: Fault, position: usize) -> Malformed {
        Malformed { fault, position, in_any: self.open_anys > 0 }
    }

    /// Begins a message whose bytes are all of `data`.
    fn push_root<S: Sink>(
        &mut self,
        layout: &'s Layout,
        place: Place<'s>,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let base = self.spans.len();
        self.collect(layout, data, 0..data.len())?;
        self.push_message(layout, place, Body::Range(0..data.len()), base, data, sink)
    }

    /// Begins a message whose fields have been collected from `base` on.
    fn push_message<S: Sink>(
        &mut self,
        layout: &'s Layout,
        place: Place<'s>,
        body: Body,
        base: usize,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        if self.depth >= NESTING_LIMIT {
            return Err(self.malformed(Fault::TooDeep, 0).into());
        }
        self.arrange(layout, base, S::ORDER);
        match sink.begin_message(place, layout, self.wire(&body, base, data))? {
            Flow::Skip => self.spans.truncate(base),
            Flow::Enter => {
                self.depth += 1;
                let end = self.spans.len();
                let frame = Frame::Message { layout, place, next: base, end, base, list: None, body, reported: 0 };
                self.frames.push(frame);
            }
        }
        Ok(())
    }

    fn wire<'a>(&'a self, body: &Body, base: usize, data: &'a [u8]) -> Wire<'a> {
        let occurrences = match body {
            Body::Range(range) => Occurrences::All(&data[range.clone()]),
            Body::Spans(range) => Occurrences::Spans(&self.spans[range.clone()]),
        };
        let fields = &self.spans[base..];
        // Unknown fields sort last.
        let has_unknown = fields.last().is_some_and(|span| span.field == UNKNOWN);
        Wire { data, occurrences, has_unknown, is_empty: fields.is_empty() }
    }

    /// Walks until no more than `floor` levels are open.
    fn run<S: Sink>(&mut self, data: &[u8], floor: usize, sink: &mut S) -> Result<(), S::Error> {
        while self.frames.len() > floor {
            let top = self.frames.len() - 1;
            match self.frames[top] {
                Frame::Message { .. } => self.step_message(top, data, sink)?,
                Frame::Map { .. } => self.step_map(top, data, sink)?,
                Frame::Any { place, layout } => {
                    self.frames.pop();
                    self.open_anys -= 1;
                    sink.end_any(place, layout)?;
                }
            }
        }
        Ok(())
    }

    /// Reports the fields of a message up to its next message, or its end.
    fn step_message<S: Sink>(&mut self, top: usize, data: &[u8], sink: &mut S) -> Result<(), S::Error> {
        let Frame::Message { layout, place, ref body, mut next, end, base, mut list, mut reported } = self.frames[top]
        else {
            unreachable!("the caller matched the frame");
        };
        let body = body.clone();
        let wants_absent = sink.wants_absent();
        while next < end {
            let span = self.spans[next];
            if span.field == UNKNOWN {
                if let Some(field) = list.take() {
                    sink.end_list(field)?;
                }
                if wants_absent {
                    report_absent(layout, &mut reported, layout.fields().len(), sink)?;
                }
                sink.unknown(span.bytes(data))?;
                next += 1;
                continue;
            }
            let field = &layout.fields()[span.field as usize];
            if let Some(open) = list
                && !std::ptr::eq(open, field)
            {
                sink.end_list(open)?;
                list = None;
            }
            if wants_absent && reported <= span.field as usize {
                report_absent(layout, &mut reported, span.field as usize, sink)?;
                reported += 1;
            }
            match field.shape() {
                Shape::Singular => {
                    let first = next;
                    next += 1;
                    while next < end && self.spans[next].field == span.field {
                        next += 1;
                    }
                    match field.ty().message() {
                        None => {
                            let last = self.spans[next - 1];
                            if !field.has_presence() && is_default(field.ty(), last) {
                                if wants_absent {
                                    sink.absent(field)?;
                                }
                                continue;
                            }
                            sink.scalar(Place::Field(field), scalar(field.ty(), last, data))?;
                        }
                        Some(id) => {
                            self.pause(top, next, list, reported);
                            return self.enter(id, Place::Field(field), first..next, data, sink);
                        }
                    }
                }
                Shape::List { .. } => {
                    if list.is_none() && field.ty().message().is_some() {
                        sink.begin_list(field)?;
                        list = Some(field);
                    }
                    match field.ty().message() {
                        Some(id) => {
                            let element = next..next + 1;
                            next += 1;
                            self.pause(top, next, list, reported);
                            return self.enter(id, Place::Element(field), element, data, sink);
                        }
                        None => next = self.scalar_list(field, next, end, data, sink)?,
                    }
                }
                Shape::Map(shape) => {
                    let first = next;
                    next += 1;
                    while next < end && self.spans[next].field == span.field {
                        next += 1;
                    }
                    self.pause(top, next, list, reported);
                    return self.enter_map(field, shape, first..next, data, sink);
                }
            }
        }
        if let Some(field) = list {
            sink.end_list(field)?;
        }
        if wants_absent {
            report_absent(layout, &mut reported, layout.fields().len(), sink)?;
        }
        sink.end_message(place, layout, self.wire(&body, base, data))?;
        self.spans.truncate(base);
        self.frames.pop();
        self.depth -= 1;
        Ok(())
    }

    /// Notes how far a message has come before one of its fields is entered.
    fn pause(&mut self, top: usize, now_next: usize, now_list: Option<&'s Field>, now_reported: usize) {
        if let Frame::Message { next, list, reported, .. } = &mut self.frames[top] {
            *next = now_next;
            *list = now_list;
            *reported = now_reported;
        }
    }

    /// Reports a list of scalars, each occurrence packed or not, and returns the index of the span behind it.
    fn scalar_list<S: Sink>(
        &mut self,
        field: &'s Field,
        first: usize,
        end: usize,
        data: &[u8],
        sink: &mut S,
    ) -> Result<usize, S::Error> {
        let packable = !matches!(field.ty(), Type::String | Type::Bytes);
        let mut begun = false;
        let mut next = first;
        while next < end && self.spans[next].field == self.spans[first].field {
            let span = self.spans[next];
            next += 1;
            if !packable || span.is_number() {
                if !begun {
                    sink.begin_list(field)?;
                    begun = true;
                }
                sink.scalar(Place::Element(field), scalar(field.ty(), span, data))?;
                continue;
            }
            let mut cursor = Cursor::new(data, span.range());
            while !cursor.is_at_end() {
                let bits = match field.ty().wire_type() {
                    WireType::Fixed64 => cursor.fixed64(),
                    WireType::Fixed32 => cursor.fixed32().map(u64::from),
                    _ => cursor.varint(),
                }
                .map_err(|fault| self.malformed(fault, cursor.position))?;
                if !begun {
                    sink.begin_list(field)?;
                    begun = true;
                }
                sink.scalar(Place::Element(field), scalar(field.ty(), Span { bits, ..span }, data))?;
            }
        }
        if begun {
            sink.end_list(field)?;
        }
        Ok(next)
    }

    /// Begins the message whose occurrences are these spans of the level above.
    fn enter<S: Sink>(
        &mut self,
        id: LayoutId,
        place: Place<'s>,
        occurrences: Range<usize>,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let layout = self.schema.layout(id);
        let base = self.spans.len();
        for index in occurrences.clone() {
            let range = self.spans[index].range();
            self.collect(layout, data, range)?;
        }
        let body = Body::Spans(occurrences);
        if layout.well_known() == Some(WellKnown::Any) && sink.opens_any() && base < self.spans.len() {
            return self.enter_any(layout, place, body, base, data, sink);
        }
        self.push_message(layout, place, body, base, data, sink)
    }

    /// Opens an `Any` whose two fields have been collected from `base` on.
    fn enter_any<S: Sink>(
        &mut self,
        any_layout: &'s Layout,
        place: Place<'s>,
        body: Body,
        base: usize,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let mut url = 0..0;
        let mut value = 0..0;
        let mut unknown_only = true;
        for span in &self.spans[base..] {
            if span.field != UNKNOWN {
                unknown_only = false;
                match any_layout.fields()[span.field as usize].number() {
                    1 => url = span.range(),
                    _ => value = span.range(),
                }
            }
        }
        let type_url = &data[url];
        let bytes = &data[value.clone()];
        if unknown_only || (type_url.is_empty() && bytes.is_empty()) {
            return self.push_message(any_layout, place, body, base, data, sink);
        }
        self.arrange(any_layout, base, S::ORDER);
        let opened = self.schema.resolve_bytes(type_url).map_err(Unopened::Unresolved).and_then(|(url, id)| {
            if self.checks_any {
                self.check(id, data, value.clone())?;
            }
            Ok((url, id))
        });
        match opened {
            Err(reason) => {
                let any = UnopenedAny { type_url, value: bytes, reason: &reason };
                let flow = sink.unopened_any(place, any, self.wire(&body, base, data))?;
                self.end_own_fields(flow, base, data, sink)
            }
            Ok((type_url, id)) => {
                let layout = self.schema.layout(id);
                let any = Any { type_url, value: bytes };
                let flow = sink.begin_any(place, any, layout, self.wire(&body, base, data))?;
                self.end_own_fields(flow, base, data, sink)?;
                if flow == Flow::Skip {
                    return Ok(());
                }
                self.frames.push(Frame::Any { place, layout });
                self.open_anys += 1;
                let base = self.spans.len();
                self.collect(layout, data, value.clone())?;
                self.push_message(layout, Place::Any, Body::Range(value), base, data, sink)
            }
        }
    }

    /// Reports the unknown fields of an `Any`, if they are wanted, and forgets its spans.
    fn end_own_fields<S: Sink>(&mut self, flow: Flow, base: usize, data: &[u8], sink: &mut S) -> Result<(), S::Error> {
        for index in base..self.spans.len() {
            let span = self.spans[index];
            if span.field == UNKNOWN && flow == Flow::Enter {
                sink.unknown(span.bytes(data))?;
            }
        }
        self.spans.truncate(base);
        Ok(())
    }

    /// Reads a message without reporting anything.
    fn check(&mut self, id: LayoutId, data: &[u8], range: Range<usize>) -> Result<(), Malformed> {
        let (spans, items, floor, depth) = (self.spans.len(), self.items.len(), self.frames.len(), self.depth);
        let layout = self.schema.layout(id);
        let result = self
            .collect(layout, data, range.clone())
            .and_then(|()| self.push_message(layout, Place::Root, Body::Range(range), spans, data, &mut Check))
            .and_then(|()| self.run(data, floor, &mut Check));
        self.spans.truncate(spans);
        self.items.truncate(items);
        self.frames.truncate(floor);
        self.depth = depth;
        result
    }

    /// Begins the map whose entries are these spans of the level above.
    fn enter_map<S: Sink>(
        &mut self,
        field: &'s Field,
        shape: &'s MapShape,
        entries: Range<usize>,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let (base, items) = (self.spans.len(), self.items.len());
        for index in entries {
            let range = self.spans[index].range();
            self.collect_entry(shape, data, range)?;
        }
        self.arrange_entries(shape, items, data);
        let end = self.items.len();
        sink.begin_map(field)?;
        if let Some(layout) = shape.value.ty().message() {
            self.frames.push(Frame::Map { field, shape, layout, next: items, end, items, base });
            return Ok(());
        }
        for index in items..end {
            let MapItem { key, first_value, end_value } = self.items[index];
            sink.begin_entry(field, &shape.key, scalar(shape.key.ty(), key, data))?;
            let value = if first_value == end_value {
                default_scalar(shape.value.ty())
            } else {
                scalar(shape.value.ty(), self.spans[end_value as usize - 1], data)
            };
            sink.scalar(Place::MapValue(&shape.value), value)?;
            sink.end_entry(field)?;
        }
        self.items.truncate(items);
        self.spans.truncate(base);
        sink.end_map(field)
    }

    /// Ends a map's entry and begins the next one.
    fn step_map<S: Sink>(&mut self, top: usize, data: &[u8], sink: &mut S) -> Result<(), S::Error> {
        let Frame::Map { field, shape, layout, next, end, items, base } = self.frames[top] else {
            unreachable!("the caller matched the frame");
        };
        if next > items {
            sink.end_entry(field)?;
        }
        if next == end {
            self.items.truncate(items);
            self.spans.truncate(base);
            self.frames.pop();
            return sink.end_map(field);
        }
        self.frames[top] = Frame::Map { field, shape, layout, next: next + 1, end, items, base };
        let MapItem { key, first_value, end_value } = self.items[next];
        sink.begin_entry(field, &shape.key, scalar(shape.key.ty(), key, data))?;
        self.enter(layout, Place::MapValue(&shape.value), first_value as usize..end_value as usize, data, sink)
    }

    /// Reads the fields of one message level into spans, in the order of the wire.
    fn collect(&mut self, layout: &Layout, data: &[u8], range: Range<usize>) -> Result<(), Malformed> {
        let mut cursor = Cursor::new(data, range);
        while !cursor.is_at_end() {
            let at = cursor.position;
            let read = cursor.tag().and_then(|tag| Ok((tag, cursor.value(tag, &mut self.groups)?)));
            let (tag, value) = read.map_err(|fault| self.malformed(fault, at))?;
            self.spans.push(match layout.field_of_tag(tag.0) {
                Some(index) => Span::new(index as u32, value),
                None => Span { field: UNKNOWN, end: cursor.position as u32, bits: at as u64 },
            });
        }
        Ok(())
    }

    /// Sorts the spans of a message and drops the members of oneofs that others replaced.
    fn arrange(&mut self, layout: &Layout, base: usize, order: Order) {
        if layout.oneofs() > 0 && self.spans.len() - base > 1 {
            self.settle_oneofs(layout, base);
        }
        let spans = &mut self.spans[base..];
        match order {
            Order::Declared => {
                if !spans.is_sorted_by_key(|span| span.field) {
                    spans.sort_by_key(|span| span.field);
                }
            }
            Order::Wire => {
                let rank = |span: &Span| layout.fields().get(span.field as usize).map_or(UNKNOWN, Field::wire_rank);
                if !spans.is_sorted_by_key(rank) {
                    spans.sort_by_key(rank);
                }
            }
        }
    }

    fn settle_oneofs(&mut self, layout: &Layout, base: usize) {
        let oneof = |span: &Span| layout.fields().get(span.field as usize).and_then(Field::oneof);
        if self.spans[base..].iter().filter_map(oneof).nth(1).is_none() {
            return;
        }
        // From the end: what stands before a different member of the same oneof was replaced by it.
        let mut winners: Vec<Option<(u32, bool)>> = vec![None; layout.oneofs() as usize];
        for span in self.spans[base..].iter_mut().rev() {
            let Some(index) = oneof(span) else { continue };
            match &mut winners[index as usize] {
                empty @ None => *empty = Some((span.field, false)),
                Some((winner, closed)) => {
                    *closed |= *winner != span.field;
                    if *closed {
                        span.field = REPLACED;
                    }
                }
            }
        }
        let mut kept = base;
        for index in base..self.spans.len() {
            if self.spans[index].field != REPLACED {
                self.spans[kept] = self.spans[index];
                kept += 1;
            }
        }
        self.spans.truncate(kept);
    }

    /// Reads one entry of a map: its key, and the occurrences of its value as spans.
    fn collect_entry(&mut self, shape: &MapShape, data: &[u8], range: Range<usize>) -> Result<(), Malformed> {
        let tag_of = |field: &Field| field.number() << 3 | field.ty().wire_type() as u32;
        let (key_tag, value_tag) = (tag_of(&shape.key), tag_of(&shape.value));
        let first_value = self.spans.len() as u32;
        let mut key = ABSENT;
        let mut cursor = Cursor::new(data, range);
        while !cursor.is_at_end() {
            let at = cursor.position;
            let read = cursor.tag().and_then(|tag| Ok((tag, cursor.value(tag, &mut self.groups)?)));
            let (Tag(tag), value) = read.map_err(|fault| self.malformed(fault, at))?;
            if tag == key_tag {
                key = Span::new(0, value);
            } else if tag == value_tag {
                self.spans.push(Span::new(0, value));
            }
        }
        self.items.push(MapItem { key, first_value, end_value: self.spans.len() as u32 });
        Ok(())
    }

    /// Sorts the entries of a map by key and keeps the last of equal ones.
    fn arrange_entries(&mut self, shape: &MapShape, items: usize, data: &[u8]) {
        let compare = |a: &MapItem, b: &MapItem| compare_keys(shape.key.ty(), a.key, b.key, data);
        let entries = &mut self.items[items..];
        if entries.is_sorted_by(|a, b| compare(a, b) == Ordering::Less) {
            return;
        }
        entries.sort_by(compare);
        let mut kept = items;
        for index in items..self.items.len() {
            let is_last = self.items.get(index + 1).is_none_or(|next| compare(&self.items[index], next).is_ne());
            if is_last {
                self.items[kept] = self.items[index];
                kept += 1;
            }
        }
        self.items.truncate(kept);
    }
}

fn report_absent<S: Sink>(layout: &Layout, reported: &mut usize, until: usize, sink: &mut S) -> Result<(), S::Error> {
    for field in &layout.fields()[*reported..until] {
        sink.absent(field)?;
    }
    *reported = until;
    Ok(())
}

#[inline(always)]
fn scalar<'a>(ty: &'a Type, span: Span, data: &'a [u8]) -> Scalar<'a> {
    let bits = span.bits;
    match ty {
        Type::Double => Scalar::F64(f64::from_bits(bits)),
        Type::Float => Scalar::F32(f32::from_bits(bits as u32)),
        Type::Int32 | Type::Sfixed32 => Scalar::I32(bits as i32),
        Type::Int64 | Type::Sfixed64 => Scalar::I64(bits as i64),
        Type::Uint32 | Type::Fixed32 => Scalar::U32(bits as u32),
        Type::Uint64 | Type::Fixed64 => Scalar::U64(bits),
        Type::Sint32 => Scalar::I32((bits as u32 >> 1) as i32 ^ -((bits & 1) as i32)),
        Type::Sint64 => Scalar::I64((bits >> 1) as i64 ^ -((bits & 1) as i64)),
        Type::Bool => Scalar::Bool(bits != 0),
        Type::String => Scalar::String(span.bytes(data)),
        Type::Bytes => Scalar::Bytes(span.bytes(data)),
        Type::Enum(layout) => Scalar::Enum(bits as i32, layout),
        Type::Message(_) | Type::Group(_) => unreachable!("messages are entered, not reported"),
    }
}

/// Whether a value is its type's default; a negative zero is not.
#[inline]
fn is_default(ty: &Type, span: Span) -> bool {
    if span.end != 0 {
        return span.bits == span.end.into();
    }
    match ty {
        // More bits than the type has are cut off.
        Type::Int32 | Type::Uint32 | Type::Sint32 | Type::Enum(_) => span.bits as u32 == 0,
        _ => span.bits == 0,
    }
}

/// The value of a map's entry that has none.
fn default_scalar(ty: &Type) -> Scalar<'_> {
    match ty {
        Type::Enum(layout) => Scalar::Enum(layout.default_number(), layout),
        _ => scalar(ty, ABSENT, &[]),
    }
}

/// The order of map keys: `false` before `true`, numbers by value, strings by their bytes.
///
/// Source: protobuf-go, `order.GenericKeyOrder`.
fn compare_keys(ty: &Type, a: Span, b: Span, data: &[u8]) -> Ordering {
    match (scalar(ty, a, data), scalar(ty, b, data)) {
        (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(&b),
        (Scalar::I32(a), Scalar::I32(b)) => a.cmp(&b),
        (Scalar::I64(a), Scalar::I64(b)) => a.cmp(&b),
        (Scalar::U32(a), Scalar::U32(b)) => a.cmp(&b),
        (Scalar::U64(a), Scalar::U64(b)) => a.cmp(&b),
        (Scalar::String(a), Scalar::String(b)) => a.cmp(b),
        // Descriptors with other key types don't get through the pool.
        _ => Ordering::Equal,
    }
}

/// A sink that only wants to know whether the walk succeeds.
struct Check;

impl Sink for Check {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;
}
