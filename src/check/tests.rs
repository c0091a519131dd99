//! Every rule on the smallest recording that breaks it, and on one that does not.

use super::*;
use crate::entry::{Any, Entry, EntryIndex, Kind, Payload};
use crate::extension::{Extension, Metadatum};
use crate::format::{Format, ReadOptions, Reader};
use crate::pairing::Pairing;
use crate::schema::Schema;
use crate::unnamed::{self, Direction};
use crate::wire::put_bytes;

const TOPIC: &str = "type.googleapis.com/google.pubsub.v1.Topic";
const STATUS: &str = "type.googleapis.com/google.rpc.Status";
/// Both methods are of this service: one answers once, one is a stream both ways.
const WRITE: &str = "/google.bytestream.ByteStream/Write";
const PULL: &str = "/google.pubsub.v1.Subscriber/StreamingPull";

fn message(value: &[u8]) -> Payload<'_> {
    Payload::Message(Any { type_url: TOPIC, value })
}

fn status(value: &[u8]) -> Payload<'_> {
    Payload::Error(Any { type_url: STATUS, value })
}

const A: Payload<'_> = Payload::Message(Any { type_url: TOPIC, value: b"\x0a\x01a" });
const B: Payload<'_> = Payload::Message(Any { type_url: TOPIC, value: b"\x0a\x01b" });
/// A status that may pass.
const UNAVAILABLE: Payload<'_> = Payload::Error(Any { type_url: STATUS, value: b"\x08\x0e" });

type Line<'a> = (Kind, &'a str, Payload<'a>, i32);

fn encoded(lines: &[Line<'_>]) -> Vec<Entry> {
    let entry = |(&(kind, method, payload, ref_index), index)| {
        Entry::encode(kind, method, payload, ref_index).expect("a short record").with_index(EntryIndex(index))
    };
    lines.iter().zip(1..).map(entry).collect()
}

/// All but one: here every message is of the same type, whatever the method.
fn all() -> Checks {
    let names: Vec<String> = known().iter().map(|known| known.name.to_owned()).collect();
    let mut checks = Checks::new(Detectors::new(&names, &[]).expect("they are built in"));
    checks.set("wrong-type", None).expect("there is one");
    checks
}

fn found_with(entries: &[Entry], checks: &Checks, against: Option<&Schema>) -> Vec<Finding> {
    let schema = Schema::builtin();
    let mut inspector = Inspector::new(checks, &schema, against);
    let (mut checker, mut pairing) = (Checker::new(checks, &schema).against(against), Pairing::default());
    for entry in entries {
        checker.add(entry, pairing.follow(entry), inspector.inspect(entry));
    }
    checker.finish(pairing.unmatched_requests(), None)
}

/// What is found, as entry, rule, and what stands behind it.
fn found(entries: &[Entry]) -> Vec<String> {
    let checks = all();
    let line = |finding: &Finding| {
        let entry = finding.position.entry.map(|entry| format!("#{entry} ")).unwrap_or_default();
        let place = if finding.place.is_empty() { String::new() } else { format!("{} ", finding.place) };
        format!("{entry}{} {place}{}", checks.id(finding.cause), finding.sentence())
    };
    found_with(entries, &checks, None).iter().map(line).collect()
}

#[test]
fn a_good_recording_has_no_findings() {
    let found = found(&encoded(&[
        (Kind::Request, "/a.S/M", A, 0),
        (Kind::Request, "/a.S/M", B, 0),
        (Kind::Response, "", status(b"\x08\x05\x12\x04gone"), 2),
        (Kind::Response, "", A, 1),
        (Kind::Request, "/a.S/M", A, 0), // the same request, and the same answer
        (Kind::Response, "", A, 5),
        (Kind::CreateStream, PULL, Payload::Empty, 0),
        (Kind::Send, "", A, 7),
        (Kind::Recv, "", A, 7),
        (Kind::Recv, "", Payload::Eof, 7),
        (Kind::CreateStream, PULL, status(b"\x08\x07"), 0), // could not be opened
        (Kind::CreateStream, WRITE, Payload::Empty, 0),     // ends with its response
        (Kind::Send, "", A, 12),
        (Kind::Recv, "", A, 12),
        (Kind::CreateStream, "/no.Descriptor/M", Payload::Empty, 0), // may end with its response
        (Kind::Send, "", A, 15),
        (Kind::Recv, "", A, 15),
    ]));
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_an_entry_is_by_itself() {
    let go_accepts = "; Go accepts this";
    let cases: &[(Line<'_>, &str)] = &[
        ((Kind::Request, "", A, 0), "no-method a REQUEST without a method"),
        ((Kind::CreateStream, "", UNAVAILABLE, 0), "no-method a CREATE_STREAM without a method"),
        ((Kind::CreateStream, PULL, UNAVAILABLE, 3), "reference-on-request a CREATE_STREAM that refers to entry 3"),
        ((Kind::CreateStream, PULL, A, 0), "message-on-create-stream a CREATE_STREAM with a message"),
        ((Kind::Request, "/a.S/M", UNAVAILABLE, 0), "error-on-request a REQUEST that is an error"),
        ((Kind::Request, "/a.S/M", Payload::Eof, 0), "error-on-request a REQUEST that is an error"),
    ];
    for (line, expected) in cases {
        let found = found(&encoded(&[*line]));
        assert_eq!(found[0], format!("#1 {expected}{go_accepts}"));
    }
    let answered = |line: Line<'_>| {
        let all = found(&encoded(&[(Kind::Request, "/a.S/M", A, 0), line]));
        all.into_iter().next().unwrap_or_default()
    };
    assert_eq!(answered((Kind::Response, "", A, 1)), "");
    assert_eq!(
        answered((Kind::Response, "/a.S/M", A, 1)),
        "#2 method-on-response a RESPONSE with a method; Go accepts this"
    );
    assert_eq!(
        answered((Kind::Response, "", Payload::Eof, 1)),
        "#2 eof-on-response a RESPONSE that is the end of a stream; Go accepts this"
    );
    assert_eq!(
        answered((Kind::Response, "", Payload::Empty, 1)),
        "#2 nil-message neither a message nor an error in a RESPONSE; Go's replayer: `grpcreplay: entry with nil message and false is_error`"
    );
    assert_eq!(
        answered((Kind::Response, "", status(b""), 1)),
        "#2 empty-status an error whose code is OK; Go accepts this"
    );
    assert_eq!(
        answered((Kind::Response, "", Payload::Error(Any { type_url: TOPIC, value: b"" }), 1)),
        "#2 error-without-status an error with a message of type google.pubsub.v1.Topic, and no google.rpc.Status; \
         Go's replayer: `panic: interface conversion: protoreflect.ProtoMessage is not *status.Status`"
    );
    let of = |type_url, value| Payload::Message(Any { type_url, value });
    assert_eq!(
        answered((Kind::Response, "", of("", b""), 1)),
        "#2 no-type a message without a type; Go's replayer: `proto: invalid empty type URL`"
    );
    assert_eq!(
        answered((Kind::Response, "", of("x/acme.v1.Order", b""), 1)),
        "#2 unknown-type no descriptor for message type `acme.v1.Order`, which Go refuses unless the program links it; \
         Go's replayer: `proto: not found`"
    );
    assert_eq!(
        answered((Kind::Response, "", message(b"\x0a\x05a"), 1)),
        "#2 malformed-message not a google.pubsub.v1.Topic: field 1 claims 5 bytes, but 1 are left at byte 1 of it; \
         Go's replayer: `proto: cannot parse invalid wire-format data`"
    );
    assert_eq!(
        answered((Kind::Response, "", message(b"\x0a\x01\xff"), 1)),
        "#2 malformed-message google.pubsub.v1.Topic.name is not UTF-8; \
         Go's replayer: `proto: field google.pubsub.v1.Topic.name contains invalid UTF-8`"
    );
}

#[test]
fn fields_of_an_entry_that_nobody_has_are_told_by_their_number() {
    let record = b"\x08\x03\x12\x06/a.S/M\x20\x01\x48\x01\x52\x01x\x48\x02";
    let recording = [b"RPCReplay\0\0\0\0".as_slice(), &[record.len() as u8, 0, 0, 0], record].concat();
    let schema = Schema::builtin();
    let mut reader = Reader::new(&recording[..], &schema, ReadOptions::default()).expect("a header");
    let entry = reader.read().expect("an entry").expect("an entry");
    let found = found(&[entry]);
    let of = |number: u32| format!("field {number}, which grpcreplay.Entry does not have");
    assert_eq!(
        found[..2],
        [
            format!("#1 unknown-fields {}; Go accepts this", of(9)), // twice in one entry
            format!("#1 unknown-fields {}; Go accepts this", of(10)),
        ]
    );
}

#[test]
fn names_out_of_a_recording_do_not_end_the_line() {
    let odd = Payload::Message(Any { type_url: "x/two\nlines\u{1b}", value: b"" });
    let found = found(&encoded(&[(Kind::Request, "/a.S/M", A, 0), (Kind::Response, "", odd, 1)]));
    assert!(found[0].starts_with("#2 unknown-type no descriptor for message type `two\\nlines\\x1b`"), "{}", found[0]);
}

#[test]
fn what_a_message_says() {
    let in_status = |type_url: &[u8], value: &[u8]| {
        let (mut any, mut status) = (Vec::new(), b"\x08\x05".to_vec());
        put_bytes(&mut any, 1, type_url);
        put_bytes(&mut any, 2, value);
        put_bytes(&mut status, 3, &any);
        status
    };
    let trace = b"boom\n\tat com.acme.Server.handle(Server.java:17)\n\tat x";
    let (mut traced, mut detail) = (b"\x08\x0d".to_vec(), Vec::new());
    put_bytes(&mut traced, 2, trace);
    put_bytes(&mut detail, 2, trace);
    let debug_info = in_status(b"x/google.rpc.DebugInfo", &detail);
    let unknown_detail = in_status(b"x/acme.v1.Hint", b"\x08\x01");
    let malformed_detail = in_status(b"x/google.rpc.BadRequest", b"\x12\x05a");
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.AZm4N8pvgxPv9wV4eSB7YEUcJvR5MxCJ5rpd9OuSqcH";
    let (mut name, mut label, mut entry) = (Vec::new(), Vec::new(), Vec::new());
    put_bytes(&mut name, 1, format!("{token} {token}").as_bytes());
    put_bytes(&mut entry, 1, token.as_bytes());
    put_bytes(&mut entry, 2, b"v");
    put_bytes(&mut label, 2, &entry);
    let hidden = [&name[..], b"\x0a\x01a"].concat();
    let cases: &[(Payload<'_>, &str)] = &[
        (status(&traced), "stack-trace status:message a stack trace"),
        (
            status(&debug_info),
            "debug-info status:details[0](google.rpc.DebugInfo) details that a server gives for its own developers",
        ),
        (status(&unknown_detail), "uninspected status:details[0] no descriptor for message type `acme.v1.Hint`"),
        (
            status(&malformed_detail),
            "uninspected status:details[0] a google.protobuf.Any that is not of its type, google.rpc.BadRequest: \
             field 2 claims 5 bytes, but 1 are left; Go accepts this",
        ),
        (message(b"\xf8\x07\x01"), "unknown-fields response: field 127, which google.pubsub.v1.Topic does not have"),
        (message(&name), "jwt response:name a secret, 2 times"),
        (message(&label), "jwt response:labels a secret in a key"),
        // Of a field that stands there twice the one that a reader does not see, too.
        (message(&hidden), "jwt response:name a secret, 2 times"),
    ];
    for (payload, expected) in cases {
        let found = found(&encoded(&[(Kind::Request, "/a.S/M", A, 0), (Kind::Response, "", *payload, 1)]));
        assert_eq!(found, [format!("#2 {expected}")]);
    }
    let mut inspector_checks = all();
    inspector_checks.allow.push(token.parse().expect("a text"));
    let schema = Schema::builtin();
    let initial = format!("a {token}").into_bytes();
    assert!(Inspector::new(&inspector_checks, &schema, None).inspect_initial(&initial, Format::Binary).is_empty());
    let checks = all();
    let found = Inspector::new(&checks, &schema, None).inspect_initial(&initial, Format::Binary);
    let [finding] = &found[..] else { panic!("one secret") };
    assert_eq!((checks.id(finding.cause), &*finding.place, &*finding.message), ("jwt", "initial:", "a secret"));
}

#[test]
fn what_stands_in_the_wrong_place() {
    let lines: &[Line<'_>] = &[
        (Kind::Response, "", A, 0),
        (Kind::Response, "", A, 7),
        (Kind::Request, "/a.S/M", A, 0),
        (Kind::Response, "", A, 3),
        (Kind::Response, "", A, 3),
        (Kind::Send, "", A, 3),
        (Kind::Recv, "", A, 0),
        (Kind::Unknown(9), "", A, 0),
        (Kind::Unspecified, "", Payload::Empty, 0), // which Go refuses before it looks at the kind
        (Kind::Request, "/a.S/M", A, 0),
        (Kind::Request, "/a.S/M", A, 0),
    ];
    let expected = [
        "#1 no-request a RESPONSE that refers to no entry; Go's replayer: `replayer: no request for response #1`",
        "#2 no-request a RESPONSE to entry 7, where no REQUEST waits for one; Go's replayer: `replayer: no request for response #2`",
        "#5 no-request a RESPONSE to entry 3, where no REQUEST waits for one; Go's replayer: `replayer: no request for response #5`",
        "#6 no-stream a SEND on entry 3, where no stream was opened before it; Go's replayer: `replayer: no stream for send #6`",
        "#7 no-stream a RECV that refers to no entry; Go's replayer: `replayer: no stream for recv #7`",
        "#8 unknown-kind an entry of kind 9; Go's replayer: `replayer: unknown kind 9`",
        "#9 nil-message neither a message nor an error in a TYPE_UNSPECIFIED; \
         Go's replayer: `grpcreplay: entry with nil message and false is_error`",
        "#10 unmatched-request a REQUEST without its RESPONSE; Go's replayer: `replayer: 2 unmatched requests`",
        "#11 unmatched-request a REQUEST without its RESPONSE; Go's replayer: `replayer: 2 unmatched requests`",
    ];
    assert_eq!(found(&encoded(lines)), expected);
    assert_eq!(found(&[]), ["no-entries a header and no entry"]);
}

#[test]
fn damage_is_not_held_against_the_calls_before_it() {
    let (checks, schema) = (all(), Schema::builtin());
    let entries = encoded(&[(Kind::Request, "/a.S/M", A, 0), (Kind::CreateStream, PULL, Payload::Empty, 0)]);
    let mut inspector = Inspector::new(&checks, &schema, None);
    let (mut checker, mut pairing) = (Checker::new(&checks, &schema), Pairing::default());
    for entry in &entries {
        checker.add(entry, pairing.follow(entry), inspector.inspect(entry));
    }
    let cut = b"RPCReplay\0\0\0\0\x05\0\0\0\x08".as_slice();
    let mut reader = Reader::new(cut, &schema, ReadOptions::default()).expect("a header");
    let error = reader.read().expect_err("it is cut");
    let found = checker.finish(pairing.unmatched_requests(), Some(&error));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sentence(), "input ends after 1 of the 5 bytes of the record; Go's replayer: `unexpected EOF`");
    assert_eq!(found[0].cause, Cause::Rule(Rule::Truncated));
    // A length that no recording has is often something else.
    for (bytes, hint) in [
        (b"RPCReplay\0".as_slice(), "; another recording begins there"),
        (b"name: ", "; text stands there instead of a length"),
        (b"\xff\xff\xff\x7f", ""),
    ] {
        let two = [b"RPCReplay\0\0\0\0".as_slice(), bytes].concat();
        let mut reader = Reader::new(&two[..], &schema, ReadOptions::default()).expect("a header");
        let finding = of_error(&reader.read().expect_err("it is long")).expect("Go refuses it");
        assert!(finding.message.ends_with(&format!("the limit of 67108864{hint}")), "{}", finding.message);
        assert_eq!(finding.cause, Cause::Rule(Rule::OverlongRecord));
    }
    // What is shorter than the mark of a recording Go does not tell from one that is cut.
    for (bytes, go) in [
        (&b"hello"[..], "unexpected EOF"),
        (b"RPCRe", "unexpected EOF"),
        (b"hello, world", "unknown grpcreplay file type"),
    ] {
        let error = Reader::new(bytes, &schema, ReadOptions::default()).err().expect("it is no recording");
        assert_eq!(of_error(&error).and_then(|finding| finding.go), Some(Go::Says(go.to_owned())), "{bytes:?}");
    }
    // What the reader was not allowed to take says nothing of the recording.
    let long = b"RPCReplay\0\0\0\0\x05\0\0\0\x08".as_slice();
    let mut reader = Reader::new(long, &schema, ReadOptions { max_record_bytes: 4 }).expect("a header");
    assert_eq!(of_error(&reader.read().expect_err("it is long")), None);
}

#[test]
fn streams_end() {
    let stream =
        |rest: &[Line<'static>]| found(&encoded(&[&[(Kind::CreateStream, PULL, Payload::Empty, 0)], rest].concat()));
    assert_eq!(stream(&[]), ["#1 unread-stream a stream on which nothing was sent or received"]);
    assert_eq!(
        stream(&[(Kind::Send, "", A, 1), (Kind::Recv, "", A, 1)]),
        ["#1 stream-without-eof a stream without an end, after 1 message received"]
    );
    // The server has ended it, and nobody has asked how.
    assert_eq!(
        stream(&[(Kind::Send, "", Payload::Eof, 1)]),
        ["#1 stream-without-eof a stream without an end, after 0 messages received"]
    );
    assert_eq!(stream(&[(Kind::Send, "", UNAVAILABLE, 1)]), [""; 0]);
    // Who could not send may still receive.
    assert_eq!(stream(&[(Kind::Send, "", UNAVAILABLE, 1), (Kind::Recv, "", UNAVAILABLE, 1)]), [""; 0]);
    assert_eq!(stream(&[(Kind::Send, "", Payload::Eof, 1), (Kind::Recv, "", UNAVAILABLE, 1)]), [""; 0]);
    assert_eq!(
        stream(&[
            (Kind::Recv, "", Payload::Eof, 1),
            (Kind::Send, "", A, 1),
            (Kind::Recv, "", A, 1),
            (Kind::Recv, "", A, 1)
        ]),
        ["#4 recv-after-end received after the end of the stream"]
    );
    // Of a method without a descriptor one message may be the end, and two are none.
    let unknown = |received: usize| {
        let lines = [
            (Kind::CreateStream, "/no.Descriptor/M", Payload::Empty, 0),
            (Kind::Recv, "", A, 1),
            (Kind::Recv, "", A, 1),
        ];
        found(&encoded(&lines[..received + 1])).len()
    };
    assert_eq!([unknown(1), unknown(2)], [0, 1]);
}

#[test]
fn what_go_knows_for_sure_is_told_beside_a_type_that_nobody_knows() {
    let unknown = Payload::Message(Any { type_url: "x/acme.v1.Order", value: b"" });
    let entries = encoded(&[
        (Kind::Request, "/a.S/M", unknown, 0),
        (Kind::Response, "", unknown, 1),
        (Kind::Response, "", unknown, 1),
        (Kind::Recv, "", unknown, 99),
    ]);
    let mut checks = all();
    let ids = |checks: &Checks| -> Vec<(u64, String)> {
        let found = found_with(&entries, checks, None);
        found.iter().map(|of| (of.position.entry.unwrap_or(0), checks.id(of.cause).to_owned())).collect()
    };
    let at = |entry: u64, id: &str| (entry, id.to_owned());
    assert_eq!(ids(&checks), [at(1, "unknown-type"), at(3, "no-request"), at(4, "no-stream")]);
    // Who does not want to hear of the type hears that nobody has looked into it.
    checks.set("unknown-type", None).expect("there is one");
    assert_eq!(ids(&checks), [at(1, "uninspected"), at(3, "no-request"), at(4, "no-stream")]);
}

#[test]
fn what_stands_behind_a_detail_that_can_not_be_read_is_looked_at() {
    let (mut status, mut detail) = (b"\x08\x05".to_vec(), Vec::new());
    put_bytes(&mut detail, 2, b"inside");
    for (type_url, value) in
        [(&b"x/google.rpc.BadRequest"[..], &b"\x12\x05a"[..]), (b"x/google.rpc.DebugInfo", &detail)]
    {
        let mut any = Vec::new();
        put_bytes(&mut any, 1, type_url);
        put_bytes(&mut any, 2, value);
        put_bytes(&mut status, 3, &any);
    }
    let found = found(&encoded(&[(Kind::Request, "/a.S/M", A, 0), (Kind::Response, "", self::status(&status), 1)]));
    assert!(found[0].starts_with("#2 uninspected status:details[0] "), "{found:?}");
    assert!(found[1].starts_with("#2 debug-info status:details[1](google.rpc.DebugInfo) "), "{found:?}");
}

#[test]
fn of_what_is_everywhere_a_thousand_are_told() {
    let lines = vec![(Kind::Response, "", A, 0); 1500];
    let found = found(&encoded(&lines));
    assert_eq!(found.len(), 1001);
    assert_eq!(found[1000], "no-request 500 more of the same rule, which are not listed");
    // However often it stands in one message.
    let many = b"\xf8\x07\x01".repeat(100);
    let entries = encoded(&[(Kind::Request, "/a.S/M", message(&many), 0), (Kind::Response, "", A, 1)]);
    let checks = all();
    let schema = Schema::builtin();
    assert_eq!(Inspector::new(&checks, &schema, None).inspect(&entries[0]).findings.len(), 1);
}

#[test]
fn messages_are_of_the_types_of_their_method() {
    let mut checks = all();
    checks.set("wrong-type", Some(Severity::Warning)).expect("there is one");
    let create = "/google.pubsub.v1.Publisher/CreateTopic";
    let entries = encoded(&[
        (Kind::Request, create, A, 0), // takes and answers with a topic
        (Kind::Response, "", A, 1),
        (Kind::Request, "/google.pubsub.v1.Publisher/GetTopic", A, 0),
        (Kind::Response, "", UNAVAILABLE, 3),
        (Kind::CreateStream, PULL, Payload::Empty, 0),
        (Kind::Recv, "", A, 5),
        (Kind::Recv, "", Payload::Eof, 5),
        (Kind::Request, "/no.Descriptor/M", A, 0),
        (Kind::Response, "", A, 8),
        (Kind::Request, create, Payload::Message(Any { type_url: "", value: b"" }), 0),
        (Kind::Response, "", A, 10),
    ]);
    let found: Vec<String> = found_with(&entries, &checks, None)
        .iter()
        .filter(|finding| finding.cause == Cause::Rule(Rule::WrongType))
        .map(|finding| format!("#{} {}", finding.position.entry.unwrap_or(0), finding.message))
        .collect();
    assert_eq!(
        found,
        [
            "#3 a google.pubsub.v1.Topic, and the method takes google.pubsub.v1.GetTopicRequest",
            "#6 a google.pubsub.v1.Topic, and the method answers with google.pubsub.v1.StreamingPullResponse",
        ]
    );
}

#[test]
fn equal_requests_have_equal_answers() {
    // A map with two entries in either order: the same message in other bytes.
    let labels = |order: [&[u8]; 2]| {
        let mut bytes = Vec::new();
        for key in order {
            put_bytes(&mut bytes, 2, &[b"\x0a\x01", key, b"\x12\x01v"].concat());
        }
        bytes
    };
    let (forwards, backwards) = (labels([b"a", b"b"]), labels([b"b", b"a"]));
    let call = |request: &[u8], answer: Payload<'_>, first: i32| -> Vec<Entry> {
        let entries = encoded(&[(Kind::Request, "/a.S/M", message(request), 0), (Kind::Response, "", answer, first)]);
        entries.into_iter().zip(first as u64..).map(|(entry, index)| entry.with_index(EntryIndex(index))).collect()
    };
    let calls =
        [call(&forwards, A, 1), call(&backwards, B, 3), call(&forwards, A, 5), call(&forwards, message(b""), 7)]
            .concat();
    assert_eq!(
        found(&calls),
        ["#3 different-answers the same request as that of call #1, answered otherwise; 2 of the 4 calls with it are"]
    );
    assert_eq!(found(&calls[..4]), ["#3 different-answers the same request as that of call #1, answered otherwise"]);
    assert_eq!(found(&[call(&forwards, A, 1), call(&backwards, A, 3), call(b"", B, 5)].concat()), [""; 0]);
    // A failure that may pass is told as that.
    let retried = "retried-call the same request as that of call";
    let failed = [call(b"", UNAVAILABLE, 1), call(b"", UNAVAILABLE, 3), call(b"", A, 5), call(b"", A, 7)].concat();
    assert_eq!(
        found(&failed),
        [
            format!("#3 {retried} #1, which had ended with UNAVAILABLE"),
            format!("#5 {retried} #3, which had ended with UNAVAILABLE")
        ]
    );
    let mut checks = all();
    checks.transient = vec![Code(5)];
    assert_eq!(found_with(&failed[..6], &checks, None).len(), 1, "now it is another answer");
    // Which it is, too, if nobody asks again, or nobody wants to hear of that.
    let last = [call(b"", A, 1), call(b"", UNAVAILABLE, 3)].concat();
    let other = "#3 different-answers the same request as that of call #1, answered otherwise";
    assert_eq!(found(&last), [other]);
    let mut checks = all();
    checks.set("retried-call", None).expect("there is one");
    let again = [call(b"", UNAVAILABLE, 1), call(b"", A, 3)].concat();
    assert_eq!(found_with(&again, &checks, None).len(), 1);
}

#[test]
fn streams_are_asked_with_their_first_message() {
    let stream = |first: i32, sent: Payload<'static>, received: Payload<'static>| -> Vec<Entry> {
        let lines = [
            (Kind::CreateStream, PULL, Payload::Empty, 0),
            (Kind::Send, "", sent, first),
            (Kind::Recv, "", received, first),
            (Kind::Recv, "", Payload::Eof, first),
        ];
        encoded(&lines)
            .into_iter()
            .zip(first as u64..)
            .map(|(entry, index)| entry.with_index(EntryIndex(index)))
            .collect()
    };
    assert_eq!(found(&[stream(1, A, A), stream(5, A, A), stream(9, B, B)].concat()), [""; 0]);
    assert_eq!(
        found(&[stream(1, A, A), stream(5, A, B)].concat()),
        ["#5 different-answers the same request as that of call #1, answered otherwise"]
    );
    // How what was sent and what was received followed each other is no answer, nor is what was sent later.
    let orders: [[usize; 4]; 2] = [[0, 1, 2, 3], [0, 2, 1, 3]];
    let streams = orders.iter().zip([1, 6]).flat_map(|(order, first): (_, i32)| {
        let rest = [
            (Kind::Send, A),
            (Kind::Send, if first == 1 { A } else { B }),
            (Kind::Recv, A),
            (Kind::Recv, Payload::Eof),
        ];
        let begins = (Kind::CreateStream, PULL, Payload::Empty, 0);
        [begins].into_iter().chain(order.map(|place| (rest[place].0, "", rest[place].1, first)))
    });
    assert_eq!(found(&encoded(&streams.collect::<Vec<_>>())), [""; 0]);
    let failed = encoded(&[(Kind::CreateStream, PULL, UNAVAILABLE, 0)]);
    assert_eq!(
        found(&[failed, stream(2, A, A)].concat()),
        ["#2 retried-call the same request as that of call #1, which had ended with UNAVAILABLE"]
    );
}

#[test]
fn what_many_entries_have_is_told_once() {
    let unknown = message(b"\xf8\x07\x01");
    let lines: Vec<Line<'_>> = (0..5)
        .flat_map(|call| [(Kind::Request, "/a.S/M", unknown, 0), (Kind::Response, "", unknown, 2 * call + 1)])
        .collect();
    assert_eq!(
        found(&encoded(&lines)),
        ["#1 unknown-fields request: field 127, which google.pubsub.v1.Topic does not have, in 10 entries"]
    );
}

#[test]
fn rules_can_be_switched_off_and_made_worse() {
    let mut checks = all();
    let entries = encoded(&[(Kind::Request, "", A, 3), (Kind::Response, "", message(b"\xf8\x07\x01"), 1)]);
    let ids = |checks: &Checks| -> Vec<String> {
        found_with(&entries, checks, None).iter().map(|finding| checks.id(finding.cause).to_owned()).collect()
    };
    assert_eq!(ids(&checks), ["no-method", "reference-on-request", "unknown-fields"]);
    for id in ["no-method", SECRETS, "different-answers", "retried-call", "debug-info", "stack-trace", "uninspected"] {
        checks.set(id, None).expect("there is one");
    }
    assert_eq!(ids(&checks), ["reference-on-request", "unknown-fields"]);
    checks.set("unknown-fields", Some(Severity::Error)).expect("there is one");
    assert_eq!(checks.severity(Rule::UnknownFields), Some(Severity::Error));
    checks.set("unknown-fields", None).expect("there is one");
    assert_eq!(ids(&checks), ["reference-on-request"]);
    let unknown = checks.set("unkown-fields", None).expect_err("there is none");
    assert_eq!(
        (unknown.to_string().as_str(), &unknown.close[..]),
        ("no rule is called `unkown-fields`", &["unknown-fields".to_owned()][..])
    );
    // A detector may be named that does not look.
    let mut none = Checks::new(Detectors::new(&[], &[]).expect("none"));
    none.set("jwt", Some(Severity::Error)).expect("it is known");
}

#[test]
fn other_descriptors_may_lack_what_is_recorded() {
    let proto = "syntax = \"proto3\"; package google.pubsub.v1;
        message Topic { string name = 1; MessageStoragePolicy message_storage_policy = 3; int32 kms_key_name = 5; }
        message MessageStoragePolicy {}
        message Name { string name = 1; }
        service Publisher {
            rpc CreateTopic(Topic) returns (Topic); rpc DeleteTopic(stream Topic) returns (Topic);
            rpc UpdateTopic(Name) returns (Topic);
        }";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("topic.proto");
    std::fs::write(&path, proto).expect("a writable folder");
    let builder = Schema::builder().builtin(false).proto(&[path], &[folder.path().to_owned()]).expect("a .proto file");
    let against = builder.build();
    let subscription = Any { type_url: "x/google.pubsub.v1.Subscription", value: b"" };
    let entries = encoded(&[
        (Kind::Request, "/google.pubsub.v1.Publisher/CreateTopic", message(b"\x0a\x01a\x1a\x03\x0a\x01a\x2a\x01k"), 0),
        (Kind::Response, "", message(b"\x2a\x01k"), 1),
        (Kind::Request, "/google.pubsub.v1.Publisher/GetTopic", A, 0),
        (Kind::Response, "", status(b"\x08\x05"), 3),
        (Kind::Request, "/google.pubsub.v1.Publisher/GetTopic", B, 0),
        (Kind::Response, "", Payload::Message(subscription), 5),
        (Kind::CreateStream, "/google.pubsub.v1.Publisher/CreateTopic", Payload::Empty, 0),
        (Kind::Request, "/google.pubsub.v1.Publisher/DeleteTopic", A, 0),
        (Kind::Request, "/google.pubsub.v1.Publisher/UpdateTopic", A, 0),
    ]);
    let checks = all();
    let found: Vec<String> = found_with(&entries, &checks, Some(&against))
        .iter()
        .filter(|finding| checks.id(finding.cause).starts_with("drift-"))
        .map(|finding| {
            format!(
                "#{} {} {} {}",
                finding.position.entry.unwrap_or(0),
                checks.id(finding.cause),
                finding.place,
                finding.message
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "#1 drift-field request:kms_key_name field kms_key_name (5) of google.pubsub.v1.Topic was of type string and is of type int32, in 2 entries",
            "#1 drift-field request:message_storage_policy.allowed_persistence_regions field allowed_persistence_regions (1) of google.pubsub.v1.MessageStoragePolicy is gone",
            "#3 drift-method  the method is gone, in 2 entries",
            "#6 drift-type response: the type google.pubsub.v1.Subscription is gone",
            "#7 drift-method  the method is no stream",
            "#8 drift-method  the method is a stream",
            "#9 drift-method  the method takes google.pubsub.v1.Name, and not google.pubsub.v1.Topic",
        ]
    );
    // Of the same wire type; and a name, which only a text recording has.
    let proto = proto.replace("string name = 1; MessageStoragePolicy", "bytes name = 1; MessageStoragePolicy");
    let proto = proto.replace("int32 kms_key_name", "string kms_key").replace("returns (Topic)", "returns (Name)");
    let path = folder.path().join("later.proto");
    std::fs::write(&path, proto).expect("a writable folder");
    let builder = Schema::builder().builtin(false).proto(&[path], &[folder.path().to_owned()]).expect("a .proto file");
    let against = builder.build();
    let drift = |entries: &[Entry]| -> Vec<String> {
        let found = found_with(entries, &checks, Some(&against));
        let drift = found.iter().filter(|finding| checks.id(finding.cause).starts_with("drift-"));
        drift.map(|finding| finding.message.clone()).collect()
    };
    let name = "field name (1) of google.pubsub.v1.Topic was of type string and is of type bytes";
    let answers = "the method answers with google.pubsub.v1.Name, and not google.pubsub.v1.Topic";
    let create = "/google.pubsub.v1.Publisher/CreateTopic";
    let with_key = encoded(&[(Kind::Request, create, message(b"\x0a\x01a\x2a\x01k"), 0), (Kind::Response, "", A, 1)]);
    assert_eq!(drift(&with_key), [format!("{name}, in 2 entries"), answers.to_owned()]);
    let text = b"RPCReTxt1\n\n153\nkind: REQUEST method: \"/google.pubsub.v1.Publisher/CreateTopic\" message: {\
        [type.googleapis.com/google.pubsub.v1.Topic]: { kms_key_name: \"k\" } }          ";
    let schema = Schema::builtin();
    let reader = Reader::new(&text[..], &schema, ReadOptions::default()).expect("a header").keeping_text();
    let entries: Vec<Entry> = reader.collect::<Result<_, _>>().expect("an entry");
    assert_eq!(drift(&entries), ["field kms_key_name (5) of google.pubsub.v1.Topic is called kms_key"]);
}

/// What its method tells of it is known here, and Go does not ask; the end of a stream that answers once was noted, too.
#[test]
fn what_was_recorded_without_descriptors_has_no_type() {
    let urls = [Direction::Request, Direction::Response].map(|direction| unnamed::type_url(WRITE, direction));
    let [request, response] = urls.each_ref().map(|type_url| Payload::Message(Any { type_url, value: b"" }));
    let unknown = unnamed::type_url("/acme.v1.Orders/Get", Direction::Request);
    let unknown = Payload::Message(Any { type_url: &unknown, value: b"" });
    let entries = encoded(&[
        (Kind::CreateStream, WRITE, Payload::Empty, 0),
        (Kind::Send, "", request, 1),
        (Kind::Recv, "", response, 1),
        (Kind::Recv, "", Payload::Eof, 1),
        (Kind::CreateStream, PULL, Payload::Empty, 0),
        (Kind::Send, "", unknown, 5),
        (Kind::Recv, "", Payload::Eof, 5),
    ]);
    let mut checks = all();
    checks.set("wrong-type", Some(Severity::Error)).expect("there is one");
    let schema = Schema::builtin();
    let finding = |finding: &Finding| {
        let entry = finding.position.entry.expect("it is of an entry");
        (entry, finding.cause, finding.message.split(" that was").next().expect("it begins").to_owned())
    };
    let found: Vec<_> = found_with(&entries, &checks, Some(&schema)).iter().map(finding).collect();
    let of = |method: &str| format!("a message of {method}");
    let cause = |rule| Cause::Rule(rule);
    assert!(found.contains(&(2, cause(Rule::UnknownType), of(WRITE))), "{found:?}");
    assert!(found.contains(&(3, cause(Rule::UnknownType), of(WRITE))), "{found:?}");
    assert!(found.contains(&(6, cause(Rule::UnknownType), of("/acme.v1.Orders/Get"))), "{found:?}");
    let others = found.iter().filter(|(entry, cause, _)| *entry < 5 && *cause != Cause::Rule(Rule::UnknownType));
    assert_eq!(others.collect::<Vec<_>>(), [] as [&(u64, Cause, String); 0]);
}

#[test]
fn metadata_is_looked_into_and_what_is_none_is_told() {
    let metadatum = |key: &str, value: &[u8]| Metadatum { key: key.to_owned(), value: value.to_vec() };
    let extension = Extension {
        headers: vec![metadatum("from", b"alice@acme.com"), metadatum("alice@acme.com", b"alice")],
        trailers: vec![metadatum("x-bin", b"\x00alice@acme.com\x00")],
        ..Extension::default()
    };
    let mut entries = encoded(&[(Kind::Request, WRITE, A, 0), (Kind::Response, "", B, 1)]);
    entries[0] = entries[0].with_extension(&extension).expect("a short record");
    assert_eq!(found(&entries), ["#1 email metadata:from a secret", "#1 email metadata:x-bin a secret"]);
    entries[0] = entries[0].with_record([entries[0].record(), b"\x8a\xea\x30\x02\x20\x01"].concat()).expect("a record");
    let told = found(&entries);
    assert_eq!(told.len(), 1, "{told:?}");
    let fault =
        "field 100001 of grpcreplay.Entry, which holds no metadata and time: field 4, which an extension does not have";
    assert!(told[0].contains(fault), "{told:?}");
}
