//! Whether bytes are a message of their type: [`check_message`].

use super::layout::{Field, Layout, LayoutId};
use super::sink::{Flow, Malformed, Order, Place, Scalar, Sink};
use super::walk::{Walker, Wire};
use crate::wire::Fault;

/// Whether bytes are a message of a type as Go reads them: they parse, at every depth, and strings are UTF-8 where they must
/// be. What stands in an `Any` is not looked at.
///
/// # Errors
///
/// [`Malformed`] if they are not; where a string is not UTF-8, without its place.
pub fn check_message(walker: &mut Walker<'_>, layout: LayoutId, bytes: &[u8]) -> Result<(), Malformed> {
    walker.checked_if_needed(Malformed::in_any, |walker| walker.walk(layout, bytes, &mut CheckSink))
}

/// Whether bytes parse as a message of a type, at every depth. What stands in an `Any` is not looked at.
///
/// # Errors
///
/// [`Malformed`] if they do not.
pub(super) fn check_wire(walker: &mut Walker<'_>, layout: LayoutId, bytes: &[u8]) -> Result<(), Malformed> {
    walker.checked_if_needed(Malformed::in_any, |walker| walker.walk(layout, bytes, &mut WireSink))
}

/// The full name of the first field of a message whose string is not UTF-8, where it must be; nothing if there is none. What stands in an
/// `Any` is not looked at.
pub(crate) fn field_without_utf8(walker: &mut Walker<'_>, layout: LayoutId, bytes: &[u8]) -> Option<String> {
    let mut sink = NameSink::default();
    // What is found ends the walk.
    let _ = walker.checked_if_needed(Malformed::in_any, |walker| walker.walk(layout, bytes, &mut sink));
    sink.found
}

/// Remembers the names of the messages that are open.
#[derive(Default)]
struct NameSink {
    open: Vec<String>,
    found: Option<String>,
}

impl NameSink {
    fn check(&mut self, field: &Field, value: Scalar<'_>) -> Result<(), Malformed> {
        CheckSink::check(field, value).inspect_err(|_| {
            let message = self.open.last().map_or("", String::as_str);
            self.found.get_or_insert_with(|| format!("{message}.{}", field.name()));
        })
    }
}

impl Sink for NameSink {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn begin_message(&mut self, _: Place<'_>, layout: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        self.open.push(layout.full_name().to_owned());
        Ok(Flow::Enter)
    }

    fn end_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<(), Malformed> {
        self.open.pop();
        Ok(())
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        match place {
            Place::Field(field) | Place::Element(field) | Place::MapValue(field) => self.check(field, value),
            Place::Root | Place::Any => Ok(()),
        }
    }

    fn begin_entry(&mut self, _: &Field, key: &Field, value: Scalar<'_>) -> Result<(), Malformed> {
        self.check(key, value)
    }
}

/// Looks at no value.
struct WireSink;

impl Sink for WireSink {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn begin_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        Ok(Flow::Enter)
    }

    fn scalar(&mut self, _: Place<'_>, _: Scalar<'_>) -> Result<(), Malformed> {
        Ok(())
    }
}

struct CheckSink;

impl CheckSink {
    fn check(field: &Field, value: Scalar<'_>) -> Result<(), Malformed> {
        match value {
            Scalar::String(text) if field.checks_utf8() && simdutf8::basic::from_utf8(text).is_err() => {
                Err(Malformed::new(Fault::Utf8(field.number()), 0))
            }
            _ => Ok(()),
        }
    }
}

impl Sink for CheckSink {
    type Error = Malformed;
    const ORDER: Order = Order::Declared;

    fn begin_message(&mut self, _: Place<'_>, _: &Layout, _: Wire<'_>) -> Result<Flow, Malformed> {
        Ok(Flow::Enter)
    }

    fn scalar(&mut self, place: Place<'_>, value: Scalar<'_>) -> Result<(), Malformed> {
        match place {
            Place::Field(field) | Place::Element(field) | Place::MapValue(field) => CheckSink::check(field, value),
            Place::Root | Place::Any => Ok(()),
        }
    }

    fn begin_entry(&mut self, _: &Field, key: &Field, value: Scalar<'_>) -> Result<(), Malformed> {
        CheckSink::check(key, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn messages_are_told_from_other_bytes() {
        let schema = Schema::builtin();
        let mut walker = Walker::new(&schema);
        for (message_type, bytes, expected) in [
            ("google.rpc.Status", &b""[..], ""),
            ("google.rpc.Status", b"\x08\x05\x12\x02no", ""),
            ("google.rpc.Status", b"\xf8\x07\x01", ""),
            ("google.rpc.Status", b"\x12\x02n", "field 2 claims 2 bytes, but 1 are left"),
            ("google.rpc.Status", b"\x12\x01\xff", "field 2 is not valid UTF-8"),
            ("google.rpc.Status", b"\x1a\x03\x12\x01\xff", ""),
            ("google.pubsub.v1.Topic", b"\x12\x05\x0a\x01\xff\x12\x00", "field 1 is not valid UTF-8"),
            ("google.protobuf.BytesValue", b"\x0a\x01\xff", ""),
        ] {
            let layout = schema.resolve(message_type).expect("the bundle has it");
            let found = check_message(&mut walker, layout, bytes)
                .map_or_else(|malformed| malformed.fault().to_string(), |()| String::new());
            assert_eq!(found, expected, "{message_type} {bytes:x?}");
            assert_eq!(field_without_utf8(&mut walker, layout, bytes).is_some(), expected.ends_with("UTF-8"));
        }
        let layout = schema.resolve("google.pubsub.v1.Subscription").expect("the bundle has it");
        for (bytes, expected) in [
            (&b"\x0a\x01\xff"[..], "google.pubsub.v1.Subscription.name"),
            (b"\x22\x03\x0a\x01\xff", "google.pubsub.v1.PushConfig.push_endpoint"),
        ] {
            assert_eq!(field_without_utf8(&mut walker, layout, bytes).as_deref(), Some(expected));
        }
    }
}
