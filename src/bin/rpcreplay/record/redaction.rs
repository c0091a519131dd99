//! What passes, redacted before it is written: [`before_write`].

use std::sync::{Mutex, PoisonError};

use rpcreplay::redact::{Follower, Rules};
use rpcreplay::replay::BeforeWrite;
use rpcreplay::schema::Schema;

use crate::failure::Trouble;

/// Redacts by these rules what is recorded, and the initial state first. A value that was selected once is replaced wherever it stands
/// from then on.
pub fn before_write(
    rules: &'static Rules,
    schema: &'static Schema,
    initial: Option<&[u8]>,
) -> Result<(Box<BeforeWrite<'static>>, Option<Vec<u8>>), Trouble> {
    let mut follower = Follower::new(rules, schema);
    let redacted = initial.map(|initial| follower.redact_initial(initial));
    let redacted = redacted.transpose().map_err(|refusal| Trouble::new("--initial", refusal))?;
    let follower = Mutex::new(follower);
    let hook = move |entry: &_, method: &str| {
        let mut follower = follower.lock().unwrap_or_else(PoisonError::into_inner);
        follower.redact(entry, method).map(|redacted| redacted.entry).map_err(|refusal| refusal.to_string())
    };
    Ok((Box::new(hook), redacted.map(|(initial, _)| initial)))
}
