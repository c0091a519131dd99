//! Decimal numbers, read eight digits at a time.

/// How many digits are sure to fit into 64 bits.
pub(super) const SURE_DIGITS: usize = 19;

static POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Reads the digits that stand at a place behind those of a number, and says where they end. Of more than
/// [`SURE_DIGITS`] digits in all, the number is some other.
#[inline(always)]
pub(super) fn digits_behind(mut number: u64, text: &[u8], start: usize) -> (u64, usize) {
    let mut at = start;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let (digits, count) = eight_digits(*chunk);
        number = number.wrapping_mul(POWERS[count]).wrapping_add(digits);
        at += count;
        if count < 8 {
            return (number, at);
        }
    }
    while let Some(byte @ b'0'..=b'9') = text.get(at) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        at += 1;
    }
    (number, at)
}

/// Reads one to nineteen digits.
#[inline]
pub(super) fn digits(text: &[u8], start: usize) -> Option<(u64, usize)> {
    let (number, end) = digits_behind(0, text, start);
    (1..=SURE_DIGITS).contains(&(end - start)).then_some((number, end))
}

/// The number that the digits in front are, and how many there are.
///
/// Source: Daniel Lemire, "Quickly parsing eight digits".
#[inline(always)]
fn eight_digits(text: [u8; 8]) -> (u64, usize) {
    let digits = u64::from_le_bytes(text) ^ 0x3030_3030_3030_3030;
    // Only what stands behind the first that is none can be wrong by a carry.
    let others = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    let count = others.trailing_zeros() / 8;
    if count == 0 {
        return (0, 0);
    }
    // Zeros in front make eight digits of fewer.
    let digits = digits << (64 - 8 * count);
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000 << 32 | 1) >> 32, count as usize)
}

/// A number that was read: its digits without the point, and how many of them stand behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) is_negative: bool,
    digits: u64,
    places: i32,
}

impl Decimal {
    /// Reads a number of JSON with no more digits than are sure to fit, and says where it ends.
    #[inline(always)]
    pub(super) fn read(text: &[u8], at: usize) -> Option<(Decimal, usize)> {
        /// No exponent of more digits is of use.
        const EXPONENT_DIGITS: usize = 4;
        let is_negative = text.get(at) == Some(&b'-');
        let start = at + usize::from(is_negative);
        let first = text.get(start)?.wrapping_sub(b'0');
        if first > 9 {
            return None;
        }
        let (mut digits, mut end) = (u64::from(first), start + 1);
        if let Some(second @ b'0'..=b'9') = text.get(end) {
            if first == 0 {
                return None;
            }
            (digits, end) = digits_behind(digits * 10 + u64::from(second - b'0'), text, end + 1);
        }
        let mut count = end - start;
        let mut places = 0;
        if text.get(end) == Some(&b'.') {
            let point = end;
            (digits, end) = digits_behind(digits, text, point + 1);
            places = end - point - 1;
            count += places;
            if places == 0 {
                return None;
            }
        }
        if count > SURE_DIGITS {
            return None;
        }
        let mut places = places as i32;
        if let Some(b'e' | b'E') = text.get(end) {
            let sign = text.get(end + 1);
            let exponent_at = end + 1 + usize::from(matches!(sign, Some(b'+' | b'-')));
            let (exponent, exponent_end) = digits_behind(0, text, exponent_at);
            if !(1..=EXPONENT_DIGITS).contains(&(exponent_end - exponent_at)) {
                return None;
            }
            places += if sign == Some(&b'-') { exponent as i32 } else { -(exponent as i32) };
            end = exponent_end;
        }
        Some((Decimal { is_negative, digits, places }, end))
    }

    /// The `double` that is nearest to the number, if it is quickly found.
    #[inline]
    pub(super) fn double(self) -> Option<f64> {
        let magnitude = self.magnitude()?;
        Some(if self.is_negative { -magnitude } else { magnitude })
    }

    /// The `float` that is nearest to the number, if it is quickly found.
    #[inline]
    pub(super) fn float(self) -> Option<f32> {
        /// The bits of a `double` that a `float` lacks, and what they are half-way between two of those.
        const LACKING: u64 = (1 << 29) - 1;
        const HALF: u64 = 1 << 28;
        let double = self.double()?;
        let float = double as f32;
        // To round to a `double` first changes the side of no half-way point. It may lead onto one, though.
        let is_sure = double.to_bits() & LACKING != HALF && float.is_normal() || self.digits == 0;
        is_sure.then_some(float)
    }

    #[inline]
    fn magnitude(self) -> Option<f64> {
        /// The powers of ten that are exact.
        static TENS: [f64; 23] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
            1e19, 1e20, 1e21, 1e22,
        ];
        const EXACT: u64 = 1 << 53;
        let number = i64::try_from(self.digits).ok()?;
        let Ok(places) = usize::try_from(self.places) else {
            let power = TENS.get(self.places.unsigned_abs() as usize)?;
            return (self.digits <= EXACT).then_some(number as f64 * power);
        };
        // One division of two numbers that are exact is rounded once.
        let quotient = number as f64 / TENS.get(places)?;
        if self.digits <= EXACT { Some(quotient) } else { self.corrected(places, quotient) }
    }

    /// The number nearest to the digits divided by a power of ten, of which a quotient of rounded digits is known.
    ///
    /// Two roundings lead no further astray than to a neighbour. What is left over of the division tells which it is: if it is
    /// less than half of the divisor, in units of the last place, no other number is nearer.
    #[inline]
    fn corrected(self, places: usize, quotient: f64) -> Option<f64> {
        const FIVES: [u64; 23] = {
            let mut fives = [1; 23];
            let mut power = 1;
            while power < 23 {
                fives[power] = 5 * fives[power - 1];
                power += 1;
            }
            fives
        };
        const MANTISSA: u64 = 1 << 52;
        let bits = quotient.to_bits();
        let mantissa = bits & (MANTISSA - 1) | MANTISSA;
        // Beside a power of two neighbours are not equally far.
        if !(MANTISSA + 2..2 * MANTISSA - 2).contains(&mantissa) {
            return None;
        }
        // The quotient is the mantissa divided by so many twos; of the tens, so many twos are left to the digits.
        let twos = u32::try_from(1075 - (bits >> 52) as i64 - places as i64).ok()?;
        let five = FIVES[places] as i64;
        // It is small, so what does not fit into 64 bits on either side is the same.
        let shifted = self.digits.checked_shl(twos).unwrap_or(0);
        let left = shifted.wrapping_sub(mantissa.wrapping_mul(FIVES[places])) as i64;
        if 2 * left.abs() < five {
            Some(quotient)
        } else if five < 2 * left.abs() && 2 * left.abs() < 3 * five {
            Some(f64::from_bits(if left > 0 { bits + 1 } else { bits - 1 }))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the standard library says of a number, if anything is said of it here.
    fn compare(text: &str) -> std::result::Result<(bool, bool), TestCaseError> {
        let padded = format!("{text},        ");
        for input in [text, &padded] {
            let Some((decimal, end)) = Decimal::read(input.as_bytes(), 0) else { continue };
            prop_assert_eq!(end, text.len(), "{}", text);
            if let Some(double) = decimal.double() {
                prop_assert_eq!(double.to_bits(), text.parse::<f64>().expect(text).to_bits(), "{}", text);
            }
            if let Some(float) = decimal.float() {
                prop_assert_eq!(float.to_bits(), text.parse::<f32>().expect(text).to_bits(), "{}", text);
            }
        }
        let decimal = Decimal::read(padded.as_bytes(), 0);
        let is_quick = |found: Option<bool>| found.unwrap_or_default();
        Ok((
            is_quick(decimal.map(|(decimal, _)| decimal.double().is_some())),
            is_quick(decimal.map(|(decimal, _)| decimal.float().is_some())),
        ))
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(digits in any::<u64>(), shift in 0..64u32, point in 0..24usize,
            exponent in prop_oneof![Just(None), (-40..40i32).prop_map(Some)], is_negative in any::<bool>()) {
            let mut text = (digits >> shift).to_string();
            if point > 0 {
                text = format!("{text:0>width$}", width = point + 1);
                text.insert(text.len() - point, '.');
            }
            let exponent = exponent.map(|exponent| format!("e{exponent}")).unwrap_or_default();
            compare(&format!("{}{text}{exponent}", if is_negative { "-" } else { "" }))?;
        }

        #[test]
        fn what_programs_write_is_read(double in -1e9..1e9f64, float in -1e3..1e3f32) {
            for text in [double.to_string(), (double * 1e-9).to_string()] {
                // A digit too many, or a neighbour beside a power of two, is rare enough.
                let _ = compare(&text)?;
            }
            if float.abs() > 1e-3 {
                prop_assert!(compare(&float.to_string())?.1, "{}", float);
            }
        }

        /// Half-way points and their neighbours, where rounding twice goes wrong.
        #[test]
        fn half_way_points_are_told_apart(float in 1e-3..1e6f32, digit in 0..3u8) {
            let middle = f64::midpoint(float.into(), float.next_up().into());
            let text = middle.to_string();
            compare(&text)?;
            compare(&format!("{text}{digit}"))?;
            compare(&format!("{:.17}", middle.next_up()))?;
            compare(&format!("{:.17}", middle.next_down()))?;
        }
    }

    #[test]
    fn odd_numbers_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0",
            "0.0",
            "-0.000",
            "1",
            "0.1",
            "123.456",
            "9007199254740992",
            "9007199254740993",
            "9007199254740993.5",
            "1e10",
            "1.5e-7",
            "1E+22",
            "1e23",
            "1e999",
            "1e-999",
            "0.30000000000000004",
            "5e-324",
            "123456789012345678",
            "1.0000000000000000000",
            "18446744073709551615.5",
            "9223372036854775808",
            "3.4e38",
            "3.5e38",
            "1.17549435e-38",
            "1e-45",
            "0.9999999999999999",
            "1.000000000000000111",
            "16777217",
            "16777219.0",
            "0.0000000000000000000001",
            "1.0000000596046448",
            "4503599627370497.5",
            "9007199254740991.5",
        ] {
            compare(text).expect(text);
        }
        for text in ["", "-", ".5", "5.", "01", "-01", "1e", "1e+", "inf", "nan", "+1"] {
            for behind in ["", ",        "] {
                assert_eq!(Decimal::read(format!("{text}{behind}").as_bytes(), 0), None, "{text:?}");
            }
        }
    }

    #[test]
    fn digits_are_read_at_every_length() {
        let all = "12345678901234567890123";
        for length in 0..all.len() {
            for behind in ["", ",", ",        "] {
                let expected =
                    all[..length].parse().ok().filter(|_| length <= SURE_DIGITS).map(|number| (number, length));
                assert_eq!(digits(format!("{}{behind}", &all[..length]).as_bytes(), 0), expected, "{length}");
            }
        }
    }
}
