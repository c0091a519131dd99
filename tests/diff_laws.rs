//! Laws of comparisons: a recording against itself is the same, however it is written and in whatever order; an edit is
//! found where it was made, and nowhere else; what is folded is counted; and what a report names can be selected.

mod corpus;
mod fixtures;

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};

use fixtures::{ITEM, STATUS, binary, encode, gzip};
use rpcreplay::Schema;
use rpcreplay::compare::{Change, Comparer, Value};
use rpcreplay::diff::{Counts, Noise, Recording, Report, compare};
use rpcreplay::entry::{Any, Kind, Payload};
use rpcreplay::format::{Encoder, Format, ReadOptions, Reader, WriteOptions, Writer};
use rpcreplay::schema::Selector;

fn read(file: &[u8], schema: &Schema, noise: &Noise) -> Recording {
    let reader = Reader::new(file, schema, ReadOptions::default()).expect("a recording");
    let mut comparer = Comparer::new(schema, noise.mask());
    Recording::read(reader, &mut comparer).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(file)))
}

fn report(old: &[u8], new: &[u8], schema: &Schema, noise: &Noise) -> Report {
    let keeps_folded = true;
    let kept = compare(&read(old, schema, noise), &read(new, schema, noise), schema, noise, keeps_folded);
    let dropped = compare(&read(old, schema, noise), &read(new, schema, noise), schema, noise, !keeps_folded);
    // What is kept is only shown, and changes nothing else.
    assert_eq!((kept.counts, &kept.folded, &kept.renames), (dropped.counts, &dropped.folded, &dropped.renames));
    assert_eq!(told(&kept), told(&dropped));
    kept
}

fn volatile() -> Noise {
    let mut noise = Noise::none();
    noise.add_rules(&Noise::volatile()).expect("the built-in profile");
    noise
}

/// The changes that nothing folds.
fn told(report: &Report) -> Vec<Change> {
    let changes = report.pairs.iter().flat_map(|pair| &pair.changes).map(|found| &found.change);
    changes.filter(|change| change.rule.is_none()).cloned().collect()
}

fn assert_same(place: &str, report: &Report) {
    let Counts { old, new, same, .. } = report.counts;
    let expected = Counts { old, new: old, same: old, ..Counts::default() };
    assert_eq!((report.counts, new, same), (expected, old, old), "{place}");
    assert!(!report.is_different() && !report.has_noise(), "{place}: {report:?}");
    assert!(report.initial.is_empty() && report.common.is_empty() && told(report).is_empty(), "{place}: {report:?}");
}

/// How many calls were folded by the rule of this name.
fn folded_by(report: &Report, noise: &Noise, name: &str) -> u64 {
    report.folded.iter().filter(|(rule, _)| noise.rule(*rule).name == name).map(|(_, count)| count).sum()
}

/// The entries of a call as our JSON has them, without their numbers.
type Call = Vec<Json>;

/// A message of type `test.Item`; every field has a name that is the same in JSON and in selectors.
fn item() -> impl Strategy<Value = Json> {
    let text = "[a-z]{1,3}(/[a-z0-9]{1,7})?";
    let leaf = prop_oneof![
        3 => text.prop_map(|text| ("name", json!(text))),
        2 => (1..9i32).prop_map(|value| ("value", json!(value))),
        2 => prop::collection::btree_map("[a-c\"\\]]{1,2}", 1..9i32, 1..4)
            .prop_map(|map| ("counts", map.into_iter().map(|(key, value)| (key, json!(value.to_string()))).collect())),
        2 => prop::collection::vec(1..5u8, 1..5)
            .prop_map(|list| ("numbers", list.iter().map(|number| json!(number.to_string())).collect())),
        1 => Just(("yes", json!(true))),
        1 => (1..9u8).prop_map(|value| ("no", json!(value))),
        1 => prop::sample::select(vec!["RED", "MINUS"]).prop_map(|name| ("colour", json!(name))),
        1 => prop::sample::select(vec!["AAAA", "//79", "eyJhIjoxfQ=="]).prop_map(|data| ("data", json!(data))),
        1 => (1..9u8).prop_map(|value| ("double", json!(f64::from(value) + 0.5))),
        1 => (1..9u8).prop_map(|value| ("long", json!(value.to_string()))),
    ];
    let object = |fields: Vec<(&str, Json)>| {
        let mut object: serde_json::Map<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if object.contains_key("yes") {
            object.remove("no");
        }
        Json::Object(object)
    };
    let leaves = prop::collection::vec(leaf.clone(), 1..5).prop_map(object);
    leaves.prop_recursive(3, 20, 4, move |inner| {
        let typed = |mut message: Json| {
            message["@type"] = json!(ITEM);
            message
        };
        let field = prop_oneof![
            4 => leaf.clone(),
            1 => inner.clone().prop_map(|child| ("child", child)),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(|list| ("children", Json::Array(list))),
            1 => inner.prop_map(move |message| ("detail", typed(message))),
        ];
        prop::collection::vec(field, 1..6).prop_map(object)
    })
}

fn message(mut item: Json) -> Json {
    item["@type"] = json!(ITEM);
    item
}

/// A call whose first message names it.
fn call() -> impl Strategy<Value = Call> {
    let unary = (item(), item()).prop_map(|(request, response)| {
        vec![
            json!({"kind": "REQUEST", "method": "/test.Items/Get", "message": message(request)}),
            json!({"kind": "RESPONSE", "message": message(response)}),
        ]
    });
    let failed = (item(), item(), 1..17u8).prop_map(|(request, detail, code)| {
        let status = json!({"@type": STATUS, "code": code, "message": "it failed", "details": [message(detail)]});
        vec![
            json!({"kind": "REQUEST", "method": "/test.Items/Fail", "message": message(request)}),
            json!({"kind": "RESPONSE", "message": status, "isError": true}),
        ]
    });
    let stream = (item(), prop::collection::vec((any::<bool>(), item()), 0..4)).prop_map(|(first, messages)| {
        let mut entries = vec![
            json!({"kind": "CREATE_STREAM", "method": "/test.Items/Watch"}),
            json!({"kind": "SEND", "message": message(first)}),
        ];
        for (is_sent, item) in messages {
            entries.push(json!({"kind": if is_sent { "SEND" } else { "RECV" }, "message": message(item)}));
        }
        entries.push(json!({"kind": "RECV"}));
        entries
    });
    prop_oneof![3 => unary, 1 => failed, 2 => stream]
}

/// Calls of which no two ask the same.
fn calls(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Call>> {
    prop::collection::vec(call(), count).prop_map(|mut calls| {
        for (number, call) in calls.iter_mut().enumerate() {
            let first = call.iter_mut().find(|entry| entry.get("message").is_some()).expect("a first message");
            first["message"]["name"] = json!(format!("items/the-call-{number}"));
        }
        calls
    })
}

/// A recording as lines of JSON. `order` says of which call the next entry is; what it leaves over follows, call by call.
fn recording(calls: &[Call], order: &[usize]) -> Vec<u8> {
    let mut lines = vec![json!({"format": "RPCReplay", "initial": ""}).to_string()];
    let mut next = vec![0; calls.len()];
    let mut first = vec![0; calls.len()];
    let rest = (0..calls.len()).flat_map(|call| std::iter::repeat_n(call, calls[call].len()));
    for call in order.iter().copied().chain(rest) {
        let Some(entry) = calls[call].get(next[call]) else { continue };
        let mut entry = entry.clone();
        entry["index"] = json!(lines.len());
        if next[call] == 0 {
            first[call] = lines.len();
        } else {
            entry["refIndex"] = json!(first[call]);
        }
        next[call] += 1;
        lines.push(entry.to_string());
    }
    (lines.join("\n") + "\n").into_bytes()
}

fn to(format: Format, file: &[u8], schema: &Schema) -> Option<Vec<u8>> {
    let mut reader = Reader::new(file, schema, ReadOptions::default()).ok()?;
    let mut writer = Writer::new(Vec::new(), reader.header(), Encoder::new(WriteOptions::new(format), schema)).ok()?;
    while let Some(entry) = reader.read().ok()? {
        writer.write(&entry).ok()?;
    }
    writer.finish().ok()
}

fn is_the_same_in_all_formats(place: &str, file: &[u8], schema: &Schema, noise: &Noise) {
    assert_same(place, &report(file, file, schema, noise));
    assert_same(place, &report(file, &gzip(file), schema, noise));
    for format in [Format::Binary, Format::Text, Format::Json, Format::JsonLines] {
        match to(format, file, schema) {
            Some(converted) => assert_same(&format!("{place} as {format}"), &report(file, &converted, schema, noise)),
            // It has no place for everything.
            None => assert_eq!(format, Format::Text, "{place}"),
        }
    }
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new("tests/data").join(name)).expect("a recording")
}

#[test]
fn a_recording_is_the_same_as_itself() {
    let ledger = || {
        let builder = Schema::builder().protoset("ledger.protoset", data("ledger.protoset"));
        builder.expect("a descriptor set").build()
    };
    for noise in [Noise::none(), volatile()] {
        let entries = binary(b"state", &fixtures::entries());
        is_the_same_in_all_formats("entries", &entries, &fixtures::schema(), &noise);
        for name in ["bytestream", "firestore", "pubsub", "secrets", "nothing"] {
            is_the_same_in_all_formats(name, &data(&format!("{name}.replay")), &Schema::builtin(), &noise);
        }
        for name in ["ledger", "overlapping"] {
            is_the_same_in_all_formats(name, &data(&format!("{name}.replay")), &ledger(), &noise);
        }
    }
}

#[test]
fn real_recordings_are_the_same_as_themselves_and_mirror_each_other() {
    let Some(corpus) = corpus::folder() else { return };
    let (schema, noise) = (Schema::builtin(), volatile());
    let recordings = ["recordings", "pairs"].map(|folder| corpus::files_below(&corpus.join(folder))).concat();
    let recordings: Vec<_> =
        recordings.into_iter().filter(|path| path.extension().is_some_and(|is| is == "replay")).collect();
    assert!(recordings.len() > 10, "{recordings:?}");
    for path in &recordings {
        let file = std::fs::read(path).expect("a readable recording");
        is_the_same_in_all_formats(&path.display().to_string(), &file, &schema, &noise);
    }
    for pair in corpus::files(&corpus.join("pairs"), "") {
        let [old, new] = ["old.replay", "new.replay"].map(|name| std::fs::read(pair.join(name)));
        let (Ok(old), Ok(new)) = (old, new) else { continue };
        for noise in [Noise::none(), volatile()] {
            mirrors(&report(&old, &new, &schema, &noise), &report(&new, &old, &schema, &noise));
        }
    }
}

#[test]
fn maps_have_no_order() {
    let entry = |key: u8, value: u8| [&[0x1a, 5, 0x0a, 1, key, 0x10, value][..]].concat();
    let file = |fields: &[Vec<u8>]| {
        let value = fields.concat();
        let payload = Payload::Message(Any { type_url: ITEM, value: &value });
        binary(b"", &[encode(Kind::Request, "/test.Items/Get", payload, 0)])
    };
    let (a, b, c) = (entry(b'a', 2), entry(b'b', 4), entry(b'c', 6));
    let old = file(&[a.clone(), b.clone(), c.clone()]);
    let schema = fixtures::schema();
    for new in [file(&[c.clone(), a.clone(), b.clone()]), file(&[b.clone(), entry(b'c', 2), a.clone(), c])] {
        assert_same("a map", &report(&old, &new, &schema, &Noise::none()));
    }
    assert!(report(&old, &file(&[a, b]), &schema, &Noise::none()).is_different());
}

/// The length of the longest rising sequence, the slow way.
fn longest_rising(numbers: &[usize]) -> usize {
    let mut ending_at: Vec<usize> = Vec::new();
    for (place, number) in numbers.iter().enumerate() {
        let before = (0..place).filter(|&before| numbers[before] < *number).map(|before| ending_at[before]).max();
        ending_at.push(1 + before.unwrap_or(0));
    }
    ending_at.into_iter().max().unwrap_or(0)
}

/// A report as seen from the other side, as far as can be said of both.
fn mirrors(there: &Report, back: &Report) {
    let Counts { old, new, removed, added, .. } = there.counts;
    let expected = Counts { old: new, new: old, removed: added, added: removed, ..there.counts };
    assert_eq!(expected, back.counts);
    assert_eq!(there.folded, back.folded);
    let sides = |report: &Report, is_swapped: bool| {
        let swap = |change: &Change| match is_swapped {
            false => (change.path.clone(), change.old_path.clone(), change.old.clone(), change.new.clone()),
            true => (change.old_path.clone(), change.path.clone(), change.new.clone(), change.old.clone()),
        };
        let of_change = |change: &Change| format!("{:?} {:?} {:?}", swap(change), change.rule, change.json_path);
        let pair = |pair: &rpcreplay::diff::Pair| {
            let calls = if is_swapped { (pair.new, pair.old) } else { (pair.old, pair.new) };
            let changes: Vec<_> = pair
                .changes
                .iter()
                .map(|found| {
                    let entries = if is_swapped { (found.new, found.old) } else { (found.old, found.new) };
                    (entries, of_change(&found.change))
                })
                .collect();
            (calls, pair.moved.is_some(), pair.folded, pair.renamed, changes)
        };
        let mut pairs: Vec<_> = report.pairs.iter().map(pair).collect();
        pairs.sort();
        let mut renames: Vec<_> = report
            .renames
            .iter()
            .map(|rename| {
                let (old, new) = (rename.old.clone(), rename.new.clone());
                let names = if is_swapped { (new, old) } else { (old, new) };
                (names, rename.places, rename.calls, rename.is_from_server)
            })
            .collect();
        renames.sort();
        let common = report.common.iter().map(|common| {
            (common.method.clone(), common.change.general_path.clone(), common.places, common.pairs.len())
        });
        let mut common: Vec<_> = common.collect();
        common.sort();
        let initial: Vec<_> = report.initial.iter().map(of_change).collect();
        (pairs, renames, common, initial)
    };
    assert_eq!(sides(there, false), sides(back, true));
}

/// What an edit did: where, as a selector, and what stood and stands there.
#[derive(Debug)]
struct Edited {
    path: String,
    sort: Sort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Change,
    Add,
    Remove,
}

/// Where edits can be made in a message: its values, with their paths as selectors have them, and how to reach them.
fn places(value: &Json, path: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    found.push((path.to_owned(), pointer.to_owned()));
    match value {
        Json::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| *name != "@type") {
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                let separator = if path.is_empty() || path.ends_with(':') { "" } else { "." };
                let path = match (path.ends_with("counts"), name.as_str()) {
                    (true, key) => format!("{path}[{}]", json!(key)),
                    (false, "detail") => format!("{path}{separator}detail(test.Item)"),
                    (false, name) => format!("{path}{separator}{name}"),
                };
                places(value, &path, &pointer, found);
            }
        }
        Json::Array(elements) => {
            for (place, element) in elements.iter().enumerate() {
                // What is in an `Any` of a status stands behind a step into it.
                let inside = element.get("@type").map_or("", |_| "(test.Item)");
                places(element, &format!("{path}[{place}]{inside}"), &format!("{pointer}/{place}"), found);
            }
        }
        _ => {}
    }
}

/// Edits one value of one entry that is not the first message of its call; `None` where there is nothing of that sort.
fn edit(calls: &mut [Call], sort: Sort, at: &Index, last_only: bool) -> Option<Edited> {
    let part = |entry: &Json| match (entry["kind"].as_str(), entry.get("isError").is_some()) {
        (_, true) => "status:",
        (Some("RESPONSE"), _) => "response:",
        (Some("SEND"), _) => "send:",
        _ => "recv:",
    };
    let mut found = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let with_message = call.iter().enumerate().filter(|(_, entry)| entry.get("message").is_some());
        for (place, entry) in with_message.skip(1) {
            let mut of_entry = Vec::new();
            places(&entry["message"], part(entry), "/message", &mut of_entry);
            found.extend(of_entry.into_iter().map(|(path, pointer)| (number, place, path, pointer)));
        }
    }
    found.retain(|(number, place, path, pointer)| {
        let value = calls[*number][*place].pointer(pointer).expect("it was found there");
        match sort {
            Sort::Change => !value.is_object() && !value.is_array(),
            Sort::Add => {
                value.get("fixed").is_none() && value.is_object() && !path.ends_with("counts") && path != "status:"
            }
            Sort::Remove => value.is_array(),
        }
    });
    if found.is_empty() {
        return None;
    }
    let (number, place, path, pointer) = at.get(&found).clone();
    let value = calls[number][place].pointer_mut(&pointer).expect("it was found there");
    let path = match sort {
        Sort::Change => {
            *value = match &*value {
                Json::Bool(value) => json!(!value),
                Json::Number(number) => match number.as_i64() {
                    // The next code, and never OK.
                    Some(number) => json!(number + 1),
                    None => json!(number.as_f64().expect("a double") + 1.0),
                },
                Json::String(text) => match (text.as_str(), text.parse::<i64>()) {
                    (_, Ok(number)) => json!((number + 10).to_string()),
                    ("RED", _) => json!("MINUS"),
                    ("MINUS", _) => json!("RED"),
                    (data, _) if path.ends_with(".data") || path.ends_with(":data") => json!(format!("ABCD{data}")),
                    (text, _) => json!(format!("{text}x")),
                },
                other => unreachable!("{other} is no leaf"),
            };
            path
        }
        Sort::Add => {
            value["fixed"] = json!(77);
            if path.ends_with(':') { format!("{path}fixed") } else { format!("{path}.fixed") }
        }
        Sort::Remove => {
            let list = value.as_array_mut().expect("a list");
            let element = if last_only { list.len() - 1 } else { at.index(list.len()) };
            let gone = list.remove(element);
            if list.is_empty() {
                let (outer, name) = pointer.rsplit_once('/').expect("a pointer");
                let outer = calls[number][place].pointer_mut(outer).and_then(Json::as_object_mut).expect("an object");
                outer.remove(name);
                path
            } else {
                // Of equal neighbours any may have gone.
                let first = element - list[..element].iter().rev().take_while(|other| **other == gone).count();
                let last = element + list[element..].iter().take_while(|other| **other == gone).count();
                if first == last { format!("{path}[{element}]") } else { format!("{path}[") }
            }
        }
    };
    Some(Edited { path, sort })
}

fn sort() -> impl Strategy<Value = Sort> {
    prop::sample::select(vec![Sort::Change, Sort::Add, Sort::Remove])
}

/// Whether a change is the one that was made.
fn is_edit(change: &Change, edited: &Edited) -> bool {
    let sort = match (&change.old, &change.new) {
        (Some(_), Some(_)) => Sort::Change,
        (None, _) => Sort::Add,
        (Some(_), None) => Sort::Remove,
    };
    let path = if change.new.is_none() { &change.old_path } else { &change.path };
    let is_there = if edited.path.ends_with('[') { path.starts_with(&edited.path) } else { *path == edited.path };
    // Data may be JSON, which is looked into, unless it is no more.
    is_there && sort == edited.sort && change.json_path.is_none()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn nothing_changes_in_other_formats(calls in calls(0..6)) {
        is_the_same_in_all_formats("made", &recording(&calls, &[]), &fixtures::schema(), &Noise::none());
    }

    /// Calls that begin in the same order are the same, however their entries mix afterwards.
    #[test]
    fn nothing_changes_if_calls_overlap_otherwise(calls in calls(1..6), order in prop::collection::vec(0..6usize, 0..30)) {
        let begun: Vec<usize> = (0..calls.len()).collect();
        let mixed: Vec<usize> = order.iter().map(|call| call % calls.len()).collect();
        let concurrent = [begun, mixed].concat();
        let report = report(&recording(&calls, &[]), &recording(&calls, &concurrent), &fixtures::schema(), &Noise::none());
        assert_same("overlapping", &report);
    }

    /// As many calls as can be stay where they are.
    #[test]
    fn calls_that_change_places_have_moved(
        (calls, order) in calls(1..12).prop_flat_map(|calls| {
            let order: Vec<usize> = (0..calls.len()).collect();
            (Just(calls), Just(order).prop_shuffle())
        }),
    ) {
        let moved: Vec<Call> = order.iter().map(|&call| calls[call].clone()).collect();
        let report = report(&recording(&calls, &[]), &recording(&moved, &[]), &fixtures::schema(), &Noise::none());
        let n = calls.len() as u64;
        let moved = n - longest_rising(&order) as u64;
        prop_assert_eq!(report.counts, Counts { old: n, new: n, same: n, moved, ..Counts::default() });
        prop_assert_eq!(report.is_different(), moved > 0);
    }

    #[test]
    fn a_comparison_mirrors_its_reverse(
        (old, other) in (calls(0..6), calls(0..3)),
        edits in prop::collection::vec((sort(), any::<Index>()), 0..6),
        order in Just((0..9usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut new = old.clone();
        for (sort, at) in &edits {
            edit(&mut new, *sort, at, false);
        }
        new.extend(other);
        let new: Vec<Call> = order.iter().filter_map(|&call| new.get(call).cloned()).collect();
        let (old, new) = (recording(&old, &[]), recording(&new, &[]));
        let schema = fixtures::schema();
        mirrors(&report(&old, &new, &schema, &Noise::none()), &report(&new, &old, &schema, &Noise::none()));
    }

    /// A value that is changed, added or removed is found, and nothing else is.
    #[test]
    fn an_edit_is_found_where_it_was_made(old in calls(1..6), sort in sort(), at: Index) {
        let mut new = old.clone();
        let Some(edited) = edit(&mut new, sort, &at, false) else { return Ok(()) };
        let report = report(&recording(&old, &[]), &recording(&new, &[]), &fixtures::schema(), &Noise::none());
        let n = old.len() as u64;
        prop_assert_eq!(report.counts, Counts { old: n, new: n, same: n - 1, changed: 1, ..Counts::default() });
        let changes = told(&report);
        prop_assert!(matches!(&*changes, [change] if is_edit(change, &edited)), "{:?}: {:#?}", edited, changes);
        prop_assert!(report.is_different() && report.renames.is_empty() && report.common.is_empty());
    }

    #[test]
    fn a_call_that_came_or_went_is_found(calls in calls(1..8), at: Index) {
        let gone = at.index(calls.len());
        let mut fewer = calls.clone();
        fewer.remove(gone);
        let schema = fixtures::schema();
        let (all, fewer) = (recording(&calls, &[]), recording(&fewer, &[]));
        let n = calls.len() as u64;
        let went = report(&all, &fewer, &schema, &Noise::none());
        prop_assert_eq!(went.counts, Counts { old: n, new: n - 1, same: n - 1, removed: 1, ..Counts::default() });
        prop_assert!(went.pairs.iter().any(|pair| pair.old == Some(gone as u32) && pair.new.is_none()));
        prop_assert_eq!(went.pairs.iter().position(|pair| pair.new.is_none()), Some(gone), "it stands where it would be");
        let came = report(&fewer, &all, &schema, &Noise::none());
        prop_assert_eq!(came.counts, Counts { old: n - 1, new: n, same: n - 1, added: 1, ..Counts::default() });
        prop_assert!(came.pairs.iter().any(|pair| pair.new == Some(gone as u32) && pair.old.is_none()));
    }

    /// Whatever a report names can be ignored, or be all that matters.
    #[test]
    fn a_path_is_a_selector(old in calls(1..6), sort in sort(), at: Index) {
        let mut new = old.clone();
        if edit(&mut new, sort, &at, true).is_none() {
            return Ok(());
        }
        let (old, new, schema) = (recording(&old, &[]), recording(&new, &[]), fixtures::schema());
        let before = told(&report(&old, &new, &schema, &Noise::none()));
        prop_assert_eq!(before.len(), 1);
        let change = &before[0];
        for path in [&change.path, &change.old_path, &change.general_path] {
            prop_assert!(path.parse::<Selector>().is_ok(), "{}", path);
            let mut ignoring = Noise::none();
            ignoring.ignore(path).expect("a selector");
            let report_without = report(&old, &new, &schema, &ignoring);
            prop_assert!(told(&report_without).is_empty() && !report_without.is_different(), "{}: {:?}", path, report_without);
            prop_assert_eq!(report_without.counts.noise, 1);
            // With `[*]` it may select more of a list that has fewer elements now, all of which is one value.
            let folded = folded_by(&report_without, &ignoring, &format!("--ignore {path}"));
            prop_assert_eq!(folded, report_without.folded.iter().map(|(_, count)| count).sum::<u64>());
            prop_assert_eq!(folded, 1, "{}: {:?}", path, report_without);

            let mut only = Noise::none();
            only.only(path).expect("a selector");
            let report_of_it = report(&old, &new, &schema, &only);
            let after: Vec<_> = told(&report_of_it).into_iter().map(|change| (change.path, change.old, change.new)).collect();
            if *path == change.path {
                prop_assert_eq!(after, [(change.path.clone(), change.old.clone(), change.new.clone())]);
            } else {
                // Where elements do not matter, those that do may be taken for one another.
                prop_assert_eq!(after.len(), 1);
            }
        }
    }

    /// Lists that have no order differ in what is in them, and keyed ones in their elements.
    #[test]
    fn lists_may_have_no_order(
        (elements, order) in prop::collection::vec(item(), 2..8).prop_flat_map(|elements| {
            let order: Vec<usize> = (0..elements.len()).collect();
            (Just(elements), Just(order).prop_shuffle())
        }),
        at: Index,
    ) {
        let mut elements = elements;
        for (number, element) in elements.iter_mut().enumerate() {
            element["name"] = json!(format!("element-{number}"));
        }
        let numbers: Vec<_> = (1..=elements.len()).map(|number| json!(number.to_string())).collect();
        let shuffled = |list: &[Json]| order.iter().map(|&place| list[place].clone()).collect::<Vec<_>>();
        let file = |children: &[Json], numbers: &[Json]| {
            let response = message(json!({"children": children, "numbers": numbers}));
            let request = message(json!({"name": "all"}));
            recording(&[vec![
                json!({"kind": "REQUEST", "method": "/test.Items/List", "message": request}),
                json!({"kind": "RESPONSE", "message": response}),
            ]], &[])
        };
        let schema = fixtures::schema();
        let old = file(&elements, &numbers);
        let new = file(&shuffled(&elements), &shuffled(&numbers));
        let is_shuffled = order.iter().enumerate().any(|(place, &from)| place != from);
        prop_assert_eq!(report(&old, &new, &schema, &Noise::none()).is_different(), is_shuffled);

        let mut unordered = Noise::none();
        unordered.unordered("response:children").expect("a selector");
        unordered.unordered("response:numbers").expect("a selector");
        assert_same("unordered", &report(&old, &new, &schema, &unordered));

        let mut keyed = Noise::none();
        keyed.key("**.children", "name").expect("a selector");
        keyed.unordered("**.numbers").expect("a selector");
        assert_same("keyed", &report(&old, &new, &schema, &keyed));

        let mut changed = shuffled(&elements);
        let place = at.index(changed.len());
        changed[place]["fixed"] = json!(78);
        let changes = told(&report(&old, &file(&changed, &shuffled(&numbers)), &schema, &keyed));
        prop_assert_eq!(changes.len(), 1);
        prop_assert_eq!(&changes[0].path, &format!("response:children[{place}].fixed"));
        prop_assert_eq!((&changes[0].old, &changes[0].new), (&None, &Some(Value::Int(78))));

        changed[place]["name"] = json!("somebody else");
        let found = told(&report(&old, &file(&changed, &shuffled(&numbers)), &schema, &keyed));
        prop_assert!(!found.is_empty());
        let is_there = |change: &Change| {
            let (was, is) = (format!("response:children[{}]", order[place]), format!("response:children[{place}]"));
            change.old_path.starts_with(&was) || change.path.starts_with(&is)
        };
        prop_assert!(found.iter().all(is_there), "{:#?}", found);
    }
}

/// A recording of secrets in a project, made at some time; what the labels of the first say can be chosen.
fn secrets(count: usize, project: &str, second: usize, label: &str) -> Vec<u8> {
    let service = "/google.cloud.secretmanager.v1.SecretManagerService";
    let calls: Vec<Call> = (0..count)
        .map(|number| {
            let name = format!("projects/{project}/secrets/the-secret-{number}");
            let seconds = second + number;
            let time = format!("2026-11-21T08:{:02}:{:02}.5Z", seconds / 60 % 60, seconds % 60);
            let labels = json!({"of": if number == 0 { label } else { "everybody" }});
            vec![
                json!({"kind": "REQUEST", "method": format!("{service}/GetSecret"), "message": {
                    "@type": "type.googleapis.com/google.cloud.secretmanager.v1.GetSecretRequest", "name": name,
                }}),
                json!({"kind": "RESPONSE", "message": {
                    "@type": "type.googleapis.com/google.cloud.secretmanager.v1.Secret", "name": name, "createTime": time,
                    "etag": format!("\"etag-{seconds}\""), "labels": labels,
                }}),
            ]
        })
        .collect();
    recording(&calls, &[])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn fresh_times_are_folded_and_counted(count in 1..6usize, later in 10..1000usize) {
        let (schema, noise) = (Schema::builtin(), volatile());
        let old = secrets(count, "demo", 0, "me");
        let n = count as u64;
        let found = report(&old, &secrets(count, "demo", later, "me"), &schema, &noise);
        prop_assert_eq!(found.counts, Counts { old: n, new: n, noise: n, ..Counts::default() });
        prop_assert_eq!((folded_by(&found, &noise, "server-clock"), folded_by(&found, &noise, "etag")), (n, n));
        prop_assert!(!found.is_different() && found.has_noise() && told(&found).is_empty());

        let found = report(&old, &secrets(count, "demo", later, "nobody"), &schema, &noise);
        prop_assert_eq!(found.counts, Counts { old: n, new: n, noise: n - 1, changed: 1, ..Counts::default() });
        prop_assert_eq!((folded_by(&found, &noise, "server-clock"), folded_by(&found, &noise, "etag")), (n, n));
        let changes = told(&found);
        prop_assert_eq!(changes.len(), 1);
        prop_assert_eq!(&changes[0].path, "response:labels[\"of\"]");

        // Without the profile they are changes.
        let found = report(&old, &secrets(count, "demo", later, "me"), &schema, &Noise::none());
        prop_assert_eq!((found.counts.changed, told(&found).len() as u64), (n, 2 * n));
    }

    #[test]
    fn a_rename_is_told_once(count in 2..6usize, later in 0..1000usize) {
        let (schema, noise) = (Schema::builtin(), volatile());
        let found = report(&secrets(count, "demo-one", 0, "me"), &secrets(count, "demo-two", later, "me"), &schema, &noise);
        let n = count as u64;
        prop_assert_eq!(found.counts, Counts { old: n, new: n, renamed: n, ..Counts::default() });
        prop_assert_eq!(found.renames.len(), 1);
        let rename = &found.renames[0];
        prop_assert_eq!((&*rename.old, &*rename.new, rename.is_from_server), ("demo-one", "demo-two", false));
        prop_assert_eq!((u64::from(rename.places), u64::from(rename.calls)), (2 * n, n));
        prop_assert!(found.is_different() && told(&found).is_empty());
    }
}

/// What the server called a session is in the first answer, and in every request after it.
#[test]
fn a_rename_by_the_server_is_noise_and_one_value_is_no_rename() {
    let file = |session: &str, once: &str| {
        let unary = |request: Json, response: Json| {
            vec![
                json!({"kind": "REQUEST", "method": "/test.Items/Get", "message": message(request)}),
                json!({"kind": "RESPONSE", "message": message(response)}),
            ]
        };
        let name = format!("sessions/{session}");
        let mut calls = vec![unary(json!({"value": 100}), json!({"name": name, "value": 1}))];
        calls.extend((1..4).map(|value| unary(json!({"name": name, "value": value}), json!({"value": value}))));
        calls.push(unary(json!({"value": 200}), json!({"name": format!("others/{once}")})));
        recording(&calls, &[])
    };
    let (schema, noise) = (fixtures::schema(), volatile());
    let found = report(&file("3f9a77c1", "same"), &file("b0451d22", "same"), &schema, &noise);
    assert_eq!(found.counts, Counts { old: 5, new: 5, same: 1, renamed: 4, ..Counts::default() });
    let renames: Vec<_> =
        found.renames.iter().map(|name| (&*name.old, &*name.new, name.places, name.is_from_server)).collect();
    assert_eq!(renames, [("3f9a77c1", "b0451d22", 4, true)]);
    assert!(!found.is_different() && found.has_noise());
    // Without a profile nothing is noise.
    let (old, new) = (file("3f9a77c1", "same"), file("b0451d22", "same"));
    assert!(report(&old, &new, &schema, &Noise::none()).is_different());

    // Words of a text are no names, however often they are others.
    let texts = |word: &str| {
        let calls: Vec<_> = (1..4)
            .map(|value| {
                vec![
                    json!({"kind": "REQUEST", "method": "/test.Items/Get", "message": message(json!({"value": value}))}),
                    json!({"kind": "RESPONSE", "message": message(json!({"name": format!("{word}, all of you")}))}),
                ]
            })
            .collect();
        recording(&calls, &[])
    };
    let found = report(&texts("Welcome"), &texts("Goodbye"), &schema, &noise);
    assert_eq!((found.counts.changed, found.renames.len()), (3, 0));

    let found = report(&file("3f9a77c1", "before-it"), &file("3f9a77c1", "behind-it"), &schema, &noise);
    assert_eq!(found.counts, Counts { old: 5, new: 5, same: 4, changed: 1, ..Counts::default() });
    assert!(found.renames.is_empty());
    assert_eq!(told(&found).len(), 1);
}
