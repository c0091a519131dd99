//! Which files are recordings, and the patterns that match them: [`Found`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::schema::Schema;

use super::attributes::literal;
use super::repository::files;
use crate::failure::Trouble;

/// Patterns for files that are recordings wherever they are.
pub const DEFAULTS: [&str; 3] = ["*.replay", "*.grpcrr", "*.rpcreplay"];

/// How much of a file is read to tell whether it is a recording, whose header is shorter unless somebody put much into the
/// initial state.
const HEAD_BYTES: u64 = 1024 * 1024;

/// The recordings of a working tree.
#[derive(Debug, Default)]
pub struct Found {
    /// Their paths, from the top of the working tree.
    pub recordings: Vec<PathBuf>,
    /// All other files.
    pub others: Vec<PathBuf>,
}

impl Found {
    /// Looks at the files of a working tree. Links, submodules and files that are not there are none.
    pub fn below(top: &Path) -> Result<Found, Trouble> {
        let schema = Schema::builder().builtin(false).build();
        let is_recording = |path: &PathBuf| {
            let path = top.join(path);
            std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file())
                && is_recording(&path, &schema).unwrap_or(false)
        };
        let (recordings, others) = files(top)?.into_iter().partition(is_recording);
        Ok(Found { recordings, others })
    }

    /// The patterns that match the recordings and no other file, as far as one for a whole extension can.
    pub fn patterns(&self) -> Vec<String> {
        let mut groups: BTreeMap<String, [Vec<&Path>; 2]> = BTreeMap::new();
        for (which, files) in [&self.recordings, &self.others].into_iter().enumerate() {
            for path in files {
                groups.entry(extension(path)).or_default()[which].push(path);
            }
        }
        let mut patterns = Vec::new();
        for (extension, [recordings, others]) in groups {
            let is_for_recordings = DEFAULTS.iter().any(|pattern| pattern[1..] == extension);
            if recordings.is_empty() {
                continue;
            }
            if !extension.is_empty() && (is_for_recordings || others.is_empty()) {
                patterns.push(format!("*{}", literal(&extension)));
            } else {
                patterns.extend(by_folder(&extension, &recordings, &others));
            }
        }
        patterns
    }
}

/// Patterns for recordings whose extension others have, too: their folders if they have them to themselves, else their paths.
///
/// A path that is no UTF-8 has none; attributes are text.
fn by_folder(extension: &str, recordings: &[&Path], others: &[&Path]) -> Vec<String> {
    let mut folders: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for path in recordings {
        folders.entry(path.parent().unwrap_or(Path::new(""))).or_default().push(path);
    }
    let mut patterns = Vec::new();
    for (folder, recordings) in folders {
        let is_shared = others.iter().any(|other| other.parent() == Some(folder));
        match folder.to_str() {
            Some(folder) if !is_shared && recordings.len() > 1 && !extension.is_empty() => {
                let slash = if folder.is_empty() { "" } else { "/" };
                patterns.push(format!("/{}{slash}*{}", literal(folder), literal(extension)));
            }
            Some(_) | None => {
                patterns.extend(
                    recordings.iter().filter_map(|path| path.to_str()).map(|path| format!("/{}", literal(path))),
                );
            }
        }
    }
    patterns
}

/// What a name ends with, from the dot on: with what it is compressed, too.
fn extension(path: &Path) -> String {
    const COMPRESSED: [&str; 3] = ["gz", "zst", "zstd"];

    let dotted = |extension: Option<&std::ffi::OsStr>| match extension.and_then(|extension| extension.to_str()) {
        Some(extension) => format!(".{extension}"),
        None => String::new(),
    };
    let last = dotted(path.extension());
    if COMPRESSED.iter().any(|name| last[..].strip_prefix('.') == Some(name)) {
        return path.file_stem().map_or(String::new(), |stem| dotted(Path::new(stem).extension())) + &last;
    }
    last
}

/// Whether a file begins as a recording does.
pub fn is_recording(path: &Path, schema: &Schema) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut magic = [0; 4];
    let mut length = 0;
    while length < magic.len() {
        match file.read(&mut magic[length..])? {
            0 => break,
            read => length += read,
        }
    }
    // Most files are none, and a look at a few bytes tells.
    let is_json = matches!(magic[0], b'{' | b' ' | b'\t' | b'\r' | b'\n' | 0xef);
    if !is_json && !matches!(&magic, b"RPCR" | b"\x28\xb5\x2f\xfd") && !magic.starts_with(b"\x1f\x8b") {
        return Ok(false);
    }
    file.rewind()?;
    Ok(Reader::new(file.take(HEAD_BYTES), schema, ReadOptions::default()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_recordings_and_little_else() {
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect();
        for (recordings, others, expected) in [
            (&["a.replay", "b/c.replay", "d.rec"][..], &["x.rs", "y.replay"][..], &["*.rec", "*.replay"][..]),
            (&["a/b.json", "a/c.json", "d/e.json", "f.json"], &["d/x.json"], &["/f.json", "/a/*.json", "/d/e.json"]),
            (&["a.json", "b.json"], &["c/x.json"], &["/*.json"]),
            (&["a.replay.gz", "b.tar.zst"], &["x.gz"], &["*.replay.gz", "*.tar.zst"]),
            (&["t/calls", "t/[x] y.z"], &["Makefile"], &["/t/calls", "*.z"]),
            (&["t/[x]/y.z"], &["a.z"], &["/t/\\[x]/y.z"]),
            (&[], &["x.replay"], &[]),
        ] {
            let found = Found { recordings: paths(recordings), others: paths(others) };
            assert_eq!(found.patterns(), expected, "{recordings:?}");
        }
    }
}
