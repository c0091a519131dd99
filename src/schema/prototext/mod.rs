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

/// Reads an `Any` whose name the lexer has just read, braces included.
///
/// The message of an expanded one is encoded as Go's deterministic encoder does.
pub(crate) fn read_any<'t>(lexer: &mut Lexer<'t>, schema: &Schema) -> Result<AnyText<'t>, ParseError> {
    let at = lexer.at();
    match lexer.token()? {
        Token::Open => Builder::new(lexer, schema).any(),
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
    Builder::new(&mut Lexer::new(text, Dialect::Standard), schema).text(layout, out)
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
