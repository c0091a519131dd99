//! Any bytes as a `.proto` file: refused with a place in it, or a schema; never a panic.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rpcreplay::Schema;

/// A file of this process alone, which every input is written to.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("rpcreplay-fuzz-{}.proto", std::process::id())));

/// What the seeds define.
const TYPES: [&str; 3] = ["every.Old", "every.New", "interop.v1.Everything"];

fuzz_target!(|text: &[u8]| {
    std::fs::write(&*FILE, text).expect("a writable folder");
    let builder = match Schema::builder().proto(std::slice::from_ref(&*FILE), &[]) {
        Ok(builder) => builder,
        Err(error) => {
            assert!(error.to_string().starts_with(&FILE.display().to_string()), "{error}");
            return;
        }
    };
    let schema = builder.build();
    for name in TYPES {
        match schema.resolve(name) {
            Ok(id) => assert_eq!(schema.layout(id).full_name(), name),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
