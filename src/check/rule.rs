//! [`Rule`]: what is looked for in recordings, and why.

use std::fmt;
use std::str::FromStr;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is probably wrong.
    Warning,
    /// Something is wrong.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

impl FromStr for Severity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Severity, &'static str> {
        match text {
            "warning" => Ok(Severity::Warning),
            "error" => Ok(Severity::Error),
            _ => Err("expected error or warning"),
        }
    }
}

/// Something that is looked for.
///
/// Secrets have no rule here: each of the [detectors](crate::detect::known) is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rule {
    /// The file begins as no recording does.
    NotARecording,
    /// The file ends where the initial state should be.
    MissingInitialState,
    /// The initial state of a text recording is not quoted as it should be.
    MalformedHeader,
    /// The file ends in the middle of something.
    Truncated,
    /// The file ends where Go's reader does not notice that something is missing.
    SwallowedTruncation,
    /// A compressed file is damaged.
    DamagedCompression,
    /// The byte count in front of an entry of a text recording is none.
    MalformedCount,
    /// A record has more bytes than Go's reader takes.
    OverlongRecord,
    /// Something is no entry.
    MalformedEntry,
    /// A message names no type.
    NoType,
    /// No source of descriptors knows the type of a message.
    UnknownType,
    /// The bytes of a message are not of its type.
    MalformedMessage,
    /// An entry has neither message nor error.
    NilMessage,
    /// An error is no `google.rpc.Status`.
    ErrorWithoutStatus,
    /// An error has the code OK.
    EmptyStatus,
    /// An entry is of a kind that does not exist.
    UnknownKind,
    /// A response answers no request.
    NoRequest,
    /// A message was sent or received on no stream.
    NoStream,
    /// A request was never answered.
    UnmatchedRequest,

    /// There is a header and no entry.
    NoEntries,
    /// A call names no method.
    NoMethod,
    /// An entry names a method that has none.
    MethodOnResponse,
    /// An entry that begins a call refers to another one.
    ReferenceOnRequest,
    /// A request is an error, or the end of a stream.
    ErrorOnRequest,
    /// A stream is opened with a message.
    MessageOnCreateStream,
    /// The response of a unary call is the end of a stream.
    EofOnResponse,
    /// A message is not of the type that its method takes, or answers with.
    WrongType,
    /// Equal requests have different answers.
    DifferentAnswers,
    /// A call was made again after it had failed in a way that may pass.
    RetriedCall,
    /// Nothing was sent or received on a stream.
    UnreadStream,
    /// A stream has no end.
    StreamWithoutEof,
    /// Something was received on a stream after its end.
    RecvAfterEnd,
    /// A server tells of its inside.
    DebugInfo,
    /// An error has a stack trace in it.
    StackTrace,
    /// A message has fields that its descriptor does not know.
    UnknownFields,
    /// There is a message in a message that nobody can look into.
    Uninspected,
    /// Descriptors do not have a type that is in the recording.
    DriftType,
    /// They do not have a field that is, or have it with another type.
    DriftField,
    /// They do not have a method that is.
    DriftMethod,
}

/// What a rule is about.
#[derive(Debug)]
pub struct About {
    /// What the rule is called; it stays the same from version to version.
    pub id: &'static str,
    /// How bad what it finds is, unless somebody says otherwise.
    pub severity: Severity,
    /// What it finds, in a few words.
    pub summary: &'static str,
    /// Why that matters, and what can be done, in some sentences.
    pub explanation: &'static str,
}

const fn error(id: &'static str, summary: &'static str, explanation: &'static str) -> About {
    About { id, severity: Severity::Error, summary, explanation }
}

const fn warning(id: &'static str, summary: &'static str, explanation: &'static str) -> About {
    About { id, severity: Severity::Warning, summary, explanation }
}

/// In the order of [`Rule`].
const ABOUT: [About; 39] = [
    error(
        "not-a-recording",
        "the file begins as no recording does",
        "A recording begins with `RPCReplay` (binary) or `RPCReTxt1` (text), or is JSON that rpcreplay wrote; any of them may be compressed with \
         gzip or zstd. Go's replayer refuses everything but the first two.",
    ),
    error(
        "missing-initial-state",
        "the file ends where the initial state should be",
        "Go's recorder writes the header together with the first entry, so a recorder that was closed before its first call leaves nothing but the \
         mark that a recording begins with, and Go's replayer refuses the file. Delete it, or record again.",
    ),
    error(
        "malformed-header",
        "the initial state of a text recording is not quoted as Go quotes strings",
        "The second line of a text recording is the initial state as a string of Go. An editor that changed line ends to those of Windows spoils \
         it, too: the quote must be the last character of the line.",
    ),
    error(
        "truncated",
        "the file ends in the middle of something",
        "The recording program was killed, the disk was full, or a copy was cut short. `rpcreplay repair` saves the calls that are whole.",
    ),
    error(
        "swallowed-truncation",
        "the file ends where Go does not notice that something is missing",
        "Go's reader takes a file that ends right behind the length of a record, or inside a line with a byte count, for a whole recording. At least \
         one entry is missing. `rpcreplay repair` writes the file without the rest of it; recording it again brings back what is lost.",
    ),
    error(
        "damaged-compression",
        "the compressed file is damaged, and what follows can't be read",
        "`rpcreplay repair` saves what stands in front of the damage.",
    ),
    error(
        "malformed-count",
        "the byte count in front of an entry of a text recording is not the number of its bytes",
        "A text recording that was edited by hand needs the counts of the entries that were edited to be corrected: `rpcreplay repair` does that, and \
         `rpcreplay edit` keeps them right. A number that is too small or too large may also show as malformed-entry.",
    ),
    error(
        "overlong-record",
        "a record has more bytes than Go's replayer reads",
        "grpcreplay of go-replayers reads records of at most 67108864 bytes (64 MiB); its predecessor, rpcreplay of cloud.google.com/go, has no limit. \
         Record with smaller messages, such as smaller pages. A length that no message has is damage: something was cut out of the file in front of \
         it, or put in; `rpcreplay repair` saves what is whole on both sides.",
    ),
    error(
        "malformed-entry",
        "something is no entry, and nothing behind it can be read",
        "The bytes are no grpcreplay.Entry, or the text or JSON is not that of one. In a text recording that was edited by hand it is often only the byte \
         count in front of it that is wrong. `rpcreplay repair` corrects counts, and saves the entries around what can't be read.",
    ),
    error(
        "no-type",
        "a message names no type",
        "Go's reader resolves the type of every message, and refuses one whose type URL is empty.",
    ),
    error(
        "unknown-type",
        "no source knows the type of a message",
        "Go's replayer refuses a recording with a type that is not linked into the program that replays it. rpcreplay knows the types of googleapis; name \
         others with --go-binary (the Go test that made the recording has them), --proto or --protoset, or in rpcreplay.toml. A message that was \
         recorded without descriptors has a type that no program links, `rpcreplay.unknown/SERVICE.METHOD.Request` or `.Response`: `rpcreplay schema \
         retype` writes what its method's descriptor calls it.",
    ),
    error(
        "malformed-message",
        "the bytes of a message are not of its type",
        "Go's reader parses every message, and refuses one that it can't parse, or that has a string which is not UTF-8. `rpcreplay repair` leaves \
         the call out.",
    ),
    error(
        "nil-message",
        "an entry has neither a message nor an error",
        "Only an entry that opens a stream may have neither.",
    ),
    error(
        "error-without-status",
        "an entry is an error, and its message is no google.rpc.Status",
        "Go's reader takes the message of an error for a google.rpc.Status without looking, and panics on any other.",
    ),
    error(
        "empty-status",
        "an error has the code OK",
        "Go's reader makes of it neither an error nor an answer, and takes it; the program that replays the call panics. No recorder writes this.",
    ),
    error(
        "unknown-kind",
        "an entry is of a kind that does not exist",
        "Only the kinds REQUEST, RESPONSE, CREATE_STREAM, SEND and RECV can be replayed.",
    ),
    error(
        "no-request",
        "a response answers no request",
        "A RESPONSE has to refer to a REQUEST in front of it that no other one has answered. After entries were deleted or moved by hand, references lead \
         elsewhere; `rpcreplay filter` keeps them right, and `rpcreplay repair` leaves such entries out.",
    ),
    error(
        "no-stream",
        "a message was sent or received on no stream",
        "A SEND or RECV has to refer to a CREATE_STREAM in front of it. `rpcreplay repair` leaves such entries out.",
    ),
    error(
        "unmatched-request",
        "a request was never answered",
        "Go's replayer refuses a whole recording for one REQUEST without a RESPONSE. The recorder leaves such a file when a call was still going on when \
         it was closed, when a call ended with an error that is no status, or when its hook refused a response. `rpcreplay repair` leaves the call out.",
    ),
    warning(
        "no-entries",
        "there is a header and no entry",
        "The test made no call while it recorded, or the calls did not go through the recorder's connection.",
    ),
    warning(
        "no-method",
        "a call names no method",
        "A replay finds calls by their method, so nothing can match this one. No recorder writes such an entry.",
    ),
    warning(
        "method-on-response",
        "an entry names a method that should have none",
        "Only REQUEST and CREATE_STREAM name a method; in RESPONSE, SEND and RECV Go ignores it, and no recorder writes it. It may be a sign of an edit \
         that was not finished.",
    ),
    warning(
        "reference-on-request",
        "an entry that begins a call refers to another one",
        "Only RESPONSE, SEND and RECV refer to an entry; in REQUEST and CREATE_STREAM Go ignores it, and no recorder writes it.",
    ),
    warning(
        "error-on-request",
        "a request is an error",
        "Go's replayer compares what a program sends with the message of the request, and an error has none: nothing can match this one.",
    ),
    warning(
        "message-on-create-stream",
        "a stream is opened with a message",
        "Go's replayer ignores a message in a CREATE_STREAM; what a program sends on a stream stands in SEND.",
    ),
    warning(
        "eof-on-response",
        "the response of a unary call is the end of a stream",
        "Go accepts this, and the program that replays it gets io.EOF instead of a response, which no server sends. No recorder writes it.",
    ),
    warning(
        "wrong-type",
        "a message is not of the type that its method takes or answers with",
        "Go's replayer copies an answer into a message of the program's type, and panics when the answer is of another one; a request of another type \
         matches nothing. It is the sign of an edit, or the recording is of another version of the API than the descriptors: name those of the \
         recorded program with --go-binary, --proto or --protoset.",
    ),
    warning(
        "different-answers",
        "equal requests have different answers",
        "Go's replayer gives the answers to equal requests in the order of the recording, so the replay depends on the order in which the program makes \
         these calls; with several goroutines it may differ from run to run. Requests are compared as messages, and a stream by its method and the \
         first message sent. Polling for the end of an operation is a good reason for it; then disable the rule for the project, or accept what \
         there is with --baseline.",
    ),
    warning(
        "retried-call",
        "a call was made again after it had failed in a way that may pass",
        "The recording holds a failure such as UNAVAILABLE and the same request again. The replaying program waits before it tries again, too, so that \
         every run of the test is slow for a failure of the day on which it was recorded. Record again, or leave the failed call out with `rpcreplay \
         filter`. Which codes may pass is set as `transient` under [check] in rpcreplay.toml.",
    ),
    warning(
        "unread-stream",
        "nothing was sent or received on a stream",
        "The stream was opened and nothing of it was recorded. In a replay it fits any message: the first one that the program sends on another stream of \
         the method is taken for one of this.",
    ),
    warning(
        "stream-without-eof",
        "a stream has no end",
        "Neither the end of the stream nor an error was received, so a program that reads it to its end fails in a replay: `no more receives for stream`. \
         Streams that the program leaves open look the same. A client stream ends with its only response; where the descriptor of its service is not \
         known, that can't be told, and nothing is found.",
    ),
    warning(
        "recv-after-end",
        "something was received on a stream after its end",
        "Behind the end of a stream, or the error that ended it, nothing can be received, and no program reads it. It may be a sign of an edit.",
    ),
    warning(
        "debug-info",
        "the server tells of its inside in a google.rpc.DebugInfo",
        "Errors of some servers carry stack entries and internal texts that were not meant to be published. `rpcreplay redact --redact \
         'status:details(google.rpc.DebugInfo)=drop'` takes them out; Go's replayer does not compare errors, so the test still passes.",
    ),
    warning(
        "stack-trace",
        "an error has a stack trace in it",
        "It tells which code the server runs, and where. `rpcreplay redact --redact 'status:message=replace:TEXT'` takes the text out.",
    ),
    warning(
        "unknown-fields",
        "a message has fields that its descriptor does not know",
        "They were written by a newer version of the API, or are damage. Text recordings lose them, nobody can look into them for secrets, and `rpcreplay \
         redact` refuses them. Name newer descriptors with --protoset, --proto or --go-binary.",
    ),
    warning(
        "uninspected",
        "there is a message in a message that nobody can look into",
        "A google.protobuf.Any inside of a message has a type that no source knows, or bytes that are not of its type. Go accepts it. Whether there are \
         secrets in it can't be told. Name what defines the type with --go-binary, --proto or --protoset.",
    ),
    warning(
        "drift-type",
        "the descriptors of --against do not have a type that is in the recording",
        "The API that the descriptors define has lost the type, or never had it: a program that is built with them can't replay the recording. Types of \
         google.rpc and google.protobuf are not asked for, which descriptors of a service seldom contain.",
    ),
    warning(
        "drift-field",
        "the descriptors of --against do not have a field that is in the recording",
        "The field is gone, or has another type: a program that is built with these descriptors does not see its value, and a request with it matches \
         nothing. A text recording names fields, and Go refuses one with a name that its descriptors do not know; in a binary one a field that is only \
         called otherwise is the same.",
    ),
    warning(
        "drift-method",
        "the descriptors of --against do not have a method that is in the recording",
        "The method is gone, has become a stream or is none any more, or takes or answers with another message: a program that is built with these \
         descriptors can't make the call.",
    ),
];

impl Rule {
    /// All of them: first those that find errors.
    pub const ALL: [Rule; ABOUT.len()] = {
        use Rule::*;
        [
            NotARecording,
            MissingInitialState,
            MalformedHeader,
            Truncated,
            SwallowedTruncation,
            DamagedCompression,
            MalformedCount,
            OverlongRecord,
            MalformedEntry,
            NoType,
            UnknownType,
            MalformedMessage,
            NilMessage,
            ErrorWithoutStatus,
            EmptyStatus,
            UnknownKind,
            NoRequest,
            NoStream,
            UnmatchedRequest,
            NoEntries,
            NoMethod,
            MethodOnResponse,
            ReferenceOnRequest,
            ErrorOnRequest,
            MessageOnCreateStream,
            EofOnResponse,
            WrongType,
            DifferentAnswers,
            RetriedCall,
            UnreadStream,
            StreamWithoutEof,
            RecvAfterEnd,
            DebugInfo,
            StackTrace,
            UnknownFields,
            Uninspected,
            DriftType,
            DriftField,
            DriftMethod,
        ]
    };

    /// What it is about.
    pub fn about(self) -> &'static About {
        &ABOUT[self as usize]
    }

    /// What it is called.
    pub fn id(self) -> &'static str {
        self.about().id
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::detect::known;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_says_why() {
        let mut ids = HashSet::new();
        for (place, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, place, "{rule:?}");
            let About { id, summary, explanation, .. } = rule.about();
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{id}");
            assert!(ids.insert(*id), "{id}");
            assert!(!summary.ends_with('.') && explanation.ends_with('.'), "{id}");
        }
        assert!(known().iter().all(|detector| ids.insert(detector.name)), "a detector has the name of a rule");
        // A name is made of that of the variant.
        for rule in Rule::ALL {
            let variant = format!("{rule:?}");
            assert_eq!(rule.id().replace('-', ""), variant.to_lowercase());
        }
        let is_error = |rule: &Rule| rule.about().severity == Severity::Error;
        assert_eq!(
            Rule::ALL.iter().take_while(|rule| is_error(rule)).count(),
            Rule::ALL.iter().filter(|rule| is_error(rule)).count()
        );
    }
}
