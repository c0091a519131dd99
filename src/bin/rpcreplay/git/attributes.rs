//! Lines of attributes in a marked block of a file: [`with_block`] and [`without_block`], which leaves the bytes as they were.
//!
//! Knows bytes, and nothing of files.

use std::ops::Range;

use crate::failure::Trouble;

/// What the first line of the block says, and what it says more where more is to be undone than the block.
const BEGIN: &str = "# rpcreplay: begin";
const IN_A_NEW_FILE: &str = "# rpcreplay: begin, in a file made for it";
const BEHIND_AN_OPEN_LINE: &str = "# rpcreplay: begin, behind a line without end";

/// What the last line says.
const END: &str = "# rpcreplay: end";

/// The text of a file, if there is one, with these lines in the block, which stands at the end unless it stands somewhere.
pub fn with_block(text: Option<&[u8]>, lines: &[String], name: &str) -> Result<Vec<u8>, Trouble> {
    let old = text.unwrap_or_default();
    let block = find(old, name)?;
    let begin = match &block {
        Some(block) => String::from_utf8_lossy(block.begin).into_owned(),
        None if text.is_none() => IN_A_NEW_FILE.to_owned(),
        None if !old.is_empty() && !old.ends_with(b"\n") => format!("\n{BEHIND_AN_OPEN_LINE}"),
        None => BEGIN.to_owned(),
    };
    let range = block.map_or(old.len()..old.len(), |block| block.range);
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let block = format!("{begin}\n{lines}{END}\n");
    Ok([&old[..range.start], block.as_bytes(), &old[range.end..]].concat())
}

/// What is left of a file without its block.
#[derive(Debug, PartialEq, Eq)]
pub enum Left {
    /// There is no block.
    All,
    /// This text.
    Rest(Vec<u8>),
    /// Nothing: the file was made for the block.
    NoFile,
}

/// The text of a file without the block.
pub fn without_block(text: &[u8], name: &str) -> Result<Left, Trouble> {
    let Some(block) = find(text, name)? else { return Ok(Left::All) };
    let (before, behind) = (&text[..block.range.start], &text[block.range.end..]);
    if block.begin == IN_A_NEW_FILE.as_bytes() && before.is_empty() && behind.is_empty() {
        return Ok(Left::NoFile);
    }
    // What was added behind the block begins a line of its own.
    let before = match before.strip_suffix(b"\n") {
        Some(line) if block.begin == BEHIND_AN_OPEN_LINE.as_bytes() && behind.is_empty() => line,
        Some(_) | None => before,
    };
    Ok(Left::Rest([before, behind].concat()))
}

struct Block<'t> {
    /// Its first line, without the end.
    begin: &'t [u8],
    /// Where it stands, with the end of its last line.
    range: Range<usize>,
}

fn find<'t>(text: &'t [u8], name: &str) -> Result<Option<Block<'t>>, Trouble> {
    let mut open = None;
    let mut start = 0;
    for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let end = start + line.len();
        let words = line.trim_ascii_end();
        match open {
            None if [BEGIN, IN_A_NEW_FILE, BEHIND_AN_OPEN_LINE].iter().any(|begin| words == begin.as_bytes()) => {
                open = Some((words, start, number + 1));
            }
            Some((begin, start, _)) if words == END.as_bytes() => return Ok(Some(Block { begin, range: start..end })),
            None | Some(_) => {}
        }
        start = end;
    }
    match open {
        None => Ok(None),
        Some((_, _, line)) => Err(Trouble::new(
            &format!("{name}:{line}"),
            format!("`{BEGIN}` is followed by no `{END}`, expected it behind the lines that install wrote"),
        )
        .with_hint("put it back, or delete these lines")),
    }
}

/// A pattern as it stands in a file of attributes.
///
/// Source: gitattributes(5): a pattern that begins with a double quote is quoted as in C.
pub fn quote(pattern: &str) -> String {
    let needs_quotes =
        pattern.starts_with(['"', '#', '!']) || pattern.contains(|c: char| c.is_whitespace() || c.is_control());
    if !needs_quotes {
        return pattern.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in pattern.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if character.is_ascii_control() => quoted.push_str(&format!("\\{:03o}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A path as a pattern that matches nothing else.
pub fn literal(path: &str) -> String {
    let mut pattern = String::new();
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_is_left() {
        let lines = ["*.replay diff=rpcreplay".to_owned()];
        for before in [None, Some("a\n"), Some("a"), Some(""), Some("\n"), Some("a\r\n"), Some("a\n\n# b")] {
            let before = before.map(str::as_bytes);
            let with = with_block(before, &lines, "f").expect("there is no block yet");
            assert!(with.ends_with(b"\n*.replay diff=rpcreplay\n# rpcreplay: end\n"), "{}", with.escape_ascii());
            assert_eq!(with_block(Some(&with), &lines, "f").expect("a block"), with, "twice is once");
            let other = with_block(Some(&with), &["*.rpc diff=rpcreplay".to_owned()], "f").expect("a block");
            assert!(!other.windows(8).any(|bytes| bytes == b"*.replay"), "{}", other.escape_ascii());
            let expected = before.map_or(Left::NoFile, |text| Left::Rest(text.to_vec()));
            assert_eq!(without_block(&with, "f").expect("a block"), expected);
            assert_eq!(without_block(&other, "f").expect("a block"), expected);
        }
        assert_eq!(without_block(b"a\n", "f").expect("no block"), Left::All);
    }

    #[test]
    fn what_was_added_stays() {
        let lines = ["*.replay diff=rpcreplay".to_owned()];
        for (before, expected) in [(None, "c\n"), (Some("a"), "a\nc\n"), (Some("a\n"), "a\nc\n")] {
            let mut with = with_block(before.map(str::as_bytes), &lines, "f").expect("there is no block yet");
            with.extend(b"c\n");
            assert_eq!(without_block(&with, "f").expect("a block"), Left::Rest(expected.as_bytes().to_vec()));
            with.splice(0..0, *b"0\n");
            let expected = format!("0\n{expected}").into_bytes();
            assert_eq!(without_block(&with, "f").expect("a block"), Left::Rest(expected));
        }
    }

    #[test]
    fn half_a_block_is_refused() {
        let text = b"a\n# rpcreplay: begin\n*.replay diff=rpcreplay\n";
        let said = "f:2: `# rpcreplay: begin` is followed by no `# rpcreplay: end`, \
                    expected it behind the lines that install wrote";
        assert_eq!(without_block(text, "f").expect_err("no end").message, said);
        assert_eq!(with_block(Some(text), &[], "f").expect_err("no end").message, said);
    }

    #[test]
    fn patterns_are_quoted_where_they_must() {
        for (path, expected) in [
            ("/a/b.replay", "/a/b.replay"),
            ("/it's.replay", "/it's.replay"),
            ("/a b\t\"c\\", "\"/a b\\t\\\"c\\\\\\\\\""),
            ("/[x]*?", "/\\[x]\\*\\?"),
            ("/é \u{1}", "\"/é \\001\""),
        ] {
            assert_eq!(quote(&literal(path)), expected, "{path}");
        }
    }
}
