//! What is said where the paths of an expression lead nowhere.

use super::compile::UsedPath;
use super::error::ExpressionError;
use crate::close::close_names;
use crate::schema::{FieldPath, PathFault, PathFaultKind, PathLink, Schema, ValueClass, check_paths};

/// Compares the paths of an expression with the descriptors.
///
/// # Errors
///
/// The first path that no message type has.
pub(super) fn check(text: &str, used: &[UsedPath], schema: &Schema) -> Result<(), ExpressionError> {
    let paths: Vec<FieldPath> = used.iter().map(|used| used.path.clone()).collect();
    check_paths(schema, &paths).map_err(|fault| explain(text, &used[fault.path], fault))
}

fn explain(text: &str, used: &UsedPath, fault: PathFault) -> ExpressionError {
    let PathFault { link, kind, .. } = fault;
    let place = used.places.get(link).unwrap_or(&used.place).clone();
    match kind {
        PathFaultKind::NoField(known) => {
            let Some(PathLink::Field(name)) = used.path.links.get(link) else {
                return ExpressionError::new(text, place, "this leads nowhere");
            };
            let is_first = used.path.links[..link].iter().all(|link| !matches!(link, PathLink::Field(_)));
            let whose = if is_first { "no message type has" } else { "no message type that this leads to has" };
            let error = ExpressionError::new(text, place, format!("{whose} a field `{name}`"));
            if let Some((proto_name, _)) = known.iter().find(|(proto_name, json)| json == name && proto_name != name) {
                return error.with_hint(format!("fields have the names of the .proto file: {proto_name}"));
            }
            let close = close_names(name, known.iter().map(|(name, _)| name.as_str()));
            if !close.is_empty() {
                return error.with_hint(format!("close to it: {}", close.join(", ")));
            }
            const SHOWN: usize = 12;
            if !known.is_empty() && known.len() <= SHOWN {
                let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
                return error.with_hint(format!("there are {}", names.join(", ")));
            }
            error
        }
        PathFaultKind::NoMessage(what) => {
            let Some(PathLink::Field(name)) = used.path.links.get(link) else {
                return ExpressionError::new(text, place, format!("{what} has no fields"));
            };
            let error = ExpressionError::new(text, place, format!("{what} has no field `{name}`"));
            match what.as_str() {
                "a list" => error.with_hint(format!("an element has: x[0].{name}, or x.exists(e, e.{name} == …)")),
                "a timestamp" => error.with_hint("times are compared with timestamp(\"2026-11-21T08:00:00Z\")"),
                "a duration" => error.with_hint("durations are compared with duration(\"1h30m\")"),
                _ => error,
            }
        }
        PathFaultKind::NoContainer(what) => ExpressionError::new(text, place, format!("{what} has no elements")),
        PathFaultKind::NotOfClass(what) => not_of_class(text, used, &what),
    }
}

fn not_of_class(text: &str, used: &UsedPath, what: &str) -> ExpressionError {
    let path = &text[used.place.clone()];
    let Some(class) = used.path.class else { return ExpressionError::new(text, used.place.clone(), what) };
    let Some(other) = used.other.clone() else {
        return match class {
            ValueClass::Bool => {
                let message = format!("expected a condition, found {what}");
                let error = ExpressionError::new(text, used.place.clone(), message);
                match what {
                    "a message" => error.with_hint(format!("whether it is set is has({path})")),
                    "a string" | "an enum" => error.with_hint(format!("such as {path} == \"…\" or {path} != \"\"")),
                    "a number" => error.with_hint(format!("such as {path} == 1")),
                    _ => error,
                }
            }
            _ => {
                let message = format!("expected {}, found {what}", class.describe());
                ExpressionError::new(text, used.place.clone(), message)
            }
        };
    };
    let message = format!("`{path}` is {what}, which is never equal to {}", class.describe());
    let error = ExpressionError::new(text, other.clone(), message);
    let literal = &text[other];
    match (what, class) {
        (what, ValueClass::Number) if what.contains("an enum") => {
            let hint = "enums are compared with their names, such as \"ACTIVE\", and numbers that have none";
            error.with_hint(format!("{hint} behind dyn({path})"))
        }
        ("an enum", _) => error.with_hint("enums are compared with their names, such as \"ACTIVE\""),
        ("a timestamp", ValueClass::String) => error.with_hint(format!("write timestamp({literal})")),
        ("a duration", ValueClass::String) => error.with_hint(format!("write duration({literal})")),
        ("bytes", ValueClass::String) => error.with_hint(format!("bytes have a b in front: b{literal}")),
        ("a string", ValueClass::Number) => error.with_hint(format!("strings stand in quotes: \"{literal}\"")),
        ("a number", ValueClass::String) => error.with_hint("numbers stand without quotes"),
        ("a bool", ValueClass::String) => error.with_hint("true and false stand without quotes"),
        ("a list" | "a map", ValueClass::Number) => {
            error.with_hint(format!("how many elements it has is size({path})"))
        }
        ("a list", _) => error.with_hint(format!("whether it has an element is {literal} in {path}")),
        ("a map", _) => error.with_hint(format!("whether it has a key is {literal} in {path}")),
        _ => error,
    }
}
