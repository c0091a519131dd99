//! What git's textconv makes of the recordings of real projects: the same text of every format, and never a failure.

mod corpus;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn rpcreplay(arguments: &[&str], file: &Path) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
    program.args(arguments).arg(file).current_dir(std::env::temp_dir()).output().expect("the program starts")
}

fn textconv(file: &Path) -> Vec<u8> {
    let output = rpcreplay(&["git", "textconv", "--"], file);
    assert!(output.status.success(), "{}: git ends of it", file.display());
    assert!(output.stderr.is_empty(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn the_textconv_never_fails_and_is_the_same_for_every_format() {
    let Some(folder) = corpus::folder() else { return };
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let converted = temporary.path().join("converted");
    let mut compared = 0;
    for file in corpus::files_below(&folder) {
        let text = textconv(&file);
        if !text.starts_with(b"recording, ") {
            assert_eq!(text, fs::read(&file).expect("a file"), "{}: is passed through", file.display());
            continue;
        }
        for format in ["jsonl", "text"] {
            let output = rpcreplay(&["convert", "--compress", "zstd", "--to", format, "--"], &file);
            // Damage, and what text can't carry.
            if output.status.success() {
                fs::write(&converted, output.stdout).expect("a writable folder");
                assert!(textconv(&converted) == text, "{}: as {format}", file.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "{compared}");
}
