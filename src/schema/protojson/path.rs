//! Where in a message an error is.

use super::error::quote;
use super::lexer::Lexer;
use super::{Frame, JsonReader, KeyAt};

impl JsonReader<'_> {
    /// The path of what is open, for an error.
    #[cold]
    pub(super) fn path(&self, text: Lexer<'_>) -> String {
        let mut path = String::new();
        let key_of = |(start, end): KeyAt| {
            let raw = text.back_to(start as usize).string("a key").ok().filter(|_| end > 0);
            raw.map(|raw| format!("[\"{}\"]", quote(raw.text))).unwrap_or_default()
        };
        for frame in &self.frames {
            match frame {
                Frame::Message(message) => {
                    if message.type_at > 0 && !path.is_empty() {
                        path += &format!("({})", message.layout.full_name());
                    }
                    let Some(field) = message.told.checked_sub(1) else { continue };
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path += message.layout.fields()[field as usize].text_name();
                }
                Frame::List { index, .. } | Frame::Array { index, .. } => {
                    if let Some(index) = index.checked_sub(1) {
                        path += &format!("[{index}]");
                    }
                }
                Frame::Map { key, .. } | Frame::Struct { key, .. } => path += &key_of(*key),
                Frame::Any(any) => {
                    if let Some((_, layout)) = any.known
                        && !path.is_empty()
                    {
                        path += &format!("({})", layout.full_name());
                    }
                }
            }
        }
        path
    }
}
