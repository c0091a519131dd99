//! [`Key`]: what pseudonyms are made with.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret from which pseudonyms are made: with the same key the same value has the same one in all recordings, and without it
/// nobody can tell which value a pseudonym stands for, or make one.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// What a pseudonym begins with. No detector takes it for a secret.
pub const PSEUDONYM_PREFIX: &str = crate::detect::STAND_IN;

/// How many characters of a pseudonym tell the value: 60 bits, so that among a million values two that get the same are less likely
/// than one in a million.
const BODY: usize = 12;

/// How many characters of a pseudonym tell that it is one: 20 bits.
const CHECK: usize = 4;

/// Characters that may stand in names, labels and ids of all kinds.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What keeps the uses of a key apart.
#[derive(Debug, Clone, Copy)]
enum Use {
    Body = 1,
    Check = 2,
    Digits = 3,
    Number = 4,
    Enum = 5,
    Shift = 6,
    Block = 7,
}

impl Key {
    /// A key; nothing if it is empty.
    pub fn new(secret: &[u8]) -> Option<Key> {
        let mac = Hmac::new_from_slice(secret).expect("a key may have any length");
        (!secret.is_empty()).then_some(Key(mac))
    }

    fn hash(&self, for_what: Use, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(&[for_what as u8]);
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The pseudonym of a value: `redacted-`, twelve characters that tell the value, and four that tell that it is one.
    pub(super) fn pseudonym(&self, value: &[u8]) -> String {
        let mut pseudonym = PSEUDONYM_PREFIX.to_owned();
        push_characters(&mut pseudonym, &self.hash(Use::Body, &[value]), BODY);
        let check = self.hash(Use::Check, &[pseudonym.as_bytes()]);
        push_characters(&mut pseudonym, &check, CHECK);
        pseudonym
    }

    /// Whether a text is a pseudonym that was made with this key.
    pub(super) fn is_pseudonym(&self, text: &[u8]) -> bool {
        if text.len() != PSEUDONYM_PREFIX.len() + BODY + CHECK || !text.starts_with(PSEUDONYM_PREFIX.as_bytes()) {
            return false;
        }
        let (body, found) = text.split_at(text.len() - CHECK);
        let mut check = String::new();
        push_characters(&mut check, &self.hash(Use::Check, &[body]), CHECK);
        check.as_bytes() == found
    }

    /// Whether a text looks like a pseudonym, of whatever key.
    pub(super) fn looks_like_pseudonym(text: &[u8]) -> bool {
        let tail = text.strip_prefix(PSEUDONYM_PREFIX.as_bytes());
        tail.is_some_and(|tail| tail.len() == BODY + CHECK && tail.iter().all(|byte| ALPHABET.contains(byte)))
    }

    /// Replaces each digit and letter of a text by one of its kind, so that different texts stay different; what is neither stays.
    /// `None` if there are too few of them, or characters beyond ASCII, which would stay and tell too much.
    ///
    /// It is a Feistel network over the characters in two halves, each of which is moved on by a hash of the other.
    pub(super) fn same_length(&self, text: &[u8]) -> Option<Vec<u8>> {
        /// Each round moves one half. Eight are what is enough for such a network where the halves are long, and ten are more than that.
        const ROUNDS: u8 = 10;
        /// How many values the text could have, at least.
        ///
        /// Source: NIST SP 800-38G, revision 1, which asks that of domains.
        const LEAST_VALUES: f64 = 1_000_000.0;

        let places: Vec<(usize, Class)> =
            text.iter().enumerate().filter_map(|(at, byte)| Some((at, Class::of(*byte)?))).collect();
        let values: f64 = places.iter().map(|(_, class)| f64::from(class.size())).product();
        if values < LEAST_VALUES || !text.is_ascii() {
            return None;
        }
        let middle = places.len() / 2;
        let (left, right) = places.split_at(middle);
        // What is not moved decides, too: so texts of other shapes move otherwise.
        let shape: Vec<u8> = text.iter().map(|byte| Class::of(*byte).map_or(*byte, Class::mark)).collect();
        let mut new = text.to_vec();
        for round in 0..ROUNDS {
            let (moved, other) = if round % 2 == 0 { (left, right) } else { (right, left) };
            let other: Vec<u8> = other.iter().map(|(at, _)| new[*at]).collect();
            let of_round = self.hash(Use::Digits, &[&[round], &shape, &other]);
            for (block, places) in (0u64..).zip(moved.chunks(16)) {
                let hash = self.hash(Use::Block, &[&of_round, &block.to_le_bytes()]);
                for ((at, class), bytes) in places.iter().zip(hash.as_chunks::<2>().0) {
                    new[*at] = class.moved(new[*at], u16::from_le_bytes(*bytes));
                }
            }
        }
        Some(new)
    }

    /// Another number from 1 to `most` for each of them.
    pub(super) fn number(&self, number: u64, most: u64) -> u64 {
        const ROUNDS: u8 = 10;
        let bits = (64 - most.leading_zeros()).next_multiple_of(2);
        let (half, mask) = (bits / 2, (1u64 << (bits / 2)) - 1);
        let mut new = number;
        // The network moves numbers within a power of two; those outside of the range are moved on until they are in it.
        loop {
            let (mut left, mut right) = (new >> half, new & mask);
            for round in 0..ROUNDS {
                let hash = self.hash(Use::Number, &[&[round], &most.to_le_bytes(), &right.to_le_bytes()]);
                let moved = u64::from_le_bytes(hash[..8].try_into().expect("a hash is longer")) & mask;
                (left, right) = (right, left ^ moved);
            }
            new = left << half | right;
            if (1..=most).contains(&new) {
                return new;
            }
        }
    }

    /// Another one of these numbers for each of them, the enum's, of which there are at least two.
    pub(super) fn enum_number(&self, name: &str, numbers: &[i32], number: i32) -> Option<i32> {
        let mut order: Vec<_> = numbers
            .iter()
            .map(|number| (self.hash(Use::Enum, &[name.as_bytes(), &number.to_le_bytes()]), *number))
            .collect();
        order.sort();
        let place = order.iter().position(|(_, other)| *other == number)?;
        Some(order[(place + 1) % order.len()].1).filter(|new| *new != number)
    }

    /// How many seconds times are moved back: whole seconds, one to about eleven years.
    pub(super) fn shift_seconds(&self) -> i64 {
        const YEAR: u64 = 365 * 86_400;
        let hash = self.hash(Use::Shift, &[]);
        let random = u64::from_le_bytes(hash[..8].try_into().expect("a hash is longer"));
        -((YEAR + random % (10 * YEAR)) as i64)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

fn push_characters(out: &mut String, hash: &[u8; 32], count: usize) {
    let characters = hash.iter().take(count).map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    out.extend(characters);
}

/// Characters of one kind, which may take each other's places.
#[derive(Debug, Clone, Copy)]
enum Class {
    Digit,
    Lower,
    Upper,
}

impl Class {
    fn of(byte: u8) -> Option<Class> {
        match byte {
            b'0'..=b'9' => Some(Class::Digit),
            b'a'..=b'z' => Some(Class::Lower),
            b'A'..=b'Z' => Some(Class::Upper),
            _ => None,
        }
    }

    fn first(self) -> u8 {
        match self {
            Class::Digit => b'0',
            Class::Lower => b'a',
            Class::Upper => b'A',
        }
    }

    fn size(self) -> u8 {
        match self {
            Class::Digit => 10,
            Class::Lower | Class::Upper => 26,
        }
    }

    /// What stands for all of them.
    fn mark(self) -> u8 {
        self.first()
    }

    fn moved(self, byte: u8, by: u16) -> u8 {
        let place = (u16::from(byte - self.first()) + by % u16::from(self.size())) % u16::from(self.size());
        self.first() + place as u8
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key() -> Key {
        Key::new(b"a key for tests").expect("it is not empty")
    }

    #[test]
    fn an_empty_key_is_none() {
        assert!(Key::new(b"").is_none());
    }

    #[test]
    fn pseudonyms_are_known_again_with_their_key_alone() {
        let pseudonym = key().pseudonym(b"alice");
        assert_eq!(pseudonym.len(), 25);
        assert!(key().is_pseudonym(pseudonym.as_bytes()));
        assert_eq!(pseudonym, key().pseudonym(b"alice"));
        assert_ne!(pseudonym, key().pseudonym(b"bob"));
        let other = Key::new(b"another").expect("it is not empty");
        assert!(!other.is_pseudonym(pseudonym.as_bytes()));
        assert_ne!(pseudonym, other.pseudonym(b"alice"));
        let mut forged = pseudonym.into_bytes();
        forged[9] ^= 1;
        assert!(!key().is_pseudonym(&forged));
        assert!(!key().is_pseudonym(b"redacted-"));
    }

    /// What it is: the same everywhere, also in later versions.
    #[test]
    fn pseudonyms_stay_what_they_are() {
        assert_eq!(key().pseudonym(b"alice"), PINNED);
    }

    const PINNED: &str = "redacted-qxndggec6rcfptke";

    #[test]
    fn texts_of_the_same_length_stay_different() {
        let texts: Vec<String> = (0..3_000).map(|number| format!("id-{number:06}")).collect();
        let new: HashSet<_> =
            texts.iter().map(|text| key().same_length(text.as_bytes()).expect("long enough")).collect();
        assert_eq!(new.len(), texts.len());
        for text in &new {
            assert_eq!(text.len(), 9);
            assert_eq!(text[2], b'-');
            assert!(text[3..].iter().all(u8::is_ascii_digit) && text[..2].iter().all(u8::is_ascii_lowercase));
        }
        assert!(key().same_length(b"12345").is_none());
        assert!(key().same_length("größer-1234567".as_bytes()).is_none());
    }

    #[test]
    fn numbers_stay_different_and_in_range() {
        let most = 1_000;
        let new: HashSet<_> = (1..=most).map(|number| key().number(number, most)).collect();
        assert_eq!(new.len(), 1_000);
        assert!(new.iter().all(|number| (1..=most).contains(number)));
        for most in [1, 2, 3, i32::MAX as u64, i64::MAX as u64, u64::MAX] {
            assert!((1..=most).contains(&key().number(1, most)), "{most}");
        }
    }

    #[test]
    fn values_of_an_enum_change_places() {
        let numbers = [1, 2, 3, 9];
        let new: HashSet<_> = numbers.iter().map(|number| key().enum_number("E", &numbers, *number)).collect();
        assert_eq!(new.len(), 4);
        assert!(numbers.iter().all(|number| key().enum_number("E", &numbers, *number) != Some(*number)));
        assert_eq!(key().enum_number("E", &[7], 7), None);
        assert_eq!(key().enum_number("E", &numbers, 5), None);
    }
}
