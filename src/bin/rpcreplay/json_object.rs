//! JSON objects, written member by member in an order that reads well: [`Object`].

use rpcreplay::schema::quote_json;

use crate::output::escape_controls;

/// The object that is being written.
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

/// Appends an object with the members that `write` writes. Nothing is left in it that a terminal would obey; what is
/// escaped for that reads as the same strings.
pub fn put_object(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    let mut part = Vec::new();
    put_plainly(&mut part, write);
    escape_controls(&mut part);
    out.append(&mut part);
}

fn put_plainly(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    write(&mut Object { out, is_empty: true });
    out.push(b'}');
}

impl Object<'_> {
    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        quote_json(self.out, name);
        self.out.push(b':');
    }

    /// Appends a string.
    pub fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        quote_json(self.out, value);
    }

    /// Appends a number.
    pub fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    /// Appends a number with two digits behind the point.
    pub fn decimal(&mut self, name: &str, value: f64) {
        self.name(name);
        self.out.extend_from_slice(format!("{value:.2}").as_bytes());
    }

    /// Appends an object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        put_plainly(self.out, write);
    }

    /// Appends a list of objects, each on a line of its own behind the first.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Object<'_>, T),
    ) {
        self.name(name);
        self.out.push(b'[');
        for (place, item) in items.into_iter().enumerate() {
            self.out.extend_from_slice(if place == 0 { b"" } else { b",\n" });
            put_plainly(self.out, |object| each(object, item));
        }
        self.out.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let mut out = Vec::new();
        put_object(&mut out, |object| {
            object.string("b", "\u{202e}\"");
            object.number("a", u64::MAX);
            object.decimal("part", 0.125);
            object.object("none", |_| {});
            object.list("list", [1, 2], |object, number| object.number("n", number));
        });
        let expected = "{\"b\":\"\\u202e\\\"\",\"a\":18446744073709551615,\"part\":0.12,\"none\":{},\"list\":[{\"n\":1},\n{\"n\":2}]}";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
