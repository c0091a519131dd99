//! Two trees side by side: where they differ.

use rustc_hash::FxHashMap;

use super::RuleId;
use super::mask::Elements;
use super::sequence::{Pairs, in_places, side_by_side};
use super::tree::{Kind, Node, NodeId, Step, Tree};

/// A place where two messages differ: a node of either, or of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) old: Option<NodeId>,
    pub(super) new: Option<NodeId>,
    /// What it is folded by.
    pub(super) rule: Option<RuleId>,
    /// Whether it is outside of what alone matters.
    pub(super) is_outside: bool,
}

/// How many pairs of elements of two lists are compared to find out which belong together; beyond that they are paired in
/// their order.
const COMPARED_ELEMENTS: usize = 4096;

/// How many values of an element are looked at for that.
const COMPARED_VALUES: usize = 200;

/// Finds where two trees differ, in the order of the new one, removed values before those that follow them.
pub(super) fn differences<'t>(old: &'t Tree, new: &'t Tree, key_of: impl Fn(u32) -> &'t str) -> Vec<Difference> {
    let mut compared = Comparison { old, new, key_of: &key_of, found: Vec::new(), work: vec![(Some(0), Some(0))] };
    while let Some((a, b)) = compared.work.pop() {
        compared.step(a, b);
    }
    compared.found
}

struct Comparison<'t, 'k> {
    old: &'t Tree,
    new: &'t Tree,
    /// The field that the elements of a keyed list are told by.
    key_of: &'k dyn Fn(u32) -> &'t str,
    found: Vec<Difference>,
    /// What is still to be compared, the last first.
    work: Pairs<NodeId>,
}

impl Comparison<'_, '_> {
    fn step(&mut self, a: Option<NodeId>, b: Option<NodeId>) {
        let old = a.map(|a| &self.old.nodes[a as usize]);
        let new = b.map(|b| &self.new.nodes[b as usize]);
        let (Some(old), Some(new)) = (old, new) else {
            let node = old.or(new);
            let rule = node.and_then(Node::does_not_matter);
            let is_outside = node.is_some_and(|node| node.is_outside);
            return self.found.push(Difference { old: a, new: b, rule, is_outside });
        };
        if old.exact == new.exact {
            return;
        }
        let (Some(a), Some(b)) = (a, b) else { return };
        let rule = old.ignore.and(new.ignore).or(old.fold.and(new.fold));
        let next = match (&old.kind, &new.kind) {
            _ if rule.is_some() => None,
            (Kind::Message, Kind::Message) => Some(self.fields(a, b)),
            (Kind::Map, Kind::Map) => Some(self.entries(a, b)),
            (Kind::List, Kind::List) => Some(self.elements(a, b)),
            (Kind::Any(old), Kind::Any(new)) if self.old.text(old) == self.new.text(new) => {
                let (old, new) = (self.old.children(a).next(), self.new.children(b).next());
                Some(vec![(old, new)])
            }
            _ => None,
        };
        match next {
            Some(next) => self.work.extend(next.into_iter().rev()),
            None => {
                let is_outside = old.is_outside && new.is_outside;
                self.found.push(Difference { old: Some(a), new: Some(b), rule, is_outside });
            }
        }
    }

    /// The fields of two messages, side by side.
    fn fields(&self, a: NodeId, b: NodeId) -> Pairs<NodeId> {
        let number = |tree: &Tree, node: NodeId| match tree.nodes[node as usize].step {
            Step::Field(number, _) => Some(number),
            _ => None,
        };
        let olds: Vec<_> = self.old.children(a).collect();
        let news: Vec<_> = self.new.children(b).collect();
        let known = |tree, nodes: &[NodeId]| nodes.iter().filter(|&&node| number(tree, node).is_some()).count();
        let (known_old, known_new) = (known(self.old, &olds), known(self.new, &news));
        let (olds, unknown_old) = olds.split_at(known_old);
        let (news, unknown_new) = news.split_at(known_new);
        let by_number: FxHashMap<_, _> = news.iter().map(|&node| (number(self.new, node), node)).collect();
        let mut rest = news.iter().copied().peekable();
        let mut pairs = Vec::new();
        for &old in olds {
            match by_number.get(&number(self.old, old)) {
                Some(&partner) => {
                    // Both stand in the order of declaration.
                    while let Some(new) = rest.next_if(|&new| new <= partner) {
                        pairs.push((if new == partner { Some(old) } else { None }, Some(new)));
                    }
                }
                None => pairs.push((Some(old), None)),
            }
        }
        pairs.extend(rest.map(|new| (None, Some(new))));
        pairs.extend(self.in_sequence(unknown_old, unknown_new));
        pairs
    }

    /// The values of two maps, by key; both are sorted by it.
    fn entries(&self, a: NodeId, b: NodeId) -> Pairs<NodeId> {
        let key = |tree: &Tree, node: NodeId| match tree.nodes[node as usize].step {
            Step::Key(hash, _) => hash,
            _ => 0,
        };
        let news: FxHashMap<u64, NodeId> = self.new.children(b).map(|node| (key(self.new, node), node)).collect();
        let olds: FxHashMap<u64, NodeId> = self.old.children(a).map(|node| (key(self.old, node), node)).collect();
        let removed = self.old.children(a).filter(|&node| !news.contains_key(&key(self.old, node)));
        let mut pairs: Vec<_> = removed.map(|node| (Some(node), None)).collect();
        pairs.extend(self.new.children(b).map(|node| (olds.get(&key(self.new, node)).copied(), Some(node))));
        pairs
    }

    /// The elements of two lists; those that do not matter are none beside those that do.
    fn elements(&self, a: NodeId, b: NodeId) -> Pairs<NodeId> {
        let matters = |tree: &Tree, node: &NodeId| tree.nodes[*node as usize].ignore.is_none();
        let (olds, old_ignored): (Vec<_>, Vec<_>) = self.old.children(a).partition(|node| matters(self.old, node));
        let (news, new_ignored): (Vec<_>, Vec<_>) = self.new.children(b).partition(|node| matters(self.new, node));
        let seen = |tree: &Tree, node: NodeId| tree.nodes[node as usize].seen();
        let mut pairs = match self.new.nodes[b as usize].elements {
            Elements::Ordered => self.in_sequence(&olds, &news),
            Elements::Unordered => {
                let (mut pairs, olds, news) = self.by(&olds, &news, seen);
                self.fill_gap(&olds, &news, &mut pairs);
                pairs
            }
            Elements::Keyed(treatment) => {
                let name = (self.key_of)(treatment);
                // Several may have the same key.
                let (mut pairs, olds, news) = self.by(&olds, &news, seen);
                let (of_key, olds, news) = self.by(&olds, &news, |tree, node| {
                    let is_key = |step: &Step| matches!(step, Step::Field(_, n) if tree.text(n) == name.as_bytes());
                    let key = tree.children(node).find(|&child| is_key(&tree.nodes[child as usize].step));
                    // What has no key is told by all that it is.
                    tree.nodes[key.unwrap_or(node) as usize].exact
                });
                pairs.extend(of_key);
                pairs.sort_by_key(|&(_, new)| new);
                pairs.extend(olds.into_iter().map(|old| (Some(old), None)));
                pairs.extend(news.into_iter().map(|new| (None, Some(new))));
                pairs
            }
        };
        in_places(&old_ignored, &new_ignored, &mut pairs);
        pairs
    }

    /// Elements side by side that are the same in some respect, whatever their order; and those of either list that are left.
    fn by(
        &self,
        olds: &[NodeId],
        news: &[NodeId],
        respect: impl Fn(&Tree, NodeId) -> u128,
    ) -> (Pairs<NodeId>, Vec<NodeId>, Vec<NodeId>) {
        let mut waiting: FxHashMap<u128, Vec<NodeId>> = FxHashMap::default();
        for &old in olds.iter().rev() {
            waiting.entry(respect(self.old, old)).or_default().push(old);
        }
        let partners: Vec<_> =
            news.iter().map(|&new| waiting.get_mut(&respect(self.new, new)).and_then(Vec::pop)).collect();
        let mut left: Vec<NodeId> = waiting.into_values().flatten().collect();
        left.sort_unstable();
        let unmatched: Vec<_> = news.iter().zip(&partners).filter(|(_, p)| p.is_none()).map(|(&new, _)| new).collect();
        let matched = news.iter().zip(partners).filter(|(_, partner)| partner.is_some());
        (matched.map(|(&new, partner)| (partner, Some(new))).collect(), left, unmatched)
    }

    /// Elements side by side in their order.
    fn in_sequence(&self, olds: &[NodeId], news: &[NodeId]) -> Pairs<NodeId> {
        let seen = |tree: &Tree, nodes: &[NodeId]| -> Vec<u128> {
            nodes.iter().map(|&node| tree.nodes[node as usize].seen()).collect()
        };
        let (old_keys, new_keys) = (seen(self.old, olds), seen(self.new, news));
        side_by_side((olds, &old_keys), (news, &new_keys), |olds, news, pairs| self.fill_gap(olds, news, pairs))
    }

    /// Elements between two that are the same in both lists.
    fn fill_gap(&self, olds: &[NodeId], news: &[NodeId], pairs: &mut Pairs<NodeId>) {
        let is_message =
            |tree: &Tree, node: &NodeId| matches!(tree.nodes[*node as usize].kind, Kind::Message | Kind::Any(_));
        let are_messages =
            olds.iter().all(|node| is_message(self.old, node)) && news.iter().all(|node| is_message(self.new, node));
        if olds.is_empty() || news.is_empty() || (!are_messages && olds.len() != news.len()) {
            pairs.extend(olds.iter().map(|&old| (Some(old), None)));
            pairs.extend(news.iter().map(|&new| (None, Some(new))));
        } else if are_messages && olds.len() * news.len() > 1 && olds.len() * news.len() <= COMPARED_ELEMENTS {
            self.most_alike(olds, news, pairs);
        } else {
            in_places(olds, news, pairs);
        }
    }

    /// Pairs messages, in their order, so that most of their values are the same.
    fn most_alike(&self, olds: &[NodeId], news: &[NodeId], pairs: &mut Pairs<NodeId>) {
        let old_values: Vec<_> = olds.iter().map(|&node| values(self.old, node)).collect();
        let new_values: Vec<_> = news.iter().map(|&node| values(self.new, node)).collect();
        for (old, new) in in_order(olds.len(), news.len(), |a, b| alike(&old_values[a], &new_values[b])) {
            pairs.push((old.map(|old| olds[old]), new.map(|new| news[new])));
        }
    }
}

/// Pairs two sequences, in their order, so that the sum of how much pairs are alike is as large as can be; those that are not
/// alike at all are not paired.
pub(crate) fn in_order(olds: usize, news: usize, alike: impl Fn(usize, usize) -> u32) -> Pairs<usize> {
    let width = news + 1;
    // The best sum for what follows each pair of places.
    let mut best = vec![0u64; (olds + 1) * width];
    let mut score = vec![0u32; olds * news];
    for a in (0..olds).rev() {
        for b in (0..news).rev() {
            score[a * news + b] = alike(a, b);
            let paired = match score[a * news + b] {
                0 => 0,
                score => u64::from(score) + best[(a + 1) * width + b + 1],
            };
            best[a * width + b] = paired.max(best[(a + 1) * width + b]).max(best[a * width + b + 1]);
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut pairs = Vec::new();
    while a < olds && b < news {
        let score = score[a * news + b];
        let here = best[a * width + b];
        if score > 0 && here == u64::from(score) + best[(a + 1) * width + b + 1] {
            pairs.push((Some(a), Some(b)));
            (a, b) = (a + 1, b + 1);
        } else if here == best[(a + 1) * width + b] {
            pairs.push((Some(a), None));
            a += 1;
        } else {
            pairs.push((None, Some(b)));
            b += 1;
        }
    }
    pairs.extend((a..olds).map(|a| (Some(a), None)));
    pairs.extend((b..news).map(|b| (None, Some(b))));
    pairs
}

/// The hashes of the first values inside of a node, with where they stand, and those of where they stand alone, sorted: what
/// has the same form is half alike.
pub(super) fn values(tree: &Tree, node: NodeId) -> Vec<u64> {
    let inside = node + 1..tree.nodes[node as usize].end;
    let mut values = Vec::new();
    for id in inside {
        let node = &tree.nodes[id as usize];
        if id + 1 == node.end && node.fold.is_none() && node.ignore.is_none() {
            let step = match &node.step {
                Step::Field(number, _) => u64::from(*number),
                Step::Key(hash, _) => *hash,
                Step::Root | Step::Element(_) | Step::Message(_) | Step::Unknown => 0,
            };
            values.push(step);
            values.push(step.rotate_left(7) ^ node.masked as u64);
        }
        if values.len() >= 2 * COMPARED_VALUES {
            break;
        }
    }
    values.sort_unstable();
    values
}

/// How much two sorted lists of values are alike, in thousandths: the part that they share.
pub(crate) fn alike(a: &[u64], b: &[u64]) -> u32 {
    let (mut x, mut y, mut shared) = (0, 0, 0usize);
    while x < a.len() && y < b.len() {
        match a[x].cmp(&b[y]) {
            std::cmp::Ordering::Less => x += 1,
            std::cmp::Ordering::Greater => y += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                (x, y) = (x + 1, y + 1);
            }
        }
    }
    match a.len().max(b.len()) {
        0 => 1,
        longest => (shared * 1000 / longest) as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_paired_in_order() {
        let score = |old: &[u32], new: &[u32]| {
            let (old, new) = (old.to_vec(), new.to_vec());
            let (a, b) = (old.len(), new.len());
            in_order(a, b, move |a, b| if old[a] == new[b] { 10 } else { 0 })
        };
        assert_eq!(score(&[1, 2], &[2]), [(Some(0), None), (Some(1), Some(0))]);
        assert_eq!(score(&[1], &[3, 1]), [(None, Some(0)), (Some(0), Some(1))]);
        assert_eq!(score(&[1], &[2]), [(Some(0), None), (None, Some(0))]);
        assert_eq!((alike(&[1, 2, 3], &[2, 3, 4]), alike(&[], &[]), alike(&[1], &[])), (666, 1, 0));
    }
}
