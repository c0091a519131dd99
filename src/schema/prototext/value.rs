//! What a scalar says, as a value of the type that its field has.
//!
//! Source: protobuf-go's `internal/encoding/text`, the methods of `Token`.

use std::borrow::Cow;

use super::error::{ParseError, ParseFault, quote};
use super::token::{Dialect, Number, NumberForm, Scalar, ScalarKind};

/// The bits of Go's `math.NaN()`, which differ from Rust's and C's.
const GO_NAN: u64 = 0x7ff8_0000_0000_0001;

impl<'t> Scalar<'t> {
    /// The error that the scalar is no value of a type.
    pub(crate) fn mismatch(&self, expected: &'static str) -> ParseError {
        ParseError::new(self.at, ParseFault::ValueType { expected, found: quote(self.raw) })
    }

    /// `true`, `True`, `t`, 1, and their opposites; numbers in any form of integer.
    pub(crate) fn bool(&self) -> Result<bool, ParseError> {
        match self.kind {
            ScalarKind::Literal("true" | "True" | "t") => Some(true),
            ScalarKind::Literal("false" | "False" | "f") => Some(false),
            ScalarKind::Number(number) => match number.unsigned() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                Some(_) | None => None,
            },
            ScalarKind::Literal(_) | ScalarKind::String(_) => None,
        }
        .ok_or_else(|| self.mismatch("bool"))
    }

    pub(crate) fn int32(&self) -> Result<i32, ParseError> {
        self.integer().and_then(|number| number.try_into().ok()).ok_or_else(|| self.mismatch("int32"))
    }

    pub(crate) fn int64(&self) -> Result<i64, ParseError> {
        self.integer().ok_or_else(|| self.mismatch("int64"))
    }

    pub(crate) fn uint32(&self) -> Result<u32, ParseError> {
        self.unsigned().and_then(|number| number.try_into().ok()).ok_or_else(|| self.mismatch("uint32"))
    }

    pub(crate) fn uint64(&self) -> Result<u64, ParseError> {
        self.unsigned().ok_or_else(|| self.mismatch("uint64"))
    }

    /// A number that is not hexadecimal, or the name of a special value in any case of letters.
    pub(crate) fn double(&self, expected: &'static str, dialect: Dialect) -> Result<f64, ParseError> {
        match self.kind {
            ScalarKind::Number(number) if number.form == NumberForm::Octal && dialect == Dialect::Standard => None,
            ScalarKind::Number(number) => number.float(),
            ScalarKind::Literal(literal) => match literal.to_ascii_lowercase().as_str() {
                "nan" => Some(f64::from_bits(GO_NAN)),
                "inf" | "infinity" => Some(f64::INFINITY),
                "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
                _ => None,
            },
            ScalarKind::String(_) => None,
        }
        .ok_or_else(|| self.mismatch(expected))
    }

    /// Rounded twice, as Go does: to a `double`, then to a `float`.
    pub(crate) fn float(&self, dialect: Dialect) -> Result<f32, ParseError> {
        Ok(self.double("float", dialect)? as f32)
    }

    pub(crate) fn bytes(&self, expected: &'static str) -> Result<&[u8], ParseError> {
        match &self.kind {
            ScalarKind::String(bytes) => Ok(bytes),
            ScalarKind::Literal(_) | ScalarKind::Number(_) => Err(self.mismatch(expected)),
        }
    }

    pub(crate) fn string(&self) -> Result<&str, ParseError> {
        let bytes = self.bytes("string")?;
        simdutf8::basic::from_utf8(bytes).map_err(|_| ParseError::new(self.at, ParseFault::Utf8))
    }

    /// The string, out of the text itself if it has no escapes.
    pub(crate) fn into_string(self) -> Result<Cow<'t, str>, ParseError> {
        match self.kind {
            ScalarKind::String(Cow::Borrowed(text)) => {
                str::from_utf8(text).map(Cow::Borrowed).map_err(|_| ParseError::new(self.at, ParseFault::Utf8))
            }
            ScalarKind::String(Cow::Owned(text)) => {
                String::from_utf8(text).map(Cow::Owned).map_err(|_| ParseError::new(self.at, ParseFault::Utf8))
            }
            ScalarKind::Literal(_) | ScalarKind::Number(_) => Err(self.mismatch("string")),
        }
    }

    /// A name or number of an enum whose numbers `number_of` knows.
    pub(crate) fn enumeration(&self, number_of: impl FnOnce(&str) -> Option<i32>) -> Result<i32, ParseError> {
        match self.kind {
            ScalarKind::Literal(name) => number_of(name).ok_or_else(|| self.mismatch("enum")),
            ScalarKind::Number(_) => self.int32().map_err(|_| self.mismatch("enum")),
            ScalarKind::String(_) => Err(self.mismatch("enum")),
        }
    }

    fn integer(&self) -> Option<i64> {
        match self.kind {
            ScalarKind::Number(number) => number.integer(),
            ScalarKind::Literal(_) | ScalarKind::String(_) => None,
        }
    }

    fn unsigned(&self) -> Option<u64> {
        match self.kind {
            ScalarKind::Number(number) => number.unsigned(),
            ScalarKind::Literal(_) | ScalarKind::String(_) => None,
        }
    }
}

impl Number<'_> {
    fn magnitude(self) -> Option<u64> {
        let radix = match self.form {
            NumberForm::Decimal => 10,
            NumberForm::Hexadecimal => 16,
            NumberForm::Octal => 8,
            NumberForm::Float => return None,
        };
        u64::from_str_radix(self.digits, radix).ok()
    }

    /// No sign, not even in front of a zero.
    fn unsigned(self) -> Option<u64> {
        if self.is_negative { None } else { self.magnitude() }
    }

    fn integer(self) -> Option<i64> {
        let magnitude = i128::from(self.magnitude()?);
        i64::try_from(if self.is_negative { -magnitude } else { magnitude }).ok()
    }

    fn float(self) -> Option<f64> {
        let magnitude: f64 = match self.form {
            NumberForm::Hexadecimal => return None,
            // What looks octal is decimal here.
            NumberForm::Decimal | NumberForm::Octal | NumberForm::Float => self.digits.parse().ok()?,
        };
        Some(if self.is_negative { -magnitude } else { magnitude })
    }
}
