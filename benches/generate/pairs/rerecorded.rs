//! A recording made again: what differs in every run differs, and one call in a thousand has really changed.

use std::io::Write;

use rpcreplay::Result;

use crate::pairs::call::{Call, write_at_once};
use crate::pairs::run::{Half, Run};
use crate::pairs::{Side, firestore, lone_call, pubsub, secrets};
use crate::random::Random;
use crate::recording::Recording;

/// Of so many calls one has changed.
const CALLS_PER_CHANGE: u64 = 1000;
/// How many episodes a call lets pass that moves.
const EPISODES_PASSED: u64 = 20;

/// A few calls with what they need before them. Those of a round run at once, the next round needs all of them.
type Episode = Vec<Vec<Call>>;

/// What was changed in the new recording, in calls. Kinds take turns.
#[derive(Default)]
struct Changes {
    made: u64,
    requests: u64,
    responses: u64,
    removed: u64,
    inserted: u64,
    moved: u64,
}

/// Writes episodes until those of the old recording have `entries`. What new has changed is said on standard error.
pub fn write(mut out: Recording<impl Write>, entries: u64, seed: u64, side: Side) -> Result<()> {
    let mut run = Run::new(seed, side);
    // Changes have a chance of their own, so that all else is the same in both recordings.
    let mut changing = Random::of(&[seed, 3]);
    let mut changes = Changes::default();
    // A call that moves, and the episode that it was in.
    let mut moving: Option<(Call, u64)> = None;
    let (mut entries_old, mut calls_old, mut number) = (0, 0, 0);
    while entries_old < entries {
        let story = Random::of(&[seed, 0, number]);
        let before = run.clone();
        let mut episode = tell(story.clone(), &mut run);
        entries_old += episode.iter().flatten().map(Call::entries).sum::<u64>();
        let calls = calls_old + episode.iter().flatten().count() as u64;
        if side == Side::New && calls / CALLS_PER_CHANGE > calls_old / CALLS_PER_CHANGE {
            match changes.made % 5 {
                0 => {
                    (episode, run) = tell_changed(Half::Request, story, before, &run, &mut changing);
                    changes.requests += 1;
                }
                1 => {
                    (episode, run) = tell_changed(Half::Response, story, before, &run, &mut changing);
                    changes.responses += 1;
                }
                2 => {
                    last_call(&mut episode);
                    changes.removed += 1;
                }
                3 => {
                    episode.push(vec![lone_call(changing.next(), &mut changing, &mut run)]);
                    changes.inserted += 1;
                }
                _ => moving = Some((last_call(&mut episode), number)),
            }
            changes.made += 1;
        }
        calls_old = calls;
        let arrived = moving.take_if(|(_, since)| *since + EPISODES_PASSED == number || entries_old >= entries);
        if let Some((call, since)) = arrived {
            changes.moved += u64::from(since < number);
            episode.push(vec![call]);
        }
        for calls in episode {
            write_at_once(&mut out, &mut run.random, calls)?;
        }
        number += 1;
    }
    if side == Side::New {
        let Changes { requests, responses, removed, inserted, moved, .. } = changes;
        eprintln!(
            "{calls_old} calls, {requests} requests changed, {responses} responses changed, {removed} removed, \
             {inserted} inserted, {moved} moved"
        );
    }
    out.end(&mut run.random)
}

fn tell(mut story: Random, run: &mut Run) -> Episode {
    match story.below(10) {
        0..5 => firestore::rounds(&mut story, run),
        5..8 => pubsub::rounds(&mut story, run),
        _ => secrets::rounds(&mut story, run),
    }
}

/// The episode that made `after` out of `before`, with one text changed.
fn tell_changed(half: Half, story: Random, mut before: Run, after: &Run, changing: &mut Random) -> (Episode, Run) {
    let texts = after.texts(half) - before.texts(half);
    before.change(half, changing.below(texts));
    (tell(story, &mut before), before)
}

/// Takes the last call out, which no later one needs.
fn last_call(episode: &mut Episode) -> Call {
    episode.last_mut().and_then(Vec::pop).expect("an episode ends with a round that has calls")
}
