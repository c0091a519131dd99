//! Prints every message of a binary recording with prost-reflect, or encodes every message of a file of texts:
//! `peer-prost-reflect json|text|from-json|from-text PROTOSET FILE`.
//!
//! It holds one message in memory and reads the framing itself, so that only messages make the difference.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::str;

use prost::Message;
use prost_reflect::text_format::FormatOptions;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(message, optional, tag = "3")]
    message: Option<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [manner, protoset, file] = arguments.as_slice() else {
        return Err("usage: peer-prost-reflect json|text|from-json|from-text PROTOSET FILE".into());
    };
    let mut types = Types { pool: DescriptorPool::decode(fs::read(protoset)?.as_slice())?, known: HashMap::new() };
    let mut input = BufReader::with_capacity(1 << 18, File::open(file)?);
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    match manner.as_str() {
        "json" => print(&mut input, &mut types, |message| {
            serde_json::to_writer(&mut output, &message)?;
            Ok(output.write_all(b"\n")?)
        })?,
        "text" => print(&mut input, &mut types, |message| {
            let text = message.to_text_format_with_options(&FormatOptions::new().pretty(true).expand_any(true));
            Ok(writeln!(output, "{text}")?)
        })?,
        "from-json" => encode(&mut input, &mut types, &mut output, |descriptor, text| {
            let mut json = serde_json::Deserializer::from_slice(text);
            let message = DynamicMessage::deserialize(descriptor, &mut json)?;
            json.end()?;
            Ok(message)
        })?,
        "from-text" => encode(&mut input, &mut types, &mut output, |descriptor, text| {
            Ok(DynamicMessage::parse_text_format(descriptor, str::from_utf8(text)?)?)
        })?,
        other => return Err(format!("no manner {other}").into()),
    }
    Ok(output.flush()?)
}

/// Decodes every message of a recording.
fn print(
    input: &mut impl Read,
    types: &mut Types,
    mut write: impl FnMut(DynamicMessage) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut record = Vec::new();
    input.read_exact(&mut [0; 9])?;
    read_record(input, &mut record)?;
    while read_record(input, &mut record)? {
        let Some(any) = Entry::decode(record.as_slice())?.message else {
            continue;
        };
        let descriptor = types.find(any.type_url.rsplit('/').next().unwrap_or_default())?;
        write(DynamicMessage::decode(descriptor, any.value.as_slice())?)?;
    }
    Ok(())
}

/// Parses every message of a file that holds names of types and texts by turns, and writes its bytes behind their
/// length.
fn encode(
    input: &mut impl Read,
    types: &mut Types,
    output: &mut impl Write,
    parse: impl Fn(MessageDescriptor, &[u8]) -> Result<DynamicMessage, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (mut name, mut text, mut encoded) = (Vec::new(), Vec::new(), Vec::new());
    while read_record(input, &mut name)? {
        read_record(input, &mut text)?;
        let message = parse(types.find(str::from_utf8(&name)?)?, &text)?;
        encoded.clear();
        message.encode(&mut encoded)?;
        output.write_all(&u32::try_from(encoded.len())?.to_le_bytes())?;
        output.write_all(&encoded)?;
    }
    Ok(())
}

/// The types that were asked for so far.
struct Types {
    pool: DescriptorPool,
    known: HashMap<String, MessageDescriptor>,
}

impl Types {
    fn find(&mut self, name: &str) -> Result<MessageDescriptor, Box<dyn Error>> {
        if !self.known.contains_key(name) {
            let descriptor = self.pool.get_message_by_name(name).ok_or_else(|| format!("no descriptor for {name}"))?;
            self.known.insert(name.to_owned(), descriptor);
        }
        Ok(self.known[name].clone())
    }
}

/// Reads a length and that many bytes, or nothing at the end.
fn read_record(input: &mut impl Read, record: &mut Vec<u8>) -> io::Result<bool> {
    record.clear();
    if input.by_ref().take(4).read_to_end(record)? == 0 {
        return Ok(false);
    }
    let length = u32::from_le_bytes(record.as_slice().try_into().map_err(|_| io::ErrorKind::UnexpectedEof)?);
    record.resize(length as usize, 0);
    input.read_exact(record)?;
    Ok(true)
}
