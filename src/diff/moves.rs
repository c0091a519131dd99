//! Which calls stand elsewhere than before: [`moves`].

use super::recording::{CallId, Recording};
use crate::compare::longest_rising;

/// A call that comes earlier or later than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It changed places only with calls that were open at the same time, in one of the two recordings: their order is by
    /// chance.
    Concurrent,
    /// It changed places with calls that were over before it began.
    Real,
}

/// Of how many calls that one changed places with it is looked whether they were open at the same time.
const LOOKED_AT: usize = 256;

/// By pair, whether it has moved: the pairs that have not are as many as can be, and of calls that say the same as many others
/// rather few stay.
///
/// `pairs` are sorted by their old call. `weights` says how seldom each is.
pub(super) fn moves(
    old: &Recording,
    new: &Recording,
    pairs: &[(CallId, CallId)],
    weights: &[u32],
) -> Vec<Option<Move>> {
    let stays = longest_rising(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>(), weights, new.calls.len());
    if stays.iter().all(|&stays| stays) {
        return vec![None; pairs.len()];
    }
    let staying: Vec<(CallId, CallId)> =
        pairs.iter().zip(&stays).filter(|(_, stays)| **stays).map(|(pair, _)| *pair).collect();
    let overlap = |a: &(CallId, CallId), b: &(CallId, CallId)| old.overlap(a.0, b.0) || new.overlap(a.1, b.1);
    let is_among_concurrent = |pair: &(CallId, CallId)| {
        let before_old = staying.partition_point(|staying| staying.0 < pair.0);
        let before_new = staying.partition_point(|staying| staying.1 < pair.1);
        let crossed = &staying[before_old.min(before_new)..before_old.max(before_new)];
        crossed.len() <= LOOKED_AT && crossed.iter().all(|crossed| overlap(crossed, pair))
    };
    let mut concurrent: Vec<(CallId, CallId)> = pairs
        .iter()
        .zip(&stays)
        .filter(|(pair, stays)| !**stays && is_among_concurrent(pair))
        .map(|(pair, _)| *pair)
        .collect();
    // They may have changed places with each other, too.
    let crosses = |a: &(CallId, CallId), b: &(CallId, CallId)| (a.0 < b.0) != (a.1 < b.1);
    let all = concurrent.clone();
    concurrent.retain(|a| all.len() <= LOOKED_AT && all.iter().all(|b| a == b || !crosses(a, b) || overlap(a, b)));
    let judge = |pair: &(CallId, CallId)| match concurrent.binary_search(pair) {
        Ok(_) => Move::Concurrent,
        Err(_) => Move::Real,
    };
    pairs.iter().zip(&stays).map(|(pair, stays)| (!stays).then(|| judge(pair))).collect()
}
