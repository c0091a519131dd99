//! Where things are set: [`Place`].

use std::fs;
use std::io;
use std::path::PathBuf;

use rpcreplay::format::{Compression, Format};

use super::repository::{Repository, git, paths_of};
use crate::failure::{Failure, Trouble, name_of};
use crate::target::{Destination, Target};

/// Whose git is set up.
#[derive(Debug, clap::Args)]
pub struct PlaceArgs {
    /// Do it for all repositories of this user: in the global configuration, and in core.attributesFile
    #[arg(long)]
    pub global: bool,
}

/// Where things are set.
pub struct Place {
    /// In which configuration.
    pub scope: Scope,
    /// The file of attributes.
    pub attributes: PathBuf,
    /// What that is called: by its path from the top of the working tree, if it is in there.
    pub name: String,
    /// The top of the working tree of the repository that one is in, if there is one.
    pub top: Option<PathBuf>,
}

/// A configuration of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// That of a repository.
    Local,
    /// That of a user.
    Global,
}

impl Scope {
    /// The flag of `git config`.
    pub fn flag(self) -> &'static str {
        match self {
            Scope::Local => "--local",
            Scope::Global => "--global",
        }
    }
}

impl PlaceArgs {
    /// Finds the place.
    pub fn find(&self) -> Result<Place, Trouble> {
        if self.global {
            let top = Repository::here().ok().and_then(|repository| repository.top);
            let attributes = global_attributes()?;
            return Ok(Place { scope: Scope::Global, name: name_of(&attributes), attributes, top });
        }
        let Repository { top, own_attributes } = Repository::here()?;
        let (attributes, name) = match &top {
            Some(top) => (top.join(GIT_ATTRIBUTES), GIT_ATTRIBUTES.to_owned()),
            // A bare one: git reads no other file there.
            None => (own_attributes.clone(), name_of(&own_attributes)),
        };
        Ok(Place { scope: Scope::Local, attributes, name, top })
    }
}

/// The file of attributes in a working tree.
const GIT_ATTRIBUTES: &str = ".gitattributes";

impl Place {
    /// Reads the file of attributes, if there is one.
    pub fn read(&self) -> Result<Option<Vec<u8>>, Trouble> {
        let path = &self.attributes;
        let is_in_tree = self.scope == Scope::Local && self.top.is_some();
        if is_in_tree && fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            // Source: gitattributes(5), since git 2.32. The file of a user may be one.
            return Err(Trouble::new(&self.name, "is a symbolic link, which git does not follow, expected a file"));
        }
        match fs::read(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Trouble::new(&self.name, error)),
        }
    }

    /// Replaces the file of attributes in one step, or makes it.
    pub fn write(&self, text: &[u8]) -> Result<(), Failure> {
        let path = &self.attributes;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| Trouble::new(&name_of(folder), error))?;
        }
        let mut target = Target::new(&Destination::File(path.clone()), None)?;
        target.begin(Format::Text, None, Compression::None)?;
        target.write(text)?;
        target.finish()?;
        target.put_in_place()
    }
}

/// The file of attributes for all repositories of a user. Source: gitattributes(5).
pub fn global_attributes() -> Result<PathBuf, Trouble> {
    for scope in ["--global", "--system"] {
        // With GIT_CONFIG_NOSYSTEM, and without a file, git has an exit code of its own for each.
        let output = git(&["config", scope, "--type=path", "-z", "--get", "core.attributesFile"])?;
        if let (true, [path]) = (output.status.success(), &paths_of(&output.stdout)[..]) {
            return Ok(path.clone());
        }
    }
    let folder = |variable, below: &str| {
        let value = std::env::var_os(variable).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(value).join(below))
    };
    folder("XDG_CONFIG_HOME", "git/attributes").or_else(|| folder("HOME", ".config/git/attributes")).ok_or_else(|| {
        Trouble::new("global attributes", "neither XDG_CONFIG_HOME nor HOME is set, expected a folder")
            .with_hint("set one, or name the file: git config --global core.attributesFile FILE")
    })
}
