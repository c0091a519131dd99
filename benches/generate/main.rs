//! Writes a large recording to standard output, to measure with: `generate MIX BYTES SEED`; or one of two recordings
//! that are to be compared: `generate PAIR ENTRIES SEED old|new`; or one in which calls are looked up: `generate lookups CALLS`.
//!
//! Equal arguments give equal bytes. Messages are those of Google's services as of 2020, so that every peer knows
//! them; their content is invented. Memory stays at a few of the largest records, whatever the size,
//! but for four bytes a call where calls are permuted.

mod blobs;
mod documents;
mod lookups;
mod message;
mod pairs;
mod pubsub;
mod random;
mod recording;
mod streams;
mod vectors;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use pairs::Side;
use random::Random;
use recording::Recording;
use streams::Streams;

/// What calls and streams are about.
#[derive(Clone, Copy)]
enum Part {
    Documents,
    Pubsub,
    Streams,
    Blobs,
    Vectors,
}

/// The parts of a recording, and how many of a hundred bytes each of them has.
type Mix = &'static [(Part, u64)];

const MIXES: [(&str, Mix); 6] = [
    ("documents", &[(Part::Documents, 100)]),
    ("pubsub", &[(Part::Pubsub, 100)]),
    ("streams", &[(Part::Streams, 100)]),
    ("blobs", &[(Part::Blobs, 100)]),
    ("vectors", &[(Part::Vectors, 100)]),
    (
        "mixed",
        &[(Part::Documents, 35), (Part::Pubsub, 30), (Part::Streams, 15), (Part::Blobs, 10), (Part::Vectors, 10)],
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [mix, bytes, seed] => mix_of(mix, bytes, seed),
        [pair, entries, seed, side] => pair_of(pair, entries, seed, side),
        ["lookups", calls] => lookups_of(calls),
        _ => None,
    };
    match done {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("generate: {error}");
            ExitCode::from(2)
        }
        None => usage(),
    }
}

/// `None` if the arguments are not those of a mix.
fn mix_of(name: &str, bytes: &str, seed: &str) -> Option<rpcreplay::Result<()>> {
    let (_, mix) = MIXES.iter().find(|(known, _)| *known == name)?;
    Some(generate(mix, bytes.parse().ok()?, Random(seed.parse().ok()?)))
}

/// `None` if the arguments are not those of a recording of a pair.
fn pair_of(name: &str, entries: &str, seed: &str, side: &str) -> Option<rpcreplay::Result<()>> {
    let pair = pairs::named(name)?;
    let side = match side {
        "old" => Side::Old,
        "new" => Side::New,
        _ => return None,
    };
    let (entries, seed) = (entries.parse().ok()?, seed.parse().ok()?);
    Some(begin().and_then(|recording| pair.write(recording, entries, seed, side)))
}

/// `None` if that is no number of calls.
fn lookups_of(calls: &str) -> Option<rpcreplay::Result<()>> {
    let calls = calls.parse().ok()?;
    Some(begin().and_then(|recording| lookups::write(recording, calls)))
}

fn usage() -> ExitCode {
    eprintln!("usage: generate MIX BYTES SEED, where MIX is one of {}", MIXES.map(|(name, _)| name).join(", "));
    eprintln!("       generate PAIR ENTRIES SEED old|new, where PAIR is one of {}", pairs::names());
    eprintln!("       generate lookups CALLS");
    ExitCode::from(2)
}

fn begin() -> rpcreplay::Result<Recording<impl Write>> {
    let out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    Recording::begin(out, "{\"project\":\"demo-project\"}")
}

/// Writes whole calls until the entries have `bytes`.
fn generate(mix: Mix, bytes: u64, mut random: Random) -> rpcreplay::Result<()> {
    let mut recording = begin()?;
    let mut streams = Streams::default();
    let mut parts: Vec<(Part, u64, u64)> = mix.iter().map(|&(part, share)| (part, share, 0)).collect();
    while recording.bytes() < bytes {
        let (part, _, written) =
            parts.iter_mut().min_by_key(|(_, share, written)| *written / *share).expect("a mix has parts");
        let before = recording.bytes();
        match part {
            Part::Documents => documents::step(&mut recording, &mut random),
            Part::Pubsub => pubsub::step(&mut recording, &mut random),
            Part::Streams => streams.step(&mut recording, &mut random),
            Part::Blobs => blobs::step(&mut recording, &mut random),
            Part::Vectors => vectors::step(&mut recording, &mut random),
        }?;
        *written += recording.bytes() - before;
    }
    recording.end(&mut random)
}
