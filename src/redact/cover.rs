//! [`Judge`]: which rules are for a value, given what selects it and what selects the messages around it.

use rustc_hash::FxHashMap;

use super::Rules;
use crate::schema::{Selected, StateId};

/// How many methods are remembered with the rules for their calls: recordings can make up any number of them.
const REMEMBERED_METHODS: usize = 4096;

/// What holds for all that stands in a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Cover {
    /// The rules that select all of it, sorted.
    whole: Vec<Hit>,
    /// The rules whose detectors look into it alone, sorted.
    looking: Vec<u16>,
    /// The rules that leave it alone, sorted.
    excepted: Vec<u16>,
}

/// A rule that selects a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Hit {
    pub(super) rule: u16,
    /// Whether it selects all that stands in something, rather than this value.
    pub(super) is_deep: bool,
    /// Whether it selects all of the list or map that the value stands in.
    pub(super) is_container: bool,
}

/// What is said of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judgement {
    /// The number of the list of rules that select it as a whole; 0 for none.
    pub(super) hits: u32,
    /// The number of what holds for all that stands in it.
    pub(super) inside: u32,
    /// The number of the list of rules whose detectors look into it; 0 for none.
    pub(super) detecting: u32,
}

/// What selects a value: its state, that of the list or map it stands in, the cover of what it stands in, and whether its field has the
/// option `debug_redact`.
type Case = (StateId, Option<StateId>, u32, bool);

/// Says which rules are for a value; remembers what it has said.
#[derive(Debug)]
pub(super) struct Judge<'r> {
    rules: &'r Rules,
    covers: Vec<Cover>,
    cover_ids: FxHashMap<Cover, u32>,
    hits: Vec<Vec<Hit>>,
    hit_ids: FxHashMap<Vec<Hit>, u32>,
    lists: Vec<Vec<u16>>,
    list_ids: FxHashMap<Vec<u16>, u32>,
    judged: FxHashMap<Case, Judgement>,
    /// By cover and state: what is said of values of which nothing else matters.
    plainly: Vec<Vec<Option<Judgement>>>,
    methods: FxHashMap<Box<str>, u32>,
    /// By rule: whether it has selected something, or its detectors were asked.
    met: Vec<bool>,
}

impl<'r> Judge<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        let mut judge = Judge {
            rules,
            covers: Vec::new(),
            cover_ids: FxHashMap::default(),
            hits: Vec::new(),
            hit_ids: FxHashMap::default(),
            lists: Vec::new(),
            list_ids: FxHashMap::default(),
            judged: FxHashMap::default(),
            plainly: Vec::new(),
            methods: FxHashMap::default(),
            met: vec![false; rules.rules.len()],
        };
        judge.cover(Cover::default());
        judge.list(Vec::new());
        judge.hit_list(Vec::new());
        judge
    }

    /// The cover of the messages of a method's calls: the rules that are for other methods leave them alone. The initial state is of no
    /// method.
    pub(super) fn of_method(&mut self, method: Option<&str>) -> u32 {
        if let Some(known) = self.methods.get(method.unwrap_or_default()) {
            return *known;
        }
        // What belongs to no call may belong to any.
        let is_for = |rule: &super::Rule, method: &str| {
            method.is_empty() || rule.methods.iter().any(|glob| glob.matches(method))
        };
        let is_other =
            |rule: &&super::Rule| !rule.methods.is_empty() && !method.is_some_and(|method| is_for(rule, method));
        let numbered = (0..).zip(&self.rules.rules);
        let excepted = numbered.filter(|(_, rule)| is_other(rule)).map(|(number, _)| number).collect();
        let cover = self.cover(Cover { excepted, ..Cover::default() });
        if self.methods.len() < REMEMBERED_METHODS {
            self.methods.insert(method.unwrap_or_default().into(), cover);
        }
        cover
    }

    /// What is said of a value.
    #[inline(always)]
    pub(super) fn judge(&mut self, selected: &Selected<'_>) -> Judgement {
        let debug_redact = selected.field.is_some_and(|field| field.is_debug_redact());
        let (_, of_container) = selected.hits();
        if of_container.is_empty() && !debug_redact {
            let of_cover = self.plainly.get(selected.cover as usize);
            if let Some(Some(judgement)) = of_cover.and_then(|states| states.get(selected.state.index())) {
                return *judgement;
            }
        }
        self.judge_once(selected, debug_redact)
    }

    #[cold]
    fn judge_once(&mut self, selected: &Selected<'_>, debug_redact: bool) -> Judgement {
        let (_, of_container) = selected.hits();
        let around = selected.around.filter(|_| !of_container.is_empty());
        let case = (selected.state, around, selected.cover, debug_redact);
        if let Some(judgement) = self.judged.get(&case) {
            return *judgement;
        }
        let judgement = self.judge_anew(selected, case);
        self.judged.insert(case, judgement);
        if around.is_none() && !debug_redact {
            let (cover, state) = (selected.cover as usize, selected.state.index());
            if self.plainly.len() <= cover {
                self.plainly.resize_with(cover + 1, Vec::new);
            }
            let states = &mut self.plainly[cover];
            if states.len() <= state {
                states.resize(state + 1, None);
            }
            states[state] = Some(judgement);
        }
        judgement
    }

    fn judge_anew(&mut self, selected: &Selected<'_>, case: Case) -> Judgement {
        let Cover { whole, mut looking, mut excepted } = self.covers[case.2 as usize].clone();
        let (hits, of_container) = selected.hits();
        let of_container = of_container.iter().filter(|hit| !hits.contains(hit));
        let hits = hits.iter().map(|hit| (*hit, false)).chain(of_container.map(|hit| (*hit, true)));
        let hits: Vec<_> = hits.map(|(hit, is_container)| (self.rules.uses[hit as usize], is_container)).collect();
        for (of, _) in hits.iter().filter(|(of, _)| of.is_exception) {
            insert(&mut excepted, of.rule);
        }
        let mut selecting: Vec<Hit> = Vec::new();
        for (of, is_container) in hits.into_iter().filter(|(of, _)| !of.is_exception) {
            selecting.push(Hit { rule: of.rule, is_deep: of.is_deep, is_container });
        }
        if case.3 {
            let marked = (0..).zip(&self.rules.rules).filter(|(_, rule)| rule.debug_redact);
            selecting.extend(marked.map(|(rule, _)| Hit { rule, is_deep: false, is_container: false }));
        }
        selecting.retain(|hit| !excepted.contains(&hit.rule));
        selecting.iter().for_each(|hit| self.met[usize::from(hit.rule)] = true);
        for hit in &selecting {
            if !self.rules.rules[usize::from(hit.rule)].detect.is_empty() {
                insert(&mut looking, hit.rule);
            }
        }
        let as_whole = selecting.into_iter().filter(|hit| !looking.contains(&hit.rule));
        let mut as_whole: Vec<Hit> =
            as_whole.chain(whole.into_iter().filter(|hit| !excepted.contains(&hit.rule))).collect();
        // Of a rule that selects a value more than once, what it says of the value itself comes first.
        as_whole.sort();
        as_whole.dedup_by_key(|hit| hit.rule);
        let detects = |(number, rule): &(u16, &super::Rule)| {
            (rule.detects_everywhere() || looking.contains(number)) && !excepted.contains(number)
        };
        let detecting: Vec<u16> = (0..).zip(&self.rules.rules).filter(detects).map(|(number, _)| number).collect();
        detecting.iter().for_each(|rule| self.met[usize::from(*rule)] = true);
        let detecting = self.list(detecting);
        let whole = as_whole.iter().map(|hit| Hit { is_deep: true, is_container: false, ..*hit }).collect();
        let inside = self.cover(Cover { whole, looking, excepted });
        let hits = self.hit_list(as_whole);
        Judgement { hits, inside, detecting }
    }

    /// The cover of what stands in a message that is nothing but a value, so that what selects the one selects the other.
    pub(super) fn of_wrapped(&mut self, inside: u32) -> u32 {
        let cover = self.covers[inside as usize].clone();
        let whole = cover.whole.iter().map(|hit| Hit { is_deep: false, ..*hit }).collect();
        self.cover(Cover { whole, ..cover })
    }

    /// The rules that select a value as a whole, the first that counts first.
    pub(super) fn hits(&self, list: u32) -> &[Hit] {
        &self.hits[list as usize]
    }

    /// The rules whose detectors look into a value.
    pub(super) fn detecting(&self, list: u32) -> &[u16] {
        &self.lists[list as usize]
    }

    pub(super) fn met(&self) -> &[bool] {
        &self.met
    }

    /// Notes that a rule has selected the initial state, or was asked to look into it.
    pub(super) fn meet(&mut self, rule: u16) {
        self.met[usize::from(rule)] = true;
    }

    fn cover(&mut self, cover: Cover) -> u32 {
        if let Some(id) = self.cover_ids.get(&cover) {
            return *id;
        }
        let id = self.covers.len() as u32;
        self.covers.push(cover.clone());
        self.cover_ids.insert(cover, id);
        id
    }

    fn hit_list(&mut self, hits: Vec<Hit>) -> u32 {
        if let Some(id) = self.hit_ids.get(&hits) {
            return *id;
        }
        let id = self.hits.len() as u32;
        self.hits.push(hits.clone());
        self.hit_ids.insert(hits, id);
        id
    }

    fn list(&mut self, list: Vec<u16>) -> u32 {
        if let Some(id) = self.list_ids.get(&list) {
            return *id;
        }
        let id = self.lists.len() as u32;
        self.lists.push(list.clone());
        self.list_ids.insert(list, id);
        id
    }
}

/// Adds to what is sorted.
fn insert(list: &mut Vec<u16>, rule: u16) {
    if let Err(place) = list.binary_search(&rule) {
        list.insert(place, rule);
    }
}
