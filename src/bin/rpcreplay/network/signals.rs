//! Signals that ask a server to stop.

use std::future::Future;
use std::io;

use crate::failure::Trouble;

/// Waits for so many signals, which are counted from now on. They end the process no more.
pub fn signals(count: usize) -> Result<impl Future<Output = ()>, Trouble> {
    wait_for(count).map_err(|error| Trouble::new("signals", error))
}

#[cfg(unix)]
fn wait_for(count: usize) -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        for _ in 0..count {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
    })
}

#[cfg(not(unix))]
fn wait_for(count: usize) -> io::Result<impl Future<Output = ()>> {
    Ok(async move {
        for _ in 0..count {
            // Where the system has no such signal, nobody can send one.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    })
}
