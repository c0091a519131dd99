//! Points in time and durations as ProtoJSON writes them.

use super::number;

/// The seconds of 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
///
/// Source: `google/protobuf/timestamp.proto`.
const TIMESTAMP_SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Ten thousand years, in seconds.
///
/// Source: `google/protobuf/duration.proto`.
const DURATION_SECONDS: std::ops::RangeInclusive<i64> = -315_576_000_000..=315_576_000_000;

const NANOS_PER_SECOND: i32 = 1_000_000_000;

/// Whether seconds since 1970 began and nanoseconds are a time from the year 1 to the year 9999.
pub(crate) fn is_timestamp(seconds: i64, nanos: i32) -> bool {
    TIMESTAMP_SECONDS.contains(&seconds) && (0..NANOS_PER_SECOND).contains(&nanos)
}

/// Appends the RFC 3339 form of a timestamp, with no, three, six or nine digits behind the point.
///
/// # Errors
///
/// Says what is out of range; `out` is then as it was.
pub fn timestamp(out: &mut Vec<u8>, seconds: i64, nanos: i32) -> Result<(), String> {
    if !TIMESTAMP_SECONDS.contains(&seconds) {
        return Err(format!("seconds out of range: {seconds}"));
    }
    if !(0..NANOS_PER_SECOND).contains(&nanos) {
        return Err(format!("nanos out of range: {nanos}"));
    }
    // From the first year on, so that nothing is negative.
    let since = (seconds - TIMESTAMP_SECONDS.start()) as u64;
    let (days, second_of_day) = ((since / 86_400) as u32, (since % 86_400) as u32);
    let (year, month, day) = civil_date(days);
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    for (at, value) in [
        (0, year / 100),
        (2, year),
        (5, month),
        (8, day),
        (11, second_of_day / 3600),
        (14, second_of_day / 60 % 60),
        (17, second_of_day % 60),
    ] {
        text[at..at + 2].copy_from_slice(&number::two_digits(value));
    }
    let end = 19 + put_fraction(&mut text[19..], nanos.unsigned_abs());
    text[end] = b'Z';
    out.extend_from_slice(&text[..=end]);
    Ok(())
}

/// Appends the decimal form of a duration in seconds, with no, three, six or nine digits behind the point.
///
/// # Errors
///
/// Says what is out of range, or that the signs differ; `out` is then as it was.
pub fn duration(out: &mut Vec<u8>, seconds: i64, nanos: i32) -> Result<(), String> {
    if !DURATION_SECONDS.contains(&seconds) {
        return Err(format!("seconds out of range: {seconds}"));
    }
    if nanos <= -NANOS_PER_SECOND || nanos >= NANOS_PER_SECOND {
        return Err(format!("nanos out of range: {nanos}"));
    }
    if (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0) {
        return Err(format!("seconds {seconds} and nanos {nanos} have different signs"));
    }
    if seconds < 0 || nanos < 0 {
        out.push(b'-');
    }
    number::unsigned(out, b"", seconds.unsigned_abs(), b"");
    let mut text = *b".000000000s";
    let end = put_fraction(&mut text, nanos.unsigned_abs());
    text[end] = b's';
    out.extend_from_slice(&text[..=end]);
    Ok(())
}

/// Writes the digits into `text`, which begins with the point, and returns how many bytes of it count.
#[inline]
fn put_fraction(text: &mut [u8], nanos: u32) -> usize {
    if nanos == 0 {
        return 0;
    }
    for (at, value) in [(1, nanos / 10_000_000), (3, nanos / 100_000), (5, nanos / 1_000), (7, nanos / 10)] {
        text[at..at + 2].copy_from_slice(&number::two_digits(value));
    }
    text[9] = b'0' + (nanos % 10) as u8;
    match nanos {
        _ if nanos.is_multiple_of(1_000_000) => 4,
        _ if nanos.is_multiple_of(1_000) => 7,
        _ => 10,
    }
}

/// Year, month and day of a number of days since 0001-01-01, in the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
#[inline]
fn civil_date(days: u32) -> (u32, u32, u32) {
    // From the first of March of the year 0.
    let shifted = days + 306;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), String>) -> String {
        let mut out = Vec::new();
        match write(&mut out) {
            Ok(()) => String::from_utf8(out).expect("times are ASCII"),
            Err(reason) => {
                assert_eq!(out, b"", "nothing is written of a time that is none");
                reason
            }
        }
    }

    #[test]
    fn timestamps() {
        for (seconds, nanos, expected) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400, 0, "2000-02-29T00:00:00Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00Z"),
            (1_700_000_000, 120_000_000, "2023-11-14T22:13:20.120Z"),
            (1_700_000_000, 120_000, "2023-11-14T22:13:20.000120Z"),
            (1_700_000_000, 1, "2023-11-14T22:13:20.000000001Z"),
            (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
            (253_402_300_799, 999_000_000, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_801, 0, "seconds out of range: -62135596801"),
            (253_402_300_800, 0, "seconds out of range: 253402300800"),
            (0, -1, "nanos out of range: -1"),
            (0, 1_000_000_000, "nanos out of range: 1000000000"),
        ] {
            assert_eq!(written(|out| timestamp(out, seconds, nanos)), expected);
        }
    }

    /// Every day of four centuries, after which the calendar repeats itself, against a count by hand.
    #[test]
    fn the_calendar_has_every_day_once() {
        let (mut year, mut month, mut day) = (1600, 1, 1);
        let first = 584_022;
        assert_eq!(civil_date(first), (year, month, day));
        for days in first..first + 146_097 {
            assert_eq!(civil_date(days), (year, month, day));
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 if is_leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!((year, month, day), (2000, 1, 1));
    }

    #[test]
    fn durations() {
        for (seconds, nanos, expected) in [
            (0, 0, "0s"),
            (1, 500_000_000, "1.500s"),
            (0, -1, "-0.000000001s"),
            (-3, -10_000, "-3.000010s"),
            (315_576_000_000, 0, "315576000000s"),
            (315_576_000_001, 0, "seconds out of range: 315576000001"),
            (0, -1_000_000_000, "nanos out of range: -1000000000"),
            (1, -1, "seconds 1 and nanos -1 have different signs"),
        ] {
            assert_eq!(written(|out| duration(out, seconds, nanos)), expected);
        }
    }
}
