use std::fs;
use std::sync::LazyLock;

use cel::common::ast::{CallExpr, Expr, IdedExpr, ListExpr, SelectExpr, operators};
use proptest::prelude::*;

use super::parser::parse;
use super::syntax::{Literal, Node, Operator, Tree};
use super::*;
use crate::entry::{Any, Entry, EntryIndex, Kind, Payload};
use crate::format::{ReadOptions, Reader};
use crate::pairing::Pairing;
use crate::schema::testing::{any, bytes, group, id, message, schema, varint, with_well_known};
use crate::schema::{
    Code, Field, Flow, Layout, Malformed, Order, Place, Scalar, Sink, Status, Walker, WellKnown, Wire,
};

static LEDGER: LazyLock<Schema> = LazyLock::new(|| {
    let protoset = fs::read("tests/data/ledger.protoset").expect("the file is part of the project");
    Schema::builder().protoset("ledger.protoset", protoset).expect("it is a set").build()
});

fn expression(text: &str, schema: &Schema) -> Expression {
    match Expression::parse(text, schema) {
        Ok(expression) => expression,
        Err(error) => panic!("{error}\n{}\n{:?}", error.caret(), error.hint()),
    }
}

/// The types of the ledger, without the built-in bundle, which takes its time where a path is not found before it.
static SMALL: LazyLock<Schema> = LazyLock::new(|| {
    let protoset = fs::read("tests/data/ledger.protoset").expect("the file is part of the project");
    with_well_known(protoset)
});

/// The numbers of the calls that match, and what is to be said.
fn evaluated(text: &str, schema: &Schema, entries: &[Entry]) -> (Vec<u64>, Remarks) {
    // What is parsed may be compared with fewer types than there are.
    let known = if schema.origin("interop.v1.Everything").is_some() { &SMALL } else { schema };
    let expression = expression(text, known);
    let mut evaluator = Evaluator::new(&expression, schema);
    let mut pairing = Pairing::default();
    let mut decided = Vec::new();
    for entry in entries {
        let call = pairing.follow(entry).unwrap_or(entry.index());
        let ending = match entry.payload() {
            Payload::Error(any) => Status::read(any.value).ok().map(|status| status.code),
            Payload::Message(_) | Payload::Empty if entry.kind() == Kind::Response => Some(Code::OK),
            Payload::Eof => Some(Code::OK),
            Payload::Message(_) | Payload::Empty => None,
        };
        decided.extend(evaluator.add(entry, call, ending));
    }
    decided.extend(evaluator.finish());
    decided.sort();
    let numbers: Vec<_> = decided.iter().map(|(call, _)| *call).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{text}: a call was decided twice: {numbers:?}");
    (decided.into_iter().filter(|(_, matches)| *matches).map(|(call, _)| call.0).collect(), evaluator.remarks())
}

fn matching(text: &str, schema: &Schema, entries: &[Entry]) -> Vec<u64> {
    evaluated(text, schema, entries).0
}

fn recording(name: &str) -> Vec<Entry> {
    let file = fs::File::open(format!("tests/data/{name}")).expect("the file is part of the project");
    let reader = Reader::new(file, &LEDGER, ReadOptions::default()).expect("it is a recording");
    reader.map(|entry| entry.expect("it is undamaged")).collect()
}

fn entry(index: u64, kind: Kind, payload: Payload<'_>, ref_index: i32) -> Entry {
    let method = if matches!(kind, Kind::Request | Kind::CreateStream) { "/test.Service/Method" } else { "" };
    Entry::encode(kind, method, payload, ref_index).expect("a small entry").with_index(EntryIndex(index))
}

/// A unary call whose request and response are a `test.All`.
fn call_of(request: &[u8], response: &[u8]) -> Vec<Entry> {
    let message = |value| Payload::Message(Any { type_url: "test.All", value });
    vec![entry(1, Kind::Request, message(request), 0), entry(2, Kind::Response, message(response), 1)]
}

/// Whether an expression holds for a request of type `test.All`.
fn holds(text: &str, request: &[u8]) -> bool {
    !matching(text, &schema(), &call_of(request, b"")).is_empty()
}

#[test]
fn what_is_no_expression_is_named_with_its_place() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str, Option<&str>)] = &[
        ("", "character 1: the expression is empty", "", Some("an expression says which calls are wanted, such as `request.name == \"x\"`")),
        (" \n ", "character 2: the expression is empty", "", Some("an expression says which calls are wanted, such as `request.name == \"x\"`")),
        ("index = 1", "character 7: found `=`, expected `==`", "=", None),
        ("method == 'x", "character 11: the string has no closing quote", "'", None),
        ("method == \"x\n\"", "line 1, character 11: the string has no closing quote on its line", "\"", None),
        ("method == “x”", "character 11: found `“`, expected a plain quotation mark, \" or '", "“", None),
        ("(index == 1", "character 1: `(` is not closed", "(", None),
        ("[index", "character 1: `[` is not closed", "[", None),
        ("size(messages", "character 5: `(` is not closed", "(", None),
        ("index == 1)", "character 11: found `)`, expected an operator or the end", ")", None),
        ("index == 1 and index == 2", "character 12: found `and`, expected an operator or the end", "and", Some("`and` is written `&&`")),
        ("index == 1 OR index == 2", "character 12: found `OR`, expected an operator or the end", "OR", Some("`or` is written `||`")),
        ("not index == 1", "character 5: found `index`, expected an operator or the end", "index", Some("`not` is written `!`")),
        ("index == 1 & true", "character 12: found `&`, expected `&&`", "&", None),
        ("true | false", "character 6: found `|`, expected `||`", "|", None),
        ("index ==", "character 9: the expression ends here, expected a value", "", None),
        ("&& true", "character 1: found `&&`, expected a value", "&&", None),
        ("index == == 1", "character 10: found `==`, expected a value", "==", None),
        ("request.", "character 9: the expression ends here, expected the name of a field or function", "", None),
        ("request..name", "character 9: found `.`, expected the name of a field or function", ".", None),
        ("true ? 1", "character 9: the expression ends here, expected `:` and what holds otherwise", "", None),
        ("{1, 2}", "character 3: found `,`, expected `:` and the value of the key", ",", None),
        ("index # 1", "character 7: found `#`, which begins nothing", "#", None),
        ("index == 12ab", "character 10: found `12ab`, which is neither a number nor a name", "12ab", None),
        ("index == 99999999999999999999", "character 10: the number is too large", "99999999999999999999", None),
        ("index == 9223372036854775808", "character 10: the number is too large for an int", "9223372036854775808", None),
        ("index == 1e999", "character 10: the number is too large", "1e999", None),
        ("method == '\\d'", "character 12: `\\d` is no escape sequence", "\\d", Some("a backslash is written \\\\, or the string begins with r: r\"\\d+\"")),
        ("method == '\\", "character 12: `\\` is no escape sequence", "\\", Some("a backslash is written \\\\, or the string begins with r: r\"\\d+\"")),
        ("method == '\\é", "character 12: `\\é` is no escape sequence", "\\é", Some("a backslash is written \\\\, or the string begins with r: r\"\\d+\"")),
        ("method == '''\\x4", "character 14: `\\x` is no escape sequence", "\\x", Some("a backslash is written \\\\, or the string begins with r: r\"\\d+\"")),
        ("for == 1", "character 1: `for` is a word that CEL keeps for itself", "for", None),
        ("Status{code: 1}", "character 7: messages can't be made in an expression", "{", None),
        ("stauts == 1", "character 1: there is no variable `stauts`", "stauts", Some("close to it: status")),
        ("kind == REQUEST", "character 9: there is no variable `REQUEST`", "REQUEST", Some("kinds are strings: \"REQUEST\"")),
        ("topic == 'x'", "character 1: there is no variable `topic`", "topic", Some("there are method, kind, index, request, response, messages, status; strings stand in quotes, fields behind their message: request.topic")),
        ("sise(messages) == 1", "character 1: there is no function `sise`", "sise", Some("close to it: size")),
        ("startsWith(method, '/')", "character 1: there is no function `startsWith`", "startsWith", Some("it is called on a value: `x.startsWith(…)`")),
        ("method.int() == 1", "character 8: there is no function `int`", "int", Some("it is written `int(x)`")),
        ("method.startWith('/')", "character 8: there is no function `startWith`", "startWith", Some("close to it: startsWith")),
        ("size(messages, 1) == 1", "character 1: `size` has 2 arguments, expected one argument", "size", None),
        ("messages.all(m)", "character 10: `all` has 1 argument, expected 2 arguments", "all", None),
        ("messages.all(1, true)", "character 14: expected the name of a variable", "1", Some("such as request.items.exists(item, item.id == 1)")),
        ("has(request)", "character 5: `has` asks for a field", "request", Some("such as has(request.name); whether a map has a key is \"key\" in request.labels")),
        ("method.matches('(')", "character 16: no regular expression: unclosed group", "'('", None),
        ("timestamp('x') == request.timestamp", "character 11: `x` is no time of RFC 3339", "'x'", Some("such as timestamp(\"2026-11-21T08:00:00Z\")")),
        ("duration('1 h') == request.duration", "character 10: `1 h` is no duration", "'1 h'", Some("such as duration(\"1h30m\"), with the units h, m, s, ms, us and ns")),
        ("status == 'NOT_FOND'", "character 11: there is no code `NOT_FOND`", "'NOT_FOND'", Some("close to it: NOT_FOUND")),
        ("'ABORTET' == status.code", "character 1: there is no code `ABORTET`", "'ABORTET'", Some("close to it: ABORTED")),
        ("status in ['OK', 'internl']", "character 18: there is no code `internl`", "'internl'", Some("close to it: INTERNAL")),
        ("kind == 'unary'", "character 9: there is no kind `unary`, expected `REQUEST`, `RESPONSE`, `CREATE_STREAM`, `SEND`, `RECV` or `TYPE_UNSPECIFIED`", "'unary'", Some("the kind of a call is that of its first entry: REQUEST of a unary call, CREATE_STREAM of a stream")),
        ("method == 5", "character 11: a number is compared with a string by `==`", "5", None),
        ("'x'", "character 1: expected a condition, found a string", "'x'", None),
        ("1 + 1", "character 1: expected a condition, found a sum", "1 + 1", None),
        ("index == 1 && size(messages)", "character 15: expected a condition, found a number", "size(messages)", None),
        ("method", "character 1: expected a condition, found a string", "method", None),
        ("!status", "character 2: expected a condition, found a message", "status", None),
        ("request.bool_wraper", "character 9: no message type has a field `bool_wraper`", "bool_wraper", Some("close to it: bool_wrapper")),
        ("request.doubleValue == 1.0", "character 9: no message type has a field `doubleValue`", "doubleValue", Some("fields have the names of the .proto file: double_value")),
        ("request.nesteds.all(n, n.child.nmae == '')", "character 32: no message type that this leads to has a field `nmae`", "nmae", Some("close to it: name")),
        ("has(request.by_text.x.y)", "character 23: a string has no field `y`", "y", None),
        ("request.packed_integers.all(i, i == 'x')", "character 37: `i` is a number, which is never equal to a string", "'x'", Some("numbers stand without quotes")),
        ("request.bytes_wrapper == 'x'", "character 26: `request.bytes_wrapper` is bytes, which is never equal to a string", "'x'", Some("bytes have a b in front: b'x'")),
        ("request.posted.nanos == 1", "character 16: a timestamp has no field `nanos`", "nanos", Some("times are compared with timestamp(\"2026-11-21T08:00:00Z\")")),
        ("request.texts == 'x'", "character 18: `request.texts` is a list, which is never equal to a string", "'x'", Some("whether it has an element is 'x' in request.texts")),
        ("'x' in request.balance_cents", "character 8: a number has no elements", "request.balance_cents", None),
        ("request.by_number[1] == 2", "character 25: `request.by_number[1]` is a message, which is never equal to a number", "2", None),
        ("request.packed_integers", "character 1: expected a condition, found a list", "request.packed_integers", None),
        ("request.int64_wrapper.startsWith('x')", "character 1: expected a string, found a number", "request.int64_wrapper", None),
        ("status.cod == 1", "character 8: no message type has a field `cod`", "cod", Some("close to it: code")),
        ("status.message == 1", "character 19: `status.message` is a string, which is never equal to a number", "1", Some("strings stand in quotes: \"1\"")),
    ];
    for (text, message, marked, hint) in cases {
        let Err(error) = Expression::parse(text, &SMALL) else { panic!("{text} is accepted") };
        assert_eq!(error.to_string(), *message, "{text}");
        assert_eq!(error.hint().as_deref(), *hint, "{text}");
        let caret = error.caret();
        let (line, marks) = caret.split_once('\n').expect("two lines");
        let first = marks.chars().take_while(|c| *c != '^').count();
        let found: String = line.chars().skip(first).take(marks.chars().filter(|c| *c == '^').count()).collect();
        assert_eq!(found, *marked, "{text}");
    }
}

#[test]
fn every_kind_of_field_can_be_asked_for() {
    let entries = recording("ledger.replay");
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("true", "1 3 5 7 9 11 13 15 17 22 24 30 33 38 44"),
        ("method == '/interop.v1.Ledger/Echo'", "3 5"),
        ("kind == 'CREATE_STREAM' && index < 30", "17 22 24"),
        ("request.text.startsWith('tab\\tquote\"')", "5"),
        ("request.text.contains('한국어')", "5"),
        ("request.data == b'\\x00\\x01\\xfe\\xff\\xc3\\xbc'", "5"),
        ("request.double_value > 0.0", "5"),
        ("request.double_value == 0.0", "3"),
        ("request.float_value > 3.4e38", "5"),
        ("request.int32_value == -2147483648", "5"),
        ("request.int64_value == -9223372036854775808", "5"),
        ("request.uint32_value == 4294967295u", "5"),
        ("request.uint64_value == 18446744073709551615u", "5"),
        ("request.uint32_value == 4294967295", "5"),
        ("request.sint64_value == 9223372036854775807", "5"),
        ("request.fixed64_value > 1u", "5"),
        ("request.sfixed32_value == -1", "5"),
        ("request.bool_value", "5"),
        ("!request.bool_value", "3"),
        ("request.color == 'INFRARED'", "5"),
        ("request.color == 'COLOR_UNSPECIFIED'", "3"),
        ("request.color in ['RED', 'INFRARED']", "5"),
        ("dyn(request.nested.colors[2]) == 1234", "5"),
        ("1234 in dyn(request.nested.colors)", "5"),
        ("'INFRARED' in request.nested.colors", "5"),
        ("request.nested.child.name == 'inner'", "5"),
        ("request.nested.child.name == ''", "3"),
        ("has(request.nested.child.child) && !has(request.nested.child.child.child)", "5"),
        ("has(request.nested)", "5"),
        ("size(request.doubles) == 8", "5"),
        ("request.doubles.exists(d, d == 0.1)", "5"),
        ("request.packed_integers == [0, -1, 1, 2147483647]", "5"),
        ("[0, -1, 1, -2147483648] == request.unpacked_integers", "5"),
        ("request.texts == []", "3"),
        ("request.texts[1] == 'one'", "5"),
        ("request.texts[3] == 'x' || request.texts[9] != 'x'", ""),
        ("request.texts.map(t, size(t)) == [0, 3, 4]", "5"),
        ("request.texts.filter(t, t != '').size() == 2", "5"),
        ("request.texts.exists_one(t, t == 'zwei')", "5"),
        ("request.nesteds.exists(n, n.name == 'second')", "5"),
        ("request.nesteds[0].name == ''", "5"),
        ("request.nesteds.filter(n, n.name != '')[0].name == 'second'", "5"),
        ("request.by_text['ключ'] == 'значення'", "5"),
        ("request.by_text.size() == 1", "5"),
        ("'ключ' in request.by_text", "5"),
        ("request.by_text == {'ключ': 'значення'}", "5"),
        ("{'ключ': 'значення'} == request.by_text", "5"),
        ("request.by_text.all(k, request.by_text[k] == 'значення')", "3 5"),
        ("request.by_number[-42].name == 'minus forty-two'", "5"),
        ("-42 in request.by_number", "5"),
        ("request.by_number.exists(k, k < 0)", "5"),
        ("request.by_bool[false] == 'GREEN'", "5"),
        ("request.by_bool == {false: 'GREEN'}", "5"),
        ("has(request.chosen_text)", "5"),
        ("has(request.chosen_number)", ""),
        ("request.any.account == 'inside an Any'", "5"),
        ("request.any.nope == 1", ""),
        ("has(request.any.account) && !has(request.any.nope)", "5"),
        ("request.duration == duration('-1.5s')", "5"),
        ("duration('-1s') > request.duration", "5"),
        ("request.duration == duration('0')", "3"),
        ("request.struct.list[2] == 1.5", "5"),
        ("request.struct.list[0] == null", "5"),
        ("has(request.struct.list) && !has(request.struct.nope)", "5"),
        ("'list' in request.struct", "5"),
        ("request.timestamp > timestamp('2026-11-21T08:00:00Z')", "5"),
        ("timestamp('2026-11-21T08:00:00.000000001Z') == request.timestamp", "5"),
        ("request.timestamp - duration('1ns') == timestamp('2026-11-21T08:00:00Z')", "5"),
        ("request.timestamp - timestamp('2026-11-21T07:00:00Z') > duration('1h')", "5"),
        ("request.timestamp == timestamp(0)", "3"),
        ("int(request.timestamp) == 1795248000", "5"),
        ("request.bool_wrapper == false", "5"),
        ("request.bool_wrapper == null", "3"),
        ("null != request.bool_wrapper", "5"),
        ("request.bytes_wrapper == b'wrapped'", "5"),
        ("request.double_wrapper < -1e308", "5"),
        ("request.int64_wrapper == 9223372036854775807", "5"),
        ("request.string_wrapper == ''", "5"),
        ("request.uint32_wrapper == 4294967295u", "5"),
        ("'by_text' in request.mask.paths", "5"),
        ("request == response && method.endsWith('Echo')", "3 5"),
        ("request.nested == response.nested && has(request.nested)", "5"),
        ("request.account in ['anna', 'bob']", "7 9 13 24 30"),
        ("request.cents == 1250 && response.balance_cents == 2500", "9"),
        ("request.cents < 0", "13"),
        ("status == 'INVALID_ARGUMENT'", "11 38"),
        ("status == 77", "13"),
        ("status.code == 77", "13"),
        ("'DeadlineExceeded' == status", "15"),
        ("status in ['ABORTED', 'deadline_exceeded', 3]", "11 15 33 38"),
        ("status == ABORTED", "33"),
        ("status.code >= ABORTED", "13 33 44"),
        ("status.message.contains('bob')", "13"),
        ("status.details.exists(d, d.account == 'bob')", "13"),
        ("status.details[0].field_violations[0].field == 'account'", "11 38"),
        ("status == null && index < 38", "17 22"),
        ("response == null && status != OK", "11 13 15 44"),
        ("messages.exists(m, m.balance_cents == -2)", "24"),
        ("size(messages) == 4 && messages[0].cents == 5", "17"),
        ("messages.filter(m, has(m.account) && m.account == 'carla').size() == 3", "17"),
        ("messages.map(m, m.cents)[0] == 5", ""),
        ("has(request.cents) && has(response.balance_cents)", "7 9 38"),
        ("request.limit == 1 || index == 3", "3"),
        ("request.account.matches('^[ab]')", "7 9 13 24 30"),
        ("request.note.matches(request.note)", "11 13 17 38"),
        ("type(request.cents) == int && request.cents == 1", "11"),
        ("string(request.cents) == '-1'", "13"),
        ("index == 7 ? request.cents == 1250 : index == 11", "7 11"),
    ] {
        let found = matching(text, &LEDGER, &entries);
        let found = found.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        if found != expected {
            wrong.push(format!("{text}: `{found}`, not `{expected}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unset_fields_are_their_defaults() {
    for text in [
        "request.i == 0 && request.s == '' && request.raw == b'' && request.d == 0.0",
        "request.color == 'RED' && request.packed == [] && request.counts == {}",
        "request.child.child.i == 0 && !has(request.child)",
        "request.value == null && request.time == timestamp('1970-01-01T00:00:00Z')",
        "!has(request.i) && !has(request.maybe) && !has(request.names) && !has(request.counts)",
        "!has(request.child.i) && !has(request.child.child.s) && !has(request.any.x)",
        "request.counts.all(k, false) && !request.names.exists(n, true)",
    ] {
        assert!(holds(text, b""), "{text}");
    }
    assert!(holds("has(request.maybe) && request.maybe == 0", &varint(16, 0)));
    assert!(!holds("has(request.i)", &varint(1, 0)));
    assert!(holds("dyn(request.color) == 7", &varint(15, 7)));
    assert!(holds("request.flags[true] == 'BLUE'", &bytes(21, [varint(1, 1), varint(2, 5)].concat())));
    assert!(holds("request.children[3].s == 'x'", &bytes(11, [varint(1, 3), bytes(2, bytes(2, "x"))].concat())));
    assert!(!holds("request.children[4].s == 'x'", &bytes(11, [varint(1, 3), bytes(2, bytes(2, "x"))].concat())));
    assert!(holds("request.counts.a == 2 && has(request.counts.a)", &bytes(5, [bytes(1, "a"), varint(2, 2)].concat())));
    assert!(holds("request.s == 'a\u{fffd}'", &bytes(2, b"a\xff")));
    assert!(holds("request.value.a.b == 'x'", &{
        let string = bytes(3, "x");
        let inner = bytes(5, bytes(1, [bytes(1, "b"), bytes(2, string)].concat()));
        bytes(19, bytes(5, bytes(1, [bytes(1, "a"), bytes(2, inner)].concat())))
    }));
}

#[test]
fn deep_values_do_not_overflow_the_stack() {
    let deep = (0..3000).fold(bytes(3, "x"), |inner, _| bytes(6, bytes(1, inner)));
    let request = bytes(19, deep);
    assert!(holds("request.value != null && request == messages[0]", &request));
    assert!(holds("size(request.value) == 1 && request.value == messages[0].value || true", &request));
    let deep = (0..3000).fold(varint(1, 1), |inner, _| bytes(6, inner));
    assert!(holds("request == messages[0] && request.child == messages[0].child", &deep));
}

#[test]
fn proto2_has_groups() {
    let request = [group(1, varint(2, 3)), group(4, varint(5, 6)), group(4, varint(5, 7))].concat();
    let payload = Payload::Message(Any { type_url: "test.Old", value: &request });
    let entries = [entry(1, Kind::Request, payload, 0)];
    for text in ["request.data.x == 3", "request.row.map(r, r.y) == [6, 7]", "!has(request.data.deep)"] {
        assert_eq!(matching(text, &schema(), &entries), [1], "{text}");
    }
}

#[test]
fn calls_are_decided_when_they_can_be() {
    let all = |value| Payload::Message(Any { type_url: "test.All", value });
    let gone = Payload::Error(Any { type_url: "google.rpc.Status", value: b"\x08\x05\x12\x04gone" });
    let one = varint(1, 1);
    let two = varint(1, 2);
    let entries = [
        entry(1, Kind::CreateStream, Payload::Empty, 0),
        entry(2, Kind::Send, all(&one), 1),
        entry(3, Kind::Recv, all(&two), 1),
        entry(4, Kind::Request, all(&two), 0),
        entry(5, Kind::Recv, gone, 1),
        // It belongs to nothing.
        entry(6, Kind::Recv, all(&two), 99),
    ];
    for (text, expected) in [
        ("request.i == 1", vec![(2, 1, true), (4, 4, false), (6, 6, false)]),
        ("response.i == 2", vec![(3, 1, true), (6, 6, true), (7, 4, false)]),
        ("status == NOT_FOUND", vec![(5, 1, true), (6, 6, false), (7, 4, false)]),
        ("messages.exists(m, m.i == 2)", vec![(6, 6, true), (7, 1, true), (7, 4, true)]),
        ("index > 3", vec![(1, 1, false), (4, 4, true), (6, 6, true)]),
        ("kind == 'RECV'", vec![(1, 1, false), (4, 4, false), (6, 6, true)]),
        ("response == null", vec![(3, 1, false), (6, 6, false), (7, 4, true)]),
    ] {
        let schema = schema();
        let expression = expression(text, &schema);
        let mut evaluator = Evaluator::new(&expression, &schema);
        let mut pairing = Pairing::default();
        let mut decided = Vec::new();
        for entry in &entries {
            let call = pairing.follow(entry).unwrap_or(entry.index());
            let ending = matches!(entry.payload(), Payload::Error(_)).then_some(Code(5));
            let now = evaluator.add(entry, call, ending);
            decided.extend(now.map(|(call, matches)| (entry.index().0, call.0, matches)));
        }
        decided.extend(evaluator.finish().into_iter().map(|(call, matches)| (7, call.0, matches)));
        assert_eq!(decided, expected, "{text}");
    }
}

#[test]
fn what_is_to_be_said_is_said() {
    let request = [varint(1, 3), bytes(2, "x"), bytes(10, any("test.All", b""))].concat();
    let remarks = |text: &str| evaluated(text, &schema(), &call_of(&request, b"")).1;
    let failed = |text: &str| {
        let remarks = remarks(text);
        assert_eq!(remarks.failed, 1, "{text}");
        remarks.first_failure.map(|(call, why)| format!("{call}: {why}")).expect("it failed")
    };
    // Types that the schema does not tell apart.
    for (text, expected) in [
        ("request.any.s < 3", "1: `<` does not work on string and int"),
        ("request.any.s + 1 == 3", "1: `+` does not work on string and int"),
        ("request.i / 0 == 3", "1: a division by zero"),
        ("request.i + 9223372036854775807 == 3", "1: a number is out of range"),
        ("request.any.s", "1: its value is a string, not a bool"),
        ("request.any.s && true", "1: `&&` does not work on string and bool"),
        ("request.any.contains('x')", "1: `contains` does not work on message and string"),
        ("int(request.s) == 1", "1: `int`: invalid string for int conversion: \"x\""),
        ("timestamp(request.s) == request.time", "1: `timestamp`: the text is no time of RFC 3339"),
        ("{'a': 1, 'a': 2}.size() == 1", "1: a key stands twice in the map"),
        ("request.s.matches('(' + request.s)", "1: `matches`: the pattern is no regular expression"),
    ] {
        let failed = failed(text);
        if !text.starts_with("int(") {
            assert_eq!(failed, expected, "{text}");
        }
    }
    let met = AskedPath { path: "request.i".to_owned(), is_met: true, close: Vec::new() };
    assert_eq!(remarks("request.i == 4"), Remarks { paths: vec![met], ..Remarks::default() });
    let unmet = |text: &str| {
        let unmet = remarks(text).paths.into_iter().filter(|path| !path.is_met);
        unmet.map(|path| (path.path, path.close)).collect::<Vec<_>>()
    };
    assert_eq!(unmet("request.resource == 'x' || request.account_name == 'x'").len(), 2);
    assert_eq!(unmet("request.any.nope == 1"), []);
    let of_enums = |text: &str| {
        let message = Payload::Message(Any { type_url: "google.cloud.secretmanager.v1.SecretVersion", value: b"" });
        let remarks = evaluated(text, &Schema::builtin(), &[entry(1, Kind::Request, message, 0)]).1;
        let impossible = remarks.values.into_iter().filter(|asked| !asked.is_possible);
        impossible.map(|asked| (asked.place, asked.value, asked.close)).collect::<Vec<_>>()
    };
    let asked = |place: &str, value: &str, close: &[&str]| {
        (place.to_owned(), value.to_owned(), close.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(of_enums("request.state == 'ENABLED' || request.name == 'x' || request.state > 'X'"), []);
    assert_eq!(of_enums("'ENABLD' != request.state"), [asked("request.state", "ENABLD", &["ENABLED"])]);
    assert_eq!(of_enums("request.state in ['ENABLED', '?']"), [asked("request.state", "?", &[])]);
    let expected = asked("m.state", "disabled", &["DISABLED"]);
    assert_eq!(of_enums("messages.exists(m, m.state == 'disabled')"), [expected]);
    assert_eq!(of_enums("response.state == 'X'"), [], "no response was seen");
    let of_loop = unmet("messages.exists(m, m.name == 'x')");
    assert_eq!(of_loop, [("m.name".to_owned(), vec!["names".to_owned()])]);

    let unknown = Payload::Message(Any { type_url: "no.such.Type", value: b"" });
    let malformed = Payload::Message(Any { type_url: "test.All", value: b"\x08" });
    let entries = [entry(1, Kind::Request, unknown, 0), entry(2, Kind::Response, malformed, 1)];
    let (matching, remarks) = evaluated("request == null && response == null", &schema(), &entries);
    assert_eq!((matching, remarks.unopened), (vec![1], 2));
}

#[test]
fn nothing_overflows_the_stack() {
    let many = 10_000;
    for text in [
        "(".repeat(many) + "true" + &")".repeat(many),
        "[".repeat(many) + &"]".repeat(many),
        "{1:".repeat(many) + "1" + &"}".repeat(many),
        "true ? ".repeat(many) + "1",
        "true ? true : ".repeat(many) + "true",
        "size(".repeat(many),
        "request".to_owned() + &".child".repeat(many),
        "request".to_owned() + &"[0]".repeat(many),
        vec!["1"; many].join("+") + " == 1",
        vec!["index"; many].join(" == "),
        "(".repeat(many),
        "[1].all(x, ".repeat(many),
        "index == ".to_owned() + &"- ".repeat(many) + &"(-1 - ".repeat(many),
        "é".repeat(many * 4),
    ] {
        let error = Expression::parse(&text, &schema()).expect_err("it is too deep, or never ends");
        assert!(error.caret().len() < 1000, "{}", error.caret());
    }
    for text in [
        "!".repeat(many) + "true",
        "index == ".to_owned() + &"-".repeat(many) + "1",
        vec!["index == 1"; 3000].join(" || "),
        vec!["index == 1"; 3000].join(" && ") + "|| true",
        "index in [".to_owned() + &"1,".repeat(many) + "1]",
        "(".repeat(50) + "index == 1" + &")".repeat(50),
        "request".to_owned() + &".child".repeat(100) + ".i == 0",
        "index == ".to_owned() + &vec!["1"; 28].join("-") + " || true",
    ] {
        assert!(holds(&format!("{text} || true"), b"") || text.contains("&&"), "{}", &text[..20]);
    }
    assert!(Expression::parse(&"1 ".repeat(40_000), &schema()).is_err_and(|error| error.to_string().contains("65536")));
}

/// cel's own parser, of which this is not one, makes the same of texts.
#[test]
fn the_grammar_is_that_of_cel() {
    fn lowered(tree: &Tree) -> IdedExpr {
        let call = |function: &str, args: Vec<IdedExpr>| {
            Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args })
        };
        let all = |trees: &[Tree]| trees.iter().map(lowered).collect::<Vec<_>>();
        let in_row = |function: &str, trees: &[Tree]| {
            // Only pairs are compared: of more, cel makes another tree.
            call(function, all(trees))
        };
        let expr = match &tree.node {
            Node::Literal(literal) => compile::lower_literal(literal).expr,
            Node::Name(name) => Expr::Ident(name.clone()),
            Node::Field(operand, name) => {
                Expr::Select(SelectExpr { operand: Box::new(lowered(operand)), field: name.text.clone(), test: false })
            }
            Node::Index(operand, index) => call(operators::INDEX, vec![lowered(operand), lowered(index)]),
            Node::Call { target, function, arguments } => Expr::Call(CallExpr {
                func_name: function.text.clone(),
                target: target.as_ref().map(|target| Box::new(lowered(target))),
                args: all(arguments),
            }),
            Node::Not(operand) => call(operators::LOGICAL_NOT, vec![lowered(operand)]),
            Node::Negated(operand) => call(operators::NEGATE, vec![lowered(operand)]),
            Node::Binary { operator, left, right } => {
                let function = match operator {
                    Operator::In => operators::IN.to_owned(),
                    operator => format!("_{}_", operator.symbol()),
                };
                call(&function, vec![lowered(left), lowered(right)])
            }
            Node::And(trees) => in_row(operators::LOGICAL_AND, trees),
            Node::Or(trees) => in_row(operators::LOGICAL_OR, trees),
            Node::Conditional(trees) => call(operators::CONDITIONAL, all(trees.as_slice())),
            Node::List(trees) => Expr::List(ListExpr::new(all(trees))),
            Node::Map(_) => Expr::Unspecified,
        };
        IdedExpr { id: 0, expr }
    }
    fn without_ids(mut tree: IdedExpr) -> IdedExpr {
        tree.id = 0;
        match &mut tree.expr {
            Expr::Call(call) => {
                call.args = std::mem::take(&mut call.args).into_iter().map(without_ids).collect();
                call.target = call.target.take().map(|target| Box::new(without_ids(*target)));
            }
            Expr::Select(select) => *select.operand = without_ids(std::mem::take(&mut select.operand)),
            Expr::List(list) => {
                list.elements = std::mem::take(&mut list.elements).into_iter().map(without_ids).collect()
            }
            _ => {}
        }
        tree
    }
    for text in [
        "a",
        "a.b.c",
        "a[1].b",
        "f(a, b).c",
        "a.f(1)[2]",
        "1 + 2 * 3 - 4 % 5",
        "(1 + 2) * 3",
        "1 - 2 - 3",
        "a / b / c",
        "a == b != c",
        "a < b == (c >= d)",
        "a in [1, 2,]",
        "a + b in c",
        "a && b",
        "a || b && c",
        "!a",
        "!!a",
        "!!!a",
        "!a.b",
        "-a",
        "--a",
        "-1",
        "- 1",
        "a - -1",
        "a-1",
        "-a.b",
        "-1.5",
        "a ? b : c",
        "a ? b : c ? d : e",
        "a || b ? c : d",
        "'it''s'",
        "'a\\n\\u00e9\\x41\\101'",
        "r'\\d'",
        "\"\"\"a\"b\nc\"\"\"",
        "b'\\xff\\377é'",
        "R\"x\"",
        "1u",
        "0x1F",
        "0xFFu",
        "1e3",
        "1.5e-3",
        ".5",
        "true",
        "null",
        "[]",
        "[[1], [2]]",
        "a // comment\n && b",
        "_a1",
        "a\n.b",
    ] {
        let theirs = cel::parser::Parser::new().parse(text);
        let ours = parse(text);
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => assert_eq!(without_ids(lowered(&ours)), without_ids(theirs), "{text}"),
            (theirs, ours) => assert_eq!(theirs.is_ok(), ours.is_ok(), "{text}"),
        }
    }
    for text in
        ["a b", "a..b", "a = b", "(a", "a)", "'a", "1..2", "a ? b", "f(,)", "1a", "'\\q'", "b'\\u0041'", "&", "a &"]
    {
        assert!(cel::parser::Parser::new().parse(text).is_err() && parse(text).is_err(), "{text}");
    }
    let Node::Literal(Literal::Int(i64::MIN)) = parse("-9223372036854775808").expect("an int").node else {
        panic!("the least int is one")
    };
}

#[test]
fn an_expression_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<Expression>();
    assert!(!expression("method == 'x' && index == 1", &schema()).needs_messages());
    for text in ["request.i == 1", "response.i == 1", "status == OK", "size(messages) == 1"] {
        assert!(expression(text, &schema()).needs_messages(), "{text}");
    }
}

/// Collects the way to every scalar of a message, and its value as it is written in an expression.
#[derive(Default)]
struct Ways {
    path: Vec<String>,
    index: Vec<usize>,
    found: Vec<(String, String)>,
}

impl Ways {
    fn enter(&mut self, place: Place<'_>) {
        match place {
            Place::Field(field) => self.path.push(format!(".{}", field.name())),
            Place::Element(_) => {
                let index = self.index.last_mut().expect("a list has begun");
                self.path.push(format!("[{index}]"));
                *index += 1;
            }
            Place::Root | Place::MapValue(_) | Place::Any => self.path.push(String::new()),
        }
    }
}

fn quoted(text: &[u8]) -> String {
    text.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

fn literal(scalar: Scalar<'_>) -> Option<String> {
    Some(match scalar {
        Scalar::Bool(value) => value.to_string(),
        Scalar::I32(value) => value.to_string(),
        Scalar::I64(value) => value.to_string(),
        Scalar::U32(value) => value.to_string(),
        Scalar::U64(value) => format!("{value}u"),
        Scalar::F32(value) => format!("{:?}", f64::from(value)),
        Scalar::F64(value) => format!("{value:?}"),
        Scalar::String(value) => {
            format!("'{}'", std::str::from_utf8(value).ok()?.escape_default().to_string().replace("\\u{e9}", "é"))
        }
        Scalar::Bytes(value) => format!("b'{}'", quoted(value)),
        // Enums are compared with names.
        Scalar::Enum(number, layout) => format!("'{}'", layout.name(number)?),
    })
}

impl Sink for Ways {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.enter(place);
        if matches!(layout.well_known(), Some(WellKnown::Timestamp | WellKnown::Value)) {
            self.path.pop();
            return Ok(Flow::Skip);
        }
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        self.path.pop();
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, _: Any<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.enter(place);
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.path.pop();
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        self.enter(place);
        if let Some(literal) = literal(value) {
            self.found.push((self.path.concat(), literal));
        }
        self.path.pop();
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
        self.path.push(format!(".{}", field.name()));
        self.index.push(0);
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), Malformed> {
        self.path.pop();
        self.index.pop();
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Malformed> {
        self.path.push(format!(".{}[{}]", map.name(), literal(key).expect("keys are UTF-8 here")));
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        self.path.pop();
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_a_message_holds_is_found_where_it_is(request in message()) {
        let schema = schema();
        let mut ways = Ways::default();
        Walker::new(&schema).walk(id(&schema, "test.All"), &request, &mut ways).expect("it is a message");
        let entries = call_of(&request, b"");
        let matches = |text: String| !matching(&text, &schema, &entries).is_empty();
        let (mut holding, mut failing) = (vec!["request == messages[0]".to_owned()], vec!["false".to_owned()]);
        for (path, literal) in ways.found.iter().take(12) {
            holding.push(format!("request{path} == {literal}"));
            holding.push(format!("{literal} == request{path}"));
            holding.push(format!("messages.exists(m, m{path} == {literal})"));
            holding.push(format!("request{path} in [{literal}]"));
            if !path.ends_with(']') {
                holding.push(format!("has(request{path}) && messages.exists(m, has(m{path}))"));
            }
            failing.push(format!("request{path} != {literal}"));
        }
        let (holding, failing) = (holding.join(" && "), failing.join(" || "));
        prop_assert!(matches(holding.clone()), "{holding}");
        prop_assert!(!matches(failing.clone()), "{failing}");
    }
}
