//! Findings as compilers write them: [`TextView`].

use rpcreplay::schema::escape_go;

use super::{Counts, Finding, Severity, View};
use crate::render::{Painter, Role};

/// Shows every finding as a line, with the file first:
///
/// ```text
/// calls.replay: error: #5 at byte 1234 /pkg.Service/Method response:payload.data: private key (private-key)
/// calls.txt:17: warning: #5 /pkg.Service/Method: private key (private-key)
/// 1 error, 1 warning in 2 recordings
/// ```
///
/// Editors and CI systems know the beginning of such lines. What is not printable is escaped, line feeds too.
pub struct TextView {
    colors: bool,
}

impl TextView {
    /// A view without a line.
    pub fn new(colors: bool) -> Self {
        TextView { colors }
    }
}

impl View for TextView {
    fn show(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        escape_go(out, finding.file.as_bytes());
        let mut painter = Painter { out, colors: self.colors };
        if let Some(line) = finding.line {
            painter.plain(&format!(":{line}"));
        }
        painter.plain(": ");
        let role = match finding.severity {
            Severity::Error => Role::Error,
            Severity::Warning => Role::Warning,
        };
        painter.words(role, &finding.severity.to_string());
        painter.plain(":");
        let start = painter.out.len();
        if let Some(entry) = finding.entry {
            painter.plain(" ");
            painter.words(Role::Index, &format!("#{entry}"));
            let of_call = finding.of_call();
            if !of_call.is_empty() {
                painter.words(Role::Aside, &of_call);
            }
        }
        // Whoever has lines looks for no byte.
        if let Some(offset) = finding.offset.filter(|_| finding.line.is_none()) {
            painter.plain(" ");
            painter.words(Role::Aside, &format!("at byte {offset}"));
        }
        for (role, name) in [(Role::Method, &finding.method), (Role::Name, &finding.place)] {
            if let Some(name) = name {
                painter.plain(" ");
                painter.short_name(role, name.as_bytes());
            }
        }
        // A selector of a whole message ends with one.
        let has_colon = finding.place.as_deref().is_some_and(|place| place.ends_with(':'));
        if painter.out.len() > start && !has_colon {
            painter.plain(":");
        }
        painter.plain(" ");
        escape_go(painter.out, finding.message.as_bytes());
        painter.plain(" ");
        painter.paint(Role::Aside, |out| {
            out.push(b'(');
            escape_go(out, finding.rule.as_bytes());
            out.push(b')');
        });
        painter.plain("\n");
    }

    fn finish(&mut self, counts: &Counts, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{counts}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::FindingsFormat;
    use super::super::testing::{HOSTILE, finding, hostile, written};
    use super::*;
    use crate::output::is_harmless;

    fn line(finding: &Finding, colors: bool) -> String {
        let mut out = Vec::new();
        TextView::new(colors).show(finding, &mut out);
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn says_what_is_known() {
        let whole = finding();
        let with_line = Finding { line: Some(17), call: Some(4), severity: Severity::Warning, ..finding() };
        let initial = Finding { entry: None, offset: None, method: None, severity: Severity::Warning, ..finding() };
        let file = Finding { place: None, ..initial.clone() };
        let cases = [
            (
                &whole,
                "calls.replay: error: #5 at byte 1234 /pkg.Service/Method response:payload.data: \
                 private key (private-key)\n",
            ),
            (
                &with_line,
                "calls.replay:17: warning: #5 of call #4 /pkg.Service/Method response:payload.data: private key (private-key)\n",
            ),
            (&initial, "calls.replay: warning: response:payload.data: private key (private-key)\n"),
            (&file, "calls.replay: warning: private key (private-key)\n"),
            (
                &Finding { place: Some("request:".to_owned()), ..finding() },
                "calls.replay: error: #5 at byte 1234 /pkg.Service/Method request: private key (private-key)\n",
            ),
        ];
        for (finding, expected) in cases {
            assert_eq!(line(finding, false), expected);
        }
    }

    #[test]
    fn the_last_line_counts() {
        let warning = Finding { severity: Severity::Warning, ..finding() };
        let text = written(FindingsFormat::Text, Vec::new(), &[finding(), warning]);
        assert!(text.ends_with("\n1 error, 1 warning in 1 recording\n"), "{text}");
        assert_eq!(written(FindingsFormat::Text, Vec::new(), &[]), "nothing found in 0 recordings\n");
    }

    #[test]
    fn whatever_it_says_stays_on_its_line() {
        for text in HOSTILE {
            let line = line(&hostile(text), false);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(is_harmless(line.as_bytes()) && !line.contains('\t'), "{line}");
        }
    }

    #[test]
    fn colours_end_before_the_line_does() {
        let coloured = line(&finding(), true);
        assert!(coloured.starts_with("calls.replay: \u{1b}[1m\u{1b}[31merror\u{1b}[0m: #5 "), "{coloured:?}");
        assert!(coloured.ends_with("(private-key)\u{1b}[0m\n"), "{coloured:?}");
    }
}
