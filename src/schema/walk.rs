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
use std::ops::Range;

use super::Schema;
use super::layout::{Field, Layout, LayoutId, MapShape, Shape, Type};
use super::level::{Levels, Span, UNKNOWN, default_scalar, is_default, scalar};
use super::sink::{Flow, Malformed, Order, Place, Sink, Unopened, UnopenedAny};
use super::well_known::WellKnown;
use crate::entry::Any;
use crate::wire::{Cursor, Fault, NESTING_LIMIT, WireType};

/// What is open, from the outside in; the innermost message is not among it while its fields are reported.
#[derive(Debug)]
enum Frame<'s> {
    Message(Message<'s>),
    Map(Map<'s>),
    Any {
        place: Place<'s>,
        layout: &'s Layout,
    },
    /// The message of the `Any` below, which has not begun.
    Payload {
        layout: &'s Layout,
        body: Body,
    },
}

/// A message whose fields are being reported.
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
    layout: LayoutId,
    /// Its items: they begin at `first`; those from `next` to `end` are still to come.
    first: u32,
    next: u32,
    end: u32,
    /// Where the spans of its values begin.
    base: u32,
}

/// Where a message's bytes stand.
#[derive(Debug, Clone, Copy)]
enum Body {
    /// From here to there in the bytes of the walk.
    Bytes(u32, u32),
    /// From here to there in the spans of the levels above.
    Spans(u32, u32),
}

/// The bytes of a message that a walk has reached.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    levels: &'a Levels,
    data: &'a [u8],
    body: Body,
    base: u32,
}

impl<'a> Wire<'a> {
    /// The message's bytes; those of a field that occurred several times are joined, which is how messages merge.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        match self.body {
            Body::Bytes(start, end) => Cow::Borrowed(&self.data[start as usize..end as usize]),
            Body::Spans(start, end) => match &self.levels.spans[start as usize..end as usize] {
                [span] => Cow::Borrowed(span.bytes(self.data)),
                spans => Cow::Owned(spans.iter().flat_map(|span| span.bytes(self.data)).copied().collect()),
            },
        }
    }

    /// Whether the message has fields, on its own level, that its layout does not know.
    pub fn has_unknown(&self) -> bool {
        // They sort last.
        self.levels.spans[self.base as usize..].last().is_some_and(|span| span.field == UNKNOWN)
    }
}

/// Walks messages; keeps its memory from one to the next.
#[derive(Debug)]
pub struct Walker<'s> {
    schema: &'s Schema,
    levels: Levels,
    frames: Vec<Frame<'s>>,
    /// How many messages are open.
    depth: usize,
    /// How many `Any`s are open.
    open_anys: usize,
    checks_any: bool,
}

impl<'s> Walker<'s> {
    /// A walker that looks types up in this schema.
    pub fn new(schema: &'s Schema) -> Self {
        Walker { schema, levels: Levels::default(), frames: Vec::new(), depth: 0, open_anys: 0, checks_any: false }
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
        let all = self.reset(data)?;
        self.run(self.schema.layout(layout), Place::Root, all, data, sink)
    }

    /// Walks a message of a type that a type URL names, as if it stood in an `Any`: the sink gets
    /// [`begin_any`](Sink::begin_any) and [`end_any`](Sink::end_any) at [`Place::Root`].
    ///
    /// # Errors
    ///
    /// As for [`walk`](Self::walk).
    pub fn walk_any<S: Sink>(&mut self, layout: LayoutId, any: Any<'_>, sink: &mut S) -> Result<(), S::Error> {
        let all = self.reset(any.value)?;
        let layout = self.schema.layout(layout);
        let wire = Wire { levels: &self.levels, data: any.value, body: all, base: 0 };
        if sink.begin_any(Place::Root, any, layout, wire)? == Flow::Skip {
            return Ok(());
        }
        self.run(layout, Place::Any, all, any.value, sink)?;
        sink.end_any(Place::Root, layout)
    }

    fn reset(&mut self, data: &[u8]) -> Result<Body, Malformed> {
        self.levels.clear();
        self.frames.clear();
        self.depth = 0;
        self.open_anys = 0;
        match u32::try_from(data.len()) {
            Ok(length) => Ok(Body::Bytes(0, length)),
            Err(_) => Err(Malformed::new(Fault::TooLong, 0)),
        }
    }

    /// Walks a message to its end. What was open before stays open.
    fn run<S: Sink>(
        &mut self,
        layout: &'s Layout,
        place: Place<'s>,
        body: Body,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let floor = self.frames.len();
        let message = self.enter(layout, place, body, data, sink)?;
        self.finish(message, floor, data, sink)
    }

    /// Walks until no more than `floor` frames are open.
    fn finish<S: Sink>(
        &mut self,
        mut innermost: Option<Message<'s>>,
        floor: usize,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        loop {
            if let Some(message) = innermost {
                innermost = self.report(message, data, sink)?;
                continue;
            }
            if self.frames.len() == floor {
                return Ok(());
            }
            innermost = match self.frames.pop() {
                Some(Frame::Message(message)) => Some(message),
                Some(Frame::Map(map)) => self.next_entry(map, data, sink)?,
                Some(Frame::Payload { layout, body }) => self.enter(layout, Place::Any, body, data, sink)?,
                Some(Frame::Any { place, layout }) => {
                    self.open_anys -= 1;
                    self.depth -= 1;
                    sink.end_any(place, layout)?;
                    None
                }
                None => None,
            };
        }
    }

    /// Reports the fields of a message up to the next one that is a message itself, and returns that; or all of them
    /// and the message's end.
    #[inline]
    fn report<S: Sink>(
        &mut self,
        mut message: Message<'s>,
        data: &[u8],
        sink: &mut S,
    ) -> Result<Option<Message<'s>>, S::Error> {
        let layout = message.layout;
        let wants_absent = sink.wants_absent();
        while message.next < message.end {
            let first = message.next;
            let span = self.levels.spans[first as usize];
            message.next += 1;
            if let Some(open) = message.list
                && layout.fields().get(span.field as usize).is_none_or(|field| !std::ptr::eq(open, field))
            {
                sink.end_list(open)?;
                message.list = None;
            }
            if span.field == UNKNOWN {
                if wants_absent {
                    report_absent(&mut message, layout.fields().len(), sink)?;
                }
                sink.unknown(span.bytes(data))?;
                continue;
            }
            let field = &layout.fields()[span.field as usize];
            if wants_absent && message.reported <= span.field {
                report_absent(&mut message, span.field as usize, sink)?;
                message.reported += 1;
            }
            match (field.shape(), field.ty().message()) {
                (Shape::Singular, None) => {
                    let span = self.last_of_run(&mut message, span);
                    if field.has_presence() || !is_default(field.ty(), span) {
                        sink.scalar(Place::Field(field), scalar(field.ty(), span, data))?;
                    } else if wants_absent {
                        sink.absent(field)?;
                    }
                }
                (Shape::Singular, Some(id)) => {
                    self.last_of_run(&mut message, span);
                    let body = Body::Spans(first, message.next);
                    self.frames.push(Frame::Message(message));
                    return self.enter(self.schema.layout(id), Place::Field(field), body, data, sink);
                }
                (Shape::List { .. }, None) => self.report_scalars(&mut message, field, span, data, sink)?,
                (Shape::List { .. }, Some(id)) => {
                    if message.list.is_none() {
                        sink.begin_list(field)?;
                        message.list = Some(field);
                    }
                    let body = Body::Spans(first, message.next);
                    self.frames.push(Frame::Message(message));
                    return self.enter(self.schema.layout(id), Place::Element(field), body, data, sink);
                }
                (Shape::Map(shape), _) => {
                    self.last_of_run(&mut message, span);
                    let entries = first as usize..message.next as usize;
                    if let Some(map) = self.report_map(field, shape, entries, data, sink)? {
                        self.frames.push(Frame::Message(message));
                        return self.next_entry(map, data, sink);
                    }
                }
            }
        }
        if let Some(field) = message.list {
            sink.end_list(field)?;
        }
        if wants_absent {
            report_absent(&mut message, layout.fields().len(), sink)?;
        }
        let wire = Wire { levels: &self.levels, data, body: message.body, base: message.base };
        sink.end_message(message.place, layout, wire)?;
        self.levels.spans.truncate(message.base as usize);
        self.depth -= 1;
        Ok(None)
    }

    /// Passes over the further occurrences of a field and returns the last one.
    #[inline]
    fn last_of_run(&self, message: &mut Message<'s>, first: Span) -> Span {
        let rest = &self.levels.spans[message.next as usize..message.end as usize];
        let mut last = first;
        for span in rest.iter().take_while(|span| span.field == first.field) {
            message.next += 1;
            last = *span;
        }
        last
    }

    /// Reports a list of scalars, each occurrence packed or not.
    fn report_scalars<S: Sink>(
        &mut self,
        message: &mut Message<'s>,
        field: &'s Field,
        first: Span,
        data: &[u8],
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let packable = !matches!(field.ty(), Type::String | Type::Bytes);
        let start = message.next as usize - 1;
        self.last_of_run(message, first);
        let mut begun = false;
        for index in start..message.next as usize {
            let span = self.levels.spans[index];
            let mut cursor = Cursor::new(data, span.range());
            if !packable || span.is_number() {
                if !std::mem::replace(&mut begun, true) {
                    sink.begin_list(field)?;
                }
                sink.scalar(Place::Element(field), scalar(field.ty(), span, data))?;
                continue;
            }
            while !cursor.is_at_end() {
                let bits = match field.ty().wire_type() {
                    WireType::Fixed64 => cursor.fixed64(field.number()),
                    WireType::Fixed32 => cursor.fixed32(field.number()).map(u64::from),
                    WireType::Varint | WireType::Bytes | WireType::Group => cursor.varint(),
                };
                let bits = bits.map_err(|fault| self.located(Malformed::new(fault, cursor.position)))?;
                if !std::mem::replace(&mut begun, true) {
                    sink.begin_list(field)?;
                }
                sink.scalar(Place::Element(field), scalar(field.ty(), Span::number(bits), data))?;
            }
        }
        if begun {
            sink.end_list(field)?;
        } else if sink.wants_absent() {
            sink.absent(field)?;
        }
        Ok(())
    }

    /// Begins a message, or opens an `Any`; `None` if it has nothing to report.
    #[inline]
    fn enter<S: Sink>(
        &mut self,
        layout: &'s Layout,
        place: Place<'s>,
        body: Body,
        data: &[u8],
        sink: &mut S,
    ) -> Result<Option<Message<'s>>, S::Error> {
        let base = self.levels.spans.len() as u32;
        if self.depth >= NESTING_LIMIT {
            let start = match body {
                Body::Bytes(start, _) => start as usize,
                Body::Spans(first, _) => self.levels.spans.get(first as usize).map_or(0, |span| span.range().start),
            };
            return Err(self.located(Malformed::new(Fault::TooDeep, start)).into());
        }
        match body {
            Body::Bytes(start, end) => self.collect(layout, data, start as usize..end as usize)?,
            Body::Spans(first, end) => {
                for index in first..end {
                    let range = self.levels.spans[index as usize].range();
                    self.collect(layout, data, range)?;
                }
            }
        }
        self.levels.arrange(layout, base as usize, S::ORDER);
        if layout.well_known() == Some(WellKnown::Any)
            && sink.opens_any()
            && let Some((url, value)) = self.fields_of_any(layout, base, data)
        {
            return self.open_any(place, body, base, url, value, data, sink);
        }
        let wire = Wire { levels: &self.levels, data, body, base };
        let flow = sink.begin_message(place, layout, wire)?;
        self.depth += 1;
        let end = self.levels.spans.len() as u32;
        let message = Message { layout, place, body, base, next: base, end, reported: 0, list: None };
        match flow {
            Flow::Enter => Ok(Some(message)),
            Flow::Skip => {
                // Whether bytes are a message does not depend on the sink.
                self.finish(Some(message), self.frames.len(), data, &mut Check)?;
                Ok(None)
            }
        }
    }

    /// Where the type URL and the value of an `Any` stand; `None` if it has neither.
    fn fields_of_any(&self, layout: &Layout, base: u32, data: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
        let mut url = 0..0;
        let mut value = 0..0;
        for span in &self.levels.spans[base as usize..] {
            match layout.fields().get(span.field as usize).map(Field::number) {
                Some(1) => url = span.range(),
                Some(_) => value = span.range(),
                None => {}
            }
        }
        (!data[url.clone()].is_empty() || !data[value.clone()].is_empty()).then_some((url, value))
    }

    /// Opens an `Any` and begins the message inside.
    #[expect(clippy::too_many_arguments, reason = "all of it is the state of one level")]
    fn open_any<S: Sink>(
        &mut self,
        place: Place<'s>,
        body: Body,
        base: u32,
        url: Range<usize>,
        value: Range<usize>,
        data: &[u8],
        sink: &mut S,
    ) -> Result<Option<Message<'s>>, S::Error> {
        let (type_url, bytes) = (&data[url], &data[value.clone()]);
        let inside = Body::Bytes(value.start as u32, value.end as u32);
        let opened = self.schema.resolve_bytes(type_url).map_err(Unopened::Unresolved).and_then(|(url, id)| {
            if self.checks_any {
                self.check(id, inside, data)?;
            }
            Ok((url, id))
        });
        let wire = Wire { levels: &self.levels, data, body, base };
        match opened {
            Err(reason) => {
                let any = UnopenedAny { type_url, value: bytes, reason: &reason };
                let flow = sink.unopened_any(place, any, wire)?;
                self.end_own_fields(flow, base, data, sink)?;
                Ok(None)
            }
            Ok((type_url, id)) => {
                let layout = self.schema.layout(id);
                let any = Any { type_url, value: bytes };
                let flow = sink.begin_any(place, any, layout, wire)?;
                self.end_own_fields(flow, base, data, sink)?;
                if flow == Flow::Skip {
                    return Ok(None);
                }
                self.frames.push(Frame::Any { place, layout });
                self.frames.push(Frame::Payload { layout, body: inside });
                self.open_anys += 1;
                self.depth += 1;
                Ok(None)
            }
        }
    }

    /// Reports the unknown fields of an `Any`, if they are wanted, and forgets its spans.
    fn end_own_fields<S: Sink>(&mut self, flow: Flow, base: u32, data: &[u8], sink: &mut S) -> Result<(), S::Error> {
        if flow == Flow::Enter {
            for span in &self.levels.spans[base as usize..] {
                if span.field == UNKNOWN {
                    sink.unknown(span.bytes(data))?;
                }
            }
        }
        self.levels.spans.truncate(base as usize);
        Ok(())
    }

    /// Reads a message without reporting anything.
    fn check(&mut self, id: LayoutId, body: Body, data: &[u8]) -> Result<(), Malformed> {
        let (spans, items) = (self.levels.spans.len(), self.levels.items.len());
        let (frames, depth) = (self.frames.len(), self.depth);
        let result = self.run(self.schema.layout(id), Place::Root, body, data, &mut Check);
        self.levels.spans.truncate(spans);
        self.levels.items.truncate(items);
        self.frames.truncate(frames);
        self.depth = depth;
        result
    }

    /// Reports a map, or, if its values are messages, only its beginning; then it is returned.
    fn report_map<S: Sink>(
        &mut self,
        field: &'s Field,
        shape: &'s MapShape,
        entries: Range<usize>,
        data: &[u8],
        sink: &mut S,
    ) -> Result<Option<Map<'s>>, S::Error> {
        let (base, first) = (self.levels.spans.len(), self.levels.items.len());
        for index in entries {
            let range = self.levels.spans[index].range();
            self.levels.collect_entry(shape, data, range).map_err(|malformed| self.located(malformed))?;
        }
        self.levels.arrange_entries(shape, first, data);
        let end = self.levels.items.len();
        sink.begin_map(field)?;
        if let Some(layout) = shape.value.ty().message() {
            let (first, end, base) = (first as u32, end as u32, base as u32);
            return Ok(Some(Map { field, shape, layout, first, next: first, end, base }));
        }
        for index in first..end {
            let item = self.levels.items[index];
            sink.begin_entry(field, &shape.key, scalar(shape.key.ty(), item.key, data))?;
            let value = match self.levels.spans[item.values()].last() {
                Some(last) => scalar(shape.value.ty(), *last, data),
                None => default_scalar(shape.value.ty()),
            };
            sink.scalar(Place::MapValue(&shape.value), value)?;
            sink.end_entry(field)?;
        }
        self.levels.items.truncate(first);
        self.levels.spans.truncate(base);
        sink.end_map(field)?;
        Ok(None)
    }

    /// Ends the entry of a map that is open, if one is, and begins the next one, or ends the map.
    fn next_entry<S: Sink>(
        &mut self,
        mut map: Map<'s>,
        data: &[u8],
        sink: &mut S,
    ) -> Result<Option<Message<'s>>, S::Error> {
        let Map { field, shape, next, .. } = map;
        if next > map.first {
            sink.end_entry(field)?;
        }
        if next == map.end {
            self.levels.items.truncate(map.first as usize);
            self.levels.spans.truncate(map.base as usize);
            sink.end_map(field)?;
            return Ok(None);
        }
        map.next += 1;
        self.frames.push(Frame::Map(map));
        let item = self.levels.items[next as usize];
        sink.begin_entry(field, &shape.key, scalar(shape.key.ty(), item.key, data))?;
        let values = item.values();
        let body = Body::Spans(values.start as u32, values.end as u32);
        self.enter(self.schema.layout(map.layout), Place::MapValue(&shape.value), body, data, sink)
    }

    #[inline]
    fn collect(&mut self, layout: &Layout, data: &[u8], range: Range<usize>) -> Result<(), Malformed> {
        self.levels.collect(layout, data, range).map_err(|malformed| self.located(malformed))
    }

    /// Notes whether what is malformed stands inside an `Any`.
    fn located(&self, malformed: Malformed) -> Malformed {
        malformed.located(self.open_anys > 0)
    }
}

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
    use super::super::{JsonOptions, TextOptions, write_canonical, write_json, write_text};
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
        let options = TextOptions { unknown_fields: true, ..TextOptions::default() };
        match write_text(&mut Walker::new(&schema), id(&schema, name), wire, options, &mut out) {
            Ok(()) => String::from_utf8(out).expect("these texts are UTF-8"),
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
