//! [`Telling`]: what a server tells, written on a thread of its own.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use crate::failure::note;

/// How much waits to be written; what comes while so much waits is lost, and counted.
const WAITING: usize = 1 << 16;

/// How long whoever reads may take for what is left at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Something to be told.
#[derive(Debug)]
pub enum Told {
    /// A line on standard output, without its end.
    Line(Vec<u8>),
    /// Lines on standard error, each with what stands in front of it, which nothing comes between.
    Notes(Vec<(String, String)>),
    /// Nothing follows.
    End,
}

/// Writes what is told: whoever reads it slowly, or not at all, holds up no call.
#[derive(Debug)]
pub struct Telling {
    teller: Teller,
    has_ended: Receiver<()>,
}

/// Tells something; there may be many.
#[derive(Debug, Clone)]
pub struct Teller {
    sender: SyncSender<Told>,
    lost: Arc<AtomicU64>,
}

impl Teller {
    /// Has something written; if too much waits already, it is lost.
    pub fn tell(&self, told: Told) {
        if self.sender.try_send(told).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Telling {
    /// Nothing was told yet.
    pub fn begin() -> Telling {
        let (sender, receiver) = sync_channel(WAITING);
        let (ended, has_ended) = channel();
        thread::spawn(move || {
            for told in receiver {
                match told {
                    Told::Line(mut line) => {
                        line.push(b'\n');
                        // If nobody reads, calls are answered all the same.
                        let _ = io::stdout().lock().write_all(&line);
                    }
                    Told::Notes(notes) => notes.iter().for_each(|(prefix, message)| note(prefix, message)),
                    Told::End => break,
                }
            }
            // Nobody may wait for it any more.
            let _ = ended.send(());
        });
        Telling { teller: Teller { sender, lost: Arc::default() }, has_ended }
    }

    pub fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Waits until all is written, as long as somebody reads it.
    pub fn finish(self) {
        self.teller.tell(Told::End);
        let is_written = self.has_ended.recv_timeout(LAST_WORDS).is_ok();
        let lost = self.teller.lost.load(Ordering::Relaxed);
        if is_written && lost > 0 {
            note("warning: ", &format!("{lost} lines were lost, since nobody has read them in time"));
        }
    }
}
