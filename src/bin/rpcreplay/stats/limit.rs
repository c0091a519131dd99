//! Limits on the number of calls: [`CallLimit`].

use std::cmp::Reverse;
use std::str::FromStr;

use rpcreplay::glob::Glob;
use rpcreplay::stats::Stats;

use crate::failure::note;

/// How many methods are named where there are too many calls.
const NAMED_METHODS: usize = 3;

/// How many calls there may be, in all or to some methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimit {
    /// The methods that it is about; without it, all.
    method: Option<Glob>,
    calls: u64,
}

impl FromStr for CallLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a number of calls, such as 100, or one METHOD=N, such as `Get*=100`";
        let (method, calls) = match text.rsplit_once('=') {
            // Of a method neither is a part: somebody means several limits.
            Some((method, _)) if method.contains(['=', ',']) => return Err(EXPECTED),
            Some((method, calls)) => (Some(method.parse().map_err(|_| EXPECTED)?), calls),
            None => (None, text),
        };
        // A number of Rust may have a sign.
        let is_number = calls.bytes().all(|byte| byte.is_ascii_digit());
        let calls = calls.parse().ok().filter(|_| is_number).ok_or(EXPECTED)?;
        Ok(CallLimit { method, calls })
    }
}

impl CallLimit {
    /// How many calls there are, if these are too many.
    pub fn excess(&self, stats: &Stats) -> Option<u64> {
        Some(self.calls_by_method(stats).iter().map(|(_, calls)| calls).sum()).filter(|calls| *calls > self.calls)
    }

    /// Says that there are too many calls; or that there are none to which the limit allows some, which may be a mistake in
    /// writing it.
    pub fn tell(&self, excess: Option<u64>, stats: &Stats) {
        match (excess, &self.method) {
            (Some(found), _) => note("rpcreplay: ", &self.words(found, stats)),
            (None, Some(glob)) if self.calls > 0 && self.calls_by_method(stats).is_empty() => {
                note(
                    "note: ",
                    &format!(
                        "--max-calls {self}: no call that was counted is of a method that matches `{}`",
                        glob.as_str()
                    ),
                );
            }
            (None, _) => {}
        }
    }

    /// What is to be said of more calls than there may be.
    fn words(&self, found: u64, stats: &Stats) -> String {
        let mut methods = self.calls_by_method(stats);
        methods.sort_by_key(|(method, calls)| (Reverse(*calls), *method));
        let named: Vec<_> = methods
            .iter()
            .take(NAMED_METHODS)
            .map(|(method, calls)| format!("{} {calls}", if method.is_empty() { "-" } else { method }))
            .collect();
        let most = if methods.len() > NAMED_METHODS { "the most to " } else { "" };
        format!(
            "--max-calls {self}: found {found} {}, {} too many: {most}{}",
            if found == 1 { "call" } else { "calls" },
            found - self.calls,
            named.join(", ")
        )
    }

    /// The methods that the limit is about, with their calls.
    fn calls_by_method<'s>(&self, stats: &'s Stats) -> Vec<(&'s str, u64)> {
        let is_meant = |method: &str| self.method.as_ref().is_none_or(|glob| glob.matches(method));
        let calls = stats.methods.iter().map(|(method, counts)| (&**method, counts.calls));
        calls.filter(|(method, calls)| *calls > 0 && is_meant(method)).collect()
    }
}

impl std::fmt::Display for CallLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.method {
            Some(glob) => write!(f, "{}={}", glob.as_str(), self.calls),
            None => self.calls.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use rpcreplay::stats::Counts;

    use super::*;

    #[test]
    fn limits_are_numbers_with_or_without_a_method() {
        for text in ["0", "18446744073709551615", "Get*=20", "/a.B/Get=0"] {
            let limit: CallLimit = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(limit.to_string(), text);
        }
        for text in [
            "",
            "-1",
            "+1",
            "many",
            "=3",
            "Get=",
            "Get=-1",
            "Get=+1",
            "1.5",
            "18446744073709551616",
            "Get",
            "a=b=3",
            "a=1,b=2",
        ] {
            assert!(text.parse::<CallLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_exceeded_is_named() {
        let methods = [("/a.A/Get", 4), ("/a.A/List", 7), ("/a.B/Get", 4), ("/a.B/Watch", 1), ("", 0)];
        let counts = |calls| Counts { calls, ..Counts::default() };
        let stats = Stats { methods: methods.iter().map(|&(method, calls)| (method.into(), counts(calls))).collect() };
        for (limit, expected) in [
            ("16", None),
            ("15", Some("--max-calls 15: found 16 calls, 1 too many: the most to /a.A/List 7, /a.A/Get 4, /a.B/Get 4")),
            ("Get=8", None),
            ("Get=5", Some("--max-calls Get=5: found 8 calls, 3 too many: /a.A/Get 4, /a.B/Get 4")),
            ("B/W*=0", Some("--max-calls B/W*=0: found 1 call, 1 too many: /a.B/Watch 1")),
            ("/a.C/*=0", None),
        ] {
            let limit: CallLimit = limit.parse().expect("a limit");
            let found = limit.excess(&stats).map(|found| limit.words(found, &stats));
            assert_eq!(found.as_deref(), expected);
        }
    }
}
