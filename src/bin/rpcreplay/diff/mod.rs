//! `rpcreplay diff`: what really changed between recordings.

mod folded;
mod json;
mod markdown;
mod sides;
mod summary;
mod text;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use clap::ValueEnum;
use clap::error::ErrorKind;

use rpcreplay::compare::Comparer;
use rpcreplay::diff::{Noise, Recording, Report, VOLATILE, compare};
use rpcreplay::entry::Entry;
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::pairing::Pairing;
use rpcreplay::query::{Query, Selected, Unit};
use rpcreplay::schema::Schema;

use crate::args::{ColorWhen, Limit, MaxBytes, SchemaArgs, Selection};
use crate::evaluated::Evaluated;
use crate::failure::{Failure, Outcome, Trouble, note, report, usage};
use crate::output::Output;
use crate::render::{BytesForm, Painter, ValueOptions};

pub use sides::Sides;
use sides::{Found, Side};
use summary::Totals;

/// Show what changed between recordings: calls, matched by what they say, with noise folded
///
/// Calls are matched by what they say, not by where they stand, so that calls which moved, came or went show as that, and
/// renumbered references are no change. What every new recording brings (times, ids, tokens, etags) is counted by the rule
/// that folds it, and shown with --show-noise. Names that are others throughout a recording are reported once.
///
/// Noise are also ids that the server made up anew, and the order of calls that were open at the same time. A call that moved
/// past others that were over, and a name that somebody chose and that is another one now, are differences.
///
/// A selection leaves calls out of both recordings before they are compared; select by what a call has in both, such as its method.
///
/// Exit codes: 0 the same but for noise, 1 different or nothing selected, 2 trouble.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 the same but for noise, 1 different or nothing selected, 2 trouble.

Examples:
  rpcreplay diff old.replay new.replay
  rpcreplay diff -r testdata.before testdata
  rpcreplay diff --rev main
  rpcreplay diff --rev main..HEAD --format markdown testdata
  rpcreplay diff --ignore 'response:**.expire_time' --unordered 'ListKeys:response:keys' old.replay new.replay")]
pub struct Diff {
    /// Two recordings, or with -r two folders; `-` is standard input. With --rev: files and folders to compare
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Compare all recordings below two folders: by their paths, then those that are left by what they say
    #[arg(short, long, conflicts_with = "rev")]
    recursive: bool,

    /// Compare the recordings that git knows: REV with the working tree, or REV..REV, or REV...REV from where they parted
    #[arg(long, value_name = "REV[..REV]")]
    rev: Option<String>,

    #[command(flatten)]
    limit: Limit,

    /// Work on this many threads: with 1 the two recordings are read one after the other [default: one per core]
    #[arg(long, value_name = "N", value_parser = crate::args::parse_threads)]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    noise: NoiseArgs,

    #[command(flatten)]
    look: Look,

    /// Fail with 1 if anything differs, noise included
    #[arg(long, conflicts_with = "no_exit_code", help_heading = "Exit code")]
    exit_on_noise: bool,

    /// End with 0 whether recordings differ or not
    #[arg(long, help_heading = "Exit code")]
    no_exit_code: bool,

    #[command(flatten)]
    schema: SchemaArgs,

    #[command(flatten)]
    selection: Selection,
}

/// What counts as noise.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Noise")]
pub struct NoiseArgs {
    /// Fold by this profile: `volatile`, `none`, or a file like that of --show-profile (can be repeated) [default: volatile]
    ///
    /// A file takes the place of the default; name both to extend it. A rule folds one value against another, and never a
    /// field that comes or goes, which --ignore does.
    #[arg(long, value_name = "PROFILE")]
    profile: Vec<String>,

    /// Write the rules of the profile `volatile`, with the evidence for each, and nothing else
    #[arg(long)]
    show_profile: bool,

    /// Ignore what this selects, also if it comes or goes (can be repeated)
    ///
    /// Every path that diff prints is a selector: `response:name` is a field of responses, `Get*:request:labels["team"]` the
    /// value of a map in the calls that match, `recv:documents[*].name` in all elements of a list, `**.etag` at any depth,
    /// `status:details(google.rpc.DebugInfo)` inside an Any, `google.protobuf.Timestamp` every value of a type, `response:` all
    /// of a message, `initial:` the initial state. Parts are request, response, send, recv and status.
    #[arg(long, value_name = "SELECTOR")]
    ignore: Vec<String>,

    /// Show changes of what this selects, and count all others as noise (can be repeated)
    #[arg(long, value_name = "SELECTOR")]
    only: Vec<String>,

    /// Take the list that this selects for a set (can be repeated)
    #[arg(long, value_name = "SELECTOR")]
    unordered: Vec<String>,

    /// Tell the elements of the list that this selects by this field, whatever their order (can be repeated)
    #[arg(long, value_name = "SELECTOR=FIELD")]
    key: Vec<String>,

    /// Show what is folded, too
    #[arg(long)]
    show_noise: bool,
}

/// What the result looks like.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct Look {
    /// Write the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Write a line per recording that says how many calls changed, and no more
    #[arg(long, conflicts_with = "brief")]
    stat: bool,

    /// Write nothing but the names of recordings that differ
    #[arg(long, conflicts_with = "format")]
    brief: bool,

    /// Show this many unchanged calls around those that changed
    #[arg(short = 'U', long, value_name = "N", default_value_t = 0)]
    context: usize,

    /// Shorten strings and bytes in text to this many bytes, or `all` to show them whole
    #[arg(long, value_name = "N", default_value_t)]
    max_bytes: MaxBytes,

    /// Use colours in text; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorWhen,

    /// Write to a terminal directly, and not through the pager that PAGER names
    #[arg(long)]
    no_pager: bool,
}

/// A format of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// For a comment on a pull request: what is long is left out, and nothing of the recordings is taken for Markdown
    Markdown,
}

/// Two recordings that were compared.
pub struct Compared {
    /// What the recording, or both, are called.
    pub name: String,
    /// What the old one is called, if it is another name.
    pub old_name: Option<String>,
    /// The old one; `None` if it is not there.
    pub old: Option<Recording>,
    /// The new one; `None` if it is not there.
    pub new: Option<Recording>,
    /// How they differ; `None` if only one of them is there.
    pub report: Option<Report>,
    /// Whether others are compared, too.
    pub is_one_of_many: bool,
}

impl Compared {
    /// Whether they differ in more than noise.
    pub fn is_different(&self) -> bool {
        self.report.as_ref().is_none_or(Report::is_different)
    }

    fn has_noise(&self) -> bool {
        self.report.as_ref().is_none_or(Report::has_noise)
    }
}

/// A comparison that is shown.
struct Shown<'a> {
    compared: &'a Compared,
    noise: &'a Noise,
    schema: &'a Schema,
    /// Whether what is folded is shown, too.
    with_noise: bool,
}

/// What is written of comparisons, one after the other.
trait View {
    /// Shows a comparison.
    fn show(&mut self, shown: &Shown<'_>, out: &mut Vec<u8>);

    /// Notes what can't be compared, which is also said on standard error.
    fn unreadable(&mut self, trouble: &Trouble, out: &mut Vec<u8>);

    /// Shows what stands behind all comparisons.
    fn finish(&mut self, totals: &Totals, out: &mut Vec<u8>);
}

impl Diff {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut output = if self.look.no_pager { Output::new() } else { Output::paged() };
        if self.noise.show_profile {
            output.write(VOLATILE.as_bytes())?;
            output.flush()?;
            return Ok(Outcome::Fine);
        }
        let sources = self.schema.load()?.for_good();
        let noise = self.noise.load(sources.project())?;
        let (query, evaluated) = (self.selection.query(&sources.schema)?, Evaluated::default());
        let kept = Kept { query: &query, evaluated: Some(&evaluated) };
        let (mut kept_any, mut found_any) = (query.is_everything(), false);
        let mut sides = self.sides()?;
        let mut view = self.look.view(output.is_terminal(), sides.are_several());
        let mut totals = Totals::default();
        let mut outcome = Outcome::Fine;
        let mut part = Vec::new();
        let fingerprint = |side: &Side| {
            // It is read again to be compared.
            let recording = self.read(side, &sources.schema, &noise, Kept { evaluated: None, ..kept })?;
            Ok(recording.fingerprint(&mut Comparer::new(&sources.schema, noise.mask())))
        };
        while let Some(found) = sides.next(fingerprint) {
            let compared = match found.and_then(|found| self.compared(found, &sources.schema, &noise, kept)) {
                Ok(Some(compared)) => compared,
                Ok(None) => {
                    found_any = true;
                    continue;
                }
                Err(trouble) => {
                    totals.unreadable += 1;
                    view.unreadable(&trouble, &mut part);
                    output.write(&part)?;
                    part.clear();
                    output.flush()?;
                    report(&trouble);
                    outcome = Outcome::Reported;
                    continue;
                }
            };
            totals.add(&compared);
            kept_any |= [&compared.old, &compared.new].into_iter().flatten().any(|side| !side.calls.is_empty());
            let with_noise = self.noise.show_noise;
            view.show(&Shown { compared: &compared, noise: &noise, schema: &sources.schema, with_noise }, &mut part);
            output.write(&part)?;
            part.clear();
            let differs = compared.is_different() || (self.exit_on_noise && compared.has_noise());
            if differs && !self.no_exit_code && outcome == Outcome::Fine {
                outcome = Outcome::Different;
            }
        }
        view.finish(&totals, &mut part);
        output.write(&part)?;
        output.flush()?;
        sides.advise(totals.all() == 0 && !found_any);
        if outcome != Outcome::Reported {
            self.noise.advise(&noise);
        }
        if !kept_any {
            note("rpcreplay: ", "nothing matches the selection");
            if outcome == Outcome::Fine {
                outcome = Outcome::NothingSelected;
            }
        }
        evaluated.tell(kept_any);
        sources.advise(&[]);
        Ok(outcome)
    }

    fn sides(&self) -> Result<Sides, Failure> {
        match (&self.rev, self.paths.as_slice()) {
            (Some(rev), paths) => Ok(Sides::of_git(rev, paths)?),
            (None, [old, new]) if self.recursive => Ok(Sides::of_folders(old, new)?),
            (None, [old, new]) => {
                if old.as_os_str() == "-" && new.as_os_str() == "-" {
                    usage("diff", ErrorKind::ArgumentConflict, "standard input can be read once");
                }
                Ok(Sides::of_files(old, new)?)
            }
            (None, paths) => {
                let what = if self.recursive { "two folders" } else { "two recordings, or --rev REV" };
                let message = format!("expected {what}, found {} of them", paths.len());
                usage("diff", ErrorKind::WrongNumberOfValues, &message);
            }
        }
    }

    fn read(&self, side: &Side, schema: &Schema, noise: &Noise, kept: Kept<'_>) -> Result<Recording, Trouble> {
        read(side, schema, noise, kept, self.limit.options())
    }

    /// Compares two sides; `None` if neither has a call that is selected.
    fn compared(
        &self,
        found: Found,
        schema: &Schema,
        noise: &Noise,
        kept: Kept<'_>,
    ) -> Result<Option<Compared>, Trouble> {
        let Found { name, old_name, old, new } = found;
        let read = |side: Option<Side>| side.map(|side| self.read(&side, schema, noise, kept));
        let is_parallel = self.threads.is_none_or(|threads| threads.get() > 1);
        let (old, new) = match (old, new) {
            (Some(old), Some(new)) if is_parallel => thread::scope(|scope| {
                let other = scope.spawn(|| read(Some(old)));
                let new = read(Some(new));
                (other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), new)
            }),
            (old, new) => (read(old), read(new)),
        };
        let (old, new) = (old.transpose()?, new.transpose()?);
        // Of recordings none of whose calls are selected there is nothing to say.
        let has_calls = |side: &Option<Recording>| side.as_ref().is_some_and(|side| !side.calls.is_empty());
        if !kept.query.is_everything() && !has_calls(&old) && !has_calls(&new) {
            return Ok(None);
        }
        let report = match (&old, &new) {
            (Some(old), Some(new)) => Some(compare(old, new, schema, noise, self.noise.show_noise)),
            (None, None) => return Ok(None),
            (Some(_), None) | (None, Some(_)) => None,
        };
        let is_one_of_many = self.rev.is_some() || self.recursive;
        Ok(Some(Compared { name, old_name, old, new, report, is_one_of_many }))
    }
}

/// Shows how two versions of a recording differ, of which one may not be there, without what they are called.
pub fn show_versions(
    old: Option<&Path>,
    new: Option<&Path>,
    schema: &Schema,
    noise: &Noise,
    colors: bool,
) -> Result<Outcome, Failure> {
    let (everything, options) = (Query::default(), ReadOptions::default());
    let kept = Kept { query: &everything, evaluated: None };
    let read = |path: Option<&Path>| path.map(|path| read(&Side::of_file(path), schema, noise, kept, options.clone()));
    let (old, new) = (read(old).transpose()?, read(new).transpose()?);
    let report = old.as_ref().zip(new.as_ref()).map(|(old, new)| compare(old, new, schema, noise, false));
    let compared = Compared { name: String::new(), old_name: None, old, new, report, is_one_of_many: false };
    let options = ValueOptions { bytes: BytesForm::Text, max_bytes: MaxBytes::default().0 };
    let mut out = format!("{}\n", summary::words(&compared)).into_bytes();
    let shown = Shown { compared: &compared, noise, schema, with_noise: false };
    text::show_body(&shown, options, 0, &mut Painter { out: &mut out, colors });
    let mut output = Output::new();
    output.write(&out)?;
    output.flush()?;
    Ok(if compared.is_different() { Outcome::Different } else { Outcome::Fine })
}

/// Which calls are compared, and who is told what is noticed when that is found out.
#[derive(Clone, Copy)]
struct Kept<'a> {
    query: &'a Query,
    evaluated: Option<&'a Evaluated>,
}

/// Reads what is kept of a recording.
fn read(
    side: &Side,
    schema: &Schema,
    noise: &Noise,
    Kept { query, evaluated }: Kept<'_>,
    options: ReadOptions,
) -> Result<Recording, Trouble> {
    let trouble = |error| Trouble::in_recording(side.name(), &error);
    let reader = Reader::new(side.open()?, schema, options).map_err(trouble)?;
    let mut comparer = Comparer::new(schema, noise.mask());
    if query.is_everything() {
        return Recording::read(reader, &mut comparer).map_err(trouble);
    }
    let header = reader.header().clone();
    let entries = reader.collect::<Result<Vec<Entry>, _>>().map_err(trouble)?;
    let mut selected = Selected::new(query, Unit::Call, schema);
    if query.needs_first_pass(Unit::Call) {
        selected.learn(entries.iter().cloned(), schema);
    }
    let mut pairing = Pairing::default();
    let kept: Vec<Entry> = entries.into_iter().filter(|entry| selected.keeps(entry, pairing.follow(entry))).collect();
    if let Some(evaluated) = evaluated {
        evaluated.add(side.name(), &selected);
    }
    Recording::new(header, kept.into_iter().map(Ok), &mut comparer).map_err(trouble)
}

impl NoiseArgs {
    /// Says which flags had no effect.
    fn advise(&self, noise: &Noise) {
        let unused = noise.unused();
        let keys = self.key.iter().filter_map(|key| key.rsplit_once('=')).map(|(selector, _)| selector);
        let given = self.ignore.iter().chain(&self.only).chain(&self.unordered).map(String::as_str).chain(keys);
        let idle: Vec<_> = given.filter(|selector| unused.iter().any(|unused| unused == selector)).collect();
        for selector in &idle {
            note("note: ", &format!("`{selector}` selects nothing in these recordings"));
        }
        if !idle.is_empty() {
            let words =
                "a part ends with a colon, `response:`, and so does a method; fields are called as in the .proto file";
            note("hint: ", words);
        }
    }

    /// What is folded: by the flags, then by the project file, then by the profiles.
    pub fn load(&self, project: Option<&crate::project::Project>) -> Result<Noise, Trouble> {
        folded::load(self, project)
    }
}

impl Look {
    fn view(&self, is_terminal: bool, several: bool) -> Box<dyn View> {
        let options = ValueOptions { bytes: BytesForm::Text, max_bytes: self.max_bytes.0 };
        let colors = self.color.colors();
        if self.brief {
            return Box::new(summary::Brief { escapes: is_terminal });
        }
        match self.format {
            Format::Text => Box::new(text::TextView::new(options, colors, self.stat, self.context, several)),
            Format::Json => Box::new(json::JsonView::new(is_terminal, self.stat)),
            Format::Markdown => Box::new(markdown::MarkdownView::new(options, self.stat, self.context)),
        }
    }
}
