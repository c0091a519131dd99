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
    let name = name.trim_start_matches('/');
    let mut close: Vec<_> = definitions
        .iter()
        .filter(|definition| !definition.is_shadowed)
        .filter_map(|definition| Some((distance(name, definition.name.trim_start_matches('/'))?, definition)))
        .collect();
    close.sort_by_key(|&(distance, definition)| (distance, &definition.name));
    close.dedup_by_key(|&mut (_, definition)| &definition.name);
    close.into_iter().map(|(_, definition)| definition).take(most).collect()
}

/// How far a name is from a known one, if they are close.
fn distance(name: &str, known: &str) -> Option<usize> {
    let limit = (name.chars().count() / 5).clamp(1, LETTERS);
    let end = end_of(known, parts(name).count());
    let shared = name.bytes().zip(end.bytes()).take_while(|(a, b)| a == b && a.is_ascii()).count();
    let (name_rest, end_rest) = (&name[shared..], &end[shared..]);
    let is_same = |(a, b): &(u8, u8)| a == b && a.is_ascii();
    let shared = name_rest.bytes().rev().zip(end_rest.bytes().rev()).take_while(is_same).count();
    let (name_rest, end_rest) = (&name_rest[..name_rest.len() - shared], &end_rest[..end_rest.len() - shared]);
    let length = name_rest.len().max(end_rest.len());
    if length <= COMPARED_BYTES && name_rest.len().abs_diff(end_rest.len()) <= 4 * limit {
        let letters = strsim::osa_distance(name_rest, end_rest);
        if letters <= limit {
            return Some(letters);
        }
    }
    is_elsewhere(name, known).then_some(limit + 1)
}

/// Whether two names say the same in packages that differ in their version, or in one part that the other lacks.
fn is_elsewhere(name: &str, known: &str) -> bool {
    if parts(name).next_back() != parts(known).next_back() {
        return false;
    }
    let [name, known] = [name, known].map(|name| parts(name).collect::<Vec<_>>());
    let shared = name.iter().zip(&known).take_while(|(a, b)| a == b).count();
    let (name, known) = (&name[shared..], &known[shared..]);
    match (name, known) {
        ([a, rest @ ..], [b, others @ ..]) if is_version(a) && is_version(b) && !rest.is_empty() => rest == others,
        ([_, rest @ ..], others) if rest == others => !rest.is_empty(),
        (rest, [_, others @ ..]) if rest == others => !rest.is_empty(),
        _ => false,
    }
}

/// Whether a part of a package is such as `v1` or `v2beta1`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn parts(name: &str) -> impl DoubleEndedIterator<Item = &str> {
    name.split(['.', '/'])
}

/// The last parts of a name.
fn end_of(name: &str, count: usize) -> &str {
    let start = name.rmatch_indices(['.', '/']).nth(count.saturating_sub(1)).map_or(0, |(at, _)| at + 1);
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
            assert!(distance(name, known.trim_start_matches('/')).is_some(), "{name} {known}");
        }
        for (name, known) in [
            ("acme.v1.Order", "acme.v1.Invoice"),
            ("acme.v1.Order", "other.v1.Order"),
            ("acme.v1", "acme.v1.Order"),
            ("A", "Bcd"),
            ("é", "xyz"),
            ("", "acme.v1.Order"),
        ] {
            assert!(distance(name, known).is_none(), "{name} {known}");
        }
    }

    #[test]
    fn long_names_are_not_compared_at_length() {
        let name =
            |changed: &[usize]| (0..1000).map(|at| if changed.contains(&at) { 'x' } else { 'a' }).collect::<String>();
        assert_eq!(distance(&name(&[]), &name(&[500])), Some(1));
        assert_eq!(distance(&name(&[]), &name(&[500, 500 + COMPARED_BYTES - 1])), Some(2));
        assert_eq!(distance(&name(&[]), &name(&[500, 500 + COMPARED_BYTES])), None);
    }
}
