//! Passes calls on to another server and looks at nothing: what any proxy over hyper costs. Each connection has one of its own to the server.

use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::Result;

/// Passes on to this address what comes, and says where.
pub async fn run(upstream: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let authority: Authority = upstream.parse()?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, authority.clone()));
    }
}

async fn connection(stream: TcpStream, authority: Authority) -> Result<()> {
    let upstream = TcpStream::connect(authority.as_str()).await?;
    upstream.set_nodelay(true)?;
    let (sender, driver) = handshake(TokioExecutor::new(), TokioIo::new(upstream)).await?;
    tokio::spawn(driver);
    let service = service_fn(move |request| pass(sender.clone(), authority.clone(), request));
    Ok(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await?)
}

async fn pass(
    mut sender: SendRequest<Incoming>,
    authority: Authority,
    mut request: Request<Incoming>,
) -> std::result::Result<Response<Incoming>, hyper::Error> {
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    (uri.scheme, uri.authority) = (Some(Scheme::HTTP), Some(authority));
    *request.uri_mut() = Uri::from_parts(uri).expect("all parts are there");
    sender.send_request(request).await
}
