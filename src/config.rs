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
    /// Its section `[check]`.
    pub check: CheckConfig,
    /// What is redacted: its `[[redact]]`, `[[detector]]` and `[[checksum]]`.
    pub redact: RedactConfig,
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

/// What is looked for in recordings, and how bad it is; each key is a string or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckConfig {
    /// Rules and detectors that are not looked for: `disable`.
    pub disable: Vec<Setting>,
    /// Those that find errors: `error`.
    pub error: Vec<Setting>,
    /// Those that find warnings: `warning`.
    pub warning: Vec<Setting>,
    /// From which severity on a recording fails: `fail-on`.
    pub fail_on: Option<Setting>,
    /// Texts that are no secrets, or expressions behind `~`: `allow`.
    pub allow: Vec<Setting>,
    /// Codes that may pass, so that a call is made again: `transient`; if it is not there, those that most clients retry.
    pub transient: Option<Vec<Setting>>,
}

/// What is redacted, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedactConfig {
    /// The rules: `[[redact]]`.
    pub rules: Vec<RedactRuleConfig>,
    /// Detectors beside those that are built in: `[[detector]]`.
    pub detectors: Vec<DetectorConfig>,
    /// Checksums beside those that are known: `[[checksum]]`.
    pub checksums: Vec<ChecksumConfig>,
}

/// Which values are redacted, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactRuleConfig {
    /// What it is called: `name`.
    pub name: Option<Setting>,
    /// Which values: `select`, selectors.
    pub select: Vec<Setting>,
    /// Whether fields with the option `debug_redact` are redacted: `debug-redact`.
    pub debug_redact: bool,
    /// What looks for secrets in them: `detect`, names of detectors.
    pub detect: Vec<Setting>,
    /// The methods whose calls it is for: `method`, patterns.
    pub method: Vec<Setting>,
    /// Which values it leaves alone: `except`, selectors.
    pub except: Vec<Setting>,
    /// Values that it leaves alone: `allow`, texts, or expressions behind `~`.
    pub allow: Vec<Setting>,
    /// What becomes of the values: `action`.
    pub action: Setting,
    /// Whether copies of them elsewhere become the same: `propagate`.
    pub propagate: bool,
}

/// A detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectorConfig {
    /// What it is called: `name`.
    pub name: Setting,
    /// What it finds, an expression: `pattern`.
    pub pattern: Setting,
}

/// A field that holds the CRC32C of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecksumConfig {
    /// The field with the checksum, behind the name of its message: `field`.
    pub field: Setting,
    /// The field beside it that the checksum is of: `of`.
    pub of: Setting,
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
        if let Some(mut section) = root.section("check")? {
            config.check = CheckConfig {
                disable: section.strings("disable")?,
                error: section.strings("error")?,
                warning: section.strings("warning")?,
                fail_on: section.setting("fail-on")?,
                allow: section.strings("allow")?,
                transient: match section.get("transient").is_some() {
                    true => Some(section.strings("transient")?),
                    false => None,
                },
            };
            section.finish()?;
        }
        config.redact = root.redact()?;
        root.finish()?;
        Ok(config)
    }
}

/// Parses a file that holds nothing but what is redacted: `[[redact]]`, `[[detector]]` and `[[checksum]]`.
///
/// # Errors
///
/// As for [`Config::parse`].
pub fn parse_redact(text: &str) -> Result<RedactConfig, ConfigError> {
    let file = parse_table(text)?;
    let line_starts = line_starts(text);
    let mut root = Section::of_file(text, &line_starts, &file);
    let redact = root.redact()?;
    root.finish()?;
    Ok(redact)
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
        self.tables("rule", |section, start| {
            let rule = RuleConfig {
                name: section.string("name")?,
                what: section.string("what")?,
                evidence: section.string("evidence")?,
                select: section.strings("select")?,
            };
            let lacks = |what: String| Err(ConfigError::at(section.text, start, what));
            if rule.name.is_empty() {
                return lacks("a rule needs a `name`".to_owned());
            }
            if rule.select.is_empty() {
                return lacks(format!("rule `{}` needs `select`", rule.name));
            }
            Ok(rule)
        })
    }

    /// What it says of redaction.
    fn redact(&mut self) -> Result<RedactConfig, ConfigError> {
        let rules = self.tables("redact", |section, start| {
            let action = section.setting("action")?;
            let rule = RedactRuleConfig {
                name: section.setting("name")?,
                select: section.strings("select")?,
                debug_redact: section.boolean("debug-redact")?.unwrap_or(false),
                detect: section.strings("detect")?,
                method: section.strings("method")?,
                except: section.strings("except")?,
                allow: section.strings("allow")?,
                propagate: section.boolean("propagate")?.unwrap_or(true),
                action: section.needed("action", action, start)?,
            };
            if rule.select.is_empty() && rule.detect.is_empty() && !rule.debug_redact {
                let message = "a rule needs `select`, `detect` or `debug-redact = true`".to_owned();
                return Err(ConfigError::at(section.text, start, message));
            }
            Ok(rule)
        })?;
        let detectors = self.tables("detector", |section, start| {
            let (name, pattern) = (section.setting("name")?, section.setting("pattern")?);
            let name = section.needed("name", name, start)?;
            Ok(DetectorConfig { name, pattern: section.needed("pattern", pattern, start)? })
        })?;
        let checksums = self.tables("checksum", |section, start| {
            let (field, of) = (section.setting("field")?, section.setting("of")?);
            let field = section.needed("field", field, start)?;
            Ok(ChecksumConfig { field, of: section.needed("of", of, start)? })
        })?;
        Ok(RedactConfig { rules, detectors, checksums })
    }

    /// What `of` makes of each table under `[[key]]`, and of where it begins.
    fn tables<T>(
        &mut self,
        key: &'static str,
        of: impl Fn(&mut Section<'t>, usize) -> Result<T, ConfigError>,
    ) -> Result<Vec<T>, ConfigError> {
        let expected = format!("tables, each under `[[{key}]]`");
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let DeValue::Array(values) = value.get_ref() else {
            return Err(self.mismatch(key, value, &expected));
        };
        let of_one = |value: &'t Spanned<DeValue<'t>>| {
            let DeValue::Table(table) = value.get_ref() else {
                return Err(self.mismatch(key, value, &expected));
            };
            let mut section = Section { name: Some(key), table, known: vec![], ..*self };
            let made = of(&mut section, value.span().start);
            // What is not known may be what is missing, misspelt.
            section.finish()?;
            made
        };
        values.iter().map(of_one).collect()
    }

    /// The boolean behind a key, if there is one.
    fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.get_ref() {
                DeValue::Boolean(boolean) => Ok(Some(*boolean)),
                _ => Err(self.mismatch(key, value, "true or false")),
            },
        }
    }

    /// The string behind a key, if there is one.
    fn setting(&mut self, key: &'static str) -> Result<Option<Setting>, ConfigError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::String(string) => {
                let line = self.line_starts.partition_point(|&start| start <= value.span().start);
                Ok(Some(Setting { key, value: string.to_string(), line }))
            }
            _ => Err(self.mismatch(key, value, "a string")),
        }
    }

    /// A setting that must be there.
    fn needed(&self, key: &str, setting: Option<Setting>, start: usize) -> Result<Setting, ConfigError> {
        let name = self.name.unwrap_or_default();
        setting.ok_or_else(|| ConfigError::at(self.text, start, format!("[[{name}]] needs `{key}`")))
    }

    /// The string behind a key; empty if there is none.
    fn string(&mut self, key: &'static str) -> Result<String, ConfigError> {
        Ok(self.setting(key)?.map(|setting| setting.value).unwrap_or_default())
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
                "2:2: unknown section `shcema`, expected `schema`, `diff`, `check`, `redact`, `detector` or `checksum`",
                Some("did you mean `schema`?"),
            ),
            (
                "colours = true",
                "1:1: unknown section `colours`, expected `schema`, `diff`, `check`, `redact`, `detector` or `checksum`",
                None,
            ),
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
            ("[[redact]]\nselect = 'a'", "1:1: [[redact]] needs `action`", None),
            ("[[redact]]\naction = 'clear'", "1:1: a rule needs `select`, `detect` or `debug-redact = true`", None),
            (
                "[[redact]]\nselect = 'a'\nactoin = 'clear'",
                "3:1: unknown key `actoin` in [redact], expected `action`, `name`, `select`,",
                Some("did you mean `action`?"),
            ),
            (
                "[redact]\nselect = 'a'",
                "1:1: `redact` has a value of type table, expected tables, each under `[[redact]]`",
                None,
            ),
            (
                "[[redact]]\nselect = 'a'\naction = 'clear'\npropagate = 'no'",
                "4:13: `propagate` has a value of type string, expected true or false",
                None,
            ),
            ("[[detector]]\nname = 'a'", "1:1: [[detector]] needs `pattern`", None),
            ("[[detector]]\npattern = 'a'", "1:1: [[detector]] needs `name`", None),
            ("é = 1", "1:1: invalid unquoted key, expected letters, numbers, `-`, `_`", None),
        ] {
            let error = Config::parse(text).expect_err(text);
            assert!(error.to_string().starts_with(expected), "{text}: {error}");
            assert_eq!(error.hint(), hint, "{text}");
        }
    }
}
