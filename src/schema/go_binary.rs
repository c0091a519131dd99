//! Descriptors carved out of a compiled Go program.
//!
//! What protoc-gen-go generates carries the descriptor of its `.proto` file into every program that links it: since 2020
//! as it is, one right behind the other among the constants; before that, and from gogo's generator to this day, each in
//! a gzip stream of its own. Only these bytes are looked for. The format of the program is not looked at, so ELF, Mach-O
//! and PE are the same here, and so are programs with and without symbols.

use std::io::{self, Read};
use std::ops::Range;

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use memchr::memmem;
use rustc_hash::FxHashSet;

use super::fields::{Field, Value, fields};
use super::source::Fault;

/// How a descriptor's name, its first field, ends.
const NAME_END: &[u8] = b".proto";

/// How long the name of a carved file may be, which is how far is looked back from its end. The longest name in all of
/// Google's APIs has 102 bytes.
const NAME_LIMIT_BYTES: usize = 256;

/// The key of the name: field 1, length-delimited.
const NAME_KEY: u8 = 0x0a;

/// How a gzip stream begins that Go wrote: magic, deflate, no flags.
const GZIP_START: &[u8] = &[0x1f, 0x8b, 8, 0];

/// How many bytes of descriptors may come out of the gzip streams of a program: 64 MiB. All of Google's APIs are 19 MB.
pub(super) const INFLATED_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// How long one descriptor may be: 16 MiB. The largest in the built-in bundle has 0.8 MB with all that it needs.
const FILE_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// How many bytes may be read in vain beyond the length of the program. What looks like a descriptor and is none may
/// begin anywhere inside another that looks like one; without a limit a program made for it would take the square of its
/// length.
const FREE_VAIN_BYTES: usize = 1024 * 1024;

/// What a gzip stream that holds something else costs: the decompressor's memory is made ready for each.
const GZIP_VAIN_BYTES: usize = 4 * 1024;

/// The serialized `FileDescriptorProto`s in a program, in the order in which they stand there, those in gzip behind the
/// others. Of two files with the same name it is the first: gogo's copies of the well-known types stand beside Google's.
pub(super) fn carve(program: &[u8]) -> Result<Vec<Bytes>, Fault> {
    let mut carving =
        Carving { program, files: Vec::new(), names: FxHashSet::default(), vain_bytes: 0, inflated_bytes: 0 };
    carving.plain()?;
    carving.compressed()?;
    if carving.files.is_empty() { Err(Fault::NoDescriptors) } else { Ok(carving.files) }
}

struct Carving<'p> {
    program: &'p [u8],
    files: Vec<Bytes>,
    names: FxHashSet<Vec<u8>>,
    vain_bytes: usize,
    /// What [`INFLATED_LIMIT_BYTES`] limits.
    inflated_bytes: usize,
}

impl Carving<'_> {
    /// Finds the descriptors that stand in the program as they are.
    fn plain(&mut self) -> Result<(), Fault> {
        // Where the last one ends; the names of its imports are passed over.
        let mut carved = 0;
        for hit in memmem::find_iter(self.program, NAME_END) {
            let end = hit + NAME_END.len();
            let earliest = carved.max(end.saturating_sub(NAME_LIMIT_BYTES + 3));
            let before = self.program.get(earliest..end).unwrap_or_default();
            for key in memchr::memrchr_iter(NAME_KEY, before) {
                let start = earliest + key;
                let ends_here = |name: Range<usize>| start + name.end == end;
                if !name_range(&self.program[start..]).is_some_and(ends_here)
                    || name_of(&self.program[start..]).is_none()
                {
                    continue;
                }
                let most = self.program.len().min(start + FILE_LIMIT_BYTES);
                let Walked { file, read_bytes } = walk(&self.program[start..most]);
                self.waste(read_bytes - file.len())?;
                if !file.is_empty() {
                    carved = start + file.len();
                    self.add(file);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Finds the descriptors in gzip.
    fn compressed(&mut self) -> Result<(), Fault> {
        let mut carved = 0;
        for start in memmem::find_iter(self.program, GZIP_START) {
            if start < carved {
                continue;
            }
            let mut stream = GzDecoder::new(&self.program[start..]);
            let file = self.inflate(&mut stream)?;
            let end = self.program.len() - stream.into_inner().len();
            match file {
                Some(file) => {
                    carved = end;
                    self.add(&file);
                }
                None => self.waste(end - start + GZIP_VAIN_BYTES)?,
            }
        }
        Ok(())
    }

    /// What a gzip stream holds, if that is a descriptor.
    fn inflate(&mut self, stream: &mut impl Read) -> Result<Option<Vec<u8>>, Fault> {
        let mut file = Vec::new();
        let mut read =
            |limit: usize, file: &mut Vec<u8>| -> io::Result<usize> { stream.take(limit as u64).read_to_end(file) };
        // Most streams are something else, which shows at once.
        if read(NAME_LIMIT_BYTES + 3, &mut file).is_err() || name_of(&file).is_none() {
            return Ok(None);
        }
        let rest = read(FILE_LIMIT_BYTES, &mut file);
        self.inflated_bytes += file.len();
        if self.inflated_bytes > INFLATED_LIMIT_BYTES {
            return Err(Fault::Inflated);
        }
        let is_whole = rest.is_ok() && walk(&file).file.len() == file.len();
        Ok(is_whole.then_some(file))
    }

    fn add(&mut self, file: &[u8]) {
        let is_new = name_of(file).is_some_and(|name| self.names.insert(name.to_vec()));
        if is_new {
            self.files.push(Bytes::copy_from_slice(file));
        }
    }

    fn waste(&mut self, bytes: usize) -> Result<(), Fault> {
        self.vain_bytes += bytes;
        if self.vain_bytes > self.program.len() + FREE_VAIN_BYTES { Err(Fault::OnlySimilar) } else { Ok(()) }
    }
}

/// The name that a descriptor begins with.
fn name_of(file: &[u8]) -> Option<&[u8]> {
    let name = file.get(name_range(file)?)?;
    (name.ends_with(NAME_END) && is_printable(name)).then_some(name)
}

/// Where the name of a descriptor stands, by its length.
fn name_range(file: &[u8]) -> Option<Range<usize>> {
    let (length, start) = match *file {
        [NAME_KEY, low @ ..0x80, ..] => (usize::from(low), 2),
        [NAME_KEY, low, high @ 1..0x80, ..] => (usize::from(low & 0x7f) | usize::from(high) << 7, 3),
        _ => return None,
    };
    (length <= NAME_LIMIT_BYTES).then_some(start..start + length)
}

/// What was found at the beginning of some bytes.
struct Walked<'b> {
    /// A descriptor, or nothing.
    file: &'b [u8],
    /// How far was looked to know.
    read_bytes: usize,
}

/// Finds out whether a descriptor stands at the beginning of some bytes, and where it ends.
///
/// Nothing says how long it is. But generators write the fields in ascending order, so that the name of the next one ends
/// it, or whatever else is not a field that may follow.
fn walk(bytes: &[u8]) -> Walked<'_> {
    let mut end = 0;
    let mut read_bytes = 0;
    let mut last_number = 0;
    let mut imports = 0;
    let mut is_editions = false;
    let mut has_definitions = false;
    // All keys of `FileDescriptorProto` are one byte; whatever else begins in another way need not be read.
    while let Some(key) = bytes.get(end)
        && matches!(key & 7, 0 | 2)
        && (1..=15).contains(&(key >> 3))
    {
        let Some(Ok(field)) = fields(&bytes[end..]).next() else { break };
        read_bytes = end + field.raw.len();
        let may_repeat = matches!(field.number, 3..=7 | 10 | 11 | 15);
        let is_in_order = field.number > last_number || (field.number == last_number && may_repeat);
        let is_sound = match (field.number, field.value) {
            (1, Value::Bytes(name)) => is_printable(name),
            (2, Value::Bytes(package)) => package.split(|&byte| byte == b'.').all(is_identifier),
            (3, Value::Bytes(import)) => !import.is_empty() && is_printable(import),
            (4..=7, Value::Bytes(definition)) => is_definition(definition),
            (8 | 9, Value::Bytes(options)) => fields(options).all(|field| field.is_ok()),
            (10 | 11, Value::Varint(import)) => import < imports,
            (12, Value::Bytes(syntax)) => matches!(syntax, b"proto2" | b"proto3" | b"editions"),
            (14, Value::Varint(edition)) => is_editions && edition <= i32::MAX as u64,
            // Text behind the last descriptor of a program may begin with a `z` and look like such an import.
            (15, Value::Bytes(import)) => is_editions && !import.is_empty() && is_printable(import),
            _ => false,
        };
        if !is_in_order || !is_sound {
            break;
        }
        imports += u64::from(field.number == 3);
        is_editions |= field.number == 12 && field.bytes() == b"editions";
        has_definitions |= matches!(field.number, 4..=7);
        last_number = field.number;
        end = read_bytes;
    }
    // A file that defines nothing is of no use, and could be a mere list of names.
    Walked { file: if has_definitions { &bytes[..end] } else { &[] }, read_bytes }
}

/// Whether bytes are a message, enum, service or extension, as far as can be seen from outside: they begin with a name.
fn is_definition(definition: &[u8]) -> bool {
    let mut parts = fields(definition);
    let is_name = |part: Field<'_>| part.number == 1 && is_identifier(part.bytes());
    parts.next().is_some_and(|part| part.is_ok_and(is_name)) && parts.all(|part| part.is_ok())
}

fn is_identifier(name: &[u8]) -> bool {
    name.first().is_some_and(|byte| !byte.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn is_printable(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| !name.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::{Duration, Instant};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use prost::Message;
    use prost_types::{DescriptorProto, FileDescriptorProto, FileOptions};

    use super::*;
    use crate::wire::put_bytes;

    fn message(name: &str) -> DescriptorProto {
        DescriptorProto { name: Some(name.to_owned()), ..Default::default() }
    }

    /// A file as protoc-gen-go embeds it.
    fn file(name: &str, message_name: &str) -> Vec<u8> {
        let file = FileDescriptorProto {
            name: Some(name.to_owned()),
            package: Some("acme.v1".to_owned()),
            dependency: vec!["google/protobuf/any.proto".to_owned(), "acme/v1/other.proto".to_owned()],
            message_type: vec![message(message_name)],
            options: Some(FileOptions { go_package: Some("acme.com/v1;acme".to_owned()), ..Default::default() }),
            syntax: Some("proto3".to_owned()),
            ..Default::default()
        };
        file.encode_to_vec()
    }

    /// A file of proto2, whose end nothing marks.
    fn old_file(name: &str) -> Vec<u8> {
        let file = FileDescriptorProto {
            name: Some(name.to_owned()),
            message_type: vec![message("A"), message("B")],
            ..Default::default()
        };
        file.encode_to_vec()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("a vector takes everything");
        encoder.finish().expect("a vector takes everything")
    }

    fn carved(parts: &[&[u8]]) -> Vec<Bytes> {
        carve(&parts.concat()).unwrap_or_else(|fault| panic!("{fault}"))
    }

    fn refusal(program: &[u8]) -> String {
        carve(program).expect_err("it has none").to_string()
    }

    #[test]
    fn files_are_found_between_anything_and_end_where_they_end() {
        let (a, b, c, old) =
            (file("a.proto", "A"), file("acme/v1/b.proto", "B"), file("c.proto", "C"), old_file("o.proto"));
        assert_eq!(carved(&[&a]), [&a]);
        assert_eq!(
            carved(&[b"\x7fELF\n.proto\x0a", &a, &b, b"google/protobuf/any.proto", &old, &c]),
            [&a, &b, &old, &c]
        );
        // What may stand behind a file: text, a field that came before, one that may not come twice, a shortened one.
        for behind in [
            &b"proto3"[..],
            b"\x0a",
            b"\x22\x03\x0a\x01A",
            b"\x62\x06proto2",
            b"\x72\x02",
            b"\x50\x02",
            b"z\x04text",
            b"\0\0",
        ] {
            assert_eq!(carved(&[&a, behind]), [&a], "{behind:?}");
        }
        for behind in
            [&b"\x62\x06proto4"[..], b"\x70\xe8\x07", b"\x50\0", b"\x22\x03\x0a\x01-", b"\x2a\x02\x10\x01", b"\x7a\0"]
        {
            assert_eq!(carved(&[&old, behind]), [&old], "{behind:?}");
        }
    }

    #[test]
    fn names_of_any_length_are_found() {
        for length in [7, 10, 11, 16, 127, 128, 129, 200, NAME_LIMIT_BYTES] {
            let name = "n".repeat(length - NAME_END.len()) + ".proto";
            let file = file(&name, "A");
            assert_eq!(carved(&[b"\n\n", &file, &file]), [&file], "{length}");
        }
        for name in ["a.proto.proto", "ü/ä.proto", "my.protobuf/a.proto", "with blank.proto"] {
            let file = file(name, "A");
            assert_eq!(carved(&[&file]), [&file], "{name}");
        }
        let long = "n".repeat(NAME_LIMIT_BYTES) + ".proto";
        for name in [&long, "a.protodevel", "a\n.proto", ""] {
            assert_eq!(refusal(&file(name, "A")), "no descriptors found", "{name}");
        }
    }

    #[test]
    fn compressed_files_are_found_and_the_first_of_a_name_counts() {
        let (a, b, other_a) = (file("a.proto", "A"), file("b.proto", "B"), file("a.proto", "Other"));
        let page = gzip(b"<html>\n\x07a.proto</html>");
        assert_eq!(carved(&[&page, &gzip(&a), &gzip(&b), &page]), [&a, &b]);
        assert_eq!(carved(&[&gzip(&a), &other_a, &b, &b]), [&other_a, &b]);
        assert_eq!(carved(&[&gzip(&a), &gzip(&other_a)]), [&a]);
        // A stream must be whole, and hold one file and nothing else.
        let packed = gzip(&a);
        assert_eq!(refusal(&packed[..packed.len() - 1]), "no descriptors found");
        assert_eq!(refusal(&gzip(&[&a[..], b"\0"].concat())), "no descriptors found");
        assert_eq!(refusal(&gzip(&[&a[..], &b[..]].concat())), "no descriptors found");
    }

    #[test]
    fn a_descriptor_set_inside_a_program_is_found() {
        let files = [file("a.proto", "A"), file("b.proto", "B")];
        let mut set = Vec::new();
        for file in &files {
            put_bytes(&mut set, 1, file);
        }
        assert_eq!(carved(&[b"go:embed", &set]), files);
    }

    #[test]
    fn what_only_begins_like_a_file_is_none() {
        let header = [&b"\x0a\x07a.proto"[..], b"\x12\x01p"].concat();
        for rest in [
            &b""[..],
            b"\x1a\x07b.proto",
            b"\x22\x02\x0a\x00",
            b"\x22\x03\x0a\x011",
            b"\x22\x03\x12\x01A",
            b"\x22\x04\x0a\x01A\x07",
            b"\x22\x05\x0a\x01A",
            b"\x22\xff\xff\xff\xff\x0f\x0a\x01A",
            b"\x62\x06proto3",
        ] {
            assert_eq!(refusal(&[&header, rest].concat()), "no descriptors found", "{rest:?}");
        }
        assert_eq!(refusal(b""), "no descriptors found");
        assert_eq!(refusal(b".proto"), "no descriptors found");
    }

    /// Each would take minutes if every beginning were followed to its end.
    #[test]
    fn programs_that_were_made_to_be_slow_are_not() {
        let import = b"\x1a\x0b\x0a\x09aaa.proto";
        let options = [&b"\x42\x0b"[..], b"\x0a\x09aaa.proto"].concat();
        let inside = [&b"\x22\x12\x0a\x01A\x3a\x0d\xca\x3e\x0a"[..], b"\x0a\x07a.proto\x1a"].concat();
        let begun = b"\x0a\x07a.proto\x22\xff\xff\xff\x07\x0a\x01A";
        let empty_blocks = [GZIP_START, &[0, 0, 0, 0, 2, 255], &[0, 0, 0, 255, 255].repeat(1000)].concat();
        for unit in
            [&import[..], &options, &inside, begun, b".proto", b"\n.proto", b"\n\n\n", GZIP_START, &empty_blocks]
        {
            let program = unit.repeat((1 << 20) / unit.len());
            let start = Instant::now();
            let _ = carve(&program);
            let nested = [&b"\x0a\x07a.proto\x12"[..], &program].concat();
            let _ = carve(&nested);
            let _ = carve(&gzip(&nested));
            assert!(start.elapsed() < Duration::from_secs(20), "{unit:?}");
        }
    }

    #[test]
    fn gzip_bombs_are_refused() {
        let mut bomb = file("a.proto", "A");
        bomb.resize(FILE_LIMIT_BYTES, 0);
        let bombs = gzip(&bomb).repeat(INFLATED_LIMIT_BYTES / FILE_LIMIT_BYTES + 1);
        assert_eq!(refusal(&bombs), "its compressed descriptors have more than 67108864 bytes");
        assert_eq!(refusal(&gzip(&vec![0; 100 << 20])), "no descriptors found");
    }

    proptest! {
        #[test]
        fn a_damaged_program_never_panics(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let mut program = [file("a.proto", "A"), old_file("o.proto"), gzip(&file("b.proto", "B"))].concat();
            for (place, byte) in damage {
                let place = place.index(program.len());
                program[place] = byte;
            }
            for file in carve(&program).unwrap_or_default() {
                prop_assert!(name_of(&file).is_some());
            }
        }

        #[test]
        fn files_are_found_in_noise(before in prop::collection::vec(any::<u8>(), 0..300), after in prop::collection::vec(any::<u8>(), 0..300)) {
            let a = file("a.proto", "A");
            let program = [&before[..], &a, &a, &after].concat();
            prop_assert!(carve(&program).expect("it is there").contains(&Bytes::from(a)));
        }
    }
}
