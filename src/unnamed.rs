//! Messages whose type nobody could name when they were recorded: [`type_url`] makes up a name, and [`of`] knows it again.
//!
//! What passes between a program and a server tells its method and not its type. The message is recorded as one of type
//! `rpcreplay.unknown/PACKAGE.SERVICE.METHOD.Request` or `….Response`; no real type is called so, since a service and no message or package
//! has the name before the method's. Whoever knows the service knows the type: [`Schema::resolve`](crate::Schema::resolve) leads to it.

use std::fmt::Write;

use crate::entry::type_name;

/// What the type URL of a message begins with whose type nobody could name.
pub const PREFIX: &str = "rpcreplay.unknown/";

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Response,
}

impl Direction {
    fn ending(self) -> &'static str {
        match self {
            Direction::Request => ".Request",
            Direction::Response => ".Response",
        }
    }
}

/// A message of which nothing is known but where it passed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unnamed {
    /// The method, as it was called: `/package.Service/Method`.
    pub method: String,
    /// Which way it went.
    pub direction: Direction,
}

/// The type URL of a message of a method that goes this way.
///
/// Every path of a method has one of its own: what can't stand in a name is written as `%` and two digits for each of its bytes, and so is
/// the whole of a path that is not `/SERVICE/METHOD`; the last slash stands before the method.
///
/// ```
/// use rpcreplay::unnamed::{self, Direction};
///
/// let type_url = unnamed::type_url("/acme.v1.Orders/Get", Direction::Response);
/// assert_eq!(type_url, "rpcreplay.unknown/acme.v1.Orders.Get.Response");
/// assert_eq!(unnamed::of(&type_url).map(|unnamed| unnamed.method).as_deref(), Some("/acme.v1.Orders/Get"));
/// assert_eq!(unnamed::of("type.googleapis.com/acme.v1.Order"), None);
/// ```
pub fn type_url(method: &str, direction: Direction) -> String {
    let mut url = PREFIX.to_owned();
    match method.strip_prefix('/').and_then(|path| path.rsplit_once('/')) {
        Some((service, method)) => {
            push_encoded(service, ".", &mut url);
            url.push('.');
            push_encoded(method, "", &mut url);
        }
        None => push_encoded(method, "", &mut url),
    }
    url + direction.ending()
}

/// What a type URL says that [`type_url`] has made; nothing of others.
pub fn of(type_url: &str) -> Option<Unnamed> {
    let name = type_url.strip_prefix(PREFIX)?;
    let (path, direction) = [Direction::Request, Direction::Response]
        .into_iter()
        .find_map(|direction| Some((name.strip_suffix(direction.ending())?, direction)))?;
    let method = match path.rsplit_once('.') {
        Some((service, method)) => format!("/{}/{}", decoded(service)?, decoded(method)?),
        None => decoded(path)?,
    };
    // What says the same otherwise was made by somebody else.
    let is_own = self::type_url(&method, direction) == type_url;
    is_own.then_some(Unnamed { method, direction })
}

/// What the type of a message is called that has this type URL: as [`type_name`] says, but all of the URL if nobody could name the type,
/// so that it is taken for no other.
pub fn name(type_url: &str) -> &str {
    if type_url.starts_with(PREFIX) && of(type_url).is_some() { type_url } else { type_name(type_url) }
}

/// Appends a part of a path with all that can't stand in a name encoded, but for what is allowed.
fn push_encoded(part: &str, allowed: &str, url: &mut String) {
    for character in part.chars() {
        if character.is_ascii_alphanumeric() || character == '_' || allowed.contains(character) {
            url.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            write!(url, "%{byte:02X}").expect("a string takes all that is written");
        }
    }
}

fn decoded(part: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(part.len()), part.as_bytes());
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, behind) = behind.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn odd_paths_have_names_of_their_own() {
        for (method, expected) in [
            ("/acme.v1.Orders/Get", "acme.v1.Orders.Get"),
            ("/Orders/Get", "Orders.Get"),
            ("/a/b/Get", "a%2Fb.Get"),
            ("//Get", ".Get"),
            ("/Orders/", "Orders."),
            ("//", "."),
            ("/a.B/Get.Request", "a.B.Get%2ERequest"),
            ("/a%2EB/Get", "a%252EB.Get"),
            ("/größe/Get all", "gr%C3%B6%C3%9Fe.Get%20all"),
            ("/Get", "%2FGet"),
            ("Orders/Get", "Orders%2FGet"),
            ("Get", "Get"),
            ("a.B.Get", "a%2EB%2EGet"),
            ("/", "%2F"),
            ("", ""),
        ] {
            let type_url = type_url(method, Direction::Request);
            assert_eq!(type_url, format!("rpcreplay.unknown/{expected}.Request"), "{method}");
            assert_eq!(of(&type_url), Some(Unnamed { method: method.to_owned(), direction: Direction::Request }));
            assert_eq!((name(&type_url), type_name(&type_url)), (&*type_url, &type_url[PREFIX.len()..]));
        }
    }

    #[test]
    fn what_others_have_made_is_none() {
        for type_url in [
            "",
            "rpcreplay.unknown/",
            "rpcreplay.unknown/acme.Orders.Get",
            "rpcreplay.unknown/Request",
            "acme.Orders.Get.Request",
            "type.googleapis.com/acme.Orders.Get.Request",
            "x/rpcreplay.unknown/acme.Orders.Get.Request",
            "rpcreplay.unknown/acme/Orders.Get.Request",
            "rpcreplay.unknown/a.B%2EC.Get.Request",
            "rpcreplay.unknown/a.B.Get%2e.Request",
            "rpcreplay.unknown/a.B.Get%FF.Request",
            "rpcreplay.unknown/a.B.Get%2.Request",
            "rpcreplay.unknown/a.B.Get%+2.Request",
            "rpcreplay.unknown/%47et.Request",
        ] {
            assert_eq!(of(type_url), None, "{type_url}");
            assert_eq!(name(type_url), type_name(type_url));
        }
    }

    proptest! {
        #[test]
        fn every_path_comes_back(method in ".*|(/?[a-z.%/ é]{0,9}){0,4}", is_request: bool) {
            let direction = if is_request { Direction::Request } else { Direction::Response };
            let type_url = type_url(&method, direction);
            prop_assert!(!type_name(&type_url).contains(['/', ' ']));
            prop_assert_eq!(of(&type_url), Some(Unnamed { method, direction }));
        }

        #[test]
        fn one_name_is_of_one_path(url in "rpcreplay\\.unknown/[aZ._%2FE]{0,9}\\.Re(quest|sponse)") {
            if let Some(Unnamed { method, direction }) = of(&url) {
                prop_assert_eq!(type_url(&method, direction), url);
            }
        }
    }
}
