//! Why no recorded call answers, as people read it.

use rpcreplay::compare::Change;
use rpcreplay::replay::{Miss, Near, Why};

use crate::render::{BytesForm, Painter, Role, ValueOptions, show};

/// How many differences of a call are shown.
const SHOWN_CHANGES: usize = 8;

/// How values are shown.
const OPTIONS: ValueOptions = ValueOptions { bytes: BytesForm::Text, max_bytes: Some(200) };

/// Appends why no recorded call answers, and in what those that come near differ from what was sent. `files` are the names of the
/// recordings.
pub fn explain(miss: &Miss, files: &[String], painter: &mut Painter<'_>) {
    let (first, shows_changes) = match &miss.why {
        Why::Different | Why::NotNext => (miss.reason(), true),
        Why::Used => (miss.reason(), false),
        // No call comes near, and close names are all that there is.
        Why::UnknownMethod(_) | Why::OtherShape | Why::NoneLeft | Why::Refused(_) => (miss.to_string(), false),
    };
    painter.name(Role::Bad, first.as_bytes());
    painter.plain("\n");
    for near in &miss.nearest {
        painter.indent(1);
        painter.words(Role::Index, &format!("#{}", near.call.first));
        if let Some(method) = &near.method {
            painter.plain(" ");
            painter.short_name(Role::Method, method.as_bytes());
        }
        if let Some(file) = files.get(near.call.recording).filter(|_| files.len() > 1) {
            painter.plain(" of ");
            painter.name(Role::Name, file.as_bytes());
        }
        if let Some(number) = near.used_by {
            painter.words(Role::Aside, &format!(", has answered call {number}"));
        }
        painter.plain("\n");
        if shows_changes {
            changes_of(near, painter);
        }
    }
}

/// Appends what to do about a miss, if something can be done on the command line.
pub fn show_hint(miss: &Miss) -> Option<String> {
    let near = miss.nearest_of_method().filter(|_| miss.why == Why::Different)?;
    let selectors = near.selectors();
    // What says nothing of a field can't be ignored.
    let can_be_ignored = |selector: &&str| selector.split_once(':').is_some_and(|(_, path)| !path.is_empty());
    if selectors.is_empty() || selectors.len() > SHOWN_CHANGES || !selectors.iter().all(can_be_ignored) {
        return None;
    }
    // As shells quote it.
    let quoted = |selector: &str| selector.replace('\'', "'\\''");
    let flags: Vec<String> = selectors.iter().map(|selector| format!("--ignore '{}'", quoted(selector))).collect();
    Some(format!("if they may differ: {}", flags.join(" ")))
}

fn changes_of(near: &Near, painter: &mut Painter<'_>) {
    for change in near.changes.iter().take(SHOWN_CHANGES) {
        painter.indent(2);
        painter.short_name(Role::Name, change.path.as_bytes());
        if let Some(path) = change.json_path.as_deref().filter(|path| !path.is_empty()) {
            painter.plain(" ");
            painter.short_name(Role::Name, path.as_bytes());
        }
        painter.plain(": ");
        match (&change.old, &change.new) {
            (Some(old), Some(new)) => {
                show(old, Role::Removed, OPTIONS, painter);
                painter.words(Role::Aside, " was recorded, ");
                show(new, Role::Added, OPTIONS, painter);
                painter.words(Role::Aside, " was sent");
            }
            (Some(old), None) => {
                show(old, Role::Removed, OPTIONS, painter);
                painter.words(Role::Aside, " was recorded, and not sent");
            }
            (None, Some(new)) => {
                show(new, Role::Added, OPTIONS, painter);
                painter.words(Role::Aside, " was sent, and not recorded");
            }
            (None, None) => painter.words(Role::Aside, "differs"),
        }
        if let Change { is_unknown: true, .. } = change {
            painter.words(Role::Aside, " (fields that the descriptor does not know)");
        }
        painter.plain("\n");
    }
    if let Some(more) = near.changes.len().checked_sub(SHOWN_CHANGES).filter(|more| *more > 0) {
        painter.indent(2);
        painter.words(Role::Aside, &format!("… {more} more\n"));
    }
}
