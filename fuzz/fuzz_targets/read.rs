//! Any bytes as a recording: read or refused, never a panic, and what is read can be copied.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rpcreplay::Schema;
use rpcreplay::format::{Compression, Format, ReadOptions, Reader, Writer};

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::builtin);

fuzz_target!(|file: &[u8]| {
    let options = ReadOptions { max_record_bytes: 1 << 20 };
    let Ok(mut reader) = Reader::new(file, &SCHEMA, options) else { return };
    let mut writer = Writer::binary(Vec::new(), reader.header()).expect("a vector takes everything");
    let mut is_damaged = false;
    loop {
        match reader.read() {
            Ok(Some(entry)) => {
                let index = writer.write(&entry).expect("a copy keeps every number");
                assert_eq!(index, entry.index());
            }
            Ok(None) => break,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                assert!(error.position().entry.is_some(), "{error}");
                is_damaged = true;
            }
        }
    }
    let copy = writer.finish().expect("a vector takes everything");
    if (reader.format(), reader.compression()) == (Format::Binary, Compression::None) {
        // Damage ends what is copied; without any the copy is the whole.
        assert!(if is_damaged { file.starts_with(&copy) } else { file == copy });
    }
});
