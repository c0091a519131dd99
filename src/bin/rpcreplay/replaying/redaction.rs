//! What a program sends, redacted as the recording was, so that it matches: [`before_match`].

use rpcreplay::redact::{Follower, Rules};
use rpcreplay::replay::BeforeMatch;
use rpcreplay::schema::Schema;

/// Redacts requests by these rules before they are matched.
///
/// What is selected in a request becomes what it became in the recording, and so do copies of it in the same request. Copies of what was
/// selected in other entries are not known here.
pub fn before_match(rules: &'static Rules, schema: &'static Schema) -> Box<BeforeMatch<'static>> {
    Box::new(move |entry, method| {
        let redacted = Follower::new(rules, schema).redact(entry, method);
        redacted.map(|redacted| redacted.entry).map_err(|refusal| refusal.to_string())
    })
}
