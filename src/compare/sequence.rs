//! Two sequences side by side: [`align`].

use std::hash::Hash;

use imara_diff::{Algorithm, Diff, InternedInput};
use rustc_hash::FxHashMap;

/// Longer sequences are first cut at the items that each of them has once. The histogram algorithm looks through all that is
/// left after each piece that it finds, so that its time can grow with the square of the length.
const LONG: usize = 10_000;

/// Pairs of places of equal items, both in order: those that two sequences share.
///
/// It is the histogram algorithm, which looks for what is rare first: 2 million hashes take a quarter of a second even if
/// a third differ, while the shortest list of changes of a reversed sequence took 8 s to find. What is given up is that
/// the list is the shortest; and where more than [`LONG`] items stand between two that both sequences have once, the first
/// of equal ones is always paired with the first.
pub fn align<T: Hash + Eq + Copy + Default>(old: &[T], new: &[T]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::with_capacity(old.len().min(new.len()));
    let whole = Piece { old, new, old_start: 0, new_start: 0 };
    whole.trimmed(&mut pairs, |middle, pairs| match middle.old.len().max(middle.new.len()) {
        0..=LONG => middle.histogram(pairs),
        _ => middle.cut(pairs),
    });
    pairs
}

/// What two sequences have side by side.
pub(crate) type Pairs<T> = Vec<(Option<T>, Option<T>)>;

/// Two sequences side by side: items with equal keys in order, and what `fill` makes of those between them.
pub(crate) fn side_by_side<T: Copy>(
    (olds, old_keys): (&[T], &[u128]),
    (news, new_keys): (&[T], &[u128]),
    mut fill: impl FnMut(&[T], &[T], &mut Pairs<T>),
) -> Pairs<T> {
    let mut pairs = Vec::with_capacity(olds.len().max(news.len()));
    let (mut old_at, mut new_at) = (0, 0);
    let end = (olds.len() as u32, news.len() as u32);
    for (old, new) in align(old_keys, new_keys).into_iter().chain([end]) {
        let (old, new) = (old as usize, new as usize);
        fill(&olds[old_at..old], &news[new_at..new], &mut pairs);
        if let (Some(&old), Some(&new)) = (olds.get(old), news.get(new)) {
            pairs.push((Some(old), Some(new)));
        }
        (old_at, new_at) = (old + 1, new + 1);
    }
    pairs
}

/// Pairs the first with the first.
pub(crate) fn in_places<T: Copy>(olds: &[T], news: &[T], pairs: &mut Pairs<T>) {
    let both = olds.len().min(news.len());
    pairs.extend(olds[..both].iter().zip(news).map(|(&old, &new)| (Some(old), Some(new))));
    pairs.extend(olds[both..].iter().map(|&old| (Some(old), None)));
    pairs.extend(news[both..].iter().map(|&new| (None, Some(new))));
}

/// A part of two sequences, and where it begins in each.
struct Piece<'a, T> {
    old: &'a [T],
    new: &'a [T],
    old_start: u32,
    new_start: u32,
}

impl<T: Hash + Eq + Copy + Default> Piece<'_, T> {
    /// Pairs what is the same at both ends, and has what is between them aligned otherwise.
    fn trimmed(&self, pairs: &mut Vec<(u32, u32)>, align: impl FnOnce(Piece<'_, T>, &mut Vec<(u32, u32)>)) {
        let head = self.old.iter().zip(self.new).take_while(|(a, b)| a == b).count();
        let (old, new) = (&self.old[head..], &self.new[head..]);
        let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
        let middle =
            Piece { old, new, old_start: self.old_start + head as u32, new_start: self.new_start + head as u32 };
        self.pair(0, 0, head, pairs);
        if !old.is_empty() && !new.is_empty() {
            align(middle, pairs);
        }
        self.pair(self.old.len() - tail, self.new.len() - tail, tail, pairs);
    }

    /// Pairs so many items, one after the other.
    fn pair(&self, old: usize, new: usize, count: usize, pairs: &mut Vec<(u32, u32)>) {
        let (old, new) = (self.old_start + old as u32, self.new_start + new as u32);
        pairs.extend((0..count as u32).map(|place| (old + place, new + place)));
    }

    fn histogram(&self, pairs: &mut Vec<(u32, u32)>) {
        let mut input = InternedInput::default();
        input.update_before(self.old.iter().copied());
        input.update_after(self.new.iter().copied());
        let diff = Diff::compute(Algorithm::Histogram, &input);
        let (mut before, mut after) = (0, 0);
        let end = (self.old.len() as u32, self.new.len() as u32);
        let hunks = diff.hunks().map(|hunk| ((hunk.before.start, hunk.after.start), (hunk.before.end, hunk.after.end)));
        for (start, next) in hunks.chain([(end, end)]) {
            debug_assert_eq!(start.0 - before, start.1 - after, "what lies between two differences is equal");
            self.pair(before as usize, after as usize, (start.0 - before) as usize, pairs);
            (before, after) = next;
        }
    }

    /// Pairs items that both have once, as many as keep their order, and aligns what is between them.
    fn cut(&self, pairs: &mut Vec<(u32, u32)>) {
        let mut anchors = paired(&self.once(self.old), &self.once(self.new));
        anchors.push((self.old.len() as u32, self.new.len() as u32));
        let (mut old_at, mut new_at) = (0, 0);
        for (old, new) in anchors {
            let (old, new) = (old as usize, new as usize);
            let (old_start, new_start) = (self.old_start + old_at as u32, self.new_start + new_at as u32);
            let between = Piece { old: &self.old[old_at..old], new: &self.new[new_at..new], old_start, new_start };
            between.trimmed(pairs, |middle, pairs| match middle.old.len().max(middle.new.len()) {
                0..=LONG => middle.histogram(pairs),
                _ => middle.first_with_first(pairs),
            });
            if old < self.old.len() {
                self.pair(old, new, 1, pairs);
            }
            (old_at, new_at) = (old + 1, new + 1);
        }
    }

    /// The items that a sequence has once, each with its place.
    fn once(&self, items: &[T]) -> Vec<((T, u32), u32)> {
        let mut counts: FxHashMap<T, u32> = FxHashMap::default();
        for &item in items {
            *counts.entry(item).or_default() += 1;
        }
        (0..).zip(items).filter(|(_, item)| counts[item] == 1).map(|(place, &item)| ((item, 0), place)).collect()
    }

    /// Pairs the first of equal items with the first, the second with the second, and keeps as many as stay in order.
    fn first_with_first(&self, pairs: &mut Vec<(u32, u32)>) {
        let numbered = |items: &[T]| -> Vec<((T, u32), u32)> {
            let mut counts: FxHashMap<T, u32> = FxHashMap::default();
            let number = |(place, &item): (u32, &T)| {
                let count = counts.entry(item).or_default();
                *count += 1;
                ((item, *count), place)
            };
            (0..).zip(items).map(number).collect()
        };
        for (old, new) in paired(&numbered(self.old), &numbered(self.new)) {
            self.pair(old as usize, new as usize, 1, pairs);
        }
    }
}

/// Pairs of places of equal items, of which there are no two in a sequence: as many as keep their order.
fn paired<T: Hash + Eq + Copy>(old: &[(T, u32)], new: &[(T, u32)]) -> Vec<(u32, u32)> {
    let places: FxHashMap<T, u32> = new.iter().copied().collect();
    let both: Vec<(u32, u32)> = old.iter().filter_map(|(item, place)| Some((*place, *places.get(item)?))).collect();
    let numbers: Vec<u32> = both.iter().map(|pair| pair.1).collect();
    let limit = numbers.iter().max().map_or(0, |&last| last as usize + 1);
    let rises = longest_rising(&numbers, &vec![1; numbers.len()], limit);
    both.into_iter().zip(rises).filter(|(_, rises)| *rises).map(|(pair, _)| pair).collect()
}

/// Which of different numbers below a limit make up the longest rising sequence; of several as long, the one of the greatest
/// weight.
pub(crate) fn longest_rising(numbers: &[u32], weights: &[u32], limit: usize) -> Vec<bool> {
    if numbers.is_sorted() {
        return vec![true; numbers.len()];
    }
    // By number, the best sequence that ends below it, in a tree of prefixes: its length, its weight, and its last place.
    type Best = (u32, u64, u32);
    let mut tree: Vec<Best> = vec![(0, 0, u32::MAX); limit + 1];
    let mut before = vec![u32::MAX; numbers.len()];
    for (place, (&number, &weight)) in numbers.iter().zip(weights).enumerate() {
        let mut best: Best = (0, 0, u32::MAX);
        let mut at = number as usize;
        while at > 0 {
            best = better(best, tree[at]);
            at &= at - 1;
        }
        before[place] = best.2;
        let here = (best.0 + 1, best.1 + u64::from(weight), place as u32);
        let mut at = number as usize + 1;
        while at <= limit {
            tree[at] = better(here, tree[at]);
            at += at & at.wrapping_neg();
        }
    }
    let mut best: Best = (0, 0, u32::MAX);
    let mut at = limit;
    while at > 0 {
        best = better(best, tree[at]);
        at &= at - 1;
    }
    let mut rises = vec![false; numbers.len()];
    let mut place = best.2;
    while place != u32::MAX {
        rises[place as usize] = true;
        place = before[place as usize];
    }
    rises
}

fn better(a: (u32, u64, u32), b: (u32, u64, u32)) -> (u32, u64, u32) {
    if (b.0, b.1) > (a.0, a.1) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::{align, longest_rising};

    #[test]
    fn equal_items_are_paired_in_order() {
        for (old, new, expected) in [
            ("abc", "abc", vec![(0, 0), (1, 1), (2, 2)]),
            ("", "abc", vec![]),
            ("abc", "axc", vec![(0, 0), (2, 2)]),
            ("abc", "zabc", vec![(0, 1), (1, 2), (2, 3)]),
            ("axbyc", "abc", vec![(0, 0), (2, 1), (4, 2)]),
            ("aaa", "aa", vec![(0, 0), (1, 1)]),
        ] {
            assert_eq!(align(old.as_bytes(), new.as_bytes()), expected, "{old} {new}");
        }
    }

    /// Would take a minute if the histogram algorithm had to do it.
    #[test]
    fn few_kinds_of_items_do_not_take_long() {
        let items = |step: u64| -> Vec<u64> { (0..300_000).map(|place: u64| place * step % 1009 % 10).collect() };
        let (old, new) = (items(31), items(37));
        let pairs = align(&old, &new);
        assert!(pairs.len() > 30_000, "{}", pairs.len());
        assert!(pairs.iter().all(|&(a, b)| old[a as usize] == new[b as usize]));
        assert!(pairs.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
    }

    #[test]
    fn a_reversed_sequence_does_not_take_long() {
        let old: Vec<u32> = (0..200_000).collect();
        let new: Vec<u32> = old.iter().rev().copied().collect();
        assert!(!align(&old, &new).is_empty());
    }

    #[test]
    fn as_many_as_can_be_stay() {
        for (numbers, weights, expected) in [
            (vec![0, 1, 2], vec![1, 1, 1], "111"),
            (vec![2, 0, 1], vec![1, 1, 1], "011"),
            (vec![1, 0], vec![5, 1], "10"),
            (vec![1, 0], vec![1, 5], "01"),
            (vec![3, 4, 0, 1, 2], vec![9, 9, 1, 1, 1], "00111"),
            (vec![4, 0, 3, 1, 2], vec![1; 5], "01011"),
        ] {
            let found: String =
                longest_rising(&numbers, &weights, 5).iter().map(|&rises| if rises { '1' } else { '0' }).collect();
            assert_eq!(found, expected, "{numbers:?}");
        }
    }
}
