//! [`Redaction`]: what passes, redacted before it is written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rpcreplay::redact::{Follower, Rules};
use rpcreplay::replay::BeforeWrite;
use rpcreplay::schema::Schema;

use crate::failure::Trouble;
use crate::redact::tell_unmet;

/// Redacts by rules what is recorded. A value that was selected once is replaced wherever it stands from then on.
pub struct Redaction {
    rules: &'static Rules,
    follower: Arc<Mutex<Follower<'static>>>,
}

impl Redaction {
    /// Begins with the initial state, and gives back what becomes of it.
    pub fn new(
        rules: &'static Rules,
        schema: &'static Schema,
        initial: Option<&[u8]>,
    ) -> Result<(Redaction, Option<Vec<u8>>), Trouble> {
        let mut follower = Follower::new(rules, schema);
        let redacted = initial.map(|initial| follower.redact_initial(initial));
        let redacted = redacted.transpose().map_err(|refusal| Trouble::new("--initial", refusal))?;
        let redaction = Redaction { rules, follower: Arc::new(Mutex::new(follower)) };
        Ok((redaction, redacted.map(|(initial, _)| initial)))
    }

    /// What a recorder asks before it writes an entry.
    pub fn before_write(&self) -> Box<BeforeWrite<'static>> {
        let follower = self.follower.clone();
        Box::new(move |entry, method| {
            let redacted = lock(&follower).redact(entry, method);
            redacted.map(|redacted| redacted.entry).map_err(|refusal| refusal.to_string())
        })
    }

    /// Says which rules have selected nothing.
    pub fn tell_unmet(&self, schema: &Schema) {
        tell_unmet(self.rules, &lock(&self.follower).met(), schema);
    }
}

fn lock<'f>(follower: &'f Mutex<Follower<'static>>) -> MutexGuard<'f, Follower<'static>> {
    follower.lock().unwrap_or_else(PoisonError::into_inner)
}
