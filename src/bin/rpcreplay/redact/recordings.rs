//! The recordings of the command line, each with where it goes.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use crate::destinations::{at, make_folder, refuse_file_for_folder, refuse_same_names, refuse_stdout_for_folder};
use crate::failure::{Failure, Trouble, name_of, note, usage};
use crate::folders::{Sort, files_below, sort_of};
use crate::target::{Destination, is_folder};

/// A recording that is read.
#[derive(Debug)]
pub struct Recording {
    /// Its path.
    pub path: PathBuf,
    /// Its path below the folder that was named, or its name.
    pub relative: PathBuf,
}

/// The recordings that paths name, of folders all that are below them, sorted.
pub fn recordings(paths: &[PathBuf]) -> Result<Vec<Recording>, Trouble> {
    let (mut found, mut others, mut pointers) = (Vec::new(), 0, 0);
    for path in paths {
        if path.as_os_str() == "-" || !path.is_dir() {
            let relative = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
            found.push(Recording { path: path.clone(), relative });
            continue;
        }
        for (relative, path) in files_below(path)? {
            // What can't be read is for whoever reads it to complain of.
            let sort = std::fs::File::open(&path).map_or(Sort::Recording, |file| sort_of(Box::new(file)));
            match sort {
                Sort::Recording => found.push(Recording { path, relative }),
                Sort::Pointer => pointers += 1,
                Sort::Other => others += 1,
            }
        }
    }
    if others > 0 {
        let plural = if others == 1 { "file that is no recording" } else { "files that are no recordings" };
        note("note: ", &format!("{others} {plural} passed over"));
    }
    if pointers > 0 {
        let plural = if pointers == 1 { "pointer" } else { "pointers" };
        note("note: ", &format!("{pointers} git-LFS {plural} passed over"));
        note("hint: ", "if they stand for recordings, fetch these with: git lfs pull");
    }
    if found.is_empty() {
        let names: Vec<_> = paths.iter().map(|path| name_of(path)).collect();
        return Err(Trouble::new(&names.join(", "), "no recordings were found"));
    }
    Ok(found)
}

/// Where each of these recordings goes.
pub fn destinations(
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
        refuse_stdout_for_folder("redact", output);
    }
    let Some(folder) = output.filter(|path| are_several || is_folder(path)) else {
        return match output {
            None if are_several => {
                usage("redact", ErrorKind::TooManyValues, "several recordings need -o FOLDER or --in-place")
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
