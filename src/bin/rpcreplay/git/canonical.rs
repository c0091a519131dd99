//! A recording as text that is the same for the same content: [`text_of`].
//!
//! It depends neither on format and compression nor on the order in which a map was written, nor on terminal, locale or
//! environment. Entries stand with their call, and have no numbers, so that what is inserted changes nothing else and it does
//! not matter how calls that ran at the same time were interleaved.

use rpcreplay::format::{Compression, Format, ReadOptions, Reader};
use rpcreplay::pairing::Pairing;
use rpcreplay::schema::{Schema, Walker};
use rpcreplay::shapes::Shapes;
use xxhash_rust::xxh3::xxh3_128;

use crate::render::{BytesForm, CallView, Ending, Notes, Painter, ValueOptions, Window, show_initial};

/// Values whole: two that differ only in what is left out would look the same.
const WHOLE: ValueOptions = ValueOptions { bytes: BytesForm::Text, max_bytes: None };

/// The text of a recording; `None` if it is better shown as it is: what is none, what is damaged before its first entry, and
/// what is text itself and can't be read to its end, such as one with conflict markers, or of types that nobody knows.
///
/// Of others what is whole is shown, and then the damage. All entries of a call stand together however long it is, so all
/// of them are in memory, of which the recording has its share anyway.
pub fn text_of(recording: &[u8], schema: &Schema) -> Option<Vec<u8>> {
    // Every length that a file claims is at most as long as the file.
    let options = ReadOptions { max_record_bytes: u64::MAX };
    let mut reader = Reader::new(recording, schema, options).ok()?;
    let mut text = Vec::new();
    let mut painter = Painter { out: &mut text, colors: false };
    painter.plain("recording");
    show_initial(reader.header(), WHOLE, &mut painter);
    let (mut pairing, mut shapes, mut window) = (Pairing::default(), Shapes::new(schema), Window::default());
    let damage = loop {
        match reader.read() {
            Ok(Some(entry)) => {
                let call = pairing.follow(&entry);
                let first = call.unwrap_or(entry.index()).0;
                let is_answered_once = shapes.is_answered_once(&entry, first);
                window.add(entry, call, is_answered_once);
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let is_text = reader.compression() == Compression::None
        && match reader.format() {
            Format::Binary => false,
            Format::Text | Format::Json | Format::JsonLines => true,
        };
    if is_text && damage.is_some() {
        return None;
    }
    let ending = match damage {
        None => Ending::EndOfRecording { unmatched: pairing.unmatched_requests() },
        Some(_) => Ending::Damage,
    };
    let mut view = CallView::new(Walker::new(schema), WHOLE, false).without_numbers();
    while let Some((call, ending)) = window.next_at_end(ending) {
        view.call(&call, ending, &mut painter, &mut Notes::default());
    }
    if let Some(error) = damage {
        painter.plain("\n");
        painter.mark(0, &error.to_string());
        // Files that are damaged in the same way, and differ behind the damage, must not look the same.
        let (length, hash) = (recording.len(), xxh3_128(recording));
        painter.mark(0, &format!("the file has {length} bytes, whose XXH3 is {hash:032x}"));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpcreplay::entry::{Any, Entry, EntryIndex, Kind, Payload};
    use rpcreplay::format::{Encoder, WriteOptions};
    use rpcreplay::recording::Header;

    fn entry(kind: Kind, ref_index: i32, value: &[u8]) -> Entry {
        let any = Any { type_url: "type.googleapis.com/google.protobuf.Struct", value };
        let method = if ref_index == 0 { "/a.B/C" } else { "" };
        Entry::encode(kind, method, Payload::Message(any), ref_index).expect("a short record")
    }

    fn recording(format: Format, entries: &[Entry]) -> Vec<u8> {
        let schema = Schema::builtin();
        let mut encoder = Encoder::new(WriteOptions::new(format), &schema);
        let mut bytes = Vec::new();
        encoder.begin(&Header::new(&b"{}"[..]), &mut bytes).expect("a header");
        for (position, entry) in entries.iter().enumerate() {
            let entry = entry.clone().with_index(EntryIndex(position as u64 + 1));
            encoder.entry(&entry, position == 0, &mut bytes).expect("an entry");
        }
        encoder.end(!entries.is_empty(), &mut bytes);
        bytes
    }

    fn shown(recording: &[u8]) -> String {
        String::from_utf8(text_of(recording, &Schema::builtin()).expect("a recording")).expect("UTF-8")
    }

    /// `{"a": true, "b": true}`, the keys in either order.
    const STRUCTS: [&[u8]; 2] = [
        b"\x0a\x07\x0a\x01a\x12\x02\x20\x01\x0a\x07\x0a\x01b\x12\x02\x20\x01",
        b"\x0a\x07\x0a\x01b\x12\x02\x20\x01\x0a\x07\x0a\x01a\x12\x02\x20\x01",
    ];

    #[test]
    fn equal_content_is_equal_text() {
        let entries = |value| [entry(Kind::Request, 0, value), entry(Kind::Response, 1, b"")];
        let expected = r#"recording, initial state "{}"

/a.B/C
  request  google.protobuf.Struct
    {
      "a": true
      "b": true
    }
  response  google.protobuf.Struct
    {}
"#;
        for format in [Format::Binary, Format::Text, Format::Json, Format::JsonLines] {
            for value in STRUCTS {
                assert_eq!(shown(&recording(format, &entries(value))), expected, "{format}");
            }
        }
    }

    #[test]
    fn it_does_not_matter_how_calls_were_interleaved() {
        let [one, other] = STRUCTS.map(|value| &value[..9]);
        let request = |value| entry(Kind::Request, 0, value);
        let response = |call, value| entry(Kind::Response, call, value);
        let turns = [request(one), request(other), response(2, other), response(1, one)];
        let queue = [request(one), response(1, one), request(other), response(3, other)];
        assert_eq!(shown(&recording(Format::Binary, &turns)), shown(&recording(Format::Binary, &queue)));
    }

    /// Which `print` shows in parts, so as not to have them in memory.
    #[test]
    fn the_longest_calls_are_whole() {
        let mut entries = vec![entry(Kind::CreateStream, 0, b"")];
        entries.extend((0..5000).map(|_| entry(Kind::Send, 1, STRUCTS[0])));
        entries.push(entry(Kind::Request, 0, b""));
        entries.extend((0..5000).map(|_| entry(Kind::Recv, 1, STRUCTS[1])));
        entries.push(entry(Kind::Response, 5002, b""));
        let text = shown(&recording(Format::Binary, &entries));
        assert_eq!(text.matches("/a.B/C\n").count(), 2);
        assert!(!text.contains("continued") && !text.contains('#'), "{text}");
    }

    #[test]
    fn no_mark_has_a_number() {
        let any = Any { type_url: "type.googleapis.com/google.protobuf.Struct", value: b"" };
        let unlawful = Entry::encode(Kind::Request, "/a.B/C", Payload::Message(any), 7).expect("a short record");
        let kinds = [Kind::Response, Kind::Send, Kind::Recv, Kind::Unspecified, Kind::Unknown(9)];
        let mut entries: Vec<_> = kinds.into_iter().map(|kind| entry(kind, 99, b"")).collect();
        entries.push(unlawful);
        let text = shown(&recording(Format::Binary, &entries));
        let marks: Vec<_> = text.lines().filter_map(|line| line.trim_start().strip_prefix("! ")).collect();
        let expected = [
            "refers to an entry, which is no earlier request without a response",
            "refers to an entry, which is no earlier stream",
            "refers to an entry, which is no earlier stream",
            "of a kind that no recorder writes",
            "of a kind that no recorder writes",
            "refers to an entry, which only later entries of a call do",
            "no response in the recording",
        ];
        assert_eq!(marks, expected, "{text}");
    }

    #[test]
    fn no_two_damaged_files_look_the_same() {
        let whole =
            recording(Format::Binary, &[entry(Kind::Request, 0, STRUCTS[0]), entry(Kind::Response, 1, STRUCTS[0])]);
        let begun: Vec<_> = (0..whole.len()).filter_map(|end| text_of(&whole[..end], &Schema::builtin())).collect();
        // The mark alone and half a header are shown as they are.
        assert!(begun.len() > whole.len() - 20);
        let differs = |pair: &[Vec<u8>]| pair[0] != pair[1];
        assert!(begun.windows(2).all(differs));
        let text = String::from_utf8_lossy(begun.last().expect("one"));
        assert!(
            text.contains("    no response before the damage") || text.contains("! no response before the damage"),
            "{text}"
        );
        assert!(text.contains("\n! entry 2 at byte "), "{text}");
    }

    #[test]
    fn damaged_text_is_shown_as_it_is() {
        let entries = [entry(Kind::Request, 0, STRUCTS[0]), entry(Kind::Response, 1, STRUCTS[0])];
        for format in [Format::Text, Format::Json, Format::JsonLines] {
            let whole = recording(format, &entries);
            assert_eq!(text_of(&whole[..whole.len() - 9], &Schema::builtin()), None, "{format}");
        }
        for foreign in
            [&b""[..], b"<<<<<<< HEAD\nRPCReplay", b"version https://git-lfs.github.com/spec/v1\n", b"\x1f\x8b\x08"]
        {
            assert_eq!(text_of(foreign, &Schema::builtin()), None, "{}", foreign.escape_ascii());
        }
    }
}
