//! The road for messages that are to be written back: their fields are reported in the order in which they stand.
//!
//! A message is *exact* if an encoder that is given its fields in this order would write its very bytes: every number as
//! short as can be, nothing that is the default of a field without presence, each field in one place and a singular one
//! once, of a oneof one member, lists packed as declared, each key of a map once, unknown fields together. What a form
//! like JSON keeps of an exact message is all there is of it.
//!
//! Most messages are exact, maps in the order of chance included, so the first walk takes it for granted and ends where it
//! is not so. The second one looks at each message before it reports it, and has those that are not exact reported as
//! other walks do, after [`Sink::begin_inexact`].

use std::ops::Range;

use super::{Check, Known, Parts, Walk, Walker, Wire};
use crate::entry::Any;
use crate::schema::layout::{EnumLayout, Field, Layout, LayoutId, MapShape, Role, Shape, Type};
use crate::schema::level::{Span, is_default, scalar};
use crate::schema::number::{GO_NAN, GO_NAN_F32};
use crate::schema::seen::SeenFields;
use crate::schema::sink::{Flow, Place, Scalar, Sink, Unopened, UnopenedAny};
use crate::schema::well_known::WellKnown;
use crate::wire::{Cursor, NESTING_LIMIT, Tag, WireType, WireValue, least_bytes, varint_bytes};

/// How a walk treats what is not exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It ends.
    Trusting,
    /// Each message is looked at before it is reported.
    Careful,
    /// It ends, but only the fields of the message itself count, and what they hold that has no fields of its own in JSON:
    /// other messages are stepped over.
    OneLevel,
}

/// What is open, from the outside in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Open<'s> {
    Message(Level<'s>),
    /// Before the `Any` inside of an `Any`: they nest as deep as messages do, and none may take of the stack.
    AnyStart {
        known: Known<'s>,
        start: u32,
        end: u32,
    },
    /// Behind the message inside of an `Any`.
    AnyEnd {
        place: Place<'s>,
        layout: &'s Layout,
    },
    /// Behind the message that is the value of a map's entry.
    EntryEnd(&'s Field),
}

/// A message whose fields are reported in the order of the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level<'s> {
    layout: &'s Layout,
    place: Place<'s>,
    start: u32,
    end: u32,
    // What follows says how far it has been read, and is up to date while others are.
    position: u32,
    /// The list or map whose elements are coming.
    open: Option<&'s Field>,
    seen: SeenFields,
    /// Whether unknown fields have come; others may not stand apart from them.
    had_unknown: bool,
    is_time: bool,
}

/// The memory of exact walks, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Exact<'s> {
    open: Vec<Open<'s>>,
    words: Vec<u64>,
    /// The keys of the maps that are open, as (number, range of bytes).
    keys: Vec<Span>,
    /// Where the keys of each of them begin.
    maps: Vec<u32>,
}

impl<'s> Walker<'s> {
    /// Walks a message as if it stood in an `Any`, as [`walk_any`](Self::walk_any) does, but reports fields, and entries of
    /// maps, in the order of the wire, whatever order the sink asks for. Unknown fields come where they stand.
    ///
    /// Says whether all of it was reported. A first walk, which is not careful, ends where a message is not exact: where an
    /// encoder that is given these fields in this order would write other bytes. A careful one, with a fresh sink, reports
    /// such a message tidied up, after [`Sink::begin_inexact`], and ends only at what is malformed.
    ///
    /// # Errors
    ///
    /// Those of the sink, and [`Malformed`](super::super::Malformed) for bytes that are no message of the type.
    pub fn walk_exact<S: Sink>(
        &mut self,
        id: LayoutId,
        any: Any<'_>,
        is_careful: bool,
        sink: &mut S,
    ) -> Result<bool, S::Error> {
        self.reset(any.value, sink)?;
        self.is_streaming = false;
        self.checks_any = is_careful;
        self.exact.clear();
        let known = self.known(id);
        let manner = if is_careful { Manner::Careful } else { Manner::Trusting };
        let end = any.value.len() as u32;
        let wire = Wire::of_range(any.value, 0..end);
        let mut walk = Walk { walker: self, data: any.value, sink };
        Ok(walk.begin_exact_any(Place::Root, any, known, 0..end, wire, manner)? && walk.exact(0, manner)?)
    }
}

impl<'s, S: Sink> Walk<'_, 's, S> {
    /// Reports what is open above `floor`, and says whether all of it is exact.
    fn exact(&mut self, floor: usize, manner: Manner) -> Result<bool, S::Error> {
        while self.walker.exact.open.len() > floor {
            let top = self.walker.exact.open.len() - 1;
            match self.walker.exact.open[top] {
                Open::Message(level) => {
                    if !self.exact_fields(top, level, manner)? {
                        return Ok(false);
                    }
                }
                Open::AnyStart { known, start, end } => {
                    self.walker.exact.open.truncate(top);
                    if !self.begin_exact(known, Place::Any, start, end, manner)? {
                        return Ok(false);
                    }
                }
                Open::AnyEnd { place, layout } => {
                    self.walker.exact.open.truncate(top);
                    self.walker.depth -= 1;
                    self.sink.end_any(place, layout)?;
                }
                Open::EntryEnd(field) => {
                    self.walker.exact.open.truncate(top);
                    self.sink.end_entry(field)?;
                }
            }
        }
        Ok(true)
    }

    /// Reports the fields of a message up to one that opens another, or all of them and the message's end; says whether
    /// they are exact.
    fn exact_fields(&mut self, own: usize, mut level: Level<'s>, manner: Manner) -> Result<bool, S::Error> {
        let layout = level.layout;
        while level.position < level.end {
            let at = level.position as usize;
            let cursor = Cursor::new(self.data, at..level.end as usize);
            let quick = cursor.quick_field();
            let Some((next, tag, value)) = quick.or_else(|| self.walker.levels.slow_field(cursor).ok()) else {
                return Ok(false);
            };
            let slot = layout.slot_of_tag(tag.0);
            if slot.is_none() {
                let Some(end) = self.unknown_run(&mut level)? else { return Ok(false) };
                level.position = end;
                continue;
            }
            if next - at != least_bytes(tag, value) {
                return Ok(false);
            }
            let index = slot.index() as usize;
            let field = &layout.fields()[index];
            let continues = level.open.is_some_and(|open| std::ptr::eq(open, field));
            if !continues && (!self.end_run(&mut level)? || !self.walker.exact.see(&mut level, index, field)) {
                return Ok(false);
            }
            level.position = next as u32;
            let (id, place, start, end) = match (field.role(), value) {
                (Role::Scalar, _) => {
                    let span = Span::new(slot.index(), value);
                    // JSON has one string for both fields of a time, and so no room for their order.
                    let is_late = level.is_time && field.number() == 1 && level.seen.fields.count_ones() > 1;
                    if is_late || !is_exact(field.ty(), span) || (!field.has_presence() && is_default(field.ty(), span))
                    {
                        return Ok(false);
                    }
                    self.report_scalar(Place::Field(field), field, span)?;
                    continue;
                }
                (Role::Scalars, _) => {
                    if !continues {
                        self.sink.begin_list(field)?;
                        level.open = Some(field);
                    }
                    if !self.exact_elements(field, continues, Span::new(slot.index(), value))? {
                        return Ok(false);
                    }
                    continue;
                }
                (Role::Message(id), WireValue::Span { start, end }) => (id, Place::Field(field), start, end),
                (Role::Messages(id), WireValue::Span { start, end }) => {
                    if !continues {
                        self.sink.begin_list(field)?;
                        level.open = Some(field);
                    }
                    (id, Place::Element(field), start, end)
                }
                (Role::Map, WireValue::Span { start, end }) => {
                    let Shape::Map(shape) = field.shape() else { unreachable!("its role is that of a map") };
                    if !continues {
                        self.sink.begin_map(field)?;
                        level.open = Some(field);
                        self.walker.exact.begin_map();
                    }
                    match self.exact_entry(field, shape, start as usize..end as usize)? {
                        Entry::Inexact => return Ok(false),
                        Entry::Reported => continue,
                        Entry::Message(id, start) => {
                            self.walker.exact.open.push(Open::EntryEnd(field));
                            (id, Place::MapValue(&shape.value), start, end)
                        }
                    }
                }
                (Role::Message(_) | Role::Messages(_) | Role::Map, WireValue::Bits(_)) => return Ok(false),
            };
            self.walker.exact.open[own] = Open::Message(level);
            let known = self.walker.known(id);
            if !self.begin_exact(known, place, start, end, manner)? {
                return Ok(false);
            }
            if self.walker.exact.open.len() > own + 1 {
                return Ok(true);
            }
        }
        if !self.end_run(&mut level)? {
            return Ok(false);
        }
        let exact = &mut self.walker.exact;
        exact.open.truncate(own);
        level.seen.end(&mut exact.words);
        self.walker.depth -= 1;
        let wire = Wire::of_range(self.data, level.start..level.end);
        self.sink.end_message(level.place, layout, wire)?;
        Ok(true)
    }

    /// Begins a message; says whether it is exact as far as that can be told.
    fn begin_exact(
        &mut self,
        known: Known<'s>,
        place: Place<'s>,
        start: u32,
        end: u32,
        manner: Manner,
    ) -> Result<bool, S::Error> {
        match known.layout.well_known() {
            Some(WellKnown::Any) if start < end && (self.sink.opens_any() || manner == Manner::OneLevel) => {
                self.exact_any(place, known.layout, start, end, manner)
            }
            None | Some(WellKnown::Empty | WellKnown::Any) => {
                if manner == Manner::OneLevel && !matches!(place, Place::Root) {
                    return Ok(true);
                }
                if manner == Manner::Careful && !self.is_exact_level(known, start, end) {
                    self.sink.begin_inexact(&self.data[start as usize..end as usize]);
                    return self.tidy(known, place, start, end);
                }
                self.enter_exact(known, place, start, end, false)
            }
            Some(
                WellKnown::Timestamp
                | WellKnown::Duration
                | WellKnown::FieldMask
                | WellKnown::Struct
                | WellKnown::Value
                | WellKnown::ListValue
                | WellKnown::Wrapper,
            ) => {
                let Some(has_unknown) = self.has_unknown(known.layout, start, end) else { return Ok(false) };
                if has_unknown && manner == Manner::OneLevel {
                    // JSON has no place for them: whoever writes it writes the bytes.
                    return Ok(true);
                }
                self.enter_exact(known, place, start, end, has_unknown)
            }
        }
    }

    /// Begins to report a message.
    fn enter_exact(
        &mut self,
        known: Known<'s>,
        place: Place<'s>,
        start: u32,
        end: u32,
        has_unknown: bool,
    ) -> Result<bool, S::Error> {
        if self.walker.depth >= NESTING_LIMIT {
            return Ok(false);
        }
        let Known { layout, .. } = known;
        let wire = Wire { data: self.data, parts: Parts::Streamed { start, end, has_unknown } };
        if self.sink.begin_message(place, layout, wire)? == Flow::Skip {
            // Whether bytes are a message does not depend on the sink.
            let mut check = Walk { walker: self.walker, data: self.data, sink: &mut Check };
            return Ok(check.tidy(known, place, start, end).unwrap_or(false));
        }
        self.walker.depth += 1;
        let mut seen = SeenFields::default();
        seen.begin(layout, &mut self.walker.exact.words);
        let is_time = matches!(layout.well_known(), Some(WellKnown::Timestamp | WellKnown::Duration));
        let level = Level { layout, place, start, end, position: start, open: None, seen, had_unknown: false, is_time };
        self.walker.exact.open.push(Open::Message(level));
        Ok(true)
    }

    /// Reports a message as other walks do.
    fn tidy(&mut self, known: Known<'s>, place: Place<'s>, start: u32, end: u32) -> Result<bool, S::Error> {
        let spans = self.walker.levels.spans.len();
        let body = self.walker.push_body(start..end);
        self.run(known.id, place, body)?;
        self.walker.levels.spans.truncate(spans);
        Ok(true)
    }

    /// Begins an `Any`, whose own two fields must be exact unless the sink has to show it as the bytes it is.
    fn exact_any(
        &mut self,
        place: Place<'s>,
        layout: &'s Layout,
        start: u32,
        end: u32,
        manner: Manner,
    ) -> Result<bool, S::Error> {
        let Some(own) = AnyFields::read(layout, self.data, start, end) else { return Ok(false) };
        let stays_bytes = own.has_unknown || own.type_url.is_empty();
        if !stays_bytes && !own.is_exact {
            return Ok(false);
        }
        if manner == Manner::OneLevel {
            return Ok(true);
        }
        let bytes = |range: &Range<u32>| &self.data[range.start as usize..range.end as usize];
        let (type_url, value) = (bytes(&own.type_url), bytes(&own.value));
        let wire = Wire { data: self.data, parts: Parts::Streamed { start, end, has_unknown: own.has_unknown } };
        let opened = self.walker.schema.resolve_bytes(type_url).map_err(Unopened::Unresolved).and_then(|(url, id)| {
            if manner == Manner::Careful {
                self.check(id, own.value.clone())?;
            }
            Ok((url, id))
        });
        match opened {
            Err(reason) => {
                self.sink.unopened_any(place, UnopenedAny { type_url, value, reason: &reason }, wire)?;
                Ok(true)
            }
            Ok((type_url, id)) => {
                let known = self.walker.known(id);
                let any = Any { type_url, value };
                self.begin_exact_any(place, any, known, own.value, wire, manner)
            }
        }
    }

    /// Begins an `Any` whose type is known and whose message stands in this range.
    fn begin_exact_any(
        &mut self,
        place: Place<'s>,
        any: Any<'_>,
        known: Known<'s>,
        Range { start, end }: Range<u32>,
        wire: Wire<'_>,
        manner: Manner,
    ) -> Result<bool, S::Error> {
        if self.walker.depth >= NESTING_LIMIT {
            return Ok(false);
        }
        let is_tidied = manner == Manner::Careful && !self.is_exact_level(known, start, end);
        if is_tidied {
            self.sink.begin_inexact(any.value);
        }
        if self.sink.begin_any(place, any, known.layout, wire)? == Flow::Skip {
            return Ok(true);
        }
        self.walker.depth += 1;
        self.walker.exact.open.push(Open::AnyEnd { place, layout: known.layout });
        if is_tidied {
            self.tidy(known, Place::Any, start, end)
        } else if known.layout.well_known() == Some(WellKnown::Any) {
            self.walker.exact.open.push(Open::AnyStart { known, start, end });
            Ok(true)
        } else {
            self.begin_exact(known, Place::Any, start, end, manner)
        }
    }

    /// Whether the bytes of a message are exact on its own level.
    fn is_exact_level(&mut self, known: Known<'s>, start: u32, end: u32) -> bool {
        let floor = self.walker.exact.open.len();
        let (words, keys, maps) = self.walker.exact.lengths();
        let depth = self.walker.depth;
        let mut check = Walk { walker: self.walker, data: self.data, sink: &mut Check };
        let begun = check.begin_exact(known, Place::Root, start, end, Manner::OneLevel);
        let result = begun.and_then(|is_exact| Ok(is_exact && check.exact(floor, Manner::OneLevel)?));
        self.walker.exact.open.truncate(floor);
        self.walker.exact.truncate((words, keys, maps));
        self.walker.depth = depth;
        // What is malformed is for the walk itself to find.
        result.unwrap_or(false)
    }

    /// Whether a message has fields that its layout does not know, on its own level; nothing if it is malformed there.
    fn has_unknown(&mut self, layout: &Layout, start: u32, end: u32) -> Option<bool> {
        let mut cursor = Cursor::new(self.data, start as usize..end as usize);
        while !cursor.is_at_end() {
            let tag;
            (cursor.position, tag, _) = self.exact_field(cursor)?;
            if layout.slot_of_tag(tag.0).is_none() {
                return Some(true);
            }
        }
        Some(false)
    }

    #[inline(always)]
    fn exact_field(&mut self, cursor: Cursor<'_>) -> Option<(usize, Tag, WireValue)> {
        match cursor.quick_field() {
            Some(field) => Some(field),
            None => self.walker.levels.slow_field(cursor).ok(),
        }
    }

    /// Reports the unknown fields that stand here, and says where they end; nothing if there were others before, or what
    /// they interrupt is not exact.
    #[cold]
    fn unknown_run(&mut self, level: &mut Level<'s>) -> Result<Option<u32>, S::Error> {
        if std::mem::replace(&mut level.had_unknown, true) || !self.end_run(level)? {
            return Ok(None);
        }
        let start = level.position as usize;
        let mut cursor = Cursor::new(self.data, start..level.end as usize);
        while !cursor.is_at_end() {
            let Some((next, tag, _)) = self.exact_field(cursor) else { return Ok(None) };
            if !level.layout.slot_of_tag(tag.0).is_none() {
                break;
            }
            cursor.position = next;
        }
        self.sink.unknown_run(&self.data[start..cursor.position])?;
        Ok(Some(cursor.position as u32))
    }

    /// Ends the list or map whose elements were coming, and says whether it is exact.
    #[inline]
    fn end_run(&mut self, level: &mut Level<'s>) -> Result<bool, S::Error> {
        let Some(field) = level.open.take() else { return Ok(true) };
        match field.shape() {
            Shape::Map(_) => {
                let is_exact = self.walker.exact.end_map(self.data);
                self.sink.end_map(field)?;
                Ok(is_exact)
            }
            Shape::Singular | Shape::List { .. } => {
                self.sink.end_list(field)?;
                Ok(true)
            }
        }
    }

    /// Reports an element of a list, or all of them if they are packed, and says whether they are exact.
    fn exact_elements(&mut self, field: &'s Field, continues: bool, span: Span) -> Result<bool, S::Error> {
        let is_packed = field.ty().is_packable() && !span.is_number();
        if is_packed != matches!(field.shape(), Shape::List { packed: true }) {
            return Ok(false);
        }
        if is_packed {
            return Ok(!continues && !span.range().is_empty() && self.exact_packed(field, span)?);
        }
        if !is_exact(field.ty(), span) {
            return Ok(false);
        }
        self.report_scalar(Place::Element(field), field, span)?;
        Ok(true)
    }

    /// Reports numbers that stand one behind the other, and says whether they are exact.
    #[inline(never)]
    fn exact_packed(&mut self, field: &'s Field, span: Span) -> Result<bool, S::Error> {
        let place = Place::Element(field);
        let ty = field.ty();
        let mut cursor = Cursor::new(self.data, span.range());
        match ty.wire_type() {
            WireType::Fixed32 => {
                for bytes in cursor.all_fixed() {
                    let number = Span::number(u32::from_le_bytes(*bytes).into());
                    if !is_exact(ty, number) {
                        return Ok(false);
                    }
                    self.report_number(place, ty, number)?;
                }
            }
            WireType::Fixed64 => {
                for bytes in cursor.all_fixed() {
                    let number = Span::number(u64::from_le_bytes(*bytes));
                    if !is_exact(ty, number) {
                        return Ok(false);
                    }
                    self.report_number(place, ty, number)?;
                }
            }
            WireType::Varint | WireType::Bytes | WireType::Group => {
                while let Some((bits, next)) = cursor.quick_varint() {
                    let number = Span::number(bits);
                    if next - cursor.position != varint_bytes(bits) || !is_exact(ty, number) {
                        return Ok(false);
                    }
                    cursor.position = next;
                    self.report_number(place, ty, number)?;
                }
            }
        }
        Ok(cursor.is_at_end())
    }

    #[inline]
    fn report_number(&mut self, place: Place<'s>, ty: &'s Type, number: Span) -> Result<(), S::Error> {
        // Floats come in masses, and knowing their type here spares the sink the question.
        match ty {
            Type::Float => self.sink.scalar(place, Scalar::F32(f32::from_bits(number.bits() as u32))),
            Type::Double => self.sink.scalar(place, Scalar::F64(f64::from_bits(number.bits()))),
            _ => self.sink.scalar(place, scalar(ty, number, self.data)),
        }
    }

    /// Reports an entry of a map, or only its key if its value is a message.
    fn exact_entry(&mut self, map: &'s Field, shape: &'s MapShape, range: Range<usize>) -> Result<Entry, S::Error> {
        let [key_tag, value_tag] = shape.tags;
        let cursor = Cursor::new(self.data, range.clone());
        let Some((key_end, tag, key)) = cursor.quick_field() else { return Ok(Entry::Inexact) };
        let key_is_exact = tag.0 == key_tag && key_end - range.start == least_bytes(tag, key);
        let cursor = Cursor::new(self.data, key_end..range.end);
        let Some((value_end, tag, value)) = cursor.quick_field() else { return Ok(Entry::Inexact) };
        let value_is_exact = tag.0 == value_tag && value_end - key_end == least_bytes(tag, value);
        let (key, span) = (Span::new(0, key), Span::new(0, value));
        if !(key_is_exact && is_exact(shape.key.ty(), key) && value_is_exact && value_end == range.end) {
            return Ok(Entry::Inexact);
        }
        self.walker.exact.keys.push(key);
        if let (Some(id), WireValue::Span { start, .. }) = (shape.value.ty().message(), value) {
            self.sink.begin_entry(map, &shape.key, scalar(shape.key.ty(), key, self.data))?;
            return Ok(Entry::Message(id, start));
        }
        if !is_exact(shape.value.ty(), span) {
            return Ok(Entry::Inexact);
        }
        self.sink.begin_entry(map, &shape.key, scalar(shape.key.ty(), key, self.data))?;
        self.report_scalar(Place::MapValue(&shape.value), &shape.value, span)?;
        self.sink.end_entry(map)?;
        Ok(Entry::Reported)
    }
}

/// What became of a map's entry.
enum Entry {
    Inexact,
    Reported,
    /// Its value is a message of this type, which begins here and ends with the entry.
    Message(LayoutId, u32),
}

/// Where the two fields of an `Any` stand.
struct AnyFields {
    type_url: Range<u32>,
    value: Range<u32>,
    has_unknown: bool,
    is_exact: bool,
}

impl AnyFields {
    /// Reads an `Any`; nothing if it is malformed or has groups.
    fn read(layout: &Layout, data: &[u8], start: u32, end: u32) -> Option<AnyFields> {
        let mut any = AnyFields { type_url: 0..0, value: 0..0, has_unknown: false, is_exact: true };
        let mut cursor = Cursor::new(data, start as usize..end as usize);
        while !cursor.is_at_end() {
            let (next, tag, value) = cursor.quick_field()?;
            any.is_exact &= next - cursor.position == least_bytes(tag, value);
            cursor.position = next;
            let field = layout.fields().get(layout.slot_of_tag(tag.0).index() as usize);
            match (field.map(Field::number), value) {
                (Some(1), WireValue::Span { start, end }) => {
                    any.is_exact &= any.type_url.is_empty() && any.value.is_empty() && start < end;
                    any.type_url = start..end;
                }
                (Some(_), WireValue::Span { start, end }) => {
                    any.is_exact &= any.value.is_empty() && start < end;
                    any.value = start..end;
                }
                (None, _) | (_, WireValue::Bits(_)) => any.has_unknown = true,
            }
        }
        Some(any)
    }
}

impl<'s> Exact<'s> {
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.truncate((0, 0, 0));
    }

    fn lengths(&self) -> (usize, usize, usize) {
        (self.words.len(), self.keys.len(), self.maps.len())
    }

    fn truncate(&mut self, (words, keys, maps): (usize, usize, usize)) {
        self.words.truncate(words);
        self.keys.truncate(keys);
        self.maps.truncate(maps);
    }

    /// Notes that a field has come; whether it had not before, nor another member of its oneof.
    #[inline]
    fn see(&mut self, level: &mut Level<'_>, index: usize, field: &Field) -> bool {
        level.seen.field(&mut self.words, index)
            && field.oneof().is_none_or(|oneof| level.seen.oneof(&mut self.words, level.layout, oneof))
    }

    fn begin_map(&mut self) {
        self.maps.push(self.keys.len() as u32);
    }

    /// Forgets the keys of the innermost map, and says whether each came once.
    fn end_map(&mut self, data: &[u8]) -> bool {
        let first = self.maps.pop().unwrap_or_default() as usize;
        let order =
            |a: &Span, b: &Span| a.number_bits().cmp(&b.number_bits()).then_with(|| a.bytes(data).cmp(b.bytes(data)));
        let keys = &mut self.keys[first..];
        let are_unique = keys.is_sorted_by(|a, b| order(a, b).is_lt()) || {
            keys.sort_unstable_by(order);
            keys.is_sorted_by(|a, b| order(a, b).is_lt())
        };
        self.keys.truncate(first);
        are_unique
    }
}

/// Whether an encoder writes a value so: of an integer no bits beyond those of its type, of the numbers that are none the
/// one that is read from `"NaN"`, of the only value of `NullValue` its number.
#[inline]
fn is_exact(ty: &Type, span: Span) -> bool {
    let bits = span.bits();
    match ty {
        Type::Int32 => bits as i32 as i64 as u64 == bits,
        Type::Enum(layout) => bits as i32 as i64 as u64 == bits && (bits == 0 || !EnumLayout::is_null_value(layout)),
        Type::Uint32 | Type::Sint32 => bits <= u32::MAX.into(),
        Type::Bool => bits <= 1,
        Type::Float => !f32::from_bits(bits as u32).is_nan() || bits as u32 == GO_NAN_F32,
        Type::Double => !f64::from_bits(bits).is_nan() || bits == GO_NAN,
        Type::Int64 | Type::Uint64 | Type::Sint64 => true,
        Type::Fixed32 | Type::Fixed64 | Type::Sfixed32 | Type::Sfixed64 => true,
        Type::String | Type::Bytes | Type::Message(_) | Type::Group(_) => true,
    }
}
