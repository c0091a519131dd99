//! Findings as GitHub Actions takes them from what a step writes: [`GithubView`].

use rpcreplay::schema::escape_go;

use super::{Counts, Finding, Severity, View};

/// Shows every finding as a workflow command, which becomes an annotation of the file:
///
/// ```text
/// ::error file=calls.replay,line=1,title=private-key::#5 /pkg.Service/Method response:payload.data: private key
/// ```
///
/// GitHub shows ten errors, ten warnings and ten notices of a step, and leaves out the rest.
///
/// Source: "Workflow commands for GitHub Actions"; what is escaped how is that of the runner's `ActionCommand`.
pub struct GithubView;

impl View for GithubView {
    fn show(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        // Without a line GitHub shows nothing beside the file, and a binary recording has none.
        let line = finding.line.unwrap_or(1);
        out.extend_from_slice(format!("::{command} file=").as_bytes());
        // Annotations are matched with paths in the repository, which do not begin so.
        escape(out, finding.file.strip_prefix("./").unwrap_or(&finding.file), PROPERTY);
        out.extend_from_slice(format!(",line={line},title=").as_bytes());
        escape(out, &finding.rule, PROPERTY);
        out.extend_from_slice(b"::");
        escape(out, &finding.sentence(), MESSAGE);
        out.push(b'\n');
    }

    fn finish(&mut self, _: &Counts, _: &mut Vec<u8>) {}
}

/// What the runner reads as an escape in a message.
const MESSAGE: &[char] = &['%', '\r', '\n'];

/// What it reads as one in a property, which a comma ends, as two colons end all of them.
const PROPERTY: &[char] = &['%', '\r', '\n', ':', ','];

/// Appends a text with the escapes that the runner undoes. Whatever else is not printable is escaped as in other text:
/// logs show colours.
fn escape(out: &mut Vec<u8>, text: &str, escaped: &[char]) {
    for part in text.split_inclusive(escaped) {
        let plain = part.trim_end_matches(escaped);
        escape_go(out, plain.as_bytes());
        for byte in part[plain.len()..].bytes() {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FindingsFormat;
    use super::super::testing::{HOSTILE, finding, hostile, written};
    use super::*;
    use crate::output::is_harmless;

    fn line(finding: &Finding) -> String {
        written(FindingsFormat::Github, Vec::new(), std::slice::from_ref(finding))
    }

    /// What the runner reads in a line: the command, its properties, and the message.
    ///
    /// Source: `ActionCommand.TryParseV2` of the runner.
    fn read(line: &str) -> (String, Vec<(String, String)>, String) {
        let unescape = |text: &str, escapes: &[(&str, &str)]| {
            escapes.iter().fold(text.to_owned(), |text, (escape, character)| text.replace(escape, character))
        };
        let (command, message) = line.strip_prefix("::").and_then(|line| line.split_once("::")).expect("a command");
        let (name, properties) = command.split_once(' ').expect("properties");
        let properties = properties.split(',').map(|property| {
            let (name, value) = property.split_once('=').expect("a value");
            let escapes = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
            (name.to_owned(), unescape(value, &escapes))
        });
        (name.to_owned(), properties.collect(), unescape(message, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]))
    }

    #[test]
    fn names_file_line_and_rule() {
        let with_line = Finding { line: Some(17), severity: Severity::Warning, place: None, ..finding() };
        let warning = Finding {
            file: "./calls.replay".to_owned(),
            entry: None,
            method: None,
            severity: Severity::Warning,
            ..finding()
        };
        let cases = [
            (
                finding(),
                "::error file=calls.replay,line=1,title=private-key::\
                 #5 /pkg.Service/Method response:payload.data: private key\n",
            ),
            (with_line, "::warning file=calls.replay,line=17,title=private-key::#5 /pkg.Service/Method: private key\n"),
            (warning, "::warning file=calls.replay,line=1,title=private-key::response:payload.data: private key\n"),
        ];
        for (finding, expected) in cases {
            assert_eq!(line(&finding), expected);
        }
        assert_eq!(written(FindingsFormat::Github, Vec::new(), &[]), "");
    }

    #[test]
    fn escapes_as_the_runner_unescapes() {
        let cases = [
            ("100%", "100%25", "100%25"),
            ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
            ("a,b::c", "a%2Cb%3A%3Ac", "a,b::c"),
            ("%0A::error::", "%250A%3A%3Aerror%3A%3A", "%250A::error::"),
            ("\u{1b}[31m\t", "\\x1b[31m\\t", "\\x1b[31m\\t"),
            ("é 😀", "é 😀", "é 😀"),
        ];
        for (text, property, message) in cases {
            for (escaped, expected) in [(PROPERTY, property), (MESSAGE, message)] {
                let mut out = Vec::new();
                escape(&mut out, text, escaped);
                assert_eq!(String::from_utf8_lossy(&out), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn nothing_becomes_another_command() {
        for text in HOSTILE {
            let line = line(&hostile(text));
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(is_harmless(line.as_bytes()), "{line}");
            let (name, properties, message) = read(line.trim_end_matches('\n'));
            // Only what the runner does not undo is other than it was.
            let mut shown = Vec::new();
            for part in text.split_inclusive(['\r', '\n']) {
                let plain = part.trim_end_matches(['\r', '\n']);
                escape_go(&mut shown, plain.as_bytes());
                shown.extend_from_slice(&part.as_bytes()[plain.len()..]);
            }
            let shown = String::from_utf8(shown).expect("it is text");
            assert_eq!(name, "error");
            let expected = [("file", &*shown), ("line", "1"), ("title", &shown)];
            assert!(properties.iter().map(|(name, value)| (&**name, &**value)).eq(expected), "{properties:?}");
            assert_eq!(message, format!("#5 {shown} {shown}: {shown}"));
        }
    }
}
