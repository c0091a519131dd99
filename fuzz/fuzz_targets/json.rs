//! Any bytes as a recording as JSON: read or refused, never a panic, one by one and in batches alike. What is read is
//! written as JSON Lines and as a document, and both are read as the same records.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rpcreplay::entry::Entry;
use rpcreplay::format::{Decoder, Encoder, Format, Numbering, ReadOptions, Reader, WriteOptions, Writer};
use rpcreplay_fuzz::SCHEMA;

fn reader(file: &[u8]) -> Option<Reader<'static, &[u8]>> {
    let reader = Reader::new(file, &SCHEMA, ReadOptions { max_record_bytes: 1 << 20 }).ok()?;
    matches!(reader.format(), Format::Json | Format::JsonLines).then_some(reader)
}

/// What is read, up to an error.
fn read(file: &[u8]) -> Option<Vec<Entry>> {
    let mut reader = reader(file)?;
    let mut entries = Vec::new();
    loop {
        match reader.read() {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => return Some(entries),
            Err(error) => {
                assert!(error.position().entry.is_some() && !error.to_string().is_empty(), "{error}");
                return Some(entries);
            }
        }
    }
}

/// How many entries batches hold, up to an error.
fn count_in_batches(file: &[u8]) -> usize {
    let mut reader = reader(file).expect("it could be opened before");
    let (mut decoder, mut numbering) = (Decoder::new(&SCHEMA), Numbering::new(reader.format()));
    let mut count = 0;
    loop {
        let mut frames = Vec::new();
        let end = reader.read_batch(&mut frames);
        if frames.is_empty() {
            return count;
        }
        for frame in frames {
            if frame.decode(&mut decoder).and_then(|entry| numbering.settle(entry)).is_err() {
                return count;
            }
            count += 1;
        }
        if end.is_err() {
            return count;
        }
    }
}

fuzz_target!(|file: &[u8]| {
    let Some(entries) = read(file) else { return };
    assert_eq!(count_in_batches(file), entries.len());
    let header = reader(file).expect("it could be opened before").header().clone();
    for format in [Format::JsonLines, Format::Json] {
        let encoder = Encoder::new(WriteOptions::new(format), &SCHEMA);
        let mut writer = Writer::new(Vec::new(), &header, encoder).expect("a vector takes everything");
        for entry in &entries {
            writer.write(entry).unwrap_or_else(|error| panic!("{error}"));
        }
        let json = writer.finish().expect("a vector takes everything");
        let mut reader = Reader::new(&json[..], &SCHEMA, ReadOptions::default()).expect("we wrote it");
        assert_eq!(reader.header(), &header);
        for entry in &entries {
            let back = reader.read().unwrap_or_else(|error| panic!("{error}: {}", json.escape_ascii()));
            let back = back.unwrap_or_else(|| panic!("an entry is missing: {}", json.escape_ascii()));
            assert_eq!(back.record(), entry.record(), "{}", json.escape_ascii());
            assert!(!back.ignored_wire(), "{}", json.escape_ascii());
        }
        assert!(matches!(reader.read(), Ok(None)));
    }
});
