//! `rpcreplay redact --detectors`: what secrets look like.

use rpcreplay::detect::known;

use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// Lists the detectors that are built in.
pub fn list() -> Result<Outcome, Failure> {
    let width = known().iter().map(|known| known.name.len()).max().unwrap_or_default();
    let mut output = Output::new();
    for known in known() {
        output.write(format!("{:width$}  {}\n", known.name, known.what).as_bytes())?;
    }
    output.flush()?;
    Ok(Outcome::Fine)
}
