//! Where descriptors come from: one source after the other, per type the first that knows it.
//!
//! Every source has pools of its own, so that equal names in two sources never clash. A pool holds one file and what it
//! needs, never a whole source: prost-reflect copies a pool that grows while somebody holds it, and all of Google's APIs
//! take most of a second.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use prost_reflect::{DescriptorPool, ExtensionDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor};
use rustc_hash::{FxHashMap, FxHashSet};

use super::bundle::{Bundle, FileNumber};
use super::definitions::SourceSummary;
use super::fields::fields;
use super::go_binary::{INFLATED_LIMIT_BYTES, carve};
use super::proto_files::{self, ProtoFile, TEXT_LIMIT_BYTES, is_enum_in};
use super::protoset::{MadeOf, Opened, Place, Protoset, candidates};
use super::{MissingImport, TYPE_NAME_LIMIT_BYTES};
use crate::wire::put_bytes;

/// The field of `FileDescriptorProto` that holds messages.
const MESSAGE: u32 = 4;

/// What the built-in bundle is called where a protoset has its name.
const BUNDLE_NAME: &str = "built-in bundle";

/// The file of the bundle that stands for `descriptor.proto` where only options are to be read.
const OPTIONS_FILE: &str = "options.proto";

/// How many bytes of descriptors from the bundle are made into pools, over the life of a schema: 16 MiB.
///
/// A pool takes 33 times as much memory (measured over all files), stays as long as the schema, and repeats what it
/// shares with others; a recording that names a type in each of the bundle's files would take 1.3 GB. A file has
/// 7 KB on average with all that it needs, the largest 815 KB. Descriptor sets have no such limit: who names one wants
/// all that is in it.
const POOLED_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// How many imports an error names that are missing.
const NAMED_IMPORTS: usize = 8;

/// Which sources of descriptors to use: descriptor sets in the order they are added, then the built-in bundle.
pub(crate) struct SchemaSources {
    protosets: Vec<Protoset>,
    built_in: bool,
}

impl Default for SchemaSources {
    fn default() -> Self {
        SchemaSources { protosets: Vec::new(), built_in: true }
    }
}

impl fmt::Debug for SchemaSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protosets: Vec<_> = self.protosets.iter().map(Protoset::name).collect();
        f.debug_struct("SchemaSources").field("protosets", &protosets).field("built_in", &self.built_in).finish()
    }
}

impl SchemaSources {
    /// The built-in bundle alone.
    pub fn new() -> SchemaSources {
        SchemaSources::default()
    }

    /// Adds a serialized `google.protobuf.FileDescriptorSet`, or a buf image; `name` is what errors call it.
    ///
    /// Imports that are missing from the set are looked for in the sources after it.
    ///
    /// # Errors
    ///
    /// If the bytes are not a descriptor set, hold no file, hold two different files of one name, or files that import
    /// each other in a circle. Faults inside a file, and missing imports, are errors of the types that need them.
    pub fn add_protoset(&mut self, name: &str, bytes: impl Into<Bytes>) -> Result<(), SourceError> {
        self.protosets.push(Protoset::new(name, bytes.into())?);
        Ok(())
    }

    /// Adds `.proto` files and, as far as the folders hold them, those that they import.
    ///
    /// What the folders lack is looked for in the other sources.
    ///
    /// # Errors
    ///
    /// If a file can't be read or parsed, or its imports lead back to it. Types that are nowhere are errors of the types
    /// that need them.
    pub fn add_proto_files(&mut self, files: &[PathBuf], folders: &[PathBuf]) -> Result<(), SourceError> {
        let name = match files {
            [] => return Ok(()),
            [file] => file.display().to_string(),
            [first, others @ ..] => format!("{} and {} more", first.display(), others.len()),
        };
        self.add_parsed(&name, proto_files::load(files, folders)?)
    }

    pub(super) fn add_parsed(&mut self, name: &str, files: Vec<ProtoFile>) -> Result<(), SourceError> {
        self.protosets.push(Protoset::of_proto_files(name, files)?);
        Ok(())
    }

    /// Adds the descriptors that a compiled Go program carries; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// If there are none, more than the limits allow, or such as contradict each other.
    pub fn add_go_binary(&mut self, name: &str, program: &[u8]) -> Result<(), SourceError> {
        let files = carve(program).map_err(|fault| SourceError::new(name, None, fault))?;
        self.protosets.push(Protoset::of_files(
            name,
            MadeOf::GoBinary,
            files.into_iter().map(|file| Ok((None, file))),
        )?);
        Ok(())
    }

    /// Says whether the built-in bundle is used, which it is by default.
    pub fn builtin(&mut self, built_in: bool) {
        self.built_in = built_in;
    }

    pub(crate) fn build(self) -> Sources {
        let protosets = self.protosets.into_iter().map(Source::Protoset);
        let bundle = self.built_in.then(|| Source::Bundle(Bundle::built_in()));
        let mut sources: Vec<Source> = protosets.chain(bundle).collect();
        for number in 0..sources.len() {
            let Source::Protoset(set) = &sources[number] else { continue };
            let resolved = set.resolved(|scope, name| {
                let (file, _, full_name) = defining(&sources, number, scope, name)?;
                let is_enum = sources[file.0].is_enum(file.1, &full_name)?;
                Some((full_name, is_enum))
            });
            if let (Some(files), Source::Protoset(set)) = (resolved, &mut sources[number]) {
                set.replace(files);
            }
        }
        Sources { sources, pools: Mutex::default() }
    }
}

/// What a source of descriptors is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A descriptor set.
    Protoset,
    /// `.proto` files.
    Proto,
    /// A compiled Go program.
    GoBinary,
    /// The bundle that is part of the library.
    BuiltIn,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            SourceKind::Protoset => "protoset",
            SourceKind::Proto => "proto",
            SourceKind::GoBinary => "go-binary",
            SourceKind::BuiltIn => "built-in",
        })
    }
}

/// One source of descriptors.
pub(crate) enum Source {
    Protoset(Protoset),
    Bundle(Bundle),
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Source::Protoset(set) => set.name(),
            Source::Bundle(_) => BUNDLE_NAME,
        }
    }

    /// What the user calls the place that a file comes from.
    fn origin(&self, file: u32) -> &str {
        match self {
            Source::Protoset(set) => set.origin(file),
            Source::Bundle(_) => BUNDLE_NAME,
        }
    }

    /// Whether a file defines a message or enum of this full name, and if so, whether it is an enum.
    fn is_enum(&self, file: u32, full_name: &str) -> Option<bool> {
        match self {
            Source::Protoset(set) => set.is_enum(full_name),
            Source::Bundle(bundle) => is_enum_in(&bundle.file(file.try_into().ok()?)?, full_name),
        }
    }

    fn file_named(&self, name: &str) -> Option<u32> {
        match self {
            Source::Protoset(set) => set.file_named(name),
            Source::Bundle(bundle) => bundle.file_named(name).map(u32::from),
        }
    }

    /// The file that defines a name, or what it is nested in, and the name of that outermost definition; nothing for a
    /// name beyond the limit.
    fn file_defining<'n>(&self, full_name: &'n str) -> Option<(u32, &'n str)> {
        if full_name.len() > TYPE_NAME_LIMIT_BYTES {
            return None;
        }
        match self {
            Source::Protoset(set) => set.file_defining(full_name),
            Source::Bundle(bundle) => bundle.file_defining(full_name).map(|(file, top)| (file.into(), top)),
        }
    }

    fn summary(&self) -> SourceSummary {
        let (kind, files) = match self {
            Source::Protoset(set) => {
                let kind = match set.made_of() {
                    MadeOf::DescriptorSet => SourceKind::Protoset,
                    MadeOf::ProtoFiles => SourceKind::Proto,
                    MadeOf::GoBinary => SourceKind::GoBinary,
                };
                (kind, set.file_count() as usize)
            }
            // One of its files is a stand-in.
            Source::Bundle(bundle) => (SourceKind::BuiltIn, usize::from(bundle.file_count()) - 1),
        };
        SourceSummary { kind, name: self.name().to_owned(), files }
    }

    /// The serialized `FileDescriptorProto` of a file.
    fn file(&self, file: u32) -> Option<Bytes> {
        match self {
            Source::Protoset(set) => set.file(file),
            Source::Bundle(bundle) => bundle.file(file.try_into().ok()?),
        }
    }

    /// The files that define what they have, each serialized.
    fn files(&self) -> impl Iterator<Item = Bytes> {
        let (count, stand_in) = match self {
            Source::Protoset(set) => (set.file_count(), None),
            Source::Bundle(bundle) => (bundle.file_count().into(), bundle.file_named(OPTIONS_FILE).map(u32::from)),
        };
        (0..count).filter(move |&file| Some(file) != stand_in).filter_map(|file| self.file(file))
    }

    fn files_extending(&self, extendee: &str) -> Vec<u32> {
        match self {
            Source::Protoset(set) => set.files_extending(extendee).to_vec(),
            Source::Bundle(bundle) => bundle.files_extending(extendee).map(u32::from).collect(),
        }
    }
}

/// The sources in the order in which one of them looks for what it lacks: itself, those after it, those before it.
fn from(sources: &[Source], first: usize) -> impl Iterator<Item = (usize, &Source)> {
    sources.iter().enumerate().cycle().skip(first).take(sources.len())
}

/// Finds a type by its name as it stands in a file of a source: its file, the name of the outermost definition that it is
/// nested in, and its full name.
fn defining(sources: &[Source], first: usize, scope: &str, name: &str) -> Option<(FileId, String, String)> {
    let find = |full_name: &str| {
        from(sources, first).find_map(|(number, source)| {
            let (file, outermost) = source.file_defining(full_name)?;
            // The bundle leads to what a name would be nested in, even if it is not.
            source.is_enum(file, full_name)?;
            Some(((number, file), outermost.to_owned(), full_name.to_owned()))
        })
    };
    match name.strip_prefix('.') {
        Some(full_name) => find(full_name),
        // Not even the candidates are made of what is too long.
        None if name.len() > TYPE_NAME_LIMIT_BYTES => None,
        None => candidates(scope, name).find_map(|full_name| find(&full_name)),
    }
}

/// The sources in their order, and the pools that were loaded from them.
pub(crate) struct Sources {
    sources: Vec<Source>,
    pools: Mutex<Pools>,
}

#[derive(Default)]
struct Pools {
    by_file: FxHashMap<FileId, Loading>,
    /// What [`POOLED_LIMIT_BYTES`] limits.
    from_bundle_bytes: usize,
}

type FileId = (usize, u32);

type Loading = Result<Arc<Loaded>, SourceError>;

/// A file and all that it needs.
struct Loaded {
    pool: DescriptorPool,
    /// Messages that the files define and the pool cannot have, because they need a type that no source has.
    incomplete: FxHashMap<String, SourceError>,
}

impl Sources {
    /// The first source that knows the message.
    ///
    /// # Errors
    ///
    /// If that source knows the message but cannot supply it.
    pub(crate) fn message(&self, full_name: &str) -> Result<Option<MessageDescriptor>, SourceError> {
        for (number, source) in self.sources.iter().enumerate() {
            let Some((file, outermost)) = source.file_defining(full_name) else { continue };
            let loaded = self.load((number, file))?;
            if let Some(message) = loaded.pool.get_message_by_name(full_name) {
                return Ok(Some(message));
            }
            if let Some(error) = loaded.incomplete.get(outermost) {
                return Err(error.clone());
            }
        }
        Ok(None)
    }

    /// All extensions of a message, over all sources; per field number the first source wins.
    pub(crate) fn extensions(&self, extendee: &str) -> Vec<ExtensionDescriptor> {
        let mut extensions = Vec::new();
        let mut numbers = FxHashSet::default();
        for (number, source) in self.sources.iter().enumerate() {
            for file in source.files_extending(extendee) {
                // An extension that cannot be loaded leaves its field unknown, as an extension nobody knows.
                let Ok(loaded) = self.load((number, file)) else { continue };
                let Some(message) = loaded.pool.get_message_by_name(extendee) else { continue };
                extensions.extend(message.extensions().filter(|extension| numbers.insert(extension.number())));
            }
        }
        extensions
    }

    /// Files that no source has and those of descriptor sets import.
    pub(crate) fn missing_imports(&self) -> Vec<MissingImport> {
        let mut seen = FxHashSet::default();
        let mut missing = Vec::new();
        for source in &self.sources {
            let Source::Protoset(set) = source else { continue };
            for file in 0..set.file_count() {
                for import in set.imports(file) {
                    if seen.insert(import) && self.sources.iter().all(|source| source.file_named(import).is_none()) {
                        let (name, importer) = (import.clone(), set.file_name(file).to_owned());
                        missing.push(MissingImport { name, importer });
                    }
                }
            }
        }
        missing
    }

    /// The method with this path, `/package.Service/Method`, from the first source that knows its service.
    pub(crate) fn method(&self, path: &str) -> Option<MethodDescriptor> {
        let (service, method) = path.strip_prefix('/')?.split_once('/')?;
        let service = self.service(service)?;
        service.methods().find(|descriptor| descriptor.name() == method)
    }

    fn service(&self, full_name: &str) -> Option<ServiceDescriptor> {
        self.sources.iter().enumerate().find_map(|(number, source)| {
            let (file, _) = source.file_defining(full_name)?;
            self.load((number, file)).ok()?.pool.get_service_by_name(full_name)
        })
    }

    /// What the source is called that a message comes from.
    pub(crate) fn origin(&self, full_name: &str) -> Option<String> {
        self.sources.iter().enumerate().find_map(|(number, source)| {
            let (file, outermost) = source.file_defining(full_name)?;
            let knows = match self.load((number, file)) {
                Ok(loaded) => {
                    loaded.pool.get_message_by_name(full_name).is_some() || loaded.incomplete.contains_key(outermost)
                }
                Err(_) => true,
            };
            knows.then(|| source.origin(file).to_owned())
        })
    }

    /// What the user calls the place that a service comes from, which some source must know.
    pub(super) fn origin_of_service(&self, full_name: &str) -> Option<String> {
        self.sources.iter().find_map(|source| {
            let (file, _) = source.file_defining(full_name)?;
            Some(source.origin(file).to_owned())
        })
    }

    /// What there is, in order.
    pub(super) fn summaries(&self) -> impl Iterator<Item = SourceSummary> {
        self.sources.iter().map(Source::summary)
    }

    /// All files of all sources, serialized as they stand there, with the numbers of their sources.
    pub(super) fn files(&self) -> impl Iterator<Item = (usize, Bytes)> {
        (0..self.sources.len()).flat_map(|source| self.files_of(source).map(move |file| (source, file)))
    }

    /// All files of a source.
    pub(super) fn files_of(&self, source: usize) -> impl Iterator<Item = Bytes> {
        self.sources[source].files()
    }

    /// The file that defines a name, or the method with a path, in the first source that has one, and its number.
    pub(super) fn file_of(&self, name: &str) -> Option<(usize, Bytes)> {
        let name = name.strip_prefix('/').map_or(Some(name), |path| Some(path.split_once('/')?.0))?;
        self.sources.iter().enumerate().find_map(|(number, source)| {
            let (file, _) = source.file_defining(name)?;
            Some((number, source.file(file)?))
        })
    }

    /// The file with a name in the first source that has one, and the number of the source.
    pub(super) fn file_named(&self, name: &str) -> Option<(usize, Bytes)> {
        self.sources
            .iter()
            .enumerate()
            .find_map(|(number, source)| Some((number, source.file(source.file_named(name)?)?)))
    }

    /// The file that one of this source imports by a name, and the number of the source that has it.
    pub(super) fn imported(&self, source: usize, name: &str) -> Option<(usize, Bytes)> {
        from(&self.sources, source).find_map(|(number, source)| Some((number, source.file(source.file_named(name)?)?)))
    }

    fn load(&self, file: FileId) -> Loading {
        if let Some(loading) = self.pools().by_file.get(&file) {
            return loading.clone();
        }
        // Two threads may load the same file at the same time; the second result is then thrown away.
        let closure = match Closure::of(&self.sources, file) {
            Ok(closure) => closure,
            Err(error) => return self.pools().by_file.entry(file).or_insert(Err(error)).clone(),
        };
        let files: Vec<FileId> = closure.parts.iter().map(|part| part.id).collect();
        let from_bundle_bytes = match self.sources[file.0] {
            Source::Bundle(_) => closure.ready_bytes(),
            Source::Protoset(_) => 0,
        };
        let is_too_much = |pools: &Pools| pools.from_bundle_bytes + from_bundle_bytes > POOLED_LIMIT_BYTES;
        if is_too_much(&self.pools()) {
            return Err(SourceError::new(BUNDLE_NAME, None, Fault::TooManyPools));
        }
        let loading = closure.into_loaded().map(Arc::new);
        let mut pools = self.pools();
        if !pools.by_file.contains_key(&file) {
            if is_too_much(&pools) {
                return Err(SourceError::new(BUNDLE_NAME, None, Fault::TooManyPools));
            }
            pools.from_bundle_bytes += from_bundle_bytes;
        }
        let by_file = &mut pools.by_file;
        if let Ok(pool) = &loading {
            // What was needed is there, too, with all that it needs itself.
            for other in files.into_iter().filter(|other| other.0 == file.0) {
                by_file.entry(other).or_insert_with(|| Ok(pool.clone()));
            }
        }
        by_file.entry(file).or_insert(loading).clone()
    }

    fn pools(&self) -> MutexGuard<'_, Pools> {
        // Entries are put there whole, so a panic of another thread has left nothing half done.
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file and everything that it needs, collected for one pool.
struct Closure<'s> {
    sources: &'s [Source],
    /// The number of the first source to look for types in: that of the file.
    first: usize,
    parts: Vec<Part>,
    by_id: FxHashMap<FileId, usize>,
    by_name: FxHashMap<String, usize>,
}

struct Part {
    id: FileId,
    name: String,
    content: Content,
}

enum Content {
    /// From a protoset: imports are the parts that its types need, wherever they come from.
    Opened { opened: Opened, imports: FxHashSet<usize>, needs: Vec<Needs> },
    /// From the bundle, whose files import just what they need.
    Ready(Bytes),
}

/// What an item of a file needs.
struct Needs {
    place: Place,
    name: String,
    /// Full names of outermost definitions.
    definitions: FxHashSet<String>,
    missing: Option<SourceError>,
}

impl<'s> Closure<'s> {
    fn of(sources: &'s [Source], file: FileId) -> Result<Closure<'s>, SourceError> {
        let mut closure = Closure {
            sources,
            first: file.0,
            parts: Vec::new(),
            by_id: FxHashMap::default(),
            by_name: FxHashMap::default(),
        };
        // Opening a part reserves places for those that it needs.
        let mut reserved = Reserved::default();
        closure.reserve(file, &mut reserved);
        while let Some(&id) = reserved.0.get(closure.parts.len()) {
            let part = closure.open(id, &mut reserved)?;
            if let Some(other) = closure.by_name.insert(part.name.clone(), closure.parts.len()) {
                let other = sources[closure.parts[other].id.0].name().to_owned();
                return Err(SourceError::new(sources[id.0].name(), Some(&part.name), Fault::SameName(other)));
            }
            closure.parts.push(part);
        }
        Ok(closure)
    }

    fn reserve(&mut self, file: FileId, reserved: &mut Reserved) -> usize {
        *self.by_id.entry(file).or_insert_with(|| {
            reserved.0.push(file);
            reserved.0.len() - 1
        })
    }

    fn open(&mut self, id: FileId, reserved: &mut Reserved) -> Result<Part, SourceError> {
        let sources = self.sources;
        match &sources[id.0] {
            Source::Protoset(set) => {
                let opened = set.open(id.1)?;
                let (imports, needs) = self.needs(set, id.1, &opened, reserved);
                let content = Content::Opened { opened, imports, needs };
                Ok(Part { id, name: set.file_name(id.1).to_owned(), content })
            }
            Source::Bundle(bundle) => {
                let damaged = || SourceError::new(BUNDLE_NAME, None, Fault::NotASet("damaged".to_owned()));
                let bytes = FileNumber::try_from(id.1).ok().and_then(|file| bundle.file(file)).ok_or_else(damaged)?;
                let mut name = String::new();
                for field in fields(&bytes) {
                    let field = field.map_err(|_| damaged())?;
                    match field.number {
                        1 => name = field.text().to_owned(),
                        3 => {
                            // A file of this name in an earlier source takes its place, types and all.
                            let import = self.others().find_map(|(number, source)| {
                                source.file_named(field.text()).map(|file| (number, file))
                            });
                            self.reserve(import.ok_or_else(damaged)?, reserved);
                        }
                        _ => {}
                    }
                }
                Ok(Part { id, name, content: Content::Ready(bytes) })
            }
        }
    }

    fn needs(
        &mut self,
        set: &Protoset,
        file: u32,
        opened: &Opened,
        reserved: &mut Reserved,
    ) -> (FxHashSet<usize>, Vec<Needs>) {
        let mut imports = FxHashSet::default();
        let mut all = Vec::with_capacity(opened.items.len());
        let mut absent = None;
        for item in &opened.items {
            let mut needs =
                Needs { place: item.place, name: item.name.clone(), definitions: FxHashSet::default(), missing: None };
            for reference in &item.references {
                match defining(self.sources, self.first, &reference.scope, &reference.name) {
                    Some((file, outermost, _)) => {
                        imports.insert(self.reserve(file, reserved));
                        needs.definitions.insert(outermost);
                    }
                    None => {
                        let absent = absent.get_or_insert_with(|| self.absent_imports(set, file)).clone();
                        needs.missing.get_or_insert_with(|| set.missing(file, &reference.name, absent));
                    }
                }
            }
            all.push(needs);
        }
        (imports, all)
    }

    /// The first imports of a file that no source has.
    fn absent_imports(&self, set: &Protoset, file: u32) -> Arc<[String]> {
        let nowhere = |import: &&String| self.others().all(|(_, source)| source.file_named(import).is_none());
        set.imports(file).iter().filter(nowhere).take(NAMED_IMPORTS).cloned().collect()
    }

    fn others(&self) -> impl Iterator<Item = (usize, &'s Source)> {
        from(self.sources, self.first)
    }

    /// How many bytes the files from the bundle have.
    fn ready_bytes(&self) -> usize {
        let bytes = self.parts.iter().map(|part| match &part.content {
            Content::Ready(bytes) => bytes.len(),
            Content::Opened { .. } => 0,
        });
        bytes.sum()
    }

    fn into_loaded(self) -> Result<Loaded, SourceError> {
        let (incomplete, dropped) = self.incomplete();
        let nothing = FxHashSet::default();
        let mut set = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            match &part.content {
                Content::Opened { opened, imports, .. } => {
                    let imports = imports.iter().filter(|&&import| import != number);
                    let imports = imports.map(|&import| self.parts[import].name.as_str());
                    put_bytes(&mut set, 1, &opened.with_imports(imports, dropped.get(&number).unwrap_or(&nothing)));
                }
                Content::Ready(bytes) => put_bytes(&mut set, 1, bytes),
            }
        }
        if let Some(options) = self.options() {
            put_bytes(&mut set, 1, &options);
        }
        let pool = DescriptorPool::decode(set.as_slice()).map_err(|error| {
            let named = error.file().and_then(|name| self.by_name.get(name));
            let (source, file) = self.parts[named.copied().unwrap_or_default()].id;
            let fault = Fault::File(error.to_string());
            match &self.sources[source] {
                Source::Protoset(set) => set.error_at(file, error.path(), fault),
                Source::Bundle(_) => SourceError::new(BUNDLE_NAME, error.file(), fault),
            }
        })?;
        Ok(Loaded { pool, incomplete })
    }

    /// The definition of options that goes with files of the bundle alone.
    ///
    /// prost-reflect reads options by their definition in the pool, or by its own, which it takes 1.2 ms to build.
    fn options(&self) -> Option<Bytes> {
        let Source::Bundle(bundle) = &self.sources[self.first] else { return None };
        let own = ["google/protobuf/descriptor.proto", OPTIONS_FILE];
        let has_own = self.parts.iter().any(|part| own.contains(&part.name.as_str()));
        if has_own { None } else { bundle.file(bundle.file_named(OPTIONS_FILE)?) }
    }

    /// The messages that need, at any remove, a type that is missing; and all items to leave out, by part.
    fn incomplete(&self) -> (FxHashMap<String, SourceError>, FxHashMap<usize, FxHashSet<Place>>) {
        let mut incomplete = FxHashMap::default();
        let mut dropped: FxHashMap<usize, FxHashSet<Place>> = FxHashMap::default();
        let all = || {
            self.parts.iter().enumerate().flat_map(|(number, part)| match &part.content {
                Content::Opened { needs, .. } => needs.iter().map(move |needs| (number, needs)).collect(),
                Content::Ready(_) => vec![],
            })
        };
        let mut pending: Vec<_> =
            all().filter_map(|(number, needs)| Some((number, needs, needs.missing.as_ref()?))).collect();
        let mut needed_by: FxHashMap<&str, Vec<(usize, &Needs)>> = FxHashMap::default();
        if !pending.is_empty() {
            for (number, needs) in all() {
                for definition in &needs.definitions {
                    needed_by.entry(definition).or_default().push((number, needs));
                }
            }
        }
        while let Some((number, needs, reason)) = pending.pop() {
            if dropped.entry(number).or_default().insert(needs.place) && needs.place.0 == MESSAGE {
                let reason = needs.missing.as_ref().unwrap_or(reason);
                incomplete.insert(needs.name.clone(), reason.clone());
                let users = needed_by.get(needs.name.as_str()).into_iter().flatten();
                pending.extend(users.map(|&(number, user)| (number, user, reason)));
            }
        }
        (incomplete, dropped)
    }
}

/// The files of a closure in the order in which they were found to be needed.
#[derive(Default)]
struct Reserved(Vec<FileId>);

/// Iterates over a dotted name and those that it is nested in, the longest first.
pub(super) fn enclosing_names(full_name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(full_name), |name| name.rsplit_once('.').map(|(outer, _)| outer))
}

/// A descriptor source that cannot supply what it should.
#[derive(Debug, Clone)]
pub struct SourceError(Arc<Located>);

#[derive(Debug)]
struct Located {
    source: String,
    file: Option<String>,
    /// Line and column in the source, from 1 on.
    position: Option<(usize, usize)>,
    fault: Fault,
}

/// What is wrong with a source or one of its files.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("not a descriptor set: {0}")]
    NotASet(String),
    #[error("no file descriptor, expected a descriptor set with at least one")]
    Empty,
    #[error("two different files of this name")]
    Duplicate,
    #[error("files import each other in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
    #[error("`{0}` is, or makes, a name of more than {TYPE_NAME_LIMIT_BYTES} bytes")]
    LongName(String),
    #[error("its full names take more than {0} bytes")]
    Names(usize),
    #[error("{0}")]
    File(String),
    #[error("a file of this name is needed from `{0}`, too")]
    SameName(String),
    #[error("too many descriptors of it are needed, more than {POOLED_LIMIT_BYTES} bytes")]
    TooManyPools,
    #[error("type `{name}` is defined nowhere{}", missing_imports(.imports))]
    Missing { name: String, imports: Arc<[String]>, made_of: MadeOf },
    #[error("no such file")]
    NoProto,
    #[error("{0}")]
    Unreadable(io::Error),
    #[error("the files have more than {TEXT_LIMIT_BYTES} bytes")]
    LongText,
    #[error("the file is written in an edition of protobuf's language, expected syntax proto2 or proto3")]
    Edition(String),
    #[error("no descriptors found")]
    NoDescriptors,
    #[error("too much of it looks like a descriptor and is none")]
    OnlySimilar,
    #[error("its compressed descriptors have more than {INFLATED_LIMIT_BYTES} bytes")]
    Inflated,
}

fn missing_imports(imports: &[String]) -> String {
    match imports {
        [] => String::new(),
        [import] => format!(", import `{import}` is missing"),
        imports => format!(", imports `{}` are missing", imports.join("`, `")),
    }
}

impl SourceError {
    pub(super) fn new(source: &str, file: Option<&str>, fault: Fault) -> SourceError {
        SourceError(Arc::new(Located {
            source: source.to_owned(),
            file: file.map(str::to_owned),
            position: None,
            fault,
        }))
    }

    /// An error in a text, at a line and column from 1 on.
    pub(super) fn at(source: &str, position: (usize, usize), fault: Fault) -> SourceError {
        SourceError(Arc::new(Located { source: source.to_owned(), file: None, position: Some(position), fault }))
    }

    /// What to do about it: a sentence in the imperative, without a period.
    pub fn hint(&self) -> Option<String> {
        match &self.0.fault {
            Fault::NotASet(_) | Fault::Empty => Some(
                "make a descriptor set with `protoc --include_imports --descriptor_set_out=FILE` or `buf build`".into(),
            ),
            Fault::Missing { made_of: MadeOf::DescriptorSet, .. } => {
                Some("build the set with `--include_imports`, or name the set that defines the type, too".into())
            }
            Fault::Missing { made_of: MadeOf::ProtoFiles, imports, .. } if imports.is_empty() => {
                Some("import the file that defines the type, or name a descriptor set that does, too".into())
            }
            Fault::Missing { made_of: MadeOf::ProtoFiles, .. } => {
                Some("name the folder that the import begins in, or a descriptor set that defines the type, too".into())
            }
            Fault::NoProto => {
                Some("name a `.proto` file by its path, or by its path below a folder that is named, too".into())
            }
            Fault::Edition(file) => Some(format!(
                "compile it with `protoc --include_imports --descriptor_set_out=FILE {file}` or `buf build -o FILE`, \
                 and name the descriptor set FILE in its place"
            )),
            Fault::Missing { made_of: MadeOf::GoBinary, .. } => {
                Some("name a descriptor set that defines the type, too".into())
            }
            Fault::NoDescriptors => Some(
                "name a compiled Go program or test binary (`go test -c`) that links the code generated from the \
                 `.proto` files"
                    .into(),
            ),
            Fault::TooManyPools => Some("name a descriptor set that defines the type".into()),
            Fault::Duplicate | Fault::Cycle(_) | Fault::LongName(_) | Fault::Names(_) => None,
            Fault::File(_) | Fault::SameName(_) | Fault::OnlySimilar | Fault::Inflated => None,
            Fault::Unreadable(_) | Fault::LongText => None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Located { source, file, position, fault } = &*self.0;
        f.write_str(source)?;
        if let Some((line, column)) = position {
            write!(f, ":{line}:{column}")?;
        }
        f.write_str(": ")?;
        if let Some(file) = file {
            write!(f, "{}: ", file.escape_debug())?;
        }
        fault.fmt(f)
    }
}

impl std::error::Error for SourceError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;
    use prost_types::descriptor_proto::ExtensionRange;
    use prost_types::field_descriptor_proto::{Label, Type};
    use prost_types::{
        DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FieldOptions,
        FileDescriptorProto, FileDescriptorSet, MessageOptions, MethodDescriptorProto, OneofDescriptorProto,
        ServiceDescriptorProto, UninterpretedOption,
    };

    use super::*;
    use crate::schema::layout::Layout;

    fn field(name: &str, number: i32, type_name: &str) -> FieldDescriptorProto {
        let kind = if type_name.is_empty() { Type::String } else { Type::Message };
        FieldDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            label: Some(Label::Optional.into()),
            r#type: Some(kind.into()),
            type_name: (!type_name.is_empty()).then(|| type_name.to_owned()),
            ..Default::default()
        }
    }

    fn extension(name: &str, number: i32, extendee: &str) -> FieldDescriptorProto {
        FieldDescriptorProto { extendee: Some(extendee.to_owned()), ..field(name, number, "") }
    }

    fn message(name: &str, fields: impl IntoIterator<Item = FieldDescriptorProto>) -> DescriptorProto {
        DescriptorProto { name: Some(name.to_owned()), field: fields.into_iter().collect(), ..Default::default() }
    }

    /// A proto3 file of package `p`.
    fn file(name: &str, imports: &[&str], messages: impl IntoIterator<Item = DescriptorProto>) -> FileDescriptorProto {
        FileDescriptorProto {
            name: Some(name.to_owned()),
            package: Some("p".to_owned()),
            dependency: imports.iter().map(|&import| import.to_owned()).collect(),
            message_type: messages.into_iter().collect(),
            syntax: Some("proto3".to_owned()),
            ..Default::default()
        }
    }

    fn set(files: impl IntoIterator<Item = FileDescriptorProto>) -> Vec<u8> {
        FileDescriptorSet { file: files.into_iter().collect() }.encode_to_vec()
    }

    fn sources<const N: usize>(protosets: [Vec<u8>; N], built_in: bool) -> Sources {
        let mut sources = SchemaSources::new();
        for (set, name) in protosets.into_iter().zip(["a.pb", "b.pb", "c.pb"]) {
            sources.add_protoset(name, set).expect("the set is sound");
        }
        sources.builtin(built_in);
        sources.build()
    }

    fn has(sources: &Sources, name: &str) -> bool {
        sources.message(name).unwrap_or_else(|error| panic!("{name}: {error}")).is_some()
    }

    fn refusal(sources: &Sources, name: &str) -> String {
        sources.message(name).expect_err(name).to_string()
    }

    #[test]
    fn the_bundle_knows_the_types_of_public_recordings() {
        let sources = SchemaSources::new().build();
        for name in [
            "build.bazel.remote.asset.v1.FetchBlobRequest",
            "build.bazel.remote.execution.v2.ActionResult",
            "google.bytestream.ReadResponse",
            "google.cloud.aiplatform.v1.PredictResponse",
            "google.cloud.kms.v1.AsymmetricSignResponse",
            "google.cloud.secretmanager.v1.AccessSecretVersionResponse",
            "google.cloud.tasks.v2.Queue",
            "google.firestore.v1.BatchGetDocumentsResponse",
            "google.longrunning.Operation",
            "google.protobuf.Empty",
            "google.protobuf.Struct",
            "google.pubsub.v1.StreamingPullResponse",
            "google.rpc.BadRequest.FieldViolation",
            "google.rpc.Status",
            "google.spanner.v1.ResultSetMetadata",
            "grpcreplay.Entry",
        ] {
            let message = sources.message(name).expect(name).expect(name);
            assert_eq!(message.full_name(), name);
            assert_eq!(sources.origin(name).as_deref(), Some(BUNDLE_NAME));
        }
        for name in ["", ".google.rpc.Status", "google.rpc.Code", "google.rpc", "google.rpc.Status.Nested", "acme.A"] {
            assert!(!has(&sources, name), "{name}");
            assert_eq!(sources.origin(name), None, "{name}");
        }
        let method = sources.method("/google.pubsub.v1.Subscriber/StreamingPull").expect("the method is in the bundle");
        assert_eq!(method.input().full_name(), "google.pubsub.v1.StreamingPullRequest");
        assert!(method.is_client_streaming() && method.is_server_streaming());
        let options = sources.extensions("google.protobuf.MethodOptions");
        assert!(options.iter().any(|extension| extension.full_name() == "google.api.http"));
    }

    #[test]
    fn the_bundle_keeps_what_changes_the_meaning_of_bytes() {
        let sources = SchemaSources::new().build();
        let open = |name: &str| sources.message(name).expect(name).expect(name);
        let labels = open("google.pubsub.v1.Topic").get_field_by_name("labels").expect("a topic has labels");
        assert!(labels.is_map());
        let version = open("google.protobuf.FeatureSetDefaults").get_field_by_name("minimum_edition").expect("a field");
        let value = version.kind().as_enum().and_then(|edition| edition.get_value(1000)).expect("the edition is known");
        assert_eq!(value.name(), "EDITION_2023");
        let path = open("google.protobuf.SourceCodeInfo.Location").get_field_by_name("path").expect("a field");
        assert!(path.is_packed());
        let optional = open("google.firestore.v1.StructuredQuery").get_field_by_name("limit").expect("a field");
        assert!(optional.supports_presence());
    }

    #[test]
    fn every_file_of_the_bundle_loads_until_there_are_too_many() {
        let sources = SchemaSources::new().build();
        let [Source::Bundle(bundle)] = sources.sources.as_slice() else { panic!("the bundle is the only source") };
        let mut refused = 0;
        for file in 0..bundle.file_count() {
            let loading = sources.load((0, file.into())).or_else(|error| {
                let expected = "built-in bundle: too many descriptors of it are needed, more than 16777216 bytes";
                assert_eq!(error.to_string(), expected, "file {file}");
                refused += 1;
                *sources.pools() = Pools::default();
                sources.load((0, file.into()))
            });
            loading.unwrap_or_else(|error| panic!("file {file}: {error}"));
        }
        assert!((2..=5).contains(&refused), "38 MB are loaded, 16 MiB at a time, and refused {refused} times");
    }

    #[test]
    fn equal_names_in_two_sources_do_not_clash() {
        let first = set([file("a.proto", &[], [message("A", [field("one", 1, "")])])]);
        let second = set([file("a.proto", &[], [message("A", [field("two", 2, "")]), message("B", [])])]);
        let own = FileDescriptorProto {
            package: Some("google.rpc".to_owned()),
            ..file("google/rpc/status.proto", &[], [message("Status", [field("mine", 77, "")])])
        };
        let sources = sources([first, second, set([own])], true);
        let a = sources.message("p.A").expect("sound").expect("known");
        assert!(a.get_field_by_name("one").is_some() && a.get_field_by_name("two").is_none());
        assert!(has(&sources, "p.B"));
        assert_eq!(sources.origin("p.A").as_deref(), Some("a.pb"));
        assert_eq!(sources.origin("p.B").as_deref(), Some("b.pb"));
        let status = sources.message("google.rpc.Status").expect("sound").expect("known");
        assert!(status.get_field(77).is_some());
        assert_eq!(sources.origin("google.rpc.Code"), None);
        assert_eq!(sources.origin("google.rpc.BadRequest").as_deref(), Some(BUNDLE_NAME));
    }

    #[test]
    fn a_declared_field_outranks_an_extension_of_its_number() {
        let declared = set([file("a.proto", &[], [message("M", [field("mine", 100, "")])])]);
        let extendable = DescriptorProto {
            extension_range: vec![ExtensionRange { start: Some(100), end: Some(200), options: None }],
            ..message("M", [])
        };
        let extending = FileDescriptorProto {
            extension: vec![extension("theirs", 100, ".p.M"), extension("other", 101, ".p.M")],
            syntax: None,
            ..file("b.proto", &[], [extendable])
        };
        let sources = sources([declared, set([extending])], false);
        let descriptor = sources.message("p.M").expect("sound").expect("known");
        let layout =
            Layout::new(&descriptor, &sources.extensions("p.M"), &mut |_| unreachable!("no field is a message"));
        let names: Vec<_> = layout.fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, ["mine", "p.other"]);
        let of_tag = layout.field_of_tag(100 << 3 | 2).map(|index| layout.fields()[index].name());
        assert_eq!(of_tag, Some("mine"));
        assert_eq!(layout.field_of_number(100).map(|field| field.name()), Some("mine"));
    }

    #[test]
    fn sources_are_shared_by_threads() {
        let sources = SchemaSources::new().build();
        let names = ["google.rpc.Status", "google.pubsub.v1.Topic", "google.firestore.v1.Document"];
        std::thread::scope(|scope| {
            for turn in 0..4 {
                let sources = &sources;
                scope.spawn(move || assert!(has(sources, names[turn % names.len()])));
            }
        });
        assert_eq!(sources.message(names[0]).expect("sound"), sources.message(names[0]).expect("sound"));
    }

    #[test]
    fn without_the_bundle_nothing_is_built_in() {
        let sources = sources([], false);
        assert!(!has(&sources, "google.rpc.Status"));
        assert!(!has(&sources, "grpcreplay.Entry"));
        assert!(sources.method("/google.pubsub.v1.Publisher/Publish").is_none());
        assert!(sources.extensions("google.protobuf.MethodOptions").is_empty());
    }

    #[test]
    fn a_set_is_completed_from_the_sources_after_and_before_it() {
        let imports = ["google/protobuf/timestamp.proto", "b.proto"];
        let fields = [field("time", 1, ".google.protobuf.Timestamp"), field("b", 2, ".p.B.Inner")];
        let first = set([file("a.proto", &imports, [message("A", fields)])]);
        let inner = DescriptorProto { nested_type: vec![message("Inner", [])], ..message("B", []) };
        let second = set([file("b.proto", &[], [inner])]);
        for sources in [sources([first.clone(), second.clone()], true), sources([second, first.clone()], true)] {
            let a = sources.message("p.A").expect("complete").expect("known");
            let kinds: Vec<_> = a.fields().map(|field| format!("{:?}", field.kind())).collect();
            assert_eq!(kinds, ["google.protobuf.Timestamp", "p.B.Inner"]);
        }
        // Those after it come first.
        let other = |nested: &str| {
            let inner =
                DescriptorProto { nested_type: vec![message("Inner", [field(nested, 1, "")])], ..message("B", []) };
            set([file("b.proto", &[], [inner])])
        };
        let a =
            sources([other("before"), first, other("after")], true).message("p.A").expect("complete").expect("known");
        let inner = a.get_field_by_name("b").expect("it was defined").kind();
        assert!(inner.as_message().is_some_and(|inner| inner.get_field_by_name("after").is_some()));
    }

    #[test]
    fn names_that_would_grow_without_measure_are_refused() {
        let refused = |file: FileDescriptorProto| {
            SchemaSources::new().add_protoset("a.pb", set([file])).expect_err("the names are too long").to_string()
        };
        let long = format!("`{}…` is, or makes, a name of more than 1024 bytes", "M".repeat(60));
        let huge = "M".repeat(1_000_000);
        let nested = (0..1000).map(|number| message(&format!("N{number}"), []));
        let outer = DescriptorProto { nested_type: nested.collect(), ..message(&huge, []) };
        assert_eq!(refused(file("a.proto", &[], [outer])), format!("a.pb: a.proto: {long}"));
        let inner = DescriptorProto { nested_type: vec![message(&huge, [])], ..message("A", []) };
        assert_eq!(refused(file("a.proto", &[], [inner])), format!("a.pb: a.proto: {long}"));
        assert_eq!(refused(file("a.proto", &[&huge], [])), format!("a.pb: {long}"));
        assert_eq!(refused(file(&huge, &[], [])), format!("a.pb: {long}"));
        let extends = |extendee: &str, package: &str| FileDescriptorProto {
            package: Some(package.to_owned()),
            extension: vec![extension("x", 100, extendee)],
            ..file("a.proto", &[], [])
        };
        assert_eq!(refused(extends(&huge, "p")), format!("a.pb: a.proto: {long}"));
        assert!(refused(extends("M", &"a.".repeat(30_000))).ends_with("more than 1024 bytes"));

        // Each of the fields repeats the name of the message.
        let name = "M".repeat(1000);
        let many = message(&name, (1..140_000).map(|number| field("f", number, "")));
        assert_eq!(
            refused(file("a.proto", &[], [many])),
            "a.pb: a.proto: its full names take more than 134217728 bytes"
        );
        let fits = set([file("a.proto", &[], [message(&name, [field("f", 1, &format!(".p.{name}"))])])]);
        assert!(has(&sources([fits], false), &format!("p.{name}")));
    }

    #[test]
    fn a_missing_import_hurts_only_who_needs_it() {
        let messages = [
            message("Whole", [field("text", 1, "")]),
            message("Needs", [field("thing", 1, ".x.Thing")]),
            message("NeedsNeeds", [field("needs", 1, ".p.Needs")]),
        ];
        let method = |name: &str, input: &str| MethodDescriptorProto {
            name: Some(name.to_owned()),
            input_type: Some(input.to_owned()),
            output_type: Some(".p.Whole".to_owned()),
            ..Default::default()
        };
        let service = ServiceDescriptorProto {
            name: Some("S".to_owned()),
            method: vec![method("Bad", ".p.NeedsNeeds"), method("Good", ".p.Whole")],
            ..Default::default()
        };
        let imports = ["x.proto", "google/api/annotations.proto", "only/options.proto"];
        let a = FileDescriptorProto {
            service: vec![service],
            extension: vec![extension("lost", 1000, ".x.Thing")],
            ..file("a.proto", &imports, messages)
        };
        let user = file("b.proto", &["a.proto"], [message("User", [field("whole", 1, ".p.Whole")])]);
        let sources = sources([set([a, user])], true);
        assert!(has(&sources, "p.Whole") && has(&sources, "p.User"));
        let expected =
            "a.pb: a.proto: type `x.Thing` is defined nowhere, imports `x.proto`, `only/options.proto` are missing";
        assert_eq!(refusal(&sources, "p.Needs"), expected);
        assert_eq!(refusal(&sources, "p.NeedsNeeds"), expected);
        assert_eq!(sources.origin("p.Needs").as_deref(), Some("a.pb"));
        assert!(sources.method("/p.S/Good").is_some() && sources.method("/p.S/Bad").is_none());
        let hint = sources.message("p.Needs").expect_err("it is incomplete").hint();
        assert!(hint.expect("there is a way out").contains("--include_imports"));
    }

    #[test]
    fn what_a_file_needs_is_loaded_once() {
        let b = file("b.proto", &[], [message("B", [])]);
        let a = file("a.proto", &["b.proto"], [message("A", [field("b", 1, ".p.B")])]);
        let sources = sources([set([a, b])], false);
        let a = sources.message("p.A").expect("sound").expect("known");
        let b = sources.message("p.B").expect("sound").expect("known");
        assert_eq!(a.parent_pool(), b.parent_pool());
        assert_eq!(a.get_field(1).expect("a field").kind().as_message(), Some(&b));
    }

    #[test]
    fn public_imports_reach_through_any_number_of_files() {
        let onward =
            |name: &str, import: &str| FileDescriptorProto { public_dependency: vec![0], ..file(name, &[import], []) };
        let a = file("a.proto", &["b.proto"], [message("A", [field("e", 1, ".p.E")])]);
        let e = file("e.proto", &[], [message("E", [])]);
        let sources = sources(
            [set([a, onward("b.proto", "c.proto"), onward("c.proto", "d.proto"), onward("d.proto", "e.proto"), e])],
            false,
        );
        assert!(has(&sources, "p.A"));
    }

    #[test]
    fn names_without_a_leading_dot_are_looked_up_from_the_inside_out() {
        let inner = message("Inner", [field("which", 1, "Thing"), field("outer", 2, "p.Thing")]);
        let a = DescriptorProto { nested_type: vec![message("Thing", []), inner], ..message("A", []) };
        let sources = sources([set([file("a.proto", &[], [a, message("Thing", [])])])], false);
        let inner = sources.message("p.A.Inner").expect("sound").expect("known");
        let kinds: Vec<_> = inner.fields().map(|field| format!("{:?}", field.kind())).collect();
        assert_eq!(kinds, ["p.A.Thing", "p.Thing"]);
    }

    #[test]
    fn extensions_come_from_all_sources_and_the_first_wins() {
        let extendable = |name: &str| DescriptorProto {
            extension_range: vec![ExtensionRange { start: Some(100), end: Some(200), options: None }],
            ..message(name, [])
        };
        let proto2 = |file: FileDescriptorProto| FileDescriptorProto { syntax: None, ..file };
        let nested = DescriptorProto { extension: vec![extension("inside", 101, ".p.A")], ..message("B", []) };
        let first = proto2(FileDescriptorProto {
            extension: vec![extension("first", 100, "A")],
            ..file("a.proto", &[], [extendable("A"), nested])
        });
        let second = proto2(FileDescriptorProto {
            extension: vec![extension("second", 100, ".p.A"), extension("third", 102, ".p.A")],
            ..file("more.proto", &[], [extendable("A")])
        });
        let sources = sources([set([first]), set([second])], true);
        let mut names: Vec<_> =
            sources.extensions("p.A").iter().map(|extension| extension.full_name().to_owned()).collect();
        names.sort();
        assert_eq!(names, ["p.B.inside", "p.first", "p.third"]);
        assert!(sources.extensions("p.B").is_empty());
    }

    #[test]
    fn fields_that_a_descriptor_set_does_not_have_are_passed_over() {
        let mut image = Vec::new();
        let mut with_extension = file("a.proto", &[], [message("A", [])]).encode_to_vec();
        put_bytes(&mut with_extension, 8042, b"\x08\x01");
        put_bytes(&mut image, 1, &with_extension);
        put_bytes(&mut image, 7, b"more");
        assert!(has(&sources([image], false), "p.A"));
    }

    #[test]
    fn sets_that_are_none_are_refused() {
        let a = || file("a.proto", &["b.proto"], [message("A", [])]);
        let b = || file("b.proto", &["c.proto"], []);
        let nameless = FileDescriptorProto { name: None, ..a() };
        for (bytes, expected) in [
            (vec![], "x.pb: no file descriptor, expected a descriptor set with at least one"),
            (b"\x12\x00".to_vec(), "x.pb: no file descriptor, expected a descriptor set with at least one"),
            (b"#!/bin/sh".to_vec(), "x.pb: not a descriptor set: field 4 claims 8 bytes, but 7 are left"),
            (set([a()])[..9].to_vec(), "x.pb: not a descriptor set: field 1 claims 34 bytes, but 7 are left"),
            (set([nameless]), "x.pb: not a descriptor set: a file without a name"),
            (set([a(), file("a.proto", &[], [])]), "x.pb: a.proto: two different files of this name"),
            (
                set([a(), b(), file("c.proto", &["a.proto"], [])]),
                "x.pb: files import each other in a circle: a.proto -> b.proto -> c.proto -> a.proto",
            ),
            (set([file("a.proto", &["a.proto"], [])]), "x.pb: files import each other in a circle: a.proto -> a.proto"),
        ] {
            let error = SchemaSources::new().add_protoset("x.pb", bytes).expect_err(expected);
            assert_eq!(error.to_string(), expected);
        }
        let twice = SchemaSources::new().add_protoset("x.pb", set([a(), b(), a()]));
        assert!(twice.is_ok(), "the same file twice is the same file");
    }

    #[test]
    fn files_that_prost_reflect_would_trip_over_are_refused() {
        let with_default = |value: &str| FieldDescriptorProto {
            r#type: Some(Type::Bytes.into()),
            default_value: Some(value.to_owned()),
            ..field("f", 1, "")
        };
        let entry = |fields: Vec<FieldDescriptorProto>| DescriptorProto {
            nested_type: vec![DescriptorProto {
                options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
                ..message("E", fields)
            }],
            ..message("A", [FieldDescriptorProto { label: Some(Label::Repeated.into()), ..field("m", 1, ".p.A.E") }])
        };
        let one = |message| file("a.proto", &[], [message]);
        let options = FieldOptions { uninterpreted_option: vec![UninterpretedOption::default()], ..Default::default() };
        let hostile_options = FileDescriptorProto {
            package: Some("google.protobuf".to_owned()),
            ..file("d.proto", &[], [message("FieldOptions", [field("packed", 2, "")]), message("A", [])])
        };
        let not_a_map = "a.pb: a.proto: message `p.A.E` is marked as the entry of a map and is none";
        for (file, name, expected) in [
            (
                FileDescriptorProto { syntax: Some("proto4".to_owned()), ..one(message("A", [])) },
                "p.A",
                "a.pb: a.proto: syntax `proto4`, expected proto2, proto3 or editions",
            ),
            (
                FileDescriptorProto { syntax: Some("editions".to_owned()), ..one(message("A", [])) },
                "p.A",
                "a.pb: a.proto: edition 0 is not known, only 2023 and 2024 are",
            ),
            (one(message("A", [field("a b", 1, "")])), "p.A", "a.pb: a.proto: `a b` as the name of a field"),
            (one(message("A", [field("", 1, "")])), "p.A", "a.pb: a.proto: `` as the name of a field"),
            (one(message("A", [field("f", 0, "")])), "p.A", "a.pb: a.proto: invalid field number '0'"),
            (
                one(message("A", [FieldDescriptorProto { r#type: Some(99), ..field("f", 1, "") }])),
                "p.A",
                "a.pb: a.proto: field `f` has a type of number 99",
            ),
            (
                one(message("A", [with_default("\\777")])),
                "p.A",
                "a.pb: a.proto: field `f` has a malformed default value",
            ),
            (
                one(message("A", [with_default("\\x\u{e4}a")])),
                "p.A",
                "a.pb: a.proto: field `f` has a malformed default value",
            ),
            (one(message("A", [with_default("\\")])), "p.A", "a.pb: a.proto: field `f` has a malformed default value"),
            (one(entry(vec![])), "p.A", not_a_map),
            (one(entry(vec![field("key", 1, ""), field("value", 3, "")])), "p.A", not_a_map),
            (one(entry(vec![field("key", 1, ".p.A"), field("value", 2, "")])), "p.A", not_a_map),
            (
                one(message("A", [FieldDescriptorProto { oneof_index: Some(-1), ..field("f", 1, "") }])),
                "p.A",
                "a.pb: a.proto: invalid oneof index",
            ),
            (
                one(message("A", [FieldDescriptorProto { options: Some(options), ..field("f", 1, "") }])),
                "p.A",
                "a.pb: a.proto: options that the compiler has not interpreted",
            ),
            (
                FileDescriptorProto {
                    enum_type: vec![EnumDescriptorProto { name: Some("E".to_owned()), ..Default::default() }],
                    ..one(message("A", []))
                },
                "p.A",
                "a.pb: a.proto: enums must have at least one value",
            ),
            (
                hostile_options,
                "google.protobuf.A",
                "a.pb: d.proto: message `google.protobuf.FieldOptions` is defined in another way than protobuf defines it",
            ),
            (one(message("A", [field("f", 1, ".p.B")])), "p.A", "a.pb: a.proto: type `p.B` is defined nowhere"),
        ] {
            assert_eq!(refusal(&sources([set([file])], false), name), expected);
        }
    }

    #[test]
    fn messages_that_nest_without_end_are_refused() {
        let mut bytes = message("A", []).encode_to_vec();
        for _ in 0..20_000 {
            let mut outer = message("A", []).encode_to_vec();
            put_bytes(&mut outer, 3, &bytes);
            bytes = outer;
        }
        let mut file = file("a.proto", &[], []).encode_to_vec();
        put_bytes(&mut file, 4, &bytes);
        let mut set = Vec::new();
        put_bytes(&mut set, 1, &file);
        assert!(refusal(&sources([set], false), "p.A").ends_with("recursion limit reached"));
    }

    #[test]
    fn a_long_chain_of_imports_does_not_overflow_the_stack() {
        let chain = |length: usize| {
            set((0..length).map(|number| {
                let next = number + 1;
                let fields = [field("next", 1, &format!(".p.M{next}"))];
                file(&format!("{number}.proto"), &[&format!("{next}.proto")], [message(&format!("M{number}"), fields)])
            }))
        };
        let end = file("20000.proto", &[], [message("M20000", [])]);
        let expected = "a.pb: 19999.proto: type `p.M20000` is defined nowhere, import `20000.proto` is missing";
        assert_eq!(refusal(&sources([chain(20_000)], true), "p.M0"), expected);
        assert!(has(&sources([chain(20_000), set([end])], true), "p.M0"));
    }

    /// A set with something of everything.
    fn of_everything() -> Vec<u8> {
        let value = |name: &str, number| EnumValueDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            ..Default::default()
        };
        let entry = DescriptorProto {
            options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
            ..message("E", [field("key", 1, ""), field("value", 2, ".p.A")])
        };
        let bytes = FieldDescriptorProto {
            r#type: Some(Type::Bytes.into()),
            default_value: Some("\\001\\xff".to_owned()),
            ..field("b", 3, "")
        };
        let packed = FieldDescriptorProto {
            label: Some(Label::Repeated.into()),
            r#type: Some(Type::Int32.into()),
            options: Some(FieldOptions { packed: Some(true), ..Default::default() }),
            ..field("n", 4, "")
        };
        let a = DescriptorProto {
            nested_type: vec![entry],
            oneof_decl: vec![OneofDescriptorProto { name: Some("o".to_owned()), ..Default::default() }],
            extension_range: vec![ExtensionRange { start: Some(100), end: Some(200), options: None }],
            ..message(
                "A",
                [
                    FieldDescriptorProto { label: Some(Label::Repeated.into()), ..field("m", 1, ".p.A.E") },
                    FieldDescriptorProto { oneof_index: Some(0), ..field("x", 2, "") },
                    bytes,
                    packed,
                    field("t", 5, ".google.protobuf.Timestamp"),
                ],
            )
        };
        let method = MethodDescriptorProto {
            name: Some("Do".to_owned()),
            input_type: Some(".p.A".to_owned()),
            output_type: Some(".p.B".to_owned()),
            ..Default::default()
        };
        let first = FileDescriptorProto {
            syntax: None,
            enum_type: vec![EnumDescriptorProto {
                name: Some("En".to_owned()),
                value: vec![value("V", 0), value("W", -1)],
                ..Default::default()
            }],
            service: vec![ServiceDescriptorProto {
                name: Some("S".to_owned()),
                method: vec![method],
                ..Default::default()
            }],
            extension: vec![extension("ext", 100, ".p.A")],
            ..file("a.proto", &["b.proto", "google/protobuf/timestamp.proto"], [a])
        };
        set([first, file("b.proto", &[], [message("B", [field("t", 1, "")])])])
    }

    fn ask_everything(bytes: Vec<u8>) -> Result<usize, SourceError> {
        let mut builder = SchemaSources::new();
        builder.add_protoset("a.pb", bytes)?;
        let sources = builder.build();
        let known = ["p.A", "p.B", "p.A.E"].into_iter().filter(|name| sources.message(name).is_ok_and(|m| m.is_some()));
        let known = known.count();
        Ok(known + sources.extensions("p.A").len() + usize::from(sources.method("/p.S/Do").is_some()))
    }

    #[test]
    fn a_set_that_is_cut_anywhere_is_an_error_or_a_shorter_set() {
        let whole = of_everything();
        assert_eq!(ask_everything(whole.clone()).expect("the set is sound"), 5);
        let first = fields(&whole).flatten().next().expect("there is a file").raw.len();
        for length in 0..whole.len() {
            let result = ask_everything(whole[..length].to_vec());
            assert_eq!(result.is_ok(), length == first, "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn a_damaged_set_never_panics(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let mut bytes = of_everything();
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(known) = ask_everything(bytes) {
                prop_assert!(known <= 5, "there were five, {known} are found");
            }
        }
    }
}
