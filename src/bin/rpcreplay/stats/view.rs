//! What counts look like: a [`Report`] of them, as a [`View`] shows it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use unicode_width::UnicodeWidthStr;

use rpcreplay::schema::Code;
use rpcreplay::stats::Counts;

use super::counting::Counted;
use super::{By, Sort};
use crate::args::{ColorWhen, TableFormat};
use crate::json_object::{Object, put_object};
use crate::output::terminal_width;
use crate::render::{Cell, Column, GAP, Painter, Role, Table, Yields, in_units, shorten_name, write_fields};

/// How many codes of failed calls people are shown of a row; of more, the most frequent ones, and how many calls failed otherwise.
const SHOWN_CODES: usize = 3;

/// How wide it may be how calls ended before it yields to other columns: `OK 1, INVALID_ARGUMENT 1`.
const ENDS_WIDTH: usize = 24;

/// Where in a row stands how its calls ended.
const ENDS: usize = 3;

/// How counts are shown.
pub enum View {
    /// As a table on a terminal.
    People { colors: bool },
    /// In fields apart by tabs.
    Fields,
    /// As one JSON document.
    Json,
}

/// Rows of counts.
pub struct Report<'c> {
    counted: &'c Counted,
    by: By,
    sort: Sort,
    /// Names with what was counted of them, in order.
    rows: Vec<(String, Counts)>,
    total: Counts,
}

impl View {
    /// The view of a format.
    pub fn new(format: TableFormat, color: ColorWhen) -> View {
        match format {
            TableFormat::Json => View::Json,
            TableFormat::Table if io::stdout().is_terminal() => View::People { colors: color.colors() },
            TableFormat::Table => View::Fields,
        }
    }
}

impl<'c> Report<'c> {
    /// Sorted rows of what was counted.
    pub fn new(counted: &'c Counted, by: By, sort: Sort) -> Self {
        let owned = |(name, counts): (&str, &Counts)| (name.to_owned(), counts.clone());
        let methods = counted.new_stats().methods.iter().map(|(method, counts)| (&**method, counts));
        let mut rows: Vec<_> = match by {
            By::Method => methods.map(owned).collect(),
            By::Service => by_service(methods).into_iter().collect(),
            By::File => counted.files().map(owned).collect(),
        };
        rows.sort_by(|(a, a_counts), (b, b_counts)| {
            sort.number(b_counts).cmp(&sort.number(a_counts)).then_with(|| a.cmp(b))
        });
        Report { counted, by, sort, rows, total: counted.new_stats().total() }
    }

    /// Appends the report, of all that is there or of a selection.
    pub fn show(&self, view: &View, is_everything: bool, out: &mut Vec<u8>) {
        match view {
            View::People { colors } => self.show_table(is_everything, &mut Painter { out, colors: *colors }),
            View::Fields => {
                let rows = self.rows.iter().map(|(name, counts)| (name.as_str(), counts));
                for (name, counts) in rows.chain([("total", &self.total)]) {
                    write_fields(self.fields(name, counts).iter().map(String::as_str), out);
                }
            }
            View::Json => {
                put_object(out, |object| self.write_json(object));
                out.push(b'\n');
            }
        }
    }

    fn show_table(&self, is_everything: bool, painter: &mut Painter<'_>) {
        if self.rows.is_empty() {
            painter.words(Role::Aside, if is_everything { "no calls\n" } else { "nothing matches the selection\n" });
            return;
        }
        let (title, shorten): (_, fn(&str, usize) -> String) = match self.by {
            By::Method => ("METHOD", shorten_name),
            By::Service => ("SERVICE", shorten_name),
            By::File => ("FILE", shorten_path),
        };
        let mut columns = COLUMNS;
        (columns[0].title, columns[0].yields) = (title, Yields::Shortened(shorten));
        // What rows are sorted by is seen.
        for at in self.sort.columns() {
            columns[*at].yields = Yields::Never;
        }
        let role = if self.by == By::File { Role::Index } else { Role::Method };
        let mut rows: Vec<_> =
            self.rows.iter().map(|(name, counts)| self.cells(Cell::new(role, or_dash(name)), counts)).collect();
        rows.push(self.cells(Cell::new(Role::Aside, "total"), &self.total));
        let width = terminal_width();
        let room = room_for_ends(&columns, &rows, shorten, width);
        let counts = self.rows.iter().map(|(_, counts)| counts).chain([&self.total]);
        for (row, counts) in rows.iter_mut().zip(counts) {
            row[ENDS] = Cell::new(role_of_ends(counts), &ends_within(counts, room));
        }
        let mut table = Table::new(&columns);
        rows.into_iter().for_each(|row| table.add(row));
        table.show(width, painter);
        let recordings = self.counted.recordings();
        if recordings > 1 {
            painter.words(Role::Aside, &format!("in {recordings} recordings\n"));
        }
    }

    /// What people see of a row, before it is known how much can be said of how calls ended.
    fn cells(&self, name: Cell, counts: &Counts) -> Vec<Cell> {
        let plain = |text: &str| Cell::new(Role::Index, text);
        let Counts { calls, streams, sent, received, largest, .. } = counts;
        vec![
            name,
            plain(&calls.to_string()),
            // Where there are no streams at all, nothing is said of them.
            plain(&if self.total.streams == 0 { String::new() } else { streams.to_string() }),
            plain(""),
            plain(&sent.messages.to_string()),
            plain(&in_units(sent.bytes)),
            plain(&received.messages.to_string()),
            plain(&in_units(received.bytes)),
            plain(&largest.map_or_else(String::new, |largest| in_units(largest.bytes))),
        ]
    }

    /// The fields of a row for programs.
    fn fields(&self, name: &str, counts: &Counts) -> Vec<String> {
        let mut fields = vec![name.to_owned()];
        fields.extend(numbers(counts));
        fields.extend(match counts.largest {
            Some(largest) => {
                let file = self.counted.name(largest.recording).to_owned();
                [largest.bytes.to_string(), file, largest.entry.to_string()]
            }
            None => Default::default(),
        });
        fields
    }

    fn write_json(&self, object: &mut Object<'_>) {
        object.number("recordings", self.counted.recordings() as u64);
        let (rows, row) = match self.by {
            By::Method => ("methods", "method"),
            By::Service => ("services", "service"),
            By::File => ("files", "file"),
        };
        object.list(rows, &self.rows, |object, (name, counts)| {
            if !name.is_empty() {
                object.string(row, name);
            }
            write_counts(object, counts, self.counted);
        });
        object.object("total", |object| write_counts(object, &self.total, self.counted));
    }
}

const COLUMNS: [Column; 9] = [
    Column { title: "METHOD", is_number: false, yields: Yields::Shortened(shorten_name) },
    Column { title: "CALLS", is_number: true, yields: Yields::Never },
    Column { title: "STREAMS", is_number: true, yields: Yields::LeftOut(1) },
    Column { title: "STATUS", is_number: false, yields: Yields::LeftOut(5) },
    Column { title: "SENT", is_number: true, yields: Yields::LeftOut(4) },
    Column { title: "BYTES", is_number: true, yields: Yields::LeftOut(3) },
    Column { title: "RECV", is_number: true, yields: Yields::LeftOut(4) },
    Column { title: "BYTES", is_number: true, yields: Yields::LeftOut(3) },
    Column { title: "LARGEST", is_number: true, yields: Yields::LeftOut(2) },
];

impl Sort {
    /// The number that rows are sorted by; by name there is none.
    fn number(self, counts: &Counts) -> Option<u64> {
        match self {
            Sort::Method => None,
            Sort::Calls => Some(counts.calls),
            Sort::Streams => Some(counts.streams),
            Sort::Failed => Some(counts.failed() + counts.without_status),
            Sort::Messages => Some(counts.messages().messages),
            Sort::Bytes => Some(counts.messages().bytes),
            Sort::Largest => counts.largest.map(|largest| largest.bytes),
        }
    }

    /// Where in a row that stands.
    fn columns(self) -> &'static [usize] {
        match self {
            Sort::Method | Sort::Calls => &[],
            Sort::Streams => &[2],
            Sort::Failed => &[ENDS],
            Sort::Messages => &[4, 6],
            Sort::Bytes => &[5, 7],
            Sort::Largest => &[8],
        }
    }
}

/// The methods of each service together.
fn by_service<'c>(methods: impl Iterator<Item = (&'c str, &'c Counts)>) -> BTreeMap<String, Counts> {
    let mut services: BTreeMap<String, Counts> = BTreeMap::new();
    for (method, counts) in methods {
        let service = method.rsplit_once('/').map_or("", |(service, _)| service.trim_start_matches('/'));
        services.entry(service.to_owned()).or_default().merge(counts);
    }
    services
}

/// The numbers of a row for programs, without the largest message: calls, streams, how they ended, messages and bytes each way.
pub fn numbers(counts: &Counts) -> [String; 7] {
    let Counts { calls, streams, sent, received, .. } = counts;
    [
        calls.to_string(),
        streams.to_string(),
        ends(counts, usize::MAX),
        sent.messages.to_string(),
        sent.bytes.to_string(),
        received.messages.to_string(),
        received.bytes.to_string(),
    ]
}

/// Appends counts as members of a JSON object.
pub fn write_counts(object: &mut Object<'_>, counts: &Counts, counted: &Counted) {
    object.number("calls", counts.calls);
    object.number("streams", counts.streams);
    object.number("failed", counts.failed());
    object.object("statuses", |object| {
        for (code, calls) in &counts.statuses {
            object.number(&code.to_string(), *calls);
        }
    });
    object.number("unfinished", counts.unfinished);
    object.number("unknownShapes", counts.unknown_shapes);
    object.number("withoutStatus", counts.without_status);
    object.number("unpairedEntries", counts.unpaired_entries);
    for (direction, traffic) in [("sent", counts.sent), ("received", counts.received)] {
        object.number(&format!("{direction}Messages"), traffic.messages);
        object.number(&format!("{direction}Bytes"), traffic.bytes);
    }
    if let Some(largest) = counts.largest {
        object.object("largest", |object| {
            object.number("bytes", largest.bytes);
            object.string("file", counted.name(largest.recording));
            object.number("entry", largest.entry.0);
        });
    }
}

/// How calls ended, in numbers, each with its name.
pub fn ends_by_name(counts: &Counts) -> Vec<(String, u64)> {
    let mut codes: Vec<_> = counts.statuses.iter().map(|(code, calls)| (*code, *calls)).collect();
    codes.sort_by_key(|(code, calls)| (*code != Code::OK, Reverse(*calls), *code));
    let codes = codes.into_iter().map(|(code, calls)| (code.to_string(), calls));
    let others = [
        ("unfinished", counts.unfinished),
        ("no status", counts.without_status),
        ("unpaired", counts.unpaired_entries),
    ];
    codes.chain(others.map(|(name, number)| (name.to_owned(), number))).filter(|(_, number)| *number > 0).collect()
}

/// How calls ended, in words, with at most so many codes beside OK.
fn ends(counts: &Counts, shown_codes: usize) -> String {
    let mut ends = ends_by_name(counts);
    let ok = usize::from(counts.statuses.contains_key(&Code::OK));
    let failures = counts.statuses.len() - ok;
    if failures > shown_codes {
        let left_out = ends.drain(ok + shown_codes..ok + failures).map(|(_, calls)| calls).sum();
        let words = if shown_codes == 0 { "failed" } else { "other failures" };
        ends.insert(ok + shown_codes, (words.to_owned(), left_out));
    }
    ends.iter().map(|(name, number)| format!("{name} {number}")).collect::<Vec<_>>().join(", ")
}

/// How much room there is for how calls ended, so that all other columns are there and names can be told apart.
fn room_for_ends(columns: &[Column], rows: &[Vec<Cell>], shorten: fn(&str, usize) -> String, width: usize) -> usize {
    let width_of = |at: usize| {
        let text = |row: &Vec<Cell>| if at == 0 { shorten(row[at].text(), 0).width() } else { row[at].text().width() };
        rows.iter().map(text).fold(columns[at].title.width(), usize::max) + GAP
    };
    // A column without anything in it is not there.
    let is_there = |at: &usize| rows.iter().any(|row| !row[*at].text().is_empty());
    let others: usize = (0..columns.len()).filter(|at| *at != ENDS).filter(is_there).map(width_of).sum();
    width.saturating_sub(others).max(ENDS_WIDTH)
}

/// How calls ended, with as many codes as there is room for, or at least how many of them ended well, how many failed, and how many entries or
/// calls are neither.
fn ends_within(counts: &Counts, width: usize) -> String {
    let fits = |words: &String| words.width() <= width;
    (0..=SHOWN_CODES).rev().map(|codes| ends(counts, codes)).find(fits).unwrap_or_else(|| {
        let ok = counts.statuses.get(&Code::OK).copied().unwrap_or(0);
        let others = counts.unfinished + counts.without_status + counts.unpaired_entries;
        let named = [("OK", ok), ("failed", counts.failed()), ("others", others)];
        let named = named.into_iter().filter(|(_, number)| *number > 0);
        named.map(|(name, number)| format!("{name} {number}")).collect::<Vec<_>>().join(", ")
    })
}

fn role_of_ends(counts: &Counts) -> Role {
    if counts.failed() > 0 || counts.without_status > 0 {
        Role::Bad
    } else if counts.unfinished > 0 || counts.unpaired_entries > 0 {
        Role::Mark
    } else {
        Role::Good
    }
}

/// What people see in the place of a name that is not there.
pub fn or_dash(name: &str) -> &str {
    if name.is_empty() { "-" } else { name }
}

/// Shortens a path: folders are left out, from the first on.
fn shorten_path(path: &str, width: usize) -> String {
    let behind = |at: usize| format!("…{}", &path[at..]);
    let shortened = path.match_indices('/').map(|(at, _)| behind(at));
    let is_short = |text: &String| text.width() <= width;
    let last = path.rfind('/').map_or_else(|| path.to_owned(), behind);
    [path.to_owned()].into_iter().chain(shortened).find(is_short).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_named_by_their_number() {
        let codes = [(0, 12), (3, 1), (5, 3), (10, 1), (99, 4)];
        let counts = |codes: &[(i32, u64)]| Counts {
            calls: codes.iter().map(|(_, calls)| calls).sum(),
            statuses: codes.iter().map(|&(code, calls)| (Code(code), calls)).collect(),
            ..Counts::default()
        };
        assert_eq!(ends(&counts(&codes), usize::MAX), "OK 12, 99 4, NOT_FOUND 3, INVALID_ARGUMENT 1, ABORTED 1");
        assert_eq!(ends(&counts(&codes), 3), "OK 12, 99 4, NOT_FOUND 3, INVALID_ARGUMENT 1, other failures 1");
        assert_eq!(ends(&counts(&codes[1..]), 1), "99 4, other failures 5");
        assert_eq!(ends(&counts(&codes[..4]), 3), "OK 12, NOT_FOUND 3, INVALID_ARGUMENT 1, ABORTED 1");
        for (width, expected) in [
            (50, "OK 12, NOT_FOUND 3, INVALID_ARGUMENT 1, ABORTED 1"),
            (40, "OK 12, NOT_FOUND 3, other failures 2"),
            (15, "OK 12, failed 5"),
            (0, "OK 12, failed 5"),
        ] {
            assert_eq!(ends_within(&counts(&codes[..4]), width), expected);
        }
        let unusual = Counts { unfinished: 2, without_status: 1, unpaired_entries: 3, ..counts(&[(0, 1)]) };
        assert_eq!(ends(&unusual, 3), "OK 1, unfinished 2, no status 1, unpaired 3");
        assert_eq!(ends(&Counts::default(), 3), "");
    }

    #[test]
    fn paths_lose_their_first_folders() {
        for (width, expected) in
            [(20, "a/long/path/x.replay"), (19, "…/path/x.replay"), (14, "…/x.replay"), (3, "…/x.replay")]
        {
            assert_eq!(shorten_path("a/long/path/x.replay", width), expected);
        }
        assert_eq!(shorten_path("x.replay", 3), "x.replay");
    }

    #[test]
    fn services_are_all_but_the_last_word_of_methods() {
        let counts = Counts { calls: 1, ..Counts::default() };
        let methods = ["/a.B/C", "/a.B/D", "/a.B/x/D", "bare", ""];
        let services = by_service(methods.iter().map(|method| (*method, &counts)));
        let calls: Vec<_> = services.iter().map(|(service, counts)| (service.as_str(), counts.calls)).collect();
        assert_eq!(calls, [("", 2), ("a.B", 2), ("a.B/x", 1)]);
    }
}
