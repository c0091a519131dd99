//! `rpcreplay schema find`: definitions by a pattern for their names.

use rpcreplay::glob::Glob;
use rpcreplay::schema::{Definition, SourceSummary, escape_go, similar};

use crate::args::SchemaArgs;
use crate::failure::{Failure, Outcome, note};
use crate::output::Output;

/// How many close names are offered where nothing matches.
const OFFERED: usize = 3;

/// Find messages, enums, services, methods and extensions by their names
///
/// A line each: what it is, its full name, the .proto file and the source that it comes from. The exit code is 1 if
/// nothing matches.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay schema find GetSecretRequest
  rpcreplay schema find '/google.pubsub.v1.*'")]
pub struct Find {
    /// Pattern for full names
    ///
    /// `*` stands for any characters, `?` for one. A pattern may begin behind any `.` or `/` of a name; one that begins
    /// with `/` must match a whole method, `/package.Service/Method`.
    #[arg(value_name = "GLOB")]
    glob: Glob,

    #[command(flatten)]
    schema: SchemaArgs,
}

impl Find {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let sources = self.schema.load()?;
        let names = sources.schema.sources();
        let definitions = sources.schema.definitions();
        let mut output = Output::new();
        let mut found: Vec<_> = definitions.iter().filter(|found| self.glob.matches(&found.name)).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        for definition in &found {
            output.write(&line_of(definition, &names))?;
        }
        output.flush()?;
        if !found.is_empty() {
            return Ok(Outcome::Fine);
        }
        note("rpcreplay: ", &format!("nothing that is known matches `{}`", self.glob.as_str()));
        offer(self.glob.as_str(), &definitions);
        Ok(Outcome::Missing)
    }
}

/// Offers names that are close to one that is not known.
pub fn offer(name: &str, definitions: &[Definition]) {
    let close = similar(name.trim_matches('*'), definitions, OFFERED);
    let close: Vec<_> = close.into_iter().map(|definition| format!("`{}`", definition.name)).collect();
    match close.split_last() {
        None => {}
        Some((only, [])) => note("hint: ", &format!("did you mean {only}?")),
        Some((last, others)) => note("hint: ", &format!("did you mean {} or {last}?", others.join(", "))),
    }
}

fn line_of(definition: &Definition, sources: &[SourceSummary]) -> Vec<u8> {
    let Definition { kind, name, file, .. } = definition;
    let source = &sources[definition.source].name;
    let shadowed = if definition.is_shadowed { ", not used: a source before it has the name" } else { "" };
    let mut line = Vec::new();
    escape_go(&mut line, format!("{kind:9}  {name}  {file}, {source}{shadowed}").as_bytes());
    line.push(b'\n');
    line
}
