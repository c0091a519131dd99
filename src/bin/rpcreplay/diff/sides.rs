//! The recordings that are compared: from files, folders and git to [`Sides`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use rpcreplay::diff::Fingerprint;

use crate::failure::{Trouble, name_of, note};
use crate::folders::{self, Links, Sort, sort_of};
use crate::git::{ask, ask_about, git, paths_of, refusal};

/// A recording that can be opened.
#[derive(Debug, Clone)]
pub struct Side {
    name: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Input,
    File(PathBuf),
    /// What git keeps under an object's name; with a path if that passes through a filter before it is in the working tree.
    Blob {
        id: String,
        filtered_as: Option<PathBuf>,
    },
}

/// Two recordings to compare, or one that has no counterpart.
pub struct Found {
    /// What the new recording, or both, are called.
    pub name: String,
    /// What the old one is called, if it is another name.
    pub old_name: Option<String>,
    /// The old one.
    pub old: Option<Side>,
    /// The new one.
    pub new: Option<Side>,
}

/// Two files that belong together, or one that has no counterpart, with what [`Found`] calls them.
struct Pair {
    name: String,
    old_name: Option<String>,
    old: Option<Side>,
    new: Option<Side>,
}

/// The recordings that are yet to be compared.
pub struct Sides {
    pairs: VecDeque<Pair>,
    /// Those of which only one side has the path.
    left: Vec<Pair>,
    /// What was left, once all of it has been read.
    matched: Option<VecDeque<Result<Found, Trouble>>>,
    /// Whether what is no recording is passed over.
    passes_over: bool,
    passed_over: PassedOver,
    /// Whether git named them.
    is_of_git: bool,
}

/// How many files were passed over.
#[derive(Debug, Default)]
struct PassedOver {
    pointers: u64,
    others: u64,
}

/// How much of two recordings must be the same calls for one to be called the other under another name, in thousandths.
const SAME: u32 = 500;

/// The same where names in the calls are others, too: a project, a user. Tests of different things have many calls of one form.
const SAME_NAMES_ASIDE: u32 = 750;

impl Side {
    /// A file that the user names; `-` is standard input.
    fn of_argument(path: &Path) -> Side {
        if path.as_os_str() == "-" { Side { name: name_of(path), place: Place::Input } } else { Side::of_file(path) }
    }

    /// A file, of whatever name.
    pub fn of_file(path: &Path) -> Side {
        Side { name: path.display().to_string(), place: Place::File(path.to_owned()) }
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens it.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, Trouble> {
        match &self.place {
            Place::Input => Ok(Box::new(io::stdin())),
            Place::File(path) => {
                let trouble = |error: io::Error| {
                    let trouble = Trouble::new(&self.name, &error);
                    match path.is_dir() {
                        true => Trouble::new(&self.name, "is a folder, expected a recording")
                            .with_hint("compare two folders with -r"),
                        false => trouble,
                    }
                };
                let file = File::open(path).map_err(trouble)?;
                if path.is_dir() {
                    return Err(trouble(io::ErrorKind::IsADirectory.into()));
                }
                Ok(Box::new(file))
            }
            Place::Blob { id, filtered_as } => {
                // What the filter can't give, as without a network, is seen as git keeps it.
                let filtered = filtered_as.as_ref().and_then(|path| {
                    let mut flag = OsString::from("--path=");
                    flag.push(path);
                    ask(&["cat-file".as_ref(), "--filters".as_ref(), flag.as_os_str(), id.as_ref()]).ok()
                });
                let content = filtered.map_or_else(|| ask(&["cat-file", "blob", id]), Ok)?;
                Ok(Box::new(Cursor::new(content)))
            }
        }
    }

    /// What it seems to be; whatever can't be opened is for others to complain of.
    fn sort(&self) -> Sort {
        self.open().map_or(Sort::Recording, sort_of)
    }
}

impl Sides {
    /// Two recordings.
    pub fn of_files(old: &Path, new: &Path) -> Result<Sides, Trouble> {
        if old.is_dir() && new.is_dir() {
            return Err(
                Trouble::new(&name_of(old), "is a folder, and so is the other").with_hint("compare them with -r")
            );
        }
        for (path, folder) in [(old, new), (new, old)] {
            if path.as_os_str() == "-" && folder.is_dir() {
                return Err(Trouble::new(&name_of(path), "is one recording, expected a folder like the other")
                    .with_hint("name the recording in the folder"));
            }
        }
        // As with diff, a folder stands for the file in it that is called like the other one.
        let inside = |folder: &Path, other: &Path| match other.file_name() {
            Some(name) if folder.is_dir() => folder.join(name),
            _ => folder.to_owned(),
        };
        let (old, new) = (Side::of_argument(&inside(old, new)), Side::of_argument(&inside(new, old)));
        let old_name = Some(old.name.clone()).filter(|name| *name != new.name);
        Ok(Sides::new(vec![Pair { name: new.name.clone(), old_name, old: Some(old), new: Some(new) }], false))
    }

    /// All recordings below two folders.
    pub fn of_folders(old: &Path, new: &Path) -> Result<Sides, Trouble> {
        let (olds, mut news) = (files_below(old)?, files_below(new)?);
        let pair = |path: &Path, old: Option<&PathBuf>, new: Option<&PathBuf>| Pair {
            name: path.display().to_string(),
            old_name: None,
            old: old.map(|path| Side::of_file(path)),
            new: new.map(|path| Side::of_file(path)),
        };
        let (mut pairs, mut left) = (Vec::new(), Vec::new());
        for (path, old) in &olds {
            match news.remove(path) {
                Some(new) => pairs.push(pair(path, Some(old), Some(&new))),
                None => left.push(pair(path, Some(old), None)),
            }
        }
        left.extend(news.iter().map(|(path, new)| pair(path, None, Some(new))));
        Ok(Sides { left, ..Sides::new(pairs, true) })
    }

    /// The files that differ between two revisions, or between one and the working tree.
    pub fn of_git(rev: &str, paths: &[PathBuf]) -> Result<Sides, Trouble> {
        // Paths in what git says begin at the top of the working tree.
        let place = ask(&["rev-parse", "--is-inside-work-tree", "--show-cdup"]).map_err(no_repository)?;
        let place = line_of(place);
        let (is_in_tree, top) = place.split_once('\n').unwrap_or((&place, ""));
        let (old, new) = revisions(rev)?;
        if new.is_none() && is_in_tree != "true" {
            return Err(Trouble::new("working directory", "is no working tree, with which a revision is compared")
                .with_hint("name two revisions, REV..REV"));
        }
        for path in paths {
            must_be_somewhere(path, [Some(&old), new.as_ref()])?;
        }
        // Names with a star are names, and those of files in other folders are not left out, whatever git's configuration says.
        let mut arguments = vec!["--literal-pathspecs", "diff", "--raw", "-z", "--no-abbrev", "-M", "--no-relative"];
        arguments.extend(["--no-ext-diff", "--no-textconv", &old.id]);
        arguments.extend(new.as_ref().map(|new| new.id.as_str()));
        arguments.push("--");
        let mut arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
        arguments.extend(paths.iter().map(|path| path.as_os_str()));
        let listed = paths_of(&ask(&arguments)?);
        let filtered = filtered(top, &listed);
        let mut words = listed.into_iter();
        let (mut pairs, mut left) = (Vec::new(), Vec::new());
        while let Some(line) = words.next() {
            // `:100644 100644 OLD NEW M`, then a path, or two of what was renamed.
            let line = line.to_string_lossy();
            let fields: Vec<&str> = line.trim_start_matches(':').split(' ').collect();
            let ([old_mode, new_mode, old_id, new_id, status], Some(path)) = (fields.as_slice(), words.next()) else {
                let message = format!("found `{}`, expected modes, objects, a status and a path", line.escape_debug());
                return Err(Trouble::new("git diff --raw", message));
            };
            let new_path = if status.starts_with(['R', 'C']) { words.next().unwrap_or_default() } else { path.clone() };
            let is_file = |mode: &str| mode.starts_with("100");
            let blob = |rev: &str, path: &Path, id: &str| Side {
                name: format!("{rev}:{}", path.display()),
                place: Place::Blob {
                    id: id.to_owned(),
                    filtered_as: Some(path).filter(|path| filtered.contains(*path)).map(Path::to_owned),
                },
            };
            let old_side = is_file(old_mode).then(|| blob(&old.name, &path, old_id));
            let new_side = is_file(new_mode).then(|| match &new {
                Some(new) => blob(&new.name, &new_path, new_id),
                // Of what was renamed and then edited git names an object that is not there. Of what a sparse checkout leaves
                // out there is nothing else.
                None => {
                    let file = Path::new(top).join(&new_path);
                    if file.is_file() { Side::of_file(&file) } else { blob("index", &new_path, new_id) }
                }
            });
            let name = new_path.display().to_string();
            let old_name = Some(path.display().to_string()).filter(|_| path != new_path);
            // Git finds what was renamed by its bytes, of which little is the same if it is compressed or recorded anew.
            let place = if old_side.is_some() == new_side.is_some() { &mut pairs } else { &mut left };
            place.push(Pair { name, old_name, old: old_side, new: new_side });
        }
        Ok(Sides { left, is_of_git: true, ..Sides::new(pairs, true) })
    }

    fn new(pairs: Vec<Pair>, passes_over: bool) -> Sides {
        Sides {
            pairs: pairs.into(),
            left: Vec::new(),
            matched: None,
            passes_over,
            passed_over: PassedOver::default(),
            is_of_git: false,
        }
    }

    /// Whether there may be more than two recordings.
    pub fn are_several(&self) -> bool {
        self.passes_over
    }

    /// The next two recordings. `fingerprint` reads those that must be known to tell which belong together.
    pub fn next(
        &mut self,
        fingerprint: impl Fn(&Side) -> Result<Fingerprint, Trouble>,
    ) -> Option<Result<Found, Trouble>> {
        while let Some(Pair { name, old_name, old, new }) = self.pairs.pop_front() {
            if self.passes_over && self.pass_over(&[old.as_ref(), new.as_ref()]) {
                continue;
            }
            return Some(Ok(Found { name, old_name, old, new }));
        }
        if self.matched.is_none() {
            let left = std::mem::take(&mut self.left);
            self.matched = Some(self.match_left(left, fingerprint));
        }
        self.matched.as_mut()?.pop_front()
    }

    /// Says what was passed over. Of what git has, files that are no recordings are no news, unless there is nothing else.
    pub fn advise(&self, is_empty: bool) {
        let PassedOver { pointers, mut others } = self.passed_over;
        if is_empty && !self.is_of_git {
            note("note: ", "no recordings were found");
        } else if !is_empty && self.is_of_git {
            others = 0;
        }
        let plural = if others == 1 { "file that is no recording" } else { "files that are no recordings" };
        if others > 0 {
            note("note: ", &format!("{others} {plural} passed over"));
        }
        if pointers > 0 {
            let plural = if pointers == 1 { "pointer" } else { "pointers" };
            note("note: ", &format!("{pointers} git-LFS {plural} passed over"));
            note("hint: ", "if they stand for recordings, fetch these with: git lfs pull");
        }
    }

    /// Whether none of the sides is a recording, which is then counted.
    fn pass_over(&mut self, sides: &[Option<&Side>]) -> bool {
        let sorts: Vec<Sort> = sides.iter().flatten().map(|side| side.sort()).collect();
        let is_any = |sort: Sort| sorts.contains(&sort);
        if is_any(Sort::Recording) {
            return false;
        }
        let count = if is_any(Sort::Pointer) { &mut self.passed_over.pointers } else { &mut self.passed_over.others };
        *count += 1;
        true
    }

    /// Finds recordings under other names: of all pairs those first that have most calls in common.
    fn match_left(
        &mut self,
        left: Vec<Pair>,
        fingerprint: impl Fn(&Side) -> Result<Fingerprint, Trouble>,
    ) -> VecDeque<Result<Found, Trouble>> {
        let mut found = VecDeque::new();
        let (mut olds, mut news) = (Vec::new(), Vec::new());
        for Pair { name, old, new, .. } in left {
            let is_old = old.is_some();
            let Some(side) = old.or(new) else { continue };
            if self.pass_over(&[Some(&side)]) {
                continue;
            }
            match fingerprint(&side) {
                Err(trouble) => found.push_back(Err(trouble)),
                // It is read again to be compared: all of them at once may be more than there is memory for.
                Ok(calls) => {
                    let side = (name, calls, Some(side));
                    if is_old { olds.push(side) } else { news.push(side) }
                }
            }
        }
        let mut scores: Vec<((u32, u32), usize, usize)> = Vec::new();
        for (a, (_, old, _)) in olds.iter().enumerate() {
            let likeness = |(b, new): (usize, &(String, Fingerprint, Option<Side>))| (old.likeness(&new.1), a, b);
            scores.extend(news.iter().enumerate().map(likeness));
        }
        scores.retain(|((same, names_aside), _, _)| *same >= SAME || *names_aside >= SAME_NAMES_ASIDE);
        scores.sort_by_key(|&(score, a, b)| (std::cmp::Reverse(score), a, b));
        let mut renamed = Vec::new();
        for (_, a, b) in scores {
            if olds[a].2.is_some() && news[b].2.is_some() {
                let (old, new) = (olds[a].2.take(), news[b].2.take());
                renamed.push(Found { name: news[b].0.clone(), old_name: Some(olds[a].0.clone()), old, new });
            }
        }
        let gone = olds.into_iter().filter(|(_, _, side)| side.is_some());
        renamed.extend(gone.map(|(name, _, old)| Found { name, old_name: None, old, new: None }));
        let came = news.into_iter().filter(|(_, _, side)| side.is_some());
        renamed.extend(came.map(|(name, _, new)| Found { name, old_name: None, old: None, new }));
        renamed.sort_by(|a, b| a.name.cmp(&b.name));
        found.extend(renamed.into_iter().map(Ok));
        found
    }
}

/// The files below a folder, by their paths below it.
fn files_below(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>, Trouble> {
    let is_input = folder.as_os_str() == "-";
    if is_input || folder.is_file() {
        let message = if is_input { "is one recording, expected a folder" } else { "is a file, expected a folder" };
        return Err(Trouble::new(&name_of(folder), message).with_hint("compare two recordings without -r"));
    }
    folders::files_below(folder, Links::None)
}

/// What git says where there is no repository, and what to do about it.
fn no_repository(trouble: Trouble) -> Trouble {
    if trouble.hint.is_some() { trouble } else { trouble.with_hint("go into a repository, or name two recordings") }
}

/// A revision that git knows.
struct Revision {
    /// What errors call it.
    name: String,
    /// The object that it is.
    id: String,
}

/// The revisions that `--rev` names; without a second one the first is compared with the working tree.
fn revisions(rev: &str) -> Result<(Revision, Option<Revision>), Trouble> {
    // Such as of variables that are not set: nothing differs between `HEAD` and itself.
    if rev.bytes().all(|byte| byte == b'.') {
        return Err(Trouble::new("--rev", format!("found `{rev}`, expected a revision, such as `HEAD`")));
    }
    if let Some((old, new)) = rev.split_once("...") {
        let (old, new) = (revision(old)?, revision(new)?);
        return Ok((merge_base(&old, &new)?, Some(new)));
    }
    match rev.split_once("..") {
        Some((old, new)) => Ok((revision(old)?, Some(revision(new)?))),
        None => Ok((revision(rev)?, None)),
    }
}

/// Finds a revision; no name is that of `HEAD`, as in git.
fn revision(name: &str) -> Result<Revision, Trouble> {
    let name = if name.is_empty() { "HEAD" } else { name };
    let unknown = || Trouble::new("--rev", format!("`{}` is no revision of this repository", name.escape_debug()));
    // To git these would be a flag, and what is to be left out.
    if name.starts_with(['-', '^']) {
        return Err(unknown());
    }
    let found = git(&["rev-parse", "--verify", "--quiet", name])?;
    let id = line_of(found.stdout);
    // A whole object name is a revision to git even if there is no such object. Only now, as `:/words` may stand for it.
    let tree = format!("{id}^{{tree}}");
    let has_files = found.status.success() && git(&["rev-parse", "--verify", "--quiet", &tree])?.status.success();
    if has_files { Ok(Revision { name: name.to_owned(), id }) } else { Err(with_shallow_hint(unknown())) }
}

/// Fails for a path of which git would say that nothing differs, because there is no such thing anywhere.
fn must_be_somewhere(path: &Path, revisions: [Option<&Revision>; 2]) -> Result<(), Trouble> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let revisions: Vec<&Revision> = revisions.into_iter().flatten().collect();
    for revision in &revisions {
        let arguments = ["--literal-pathspecs", "ls-tree", "-z", &revision.id, "--"].map(OsStr::new);
        if !ask(&[&arguments[..], &[path.as_os_str()]].concat())?.is_empty() {
            return Ok(());
        }
    }
    let names: Vec<_> = revisions.iter().map(|revision| format!("`{}`", revision.name.escape_debug())).collect();
    let message = format!("is neither in the working tree nor in {}", names.join(" or "));
    Err(Trouble::new(&path.display().to_string(), message))
}

/// Those of the paths that git has pass through a filter, such as that of git-LFS. What else git has listed is no harm.
fn filtered(top: &str, paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut input = Vec::new();
    for path in paths {
        input.extend(path.as_os_str().as_encoded_bytes());
        input.push(0);
    }
    // In its own folder git looks at no attributes.
    let Ok(answer) = ask_about(&["-C", top, "check-attr", "-z", "--stdin", "filter"], input) else {
        return BTreeSet::new();
    };
    // Path, name of the attribute, value.
    let answers = paths_of(&answer);
    let is_set = |value: &PathBuf| !["unspecified", "unset"].iter().any(|word| value.as_os_str() == *word);
    answers.as_chunks().0.iter().filter(|[_, _, value]| is_set(value)).map(|[path, _, _]| path.clone()).collect()
}

/// Where two revisions parted.
fn merge_base(old: &Revision, new: &Revision) -> Result<Revision, Trouble> {
    let arguments = ["merge-base", &old.id, &new.id];
    let found = git(&arguments)?;
    match found.status.code() {
        Some(0) => {
            let id = line_of(found.stdout);
            Ok(Revision { name: id.clone(), id })
        }
        Some(1) => {
            let message = format!("`{}` and `{}` have no commit in common", old.name, new.name);
            Err(with_shallow_hint(Trouble::new("--rev", message)))
        }
        Some(_) | None => Err(refusal(&arguments, &found)),
    }
}

/// Says what may be the reason that a commit is not there.
fn with_shallow_hint(trouble: Trouble) -> Trouble {
    let is_shallow = ask(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|answer| answer == b"true\n");
    if is_shallow {
        trouble.with_hint("this clone is shallow; fetch the rest with: git fetch --unshallow")
    } else {
        trouble
    }
}

fn line_of(answer: Vec<u8>) -> String {
    String::from_utf8_lossy(&answer).trim_end_matches('\n').to_owned()
}
