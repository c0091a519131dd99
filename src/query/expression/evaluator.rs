//! [`Evaluator`]: asks of every call of a recording whether an expression holds.

use cel::common::types::CelBool;
use cel::{Context, Value};
use rustc_hash::FxHashMap;

use super::Expression;
use super::failure::{NoAnswer, of_error, of_value};
use super::functions::CONTEXT;
use super::picks::PickId;
use super::tree::{Bindings, NodeId, Tree};
use super::values::Scene;
use crate::close::close_names;
use crate::entry::{Any, Entry, EntryIndex, Kind, Payload};
use crate::query::AskedValue;
use crate::schema::{Code, LayoutId, Schema, Walker};

/// Follows the entries of one recording, for one expression.
///
/// Of calls that it has not decided it keeps what the expression asks for of their messages.
#[derive(Debug)]
pub struct Evaluator<'s> {
    expression: &'s Expression,
    walker: Walker<'s>,
    bindings: Bindings<'s>,
    /// The type of statuses, once it was looked for.
    status: Option<Option<LayoutId>>,
    open: FxHashMap<u64, Call>,
    /// What decided calls leave, to be used again.
    spare: Vec<Call>,
    /// The variables of which messages were seen.
    seen: [bool; 4],
    failed: u64,
    first_failure: Option<(EntryIndex, String)>,
    unopened: u64,
}

/// What is to be said of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks {
    /// The expression's paths into messages of which there were some.
    pub paths: Vec<AskedPath>,
    /// The texts that fields are compared with which messages had.
    pub values: Vec<AskedValue>,
    /// How many calls the expression failed for, so that they did not match: an operator does not work on the types of these
    /// values, a number is out of range, or the value is no bool.
    pub failed: u64,
    /// The first of them, and why.
    pub first_failure: Option<(EntryIndex, String)>,
    /// How many messages could not be opened, so that they counted as null.
    pub unopened: u64,
}

/// A path that an expression asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedPath {
    /// The path as it is written in the expression.
    pub path: String,
    /// Whether a message is of a type that has it.
    pub is_met: bool,
    /// If none is, names of fields that the messages have there, and that are close to the one that they lack.
    pub close: Vec<String>,
}

/// A call that is not decided.
#[derive(Debug, Default)]
struct Call {
    tree: Tree,
    method: String,
    kind: Option<Kind>,
    request: Slot,
    response: Slot,
    status: Slot,
    messages: Vec<NodeId>,
}

/// A message of a call.
#[derive(Debug, Clone, Copy, Default)]
enum Slot {
    #[default]
    Missing,
    /// It has come and can't be opened.
    Unopened,
    Node(NodeId),
}

impl Slot {
    fn has_come(self) -> bool {
        !matches!(self, Slot::Missing)
    }

    fn node(self) -> Option<NodeId> {
        match self {
            Slot::Node(node) => Some(node),
            Slot::Missing | Slot::Unopened => None,
        }
    }
}

/// How many decided calls leave their memory to others.
const SPARE_CALLS: usize = 64;

impl<'s> Evaluator<'s> {
    /// Begins with a recording. The schema must be the one that the expression was parsed with.
    pub fn new(expression: &'s Expression, schema: &'s Schema) -> Self {
        Evaluator {
            expression,
            walker: Walker::new(schema),
            bindings: Bindings::new(schema, &expression.plan.picks),
            status: None,
            open: FxHashMap::default(),
            spare: Vec::new(),
            seen: [false; 4],
            failed: 0,
            first_failure: None,
            unopened: 0,
        }
    }

    /// Learns of an entry: to be asked of every one, in order, with the number of its call's first entry, its own number if it
    /// belongs to none, and with how the call ended if this entry says so. Says whether a call matches once that is
    /// certain.
    pub fn add(&mut self, entry: &Entry, call: EntryIndex, ending: Option<Code>) -> Option<(EntryIndex, bool)> {
        let uses = self.expression.plan.uses;
        let is_first = call == entry.index();
        if !uses.any() {
            let bare = || Call { kind: Some(entry.kind()), method: entry.method().to_owned(), ..Call::default() };
            return is_first.then(|| (call, self.evaluate(call, &bare())));
        }
        let mut state = if is_first {
            let mut state = self.spare.pop().unwrap_or_default();
            state.begin(entry);
            state
        } else {
            // It was decided if it is not there.
            self.open.remove(&call.0)?
        };
        self.learn(&mut state, entry, ending);
        let is_certain = match (state.kind, entry.kind()) {
            (Some(Kind::Request), Kind::Request) => !uses.response && !uses.status && !uses.messages,
            (Some(Kind::Request), _) => true,
            (Some(Kind::CreateStream), _) => {
                !uses.messages
                    && (!uses.request || state.request.has_come())
                    && (!uses.response || state.response.has_come())
                    && (!uses.status || state.status.has_come())
            }
            // Nothing else belongs to it.
            _ => true,
        };
        if !is_certain {
            self.open.insert(call.0, state);
            return None;
        }
        let matches = self.evaluate(call, &state);
        if self.spare.len() < SPARE_CALLS {
            self.spare.push(state);
        }
        Some((call, matches))
    }

    /// Says of the calls that are not decided whether they match; at the end of the recording.
    pub fn finish(&mut self) -> Vec<(EntryIndex, bool)> {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_unstable_by_key(|(index, _)| *index);
        let decided = open.into_iter().map(|(index, state)| {
            let index = EntryIndex(index);
            (index, self.evaluate(index, &state))
        });
        decided.collect()
    }

    /// What is to be said of the evaluation so far.
    pub fn remarks(&self) -> Remarks {
        let mut paths = Vec::new();
        let roots = [PickId::REQUEST, PickId::RESPONSE, PickId::MESSAGES, PickId::STATUS];
        for (root, seen) in roots.into_iter().zip(self.seen) {
            if !seen {
                continue;
            }
            if root == PickId::MESSAGES {
                for (_, elements) in self.expression.plan.picks.asked(root) {
                    self.find_paths(elements, &mut paths);
                }
            } else {
                self.find_paths(root, &mut paths);
            }
        }
        let picks = &self.expression.plan.picks;
        let values = self.bindings.texts(picks).map(|(pick, text, can_be)| AskedValue {
            place: picks.written(pick).to_owned(),
            value: text.to_owned(),
            is_possible: can_be.is_ok(),
            close: can_be.clone().err().unwrap_or_default(),
        });
        Remarks {
            paths,
            values: values.collect(),
            failed: self.failed,
            first_failure: self.first_failure.clone(),
            unopened: self.unopened,
        }
    }

    /// Paths until one is not met.
    fn find_paths(&self, pick: PickId, paths: &mut Vec<AskedPath>) {
        let picks = &self.expression.plan.picks;
        for (name, inner) in picks.asked(pick) {
            let path = picks.written(inner).to_owned();
            if self.bindings.is_met(picks, inner) {
                paths.push(AskedPath { path, is_met: true, close: Vec::new() });
                self.find_paths(inner, paths);
                continue;
            }
            let fields = self.bindings.looked_at(pick).iter().flat_map(|layout| layout.fields());
            let known = fields.filter(|field| !field.is_extension()).map(|field| field.name());
            let close = name.map_or(Vec::new(), |name| close_names(name, known));
            let close = close.into_iter().map(str::to_owned).collect();
            paths.push(AskedPath { path, is_met: false, close });
        }
    }

    fn learn(&mut self, state: &mut Call, entry: &Entry, ending: Option<Code>) {
        let uses = self.expression.plan.uses;
        match entry.payload() {
            Payload::Message(any) => {
                let is_sent = matches!(entry.kind(), Kind::Request | Kind::Send);
                let is_received = matches!(entry.kind(), Kind::Response | Kind::Recv);
                if is_sent && uses.request && !state.request.has_come() {
                    state.request = self.pick(&mut state.tree, PickId::REQUEST, any);
                }
                if is_received && uses.response && !state.response.has_come() {
                    state.response = self.pick(&mut state.tree, PickId::RESPONSE, any);
                }
                if (is_sent || is_received)
                    && uses.messages
                    && let Slot::Node(node) = self.pick(&mut state.tree, PickId::MESSAGES, any)
                {
                    state.messages.push(node);
                }
                if ending.is_some() && uses.status {
                    state.status = self.success(&mut state.tree);
                }
            }
            Payload::Error(any) if ending.is_some() && uses.status => {
                state.status = self.pick(&mut state.tree, PickId::STATUS, any);
            }
            Payload::Eof | Payload::Empty if ending.is_some() && uses.status => {
                state.status = self.success(&mut state.tree);
            }
            Payload::Error(_) | Payload::Eof | Payload::Empty => {}
        }
    }

    /// Takes what is picked out of a message.
    fn pick(&mut self, tree: &mut Tree, root: PickId, any: Any<'_>) -> Slot {
        let picks = &self.expression.plan.picks;
        self.seen[picks.index_of(root)] = true;
        let pick = if root == PickId::MESSAGES { picks.elements(root) } else { root };
        if pick == PickId::NONE {
            return Slot::Node(tree.add_closed());
        }
        match tree.add(&mut self.walker, &mut self.bindings, picks, pick, any) {
            Some(node) => Slot::Node(node),
            None => {
                self.unopened += 1;
                Slot::Unopened
            }
        }
    }

    /// A status that says that all went well.
    fn success(&mut self, tree: &mut Tree) -> Slot {
        let schema = self.walker.schema();
        let status = *self.status.get_or_insert_with(|| schema.resolve("google.rpc.Status").ok());
        let Some(id) = status else { return Slot::Unopened };
        let picks = &self.expression.plan.picks;
        self.seen[picks.index_of(PickId::STATUS)] = true;
        let node = tree.add_message(&mut self.walker, &mut self.bindings, picks, PickId::STATUS, id, b"");
        node.map_or(Slot::Unopened, Slot::Node)
    }

    fn evaluate(&mut self, index: EntryIndex, state: &Call) -> bool {
        let number;
        let kind = match state.kind {
            Some(kind) => match kind.name() {
                Some(name) => name,
                None => {
                    number = kind.to_string();
                    &number
                }
            },
            None => "",
        };
        let scene = Scene {
            plan: &self.expression.plan,
            schema: self.walker.schema(),
            bindings: &self.bindings,
            tree: &state.tree,
            method: &state.method,
            kind,
            index: index.0,
            request: state.request.node(),
            response: state.response.node(),
            status: state.status.node(),
            messages: &state.messages,
        };
        let answer = answer(self.expression, &scene);
        match answer {
            Ok(matches) => matches,
            Err(NoAnswer::Unknown) => false,
            Err(NoAnswer::Failed(why)) => {
                self.failed += 1;
                if self.first_failure.as_ref().is_none_or(|(first, _)| index < *first) {
                    self.first_failure = Some((index, why));
                }
                false
            }
        }
    }
}

fn answer(expression: &Expression, scene: &Scene<'_>) -> Result<bool, NoAnswer> {
    let mut context = shortened(&CONTEXT).new_inner_scope();
    context.set_variable_resolver(scene);
    match Value::resolve_val(&expression.tree, &context) {
        Ok(value) => match value.downcast_ref::<CelBool>() {
            Some(value) => Ok(*value.inner()),
            None => Err(of_value(&*value)),
        },
        Err(error) => Err(of_error(&error)),
    }
}

/// The context that lives for ever, for a while.
fn shortened<'c>(context: &'c Context<'static, 'static>) -> &'c Context<'c, 'c> {
    context
}

impl Call {
    fn begin(&mut self, entry: &Entry) {
        self.tree.clear();
        self.method.clear();
        self.method.push_str(entry.method());
        self.kind = Some(entry.kind());
        self.request = Slot::Missing;
        self.response = Slot::Missing;
        self.status = Slot::Missing;
        self.messages.clear();
    }
}
