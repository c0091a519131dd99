//! Entries as programs read them: Go's Fprint, prototext, JSON.

use std::io::Write;

use rpcreplay::entry::{Any, Entry, Payload};
use rpcreplay::format::{write_entry_text, write_json_header};
use rpcreplay::recording::Header;
use rpcreplay::schema::{
    Code, LeftOut, Status, TextOptions, UnknownEntryFields, UnknownFields, Unopened, Walker, escape_go, quote_go,
    unknown_entry_fields, write_raw, write_text,
};

use super::notes::Notes;

/// Appends an entry as go-replayers' Fprint shows it.
///
/// What can't be opened, on which Fprint ends, is shown as a guess at its bytes below the reason. What Fprint leaves out
/// is left to `notes`.
///
/// Source: go-replayers, `grpcreplay.Fprint`, with one blank behind every colon of the prototext.
pub fn write_fprint(entry: &Entry, walker: &mut Walker<'_>, out: &mut Vec<u8>, notes: &mut Notes) {
    note_unknown_fields(entry, notes);
    // Writing to a vector does not fail.
    let _ = write!(out, "#{}: kind: {}, method: ", entry.index(), entry.kind());
    out.extend_from_slice(entry.method().as_bytes());
    let _ = write!(out, ", ref index: {}", entry.ref_index());
    match entry.payload() {
        Payload::Empty => {}
        Payload::Eof => out.extend_from_slice(b", error: EOF"),
        Payload::Message(any) => {
            out.extend_from_slice(b", message:\n");
            let options = TextOptions { unknown_fields: UnknownFields::ByNumber, ..TextOptions::default() };
            match write_text_of(any, options, walker, out) {
                Ok(left_out) => note_left_out(entry, left_out, notes),
                Err(reason) => write_guess(any, &reason, out),
            }
            return;
        }
        Payload::Error(any) => match Status::read(any.value) {
            // Go turns a status without an error into no error at all.
            Ok(status) if status.code == Code::OK => note_status(entry, &status, notes),
            Ok(status) => {
                note_status(entry, &status, notes);
                out.extend_from_slice(b", error: rpc error: code = ");
                match status.code.go_name() {
                    Some(name) => out.extend_from_slice(name.as_bytes()),
                    None => {
                        // Codes are unsigned in Go.
                        let _ = write!(out, "Code({})", status.code.0 as u32);
                    }
                }
                out.extend_from_slice(b" desc = ");
                out.extend_from_slice(status.message);
            }
            Err(fault) => {
                let _ = writeln!(out, ", error:\n# {fault}");
                write_raw(any.value, 0, out);
                return;
            }
        },
    }
    out.push(b'\n');
}

/// Appends an entry in the protobuf text format, as Go's recorder writes it; what it leaves out is left to `notes`.
pub fn write_prototext(entry: &Entry, walker: &mut Walker<'_>, out: &mut Vec<u8>, notes: &mut Notes) {
    let left_out = write_entry_text(entry, walker, out);
    note_left_out(entry, left_out, notes);
}

fn write_text_of(
    any: Any<'_>,
    options: TextOptions,
    walker: &mut Walker<'_>,
    out: &mut Vec<u8>,
) -> Result<LeftOut, Unopened> {
    let layout = walker.schema().resolve(any.type_url)?;
    Ok(write_text(walker, layout, any.value, options, out)?)
}

fn note_unknown_fields(entry: &Entry, notes: &mut Notes) {
    let UnknownEntryFields { of_entry, of_any } = unknown_entry_fields(entry);
    notes.unknown_fields(entry, (of_entry.len() + of_any.len()) as u64);
    notes.extension(entry);
}

fn note_left_out(entry: &Entry, left_out: LeftOut, notes: &mut Notes) {
    notes.unknown_fields(entry, left_out.unknown_fields);
    if left_out.extension {
        notes.extension(entry);
    }
    if left_out.invalid_utf8 {
        notes.invalid_utf8(entry);
    }
}

fn note_status(entry: &Entry, status: &Status<'_>, notes: &mut Notes) {
    let invalid_utf8 = std::str::from_utf8(status.message).is_err();
    note_left_out(
        entry,
        LeftOut { unknown_fields: status.unknown.len() as u64, invalid_utf8, ..LeftOut::default() },
        notes,
    );
}

fn write_guess(any: Any<'_>, reason: &Unopened, out: &mut Vec<u8>) {
    out.extend_from_slice(b"# ");
    escape_go(out, reason.to_string().as_bytes());
    out.push(b'\n');
    write_raw(any.value, 0, out);
}

/// What stands around the entries of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// Go's Fprint.
    Fprint,
    /// Entries in the text format, apart by comments.
    Prototext,
    /// One JSON document.
    Json,
    /// A JSON object per line.
    Jsonl,
}

impl Document {
    /// What stands in front of the first of several recordings, or of all.
    pub fn begin_all(self, several: bool) -> &'static [u8] {
        if self == Document::Json && several { b"[\n" } else { b"" }
    }

    /// What stands behind the last recording.
    pub fn end_all(self, several: bool) -> &'static [u8] {
        if self == Document::Json && several { b"]\n" } else { b"" }
    }

    /// Appends what stands in front of the entries of a recording.
    ///
    /// `name` is that of the file where there are several, and `is_first` whether none came before.
    pub fn begin(self, name: Option<&str>, is_first: bool, header: &Header, out: &mut Vec<u8>) {
        match self {
            Document::Fprint => {
                if let Some(name) = name {
                    if !is_first {
                        out.push(b'\n');
                    }
                    let _ = writeln!(out, "==> {name} <==");
                }
                out.extend_from_slice(b"initial state: ");
                quote_go(out, &header.initial);
                out.push(b'\n');
            }
            Document::Prototext => {
                if let Some(name) = name {
                    // A name with a line feed would end the comment.
                    let _ = writeln!(out, "# file {}", name.escape_debug());
                }
                out.extend_from_slice(b"# initial state: ");
                quote_go(out, &header.initial);
                out.push(b'\n');
            }
            Document::Json | Document::Jsonl => {
                if self == Document::Json && !is_first {
                    out.push(b',');
                }
                write_json_header(header, name, false, out);
                out.extend_from_slice(if self == Document::Json { b",\"entries\":[" } else { b"}\n" });
            }
        }
    }

    /// Appends what stands in front of an entry.
    pub fn begin_entry(self, entry: &Entry, is_first: bool, out: &mut Vec<u8>) {
        match self {
            Document::Fprint | Document::Jsonl => {}
            Document::Prototext => {
                let _ = writeln!(out, "\n# entry {}", entry.index());
            }
            Document::Json => out.extend_from_slice(if is_first { b"\n" } else { b",\n" }),
        }
    }

    /// Appends what stands behind an entry.
    pub fn end_entry(self, out: &mut Vec<u8>) {
        if self == Document::Jsonl {
            out.push(b'\n');
        }
    }

    /// Appends what stands behind the entries of a recording.
    pub fn end(self, any_entry: bool, out: &mut Vec<u8>) {
        if self == Document::Json {
            out.extend_from_slice(if any_entry { b"\n]}\n" } else { b"]}\n" });
        }
    }
}
