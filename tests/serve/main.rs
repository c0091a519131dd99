//! Recordings that answer calls: a server on loopback, and a client that knows HTTP/2 and nothing of gRPC but what stands here.

mod client;
mod command;
mod faults;
mod kinds;
mod recording;
mod running;
mod services;
