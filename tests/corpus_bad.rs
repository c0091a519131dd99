//! Recordings with one injected fault each, judged by Go: every one is shown whole, shown with a mark, or refused at a
//! named place, and none of them in silence.
//!
//! Pairing (a RESPONSE without its REQUEST, and the like) is not the reader's affair; `print` marks it.

mod corpus;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::Command;

use rpcreplay::Schema;
use rpcreplay::entry::{Entry, Payload};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::schema::{Walker, write_canonical};

enum Verdict {
    /// Everything is read, and every message opens.
    Shown,
    /// Everything is read, and something is said of an entry's payload.
    Marked(u64, &'static str),
    /// Everything is read, and an entry is refused whole.
    Flawed(u64, &'static str),
    /// Reading ends with this error.
    Refused(&'static str),
}

use Verdict::{Flawed, Marked, Refused, Shown};

/// The file, how many entries are read, and what becomes of it; a part of each mark that `print` shows, and the reason that
/// its JSON has, or the unknown fields.
#[rustfmt::skip]
const CASES: &[(&str, usize, Verdict, &[&str], &str)] = &[
    ("ok_unary.replay", 8, Shown, &[], ""),
    ("ok_stream.replay", 97, Shown, &[], ""),
    ("empty_file.replay", 0, Refused("the file is empty, expected a recording"), &[], ""),
    ("short_magic.replay", 0, Refused("the file ends inside the mark that a recording begins with, after `RPCRep`"), &[], ""),
    ("bad_magic.replay", 0, Refused("begins with `RPCReplaX\\x00\\x00\\x00`, expected `RPCReplay`, `RPCReTxt1`, JSON, gzip or zstd"), &[], ""),
    ("only_magic.replay", 0, Refused("nothing follows the mark `RPCReplay`: a recorder that was closed before its first call leaves such a file"), &[], ""),
    ("no_entries.replay", 0, Shown, &[], ""),
    ("initial_len_only.replay", 0, Refused("byte 9: input ends after 0 of the 5 bytes of the initial state"), &[], ""),
    ("initial_short.replay", 0, Refused("byte 9: input ends after 2 of the 5 bytes of the initial state"), &[], ""),
    ("unmatched_request.replay", 7, Shown, &["replayer: 1 unmatched requests"], ""),
    ("unmatched_two.replay", 10, Shown, &["replayer: 2 unmatched requests"], ""),
    ("no_request_for_response.replay", 7, Shown, &["replayer: no request for response #1", "replayer: 3 unmatched requests", "replayer: no request for response #3", "replayer: no request for response #5", "replayer: no request for response #7"], ""),
    ("response_first.replay", 1, Shown, &["replayer: no request for response #1"], ""),
    ("response_twice.replay", 9, Shown, &["replayer: no request for response #9"], ""),
    ("response_ref_zero.replay", 8, Shown, &["replayer: 1 unmatched requests", "replayer: no request for response #2"], ""),
    ("response_ref_forward.replay", 8, Shown, &["replayer: 1 unmatched requests", "replayer: no request for response #2"], ""),
    ("response_ref_negative.replay", 8, Shown, &["replayer: 1 unmatched requests", "replayer: no request for response #2"], ""),
    ("send_without_stream.replay", 97, Shown, &["replayer: no stream for send #2"], ""),
    ("recv_without_stream.replay", 97, Shown, &["replayer: no stream for recv #3"], ""),
    ("recv_refs_request.replay", 97, Shown, &["replayer: no stream for recv #3"], ""),
    ("kind_unspecified.replay", 8, Shown, &["names a method, which only the first entry of a call does", "replayer: unknown kind TYPE_UNSPECIFIED", "replayer: no request for response #2"], ""),
    ("kind_unknown.replay", 8, Shown, &["names a method, which only the first entry of a call does", "replayer: unknown kind 9", "replayer: no request for response #2"], ""),
    ("nil_message_request.replay", 8, Flawed(1, "REQUEST without message and without error, which only CREATE_STREAM may have"), &["neither message nor error"], ""),
    ("nil_message_response.replay", 8, Flawed(2, "RESPONSE without message and without error, which only CREATE_STREAM may have"), &["neither message nor error"], ""),
    ("nil_message_recv_error.replay", 97, Shown, &[], ""),
    ("eof_on_response.replay", 8, Shown, &["end of file, which no unary call ends with"], ""),
    ("empty_record.replay", 9, Flawed(9, "TYPE_UNSPECIFIED without message and without error, which only CREATE_STREAM may have"), &["neither message nor error", "replayer: unknown kind TYPE_UNSPECIFIED"], ""),
    ("is_error_not_status.replay", 8, Flawed(2, "is_error with a message that is not a google.rpc.Status, on which Go's replayer panics"), &["an error that is no google.rpc.Status, on which Go's replayer panics"], ""),
    ("status_code_zero.replay", 8, Shown, &["an error with code OK, which Go's replayer takes for neither message nor error"], ""),
    ("status_not_error.replay", 8, Shown, &[], ""),
    ("unknown_type.replay", 8, Marked(1, "no descriptor for message type `no.such.Type`"), &["no descriptor for message type `no.such.Type`"], "no descriptor for message type `no.such.Type`"),
    ("url_no_slash.replay", 8, Shown, &[], ""),
    ("url_other_host.replay", 8, Shown, &[], ""),
    ("url_empty.replay", 8, Marked(1, "empty type url"), &["empty type url"], "empty type url"),
    ("any_bad_bytes.replay", 8, Marked(1, "it ends inside a varint at byte 1"), &["not a message of its type: it ends inside a varint at byte 1"], "it ends inside a varint at byte 1"),
    ("any_bad_utf8.replay", 8, Shown, &["invalid UTF-8, which Go's reader refuses"], "invalid UTF-8"),
    ("entry_bad_bytes.replay", 0, Refused("entry 1 at byte 18: not a grpcreplay.Entry: it ends inside a varint"), &[], ""),
    ("entry_group.replay", 8, Shown, &["fields that grpcreplay.Entry does not have, by number:"], "@unknown Ozw="),
    ("entry_unknown_field.replay", 8, Shown, &["fields that grpcreplay.Entry does not have, by number:"], "@unknown MAU="),
    ("any_unknown_field.replay", 8, Shown, &["fields that the descriptor does not know, by number:"], "@unknown +Acq"),
    ("method_on_response.replay", 8, Shown, &["names a method, which only the first entry of a call does"], ""),
    ("request_without_method.replay", 8, Shown, &["no method, so no call can match it"], ""),
    ("stream_cut_before_eof.replay", 83, Shown, &[], ""),
    ("trunc_in_length.replay", 2, Refused("entry 3 at byte 525: input ends after 2 of the 4 bytes of a record's length"), &[], ""),
    ("trunc_after_length.replay", 8, Refused("entry 9 at byte 2002: input ends right behind the length of a record of 16 bytes, which Go's reader takes for the end of the recording"), &[], ""),
    ("trunc_in_body.replay", 7, Refused("entry 8 at byte 1815: input ends after 180 of the 183 bytes of the record"), &["no response before the damage"], ""),
    ("oversize.replay", 8, Refused("entry 9 at byte 2002: record of 67108865 bytes exceeds the limit of 67108864"), &[], ""),
    ("maxsize_missing.replay", 8, Refused("entry 9 at byte 2002: input ends after 1 of the 67108864 bytes of the record"), &[], ""),
    ("trailing_garbage.replay", 8, Refused("entry 9 at byte 2002: input ends after 1 of the 4 bytes of a record's length"), &[], ""),
    ("initial_nonutf8.replay", 8, Shown, &[], ""),
    ("txt_ok.grpcrr", 10, Shown, &[], ""),
    ("txt_only_magic.grpcrr", 0, Refused("nothing follows the mark `RPCReTxt1`: a recorder that was closed before its first call leaves such a file"), &[], ""),
    ("txt_magic_nl.grpcrr", 0, Refused("line 2, byte 10: input ends in the line of the initial state"), &[], ""),
    ("txt_header_unterminated.grpcrr", 0, Refused("line 2, byte 10: input ends in the line of the initial state"), &[], ""),
    ("txt_header_empty.grpcrr", 10, Shown, &[], ""),
    ("txt_header_bad.grpcrr", 0, Refused("line 2, byte 10: initial state `abc` is not a quoted string: it does not begin with a quote"), &[], ""),
    ("txt_header_single.grpcrr", 10, Shown, &[], ""),
    ("txt_header_back.grpcrr", 10, Shown, &[], ""),
    ("txt_header_esc.grpcrr", 10, Shown, &[], ""),
    ("txt_bad_len.grpcrr", 0, Refused("entry 1 at line 3, byte 23: `29x` is not the number of bytes of an entry's text"), &[], ""),
    ("txt_len_short.grpcrr", 1, Refused("entry 2 at line 13, byte 316: `` is not the number of bytes of an entry's text"), &["no response before the damage"], ""),
    ("txt_len_long.grpcrr", 0, Refused("entry 1 at line 14:1, byte 317: `3` is a number, expected the name of a field"), &[], ""),
    ("txt_len_neg.grpcrr", 0, Refused("entry 1 at line 3, byte 23: `-1` is a negative number of bytes, on which Go's reader panics"), &[], ""),
    ("txt_len_plus.grpcrr", 10, Shown, &[], ""),
    ("txt_len_space.grpcrr", 0, Refused("entry 1 at line 3, byte 23: ` 290` is not the number of bytes of an entry's text"), &[], ""),
    ("txt_len_zero.grpcrr", 11, Flawed(11, "TYPE_UNSPECIFIED without message and without error, which only CREATE_STREAM may have"), &["neither message nor error", "replayer: unknown kind TYPE_UNSPECIFIED"], ""),
    ("txt_crlf.grpcrr", 0, Refused("line 2, byte 11: initial state `\"oscar-go-1\"\\r` is not a quoted string: it ends with a carriage return"), &[], ""),
    ("txt_trailing_nonl.grpcrr", 10, Refused("entry 11 at line 122, byte 3263: input ends inside a line that holds a byte count, which Go's reader takes for the end of the recording"), &[], ""),
    ("txt_len_then_eof.grpcrr", 10, Refused("entry 11 at line 122, byte 3263: input ends after 0 of the 12 bytes of the text of an entry"), &[], ""),
    ("txt_trunc_body.grpcrr", 9, Refused("entry 10 at line 110, byte 2991: input ends after 258 of the 268 bytes of the text of an entry"), &["no response before the damage"], ""),
    ("txt_blank_line_end.grpcrr", 10, Refused("entry 11 at line 122, byte 3263: `` is not the number of bytes of an entry's text"), &[], ""),
    ("txt_unknown_field.grpcrr", 0, Refused("entry 1 at line 6:1, byte 120: unknown field `bogus` of grpcreplay.Entry"), &[], ""),
    ("txt_unresolved.grpcrr", 0, Refused("entry 1 at line 7:3, byte 133: no descriptor for message type `google.cloud.secretmanager.v1.AddSecretVersionReques_`"), &[], ""),
    ("stream_never_read.replay", 48, Shown, &[], ""),
    ("txt_header_rune2.grpcrr", 0, Refused("line 2, byte 10: initial state `'ab'` is not a quoted string: single quotes hold one character"), &[], ""),
    ("txt_header_sq_in_dq.grpcrr", 0, Refused("line 2, byte 10: initial state `\"a\\'b\"` is not a quoted string: there is an unknown escape"), &[], ""),
    ("txt_header_badesc.grpcrr", 0, Refused("line 2, byte 10: initial state `\"\\xg0\"` is not a quoted string: an escape has too few digits"), &[], ""),
    ("txt_header_surrogate.grpcrr", 0, Refused("line 2, byte 10: initial state `\"\\ud800\"` is not a quoted string: an escape names no character"), &[], ""),
];

#[test]
fn every_fault_is_shown_marked_or_refused() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("bad");
    let schema = Schema::builtin();
    for (name, expected_entries, verdict, ..) in CASES {
        let file = File::open(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut marks = Vec::new();
        let mut entries = 0;
        let mut error = None;
        match Reader::new(file, &schema, ReadOptions::default()) {
            Ok(reader) => {
                for entry in reader {
                    match entry {
                        Ok(entry) => {
                            entries += 1;
                            marks.extend(mark(&entry, &schema).map(|mark| (entry.index().0, mark)));
                        }
                        Err(found) => error = Some(found.to_string()),
                    }
                }
            }
            Err(found) => error = Some(found.to_string()),
        }
        let (expected_marks, expected_error) = match verdict {
            Shown => (vec![], None),
            Marked(entry, mark) | Flawed(entry, mark) => (vec![(*entry, (*mark).to_owned())], None),
            Refused(error) => (vec![], Some((*error).to_owned())),
        };
        assert_eq!((entries, marks, error), (*expected_entries, expected_marks, expected_error), "{name}");
    }
}

/// `print` says the same as the reader, to people and to programs, and its exit code tells marks from refusals.
#[test]
fn print_shows_marks_or_refuses() {
    let Some(folder) = corpus::folder() else { return };
    let print = |format, name| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpcreplay"));
        command.args(["print", "--to", format, name]).current_dir(folder.join("bad")).env_clear();
        let output = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    for (name, entries, verdict, marks, reason) in CASES {
        let trouble = match verdict {
            Shown | Marked(..) => None,
            Flawed(entry, flaw) => Some(format!("rpcreplay: {name}: entry {entry}: {flaw}\n")),
            Refused(error) => Some(format!("rpcreplay: {name}: {error}\n")),
        };
        let (text_code, text, text_complaints) = print("text", name);
        let (json_code, json, json_complaints) = print("jsonl", name);
        assert_eq!(text_complaints, json_complaints, "{name}");
        assert_eq!((text_code, json_code), if trouble.is_some() { (Some(2), Some(2)) } else { (Some(0), Some(0)) });
        match trouble {
            Some(trouble) => assert!(text_complaints.starts_with(&trouble), "{name}: {text_complaints}"),
            None => {
                assert!(text_complaints.lines().all(|line| line.starts_with("hint: ")), "{name}: {text_complaints}")
            }
        }

        let found: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("! ")).collect();
        for mark in *marks {
            assert!(found.iter().any(|line| line.contains(mark)), "{name}: {mark} is not in {found:#?}");
        }
        for line in found {
            assert!(marks.iter().any(|mark| line.contains(mark)), "{name}: {line}");
        }

        let mut reasons = Vec::new();
        let lines: Vec<serde_json::Value> =
            json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        lines.iter().for_each(|line| find_reasons(line, &mut reasons));
        assert_eq!(reasons.concat(), *reason, "{name}");
        assert_eq!(lines.len().saturating_sub(1), *entries, "{name}");
    }
}

/// What the members of the lenient JSON say, at any depth.
fn find_reasons(value: &serde_json::Value, reasons: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            reasons.extend(members.get("@reason").and_then(|reason| reason.as_str()).map(str::to_owned));
            reasons
                .extend(members.get("@unknown").map(|fields| format!("@unknown {}", fields.as_str().unwrap_or("?"))));
            members.values().for_each(|member| find_reasons(member, reasons));
        }
        serde_json::Value::Array(elements) => elements.iter().for_each(|element| find_reasons(element, reasons)),
        _ => {}
    }
}

/// No case is forgotten, and whatever Go refuses is at least marked.
#[test]
fn the_table_agrees_with_the_manifest() {
    let Some(folder) = corpus::folder() else { return };
    let manifest = fs::read_to_string(folder.join("bad/manifest.jsonl")).expect("a manifest");
    let mut named = BTreeSet::new();
    for line in manifest.lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let name = case["file"].as_str().expect("a name").to_owned();
        let (_, entries, verdict, marks, _) =
            CASES.iter().find(|(known, ..)| *known == name).unwrap_or_else(|| panic!("{name}"));
        let is_silent = matches!(verdict, Shown) && marks.is_empty();
        assert!(case["go_error"].is_null() || !is_silent, "{name}: Go refuses it");
        let go_read = case["entries_read"].as_u64().expect("a number") as usize;
        assert!(*entries >= go_read, "{name}: Go read {go_read} entries");
        named.insert(name);
    }
    assert_eq!(named.len(), CASES.len());
}

/// What is to be said of an entry that was read.
fn mark(entry: &Entry, schema: &Schema) -> Option<String> {
    if let Some(flaw) = entry.flaw() {
        return Some(flaw.to_string());
    }
    let (Payload::Message(any) | Payload::Error(any)) = entry.payload() else { return None };
    match schema.resolve(any.type_url) {
        Err(unresolved) => Some(unresolved.to_string()),
        Ok(id) => {
            let malformed = write_canonical(&mut Walker::new(schema), id, any.value, &mut Vec::new()).err()?;
            Some(malformed.to_string())
        }
    }
}
