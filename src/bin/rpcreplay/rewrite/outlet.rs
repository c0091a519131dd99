//! A recording that is being written: [`Outlet`].

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rpcreplay::format::{Compression, Encoder, WriteOptions};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use crate::failure::{Failure, Trouble};
use crate::fingerprint::{Fingerprints, Identifier};
use crate::read_back::ReadBack;
use crate::target::{Destination, Target};

/// Where a recording is written, and how.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where it goes.
    pub destination: Destination,
    /// What a new file is to be as private as.
    pub like: Option<PathBuf>,
    /// The compression that is wanted; otherwise that which the name of the file says, or that which is kept.
    pub compression: Option<Compression>,
    /// Whether that which is kept is stronger than the name: of a file that is replaced.
    pub keeps_compression: bool,
    /// Whether nothing is to be written where there are no entries.
    pub needs_entries: bool,
    /// Whether what was written is read back before it takes its place.
    pub verifies: bool,
    /// On how many threads it is read back.
    pub threads: NonZeroUsize,
}

impl Place {
    /// A place for something made of the recording at a path; nothing is written there for no entries.
    pub fn new(destination: Destination, like: &Path, verifies: bool, threads: NonZeroUsize) -> Self {
        let like = (like.as_os_str() != "-").then(|| like.to_owned());
        Place { destination, like, compression: None, keeps_compression: false, needs_entries: true, verifies, threads }
    }

    /// What makes the fingerprints of entries that are written there, if any are needed.
    pub fn identifier<'s>(&self, options: WriteOptions, schema: &'s Schema) -> Option<Identifier<'s>> {
        self.is_read_back().then(|| Identifier::new(schema, options.is_exact(), !options.allow_loss))
    }

    fn is_read_back(&self) -> bool {
        self.verifies && self.destination.can_be_read_back()
    }
}

/// A recording that is being written, to a file that has no name until it is whole and was read back.
pub struct Outlet<'s> {
    schema: &'s Schema,
    place: Place,
    options: WriteOptions,
    header: Header,
    kept: Compression,
    target: Target,
    is_open: bool,
    fingerprints: Fingerprints,
    has_entries: bool,
}

impl<'s> Outlet<'s> {
    /// A recording of which nothing was written. What was compressed like this keeps that, unless its place says otherwise.
    ///
    /// # Errors
    ///
    /// If it can't be written there.
    pub fn new(
        schema: &'s Schema,
        (place, target): (Place, Target),
        options: WriteOptions,
        header: Header,
        kept: Compression,
    ) -> Result<Self, Failure> {
        let (fingerprints, is_open, has_entries) = (Fingerprints::default(), false, false);
        let mut outlet = Outlet { schema, place, options, header, kept, target, is_open, fingerprints, has_entries };
        if !outlet.place.needs_entries {
            outlet.open()?;
        }
        Ok(outlet)
    }

    /// Adds entries, encoded, and their fingerprints.
    pub fn add(&mut self, entries: &[u8], fingerprints: &[u64]) -> Result<(), Failure> {
        if entries.is_empty() {
            return Ok(());
        }
        self.has_entries = true;
        fingerprints.iter().for_each(|fingerprint| self.fingerprints.push(*fingerprint));
        self.open()?;
        self.target.write(entries)
    }

    /// Writes the end.
    pub fn end(&mut self) -> Result<(), Failure> {
        if !self.is_open {
            return Ok(());
        }
        let mut bytes = Vec::new();
        Encoder::new(self.options, self.schema).end(self.has_entries, &mut bytes);
        self.target.write(&bytes)?;
        self.target.finish()
    }

    /// Lets it take its place if it reads back as it should, and says whether there was anything to write. `name` is what
    /// errors call what it was made of, and `tell` says what is to be said of it.
    pub fn put_in_place(self, name: &str, tell: impl FnOnce()) -> Result<bool, Failure> {
        if !self.is_open {
            return Ok(false);
        }
        if let Some(written) = self.target.read_back().filter(|_| self.place.is_read_back()) {
            let exactly = self.options.is_exact();
            let (with_unknown, threads) = (!self.options.allow_loss, self.place.threads);
            let back = ReadBack { schema: self.schema, exactly, with_unknown, threads };
            back.compare(written, &self.header, &self.fingerprints).map_err(|trouble| {
                trouble
                    .within(&format!("{name}: what was written does not read back as it was read, and is thrown away"))
            })?;
        }
        tell();
        self.target.put_in_place()?;
        Ok(true)
    }

    fn open(&mut self) -> Result<(), Failure> {
        if self.is_open {
            return Ok(());
        }
        let Place { compression, keeps_compression, .. } = self.place;
        let wanted = compression.or(keeps_compression.then_some(self.kept));
        self.target.begin(self.options.format, wanted, self.kept)?;
        let mut bytes = Vec::new();
        let begun = Encoder::new(self.options, self.schema).begin(&self.header, &mut bytes);
        begun.map_err(|error| Trouble { hint: error.hint(), ..Trouble::plain(error.to_string()) })?;
        self.is_open = true;
        self.target.write(&bytes)
    }
}
