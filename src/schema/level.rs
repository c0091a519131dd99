//! One level of a message, laid out: its fields as [`Span`]s, its map entries as [`MapItem`]s.
//!
//! A level is read once, from its first byte to its last, and only then reported; that is what lets the walker hand out
//! fields in any order. The spans of all open levels lie one behind the other in one vector.

use std::ops::Range;

use super::layout::{Field, FieldSlot, Layout, LayoutId, MapShape, Type};
use super::sink::{Malformed, Order, Scalar};
use crate::wire::{Cursor, Groups, Tag, WireValue};

/// One field occurrence on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The index in the layout's fields, or `UNKNOWN`.
    pub(super) field: u32,
    /// Where the bytes end; 0 for a number, since nothing with a tag before it ends there.
    end: u32,
    /// A number, or where the bytes start; of an unknown field they begin with its tag.
    bits: u64,
}

/// The field of a span that the layout does not know; it sorts last.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// The mark of a oneof's member that a later one replaced.
const REPLACED: u32 = u32::MAX - 1;

/// A key or value that is missing from a map's entry: the default of every scalar type but an enum's.
const ABSENT: Span = Span { field: UNKNOWN, end: 0, bits: 0 };

impl Span {
    #[inline]
    pub(super) fn new(field: u32, value: WireValue) -> Span {
        match value {
            WireValue::Bits(bits) => Span { field, end: 0, bits },
            WireValue::Span { start, end } => Span { field, end, bits: start.into() },
        }
    }

    /// A number that has no field, such as an element of a packed list.
    #[inline]
    pub(super) fn number(bits: u64) -> Span {
        Span { field: UNKNOWN, end: 0, bits }
    }

    /// The bytes of a message that has no field.
    pub(super) fn of_bytes(range: Range<u32>) -> Span {
        Span { field: UNKNOWN, end: range.end, bits: range.start.into() }
    }

    /// The number, or where the bytes start.
    #[inline]
    pub(super) fn bits(self) -> u64 {
        self.bits
    }

    /// The number; 0 for bytes, wherever they stand.
    pub(super) fn number_bits(self) -> u64 {
        if self.is_number() { self.bits } else { 0 }
    }

    pub(super) fn is_number(&self) -> bool {
        self.end == 0
    }

    fn bytes_range(self) -> Range<u32> {
        self.bits as u32..self.end
    }

    #[inline]
    pub(super) fn bytes(self, data: &[u8]) -> &[u8] {
        &data[self.range()]
    }

    #[inline]
    pub(super) fn range(self) -> Range<usize> {
        if self.end == 0 { 0..0 } else { self.bits as usize..self.end as usize }
    }
}

/// One entry of a map.
#[derive(Debug, Clone, Copy)]
pub(super) struct MapItem {
    pub(super) key: Span,
    /// The key as a number that sorts as keys do: of an integer its value, of a string its beginning.
    rank: u64,
    /// The occurrences of the value, as a range of spans.
    first_value: u32,
    end_value: u32,
}

impl MapItem {
    /// The occurrences of the value among the spans.
    pub(super) fn values(&self) -> Range<usize> {
        self.first_value as usize..self.end_value as usize
    }
}

/// What was seen of a message while its fields were collected: the marks that any of them has, and those that two of
/// them have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    once: u32,
    twice: u32,
}

impl Seen {
    #[inline(always)]
    fn add(&mut self, slot: FieldSlot) {
        self.twice |= self.once & slot.0;
        self.once |= slot.0;
    }

    /// Whether there are messages among the fields.
    pub(super) fn is_nested(self) -> bool {
        FieldSlot(self.once).is_nested()
    }

    /// Whether there are several members of oneofs.
    fn has_rivals(self) -> bool {
        FieldSlot(self.twice).in_oneof()
    }
}

/// The levels that are open, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Levels {
    pub(super) spans: Vec<Span>,
    pub(super) items: Vec<MapItem>,
    /// Messages that others replaced, by type and place, until they are checked.
    pub(super) dropped: Vec<(LayoutId, Range<u32>)>,
    groups: Groups,
}

impl Levels {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.items.clear();
        self.dropped.clear();
        self.groups.clear();
    }

    /// Reads the fields of a message, whose bytes stand in these spans, into further ones, in the order of the wire.
    pub(super) fn collect(&mut self, layout: &Layout, data: &[u8], body: Range<u32>) -> Result<Seen, Malformed> {
        let mut seen = Seen::default();
        for index in body {
            let mut cursor = Cursor::new(data, self.spans[index as usize].range());
            while !cursor.is_at_end() {
                let at = cursor.position;
                let (tag, value);
                (cursor.position, tag, value) = match cursor.quick_field() {
                    Some(field) => field,
                    None => self.slow_field(cursor)?,
                };
                let slot = layout.slot_of_tag(tag.0);
                seen.add(slot);
                self.spans.push(if slot.is_none() {
                    Span { field: UNKNOWN, end: cursor.position as u32, bits: at as u64 }
                } else {
                    Span::new(slot.index(), value)
                });
            }
        }
        Ok(seen)
    }

    /// Reads a group, or says what is wrong with a field.
    #[cold]
    pub(super) fn slow_field(&mut self, mut cursor: Cursor<'_>) -> Result<(usize, Tag, WireValue), Malformed> {
        match cursor.field(&mut self.groups) {
            Ok((tag, value)) => Ok((cursor.position, tag, value)),
            Err(fault) => Err(Malformed::new(fault, cursor.position)),
        }
    }

    /// Sorts the spans of a message and drops the members of oneofs that others replaced.
    #[inline]
    pub(super) fn arrange(&mut self, layout: &Layout, base: usize, order: Order, seen: Seen) {
        if seen.has_rivals() {
            self.settle_oneofs(layout, base);
        }
        match order {
            Order::Declared => {
                let spans = &mut self.spans[base..];
                if !spans.is_sorted_by_key(|span| span.field) {
                    spans.sort_by_key(|span| span.field);
                }
            }
            Order::Wire => self.arrange_for_wire(layout, base),
        }
    }

    fn arrange_for_wire(&mut self, layout: &Layout, base: usize) {
        let spans = &mut self.spans[base..];
        let rank = |span: &Span| layout.fields().get(span.field as usize).map_or(UNKNOWN, Field::wire_rank);
        if !spans.is_sorted_by_key(rank) {
            spans.sort_by_key(rank);
        }
    }

    fn settle_oneofs(&mut self, layout: &Layout, base: usize) {
        let oneof = |span: &Span| layout.fields().get(span.field as usize).and_then(Field::oneof);
        // From the end: what stands before a different member of the same oneof was replaced by it.
        let mut winners: Vec<Option<(u32, bool)>> = vec![None; layout.oneofs() as usize];
        for span in self.spans[base..].iter_mut().rev() {
            let Some(index) = oneof(span) else { continue };
            match &mut winners[index as usize] {
                empty @ None => *empty = Some((span.field, false)),
                Some((winner, closed)) => {
                    *closed |= *winner != span.field;
                    if *closed {
                        if let Some(id) = layout.fields()[span.field as usize].ty().message() {
                            self.dropped.push((id, span.bytes_range()));
                        }
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
    pub(super) fn collect_entry(
        &mut self,
        shape: &MapShape,
        data: &[u8],
        range: Range<usize>,
    ) -> Result<(), Malformed> {
        let [key_tag, value_tag] = shape.tags;
        let first_value = self.spans.len() as u32;
        let mut key = ABSENT;
        let mut cursor = Cursor::new(data, range);
        while !cursor.is_at_end() {
            let (tag, value);
            (cursor.position, Tag(tag), value) = match cursor.quick_field() {
                Some(field) => field,
                None => self.slow_field(cursor)?,
            };
            if tag == key_tag {
                key = Span::new(0, value);
            } else if tag == value_tag {
                self.spans.push(Span::new(0, value));
            }
        }
        let rank = rank_of(shape.key.ty(), key, data);
        self.items.push(MapItem { key, rank, first_value, end_value: self.spans.len() as u32 });
        Ok(())
    }

    /// Sorts the entries of a map by key and keeps the last of equal ones.
    ///
    /// `false` comes before `true`, numbers by value, strings by their bytes.
    ///
    /// Source: protobuf-go, `order.GenericKeyOrder`.
    pub(super) fn arrange_entries(&mut self, items: usize, data: &[u8], message: Option<LayoutId>) {
        // Numbers have no bytes; their ranks say all.
        let compare =
            |a: &MapItem, b: &MapItem| a.rank.cmp(&b.rank).then_with(|| a.key.bytes(data).cmp(b.key.bytes(data)));
        let entries = &mut self.items[items..];
        if entries.is_sorted_by(|a, b| compare(a, b).is_lt()) {
            return;
        }
        entries.sort_by(compare);
        let mut kept = items;
        for index in items..self.items.len() {
            let is_last = self.items.get(index + 1).is_none_or(|next| compare(&self.items[index], next).is_ne());
            if is_last {
                self.items[kept] = self.items[index];
                kept += 1;
            } else if let Some(id) = message {
                let values = &self.spans[self.items[index].values()];
                self.dropped.extend(values.iter().map(|span| (id, span.bytes_range())));
            }
        }
        self.items.truncate(kept);
    }
}

/// A number that sorts as a map's keys do; of strings that begin alike it is the same.
#[inline]
fn rank_of(ty: &Type, key: Span, data: &[u8]) -> u64 {
    const SIGN: u64 = 1 << 63;
    match scalar(ty, key, data) {
        Scalar::String(value) => match value.first_chunk() {
            Some(bytes) => u64::from_be_bytes(*bytes),
            None => short_rank(value),
        },
        Scalar::Bool(value) => value.into(),
        Scalar::I32(value) => i64::from(value) as u64 ^ SIGN,
        Scalar::I64(value) => value as u64 ^ SIGN,
        Scalar::U32(value) => value.into(),
        Scalar::U64(value) => value,
        // Descriptors with other key types don't get through the pool.
        Scalar::F32(_) | Scalar::F64(_) | Scalar::Bytes(_) | Scalar::Enum(..) => 0,
    }
}

/// The up to seven bytes of a string as those of a number, the first one highest.
#[inline]
fn short_rank(value: &[u8]) -> u64 {
    let word = match (value.first_chunk(), value.last_chunk()) {
        // Two overlapping halves.
        (Some(first), Some(last)) => {
            let shift = 8 * (value.len() - 4);
            u64::from(u32::from_be_bytes(*first)) << shift | u64::from(u32::from_be_bytes(*last))
        }
        _ => value.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    if value.is_empty() { 0 } else { word << (64 - 8 * value.len()) }
}

/// The value that a span holds, by its type.
#[inline(always)]
pub(super) fn scalar<'a>(ty: &'a Type, span: Span, data: &'a [u8]) -> Scalar<'a> {
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
pub(super) fn is_default(ty: &Type, span: Span) -> bool {
    if span.end != 0 {
        return span.bits == u64::from(span.end);
    }
    match ty {
        // More bits than the type has are cut off.
        Type::Int32 | Type::Uint32 | Type::Sint32 | Type::Enum(_) => span.bits as u32 == 0,
        _ => span.bits == 0,
    }
}

/// The value of a map's entry that has none.
pub(super) fn default_scalar(ty: &Type) -> Scalar<'_> {
    match ty {
        Type::Enum(layout) => Scalar::Enum(layout.default_number(), layout),
        _ => scalar(ty, ABSENT, &[]),
    }
}
