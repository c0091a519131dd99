//! Recordings made by Go, which stand outside the project: the folder is named by the variable `RPCREPLAY_CORPUS`.

#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use rpcreplay::Schema;

/// The corpus, or nothing, said on standard error, where there is none.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("RPCREPLAY_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: RPCREPLAY_CORPUS names no folder");
    }
    folder
}

/// The files of a folder whose names end so, sorted.
pub fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.to_string_lossy().ends_with(suffix))
        .collect();
    files.sort();
    files
}

/// A schema that knows a descriptor set and nothing else.
pub fn schema(protoset: &Path) -> Schema {
    let bytes = fs::read(protoset).unwrap_or_else(|error| panic!("{}: {error}", protoset.display()));
    let name = protoset.display().to_string();
    Schema::builder().builtin(false).protoset(&name, bytes).expect("a descriptor set").build()
}

/// All files below a folder, sorted.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in files(folder, "") {
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}
