//! From an expression as it is written to the tree that cel evaluates, and to the [`Plan`] of what that needs.
//!
//! What can be told without a message is done here: names and numbers of arguments are checked; names of codes become
//! numbers; times and regular expressions that are written out become values; and a path from a variable becomes one name,
//! a number, under which the evaluation asks for the value.

use std::ops::Range;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr, operators};
use cel::common::types::{CelBool, CelBytes, CelDouble, CelInt, CelList, CelString, CelUInt};
use cel::common::value::Val;

use super::error::{ExpressionError, alternatives};
use super::functions::{self, FUNCTIONS, GLOBAL, MAKE_MAP, MEMBERS, Pattern};
use super::moment::{Moment, Span};
use super::parser::too_deep;
use super::picks::{PickId, Picks};
use super::plan::{Plan, Root, Slot, Step, Uses};
use super::syntax::{Literal, Name, Node, Operator, Tree};
use super::values::PRESENCE;
use crate::close::close_names;
use crate::entry::Kind;
use crate::schema::{Code, FieldPath, PathLink, PathStart, ValueClass};

/// How deep the tree may be that is evaluated: cel needs up to 40 KiB of stack for a level, and threads have 2 MiB.
const DEPTH_LIMIT: usize = 32;

/// The variables, in the order in which they are explained.
const VARIABLES: [&str; 7] = ["method", "kind", "index", "request", "response", "messages", "status"];

/// Functions that have a variable of their own, and how many arguments they have at least and at most.
const LOOPS: [(&str, usize, usize); 6] =
    [("all", 2, 2), ("exists", 2, 2), ("exists_one", 2, 2), ("existsOne", 2, 2), ("map", 2, 3), ("filter", 2, 2)];

/// Names of types, which `type(x)` is compared with.
const TYPES: [&str; 10] = ["int", "uint", "double", "string", "bytes", "bool", "list", "map", "null_type", "type"];

/// The variable that a loop collects its result in; no expression can name it.
const RESULT: &str = "@result";

pub(super) struct Compiled {
    pub tree: IdedExpr,
    pub plan: Plan,
    pub paths: Vec<UsedPath>,
}

/// A path that an expression follows, for the comparison with descriptors.
pub(super) struct UsedPath {
    pub path: FieldPath,
    /// What it leads to.
    pick: PickId,
    /// Per link its place in the text.
    pub places: Vec<Range<usize>>,
    /// What the path is compared with, if that says something of its type.
    pub other: Option<Range<usize>>,
    /// The place of all of it.
    pub place: Range<usize>,
}

pub(super) fn compile(text: &str, tree: &Tree) -> Result<Compiled, ExpressionError> {
    let mut compiler = Compiler {
        text,
        slots: Vec::new(),
        picks: Picks::new(),
        uses: Uses::default(),
        paths: Vec::new(),
        locals: Vec::new(),
    };
    let lowered = compiler.condition(tree)?;
    if depth(&lowered) > DEPTH_LIMIT {
        return Err(compiler.error(tree.place.clone(), too_deep(DEPTH_LIMIT)));
    }
    let Compiler { slots, picks, uses, paths, .. } = compiler;
    Ok(Compiled { tree: lowered, plan: Plan { slots, picks, uses }, paths })
}

/// How many levels a tree has.
fn depth(tree: &IdedExpr) -> usize {
    let deepest = |trees: &[IdedExpr]| trees.iter().map(depth).max().unwrap_or(0);
    1 + match &tree.expr {
        Expr::Call(call) => deepest(&call.args).max(call.target.as_ref().map_or(0, |target| depth(target))),
        Expr::Comprehension(inner) => {
            let parts = [&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result];
            parts.into_iter().map(depth).max().unwrap_or(0)
        }
        Expr::List(list) => deepest(&list.elements),
        Expr::Select(select) => depth(&select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => 0,
    }
}

/// A variable of a loop.
struct Local {
    name: String,
    path: Option<Path>,
}

/// A way from a variable to a value.
#[derive(Clone)]
struct Path {
    root: Root,
    pick: PickId,
    /// The steps, if there are none but names of fields from a variable that is not a loop's.
    steps: Option<Vec<Step>>,
    links: Vec<(PathLink, Range<usize>)>,
    /// How it is written.
    written: String,
}

/// How much of a value is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// All of it.
    Whole,
    /// Whether it is there, and how many elements it has.
    Outline,
}

struct Compiler<'t> {
    text: &'t str,
    slots: Vec<Slot>,
    picks: Picks,
    uses: Uses,
    paths: Vec<UsedPath>,
    locals: Vec<Local>,
}

type Lowered = Result<IdedExpr, ExpressionError>;

fn expr(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

fn call(function: &str, args: Vec<IdedExpr>) -> IdedExpr {
    expr(Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }))
}

fn ident(name: &str) -> IdedExpr {
    expr(Expr::Ident(name.to_owned()))
}

fn boolean(value: bool) -> IdedExpr {
    expr(Expr::Literal(LiteralValue::Boolean(CelBool::from(value))))
}

fn int(value: i64) -> IdedExpr {
    expr(Expr::Literal(LiteralValue::Int(CelInt::from(value))))
}

impl Compiler<'_> {
    fn error(&self, place: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.text, place, message)
    }

    fn slot(&mut self, slot: Slot) -> IdedExpr {
        self.slots.push(slot);
        ident(&(self.slots.len() - 1).to_string())
    }

    fn constant(&mut self, value: impl Val + 'static) -> IdedExpr {
        self.slot(Slot::Constant(Box::new(value)))
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rfind(|local| local.name == name)
    }

    /// A variable of calls, unless a loop has one of its name.
    fn variable<'t>(&self, tree: &'t Tree) -> Option<&'t str> {
        match &tree.node {
            Node::Name(name) if self.local(name).is_none() => Some(name),
            _ => None,
        }
    }

    /// A tree whose value says whether a call is wanted, or is a part of that.
    fn condition(&mut self, tree: &Tree) -> Lowered {
        match &tree.node {
            Node::And(conditions) => self.conditions(operators::LOGICAL_AND, conditions),
            Node::Or(conditions) => self.conditions(operators::LOGICAL_OR, conditions),
            Node::Not(operand) => {
                let operand = self.condition(operand)?;
                Ok(call(operators::LOGICAL_NOT, vec![operand]))
            }
            Node::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                let parts = vec![self.condition(condition)?, self.condition(yes)?, self.condition(no)?];
                Ok(call(operators::CONDITIONAL, parts))
            }
            _ => {
                if let Some(what) = self.what_is_no_condition(tree) {
                    let message = format!("expected a condition, found {what}");
                    return Err(self.error(tree.place.clone(), message));
                }
                let before = self.paths.len();
                let lowered = self.value(tree, Need::Whole)?;
                // A path comes last of those in it.
                if matches!(tree.node, Node::Name(_) | Node::Field(..) | Node::Index(..))
                    && let Some(used) = self.paths[before..].last_mut()
                    && used.place == tree.place
                {
                    used.path.class = Some(ValueClass::Bool);
                }
                Ok(lowered)
            }
        }
    }

    fn what_is_no_condition(&self, tree: &Tree) -> Option<&'static str> {
        match &tree.node {
            Node::Literal(Literal::Bool(_)) => None,
            Node::Literal(Literal::String(_)) => Some("a string"),
            Node::Literal(Literal::Bytes(_)) => Some("bytes"),
            Node::Literal(Literal::Null) => Some("null"),
            Node::Literal(Literal::Int(_) | Literal::Uint(_) | Literal::Double(_)) | Node::Negated(_) => {
                Some("a number")
            }
            Node::List(_) => Some("a list"),
            Node::Map(_) => Some("a map"),
            Node::Name(name) if self.local(name).is_none() => match name.as_str() {
                "method" | "kind" => Some("a string"),
                "index" => Some("a number"),
                "request" | "response" | "status" => Some("a message"),
                "messages" => Some("a list"),
                name if Code::named().any(|code| code.name() == Some(name)) => Some("the number of a code"),
                name if TYPES.contains(&name) => Some("a type"),
                _ => None,
            },
            Node::Binary { operator, .. } => match operator {
                Operator::Add | Operator::Subtract => Some("a sum"),
                Operator::Multiply | Operator::Divide | Operator::Remainder => Some("a number"),
                Operator::Equal | Operator::NotEqual | Operator::Less | Operator::LessOrEqual => None,
                Operator::Greater | Operator::GreaterOrEqual | Operator::In => None,
            },
            Node::Call { function, .. } => match function.text.as_str() {
                "size" | "int" | "uint" | "double" => Some("a number"),
                "string" => Some("a string"),
                "bytes" => Some("bytes"),
                "type" => Some("a type"),
                "timestamp" => Some("a time"),
                "duration" => Some("a duration"),
                "map" | "filter" => Some("a list"),
                _ => None,
            },
            Node::Name(_) | Node::Field(..) | Node::Index(..) | Node::Not(_) => None,
            Node::And(_) | Node::Or(_) | Node::Conditional(_) => None,
        }
    }

    /// Conditions between the same operators, as a tree that is as flat as can be.
    fn conditions(&mut self, operator: &str, trees: &[Tree]) -> Lowered {
        let lowered = trees.iter().map(|tree| self.condition(tree)).collect::<Result<Vec<_>, _>>()?;
        Ok(balanced(operator, lowered))
    }

    fn value(&mut self, tree: &Tree, need: Need) -> Lowered {
        if let Some((path, lowered)) = self.path(tree)? {
            if need == Need::Whole {
                self.picks.ask_whole(path.pick);
            }
            self.use_path(&path, tree.place.clone());
            return Ok(self.of_path(&path, lowered));
        }
        match &tree.node {
            Node::Literal(literal) => Ok(lower_literal(literal)),
            Node::Name(name) => self.name(name, tree),
            Node::Field(operand, name) => {
                let operand = self.value(operand, Need::Whole)?;
                let select = SelectExpr { operand: Box::new(operand), field: name.text.clone(), test: false };
                Ok(expr(Expr::Select(select)))
            }
            Node::Index(operand, index) => {
                let parts = vec![self.value(operand, Need::Whole)?, self.value(index, Need::Whole)?];
                Ok(call(operators::INDEX, parts))
            }
            Node::Call { target: None, function, arguments } => self.global_call(function, arguments, tree),
            Node::Call { target: Some(target), function, arguments } => {
                self.member_call(target, function, arguments, need, tree)
            }
            Node::Negated(operand) => {
                let operand = self.value(operand, Need::Whole)?;
                Ok(call(operators::NEGATE, vec![operand]))
            }
            Node::Binary { operator, left, right } => self.binary(*operator, left, right),
            Node::And(_) | Node::Or(_) | Node::Not(_) => self.condition(tree),
            Node::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                let parts = vec![self.condition(condition)?, self.value(yes, need)?, self.value(no, need)?];
                Ok(call(operators::CONDITIONAL, parts))
            }
            Node::List(elements) => self.list(elements),
            Node::Map(entries) => {
                let mut list = Vec::new();
                for (key, value) in entries {
                    list.push(self.value(key, Need::Whole)?);
                    list.push(self.value(value, Need::Whole)?);
                }
                let list = expr(Expr::List(ListExpr::new(list)));
                Ok(call(MAKE_MAP, vec![list]))
            }
        }
    }

    fn list(&mut self, elements: &[Tree]) -> Lowered {
        let literals: Option<Vec<Box<dyn Val>>> = elements.iter().map(|element| self.literal_value(element)).collect();
        if let Some(literals) = literals {
            return Ok(self.constant(CelList::from(literals)));
        }
        let elements = elements.iter().map(|element| self.value(element, Need::Whole)).collect::<Result<_, _>>()?;
        Ok(expr(Expr::List(ListExpr::new(elements))))
    }

    fn literal_value(&self, tree: &Tree) -> Option<Box<dyn Val>> {
        match &tree.node {
            Node::Literal(literal) => Some(literal_value(literal)),
            Node::Name(_) => {
                let code = self.code_of_name(self.variable(tree)?)?;
                Some(Box::new(CelInt::from(i64::from(code.0))))
            }
            _ => None,
        }
    }

    fn code_of_name(&self, name: &str) -> Option<Code> {
        Code::named().find(|code| code.name() == Some(name))
    }

    fn name(&mut self, name: &str, tree: &Tree) -> Lowered {
        if self.local(name).is_some() {
            return Ok(ident(name));
        }
        if let Some(code) = self.code_of_name(name) {
            return Ok(int(code.0.into()));
        }
        match name {
            "method" => Ok(self.slot(Slot::Method)),
            "kind" => Ok(self.slot(Slot::Kind)),
            "index" => Ok(self.slot(Slot::Index)),
            name if TYPES.contains(&name) => Ok(ident(name)),
            _ => Err(self.unknown_variable(name, tree)),
        }
    }

    fn unknown_variable(&self, name: &str, tree: &Tree) -> ExpressionError {
        let error = self.error(tree.place.clone(), format!("there is no variable `{name}`"));
        let locals = self.locals.iter().map(|local| local.name.as_str());
        let codes = Code::named().filter_map(|code| code.name());
        let close = close_names(name, VARIABLES.into_iter().chain(locals).chain(codes));
        if Kind::from_number(1).name().is_some() && KINDS.contains(&name) {
            return error.with_hint(format!("kinds are strings: \"{name}\""));
        }
        if !close.is_empty() {
            return error.with_hint(format!("close to it: {}", close.join(", ")));
        }
        if matches!(name, "code" | "error") {
            return error.with_hint("how a call ended is status: status == NOT_FOUND, status.code != 0");
        }
        if name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_') {
            return error.with_hint(format!("names of enum values stand in quotes: \"{name}\""));
        }
        error.with_hint(format!(
            "there are {}; strings stand in quotes, fields behind their message: request.{name}",
            VARIABLES.join(", ")
        ))
    }

    // ---- paths

    /// The way to a value, if it is one from a variable that holds messages, and what cel evaluates unless it is all of
    /// names.
    fn path(&mut self, tree: &Tree) -> Result<Option<(Path, IdedExpr)>, ExpressionError> {
        match &tree.node {
            Node::Name(name) => {
                if let Some(local) = self.local(name) {
                    let path = local.path.clone();
                    return Ok(path.map(|path| (Path { steps: None, written: name.clone(), ..path }, ident(name))));
                }
                let Some(root) = Root::of_name(name) else { return Ok(None) };
                self.uses.add(root);
                let path =
                    Path { root, pick: root.pick(), steps: Some(Vec::new()), links: Vec::new(), written: name.clone() };
                Ok(Some((path, IdedExpr::default())))
            }
            Node::Field(operand, name) => {
                let Some((mut path, lowered)) = self.path(operand)? else { return Ok(None) };
                let lowered = if path.steps.is_some() && path.root != Root::Messages {
                    IdedExpr::default()
                } else {
                    let operand = Box::new(self.of_path(&path, lowered));
                    expr(Expr::Select(SelectExpr { operand, field: name.text.clone(), test: false }))
                };
                path.written = format!("{}.{}", path.written, name.text);
                let inner = self.picks.ask_field(path.pick, &name.text, &path.written);
                let ordinal = self.picks.ordinal(path.pick, &name.text);
                match &mut path.steps {
                    Some(steps) if path.root != Root::Messages => {
                        steps.push(Step { name: name.text.as_str().into(), ordinal });
                    }
                    _ => path.steps = None,
                }
                path.pick = inner;
                path.links.push((PathLink::Field(name.text.clone()), name.place.clone()));
                Ok(Some((path, lowered)))
            }
            Node::Index(operand, index) => {
                let Some((mut path, lowered)) = self.path(operand)? else { return Ok(None) };
                let operand = self.of_path(&path, lowered);
                let index_value = self.value(index, Need::Whole)?;
                path.steps = None;
                path.written = format!("{}[{}]", path.written, &self.text[index.place.clone()]);
                path.pick = self.picks.ask_elements(path.pick, &path.written);
                path.links.push((PathLink::Index, operand_place(tree)));
                Ok(Some((path, call(operators::INDEX, vec![operand, index_value]))))
            }
            Node::Call { target: Some(target), function, arguments } if function.text == "filter" => {
                let [variable, condition] = arguments.as_slice() else { return Ok(None) };
                let Some((mut path, lowered)) = self.path(target)? else { return Ok(None) };
                let range = self.of_path(&path, lowered);
                let lowered = self.filter(Some(&path), range, variable, condition, target)?;
                path.steps = None;
                Ok(Some((path, lowered)))
            }
            _ => Ok(None),
        }
    }

    /// What cel evaluates to come to the value of a path.
    fn of_path(&mut self, path: &Path, lowered: IdedExpr) -> IdedExpr {
        match &path.steps {
            Some(steps) => self.slot(Slot::Path(path.root, steps.clone())),
            None => lowered,
        }
    }

    fn use_path(&mut self, path: &Path, place: Range<usize>) {
        let (links, places) = path.links.iter().cloned().unzip();
        let start = match path.root {
            Root::Request | Root::Response => PathStart::AnyMessage,
            Root::Messages => PathStart::Messages,
            Root::Status => PathStart::Status,
        };
        let used = FieldPath { start, links, class: None };
        self.paths.push(UsedPath { path: used, pick: path.pick, places, other: None, place });
    }

    /// The way to what a loop goes through.
    fn iterated(&mut self, path: &Path, range: &Tree) -> Path {
        let written = format!("{}[]", path.written);
        let mut path = path.clone();
        path.pick = self.picks.ask_elements(path.pick, &written);
        path.steps = None;
        path.links.push((PathLink::Iterate, range.place.clone()));
        path
    }

    // ---- operators

    fn binary(&mut self, operator: Operator, left: &Tree, right: &Tree) -> Lowered {
        let is_comparison = operator.is_comparison() || operator == Operator::In;
        if !is_comparison {
            let parts = vec![self.value(left, Need::Whole)?, self.value(right, Need::Whole)?];
            let function = match operator {
                Operator::Add => operators::ADD,
                Operator::Subtract => operators::SUBSTRACT,
                Operator::Multiply => operators::MULTIPLY,
                Operator::Divide => operators::DIVIDE,
                _ => operators::MODULO,
            };
            return Ok(call(function, parts));
        }
        let (left, right) = (self.with_code(operator, left, right)?, self.with_code(operator, right, left)?);
        let (left, right) = (&left, &right);
        if operator.is_comparison() {
            self.check_kind(left, right)?;
            self.check_kind(right, left)?;
            self.check_classes(operator, left, right)?;
        } else if let Node::List(elements) = &right.node {
            for element in elements {
                self.check_kind(left, element)?;
            }
            if let Some(element) = elements.first() {
                let class = self.class(element);
                if elements.iter().all(|element| self.class(element) == class) {
                    self.check_classes(operator, left, element)?;
                }
            }
        }
        let before = self.paths.len();
        let is_null = |tree: &Tree| matches!(tree.node, Node::Literal(Literal::Null));
        let need = |other: &Tree| if is_null(other) { Need::Outline } else { Need::Whole };
        let lowered = vec![self.value(left, need(right))?, self.value(right, need(left))?];
        self.note_classes(before, operator, left, right);
        Ok(call(
            match operator {
                Operator::Equal => operators::EQUALS,
                Operator::NotEqual => operators::NOT_EQUALS,
                Operator::Less => operators::LESS,
                Operator::LessOrEqual => operators::LESS_EQUALS,
                Operator::Greater => operators::GREATER,
                Operator::GreaterOrEqual => operators::GREATER_EQUALS,
                _ => operators::IN,
            },
            lowered,
        ))
    }

    /// One side of a comparison, if it or the other is a status or its code: a status is its code, and names of codes in
    /// strings are numbers.
    fn with_code(&self, operator: Operator, tree: &Tree, other: &Tree) -> Result<Tree, ExpressionError> {
        let is_null = |tree: &Tree| matches!(tree.node, Node::Literal(Literal::Null));
        if self.variable(tree) == Some("status") && !is_null(other) {
            let code = Name { text: "code".to_owned(), place: tree.place.clone() };
            return Ok(Tree::new(Node::Field(Box::new(tree.clone()), code), tree.place.clone()));
        }
        let is_status = self.variable(other) == Some("status");
        let is_code = matches!(&other.node, Node::Field(status, name)
            if name.text == "code" && self.variable(status) == Some("status"));
        if !is_status && !is_code {
            return Ok(tree.clone());
        }
        match (&tree.node, operator) {
            (Node::Literal(Literal::String(text)), Operator::Equal | Operator::NotEqual) => {
                self.code(text, &tree.place)
            }
            (Node::List(elements), Operator::In) => {
                let element = |element: &Tree| match &element.node {
                    Node::Literal(Literal::String(text)) => self.code(text, &element.place),
                    _ => Ok(element.clone()),
                };
                let elements = elements.iter().map(element).collect::<Result<_, _>>()?;
                Ok(Tree::new(Node::List(elements), tree.place.clone()))
            }
            _ => Ok(tree.clone()),
        }
    }

    fn code(&self, text: &str, place: &Range<usize>) -> Result<Tree, ExpressionError> {
        if let Some(code) = Code::parse(text) {
            return Ok(Tree::new(Node::Literal(Literal::Int(code.0.into())), place.clone()));
        }
        let error = self.error(place.clone(), format!("there is no code `{}`", text.escape_debug()));
        let names: Vec<&str> = Code::named().filter_map(Code::name).collect();
        let close = close_names(&text.to_uppercase(), names.iter().copied());
        if close.is_empty() {
            return Err(error.with_hint(format!("there are {}", names.join(", "))));
        }
        Err(error.with_hint(format!("close to it: {}", close.join(", "))))
    }

    /// Refuses to compare `kind` with what is none.
    fn check_kind(&self, tree: &Tree, other: &Tree) -> Result<(), ExpressionError> {
        match &other.node {
            Node::Literal(Literal::String(text)) if self.variable(tree) == Some("kind") => {
                if KINDS.contains(&text.as_str()) || text.parse::<i32>().is_ok() {
                    return Ok(());
                }
                let message = format!("there is no kind `{}`, expected {}", text.escape_debug(), alternatives(&KINDS));
                Err(self.error(other.place.clone(), message).with_hint(
                    "the kind of a call is that of its first entry: REQUEST of a unary call, CREATE_STREAM of a stream",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to compare what can never be equal.
    fn check_classes(&self, operator: Operator, left: &Tree, right: &Tree) -> Result<(), ExpressionError> {
        let (Some(a), Some(b)) = (self.class(left), self.class(right)) else { return Ok(()) };
        if a == b {
            return Ok(());
        }
        let message = format!("{} is compared with {} by `{}`", b.describe(), a.describe(), operator.symbol());
        Err(self.error(right.place.clone(), message))
    }

    /// What a tree is, if that is known without a message.
    fn class(&self, tree: &Tree) -> Option<ValueClass> {
        match &tree.node {
            Node::Literal(Literal::Null) => None,
            Node::Literal(Literal::Bool(_)) => Some(ValueClass::Bool),
            Node::Literal(Literal::Int(_) | Literal::Uint(_) | Literal::Double(_)) => Some(ValueClass::Number),
            Node::Literal(Literal::String(_)) => Some(ValueClass::String),
            Node::Literal(Literal::Bytes(_)) => Some(ValueClass::Bytes),
            Node::Name(name) if self.local(name).is_none() => match name.as_str() {
                "method" | "kind" => Some(ValueClass::String),
                "index" => Some(ValueClass::Number),
                name => self.code_of_name(name).map(|_| ValueClass::Number),
            },
            Node::Negated(operand) => self.class(operand),
            Node::Call { target: None, function, .. } => match function.text.as_str() {
                "timestamp" => Some(ValueClass::Timestamp),
                "duration" => Some(ValueClass::Duration),
                "size" | "int" | "uint" | "double" => Some(ValueClass::Number),
                "string" => Some(ValueClass::String),
                "bytes" => Some(ValueClass::Bytes),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a tree is, or of `in` the elements of a list, if that is known without a message.
    fn class_of_either(&self, operator: Operator, tree: &Tree) -> Option<ValueClass> {
        match (&tree.node, operator) {
            (Node::List(elements), Operator::In) => {
                let first = self.class(elements.first()?)?;
                elements.iter().all(|element| self.class(element) == Some(first)).then_some(first)
            }
            _ => self.class(tree),
        }
    }

    /// Notes what paths on either side of a comparison must be for it to hold.
    fn note_classes(&mut self, before: usize, operator: Operator, left: &Tree, right: &Tree) {
        for (tree, other) in [(left, right), (right, left)] {
            let is_container = operator == Operator::In && tree.place == right.place;
            let Some(class) = self.class_of_either(operator, other) else { continue };
            let used = self.paths[before..].iter_mut().rfind(|used| used.place == tree.place);
            let Some(used) = used else { continue };
            if is_container {
                used.path.links.push(PathLink::Iterate);
                used.places.push(tree.place.clone());
            }
            used.path.class = Some(class);
            used.other = Some(other.place.clone());
            if matches!(operator, Operator::Equal | Operator::NotEqual | Operator::In) {
                let pick = used.pick;
                texts(other).for_each(|text| self.picks.compare(pick, text));
            }
        }
    }

    // ---- functions

    fn arity(&self, function: &Name, found: usize, least: usize, most: usize) -> Result<(), ExpressionError> {
        if (least..=most).contains(&found) {
            return Ok(());
        }
        let expected = match (least, most) {
            (1, 1) => "one argument".to_owned(),
            (least, most) if least == most => format!("{least} arguments"),
            (least, most) => format!("{least} or {most} arguments"),
        };
        let has = if found == 1 { "1 argument".to_owned() } else { format!("{found} arguments") };
        Err(self.error(function.place.clone(), format!("`{}` has {has}, expected {expected}", function.text)))
    }

    fn unknown_function(&self, function: &Name, is_member: bool) -> ExpressionError {
        let error = self.error(function.place.clone(), format!("there is no function `{}`", function.text));
        let name = function.text.as_str();
        if is_member && GLOBAL.contains(&name) {
            return error.with_hint(format!("it is written `{name}(x)`"));
        }
        if !is_member && (MEMBERS.contains(&name) || LOOPS.iter().any(|(known, _, _)| *known == name)) {
            return error.with_hint(format!("it is called on a value: `x.{name}(…)`"));
        }
        let loops = LOOPS.into_iter().map(|(name, _, _)| name);
        let known: Vec<&str> = match is_member {
            true => MEMBERS.into_iter().chain(loops).collect(),
            false => GLOBAL.into_iter().chain(["has"]).collect(),
        };
        let close = close_names(name, known.iter().copied());
        if matches!(name, "len" | "length" | "count") {
            return error.with_hint("how many there are is size(x)");
        }
        if close.is_empty() {
            return error.with_hint(format!("there are {}", known.join(", ")));
        }
        error.with_hint(format!("close to it: {}", close.join(", ")))
    }

    fn global_call(&mut self, function: &Name, arguments: &[Tree], tree: &Tree) -> Lowered {
        let name = function.text.as_str();
        if name == "has" {
            self.arity(function, arguments.len(), 1, 1)?;
            return self.has(&arguments[0]);
        }
        let Some((_, least, most)) =
            FUNCTIONS.into_iter().find(|(known, _, _)| *known == name && GLOBAL.contains(known))
        else {
            return Err(self.unknown_function(function, false));
        };
        self.arity(function, arguments.len(), least, most)?;
        if let ([argument], Node::Literal(Literal::String(text))) = (arguments, &arguments[0].node) {
            match name {
                "timestamp" => return self.moment(text, argument),
                "duration" => return self.span(text, argument),
                _ => {}
            }
        }
        if let ("matches", [text, pattern]) = (name, arguments) {
            return self.matches(text, pattern, None);
        }
        let need = if matches!(name, "size" | "type") { Need::Outline } else { Need::Whole };
        let arguments = arguments.iter().map(|argument| self.value(argument, need)).collect::<Result<_, _>>()?;
        let _ = tree;
        Ok(call(name, arguments))
    }

    fn moment(&mut self, text: &str, argument: &Tree) -> Lowered {
        let Some(moment) = Moment::parse(text) else {
            let message = format!("`{}` is no time of RFC 3339", text.escape_debug());
            let error = self.error(argument.place.clone(), message);
            return Err(error.with_hint("such as timestamp(\"2026-11-21T08:00:00Z\")"));
        };
        Ok(self.constant(moment))
    }

    fn span(&mut self, text: &str, argument: &Tree) -> Lowered {
        let Some(span) = Span::parse(text) else {
            let message = format!("`{}` is no duration", text.escape_debug());
            let error = self.error(argument.place.clone(), message);
            return Err(error.with_hint("such as duration(\"1h30m\"), with the units h, m, s, ms, us and ns"));
        };
        Ok(self.constant(span))
    }

    fn matches(&mut self, text: &Tree, pattern: &Tree, target: Option<()>) -> Lowered {
        let value = self.value(text, Need::Whole)?;
        let pattern = match &pattern.node {
            Node::Literal(Literal::String(regex)) => match functions::compile(regex) {
                Ok(regex) => self.constant(Pattern(regex)),
                Err(error) => {
                    let message = format!("no regular expression: {}", regex_fault(&error));
                    return Err(self.error(pattern.place.clone(), message));
                }
            },
            _ => self.value(pattern, Need::Whole)?,
        };
        Ok(match target {
            None => call("matches", vec![value, pattern]),
            Some(()) => member("matches", value, vec![pattern]),
        })
    }

    fn has(&mut self, argument: &Tree) -> Lowered {
        let Node::Field(..) = &argument.node else {
            let error = self.error(argument.place.clone(), "`has` asks for a field");
            return Err(
                error.with_hint("such as has(request.name); whether a map has a key is \"key\" in request.labels")
            );
        };
        if let Some((path, lowered)) = self.path(argument)? {
            self.use_path(&path, argument.place.clone());
            if let Some(steps) = path.steps {
                return Ok(self.slot(Slot::Has(path.root, steps)));
            }
            return Ok(presence(lowered));
        }
        let lowered = self.value(argument, Need::Outline)?;
        Ok(presence(lowered))
    }

    fn member_call(&mut self, target: &Tree, function: &Name, arguments: &[Tree], need: Need, tree: &Tree) -> Lowered {
        let name = function.text.as_str();
        if let Some((_, least, most)) = LOOPS.into_iter().find(|(known, _, _)| *known == name) {
            self.arity(function, arguments.len(), least, most)?;
            return self.comprehension(target, name, arguments, need);
        }
        let Some((_, least, most)) =
            FUNCTIONS.into_iter().find(|(known, _, _)| *known == name && MEMBERS.contains(known))
        else {
            return Err(self.unknown_function(function, true));
        };
        self.arity(function, arguments.len(), least - 1, most - 1)?;
        if let ("matches", [pattern]) = (name, arguments) {
            let before = self.paths.len();
            let lowered = self.matches(target, pattern, Some(()))?;
            self.must_be_text(before, target);
            return Ok(lowered);
        }
        let before = self.paths.len();
        let need = if name == "size" { Need::Outline } else { Need::Whole };
        let value = self.value(target, need)?;
        if name != "size" {
            self.must_be_text(before, target);
        }
        let arguments = arguments.iter().map(|argument| self.value(argument, Need::Whole)).collect::<Result<_, _>>()?;
        let _ = tree;
        Ok(member(name, value, arguments))
    }

    /// Notes that a path, if it is one, leads to text.
    fn must_be_text(&mut self, before: usize, tree: &Tree) {
        if let Some(used) = self.paths[before..].iter_mut().rfind(|used| used.place == tree.place) {
            used.path.class = Some(ValueClass::String);
        }
    }

    fn comprehension(&mut self, target: &Tree, name: &str, arguments: &[Tree], need: Need) -> Lowered {
        let range_path = self.path(target)?;
        let (path, range) = match range_path {
            Some((path, lowered)) => {
                let range = self.of_path(&path, lowered);
                (Some(path), range)
            }
            None => (None, self.value(target, Need::Whole)?),
        };
        let [variable, condition, rest @ ..] = arguments else {
            return Err(self.error(target.place.clone(), "no loop"));
        };
        if name == "filter" {
            if let (Some(path), Need::Whole) = (&path, need) {
                let elements = self.iterated(path, target);
                self.picks.ask_whole(elements.pick);
            }
            return self.filter(path.as_ref(), range, variable, condition, target);
        }
        let variable_name = self.enter(path.as_ref(), variable, target)?;
        let result = || ident(RESULT);
        let (init, when, step, end) = match name {
            "all" => {
                let condition = self.condition(condition)?;
                let when = call(operators::NOT_STRICTLY_FALSE, vec![result()]);
                (boolean(true), when, call(operators::LOGICAL_AND, vec![result(), condition]), result())
            }
            "exists" => {
                let condition = self.condition(condition)?;
                let not = call(operators::LOGICAL_NOT, vec![result()]);
                let when = call(operators::NOT_STRICTLY_FALSE, vec![not]);
                (boolean(false), when, call(operators::LOGICAL_OR, vec![result(), condition]), result())
            }
            "map" => {
                let (condition, value) = match rest {
                    [value] => (Some(self.condition(condition)?), value),
                    _ => (None, condition),
                };
                let value = self.value(value, Need::Whole)?;
                let added = call(operators::ADD, vec![result(), expr(Expr::List(ListExpr::new(vec![value])))]);
                let step = match condition {
                    Some(condition) => call(operators::CONDITIONAL, vec![condition, added, result()]),
                    None => added,
                };
                (expr(Expr::List(ListExpr::new(Vec::new()))), boolean(true), step, result())
            }
            _ => {
                let condition = self.condition(condition)?;
                let more = call(operators::ADD, vec![result(), int(1)]);
                let step = call(operators::CONDITIONAL, vec![condition, more, result()]);
                (int(0), boolean(true), step, call(operators::EQUALS, vec![result(), int(1)]))
            }
        };
        self.locals.pop();
        Ok(fold(range, variable_name, init, when, step, end))
    }

    /// Begins a loop, and returns the name of its variable.
    fn enter(&mut self, path: Option<&Path>, variable: &Tree, range: &Tree) -> Result<String, ExpressionError> {
        let Node::Name(name) = &variable.node else {
            let error = self.error(variable.place.clone(), "expected the name of a variable");
            return Err(error.with_hint("such as request.items.exists(item, item.id == 1)"));
        };
        let path = path.map(|path| {
            let path = self.iterated(path, range);
            self.use_path(&path, range.place.clone());
            path
        });
        self.locals.push(Local { name: name.clone(), path });
        Ok(name.clone())
    }

    fn filter(
        &mut self,
        path: Option<&Path>,
        range: IdedExpr,
        variable: &Tree,
        condition: &Tree,
        target: &Tree,
    ) -> Lowered {
        let name = self.enter(path, variable, target)?;
        let condition = self.condition(condition)?;
        self.locals.pop();
        let element = expr(Expr::List(ListExpr::new(vec![ident(&name)])));
        let added = call(operators::ADD, vec![ident(RESULT), element]);
        let step = call(operators::CONDITIONAL, vec![condition, added, ident(RESULT)]);
        let init = expr(Expr::List(ListExpr::new(Vec::new())));
        Ok(fold(range, name, init, boolean(true), step, ident(RESULT)))
    }
}

/// The names that kinds have.
const KINDS: [&str; 6] = ["REQUEST", "RESPONSE", "CREATE_STREAM", "SEND", "RECV", "TYPE_UNSPECIFIED"];

/// Where what is indexed stands.
/// The texts in a literal or in a list of some.
fn texts(tree: &Tree) -> impl Iterator<Item = &str> {
    let elements = match &tree.node {
        Node::List(elements) => elements,
        _ => std::slice::from_ref(tree),
    };
    elements.iter().filter_map(|element| match &element.node {
        Node::Literal(Literal::String(text)) => Some(text.as_str()),
        _ => None,
    })
}

fn operand_place(tree: &Tree) -> Range<usize> {
    match &tree.node {
        Node::Index(operand, _) => operand.place.clone(),
        _ => tree.place.clone(),
    }
}

fn member(function: &str, target: IdedExpr, args: Vec<IdedExpr>) -> IdedExpr {
    expr(Expr::Call(CallExpr { func_name: function.to_owned(), target: Some(Box::new(target)), args }))
}

fn fold(
    iter_range: IdedExpr,
    iter_var: String,
    accu_init: IdedExpr,
    loop_cond: IdedExpr,
    loop_step: IdedExpr,
    result: IdedExpr,
) -> IdedExpr {
    let accu_var = RESULT.to_owned();
    let fold =
        ComprehensionExpr { iter_range, iter_var, iter_var2: None, accu_var, accu_init, loop_cond, loop_step, result };
    expr(Expr::Comprehension(Box::new(fold)))
}

/// Asks for the presence of the last of the fields that are selected, all at once: what is not set on the way is no error.
fn presence(mut lowered: IdedExpr) -> IdedExpr {
    let mut names = Vec::new();
    while let Expr::Select(select) = lowered.expr {
        names.push(select.field);
        lowered = *select.operand;
    }
    names.reverse();
    let field = names.iter().fold(String::new(), |field, name| format!("{field}{PRESENCE}{name}"));
    expr(Expr::Select(SelectExpr { operand: Box::new(lowered), field, test: true }))
}

fn balanced(operator: &str, mut trees: Vec<IdedExpr>) -> IdedExpr {
    if trees.len() > 1 {
        let right = trees.split_off(trees.len() / 2);
        return call(operator, vec![balanced(operator, trees), balanced(operator, right)]);
    }
    trees.pop().unwrap_or_default()
}

fn literal_value(literal: &Literal) -> Box<dyn Val> {
    match literal {
        Literal::Null => Box::new(cel::common::types::CelNull),
        Literal::Bool(value) => Box::new(CelBool::from(*value)),
        Literal::Int(value) => Box::new(CelInt::from(*value)),
        Literal::Uint(value) => Box::new(CelUInt::from(*value)),
        Literal::Double(value) => Box::new(CelDouble::from(*value)),
        Literal::String(value) => Box::new(CelString::from(value.clone())),
        Literal::Bytes(value) => Box::new(CelBytes::from(value.clone())),
    }
}

pub(super) fn lower_literal(literal: &Literal) -> IdedExpr {
    expr(Expr::Literal(match literal {
        Literal::Null => LiteralValue::Null,
        Literal::Bool(value) => LiteralValue::Boolean(CelBool::from(*value)),
        Literal::Int(value) => LiteralValue::Int(CelInt::from(*value)),
        Literal::Uint(value) => LiteralValue::UInt(CelUInt::from(*value)),
        Literal::Double(value) => LiteralValue::Double(CelDouble::from(*value)),
        Literal::String(value) => LiteralValue::String(CelString::from(value.clone())),
        Literal::Bytes(value) => LiteralValue::Bytes(CelBytes::from(value.clone())),
    }))
}

/// What is wrong with a regular expression, in one line.
fn regex_fault(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().next_back().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
