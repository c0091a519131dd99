//! Two messages: what each says, without what a [`Mask`] folds, and where they differ.
//!
//! Knows messages and the entries that carry them, and nothing of recordings, of noise, or of what is worth showing.

mod digest;
mod embedded;
mod encode;
mod fields;
mod mask;
mod noted;
mod said;
mod sequence;
mod tokens;
mod tree;
mod value;

pub(crate) use digest::{Digest, Folded};
pub(crate) use fields::{alike, in_order};
pub use mask::{Mask, Treatment};
pub(crate) use said::put_said;
pub(crate) use sequence::{Pairs, align, in_places, longest_rising, side_by_side};
pub(crate) use tokens::{Name, Names, renamed};
pub use value::Value;

use crate::entry::{Entry, Kind, Payload};
use crate::schema::{Code, LayoutId, Part, Scalar, Schema, Walker, unknown_entry_fields};
use encode::{put_length, put_scalar};
use fields::{Difference, differences, values};
use mask::Watch;
use tree::{Kind as NodeKind, Step, Tree};

/// Names a rule by which differences are folded or ignored; whoever makes a [`Mask`] gives them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub(crate) u16);

impl RuleId {
    /// Times, which are kept apart though no rule folds them: they may be copies of others.
    pub const TIME: RuleId = RuleId(0);
    /// What stands outside of all that [matters](Treatment::Only).
    pub const OUTSIDE: RuleId = RuleId(1);
    /// JSON inside a string or `bytes` that says the same in other words.
    pub const SAME_JSON: RuleId = RuleId(2);
    /// A copy of a value elsewhere in its recording that another rule folds.
    pub const COPY: RuleId = RuleId(3);
    /// A name that is another one throughout the recording.
    pub const RENAMED: RuleId = RuleId(4);
    /// When an entry was noted.
    pub const NOTED_TIME: RuleId = RuleId(5);
    /// Metadata that was noted beside an entry.
    pub const METADATA: RuleId = RuleId(6);
    /// The first that is free for others.
    pub const FIRST_FREE: RuleId = RuleId(7);
}

/// Compares the messages of two recordings; keeps its memory from one to the next.
#[derive(Debug)]
pub struct Comparer<'s> {
    schema: &'s Schema,
    mask: &'s Mask,
    walker: Walker<'s>,
    watch: Watch<'s>,
    bytes: Vec<u8>,
}

/// A difference between two messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where it is, as a [`Selector`](crate::schema::Selector); in the new message, unless it is only in the old one.
    pub path: String,
    /// Where it is in the old message; the same, unless elements stand elsewhere.
    pub old_path: String,
    /// The same with `[*]` for the numbers of elements.
    pub general_path: String,
    /// Where it is in the JSON that a string or `bytes` holds.
    pub json_path: Option<String>,
    /// Whether it is in fields that the descriptor does not know.
    pub is_unknown: bool,
    /// What was there.
    pub old: Option<Value>,
    /// What is there.
    pub new: Option<Value>,
    /// What it is folded by.
    pub rule: Option<RuleId>,
    /// Whether it is outside of all that alone [matters](Treatment::Only).
    pub is_outside: bool,
    /// The hashes by which the two values are known again elsewhere in their recordings; 0 for values without one.
    pub(crate) hashes: (u64, u64),
}

impl Change {
    /// A change at a path that is the same in both messages, without its values.
    fn at(path: String) -> Change {
        Change {
            old_path: path.clone(),
            general_path: path.clone(),
            path,
            json_path: None,
            is_unknown: false,
            old: None,
            new: None,
            rule: None,
            is_outside: false,
            hashes: (0, 0),
        }
    }
}

impl<'s> Comparer<'s> {
    /// A comparer that looks types up in a schema and folds what a mask says.
    pub fn new(schema: &'s Schema, mask: &'s Mask) -> Self {
        let (walker, watch) = (Walker::new(schema), Watch::new(schema, mask));
        Comparer { schema, mask, walker, watch, bytes: Vec::new() }
    }

    /// What an entry of a call of this method says; its folded values are appended, and last what was noted beside it.
    ///
    /// With `names`, those names in strings that it holds count as what stands for them.
    pub(crate) fn digest(&mut self, entry: &Entry, method: &str, names: Option<&Names>, folded: &mut Folded) -> Digest {
        let before = folded.hashes.len();
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let (any, is_error) = entry.payload().fields();
        bytes.push(u8::from(is_error) | u8::from(any.is_some()) << 1);
        let facts = facts_of(entry);
        put_length(&mut bytes, facts.len());
        bytes.extend_from_slice(facts.as_bytes());
        let unknown = unknown_entry_fields(entry).to_record();
        put_length(&mut bytes, unknown.len());
        bytes.extend_from_slice(&unknown);
        if let Some(any) = any {
            put_scalar(&mut bytes, Scalar::Bytes(any.type_url.as_bytes()));
            let start = bytes.len();
            let origin = (method, Part::of(entry));
            let told = self.schema.resolve(any.type_url).is_ok_and(|layout| {
                let out = (&mut bytes, &mut *folded);
                digest::digest(&mut self.walker, any, layout, &mut self.watch, out, names, origin).is_ok()
            });
            if !told {
                bytes.truncate(start);
                folded.hashes.truncate(before);
                folded.rules.truncate(before);
                put_scalar(&mut bytes, Scalar::Bytes(any.value));
            }
        }
        noted::fold_noted(entry, folded);
        let hash = xxhash_rust::xxh3::xxh3_128(&bytes);
        self.bytes = bytes;
        hash
    }

    /// Where the messages of two entries differ, in the order of the new one; `None` stands for an entry that is not there.
    pub fn changes(&mut self, old: Option<&Entry>, new: Option<&Entry>, method: &str) -> Vec<Change> {
        let (old_side, new_side) = (self.side(old, method), self.side(new, method));
        let mut changes = Vec::new();
        let record = |entry: Option<&Entry>| entry.map(|entry| unknown_entry_fields(entry).to_record());
        let (old_unknown, new_unknown) = (record(old).unwrap_or_default(), record(new).unwrap_or_default());
        match (&old_side, &new_side) {
            (Side::Tree(part, url, old), Side::Tree(other, other_url, new)) if part == other && url == other_url => {
                for difference in differences(old, new, |treatment| self.mask.key_of(treatment)) {
                    self::change(*part, old, new, difference, &mut changes);
                }
            }
            (old, new) if old.is_same(new) => {}
            (old, new) => {
                changes.extend(old.all(true, self.mask.has_only()));
                changes.extend(new.all(false, self.mask.has_only()));
            }
        }
        if let (Some(old), Some(new)) = (old.map(facts_of), new.map(facts_of))
            && old != new
        {
            let value = |facts: String| (!facts.is_empty()).then_some(Value::Fact(facts));
            changes.push(Change { old: value(old), new: value(new), ..self.of_entry() });
        }
        if old_unknown != new_unknown {
            let value = |bytes: Vec<u8>| (!bytes.is_empty()).then_some(Value::Opaque(bytes));
            let (old, new) = (value(old_unknown), value(new_unknown));
            changes.push(Change { is_unknown: true, old, new, ..self.of_entry() });
        }
        if let (Some(old), Some(new)) = (old, new) {
            noted::noted_changes(old, new, &mut changes);
        }
        changes
    }

    /// A change of an entry itself, without its values.
    fn of_entry(&self) -> Change {
        Change { is_outside: self.mask.has_only(), ..Change::at(String::new()) }
    }

    /// The hashes of the first values of an entry's message, sorted: two lists of them tell how much messages are
    /// [alike].
    pub(crate) fn values(&mut self, entry: &Entry, method: &str) -> Vec<u64> {
        match self.side(Some(entry), method) {
            Side::Tree(_, _, tree) => values(&tree, 0),
            Side::Absent | Side::Empty | Side::End | Side::Opaque(..) => Vec::new(),
        }
    }

    /// Calls `each` with every name in the texts and keys of an entry's message, and with whether the mask folds the string.
    pub(crate) fn names(&mut self, entry: &Entry, method: &str, mut each: impl FnMut(Name<'_>, bool)) {
        let Side::Tree(_, _, tree) = self.side(Some(entry), method) else { return };
        let mut folded_until = 0;
        for (id, node) in (0..).zip(&tree.nodes) {
            if id >= folded_until && (node.fold.is_some() || node.ignore.is_some()) {
                folded_until = node.end;
            }
            let texts = match (&node.kind, &node.step) {
                (NodeKind::String(text) | NodeKind::Bytes(text), Step::Key(_, key)) => [Some(text), Some(key)],
                (NodeKind::String(text) | NodeKind::Bytes(text), _) => [Some(text), None],
                (_, Step::Key(_, key)) => [None, Some(key)],
                (_, _) => [None, None],
            };
            for text in texts.into_iter().flatten() {
                tokens::names(tree.text(text)).for_each(|name| each(name, id < folded_until));
            }
        }
    }

    fn side(&mut self, entry: Option<&Entry>, method: &str) -> Side {
        let Some(entry) = entry else { return Side::Absent };
        let part = Part::of(entry);
        let any = match entry.payload() {
            Payload::Message(any) | Payload::Error(any) => any,
            Payload::Eof => return Side::End,
            Payload::Empty => return Side::Empty,
        };
        let tree = self.schema.resolve(any.type_url).ok().and_then(|layout: LayoutId| {
            Tree::new(&mut self.walker, layout, any, &mut self.watch, (method, part)).ok()
        });
        match tree {
            Some(tree) => Side::Tree(part, any.type_url.into(), Box::new(tree)),
            None => Side::Opaque(part, any.type_url.into(), any.value.to_vec()),
        }
    }
}

/// What an entry carries, to be compared.
enum Side {
    /// There is no entry.
    Absent,
    /// It has no message.
    Empty,
    End,
    Tree(Option<Part>, Box<str>, Box<Tree>),
    Opaque(Option<Part>, Box<str>, Vec<u8>),
}

impl Side {
    fn is_same(&self, other: &Side) -> bool {
        match (self, other) {
            (Side::Absent, Side::Absent) | (Side::Empty, Side::Empty) | (Side::End, Side::End) => true,
            (Side::Opaque(part, url, bytes), Side::Opaque(other, other_url, other_bytes)) => {
                (part, url, bytes) == (other, other_url, other_bytes)
            }
            _ => false,
        }
    }

    /// All of it, as a change.
    fn all(&self, is_old: bool, has_only: bool) -> Option<Change> {
        let is_outside = match self {
            Side::Tree(_, _, tree) => tree.nodes[0].is_outside,
            Side::Absent | Side::Empty | Side::End | Side::Opaque(..) => has_only,
        };
        let rule = match self {
            Side::Tree(_, _, tree) => tree.nodes[0].ignore,
            Side::Absent | Side::Empty | Side::End | Side::Opaque(..) => None,
        };
        let (part, value) = match self {
            Side::Absent => return None,
            Side::Empty => (None, Value::NoMessage),
            Side::End => (None, Value::End),
            Side::Tree(part, url, tree) => (*part, Value::Any(url.to_string(), Box::new(shown(*part, tree, 0)))),
            Side::Opaque(part, url, bytes) => {
                (*part, Value::Any(url.to_string(), Box::new(Value::Opaque(bytes.clone()))))
            }
        };
        let path = prefix(part);
        let (old, new) = if is_old { (Some(value), None) } else { (None, Some(value)) };
        Some(Change { old, new, rule, is_outside, ..Change::at(path) })
    }
}

/// What an entry says beside its message that it should not say, and which kind it is if no recorder writes it. The references
/// of others to it, and its own to its call, are numbers that change without a change.
fn facts_of(entry: &Entry) -> String {
    let mut facts: Vec<String> = Vec::new();
    let begins_call = matches!(entry.kind(), Kind::Request | Kind::CreateStream);
    if matches!(entry.kind(), Kind::Unspecified | Kind::Unknown(_)) {
        facts.push(format!("kind {}", entry.kind().number()));
    }
    if !begins_call && !entry.method().is_empty() {
        facts.push(format!("method {}", entry.method()));
    }
    if begins_call && entry.ref_index() != 0 {
        facts.push(format!("reference to #{}", entry.ref_index()));
    }
    facts.join(", ")
}

/// The hash by which a text is known again elsewhere in its recording: that of [`Folded`].
pub(crate) fn text_hash(text: &[u8]) -> u64 {
    encode::hash_of_value(Scalar::Bytes(text))
}

/// The same of a timestamp.
pub(crate) fn time_hash(seconds: i64, nanos: i32) -> u64 {
    encode::hash_of_time(seconds, nanos)
}

fn prefix(part: Option<Part>) -> String {
    part.map(|part| format!("{part}:")).unwrap_or_default()
}

/// A value, and a status code by its name.
fn shown(part: Option<Part>, tree: &Tree, node: u32) -> Value {
    let name = |number| match Code(number).name() {
        Some(name) => Value::Enum(Ok(name.to_owned())),
        None => Value::Int(number.into()),
    };
    match tree.value(node) {
        Value::Int(number) if part == Some(Part::Status) && tree.path(node, false) == "code" => name(number as i32),
        Value::Message(mut fields) if part == Some(Part::Status) && node == 0 => {
            for (field, value) in &mut fields {
                if let (Value::Int(number), "code") = (&*value, field.as_str()) {
                    *value = name(*number as i32);
                }
            }
            Value::Message(fields)
        }
        value => value,
    }
}

fn change(part: Option<Part>, old: &Tree, new: &Tree, difference: Difference, changes: &mut Vec<Change>) {
    let Difference { old: a, new: b, rule, is_outside } = difference;
    let (tree, node) = match (a, b) {
        (_, Some(b)) => (new, b),
        (Some(a), None) => (old, a),
        (None, None) => return,
    };
    let path_of = |general| prefix(part) + &tree.path(node, general);
    let path = path_of(false);
    let change = Change {
        old_path: a.map_or_else(|| path.clone(), |a| prefix(part) + &old.path(a, false)),
        path,
        general_path: path_of(true),
        json_path: None,
        is_unknown: matches!(tree.nodes[node as usize].kind, NodeKind::Unknown(_)),
        old: a.map(|a| shown(part, old, a)),
        new: b.map(|b| shown(part, new, b)),
        rule,
        is_outside,
        hashes: (a.map_or(0, |a| old.value_hash(a)), b.map_or(0, |b| new.value_hash(b))),
    };
    open_json(change, changes);
}

/// How two texts that are no fields differ: as JSON if both are, else as a whole.
pub(crate) fn text_changes(path: &str, old: &[u8], new: &[u8], rule: Option<RuleId>) -> Vec<Change> {
    let mut changes = Vec::new();
    let value = |text: &[u8]| (!text.is_empty()).then(|| Value::Bytes(text.to_vec()));
    let change = Change { old: value(old), new: value(new), rule, ..Change::at(path.to_owned()) };
    open_json(change, &mut changes);
    changes
}

/// Adds a change, or those inside if it is one of texts that are JSON.
fn open_json(change: Change, changes: &mut Vec<Change>) {
    let inside = match (&change.old, &change.new) {
        (Some(Value::String(old) | Value::Bytes(old)), Some(Value::String(new) | Value::Bytes(new)))
            if change.rule.is_none() =>
        {
            embedded::json_differences(old, new)
        }
        _ => None,
    };
    match inside {
        None => changes.push(change),
        Some(inside) if inside.is_empty() => changes.push(Change { rule: Some(RuleId::SAME_JSON), ..change }),
        Some(inside) => {
            // Each of many would have the whole texts.
            let place = Change { old: None, new: None, hashes: (0, 0), ..change };
            changes.extend(inside.into_iter().map(|found| Change {
                json_path: Some(found.path),
                old: found.old.map(Value::Json),
                new: found.new.map(Value::Json),
                ..place.clone()
            }));
        }
    }
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Any, Kind};
    use crate::extension::{Extension, Metadatum, Time};
    use crate::schema::testing::{any, bytes, schema, varint};

    const METHOD: &str = "/test.Service/Get";
    const STATUS: &str = "t/google.rpc.Status";

    fn entry(type_url: &str, value: &[u8]) -> Entry {
        let any = Any { type_url, value };
        let payload = if type_url == STATUS { Payload::Error(any) } else { Payload::Message(any) };
        Entry::encode(Kind::Response, METHOD, payload, 0).expect("a small entry")
    }

    fn words(value: &Option<Value>) -> String {
        let text = |text: &[u8]| text.escape_ascii().to_string();
        match value {
            None => "nothing".to_owned(),
            Some(Value::String(value) | Value::Bytes(value)) => text(value),
            Some(Value::Int(value)) => value.to_string(),
            Some(Value::Enum(Ok(name))) => name.clone(),
            Some(Value::Time(time)) => time.clone(),
            Some(Value::Json(json)) => json.clone(),
            Some(Value::Opaque(value)) => format!("opaque {}", text(value)),
            Some(Value::Any(url, inside)) => format!("{url} {}", words(&Some((**inside).clone()))),
            Some(Value::Message(fields) | Value::Map(fields)) => {
                let fields = fields.iter().map(|(name, value)| format!("{name}: {}", words(&Some(value.clone()))));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            Some(Value::List(values)) => {
                let values = values.iter().map(|value| words(&Some(value.clone())));
                format!("[{}]", values.collect::<Vec<_>>().join(", "))
            }
            Some(other) => format!("{other:?}"),
        }
    }

    /// The changes between two messages of a type, in words, under a mask.
    fn changes_of(type_url: &str, old: &[u8], new: &[u8], mask: &Mask, schema: &Schema) -> Vec<String> {
        let mut comparer = Comparer::new(schema, mask);
        let changes = comparer.changes(Some(&entry(type_url, old)), Some(&entry(type_url, new)), METHOD);
        let tell = |change: &Change| {
            let old_path =
                if change.old_path == change.path { String::new() } else { format!("{} = ", change.old_path) };
            let json = change.json_path.as_ref().map(|path| format!(" at {path}")).unwrap_or_default();
            let unknown = if change.is_unknown { " unknown" } else { "" };
            let rule = change.rule.map(|rule| format!(" by {}", rule.0)).unwrap_or_default();
            let rule = if change.is_outside { format!("{rule}, outside") } else { rule };
            let (old, new) = (words(&change.old), words(&change.new));
            format!("{old_path}{}{json}{unknown} {old} > {new}{rule}", change.path)
        };
        changes.iter().map(tell).collect()
    }

    fn changes(old: &[Vec<u8>], new: &[Vec<u8>]) -> Vec<String> {
        changes_of("t/test.All", &old.concat(), &new.concat(), &Mask::new(), &schema())
    }

    fn list(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| bytes(4, name)).collect()
    }

    #[test]
    fn scalars_and_fields() {
        for (old, new, expected) in [
            (vec![varint(1, 1)], vec![varint(1, 2)], vec!["response:i 1 > 2"]),
            (vec![], vec![varint(1, 2)], vec!["response:i nothing > 2"]),
            (vec![bytes(2, "a")], vec![], vec!["response:s a > nothing"]),
            (vec![varint(15, 5)], vec![varint(15, 7)], vec!["response:color BLUE > Enum(Err(7))"]),
            // Of a oneof one member went and another came, in the order of declaration.
            (vec![varint(7, 1)], vec![bytes(9, "c")], vec!["response:a 1 > nothing", "response:c nothing > c"]),
            (vec![bytes(6, varint(1, 1))], vec![bytes(6, varint(1, 2))], vec!["response:child.i 1 > 2"]),
            (vec![bytes(6, varint(1, 1))], vec![], vec!["response:child {i: 1} > nothing"]),
            // A default that is written out says nothing, one of an optional field does.
            (vec![varint(1, 0)], vec![], vec![]),
            (vec![varint(16, 0)], vec![], vec!["response:maybe 0 > nothing"]),
        ] {
            assert_eq!(changes(&old, &new), expected);
        }
    }

    #[test]
    fn lists_are_aligned() {
        let row = |i, s| bytes(13, [varint(1, i), bytes(2, s)].concat());
        for (old, new, expected) in [
            (list(&["a", "b", "c"]), list(&["a", "c"]), vec!["response:names[1] b > nothing"]),
            (list(&["a", "c"]), list(&["a", "b", "c"]), vec!["response:names[1] nothing > b"]),
            (list(&["a", "b", "c"]), list(&["a", "x", "c"]), vec!["response:names[1] b > x"]),
            (list(&["a"]), list(&[]), vec!["response:names [a] > nothing"]),
            (
                list(&["a", "b", "z"]),
                list(&["x", "z"]),
                vec!["response:names[0] a > nothing", "response:names[1] b > nothing", "response:names[0] nothing > x"],
            ),
            // Messages are paired with those that are most alike.
            (
                vec![row(1, "one"), row(2, "two")],
                vec![row(9, "new"), row(1, "one"), row(3, "two")],
                vec!["response:list[0] nothing > {i: 9, s: new}", "response:list[1].i = response:list[2].i 2 > 3"],
            ),
        ] {
            assert_eq!(changes(&old, &new), expected);
        }
    }

    #[test]
    fn maps_are_compared_by_key() {
        let count = |key: &str, value| bytes(5, [bytes(1, key), varint(2, value)].concat());
        let child = |key, i| bytes(11, [varint(1, key), bytes(2, varint(1, i))].concat());
        for (old, new, expected) in [
            (vec![count("a", 1), count("b", 2)], vec![count("b", 2), count("a", 1)], vec![]),
            (vec![count("a", 1)], vec![count("a", 2)], vec!["response:counts[\"a\"] 1 > 2"]),
            (
                vec![count("a", 1), count("b\"]", 1)],
                vec![count("a", 1), count("c\n", 1)],
                vec!["response:counts[\"b\\\"]\"] 1 > nothing", "response:counts[\"c\\n\"] nothing > 1"],
            ),
            (vec![child(3, 1)], vec![child(3, 2)], vec!["response:children[3].i 1 > 2"]),
        ] {
            assert_eq!(changes(&old, &new), expected);
        }
    }

    #[test]
    fn a_time_is_one_value_unless_there_is_more_in_it() {
        let time = |seconds, nanos| bytes(18, [varint(1, seconds), varint(2, nanos)].concat());
        for (old, new, expected) in [
            (time(1, 5), time(2, 0), "response:time 1970-01-01T00:00:01.000000005Z > 1970-01-01T00:00:02Z by 0"),
            (
                time(1, 0),
                bytes(18, [varint(1, 1), varint(9, 1)].concat()),
                "response:time 1970-01-01T00:00:01Z > {seconds: 1, : opaque H\\x01} by 0",
            ),
        ] {
            assert_eq!(changes(&[old], &[new]), [expected]);
        }
    }

    #[test]
    fn an_any_is_opened_if_its_type_is_known() {
        let with = |url: &str, value: &[u8]| bytes(10, any(url, value));
        let (one, two) = (varint(1, 1), varint(1, 2));
        for (old, new, expected) in [
            (with("t/test.All", &one), with("t/test.All", &two), "response:any(test.All).i 1 > 2"),
            (with("t/test.All", &one), with("u/test.All", &one), "response:any t/test.All {i: 1} > u/test.All {i: 1}"),
            (with("t/no.Such", b"a"), with("t/no.Such", b"b"), "response:any t/no.Such opaque a > t/no.Such opaque b"),
            (with("t/test.All", &one), with("t/no.Such", b"b"), "response:any t/test.All {i: 1} > t/no.Such opaque b"),
            // What is no message of its type is its bytes.
            (
                with("t/test.All", &one),
                with("t/test.All", b"\x08"),
                "response:any t/test.All {i: 1} > t/test.All opaque \\x08",
            ),
        ] {
            assert_eq!(changes(&[old], &[new]), [expected]);
        }
    }

    #[test]
    fn a_status_has_details_and_codes_with_names() {
        let schema = Schema::builtin();
        let status = |code, text: &str, info: &str| {
            let info = bytes(2, info);
            [varint(1, code), bytes(2, text), bytes(3, any("t/google.rpc.DebugInfo", info))].concat()
        };
        let found = |old: &[u8], new: &[u8]| changes_of(STATUS, old, new, &Mask::new(), &schema);
        assert_eq!(
            found(&status(5, "lost", "a"), &status(7, "lost", "b")),
            ["status:code NOT_FOUND > PERMISSION_DENIED", "status:details[0](google.rpc.DebugInfo).detail a > b"]
        );
        assert_eq!(
            found(&status(5, "a", "c"), &status(99, "b", "c")),
            ["status:code NOT_FOUND > 99", "status:message a > b"]
        );
    }

    #[test]
    fn json_and_text_in_bytes_are_looked_into() {
        let raw = |text: &str| vec![bytes(14, text)];
        for (old, new, expected) in [
            ("plain", "other", vec!["response:raw plain > other"]),
            ("{\"a\":1,\"b\":[1]}", "{\"b\":[1,2],\"a\":1}", vec!["response:raw at $[\"b\"][1] nothing > 2"]),
            ("{\"a\":1}", " { \"a\": 1 }", vec!["response:raw {\\\"a\\\":1} >  { \\\"a\\\": 1 } by 2"]),
            ("{\"a\":1}", "{\"a\":", vec!["response:raw {\\\"a\\\":1} > {\\\"a\\\":"]),
            ("1", "2", vec!["response:raw 1 > 2"]),
        ] {
            assert_eq!(changes(&raw(old), &raw(new)), expected);
        }
    }

    #[test]
    fn unknown_fields_are_compared_as_they_stand() {
        for (old, new, expected) in [
            (varint(98, 1), varint(98, 2), "response: unknown opaque \\x90\\x06\\x01 > opaque \\x90\\x06\\x02"),
            (varint(98, 1), vec![], "response: unknown opaque \\x90\\x06\\x01 > nothing"),
            (bytes(6, varint(98, 1)), bytes(6, b""), "response:child unknown opaque \\x90\\x06\\x01 > nothing"),
        ] {
            assert_eq!(changes(&[old], &[new]), [expected]);
        }
    }

    #[test]
    fn what_was_noted_beside_an_entry_is_folded() {
        let metadatum = |key: &str, value: &[u8]| Metadatum { key: key.to_owned(), value: value.to_vec() };
        let noted = |seconds, headers: &[(&str, &[u8])]| {
            let headers = headers.iter().map(|(key, value)| metadatum(key, value)).collect();
            let extension = Extension { time: Time::new(seconds, 0), headers, ..Extension::default() };
            entry("t/test.All", &varint(1, 1)).with_extension(&extension).expect("a small entry")
        };
        let (schema, mask) = (schema(), Mask::new());
        let mut comparer = Comparer::new(&schema, &mask);
        let without = entry("t/test.All", &varint(1, 1));
        for (old, new, expected) in [
            (noted(1, &[("a", b"1")]), noted(1, &[("a", b"1")]), vec![]),
            (noted(1, &[]), noted(2, &[]), vec!["1970-01-01T00:00:01Z > 1970-01-01T00:00:02Z by 5"]),
            (noted(1, &[("a", b"1")]), noted(1, &[("a", b"2")]), vec!["metadata: [{\"a\": 1}] > [{\"a\": 2}] by 6"]),
            (
                without,
                noted(1, &[("a", b"1"), ("b-bin", b"\xff")]),
                vec![
                    "nothing > 1970-01-01T00:00:01Z by 5",
                    "metadata: nothing > [{\"a\": 1}, {\"b-bin\": \\xff}] by 6",
                ],
            ),
        ] {
            let (mut old_folded, mut new_folded) = (Folded::default(), Folded::default());
            let old_digest = comparer.digest(&old, METHOD, None, &mut old_folded);
            assert_eq!(old_digest, comparer.digest(&new, METHOD, None, &mut new_folded), "they say the same");
            let line = |change: &Change| {
                let rule = change.rule.expect("it is folded").0;
                let space = if change.path.is_empty() { "" } else { " " };
                format!("{}{space}{} > {} by {rule}", change.path, words(&change.old), words(&change.new))
            };
            let found: Vec<String> = comparer.changes(Some(&old), Some(&new), METHOD).iter().map(line).collect();
            assert_eq!(found, expected);
            let is_same = (old_folded.hashes, old_folded.rules) == (new_folded.hashes, new_folded.rules);
            assert_eq!(is_same, expected.is_empty());
        }
    }

    /// The bugs that the laws found, each on the smallest messages.
    #[test]
    fn what_matters_in_one_message_only_is_told() {
        let mask = |rules: &[(&str, Treatment)]| {
            let mut mask = Mask::new();
            for (selector, treatment) in rules {
                mask.add(selector.parse().expect("a selector"), treatment.clone());
            }
            mask
        };
        let (fold, ignore) = (Treatment::Fold(RuleId(7)), Treatment::Ignore(RuleId(8)));
        let child = |fields: &[Vec<u8>]| bytes(6, fields.concat());
        let count = |key: &str, value| bytes(5, [bytes(1, key), varint(2, value)].concat());
        let row = |i, s: &str| bytes(13, [varint(1, i), bytes(2, s)].concat());
        let key = Treatment::Key("s".to_owned());
        for (rule, old, new, expected) in [
            (
                ("child.s", Treatment::Only),
                vec![child(&[varint(1, 1)])],
                vec![child(&[varint(1, 1), bytes(2, "x")])],
                vec!["response:child.s nothing > x"],
            ),
            (
                ("names[0]", ignore.clone()),
                list(&["a"]),
                list(&["b", "c"]),
                vec!["response:names[1] nothing > c", "response:names[0] a > b by 8"],
            ),
            (
                ("names", fold),
                list(&["a", "b"]),
                list(&["b", "c"]),
                vec!["response:names[0] a > b by 7", "response:names[1] b > c by 7"],
            ),
            (("list", key), vec![row(1, "k"), row(2, "k")], vec![row(2, "k"), row(1, "k")], vec![]),
            (
                ("counts[\"a\"]", ignore),
                vec![count("a", 1), count("b", 1)],
                vec![count("b", 1)],
                vec!["response:counts[\"a\"] 1 > nothing by 8"],
            ),
            (
                ("**.s", Treatment::Only),
                vec![varint(98, 1)],
                vec![varint(98, 2)],
                vec!["response: unknown opaque \\x90\\x06\\x01 > opaque \\x90\\x06\\x02, outside"],
            ),
        ] {
            let found = changes_of("t/test.All", &old.concat(), &new.concat(), &mask(&[rule]), &schema());
            assert_eq!(found, expected);
        }
    }
}
