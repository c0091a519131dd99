//! What stands where a secret might, and is none: [`is_placeholder`], [`is_stand_in`].

use std::ops::Range;

use memchr::memmem;

/// What a stand-in for a secret begins with; 16 characters of `a-z2-7` follow.
pub(crate) const STAND_IN: &str = "redacted-";

/// How many bytes a stand-in has.
const STAND_IN_BYTES: usize = STAND_IN.len() + 16;

/// Whether what a detector takes for a secret says that it is none: that it is redacted, or to be filled in.
pub(super) fn is_placeholder(candidate: &[u8]) -> bool {
    let mut words = memchr::memchr2_iter(b'r', b'R', candidate).map(|at| &candidate[at..]);
    let says_redacted = words.any(|word| word.get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b"redacted")));
    says_redacted || is_repeated(candidate) || is_variable(candidate)
}

/// Whether a candidate is one character again and again, or has enough of them to say so: `****`,
/// `AKIAXXXXXXXXXXXXXXXX`.
fn is_repeated(candidate: &[u8]) -> bool {
    let length = candidate.len();
    candidate.chunk_by(|one, next| one == next).any(|run| match run[0] {
        // A secret may happen to have four of them, but then it is a long one.
        b'x' | b'X' | b'*' => run.len() == length || run.len() >= 4 && run.len() * 4 >= length,
        _ => run.len() == length || run.len() >= 8 && run.len() * 2 >= length,
    })
}

/// Whether a candidate is the name of what is to be filled in: `<password>`, `${PASSWORD}`, `{{ password }}`,
/// `$PASSWORD`, `%s`.
fn is_variable(candidate: &[u8]) -> bool {
    match candidate {
        [b'<', .., b'>'] | [b'{', .., b'}'] | [b'$' | b'%', b'{' | b'(', ..] | [b'%', b's'] => true,
        [b'$', name @ ..] => name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_'),
        _ => false,
    }
}

/// Whether a range of a text is a stand-in, contains one, or has a part of one.
pub(super) fn is_stand_in(text: &[u8], range: Range<usize>) -> bool {
    let least = range.start.saturating_sub(STAND_IN_BYTES - 1);
    let near = &text[least..text.len().min(range.end + STAND_IN_BYTES - 1)];
    memmem::find_iter(near, STAND_IN.as_bytes()).any(|start| {
        near.get(start + STAND_IN.len()..start + STAND_IN_BYTES)
            .is_some_and(|rest| rest.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known() {
        for candidate in [
            "REDACTED",
            "[Redacted]",
            "redacted-abcdefgh23456723@example.com",
            "x",
            "xxxx",
            "****",
            "0000000000000000",
            "AKIAXXXXXXXXXXXXXXXX",
            "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "<password>",
            "${PASSWORD}",
            "{{ .Password }}",
            "$DB_PASSWORD",
            "%s",
            "$(pass)",
        ] {
            assert!(is_placeholder(candidate.as_bytes()), "{candidate}");
        }
        for candidate in
            ["hunter2", "aaaab", "exxxit", "AKIAIOSFODNN7EXAMPLE", "$ecret1", "p%s", "aaaa1234bbbb", "redact"]
        {
            assert!(!is_placeholder(candidate.as_bytes()), "{candidate}");
        }
    }

    #[test]
    fn parts_of_stand_ins_are_known() {
        let text = b"a secret: redacted-abcdefgh23456723, and redacted-others";
        for (range, expected) in [
            (0..10, false),
            (9..10, false),
            (9..11, true),
            (10..35, true),
            (12..13, true),
            (34..35, true),
            (35..36, false),
            (41..56, false),
            (0..56, true),
        ] {
            assert_eq!(is_stand_in(text, range.clone()), expected, "{range:?}");
        }
    }
}
