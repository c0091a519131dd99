//! An expression as it is written: a tree whose parts know where they stand in the text.

use std::ops::Range;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    pub node: Node,
    pub place: Range<usize>,
    /// How many parts stand within each other, this one included.
    pub depth: usize,
}

impl Tree {
    pub fn new(node: Node, place: Range<usize>) -> Tree {
        let deepest = |trees: &[Tree]| trees.iter().map(|tree| tree.depth).max().unwrap_or(0);
        let inner = match &node {
            Node::Literal(_) | Node::Name(_) => 0,
            Node::Field(operand, _) | Node::Not(operand) | Node::Negated(operand) => operand.depth,
            Node::Index(left, right) | Node::Binary { left, right, .. } => left.depth.max(right.depth),
            Node::Call { target, arguments, .. } => {
                deepest(arguments).max(target.as_ref().map_or(0, |target| target.depth))
            }
            Node::And(trees) | Node::Or(trees) | Node::List(trees) => deepest(trees),
            Node::Conditional(trees) => deepest(trees.as_slice()),
            Node::Map(entries) => entries.iter().map(|(key, value)| key.depth.max(value.depth)).max().unwrap_or(0),
        };
        Tree { node, place, depth: inner + 1 }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Literal(Literal),
    Name(String),
    /// `operand.field`
    Field(Box<Tree>, Name),
    /// `operand[index]`
    Index(Box<Tree>, Box<Tree>),
    /// `function(arguments)` or `target.function(arguments)`
    Call {
        target: Option<Box<Tree>>,
        function: Name,
        arguments: Vec<Tree>,
    },
    Not(Box<Tree>),
    Negated(Box<Tree>),
    Binary {
        operator: Operator,
        left: Box<Tree>,
        right: Box<Tree>,
    },
    /// Two or more conditions between `&&`.
    And(Vec<Tree>),
    /// Two or more conditions between `||`.
    Or(Vec<Tree>),
    /// `condition ? yes : no`
    Conditional(Box<[Tree; 3]>),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
}

/// A name, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub text: String,
    pub place: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "in",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }

    /// Whether it says how two values stand to each other.
    pub fn is_comparison(self) -> bool {
        match self {
            Operator::Equal | Operator::NotEqual | Operator::Less | Operator::LessOrEqual => true,
            Operator::Greater | Operator::GreaterOrEqual => true,
            Operator::In | Operator::Add | Operator::Subtract => false,
            Operator::Multiply | Operator::Divide | Operator::Remainder => false,
        }
    }
}
