//! Answers calls of gRPC with tonic, and makes such calls:
//!
//! - `peer-tonic server RECORDING` answers all calls of the recording's method with its first answer, and writes its address to
//!   standard output;
//! - `peer-tonic proxy ADDRESS` passes calls on to a server and looks at nothing, and writes its own address to standard output;
//! - `peer-tonic load ADDRESS RECORDING own|first CONNECTIONS AT-ONCE CALLS` makes recorded calls, on each connection some at once, and
//!   writes in JSON how that went. Each must be answered as it was recorded, or with the recording's first answer.

mod load;
mod proxy;
mod recording;
mod server;

use std::env;
use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["server", recording] => server::run(recording).await,
        ["proxy", upstream] => proxy::run(upstream).await,
        ["load", address, recording, answers @ ("own" | "first"), connections, at_once, calls] => {
            let (connections, at_once, calls) = (connections.parse()?, at_once.parse()?, calls.parse()?);
            let plan = load::Plan::new(recording, *answers == "own", calls)?;
            println!("{}", load::run(address, plan, connections, at_once).await?);
            Ok(())
        }
        _ => Err("usage: peer-tonic server RECORDING\n       \
                  peer-tonic proxy ADDRESS\n       \
                  peer-tonic load ADDRESS RECORDING own|first CONNECTIONS AT-ONCE CALLS"
            .into()),
    }
}
