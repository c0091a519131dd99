//! Expressions that say which calls are wanted, in [CEL](https://cel.dev), the Common Expression Language.
//!
//! An expression is parsed (`parser`), made into what cel evaluates (`compile`), and its paths are compared with the
//! descriptors, all before anything is read. An [`Evaluator`] then follows a recording: of each message it keeps what the
//! expression asks for (`tree`), in one walk, and evaluates when all of it is there.
//!
//! Nothing else knows the crate `cel`.
//!
//! | variable | type | what it is |
//! |---|---|---|
//! | `method` | string | the full method, `/package.Service/Method` |
//! | `kind` | string | the kind of the call's first entry, `REQUEST` or `CREATE_STREAM` |
//! | `index` | int | the number of that entry |
//! | `request` | message | the request; of a stream the first message sent; null if there is none |
//! | `response` | message | the response; of a stream the first message received; null if there is none |
//! | `messages` | list | all messages of the call, in the order of the recording |
//! | `status` | message | how it ended, a `google.rpc.Status`; null if the recording does not say |
//!
//! Fields have the names of the `.proto` file; one that is not set is its default. Enums are their names, or numbers where
//! they have none; wrappers are their values or null, timestamps and durations have types of their own, a `Struct` is a map, an
//! `Any` the message in it. A `float` is the `double` next to it. Strings that are not UTF-8 have U+FFFD where they are
//! not. What a proto2 file declares as default is not known: unset fields are empty there, too.
//!
//! What does not exist, a field of a request that is null, a key that a map lacks, a field that the type of this call's
//! message lacks, makes the expression unknown for a call, and the call does not match, unless `&&` or `||` has an answer
//! without it. `has(request.f)` is false then.

mod check;
mod compile;
mod error;
mod evaluator;
mod failure;
mod functions;
mod lexer;
mod moment;
mod parser;
mod picks;
mod plan;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod values;

use cel::common::ast::IdedExpr;

use crate::schema::Schema;
use compile::Compiled;
pub use error::ExpressionError;
pub use evaluator::{AskedPath, Evaluator, Remarks};
use plan::Plan;

/// An expression that was checked: it says of a call whether it is wanted.
#[derive(Debug)]
pub struct Expression {
    text: String,
    tree: IdedExpr,
    plan: Plan,
}

impl Expression {
    /// Parses an expression, and checks what can be told before a message is read: names of variables, functions, codes and
    /// kinds, regular expressions and times, and whether there are message types that its paths lead through.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`], which says where in the text.
    pub fn parse(text: &str, schema: &Schema) -> Result<Expression, ExpressionError> {
        let written = parser::parse(text)?;
        let Compiled { tree, plan, paths } = compile::compile(text, &written)?;
        check::check(text, &paths, schema)?;
        Ok(Expression { text: text.to_owned(), tree, plan })
    }

    /// Whether it refers to `request`, `response`, `messages` or `status`, so that messages have to be read.
    pub fn needs_messages(&self) -> bool {
        self.plan.uses.any()
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}
