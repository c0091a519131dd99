//! `rpcreplay match`: which recorded call answers a request, or why none does.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;

use rpcreplay::entry::{Payload, type_name};
use rpcreplay::glob::Glob;
use rpcreplay::replay::{CallRef, Miss, Replayer};
use rpcreplay::schema::{Code, JsonReadOptions, JsonReader, Schema, Status};

use crate::args::{ColorWhen, Limit, SchemaArgs};
use crate::failure::{Failure, Outcome, Trouble, name_of, note};
use crate::output::Output;
use crate::render::{Painter, Role};
use crate::replaying::{Matching, add, explain, show_hint, tell_unused};

/// Say which recorded call answers a request, or why none does
///
/// A replay that fails with `request not found` does not say why. This matches a request as Go's replayer and `serve` do: a unary call is
/// answered by the first recorded call of its method with an equal request, a stream by the first whose first message is equal. If none
/// is, the calls that come nearest are shown, with the fields that differ.
///
/// Several requests are matched one after the other, and each recorded call answers once. Without --data, the first stream of the method is
/// asked, as by a program that receives before it sends anything.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 every request is answered, 1 one is not, 2 trouble.

Examples:
  rpcreplay match calls.replay -m GetTopic --data '{\"topic\": \"projects/p/topics/t\"}'
  rpcreplay match calls.replay -m CreateTopic --data @topic.json --ignore 'request:labels'")]
pub struct Match {
    /// Recordings that answer, in any format, compressed or not
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    limit: Limit,

    /// The method that is called, by its full name, or a pattern that only one recorded method matches
    #[arg(short, long, value_name = "GLOB")]
    method: Glob,

    /// The request, or the first message that is sent on a stream, as JSON, from @FILE, or from standard input with - (can be repeated)
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Vec<String>,

    /// Use colours on a terminal; auto heeds NO_COLOR, CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: ColorWhen,

    #[command(flatten)]
    matching: Matching,

    #[command(flatten)]
    schema: SchemaArgs,
}

/// What became of a request.
type Answered = Result<(CallRef, Option<String>), Box<Miss>>;

impl Match {
    /// Runs the command.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let sources = self.schema.load()?.for_good();
        let (mut replayer, noise) = self.matching.replayer(sources)?;
        add(&mut replayer, &self.files, self.limit, sources)?;
        let method = self.method(&replayer)?;
        let recorded = replayer.answers_streams(&method);
        let is_stream = recorded == Some(true);
        let mut output = Output::new();
        let colors = self.color.colors() && (self.color == ColorWhen::Always || io::stdout().is_terminal());
        let files: Vec<String> = self.files.iter().map(|path| name_of(path)).collect();
        let (mut missed, mut hint) = (false, None);
        let mut tell = |answered: Answered| -> Result<(), Failure> {
            let mut text = Vec::new();
            let mut painter = Painter { out: &mut text, colors };
            match answered {
                Ok((call, ended)) => show_answer(&files, &method, call, ended.as_deref(), &mut painter),
                Err(miss) => {
                    missed = true;
                    hint = hint.take().or_else(|| show_hint(&miss));
                    explain(&miss, &files, &mut painter);
                }
            }
            output.write(&text)
        };
        if recorded.is_none() {
            // Whatever is asked.
            tell(unary(&replayer, &method, b""))?;
        } else if self.data.is_empty() {
            tell(receive_at_once(&replayer, &method, is_stream)?)?;
        }
        for data in self.data.iter().filter(|_| recorded.is_some()) {
            let message = self.message(data, &replayer, &method, is_stream, &sources.schema)?;
            tell(match is_stream {
                true => stream(&replayer, &method, &message),
                false => unary(&replayer, &method, &message),
            })?;
        }
        output.flush()?;
        if let Some(hint) = hint {
            note("hint: ", &hint);
        }
        tell_unused(noise);
        sources.advise(&[]);
        Ok(if missed { Outcome::Missing } else { Outcome::Fine })
    }

    /// The recorded method that is meant; a full name may be that of one that was not recorded.
    fn method(&self, replayer: &Replayer<'_>) -> Result<String, Trouble> {
        let found: Vec<&str> = replayer.methods().filter(|method| self.method.matches(method)).collect();
        let pattern = self.method.as_str();
        match &found[..] {
            [one] => Ok((*one).to_owned()),
            [] if pattern.starts_with('/') && !pattern.contains(['*', '?']) => Ok(pattern.to_owned()),
            [] => {
                let all: Vec<&str> = replayer.methods().collect();
                Err(Trouble::new("--method", format!("no recorded method matches `{pattern}`"))
                    .with_hint(format!("the recorded ones are {}", listed(&all))))
            }
            several => Err(Trouble::new("--method", format!("`{pattern}` matches {}", listed(several)))
                .with_hint("name one of them")),
        }
    }

    /// The bytes of a message that is given as JSON.
    fn message(
        &self,
        data: &str,
        replayer: &Replayer<'_>,
        method: &str,
        is_stream: bool,
        schema: &Schema,
    ) -> Result<Vec<u8>, Trouble> {
        let (name, json) = match data {
            "-" => {
                let mut json = Vec::new();
                io::stdin().read_to_end(&mut json).map_err(|error| Trouble::new("standard input", error))?;
                ("standard input", json)
            }
            data => match data.strip_prefix('@') {
                Some(path) => (path, fs::read(path).map_err(|error| Trouble::new(path, error))?),
                None => ("--data", data.as_bytes().to_vec()),
            },
        };
        let layout = match (schema.method(method), replayer.request_type(method, is_stream)) {
            (_, Some(recorded)) => schema.resolve(recorded).map_err(|reason| Trouble::new(name, reason))?,
            (Some(of_method), None) => of_method.request,
            (None, None) => {
                let message = format!("nothing says of which type the requests of {method} are");
                return Err(Trouble::new(name, message).with_hint("name what defines its service with --protoset FILE"));
            }
        };
        let (mut message, mut reader) = (Vec::new(), JsonReader::new(schema, JsonReadOptions::default()));
        let what = type_name(schema.layout(layout).full_name());
        match reader.read(layout, &json, &mut message) {
            Ok(_) => Ok(message),
            Err(error) => Err(Trouble::new(name, format!("is not the JSON of a {what}: {error}"))),
        }
    }
}

/// Some names, of many the first.
fn listed(names: &[&str]) -> String {
    const NAMED: usize = 8;
    let more = names.len().saturating_sub(NAMED);
    let named = names[..names.len() - more].join(", ");
    if more > 0 { format!("{named} and {more} others") } else { named }
}

fn unary(replayer: &Replayer<'_>, method: &str, request: &[u8]) -> Answered {
    let answer = replayer.unary(method, request)?;
    Ok((answer.call, Some(ended_with(answer.payload))))
}

fn stream(replayer: &Replayer<'_>, method: &str, message: &[u8]) -> Answered {
    let mut stream = replayer.stream(method);
    stream.send(message)?;
    let (mut messages, mut ended) = (0, None);
    while let Some(received) = stream.recv()? {
        match received {
            Payload::Message(_) => messages += 1,
            end => {
                ended = Some(ended_with(end));
                break;
            }
        }
    }
    let call = stream.call().expect("something was sent on it");
    let messages = if messages == 1 { "1 message".to_owned() } else { format!("{messages} messages") };
    Ok((call, Some(ended.map_or(messages.clone(), |ended| format!("{messages}, then {ended}")))))
}

/// What a stream is told on which nothing was sent.
fn receive_at_once(replayer: &Replayer<'_>, method: &str, is_stream: bool) -> Result<Answered, Trouble> {
    if !is_stream {
        return Err(Trouble::new("--data", format!("is needed for {method}, which takes a request")));
    }
    let mut stream = replayer.stream(method);
    Ok(stream.recv().map(|received| {
        let call = stream.call().expect("something was received from it");
        (call, Some(received.map_or_else(|| "nothing".to_owned(), ended_with)))
    }))
}

/// What somebody is told, in a word.
fn ended_with(payload: Payload<'_>) -> String {
    match payload {
        Payload::Message(any) => format!("a {}", any.type_name()),
        Payload::Error(any) => Status::read(any.value).map_or(Code(2), |status| status.code).to_string(),
        Payload::Eof => "the end of the stream".to_owned(),
        Payload::Empty => "nothing".to_owned(),
    }
}

fn show_answer(files: &[String], method: &str, call: CallRef, ended: Option<&str>, painter: &mut Painter<'_>) {
    painter.name(Role::Name, files.get(call.recording).map_or("", String::as_str).as_bytes());
    painter.plain(": ");
    match call.answer {
        Some(answer) => {
            painter.words(Role::Index, &format!("#{answer}"));
            painter.words(Role::Aside, &format!(" of call #{}", call.first));
        }
        None => painter.words(Role::Index, &format!("#{}", call.first)),
    }
    painter.plain(" ");
    painter.short_name(Role::Method, method.as_bytes());
    painter.plain(" answers");
    if let Some(ended) = ended {
        painter.plain(": ");
        painter.name(Role::Good, ended.as_bytes());
    }
    painter.plain("\n");
}
