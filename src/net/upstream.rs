//! [`Upstream`]: another server, and [`Channel`]: a connection to it.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::Body;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::http::request::Parts;
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Request, Uri, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::connections::{CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES, words_of};
use super::listener::{Address, Stream};
use super::tls::Trust;

/// How long the other server has for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes headers and trailers of the other server may have.
const MAX_HEADER_LIST_BYTES: u32 = 1 << 20;

/// How often another server is asked, while calls are open and nothing comes, whether it is there, and how long that may take. Servers
/// end connections on which they are asked more often than every five minutes.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(330), Duration::from_secs(20));

/// How many calls that were broken off are remembered for a second: what still comes of others is an error of the connection for h2, which
/// ends it after a thousand.
const REMEMBERED_RESETS: usize = 4096;

/// Another server, and how one speaks with it.
#[derive(Debug, Clone)]
pub struct Upstream {
    address: Address,
    authority: Authority,
    trust: Option<Trust>,
}

/// Why there is no connection to another server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address}: {why}")]
pub(crate) struct NoConnection {
    address: Address,
    pub(crate) why: String,
}

impl Upstream {
    /// A server that is spoken to without TLS.
    pub fn new(address: Address) -> Self {
        let authority = match &address {
            // What is none can't be connected to either.
            Address::Tcp(address) => address.parse().unwrap_or(Authority::from_static(LOCAL)),
            #[cfg(unix)]
            Address::Unix(_) => Authority::from_static(LOCAL),
        };
        Upstream { address, authority, trust: None }
    }

    /// The same, with TLS: the server must prove itself by whom one trusts.
    pub fn with_tls(self, trust: Trust) -> Self {
        Upstream { trust: Some(trust), ..self }
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A request to it as it came to us, but for what belongs to the connection that it came by.
    pub(crate) fn request<B>(&self, head: Parts, body: B) -> Request<B> {
        let mut uri = head.uri.into_parts();
        uri.scheme = Some(if self.trust.is_some() { Scheme::HTTPS } else { Scheme::HTTP });
        uri.authority = Some(self.authority.clone());
        uri.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = Uri::from_parts(uri).expect("all parts are there");
        *request.headers_mut() = head.headers;
        request.headers_mut().remove(header::HOST);
        request.headers_mut().remove(header::CONTENT_LENGTH);
        request
    }

    /// Makes a connection.
    async fn handshake<B>(&self) -> Result<SendRequest<B>, NoConnection>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Unpin + 'static,
    {
        let connecting = async {
            let stream = self.connect().await.map_err(|error| error.to_string())?;
            let mut builder = Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .keep_alive_interval(KEEP_ALIVE.0)
                .keep_alive_timeout(KEEP_ALIVE.1)
                .initial_stream_window_size(STREAM_WINDOW_BYTES)
                .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
                // None before the server has said how many it takes: it would refuse the others.
                .initial_max_send_streams(0)
                .max_concurrent_reset_streams(REMEMBERED_RESETS)
                .max_header_list_size(MAX_HEADER_LIST_BYTES);
            builder.handshake(TokioIo::new(stream)).await.map_err(|error| words_of(&error))
        };
        let connected = match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(format!("nobody has answered for {} seconds", CONNECT_TIMEOUT.as_secs())),
        };
        let (sender, driver) = connected.map_err(|why| NoConnection { address: self.address.clone(), why })?;
        tokio::spawn(driver);
        Ok(sender)
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let stream: Box<dyn Stream> = match &self.address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            #[cfg(unix)]
            Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        };
        let Some(trust) = &self.trust else { return Ok(stream) };
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        Ok(Box::new(trust.secure(host, stream).await?))
    }
}

/// What a server is called that has no name.
const LOCAL: &str = "localhost";

/// A connection to another server, made when the first call needs it, and anew when it is gone.
pub(crate) struct Channel<B>(Arc<Inner<B>>);

struct Inner<B> {
    upstream: Upstream,
    /// What was made last.
    made: RwLock<Option<SendRequest<B>>>,
    /// Held by whoever connects; why that has failed last, and when.
    connecting: Mutex<Option<(NoConnection, Instant)>>,
}

impl<B> fmt::Debug for Channel<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("upstream", &self.0.upstream).finish_non_exhaustive()
    }
}

impl<B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Unpin + 'static> Channel<B> {
    pub(crate) fn new(upstream: Upstream) -> Self {
        Channel(Arc::new(Inner { upstream, made: RwLock::default(), connecting: Mutex::default() }))
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }

    /// What requests are sent with: the connection that is there, or a new one if there is none any more. All calls that wait for an
    /// attempt get what comes of it, and it goes on if they wait no longer.
    pub(crate) async fn sender(&self) -> Result<SendRequest<B>, NoConnection> {
        if let Some(sender) = self.0.made() {
            return Ok(sender);
        }
        let (inner, asked) = (self.0.clone(), Instant::now());
        let connecting = tokio::spawn(async move {
            let mut failed = inner.connecting.lock().await;
            if let Some(sender) = inner.made() {
                return Ok(sender);
            }
            if let Some((error, _)) = failed.as_ref().filter(|(_, at)| *at >= asked) {
                return Err(error.clone());
            }
            let connected = inner.upstream.handshake().await;
            match &connected {
                Ok(sender) => *inner.made.write().unwrap_or_else(PoisonError::into_inner) = Some(sender.clone()),
                Err(error) => *failed = Some((error.clone(), Instant::now())),
            }
            connected
        });
        let address = || self.0.upstream.address.clone();
        connecting.await.unwrap_or_else(|error| Err(NoConnection { address: address(), why: error.to_string() }))
    }
}

impl<B> Inner<B> {
    /// What sends on the connection that was made last, as long as it is there.
    fn made(&self) -> Option<SendRequest<B>> {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        made.as_ref().filter(|sender| !sender.is_closed()).cloned()
    }
}
