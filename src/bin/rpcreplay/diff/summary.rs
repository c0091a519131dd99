//! A comparison in a line, and all of them in one.

use rpcreplay::compare::RuleId;
use rpcreplay::diff::{Counts, Noise, Report};
use rpcreplay::schema::escape_go;

use super::{Compared, Shown, View};
use crate::failure::Trouble;

/// How many recordings there are of which sort.
#[derive(Debug, Default)]
pub struct Totals {
    /// Those that differ in more than noise.
    pub different: u64,
    /// Those that differ in noise alone.
    pub noise: u64,
    /// Those that say the very same.
    pub same: u64,
    /// Those that only the old side has.
    pub removed: u64,
    /// Those that only the new side has.
    pub added: u64,
    /// Those that can't be read.
    pub unreadable: u64,
}

impl Totals {
    /// Counts a comparison.
    pub fn add(&mut self, compared: &Compared) {
        let of_sort = match (&compared.report, &compared.old) {
            (None, Some(_)) => &mut self.removed,
            (None, None) => &mut self.added,
            (Some(report), _) if report.is_different() => &mut self.different,
            (Some(report), _) if report.has_noise() => &mut self.noise,
            (Some(_), _) => &mut self.same,
        };
        *of_sort += 1;
    }

    /// How many recordings were compared.
    pub fn all(&self) -> u64 {
        self.different + self.noise + self.same + self.removed + self.added + self.unreadable
    }

    /// In words.
    pub fn words(&self) -> String {
        let all = self.all();
        let mut words = format!("{all} recording{}: {} changed", if all == 1 { "" } else { "s" }, self.different);
        for (count, what) in [
            (self.added, "added"),
            (self.removed, "removed"),
            (self.unreadable, "unreadable"),
            (self.noise, "with nothing but noise"),
            (self.same, "the same"),
        ] {
            if count > 0 {
                words += &format!(", {count} {what}");
            }
        }
        words
    }
}

/// How two recordings differ, in words.
pub fn words(compared: &Compared) -> String {
    let Some(report) = &compared.report else {
        return match (&compared.old, &compared.new) {
            (Some(old), _) => format!("removed, {}", calls(old.calls.len() as u64)),
            (_, new) => format!("added, {}", calls(new.as_ref().map_or(0, |new| new.calls.len()) as u64)),
        };
    };
    let Counts { old: _, new, same, noise, renamed, changed, removed, added, moved, concurrent } = report.counts;
    if !report.is_different() && !report.has_noise() {
        let renamed = if compared.old_name.is_some() && compared.is_one_of_many { "renamed, " } else { "" };
        return format!("{renamed}no difference in {}", calls(new));
    }
    let sorts = [(changed, "changed"), (added, "added"), (removed, "removed")];
    let mut sorts = sorts.into_iter().filter(|(count, _)| *count > 0);
    let mut words = match sorts.next() {
        None => "no calls changed".to_owned(),
        Some((count, what)) => format!("{} {what}", calls(count)),
    };
    let mut add = |count: u64, what: &str| {
        if count > 0 {
            words += &format!(", {count} {what}");
        }
    };
    for (count, what) in sorts {
        add(count, what);
    }
    add(renamed, if renamed == 1 { "differs only in names" } else { "differ only in names" });
    add(noise, if noise == 1 { "differs only in noise" } else { "differ only in noise" });
    add(moved, "moved");
    if concurrent > 0 && concurrent == moved {
        words += " among concurrent calls";
    } else if concurrent > 0 {
        words += &format!(" ({concurrent} of them among concurrent calls)");
    }
    if same > 0 {
        words += &format!(", {same} the same");
    }
    if report.initial.iter().any(|change| change.rule.is_none()) {
        words += ", initial state changed";
    }
    words
}

/// A number of calls.
pub fn calls(count: u64) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

/// How much was folded by which rule, in words; nothing if nothing was.
pub fn folded(report: &Report, noise: &Noise) -> String {
    let total: u64 = report.folded.iter().map(|(_, count)| count).sum();
    let shown = |&(rule, count): &(RuleId, u64)| {
        // It may come from anybody's project file.
        let mut name = Vec::new();
        escape_go(&mut name, noise.rule(rule).name.as_bytes());
        format!("{} {count}", String::from_utf8_lossy(&name))
    };
    let rules: Vec<_> = report.folded.iter().map(shown).collect();
    match total {
        0 => String::new(),
        1 => format!("1 value folded as noise: {}", rules.join(", ")),
        total => format!("{total} values folded as noise: {}", rules.join(", ")),
    }
}

/// Names of recordings that differ, and nothing else.
pub struct Brief {
    /// Whether a terminal is watching.
    pub escapes: bool,
}

impl View for Brief {
    fn show(&mut self, Shown { compared, .. }: &Shown<'_>, out: &mut Vec<u8>) {
        if !compared.is_different() {
            return;
        }
        match self.escapes {
            true => escape_go(out, compared.name.as_bytes()),
            false => out.extend_from_slice(compared.name.as_bytes()),
        }
        out.push(b'\n');
    }

    fn unreadable(&mut self, _: &Trouble, _: &mut Vec<u8>) {}

    fn finish(&mut self, _: &Totals, _: &mut Vec<u8>) {}
}
