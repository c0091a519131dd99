//! From flags, rules files and the project file to [`Rules`].

use std::fs;
use std::path::{Path, PathBuf};

use rpcreplay::config::{RedactConfig, RedactRuleConfig, Setting, parse_redact};
use rpcreplay::detect::Allow;
use rpcreplay::glob::Glob;
use rpcreplay::redact::{Action, Checksum, Key, Rule, Rules, RulesBuilder, RulesFault};

use crate::detectors::{add_own, names_of, parse_allow};
use crate::failure::{Trouble, name_of, note};
use crate::project::Project;

/// The variable of the environment that holds the key, unless another one is named.
pub const KEY_VARIABLE: &str = "RPCREPLAY_KEY";

/// Keys of fewer bytes are warned of.
const SHORT_KEY_BYTES: usize = 16;

/// What becomes of what detectors find, unless something else is said.
const FOUND: &str = "replace:REDACTED";

/// What is redacted. Of several rules that select a value the first counts: those of flags, of the rules file, of the project file.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct RuleArgs {
    /// Redact what this selects (can be repeated)
    ///
    /// `response:payload.data=clear`, `**.parent=pseudonym`, `google.protobuf.Timestamp=shift`. A selector is a path such as diff prints,
    /// a type, or `metadata:authorization` for metadata noted beside an entry. An action is clear, drop, replace:TEXT, mask:N (keep the last N characters), pseudonym, pseudonym:same-length, shift, or
    /// shift:-30d. Copies of the value elsewhere in the recording become the same.
    #[arg(long, value_name = "SELECTOR=ACTION", value_parser = parse_rule)]
    pub redact: Vec<Rule>,

    /// Redact what this detector finds, `all` for all that are built in; it becomes REDACTED unless an action is named (can be repeated)
    ///
    /// Detectors look into all strings, bytes, keys of maps, values of metadata and the initial state, also into what is written in base64 or URL-encoded
    /// there. `--detectors` lists them.
    #[arg(long, value_name = "NAME[=ACTION]")]
    pub detect: Vec<String>,

    /// Redact fields whose authors gave them the option debug_redact: clear them, unless another action is named
    #[arg(long, value_name = "ACTION", num_args = 0..=1, require_equals = true, default_missing_value = "clear")]
    pub debug_redact: Option<Action>,

    /// Read rules from this file: `[[redact]]`, `[[detector]]` and `[[checksum]]`, as rpcreplay.toml may have them (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,

    /// Leave values alone that are this text, or that a regular expression matches (can be repeated)
    #[arg(long, value_name = "TEXT|~REGEX", value_parser = parse_allow)]
    pub allow: Vec<Allow>,

    /// Pass on messages of these types without a look into them, where that is not possible (can be repeated)
    ///
    /// A message whose type no source defines, or which has fields that its descriptor does not know, is refused otherwise: secrets in it
    /// could not be seen. `*` stands for any characters.
    #[arg(long, value_name = "TYPE|GLOB")]
    pub allow_uninspected: Vec<Glob>,

    /// Make pseudonyms with the key in this variable of the environment
    #[arg(long, value_name = "NAME", default_value = KEY_VARIABLE)]
    pub key_env: String,

    /// Make pseudonyms with the key in this file, rather than that of the environment; a line break at its end does not count
    #[arg(long, value_name = "FILE", conflicts_with = "key_env")]
    pub key_file: Option<PathBuf>,
}

fn parse_rule(text: &str) -> Result<Rule, String> {
    text.parse().map_err(|error: rpcreplay::redact::NoRule| error.to_string())
}

impl RuleArgs {
    /// Whether a flag names a rule.
    pub fn is_given(&self) -> bool {
        !(self.redact.is_empty() && self.detect.is_empty() && self.debug_redact.is_none() && self.rules.is_empty())
    }

    /// The rules.
    pub fn load(&self, project: Option<&Project>) -> Result<Rules, Trouble> {
        let mut builder = RulesBuilder::default();
        for rule in &self.redact {
            builder.rules.push(rule.clone());
        }
        if let Some(action) = &self.debug_redact {
            builder.rules.push(Rule { debug_redact: true, ..Rule::new("debug_redact", action.clone()) });
        }
        let mut configs: Vec<(PathBuf, RedactConfig)> = Vec::new();
        for path in &self.rules {
            let text = fs::read_to_string(path).map_err(|error| Trouble::new(&name_of(path), error))?;
            let config = parse_redact(&text).map_err(|error| Trouble {
                hint: error.hint().map(str::to_owned),
                ..Trouble::plain(format!("{}:{error}", name_of(path)))
            })?;
            configs.push((path.clone(), config));
        }
        configs.extend(project.map(|project| (project.path.clone(), project.config.redact.clone())));
        for (path, config) in &configs {
            add_detectors(&mut builder, path, config)?;
        }
        for detect in &self.detect {
            let rule = detecting(detect);
            builder.rules.push(rule.map_err(|error| Trouble::new("--detect", error))?);
        }
        for (path, config) in &configs {
            for rule in &config.rules {
                let rule = rule_of(path, rule, builder.rules.len() + 1)?;
                builder.rules.push(rule);
            }
        }
        for rule in &mut builder.rules {
            rule.allow.extend(self.allow.iter().cloned());
        }
        if builder.rules.is_empty() {
            return Err(Trouble::plain("there are no rules").with_hint(
                "name some: --redact SELECTOR=ACTION, --detect all, or [[redact]] in rpcreplay.toml; `rpcreplay redact --init FILE` writes one",
            ));
        }
        builder.key = self.key()?;
        builder.uninspected = self.allow_uninspected.clone();
        let rules = builder.build().map_err(|fault| {
            let hint = match &fault {
                RulesFault::NeedsKey { .. } => Some(format!(
                    "set {} to a secret of your project, or name a file with --key-file; with the same key equal values get the same \
                     pseudonym in all recordings",
                    self.key_env
                )),
                fault => fault.hint(),
            };
            Trouble { hint, ..Trouble::plain(fault.to_string()) }
        })?;
        Ok(rules)
    }

    /// The key, if there is one.
    fn key(&self) -> Result<Option<Key>, Trouble> {
        let (name, secret) = match &self.key_file {
            Some(path) => {
                let mut secret = fs::read(path).map_err(|error| Trouble::new(&name_of(path), error))?;
                for end in [b'\n', b'\r'] {
                    secret.pop_if(|last| *last == end);
                }
                (name_of(path), secret)
            }
            None => match std::env::var_os(&self.key_env) {
                Some(secret) => (self.key_env.clone(), secret.into_encoded_bytes()),
                None if self.key_env == KEY_VARIABLE => return Ok(None),
                None => return Err(Trouble::new(&self.key_env, "is not set in the environment")),
            },
        };
        if (1..SHORT_KEY_BYTES).contains(&secret.trim_ascii().len()) {
            note(
                "warning: ",
                &format!(
                    "{name}: a key of fewer than {SHORT_KEY_BYTES} characters can be guessed, and with it what pseudonyms stand for"
                ),
            );
        }
        match Key::new(&secret).filter(|_| !secret.trim_ascii().is_empty()) {
            Some(key) => Ok(Some(key)),
            None => Err(Trouble::new(&name, "is empty, expected a key")
                .with_hint("a key is any secret text of 16 characters or more")),
        }
    }
}

fn add_detectors(builder: &mut RulesBuilder, path: &Path, config: &RedactConfig) -> Result<(), Trouble> {
    let at = |setting: &Setting| format!("{}:{}", name_of(path), setting.line);
    add_own(&mut builder.detectors, path, &config.detectors)?;
    for checksum in &config.checksums {
        let place = at(&checksum.field);
        let (message, field) = checksum
            .field
            .value
            .rsplit_once('.')
            .ok_or_else(|| Trouble::new(&place, "expected a message and a field, such as `acme.v1.Blob.sum`"))?;
        let message = message.parse().map_err(|error| Trouble::new(&place, error))?;
        builder.checksums.push(Checksum { message, field: field.to_owned(), of: checksum.of.value.clone() });
    }
    Ok(())
}

/// The rule of a flag `NAME[=ACTION]`.
fn detecting(text: &str) -> Result<Rule, String> {
    let (name, action) = text.split_once('=').unwrap_or((text, FOUND));
    let action = action.parse().map_err(|error: rpcreplay::redact::NoAction| error.to_string())?;
    Ok(Rule { detect: names_of(name), ..Rule::new(name, action) })
}

fn rule_of(path: &Path, config: &RedactRuleConfig, number: usize) -> Result<Rule, Trouble> {
    let at = |setting: &Setting| format!("{}:{}: `{}`", name_of(path), setting.line, setting.key);
    fn parse_all<T: std::str::FromStr<Err: std::fmt::Display>>(
        settings: &[Setting],
        at: impl Fn(&Setting) -> String,
    ) -> Result<Vec<T>, Trouble> {
        let parse = |setting: &Setting| setting.value.parse().map_err(|error| Trouble::new(&at(setting), error));
        settings.iter().map(parse).collect()
    }
    let action: Action = config.action.value.parse().map_err(|error| Trouble::new(&at(&config.action), error))?;
    let name = match (&config.name, config.select.first(), config.detect.first()) {
        (Some(name), ..) => name.value.clone(),
        (None, Some(selector), _) => selector.value.clone(),
        (None, None, Some(detector)) => detector.value.clone(),
        (None, None, None) => format!("rule {number}"),
    };
    Ok(Rule {
        select: parse_all(&config.select, at)?,
        debug_redact: config.debug_redact,
        detect: config.detect.iter().flat_map(|detector| names_of(&detector.value)).collect(),
        methods: parse_all(&config.method, at)?,
        except: parse_all(&config.except, at)?,
        allow: config
            .allow
            .iter()
            .map(|setting| parse_allow(&setting.value).map_err(|fault| Trouble::new(&at(setting), fault)))
            .collect::<Result<_, _>>()?,
        propagate: config.propagate,
        ..Rule::new(name, action)
    })
}
