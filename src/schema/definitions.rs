//! What sources define: the names in a file of descriptors, at any depth.
//!
//! Names are read from the file as it stands in its source; nothing is decoded or checked, so that all of a source can be
//! listed, and what is damaged is listed as far as it can be read.

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::Schema;
use super::fields::{Field, fields};
use super::source::SourceKind;
use super::tag;

/// What the names of packages in the bundle begin with.
const BUNDLE_ROOTS: [&str; 7] = ["build", "cloud", "google", "grafeas", "grpcreplay", "maps", "pb"];

/// The depth of nested messages beyond which nothing is listed; prost decodes no more than that either.
const DEPTH_LIMIT: usize = 100;

/// What a definition defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// A message type.
    Message,
    /// An enum type.
    Enum,
    /// A service.
    Service,
    /// A method of a service; its name is the path `/package.Service/Method` that gRPC calls it by.
    Method,
    /// A field that extends a message.
    Extension,
}

impl fmt::Display for DefinitionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DefinitionKind::Message => "message",
            DefinitionKind::Enum => "enum",
            DefinitionKind::Service => "service",
            DefinitionKind::Method => "method",
            DefinitionKind::Extension => "extension",
        })
    }
}

/// Something that a source defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is.
    pub kind: DefinitionKind,
    /// Its full name.
    pub name: String,
    /// The `.proto` file that it stands in.
    pub file: Arc<str>,
    /// The place of its source among [`Schema::sources`](super::Schema::sources).
    pub source: usize,
    /// Whether an earlier source defines the name, so that this definition is not used.
    pub is_shadowed: bool,
}

/// A source of descriptors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSummary {
    /// What it is.
    pub kind: SourceKind,
    /// What errors call it, and [`Schema::origin`].
    pub name: String,
    /// How many files it has.
    pub files: usize,
}

impl Schema {
    /// The sources, in the order in which they are asked.
    pub fn sources(&self) -> Vec<SourceSummary> {
        self.sources_of_descriptors().summaries().collect()
    }

    /// Everything that the sources define, in their order, but for the entries of maps.
    ///
    /// Reads all of every source: the built-in bundle has 74,000 definitions and takes a tenth of a second.
    pub fn definitions(&self) -> Vec<Definition> {
        self.definitions_of(|_| true)
    }

    /// What [`definitions`](Self::definitions) gives, without the built-in bundle unless one of these full names begins
    /// as a package of it does: others are close to nothing in it.
    pub fn definitions_near(&self, names: &[&str]) -> Vec<Definition> {
        let first_part = |name: &&str| name.split('.').next().is_some_and(|first| BUNDLE_ROOTS.contains(&first));
        let with_bundle = names.iter().any(first_part);
        self.definitions_of(|kind| with_bundle || kind != SourceKind::BuiltIn)
    }

    fn definitions_of(&self, is_wanted: impl Fn(SourceKind) -> bool) -> Vec<Definition> {
        let mut definitions: Vec<Definition> = Vec::new();
        let mut of_earlier: FxHashSet<String> = FxHashSet::default();
        let sources = self.sources_of_descriptors();
        let mut wanted = sources.summaries().enumerate().filter(|(_, summary)| is_wanted(summary.kind)).peekable();
        while let Some((source, _)) = wanted.next() {
            let first = definitions.len();
            for bytes in sources.files_of(source) {
                let file: Arc<str> = file_name(&bytes).into();
                visit(&bytes, &mut |kind, name| {
                    let is_shadowed = of_earlier.contains(name);
                    definitions.push(Definition {
                        kind,
                        name: name.to_owned(),
                        file: file.clone(),
                        source,
                        is_shadowed,
                    });
                });
            }
            if wanted.peek().is_some() {
                of_earlier.extend(definitions[first..].iter().map(|definition| definition.name.clone()));
            }
        }
        definitions
    }
}

/// The name of a serialized file.
pub(super) fn file_name(file: &[u8]) -> &str {
    text_of(file, tag::FILE_NAME)
}

/// Calls `visit` for everything that a serialized file defines, but for the entries of maps, which no file spells out.
pub(super) fn visit(file: &[u8], visit: &mut dyn FnMut(DefinitionKind, &str)) {
    let mut visitor = Visitor { name: text_of(file, tag::FILE_PACKAGE).to_owned(), visit };
    for field in fields(file).flatten() {
        match field.number {
            tag::FILE_MESSAGE => visitor.message(field.bytes(), 0),
            tag::FILE_ENUM => visitor.named(DefinitionKind::Enum, field),
            tag::FILE_EXTENSION => visitor.named(DefinitionKind::Extension, field),
            tag::FILE_SERVICE => visitor.service(field),
            _ => {}
        }
    }
}

/// Whether a serialized file defines a name.
pub(super) fn defines(file: &[u8], name: &str) -> bool {
    let mut found = false;
    visit(file, &mut |_, defined| found |= defined == name);
    found
}

struct Visitor<'v> {
    /// The full name of what is being visited.
    name: String,
    visit: &'v mut dyn FnMut(DefinitionKind, &str),
}

impl Visitor<'_> {
    fn named(&mut self, kind: DefinitionKind, definition: Field<'_>) {
        let outer = self.push(text_of(definition.bytes(), tag::NAME));
        (self.visit)(kind, &self.name);
        self.name.truncate(outer);
    }

    fn message(&mut self, message: &[u8], depth: usize) {
        let outer = self.push(text_of(message, tag::NAME));
        (self.visit)(DefinitionKind::Message, &self.name);
        for part in fields(message).flatten() {
            match part.number {
                tag::MESSAGE_MESSAGE if depth < DEPTH_LIMIT && !is_map_entry(part.bytes()) => {
                    self.message(part.bytes(), depth + 1);
                }
                tag::MESSAGE_ENUM => self.named(DefinitionKind::Enum, part),
                tag::MESSAGE_EXTENSION => self.named(DefinitionKind::Extension, part),
                _ => {}
            }
        }
        self.name.truncate(outer);
    }

    fn service(&mut self, service: Field<'_>) {
        self.named(DefinitionKind::Service, service);
        let outer = self.push(text_of(service.bytes(), tag::NAME));
        for method in fields(service.bytes()).flatten().filter(|part| part.number == tag::SERVICE_METHOD) {
            let path = format!("/{}/{}", self.name, text_of(method.bytes(), tag::NAME));
            (self.visit)(DefinitionKind::Method, &path);
        }
        self.name.truncate(outer);
    }

    /// Appends a name, and returns the length to go back to.
    fn push(&mut self, name: &str) -> usize {
        let outer = self.name.len();
        if outer > 0 {
            self.name.push('.');
        }
        self.name.push_str(name);
        outer
    }
}

/// Whether a message is the entry of a map.
pub(super) fn is_map_entry(message: &[u8]) -> bool {
    let options = fields(message).flatten().filter(|part| part.number == tag::MESSAGE_OPTIONS);
    options
        .flat_map(|options| fields(options.bytes()).flatten())
        .any(|option| option.number == tag::MESSAGE_MAP_ENTRY && option.int() != 0)
}

fn text_of(message: &[u8], number: u32) -> &str {
    fields(message).flatten().find(|field| field.number == number).map_or("", |field| field.text())
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

    use super::*;

    #[test]
    fn the_bundle_lists_what_it_defines() {
        let schema = Schema::builtin();
        let [bundle] = schema.sources().try_into().expect("there is one source");
        assert_eq!(bundle.kind, SourceKind::BuiltIn);
        let definitions = schema.definitions();
        let files: FxHashSet<_> = definitions.iter().map(|definition| &definition.file).collect();
        // A few files define nothing and import others.
        assert!(
            files.len() <= bundle.files && files.len() > bundle.files * 95 / 100,
            "{} {}",
            files.len(),
            bundle.files
        );
        let kinds = |name: &str| {
            let named = definitions.iter().filter(|definition| definition.name == name);
            named.map(|definition| (definition.kind, definition.file.to_string())).collect::<Vec<_>>()
        };
        for (kind, name, file) in [
            (DefinitionKind::Message, "google.rpc.QuotaFailure.Violation", "google/rpc/error_details.proto"),
            (DefinitionKind::Enum, "google.rpc.Code", "google/rpc/code.proto"),
            (DefinitionKind::Enum, "google.protobuf.FieldDescriptorProto.Type", "google/protobuf/descriptor.proto"),
            (DefinitionKind::Service, "google.pubsub.v1.Publisher", "google/pubsub/v1/pubsub.proto"),
            (DefinitionKind::Method, "/google.pubsub.v1.Publisher/Publish", "google/pubsub/v1/pubsub.proto"),
            (DefinitionKind::Extension, "google.api.http", "google/api/annotations.proto"),
            (DefinitionKind::Message, "google.protobuf.FieldOptions", "google/protobuf/descriptor.proto"),
        ] {
            assert_eq!(kinds(name), [(kind, file.to_owned())], "{name}");
        }
        assert_eq!(kinds("google.pubsub.v1.Topic.LabelsEntry"), []);

        let roots =
            definitions.iter().filter_map(|definition| definition.name.trim_start_matches('/').split('.').next());
        assert_eq!(roots.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>(), BUNDLE_ROOTS);
        assert_eq!(schema.definitions_near(&["acme.v1.Order", "googles.A"]), []);
        assert_eq!(schema.definitions_near(&["acme.v1.Order", "google.A"]).len(), definitions.len());
    }

    #[test]
    fn what_an_earlier_source_defines_is_shadowed() {
        let set = |messages: &[&str]| {
            let message = |name: &&str| DescriptorProto { name: Some((*name).to_owned()), ..Default::default() };
            let file = FileDescriptorProto {
                name: Some("a.proto".to_owned()),
                message_type: messages.iter().map(message).collect(),
                ..Default::default()
            };
            FileDescriptorSet { file: vec![file] }.encode_to_vec()
        };
        let builder = Schema::builder().builtin(false).protoset("one", set(&["A", "B"])).expect("it is a set");
        let schema = builder.protoset("two", set(&["B", "C"])).expect("it is a set").build();
        let found: Vec<_> = schema
            .definitions()
            .into_iter()
            .map(|definition| (definition.name, definition.source, definition.is_shadowed))
            .collect();
        let expected = [("A", 0, false), ("B", 0, false), ("B", 1, true), ("C", 1, false)];
        assert_eq!(found, expected.map(|(name, source, is_shadowed)| (name.to_owned(), source, is_shadowed)));
    }

    #[test]
    fn messages_without_an_end_are_listed_as_far_as_they_go() {
        let nested = (0..300).fold(Vec::new(), |inner, _| {
            let mut message = Vec::new();
            crate::wire::put_bytes(&mut message, tag::NAME, b"M");
            crate::wire::put_bytes(&mut message, tag::MESSAGE_MESSAGE, &inner);
            message
        });
        let mut file = Vec::new();
        crate::wire::put_bytes(&mut file, tag::FILE_MESSAGE, &nested);
        let mut count = 0;
        visit(&file, &mut |_, _| count += 1);
        assert_eq!(count, DEPTH_LIMIT + 1);
    }
}
