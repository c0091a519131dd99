//! Writes a large recording to standard output, to measure with: `generate MIX BYTES SEED`.
//!
//! Equal arguments give equal bytes. Messages are those of Google's services as of 2020, so that every peer knows
//! them; their content is invented. Memory stays at a few of the largest records, whatever the size.

mod blobs;
mod documents;
mod message;
mod pubsub;
mod random;
mod recording;
mod streams;
mod vectors;

use std::io::{self, BufWriter};
use std::process::ExitCode;

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
    let [name, bytes, seed] = arguments.as_slice() else {
        return usage();
    };
    let mix = MIXES.iter().find(|(known, _)| known == name).map(|&(_, mix)| mix);
    let (Some(mix), Ok(bytes), Ok(seed)) = (mix, bytes.parse(), seed.parse()) else {
        return usage();
    };
    match generate(mix, bytes, Random(seed)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {error}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    let names = MIXES.map(|(name, _)| name).join(", ");
    eprintln!("usage: generate MIX BYTES SEED, where MIX is one of {names}");
    ExitCode::from(2)
}

/// Writes whole calls until the entries have `bytes`.
fn generate(mix: Mix, bytes: u64, mut random: Random) -> rpcreplay::Result<()> {
    let out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let mut recording = Recording::begin(out, "{\"project\":\"demo-project\"}")?;
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
