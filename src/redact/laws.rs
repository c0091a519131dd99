//! Laws of redaction, over messages with all kinds of fields.

use proptest::prelude::*;

use super::tests::rules;
use super::*;
use crate::compare::{Comparer, Mask, Treatment};
use crate::detect::known;
use crate::entry::{Any, Entry, EntryIndex, Kind, Payload};
use crate::schema::Schema;
use crate::schema::testing::{any, bytes, message, schema, varint};

const METHOD: &str = "/test.Service/Get";

fn entry(number: u64, value: &[u8]) -> Entry {
    let payload = Payload::Message(Any { type_url: "t/test.All", value });
    let entry = Entry::encode(Kind::Response, METHOD, payload, 0).expect("a small entry");
    entry.with_index(EntryIndex(number))
}

/// Redacts entries of one recording, of which some can't be looked into.
fn redact(builder: RulesBuilder, schema: &Schema, entries: &[Entry]) -> Result<Vec<Redacted>, Refusal> {
    let uninspected = vec!["*".parse().expect("a pattern")];
    let rules = RulesBuilder { uninspected, ..builder }.build().expect("the rules are sound");
    let mut learner = Learner::new(&rules, schema);
    let touched: Vec<bool> = entries.iter().map(|entry| learner.learn(entry, METHOD)).collect::<Result<_, _>>()?;
    let replacements = rules.replacements(learner.into_values(), Done::default()).expect("texts can be replaced");
    let mut redactor = Redactor::new(&rules, schema, &replacements);
    let redacted = entries.iter().zip(touched).map(|(entry, is_touched)| {
        let redacted = redactor.redact(entry, METHOD)?;
        // What need not be redacted is not.
        let is_unchanged = redacted.changes.is_empty() && redacted.uninspected.is_empty();
        assert!(is_touched || replacements.may_be_in_entry(entry) || is_unchanged);
        Ok(redacted)
    });
    redacted.collect()
}

/// A selector, and an action that can be applied to what it selects.
fn rule() -> impl Strategy<Value = (&'static str, &'static str)> {
    let texts = vec![
        "**.s",
        "s",
        "names",
        "names[0]",
        "names[*]",
        "child.s",
        "list.s",
        "list[0].names",
        "raw",
        "**.raw",
        "c",
        "b.c",
        "children.s",
        "children[1].s",
        "any(test.All).s",
        "any.**",
        "child.**",
        "**",
        "late",
        "b",
        "child",
        "list[0]",
    ];
    let of_texts = vec!["pseudonym", "replace:another text", "replace:x", "mask:2", "mask:0", "clear"];
    let others = vec![
        ("**.i", "replace:300"),
        ("i", "pseudonym"),
        ("packed", "replace:7"),
        ("packed[1]", "drop"),
        ("packed[0]", "clear"),
        ("counts", "clear"),
        ("counts[\"a\"]", "drop"),
        ("counts[\"b\"]", "clear"),
        ("counts[\"c\"]", "replace:70000"),
        ("color", "replace:BLUE"),
        ("maybe", "clear"),
        ("a", "clear"),
        ("child", "clear"),
        ("child.child", "drop"),
        ("list", "clear"),
        ("list[1]", "drop"),
        ("list[0]", "clear"),
        ("**.list[*]", "drop"),
        ("children", "clear"),
        ("any", "clear"),
        ("any(test.All)", "drop"),
        ("any(test.All)", "clear"),
        ("google.protobuf.Timestamp", "clear"),
        ("time", "replace:2020-01-02T03:04:05Z"),
        ("test.All.late", "drop"),
        ("flags", "replace:BLUE"),
        ("flags[true]", "clear"),
        ("response:", "clear"),
        ("**", "clear"),
        ("child.**", "drop"),
    ];
    prop_oneof![
        2 => (prop::sample::select(texts), prop::sample::select(of_texts)),
        1 => prop::sample::select(others),
    ]
}

fn builder(chosen: &[(&str, &str)], propagate: bool) -> RulesBuilder {
    let texts: Vec<_> = chosen.iter().map(|(selector, action)| format!("{selector}={action}")).collect();
    let mut builder = rules(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    builder.rules.iter_mut().for_each(|rule| rule.propagate = propagate);
    builder
}

fn is_recognisable(redacted: &Redacted, rules: &[Rule]) -> bool {
    let is_so = |change: &Change| {
        change.kind != ValueKind::Number || !matches!(rules[change.rule].action, Action::Pseudonym(_))
    };
    redacted.changes.iter().all(is_so)
}

proptest! {
    #[test]
    fn a_second_time_nothing_changes(
        messages in prop::collection::vec(message(), 1..4),
        chosen in prop::collection::vec(rule(), 1..4),
        propagate: bool,
    ) {
        let schema = schema();
        let entries: Vec<_> = (1..).zip(&messages).map(|(number, message)| entry(number, message)).collect();
        let Ok(once) = redact(builder(&chosen, propagate), &schema, &entries) else { return Ok(()) };
        // A list from which an element was dropped has others under its number.
        let drops = chosen.iter().any(|(selector, action)| *action == "drop" && selector.contains('['));
        prop_assume!(!drops && once.iter().all(|redacted| is_recognisable(redacted, &builder(&chosen, propagate).rules)));
        let again: Vec<_> = once.iter().map(|redacted| redacted.entry.clone()).collect();
        let twice = redact(builder(&chosen, propagate), &schema, &again).expect("it was redacted before");
        for redacted in twice {
            prop_assert!(redacted.changes.is_empty() && redacted.patches.is_empty(), "{:?}", redacted.changes);
        }
    }

    /// An entry becomes what it would if the recording ended with it.
    #[test]
    fn following_makes_what_two_passes_make_of_what_was_there(
        messages in prop::collection::vec(message(), 1..6),
        chosen in prop::collection::vec(rule(), 1..4),
        of_texts in prop::sample::select(vec!["pseudonym", "replace:another text", "mask:2"]),
        propagate: bool,
    ) {
        let schema = schema();
        let entries: Vec<_> = (1..).zip(&messages).map(|(number, message)| entry(number, message)).collect();
        // A value that several rules select may become what the first of those makes of it that were there; so all make the same of texts.
        let texts = ["pseudonym", "replace:another text", "replace:x", "mask:2", "mask:0", "clear"];
        let of_texts = |action| if texts.contains(&action) { of_texts } else { action };
        let chosen: Vec<_> = chosen.into_iter().map(|(selector, action)| (selector, of_texts(action))).collect();
        let rules = RulesBuilder { uninspected: vec!["*".parse().expect("a pattern")], ..builder(&chosen, propagate) };
        let rules = rules.build().expect("the rules are sound");
        let mut follower = Follower::new(&rules, &schema);
        for (entry, all) in entries.iter().zip(1..) {
            let Ok(redacted) = follower.redact(entry, METHOD) else { return Ok(()) };
            let Ok(twice) = redact(builder(&chosen, propagate), &schema, &entries[..all]) else { return Ok(()) };
            let twice = twice.last().expect("there are entries");
            prop_assert_eq!(redacted.entry.record(), twice.entry.record(), "{:?} {:?}", redacted.changes, twice.changes);
            prop_assert_eq!(&redacted.patches, &twice.patches);
            prop_assert_eq!(redacted.changes.len(), twice.changes.len());
        }
    }

    #[test]
    fn what_was_replaced_can_be_put_back(
        messages in prop::collection::vec(message(), 1..4),
        chosen in prop::collection::vec(rule(), 1..4),
        propagate: bool,
    ) {
        let schema = schema();
        let entries: Vec<_> = (1..).zip(&messages).map(|(number, message)| entry(number, message)).collect();
        let Ok(redacted) = redact(builder(&chosen, propagate), &schema, &entries) else { return Ok(()) };
        for (entry, redacted) in entries.iter().zip(redacted) {
            prop_assert_eq!(redacted.changes.is_empty(), redacted.patches.is_empty());
            prop_assert_eq!(redacted.patches.is_empty(), redacted.entry.record() == entry.record());
            let restored = restore(&redacted.entry, &redacted.patches).expect("the patches are its own");
            prop_assert_eq!(restored.record(), entry.record());
        }
    }

    /// What a comparison that ignores the selected values tells apart, redaction has changed.
    #[test]
    fn nothing_else_changes(message in message(), chosen in prop::collection::vec(rule(), 1..4)) {
        let schema = schema();
        let before = entry(1, &message);
        let Ok(redacted) = redact(builder(&chosen, false), &schema, std::slice::from_ref(&before)) else { return Ok(()) };
        let mut mask = Mask::new();
        for (selector, _) in &chosen {
            mask.add(selector.parse().expect("a selector"), Treatment::Ignore(crate::compare::RuleId::FIRST_FREE));
        }
        // What is dropped moves the elements behind it.
        let moves = chosen.iter().any(|(selector, action)| *action == "drop" && selector.contains('['));
        prop_assume!(!moves);
        let changes = Comparer::new(&schema, &mask).changes(Some(&before), Some(&redacted[0].entry), METHOD);
        let others: Vec<_> = changes.iter().filter(|change| change.rule.is_none()).map(|change| &change.path).collect();
        prop_assert!(others.is_empty(), "{others:?}");
    }

    #[test]
    fn equal_values_stay_equal(
        texts in prop::collection::vec("[ab]{8,9}(/[ab]{1,9})?", 1..6),
        chosen in prop::collection::vec(0..6usize, 1..3),
        action in prop::sample::select(vec!["pseudonym", "mask:3", "pseudonym:same-length", "replace:text"]),
    ) {
        let schema = schema();
        // In one message the value is selected, in others it stands in fields that nobody selects.
        let entries: Vec<_> = (1..)
            .zip(&texts)
            .map(|(number, text)| {
                let fields = [
                    if chosen.contains(&(number as usize)) { bytes(2, text) } else { Vec::new() },
                    bytes(4, text),
                    bytes(4, text.to_owned() + "/more"),
                    bytes(14, text),
                    bytes(5, [bytes(1, text), varint(2, 1)].concat()),
                ];
                entry(number, &fields.concat())
            })
            .collect();
        let Ok(redacted) = redact(builder(&[("s", action)], true), &schema, &entries) else { return Ok(()) };
        let chosen: Vec<_> = texts.iter().zip(1..).filter(|(_, number)| chosen.contains(number)).map(|(text, _)| text).collect();
        let mut new: Vec<(&str, Vec<String>)> = Vec::new();
        for (text, redacted) in texts.iter().zip(&redacted) {
            let shown = super::tests::text_of(&schema, &redacted.entry);
            let values: Vec<String> = shown.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            let values = values[values.len() - 4..].to_vec();
            if chosen.contains(&text) {
                prop_assert!(values.iter().all(|value| !value.contains(text.as_str()) || action == "mask:3"), "{shown}");
            }
            match new.iter().find(|(other, _)| other == text) {
                Some((_, known)) => prop_assert_eq!(&values, known),
                None => new.push((text, values)),
            }
        }
    }

    #[test]
    fn short_values_stay_outside_of_what_is_selected(text in "[ab]{1,7}", other in "[ab/]{0,12}") {
        let schema = schema();
        let entries = [entry(1, &bytes(2, &text)), entry(2, &[bytes(4, &text), bytes(4, &other), bytes(14, &text)].concat())];
        let redacted = redact(builder(&[("s", "replace:x")], true), &schema, &entries).expect("nothing is refused");
        prop_assert_eq!(redacted[1].entry.record(), entries[1].record());
    }

    #[test]
    fn a_planted_secret_is_found_and_gone(
        message in message(),
        (number, example) in (any_known(), any_index()).prop_map(|(number, index)| {
            (number, known()[number].found[index.index(known()[number].found.len())])
        }),
        nesting in prop::collection::vec(0..7u8, 0..6),
        (place, encoding) in (0..6u8, 0..3u8),
        action in prop::sample::select(vec!["replace:REDACTED", "pseudonym", "mask:0", "clear"]),
    ) {
        let schema = schema();
        let name = known()[number].name.to_owned();
        let detectors = Detectors::new(std::slice::from_ref(&name), &[]).expect("it is known");
        let secrets: Vec<Vec<u8>> = {
            let mut found = Vec::new();
            detectors.find(example.as_bytes(), &mut found);
            found.into_iter().map(|found| example.as_bytes()[found.range].to_vec()).collect()
        };
        prop_assert!(!secrets.is_empty(), "{example}");
        let text = match encoding {
            0 => format!("so: {example} "),
            1 => format!("<{}>", base64_simd::STANDARD.encode_to_string(format!("so: {example} "))),
            _ => format!("x?y={}", url_encoded(example)),
        };
        let planted = match place {
            0 => bytes(2, &text),
            1 => bytes(4, &text),
            2 => bytes(14, &text),
            3 => bytes(5, [bytes(1, &text), varint(2, 1)].concat()),
            4 => bytes(19, bytes(3, &text)),
            _ => bytes(19, bytes(5, bytes(1, [bytes(1, "k"), bytes(2, bytes(3, &text))].concat()))),
        };
        let nested = nesting.iter().fold(planted, |inner, how| match how {
            0 => bytes(6, inner),
            1 => bytes(8, inner),
            2 => bytes(13, inner),
            3 => bytes(11, [varint(1, 3), bytes(2, inner)].concat()),
            4 => bytes(10, any("t/test.All", inner)),
            5 => [bytes(20, "beside"), bytes(13, inner)].concat(),
            _ => [bytes(13, ""), bytes(13, inner), varint(1, 1)].concat(),
        });
        let before = entry(1, &[message, nested].concat());
        let rule = Rule { detect: vec![name], ..Rule::new("secrets", action.parse().expect("an action")) };
        let redacted = redact(RulesBuilder { rules: vec![rule], ..rules(&[]) }, &schema, std::slice::from_ref(&before));
        let redacted = redacted.expect("nothing is refused");
        prop_assert!(!redacted[0].changes.is_empty(), "{text}");
        for secret in secrets {
            let record = redacted[0].entry.record();
            for form in [secret.clone(), base64_simd::STANDARD.encode_to_string(&secret).into_bytes()] {
                prop_assert!(memchr::memmem::find(record, &form).is_none(), "{}", form.escape_ascii());
            }
        }
    }
}

fn any_known() -> impl Strategy<Value = usize> {
    0..known().len()
}

fn any_index() -> impl Strategy<Value = prop::sample::Index> {
    any_value()
}

fn any_value<T: Arbitrary>() -> impl Strategy<Value = T> {
    proptest::arbitrary::any::<T>()
}

fn url_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
