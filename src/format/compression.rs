//! What a file may be packed in: [`Compression`], what can be wrong with it, and what its decompressors share.

use std::fmt;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use bytes::Bytes;

use super::gzip::GZIP_MAGIC;
use super::zstd::{self, ZSTD_WINDOW_LIMIT_BYTES};
use crate::error::ErrorKind;

/// How many times as large as its compressed form a file may be, beyond [`DECOMPRESSION_FREE_BYTES`].
///
/// Real recordings shrink to between a half and a thirtieth; deflate at its best, on nothing but zeros, to 1/1032.
pub const DECOMPRESSION_RATIO_LIMIT: u64 = 200;

/// How much may come out of a compressed file before [`DECOMPRESSION_RATIO_LIMIT`] applies.
pub const DECOMPRESSION_FREE_BYTES: u64 = 256 * 1024 * 1024;

/// How many of a file's first bytes tell its compression.
pub(super) const COMPRESSION_MAGIC_BYTES: usize = 4;

/// What a recording is packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Nothing.
    None,
    /// gzip, of one or more members.
    Gzip,
    /// zstd, of one or more frames.
    Zstd,
}

impl Compression {
    /// Tells the compression from the first [`COMPRESSION_MAGIC_BYTES`] of a file, or all of a shorter one.
    pub(super) fn sniff(head: &[u8]) -> Compression {
        if head.starts_with(GZIP_MAGIC) {
            Compression::Gzip
        } else if head.first_chunk().is_some_and(zstd::begins_frame) {
            Compression::Zstd
        } else {
            Compression::None
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        })
    }
}

/// What is wrong with a compressed file. Offsets are those of the file itself, before decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompressionError {
    /// The file ends inside a member or frame.
    #[error("{compression} data ends early, at byte {compressed_byte} of the compressed file")]
    Truncated {
        /// What the file is packed in.
        compression: Compression,
        /// Where the file ends.
        compressed_byte: u64,
    },
    /// A header, compressed data or a checksum is not what it must be.
    #[error("{compression} data is damaged at byte {compressed_byte} of the compressed file: {reason}")]
    Corrupt {
        /// What the file is packed in.
        compression: Compression,
        /// How far decompression came.
        compressed_byte: u64,
        /// What was found.
        reason: &'static str,
    },
    /// After the end of a member or frame stands neither the end of the file nor another one.
    #[error("{compression} data is followed by something else, at byte {compressed_byte} of the compressed file")]
    TrailingBytes {
        /// What the file is packed in.
        compression: Compression,
        /// Where the last member or frame ends.
        compressed_byte: u64,
    },
    /// The file grows more than any sensible recording does.
    #[error(
        "{compression} data grows to {decompressed_bytes} bytes at byte {compressed_byte} of the compressed file, \
         more than the limit of {DECOMPRESSION_RATIO_LIMIT} times"
    )]
    Bomb {
        /// What the file is packed in.
        compression: Compression,
        /// How much of the file was read.
        compressed_byte: u64,
        /// How much had come out.
        decompressed_bytes: u64,
    },
    /// A zstd frame wants more of what was decompressed to be kept in memory than is sensible.
    #[error(
        "zstd data needs a window of {window_bytes} bytes at byte {compressed_byte} of the compressed file, \
         more than the limit of {ZSTD_WINDOW_LIMIT_BYTES}"
    )]
    Window {
        /// Where the frame begins.
        compressed_byte: u64,
        /// How much it wants.
        window_bytes: u64,
    },
    /// A zstd frame was made with a dictionary, which is not in the file.
    #[error("zstd data needs the dictionary {dictionary} at byte {compressed_byte} of the compressed file")]
    Dictionary {
        /// Where the frame begins.
        compressed_byte: u64,
        /// The dictionary's number.
        dictionary: u32,
    },
}

impl CompressionError {
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            CompressionError::Bomb { compression: Compression::Zstd, .. } => {
                Some("if you trust the file, decompress it first: zstd -dc FILE")
            }
            CompressionError::Bomb { compression: Compression::None | Compression::Gzip, .. } => {
                Some("if you trust the file, decompress it first: gzip -dc FILE")
            }
            CompressionError::Window { .. } => {
                Some("if you trust the file, decompress it first: zstd -dc --long=31 FILE")
            }
            CompressionError::Dictionary { .. } => Some("decompress it first: zstd -dc -D DICTIONARY FILE"),
            CompressionError::Truncated { .. }
            | CompressionError::Corrupt { .. }
            | CompressionError::TrailingBytes { .. } => None,
        }
    }
}

/// The bytes of a compressed file, counted.
pub(super) struct Compressed<R> {
    source: BufReader<Chain<Cursor<Bytes>, R>>,
    compression: Compression,
    /// How many were consumed.
    pub(super) consumed_bytes: u64,
    decompressed_bytes: u64,
    /// [`DECOMPRESSION_FREE_BYTES`], but for tests.
    pub(super) free_bytes: u64,
}

impl<R: Read> Compressed<R> {
    /// The bytes of `head`, and what follows them in `rest`.
    pub(super) fn new(compression: Compression, head: Bytes, rest: R) -> Self {
        Compressed {
            source: BufReader::with_capacity(64 * 1024, Cursor::new(head).chain(rest)),
            compression,
            consumed_bytes: 0,
            decompressed_bytes: 0,
            free_bytes: DECOMPRESSION_FREE_BYTES,
        }
    }

    /// What was read and not yet consumed; nothing at the end of input.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        while let Err(error) = self.source.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.source.fill_buf()
    }

    pub(super) fn consume(&mut self, length: usize) {
        self.source.consume(length);
        self.consumed_bytes += length as u64;
    }

    /// Consumes the next bytes of a header or trailer.
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], ErrorKind> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            let Some(&next) = self.peek()?.first() else { return Err(self.truncated().into()) };
            *byte = next;
            self.consume(1);
        }
        Ok(bytes)
    }

    /// Counts what was decompressed, and says if it is too much for what was consumed.
    pub(super) fn count_decompressed(&mut self, bytes: usize) -> Option<CompressionError> {
        self.decompressed_bytes += bytes as u64;
        let &mut Compressed { compression, consumed_bytes, decompressed_bytes, free_bytes, .. } = self;
        let is_bomb =
            decompressed_bytes > free_bytes && decompressed_bytes / DECOMPRESSION_RATIO_LIMIT > consumed_bytes;
        is_bomb.then_some(CompressionError::Bomb { compression, compressed_byte: consumed_bytes, decompressed_bytes })
    }

    /// The end of input came too early.
    pub(super) fn truncated(&self) -> CompressionError {
        CompressionError::Truncated { compression: self.compression, compressed_byte: self.consumed_bytes }
    }

    /// What stands at `compressed_byte`, or before it, is wrong.
    pub(super) fn corrupt(&self, compressed_byte: u64, reason: &'static str) -> CompressionError {
        CompressionError::Corrupt { compression: self.compression, compressed_byte, reason }
    }

    /// What begins at `compressed_byte` is nothing that was compressed.
    pub(super) fn trailing_bytes(&self, compressed_byte: u64) -> CompressionError {
        CompressionError::TrailingBytes { compression: self.compression, compressed_byte }
    }
}

/// What a decompressor gives before its error, or all of it. For tests of bombs.
#[cfg(test)]
pub(super) fn read_all(mut read: impl FnMut(&mut [u8]) -> Result<usize, ErrorKind>) -> Result<usize, (usize, String)> {
    let mut produced = 0;
    loop {
        match read(&mut [0; 4096]) {
            Ok(0) => return Ok(produced),
            Ok(length) => produced += length,
            Err(error) => return Err((produced, error.to_string())),
        }
    }
}
