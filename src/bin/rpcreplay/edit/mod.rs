//! `rpcreplay edit`: a recording as text in an editor, and back.

mod changes;
mod desk;
mod editor;
mod json;
mod original;
mod text;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use clap::error::ErrorKind as UsageError;
use clap::{ArgAction, ValueEnum};

use rpcreplay::entry::Entry;
use rpcreplay::error::{ErrorKind, Position};
use rpcreplay::format::{Compression, Encoder, Format, WriteOptions};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use crate::args::{Input, SchemaArgs};
use crate::failure::{Failure, Outcome, Trouble, name_of, note, report, usage};
use crate::fingerprint::{Fingerprints, Identifier};
use crate::notes::Notes;
use crate::read_back::ReadBack;
use crate::target::{Destination, Target, open_for_rename};

use changes::Changes;
use desk::Desk;
use editor::Editor;
use original::{Original, Shown};

/// Edit a recording in your editor
///
/// The recording opens as JSON in $VISUAL, else $EDITOR, else vi. Once the editor is closed the text is read. If something is
/// wrong with it, the error is shown with its line, and on a terminal you may go on editing. What reads well is written in the
/// format and compression that the file has, read back and compared before it takes the file's place. On any failure the
/// file stays as it is, and the text is kept.
///
/// Entries that were not edited keep their exact bytes. In JSON they are named by `index` and referred to by `refIndex`, and may
/// be deleted, moved and added; numbers are counted anew.
///
/// With `--to text` the byte counts in front of entries correct themselves, but a `ref_index` names a place, which is yours to
/// correct when entries are added or deleted. What text can't carry of an entry is kept as long as its text is not changed.
///
/// A recording that is itself in the text format or JSON is written as `convert` writes it, without comments and blanks of its
/// own.
#[derive(Debug, clap::Args)]
#[command(mut_arg("files", |files| {
    let help = "Recording to edit, in any format, compressed with gzip or zstd, or not";
    files.action(ArgAction::Set).num_args(1).help(help)
}))]
#[command(after_help = "\
Examples:
  rpcreplay edit calls.replay
  EDITOR='code --wait' rpcreplay edit --to text --protoset acme.binpb calls.replay")]
pub struct Edit {
    #[command(flatten)]
    input: Input,

    /// Edit the recording in this format
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    to: EditAs,

    #[command(flatten)]
    types: SchemaArgs,
}

/// A format to edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EditAs {
    /// One JSON document, a line for each value
    Json,
    /// JSON Lines: a header, then an object per entry
    Jsonl,
    /// RPCReTxt1, the text format of go-replayers
    Text,
}

impl EditAs {
    fn format(self) -> Format {
        match self {
            EditAs::Json => Format::Json,
            EditAs::Jsonl => Format::JsonLines,
            EditAs::Text => Format::Text,
        }
    }
}

/// What an edited text says.
struct Edited {
    header: Header,
    entries: Vec<Entry>,
    changes: Changes,
}

/// How a round with the editor ended.
enum Round {
    /// There is nothing to write.
    Unchanged,
    /// The file was written.
    Written(Changes),
    /// Something is wrong with the text, which another round may mend.
    Wrong(Trouble),
    /// Something else failed.
    Failed(Failure),
}

impl Edit {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let path = self.input.files.first().expect("clap asks for one");
        if path.as_os_str() == "-" {
            let message = "standard input can't be edited: name a file, in whose place the edited recording is put";
            usage("edit", UsageError::InvalidValue, message);
        }
        let editor = Editor::of_environment()?;
        let sources = self.types.load()?.for_good();
        let schema = &sources.schema;
        let original = Original::read(path, schema, self.input.options())?;
        // Better now than after an hour of editing.
        refuse_read_only(path, &original.name)?;
        open_for_rename(path, None)
            .map_err(|trouble| trouble.within(&format!("{}: a file to take its place can't be made", original.name)))?;
        let session = Session { edit: self, schema, shown: original.show(self.to.format(), schema)?, original };
        let outcome = session.run(path, &editor);
        sources.advise(&[]);
        outcome
    }
}

/// A recording that is being edited.
struct Session<'a> {
    edit: &'a Edit,
    schema: &'a Schema,
    original: Original,
    shown: Shown,
}

impl Session<'_> {
    /// Opens the editor until the text is right, or nobody wants to go on.
    fn run(&self, path: &Path, editor: &Editor) -> Result<Outcome, Failure> {
        let desk = Desk::new(path, self.edit.to.format(), &self.shown.text)?;
        loop {
            let round = match editor.open(desk.file()) {
                Ok(()) => self.take(&desk),
                Err(trouble) => Round::Failed(trouble.into()),
            };
            let trouble = match round {
                Round::Unchanged => {
                    note("rpcreplay: ", &format!("{}: nothing was changed", self.original.name));
                    desk.clear();
                    return Ok(Outcome::Fine);
                }
                Round::Written(changes) => {
                    note("rpcreplay: ", &format!("{}: {changes}", self.original.name));
                    desk.clear();
                    return Ok(Outcome::Fine);
                }
                Round::Failed(failure) if desk.holds(&self.shown.text) => {
                    desk.clear();
                    return Err(failure);
                }
                Round::Failed(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                Round::Failed(Failure::Trouble(trouble)) => trouble,
                Round::Wrong(trouble) => {
                    report(&trouble);
                    if wants_to_go_on() {
                        continue;
                    }
                    self.say_what_is_kept(&desk);
                    return Ok(Outcome::Reported);
                }
            };
            report(&trouble);
            self.say_what_is_kept(&desk);
            return Ok(Outcome::Reported);
        }
    }

    /// Reads what the editor left, and writes it back.
    fn take(&self, desk: &Desk) -> Round {
        let text = match desk.read() {
            Ok(text) => text,
            Err(trouble) => return Round::Failed(trouble.into()),
        };
        if text == self.shown.text {
            return Round::Unchanged;
        }
        let name = name_of(desk.file());
        let read = match self.edit.to {
            EditAs::Json | EditAs::Jsonl => json::read(&text, &self.original, self.schema, &name),
            EditAs::Text => text::read(&text, &self.original, &self.shown, self.schema, &name),
        };
        let (edited, bytes) = match read.and_then(|edited| self.encode(&edited, &name).map(|bytes| (edited, bytes))) {
            Ok(edited) => edited,
            Err(trouble) => return Round::Wrong(trouble),
        };
        if edited.changes.is_nothing() {
            return Round::Unchanged;
        }
        match self.write_back(&edited, &bytes) {
            Ok(()) => Round::Written(edited.changes),
            Err(failure) => Round::Failed(failure),
        }
    }

    /// How the file is written.
    fn options(&self) -> WriteOptions {
        WriteOptions { canonical: self.original.is_canonical, ..WriteOptions::new(self.original.format) }
    }

    /// The recording in the file's own format; fails where that has no place for what the text of this name says.
    fn encode(&self, edited: &Edited, name: &str) -> Result<Vec<u8>, Trouble> {
        let mut encoder = Encoder::new(self.options(), self.schema);
        let mut bytes = Vec::new();
        encoder.begin(&edited.header, &mut bytes).map_err(|error| trouble_in_text(name, error))?;
        for entry in &edited.entries {
            encoder.entry(entry, entry.index().0 == 1, &mut bytes).map_err(|error| {
                let hint = match error.kind() {
                    ErrorKind::Loss { .. } => "take it out, or convert the recording to another format first",
                    ErrorKind::NoJson(_) => "the recording is canonical JSON, which holds nothing but ProtoJSON",
                    _ => return trouble_in_text(name, error),
                };
                let error = rpcreplay::Error::new(error.into_kind(), entry.position());
                trouble_in_text(name, error).with_hint(hint)
            })?;
        }
        encoder.end(!edited.entries.is_empty(), &mut bytes);
        Ok(bytes)
    }

    /// Puts the edited recording in the place of the file.
    fn write_back(&self, edited: &Edited, bytes: &[u8]) -> Result<(), Failure> {
        let Original { name, path, format, compression, .. } = &self.original;
        let mut target = Target::new(&Destination::File(path.clone()), None)?;
        target.begin(*format, Some(*compression), *compression)?;
        target.write(bytes)?;
        target.finish()?;
        if let Some(written) = target.read_back() {
            let exactly = self.options().is_exact();
            let mut identifier = Identifier::new(self.schema, exactly, true);
            let mut fingerprints = Fingerprints::default();
            edited.entries.iter().for_each(|entry| fingerprints.push(identifier.fingerprint(entry)));
            let threads = self.edit.input.threads();
            let back = ReadBack { schema: self.schema, exactly, with_unknown: true, threads };
            back.compare(written, &edited.header, &fingerprints).map_err(|trouble| {
                trouble.within(&format!("{name}: what was written does not read back as it was edited"))
            })?;
        }
        if self.original.has_changed()? {
            let error = "was changed while it was edited, and is not written over";
            return Err(Trouble::new(name, error).into());
        }
        let mut notes = Notes::default();
        let ignored_wire = edited.entries.iter().filter(|entry| entry.ignored_wire());
        ignored_wire.for_each(|entry| notes.ignored_wire.add(entry.index().0, 1));
        notes.tell(name);
        target.put_in_place()
    }

    /// Says where the text stands that was not written back.
    fn say_what_is_kept(&self, desk: &Desk) {
        if !desk.file().exists() {
            desk.clear();
            return;
        }
        let (name, kept) = (&self.original.name, name_of(desk.file()));
        note("rpcreplay: ", &format!("{name}: not written; the edited text is kept in {kept}"));
        if self.original.has_changed().unwrap_or(true) {
            return;
        }
        match self.edit.to {
            EditAs::Json | EditAs::Jsonl => {
                let command = self.command_to_write(desk.file());
                note("hint: ", &format!("once it is right, write it with `{command}`"));
            }
            // What text can't carry would be lost on that way.
            EditAs::Text => {}
        }
    }

    /// The command that writes the recording from JSON, as a shell reads it.
    fn command_to_write(&self, kept: &Path) -> String {
        let format = match self.original.format {
            Format::Binary => "binary",
            Format::Text => "text",
            Format::Json => "json",
            Format::JsonLines => "jsonl",
        };
        let mut words: Vec<&OsStr> = ["rpcreplay", "convert", "--to", format].map(OsStr::new).to_vec();
        if self.original.is_canonical {
            words.push("--canonical".as_ref());
        }
        words.extend(
            match self.original.compression {
                Compression::None => [].as_slice(),
                Compression::Gzip => &["--compress", "gzip"],
                Compression::Zstd => &["--compress", "zstd"],
            }
            .iter()
            .map(OsStr::new),
        );
        words.extend(self.edit.types.words());
        // No name of a file is to pass for a flag.
        let is_flag = self.original.path.as_os_str().as_encoded_bytes().starts_with(b"-");
        let path = if is_flag { Path::new(".").join(&self.original.path) } else { self.original.path.clone() };
        words.extend(["-o".as_ref(), path.as_os_str(), kept.as_os_str()]);
        let words: Vec<String> = words.iter().map(|word| word.display().to_string()).collect();
        // The text of the command is for people, who see where a path could not be shown.
        shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
    }
}

/// Trouble with the text of this name. Whoever edits it looks for lines, not for bytes.
fn trouble_in_text(name: &str, error: rpcreplay::Error) -> Trouble {
    let position = Position { byte: None, ..error.position() };
    let error = rpcreplay::Error::new(error.into_kind(), position);
    let trouble = Trouble::in_recording(name, &error);
    match error.kind() {
        // The byte counts in front of entries, which are mostly to blame elsewhere, were corrected.
        ErrorKind::Prototext(fault) => Trouble { hint: trouble.hint.and(fault.hint()), ..trouble },
        _ => trouble,
    }
}

/// Fails for a file that may not be written to, though its folder lets another take its place.
fn refuse_read_only(path: &Path, name: &str) -> Result<(), Trouble> {
    // Opened so, nothing of it changes.
    match fs::OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Trouble::new(name, "may not be written to")
                .with_hint("allow it, such as with chmod u+w, or edit a copy"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Asks whether the editor is to be opened again; where there is no terminal it is not.
fn wants_to_go_on() -> bool {
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return false;
    }
    loop {
        let mut answer = String::new();
        let asked = stderr.write_all(b"edit again? [Y/n] ").and_then(|()| stdin.read_line(&mut answer));
        match (asked, answer.trim().to_lowercase().as_str()) {
            // The end of input, and nobody to ask, are no.
            (Ok(0) | Err(_), _) => {
                let _ = stderr.write_all(b"\n");
                return false;
            }
            (Ok(_), "" | "y" | "yes") => return true,
            (Ok(_), "n" | "no") => return false,
            (Ok(_), _) => {}
        }
    }
}
