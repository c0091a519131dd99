//! Tokens → [`Tree`], by the grammar of CEL.
//!
//! The parser of the crate `cel` is not used: it needs 50 KiB of stack for every parenthesis, does not say where names of
//! fields stand, and speaks of its grammar. A test compares with what it makes of the same texts.
//!
//! Source: the CEL specification, "Syntax".

use std::ops::Range;

use super::error::ExpressionError;
use super::lexer::{Token, TokenKind, tokens};
use super::syntax::{Literal, Name, Node, Operator, Tree};

/// How long an expression may be.
pub(super) const LENGTH_LIMIT_BYTES: usize = 64 << 10;

/// How deep brackets, conditionals and the like may nest: the parser calls itself for each.
const NESTING_LIMIT: usize = 64;

/// How deep a tree may be: others call themselves for each of its levels.
const DEPTH_LIMIT: usize = 128;

/// Words that CEL keeps for itself.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Operators between values, from those that bind least; all of a row bind alike, from the left.
const OPERATORS: [&[Operator]; 3] = [
    &[
        Operator::Equal,
        Operator::NotEqual,
        Operator::LessOrEqual,
        Operator::Less,
        Operator::GreaterOrEqual,
        Operator::Greater,
        Operator::In,
    ],
    &[Operator::Add, Operator::Subtract],
    &[Operator::Multiply, Operator::Divide, Operator::Remainder],
];

pub(super) fn parse(text: &str) -> Result<Tree, ExpressionError> {
    if text.len() > LENGTH_LIMIT_BYTES {
        let message = format!("the expression has {} bytes, more than {LENGTH_LIMIT_BYTES}", text.len());
        return Err(ExpressionError::new(text, 0..0, message));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens, at: 0, nesting: 0 };
    if parser.tokens.len() == 1 {
        let hint = "an expression says which calls are wanted, such as `request.name == \"x\"`";
        return Err(ExpressionError::new(text, text.len()..text.len(), "the expression is empty").with_hint(hint));
    }
    let tree = parser.expression()?;
    match parser.next().kind {
        TokenKind::End => Ok(tree),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// The last one is the end.
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
}

impl Parser<'_> {
    fn next(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn is_next(&self, mark: &str) -> bool {
        match &self.next().kind {
            TokenKind::Mark(found) => *found == mark,
            TokenKind::Name(found) => mark == "in" && found == "in",
            _ => false,
        }
    }

    fn accept(&mut self, mark: &str) -> bool {
        let is_next = self.is_next(mark);
        self.at += usize::from(is_next);
        is_next
    }

    /// The place from where something began to the last token.
    fn since(&self, start: usize) -> Range<usize> {
        start..self.tokens[self.at.saturating_sub(1)].place.end.max(start)
    }

    fn error(&self, place: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.text, place, message)
    }

    fn tree(&self, node: Node, place: Range<usize>) -> Result<Tree, ExpressionError> {
        let tree = Tree::new(node, place);
        if tree.depth > DEPTH_LIMIT {
            return Err(self.error(tree.place, too_deep(DEPTH_LIMIT)));
        }
        Ok(tree)
    }

    /// What to say of the next token, which has no place here.
    fn unexpected(&self, expected: &str) -> ExpressionError {
        let Token { kind, place } = self.next();
        let found = &self.text[place.clone()];
        let plain = self.error(place.clone(), format!("found `{}`, expected {expected}", shortened(found)));
        match kind {
            TokenKind::End => self.error(place.clone(), format!("the expression ends here, expected {expected}")),
            TokenKind::Name(name) => match name.to_ascii_lowercase().as_str() {
                "and" => plain.with_hint("`and` is written `&&`"),
                "or" => plain.with_hint("`or` is written `||`"),
                "not" => plain.with_hint("`not` is written `!`"),
                "is" => plain.with_hint("values are compared by `==`"),
                "like" | "contains" | "matches" => {
                    plain.with_hint("in a string is looked with `x.contains(\"y\")` or `x.matches(\"regex\")`")
                }
                _ if self.at > 0 && self.is_name_before("not") => plain.with_hint("`not` is written `!`"),
                _ => plain,
            },
            _ if self.is_name_before("not") => plain.with_hint("`not` is written `!`"),
            _ => plain,
        }
    }

    fn is_name_before(&self, name: &str) -> bool {
        let before = self.at.checked_sub(1).map(|before| &self.tokens[before].kind);
        matches!(before, Some(TokenKind::Name(found)) if found.eq_ignore_ascii_case(name))
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, ExpressionError>) -> Result<T, ExpressionError> {
        if self.nesting == NESTING_LIMIT {
            return Err(self.error(self.next().place.clone(), too_deep(NESTING_LIMIT)));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    fn expression(&mut self) -> Result<Tree, ExpressionError> {
        self.nested(|parser| {
            let start = parser.next().place.start;
            let condition = parser.or()?;
            if !parser.accept("?") {
                return Ok(condition);
            }
            let yes = parser.or()?;
            if !parser.accept(":") {
                return Err(parser.unexpected("`:` and what holds otherwise"));
            }
            let no = parser.expression()?;
            let place = parser.since(start);
            parser.tree(Node::Conditional(Box::new([condition, yes, no])), place)
        })
    }

    fn or(&mut self) -> Result<Tree, ExpressionError> {
        self.conditions("||", Self::and, Node::Or)
    }

    fn and(&mut self) -> Result<Tree, ExpressionError> {
        self.conditions("&&", |parser| parser.binary(0), Node::And)
    }

    fn conditions(
        &mut self,
        mark: &str,
        parse: fn(&mut Self) -> Result<Tree, ExpressionError>,
        node: fn(Vec<Tree>) -> Node,
    ) -> Result<Tree, ExpressionError> {
        let start = self.next().place.start;
        let first = parse(self)?;
        if !self.is_next(mark) {
            return Ok(first);
        }
        let mut conditions = vec![first];
        while self.accept(mark) {
            conditions.push(parse(self)?);
        }
        self.tree(node(conditions), self.since(start))
    }

    fn binary(&mut self, level: usize) -> Result<Tree, ExpressionError> {
        let Some(operators) = OPERATORS.get(level) else { return self.unary() };
        let start = self.next().place.start;
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().copied().find(|operator| self.accept(operator.symbol())) {
            let right = self.binary(level + 1)?;
            let place = self.since(start);
            left = self.tree(Node::Binary { operator, left: Box::new(left), right: Box::new(right) }, place)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Tree, ExpressionError> {
        let Token { place: Range { start, .. }, .. } = *self.next();
        for (mark, node) in [("!", Node::Not as fn(Box<Tree>) -> Node), ("-", Node::Negated)] {
            let mut count = 0;
            while self.accept(mark) {
                count += 1;
            }
            if count == 0 {
                continue;
            }
            // The sign belongs to a number that follows it at once: the least integer is none without it.
            let signed = (mark == "-").then(|| self.signed_number()).flatten();
            count -= usize::from(signed.is_some());
            let operand = match signed {
                Some(number) => self.members(start, number)?,
                None => self.member()?,
            };
            let place = self.since(start);
            // Two of them are none, as in cel.
            return if count % 2 == 1 { self.tree(node(Box::new(operand)), place) } else { Ok(operand) };
        }
        self.member()
    }

    fn signed_number(&mut self) -> Option<Tree> {
        let literal = match self.next().kind {
            TokenKind::Int(value) => Literal::Int(0_i64.checked_sub_unsigned(value)?),
            TokenKind::Double(value) => Literal::Double(-value),
            _ => return None,
        };
        let start = self.tokens[self.at - 1].place.start;
        self.at += 1;
        self.tree(Node::Literal(literal), self.since(start)).ok()
    }

    fn member(&mut self) -> Result<Tree, ExpressionError> {
        let start = self.next().place.start;
        let first = self.primary()?;
        self.members(start, first)
    }

    /// What follows a value: fields, indexes and calls.
    fn members(&mut self, start: usize, mut tree: Tree) -> Result<Tree, ExpressionError> {
        loop {
            if self.accept(".") {
                let Some(name) = self.name() else { return Err(self.unexpected("the name of a field or function")) };
                let open = self.next().place.clone();
                let node = if self.accept("(") {
                    let arguments = self.list(open, ")", Self::expression)?;
                    Node::Call { target: Some(Box::new(tree)), function: name, arguments }
                } else {
                    Node::Field(Box::new(tree), name)
                };
                tree = self.tree(node, self.since(start))?;
            } else if self.is_next("[") {
                let open = self.next().place.clone();
                self.at += 1;
                let index = self.expression()?;
                self.close(open, "]")?;
                tree = self.tree(Node::Index(Box::new(tree), Box::new(index)), self.since(start))?;
            } else {
                return Ok(tree);
            }
        }
    }

    fn name(&mut self) -> Option<Name> {
        let Token { kind: TokenKind::Name(text), place } = self.next() else { return None };
        let name = Name { text: text.clone(), place: place.clone() };
        self.at += 1;
        Some(name)
    }

    fn close(&mut self, open: Range<usize>, mark: &str) -> Result<(), ExpressionError> {
        if self.accept(mark) {
            return Ok(());
        }
        if self.next().kind == TokenKind::End {
            let message = format!("`{}` is not closed", &self.text[open.clone()]);
            return Err(self.error(open, message));
        }
        Err(self.unexpected(&format!("an operator or `{mark}`")))
    }

    /// What stands between brackets and commas.
    fn list<T>(
        &mut self,
        open: Range<usize>,
        close: &str,
        parse: impl Fn(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<Vec<T>, ExpressionError> {
        let mut list = Vec::new();
        loop {
            if self.accept(close) {
                return Ok(list);
            }
            if self.next().kind == TokenKind::End {
                self.close(open.clone(), close)?;
            }
            list.push(parse(self)?);
            if !self.accept(",") {
                self.close(open, close)?;
                return Ok(list);
            }
        }
    }

    fn primary(&mut self) -> Result<Tree, ExpressionError> {
        let Token { kind, place } = self.next().clone();
        let start = place.start;
        let literal = match kind {
            TokenKind::Int(value) => match i64::try_from(value) {
                Ok(value) => Literal::Int(value),
                Err(_) => return Err(self.error(place, "the number is too large for an int")),
            },
            TokenKind::Uint(value) => Literal::Uint(value),
            TokenKind::Double(value) => Literal::Double(value),
            TokenKind::String(value) => Literal::String(value),
            TokenKind::Bytes(value) => Literal::Bytes(value),
            TokenKind::Name(name) => match name.as_str() {
                "null" => Literal::Null,
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "in" => return Err(self.unexpected("a value")),
                reserved if RESERVED.contains(&reserved) => {
                    return Err(self.error(place, format!("`{reserved}` is a word that CEL keeps for itself")));
                }
                _ => return self.named(Name { text: name, place }),
            },
            TokenKind::Mark("(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.close(place, ")")?;
                return Ok(inner);
            }
            TokenKind::Mark("[") => {
                self.at += 1;
                let list = self.list(place, "]", Self::expression)?;
                return self.tree(Node::List(list), self.since(start));
            }
            TokenKind::Mark("{") => {
                self.at += 1;
                let entries = self.list(place, "}", |parser| {
                    let key = parser.expression()?;
                    if !parser.accept(":") {
                        return Err(parser.unexpected("`:` and the value of the key"));
                    }
                    Ok((key, parser.expression()?))
                })?;
                return self.tree(Node::Map(entries), self.since(start));
            }
            TokenKind::Mark(_) | TokenKind::End => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        self.tree(Node::Literal(literal), place)
    }

    fn named(&mut self, name: Name) -> Result<Tree, ExpressionError> {
        let start = name.place.start;
        self.at += 1;
        let open = self.next().place.clone();
        if self.is_next("{") {
            return Err(self.error(open, "messages can't be made in an expression"));
        }
        if !self.accept("(") {
            return self.tree(Node::Name(name.text), name.place);
        }
        let arguments = self.list(open, ")", Self::expression)?;
        self.tree(Node::Call { target: None, function: name, arguments }, self.since(start))
    }
}

pub(super) fn too_deep(limit: usize) -> String {
    format!("the expression nests deeper than {limit} levels")
}

/// The beginning of a token, for messages.
fn shortened(found: &str) -> String {
    const SHOWN: usize = 40;
    let shown: String = found.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let is_quoted = found.starts_with(['"', '\'']);
    // What is quoted in the text needs no escapes here.
    let shown = if is_quoted { shown.replace("\\\"", "\"").replace("\\'", "'") } else { shown };
    if found.chars().count() > SHOWN { format!("{shown}…") } else { shown }
}
