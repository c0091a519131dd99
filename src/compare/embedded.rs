//! Text that is JSON, inside strings and `bytes`: where two such texts differ.

use serde_json::Value as Json;

/// Longer texts are not looked into.
const LOOKED_INTO_BYTES: usize = 1024 * 1024;

/// A place where two JSON texts differ: its path, `$` for all of it, and what stands there as JSON.
pub(super) struct JsonDifference {
    pub(super) path: String,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// Where two texts differ, if both are JSON objects or arrays; nothing if they say the same in other words.
pub(super) fn json_differences(old: &[u8], new: &[u8]) -> Option<Vec<JsonDifference>> {
    let (old, new) = (parse(old)?, parse(new)?);
    let mut found = Vec::new();
    compare("$", &old, &new, &mut found);
    Some(found)
}

fn parse(text: &[u8]) -> Option<Json> {
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if text.len() > LOOKED_INTO_BYTES || !matches!(first, b'{' | b'[') {
        return None;
    }
    let json = serde_json::from_slice(text).ok()?;
    is_all_of(&json, text).then_some(json)
}

/// Whether JSON says all that its text says but for blanks and the order of members: there may be numbers beyond what a double
/// holds, and members twice.
fn is_all_of(json: &Json, text: &[u8]) -> bool {
    let mut counts = [0i64; 256];
    let (mut is_in_string, mut is_escaped) = (false, false);
    for &byte in text {
        if is_in_string {
            is_in_string = is_escaped || byte != b'"';
            is_escaped = byte == b'\\' && !is_escaped;
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            is_in_string = byte == b'"';
        }
        counts[usize::from(byte)] += 1;
    }
    for byte in json.to_string().bytes() {
        counts[usize::from(byte)] -= 1;
    }
    counts.iter().all(|&count| count == 0)
}

/// `serde_json` refuses what nests deeper than 128, so this does not go deeper either.
fn compare(path: &str, old: &Json, new: &Json, found: &mut Vec<JsonDifference>) {
    match (old, new) {
        (Json::Object(old), Json::Object(new)) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                both(&format!("{path}[{}]", Json::from(name.as_str())), old.get(name), new.get(name), found);
            }
        }
        (Json::Array(old), Json::Array(new)) => {
            for place in 0..old.len().max(new.len()) {
                both(&format!("{path}[{place}]"), old.get(place), new.get(place), found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => both_differ(path, Some(old), Some(new), found),
    }
}

fn both(path: &str, old: Option<&Json>, new: Option<&Json>, found: &mut Vec<JsonDifference>) {
    match (old, new) {
        (Some(old), Some(new)) => compare(path, old, new, found),
        (old, new) => both_differ(path, old, new, found),
    }
}

fn both_differ(path: &str, old: Option<&Json>, new: Option<&Json>, found: &mut Vec<JsonDifference>) {
    let text = |value: &Json| value.to_string();
    found.push(JsonDifference { path: path.to_owned(), old: old.map(text), new: new.map(text) });
}

#[cfg(test)]
mod tests {
    use super::json_differences;

    #[test]
    fn what_json_does_not_hold_is_compared_as_text() {
        let is_json = |text: &str| json_differences(text.as_bytes(), b"{}").is_some();
        for text in ["{\"a\": [1, 2.5, null]}", "[]", "{\"b\":\"\\\"x \\\\\",\n\"a\":{}}", "[\"é\"]"] {
            assert!(is_json(text), "{text}");
        }
        for text in
            ["{\"id\":123456789012345678901}", "{\"a\":1,\"a\":2}", "[0.10000000000000000001]", "[\"\\u00e9\"]", "1"]
        {
            assert!(!is_json(text), "{text}");
        }
    }

    #[test]
    fn places_have_paths() {
        let old = br#"{"a":[1,{"b":true}],"c":"x"}"#;
        let new = br#"{"c":"y","a":[1,{"b":false},3]}"#;
        let found: Vec<_> = json_differences(old, new)
            .expect("both are JSON")
            .into_iter()
            .map(|found| (found.path, found.old.unwrap_or_default(), found.new.unwrap_or_default()))
            .collect();
        let expected =
            [("$[\"a\"][1][\"b\"]", "true", "false"), ("$[\"a\"][2]", "", "3"), ("$[\"c\"]", "\"x\"", "\"y\"")];
        let owned = |(path, old, new): (&str, &str, &str)| (path.to_owned(), old.to_owned(), new.to_owned());
        assert_eq!(found, expected.map(owned));
    }
}
