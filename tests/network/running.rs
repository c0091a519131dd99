//! A server that runs for a test, and is stopped at its end.

use std::future::Future;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::thread;
use std::time::Duration;

use rpcreplay::Schema;
use rpcreplay::compare::Mask;
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::net::{Address, Listener};
use rpcreplay::replay::Replayer;
use rpcreplay::serve::{Ended, Event, Options, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::client::Client;

/// More than any test takes on a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(60);

/// How many tasks of a server or client have panicked, in any test. Nobody waits for their results.
static PANICKED: AtomicUsize = AtomicUsize::new(0);

/// Runs a test, which may not hang, and in which no task may panic.
pub fn bounded(test: impl Future<Output = ()>) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let is_task = thread::current().name() == Some("tokio-rt-worker");
            PANICKED.fetch_add(usize::from(is_task), Ordering::Relaxed);
            tell(panic);
        }));
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async { timeout(LIMIT, test).await.expect("the test ends in time") });
    runtime.shutdown_timeout(Duration::from_secs(1));
    assert_eq!(PANICKED.load(Ordering::Relaxed), 0, "no task panics");
}

pub struct Running {
    pub address: String,
    events: Arc<Mutex<Vec<Event>>>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Running {
    /// Serves a recording on a port that is free.
    pub async fn new(recording: &[u8], options: Options) -> Running {
        Running::at(&"127.0.0.1:0".parse().expect("an address"), Schema::builtin(), recording, options).await
    }

    pub async fn at(address: &Address, schema: Schema, recording: &[u8], options: Options) -> Running {
        Running::on(Listener::bind(address).await.expect("the address is free"), schema, recording, options)
    }

    pub fn on(listener: Listener, schema: Schema, recording: &[u8], options: Options) -> Running {
        let schema: &'static Schema = Box::leak(Box::new(schema));
        let mut replayer = Replayer::new(schema, Box::leak(Box::new(Mask::new())));
        replayer
            .add(Reader::new(recording, schema, ReadOptions::default()).expect("a recording"))
            .expect("Go would replay it");
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = events.clone();
        let server = Server::new(Arc::new(replayer), options);
        let server = server.log(Box::new(move |event: &Event| log.lock().expect("no panic").push(event.clone())));
        let address = listener.address().to_string();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
        Running { address, events, stop: Some(stop), server }
    }

    pub async fn client(&self) -> Client {
        Client::tcp(&self.address).await
    }

    /// Begins to stop.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops, and gives back what happened.
    pub async fn stopped(mut self) -> Vec<Event> {
        self.stop();
        (&mut self.server).await.expect("the server does not panic");
        self.events.lock().expect("no panic").clone()
    }

    /// The first so many calls that have ended, as soon as they have.
    pub async fn ended(&self, count: usize) -> Vec<Ended> {
        loop {
            let ended: Vec<Ended> = self.events.lock().expect("no panic").iter().filter_map(ended).collect();
            if ended.len() >= count {
                return ended;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn ended(event: &Event) -> Option<Ended> {
    match event {
        Event::Ended(ended) => Some((**ended).clone()),
        Event::Refused { .. } => None,
    }
}
