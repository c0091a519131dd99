//! Reads prototext, as far as Go's `prototext` package reads it, into wire bytes.
//!
//! Messages within messages are kept on a stack of our own, so that no text can exhaust the thread's. Field names mean
//! what the [`Schema`] says; an expanded `Any` of a type that it does not know is an error, because there are no bytes
//! that could be kept instead.
//!
//! There are two roads. The [`Lexer`] takes all of prototext; text as recorders write it, a field to a line, is read
//! without making words of it, see [`quick`].
//!
//! Source: protobuf-go's `encoding/prototext`.

mod builder;
mod error;
mod quick;
mod string;
mod token;
mod value;

pub use error::{ParseError, ParseFault};
pub(super) use token::is_bracketed_url;
pub(crate) use token::{Dialect, Lexer, Name, NameKind, Scalar, Token};

use std::borrow::Cow;

use super::{LayoutId, Schema};
use builder::Builder;
use error::quote;

/// How many expanded `Any` may stand inside one another.
///
/// Each may have to be put into canonical order and copied where it ends, so that what stands inside all of them costs as
/// many times its length: a string of 4 MB inside 9,000 took 13 s. Go's reader has its limit of 10,000 messages alone; a
/// message that is packed into another a hundred times over has not been seen.
pub(super) const EXPANDED_LIMIT: usize = 100;

/// An `Any`, from either of its two forms.
#[derive(Debug, Default)]
pub(crate) struct AnyText<'t> {
    pub(crate) type_url: Cow<'t, str>,
    pub(crate) value: Vec<u8>,
}

/// Reads the string in quotes that begins at a byte of a text, and says where it ends.
///
/// # Errors
///
/// Where it is none, and why.
pub(crate) fn read_string(text: &[u8], start: usize) -> Result<(Vec<u8>, usize), (usize, String)> {
    let mut value = Cow::default();
    match string::read(text, start, Dialect::Go, &mut value) {
        Ok(end) => Ok((value.into_owned(), end)),
        Err(error) => Err((error.at(), error.into_fault().to_string())),
    }
}

/// Reads an `Any` whose name the lexer has just read, braces included.
///
/// The message of an expanded one is encoded as Go's deterministic encoder does.
pub(crate) fn read_any<'t>(lexer: &mut Lexer<'t>, schema: &Schema) -> Result<AnyText<'t>, ParseError> {
    let at = lexer.at();
    match lexer.token()? {
        Token::Open => Builder::new(lexer, schema, Vec::new()).any(),
        token => Err(unexpected(at, &token)),
    }
}

/// Reads the text of a message of any type, and appends its canonical bytes to `out`: those of
/// [`write_canonical`](super::write_canonical).
///
/// Takes what protobuf's conformance suite wants taken and, beyond that, what Go's reader takes where the suite has
/// nothing against it: unlike the text of a recording, an octal number is none for a `float` or `double`, no pair of
/// surrogates stands for a character, and a closed enum has no numbers without a name. Required fields may be missing.
///
/// Source: protobuf's text format specification, and protobuf-go, `prototext.Unmarshal`.
///
/// # Errors
///
/// [`ParseError`] if the text is not that of a message of the type, with the place; `out` is then as it was.
pub fn read_text(schema: &Schema, layout: LayoutId, text: &[u8], out: &mut Vec<u8>) -> Result<(), ParseError> {
    let start = out.len();
    let mut lexer = Lexer::new(text, Dialect::Standard);
    let mut builder = Builder::new(&mut lexer, schema, std::mem::take(out));
    let result = builder.text(layout);
    *out = if result.is_ok() { builder.into_bytes() } else { builder.into_first_bytes(start) };
    result
}

/// The error that a token does not belong where it stands.
pub(crate) fn unexpected(at: usize, token: &Token<'_>) -> ParseError {
    let found = match token {
        Token::End => return ParseError::new(at, ParseFault::End),
        Token::Name(name) => quote(name.raw),
        Token::Scalar(scalar) => quote(scalar.raw),
        Token::Open => "{".to_owned(),
        Token::Close => "}".to_owned(),
        Token::ListOpen => "[".to_owned(),
        Token::ListClose => "]".to_owned(),
    };
    ParseError::new(at, ParseFault::Unexpected(found))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::testing::{any, bytes, group, id, schema, varint};
    use crate::schema::{TextOptions, Walker, write_canonical, write_text};

    fn read(schema: &Schema, name: &str, text: &[u8], makes_words_of_all: bool) -> Result<Vec<u8>, (usize, String)> {
        let mut lexer = Lexer::new(text, Dialect::Standard);
        let mut builder = Builder::new(&mut lexer, schema, Vec::new());
        builder.makes_words_of_all = makes_words_of_all;
        builder.text(id(schema, name)).map_err(|error| (error.at(), error.to_string()))?;
        Ok(builder.into_bytes())
    }

    fn canonical(schema: &Schema, name: &str, wire: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_canonical(&mut Walker::new(schema), id(schema, name), wire, &mut out).expect("it is a message");
        out
    }

    fn text_of(schema: &Schema, name: &str, wire: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_text(&mut Walker::new(schema), id(schema, name), wire, TextOptions::default(), &mut out)
            .expect("a message");
        out
    }

    /// The fields of a message of type `test.All`, in any order and repeated; `Any`s hold canonical bytes, which is what
    /// their text is read as.
    fn message() -> impl Strategy<Value = Vec<u8>> {
        let number = prop_oneof![0..3u64, 0..300u64, any_number()];
        let string = prop_oneof!["[a-c]{0,4}", "[ -~]{0,20}", "[\\PC\r\n\t\x00-\x20\x7f-\u{9f}]{0,12}"];
        let scalar = prop_oneof![
            8 => (prop::sample::select(vec![1, 7, 15, 16, 17]), number.clone()).prop_map(|(field, value)| varint(field, value)),
            8 => (prop::sample::select(vec![2, 4, 9, 20]), string.clone()).prop_map(|(field, string)| bytes(field, string)),
            4 => prop::collection::vec(prop::num::u8::ANY, 0..30).prop_map(|raw| bytes(14, raw)),
            2 => prop::num::f64::ANY.prop_filter("text has one NaN", |value| !value.is_nan())
                .prop_map(|value| [vec![0x61], value.to_le_bytes().to_vec()].concat()),
            2 => prop::collection::vec(0..128u8, 0..4).prop_map(|packed| bytes(3, packed)),
            2 => number.clone().prop_map(|element| varint(3, element)),
            3 => ("[a-c]?", number.clone()).prop_map(|(key, value)| bytes(5, [bytes(1, key), varint(2, value)].concat())),
            3 => (0..2u64, 0..7u64).prop_map(|(key, value)| bytes(21, [varint(1, key), varint(2, value)].concat())),
            3 => (0..9u64, 0..9u64).prop_map(|(x, y)| bytes(18, [varint(1, x), varint(2, y)].concat())),
        ];
        let of_fields = |field| prop::collection::vec(field, 0..6).prop_map(|fields| fields.concat());
        of_fields(scalar.clone().boxed()).prop_recursive(5, 80, 5, move |inner| {
            let field = prop_oneof![
                4 => scalar.clone(),
                4 => (prop::sample::select(vec![6, 8, 13]), inner.clone()).prop_map(|(field, inner)| bytes(field, inner)),
                2 => (any_number(), inner.clone())
                    .prop_map(|(key, inner)| bytes(11, [varint(1, key), bytes(2, inner)].concat())),
                1 => inner.clone().prop_map(|inner| bytes(10, any("t/test.All", canonical(&schema(), "test.All", &inner)))),
                1 => prop::collection::vec(prop::num::u8::ANY, 0..9).prop_map(|raw| bytes(10, any("t/no.Such", raw))),
            ];
            of_fields(field.boxed())
        })
    }

    fn any_number() -> impl Strategy<Value = u64> {
        (prop::num::u64::ANY, 0..64u32).prop_map(|(number, shift)| number >> shift)
    }

    proptest! {
        #[test]
        fn the_text_of_a_message_has_its_canonical_bytes(wire in message()) {
            let schema = schema();
            let expected = canonical(&schema, "test.All", &wire);
            let text = text_of(&schema, "test.All", &wire);
            for makes_words_of_all in [false, true] {
                let read = read(&schema, "test.All", &text, makes_words_of_all);
                prop_assert_eq!(read.as_ref(), Ok(&expected), "{}", String::from_utf8_lossy(&text));
            }
        }

        /// What is lawful and what is not, and where, must not depend on the road.
        #[test]
        fn both_roads_lead_to_the_same(
            wire in message(),
            edits in prop::collection::vec((prop::num::usize::ANY, "[ -~\n]{0,3}|\\PC", 0..4usize), 0..4),
        ) {
            let schema = schema();
            let mut text = text_of(&schema, "test.All", &wire);
            for (at, inserted, removed) in edits {
                let at = at % (text.len() + 1);
                let end = (at + removed).min(text.len());
                text.splice(at..end, inserted.into_bytes());
            }
            let quick = read(&schema, "test.All", &text, false);
            let words = read(&schema, "test.All", &text, true);
            prop_assert_eq!(quick, words, "{}", String::from_utf8_lossy(&text));
        }

        /// Blocks of lines that make up a field, sorted by anything that keeps the order within each field.
        #[test]
        fn the_order_of_fields_in_the_text_does_not_matter(wire in message(), seed in prop::num::u8::ANY) {
            let schema = schema();
            let text = text_of(&schema, "test.All", &wire);
            let mut blocks: Vec<Vec<u8>> = Vec::new();
            for line in text.split_inclusive(|&byte| byte == b'\n') {
                match blocks.last_mut() {
                    Some(block) if matches!(line[0], b' ' | b'}') => block.extend_from_slice(line),
                    _ => blocks.push(line.to_vec()),
                }
            }
            blocks.sort_by_key(|block| block.iter().take_while(|byte| **byte != b':').map(|byte| byte ^ seed).collect::<Vec<_>>());
            let read = read(&schema, "test.All", &blocks.concat(), false);
            prop_assert_eq!(read, Ok(canonical(&schema, "test.All", &wire)), "{}", String::from_utf8_lossy(&blocks.concat()));
        }
    }

    #[test]
    fn groups_and_extensions_are_read_on_both_roads() {
        let schema = schema();
        let wire = [
            group(1, [varint(2, 3), bytes(3, group(1, varint(2, 4)))].concat()),
            group(4, varint(5, 6)),
            group(4, []),
            bytes(100, "x"),
        ]
        .concat();
        let text = text_of(&schema, "test.Old", &wire);
        for makes_words_of_all in [false, true] {
            let read = read(&schema, "test.Old", &text, makes_words_of_all);
            assert_eq!(read, Ok(canonical(&schema, "test.Old", &wire)), "{}", String::from_utf8_lossy(&text));
        }
    }
}
