//! Message types come from descriptor sets, `.proto` files and Go programs; wherever they come from, the same recording
//! reads the same.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use prost_types::FileDescriptorSet;
use rpcreplay::Schema;
use rpcreplay::entry::Payload;
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::schema::{JsonOptions, TextOptions, Walker, write_json, write_text};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Everything that stands in a recording, as text and as JSON.
fn shown(recording: &str, schema: &Schema) -> String {
    let mut walker = Walker::new(schema);
    let mut out = Vec::new();
    let bytes = std::fs::read(path(recording)).expect("the recording");
    for entry in Reader::new(bytes.as_slice(), schema, ReadOptions::default()).expect("a recording") {
        let entry = entry.expect("a whole recording");
        let (Payload::Message(any) | Payload::Error(any)) = entry.payload() else { continue };
        match schema.resolve(any.type_url) {
            Ok(id) => {
                write_text(&mut walker, id, any.value, TextOptions::default(), &mut out).expect("a message");
                write_json(&mut walker, id, any.value, JsonOptions::default(), &mut out).expect("a message");
            }
            Err(error) => write!(out, "{error}").expect("a vector takes everything"),
        }
        out.push(b'\n');
    }
    String::from_utf8(out).expect("text is UTF-8")
}

/// What a Go program looks like to who looks for descriptors only: they stand between other things, as they are or in
/// gzip.
fn go_program(files: &[Vec<u8>], is_compressed: bool) -> Vec<u8> {
    let mut program = b"\x7fELF\x02\x01\x01 go:buildinfo \n\x0egoogle/any.proto".to_vec();
    for file in files {
        if is_compressed {
            let mut encoder = GzEncoder::new(&mut program, Compression::best());
            encoder.write_all(file).expect("a vector takes everything");
            encoder.finish().expect("a vector takes everything");
        } else {
            program.extend_from_slice(file);
        }
    }
    program.extend(b"runtime.text \x1f\x8b\x08\x00 google/protobuf/timestamp.proto");
    program
}

#[test]
fn a_recording_reads_the_same_whatever_describes_it() {
    let set = std::fs::read(path("data/ledger.protoset")).expect("the descriptor set");
    let files: Vec<Vec<u8>> = FileDescriptorSet::decode(set.as_slice())
        .expect("protoc made it")
        .file
        .iter()
        .map(|file| file.encode_to_vec())
        .collect();
    let ledger = path("interop/ledger.proto");
    let builder = Schema::builder;
    let expected = shown("data/ledger.replay", &builder().protoset("set", set).expect("sound").build());
    assert!(expected.contains("balance_cents: 1250") && expected.contains("balanceCents"), "{expected}");
    for schema in [
        builder().proto(std::slice::from_ref(&ledger), &[]),
        builder().proto(&["ledger.proto".into()], &[path("data"), path("interop")]),
        builder().go_binary("plain", &go_program(&files, false)),
        builder().go_binary("compressed", &go_program(&files, true)),
    ] {
        let found = shown("data/ledger.replay", &schema.expect("sound").build());
        assert!(found == expected, "expected\n{expected}\nfound\n{found}");
    }
}

#[test]
fn a_go_program_without_descriptors_says_so() {
    for program in [&b""[..], b"\x7fELF", b"\n\x07a.proto", &go_program(&[], false)] {
        let error = Schema::builder().go_binary("tool", program).err().expect("there are none");
        assert_eq!(error.to_string(), "tool: no descriptors found");
        assert!(error.hint().expect("it says what to do").contains("go test -c"));
    }
}
