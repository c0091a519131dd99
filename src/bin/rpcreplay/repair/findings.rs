//! What was found out about a damaged recording: [`Findings`].

use std::collections::BTreeMap;
use std::fmt::Write;

use rpcreplay::entry::{Entry, EntryIndex, Kind};
use rpcreplay::pairing::EntrySet;
use rpcreplay::repair::Gap;
use rpcreplay::schema::Schema;

use crate::failure::note;

/// What can be kept of a recording, and what can't, and why.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many entries there are.
    pub entries: u64,
    /// How many of them are kept.
    pub kept: u64,
    calls: u64,
    keeps: EntrySet,
    /// By the number of its first entry: the last entry that is kept of a stream.
    streams: BTreeMap<u64, u64>,
    /// The numbers of entries that are damaged, in runs; which calls they belong to nobody knows.
    damaged: Runs,
    /// By reason: the numbers of the entries that are left out for it, in runs.
    left_out: BTreeMap<String, Runs>,
    /// The numbers of entries whose byte counts were put right, in runs.
    pub corrected_counts: Runs,
    /// Damage behind which reading goes on.
    pub gaps: Vec<Gap>,
    /// Whether there may be more of it, which was not looked behind.
    pub has_more_gaps: bool,
    /// The numbers of entries that begin calls and name no method, in runs.
    without_method: Runs,
    /// The numbers of entries whose types nobody knows, in runs.
    unknown_types: Runs,
    /// What ends the recording before its end.
    pub end: Option<String>,
}

impl Findings {
    /// Whether an entry is kept.
    pub fn keeps(&self, entry: &Entry) -> bool {
        self.keeps.contains(entry.index().0)
    }

    /// Notes what is odd about an entry that may be kept all the same.
    pub fn look_at(&mut self, entry: &Entry, schema: &Schema) {
        let index = entry.index().0;
        if matches!(entry.kind(), Kind::Request | Kind::CreateStream) && entry.method().is_empty() {
            push(&mut self.without_method, index);
        }
        if entry
            .payload()
            .fields()
            .0
            .is_some_and(|any| !any.type_url.is_empty() && schema.resolve(any.type_url).is_err())
        {
            push(&mut self.unknown_types, index);
        }
    }

    /// Adds a gap in a recording in which those before it have been bridged.
    pub fn add_gap(&mut self, gap: Gap) {
        const LENGTH_BYTES: u64 = 4;
        let bridged = |gap: &Gap| match gap {
            Gap::Length { .. } => 0,
            Gap::Lost { entries, bytes, .. } => *bytes as i64 - (LENGTH_BYTES * entries) as i64,
        };
        let before: i64 = self.gaps.iter().map(bridged).sum();
        self.gaps.push(match gap {
            Gap::Length { .. } => gap,
            Gap::Lost { first, entries, is_certain, offset, bytes } => {
                Gap::Lost { first, entries, is_certain, offset: offset.saturating_add_signed(before), bytes }
            }
        });
    }

    /// Whether an entry was lost, and another stands in its place.
    pub fn is_lost(&self, index: u64) -> bool {
        self.gaps.iter().any(|gap| gap.has_lost(index))
    }

    /// Whether nobody can tell what an entry refers to.
    pub fn hides_reference(&self, entry: &Entry) -> bool {
        self.gaps.iter().any(|gap| gap.hides(entry.index().0, entry.ref_index()))
    }

    /// Keeps an entry of a call.
    pub fn keep(&mut self, entry: &Entry, call: EntryIndex) {
        let index = entry.index();
        self.keeps.insert(index.0);
        self.kept += 1;
        self.calls += u64::from(call == index);
        match entry.kind() {
            // One that could not be opened is whole.
            Kind::CreateStream if entry.payload().fields().1 => {}
            Kind::CreateStream | Kind::Send | Kind::Recv => drop(self.streams.insert(call.0, index.0)),
            Kind::Request | Kind::Response | Kind::Unspecified | Kind::Unknown(_) => {}
        }
    }

    /// Leaves an entry out that is damaged.
    pub fn damaged(&mut self, index: u64, reason: String) {
        push(&mut self.damaged, index);
        self.leave_out(index, reason);
    }

    /// Streams that go on behind damage, in runs of the numbers of their first entries.
    fn streams_around_damage(&self) -> Runs {
        let lost = |gap: &Gap| match gap {
            Gap::Length { .. } => None,
            Gap::Lost { first, entries, .. } => Some((*first, first + entries - 1)),
        };
        let mut gone: Runs = self.gaps.iter().filter_map(lost).chain(self.damaged.iter().copied()).collect();
        gone.sort_unstable();
        let mut around = Runs::new();
        for (&first, &last) in &self.streams {
            let next = gone.partition_point(|&(_, end)| end < first);
            if gone.get(next).is_some_and(|&(start, _)| start < last) {
                push(&mut around, first);
            }
        }
        around
    }

    /// Whether something of the recording is damaged.
    pub fn has_damage(&self) -> bool {
        self.end.is_some() || !self.gaps.is_empty() || !self.damaged.is_empty()
    }

    /// The streams that were opened, and of which nothing else is kept.
    pub fn bare_streams(&self) -> Vec<u64> {
        self.streams.iter().filter(|(first, last)| first == last).map(|(first, _)| *first).collect()
    }

    /// The first entry of a call that was kept, and of which nothing else is, is not to be.
    pub fn take_back(&mut self, first: u64) {
        self.streams.remove(&first);
        self.keeps.remove(first);
        self.kept -= 1;
        self.calls -= 1;
    }

    /// Leaves an entry out.
    pub fn leave_out(&mut self, index: u64, reason: String) {
        push(self.left_out.entry(reason).or_default(), index);
    }

    /// Says what is wrong.
    pub fn tell(&self, name: &str) {
        let say = |words: &str| note("rpcreplay: ", &format!("{name}: {words}"));
        let kept_of = |found: &Runs| {
            let all = found.iter().flat_map(|&(first, last)| first..=last);
            runs(all.filter(|&number| self.keeps.contains(number)))
        };
        let corrected = kept_of(&self.corrected_counts);
        if !corrected.is_empty() {
            say(&format!("corrected: the byte count of {}", numbers(&corrected)));
        }
        for gap in &self.gaps {
            match gap {
                Gap::Length { entry } => say(&format!("corrected: the length in front of entry {entry}")),
                Gap::Lost { first, entries, is_certain, offset, bytes } => {
                    let lost = numbers(&[(*first, first + entries - 1)]);
                    let more = if *is_certain { "" } else { " and maybe more" };
                    say(&format!("lost: {lost}{more}, in {bytes} damaged bytes from byte {offset} on"));
                }
            }
        }
        let mut left_out: Vec<_> = self.left_out.iter().collect();
        left_out.sort_by_key(|(_, runs)| runs.first());
        for (reason, runs) in left_out {
            say(&format!("left out: {}: {reason}", numbers(runs)));
        }
        for (odd, words) in [
            (&self.without_method, "names no method, so that no call can match it"),
            (&self.unknown_types, "has a type that no source knows, so that its message is not checked"),
        ] {
            let odd = kept_of(odd);
            if !odd.is_empty() {
                let each = if is_one(&odd) { "" } else { "each " };
                say(&format!("kept: {}: {each}{words}", numbers(&odd)));
            }
        }
        let streams = self.streams_around_damage();
        if !streams.is_empty() {
            let whose = if is_one(&streams) { "the stream of" } else { "the streams of" };
            say(&format!("{whose} {} may lack some of these", numbers(&streams)));
        }
        if let Some(end) = &self.end {
            say(&format!("ends here: {end}"));
            if self.has_more_gaps {
                let gaps = self.gaps.len();
                say(&format!("is damaged in more than {gaps} places, and what lies behind that was not looked at"));
            }
        }
    }

    /// What is kept, in a line.
    pub fn summary(&self, is_dry_run: bool) -> String {
        let kept = if is_dry_run { "would keep" } else { "kept" };
        let calls = if self.calls == 1 { "1 call".to_owned() } else { format!("{} calls", self.calls) };
        let before = if self.end.is_some() { " before that" } else { "" };
        format!("{kept} {} of {} entries{before}, {calls}", self.kept, self.entries)
    }
}

/// Numbers of entries in order, neighbours together.
pub type Runs = Vec<(u64, u64)>;

fn push(runs: &mut Runs, number: u64) {
    match runs.last_mut() {
        Some((_, last)) if *last + 1 == number => *last = number,
        _ => runs.push((number, number)),
    }
}

pub fn runs(numbers: impl Iterator<Item = u64>) -> Runs {
    let mut runs = Runs::new();
    numbers.for_each(|number| push(&mut runs, number));
    runs
}

/// Whether it is one number.
fn is_one(runs: &[(u64, u64)]) -> bool {
    matches!(runs, [(first, last)] if first == last)
}

/// Numbers of entries in words.
fn numbers(runs: &[(u64, u64)]) -> String {
    let mut words = if is_one(runs) { "entry ".to_owned() } else { "entries ".to_owned() };
    for (place, (first, last)) in runs.iter().enumerate() {
        words += if place > 0 { ", " } else { "" };
        // Writing to a string does not fail.
        let _ = match last - first {
            0 => write!(words, "{first}"),
            1 => write!(words, "{first}, {last}"),
            _ => write!(words, "{first}..{last}"),
        };
    }
    words
}
