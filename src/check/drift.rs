//! [`Drift`]: what of a recording other descriptors do not have.

use super::Checks;
use super::finding::{Finding, Found};
use super::look::place_of;
use super::rule::Rule;
use crate::entry::type_name;
use crate::schema::{
    ChangedMessage, Editor, Layout, Opaque, Part, Scalar, Schema, Selected, Spot, Unresolved, Verdict,
};

/// Looks at a message with other descriptors than those that it is known by.
pub(super) struct Drift<'c> {
    pub(super) checks: &'c Checks,
    /// What it is known by, and what it is held against.
    pub(super) known: &'c Schema,
    pub(super) against: &'c Schema,
    pub(super) part: Option<Part>,
    pub(super) found: Vec<Found>,
}

/// Whether descriptors of a service may do without a type: errors, their details, and the well-known types are everybody's.
pub(super) fn is_everybodys(type_name: &str) -> bool {
    ["google.rpc.", "google.protobuf."].iter().any(|package| type_name.starts_with(package))
}

impl Drift<'_> {
    /// Adds a type that they do not have.
    pub(super) fn add_type(&mut self, type_name: &str, path: &str) {
        if self.checks.severity(Rule::DriftType).is_some() && !is_everybodys(type_name) {
            let finding = Finding::new(Rule::DriftType, format!("the type {type_name} is gone"));
            let finding = finding.of_place(place_of(self.part, path));
            self.found.push(Found { finding, once: Some(type_name.to_owned()) });
        }
    }
}

impl Editor for Drift<'_> {
    fn passes(&mut self, _: &Selected<'_>, _: Option<&[u8]>) -> bool {
        true
    }

    fn enters(&mut self, _: &Selected<'_>) -> Option<u32> {
        Some(0)
    }

    fn message(&mut self, _: &Spot<'_>, _: &Layout, _: &[u8], _: &mut Vec<u8>) -> Verdict {
        Verdict::Keep(0)
    }

    fn scalar(&mut self, _: &Spot<'_>, _: Scalar<'_>, _: &mut Vec<u8>) -> Verdict {
        Verdict::Keep(0)
    }

    fn opaque(&mut self, spot: &Spot<'_>, of_type: &str, opaque: Opaque<'_>) {
        match opaque {
            Opaque::Unknown { field } => {
                // What nobody knows is told of as that.
                let known = self.known.resolve(of_type).ok();
                let known = known.and_then(|layout| self.known.layout(layout).field_of_number(field));
                let Some(known) = known.filter(|_| self.checks.severity(Rule::DriftField).is_some()) else { return };
                let name = known.name();
                let against = self.against.resolve(of_type).ok();
                let is_there = against.is_some_and(|id| self.against.layout(id).field_of_number(field).is_some());
                let became = if is_there { "has another type" } else { "is gone" };
                let message = format!("field {name} ({field}) of {of_type} {became}");
                let path = spot.path_without_keys();
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                let place = place_of(self.part, &path);
                let finding = Finding::new(Rule::DriftField, message).of_place(place);
                self.found.push(Found { finding, once: Some(format!("{of_type} {field}")) });
            }
            Opaque::Unresolved { type_url, reason: Unresolved::Unknown(_) } => {
                if self.known.resolve(type_url).is_ok() {
                    self.add_type(type_name(type_url), &spot.path_without_keys());
                }
            }
            Opaque::Unresolved { .. } | Opaque::OddAny { .. } => {}
        }
    }

    fn changed(&mut self, _: &Spot<'_>, _: &mut ChangedMessage<'_, '_>) {}
}
