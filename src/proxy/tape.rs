//! [`Tape`]: what becomes of a call in the recording.

use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use hyper::HeaderMap;

use super::metadata::metadata;
use super::methods::{Method, Shape};
use super::server::Shared;
use crate::entry::{Any, EntryIndex, Kind, Payload};
use crate::extension::{Extension, Metadatum};
use crate::net::{Busy, Deframer, Encoding, Ending, Failure, abandoned, timeout_of};
use crate::replay::{NotRecorded, Note};
use crate::schema::Code;

/// How much of a deadline may be left at most for a client that gives up to have met it: its clock began earlier than ours, on a busy
/// machine by tens of milliseconds.
const EARLY: Duration = Duration::from_millis(100);

/// The type of what a call fails with.
const STATUS_URL: &str = "type.googleapis.com/google.rpc.Status";

/// Notes what passes in a call. It sees the bytes of both bodies, in pieces as they come.
pub(super) struct Tape {
    shared: Arc<Shared>,
    method: Arc<Method>,
    begun: Instant,
    timeout: Option<Duration>,
    /// The first entry of the call, once that is noted.
    call: Option<EntryIndex>,
    requests: Deframer,
    /// How many messages were sent.
    sent: u64,
    responses: Deframer,
    /// Of a server that sends one message: that message, and whether others have come.
    held: Option<(Bytes, bool)>,
    is_over: bool,
    /// How the call ends for the client because of us.
    refused: Option<Ending>,
    /// What was sent in front of the messages, by either side, until it is noted beside an entry.
    headers: Option<Headers>,
    /// What the proxy waits for at its end.
    _busy: Busy,
}

/// Metadata that waits for the first entry of its side.
#[derive(Debug, Default)]
struct Headers {
    of_client: Vec<Metadatum>,
    of_server: Vec<Metadatum>,
}

impl Tape {
    /// The tape of a call that begins with these headers.
    pub(super) fn new(
        shared: Arc<Shared>,
        method: Arc<Method>,
        encoding: Encoding,
        headers: &HeaderMap,
        busy: Busy,
    ) -> Self {
        // What can't be read, the server refuses.
        let timeout = timeout_of(headers).ok().flatten();
        let limit = shared.options.limits.max_message_bytes;
        let (requests, responses) = (Deframer::new(encoding, limit), Deframer::new(Encoding::Identity, limit));
        let (begun, call, sent, held, is_over, refused) = (Instant::now(), None, 0, None, false, None);
        let of_client = || Headers { of_client: metadata(headers), ..Headers::default() };
        let headers = shared.options.extensions.then(of_client);
        shared.counts.begin();
        let _busy = busy;
        Tape { shared, method, begun, timeout, call, requests, sent, responses, held, is_over, refused, headers, _busy }
    }

    pub(super) fn shape(&self) -> Shape {
        self.method.shape
    }

    /// How many messages were sent so far.
    pub(super) fn sent_messages(&self) -> u64 {
        self.sent
    }

    /// Whether the client waits no longer by now.
    pub(super) fn is_late(&self) -> bool {
        let early = |timeout: Duration| EARLY.min(timeout / 8);
        self.timeout.is_some_and(|timeout| self.begun.elapsed() + early(timeout) >= timeout)
    }

    /// Notes that a stream was opened, or how that failed.
    pub(super) fn open(&mut self, failed: Option<&Ending>) -> Result<(), Ending> {
        let status = failed.map(Ending::status);
        let error = status.as_ref().map(|status| Any { type_url: STATUS_URL, value: status });
        let noted = self.note(Kind::CreateStream, error.map_or(Payload::Empty, Payload::Error), None)?;
        self.call = Some(noted);
        if failed.is_some() {
            self.finish();
        }
        Ok(())
    }

    /// Notes messages that are sent.
    ///
    /// # Errors
    ///
    /// How the call ends, if they can't be read or recorded. That is noted, too.
    pub(super) fn send(&mut self, data: Bytes) -> Result<(), Ending> {
        if self.is_over {
            return self.over();
        }
        self.requests.push(data);
        let sent = self.note_sent();
        self.or_refuse(sent)
    }

    /// What comes back begins with these headers, and is compressed in this way.
    pub(super) fn begin_response(&mut self, headers: &HeaderMap, encoding: Encoding) {
        if let Some(waiting) = &mut self.headers {
            waiting.of_server = metadata(headers);
        }
        self.responses = Deframer::new(encoding, self.shared.options.limits.max_message_bytes);
    }

    /// Notes messages that are received.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub(super) fn receive(&mut self, data: Bytes) -> Result<(), Ending> {
        if self.is_over {
            return self.over();
        }
        self.responses.push(data);
        let received = self.note_received();
        self.or_refuse(received)
    }

    /// Notes how the call ended, and what trailers the server has sent.
    ///
    /// # Errors
    ///
    /// How it ends instead, if that can't be recorded.
    pub(super) fn end(&mut self, ending: &Ending, trailers: Option<&HeaderMap>) -> Result<(), Ending> {
        if self.is_over {
            return self.over();
        }
        let noted = self.note_end(ending, trailers);
        self.or_refuse(noted)
    }

    /// Notes that the server's side has broken. If the proxy stops that is why, whatever breaks first then.
    ///
    /// # Errors
    ///
    /// How the call ends for the client, where its own side is not to break for the same reason: because of us, or because the server's
    /// connection is gone and the client's is not.
    pub(super) fn break_off(&mut self, failure: &Failure) -> Result<(), Ending> {
        let ending = failure.ending(self.is_late());
        if self.shared.is_stopping() {
            self.abandon();
        }
        // What has ended already is noted.
        self.end(&ending, None)?;
        match failure {
            Failure::Reset(_) => Ok(()),
            Failure::Lost(_) => Err(ending),
        }
    }

    /// Notes that the client is gone, or the proxy stops, unless the call has ended.
    pub(super) fn abandon(&mut self) {
        if self.is_over {
            return;
        }
        let is_stopping = self.shared.is_stopping();
        if is_stopping {
            self.shared.counts.cut_off();
        }
        if is_stopping && self.shape() != Shape::Unary {
            // A recorder that is closed notes nothing of streams that are open.
            return self.finish();
        }
        let ending = if is_stopping {
            Ending::new(Code::UNAVAILABLE, "the recording was stopped")
        } else {
            abandoned(self.is_late())
        };
        // Nobody is there to be told.
        let _ = self.end(&ending, None);
    }

    /// How the call ends because of us, if it does.
    pub(super) fn refused(&self) -> Option<Ending> {
        self.refused.clone()
    }

    /// What becomes of what passes behind the end: nothing, where that is ours.
    fn over(&self) -> Result<(), Ending> {
        self.refused().map_or(Ok(()), Err)
    }

    fn note_sent(&mut self) -> Result<(), Ending> {
        let method = self.method.clone();
        while let Some(message) = self.requests.next().map_err(|fault| self.fail(fault.ending()))? {
            let content = self.requests.open(&message).map_err(|fault| self.fail(fault.ending()))?;
            let message = Payload::Message(Any { type_url: &method.request_url, value: &content });
            match (self.call, method.shape) {
                (None, _) => self.call = Some(self.note(Kind::Request, message, None)?),
                (Some(_), Shape::Unary) => {
                    let words = "request of more than one message, expected the one of a unary call";
                    return Err(self.fail(Ending::new(Code::UNIMPLEMENTED, words)));
                }
                (Some(_), Shape::ManyRequests | Shape::ManyResponses | Shape::Many) => {
                    self.note(Kind::Send, message, None)?;
                }
            }
            self.sent += 1;
        }
        Ok(())
    }

    fn note_received(&mut self) -> Result<(), Ending> {
        let method = self.method.clone();
        while let Some(message) = self.responses.next().map_err(|fault| self.fail(fault.ending()))? {
            let content = self.responses.open(&message).map_err(|fault| self.fail(fault.ending()))?;
            match method.shape {
                Shape::Unary | Shape::ManyRequests => self.held = Some((content, self.held.is_some())),
                Shape::ManyResponses | Shape::Many => {
                    self.note(
                        Kind::Recv,
                        Payload::Message(Any { type_url: &method.response_url, value: &content }),
                        None,
                    )?;
                }
            }
        }
        Ok(())
    }

    /// Source: Go's recorder notes what the calls of grpc-go give back.
    fn note_end(&mut self, ending: &Ending, trailers: Option<&HeaderMap>) -> Result<(), Ending> {
        if self.call.is_none() {
            self.finish();
            return Ok(());
        }
        let method = self.method.clone();
        let held = self.held.take();
        let cut = self.responses.end().map_err(|fault| fault.ending()).err().filter(|_| ending.code == Code::OK);
        let ending = cut.as_ref().unwrap_or(ending);
        let violation = |words: &str| Ending::new(Code::INTERNAL, format!("cardinality violation: {words}"));
        let (status, message);
        let payload = match (method.shape, ending.code, &held) {
            (Shape::Unary | Shape::ManyRequests, Code::OK, None) => {
                status = violation("received no response message from non-server-streaming RPC").status();
                Payload::Error(Any { type_url: STATUS_URL, value: &status })
            }
            (Shape::Unary | Shape::ManyRequests, Code::OK, Some((_, true))) => {
                let words = "expected <EOF> for non server-streaming RPCs, but received another message";
                status = violation(words).status();
                Payload::Error(Any { type_url: STATUS_URL, value: &status })
            }
            (Shape::Unary | Shape::ManyRequests, Code::OK, Some((content, false))) => {
                message = content.clone();
                Payload::Message(Any { type_url: &method.response_url, value: &message })
            }
            (Shape::ManyResponses | Shape::Many, Code::OK, _) => Payload::Eof,
            (_, _, _) => {
                status = ending.status();
                Payload::Error(Any { type_url: STATUS_URL, value: &status })
            }
        };
        let kind = if method.shape == Shape::Unary { Kind::Response } else { Kind::Recv };
        self.note(kind, payload, trailers)?;
        self.finish();
        Ok(())
    }

    /// Notes an entry of the call; of one that begins it, the number.
    fn note(&mut self, kind: Kind, payload: Payload<'_>, trailers: Option<&HeaderMap>) -> Result<EntryIndex, Ending> {
        let extension = self.headers.as_mut().map(|waiting| Extension {
            time: SystemTime::now().try_into().ok(),
            headers: match kind {
                Kind::Request | Kind::CreateStream => take(&mut waiting.of_client),
                Kind::Response | Kind::Recv => take(&mut waiting.of_server),
                Kind::Send | Kind::Unspecified | Kind::Unknown(_) => Vec::new(),
            },
            trailers: trailers.map(metadata).unwrap_or_default(),
        });
        let path = if self.call.is_none() { &*self.method.path } else { "" };
        let note = Note { call: self.call, extension: extension.as_ref(), ..Note::new(kind, path, payload) };
        let noted = self.shared.recorder.note(note);
        self.check(noted)
    }

    /// Tells what was not recorded, and says how the call ends then.
    fn check(&self, noted: Result<EntryIndex, NotRecorded>) -> Result<EntryIndex, Ending> {
        noted.map_err(|error| {
            let ending = Ending::new(Code::INTERNAL, format!("not recorded: {error}"));
            self.shared.not_recorded(&self.method.path, error);
            ending
        })
    }

    /// Tells that the call ends because of us.
    fn fail(&self, ending: Ending) -> Ending {
        self.shared.failed(&self.method.path, &String::from_utf8_lossy(&ending.message));
        ending
    }

    /// Notes that the call ends because of us, if it does.
    fn or_refuse(&mut self, result: Result<(), Ending>) -> Result<(), Ending> {
        if let Err(ending) = &result {
            // What can't be recorded either was told.
            let _ = self.note_end(ending, None);
            self.finish();
            self.refused = Some(ending.clone());
        }
        result
    }

    fn finish(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.shared.counts.end(self.call.is_some());
        }
    }
}

/// A tape that both directions of a call write to, and that ends when this is dropped.
pub(super) struct Keeper(pub(super) Arc<Mutex<Tape>>);

impl Keeper {
    pub(super) fn tape(&self) -> MutexGuard<'_, Tape> {
        lock(&self.0)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.tape().abandon();
    }
}

pub(super) fn lock(tape: &Mutex<Tape>) -> MutexGuard<'_, Tape> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}
