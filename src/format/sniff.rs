//! What a file is, told by its first bytes; and a name for what it is when it is no recording.

use super::Format;
use super::compression::Compression;
use crate::error::excerpt;

/// The mark that recordings in the binary format begin with.
pub const BINARY_MAGIC: &[u8] = b"RPCReplay";

/// The mark of the text format, version 1.
pub(super) const TEXT_MAGIC: &[u8] = b"RPCReTxt1";

/// The length of both marks.
pub(super) const MAGIC_BYTES: usize = 9;

/// How much of a file is enough to tell what it is.
pub(super) const SNIFFED_BYTES: usize = 512;

/// How much of a file that is something else an error quotes.
const QUOTED_BYTES: usize = 12;

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unrecognized {
    /// There are no bytes.
    #[error("the file is empty, expected a recording")]
    Empty,
    /// The file ends inside the mark that a recording begins with.
    #[error("the file ends inside the mark that a recording begins with, after `{found}`")]
    ShortMagic {
        /// The whole file.
        found: String,
    },
    /// The file is shorter than the mark that a recording begins with, and nobody knows what it is.
    #[error("the whole file is `{found}`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd")]
    Short {
        /// The whole file, everything unprintable escaped.
        found: String,
    },
    /// The text format, in a version of the future.
    #[error("text format version `{version}` is not known, expected `1`")]
    TextVersion {
        /// The version's character, escaped if it is unprintable.
        version: String,
    },
    /// A recorder wrote the mark and nothing else.
    #[error("nothing follows the mark `{magic}`: a recorder that was closed before its first call leaves such a file")]
    NoCalls {
        /// The mark.
        magic: Format,
    },
    /// HTTP traffic as `cloud.google.com/go/httpreplay` and `go-replayers/httpreplay` record it.
    #[error("this is an httpreplay log (HTTP traffic as JSON), which this version does not read")]
    HttpReplay,
    /// Entries of a recording as JSON Lines, without the header in front of them.
    #[error("this is an entry of a recording as JSON, but the header in front of it is missing")]
    NoHeader,
    /// Several recordings as one JSON document.
    #[error("this is a list of recordings as JSON")]
    List,
    /// Some other list of JSON, such as the lines of JSON Lines.
    #[error("this is a list of JSON, not a recording")]
    ListOfLines,
    /// Text in UTF-16.
    #[error("this is text in UTF-16, expected UTF-8")]
    Utf16,
    /// Some other JSON.
    #[error("this is JSON, but not of a kind known to hold a recording")]
    Json,
    /// A file compressed by a program other than gzip and zstd.
    #[error("this is a file compressed with {program}, which this version does not read")]
    Compressed {
        /// The program that decompresses it.
        program: &'static str,
    },
    /// A compressed file in which there is another.
    #[error("this is a {inner} file inside a {outer} file")]
    Nested {
        /// What is inside.
        inner: Compression,
        /// What it is inside of.
        outer: Compression,
    },
    /// What git keeps in place of a large file.
    #[error("this is a git-LFS pointer, which stands for the file itself")]
    LfsPointer,
    /// A file that git could not merge.
    #[error("this is a file with git's conflict markers")]
    Conflict,
    /// Anything else.
    #[error("begins with `{found}`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd")]
    Other {
        /// The first bytes, everything unprintable escaped.
        found: String,
    },
}

impl Unrecognized {
    /// Whether it may be the beginning of a recording, of which no more is there.
    pub fn is_cut(&self) -> bool {
        matches!(self, Unrecognized::Empty | Unrecognized::ShortMagic { .. } | Unrecognized::NoCalls { .. })
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Unrecognized::NoCalls { .. } => Some("record again, with at least one call before the recorder is closed"),
            Unrecognized::NoHeader => Some("put it back, or write one: {\"format\":\"RPCReplay\",\"initial\":\"\"}"),
            Unrecognized::List => Some("take one out, such as with: jq '.[0]'"),
            Unrecognized::ListOfLines => Some("if it holds a header and entries, make it JSON Lines with: jq -c '.[]'"),
            Unrecognized::Utf16 => Some("save it as UTF-8"),
            Unrecognized::Json => Some("a recording as JSON begins with {\"format\":\"RPCReplay\",\"initial\":"),
            Unrecognized::Compressed { .. } => Some("decompress it first"),
            Unrecognized::Nested { outer: Compression::Zstd, .. } => Some("decompress it once: zstd -dc FILE"),
            Unrecognized::Nested { .. } => Some("decompress it once: gzip -dc FILE"),
            Unrecognized::LfsPointer => Some("fetch the file with: git lfs pull"),
            Unrecognized::Conflict => Some("take one side whole: git checkout --ours FILE, or --theirs"),
            Unrecognized::Empty
            | Unrecognized::ShortMagic { .. }
            | Unrecognized::Short { .. }
            | Unrecognized::TextVersion { .. }
            | Unrecognized::HttpReplay
            | Unrecognized::Other { .. } => None,
        }
    }
}

/// Tells the format from the first [`SNIFFED_BYTES`] of a file, or all of a shorter one, after decompression.
pub(super) fn sniff(head: &[u8], outer: Compression) -> Result<Format, Unrecognized> {
    if head.is_empty() {
        return Err(Unrecognized::Empty);
    }
    if head.starts_with(BINARY_MAGIC) {
        return Ok(Format::Binary);
    }
    if head.starts_with(TEXT_MAGIC) {
        return Ok(Format::Text);
    }
    match first_json_key(head) {
        // Which form of JSON it is shows only behind the header.
        Some(b"format" | b"initial" | b"entries" | b"canonical" | b"file") => return Ok(Format::JsonLines),
        Some(b"index" | b"kind") => return Err(Unrecognized::NoHeader),
        Some(_) | None => {}
    }
    if BINARY_MAGIC.starts_with(head) || TEXT_MAGIC.starts_with(head) {
        return Err(Unrecognized::ShortMagic { found: excerpt(head, MAGIC_BYTES) });
    }
    if let Some([version, ..]) = head.strip_prefix(&TEXT_MAGIC[..MAGIC_BYTES - 1]) {
        return Err(Unrecognized::TextVersion { version: excerpt(&[*version], 1) });
    }
    Err(foreign(head, outer))
}

/// Names a file that is no recording.
fn foreign(head: &[u8], outer: Compression) -> Unrecognized {
    for (magic, program) in [(&b"BZh"[..], "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"PK\x03\x04", "zip")] {
        if head.starts_with(magic) {
            return Unrecognized::Compressed { program };
        }
    }
    match Compression::sniff(head) {
        Compression::None => {}
        inner @ (Compression::Gzip | Compression::Zstd) => return Unrecognized::Nested { inner, outer },
    }
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Unrecognized::LfsPointer;
    }
    if head.starts_with(b"<<<<<<< ") {
        return Unrecognized::Conflict;
    }
    match first_json_key(head) {
        // The fields of httpreplay's `Log`, any of which a tool that sorts keys may have put first.
        Some(b"Initial" | b"Version" | b"Converter" | b"Entries") => Unrecognized::HttpReplay,
        Some(_) => Unrecognized::Json,
        None => match head.trim_ascii_start() {
            [b'[', list @ ..] => match first_json_key(list) {
                Some(b"index" | b"kind") => Unrecognized::NoHeader,
                _ if memchr::memmem::find(list, b"\"entries\"").is_some() => Unrecognized::List,
                _ => Unrecognized::ListOfLines,
            },
            [b'{', ..] | b"null" => Unrecognized::Json,
            _ if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") => Unrecognized::Utf16,
            _ if head.len() < MAGIC_BYTES => Unrecognized::Short { found: excerpt(head, MAGIC_BYTES) },
            _ => Unrecognized::Other { found: excerpt(&head[..head.len().min(QUOTED_BYTES)], QUOTED_BYTES) },
        },
    }
}

/// The first key of a JSON object.
fn first_json_key(head: &[u8]) -> Option<&[u8]> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let key = head.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(&key[..memchr::memchr(b'"', key)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_finds() {
        let httpreplay = b"{\n  \"Initial\": \"IjIwMTktMDgt\",\n  \"Version\": \"0.2\",\n  \"Converter\": {";
        #[rustfmt::skip]
        let cases: &[(&[u8], &str)] = &[
            (b"", "the file is empty, expected a recording"),
            (b"R", "the file ends inside the mark that a recording begins with, after `R`"),
            (b"RPCReTxt", "the file ends inside the mark that a recording begins with, after `RPCReTxt`"),
            (b"RPCReTxt2\n\"\"\n", "text format version `2` is not known, expected `1`"),
            (b"RPCReTxt\n", "text format version `\\n` is not known, expected `1`"),
            (httpreplay, "this is an httpreplay log (HTTP traffic as JSON), which this version does not read"),
            (b"{\"Entries\":[]}", "this is an httpreplay log (HTTP traffic as JSON), which this version does not read"),
            (b"{\"index\":1}\n", "this is an entry of a recording as JSON, but the header in front of it is missing"),
            (b"[{\"kind\":\"SEND\"}]", "this is an entry of a recording as JSON, but the header in front of it is missing"),
            (b" [ {}]", "this is a list of JSON, not a recording"),
            (b"[{\"format\":\"RPCReplay\",\"entries\":[", "this is a list of recordings as JSON"),
            (b"{}", "this is JSON, but not of a kind known to hold a recording"),
            (b"\xff\xfe{\0", "this is text in UTF-16, expected UTF-8"),
            (b" {\"other\":1}", "this is JSON, but not of a kind known to hold a recording"),
            (b"BZh9", "this is a file compressed with bzip2, which this version does not read"),
            (b"\x28\xb5\x2f\xfd\x04", "this is a zstd file inside a gzip file"),
            (b"\x1f\x8b\x08", "this is a gzip file inside a gzip file"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d", "this is a git-LFS pointer, which stands for the file itself"),
            (b"<<<<<<< HEAD\nRPCReTxt1", "this is a file with git's conflict markers"),
            (b"RPCReplaX\0", "begins with `RPCReplaX\\x00`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd"),
            (b"\x7fELF\x02\x01\x01\0\0", "begins with `\\x7fELF\\x02\\x01\\x01\\x00\\x00`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd"),
            (b"\x7fELF", "the whole file is `\\x7fELF`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd"),
        ];
        for (head, expected) in cases {
            let found = sniff(head, Compression::Gzip).expect_err("no case is a recording");
            assert_eq!(found.to_string(), *expected);
        }
        assert_eq!(sniff(b"RPCReplay\0\0\0\0", Compression::None), Ok(Format::Binary));
        assert_eq!(sniff(b"RPCReTxt1\n", Compression::None), Ok(Format::Text));
        for json in ["{\"format\":\"RPCReplay\"", " {\n \"entries\" :[", "\u{feff}{\"initial\":\"\"}"] {
            assert_eq!(sniff(json.as_bytes(), Compression::None), Ok(Format::JsonLines));
        }
    }
}
