//! The project file of the working directory: [`Project`].

use std::path::{Path, PathBuf};

use rpcreplay::config::{CONFIG_FILE_NAME, Config, Setting};

use crate::failure::{Trouble, name_of};

/// A project file that was read.
#[derive(Debug)]
pub struct Project {
    /// Its path, from the working directory.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
}

impl Project {
    /// Reads a project file.
    pub fn read(path: &Path) -> Result<Project, Trouble> {
        let text = std::fs::read_to_string(path).map_err(|error| Trouble::new(&name_of(path), error))?;
        let config = Config::parse(&text).map_err(|error| Trouble {
            hint: error.hint().map(str::to_owned),
            ..Trouble::plain(format!("{}:{error}", name_of(path)))
        })?;
        Ok(Project { path: path.to_owned(), config })
    }

    /// Reads the nearest project file in the working directory or above it, if there is one.
    ///
    /// It is never looked for beside a recording, which may come from anybody.
    pub fn nearest() -> Result<Option<Project>, Trouble> {
        // A program may stand where it may not look, and then there is no project.
        let Ok(working_directory) = std::env::current_dir() else { return Ok(None) };
        let above = working_directory.ancestors().scan(PathBuf::new(), |path, _| {
            let file = path.join(CONFIG_FILE_NAME);
            path.push("..");
            Some(file)
        });
        above.into_iter().find(|file| file.is_file()).map(|file| Project::read(&file)).transpose()
    }

    /// The `.proto` files that it names, and the folders to look for them and their imports in.
    pub fn protos(&self) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Trouble> {
        let config = &self.config.schema;
        let folders: Vec<_> =
            config.proto_path.iter().map(|setting| self.path_of(setting)).collect::<Result<_, _>>()?;
        let file_of = |setting: &Setting| {
            let below = || folders.iter().map(|folder| folder.join(&setting.value)).find(|path| path.is_file());
            self.path_of(setting).or_else(|trouble| below().ok_or(trouble))
        };
        let files = config.proto.iter().map(file_of).collect::<Result<_, _>>()?;
        Ok((files, folders))
    }

    /// Where a setting stands, as file and line.
    pub fn place_of(&self, setting: &Setting) -> String {
        format!("{}:{}", name_of(&self.path), setting.line)
    }

    /// The path that a setting names, which is relative to the file's folder, if there is something.
    pub fn path_of(&self, setting: &Setting) -> Result<PathBuf, Trouble> {
        let path = self.path.parent().unwrap_or(Path::new("")).join(&setting.value);
        match std::fs::metadata(&path) {
            Ok(_) => Ok(path),
            Err(error) => {
                let place = format!("{}: `{}`: {}", self.place_of(setting), setting.key, name_of(&path));
                Err(Trouble::new(&place, error)
                    .with_hint("make it, correct the path, or do without this file with --no-config"))
            }
        }
    }
}
