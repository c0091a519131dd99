//! What the names of files say of the recordings in them, and what they are called in turn.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rpcreplay::format::{Compression, Format};

const COMPRESSED: [(&str, Compression); 2] = [("gz", Compression::Gzip), ("zst", Compression::Zstd)];

/// The compression that the ending of a name says.
pub fn compression_of_name(path: &Path) -> Option<Compression> {
    let ending = path.extension()?;
    COMPRESSED.iter().find(|(known, _)| ending == *known).map(|(_, compression)| *compression)
}

/// A path without the ending that says how it is compressed.
pub fn uncompressed(path: &Path) -> PathBuf {
    if compression_of_name(path).is_some() { path.with_extension("") } else { path.to_owned() }
}

/// The format that the ending of a name says, behind which there may be that of a compression.
pub fn format_of_name(path: &Path) -> Option<Format> {
    let path = uncompressed(path);
    match path.extension()?.to_str()? {
        "replay" | "rpc" => Some(Format::Binary),
        "grpcrr" | "txt" | "textproto" | "txtpb" => Some(Format::Text),
        "json" => Some(Format::Json),
        "jsonl" | "ndjson" => Some(Format::JsonLines),
        _ => None,
    }
}

/// The format that a name says below the ending of JSON.
pub fn format_below_json(path: &Path) -> Option<Format> {
    let path = uncompressed(path);
    match format_of_name(&path)? {
        Format::Json | Format::JsonLines => format_of_name(&path.with_extension("")),
        Format::Binary | Format::Text => None,
    }
}

/// The name of a recording in a folder: its own, with the ending of JSON behind it, or taken off again.
pub fn name_in_folder(path: &Path, format: Format, compression: Option<Compression>) -> OsString {
    let was_compressed = compression_of_name(path);
    let own = if path.as_os_str() == "-" { Path::new("recording.replay") } else { path };
    let mut name = uncompressed(Path::new(own.file_name().unwrap_or(own.as_os_str())));
    if let Some(Format::Json | Format::JsonLines) = format_of_name(&name) {
        name.set_extension("");
        if name.extension().is_none() {
            name.set_extension(if format == Format::Text { "grpcrr" } else { "replay" });
        }
    }
    let mut name = name.into_os_string();
    let keeps = match format {
        Format::Binary | Format::Text => was_compressed,
        Format::Json => {
            name.push(".json");
            None
        }
        Format::JsonLines => {
            name.push(".jsonl");
            None
        }
    };
    let ending = COMPRESSED.iter().find(|(_, known)| Some(*known) == compression.or(keeps));
    if let Some((ending, _)) = ending {
        name.push(".");
        name.push(ending);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_formats() {
        for (name, format) in [
            ("a.replay", Some(Format::Binary)),
            ("a.rpc.gz", Some(Format::Binary)),
            ("a.grpcrr", Some(Format::Text)),
            ("a.replay.json", Some(Format::Json)),
            ("a.jsonl.zst", Some(Format::JsonLines)),
            ("a", None),
            ("json", None),
            ("a.gz", None),
        ] {
            assert_eq!(format_of_name(Path::new(name)), format, "{name}");
        }
    }

    #[test]
    fn names_in_folders_come_back() {
        for (name, format, compression, expected) in [
            ("x/a.replay", Format::Json, None, "a.replay.json"),
            ("a.replay.json", Format::Binary, None, "a.replay"),
            ("a.rpc.gz", Format::JsonLines, None, "a.rpc.jsonl"),
            ("a.rpc.gz", Format::Text, None, "a.rpc.gz"),
            ("a.rpc.gz", Format::Binary, Some(Compression::None), "a.rpc"),
            ("a.rpc", Format::Binary, Some(Compression::Zstd), "a.rpc.zst"),
            ("a.json", Format::Binary, None, "a.replay"),
            ("a.jsonl", Format::Text, None, "a.grpcrr"),
            ("a.json", Format::JsonLines, None, "a.replay.jsonl"),
            ("-", Format::Json, None, "recording.replay.json"),
        ] {
            assert_eq!(name_in_folder(Path::new(name), format, compression), expected, "{name}");
        }
    }
}
