//! The objects of `Any`s, and the members of ours that hold bytes.

use super::error::{JsonFault, JsonReadError, quote};
use super::lexer::{Lexer, Raw};
use super::value::base64;
use super::{AnyJson, AnyObject, Ends, Extras, Frame, JsonReader, Message, Recent, Result};
use crate::entry::Any;
use crate::schema::canonical::write_said;
use crate::schema::layout::{Layout, LayoutId};
use crate::schema::lengths::Mark;
use crate::schema::well_known::WellKnown;
use crate::schema::{JsonOptions, Unresolved, Walker, write_json};
use crate::wire::{NESTING_LIMIT, WireType, push_tag, put_bytes};

impl<'s> JsonReader<'s> {
    /// Reads the object of an `Any`, or its beginning. Of the outermost the type is handed back, and its value is all that is
    /// written.
    pub(super) fn any_object(
        &mut self,
        lexer: &mut Lexer<'_>,
        ends: Ends,
        outermost: Option<&mut AnyJson>,
    ) -> Result<bool> {
        if lexer.peek() != b'{' {
            return Err(lexer.mismatch("an object"));
        }
        if outermost.is_none()
            && let Some(bytes) = self.bytes_in_place(lexer, InPlace::Any)?
        {
            self.out.bytes.extend_from_slice(&bytes.wire);
            self.end(ends);
            return Ok(false);
        }
        let object = lexer.at;
        lexer.at += 1;
        if lexer.skip(b'}') {
            self.end(ends);
            return Ok(true);
        }
        lexer.peek();
        let first_at = lexer.at;
        let Some((key, raw)) = self.find_type(*lexer, object)? else {
            return Err(JsonReadError::new(object + 1, JsonFault::NoType));
        };
        let comes_first = key.at == first_at;
        if comes_first {
            *lexer = lexer.back_to(raw.end());
        }
        let type_url = raw.unescape()?;
        let type_url = std::str::from_utf8(&type_url).expect("the text is UTF-8");
        let resolved = if type_url.is_empty() { Err(Unresolved::EmptyUrl) } else { self.schema.resolve(type_url) };
        let mut ends = ends;
        let is_outermost = outermost.is_some();
        match outermost {
            Some(any) => {
                any.type_url.clear();
                any.type_url.push_str(type_url);
            }
            None => {
                if !type_url.is_empty() {
                    put_bytes(&mut self.out.bytes, Any::TYPE_URL, type_url.as_bytes());
                }
                push_tag(&mut self.out.bytes, Any::VALUE, WireType::Bytes);
                self.begin_length();
                ends.lengths += 1;
                ends.drops_empty = true;
            }
        }
        let type_at = key.at as u32;
        // The outermost one is no message of its own.
        if self.depth == NESTING_LIMIT
            && let mut after = lexer.back_to(object)
            && let Some(bytes) = self.bytes_in_place(&mut after, InPlace::Message)?
        {
            // A message that would be too deep stands there as its bytes, which are no deeper than the `Any`.
            *lexer = after;
            self.out.bytes.extend_from_slice(&bytes.wire);
            self.end(ends);
            return Ok(true);
        }
        self.deeper(lexer)?;
        ends.messages += 1;
        match resolved {
            Ok(id) if self.layout(id).well_known().is_none() => {
                let layout = self.layout(id);
                if is_outermost {
                    self.remember(type_url, id, layout);
                }
                let message = Message::new(id, layout, 0);
                let (content, type_at, is_first) = (self.out.mark(), type_at + 1, !comes_first);
                self.push_message(Message { ends, content, type_at, is_first, ..message });
            }
            resolved => {
                let content = self.out.mark();
                let type_span = (raw.at as u32, raw.end() as u32);
                let known = match resolved {
                    Ok(id) => Some((id, self.layout(id))),
                    Err(_) => None,
                };
                let (is_first, has_value, has_extras) = (!comes_first, false, false);
                self.frames.push(Frame::Any(AnyObject {
                    known,
                    type_at,
                    type_span,
                    is_first,
                    has_value,
                    ends,
                    content,
                    has_extras,
                }));
            }
        }
        Ok(true)
    }

    /// Reads the beginning of the outermost object if its type was named not long ago and comes first, and says whether it was.
    pub(super) fn recent_object(&mut self, lexer: &mut Lexer<'_>, any: &mut AnyJson) -> bool {
        let rest = lexer.rest();
        let Some(recent) = self.recent.iter().find(|recent| rest.starts_with(&recent.opening)) else { return false };
        if any.type_url != *recent.type_url {
            any.type_url.clear();
            any.type_url.push_str(&recent.type_url);
        }
        let message = Message::new(recent.id, recent.layout, 0);
        let ends = Ends { lengths: 0, messages: 1, drops_empty: false };
        let (content, type_at) = (self.out.mark(), lexer.at as u32 + 2);
        lexer.at += recent.opening.len();
        self.depth += 1;
        self.push_message(Message { ends, content, type_at, is_first: false, ..message });
        true
    }

    /// Remembers a type whose messages have their members in the object.
    fn remember(&mut self, type_url: &str, id: LayoutId, layout: &'s Layout) {
        /// A recording mostly has the messages of a few methods.
        const MOST: usize = 8;
        if !is_plain(type_url) || self.recent.iter().any(|recent| *recent.type_url == *type_url) {
            return;
        }
        let opening = format!("{{\"@type\":\"{type_url}\"").into_bytes().into();
        let recent = Recent { opening, type_url: type_url.into(), id, layout };
        if self.recent.len() < MOST {
            self.recent.push(recent);
        } else {
            self.recent[self.oldest] = recent;
            self.oldest = (self.oldest + 1) % MOST;
        }
    }

    /// Finds the `"@type"` of an object whose opening brace was read and stands at `object`: the name, and what it says.
    ///
    /// Mostly it comes first. If not, all of the object is read, and what is found inside of it is kept, so that objects
    /// within each other are not read once per level.
    fn find_type<'t>(&mut self, mut lexer: Lexer<'t>, object: usize) -> Result<Option<(Raw<'t>, Raw<'t>)>> {
        const TYPE: &[u8] = b"@type";
        let first = lexer.key()?;
        if *first.unescape()? == *TYPE {
            return Ok(Some((first, lexer.string("a type's URL")?)));
        }
        if object >= self.types_end {
            let mut whole = lexer.back_to(object);
            let types = &mut self.types;
            types.clear();
            whole.value_with(|object, key| {
                if key.unescape().is_ok_and(|name| *name == *TYPE) {
                    types.push((object as u32, key.at as u32));
                }
            })?;
            types.sort_unstable();
            self.types_end = whole.at;
        }
        // Of several, which are an error, the first.
        let place = self.types.partition_point(|(other, _)| *other < object as u32);
        let Some(&(_, at)) = self.types.get(place).filter(|(other, _)| *other == object as u32) else {
            return Ok(None);
        };
        let mut lexer = lexer.back_to(at as usize);
        let key = lexer.key()?;
        Ok(Some((key, lexer.string("a type's URL")?)))
    }

    /// Reads the members of an `Any` whose message has none in it, up to its value, or all of them.
    pub(super) fn any_members(&mut self, lexer: &mut Lexer<'_>, own: usize, mut any: AnyObject<'s>) -> Result<()> {
        while lexer.next(any.is_first, b'}')? {
            any.is_first = false;
            let raw = lexer.key()?;
            let name = raw.unescape()?;
            match &*name {
                b"@type" if raw.at as u32 == any.type_at => lexer.value()?,
                b"@type" => return Err(JsonReadError::new(raw.at, JsonFault::Repeated("@type".to_owned()))),
                b"@wire" | b"@reason" if !self.options.strict => {
                    if !any.has_extras {
                        self.extras.push(Extras::default());
                        any.has_extras = true;
                    }
                    self.wire_or_reason(lexer, &name, raw.at)?;
                }
                b"value" if let Some((id, layout)) = any.known => {
                    if std::mem::replace(&mut any.has_value, true) {
                        return Err(JsonReadError::new(raw.at, JsonFault::Repeated("value".to_owned())));
                    }
                    self.frames[own] = Frame::Any(any);
                    // The object counted its depth.
                    let ends = Ends::default();
                    let well_known = layout.well_known().expect("others have their members in the object");
                    self.well_known(lexer, well_known, id, layout, ends)?;
                    if self.frames.len() > own + 1 {
                        return Ok(());
                    }
                }
                _ if self.options.ignore_unknown && any.known.is_some() => lexer.value()?,
                _ => {
                    if any.known.is_none() {
                        return Err(self.unresolved(lexer, any));
                    }
                    let (field, message) = (quote(raw.text), "google.protobuf.Any".to_owned());
                    return Err(JsonReadError::new(raw.at, JsonFault::UnknownField { field, message }));
                }
            }
        }
        self.frames[own] = Frame::Any(any);
        let extras = if any.has_extras { self.extras.pop() } else { None };
        match (extras, any.known) {
            (Some(Extras { wire: Some(wire), has_reason, .. }), Some((id, _))) => {
                self.settle_wire(id, any.content, wire, has_reason && !any.has_value);
            }
            // Nobody can tell whether the bytes are what they should be.
            (Some(Extras { wire: Some(wire), .. }), None) => self.out.bytes.extend_from_slice(&wire),
            (_, None) => return Err(self.unresolved(lexer, any)),
            // Implementations other than Go's leave the value of an Empty out.
            (_, Some((_, layout))) if !any.has_value && layout.well_known() != Some(WellKnown::Empty) => {
                return Err(JsonReadError::new(lexer.at, JsonFault::Missing("value")));
            }
            (_, Some(_)) => {}
        }
        self.frames.pop();
        self.end(any.ends);
        Ok(())
    }

    /// The error that the type of an `Any` is not known.
    #[cold]
    pub(super) fn unresolved(&self, lexer: &Lexer<'_>, any: AnyObject<'_>) -> JsonReadError {
        let at = any.type_span.0 as usize;
        let mut quoted = lexer.back_to(at);
        let reason = quoted
            .string("a string")
            .and_then(Raw::unescape)
            .map(|url| self.schema.resolve(&String::from_utf8_lossy(&url)).err());
        match reason {
            Ok(Some(unresolved)) => JsonReadError::new(at, unresolved.into()),
            Ok(None) | Err(_) => JsonReadError::new(at, JsonFault::NoType),
        }
    }

    /// Takes the bytes of a `"@wire"` for the content of a message if they say what the JSON beside them says.
    #[cold]
    pub(super) fn settle_wire(&mut self, id: LayoutId, content: Mark, wire: Vec<u8>, stands_alone: bool) {
        let takes = stands_alone || {
            // Writers put no bytes inside of what has bytes; who does so shall not have everything compared once per level.
            let work = self.out.length_since(content).saturating_add(wire.len());
            if work > self.wire_budget {
                self.ignored_wire = true;
                return;
            }
            self.wire_budget -= work;
            let told = self.out.sized_since(content);
            told == wire || self.tells_the_same(id, &told, &wire).unwrap_or(false)
        };
        if takes {
            self.out.replace_since(content, &wire);
        } else {
            self.ignored_wire = true;
        }
    }

    /// Whether the JSON of some bytes is that which these others were made of, apart from the order of members.
    pub(super) fn tells_the_same(&self, id: LayoutId, told: &[u8], wire: &[u8]) -> Option<bool> {
        let mut walker = Walker::new(self.schema);
        let mut json = Vec::new();
        write_json(&mut walker, id, wire, JsonOptions::default(), &mut json).ok()?;
        let mut told_by_wire = Vec::new();
        JsonReader::new(self.schema, self.options).read(id, &json, &mut told_by_wire).ok()?;
        let mut form = |bytes: &[u8]| {
            let mut out = Vec::new();
            write_said(&mut walker, id, bytes, true, &mut out).map(|()| out)
        };
        Some(form(told).ok()? == form(&told_by_wire).ok()?)
    }

    /// Reads what stands in the place of something that has no JSON: its bytes with a reason. Nothing if that is not what
    /// comes next.
    #[inline]
    pub(super) fn bytes_in_place<'t>(&self, lexer: &mut Lexer<'t>, what: InPlace) -> Result<Option<BytesInPlace<'t>>> {
        if lexer.peek() != b'{' || self.options.strict {
            return Ok(None);
        }
        let start = *lexer;
        match in_place(lexer, what) {
            Some(bytes) => Ok(Some(bytes)),
            None => {
                *lexer = start;
                Ok(None)
            }
        }
    }
}

/// Whether a type's URL stands in JSON as it is.
fn is_plain(type_url: &str) -> bool {
    type_url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// In the place of what some bytes may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InPlace {
    /// Of a string, which has no type.
    String,
    /// Of an `Any`, whose own bytes have no type either: what has one is a message in it.
    Any,
    /// Of another message, with its type.
    Message,
}

/// Bytes that stand in the place of what they are the bytes of.
pub(super) struct BytesInPlace<'t> {
    pub(super) wire: Vec<u8>,
    /// Of what type they are, as it stands in the text, if that is told.
    pub(super) type_url: &'t str,
}

/// Reads an object with `"@wire"` and `"@reason"` and nothing else but, of messages, `"@type"`.
pub(super) fn in_place<'t>(lexer: &mut Lexer<'t>, what: InPlace) -> Option<BytesInPlace<'t>> {
    lexer.at += 1;
    if !{
        lexer.peek();
        lexer.rest().starts_with(b"\"@")
    } {
        return None;
    }
    let (mut type_url, mut wire, mut has_reason, mut is_first) = (None, None, false, true);
    while lexer.next(is_first, b'}').ok()? {
        is_first = false;
        let key = lexer.key().ok()?;
        let text = lexer.string("a string").ok()?;
        match key.text {
            b"@type" if what == InPlace::Message && type_url.is_none() => {
                type_url = Some(std::str::from_utf8(text.text).ok()?);
            }
            b"@wire" if wire.is_none() => {
                let mut bytes = Vec::new();
                if !base64(&text.unescape().ok()?, &mut bytes) {
                    return None;
                }
                wire = Some(bytes);
            }
            b"@reason" if !has_reason => has_reason = true,
            _ => return None,
        }
    }
    let is_complete = has_reason && type_url.is_some() == (what == InPlace::Message);
    wire.filter(|_| is_complete).map(|wire| BytesInPlace { wire, type_url: type_url.unwrap_or_default() })
}
