//! Folders that stand for the recordings in them: what lies below one, and which of that are [`recordings`].

use std::collections::BTreeMap;
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

/// The recordings that paths name, of folders all that are below them, sorted.
pub fn recordings(paths: &[PathBuf]) -> Result<Vec<Recording>, Trouble> {
    let (mut found, mut others, mut pointers) = (Vec::new(), 0, 0);
    for path in paths {
        if path.as_os_str() == "-" || !path.is_dir() {
            let relative = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
            found.push(Recording { path: path.clone(), relative });
            continue;
        }
        for (relative, path) in files_below(path)? {
            // What can't be read is for whoever reads it to complain of.
            let sort = File::open(&path).map_or(Sort::Recording, |file| sort_of(Box::new(file)));
            match sort {
                Sort::Recording => found.push(Recording { path, relative }),
                Sort::Pointer => pointers += 1,
                Sort::Other => others += 1,
            }
        }
    }
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
            ErrorKind::Unrecognized(_) => Sort::Other,
            _ => Sort::Recording,
        },
    }
}

/// The files below a folder, by their paths below it; symbolic links are not followed.
pub fn files_below(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>, Trouble> {
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
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.insert(path.clone(), folder.join(path));
            }
        }
    }
    Ok(files)
}
