//! The calls of recordings as they wait to answer: which one is next, whatever was asked.

use rustc_hash::FxHashMap;

use crate::entry::EntryIndex;

/// In which order recorded calls answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Whatever is asked is answered by the first call that fits and has not answered yet, as Go's replayer does it.
    #[default]
    Any,
    /// The calls of a method answer in the order of the recording.
    PerMethod,
    /// All calls do.
    Recorded,
}

/// What becomes of calls that have answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    /// Each answers once, as with Go's replayer.
    #[default]
    Never,
    /// When all that fit have answered, the last of them answers again and again.
    Last,
    /// When all that fit have answered, they begin anew.
    Always,
}

/// Names a call of the recordings that a replayer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRef {
    /// Which recording it is of, in the order in which they were added, from 0.
    pub recording: usize,
    /// The entry that it begins with.
    pub first: EntryIndex,
    /// The response of a unary call.
    pub answer: Option<EntryIndex>,
}

/// A call, as a number: calls are numbered in the order in which they answer.
pub(super) type CallId = u32;

/// A recorded call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: u32,
    pub(super) recording: u32,
    pub(super) is_stream: bool,
    /// Its first entry, as a place among all entries.
    pub(super) first: u32,
    /// What was sent in it: the request, or what was sent on the stream; places, too.
    pub(super) sent: Vec<u32>,
    /// What came back.
    pub(super) received: Vec<u32>,
    /// What it asks: what the first message says; of a stream on which nothing was sent nothing.
    pub(super) key: Option<u128>,
    /// Whether something was received on the stream before anything was sent.
    pub(super) begins_with_recv: bool,
}

/// Calls that answer one after the other.
#[derive(Debug, Default)]
struct Queue {
    calls: Vec<CallId>,
    /// The first that may not have answered yet; with [`Repeat::Always`] the next one, over and over.
    next: usize,
}

impl Queue {
    /// The next one.
    fn head(&mut self, used: &[Use], repeat: Repeat) -> Option<CallId> {
        if repeat == Repeat::Always {
            return self.calls.get(self.next % self.calls.len().max(1)).copied();
        }
        while self.calls.get(self.next).is_some_and(|call| used[*call as usize].times > 0) {
            self.next += 1;
        }
        let last = || self.calls.last().filter(|_| repeat == Repeat::Last);
        self.calls.get(self.next).or_else(last).copied()
    }

    /// The one that [`head`](Self::head) has given answers.
    fn advance(&mut self, repeat: Repeat) {
        if repeat == Repeat::Always {
            self.next = (self.next + 1) % self.calls.len().max(1);
        }
    }
}

/// The calls of a method that are alike: unary ones, or streams.
#[derive(Debug, Default)]
pub(super) struct Shape {
    all: Queue,
    by_key: FxHashMap<u128, Queue>,
    /// Streams on which nothing was sent, which fit whatever is sent.
    without_key: Queue,
    /// How many calls have not answered yet, and how many of these begin with something that is sent.
    unused: usize,
    unused_that_send: usize,
    /// How many of all begin so.
    that_send: usize,
}

impl Shape {
    pub(super) fn is_empty(&self) -> bool {
        self.all.calls.is_empty()
    }

    /// All calls, in the order in which they answer.
    pub(super) fn calls(&self) -> &[CallId] {
        &self.all.calls
    }

    /// Whether all that may answer, which there are, begin with something that is received.
    pub(super) fn begin_with_recv(&self, repeat: Repeat) -> bool {
        match self.unused {
            0 => repeat != Repeat::Never && !self.is_empty() && self.that_send == 0,
            _ => self.unused_that_send == 0,
        }
    }

    /// The calls that ask this, and those that fit whatever is asked.
    pub(super) fn that_fit(&self, keys: &[u128]) -> impl Iterator<Item = CallId> {
        let of_keys = keys.iter().filter_map(|key| self.by_key.get(key)).flat_map(|queue| &queue.calls);
        of_keys.chain(&self.without_key.calls).copied()
    }
}

/// How often a call has answered, and whom last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Use {
    pub(super) times: u32,
    /// The number of the call of this run.
    pub(super) by: u64,
}

/// What has answered so far, and what is next.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By method: unary calls and streams.
    methods: Vec<[Shape; 2]>,
    /// All calls.
    recorded: Queue,
    pub(super) used: Vec<Use>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'k> {
    pub(super) method: u32,
    pub(super) is_stream: bool,
    /// What the first message says, in the types that the method's messages have; nothing if something is to be received before
    /// anything was sent.
    pub(super) keys: Option<&'k [u128]>,
}

impl Waiting {
    /// Adds a method, which has no calls yet.
    pub(super) fn add_method(&mut self) {
        self.methods.push(Default::default());
    }

    /// Takes methods away that were added behind so many.
    pub(super) fn keep_methods(&mut self, count: usize) {
        self.methods.truncate(count);
    }

    /// Adds a call, of which all is known.
    pub(super) fn add(&mut self, id: CallId, call: &Call) {
        let shape = &mut self.methods[call.method as usize][usize::from(call.is_stream)];
        shape.all.calls.push(id);
        shape.unused += 1;
        shape.unused_that_send += usize::from(!call.begins_with_recv);
        shape.that_send += usize::from(!call.begins_with_recv);
        match call.key {
            Some(key) => shape.by_key.entry(key).or_default().calls.push(id),
            None => shape.without_key.calls.push(id),
        }
        self.recorded.calls.push(id);
        self.used.push(Use::default());
    }

    pub(super) fn shape(&self, method: u32, is_stream: bool) -> &Shape {
        &self.methods[method as usize][usize::from(is_stream)]
    }

    /// The call that is next, whatever is asked, where there is an order.
    pub(super) fn next_in_order(&mut self, asked: Asked<'_>, (order, repeat): (Order, Repeat)) -> Option<CallId> {
        match order {
            Order::Any => None,
            Order::PerMethod => {
                self.methods[asked.method as usize][usize::from(asked.is_stream)].all.head(&self.used, repeat)
            }
            Order::Recorded => self.recorded.head(&self.used, repeat),
        }
    }

    /// The call that answers, which then has; the number is that of the call which it answers.
    pub(super) fn choose(
        &mut self,
        asked: Asked<'_>,
        calls: &[Call],
        (order, repeat): (Order, Repeat),
        number: u64,
    ) -> Option<CallId> {
        let shape = &mut self.methods[asked.method as usize][usize::from(asked.is_stream)];
        let fits = |id: &CallId| {
            let call = &calls[*id as usize];
            (call.method, call.is_stream) == (asked.method, asked.is_stream)
                && match (asked.keys, call.key) {
                    (Some(keys), Some(key)) => keys.contains(&key),
                    (Some(_), None) | (None, _) => true,
                }
        };
        let id = match (order, asked.keys) {
            (Order::Recorded, _) => {
                let id = self.recorded.head(&self.used, repeat).filter(fits)?;
                self.recorded.advance(repeat);
                id
            }
            (Order::PerMethod, _) | (Order::Any, None) => {
                let id = shape.all.head(&self.used, repeat).filter(fits)?;
                shape.all.advance(repeat);
                id
            }
            (Order::Any, Some(keys)) => {
                let mut first: Option<(CallId, Option<u128>)> = None;
                let heads = keys.iter().map(|key| Some(*key)).chain([None]);
                for key in heads {
                    let queue = match key {
                        Some(key) => shape.by_key.get_mut(&key),
                        None => Some(&mut shape.without_key),
                    };
                    let Some(id) = queue.and_then(|queue| queue.head(&self.used, repeat)) else { continue };
                    let times = |id: CallId| self.used[id as usize].times;
                    let is_better = |(first, _): (CallId, _)| match repeat {
                        // One that has answered already answers again only if no other can, and then it is the last of them.
                        Repeat::Never | Repeat::Last => match (times(first) > 0, times(id) > 0) {
                            (false, false) => id < first,
                            (true, true) => id > first,
                            (first_has, _) => first_has,
                        },
                        Repeat::Always => (times(id), id) < (times(first), first),
                    };
                    if first.is_none_or(is_better) {
                        first = Some((id, key));
                    }
                }
                let (id, key) = first?;
                match key {
                    Some(key) => shape.by_key.entry(key).or_default().advance(repeat),
                    None => shape.without_key.advance(repeat),
                }
                id
            }
        };
        let used = &mut self.used[id as usize];
        if used.times == 0 {
            let call = &calls[id as usize];
            let shape = &mut self.methods[call.method as usize][usize::from(call.is_stream)];
            shape.unused -= 1;
            shape.unused_that_send -= usize::from(!call.begins_with_recv);
        }
        *used = Use { times: used.times.saturating_add(1), by: number };
        Some(id)
    }
}
