//! The decoder: wire bytes and a [`Layout`] → a stream of events, never a message object.
//!
//! A [`Walker`] steps through a message and calls a [`Sink`] for what it meets. It takes care of what the wire format
//! leaves open, so that sinks don't: fields come in the order the sink asks for, whatever their order on the wire; all
//! elements of a list come together; a singular field comes once, the last one or all merged; of a oneof only the last
//! member comes; map entries come sorted, each key once.
//!
//! There are two roads. A level can be *collected* and only then be reported, which serves all messages; or its fields are
//! reported as they are read, which serves those that need no tidying up: it is *streamed*, see [`stream`].
//!
//! Nesting is kept on a stack of its own, not on the program's: [`NESTING_LIMIT`] messages within each other need no
//! more of it than one. In a walk every byte of a message is read once, by the level it belongs to (twice, if it is the
//! tag of a field with which a message begins), and once more to check an `Any` where that was asked for.

mod exact;
mod stream;

use std::borrow::Cow;
use std::ops::Range;

use super::Schema;
use super::layout::{Field, Layout, LayoutId, MapShape, Role, Shape, Type};
use super::level::{Levels, Span, UNKNOWN, default_scalar, is_default, scalar};
use super::sink::{Flow, Malformed, Order, Place, Scalar, Sink, Unopened, UnopenedAny};
use super::well_known::WellKnown;
use crate::entry::Any;
use crate::wire::{Cursor, Fault, NESTING_LIMIT, WireType};
use exact::Exact;
use stream::{STREAMED_WALKS, Stream};

/// What is open, from the outside in, and still has something to report. The innermost message is not among it if none
/// of its fields are messages: that is reported at once.
#[derive(Debug, Clone, Copy)]
enum Frame<'s> {
    /// Messages that are being streamed, above this many others; the spans above so many are those of what came first.
    Streams {
        floor: usize,
        spans: u32,
    },
    Message(Message<'s>),
    Map(Map<'s>),
    /// An `Any`; first its message has to come.
    Any {
        place: Place<'s>,
        known: Known<'s>,
        /// The span of the message is the last of all.
        has_begun: bool,
    },
}

/// A message whose fields have been collected and are being reported.
#[derive(Debug, Clone, Copy)]
struct Message<'s> {
    layout: &'s Layout,
    place: Place<'s>,
    body: Body,
    /// The spans of its fields: they begin at `base`; those from `next` to `end` are still to come.
    base: u32,
    next: u32,
    end: u32,
    /// How many of the declared fields have come or were reported absent.
    reported: u32,
    /// A list whose elements are messages, between two of them.
    list: Option<&'s Field>,
}

/// A map with messages for values whose entries are being reported.
#[derive(Debug, Clone, Copy)]
struct Map<'s> {
    field: &'s Field,
    shape: &'s MapShape,
    id: LayoutId,
    /// Its items: they begin at `first`; those from `next` to `end` are still to come.
    first: u32,
    next: u32,
    end: u32,
    /// Where the spans of its values begin.
    base: u32,
}

/// Where a message's bytes stand: those of these spans in the levels above.
#[derive(Debug, Clone, Copy)]
struct Body {
    first: u32,
    end: u32,
}

/// The bytes of a message that a walk has reached.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    data: &'a [u8],
    parts: Parts<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Parts<'a> {
    /// The occurrences of a message, and its fields.
    Collected { body: &'a [Span], fields: &'a [Span] },
    /// Where a message stands, and whether it has unknown fields. In a walk that streams none is: if one turns up, the walk
    /// was in vain.
    Streamed { start: u32, end: u32, has_unknown: bool },
}

impl<'a> Wire<'a> {
    #[inline]
    fn of_range(data: &'a [u8], range: Range<u32>) -> Self {
        Wire { data, parts: Parts::Streamed { start: range.start, end: range.end, has_unknown: false } }
    }

    /// The bytes of a message whose own spans begin at `base`.
    #[inline]
    fn of_spans(data: &'a [u8], levels: &'a Levels, body: Body, base: u32) -> Self {
        let (body, fields) = (&levels.spans[body.first as usize..body.end as usize], &levels.spans[base as usize..]);
        Wire { data, parts: Parts::Collected { body, fields } }
    }

    /// The message's bytes; those of a field that occurred several times are joined, which is how messages merge.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        match self.parts {
            Parts::Streamed { start, end, .. } => Cow::Borrowed(&self.data[start as usize..end as usize]),
            Parts::Collected { body: [span], .. } => Cow::Borrowed(span.bytes(self.data)),
            Parts::Collected { body, .. } => {
                Cow::Owned(body.iter().flat_map(|span| span.bytes(self.data)).copied().collect())
            }
        }
    }

    /// Whether the message has fields, on its own level, that its layout does not know.
    pub fn has_unknown(&self) -> bool {
        match self.parts {
            Parts::Streamed { has_unknown, .. } => has_unknown,
            // They sort last.
            Parts::Collected { fields, .. } => fields.last().is_some_and(|span| span.field == UNKNOWN),
        }
    }
}

/// A layout that the walker has met.
#[derive(Debug, Clone, Copy)]
struct Known<'s> {
    id: LayoutId,
    layout: &'s Layout,
    /// Whether messages of this type are collected before they are reported, even where others are streamed.
    is_collected: bool,
}

/// Walks messages; keeps its memory from one to the next.
#[derive(Debug)]
pub struct Walker<'s> {
    schema: &'s Schema,
    /// The layouts met so far, by their ids.
    layouts: Vec<Option<Known<'s>>>,
    /// Whether walks may stream.
    may_stream: bool,
    /// Whether the last walk, or the one that is going on, streams.
    is_streaming: bool,
    /// Whether it has found a type that has to be collected, and ended.
    was_in_vain: bool,
    levels: Levels,
    frames: Vec<Frame<'s>>,
    /// The messages that are being streamed.
    streams: Vec<Stream<'s>>,
    exact: Exact<'s>,
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
            layouts: Vec::new(),
            may_stream: false,
            is_streaming: false,
            was_in_vain: false,
            levels: Levels::default(),
            frames: Vec::new(),
            streams: Vec::new(),
            exact: Exact::default(),
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
    /// Without, a malformed one fails the whole walk, with [`Malformed::in_any`] set; with it, that `Any` is reported
    /// [unopened](Sink::unopened_any). [`checked_if_needed`](Self::checked_if_needed) tries the one and then the other.
    pub fn check_any(&mut self, checks_any: bool) {
        self.checks_any = checks_any;
    }

    /// Walks without reading anything beforehand, neither the levels of messages nor `Any`s, which is the fast road, and
    /// again with the one and then with both where that failed: six walks at most, and one for nearly every message.
    ///
    /// `walk` must walk the same each time, and throw away what came of it when it fails; `is_in_any` tells whether a
    /// failure was one of a malformed `Any`.
    ///
    /// # Errors
    ///
    /// Those of the last walk.
    pub fn checked_if_needed<T, E>(
        &mut self,
        is_in_any: impl Fn(&E) -> bool,
        mut walk: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.check_any(false);
        self.may_stream = true;
        let mut result = walk(self);
        for _ in 1..STREAMED_WALKS {
            if result.is_ok() || !self.was_in_vain {
                break;
            }
            result = walk(self);
        }
        self.may_stream = false;
        if result.is_err() && self.is_streaming {
            // What a failure says must not depend on the road.
            result = walk(self);
        }
        match result {
            Err(error) if is_in_any(&error) => {
                self.check_any(true);
                walk(self)
            }
            result => result,
        }
    }

    /// Walks a message.
    ///
    /// # Errors
    ///
    /// Those of the sink, and [`Malformed`] for bytes that are no message of the type.
    pub fn walk<S: Sink>(&mut self, id: LayoutId, data: &[u8], sink: &mut S) -> Result<(), S::Error> {
        let all = self.reset(data, sink)?;
        Walk { walker: self, data, sink }.run(id, Place::Root, all)
    }

    /// Walks a message of a type that a type URL names, as if it stood in an `Any`: the sink gets
    /// [`begin_any`](Sink::begin_any) and [`end_any`](Sink::end_any) at [`Place::Root`].
    ///
    /// # Errors
    ///
    /// As for [`walk`](Self::walk).
    pub fn walk_any<S: Sink>(&mut self, id: LayoutId, any: Any<'_>, sink: &mut S) -> Result<(), S::Error> {
        let all = self.reset(any.value, sink)?;
        let Known { layout, .. } = self.known(id);
        let wire = Wire::of_spans(any.value, &self.levels, all, all.end);
        if sink.begin_any(Place::Root, any, layout, wire)? == Flow::Skip {
            return Ok(());
        }
        Walk { walker: self, data: any.value, sink }.run(id, Place::Any, all)?;
        sink.end_any(Place::Root, layout)
    }

    fn reset<S: Sink>(&mut self, data: &[u8], sink: &S) -> Result<Body, Malformed> {
        self.is_streaming = self.may_stream && S::ORDER == Order::Declared && !sink.wants_absent();
        self.was_in_vain = false;
        self.levels.clear();
        self.frames.clear();
        self.streams.clear();
        self.depth = 0;
        self.open_anys = 0;
        match u32::try_from(data.len()) {
            Ok(length) => Ok(self.push_body(0..length)),
            Err(_) => Err(Malformed::new(Fault::TooLong, 0)),
        }
    }

    /// Makes the bytes of a message that is no field a span.
    fn push_body(&mut self, range: Range<u32>) -> Body {
        self.levels.spans.push(Span::of_bytes(range));
        let end = self.levels.spans.len() as u32;
        Body { first: end - 1, end }
    }

    #[inline]
    fn known(&mut self, id: LayoutId) -> Known<'s> {
        match self.layouts.get(id.0 as usize) {
            Some(Some(known)) => *known,
            Some(None) | None => self.new_layout(id),
        }
    }

    #[cold]
    fn new_layout(&mut self, id: LayoutId) -> Known<'s> {
        let layout = self.schema.layout(id);
        let index = id.0 as usize;
        if self.layouts.len() <= index {
            self.layouts.resize(index + 1, None);
        }
        // An `Any` can't be opened before both of its fields are known.
        let known = Known { id, layout, is_collected: layout.well_known() == Some(WellKnown::Any) };
        self.layouts[index] = Some(known);
        known
    }
}

/// A walk that is going on.
struct Walk<'w, 's, S> {
    walker: &'w mut Walker<'s>,
    data: &'w [u8],
    sink: &'w mut S,
}

impl<'s, S: Sink> Walk<'_, 's, S> {
    /// Walks a message to its end. What was open before stays open.
    fn run(&mut self, id: LayoutId, place: Place<'s>, body: Body) -> Result<(), S::Error> {
        let floor = self.walker.frames.len();
        let known = self.walker.known(id);
        self.enter(known, place, body)?;
        self.finish(floor)
    }

    /// Walks until no more than `floor` frames are open.
    fn finish(&mut self, floor: usize) -> Result<(), S::Error> {
        while self.walker.frames.len() > floor {
            let top = self.walker.frames.len() - 1;
            match self.walker.frames[top] {
                Frame::Streams { floor, spans } => {
                    self.walker.frames.truncate(top);
                    self.walker.levels.spans.truncate(spans as usize);
                    self.stream(floor)?;
                }
                Frame::Message(mut message) => {
                    self.report(&mut message)?;
                    self.leave(top, Frame::Message(message));
                }
                Frame::Map(mut map) => {
                    self.report_entries(&mut map)?;
                    self.leave(top, Frame::Map(map));
                }
                Frame::Any { place, known, has_begun: false } => {
                    self.walker.frames[top] = Frame::Any { place, known, has_begun: true };
                    let end = self.walker.levels.spans.len() as u32;
                    self.enter(known, Place::Any, Body { first: end - 1, end })?;
                }
                Frame::Any { place, known, has_begun: true } => {
                    self.walker.frames.truncate(top);
                    self.walker.levels.spans.pop();
                    self.walker.open_anys -= 1;
                    self.walker.depth -= 1;
                    self.sink.end_any(place, known.layout)?;
                }
            }
        }
        Ok(())
    }

    /// Takes off a frame that was reported to its end, or keeps how far that went before another frame came on top.
    #[inline]
    fn leave(&mut self, index: usize, frame: Frame<'s>) {
        if self.walker.frames.len() == index + 1 {
            self.walker.frames.truncate(index);
        } else {
            self.walker.frames[index] = frame;
        }
    }

    /// Reports the fields of a message up to one whose own fields have to come first, or all of them and the message's
    /// end.
    fn report(&mut self, message: &mut Message<'s>) -> Result<(), S::Error> {
        let layout = message.layout;
        let wants_absent = self.sink.wants_absent();
        let frames = self.walker.frames.len();
        while message.next < message.end {
            let first = message.next;
            let span = self.walker.levels.spans[first as usize];
            message.next += 1;
            let field = layout.fields().get(span.field as usize);
            if let Some(open) = message.list
                && field.is_none_or(|field| !std::ptr::eq(open, field))
            {
                self.sink.end_list(open)?;
                message.list = None;
            }
            let Some(field) = field else {
                if wants_absent {
                    report_absent(message, layout.fields().len(), self.sink)?;
                }
                self.sink.unknown(span.bytes(self.data))?;
                continue;
            };
            if wants_absent && message.reported <= span.field {
                report_absent(message, span.field as usize, self.sink)?;
                message.reported += 1;
            }
            let (id, place) = match field.role() {
                Role::Scalar => {
                    let span = self.last_of_run(message, span);
                    if field.has_presence() || !is_default(field.ty(), span) {
                        self.report_scalar(Place::Field(field), field, span)?;
                    } else if wants_absent {
                        self.sink.absent(field)?;
                    }
                    continue;
                }
                Role::Scalars => {
                    self.report_scalars(message, field, span)?;
                    continue;
                }
                Role::Map => {
                    self.last_of_run(message, span);
                    self.report_map(field, first..message.next)?;
                    if self.walker.frames.len() > frames {
                        return Ok(());
                    }
                    continue;
                }
                Role::Message(id) => {
                    self.last_of_run(message, span);
                    (id, Place::Field(field))
                }
                Role::Messages(id) => {
                    if message.list.is_none() {
                        self.sink.begin_list(field)?;
                        message.list = Some(field);
                    }
                    (id, Place::Element(field))
                }
            };
            let body = Body { first, end: message.next };
            let known = self.walker.known(id);
            self.enter(known, place, body)?;
            if self.walker.frames.len() > frames {
                return Ok(());
            }
        }
        if let Some(field) = message.list {
            self.sink.end_list(field)?;
        }
        if wants_absent {
            report_absent(message, layout.fields().len(), self.sink)?;
        }
        self.end(message)
    }

    /// Passes over the further occurrences of a field and returns the last one.
    #[inline]
    fn last_of_run(&self, message: &mut Message<'s>, first: Span) -> Span {
        let rest = &self.walker.levels.spans[message.next as usize..message.end as usize];
        let mut last = first;
        for span in rest.iter().take_while(|span| span.field == first.field) {
            message.next += 1;
            last = *span;
        }
        last
    }

    /// Reports a value that is no message.
    ///
    /// Each type has its own call of the sink, so that no sink asks again what type it is.
    #[inline(never)]
    fn report_scalar(&mut self, place: Place<'s>, field: &'s Field, span: Span) -> Result<(), S::Error> {
        let sink = &mut *self.sink;
        let data = self.data;
        match field.ty() {
            Type::Double => sink.scalar(place, scalar(&Type::Double, span, data)),
            Type::Float => sink.scalar(place, scalar(&Type::Float, span, data)),
            Type::Int32 => sink.scalar(place, scalar(&Type::Int32, span, data)),
            Type::Int64 => sink.scalar(place, scalar(&Type::Int64, span, data)),
            Type::Uint32 => sink.scalar(place, scalar(&Type::Uint32, span, data)),
            Type::Uint64 => sink.scalar(place, scalar(&Type::Uint64, span, data)),
            Type::Sint32 => sink.scalar(place, scalar(&Type::Sint32, span, data)),
            Type::Sint64 => sink.scalar(place, scalar(&Type::Sint64, span, data)),
            Type::Fixed32 => sink.scalar(place, scalar(&Type::Fixed32, span, data)),
            Type::Fixed64 => sink.scalar(place, scalar(&Type::Fixed64, span, data)),
            Type::Sfixed32 => sink.scalar(place, scalar(&Type::Sfixed32, span, data)),
            Type::Sfixed64 => sink.scalar(place, scalar(&Type::Sfixed64, span, data)),
            Type::Bool => sink.scalar(place, scalar(&Type::Bool, span, data)),
            Type::String => sink.scalar(place, scalar(&Type::String, span, data)),
            Type::Bytes => sink.scalar(place, scalar(&Type::Bytes, span, data)),
            ty @ (Type::Enum(_) | Type::Message(_) | Type::Group(_)) => sink.scalar(place, scalar(ty, span, data)),
        }
    }

    /// Reports a list of scalars, each occurrence packed or not.
    #[inline(never)]
    fn report_scalars(&mut self, message: &mut Message<'s>, field: &'s Field, first: Span) -> Result<(), S::Error> {
        let packable = field.ty().is_packable();
        let place = Place::Element(field);
        let start = message.next as usize - 1;
        self.last_of_run(message, first);
        let mut begun = false;
        for index in start..message.next as usize {
            let span = self.walker.levels.spans[index];
            let is_packed = packable && !span.is_number();
            if is_packed && span.range().is_empty() {
                continue;
            }
            if !std::mem::replace(&mut begun, true) {
                self.sink.begin_list(field)?;
            }
            if is_packed {
                self.report_packed(field, span.range())?;
            } else {
                self.report_scalar(place, field, span)?;
            }
        }
        if begun {
            self.sink.end_list(field)?;
        } else if self.sink.wants_absent() {
            self.sink.absent(field)?;
        }
        Ok(())
    }

    /// Reports numbers that stand one behind the other.
    #[inline(never)]
    fn report_packed(&mut self, field: &'s Field, range: Range<usize>) -> Result<(), S::Error> {
        let place = Place::Element(field);
        let mut cursor = Cursor::new(self.data, range);
        // Floats come in masses, and knowing their type here spares asking for each.
        match field.ty() {
            Type::Float => {
                for bytes in cursor.all_fixed() {
                    self.sink.scalar(place, Scalar::F32(f32::from_le_bytes(*bytes)))?;
                }
            }
            Type::Double => {
                for bytes in cursor.all_fixed() {
                    self.sink.scalar(place, Scalar::F64(f64::from_le_bytes(*bytes)))?;
                }
            }
            Type::Int32 => self.report_varints(place, &mut cursor, |bits| Scalar::I32(bits as i32))?,
            Type::Int64 => self.report_varints(place, &mut cursor, |bits| Scalar::I64(bits as i64))?,
            _ => {}
        }
        while !cursor.is_at_end() {
            let bits = match field.ty().wire_type() {
                WireType::Fixed64 => cursor.fixed64(field.number()),
                WireType::Fixed32 => cursor.fixed32(field.number()).map(u64::from),
                WireType::Varint | WireType::Bytes | WireType::Group => cursor.varint(),
            };
            let bits = bits.map_err(|fault| self.located(Malformed::new(fault, cursor.position)))?;
            self.sink.scalar(place, scalar(field.ty(), Span::number(bits), self.data))?;
        }
        Ok(())
    }

    /// Begins a message and reports it as far as that goes at once: to its end, or until something inside has to be
    /// collected first.
    #[inline(always)]
    fn enter(&mut self, known: Known<'s>, place: Place<'s>, body: Body) -> Result<(), S::Error> {
        if self.walker.is_streaming
            && !known.is_collected
            && let [span] = self.walker.levels.spans[body.first as usize..body.end as usize]
        {
            let range = span.range();
            return self.enter_stream(known, place, range.start as u32, range.end as u32);
        }
        self.enter_collected(known.layout, place, body)
    }

    /// Reports varints as long as they are whole.
    #[inline]
    fn report_varints(
        &mut self,
        place: Place<'s>,
        cursor: &mut Cursor<'_>,
        scalar: impl Fn(u64) -> Scalar<'static>,
    ) -> Result<(), S::Error> {
        while let Some((bits, position)) = cursor.quick_varint() {
            cursor.position = position;
            self.sink.scalar(place, scalar(bits))?;
        }
        Ok(())
    }

    /// Collects the fields of a message and begins it, or opens an `Any`; a message that has no others inside is
    /// reported to its end.
    fn enter_collected(&mut self, layout: &'s Layout, place: Place<'s>, body: Body) -> Result<(), S::Error> {
        let base = self.walker.levels.spans.len() as u32;
        if self.walker.depth >= NESTING_LIMIT {
            let start = self.walker.levels.spans.get(body.first as usize).map_or(0, |span| span.range().start);
            return Err(self.located(Malformed::new(Fault::TooDeep, start)).into());
        }
        let collected = self.walker.levels.collect(layout, self.data, body.first..body.end);
        let seen = collected.map_err(|malformed| self.located(malformed))?;
        let dropped = self.walker.levels.dropped.len();
        self.walker.levels.arrange(layout, base as usize, S::ORDER, seen);
        self.check_dropped(dropped)?;
        if layout.well_known() == Some(WellKnown::Any)
            && self.sink.opens_any()
            && let Some((url, value)) = self.fields_of_any(layout, base)
        {
            return self.open_any(place, body, base, url, value);
        }
        let wire = Wire::of_spans(self.data, &self.walker.levels, body, base);
        let flow = self.sink.begin_message(place, layout, wire)?;
        self.walker.depth += 1;
        let end = self.walker.levels.spans.len() as u32;
        let message = Message { layout, place, body, base, next: base, end, reported: 0, list: None };
        match flow {
            Flow::Enter => self.begin(message, seen.is_nested()),
            Flow::Skip => {
                // Whether bytes are a message does not depend on the sink.
                let floor = self.walker.frames.len();
                let mut check = Walk { walker: self.walker, data: self.data, sink: &mut Check };
                check.begin(message, seen.is_nested())?;
                Ok(check.finish(floor)?)
            }
        }
    }

    /// Reports a message, or leaves that to whoever looks at the frames, if there are others inside.
    #[inline]
    fn begin(&mut self, mut message: Message<'s>, is_nested: bool) -> Result<(), S::Error> {
        if is_nested {
            self.walker.frames.push(Frame::Message(message));
            Ok(())
        } else if message.end - message.base == 1
            && let span = self.walker.levels.spans[message.base as usize]
            && let Some(field) = message.layout.fields().get(span.field as usize)
            && let Role::Scalar = field.role()
            && !self.sink.wants_absent()
        {
            if field.has_presence() || !is_default(field.ty(), span) {
                self.report_scalar(Place::Field(field), field, span)?;
            }
            self.end(&message)
        } else {
            self.report(&mut message)
        }
    }

    /// Reports the end of a message.
    #[inline]
    fn end(&mut self, message: &Message<'s>) -> Result<(), S::Error> {
        let wire = Wire::of_spans(self.data, &self.walker.levels, message.body, message.base);
        self.sink.end_message(message.place, message.layout, wire)?;
        self.walker.levels.spans.truncate(message.base as usize);
        self.walker.depth -= 1;
        Ok(())
    }

    /// Where the type URL and the value of an `Any` stand; `None` if it has neither.
    fn fields_of_any(&self, layout: &Layout, base: u32) -> Option<(Range<usize>, Range<usize>)> {
        let mut url = 0..0;
        let mut value = 0..0;
        for span in &self.walker.levels.spans[base as usize..] {
            match layout.fields().get(span.field as usize).map(Field::number) {
                Some(1) => url = span.range(),
                Some(_) => value = span.range(),
                None => {}
            }
        }
        (!self.data[url.clone()].is_empty() || !self.data[value.clone()].is_empty()).then_some((url, value))
    }

    /// Opens an `Any` and begins the message inside.
    #[inline(never)]
    fn open_any(
        &mut self,
        place: Place<'s>,
        body: Body,
        base: u32,
        url: Range<usize>,
        value: Range<usize>,
    ) -> Result<(), S::Error> {
        let (type_url, bytes) = (&self.data[url], &self.data[value.clone()]);
        let value = value.start as u32..value.end as u32;
        let opened = self.walker.schema.resolve_bytes(type_url).map_err(Unopened::Unresolved).and_then(|(url, id)| {
            if self.walker.checks_any {
                self.check(id, value.clone())?;
            }
            Ok((url, id))
        });
        match opened {
            Err(reason) => {
                let wire = Wire::of_spans(self.data, &self.walker.levels, body, base);
                let any = UnopenedAny { type_url, value: bytes, reason: &reason };
                let flow = self.sink.unopened_any(place, any, wire)?;
                self.end_own_fields(flow, base)?;
                Ok(())
            }
            Ok((type_url, id)) => {
                let known = self.walker.known(id);
                let wire = Wire::of_spans(self.data, &self.walker.levels, body, base);
                let any = Any { type_url, value: bytes };
                let flow = self.sink.begin_any(place, any, known.layout, wire)?;
                self.end_own_fields(flow, base)?;
                if flow == Flow::Skip {
                    return Ok(());
                }
                self.walker.push_body(value);
                self.walker.frames.push(Frame::Any { place, known, has_begun: false });
                self.walker.open_anys += 1;
                self.walker.depth += 1;
                Ok(())
            }
        }
    }

    /// Reports the unknown fields of an `Any`, if they are wanted, and forgets its spans.
    fn end_own_fields(&mut self, flow: Flow, base: u32) -> Result<(), S::Error> {
        if flow == Flow::Enter {
            for span in &self.walker.levels.spans[base as usize..] {
                if span.field == UNKNOWN {
                    self.sink.unknown(span.bytes(self.data))?;
                }
            }
        }
        self.walker.levels.spans.truncate(base as usize);
        Ok(())
    }

    /// Reads a message without reporting anything.
    fn check(&mut self, id: LayoutId, range: Range<u32>) -> Result<(), Malformed> {
        let (spans, items) = (self.walker.levels.spans.len(), self.walker.levels.items.len());
        let (frames, depth) = (self.walker.frames.len(), self.walker.depth);
        let body = self.walker.push_body(range);
        let result = Walk { walker: self.walker, data: self.data, sink: &mut Check }.run(id, Place::Root, body);
        self.walker.levels.spans.truncate(spans);
        self.walker.levels.items.truncate(items);
        self.walker.frames.truncate(frames);
        self.walker.depth = depth;
        result
    }

    /// Reads messages that others replaced: they are not reported, but bytes that are no message spoil what they stand
    /// in. What stands inside them is dropped with them, so nothing is read twice.
    fn check_dropped(&mut self, floor: usize) -> Result<(), Malformed> {
        while self.walker.levels.dropped.len() > floor {
            let Some((id, range)) = self.walker.levels.dropped.pop() else { break };
            self.check(id, range)?;
        }
        Ok(())
    }

    /// Reports a map, or, if its values are messages, only its beginning.
    #[inline(never)]
    fn report_map(&mut self, field: &'s Field, entries: Range<u32>) -> Result<(), S::Error> {
        let Shape::Map(shape) = field.shape() else { return Ok(()) };
        let (base, first) = (self.walker.levels.spans.len(), self.walker.levels.items.len());
        for index in entries {
            let range = self.walker.levels.spans[index as usize].range();
            self.walker.levels.collect_entry(shape, self.data, range).map_err(|malformed| self.located(malformed))?;
        }
        self.report_items(field, shape, first, base)
    }

    /// Reports a map whose entries are the items from `first` on, or, if its values are messages, only its beginning.
    #[inline]
    fn report_items(
        &mut self,
        field: &'s Field,
        shape: &'s MapShape,
        first: usize,
        base: usize,
    ) -> Result<(), S::Error> {
        let dropped = self.walker.levels.dropped.len();
        self.walker.levels.arrange_entries(first, self.data, shape.value.ty().message());
        self.check_dropped(dropped)?;
        let end = self.walker.levels.items.len();
        self.sink.begin_map(field)?;
        if let Some(id) = shape.value.ty().message() {
            let (first, end, base) = (first as u32, end as u32, base as u32);
            self.walker.frames.push(Frame::Map(Map { field, shape, id, first, next: first, end, base }));
            return Ok(());
        }
        for index in first..end {
            let item = self.walker.levels.items[index];
            self.sink.begin_entry(field, &shape.key, scalar(shape.key.ty(), item.key, self.data))?;
            let place = Place::MapValue(&shape.value);
            match self.walker.levels.spans[item.values()].last() {
                Some(last) => self.report_scalar(place, &shape.value, *last)?,
                None => self.sink.scalar(place, default_scalar(shape.value.ty()))?,
            }
            self.sink.end_entry(field)?;
        }
        self.walker.levels.items.truncate(first);
        self.walker.levels.spans.truncate(base);
        self.sink.end_map(field)?;
        Ok(())
    }

    /// Reports the entries of a map up to one whose value's fields have to come first, or all of them and the map's end.
    fn report_entries(&mut self, map: &mut Map<'s>) -> Result<(), S::Error> {
        let Map { field, shape, id, .. } = *map;
        if map.next > map.first {
            self.sink.end_entry(field)?;
        }
        let frames = self.walker.frames.len();
        let known = self.walker.known(id);
        while map.next < map.end {
            let item = self.walker.levels.items[map.next as usize];
            map.next += 1;
            self.sink.begin_entry(field, &shape.key, scalar(shape.key.ty(), item.key, self.data))?;
            let values = item.values();
            let body = Body { first: values.start as u32, end: values.end as u32 };
            self.enter(known, Place::MapValue(&shape.value), body)?;
            if self.walker.frames.len() > frames {
                return Ok(());
            }
            self.sink.end_entry(field)?;
        }
        self.walker.levels.items.truncate(map.first as usize);
        self.walker.levels.spans.truncate(map.base as usize);
        self.sink.end_map(field)?;
        Ok(())
    }

    /// Notes whether what is malformed stands inside an `Any`.
    fn located(&self, malformed: Malformed) -> Malformed {
        malformed.located(self.walker.open_anys > 0)
    }
}

#[inline(never)]
fn report_absent<S: Sink>(message: &mut Message<'_>, until: usize, sink: &mut S) -> Result<(), S::Error> {
    for field in &message.layout.fields()[message.reported as usize..until] {
        sink.absent(field)?;
    }
    message.reported = until as u32;
    Ok(())
}

/// A sink that only wants to know whether the walk succeeds.
struct Check;

impl Sink for Check {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;
}

#[cfg(test)]
mod tests {
    use super::super::testing::{any, bytes, group, id, schema, varint};
    use super::super::{JsonOptions, TextOptions, UnknownFields, write_canonical, write_json, write_text};
    use super::*;

    fn json_of(name: &str, wire: &[u8]) -> String {
        let schema = schema();
        let mut out = Vec::new();
        match write_json(&mut Walker::new(&schema), id(&schema, name), wire, JsonOptions::default(), &mut out) {
            Ok(()) => String::from_utf8(out).expect("JSON is UTF-8"),
            Err(error) => format!("error: {error}"),
        }
    }

    fn json(wire: &[u8]) -> String {
        json_of("test.All", wire)
    }

    fn text_of(name: &str, wire: &[u8]) -> String {
        let schema = schema();
        let mut out = Vec::new();
        let options = TextOptions { unknown_fields: UnknownFields::Guess, ..TextOptions::default() };
        match write_text(&mut Walker::new(&schema), id(&schema, name), wire, options, &mut out) {
            Ok(_) => String::from_utf8(out).expect("these texts are UTF-8"),
            Err(error) => format!("error: {error}"),
        }
    }

    fn canonical_of(name: &str, wire: &[u8]) -> Vec<u8> {
        let schema = schema();
        let mut out = Vec::new();
        write_canonical(&mut Walker::new(&schema), id(&schema, name), wire, &mut out).expect("the bytes are a message");
        out
    }

    #[test]
    fn fields_come_in_the_order_of_declaration() {
        let wire = [bytes(2, "s"), varint(1, 7), bytes(20, "late")].concat();
        assert_eq!(json(&wire), r#"{"late":"late","i":7,"s":"s"}"#);
        assert_eq!(text_of("test.All", &wire), "late: \"late\"\ni: 7\ns: \"s\"\n");
        assert_eq!(canonical_of("test.All", &wire), [varint(1, 7), bytes(2, "s"), bytes(20, "late")].concat());
    }

    #[test]
    fn canonical_order_puts_oneofs_behind_other_fields() {
        let wire = [varint(7, 1), varint(1, 2)].concat();
        assert_eq!(canonical_of("test.All", &wire), [varint(1, 2), varint(7, 1)].concat());
    }

    #[test]
    fn a_split_list_comes_as_one() {
        let wire = [bytes(4, "x"), varint(1, 1), bytes(4, "y")].concat();
        assert_eq!(json(&wire), r#"{"i":1,"names":["x","y"]}"#);
    }

    #[test]
    fn packed_and_unpacked_elements_mix() {
        let wire = [bytes(3, [1, 2]), varint(3, 3), bytes(3, []), bytes(3, [0])].concat();
        assert_eq!(json(&wire), r#"{"packed":[1,2,3,0]}"#);
        assert_eq!(canonical_of("test.All", &wire), bytes(3, [1, 2, 3, 0]));
        assert_eq!(json(&bytes(3, [])), "{}");
        assert_eq!(canonical_of("test.All", &bytes(3, [])), b"");
    }

    #[test]
    fn of_a_singular_scalar_the_last_wins() {
        assert_eq!(json(&[varint(1, 1), varint(1, 2)].concat()), r#"{"i":2}"#);
    }

    #[test]
    fn a_default_without_presence_is_no_value() {
        let wire = [varint(1, 0), bytes(2, ""), varint(15, 0), varint(16, 0), varint(1, 1 << 32)].concat();
        assert_eq!(json(&wire), r#"{"maybe":0}"#);
        assert_eq!(canonical_of("test.All", &wire), varint(16, 0));
    }

    #[test]
    fn a_negative_zero_is_a_value() {
        let wire = [vec![0x61], (-0.0f64).to_le_bytes().to_vec()].concat();
        assert_eq!(json(&wire), r#"{"d":-0}"#);
    }

    #[test]
    fn occurrences_of_a_message_merge() {
        let wire = [bytes(6, varint(1, 1)), varint(1, 9), bytes(6, bytes(2, "s"))].concat();
        assert_eq!(json(&wire), r#"{"i":9,"child":{"i":1,"s":"s"}}"#);
        let deep = [bytes(6, bytes(6, varint(1, 1))), bytes(6, bytes(6, varint(16, 2)))].concat();
        assert_eq!(json(&deep), r#"{"child":{"child":{"i":1,"maybe":2}}}"#);
    }

    #[test]
    fn of_a_oneof_the_last_member_wins() {
        assert_eq!(json(&[varint(7, 1), bytes(9, "c")].concat()), r#"{"c":"c"}"#);
        assert_eq!(json(&[bytes(9, "c"), varint(7, 0)].concat()), r#"{"a":0}"#);
        // What came before another member does not merge with what comes after it.
        let wire = [bytes(8, varint(1, 1)), bytes(9, "c"), bytes(8, bytes(2, "s"))].concat();
        assert_eq!(json(&wire), r#"{"b":{"s":"s"}}"#);
        let merged = [bytes(9, "c"), bytes(8, varint(1, 1)), bytes(8, bytes(2, "s"))].concat();
        assert_eq!(json(&merged), r#"{"b":{"i":1,"s":"s"}}"#);
    }

    /// Go reads every occurrence before it throws any away.
    #[test]
    fn what_is_replaced_must_be_a_message_too() {
        let malformed = bytes(2, [0xff])[..2].to_vec();
        for (replaced, by) in [
            (bytes(8, &malformed), varint(7, 1)),
            (bytes(11, [varint(1, 1), bytes(2, &malformed)].concat()), bytes(11, varint(1, 1))),
        ] {
            let wire = [replaced.clone(), by.clone()].concat();
            assert!(json(&wire).starts_with("error: field 2 claims 1 bytes, but 0 are left"), "{}", json(&wire));
            // Also where what replaces is deep inside of what is itself replaced.
            let deep = [bytes(8, bytes(8, &wire)), varint(7, 1)].concat();
            assert!(json(&deep).starts_with("error: field 2 claims 1 bytes, but 0 are left"), "{}", json(&deep));
        }
    }

    #[test]
    fn map_entries_are_sorted_and_each_key_comes_once() {
        let entry = |key: &str, value| bytes(5, [bytes(1, key), varint(2, value)].concat());
        let wire = [entry("b", 1), entry("a", 2), entry("b", 3)].concat();
        assert_eq!(json(&wire), r#"{"counts":{"a":2,"b":3}}"#);
        assert_eq!(
            text_of("test.All", &wire),
            "counts: {\n  key: \"a\"\n  value: 2\n}\ncounts: {\n  key: \"b\"\n  value: 3\n}\n"
        );
        assert_eq!(canonical_of("test.All", &wire), [entry("a", 2), entry("b", 3)].concat());
    }

    #[test]
    fn what_a_map_entry_lacks_is_its_default() {
        assert_eq!(json(&bytes(5, [])), r#"{"counts":{"":0}}"#);
        assert_eq!(json(&bytes(11, [])), r#"{"children":{"0":{}}}"#);
        assert_eq!(json(&bytes(21, [])), r#"{"flags":{"false":"RED"}}"#);
        // Value before key, the key twice, and something that no entry has.
        let odd = [varint(2, 4), bytes(1, "x"), bytes(1, "y"), varint(3, 1)].concat();
        assert_eq!(json(&bytes(5, odd)), r#"{"counts":{"y":4}}"#);
    }

    #[test]
    fn integer_keys_sort_by_value() {
        let entry = |key: i64| bytes(11, varint(1, key as u64));
        let wire = [entry(10), entry(9), entry(-1)].concat();
        assert_eq!(json(&wire), r#"{"children":{"-1":{},"9":{},"10":{}}}"#);
    }

    #[test]
    fn unknown_fields_come_last_and_whole() {
        let unknown = [varint(99, 5), bytes(2047, "x"), group(98, varint(1, 1))].concat();
        let wire = [unknown.clone(), varint(1, 1)].concat();
        assert_eq!(json(&wire), r#"{"i":1,"@unknown":"mAYF+n8BeJMGCAGUBg=="}"#);
        assert_eq!(text_of("test.All", &wire), "i: 1\n99: 5\n2047: \"x\"\n98: {\n  1: 1\n}\n");
        assert_eq!(canonical_of("test.All", &wire), [varint(1, 1), unknown].concat());
    }

    #[test]
    fn a_known_number_with_another_wire_type_is_unknown() {
        assert_eq!(json(&bytes(1, "x")), r#"{"@unknown":"CgF4"}"#);
    }

    #[test]
    fn groups_are_messages() {
        let wire =
            [group(1, [varint(2, 3), bytes(3, group(1, varint(2, 4)))].concat()), group(4, varint(5, 6))].concat();
        assert_eq!(json_of("test.Old", &wire), r#"{"data":{"x":3,"deep":{"data":{"x":4}}},"row":[{"y":6}]}"#);
        assert_eq!(
            text_of("test.Old", &wire),
            "Data: {\n  x: 3\n  deep: {\n    Data: {\n      x: 4\n    }\n  }\n}\nRow: {\n  y: 6\n}\n"
        );
        assert_eq!(canonical_of("test.Old", &wire), wire);
    }

    #[test]
    fn extensions_stand_in_brackets() {
        let wire = bytes(100, "x");
        assert_eq!(json_of("test.Old", &wire), r#"{"[test.note]":"x"}"#);
        assert_eq!(text_of("test.Old", &wire), "[test.note]: \"x\"\n");
        assert_eq!(canonical_of("test.Old", &wire), wire);
    }

    #[test]
    fn any_is_opened_at_any_depth() {
        let inner = any("x/google.protobuf.Any", any("type.googleapis.com/test.All", varint(1, 1)));
        let wire = bytes(10, inner);
        assert_eq!(
            json(&wire),
            r#"{"any":{"@type":"x/google.protobuf.Any","value":{"@type":"type.googleapis.com/test.All","i":1}}}"#
        );
        assert_eq!(
            text_of("test.All", &wire),
            "any: {\n  [x/google.protobuf.Any]: {\n    [type.googleapis.com/test.All]: {\n      i: 1\n    }\n  }\n}\n"
        );
        // To the canonical form an Any is a message like others.
        assert_eq!(canonical_of("test.All", &wire), wire);
    }

    #[test]
    fn an_any_that_cannot_be_opened_keeps_its_bytes() {
        let unknown = bytes(10, any("t/no.Such", "x"));
        assert_eq!(
            json(&unknown),
            r#"{"any":{"@type":"t/no.Such","@wire":"eA==","@reason":"no descriptor for message type `no.Such`"}}"#
        );
        assert_eq!(text_of("test.All", &unknown), "any: {\n  type_url: \"t/no.Such\"\n  value: \"x\"\n}\n");
        let malformed = [varint(1, 1), bytes(10, any("test.All", bytes(10, any("test.All", [0x08]))))].concat();
        assert_eq!(
            json(&malformed),
            concat!(
                r#"{"i":1,"any":{"@type":"test.All","any":{"@type":"test.All","@wire":"CA==","#,
                r#""@reason":"it ends inside a varint at byte 31"}}}"#
            )
        );
    }

    #[test]
    fn bytes_that_are_no_message_are_refused_with_their_place() {
        for (wire, error) in [
            (vec![0x08], "it ends inside a varint at byte 1"),
            (bytes(2, "abc")[..4].to_vec(), "field 2 claims 3 bytes, but 2 are left at byte 1"),
            ([varint(1, 1), vec![0x80]].concat(), "it ends inside a varint at byte 2"),
            (vec![0x00, 0x00], "field number 0 is out of range at byte 0"),
            (vec![0x0f], "field 1 has wire type 7, which does not exist at byte 0"),
            (vec![0x0c], "group 1 ends, but was not begun at byte 0"),
            (vec![0x0b, 0x08, 0x01], "group 1 does not end at byte 0"),
            (vec![0x0b, 0x14], "group 2 ends, but was not begun at byte 1"),
            ([vec![0x08], vec![0xff; 10]].concat(), "a varint is longer than 64 bits at byte 1"),
            (bytes(6, [0x08]), "it ends inside a varint at byte 3"),
            (bytes(3, [1, 0x80]), "it ends inside a varint at byte 3"),
            (bytes(5, [0x0a, 0x05]), "field 1 claims 5 bytes, but 0 are left at byte 3"),
        ] {
            assert_eq!(json(&wire), format!("error: {error}"), "{wire:02x?}");
        }
    }

    fn nested(levels: usize, wrap: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        (1..levels).fold(Vec::new(), |inner, _| wrap(&inner))
    }

    #[test]
    fn nesting_has_a_limit_and_needs_no_stack() {
        for (name, wrap) in [
            ("test.All", (|inner| bytes(6, inner)) as fn(&[u8]) -> Vec<u8>),
            ("test.All", |inner| bytes(13, inner)),
            ("test.All", |inner| bytes(11, bytes(2, inner))),
        ] {
            let deepest = nested(NESTING_LIMIT, wrap);
            assert!(json_of(name, &deepest).starts_with('{'));
            assert!(!canonical_of(name, &deepest).is_empty());
            let too_deep = json_of(name, &nested(NESTING_LIMIT + 1, wrap));
            assert!(too_deep.starts_with("error: messages nest deeper than 10000"), "{too_deep}");
        }
        // Groups that nobody knows have the same limit, not counting the outermost.
        let groups = |levels| [[0x9b, 0x06].repeat(levels), [0x9c, 0x06].repeat(levels)].concat();
        assert!(json(&groups(NESTING_LIMIT + 1)).starts_with('{'));
        assert_eq!(json(&groups(NESTING_LIMIT + 2)), "error: messages nest deeper than 10000 at byte 20002");
    }

    /// Every level's fields are out of order, with two children: redoing a level would double the work each time.
    #[test]
    fn disorder_on_every_level_is_read_once() {
        struct Count(usize);
        impl Sink for Count {
            type Error = Malformed;
            const ORDER: Order = Order::Declared;
            fn begin_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
                self.0 += 1;
                Ok(Flow::Enter)
            }
        }
        let wire = nested(2_000, |inner| [bytes(6, inner), varint(1, 1), bytes(6, varint(1, 2))].concat());
        let schema = schema();
        let mut count = Count(0);
        Walker::new(&schema).walk(id(&schema, "test.All"), &wire, &mut count).expect("the bytes are a message");
        assert_eq!(count.0, 2_000);
    }

    #[test]
    fn a_message_cut_anywhere_is_no_panic() {
        let wire = [
            varint(1, 300),
            bytes(3, [1, 0x80, 1]),
            bytes(5, [bytes(1, "key"), varint(2, 1)].concat()),
            bytes(6, bytes(2, "deep")),
            bytes(10, any("test.All", bytes(10, any("test.Old", group(1, varint(2, 1)))))),
            bytes(18, [varint(1, 5), varint(2, 6)].concat()),
            bytes(19, bytes(3, "string")),
            group(99, bytes(1, "unknown")),
        ]
        .concat();
        for end in 0..wire.len() {
            let (json, text) = (json(&wire[..end]), text_of("test.All", &wire[..end]));
            assert_eq!(json.starts_with("error: "), text.starts_with("error: "), "cut at {end}");
            for at in 0..end {
                let mut broken = wire[..end].to_vec();
                broken[at] ^= 0x55;
                let (json, text) = (json_of("test.All", &broken), text_of("test.All", &broken));
                assert_eq!(json.starts_with("error: "), text.starts_with("error: "), "cut at {end}, changed at {at}");
            }
        }
    }

    #[test]
    fn a_skipped_message_is_still_checked() {
        let unknown = varint(99, 1);
        let malformed = [bytes(5, bytes(1, [0x80])), unknown.clone()].concat();
        assert_eq!(json_of("google.protobuf.Value", &malformed), "error: it ends inside a varint at byte 4");
        let sound = [bytes(6, bytes(1, bytes(4, []))), unknown].concat();
        assert!(json_of("google.protobuf.Value", &sound).contains("unknown fields"));
        let both = [bytes(19, sound), varint(1, 5)].concat();
        assert!(json(&both).starts_with(r#"{"i":5,"value":{"@type":"#));
    }

    #[test]
    fn the_walker_says_whether_the_fault_is_in_an_any() {
        let schema = schema();
        let mut walker = Walker::new(&schema);
        let wire = bytes(10, any("test.All", [0x08]));
        let mut count = 0;
        struct Opens<'c>(&'c mut usize);
        impl Sink for Opens<'_> {
            type Error = Malformed;
            const ORDER: Order = Order::Declared;
            fn opens_any(&self) -> bool {
                true
            }
            fn unopened_any(&mut self, _: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
                assert!(matches!(any.reason, Unopened::Malformed(malformed) if malformed.fault() == Fault::VarintCut));
                *self.0 += 1;
                Ok(Flow::Enter)
            }
        }
        let failed = walker.walk(id(&schema, "test.All"), &wire, &mut Opens(&mut count));
        assert!(failed.is_err_and(|malformed| malformed.in_any()));
        walker.check_any(true);
        walker.walk(id(&schema, "test.All"), &wire, &mut Opens(&mut count)).expect("the Any is reported unopened");
        assert_eq!(count, 1);
    }
}
