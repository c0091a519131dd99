//! [`AddressFile`]: a file that says where a server listens, for whoever waits for it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rpcreplay::net::Address;

use crate::failure::{Trouble, in_folder, name_of};

/// A file that is there as long as the server listens.
#[derive(Debug)]
pub struct AddressFile(PathBuf);

impl AddressFile {
    /// Removes what an earlier run may have left, so that nobody takes that for ours; nothing else is removed.
    pub fn prepare(path: &Path) -> Result<AddressFile, Trouble> {
        let trouble = |error| Trouble::new(&name_of(path), error);
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(trouble(error)),
            Ok(left) if is_address(&left) => fs::remove_file(path).map_err(trouble)?,
            Ok(_) => {
                let message = "is there, and holds no address, expected a file of an earlier run or none";
                return Err(Trouble::new(&name_of(path), message).with_hint("name another file with --addr-file"));
            }
        }
        Ok(AddressFile(path.to_owned()))
    }

    /// Writes the address; whoever sees the file sees all of it.
    pub fn write(&self, address: &str) -> Result<(), Trouble> {
        let parent = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| in_folder(folder, &error))?;
        let trouble = |error| Trouble::new(&name_of(&self.0), error);
        writeln!(file, "{address}").map_err(trouble)?;
        file.persist(&self.0).map(drop).map_err(|error| trouble(error.error))
    }
}

/// Whether a file may be one of ours: a line with an address, or nothing.
fn is_address(bytes: &[u8]) -> bool {
    let line = std::str::from_utf8(bytes).ok().map(|text| text.strip_suffix('\n').unwrap_or(text));
    line.is_some_and(|line| !line.contains('\n') && (line.is_empty() || line.parse::<Address>().is_ok()))
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        // If it is gone already, that is what was wanted.
        let _ = fs::remove_file(&self.0);
    }
}
