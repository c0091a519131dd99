//! [`Miss`]: why no recorded call answers, and which come near.

use std::fmt;

use rustc_hash::FxHashMap;

use super::calls::{Asked, CallId, CallRef, Order, Repeat};
use super::replayer::Replayer;
use crate::close::close_names;
use crate::compare::{Change, alike};
use crate::entry::Entry;

/// How many calls of the method are looked at for those that come near; the first ones, if there are more.
const LOOKED_AT: usize = 10_000;

/// How many bytes their messages have together, at least: those behind are not looked at.
const LOOKED_AT_BYTES: usize = 32 << 20;

/// How many of them are named.
const NAMED: usize = 3;

/// A call that no recorded call answers, and why.
///
/// It is displayed in a line without values: which fields differ, as selectors, and from which call.
#[derive(Debug, Clone, PartialEq)]
pub struct Miss {
    /// The number of the call among those of the run, from 1.
    pub number: u64,
    /// The full method, `/package.Service/Method`.
    pub method: String,
    /// Whether a stream was asked for.
    pub is_stream: bool,
    /// Why there is no answer.
    pub why: Why,
    /// The recorded calls that come nearest, the nearest first; where there is an order, the one that would be next before all.
    pub nearest: Vec<Near>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// No call of the method was recorded; these are close, three at most.
    UnknownMethod(Vec<String>),
    /// Calls of the method were recorded as streams, and a unary call was asked for, or the other way round.
    OtherShape,
    /// No call says the same.
    Different,
    /// All calls that say the same have answered already.
    Used,
    /// A call says the same, and another is next in [order](Order).
    NotNext,
    /// All calls have answered, and in [order](Order) none is next.
    NoneLeft,
    /// What was sent could not be made into what is to be matched.
    Refused(String),
}

/// A recorded call that comes near.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// The call.
    pub call: CallRef,
    /// Its method, if it is another one.
    pub method: Option<String>,
    /// The number of the call of this run that it has answered last.
    pub used_by: Option<u64>,
    /// Where what was sent differs from what was recorded (`old`).
    pub changes: Vec<Change>,
}

impl Near {
    /// The fields that differ, as [selectors](crate::schema::Selector), each once; ignoring them all would make the call fit.
    pub fn selectors(&self) -> Vec<&str> {
        let mut selectors: Vec<&str> = Vec::new();
        for change in &self.changes {
            if !selectors.contains(&&*change.general_path) {
                selectors.push(&change.general_path);
            }
        }
        selectors
    }
}

impl Miss {
    /// Why nothing answers what was sent first, in the types that the method's messages have.
    pub(super) fn explain(
        replayer: &Replayer<'_>,
        method: &str,
        is_stream: bool,
        sent: Option<&[Entry]>,
        keys: Option<&[u128]>,
        number: u64,
    ) -> Miss {
        let miss = |why| Miss { number, method: method.to_owned(), is_stream, why, nearest: Vec::new() };
        let Some(of_method) = replayer.number_of(method) else {
            let close = close_names(method, replayer.methods()).into_iter().map(str::to_owned).collect();
            return miss(Why::UnknownMethod(close));
        };
        let (order, repeat) = replayer.rules();
        let (calls, fitting, next, used) = {
            let mut waiting = replayer.waiting();
            let asked = Asked { method: of_method, is_stream, keys };
            let next = waiting.0.next_in_order(asked, (order, repeat));
            let shape = waiting.0.shape(of_method, is_stream);
            let calls: Vec<CallId> = shape.calls().iter().copied().take(LOOKED_AT).collect();
            let fitting: Vec<CallId> = match keys {
                Some(keys) => shape.that_fit(keys).take(NAMED).collect(),
                None => calls.iter().copied().take(NAMED).collect(),
            };
            let asked_for = calls.iter().chain(&fitting).chain(&next);
            let used: FxHashMap<CallId, u64> =
                asked_for.map(|call| (*call, waiting.0.used[*call as usize].by)).collect();
            (calls, fitting, next, used)
        };
        if calls.is_empty() {
            return miss(Why::OtherShape);
        }
        let used_by = |call: CallId| used.get(&call).copied().filter(|by| *by > 0);
        let is_used = |call: &CallId| used_by(*call).is_some();
        let why = match order {
            Order::Any if fitting.is_empty() => Why::Different,
            Order::Any => Why::Used,
            Order::PerMethod | Order::Recorded if next.is_none() => Why::NoneLeft,
            Order::PerMethod | Order::Recorded if fitting.is_empty() => Why::Different,
            Order::PerMethod | Order::Recorded if fitting.iter().all(is_used) && repeat == Repeat::Never => Why::Used,
            Order::PerMethod | Order::Recorded => Why::NotNext,
        };
        let mut comparer = replayer.comparer();
        let asked = sent.and_then(|sent| sent.first());
        let mut ranked: Vec<(u32, bool, CallId)> = Vec::new();
        if let Some(asked) = asked
            && fitting.is_empty()
        {
            let values = comparer.values(asked, method);
            let mut bytes = 0;
            for &call in &calls {
                let recorded = replayer.call(call).sent.first().map(|place| replayer.entry(*place));
                if bytes > LOOKED_AT_BYTES {
                    break;
                }
                bytes += recorded.map_or(0, |entry| entry.record().len());
                let likeness = recorded.map_or(0, |entry| alike(&comparer.values(entry, method), &values));
                ranked.push((1000 - likeness, is_used(&call), call));
            }
            ranked.sort_unstable();
        }
        let mut named: Vec<CallId> = next.into_iter().collect();
        for call in fitting.into_iter().chain(ranked.into_iter().map(|(.., call)| call)) {
            if named.len() < NAMED && !named.contains(&call) {
                named.push(call);
            }
        }
        let mut near = |call: CallId| {
            let other = Some(replayer.method_of(call)).filter(|other| *other != method).map(str::to_owned);
            let recorded = replayer.call(call).sent.first().map(|place| replayer.entry(*place));
            let asked = asked.filter(|_| other.is_none() && recorded.is_some());
            let changes = asked.map(|asked| comparer.changes(recorded, Some(asked), method)).unwrap_or_default();
            let changes = changes.into_iter().filter(|change| change.rule.is_none()).collect();
            Near { call: replayer.call_ref(call), method: other, used_by: used_by(call), changes }
        };
        let nearest = named.into_iter().map(&mut near).collect();
        replayer.give_back(comparer);
        Miss { nearest, ..miss(why) }
    }
}

impl Miss {
    /// Why there is no answer, without the calls that come near.
    pub fn reason(&self) -> String {
        let (method, calls) = (&self.method, if self.is_stream { "stream" } else { "call" });
        match &self.why {
            Why::UnknownMethod(_) => format!("no recorded call is of {method}"),
            Why::OtherShape if self.is_stream => format!("{method} was recorded as unary calls, and not as streams"),
            Why::OtherShape => format!("{method} was recorded as streams, and not as unary calls"),
            Why::Refused(why) => format!("what was sent to {method} can't be matched: {why}"),
            Why::NoneLeft => format!("all recorded calls have answered already, and {method} is called once more"),
            Why::Used => format!("every recorded {calls} of {method} that fits has answered already"),
            Why::NotNext => format!("another recorded call is next in order than the one of {method} that fits"),
            Why::Different => format!("no recorded {calls} of {method} says the same"),
        }
    }

    /// The recorded call of the method that comes nearest.
    pub fn nearest_of_method(&self) -> Option<&Near> {
        self.nearest.iter().find(|near| near.method.is_none())
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())?;
        match &self.why {
            Why::UnknownMethod(close) => {
                for (place, close) in close.iter().enumerate() {
                    write!(f, "{}{close}", if place == 0 { "; there are calls of " } else { ", " })?;
                }
                Ok(())
            }
            Why::Used => {
                for (place, near) in self.nearest.iter().enumerate() {
                    write!(f, "{}{}", if place == 0 { ": " } else { ", " }, Named(near))?;
                }
                Ok(())
            }
            Why::NotNext => self.nearest.first().map_or(Ok(()), |next| write!(f, ": {}", Named(next))),
            Why::Different => {
                let Some(near) = self.nearest_of_method() else { return Ok(()) };
                write!(f, "; {} differs", Named(near))?;
                for (place, selector) in near.selectors().into_iter().enumerate() {
                    write!(f, "{}{selector}", if place == 0 { " in " } else { ", " })?;
                }
                Ok(())
            }
            Why::OtherShape | Why::Refused(_) | Why::NoneLeft => Ok(()),
        }
    }
}

impl std::error::Error for Miss {}

/// A call as it is named in a line.
struct Named<'n>(&'n Near);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0.call.first)?;
        if let Some(method) = &self.0.method {
            write!(f, " {method}")?;
        }
        self.0.used_by.map_or(Ok(()), |number| write!(f, " (has answered call {number})"))
    }
}
