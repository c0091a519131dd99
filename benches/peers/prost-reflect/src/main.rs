//! Prints every message of a binary recording with prost-reflect: `peer-prost-reflect json|text PROTOSET FILE`.
//!
//! It holds one record in memory and reads the framing itself, so that only messages make the difference.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};

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
        return Err("usage: peer-prost-reflect json|text PROTOSET FILE".into());
    };
    let pool = DescriptorPool::decode(fs::read(protoset)?.as_slice())?;
    let mut types: HashMap<String, MessageDescriptor> = HashMap::new();
    let mut input = BufReader::with_capacity(1 << 18, File::open(file)?);
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let mut record = Vec::new();
    input.read_exact(&mut [0; 9])?;
    read_record(&mut input, &mut record)?;
    while read_record(&mut input, &mut record)? {
        let Some(any) = Entry::decode(record.as_slice())?.message else {
            continue;
        };
        let name = any.type_url.rsplit('/').next().unwrap_or_default();
        if !types.contains_key(name) {
            let descriptor = pool.get_message_by_name(name).ok_or_else(|| format!("no descriptor for {name}"))?;
            types.insert(name.to_owned(), descriptor);
        }
        let message = DynamicMessage::decode(types[name].clone(), any.value.as_slice())?;
        match manner.as_str() {
            "json" => serde_json::to_writer(&mut output, &message)?,
            "text" => {
                let text = message.to_text_format_with_options(&FormatOptions::new().pretty(true).expand_any(true));
                output.write_all(text.as_bytes())?;
            }
            other => return Err(format!("no manner {other}").into()),
        }
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}

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
