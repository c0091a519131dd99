//! [`Watch`]: how a recording goes on, on a terminal, and how it went.

use std::future::Future;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::interval;

use rpcreplay::proxy::Counts;
use rpcreplay::replay::Recorder;

use crate::failure::{name_of, note};

/// How often the line on a terminal is written anew.
const PERIOD: Duration = Duration::from_millis(250);

/// A recording that is being made.
#[derive(Clone)]
pub struct Watch {
    counts: Arc<Counts>,
    recorder: Arc<Recorder<'static>>,
    /// What the recording has had before.
    entries_before: u64,
    bytes_before: u64,
    /// Nothing, where no terminal shows it.
    bar: Option<ProgressBar>,
    begun: Instant,
}

impl Watch {
    pub fn new(counts: Arc<Counts>, recorder: Arc<Recorder<'static>>) -> Watch {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.with_style(ProgressStyle::with_template("{msg}").expect("the template is sound"))
        });
        let (entries_before, bytes_before) = (recorder.entries(), recorder.bytes());
        Watch { counts, recorder, entries_before, bytes_before, bar, begun: Instant::now() }
    }

    /// Shows how it goes on while something runs.
    pub async fn follow<T>(&self, run: impl Future<Output = T>) -> T {
        let Some(bar) = &self.bar else { return run.await };
        let mut run = pin!(run);
        let mut ticks = interval(PERIOD);
        let mut last = (Instant::now(), 0, 0.0);
        loop {
            tokio::select! {
                output = &mut run => return output,
                now = ticks.tick() => {
                    let calls = self.counts.recorded();
                    let seconds = now.into_std().duration_since(last.0).as_secs_f64();
                    // Over a second: what comes in bursts would flicker.
                    if seconds >= 1.0 {
                        last = (now.into_std(), calls, (calls - last.1) as f64 / seconds);
                    }
                    let (open, rate) = (self.counts.open(), last.2);
                    let bytes = HumanBytes(self.recorder.bytes() - self.bytes_before);
                    bar.set_message(format!("{calls} calls recorded, {open} open, {bytes}, {rate:.0} calls/s"));
                }
            }
        }
    }

    /// Takes the line from the terminal.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Tells something without a mess on the terminal.
    pub fn note(&self, prefix: &str, message: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(prefix, message)),
            None => note(prefix, message),
        }
    }

    /// Says what is in the file, which is as it was before if nothing has come.
    pub fn summary(&self, output: &Path) {
        let (calls, entries) = (self.counts.recorded(), self.recorder.entries() - self.entries_before);
        let bytes = HumanBytes(self.recorder.bytes() - self.bytes_before);
        let (seconds, name) = (self.begun.elapsed().as_secs_f64(), name_of(output));
        let s = |count: u64| if count == 1 { "" } else { "s" };
        let entry = if entries == 1 { "y" } else { "ies" };
        let mut words = if entries == 0 && self.recorder.bytes() == self.bytes_before {
            format!("nothing: no call has come, and {name} is as it was")
        } else {
            format!("{calls} call{}, {entries} entr{entry}, {bytes} in {seconds:.1} s, to {name}", s(calls))
        };
        match self.counts.unrecorded() {
            0 => {}
            calls => words.push_str(&format!("; {calls} call{} ended before there was anything to record", s(calls))),
        }
        match self.counts.cut() {
            0 => {}
            calls => words.push_str(&format!(
                "; {calls} call{} still open when the proxy stopped",
                if calls == 1 { " was" } else { "s were" }
            )),
        }
        note("recorded ", &words);
    }
}
