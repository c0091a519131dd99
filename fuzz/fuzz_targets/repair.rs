//! Any bytes as a damaged recording: a reader that ends in the middle goes further in what is made of it, numbers stay, and
//! nothing stands in it that was not there.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rpcreplay::error::ErrorKind;
use rpcreplay::format::{Compression, Format, ReadOptions, Reader};
use rpcreplay::repair::{Gap, Recounted, bridge};
use rpcreplay_fuzz::SMALL;

const OPTIONS: ReadOptions = ReadOptions { max_record_bytes: 1 << 20 };

/// How many entries can be read, and where no more can be cut out of it, if that is damage.
fn read(recording: &[u8]) -> Option<(u64, Option<u64>)> {
    let mut reader = Reader::new(recording, &SMALL, OPTIONS).ok()?;
    if (reader.format(), reader.compression()) != (Format::Binary, Compression::None) {
        return None;
    }
    let mut entries = 0;
    loop {
        match reader.read() {
            Ok(Some(_)) => entries += 1,
            Ok(None) => return Some((entries, None)),
            Err(error) if matches!(error.kind(), ErrorKind::Truncated(_) | ErrorKind::TooLong { .. }) => {
                return Some((entries, error.position().byte));
            }
            Err(_) => return Some((entries, None)),
        }
    }
}

fuzz_target!(|file: &[u8]| {
    let recounted = Recounted::of_damaged(file);
    let again = Recounted::of_damaged(&recounted.text);
    for number in &again.corrected {
        // What is right now may be wrong for what comes behind it only where the text ends.
        assert!(*number as usize == again.bodies().count(), "{number}");
    }
    let mut left = file;
    for body in recounted.bodies().filter(|body| !body.is_empty()) {
        let place = left.windows(body.len()).position(|found| found == body).expect("it was there, in this order");
        left = &left[place + body.len()..];
    }

    let Some((entries, Some(end))) = read(file) else { return };
    let recording = Bytes::copy_from_slice(file);
    let Some((mended, gap)) = bridge(&recording, entries + 1, end as usize, &SMALL) else { return };
    assert_eq!(mended[..end as usize], file[..end as usize]);
    let (further, _) = read(&mended).expect("its beginning is as it was");
    match gap {
        Gap::Length { entry } => assert!(entry == entries + 1 && further >= entry, "{further}"),
        Gap::Lost { first, entries: lost, bytes, .. } => {
            assert!(first == entries + 1 && lost >= 1 && further > entries + lost, "{further}");
            assert!(mended.ends_with(&file[end as usize + bytes as usize..]));
            assert!(gap.has_lost(first) && !gap.has_lost(first + lost));
        }
    }
});
