//! Pairs that are hard to compare.

use std::io::Write;

use rpcreplay::Result;

use crate::pairs::call::{Call, write_at_once};
use crate::pairs::run::Run;
use crate::pairs::{Side, firestore, lone_call};
use crate::random::Random;
use crate::recording::Recording;

/// The entries of a unary call.
const ENTRIES_PER_CALL: u64 = 2;
/// How many different calls there are in `few_calls`.
const FEW: u64 = 10;
/// In a long list, how many elements a moved one lets pass.
const ELEMENTS_PASSED: u64 = 1000;

pub fn different(out: Recording<impl Write>, entries: u64, seed: u64, side: Side) -> Result<()> {
    let mut run = Run::new(seed, side);
    let mut kinds = Random::of(&[seed, 0]);
    // Every call has an identifier in its request.
    let mut story = run.random.fork();
    write_calls(out, (0..entries / ENTRIES_PER_CALL).map(|_| lone_call(kinds.next(), &mut story, &mut run)))
}

pub fn equal_calls(out: Recording<impl Write>, entries: u64, seed: u64, side: Side) -> Result<()> {
    let calls = entries / ENTRIES_PER_CALL;
    let calls = match side {
        Side::Old => calls,
        Side::New => calls - calls.div_ceil(1000),
    };
    write_calls(out, (0..calls).map(|_| fixed_call(seed, 0)))
}

pub fn few_calls(out: Recording<impl Write>, entries: u64, seed: u64, side: Side) -> Result<()> {
    let mut order = Run::new(seed, side).random;
    write_calls(out, (0..entries / ENTRIES_PER_CALL).map(|_| fixed_call(seed, order.below(FEW))))
}

/// Keeps four bytes for each call.
pub fn permuted(out: Recording<impl Write>, entries: u64, seed: u64, side: Side) -> Result<()> {
    let mut order: Vec<u32> = (0..).take((entries / ENTRIES_PER_CALL) as usize).collect();
    if side == Side::New {
        Random::of(&[seed, 1]).shuffle(&mut order);
    }
    write_numbered(out, order.into_iter().map(u64::from), seed, side)
}

pub fn reversed(out: Recording<impl Write>, entries: u64, seed: u64, side: Side) -> Result<()> {
    let calls = entries / ENTRIES_PER_CALL;
    match side {
        Side::Old => write_numbered(out, 0..calls, seed, side),
        Side::New => write_numbered(out, (0..calls).rev(), seed, side),
    }
}

/// What new has changed is said on standard error.
pub fn long_list(out: Recording<impl Write>, elements: u64, seed: u64, side: Side) -> Result<()> {
    let old = (0..elements).map(|number| (number, false));
    if side == Side::Old {
        return write_list(out, old, seed, side);
    }
    let (mut changed, mut removed, mut inserted, mut moved) = (0, 0, 0, 0);
    let mut new = Vec::new();
    // Elements that move, each with the number that it comes before.
    let mut moving = Vec::new();
    for (number, _) in old {
        match number % 400 {
            50 => {
                changed += 1;
                new.push((number, true));
            }
            150 => removed += 1,
            250 => {
                inserted += 1;
                new.extend([(elements + number, false), (number, false)]);
            }
            350 if number + ELEMENTS_PASSED < elements => {
                moved += 1;
                moving.push(number);
            }
            _ => new.push((number, false)),
        }
        new.extend(moving.extract_if(.., |moved| *moved + ELEMENTS_PASSED == number).map(|moved| (moved, false)));
    }
    eprintln!("{elements} elements, {changed} changed, {removed} removed, {inserted} inserted, {moved} moved");
    write_list(out, new.into_iter(), seed, side)
}

pub fn shuffled_list(out: Recording<impl Write>, elements: u64, seed: u64, side: Side) -> Result<()> {
    let mut order: Vec<u64> = (0..elements).collect();
    if side == Side::New {
        Random::of(&[seed, 1]).shuffle(&mut order);
    }
    write_list(out, order.into_iter().map(|number| (number, false)), seed, side)
}

/// The same call for the same arguments, times and identifiers included.
fn fixed_call(seed: u64, number: u64) -> Call {
    lone_call(number, &mut Random::of(&[seed, 0, number]), &mut Run::new(seed, Side::Old))
}

/// Writes calls that both recordings know by number, in a given order.
fn write_numbered(out: Recording<impl Write>, order: impl Iterator<Item = u64>, seed: u64, side: Side) -> Result<()> {
    let mut run = Run::new(seed, side);
    let call = |number| lone_call(number, &mut Random::of(&[seed, 0, number]), &mut run);
    write_calls(out, order.map(call))
}

/// Writes a list of elements that both recordings know by number, and whether each was changed.
fn write_list(
    out: Recording<impl Write>,
    elements: impl Iterator<Item = (u64, bool)>,
    seed: u64,
    side: Side,
) -> Result<()> {
    let elements = elements.map(|(number, changed)| (Random::of(&[seed, 0, number]), changed));
    let list = firestore::list(elements, &mut Run::new(seed, side));
    write_calls(out, [list].into_iter())
}

/// Writes calls one behind the other.
fn write_calls(mut out: Recording<impl Write>, calls: impl Iterator<Item = Call>) -> Result<()> {
    // Chance has no say where nothing runs at once.
    let mut random = Random(0);
    for call in calls {
        write_at_once(&mut out, &mut random, vec![call])?;
    }
    out.end(&mut random)
}
