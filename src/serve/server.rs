//! [`Server`]: what it is made of, and how its calls begin.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use tokio::sync::{oneshot, watch};

use super::call::{self, Ended};
use super::forward::Forwarding;
use super::reply::Reply;
use super::{Event, OnMiss, Options};
use crate::net::{Busy, Listener, Outgoing, Stage, refusal, run};
use crate::replay::Replayer;

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
    pub(super) forwarding: Option<Forwarding>,
    pub(super) stage: watch::Receiver<Stage>,
    log: Option<Box<Log>>,
}

/// Is told what happens.
pub type Log = dyn Fn(&Event) + Send + Sync;

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
        let forwarding = match &options.on_miss {
            OnMiss::Error => None,
            OnMiss::Forward(upstream) => Some(Forwarding::new(upstream.clone(), options.limits.max_message_bytes)),
        };
        Server { shared: Shared { replayer, options, forwarding, stage, log: None }, stage: sender }
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
        let limits = shared.options.limits.clone();
        let teller = shared.clone();
        let refused = Arc::new(move |peer, why| teller.tell_event(&Event::Refused { peer, why }));
        let service = move |busy: Busy| {
            let shared = shared.clone();
            service_fn(move |request| serve(shared.clone(), request, busy.clone()))
        };
        run(listener, &limits, stage, refused, stop, service).await;
    }
}

/// Serves a call: a task of its own answers it, and gets to know when the connection does not want the answer any more.
async fn serve(shared: Arc<Shared>, request: Request<Incoming>, busy: Busy) -> Result<Response<Outgoing>, Infallible> {
    let (parts, body) = request.into_parts();
    if let Some(status) = refusal(&parts) {
        return Ok(without_body(status));
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
        Err(_) => without_body(StatusCode::INTERNAL_SERVER_ERROR),
    })
}

fn without_body(status: StatusCode) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::empty());
    *response.status_mut() = status;
    response
}
