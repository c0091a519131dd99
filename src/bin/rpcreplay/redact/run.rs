//! The loop of `rpcreplay redact`: a recording is read for the values that are to be replaced, and again to replace them.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use rpcreplay::entry::{Entry, EntryIndex, Kind};
use rpcreplay::pairing::{EntrySet, Methods, Pairing};
use rpcreplay::recording::Header;
use rpcreplay::redact::{Change, Learner, Redacted, Redactor, Refusal, Replacements, Rules, Values};
use rpcreplay::schema::Schema;

use super::Redact;
use super::map::{Earlier, Map};
use super::report::Report;
use crate::batches::options_of;
use crate::destinations::refuse_other_format;
use crate::failure::{Failure, Outcome, Trouble, name_of, report};
use crate::fingerprint::Identifier;
use crate::folders::{Recognized, Recording, recordings};
use crate::rewrite::{Place, Writing};
use crate::source::{Source, SourceReader};
use crate::target::Destination;

/// What all recordings are redacted with.
pub struct Redaction<'a> {
    pub rules: &'a Rules,
    pub schema: &'a Schema,
}

impl Redact {
    /// Redacts, shows what would be redacted, or checks that nothing is left to be.
    pub(super) fn redact(&self) -> Result<Outcome, Failure> {
        let sources = self.types.load()?.for_good();
        let rules = self.rules.load(sources.project())?;
        let recordings = recordings(&self.paths, Recognized::ByContentOrName)?;
        self.refuse_other_outputs(&recordings)?;
        let map = match &self.map {
            None => None,
            // What writes nothing makes no map, either.
            Some(path) if self.check => Some(Map::read(path)?),
            Some(path) if self.dry_run => path.exists().then(|| Map::read(path)).transpose()?,
            Some(path) => Some(Map::open(path)?),
        };
        let redaction = Redaction { rules: &rules, schema: &sources.schema };
        let outcome = if self.check {
            self.check(&redaction, &recordings, map)
        } else {
            self.write(&redaction, &recordings, map)
        };
        sources.advise(&[]);
        outcome
    }

    /// Writes what was redacted, or shows what would be.
    fn write(
        &self,
        redaction: &Redaction<'_>,
        recordings: &[Recording],
        mut map: Option<Map>,
    ) -> Result<Outcome, Failure> {
        let destinations = match self.dry_run {
            true => recordings.iter().map(|_| Destination::Stdout).collect(),
            false => self.outputs.destinations("redact", &self.paths, recordings)?,
        };
        let tells_all = recordings.len() == 1;
        let mut all = Report::new(redaction.rules, self.dry_run, tells_all, self.report.as_deref())?;
        let mut outcome = Outcome::Fine;
        for (recording, destination) in recordings.iter().zip(destinations) {
            match self.write_one(redaction, recording, &destination, &mut all, map.as_mut()) {
                Ok(()) => {}
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
                Err(Failure::Trouble(trouble)) => {
                    report(&trouble);
                    all.fail()?;
                    outcome = Outcome::Reported;
                }
            }
        }
        all.finish(self.map.is_some(), outcome == Outcome::Fine, redaction.schema)?;
        Ok(outcome)
    }

    fn write_one(
        &self,
        redaction: &Redaction<'_>,
        recording: &Recording,
        destination: &Destination,
        all: &mut Report<'_>,
        map: Option<&mut Map>,
    ) -> Result<(), Failure> {
        let mut source = Source::new(&recording.path);
        let name = source.name();
        let earlier = map.as_ref().map(|map| map.earlier.clone());
        let learnt = self.learn(redaction, &mut source, &recording.path, earlier.as_deref())?;
        let reader = source.reader(redaction.schema, self.limit.options())?.keeping_text();
        if !self.dry_run {
            refuse_other_format(destination, reader.format())?;
        }
        let mut redactor = Redactor::new(redaction.rules, redaction.schema, &learnt.replacements);
        let header = reader.header().clone();
        let (initial, changes) = redactor
            .redact_initial(&header.initial)
            .map_err(|refusal| refused(redaction.rules, &name, None, &refusal))?;
        let header = Header { initial: initial.into() };
        let place = Place {
            needs_entries: false,
            keeps_compression: self.outputs.in_place,
            ..Place::new(destination.clone(), &recording.path, self.verifying.verifies(), self.threads())
        };
        let writing = (!self.dry_run).then(|| Writing::new(redaction.schema, place, &reader, header.clone()));
        let mut writing = writing.transpose()?;
        let mut told = all.begin(&name)?;
        told.initial(&changes)?;
        let identifier = Identifier::new(redaction.schema, options_of(&reader).is_exact(), true);
        let written = map
            .filter(|_| !self.dry_run)
            .map(|map| map.begin(&recording.path, destination, (redaction.rules, identifier)));
        let mut written = written.transpose()?;
        if let Some(written) = &mut written {
            written.initial(&reader.header().initial, &header.initial, &changes)?;
        }
        let made = Made::new(redaction.schema, &reader, earlier.as_deref());
        each_redacted(redaction.rules, (reader, made), &name, (&mut redactor, &learnt), |entry, method, redacted| {
            told.entry(entry, method, redacted)?;
            if let Some(written) = &mut written {
                written.entry(entry, redacted)?;
            }
            match &mut writing {
                Some(writing) => writing.add(&redacted.entry, &name),
                None => Ok(()),
            }
        })?;
        told.met(&learnt.met(&redactor));
        if let Some(written) = written {
            written.finish()?;
        }
        // What is compressed would be written otherwise, and say the same.
        if let Some(writing) = writing.filter(|_| !self.outputs.in_place || told.has_changes()) {
            writing.put_in_place(&name)?;
        }
        told.end()
    }

    /// Refuses to write a report or a map over a recording, or over each other.
    fn refuse_other_outputs(&self, recordings: &[Recording]) -> Result<(), Trouble> {
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let others = [("--report", &self.report), ("--map", &self.map)];
        let mut taken: Vec<(PathBuf, String)> =
            recordings.iter().map(|recording| (real(&recording.path), "a recording that is read".to_owned())).collect();
        taken.extend(self.outputs.output.iter().map(|path| (real(path), "what --output names".to_owned())));
        for (flag, path) in others {
            let Some(path) = path else { continue };
            if path.as_os_str() == "-" {
                return Err(Trouble::new(flag, "needs the name of a file: recordings go to standard output"));
            }
            if let Some((_, what)) = taken.iter().find(|(other, _)| *other == real(path)) {
                return Err(Trouble::new(&name_of(path), format!("is {what}, and can't be written by {flag}"))
                    .with_hint("name another file"));
            }
            taken.push((real(path), format!("what {flag} names")));
        }
        Ok(())
    }

    /// Reads a recording for the values that are to be replaced wherever they stand.
    pub(super) fn learn(
        &self,
        redaction: &Redaction<'_>,
        source: &mut Source,
        path: &Path,
        earlier: Option<&Earlier>,
    ) -> Result<Learnt, Failure> {
        let rules = redaction.rules;
        let done = earlier.map(|earlier| earlier.done(path, rules)).unwrap_or_default();
        let (mut values, mut learnt, mut met) = (Values::default(), None, Vec::new());
        if rules.needs_first_pass() {
            source.prepare_to_read_twice()?;
            let name = source.name();
            let mut reader = source.reader(redaction.schema, self.limit.options())?;
            let mut learner = Learner::new(rules, redaction.schema);
            learner.learn_initial(&reader.header().initial);
            let mut made = Made::new(redaction.schema, &reader, earlier);
            let mut touched = EntrySet::default();
            let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
            while let Some(entry) = reader.read().map_err(|error| Trouble::in_recording(&name, &error))? {
                let call = pairing.follow(&entry);
                let method = methods.follow(&entry, call);
                let learnt = match made.contains(&entry) {
                    true => learner.learn_made(&entry, method),
                    false => learner.learn(&entry, method),
                };
                if learnt.map_err(|refusal| refused(rules, &name, Some(&entry), &refusal))? {
                    touched.insert(entry.index().0);
                }
            }
            met = learner.met().to_vec();
            values = learner.into_values();
            learnt = Some(touched);
        }
        let replacements = rules.replacements(values, done);
        let replacements =
            replacements.map_err(|error| Trouble::new(&source.name(), &error).with_hint(error.unfit.hint()))?;
        Ok(Learnt { replacements, touched: learnt, met })
    }

    pub(super) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

/// What the first pass over a recording has learnt.
pub struct Learnt {
    pub replacements: Replacements,
    /// The entries that are to be looked into again, whether there are copies in them or not; all, if there was no such pass.
    pub touched: Option<EntrySet>,
    /// By rule: whether it has selected something, or its detectors were asked.
    pub met: Vec<bool>,
}

impl Learnt {
    /// Nothing: there was no first pass.
    pub fn nothing(replacements: Replacements) -> Learnt {
        Learnt { replacements, touched: None, met: Vec::new() }
    }

    /// By rule: whether it has selected something, or its detectors were asked, in either pass.
    pub fn met(&self, redactor: &Redactor<'_>) -> Vec<bool> {
        let in_first = self.met.iter().copied().chain(std::iter::repeat(false));
        redactor.met().iter().zip(in_first).map(|(met, in_first)| *met || in_first).collect()
    }

    /// Whether an entry is to be looked into again.
    fn concerns(&self, entry: &Entry) -> bool {
        let is_touched = self.touched.as_ref().is_none_or(|touched| touched.contains(entry.index().0));
        is_touched || self.replacements.may_be_in_entry(entry)
    }
}

/// The entries that earlier runs have made, as a map says.
pub struct Made<'a>(Option<(&'a Earlier, Identifier<'a>)>);

impl<'a> Made<'a> {
    /// Those of a recording that is read.
    pub fn new(schema: &'a Schema, reader: &SourceReader<'_>, earlier: Option<&'a Earlier>) -> Self {
        Made(earlier.map(|earlier| (earlier, Identifier::new(schema, options_of(reader).is_exact(), true))))
    }

    fn contains(&mut self, entry: &Entry) -> bool {
        let fingerprint = |(earlier, identifier): &mut (&Earlier, Identifier<'_>)| {
            earlier.has_made(entry.index().0, identifier.fingerprint(entry))
        };
        self.0.as_mut().is_some_and(fingerprint)
    }
}

/// Redacts the entries of a recording, one after the other.
pub fn each_redacted(
    rules: &Rules,
    (mut reader, mut made): (SourceReader<'_>, Made<'_>),
    name: &str,
    (redactor, learnt): (&mut Redactor<'_>, &Learnt),
    mut on: impl FnMut(&Entry, &str, &Redacted) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut pairing, mut methods) = (Pairing::default(), Methods::default());
    while let Some(entry) = reader.read().map_err(|error| Trouble::in_recording(name, &error))? {
        let call = pairing.follow(&entry);
        let method = methods.follow(&entry, call);
        let redacted = match learnt.concerns(&entry) {
            false => Ok(Redacted::unchanged(&entry)),
            true if made.contains(&entry) => redactor.redact_made(&entry, method),
            true => redactor.redact(&entry, method),
        };
        let redacted = redacted.map_err(|refusal| refused(rules, name, Some(&entry), &refusal))?;
        on(&entry, method, &redacted)?;
    }
    Ok(())
}

/// Trouble with an entry, or the initial state, that can't be redacted.
pub fn refused(rules: &Rules, name: &str, entry: Option<&Entry>, refusal: &Refusal) -> Trouble {
    let place = entry.map(|entry| format!("entry {} at byte {}: ", entry.index(), entry.offset())).unwrap_or_default();
    let (rule, hint) = match refusal {
        Refusal::Uninspected(uninspected) => {
            let what = if uninspected.type_name.is_empty() { "*" } else { &uninspected.type_name };
            (
                None,
                format!("if nothing in it is secret, pass it on without a look into it: --allow-uninspected '{what}'"),
            )
        }
        Refusal::Unfit { rule, unfit, .. } => (Some(*rule), unfit.hint().to_owned()),
        Refusal::SameKeys => (None, "use pseudonym, which keeps different values different".to_owned()),
        Refusal::TooLong => (None, "use shorter replacements".to_owned()),
    };
    let rule = rule.map(|rule| format!("rule `{}`: ", rules.rules()[rule].name)).unwrap_or_default();
    Trouble::new(name, format!("{place}{rule}{refusal}")).with_hint(hint)
}

/// The calls of which something that the program sends was replaced.
#[derive(Debug, Default)]
pub struct Sent {
    calls: EntrySet,
    first: Vec<(EntryIndex, String)>,
    count: u64,
}

/// How many calls are named.
const NAMED_CALLS: usize = 3;

impl Sent {
    /// Notes what was replaced in an entry.
    pub fn add(&mut self, entry: &Entry, method: &str, changes: &[Change]) {
        let call = match entry.kind() {
            Kind::Request | Kind::CreateStream => entry.index(),
            Kind::Send => EntryIndex(u64::try_from(entry.ref_index()).unwrap_or_default()),
            Kind::Response | Kind::Recv | Kind::Unspecified | Kind::Unknown(_) => return,
        };
        if changes.iter().all(Change::is_of_metadata) || self.calls.contains(call.0) {
            return;
        }
        self.calls.insert(call.0);
        self.count += 1;
        if self.first.len() < NAMED_CALLS {
            self.first.push((call, method.to_owned()));
        }
    }

    /// How many there are, and the first of them; nothing if there are none.
    pub fn words(&self) -> Option<String> {
        let named: Vec<_> = self.first.iter().map(|(call, method)| format!("#{call} {method}")).collect();
        let more = if self.count > self.first.len() as u64 { ", …" } else { "" };
        let calls = if self.count == 1 { "call sends" } else { "calls send" };
        let (named, count) = (named.join(", "), self.count);
        (count > 0).then(|| format!("{count} {calls} what was redacted: {named}{more}"))
    }
}
