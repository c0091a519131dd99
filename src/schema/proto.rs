//! Definitions as `.proto` text: [`proto_text`].
//!
//! Written from the serialized file as it stands in its source, so that what the file says is what is shown: editions with
//! their features, defaults, reserved names. Left out are comments, custom options, and options that mean nothing to a
//! message's bytes, text or JSON, such as those of languages. What is written compiles again.

use std::collections::BTreeSet;
use std::fmt::Write;

use bytes::Bytes;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Schema;
use super::definitions::{self, DefinitionKind, is_map_entry};
use super::fields::fields;
use super::source::enclosing_names;
use super::tag;
use super::text::quote_text;

/// The depth of nested messages beyond which nothing is written; prost decodes no more than that either.
const DEPTH_LIMIT: usize = 100;

/// Definitions of one file, as `.proto` text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The file that they stand in.
    pub file: String,
    /// The place of its source among [`Schema::sources`].
    pub source: usize,
    /// What compiles again, given the files that it imports and whatever else of this file it refers to.
    pub text: String,
}

impl Schema {
    /// What the first source that knows a name says of it, as `.proto` text; nothing if there is none.
    ///
    /// The name is that of a message, enum, service or extension, the path `/package.Service/Method` of a method, whose
    /// request and response are described with it, or the name of a file, which is described as a whole.
    ///
    /// Left out are comments, custom options, and options that mean nothing to a message's bytes, text or JSON. Behind a
    /// message stand, as comments, the extensions that all sources together know for it.
    pub fn describe(&self, name: &str) -> Vec<Description> {
        let sources = self.sources_of_descriptors();
        let mut names = vec![name.to_owned()];
        if let Some((request, response)) = sources.file_of(name).and_then(|(_, file)| messages_of(&file, name)) {
            names.extend([request, response]);
        }
        let mut described: Vec<(usize, Bytes, Vec<&str>)> = Vec::new();
        for name in &names {
            let of_type = sources.file_of(name).filter(|(_, file)| definitions::defines(file, name));
            if let Some((source, file)) = of_type {
                match described.iter_mut().find(|(known, other, _)| *known == source && *other == file) {
                    Some((_, _, wanted)) => wanted.push(name),
                    None => described.push((source, file, vec![name])),
                }
            }
        }
        if described.is_empty() {
            let whole = sources.file_named(name).map(|(source, file)| (source, file, vec![]));
            // No index leads to extensions.
            let of_extension = || sources.files().find(|(_, file)| definitions::defines(file, name));
            described.extend(whole.or_else(|| of_extension().map(|(source, file)| (source, file, vec![name]))));
        }
        let describe = |(source, file, wanted): (usize, Bytes, Vec<&str>)| {
            let file_of = |name: &str| {
                let (_, file) = sources.file_of(name)?;
                Some(definitions::file_name(&file).to_owned())
            };
            let mut text = proto_text(&file, &wanted, &file_of);
            wanted.iter().for_each(|name| self.describe_extensions(name, &mut text));
            Description { file: definitions::file_name(&file).to_owned(), source, text }
        };
        described.into_iter().map(describe).collect()
    }

    /// Appends what is known of a message's extensions.
    fn describe_extensions(&self, extendee: &str, text: &mut String) {
        for (number, extension) in self.sources_of_descriptors().extensions(extendee).iter().enumerate() {
            if number == 0 {
                let _ = write!(text, "\n// Extensions of `{extendee}`:\n");
            }
            let name = extension.full_name();
            let _ = writeln!(text, "//   [{name}] = {}, {}", extension.number(), extension.parent_file().name());
        }
    }
}

/// The request and the response of a method that a file defines, by its path.
fn messages_of(file: &[u8], path: &str) -> Option<(String, String)> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let file = Descriptor(file);
    let name = service.rsplit('.').next()?;
    let service = file.messages(tag::FILE_SERVICE).find(|service| service.name() == name)?;
    let method = service.messages(tag::SERVICE_METHOD).find(|known| known.name() == method)?;
    let side = |number| method.text(number).trim_start_matches('.').to_owned();
    Some((side(tag::METHOD_REQUEST), side(tag::METHOD_RESPONSE)))
}

/// The definitions with these full names, each inside what it is nested in, or all of the file if there are none.
///
/// `file_of` is asked for the file that defines a type.
fn proto_text(file: &[u8], wanted: &[&str], file_of: &dyn Fn(&str) -> Option<String>) -> String {
    let file = Descriptor(file);
    let syntax = match file.text(tag::FILE_SYNTAX) {
        "proto3" => Syntax::Proto3,
        "editions" => Syntax::Edition(file.int(tag::FILE_EDITION)),
        _ => Syntax::Proto2,
    };
    let mut own_types = FxHashSet::default();
    definitions::visit(file.0, &mut |kind, name| {
        if matches!(kind, DefinitionKind::Message | DefinitionKind::Enum) {
            own_types.insert(name.to_owned());
        }
    });
    let package = file.text(tag::FILE_PACKAGE);
    let mut writer = Writer {
        out: String::new(),
        level: 0,
        syntax,
        package,
        scope: package.to_owned(),
        wanted,
        imported: BTreeSet::new(),
        nowhere: BTreeSet::new(),
        file_of,
        own_types,
    };
    writer.file(file);

    let Writer { out: body, mut imported, nowhere, .. } = writer;
    let mut out = match syntax {
        Syntax::Proto2 => "syntax = \"proto2\";\n".to_owned(),
        Syntax::Proto3 => "syntax = \"proto3\";\n".to_owned(),
        Syntax::Edition(edition) => format!("edition = \"{}\";\n", edition_name(edition)),
    };
    if !package.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(out, "\npackage {package};\n");
    }
    let mut public = BTreeSet::new();
    if wanted.is_empty() {
        let all: Vec<&str> = file.all(tag::FILE_IMPORT).map(|import| import.text()).collect();
        public = file.ranks(tag::FILE_PUBLIC_IMPORT).filter_map(|rank| all.get(rank)).copied().collect();
        imported.extend(all.into_iter().map(str::to_owned));
    }
    imported.remove(file.text(tag::FILE_NAME));
    for (number, import) in imported.iter().enumerate() {
        let blank = if number == 0 { "\n" } else { "" };
        let public = if public.contains(import.as_str()) { "public " } else { "" };
        let _ = writeln!(out, "{blank}import {public}{};", quoted(import));
    }
    for (number, name) in nowhere.iter().enumerate() {
        let blank = if number == 0 { "\n" } else { "" };
        let _ = writeln!(out, "{blank}// No source defines `{name}`.");
    }
    out + &body
}

/// What a file's `edition` says.
fn edition_name(edition: i32) -> String {
    match edition {
        1000 => "2023".to_owned(),
        1001 => "2024".to_owned(),
        1002 => "2026".to_owned(),
        other => other.to_string(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Proto2,
    Proto3,
    Edition(i32),
}

/// A serialized message of `descriptor.proto`, its fields looked up by number.
#[derive(Debug, Clone, Copy)]
struct Descriptor<'a>(&'a [u8]);

impl<'a> Descriptor<'a> {
    fn all(self, number: u32) -> impl Iterator<Item = super::fields::Field<'a>> {
        fields(self.0).flatten().filter(move |field| field.number == number)
    }

    /// The messages in a repeated field.
    fn messages(self, number: u32) -> impl Iterator<Item = Descriptor<'a>> {
        self.all(number).map(|field| Descriptor(field.bytes()))
    }

    /// The only message in a field.
    fn message(self, number: u32) -> Descriptor<'a> {
        Descriptor(self.all(number).last().map_or(&[], |field| field.bytes()))
    }

    fn has(self, number: u32) -> bool {
        self.all(number).next().is_some()
    }

    fn text(self, number: u32) -> &'a str {
        self.all(number).last().map_or("", |field| field.text())
    }

    fn int(self, number: u32) -> i32 {
        self.all(number).last().map_or(0, |field| field.int())
    }

    fn is_true(self, number: u32) -> bool {
        self.int(number) != 0
    }

    /// The ranks in a list of which each stands by itself.
    fn ranks(self, number: u32) -> impl Iterator<Item = usize> {
        self.all(number).filter_map(|field| usize::try_from(field.int()).ok())
    }

    fn name(self) -> &'a str {
        self.text(tag::NAME)
    }
}

/// Messages that are defined beside each other, by their names.
type Beside<'a> = FxHashMap<&'a str, Descriptor<'a>>;

fn by_name<'a>(messages: impl Iterator<Item = Descriptor<'a>>) -> Beside<'a> {
    let mut beside = Beside::default();
    for message in messages {
        beside.entry(message.name()).or_insert(message);
    }
    beside
}

/// The options of one kind of definition that are shown.
struct Options {
    flags: &'static [(u32, &'static str)],
    features: u32,
}

const FILE_OPTIONS: Options = Options { flags: &[(tag::FILE_DEPRECATED, "deprecated")], features: tag::FILE_FEATURES };
const MESSAGE_OPTIONS: Options = Options {
    flags: &[(tag::MESSAGE_SET_WIRE_FORMAT, "message_set_wire_format"), (tag::MESSAGE_DEPRECATED, "deprecated")],
    features: tag::MESSAGE_FEATURES,
};
const FIELD_OPTIONS: Options = Options {
    flags: &[
        (tag::FIELD_PACKED, "packed"),
        (tag::FIELD_DEPRECATED, "deprecated"),
        (tag::FIELD_DEBUG_REDACT, "debug_redact"),
    ],
    features: tag::FIELD_FEATURES,
};
const ONEOF_OPTIONS: Options = Options { flags: &[], features: tag::ONEOF_FEATURES };
const ENUM_OPTIONS: Options = Options {
    flags: &[(tag::ENUM_ALLOW_ALIAS, "allow_alias"), (tag::ENUM_DEPRECATED, "deprecated")],
    features: tag::ENUM_FEATURES,
};
const ENUM_VALUE_OPTIONS: Options = Options {
    flags: &[(tag::ENUM_VALUE_DEPRECATED, "deprecated"), (tag::ENUM_VALUE_DEBUG_REDACT, "debug_redact")],
    features: tag::ENUM_VALUE_FEATURES,
};
const SERVICE_OPTIONS: Options =
    Options { flags: &[(tag::SERVICE_DEPRECATED, "deprecated")], features: tag::SERVICE_FEATURES };
const METHOD_OPTIONS: Options =
    Options { flags: &[(tag::METHOD_DEPRECATED, "deprecated")], features: tag::METHOD_FEATURES };

/// Per feature its name, and its values from number 1 on.
const FEATURES: [(u32, &str, &[&str]); 7] = [
    (tag::FIELD_PRESENCE, "field_presence", &["EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"]),
    (tag::ENUM_TYPE, "enum_type", &["OPEN", "CLOSED"]),
    (tag::REPEATED_FIELD_ENCODING, "repeated_field_encoding", &["PACKED", "EXPANDED"]),
    // There is no value of number 1.
    (tag::UTF8_VALIDATION, "utf8_validation", &["", "VERIFY", "NONE"]),
    (tag::MESSAGE_ENCODING, "message_encoding", &["LENGTH_PREFIXED", "DELIMITED"]),
    (tag::JSON_FORMAT, "json_format", &["ALLOW", "LEGACY_BEST_EFFORT"]),
    (tag::ENFORCE_NAMING_STYLE, "enforce_naming_style", &["STYLE2024", "STYLE_LEGACY"]),
];

impl Options {
    /// What is set, as `name = value`.
    fn of(&self, options: Descriptor<'_>) -> Vec<String> {
        let mut set = Vec::new();
        for &(number, name) in self.flags {
            if options.has(number) {
                set.push(format!("{name} = {}", options.is_true(number)));
            }
        }
        let features = options.message(self.features);
        for (number, name, values) in FEATURES {
            let value = usize::try_from(features.int(number)).ok().and_then(|value| values.get(value.checked_sub(1)?));
            if let Some(value) = value {
                set.push(format!("features.{name} = {value}"));
            }
        }
        set
    }
}

/// The names of the types of fields, by number from 1 on; groups, messages and enums have names of their own.
const TYPES: [&str; 18] = [
    "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "", "", "bytes", "uint32",
    "", "sfixed32", "sfixed64", "sint32", "sint64",
];
const TYPE_STRING: i32 = 9;
const TYPE_GROUP: i32 = 10;
const TYPE_BYTES: i32 = 12;

const LABEL_REQUIRED: i32 = 2;
const LABEL_REPEATED: i32 = 3;

struct Writer<'w> {
    out: String,
    level: usize,
    syntax: Syntax,
    package: &'w str,
    /// The full name of what is being written.
    scope: String,
    /// The full names of what is to be written.
    wanted: &'w [&'w str],
    /// The files that define what was referred to.
    imported: BTreeSet<String>,
    /// What was referred to and no source defines.
    nowhere: BTreeSet<String>,
    file_of: &'w dyn Fn(&str) -> Option<String>,
    own_types: FxHashSet<String>,
}

/// How much of a definition is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// What is wanted is inside.
    Part,
    Nothing,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.extend(std::iter::repeat_n("  ", self.level));
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// Begins a block behind a blank line, unless it is the first thing in another one.
    fn open(&mut self, head: &str) {
        if !self.out.ends_with("{\n") {
            self.out.push('\n');
        }
        self.line(&format!("{head} {{"));
        self.level += 1;
    }

    fn close(&mut self) {
        self.level -= 1;
        if self.out.ends_with(" {\n") {
            self.out.truncate(self.out.len() - 1);
            self.out.push_str("}\n");
        } else {
            self.line("}");
        }
    }

    fn options(&mut self, options: &Options, set: Descriptor<'_>) {
        for option in options.of(set) {
            self.line(&format!("option {option};"));
        }
    }

    fn extent(&self, name: &str) -> Extent {
        let is_inside = |wanted: &&str| {
            let behind = wanted.strip_prefix('/').unwrap_or(wanted).strip_prefix(name);
            behind.is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        if self.wanted.is_empty() || self.wanted.contains(&name) {
            Extent::Whole
        } else if self.wanted.iter().any(is_inside) {
            Extent::Part
        } else {
            Extent::Nothing
        }
    }

    /// Writes what is nested in the definition of a name.
    fn within(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        let outer = self.scope.len();
        if outer > 0 {
            self.scope.push('.');
        }
        self.scope.push_str(name);
        write(self);
        self.scope.truncate(outer);
    }

    fn full_name(&self, name: &str) -> String {
        if self.scope.is_empty() { name.to_owned() } else { format!("{}.{name}", self.scope) }
    }

    fn file(&mut self, file: Descriptor<'_>) {
        let options = FILE_OPTIONS.of(file.message(tag::FILE_OPTIONS));
        if !options.is_empty() {
            self.out.push('\n');
        }
        self.options(&FILE_OPTIONS, file.message(tag::FILE_OPTIONS));
        for service in file.messages(tag::FILE_SERVICE) {
            match self.extent(&self.full_name(service.name())) {
                Extent::Nothing => {}
                extent => self.service(service, extent),
            }
        }
        let groups = groups(file.messages(tag::FILE_EXTENSION), &self.scope);
        self.messages(file.messages(tag::FILE_MESSAGE), &groups, Extent::Part, 0);
        self.enums(file.messages(tag::FILE_ENUM), Extent::Part);
        let beside = by_name(file.messages(tag::FILE_MESSAGE));
        self.extensions(file.messages(tag::FILE_EXTENSION), &beside, Extent::Part, 0);
    }

    /// Writes messages beside each other: all of them inside one that is written whole.
    fn messages<'a>(
        &mut self,
        messages: impl Iterator<Item = Descriptor<'a>>,
        groups: &FxHashSet<String>,
        outer: Extent,
        depth: usize,
    ) {
        for message in messages {
            let full_name = self.full_name(message.name());
            if is_map_entry(message.0) || groups.contains(&full_name) || depth > DEPTH_LIMIT {
                continue;
            }
            let extent = if outer == Extent::Whole { outer } else { self.extent(&full_name) };
            if extent == Extent::Nothing {
                continue;
            }
            self.open(&format!("message {}", message.name()));
            self.within(message.name(), |writer| writer.message(message, extent, depth));
            self.close();
        }
    }

    /// Writes what stands between a message's braces.
    fn message(&mut self, message: Descriptor<'_>, extent: Extent, depth: usize) {
        let nested = by_name(message.messages(tag::MESSAGE_MESSAGE));
        if extent == Extent::Whole {
            self.options(&MESSAGE_OPTIONS, message.message(tag::MESSAGE_OPTIONS));
            self.fields(message, &nested, depth);
        } else {
            self.line("// What else it has is not shown.");
        }
        let of_groups = message.messages(tag::MESSAGE_FIELD).chain(message.messages(tag::MESSAGE_EXTENSION));
        let groups = if extent == Extent::Whole { groups(of_groups, &self.scope) } else { FxHashSet::default() };
        self.messages(message.messages(tag::MESSAGE_MESSAGE), &groups, extent, depth + 1);
        self.enums(message.messages(tag::MESSAGE_ENUM), extent);
        if extent == Extent::Whole {
            let is_behind_block = self.out.ends_with("}\n");
            let has_ranges = message.has(tag::MESSAGE_EXTENSION_RANGE) || message.has(tag::MESSAGE_RESERVED_RANGE);
            if is_behind_block && (has_ranges || message.has(tag::MESSAGE_RESERVED_NAME)) {
                self.out.push('\n');
            }
            for range in message.messages(tag::MESSAGE_EXTENSION_RANGE) {
                self.line(&format!("extensions {};", message_range(range)));
            }
            self.reserved(
                message.messages(tag::MESSAGE_RESERVED_RANGE).map(message_range).collect(),
                message.all(tag::MESSAGE_RESERVED_NAME).map(|name| name.text()).collect(),
            );
        }
        self.extensions(message.messages(tag::MESSAGE_EXTENSION), &nested, extent, depth);
    }

    fn reserved(&mut self, ranges: Vec<String>, names: Vec<&str>) {
        if !ranges.is_empty() {
            self.line(&format!("reserved {};", ranges.join(", ")));
        }
        let is_quoted = !matches!(self.syntax, Syntax::Edition(_));
        let names: Vec<_> =
            names.into_iter().map(|name| if is_quoted { quoted(name) } else { name.to_owned() }).collect();
        if !names.is_empty() {
            self.line(&format!("reserved {};", names.join(", ")));
        }
    }

    fn fields(&mut self, message: Descriptor<'_>, nested: &Beside<'_>, depth: usize) {
        let oneofs: Vec<_> = message.messages(tag::MESSAGE_ONEOF).collect();
        let mut open = None;
        for field in message.messages(tag::MESSAGE_FIELD) {
            let oneof = oneof_of(field);
            if open != oneof {
                if open.is_some() {
                    self.close();
                }
                open = oneof;
                if let Some(oneof) = oneof.and_then(|rank| oneofs.get(rank)) {
                    self.line(&format!("oneof {} {{", oneof.name()));
                    self.level += 1;
                    self.options(&ONEOF_OPTIONS, oneof.message(tag::ONEOF_OPTIONS));
                } else {
                    open = None;
                }
            }
            self.field(field, nested, depth);
        }
        if open.is_some() {
            self.close();
        }
    }

    /// Writes extensions, those of one message together.
    fn extensions<'a>(
        &mut self,
        extensions: impl Iterator<Item = Descriptor<'a>>,
        nested: &Beside<'_>,
        outer: Extent,
        depth: usize,
    ) {
        let mut extendee = None;
        for extension in extensions {
            let is_wanted = outer == Extent::Whole || self.extent(&self.full_name(extension.name())) == Extent::Whole;
            if !is_wanted {
                continue;
            }
            let extends = extension.text(tag::FIELD_EXTENDEE);
            if extendee != Some(extends) {
                if extendee.is_some() {
                    self.close();
                }
                let head = format!("extend {}", self.type_name(extends));
                self.open(&head);
                extendee = Some(extends);
            }
            self.field(extension, nested, depth);
        }
        if extendee.is_some() {
            self.close();
        }
    }

    /// Writes a field; `nested` are the messages beside it, among which are map entries and groups.
    fn field(&mut self, field: Descriptor<'_>, nested: &Beside<'_>, depth: usize) {
        let type_name = field.text(tag::FIELD_TYPE_NAME);
        let number = field.int(tag::FIELD_NUMBER);
        let beside = type_name.strip_prefix('.').and_then(|name| match self.scope.as_str() {
            "" => Some(name),
            scope => name.strip_prefix(scope)?.strip_prefix('.'),
        });
        let beside = beside.and_then(|name| nested.get(name).copied());
        let options = self.options_of_field(field);
        if let Some(entry) = beside.filter(|message| is_map_entry(message.0)) {
            let mut parts = entry.messages(tag::MESSAGE_FIELD);
            let (key, value) = (parts.next(), parts.next());
            let [key, value] = [key, value].map(|part| part.map_or_else(String::new, |part| self.type_of(part)));
            self.line(&format!("map<{key}, {value}> {} = {number}{options};", field.name()));
            return;
        }
        let label = match (field.int(tag::FIELD_LABEL), self.syntax) {
            (LABEL_REPEATED, _) => "repeated ",
            (LABEL_REQUIRED, _) => "required ",
            _ if oneof_of(field).is_some() => "",
            (_, Syntax::Proto2) => "optional ",
            _ if field.is_true(tag::FIELD_PROTO3_OPTIONAL) => "optional ",
            _ => "",
        };
        if let Some(group) = beside.filter(|_| field.int(tag::FIELD_TYPE) == TYPE_GROUP && depth < DEPTH_LIMIT) {
            self.line(&format!("{label}group {} = {number}{options} {{", group.name()));
            self.level += 1;
            self.within(group.name(), |writer| writer.message(group, Extent::Whole, depth + 1));
            self.close();
            return;
        }
        let ty = self.type_of(field);
        self.line(&format!("{label}{ty} {} = {number}{options};", field.name()));
    }

    fn options_of_field(&self, field: Descriptor<'_>) -> String {
        let mut options = Vec::new();
        if field.has(tag::FIELD_DEFAULT) {
            let value = field.text(tag::FIELD_DEFAULT);
            options.push(match field.int(tag::FIELD_TYPE) {
                TYPE_STRING => format!("default = {}", quoted(value)),
                // They are escaped already.
                TYPE_BYTES => format!("default = \"{value}\""),
                _ => format!("default = {value}"),
            });
        }
        let json_name = field.text(tag::FIELD_JSON_NAME);
        let is_usual = json_name.is_empty() || json_name == json_name_of(field.name());
        if !is_usual && !field.has(tag::FIELD_EXTENDEE) {
            options.push(format!("json_name = {}", quoted(json_name)));
        }
        options.extend(FIELD_OPTIONS.of(field.message(tag::FIELD_OPTIONS)));
        in_brackets(&options)
    }

    fn enums<'a>(&mut self, enums: impl Iterator<Item = Descriptor<'a>>, outer: Extent) {
        for definition in enums {
            if outer != Extent::Whole && self.extent(&self.full_name(definition.name())) != Extent::Whole {
                continue;
            }
            self.open(&format!("enum {}", definition.name()));
            self.options(&ENUM_OPTIONS, definition.message(tag::ENUM_OPTIONS));
            for value in definition.messages(tag::ENUM_VALUE) {
                let options = in_brackets(&ENUM_VALUE_OPTIONS.of(value.message(tag::ENUM_VALUE_OPTIONS)));
                self.line(&format!("{} = {}{options};", value.name(), value.int(tag::ENUM_VALUE_NUMBER)));
            }
            self.reserved(
                definition.messages(tag::ENUM_RESERVED_RANGE).map(enum_range).collect(),
                definition.all(tag::ENUM_RESERVED_NAME).map(|name| name.text()).collect(),
            );
            self.close();
        }
    }

    fn service(&mut self, service: Descriptor<'_>, extent: Extent) {
        self.open(&format!("service {}", service.name()));
        self.within(service.name(), |writer| {
            if extent == Extent::Whole {
                writer.options(&SERVICE_OPTIONS, service.message(tag::SERVICE_OPTIONS));
            } else {
                writer.line("// What else it has is not shown.");
            }
            for method in service.messages(tag::SERVICE_METHOD) {
                let path = format!("/{}/{}", writer.scope, method.name());
                if extent == Extent::Whole || writer.wanted.contains(&path.as_str()) {
                    writer.method(method);
                }
            }
        });
        self.close();
    }

    fn method(&mut self, method: Descriptor<'_>) {
        let side = |streams, name: String| if streams { format!("stream {name}") } else { name };
        let request = self.type_name(method.text(tag::METHOD_REQUEST));
        let request = side(method.is_true(tag::METHOD_STREAMS_REQUESTS), request);
        let response = self.type_name(method.text(tag::METHOD_RESPONSE));
        let response = side(method.is_true(tag::METHOD_STREAMS_RESPONSES), response);
        let head = format!("rpc {}({request}) returns ({response})", method.name());
        let options = METHOD_OPTIONS.of(method.message(tag::METHOD_OPTIONS));
        if options.is_empty() {
            self.line(&format!("{head};"));
        } else {
            self.line(&format!("{head} {{"));
            self.level += 1;
            options.iter().for_each(|option| self.line(&format!("option {option};")));
            self.close();
        }
    }

    fn type_of(&mut self, field: Descriptor<'_>) -> String {
        let known =
            usize::try_from(field.int(tag::FIELD_TYPE)).ok().and_then(|number| TYPES.get(number.checked_sub(1)?));
        match known {
            Some(&name) if !name.is_empty() => name.to_owned(),
            _ => self.type_name(field.text(tag::FIELD_TYPE_NAME)),
        }
    }

    /// The shortest name that means a type where it is referred to, and notes the file that it comes from.
    fn type_name(&mut self, name: &str) -> String {
        // Compilers write full names, behind a dot; others are as they were.
        let Some(full_name) = name.strip_prefix('.') else { return name.to_owned() };
        if !self.own_types.contains(full_name) {
            match (self.file_of)(full_name) {
                Some(file) => drop(self.imported.insert(file)),
                None => drop(self.nowhere.insert(full_name.to_owned())),
            }
        }
        let mut inner = Vec::new();
        for scope in enclosing_names(&self.scope) {
            let rest = full_name.strip_prefix(scope).and_then(|rest| rest.strip_prefix('.'));
            // A name that begins inside the package's own would be shorter, and nobody writes it.
            if let Some(rest) = rest.filter(|_| scope.len() >= self.package.len()) {
                return if self.hides(&inner, rest) { name.to_owned() } else { rest.to_owned() };
            }
            inner.push(scope);
        }
        if self.hides(&inner, full_name) { name.to_owned() } else { full_name.to_owned() }
    }

    /// Whether the first part of a name means something else in one of these scopes.
    fn hides(&self, scopes: &[&str], name: &str) -> bool {
        let first = name.split('.').next().unwrap_or(name);
        scopes.iter().any(|scope| {
            let inside = format!("{scope}.{first}");
            let is_package = |package: &str| {
                package.strip_prefix(&inside).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            // What is nested in a message stands in the same file.
            let in_package = scope.len() <= self.package.len();
            self.own_types.contains(&inside)
                || in_package && (is_package(self.package) || (self.file_of)(&inside).is_some())
        })
    }
}

/// The rank of the oneof that a field was written in; the ones of proto3's `optional` were not written.
fn oneof_of(field: Descriptor<'_>) -> Option<usize> {
    let rank = field.all(tag::FIELD_ONEOF_INDEX).last()?.int();
    if field.is_true(tag::FIELD_PROTO3_OPTIONAL) { None } else { usize::try_from(rank).ok() }
}

/// The full names of the groups among some fields, which are written where the field stands.
fn groups<'a>(fields: impl Iterator<Item = Descriptor<'a>>, scope: &str) -> FxHashSet<String> {
    let groups = fields.filter(|field| field.int(tag::FIELD_TYPE) == TYPE_GROUP);
    let names = groups.filter_map(|field| field.text(tag::FIELD_TYPE_NAME).strip_prefix('.'));
    names.filter(|name| name.rsplit_once('.').map_or("", |(outer, _)| outer) == scope).map(str::to_owned).collect()
}

fn message_range(range: Descriptor<'_>) -> String {
    const END: i32 = 1 << 29;
    match (range.int(tag::RANGE_START), range.int(tag::RANGE_END)) {
        (start, END) => format!("{start} to max"),
        (start, end) if i64::from(end) - i64::from(start) == 1 => start.to_string(),
        (start, end) => format!("{start} to {}", i64::from(end) - 1),
    }
}

fn enum_range(range: Descriptor<'_>) -> String {
    match (range.int(tag::RANGE_START), range.int(tag::RANGE_END)) {
        (start, i32::MAX) => format!("{start} to max"),
        (start, end) if start == end => start.to_string(),
        (start, end) => format!("{start} to {end}"),
    }
}

fn in_brackets(options: &[String]) -> String {
    if options.is_empty() { String::new() } else { format!(" [{}]", options.join(", ")) }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    quote_text(&mut out, text.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

/// The JSON name that a field has unless it says otherwise.
fn json_name_of(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut json_name, part| {
        let mut characters = part.chars();
        json_name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        json_name + characters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
    use protox::file::{File, FileResolver};

    use super::*;

    /// What a schema says of its files.
    struct Described(Schema);

    impl FileResolver for Described {
        fn open_file(&self, name: &str) -> Result<File, protox::Error> {
            match self.0.describe(name).as_slice() {
                [description] => File::from_source(name, &description.text),
                _ => Err(protox::Error::file_not_found(name)),
            }
        }
    }

    /// A file as whoever writes it down and compiles it again gets it.
    fn normal(mut file: FileDescriptorProto) -> FileDescriptorProto {
        file.source_code_info = None;
        file.dependency.sort();
        file.syntax.get_or_insert_with(|| "proto2".to_owned());
        file.extension.iter_mut().for_each(normalize_field);
        file.message_type.iter_mut().for_each(normalize_message);
        file
    }

    fn normalize_message(message: &mut DescriptorProto) {
        message.field.iter_mut().chain(&mut message.extension).for_each(normalize_field);
        message.nested_type.iter_mut().for_each(normalize_message);
        // Entries of maps and groups stand where their fields do.
        message.nested_type.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn normalize_field(field: &mut FieldDescriptorProto) {
        let json_name = json_name_of(field.name());
        field.json_name.get_or_insert(json_name);
        field.proto3_optional.take_if(|optional| !*optional);
    }

    #[test]
    fn what_is_described_compiles_to_what_it_describes() {
        let schema = Schema::builtin();
        let files: Vec<_> = schema.sources_of_descriptors().files().collect();
        let mut compared = 0;
        for (_, bytes) in files.iter().step_by(40) {
            let name = definitions::file_name(bytes);
            let original = FileDescriptorProto::decode(bytes.as_ref()).expect("the bundle is sound");
            let mut compiler = protox::Compiler::with_file_resolver(Described(schema.clone()));
            compiler.open_file(name).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let compiled = compiler.file_descriptor_set().file.into_iter().next_back().expect("it was compiled");
            assert_eq!(normal(compiled), normal(original), "{name}");
            compared += 1;
        }
        assert!(compared > 100);
    }

    /// A file that says what files seldom say.
    fn unusual(edition: bool) -> FileDescriptorProto {
        use prost_types::descriptor_proto::{ExtensionRange, ReservedRange};
        use prost_types::field_descriptor_proto::{Label, Type};
        use prost_types::{FieldOptions, OneofDescriptorProto};

        let field = |name: &str, number, kind: Type, type_name: &str| FieldDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            label: Some(Label::Optional.into()),
            r#type: Some(kind.into()),
            type_name: (!type_name.is_empty()).then(|| type_name.to_owned()),
            ..Default::default()
        };
        let inner = DescriptorProto {
            name: Some("Inner".to_owned()),
            field: vec![field("next", 1, Type::Message, ".a.b.Outer.Inner"), field("a", 2, Type::Message, ".a.X")],
            ..Default::default()
        };
        // It hides what `a.X` begins with.
        let hiding = DescriptorProto { name: Some("a".to_owned()), ..Default::default() };
        let outer = DescriptorProto {
            name: Some("Outer".to_owned()),
            field: vec![
                FieldDescriptorProto {
                    default_value: Some("\"\n\u{1}".to_owned()),
                    json_name: Some("other".to_owned()),
                    options: Some(FieldOptions { deprecated: Some(true), ..Default::default() }),
                    ..field("text", 1, Type::String, "")
                },
                FieldDescriptorProto {
                    label: Some(Label::Repeated.into()),
                    options: Some(FieldOptions { packed: Some(false), ..Default::default() }),
                    ..field("numbers", 2, Type::Sint32, "")
                },
                FieldDescriptorProto { oneof_index: Some(0), ..field("one", 3, Type::Message, ".a.b.Outer.Inner") },
                FieldDescriptorProto { oneof_index: Some(0), ..field("two", 4, Type::Bytes, "") },
            ],
            oneof_decl: vec![OneofDescriptorProto { name: Some("choice".to_owned()), options: None }],
            nested_type: vec![inner, hiding],
            extension_range: vec![ExtensionRange { start: Some(100), end: Some(1 << 29), options: None }],
            reserved_range: vec![
                ReservedRange { start: Some(7), end: Some(8) },
                ReservedRange { start: Some(9), end: Some(12) },
            ],
            reserved_name: vec!["gone".to_owned()],
            ..Default::default()
        };
        FileDescriptorProto {
            name: Some("a/b.proto".to_owned()),
            package: Some("a.b".to_owned()),
            message_type: vec![outer],
            syntax: edition.then(|| "editions".to_owned()),
            ..Default::default()
        }
    }

    #[test]
    fn what_is_seldom_said_is_shown_too() {
        let expected = r#"syntax = "proto2";

package a.b;

// No source defines `a.X`.

message Outer {
  optional string text = 1 [default = "\"\n\x01", json_name = "other", deprecated = true];
  repeated sint32 numbers = 2 [packed = false];
  oneof choice {
    Inner one = 3;
    bytes two = 4;
  }

  message Inner {
    optional Inner next = 1;
    optional .a.X a = 2;
  }

  message a {}

  extensions 100 to max;
  reserved 7, 9 to 11;
  reserved "gone";
}
"#;
        let found = proto_text(&unusual(false).encode_to_vec(), &[], &|_| None);
        assert_eq!(found, expected);
    }

    #[test]
    fn an_edition_is_shown_with_its_features() {
        let mut file = unusual(true).encode_to_vec();
        crate::wire::put_varint(&mut file, tag::FILE_EDITION, 1000);
        let mut features = Vec::new();
        crate::wire::put_varint(&mut features, tag::FIELD_PRESENCE, 2);
        crate::wire::put_varint(&mut features, tag::UTF8_VALIDATION, 3);
        let mut options = Vec::new();
        crate::wire::put_bytes(&mut options, tag::FILE_FEATURES, &features);
        crate::wire::put_bytes(&mut file, tag::FILE_OPTIONS, &options);
        let found = proto_text(&file, &[], &|name| (name == "a.X").then(|| "x.proto".to_owned()));
        let expected = "edition = \"2023\";\n\npackage a.b;\n\nimport \"x.proto\";\n\n\
                        option features.field_presence = IMPLICIT;\noption features.utf8_validation = NONE;\n\n\
                        message Outer {\n  string text = 1 [";
        assert!(found.starts_with(expected), "{found}");
        assert!(found.contains("  reserved gone;\n"), "{found}");
    }

    #[test]
    fn what_is_nested_is_shown_inside_what_it_is_nested_in() {
        let found = proto_text(&unusual(false).encode_to_vec(), &["a.b.Outer.a"], &|_| None);
        let expected = "\nmessage Outer {\n  // What else it has is not shown.\n\n  message a {}\n}\n";
        assert!(found.ends_with(expected), "{found}");
    }

    #[test]
    fn many_messages_beside_many_fields_take_no_square() {
        let message = |number: usize| DescriptorProto { name: Some(format!("M{number}")), ..Default::default() };
        let field = |number: usize| FieldDescriptorProto {
            name: Some(format!("f{number}")),
            type_name: Some(format!(".A.M{number}")),
            r#type: Some(if number.is_multiple_of(2) { TYPE_GROUP } else { 11 }),
            ..Default::default()
        };
        let outer = DescriptorProto {
            name: Some("A".to_owned()),
            field: (0..100_000).map(field).collect(),
            nested_type: (0..100_000).map(message).collect(),
            ..Default::default()
        };
        let file = FileDescriptorProto { message_type: vec![outer], ..Default::default() };
        // Would take minutes if each was looked for among all.
        let text = proto_text(&file.encode_to_vec(), &[], &|_| None);
        assert_eq!(text.matches("group M").count(), 50_000);
        assert_eq!(text.matches("message M").count(), 50_000);
    }

    #[test]
    fn a_method_is_described_with_its_messages() {
        let schema = Schema::builtin();
        let described = schema.describe("/google.pubsub.v1.Publisher/DeleteTopic");
        let files: Vec<_> = described.iter().map(|description| description.file.as_str()).collect();
        assert_eq!(files, ["google/pubsub/v1/pubsub.proto", "google/protobuf/empty.proto"]);
        assert!(described[0].text.contains("  rpc DeleteTopic(DeleteTopicRequest) returns (google.protobuf.Empty);\n"));
        assert!(!described[0].text.contains("CreateTopic"));
        assert!(described[0].text.contains("message DeleteTopicRequest {\n  string topic = 1;\n}\n"));
        for unknown in
            ["google.rpc.Status.Nested", "/google.pubsub.v1.Publisher/No", "google.rpc", "", "/", "options.prot"]
        {
            assert_eq!(schema.describe(unknown), [], "{unknown}");
        }
        let [extension] = schema.describe("google.api.http").try_into().expect("it is one file");
        assert!(extension.text.ends_with("extend google.protobuf.MethodOptions {\n  HttpRule http = 72295728;\n}\n"));
        let [options] = schema.describe("google.protobuf.MethodOptions").try_into().expect("it is one file");
        assert!(options.text.contains("//   [google.api.http] = 72295728, google/api/annotations.proto\n"));
    }
}
