//! Arguments that more than one command has.

use std::ffi::OsStr;
use std::fmt;
use std::mem;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;

use clap::error::ErrorKind;

use rpcreplay::entry::Kind;
use rpcreplay::format::ReadOptions;
use rpcreplay::glob::Glob;
use rpcreplay::query::{CodeCondition, EntryRange, Expression, Query, ValueCondition};
use rpcreplay::schema::{Schema, SchemaBuilder, Selector, SourceError};

use crate::failure::{Trouble, name_of, usage};
use crate::folders::{Recognized, recordings};
use crate::missing;
use crate::project::Project;

/// How much of a recording may belong together.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Limit {
    /// Refuse records, entries and header lines of more bytes than this
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value_t = ReadOptions::default().max_record_bytes)]
    pub max_record_size: u64,
}

impl Limit {
    /// How to read it.
    pub fn options(self) -> ReadOptions {
        ReadOptions { max_record_bytes: self.max_record_size }
    }
}

/// The recordings to read.
#[derive(Debug, clap::Args)]
pub struct Input {
    /// Recordings to read, in any format, compressed with gzip or zstd, or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub limit: Limit,

    /// Work on this many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<NonZeroUsize>,
}

impl Input {
    /// How to read them.
    pub fn options(&self) -> ReadOptions {
        self.limit.options()
    }

    /// On how many threads to work.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// Ends the program if standard input is named more than once.
    pub fn refuse_to_read_twice(&self, command: &str) {
        if self.files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            usage(command, ErrorKind::ArgumentConflict, "standard input can be read once");
        }
    }
}

/// The recordings to read, and folders of recordings.
#[derive(Debug, clap::Args)]
pub struct Inputs {
    /// Recordings to read, in any format, compressed or not, and folders, which stand for all recordings below them; `-` is standard input
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub limit: Limit,

    /// Work on this many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<NonZeroUsize>,
}

impl Inputs {
    /// On how many threads to work.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// The recordings that they name, of folders those below them. Ends the program if standard input is named more than once.
    ///
    /// # Errors
    ///
    /// If a folder can't be read, or there is no recording.
    pub fn find(&self, command: &str, recognized: Recognized) -> Result<Input, Trouble> {
        let found = recordings(&self.paths, recognized)?;
        let files = found.into_iter().map(|recording| recording.path).collect();
        let input = Input { files, limit: self.limit, threads: self.threads };
        input.refuse_to_read_twice(command);
        Ok(input)
    }
}

/// A number of bytes.
pub fn parse_bytes(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "expected a number of bytes, such as 134217728")
}

/// A number of threads.
pub fn parse_threads(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "expected a number from 1 on")
}

/// Whether what is written to a file is read back.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct Verifying {
    /// Read back what was written, and compare it, before it takes its place; this is the default
    #[arg(long, overrides_with = "no_verify")]
    verify: bool,

    /// Do not read back what was written
    #[arg(long, overrides_with = "verify")]
    no_verify: bool,
}

impl Verifying {
    /// Whether it is.
    pub fn verifies(&self) -> bool {
        !self.no_verify
    }
}

/// Where message types come from.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Message types")]
pub struct SchemaArgs {
    /// Look message types up in this descriptor set before the built-in ones (can be repeated)
    ///
    /// `protoc --include_imports --descriptor_set_out=FILE` and `buf build -o FILE` write them. Of several the first that
    /// knows a type counts.
    #[arg(long, visible_alias = "descriptor-set-in", value_name = "FILE")]
    pub protoset: Vec<PathBuf>,

    /// Look message types up in this `.proto` file (can be repeated)
    ///
    /// A path, or one below a folder of -I. It is asked behind descriptor sets. What it imports is looked for below the
    /// folders of -I, or without -I in its own folder and those above it, then in all other sources; the well-known
    /// types are always there. Files written in an edition must be compiled by protoc or buf.
    #[arg(long, value_name = "FILE")]
    pub proto: Vec<PathBuf>,

    /// Look for imports of .proto files below this folder (can be repeated)
    #[arg(short = 'I', long, value_name = "DIR", requires = "proto")]
    pub proto_path: Vec<PathBuf>,

    /// Look message types up in this compiled Go program or test binary (can be repeated)
    ///
    /// Any program will do that links the code which protoc-gen-go or gogo generated from the `.proto` files, stripped or
    /// not, for any system: `go test -c` writes one. It is asked behind `.proto` files.
    #[arg(long, value_name = "FILE")]
    pub go_binary: Vec<PathBuf>,

    /// Do without the built-in types: well-known ones, googleapis, Bazel's remote execution API
    #[arg(long)]
    pub no_builtin_protos: bool,

    /// Read this project file instead of the nearest rpcreplay.toml in the working directory or above
    ///
    /// Its section `[schema]` names more sources: `protoset`, `proto`, `proto-path` and `go-binary`, each with a path or
    /// a list of paths, relative to the file's folder. They are asked behind those that flags name. Its section `[diff]` says
    /// what diff folds: `profile`, `ignore`, `only`, `unordered` and `key`, as the flags do, and `[[diff.rule]]`. `[check]` says what check looks for. `[[redact]]`,
    /// `[[detector]]` and `[[checksum]]` say what redact takes out.
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,

    /// Read no project file
    #[arg(long)]
    pub no_config: bool,
}

/// The sources of message types, and where each was named.
pub struct Sources {
    /// What they know.
    pub schema: Schema,
    /// Where each of them was named, in order.
    pub named: Vec<String>,
    project: Option<Project>,
    without_builtin: bool,
}

impl Sources {
    /// The built-in ones alone.
    pub fn builtin() -> Sources {
        let named = vec!["built in".to_owned()];
        Sources { schema: Schema::builtin(), named, project: None, without_builtin: false }
    }

    /// The sources for as long as the process runs: freeing thousands of descriptors takes a tenth of a short run.
    pub fn for_good(self) -> &'static Sources {
        Box::leak(Box::new(self))
    }

    /// The project file that was read, if there is one.
    pub fn project(&self) -> Option<&Project> {
        self.project.as_ref()
    }

    /// Says what would help with types that were asked for and not found, and with these services.
    pub fn advise(&self, services: &[String]) {
        missing::advise(&self.schema, services, self.without_builtin, self.project.as_ref());
    }
}

impl SchemaArgs {
    /// Reads the sources: those of flags, then those of the project file, then the built-in one.
    pub fn load(&self) -> Result<Sources, Trouble> {
        self.load_with(None)
    }

    /// The same, with another descriptor set in front of the built-in source, and what that is called.
    pub fn load_with(&self, told: Option<(String, Vec<u8>)>) -> Result<Sources, Trouble> {
        let project = self.project()?;
        let mut adding = Adding { builder: Schema::builder().builtin(!self.no_builtin_protos), named: Vec::new() };
        for path in &self.protoset {
            adding.protoset(path, "--protoset".to_owned())?;
        }
        adding.protos(&self.proto, &self.proto_path, "--proto".to_owned())?;
        for path in &self.go_binary {
            adding.go_binary(path, "--go-binary".to_owned())?;
        }
        if let Some(project) = &project {
            let config = &project.config.schema;
            for setting in &config.protoset {
                let place = project.place_of(setting);
                adding.protoset(&project.path_of(setting)?, place.clone()).map_err(|trouble| trouble.within(&place))?;
            }
            let (files, folders) = project.protos()?;
            let place = config.proto.first().map(|setting| project.place_of(setting)).unwrap_or_default();
            adding.protos(&files, &folders, place.clone()).map_err(|trouble| trouble.within(&place))?;
            for setting in &config.go_binary {
                let place = project.place_of(setting);
                adding
                    .go_binary(&project.path_of(setting)?, place.clone())
                    .map_err(|trouble| trouble.within(&place))?;
            }
        }
        if let Some((name, told)) = told {
            adding.add(name.clone(), |builder| builder.protoset(&name, told))?;
        }
        let Adding { builder, mut named } = adding;
        if !self.no_builtin_protos {
            named.push("built in".to_owned());
        }
        Ok(Sources { schema: builder.build(), named, project, without_builtin: self.no_builtin_protos })
    }

    /// Reads the project file.
    pub fn project(&self) -> Result<Option<Project>, Trouble> {
        match &self.config {
            Some(path) => Project::read(path).map(Some),
            None if self.no_config => Ok(None),
            None => Project::nearest(),
        }
    }

    /// The flags as they can be given again.
    pub fn words(&self) -> Vec<&OsStr> {
        let paths = [
            ("--protoset", &self.protoset),
            ("--proto", &self.proto),
            ("--proto-path", &self.proto_path),
            ("--go-binary", &self.go_binary),
        ];
        let paths = paths.into_iter().flat_map(|(flag, paths)| paths.iter().map(move |path| (flag, path)));
        let mut words: Vec<&OsStr> = paths
            .chain(self.config.iter().map(|path| ("--config", path)))
            .flat_map(|(flag, path)| [flag.as_ref(), path.as_os_str()])
            .collect();
        words.extend(self.no_builtin_protos.then_some(OsStr::new("--no-builtin-protos")));
        words.extend(self.no_config.then_some(OsStr::new("--no-config")));
        words
    }
}

/// Sources that are being added, each with where it was named.
struct Adding {
    builder: SchemaBuilder,
    named: Vec<String>,
}

impl Adding {
    fn protoset(&mut self, path: &Path, named: String) -> Result<(), Trouble> {
        let bytes = read(path)?;
        self.add(named, |builder| builder.protoset(&name_of(path), bytes))
            .map_err(|trouble| or_other_kind(trouble, path, "--protoset"))
    }

    fn protos(&mut self, files: &[PathBuf], folders: &[PathBuf], named: String) -> Result<(), Trouble> {
        if let Some(folder) = files.iter().find(|path| path.is_dir()) {
            return Err(Trouble::new(&name_of(folder), "is a folder, expected a .proto file")
                .with_hint("name its files with --proto, and the folder that their imports start from with -I"));
        }
        let Some(first) = files.first() else { return Ok(()) };
        self.add(named, |builder| builder.proto(files, folders))
            .map_err(|trouble| or_other_kind(trouble, first, "--proto"))
    }

    fn go_binary(&mut self, path: &Path, named: String) -> Result<(), Trouble> {
        let bytes = read(path)?;
        self.add(named, |builder| builder.go_binary(&name_of(path), &bytes))
            .map_err(|trouble| or_other_kind(trouble, path, "--go-binary"))
    }

    fn add(
        &mut self,
        named: String,
        add: impl FnOnce(SchemaBuilder) -> Result<SchemaBuilder, SourceError>,
    ) -> Result<(), Trouble> {
        self.builder = add(mem::replace(&mut self.builder, Schema::builder()))?;
        self.named.push(named);
        Ok(())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|error| Trouble::new(&name_of(path), error))
}

/// The trouble with a source, with better advice if another flag takes such a file.
fn or_other_kind(trouble: Trouble, path: &Path, tried: &str) -> Trouble {
    /// How ELF, PE and Mach-O begin.
    const PROGRAMS: [&[u8]; 4] = [b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];

    let Ok(bytes) = std::fs::read(path) else { return trouble };
    let is_text = std::str::from_utf8(&bytes).is_ok();
    let is_proto = path.extension().is_some_and(|extension| extension == "proto");
    let (what, flag, builder) = if PROGRAMS.iter().any(|magic| bytes.starts_with(magic)) {
        ("program", "--go-binary", Schema::builder().go_binary("", &bytes))
    } else if is_text && is_proto {
        (".proto file", "--proto", Schema::builder().proto(&[path.to_owned()], &[]))
    } else {
        ("descriptor set", "--protoset", Schema::builder().protoset("", bytes))
    };
    if flag == tried || builder.is_err() {
        return trouble;
    }
    trouble.with_hint(format!("this is a {what}: name it with {flag}"))
}

/// How to write what is a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TableFormat {
    /// A table on a terminal, fields apart by tabs elsewhere
    Table,
    /// One JSON document
    Json,
}

/// Which calls and entries to keep.
///
/// Every flag that is given must agree. Of several values of one flag any will do; only codes that a call must not end
/// with must all hold.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Keep calls whose method matches (can be repeated)
    ///
    /// `*` stands for any characters, `?` for one. A pattern that begins with `/` must match the full method
    /// `/package.Service/Method`; any other one may begin behind any `.` or `/` in it, so `GetSecret` and
    /// `SecretManagerService/*` work. All entries of a call follow its method.
    #[arg(short, long, value_name = "GLOB")]
    pub method: Vec<Glob>,

    /// Keep entries of this kind (can be repeated)
    ///
    /// Where calls are shown, keep calls that contain such an entry.
    #[arg(long, value_name = "KIND", ignore_case = true)]
    pub kind: Vec<KindArg>,

    /// Keep calls that ended with this code, or with `!` not with it (can be repeated)
    ///
    /// Codes are given by name or number: `NOT_FOUND`, `NotFound`, `5`, `!OK`. Of several any will do, but of those with
    /// `!` none may be it: `!OK` and `!NOT_FOUND` keep calls that failed otherwise. A call whose end is not in the
    /// recording has no code and matches none.
    #[arg(long, value_name = "CODE")]
    pub code: Vec<CodeCondition>,

    /// Keep entries with these numbers, from..to inclusive (can be repeated)
    ///
    /// `3`, `3..10`, `3..` and `..10` work. Where calls are shown, keep calls that contain such an entry.
    #[arg(long, value_name = "N[..M]")]
    pub index: Vec<EntryRange>,

    /// Keep entries that have a field which this selects (can be repeated)
    ///
    /// Every path that diff prints is a selector: `response:name` is a field of responses, `status:details(google.rpc.DebugInfo)`
    /// stands inside an Any, `**.etag` at any depth, `google.protobuf.Timestamp` is every value of a type. Where calls are shown,
    /// keep calls that contain such an entry.
    #[arg(long, value_name = "SELECTOR")]
    pub has: Vec<Selector>,

    /// Keep entries in which what a selector selects is this value, or matches a regular expression (can be repeated)
    ///
    /// `request:name=projects/demo`, `response:state=ENABLED`, `recv:ack_deadline_seconds=10`, `request:name~/secrets/weather-`.
    /// Enums are compared by name or number, times and durations as JSON writes them, bytes as they are. An expression behind `~`
    /// may match anywhere in the value. Where calls are shown, keep calls that contain such an entry.
    #[arg(long = "match", value_name = "SELECTOR=VALUE|~REGEX")]
    pub matches: Vec<ValueCondition>,

    /// Keep calls for which this expression holds, in CEL (can be repeated)
    ///
    /// `request.parent == "projects/demo" && size(response.secrets) > 3`, `status == NOT_FOUND`,
    /// `messages.exists(m, has(m.error))`. There are method, kind and index of the call's first entry, request and response (of a stream
    /// the first message sent and received), messages, and status. Fields are named as in the .proto file; one that is not set is its
    /// default, and has() says whether it is. Enums are their names. What does not exist, such as the response of a call that
    /// failed, makes an expression that asks for it hold for no call. Names of fields are checked before anything is read.
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub expressions: Vec<String>,

    /// Keep what the other flags leave out, and leave out what they keep
    #[arg(long)]
    pub invert_match: bool,
}

impl Selection {
    /// What they ask for.
    ///
    /// # Errors
    ///
    /// If an expression is none, or asks for what no message has.
    pub fn query(&self, schema: &Schema) -> Result<Query, Trouble> {
        let parse = |text: &String| {
            Expression::parse(text, schema).map_err(|error| Trouble {
                shown: Some(error.caret()),
                hint: error.hint(),
                ..Trouble::plain(format!("--where: {error}"))
            })
        };
        Ok(Query {
            methods: self.method.clone(),
            kinds: self.kind.iter().map(|kind| kind.kind()).collect(),
            codes: self.code.clone(),
            numbers: self.index.clone(),
            fields: self.has.clone(),
            values: self.matches.clone(),
            expressions: self.expressions.iter().map(parse).collect::<Result<_, _>>()?,
            is_inverted: self.invert_match,
            is_unique: false,
        })
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that has colours, unless the environment says otherwise
    Auto,
    /// Always, whatever the environment says
    Always,
    /// Never
    Never,
}

impl ColorWhen {
    /// Whether to use colours on standard output.
    pub fn colors(self) -> bool {
        match self {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let is_forced = std::env::var_os("FORCE_COLOR").is_some_and(|value| !value.is_empty() && value != "0");
                if is_forced && !is_set("NO_COLOR") {
                    return true;
                }
                anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
            }
        }
    }
}

/// How many bytes of a string or `bytes` are shown; all if `None`.
#[derive(Debug, Clone, Copy)]
pub struct MaxBytes(pub Option<usize>);

impl Default for MaxBytes {
    fn default() -> Self {
        MaxBytes(Some(256))
    }
}

impl fmt::Display for MaxBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bytes) => bytes.fmt(f),
            None => f.pad("all"),
        }
    }
}

impl FromStr for MaxBytes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(MaxBytes(None)),
            _ => text.parse().map(|bytes| MaxBytes(Some(bytes))).map_err(|_| "expected a number of bytes, or `all`"),
        }
    }
}

/// A kind of entry on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KindArg {
    /// The request of a unary call
    Request,
    /// The response, or the error, of a unary call
    Response,
    /// A stream was opened, or failed to
    CreateStream,
    /// A message was sent on a stream
    Send,
    /// A message was received from a stream, or its end
    Recv,
}

impl KindArg {
    /// The kind it names.
    pub fn kind(self) -> Kind {
        match self {
            KindArg::Request => Kind::Request,
            KindArg::Response => Kind::Response,
            KindArg::CreateStream => Kind::CreateStream,
            KindArg::Send => Kind::Send,
            KindArg::Recv => Kind::Recv,
        }
    }
}
