//! The map of a redaction: what was replaced by what, for `--restore`, and to know it again.
//!
//! A map is JSON Lines, to which each run appends: a line with `from` and `to` for each recording, and then one for each of its entries
//! that was changed, which tells of an entry what its values were and became, and how its record is put
//! back byte for byte:
//!
//! ```text
//! {"from":"calls.replay","to":"clean.replay","entry":5,"record":"9f86d081884c7d65",
//!  "values":[{"selector":"response:name","rule":"names","kind":"string","original":"YQ==","redacted":"Yg=="}],
//!  "patches":[{"at":17,"bytes":1,"original":"YQ=="}]}
//! ```
//!
//! `record` is the fingerprint of the redacted entry, so that nothing is put back into anything else. Of a text recording there are no
//! patches, but the text that the entry had, and the record that it was read as: `text` and `read`.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use rpcreplay::entry::Entry;
use rpcreplay::recording::Header;
use rpcreplay::redact::{
    Change, Done, NotRestored, Patch, Redacted, Rules, ValueKind, restore, restore_bytes, restore_text,
};
use xxhash_rust::xxh3::xxh3_64;

use super::Redact;
use crate::batches::options_of;
use crate::destinations::refuse_other_format;
use crate::failure::{Failure, Outcome, Trouble, name_of, note, report};
use crate::fingerprint::Identifier;
use crate::folders::{Recognized, recordings};
use crate::json_object::put_object;
use crate::rewrite::{Place, Writing};
use crate::source::Source;
use crate::target::Destination;

/// A map to which is added.
pub struct Map {
    name: String,
    out: Option<BufWriter<File>>,
    /// What stood in it before this run.
    pub earlier: Rc<Earlier>,
}

/// What a map says of earlier runs.
pub struct Earlier {
    lines: Vec<Line>,
    /// The numbers and fingerprints of the entries that they have made.
    made: HashSet<(u64, u64)>,
}

/// A line of a map: that a recording was redacted, or what it says of one of its entries.
#[derive(Debug)]
struct Line {
    from: String,
    to: String,
    of_entry: Option<OfEntry>,
}

/// What a map says of an entry.
#[derive(Debug)]
struct OfEntry {
    entry: u64,
    fingerprint: u64,
    values: Vec<MappedValue>,
    patches: Vec<Patch>,
    /// Of a text recording the text of the entry and the record that it was read as.
    text: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Debug)]
struct MappedValue {
    selector: String,
    rule: String,
    is_text: bool,
    original: Vec<u8>,
    redacted: Option<Vec<u8>>,
}

impl Map {
    /// Opens a map to which is to be added, or makes one that only its owner may read.
    pub fn open(path: &Path) -> Result<Map, Trouble> {
        let name = name_of(path);
        let trouble = |error| Trouble::new(&name, error);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(trouble)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(trouble)?;
        }
        let lines = read(&name, &file)?;
        Ok(Map { name, out: Some(BufWriter::new(file)), earlier: Rc::new(Earlier::new(lines)) })
    }

    /// Reads a map to which nothing is to be added.
    pub fn read(path: &Path) -> Result<Map, Trouble> {
        let name = name_of(path);
        let file = File::open(path).map_err(|error| Trouble::new(&name, error))?;
        let lines = read(&name, &file)?;
        Ok(Map { name, out: None, earlier: Rc::new(Earlier::new(lines)) })
    }

    /// A recording is redacted now.
    pub fn begin<'m>(
        &'m mut self,
        from: &Path,
        to: &Destination,
        (rules, identifier): (&'m Rules, Identifier<'m>),
    ) -> Result<Written<'m>, Failure> {
        let to = match to {
            Destination::Stdout => name_of(Path::new("-")),
            Destination::File(path) => name_of(path),
        };
        let mut written = Written { map: self, rules, identifier, from: name_of(from), to };
        let mut line = Vec::new();
        put_object(&mut line, |object| {
            object.string("from", &written.from);
            object.string("to", &written.to);
        });
        written.put(line)?;
        Ok(written)
    }
}

impl Earlier {
    fn new(lines: Vec<Line>) -> Self {
        let of_entries = lines.iter().filter_map(|line| line.of_entry.as_ref());
        let made = of_entries.map(|entry| (entry.entry, entry.fingerprint)).collect();
        Earlier { lines, made }
    }

    /// What earlier runs did to the recording at a path.
    pub fn done(&self, path: &Path, rules: &Rules) -> Done {
        let mut done = Done::default();
        let path = name_of(path);
        for line in &self.lines {
            let Some(of_entry) = &line.of_entry else { continue };
            for value in &of_entry.values {
                let Some(redacted) = &value.redacted else { continue };
                let rule = rules.rules().iter().position(|rule| rule.name == value.rule).unwrap_or_default() as u16;
                if value.is_text {
                    done.texts.insert(value.original.clone(), (redacted.clone(), rule));
                } else if line.to == path || line.from == path {
                    done.places.insert((of_entry.entry, value.selector.clone()), redacted.clone());
                }
            }
        }
        done
    }

    /// Whether a run has made an entry of this number and fingerprint.
    pub fn has_made(&self, entry: u64, fingerprint: u64) -> bool {
        self.made.contains(&(entry, fingerprint))
    }
}

/// What is written of a recording.
pub struct Written<'m> {
    map: &'m mut Map,
    rules: &'m Rules,
    identifier: Identifier<'m>,
    from: String,
    to: String,
}

impl Written<'_> {
    /// What became of the initial state.
    pub fn initial(&mut self, old: &[u8], new: &[u8], changes: &[Change]) -> Result<(), Failure> {
        if changes.is_empty() {
            return Ok(());
        }
        let patch = Patch { at: 0, bytes: new.len(), old: old.to_vec() };
        self.write(0, xxh3_64(new), changes, &[patch], None)
    }

    /// What became of an entry.
    pub fn entry(&mut self, entry: &Entry, redacted: &Redacted) -> Result<(), Failure> {
        if redacted.changes.is_empty() {
            return Ok(());
        }
        let Redacted { changes, patches, .. } = redacted;
        let fingerprint = self.identifier.fingerprint(&redacted.entry);
        match entry.text() {
            None => self.write(entry.index().0, fingerprint, changes, patches, None),
            Some(text) => self.write(entry.index().0, fingerprint, changes, &[], Some((text, entry.record()))),
        }
    }

    /// Makes sure that all of it is kept before the recording takes its place.
    pub fn finish(self) -> Result<(), Failure> {
        let Map { name, out: Some(out), .. } = self.map else { return Ok(()) };
        let kept = out.flush().and_then(|()| out.get_ref().sync_data());
        Ok(kept.map_err(|error| Trouble::new(name, error))?)
    }

    fn write(
        &mut self,
        entry: u64,
        fingerprint: u64,
        changes: &[Change],
        patches: &[Patch],
        text: Option<(&[u8], &[u8])>,
    ) -> Result<(), Failure> {
        let rules = self.rules.rules();
        let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
        let mut line = Vec::new();
        put_object(&mut line, |object| {
            object.string("from", &self.from);
            object.string("to", &self.to);
            object.number("entry", entry);
            object.string("record", &format!("{fingerprint:016x}"));
            object.list("values", changes, |object, change| {
                object.string("selector", &change.place);
                object.string("rule", &rules[change.rule].name);
                object.string("kind", kind_word(change.kind));
                object.string("original", &base64(&change.old));
                if let Some(new) = &change.new {
                    object.string("redacted", &base64(new));
                }
            });
            object.list("patches", patches, |object, patch| {
                object.number("at", patch.at as u64);
                object.number("bytes", patch.bytes as u64);
                object.string("original", &base64(&patch.old));
            });
            if let Some((text, read)) = text {
                object.string("text", &base64(text));
                object.string("read", &base64(read));
            }
        });
        self.put(line)
    }

    fn put(&mut self, mut line: Vec<u8>) -> Result<(), Failure> {
        line.retain(|byte| *byte != b'\n');
        line.push(b'\n');
        let Map { name, out: Some(out), .. } = &mut *self.map else { return Ok(()) };
        Ok(out.write_all(&line).map_err(|error| Trouble::new(name, error))?)
    }
}

fn kind_word(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::String => "string",
        ValueKind::Bytes => "bytes",
        ValueKind::Number => "number",
        ValueKind::Message => "message",
    }
}

const MAP_HINT: &str = "a map is what --map of an earlier run wrote";

/// Reads the lines of a map.
fn read(name: &str, file: &File) -> Result<Vec<Line>, Trouble> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Trouble::new(name, "is no map").with_hint(MAP_HINT),
            _ => Trouble::new(name, error),
        })?;
        let place = format!("{name}:{number}");
        let no_map = |what: &str| Trouble::new(&place, format!("is no line of a map: {what}")).with_hint(MAP_HINT);
        let value: Value = serde_json::from_str(&line).map_err(|error| no_map(&error.to_string()))?;
        lines.push(line_of(&value).ok_or_else(|| no_map("a member is missing, or of another type"))?);
    }
    Ok(lines)
}

fn line_of(value: &Value) -> Option<Line> {
    let string = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    let bytes = |value: &Value, name: &str| base64_simd::STANDARD.decode_to_vec(value.get(name)?.as_str()?).ok();
    let (from, to) = (string(value, "from")?, string(value, "to")?);
    if value.get("entry").is_none() {
        return Some(Line { from, to, of_entry: None });
    }
    let values = value.get("values")?.as_array()?.iter().map(|value| {
        Some(MappedValue {
            selector: string(value, "selector")?,
            rule: string(value, "rule")?,
            is_text: matches!(value.get("kind")?.as_str()?, "string" | "bytes"),
            original: bytes(value, "original")?,
            redacted: bytes(value, "redacted"),
        })
    });
    let patches = value.get("patches")?.as_array()?.iter().map(|patch| {
        let number = |name: &str| usize::try_from(patch.get(name)?.as_u64()?).ok();
        Some(Patch { at: number("at")?, bytes: number("bytes")?, old: bytes(patch, "original")? })
    });
    let of_entry = OfEntry {
        entry: value.get("entry")?.as_u64()?,
        fingerprint: u64::from_str_radix(value.get("record")?.as_str()?, 16).ok()?,
        values: values.collect::<Option<_>>()?,
        patches: patches.collect::<Option<_>>()?,
        text: bytes(value, "text").zip(bytes(value, "read")),
    };
    Some(Line { from, to, of_entry: Some(of_entry) })
}

impl Redact {
    /// Puts back what a map holds.
    pub(super) fn restore(&self, map: &Path) -> Result<Outcome, Failure> {
        let sources = self.types.load()?.for_good();
        let name = name_of(map);
        let file = File::open(map).map_err(|error| Trouble::new(&name, error))?;
        let lines = read(&name, &file)?;
        let recordings = recordings(&self.paths, Recognized::ByContent)?;
        let destinations = self.outputs.destinations("redact", &self.paths, &recordings)?;
        let mut outcome = Outcome::Fine;
        for (recording, destination) in recordings.iter().zip(destinations) {
            match self.restore_one((&name, &lines), &recording.path, &destination, &sources.schema) {
                Ok(()) => {}
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                Err(Failure::Trouble(trouble)) => {
                    report(&trouble);
                    outcome = Outcome::Reported;
                }
            }
        }
        Ok(outcome)
    }

    fn restore_one(
        &self,
        (map, lines): (&str, &[Line]),
        path: &Path,
        destination: &Destination,
        schema: &rpcreplay::schema::Schema,
    ) -> Result<(), Failure> {
        let mut source = Source::new(path);
        let name = source.name();
        let mut by_entry: HashMap<u64, Vec<&OfEntry>> = HashMap::new();
        for line in of_recording(map, lines, &name)?.into_iter().filter_map(|line| line.of_entry.as_ref()) {
            by_entry.entry(line.entry).or_default().push(line);
        }
        let mut reader = source.reader(schema, self.limit.options())?.keeping_text();
        refuse_other_format(destination, reader.format())?;
        let changed = |entry: u64| {
            let what = if entry == 0 { "the initial state".to_owned() } else { format!("entry {entry}") };
            Trouble::new(&name, format!("{what} is not what it became when {map} was written"))
                .with_hint("restore the recording as it was redacted, before anything else changes it")
        };
        let mut header = reader.header().clone();
        let of_initial = by_entry.remove(&0).unwrap_or_default();
        if !of_initial.is_empty() {
            let mut initial = header.initial.to_vec();
            let undone = undo(
                &of_initial,
                &mut initial,
                |initial| xxh3_64(initial),
                |initial, line| {
                    *initial = restore_bytes(initial, &line.patches)?;
                    Ok(())
                },
            );
            undone.ok_or_else(|| changed(0))?;
            header = Header { initial: initial.into() };
        }
        let place = Place {
            needs_entries: false,
            keeps_compression: self.outputs.in_place,
            ..Place::new(destination.clone(), path, self.verifying.verifies(), self.threads())
        };
        let mut identifier = Identifier::new(schema, options_of(&reader).is_exact(), true);
        let mut writing = Writing::new(schema, place, &reader, header)?;
        let mut restored = 0u64;
        while let Some(mut entry) = reader.read().map_err(|error| Trouble::in_recording(&name, &error))? {
            let index = entry.index().0;
            let of_entry = by_entry.remove(&index).unwrap_or_default();
            if !of_entry.is_empty() {
                let undone = undo(
                    &of_entry,
                    &mut entry,
                    |entry| identifier.fingerprint(entry),
                    |entry, line| {
                        *entry = match &line.text {
                            None => restore(entry, &line.patches)?,
                            Some((text, read)) => restore_text(entry, text.clone(), read.clone())?,
                        };
                        Ok(())
                    },
                );
                undone.ok_or_else(|| changed(index))?;
                restored += 1;
            }
            writing.add(&entry, &name)?;
        }
        if let Some(missing) = by_entry.keys().min() {
            return Err(changed(*missing).into());
        }
        writing.put_in_place(&name)?;
        let plural = if restored == 1 { "entry" } else { "entries" };
        note("rpcreplay: ", &format!("{name}: {restored} {plural} restored"));
        Ok(())
    }
}

/// Undoes what lines say of something, what was done last first. Lines that don't fit are of runs whose result is not this one; `None` if
/// none fits.
fn undo<T>(
    lines: &[&OfEntry],
    thing: &mut T,
    mut fingerprint: impl FnMut(&T) -> u64,
    mut undo: impl FnMut(&mut T, &OfEntry) -> Result<(), NotRestored>,
) -> Option<()> {
    let mut has_fitted = None;
    for line in lines.iter().rev() {
        if fingerprint(thing) == line.fingerprint {
            undo(thing, line).ok()?;
            has_fitted = Some(());
        }
    }
    has_fitted
}

/// The lines of a recording: those of what was written to its path, or else to the one that ends most like it.
fn of_recording<'l>(map: &str, lines: &'l [Line], name: &str) -> Result<Vec<&'l Line>, Trouble> {
    let alike = |to: &str| {
        let (to, name) = (Path::new(to).components().rev(), Path::new(name).components().rev());
        to.zip(name).take_while(|(one, other)| one == other).count()
    };
    let mut places: Vec<&str> = lines.iter().map(|line| line.to.as_str()).collect();
    places.sort_unstable();
    places.dedup();
    let stdout = name_of(Path::new("-"));
    let most = places.iter().map(|to| alike(to)).max().unwrap_or_default();
    let closest: Vec<&str> = match places.iter().find(|to| **to == name) {
        Some(to) => vec![to],
        None if most > 0 => places.into_iter().filter(|to| alike(to) == most).collect(),
        None => places.into_iter().filter(|to| *to == stdout).collect(),
    };
    match *closest {
        [place] => Ok(lines.iter().filter(|line| line.to == place).collect()),
        [] => Err(Trouble::new(name, format!("{map} holds nothing of it"))
            .with_hint("restore the recording that was written when the map was, under its name")),
        _ => Err(Trouble::new(name, format!("{map} holds several recordings of this name"))
            .with_hint("restore each under the path to which it was written")),
    }
}
