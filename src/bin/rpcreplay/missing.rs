//! What to do about message types that no source knows.

use rpcreplay::Schema;
use rpcreplay::schema::{DefinitionKind, MissingImport, similar};
use rpcreplay::unnamed;

use crate::failure::note;
use crate::project::Project;

/// How many types are named.
const NAMED: usize = 3;

/// How many services are remembered.
const REMEMBERED_SERVICES: usize = 8;

/// Services of streams whose shape no descriptor tells: a few of them, to say what would help.
#[derive(Debug, Default)]
pub struct UnknownServices(Vec<String>);

impl UnknownServices {
    /// Adds the service of a method.
    pub fn add(&mut self, method: &str) {
        let Some(service) = service_of(method) else { return };
        if self.0.len() < REMEMBERED_SERVICES && self.0.iter().all(|known| known != service) {
            self.0.push(service.to_owned());
        }
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// The service of a method.
fn service_of(method: &str) -> Option<&str> {
    Some(method.strip_prefix('/')?.split_once('/')?.0)
}

/// Which flags would help with types that no source knows.
pub fn flags(names: &[&str]) -> Option<String> {
    let types = in_words(names)?;
    let them = if names.len() == 1 { "it" } else { "them" };
    Some(format!(
        "name what defines {types} with --go-binary PROGRAM (the Go test that made the recording has {them}), \
         --proto FILE -I DIR or --protoset FILE"
    ))
}

/// The same for messages of methods that were recorded without descriptors.
fn flags_for_methods(methods: &[String]) -> Option<String> {
    let names: Vec<_> = methods.iter().map(String::as_str).collect();
    let (methods, service) = (in_words(&names)?, if names.len() == 1 { "service" } else { "services" });
    Some(format!(
        "messages of {methods} were recorded without descriptors: name what defines the {service} with --protoset FILE, \
         --proto FILE -I DIR or --go-binary PROGRAM"
    ))
}

/// A few names, and how many there are beside them; nothing if there are none.
fn in_words(names: &[&str]) -> Option<String> {
    let quoted: Vec<_> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let (last, others) = quoted.split_last()?;
    Some(match (others, names.len() - quoted.len()) {
        ([], 0) => last.clone(),
        (others, 0) => format!("{} and {last}", others.join(", ")),
        (_, more) => format!("{} and {more} more", quoted.join(", ")),
    })
}

/// Says what would help with the types that were asked for and not found, and with these services.
pub fn advise(schema: &Schema, services: &[String], without_builtin: bool, project: Option<&Project>) {
    let names = schema.unresolved();
    let mut names: Vec<_> = names.iter().chain(services).map(String::as_str).collect();
    if without_builtin {
        let builtin = Schema::builtin();
        let found = names.len();
        names.retain(|name| builtin.resolve(name).is_err());
        if names.len() < found {
            note("hint: ", "leave --no-builtin-protos out: the built-in descriptors know types that were not found");
        }
    }
    let methods = take_methods(&mut names);
    let in_project = project.map(|project| format!(", or in {}", project.path.display())).unwrap_or_default();
    if let Some(hint) = flags_for_methods(&methods) {
        note("hint: ", &format!("{hint}{in_project}; `rpcreplay schema retype` then writes what the types are called"));
    }
    let Some(hint) = flags(&names) else { return };
    note("hint: ", &format!("{hint}{in_project}"));
    // Options need their imports, too, but nobody misses those; what is missing here may stand in any of them.
    let imports = schema.missing_imports();
    if let Some(first) = imports.first() {
        let more = match imports.len() - 1 {
            0 => String::new(),
            more => format!(", nor are {more} more"),
        };
        let MissingImport { name, importer } = first;
        note(
            "hint: ",
            &format!(
                "`{name}`, which `{importer}` imports, is not there{more}: name its folder with -I, or build the set with --include_imports"
            ),
        );
    }
    let known = known_elsewhere(schema, &names);
    if !known.is_empty() {
        note("hint: ", &format!("known, and close to what is missing: {}", known.join(", ")));
    }
}

/// Takes the names of messages that were recorded without descriptors, and the services of their methods, out of others, and returns the
/// methods, sorted.
fn take_methods(names: &mut Vec<&str>) -> Vec<String> {
    let mut methods: Vec<_> = names.iter().filter_map(|name| unnamed::of(name)).map(|unnamed| unnamed.method).collect();
    methods.sort();
    methods.dedup();
    let is_service = |name: &str| methods.iter().any(|method| service_of(method) == Some(name));
    names.retain(|name| unnamed::of(name).is_none() && !is_service(name));
    methods
}

/// What is known that comes close to types that are not.
fn known_elsewhere(schema: &Schema, names: &[&str]) -> Vec<String> {
    let sources = schema.sources();
    let mut definitions = schema.definitions_near(names);
    definitions.retain(|definition| definition.kind == DefinitionKind::Message);
    let close = names.iter().take(NAMED).filter_map(|name| similar(name, &definitions, 1).into_iter().next());
    let mut known: Vec<_> =
        close.map(|definition| format!("`{}` ({})", definition.name, sources[definition.source].name)).collect();
    known.dedup();
    known
}

#[cfg(test)]
mod tests {
    use rpcreplay::unnamed::Direction;

    use super::*;

    #[test]
    fn a_few_types_are_named_and_the_others_counted() {
        let begins = |names: &[&str], words: &str| {
            let hint = flags(names).expect("there are names");
            assert!(hint.starts_with(words), "{hint}");
        };
        begins(&["a"], "name what defines `a` with --go-binary PROGRAM (the Go test that made the recording has it), ");
        begins(&["a", "b", "c"], "name what defines `a`, `b` and `c` with ");
        begins(&["a", "b", "c", "d", "e"], "name what defines `a`, `b`, `c` and 2 more with ");
        assert_eq!(flags(&[]), None);
    }

    #[test]
    fn messages_without_a_type_are_told_by_their_methods() {
        let names = ["/a.S/N", "/a.S/M", "/a.S/M"].map(|method| unnamed::type_url(method, Direction::Request));
        let mut names: Vec<_> = names.iter().map(String::as_str).chain(["a.S", "b.T"]).collect();
        let methods = take_methods(&mut names);
        assert_eq!((&methods[..], &names[..]), (&["/a.S/M".to_owned(), "/a.S/N".to_owned()][..], &["b.T"][..]));
        let hint = flags_for_methods(&methods[..1]).expect("there is a method");
        assert!(hint.starts_with(
            "messages of `/a.S/M` were recorded without descriptors: name what defines the service with --protoset"
        ));
        let hint = flags_for_methods(&methods).expect("there are methods");
        assert!(hint.starts_with(
            "messages of `/a.S/M` and `/a.S/N` were recorded without descriptors: name what defines the services"
        ));
        assert_eq!(flags_for_methods(&[]), None);
    }

    #[test]
    fn another_version_of_a_type_is_offered() {
        let known = known_elsewhere(&Schema::builtin(), &["google.pubsub.v9.Topic", "acme.v1.Order"]);
        assert_eq!(known, ["`google.pubsub.v1.Topic` (built-in bundle)"]);
    }
}
