//! `rpcreplay convert`: a recording in another format, with everything that is in it.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::error::ErrorKind;

use rpcreplay::format::{Compression, Format, WriteOptions};
use rpcreplay::query::{Query, Unit};
use rpcreplay::schema::Schema;

use crate::args::{Input, SchemaArgs, Verifying};
use crate::destinations::{make_folder, refuse_same_names, refuse_stdout_for_folder};
use crate::failure::{self, Failure, Outcome, Trouble, name_of, report};
use crate::file_names;
use crate::rewrite::{Place, Rewrite, Unchanged, is_json};
use crate::source::Source;
use crate::target::{self, Destination};

/// The schema of JSON recordings, in the words of JSON Schema.
const JSON_SCHEMA: &str = include_str!("recording.schema.json");

/// Write recordings in another format, without losing a byte
///
/// The recording is told by its content: binary, text or JSON, inside gzip or zstd, or not. What is written to a file is read
/// back and compared before the file takes its place; when anything fails, what was there stays as it is.
///
/// JSON tells the exact bytes of a binary recording, so that the way there and back changes nothing, and an edit changes only
/// what was edited. Entries are named by `index`, or without one by their place, and referred to by `refIndex`; they may be
/// deleted, moved, and added with an index that is free. `convert --schema` prints a JSON Schema of it. The text format is
/// that of go-replayers; it has no place for fields that the descriptor does not know.
///
/// The compression of a binary or text recording is kept where it becomes another one; JSON is written without. An ending
/// .gz or .zst of OUT, or --compress, says otherwise.
#[derive(Debug, clap::Args)]
#[command(mut_arg("files", |files| files.required(false).required_unless_present("schema")))]
#[command(after_help = "\
Examples:
  rpcreplay convert calls.replay -o calls.json
  rpcreplay convert --to jsonl calls.replay | jq -c 'select(.index != 7 and .refIndex != 7)' |
    rpcreplay convert - -o fewer.replay")]
pub struct Convert {
    #[command(flatten)]
    input: Input,

    /// Print the JSON Schema of recordings as JSON, and nothing else
    #[arg(long, exclusive = true)]
    schema: bool,

    /// Write to this file, or into this folder [default: standard output]
    ///
    /// In a folder a recording keeps its name, with .json or .jsonl behind it or taken off again. A new file is as private as
    /// the recording, an old one keeps its mode.
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    output: Option<PathBuf>,

    /// Write in this format [default: by the ending of OUT; with --in-place, the recording's own]
    ///
    /// Names that end with .replay or .rpc are binary, with .grpcrr, .txt, .txtpb or .textproto text, with .json JSON, with
    /// .jsonl or .ndjson JSON Lines; .gz or .zst may follow.
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to: Option<To>,

    /// Write each recording over itself
    #[arg(short, long, conflicts_with = "output", help_heading = "Output")]
    in_place: bool,

    /// Compress what is written like this
    #[arg(long, value_name = "METHOD", help_heading = "Output")]
    compress: Option<Compress>,

    /// In JSON, write nothing but ProtoJSON, sorted; fail on what that can't carry
    #[arg(long, help_heading = "Output")]
    canonical: bool,

    /// Leave out fields that the descriptor does not know where the format has no place for them, and say so
    ///
    /// Text has none, nor has --canonical; without this flag that is an error.
    #[arg(long, help_heading = "Output")]
    allow_loss: bool,

    #[command(flatten)]
    verifying: Verifying,

    #[command(flatten)]
    types: SchemaArgs,
}

/// A format to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum To {
    /// RPCReplay, which all versions of Go's rpcreplay read
    Binary,
    /// RPCReTxt1, the text format of go-replayers
    Text,
    /// One JSON document, a line for each value
    Json,
    /// JSON Lines: a header, then an object per entry
    Jsonl,
}

impl To {
    fn format(self) -> Format {
        match self {
            To::Binary => Format::Binary,
            To::Text => Format::Text,
            To::Json => Format::Json,
            To::Jsonl => Format::JsonLines,
        }
    }
}

/// How to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compress {
    Gzip,
    Zstd,
    None,
}

impl Compress {
    fn compression(self) -> Compression {
        match self {
            Compress::Gzip => Compression::Gzip,
            Compress::Zstd => Compression::Zstd,
            Compress::None => Compression::None,
        }
    }
}

impl Convert {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        if self.schema {
            let mut output = crate::output::Output::new();
            output.write(JSON_SCHEMA.as_bytes())?;
            output.flush()?;
            return Ok(Outcome::Fine);
        }
        self.input.refuse_to_read_twice("convert");
        let plans = self.plan()?;
        target::listen_to_signals();
        let sources = self.types.load()?.for_good();
        let mut outcome = Outcome::Fine;
        for plan in plans {
            if let Err(failure) = plan.carry_out(&sources.schema) {
                let trouble = match failure {
                    Failure::Trouble(trouble) => trouble,
                    Failure::BrokenPipe => return Err(Failure::BrokenPipe),
                };
                report(&trouble);
                outcome = Outcome::Reported;
            }
        }
        sources.advise(&[]);
        Ok(outcome)
    }

    /// What is to be written where.
    fn plan(&self) -> Result<Vec<Conversion<'_>>, Failure> {
        let files = &self.input.files;
        let mut plans = Vec::with_capacity(files.len());
        if files.len() > 1 {
            refuse_stdout_for_folder("convert", self.output.as_deref());
        }
        let folder = self.output.as_deref().filter(|path| files.len() > 1 || target::is_folder(path));
        for path in files {
            let (to, destination) = match (&self.output, folder) {
                _ if self.in_place && path.as_os_str() == "-" => {
                    usage(ErrorKind::ArgumentConflict, "--in-place needs files, not standard input");
                }
                _ if self.in_place => (self.to.map(To::format), Destination::File(path.clone())),
                (None, _) if files.len() > 1 => {
                    let mut message = "several recordings need -o DIR or --in-place".to_owned();
                    // Other programs take the file to write last.
                    if let [.., last] = files.as_slice()
                        && file_names::format_of_name(last).is_some()
                        && !last.exists()
                    {
                        message += &format!("; to write to {}, say -o {0}", name_of(last));
                    }
                    usage(ErrorKind::TooManyValues, &message);
                }
                (None, _) => (Some(self.format_or_usage("standard output")), Destination::Stdout),
                (Some(_), Some(folder)) => {
                    // Behind the ending of JSON stands what it was made of.
                    let to = self.to.map(To::format).or_else(|| file_names::format_below_json(path));
                    let format = to.unwrap_or_else(|| self.format_or_usage("a folder"));
                    let name = file_names::name_in_folder(path, format, self.compress.map(Compress::compression));
                    (Some(format), Destination::File(folder.join(name)))
                }
                (Some(out), None) if out.as_os_str() == "-" => {
                    (Some(self.format_or_usage("standard output")), Destination::Stdout)
                }
                (Some(out), None) => {
                    let format = self.to.map(To::format).or_else(|| file_names::format_of_name(out));
                    let Some(format) = format else {
                        let error = "its name does not tell the format to write";
                        let hint = "say it with --to, or let it end with .replay, .grpcrr, .json or .jsonl";
                        return Err(Trouble::new(&name_of(out), error).with_hint(hint).into());
                    };
                    (Some(format), Destination::File(out.clone()))
                }
            };
            plans.push(Conversion {
                path: path.clone(),
                destination,
                to,
                compression: self.compress.map(Compress::compression),
                canonical: self.canonical,
                allow_loss: self.allow_loss,
                verifies: self.verifying.verifies(),
                input: &self.input,
            });
        }
        if let Some(folder) = folder {
            make_folder(folder)?;
        }
        refuse_same_names(
            plans.iter().map(|plan| (&plan.path, &plan.destination)),
            "convert them into different folders",
        )?;
        if self.canonical && plans.iter().any(|plan| plan.to.is_some_and(|to| !is_json(to))) {
            usage(ErrorKind::ArgumentConflict, NOT_CANONICAL);
        }
        Ok(plans)
    }

    fn format_or_usage(&self, place: &str) -> Format {
        match self.to {
            Some(to) => to.format(),
            None => usage(ErrorKind::MissingRequiredArgument, &format!("say the format with --to to write to {place}")),
        }
    }
}

fn usage(kind: ErrorKind, message: &str) -> ! {
    failure::usage("convert", kind, message)
}

const NOT_CANONICAL: &str = "--canonical is for --to json and jsonl";

/// One recording, what becomes of it, and where that is written.
pub struct Conversion<'a> {
    /// The recording to read.
    pub path: PathBuf,
    /// Where to write.
    pub destination: Destination,
    /// The format to write; the recording's own if there is none.
    pub to: Option<Format>,
    /// The compression to write; otherwise as the name of what is written says, or that of the recording.
    pub compression: Option<Compression>,
    /// Whether JSON is to be ProtoJSON and nothing else.
    pub canonical: bool,
    /// Whether fields may be left out.
    pub allow_loss: bool,
    /// Whether what was written is read back.
    pub verifies: bool,
    /// How to read.
    pub input: &'a Input,
}

impl Conversion<'_> {
    /// Reads the recording and writes it.
    pub fn carry_out(&self, schema: &Schema) -> Result<(), Failure> {
        let name = name_of(&self.path);
        let format = match self.to {
            Some(format) => format,
            None => self.own_format(schema)?,
        };
        if self.canonical && !is_json(format) {
            return Err(Trouble::new(&name, NOT_CANONICAL).into());
        }
        let options =
            WriteOptions { canonical: self.canonical, allow_loss: self.allow_loss, ..WriteOptions::new(format) };
        let threads = self.input.threads();
        let in_place = self.destination == Destination::File(self.path.clone());
        let rewrite = Rewrite {
            name,
            input: Input { files: vec![self.path.clone()], ..*self.input },
            query: &Query::default(),
            unit: Unit::Entry,
            options: Some(options),
            place: Place {
                compression: self.compression,
                keeps_compression: in_place,
                needs_entries: false,
                ..Place::new(self.destination.clone(), &self.path, self.verifies, threads)
            },
            trouble: trouble_of_loss,
        };
        rewrite.carry_out(schema, Unchanged).map(drop)
    }

    /// The format that the recording has.
    fn own_format(&self, schema: &Schema) -> Result<Format, Trouble> {
        Ok(Source::new(&self.path).reader(schema, self.input.options())?.format())
    }
}

/// The trouble that a format can't carry something, with the flags that help.
fn trouble_of_loss(name: &str, error: &rpcreplay::Error, options: WriteOptions) -> Trouble {
    let trouble = Trouble::in_recording(name, error);
    match error.kind() {
        rpcreplay::error::ErrorKind::Loss { .. } => trouble.with_hint(match options.canonical {
            true => "go on without it with --allow-loss, or leave out --canonical: plain JSON keeps everything",
            false => "go on without it with --allow-loss, or write json or jsonl, which keep everything",
        }),
        rpcreplay::error::ErrorKind::NoJson(_) => {
            trouble.with_hint("leave out --canonical: plain JSON keeps everything")
        }
        _ => trouble,
    }
}
