//! Makes calls, and measures how they go. It stands on HTTP/2 alone, so that it takes as little as possible from the server beside it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use h2::client::{Builder, SendRequest};
use http::Request;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::recording::{calls, framed};

/// One call to warm up for so many that are measured.
const MEASURED_PER_WARM_UP: usize = 5;

/// By how much the numbers of calls that follow each other differ: a large prime, so that each of up to a million calls is made
/// before one is made again, and none lies beside the one before.
const STEP: usize = 2_654_435_761;

/// The calls to make.
pub struct Plan {
    method: String,
    /// Request and answer as they are on the wire, in the order in which calls are made; then they begin anew.
    calls: Vec<(Bytes, Bytes)>,
    /// How many are measured.
    measured: usize,
}

impl Plan {
    /// Makes calls of a recording, which must be answered by their own answers, or all by the first.
    pub fn new(recording: &str, own_answers: bool, measured: usize) -> Result<Plan> {
        let recorded = calls(recording)?;
        let first = recorded.first().ok_or("a recording without calls")?;
        let all = (measured + measured / MEASURED_PER_WARM_UP).min(recorded.len());
        // Copies lie in memory as they are taken, so that a large recording makes the client no slower.
        let calls = (0..all).map(|place| {
            let call = &recorded[place * STEP % recorded.len()];
            (framed(&call.request), framed(if own_answers { &call.answer } else { &first.answer }))
        });
        Ok(Plan { method: first.method.clone(), calls: calls.collect(), measured })
    }
}

/// How calls went.
pub struct Report {
    warmed_up: usize,
    seconds: f64,
    /// Of calls that were answered as they should be, in order.
    latencies: Vec<Duration>,
    errors: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { warmed_up, seconds, latencies, errors } = self;
        let calls = latencies.len();
        let per_second = calls as f64 / seconds;
        let at = |percent: usize| latencies.get(calls * percent / 100).map_or(0, Duration::as_micros);
        let (p50, p99) = (at(50), at(99));
        write!(f, r#"{{"warmed_up":{warmed_up},"calls":{calls},"errors":{errors},"seconds":{seconds},"#)?;
        write!(f, r#""calls_per_second":{per_second},"p50_us":{p50},"p99_us":{p99}}}"#)
    }
}

/// Makes the calls, on each connection so many at once.
pub async fn run(address: &str, plan: Plan, connections: usize, at_once: usize) -> Result<Report> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // Windows as hyper's client has them.
        let mut builder = Builder::new();
        builder.initial_window_size(2 << 20).initial_connection_window_size(5 << 20);
        let (client, connection) = builder.handshake(stream).await?;
        tokio::spawn(connection);
        clients.push(client);
    }
    let head = Request::post(format!("http://{address}{}", plan.method))
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .header("user-agent", "peer-tonic")
        .body(())?;
    let warmed_up = plan.measured / MEASURED_PER_WARM_UP;
    let callers = Arc::new(Callers { clients, at_once, head, plan });
    let (_, errors) = callers.call(0..warmed_up).await?;
    let begun = Instant::now();
    let (mut latencies, more_errors) = callers.call(warmed_up..warmed_up + callers.plan.measured).await?;
    let seconds = begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    Ok(Report { warmed_up, seconds, latencies, errors: errors + more_errors })
}

/// What makes calls.
struct Callers {
    clients: Vec<SendRequest<Bytes>>,
    at_once: usize,
    head: Request<()>,
    plan: Plan,
}

impl Callers {
    /// Makes the calls of these numbers: how long each took that was answered as it should be, and how many were not. The first of
    /// these is told.
    async fn call(self: &Arc<Self>, numbers: std::ops::Range<usize>) -> Result<(Vec<Duration>, usize)> {
        let next = Arc::new(AtomicUsize::new(numbers.start));
        let mut tasks = JoinSet::new();
        for client in self.clients.iter().flat_map(|client| std::iter::repeat_n(client, self.at_once)) {
            let (callers, next, mut client) = (self.clone(), next.clone(), client.clone());
            tasks.spawn(async move {
                let (mut latencies, mut errors) = (Vec::new(), Vec::new());
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return (latencies, errors);
                    }
                    let begun = Instant::now();
                    match callers.one(&mut client, number).await {
                        Ok(()) => latencies.push(begun.elapsed()),
                        Err(error) => errors.push(error.to_string()),
                    }
                }
            });
        }
        let (mut latencies, mut errors) = (Vec::new(), 0);
        while let Some(done) = tasks.join_next().await {
            let (some, wrong) = done?;
            latencies.extend(some);
            if let Some(first) = wrong.first().filter(|_| errors == 0) {
                eprintln!("peer-tonic: {first}");
            }
            errors += wrong.len();
        }
        Ok((latencies, errors))
    }

    /// Makes a call.
    async fn one(&self, client: &mut SendRequest<Bytes>, number: usize) -> Result<()> {
        let (request, answer) = &self.plan.calls[number % self.plan.calls.len()];
        let mut ready = client.clone().ready().await?;
        let (response, mut sender) = ready.send_request(self.head.clone(), false)?;
        sender.send_data(request.clone(), true)?;
        let mut body = response.await?.into_body();
        let mut found = BytesMut::new();
        while let Some(piece) = body.data().await {
            let piece = piece?;
            body.flow_control().release_capacity(piece.len())?;
            found.extend_from_slice(&piece);
        }
        let trailers = body.trailers().await?.ok_or("no trailers")?;
        match trailers.get("grpc-status") {
            Some(status) if status != "0" => Err(format!("status {status:?}").into()),
            None => Err("no status".into()),
            Some(_) if found != *answer => Err(format!("{} bytes of another answer", found.len()).into()),
            Some(_) => Ok(()),
        }
    }
}
