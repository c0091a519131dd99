//! [`Renumbering`]: under which numbers entries are written, and what their references become.

use super::numbering::Numbers;
use super::{text, wire};
use crate::entry::{Entry, EntryIndex};
use crate::error::{Error, ErrorKind, Position, Result};
use crate::wire::Fault;

/// Gives entries that are written the numbers 1, 2 and so on, and follows their references.
///
/// Entries of a recording must come in the order of their own numbers, and may leave some out. One without a number
/// ([`Entry::encode`]) counts as that which follows the one before it.
///
/// A `ref_index` is understood as a number of the recording that the entry comes from, and becomes the number under which the
/// entry it names was written. As long as every entry has kept its number, references stay as they are, also those that were
/// broken: a copy is a copy. From the first entry on that gets another number than it had, every reference must name an entry
/// already written; one that does not (left out, later, negative) is refused rather than made to point at a stranger. For the
/// same reason no entry gets another number than it had while a reference copied earlier names a number that is yet to come.
#[derive(Debug, Default)]
pub struct Renumbering {
    written: u64,
    numbers: Numbers,
    forward: Option<ForwardReference>,
}

/// The copied reference that reaches furthest beyond its entry.
#[derive(Debug, Clone, Copy)]
struct ForwardReference {
    entry: u64,
    refers_to: i32,
}

/// Where an entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Its number there.
    pub index: EntryIndex,
    /// What it refers to there.
    pub ref_index: i32,
    own: u64,
    is_copy: bool,
}

impl Renumbering {
    /// How many entries were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// What comes next is of another recording, whose numbers begin anew.
    ///
    /// # Errors
    ///
    /// `ForwardReference` if one copied earlier names an entry that has not come.
    pub fn begin_recording(&mut self) -> Result<()> {
        if let Some(ForwardReference { entry, refers_to }) = self.forward
            && i64::from(refers_to) > self.written as i64
        {
            return Err(ErrorKind::ForwardReference { entry, refers_to, moved: 1 }.into());
        }
        self.numbers = Numbers::default();
        self.numbers.are_unchanged = self.written == 0;
        self.forward = None;
        Ok(())
    }

    /// Where the next entry is written. It is not yet: [`accept`](Self::accept) says so.
    ///
    /// # Errors
    ///
    /// `MissingReference`, `ForwardReference`, `OutOfOrder` and `TooManyEntries`; another entry may come instead.
    pub fn next(&self, entry: &Entry) -> Result<Written> {
        let new = self.written + 1;
        if new > i32::MAX as u64 {
            return Err(ErrorKind::TooManyEntries.into());
        }
        let previous = self.numbers.last;
        let own = match entry.index() {
            EntryIndex(0) => previous + 1,
            EntryIndex(own) if own > previous => own,
            EntryIndex(own) => return Err(ErrorKind::OutOfOrder { entry: own, previous }.into()),
        };
        let is_copy = self.numbers.are_unchanged && own == new;
        let ref_index = if is_copy { entry.ref_index() } else { self.translate(own, entry.ref_index())? };
        if own != new
            && let Some(ForwardReference { entry, refers_to }) = self.forward
            && new as i64 <= i64::from(refers_to)
        {
            return Err(ErrorKind::ForwardReference { entry, refers_to, moved: own }.into());
        }
        Ok(Written { index: EntryIndex(new), ref_index, own, is_copy })
    }

    /// Notes that the entry was written that [`next`](Self::next) was asked about last.
    pub fn accept(&mut self, written: Written) {
        let Written { index: EntryIndex(new), ref_index, own, is_copy } = written;
        if is_copy
            && i64::from(ref_index) > new as i64
            && self.forward.is_none_or(|forward| ref_index > forward.refers_to)
        {
            self.forward = Some(ForwardReference { entry: own, refers_to: ref_index });
        }
        self.written = new;
        self.numbers.push(own, new);
    }

    fn translate(&self, entry: u64, ref_index: i32) -> Result<i32> {
        if ref_index == 0 {
            return Ok(0);
        }
        match u64::try_from(ref_index).ok().and_then(|own| self.numbers.of(own)) {
            Some(new) => Ok(new as i32),
            None => Err(ErrorKind::MissingReference { entry, refers_to: ref_index }.into()),
        }
    }
}

impl Entry {
    /// The entry as it is written there.
    ///
    /// # Errors
    ///
    /// Those of [`with_reference`](Self::with_reference).
    pub fn written(&self, written: Written) -> Result<Entry> {
        Ok(self.with_reference(written.ref_index)?.with_index(written.index))
    }

    /// The entry with another reference, spliced into its record, and into its text if it was read from one. Every other byte of
    /// them stays as it was.
    ///
    /// # Errors
    ///
    /// `Wire` if the record is none, which no entry's is.
    pub fn with_reference(&self, ref_index: i32) -> Result<Entry> {
        if ref_index == self.ref_index() {
            return Ok(self.clone());
        }
        let damage = |(fault, byte): (Fault, u64)| {
            let entry = Some(self.index().0);
            Error::new(fault, Position { entry, byte: Some(byte), ..Position::default() })
        };
        let record = wire::with_ref_index(self.record(), ref_index).map_err(damage)?;
        let renumbered = wire::decode(record.into(), self.index(), self.offset()).map_err(damage)?;
        let text = self.text.as_ref().map(|body| Box::new(text::with_ref_index(body, ref_index)));
        Ok(Entry { line: self.line, ignored_wire: self.ignored_wire, text, ..renumbered })
    }
}
