//! [`Loss`]: what the text of a message does not tell, and where in the message it stands.
//!
//! The writer of text only counts what it leaves out, which costs nothing. Where that must not be, the message is walked
//! again to say where.

use super::Unresolved;
use super::layout::{Field, Layout};
use super::sink::{Flow, Malformed, Order, Place, Scalar, Sink, Unopened, UnopenedAny};
use super::text::{EXPANDED_LIMIT, is_plain_type_url};
use super::walk::{Walker, Wire};
use crate::entry::Any;
use crate::error::excerpt;
use crate::wire::{Cursor, Groups, NESTING_LIMIT, Tag, WireType};

/// What the text format can't carry.
///
/// A path leads from the message of the entry to the place: names of fields apart by dots, `[3]` to an element of a list,
/// `["key"]` to a value of a map, `(pkg.Type)` into an `Any`. It is empty for the message itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Loss {
    /// A field that the descriptor of its message does not know.
    #[error("field {field} of {message}, which the descriptor does not know{}", at(.path))]
    UnknownField {
        /// The field's number.
        field: u32,
        /// The full name of the message's type.
        message: String,
        /// The path of the message.
        path: String,
    },
    /// A string that must be UTF-8 and is not, so that readers of the text refuse it.
    #[error("a string that is not valid UTF-8{}", at(.path))]
    Utf8 {
        /// The path of the string.
        path: String,
    },
    /// An `Any` whose type URL is not UTF-8.
    #[error("a type URL that is not valid UTF-8{}", at(.path))]
    TypeUrl {
        /// The path of the `Any`.
        path: String,
    },
    /// An [`Extension`](crate::extension::Extension) beside an entry.
    #[error("metadata, or the time, which was noted beside the entry")]
    Extension,
    /// Messages, map entries and `Any`s inside one another beyond what readers of text take.
    #[error("messages that nest deeper than {NESTING_LIMIT}, entries of maps and expanded Anys included")]
    TooDeep,
}

impl Loss {
    /// The loss of a field, given by its bytes.
    pub(crate) fn unknown_field(wire: &[u8], message: &str, path: &str) -> Loss {
        let field = Cursor::new(wire, 0..wire.len()).unknown_tag().map_or(0, |(number, _)| number);
        Loss::UnknownField { field, message: message.to_owned(), path: shown(path) }
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(", at `{path}`") }
}

/// A path as an error shows it.
fn shown(path: &str) -> String {
    const SHOWN_CHARACTERS: usize = 300;
    excerpt(path.as_bytes(), SHOWN_CHARACTERS)
}

/// Finds the first thing in the order of the text that the text of a message does not tell, nesting apart; or that its JSON
/// does not, which opens each `Any` that can be.
pub(crate) fn find_loss(walker: &mut Walker<'_>, any: Any<'_>, opens_all: bool) -> Option<Loss> {
    let layout = walker.schema().resolve(any.type_url).ok()?;
    let is_in_any = |end: &End| matches!(end, End::Malformed(malformed) if malformed.in_any());
    let found = walker.checked_if_needed(is_in_any, |walker| {
        walker.walk(layout, any.value, &mut LossSink { opens_all, ..LossSink::default() })
    });
    match found {
        Err(End::Loss(loss)) => Some(loss),
        // What is malformed is carried as its bytes.
        Ok(()) | Err(End::Malformed(_)) => None,
    }
}

/// Why a walk ended.
enum End {
    Loss(Loss),
    Malformed(Malformed),
}

impl From<Malformed> for End {
    fn from(malformed: Malformed) -> Self {
        End::Malformed(malformed)
    }
}

/// Ends the walk at the first loss.
#[derive(Default)]
struct LossSink {
    path: String,
    /// How long the path was before each of its steps.
    steps: Vec<usize>,
    /// The numbers of the next elements of the lists that are open.
    elements: Vec<u64>,
    /// The names of the types of the messages that are open.
    types: Vec<String>,
    /// How many `Any` are open.
    expanded: usize,
    /// Whether each `Any` is opened, also those that text does not expand.
    opens_all: bool,
}

impl LossSink {
    fn step(&mut self, step: &str) {
        self.steps.push(self.path.len());
        self.path.push_str(step);
    }

    fn step_to_field(&mut self, field: &Field) {
        self.steps.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('.');
        }
        // An extension's full name stands in brackets.
        self.path.push_str(if field.is_extension() { field.text_name() } else { field.name() });
    }

    fn step_to(&mut self, place: Place<'_>) {
        match place {
            Place::Field(field) => self.step_to_field(field),
            Place::Element(_) => {
                let element = self.elements.last_mut().expect("elements come in lists");
                let step = format!("[{element}]");
                *element += 1;
                self.step(&step);
            }
            // The steps were made where the entry, or the `Any`, began.
            Place::Root | Place::MapValue(_) | Place::Any => self.step(""),
        }
    }

    fn step_back(&mut self) {
        let length = self.steps.pop().expect("every step back is one of a step forth");
        self.path.truncate(length);
    }

    fn check_string(&self, field: &Field, value: Scalar<'_>) -> Result<(), End> {
        match value {
            Scalar::String(value) if field.checks_utf8() && simdutf8::basic::from_utf8(value).is_err() => {
                Err(End::Loss(Loss::Utf8 { path: shown(&self.path) }))
            }
            _ => Ok(()),
        }
    }

    /// Looks for fields of an `Any` beside its two.
    fn check_any(&self, wire: Wire<'_>) -> Result<(), End> {
        const TYPE_URL: Tag = Tag::new(1, WireType::Bytes);
        const VALUE: Tag = Tag::new(2, WireType::Bytes);
        if !wire.has_unknown() {
            return Ok(());
        }
        let bytes = wire.bytes();
        let mut cursor = Cursor::new(&bytes, 0..bytes.len());
        let mut groups = Groups::default();
        while !cursor.is_at_end() {
            let start = cursor.position;
            match cursor.field(&mut groups) {
                Ok((TYPE_URL | VALUE, _)) => {}
                Ok(_) => {
                    let loss = Loss::unknown_field(&bytes[start..], "google.protobuf.Any", &self.path);
                    return Err(End::Loss(loss));
                }
                // The walker has read them.
                Err(_) => break,
            }
        }
        Ok(())
    }
}

impl Sink for LossSink {
    type Error = End;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, End> {
        self.step_to(place);
        self.types.push(layout.full_name().to_owned());
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), End> {
        self.step_back();
        self.types.pop();
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), End> {
        self.step_to(place);
        if let Place::Field(field) | Place::Element(field) | Place::MapValue(field) = place {
            self.check_string(field, value)?;
        }
        self.step_back();
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), End> {
        self.step_to_field(field);
        self.elements.push(0);
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), End> {
        self.step_back();
        self.elements.pop();
        Ok(())
    }

    fn begin_map(&mut self, field: &Field) -> Result<(), End> {
        self.step_to_field(field);
        Ok(())
    }

    fn begin_entry(&mut self, _: &Field, key: &Field, value: Scalar<'_>) -> Result<(), End> {
        /// A key is shown up to here.
        const KEY_CHARACTERS: usize = 60;
        let step = match value {
            Scalar::String(text) | Scalar::Bytes(text) => format!("[\"{}\"]", excerpt(text, KEY_CHARACTERS)),
            Scalar::Bool(key) => format!("[{key}]"),
            Scalar::I32(key) | Scalar::Enum(key, _) => format!("[{key}]"),
            Scalar::I64(key) => format!("[{key}]"),
            Scalar::U32(key) => format!("[{key}]"),
            Scalar::U64(key) => format!("[{key}]"),
            Scalar::F32(key) => format!("[{key}]"),
            Scalar::F64(key) => format!("[{key}]"),
        };
        self.step(&step);
        self.check_string(key, value)
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), End> {
        self.step_back();
        Ok(())
    }

    fn end_map(&mut self, _: &Field) -> Result<(), End> {
        self.step_back();
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, any: Any<'_>, layout: &Layout, wire: Wire<'_>) -> Result<Flow, End> {
        self.step_to(place);
        self.check_any(wire)?;
        if !self.opens_all && (self.expanded == EXPANDED_LIMIT || !is_plain_type_url(any.type_url)) {
            self.step_back();
            return Ok(Flow::Skip);
        }
        self.step(&format!("({})", layout.full_name()));
        self.expanded += 1;
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), End> {
        self.step_back();
        self.step_back();
        self.expanded -= 1;
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, any: UnopenedAny<'_>, wire: Wire<'_>) -> Result<Flow, End> {
        self.step_to(place);
        if let Unopened::Unresolved(Unresolved::NotUtf8) = any.reason {
            return Err(End::Loss(Loss::TypeUrl { path: shown(&self.path) }));
        }
        self.check_any(wire)?;
        self.step_back();
        Ok(Flow::Skip)
    }

    fn unknown(&mut self, wire: &[u8]) -> Result<(), End> {
        let message = self.types.last().map_or("", String::as_str);
        Err(End::Loss(Loss::unknown_field(wire, message, &self.path)))
    }
}
