//! Whether what was written reads as what was to be written: [`ReadBack`].

use std::num::NonZeroUsize;
use std::path::Path;

use rpcreplay::format::Decoder;
use rpcreplay::query::{Query, Unit};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use crate::args::{Input, Limit};
use crate::batches::Batches;
use crate::failure::{Trouble, name_of};
use crate::fingerprint::{Fingerprints, Identifier};
use crate::ordered::{Queue, on_threads};
use crate::progress::Progress;

/// Reads what was written.
pub struct ReadBack<'s> {
    pub schema: &'s Schema,
    /// Whether the records are to be the same bytes, or else to say the same.
    pub exactly: bool,
    /// Whether fields that nobody knows are part of what they say.
    pub with_unknown: bool,
    pub threads: NonZeroUsize,
}

impl ReadBack<'_> {
    /// Compares what stands at a path with a header and with fingerprints that were made alike.
    pub fn compare(&self, path: &Path, header: &Header, expected: &Fingerprints) -> Result<(), Trouble> {
        // What was written may be longer than what was read.
        let input = Input {
            files: vec![path.to_owned()],
            limit: Limit { max_record_size: u64::MAX },
            threads: Some(self.threads),
        };
        let everything = Query::default();
        let progress = Progress::beside(&input, 1, true);
        let batches = Batches::new(&input, &everything, Unit::Entry, self.schema, progress, self.threads);
        let found = Queue::new((None, Fingerprints::default(), None));
        on_threads(
            self.threads,
            || batches.close(),
            |more| {
                let mut decoder = Decoder::new(self.schema);
                let mut identifier = Identifier::new(self.schema, self.exactly, self.with_unknown);
                while let Some(mut batch) = batches.next() {
                    if batch.may_have_more {
                        more();
                    }
                    let (number, room) = (batch.number, batch.bytes());
                    let entries = batches.decode(&mut batch, &mut decoder);
                    let fingerprints: Vec<u64> = entries.iter().map(|entry| identifier.fingerprint(entry)).collect();
                    let item = (batch.begins, batch.ends, fingerprints);
                    found.add(number, item, |(header, all, end), (begins, ends, fingerprints)| {
                        match begins {
                            Some(Ok(begins)) => *header = Some(begins.header),
                            Some(Err(trouble)) => *end = Some(Err(trouble)),
                            None => {}
                        }
                        if end.is_none() {
                            fingerprints.into_iter().for_each(|fingerprint| all.push(fingerprint));
                            *end = ends;
                        }
                    });
                    batches.give_back(room);
                }
            },
        );
        let (found_header, found, end) = found.into_inner();
        if let Some(Err(Trouble { message, hint, .. })) = end {
            // Nobody knows this file by its name, and soon it is gone.
            let message = message.strip_prefix(&format!("{}: ", name_of(path))).map(str::to_owned).unwrap_or(message);
            return Err(Trouble { hint, ..Trouble::plain(message) });
        }
        let report = "please report this, with the recording if you can";
        if found_header.as_ref() != Some(header) {
            return Err(Trouble::plain("the initial state differs").with_hint(report));
        }
        match expected.first_difference(&found) {
            None => Ok(()),
            Some(place) => Err(Trouble::plain(format!("{place} differs")).with_hint(report)),
        }
    }
}
