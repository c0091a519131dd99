//! `rpcreplay record`: a proxy that records the calls that pass through it.

mod redaction;
mod watch;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::error::ErrorKind;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use rpcreplay::format::{Compression, Format};
use rpcreplay::glob::Glob;
use rpcreplay::net::{Address, NoTls, Trust, Upstream};
use rpcreplay::proxy::{Event, NoReflection, Options, Proxy, reflected};
use rpcreplay::replay::{NotRecorded, Recorder};

use crate::args::{SchemaArgs, Sources};
use crate::failure::{Failure, Outcome, Trouble, name_of, note, usage};
use crate::file_names::{compression_of_name, format_of_name};
use crate::network::ServerArgs;
use crate::redact::RuleArgs;
use redaction::Redaction;
use watch::Watch;

/// How long to wait for an upstream that is not there yet, before calls are taken.
const UPSTREAM_PATIENCE: Duration = Duration::from_secs(3);

/// How often to look whether it is there.
const UPSTREAM_PAUSE: Duration = Duration::from_millis(100);

/// What recordings begin with that can be replaced: those of Go's formats.
const RECORDINGS: [&[u8]; 2] = [b"RPCReplay", b"RPCReTxt1"];

/// Record gRPC calls on their way to a server
///
/// A program calls this proxy instead of the server, whatever language it is written in, and gets from it what the server answers. What
/// passes becomes a recording as Go's recorder would have made it in the client: print, diff, redact and serve take it, and so does Go's
/// replayer. Every entry is in the file before the other side gets to know what it says. What the rules of flags, files and the project
/// select is redacted before that.
///
/// Whether a call is unary or a stream, and of which types its messages are, is known from descriptors: those of flags, of the project
/// file, the built-in ones, and those that the server tells of by reflection. A method that none of them has is recorded as a stream,
/// unless --unary names it; `rpcreplay schema retype` gives its messages their types later.
///
/// The proxy stops at SIGINT or SIGTERM, gives open calls 5 seconds, and finishes the file; a second signal ends it at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 fine, 1 something was not recorded, and its call has failed for that, 2 trouble.

Examples:
  rpcreplay record --upstream localhost:8080 --listen localhost:9090 -o calls.replay
  rpcreplay record --upstream pubsub.googleapis.com:443 --upstream-tls --listen localhost:9090 -o calls.replay --detect all")]
pub struct Record {
    /// The server that is called: HOST:PORT, or a Unix socket, unix:PATH
    #[arg(long, value_name = "ADDR")]
    upstream: Address,

    /// Speak TLS with the server, which must prove itself by the certificates that the system trusts
    #[arg(long, help_heading = "TLS")]
    upstream_tls: bool,

    /// Speak TLS with the server, and trust these certificates alone, in PEM
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    upstream_ca: Option<PathBuf>,

    /// Write the recording to this file; what is there is replaced as soon as there is a first call
    #[arg(short, long, value_name = "OUT", help_heading = "Output")]
    output: PathBuf,

    /// Write in this format [default: by the ending of OUT, or else binary]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to: Option<To>,

    /// Continue the recording that is in the file, in its format
    #[arg(long, conflicts_with_all = ["to", "initial"], help_heading = "Output")]
    append: bool,

    /// Begin the recording with this initial state, or with what is in a file
    #[arg(long, value_name = "TEXT|@FILE", help_heading = "Output")]
    initial: Option<String>,

    /// Note metadata, trailers and times beside entries, which only a binary recording can carry; keys that look like secrets are left out
    ///
    /// Go's replayer steps over them; `print --verbose` shows them, and serve --timing answers as slowly. `authorization`, `cookie`,
    /// `x-goog-api-key` and all keys that look like these are never written, and rules and detectors look into the rest.
    #[arg(long, help_heading = "Output")]
    extensions: bool,

    /// Write the descriptors that the server told of by reflection to this file, for --protoset of other commands
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    protoset_out: Option<PathBuf>,

    /// Methods that are unary, of those that no descriptor has (can be repeated)
    ///
    /// `*` stands for any characters; a pattern may begin behind any `.` or `/` of /PACKAGE.SERVICE/METHOD.
    #[arg(long, value_name = "METHOD|GLOB")]
    unary: Vec<Glob>,

    #[command(flatten)]
    server: ServerArgs,

    /// What is redacted before anything is written
    #[command(flatten)]
    rules: RuleArgs,

    #[command(flatten)]
    schema: SchemaArgs,
}

/// The formats that can be written call by call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// Go's binary format
    Binary,
    /// Go's text format
    Text,
}

impl Record {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let format = self.format();
        self.look_at_output()?;
        let upstream = self.upstream()?;
        let initial = self.initial()?;
        let entrance = self.server.entrance()?;
        let runtime = Runtime::new().map_err(|error| Trouble::new("threads", error))?;
        let sources = self.sources(&runtime, &upstream)?;
        let was_there = self.output.exists();
        let is_new = fs::metadata(&self.output).map_or(true, |found| found.len() == 0);
        let (recorder, redaction) = self.recorder(format, initial, sources)?;
        let recorder = Arc::new(recorder);
        let options = Options { limits: self.server.limits(), unary: self.unary.clone(), extensions: self.extensions };
        let proxy = Proxy::new(upstream, recorder.clone(), &sources.schema, options);
        let watch = Watch::new(proxy.counts(), recorder.clone());
        let is_missing = Arc::new(AtomicBool::new(false));
        let proxy = proxy.log(tells(watch.clone(), is_missing.clone()));
        let served = runtime.block_on(entrance.serve(|listener, stop| watch.follow(proxy.run(listener, stop))));
        if served.is_err() && !was_there {
            // Nobody could call, so there is nothing in it.
            let _ = fs::remove_file(&self.output);
        }
        let served = served?;
        // Calls that are still open end now, and that is written.
        runtime.shutdown_timeout(Duration::from_secs(1));
        watch.end();
        let broken = served.and_then(Result::err);
        let trouble = |error: NotRecorded| Trouble::new(&name_of(&self.output), error);
        if let Some(error) = broken {
            watch.summary(&self.output);
            return Err(trouble(error).with_hint("calls up to then are in the file").into());
        }
        if is_new || recorder.entries() > 0 {
            recorder.finish().map_err(trouble)?;
        }
        watch.summary(&self.output);
        if let Some(redaction) = redaction.filter(|_| recorder.entries() > 0) {
            redaction.tell_unmet(&sources.schema);
        }
        Ok(if is_missing.load(Ordering::Relaxed) { Outcome::Missing } else { Outcome::Fine })
    }

    /// The format of a new recording.
    fn format(&self) -> Format {
        if self.output.as_os_str() == "-" {
            usage("record", ErrorKind::ValueValidation, "a recording is written to a file, not to standard output");
        }
        let of_name = format_of_name(&self.output);
        let is_compressed = compression_of_name(&self.output).is_some_and(|known| known != Compression::None);
        let can_be_written =
            !is_compressed && of_name.is_none_or(|format| matches!(format, Format::Binary | Format::Text));
        if self.to.is_none() && !self.append && !can_be_written {
            let words = "a recording is written call by call as binary or text, not compressed: name such a file, or --to; \
                rpcreplay convert makes of it what is wanted";
            usage("record", ErrorKind::ValueValidation, words);
        }
        let format = match self.to {
            Some(To::Binary) => Format::Binary,
            Some(To::Text) => Format::Text,
            None => of_name.unwrap_or(Format::Binary),
        };
        if self.extensions && !self.append && format == Format::Text {
            usage("record", ErrorKind::ArgumentConflict, "a text recording can't carry what --extensions notes");
        }
        format
    }

    /// Looks at the file, and for its folder, before anything takes time.
    fn look_at_output(&self) -> Result<(), Trouble> {
        let trouble = |words: &str| Trouble::new(&name_of(&self.output), words);
        let begins_with = |magic: &[u8]| {
            let mut found = vec![0; magic.len()];
            let read = fs::File::open(&self.output).and_then(|mut file| file.read_exact(&mut found));
            read.is_ok_and(|()| found == magic)
        };
        let is_something = fs::metadata(&self.output).is_ok_and(|found| found.is_file() && found.len() > 0);
        if is_something && !self.append && !RECORDINGS.iter().any(|magic| begins_with(magic)) {
            return Err(trouble("is there and no recording, which the first call would replace")
                .with_hint("name another file, or remove it"));
        }
        let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty());
        let found = fs::metadata(folder.unwrap_or(Path::new(".")));
        found.map(drop).map_err(|error| Trouble::new(&name_of(&self.output), error))
    }

    fn upstream(&self) -> Result<Upstream, Trouble> {
        let upstream = Upstream::new(self.upstream.clone());
        let trust = match &self.upstream_ca {
            Some(path) => {
                let pem = fs::read(path).map_err(|error| Trouble::new(&name_of(path), error))?;
                Trust::from_pem(&pem).map_err(|error| Trouble::new(&name_of(path), error))?
            }
            None if self.upstream_tls => Trust::system().map_err(|error: NoTls| {
                Trouble::new("--upstream-tls", error).with_hint("name certificates to trust with --upstream-ca FILE")
            })?,
            None => return Ok(upstream),
        };
        Ok(upstream.with_tls(trust))
    }

    /// The initial state, if one is named.
    fn initial(&self) -> Result<Option<Vec<u8>>, Trouble> {
        let Some(initial) = &self.initial else { return Ok(None) };
        match initial.strip_prefix('@') {
            Some(path) => fs::read(path).map(Some).map_err(|error| Trouble::new(&name_of(Path::new(path)), error)),
            None => Ok(Some(initial.clone().into_bytes())),
        }
    }

    /// What is known of message types, by flags and files and by the server.
    fn sources(&self, runtime: &Runtime, upstream: &Upstream) -> Result<&'static Sources, Trouble> {
        let own = self.schema.load()?;
        let told = match runtime.block_on(ask(upstream, &own)) {
            Ok(told) => told,
            Err(NoReflection::Unimplemented(_)) => None,
            Err(error) => {
                self.tell_no_reflection(&error);
                None
            }
        };
        match (&self.protoset_out, &told) {
            (Some(path), Some(told)) => fs::write(path, told).map_err(|error| Trouble::new(&name_of(path), error))?,
            (Some(path), None) => {
                let words = "nothing to write: the server tells of no descriptors that are not known already";
                note("note: ", &format!("--protoset-out {}: {words}", name_of(path)));
            }
            (None, _) => {}
        }
        let Some(told) = told else { return Ok(own.for_good()) };
        if self.protoset_out.is_none() {
            note(
                "note: ",
                "the server tells of types that nobody else knows here: keep them for other commands with --protoset-out FILE",
            );
        }
        Ok(self.schema.load_with(Some((format!("reflection of {}", self.upstream), told)))?.for_good())
    }

    fn tell_no_reflection(&self, error: &NoReflection) {
        note("warning: ", &format!("--upstream {}: {error}", self.upstream));
        let speaks_tls = self.upstream_tls || self.upstream_ca.is_some();
        match error {
            NoReflection::Foreign(_) if !speaks_tls => note("hint: ", "if it speaks TLS, name --upstream-tls"),
            NoReflection::Unreachable(_) => {
                let words = "calls are taken all the same, and may reach it later; of types it can't be asked any more";
                note("hint: ", words);
            }
            _ => {}
        }
    }

    /// The file, and what is done before something is written to it.
    fn recorder(
        &self,
        format: Format,
        initial: Option<Vec<u8>>,
        sources: &'static Sources,
    ) -> Result<(Recorder<'static>, Option<Redaction>), Trouble> {
        let trouble = |error: NotRecorded| match error {
            NotRecorded::Write(error) => Trouble::in_recording(&name_of(&self.output), &error),
            error => Trouble::new(&name_of(&self.output), error),
        };
        let schema = &sources.schema;
        let recorder = if self.append {
            Recorder::append(&self.output, schema)
        } else {
            Recorder::create(&self.output, format, schema)
        };
        let mut recorder = recorder.map_err(trouble)?;
        if recorder.unmatched_requests() > 0 {
            let words = format!(
                "{} requests have no response, so Go's replayer takes none of it",
                recorder.unmatched_requests()
            );
            note("warning: ", &format!("{}: {words}", name_of(&self.output)));
            note("hint: ", "rpcreplay repair drops such calls");
        }
        if self.extensions && recorder.format() == Format::Text {
            return Err(trouble(NotRecorded::NoExtensions).with_hint("do without --extensions, or write another file"));
        }
        let (mut initial, mut redaction) = (initial, None);
        let of_project = sources.project().filter(|project| !project.config.redact.rules.is_empty());
        if let Some(project) = of_project {
            note("redacting by ", &name_of(&project.path));
        }
        if self.rules.is_given() || of_project.is_some() {
            let rules = Box::leak(Box::new(self.rules.load(sources.project())?));
            let (following, redacted) = Redaction::new(rules, schema, initial.as_deref())?;
            (recorder, initial) = (recorder.before_write(following.before_write()), redacted);
            redaction = Some(following);
        }
        if let Some(initial) = initial {
            recorder.set_initial(initial).map_err(trouble)?;
        }
        Ok((recorder, redaction))
    }
}

/// Asks the server for descriptors, and waits for a while if it is not there yet.
async fn ask(upstream: &Upstream, own: &Sources) -> Result<Option<Vec<u8>>, NoReflection> {
    let begun = Instant::now();
    loop {
        match reflected(upstream, &own.schema).await {
            Err(NoReflection::Unreachable(_)) if begun.elapsed() < UPSTREAM_PATIENCE => sleep(UPSTREAM_PAUSE).await,
            answered => return answered,
        }
    }
}

/// Tells on standard error what goes wrong.
fn tells(watch: Watch, is_missing: Arc<AtomicBool>) -> Box<rpcreplay::proxy::Log> {
    let is_first = AtomicBool::new(true);
    Box::new(move |event| match event {
        Event::UnknownMethod { method, is_unary } => {
            let what = if *is_unary { "a unary call" } else { "a stream" };
            let words = format!("no descriptor has {method}: it is recorded as {what} of messages without types");
            watch.note("note: ", &words);
            if is_first.swap(false, Ordering::Relaxed) {
                let words = "name what defines it with --protoset FILE or --proto FILE, here or later of rpcreplay schema retype; a method that is \
                    no stream with --unary METHOD";
                watch.note("hint: ", words);
            }
        }
        Event::NotRecorded { method, why } => {
            is_missing.store(true, Ordering::Relaxed);
            watch.note("not recorded: ", &format!("{method}: {why}"));
        }
        Event::Refused { peer, why } => watch.note("connection from ", &format!("{peer}: {why}")),
    })
}
