//! Recordings that answer calls: a server on loopback.

mod command;
mod faults;
mod kinds;
mod services;
