//! [`Server`]: connections, from the first to the last.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::call::{self, Ended};
use super::forward::Upstream;
use super::head::refusal;
use super::listener::{Accepted, Listener};
use super::outgoing::Outgoing;
use super::reply::Reply;
use super::{Event, OnMiss, Options};
use crate::replay::Replayer;

/// How long calls that were told to end have for it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long to wait when the system has no connection to give, because too many files are open, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often a connection without traffic is asked whether anybody is there, and how long that may take.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));

/// Answers calls of gRPC with what was recorded.
pub struct Server {
    shared: Shared,
    stage: watch::Sender<Stage>,
}

/// What all calls share.
pub(super) struct Shared {
    pub(super) replayer: Arc<Replayer<'static>>,
    pub(super) options: Options,
    /// Who answers what no recorded call does.
    pub(super) upstream: Option<Upstream>,
    pub(super) stage: watch::Receiver<Stage>,
    log: Option<Box<Log>>,
}

/// Is told what happens.
pub type Log = dyn Fn(&Event) + Send + Sync;

/// How far a server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Running,
    /// There are no new calls, and those that are open may end.
    Draining,
    /// What is open ends.
    Ending,
}

impl Stage {
    /// Waits until a server has come so far.
    pub(super) async fn reached(self, stage: &mut watch::Receiver<Stage>) {
        // If there is no server any more, it has come to its end.
        let _ = stage.wait_for(|stage| *stage >= self).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn tell(&self, ended: Ended) {
        self.tell_event(&Event::Ended(Box::new(ended)));
    }

    fn tell_event(&self, event: &Event) {
        if let Some(log) = &self.log {
            log(event);
        }
    }
}

impl Server {
    /// A server that answers with what a replayer has.
    pub fn new(replayer: Arc<Replayer<'static>>, options: Options) -> Self {
        let (sender, stage) = watch::channel(Stage::Running);
        let upstream = match &options.on_miss {
            OnMiss::Error => None,
            OnMiss::Forward(address) => Some(Upstream::new(address.clone(), options.max_message_bytes)),
        };
        Server { shared: Shared { replayer, options, upstream, stage, log: None }, stage: sender }
    }

    /// Tells of every call, and of connections that come to nothing. Whoever is told should be quick: calls wait for it.
    pub fn log(mut self, log: Box<Log>) -> Self {
        self.shared.log = Some(log);
        self
    }

    /// Answers what comes, until `stop` is ready and calls that are open then have ended, or were ended.
    pub async fn run(self, listener: Listener, stop: impl Future<Output = ()>) {
        let Server { shared, stage } = self;
        let shared = Arc::new(shared);
        let (busy, mut idle) = mpsc::channel(1);
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok(Accepted { peer, .. }) if connections.len() >= shared.options.max_connections => {
                        let why = format!("the limit of {} connections, max_connections", shared.options.max_connections);
                        shared.tell_event(&Event::Refused { peer, why });
                    }
                    Ok(accepted) => {
                        connections.spawn(connection(shared.clone(), accepted, busy.clone()));
                    }
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop((listener, busy));
        stage.send_replace(Stage::Draining);
        if timeout(shared.options.grace, all_of(&mut connections)).await.is_err() {
            stage.send_replace(Stage::Ending);
            let _ = timeout(LAST_WORDS, all_of(&mut connections)).await;
            connections.shutdown().await;
        }
        // Calls end with their connections, and say so.
        let _ = timeout(LAST_WORDS, idle.recv()).await;
    }
}

async fn all_of(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// Serves a connection to its end.
async fn connection(shared: Arc<Shared>, accepted: Accepted, busy: mpsc::Sender<Infallible>) {
    let options = &shared.options;
    let peer = accepted.peer.clone();
    let mut stage = shared.stage.clone();
    let stream = tokio::select! {
        stream = timeout(options.handshake, accepted.stream()) => match stream {
            Ok(Ok(stream)) => stream,
            // Whoever only looks whether somebody listens says nothing.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return,
            Ok(Err(error)) => return shared.tell_event(&Event::Refused { peer, why: error.to_string() }),
            Err(_) => {
                let why = format!("nothing of HTTP/2 within {:?}, handshake", options.handshake);
                return shared.tell_event(&Event::Refused { peer, why });
            }
        },
        () = Stage::Draining.reached(&mut stage) => return,
    };
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1)
        .max_concurrent_streams(options.max_concurrent_streams)
        .max_header_list_size(options.max_header_list_bytes);
    let of_call = shared.clone();
    let service = hyper::service::service_fn(move |request| serve(of_call.clone(), request, busy.clone()));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = Stage::Draining.reached(&mut stage) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        shared.tell_event(&Event::Refused { peer, why: words_of(&error) });
    }
}

/// What an error says, and those that it comes from.
fn words_of(error: &hyper::Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        words = format!("{words}: {inner}");
        source = inner.source();
    }
    words
}

/// Serves a call: a task of its own answers it, and gets to know when the connection does not want the answer any more.
async fn serve(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    busy: mpsc::Sender<Infallible>,
) -> Result<Response<Outgoing>, Infallible> {
    let (parts, body) = request.into_parts();
    if let Some(refusal) = refusal(&parts) {
        return Ok(refusal);
    }
    let request = Request::from_parts(parts, body);
    let (alive, gone) = oneshot::channel();
    let (reply, head) = Reply::new();
    tokio::spawn(async move {
        call::run(shared, request, reply, gone).await;
        drop(busy);
    });
    Ok(match head.await {
        Ok(response) => response.map(|body| body.keeping(alive)),
        Err(_) => {
            let mut response = Response::new(Outgoing::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    })
}
