//! The path of a value that a [`Splicer`](super::Splicer) has reached, as a selector.

use std::ops::Range;

use super::Frame;
use crate::schema::{Field, Layout, Scalar, quote_go};

/// The step to a value from what it stands in.
#[derive(Debug, Clone)]
pub(super) enum Step<'a> {
    /// None: the message itself, or what is counted as a part of the step before it.
    Nothing,
    Field(&'a Field),
    Element(&'a Field, u64),
    /// To a map's value.
    Entry(&'a Field, Key),
    /// Into an `Any`.
    Any(&'a Layout),
}

/// The key of a map's entry.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// The text that stands there in the record.
    Text(Range<u32>),
    /// A text that takes the place of the one in the record, which is not to be shown.
    New(Box<[u8]>),
    /// A number or `bool`, as it is shown.
    Number(i64),
    Unsigned(u64),
    Bool(bool),
}

impl Key {
    pub(super) fn new(key: &Scalar<'_>, text: Range<usize>) -> Key {
        match *key {
            Scalar::String(_) | Scalar::Bytes(_) => Key::Text(text.start as u32..text.end as u32),
            Scalar::Bool(value) => Key::Bool(value),
            Scalar::I32(value) | Scalar::Enum(value, _) => Key::Number(value.into()),
            Scalar::I64(value) => Key::Number(value),
            Scalar::U32(value) => Key::Number(value.into()),
            Scalar::U64(value) => Key::Unsigned(value),
            // No map has such keys.
            Scalar::F32(_) | Scalar::F64(_) => Key::Number(0),
        }
    }
}

/// How long a path may become before the rest of it is left out: every change has one.
const PATH_BYTES: usize = 1024;

/// How many bytes of a key are shown.
const KEY_BYTES: usize = 64;

/// The path through all that is open, and on to a value.
pub(super) fn path(data: &[u8], frames: &[Frame<'_>], last: &Step<'_>, with_keys: bool) -> String {
    let mut path = String::new();
    for step in frames.iter().map(|frame| &frame.step).chain([last]) {
        if path.len() > PATH_BYTES {
            path.push('…');
            break;
        }
        put(&mut path, data, step, with_keys);
    }
    path
}

fn put(path: &mut String, data: &[u8], step: &Step<'_>, with_keys: bool) {
    match step {
        Step::Nothing => {}
        Step::Field(field) => put_name(path, field),
        Step::Element(field, index) => {
            put_name(path, field);
            path.push_str(&format!("[{index}]"));
        }
        Step::Entry(field, key) => {
            put_name(path, field);
            match key {
                Key::Text(_) | Key::New(_) if !with_keys => path.push_str("[*]"),
                Key::Text(range) => {
                    path.push_str(&format!("[{}]", quoted(&data[range.start as usize..range.end as usize])))
                }
                Key::New(text) => path.push_str(&format!("[{}]", quoted(text))),
                Key::Number(number) => path.push_str(&format!("[{number}]")),
                Key::Unsigned(number) => path.push_str(&format!("[{number}]")),
                Key::Bool(value) => path.push_str(&format!("[{value}]")),
            }
        }
        Step::Any(layout) => path.push_str(&format!("({})", layout.full_name())),
    }
}

fn put_name(path: &mut String, field: &Field) {
    if !path.is_empty() {
        path.push('.');
    }
    if field.is_extension() {
        path.push_str(&format!("[{}]", field.name()));
    } else {
        path.push_str(field.name());
    }
}

/// A text as a key is written in a selector.
fn quoted(key: &[u8]) -> String {
    let mut quoted = Vec::new();
    quote_go(&mut quoted, &key[..key.len().min(KEY_BYTES)]);
    let dots = if key.len() > KEY_BYTES { "…" } else { "" };
    String::from_utf8_lossy(&quoted).into_owned() + dots
}
