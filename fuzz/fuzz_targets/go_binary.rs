//! Any bytes as a Go program: refused or carved, never a panic, and whatever type is carved can be asked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rpcreplay::Schema;

/// What the seeds define, beside what every program has.
const TYPES: [&str; 4] = ["every.Old", "every.New", "interop.v1.Everything", "google.protobuf.Any"];

fuzz_target!(|program: &[u8]| {
    let builder = match Schema::builder().builtin(false).go_binary("program", program) {
        Ok(builder) => builder,
        Err(error) => {
            assert!(error.to_string().starts_with("program: "), "{error}");
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
