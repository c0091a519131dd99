//! Files of descriptors as they stand in their sources, with what they import: what reflection hands out.

use std::collections::{HashSet, VecDeque};

use bytes::Bytes;

use super::Schema;
use super::definitions::{defines, file_name};
use super::fields::fields;
use super::tag;

impl Schema {
    /// The file that defines a message, enum, extension, service or method (`package.Service.Method` or `/package.Service/Method`), and behind
    /// it all that it imports, at any depth; each a serialized `google.protobuf.FileDescriptorProto`.
    ///
    /// Nothing if no source defines it. Imports that no source has are left out.
    pub fn files_defining(&self, name: &str) -> Option<Vec<Bytes>> {
        let find = |name: &str| {
            let (source, file) = self.sources_of_descriptors().file_of(name)?;
            defines(&file, name).then(|| self.with_imports(source, file))
        };
        let as_method = || name.rsplit_once('.').and_then(|(service, method)| find(&format!("/{service}/{method}")));
        find(name).or_else(as_method)
    }

    /// The file with this name, and behind it all that it imports, as for [`files_defining`](Self::files_defining).
    pub fn files_named(&self, name: &str) -> Option<Vec<Bytes>> {
        let (source, file) = self.sources_of_descriptors().file_named(name)?;
        Some(self.with_imports(source, file))
    }

    fn with_imports(&self, source: usize, file: Bytes) -> Vec<Bytes> {
        let mut seen = HashSet::from([file_name(&file).to_owned()]);
        let mut files = Vec::new();
        let mut next = VecDeque::from([(source, file)]);
        while let Some((source, file)) = next.pop_front() {
            for import in fields(&file).flatten().filter(|field| field.number == tag::FILE_IMPORT) {
                if seen.insert(import.text().to_owned()) {
                    next.extend(self.sources_of_descriptors().imported(source, import.text()));
                }
            }
            files.push(file);
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the files.
    fn names(files: Option<Vec<Bytes>>) -> Option<Vec<String>> {
        files.map(|files| files.iter().map(|file| file_name(file).to_owned()).collect())
    }

    #[test]
    fn files_come_with_what_they_import() {
        let ledger = &include_bytes!("../../tests/data/ledger.protoset")[..];
        let schema = Schema::builder().protoset("ledger", ledger).expect("a descriptor set").build();
        let of_service = names(schema.files_defining("interop.v1.Ledger")).expect("the descriptor set has it");
        assert_eq!((&*of_service[0], of_service.len()), ("ledger.proto", 8), "{of_service:?}");
        // Those that it imports are not in the set.
        assert!(of_service.contains(&"google/protobuf/wrappers.proto".to_owned()), "{of_service:?}");
        for name in ["interop.v1.Ledger.Post", "/interop.v1.Ledger/Post", "interop.v1.Everything.Nested"] {
            assert_eq!(names(schema.files_defining(name)).as_ref(), Some(&of_service), "{name}");
        }
        assert_eq!(
            names(schema.files_named("google/protobuf/empty.proto")),
            Some(vec!["google/protobuf/empty.proto".into()])
        );
        for name in ["interop.v1.Leger", "interop.v1.Ledger.Pots", "google.protobuf.Empty.Nothing", "", "interop.v1"] {
            assert_eq!(schema.files_defining(name), None, "{name}");
        }
        assert_eq!(schema.files_named("no.proto"), None);
    }
}
