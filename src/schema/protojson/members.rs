//! Members of messages.

use super::error::{JsonFault, JsonReadError, quote};
use super::lexer::{Lexer, Raw};
use super::quick::Quick;
use super::scalar::read_base64;
use super::{Extras, Frame, JsonReader, Message, Result, takes_null};
use crate::schema::layout::{Field, Role, Shape};
use crate::schema::names;
use crate::schema::well_known::WellKnown;
use crate::wire::{Cursor, Groups, push_group_end};

/// What the name of a member is.
enum Key<'t> {
    Field(u32),
    /// One of ours: it begins with `@`.
    Ours(Raw<'t>),
    Unknown(Raw<'t>),
}

impl<'s> JsonReader<'s> {
    /// Reads members of a message up to one that is kept open, or all of them.
    pub(super) fn members(&mut self, lexer: &mut Lexer<'_>, own: usize, mut message: Message<'s>) -> Result<()> {
        loop {
            let begun = match std::mem::take(&mut message.begun) {
                0 => self.quick_members(lexer, &mut message),
                begun => Quick::Nested(begun - 1),
            };
            match begun {
                Quick::End => break,
                Quick::Nested(index) => {
                    self.keep(own, &mut message);
                    let field = &message.layout.fields()[index as usize];
                    self.nested(lexer, field)?;
                    if let Role::Message(id) = field.role()
                        && self.layout(id).well_known() == Some(WellKnown::Timestamp)
                        && let Some(known) = &mut self.names[message.id.0 as usize]
                    {
                        known.times |= 1u64.checked_shl(index).unwrap_or(0);
                    }
                    if self.frames.len() > own + 1 {
                        return Ok(());
                    }
                    continue;
                }
                Quick::Other => {}
            }
            if !lexer.next(message.is_first, b'}')? {
                break;
            }
            message.is_first = false;
            let at = {
                lexer.peek();
                lexer.at
            };
            let index = match self.member_key(lexer, &message)? {
                Key::Field(index) => index,
                Key::Ours(raw) => {
                    // The path of an error is that of what is open.
                    self.keep(own, &mut message);
                    self.our_member(lexer, own, raw)?;
                    let Frame::Message(changed) = self.frames[own] else { unreachable!("it is this message") };
                    message = changed;
                    continue;
                }
                Key::Unknown(_) if self.options.ignore_unknown => {
                    lexer.value()?;
                    continue;
                }
                Key::Unknown(raw) => {
                    let (field, message) = (quote(raw.text), message.layout.full_name().to_owned());
                    return Err(JsonReadError::new(raw.at, JsonFault::UnknownField { field, message }));
                }
            };
            let field = &message.layout.fields()[index as usize];
            message.previous = index + 1;
            message.has_members = true;
            let is_null = lexer.peek() == b'n' && !takes_null(self.schema, field) && lexer.null();
            let mut result = self.see(&mut message, index, field, at, is_null);
            if result.is_ok() && !is_null {
                if let Role::Scalar = field.role() {
                    result = self.singular(lexer, field);
                } else {
                    self.keep(own, &mut message);
                    self.nested(lexer, field)?;
                    if self.frames.len() > own + 1 {
                        return Ok(());
                    }
                }
            }
            if result.is_err() {
                // The path of an error is that of what is open.
                self.keep(own, &mut message);
                return result;
            }
        }
        self.end_message(message);
        Ok(())
    }

    /// Keeps a message as it is now. The path of an error is that of what is kept.
    #[inline(always)]
    pub(super) fn keep(&mut self, own: usize, message: &mut Message<'s>) {
        message.told = message.previous;
        self.frames[own] = Frame::Message(*message);
    }

    /// Reads the value of a field, or its beginning, that is more than a single one which is no message.
    fn nested(&mut self, lexer: &mut Lexer<'_>, field: &'s Field) -> Result<()> {
        match field.role() {
            Role::Scalar => self.singular(lexer, field),
            Role::Message(id) => self.field_message(lexer, field, id),
            Role::Scalars => self.list(lexer, field),
            Role::Messages(_) => {
                if lexer.peek() != b'[' {
                    return Err(lexer.mismatch("a list"));
                }
                lexer.at += 1;
                self.frames.push(Frame::List { field, index: 0 });
                Ok(())
            }
            Role::Map => self.map(lexer, field),
        }
    }

    /// Reads the name of a member.
    #[inline(always)]
    fn member_key<'t>(&mut self, lexer: &mut Lexer<'t>, message: &Message<'s>) -> Result<Key<'t>> {
        let known = self.names[message.id.0 as usize].as_deref_mut().expect("a message that begins has its names");
        let guess = known.next[message.previous as usize];
        if let Some(field) = known.layout.fields().get(guess as usize)
            && lexer.peek() == b'"'
            && let quoted = field.json_key.quoted()
            && lexer.rest().get(..quoted.len()).is_some_and(|text| names::is_same(text, quoted))
        {
            lexer.at += quoted.len();
            lexer.expect(b':', "`:`")?;
            return Ok(Key::Field(guess));
        }
        let raw = lexer.key()?;
        let name = raw.unescape()?;
        if name.first() == Some(&b'@') && (!self.options.strict || (message.type_at > 0 && *name == *b"@type")) {
            let is_ours = matches!(&*name, b"@type" | b"@wire" | b"@unknown" | b"@reason");
            // Only an `Any` has a type; elsewhere it is a name like others, if a field has it.
            let is_type = message.type_at == 0 && *name == *b"@type";
            if is_ours && !(is_type && known.find(&name).is_some()) {
                return Ok(Key::Ours(raw));
            }
        }
        let Some(index) = known.find(&name) else { return Ok(Key::Unknown(raw)) };
        known.next[message.previous as usize] = index;
        Ok(Key::Field(index))
    }

    /// Notes that a field has come, which it may once.
    #[inline(always)]
    pub(super) fn see(
        &mut self,
        message: &mut Message<'s>,
        index: u32,
        field: &Field,
        at: usize,
        is_null: bool,
    ) -> Result<()> {
        let name = || quote(field.json_name().as_bytes());
        if !message.seen.field(&mut self.seen, index as usize) {
            return Err(JsonReadError::new(at, JsonFault::Repeated(name())));
        }
        match field.oneof().filter(|_| !is_null) {
            Some(oneof) if !message.seen.oneof(&mut self.seen, message.layout, oneof) => {
                Err(JsonReadError::new(at, JsonFault::OneofRepeated(name())))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Reads a member of ours.
    #[cold]
    fn our_member(&mut self, lexer: &mut Lexer<'_>, own: usize, raw: Raw<'_>) -> Result<()> {
        let name = raw.unescape()?;
        let Frame::Message(mut message) = self.frames[own] else { unreachable!("it is this message") };
        if *name == *b"@type" {
            if message.type_at != raw.at as u32 + 1 {
                return Err(match message.type_at {
                    1.. => JsonReadError::new(raw.at, JsonFault::Repeated("@type".to_owned())),
                    0 => {
                        let message = message.layout.full_name().to_owned();
                        JsonReadError::new(raw.at, JsonFault::UnknownField { field: "@type".to_owned(), message })
                    }
                });
            }
            return lexer.value();
        }
        if !message.has_extras {
            self.extras.push(Extras::default());
            message.has_extras = true;
        }
        let repeated = || JsonReadError::new(raw.at, JsonFault::Repeated(quote(&name)));
        let start = {
            lexer.peek();
            lexer.at
        };
        match &*name {
            b"@unknown" => {
                let extras = self.extras.last_mut().expect("it was pushed");
                if std::mem::replace(&mut extras.has_unknown, true) {
                    return Err(repeated());
                }
                message.has_members = true;
                let mut fields = Vec::new();
                read_base64(lexer, &mut fields)?;
                let mut cursor = Cursor::new(&fields, 0..fields.len());
                let mut groups = Groups::default();
                while !cursor.is_at_end() {
                    let (tag, _) = cursor
                        .field(&mut groups)
                        .map_err(|fault| JsonReadError::new(start, JsonFault::UnknownFields(fault)))?;
                    // A descriptor may know today what it did not when this was written, but not beside its member.
                    if let Some(index) = message.layout.field_of_tag(tag.0)
                        && let field = &message.layout.fields()[index]
                        && let Shape::Singular = field.shape()
                    {
                        self.see(&mut message, index as u32, field, start, false)?;
                    }
                }
                self.out.bytes.extend_from_slice(&fields);
            }
            _ => self.wire_or_reason(lexer, &name, raw.at)?,
        }
        self.frames[own] = Frame::Message(message);
        Ok(())
    }

    /// Reads `"@wire"` or `"@reason"` into the innermost extras.
    pub(super) fn wire_or_reason(&mut self, lexer: &mut Lexer<'_>, name: &[u8], at: usize) -> Result<()> {
        let extras = self.extras.last_mut().expect("the caller pushed one");
        let is_repeated = if name == b"@wire" {
            let mut wire = Vec::new();
            read_base64(lexer, &mut wire)?;
            extras.wire.replace(wire).is_some()
        } else {
            lexer.string("a string")?;
            std::mem::replace(&mut extras.has_reason, true)
        };
        if is_repeated {
            return Err(JsonReadError::new(at, JsonFault::Repeated(quote(name))));
        }
        Ok(())
    }

    /// Ends a message, which is the last thing open.
    pub(super) fn end_message(&mut self, message: Message<'s>) {
        self.frames.pop();
        message.seen.end(&mut self.seen);
        if message.has_extras {
            let extras = self.extras.pop().expect("the message has one");
            if let Some(wire) = extras.wire {
                // What has no JSON stands alone with its reason.
                let stands_alone = extras.has_reason && !message.has_members && message.type_at > 0;
                self.settle_wire(message.id, message.content, wire, stands_alone);
            }
        }
        if message.group > 0 {
            push_group_end(&mut self.out.bytes, message.group);
        }
        self.end(message.ends);
    }
}
