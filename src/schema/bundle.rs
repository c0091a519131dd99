//! The built-in bundle: descriptors of the well-known types, of Google's APIs and of Bazel's, compressed.
//!
//! An index leads from a name to a file and from a file to the block it stands in; only blocks that are asked for are
//! decompressed. Opening the bundle looks at its first bytes alone. How it is made, and its layout: `descriptors/build.py`.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

use super::fields::{Field, fields};

static BUILT_IN: &[u8] = include_bytes!("../../descriptors/bundle.bin");

const MAGIC: &[u8] = b"RPCDESC1";

/// Decompressed blocks that are kept, the latest first: about 1 MB. Files of one closure share blocks, and closures
/// share those of the well-known types.
const KEPT_BLOCKS: usize = 16;

/// How many parts the longest name has of what is defined outside of any message. What is nested deeper stands in one of
/// these: a made-up name of a thousand parts is not looked up a thousand times.
const OUTERMOST_NAME_PARTS: usize = 8;

/// The number of a file in the bundle.
pub(super) type FileNumber = u16;

/// An opened bundle.
pub(super) struct Bundle {
    index: Index,
    blocks: Mutex<Blocks>,
}

/// The tables at the beginning, each still as bytes.
struct Index {
    offsets: &'static [u8],
    first_files: &'static [u8],
    hashes: &'static [u8],
    files: &'static [u8],
    dictionary: &'static [u8],
    blocks: &'static [u8],
}

#[derive(Default)]
struct Blocks {
    decompressor: Option<Decompressor<'static>>,
    kept: Vec<(usize, Bytes)>,
}

impl Bundle {
    /// The bundle that is part of the program.
    pub(super) fn built_in() -> Bundle {
        Bundle::open(BUILT_IN).expect("the digest of the bundle is compared with the lock by a test")
    }

    /// Opens a bundle, or returns `None` if its tables do not fit in it.
    fn open(bundle: &'static [u8]) -> Option<Bundle> {
        let mut rest = bundle.strip_prefix(MAGIC)?;
        let mut take = |length: usize| rest.split_off(..length);
        let counts = take(12)?;
        let [blocks, names, dictionary] = [0, 1, 2].map(|at| u32_at(counts, at) as usize);
        let index = Index {
            offsets: take(4 * (blocks + 1))?,
            first_files: take(2 * (blocks + 1))?,
            hashes: take(4 * names)?,
            files: take(2 * names)?,
            dictionary: take(dictionary)?,
            blocks: rest,
        };
        Some(Bundle { index, blocks: Mutex::default() })
    }

    /// The file with this name.
    pub(super) fn file_named(&self, name: &str) -> Option<FileNumber> {
        self.candidates(name).find(|&file| {
            let bytes = self.file(file).unwrap_or_default();
            fields(&bytes).flatten().any(|field| field.number == 1 && field.text() == name)
        })
    }

    /// The file that defines the message, enum or service with this full name, or the one that it is nested in, and the
    /// full name of that outermost one.
    pub(super) fn file_defining<'n>(&self, full_name: &'n str) -> Option<(FileNumber, &'n str)> {
        // The hash of a name comes up on the way to that of what is nested in it.
        let mut hash = FNV1A_START;
        let mut names = Vec::new();
        for (at, byte) in full_name.bytes().enumerate() {
            if byte == b'.' {
                names.push((at, hash));
                if names.len() == OUTERMOST_NAME_PARTS {
                    break;
                }
            }
            hash = fnv1a_step(hash, byte);
        }
        if names.len() < OUTERMOST_NAME_PARTS {
            names.push((full_name.len(), hash));
        }
        names.into_iter().rev().find_map(|(end, hash)| {
            let name = &full_name[..end];
            let file = self.files_with(hash).find(|&file| self.defines(file, name))?;
            Some((file, name))
        })
    }

    /// The files that extend the message with this full name, with a small chance of others.
    pub(super) fn files_extending(&self, extendee: &str) -> impl Iterator<Item = FileNumber> + use<'_> {
        self.candidates(&format!("[{extendee}]"))
    }

    /// The serialized `FileDescriptorProto` of a file.
    pub(super) fn file(&self, file: FileNumber) -> Option<Bytes> {
        let (block, ordinal) = self.index.block_of(file)?;
        let block = self.block(block)?;
        let Field { value: super::fields::Value::Bytes(bytes), .. } = fields(&block).flatten().nth(ordinal)? else {
            return None;
        };
        Some(block.slice_ref(bytes))
    }

    /// How many files there are; the one that stands for `descriptor.proto` is among them.
    pub(super) fn file_count(&self) -> FileNumber {
        u16_at(self.index.first_files, self.index.block_count())
    }

    fn defines(&self, file: FileNumber, full_name: &str) -> bool {
        let bytes = self.file(file).unwrap_or_default();
        let package = fields(&bytes).flatten().find(|field| field.number == 2).map_or("", |field| field.text());
        let Some(name) = full_name.strip_prefix(package) else { return false };
        let name = if package.is_empty() { Some(name) } else { name.strip_prefix('.') };
        // Messages, enums and services, in each of which the name is field 1.
        fields(&bytes).flatten().filter(|field| matches!(field.number, 4..=6)).any(|definition| {
            fields(definition.bytes()).flatten().find(|field| field.number == 1).map(|field| field.text()) == name
        })
    }

    /// The files that a name leads to, if it is in the index; now and then one that it should not lead to.
    fn candidates(&self, name: &str) -> impl Iterator<Item = FileNumber> + use<'_> {
        self.files_with(fnv1a(name))
    }

    fn files_with(&self, hash: u32) -> impl Iterator<Item = FileNumber> + use<'_> {
        self.index.ranks(hash).map(|rank| u16_at(self.index.files, rank))
    }

    fn block(&self, number: usize) -> Option<Bytes> {
        // A panic of another thread cannot have left a block half written: it is put there whole.
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = blocks.kept.iter().position(|&(kept, _)| kept == number) {
            blocks.kept[..=at].rotate_right(1);
            return Some(blocks.kept[0].1.clone());
        }
        if blocks.decompressor.is_none() {
            blocks.decompressor = Some(Decompressor::with_dictionary(self.index.dictionary).ok()?);
        }
        let decompressor = blocks.decompressor.as_mut()?;
        let compressed = self.index.compressed(number)?;
        let length = usize::try_from(get_frame_content_size(compressed).ok()??).ok()?;
        let block = Bytes::from(decompressor.decompress(compressed, length).ok()?);
        blocks.kept.truncate(KEPT_BLOCKS - 1);
        blocks.kept.insert(0, (number, block.clone()));
        Some(block)
    }
}

impl Index {
    fn block_count(&self) -> usize {
        self.offsets.len() / 4 - 1
    }

    /// The block that holds a file, and the file's rank in it.
    fn block_of(&self, file: FileNumber) -> Option<(usize, usize)> {
        let after = partition_point(self.block_count() + 1, |block| u16_at(self.first_files, block) <= file);
        let block = after.checked_sub(1).filter(|&block| block < self.block_count())?;
        Some((block, usize::from(file - u16_at(self.first_files, block))))
    }

    fn compressed(&self, block: usize) -> Option<&'static [u8]> {
        self.blocks.get(u32_at(self.offsets, block) as usize..u32_at(self.offsets, block + 1) as usize)
    }

    /// The ranks in the tables of names that have this hash.
    fn ranks(&self, hash: u32) -> Range<usize> {
        let names = self.hashes.len() / 4;
        let start = partition_point(names, |rank| u32_at(self.hashes, rank) < hash);
        let end = (start..names).find(|&rank| u32_at(self.hashes, rank) != hash).unwrap_or(names);
        start..end
    }
}

/// The first of `count` positions at which `before`, true for a first part of them, is false.
fn partition_point(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn u32_at(table: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(table[4 * at..][..4].try_into().expect("four bytes were cut out"))
}

fn u16_at(table: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(table[2 * at..][..2].try_into().expect("two bytes were cut out"))
}

/// 32-bit FNV-1a, as `descriptors/build.py` has it.
fn fnv1a(name: &str) -> u32 {
    name.bytes().fold(FNV1A_START, fnv1a_step)
}

const FNV1A_START: u32 = 0x811c_9dc5;

fn fnv1a_step(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_committed_bundle_is_the_one_that_the_lock_names() {
        let lock = include_str!("../../descriptors/bundle.lock");
        let expected = lock.lines().find_map(|line| line.strip_prefix("output bundle.bin sha256:"));
        let found: String = Sha256::digest(BUILT_IN).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Some(found.as_str()), expected);
    }

    #[test]
    fn a_bundle_that_is_cut_inside_its_tables_does_not_open() {
        let tables = BUILT_IN.len() - Bundle::built_in().index.blocks.len();
        for length in [0, 7, 8, 19, 20, 500, tables - 1] {
            assert!(Bundle::open(&BUILT_IN[..length]).is_none(), "{length}");
        }
        let cut = Bundle::open(&BUILT_IN[..tables]).expect("the tables are whole");
        assert!(cut.file(0).is_none());
    }

    #[test]
    fn no_name_has_more_parts_than_are_looked_at() {
        let bundle = Bundle::built_in();
        let parts = |name: &str| name.split('.').count();
        let mut most = 0;
        for file in 0..bundle.file_count() {
            let bytes = bundle.file(file).expect("the file is there");
            let of_file =
                |number| fields(&bytes).flatten().find(|field| field.number == number).map(|field| field.text());
            let defines_any = fields(&bytes).flatten().any(|field| matches!(field.number, 4..=6));
            if let Some(package) = of_file(2).filter(|_| defines_any) {
                most = most.max(parts(package) + 1);
            }
        }
        assert_eq!(most, OUTERMOST_NAME_PARTS);
        let deepest = "google.cloud.aiplatform.v1beta1.schema.trainingjob.definition.ExportEvaluatedDataItemsConfig";
        let nested = format!("{deepest}.Nested.Deeper");
        for name in [deepest, &nested] {
            assert_eq!(bundle.file_defining(name).map(|(_, outermost)| outermost), Some(deepest));
        }
        assert_eq!(bundle.file_defining(&"google.".repeat(100)), None);
    }

    #[test]
    fn names_lead_to_their_files() {
        let bundle = Bundle::built_in();
        let name_of = |file| {
            let bytes = bundle.file(file).expect("the file is there");
            fields(&bytes).flatten().next().expect("a file begins with its name").text().to_owned()
        };
        let file = bundle.file_named("google/rpc/status.proto").expect("the file is in the bundle");
        assert_eq!(name_of(file), "google/rpc/status.proto");
        for (name, file, outermost) in [
            ("google.rpc.Status", "google/rpc/status.proto", "google.rpc.Status"),
            ("google.rpc.QuotaFailure.Violation", "google/rpc/error_details.proto", "google.rpc.QuotaFailure"),
            ("google.type.DayOfWeek", "google/type/dayofweek.proto", "google.type.DayOfWeek"),
            ("google.pubsub.v1.Publisher", "google/pubsub/v1/pubsub.proto", "google.pubsub.v1.Publisher"),
            ("grpcreplay.Entry", "recording.proto", "grpcreplay.Entry"),
        ] {
            let (found, top) = bundle.file_defining(name).expect(name);
            assert_eq!((name_of(found).as_str(), top), (file, outermost));
        }
        for name in ["", ".", "google", "google.rpc", "google.rpc.Stat", "Status", "recording.proto", "a.b.c"] {
            assert_eq!(bundle.file_defining(name), None, "{name}");
        }
        assert_eq!(bundle.file_named("google.rpc.Status"), None);
        let extending: Vec<_> = bundle.files_extending("google.protobuf.MethodOptions").map(name_of).collect();
        assert!(extending.contains(&"google/api/annotations.proto".to_owned()), "{extending:?}");
    }

    #[test]
    fn every_block_decompresses_to_as_many_files_as_the_index_says() {
        let bundle = Bundle::built_in();
        for block in 0..bundle.index.block_count() {
            let files = u16_at(bundle.index.first_files, block + 1) - u16_at(bundle.index.first_files, block);
            let bytes = bundle.block(block).expect("the block decompresses");
            assert_eq!(fields(&bytes).filter(|file| file.is_ok()).count(), usize::from(files));
        }
    }
}
