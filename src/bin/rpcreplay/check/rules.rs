//! From flags and the project file to [`Checks`].

use std::collections::HashMap;

use rpcreplay::check::{Checks, Rule, SECRETS, Severity, UnknownRule};
use rpcreplay::config::{CheckConfig, Setting};
use rpcreplay::detect::{Allow, Detectors, Own, known};
use rpcreplay::schema::Code;

use crate::detectors::{add_own, parse_allow};
use crate::failure::{Trouble, name_of};
use crate::findings::RuleInfo;
use crate::project::Project;

/// What is looked for, and how bad it is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct RuleArgs {
    /// Do not look for what this rule or detector finds; `secrets` is every detector (can be repeated)
    #[arg(long, value_name = "ID")]
    disable: Vec<String>,

    /// Exit with code 1 for findings as bad as this [default: error]
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Level>,

    /// A secret as a detector finds it that is none, or an expression behind `~` that matches somewhere in such ones (can be repeated)
    #[arg(long, value_name = "TEXT|~REGEX", value_parser = parse_allow)]
    allow: Vec<Allow>,
}

/// A severity on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Level {
    /// What Go's replayer refuses, or does not notice
    Error,
    /// Also what a reviewer would question
    Warning,
}

impl RuleArgs {
    /// What is looked for, and from which severity on a recording fails.
    pub fn load(&self, project: Option<&Project>) -> Result<(Checks, Severity), Trouble> {
        let nothing = CheckConfig::default();
        let (config, own) = match project {
            None => (&nothing, Vec::new()),
            Some(project) => {
                let mut own = Vec::new();
                add_own(&mut own, &project.path, &project.config.redact.detectors)?;
                (&project.config.check, own)
            }
        };
        let at = |setting: &Setting| {
            let file = project.map(|project| name_of(&project.path)).unwrap_or_default();
            format!("{file}:{}: `{}`", setting.line, setting.key)
        };
        let mut checks = Checks::new(all_detectors(&own));
        let settings = [
            (&config.error, Some(Severity::Error)),
            (&config.warning, Some(Severity::Warning)),
            (&config.disable, None),
        ];
        let mut settings: Vec<(&Setting, Option<Severity>)> =
            settings.into_iter().flat_map(|(ids, severity)| ids.iter().map(move |id| (id, severity))).collect();
        // What is said of a detector is stronger than what is said of all.
        settings.sort_by_key(|(setting, _)| setting.value != SECRETS);
        let mut seen: HashMap<&str, &Setting> = HashMap::new();
        for (setting, severity) in settings {
            if let Some(other) = seen.insert(&setting.value, setting) {
                let message = format!("`{}` stands in `{}` on line {}, too", setting.value, other.key, other.line);
                return Err(Trouble::new(&at(setting), message).with_hint("name it once"));
            }
            checks.set(&setting.value, severity).map_err(|unknown| unknown_rule(&at(setting), &unknown))?;
        }
        for id in &self.disable {
            checks.set(id, None).map_err(|unknown| unknown_rule("--disable", &unknown))?;
        }
        for setting in &config.allow {
            checks.allow.push(parse_allow(&setting.value).map_err(|fault| Trouble::new(&at(setting), fault))?);
        }
        checks.allow.extend(self.allow.iter().cloned());
        if let Some(transient) = &config.transient {
            let code = |setting: &Setting| {
                let code = Code::parse(&setting.value).filter(|code| *code != Code::OK);
                code.ok_or_else(|| {
                    let message = format!("`{}` is no code of a failure, expected such as UNAVAILABLE", setting.value);
                    Trouble::new(&at(setting), message)
                })
            };
            checks.transient = transient.iter().map(code).collect::<Result<_, _>>()?;
        }
        let fails_on = match (self.fail_on, &config.fail_on) {
            (Some(Level::Error), _) | (None, None) => Severity::Error,
            (Some(Level::Warning), _) => Severity::Warning,
            (None, Some(setting)) => setting
                .value
                .parse()
                .map_err(|expected| Trouble::new(&at(setting), format!("`{}`: {expected}", setting.value)))?,
        };
        Ok((checks, fails_on))
    }
}

fn unknown_rule(place: &str, unknown: &UnknownRule) -> Trouble {
    let hint = match unknown.close.split_first() {
        Some((first, _)) => format!("did you mean `{first}`? `rpcreplay check --explain` lists all rules"),
        None => "`rpcreplay check --explain` lists all rules".to_owned(),
    };
    Trouble::new(place, unknown).with_hint(hint)
}

/// The detectors that are built in, and those of the project.
pub fn all_detectors(own: &[Own]) -> Detectors {
    let names: Vec<String> =
        known().iter().map(|known| known.name.to_owned()).chain(own.iter().map(|own| own.name.clone())).collect();
    Detectors::new(&names, own).expect("every name is that of one of them")
}

/// The rules for the formats that list them.
pub fn infos(checks: &Checks) -> Vec<RuleInfo> {
    let rules = Rule::ALL.into_iter().filter(|rule| checks.severity(*rule).is_some()).map(|rule| RuleInfo {
        id: rule.id().to_owned(),
        summary: rule.about().summary.to_owned(),
        help: Some(rule.about().explanation.to_owned()),
    });
    let detectors = checks.detectors().names().filter(|name| checks.looks_for(name)).map(|name| RuleInfo {
        id: name.to_owned(),
        summary: what_it_finds(name),
        help: Some(HELP_WITH_SECRETS.to_owned()),
    });
    rules.chain(detectors).collect()
}

/// What is to be done about a secret.
pub const HELP_WITH_SECRETS: &str = "Revoke it if it is one, and take it out with `rpcreplay redact --detect NAME`; what is none is left alone with --allow, or \
     with `allow` under [check] in rpcreplay.toml.";

/// What a detector finds, in a few words.
pub fn what_it_finds(name: &str) -> String {
    let known = known().iter().find(|known| known.name == name);
    known.map_or_else(|| "what a pattern of the project finds".to_owned(), |known| known.what.to_owned())
}
