//! Calls that are recorded on their way to a server: the proxy, and a server behind it.

mod command;
mod ends;
mod faults;
mod kinds;
mod passing;
mod proxied;
mod reflection;
mod upstream;
