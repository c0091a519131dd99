//! Standard output: written in big blocks, and at once where somebody is watching.

use std::io::{self, IsTerminal, Write};

use rpcreplay::schema::is_printable;

use crate::failure::Failure;

/// How much is gathered before it is written.
///
/// Larger blocks are not faster, and a pipe takes no more than 64 KiB at once unless it is told to.
const BLOCK_BYTES: usize = 256 * 1024;

/// Standard output.
pub struct Output {
    /// What is to be written next.
    pub buffer: Vec<u8>,
    stdout: io::Stdout,
    is_terminal: bool,
}

impl Output {
    /// Standard output, with nothing written.
    pub fn new() -> Self {
        let stdout = io::stdout();
        Output { buffer: Vec::new(), is_terminal: stdout.is_terminal(), stdout }
    }

    /// Escapes what a terminal would obey behind `start`, if the output is one.
    ///
    /// For formats in which such characters may stand as they are: whoever reads a file or a pipe gets them.
    pub fn make_safe(&mut self, start: usize) {
        if self.is_terminal {
            let tail = self.buffer.split_off(start);
            escape_controls(&mut self.buffer, &tail);
        }
    }

    /// Writes what has been gathered if it is a block, or if somebody is watching.
    pub fn offer(&mut self) -> Result<(), Failure> {
        if self.is_terminal || self.buffer.len() >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what has been gathered.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let result = self.stdout.write_all(&self.buffer).and_then(|()| self.stdout.flush());
        self.buffer.clear();
        result.map_err(|error| Failure::of_output(&error))
    }
}

/// Whether a terminal shows bytes and obeys none of them: text in which only line feeds and tabs are not printable.
pub fn is_harmless(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|character| matches!(character, '\n' | '\t') || is_printable(character)))
}

/// Copies text, with every character escaped that is neither printable nor a line feed or tab.
fn escape_controls(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            if matches!(character, '\n' | '\t') || is_printable(character) {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{escape_controls, is_harmless};

    #[test]
    fn tells_what_a_terminal_would_obey() {
        for text in ["", "{\"a\":\t1}\n", "é😀"] {
            assert!(is_harmless(text.as_bytes()), "{text}");
        }
        for text in [&b"\xff"[..], b"\x1b[2J", b"a\rb", b"\0", "\u{9b}".as_bytes(), "\u{202e}".as_bytes()] {
            assert!(!is_harmless(text), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn leaves_nothing_to_obey() {
        let mut out = Vec::new();
        escape_controls(&mut out, "é\t\u{1b}[2J\u{9b}\u{202e}\u{e0001}\n".as_bytes());
        escape_controls(&mut out, b"\xff");
        assert_eq!(String::from_utf8_lossy(&out), "é\t\\u001b[2J\\u009b\\u202e\\udb40\\udc01\n\\xff");
    }
}
