//! Paths of names, compared with what the sources define: whether there are message types that have such fields.
//!
//! Definitions are read from the files as they stand in their source, as in [`definitions`](super::definitions), in one
//! pass, and of each message only the fields are kept that the paths name. The sources are asked in their order, and the
//! built-in bundle, which takes forty milliseconds, only if those before it do not have all of the paths.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Schema;
use super::definitions::is_map_entry;
use super::fields::fields;
use super::tag;

/// A way through messages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldPath {
    pub start: PathStart,
    pub links: Vec<PathLink>,
    /// What the value must be, if that is known.
    pub class: Option<ValueClass>,
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathStart {
    /// A message of any type.
    AnyMessage,
    /// A list of messages of any types.
    Messages,
    /// A `google.rpc.Status`.
    Status,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathLink {
    /// To the field with a name, or to the value of a map at such a key.
    Field(String),
    /// To an element of a list, or a value of a map.
    Index,
    /// To an element of a list, or a key of a map.
    Iterate,
}

/// A kind of values that are equal to none of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ValueClass {
    Number,
    String,
    Bytes,
    Bool,
    Timestamp,
    Duration,
}

impl ValueClass {
    /// What it is, for a sentence.
    pub fn describe(self) -> &'static str {
        match self {
            ValueClass::Number => "a number",
            ValueClass::String => "a string",
            ValueClass::Bytes => "bytes",
            ValueClass::Bool => "a bool",
            ValueClass::Timestamp => "a timestamp",
            ValueClass::Duration => "a duration",
        }
    }
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathFault {
    /// Which of the paths.
    pub path: usize,
    /// Which of its links; that behind the last one if what it leads to is of a wrong class.
    pub link: usize,
    pub kind: PathFaultKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathFaultKind {
    /// No message that the path reaches has such a field. These are the names of those that they have, each with its name in
    /// JSON.
    NoField(BTreeSet<(String, String)>),
    /// What the path reaches, which has no fields.
    NoMessage(String),
    /// What the path reaches, which has no elements.
    NoContainer(String),
    /// What the path leads to, which is never equal to the class that it should be of.
    NotOfClass(String),
}

/// How deep nested messages are looked at; prost decodes no more than that either.
const DEPTH_LIMIT: usize = 100;

/// Of how many messages that a path reaches the names of fields are listed, where it asks for one that none of them has.
const NAMED_MESSAGES: usize = 64;

/// After how many files of a source the paths are looked at first, while more of them may follow; then after so many times as
/// many.
const FIRST_LOOK_FILES: usize = 64;

/// Checks paths, and returns what is wrong with the first that no source has.
pub(crate) fn check_paths(schema: &Schema, paths: &[FieldPath]) -> Result<(), PathFault> {
    let mut collected = Collected::new(paths);
    let Err(mut fault) = collected.check(paths) else { return Ok(()) };
    let sources = schema.sources_of_descriptors();
    for source in 0..sources.summaries().count() {
        let mut next_look = FIRST_LOOK_FILES;
        for (number, file) in (1..).zip(sources.files_of(source)) {
            collected.add_file(&file);
            if number == next_look {
                next_look *= FIRST_LOOK_FILES.ilog2() as usize;
                if collected.check(paths).is_ok() {
                    return Ok(());
                }
            }
        }
        match collected.check(paths) {
            Ok(()) => return Ok(()),
            Err(found) => fault = found,
        }
    }
    if let PathFaultKind::NoField(names) = &mut fault.kind {
        let path = &paths[fault.path];
        let wanted = match path.links.get(fault.link) {
            Some(PathLink::Field(name)) => name,
            Some(PathLink::Index | PathLink::Iterate) | None => "",
        };
        *names = collected.names(schema, &collected.reached(path, fault.link), wanted);
    }
    Err(fault)
}

/// A field, as far as paths go through it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Declared {
    is_repeated: bool,
    /// Its number in `FieldDescriptorProto.Type`, 0 if the file does not say.
    kind: i32,
    /// The full name with a dot in front, or one as it is written.
    type_name: String,
}

impl Declared {
    fn read(field: &[u8]) -> Declared {
        let mut declared = Declared { is_repeated: false, kind: 0, type_name: String::new() };
        for part in fields(field).flatten() {
            match part.number {
                tag::FIELD_LABEL => declared.is_repeated = part.int() == LABEL_REPEATED,
                tag::FIELD_TYPE => declared.kind = part.int(),
                tag::FIELD_TYPE_NAME => declared.type_name = part.text().to_owned(),
                _ => {}
            }
        }
        declared
    }
}

/// Numbers of `descriptor.proto`.
const LABEL_REPEATED: i32 = 3;
const TYPE_BOOL: i32 = 8;
const TYPE_STRING: i32 = 9;
const TYPE_GROUP: i32 = 10;
const TYPE_MESSAGE: i32 = 11;
const TYPE_BYTES: i32 = 12;
const TYPE_ENUM: i32 = 14;

/// What a path has reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Reached {
    Class(ValueClass),
    Enum,
    /// A message of a type.
    Message(String),
    AnyMessage,
    List(Box<Reached>),
    Map(ValueClass, Box<Reached>),
    /// What is not known, and may be anything.
    Open,
}

impl Reached {
    fn describe(&self) -> &'static str {
        match self {
            Reached::Class(class) => class.describe(),
            Reached::Enum => "an enum",
            Reached::Message(_) | Reached::AnyMessage => "a message",
            Reached::List(_) => "a list",
            Reached::Map(..) => "a map",
            Reached::Open => "a value",
        }
    }

    fn can_be(&self, class: ValueClass) -> bool {
        match self {
            Reached::Class(found) => *found == class,
            Reached::Enum => class == ValueClass::String,
            Reached::Open => true,
            Reached::Message(_) | Reached::AnyMessage | Reached::List(_) | Reached::Map(..) => false,
        }
    }
}

/// What the files that were looked at say of the names in some paths.
struct Collected {
    /// The names in the paths.
    wanted: FxHashSet<Vec<u8>>,
    /// By the full name of a message, with a dot in front, those of its fields whose names are wanted.
    messages: FxHashMap<String, Vec<(String, Declared)>>,
    /// The names of all fields, for those that are close to one that no message has.
    names: FxHashSet<Box<[u8]>>,
    /// Keys and values of maps.
    entries: FxHashMap<String, (Declared, Declared)>,
}

/// The type of statuses, which is known without a source.
const STATUS: &str = ".google.rpc.Status";

impl Collected {
    fn new(paths: &[FieldPath]) -> Self {
        let names = paths.iter().flat_map(|path| &path.links).filter_map(|link| match link {
            PathLink::Field(name) => Some(name.as_bytes().to_vec()),
            PathLink::Index | PathLink::Iterate => None,
        });
        let wanted = names.collect();
        Collected { wanted, messages: FxHashMap::default(), names: FxHashSet::default(), entries: FxHashMap::default() }
    }

    fn add_file(&mut self, file: &[u8]) {
        let mut scope = scope_of(file);
        for message in fields(file).flatten().filter(|field| field.number == tag::FILE_MESSAGE) {
            self.add_message(message.bytes(), &mut scope, 0);
        }
    }

    fn add_message(&mut self, message: &[u8], scope: &mut String, depth: usize) {
        let outer = scope.len();
        let mut has_wanted = false;
        let mut of_message: Vec<(String, Declared)> = Vec::new();
        for part in fields(message).flatten() {
            match part.number {
                tag::NAME => {
                    scope.push('.');
                    scope.push_str(part.text());
                }
                tag::MESSAGE_FIELD => {
                    let name = name_of(part.bytes());
                    if !self.names.contains(name) {
                        self.names.insert(name.into());
                    }
                    if self.wanted.contains(name) {
                        has_wanted = true;
                        let name = String::from_utf8_lossy(name).into_owned();
                        of_message.push((name, Declared::read(part.bytes())));
                    }
                }
                _ => {}
            }
        }
        if has_wanted {
            self.messages.entry(scope.clone()).or_default().extend(of_message);
        }
        for nested in fields(message).flatten().filter(|part| part.number == tag::MESSAGE_MESSAGE) {
            if depth == DEPTH_LIMIT {
                break;
            }
            if !is_map_entry(nested.bytes()) {
                self.add_message(nested.bytes(), scope, depth + 1);
            } else if has_wanted {
                let of_entry = fields(nested.bytes()).flatten().filter(|part| part.number == tag::MESSAGE_FIELD);
                let mut of_entry = of_entry.map(|field| Declared::read(field.bytes()));
                let name = format!("{scope}.{}", String::from_utf8_lossy(name_of(nested.bytes())));
                if let (Some(key), Some(value)) = (of_entry.next(), of_entry.next()) {
                    self.entries.insert(name, (key, value));
                }
            }
        }
        scope.truncate(outer);
    }

    /// What is wrong with the first path that can't be followed.
    fn check(&self, paths: &[FieldPath]) -> Result<(), PathFault> {
        for (number, path) in paths.iter().enumerate() {
            let mut reached = start(path.start);
            for (link, step) in path.links.iter().enumerate() {
                let next = self.step(&reached, step);
                if next.is_empty() {
                    let kind = match step {
                        PathLink::Field(_) if reached.iter().any(has_fields) => PathFaultKind::NoField(BTreeSet::new()),
                        PathLink::Field(_) => PathFaultKind::NoMessage(described(&reached)),
                        PathLink::Index | PathLink::Iterate => PathFaultKind::NoContainer(described(&reached)),
                    };
                    return Err(PathFault { path: number, link, kind });
                }
                reached = next;
            }
            if let Some(class) = path.class
                && !reached.iter().any(|reached| reached.can_be(class))
            {
                let kind = PathFaultKind::NotOfClass(described(&reached));
                return Err(PathFault { path: number, link: path.links.len(), kind });
            }
        }
        Ok(())
    }

    /// What a path reaches after so many links.
    fn reached(&self, path: &FieldPath, links: usize) -> FxHashSet<Reached> {
        path.links[..links].iter().fold(start(path.start), |reached, step| self.step(&reached, step))
    }

    /// The names of the fields of what was reached, each with its name in JSON; of all messages only those about as long as
    /// one that is wanted.
    fn names(&self, schema: &Schema, reached: &FxHashSet<Reached>, wanted: &str) -> BTreeSet<(String, String)> {
        if reached.contains(&Reached::AnyMessage) {
            let length = |name: &[u8]| name.iter().filter(|byte| **byte != b'_').count();
            let wanted = length(wanted.as_bytes());
            let names = self.names.iter().filter(|name| length(name).abs_diff(wanted) <= 4);
            let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
            return names.map(|name| (name.clone(), json_name(&name))).collect();
        }
        let mut messages: Vec<&String> = reached
            .iter()
            .filter_map(|reached| match reached {
                Reached::Message(name) => Some(name),
                _ => None,
            })
            .collect();
        messages.sort();
        let mut names = BTreeSet::new();
        for message in messages.into_iter().take(NAMED_MESSAGES) {
            if message == STATUS {
                names.extend(STATUS_FIELDS.map(|name| (name.to_owned(), name.to_owned())));
                continue;
            }
            let Some((_, file)) = schema.sources_of_descriptors().file_of(message.trim_start_matches('.')) else {
                continue;
            };
            let scope = scope_of(&file);
            for part in fields(&file).flatten().filter(|field| field.number == tag::FILE_MESSAGE) {
                add_names(part.bytes(), &scope, message, &mut names, 0);
            }
        }
        names
    }

    fn step(&self, reached: &FxHashSet<Reached>, step: &PathLink) -> FxHashSet<Reached> {
        let mut next = FxHashSet::default();
        for reached in reached {
            match (step, reached) {
                (_, Reached::Open) => next.extend([Reached::Open]),
                (PathLink::Field(name), Reached::AnyMessage) => {
                    // Declarations that are alike lead to the same, unless their types are looked up from where they stand.
                    let mut seen: FxHashSet<&Declared> = FxHashSet::default();
                    for (scope, declared) in &self.messages {
                        let of_name = declared.iter().filter(|(known, _)| known == name).map(|(_, declared)| declared);
                        for declared in of_name {
                            let is_relative = !declared.type_name.is_empty() && !declared.type_name.starts_with('.');
                            if is_relative || seen.insert(declared) {
                                next.insert(self.of_field(scope, declared));
                            }
                        }
                    }
                }
                (PathLink::Field(name), Reached::Message(message)) if message == STATUS => {
                    next.extend(status_field(name));
                }
                (PathLink::Field(name), Reached::Message(message)) => {
                    let declared = self.messages.get(message).into_iter().flatten();
                    let of_name = declared.filter(|(known, _)| known == name);
                    next.extend(of_name.map(|(_, declared)| self.of_field(message, declared)));
                }
                (PathLink::Field(_), Reached::Map(ValueClass::String, inner))
                | (PathLink::Index, Reached::List(inner) | Reached::Map(_, inner))
                | (PathLink::Iterate, Reached::List(inner)) => next.extend([(**inner).clone()]),
                (PathLink::Iterate, Reached::Map(key, _)) => next.extend([Reached::Class(*key)]),
                _ => {}
            }
        }
        next
    }

    fn of_field(&self, scope: &str, declared: &Declared) -> Reached {
        let single = self.of_type(scope, declared);
        if !declared.is_repeated {
            return single;
        }
        if let Reached::Message(name) = &single
            && let Some((key, value)) = self.entries.get(name)
        {
            let key = match self.of_type(name, key) {
                Reached::Class(class) => class,
                _ => return Reached::Open,
            };
            return Reached::Map(key, Box::new(self.of_type(name, value)));
        }
        Reached::List(Box::new(single))
    }

    fn of_type(&self, scope: &str, declared: &Declared) -> Reached {
        match declared.kind {
            TYPE_BOOL => Reached::Class(ValueClass::Bool),
            TYPE_STRING => Reached::Class(ValueClass::String),
            TYPE_BYTES => Reached::Class(ValueClass::Bytes),
            TYPE_ENUM => Reached::Enum,
            TYPE_GROUP | TYPE_MESSAGE | 0 => {
                let Some(name) = self.full_name(scope, &declared.type_name) else { return Reached::Open };
                of_well_known(&name).unwrap_or(Reached::Message(name))
            }
            _ => Reached::Class(ValueClass::Number),
        }
    }

    /// The full name of a type, with a dot in front, from how it is written in a message; nothing if it is not known.
    fn full_name(&self, scope: &str, written: &str) -> Option<String> {
        if written.starts_with('.') {
            return Some(written.to_owned());
        }
        let mut scope = Some(scope);
        while let Some(within) = scope {
            let name = format!("{within}.{written}");
            if self.messages.contains_key(&name) || self.entries.contains_key(&name) || of_well_known(&name).is_some() {
                return Some(name);
            }
            scope = within.rfind('.').map(|dot| &within[..dot]);
        }
        None
    }
}

fn start(start: PathStart) -> FxHashSet<Reached> {
    let reached = match start {
        PathStart::AnyMessage => Reached::AnyMessage,
        PathStart::Messages => Reached::List(Box::new(Reached::AnyMessage)),
        PathStart::Status => Reached::Message(STATUS.to_owned()),
    };
    FxHashSet::from_iter([reached])
}

fn has_fields(reached: &Reached) -> bool {
    match reached {
        Reached::Message(_) | Reached::AnyMessage | Reached::Map(..) | Reached::Open => true,
        Reached::Class(_) | Reached::Enum | Reached::List(_) => false,
    }
}

fn described(reached: &FxHashSet<Reached>) -> String {
    let words: BTreeSet<&str> = reached.iter().map(Reached::describe).collect();
    let words: Vec<&str> = words.into_iter().collect();
    match words.as_slice() {
        [words @ .., last] if !words.is_empty() => format!("{} or {last}", words.join(", ")),
        words => words.concat(),
    }
}

/// What stands in the types that have a form of their own.
fn of_well_known(name: &str) -> Option<Reached> {
    Some(match name.strip_prefix(".google.protobuf.")? {
        "Timestamp" => Reached::Class(ValueClass::Timestamp),
        "Duration" => Reached::Class(ValueClass::Duration),
        "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value" => {
            Reached::Class(ValueClass::Number)
        }
        "BoolValue" => Reached::Class(ValueClass::Bool),
        "StringValue" => Reached::Class(ValueClass::String),
        "BytesValue" => Reached::Class(ValueClass::Bytes),
        "Struct" => Reached::Map(ValueClass::String, Box::new(Reached::Open)),
        "ListValue" => Reached::List(Box::new(Reached::Open)),
        "Value" | "Any" => Reached::Open,
        _ => return None,
    })
}

/// The fields of a status.
///
/// Source: `google/rpc/status.proto`.
const STATUS_FIELDS: [&str; 3] = ["code", "message", "details"];

fn status_field(name: &str) -> Option<Reached> {
    match name {
        "code" => Some(Reached::Class(ValueClass::Number)),
        "message" => Some(Reached::Class(ValueClass::String)),
        "details" => Some(Reached::List(Box::new(Reached::Open))),
        _ => None,
    }
}

/// The package of a file, with a dot in front.
fn scope_of(file: &[u8]) -> String {
    let package = fields(file).flatten().find(|field| field.number == tag::FILE_PACKAGE);
    package.map_or_else(String::new, |package| format!(".{}", package.text()))
}

fn name_of(definition: &[u8]) -> &[u8] {
    fields(definition).flatten().find(|part| part.number == tag::NAME).map_or(b"", |part| part.bytes())
}

/// The names of the fields of a message, each with its name in JSON, whatever it is nested in.
fn add_names(message: &[u8], scope: &str, wanted: &str, names: &mut BTreeSet<(String, String)>, depth: usize) {
    let full_name = format!("{scope}.{}", String::from_utf8_lossy(name_of(message)));
    for part in fields(message).flatten() {
        match part.number {
            tag::MESSAGE_FIELD if full_name == wanted => {
                let name = String::from_utf8_lossy(name_of(part.bytes())).into_owned();
                let of_json = fields(part.bytes()).flatten().find(|part| part.number == tag::FIELD_JSON_NAME);
                let json_name = of_json.map_or_else(|| json_name(&name), |field| field.text().to_owned());
                names.insert((name, json_name));
            }
            tag::MESSAGE_MESSAGE if depth < DEPTH_LIMIT && wanted.starts_with(&full_name) => {
                add_names(part.bytes(), &full_name, wanted, names, depth + 1);
            }
            _ => {}
        }
    }
}

/// The name in JSON of a field that does not declare one.
///
/// Source: protobuf's `ToJsonName`.
fn json_name(name: &str) -> String {
    let mut json_name = String::new();
    let mut is_behind_underscore = false;
    for letter in name.chars() {
        if letter != '_' {
            json_name.push(if is_behind_underscore { letter.to_ascii_uppercase() } else { letter });
        }
        is_behind_underscore = letter == '_';
    }
    json_name
}
