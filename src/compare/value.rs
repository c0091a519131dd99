//! [`Value`]: a value out of a message that a report holds.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A `bool`.
    Bool(bool),
    /// Any integer.
    Int(i128),
    /// A `float`.
    Float(f32),
    /// A `double`.
    Double(f64),
    /// A `string`, which may not be UTF-8.
    String(Vec<u8>),
    /// A `bytes`.
    Bytes(Vec<u8>),
    /// An enum's name, or its number if it has no name for it.
    Enum(Result<String, i32>),
    /// A timestamp in the form of RFC 3339, or a duration in seconds, as ProtoJSON writes them.
    Time(String),
    /// A message: its fields by name, in the order of declaration.
    Message(Vec<(String, Value)>),
    /// A list.
    List(Vec<Value>),
    /// A map: its keys and values.
    Map(Vec<(String, Value)>),
    /// An `Any`: its type URL and the message inside.
    Any(String, Box<Value>),
    /// A message of a type that is not known, or that is none of its type: its bytes.
    Opaque(Vec<u8>),
    /// JSON out of a string or `bytes`.
    Json(String),
    /// The end of a stream.
    End,
    /// An entry has no message.
    NoMessage,
    /// What an entry says beside its message.
    Fact(String),
    /// What nests too deep to be shown.
    TooDeep,
}
