//! What an expression can call: the functions of cel, and our own for what those need other crates for.

use std::any::Any;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use cel::common::functions::Function;
use cel::common::types::{CelBool, CelInt, CelList, CelString, INT_TYPE, LIST_TYPE, STRING_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Context, Env, ExecutionError};
use regex::Regex;
use rustc_hash::FxHashMap;

use super::moment::{MOMENT_TYPE, Moment, SPAN_TYPE, Span};
use super::values::{MapValue, is_same_key};

/// The function that makes a map of keys and values in turns. No expression can name it.
pub(super) const MAKE_MAP: &str = "@map";

/// The functions that expressions call by name, and with how many arguments, at least and at most; of those that are called
/// on a value that one counts.
pub(super) const FUNCTIONS: [(&str, usize, usize); 15] = [
    ("size", 1, 1),
    ("int", 1, 1),
    ("uint", 1, 1),
    ("double", 1, 1),
    ("string", 1, 1),
    ("bytes", 1, 1),
    ("bool", 1, 1),
    ("type", 1, 1),
    ("dyn", 1, 1),
    ("timestamp", 1, 1),
    ("duration", 1, 1),
    ("matches", 2, 2),
    ("contains", 2, 2),
    ("startsWith", 2, 2),
    ("endsWith", 2, 2),
];

/// Those that can stand alone, in front of their arguments.
pub(super) const GLOBAL: [&str; 12] =
    ["size", "int", "uint", "double", "string", "bytes", "bool", "type", "dyn", "timestamp", "duration", "matches"];

/// Those that can stand behind the value that they are called on.
pub(super) const MEMBERS: [&str; 5] = ["size", "matches", "contains", "startsWith", "endsWith"];

/// A regular expression that is written in an expression.
#[derive(Debug, Clone)]
pub(super) struct Pattern(pub Regex);

static PATTERN_TYPE: Type = Type::new_unspecified_type("regex");

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        &PATTERN_TYPE
    }

    fn cel_type() -> &'static Type {
        &PATTERN_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}

/// What all expressions are evaluated in.
pub(super) static CONTEXT: LazyLock<Context<'static, 'static>> =
    LazyLock::new(|| Context::with_env(Arc::new(environment())));

fn environment() -> Env {
    let mut env = Env::default().with_optional_support(false).with_stdlib();
    let globals: [(&str, &str, Vec<Type>, Function); 10] = [
        (MAKE_MAP, "make_map", vec![LIST_TYPE], make_map),
        ("timestamp", "timestamp_of_string", vec![STRING_TYPE], timestamp),
        ("timestamp", "timestamp_of_int", vec![INT_TYPE], timestamp),
        ("timestamp", "timestamp_of_timestamp", vec![MOMENT_TYPE.to_owned()], first),
        ("duration", "duration_of_string", vec![STRING_TYPE], duration),
        ("duration", "duration_of_duration", vec![SPAN_TYPE.to_owned()], first),
        ("int", "int_of_timestamp", vec![MOMENT_TYPE.to_owned()], seconds),
        ("int", "int_of_duration", vec![SPAN_TYPE.to_owned()], seconds),
        ("matches", "matches_pattern", vec![STRING_TYPE, PATTERN_TYPE.to_owned()], matches_pattern),
        ("matches", "matches_string", vec![STRING_TYPE, STRING_TYPE], matches_string),
    ];
    for (name, id, arguments, function) in globals {
        env.add_overload(name, id, arguments, function).expect("cel has no such function of its own");
    }
    let members: [(&str, Type, Function); 2] = [
        ("member_matches_pattern", PATTERN_TYPE.to_owned(), matches_pattern),
        ("member_matches_string", STRING_TYPE, matches_string),
    ];
    for (id, pattern, function) in members {
        let added = env.add_member_overload("matches", id, STRING_TYPE, vec![pattern], function);
        added.expect("cel has no such function of its own");
    }
    env
}

fn first<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    arguments.into_iter().next().ok_or_else(ExecutionError::missing_argument_or_target)
}

fn make_map<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let list = first(arguments)?;
    let list = list.downcast_ref::<CelList>().ok_or_else(ExecutionError::missing_argument_or_target)?;
    let mut entries: Vec<(Box<dyn Val + 'v>, Box<dyn Val + 'v>)> = Vec::new();
    for pair in list.inner().chunks_exact(2) {
        let is_key = ["string", "int", "uint", "bool"].contains(&pair[0].get_type().name());
        if !is_key {
            let message = format!("a {} can't be the key of a map", pair[0].get_type().name());
            return Err(ExecutionError::function_error("{}", message));
        }
        if entries.iter().any(|(key, _)| is_same_key(&**key, &*pair[0])) {
            return Err(ExecutionError::function_error("{}", "a key stands twice in the map"));
        }
        entries.push((pair[0].clone(), pair[1].clone()));
    }
    Ok(CowVal::owned(MapValue(entries)))
}

fn timestamp<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = first(arguments)?;
    if let Some(seconds) = value.downcast_ref::<CelInt>() {
        return Ok(CowVal::owned(Moment { seconds: *seconds.inner(), nanos: 0 }));
    }
    let text = value.downcast_ref::<CelString>().and_then(|text| Moment::parse(text.inner()));
    let wrong = || ExecutionError::function_error("timestamp", "the text is no time of RFC 3339");
    text.map(CowVal::owned).ok_or_else(wrong)
}

fn duration<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = first(arguments)?;
    let text = value.downcast_ref::<CelString>().and_then(|text| Span::parse(text.inner()));
    let wrong = || ExecutionError::function_error("duration", "the text is no duration such as 1h30m");
    text.map(CowVal::owned).ok_or_else(wrong)
}

fn seconds<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = first(arguments)?;
    let moment = value.downcast_ref::<Moment>().map(|moment| moment.seconds);
    let seconds = moment.or_else(|| value.downcast_ref::<Span>().map(|span| span.seconds));
    Ok(CowVal::owned(CelInt::from(seconds.unwrap_or_default())))
}

fn matches_pattern<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [text, pattern] = arguments.as_slice() else { return Err(ExecutionError::missing_argument_or_target()) };
    match (text.downcast_ref::<CelString>(), pattern.downcast_ref::<Pattern>()) {
        (Some(text), Some(pattern)) => Ok(CowVal::owned(CelBool::from(pattern.0.is_match(text.inner())))),
        _ => Err(ExecutionError::missing_argument_or_target()),
    }
}

/// How many regular expressions are remembered that stand in messages.
const REMEMBERED_PATTERNS: usize = 64;

fn matches_string<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    thread_local! {
        static PATTERNS: RefCell<FxHashMap<String, Option<Regex>>> = RefCell::default();
    }
    let [text, pattern] = arguments.as_slice() else { return Err(ExecutionError::missing_argument_or_target()) };
    let (Some(text), Some(pattern)) = (text.downcast_ref::<CelString>(), pattern.downcast_ref::<CelString>()) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let is_match = PATTERNS.with_borrow_mut(|patterns| {
        if !patterns.contains_key(pattern.inner()) {
            if patterns.len() == REMEMBERED_PATTERNS {
                patterns.clear();
            }
            patterns.insert(pattern.inner().to_owned(), compile(pattern.inner()).ok());
        }
        let known = patterns.get(pattern.inner())?.as_ref()?;
        Some(known.is_match(text.inner()))
    });
    let wrong = || ExecutionError::function_error("matches", "the pattern is no regular expression");
    is_match.map(|is_match| CowVal::owned(CelBool::from(is_match))).ok_or_else(wrong)
}

/// Compiles a regular expression, which may take no more than a megabyte.
pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(pattern).size_limit(1 << 20).build()
}
