//! The recording as it was before it is edited: [`Original`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rpcreplay::entry::Entry;
use rpcreplay::format::{Compression, Encoder, Format, ReadOptions, Reader, WriteOptions};
use rpcreplay::recording::Header;
use rpcreplay::schema::{LeftOut, Schema};
use xxhash_rust::xxh3::xxh3_128;

use crate::failure::{Trouble, name_of};

/// A recording, whole in memory, as is the text that is made of it.
pub struct Original {
    pub path: PathBuf,
    pub name: String,
    pub format: Format,
    /// Whether it is JSON that holds nothing but ProtoJSON.
    pub is_canonical: bool,
    pub compression: Compression,
    pub header: Header,
    pub entries: Vec<Entry>,
    /// Tells the file's content from any other.
    digest: u128,
}

/// The text that is shown of a recording.
pub struct Shown {
    pub text: Vec<u8>,
    /// What the text can't carry of which entries: their places, and the error that a text without it would be.
    pub losses: Vec<(usize, rpcreplay::Error)>,
}

impl Original {
    /// Reads the recording at a path, which must be undamaged.
    pub fn read(path: &Path, schema: &Schema, options: ReadOptions) -> Result<Original, Trouble> {
        let name = name_of(path);
        let found = fs::metadata(path).map_err(|error| Trouble::new(&name, error))?;
        if found.is_dir() {
            let error = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(Trouble::new(&name, error).with_hint("name one of the recordings in it"));
        }
        if !found.is_file() {
            return Err(Trouble::new(&name, "is no file, whose place an edited recording could take"));
        }
        let bytes = fs::read(path).map_err(|error| Trouble::new(&name, error))?;
        let in_recording = |error: &rpcreplay::Error| Trouble::in_recording(&name, error);
        let mut reader = Reader::new(&bytes[..], schema, options).map_err(|error| in_recording(&error))?;
        let entries = reader.by_ref().collect::<Result<Vec<_>, _>>().map_err(|error| in_recording(&error))?;
        Ok(Original {
            path: path.to_owned(),
            format: reader.format(),
            is_canonical: reader.is_canonical(),
            compression: reader.compression(),
            header: reader.header().clone(),
            entries,
            digest: xxh3_128(&bytes),
            name,
        })
    }

    /// Whether the file at the path holds something else by now.
    pub fn has_changed(&self) -> Result<bool, Trouble> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(xxh3_128(&bytes) != self.digest),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(Trouble::new(&self.name, error)),
        }
    }

    /// The recording as text in a format.
    pub fn show(&self, format: Format, schema: &Schema) -> Result<Shown, Trouble> {
        let in_recording = |error: rpcreplay::Error| Trouble::in_recording(&self.name, &error);
        let lossless = WriteOptions::new(format);
        let mut encoder = Encoder::new(WriteOptions { allow_loss: true, ..lossless }, schema);
        let mut shown = Shown { text: Vec::new(), losses: Vec::new() };
        encoder.begin(&self.header, &mut shown.text).map_err(in_recording)?;
        for (place, entry) in self.entries.iter().enumerate() {
            let left_out = encoder.entry(entry, place == 0, &mut shown.text).map_err(in_recording)?;
            if left_out != LeftOut::default() {
                let refused = Encoder::new(lossless, schema).entry(entry, false, &mut Vec::new());
                shown.losses.extend(refused.err().map(|error| (place, error)));
            }
        }
        encoder.end(!self.entries.is_empty(), &mut shown.text);
        Ok(shown)
    }
}
