//! `rpcreplay git install` and `uninstall`: what [`settings`](super::settings) and [`attributes`](super::attributes) say is set
//! is set, or taken back.

use std::fs;
use std::path::PathBuf;

use clap::error::ErrorKind as UsageError;

use super::attributes::{Left, quote, with_block, without_block};
use super::patterns::{DEFAULTS, Found};
use super::place::{Place, PlaceArgs, Scope};
use super::repository::{ask, git, is_at_least, knows_committer, paths_of, refusal};
use super::settings::{ATTRIBUTE, CACHE_REF, Setting, TRUSTS_EXIT_CODES, program};
use crate::failure::{Failure, Outcome, Trouble, name_of, note, usage};
use crate::output::Output;
use crate::render::{Painter, Role};

/// Have git show recordings as text and compare them call by call
///
/// Sets diff.rpcreplay.textconv, .cachetextconv, .xfuncname and .command in the configuration of this repository, and attributes for the
/// recordings in it in .gitattributes, at the top of the working tree, between two comments. The file is to be committed: who
/// has not run this command gets what git shows without it. Without --global and PATTERN, patterns are those of the recordings that
/// are found in the working tree by their content: one for each extension, or folders and paths where other files have the same extension.
///
/// The cache is set only if git knows who you are (user.name, user.email): it can't write one otherwise, and ends.
///
/// What another program set is not replaced. Running it again looks for recordings again, and drops what git has cached of the
/// textconv: do so after a change of rpcreplay.toml and of the program.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay git install
  rpcreplay git install --global '*.replay' '*.rec'")]
pub struct Install {
    /// Set attributes for this pattern, as in .gitattributes, and not for the recordings that are found (can be repeated)
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,

    #[command(flatten)]
    place: PlaceArgs,

    /// Have `git diff --exit-code` and `--quiet` take recordings for equal that say the same; needs git 2.46
    #[arg(long)]
    trust_exit_code: bool,
}

/// Undo what install did
///
/// Removes the settings that install sets, its lines from the file of attributes, that file if it was made for them, and what git has
/// cached of the textconv. Settings with other values stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay git uninstall
  rpcreplay git uninstall --global")]
pub struct Uninstall {
    #[command(flatten)]
    place: PlaceArgs,
}

impl Install {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        for pattern in &self.patterns {
            if pattern.is_empty() || pattern.starts_with('!') || pattern.contains('\0') {
                let message =
                    format!("`{pattern}` is no pattern of .gitattributes, which is not empty and begins with no `!`");
                usage("git install", UsageError::InvalidValue, &message);
            }
        }
        if self.trust_exit_code && !is_at_least(TRUSTS_EXIT_CODES)? {
            return Err(Trouble::new(
                "git",
                "looks at no exit code of an external diff, expected version 2.46 or newer",
            )
            .with_hint("do without --trust-exit-code: `git diff --exit-code` then tells whether bytes differ")
            .into());
        }
        let place = self.place.find()?;
        let program = program()?;
        let can_cache = knows_committer()?;
        let is_wanted = |setting: &Setting| match setting {
            Setting::Textconv | Setting::FunctionName | Setting::Command => true,
            Setting::CacheTextconv => can_cache,
            Setting::TrustExitCode => self.trust_exit_code,
        };
        // What may fail comes before anything is set.
        let mut wanted = Vec::new();
        for setting in Setting::ALL.into_iter().filter(is_wanted) {
            wanted.push(Wanted { setting, value: setting.value(&program), found: values(place.scope, setting)? });
        }
        wanted.iter().try_for_each(|wanted| wanted.refuse_to_replace(place.scope))?;
        let lines: Vec<_> =
            self.patterns(&place)?.iter().map(|pattern| format!("{} {ATTRIBUTE}", quote(pattern))).collect();
        let old = place.read()?;
        let new = with_block(old.as_deref(), &lines, &place.name)?;
        let is_new = old.as_ref() != Some(&new);

        let mut told = Told::default();
        wanted.iter().try_for_each(|wanted| wanted.set(place.scope, &mut told))?;
        if is_new {
            place.write(&new)?;
        }
        for line in &lines {
            told.line(&format!("{}: {line}", place.name), if is_new { "new" } else { "" });
        }
        drop_cache()?;
        told.write()?;
        if !can_cache {
            note("rpcreplay: ", "git does not know who you are, and can't cache what the textconv writes");
            note("hint: ", "set user.name and user.email, and install again");
        }
        if place.scope == Scope::Local && place.top.is_some() && is_new {
            note("hint: ", "commit .gitattributes; who has run `rpcreplay git install` too sees the same");
        }
        Ok(Outcome::Fine)
    }

    /// The patterns that attributes are set for.
    fn patterns(&self, place: &Place) -> Result<Vec<String>, Trouble> {
        if !self.patterns.is_empty() {
            return Ok(self.patterns.clone());
        }
        let found = match &place.top {
            Some(top) => Found::below(top)?.patterns(),
            None => Vec::new(),
        };
        if place.scope == Scope::Global {
            // A path means something in its own repository only.
            let defaults = DEFAULTS.map(str::to_owned).into_iter();
            let more = found.into_iter().filter(|pattern| pattern.starts_with('*') && !DEFAULTS.contains(&&**pattern));
            return Ok(defaults.chain(more).collect());
        }
        if !found.is_empty() {
            return Ok(found);
        }
        if place.top.is_none() {
            note("rpcreplay: ", "a bare repository has no files to look at; the pattern is `*.replay`");
        } else {
            note("rpcreplay: ", "no recordings were found in the working tree; the pattern is `*.replay`");
        }
        note("hint: ", "name others: rpcreplay git install PATTERN...");
        Ok(vec!["*.replay".to_owned()])
    }
}

impl Uninstall {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let place = self.place.find()?;
        let name = &place.name;
        let old = place.read()?;
        let left = old.as_deref().map_or(Ok(Left::All), |text| without_block(text, name))?;
        let mut told = Told::default();
        unset(place.scope, &mut told)?;
        let block = match left {
            Left::All => None,
            Left::Rest(text) => {
                place.write(&text)?;
                Some("lines removed")
            }
            Left::NoFile => {
                fs::remove_file(&place.attributes).map_err(|error| Trouble::new(name, error))?;
                Some("removed")
            }
        };
        if let Some(what) = block {
            told.line(name, what);
        }
        if drop_cache()? {
            told.line(CACHE_REF, "removed");
        }
        if told.is_empty() {
            let other =
                if self.place.global { "" } else { "; with --global, look at what counts for all repositories" };
            note("rpcreplay: ", &format!("nothing is installed here{other}"));
            return Ok(Outcome::Missing);
        }
        told.write()?;
        Ok(Outcome::Fine)
    }
}

/// A setting that is to have a value.
struct Wanted {
    setting: Setting,
    value: String,
    /// The values that it has.
    found: Vec<String>,
}

impl Wanted {
    /// Refuses to replace a command that somebody else set.
    fn refuse_to_replace(&self, scope: Scope) -> Result<(), Trouble> {
        match self.found.iter().find(|value| self.setting.is_command() && !self.setting.is_ours(value)) {
            None => Ok(()),
            Some(other) => {
                let (key, flag) = (self.setting.key(), scope.flag());
                Err(Trouble::new(key, format!("is `{other}`, which somebody else set, expected nothing"))
                    .with_hint(format!("if you do without it: git config {flag} --unset-all {key}")))
            }
        }
    }

    /// Sets it, unless somebody has decided otherwise.
    fn set(&self, scope: Scope, told: &mut Told) -> Result<(), Trouble> {
        let key = self.setting.key();
        let line = format!("{key} = {}", self.value);
        match self.found.as_slice() {
            [found] if *found == self.value => told.line(&line, ""),
            [found] if !self.setting.is_ours(found) => told.line(&format!("{key} = {found}"), "kept"),
            _ => {
                ask(&["config", scope.flag(), "--replace-all", key, &self.value])?;
                told.line(&line, "new");
            }
        }
        Ok(())
    }
}

/// The values that a setting has in a file of git's configuration.
fn values(scope: Scope, setting: Setting) -> Result<Vec<String>, Trouble> {
    let arguments = ["config", scope.flag(), "-z", "--get-all", setting.key()];
    let output = git(&arguments)?;
    match output.status.code() {
        Some(0) => {
            let values =
                output.stdout.split(|&byte| byte == 0).map(|value| String::from_utf8_lossy(value).into_owned());
            let mut values: Vec<_> = values.collect();
            // A NUL ends each.
            values.pop();
            Ok(values)
        }
        Some(1) => Ok(Vec::new()),
        Some(_) | None => Err(refusal(&arguments, &output)),
    }
}

/// Unsets what install sets.
fn unset(scope: Scope, told: &mut Told) -> Result<(), Trouble> {
    let config_file = config_file(scope)?;
    let mut is_changed = false;
    for setting in Setting::ALL {
        // Somebody may have set the same twice, of which git unsets both at once.
        let mut found = values(scope, setting)?;
        found.sort();
        found.dedup();
        for value in found {
            let is_ours = setting.is_ours(&value);
            if is_ours {
                ask(&["config", scope.flag(), "--fixed-value", "--unset-all", setting.key(), &value])?;
                is_changed = true;
            }
            told.line(&format!("{} = {value}", setting.key()), if is_ours { "removed" } else { "kept" });
        }
    }
    // Git made the file of a user for the settings, and leaves it without a byte.
    if let Some(file) = config_file.filter(|_| is_changed && scope == Scope::Global)
        && fs::metadata(&file).is_ok_and(|found| found.len() == 0)
    {
        fs::remove_file(&file).map_err(|error| Trouble::new(&name_of(&file), error))?;
    }
    Ok(())
}

/// The file that the settings stand in.
fn config_file(scope: Scope) -> Result<Option<PathBuf>, Trouble> {
    let output = git(&["config", scope.flag(), "-z", "--show-origin", "--get-regexp", r"^diff\.rpcreplay\."])?;
    let file = paths_of(&output.stdout).into_iter().next();
    Ok(file.and_then(|file| Some(PathBuf::from(file.to_str()?.strip_prefix("file:")?))))
}

/// Drops what git has kept of the textconv; whether there was something.
fn drop_cache() -> Result<bool, Trouble> {
    // Outside of a repository there is none.
    if !git(&["rev-parse", "--verify", "--quiet", CACHE_REF])?.status.success() {
        return Ok(false);
    }
    ask(&["update-ref", "-d", CACHE_REF])?;
    Ok(true)
}

/// What was done, a line each.
#[derive(Default)]
struct Told(Vec<u8>);

impl Told {
    fn line(&mut self, line: &str, what: &str) {
        let mut painter = Painter { out: &mut self.0, colors: false };
        painter.name(Role::Name, line.as_bytes());
        if !what.is_empty() {
            painter.plain("  (");
            painter.plain(what);
            painter.plain(")");
        }
        painter.plain("\n");
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn write(&self) -> Result<(), Failure> {
        let mut output = Output::new();
        output.write(&self.0)?;
        output.flush()
    }
}
