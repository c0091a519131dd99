//! Protobuf messages written field by field: [`Message`].

/// A message's wire bytes. A field is written when it is named, whatever its value: leaving out what proto3 leaves
/// out is the caller's work.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    pub fn new() -> Message {
        Message::default()
    }

    pub fn number(mut self, field: u32, value: u64) -> Message {
        self.tag(field, 0);
        varint(&mut self.0, value);
        self
    }

    pub fn double(mut self, field: u32, value: f64) -> Message {
        self.tag(field, 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A field that proto3 leaves out where it is zero; what is negative zero is written.
    pub fn double_unless_zero(self, field: u32, value: f64) -> Message {
        if value.to_bits() == 0 { self } else { self.double(field, value) }
    }

    pub fn bytes(mut self, field: u32, value: &[u8]) -> Message {
        self.tag(field, 2);
        varint(&mut self.0, value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    pub fn text(self, field: u32, value: &str) -> Message {
        self.bytes(field, value.as_bytes())
    }

    pub fn message(self, field: u32, value: Message) -> Message {
        self.bytes(field, &value.0)
    }

    /// One message for every item of `values`.
    pub fn messages(self, field: u32, values: impl IntoIterator<Item = Message>) -> Message {
        values.into_iter().fold(self, |message, value| message.message(field, value))
    }

    /// One text for every item of `values`.
    pub fn texts<'a>(self, field: u32, values: impl IntoIterator<Item = &'a String>) -> Message {
        values.into_iter().fold(self, |message, value| message.text(field, value))
    }

    /// One entry of a map from text to text.
    pub fn text_pair(self, field: u32, key: &str, value: &str) -> Message {
        self.message(field, Message::new().text(1, key).text(2, value))
    }

    /// One entry of a map from text to messages.
    pub fn message_pair(self, field: u32, key: &str, value: Message) -> Message {
        self.message(field, Message::new().text(1, key).message(2, value))
    }

    pub fn packed_numbers(self, field: u32, values: impl IntoIterator<Item = u64>) -> Message {
        let mut packed = Vec::new();
        for value in values {
            varint(&mut packed, value);
        }
        self.bytes(field, &packed)
    }

    pub fn packed_doubles(self, field: u32, values: impl IntoIterator<Item = f64>) -> Message {
        let packed: Vec<u8> = values.into_iter().flat_map(f64::to_le_bytes).collect();
        self.bytes(field, &packed)
    }

    pub fn packed_floats(self, field: u32, values: impl IntoIterator<Item = f32>) -> Message {
        let packed: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
        self.bytes(field, &packed)
    }

    fn tag(&mut self, field: u32, wire_type: u64) {
        varint(&mut self.0, u64::from(field) << 3 | wire_type);
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
