//! [`Recast`]: an entry that becomes another one with the same message.

use super::wire;
use crate::entry::{Any, Entry, Kind};
use crate::error::{Error, ErrorKind, Position, Result};
use crate::schema::unknown_entry_fields;
use crate::wire::{put_bytes, put_unless_empty, put_unless_zero};

/// What an entry becomes; the bytes of its message, and fields that no entry has, stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recast<'a> {
    pub(crate) kind: Kind,
    pub(crate) method: &'a str,
    /// The type URL of its message, if it has one.
    pub(crate) type_url: &'a str,
    pub(crate) ref_index: i32,
    /// Fields that no entry has, in front of its own and behind them, as they stand on the wire.
    pub(crate) before: &'a [u8],
    pub(crate) behind: &'a [u8],
}

impl<'a> Recast<'a> {
    /// What an entry is.
    pub(crate) fn of(entry: &'a Entry) -> Recast<'a> {
        let type_url = entry.payload().fields().0.map_or("", |any| any.type_url);
        let (kind, method, ref_index) = (entry.kind(), entry.method(), entry.ref_index());
        Recast { kind, method, type_url, ref_index, before: b"", behind: b"" }
    }
}

impl Entry {
    /// The entry as another one, with a record as Go's recorder writes it: behind the fields that it knows stand those that it does not.
    /// Its text is not kept, nor its [extension](Entry::extension).
    ///
    /// # Errors
    ///
    /// `TooLong` if the record would not fit into 4 GiB, which is what the binary format can hold.
    pub(crate) fn recast(&self, new: &Recast<'_>) -> Result<Entry> {
        let unknown = unknown_entry_fields(self);
        let (any, is_error) = self.payload().fields();
        let mut record = Vec::with_capacity(self.record().len() + new.method.len() + new.type_url.len());
        put_unless_zero(&mut record, wire::KIND.number(), new.kind.number().into());
        put_unless_empty(&mut record, wire::METHOD.number(), new.method.as_bytes());
        if let Some(any) = any {
            let mut message = Vec::with_capacity(any.value.len() + new.type_url.len());
            put_unless_empty(&mut message, Any::TYPE_URL, new.type_url.as_bytes());
            put_unless_empty(&mut message, Any::VALUE, any.value);
            unknown.of_any.iter().for_each(|field| message.extend_from_slice(field));
            put_bytes(&mut record, wire::MESSAGE.number(), &message);
        }
        put_unless_zero(&mut record, wire::IS_ERROR.number(), is_error.into());
        put_unless_zero(&mut record, wire::REF_INDEX.number(), new.ref_index.into());
        for field in [new.before].iter().chain(&unknown.of_entry).chain(&[new.behind]) {
            record.extend_from_slice(field);
        }
        let (bytes, limit_bytes) = (record.len() as u64, u64::from(u32::MAX));
        if bytes > limit_bytes {
            return Err(ErrorKind::TooLong { what: "record", bytes, limit_bytes }.into());
        }
        let damage = |(fault, byte)| {
            let entry = Some(self.index().0);
            Error::new(ErrorKind::Wire(fault), Position { entry, byte: Some(byte), ..Position::default() })
        };
        let recast = wire::decode(record.into(), self.index(), self.offset()).map_err(damage)?;
        Ok(Entry { line: self.line, ignored_wire: self.ignored_wire, ..recast })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{EntryIndex, Payload};

    #[test]
    fn a_plain_entry_is_as_the_recorder_writes_it() {
        let status = Payload::Error(Any { type_url: "a/google.rpc.Status", value: b"\x08\x05" });
        let message = Payload::Message(Any { type_url: "a/b", value: b"\x08\x01" });
        for payload in [message, status, Payload::Eof, Payload::Empty] {
            for (kind, method, ref_index) in [(Kind::Recv, "", 7), (Kind::Request, "/a.S/M", 0)] {
                let entry = Entry::encode(kind, method, payload, ref_index).expect("a short record");
                assert_eq!(entry.recast(&Recast::of(&entry)).expect("a short record").record(), entry.record());
            }
        }
        let entry = Entry::encode(Kind::Send, "", message, 300).expect("a short record").with_index(EntryIndex(302));
        let new = Recast { kind: Kind::Request, method: "/a.S/M", type_url: "c", ref_index: 0, ..Recast::of(&entry) };
        let recast = entry.recast(&new).expect("a short record");
        let expected = Payload::Message(Any { type_url: "c", value: b"\x08\x01" });
        let expected = Entry::encode(Kind::Request, "/a.S/M", expected, 0).expect("a short record");
        assert_eq!((recast.record(), recast.index().0), (expected.record(), 302));
    }

    #[test]
    fn what_nobody_knows_stays() {
        // Beside what an entry has: field 9 of it twice, and field 7 of its message, which stands there twice, too.
        let record = b"\x48\x01\x08\x04\x1a\x05\x0a\x01a\x38\x02\x1a\x03\x12\x01x\x48\x03\x28\x01";
        let entry = wire::decode(record.to_vec().into(), EntryIndex(2), 0).expect("a record");
        let new = Recast { type_url: "bc", before: b"\x50\x08", behind: b"\x58\x09", ..Recast::of(&entry) };
        let recast = entry.recast(&new).expect("a short record");
        assert_eq!(
            recast.record(),
            b"\x08\x04\x1a\x09\x0a\x02bc\x12\x01x\x38\x02\x28\x01\x50\x08\x48\x01\x48\x03\x58\x09"
        );
    }
}
