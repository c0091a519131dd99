//! From the text of a selector to its steps.

use std::fmt;

use super::{Part, Pattern, Selector, Step};
use crate::glob::Glob;
use crate::schema::prototext::read_string;

/// Why a text is no selector, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectorError {
    /// The character, counted from 1.
    column: usize,
    message: String,
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.column, self.message)
    }
}

impl std::error::Error for SelectorError {}

/// How many steps a path may have. Messages may nest deeper, which `**` reaches.
const STEPS_LIMIT: usize = 1000;

pub(super) fn parse(text: &str) -> Result<Selector, SelectorError> {
    let at = |offset: usize, message: String| SelectorError { column: text[..offset].chars().count() + 1, message };
    // Colons may stand in the keys of maps.
    let head = &text[..text.find(['[', '(']).unwrap_or(text.len())];
    let path_at = head.rfind(':').map_or(0, |colon| colon + 1);
    let prefix: Vec<&str> = if path_at == 0 { Vec::new() } else { head[..path_at - 1].split(':').collect() };
    let part_of = |name: &str| Part::ALL.into_iter().find(|part| part.name() == name);
    let (method, part) = match *prefix.as_slice() {
        [] => (None, None),
        [name] => match part_of(name) {
            Some(part) => (None, Some(part)),
            None => (Some((name, 0)), None),
        },
        [method, name] => match part_of(name) {
            Some(part) => (Some((method, 0)), Some(part)),
            None => return Err(at(method.len() + 1, unknown_part(name))),
        },
        [method, part, ..] => {
            let offset = method.len() + 1 + part.len() + 1;
            return Err(at(offset, "expected a path; only a method and a part stand in front of one".to_owned()));
        }
    };
    let method = match method {
        Some(("", offset)) => {
            return Err(at(offset, "expected a pattern for methods in front of the colon".to_owned()));
        }
        Some((name, offset)) => Some(name.parse::<Glob>().map_err(|error| at(offset, error.to_string()))?),
        None => None,
    };
    let path = &text[path_at..];
    if path.is_empty() && part.is_none() && method.is_none() {
        return Err(at(path_at, "expected a path, such as `response:update_time`".to_owned()));
    }
    let pattern = match part {
        Some(Part::Metadata) => {
            let keys = if path.is_empty() { "*".to_owned() } else { path.to_ascii_lowercase() };
            Pattern::Metadata(keys.parse::<Glob>().map_err(|error| at(path_at, error.to_string()))?)
        }
        None if is_type(path) => type_pattern(path).map_err(|(offset, message)| at(path_at + offset, message))?,
        _ => Pattern::Path(steps(path).map_err(|(offset, message)| at(path_at + offset, message))?),
    };
    if part == Some(Part::Initial) && (method.is_some() || !path.is_empty()) {
        return Err(at(path_at, "the initial state belongs to no method and has no fields".to_owned()));
    }
    Ok(Selector { text: text.to_owned(), method, part, pattern })
}

fn unknown_part(found: &str) -> String {
    let known: Vec<_> = Part::ALL.iter().map(|part| part.name()).collect();
    format!("found `{}`, expected one of {}", found.escape_debug(), known.join(", "))
}

fn is_capital(part: &str) -> bool {
    part.trim_start_matches(['*', '?']).starts_with(|first: char| first.is_ascii_uppercase())
}

/// Whether a path is that of a type.
fn is_type(path: &str) -> bool {
    !path.contains(['[', '(', ')', ']']) && !path.contains("**") && path.split('.').any(is_capital)
}

fn type_pattern(path: &str) -> Result<Pattern, (usize, String)> {
    if let Some(empty) = path.split('.').position(str::is_empty) {
        let offset = path.split('.').take(empty).map(|part| part.len() + 1).sum();
        return Err((offset, "expected a name".to_owned()));
    }
    let (message, field) = match path.rsplit_once('.') {
        Some((message, field)) if !is_capital(field) => (message, Some(field)),
        _ => (path, None),
    };
    let glob = |text: &str| text.parse::<Glob>().map_err(|error| (0, error.to_string()));
    Ok(Pattern::Type { message: glob(message)?, field: field.map(glob).transpose()? })
}

fn steps(path: &str) -> Result<Vec<Step>, (usize, String)> {
    let mut steps = Vec::new();
    let mut at = 0;
    // Whether a name must come: behind a dot.
    let mut wants_name = false;
    while at < path.len() || wants_name {
        if steps.len() == STEPS_LIMIT {
            return Err((at, format!("more than {STEPS_LIMIT} steps")));
        }
        let rest = &path[at..];
        let closed = |close: char| rest.find(close).ok_or_else(|| (at, format!("`{}` is not closed", &rest[..1])));
        if rest.starts_with('[') && !wants_name {
            let (step, end) = bracket(path, at)?;
            steps.push(step);
            at = end;
        } else if rest.starts_with('(') {
            let end = closed(')')?;
            let name = rest[1..end].parse::<Glob>();
            steps.push(Step::Message(name.map_err(|_| (at + 1, "expected the name of a message type".to_owned()))?));
            at += end + 1;
        } else if rest.starts_with('[') {
            // An extension behind a dot.
            let end = closed(']')?;
            steps.push(extension(&rest[1..end]).ok_or_else(|| (at + 1, NO_EXTENSION.to_owned()))?);
            at += end + 1;
        } else {
            let end = rest.find(['.', '[', '(']).unwrap_or(rest.len());
            let name = &rest[..end];
            let odd = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '*' | '?'));
            if let Some(found) = name.find(odd) {
                let found = at + found;
                let character = path[found..].chars().next().unwrap_or_default();
                return Err((found, format!("found `{}`, expected a name", character.escape_debug())));
            }
            steps.push(match name {
                "" => return Err((at, "expected a name".to_owned())),
                "**" => Step::Deep,
                name => Step::Field(name.parse::<Glob>().map_err(|error| (at, error.to_string()))?),
            });
            at += end;
        }
        wants_name = path[at..].starts_with('.');
        if wants_name {
            at += 1;
        } else if at < path.len() && !path[at..].starts_with(['[', '(']) {
            let character = path[at..].chars().next().unwrap_or_default();
            return Err((at, format!("found `{}`, expected `.`, `[` or `(`", character.escape_debug())));
        }
    }
    Ok(steps)
}

const NO_EXTENSION: &str = "expected a number, `*`, a key in quotes, or the full name of an extension";

/// Reads what stands between brackets, and says where it ends.
fn bracket(path: &str, at: usize) -> Result<(Step, usize), (usize, String)> {
    let inside = &path[at + 1..];
    if inside.starts_with('"') {
        let (key, end) = read_string(path.as_bytes(), at + 1).map_err(|(at, message)| (at.min(path.len()), message))?;
        if path.as_bytes().get(end) != Some(&b']') {
            return Err((end.min(path.len()), "expected `]` behind the key".to_owned()));
        }
        return Ok((Step::Key(key), end + 1));
    }
    let end = inside.find(']').ok_or_else(|| (at, "`[` is not closed".to_owned()))?;
    let step = match &inside[..end] {
        "*" => Step::AnyElement,
        word @ ("true" | "false") => Step::Key(word.into()),
        word => match word.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => extension(word).ok_or_else(|| (at + 1, NO_EXTENSION.to_owned()))?,
        },
    };
    Ok((step, at + 1 + end + 1))
}

fn extension(name: &str) -> Option<Step> {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    (name.contains('.') && name.split('.').all(is_name)).then(|| Step::Extension(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Step {
        Step::Field(name.parse().expect("a name"))
    }

    fn message(name: &str) -> Step {
        Step::Message(name.parse().expect("a name"))
    }

    #[test]
    fn paths_have_steps() {
        for (text, expected) in [
            ("a", vec![field("a")]),
            ("request:a.b", vec![field("a"), field("b")]),
            ("response:", vec![]),
            ("Get*:", vec![]),
            ("send:list[3].x[*]", vec![field("list"), Step::Index(3), field("x"), Step::AnyElement]),
            ("m[\"a:\\\"b\\x41\"].v", vec![field("m"), Step::Key(b"a:\"bA".to_vec()), field("v")]),
            ("m[-3][true]", vec![field("m"), Step::Index(-3), Step::Key(b"true".to_vec())]),
            ("status:details(google.rpc.DebugInfo)", vec![field("details"), message("google.rpc.DebugInfo")]),
            ("details.(google.rpc.*).x", vec![field("details"), message("google.rpc.*"), field("x")]),
            ("**.*_time", vec![Step::Deep, field("*_time")]),
            ("a.**", vec![field("a"), Step::Deep]),
            ("a.[test.note]", vec![field("a"), Step::Extension("test.note".to_owned())]),
            ("[test.note].b", vec![Step::Extension("test.note".to_owned()), field("b")]),
            ("response:Data.x", vec![field("Data"), field("x")]),
        ] {
            let selector = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(selector.pattern, Pattern::Path(expected), "{text}");
            assert_eq!(selector.to_string(), text);
        }
    }

    #[test]
    fn types_have_capitals() {
        let glob = |text: &str| text.parse::<Glob>().expect("a pattern");
        for (text, expected, expected_field) in [
            ("google.protobuf.Timestamp", "google.protobuf.Timestamp", None),
            ("google.pubsub.v1.Topic.name", "google.pubsub.v1.Topic", Some("name")),
            ("*Request.page_token", "*Request", Some("page_token")),
            ("Get*:a.Outer.Inner", "a.Outer.Inner", None),
        ] {
            let pattern = parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).pattern;
            assert_eq!(pattern, Pattern::Type { message: glob(expected), field: expected_field.map(glob) }, "{text}");
        }
    }

    #[test]
    fn metadata_has_keys() {
        for (text, keys, method) in [
            ("metadata:", "*", None),
            ("metadata:x-goog-*", "x-goog-*", None),
            ("Get*:metadata:Trace-Bin", "trace-bin", Some("Get*")),
        ] {
            let selector = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(selector.pattern, Pattern::Metadata(keys.parse().expect("a pattern")), "{text}");
            assert_eq!(selector.method.as_ref().map(Glob::as_str), method);
            assert!(selector.selects_metadata("/a.B/Get", &keys.replace('*', "Anything")), "{text}");
            assert_eq!(selector.selects_metadata("/a.B/List", keys), method.is_none());
            assert_eq!(selector.selects_metadata("/a.B/Get", "other"), keys == "*");
        }
        assert!(!parse("**").expect("a path").selects_metadata("/a.B/Get", "authorization"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected) in [
            ("", "character 1: expected a path, such as `response:update_time`"),
            (":a", "character 1: expected a pattern for methods in front of the colon"),
            (
                "Get:reply:a",
                "character 5: found `reply`, expected one of request, response, send, recv, status, initial, metadata",
            ),
            ("a:request:b:c", "character 11: expected a path; only a method and a part stand in front of one"),
            ("a..b", "character 3: expected a name"),
            ("a.", "character 3: expected a name"),
            ("é.ü b", "character 4: found ` `, expected a name"),
            ("a[", "character 2: `[` is not closed"),
            ("a[x]", "character 3: expected a number, `*`, a key in quotes, or the full name of an extension"),
            ("a[\"x]", "character 6: the text ends too early"),
            ("a[\"x\"", "character 6: expected `]` behind the key"),
            ("a[1]b", "character 5: found `b`, expected `.`, `[` or `(`"),
            ("a()", "character 3: expected the name of a message type"),
            ("a(b", "character 2: `(` is not closed"),
            ("a)b", "character 2: found `)`, expected a name"),
            ("Foo..Bar", "character 5: expected a name"),
            ("initial:a", "character 9: the initial state belongs to no method and has no fields"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }
}
