//! Points in time and spans of it, as values of CEL.

use std::any::Any;
use std::cmp::Ordering;

use cel::ExecutionError;
use cel::common::traits::{Adder, Comparer, Subtractor};
use cel::common::types::Type;
use cel::common::value::{CowVal, StaticVal, Val};

/// A `google.protobuf.Timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub seconds: i64,
    pub nanos: i32,
}

/// A `google.protobuf.Duration`: both numbers have the same sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub seconds: i64,
    pub nanos: i32,
}

pub(super) static MOMENT_TYPE: Type = Type::new_unspecified_type("timestamp");
pub(super) static SPAN_TYPE: Type = Type::new_unspecified_type("duration");

const NANOS: i128 = 1_000_000_000;

impl Moment {
    /// Reads a timestamp of RFC 3339, such as `2026-11-21T08:00:00.5Z` or with an offset `+01:00`.
    pub fn parse(text: &str) -> Option<Moment> {
        let number = |range: std::ops::Range<usize>| {
            let digits = text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<i64>().ok()
        };
        let bytes = text.as_bytes();
        let is_formed = bytes.len() >= 20 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[13] == b':';
        if !is_formed || bytes[16] != b':' || !matches!(bytes[10], b'T' | b't') {
            return None;
        }
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + i64::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut rest = &text[19..];
        let mut nanos = 0;
        if let Some(fraction) = rest.strip_prefix('.') {
            let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if length == 0 || length > 9 {
                return None;
            }
            nanos = fraction[..length].parse::<i32>().ok()? * 10_i32.pow(9 - length as u32);
            rest = &fraction[length..];
        }
        let offset = match rest.as_bytes() {
            b"Z" | b"z" => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let at = text.len() - 5;
                let (hours, minutes) = (number(at..at + 2)?, number(at + 3..at + 5)?);
                let seconds = hours * 3600 + minutes * 60;
                if hours > 23 || minutes > 59 {
                    return None;
                }
                if *sign == b'+' { seconds } else { -seconds }
            }
            _ => return None,
        };
        let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Some(Moment { seconds, nanos })
    }

    fn nanos(self) -> i128 {
        i128::from(self.seconds) * NANOS + i128::from(self.nanos)
    }

    fn of_nanos(nanos: i128) -> Option<Moment> {
        let seconds = i64::try_from(nanos.div_euclid(NANOS)).ok()?;
        Some(Moment { seconds, nanos: nanos.rem_euclid(NANOS) as i32 })
    }
}

/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl Span {
    /// Reads a duration such as `1h30m`, `-1.5s` or `300ms`.
    ///
    /// Source: the CEL specification, "Standard Definitions"; the units are those of Go's `time.ParseDuration`.
    pub fn parse(text: &str) -> Option<Span> {
        let (is_negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Some(Span { seconds: 0, nanos: 0 });
        }
        let mut nanos: i128 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (digits, after) = rest.split_at(number);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            if (whole.is_empty() && fraction.is_empty()) || whole.len() > 18 || fraction.contains('.') {
                return None;
            }
            let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
            let per_unit: i128 = match &after[..unit] {
                "h" => 3600 * NANOS,
                "m" => 60 * NANOS,
                "s" => NANOS,
                "ms" => 1_000_000,
                "us" | "µs" | "μs" => 1_000,
                "ns" => 1,
                _ => return None,
            };
            let whole = if whole.is_empty() { 0 } else { whole.parse::<i128>().ok()? };
            nanos = nanos.checked_add(whole.checked_mul(per_unit)?)?;
            let fraction = &fraction[..fraction.len().min(18)];
            if !fraction.is_empty() {
                nanos += fraction.parse::<i128>().ok()? * per_unit / 10_i128.pow(fraction.len() as u32);
            }
            rest = &after[unit..];
        }
        Span::of_nanos(if is_negative { -nanos } else { nanos })
    }

    fn nanos(self) -> i128 {
        i128::from(self.seconds) * NANOS + i128::from(self.nanos)
    }

    fn of_nanos(nanos: i128) -> Option<Span> {
        Some(Span { seconds: i64::try_from(nanos / NANOS).ok()?, nanos: (nanos % NANOS) as i32 })
    }
}

fn out_of_range(operator: &str) -> ExecutionError {
    ExecutionError::function_error(operator, "the time is out of range")
}

fn wrong_types(operator: &str, left: &dyn Val, right: &dyn Val) -> ExecutionError {
    let names = [left, right].map(|value| value.get_type().name().to_owned());
    ExecutionError::no_such_overload(operator, names.into())
}

impl Val for Moment {
    fn get_type(&self) -> &Type {
        &MOMENT_TYPE
    }

    fn cel_type() -> &'static Type {
        &MOMENT_TYPE
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_subtractor<'b, 'v>(&'b self) -> Option<&'b (dyn Subtractor + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_comparer(&self) -> Option<&dyn Comparer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Moment>().is_some_and(|other| self.nanos() == other.nanos())
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Moment {}

impl Comparer for Moment {
    fn compare(&self, other: &dyn Val) -> Result<Ordering, ExecutionError> {
        let other = other.downcast_ref::<Moment>().ok_or_else(|| wrong_types("_<_", self, other))?;
        Ok(self.nanos().cmp(&other.nanos()))
    }
}

impl Adder for Moment {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let span = other.downcast_ref::<Span>().ok_or_else(|| wrong_types("_+_", self, other))?;
        let sum = Moment::of_nanos(self.nanos() + span.nanos()).ok_or_else(|| out_of_range("+"))?;
        Ok(CowVal::owned(sum))
    }
}

impl Subtractor for Moment {
    fn sub<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        if let Some(other) = other.downcast_ref::<Moment>() {
            let difference = Span::of_nanos(self.nanos() - other.nanos()).ok_or_else(|| out_of_range("-"))?;
            return Ok(CowVal::owned(difference));
        }
        let span = other.downcast_ref::<Span>().ok_or_else(|| wrong_types("_-_", self, other))?;
        let difference = Moment::of_nanos(self.nanos() - span.nanos()).ok_or_else(|| out_of_range("-"))?;
        Ok(CowVal::owned(difference))
    }
}

impl Val for Span {
    fn get_type(&self) -> &Type {
        &SPAN_TYPE
    }

    fn cel_type() -> &'static Type {
        &SPAN_TYPE
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_subtractor<'b, 'v>(&'b self) -> Option<&'b (dyn Subtractor + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_comparer(&self) -> Option<&dyn Comparer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Span>().is_some_and(|other| self.nanos() == other.nanos())
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Span {}

impl Comparer for Span {
    fn compare(&self, other: &dyn Val) -> Result<Ordering, ExecutionError> {
        let other = other.downcast_ref::<Span>().ok_or_else(|| wrong_types("_<_", self, other))?;
        Ok(self.nanos().cmp(&other.nanos()))
    }
}

impl Adder for Span {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        if let Some(moment) = other.downcast_ref::<Moment>() {
            let sum = Moment::of_nanos(self.nanos() + moment.nanos()).ok_or_else(|| out_of_range("+"))?;
            return Ok(CowVal::owned(sum));
        }
        let other = other.downcast_ref::<Span>().ok_or_else(|| wrong_types("_+_", self, other))?;
        let sum = Span::of_nanos(self.nanos() + other.nanos()).ok_or_else(|| out_of_range("+"))?;
        Ok(CowVal::owned(sum))
    }
}

impl Subtractor for Span {
    fn sub<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let other = other.downcast_ref::<Span>().ok_or_else(|| wrong_types("_-_", self, other))?;
        let difference = Span::of_nanos(self.nanos() - other.nanos()).ok_or_else(|| out_of_range("-"))?;
        Ok(CowVal::owned(difference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_those_of_rfc_3339() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some((0, 0))),
            ("2026-11-21T08:00:00Z", Some((1_795_248_000, 0))),
            ("2026-11-21T09:30:00.25+01:30", Some((1_795_248_000, 250_000_000))),
            ("2000-02-29T00:00:00.000000001Z", Some((951_782_400, 1))),
            ("0001-01-01T00:00:00Z", Some((-62_135_596_800, 0))),
            ("9999-12-31T23:59:59Z", Some((253_402_300_799, 0))),
            ("1900-02-29T00:00:00Z", None),
            ("2026-11-21", None),
            ("2026-11-21T08:00:00", None),
            ("2026-13-21T08:00:00Z", None),
            ("2026-11-21T24:00:00Z", None),
            ("2026-11-21T08:00:00.Z", None),
            ("2026-11-21T08:00:00+1:00", None),
            ("2026-11-21T08:00:00é+é", None),
        ] {
            let expected = expected.map(|(seconds, nanos)| Moment { seconds, nanos });
            assert_eq!(Moment::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, expected) in [
            ("1h30m", Some((5400, 0))),
            ("1.5s", Some((1, 500_000_000))),
            ("-1.5s", Some((-1, -500_000_000))),
            ("300ms", Some((0, 300_000_000))),
            ("2µs7ns", Some((0, 2_007))),
            ("0", Some((0, 0))),
            (".5m", Some((30, 0))),
            ("", None),
            ("1", None),
            ("1d", None),
            ("h", None),
            ("1..5s", None),
            ("-", None),
            ("999999999999999999h", None),
        ] {
            let expected = expected.map(|(seconds, nanos)| Span { seconds, nanos });
            assert_eq!(Span::parse(text), expected, "{text}");
        }
    }
}
