//! What a program sends, redacted as the recording was, so that it matches: [`before_match`].

use rpcreplay::entry::Entry;
use rpcreplay::redact::{Done, Learner, Redactor, Rules};
use rpcreplay::replay::BeforeMatch;
use rpcreplay::schema::Schema;

/// Redacts requests by these rules before they are matched.
///
/// What is selected in a request becomes what it became in the recording, and so do copies of it in the same request. Copies of what was
/// selected in other entries are not known here.
pub fn before_match(rules: &'static Rules, schema: &'static Schema) -> Box<BeforeMatch<'static>> {
    Box::new(move |entry, method| redact(rules, schema, entry, method))
}

fn redact(rules: &Rules, schema: &Schema, entry: &Entry, method: &str) -> Result<Entry, String> {
    let mut learner = Learner::new(rules, schema);
    learner.learn(entry, method).map_err(|refusal| refusal.to_string())?;
    let replacements = rules.replacements(learner.into_values(), Done::default());
    let replacements = replacements.map_err(|unfit| unfit.to_string())?;
    let redacted = Redactor::new(rules, schema, &replacements).redact(entry, method);
    redacted.map(|redacted| redacted.entry).map_err(|refusal| refusal.to_string())
}
