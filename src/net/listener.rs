//! [`Listener`]: where connections come from, a TCP address or a Unix socket.

use std::fmt;
use std::io::{self, Cursor};
#[cfg(unix)]
use std::path::PathBuf;
use std::str::FromStr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::tls::Tls;

/// What an address of a Unix socket begins with.
#[cfg(unix)]
const UNIX: &str = "unix:";

/// How many bytes a client of HTTP/2 sends before anything else.
///
/// Source: RFC 9113, section 3.4.
const PREFACE_BYTES: usize = 24;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A host and a port, which is chosen by the system if it is 0.
    Tcp(String),
    /// A path.
    #[cfg(unix)]
    Unix(PathBuf),
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST:PORT, such as 127.0.0.1:8080, or unix:PATH")]
pub struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix(UNIX) {
            // gRPC writes absolute paths as unix:///path, too.
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(NoAddress) } else { Ok(Address::Unix(path.into())) };
        }
        let (host, port) = text.rsplit_once(':').ok_or(NoAddress)?;
        let is_address = !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok();
        if is_address { Ok(Address::Tcp(text.to_owned())) } else { Err(NoAddress) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => f.pad(address),
            #[cfg(unix)]
            Address::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// Listens at an address; a Unix socket is removed when it is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: Address,
    tls: Option<Tls>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Bytes in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection, and where it is from.
pub(crate) struct Accepted {
    stream: Box<dyn Stream>,
    tls: Option<Tls>,
    pub(crate) peer: String,
}

impl Accepted {
    /// The bytes that pass on it, once both sides agree on keys, if it is to be so, and the client has begun to speak HTTP/2. What it says
    /// is not looked at.
    pub(crate) async fn stream(self) -> io::Result<Box<dyn Stream>> {
        let mut stream = match self.tls {
            None => self.stream,
            Some(tls) => Box::new(tls.secure(self.stream).await?),
        };
        let mut preface = [0; PREFACE_BYTES];
        stream.read_exact(&mut preface).await?;
        let (read, write) = tokio::io::split(stream);
        Ok(Box::new(tokio::io::join(Cursor::new(preface).chain(read), write)))
    }
}

impl Listener {
    /// Listens at an address.
    ///
    /// # Errors
    ///
    /// If somebody else does, or there is no such address.
    pub async fn bind(address: &Address) -> io::Result<Listener> {
        Ok(match address {
            Address::Tcp(address) => {
                let listener = TcpListener::bind(address).await?;
                let address = Address::Tcp(listener.local_addr()?.to_string());
                Listener { socket: Socket::Tcp(listener), address, tls: None }
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                Listener { socket: Socket::Unix(listener), address: address.clone(), tls: None }
            }
        })
    }

    /// Speaks TLS with all that come.
    pub fn with_tls(mut self, tls: Tls) -> Listener {
        self.tls = Some(tls);
        self
    }

    /// Where it listens really: with the port that the system has chosen.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The next connection. None is lost if the future is dropped.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        let (stream, peer): (Box<dyn Stream>, String) = match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are small, and somebody waits for them. A connection that is broken already says so when it is read.
                let _ = stream.set_nodelay(true);
                (Box::new(stream), peer.to_string())
            }
            #[cfg(unix)]
            Socket::Unix(listener) => (Box::new(listener.accept().await?.0), self.address.to_string()),
        };
        Ok(Accepted { stream, tls: self.tls.clone(), peer })
    }
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            // If it is gone already, that is what was wanted.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_addresses_apart() {
        for text in ["127.0.0.1:0", "localhost:8080", "[::1]:443"] {
            assert_eq!(text.parse(), Ok(Address::Tcp(text.to_owned())));
        }
        for text in ["", ":80", "8080", "localhost", "localhost:http", "host:70000", "https://host:443"] {
            assert_eq!(text.parse::<Address>(), Err(NoAddress), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn takes_paths_of_unix_sockets() {
        for (text, path) in [("unix:/a/b", "/a/b"), ("unix:///a/b", "/a/b"), ("unix:b", "b")] {
            assert_eq!(text.parse(), Ok(Address::Unix(path.into())), "{text}");
        }
        assert_eq!("unix:".parse::<Address>(), Err(NoAddress));
    }
}
