//! Where a binary recording goes on behind damage: [`find_records`].

use bytes::Bytes;

use super::binary::LENGTH_BYTES;
use super::wire;
use crate::entry::{Entry, EntryIndex, Kind};

/// How many records must follow each other to be believed, unless the input ends with them.
const BELIEVED: usize = 3;

/// How many times as many bytes as there are may be looked at as records: at every place there may seem to begin a long one.
const LOOKED_AT: usize = 16;

/// Whether these bytes are the record of an entry [as recorders write it](is_as_recorded), its kind in front.
pub fn is_record(bytes: &Bytes) -> bool {
    // Field 1, a kind from REQUEST to RECV.
    if !matches!(bytes[..], [0x08, 1..=5, ..]) {
        return false;
    }
    wire::decode(bytes.clone(), EntryIndex(0), 0).is_ok_and(|entry| is_as_recorded(&entry))
}

/// Whether an entry is as recorders write them: it names a method, or refers to an entry, as its kind does, has nothing in it
/// that nobody knows, and Go reads it.
pub fn is_as_recorded(entry: &Entry) -> bool {
    let is_lawful = match entry.kind() {
        Kind::Request | Kind::CreateStream => entry.method().starts_with('/') && entry.ref_index() == 0,
        Kind::Response | Kind::Send | Kind::Recv => entry.method().is_empty() && entry.ref_index() > 0,
        Kind::Unspecified | Kind::Unknown(_) => false,
    };
    is_lawful && !entry.has_unknown_fields && entry.flaw().is_none()
}

/// The place from which records follow each other again, each behind its length: three of them, or all to the end of the bytes.
///
/// What lies in front of it may have been anything. A recording inside a message of a recording could be taken for its
/// continuation, if it is long enough.
pub fn find_records(bytes: &Bytes) -> Option<usize> {
    let mut left = bytes.len().saturating_mul(LOOKED_AT);
    let mut places = memchr::memchr_iter(0x08, bytes).filter_map(|place| place.checked_sub(LENGTH_BYTES));
    places.find(|&place| left > 0 && follow_each_other(bytes.slice(place..), &mut left))
}

fn follow_each_other(mut bytes: Bytes, left: &mut usize) -> bool {
    for _ in 0..BELIEVED {
        let Some((length, behind)) = bytes.split_first_chunk::<LENGTH_BYTES>() else { return bytes.is_empty() };
        let length = u32::from_le_bytes(*length) as usize;
        if length > behind.len() {
            return false;
        }
        let record = bytes.slice(LENGTH_BYTES..LENGTH_BYTES + length);
        *left = left.saturating_sub(length);
        if !is_record(&record) {
            return false;
        }
        bytes = bytes.slice(LENGTH_BYTES + length..);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Any, Payload};
    use crate::extension::Extension;

    fn record(kind: Kind, method: &str, ref_index: i32) -> Vec<u8> {
        let message = Payload::Message(Any { type_url: "t", value: b"\x08\x01\x08" });
        let entry = Entry::encode(kind, method, message, ref_index).expect("a short record");
        let length = (entry.record().len() as u32).to_le_bytes();
        [&length, entry.record()].concat()
    }

    #[test]
    fn records_are_found_behind_damage() {
        let (request, response) = (record(Kind::Request, "/m", 0), record(Kind::Response, "", 1));
        let two = [&request[..], &response].concat();
        for damage in [&b""[..], b"x", b"\x08\x01", b"\x0d\x00\x00\x00\x08\x01\x12", &request[5..]] {
            let find_records = |bytes: Vec<u8>| find_records(&bytes.into());
            assert_eq!(find_records([damage, &two].concat()), Some(damage.len()), "{damage:x?}");
            // One alone is not believed unless it is the last, nor are two.
            assert_eq!(find_records([damage, &response].concat()), Some(damage.len()), "{damage:x?}");
            assert_eq!(find_records([damage, &two, b"more"].concat()), None, "{damage:x?}");
            assert_eq!(find_records([damage, &two, &two, b"more"].concat()), Some(damage.len()), "{damage:x?}");
        }
        assert_eq!(find_records(&Bytes::new()), None);
    }

    #[test]
    fn what_no_recorder_writes_is_no_record() {
        for bytes in [
            record(Kind::Request, "m", 0),
            record(Kind::Request, "/m", 1),
            record(Kind::Response, "/m", 1),
            record(Kind::Response, "", 0),
            record(Kind::Response, "", -1),
            record(Kind::Unknown(6), "/m", 0),
        ] {
            assert!(!is_record(&bytes[4..].to_vec().into()), "{bytes:x?}");
        }
        let whole = Bytes::from(record(Kind::Recv, "", 3)).slice(4..);
        assert!(is_record(&whole));
        assert!(!is_record(&[&whole[..], b"\xf8\x07\x01"].concat().into()), "an unknown field");
        assert!(!is_record(&whole.slice(..whole.len() - 1)));
        let entry = wire::decode(whole, EntryIndex(0), 0).expect("an entry");
        let entry = entry.with_extension(&Extension::default()).expect("a short record");
        assert!(is_record(&entry.record().to_vec().into()), "what a recorder notes beside an entry");
    }

    /// Looking at every place to the end would not end within a minute.
    #[test]
    fn what_seems_to_begin_everywhere_costs_no_more() {
        let long = [0x08, 0x01, 0x10, 0].repeat(1_000_000);
        assert_eq!(find_records(&long.into()), None);
    }
}
