//! One level of a message, laid out: its fields as [`Span`]s, its map entries as [`MapItem`]s.
//!
//! A level is read once, from its first byte to its last, and only then reported; that is what lets the walker hand out
//! fields in any order. The spans of all open levels lie one behind the other in one vector.

use std::ops::Range;

use super::layout::{Field, Layout, MapShape, Type};
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
    fn new(field: u32, value: WireValue) -> Span {
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

    pub(super) fn is_number(&self) -> bool {
        self.end == 0
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

/// The levels that are open, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Levels {
    pub(super) spans: Vec<Span>,
    pub(super) items: Vec<MapItem>,
    groups: Groups,
}

impl Levels {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.items.clear();
        self.groups.clear();
    }

    /// Reads the fields of one message level into spans, in the order of the wire.
    pub(super) fn collect(&mut self, layout: &Layout, data: &[u8], range: Range<usize>) -> Result<(), Malformed> {
        let mut cursor = Cursor::new(data, range);
        while !cursor.is_at_end() {
            let at = cursor.position;
            let read = cursor.field(&mut self.groups);
            let (tag, value) = read.map_err(|fault| Malformed::new(fault, cursor.position))?;
            self.spans.push(match layout.field_of_tag(tag.0) {
                Some(index) => Span::new(index as u32, value),
                None => Span { field: UNKNOWN, end: cursor.position as u32, bits: at as u64 },
            });
        }
        Ok(())
    }

    /// Sorts the spans of a message and drops the members of oneofs that others replaced.
    pub(super) fn arrange(&mut self, layout: &Layout, base: usize, order: Order) {
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
    pub(super) fn collect_entry(
        &mut self,
        shape: &MapShape,
        data: &[u8],
        range: Range<usize>,
    ) -> Result<(), Malformed> {
        let tag_of = |field: &Field| field.number() << 3 | field.ty().wire_type() as u32;
        let (key_tag, value_tag) = (tag_of(&shape.key), tag_of(&shape.value));
        let first_value = self.spans.len() as u32;
        let mut key = ABSENT;
        let mut cursor = Cursor::new(data, range);
        while !cursor.is_at_end() {
            let read = cursor.field(&mut self.groups);
            let (Tag(tag), value) = read.map_err(|fault| Malformed::new(fault, cursor.position))?;
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
    ///
    /// `false` comes before `true`, numbers by value, strings by their bytes.
    ///
    /// Source: protobuf-go, `order.GenericKeyOrder`.
    pub(super) fn arrange_entries(&mut self, shape: &MapShape, items: usize, data: &[u8]) {
        match shape.key.ty() {
            Type::String => self.arrange_by(items, |key| key.bytes(data)),
            ty => self.arrange_by(items, |key| match scalar(ty, key, data) {
                Scalar::Bool(value) => i128::from(value),
                Scalar::I32(value) => value.into(),
                Scalar::I64(value) => value.into(),
                Scalar::U32(value) => value.into(),
                Scalar::U64(value) => value.into(),
                // Descriptors with other key types don't get through the pool.
                _ => 0,
            }),
        }
    }

    fn arrange_by<K: Ord>(&mut self, items: usize, key: impl Fn(Span) -> K) {
        let entries = &mut self.items[items..];
        if entries.is_sorted_by(|a, b| key(a.key) < key(b.key)) {
            return;
        }
        entries.sort_by_key(|entry| key(entry.key));
        let mut kept = items;
        for index in items..self.items.len() {
            let is_last = self.items.get(index + 1).is_none_or(|next| key(self.items[index].key) != key(next.key));
            if is_last {
                self.items[kept] = self.items[index];
                kept += 1;
            }
        }
        self.items.truncate(kept);
    }
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
