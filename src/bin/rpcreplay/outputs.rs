//! Where the recordings of the command line go: [`destinations`].

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use crate::destinations::{at, make_folder, refuse_file_for_folder, refuse_same_names, refuse_stdout_for_folder};
use crate::failure::{Failure, Trouble, name_of, usage};
use crate::folders::Recording;
use crate::target::{Destination, is_folder};

/// Where each of these recordings goes.
pub fn destinations(
    command: &str,
    paths: &[PathBuf],
    recordings: &[Recording],
    output: Option<&Path>,
    in_place: bool,
) -> Result<Vec<Destination>, Failure> {
    if in_place {
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
