//! Where a recording is written to: [`Target`].

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use rpcreplay::format::{Compression, Format};

use crate::failure::{Failure, Trouble, in_folder, name_of};
use crate::file_names::compression_of_name;
use crate::output::{Output, escape_controls};

/// Where to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Stdout,
    /// A file, which may be there or not.
    File(PathBuf),
}

impl Destination {
    /// Whether what is written can be read before it takes its place.
    pub fn can_be_read_back(&self) -> bool {
        match self {
            Destination::Stdout => false,
            Destination::File(path) => !is_special(path),
        }
    }

    /// Whether what is written may end on a terminal.
    pub fn may_be_watched(&self) -> bool {
        *self == Destination::Stdout && Output::new().may_be_watched()
    }
}

/// How much is gathered before it is written.
const BLOCK_BYTES: usize = 256 * 1024;

/// What is written, and where it stands until it is whole.
pub struct Target {
    destination: Destination,
    /// What a new file is to be as private as.
    like: Option<PathBuf>,
    /// The name of the destination.
    name: String,
    out: Out,
}

enum Out {
    /// Nothing was written. What is no file, such as a pipe, is open all the same: it would end for who reads it.
    Nothing(Option<File>),
    Plain(Sink),
    Gzip(Box<GzEncoder<Sink>>),
    Zstd(Box<zstd::Encoder<'static, Sink>>),
    /// Everything was written.
    Whole(Sink),
}

/// What takes the bytes.
enum Sink {
    Stdout {
        output: Output,
        escapes: bool,
    },
    /// A file that takes the place of another one, with the mode that it is to have.
    Temporary(BufWriter<NamedTempFile>, Option<fs::Permissions>),
    /// What is no file, such as a pipe: it can't be replaced.
    Special(BufWriter<File>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout { output, escapes: false } => output.write(bytes).map_err(into_io)?,
            Sink::Stdout { output, escapes: true } => {
                let mut shown = bytes.to_vec();
                escape_controls(&mut shown);
                output.write(&shown).map_err(into_io)?;
            }
            Sink::Temporary(file, _) => file.write_all(bytes)?,
            Sink::Special(file) => file.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout { output, .. } => output.flush().map_err(into_io),
            Sink::Temporary(file, _) => file.flush(),
            Sink::Special(file) => file.flush(),
        }
    }
}

/// Compressors know errors of input and output alone.
fn into_io(failure: Failure) -> io::Error {
    match failure {
        Failure::BrokenPipe => io::ErrorKind::BrokenPipe.into(),
        Failure::Trouble(trouble) => io::Error::other(trouble.message),
    }
}

impl Target {
    /// A destination to which nothing was written.
    ///
    /// A new file is to be as private as the one that is read, `like`.
    pub fn new(destination: &Destination, like: Option<&Path>) -> Result<Target, Trouble> {
        let name = match destination {
            Destination::Stdout => "standard output".to_owned(),
            Destination::File(path) => name_of(path),
        };
        let special = match destination {
            Destination::File(path) if is_special(path) => {
                let opened = fs::OpenOptions::new().write(true).open(path);
                Some(opened.map_err(|error| Trouble::new(&name, error))?)
            }
            Destination::Stdout | Destination::File(_) => None,
        };
        let (destination, like) = (destination.clone(), like.map(Path::to_owned));
        Ok(Target { destination, like, name, out: Out::Nothing(special) })
    }

    /// Refuses a terminal for what none can show.
    pub fn refuse_terminal_for(&self, format: Format) -> Result<(), Trouble> {
        match format {
            Format::Binary if self.is_terminal() => Err(self.refusal("a binary recording")),
            Format::Binary | Format::Text | Format::Json | Format::JsonLines => Ok(()),
        }
    }

    fn is_terminal(&self) -> bool {
        match (&self.destination, &self.out) {
            (Destination::Stdout, _) => io::stdout().is_terminal(),
            (Destination::File(_), Out::Nothing(Some(special))) => special.is_terminal(),
            (Destination::File(_), _) => false,
        }
    }

    fn refusal(&self, what: &str) -> Trouble {
        Trouble::new(&self.name, format!("is a terminal, which can't show {what}"))
            .with_hint("name a file with -o, or redirect standard output")
    }

    /// Opens it for a format: with the compression that is wanted, or that its name says, or that which is to be kept.
    ///
    /// Refuses to write what no terminal shows to one.
    pub fn begin(&mut self, format: Format, wanted: Option<Compression>, kept: Compression) -> Result<(), Failure> {
        self.refuse_terminal_for(format)?;
        let by_name = match &self.destination {
            Destination::Stdout => None,
            Destination::File(path) => compression_of_name(path),
        };
        let compression = wanted.or(by_name).unwrap_or(kept);
        if compression != Compression::None && self.is_terminal() {
            return Err(self.refusal("what is compressed").into());
        }
        let special = match &mut self.out {
            Out::Nothing(special) => special.take(),
            Out::Plain(_) | Out::Gzip(_) | Out::Zstd(_) | Out::Whole(_) => None,
        };
        let sink = match (&self.destination, special) {
            (Destination::Stdout, _) => {
                let output = Output::new();
                // What is binary has been refused.
                let escapes = output.is_terminal();
                Sink::Stdout { output, escapes }
            }
            (Destination::File(_), Some(special)) => Sink::Special(BufWriter::with_capacity(BLOCK_BYTES, special)),
            (Destination::File(path), None) => {
                let (file, permissions) = open_for_rename(path, self.like.as_deref())?;
                remove_on_signal(file.path());
                Sink::Temporary(BufWriter::with_capacity(BLOCK_BYTES, file), permissions)
            }
        };
        self.out = match compression {
            Compression::None => Out::Plain(sink),
            Compression::Gzip => Out::Gzip(Box::new(GzEncoder::new(sink, flate2::Compression::default()))),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(sink, 0).map_err(|error| self.trouble(&error))?;
                encoder.include_checksum(true).map_err(|error| self.trouble(&error))?;
                Out::Zstd(Box::new(encoder))
            }
        };
        Ok(())
    }

    /// Writes what comes next.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let result = match &mut self.out {
            Out::Nothing(_) | Out::Whole(_) => Ok(()),
            Out::Plain(sink) => sink.write_all(bytes),
            Out::Gzip(encoder) => encoder.write_all(bytes),
            Out::Zstd(encoder) => encoder.write_all(bytes),
        };
        result.map_err(|error| self.failure(&error))
    }

    /// Writes the end.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let sink = match std::mem::replace(&mut self.out, Out::Nothing(None)) {
            Out::Nothing(_) => return Ok(()),
            Out::Plain(sink) | Out::Whole(sink) => Ok(sink),
            Out::Gzip(encoder) => encoder.finish(),
            Out::Zstd(encoder) => encoder.finish(),
        };
        let flushed = sink.and_then(|mut sink| sink.flush().map(|()| sink));
        self.out = Out::Whole(flushed.map_err(|error| self.failure(&error))?);
        Ok(())
    }

    /// The file that was written, before it takes its place.
    pub fn read_back(&self) -> Option<&Path> {
        match &self.out {
            Out::Whole(Sink::Temporary(file, _)) => Some(file.get_ref().path()),
            Out::Nothing(_) | Out::Plain(_) | Out::Gzip(_) | Out::Zstd(_) | Out::Whole(_) => None,
        }
    }

    /// Lets what was written take its place.
    ///
    /// If that is the same as what is there, nothing happens.
    pub fn put_in_place(self) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::from(Trouble::new(&self.name, error));
        let (Destination::File(path), Out::Whole(Sink::Temporary(file, permissions))) = (&self.destination, self.out)
        else {
            return Ok(());
        };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        let (path, temporary) = (real_path(path), file.path().to_owned());
        if is_same(file.path(), &path).unwrap_or(false) {
            return Ok(());
        }
        if let Some(permissions) = permissions {
            keep_owner(file.as_file(), &path);
            file.as_file().set_permissions(permissions).map_err(failed)?;
        }
        // Where the machine stops in between, what was there must not be gone before its successor is whole. Where nothing was
        // there, nothing can be lost, and waiting for the disk takes longer than everything else.
        if path.exists() {
            file.as_file().sync_all().map_err(failed)?;
        }
        file.persist(path).map_err(|error| failed(error.error))?;
        keep_on_signal(&temporary);
        Ok(())
    }

    fn trouble(&self, error: &io::Error) -> Trouble {
        Trouble::new(&self.name, error)
    }

    fn failure(&self, error: &io::Error) -> Failure {
        match (&self.destination, error.kind()) {
            (Destination::Stdout, io::ErrorKind::BrokenPipe) => Failure::BrokenPipe,
            // Its name is in front already.
            (Destination::Stdout, _) => Trouble::plain(error.to_string()).into(),
            (Destination::File(_), _) => self.trouble(error).into(),
        }
    }
}

/// A new file beside the one that it is to replace, and the mode that it is to have then: that of the old one. If there is
/// none, the new file is as private as the one at `like`.
pub fn open_for_rename(path: &Path, like: Option<&Path>) -> Result<(NamedTempFile, Option<fs::Permissions>), Trouble> {
    let path = real_path(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = match fs::metadata(&path) {
        Ok(found) if found.is_dir() => return Err(Trouble::new(&name_of(&path), "is a folder")),
        Ok(found) => Some(found.permissions()),
        Err(_) => None,
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rpcreplay-");
    #[cfg(unix)]
    if permissions.is_none() {
        use std::os::unix::fs::PermissionsExt;
        const ANYBODY: u32 = 0o666;
        let mode = like
            .and_then(|like| fs::metadata(like).ok())
            .filter(fs::Metadata::is_file)
            .map(|found| found.permissions().mode());
        // The process's mask takes away what new files are not to have.
        builder.permissions(fs::Permissions::from_mode(mode.unwrap_or(ANYBODY) & ANYBODY));
    }
    #[cfg(not(unix))]
    let _ = like;
    let file = builder.tempfile_in(folder).map_err(|error| in_folder(folder, &error))?;
    Ok((file, permissions))
}

/// Gives a file the owner of the one that it is to replace, where they differ and that is allowed.
#[cfg(unix)]
fn keep_owner(file: &File, replaced: &Path) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if let (Ok(new), Ok(old)) = (file.metadata(), fs::metadata(replaced))
        && (new.uid(), new.gid()) != (old.uid(), old.gid())
    {
        // Only the owner of both, or root, may; others do as editors do.
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Path) {}

/// Whether two files hold the same.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut block, mut other_block) = (vec![0; BLOCK_BYTES], vec![0; BLOCK_BYTES]);
    loop {
        let read = one.read(&mut block)?;
        if read == 0 {
            return Ok(true);
        }
        other.read_exact(&mut other_block[..read])?;
        if block[..read] != other_block[..read] {
            return Ok(false);
        }
    }
}

/// Where a link leads, also to what is not there yet; other paths as they are.
fn real_path(path: &Path) -> PathBuf {
    /// So many links behind each other are a circle.
    const MOST_LINKS: usize = 40;
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

/// The files that are written at present, and are to go where the program is stopped.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Notes a file that is to go where the program is stopped from outside, if it listens to that.
fn remove_on_signal(file: &Path) {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).push(file.to_owned());
}

/// Notes that a file has another name now, and is to stay.
fn keep_on_signal(file: &Path) {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).retain(|temporary| temporary != file);
}

/// From now on, takes away the files that are written at present when the program is stopped from outside.
#[cfg(unix)]
pub fn listen_to_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    // Without it the file stays, and that is all.
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
    let _ = std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            for file in TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                let _ = fs::remove_file(file);
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

#[cfg(not(unix))]
pub fn listen_to_signals() {}

fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Whether a path is a folder, or is written as one.
pub fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}
