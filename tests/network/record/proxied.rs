//! A proxy that runs for a test.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rpcreplay::Schema;
use rpcreplay::entry::{Any, Entry, Payload};
use rpcreplay::format::{Format, ReadOptions, Reader};
use rpcreplay::net::{Listener, Upstream};
use rpcreplay::proxy::{Counts, Event, Options, Proxy};
use rpcreplay::replay::{NotRecorded, Recorder};
use rpcreplay::schema::Status;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::client::Client;

/// Methods that the built-in descriptors have, one of each shape.
pub const UNARY: &str = "/google.pubsub.v1.Publisher/CreateTopic";
pub const UP: &str = "/google.storage.v2.Storage/WriteObject";
pub const DOWN: &str = "/google.firestore.v1.Firestore/RunQuery";
pub const BOTH: &str = "/google.pubsub.v1.Subscriber/StreamingPull";
/// A method that none has.
pub const UNKNOWN: &str = "/test.Items/Get";

pub struct Proxied {
    pub address: String,
    pub counts: Arc<Counts>,
    folder: TempDir,
    recorder: Arc<Recorder<'static>>,
    events: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    proxy: JoinHandle<Result<(), NotRecorded>>,
}

impl Proxied {
    /// A proxy to this address.
    pub async fn new(upstream: &str, options: Options) -> Proxied {
        let folder = TempDir::new().expect("a folder");
        let schema: &'static Schema = Box::leak(Box::new(Schema::builtin()));
        let recorder = Recorder::create(&folder.path().join("calls.replay"), Format::Binary, schema);
        Proxied::with(upstream, options, folder, Arc::new(recorder.expect("a file")), schema).await
    }

    pub async fn with(
        upstream: &str,
        options: Options,
        folder: TempDir,
        recorder: Arc<Recorder<'static>>,
        schema: &'static Schema,
    ) -> Proxied {
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = events.clone();
        let tell = move |event: &Event| log.lock().expect("no panic").push(words_of(event));
        let upstream = Upstream::new(upstream.parse().expect("an address"));
        let proxy = Proxy::new(upstream, recorder.clone(), schema, options).log(Box::new(tell));
        let listener = Listener::bind(&"127.0.0.1:0".parse().expect("an address")).await.expect("a port is free");
        let (address, counts) = (listener.address().to_string(), proxy.counts());
        let (stop, stopped) = oneshot::channel();
        let proxy = tokio::spawn(proxy.run(listener, async { drop(stopped.await) }));
        Proxied { address, counts, folder, recorder, events, stop: Some(stop), proxy }
    }

    pub async fn client(&self) -> Client {
        Client::tcp(&self.address).await
    }

    /// Waits until so many calls have ended.
    pub async fn ended(&self, calls: u64) {
        while self.counts.recorded() + self.counts.unrecorded() < calls {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the recording has so many entries.
    pub async fn entries(&self, entries: u64) {
        while self.recorder.entries() < entries {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// What was told so far.
    pub fn events(&self) -> Vec<String> {
        self.events.lock().expect("no panic").clone()
    }

    /// Begins to stop.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops, and gives back how that went and the file.
    pub async fn file(mut self) -> (Result<(), NotRecorded>, Vec<u8>) {
        self.stop();
        let result = (&mut self.proxy).await.expect("the proxy does not panic");
        (result, self.finished())
    }

    /// Drops the proxy while it runs, and gives back what is in the file.
    pub async fn dropped(mut self) -> Vec<String> {
        self.proxy.abort();
        let _ = (&mut self.proxy).await;
        while self.counts.open() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
        entries_of(&self.finished())
    }

    fn finished(self) -> Vec<u8> {
        let _ = self.recorder.finish();
        fs::read(self.folder.path().join("calls.replay")).expect("it is there")
    }

    /// Stops, and gives back how that went and what is in the file, a line for an entry.
    pub async fn stopped(self) -> (Result<(), NotRecorded>, Vec<String>) {
        let (result, recording) = self.file().await;
        (result, entries_of(&recording))
    }

    /// Stops, and gives back what is in the file.
    pub async fn recorded(self) -> Vec<String> {
        let (result, entries) = self.stopped().await;
        result.expect("everything was written");
        entries
    }
}

fn words_of(event: &Event) -> String {
    match event {
        Event::NotRecorded { method, why } => format!("not recorded: {method}: {why}"),
        Event::UnknownMethod { method, is_unary } => format!("unknown: {method}, unary: {is_unary}"),
        Event::Refused { why, .. } => format!("refused: {why}"),
    }
}

/// The entries of a recording that Go's replayer takes, a line each: number, kind, method or the number of the call, and what it carries.
pub fn entries_of(recording: &[u8]) -> Vec<String> {
    let schema = Schema::builtin();
    let reader = Reader::new(recording, &schema, ReadOptions::default()).expect("a recording");
    reader.map(|entry| line_of(&entry.expect("a whole entry"))).collect()
}

fn line_of(entry: &Entry) -> String {
    let call = if entry.method().is_empty() { format!("#{}", entry.ref_index()) } else { entry.method().to_owned() };
    let carried = match entry.payload() {
        Payload::Message(Any { type_url, value }) => {
            let name = type_url.rsplit('/').next().unwrap_or_default();
            format!("{name} {}", shortened(value))
        }
        Payload::Error(any) => {
            let status = Status::read(any.value).expect("a status");
            format!("error {}: {}", status.code, String::from_utf8_lossy(status.message))
        }
        Payload::Eof => "end".to_owned(),
        Payload::Empty => "-".to_owned(),
    };
    format!("{} {} {call} {carried}", entry.index(), entry.kind())
}

fn shortened(value: &[u8]) -> String {
    if value.len() > 30 { format!("{} bytes", value.len()) } else { String::from_utf8_lossy(value).into_owned() }
}
