//! `rpcreplay check --explain`: what the rules are about.

use comfy_table::{ContentArrangement, Table};

use rpcreplay::check::{Rule, SECRETS};
use rpcreplay::detect::known;

use super::rules::{HELP_WITH_SECRETS, all_detectors};
use crate::args::ColorWhen;
use crate::failure::{Failure, Outcome, Trouble};
use crate::output::Output;
use crate::render::{Painter, Role};

/// How wide a text is at most.
const WIDTH: u16 = 80;

/// Tells what a rule is about; all of them, a line each, if none is named.
pub fn explain(id: &str, color: ColorWhen) -> Result<Outcome, Failure> {
    let mut output = Output::new();
    let mut text = Vec::new();
    let mut painter = Painter { out: &mut text, colors: color.colors() && output.is_terminal() };
    if id.is_empty() {
        list(&mut painter);
    } else if let Some(rule) = Rule::ALL.into_iter().find(|rule| rule.id() == id) {
        let about = rule.about();
        title(&mut painter, id, &about.severity.to_string(), about.summary);
        paragraph(&mut painter, about.explanation);
    } else if let Some(detector) = known().iter().find(|detector| detector.name == id) {
        title(&mut painter, id, "warning", detector.what);
        let which =
            "One of the detectors, which look into all texts, and what is written in them in base64 or URL-encoded.";
        paragraph(&mut painter, &format!("{which} {HELP_WITH_SECRETS}"));
        if let Some(example) = detector.found.first() {
            painter.plain(&format!("\nIt finds something in: {example}\n"));
        }
    } else if id == SECRETS {
        title(&mut painter, id, "warning", "what stands for all detectors, whose names follow");
        paragraph(&mut painter, HELP_WITH_SECRETS);
        for detector in known() {
            painter.plain(&format!("{}\n", detector.name));
        }
    } else {
        let mut checks = rpcreplay::check::Checks::new(all_detectors(&[]));
        let unknown = checks.set(id, None).expect_err("it is none of them");
        let hint = match unknown.close.first() {
            Some(close) => format!("did you mean `{close}`? --explain without a name lists all rules"),
            None => "--explain without a name lists all rules".to_owned(),
        };
        return Err(Trouble::new("--explain", unknown).with_hint(hint).into());
    }
    output.write(&text)?;
    output.flush()?;
    Ok(Outcome::Fine)
}

fn list(painter: &mut Painter<'_>) {
    let width = Rule::ALL.iter().map(|rule| rule.id().len()).chain(known().iter().map(|known| known.name.len())).max();
    let width = width.unwrap_or_default();
    for rule in Rule::ALL {
        let about = rule.about();
        line(painter, width, about.id, &about.severity.to_string(), about.summary);
    }
    for detector in known() {
        line(painter, width, detector.name, "warning", detector.what);
    }
}

fn line(painter: &mut Painter<'_>, width: usize, id: &str, severity: &str, summary: &str) {
    painter.words(Role::Name, id);
    painter.plain(&" ".repeat(width - id.len() + 2));
    painter.words(role_of(severity), severity);
    painter.plain(&format!("{}{summary}\n", " ".repeat("warning".len() - severity.len() + 2)));
}

fn title(painter: &mut Painter<'_>, id: &str, severity: &str, summary: &str) {
    painter.words(Role::Name, id);
    painter.plain(" (");
    painter.words(role_of(severity), severity);
    painter.plain(&format!("): {summary}\n\n"));
}

fn role_of(severity: &str) -> Role {
    if severity == "error" { Role::Error } else { Role::Warning }
}

/// A text in lines that are not too long.
fn paragraph(painter: &mut Painter<'_>, text: &str) {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.add_row([text]);
    for line in table.lines() {
        painter.plain(line.trim());
        painter.plain("\n");
    }
}
