//! Folders that stand for the recordings in them: what lies below one, and which of that are [`recordings`].

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rpcreplay::error::ErrorKind;
use rpcreplay::format::{ReadOptions, Reader, Unrecognized};
use rpcreplay::schema::Schema;

use crate::failure::{Trouble, name_of, note};

/// A recording that is read.
#[derive(Debug)]
pub struct Recording {
    /// Its path.
    pub path: PathBuf,
    /// Its path below the folder that was named, or its name.
    pub relative: PathBuf,
}

/// Which files below a folder are taken for recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognized {
    /// Those that begin as a recording does.
    ByContent,
    /// Also those that are called as one is: whoever checks a folder wants to know of one that is empty or spoilt.
    ByContentOrName,
}

/// How the names of recordings end, compressed or not.
const ENDINGS: [&str; 3] = [".replay", ".rpcreplay", ".grpcrr"];

impl Recognized {
    fn by_name(self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        self == Recognized::ByContentOrName && ENDINGS.iter().any(|end| name.ends_with(end))
    }
}

/// The recordings that paths name, of folders all that are below them, sorted; each path once.
pub fn recordings(paths: &[PathBuf], recognized: Recognized) -> Result<Vec<Recording>, Trouble> {
    let (mut found, mut others, mut pointers) = (Vec::<Recording>::new(), 0, 0);
    for path in paths {
        if path.as_os_str() == "-" || !path.is_dir() {
            let relative = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
            found.push(Recording { path: path.clone(), relative });
            continue;
        }
        for (relative, path) in files_below(path, Links::ToFiles)? {
            // What can't be read is for whoever reads it to complain of.
            let sort = File::open(&path).map_or(Sort::Recording, |file| sort_of(Box::new(file)));
            match sort {
                Sort::Recording => found.push(Recording { path, relative }),
                Sort::Pointer | Sort::Other if recognized.by_name(&path) => found.push(Recording { path, relative }),
                Sort::Pointer => pointers += 1,
                Sort::Other | Sort::HttpReplay => others += 1,
            }
        }
    }
    let mut seen = HashSet::new();
    // Standard input is refused to whoever names it twice.
    found.retain(|recording| recording.path.as_os_str() == "-" || seen.insert(recording.path.clone()));
    if others > 0 {
        let plural = if others == 1 { "file that is no recording" } else { "files that are no recordings" };
        note("note: ", &format!("{others} {plural} passed over"));
    }
    if pointers > 0 {
        let plural = if pointers == 1 { "pointer" } else { "pointers" };
        note("note: ", &format!("{pointers} git-LFS {plural} passed over"));
        note("hint: ", "if they stand for recordings, fetch these with: git lfs pull");
    }
    if found.is_empty() {
        let names: Vec<_> = paths.iter().map(|path| name_of(path)).collect();
        return Err(Trouble::new(&names.join(", "), "no recordings were found"));
    }
    Ok(found)
}

/// What a file seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A recording, damaged or not.
    Recording,
    /// A git-LFS pointer, which may stand for one.
    Pointer,
    /// A log of HTTP traffic, as which go-replayers keeps it under the same names.
    HttpReplay,
    /// Anything else.
    Other,
}

/// What a file seems to be by how it begins.
pub fn sort_of(input: Box<dyn Read + Send>) -> Sort {
    let nothing = Schema::builder().builtin(false).build();
    match Reader::new(input, &nothing, ReadOptions::default()) {
        Ok(_) => Sort::Recording,
        Err(error) => match error.kind() {
            ErrorKind::Unrecognized(Unrecognized::LfsPointer) => Sort::Pointer,
            ErrorKind::Unrecognized(Unrecognized::HttpReplay) => Sort::HttpReplay,
            // Nothing else begins like that.
            ErrorKind::Unrecognized(Unrecognized::ShortMagic { .. } | Unrecognized::NoCalls { .. }) => Sort::Recording,
            ErrorKind::Unrecognized(_) => Sort::Other,
            _ => Sort::Recording,
        },
    }
}

/// Which symbolic links are followed; those to folders never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// None: for git they are no files.
    None,
    /// Those to files: some build systems make nothing else.
    ToFiles,
}

/// The files below a folder, by their paths below it; what git keeps for itself is not looked at.
pub fn files_below(folder: &Path, links: Links) -> Result<BTreeMap<PathBuf, PathBuf>, Trouble> {
    let mut files = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let here = if relative.as_os_str().is_empty() { folder.to_owned() } else { folder.join(&relative) };
        let entries = fs::read_dir(&here).map_err(|error| Trouble::new(&name_of(&here), error))?;
        for entry in entries {
            let trouble = |error| Trouble::new(&name_of(&here), error);
            let entry = entry.map_err(trouble)?;
            let kind = entry.file_type().map_err(trouble)?;
            let path = relative.join(entry.file_name());
            let follows = links == Links::ToFiles && kind.is_symlink();
            let is_link_to_file = || follows && entry.path().metadata().is_ok_and(|target| target.is_file());
            if kind.is_dir() {
                if entry.file_name() != ".git" {
                    folders.push(path);
                }
            } else if kind.is_file() || is_link_to_file() {
                files.insert(path.clone(), folder.join(path));
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_known_by_what_they_hold_or_are_called() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path(".git")).expect("a writable folder");
        for (name, bytes) in [
            ("calls.bin", b"RPCReplay\0\0\0\0".as_slice()),
            ("empty.replay", b""),
            ("spoilt.grpcrr.gz", b"<html>"),
            ("notes.txt", b"text"),
            (".git/calls.replay", b"RPCReplay\0\0\0\0"),
            ("http.replay", b"{\"Initial\": \"\", \"Version\": \"0.2\"}"),
            ("cut", b"RPCRepl"),
        ] {
            fs::write(path(name), bytes).expect("a writable folder");
        }
        let found = |recognized| -> Vec<String> {
            let found = recordings(&[folder.path().to_owned()], recognized).expect("there is one");
            found.iter().map(|recording| name_of(&recording.relative)).collect()
        };
        assert_eq!(found(Recognized::ByContent), ["calls.bin", "cut"]);
        let twice = recordings(&[path("calls.bin"), path("calls.bin")], Recognized::ByContent).expect("there is one");
        assert_eq!(twice.len(), 1);
        assert_eq!(found(Recognized::ByContentOrName), ["calls.bin", "cut", "empty.replay", "spoilt.grpcrr.gz"]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("calls.bin"), path("link")).expect("a writable folder");
            std::os::unix::fs::symlink(folder.path(), path("round")).expect("a writable folder");
            assert_eq!(found(Recognized::ByContent), ["calls.bin", "cut", "link"]);
        }
    }
}
