//! The command line of `rpcreplay`.

fn main() {}
