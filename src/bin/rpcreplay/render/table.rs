//! [`Table`]: rows of cells below titles, no wider than the terminal; and rows for programs.

use comfy_table::{CellAlignment, ColumnConstraint, Width, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use rpcreplay::schema::escape_go;

use super::paint::{Painter, Role};

/// How many blanks stand between two columns.
pub const GAP: usize = 2;

/// How many rows are laid out at once: the layout of a row takes kilobytes.
const LAID_OUT_ROWS: usize = 1_000;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// Whether it holds numbers, which are aligned by their last digit.
    pub is_number: bool,
    /// What becomes of it where the table is too wide.
    pub yields: Yields,
}

/// How a column makes room.
#[derive(Debug, Clone, Copy)]
pub enum Yields {
    /// Not at all.
    Never,
    /// It is left out when another column could not be shortened otherwise; those with the smallest numbers first.
    LeftOut(u8),
    /// Its cells are shortened by this function, to the longest form of a given width, or to the shortest there is. What is
    /// still too wide is cut at its end.
    Shortened(fn(&str, usize) -> String),
}

/// A cell: text, and what it is.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    /// A cell in whose text nothing is left that a terminal would obey.
    pub fn new(role: Role, text: &str) -> Cell {
        Cell { text: escaped(text), role }
    }

    /// Its text, with nothing in it that a terminal would obey.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Rows below titles.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: &[Column]) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for every column.
    pub fn add(&mut self, row: impl Into<Vec<Cell>>) {
        self.rows.push(row.into());
    }

    /// Appends the table, in lines that are no wider than `width` where that can be done. A column whose cells are all empty
    /// is left out.
    pub fn show(mut self, width: usize, painter: &mut Painter<'_>) {
        let mut shown: Vec<bool> =
            (0..self.columns.len()).map(|at| self.rows.iter().any(|row| !row[at].text.is_empty())).collect();
        self.fit(width, &mut shown);
        let columns: Vec<(&Column, usize)> = visible(&self.columns, &shown)
            .zip(visible(&self.widths(), &shown))
            .map(|(column, &width)| (column, width))
            .collect();
        let titles: Vec<_> = columns.iter().map(|(column, _)| column.title).collect();
        for line in lay_out(&columns, [titles.into_iter()]) {
            painter.words(Role::Aside, line.trim_end());
            painter.plain("\n");
        }
        for rows in self.rows.chunks(LAID_OUT_ROWS) {
            let cells = rows.iter().map(|row| visible(row, &shown).map(|cell| cell.text.as_str()));
            for (line, row) in lay_out(&columns, cells).zip(rows) {
                let mut rest = line.as_str();
                for cell in visible(row, &shown) {
                    // Between cells there are only blanks, so the first place is the right one.
                    let Some((blanks, behind)) = rest.split_once(cell.text.as_str()) else { continue };
                    painter.plain(blanks);
                    painter.words(cell.role, &cell.text);
                    rest = behind;
                }
                painter.plain("\n");
            }
        }
    }

    /// Leaves columns out and shortens cells, until a line fits or nothing more can be done.
    fn fit(&mut self, width: usize, shown: &mut [bool]) {
        let widths = self.widths();
        let shortened = self.columns.iter().enumerate().find_map(|(at, column)| match column.yields {
            Yields::Shortened(shorten) if shown[at] => Some((at, shorten)),
            Yields::Shortened(_) | Yields::LeftOut(_) | Yields::Never => None,
        });
        let Some((wide, shorten)) = shortened else { return };
        let least = self.width_of(wide, |text| shorten(text, 0).width());
        let left_for = |shown: &[bool]| {
            let others = (0..shown.len()).filter(|&at| shown[at] && at != wide).map(|at| widths[at] + GAP);
            width.saturating_sub(others.sum())
        };
        let mut optional: Vec<(u8, usize)> = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            if let Yields::LeftOut(rank) = column.yields {
                optional.push((rank, at));
            }
        }
        optional.sort_unstable();
        for group in optional.chunk_by(|a, b| a.0 == b.0) {
            if left_for(shown) >= least {
                break;
            }
            for &(_, at) in group {
                shown[at] = false;
            }
        }
        let left = left_for(shown).max(1);
        for row in &mut self.rows {
            let text = &mut row[wide].text;
            if text.width() > left {
                *text = cut(shorten(text, left), left);
            }
        }
    }

    fn widths(&self) -> Vec<usize> {
        (0..self.columns.len()).map(|at| self.width_of(at, |text| text.width())).collect()
    }

    /// The width of the widest cell of a column, its title among them.
    fn width_of(&self, at: usize, width: impl Fn(&str) -> usize) -> usize {
        let title = self.columns[at].title.width();
        self.rows.iter().map(|row| width(&row[at].text)).fold(title, usize::max)
    }
}

/// What is shown of a row, or of the columns.
fn visible<'a, T>(cells: &'a [T], shown: &'a [bool]) -> impl Iterator<Item = &'a T> {
    cells.iter().zip(shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell)
}

/// The lines of some rows, in columns of these widths.
fn lay_out<'a>(
    columns: &[(&Column, usize)],
    rows: impl IntoIterator<Item = impl Iterator<Item = &'a str>>,
) -> impl Iterator<Item = String> {
    let mut layout = comfy_table::Table::new();
    layout.load_style(presets::NOTHING);
    layout.add_rows(rows);
    for ((column, width), of_layout) in columns.iter().zip(layout.column_iter_mut()) {
        let width = u16::try_from(width + GAP).unwrap_or(u16::MAX);
        of_layout.set_padding((0, GAP as u16));
        of_layout.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        of_layout.set_cell_alignment(if column.is_number { CellAlignment::Right } else { CellAlignment::Left });
    }
    layout.lines().collect::<Vec<_>>().into_iter()
}

/// Appends a row for programs: a line whose cells are apart by tabs, `-` for empty ones.
pub fn write_fields<'a>(cells: impl IntoIterator<Item = &'a str>, out: &mut Vec<u8>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(b'\t');
        }
        escape_go(out, if cell.is_empty() { b"-" } else { cell.as_bytes() });
    }
    out.push(b'\n');
}

/// Shortens the name of a method, `/package.Service/Method`, or of a type, `package.Type`.
///
/// Of the package first the words are shortened to their initials, then it is left out, at last the service too. What
/// remains in the end is the name behind the last slash or period.
pub fn shorten_name(name: &str, width: usize) -> String {
    let fits = |name: &String| name.width() <= width;
    let (scope, last) = match name.rfind(['/', '.']) {
        Some(at) if at > 0 => name.split_at(at),
        Some(_) | None => return name.to_owned(),
    };
    let (slash, scope) = scope.strip_prefix('/').map_or(("", scope), |scope| ("/", scope));
    let (package, service) = if last.starts_with('/') {
        scope.rsplit_once('.').map_or(("", scope), |(package, service)| (package, service))
    } else {
        (scope, "")
    };
    let words: Vec<_> = package.split('.').map(initial).collect();
    let initials = words.join(".");
    let period = if package.is_empty() || service.is_empty() { "" } else { "." };
    [
        Some(name.to_owned()),
        Some(format!("{slash}{initials}{period}{service}{last}")),
        (!service.is_empty()).then(|| format!("…{service}{last}")),
        Some(format!("…{last}")),
    ]
    .into_iter()
    .flatten()
    .find(fits)
    .unwrap_or_else(|| last[1..].to_owned())
}

/// The first character of a word in a package; a version is left as it is.
fn initial(word: &str) -> &str {
    let mut characters = word.chars();
    let first = characters.next().map_or(0, char::len_utf8);
    if word.starts_with('v') && characters.next().is_some_and(|second| second.is_ascii_digit()) {
        return word;
    }
    &word[..first]
}

/// The first characters of a text that is wider, up to a width, with `…` in place of the others.
fn cut(text: String, width: usize) -> String {
    if text.width() <= width {
        return text;
    }
    // A character alone may be narrower than before this one, which makes a coloured picture of it.
    let widens = |character| usize::from(character == '\u{fe0f}');
    let mut taken = 0;
    let end = text.char_indices().find(|&(_, character)| {
        taken += character.width().unwrap_or(0) + widens(character);
        taken >= width
    });
    format!("{}…", &text[..end.map_or(text.len(), |(at, _)| at)])
}

fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    escape_go(&mut out, text.as_bytes());
    String::from_utf8(out).expect("what is not UTF-8 was escaped")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(columns: &[Column], rows: &[&[&str]], width: usize, colors: bool) -> String {
        let mut table = Table::new(columns);
        for row in rows {
            table.add(row.iter().map(|text| Cell::new(Role::Bad, text)).collect::<Vec<_>>());
        }
        let mut out = Vec::new();
        table.show(width, &mut Painter { out: &mut out, colors });
        String::from_utf8(out).expect("text")
    }

    const COLUMNS: [Column; 4] = [
        Column { title: "#", is_number: true, yields: Yields::Never },
        Column { title: "METHOD", is_number: false, yields: Yields::Shortened(shorten_name) },
        Column { title: "BYTES", is_number: true, yields: Yields::LeftOut(1) },
        Column { title: "NOTE", is_number: false, yields: Yields::LeftOut(2) },
    ];

    const ROWS: [&[&str]; 2] =
        [&["9", "/a.bcd.v1.Some/Get", "7", "x"], &["10", "/a.bcd.v1.Some/Deleted", "123456", ""]];

    #[test]
    fn a_table_is_as_wide_as_it_may_be() {
        let cases = [
            (
                80,
                " #  METHOD                   BYTES  NOTE\n \
                 9  /a.bcd.v1.Some/Get           7  x\n\
                 10  /a.bcd.v1.Some/Deleted  123456\n",
            ),
            (
                38,
                " #  METHOD                 BYTES  NOTE\n \
                 9  /a.bcd.v1.Some/Get         7  x\n\
                 10  /a.b.v1.Some/Deleted  123456\n",
            ),
            (
                31,
                " #  METHOD          BYTES  NOTE\n \
                 9  …Some/Get           7  x\n\
                 10  …Some/Deleted  123456\n",
            ),
            (27, " #  METHOD      BYTES  NOTE\n 9  …Some/Get       7  x\n10  …/Deleted  123456\n"),
            (25, " #  METHOD    BYTES  NOTE\n 9  …/Get         7  x\n10  Deleted  123456\n"),
            (24, " #  METHOD         NOTE\n 9  …Some/Get      x\n10  …Some/Deleted\n"),
            (13, " #  METHOD\n 9  …Some/Get\n10  …/Deleted\n"),
            (9, " #  METHOD\n 9  …/Get\n10  Dele…\n"),
            (0, " #  METHOD\n 9  …\n10  …\n"),
        ];
        for (width, expected) in cases {
            assert_eq!(shown(&COLUMNS, &ROWS, width, false), expected, "{width}");
        }
    }

    #[test]
    fn cells_are_coloured_where_they_stand() {
        let shown = shown(&COLUMNS[..2], &[&["1", "1"], &["10", "0\n"]], 80, true);
        let red = |text: &str| format!("\u{1b}[1m\u{1b}[31m{text}\u{1b}[0m");
        let expected =
            format!("\u{1b}[2m #  METHOD\u{1b}[0m\n {}  {}\n{}  {}\n", red("1"), red("1"), red("10"), red("0\\n"));
        assert_eq!(shown, expected);
    }

    #[test]
    fn blanks_at_the_end_of_a_cell_are_its_own() {
        assert_eq!(
            shown(&COLUMNS[..2], &[&["1", "a "], &["2", " b"], &["3", ""]], 80, false),
            "#  METHOD\n1  a \n2   b\n3\n"
        );
    }

    #[test]
    fn names_are_shortened_from_their_package_on() {
        for (name, width, expected) in [
            ("/google.pubsub.v1.Publisher/CreateTopic", 40, "/google.pubsub.v1.Publisher/CreateTopic"),
            ("/google.pubsub.v1.Publisher/CreateTopic", 38, "/g.p.v1.Publisher/CreateTopic"),
            ("/google.pubsub.v1.Publisher/CreateTopic", 28, "…Publisher/CreateTopic"),
            ("/google.pubsub.v1.Publisher/CreateTopic", 21, "…/CreateTopic"),
            ("/google.pubsub.v1.Publisher/CreateTopic", 12, "CreateTopic"),
            ("/google.pubsub.v1.Publisher/CreateTopic", 3, "CreateTopic"),
            ("google.pubsub.v1.Topic", 21, "g.p.v1.Topic"),
            ("google.pubsub.v1.Topic", 11, "….Topic"),
            ("google.pubsub.v1.Topic", 6, "Topic"),
            ("/Service/Method", 14, "…/Method"),
            ("/Method", 3, "/Method"),
            ("Method", 3, "Method"),
            ("", 3, ""),
        ] {
            assert_eq!(shorten_name(name, width), expected, "{name} {width}");
        }
    }

    #[test]
    fn what_is_cut_is_no_wider_than_it_may_be() {
        for (text, width, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("漢字漢字", 4, "漢…"),
            ("漢字漢字", 5, "漢字…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("☁\u{fe0f}☁\u{fe0f}", 3, "☁\u{fe0f}…"),
            ("☁\u{fe0f}☁\u{fe0f}", 2, "☁…"),
        ] {
            assert_eq!(cut(text.to_owned(), width), expected, "{text} {width}");
            assert!(expected.width() <= width);
        }
    }

    /// A quadratic search would not end within a minute.
    #[test]
    fn cutting_is_not_slow_on_characters_without_a_width() {
        let long = "\u{301}".repeat(1_000_000) + "abc";
        assert_eq!(cut(long, 2).chars().count(), 1_000_002);
    }

    #[test]
    fn rows_for_programs_are_lines() {
        let mut out = Vec::new();
        write_fields(["a\tb\n", "", "\u{1b}[2J"], &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "a\\tb\\n\t-\t\\x1b[2J\n");
    }
}
