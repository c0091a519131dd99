//! A descriptor set that the user names: a serialized `google.protobuf.FileDescriptorSet`, or a buf image.
//!
//! Adding one reads names only. A file is decoded when a type needs it, and checked before prost-reflect sees it, which
//! panics on some of what a file can say.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use prost_reflect::{Cardinality, DescriptorPool, Kind};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, ServiceDescriptorProto,
    UninterpretedOption,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::TYPE_NAME_LIMIT_BYTES;
use super::editions::lower;
use super::fields::{Field, Value, fields};
use super::proto_files::{Definition, Position, Positions, ProtoFile, Resolved};
use super::source::{Fault, SourceError, enclosing_names};
use crate::error::excerpt;
use crate::wire::put_bytes;

/// How many bytes the full names in a descriptor set may have together, each as often as something is defined in its
/// scope: 128 MiB. Descriptors repeat the name of a message for each of its fields, so a name that is long and has much
/// in it grows to hundreds of times what it takes in the file. All of Google's APIs have 23 MB of them.
const NAMES_LIMIT_BYTES: usize = 128 * 1024 * 1024;

/// How much of a name an error quotes.
const QUOTED_CHARACTERS: usize = 60;

/// The number of a file in its set.
pub(super) type FileNumber = u32;

/// A descriptor set, its names indexed.
pub(crate) struct Protoset {
    name: String,
    made_of: MadeOf,
    files: Vec<File>,
    by_name: FxHashMap<String, FileNumber>,
    /// By the full name of a message, enum or service.
    by_definition: FxHashMap<String, Defined>,
    by_extendee: FxHashMap<String, Vec<FileNumber>>,
    /// What [`NAMES_LIMIT_BYTES`] limits.
    names_bytes: usize,
}

/// What is known of a message, enum or service without looking into it.
struct Defined {
    file: FileNumber,
    /// The length of the outermost definition's name.
    outermost: usize,
    is_enum: bool,
}

/// What the files of a set were before, which decides what can be done about those that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MadeOf {
    /// A serialized `FileDescriptorSet`.
    DescriptorSet,
    /// `.proto` files.
    ProtoFiles,
    /// A compiled Go program.
    GoBinary,
}

struct File {
    name: String,
    /// Where a `.proto` file was read.
    path: Option<String>,
    /// The types that a `.proto` file names and no source defines, and where.
    nowhere: FxHashMap<String, Position>,
    imports: Vec<String>,
    bytes: Bytes,
}

/// Something in a file that can be left out of it, and the types that it needs.
pub(super) struct Item {
    pub(super) place: Place,
    /// The full name of a message or service, nothing for an extension.
    pub(super) name: String,
    pub(super) references: Vec<Reference>,
}

/// Where an item stands in its file: the field of `FileDescriptorProto`, the rank in it, and the rank of a method.
pub(super) type Place = (u32, usize, Option<usize>);

/// The name of a type as it stands in a file, and the name of what it is looked up from.
pub(super) struct Reference {
    /// Shared by all references of a message.
    pub(super) scope: Rc<str>,
    pub(super) name: String,
}

/// A file that is fit for prost-reflect but for its imports.
pub(super) struct Opened {
    bytes: Vec<u8>,
    pub(super) items: Vec<Item>,
}

impl Protoset {
    /// Reads the names in a descriptor set.
    pub(super) fn new(name: &str, bytes: Bytes) -> Result<Protoset, SourceError> {
        let files = fields(&bytes).filter_map(|field| match field {
            Ok(Field { number: 1, value: Value::Bytes(file), .. }) => Some(Ok((None, bytes.slice_ref(file)))),
            Ok(_) => None,
            Err(error) => Some(Err(SourceError::new(name, None, Fault::NotASet(error.to_string())))),
        });
        Protoset::of_files(name, MadeOf::DescriptorSet, files)
    }

    /// Reads the names in serialized `FileDescriptorProto`s, each of which may come with the path of its `.proto` file.
    pub(super) fn of_files(
        name: &str,
        made_of: MadeOf,
        files: impl IntoIterator<Item = Result<(Option<String>, Bytes), SourceError>>,
    ) -> Result<Protoset, SourceError> {
        let mut set = Protoset {
            name: name.to_owned(),
            made_of,
            files: Vec::new(),
            by_name: FxHashMap::default(),
            by_definition: FxHashMap::default(),
            by_extendee: FxHashMap::default(),
            names_bytes: 0,
        };
        for file in files {
            let (path, bytes) = file?;
            set.add(path, bytes)?;
        }
        if set.files.is_empty() {
            return Err(SourceError::new(name, None, Fault::Empty));
        }
        set.refuse_cycles()?;
        Ok(set)
    }

    /// Reads the names in `.proto` files, which were parsed and are yet to be [resolved](Self::resolved).
    pub(super) fn of_proto_files(name: &str, files: Vec<ProtoFile>) -> Result<Protoset, SourceError> {
        let files = files.into_iter().map(|file| Ok((Some(file.path), file.descriptor.encode_to_vec().into())));
        Protoset::of_files(name, MadeOf::ProtoFiles, files)
    }

    /// What the user calls the set.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the user calls the place that a file comes from.
    pub(super) fn origin(&self, file: FileNumber) -> &str {
        self.files[file as usize].path.as_ref().unwrap_or(&self.name)
    }

    fn error(&self, file: &File, position: Option<Position>, fault: Fault) -> SourceError {
        match (&file.path, position) {
            (Some(path), Some(position)) => SourceError::at(path, position, fault),
            (Some(path), None) => SourceError::new(path, None, fault),
            (None, _) => SourceError::new(&self.name, Some(&file.name), fault),
        }
    }

    /// What is wrong with a file, at the place in it that a path of field numbers and ranks leads to.
    pub(super) fn error_at(&self, file: FileNumber, place: Option<&[i32]>, fault: Fault) -> SourceError {
        let file = &self.files[file as usize];
        let position = place.filter(|_| file.path.is_some()).and_then(|place| Positions::new(&file.bytes).of(place));
        self.error(file, position, fault)
    }

    /// What is wrong with a file that names a type which is nowhere.
    pub(super) fn missing(&self, file: FileNumber, name: &str, imports: Arc<[String]>) -> SourceError {
        let file = &self.files[file as usize];
        let position = file.nowhere.get(name).copied();
        let name = name.trim_start_matches('.').to_owned();
        self.error(file, position, Fault::Missing { name, imports, made_of: self.made_of })
    }

    /// `.proto` files with the full names of types instead of those that somebody wrote; nothing for other sets, which
    /// have them already.
    pub(super) fn resolved(&self, find: impl Fn(&str, &str) -> Option<Definition>) -> Option<Vec<Resolved>> {
        let is_written = self.made_of == MadeOf::ProtoFiles;
        is_written.then(|| self.files.iter().map(|file| Resolved::new(&file.bytes, &find)).collect())
    }

    /// Puts the resolved files into the places of those that were parsed.
    pub(super) fn replace(&mut self, files: Vec<Resolved>) {
        for (file, resolved) in self.files.iter_mut().zip(files) {
            file.bytes = resolved.bytes;
            file.nowhere = resolved.nowhere;
        }
    }

    pub(super) fn file_name(&self, file: FileNumber) -> &str {
        &self.files[file as usize].name
    }

    /// What its files were before.
    pub(super) fn made_of(&self) -> MadeOf {
        self.made_of
    }

    pub(super) fn file_count(&self) -> FileNumber {
        self.files.len() as FileNumber
    }

    /// The serialized `FileDescriptorProto` of a file, as it stands in the set.
    pub(super) fn file(&self, file: FileNumber) -> Option<Bytes> {
        self.files.get(file as usize).map(|file| file.bytes.clone())
    }

    pub(super) fn imports(&self, file: FileNumber) -> &[String] {
        &self.files[file as usize].imports
    }

    /// The file with this name.
    pub(super) fn file_named(&self, name: &str) -> Option<FileNumber> {
        self.by_name.get(name).copied()
    }

    /// The file that defines the message, enum or service with this full name, and the full name of the outermost
    /// definition that it is nested in, which may be itself.
    pub(super) fn file_defining<'n>(&self, full_name: &'n str) -> Option<(FileNumber, &'n str)> {
        let defined = self.by_definition.get(full_name)?;
        Some((defined.file, full_name.get(..defined.outermost)?))
    }

    /// Whether the full name is that of an enum, if it is that of anything.
    pub(super) fn is_enum(&self, full_name: &str) -> Option<bool> {
        self.by_definition.get(full_name).map(|defined| defined.is_enum)
    }

    /// The files that extend the message with this full name.
    pub(super) fn files_extending(&self, extendee: &str) -> &[FileNumber] {
        self.by_extendee.get(extendee).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, path: Option<String>, bytes: Bytes) -> Result<(), SourceError> {
        let number = self.files.len() as FileNumber;
        let nowhere = FxHashMap::default();
        let mut file = File { name: String::new(), path, nowhere, imports: Vec::new(), bytes: bytes.clone() };
        let mut package = "";
        let mut definitions = Vec::new();
        let mut extendees = Vec::new();
        for field in fields(&bytes) {
            let field = field.map_err(|error| SourceError::new(&self.name, None, Fault::NotASet(error.to_string())))?;
            match field.number {
                1 => file.name = field.text().to_owned(),
                2 => package = field.text(),
                3 => file.imports.push(field.text().to_owned()),
                4..=6 => definitions.push(field),
                7 => extendees.extend(extendee_of(field.bytes())),
                _ => {}
            }
        }
        if let Some(long) = file.imports.iter().chain([&file.name]).find(|name| name.len() > TYPE_NAME_LIMIT_BYTES) {
            return Err(SourceError::new(&self.name, None, too_long(long)));
        }
        if file.name.is_empty() {
            return Err(SourceError::new(&self.name, None, Fault::NotASet("a file without a name".to_owned())));
        }
        if let Some(&first) = self.by_name.get(&file.name) {
            // The same file twice is what joining two sets gives.
            let same = without_source_info(&self.files[first as usize].bytes) == without_source_info(&bytes);
            return if same { Ok(()) } else { Err(self.error(&file, None, Fault::Duplicate)) };
        }
        self.add_names(number, package, &definitions, extendees).map_err(|fault| self.error(&file, None, fault))?;
        self.by_name.insert(file.name.clone(), number);
        self.files.push(file);
        Ok(())
    }

    fn add_names<'b>(
        &mut self,
        file: FileNumber,
        package: &str,
        definitions: &[Field<'b>],
        mut extendees: Vec<&'b str>,
    ) -> Result<(), Fault> {
        self.count_name("", package)?;
        for definition in definitions {
            let own = name_of(definition.bytes());
            self.count_name(package, own)?;
            let name = joined(package, own);
            if definition.number == 4 {
                let mut inside = Inside { set: self, file, outermost: name.len(), extendees: &mut extendees };
                inside.collect(definition.bytes(), &name, 0)?;
            } else {
                self.count_parts(definition.bytes(), &name)?;
            }
            let is_enum = definition.number == 5;
            self.by_definition.entry(name).or_insert_with_key(|name| Defined { file, outermost: name.len(), is_enum });
        }
        for extendee in extendees {
            match extendee.strip_prefix('.') {
                Some(full_name) => self.add_extendee(file, full_name.to_owned())?,
                // Not even the candidates are made of what is too long.
                None if extendee.len() > TYPE_NAME_LIMIT_BYTES => return Err(too_long(extendee)),
                None => candidates(package, extendee).try_for_each(|name| self.add_extendee(file, name))?,
            }
        }
        Ok(())
    }

    fn add_extendee(&mut self, file: FileNumber, name: String) -> Result<(), Fault> {
        self.count_name("", &name)?;
        let files = self.by_extendee.entry(name).or_default();
        if files.last() != Some(&file) {
            files.push(file);
        }
        Ok(())
    }

    /// Counts a name in its scope, before they are joined.
    fn count_name(&mut self, scope: &str, name: &str) -> Result<(), Fault> {
        let dot = usize::from(!scope.is_empty());
        let length = scope.len() + dot + name.len();
        if length > TYPE_NAME_LIMIT_BYTES {
            return Err(too_long(name));
        }
        self.names_bytes += length;
        if self.names_bytes > NAMES_LIMIT_BYTES { Err(Fault::Names(NAMES_LIMIT_BYTES)) } else { Ok(()) }
    }

    /// Counts the names of an enum's values or a service's methods.
    fn count_parts(&mut self, definition: &[u8], scope: &str) -> Result<(), Fault> {
        let mut parts = fields(definition).flatten().filter(|part| part.number == 2);
        parts.try_for_each(|part| self.count_name(scope, name_of(part.bytes())))
    }

    /// Refuses a set whose files import each other in a circle, which no compiler makes.
    fn refuse_cycles(&self) -> Result<(), SourceError> {
        let mut done = vec![false; self.files.len()];
        let mut on_path = vec![false; self.files.len()];
        for start in 0..self.files.len() {
            // Each step of the path with the rank of the import to follow next.
            let mut path = if done[start] { vec![] } else { vec![(start, 0)] };
            while let Some((file, next)) = path.last_mut() {
                let file = *file;
                on_path[file] = true;
                let import = self.files[file].imports.get(*next);
                *next += 1;
                let Some(import) = import else {
                    on_path[file] = false;
                    done[file] = true;
                    path.pop();
                    continue;
                };
                let Some(&import) = self.by_name.get(import) else { continue };
                let import = import as usize;
                if on_path[import] {
                    let circle = path.iter().skip_while(|(file, _)| *file != import).map(|(file, _)| *file);
                    let circle = circle.chain([import]).map(|file| self.files[file].name.clone()).collect();
                    return Err(SourceError::new(&self.name, None, Fault::Cycle(circle)));
                }
                if !done[import] {
                    path.push((import, 0));
                }
            }
        }
        Ok(())
    }

    /// Lowers, decodes and checks a file.
    pub(super) fn open(&self, file: FileNumber) -> Result<Opened, SourceError> {
        let bytes = &self.files[file as usize].bytes;
        let fault = |what: String| self.error_at(file, None, Fault::File(what));
        let bytes = lower(bytes).map_err(|error| fault(error.to_string()))?.into_owned();
        let proto = FileDescriptorProto::decode(bytes.as_slice()).map_err(|error| fault(error.to_string()))?;
        check_file(&proto).map_err(fault)?;
        Ok(Opened { bytes, items: items(&proto) })
    }
}

impl Opened {
    /// The serialized file with these imports instead of its own, and without the items at these places.
    pub(super) fn with_imports<'i>(
        &self,
        imports: impl Iterator<Item = &'i str>,
        without: &FxHashSet<Place>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut ranks: FxHashMap<u32, usize> = FxHashMap::default();
        for field in fields(&self.bytes).flatten() {
            match field.number {
                // Imports of all kinds, and source info. Public imports are left out because prost-reflect follows
                // them without an end where they form a circle, and not at all behind the second.
                3 | 9 | 10 | 11 | 15 => continue,
                4 | 6 | 7 => {
                    let rank = ranks.entry(field.number).or_default();
                    let place = *rank;
                    *rank += 1;
                    if without.contains(&(field.number, place, None)) {
                        continue;
                    }
                    if field.number == 6 && without.iter().any(|drop| drop.0 == 6 && drop.1 == place) {
                        put_bytes(&mut out, 6, &service_without(field.bytes(), place, without));
                        continue;
                    }
                }
                _ => {}
            }
            out.extend_from_slice(field.raw);
        }
        for import in imports {
            put_bytes(&mut out, 3, import.as_bytes());
        }
        out
    }
}

fn service_without(service: &[u8], place: usize, without: &FxHashSet<Place>) -> Vec<u8> {
    let mut out = Vec::with_capacity(service.len());
    let mut method = 0;
    for part in fields(service).flatten() {
        if part.number == 2 {
            method += 1;
            if without.contains(&(6, place, Some(method - 1))) {
                continue;
            }
        }
        out.extend_from_slice(part.raw);
    }
    out
}

fn without_source_info(file: &[u8]) -> impl PartialEq {
    fields(file).flatten().filter(|field| field.number != 9).flat_map(|field| field.raw.to_vec()).collect::<Vec<u8>>()
}

fn extendee_of(extension: &[u8]) -> Option<&str> {
    fields(extension).flatten().find(|part| part.number == 2).map(|extendee| extendee.text())
}

fn too_long(name: &str) -> Fault {
    Fault::LongName(excerpt(name.as_bytes(), QUOTED_CHARACTERS))
}

/// Collects the names that are defined inside a message, and what is extended there.
struct Inside<'a, 'b> {
    set: &'a mut Protoset,
    file: FileNumber,
    /// The length of the outermost message's name.
    outermost: usize,
    extendees: &'a mut Vec<&'b str>,
}

impl<'b> Inside<'_, 'b> {
    fn collect(&mut self, message: &'b [u8], scope: &str, depth: usize) -> Result<(), Fault> {
        for part in fields(message).flatten() {
            match part.number {
                2 | 6 | 8 => self.set.count_name(scope, name_of(part.bytes()))?,
                3 | 4 => {
                    let own = name_of(part.bytes());
                    self.set.count_name(scope, own)?;
                    let name = joined(scope, own);
                    if part.number == 4 {
                        self.set.count_parts(part.bytes(), &name)?;
                    } else if depth < 100 {
                        // prost refuses to decode what nests deeper.
                        self.collect(part.bytes(), &name, depth + 1)?;
                    }
                    let defined = Defined { file: self.file, outermost: self.outermost, is_enum: part.number == 4 };
                    self.set.by_definition.entry(name).or_insert(defined);
                }
                _ => {}
            }
            if part.number == 6 {
                self.extendees.extend(extendee_of(part.bytes()));
            }
        }
        Ok(())
    }
}

/// The name of a message, enum or service, which is field 1 of each.
fn name_of(definition: &[u8]) -> &str {
    fields(definition).flatten().find(|part| part.number == 1).map_or("", |part| part.text())
}

/// The full names that a name may stand for, the innermost first.
///
/// Source: the language's rule for names without a leading dot, as C++ has it.
pub(super) fn candidates<'a>(scope: &'a str, name: &'a str) -> impl Iterator<Item = String> {
    let inner = enclosing_names(scope).filter(|scope| !scope.is_empty()).map(move |scope| format!("{scope}.{name}"));
    inner.chain([name.to_owned()])
}

pub(super) fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

fn items(file: &FileDescriptorProto) -> Vec<Item> {
    let package = file.package();
    let in_package: Rc<str> = package.into();
    let mut items = Vec::new();
    for (rank, message) in file.message_type.iter().enumerate() {
        let name = joined(package, message.name());
        let mut references = Vec::new();
        references_of_message(message, &name, &mut references);
        items.push(Item { place: (4, rank, None), name, references });
    }
    for (rank, extension) in file.extension.iter().enumerate() {
        let mut references = Vec::new();
        references_of_field(extension, &in_package, &mut references);
        items.push(Item { place: (7, rank, None), name: String::new(), references });
    }
    for (rank, service) in file.service.iter().enumerate() {
        let name = joined(package, service.name());
        let scope: Rc<str> = name.as_str().into();
        for (method_rank, method) in service.method.iter().enumerate() {
            let reference = |name: &str| Reference { scope: scope.clone(), name: name.to_owned() };
            let references = vec![reference(method.input_type()), reference(method.output_type())];
            items.push(Item { place: (6, rank, Some(method_rank)), name: name.clone(), references });
        }
    }
    items
}

fn references_of_message(message: &DescriptorProto, name: &str, references: &mut Vec<Reference>) {
    let scope: Rc<str> = name.into();
    for field in message.field.iter().chain(&message.extension) {
        references_of_field(field, &scope, references);
    }
    for nested in &message.nested_type {
        references_of_message(nested, &joined(name, nested.name()), references);
    }
}

fn references_of_field(field: &FieldDescriptorProto, scope: &Rc<str>, references: &mut Vec<Reference>) {
    for name in [&field.type_name, &field.extendee].into_iter().flatten().filter(|name| !name.is_empty()) {
        references.push(Reference { scope: scope.clone(), name: name.clone() });
    }
}

// What prost-reflect would panic on, or what it lets pass and its users then trip over.

fn check_file(file: &FileDescriptorProto) -> Result<(), String> {
    match file.syntax() {
        "" | "proto2" | "proto3" => {}
        syntax => {
            let syntax = excerpt(syntax.as_bytes(), QUOTED_CHARACTERS);
            return Err(format!("syntax `{syntax}`, expected proto2, proto3 or editions"));
        }
    }
    if !file.package().is_empty() {
        file.package().split('.').try_for_each(|part| check_name("package", part))?;
    }
    check_options(file.options.as_ref().map(|options| &options.uninterpreted_option))?;
    for message in &file.message_type {
        check_message(message, joined(file.package(), message.name()), None)?;
    }
    file.enum_type.iter().try_for_each(check_enum)?;
    file.service.iter().try_for_each(check_service)?;
    file.extension.iter().try_for_each(check_field)
}

fn check_message(message: &DescriptorProto, name: String, parent: Option<&DescriptorProto>) -> Result<(), String> {
    check_name("message", message.name())?;
    check_options(message.options.as_ref().map(|options| &options.uninterpreted_option))?;
    message.field.iter().chain(&message.extension).try_for_each(check_field)?;
    for oneof in &message.oneof_decl {
        check_name("oneof", oneof.name())?;
        check_options(oneof.options.as_ref().map(|options| &options.uninterpreted_option))?;
    }
    for range in &message.extension_range {
        check_options(range.options.as_ref().map(|options| &options.uninterpreted_option))?;
    }
    if message.options.as_ref().is_some_and(|options| options.map_entry()) {
        check_map_entry(message, &name, parent)?;
    }
    if name.starts_with("google.protobuf.") && name.ends_with("Options") {
        check_definition_of_options(message, &name)?;
    }
    message.enum_type.iter().try_for_each(check_enum)?;
    message.nested_type.iter().try_for_each(|nested| check_message(nested, joined(&name, nested.name()), Some(message)))
}

/// prost-reflect takes the two fields of a map entry for granted.
fn check_map_entry(entry: &DescriptorProto, name: &str, parent: Option<&DescriptorProto>) -> Result<(), String> {
    let key_type = |field: &FieldDescriptorProto| {
        !matches!(field.r#type(), Type::Double | Type::Float | Type::Bytes | Type::Message | Type::Group | Type::Enum)
            && field.type_name().is_empty()
    };
    let sound = match entry.field.as_slice() {
        [key, value] => {
            parent.is_some()
                && (key.number(), value.number()) == (1, 2)
                && (key.label(), value.label()) == (Label::Optional, Label::Optional)
                && key_type(key)
                && value.r#type() != Type::Group
        }
        _ => false,
    };
    if sound { Ok(()) } else { Err(format!("message `{name}` is marked as the entry of a map and is none")) }
}

/// prost-reflect reads options twice, by prost's definition of them and by the one in the set; they must agree.
fn check_definition_of_options(message: &DescriptorProto, name: &str) -> Result<(), String> {
    let Some(known) = DescriptorPool::global().get_message_by_name(name) else { return Ok(()) };
    let differs = || Err(format!("message `{name}` is defined in another way than protobuf defines it"));
    for field in &message.field {
        let Some(known) = u32::try_from(field.number()).ok().and_then(|number| known.get_field(number)) else {
            continue;
        };
        let repeated = field.label() == Label::Repeated;
        if repeated != (known.cardinality() == Cardinality::Repeated) || field.r#type() != type_of(&known.kind()) {
            return differs();
        }
    }
    if message.extension_range.iter().any(|range| range.start() < 1000) {
        return differs();
    }
    Ok(())
}

fn type_of(kind: &Kind) -> Type {
    match kind {
        Kind::Double => Type::Double,
        Kind::Float => Type::Float,
        Kind::Int32 => Type::Int32,
        Kind::Int64 => Type::Int64,
        Kind::Uint32 => Type::Uint32,
        Kind::Uint64 => Type::Uint64,
        Kind::Sint32 => Type::Sint32,
        Kind::Sint64 => Type::Sint64,
        Kind::Fixed32 => Type::Fixed32,
        Kind::Fixed64 => Type::Fixed64,
        Kind::Sfixed32 => Type::Sfixed32,
        Kind::Sfixed64 => Type::Sfixed64,
        Kind::Bool => Type::Bool,
        Kind::String => Type::String,
        Kind::Bytes => Type::Bytes,
        Kind::Message(_) => Type::Message,
        Kind::Enum(_) => Type::Enum,
    }
}

fn check_field(field: &FieldDescriptorProto) -> Result<(), String> {
    check_name("field", field.name())?;
    check_options(field.options.as_ref().map(|options| &options.uninterpreted_option))?;
    if field.r#type.is_some_and(|number| Type::try_from(number).is_err()) {
        return Err(format!("field `{}` has a type of number {}", field.name(), field.r#type.unwrap_or_default()));
    }
    if field.r#type() == Type::Bytes && !is_escaped(field.default_value().as_bytes()) {
        return Err(format!("field `{}` has a malformed default value", field.name()));
    }
    Ok(())
}

/// Whether the default value of a bytes field is escaped as C has it; prost-reflect overflows on `\777` and cuts
/// characters in two behind `\x`.
fn is_escaped(mut value: &[u8]) -> bool {
    loop {
        value = match value {
            [] => return true,
            [b'\\', b'0'..=b'3', rest @ ..] => {
                let digits = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                &rest[digits..]
            }
            [b'\\', b'4'..=b'7', rest @ ..] => {
                let digits = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                if digits == 2 {
                    return false;
                }
                &rest[digits..]
            }
            [b'\\', b'x' | b'X', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [b'\\', b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'?' | b'\'' | b'"', rest @ ..] => rest,
            [b'\\', ..] => return false,
            [_, rest @ ..] => rest,
        }
    }
}

fn check_enum(enumeration: &EnumDescriptorProto) -> Result<(), String> {
    check_name("enum", enumeration.name())?;
    check_options(enumeration.options.as_ref().map(|options| &options.uninterpreted_option))?;
    for value in &enumeration.value {
        check_name("enum value", value.name())?;
        check_options(value.options.as_ref().map(|options| &options.uninterpreted_option))?;
    }
    Ok(())
}

fn check_service(service: &ServiceDescriptorProto) -> Result<(), String> {
    check_name("service", service.name())?;
    check_options(service.options.as_ref().map(|options| &options.uninterpreted_option))?;
    for method in &service.method {
        check_name("method", method.name())?;
        check_options(method.options.as_ref().map(|options| &options.uninterpreted_option))?;
    }
    Ok(())
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if first && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        Ok(())
    } else {
        Err(format!("`{}` as the name of a {what}", excerpt(name.as_bytes(), QUOTED_CHARACTERS)))
    }
}

fn check_options(uninterpreted: Option<&Vec<UninterpretedOption>>) -> Result<(), String> {
    match uninterpreted {
        Some(options) if !options.is_empty() => Err("options that the compiler has not interpreted".to_owned()),
        Some(_) | None => Ok(()),
    }
}
