//! Folders that stand for the recordings in them: what lies below one, and what a file seems to be.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rpcreplay::error::ErrorKind;
use rpcreplay::format::{ReadOptions, Reader, Unrecognized};
use rpcreplay::schema::Schema;

use crate::failure::{Trouble, name_of};

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
