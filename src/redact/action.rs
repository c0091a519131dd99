//! [`Action`]: what becomes of a value that a rule selects.

use std::fmt;
use std::str::FromStr;

use super::key::Key;
use crate::schema::{
    EnumLayout, JsonReadOptions, JsonReader, Layout, LayoutId, Number, Scalar, Schema, Type, WellKnown,
    parse_timestamp, put_number, timestamp,
};
use crate::wire::{Cursor, WireValue, put_varint};

/// What becomes of a value that a rule selects.
///
/// It is displayed as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It becomes what it is if nobody sets it: `clear`.
    Clear,
    /// Its element of a list, or its entry of a map, goes; a field becomes unset: `drop`.
    Drop,
    /// It becomes this, read as a value of its type: `replace:TEXT`.
    Replace(String),
    /// All but the last so many characters become `*`: `mask:N`.
    Mask(usize),
    /// It becomes another value, which its value and the key decide: `pseudonym`, `pseudonym:same-length`.
    Pseudonym(Form),
    /// A time becomes another one, as far from all others as before: `shift`, which the key decides, or `shift:-30d`, in seconds.
    Shift(Option<i64>),
}

/// What a pseudonym of a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `redacted-` and sixteen characters, which can be known again.
    Marked,
    /// As many characters of the same kinds, which can't.
    SameLength,
}

/// Why an action can't be applied to a value. It never tells the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// An action of texts, and something that is none.
    #[error("`{action}` can't be applied to {what}")]
    Kind {
        /// The action.
        action: String,
        /// What was found.
        what: &'static str,
        /// What would fit.
        hint: &'static str,
    },
    /// A replacement that is no value of the field's type.
    #[error("`{text}` is no value of type {of}")]
    NoValue {
        /// The replacement.
        text: String,
        /// The type.
        of: String,
    },
    /// There are too few values of this kind to give each another one.
    #[error("there are too few {of} for pseudonyms that differ")]
    TooFew {
        /// What there are too few of.
        of: &'static str,
    },
    /// Two values that would get the same pseudonym.
    #[error("two values would get the same pseudonym")]
    SamePseudonym,
    /// A time that would leave the years 1 to 9999.
    #[error("a time can't be moved by {0} seconds: it would leave the years 1 to 9999")]
    TimeOutOfRange(i64),
}

impl Unfit {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Unfit::Kind { hint, .. } => hint,
            Unfit::NoValue { .. } => "name a value of the field's type behind replace:, or clear it",
            Unfit::TooFew { .. } => "use clear, replace:VALUE, or for texts pseudonym",
            Unfit::SamePseudonym => "use another key",
            Unfit::TimeOutOfRange(_) => "name another distance, such as shift:-30d",
        }
    }
}

impl Action {
    /// Whether it needs a key.
    pub fn needs_key(&self) -> bool {
        matches!(self, Action::Pseudonym(_) | Action::Shift(None))
    }

    /// Whether what it makes of texts can be known again, so that it is not changed a second time.
    pub fn is_recognisable(&self) -> bool {
        !matches!(self, Action::Pseudonym(Form::SameLength) | Action::Shift(_))
    }

    /// Whether it can be applied to a text: times alone are moved.
    pub(super) fn fits_text(&self, text: &[u8]) -> bool {
        !matches!(self, Action::Shift(_)) || !matches!(shifted_text(text, 1), Ok(None))
    }

    /// What becomes of a text.
    pub(super) fn of_text(&self, text: &[u8], key: Option<&Key>) -> Result<Vec<u8>, Unfit> {
        Ok(match (self, key) {
            (Action::Clear | Action::Drop, _) => Vec::new(),
            (Action::Replace(new), _) => new.clone().into_bytes(),
            (Action::Mask(kept), _) => masked(text, *kept),
            (Action::Pseudonym(Form::Marked), Some(key)) if key.is_pseudonym(text) => text.to_vec(),
            (Action::Pseudonym(Form::Marked), Some(key)) => key.pseudonym(text).into_bytes(),
            (Action::Pseudonym(Form::SameLength), Some(key)) => {
                let of = "digits and letters in a value, or there are characters beyond ASCII,";
                key.same_length(text).ok_or(Unfit::TooFew { of })?
            }
            (Action::Shift(by), key) => shifted_text(text, shift_of(*by, key))?.ok_or(Unfit::Kind {
                action: self.to_string(),
                what: "a text that is no time",
                hint: "select times alone: google.protobuf.Timestamp, or strings as RFC 3339 writes times",
            })?,
            // Rules with such an action and no key are refused.
            (Action::Pseudonym(_), None) => Vec::new(),
        })
    }

    /// What becomes of a value that is no text and no default: its bytes on the wire are appended.
    pub(super) fn of_number(
        &self,
        value: &Scalar<'_>,
        ty: &Type,
        key: Option<&Key>,
        new: &mut Vec<u8>,
    ) -> Result<(), Unfit> {
        let unfit = |hint| Unfit::Kind { action: self.to_string(), what: kind_of(value), hint };
        let number = match (self, key) {
            (Action::Replace(text), _) => number_of(text, value, ty)?,
            (Action::Pseudonym(_), Some(key)) => pseudonym_of(value, key)?,
            (Action::Mask(_) | Action::Pseudonym(_), _) => {
                return Err(unfit("use clear or replace:VALUE for numbers, booleans and enums"));
            }
            (Action::Shift(_), _) => return Err(unfit("select times: google.protobuf.Timestamp, or strings")),
            // These are no matter of values.
            (Action::Clear | Action::Drop, _) => Number::default(),
        };
        put_number(new, ty, number);
        Ok(())
    }

    /// What becomes of a message that is one value, such as a time, if this is such a message: its content is appended.
    pub(super) fn of_message(
        &self,
        layout: &Layout,
        content: &[u8],
        schema: &Schema,
        key: Option<&Key>,
        new: &mut Vec<u8>,
    ) -> Result<bool, Unfit> {
        match (self, layout.well_known()) {
            (Action::Shift(by), Some(WellKnown::Timestamp)) => {
                let (seconds, nanos) = read_time(content).ok_or_else(|| Unfit::Kind {
                    action: self.to_string(),
                    what: "a time with more than seconds and nanoseconds",
                    hint: "clear it, or replace it",
                })?;
                if seconds == ZERO_TIME_SECONDS {
                    new.extend_from_slice(content);
                    return Ok(true);
                }
                let by = shift_of(*by, key);
                let moved = seconds.checked_add(by).filter(|moved| timestamp(&mut Vec::new(), *moved, 0).is_ok());
                let moved = moved.ok_or(Unfit::TimeOutOfRange(by))?;
                put_time(new, moved, nanos);
                Ok(true)
            }
            (
                Action::Replace(text),
                Some(WellKnown::Timestamp | WellKnown::Duration | WellKnown::FieldMask | WellKnown::Wrapper),
            ) => {
                let no_value = || Unfit::NoValue { text: text.clone(), of: layout.full_name().to_owned() };
                let id: LayoutId = schema.resolve(layout.full_name()).map_err(|_| no_value())?;
                let quoted = serde_json::to_vec(text).expect("a string is JSON");
                let mut reader = JsonReader::new(schema, JsonReadOptions::default());
                // Numbers and booleans stand without quotes.
                let read = reader.read(id, &quoted, new).or_else(|_| reader.read(id, text.as_bytes(), new));
                read.map_err(|_| no_value())?;
                Ok(true)
            }
            (Action::Mask(_) | Action::Pseudonym(_), Some(WellKnown::Timestamp | WellKnown::Duration)) => {
                Err(Unfit::Kind {
                    action: self.to_string(),
                    what: "a time",
                    hint: "use shift, which keeps the order of times and their distances",
                })
            }
            _ => Ok(false),
        }
    }
}

/// The second in which the year 1 begins: what Go's `time.Time` is if nobody sets it, which stands for no time and is not moved.
///
/// Source: Go's package `time`, "The zero value of type Time".
const ZERO_TIME_SECONDS: i64 = -62_135_596_800;

fn shift_of(by: Option<i64>, key: Option<&Key>) -> i64 {
    by.or_else(|| key.map(Key::shift_seconds)).unwrap_or_default()
}

/// The seconds and nanos of a `google.protobuf.Timestamp`, if it has nothing else, and neither of them twice.
fn read_time(content: &[u8]) -> Option<(i64, i32)> {
    let (mut seconds, mut nanos) = (None, None);
    let mut cursor = Cursor::new(content, 0..content.len());
    while let Some((end, tag, value)) = cursor.quick_field() {
        match (tag.number(), value) {
            (1, WireValue::Bits(bits)) if seconds.is_none() => seconds = Some(bits as i64),
            (2, WireValue::Bits(bits)) if nanos.is_none() => nanos = Some(bits as i32),
            _ => return None,
        }
        cursor.position = end;
    }
    cursor.is_at_end().then(|| (seconds.unwrap_or_default(), nanos.unwrap_or_default()))
}

fn put_time(new: &mut Vec<u8>, seconds: i64, nanos: i32) {
    if seconds != 0 {
        put_varint(new, 1, seconds as u64);
    }
    if nanos != 0 {
        put_varint(new, 2, i64::from(nanos) as u64);
    }
}

/// A text whose characters are `*`, but for the last ones; those of one that is as short as these, too.
fn masked(text: &[u8], kept: usize) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(text) else {
        let hidden = if text.len() > kept { text.len() - kept } else { text.len() };
        return [vec![b'*'; hidden], text[hidden..].to_vec()].concat();
    };
    let count = text.chars().count();
    let hidden = if count > kept { count - kept } else { count };
    let end = text.char_indices().nth(hidden).map_or(text.len(), |(at, _)| at);
    ["*".repeat(hidden).as_bytes(), &text.as_bytes()[end..]].concat()
}

/// A time as RFC 3339 writes it, moved; nothing if the text is none.
fn shifted_text(text: &[u8], by: i64) -> Result<Option<Vec<u8>>, Unfit> {
    let Some((date, rest)) = text.split_at_checked(19) else { return Ok(None) };
    let digits = rest.strip_prefix(b".").map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let zone = &rest[if digits > 0 { digits + 1 } else { 0 }..];
    let is_zone = match zone {
        b"Z" | b"z" => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].into_iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let read = is_zone.then(|| parse_timestamp(&[date, b"Z"].concat())).flatten();
    let Some((seconds, _)) = read else { return Ok(None) };
    if seconds == ZERO_TIME_SECONDS {
        return Ok(Some(text.to_vec()));
    }
    let mut new = Vec::new();
    let moved = seconds.checked_add(by).ok_or(Unfit::TimeOutOfRange(by))?;
    timestamp(&mut new, moved, 0).map_err(|_| Unfit::TimeOutOfRange(by))?;
    // The fraction and the zone are as they were.
    new.truncate(19);
    new.extend_from_slice(rest);
    Ok(Some(new))
}

/// What errors call a value.
fn kind_of(value: &Scalar<'_>) -> &'static str {
    match value {
        Scalar::Bool(_) => "a boolean",
        Scalar::F32(_) | Scalar::F64(_) => "a floating-point number",
        Scalar::I32(_) | Scalar::I64(_) | Scalar::U32(_) | Scalar::U64(_) => "a number",
        Scalar::Enum(..) => "an enum",
        Scalar::String(_) => "a string",
        Scalar::Bytes(_) => "bytes",
    }
}

/// The value of a type that a text is.
fn number_of(text: &str, value: &Scalar<'_>, ty: &Type) -> Result<Number, Unfit> {
    fn bits<T: FromStr>(text: &str, bits: impl FnOnce(T) -> u64) -> Option<u64> {
        text.parse().ok().map(bits)
    }
    let (found, of) = match value {
        Scalar::Bool(_) => (bits(text, |value: bool| value.into()), "bool".to_owned()),
        Scalar::I32(_) => (bits(text, |value: i32| i64::from(value) as u64), "int32".to_owned()),
        Scalar::I64(_) => (bits(text, |value: i64| value as u64), "int64".to_owned()),
        Scalar::U32(_) => (bits(text, |value: u32| value.into()), "uint32".to_owned()),
        Scalar::U64(_) => (bits(text, |value: u64| value), "uint64".to_owned()),
        Scalar::F32(_) => (bits(text, |value: f32| value.to_bits().into()), "float".to_owned()),
        Scalar::F64(_) => (bits(text, |value: f64| value.to_bits()), "double".to_owned()),
        Scalar::Enum(_, layout) => (enum_bits(text, layout), layout.full_name().to_owned()),
        Scalar::String(_) | Scalar::Bytes(_) => unreachable!("{ty:?} is no number"),
    };
    found.map(|bits| Number { bits }).ok_or(Unfit::NoValue { text: text.to_owned(), of })
}

fn enum_bits(text: &str, layout: &EnumLayout) -> Option<u64> {
    let number = layout.number(text).or_else(|| text.parse().ok())?;
    Some(i64::from(number) as u64)
}

fn pseudonym_of(value: &Scalar<'_>, key: &Key) -> Result<Number, Unfit> {
    let signed = |number: i64, most: u64, least: u64| match number {
        0.. => key.number(number.unsigned_abs(), most),
        _ => (key.number(number.unsigned_abs(), least) as i64).wrapping_neg() as u64,
    };
    let bits = match value {
        Scalar::I32(number) => signed((*number).into(), i32::MAX as u64, 1 << 31),
        Scalar::I64(number) => signed(*number, i64::MAX as u64, 1 << 63),
        Scalar::U32(number) => key.number((*number).into(), u32::MAX.into()),
        Scalar::U64(number) => key.number(*number, u64::MAX),
        Scalar::Enum(number, layout) => {
            let mut numbers: Vec<i32> = layout.names().filter_map(|name| layout.number(name)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers.retain(|number| *number != layout.default_number());
            let new = key.enum_number(layout.full_name(), &numbers, *number);
            i64::from(new.ok_or(Unfit::TooFew { of: "values of the enum" })?) as u64
        }
        Scalar::Bool(_) => return Err(Unfit::TooFew { of: "booleans" }),
        Scalar::F32(_) | Scalar::F64(_) | Scalar::String(_) | Scalar::Bytes(_) => {
            return Err(Unfit::Kind {
                action: "pseudonym".to_owned(),
                what: kind_of(value),
                hint: "use clear or replace:VALUE",
            });
        }
    };
    Ok(Number { bits })
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Clear => f.write_str("clear"),
            Action::Drop => f.write_str("drop"),
            Action::Replace(text) => write!(f, "replace:{text}"),
            Action::Mask(kept) => write!(f, "mask:{kept}"),
            Action::Pseudonym(Form::Marked) => f.write_str("pseudonym"),
            Action::Pseudonym(Form::SameLength) => f.write_str("pseudonym:same-length"),
            Action::Shift(None) => f.write_str("shift"),
            Action::Shift(Some(seconds)) => write!(f, "shift:{seconds}s"),
        }
    }
}

/// Why a text is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no action, expected clear, drop, replace:TEXT, mask:N, pseudonym, pseudonym:same-length, shift or shift:-30d"
)]
pub struct NoAction(String);

impl FromStr for Action {
    type Err = NoAction;

    fn from_str(text: &str) -> Result<Action, NoAction> {
        let no_action = || NoAction(text.to_owned());
        match text.split_once(':') {
            None => match text {
                "clear" => Some(Action::Clear),
                "drop" => Some(Action::Drop),
                "pseudonym" => Some(Action::Pseudonym(Form::Marked)),
                "shift" => Some(Action::Shift(None)),
                _ => None,
            },
            Some(("replace", new)) => Some(Action::Replace(new.to_owned())),
            Some(("mask", kept)) => kept.parse().ok().map(Action::Mask),
            Some(("pseudonym", "same-length")) => Some(Action::Pseudonym(Form::SameLength)),
            Some(("shift", by)) => seconds_of(by).map(|by| Action::Shift(Some(by))),
            Some(_) => None,
        }
        .ok_or_else(no_action)
    }
}

/// A time span such as `-30d`, `12h`, `90s`, in seconds; 0 is none.
fn seconds_of(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit).filter(|seconds| *seconds != 0)
}
