//! JSON in which everything stays where it stands, which a map would not keep.

/// A value of JSON with everything where it stands; scalars, and names, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    Scalar(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text that is JSON.
    pub fn parse(text: &str) -> Json {
        let mut rest = text;
        let json = Json::read(&mut rest);
        assert!(rest.trim().is_empty(), "{rest}");
        json
    }

    fn read(rest: &mut &str) -> Json {
        *rest = rest.trim_start();
        let close = match rest.as_bytes()[0] {
            b'{' => '}',
            b'[' => ']',
            _ => return Json::Scalar(Json::scalar(rest)),
        };
        *rest = rest[1..].trim_start();
        let (mut members, mut elements) = (Vec::new(), Vec::new());
        while !rest.starts_with(close) {
            if close == '}' {
                let key = Json::scalar(rest);
                *rest = rest.trim_start().strip_prefix(':').expect("a colon");
                members.push((key, Json::read(rest)));
            } else {
                elements.push(Json::read(rest));
            }
            *rest = rest.trim_start();
            *rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        *rest = &rest[1..];
        if close == '}' { Json::Object(members) } else { Json::List(elements) }
    }

    fn scalar(rest: &mut &str) -> String {
        let mut is_escaped = false;
        let ends = |(at, character): (usize, char)| match (rest.starts_with('"'), character) {
            (true, '"') if at > 0 && !is_escaped => Some(at + 1),
            (true, character) => {
                is_escaped = character == '\\' && !is_escaped;
                None
            }
            (false, ',' | '}' | ']' | ' ' | '\n' | '\r') => Some(at),
            (false, _) => None,
        };
        let end = rest.char_indices().find_map(ends).unwrap_or(rest.len());
        let (scalar, after) = rest.split_at(end);
        *rest = after;
        scalar.to_owned()
    }

    /// The value as JSON, with what `space` makes of a depth between all words.
    fn write(&self, out: &mut String, depth: usize, space: &dyn Fn(usize) -> String) {
        let (open, close) = match self {
            Json::Scalar(scalar) => return out.push_str(scalar),
            Json::List(_) => ('[', ']'),
            Json::Object(_) => ('{', '}'),
        };
        out.push(open);
        let mut separator = "";
        let mut place = |out: &mut String| {
            *out += separator;
            *out += &space(depth + 1);
            separator = ",";
        };
        match self {
            Json::Scalar(_) => {}
            Json::List(elements) => {
                for element in elements {
                    place(out);
                    element.write(out, depth + 1, space);
                }
            }
            Json::Object(members) => {
                for (key, value) in members {
                    place(out);
                    *out += &format!("{key}:");
                    value.write(out, depth + 1, space);
                }
            }
        }
        *out += &space(depth);
        out.push(close);
    }

    /// The value without any blanks.
    pub fn on_one_line(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0, &|_| String::new());
        out
    }

    /// As `jq` writes it, more or less.
    pub fn on_many_lines(&self, line_end: &str) -> String {
        let mut out = String::new();
        self.write(&mut out, 0, &|depth| format!("{line_end}{}", "  ".repeat(depth)));
        out
    }

    /// Sorts the members of all objects by their names.
    pub fn sort(&mut self) {
        match self {
            Json::Scalar(_) => {}
            Json::List(elements) => elements.iter_mut().for_each(Json::sort),
            Json::Object(members) => {
                members.sort_by(|a, b| a.0.cmp(&b.0));
                members.iter_mut().for_each(|(_, value)| value.sort());
            }
        }
    }

    /// The value of a member.
    pub fn member(&self, name: &str) -> Option<&Json> {
        let Json::Object(members) = self else { return None };
        members.iter().find(|(key, _)| *key == format!("\"{name}\"")).map(|(_, value)| value)
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) {
        if let Json::Object(members) = self {
            members.retain(|(key, _)| *key != format!("\"{name}\""));
        }
    }

    /// The paths of all strings, numbers and truths.
    pub fn leaves(&self) -> Vec<Vec<usize>> {
        let below = |(index, json): (usize, &Json)| -> Vec<Vec<usize>> {
            json.leaves().into_iter().map(|path| [vec![index], path].concat()).collect()
        };
        match self {
            Json::Scalar(scalar) if scalar == "null" => vec![],
            Json::Scalar(_) => vec![vec![]],
            Json::List(elements) => elements.iter().enumerate().flat_map(below).collect(),
            Json::Object(members) => members.iter().map(|(_, value)| value).enumerate().flat_map(below).collect(),
        }
    }

    /// The value that a path leads to.
    pub fn at(&mut self, path: &[usize]) -> &mut Json {
        let Some((&first, rest)) = path.split_first() else { return self };
        match self {
            Json::Scalar(_) => panic!("nothing is inside of it"),
            Json::List(elements) => elements[first].at(rest),
            Json::Object(members) => members[first].1.at(rest),
        }
    }

    /// The names and places that a path leads along.
    pub fn names(&self, path: &[usize]) -> Vec<String> {
        let Some((&first, rest)) = path.split_first() else { return vec![] };
        match self {
            Json::Scalar(_) => panic!("nothing is inside of it"),
            Json::List(elements) => [vec![first.to_string()], elements[first].names(rest)].concat(),
            Json::Object(members) => {
                let (key, value) = &members[first];
                [vec![key.trim_matches('"').to_owned()], value.names(rest)].concat()
            }
        }
    }

    /// Whether two values are the same; numbers are as the program likes to write them.
    pub fn is_like(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Scalar(a), Json::Scalar(b)) => {
                let number = |text: &str| text.trim_matches('"').parse::<f64>().ok();
                let are_near = |a: f64, b: f64| a == b || ((a - b) / b).abs() < 1e-6;
                a == b || number(a).zip(number(b)).is_some_and(|(a, b)| are_near(a, b))
            }
            (Json::List(a), Json::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_like(b)),
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.is_like(&b.1))
            }
            _ => false,
        }
    }
}
