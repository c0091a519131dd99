//! What is folded: from flags, project file and profiles to [`Noise`].

use std::path::Path;

use rpcreplay::diff::{Noise, NoiseError};

use super::NoiseArgs;
use crate::failure::{Trouble, name_of};
use crate::project::Project;

/// Flags come first, then the project file, then the profiles: the first that selects a value counts.
pub fn load(args: &NoiseArgs, project: Option<&Project>) -> Result<Noise, Trouble> {
    let mut noise = Noise::none();
    let of_flag = |flag: &str, error: &NoiseError| Trouble::new(flag, error).with_hint(HINT);
    for selector in &args.ignore {
        noise.ignore(selector).map_err(|error| of_flag("--ignore", &error))?;
    }
    for selector in &args.only {
        noise.only(selector).map_err(|error| of_flag("--only", &error))?;
    }
    for selector in &args.unordered {
        noise.unordered(selector).map_err(|error| of_flag("--unordered", &error))?;
    }
    for key in &args.key {
        let (selector, field) = split_key(key).map_err(|message| Trouble::new("--key", message))?;
        noise.key(selector, field).map_err(|error| of_flag("--key", &error))?;
    }
    if let Some(project) = project {
        add_project(&mut noise, project)?;
    }
    let named = |profile: &str| match profile {
        "volatile" => Some(Ok(Noise::volatile())),
        "none" => None,
        path => Some(read_profile(Path::new(path))),
    };
    let of_project = project.map_or(&[][..], |project| &project.config.diff.profile);
    let profiles: Vec<(String, Option<String>)> = if !args.profile.is_empty() {
        args.profile.iter().map(|profile| (profile.clone(), None)).collect()
    } else if let Some(project) = project.filter(|_| !of_project.is_empty()) {
        let path = |value: &str| match value {
            "volatile" | "none" => value.to_owned(),
            file => name_of(&project.path.parent().unwrap_or(Path::new("")).join(file)),
        };
        of_project.iter().map(|setting| (path(&setting.value), Some(project.place_of(setting)))).collect()
    } else {
        vec![("volatile".to_owned(), None)]
    };
    for (profile, place) in profiles {
        let Some(rules) = named(&profile) else { continue };
        let rules = rules.map_err(|trouble| match &place {
            Some(place) => trouble.within(place),
            None => trouble,
        })?;
        noise.add_rules(&rules).map_err(|(line, error)| Trouble::new(&format!("{profile}:{line}"), error))?;
    }
    Ok(noise)
}

const HINT: &str = "a selector is a path such as `response:update_time`, or a type such as `google.protobuf.Timestamp`";

fn add_project(noise: &mut Noise, project: &Project) -> Result<(), Trouble> {
    let config = &project.config.diff;
    let at = |setting, error: NoiseError| Trouble::new(&project.place_of(setting), error).with_hint(HINT);
    for setting in &config.ignore {
        noise.ignore(&setting.value).map_err(|error| at(setting, error))?;
    }
    for setting in &config.only {
        noise.only(&setting.value).map_err(|error| at(setting, error))?;
    }
    for setting in &config.unordered {
        noise.unordered(&setting.value).map_err(|error| at(setting, error))?;
    }
    for setting in &config.key {
        let (selector, field) =
            split_key(&setting.value).map_err(|message| Trouble::new(&project.place_of(setting), message))?;
        noise.key(selector, field).map_err(|error| at(setting, error))?;
    }
    noise
        .add_rules(&config.rules)
        .map_err(|(line, error)| Trouble::new(&format!("{}:{line}", name_of(&project.path)), error))
}

/// Keys of maps may hold `=`, names of fields may not.
fn split_key(key: &str) -> Result<(&str, &str), String> {
    key.rsplit_once('=')
        .filter(|(selector, field)| !selector.is_empty() && !field.is_empty())
        .ok_or_else(|| format!("found `{}`, expected SELECTOR=FIELD, such as `response:items=id`", key.escape_debug()))
}

fn read_profile(path: &Path) -> Result<Vec<rpcreplay::config::RuleConfig>, Trouble> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Trouble::new(&format!("profile {}", name_of(path)), error)
            .with_hint("a profile is `volatile`, `none`, or a file like what `rpcreplay diff --show-profile` writes")
    })?;
    Noise::parse(&text).map_err(|error| Trouble {
        hint: error.hint().map(str::to_owned),
        ..Trouble::plain(format!("{}:{error}", name_of(path)))
    })
}
