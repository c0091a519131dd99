//! Where the recordings of the command line go that are written one by one: [`OutputArgs`].

use std::path::PathBuf;

use clap::error::ErrorKind;

use crate::destinations::{at, make_folder, refuse_file_for_folder, refuse_same_names, refuse_stdout_for_folder};
use crate::failure::{Failure, Trouble, name_of, usage};
use crate::folders::Recording;
use crate::target::{Destination, is_folder};

/// Where recordings are written.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// Write to this file, or into this folder, where recordings keep their names [default: standard output]
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Write each recording to where it was read from
    #[arg(short, long, conflicts_with = "output", help_heading = "Output")]
    pub in_place: bool,
}

impl OutputArgs {
    /// Where each of these recordings goes, which were found at these paths.
    pub fn destinations(
        &self,
        command: &str,
        paths: &[PathBuf],
        recordings: &[Recording],
    ) -> Result<Vec<Destination>, Failure> {
        let output = self.output.as_deref();
        if self.in_place {
            return Ok(recordings.iter().map(|recording| Destination::File(recording.path.clone())).collect());
        }
        let are_several = recordings.len() > 1 || paths.iter().any(|path| path.is_dir());
        if are_several {
            refuse_stdout_for_folder(command, output);
        }
        let Some(folder) = output.filter(|path| are_several || is_folder(path)) else {
            return match output {
                None if are_several => {
                    usage(command, ErrorKind::TooManyValues, "several recordings need -o FOLDER or --in-place")
                }
                None => Ok(vec![Destination::Stdout]),
                Some(path) => Ok(vec![at(path)]),
            };
        };
        refuse_file_for_folder(folder)?;
        let mut destinations = Vec::new();
        for recording in recordings {
            if recording.path.as_os_str() == "-" {
                return Err(Trouble::new("standard input", "has no name that it could keep in a folder")
                    .with_hint("write it to a file, with -o FILE")
                    .into());
            }
            destinations.push(Destination::File(folder.join(&recording.relative)));
        }
        let pairs = recordings.iter().map(|recording| &recording.path).zip(&destinations);
        refuse_same_names(pairs, "write them into different folders")?;
        make_folder(folder)?;
        for destination in &destinations {
            if let Destination::File(path) = destination
                && let Some(folder) = path.parent()
            {
                std::fs::create_dir_all(folder).map_err(|error| Trouble::new(&name_of(folder), error))?;
            }
        }
        Ok(destinations)
    }
}
