//! Arguments that more than one command has.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use rpcreplay::entry::Kind;
use rpcreplay::format::ReadOptions;
use rpcreplay::schema::{Code, Schema};

use crate::failure::{Trouble, name_of};

/// The recordings to read.
#[derive(Debug, clap::Args)]
pub struct Input {
    /// Recordings to read, in any format, compressed with gzip or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Refuse records, entries and header lines of more bytes than this
    #[arg(long, value_name = "BYTES", default_value_t = ReadOptions::default().max_record_bytes)]
    pub max_record_size: u64,
}

impl Input {
    /// How to read them.
    pub fn options(&self) -> ReadOptions {
        ReadOptions { max_record_bytes: self.max_record_size }
    }
}

/// Where message types come from.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Message types")]
pub struct SchemaArgs {
    /// Look message types up in this descriptor set before the built-in ones (can be repeated)
    ///
    /// `protoc --include_imports --descriptor_set_out=FILE` and `buf build -o FILE` write them. Of several the first that
    /// knows a type counts.
    #[arg(long, visible_alias = "descriptor-set-in", value_name = "FILE")]
    pub protoset: Vec<PathBuf>,

    /// Do without the built-in types: well-known ones, googleapis, Bazel's remote execution API
    #[arg(long)]
    pub no_builtin_protos: bool,
}

impl SchemaArgs {
    /// Reads the descriptor sets.
    pub fn load(&self) -> Result<Schema, Trouble> {
        let mut builder = Schema::builder().builtin(!self.no_builtin_protos);
        for path in &self.protoset {
            let bytes = std::fs::read(path).map_err(|error| Trouble::new(&name_of(path), error))?;
            builder = builder.protoset(&name_of(path), bytes).map_err(|error| {
                let hint = error.hint();
                Trouble { message: error.to_string(), hint }
            })?;
        }
        Ok(builder.build())
    }
}

/// Which calls and entries to keep.
///
/// What is given once or more for each flag is joined by "or", the flags by "and".
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Keep calls whose method matches (can be repeated)
    ///
    /// `*` stands for any characters, `?` for one. A pattern that begins with `/` must match the full method
    /// `/package.Service/Method`; any other one may begin behind any `.` or `/` in it, so `GetSecret` and
    /// `SecretManagerService/*` work. All entries of a call follow its method.
    #[arg(short, long, value_name = "GLOB")]
    pub method: Vec<MethodGlob>,

    /// Keep entries of this kind (can be repeated)
    ///
    /// Where calls are shown, keep calls that contain such an entry.
    #[arg(long, value_name = "KIND", ignore_case = true)]
    pub kind: Vec<KindArg>,

    /// Keep calls that ended with this code, or with `!` not with it (can be repeated)
    ///
    /// Codes are given by name or number: `NOT_FOUND`, `NotFound`, `5`, `!OK`. A call whose end is not in the recording
    /// has no code and matches none.
    #[arg(long, value_name = "CODE")]
    pub code: Vec<CodeArg>,

    /// Keep entries with these numbers, from..to inclusive (can be repeated)
    ///
    /// `3`, `3..10`, `3..` and `..10` work. Where calls are shown, keep calls that contain such an entry.
    #[arg(long, value_name = "N[..M]")]
    pub index: Vec<IndexRange>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that has colours, unless the environment says otherwise
    Auto,
    /// Always, whatever the environment says
    Always,
    /// Never
    Never,
}

impl ColorWhen {
    /// Whether to use colours on standard output.
    pub fn colors(self) -> bool {
        match self {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let is_forced = std::env::var_os("FORCE_COLOR").is_some_and(|value| !value.is_empty() && value != "0");
                if is_forced && !is_set("NO_COLOR") {
                    return true;
                }
                anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
            }
        }
    }
}

/// A pattern for methods.
#[derive(Debug, Clone)]
pub struct MethodGlob(String);

impl FromStr for MethodGlob {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("expected a pattern, such as `Get*`") } else { Ok(MethodGlob(text.to_owned())) }
    }
}

impl MethodGlob {
    /// Whether a full method matches.
    pub fn matches(&self, method: &str) -> bool {
        let pattern = self.0.as_bytes();
        if pattern.starts_with(b"/") {
            return matches(pattern, method.as_bytes());
        }
        let starts = method.match_indices(['/', '.']).map(|(position, _)| position + 1);
        std::iter::once(0).chain(starts).any(|start| matches(pattern, &method.as_bytes()[start..]))
    }
}

/// Matches with the last `*` taking one byte more whenever the rest fails: never exponential.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => match star {
                Some((position, taken)) => {
                    star = Some((position, taken + 1));
                    at_pattern = position + 1;
                    at_text = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at_pattern..].iter().all(|&byte| byte == b'*')
}

/// A kind of entry on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KindArg {
    /// The request of a unary call
    Request,
    /// The response, or the error, of a unary call
    Response,
    /// A stream was opened, or failed to
    CreateStream,
    /// A message was sent on a stream
    Send,
    /// A message was received from a stream, or its end
    Recv,
}

impl KindArg {
    /// The kind it names.
    pub fn kind(self) -> Kind {
        match self {
            KindArg::Request => Kind::Request,
            KindArg::Response => Kind::Response,
            KindArg::CreateStream => Kind::CreateStream,
            KindArg::Send => Kind::Send,
            KindArg::Recv => Kind::Recv,
        }
    }
}

/// A code, or any but one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeArg {
    /// The code.
    pub code: Code,
    /// Whether it is the one not to have.
    pub negated: bool,
}

impl FromStr for CodeArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, negated) = text.strip_prefix('!').map_or((text, false), |name| (name, true));
        match Code::parse(name) {
            Some(code) => Ok(CodeArg { code, negated }),
            None => {
                let known: Vec<_> = Code::named().map(|code| code.to_string()).collect();
                Err(format!("expected a number or one of {}", known.join(", ")))
            }
        }
    }
}

/// A range of entry numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexRange {
    first: u64,
    last: u64,
}

impl IndexRange {
    /// Whether it holds a number.
    pub fn contains(self, index: u64) -> bool {
        (self.first..=self.last).contains(&index)
    }
}

impl fmt::Display for IndexRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.last)
    }
}

impl FromStr for IndexRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected entry numbers from 1 on, such as `3`, `3..10`, `3..` or `..10`";
        let number = |text: &str, default| match text {
            "" => Ok(default),
            _ => text.parse().map_err(|_| EXPECTED),
        };
        let (first, last) = match text.split_once("..") {
            Some(("", "")) => return Err(EXPECTED),
            Some((first, last)) => (number(first, 1)?, number(last, u64::MAX)?),
            None => (text.parse().map_err(|_| EXPECTED)?, text.parse().map_err(|_| EXPECTED)?),
        };
        if first == 0 {
            return Err(EXPECTED);
        }
        if first > last {
            return Err("the range is empty: its end lies before its beginning");
        }
        Ok(IndexRange { first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_methods() {
        let method = "/google.pubsub.v1.Publisher/CreateTopic";
        for pattern in
            ["CreateTopic", "Create*", "*Topic", "Publisher/*", "v1.Publisher/CreateTop?c", "/google.*/*", "*", method]
        {
            assert!(MethodGlob(pattern.to_owned()).matches(method), "{pattern}");
        }
        for pattern in ["Topic", "Create", "/Publisher/*", "ublisher/*", "createtopic", "CreateTopic?", "/"] {
            assert!(!MethodGlob(pattern.to_owned()).matches(method), "{pattern}");
        }
        let long = "a".repeat(50_000);
        assert!(!matches("*a*a*a*a*a*a*a*b".as_bytes(), long.as_bytes()));
    }

    #[test]
    fn ranges_parse() {
        let range = |first, last| Ok(IndexRange { first, last });
        assert_eq!("3".parse(), range(3, 3));
        assert_eq!("3..10".parse(), range(3, 10));
        assert_eq!("3..".parse(), range(3, u64::MAX));
        assert_eq!("..10".parse(), range(1, 10));
        for text in ["", "..", "0", "0..3", "-1", "3...4", "a", "10..3"] {
            assert!(text.parse::<IndexRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn codes_parse() {
        assert_eq!("!ok".parse(), Ok(CodeArg { code: Code(0), negated: true }));
        assert_eq!("DeadlineExceeded".parse(), Ok(CodeArg { code: Code(4), negated: false }));
        assert!("!".parse::<CodeArg>().is_err());
    }
}
