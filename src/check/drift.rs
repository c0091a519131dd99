//! [`Drift`]: what of a recording other descriptors do not have.

use std::collections::{HashMap, HashSet};

use super::Checks;
use super::finding::Finding;
use super::look::place_of;
use super::rule::Rule;
use crate::entry::type_name;
use crate::schema::{
    ChangedMessage, Editor, Field, Layout, Opaque, Part, Scalar, Schema, Selected, Shape, Splicer, Spot, Target, Type,
    Unresolved, Verdict,
};
use crate::unnamed;
use crate::wire::{Cursor, Groups};

/// Looks at messages with other descriptors than those that they are known by.
pub(super) struct Drift<'c> {
    checks: &'c Checks,
    /// What they are known by, and what they are held against.
    known: &'c Schema,
    against: &'c Schema,
    /// By message type: its fields that both know, and that are not the same in both.
    changed: HashMap<String, Vec<Changed>>,
}

/// A field that is not what it was.
#[derive(Debug, Clone)]
struct Changed {
    number: u32,
    name: String,
    /// What became of it.
    became: String,
    /// Whether it only has another name.
    is_renamed: bool,
}

/// Whether descriptors of a service may do without a type: errors, their details, and the well-known types are everybody's.
pub(super) fn is_everybodys(type_name: &str) -> bool {
    ["google.rpc.", "google.protobuf."].iter().any(|package| type_name.starts_with(package))
}

impl<'c> Drift<'c> {
    pub(super) fn new(checks: &'c Checks, known: &'c Schema, against: &'c Schema) -> Self {
        Drift { checks, known, against, changed: HashMap::new() }
    }

    /// Looks whether the type of a message is gone.
    pub(super) fn look_for_type(&self, type_url: &str, part: Option<Part>, found: &mut Vec<Finding>) {
        if self.against.resolve(type_url).is_err() {
            found.extend(self.type_is_gone(unnamed::name(type_url), &place_of(part, "")));
        }
    }

    /// Looks at what stands in a message, of which a text recording has the names of fields.
    pub(super) fn look_inside(
        &mut self,
        splicer: &mut Splicer<'_>,
        (type_url, target): (&str, &Target<'_>),
        is_text: bool,
        found: &mut Vec<Finding>,
    ) {
        let Ok(layout) = self.against.resolve(type_url) else { return };
        let mut editor = DriftEditor { part: target.part, is_text, told: HashSet::new(), found, drift: self };
        // What can't be read was told of.
        let _ = splicer.run(&Target { layout, ..target.clone() }, &mut editor);
    }

    fn type_is_gone(&self, type_name: &str, place: &str) -> Option<Finding> {
        (self.checks.severity(Rule::DriftType).is_some() && !is_everybodys(type_name)).then(|| {
            let finding = Finding::new(Rule::DriftType, format!("the type {type_name} is gone"));
            finding.of_place(place).about(type_name)
        })
    }

    /// The fields of a type that are not what they were.
    fn changed(&mut self, layout: &Layout) -> &[Changed] {
        let (known, against) = (self.known, self.against);
        self.changed.entry(layout.full_name().to_owned()).or_insert_with(|| {
            let Ok(before) = known.resolve(layout.full_name()) else { return Vec::new() };
            let changed = |field: &Field| {
                let before = known.layout(before).field_of_number(field.number())?;
                let (was, is) = (type_of(known, before), type_of(against, field));
                let is_renamed = was == is;
                let became = match is_renamed {
                    true if before.name() == field.name() => return None,
                    true => format!("is called {}", field.name()),
                    false => format!("was of type {was} and is of type {is}"),
                };
                Some(Changed { number: field.number(), name: before.name().to_owned(), became, is_renamed })
            };
            layout.fields().iter().filter_map(changed).collect()
        })
    }
}

/// The type of a field as a `.proto` file has it.
fn type_of(schema: &Schema, field: &Field) -> String {
    match field.shape() {
        Shape::Singular => type_of_value(schema, field.ty()),
        Shape::List { .. } => format!("repeated {}", type_of_value(schema, field.ty())),
        Shape::Map(map) => {
            format!("map<{}, {}>", type_of_value(schema, map.key.ty()), type_of_value(schema, map.value.ty()))
        }
    }
}

fn type_of_value(schema: &Schema, ty: &Type) -> String {
    match ty {
        Type::Message(id) => schema.layout(*id).full_name().to_owned(),
        Type::Group(id) => format!("group {}", schema.layout(*id).full_name()),
        Type::Enum(names) => names.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

/// Looks at one message.
struct DriftEditor<'d, 'c> {
    part: Option<Part>,
    is_text: bool,
    /// What was told of this message.
    told: HashSet<String>,
    found: &'d mut Vec<Finding>,
    drift: &'d mut Drift<'c>,
}

impl DriftEditor<'_, '_> {
    fn field(&mut self, spot: &Spot<'_>, of_type: &str, number: u32, name: &str, became: &str) {
        let about = format!("{of_type} {number}");
        if self.drift.checks.severity(Rule::DriftField).is_none() || !self.told.insert(about.clone()) {
            return;
        }
        let path = spot.path_without_keys();
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let finding = Finding::new(Rule::DriftField, format!("field {name} ({number}) of {of_type} {became}"));
        self.found.push(finding.of_place(place_of(self.part, &path)).about(about));
    }
}

impl Editor for DriftEditor<'_, '_> {
    fn passes(&mut self, _: &Selected<'_>, _: Option<&[u8]>) -> bool {
        true
    }

    fn enters(&mut self, _: &Selected<'_>) -> Option<u32> {
        None
    }

    fn message(&mut self, spot: &Spot<'_>, layout: &Layout, content: &[u8], _: &mut Vec<u8>) -> Verdict {
        let is_text = self.is_text;
        let changed = self.drift.changed(layout).iter().filter(|changed| is_text || !changed.is_renamed);
        let changed: Vec<Changed> = changed.cloned().collect();
        if !changed.is_empty() {
            let (mut cursor, mut groups) = (Cursor::new(content, 0..content.len()), Groups::default());
            while !cursor.is_at_end() {
                let Ok((tag, _)) = cursor.field(&mut groups) else { break };
                if let Some(changed) = changed.iter().find(|changed| changed.number == tag.number()) {
                    self.field(spot, layout.full_name(), changed.number, &changed.name, &changed.became);
                }
            }
        }
        Verdict::Keep(0)
    }

    fn scalar(&mut self, _: &Spot<'_>, _: Scalar<'_>, _: &mut Vec<u8>) -> Verdict {
        Verdict::Keep(0)
    }

    fn opaque(&mut self, spot: &Spot<'_>, of_type: &str, opaque: Opaque<'_>) {
        match opaque {
            Opaque::Unknown { field } => {
                let (known, against) = (self.drift.known, self.drift.against);
                let is_there =
                    against.resolve(of_type).is_ok_and(|id| against.layout(id).field_of_number(field).is_some());
                // What nobody knows is told of as that, and what is there has another type.
                let layout = known.resolve(of_type).ok().filter(|_| !is_there);
                let Some(name) = layout.and_then(|id| known.layout(id).field_of_number(field)).map(Field::name) else {
                    return;
                };
                self.field(spot, of_type, field, name, "is gone");
            }
            Opaque::Unresolved { type_url, reason: Unresolved::Unknown(_) } => {
                if self.drift.known.resolve(type_url).is_ok() {
                    let place = place_of(self.part, &spot.path_without_keys());
                    self.found.extend(self.drift.type_is_gone(type_name(type_url), &place));
                }
            }
            Opaque::Unresolved { .. } | Opaque::OddAny { .. } | Opaque::Malformed { .. } => {}
        }
    }

    fn changed(&mut self, _: &Spot<'_>, _: &mut ChangedMessage<'_, '_>) {}
}
