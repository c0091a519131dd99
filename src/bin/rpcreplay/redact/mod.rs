//! `rpcreplay redact`: recordings without what nobody else should see.

mod check;
mod init;
mod map;
mod report;
mod rules;
mod run;

use std::path::PathBuf;

use clap::error::ErrorKind;

use crate::args::{Limit, SchemaArgs, Verifying, parse_threads};
use crate::detectors;
use crate::failure::{Failure, Outcome, usage};
use crate::findings::FindingsFormat;
use crate::outputs::OutputArgs;
use crate::target;
pub use report::tell_unmet;
pub use rules::RuleArgs;

/// Take secrets out of recordings, so that they still replay, and prove that none are left
///
/// Rules say which values, and what becomes of them; what detectors find is replaced, too. A value of at least 8 characters becomes the
/// same wherever it stands in the recording, in earlier entries, too: as a whole string or bytes, or between delimiters, such as the segment of
/// a resource name (letters, digits, `_` and `-` are none), also in base64, URL-encoded, and as a string of JSON. What is shorter is replaced
/// in what the rule selects, and nowhere else. CRC32C checksums beside it follow. Every other byte of the recording stays as it was (JSON is
/// written anew, and says the same). Of several rules for a value the first counts.
///
/// What nobody can look into is refused: a message whose type no source defines, or which has fields that its descriptor does not know.
///
/// A recording whose requests were redacted replays with a program that sends the redacted values; the calls that this concerns are named.
///
/// With --check nothing is written but what is left to be redacted; the exit code is 1 if there is something.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 fine, 1 --check found something, 2 trouble.

Examples:
  rpcreplay redact --redact 'response:payload.data=clear' --detect all calls.replay -o clean.replay
  rpcreplay redact --in-place testdata/            with the [[redact]] rules of rpcreplay.toml
  rpcreplay redact --check --format github testdata/
  rpcreplay redact --init testdata/ > rules.toml")]
pub struct Redact {
    /// Recordings to read, in any format, compressed or not, and folders, which stand for all recordings below them; `-` is standard input
    #[arg(value_name = "FILE|DIR", required_unless_present = "detectors")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    limit: Limit,

    /// Read back what was written on this many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<std::num::NonZeroUsize>,

    #[command(flatten)]
    rules: RuleArgs,

    #[command(flatten)]
    outputs: OutputArgs,

    /// Write nothing, and show what would be replaced; of values only what they would become
    #[arg(long, conflicts_with_all = ["output", "in_place"], help_heading = "Output")]
    dry_run: bool,

    /// Write nothing but what is left to be redacted; the exit code is 1 if there is something
    #[arg(long, conflicts_with_all = ["output", "in_place", "dry_run", "report"], help_heading = "Output")]
    check: bool,

    /// Write what --check finds in this format
    #[arg(long, value_enum, requires = "check", default_value_t = FindingsFormat::Text, help_heading = "Output")]
    format: FindingsFormat,

    /// Write what was replaced to this file, as JSON: entries, selectors, rules, actions and counts, and never a value
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,

    /// Keep the original values in this file, which nobody else may read, for --restore; read it, if it is there, to know them again
    ///
    /// What `pseudonym:same-length` and `shift` make of values, and pseudonyms of numbers and enums, can't be told from values that were never
    /// redacted: to redact such a recording again, and to check it, the map of the first run is needed. With it --check finds originals that
    /// are left anywhere.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    map: Option<PathBuf>,

    /// Put the original values back that this map holds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["map", "check", "dry_run", "report", "redact", "detect", "debug_redact", "rules"], help_heading = "Output")]
    restore: Option<PathBuf>,

    /// Write rules to begin with, for what is found in the recordings
    #[arg(long, conflicts_with_all = ["restore", "map", "check", "dry_run", "report", "in_place", "redact", "detect", "debug_redact", "rules"], help_heading = "Output")]
    init: bool,

    /// List the detectors, and what each finds
    #[arg(long, exclusive = true, help_heading = "Output")]
    detectors: bool,

    #[command(flatten)]
    verifying: Verifying,

    #[command(flatten)]
    types: SchemaArgs,
}

impl Redact {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        if self.detectors {
            return detectors::list();
        }
        if self.outputs.in_place && self.paths.iter().any(|path| path.as_os_str() == "-") {
            usage("redact", ErrorKind::ArgumentConflict, "standard input can't be redacted in place");
        }
        if self.paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            usage("redact", ErrorKind::ArgumentConflict, "standard input can be read once");
        }
        target::listen_to_signals();
        if self.init {
            return self.write_rules();
        }
        match &self.restore {
            Some(map) => self.restore(map),
            None => self.redact(),
        }
    }
}
