//! Writes a recording anew: `rewrite IN OUT`, in any format that is read, to the binary one.
//!
//! Every entry is encoded from what it says, not copied as the record it was, so that somebody else's reader can
//! judge the library's writer.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use rpcreplay::entry::Entry;
use rpcreplay::format::{ReadOptions, Reader, Writer};
use rpcreplay::schema::Schema;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        return Err("usage: rewrite IN OUT".into());
    };
    let schema = Schema::builder().build();
    let mut reader = Reader::new(File::open(input)?, &schema, ReadOptions::default())?;
    let mut writer = Writer::binary(BufWriter::new(File::create(output)?), reader.header())?;
    while let Some(entry) = reader.read()? {
        writer.write(&Entry::encode(entry.kind(), entry.method(), entry.payload(), entry.ref_index())?)?;
    }
    writer.finish()?;
    Ok(())
}
