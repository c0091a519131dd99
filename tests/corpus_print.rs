//! What `print` makes of recordings of real projects, compared with what Go and an independent reader make of them.

mod corpus;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use corpus::{is_equal, json, recordings, without_type};
use serde_json::Value;

fn print(arguments: &[&str], file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
    command.arg("print").args(arguments).arg(file).env_clear();
    command.output().expect("the program starts")
}

/// What is printed, of a command that must succeed and have nothing to remark.
fn printed(arguments: &[&str], file: &Path) -> String {
    let output = print(arguments, file);
    let name = file.display();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
    assert!(output.status.success(), "{name}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn every_recording_prints_without_flags() {
    let Some(folder) = corpus::folder() else { return };
    for (path, name) in recordings(&folder) {
        let text = printed(&[], &path);
        let oracle = fs::read_to_string(folder.join("golden/oracle").join(format!("{name}.jsonl"))).expect("an oracle");
        for index in 1..oracle.lines().count() {
            let number = format!("#{index} ");
            let times = text.lines().filter(|line| line.trim_start().starts_with(&number)).count();
            assert_eq!(times, 1, "{name}: entry {index}");
        }
        let marks: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with('!')).collect();
        assert!(marks.is_empty(), "{name}: {marks:?}");
    }
}

#[test]
fn fprint_is_that_of_go() {
    let Some(folder) = corpus::folder() else { return };
    for (path, name) in recordings(&folder) {
        let golden = fs::read_to_string(folder.join("golden/fprint").join(format!("{name}.fprint.txt")));
        assert!(printed(&["--to", "fprint"], &path) == golden.expect("a golden file"), "{name}");
    }
}

#[test]
fn prototext_is_what_go_records() {
    let Some(folder) = corpus::folder() else { return };
    for (path, name) in recordings(&folder) {
        let golden =
            fs::read_to_string(folder.join("golden/text").join(format!("{name}.rpctxt"))).expect("golden text");
        let (magic, rest) = golden.split_once('\n').expect("a magic line");
        let (initial, mut rest) = rest.split_once('\n').expect("an initial state");
        assert_eq!(magic, "RPCReTxt1");
        let mut expected = format!("# initial state: {initial}\n");
        let mut index = 0;
        while let Some((count, behind)) = rest.split_once('\n') {
            let (body, behind) = behind.split_at(count.parse().expect("a byte count"));
            index += 1;
            expected += &format!("\n# entry {index}\n{body}");
            rest = behind;
        }
        assert!(index > 0, "{name}");
        assert_eq!(printed(&["--to", "prototext"], &path), expected, "{name}");
    }
}

#[test]
fn json_lines_say_what_the_oracle_says() {
    let Some(folder) = corpus::folder() else { return };
    let mut entries = 0;
    for (path, name) in recordings(&folder) {
        let oracle = fs::read_to_string(folder.join("golden/oracle").join(format!("{name}.jsonl"))).expect("an oracle");
        let oracle: Vec<Value> = oracle.lines().map(json).collect();
        for (arguments, message, is_error, ref_index) in [
            (&["--to", "jsonl"][..], "message", "isError", "refIndex"),
            (&["--to", "jsonl", "--proto-names"], "message_proto_names", "is_error", "ref_index"),
        ] {
            let lines: Vec<Value> = printed(arguments, &path).lines().map(json).collect();
            assert_eq!(lines.len(), oracle.len(), "{name}");
            assert_eq!(lines[0]["format"], "RPCReplay");
            assert_eq!(lines[0]["initial"], oracle[0]["initial"], "{name}");
            for (line, expected) in lines.iter().zip(&oracle).skip(1) {
                let at = format!("{name} {}", expected["index"]);
                assert_eq!(line["index"], expected["index"], "{at}");
                assert_eq!(line["kind"], expected["kind"], "{at}");
                assert_eq!(line["method"].as_str().unwrap_or(""), expected["method"], "{at}");
                assert_eq!(line[is_error].as_bool().unwrap_or(false), expected["is_error"], "{at}");
                assert_eq!(line[ref_index].as_i64().unwrap_or(0), expected["ref_index"], "{at}");
                assert_eq!(line["message"].is_null(), expected[message].is_null(), "{at}");
                if !expected[message].is_null() {
                    assert_eq!(line["message"]["@type"], expected["type_url"], "{at}");
                    let found = unescaped(without_type(&line["message"]));
                    assert!(is_equal(&found, &expected[message]), "{at}: {found}\n{}", expected[message]);
                }
                entries += 1;
            }
        }
        let document = json(&printed(&["--to", "json"], &path));
        assert_eq!(document["entries"].as_array().map(Vec::len), Some(oracle.len() - 1), "{name}");
    }
    assert!(entries > 2000);
}

/// A value whose keys begin with one `@` fewer if they begin with two, as those of maps do.
fn unescaped(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(unescaped).collect(),
        Value::Object(members) => {
            let unescaped_key = |key: String| if key.starts_with("@@") { key[1..].to_owned() } else { key };
            members.into_iter().map(|(key, value)| (unescaped_key(key), unescaped(value))).collect()
        }
        value => value,
    }
}

#[test]
fn made_recordings_print_or_fail_as_they_should() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("made");
    let protoset = folder.join("types.protoset").display().to_string();
    let manifest = json(&fs::read_to_string(folder.join("manifest.json")).expect("a manifest"));
    let files = manifest["files"].as_array().expect("a list");
    assert!(files.len() >= 99);
    for file in files {
        let name = file["file"].as_str().expect("a name");
        let path = folder.join(name);
        let go_error = file["go"]["fprint_error"].as_str();
        let go_panics = !file["go"]["fprint_panic"].is_null();
        // Go takes these cuts for the end of the recording.
        let is_silent_in_go = matches!(name, "bin_stream_cut_clean.bin.replay" | "txt_count_line_cut.txt.replay");
        let fails = go_error.is_some() || go_panics || is_silent_in_go;
        let expected_code = if fails { Some(2) } else { Some(0) };

        let fprint = print(&["--protoset", &protoset, "--to", "fprint"], &path);
        let complaint = String::from_utf8_lossy(&fprint.stderr).into_owned();
        assert_eq!(fprint.status.code(), expected_code, "{name}: {complaint}");
        assert_eq!(complaint.contains("rpcreplay: "), fails, "{name}: {complaint}");
        if let Some(golden) = file["fprint_file"].as_str() {
            let golden = fs::read_to_string(folder.join(golden)).expect("a golden file");
            assert_eq!(String::from_utf8_lossy(&fprint.stdout), golden, "{name}");
        }

        let text = print(&["--protoset", &protoset], &path);
        assert_eq!(text.status.code(), expected_code, "{name}");
        let text = String::from_utf8(text.stdout).expect("UTF-8");
        if let Some(breach) = file["go"]["replayer_error"].as_str().filter(|error| error.starts_with("replayer: ")) {
            assert!(text.contains(breach), "{name}: {breach} is not in\n{text}");
        }
        if go_panics {
            assert!(text.contains("! an error that is no google.rpc.Status"), "{name}\n{text}");
        }
    }
}

#[test]
fn injected_faults_are_shown_marked_or_refused() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("bad");
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).expect("a manifest");
    assert!(manifest.lines().count() >= 78);
    for case in manifest.lines().map(json) {
        let name = case["file"].as_str().expect("a name");
        let output = print(&[], &folder.join(name));
        let complaint = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let go_error = case["go_error"].as_str().unwrap_or("");
        let is_marked = text.lines().any(|line| line.trim_start().starts_with('!'));
        let is_refused = output.status.code() == Some(2);
        assert!(is_refused || output.status.success(), "{name}: {complaint}");
        assert_eq!(is_refused, complaint.contains("rpcreplay: "), "{name}: {complaint}");
        // What Go refuses, we refuse or mark; what Go breaks its pairing rules over stands there in its own words.
        assert!(go_error.is_empty() || is_refused || is_marked, "{name}: Go: {go_error}\n{text}");
        if go_error.starts_with("replayer: ") {
            assert!(!is_refused && text.contains(go_error), "{name}: {go_error}\n{text}");
        }
    }
}

/// `corpus/edge` has what the recordings lack: unknown fields, extensions, values at the edge of every type.
#[test]
fn fprint_of_edge_cases_is_that_of_go() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("edge");
    let protoset = folder.join("edge.binpb").display().to_string();
    let mut compared = 0;
    for path in corpus::files(&folder, ".replay") {
        let Ok(golden) = fs::read(format!("{}.fprint.txt", path.display())) else { continue };
        let printed = print(&["--protoset", &protoset, "--to", "fprint"], &path);
        let name = path.display();
        assert_eq!(String::from_utf8_lossy(&printed.stdout), String::from_utf8_lossy(&golden), "{name}");
        compared += 1;
    }
    assert!(compared > 0, "no golden in {}", folder.display());
}
