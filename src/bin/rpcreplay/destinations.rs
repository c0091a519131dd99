//! Where what is made of recordings goes: one file, or a folder in which each keeps its name.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use rpcreplay::format::Format;

use crate::failure::{Failure, Trouble, name_of, usage};
use crate::file_names::format_of_name;
use crate::rewrite::is_json;
use crate::target::{Destination, is_folder};

/// Where each of these recordings goes, which keep their format: standard output, the file `output`, or a folder of that name,
/// which comes with them and may have to be made.
pub fn destinations<'a>(
    command: &str,
    files: &[PathBuf],
    output: Option<&'a Path>,
) -> Result<(Vec<Destination>, Option<&'a Path>), Failure> {
    if files.len() > 1 {
        refuse_stdout_for_folder(command, output);
    }
    let folder = output.filter(|path| files.len() > 1 || is_folder(path));
    let Some(folder) = folder else {
        let destination = match output {
            None if files.len() > 1 => {
                usage(command, ErrorKind::TooManyValues, "several recordings need a folder behind -o")
            }
            None => Destination::Stdout,
            Some(path) => at(path),
        };
        return Ok((vec![destination], None));
    };
    let name_in_folder = |path: &PathBuf| match path.file_name() {
        Some(name) if path.as_os_str() != "-" => Ok(Destination::File(folder.join(name))),
        Some(_) | None => Err(Trouble::new(&name_of(path), "has no name that it could keep in a folder")
            .with_hint("write it to a file, with -o FILE")),
    };
    let destinations = files.iter().map(name_in_folder).collect::<Result<Vec<_>, _>>()?;
    refuse_file_for_folder(folder)?;
    refuse_same_names(files.iter().zip(&destinations), "write them into different folders")?;
    Ok((destinations, Some(folder)))
}

/// Ends the program if standard output is named where several recordings are to be written.
pub fn refuse_stdout_for_folder(command: &str, output: Option<&Path>) {
    if output.is_some_and(|path| path.as_os_str() == "-") {
        usage(command, ErrorKind::TooManyValues, "several recordings need a folder behind -o, not standard output");
    }
}

/// What a path names: `-` is standard output.
pub fn at(path: &Path) -> Destination {
    if path.as_os_str() == "-" { Destination::Stdout } else { Destination::File(path.to_owned()) }
}

/// Refuses what is, or is called as, a file where several recordings are to be written into a folder.
pub fn refuse_file_for_folder(folder: &Path) -> Result<(), Trouble> {
    if folder.is_dir() || (!folder.exists() && format_of_name(folder).is_none()) {
        return Ok(());
    }
    let error = if folder.exists() { "is no folder" } else { "is the name of a file" };
    Err(Trouble::new(&name_of(folder), error).with_hint("name a folder behind -o"))
}

/// Makes a folder that recordings are to be written into, unless there is one.
pub fn make_folder(folder: &Path) -> Result<(), Trouble> {
    if folder.is_dir() {
        return Ok(());
    }
    refuse_file_for_folder(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| Trouble::new(&name_of(folder), error))
}

/// Refuses to write two recordings to one place.
pub fn refuse_same_names<'a>(
    places: impl Iterator<Item = (&'a PathBuf, &'a Destination)>,
    hint: &str,
) -> Result<(), Trouble> {
    let mut by_target = HashMap::new();
    for (path, destination) in places {
        if let Destination::File(target) = destination
            && let Some(other) = by_target.insert(target, path)
        {
            let error = format!("{} and {} would both become this file", name_of(other), name_of(path));
            return Err(Trouble::new(&name_of(target), error).with_hint(hint));
        }
    }
    Ok(())
}

/// Refuses a name that says another format for a recording that keeps its own. Both Go's formats are found under the names of
/// the binary one.
pub fn refuse_other_format(destination: &Destination, format: Format) -> Result<(), Trouble> {
    let Destination::File(path) = destination else { return Ok(()) };
    match format_of_name(path) {
        Some(named) if is_json(named) != is_json(format) || (named == Format::Text && format == Format::Binary) => {
            let ending = path.extension().unwrap_or(OsStr::new("")).display();
            let error = format!("is named .{ending}, and the recording keeps its format, {format}");
            Err(Trouble::new(&name_of(path), error)
                .with_hint("change the format with rpcreplay convert, before or after"))
        }
        Some(_) | None => Ok(()),
    }
}
