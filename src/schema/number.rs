//! Numbers as Go writes them.

/// The bits of Go's `math.NaN()`, which its parsers read from "NaN"; they differ from Rust's and C's.
pub(super) const GO_NAN: u64 = 0x7ff8_0000_0000_0001;

/// The same as a `float`, as Go converts it.
pub(super) const GO_NAN_F32: u32 = 0x7fc0_0000;

/// Appends an integer in decimal, with what stands directly before and behind it: a few bytes at most.
#[inline]
pub(super) fn signed(out: &mut Vec<u8>, before: &[u8], value: i64, after: &[u8]) {
    decimal(out, before, value < 0, value.unsigned_abs(), after);
}

/// Like [`signed`].
#[inline]
pub(super) fn unsigned(out: &mut Vec<u8>, before: &[u8], value: u64, after: &[u8]) {
    decimal(out, before, false, value, after);
}

/// Most numbers are small: those are put together in a register, of which a block is appended and cut to length.
#[inline(always)]
fn decimal(out: &mut Vec<u8>, before: &[u8], is_negative: bool, value: u64, after: &[u8]) {
    if value >= EIGHT_DIGITS {
        return long_decimal(out, before, is_negative, value, after);
    }
    out.extend_from_slice(before);
    if is_negative {
        out.push(b'-');
    }
    let digits = eight_digits(value as u32);
    // Of zeros that lead, the last one stays.
    let zeros = (digits | 1 << 56).trailing_zeros() / 8;
    let end = out.len() + 8 - zeros as usize;
    out.extend_from_slice(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes());
    out.truncate(end);
    out.extend_from_slice(after);
}

/// What makes ASCII of eight digits.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The least number of more than eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;

/// The digits of a number below [`EIGHT_DIGITS`] as the bytes of a word, the first one lowest.
///
/// Pairs of lanes are divided at once by multiplying with inverses that are exact for numbers of that size.
///
/// Source: Daniel Lemire, "Converting integers to fix-digit representations quickly".
#[inline(always)]
fn eight_digits(value: u32) -> u64 {
    let halves = u64::from(value / 10_000) | (u64::from(value % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - 10 * tens) << 8)
}

/// Writes from the end, so that everything is copied to `out` at once.
#[inline(never)]
fn long_decimal(out: &mut Vec<u8>, before: &[u8], is_negative: bool, mut rest: u64, after: &[u8]) {
    // The longest number has 20 digits, or 19 and a sign.
    let mut block = [0; 32];
    let mut start = block.len() - after.len();
    block[start..].copy_from_slice(after);
    while rest >= 100 {
        start -= 2;
        block[start..start + 2].copy_from_slice(&two_digits((rest % 100) as u32));
        rest /= 100;
    }
    let [tens, ones] = two_digits(rest as u32);
    start -= 1;
    block[start] = ones;
    if rest >= 10 {
        start -= 1;
        block[start] = tens;
    }
    if is_negative {
        start -= 1;
        block[start] = b'-';
    }
    for byte in before.iter().rev() {
        start -= 1;
        block[start] = *byte;
    }
    out.extend_from_slice(&block[start..]);
}

/// The last two digits of a number.
#[inline]
pub(super) fn two_digits(value: u32) -> [u8; 2] {
    static PAIRS: [[u8; 2]; 100] = {
        let mut pairs = [[0; 2]; 100];
        let mut value = 0;
        while value < 100 {
            pairs[value] = [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
            value += 1;
        }
        pairs
    };
    PAIRS[(value % 100) as usize]
}

/// A floating-point number in the fewest digits that read back as the same value.
///
/// The value is `0.DIGITS × 10^point`, negated if `negative`.
struct Shortest {
    negative: bool,
    digits: [u8; 20],
    count: usize,
    point: i32,
}

impl Shortest {
    /// Takes apart what the shortest-digits library printed: `-1.5e-7`, `100.0`, `5e20`.
    fn parse(printed: &str) -> Shortest {
        let mut shortest = Shortest { negative: false, digits: [0; 20], count: 0, point: 0 };
        let (mantissa, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
        let mut point = None;
        let mut position = 0;
        for byte in mantissa.bytes() {
            match byte {
                b'-' => shortest.negative = true,
                b'.' => point = Some(position),
                _ => {
                    position += 1;
                    if shortest.count > 0 || byte != b'0' {
                        // 17 digits at most; the printer fills whole numbers up to 10^16 with zeros.
                        if let Some(slot) = shortest.digits.get_mut(shortest.count) {
                            *slot = byte;
                            shortest.count += 1;
                        }
                    } else {
                        shortest.point -= 1;
                    }
                }
            }
        }
        shortest.point += point.unwrap_or(position) + exponent.parse::<i32>().unwrap_or(0);
        while shortest.count > 0 && shortest.digits[shortest.count - 1] == b'0' {
            shortest.count -= 1;
        }
        if shortest.count == 0 {
            shortest.point = 1;
        }
        shortest
    }

    fn digits(&self) -> &[u8] {
        if self.count == 0 { b"0" } else { &self.digits[..self.count] }
    }

    /// `-d.ddde±dd`, the exponent of at least `exponent_digits` digits.
    fn write_exponent(&self, out: &mut Vec<u8>, exponent_digits: usize) {
        let digits = self.digits();
        if self.negative {
            out.push(b'-');
        }
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let exponent = self.point - 1;
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        if exponent.unsigned_abs() < 10 && exponent_digits > 1 {
            out.push(b'0');
        }
        unsigned(out, b"", exponent.unsigned_abs().into(), b"");
    }

    /// `-ddd.ddd`, without an exponent.
    fn write_plain(&self, out: &mut Vec<u8>) {
        let digits = self.digits();
        if self.negative {
            out.push(b'-');
        }
        let point = usize::try_from(self.point).unwrap_or(0);
        if point == 0 {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + self.point.unsigned_abs() as usize, b'0');
            out.extend_from_slice(digits);
        } else if point >= digits.len() {
            out.extend_from_slice(digits);
            out.resize(out.len() + point - digits.len(), b'0');
        } else {
            out.extend_from_slice(&digits[..point]);
            out.push(b'.');
            out.extend_from_slice(&digits[point..]);
        }
    }
}

/// Appends a finite number as Go's text writer does: `strconv.AppendFloat(…, 'g', -1, …)`.
#[cold]
fn text_exponent(out: &mut Vec<u8>, printed: &str) {
    let shortest = Shortest::parse(printed);
    let exponent = shortest.point - 1;
    // Source: Go's strconv, `formatDigits`: "if precision was the shortest possible, use precision 6 for this decision".
    if !(-4..6).contains(&exponent) {
        shortest.write_exponent(out, 2);
    } else {
        shortest.write_plain(out);
    }
}

/// Appends what the library printed without an exponent; it differs from Go's form only in a trailing `.0`.
#[inline]
fn plain(out: &mut Vec<u8>, printed: &str) {
    let bytes = printed.as_bytes();
    out.extend_from_slice(bytes.strip_suffix(b".0").unwrap_or(bytes));
}

/// Appends a finite number as Go's JSON writer does: an exponent below 1e-6 and from 1e21 on.
///
/// Source: protobuf-go, `internal/encoding/json`, `appendFloat`.
#[cold]
fn json_exponent(out: &mut Vec<u8>, printed: &str) {
    let shortest = Shortest::parse(printed);
    let exponent = shortest.point - 1;
    if (-6..21).contains(&exponent) {
        shortest.write_plain(out);
    } else {
        // Go cuts the zero of `e-09` to `e-9`; `e+` always has two digits here.
        shortest.write_exponent(out, 1);
    }
}

/// Appends a `double` as the text format has it.
#[inline(always)]
pub(super) fn text_f64(out: &mut Vec<u8>, value: f64) {
    // Neither Go nor the library writes an exponent here, and what is not finite is not here.
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        plain(out, zmij::Buffer::new().format_finite(value));
    } else if let Some(name) = text_special(value) {
        out.extend_from_slice(name);
    } else {
        text_exponent(out, zmij::Buffer::new().format_finite(value));
    }
}

/// Appends a `float` as the text format has it.
#[inline(always)]
pub(super) fn text_f32(out: &mut Vec<u8>, value: f32) {
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        plain(out, zmij::Buffer::new().format_finite(value));
    } else if let Some(name) = text_special(value.into()) {
        out.extend_from_slice(name);
    } else {
        text_exponent(out, zmij::Buffer::new().format_finite(value));
    }
}

fn text_special(value: f64) -> Option<&'static [u8]> {
    if value.is_nan() {
        Some(b"nan")
    } else if value.is_infinite() {
        Some(if value > 0.0 { b"inf" } else { b"-inf" })
    } else {
        None
    }
}

/// Appends a `double` as JSON has it; what is not finite becomes a string.
#[inline(always)]
pub(super) fn json_f64(out: &mut Vec<u8>, value: f64) {
    if value == 0.0 || (1e-5..1e12).contains(&value.abs()) {
        plain(out, zmij::Buffer::new().format_finite(value));
    } else if let Some(name) = json_special(value) {
        out.extend_from_slice(name);
    } else {
        json_exponent(out, zmij::Buffer::new().format_finite(value));
    }
}

/// Appends a `float` as JSON has it; what is not finite becomes a string.
#[inline(always)]
pub(super) fn json_f32(out: &mut Vec<u8>, value: f32) {
    if value == 0.0 || (1e-5..1e12).contains(&value.abs()) {
        plain(out, zmij::Buffer::new().format_finite(value));
    } else if let Some(name) = json_special(value.into()) {
        out.extend_from_slice(name);
    } else {
        json_exponent(out, zmij::Buffer::new().format_finite(value));
    }
}

fn json_special(value: f64) -> Option<&'static [u8]> {
    if value.is_nan() {
        Some(b"\"NaN\"")
    } else if value.is_infinite() {
        Some(if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("numbers are ASCII")
    }

    #[test]
    fn integers_of_every_length() {
        for exponent in 0..20 {
            let ten = 10u64.pow(exponent);
            for value in [ten - 1, ten, ten + 1, ten.saturating_mul(9), u64::MAX] {
                assert_eq!(written(|out| unsigned(out, b"\"", value, b"\",")), format!("\"{value}\","));
                assert_eq!(written(|out| signed(out, b"", value as i64, b"")), (value as i64).to_string());
            }
        }
        assert_eq!(written(|out| signed(out, b"\"", i64::MIN, b"\":")), "\"-9223372036854775808\":");
        // The halves of eight digits are taken apart alike, but each on its own.
        for half in 0..10_000 {
            for value in [half, half * 10_000, half * 10_000 + 9_999] {
                assert_eq!(written(|out| unsigned(out, b"", value, b",")), format!("{value},"));
                assert_eq!(written(|out| signed(out, b"", -(value as i64), b"")), (-(value as i64)).to_string());
            }
        }
    }

    /// Source of the expected values: Go's `strconv.FormatFloat(v, 'g', -1, 64)` and protojson.
    #[test]
    fn doubles_are_written_as_go_writes_them() {
        for (value, text, json) in [
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
            (1.0, "1", "1"),
            (0.1, "0.1", "0.1"),
            (-2.5, "-2.5", "-2.5"),
            (100000.0, "100000", "100000"),
            (123456.0, "123456", "123456"),
            (1234567.0, "1.234567e+06", "1234567"),
            (12345.5, "12345.5", "12345.5"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001"),
            (0.000001, "1e-06", "0.000001"),
            (0.00000012, "1.2e-07", "1.2e-7"),
            (1e-10, "1e-10", "1e-10"),
            (1e15, "1e+15", "1000000000000000"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"),
            (5e-324, "5e-324", "5e-324"),
            (9007199254740993.0, "9.007199254740992e+15", "9007199254740992"),
            (f64::NAN, "nan", "\"NaN\""),
            (f64::INFINITY, "inf", "\"Infinity\""),
            (f64::NEG_INFINITY, "-inf", "\"-Infinity\""),
        ] {
            assert_eq!(written(|out| text_f64(out, value)), text, "text of {value:?}");
            assert_eq!(written(|out| json_f64(out, value)), json, "JSON of {value:?}");
        }
    }

    #[test]
    fn floats_have_the_digits_of_their_own_precision() {
        for (value, text, json) in [
            (0.1f32, "0.1", "0.1"),
            (1.0 / 3.0, "0.33333334", "0.33333334"),
            (1e7, "1e+07", "10000000"),
            (16777216.0, "1.6777216e+07", "16777216"),
            (f32::MAX, "3.4028235e+38", "3.4028235e+38"),
            (1e-7, "1e-07", "1e-7"),
        ] {
            assert_eq!(written(|out| text_f32(out, value)), text, "text of {value:?}");
            assert_eq!(written(|out| json_f32(out, value)), json, "JSON of {value:?}");
        }
    }

    /// Whatever the layout, the digits must read back as the same value.
    #[test]
    fn every_magnitude_reads_back() {
        for exponent in -324..=307 {
            for digits in ["1", "1.5", "9.007199254740993", "1.2345678901234567"] {
                let value: f64 = format!("{digits}e{exponent}").parse().expect("a number");
                for write in [text_f64, json_f64] {
                    let text = written(|out| write(out, value));
                    assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()), "{text}");
                }
            }
        }
    }
}
