//! What commands share that listen: flags, where and how they listen, and when they stop.

mod address_file;
mod signals;

use std::fs;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr;

use rpcreplay::net::{Address, Limits, Listener, NoTls, Tls};

use crate::args::parse_bytes;
use crate::failure::{Trouble, name_of, note};
use address_file::AddressFile;
use signals::signals;

/// Where to listen, how, and what is taken.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Listen at HOST:PORT, port 0 for any that is free, or at a Unix socket, unix:PATH
    #[arg(long, value_name = "ADDR")]
    listen: Address,

    /// Write the real address to this file as soon as calls are taken; the file is removed when the server stops
    #[arg(long, value_name = "FILE")]
    addr_file: Option<PathBuf>,

    /// Prove who the server is with this certificate, in PEM, those that vouch for it behind it
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "TLS")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS")]
    tls_key: Option<PathBuf>,

    /// Make a certificate for localhost and the host that is listened at, and write it to this file, so that clients can trust it
    #[arg(long, value_name = "FILE", conflicts_with = "tls_cert", help_heading = "TLS")]
    tls_self_signed: Option<PathBuf>,

    /// Refuse messages of more bytes than this
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value_t = Limits::default().max_message_bytes as u64, help_heading = "Limits")]
    max_message: u64,

    /// Take no more connections than this at the same time
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_connections, value_parser = at_least_one::<usize>, help_heading = "Limits")]
    max_connections: usize,

    /// Take no more calls than this on a connection at the same time
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_concurrent_streams, value_parser = at_least_one::<u32>, help_heading = "Limits")]
    max_streams: u32,

    /// Refuse calls whose headers have more bytes than this
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_header_list_bytes, value_parser = at_least_one::<u32>, help_heading = "Limits")]
    max_headers: u32,
}

/// A number of something of which there must be some.
fn at_least_one<T: FromStr + PartialEq + Default>(text: &str) -> Result<T, &'static str> {
    text.parse().ok().filter(|number| *number != T::default()).ok_or("expected a number from 1 on")
}

/// What is needed to listen.
#[derive(Debug)]
pub struct Entrance {
    listen: Address,
    tls: Option<Tls>,
    address_file: Option<AddressFile>,
}

/// Something that is ready when a server is to stop.
pub type Stop = Pin<Box<dyn Future<Output = ()>>>;

impl ServerArgs {
    pub fn limits(&self) -> Limits {
        Limits {
            max_message_bytes: usize::try_from(self.max_message).unwrap_or(usize::MAX),
            max_concurrent_streams: self.max_streams,
            max_connections: self.max_connections,
            max_header_list_bytes: self.max_headers,
            ..Limits::default()
        }
    }

    /// Reads what is needed to listen.
    pub fn entrance(&self) -> Result<Entrance, Trouble> {
        let address_file = self.addr_file.as_deref().map(AddressFile::prepare).transpose()?;
        Ok(Entrance { listen: self.listen.clone(), tls: self.tls()?, address_file })
    }

    fn tls(&self) -> Result<Option<Tls>, Trouble> {
        if let Some(path) = &self.tls_self_signed {
            let names = names_of(&self.listen);
            let (tls, certificate) =
                Tls::self_signed(names).map_err(|error| Trouble::new("--tls-self-signed", error))?;
            fs::write(path, certificate).map_err(|error| Trouble::new(&name_of(path), error))?;
            return Ok(Some(tls));
        }
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let read = |path: &Path| fs::read(path).map_err(|error| Trouble::new(&name_of(path), error));
        let tls = Tls::from_pem(&read(certificate)?, &read(key)?);
        tls.map(Some).map_err(|error| match error {
            NoTls::Key(_) => Trouble::new(&name_of(key), error),
            error => Trouble::new(&name_of(certificate), error),
        })
    }
}

impl Entrance {
    /// Listens, says where, and has calls taken until the first signal, and those that are open then until they have ended or a second
    /// signal comes.
    ///
    /// Gives back what `serve` does, which is told when to stop; nothing after a second signal.
    pub async fn serve<F: Future>(self, serve: impl FnOnce(Listener, Stop) -> F) -> Result<Option<F::Output>, Trouble> {
        let mut listener = Listener::bind(&self.listen).await.map_err(|error| no_listener(&self.listen, &error))?;
        if let Some(tls) = self.tls {
            listener = listener.with_tls(tls);
        }
        // Whoever has read the address may send a signal.
        let (first, second) = (signals(1)?, signals(2)?);
        let address = listener.address().to_string();
        if let Some(file) = &self.address_file {
            file.write(&address)?;
        }
        note("listening at ", &address);
        let stop = Box::pin(async {
            first.await;
            note("stopping; ", "open calls have 5 seconds, another signal ends them at once");
        });
        Ok(tokio::select! {
            output = serve(listener, stop) => Some(output),
            () = second => None,
        })
    }
}

fn no_listener(listen: &Address, error: &io::Error) -> Trouble {
    let trouble = Trouble::new(&format!("--listen {listen}"), error);
    match (listen, error.kind()) {
        (Address::Tcp(_), io::ErrorKind::AddrInUse) => trouble.with_hint("port 0 is one that is free"),
        #[cfg(unix)]
        (Address::Unix(_), io::ErrorKind::AddrInUse) => {
            trouble.with_hint("remove the socket if it was left by a server that did not end by itself")
        }
        (_, _) => trouble,
    }
}

/// The names that a certificate of our own is for.
fn names_of(listen: &Address) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    if let Address::Tcp(address) = listen
        && let Some((host, _)) = address.rsplit_once(':')
    {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !names.contains(&host) {
            names.push(host);
        }
    }
    names
}
