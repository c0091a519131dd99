//! How far a long command has come: [`Progress`].

use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Input;
use crate::output::Output;

/// How long a command works in silence.
const SILENCE: Duration = Duration::from_secs(1);

/// A bar on standard error, once a command has worked for a second; only where a terminal shows it and nothing else.
#[derive(Clone)]
pub struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    read_bytes: Arc<AtomicU64>,
}

impl Progress {
    /// The progress through all these recordings, each of which is read so many times. Whatever else may be written to
    /// the terminal would be garbled by a bar.
    pub fn through(input: &Input, passes: u64, output: &Output) -> Self {
        Progress::beside(input, passes, output.may_be_watched())
    }

    /// The same, where something else is written that may be watched or not.
    pub fn beside(input: &Input, passes: u64, may_be_watched: bool) -> Self {
        let is_watched = io::stderr().is_terminal() && !may_be_watched;
        Progress {
            bar: is_watched.then(|| bar(total_bytes(&input.files).map(|bytes| bytes.saturating_mul(passes)))),
            begun: Instant::now(),
            read_bytes: Arc::default(),
        }
    }

    /// Counts what is read.
    pub fn follow(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match self.bar {
            Some(_) => Box::new(Counted { input, read_bytes: self.read_bytes.clone() }),
            None => Box::new(input),
        }
    }

    /// Shows how much was read.
    pub fn show(&self) {
        let Some(bar) = &self.bar else { return };
        if bar.is_hidden() {
            if self.begun.elapsed() < SILENCE {
                return;
            }
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(self.read_bytes.load(Ordering::Relaxed));
    }

    /// Writes to standard error while there is no bar.
    pub fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How many bytes are to be read, if that can be known.
fn total_bytes(files: &[std::path::PathBuf]) -> Option<u64> {
    let length = |path: &Path| std::fs::metadata(path).ok().filter(|found| found.is_file()).map(|found| found.len());
    files.iter().map(|path| length(path)).sum()
}

fn bar(total_bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match total_bytes {
        Some(total) => (ProgressBar::new(total), "{percent:>3}% [{wide_bar}] {bytes_per_sec}, {eta} left"),
        None => (ProgressBar::no_length(), "{spinner} {bytes} read, {bytes_per_sec}"),
    };
    bar.set_draw_target(ProgressDrawTarget::hidden());
    bar.with_style(ProgressStyle::with_template(template).expect("the template is sound").progress_chars("=> "))
}

struct Counted<R> {
    input: R,
    read_bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
