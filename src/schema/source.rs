//! Where descriptors come from: one source after the other, per type the first that knows it.
//!
//! Every source has pools of its own, so that equal names in two sources never clash. A pool holds one file and what it
//! needs, never a whole source: prost-reflect copies a pool that grows while somebody holds it, and all of Google's APIs
//! take most of a second.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use prost_reflect::{DescriptorPool, ExtensionDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor};
use rustc_hash::{FxHashMap, FxHashSet};

use super::bundle::{Bundle, FileNumber};
use super::fields::{fields, put_bytes};
use super::protoset::{Opened, Place, Protoset, candidates};

/// The field of `FileDescriptorProto` that holds messages.
const MESSAGE: u32 = 4;

/// What the built-in bundle is called where a protoset has its name.
const BUNDLE_NAME: &str = "built-in bundle";

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

    /// Says whether the built-in bundle is used, which it is by default.
    pub fn builtin(&mut self, built_in: bool) {
        self.built_in = built_in;
    }

    pub(crate) fn build(self) -> Sources {
        let protosets = self.protosets.into_iter().map(Source::Protoset);
        let bundle = self.built_in.then(|| Source::Bundle(Bundle::built_in()));
        Sources { sources: protosets.chain(bundle).collect(), loaded: Mutex::default() }
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

    fn file_named(&self, name: &str) -> Option<u32> {
        match self {
            Source::Protoset(set) => set.file_named(name),
            Source::Bundle(bundle) => bundle.file_named(name).map(u32::from),
        }
    }

    /// The file that defines a name, or what it is nested in, and the name of that outermost definition.
    fn file_defining<'n>(&self, full_name: &'n str) -> Option<(u32, &'n str)> {
        match self {
            Source::Protoset(set) => set.file_defining(full_name),
            Source::Bundle(bundle) => bundle.file_defining(full_name).map(|(file, top)| (file.into(), top)),
        }
    }

    fn files_extending(&self, extendee: &str) -> Vec<u32> {
        match self {
            Source::Protoset(set) => set.files_extending(extendee).to_vec(),
            Source::Bundle(bundle) => bundle.files_extending(extendee).map(u32::from).collect(),
        }
    }
}

/// The sources in their order, and the pools that were loaded from them.
pub(crate) struct Sources {
    sources: Vec<Source>,
    /// By source and file.
    loaded: Mutex<FxHashMap<FileId, Loading>>,
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
            knows.then(|| source.name().to_owned())
        })
    }

    fn load(&self, file: FileId) -> Loading {
        if let Some(loading) = self.loaded().get(&file) {
            return loading.clone();
        }
        // Two threads may load the same file at the same time; the second result is then thrown away.
        let loading = Closure::of(&self.sources, file).and_then(|closure| {
            let files: Vec<FileId> = closure.parts.iter().map(|part| part.id).collect();
            Ok((files, Arc::new(closure.into_loaded()?)))
        });
        let mut loaded = self.loaded();
        match loading {
            Ok((files, pool)) => {
                // What was needed is there, too, with all that it needs itself.
                for other in files.into_iter().filter(|other| other.0 == file.0) {
                    loaded.entry(other).or_insert_with(|| Ok(pool.clone()));
                }
                Ok(pool)
            }
            Err(error) => loaded.entry(file).or_insert(Err(error)).clone(),
        }
    }

    fn loaded(&self) -> MutexGuard<'_, FxHashMap<FileId, Loading>> {
        // Entries are put there whole, so a panic of another thread has left nothing half done.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
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
                            let import = self.later().find_map(|(number, source)| {
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
        for item in &opened.items {
            let mut needs =
                Needs { place: item.place, name: item.name.clone(), definitions: FxHashSet::default(), missing: None };
            for reference in &item.references {
                match self.defining(&reference.scope, &reference.name) {
                    Some((file, outermost)) => {
                        imports.insert(self.reserve(file, reserved));
                        needs.definitions.insert(outermost);
                    }
                    None => needs.missing = Some(self.missing(set, file, &reference.name)),
                }
            }
            all.push(needs);
        }
        (imports, all)
    }

    /// Finds a type by its name as it stands in a file.
    fn defining(&self, scope: &str, name: &str) -> Option<(FileId, String)> {
        let find = |full_name: &str| {
            self.later().find_map(|(number, source)| {
                let (file, outermost) = source.file_defining(full_name)?;
                Some(((number, file), outermost.to_owned()))
            })
        };
        match name.strip_prefix('.') {
            Some(full_name) => find(full_name),
            None => candidates(scope, name).find_map(|full_name| find(&full_name)),
        }
    }

    fn missing(&self, set: &Protoset, file: u32, name: &str) -> SourceError {
        let nowhere = |import: &&String| self.later().all(|(_, source)| source.file_named(import).is_none());
        let imports = set.imports(file).iter().filter(nowhere).cloned().collect();
        let name = name.trim_start_matches('.').to_owned();
        SourceError::new(set.name(), Some(set.file_name(file)), Fault::Missing { name, imports })
    }

    fn later(&self) -> impl Iterator<Item = (usize, &'s Source)> + use<'s> {
        self.sources.iter().enumerate().skip(self.first)
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
        let pool = DescriptorPool::decode(set.as_slice()).map_err(|error| {
            let first = &self.parts[0];
            let file = error.file().unwrap_or(&first.name);
            SourceError::new(self.sources[first.id.0].name(), Some(file), Fault::File(error.to_string()))
        })?;
        Ok(Loaded { pool, incomplete })
    }

    /// The messages that need, at any remove, a type that is missing; and all items to leave out, by part.
    fn incomplete(&self) -> (FxHashMap<String, SourceError>, FxHashMap<usize, FxHashSet<Place>>) {
        let mut incomplete: FxHashMap<String, SourceError> = FxHashMap::default();
        let mut dropped: FxHashMap<usize, FxHashSet<Place>> = FxHashMap::default();
        loop {
            let mut changed = false;
            for (number, part) in self.parts.iter().enumerate() {
                let Content::Opened { needs, .. } = &part.content else { continue };
                for needs in needs {
                    let reason = needs.missing.as_ref();
                    let reason = reason.or_else(|| needs.definitions.iter().find_map(|name| incomplete.get(name)));
                    let Some(reason) = reason.cloned() else { continue };
                    if dropped.entry(number).or_default().insert(needs.place) {
                        changed = true;
                        if needs.place.0 == MESSAGE {
                            incomplete.insert(needs.name.clone(), reason);
                        }
                    }
                }
            }
            if !changed {
                return (incomplete, dropped);
            }
        }
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
    #[error("{0}")]
    File(String),
    #[error("a file of this name is needed from `{0}`, too")]
    SameName(String),
    #[error("type `{name}` is defined nowhere{}", missing_imports(.imports))]
    Missing { name: String, imports: Vec<String> },
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
        SourceError(Arc::new(Located { source: source.to_owned(), file: file.map(str::to_owned), fault }))
    }

    /// What to do about it: a sentence in the imperative, without a period.
    pub fn hint(&self) -> Option<String> {
        match &self.0.fault {
            Fault::NotASet(_) | Fault::Empty => Some(
                "make a descriptor set with `protoc --include_imports --descriptor_set_out=FILE` or `buf build`".into(),
            ),
            Fault::Missing { .. } => {
                Some("build the set with `--include_imports`, or name the set that defines the type, too".into())
            }
            Fault::Duplicate | Fault::Cycle(_) | Fault::File(_) | Fault::SameName(_) => None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Located { source, file, fault } = &*self.0;
        write!(f, "{source}: ")?;
        if let Some(file) = file {
            write!(f, "{}: ", file.escape_debug())?;
        }
        fault.fmt(f)
    }
}

impl std::error::Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(sources.message(name).expect("nothing is wrong with the bundle").is_none(), "{name}");
            assert_eq!(sources.origin(name), None, "{name}");
        }
    }

    #[test]
    fn every_file_of_the_bundle_loads() {
        let sources = SchemaSources::new().build();
        let [Source::Bundle(bundle)] = sources.sources.as_slice() else { panic!("the bundle is the only source") };
        for file in 0..bundle.file_count() {
            sources.load((0, file.into())).unwrap_or_else(|error| panic!("file {file}: {error}"));
        }
    }
}
