//! [`Proxy`]: what it is made of, and what is known of its calls.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::service::service_fn;
use tokio::sync::watch;

use super::Options;
use super::call::pass;
use super::methods::{Method, Methods, Shape};
use crate::net::{Busy, Channel, Listener, Stage, Upstream, run};
use crate::replay::{NotRecorded, Recorder};
use crate::schema::Schema;

/// Passes calls on to a server, and records them.
pub struct Proxy {
    upstream: Upstream,
    shared: Shared,
    stage: watch::Sender<Stage>,
}

/// What all calls share.
pub(super) struct Shared {
    pub(super) recorder: Arc<Recorder<'static>>,
    methods: Methods,
    pub(super) options: Options,
    pub(super) counts: Arc<Counts>,
    stage: watch::Receiver<Stage>,
    log: Option<Box<Log>>,
    /// Why nothing more can be recorded.
    failure: Mutex<Option<NotRecorded>>,
    has_failed: watch::Sender<bool>,
}

/// Is told what happens.
pub type Log = dyn Fn(&Event) + Send + Sync;

/// Something that happens in a proxy.
#[derive(Debug)]
pub enum Event {
    /// Something can't be passed on or recorded, and the call has ended for that.
    NotRecorded {
        /// `/package.Service/Method`.
        method: String,
        /// Why.
        why: String,
    },
    /// No descriptor has the method of a call; told once of each.
    UnknownMethod {
        /// `/package.Service/Method`.
        method: String,
        /// Whether its calls are recorded as unary ones, and not as streams.
        is_unary: bool,
    },
    /// A connection was refused, or broke.
    Refused {
        /// Where it is from.
        peer: String,
        /// Why.
        why: String,
    },
}

/// How many calls there are.
#[derive(Debug, Default)]
pub struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
    recorded: AtomicU64,
    cut: AtomicU64,
}

impl Counts {
    /// Calls that have not ended.
    pub fn open(&self) -> u64 {
        // One may end in between.
        let ended = self.ended.load(Ordering::Acquire);
        self.begun.load(Ordering::Acquire).saturating_sub(ended)
    }

    /// Calls that have ended and are in the recording.
    pub fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Calls that have ended before there was anything to record: refused, or given up by the client.
    pub fn unrecorded(&self) -> u64 {
        self.ended.load(Ordering::Acquire).saturating_sub(self.recorded())
    }

    /// Calls that were open when the proxy has stopped.
    pub fn cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    pub(super) fn cut_off(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn end(&self, is_recorded: bool) {
        self.recorded.fetch_add(is_recorded.into(), Ordering::Relaxed);
        self.ended.fetch_add(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("upstream", &self.upstream)
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Whether what is open ends because the proxy stops.
    pub(super) fn is_stopping(&self) -> bool {
        // Without a proxy, it has come to its end.
        self.stage.has_changed().is_err() || *self.stage.borrow() == Stage::Ending
    }

    /// Tells that a call has ended because of what it sent.
    pub(super) fn failed(&self, method: &str, why: &str) {
        self.tell(&Event::NotRecorded { method: method.to_owned(), why: why.to_owned() });
    }

    /// Tells that something was not recorded; if nothing more can be, the proxy ends.
    pub(super) fn not_recorded(&self, method: &str, error: NotRecorded) {
        let why = error.to_string();
        match error {
            NotRecorded::Failed(_) => return,
            NotRecorded::Write(_) if self.recorder.has_failed() => {
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                self.has_failed.send_replace(true);
            }
            _ => {}
        }
        self.tell(&Event::NotRecorded { method: method.to_owned(), why });
    }

    /// What is known of the method of a call, which is told if that is not much.
    pub(super) fn method(&self, path: &str) -> Arc<Method> {
        let (method, is_new) = self.methods.of(path);
        if is_new && !method.is_known {
            let is_unary = method.shape == Shape::Unary;
            self.tell(&Event::UnknownMethod { method: path.to_owned(), is_unary });
        }
        method
    }

    fn tell(&self, event: &Event) {
        if let Some(log) = &self.log {
            log(event);
        }
    }
}

impl Proxy {
    /// A proxy to a server, which records by what a schema says of methods.
    pub fn new(
        upstream: Upstream,
        recorder: Arc<Recorder<'static>>,
        schema: &'static Schema,
        options: Options,
    ) -> Self {
        let (sender, stage) = watch::channel(Stage::Running);
        let methods = Methods::new(schema, options.unary.clone());
        let (counts, failure, (has_failed, _)) = (Arc::default(), Mutex::default(), watch::channel(false));
        let shared = Shared { recorder, methods, options, counts, stage, log: None, failure, has_failed };
        Proxy { upstream, shared, stage: sender }
    }

    /// Tells what goes wrong. Whoever is told should be quick: calls wait for it.
    pub fn log(mut self, log: Box<Log>) -> Self {
        self.shared.log = Some(log);
        self
    }

    /// How many calls there are, while it runs, too.
    pub fn counts(&self) -> Arc<Counts> {
        self.shared.counts.clone()
    }

    /// Passes on what comes, until `stop` is ready and calls that are open then have ended, or were ended. A client's connection has a
    /// connection of its own to the server.
    ///
    /// # Errors
    ///
    /// If something can't be written: nothing is passed on that is not recorded.
    pub async fn run(self, listener: Listener, stop: impl Future<Output = ()>) -> Result<(), NotRecorded> {
        let Proxy { upstream, shared, stage } = self;
        let shared = Arc::new(shared);
        let (teller, failing) = (shared.clone(), shared.clone());
        let refused = Arc::new(move |peer, why| teller.tell(&Event::Refused { peer, why }));
        let limits = shared.options.limits.clone();
        let stop = async {
            let mut has_failed = failing.has_failed.subscribe();
            tokio::select! {
                () = stop => {}
                _ = has_failed.wait_for(|has_failed| *has_failed) => {}
            }
        };
        let service = move |busy: Busy| {
            let (shared, channel) = (shared.clone(), Arc::new(Channel::new(upstream.clone())));
            // It is moved several times until it runs, and large.
            service_fn(move |request| Box::pin(pass(shared.clone(), channel.clone(), request, busy.clone())))
        };
        run(listener, &limits, stage, refused, stop, service).await;
        let failed = failing.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.map_or(Ok(()), Err)
    }
}
