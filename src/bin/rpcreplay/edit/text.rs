//! An edited text in the text format, in which entries have no names: what stands there as it stood is the same entry.

use std::collections::HashMap;

use rpcreplay::entry::{Entry, EntryIndex};
use rpcreplay::format::{Decoder, Frame, ReadOptions, Reader};
use rpcreplay::recording::Header;
use rpcreplay::schema::Schema;

use super::changes::Changes;
use super::original::{Original, Shown};
use super::{Edited, trouble_in_text};
use crate::failure::Trouble;
use rpcreplay::repair::Recounted;

/// Reads the text of this name. An entry whose text is as it was keeps its record, and with it what the text can't carry.
pub fn read(text: &[u8], original: &Original, shown: &Shown, schema: &Schema, name: &str) -> Result<Edited, Trouble> {
    let in_text = |error| trouble_in_text(name, error);
    let (before, after) = (Recounted::new(&shown.text), Recounted::new(text));
    let (_, old_frames) = frames(&before, schema).map_err(in_text)?;
    let (header, new_frames) = frames(&after, schema).map_err(in_text)?;
    let mut decoder = Decoder::new(schema);

    // A number for everything that an entry can say: that of the first old entry whose text says it. Blanks make other
    // text, and say the same.
    let mut by_text: HashMap<&[u8], usize> = HashMap::new();
    let old: Vec<usize> =
        before.bodies().enumerate().map(|(place, body)| *by_text.entry(body).or_insert(place)).collect();
    let mut by_record: Option<HashMap<Vec<u8>, usize>> = None;
    let mut decoded: Vec<Option<Entry>> = Vec::with_capacity(new_frames.len());
    let mut new = Vec::with_capacity(new_frames.len());
    for (place, frame) in new_frames.into_iter().enumerate() {
        let said = after.body(place).and_then(|body| by_text.get(body));
        if let Some(said) = said {
            new.push(Some(*said));
            decoded.push(None);
            continue;
        }
        let entry = frame.decode(&mut decoder).map_err(in_text)?;
        let by_record = by_record.get_or_insert_with(|| {
            // Text that can't be read says nothing that other text could say, too.
            let read = |frame: &Frame| frame.clone().decode(&mut decoder).ok().map(|entry| entry.record().to_vec());
            old_frames.iter().map(read).zip(&old).filter_map(|(record, said)| Some((record?, *said))).rev().collect()
        });
        new.push(by_record.get(entry.record()).copied());
        decoded.push(Some(entry));
    }

    let stands_for = align(&old, &new);
    let places = Places::new(&stands_for, original.entries.len());
    let mut changes = Changes::of(&stands_for, original.entries.len());
    changes.initial = header != original.header;
    changes.changed = places.changed;
    changes.added -= places.changed;
    changes.removed -= places.changed;

    for (place, loss) in &shown.losses {
        if places.may_be_edited[*place] {
            let message = format!("{name}: entry {} is not there as it was, and {}", place + 1, loss.kind());
            let hint = "leave its text as it was, or edit the recording as JSON, which keeps everything";
            return Err(Trouble::plain(message).with_hint(hint));
        }
    }
    let mut entries = Vec::with_capacity(new.len());
    for (place, (said, entry)) in new.iter().zip(decoded).enumerate() {
        let index = EntryIndex(place as u64 + 1);
        let kept = stands_for[place].or(*said).map(|old| original.entries[old].clone());
        if let (Some(entry), Some(old)) = (&kept, stands_for[place])
            && let Some(wrong) = places.wrong_reference(place, old, entry, &stands_for)
        {
            let message = format!("{name}: entry {index}{}: {wrong}", after.line_of(place));
            let hint = "correct its ref_index, or edit the recording as JSON, where references follow their entries";
            return Err(Trouble::plain(message).with_hint(hint));
        }
        entries.extend(kept.or(entry).map(|entry| entry.with_index(index)));
    }
    Ok(Edited { header, entries, changes })
}

/// The entries of a text, not decoded.
fn frames(cut: &Recounted, schema: &Schema) -> rpcreplay::error::Result<(Header, Vec<Frame>)> {
    // Entries take more room than they did as records.
    let mut reader = Reader::new(&cut.text[..], schema, ReadOptions { max_record_bytes: u64::MAX })?;
    let mut frames = Vec::new();
    loop {
        let entries = frames.len();
        reader.read_batch(&mut frames)?;
        if frames.len() == entries {
            return Ok((reader.header().clone(), frames));
        }
    }
}

/// Which old entry each new one stands for, given what each of them says.
///
/// What is said once before and once after is the same entry, wherever it stands; its neighbours that say the same are, too;
/// what is left is taken in order. Source: Heckel, "A technique for isolating differences between files", 1978.
fn align(old: &[usize], new: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut said_before: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut said_after: HashMap<usize, u64> = HashMap::new();
    for (place, said) in old.iter().enumerate() {
        said_before.entry(*said).or_default().push(place);
    }
    for said in new.iter().flatten() {
        *said_after.entry(*said).or_default() += 1;
    }
    let mut stands_for = vec![None; new.len()];
    let mut is_taken = vec![false; old.len()];
    let mut take = |stands_for: &mut Vec<Option<usize>>, place: usize, candidate: Option<usize>| {
        let Some(candidate) = candidate.filter(|&candidate| candidate < old.len()) else { return };
        if stands_for[place].is_none() && !is_taken[candidate] && new[place] == Some(old[candidate]) {
            stands_for[place] = Some(candidate);
            is_taken[candidate] = true;
        }
    };
    for (place, said) in new.iter().enumerate() {
        let Some(said) = said else { continue };
        if let ([only], Some(1)) = (said_before.get(said).map_or(&[][..], Vec::as_slice), said_after.get(said)) {
            take(&mut stands_for, place, Some(*only));
        }
    }
    for place in 0..new.len() {
        let behind = if place == 0 { Some(0) } else { stands_for[place - 1].map(|before| before + 1) };
        take(&mut stands_for, place, behind);
    }
    for place in (0..new.len()).rev() {
        let after = if place + 1 == new.len() { Some(old.len()) } else { stands_for[place + 1] };
        take(&mut stands_for, place, after.and_then(|after| after.checked_sub(1)));
    }
    // From the first to the last, once: what is taken never comes back.
    said_before.values_mut().for_each(|places| places.reverse());
    for place in 0..new.len() {
        let Some(candidates) = new[place].and_then(|said| said_before.get_mut(&said)) else { continue };
        while stands_for[place].is_none()
            && let Some(candidate) = candidates.pop()
        {
            take(&mut stands_for, place, Some(candidate));
        }
    }
    stands_for
}

/// Where old entries stand now.
struct Places {
    now: Vec<Option<usize>>,
    /// Which of those that stand nowhere as they stood may be among those that are new: the others were deleted.
    may_be_edited: Vec<bool>,
    /// How many entries were changed: those that stand nowhere, and others took their place between the same neighbours.
    changed: u64,
}

impl Places {
    fn new(stands_for: &[Option<usize>], old_entries: usize) -> Places {
        let mut now = vec![None; old_entries];
        for (place, old) in stands_for.iter().enumerate() {
            if let Some(old) = old {
                now[*old] = Some(place);
            }
        }
        let mut places = Places { now, may_be_edited: vec![false; old_entries], changed: 0 };
        let is_new = |place: &Option<usize>| place.is_none();
        let mut old = 0;
        while old < old_entries {
            let end = old + places.now[old..].iter().take_while(|now| now.is_none()).count();
            if old < end {
                let before = if old == 0 { Some(0) } else { places.now[old - 1].map(|place| place + 1) };
                let behind = before.map_or(0, |start| stands_for[start..].iter().take_while(|old| is_new(old)).count());
                places.changed += (end - old).min(behind) as u64;
                let after = places.now.get(end).copied().flatten().unwrap_or(stands_for.len());
                let may_be_edited = behind > 0 || stands_for[..after].last().is_some_and(is_new);
                places.may_be_edited[old..end].fill(may_be_edited);
            }
            old = end + 1;
        }
        places
    }

    /// What is wrong with the reference of an entry that stands as it stood, if the one it refers to does not.
    fn wrong_reference(&self, place: usize, old: usize, entry: &Entry, stands_for: &[Option<usize>]) -> Option<String> {
        let refers_to = entry.ref_index();
        let target = usize::try_from(refers_to).ok()?.checked_sub(1).filter(|&target| target < old)?;
        match self.now[target] {
            Some(now) if now == target && now < place => None,
            Some(now) => Some(format!("it refers to entry {refers_to}, which is entry {} now", now + 1)),
            // It was edited where it stands.
            None if target < place && stands_for[target].is_none() => None,
            None => Some(format!("it refers to entry {refers_to}, which is not there any more")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Aligns texts that are a letter for each entry, and says for every letter of the second which place it had.
    fn aligned(old: &str, new: &str) -> String {
        let said: Vec<usize> = old.chars().map(|letter| old.find(letter).expect("it is there")).collect();
        let new: Vec<Option<usize>> = new.chars().map(|letter| old.find(letter)).collect();
        let show = |old: &Option<usize>| old.map_or("-".to_owned(), |old| old.to_string());
        align(&said, &new).iter().map(show).collect()
    }

    #[test]
    fn entries_are_found_again() {
        for (old, new, expected) in [
            ("abc", "abc", "012"),
            ("abc", "ac", "02"),
            ("abc", "abxc", "01-2"),
            ("abc", "cab", "201"),
            ("abc", "axc", "0-2"),
            ("aaaa", "aaa", "012"),
            ("axaya", "aya", "034"),
            ("axa", "axaa", "012-"),
            ("", "x", "-"),
            ("a", "", ""),
        ] {
            assert_eq!(aligned(old, new), expected, "{old} {new}");
        }
    }

    #[test]
    fn what_was_edited_is_told_from_what_was_deleted() {
        let letters = |stands_for: &[Option<usize>], old_entries: usize| {
            let places = Places::new(stands_for, old_entries);
            let edited = |old: usize| if places.may_be_edited[old] { 'e' } else { '.' };
            ((0..old_entries).map(edited).collect::<String>(), places.changed)
        };
        assert_eq!(letters(&[Some(0), None, Some(2)], 3), (".e.".to_owned(), 1));
        assert_eq!(letters(&[Some(0), Some(2)], 3), ("...".to_owned(), 0));
        assert_eq!(letters(&[None, Some(2)], 3), ("ee.".to_owned(), 1));
        assert_eq!(letters(&[None, None, None], 2), ("ee".to_owned(), 2));
        assert_eq!(letters(&[Some(0), None], 3), (".ee".to_owned(), 1));
        assert_eq!(letters(&[Some(0), None, Some(1), Some(2)], 3), ("...".to_owned(), 0));
    }
}
