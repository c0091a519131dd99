//! Values that JSON has other forms for than numbers and strings: integers, floats, bytes, times, paths.
//!
//! Source: the ProtoJSON specification, "JSON Mapping"; protobuf-go, `protojson`.

use std::borrow::Cow;

use super::lexer::is_number;
use crate::schema::number::{GO_NAN, GO_NAN_F32};

/// An integer of 64 bits and a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Integer {
    is_negative: bool,
    magnitude: u64,
}

impl Integer {
    pub(crate) fn new((is_negative, magnitude): (bool, u64)) -> Integer {
        Integer { is_negative, magnitude }
    }

    pub(super) fn is_zero(self) -> bool {
        self.magnitude == 0
    }

    /// The number as an `int64`, if it is one.
    #[inline]
    pub(crate) fn signed(self) -> Option<i64> {
        if self.is_negative { 0i64.checked_sub_unsigned(self.magnitude) } else { i64::try_from(self.magnitude).ok() }
    }

    /// The number as an `int32`, if it is one.
    #[inline]
    pub(super) fn signed_32(self) -> Option<i32> {
        i32::try_from(self.signed()?).ok()
    }

    /// The number as a `uint64`, if it is one.
    #[inline]
    pub(super) fn unsigned(self) -> Option<u64> {
        (!self.is_negative || self.magnitude == 0).then_some(self.magnitude)
    }
}

/// The integer that a number of JSON says, if it is one: `1.0` and `10e2` are.
#[inline]
pub(super) fn integer(text: &[u8]) -> Option<Integer> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let magnitude = match short_integer(digits) {
        Some(magnitude) => magnitude,
        None => u64::try_from(long_integer(digits)?).ok()?,
    };
    Some(Integer { is_negative, magnitude })
}

/// An integer of digits alone that is sure to fit.
#[inline]
fn short_integer(digits: &[u8]) -> Option<u64> {
    if digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0, |number: u64, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + u64::from(digit))
    })
}

#[cold]
fn long_integer(digits: &[u8]) -> Option<u128> {
    if digits.len() <= INTEGER_DIGITS && digits.iter().all(u8::is_ascii_digit) {
        return Some(digits.iter().fold(0, |number, digit| number * 10 + u128::from(digit - b'0')));
    }
    decimal_integer(digits)
}

/// How many digits an integer of 64 bits has, at most.
const INTEGER_DIGITS: usize = 20;

/// The integer that a number without sign says which has a point or an exponent.
fn decimal_integer(text: &[u8]) -> Option<u128> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, &b"0"[..]),
    };
    let (whole, fraction) = match mantissa.iter().position(|&byte| byte == b'.') {
        Some(place) => (&mantissa[..place], &mantissa[place + 1..]),
        None => (mantissa, &b""[..]),
    };
    let digits = [whole, fraction].concat();
    let first = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    let last = digits.iter().rposition(|&digit| digit != b'0').map_or(first, |place| place + 1);
    let significant = &digits[first..last];
    if significant.is_empty() {
        return Some(0);
    }
    if significant.len() > INTEGER_DIGITS {
        return None;
    }
    // An exponent that does not fit makes the number no integer of 64 bits in either direction.
    let exponent: i64 = std::str::from_utf8(exponent).ok()?.parse().ok()?;
    let zeros = exponent.checked_add(whole.len() as i64)?.checked_sub(last as i64)?;
    let zeros = u32::try_from(zeros).ok().filter(|zeros| *zeros as usize <= INTEGER_DIGITS)?;
    let number = significant.iter().fold(0u128, |number, digit| number * 10 + u128::from(digit - b'0'));
    number.checked_mul(10u128.pow(zeros))
}

/// The integer that a string says: a number of JSON and nothing else.
pub(crate) fn quoted_integer(text: &[u8]) -> Option<Integer> {
    if is_number(text) { integer(text) } else { None }
}

/// The `double` that a number of JSON says; none beyond its range.
pub(super) fn double(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The `float` that a number of JSON says; none beyond its range.
pub(super) fn float(text: &str) -> Option<f32> {
    let number: f32 = text.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The `double` that a string says: a number, or the name of what is none.
pub(super) fn quoted_double(text: &[u8]) -> Option<f64> {
    match text {
        b"NaN" => Some(f64::from_bits(GO_NAN)),
        b"Infinity" => Some(f64::INFINITY),
        b"-Infinity" => Some(f64::NEG_INFINITY),
        text if is_number(text) => double(std::str::from_utf8(text).ok()?),
        _ => None,
    }
}

/// The `float` that a string says.
pub(super) fn quoted_float(text: &[u8]) -> Option<f32> {
    match text {
        b"NaN" => Some(f32::from_bits(GO_NAN_F32)),
        b"Infinity" => Some(f32::INFINITY),
        b"-Infinity" => Some(f32::NEG_INFINITY),
        text if is_number(text) => float(std::str::from_utf8(text).ok()?),
        _ => None,
    }
}

/// Appends the bytes that base64 says, in either alphabet, padded or not, and says whether it is base64. Bits behind the
/// last byte may have any value.
///
/// Source: protobuf-go, `protojson`, `unmarshalBytes`.
pub(super) fn base64(text: &[u8], out: &mut Vec<u8>) -> bool {
    let digits = without_padding(text);
    let (whole, last) = digits.split_at(digits.len() - digits.len() % 4);
    let is_url = base64_simd::STANDARD_NO_PAD.decode_append(whole, out).is_err();
    if is_url && base64_simd::URL_SAFE_NO_PAD.decode_append(whole, out).is_err() {
        return false;
    }
    let is_url = is_url || last.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let is_standard = !is_url || !whole.iter().any(|byte| matches!(byte, b'+' | b'/'));
    if !is_standard {
        return false;
    }
    let last_two = if is_url { b"-_" } else { b"+/" };
    let Some(bits) = last.iter().try_fold(0, |bits, &digit| Some(bits << 6 | sextet(digit, last_two)?)) else {
        return false;
    };
    match last.len() {
        0 => {}
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => return false,
    }
    true
}

/// How many bytes base64 is, if it is base64.
pub(super) fn base64_bytes(text: &[u8]) -> usize {
    let digits = without_padding(text).len();
    digits / 4 * 3 + (digits % 4).saturating_sub(1)
}

fn without_padding(text: &[u8]) -> &[u8] {
    match text {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] if text.len().is_multiple_of(4) => digits,
        digits => digits,
    }
}

fn sextet(digit: u8, last_two: &[u8; 2]) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        _ if digit == last_two[0] => 62,
        _ if digit == last_two[1] => 63,
        _ => return None,
    };
    Some(value.into())
}

/// The seconds and nanos of a point in time as RFC 3339 has it, from the year 1 to 9999.
///
/// Source: the ProtoJSON specification; protobuf-go, `protojson`, `unmarshalTimestamp`: `T` and `Z` are capitals, and a
/// fraction has at most nine digits.
pub(crate) fn timestamp(text: &[u8]) -> Option<(i64, i32)> {
    let (date, rest) = text.split_first_chunk::<19>()?;
    let [front, middle, end] = [date.first_chunk(), date[8..].first_chunk(), date.last_chunk()];
    let front = digits_as(*front?, *b"0000-00-")?;
    let middle = digits_as(*middle?, *b"00T00:00")?;
    // Of the last eight bytes five were seen.
    let end = digits_as(*end?, *b"00:00:00")?;
    let pair = |digits: [u8; 8], at: usize| i64::from(digits[at]) * 10 + i64::from(digits[at + 1]);
    let year = pair(front, 0) * 100 + pair(front, 2);
    let (month, day, hour, minute, second) =
        (pair(front, 5), pair(middle, 0), pair(middle, 3), pair(middle, 6), pair(end, 6));
    if !(1..=12).contains(&month)
        || !(1..=days_of(year, month)).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let (nanos, zone) = match rest {
        [b'.', fraction @ ..] => {
            let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (nanos(&fraction[..length])?, &fraction[length..])
        }
        zone => (0, zone),
    };
    let offset_minutes = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1 @ b'0'..=b'9', h2 @ b'0'..=b'9', b':', m1 @ b'0'..=b'9', m2 @ b'0'..=b'9'] => {
            let two = |high: &u8, low: &u8| i64::from(high - b'0') * 10 + i64::from(low - b'0');
            let (hours, minutes) = (two(h1, h2), two(m1, m2));
            if hours > 24 || minutes > 60 {
                return None;
            }
            let offset = hours * 60 + minutes;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let seconds = ((days_from_epoch(year, month, day) * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
    TIMESTAMP_SECONDS.contains(&seconds).then_some((seconds, nanos))
}

/// The digits of eight bytes that are like others: digits where those have zeros, and the same elsewhere.
#[inline(always)]
fn digits_as(text: [u8; 8], like: [u8; 8]) -> Option<[u8; 8]> {
    let digits = u64::from_le_bytes(text) ^ u64::from_le_bytes(like);
    // What makes a byte overflow into its highest bit: ten or more in the place of a digit, one or more elsewhere.
    let over = u64::from_le_bytes(like.map(|byte| if byte == b'0' { 0x76 } else { 0x7f }));
    let odd = (digits & 0x7f7f_7f7f_7f7f_7f7f).wrapping_add(over) | digits;
    (odd & 0x8080_8080_8080_8080 == 0).then_some(digits.to_le_bytes())
}

/// From the first second of the year 1 to the last of the year 9999.
const TIMESTAMP_SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// How many days lie between 1970-01-01 and a date of the Gregorian calendar, with years that begin in March.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    const FROM_YEAR_0_TO_EPOCH: i64 = 719_468;
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - FROM_YEAR_0_TO_EPOCH
}

/// The nanoseconds of up to nine digits of a fraction.
fn nanos(digits: &[u8]) -> Option<i32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
    Some(number * 10i32.pow(9 - digits.len() as u32))
}

/// The seconds and nanos of a duration such as `-1.5s`.
///
/// Source: protobuf-go, `protojson`, `parseDuration`, which also takes `+1s`, `1.s` and `.5s`.
pub(super) fn duration(text: &[u8]) -> Option<(i64, i32)> {
    const LIMIT_SECONDS: i64 = 315_576_000_000;
    let text = text.strip_suffix(b"s")?;
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (whole, fraction) = match text.iter().position(|&byte| byte == b'.') {
        Some(point) => (&text[..point], Some(&text[point + 1..])),
        None => (text, None),
    };
    let is_number = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if text.is_empty() || !is_number(whole) || !is_number(fraction.unwrap_or_default()) {
        return None;
    }
    if (whole.is_empty() && fraction.is_none()) || (whole.len() > 1 && whole[0] == b'0') || whole.len() > 12 {
        return None;
    }
    let seconds = whole.iter().fold(0, |number: i64, digit| number * 10 + i64::from(digit - b'0'));
    let nanos = match fraction {
        None | Some([]) => 0,
        Some(fraction) => nanos(fraction)?,
    };
    if seconds > LIMIT_SECONDS {
        return None;
    }
    Some(if is_negative { (-seconds, -nanos) } else { (seconds, nanos) })
}

/// The path of a field mask that a path in camel case stands for.
///
/// Source: protobuf-go, `protojson`, `unmarshalFieldMask`.
pub(super) fn snake_case_path(camel: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut before = b'.';
    for &byte in camel {
        match (before, byte) {
            (b'.', b'a'..=b'z' | b'A'..=b'Z') => {}
            (b'.', _) => return None,
            (_, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.') => {}
            _ => return None,
        }
        before = byte;
    }
    if before == b'.' {
        return None;
    }
    if !camel.iter().any(u8::is_ascii_uppercase) {
        return Some(Cow::Borrowed(camel));
    }
    let mut snake = Vec::with_capacity(camel.len() + 4);
    for &byte in camel {
        if byte.is_ascii_uppercase() {
            snake.push(b'_');
        }
        snake.push(byte.to_ascii_lowercase());
    }
    Some(Cow::Owned(snake))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_may_have_points_and_exponents() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("1.0", 1),
            ("100e-2", 1),
            ("1.25e2", 125),
            ("-5E3", -5000),
            ("18446744073709551615", u64::MAX.into()),
            ("-9223372036854775808", i64::MIN.into()),
            ("-18446744073709551615", -i128::from(u64::MAX)),
            ("0.000e999999999999999999", 0),
            ("0e5", 0),
        ] {
            let integer = integer(text.as_bytes()).expect(text);
            let magnitude = i128::from(integer.magnitude);
            assert_eq!(if integer.is_negative { -magnitude } else { magnitude }, number, "{text}");
            assert_eq!(integer.signed().map(i128::from), i64::try_from(number).ok().map(i128::from), "{text}");
            assert_eq!(integer.unsigned().map(i128::from), u64::try_from(number).ok().map(i128::from), "{text}");
        }
        for text in ["0.5", "1e-1", "1e400", "1e99999999999999999999", "123456789012345678901234567890", "1.5"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn times_are_those_of_rfc_3339() {
        for (text, time) in [
            ("1970-01-01T00:00:00Z", (0, 0)),
            ("0001-01-01T00:00:00Z", (-62_135_596_800, 0)),
            ("9999-12-31T23:59:59.999999999Z", (253_402_300_799, 999_999_999)),
            ("2000-02-29T12:00:00.5+01:30", (951_820_200, 500_000_000)),
            ("1969-12-31T23:59:59.000000001-00:00", (-1, 1)),
        ] {
            assert_eq!(timestamp(text.as_bytes()), Some(time), "{text}");
        }
        for text in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01t00:00:00Z",
            "1970-01-01T00:00:00z",
            "1970-13-01T00:00:00Z",
            "1970-02-29T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:60Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.1234567890Z",
            "1970-01-01T00:00:00+1:00",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00Z",
            "1970-01-01 00:00:00Z",
            "+970-01-01T00:00:00Z",
        ] {
            assert_eq!(timestamp(text.as_bytes()), None, "{text}");
        }
        // What is written reads as what it was.
        for days in (-719_162..2_932_896).step_by(97) {
            let (seconds, mut text) = (days * 86_400 + 3_661, Vec::new());
            crate::schema::timestamp(&mut text, seconds, 5).expect("it is in range");
            assert_eq!(timestamp(&text), Some((seconds, 5)), "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn durations_end_with_s() {
        for (text, time) in [
            ("0s", (0, 0)),
            ("-1.5s", (-1, -500_000_000)),
            ("-0.000000001s", (0, -1)),
            ("+3s", (3, 0)),
            ("1.s", (1, 0)),
            (".5s", (0, 500_000_000)),
            ("315576000000s", (315_576_000_000, 0)),
        ] {
            assert_eq!(duration(text.as_bytes()), Some(time), "{text}");
        }
        for text in
            ["", "s", "1", "-s", ".", "1.0000000000s", "01s", "1s ", " 1s", "1.5", "315576000001s", "1e3s", "--1s"]
        {
            assert_eq!(duration(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn paths_turn_back() {
        for (camel, snake) in [("a", "a"), ("aB.c", "a_b.c"), ("A", "_a"), ("a1.bC2", "a1.b_c2")] {
            assert_eq!(snake_case_path(camel.as_bytes()).as_deref(), Some(snake.as_bytes()));
        }
        for camel in ["", ".", "a.", ".a", "a..b", "1a", "a_b", "a-b", "a b", "é"] {
            assert_eq!(snake_case_path(camel.as_bytes()), None, "{camel}");
        }
    }

    #[test]
    fn base64_has_two_alphabets_and_may_lack_its_padding() {
        for text in ["+/8=", "-_8=", "+/8", "-_8"] {
            let mut bytes = Vec::new();
            assert!(base64(text.as_bytes(), &mut bytes), "{text}");
            assert_eq!(bytes, [0xfb, 0xff]);
        }
        let mut bytes = Vec::new();
        assert!(base64(b"-_", &mut bytes) && base64(b"AAB/", &mut bytes) && base64(b"", &mut bytes));
        assert_eq!(bytes, [0xfb, 0, 0, 0x7f]);
        for text in ["a", "a===", "+_8=", "*", "a b=", "AAAA=", "AAA=A", "=", "===="] {
            assert!(!base64(text.as_bytes(), &mut Vec::new()), "{text}");
        }
    }
}
