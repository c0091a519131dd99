//! Recordings with one injected fault each, judged by Go: every one is shown whole, shown with a mark, or refused at a
//! named place, and none of them in silence.
//!
//! Pairing (a RESPONSE without its REQUEST, and the like) is not the reader's affair: such recordings are shown.

mod corpus;

use std::collections::BTreeSet;
use std::fs::{self, File};

use rpcreplay::Schema;
use rpcreplay::entry::{Entry, Payload};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::schema::{Walker, write_canonical};

enum Verdict {
    /// Everything is read, and every message opens.
    Shown,
    /// Everything is read, and something is said of an entry.
    Marked(u64, &'static str),
    /// Reading ends with this error.
    Refused(&'static str),
}

use Verdict::{Marked, Refused, Shown};

/// The file, how many entries are read, and what becomes of it.
#[rustfmt::skip]
const CASES: &[(&str, usize, Verdict)] = &[
    ("ok_unary.replay", 8, Shown),
    ("ok_stream.replay", 97, Shown),
    ("empty_file.replay", 0, Refused("the file is empty, expected a recording")),
    ("short_magic.replay", 0, Refused("the file ends inside the mark that a recording begins with, after `RPCRep`")),
    ("bad_magic.replay", 0, Refused("begins with `RPCReplaX\\x00\\x00\\x00`, expected `RPCReplay`, `RPCReTxt1` or gzip")),
    ("only_magic.replay", 0, Refused("nothing follows the mark `RPCReplay`: a recorder that was closed before its first call leaves such a file")),
    ("no_entries.replay", 0, Shown),
    ("initial_len_only.replay", 0, Refused("byte 9: input ends after 0 of the 5 bytes of the initial state")),
    ("initial_short.replay", 0, Refused("byte 9: input ends after 2 of the 5 bytes of the initial state")),
    ("unmatched_request.replay", 7, Shown),
    ("unmatched_two.replay", 10, Shown),
    ("no_request_for_response.replay", 7, Shown),
    ("response_first.replay", 1, Shown),
    ("response_twice.replay", 9, Shown),
    ("response_ref_zero.replay", 8, Shown),
    ("response_ref_forward.replay", 8, Shown),
    ("response_ref_negative.replay", 8, Shown),
    ("send_without_stream.replay", 97, Shown),
    ("recv_without_stream.replay", 97, Shown),
    ("recv_refs_request.replay", 97, Shown),
    ("kind_unspecified.replay", 8, Shown),
    ("kind_unknown.replay", 8, Shown),
    ("nil_message_request.replay", 8, Marked(1, "REQUEST without message and without error, which only CREATE_STREAM may have")),
    ("nil_message_response.replay", 8, Marked(2, "RESPONSE without message and without error, which only CREATE_STREAM may have")),
    ("nil_message_recv_error.replay", 97, Shown),
    ("eof_on_response.replay", 8, Shown),
    ("empty_record.replay", 9, Marked(9, "TYPE_UNSPECIFIED without message and without error, which only CREATE_STREAM may have")),
    ("is_error_not_status.replay", 8, Marked(2, "is_error with a message that is not a google.rpc.Status, on which Go's replayer panics")),
    ("status_code_zero.replay", 8, Shown),
    ("status_not_error.replay", 8, Shown),
    ("unknown_type.replay", 8, Marked(1, "no descriptor for message type `no.such.Type`")),
    ("url_no_slash.replay", 8, Shown),
    ("url_other_host.replay", 8, Shown),
    ("url_empty.replay", 8, Marked(1, "empty type url")),
    ("any_bad_bytes.replay", 8, Marked(1, "it ends inside a varint at byte 1")),
    ("any_bad_utf8.replay", 8, Shown),
    ("entry_bad_bytes.replay", 0, Refused("entry 1 at byte 18: not a grpcreplay.Entry: it ends inside a varint")),
    ("entry_group.replay", 8, Shown),
    ("entry_unknown_field.replay", 8, Shown),
    ("any_unknown_field.replay", 8, Shown),
    ("method_on_response.replay", 8, Shown),
    ("request_without_method.replay", 8, Shown),
    ("stream_cut_before_eof.replay", 83, Shown),
    ("trunc_in_length.replay", 2, Refused("entry 3 at byte 525: input ends after 2 of the 4 bytes of a record's length")),
    ("trunc_after_length.replay", 8, Refused("entry 9 at byte 2002: input ends right behind the length of a record of 16 bytes, which Go's reader takes for the end of the recording")),
    ("trunc_in_body.replay", 7, Refused("entry 8 at byte 1815: input ends after 180 of the 183 bytes of the record")),
    ("oversize.replay", 8, Refused("entry 9 at byte 2002: record of 67108865 bytes exceeds the limit of 67108864")),
    ("maxsize_missing.replay", 8, Refused("entry 9 at byte 2002: input ends after 1 of the 67108864 bytes of the record")),
    ("trailing_garbage.replay", 8, Refused("entry 9 at byte 2002: input ends after 1 of the 4 bytes of a record's length")),
    ("initial_nonutf8.replay", 8, Shown),
    ("txt_ok.grpcrr", 10, Shown),
    ("txt_only_magic.grpcrr", 0, Refused("nothing follows the mark `RPCReTxt1`: a recorder that was closed before its first call leaves such a file")),
    ("txt_magic_nl.grpcrr", 0, Refused("line 2, byte 10: input ends in the line of the initial state")),
    ("txt_header_unterminated.grpcrr", 0, Refused("line 2, byte 10: input ends in the line of the initial state")),
    ("txt_header_empty.grpcrr", 10, Shown),
    ("txt_header_bad.grpcrr", 0, Refused("line 2, byte 10: initial state `abc` is not a quoted string: it does not begin with a quote")),
    ("txt_header_single.grpcrr", 10, Shown),
    ("txt_header_back.grpcrr", 10, Shown),
    ("txt_header_esc.grpcrr", 10, Shown),
    ("txt_bad_len.grpcrr", 0, Refused("entry 1 at line 3, byte 23: `29x` is not the number of bytes of an entry's text")),
    ("txt_len_short.grpcrr", 1, Refused("entry 2 at line 13, byte 316: `` is not the number of bytes of an entry's text")),
    ("txt_len_long.grpcrr", 0, Refused("entry 1 at line 14:1, byte 317: `3` is a number, expected the name of a field")),
    ("txt_len_neg.grpcrr", 0, Refused("entry 1 at line 3, byte 23: `-1` is a negative number of bytes, on which Go's reader panics")),
    ("txt_len_plus.grpcrr", 10, Shown),
    ("txt_len_space.grpcrr", 0, Refused("entry 1 at line 3, byte 23: ` 290` is not the number of bytes of an entry's text")),
    ("txt_len_zero.grpcrr", 11, Marked(11, "TYPE_UNSPECIFIED without message and without error, which only CREATE_STREAM may have")),
    ("txt_crlf.grpcrr", 0, Refused("line 2, byte 11: initial state `\"oscar-go-1\"\\r` is not a quoted string: it ends with a carriage return")),
    ("txt_trailing_nonl.grpcrr", 10, Refused("entry 11 at line 122, byte 3263: input ends inside a line that holds a byte count, which Go's reader takes for the end of the recording")),
    ("txt_len_then_eof.grpcrr", 10, Refused("entry 11 at line 122, byte 3263: input ends after 0 of the 12 bytes of the text of an entry")),
    ("txt_trunc_body.grpcrr", 9, Refused("entry 10 at line 110, byte 2991: input ends after 258 of the 268 bytes of the text of an entry")),
    ("txt_blank_line_end.grpcrr", 10, Refused("entry 11 at line 122, byte 3263: `` is not the number of bytes of an entry's text")),
    ("txt_unknown_field.grpcrr", 0, Refused("entry 1 at line 6:1, byte 120: unknown field `bogus` of grpcreplay.Entry")),
    ("txt_unresolved.grpcrr", 0, Refused("entry 1 at line 7:3, byte 133: no descriptor for message type `google.cloud.secretmanager.v1.AddSecretVersionReques_`")),
    ("stream_never_read.replay", 48, Shown),
    ("txt_header_rune2.grpcrr", 0, Refused("line 2, byte 10: initial state `'ab'` is not a quoted string: single quotes hold one character")),
    ("txt_header_sq_in_dq.grpcrr", 0, Refused("line 2, byte 10: initial state `\"a\\'b\"` is not a quoted string: there is an unknown escape")),
    ("txt_header_badesc.grpcrr", 0, Refused("line 2, byte 10: initial state `\"\\xg0\"` is not a quoted string: an escape has too few digits")),
    ("txt_header_surrogate.grpcrr", 0, Refused("line 2, byte 10: initial state `\"\\ud800\"` is not a quoted string: an escape names no character")),
];

#[test]
fn every_fault_is_shown_marked_or_refused() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.join("bad");
    let schema = Schema::builtin();
    for (name, expected_entries, verdict) in CASES {
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
            Marked(entry, mark) => (vec![(*entry, (*mark).to_owned())], None),
            Refused(error) => (vec![], Some((*error).to_owned())),
        };
        assert_eq!((entries, marks, error), (*expected_entries, expected_marks, expected_error), "{name}");
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
        let (_, entries, verdict) = CASES.iter().find(|(known, ..)| *known == name).unwrap_or_else(|| panic!("{name}"));
        // Errors of Go's replayer are about pairing; all others are about reading.
        if name == "any_bad_utf8.replay" {
            // The message opens; those who show its string show the bytes that are no UTF-8 escaped.
            named.insert(name);
            continue;
        }
        let go_refuses = case["go_error"].as_str().is_some_and(|error| !error.starts_with("replayer: "));
        assert!(!go_refuses || !matches!(verdict, Shown), "{name}: Go refuses it");
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
