//! Everything that looks inside a message; the only user of prost-reflect.
//!
//! A [`Schema`] answers one question: what is the [`Layout`] of the message that a type URL names? With it a
//! [`Walker`] steps through wire bytes and calls a [`Sink`]; the sinks here write text, JSON and canonical bytes.

mod bundle;
mod canonical;
mod definitions;
mod digits;
mod editions;
mod escape;
mod fields;
mod files;
mod go_binary;
mod json;
mod layout;
mod lengths;
mod level;
mod loss;
mod names;
mod number;
mod paths;
mod proto;
mod proto_files;
pub(crate) mod protojson;
mod protoset;
pub(crate) mod prototext;
mod quote;
mod raw;
mod seen;
mod select;
mod similar;
mod sink;
mod source;
mod splice;
mod status;
mod tag;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod time;
mod valid;
mod walk;
mod well_known;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use prost_reflect::MessageDescriptor;
use rustc_hash::FxHashMap;

pub use canonical::{canonical_hash, write_canonical, write_said};
pub use definitions::{Definition, DefinitionKind, SourceSummary};
pub use json::{JsonError, JsonOptions, JsonWritten, quote_base64, quote_json, write_json, write_json_any};
pub use layout::{EnumLayout, Field, Layout, LayoutId, MapShape, Shape, Type};
pub use loss::Loss;
pub(crate) use loss::find_loss;
pub(crate) use paths::{FieldPath, PathFault, PathFaultKind, PathLink, PathStart, ValueClass, check_paths};
pub use proto::Description;
pub(crate) use protojson::parse_timestamp;
pub use protojson::{JsonFault, JsonReadError, JsonReadOptions, JsonReader};
pub use prototext::{ParseError, ParseFault, read_text};
pub use quote::{escape_go, is_printable, quote_go, unquote_go};
pub use raw::{RawEvent, likely_float, quote_hex, read_raw, write_raw};
pub use select::{Part, Selector, SelectorError};
pub(crate) use select::{Reached, StateId, TableId, Tracker, Trail};
pub use similar::similar;
pub use sink::{Flow, Malformed, Order, Place, Scalar, Sink, Unopened, UnopenedAny};
pub(crate) use splice::{
    ChangedMessage, Editor, Edits, FieldAt, FieldValue, Number, Opaque, Selected, Splicer, Spot, Target, Verdict,
    put_number, put_scalar,
};
pub use status::{Code, Status, UnknownEntryFields, read_any, unknown_entry_fields};
pub use text::{
    LeftOut, TEXT_FREE_BYTES, TEXT_RATIO_LIMIT, TextOptions, UnknownFields, is_plain_type_url, quote_text, text_limit,
    write_text,
};
pub(crate) use time::is_timestamp;
pub use time::{duration, timestamp};
pub use valid::check_message;
pub(crate) use valid::field_without_utf8;
pub use walk::{Walker, Wire};
pub use well_known::WellKnown;

use crate::unnamed::{self, Direction, Unnamed};
use source::{SchemaSources, Sources};
pub use source::{SourceError, SourceKind};

/// What is known of message types: type URL → [`Layout`].
///
/// Cheap to clone; clones share what was looked up. A type's layout is built when it is first needed.
#[derive(Clone)]
pub struct Schema(Arc<Shared>);

struct Shared {
    sources: Sources,
    layouts: boxcar::Vec<Slot>,
    /// The layouts by message name: the same name may stand in the pools of several sources.
    ids: Mutex<HashMap<Box<str>, Vec<LayoutId>>>,
    /// The type URLs that were resolved.
    resolved: RwLock<FxHashMap<Box<[u8]>, LayoutId>>,
    /// The names that were not.
    unresolved: Mutex<HashMap<Box<str>, Unresolved>>,
}

/// How long the full name of a type may be; what is longer names no type.
///
/// protobuf itself has no limit. The longest name in the built-in bundle has 145 bytes, and a name that a recording
/// makes up must not cost more than its own length.
pub const TYPE_NAME_LIMIT_BYTES: usize = 1024;

/// How many names are remembered that no source knows: a recording can make up any number of them. They and the reasons
/// that quote them take at most 8 MiB.
const REMEMBERED_NAMES: usize = 4_096;

/// How many type URLs are remembered with their layouts. Few, since what stands before a URL's last slash is anybody's
/// choice, and their map is made for speed and not against chosen keys.
const REMEMBERED_TYPES: usize = 4_096;

/// How long a type URL may be that is remembered. A longer one is looked up anew each time.
const REMEMBERED_URL_BYTES: usize = 2 * TYPE_NAME_LIMIT_BYTES;

struct Slot {
    descriptor: MessageDescriptor,
    layout: OnceLock<Layout>,
}

/// Puts a [`Schema`] together from its sources; per type the first that knows it counts.
pub struct SchemaBuilder(SchemaSources);

impl SchemaBuilder {
    /// Adds a serialised `google.protobuf.FileDescriptorSet`, such as `protoc --descriptor_set_out` and `buf build -o`
    /// write; `name` is what errors call it.
    ///
    /// Imports that the set lacks are looked for in the sources added after it, the built-in bundle, and those before it.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the bytes are no descriptor set, or one that contradicts itself.
    pub fn protoset(mut self, name: &str, bytes: impl Into<Bytes>) -> Result<Self, SourceError> {
        self.0.add_protoset(name, bytes)?;
        Ok(self)
    }

    /// Adds `.proto` files, which are read and parsed at once, with what they import as far as the folders hold it.
    ///
    /// A file is named by its path, or by its path below one of the folders. Imports are looked for in the folders in
    /// their order, then in the folder of each named file that lies in none of them; without folders, in the folder of
    /// each named file and those above it, the nearest first. The well-known types are always there. What is found in
    /// none of them is looked for in the other sources. Files written in an edition are not understood.
    ///
    /// # Errors
    ///
    /// [`SourceError`], with line and column, if a file can't be read or parsed, or its imports lead back to it. A type
    /// that no source defines is an error of the types that need it.
    pub fn proto(mut self, files: &[PathBuf], folders: &[PathBuf]) -> Result<Self, SourceError> {
        self.0.add_proto_files(files, folders)?;
        Ok(self)
    }

    /// Adds the descriptors that a compiled Go program carries: any program or test binary that links code which
    /// protoc-gen-go generated, stripped or not, for any system; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the program has none, or what looks like some goes beyond what is sensible.
    pub fn go_binary(mut self, name: &str, program: &[u8]) -> Result<Self, SourceError> {
        self.0.add_go_binary(name, program)?;
        Ok(self)
    }

    /// Whether the built-in bundle is the last source; it is unless this says otherwise.
    pub fn builtin(mut self, built_in: bool) -> Self {
        self.0.builtin(built_in);
        self
    }

    /// The schema of all sources added.
    pub fn build(self) -> Schema {
        Schema(Arc::new(Shared {
            sources: self.0.build(),
            layouts: boxcar::Vec::new(),
            ids: Mutex::default(),
            resolved: RwLock::default(),
            unresolved: Mutex::default(),
        }))
    }
}

/// A method of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// The message type of requests.
    pub request: LayoutId,
    /// The message type of responses.
    pub response: LayoutId,
    /// Whether the client sends any number of requests.
    pub streams_requests: bool,
    /// Whether the server sends any number of responses.
    pub streams_responses: bool,
}

/// An import of a file that no source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingImport {
    /// The name that it is imported by.
    pub name: String,
    /// The name of a file that imports it.
    pub importer: String,
}

/// Why a type URL does not lead to a layout.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unresolved {
    /// There is no type URL.
    #[error("empty type url")]
    EmptyUrl,
    /// The type URL is not UTF-8.
    #[error("type url is not valid UTF-8")]
    NotUtf8,
    /// No source knows the type of this full name, of which only the beginning is given if it is longer than
    /// [`TYPE_NAME_LIMIT_BYTES`].
    #[error("no descriptor for message type `{0}`")]
    Unknown(Box<str>),
    /// A source knows the type and can't supply it.
    #[error("message type `{name}`: {error}")]
    Broken {
        /// The type's full name.
        name: Box<str>,
        /// What is wrong with its descriptor.
        error: SourceError,
    },
}

impl Schema {
    /// A schema to which sources are added.
    pub fn builder() -> SchemaBuilder {
        SchemaBuilder(SchemaSources::new())
    }

    /// The schema of the built-in bundle alone: well-known types, all of googleapis, Bazel's remote execution API.
    pub fn builtin() -> Schema {
        Schema::builder().build()
    }

    /// The layout of the message that a type URL names, with or without a slash.
    ///
    /// Of a message [whose type nobody could name](crate::unnamed) when it was recorded, it is that which its method takes or answers with.
    ///
    /// # Errors
    ///
    /// [`Unresolved`] if no source knows the type, or the one that does can't supply it.
    pub fn resolve(&self, type_url: &str) -> Result<LayoutId, Unresolved> {
        match self.0.resolved(type_url.as_bytes()) {
            Some(known) => Ok(known),
            None => self.0.resolve(type_url),
        }
    }

    /// [`resolve`](Self::resolve) for a type URL that was not yet checked to be UTF-8.
    fn resolve_bytes<'a>(&self, type_url: &'a [u8]) -> Result<(&'a str, LayoutId), Unresolved> {
        let type_url = simdutf8::basic::from_utf8(type_url).map_err(|_| Unresolved::NotUtf8)?;
        Ok((type_url, self.resolve(type_url)?))
    }

    /// The names of message types that were asked for so far and that no source knows, in alphabetical order; of very
    /// many, some.
    pub fn unresolved(&self) -> Vec<String> {
        let unresolved = self.0.unresolved.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = unresolved.iter().filter(|(_, reason)| matches!(reason, Unresolved::Unknown(_)));
        let mut names: Vec<_> = unknown.map(|(name, _)| name.to_string()).collect();
        names.sort();
        names
    }

    /// The names of the fields of all message types that were needed so far.
    pub(crate) fn field_names(&self) -> BTreeSet<&str> {
        let layouts = self.0.layouts.iter().filter_map(|(_, slot)| slot.layout.get());
        layouts.flat_map(Layout::fields).map(Field::name).collect()
    }

    /// Files that no source has and others import, each with one that does, in the order of the sources.
    ///
    /// Types of a file that is missing are unknown; those that need them can't be supplied.
    pub fn missing_imports(&self) -> Vec<MissingImport> {
        self.0.sources.missing_imports()
    }

    /// What a service says of one of its methods, by the path `/package.Service/Method` that gRPC calls it by.
    pub fn method(&self, path: &str) -> Option<Method> {
        let method = self.0.sources.method(path)?;
        Some(Method {
            request: self.0.id_of(method.input()),
            response: self.0.id_of(method.output()),
            streams_requests: method.is_client_streaming(),
            streams_responses: method.is_server_streaming(),
        })
    }

    /// The source that a message type comes from: `built-in bundle`, the name of a descriptor set or Go program, or the
    /// path of a `.proto` file.
    pub fn origin(&self, type_name: &str) -> Option<String> {
        match unnamed::of(type_name) {
            Some(unnamed) => self.origin_of_method(&unnamed.method),
            None => self.0.sources.origin(type_name),
        }
    }

    /// The source that the service of a method comes from, by the path `/package.Service/Method`.
    pub fn origin_of_method(&self, path: &str) -> Option<String> {
        self.0.sources.method(path)?;
        self.0.sources.origin_of_service(path.strip_prefix('/')?.split_once('/')?.0)
    }

    fn sources_of_descriptors(&self) -> &Sources {
        &self.0.sources
    }

    /// The layout behind an id of this schema.
    #[inline]
    pub fn layout(&self, id: LayoutId) -> &Layout {
        let slot = &self.0.layouts[id.0 as usize];
        match slot.layout.get() {
            Some(layout) => layout,
            None => self.0.build(slot),
        }
    }
}

impl Shared {
    fn resolved(&self, type_url: &[u8]) -> Option<LayoutId> {
        self.resolved.read().unwrap_or_else(PoisonError::into_inner).get(type_url).copied()
    }

    #[cold]
    fn resolve(&self, type_url: &str) -> Result<LayoutId, Unresolved> {
        if type_url.is_empty() {
            return Err(Unresolved::EmptyUrl);
        }
        let name = unnamed::name(type_url);
        if name.len() > TYPE_NAME_LIMIT_BYTES {
            return Err(Unresolved::Unknown(beginning(name).into()));
        }
        let mut unresolved = self.unresolved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = unresolved.get(name) {
            return Err(reason.clone());
        }
        let found = match unnamed::of(name) {
            Some(unnamed) => Ok(self.message_of(&unnamed)),
            None => self.sources.message(name),
        };
        let reason = match found {
            Ok(Some(descriptor)) => {
                let id = self.id_of(descriptor);
                let mut resolved = self.resolved.write().unwrap_or_else(PoisonError::into_inner);
                if resolved.len() < REMEMBERED_TYPES && type_url.len() <= REMEMBERED_URL_BYTES {
                    resolved.insert(type_url.as_bytes().into(), id);
                }
                return Ok(id);
            }
            Ok(None) => Unresolved::Unknown(name.into()),
            Err(error) => Unresolved::Broken { name: name.into(), error },
        };
        if unresolved.len() < REMEMBERED_NAMES {
            unresolved.insert(name.into(), reason.clone());
        }
        Err(reason)
    }

    /// The type of a message that nobody could name when it was recorded, as its method's descriptor says.
    fn message_of(&self, unnamed: &Unnamed) -> Option<MessageDescriptor> {
        let method = self.sources.method(&unnamed.method)?;
        Some(match unnamed.direction {
            Direction::Request => method.input(),
            Direction::Response => method.output(),
        })
    }

    #[cold]
    fn build<'s>(&'s self, slot: &'s Slot) -> &'s Layout {
        slot.layout.get_or_init(|| {
            let extensions = self.sources.extensions(slot.descriptor.full_name());
            Layout::new(&slot.descriptor, &extensions, &mut |descriptor| self.id_of(descriptor))
        })
    }

    fn id_of(&self, descriptor: MessageDescriptor) -> LayoutId {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let same_name = ids.entry(descriptor.full_name().into()).or_default();
        if let Some(id) = same_name.iter().find(|id| self.layouts[id.0 as usize].descriptor == descriptor) {
            return *id;
        }
        let id = LayoutId(self.layouts.push(Slot { descriptor, layout: OnceLock::new() }) as u32);
        same_name.push(id);
        id
    }
}

/// The beginning of a name that is too long to be shown.
fn beginning(name: &str) -> String {
    const SHOWN_CHARACTERS: usize = 60;
    name.chars().take(SHOWN_CHARACTERS).chain(['…']).collect()
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schema").field("layouts", &self.0.layouts.count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_leads_to_its_messages() {
        let schema = Schema::builtin();
        let method = schema.method("/google.pubsub.v1.Subscriber/StreamingPull").expect("the bundle has Pub/Sub");
        assert_eq!(schema.layout(method.request).full_name(), "google.pubsub.v1.StreamingPullRequest");
        assert_eq!(schema.layout(method.response).full_name(), "google.pubsub.v1.StreamingPullResponse");
        assert!(method.streams_requests && method.streams_responses);
        for path in ["", "/", "google.pubsub.v1.Subscriber/Pull", "/google.pubsub.v1.Subscriber/", "/no.Such/Method"] {
            assert_eq!(schema.method(path), None, "{path}");
        }
    }

    #[test]
    fn a_message_without_a_type_is_that_of_its_method() {
        let schema = Schema::builtin();
        let url = |method, direction| unnamed::type_url(method, direction);
        for (direction, name) in [(Direction::Request, "PullRequest"), (Direction::Response, "PullResponse")] {
            let url = url("/google.pubsub.v1.Subscriber/Pull", direction);
            // The name alone is that of no type, and asking for it changes nothing.
            assert!(schema.resolve(&url["rpcreplay.unknown/".len()..]).is_err());
            for _ in 0..2 {
                let id = schema.resolve(&url).expect("the bundle has the service");
                assert_eq!(schema.layout(id).full_name(), format!("google.pubsub.v1.{name}"));
            }
            assert_eq!(schema.origin(&url).as_deref(), Some("built-in bundle"));
        }
        for method in ["/no.Such/Get", "/google.pubsub.v1.Subscriber/Push", "Pull", ""] {
            let url = url(method, Direction::Request);
            let reason = schema.resolve(&url).expect_err(method).to_string();
            assert_eq!(reason, format!("no descriptor for message type `{url}`"));
            assert_eq!(schema.origin(&url), None);
        }
    }

    #[test]
    fn any_prefix_of_a_type_url_will_do() {
        let schema = Schema::builtin();
        let id = schema.resolve("type.googleapis.com/google.rpc.Status").expect("the bundle has it");
        for type_url in ["google.rpc.Status", "/google.rpc.Status", "example.com/a/b/google.rpc.Status"] {
            assert_eq!(schema.resolve(type_url).ok(), Some(id), "{type_url}");
        }
        assert_eq!(schema.origin("google.rpc.Status").as_deref(), Some("built-in bundle"));
    }

    #[test]
    fn what_is_not_known_says_so_every_time() {
        let schema = Schema::builtin();
        for _ in 0..2 {
            let unknown = schema.resolve("type.googleapis.com/no.Such").expect_err("no source has it");
            assert_eq!(unknown.to_string(), "no descriptor for message type `no.Such`");
            assert_eq!(schema.resolve("").expect_err("nothing names nothing").to_string(), "empty type url");
        }
        assert_eq!(schema.unresolved(), ["no.Such"]);
    }
    #[test]
    fn a_long_name_is_unknown_and_neither_quoted_nor_remembered() {
        let schema = Schema::builtin();
        let long = "a.".repeat(500_000);
        for type_url in [long.clone(), format!("x/{long}"), "é".repeat(700_000)] {
            let unknown = schema.resolve(&type_url).expect_err("no source has it");
            assert!(unknown.to_string().len() < 200, "{unknown}");
        }
        assert!(schema.0.unresolved.lock().expect("nobody panicked").is_empty());
        assert_eq!(schema.method(&format!("/{long}/{long}")), None);
        assert_eq!(schema.origin(&long), None);

        // What stands before the slash may be as long as it likes.
        let known = schema.resolve(&format!("{long}/google.rpc.Status")).ok();
        assert_eq!(known, schema.resolve("google.rpc.Status").ok());
        assert!(known.is_some());
        assert_eq!(schema.0.resolved.read().expect("nobody panicked").len(), 1);

        let most = "a".repeat(TYPE_NAME_LIMIT_BYTES);
        let unknown = schema.resolve(&most).expect_err("no source has it");
        assert_eq!(unknown.to_string(), format!("no descriptor for message type `{most}`"));
    }
}
