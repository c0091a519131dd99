//! Recordings as they are printed, part by part: [`View`].

use std::mem;

use rpcreplay::entry::Entry;
use rpcreplay::format::write_json_entry;
use rpcreplay::pairing::Unpaired;
use rpcreplay::schema::{JsonOptions, Schema, Walker};

use super::sorter::{End, Head, Item, Part};
use super::{Print, To};
use crate::output::escape_controls;
use crate::render::{
    Call, CallView, Document, Ending, Notes, Painter, Role, ValueOptions, show_header, write_fprint, write_prototext,
};

/// Prints parts of recordings. Every thread has one of its own.
pub struct View<'s> {
    form: Form<'s>,
    /// Whether several recordings are printed, so that each needs its name.
    several: bool,
    /// Whether a terminal shows it, which would obey characters that a file or a pipe gets as they are.
    is_terminal: bool,
    buffer: Vec<u8>,
}

enum Form<'s> {
    People { view: CallView<'s>, colors: bool, options: ValueOptions },
    Programs { document: Document, walker: Walker<'s>, json: JsonOptions },
}

impl<'s> View<'s> {
    /// A view of the form that the arguments ask for.
    pub fn new(print: &Print, schema: &'s Schema, is_terminal: bool) -> Self {
        let walker = Walker::new(schema);
        let form = match print.to.document() {
            Some(document) => {
                let json = JsonOptions {
                    proto_names: print.proto_names,
                    enum_numbers: print.enum_numbers,
                    emit_defaults: print.emit_defaults,
                    ..JsonOptions::default()
                };
                Form::Programs { document, walker, json }
            }
            None => {
                let options = ValueOptions { bytes: print.bytes, max_bytes: print.max_bytes.0 };
                let view = CallView::new(walker, options, print.to == To::Raw).with_extensions(print.verbose);
                Form::People { view, colors: print.color.colors(), options }
            }
        };
        View { form, several: print.input.files.len() > 1, is_terminal, buffer: Vec::new() }
    }

    /// What a part looks like, and what was noticed about it. Its items are taken: shown, they are of no more use.
    ///
    /// It is written to `buffer`, whatever that held.
    pub fn show(&mut self, part: &mut Part, buffer: Vec<u8>) -> (Vec<u8>, Notes) {
        let mut notes = Notes::default();
        self.buffer = buffer;
        self.buffer.clear();
        if let Some(head) = &part.begins {
            self.begin(&part.name, head);
        }
        let mut is_first = part.is_first;
        for item in mem::take(&mut part.items) {
            match item {
                Item::Call(call, ending) => self.call(&call, ending, &mut notes),
                Item::Entry(entry, unpaired) => self.entry(&entry, unpaired, is_first, &mut notes),
            }
            is_first = false;
        }
        if let Some(end) = &part.ends {
            self.end(end);
        }
        if self.is_terminal && matches!(self.form, Form::Programs { .. }) {
            escape_controls(&mut self.buffer);
        }
        (mem::take(&mut self.buffer), notes)
    }

    fn begin(&mut self, name: &str, head: &Head) {
        let name = self.several.then_some(name);
        match &self.form {
            Form::Programs { document, .. } => document.begin(name, head.is_first, &head.header, &mut self.buffer),
            Form::People { colors, options, .. } => {
                let mut painter = Painter { out: &mut self.buffer, colors: *colors };
                if !head.is_first {
                    painter.plain("\n");
                }
                show_header(name, head.format, head.compression, &head.header, *options, &mut painter);
            }
        }
    }

    fn call(&mut self, call: &Call, ending: Ending, notes: &mut Notes) {
        if let Form::People { view, colors, .. } = &mut self.form {
            let mut painter = Painter { out: &mut self.buffer, colors: *colors };
            view.call(call, ending, &mut painter, notes);
        }
    }

    fn entry(&mut self, entry: &Entry, unpaired: Option<Unpaired>, is_first: bool, notes: &mut Notes) {
        let out = &mut self.buffer;
        match &mut self.form {
            Form::People { view, colors, .. } => {
                let mut painter = Painter { out, colors: *colors };
                if is_first {
                    painter.plain("\n");
                }
                view.entry(entry, unpaired, &mut painter, notes);
            }
            Form::Programs { document, walker, json } => {
                if let Some(flaw) = entry.flaw() {
                    notes.flaw(entry, flaw);
                }
                document.begin_entry(entry, is_first, out);
                match document {
                    Document::Fprint => write_fprint(entry, walker, out, notes),
                    Document::Prototext => write_prototext(entry, walker, out, notes),
                    Document::Json | Document::Jsonl => {
                        // Only the strict manner fails.
                        let _ = write_json_entry(entry, *json, walker, out);
                    }
                }
                document.end_entry(out);
            }
        }
    }

    fn end(&mut self, end: &End) {
        match &self.form {
            Form::Programs { document, .. } => document.end(!end.is_empty, &mut self.buffer),
            Form::People { colors, .. } if end.is_empty && end.result.is_ok() => {
                let words = if end.is_everything { "\nno entries\n" } else { "\nnothing matches the selection\n" };
                Painter { out: &mut self.buffer, colors: *colors }.words(Role::Aside, words);
            }
            Form::People { .. } => {}
        }
    }
}
