//! Which fields and values of a query are in a message: [`Finder`].

use super::close::close_values;
use super::{AskedValue, Query, ValueCondition};
use crate::entry::{Any, Entry};
use crate::schema::{
    EnumLayout, Field, Flow, JsonOptions, Layout, LayoutId, Malformed, Order, Part, Place, Reached, Scalar, Schema,
    Selector, Sink, Trail, UnopenedAny, Walker, WellKnown, Wire, write_json,
};

/// What was found in an entry, or in a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// One of the [fields](Query::fields).
    pub field: bool,
    /// One of the [values](Query::values).
    pub value: bool,
}

/// Looks into messages; keeps its memory from one to the next.
#[derive(Debug)]
pub(super) struct Finder<'q> {
    query: &'q Query,
    walker: Walker<'q>,
    trail: Trail<'q>,
    values: Values<'q>,
    unopened: u64,
    /// By selector: whether it has selected anything.
    has_hit: Vec<bool>,
    /// By value: whether what was selected can be that, or names that are close; nothing before anything was selected.
    can_be: Vec<Option<Result<(), Vec<String>>>>,
}

impl<'q> Finder<'q> {
    /// A finder of what a query asks for.
    pub fn new(query: &'q Query, schema: &'q Schema) -> Self {
        let values = Values { writer: Walker::new(schema), text: Vec::new() };
        // Those of its fields come first, so that a hit tells what it is of.
        let of_values = query.values.iter().map(|condition| &condition.selector);
        let selectors: Vec<Selector> = query.fields.iter().chain(of_values).cloned().collect();
        let has_hit = vec![false; selectors.len()];
        Finder {
            query,
            walker: Walker::new(schema),
            trail: Trail::new(schema, selectors.into()),
            values,
            unopened: 0,
            has_hit,
            can_be: vec![None; query.values.len()],
        }
    }

    /// What an entry of a call of this method has of it. A message that can't be opened has nothing.
    pub fn find(&mut self, entry: &Entry, method: &str) -> Found {
        let Some(any) = entry.payload().fields().0 else { return Found::default() };
        let Ok(layout) = self.walker.schema().resolve(any.type_url) else {
            self.unopened += 1;
            return Found::default();
        };
        let Finder { query, walker, trail, values, unopened, has_hit, can_be } = self;
        let found = walker.checked_if_needed(Malformed::in_any, |walker| {
            trail.begin(method, Part::of(entry), walker.schema().layout(layout));
            let mut sink = FinderSink { query, trail, values, has_hit, can_be, found: Found::default() };
            walker.walk(layout, any.value, &mut sink).map(|()| sink.found)
        });
        found.unwrap_or_else(|_| {
            *unopened += 1;
            Found::default()
        })
    }

    /// Whether each of the query's fields, and then each of its values, has selected anything.
    pub fn has_hit(&self) -> &[bool] {
        &self.has_hit
    }

    /// The texts that fields were compared with which the query's values selected.
    pub fn asked_values(&self) -> impl Iterator<Item = AskedValue> {
        self.query.values.iter().zip(&self.can_be).filter_map(|(condition, can_be)| {
            let can_be = can_be.as_ref()?;
            Some(AskedValue {
                place: condition.selector.to_string(),
                value: condition.text()?.to_owned(),
                is_possible: can_be.is_ok(),
                close: can_be.clone().err().unwrap_or_default(),
            })
        })
    }

    /// How many messages could not be opened.
    pub fn unopened(&self) -> u64 {
        self.unopened
    }
}

/// What values are as text.
#[derive(Debug)]
struct Values<'q> {
    writer: Walker<'q>,
    text: Vec<u8>,
}

struct FinderSink<'f, 'q> {
    query: &'q Query,
    trail: &'f mut Trail<'q>,
    values: &'f mut Values<'q>,
    has_hit: &'f mut [bool],
    can_be: &'f mut [Option<Result<(), Vec<String>>>],
    found: Found,
}

impl<'q> FinderSink<'_, 'q> {
    /// Notes what selects a list, a map or an `Any`, which no condition takes.
    fn note_container(&mut self, reached: Reached) {
        for hit in self.trail.hits(reached) {
            self.has_hit[hit as usize] = true;
            self.found.field |= (hit as usize) < self.query.fields.len();
        }
    }

    /// Notes what selects a value, which may be one of an enum; `is_wanted` says whether it is the one of a condition.
    fn note(
        &mut self,
        reached: Reached,
        of_enum: Option<&EnumLayout>,
        mut is_wanted: impl FnMut(&ValueCondition, &mut Values<'q>) -> bool,
    ) {
        let fields = self.query.fields.len();
        for hit in self.trail.hits(reached) {
            self.has_hit[hit as usize] = true;
            match (hit as usize).checked_sub(fields) {
                None => self.found.field = true,
                Some(number) => {
                    let condition = &self.query.values[number];
                    let can_be = &mut self.can_be[number];
                    if !matches!(can_be, Some(Ok(()))) {
                        match of_enum.and_then(|layout| Some((condition.lacked_by(layout)?, layout))) {
                            Some((text, layout)) => {
                                can_be.get_or_insert_with(|| Err(close_values(text, layout)));
                            }
                            None => *can_be = Some(Ok(())),
                        }
                    }
                    if !self.found.value {
                        self.found.value = is_wanted(condition, self.values);
                    }
                }
            }
        }
    }
}

impl Values<'_> {
    /// Whether a condition takes a value.
    fn is_taken(&mut self, condition: &ValueCondition, value: Scalar<'_>) -> bool {
        self.text.clear();
        match value {
            Scalar::String(text) | Scalar::Bytes(text) => return condition.takes(text),
            Scalar::Bool(value) => self.text.extend_from_slice(if value { b"true" } else { b"false" }),
            Scalar::I32(value) => self.put_number(value),
            Scalar::I64(value) => self.put_number(value),
            Scalar::U32(value) => self.put_number(value),
            Scalar::U64(value) => self.put_number(value),
            Scalar::F32(value) if condition.number() == Some(value) => return true,
            Scalar::F64(value) if condition.number() == Some(value) => return true,
            Scalar::F32(value) => self.text.extend_from_slice(value.to_string().as_bytes()),
            Scalar::F64(value) => self.text.extend_from_slice(value.to_string().as_bytes()),
            Scalar::Enum(number, _) if condition.number() == Some(number) => return true,
            Scalar::Enum(number, layout) => match layout.name(number) {
                Some(name) => self.text.extend_from_slice(name.as_bytes()),
                None => self.put_number(number),
            },
        }
        condition.takes(&self.text)
    }

    fn put_number(&mut self, number: impl itoa::Integer) {
        self.text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Whether a condition takes a message that JSON writes as one value, such as a time.
    fn is_taken_as_json(&mut self, condition: &ValueCondition, layout: &Layout, wire: Wire<'_>) -> bool {
        let Some(id) = json_value(layout, self.writer.schema()) else { return false };
        self.text.clear();
        let written = write_json(&mut self.writer, id, &wire.bytes(), JsonOptions::default(), &mut self.text);
        if written.is_err() {
            return false;
        }
        match serde_json::from_slice::<String>(&self.text) {
            Ok(text) => condition.takes(text.as_bytes()),
            Err(_) => condition.takes(&self.text),
        }
    }
}

/// The layout of a message that JSON writes as a string, a number or a word.
fn json_value(layout: &Layout, schema: &Schema) -> Option<LayoutId> {
    match layout.well_known()? {
        WellKnown::Any | WellKnown::Struct | WellKnown::ListValue | WellKnown::Empty => None,
        WellKnown::Timestamp | WellKnown::Duration | WellKnown::FieldMask | WellKnown::Value | WellKnown::Wrapper => {
            schema.resolve(layout.full_name()).ok()
        }
    }
}

impl Sink for FinderSink<'_, '_> {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn opens_any(&self) -> bool {
        true
    }

    fn begin_message(&mut self, place: Place<'_>, layout: &Layout, wire: Wire<'_>) -> Result<Flow, Malformed> {
        let reached = self.trail.at(place);
        self.note(reached, None, |condition, values| values.is_taken_as_json(condition, layout, wire));
        if self.trail.is_dead_end(reached) {
            return Ok(Flow::Skip);
        }
        self.trail.enter_message(reached, layout);
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        self.trail.leave();
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        let reached = self.trail.at(place);
        let of_enum = match value {
            Scalar::Enum(_, layout) => Some(layout),
            _ => None,
        };
        self.note(reached, of_enum, |condition, values| values.is_taken(condition, value));
        Ok(())
    }

    fn begin_list(&mut self, field: &Field) -> Result<(), Malformed> {
        let reached = self.trail.at(Place::Field(field));
        self.note_container(reached);
        self.trail.enter_list(reached);
        Ok(())
    }

    fn end_list(&mut self, _: &Field) -> Result<(), Malformed> {
        self.trail.leave();
        Ok(())
    }

    fn begin_map(&mut self, field: &Field) -> Result<(), Malformed> {
        let reached = self.trail.at(Place::Field(field));
        self.note_container(reached);
        self.trail.enter_map(reached);
        Ok(())
    }

    fn end_map(&mut self, _: &Field) -> Result<(), Malformed> {
        self.trail.leave();
        Ok(())
    }

    fn begin_entry(&mut self, map: &Field, _: &Field, key: Scalar<'_>) -> Result<(), Malformed> {
        self.trail.enter_entry(map, &key);
        Ok(())
    }

    fn end_entry(&mut self, _: &Field) -> Result<(), Malformed> {
        self.trail.leave();
        Ok(())
    }

    fn begin_any(&mut self, place: Place<'_>, _: Any<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        let any = self.trail.at(place);
        self.note_container(any);
        let message = self.trail.any(any, layout);
        self.trail.enter_any(message);
        Ok(Flow::Enter)
    }

    fn end_any(&mut self, _: Place<'_>, _: &Layout) -> Result<(), Malformed> {
        self.trail.leave();
        Ok(())
    }

    fn unopened_any(&mut self, place: Place<'_>, _: UnopenedAny<'_>, _: Wire<'_>) -> Result<Flow, Malformed> {
        let reached = self.trail.at(place);
        self.note_container(reached);
        Ok(Flow::Enter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Kind, Payload};
    use crate::schema::{read_text, testing};

    /// What a query of these fields and values finds in a message, a response of a call of `/a.S/Get`.
    fn find(fields: &[&str], values: &[&str], message_type: &str, text: &str) -> Found {
        let schema = Schema::builtin();
        let layout = schema.resolve(message_type).expect("the bundle has it");
        let mut message = Vec::new();
        read_text(&schema, layout, text.as_bytes(), &mut message).unwrap_or_else(|error| panic!("{text}: {error}"));
        let payload = Payload::Message(Any { type_url: message_type, value: &message });
        let entry = Entry::encode(Kind::Response, "", payload, 1).expect("a short record");
        let query = Query {
            fields: fields.iter().map(|text| text.parse().expect("a selector")).collect(),
            values: values.iter().map(|text| text.parse().expect("a condition")).collect(),
            ..Query::default()
        };
        Finder::new(&query, &schema).find(&entry, "/a.S/Get")
    }

    const SECRET: &str = r#"
        name: "projects/p/secrets/s"
        replication { user_managed { replicas { location: "here" } replicas { location: "there" } } }
        labels { key: "team" value: "red" } labels { key: "a=b" value: "c~d" }
        create_time { seconds: 1 nanos: 500000000 }
        ttl { seconds: 3 }
        version_aliases { key: "v" value: 7 }"#;

    #[test]
    fn fields_are_found_wherever_they_stand() {
        for (selector, expected) in [
            ("name", true),
            ("response:name", true),
            ("request:name", false),
            ("Get:response:name", true),
            ("Set:name", false),
            ("etag", false),
            ("replication", true),
            ("replication.automatic", false),
            ("replication.user_managed.replicas.location", true),
            ("replication.user_managed.replicas[1].location", true),
            ("replication.user_managed.replicas[2]", false),
            ("labels", true),
            ("labels[\"team\"]", true),
            ("labels[\"none\"]", false),
            ("**.location", true),
            ("google.protobuf.Timestamp", true),
            ("google.protobuf.Duration.seconds", true),
            ("google.protobuf.Any", false),
            ("response:", true),
            ("initial:", false),
        ] {
            let found = find(&[selector], &[], "google.cloud.secretmanager.v1.Secret", SECRET);
            assert_eq!(found, Found { field: expected, value: false }, "{selector}");
            let found = find(&["nothing", selector], &[], "google.cloud.secretmanager.v1.Secret", SECRET);
            assert_eq!(found.field, expected, "any of several: {selector}");
        }
    }

    #[test]
    fn values_are_compared_as_they_are_written() {
        let secret = "google.cloud.secretmanager.v1.Secret";
        let version = "google.cloud.secretmanager.v1.SecretVersion";
        let of_version = "state: DISABLED client_specified_payload_checksum: true";
        let odd = "state: 77";
        let wrapped = "google.protobuf.Int64Value";
        let checksum = "google.cloud.secretmanager.v1.SecretPayload";
        let of_checksum = r#"data: "\xff\x00text" data_crc32c: 12345678901"#;
        #[rustfmt::skip]
        let cases: &[(&str, &str, &str, bool)] = &[
            ("name=projects/p/secrets/s", secret, SECRET, true),
            ("name=projects/p/secrets", secret, SECRET, false),
            ("name~secrets/s$", secret, SECRET, true),
            ("name~^secrets", secret, SECRET, false),
            ("replication.user_managed.replicas.location=there", secret, SECRET, true),
            ("replication.user_managed.replicas[0].location=there", secret, SECRET, false),
            ("labels=red", secret, SECRET, true),
            ("labels[\"team\"]=c~d", secret, SECRET, false),
            ("labels[\"a=b\"]=c~d", secret, SECRET, true),
            ("create_time=1970-01-01T00:00:01.500Z", secret, SECRET, true),
            ("create_time~^1970-", secret, SECRET, true),
            ("ttl=3s", secret, SECRET, true),
            ("ttl.seconds=3", secret, SECRET, true),
            ("version_aliases[\"v\"]=7", secret, SECRET, true),
            ("replication=here", secret, SECRET, false),
            ("state=DISABLED", version, of_version, true),
            ("state=2", version, of_version, true),
            ("state=ENABLED", version, of_version, false),
            ("state~^DIS", version, of_version, true),
            ("state=77", version, odd, true),
            ("client_specified_payload_checksum=true", version, of_version, true),
            ("google.protobuf.Int64Value=5", wrapped, "value: 5", true),
            ("value=5", wrapped, "value: 5", true),
            ("value~^5$", wrapped, "value: 55", false),
            ("data~(?-u)\\xff\\x00", checksum, of_checksum, true),
            ("data_crc32c=12345678901", checksum, of_checksum, true),
            ("number_value=1", "google.protobuf.Value", "number_value: 1", true),
            ("number_value=1.0", "google.protobuf.Value", "number_value: 1", true),
            ("number_value=nan", "google.protobuf.Value", "number_value: 1", false),
        ];
        for (condition, message_type, text, expected) in cases {
            let found = find(&[], &[condition], message_type, text);
            assert_eq!(found, Found { field: false, value: *expected }, "{condition} {text}");
        }
    }

    #[test]
    fn values_that_an_enum_lacks_are_told() {
        let schema = testing::schema();
        let version: &[(&str, &[u8])] = &[("google.cloud.secretmanager.v1.SecretVersion", b"\x20\x02")];
        // Its state is an enum, too, which has an ACTIVE.
        let project: (&str, &[u8]) = ("google.cloud.resourcemanager.v3.Project", b"\x20\x01");
        let both = &[version[0], project];
        let flags: &[(&str, &[u8])] = &[("test.All", b"\xaa\x01\x04\x08\x01\x10\x05")];
        let none = |_: &str| Some(None);
        let close = |name: &str| Some(Some(vec![name.to_owned()]));
        for (value, messages, expected) in [
            ("state=ENABLD", version, close("ENABLED")),
            ("state=disabled", version, close("DISABLED")),
            ("state=ACTIVE", version, Some(Some(Vec::new()))),
            ("state=ACTIVE", both, none("another enum has it")),
            ("state=DISABLED", both, none("one has it")),
            ("state=ENABLED", version, none("no value is, and it can be")),
            ("state=7", version, none("numbers need no name")),
            ("state~^X", version, None),
            ("name=x", version, None),
            ("flags=BLEU", flags, close("BLUE")),
            ("flags[true]=RED", flags, none("no value is, and it can be")),
        ] {
            let query = Query { values: vec![value.parse().expect("a condition")], ..Query::default() };
            let mut finder = Finder::new(&query, &schema);
            for (type_url, message) in messages {
                let payload = Payload::Message(Any { type_url, value: message });
                let entry = Entry::encode(Kind::Response, "", payload, 1).expect("a short record");
                finder.find(&entry, "/a.S/Get");
            }
            let asked: Vec<_> = finder.asked_values().collect();
            let found = asked.first().map(|asked| (!asked.is_possible).then(|| asked.close.clone()));
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn what_stands_in_an_any_is_found() {
        let text = r#"details { [type.googleapis.com/google.rpc.ErrorInfo] { reason: "QUOTA" metadata { key: "k" value: "v" } } }
                      details { type_url: "x/no.Such" value: "\001" }"#;
        for (selector, expected) in [
            ("details(google.rpc.ErrorInfo).reason=QUOTA", true),
            ("details[0](google.rpc.*).metadata[\"k\"]=v", true),
            ("details[1](google.rpc.*).metadata[\"k\"]=v", false),
            ("**.reason=QUOTA", true),
            ("google.rpc.ErrorInfo.reason=QUOTA", true),
        ] {
            assert_eq!(find(&[], &[selector], "google.rpc.Status", text).value, expected, "{selector}");
        }
        assert!(find(&["details[1]"], &[], "google.rpc.Status", text).field);
        assert!(!find(&["details[2]"], &[], "google.rpc.Status", text).field);
    }
}
