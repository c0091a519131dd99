//! Prints the numbers of the calls that an expression matches: `where EXPRESSION RECORDING...`, a line for each recording.
//!
//! With `--protoset FILE` in front, types are looked for there first. What is to be said of the evaluation goes to standard
//! error. `tests/where/run` compares what is printed with what somebody else's implementation says.

use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::fs::{self, File};

use rpcreplay::entry::{Entry, EntryIndex, Kind, Payload};
use rpcreplay::format::{ReadOptions, Reader};
use rpcreplay::pairing::Pairing;
use rpcreplay::query::{Evaluator, Expression};
use rpcreplay::schema::{Code, Schema, Status};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let mut schema = Schema::builder();
    if arguments.first().is_some_and(|first| first == "--protoset") && arguments.len() > 1 {
        schema = schema.protoset(&arguments[1], fs::read(&arguments[1])?)?;
        arguments.drain(..2);
    }
    let schema = schema.build();
    let Some((text, recordings)) = arguments.split_first() else {
        return Err("usage: where [--protoset FILE] EXPRESSION RECORDING...".into());
    };
    let expression = match Expression::parse(text, &schema) {
        Ok(expression) => expression,
        Err(error) => {
            let hint = error.hint().map_or(String::new(), |hint| format!("\nhint: {hint}"));
            return Err(format!("{error}\n{}{hint}", error.caret()).into());
        }
    };
    for path in recordings {
        println!("{}", matching(&expression, &schema, path)?.join(" "));
    }
    Ok(())
}

fn matching(expression: &Expression, schema: &Schema, path: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut evaluator = Evaluator::new(expression, schema);
    let mut pairing = Pairing::default();
    let mut answered_once = HashSet::new();
    let mut calls: Vec<EntryIndex> = Vec::new();
    for entry in Reader::new(File::open(path)?, schema, ReadOptions::default())? {
        let entry = entry?;
        let call = pairing.follow(&entry).unwrap_or(entry.index());
        let method = (entry.kind() == Kind::CreateStream).then(|| schema.method(entry.method())).flatten();
        if method.is_some_and(|method| !method.streams_responses) {
            answered_once.insert(call);
        }
        let ending = ending(&entry, answered_once.contains(&call));
        calls.extend(evaluator.add(&entry, call, ending).filter(|(_, matches)| *matches).map(|(call, _)| call));
    }
    calls.extend(evaluator.finish().into_iter().filter(|(_, matches)| *matches).map(|(call, _)| call));
    calls.sort();
    let remarks = evaluator.remarks();
    if remarks != Default::default() {
        eprintln!("{path}: {remarks:?}");
    }
    Ok(calls.iter().map(EntryIndex::to_string).collect())
}

/// How the call ended, if this entry says so.
fn ending(entry: &Entry, is_answered_once: bool) -> Option<Code> {
    match (entry.payload(), entry.kind()) {
        (Payload::Error(any), _) if any.type_name() == "google.rpc.Status" => {
            Status::read(any.value).ok().map(|status| status.code)
        }
        (Payload::Error(_), _) => None,
        (Payload::Message(_) | Payload::Empty | Payload::Eof, Kind::Response) => Some(Code::OK),
        (Payload::Eof, Kind::Recv) => Some(Code::OK),
        (Payload::Message(_), Kind::Recv) if is_answered_once => Some(Code::OK),
        (Payload::Message(_) | Payload::Empty | Payload::Eof, _) => None,
    }
}
