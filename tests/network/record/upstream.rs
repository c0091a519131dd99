//! A server that does on HTTP/2 what a test says.

use std::future::Future;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream, server};
use hyper::{HeaderMap, Request, Response};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::client::framed;

/// A call as the server has it.
pub struct Call {
    pub request: Request<RecvStream>,
    pub respond: SendResponse<Bytes>,
}

/// Listens, and gives every call to `answer`; if that says so, the connection is dropped.
pub async fn upstream<F: Future<Output = bool> + Send + 'static>(
    answer: impl Fn(Call) -> F + Send + Sync + Clone + 'static,
) -> String {
    upstream_with(server::Builder::new(), answer).await
}

/// The same, with limits.
pub async fn upstream_with<F: Future<Output = bool> + Send + 'static>(
    builder: server::Builder,
    answer: impl Fn(Call) -> F + Send + Sync + Clone + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has one").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answer, builder) = (answer.clone(), builder.clone());
            tokio::spawn(async move {
                let Ok(mut connection) = builder.handshake(stream).await else { return };
                let (drop_it, mut dropped) = mpsc::channel(1);
                loop {
                    tokio::select! {
                        call = connection.accept() => {
                            let Some(Ok((request, respond))) = call else { return };
                            let (answer, drop_it) = (answer(Call { request, respond }), drop_it.clone());
                            tokio::spawn(async move {
                                if answer.await {
                                    let _ = drop_it.send(()).await;
                                }
                            });
                        }
                        _ = dropped.recv() => return,
                    }
                }
            });
        }
    });
    address
}

/// A server that answers every call with this message, and all is well.
pub async fn answering(message: &'static [u8]) -> String {
    upstream(move |mut call| async move {
        call.read_all().await;
        call.answer(&framed(message), &[("grpc-status", "0")]);
        false
    })
    .await
}

/// A server that answers every call with what it is sent, and all is well.
pub async fn echoing() -> String {
    upstream(|mut call| async move {
        let body = call.read_all().await;
        call.answer(&body, &[("grpc-status", "0")]);
        false
    })
    .await
}

/// A server that answers nothing: it tells that something of a call has come, and then what the call is reset for.
pub async fn waiting() -> (String, mpsc::Receiver<Option<Reason>>) {
    let (tell, told) = mpsc::channel(1);
    let address = upstream(move |mut call| {
        let tell = tell.clone();
        async move {
            call.read().await;
            tell.send(None).await.expect("somebody waits");
            let reason = std::future::poll_fn(|context| call.respond.poll_reset(context)).await;
            tell.send(reason.ok()).await.expect("somebody waits");
            false
        }
    })
    .await;
    (address, told)
}

impl Call {
    /// All that the client sends.
    pub async fn read_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(data) = self.read().await {
            all.extend_from_slice(&data);
        }
        all
    }

    /// The next bytes that the client sends.
    pub async fn read(&mut self) -> Option<Bytes> {
        let body = self.request.body_mut();
        let data = body.data().await?.ok()?;
        let _ = body.flow_control().release_capacity(data.len());
        Some(data)
    }

    /// Answers with headers; the stream has more unless they are all.
    pub fn headers(&mut self, status: u16, headers: &[(&str, &str)], is_all: bool) -> SendStream<Bytes> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        self.respond.send_response(response.body(()).expect("a response"), is_all).expect("it is open")
    }

    /// Answers with messages and a status, unless the client has gone.
    pub fn answer(mut self, wire: &[u8], trailers: &[(&'static str, &'static str)]) {
        let response = Response::builder().header(GRPC.0, GRPC.1).body(()).expect("a response");
        let Ok(mut stream) = self.respond.send_response(response, false) else { return };
        let _ = stream.send_data(Bytes::copy_from_slice(wire), false);
        let _ = stream.send_trailers(map(trailers));
    }

    /// Keeps the call open, even when nobody looks after it any more.
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

pub const GRPC: (&str, &str) = ("content-type", "application/grpc");

pub fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
}
