//! `rpcreplay schema show`: a definition as `.proto` text.

use rpcreplay::schema::{Description, SourceSummary};

use crate::args::{ColorWhen, SchemaArgs};
use crate::failure::{Failure, Outcome, note};
use crate::output::Output;
use crate::render::{Painter, Role};

use super::find::offer;

/// How many names are listed of those that a name could mean.
const LISTED: usize = 20;

/// Show how a message, enum, service, method or extension is defined
///
/// As .proto text that compiles, but for comments and options that mean nothing to what is on the wire. A method is shown
/// with its request and its response, a nested type inside what it is nested in.
///
/// The exit code is 2 if nothing has the name, or more than one thing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rpcreplay schema show google.rpc.Status
  rpcreplay schema show /google.pubsub.v1.Publisher/Publish")]
pub struct Show {
    /// Full name, type URL, method as /package.Service/Method, or name of a .proto file
    ///
    /// The end of a full name will do where only one ends so.
    #[arg(value_name = "NAME")]
    name: String,

    /// Use colours; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: ColorWhen,

    #[command(flatten)]
    schema: SchemaArgs,
}

impl Show {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let sources = self.schema.load()?;
        let schema = &sources.schema;
        let is_url = !self.name.starts_with('/') && self.name.contains('/');
        let of_url = self.name.rsplit('/').next().filter(|_| is_url);
        let mut described = schema.describe(&self.name);
        if let Some(name) = of_url.filter(|_| described.is_empty()) {
            described = schema.describe(name);
        }
        if described.is_empty() {
            let Some(name) = self.full_name(schema) else { return Ok(Outcome::Reported) };
            described = schema.describe(&name);
        }
        let names = schema.sources();
        let mut output = Output::new();
        for (number, description) in described.iter().enumerate() {
            let mut shown = if number > 0 { b"\n".to_vec() } else { Vec::new() };
            let mut painter = Painter { out: &mut shown, colors: self.color.colors() };
            paint(description, &names, &mut painter);
            output.write(&shown)?;
        }
        output.flush()?;
        Ok(Outcome::Fine)
    }

    /// The only full name that ends in the one given; if there is none, or more than one, says so.
    fn full_name(&self, schema: &rpcreplay::Schema) -> Option<String> {
        let definitions = schema.definitions();
        let ends_so = |name: &str| {
            let before = name.strip_suffix(&self.name).filter(|_| !self.name.is_empty());
            before.is_some_and(|before| before.ends_with(['.', '/']))
        };
        let used = definitions.iter().filter(|definition| !definition.is_shadowed);
        let mut names: Vec<_> = used.map(|definition| &definition.name).filter(|name| ends_so(name)).collect();
        names.sort();
        match names.as_slice() {
            [name] => Some((*name).clone()),
            [] => {
                note("rpcreplay: ", &format!("no source defines `{}`", self.name));
                offer(&self.name, &definitions);
                None
            }
            names => {
                note("rpcreplay: ", &format!("{} names end in `{}`:", names.len(), self.name));
                names.iter().take(LISTED).for_each(|name| note("  ", name));
                let hint = match names.len() {
                    ..=LISTED => "give more of the name".to_owned(),
                    _ => format!("give more of the name; rpcreplay schema find '{}' shows them all", self.name),
                };
                note("hint: ", &hint);
                None
            }
        }
    }
}

/// Appends a description, with what is a name in it in colour.
fn paint(description: &Description, sources: &[SourceSummary], painter: &mut Painter<'_>) {
    let origin = format!("// {}, {}", description.file, sources[description.source].name);
    painter.name(Role::Aside, origin.as_bytes());
    painter.plain("\n");
    for line in description.text.lines() {
        let is_named =
            |definition: &&str| !definition.trim_start().starts_with("option ") && definition.starts_with("  ");
        let definition = line.split_once(" = ").filter(|(definition, _)| is_named(definition));
        if line.trim_start().starts_with("//") {
            painter.name(Role::Aside, line.as_bytes());
        } else if let Some((definition, rest)) = definition {
            let name = definition.rfind(' ').map_or(0, |blank| blank + 1);
            painter.name(Role::Kind, &definition.as_bytes()[..name]);
            painter.name(Role::Name, &definition.as_bytes()[name..]);
            painter.name(Role::Kind, format!(" = {rest}").as_bytes());
        } else {
            painter.name(Role::Kind, line.as_bytes());
        }
        painter.plain("\n");
    }
}
