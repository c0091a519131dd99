//! `rpcreplay check --explain`: what the rules are about.

use comfy_table::{ContentArrangement, Table};

use rpcreplay::check::{Cause, Checks, Rule, SECRETS, Severity};
use rpcreplay::detect::known;

use super::rules::{HELP_WITH_SECRETS, what_it_finds};
use crate::args::ColorWhen;
use crate::failure::{Failure, Outcome, Trouble};
use crate::output::Output;
use crate::render::{Painter, Role};

/// How wide a text is at most.
const WIDTH: u16 = 80;

/// Tells what a rule is about, and how bad what it finds is in this project; all of them, a line each, if none is named.
pub fn explain(id: &str, mut checks: Checks, color: ColorWhen) -> Result<Outcome, Failure> {
    let mut output = Output::new();
    let mut text = Vec::new();
    let mut painter = Painter { out: &mut text, colors: color.colors() && output.is_terminal() };
    let detector = checks.detectors().names().position(|name| name == id);
    if id.is_empty() {
        list(&checks, &mut painter);
    } else if let Some(rule) = Rule::ALL.into_iter().find(|rule| rule.id() == id) {
        let about = rule.about();
        title(&mut painter, id, severity(&checks, rule), about.summary);
        paragraph(&mut painter, about.explanation);
    } else if let Some(detector) = detector {
        title(&mut painter, id, severity(&checks, Cause::Secret(detector)), &what_it_finds(id));
        let which =
            "One of the detectors, which look into all texts, and what is written in them in base64 or URL-encoded.";
        paragraph(&mut painter, &format!("{which} {HELP_WITH_SECRETS}"));
        let known = known().iter().find(|known| known.name == id);
        if let Some(example) = known.and_then(|known| known.found.first()) {
            painter.plain(&format!("\nIt finds something in: {example}\n"));
        }
    } else if id == SECRETS {
        painter.words(Role::Name, id);
        painter.plain(": what stands for all detectors, whose names follow\n\n");
        paragraph(&mut painter, HELP_WITH_SECRETS);
        painter.plain("\n");
        for name in checks.detectors().names() {
            painter.plain(&format!("{name}\n"));
        }
    } else {
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

fn list(checks: &Checks, painter: &mut Painter<'_>) {
    let rules = Rule::ALL.into_iter().map(|rule| (rule.id(), Cause::Rule(rule), rule.about().summary.to_owned()));
    let detectors = checks.detectors().names().enumerate();
    let detectors = detectors.map(|(detector, name)| (name, Cause::Secret(detector), what_it_finds(name)));
    let lines: Vec<_> = rules.chain(detectors).collect();
    let width = lines.iter().map(|(id, ..)| id.len()).max().unwrap_or_default();
    for (id, cause, summary) in lines {
        line(painter, width, id, severity(checks, cause), &summary);
    }
}

/// How bad what something finds is, in a word.
fn severity(checks: &Checks, cause: impl Into<Cause>) -> &'static str {
    match checks.severity(cause) {
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        None => "off",
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
    match severity {
        "error" => Role::Error,
        "warning" => Role::Warning,
        _ => Role::Aside,
    }
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
