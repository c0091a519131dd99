//! The fast road through a message: its fields are reported as they are read.
//!
//! That is possible as long as they stand on the wire in the order in which they are to be reported, each singular one
//! once, of each oneof one member, and nothing that the layout does not know. Most messages are like that, but only their
//! end proves it. Where one turns out not to be, the walk ends and begins anew, and messages of that type are
//! [collected](Walk::enter_collected) from then on. So a type costs at most one walk in vain, and a message at most
//! [`STREAMED_WALKS`].

use super::{Check, Frame, Known, Walk, Wire};
use crate::schema::layout::{Field, Layout, LayoutId, Role, Shape};
use crate::schema::level::{Span, is_default};
use crate::schema::sink::{Flow, Malformed, Place, Sink};
use crate::wire::{Cursor, Fault, Groups, NESTING_LIMIT, Tag, WireValue};

/// How many walks of a message may try to report its fields as they are read.
pub(super) const STREAMED_WALKS: usize = 4;

/// A message whose fields are reported as they are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream<'s> {
    id: LayoutId,
    layout: &'s Layout,
    place: Place<'s>,
    start: u32,
    end: u32,
    // What follows says how far it has been read, and is up to date while others are.
    position: u32,
    /// Fields with a lower index have come or are absent. While a list is open, it is that list's index.
    next: u32,
    /// Of which oneofs a member has come; those beyond the last bit share it.
    oneofs: u32,
    list: Option<&'s Field>,
}

impl<'s> Stream<'s> {
    /// Where it is read on.
    #[inline]
    fn cursor<'a>(&self, data: &'a [u8]) -> Cursor<'a> {
        Cursor::new(data, self.position as usize..self.end as usize)
    }
}

impl<'s, S: Sink> Walk<'_, 's, S> {
    /// Begins a message and reports it to its end, or until something inside has to come first: that and what is open
    /// around it are then among the frames.
    #[inline(always)]
    pub(super) fn enter_stream(
        &mut self,
        known: Known<'s>,
        place: Place<'s>,
        start: u32,
        end: u32,
    ) -> Result<(), S::Error> {
        let floor = self.walker.streams.len();
        self.begin_stream(known, place, start, end)?;
        if self.walker.streams.len() > floor { self.stream(floor) } else { Ok(()) }
    }

    /// Begins a message and puts it among those to be read; one that has a single value, as most of the small ones do,
    /// is reported to its end at once.
    #[inline(never)]
    fn begin_stream(&mut self, known: Known<'s>, place: Place<'s>, start: u32, end: u32) -> Result<(), S::Error> {
        if self.walker.depth >= NESTING_LIMIT {
            return Err(Malformed::new(Fault::TooDeep, start as usize).into());
        }
        let Known { id, layout, .. } = known;
        let wire = Wire::of_range(self.data, start..end);
        if self.sink.begin_message(place, layout, wire)? == Flow::Skip {
            let floor = self.walker.frames.len();
            let mut check = Walk { walker: self.walker, data: self.data, sink: &mut Check };
            check.enter_stream(known, place, start, end)?;
            return Ok(check.finish(floor)?);
        }
        let cursor = Cursor::new(self.data, start as usize..end as usize);
        if let Some((position, tag, value)) = cursor.quick_field()
            && position == end as usize
            && let slot = layout.slot_of_tag(tag.0)
            && !slot.is_none()
            && let field = &layout.fields()[slot.index() as usize]
            && let Role::Scalar = field.role()
        {
            let span = Span::new(0, value);
            if field.has_presence() || !is_default(field.ty(), span) {
                self.report_scalar(Place::Field(field), field, span)?;
            }
            return self.sink.end_message(place, layout, wire);
        }
        self.walker.depth += 1;
        let message = Stream { id, layout, place, start, end, position: start, next: 0, oneofs: 0, list: None };
        self.walker.streams.push(message);
        Ok(())
    }

    /// Reads the innermost of the messages that are being streamed, and those around it above `floor`.
    pub(super) fn stream(&mut self, floor: usize) -> Result<(), S::Error> {
        let Some(message) = self.walker.streams.last() else { return Ok(()) };
        let mut layout = message.layout;
        let mut cursor = message.cursor(self.data);
        let Stream { mut next, mut oneofs, mut list, .. } = *message;
        loop {
            let Some((position, tag, value)) = cursor.quick_field() else {
                if !cursor.is_at_end() {
                    return Err(self.not_quick(cursor).into());
                }
                if let Some(list) = list {
                    self.sink.end_list(list)?;
                }
                self.end_stream()?;
                if self.walker.streams.len() == floor {
                    return Ok(());
                }
                let Some(outer) = self.walker.streams.last() else { return Ok(()) };
                layout = outer.layout;
                cursor = outer.cursor(self.data);
                Stream { next, oneofs, list, .. } = *outer;
                continue;
            };
            cursor.position = position;
            let slot = layout.slot_of_tag(tag.0);
            let index = slot.index();
            if slot.is_none() || index < next {
                return Err(self.disorder().into());
            }
            let field = &layout.fields()[index as usize];
            if slot.in_oneof() {
                let oneof = 1 << field.oneof().unwrap_or_default().min(31);
                if oneofs & oneof != 0 {
                    return Err(self.disorder().into());
                }
                oneofs |= oneof;
            }
            if index > next
                && let Some(list) = list.take()
            {
                self.sink.end_list(list)?;
            }
            next = index + 1;
            let (id, place) = match field.role() {
                Role::Scalar => {
                    let span = Span::new(index, value);
                    if field.has_presence() || !is_default(field.ty(), span) {
                        self.report_scalar(Place::Field(field), field, span)?;
                    }
                    continue;
                }
                Role::Scalars => {
                    next = index;
                    if self.stream_elements(list.is_some(), field, Span::new(index, value))? {
                        list = Some(field);
                    }
                    continue;
                }
                Role::Map => {
                    let (position, is_nested) = self.stream_map(floor, cursor, field, tag, value)?;
                    cursor.position = position;
                    if is_nested {
                        self.suspend(position as u32, next, oneofs, list);
                        return Ok(());
                    }
                    continue;
                }
                Role::Message(id) => (id, Place::Field(field)),
                Role::Messages(id) => {
                    next = index;
                    if list.is_none() {
                        self.sink.begin_list(field)?;
                        list = Some(field);
                    }
                    (id, Place::Element(field))
                }
            };
            let WireValue::Span { start, end } = value else { unreachable!("tags of messages have lengths") };
            let inner = self.walker.known(id);
            self.suspend(end, next, oneofs, list);
            if inner.is_collected {
                let (frames, spans) = (self.walker.frames.len(), self.walker.levels.spans.len());
                self.walker.frames.push(Frame::Streams { floor, spans: spans as u32 });
                let body = self.walker.push_body(start..end);
                self.enter_collected(inner.layout, place, body)?;
                if self.walker.frames.len() > frames + 1 {
                    return Ok(());
                }
                self.walker.frames.truncate(frames);
                self.walker.levels.spans.truncate(spans);
            } else {
                let streams = self.walker.streams.len();
                self.begin_stream(inner, place, start, end)?;
                if self.walker.streams.len() > streams {
                    layout = inner.layout;
                    cursor = Cursor::new(self.data, start as usize..end as usize);
                    (next, oneofs, list) = (0, 0, None);
                }
            }
        }
    }

    /// Keeps how far the innermost message has been read, before others come.
    #[inline]
    fn suspend(&mut self, position: u32, next: u32, oneofs: u32, list: Option<&'s Field>) {
        if let Some(message) = self.walker.streams.last_mut() {
            *message = Stream { position, next, oneofs, list, ..*message };
        }
    }

    /// Reports the end of the innermost message.
    #[inline]
    fn end_stream(&mut self) -> Result<(), S::Error> {
        if let Some(message) = self.walker.streams.pop() {
            self.walker.depth -= 1;
            let wire = Wire::of_range(self.data, message.start..message.end);
            self.sink.end_message(message.place, message.layout, wire)?;
        }
        Ok(())
    }

    /// Reports an occurrence of a list of scalars, packed or not, and says whether the list has begun.
    #[inline(never)]
    fn stream_elements(&mut self, has_begun: bool, field: &'s Field, value: Span) -> Result<bool, S::Error> {
        let is_packed = field.ty().is_packable() && !value.is_number();
        if is_packed && value.range().is_empty() {
            return Ok(has_begun);
        }
        if !has_begun {
            self.sink.begin_list(field)?;
        }
        if is_packed {
            self.report_packed(field, value.range())?;
        } else {
            self.report_scalar(Place::Element(field), field, value)?;
        }
        Ok(true)
    }

    /// Reports a map whose entries follow one another, the first of which is `entry`, and tells where they end and
    /// whether their values have to come first: then the map is among the frames.
    #[inline(never)]
    fn stream_map(
        &mut self,
        floor: usize,
        mut cursor: Cursor<'_>,
        field: &'s Field,
        tag: Tag,
        mut entry: WireValue,
    ) -> Result<(usize, bool), S::Error> {
        let Shape::Map(shape) = field.shape() else { unreachable!("its role is that of a map") };
        let (spans, first) = (self.walker.levels.spans.len(), self.walker.levels.items.len());
        while let WireValue::Span { start, end } = entry {
            self.walker.levels.collect_entry(shape, self.data, start as usize..end as usize)?;
            match cursor.quick_field() {
                Some((position, next, value)) if next == tag => (cursor.position, entry) = (position, value),
                _ => break,
            }
        }
        let is_nested = shape.value.ty().message().is_some();
        if is_nested {
            self.walker.frames.push(Frame::Streams { floor, spans: spans as u32 });
        }
        self.report_items(field, shape, first, spans)?;
        Ok((cursor.position, is_nested))
    }

    /// Reads on where there is a group, or something that is wrong.
    #[cold]
    fn not_quick(&mut self, mut cursor: Cursor<'_>) -> Malformed {
        match cursor.field(&mut Groups::default()) {
            Ok(_) => self.disorder(),
            Err(fault) => Malformed::new(fault, cursor.position),
        }
    }

    /// Has messages of the innermost one's type collected from now on, and ends this walk.
    #[cold]
    fn disorder(&mut self) -> Malformed {
        self.walker.was_in_vain = true;
        if let Some(message) = self.walker.streams.last()
            && let Some(Some(known)) = self.walker.layouts.get_mut(message.id.0 as usize)
        {
            known.is_collected = true;
        }
        // Nobody learns of this fault: it only ends the walk.
        Malformed::new(Fault::TooDeep, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Walker;
    use super::*;
    use crate::entry::Any;
    use crate::schema::Schema;
    use crate::schema::sink::{Order, Scalar, UnopenedAny};
    use crate::schema::testing::{bytes, id, message, schema, varint};

    /// Everything that a walk tells, in words.
    #[derive(Debug, Default, PartialEq)]
    struct Events(Vec<String>);

    impl Events {
        fn add(&mut self, event: &str, place: Option<Place<'_>>, more: impl std::fmt::Debug) {
            let place = place.map(|place| match place {
                Place::Root => "root".to_owned(),
                Place::Any => "any".to_owned(),
                Place::Field(field) => field.name().to_owned(),
                Place::Element(field) => format!("{}[]", field.name()),
                Place::MapValue(field) => format!("{}{{}}", field.name()),
            });
            self.0.push(format!("{event} {place:?} {more:?}"));
        }
    }

    impl Sink for Events {
        type Error = Malformed;
        const ORDER: Order = Order::Declared;

        fn opens_any(&self) -> bool {
            true
        }

        fn begin_message(&mut self, place: Place<'_>, layout: &Layout, wire: Wire<'_>) -> Result<Flow, Malformed> {
            self.add("message", Some(place), (layout.full_name(), wire.bytes(), wire.has_unknown()));
            // Some are skipped, which must not keep the walk from reading them.
            Ok(if wire.bytes().len() % 7 == 5 { Flow::Skip } else { Flow::Enter })
        }

        fn end_message(&mut self, place: Place<'_>, _: &Layout, wire: Wire<'_>) -> Result<(), Malformed> {
            self.add("end", Some(place), (wire.bytes(), wire.has_unknown()));
            Ok(())
        }

        fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
            let value = match value {
                Scalar::Enum(number, layout) => format!("{number} {}", layout.full_name()),
                value => format!("{value:?}"),
            };
            self.add("scalar", Some(place), value);
            Ok(())
        }

        fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
            self.add("list", None, field.name());
            Ok(())
        }

        fn end_list(&mut self, field: &Field) -> Result<(), Malformed> {
            self.add("end of list", None, field.name());
            Ok(())
        }

        fn begin_map(&mut self, field: &Field) -> Result<(), Malformed> {
            self.add("map", None, field.name());
            Ok(())
        }

        fn begin_entry(&mut self, map: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Malformed> {
            self.add("entry", None, (map.name(), key));
            Ok(())
        }

        fn end_entry(&mut self, map: &Field) -> Result<(), Malformed> {
            self.add("end of entry", None, map.name());
            Ok(())
        }

        fn end_map(&mut self, field: &Field) -> Result<(), Malformed> {
            self.add("end of map", None, field.name());
            Ok(())
        }

        fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
            self.add("opened", Some(place), any.type_url);
            Ok(Flow::Enter)
        }

        fn end_any(&mut self, place: Place<'_>, _: &Layout) -> Result<(), Malformed> {
            self.add("end of opened", Some(place), ());
            Ok(())
        }

        fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
            self.add("unopened", Some(place), (any.type_url, any.value, any.reason.to_string()));
            Ok(Flow::Enter)
        }

        fn unknown(&mut self, wire: &[u8]) -> Result<(), Malformed> {
            self.add("unknown", None, wire);
            Ok(())
        }
    }

    /// Walks on both roads, the fast one first with a new walker and then with one that knows what must be collected.
    fn assert_same_events(schema: &Schema, name: &str, wire: &[u8]) {
        let id = id(schema, name);
        let walk = |walker: &mut Walker<'_>| {
            let mut events = Events::default();
            walker.walk(id, wire, &mut events).map(|()| events)
        };
        let mut collecting = Walker::new(schema);
        let mut expected = walk(&mut collecting);
        if expected.as_ref().is_err_and(Malformed::in_any) {
            collecting.check_any(true);
            expected = walk(&mut collecting);
        }
        let mut streaming = Walker::new(schema);
        for _ in 0..2 {
            assert_eq!(streaming.checked_if_needed(Malformed::in_any, walk), expected, "{name} {wire:02x?}");
        }
    }

    proptest! {
        #[test]
        fn both_roads_lead_to_the_same(mut wire in message(), cut in 0..400usize, broken in 0..400usize) {
            let schema = schema();
            assert_same_events(&schema, "test.All", &wire);
            if let Some(byte) = wire.get_mut(broken) {
                *byte ^= 0x11;
                assert_same_events(&schema, "test.All", &wire);
            }
            wire.truncate(cut);
            assert_same_events(&schema, "test.All", &wire);
        }
    }

    fn count_walks(walker: &mut Walker<'_>, wire: &[u8]) -> usize {
        let id = id(walker.schema(), "test.All");
        let mut count = 0;
        let walked = walker.checked_if_needed(Malformed::in_any, |walker| {
            count += 1;
            walker.walk(id, wire, &mut Check)
        });
        walked.expect("the bytes are a message");
        count
    }

    #[test]
    fn a_type_is_walked_in_vain_once() {
        let schema = schema();
        let mut walker = Walker::new(&schema);
        let in_order = [varint(1, 1), bytes(4, "a"), bytes(4, "b"), bytes(6, varint(1, 2))].concat();
        assert_eq!(count_walks(&mut walker, &in_order), 1);
        let twice = [in_order.clone(), bytes(6, "")].concat();
        assert_eq!(count_walks(&mut walker, &twice), 2);
        assert_eq!(count_walks(&mut walker, &twice), 1);
    }

    #[test]
    fn many_types_in_disorder_have_a_limit() {
        let disordered = [
            bytes(18, [varint(2, 6), varint(1, 5)].concat()),
            // A `Value` with two members, a `Struct` and a `ListValue`, each with an unknown field.
            bytes(19, [bytes(5, varint(9, 9)), bytes(6, varint(9, 9))].concat()),
        ];
        let schema = schema();
        let mut walker = Walker::new(&schema);
        assert_eq!(count_walks(&mut walker, &disordered.concat()), STREAMED_WALKS + 1);
        assert_eq!(count_walks(&mut walker, &disordered.concat()), 1);
    }
}
