//! [`Splicer`]: steps through a record as it stands on the wire, and replaces values in it; every other byte stays as it was.
//!
//! A [`Walker`](super::Walker) tells what a message says. Whoever takes values out of a message must see all that stands there
//! instead: of a field that occurs twice both values, of a oneof the members that a later one replaces, of a map the entries
//! whose key comes again. So this reads in the order of the wire, and merges and sorts nothing.

mod edits;
mod path;

use std::borrow::Cow;
use std::ops::Range;

use super::layout::{Field, Layout, LayoutId, MapShape, Role, Shape, Type};
use super::level::{Span, default_scalar, scalar};
use super::select::{Part, Selector, StateId, TableId, Tracker};
use super::sink::{Malformed, Scalar};
use super::valid::check_wire;
use super::walk::Walker;
use super::well_known::WellKnown;
use super::{Schema, Unresolved};
use crate::entry::Any;
use crate::wire::{Cursor, Fault, Groups, NESTING_LIMIT, Tag, WireType, WireValue, push_tag, push_varint, zig_zag};

pub(crate) use edits::Edits;
use path::{Key, Step};

/// Says what becomes of the values of a message.
pub(crate) trait Editor {
    /// Whether a value that is no message stays as it is, of which nothing else need be known: what selects it, and of a string or bytes
    /// the text. What does not is asked about as a [`scalar`](Self::scalar).
    fn passes(&mut self, selected: &Selected<'_>, text: Option<&[u8]>) -> bool;

    /// The number of what stands around the values of a message that stays as it is, of which nothing else need be known. One without is
    /// asked about as a [`message`](Self::message).
    fn enters(&mut self, selected: &Selected<'_>) -> Option<u32>;

    /// A message begins, or an `Any`, whose message follows.
    fn message(&mut self, spot: &Spot<'_>, layout: &Layout, content: &[u8], new: &mut Vec<u8>) -> Verdict;

    /// A value that is no message, or a map's key, which comes before its value. Numbers that are their type's default are values,
    /// too.
    fn scalar(&mut self, spot: &Spot<'_>, value: Scalar<'_>, new: &mut Vec<u8>) -> Verdict;

    /// What nobody can look into, in a message of this type.
    fn opaque(&mut self, spot: &Spot<'_>, type_name: &str, opaque: Opaque<'_>);

    /// A message ends some of whose own fields were changed; more of it may be changed.
    fn changed(&mut self, spot: &Spot<'_>, message: &mut ChangedMessage<'_, '_>);
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It stays; of a message, what stands in it is asked about, under this number.
    Keep(u32),
    /// It stays, with all that stands in it.
    Leave,
    /// It becomes what it is if nobody sets it. An element of a list stays there, as an empty one.
    Clear,
    /// Its field, element or entry goes. The message itself, which stands in none, becomes empty.
    Drop,
    /// It becomes what was put into `new`: text or bytes as they are, the content of a message, the bytes of a number.
    Replace,
}

/// Something that can't be looked into.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Opaque<'a> {
    /// An `Any` of a type that no source knows, or that names none.
    Unresolved { type_url: &'a str, reason: &'a Unresolved },
    /// An `Any` with several values or type URLs, of which one is hidden, or with fields that it should not have.
    OddAny { type_url: &'a str },
    /// An `Any` whose bytes are no message of its type.
    Malformed { type_url: &'a str, malformed: &'a Malformed },
    /// A field that its message's descriptor does not know.
    Unknown { field: u32 },
}

/// What selects a value.
#[derive(Clone, Copy)]
pub(crate) struct Selected<'a> {
    /// The state of the selectors that select it.
    pub(crate) state: StateId,
    /// The state of the list or map that it stands in.
    pub(crate) around: Option<StateId>,
    /// The number that the message around it was given.
    pub(crate) cover: u32,
    /// Its field; of a map's value that of the value, of a key that of the map, of a whole message none.
    pub(crate) field: Option<&'a Field>,
    tracker: &'a Tracker<'a>,
}

impl Selected<'_> {
    /// The selectors that select it, and those that select all of the list or map that it stands in.
    pub(crate) fn hits(&self) -> (&[u32], &[u32]) {
        (self.tracker.hits(self.state), self.around.map(|around| self.tracker.hits(around)).unwrap_or_default())
    }
}

/// A value that was reached.
pub(crate) struct Spot<'a> {
    /// What selects it.
    pub(crate) selected: Selected<'a>,
    /// Whether it is the key of a map's entry.
    pub(crate) is_key: bool,
    /// Whether it stands there as an empty one once it is cleared: an element of a list, the message itself, and what stands nowhere.
    pub(crate) stays_when_cleared: bool,
    /// Whether it stands there as an empty one also if it is to go: it hides another member of its oneof.
    pub(crate) stays_when_dropped: bool,
    /// The byte of the record at which it stands, its tag included.
    pub(crate) at: usize,
    step: &'a Step<'a>,
    data: &'a [u8],
    frames: &'a [Frame<'a>],
}

impl Spot<'_> {
    /// The field of the value; of what is no field none.
    pub(crate) fn value_field(&self) -> Option<&Field> {
        self.selected.field.filter(|_| !self.is_key)
    }

    /// Its path from the message of the entry, as a selector without a part has it.
    pub(crate) fn path(&self) -> String {
        path::path(self.data, self.frames, self.step, true)
    }

    /// The same without the keys of maps that are texts, which may be what is not to be told.
    pub(crate) fn path_without_keys(&self) -> String {
        path::path(self.data, self.frames, self.step, false)
    }
}

/// A message of which fields were changed.
pub(crate) struct ChangedMessage<'m, 'e> {
    pub(crate) layout: &'m Layout,
    data: &'m [u8],
    content: Range<usize>,
    edits: &'e mut Edits,
    /// Where the edits stand that were made in it, sorted.
    changed: Vec<usize>,
    /// They begin at this number.
    first: usize,
    growth: i64,
}

impl ChangedMessage<'_, '_> {
    /// Calls `on` with the index of each own field of it, whether it was changed, and its value before, in the order of the wire.
    pub(crate) fn fields(&self, mut on: impl FnMut(usize, bool, FieldAt<'_>)) {
        let mut cursor = Cursor::new(self.data, self.content.clone());
        let mut groups = Groups::default();
        while !cursor.is_at_end() {
            let start = cursor.position;
            // It was read once before.
            let Ok((tag, value)) = cursor.field(&mut groups) else { return };
            let range = start..cursor.position;
            if let Some(index) = self.layout.field_of_tag(tag.0) {
                let next = self.changed.partition_point(|start| *start < range.start);
                let is_changed = self.changed.get(next).is_some_and(|start| range.contains(start));
                let value = match value {
                    WireValue::Bits(bits) => FieldValue::Number(bits),
                    WireValue::Span { start, end } => FieldValue::Bytes(&self.data[start as usize..end as usize]),
                };
                on(index, is_changed, FieldAt { range, value });
            }
        }
    }

    /// What the bytes of a field became that was replaced as a whole; nothing if it was dropped.
    pub(crate) fn new_value(&self, field: &FieldAt<'_>) -> Option<&[u8]> {
        self.edits.new_value(self.first, &field.range)
    }

    /// Replaces the number of a field.
    pub(crate) fn replace_number(&mut self, range: Range<usize>, ty: &Type, number: Number) {
        let mut new = Vec::new();
        put_number(&mut new, ty, number);
        self.growth += self.edits.replace(tag_end(self.data, range.start)..range.end, &new);
    }

    /// Replaces the content of a field that is a message.
    pub(crate) fn replace_bytes(&mut self, range: Range<usize>, content: &[u8]) {
        self.growth += self.edits.replace_behind_length(tag_end(self.data, range.start)..range.end, content);
    }
}

/// A field of a message that was changed, as it was before.
pub(crate) struct FieldAt<'a> {
    /// Where it stands in the record, its tag included.
    pub(crate) range: Range<usize>,
    pub(crate) value: FieldValue<'a>,
}

/// A value as the wire has it.
pub(crate) enum FieldValue<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Where the message of a record stands in it.
#[derive(Debug, Clone)]
pub(crate) struct Target<'a> {
    /// The record.
    pub(crate) data: &'a [u8],
    /// The fields around that of the message, from the outside in, each with its tag and length.
    pub(crate) around: &'a [Range<usize>],
    /// The field of the message, with its tag and length.
    pub(crate) message: Range<usize>,
    /// What the message is of a call of which method.
    pub(crate) part: Option<Part>,
    pub(crate) method: &'a str,
    pub(crate) layout: LayoutId,
    /// What the editor is told of its values as the number of what stands around them.
    pub(crate) cover: u32,
}

/// What is open.
#[derive(Debug)]
struct Frame<'s> {
    body: Body<'s>,
    /// The step that led to it.
    step: Step<'s>,
    /// The whole field, its tag included.
    whole: Range<u32>,
    /// Where its length begins, which ends where the content begins; a group has none.
    length: Option<u32>,
    content: Range<u32>,
    /// How far it has been read.
    position: u32,
    /// How many edits there were when it began, and how much longer its content has become.
    edits: u32,
    growth: i64,
    /// Whether values of its own were changed.
    has_changed: bool,
    cover: u32,
    lists: Lists,
    members: Members,
}

#[derive(Debug, Clone, Copy)]
enum Body<'s> {
    Message {
        layout: &'s Layout,
        table: TableId,
    },
    /// An entry of a map, with the states of its value and of the map.
    Entry {
        shape: &'s MapShape,
        value: StateId,
        map: StateId,
    },
    /// Something around a message, or numbers that stand one behind the other: nothing of it is read.
    Outside,
}

/// How many elements of the lists of a message have come.
#[derive(Debug, Default)]
struct Lists {
    /// The list that came last, by the index of its field and one more; 0 for none.
    last: u32,
    count: u64,
    /// Those before it, of which there are hardly ever any: lists come as a whole.
    others: Vec<(u32, u64)>,
}

impl Lists {
    /// The number of the next of so many elements that come now.
    fn next(&mut self, field: u32, elements: u64) -> u64 {
        if self.last != field + 1 {
            self.change_to(field + 1);
        }
        self.count += elements;
        self.count - elements
    }

    #[cold]
    fn change_to(&mut self, list: u32) {
        if self.last == 0 {
            self.last = list;
            return;
        }
        let others = &mut self.others;
        let known = others.iter().position(|(other, _)| *other == list);
        let count = known.map_or(0, |place| others.swap_remove(place).1);
        others.push((self.last, self.count));
        (self.last, self.count) = (list, count);
    }
}

/// Members of oneofs of a message that stay: of which oneofs, a bit each, of many the last ones share one.
#[derive(Debug, Clone, Copy, Default)]
struct Members {
    oneofs: u32,
    /// The index of the field of the last one, and one more.
    last: u32,
}

impl Members {
    fn add(&mut self, oneof: u32, field: u32) {
        self.oneofs |= 1 << oneof.min(31);
        self.last = field + 1;
    }

    /// Whether a member hides another one, which would count again if it went.
    fn has_rival(self, oneof: u32, field: u32) -> bool {
        self.oneofs & 1 << oneof.min(31) != 0 && self.last != field + 1
    }
}

/// A field of a message as it stands in the record.
#[derive(Debug, Clone)]
struct Occurrence {
    /// All of it.
    whole: Range<usize>,
    /// Where its tag ends.
    head: usize,
    value: WireValue,
}

impl Occurrence {
    /// Where the value stands behind its length, or between the tags of a group.
    fn content(&self) -> Range<usize> {
        match self.value {
            WireValue::Bits(_) => self.head..self.whole.end,
            WireValue::Span { start, end } => start as usize..end as usize,
        }
    }

    /// Where its length begins; a group has none.
    fn length(&self) -> Option<usize> {
        let content = self.content();
        (content.end == self.whole.end && content.start > self.head).then_some(self.head)
    }
}

/// What a value is to what it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// The record's message itself.
    Nothing,
    Field,
    /// A member of a oneof that hides another one, which would count again if it went.
    Rival,
    Element,
    EntryValue,
    /// The value of an entry that has none.
    Absent,
    /// The value of an `Any`.
    Any,
}

/// What selects a value: its state, and that of the list or map it stands in.
type States = (StateId, Option<StateId>);

/// What is asked about next.
struct Next<'s> {
    field: Option<&'s Field>,
    occurrence: Occurrence,
    states: States,
    holder: Holder,
    step: Step<'s>,
}

/// Steps through records; keeps its memory from one to the next.
#[derive(Debug)]
pub(crate) struct Splicer<'s> {
    schema: &'s Schema,
    tracker: Tracker<'s>,
    frames: Vec<Frame<'s>>,
    groups: Groups,
    edits: Edits,
    new: Vec<u8>,
    /// For messages in an `Any`, of which all must be readable before any of it is looked at.
    walker: Option<Walker<'s>>,
}

impl<'s> Splicer<'s> {
    /// A splicer that looks types up in a schema and follows selectors.
    pub(crate) fn new(schema: &'s Schema, selectors: Cow<'s, [Selector]>) -> Self {
        Splicer {
            schema,
            tracker: Tracker::new(schema, selectors),
            frames: Vec::new(),
            groups: Groups::default(),
            edits: Edits::default(),
            new: Vec::new(),
            walker: None,
        }
    }

    /// What was said last, to be added to, or taken back.
    pub(crate) fn edits(&mut self) -> &mut Edits {
        &mut self.edits
    }

    /// Steps through the message of a record, and says what is to be replaced in the record.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for bytes that are no message of the type, with its place in the record. In an `Any`, the editor is told of them.
    pub(crate) fn run(&mut self, target: &Target<'_>, editor: &mut impl Editor) -> Result<&mut Edits, Malformed> {
        self.frames.clear();
        self.groups.clear();
        self.edits.clear();
        let Target { data, message, .. } = target;
        if u32::try_from(data.len()).is_err() {
            return Err(Malformed::new(Fault::TooLong, 0));
        }
        let layout = self.schema.layout(target.layout);
        let state = self.tracker.start(target.method, target.part, layout);
        for whole in target.around.iter().cloned() {
            self.open(Body::Outside, Step::Nothing, field_at(data, whole), target.cover)?;
        }
        let next = Next {
            field: None,
            occurrence: field_at(data, message.clone()),
            states: (state, None),
            holder: Holder::Nothing,
            step: Step::Nothing,
        };
        self.message(data, next, layout, editor)?;
        while let Some(frame) = self.frames.last() {
            match frame.body {
                _ if frame.position >= frame.content.end => self.close(data, editor),
                Body::Message { layout, table } => self.fields(data, layout, table, editor)?,
                Body::Entry { shape, value, map } => self.field_of_entry(data, shape, (value, Some(map)), editor)?,
                Body::Outside => self.pass_over(),
            }
        }
        Ok(&mut self.edits)
    }

    /// Reads the fields of the innermost frame, a message, up to one that has fields of its own, and asks about what they hold.
    fn fields(
        &mut self,
        data: &[u8],
        layout: &'s Layout,
        table: TableId,
        editor: &mut impl Editor,
    ) -> Result<(), Malformed> {
        let frames = self.frames.len();
        while let Some((start, cursor)) = self.next_cursor(data) {
            let (end, tag, value) = match cursor.quick_field() {
                Some(field) => field,
                None => self.slow_field(cursor)?,
            };
            self.frames[frames - 1].position = end as u32;
            let slot = layout.slot_of_tag(tag.0);
            if slot.is_none() {
                self.unknown(data, tag, start..end, editor);
                continue;
            }
            let field = &layout.fields()[slot.index() as usize];
            let state = self.tracker.field(table, field);
            // What most fields are, and most values do.
            let passes =
                matches!(field.role(), Role::Scalar) && self.passes(data, ((state, None), field), value, editor);
            if !passes {
                let occurrence = Occurrence { whole: start..end, head: tag_end(data, start), value };
                self.field(data, field, state, tag, occurrence, editor)?;
            }
            if slot.in_oneof() && (passes || !self.edits.has_removed(&(start..end))) {
                self.frames[frames - 1].members.add(field.oneof().unwrap_or_default(), slot.index());
            }
            if self.frames.len() != frames {
                break;
            }
        }
        Ok(())
    }

    /// Where the next field of the innermost frame begins, if there is one.
    #[inline]
    fn next_cursor<'d>(&self, data: &'d [u8]) -> Option<(usize, Cursor<'d>)> {
        let frame = self.frames.last()?;
        let (start, end) = (frame.position as usize, frame.content.end as usize);
        (start < end).then(|| (start, Cursor::new(data, start..end)))
    }

    /// Reads a group, or says what is wrong with a field.
    #[cold]
    fn slow_field(&mut self, mut cursor: Cursor<'_>) -> Result<(usize, Tag, WireValue), Malformed> {
        match cursor.field(&mut self.groups) {
            Ok((tag, value)) => Ok((cursor.position, tag, value)),
            Err(fault) => Err(Malformed::new(fault, cursor.position)),
        }
    }

    /// Asks about a field.
    fn field(
        &mut self,
        data: &[u8],
        field: &'s Field,
        state: StateId,
        tag: Tag,
        occurrence: Occurrence,
        editor: &mut impl Editor,
    ) -> Result<(), Malformed> {
        let number = field.index() as u32;
        let has_rival = |oneof| self.frames.last().is_some_and(|frame| frame.members.has_rival(oneof, number));
        let holder = if field.oneof().is_some_and(has_rival) { Holder::Rival } else { Holder::Field };
        match field.role() {
            Role::Scalar => {
                let step = Step::Field(field);
                let next = Next { field: Some(field), occurrence, states: (state, None), holder, step };
                self.scalar(data, next, field, editor);
            }
            Role::Message(id) => {
                let step = Step::Field(field);
                let next = Next { field: Some(field), occurrence, states: (state, None), holder, step };
                self.message(data, next, self.schema.layout(id), editor)?;
            }
            Role::Scalars if field.ty().is_packable() && tag.wire_type() == WireType::Bytes as u32 => {
                self.packed(data, field, state, &occurrence, editor)?;
            }
            Role::Scalars => {
                let index = self.count(number, 1);
                let states = (self.tracker.element(state, index), Some(state));
                if self.passes(data, (states, field), occurrence.value, editor) {
                    return Ok(());
                }
                let step = Step::Element(field, index);
                let next = Next { field: Some(field), occurrence, states, holder: Holder::Element, step };
                self.scalar(data, next, field, editor);
            }
            Role::Messages(id) => {
                let index = self.count(number, 1);
                let states = (self.tracker.element(state, index), Some(state));
                let step = Step::Element(field, index);
                let next = Next { field: Some(field), occurrence, states, holder: Holder::Element, step };
                self.message(data, next, self.schema.layout(id), editor)?;
            }
            Role::Map => {
                let Shape::Map(shape) = field.shape() else { unreachable!("its role is that of a map") };
                self.entry(data, field, shape, state, occurrence, editor)?;
            }
        }
        Ok(())
    }

    /// The number of the next element of a list of the innermost message, of which so many come now.
    fn count(&mut self, field: u32, elements: u64) -> u64 {
        self.frames.last_mut().map_or(0, |frame| frame.lists.next(field, elements))
    }

    /// Asks about a value that is no message.
    #[inline]
    fn scalar(&mut self, data: &[u8], next: Next<'s>, of: &'s Field, editor: &mut impl Editor) {
        let value = scalar(of.ty(), Span::new(0, next.occurrence.value), data);
        let verdict = self.ask_scalar(data, &next, value, false, editor);
        if !matches!(verdict, Verdict::Keep(_)) {
            self.change(verdict, &next, Some(of.ty()));
        }
    }

    #[inline]
    fn ask_scalar(
        &mut self,
        data: &[u8],
        next: &Next<'s>,
        value: Scalar<'_>,
        is_key: bool,
        editor: &mut impl Editor,
    ) -> Verdict {
        let mut new = std::mem::take(&mut self.new);
        new.clear();
        let verdict = editor.scalar(&self.spot(data, next, is_key), value, &mut new);
        self.new = new;
        verdict
    }

    fn spot<'a>(&'a self, data: &'a [u8], next: &'a Next<'s>, is_key: bool) -> Spot<'a> {
        Spot {
            selected: self.selected(next.states, next.field),
            is_key,
            stays_when_cleared: matches!(
                next.holder,
                Holder::Element | Holder::Rival | Holder::Nothing | Holder::Absent
            ),
            stays_when_dropped: next.holder == Holder::Rival,
            at: next.occurrence.whole.start,
            step: &next.step,
            data,
            frames: &self.frames,
        }
    }

    #[inline]
    fn selected<'a>(&'a self, (state, around): States, field: Option<&'a Field>) -> Selected<'a> {
        let cover = self.frames.last().map_or(0, |frame| frame.cover);
        Selected { state, around, cover, field, tracker: &self.tracker }
    }

    /// Whether a value that is no message stays as it is, of which nothing else need be known.
    #[inline(always)]
    fn passes(
        &self,
        data: &[u8],
        (states, field): (States, &Field),
        value: WireValue,
        editor: &mut impl Editor,
    ) -> bool {
        let text = match value {
            WireValue::Bits(_) => None,
            WireValue::Span { start, end } => Some(&data[start as usize..end as usize]),
        };
        editor.passes(&self.selected(states, Some(field)), text)
    }

    /// Asks about a message and opens it.
    #[inline(always)]
    fn message(
        &mut self,
        data: &[u8],
        next: Next<'s>,
        layout: &'s Layout,
        editor: &mut impl Editor,
    ) -> Result<(), Malformed> {
        let content = next.occurrence.content();
        let verdict = self.ask_message(data, &next, layout, &data[content.clone()], editor);
        let Verdict::Keep(cover) = verdict else {
            self.change(verdict, &next, None);
            return Ok(());
        };
        if layout.well_known() == Some(WellKnown::Any) {
            return self.any(data, next, cover, editor);
        }
        let table = self.tracker.table(next.states.0, layout);
        self.open(Body::Message { layout, table }, next.step, next.occurrence, cover)
    }

    fn ask_message(
        &mut self,
        data: &[u8],
        next: &Next<'s>,
        layout: &Layout,
        content: &[u8],
        editor: &mut impl Editor,
    ) -> Verdict {
        if let Some(cover) = editor.enters(&self.selected(next.states, next.field)) {
            return Verdict::Keep(cover);
        }
        let mut new = std::mem::take(&mut self.new);
        new.clear();
        let verdict = editor.message(&self.spot(data, next, false), layout, content, &mut new);
        self.new = new;
        verdict
    }

    /// Opens an `Any` and the message in it; those that hold another one, one after the other.
    fn any(&mut self, data: &[u8], next: Next<'s>, cover: u32, editor: &mut impl Editor) -> Result<(), Malformed> {
        let mut inner = Some((next, cover));
        while let Some((next, cover)) = inner.take() {
            inner = self.open_any(data, next, cover, editor)?;
        }
        Ok(())
    }

    /// Opens an `Any` and the message in it, unless that is an `Any` itself, which is handed back.
    fn open_any(
        &mut self,
        data: &[u8],
        next: Next<'s>,
        cover: u32,
        editor: &mut impl Editor,
    ) -> Result<Option<(Next<'s>, u32)>, Malformed> {
        let content = next.occurrence.content();
        let mut cursor = Cursor::new(data, content.clone());
        let (mut type_url, mut value, mut is_odd) = (None, None, false);
        while !cursor.is_at_end() {
            let start = cursor.position;
            let read = cursor.field(&mut self.groups);
            let (tag, read) = read.map_err(|fault| Malformed::new(fault, cursor.position))?;
            let whole = start..cursor.position;
            match (tag.number(), read) {
                (Any::TYPE_URL, WireValue::Span { start, end }) if tag.wire_type() == WireType::Bytes as u32 => {
                    is_odd |= type_url.replace(&data[start as usize..end as usize]).is_some();
                }
                (Any::VALUE, WireValue::Span { .. }) if tag.wire_type() == WireType::Bytes as u32 => {
                    is_odd |= value.replace(whole).is_some();
                }
                _ => is_odd = true,
            }
        }
        let type_url = type_url.unwrap_or_default();
        let resolved = self.schema.resolve_bytes(type_url);
        let id = match (&resolved, &value) {
            // Nothing is in it.
            (_, None) if !is_odd => return Ok(None),
            (Ok((_, id)), _) if !is_odd => *id,
            (resolved, _) => {
                let spot = self.spot(data, &next, false);
                let name = String::from_utf8_lossy(type_url);
                editor.opaque(
                    &spot,
                    self.type_name(),
                    match resolved {
                        Ok(_) => Opaque::OddAny { type_url: &name },
                        Err(reason) => Opaque::Unresolved { type_url: &name, reason },
                    },
                );
                return Ok(None);
            }
        };
        let Some(value) = value else { return Ok(None) };
        let layout = self.schema.layout(id);
        if layout.well_known() != Some(WellKnown::Any) {
            let walker = self.walker.get_or_insert_with(|| Walker::new(self.schema));
            let message = &data[field_at(data, value.clone()).content()];
            if let Err(malformed) = check_wire(walker, id, message) {
                let spot = self.spot(data, &next, false);
                let name = String::from_utf8_lossy(type_url);
                let opaque = Opaque::Malformed { type_url: &name, malformed: &malformed };
                editor.opaque(&spot, self.type_name(), opaque);
                return Ok(None);
            }
        }
        let (state, around) = next.states;
        let inner = Next {
            field: next.field,
            occurrence: field_at(data, value),
            states: (self.tracker.any(state, layout), around),
            holder: Holder::Any,
            step: Step::Any(layout),
        };
        let (outer_step, outer) = (next.step.clone(), next.occurrence.clone());
        self.open(Body::Outside, outer_step, outer, cover)?;
        self.pass_over();
        let verdict = self.ask_message(data, &inner, layout, &data[inner.occurrence.content()], editor);
        match verdict {
            Verdict::Keep(cover) if layout.well_known() == Some(WellKnown::Any) => return Ok(Some((inner, cover))),
            Verdict::Keep(cover) => {
                let table = self.tracker.table(inner.states.0, layout);
                self.open(Body::Message { layout, table }, inner.step, inner.occurrence, cover)?;
            }
            // The Any goes with its message.
            Verdict::Drop => {
                self.frames.pop();
                self.change(Verdict::Drop, &next, None);
            }
            Verdict::Leave | Verdict::Clear | Verdict::Replace => {
                self.change(verdict, &inner, None);
            }
        }
        Ok(None)
    }

    /// Asks about numbers that stand one behind the other.
    fn packed(
        &mut self,
        data: &[u8],
        field: &'s Field,
        list: StateId,
        occurrence: &Occurrence,
        editor: &mut impl Editor,
    ) -> Result<(), Malformed> {
        let content = occurrence.content();
        let mut index = self.count(field.index() as u32, 0);
        let first = index;
        let fixed_bytes = match field.ty().wire_type() {
            WireType::Fixed64 => Some(8),
            WireType::Fixed32 => Some(4),
            WireType::Varint | WireType::Bytes | WireType::Group => None,
        };
        // Vectors are long, and hardly anybody selects numbers in them.
        if let Some(bytes) = fixed_bytes
            && content.len().is_multiple_of(bytes)
            && !self.tracker.names_elements(list)
        {
            let states = (self.tracker.element(list, index), Some(list));
            if self.passes(data, (states, field), WireValue::Bits(0), editor) {
                self.count(field.index() as u32, (content.len() / bytes) as u64);
                return Ok(());
            }
        }
        self.open(Body::Outside, Step::Nothing, occurrence.clone(), self.frames.last().map_or(0, |frame| frame.cover))?;
        let mut cursor = Cursor::new(data, content);
        while !cursor.is_at_end() {
            let start = cursor.position;
            let bits = match field.ty().wire_type() {
                WireType::Fixed64 => cursor.fixed64(field.number()),
                WireType::Fixed32 => cursor.fixed32(field.number()).map(u64::from),
                WireType::Varint | WireType::Bytes | WireType::Group => cursor.varint(),
            };
            let bits = bits.map_err(|fault| Malformed::new(fault, cursor.position))?;
            let occurrence = Occurrence { whole: start..cursor.position, head: start, value: WireValue::Bits(bits) };
            let states = (self.tracker.element(list, index), Some(list));
            if !self.passes(data, (states, field), occurrence.value, editor) {
                let step = Step::Element(field, index);
                let next = Next { field: Some(field), occurrence, states, holder: Holder::Element, step };
                self.scalar(data, next, field, editor);
            }
            index += 1;
        }
        self.pass_over();
        if let [.., message, _] = &mut *self.frames {
            message.lists.next(field.index() as u32, index - first);
        }
        Ok(())
    }

    /// Opens an entry of a map, and asks about its key, which decides what selects its value.
    fn entry(
        &mut self,
        data: &[u8],
        field: &'s Field,
        shape: &'s MapShape,
        map: StateId,
        occurrence: Occurrence,
        editor: &mut impl Editor,
    ) -> Result<(), Malformed> {
        let content = occurrence.content();
        let [key_tag, value_tag] = shape.tags;
        let cover = self.frames.last().map_or(0, |frame| frame.cover);
        let step = Step::Field(field);
        let body = |value| Body::Entry { shape, value, map };
        self.open(body(map), step, occurrence, cover)?;
        let mut cursor = Cursor::new(data, content);
        let mut key = (default_scalar(shape.key.ty()), Key::Text(0..0));
        let mut has_value = false;
        while !cursor.is_at_end() {
            let start = cursor.position;
            let read = cursor.field(&mut self.groups);
            let (tag, value) = read.map_err(|fault| Malformed::new(fault, cursor.position))?;
            if tag.0 != key_tag {
                has_value |= tag.0 == value_tag;
                continue;
            }
            let occurrence = Occurrence { whole: start..cursor.position, head: tag_end(data, start), value };
            let (of_key, content) = (scalar(shape.key.ty(), Span::new(0, value), data), occurrence.content());
            let (states, step) = ((map, None), Step::Nothing);
            let next = Next { field: Some(field), occurrence, states, holder: Holder::Field, step };
            let verdict = self.ask_scalar(data, &next, of_key, true, editor);
            key = (of_key, Key::new(&of_key, content));
            if !matches!(verdict, Verdict::Keep(_)) {
                self.change(verdict, &next, Some(shape.key.ty()));
                key.1 = Key::New(if verdict == Verdict::Replace { self.new.as_slice().into() } else { Box::default() });
            }
        }
        let value = self.tracker.entry(map, field, &key.0);
        if let Some(frame) = self.frames.last_mut() {
            frame.body = body(value);
            frame.step = Step::Entry(field, key.1);
        }
        if !has_value {
            self.ask_absent(data, shape, (value, Some(map)), editor);
        }
        Ok(())
    }

    /// Asks about the value of an entry that has none, which is its default: the entry may go, or get one.
    #[cold]
    fn ask_absent(&mut self, data: &[u8], shape: &'s MapShape, states: States, editor: &mut impl Editor) {
        let Some(at) = self.frames.last().map(|frame| frame.content.end as usize) else { return };
        let occurrence =
            Occurrence { whole: at..at, head: at, value: WireValue::Span { start: at as u32, end: at as u32 } };
        let (field, step, holder) = (Some(&shape.value), Step::Nothing, Holder::Absent);
        let next = Next { field, occurrence, states, holder, step };
        let verdict = match shape.value.ty().message() {
            Some(id) => self.ask_message(data, &next, self.schema.layout(id), &[], editor),
            None => self.ask_scalar(data, &next, default_scalar(shape.value.ty()), false, editor),
        };
        match verdict {
            Verdict::Keep(_) | Verdict::Leave | Verdict::Clear => {}
            Verdict::Drop => self.change(verdict, &next, None),
            Verdict::Replace => {
                let wire_type = shape.value.ty().wire_type();
                let mut field = Vec::new();
                push_tag(&mut field, shape.value.number(), wire_type);
                if wire_type == WireType::Bytes {
                    push_varint(&mut field, self.new.len() as u64);
                }
                field.extend_from_slice(&self.new);
                let growth = self.edits.replace(at..at, &field);
                if let Some(frame) = self.frames.last_mut() {
                    frame.growth += growth;
                }
            }
        }
    }

    /// Reads a field of an entry and asks about its value.
    fn field_of_entry(
        &mut self,
        data: &[u8],
        shape: &'s MapShape,
        states: States,
        editor: &mut impl Editor,
    ) -> Result<(), Malformed> {
        let Some((start, cursor)) = self.next_cursor(data) else { return Ok(()) };
        let (end, tag, value) = match cursor.quick_field() {
            Some(field) => field,
            None => self.slow_field(cursor)?,
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.position = end as u32;
        }
        let [key_tag, value_tag] = shape.tags;
        if tag.0 == value_tag {
            let occurrence = Occurrence { whole: start..end, head: tag_end(data, start), value };
            let (field, step) = (Some(&shape.value), Step::Nothing);
            let next = Next { field, occurrence, states, holder: Holder::EntryValue, step };
            match shape.value.ty().message() {
                Some(id) => self.message(data, next, self.schema.layout(id), editor)?,
                None if self.passes(data, (states, &shape.value), next.occurrence.value, editor) => {}
                None => self.scalar(data, next, &shape.value, editor),
            }
        } else if tag.0 != key_tag {
            self.unknown(data, tag, start..end, editor);
        }
        Ok(())
    }

    #[cold]
    fn unknown(&mut self, data: &[u8], tag: Tag, whole: Range<usize>, editor: &mut impl Editor) {
        let next = Next {
            field: None,
            occurrence: Occurrence { head: whole.start, value: WireValue::Bits(0), whole },
            states: (StateId::default(), None),
            holder: Holder::Field,
            step: Step::Nothing,
        };
        editor.opaque(&self.spot(data, &next, false), self.type_name(), Opaque::Unknown { field: tag.number() });
    }

    /// The type of the innermost message.
    fn type_name(&self) -> &'s str {
        let mut messages = self.frames.iter().rev().filter_map(|frame| match frame.body {
            Body::Message { layout, .. } => Some(layout.full_name()),
            Body::Entry { .. } | Body::Outside => None,
        });
        messages.next().unwrap_or_default()
    }

    /// Replaces or removes a value; one that is no message has a type.
    fn change(&mut self, verdict: Verdict, next: &Next<'_>, ty: Option<&Type>) {
        let Next { occurrence: Occurrence { whole, head, value }, holder, .. } = next;
        let edits = &mut self.edits;
        let is_number = matches!(value, WireValue::Bits(_));
        let mut put = |new: &[u8]| match next.occurrence.length() {
            Some(_) => edits.replace_behind_length(*head..whole.end, new),
            None if is_number => edits.replace(*head..whole.end, new),
            None => edits.replace(next.occurrence.content(), new),
        };
        let growth = match (verdict, holder) {
            (Verdict::Keep(_) | Verdict::Leave, _) => return,
            (Verdict::Replace, _) => put(&self.new),
            (Verdict::Clear, Holder::Element) | (Verdict::Clear | Verdict::Drop, Holder::Rival) if is_number => {
                let mut zero = Vec::new();
                if let Some(ty) = ty {
                    put_number(&mut zero, ty, Number::default());
                }
                put(&zero)
            }
            (Verdict::Clear, Holder::Element | Holder::Rival | Holder::Nothing)
            | (Verdict::Drop, Holder::Rival | Holder::Nothing) => put(&[]),
            (Verdict::Drop, Holder::EntryValue | Holder::Absent) => {
                let Some(entry) = self.frames.pop() else { return };
                self.edits.truncate(entry.edits as usize);
                self.edits.replace(entry.whole.start as usize..entry.whole.end as usize, &[])
            }
            (Verdict::Clear, Holder::Absent) => return,
            (Verdict::Clear, Holder::Field | Holder::EntryValue | Holder::Any)
            | (Verdict::Drop, Holder::Field | Holder::Element | Holder::Any) => edits.replace(whole.clone(), &[]),
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.growth += growth;
            frame.has_changed = true;
        }
    }

    #[inline(always)]
    fn open(&mut self, body: Body<'s>, step: Step<'s>, occurrence: Occurrence, cover: u32) -> Result<(), Malformed> {
        // An Any, and an entry of a map, are two of them.
        if self.frames.len() > 2 * NESTING_LIMIT {
            return Err(Malformed::new(Fault::TooDeep, occurrence.whole.start));
        }
        // Positions in a record fit into 32 bits.
        let (length, content) = (occurrence.length(), occurrence.content());
        self.frames.push(Frame {
            body,
            step,
            whole: occurrence.whole.start as u32..occurrence.whole.end as u32,
            length: length.map(|start| start as u32),
            position: content.start as u32,
            content: content.start as u32..content.end as u32,
            edits: self.edits.len() as u32,
            growth: 0,
            has_changed: false,
            cover,
            lists: Lists::default(),
            members: Members::default(),
        });
        Ok(())
    }

    /// Asks about nothing more of what is open.
    fn pass_over(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.position = frame.content.end;
        }
    }

    /// Closes the innermost frame, and corrects its length.
    #[inline]
    fn close(&mut self, data: &[u8], editor: &mut impl Editor) {
        let Some(frame) = self.frames.pop() else { return };
        if self.edits.len() > frame.edits as usize {
            self.close_changed(data, frame, editor);
        }
    }

    #[cold]
    fn close_changed(&mut self, data: &[u8], frame: Frame<'s>, editor: &mut impl Editor) {
        let mut growth = frame.growth;
        if let Body::Message { layout, .. } = frame.body
            && frame.has_changed
        {
            let content = frame.content.start as usize..frame.content.end as usize;
            let first = frame.edits as usize;
            let mut changed: Vec<usize> = self.edits.since(first).map(|edit| edit.start).collect();
            changed.sort_unstable();
            let edits = &mut self.edits;
            let mut message = ChangedMessage { layout, data, content, edits, changed, first, growth: 0 };
            let selected = Selected {
                state: StateId::default(),
                around: None,
                cover: frame.cover,
                field: None,
                tracker: &self.tracker,
            };
            let spot = Spot {
                selected,
                is_key: false,
                stays_when_cleared: false,
                stays_when_dropped: false,
                at: frame.whole.start as usize,
                step: &frame.step,
                data,
                frames: &self.frames,
            };
            editor.changed(&spot, &mut message);
            growth += message.growth;
        }
        if let Some(length) = frame.length
            && growth != 0
        {
            let old = frame.content.len() as u64;
            let new = old as i64 + growth;
            growth += self.edits.replace_length(length as usize..frame.content.start as usize, old, new as u64);
        }
        if let Some(outer) = self.frames.last_mut() {
            outer.growth += growth;
        }
    }
}

/// A number to be written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Number {
    /// Its bits, of an integer those of 64.
    pub(crate) bits: u64,
}

/// Appends the bytes of a number, in the encoding of its type.
pub(crate) fn put_number(out: &mut Vec<u8>, ty: &Type, number: Number) {
    let bits = number.bits;
    match ty {
        Type::Sint32 => push_varint(out, u64::from(zig_zag(i64::from(bits as i32)) as u32)),
        Type::Sint64 => push_varint(out, zig_zag(bits as i64)),
        Type::Uint32 => push_varint(out, u64::from(bits as u32)),
        // What is negative has ten bytes.
        Type::Int32 | Type::Enum(_) => push_varint(out, i64::from(bits as i32) as u64),
        ty => match ty.wire_type() {
            WireType::Fixed64 => out.extend_from_slice(&bits.to_le_bytes()),
            WireType::Fixed32 => out.extend_from_slice(&(bits as u32).to_le_bytes()),
            WireType::Varint => push_varint(out, bits),
            WireType::Bytes | WireType::Group => {}
        },
    }
}

/// Appends the bytes of a number, an enum or a boolean.
pub(crate) fn put_scalar(out: &mut Vec<u8>, ty: &Type, value: &Scalar<'_>) {
    let bits = match *value {
        Scalar::Bool(value) => value.into(),
        Scalar::I32(value) | Scalar::Enum(value, _) => i64::from(value) as u64,
        Scalar::I64(value) => value as u64,
        Scalar::U32(value) => value.into(),
        Scalar::U64(value) => value,
        Scalar::F32(value) => value.to_bits().into(),
        Scalar::F64(value) => value.to_bits(),
        Scalar::String(_) | Scalar::Bytes(_) => return,
    };
    put_number(out, ty, Number { bits });
}

/// Where the tag of a field ends that was read before.
#[inline]
fn tag_end(data: &[u8], start: usize) -> usize {
    start + data[start..].iter().position(|byte| byte & 0x80 == 0).map_or(0, |last| last + 1)
}

/// A length-delimited field that was read before.
fn field_at(data: &[u8], whole: Range<usize>) -> Occurrence {
    let head = tag_end(data, whole.start);
    let start = tag_end(data, head);
    Occurrence { value: WireValue::Span { start: start as u32, end: whole.end as u32 }, head, whole }
}
