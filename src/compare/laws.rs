//! Laws of digests and changes: they agree on what is the same, whatever the mask.

use proptest::prelude::*;

use super::*;
use crate::entry::{Any, Kind};
use crate::schema::testing::{bytes, message, schema};
use crate::schema::write_said;
use crate::wire::{Cursor, Groups};

const METHOD: &str = "/test.Service/Get";

fn entry(value: &[u8]) -> Entry {
    let payload = Payload::Message(Any { type_url: "t/test.All", value });
    Entry::encode(Kind::Response, METHOD, payload, 0).expect("a small entry")
}

/// A selector, and what is to be made of what it selects.
fn treatment() -> impl Strategy<Value = (&'static str, Treatment)> {
    let selectors = vec![
        "**.s",
        "**.i",
        "response:",
        "child",
        "child.child",
        "names",
        "names[0]",
        "packed[1]",
        "packed",
        "list",
        "list[0]",
        "list[*].s",
        "list.list",
        "counts",
        "counts[\"a\"]",
        "children",
        "children[1].i",
        "flags[true]",
        "any",
        "any(test.All).s",
        "any(test.All)",
        "**.time",
        "google.protobuf.Timestamp",
        "test.All.color",
        "a",
        "b",
        "b.c",
        "raw",
    ];
    let rule = RuleId::FIRST_FREE;
    let treatments = vec![Treatment::Fold(rule), Treatment::Ignore(RuleId(rule.0 + 1)), Treatment::Only];
    let lists = vec!["names", "packed", "list", "**.list", "**.names"];
    let elements = vec![Treatment::Unordered, Treatment::Key("s".to_owned()), Treatment::Key("i".to_owned())];
    prop_oneof![
        3 => (prop::sample::select(selectors), prop::sample::select(treatments)),
        1 => (prop::sample::select(lists), prop::sample::select(elements)),
    ]
}

/// The fields of a message, as they stand on the wire.
fn fields_of(message: &[u8]) -> Vec<Vec<u8>> {
    let (mut cursor, mut groups) = (Cursor::new(message, 0..message.len()), Groups::default());
    let mut fields = Vec::new();
    while !cursor.is_at_end() {
        let start = cursor.position;
        if cursor.field(&mut groups).is_err() {
            break;
        }
        fields.push(message[start..cursor.position].to_vec());
    }
    fields
}

/// A message, and another that is mostly like it.
fn two_messages() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let edit = (0..6u8, any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (message(), message(), prop::collection::vec(edit, 0..4)).prop_map(|(old, other, edits)| {
        let mut new = old.clone();
        for (sort, a, b) in edits {
            let mut fields = fields_of(&new);
            if fields.is_empty() || sort == 0 {
                new.extend(&other);
                continue;
            }
            let (a, b) = (a.index(fields.len()), b.index(fields.len()));
            match sort {
                1 => {
                    fields.remove(a);
                }
                2 => fields.swap(a, b),
                3 => fields.insert(a, fields[b].clone()),
                4 => fields[a] = bytes(13, &other),
                _ => {
                    // Some value within, however deep.
                    let length = fields[a].len();
                    fields[a][(b + a) % length] ^= 1;
                }
            }
            new = fields.concat();
        }
        (old, new)
    })
}

/// Whether a change is one for a digest, too, which does not look into JSON.
fn is_told(change: &Change) -> bool {
    matches!(change.rule, None | Some(RuleId::SAME_JSON))
}

fn mask_of(treatments: &[(&str, Treatment)]) -> Mask {
    let mut mask = Mask::new();
    for (selector, treatment) in treatments {
        mask.add(selector.parse().expect("a selector"), treatment.clone());
    }
    mask
}

/// Whether two messages have equal digests, and where they differ.
fn compared(old: &[u8], new: &[u8], mask: &Mask) -> (bool, Vec<Change>) {
    let schema = schema();
    let mut comparer = Comparer::new(&schema, mask);
    let (old, new) = (entry(old), entry(new));
    let mut digest = |entry| comparer.digest(entry, METHOD, None, &mut Folded::default());
    let is_same = digest(&old) == digest(&new);
    (is_same, comparer.changes(Some(&old), Some(&new), METHOD))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn digests_are_equal_if_nothing_has_changed(
        (old, new) in two_messages(),
        treatments in prop::collection::vec(treatment(), 0..4),
    ) {
        let mask = mask_of(&treatments);
        for (old, new) in [(&old, &new), (&new, &old)] {
            let (is_same, changes) = compared(old, new, &mask);
            prop_assert_eq!(is_same, !changes.iter().any(is_told), "{:#?}", changes);
        }
    }

    /// Where digests are enough to tell how much is folded, changes tell the same.
    #[test]
    fn digests_count_what_is_folded(
        (old, new) in two_messages(),
        treatments in prop::collection::vec(treatment(), 1..4),
    ) {
        let mut treatments = treatments;
        treatments.retain(|(_, treatment)| !matches!(treatment, Treatment::Unordered | Treatment::Key(_)));
        let mask = mask_of(&treatments);
        let schema = schema();
        let mut comparer = Comparer::new(&schema, &mask);
        let (mut olds, mut news) = (Folded::default(), Folded::default());
        let (old, new) = (entry(&old), entry(&new));
        let is_same = comparer.digest(&old, METHOD, None, &mut olds) == comparer.digest(&new, METHOD, None, &mut news);
        if is_same && olds.rules == news.rules {
            let hashes = olds.hashes.iter().zip(&news.hashes).zip(&olds.rules);
            let mut counted: Vec<RuleId> = hashes.filter(|((old, new), _)| old != new).map(|(_, rule)| *rule).collect();
            let changes = comparer.changes(Some(&old), Some(&new), METHOD);
            // Digests do not tell keys of maps and empty messages in which nothing matters.
            let is_leaf = |value: &Option<Value>| {
                !matches!(value, None | Some(Value::Message(_) | Value::List(_) | Value::Map(_) | Value::Any(..)))
            };
            prop_assume!(changes.iter().all(|change| is_leaf(&change.old) && is_leaf(&change.new)));
            let mut told: Vec<RuleId> = changes.iter().filter_map(|change| change.rule).collect();
            counted.sort();
            told.sort();
            prop_assert_eq!(counted, told, "{:#?}", changes);
        }
    }

    #[test]
    fn what_says_the_same_has_no_changes(
        (old, new) in two_messages(),
        treatments in prop::collection::vec(treatment(), 0..4),
    ) {
        let schema = schema();
        let mut walker = Walker::new(&schema);
        let layout = schema.resolve("test.All").expect("a type of the test schema");
        let mut said = |message| {
            let mut out = Vec::new();
            write_said(&mut walker, layout, message, true, &mut out).is_ok().then_some(out)
        };
        let is_same = old == new || said(&old).is_some_and(|old| Some(old) == said(&new));
        if is_same {
            prop_assert_eq!(compared(&old, &new, &mask_of(&treatments)), (true, Vec::new()));
        }
        // Without a mask the reverse holds but for times, which digests do not tell apart.
        let (_, changes) = compared(&old, &new, &Mask::new());
        prop_assert_eq!(is_same, changes.is_empty(), "{:#?}", changes);
    }
}
