//! Recordings made by Go, which stand outside the project: the folder is named by the variable `RPCREPLAY_CORPUS`.

#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use rpcreplay::Schema;
use rpcreplay::entry::Entry;
use rpcreplay::schema::{Walker, write_canonical};
use serde_json::Value;

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

/// Every recording of the corpus with its path below its folder.
pub fn recordings(folder: &Path) -> Vec<(PathBuf, String)> {
    let recordings = folder.join("recordings");
    let files = files_below(&recordings);
    assert!(files.len() >= 66);
    let below = |path: &Path| path.strip_prefix(&recordings).expect("below it").display().to_string();
    files.into_iter().map(|path| (path.clone(), below(&path))).collect()
}

/// A text that is JSON.
pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A message as it is outside an `Any`.
pub fn without_type(message: &Value) -> Value {
    let mut message = message.clone();
    let object = message.as_object_mut().expect("an object");
    let type_url = object.remove("@type");
    let is_well_known = type_url.is_some_and(|url| url.as_str().is_some_and(|url| url.contains("/google.protobuf.")));
    match object.remove("value") {
        Some(value) if is_well_known => value,
        Some(value) => {
            object.insert("value".to_owned(), value);
            message
        }
        None => message,
    }
}

/// Whether two values are the same, whichever way their numbers are written.
pub fn is_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            // An Any that holds Empty is written with a value by Go, and by others without.
            let is_empty = |key: &str, value: &Value| key == "value" && *value == json("{}");
            a.iter().all(|(key, a)| b.get(key).map_or(is_empty(key, a), |b| is_equal(a, b)))
                && b.keys().all(|key| a.contains_key(key))
        }
        _ => a == b,
    }
}

/// An entry's facts, its message in the form that equal messages share.
pub fn facts(entry: &Entry, schema: &Schema) -> (String, Option<(String, Vec<u8>)>, bool, i32) {
    let (any, is_error) = entry.payload().fields();
    let any = any.map(|any| {
        let mut canonical = Vec::new();
        match schema.resolve(any.type_url) {
            Ok(id) => write_canonical(&mut Walker::new(schema), id, any.value, &mut canonical).expect("Go wrote it"),
            Err(_) => canonical.extend_from_slice(any.value),
        }
        (any.type_url.to_owned(), canonical)
    });
    (format!("{} {}", entry.kind(), entry.method()), any, is_error, entry.ref_index())
}
