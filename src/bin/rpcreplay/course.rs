//! What a command says of the recordings that it reads, and how all of it goes: [`Course`].

use crate::failure::{Failure, Outcome, Trouble, end, report};
use crate::output::Output;
use crate::progress::Progress;

/// Standard output, what is said beside it, and what came of the recordings so far.
///
/// What can't be written ends the program at once: another thread may be waiting for input that comes late or never.
pub struct Course {
    output: Output,
    progress: Progress,
    outcome: Outcome,
    /// Whether the program fails, whatever follows.
    has_failed: bool,
}

impl Course {
    /// Nothing was read yet.
    pub fn new(output: Output, progress: Progress) -> Self {
        Course { output, progress, outcome: Outcome::NothingSelected, has_failed: false }
    }

    /// Notes that the exit code is 1 or more whatever follows, also if nobody reads what is written.
    pub fn has_failed(&mut self) {
        self.has_failed = true;
    }

    /// Writes a part of the document.
    pub fn write(&mut self, part: &[u8]) {
        let result = self.output.write(part);
        self.end_unless(result);
    }

    /// Notes how a recording ended, and whether anything of it was kept.
    pub fn recording_ended(&mut self, result: &Result<(), Trouble>, kept_any: bool) {
        match result {
            Err(damage) => self.report(damage),
            Ok(()) if kept_any && self.outcome == Outcome::NothingSelected => self.outcome = Outcome::Fine,
            Ok(()) => {}
        }
    }

    /// Says what trouble there is.
    pub fn report(&mut self, trouble: &Trouble) {
        self.outcome = Outcome::Reported;
        self.tell(|| report(trouble));
    }

    /// Writes to standard error, behind what comes before it on standard output.
    pub fn tell(&mut self, say: impl FnOnce()) {
        let result = self.output.flush();
        self.end_unless(result);
        self.progress.suspend(say);
    }

    /// Ends the document, and says how all of it went.
    pub fn finish(mut self, end: &[u8]) -> Outcome {
        self.progress.finish();
        self.write(end);
        let result = self.output.flush();
        self.end_unless(result);
        self.outcome
    }

    fn end_unless(&mut self, written: Result<(), Failure>) {
        if let Err(failure) = written {
            self.progress.finish();
            self.output.close();
            match failure {
                Failure::BrokenPipe if self.has_failed => std::process::exit(1),
                failure => end(&failure),
            }
        }
    }
}
