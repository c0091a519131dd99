//! The unary calls of a binary recording: [`calls`].

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};

use bytes::{BufMut, Bytes};
use prost::Message;

use crate::Result;

/// The numbers of kinds of entries.
const REQUEST: i32 = 1;
const RESPONSE: i32 = 2;

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    method: String,
    #[prost(message, optional, tag = "3")]
    message: Option<Any>,
    #[prost(int32, tag = "5")]
    ref_index: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// What was asked and what was answered.
pub struct Call {
    pub method: String,
    pub request: Bytes,
    pub answer: Bytes,
}

/// All calls, in the order of their answers.
pub fn calls(path: &str) -> Result<Vec<Call>> {
    let mut input = BufReader::with_capacity(1 << 18, File::open(path)?);
    input.read_exact(&mut [0; 9])?;
    read_record(&mut input)?.ok_or("no header")?;
    let (mut calls, mut open, mut index) = (Vec::new(), HashMap::new(), 0);
    while let Some(record) = read_record(&mut input)? {
        index += 1;
        let Entry { kind, method, message, ref_index } = Entry::decode(record)?;
        let message = message.ok_or("an entry without a message")?.value;
        match kind {
            REQUEST => drop(open.insert(index, (method, message))),
            RESPONSE => {
                let (method, request) = open.remove(&ref_index).ok_or("a response without its request")?;
                calls.push(Call { method, request, answer: message });
            }
            other => return Err(format!("an entry of kind {other}, expected unary calls").into()),
        }
    }
    Ok(calls)
}

/// A message with what stands in front of it on the wire.
pub fn framed(message: &[u8]) -> Bytes {
    let mut framed = Vec::with_capacity(5 + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.put_slice(message);
    framed.into()
}

/// Reads a length and that many bytes, or nothing at the end.
fn read_record(input: &mut impl Read) -> io::Result<Option<Bytes>> {
    let mut length = Vec::new();
    if input.by_ref().take(4).read_to_end(&mut length)? == 0 {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length.try_into().map_err(|_| io::ErrorKind::UnexpectedEof)?);
    let mut record = vec![0; length as usize];
    input.read_exact(&mut record)?;
    Ok(Some(record.into()))
}
