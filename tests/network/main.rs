//! Calls over the network: recordings that answer them, and the proxy that records them, with a client that knows HTTP/2 and nothing of
//! gRPC but what stands here.

mod client;
mod process;
mod record;
mod recording;
mod running;
mod serve;
