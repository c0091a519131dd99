//! `.proto` files, read and parsed at run time.
//!
//! Parsing gives descriptors whose types are still names as somebody wrote them. [`Resolved`] turns them into full names,
//! looking for them wherever there are sources: what an import would have brought is found by the name of the type, so a
//! file that is missing hurts only who needs a type of it.
//!
//! Of options those are kept that change how bytes are read or shown, as in the built-in bundle. What is left out are
//! custom options above all: the files that define them need not be there.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_types::field_descriptor_proto::Type;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, SourceCodeInfo,
    UninterpretedOption,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::fields::fields;
use super::protoset::joined;
use super::source::{Fault, SourceError};
use crate::error::excerpt;

/// How many bytes the `.proto` files of a source may have together: 256 MiB. All of Google's APIs have 67 MB.
pub(super) const TEXT_LIMIT_BYTES: u64 = 256 * 1024 * 1024;

/// The files that every compiler brings along; a folder that holds them, too, often has some that are newer than the
/// parser, and `descriptor.proto` uses all there is to the language.
const WELL_KNOWN: &str = "google/protobuf/";

/// How much of the text around a mistake an error quotes.
const QUOTED_CHARACTERS: usize = 200;

/// A file as it was parsed.
pub(super) struct ProtoFile {
    /// Where it was read; its name if it is one that every compiler brings along.
    pub(super) path: String,
    pub(super) descriptor: FileDescriptorProto,
}

/// Reads files and, as far as they can be found, those that they import.
///
/// A file is named by its path, or by its path below one of the folders. Imports are looked for in the folders, one after
/// the other, and then in the folder of each named file that lies in none of them. Without folders these are the folder
/// of each named file and those above it, the nearest first, so that files of one tree find each other.
pub(super) fn load(files: &[PathBuf], folders: &[PathBuf]) -> Result<Vec<ProtoFile>, SourceError> {
    if let Some(folder) = folders.iter().find(|folder| !folder.is_dir()) {
        return Err(SourceError::new(&folder.display().to_string(), None, Fault::File("no such folder".to_owned())));
    }
    let mut loader = Loader {
        folders: folders.to_vec(),
        names: FxHashSet::default(),
        names_of_paths: FxHashMap::default(),
        files: Vec::new(),
        bytes: 0,
    };
    for file in files {
        loader.named(file, folders)?;
    }
    let mut seen = FxHashSet::default();
    loader.folders.retain(|folder| seen.insert(folder.clone()));
    // Files that are imported are added at the end, while this goes on.
    let mut next = 0;
    while next < loader.files.len() {
        loader.imports_of(next)?;
        next += 1;
    }
    Ok(loader.files)
}

struct Loader {
    folders: Vec<PathBuf>,
    /// The names of the files that were read.
    names: FxHashSet<String>,
    /// The same by their real paths: a file may be imported by two names.
    names_of_paths: FxHashMap<PathBuf, String>,
    files: Vec<ProtoFile>,
    bytes: u64,
}

impl Loader {
    /// Reads a file that the user named.
    fn named(&mut self, file: &Path, folders: &[PathBuf]) -> Result<(), SourceError> {
        if !file.exists() || file.is_dir() {
            let below = folders.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
            let Some(path) = below else {
                return Err(SourceError::new(&file.display().to_string(), None, Fault::NoProto));
            };
            return self.read(&path, name_of_path(file));
        }
        let parent = file.parent().unwrap_or(Path::new(""));
        if folders.is_empty() {
            // As the user wrote them first, because errors show paths; then those that lie above the working folder.
            let real = real(file);
            let above = parent.ancestors().chain(real.ancestors().skip(1));
            self.folders.extend(above.map(Path::to_owned));
            return self.read(file, None);
        }
        let name = folders.iter().find_map(|folder| below(file, folder));
        if name.is_none() {
            self.folders.push(parent.to_owned());
        }
        let last = file.file_name().map(Path::new).unwrap_or(file);
        self.read(file, name.or_else(|| name_of_path(last)))
    }

    /// Reads what a file imports, and makes it import it by the names that are used here.
    fn imports_of(&mut self, file: usize) -> Result<(), SourceError> {
        let imports = self.files[file].descriptor.dependency.clone();
        for (rank, import) in imports.iter().enumerate() {
            if self.names.contains(import) {
                continue;
            }
            if let Some(name) = self.import(import)? {
                self.files[file].descriptor.dependency[rank] = name;
            }
        }
        Ok(())
    }

    /// Reads a file that is imported and was not read yet; returns its name here, or nothing if it is nowhere.
    fn import(&mut self, import: &str) -> Result<Option<String>, SourceError> {
        if import.starts_with(WELL_KNOWN)
            && let Some(file) = DescriptorPool::global().get_file_by_name(import)
        {
            self.names.insert(import.to_owned());
            self.files.push(ProtoFile { path: import.to_owned(), descriptor: file.file_descriptor_proto().clone() });
            return Ok(Some(import.to_owned()));
        }
        // The parser refuses names that lead out of the folders.
        let Some(path) = self.folders.iter().map(|folder| folder.join(import)).find(|path| path.is_file()) else {
            return Ok(None);
        };
        self.read(&path, Some(import.to_owned()))?;
        Ok(self.names_of_paths.get(&real(&path)).cloned())
    }

    /// Reads a file, unless it was read already.
    fn read(&mut self, path: &Path, name: Option<String>) -> Result<(), SourceError> {
        let real = real(path);
        if self.names_of_paths.contains_key(&real) {
            return Ok(());
        }
        let shown = path.display().to_string();
        let trouble = |fault| SourceError::new(&shown, None, fault);
        let mut text = Vec::new();
        let most = TEXT_LIMIT_BYTES - self.bytes + 1;
        File::open(path)
            .and_then(|file| file.take(most).read_to_end(&mut text))
            .map_err(|error| trouble(Fault::Unreadable(error)))?;
        self.bytes += text.len() as u64;
        if self.bytes > TEXT_LIMIT_BYTES {
            return Err(trouble(Fault::LongText));
        }
        let mut descriptor = parse(&shown, &text)?;
        let name = name.unwrap_or_else(|| name_by_package(path, descriptor.package()));
        descriptor.name = Some(name.clone());
        self.names.insert(name.clone());
        self.names_of_paths.insert(real, name);
        self.files.push(ProtoFile { path: shown, descriptor });
        Ok(())
    }
}

/// The path that all names of a file lead to.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The name of a file below a folder, if it lies there as it is written or as it is.
fn below(file: &Path, folder: &Path) -> Option<String> {
    let plain = |path: &Path| path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    let written = plain(file).strip_prefix(plain(folder)).ok().and_then(name_of_path);
    written.or_else(|| name_of_path(real(file).strip_prefix(real(folder)).ok()?))
}

/// A path as imports have it, if it leads nowhere but down.
fn name_of_path(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            Component::Prefix(_) | Component::RootDir | Component::ParentDir | Component::CurDir => None,
        })
        .collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("/"))
}

/// The name of a file that lies in no folder that was named: files mostly lie in folders that are called as their package.
fn name_by_package(path: &Path, package: &str) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder: PathBuf = package.split('.').collect();
    if !package.is_empty() && real(path).parent().is_some_and(|parent| parent.ends_with(&folder)) {
        return format!("{}/{file}", package.replace('.', "/"));
    }
    name_of_path(path).unwrap_or_else(|| path.display().to_string())
}

/// Parses the text of a file, all but its name, which it doesn't know.
fn parse(shown: &str, text: &[u8]) -> Result<FileDescriptorProto, SourceError> {
    let at = |byte: usize, fault: Fault| SourceError::at(shown, line_and_column(text, byte), fault);
    let is_utf8 = simdutf8::compat::from_utf8(text);
    let text = is_utf8.map_err(|error| at(error.valid_up_to(), Fault::File("not valid UTF-8".to_owned())))?;
    // Editors of Windows put a mark in front.
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut descriptor = protox_parse::parse("", &text[mark..]).map_err(|error| {
        let span = error.span().unwrap_or(text.len() - mark..text.len() - mark);
        let start = (mark + span.start).min(text.len());
        let (said, rest) = (error.to_string(), text.get(start..).unwrap_or_default());
        if rest.strip_prefix("edition").is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return at(start, Fault::Edition(shown.to_owned()));
        }
        // What the parser says of imports is meant for groups.
        if said == "invalid group name" && rest.starts_with(['"', '\'']) {
            return at(start, Fault::File("a path that leads up, or to nowhere, as an import".to_owned()));
        }
        at(start, Fault::File(excerpt(said.as_bytes(), QUOTED_CHARACTERS)))
    })?;
    interpret_options(&mut descriptor);
    Ok(descriptor)
}

/// The line and the column of a byte, both from 1 on; columns are characters.
fn line_and_column(text: &[u8], byte: usize) -> (usize, usize) {
    let before = &text[..byte.min(text.len())];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    (line, String::from_utf8_lossy(&before[line_start..]).chars().count() + 1)
}

/// A line and a column, both from 1 on.
pub(super) type Position = (usize, usize);

/// Where everything in a file stands, by paths of field numbers and ranks.
///
/// Source: `SourceCodeInfo.Location` of `descriptor.proto`.
pub(super) struct Positions(FxHashMap<Vec<i32>, Position>);

impl Positions {
    pub(super) fn new(file: &[u8]) -> Positions {
        let info = fields(file).flatten().find(|field| field.number == 9);
        let info = info.and_then(|info| SourceCodeInfo::decode(info.bytes()).ok()).unwrap_or_default();
        let positions = info.location.into_iter().filter_map(|location| match *location.span.as_slice() {
            [line, column, ..] => Some((location.path, (line as usize + 1, column as usize + 1))),
            _ => None,
        });
        Positions(positions.collect())
    }

    /// Where something stands, or what it stands in.
    pub(super) fn of(&self, path: &[i32]) -> Option<Position> {
        (0..=path.len()).rev().find_map(|length| self.0.get(&path[..length]).copied())
    }
}

/// What a name stands for, found by somebody who knows all sources: its full name without a leading dot, and whether it
/// is an enum.
pub(super) type Definition = (String, bool);

/// A file whose types have their full names.
pub(super) struct Resolved {
    pub(super) bytes: Bytes,
    /// The types that were found nowhere, as the file names them, and where it does so first.
    pub(super) nowhere: FxHashMap<String, Position>,
}

impl Resolved {
    /// Replaces the names of types by their full names, and says which are enums.
    pub(super) fn new(file: &Bytes, find: impl Fn(&str, &str) -> Option<Definition>) -> Resolved {
        let mut descriptor = FileDescriptorProto::decode(file.clone()).expect("it was encoded from one");
        let mut nowhere = FxHashMap::default();
        let mut positions = None;
        visit_types(&mut descriptor, &mut |path, scope, type_name, kind| {
            let Some((full_name, is_enum)) = find(scope, type_name) else {
                let positions = positions.get_or_insert_with(|| Positions::new(file));
                if let Some(position) = positions.of(path) {
                    nowhere.entry(type_name.clone()).or_insert(position);
                }
                return;
            };
            *type_name = format!(".{full_name}");
            if let Some(kind @ None) = kind {
                *kind = Some(if is_enum { Type::Enum } else { Type::Message }.into());
            }
        });
        Resolved { bytes: descriptor.encode_to_vec().into(), nowhere }
    }
}

/// Whether a file defines a message or enum of this full name, and if so, whether it is an enum.
pub(super) fn is_enum_in(file: &[u8], full_name: &str) -> Option<bool> {
    let package = fields(file).flatten().find(|field| field.number == 2).map_or("", |package| package.text());
    let name = if package.is_empty() { full_name } else { full_name.strip_prefix(package)?.strip_prefix('.')? };
    // The numbers of the fields that hold messages and enums, in a file and then in messages.
    let (mut scope, mut message, mut enumeration) = (file, 4, 5);
    let is_named = |definition: &[u8], name: &str| {
        fields(definition).flatten().find(|part| part.number == 1).is_some_and(|part| part.text() == name)
    };
    let mut is_enum = false;
    for part in name.split('.') {
        // Nothing is nested in an enum.
        if is_enum {
            return None;
        }
        let inside = fields(scope)
            .flatten()
            .find(|field| (field.number == message || field.number == enumeration) && is_named(field.bytes(), part))?;
        is_enum = inside.number == enumeration;
        (scope, message, enumeration) = (inside.bytes(), 3, 4);
    }
    Some(is_enum)
}

/// What is told of the name of a type: the path to it, the name of what it is looked up from, the name itself, and for a
/// field its type.
type Visit<'v> = dyn FnMut(&[i32], &str, &mut String, Option<&mut Option<i32>>) + 'v;

fn visit_types(file: &mut FileDescriptorProto, visit: &mut Visit<'_>) {
    let package = file.package().to_owned();
    for (rank, message) in (0..).zip(&mut file.message_type) {
        visit_message(message, &package, &mut vec![4, rank], visit);
    }
    for (rank, extension) in (0..).zip(&mut file.extension) {
        visit_field(extension, &package, &mut vec![7, rank], visit);
    }
    for (rank, service) in (0..).zip(&mut file.service) {
        let scope = joined(&package, service.name());
        for (method_rank, method) in (0..).zip(&mut service.method) {
            for (number, name) in [(2, &mut method.input_type), (3, &mut method.output_type)] {
                if let Some(name) = name {
                    visit(&[6, rank, 2, method_rank, number], &scope, name, None);
                }
            }
        }
    }
}

/// How deep messages nest is limited by the parser.
fn visit_message(message: &mut DescriptorProto, scope: &str, path: &mut Vec<i32>, visit: &mut Visit<'_>) {
    let scope = joined(scope, message.name());
    for (number, fields) in [(2, &mut message.field), (6, &mut message.extension)] {
        for (rank, field) in (0..).zip(fields) {
            path.extend([number, rank]);
            visit_field(field, &scope, path, visit);
            path.truncate(path.len() - 2);
        }
    }
    for (rank, nested) in (0..).zip(&mut message.nested_type) {
        path.extend([3, rank]);
        visit_message(nested, &scope, path, visit);
        path.truncate(path.len() - 2);
    }
}

fn visit_field(field: &mut FieldDescriptorProto, scope: &str, path: &mut Vec<i32>, visit: &mut Visit<'_>) {
    let FieldDescriptorProto { type_name, r#type, extendee, .. } = field;
    for (number, name, kind) in [(2, extendee, None), (6, type_name, Some(r#type))] {
        if let Some(name) = name {
            path.push(number);
            visit(path, scope, name, kind);
            path.pop();
        }
    }
}

/// Sets the options that the parser has left as text, as far as they are kept.
fn interpret_options(file: &mut FileDescriptorProto) {
    file.options = None;
    file.message_type.iter_mut().for_each(interpret_in_message);
    file.enum_type.iter_mut().for_each(interpret_in_enum);
    file.extension.iter_mut().for_each(interpret_in_field);
    for service in &mut file.service {
        if let Some(options) = &mut service.options {
            interpret(&mut options.uninterpreted_option, &mut [("deprecated", &mut options.deprecated)]);
        }
        for options in service.method.iter_mut().filter_map(|method| method.options.as_mut()) {
            interpret(&mut options.uninterpreted_option, &mut [("deprecated", &mut options.deprecated)]);
        }
    }
}

fn interpret_in_message(message: &mut DescriptorProto) {
    if let Some(options) = &mut message.options {
        let kept = &mut [
            ("message_set_wire_format", &mut options.message_set_wire_format),
            ("deprecated", &mut options.deprecated),
        ];
        interpret(&mut options.uninterpreted_option, kept);
    }
    message.field.iter_mut().chain(&mut message.extension).for_each(interpret_in_field);
    message.oneof_decl.iter_mut().for_each(|oneof| oneof.options = None);
    message.extension_range.iter_mut().for_each(|range| range.options = None);
    message.enum_type.iter_mut().for_each(interpret_in_enum);
    message.nested_type.iter_mut().for_each(interpret_in_message);
}

fn interpret_in_field(field: &mut FieldDescriptorProto) {
    if let Some(options) = &mut field.options {
        let kept = &mut [("packed", &mut options.packed), ("deprecated", &mut options.deprecated)];
        interpret(&mut options.uninterpreted_option, kept);
    }
}

fn interpret_in_enum(enumeration: &mut EnumDescriptorProto) {
    if let Some(options) = &mut enumeration.options {
        let kept = &mut [("allow_alias", &mut options.allow_alias), ("deprecated", &mut options.deprecated)];
        interpret(&mut options.uninterpreted_option, kept);
    }
    for options in enumeration.value.iter_mut().filter_map(|value| value.options.as_mut()) {
        interpret(&mut options.uninterpreted_option, &mut [("deprecated", &mut options.deprecated)]);
    }
}

/// All options that are kept are switches.
fn interpret(uninterpreted: &mut Vec<UninterpretedOption>, kept: &mut [(&str, &mut Option<bool>)]) {
    for option in uninterpreted.drain(..) {
        let [name] = option.name.as_slice() else { continue };
        let switch = kept.iter_mut().find(|(known, _)| !name.is_extension && *known == name.name_part);
        if let Some((_, switch)) = switch {
            **switch = Some(option.identifier_value() == "true");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::schema::{Schema, Type as LayoutType};

    /// A folder with files.
    fn tree(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("a writable folder");
            fs::write(path, text).expect("a writable folder");
        }
        folder
    }

    fn schema(tree: &TempDir, files: &[&str], folders: &[&str]) -> Result<Schema, String> {
        let inside = |names: &[&str]| names.iter().map(|name| tree.path().join(name)).collect::<Vec<_>>();
        let builder = Schema::builder().proto(&inside(files), &inside(folders));
        let shown = format!("{}/", tree.path().display());
        builder.map(|builder| builder.build()).map_err(|error| error.to_string().replace(&shown, ""))
    }

    fn fault(schema: &Schema, tree: &TempDir, name: &str) -> String {
        let shown = format!("{}/", tree.path().display());
        schema.resolve(name).expect_err(name).to_string().replace(&shown, "")
    }

    /// The fields of a message: name, type, packed.
    fn fields_of(schema: &Schema, name: &str) -> Vec<String> {
        let id = schema.resolve(name).unwrap_or_else(|error| panic!("{error}"));
        let show = |field: &crate::schema::Field| {
            let kind = match field.ty() {
                LayoutType::Message(id) | LayoutType::Group(id) => schema.layout(*id).full_name().to_owned(),
                LayoutType::Enum(layout) => layout.full_name().to_owned(),
                other => format!("{other:?}"),
            };
            format!("{} {kind}", field.name())
        };
        schema.layout(id).fields().iter().map(show).collect()
    }

    const ORDER: &str = r#"
        syntax = "proto3";
        package acme.v1;
        import "acme/v1/item.proto";
        import "google/api/annotations.proto";
        import "google/protobuf/timestamp.proto";
        import "validate/validate.proto";
        option java_package = "com.acme";
        message Order {
            enum State { NEW = 0; PAID = 1; }
            State state = 1 [(validate.rules).enum.defined_only = true];
            repeated Item items = 2;
            map<string, Item.Kind> kinds = 3;
            google.protobuf.Timestamp at = 4;
            google.api.HttpRule rule = 5;
            optional .acme.v1.Order.State last = 6;
            v1.Item one = 7;
        }
        service Orders { rpc Get(Item) returns (stream Order) { option (google.api.http) = { get: "/v1/{name=orders/*}" }; } }
    "#;

    const ITEM: &str = r#"
        syntax = "proto2";
        package acme.v1;
        message Item { enum Kind { option allow_alias = true; A = 0; B = 0; } optional Kind kind = 1; optional group Part = 2 {} }
    "#;

    const NAMES: [&str; 7] = [
        "state acme.v1.Order.State",
        "items acme.v1.Item",
        "kinds acme.v1.Order.KindsEntry",
        "at google.protobuf.Timestamp",
        "rule google.api.HttpRule",
        "last acme.v1.Order.State",
        "one acme.v1.Item",
    ];

    #[test]
    fn files_of_a_tree_find_each_other() {
        let tree =
            tree(&[("proto/acme/v1/order.proto", ORDER), ("proto/acme/v1/item.proto", ITEM), ("other/x.proto", "")]);
        let order = "proto/acme/v1/order.proto";
        for (files, folders) in [
            (&[order][..], &[][..]),
            (&[order, "proto/acme/v1/item.proto"], &[]),
            (&["proto/acme/v1/item.proto", order], &[]),
            (&[order], &["proto"]),
            (&[order], &["other", "proto/."]),
            (&["proto/../proto/acme/v1/order.proto"], &["proto"]),
        ] {
            let schema = schema(&tree, files, folders).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(fields_of(&schema, "acme.v1.Order"), NAMES, "{files:?} {folders:?}");
            let origin = schema.origin("acme.v1.Order").expect("it is known");
            assert!(origin.ends_with("acme/v1/order.proto"), "{origin}");
            let method = schema.method("/acme.v1.Orders/Get").expect("it is known");
            assert!(method.streams_responses && !method.streams_requests);
            assert_eq!(fields_of(&schema, "acme.v1.Item"), ["kind acme.v1.Item.Kind", "part acme.v1.Item.Part"]);
        }
    }

    #[test]
    fn a_file_may_be_named_as_imports_name_it() {
        let tree = tree(&[("proto/acme/v1/order.proto", ORDER), ("lib/acme/v1/item.proto", ITEM)]);
        let folders = [tree.path().join("proto"), tree.path().join("lib")];
        let schema = Schema::builder().proto(&["acme/v1/order.proto".into()], &folders).expect("it is there").build();
        assert_eq!(fields_of(&schema, "acme.v1.Order"), NAMES);
        let error = Schema::builder().proto(&["acme/v1/none.proto".into()], &folders).err().expect("it is not there");
        assert_eq!(error.to_string(), "acme/v1/none.proto: no such file");
    }

    #[test]
    fn what_is_built_in_does_not_get_in_the_way() {
        // The bundle knows a message of the first name, but none that is nested in it.
        let text = r#"syntax = "proto3"; package google.firestore.v1;
            message BatchGetDocumentsRequest { Document mine = 1; google.type.DayOfWeek day = 2; }
            message Document {}"#;
        let tree = tree(&[("google/firestore/v1/firestore.proto", text)]);
        let schema = schema(&tree, &["google/firestore/v1/firestore.proto"], &[]).expect("sound");
        let expected = ["mine google.firestore.v1.Document", "day google.type.DayOfWeek"];
        assert_eq!(fields_of(&schema, "google.firestore.v1.BatchGetDocumentsRequest"), expected);
    }

    #[test]
    fn a_file_outside_the_folders_brings_its_own() {
        let tree = tree(&[
            ("here/a.proto", r#"syntax = "proto3"; import "b.proto"; message A { B b = 1; }"#),
            ("here/b.proto", r#"syntax = "proto3"; message B {}"#),
            ("lib/c.proto", ""),
        ]);
        let schema = schema(&tree, &["here/a.proto"], &["lib"]).expect("sound");
        assert_eq!(fields_of(&schema, "A"), ["b B"]);
    }

    #[test]
    fn what_the_folders_lack_comes_from_the_other_sources() {
        let tree = tree(&[("acme/v1/order.proto", ORDER), ("acme/v1/item.proto", ITEM)]);
        let set = |file: &str| {
            let path = tree.path().join(file);
            let mut files = load(&[path], &[]).expect("sound");
            files.retain(|loaded| loaded.path.ends_with(file));
            let mut set = Vec::new();
            crate::wire::put_bytes(&mut set, 1, &files[0].descriptor.encode_to_vec());
            set
        };
        let item = set("acme/v1/item.proto");
        fs::remove_file(tree.path().join("acme/v1/item.proto")).expect("it is there");
        let order = [tree.path().join("acme/v1/order.proto")];
        let before = Schema::builder().protoset("item", item.clone()).and_then(|builder| builder.proto(&order, &[]));
        let after = Schema::builder().proto(&order, &[]).and_then(|builder| builder.protoset("item", item));
        for builder in [before, after] {
            assert_eq!(fields_of(&builder.expect("sound").build(), "acme.v1.Order"), NAMES);
        }
        let alone = Schema::builder().proto(&order, &[]).expect("sound").build();
        assert_eq!(
            fault(&alone, &tree, "acme.v1.Order"),
            "message type `acme.v1.Order`: acme/v1/order.proto:12:22: type `Item` is defined nowhere, imports \
             `acme/v1/item.proto`, `validate/validate.proto` are missing"
        );
    }

    #[test]
    fn options_that_change_bytes_are_kept() {
        let tree = tree(&[(
            "a.proto",
            r#"syntax = "proto3";
               message A { repeated int32 tight = 1; repeated int32 loose = 2 [packed = false, (no.such) = {a: [1]}]; }
               message Sets { option (my.map_entry) = true; option map_entry = true; int32 not_a_key = 7; }"#,
        )]);
        let schema = schema(&tree, &["a.proto"], &[]).expect("sound");
        let layout = schema.layout(schema.resolve("A").expect("sound"));
        let packed: Vec<_> = layout.fields().iter().map(|field| format!("{:?}", field.shape())).collect();
        assert_ne!(packed[0], packed[1]);
        assert_eq!(fields_of(&schema, "Sets").len(), 1);
    }

    #[test]
    fn mistakes_have_a_line_and_a_column() {
        for (text, expected) in [
            (
                "syntax = \"proto3\";\nmesage A {}",
                "a.proto:2:1: expected 'enum', 'extend', 'import', 'message', 'option', 'service', 'package' or ';', but found 'mesage'",
            ),
            (
                "syntax = \"proto3\";\nmessage A { /* ü */ int32 a == 1; }",
                "a.proto:2:30: expected an integer, but found '='",
            ),
            ("\u{feff}syntax = \"proto4\";", "a.proto:1:11: unknown syntax 'proto4'"),
            (
                "message A {",
                "a.proto:1:12: expected a message field, oneof, reserved range, enum, message, option or '}', but reached end of file",
            ),
            (
                "// c\n  edition = \"2023\";",
                "a.proto:2:3: the file is written in an edition of protobuf's language, expected syntax proto2 or proto3",
            ),
            (
                "editions a = 1;",
                "a.proto:1:1: expected 'enum', 'extend', 'import', 'message', 'option', 'service', 'package' or ';', but found 'editions'",
            ),
            ("import \"../b.proto\";", "a.proto:1:8: a path that leads up, or to nowhere, as an import"),
            ("import \"a.proto\";", "a.proto: files import each other in a circle: a.proto -> a.proto"),
        ] {
            let tree = tree(&[("a.proto", text)]);
            let folders = &[""];
            assert_eq!(schema(&tree, &["a.proto"], folders).expect_err(text), expected, "{text}");
        }
        let tree = tree(&[]);
        fs::write(tree.path().join("a.proto"), b"// \xc3\xa4\n// \xff").expect("a writable folder");
        assert_eq!(schema(&tree, &["a.proto"], &[]).expect_err("not UTF-8"), "a.proto:2:4: not valid UTF-8");
        assert_eq!(schema(&tree, &[""], &[]).expect_err("a folder"), ": no such file");
        assert_eq!(schema(&tree, &["a.proto"], &["no"]).expect_err("no folder"), "no: no such folder");
    }

    #[test]
    fn faults_of_types_have_a_line_and_a_column() {
        let text = r#"syntax = "proto3";
message A { int32 one = 1; int32 two = 1; }"#;
        let tree = tree(&[
            ("a.proto", text),
            (
                "b.proto",
                "syntax = \"proto3\";\nmessage B { message C {\n  Lost a = 1; Lost b = 2; } C c = 1; }\nmessage D {}",
            ),
        ]);
        let schema = schema(&tree, &["a.proto", "b.proto"], &[]).expect("what is wrong is wrong with a type");
        assert_eq!(fault(&schema, &tree, "A"), "message type `A`: a.proto:2:40: field number '1' is already used");
        assert_eq!(fault(&schema, &tree, "B"), "message type `B`: b.proto:3:3: type `Lost` is defined nowhere");
        assert!(schema.resolve("D").is_ok());
    }

    #[test]
    fn an_edition_is_told_what_to_do_with() {
        let error = parse("api/a.proto", b"edition = \"2024\";").expect_err("an edition");
        assert_eq!(
            error.hint().as_deref(),
            Some(
                "compile it with `protoc --include_imports --descriptor_set_out=FILE api/a.proto` or `buf build -o FILE`, \
                 and name the descriptor set FILE in its place"
            )
        );
    }

    #[test]
    fn nesting_without_end_is_refused() {
        for text in [
            "message A {".repeat(100_000),
            "message A { oneof o { group B = 1 {".repeat(50_000),
            "extend A { optional group B = 1 {".repeat(50_000),
        ] {
            let error =
                parse("a.proto", format!("syntax = \"proto2\"; {text}").as_bytes()).expect_err("it nests too deep");
            assert!(error.to_string().ends_with("reached maximum recursion limit for nested messages"), "{error}");
        }
        let braces = format!("option (a) = {}{};", "{a:[".repeat(100_000), "]}".repeat(100_000));
        assert!(parse("a.proto", braces.as_bytes()).is_ok(), "custom options are not looked at");
    }

    proptest! {
        #[test]
        fn a_damaged_file_never_panics(
            damage in prop::collection::vec((any::<prop::sample::Index>(), 0..8usize, "[a-z{}();=\"\\[\\]<>., 0-9/*\n\\\\-]{0,6}"), 1..6),
        ) {
            let mut text = format!("{ORDER}{ITEM}").into_bytes();
            for (place, length, other) in damage {
                let place = place.index(text.len());
                let end = text.len().min(place + length);
                text.splice(place..end, other.bytes());
            }
            if let Ok(descriptor) = parse("a.proto", &text) {
                let path = "a.proto".to_owned();
                let descriptor = FileDescriptorProto { name: Some(path.clone()), ..descriptor };
                let mut sources = crate::schema::source::SchemaSources::new();
                if sources.add_parsed("a.proto", vec![ProtoFile { path, descriptor }]).is_ok() {
                    let _ = sources.build().message("acme.v1.Order");
                }
            }
        }
    }
}
