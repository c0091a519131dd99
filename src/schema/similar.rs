//! Names that somebody may have meant: [`similar`].

use super::definitions::Definition;

/// How many letters may differ, at most.
const LETTERS: usize = 3;

/// How much of two names may stand between what they share at both ends: comparing takes the square of it.
const COMPARED_BYTES: usize = 64;

/// The definitions whose names are close to one that no source knows, the closest first.
///
/// Close is a name that differs in a letter of five, three at most and not far apart, or in its version, or that has a
/// part of the package more or less. A name without its package is compared with the ends of full names. A definition
/// that is not used because an earlier source has its name is left out.
pub fn similar<'d>(name: &str, definitions: &'d [Definition], most: usize) -> Vec<&'d Definition> {
    let wanted = Wanted::new(name.trim_start_matches('/'));
    let mut close: Vec<_> = definitions
        .iter()
        .filter(|definition| !definition.is_shadowed)
        .filter_map(|definition| Some((wanted.distance(definition.name.trim_start_matches('/'))?, definition)))
        .collect();
    close.sort_by_key(|&(distance, definition)| (distance, &definition.name));
    close.dedup_by_key(|&mut (_, definition)| &definition.name);
    close.into_iter().map(|(_, definition)| definition).take(most).collect()
}

/// A name that no source knows.
struct Wanted<'n> {
    name: &'n str,
    parts: Vec<&'n str>,
    /// How many of its letters may differ.
    limit: usize,
}

impl<'n> Wanted<'n> {
    fn new(name: &'n str) -> Self {
        Wanted { name, parts: parts(name).collect(), limit: (name.chars().count() / 5).clamp(1, LETTERS) }
    }

    /// How far it is from a known name, if they are close.
    fn distance(&self, known: &str) -> Option<usize> {
        let end = end_of(known, self.parts.len());
        // Names share much of their beginning and end, and comparing takes the square of the rest.
        let is_same = |(a, b): &(u8, u8)| a == b && a.is_ascii();
        let shared = self.name.bytes().zip(end.bytes()).take_while(is_same).count();
        let (name_rest, end_rest) = (&self.name[shared..], &end[shared..]);
        let shared = name_rest.bytes().rev().zip(end_rest.bytes().rev()).take_while(is_same).count();
        let (name_rest, end_rest) = (&name_rest[..name_rest.len() - shared], &end_rest[..end_rest.len() - shared]);
        let is_short = name_rest.len().max(end_rest.len()) <= COMPARED_BYTES;
        let is_as_long = name_rest.len().abs_diff(end_rest.len()) <= 4 * self.limit;
        if is_short && is_as_long && letters_apart(name_rest, end_rest) <= self.limit {
            let letters = strsim::osa_distance(name_rest, end_rest);
            if letters <= self.limit {
                return Some(letters);
            }
        }
        self.is_elsewhere(known).then_some(self.limit + 1)
    }

    /// Whether both names say the same in packages that differ in their version, or in one part that the other lacks.
    fn is_elsewhere(&self, known: &str) -> bool {
        if self.parts.last() != Some(&end_of(known, 1)) {
            return false;
        }
        let known: Vec<_> = parts(known).collect();
        let shared = self.parts.iter().zip(&known).take_while(|(a, b)| a == b).count();
        match (&self.parts[shared..], &known[shared..]) {
            ([a, rest @ ..], [b, others @ ..]) if is_version(a) && is_version(b) && !rest.is_empty() => rest == others,
            ([_, rest @ ..], others) if rest == others => !rest.is_empty(),
            (rest, [_, others @ ..]) if rest == others => !rest.is_empty(),
            _ => false,
        }
    }
}

/// How many letters two texts differ in at least, whatever their order.
fn letters_apart(a: &str, b: &str) -> usize {
    // Letters that are counted in the same place can only hide a difference.
    let mut counts = [0_i32; 32];
    let is_letter = |byte: &&u8| !matches!(byte, 0x80..=0xbf);
    a.as_bytes().iter().filter(is_letter).for_each(|byte| counts[usize::from(byte % 32)] += 1);
    b.as_bytes().iter().filter(is_letter).for_each(|byte| counts[usize::from(byte % 32)] -= 1);
    let only_in_a: i32 = counts.iter().filter(|&&count| count > 0).sum();
    let only_in_b: i32 = -counts.iter().filter(|&&count| count < 0).sum::<i32>();
    only_in_a.max(only_in_b).unsigned_abs() as usize
}

/// Whether a part of a package is such as `v1` or `v2beta1`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', '/'])
}

/// The last parts of a name.
fn end_of(name: &str, count: usize) -> &str {
    let separators = name.bytes().enumerate().rev().filter(|&(_, byte)| matches!(byte, b'.' | b'/'));
    let start = separators.map(|(at, _)| at + 1).nth(count.saturating_sub(1)).unwrap_or(0);
    &name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_those_that_somebody_may_have_meant() {
        for (name, known) in [
            ("acme.v1.Ordre", "acme.v1.Order"),
            ("Ordre", "acme.v1.Order"),
            ("orders.Gett", "/acme.orders/Get"),
            ("acme.v1.Order", "acme.v2beta1.Order"),
            ("acme.v1.Order", "acme.orders.v1.Order"),
            ("acme.orders.v1.Order", "acme.v1.Order"),
            ("v1.Order", "acme.v1.Order"),
        ] {
            assert!(Wanted::new(name).distance(known.trim_start_matches('/')).is_some(), "{name} {known}");
        }
        for (name, known) in [
            ("acme.v1.Order", "acme.v1.Invoice"),
            ("acme.v1.Order", "other.v1.Order"),
            ("acme.v1", "acme.v1.Order"),
            ("A", "Bcd"),
            ("é", "xyz"),
            ("", "acme.v1.Order"),
        ] {
            assert!(Wanted::new(name).distance(known).is_none(), "{name} {known}");
        }
    }

    #[test]
    fn no_fewer_letters_differ_than_are_counted() {
        let texts = ["", "a", "é", "b", "ab", "ba", "aé", "Order", "Ordre", "Orders", "redrO", "😀", "😀a"];
        for a in texts {
            for b in texts {
                assert!(letters_apart(a, b) <= strsim::osa_distance(a, b), "{a} {b}");
            }
        }
        assert_eq!(letters_apart("Ordre", "Invoices"), 6);
    }

    #[test]
    fn long_names_are_not_compared_at_length() {
        let name =
            |changed: &[usize]| (0..1000).map(|at| if changed.contains(&at) { 'x' } else { 'a' }).collect::<String>();
        let distance = |known: &[usize]| Wanted::new(&name(&[])).distance(&name(known));
        assert_eq!(distance(&[500]), Some(1));
        assert_eq!(distance(&[500, 500 + COMPARED_BYTES - 1]), Some(2));
        assert_eq!(distance(&[500, 500 + COMPARED_BYTES]), None);
    }
}
