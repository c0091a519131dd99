//! A recording that is written entry by entry, on one thread: [`Writing`].

use std::io::Read;

use rpcreplay::entry::Entry;
use rpcreplay::format::{Encoder, Reader};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use super::{Outlet, Place};
use crate::batches::options_of;
use crate::failure::{Failure, Trouble};
use crate::fingerprint::Identifier;
use crate::target::Target;

/// How many bytes are gathered before they are written.
const GATHERED_BYTES: usize = 64 * 1024;

/// A recording that is being written.
pub struct Writing<'s> {
    outlet: Outlet<'s>,
    encoder: Encoder<'s>,
    identifier: Option<Identifier<'s>>,
    bytes: Vec<u8>,
    fingerprints: Vec<u64>,
}

impl<'s> Writing<'s> {
    /// A recording with the format and compression of the one that is read, and this header.
    pub fn new<R: Read>(
        schema: &'s Schema,
        place: Place,
        reader: &Reader<'_, R>,
        header: Header,
    ) -> Result<Self, Failure> {
        let options = options_of(reader);
        let identifier = place.identifier(options, schema);
        let target = Target::new(&place.destination, place.like.as_deref())?;
        target.refuse_terminal_for(options.format)?;
        let outlet = Outlet::new(schema, (place, target), options, header, reader.compression())?;
        let (bytes, fingerprints) = Default::default();
        Ok(Writing { outlet, encoder: Encoder::new(options, schema), identifier, bytes, fingerprints })
    }

    /// Adds an entry, which stands as it is to be written. `name` is what errors call what it is read from.
    pub fn add(&mut self, entry: &Entry, name: &str) -> Result<(), Failure> {
        let is_first = entry.index().0 == 1;
        let encoded = self.encoder.entry(entry, is_first, &mut self.bytes);
        encoded.map_err(|error| Trouble::in_recording(name, &error))?;
        if let Some(identifier) = &mut self.identifier {
            self.fingerprints.push(identifier.fingerprint(entry));
        }
        if self.bytes.len() >= GATHERED_BYTES { self.flush() } else { Ok(()) }
    }

    /// Ends it and lets it take its place, and says whether there was anything to write.
    pub fn put_in_place(mut self, name: &str) -> Result<bool, Failure> {
        self.flush()?;
        self.outlet.end()?;
        self.outlet.put_in_place(name, || ())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.outlet.add(&self.bytes, &self.fingerprints)?;
        self.bytes.clear();
        self.fingerprints.clear();
        Ok(())
    }
}
