//! Where the text lies that is edited: [`Desk`].

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rpcreplay::format::Format;

use crate::failure::{Trouble, in_folder, name_of};
use crate::file_names::{format_of_name, uncompressed};

/// A folder of our own in that for temporary files, and the text in it.
///
/// Nobody else may look into it, at what editors put beside the text neither. It stays until it is cleared, also where the
/// program stops before: what somebody has typed is not lost.
pub struct Desk {
    folder: PathBuf,
    file: PathBuf,
}

impl Desk {
    /// Lays out a text, named after a recording.
    pub fn new(recording: &Path, format: Format, text: &[u8]) -> Result<Desk, Trouble> {
        let within = std::env::temp_dir();
        let failed = |error: io::Error| {
            in_folder(&within, &error).with_hint("name another folder for temporary files with TMPDIR")
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix("rpcreplay-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let folder = builder.tempdir_in(&within).map_err(failed)?.keep();
        let desk = Desk { file: folder.join(name(recording, format)), folder };
        desk.lay_out(text).map_err(|error| {
            desk.clear();
            failed(error)
        })?;
        Ok(desk)
    }

    fn lay_out(&self, text: &[u8]) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options.open(&self.file)?.write_all(text)
    }

    /// The text's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The text as it is now.
    pub fn read(&self) -> Result<Vec<u8>, Trouble> {
        fs::read(&self.file).map_err(|error| Trouble::new(&name_of(&self.file), error))
    }

    /// Whether nothing lies here but this text.
    pub fn holds(&self, text: &[u8]) -> bool {
        fs::read(&self.file).is_ok_and(|found| found == text)
    }

    /// Throws the text away.
    pub fn clear(&self) {
        // What can't be removed is for those who clean up temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The name of a recording's text, by whose ending editors know what it is.
fn name(recording: &Path, format: Format) -> OsString {
    let own = uncompressed(Path::new(recording.file_name().unwrap_or(recording.as_os_str())));
    if format_of_name(&own) == Some(format) {
        return own.into_os_string();
    }
    let mut name = own.into_os_string();
    name.push(match format {
        Format::Binary => ".replay",
        Format::Text => ".txtpb",
        Format::Json => ".json",
        Format::JsonLines => ".jsonl",
    });
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_as_editors_expect() {
        for (recording, format, expected) in [
            ("a/calls.replay", Format::Json, "calls.replay.json"),
            ("calls.rpc.gz", Format::Text, "calls.rpc.txtpb"),
            ("calls.json.zst", Format::Json, "calls.json"),
            ("calls.json", Format::JsonLines, "calls.json.jsonl"),
            ("calls.grpcrr", Format::Text, "calls.grpcrr"),
            ("calls", Format::Json, "calls.json"),
        ] {
            assert_eq!(name(Path::new(recording), format), expected, "{recording}");
        }
    }
}
