//! [`Recorder`]: calls that become a recording, entry by entry.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::entry::{Any, Entry, EntryIndex, Flaw, Kind, Payload};
use crate::error::{Error, ErrorKind};
use crate::extension::Extension;
use crate::format::{Compression, Encoder, Format, RECORD_LIMIT_BYTES, ReadOptions, Reader, WriteOptions};
use crate::pairing::{Methods, Pairing, Unpaired};
use crate::recording::Header;
use crate::schema::Schema;

/// Writes what passes in calls as a recording that Go's replayer takes.
///
/// Every entry is in the file as a whole before the call that notes it returns, so that a program that is killed loses at most the entry
/// that was being written. What can't be written is told, and taken out of the file again: it ends behind the last whole entry, and nothing
/// more is written to it. The header is written together with the first entry, as Go's recorder does it.
///
/// Any number of threads may use it at the same time: the entries stand in the file in the order in which they were noted.
///
/// ```
/// use rpcreplay::entry::{Any, Payload};
/// use rpcreplay::format::{Format, ReadOptions, Reader};
/// use rpcreplay::replay::Recorder;
/// use rpcreplay::schema::Schema;
///
/// let folder = std::env::temp_dir().join(format!("rpcreplay-doc-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// let (schema, path) = (Schema::builtin(), folder.join("calls.replay"));
/// let recorder = Recorder::create(&path, Format::Binary, &schema)?;
/// recorder.set_initial("state")?;
/// let topic = Any { type_url: "type.googleapis.com/google.pubsub.v1.Topic", value: b"\x0a\x01t" };
/// let call = recorder.request("/google.pubsub.v1.Publisher/CreateTopic", topic)?;
/// recorder.response(call, Payload::Message(topic))?;
/// recorder.finish()?;
///
/// let reader = Reader::new(std::fs::File::open(&path)?, &schema, ReadOptions::default())?;
/// assert_eq!(reader.header().initial, "state");
/// assert_eq!(reader.count(), 2);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder<'s> {
    state: Mutex<State<'s>>,
    before_write: Option<Box<BeforeWrite<'s>>>,
}

/// What is noted of a call.
#[derive(Debug, Clone, Copy)]
pub struct Note<'a> {
    /// What the entry records.
    pub kind: Kind,
    /// The full method, of an entry that begins a call; else nothing.
    pub method: &'a str,
    /// The message, the error, or what stands for neither.
    pub payload: Payload<'a>,
    /// The number of the entry that began the call; nothing for that one.
    pub call: Option<EntryIndex>,
    /// What is noted beside it, which only a binary recording can carry.
    pub extension: Option<&'a Extension>,
}

impl<'a> Note<'a> {
    /// A note without an extension that belongs to no earlier entry.
    pub fn new(kind: Kind, method: &'a str, payload: Payload<'a>) -> Note<'a> {
        Note { kind, method, payload, call: None, extension: None }
    }

    /// The same of a call that this entry began.
    pub fn of_call(self, call: EntryIndex) -> Note<'a> {
        Note { call: Some(call), ..self }
    }

    /// The same with this beside it.
    pub fn with_extension(self, extension: &'a Extension) -> Note<'a> {
        Note { extension: Some(extension), ..self }
    }
}

/// May change a message, and what is noted beside it, before it is written: it is given the entry and the method of its call, and says what
/// to write instead, or why that can't be. Of what it gives back only the message and the
/// [extension](Entry::extension) count, and an entry that had no extension gets none. It is asked while the recorder writes nothing else, so it must not use that itself.
pub type BeforeWrite<'s> = dyn Fn(&Entry, &str) -> Result<Entry, String> + Send + Sync + 's;

/// Why something was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotRecorded {
    /// It can't be written, or what is there can't be read; or a text recording can't carry it.
    #[error(transparent)]
    Write(#[from] Error),
    /// Something could not be written before, and nothing is written since.
    #[error("nothing more is recorded, since something could not be written before: {0}")]
    Failed(String),
    /// Something is to be noted beside an entry, and it is a text recording.
    #[error("a text recording can't carry metadata and times, expected a binary one")]
    NoExtensions,
    /// The hook refuses it.
    #[error("refused before it was written: {0}")]
    Refused(String),
    /// Go's replayer would refuse it, or panic at it.
    #[error("{0}")]
    Unlawful(Flaw),
    /// It belongs to no call that goes on.
    #[error("{0}")]
    Unpaired(Unpaired),
    /// The header stands in the file already.
    #[error("the initial state can't be set any more: the recording has begun")]
    HasBegun,
    /// Go's reader takes no record of so many bytes.
    #[error("an entry of {0} bytes, of which Go's replayer takes {RECORD_LIMIT_BYTES} at most")]
    TooLong(u64),
    /// The recording was finished.
    #[error("the recording is finished")]
    HasEnded,
    /// Somebody else writes the file.
    #[error("another recorder writes this file")]
    Locked,
    /// A recording of this format, or compressed, can't be continued.
    #[error("a recording as {0} can't be continued, expected a binary or a text one that is not compressed")]
    NotContinued(String),
}

/// What a recording is written to.
trait Storage: Write + Send {
    /// Takes away what stands behind this length.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Storage for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }
}

/// Keeps other recorders from the same file for as long as it is open, where files can be locked.
fn lock(file: &File) -> Result<(), NotRecorded> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(NotRecorded::Locked),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

struct State<'s> {
    storage: Box<dyn Storage>,
    encoder: Encoder<'s>,
    header: Header,
    has_begun: bool,
    /// Whether something is there that goes when something is written.
    is_to_be_emptied: bool,
    has_ended: bool,
    pairing: Pairing,
    methods: Methods,
    entries: u64,
    /// How many bytes are whole.
    length: u64,
    failed: Option<String>,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Recorder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("entries", &self.state().entries).finish_non_exhaustive()
    }
}

impl<'s> Recorder<'s> {
    /// A new recording in a file, which is emptied with the first entry if it is there, and which no other recorder may write. The schema is for the text format, which spells messages out.
    ///
    /// # Errors
    ///
    /// If the file can't be made, or the format is neither the binary nor the text one.
    pub fn create(path: &Path, format: Format, schema: &'s Schema) -> Result<Self, NotRecorded> {
        if !matches!(format, Format::Binary | Format::Text) {
            return Err(NotRecorded::NotContinued(format.to_string()));
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(path).map_err(Error::from)?;
        lock(&file)?;
        // What is not a file has nothing in it that could be taken away.
        let is_to_be_emptied = file.metadata().map_err(Error::from)?.len() > 0;
        let state = State::new(Box::new(file), format, schema);
        Ok(Recorder::of(State { is_to_be_emptied, ..state }))
    }

    /// Continues the recording in a file, in its format; a file that is not there, or empty, becomes a new one in the binary format.
    ///
    /// # Errors
    ///
    /// If it can't be read to its end, or is neither a binary nor a text recording, or compressed.
    pub fn append(path: &Path, schema: &'s Schema) -> Result<Self, NotRecorded> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(Error::from)?;
        lock(&file)?;
        if file.metadata().map_err(Error::from)?.len() == 0 {
            return Ok(Recorder::of(State::new(Box::new(file), Format::Binary, schema)));
        }
        let reading = file.try_clone().map_err(Error::from)?;
        let mut reader = Reader::new(reading, schema, ReadOptions::default())?;
        let format = reader.format();
        if reader.compression() != Compression::None || !matches!(format, Format::Binary | Format::Text) {
            let compression = reader.compression();
            let compressed =
                if compression == Compression::None { String::new() } else { format!(" in {compression}") };
            return Err(NotRecorded::NotContinued(format!("{format}{compressed}")));
        }
        let (mut pairing, mut methods, mut entries) = (Pairing::default(), Methods::default(), 0);
        while let Some(entry) = reader.read()? {
            let call = pairing.follow(&entry);
            methods.follow(&entry, call);
            entries += 1;
        }
        let header = reader.header().clone();
        drop(reader);
        let length = file.seek(SeekFrom::End(0)).map_err(Error::from)?;
        let state = State::new(Box::new(file), format, schema);
        Ok(Recorder::of(State { header, has_begun: true, pairing, methods, entries, length, ..state }))
    }

    fn of(state: State<'s>) -> Self {
        Recorder { state: Mutex::new(state), before_write: None }
    }

    /// Changes messages before they are written.
    pub fn before_write(self, hook: Box<BeforeWrite<'s>>) -> Self {
        Recorder { before_write: Some(hook), ..self }
    }

    /// Sets the initial state, which a test can read in a replay.
    ///
    /// # Errors
    ///
    /// [`NotRecorded::HasBegun`] once the first entry was noted.
    pub fn set_initial(&self, initial: impl Into<bytes::Bytes>) -> Result<(), NotRecorded> {
        let mut state = self.state();
        if state.has_begun {
            return Err(NotRecorded::HasBegun);
        }
        state.header = Header::new(initial);
        Ok(())
    }

    /// The initial state of the recording.
    pub fn initial(&self) -> bytes::Bytes {
        self.state().header.initial.clone()
    }

    /// The format that it is written in.
    pub fn format(&self) -> Format {
        self.state().encoder.options().format
    }

    /// How many unary calls wait for their response, with which alone Go's replayer takes the recording.
    pub fn unmatched_requests(&self) -> u64 {
        self.state().pairing.unmatched_requests()
    }

    /// How many bytes the recording has.
    pub fn bytes(&self) -> u64 {
        self.state().length
    }

    /// Whether something could not be written, so that nothing more is.
    pub fn has_failed(&self) -> bool {
        self.state().failed.is_some()
    }

    /// How many entries the recording has.
    pub fn entries(&self) -> u64 {
        self.state().entries
    }

    /// Notes the request of a unary call, and says which number its response is to be noted under.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`]; nothing of it is in the file then.
    pub fn request(&self, method: &str, request: Any<'_>) -> Result<EntryIndex, NotRecorded> {
        self.note(Note::new(Kind::Request, method, Payload::Message(request)))
    }

    /// Notes how a unary call ended: its response, or a `google.rpc.Status`.
    ///
    /// # Errors
    ///
    /// As for [`request`](Self::request); [`NotRecorded::Unpaired`] if no such call waits for a response.
    pub fn response(&self, call: EntryIndex, response: Payload<'_>) -> Result<EntryIndex, NotRecorded> {
        self.note(Note::new(Kind::Response, "", response).of_call(call))
    }

    /// Notes that a stream was opened, or with an error that it was not, and says which number its messages are to be noted under.
    ///
    /// # Errors
    ///
    /// As for [`request`](Self::request).
    pub fn create_stream(&self, method: &str, error: Option<Any<'_>>) -> Result<EntryIndex, NotRecorded> {
        self.note(Note::new(Kind::CreateStream, method, error.map_or(Payload::Empty, Payload::Error)))
    }

    /// Notes a message that was sent on a stream, or what sending it failed with; `Eof` if the stream had ended.
    ///
    /// # Errors
    ///
    /// As for [`response`](Self::response).
    pub fn send(&self, stream: EntryIndex, sent: Payload<'_>) -> Result<EntryIndex, NotRecorded> {
        self.note(Note::new(Kind::Send, "", sent).of_call(stream))
    }

    /// Notes a message that was received from a stream, its end, or the error that ended it.
    ///
    /// # Errors
    ///
    /// As for [`response`](Self::response).
    pub fn recv(&self, stream: EntryIndex, received: Payload<'_>) -> Result<EntryIndex, NotRecorded> {
        self.note(Note::new(Kind::Recv, "", received).of_call(stream))
    }

    /// Ends the recording: writes the header if there is nothing else. Nothing more is noted then.
    ///
    /// # Errors
    ///
    /// [`NotRecorded::Failed`] if something could not be written before, or [`NotRecorded::Write`] if the header can't be.
    pub fn finish(&self) -> Result<(), NotRecorded> {
        let mut state = self.state();
        let state = &mut *state;
        state.refuse_if_failed()?;
        state.has_ended = true;
        state.bytes.clear();
        if !state.has_begun {
            state.encoder.begin(&state.header, &mut state.bytes)?;
            state.write()?;
        }
        Ok(())
    }

    /// Notes an entry, and says which number it has. The others make one of these, without an extension.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`]; nothing of it is in the file then.
    pub fn note(&self, note: Note<'_>) -> Result<EntryIndex, NotRecorded> {
        let Note { kind, method, payload, call, extension } = note;
        let refers_to = call.unwrap_or(EntryIndex(0));
        let mut state = self.state();
        let state = &mut *state;
        state.refuse_if_failed()?;
        if state.has_ended {
            return Err(NotRecorded::HasEnded);
        }
        let index = EntryIndex(state.entries + 1);
        // A reference of the wire form has 32 bits.
        let ref_index = i32::try_from(refers_to.0).map_err(|_| Error::from(ErrorKind::TooManyEntries))?;
        i32::try_from(index.0).map_err(|_| Error::from(ErrorKind::TooManyEntries))?;
        if extension.is_some() && state.encoder.options().format != Format::Binary {
            return Err(NotRecorded::NoExtensions);
        }
        let made = |payload: Payload<'_>, extension: Option<&Extension>| {
            let entry = Entry::encode(kind, method, payload, ref_index)?;
            match extension {
                Some(extension) => entry.with_extension(extension),
                None => Ok(entry),
            }
        };
        let entry = made(payload, extension)?;
        let entry = match &self.before_write {
            None => entry,
            Some(hook) => {
                let of_call = if method.is_empty() { state.methods.of(refers_to) } else { method };
                let changed = hook(&entry, of_call).map_err(NotRecorded::Refused)?;
                made(changed.payload(), changed.extension().as_ref().filter(|_| extension.is_some()))?
            }
        };
        let entry = entry.with_index(index);
        if let Some(flaw) = entry.flaw() {
            return Err(NotRecorded::Unlawful(flaw));
        }
        let record_bytes = entry.record().len() as u64;
        if record_bytes > RECORD_LIMIT_BYTES {
            return Err(NotRecorded::TooLong(record_bytes));
        }
        state.bytes.clear();
        if !state.has_begun {
            state.encoder.begin(&state.header, &mut state.bytes)?;
        }
        state.encoder.entry(&entry, index == EntryIndex(1), &mut state.bytes)?;
        // Nobody is told of a call that is not in the file.
        let call = state.pairing.follow(&entry).map_err(NotRecorded::Unpaired)?;
        state.write()?;
        state.methods.follow(&entry, Ok(call));
        state.entries += 1;
        Ok(index)
    }

    fn state(&self) -> MutexGuard<'_, State<'s>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'s> State<'s> {
    fn new(storage: Box<dyn Storage>, format: Format, schema: &'s Schema) -> Self {
        State {
            storage,
            encoder: Encoder::new(WriteOptions::new(format), schema),
            header: Header::new(""),
            has_begun: false,
            is_to_be_emptied: false,
            has_ended: false,
            pairing: Pairing::default(),
            methods: Methods::default(),
            entries: 0,
            length: 0,
            failed: None,
            bytes: Vec::new(),
        }
    }

    fn refuse_if_failed(&self) -> Result<(), NotRecorded> {
        self.failed.clone().map_or(Ok(()), |failed| Err(NotRecorded::Failed(failed)))
    }

    /// Writes what stands ready, all of it or nothing.
    fn write(&mut self) -> Result<(), NotRecorded> {
        let emptied = if self.is_to_be_emptied { self.storage.cut(0) } else { Ok(()) };
        self.is_to_be_emptied = false;
        if let Err(error) =
            emptied.and_then(|()| self.storage.write_all(&self.bytes)).and_then(|()| self.storage.flush())
        {
            self.failed = Some(error.to_string());
            // What can't be cut either is a damaged end, which every reader tells.
            let _ = self.storage.cut(self.length);
            return Err(Error::from(error).into());
        }
        self.length += self.bytes.len() as u64;
        self.has_begun = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::check::{Checker, Checks, Inspector, Severity};
    use crate::detect::Detectors;
    use crate::extension::{Metadatum, Time};

    const CREATE: &str = "/google.pubsub.v1.Publisher/CreateTopic";
    const PULL: &str = "/google.pubsub.v1.Subscriber/StreamingPull";
    const TOPIC: Any<'_> = Any { type_url: "type.googleapis.com/google.pubsub.v1.Topic", value: b"\x0a\x01t" };
    const STATUS: Any<'_> = Any { type_url: "type.googleapis.com/google.rpc.Status", value: b"\x08\x05" };

    fn path(folder: &tempfile::TempDir) -> std::path::PathBuf {
        folder.path().join("calls.replay")
    }

    /// A call and a stream.
    fn record(recorder: &Recorder<'_>) -> Result<(), NotRecorded> {
        let call = recorder.request(CREATE, TOPIC)?;
        let stream = recorder.create_stream(PULL, None)?;
        recorder.response(call, Payload::Error(STATUS))?;
        recorder.send(stream, Payload::Message(TOPIC))?;
        recorder.recv(stream, Payload::Message(TOPIC))?;
        recorder.recv(stream, Payload::Eof)?;
        recorder.create_stream(PULL, Some(STATUS)).map(drop)
    }

    /// The initial state of a recording, and its entries.
    fn read(bytes: &[u8]) -> (Vec<u8>, Vec<String>) {
        let schema = Schema::builtin();
        let reader = Reader::new(bytes, &schema, ReadOptions::default()).expect("a header");
        let initial = reader.header().initial.to_vec();
        let line =
            |entry: Entry| format!("{} {} {} {:?}", entry.kind(), entry.method(), entry.ref_index(), entry.payload());
        (initial, reader.map(|entry| line(entry.expect("an entry"))).collect())
    }

    #[test]
    fn both_formats_hold_the_same_and_can_be_continued() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let mut found = Vec::new();
        for format in [Format::Binary, Format::Text] {
            let recorder = Recorder::create(&path(&folder), format, &schema).expect("a file");
            recorder.set_initial("early").expect("nothing is written");
            recorder.set_initial("state").expect("nothing is written");
            record(&recorder).expect("it can be written");
            assert!(matches!(recorder.set_initial("late"), Err(NotRecorded::HasBegun)));
            // Without an end.
            drop(recorder);
            let recorder = Recorder::append(&path(&folder), &schema).expect("a recording");
            assert_eq!((&*recorder.initial(), recorder.entries()), (&b"state"[..], 7));
            assert!(matches!(recorder.set_initial("late"), Err(NotRecorded::HasBegun)));
            assert!(matches!(recorder.response(EntryIndex(1), Payload::Eof), Err(NotRecorded::Unpaired(_))));
            recorder.send(EntryIndex(2), Payload::Message(TOPIC)).expect("the stream is known");
            record(&recorder).expect("it can be written");
            recorder.finish().expect("nothing has failed");
            found.push(read(&std::fs::read(path(&folder)).expect("a file")));
        }
        assert_eq!(found[0], found[1]);
        assert_eq!((found[0].0.as_slice(), found[0].1.len()), (&b"state"[..], 15));
        assert!(found[0].1[10].starts_with("RESPONSE  9 Error"), "{:?}", found[0].1[10]);
    }

    #[test]
    fn a_recording_without_calls_can_be_read() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let recorder = Recorder::append(&path(&folder), &schema).expect("a file");
        recorder.set_initial("state").expect("nothing is written");
        recorder.finish().expect("nothing has failed");
        assert_eq!(read(&std::fs::read(path(&folder)).expect("a file")), (b"state".to_vec(), Vec::new()));
    }

    /// A recording is replaced when there is something to replace it.
    #[test]
    fn what_is_there_goes_with_the_first_entry() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let old = [7; 1000];
        std::fs::write(path(&folder), old).expect("a writable folder");
        let recorder = Recorder::create(&path(&folder), Format::Binary, &schema).expect("a file");
        assert_eq!(std::fs::read(path(&folder)).expect("a file"), old);
        recorder.request(CREATE, TOPIC).expect("it can be written");
        let file = std::fs::read(path(&folder)).expect("a file");
        assert_eq!((read(&file).1.len(), recorder.bytes()), (1, file.len() as u64));
    }

    #[test]
    fn a_file_has_one_recorder_at_a_time() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let recorder = Recorder::create(&path(&folder), Format::Binary, &schema).expect("a file");
        recorder.request(CREATE, TOPIC).expect("it can be written");
        let create = || Recorder::create(&path(&folder), Format::Binary, &schema).map(drop);
        let append = || Recorder::append(&path(&folder), &schema).map(drop);
        assert!(matches!(create(), Err(NotRecorded::Locked)));
        assert!(matches!(append(), Err(NotRecorded::Locked)));
        drop(recorder);
        append().expect("it is free");
        create().expect("it is free");
    }

    #[test]
    fn nothing_is_noted_behind_the_end() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let recorder = Recorder::create(&path(&folder), Format::Binary, &schema).expect("a file");
        let call = recorder.request(CREATE, TOPIC).expect("it can be written");
        recorder.finish().expect("nothing has failed");
        assert!(matches!(recorder.response(call, Payload::Error(STATUS)), Err(NotRecorded::HasEnded)));
        assert_eq!(read(&std::fs::read(path(&folder)).expect("a file")).1.len(), 1);
    }

    #[test]
    fn an_entry_that_go_does_not_read_is_refused() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let recorder = Recorder::create(&path(&folder), Format::Binary, &schema).expect("a file");
        // What stands around the value: kind, method, the type URL, and lengths, which are longer of what is long.
        let short = recorder.request(CREATE, Any { value: &[], ..TOPIC }).map(|_| recorder.bytes() - 13 - 4);
        let around = short.expect("it can be written") + 1 + 4 + 3;
        let longest = vec![0; (RECORD_LIMIT_BYTES - around) as usize];
        recorder.request(CREATE, Any { value: &longest, ..TOPIC }).expect("it can be written");
        let longer = vec![0; longest.len() + 1];
        let refused = recorder.request(CREATE, Any { value: &longer, ..TOPIC }).expect_err("it is too long");
        assert!(matches!(refused, NotRecorded::TooLong(bytes) if bytes == RECORD_LIMIT_BYTES + 1), "{refused}");
        assert_eq!(read(&std::fs::read(path(&folder)).expect("a file")).1.len(), 2);
    }

    #[test]
    fn what_can_not_be_continued_is_refused() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let refused = |bytes: &[u8]| {
            std::fs::write(path(&folder), bytes).expect("a writable folder");
            let error = Recorder::append(&path(&folder), &schema).expect_err("it can't be continued");
            assert_eq!(std::fs::read(path(&folder)).expect("a file"), bytes, "it stays as it was");
            error.to_string()
        };
        assert_eq!(
            refused(b"RPCReplay\0\0\0\0\x05"),
            "entry 1 at byte 13: input ends after 1 of the 4 bytes of a record's length"
        );
        let json = b"{\"format\":\"RPCReplay\",\"initial\":\"\"}\n";
        assert_eq!(
            refused(json),
            "a recording as JSON Lines can't be continued, expected a binary or a text one that is not compressed"
        );
        let json = Recorder::create(&path(&folder), Format::JsonLines, &schema).expect_err("it is no format of Go's");
        assert!(matches!(json, NotRecorded::NotContinued(_)));
    }

    #[test]
    fn hooks_change_and_refuse() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let methods = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&methods);
        let hook = move |entry: &Entry, method: &str| {
            seen.lock().expect("nobody panics").push(method.to_owned());
            match (entry.kind(), entry.payload()) {
                (Kind::Response, _) => Err("it is secret".to_owned()),
                (Kind::Send, Payload::Message(_)) => {
                    let any = Any { value: b"\x0a\x01x", ..TOPIC };
                    Entry::encode(Kind::Recv, "/ignored", Payload::Message(any), 77).map_err(|error| error.to_string())
                }
                _ => Ok(entry.clone()),
            }
        };
        let recorder = Recorder::create(&path(&folder), Format::Binary, &schema).expect("a file");
        let recorder = recorder.before_write(Box::new(hook));
        let call = recorder.request(CREATE, TOPIC).expect("it passes");
        let unlawful = recorder.create_stream(CREATE, Some(TOPIC)).expect_err("it is no status");
        assert!(matches!(unlawful, NotRecorded::Unlawful(_)), "{unlawful}");
        let refused = recorder.response(call, Payload::Message(TOPIC)).expect_err("it is refused");
        assert_eq!(refused.to_string(), "refused before it was written: it is secret");
        let stream = recorder.create_stream(PULL, None).expect("it passes");
        recorder.send(stream, Payload::Message(TOPIC)).expect("it passes");
        recorder.finish().expect("nothing has failed");
        let (_, entries) = read(&std::fs::read(path(&folder)).expect("a file"));
        assert_eq!(entries.len(), 3);
        assert!(entries[2].starts_with("SEND  2 Message") && entries[2].contains("120"), "{entries:?}");
        assert_eq!(*methods.lock().expect("nobody panics"), [CREATE, CREATE, CREATE, PULL, PULL]);
    }

    #[test]
    fn what_is_noted_beside_an_entry_is_written_as_the_hook_says() {
        let (schema, folder) = (Schema::builtin(), tempfile::tempdir().expect("a temporary folder"));
        let metadatum = |value: &[u8]| Metadatum { key: "authorization".to_owned(), value: value.to_vec() };
        let noted =
            |value: &[u8]| Extension { time: Time::new(7, 8), headers: vec![metadatum(value)], ..Extension::default() };
        let hook = move |entry: &Entry, _: &str| match (entry.kind(), entry.extension()) {
            (Kind::Request, Some(_)) => entry.with_extension(&noted(b"hidden")).map_err(|error| error.to_string()),
            (Kind::Send, Some(_)) => {
                Entry::encode(Kind::Send, "", entry.payload(), 1).map_err(|error| error.to_string())
            }
            (Kind::Recv, None) => entry.with_extension(&noted(b"new")).map_err(|error| error.to_string()),
            _ => Ok(entry.clone()),
        };
        let recorder = Recorder::create(&path(&folder), Format::Binary, &schema).expect("a file");
        let recorder = recorder.before_write(Box::new(hook));
        let (secret, empty) = (noted(b"secret"), Extension::default());
        let note = |note: Note<'_>| recorder.note(note).expect("it can be written");
        let request = Note::new(Kind::Request, CREATE, Payload::Message(TOPIC));
        let call = note(request.with_extension(&secret));
        note(Note::new(Kind::Response, "", Payload::Message(TOPIC)).of_call(call).with_extension(&empty));
        let stream = note(Note::new(Kind::CreateStream, PULL, Payload::Empty));
        note(Note::new(Kind::Send, "", Payload::Message(TOPIC)).of_call(stream).with_extension(&secret));
        note(Note::new(Kind::Recv, "", Payload::Eof).of_call(stream));
        recorder.finish().expect("nothing has failed");
        let bytes = std::fs::read(path(&folder)).expect("a file");
        let reader = Reader::new(&bytes[..], &schema, ReadOptions::default()).expect("a header");
        let found: Vec<_> = reader.map(|entry| entry.expect("an entry").extension()).collect();
        assert_eq!(found, [Some(noted(b"hidden")), Some(empty), None, None, None]);
        assert_eq!(read(&bytes).1.len(), 5, "the calls are what they are without");
        drop(recorder);

        let recorder = Recorder::create(&path(&folder), Format::Text, &schema).expect("a file");
        let refused = recorder.note(request.with_extension(&secret)).expect_err("text can't carry it");
        assert_eq!(refused.to_string(), "a text recording can't carry metadata and times, expected a binary one");
        assert_eq!((recorder.note(request).expect("it passes"), recorder.entries()), (EntryIndex(1), 1));
    }

    /// Takes so many bytes and no more.
    struct Full {
        bytes: Arc<Mutex<Vec<u8>>>,
        room: usize,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut written = self.bytes.lock().expect("nobody panics");
            let taken = bytes.len().min(self.room - written.len());
            written.extend_from_slice(&bytes[..taken]);
            if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Storage for Full {
        fn cut(&mut self, length: u64) -> io::Result<()> {
            self.bytes.lock().expect("nobody panics").truncate(length as usize);
            Ok(())
        }
    }

    /// However much room there is, the file holds what was noted, as a whole, once, and nothing else.
    #[test]
    fn what_can_not_be_written_is_told_and_leaves_nothing() {
        let schema = Schema::builtin();
        let checks = Checks::new(Detectors::new(&[], &[]).expect("none"));
        let whole = Arc::new(Mutex::new(Vec::new()));
        let storage = Full { bytes: Arc::clone(&whole), room: usize::MAX };
        record(&Recorder::of(State::new(Box::new(storage), Format::Binary, &schema))).expect("there is room");
        let whole = whole.lock().expect("nobody panics").clone();
        for room in 0..whole.len() {
            let bytes = Arc::new(Mutex::new(Vec::new()));
            let storage = Full { bytes: Arc::clone(&bytes), room };
            let recorder = Recorder::of(State::new(Box::new(storage), Format::Binary, &schema));
            let error = record(&recorder).expect_err("there is no room");
            assert!(matches!(error, NotRecorded::Write(_)), "{error}");
            let entries = recorder.entries();
            // More room does not help: what is missing stays missing.
            assert!(matches!(recorder.request(CREATE, TOPIC), Err(NotRecorded::Failed(_))));
            assert!(matches!(recorder.finish(), Err(NotRecorded::Failed(_))));
            let bytes = bytes.lock().expect("nobody panics").clone();
            assert!(whole.starts_with(&bytes), "{room}");
            if entries == 0 {
                assert_eq!(bytes, b"", "the header comes with the first entry");
                continue;
            }
            assert_eq!(read(&bytes).1.len() as u64, entries, "{room}");
            let mut inspector = Inspector::new(&checks, &schema, None);
            let (mut checker, mut pairing) = (Checker::new(&checks, &schema), Pairing::default());
            let reader = Reader::new(&bytes[..], &schema, ReadOptions::default()).expect("a header");
            for entry in reader.map(|entry| entry.expect("an entry")) {
                checker.add(&entry, pairing.follow(&entry), inspector.inspect(&entry));
            }
            let found = checker.finish(pairing.unmatched_requests(), None);
            let errors = found.iter().filter(|finding| checks.severity(finding.cause) == Some(Severity::Error));
            // A call that went on when the room was used up.
            assert!(errors.map(|finding| checks.id(finding.cause)).all(|id| id == "unmatched-request"), "{room}");
        }
    }
}
