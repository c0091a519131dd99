//! Where a recording comes from: a file, or standard input, which some commands must read twice.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::schema::Schema;

use crate::failure::{Trouble, name_of};

/// What reads the entries of a source.
pub type SourceReader<'s> = Reader<'s, Box<dyn Read + Send>>;

/// A recording that can be read from its start, more than once if need be.
pub struct Source {
    path: PathBuf,
    /// What cannot be read twice, kept in a file without a name.
    spooled: Option<File>,
}

impl Source {
    /// The recording at a path; `-` is standard input.
    pub fn new(path: &Path) -> Self {
        Source { path: path.to_owned(), spooled: None }
    }

    /// What errors call it.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }

    /// Opens it for reading once.
    pub fn open(&mut self) -> Result<Box<dyn Read + Send>, Trouble> {
        self.try_open().map_err(|error| Trouble::new(&self.name(), error))
    }

    /// Opens it, and reads what stands in front of its entries.
    pub fn reader<'s>(&mut self, schema: &'s Schema, options: ReadOptions) -> Result<SourceReader<'s>, Trouble> {
        Reader::new(self.open()?, schema, options).map_err(|error| Trouble::in_recording(&self.name(), &error))
    }

    /// Makes sure that it can be opened twice: pipes are copied to a temporary file.
    pub fn prepare_to_read_twice(&mut self) -> Result<(), Trouble> {
        if self.path.as_os_str() != "-" {
            let metadata = std::fs::metadata(&self.path).map_err(|error| Trouble::new(&self.name(), error))?;
            if metadata.is_dir() {
                return Err(Trouble::new(&self.name(), "is a folder, expected a recording")
                    .with_hint("name the recordings in it, such as DIR/*.replay"));
            }
            if metadata.is_file() {
                return Ok(());
            }
        }
        let folder = std::env::temp_dir();
        let file = tempfile::tempfile_in(&folder).map_err(|error| {
            let error = format!("a temporary file to keep {} in can't be made: {error}", self.name());
            Trouble::new(&name_of(&folder), error).with_hint("name another folder with TMPDIR")
        })?;
        self.spool(file).map_err(|error| Trouble::new(&self.name(), error))
    }

    fn try_open(&mut self) -> io::Result<Box<dyn Read + Send>> {
        if let Some(file) = &self.spooled {
            let mut file = file.try_clone()?;
            file.rewind()?;
            return Ok(Box::new(file));
        }
        if self.path.as_os_str() == "-" {
            return Ok(Box::new(io::stdin()));
        }
        Ok(Box::new(File::open(&self.path)?))
    }

    fn spool(&mut self, mut file: File) -> io::Result<()> {
        io::copy(&mut self.try_open()?, &mut file)?;
        self.spooled = Some(file);
        Ok(())
    }
}
