//! Standard output: written in big blocks, and at once where somebody is watching.

use std::io::{self, IsTerminal, Write};
use std::mem;

use terminal_size::{Width, terminal_size_of};

use rpcreplay::schema::is_printable;

use crate::failure::Failure;
use crate::pager::Pager;

/// How much is gathered before it is written. Larger blocks are not faster.
const BLOCK_BYTES: usize = 256 * 1024;

/// How much a pipe is told to hold: 1 MiB, as much as Linux lets anybody have. By itself it holds 64 KiB, and reader and
/// writer spend half of their time on waking each other.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1024 * 1024;

/// Standard output.
pub struct Output {
    /// What is to be written next.
    buffer: Vec<u8>,
    stdout: io::Stdout,
    is_terminal: bool,
    is_pipe: bool,
    paging: Paging,
}

/// Whether a pager stands between the program and the terminal.
enum Paging {
    No,
    /// From the first byte on; what has nothing to show opens no pager.
    Wanted,
    Yes(Pager),
}

impl Output {
    /// Standard output, with nothing written.
    pub fn new() -> Self {
        let stdout = io::stdout();
        let is_pipe = is_pipe(&stdout);
        Output { buffer: Vec::new(), is_terminal: stdout.is_terminal(), is_pipe, stdout, paging: Paging::No }
    }

    /// Standard output, through a pager if it is a terminal.
    pub fn paged() -> Self {
        let output = Output::new();
        let paging = if output.is_terminal { Paging::Wanted } else { Paging::No };
        Output { paging, ..output }
    }

    /// Whether somebody is watching.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether what is written may end on a terminal: it is one, or a pipe, whose reader may write to one.
    pub fn may_be_watched(&self) -> bool {
        self.is_terminal || self.is_pipe
    }

    /// Writes a part of the document, now or together with what follows.
    pub fn write(&mut self, part: &[u8]) -> Result<(), Failure> {
        // What is nearly a block is not worth a copy.
        if part.len() >= BLOCK_BYTES / 4 {
            self.flush()?;
            return self.write_through(part);
        }
        self.buffer.extend_from_slice(part);
        if self.is_terminal || self.buffer.len() >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what has been gathered.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let gathered = mem::take(&mut self.buffer);
        let result = self.write_through(&gathered);
        self.buffer = gathered;
        self.buffer.clear();
        result
    }

    /// Waits for the pager to end, if there is one.
    pub fn close(&mut self) {
        self.paging = Paging::No;
    }

    fn write_through(&mut self, part: &[u8]) -> Result<(), Failure> {
        if matches!(self.paging, Paging::Wanted) && !part.is_empty() {
            self.paging = Pager::start().map_or(Paging::No, Paging::Yes);
        }
        let result = match &mut self.paging {
            Paging::No | Paging::Wanted => self.stdout.write_all(part).and_then(|()| self.stdout.flush()),
            Paging::Yes(pager) => pager.write_all(part),
        };
        result.map_err(|error| Failure::of_output(&error))
    }
}

/// How many columns the terminal has that standard output goes to.
pub fn terminal_width() -> usize {
    terminal_size_of(io::stdout()).map_or(80, |(Width(width), _)| usize::from(width))
}

/// Whether the output is a pipe, which is then made larger if it may be.
#[cfg(target_os = "linux")]
fn is_pipe(stdout: &io::Stdout) -> bool {
    let is_pipe = rustix::pipe::fcntl_getpipe_size(stdout).is_ok();
    if is_pipe {
        let _ = rustix::pipe::fcntl_setpipe_size(stdout, PIPE_BYTES);
    }
    is_pipe
}

#[cfg(not(target_os = "linux"))]
fn is_pipe(_: &io::Stdout) -> bool {
    false
}

/// Whether a terminal shows bytes and obeys none of them: text in which only line feeds and tabs are not printable.
pub fn is_harmless(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|character| matches!(character, '\n' | '\t') || is_printable(character)))
}

/// Escapes every character that is neither printable nor a line feed or tab.
pub fn escape_controls(text: &mut Vec<u8>) {
    if is_harmless(text) {
        return;
    }
    let unescaped = mem::take(text);
    let out = text;
    for chunk in unescaped.utf8_chunks() {
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
        let mut text = "é\t\u{1b}[2J\u{9b}\u{202e}\u{e0001}\n".as_bytes().to_vec();
        text.push(0xff);
        escape_controls(&mut text);
        assert_eq!(String::from_utf8_lossy(&text), "é\t\\u001b[2J\\u009b\\u202e\\udb40\\udc01\n\\xff");
    }
}
