//! Addresses, which have no beginning of their own, but dots, colons and an `@`: [`Addresses`].

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use memchr::memchr3_iter;

use super::Found;
use super::bounds::{begins_alone, is_word, run_end, stands_alone};
use super::email::email;

/// What kind of address a detector finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    Email,
    Ipv4,
    Ipv6,
}

/// The detectors of addresses, in one pass over a text.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    email: Option<usize>,
    ipv4: Option<usize>,
    ipv6: Option<usize>,
}

/// How many bytes are looked at at a time.
const BLOCK: usize = 32;

/// How many bytes behind a block it takes to tell whether something may begin in it.
const BEHIND: usize = 5;

impl Addresses {
    /// Looks for a kind of address under the number of its detector.
    pub fn add(&mut self, address: Address, detector: usize) {
        let place = match address {
            Address::Email => &mut self.email,
            Address::Ipv4 => &mut self.ipv4,
            Address::Ipv6 => &mut self.ipv6,
        };
        *place = Some(detector);
    }

    pub fn is_empty(&self) -> bool {
        self.email.or(self.ipv4).or(self.ipv6).is_none()
    }

    /// Appends the addresses of a text, not sorted.
    pub fn find(&self, text: &[u8], found: &mut Vec<Found>) {
        // Where the last run of what an IPv6 address is made of ends.
        let mut ipv6_end = 0;
        let mut at = 0;
        while let Some(block) = text.get(at..at + BLOCK + BEHIND) {
            if may_begin(block.try_into().expect("it is as long as that")) {
                self.find_in_block(text, at..at + BLOCK, &mut ipv6_end, found);
            }
            at += BLOCK;
        }
        // The end of the text, which is shorter than two blocks, with zeros behind it.
        let mut rest = [0; 2 * BLOCK + BEHIND];
        rest[..text.len() - at].copy_from_slice(&text[at..]);
        for start in [0, BLOCK] {
            if at + start >= text.len() {
                break;
            }
            let block = rest[start..][..BLOCK + BEHIND].try_into().expect("it is as long as that");
            if may_begin(block) {
                let end = text.len().min(at + start + BLOCK);
                self.find_in_block(text, at + start..end, &mut ipv6_end, found);
            }
        }
    }

    #[inline(never)]
    fn find_in_block(&self, text: &[u8], block: Range<usize>, ipv6_end: &mut usize, found: &mut Vec<Found>) {
        for place in memchr3_iter(b'.', b'@', b':', &text[block.clone()]) {
            let at = block.start + place;
            let near = &text[at + 1..text.len().min(at + 1 + BEHIND)];
            let address = match text[at] {
                b'@' => self.email.zip(email(text, at)),
                b'.' if near.contains(&b'.') => self.ipv4.zip(ipv4(text, at)),
                b':' if near.contains(&b':') && at >= *ipv6_end => self.ipv6.zip(ipv6(text, at, ipv6_end)),
                _ => None,
            };
            found.extend(address.map(|(detector, range)| Found { detector, range }));
        }
    }
}

/// Whether an address may have its `@`, its first dot or its first colon in a block: an `@`, two dots with at most
/// three digits between them, or two colons with at most four.
///
/// Written so that the compiler makes vector instructions of it.
fn may_begin(block: &[u8; BLOCK + BEHIND]) -> bool {
    let mut hit = 0;
    for at in 0..BLOCK {
        let is = |byte: u8, behind: usize| u8::from(block[at + behind] == byte);
        let dots = is(b'.', 0) & (is(b'.', 2) | is(b'.', 3) | is(b'.', 4));
        let colons = is(b':', 0) & (is(b':', 1) | is(b':', 2) | is(b':', 3) | is(b':', 4) | is(b':', 5));
        hit |= is(b'@', 0) | dots | colons;
    }
    hit != 0
}

/// The IPv4 address whose first dot stands at a place.
///
/// Numbers with dots between them are an address only if there are four, with no word, dot or number beside them. Left
/// out is what is no machine's own address or tells nothing of it: this network, loopback, link-local (where clouds
/// have their metadata), reserved (masks, broadcast), the examples of documentation, and what ends in `.0.0.0`:
/// networks, and the versions of browsers.
fn ipv4(text: &[u8], dot: usize) -> Option<Range<usize>> {
    const LONGEST: usize = "255.255.255.255".len();
    let digits = text[..dot].iter().rev().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let start = dot - digits;
    if !(1..=3).contains(&digits) || !begins_alone(text, start) || text[..start].ends_with(b".") {
        return None;
    }
    let near = &text[start..text.len().min(start + LONGEST + 2)];
    let end = start + run_end(near, 0, |byte| byte.is_ascii_digit() || byte == b'.');
    let end = if text[start..end].ends_with(b".") { end - 1 } else { end };
    let goes_on = match text.get(end..) {
        Some([b'.', next, ..]) => is_word(*next),
        Some([next, ..]) => is_word(*next),
        Some([]) | None => false,
    };
    if goes_on || text[start..end].iter().filter(|&&byte| byte == b'.').count() != 3 {
        return None;
    }
    let address: Ipv4Addr = std::str::from_utf8(&text[start..end]).ok()?.parse().ok()?;
    is_own_ipv4(address).then_some(start..end)
}

/// Whether an address is one that a machine has for itself.
fn is_own_ipv4(address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let is_reserved = octets[0] == 0 || octets[0] >= 240 || octets[1..] == [0, 0, 0];
    !(is_reserved || address.is_loopback() || address.is_link_local() || address.is_documentation())
}

/// The IPv6 address whose first colon stands at a place. Says where the run ends that was looked at.
///
/// Only what lies where IANA has given addresses to machines is one: words, times and fingerprints lie elsewhere.
fn ipv6(text: &[u8], colon: usize, looked_at: &mut usize) -> Option<Range<usize>> {
    // With an IPv4 address at the end.
    const LONGEST: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".len();
    let digits = text[..colon].iter().rev().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let mut start = colon - digits;
    let mut end = run_end(text, colon, |byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    *looked_at = end;
    // What stands in front of the first colon says what the address is, as in `ipv6:2a00::1`.
    if (digits == 0 || !begins_alone(text, start)) && !text[colon..].starts_with(b"::") {
        start = colon + 1;
    }
    while start < end && (text[..end].ends_with(b".") || text[..end].ends_with(b":") && !text[..end].ends_with(b"::")) {
        end -= 1;
    }
    if !(start..start + LONGEST + 1).contains(&end) || !stands_alone(text, &(start..end)) {
        return None;
    }
    // Times and the like need not be parsed: either `::` stands for what is left out, or nothing is.
    let run = &text[start..end];
    if !run.windows(2).any(|pair| pair == b"::") && run.iter().filter(|&&byte| byte == b':').count() < 6 {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(run).ok()?.parse().ok()?;
    is_own_ipv6(address).then_some(start..end)
}

/// Whether an address is one that a machine has for itself: global, unique local, link-local, or one of IPv4.
fn is_own_ipv6(address: Ipv6Addr) -> bool {
    if let Some(address) = address.to_ipv4_mapped() {
        return is_own_ipv4(address);
    }
    match address.segments() {
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, rest @ ..] => {
            let is_network = rest == [0; 7];
            let is_allocated = matches!(first, 0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80..=0xfebf);
            is_allocated && !is_network
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Vec<&str> {
        let addresses = Addresses { email: Some(0), ipv4: Some(1), ipv6: Some(2) };
        let mut found = Vec::new();
        addresses.find(text.as_bytes(), &mut found);
        found.into_iter().map(|found| &text[found.range]).collect()
    }

    #[test]
    fn addresses_end_where_they_end() {
        for (text, expected) in [
            ("from 10.1.2.3.", &["10.1.2.3"][..]),
            ("10.1.2.3:80, 10.1.2.4/24", &["10.1.2.3", "10.1.2.4"]),
            ("10.1.2.3.in-addr.arpa 10.1.2.3x x10.1.2.3 10.1.2.3_ .10.1.2.3 1234.1.2.3 10.1.2.3456", &[]),
            ("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16", &[]),
            ("ipv6:2a00:1450::1.", &["2a00:1450::1"]),
            ("2a00:1450::1: gone", &["2a00:1450::1"]),
            ("ipv6:[fe80::1%eth0]:80", &["fe80::1"]),
            ("a:2a00:1450::1 fade:2a00:1450:0:0:0:0:1", &[]),
            ("2a00:1450::1g x2a00:1450::1 2a00::/12 2a00:::1 12345::1", &[]),
            ("2a00:0001:0002:0003:0004:0005:0006:0007", &["2a00:0001:0002:0003:0004:0005:0006:0007"]),
            ("2a00:0001:0002:0003:0004:0005:0006:0007:0008", &[]),
            ("2024-01-02T12:30:45.123+02:00", &[]),
        ] {
            assert_eq!(find(text), expected, "{text}");
        }
    }

    #[test]
    fn addresses_are_found_wherever_blocks_end() {
        for address in ["10.1.2.3", "2a00:1450::1", "fe80::1", "jane@example.com"] {
            for before in 0..3 * BLOCK {
                for behind in [0, 1, BLOCK] {
                    let text = format!("{}{address}{}", " ".repeat(before), " ".repeat(behind));
                    assert_eq!(find(&text), [address], "{before}, {behind}");
                }
            }
        }
    }
}
