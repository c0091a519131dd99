//! `rpcreplay split`: a recording in parts, each a recording.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rpcreplay::format::{Format, Replayable, Unreplayable};
use rpcreplay::pairing::Pairing;
use rpcreplay::schema::Schema;

use crate::args::{Limit, SchemaArgs, Verifying};
use crate::destinations::{make_folder, refuse_file_for_folder, refuse_stdout_for_folder};
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::file_names::{compression_of_name, format_of_name, uncompressed};
use crate::output::Output;
use crate::rewrite::{Place, Writing};
use crate::source::{Source, SourceReader};
use crate::target::{self, Destination};

/// How many parts are written at the same time; each takes an open file and a buffer.
const OPEN_PARTS: usize = 64;

/// Cut a recording into parts: by method, by service, or so many calls each
///
/// Each part is a recording of its own, with the initial state, format and compression of the whole one. Calls are kept whole
/// and in order; entries are numbered anew, and what refers to them follows; every other byte of them stays as it was
/// (JSON is written anew, and says the same).
///
/// The parts are named after the recording and what is in them, `calls.google.pubsub.v1.Publisher.Publish.replay` or
/// `calls.003.replay`. A line per part is written to standard output: its name, how many calls it has, and how many entries. Each is
/// read back and compared before it takes its place. A recording that is damaged or would not replay is refused as a whole.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay split --by method calls.replay -o parts/
  rpcreplay split --by calls=100 calls.replay -o parts/")]
pub struct Split {
    /// The recording to read, in any format, compressed with gzip or zstd, or not; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What a part is: the calls of a method, of a service, or N calls in the order in which they begin
    #[arg(long, value_name = "method|service|calls=N", help_heading = "Output")]
    by: By,

    /// Write the parts into this folder, which is made if need be
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: PathBuf,

    #[command(flatten)]
    limit: Limit,

    #[command(flatten)]
    verifying: Verifying,

    #[command(flatten)]
    types: SchemaArgs,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Method,
    Service,
    Calls(NonZeroU64),
}

impl FromStr for By {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "method" => Ok(By::Method),
            "service" => Ok(By::Service),
            _ => text
                .strip_prefix("calls=")
                .and_then(|number| number.parse().ok())
                .map(By::Calls)
                .ok_or("expected `method`, `service`, or `calls=N` with a number from 1 on"),
        }
    }
}

/// A part of the recording.
#[derive(Debug, Default)]
struct Part {
    /// What it is of: a method, a service, or nothing.
    of: String,
    calls: u64,
    entries: u64,
    /// The number of its last entry.
    last: u64,
}

/// Which entry goes where.
#[derive(Debug)]
struct Plan {
    parts: Vec<Part>,
    /// By entry: its part.
    part_of: Vec<u32>,
}

impl Split {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        refuse_stdout_for_folder("split", Some(&self.output));
        refuse_file_for_folder(&self.output)?;
        target::listen_to_signals();
        let sources = self.types.load()?.for_good();
        let schema = &sources.schema;
        let mut source = Source::new(&self.file);
        source.prepare_to_read_twice()?;
        let reader = source.reader(schema, self.limit.options())?;
        let format = reader.format();
        let plan = self.plan(reader, &source.name())?;
        sources.advise(&[]);
        if plan.parts.is_empty() {
            note("rpcreplay: ", &format!("{}: has no calls, so there is nothing to split", source.name()));
            return Ok(Outcome::NothingSelected);
        }
        let names = names(&self.file, format, self.by, &plan.parts);
        if let Some(name) = names.iter().find(|name| self.output.join(name).exists()) {
            return Err(Trouble::new(&name_of(&self.output.join(name)), "is there already")
                .with_hint("name an empty folder: parts of another split would be mistaken for some of this one")
                .into());
        }
        make_folder(&self.output)?;
        self.write(&mut source, &plan, &names, schema)?;
        let mut output = Output::new();
        for (name, part) in names.iter().zip(&plan.parts) {
            let line = format!("{}\t{}\t{}\n", name_of(&self.output.join(name)), part.calls, part.entries);
            output.write(line.as_bytes())?;
        }
        output.flush()?;
        Ok(Outcome::Fine)
    }

    /// Reads the recording for what goes where, and refuses one that would not replay.
    fn plan(&self, mut reader: SourceReader<'_>, name: &str) -> Result<Plan, Trouble> {
        let (mut pairing, mut replayable) = (Pairing::default(), Replayable::default());
        let mut plan = Plan { parts: Vec::new(), part_of: Vec::new() };
        let mut by_name: HashMap<String, u32> = HashMap::new();
        let mut calls = 0;
        let refusal =
            |trouble: Unreplayable| Trouble::new(name, trouble).with_hint("mend it with rpcreplay repair first");
        while let Some(entry) = reader.read().map_err(|error| Trouble::in_recording(name, &error))? {
            let call = pairing.follow(&entry);
            replayable.keep(&entry, call).map_err(refusal)?;
            let first = call.unwrap_or(entry.index());
            let part = if first != entry.index() {
                plan.part_of[first.0 as usize - 1]
            } else {
                let of = match self.by {
                    By::Method => entry.method(),
                    By::Service => entry.method().rsplit_once('/').map_or(entry.method(), |(service, _)| service),
                    By::Calls(_) => "",
                };
                let next = plan.parts.len() as u32;
                let part = match self.by {
                    By::Method | By::Service => *by_name.entry(of.to_owned()).or_insert(next),
                    By::Calls(most) => (calls / most) as u32,
                };
                if part == next {
                    plan.parts.push(Part { of: of.to_owned(), ..Part::default() });
                }
                calls += 1;
                plan.parts[part as usize].calls += 1;
                part
            };
            let found = &mut plan.parts[part as usize];
            found.entries += 1;
            found.last = entry.index().0;
            plan.part_of.push(part);
        }
        replayable.end_recording().map_err(refusal)?;
        Ok(plan)
    }

    /// Reads the recording and writes its parts, as many as may be open; if there are more, reads it again for the rest.
    fn write(&self, source: &mut Source, plan: &Plan, names: &[OsString], schema: &Schema) -> Result<(), Failure> {
        let mut done: HashSet<u32> = HashSet::new();
        while done.len() < plan.parts.len() {
            let done_before = done.len();
            let mut reader = source.reader(schema, self.limit.options())?.keeping_text();
            let mut writing: BTreeMap<u32, (Replayable, Writing<'_>)> = BTreeMap::new();
            let mut postponed: HashSet<u32> = HashSet::new();
            let mut pairing = Pairing::default();
            let name = source.name();
            while let Some(entry) = reader.read().map_err(|error| Trouble::in_recording(&name, &error))? {
                let call = pairing.follow(&entry);
                let number = plan.part_of.get(entry.index().0 as usize - 1).copied();
                let Some(part) = number.filter(|part| !done.contains(part) && !postponed.contains(part)) else {
                    continue;
                };
                if !writing.contains_key(&part) {
                    if writing.len() == OPEN_PARTS {
                        postponed.insert(part);
                        continue;
                    }
                    let destination = Destination::File(self.output.join(&names[part as usize]));
                    let place = Place::new(destination, &self.file, self.verifying.verifies(), NonZeroUsize::MIN);
                    let header = reader.header().clone();
                    writing.insert(part, (Replayable::default(), Writing::new(schema, place, &reader, header)?));
                }
                let Some((replayable, open)) = writing.get_mut(&part) else { continue };
                let kept = replayable.keep(&entry, call).map_err(|trouble| Trouble::new(&name, trouble))?;
                open.add(&kept, &name)?;
                if plan.parts[part as usize].last == entry.index().0
                    && let Some((_, whole)) = writing.remove(&part)
                {
                    whole.put_in_place(&name)?;
                    done.insert(part);
                }
            }
            if !writing.is_empty() || done.len() == done_before {
                return Err(Trouble::new(&name, "was changed while it was split").into());
            }
        }
        Ok(())
    }
}

/// The names of the parts, which no two share, whether capitals count or not.
fn names(file: &Path, format: Format, by: By, parts: &[Part]) -> Vec<OsString> {
    let (stem, ending) = stem_and_ending(file, format);
    let digits = parts.len().to_string().len().max(3);
    let mut taken: HashSet<String> = HashSet::new();
    // By word, without capitals: the number that comes behind it next.
    let mut next: HashMap<String, u64> = HashMap::new();
    let room = LONGEST_NAME_BYTES.saturating_sub(stem.len() + ending.len() + 8).max(8);
    let mut name = |part: &Part, number: usize| {
        let of = match by {
            By::Calls(_) => format!("{number:0digits$}"),
            By::Method | By::Service => word_of(&part.of, room),
        };
        let again = next.entry(of.to_lowercase()).or_insert(2);
        let mut word = of.clone();
        while !taken.insert(word.to_lowercase()) {
            word = format!("{of}-{again}");
            *again += 1;
        }
        let mut name = stem.clone();
        name.push(format!(".{word}{ending}"));
        name
    };
    parts.iter().zip(1..).map(|(part, number)| name(part, number)).collect()
}

/// How long the name of a file may be on nearly every system.
const LONGEST_NAME_BYTES: usize = 255;

/// A method or service as a part of a file name, in so much room. Of a long one the end is kept, where the method stands.
fn word_of(method: &str, room: usize) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let plain = |c: char| match c {
        '/' => '.',
        c if is_plain(c) => c,
        _ => '_',
    };
    let word: String = method.trim_start_matches('/').chars().map(plain).collect();
    let word = &word[word.len().saturating_sub(room)..];
    let word = word.trim_matches('.');
    if word.is_empty() { "no-method".to_owned() } else { word.to_owned() }
}

/// What the name of a recording is without its ending, and that: `.replay`, `.grpcrr.gz`.
fn stem_and_ending(file: &Path, format: Format) -> (OsString, String) {
    let own = if file.as_os_str() == "-" { Path::new("recording") } else { file };
    let own = Path::new(own.file_name().unwrap_or(own.as_os_str()));
    let compressed = match compression_of_name(own).and(own.extension()) {
        Some(ending) => format!(".{}", ending.display()),
        None => String::new(),
    };
    let own = uncompressed(own);
    let ending = match (format_of_name(&own).and(own.extension()), format) {
        (Some(ending), _) => ending.display().to_string(),
        (None, Format::Binary) => "replay".to_owned(),
        (None, Format::Text) => "grpcrr".to_owned(),
        (None, Format::Json) => "json".to_owned(),
        (None, Format::JsonLines) => "jsonl".to_owned(),
    };
    let stem = if format_of_name(&own).is_some() { own.with_extension("") } else { own };
    (stem.into_os_string(), format!(".{ending}{compressed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(file: &str, format: Format, by: By, methods: &[&str]) -> Vec<OsString> {
        let parts: Vec<Part> = methods.iter().map(|of| Part { of: (*of).to_owned(), ..Part::default() }).collect();
        names(Path::new(file), format, by, &parts)
    }

    #[test]
    fn parts_have_names_of_their_own() {
        let methods = ["/a.v1.S/Get", "/a.v1.S/get", "", "/../x y\n", "/a.v1.S.Get"];
        let names = names_of("dir/calls.replay.gz", Format::Binary, By::Method, &methods);
        let expected = [
            "calls.a.v1.S.Get.replay.gz",
            "calls.a.v1.S.get-2.replay.gz",
            "calls.no-method.replay.gz",
            "calls.x_y_.replay.gz",
            "calls.a.v1.S.Get-3.replay.gz",
        ];
        assert_eq!(names, expected);
        let calls = By::Calls(NonZeroU64::MIN);
        assert_eq!(names_of("-", Format::Text, calls, &["", ""]), ["recording.001.grpcrr", "recording.002.grpcrr"]);
        assert_eq!(names_of("a.b", Format::Json, calls, &[""]), ["a.b.001.json"]);
        let long = "/".to_owned() + &"x".repeat(500);
        for stem in ["calls".to_owned(), "c".repeat(200)] {
            let name = &names_of(&format!("{stem}.replay.gz"), Format::Binary, By::Method, &[&long])[0];
            assert!(name.len() <= 255 && name.len() > 240, "{}", name.len());
        }
    }

    #[test]
    fn what_a_part_is_parses() {
        let calls = |number| By::Calls(NonZeroU64::new(number).expect("a number"));
        assert_eq!("method".parse(), Ok(By::Method));
        assert_eq!("calls=12".parse(), Ok(calls(12)));
        for text in ["", "calls", "calls=", "calls=0", "calls=-1", "Method", "3"] {
            assert!(text.parse::<By>().is_err(), "{text}");
        }
    }
}
