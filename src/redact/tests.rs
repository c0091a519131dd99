use super::*;
use crate::entry::{Any, Entry, Kind, Payload};
use crate::extension::{Extension, Metadatum, Time};
use crate::schema::{Schema, TextOptions, Walker, read_text, testing, write_text};

pub(super) fn rules(texts: &[&str]) -> RulesBuilder {
    let rules = texts.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))).collect();
    RulesBuilder { rules, key: Key::new(b"a key for tests"), ..RulesBuilder::default() }
}

fn entry_of(schema: &Schema, message_type: &str, text: &str) -> Entry {
    let mut message = Vec::new();
    let layout = schema.resolve(message_type).expect("the schema has it");
    read_text(schema, layout, text.as_bytes(), &mut message).unwrap_or_else(|error| panic!("{text}: {error}"));
    entry(Kind::Response, message_type, &message)
}

fn entry(kind: Kind, message_type: &str, message: &[u8]) -> Entry {
    Entry::encode(kind, "", Payload::Message(Any { type_url: message_type, value: message }), 1)
        .expect("a short record")
}

pub(super) fn text_of(schema: &Schema, entry: &Entry) -> String {
    let any = entry.payload().fields().0.expect("it has a message");
    let layout = schema.resolve(any.type_url).expect("the schema has it");
    let mut text = Vec::new();
    write_text(&mut Walker::new(schema), layout, any.value, TextOptions::default(), &mut text)
        .expect("it is a message");
    String::from_utf8(text).expect("it is text").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a message that was redacted in an entry, or why it was not.
pub(super) fn redacting(
    schema: &Schema,
    text: &str,
    redact: impl FnOnce(&Entry) -> Result<Redacted, Refusal>,
) -> String {
    match redact(&entry_of(schema, "test.All", text)) {
        Ok(redacted) => text_of(schema, &redacted.entry),
        Err(refusal) => format!("error: {refusal}"),
    }
}

/// Redacts entries of a recording, all of them responses of `/a.S/Get`.
fn redact(builder: RulesBuilder, schema: &Schema, entries: &[Entry]) -> Result<Vec<Redacted>, Refusal> {
    let rules = builder.build().expect("the rules are sound");
    let mut learner = Learner::new(&rules, schema);
    for entry in entries {
        learner.learn(entry, "/a.S/Get")?;
    }
    let replacements = rules.replacements(learner.into_values(), Done::default()).expect("all values can be replaced");
    let mut redactor = Redactor::new(&rules, schema, &replacements);
    entries.iter().map(|entry| redactor.redact(entry, "/a.S/Get")).collect()
}

/// The text of a message that was redacted by rules.
fn redacted(texts: &[&str], message_type: &str, text: &str) -> String {
    let schema = testing::schema();
    let entries = [entry_of(&schema, message_type, text)];
    match redact(rules(texts), &schema, &entries) {
        Ok(redacted) => text_of(&schema, &redacted[0].entry),
        Err(refusal) => format!("error: {refusal}"),
    }
}

#[test]
fn values_are_replaced_where_selectors_lead() {
    for (rule, text, expected) in [
        ("s=clear", "i: 1 s: \"secret\"", "i: 1"),
        ("s=replace:x", "s: \"secret\" i: 1", "i: 1 s: \"x\""),
        ("s=mask:3", "s: \"secret\"", "s: \"***ret\""),
        ("s=mask:9", "s: \"secret\"", "s: \"******\""),
        ("response:s=clear", "s: \"secret\"", ""),
        ("request:s=clear", "s: \"secret\"", "s: \"secret\""),
        ("Get:s=clear", "s: \"secret\"", ""),
        ("Set:s=clear", "s: \"secret\"", "s: \"secret\""),
        ("child.s=replace:x", "child { s: \"secret\" i: 300 } i: 1", "i: 1 child: { i: 300 s: \"x\" }"),
        ("**.s=replace:x", "s: \"a\" child { child { s: \"b\" } }", "s: \"x\" child: { child: { s: \"x\" } }"),
        ("names=clear", "names: \"a\" names: \"b\"", ""),
        ("names=replace:x", "names: \"a\" names: \"b\"", "names: \"x\" names: \"x\""),
        ("names[*]=clear", "names: \"a\" names: \"b\"", "names: \"\" names: \"\""),
        ("names[1]=replace:x", "names: \"a\" names: \"b\" names: \"c\"", "names: \"a\" names: \"x\" names: \"c\""),
        ("names[1]=drop", "names: \"a\" names: \"b\" names: \"c\"", "names: \"a\" names: \"c\""),
        ("packed=replace:7", "packed: 1 packed: 300", "packed: 7 packed: 7"),
        ("packed[1]=clear", "packed: 1 packed: 300", "packed: 1 packed: 0"),
        ("packed[0]=drop", "packed: 1 packed: 300", "packed: 300"),
        ("packed=clear", "i: 1 packed: 1 packed: 300", "i: 1"),
        (
            "counts[\"b\"]=replace:9",
            "counts { key: \"a\" value: 1 } counts { key: \"b\" value: 2 }",
            "counts: { key: \"a\" value: 1 } counts: { key: \"b\" value: 9 }",
        ),
        (
            "counts[\"b\"]=drop",
            "counts { key: \"a\" value: 1 } counts { key: \"b\" value: 2 }",
            "counts: { key: \"a\" value: 1 }",
        ),
        ("counts[\"b\"]=clear", "counts { key: \"b\" value: 2 }", "counts: { key: \"b\" value: 0 }"),
        ("counts=clear", "counts { key: \"b\" value: 2 }", ""),
        ("counts=clear", "counts { key: \"b\" }", ""),
        ("counts[\"b\"]=replace:7", "counts { key: \"b\" }", "counts: { key: \"b\" value: 7 }"),
        ("counts[\"b\"]=drop", "counts { key: \"b\" } counts { key: \"c\" }", "counts: { key: \"c\" value: 0 }"),
        (
            "children[3].s=replace:x",
            "children { key: 3 value { s: \"a\" } }",
            "children: { key: 3 value: { s: \"x\" } }",
        ),
        ("any(test.All).s=replace:x", "any { [t/test.All] { s: \"a\" } }", "any: { [t/test.All]: { s: \"x\" } }"),
        ("any(test.All)=clear", "any { [t/test.All] { s: \"a\" } }", "any: { [t/test.All]: {} }"),
        ("any(test.All)=drop", "any { [t/test.All] { s: \"a\" } } i: 1", "i: 1"),
        ("test.All.s=replace:x", "any { [t/test.All] { s: \"a\" } }", "any: { [t/test.All]: { s: \"x\" } }"),
        ("a=clear", "a: 0", ""),
        ("color=replace:BLUE", "color: RED", ""),
        ("color=replace:BLUE", "color: 3", "color: BLUE"),
        ("d=replace:-1.5", "d: 3", "d: -1.5"),
        ("zigzag=replace:-3", "zigzag: 7", "zigzag: -3"),
        ("maybe=replace:-3", "maybe: 0", "maybe: -3"),
        ("raw=replace:x", "raw: \"abc\"", "raw: \"x\""),
        ("time=replace:1970-01-01T00:00:02Z", "time { seconds: 77 nanos: 3 }", "time: { seconds: 2 }"),
        ("time=shift:-10s", "time { seconds: 77 nanos: 3 }", "time: { seconds: 67 nanos: 3 }"),
        ("time=shift:-10s", "time { seconds: -62135596800 }", "time: { seconds: -62135596800 }"),
        (
            "google.protobuf.Timestamp=shift:10s",
            "time { nanos: 3 } list { time { seconds: -10 } }",
            "list: { time: {} } time: { seconds: 10 nanos: 3 }",
        ),
        ("s=shift:-1d", "s: \"2020-03-01T00:00:00.123+01:00\"", "s: \"2020-02-29T00:00:00.123+01:00\""),
        (
            "child=replace:x",
            "child { s: \"a\" i: 2 child { raw: \"b\" } names: \"\" }",
            "child: { i: 2 s: \"x\" names: \"\" child: { raw: \"x\" } }",
        ),
        ("child.**=replace:x", "s: \"q\" child { s: \"a\" i: 2 }", "s: \"q\" child: { i: 2 s: \"x\" }"),
        ("child.**=clear", "s: \"q\" child { s: \"a\" i: 2 child { i: 3 } }", "s: \"q\" child: { child: {} }"),
        (
            "value=replace:x",
            "value { struct_value { fields { key: \"k\" value { string_value: \"v\" } } } }",
            "value: { struct_value: { fields: { key: \"k\" value: { string_value: \"x\" } } } }",
        ),
    ] {
        assert_eq!(redacted(&[rule], "test.All", text), expected, "{rule} {text}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for (rule, text, expected) in [
        ("i=replace:x", "i: 3", "error: `response:i`: `x` is no value of type int32"),
        ("color=replace:GREEN", "color: BLUE", "error: `response:color`: `GREEN` is no value of type test.Color"),
        ("i=mask:1", "i: 3", "error: `response:i`: `mask:1` can't be applied to a number"),
        (
            "flags=pseudonym",
            "flags { key: true value: BLUE }",
            "error: `response:flags[true]`: there are too few values of the enum for pseudonyms that differ",
        ),
        ("time=pseudonym", "time { seconds: 3 }", "error: `response:time`: `pseudonym` can't be applied to a time"),
        ("s=shift:-1s", "s: \"soon\"", "error: `response:s`: `shift:-1s` can't be applied to a text that is no time"),
        (
            "time=shift:-30000000d",
            "time { seconds: 3 }",
            "error: `response:time`: a time can't be moved by -2592000000000 seconds: it would leave the years 1 to 9999",
        ),
        (
            "s=pseudonym:same-length",
            "s: \"abc\"",
            "error: `response:s`: there are too few digits and letters in a value, or there are characters beyond ASCII, \
             for pseudonyms that differ",
        ),
    ] {
        assert_eq!(redacted(&[rule], "test.All", text), expected, "{rule} {text}");
    }
}

#[test]
fn copies_are_replaced_wherever_they_stand() {
    for (text, expected) in [
        ("s: \"projects/alpha\" names: \"projects/alpha\"", "s: \"X\" names: \"X\""),
        ("s: \"projects/alpha\" names: \"projects/alpha/secrets/s\"", "s: \"X\" names: \"X/secrets/s\""),
        ("s: \"projects/alpha\" names: \"projects/alpha2\"", "s: \"X\" names: \"projects/alpha2\""),
        ("s: \"projects/alpha\" raw: \"not [projects/alpha]\"", "s: \"X\" raw: \"not [X]\""),
        (
            "s: \"projects/alpha\" counts { key: \"projects/alpha\" value: 1 }",
            "s: \"X\" counts: { key: \"X\" value: 1 }",
        ),
        ("s: \"alpha-beta\\n\" names: \"alpha-beta\"", "s: \"X\" names: \"X\""),
        (r#"s: "say \"alpha\"\nbeta" raw: "{\"k\": \"say \\\"alpha\\\"\\nbeta\"}""#, r#"s: "X" raw: "{\"k\": \"X\"}""#),
        ("s: \"seven77\" names: \"seven77\"", "s: \"X\" names: \"seven77\""),
    ] {
        assert_eq!(redacted(&["s=replace:X"], "test.All", text), expected, "{text}");
    }
    // Earlier entries, too.
    let schema = testing::schema();
    let entries = ["names: \"a/alice-smith\"", "s: \"alice-smith\""].map(|text| entry_of(&schema, "test.All", text));
    let redacted = redact(rules(&["s=pseudonym"]), &schema, &entries).expect("nothing is refused");
    let pseudonym = text_of(&schema, &redacted[1].entry).replace("s: ", "").replace('"', "");
    assert!(pseudonym.starts_with(PSEUDONYM_PREFIX), "{pseudonym}");
    assert_eq!(text_of(&schema, &redacted[0].entry), format!("names: \"a/{pseudonym}\""));
    assert_eq!(redacted[0].changes[0].cause, Cause::Copied);
    // A second time nothing changes.
    let again: Vec<Entry> = redacted.into_iter().map(|redacted| redacted.entry).collect();
    let twice = redact(rules(&["s=pseudonym"]), &schema, &again).expect("nothing is refused");
    assert!(twice.iter().all(|redacted| redacted.changes.is_empty() && redacted.patches.is_empty()));
}

#[test]
fn keys_that_become_the_same_are_refused() {
    let text = "s: \"alice-smith\" names: \"bob-smithy\" counts { key: \"alice-smith\" value: 1 } counts { key: \"bob-smithy\" value: 2 }";
    let refused = redacted(&["s=replace:x", "names=replace:x"], "test.All", text);
    assert_eq!(refused, "error: two keys of a map would become the same, and one of their values be lost");
}

#[test]
fn what_stands_there_and_does_not_count_is_replaced_too() {
    use testing::{bytes, varint};
    let schema = testing::schema();
    let twice = [bytes(2, "first"), varint(1, 1), bytes(2, "second"), bytes(9, "member"), varint(7, 1)].concat();
    let entries = [entry(Kind::Response, "test.All", &twice)];
    let redacted = redact(rules(&["s=replace:x", "c=clear"]), &schema, &entries).expect("nothing is refused");
    let any = redacted[0].entry.payload().fields().0.expect("it has a message");
    assert_eq!(any.value, [bytes(2, "x"), varint(1, 1), bytes(2, "x"), varint(7, 1)].concat());
}

#[test]
fn lengths_keep_their_bytes_if_they_can() {
    use testing::bytes;
    let schema = testing::schema();
    // The length of the child has two bytes and needs one.
    let message = [vec![0x32, 0x88, 0x00], bytes(2, "secret")].concat();
    let entries = [entry(Kind::Response, "test.All", &message)];
    let redacted = redact(rules(&["child.s=replace:x"]), &schema, &entries).expect("nothing is refused");
    let any = redacted[0].entry.payload().fields().0.expect("it has a message");
    assert_eq!(any.value, [vec![0x32, 0x83, 0x00], bytes(2, "x")].concat());
}

#[test]
fn what_nobody_can_look_into_is_refused_unless_that_is_allowed() {
    use testing::{any, bytes, varint};
    let schema = testing::schema();
    for (message, type_name, expected) in [
        (
            varint(98, 1),
            "test.All",
            "`response:`: field 98 of `test.All`, which its descriptor does not know, so secrets in it can't be seen",
        ),
        (
            bytes(6, varint(98, 1)),
            "test.All",
            "`response:child`: field 98 of `test.All`, which its descriptor does not know, so secrets in it can't be seen",
        ),
        (
            bytes(10, any("x/no.Such", "x")),
            "no.Such",
            "`response:any`: no descriptor for message type `no.Such`, so secrets in it can't be seen",
        ),
        (
            bytes(10, [any("test.All", ""), any("test.All", "")].concat()),
            "test.All",
            "`response:any`: an Any with more than a type and a message, so secrets in it can't be seen",
        ),
        (
            vec![0x08],
            "test.All",
            "`response:`: no message of type `test.All`: it ends inside a varint at byte 17, so secrets in it can't be seen",
        ),
    ] {
        let entries = [entry(Kind::Response, "test.All", &message)];
        let refusal = redact(rules(&["s=clear"]), &schema, &entries).expect_err("it can't be looked into");
        assert_eq!(refusal.to_string(), expected);
        let allowing = RulesBuilder { uninspected: vec![type_name.parse().expect("a pattern")], ..rules(&["s=clear"]) };
        let redacted = redact(allowing, &schema, &entries).expect("it is allowed");
        assert_eq!(redacted[0].uninspected.len(), 1);
        assert_eq!(redacted[0].entry.record(), entries[0].record());
    }
}

#[test]
fn exceptions_and_what_is_allowed_stay() {
    let except = |selector: &str, allow: &str| {
        let mut builder = rules(&["**.s=replace:x"]);
        builder.rules[0].except.extend((!selector.is_empty()).then(|| selector.parse().expect("a selector")));
        builder.rules[0].allow.extend((!allow.is_empty()).then(|| allow.parse().expect("a value")));
        builder
    };
    let schema = testing::schema();
    let text = "s: \"a\" child { s: \"b\" child { s: \"c\" } } list { s: \"d\" }";
    for (selector, allow, expected) in [
        ("child", "", "s: \"x\" child: { s: \"b\" child: { s: \"c\" } } list: { s: \"x\" }"),
        ("child.s", "", "s: \"x\" child: { s: \"b\" child: { s: \"x\" } } list: { s: \"x\" }"),
        ("", "d", "s: \"x\" child: { s: \"x\" child: { s: \"x\" } } list: { s: \"d\" }"),
        ("", "~[ab]", "s: \"a\" child: { s: \"b\" child: { s: \"x\" } } list: { s: \"x\" }"),
    ] {
        let entries = [entry_of(&schema, "test.All", text)];
        let redacted = redact(except(selector, allow), &schema, &entries).expect("nothing is refused");
        assert_eq!(text_of(&schema, &redacted[0].entry), expected, "{selector} {allow}");
    }
}

#[test]
fn checksums_follow() {
    let schema = Schema::builtin();
    let payload = "google.cloud.secretmanager.v1.SecretPayload";
    let old = crc32c::crc32c(b"hunter2 hunter2");
    let new = crc32c::crc32c(b"x");
    for (before, after, warnings) in [(u64::from(old), u64::from(new), 0), (77, 77, 1)] {
        let text = format!("data: \"hunter2 hunter2\" data_crc32c: {before}");
        let entries = [entry_of(&schema, payload, &text)];
        let redacted = redact(rules(&["data=replace:x"]), &schema, &entries).expect("nothing is refused");
        assert_eq!(text_of(&schema, &redacted[0].entry), format!("data: \"x\" data_crc32c: {after}"));
        assert_eq!(redacted[0].warnings.len(), warnings);
    }
    // In a wrapper.
    let text = format!("plaintext: \"hunter2 hunter2\" plaintext_crc32c {{ value: {old} }}");
    let entries = [entry_of(&schema, "google.cloud.kms.v1.DecryptResponse", &text)];
    let redacted = redact(rules(&["plaintext=replace:x"]), &schema, &entries).expect("nothing is refused");
    let found = text_of(&schema, &redacted[0].entry);
    assert_eq!(found, format!("plaintext: \"x\" plaintext_crc32c: {{ value: {new} }}"));
}

/// The bugs that a review found, each on the smallest message.
#[test]
fn a_rule_that_is_not_for_a_value_leaves_it_to_the_next() {
    let schema = testing::schema();
    let redacted = |builder: RulesBuilder, text: &str| {
        let entries = [entry_of(&schema, "test.All", text)];
        let redacted = redact(builder, &schema, &entries).expect("nothing is refused");
        text_of(&schema, &redacted[0].entry)
    };
    let text = "s: \"alice@example.org\" i: 3 child { s: \"a secret\" i: 7 }";
    for (texts, expected) in [
        (&["**=shift:-1d", "s=clear"][..], "i: 3 child: { i: 7 s: \"a secret\" }"),
        (&["child=replace:x", "child.i=clear"], "i: 3 s: \"alice@example.org\" child: { s: \"x\" }"),
        (&["child=replace:x", "child=clear"], "i: 3 s: \"alice@example.org\" child: { s: \"x\" }"),
    ] {
        assert_eq!(redacted(rules(texts), text), expected, "{texts:?}");
    }
    let mut builder = rules(&["child=replace:x", "child=replace:y"]);
    builder.rules[0].except.push("child.s".parse().expect("a selector"));
    assert_eq!(redacted(builder, text), "i: 3 s: \"alice@example.org\" child: { i: 7 s: \"y\" }");
    let mut builder = rules(&["child.s=replace:x", "**=replace:y"]);
    builder.rules[0].allow.push("a secret".parse().expect("a value"));
    assert_eq!(redacted(builder, text), "i: 3 s: \"y\" child: { i: 7 s: \"y\" }");
}

#[test]
fn detectors_hide_nothing_from_rules_that_did_not_ask_for_them() {
    let schema = testing::schema();
    let own = Own { name: "user".to_owned(), pattern: r"user=\S+".parse().expect("a pattern") };
    let detecting = |name: &str, method: &str, allow: &str| Rule {
        detect: vec![name.to_owned()],
        methods: (!method.is_empty()).then(|| method.parse().expect("a pattern")).into_iter().collect(),
        allow: (!allow.is_empty()).then(|| allow.parse().expect("a value")).into_iter().collect(),
        ..Rule::new(name, Action::Replace("X".to_owned()))
    };
    for (first, expected) in [
        (detecting("user", "Other", ""), "s: \"user=X\""),
        (detecting("user", "Get", ""), "s: \"X\""),
        (detecting("email", "Get", "~alice"), "s: \"user=X\""),
    ] {
        let entries = [entry_of(&schema, "test.All", "s: \"user=alice@example.org\"")];
        let all = vec![first, detecting("email", "", "")];
        let builder = RulesBuilder { rules: all, detectors: vec![own.clone()], ..RulesBuilder::default() };
        let redacted = redact(builder, &schema, &entries).expect("nothing is refused");
        assert_eq!(text_of(&schema, &redacted[0].entry), expected);
    }
}

/// What a query string holds of a token in base64, and a value in base64 that is wrapped at whatever place of it.
#[test]
fn what_is_encoded_twice_or_wrapped_is_found() {
    let secret = "Ünlike/most~secrets?>+1";
    let schema = testing::schema();
    let base64 = |text: &str| base64_simd::STANDARD.encode_to_string(text);
    let twice = base64(&format!("dora:{secret}")).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mut texts = vec![format!("https://x/?auth={twice}")];
    for before in 0..80 {
        let encoded = base64(&format!("{}{secret} and so on, until it has some lines", " ".repeat(before)));
        let lines: Vec<_> =
            encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
        texts.push(lines.join("\n"));
    }
    for text in texts {
        let message = [testing::bytes(2, secret), testing::bytes(14, &text)].concat();
        let entries = [entry(Kind::Response, "test.All", &message)];
        let redacted = redact(rules(&["s=replace:X"]), &schema, &entries).expect("nothing is refused");
        assert_eq!(redacted[0].changes.len(), 2, "{text}");
    }
}

#[test]
fn anys_within_one_another_need_no_stack() {
    let schema = testing::schema();
    let deepest = testing::any("t/test.All", testing::bytes(2, "secret"));
    let nested = (0..5_000).fold(deepest, |inner, _| testing::any("t/google.protobuf.Any", inner));
    let entries = [entry(Kind::Response, "google.protobuf.Any", &nested)];
    let redacted = redact(rules(&["**.s=replace:x"]), &schema, &entries).expect("nothing is refused");
    assert_eq!(redacted[0].changes.len(), 1);
}

/// An entry with a message `s: "secret value"` and metadata.
fn extended(metadata: &[(&str, &[u8])]) -> Entry {
    let metadatum = |(key, value): &(&str, &[u8])| Metadatum { key: (*key).to_owned(), value: value.to_vec() };
    let extension = Extension {
        time: Time::new(7, 8),
        headers: metadata.iter().map(metadatum).collect(),
        trailers: metadata.iter().map(metadatum).collect(),
    };
    entry_of(&testing::schema(), "test.All", "s: \"secret value\"").with_extension(&extension).expect("a short record")
}

/// What becomes of metadata, key by key, which is the same for headers and trailers.
fn redacted_metadata(texts: &[&str], metadata: &[(&str, &[u8])]) -> String {
    let schema = testing::schema();
    let entry = extended(metadata);
    let redacted = match redact(rules(texts), &schema, std::slice::from_ref(&entry)) {
        Ok(mut redacted) => redacted.remove(0),
        Err(refusal) => return format!("error: {refusal}"),
    };
    let Extension { time, headers, trailers } = redacted.entry.extension().expect("it stays");
    assert_eq!((time, &headers), (Time::new(7, 8), &trailers));
    assert_eq!(restore(&redacted.entry, &redacted.patches).expect("it can be put back").record(), entry.record());
    let shown = |metadatum: &Metadatum| format!("{}={}", metadatum.key, metadatum.value.escape_ascii());
    headers.iter().map(shown).collect::<Vec<_>>().join(" ")
}

#[test]
fn metadata_is_redacted_as_messages_are() {
    let long = "x".repeat(200);
    let as_long = format!("metadata:a=replace:{long}");
    let email = "email".to_owned();
    for (rules, metadata, expected) in [
        (&["metadata:a=replace:x"][..], &[("a", &b"1"[..]), ("b", b"2")][..], "a=x b=2"),
        (&["metadata:A=clear"], &[("a", b"1"), ("b", b"2")], "a= b=2"),
        (&["metadata:a*=drop"], &[("a", b"1"), ("b", b"2"), ("ab", b"3")], "b=2"),
        (&["metadata:=mask:1"], &[("a", b"123"), ("b", b"")], "a=**3 b="),
        (&[&as_long], &[("a", b"1"), ("b", b"2")], &format!("a={long} b=2")),
        (&["Get:metadata:a=replace:x"], &[("a", b"1")], "a=x"),
        (&["Set:metadata:a=replace:x"], &[("a", b"1")], "a=1"),
        (&["**=replace:x"], &[("a", b"1")], "a=1"),
        (&["metadata:a=replace:x", "metadata:=replace:y"], &[("a", b"1"), ("b", b"2")], "a=x b=y"),
        // Copies, in one direction and the other, plain and in base64.
        (
            &["s=replace:x"],
            &[("a", b"it is secret value, is it?"), ("b-bin", b"\x00secret value\x01")],
            "a=it is x, is it? b-bin=\\x00x\\x01",
        ),
        (&["s=replace:xyz"], &[("a", b"Basic c2VjcmV0IHZhbHVl")], "a=Basic eHl6"),
        (&["metadata:a=replace:x"], &[("a", b"long enough"), ("b", b"so long enough")], "a=x b=so x"),
        (&["metadata:a=shift:1s"], &[("a", b"1")], "error: `metadata:a`: "),
    ] {
        let found = redacted_metadata(rules, metadata);
        assert!(
            found == expected || expected.starts_with("error") && found.contains("metadata:a"),
            "{rules:?}: {found}"
        );
    }
    let schema = testing::schema();
    let everywhere = Rule { detect: vec![email], ..Rule::new("email", Action::Replace("X".to_owned())) };
    let here = Rule { select: vec!["metadata:b".parse().expect("a selector")], ..everywhere.clone() };
    let other = Rule { select: vec!["metadata:c".parse().expect("a selector")], ..everywhere.clone() };
    let except = Rule { except: vec!["metadata:b".parse().expect("a selector")], ..everywhere.clone() };
    let of_method = Rule { methods: vec!["Set".parse().expect("a pattern")], ..everywhere.clone() };
    for (rule, changes) in [(everywhere, 2), (here, 2), (other, 0), (except, 0), (of_method, 0)] {
        let builder = RulesBuilder { rules: vec![rule.clone()], ..RulesBuilder::default() };
        let entries = [extended(&[("b", b"mail alice@example.org")])];
        let redacted = redact(builder, &schema, &entries).expect("nothing is refused");
        assert_eq!(redacted[0].changes.len(), changes, "{rule:?}");
    }
}

/// Nobody can look into what is no extension; into the message beside one that is one can.
#[test]
fn what_is_no_extension_is_refused() {
    let schema = testing::schema();
    let entry = extended(&[("a", b"1")]);
    let odd = entry.with_record([entry.record(), b"\x8a\xea\x30\x02\x20\x01"].concat()).expect("a record");
    let refusal = redact(rules(&["s=replace:x"]), &schema, &[odd]).expect_err("it is refused");
    assert!(refusal.to_string().contains("fields that no entry has"), "{refusal}");
    let redacted = redact(rules(&["s=replace:x"]), &schema, &[entry]).expect("nothing is refused");
    assert_eq!(text_of(&schema, &redacted[0].entry), "s: \"x\"");
}
