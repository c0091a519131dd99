//! `rpcreplay serve`: recordings that answer calls over the network.

mod address_file;
mod log;
mod signals;
mod telling;

use std::fs;
use std::future::Future;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::error::ErrorKind;
use tokio::runtime::Runtime;

use rpcreplay::replay::{Miss, Order, Outcome as ReplayOutcome, Repeat, Replayer};
use rpcreplay::serve::{Address, AnsweredBy, Event, Listener, NoAddress, NoTls, OnMiss, Options, Server, Tls};

use crate::args::{Limit, SchemaArgs, Sources, parse_bytes};
use crate::failure::{Failure, Outcome, Trouble, name_of, note, usage};
use crate::render::Painter;
use crate::replaying::{Matching, add, explain, show_hint};
use address_file::AddressFile;
use log::{CallLog, LogFormat};
use signals::signals;
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

    /// Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH
    #[arg(long, value_name = "ADDR")]
    listen: Address,

    /// Write the real address to this file as soon as calls are taken; the file is removed when the server stops
    #[arg(long, value_name = "FILE")]
    addr_file: Option<PathBuf>,

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

    /// Prove who the server is with this certificate, in PEM, those that vouch for it behind it
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "TLS")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS")]
    tls_key: Option<PathBuf>,

    /// Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it
    #[arg(long, value_name = "FILE", conflicts_with = "tls_cert", help_heading = "TLS")]
    tls_self_signed: Option<PathBuf>,

    /// Refuse messages of more bytes than this
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value_t = Options::default().max_message_bytes as u64, help_heading = "Limits")]
    max_message: u64,

    /// Take no more connections than this at the same time
    #[arg(long, value_name = "N", default_value_t = Options::default().max_connections, value_parser = at_least_one::<usize>, help_heading = "Limits")]
    max_connections: usize,

    /// Take no more calls than this on a connection at the same time
    #[arg(long, value_name = "N", default_value_t = Options::default().max_concurrent_streams, value_parser = at_least_one::<u32>, help_heading = "Limits")]
    max_streams: u32,

    /// Refuse calls whose headers have more bytes than this
    #[arg(long, value_name = "BYTES", default_value_t = Options::default().max_header_list_bytes, value_parser = at_least_one::<u32>, help_heading = "Limits")]
    max_headers: u32,

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

/// A number of something of which there must be some.
fn at_least_one<T: FromStr + PartialEq + Default>(text: &str) -> Result<T, &'static str> {
    text.parse().ok().filter(|number| *number != T::default()).ok_or("expected a number from 1 on")
}

fn parse_on_miss(text: &str) -> Result<OnMiss, String> {
    match text.split_once('=') {
        None if text == "error" => Ok(OnMiss::Error),
        Some(("forward", address)) => {
            address.parse().map(OnMiss::Forward).map_err(|error: NoAddress| error.to_string())
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
        let tls = self.tls()?;
        let address_file = self.addr_file.as_deref().map(AddressFile::prepare).transpose()?;
        let server = Server::new(replayer.clone(), self.options()).log(tells(log.clone(), telling.teller()));
        let runtime = Runtime::new().map_err(|error| Trouble::new("threads", error))?;
        runtime.block_on(async {
            let mut listener = Listener::bind(&self.listen).await.map_err(|error| self.no_listener(&error))?;
            if let Some(tls) = tls {
                listener = listener.with_tls(tls);
            }
            let (first, second) = (signals(1)?, signals(2)?);
            let address = listener.address().to_string();
            if let Some(file) = &address_file {
                file.write(&address)?;
            }
            note("listening at ", &address);
            serve(server, listener, first, second).await;
            Ok::<(), Trouble>(())
        })?;
        // Threads that still compare messages are not waited for.
        runtime.shutdown_timeout(Duration::ZERO);
        drop(address_file);
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
        let replayer = replayer.with_rules(self.order.order(), self.repeat.repeat());
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

    fn no_listener(&self, error: &io::Error) -> Trouble {
        let trouble = Trouble::new(&format!("--listen {}", self.listen), error);
        match (&self.listen, error.kind()) {
            (Address::Tcp(_), io::ErrorKind::AddrInUse) => trouble.with_hint("port 0 is one that is free"),
            #[cfg(unix)]
            (Address::Unix(_), io::ErrorKind::AddrInUse) => {
                trouble.with_hint("remove the socket if it was left by a server that did not end by itself")
            }
            (_, _) => trouble,
        }
    }

    fn options(&self) -> Options {
        Options {
            max_message_bytes: usize::try_from(self.max_message).unwrap_or(usize::MAX),
            max_concurrent_streams: self.max_streams,
            max_connections: self.max_connections,
            max_header_list_bytes: self.max_headers,
            on_miss: self.on_miss.clone(),
            ..Options::default()
        }
    }

    fn tls(&self) -> Result<Option<Tls>, Trouble> {
        if let Some(path) = &self.tls_self_signed {
            let names = names_of(&self.listen);
            let (tls, certificate) =
                Tls::self_signed(names).map_err(|error| Trouble::new("--tls-self-signed", error))?;
            fs::write(path, certificate).map_err(|error| Trouble::new(&name_of(path), error))?;
            return Ok(Some(tls));
        }
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let read = |path: &Path| fs::read(path).map_err(|error| Trouble::new(&name_of(path), error));
        let tls = Tls::from_pem(&read(certificate)?, &read(key)?);
        tls.map(Some).map_err(|error| match error {
            NoTls::Key(_) => Trouble::new(&name_of(key), error),
            error => Trouble::new(&name_of(certificate), error),
        })
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

/// Serves until the first signal and then until open calls have ended, or until the second signal.
async fn serve(server: Server, listener: Listener, first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let stop = async {
        first.await;
        note("stopping; ", "open calls have 5 seconds, another signal ends them at once");
    };
    tokio::select! {
        () = server.run(listener, stop) => {}
        () = second => {}
    }
}

/// The names that a certificate of our own is for.
fn names_of(listen: &Address) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    if let Address::Tcp(address) = listen
        && let Some((host, _)) = address.rsplit_once(':')
    {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !names.contains(&host) {
            names.push(host);
        }
    }
    names
}
