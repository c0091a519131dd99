//! `rpcreplay git status`: what is installed, where, and for which recordings.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::patterns::Found;
use super::place::global_attributes;
use super::repository::{Repository, ask, ask_about, config, git, knows_committer, paths_of};
use super::settings::{ATTRIBUTE, CACHE_REF, Setting, program_of};
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::output::Output;
use crate::render::{Painter, Role};

/// Say what is installed, and which recordings it covers
///
/// The exit code is 1 if something is missing: a setting, the program that it names, or the attribute of a recording in the
/// working tree.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay git status
  rpcreplay git status && git diff")]
pub struct Status {}

/// How many recordings without the attribute are named.
const NAMED: usize = 20;

/// What git asks where; source: git's documentation of each, and tests/git.
const COMMANDS: &str = "\
commands
  git diff                             asks the diff driver; with --no-ext-diff, the textconv
  git show, git log -p                 ask the textconv; with --ext-diff, the diff driver
  git blame, git grep --textconv       ask the textconv
  git add -p, git stash show -p, git format-patch, git diff --stat
                                       ask neither
";

impl Status {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let repository = Repository::here()
            .map_err(|trouble| Trouble { hint: Some("go into a repository".to_owned()), ..trouble })?;
        let mut out = Vec::new();
        let mut painter = Painter { out: &mut out, colors: false };
        let mut hints = show_settings(&mut painter)?;
        painter.plain("attributes\n");
        for (name, line) in attribute_lines(&repository)? {
            painter.indent(1);
            painter.name(Role::Name, format!("{name}: {line}").as_bytes());
            painter.plain("\n");
        }
        let all_covered = show_recordings(repository.top.as_deref(), &mut painter)?;
        if !all_covered && hints.is_empty() {
            hints.push("have the rest covered with: rpcreplay git install");
        }
        painter.plain(COMMANDS);
        let mut output = Output::new();
        output.write(&out)?;
        output.flush()?;
        hints.iter().for_each(|hint| note("hint: ", hint));
        Ok(if all_covered && hints.is_empty() { Outcome::Fine } else { Outcome::Missing })
    }
}

/// Shows what is set, and says what to do about what is wrong with it.
fn show_settings(painter: &mut Painter<'_>) -> Result<Vec<&'static str>, Trouble> {
    let mut hints = Vec::new();
    painter.plain("settings\n");
    let settings = settings()?;
    settings.iter().for_each(|setting| setting.show(painter));
    for setting in Setting::ALL.into_iter().filter(|setting| setting.is_command()) {
        let key = setting.key();
        // The last one counts.
        match settings.iter().rfind(|found| found.key.eq_ignore_ascii_case(key)) {
            None => {
                painter.mark(1, &format!("{key} is not set"));
                hints.push("set git up with: rpcreplay git install");
            }
            Some(found) if setting.is_ours(&found.value) && program_of(&found.value).is_none() => {
                painter.mark(1, &format!("the program of {key} is not there, without which git fails"));
                hints.push("set its path anew with: rpcreplay git install");
            }
            Some(_) => {}
        }
    }
    hints.dedup();
    let is_cached = config(&["--type=bool"], Setting::CacheTextconv.key())?.is_some_and(|value| value == "true");
    if is_cached && !knows_committer()? {
        painter.mark(1, "git does not know who you are, and ends when it is to write its cache");
        hints.push("set user.name and user.email, or diff.rpcreplay.cachetextconv to false");
    }
    if git(&["rev-parse", "--verify", "--quiet", CACHE_REF])?.status.success() {
        painter.indent(1);
        painter.plain(&format!("what the textconv wrote is cached in {CACHE_REF}\n"));
    }
    Ok(hints)
}

/// Shows how many recordings of a working tree have the attribute and which have not; whether all have it.
fn show_recordings(top: Option<&Path>, painter: &mut Painter<'_>) -> Result<bool, Trouble> {
    painter.plain("recordings\n");
    let Some(top) = top else {
        painter.plain("  a bare repository has no files to look at\n");
        return Ok(true);
    };
    let recordings = Found::below(top)?.recordings;
    let others = not_covered(top, &recordings)?;
    painter.plain(&format!("  {} with the attribute {ATTRIBUTE}\n", recordings.len() - others.len()));
    for (path, value) in others.iter().take(NAMED) {
        painter.mark(1, &format!("{}: {value}", name_of(path)));
    }
    if others.len() > NAMED {
        painter.mark(1, &format!("{} more without it", others.len() - NAMED));
    }
    Ok(others.is_empty())
}

/// A setting as git has it.
struct Configured {
    scope: String,
    origin: String,
    key: String,
    value: String,
}

impl Configured {
    fn show(&self, painter: &mut Painter<'_>) {
        painter.indent(1);
        let origin = self.origin.strip_prefix("file:").unwrap_or(&self.origin);
        let line = format!("{} = {}  ({}, {origin})", self.key, self.value, self.scope);
        painter.name(Role::Name, line.as_bytes());
        painter.plain("\n");
    }
}

/// The settings of the driver, in the order in which git reads them.
fn settings() -> Result<Vec<Configured>, Trouble> {
    let output = git(&["config", "-z", "--show-scope", "--show-origin", "--get-regexp", r"^diff\.rpcreplay\."])?;
    let fields: Vec<_> = output.stdout.split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
    let settings = fields.as_chunks().0.iter().map(|[scope, origin, pair]| {
        let (key, value) = pair.split_once('\n').unwrap_or((pair, "true"));
        Configured {
            scope: scope.to_string(),
            origin: origin.to_string(),
            key: key.to_owned(),
            value: value.to_owned(),
        }
    });
    Ok(settings.collect())
}

/// The lines that give something the attribute, each with the file and line that it stands in.
fn attribute_lines(repository: &Repository) -> Result<Vec<(String, String)>, Trouble> {
    let mut files: Vec<PathBuf> = global_attributes().into_iter().collect();
    if let Some(top) = &repository.top {
        let tracked =
            ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ":(glob)**/.gitattributes"];
        let arguments = [&[OsStr::new("-C"), top.as_os_str()][..], &tracked.map(OsStr::new)].concat();
        files.extend(paths_of(&ask(&arguments)?).iter().map(|path| top.join(path)));
    }
    files.push(repository.own_attributes.clone());
    let mut lines = Vec::new();
    for file in files {
        let Ok(text) = fs::read(&file) else { continue };
        let text = String::from_utf8_lossy(&text);
        let shown = repository.top.as_ref().and_then(|top| file.strip_prefix(top).ok()).unwrap_or(&file);
        for (number, line) in text.lines().enumerate() {
            if !line.starts_with('#') && line.split_whitespace().any(|word| word == ATTRIBUTE) {
                lines.push((format!("{}:{}", name_of(shown), number + 1), line.to_owned()));
            }
        }
    }
    Ok(lines)
}

/// The recordings that have another attribute, or none, and which.
fn not_covered(top: &Path, recordings: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, Trouble> {
    let mut input = Vec::new();
    for path in recordings {
        input.extend(path.as_os_str().as_encoded_bytes());
        input.push(0);
    }
    let arguments =
        [OsStr::new("-C"), top.as_os_str(), "check-attr".as_ref(), "-z".as_ref(), "--stdin".as_ref(), "diff".as_ref()];
    // Path, name of the attribute, value.
    let answers = paths_of(&ask_about(&arguments, input)?);
    let values = answers.as_chunks().0.iter().map(|[path, _, value]| (path.clone(), value.display().to_string()));
    let words = |value: String| match value.as_str() {
        "unspecified" => "no attribute `diff`".to_owned(),
        "unset" => "`-diff`".to_owned(),
        "set" => "`diff`".to_owned(),
        _ => format!("`diff={value}`"),
    };
    let others = values.filter(|(_, value)| value != "rpcreplay").map(|(path, value)| (path, words(value)));
    Ok(others.collect())
}
