//! The project file, `rpcreplay.toml`: what a project says once, for every command.
//!
//! Turns text into a [`Config`], and knows neither environment nor working directory: paths are as they stand in the file,
//! and whoever opened it knows what they are relative to.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name of the file.
pub const CONFIG_FILE_NAME: &str = "rpcreplay.toml";

/// What a project file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Its section `[schema]`.
    pub schema: SchemaConfig,
    /// Its section `[diff]`.
    pub diff: DiffConfig,
}

/// Where message types come from; each key is a path or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaConfig {
    /// Descriptor sets: `protoset`.
    pub protoset: Vec<Setting>,
    /// `.proto` files: `proto`.
    pub proto: Vec<Setting>,
    /// The directories that `proto` files and their imports are looked for in: `proto-path`.
    pub proto_path: Vec<Setting>,
    /// Compiled Go programs: `go-binary`.
    pub go_binary: Vec<Setting>,
}

/// What a comparison folds; each key but the last is a string or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffConfig {
    /// Profiles: `profile`, each `volatile`, `none` or the path of a file.
    pub profile: Vec<Setting>,
    /// What is ignored: `ignore`.
    pub ignore: Vec<Setting>,
    /// What alone matters: `only`.
    pub only: Vec<Setting>,
    /// Lists that are sets: `unordered`.
    pub unordered: Vec<Setting>,
    /// Lists whose elements are told by a field: `key`, each as `SELECTOR=FIELD`.
    pub key: Vec<Setting>,
    /// Rules beside those of the profiles: `[[diff.rule]]`.
    pub rules: Vec<RuleConfig>,
}

/// A rule by which differences are folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleConfig {
    /// What it is called: `name`.
    pub name: String,
    /// What it folds, in a line: `what`.
    pub what: String,
    /// Why it is noise: `evidence`.
    pub evidence: String,
    /// Where: `select`, selectors.
    pub select: Vec<Setting>,
}

/// A string in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key that it stands behind.
    pub key: &'static str,
    /// The string.
    pub value: String,
    /// The line it stands in, counted from 1.
    pub line: usize,
}

impl Config {
    /// Parses a project file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for what is no TOML, for a key that is not known, and for a value of another type than its key has.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let file = parse_table(text)?;
        let line_starts = line_starts(text);
        let mut root = Section::of_file(text, &line_starts, &file);
        let mut config = Config::default();
        if let Some(mut section) = root.section("schema")? {
            config.schema = SchemaConfig {
                protoset: section.strings("protoset")?,
                proto: section.strings("proto")?,
                proto_path: section.strings("proto-path")?,
                go_binary: section.strings("go-binary")?,
            };
            section.finish()?;
            if let ([first, ..], []) = (&*config.schema.proto_path, &*config.schema.proto) {
                let message = "`proto-path` is for `proto`, which is not there".to_owned();
                return Err(ConfigError { line: first.line, column: 1, message, hint: None });
            }
        }
        if let Some(mut section) = root.section("diff")? {
            config.diff = DiffConfig {
                profile: section.strings("profile")?,
                ignore: section.strings("ignore")?,
                only: section.strings("only")?,
                unordered: section.strings("unordered")?,
                key: section.strings("key")?,
                rules: section.rules()?,
            };
            section.finish()?;
        }
        root.finish()?;
        Ok(config)
    }
}

/// Parses a file that holds nothing but rules, each a `[[rule]]`.
///
/// # Errors
///
/// As for [`Config::parse`].
pub fn parse_rules(text: &str) -> Result<Vec<RuleConfig>, ConfigError> {
    let file = parse_table(text)?;
    let line_starts = line_starts(text);
    let mut root = Section::of_file(text, &line_starts, &file);
    let rules = root.rules()?;
    root.finish()?;
    Ok(rules)
}

fn parse_table(text: &str) -> Result<Spanned<DeTable<'_>>, ConfigError> {
    DeTable::parse(text).map_err(|error| {
        ConfigError::at(text, error.span().map_or(0, |span| span.start), error.message().replace('\n', ", "))
    })
}

fn line_starts(text: &str) -> Vec<usize> {
    [0].into_iter().chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1)).collect()
}

/// A table of the file; the keys that were asked for are those that it may have.
struct Section<'t> {
    text: &'t str,
    /// Where the lines of the text begin.
    line_starts: &'t [usize],
    /// What it is called, unless it is the whole file.
    name: Option<&'static str>,
    table: &'t DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    fn of_file(text: &'t str, line_starts: &'t [usize], file: &'t Spanned<DeTable<'t>>) -> Self {
        Section { text, line_starts, name: None, table: file.get_ref(), known: Vec::new() }
    }

    /// The rules of its `[[rule]]`.
    fn rules(&mut self) -> Result<Vec<RuleConfig>, ConfigError> {
        let Some(value) = self.get("rule") else { return Ok(Vec::new()) };
        let DeValue::Array(values) = value.get_ref() else {
            return Err(self.mismatch("rule", value, "tables, each under `[[rule]]`"));
        };
        let rule = |value: &'t Spanned<DeValue<'t>>| {
            let DeValue::Table(table) = value.get_ref() else {
                return Err(self.mismatch("rule", value, "tables, each under `[[rule]]`"));
            };
            let mut section = Section { name: Some("rule"), table, known: vec![], ..*self };
            let rule = RuleConfig {
                name: section.string("name")?,
                what: section.string("what")?,
                evidence: section.string("evidence")?,
                select: section.strings("select")?,
            };
            section.finish()?;
            let start = value.span().start;
            if rule.name.is_empty() {
                return Err(ConfigError::at(self.text, start, "a rule needs a `name`".to_owned()));
            }
            if rule.select.is_empty() {
                return Err(ConfigError::at(self.text, start, format!("rule `{}` needs `select`", rule.name)));
            }
            Ok(rule)
        };
        values.iter().map(rule).collect()
    }

    /// The string behind a key; empty if there is none.
    fn string(&mut self, key: &'static str) -> Result<String, ConfigError> {
        match self.get(key) {
            None => Ok(String::new()),
            Some(value) => match value.get_ref() {
                DeValue::String(string) => Ok(string.to_string()),
                _ => Err(self.mismatch(key, value, "a string")),
            },
        }
    }

    fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.table.get(key)
    }

    /// The section inside with this name.
    fn section(&mut self, key: &'static str) -> Result<Option<Section<'t>>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.get_ref() {
                DeValue::Table(table) => Ok(Some(Section { name: Some(key), table, known: vec![], ..*self })),
                _ => Err(self.mismatch(key, value, "a section")),
            },
        }
    }

    /// The string behind a key, or the strings of a list.
    fn strings(&mut self, key: &'static str) -> Result<Vec<Setting>, ConfigError> {
        const EXPECTED: &str = "a string or a list of strings";
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let of_one = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::String(string) if string.is_empty() => {
                Err(ConfigError::at(self.text, value.span().start, format!("`{key}` names nothing")))
            }
            DeValue::String(string) => {
                let line = self.line_starts.partition_point(|&start| start <= value.span().start);
                Ok(Setting { key, value: string.to_string(), line })
            }
            _ => Err(self.mismatch(key, value, EXPECTED)),
        };
        match value.get_ref() {
            DeValue::Array(values) => values.iter().map(of_one).collect(),
            _ => Ok(vec![of_one(value)?]),
        }
    }

    fn mismatch(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> ConfigError {
        let found = value.get_ref().type_str();
        ConfigError::at(
            self.text,
            value.span().start,
            format!("`{key}` has a value of type {found}, expected {expected}"),
        )
    }

    /// Refuses what was not asked for.
    fn finish(self) -> Result<(), ConfigError> {
        let unknown = self.table.keys().find(|key| !self.known.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown else { return Ok(()) };
        let (what, place) = match self.name {
            None => ("section", String::new()),
            Some(name) => ("key", format!(" in [{name}]")),
        };
        let found = key.get_ref().escape_debug();
        let known: Vec<_> = self.known.iter().map(|key| format!("`{key}`")).collect();
        let message = format!("unknown {what} `{found}`{place}, expected {}", alternatives(&known));
        let close = self.known.iter().filter(|known| strsim::osa_distance(key.get_ref(), known) <= 2);
        let hint = close.map(|known| format!("did you mean `{known}`?")).next();
        Err(ConfigError { hint, ..ConfigError::at(self.text, key.span().start, message) })
    }
}

fn alternatives(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

/// What is wrong with a project file.
///
/// It is displayed as line, column and reason, which makes it a place that editors know once the name of the file and a
/// colon stand in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    line: usize,
    column: usize,
    message: String,
    hint: Option<String>,
}

impl ConfigError {
    fn at(text: &str, offset: usize, message: String) -> ConfigError {
        let (line, column) = place(text, offset);
        ConfigError { line, column, message, hint: None }
    }

    /// What to do about it, if there is something to do.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

/// The line and the character in it at which an offset in bytes lies, both counted from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_string_or_several() {
        let text =
            "# ours\n[schema]\nprotoset = 'a.binpb'\nproto = [\n  \"b.proto\",\n  \"é/c.proto\",\n]\nproto-path = []\n";
        let setting = |key, value: &str, line| Setting { key, value: value.to_owned(), line };
        let expected = SchemaConfig {
            protoset: vec![setting("protoset", "a.binpb", 3)],
            proto: vec![setting("proto", "b.proto", 5), setting("proto", "é/c.proto", 6)],
            ..SchemaConfig::default()
        };
        assert_eq!(Config::parse(text), Ok(Config { schema: expected, ..Config::default() }));
        for text in ["", "# nothing\n", "[schema]\n", "schema = {}"] {
            assert_eq!(Config::parse(text), Ok(Config::default()), "{text}");
        }
        let dotted = Config::parse("schema.go-binary = 'x.test'").expect("it is the same in other words");
        assert_eq!(dotted.schema.go_binary, [setting("go-binary", "x.test", 1)]);
        // Would take minutes if the lines were counted anew for each.
        let many = Config::parse(&format!("schema.proto = [\n{}]", "'a',\n".repeat(500_000))).expect("a long list");
        assert_eq!(many.schema.proto.last(), Some(&setting("proto", "a", 500_001)));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected, hint) in [
            (
                "[schema]\n  protosets = 1",
                "2:3: unknown key `protosets` in [schema], expected `protoset`, `proto`, \
              `proto-path` or `go-binary`",
                Some("did you mean `protoset`?"),
            ),
            (
                "[schema]\nproto_path = 'a'",
                "2:1: unknown key `proto_path` in [schema], expected `protoset`, `proto`, \
              `proto-path` or `go-binary`",
                Some("did you mean `proto-path`?"),
            ),
            (
                "\n[shcema]",
                "2:2: unknown section `shcema`, expected `schema` or `diff`",
                Some("did you mean `schema`?"),
            ),
            ("colours = true", "1:1: unknown section `colours`, expected `schema` or `diff`", None),
            ("schema = 1", "1:10: `schema` has a value of type integer, expected a section", None),
            ("[[schema]]", "1:1: `schema` has a value of type array, expected a section", None),
            (
                "[schema]\nproto = ['a', 2]",
                "2:15: `proto` has a value of type integer, expected a string or a list of \
              strings",
                None,
            ),
            (
                "[schema]\nproto = {}",
                "2:9: `proto` has a value of type table, expected a string or a list of strings",
                None,
            ),
            ("[schema]\nproto = ''", "2:9: `proto` names nothing", None),
            ("[schema", "1:8: unclosed table, expected `]`", None),
            ("[schema]\nproto-path = '.'", "2:1: `proto-path` is for `proto`, which is not there", None),
            ("é = 1", "1:1: invalid unquoted key, expected letters, numbers, `-`, `_`", None),
        ] {
            let error = Config::parse(text).expect_err(text);
            assert!(error.to_string().starts_with(expected), "{text}: {error}");
            assert_eq!(error.hint(), hint, "{text}");
        }
    }
}
