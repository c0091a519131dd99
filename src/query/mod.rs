//! Which calls of a recording to keep: [`Query`] says it, [`Selected`] follows a recording and applies it.
//!
//! Knows entries, calls and values of messages; writes nothing and shows nothing. What is kept can be written by a
//! [`Writer`](crate::format::Writer), which numbers it anew:
//!
//! ```
//! use rpcreplay::format::{ReadOptions, Reader, Writer};
//! use rpcreplay::pairing::Pairing;
//! use rpcreplay::query::{Expression, Query, Selected, Unit};
//! use rpcreplay::schema::Schema;
//!
//! let schema = Schema::builtin();
//! let read = || Reader::new(std::fs::File::open("tests/data/secrets.replay")?, &schema, ReadOptions::default());
//! let query = Query {
//!     expressions: vec![Expression::parse("status == NOT_FOUND", &schema)?],
//!     ..Query::default()
//! };
//! let mut selected = Selected::new(&query, Unit::Call, &schema);
//! // How a call ends is told by its last entry.
//! if query.needs_first_pass(Unit::Call) {
//!     selected.learn(read()?.map_while(Result::ok), &schema);
//! }
//! let reader = read()?;
//! let mut writer = Writer::binary(Vec::new(), reader.header())?;
//! let mut pairing = Pairing::default();
//! let mut kept = 0;
//! for entry in reader {
//!     let entry = entry?;
//!     if selected.keeps(&entry, pairing.follow(&entry)) {
//!         kept = writer.write(&entry)?.0;
//!     }
//! }
//! assert_eq!(kept, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod close;
mod conditions;
mod expression;
mod finder;
mod said;
mod selected;

use crate::entry::Kind;
use crate::glob::Glob;
use crate::schema::{Code, Selector};

pub use conditions::{AskedValue, CodeCondition, EntryRange, ValueCondition, ValueConditionError};
pub use expression::{AskedPath, Evaluator, Expression, ExpressionError, Remarks};
pub use said::Said;
pub use selected::{Selected, Unit};

/// Which calls, or entries, to keep.
///
/// Of several conditions of one kind any will do, and those of different kinds must all hold; the default keeps everything.
#[derive(Debug, Default)]
pub struct Query {
    /// Of calls: patterns for their full method.
    pub methods: Vec<Glob>,
    /// Of entries: their kind.
    pub kinds: Vec<Kind>,
    /// Of calls: how they ended. Codes that a call must not end with must all hold.
    pub codes: Vec<CodeCondition>,
    /// Of entries: their numbers.
    pub numbers: Vec<EntryRange>,
    /// Of entries: fields that must be there.
    pub fields: Vec<Selector>,
    /// Of entries: values that must be there.
    pub values: Vec<ValueCondition>,
    /// Of calls: expressions that must hold.
    pub expressions: Vec<Expression>,
    /// Whether what all this says is to be left out, and the rest kept.
    pub is_inverted: bool,
    /// Whether a call is left out that says the same as an earlier one that is kept, its answer included.
    pub is_unique: bool,
}

impl Query {
    /// Whether everything is kept.
    pub fn is_everything(&self) -> bool {
        !self.has_conditions() && !self.is_inverted && !self.is_unique
    }

    /// Whether a recording must be [learned](Selected::learn) before its first entry can be judged: the end of a call, and
    /// whether an entry of it is wanted, are not told by its first.
    pub fn needs_first_pass(&self, unit: Unit) -> bool {
        let asks_about_entries = match unit {
            Unit::Call => self.asks_about_entries() || self.asks_about_messages(),
            Unit::Entry => false,
        };
        let evaluates_messages = self.expressions.iter().any(Expression::needs_messages);
        !self.codes.is_empty() || self.is_unique || asks_about_entries || evaluates_messages
    }

    fn has_conditions(&self) -> bool {
        let of_calls = !self.methods.is_empty() || !self.codes.is_empty() || !self.expressions.is_empty();
        of_calls || self.asks_about_entries() || self.asks_about_messages()
    }

    fn asks_about_entries(&self) -> bool {
        !self.kinds.is_empty() || !self.numbers.is_empty()
    }

    /// Whether it asks about fields or values of messages.
    pub fn asks_about_messages(&self) -> bool {
        !self.fields.is_empty() || !self.values.is_empty()
    }

    /// Whether a selector names methods.
    fn asks_for_methods(&self) -> bool {
        let mut selectors = self.fields.iter().chain(self.values.iter().map(|condition| &condition.selector));
        selectors.any(Selector::names_method)
    }

    fn matches_method(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|glob| glob.matches(method))
    }

    fn matches_code(&self, code: Code) -> bool {
        let mut wanted = self.codes.iter().filter(|condition| !condition.is_negated).peekable();
        (wanted.peek().is_none() || wanted.any(|condition| condition.code == code))
            && self.codes.iter().filter(|condition| condition.is_negated).all(|condition| condition.code != code)
    }
}
