//! Work on several threads whose results stay in order: [`Ordered`], [`Queue`], [`Room`] and [`on_threads`].
//!
//! Batches are numbered as they are read. What may be done to several at once is done where it stands; what must be done
//! in order is done to an [`Ordered`] value, which waits for the batch whose turn it is, or left to a [`Queue`].

use std::collections::BTreeMap;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};

/// A value that batches are given one after the other, in the order of their numbers.
pub struct Ordered<T> {
    turn: Mutex<Turn<T>>,
    changed: Condvar,
}

struct Turn<T> {
    /// The number of the batch whose turn it is.
    number: u64,
    /// How many threads wait for another. Without any, nobody need be woken, which is a system call.
    waiting: usize,
    is_closed: bool,
    value: T,
}

impl<T> Ordered<T> {
    /// A value that batch 0 is given first.
    pub fn new(value: T) -> Self {
        Ordered { turn: Mutex::new(Turn { number: 0, waiting: 0, is_closed: false, value }), changed: Condvar::new() }
    }

    /// Waits until it is the turn of this batch, and gives it the value; nothing once it is closed.
    pub fn with<R>(&self, number: u64, act: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut turn = lock(&self.turn);
        while turn.number != number && !turn.is_closed {
            turn.waiting += 1;
            turn = self.changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
            turn.waiting -= 1;
        }
        if turn.is_closed {
            return None;
        }
        let result = act(&mut turn.value);
        turn.number += 1;
        let is_awaited = turn.waiting > 0;
        drop(turn);
        if is_awaited {
            self.changed.notify_all();
        }
        Some(result)
    }

    /// Gives the value to nobody any more.
    pub fn close(&self) {
        lock(&self.turn).is_closed = true;
        self.changed.notify_all();
    }

    /// The value, once all work is done.
    pub fn into_inner(self) -> T {
        self.turn.into_inner().unwrap_or_else(PoisonError::into_inner).value
    }
}

/// A value that is given items one after the other, in the order of their numbers, by whichever thread is there.
///
/// Nobody waits: an item whose turn has not come is left for the thread that brings the one before it.
pub struct Queue<T, I> {
    line: Mutex<Line<I>>,
    value: Mutex<T>,
}

struct Line<I> {
    /// The number of the item whose turn it is.
    number: u64,
    waiting: BTreeMap<u64, I>,
    /// Whether a thread is giving items to the value.
    is_served: bool,
}

impl<T, I> Queue<T, I> {
    /// A value that item 0 is given to first.
    pub fn new(value: T) -> Self {
        let line = Line { number: 0, waiting: BTreeMap::new(), is_served: false };
        Queue { line: Mutex::new(line), value: Mutex::new(value) }
    }

    /// Adds an item, and gives to the value what has its turn.
    pub fn add(&self, number: u64, item: I, act: impl Fn(&mut T, I)) {
        let mut line = lock(&self.line);
        line.waiting.insert(number, item);
        if line.is_served {
            return;
        }
        while let number = line.number
            && let Some(item) = line.waiting.remove(&number)
        {
            line.is_served = true;
            drop(line);
            act(&mut lock(&self.value), item);
            line = lock(&self.line);
            line.number += 1;
        }
        line.is_served = false;
    }

    /// The value, once all work is done.
    pub fn into_inner(self) -> T {
        self.value.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much may be worked on at the same time.
pub struct Room {
    limit_bytes: usize,
    taken: Mutex<Taken>,
    changed: Condvar,
}

#[derive(Default)]
struct Taken {
    bytes: usize,
    is_awaited: bool,
    is_closed: bool,
}

impl Room {
    /// Room for this many bytes, and for anything that is alone.
    pub fn new(limit_bytes: usize) -> Self {
        Room { limit_bytes, taken: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until there is room for this many bytes, and takes it.
    pub fn take(&self, bytes: usize) {
        let mut taken = lock(&self.taken);
        while taken.bytes > 0 && taken.bytes.saturating_add(bytes) > self.limit_bytes && !taken.is_closed {
            taken.is_awaited = true;
            taken = self.changed.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        taken.bytes += bytes;
    }

    /// Gives room back.
    pub fn give_back(&self, bytes: usize) {
        let mut taken = lock(&self.taken);
        taken.bytes -= bytes;
        if mem::take(&mut taken.is_awaited) {
            self.changed.notify_all();
        }
    }

    /// Lets nobody wait any more.
    pub fn close(&self) {
        lock(&self.taken).is_closed = true;
        self.changed.notify_all();
    }
}

/// Runs `work` on this thread, and on up to `threads` in all: another begins whenever one of them asks for help.
///
/// Threads that can't be had are done without. If one panics, `stop` is called, so that none waits for it.
pub fn on_threads(threads: NonZeroUsize, stop: impl Fn() + Sync, work: impl Fn(&dyn Fn()) + Sync) {
    let crew = Crew { threads: threads.get(), begun: AtomicUsize::new(1), work, stop };
    thread::scope(|scope| crew.run(scope));
}

struct Crew<W, S> {
    threads: usize,
    begun: AtomicUsize,
    work: W,
    stop: S,
}

impl<W: Fn(&dyn Fn()) + Sync, S: Fn() + Sync> Crew<W, S> {
    fn run<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let _stop = StopIfPanicking(&self.stop);
        (self.work)(&|| {
            let one_more = |begun| (begun < self.threads).then_some(begun + 1);
            if self.begun.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
                let _ = thread::Builder::new().spawn_scoped(scope, || self.run(scope));
            }
        });
    }
}

struct StopIfPanicking<'a, S: Fn()>(&'a S);

impl<S: Fn()> Drop for StopIfPanicking<'_, S> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.0)();
        }
    }
}

/// What a thread that panicked has left is whole: nothing here is changed halfway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).expect("a count")
    }

    #[test]
    fn what_many_threads_do_comes_in_order() {
        for count in [1, 2, 9] {
            let numbers = AtomicU64::new(0);
            let came = Ordered::new(Vec::new());
            on_threads(
                threads(count),
                || came.close(),
                |more| {
                    loop {
                        let number = numbers.fetch_add(1, Ordering::Relaxed);
                        if number >= 1_000 {
                            return;
                        }
                        more();
                        came.with(number, |came| came.push(number)).expect("it stays open");
                    }
                },
            );
            assert!(came.into_inner().into_iter().eq(0..1_000), "{count} threads");
        }
    }

    #[test]
    fn nobody_waits_in_a_queue_and_yet_there_is_an_order() {
        for count in [1, 2, 9] {
            let numbers = AtomicU64::new(0);
            let queue = Queue::new(Vec::new());
            on_threads(
                threads(count),
                || {},
                |more| {
                    loop {
                        let number = numbers.fetch_add(1, Ordering::Relaxed);
                        if number >= 1_000 {
                            return;
                        }
                        more();
                        queue.add(number, number, |came: &mut Vec<u64>, number| came.push(number));
                    }
                },
            );
            assert!(queue.into_inner().into_iter().eq(0..1_000), "{count} threads");
        }
        let queue = Queue::new(Vec::new());
        for number in [3, 1, 2, 0, 4] {
            queue.add(number, number, |came: &mut Vec<u64>, number| came.push(number));
        }
        assert_eq!(queue.into_inner(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn no_more_threads_begin_than_are_wanted() {
        for count in [1, 3] {
            let begun = AtomicUsize::new(0);
            on_threads(
                threads(count),
                || {},
                |more| {
                    begun.fetch_add(1, Ordering::Relaxed);
                    more();
                    more();
                },
            );
            assert_eq!(begun.into_inner(), count);
        }
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panicked() {
        let (turns, room) = (Ordered::new(()), Room::new(1));
        let stop = || {
            turns.close();
            room.close();
        };
        let first = AtomicUsize::new(0);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            on_threads(threads(3), stop, |more| {
                more();
                room.take(1);
                match first.fetch_add(1, Ordering::Relaxed) {
                    0 => panic!("as a test"),
                    // The turn of the one that panicked never ends.
                    number => assert_eq!(turns.with(number as u64, |()| ()), None),
                }
            });
        }));
        assert!(result.is_err());
    }

    #[test]
    fn what_is_larger_than_the_room_waits_until_it_is_alone() {
        let room = Room::new(10);
        room.take(6);
        room.take(4);
        thread::scope(|scope| {
            let large = scope.spawn(|| room.take(1_000));
            room.give_back(6);
            assert!(!large.is_finished());
            room.give_back(4);
            large.join().expect("there is room at last");
        });
        assert_eq!(lock(&room.taken).bytes, 1_000);
    }
}
