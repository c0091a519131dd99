//! Go's matching, case by case, and what is told where nothing matches.

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::compare::{Mask, RuleId, Treatment};
use crate::entry::{Any, Entry, EntryIndex, Kind, Payload};
use crate::extension::{Extension, Time};
use crate::format::{ReadOptions, Reader, Writer};
use crate::recording::Header;
use crate::schema::Schema;

const CREATE: &str = "/google.pubsub.v1.Publisher/CreateTopic";
const PULL: &str = "/google.pubsub.v1.Subscriber/StreamingPull";
const TOPIC: &str = "type.googleapis.com/google.pubsub.v1.Topic";

type Line<'a> = (Kind, &'a str, Payload<'a>, i32);

/// A topic of this name, of one letter.
fn topic(name: &'static [u8; 3]) -> Payload<'static> {
    Payload::Message(Any { type_url: TOPIC, value: name })
}

const A: &[u8; 3] = b"\x0a\x01a";
const B: &[u8; 3] = b"\x0a\x01b";
const C: &[u8; 3] = b"\x0a\x01c";
const NOT_FOUND: Payload<'_> =
    Payload::Error(Any { type_url: "type.googleapis.com/google.rpc.Status", value: b"\x08\x05" });

fn recording(lines: &[Line<'_>]) -> Vec<u8> {
    let mut writer = Writer::binary(Vec::new(), &Header::new("state")).expect("a header");
    for (kind, method, payload, ref_index) in lines {
        writer.write(&Entry::encode(*kind, method, *payload, *ref_index).expect("a short record")).expect("an entry");
    }
    writer.finish().expect("memory")
}

/// Replays some lines with a mask.
fn with<T>(lines: &[Line<'_>], mask: &Mask, rules: (Order, Repeat), run: impl FnOnce(&Replayer<'_>) -> T) -> T {
    let schema = Schema::builtin();
    let mut replayer = Replayer::new(&schema, mask).with_rules(rules.0, rules.1);
    let bytes = recording(lines);
    replayer.add(Reader::new(&bytes[..], &schema, ReadOptions::default()).expect("a header")).expect("a recording");
    run(&replayer)
}

fn replay<T>(lines: &[Line<'_>], run: impl FnOnce(&Replayer<'_>) -> T) -> T {
    with(lines, &Mask::new(), Default::default(), run)
}

/// Which entry answers, or why none does.
fn asked(replayer: &Replayer<'_>, request: &[u8]) -> String {
    match replayer.unary(CREATE, request) {
        Ok(answer) => format!("#{}", answer.call.answer.expect("a response")),
        Err(miss) => miss.to_string(),
    }
}

const UNARY: &[Line<'static>] = &[
    (Kind::Request, CREATE, Payload::Message(Any { type_url: TOPIC, value: A }), 0),
    (Kind::Request, CREATE, Payload::Message(Any { type_url: TOPIC, value: A }), 0),
    (Kind::Response, "", NOT_FOUND, 2),
    (Kind::Response, "", Payload::Message(Any { type_url: TOPIC, value: A }), 1),
    (Kind::Request, CREATE, Payload::Message(Any { type_url: TOPIC, value: B }), 0),
    (Kind::Response, "", Payload::Message(Any { type_url: TOPIC, value: B }), 5),
];

#[test]
fn equal_requests_are_answered_in_the_order_of_the_responses_and_once() {
    replay(UNARY, |replayer| {
        assert_eq!(replayer.initial(), b"state");
        assert_eq!(asked(replayer, B), "#6");
        let first = replayer.unary(CREATE, A).expect("an answer");
        assert_eq!((first.call.first, first.payload), (EntryIndex(2), NOT_FOUND));
        assert_eq!(replayer.unused().iter().map(|(call, _)| call.first.0).collect::<Vec<_>>(), [1]);
        assert_eq!(asked(replayer, A), "#4");
        assert_eq!(
            asked(replayer, A),
            format!(
                "every recorded call of {CREATE} that fits has answered already: #2 (has answered call 2), #1 (has answered call 3)"
            )
        );
        assert!(replayer.unused().is_empty());
    });
    // In other bytes, it is the same message: a string that is set twice.
    replay(UNARY, |replayer| assert_eq!(asked(replayer, b"\x0a\x01x\x0a\x01b"), "#6"));
}

#[test]
fn a_miss_names_the_nearest_call_and_the_fields_that_differ() {
    replay(UNARY, |replayer| {
        let miss = replayer.unary(CREATE, b"\x0a\x01b\x2a\x01k").expect_err("it was not recorded");
        assert_eq!(miss.why, Why::Different);
        assert_eq!(
            miss.to_string(),
            format!("no recorded call of {CREATE} says the same; #5 differs in request:kms_key_name")
        );
        assert_eq!(miss.nearest[0].selectors(), ["request:kms_key_name"]);
        assert_eq!(miss.nearest.len(), 3);
        let unknown = replayer.unary("/google.pubsub.v1.Publisher/CreateTopics", A).expect_err("it was not recorded");
        assert_eq!(unknown.why, Why::UnknownMethod(vec![CREATE.to_owned()]));
        let mut stream = replayer.stream(CREATE);
        let other = stream.send(A).expect_err("it is no stream");
        assert_eq!(other.to_string(), format!("{CREATE} was recorded as unary calls, and not as streams"));
    });
    // What a miss names can be ignored, and then it matches.
    let mut mask = Mask::new();
    mask.add("request:kms_key_name".parse().expect("a selector"), Treatment::Ignore(RuleId::FIRST_FREE));
    with(UNARY, &mask, Default::default(), |replayer| assert_eq!(asked(replayer, b"\x0a\x01b\x2a\x01k"), "#6"));
}

#[test]
fn orders_and_repetitions() {
    let answers = |order, repeat, requests: &[&[u8; 3]]| -> Vec<String> {
        with(UNARY, &Mask::new(), (order, repeat), |replayer| {
            requests
                .iter()
                .map(|request| {
                    let found = replayer.unary(CREATE, *request);
                    found.map_or_else(
                        |miss| format!("{:?}", miss.why),
                        |answer| format!("#{}", answer.call.answer.expect("a response")),
                    )
                })
                .collect()
        })
    };
    use {Order::*, Repeat::*};
    assert_eq!(answers(Any, Never, &[B, B, A, C]), ["#6", "Used", "#3", "Different"]);
    assert_eq!(answers(Any, Last, &[A, A, A, A, B, B]), ["#3", "#4", "#4", "#4", "#6", "#6"]);
    assert_eq!(answers(Any, Always, &[A, A, A, B, B]), ["#3", "#4", "#3", "#6", "#6"]);
    assert_eq!(answers(PerMethod, Never, &[B, A, A, B, B]), ["NotNext", "#3", "#4", "#6", "NoneLeft"]);
    assert_eq!(answers(Recorded, Never, &[A, B, C, A, B]), ["#3", "NotNext", "Different", "#4", "#6"]);
    assert_eq!(answers(Recorded, Always, &[A, A, B, A]), ["#3", "#4", "#6", "#3"]);
    assert_eq!(answers(Recorded, Last, &[A, A, B, B, A]), ["#3", "#4", "#6", "#6", "NotNext"]);
}

const STREAMS: &[Line<'static>] = &[
    (Kind::CreateStream, PULL, Payload::Empty, 0),
    (Kind::Send, "", Payload::Message(Any { type_url: TOPIC, value: A }), 1),
    (Kind::CreateStream, PULL, NOT_FOUND, 0),
    (Kind::CreateStream, PULL, Payload::Empty, 0),
    (Kind::Send, "", Payload::Message(Any { type_url: TOPIC, value: A }), 4),
    (Kind::Recv, "", Payload::Message(Any { type_url: TOPIC, value: A }), 4),
    (Kind::Send, "", Payload::Message(Any { type_url: TOPIC, value: B }), 4),
    (Kind::Recv, "", Payload::Eof, 4),
    (Kind::Recv, "", Payload::Message(Any { type_url: TOPIC, value: B }), 1),
    (Kind::Recv, "", NOT_FOUND, 1),
];

#[test]
fn streams_are_chosen_by_their_first_message() {
    replay(STREAMS, |replayer| {
        let first = |stream: &StreamReplay<'_, '_>| stream.call().expect("it is chosen").first.0;
        let (mut a, mut b, mut c, mut d) =
            (replayer.stream(PULL), replayer.stream(PULL), replayer.stream(PULL), replayer.stream(PULL));
        assert!(!a.begins_with_recv());
        a.send(A).expect("a stream");
        assert_eq!((first(&a), a.sends_left()), (1, 0));
        // One on which nothing was sent fits whatever is.
        b.send(A).expect("a stream");
        assert_eq!((first(&b), b.recv().expect("its error")), (3, Some(NOT_FOUND)));
        c.send(A).expect("a stream");
        assert_eq!((first(&c), c.sends_left()), (4, 1));
        let miss = d.send(A).expect_err("all have answered");
        assert_eq!(miss.why, Why::Used);
        assert_eq!(c.recv().expect("a message"), Some(topic(A)));
        // Later messages need not say the same, but are told apart.
        let sent = c.send(C).expect("it is chosen");
        assert_eq!((sent.recorded, sent.changes.len()), (Some(topic(B)), 1));
        assert_eq!(c.send(C).expect("it is chosen").recorded, None);
        assert_eq!((c.recv().expect("an end"), c.recv().expect("nothing")), (Some(Payload::Eof), None));
        assert_eq!((a.recv().expect("a message"), a.recv().expect("an error")), (Some(topic(B)), Some(NOT_FOUND)));
    });
    replay(STREAMS, |replayer| {
        // Who receives first gets the first stream of the method.
        let mut stream = replayer.stream(PULL);
        assert_eq!(stream.recv().expect("a message"), Some(topic(B)));
        assert_eq!(replayer.stream(PULL).send(B).expect("the one that fits whatever is sent").recorded, None);
        let miss = replayer.stream(PULL).send(B).expect_err("only one is left, and it was sent something else");
        assert_eq!(miss.why, Why::Used, "{miss}");
        assert_eq!(
            replayer.stream(PULL).send(C).expect_err("nothing was sent so").nearest[0].call.first,
            EntryIndex(3)
        );
    });
    let failed: &[Line<'_>] = &[(Kind::CreateStream, PULL, NOT_FOUND, 0)];
    replay(failed, |replayer| {
        let mut stream = replayer.stream(PULL);
        assert!(stream.begins_with_recv());
        assert_eq!(stream.recv().expect("its error"), Some(NOT_FOUND));
    });
    let lines: &[Line<'_>] =
        &[(Kind::CreateStream, PULL, Payload::Empty, 0), (Kind::Recv, "", topic(A), 1), (Kind::Send, "", topic(A), 1)];
    replay(lines, |replayer| {
        let mut stream = replayer.stream(PULL);
        assert!(stream.begins_with_recv());
        assert_eq!(stream.recv().expect("a message"), Some(topic(A)));
        assert!(!replayer.stream(PULL).begins_with_recv());
    });
}

#[test]
fn streams_repeat_and_keep_their_order() {
    let lines: &[Line<'_>] = &[
        (Kind::CreateStream, PULL, Payload::Empty, 0),
        (Kind::Recv, "", Payload::Eof, 1),
        (Kind::CreateStream, PULL, Payload::Empty, 0),
        (Kind::Send, "", topic(A), 3),
        (Kind::Recv, "", Payload::Eof, 3),
    ];
    let chosen = |order, repeat| -> Vec<u64> {
        with(lines, &Mask::new(), (order, repeat), |replayer| {
            let first = |_| {
                let mut stream = replayer.stream(PULL);
                stream.send(A).map_or(0, |_| stream.call().expect("it is chosen").first.0)
            };
            (0..5).map(first).collect()
        })
    };
    assert_eq!(chosen(Order::Any, Repeat::Never), [1, 3, 0, 0, 0]);
    assert_eq!(chosen(Order::Any, Repeat::Last), [1, 3, 3, 3, 3]);
    assert_eq!(chosen(Order::Any, Repeat::Always), [1, 3, 1, 3, 1]);
    assert_eq!(chosen(Order::PerMethod, Repeat::Always), [1, 3, 1, 3, 1]);
    // In order it is known which is next, though another one begins otherwise.
    for (order, begins) in [(Order::Any, false), (Order::PerMethod, true), (Order::Recorded, true)] {
        with(lines, &Mask::new(), (order, Repeat::Never), |replayer| {
            assert_eq!(replayer.stream(PULL).begins_with_recv(), begins, "{order:?}");
        });
    }
}

#[test]
fn hooks_and_logs_are_asked() {
    let (schema, mask, told) = (Schema::builtin(), Mask::new(), Mutex::new(Vec::new()));
    let hook = |entry: &Entry, _: &str| match entry.payload() {
        Payload::Message(any) if any.value == C => {
            Entry::encode(entry.kind(), entry.method(), topic(B), 0).map_err(|error| error.to_string())
        }
        Payload::Message(Any { value: b"", .. }) => Err("it is empty".to_owned()),
        _ => Ok(entry.clone()),
    };
    let mut replayer = Replayer::new(&schema, &mask).before_match(Box::new(hook)).log(Box::new(|event| {
        let outcome = match &event.outcome {
            Outcome::Answered(call) => format!("#{}", call.first),
            Outcome::Missed(miss) => miss.to_string(),
            Outcome::SentOtherwise { place, .. } => format!("message {place}"),
        };
        told.lock().expect("nobody panics").push(format!("{} {outcome}", event.number));
    }));
    let bytes = recording(UNARY);
    replayer.add(Reader::new(&bytes[..], &schema, ReadOptions::default()).expect("a header")).expect("a recording");
    assert_eq!(asked(&replayer, C), "#6");
    assert_eq!(asked(&replayer, b""), format!("what was sent to {CREATE} can't be matched: it is empty"));
    drop(replayer);
    let told = told.into_inner().expect("nobody panics");
    assert_eq!(told, ["1 #5".to_owned(), format!("2 what was sent to {CREATE} can't be matched: it is empty")]);
}

#[test]
fn what_go_refuses_is_refused_and_leaves_nothing() {
    let (schema, mask) = (Schema::builtin(), Mask::new());
    let mut replayer = Replayer::new(&schema, &mask);
    let unanswered = recording(&UNARY[..3]);
    let reader = Reader::new(&unanswered[..], &schema, ReadOptions::default()).expect("a header");
    let error = replayer.add(reader).expect_err("a request is not answered").to_string();
    assert_eq!(error, "entry 1: a REQUEST without its RESPONSE, for which Go refuses the recording");
    let cut = &unanswered[..unanswered.len() - 1];
    let reader = Reader::new(cut, &schema, ReadOptions::default()).expect("a header");
    assert!(matches!(replayer.add(reader), Err(NoReplay::Read(_))));
    assert!(replayer.unused().is_empty());
    let nothing = Why::UnknownMethod(Vec::new());
    assert_eq!(replayer.unary(CREATE, A).expect_err("nothing is recorded").why, nothing);
    let whole = recording(UNARY);
    for recording in 0..2 {
        let reader = Reader::new(&whole[..], &schema, ReadOptions::default()).expect("a header");
        replayer.add(reader).expect("a recording");
        assert_eq!(replayer.unused().last().expect("a call").0.recording, recording);
    }
    assert_eq!([A, A, A, A].map(|request| asked(&replayer, request)), ["#3", "#4", "#3", "#4"]);
}

/// Times are told where they are wanted and there are some: of a response after its request, of what was received after what stands in front
/// of it in the same stream.
#[test]
fn what_took_how_long_is_told() {
    let (unary, stream) = ("/google.pubsub.v1.Publisher/CreateTopic", PULL);
    let lines: [(Line<'_>, Option<i64>); 11] = [
        ((Kind::Request, unary, topic(A), 0), Some(10)),
        ((Kind::CreateStream, stream, Payload::Empty, 0), Some(20)),
        ((Kind::Response, "", topic(B), 1), Some(13)),
        ((Kind::Recv, "", topic(A), 2), Some(25)),
        ((Kind::Send, "", topic(A), 2), Some(26)),
        ((Kind::Recv, "", topic(B), 2), Some(28)),
        ((Kind::Recv, "", topic(C), 2), Some(27)),
        ((Kind::Send, "", topic(B), 2), None),
        ((Kind::Recv, "", Payload::Eof, 2), Some(40)),
        ((Kind::Request, unary, topic(B), 0), None),
        ((Kind::Response, "", topic(B), 10), Some(99)),
    ];
    let mut writer = Writer::binary(Vec::new(), &Header::new("")).expect("a header");
    for ((kind, method, payload, ref_index), seconds) in lines {
        let mut entry = Entry::encode(kind, method, payload, ref_index).expect("a short record");
        if let Some(seconds) = seconds {
            let extension = Extension { time: Time::new(seconds, 0), ..Extension::default() };
            entry = entry.with_extension(&extension).expect("a short record");
        }
        writer.write(&entry).expect("an entry");
    }
    let (bytes, schema, mask) = (writer.finish().expect("memory"), Schema::builtin(), Mask::new());
    for is_timed in [true, false] {
        let mut replayer = Replayer::new(&schema, &mask).timed(is_timed);
        replayer.add(Reader::new(&bytes[..], &schema, ReadOptions::default()).expect("a header")).expect("a recording");
        let took = [A, B].map(|topic| replayer.unary(unary, topic).expect("it was recorded").took);
        assert_eq!(took, [is_timed.then_some(Duration::from_secs(3)), None]);
        let mut replay = replayer.stream(stream);
        let mut waits = Vec::new();
        while let Some(payload) = replay.recv().expect("a stream") {
            waits.push(replay.wait());
            if payload == Payload::Eof {
                break;
            }
        }
        let wait = |after, seconds| Some(Wait { after, delay: Duration::from_secs(seconds) });
        let all = [wait(After::Opened, 5), wait(After::Sent(0), 2), wait(After::Received, 0), None];
        assert_eq!(waits, if is_timed { all } else { [None; 4] });
    }
}
