//! A call, or a single entry, as people read it: [`CallView`].

use rpcreplay::entry::{Any, Entry, Flaw, Kind, Payload};
use rpcreplay::format::{Compression, Format};
use rpcreplay::pairing::Unpaired;
use rpcreplay::recording::Header;
use rpcreplay::schema::{Code, Status, Unresolved, Walker, is_printable, read_any, unknown_entry_fields};

use super::message::{BytesForm, Shown, ValueOptions, show_bytes, show_message, show_raw};
use super::notes::Notes;
use super::paint::{Painter, Role};
use super::window::{Call, Ending, WAITING_BYTES, WAITING_ENTRIES};

/// Shows calls and entries.
pub struct CallView<'s> {
    walker: Walker<'s>,
    options: ValueOptions,
    /// Whether payloads are shown as a guess at their bytes even where their type is known.
    raw: bool,
    /// Whether entries are called by their numbers.
    numbers: bool,
    /// Whether what was noted beside entries is shown.
    extensions: bool,
}

/// How deep the lines of an entry's payload are indented below the line of the entry.
const PAYLOAD: usize = 1;

impl<'s> CallView<'s> {
    /// A view that looks types up with this walker.
    pub fn new(walker: Walker<'s>, options: ValueOptions, raw: bool) -> Self {
        CallView { walker, options, raw, numbers: true, extensions: false }
    }

    /// The same view, and whether it shows what was noted beside entries, too.
    pub fn with_extensions(self, extensions: bool) -> Self {
        CallView { extensions, ..self }
    }

    /// The same view without the numbers of entries, in which a call looks the same wherever in a recording it stands.
    pub fn without_numbers(self) -> Self {
        CallView { numbers: false, ..self }
    }

    /// Shows a call: its method, and a block per entry.
    pub fn call(&mut self, call: &Call, ending: Ending, painter: &mut Painter<'_>, notes: &mut Notes) {
        let Some(first) = call.entries.first() else { return };
        painter.plain("\n");
        if call.continues() {
            painter.words(Role::Method, &format!("call #{}", call.first));
            painter.words(Role::Aside, ", continued");
        } else if call.unpaired.is_some() {
            painter.words(Role::Method, "entry without a call");
        } else {
            show_method(first, painter);
        }
        painter.plain("\n");
        for entry in &call.entries {
            self.entry_block(entry, 1, entry.index() == call.first, painter, notes);
        }
        let level = 1;
        if let Some(unpaired) = call.unpaired {
            self.unpaired(&call.entries[0], unpaired, level + PAYLOAD, painter);
        }
        let is_unary = first.kind() == Kind::Request;
        match ending {
            Ending::Ended => {}
            Ending::Waited => {
                let what = if is_unary { "response" } else { "end" };
                let limit = format!("{WAITING_ENTRIES} entries or {} MiB", WAITING_BYTES >> 20);
                painter.indent(level);
                painter.words(Role::Aside, &format!("no {what} within {limit}; what comes later is shown there\n"));
            }
            Ending::EndOfRecording { unmatched } if is_unary && self.numbers => painter
                .mark(level, &format!("no response in the recording (Go: `replayer: {unmatched} unmatched requests`)")),
            Ending::EndOfRecording { .. } if is_unary => painter.mark(level, "no response in the recording"),
            Ending::EndOfRecording { .. } => {
                painter.indent(level);
                painter.words(Role::Aside, "the stream's end is not in the recording\n");
            }
            Ending::Damage if is_unary => painter.mark(level, "no response before the damage"),
            Ending::Damage => painter.mark(level, "no end of the stream before the damage"),
        }
    }

    /// Shows an entry by itself.
    pub fn entry(&mut self, entry: &Entry, unpaired: Option<Unpaired>, painter: &mut Painter<'_>, notes: &mut Notes) {
        self.entry_block(entry, 0, false, painter, notes);
        if let Some(unpaired) = unpaired {
            self.unpaired(entry, unpaired, PAYLOAD, painter);
        }
    }

    /// Shows an entry: a line that says what it is, and its payload.
    ///
    /// Below the method that its call is headed by, it need not be repeated.
    fn entry_block(
        &mut self,
        entry: &Entry,
        level: usize,
        is_headed: bool,
        painter: &mut Painter<'_>,
        notes: &mut Notes,
    ) {
        painter.indent(level);
        if self.numbers {
            painter.words(Role::Index, &format!("#{}", entry.index()));
            painter.plain(" ");
        }
        match entry.kind() {
            Kind::Request => painter.words(Role::Kind, "request"),
            Kind::Response => painter.words(Role::Kind, "response"),
            Kind::CreateStream => painter.words(Role::Kind, "stream"),
            Kind::Send => painter.words(Role::Kind, "send"),
            Kind::Recv => painter.words(Role::Kind, "recv"),
            Kind::Unspecified | Kind::Unknown(_) => {
                painter.words(Role::Kind, &format!("kind {}", entry.kind().number()))
            }
        }
        let begins_call = matches!(entry.kind(), Kind::Request | Kind::CreateStream);
        if level == 0 && entry.ref_index() != 0 {
            painter.words(Role::Aside, &format!(" to #{}", entry.ref_index()));
        }
        if !is_headed && !entry.method().is_empty() {
            painter.plain(" ");
            painter.name(Role::Method, entry.method().as_bytes());
        }
        let level = level + PAYLOAD;
        self.payload(entry, level, painter);
        if self.extensions {
            self.extension(entry, level, painter);
        } else {
            notes.extension(entry);
        }
        if begins_call && entry.method().is_empty() {
            painter.mark(level, "no method, so no call can match it");
        }
        if begins_call && entry.ref_index() != 0 {
            let refers_to = self.number(entry.ref_index());
            painter.mark(level, &format!("refers to {refers_to}, which only later entries of a call do"));
        }
        if !begins_call && !entry.method().is_empty() {
            painter.mark(level, "names a method, which only the first entry of a call does");
        }
        if entry.kind() == Kind::Response && entry.payload() == Payload::Eof {
            painter.mark(level, "end of file, which no unary call ends with");
        }
        if let Some(flaw) = entry.flaw() {
            notes.flaw(entry, flaw);
            match flaw {
                Flaw::NoMessage(_) => painter.mark(
                    level,
                    "neither message nor error (Go: `grpcreplay: entry with nil message and false is_error`)",
                ),
                Flaw::ErrorIsNoStatus => {
                    painter.mark(level, "an error that is no google.rpc.Status, on which Go's replayer panics");
                }
            }
        }
        let unknown = unknown_entry_fields(entry);
        for (fields, ty) in [(unknown.of_any, "google.protobuf.Any"), (unknown.of_entry, "grpcreplay.Entry")] {
            if !fields.is_empty() {
                painter.mark(level, &format!("fields that {ty} does not have, by number:"));
            }
            for field in fields {
                show_raw(painter, field, level, self.options);
            }
        }
    }

    /// Shows what was noted beside an entry: the time, and a line for each metadatum.
    fn extension(&self, entry: &Entry, level: usize, painter: &mut Painter<'_>) {
        let Some(extension) = entry.extension() else { return };
        if let Some(time) = extension.time {
            painter.indent(level);
            painter.words(Role::Aside, "noted ");
            painter.words(Role::Value, &time.to_string());
            painter.plain("\n");
        }
        for (what, metadata) in [("header ", &extension.headers), ("trailer ", &extension.trailers)] {
            for metadatum in metadata {
                painter.indent(level);
                painter.words(Role::Aside, what);
                painter.short_name(Role::Name, metadatum.key.as_bytes());
                painter.plain(": ");
                match metadatum.text() {
                    Some(text) => painter.quoted(Role::Text, text.as_bytes(), self.options.max_bytes),
                    None => show_bytes(painter, &metadatum.value, self.options),
                }
                painter.plain("\n");
            }
        }
    }

    /// Ends the line of an entry with what it carries, and shows that below.
    fn payload(&mut self, entry: &Entry, level: usize, painter: &mut Painter<'_>) {
        match entry.payload() {
            Payload::Empty => painter.plain("\n"),
            Payload::Eof => {
                painter.plain("  ");
                let words = if entry.kind() == Kind::Recv { "end of stream" } else { "end of file" };
                painter.words(Role::Good, words);
                painter.plain("\n");
            }
            Payload::Message(any) => {
                painter.plain("  ");
                self.message(any, level, painter);
            }
            Payload::Error(any) if entry.flaw().is_some() => {
                painter.plain("  ");
                painter.words(Role::Bad, "error");
                painter.plain(" ");
                self.message(any, level, painter);
            }
            Payload::Error(any) => self.status(any, level, painter),
        }
    }

    /// Shows a message below its type, or why it can't be shown and a guess at its bytes.
    fn message(&mut self, any: Any<'_>, level: usize, painter: &mut Painter<'_>) {
        let shown = match any.type_url.strip_prefix("type.googleapis.com/") {
            Some(name) if !name.contains('/') => name,
            _ => any.type_url,
        };
        painter.name(Role::Type, if shown.is_empty() { b"(no type)" } else { shown.as_bytes() });
        painter.plain("\n");
        if self.raw {
            show_raw(painter, any.value, level, self.options);
            return;
        }
        let resolved = self.walker.schema().resolve(any.type_url);
        match resolved {
            Ok(layout) => {
                let message = Shown::Message(layout, any.value);
                let shown = show_message(&mut self.walker, &message, level, self.options, painter);
                if let Err(malformed) = shown {
                    painter.mark(level, &format!("not a message of its type: {malformed}; a guess at the bytes:"));
                    show_raw(painter, any.value, level, self.options);
                }
            }
            Err(reason) => {
                painter.mark(level, &format!("{reason}{}; a guess at the bytes:", go_says(&reason)));
                show_raw(painter, any.value, level, self.options);
            }
        }
    }

    /// Shows how a call ended.
    fn status(&mut self, any: Any<'_>, level: usize, painter: &mut Painter<'_>) {
        painter.plain("  ");
        let status = match Status::read(any.value) {
            Ok(status) => status,
            Err(fault) => {
                painter.words(Role::Bad, "error\n");
                painter.mark(level, &format!("not a google.rpc.Status: {fault}; a guess at the bytes:"));
                show_raw(painter, any.value, level, self.options);
                return;
            }
        };
        let role = if status.code == Code::OK { Role::Good } else { Role::Bad };
        match status.code.name() {
            Some(name) => painter.words(role, &format!("{name} ({})", status.code.0)),
            None => painter.words(role, &format!("code {}", status.code.0)),
        }
        if !status.message.is_empty() {
            painter.plain(" ");
            painter.quoted(Role::Text, status.message, self.options.max_bytes);
        }
        painter.plain("\n");
        if self.raw {
            show_raw(painter, any.value, level, self.options);
            return;
        }
        if status.code == Code::OK {
            painter.mark(level, "an error with code OK, which Go's replayer takes for neither message nor error");
        }
        if std::str::from_utf8(status.message).is_err() {
            painter.mark(level, "invalid UTF-8, which Go's reader refuses");
        }
        for detail in status.details {
            self.detail(detail, level, painter);
        }
        if !status.unknown.is_empty() {
            painter.mark(level, "fields that the descriptor does not know, by number:");
            for field in status.unknown {
                show_raw(painter, field, level, self.options);
            }
        }
    }

    fn detail(&mut self, detail: &[u8], level: usize, painter: &mut Painter<'_>) {
        let reason = match read_any(detail) {
            Err(reason) => reason,
            Ok(any) => match self.walker.schema().resolve(any.type_url) {
                Err(reason) => {
                    painter.indent(level);
                    painter.plain("[");
                    painter.name(Role::Type, any.type_url.as_bytes());
                    painter.plain("] {\n");
                    painter.mark(level + 1, &reason.to_string());
                    show_raw(painter, any.value, level + 1, self.options);
                    painter.indent(level);
                    painter.plain("}\n");
                    return;
                }
                Ok(layout) => {
                    let message = Shown::Any(layout, any);
                    match show_message(&mut self.walker, &message, level, self.options, painter) {
                        Ok(()) => return,
                        Err(malformed) => malformed.to_string(),
                    }
                }
            },
        };
        painter.mark(level, &format!("a detail that can't be read: {reason}; a guess at its bytes:"));
        show_raw(painter, detail, level, self.options);
    }

    fn unpaired(&self, entry: &Entry, unpaired: Unpaired, level: usize, painter: &mut Painter<'_>) {
        let refers_to = self.number(entry.ref_index());
        let reason = match unpaired {
            Unpaired::Response(_) => format!("refers to {refers_to}, which is no earlier request without a response"),
            Unpaired::Send(_) | Unpaired::Recv(_) => format!("refers to {refers_to}, which is no earlier stream"),
            Unpaired::Kind(_) => "of a kind that no recorder writes".to_owned(),
        };
        // Go's own words hold the number of the entry.
        let go_says = if self.numbers { format!(" (Go: `{unpaired}`)") } else { String::new() };
        painter.mark(level, &format!("{reason}{go_says}"));
    }

    /// What a mark calls another entry.
    fn number(&self, ref_index: i32) -> String {
        if self.numbers { format!("#{ref_index}") } else { "an entry".to_owned() }
    }
}

/// What Go's reader says of a type URL that leads nowhere.
fn go_says(reason: &Unresolved) -> &'static str {
    match reason {
        Unresolved::EmptyUrl => " (Go: `proto: invalid empty type URL`)",
        Unresolved::Unknown(_) | Unresolved::NotUtf8 | Unresolved::Broken { .. } => "",
    }
}

/// Appends what stands in front of the calls: the file's name where there are several, format, compression, initial state.
pub fn show_header(
    name: Option<&str>,
    format: Format,
    compression: Compression,
    header: &Header,
    options: ValueOptions,
    painter: &mut Painter<'_>,
) {
    if let Some(name) = name {
        painter.name(Role::File, name.as_bytes());
        painter.plain("\n");
    }
    painter.plain(match format {
        Format::Binary => "binary recording (RPCReplay)",
        Format::Text => "text recording (RPCReTxt1)",
        Format::Json => "recording as JSON",
        Format::JsonLines => "recording as JSON Lines",
    });
    match compression {
        Compression::None => {}
        Compression::Gzip => painter.plain(" in gzip"),
        Compression::Zstd => painter.plain(" in zstd"),
    }
    show_initial(header, options, painter);
}

/// Ends the line that stands in front of the calls with the initial state.
pub fn show_initial(header: &Header, options: ValueOptions, painter: &mut Painter<'_>) {
    let initial = &header.initial;
    if initial.is_empty() {
        painter.plain(", no initial state\n");
        return;
    }
    painter.plain(", initial state ");
    let is_text = std::str::from_utf8(initial).is_ok_and(|text| {
        text.chars().all(|character| matches!(character, '\n' | '\r' | '\t') || is_printable(character))
    });
    if is_text {
        painter.quoted(Role::Text, initial, options.max_bytes);
    } else {
        show_bytes(painter, initial, ValueOptions { bytes: BytesForm::Hex, ..options });
    }
    painter.plain("\n");
}

fn show_method(entry: &Entry, painter: &mut Painter<'_>) {
    match entry.method() {
        "" => painter.words(Role::Method, "call without a method"),
        method => painter.name(Role::Method, method.as_bytes()),
    }
}
