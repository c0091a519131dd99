//! Numbers as people read them: [`in_units`].

/// A number of bytes, to two or three digits.
pub fn in_units(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // Rounded before the unit is chosen: 999,999 bytes are 1.0 MB.
    let mut scaled = bytes as f64 / 1000.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while scaled >= 999.5 {
        scaled /= 1000.0;
        unit = units.next().or(unit);
    }
    let digits = usize::from(scaled < 9.95);
    format!("{scaled:.digits$} {}", unit.unwrap_or(&"EB"))
}

#[cfg(test)]
mod tests {
    use super::in_units;

    #[test]
    fn bytes_are_shown_in_units() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_950, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_234_567_890, "1.2 GB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(in_units(bytes), expected);
        }
    }
}
