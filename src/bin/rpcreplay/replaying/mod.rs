//! Recordings that answer: what `match` and `serve` share.

mod misses;
mod redaction;

use std::path::PathBuf;

use rpcreplay::diff::Noise;
use rpcreplay::replay::{NoReplay, Replayer};

use crate::args::{Limit, Sources};
use crate::failure::{Trouble, note};
use crate::redact::RuleArgs;
use crate::source::Source;

pub use misses::{explain, show_hint};

/// What a request is compared by.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Matching")]
pub struct Matching {
    /// Do not compare what this selects (can be repeated)
    ///
    /// A path such as a miss names, `request:update_mask`, or a type, `google.protobuf.Timestamp`.
    #[arg(long, value_name = "SELECTOR")]
    ignore: Vec<String>,

    /// Rules that were applied to the recordings, and are applied to requests before they are compared
    #[command(flatten)]
    rules: RuleArgs,
}

impl Matching {
    /// A replayer without recordings, for as long as the process runs, and what it ignores.
    pub fn replayer(&self, sources: &'static Sources) -> Result<(Replayer<'static>, &'static Noise), Trouble> {
        let mut noise = Noise::none();
        for selector in &self.ignore {
            noise.ignore(selector).map_err(|error| Trouble::new("--ignore", error))?;
        }
        let noise: &'static Noise = Box::leak(Box::new(noise));
        let mut replayer = Replayer::new(&sources.schema, noise.mask());
        if self.rules.is_given() {
            let rules = Box::leak(Box::new(self.rules.load(sources.project())?));
            replayer = replayer.before_match(redaction::before_match(rules, &sources.schema));
        }
        Ok((replayer, noise))
    }
}

/// Adds recordings to a replayer.
pub fn add(
    replayer: &mut Replayer<'static>,
    files: &[PathBuf],
    limit: Limit,
    sources: &'static Sources,
) -> Result<(), Trouble> {
    for path in files {
        let mut source = Source::new(path);
        let reader = source.reader(&sources.schema, limit.options())?;
        replayer.add(reader).map_err(|error| match error {
            NoReplay::Read(error) => Trouble::in_recording(&source.name(), &error),
            NoReplay::Refused(refused) => Trouble::new(&source.name(), refused)
                .with_hint("rpcreplay repair keeps what replays, rpcreplay check says what else is wrong"),
        })?;
    }
    Ok(())
}

/// Says which selectors of `--ignore` have selected nothing.
pub fn tell_unused(noise: &Noise) {
    for selector in noise.unused() {
        note("note: ", &format!("--ignore {selector}: selects nothing of what was compared"));
    }
}
