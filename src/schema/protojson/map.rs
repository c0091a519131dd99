//! Maps, and the keys of all that have some.

use super::error::{JsonFault, JsonReadError, quote};
use super::lexer::Lexer;
use super::scalar::{integer_type, put_integer, wrong};
use super::value::{self, base64};
use super::{Frame, JsonReader, KeyAt, Result, Room, quick};
use crate::schema::layout::{Field, MapShape, Shape, Type};
use crate::schema::names;
use crate::wire::{put_bytes, put_varint};

/// A key of a map that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct MapKey {
    /// What the key is on the wire.
    start: u32,
    end: u32,
    /// Where it stands in the text.
    at: u32,
}

impl<'s> JsonReader<'s> {
    /// Reads a map, or its beginning if its values are messages.
    pub(super) fn map(&mut self, lexer: &mut Lexer<'_>, field: &'s Field) -> Result<()> {
        let Shape::Map(shape) = field.shape() else { unreachable!("its role is that of a map") };
        if lexer.peek() != b'{' {
            return Err(lexer.mismatch("an object"));
        }
        lexer.at += 1;
        let first_key = self.keys.len() as u32;
        let is_nested = shape.value.ty().message().is_some();
        self.frames.push(Frame::Map { field, shape, first_key, key: (0, 0), is_first: true });
        if is_nested {
            return Ok(());
        }
        let own = self.frames.len() - 1;
        let mut is_first = true;
        while lexer.next(is_first, b'}')? {
            is_first = false;
            let start = self.out.mark();
            let (entry, key) = self.entry_key(lexer, field, &shape.key)?;
            self.frames[own] = Frame::Map { field, shape, first_key, key, is_first };
            if self.skips_unknown_name(lexer, shape.value.ty())? {
                self.keys.pop();
                self.out.replace_since(start, &[]);
                continue;
            }
            self.scalar(lexer, &shape.value, true)?;
            self.out.fill_room(entry);
        }
        self.end_keys(first_key, lexer)?;
        self.frames.pop();
        Ok(())
    }

    /// Reads the entries of a map of messages up to one that is kept open, or all of them.
    pub(super) fn entries(
        &mut self,
        lexer: &mut Lexer<'_>,
        own: usize,
        (field, shape): (&'s Field, &'s MapShape),
        first_key: u32,
        mut is_first: bool,
    ) -> Result<()> {
        let Some(id) = shape.value.ty().message() else { unreachable!("other maps are not kept open") };
        while lexer.next(is_first, b'}')? {
            is_first = false;
            let (entry, key) = self.entry_key(lexer, field, &shape.key)?;
            shape.value.put_head(&mut self.out.bytes);
            let room = Room::Two(entry, self.out.room());
            let result = self.message(lexer, id, room, 1, 0);
            if result.is_err() || self.frames.len() > own + 1 {
                self.frames[own] = Frame::Map { field, shape, first_key, key, is_first };
                return result;
            }
        }
        self.end_keys(first_key, lexer)?;
        self.frames.pop();
        Ok(())
    }

    /// Begins an entry of a map and reads its key; tells where there is room for the entry's length.
    #[inline(always)]
    fn entry_key(&mut self, lexer: &mut Lexer<'_>, map: &Field, key: &Field) -> Result<(usize, KeyAt)> {
        self.check_length(lexer)?;
        map.put_head(&mut self.out.bytes);
        let room = self.out.room();
        if let Type::String = key.ty()
            && let text = lexer.text()
            && let at = lexer.at + quick::blanks(text, lexer.at)
            && let Some((name, end)) = quick::name(text, at)
        {
            let start = self.out.bytes.len() as u32;
            key.put_head(&mut self.out.bytes);
            let key_at = (at as u32, (at + name.len() + 2) as u32);
            quick::put_part(&mut self.out.bytes, text, at + 1, at + 1 + name.len());
            self.keys.push(MapKey { start, end: self.out.bytes.len() as u32, at: at as u32 });
            lexer.at = end;
            return Ok((room, key_at));
        }
        Ok((room, self.key(lexer, key.number(), Some(key))?))
    }

    /// Reads a key and writes it as the field of this number; without a field as a string.
    pub(super) fn key(&mut self, lexer: &mut Lexer<'_>, number: u32, field: Option<&Field>) -> Result<KeyAt> {
        self.check_length(lexer)?;
        let raw = lexer.key()?;
        let span = (raw.at as u32, raw.end() as u32);
        let start = self.out.bytes.len();
        let out = &mut self.out.bytes;
        match field.map(Field::ty) {
            None | Some(Type::String) => {
                let key = raw.unescape()?;
                match &*key {
                    [b'@', b'@', ..] if !self.options.strict => put_bytes(out, number, &key[1..]),
                    key if key.starts_with(b"@wire:") && !self.options.strict => {
                        let mut bytes = Vec::new();
                        if !base64(&key[b"@wire:".len()..], &mut bytes) {
                            return Err(wrong(raw, "`@wire:` with base64 behind it"));
                        }
                        put_bytes(out, number, &bytes);
                    }
                    key => put_bytes(out, number, key),
                }
            }
            Some(Type::Bool) => {
                let is_true = match &*raw.unescape()? {
                    b"true" => true,
                    b"false" => false,
                    _ => return Err(wrong(raw, "a key of type bool")),
                };
                put_varint(out, number, is_true.into());
            }
            Some(ty) => {
                let text = raw.unescape()?;
                let integer = value::quoted_integer(&text);
                let expected = integer_type(ty);
                if !integer.is_some_and(|integer| put_integer(out, number, ty, integer, true)) {
                    return Err(wrong(raw, expected));
                }
            }
        }
        self.keys.push(MapKey { start: start as u32, end: self.out.bytes.len() as u32, at: raw.at as u32 });
        Ok(span)
    }

    /// Forgets the keys of the innermost map, each of which may come once.
    pub(super) fn end_keys(&mut self, first: u32, lexer: &Lexer<'_>) -> Result<()> {
        let bytes = &self.out.bytes;
        let of = |key: &MapKey| &bytes[key.start as usize..key.end as usize];
        let keys = &mut self.keys[first as usize..];
        let mut repeated = None;
        if !are_surely_distinct(keys.iter().map(of)) {
            keys.sort_unstable_by(|a, b| of(a).cmp(of(b)).then(a.at.cmp(&b.at)));
            repeated = keys.windows(2).find(|pair| of(&pair[0]) == of(&pair[1])).map(|pair| pair[1].at);
        }
        self.keys.truncate(first as usize);
        match repeated {
            None => Ok(()),
            Some(at) => {
                let key = lexer.back_to(at as usize).string("a key").map(|raw| quote(raw.text)).unwrap_or_default();
                Err(JsonReadError::new(at as usize, JsonFault::Repeated(key)))
            }
        }
    }
}

/// Whether a glance shows that keys differ; if not, they may differ all the same.
#[inline]
fn are_surely_distinct<'k>(keys: impl ExactSizeIterator<Item = &'k [u8]>) -> bool {
    /// So many keys leave enough of the marks free.
    const MOST_KEYS: usize = 48;
    const MARKS: usize = 1024;
    if keys.len() > MOST_KEYS {
        return false;
    }
    let mut marks = [0u64; MARKS / 64];
    for key in keys {
        let mark = names::hash(key) % MARKS;
        let (word, bit) = (&mut marks[mark / 64], 1 << (mark % 64));
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
    }
    true
}
