//! `rpcreplay serve`: recordings that answer calls over the network.

mod log;
mod telling;

use std::iter;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::error::ErrorKind;
use tokio::runtime::Runtime;

use rpcreplay::net::{NoAddress, Upstream};
use rpcreplay::replay::{Miss, Order, Outcome as ReplayOutcome, Repeat, Replayer};
use rpcreplay::serve::{AnsweredBy, Event, OnMiss, Options, Server};

use crate::args::{Limit, SchemaArgs, Sources};
use crate::failure::{Failure, Outcome, Trouble, name_of, note, usage};
use crate::network::ServerArgs;
use crate::render::Painter;
use crate::replaying::{Matching, add, explain, show_hint};
use log::{CallLog, LogFormat};
use telling::{Teller, Telling, Told};

/// Answer gRPC calls from recordings
///
/// A program under test calls this server instead of the real one, whatever language it is written in. A unary call is answered by the
/// first recorded call of its method with an equal request that has not answered yet, a stream by the first whose first message is
/// equal, as with Go's replayer. Requests are equal if they say the same, apart from what --ignore names; without a descriptor, if they have
/// the same bytes. What no recorded call answers ends with UNKNOWN, and why is told on standard error.
///
/// Of a stream everything that was received goes out as soon as it is chosen, as fast as the client takes it; its end is told when as much was
/// sent as in the recording, or the client closes its side. Where whoever recorded a server's stream read no further, it stays open until
/// the client closes its side, and ends with OK. A deadline that passes ends a call with DEADLINE_EXCEEDED.
///
/// Every call is a line on standard output. The server stops at SIGINT or SIGTERM, and gives open calls 5 seconds; a second signal
/// ends it at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 fine, 1 a recorded call has not answered (with --require-all), 2 trouble.

Examples:
  rpcreplay serve --listen 127.0.0.1:8080 --ignore 'request:request_id' calls.replay
  rpcreplay serve --listen unix:/tmp/replay.sock --addr-file ready --require-all testdata/calls.replay")]
pub struct Serve {
    /// Recordings that answer, in any format, compressed or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    limit: Limit,

    /// What a line of the log looks like
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log: LogFormat,

    /// Fail if a recorded call has answered nobody until the server stops; such calls are named
    #[arg(long)]
    require_all: bool,

    /// What becomes of calls that no recorded one answers: `error`, or forward=ADDR, which passes them on to another server
    ///
    /// They are passed on as they came, without TLS and not redacted, and so are the answers. ADDR is HOST:PORT or unix:PATH.
    #[arg(long, value_name = "error|forward=ADDR", default_value = "error", value_parser = parse_on_miss, help_heading = "Matching")]
    on_miss: OnMiss,

    /// In which order recorded calls answer
    #[arg(long, value_name = "ORDER", default_value = "any", help_heading = "Matching")]
    order: OrderArg,

    /// What becomes of calls that have answered
    #[arg(long, value_name = "HOW", default_value = "never", help_heading = "Matching")]
    repeat: RepeatArg,

    /// Wait before each answer as long as the recorded server did, where the recording has the times of entries
    #[arg(long)]
    timing: bool,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    matching: Matching,

    #[command(flatten)]
    schema: SchemaArgs,
}

/// In which order recorded calls answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OrderArg {
    /// The first that fits and has not answered, as with Go's replayer
    Any,
    /// Those of a method in the order of the recording
    PerMethod,
    /// All in the order of the recording
    Recorded,
}

/// What becomes of calls that have answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RepeatArg {
    /// Each answers once, as with Go's replayer
    Never,
    /// When all that fit have answered, the last of them answers again
    Last,
    /// When all that fit have answered, they begin anew
    Always,
}

fn parse_on_miss(text: &str) -> Result<OnMiss, String> {
    match text.split_once('=') {
        None if text == "error" => Ok(OnMiss::Error),
        Some(("forward", address)) => {
            let address = address.parse().map_err(|error: NoAddress| error.to_string())?;
            Ok(OnMiss::Forward(Upstream::new(address)))
        }
        None | Some(_) => Err("expected `error` or forward=ADDR, such as forward=127.0.0.1:8080".to_owned()),
    }
}

impl Serve {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        if self.files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            usage("serve", ErrorKind::ArgumentConflict, "standard input can be read once");
        }
        let sources = self.schema.load()?.for_good();
        let telling = Telling::begin();
        let replayer = Arc::new(self.replayer(sources, telling.teller())?);
        let log = CallLog { format: self.log, files: self.files.iter().map(|path| name_of(path)).collect() };
        let options = Options { limits: self.server.limits(), on_miss: self.on_miss.clone() };
        let server = Server::new(replayer.clone(), options).log(tells(log.clone(), telling.teller()));
        let entrance = self.server.entrance()?;
        let runtime = Runtime::new().map_err(|error| Trouble::new("threads", error))?;
        runtime.block_on(entrance.serve(|listener, stop| server.run(listener, stop)))?;
        // Threads that still compare messages are not waited for.
        runtime.shutdown_timeout(Duration::ZERO);
        sources.advise(&[]);
        let unused = if self.require_all { replayer.unused() } else { Vec::new() };
        let teller = telling.teller();
        unused.iter().for_each(|(call, method)| teller.tell(log.unused(*call, method)));
        telling.finish();
        if unused.is_empty() {
            return Ok(Outcome::Fine);
        }
        note("rpcreplay: ", &format!("{} recorded calls have not answered", unused.len()));
        Ok(Outcome::Missing)
    }

    /// The recordings, ready to answer.
    fn replayer(&self, sources: &'static Sources, teller: Teller) -> Result<Replayer<'static>, Trouble> {
        let (replayer, _) = self.matching.replayer(sources)?;
        let replayer = replayer.with_rules(self.order.order(), self.repeat.repeat()).timed(self.timing);
        let mut replayer = replayer.log(Box::new(move |event| {
            if let ReplayOutcome::SentOtherwise { call, place, changes } = event.outcome {
                let places: Vec<&str> = changes.iter().map(|change| &*change.general_path).collect();
                let number = event.number;
                let what = format!("message {} differs from what was sent in #{}", place + 1, call.first);
                let message = format!("call {number} of {}: {what}, in {}", event.method, places.join(", "));
                teller.tell(Told::Notes(vec![("warning: ".to_owned(), message)]));
            }
        }));
        add(&mut replayer, &self.files, self.limit, sources)?;
        Ok(replayer)
    }
}

impl OrderArg {
    fn order(self) -> Order {
        match self {
            OrderArg::Any => Order::Any,
            OrderArg::PerMethod => Order::PerMethod,
            OrderArg::Recorded => Order::Recorded,
        }
    }
}

impl RepeatArg {
    fn repeat(self) -> Repeat {
        match self {
            RepeatArg::Never => Repeat::Never,
            RepeatArg::Last => Repeat::Last,
            RepeatArg::Always => Repeat::Always,
        }
    }
}

/// Tells of calls on standard output, and of what goes wrong on standard error.
fn tells(log: CallLog, teller: Teller) -> Box<rpcreplay::serve::Log> {
    Box::new(move |event| match event {
        Event::Ended(ended) => {
            teller.tell(log.ended(ended));
            match &ended.answered_by {
                AnsweredBy::Missed(miss) => teller.tell(explained(miss, &log.files)),
                AnsweredBy::Recorded(_) | AnsweredBy::Forwarded(_) | AnsweredBy::Server | AnsweredBy::Nobody => {}
            }
        }
        Event::Refused { peer, why } => {
            teller.tell(Told::Notes(vec![("connection from ".to_owned(), format!("{peer}: {why}"))]));
        }
    })
}

/// Why no recorded call answers.
fn explained(miss: &Miss, files: &[String]) -> Told {
    let mut text = Vec::new();
    explain(miss, files, &mut Painter { out: &mut text, colors: false });
    let text = String::from_utf8_lossy(&text);
    let prefixes = iter::once(format!("miss: call {}: ", miss.number)).chain(iter::repeat(String::new()));
    let mut notes: Vec<(String, String)> = prefixes.zip(text.lines().map(str::to_owned)).collect();
    notes.extend(show_hint(miss).map(|hint| ("hint: ".to_owned(), hint)));
    Told::Notes(notes)
}
