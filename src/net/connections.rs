//! [`run`]: connections, from the first to the last.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http2;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Limits;
use super::listener::{Accepted, Listener};

/// How long calls that were told to end have for it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long to wait when the system has no connection to give, because too many files are open, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often a connection without traffic is asked whether anybody is there, and how long that may take.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));

/// How many bytes may wait on a call for whoever is slower.
pub(super) const STREAM_WINDOW_BYTES: u32 = 256 << 10;

/// As many may wait on all calls of a connection as HTTP/2 allows, so that only the windows of calls hold somebody back. h2 counts small
/// frames that wait, 256 bytes each, and gives a connection up where they come to half its window: with a window of some MiB, ten thousand small
/// messages to a slow reader would end all calls.
///
/// Source: h2, `data_frame_budget`, which hyper does not pass on.
pub(super) const CONNECTION_WINDOW_BYTES: u32 = i32::MAX as u32;

/// How far a server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Running,
    /// There are no new calls, and those that are open may end.
    Draining,
    /// What is open ends.
    Ending,
}

impl Stage {
    /// Waits until a server has come so far.
    pub(crate) async fn reached(self, stage: &mut watch::Receiver<Stage>) {
        // If there is no server any more, it has come to its end.
        let _ = stage.wait_for(|stage| *stage >= self).await;
    }
}

/// The stage of a server, which is the last one as soon as nobody runs it any more.
struct Progress(watch::Sender<Stage>);

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.send_replace(Stage::Ending);
    }
}

/// Kept by whatever a server waits for at its end.
pub(crate) type Busy = mpsc::Sender<Infallible>;

/// Is told of a connection that was refused, or broke: where it is from, and why.
pub(crate) type Refused = dyn Fn(String, String) + Send + Sync;

/// An error that a body or a service may have.
type AnyError = Box<dyn Error + Send + Sync>;

/// Has every connection served by a service of its own, until `stop` is ready and calls that are open then have ended, or were ended.
pub(crate) async fn run<S, B>(
    listener: Listener,
    limits: &Limits,
    stage: watch::Sender<Stage>,
    refused: Arc<Refused>,
    stop: impl Future<Output = ()>,
    service: impl Fn(Busy) -> S,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Future: Send, Error: Into<AnyError>> + Send + 'static,
    S::Future: 'static,
    B: Body<Data = Bytes, Error: Into<AnyError>> + Send + 'static,
{
    let (busy, mut idle) = mpsc::channel(1);
    let mut connections = JoinSet::new();
    // If this is dropped, it is so before the connections, whose calls then know why they end.
    let progress = Progress(stage);
    let stage = &progress.0;
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(Accepted { peer, .. }) if connections.len() >= limits.max_connections => {
                    refused(peer, format!("the limit of {} connections, max_connections", limits.max_connections));
                }
                Ok(accepted) => {
                    let stage = stage.subscribe();
                    connections.spawn(serve(accepted, limits.clone(), stage, refused.clone(), service(busy.clone())));
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, busy, service));
    stage.send_replace(Stage::Draining);
    if timeout(limits.grace, all_of(&mut connections)).await.is_err() {
        stage.send_replace(Stage::Ending);
        let _ = timeout(LAST_WORDS, all_of(&mut connections)).await;
        connections.shutdown().await;
    }
    // Calls end with their connections, and say so.
    let _ = timeout(LAST_WORDS, idle.recv()).await;
}

async fn all_of(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// Serves a connection to its end.
async fn serve<S, B>(
    accepted: Accepted,
    limits: Limits,
    mut stage: watch::Receiver<Stage>,
    refused: Arc<Refused>,
    service: S,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Future: Send, Error: Into<AnyError>> + Send + 'static,
    S::Future: 'static,
    B: Body<Data = Bytes, Error: Into<AnyError>> + Send + 'static,
{
    let peer = accepted.peer.clone();
    let stream = tokio::select! {
        stream = timeout(limits.handshake, accepted.stream()) => match stream {
            Ok(Ok(stream)) => stream,
            // Whoever only looks whether somebody listens says nothing.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return,
            Ok(Err(error)) => return refused(peer, error.to_string()),
            Err(_) => return refused(peer, format!("nothing of HTTP/2 within {:?}, handshake", limits.handshake)),
        },
        () = Stage::Draining.reached(&mut stage) => return,
    };
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(limits.max_concurrent_streams)
        .max_header_list_size(limits.max_header_list_bytes);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = Stage::Draining.reached(&mut stage) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result.or_else(|error| if has_left(&error) { Ok(()) } else { Err(error) }) {
        refused(peer, words_of(&error));
    }
}

/// Whether all that is wrong with a connection is that the client is gone, as some are without a word.
fn has_left(error: &hyper::Error) -> bool {
    let io = error.source().and_then(|source| source.downcast_ref::<h2::Error>()).and_then(h2::Error::get_io);
    io.is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        )
    })
}

/// What an error says, and those that it comes from.
pub(crate) fn words_of(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        words = format!("{words}: {inner}");
        source = inner.source();
    }
    words
}
