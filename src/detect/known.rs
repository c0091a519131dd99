//! The detectors that are built in: [`known`].
//!
//! Their formats are those that the providers document, or those that their tokens are seen to have. What a format
//! demands keeps words, names and numbers from being found; so do its examples, which the tests hold it to.
//!
//! The examples are invented, and written in two pieces where hosts of repositories refuse files that look as if they
//! held somebody's key.

use std::ops::Range;

use super::addresses::Address;
use super::credentials;

/// A detector that is built in: its name, what it finds, and examples.
#[derive(Debug)]
pub struct Known {
    /// What it is called, such as `github-token`.
    pub name: &'static str,
    /// What it finds, in a few words, as they may stand in a sentence.
    pub what: &'static str,
    /// Texts in which it finds something.
    pub found: &'static [&'static str],
    /// Texts in which it finds nothing.
    pub not_found: &'static [&'static str],
    pub(super) form: Form,
}

/// How a detector knows what it looks for.
#[derive(Debug)]
pub(super) enum Form {
    /// A regular expression, which has to match from the beginning of one of the markers on.
    ///
    /// Group 1 is the secret, or all of it if there is no group. No letter, digit or `_` may stand beside the secret.
    /// What matches may have [`PATTERN_BYTES`](super::markers::PATTERN_BYTES).
    Pattern { markers: &'static [&'static str], pattern: &'static str },
    /// A function, for what a regular expression can't say.
    Reader { markers: &'static [&'static str], read: Read },
    /// An address.
    Address(Address),
}

/// Reads the secret of a marker that begins at a place of a text.
///
/// It may read what stands in front of the marker, and behind it as far as is returned, or up to a byte that can't be
/// part of such a secret: so that no text takes more time than its length asks for, however often the marker stands in
/// it.
pub(super) type Read = fn(text: &[u8], marker: usize) -> Option<Range<usize>>;

/// The detectors that are built in, in alphabetical order.
pub fn known() -> &'static [Known] {
    KNOWN
}

const KNOWN: &[Known] = &[
    // `sk-ant-`, what it is for and its version (`api03`, `admin01`, `oat01`), then 95 characters today.
    Known {
        name: "anthropic-key",
        what: "keys and OAuth tokens of Anthropic's API",
        found: &[
            concat!("sk-ant-", "api03-pTyGJMuHbEL31IeL2HPcHyGcFRl1SPnXNYvMIHa_2o76umfXAA"),
            concat!("sk-ant-", "oat01-fKm_r5kJP1VrT-1FJors_6ILi8IHn5kxsC7tVO_HbkQfyy_KAA"),
        ],
        not_found: &[
            "sk-ant-",
            "sk-ant-api03-short",
            concat!("sk-ant-api03-", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ],
        form: Form::Pattern { markers: &["sk-ant-"], pattern: r"sk-ant-[A-Za-z0-9_-]{40,200}" },
    },
    // Source: "Unique identifiers" of the IAM User Guide. AKIA is a key that stays, ASIA one that expires; the other
    // prefixes name users and roles, which are no secrets.
    Known {
        name: "aws-access-key",
        what: "identifiers of access keys of AWS",
        found: &[concat!("AKIA", "IOSFODNN7EXAMPLE"), concat!("ASIA", "K4ZRI3R2WYOJFLJO")],
        not_found: &["AKIA", "AKIASHORT", "AKIAIOSFODNN7EXAMPLEAGAIN", "XAKIAIOSFODNN7EXAMPLE", "AKIAXXXXXXXXXXXXXXXX"],
        form: Form::Pattern { markers: &["AKIA", "ASIA"], pattern: r"A[KS]IA[A-Z0-9]{16}" },
    },
    // 40 characters of base64 without a mark of their own, such as a SHA-1 in hexadecimal has, too: so the names that
    // AWS gives them in its credentials file, its environment variables and its API stand in front.
    Known {
        name: "aws-secret-key",
        what: "secret access keys of AWS, behind the name they have in AWS's files and answers",
        found: &[
            concat!("aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            concat!("AWS_SECRET_ACCESS_KEY=", "dB+XhkAS1voQG6yyzyN9zHYIa4UOrGNATMuDJak9"),
            concat!(r#""SecretAccessKey": ""#, r#"wTgsu8PO+799nKSNrh9UCauSDmLhuVtcqcYezdk9""#),
        ],
        not_found: &[
            "aws_secret_access_key = short",
            "secret_access_key",
            "Z/tDDj8hYs5suKcNd8Zra9A9sKPxZ9W3qLy7zKk9",
            "aws_secret_access_key=UVQDT7S8sTQCBNR3YbDgbleph1QHt61QTC4XATWS8PHp9NHfYjFM5DI4pZj5",
        ],
        form: Form::Pattern {
            markers: &["t_access_key", "T_ACCESS_KEY", "tAccessKey"],
            pattern: r#"(?i:t_?access_?key)\\*["']?\s*[:=]\s*\\*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|\z)"#,
        },
    },
    // Source: "Configure Azure Storage connection strings". 64 bytes in base64.
    Known {
        name: "azure-storage-key",
        what: "account keys in connection strings of Azure",
        found: &[
            concat!(
                "AccountName=a;AccountKey=",
                "9fhZ5R1Py4oJe2JbmPTuSgR7cMy+UcU3zr1ZtoLuCr64CxqlIOdNKhiFXiQ2hzT/pLjHX2JiCLhKcIhP6Br1iQ==;EndpointSuffix=x"
            ),
            concat!(
                "AccountKey=",
                "FeOUhGXZnnal5WisCgEBCY8f5N3/ynbdrZRzsGQBJg3UHKwkflF6XUi5AhuqpfEnbtXAqwK8jZfALhLSzFyCmm=="
            ),
        ],
        not_found: &["AccountKey=", "AccountKey=dKTxp/TkSF2RCdKDFRuNw5GCf+hA6ILI8gJhead6=="],
        form: Form::Pattern { markers: &["AccountKey="], pattern: r"AccountKey=([A-Za-z0-9+/]{86}==)" },
    },
    // Source: RFC 7617. `user:password` in base64.
    Known {
        name: "basic-auth",
        what: "user and password of an HTTP header, behind `Basic `",
        found: &["Basic dXNlcjpwYXNzd29yZA==", "authorization: basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
        not_found: &[
            "Basic",
            "Basic authentication",
            "Basic dXNlcm5hbWU=",
            "Basic redacted-abcdefgh23456723",
            "Basic cmVkYWN0ZWQ6cmVkYWN0ZWQ=",
        ],
        form: Form::Reader { markers: &["Basic ", "basic "], read: credentials::basic },
    },
    // Source: RFC 6750, `b64token`.
    Known {
        name: "bearer-token",
        what: "tokens of an HTTP header, behind `Bearer `",
        found: &["Bearer f2YEe6rSxCnopMEmJVQpvsTn", "authorization: bearer mF_9.B5f-4.1JqM~a/b+c=="],
        not_found: &[
            "Bearer",
            "Bearer authentication-scheme",
            "the bearer of bad news",
            "Bearer redacted-abcdefgh23456723",
            "Bearer a1b2",
            "Bearer ****************",
        ],
        form: Form::Reader { markers: &["Bearer ", "bearer "], read: credentials::bearer },
    },
    // Source: DigitalOcean's API reference. `dop` is a personal token, `doo` one of OAuth, `dor` one to refresh it.
    Known {
        name: "digitalocean-token",
        what: "tokens of DigitalOcean",
        found: &[
            concat!("dop_v1_", "b2cc2bd818319478da6bd0c621de49f145fda9988c79fc35526f7eaed46725a2"),
            concat!("dor_v1_", "a7b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c870"),
        ],
        not_found: &[
            "dop_v1_",
            "dop_v1_09e8a7f770d9106fd287db7f1adbc609",
            "dop_v2_26f6967e7893f57fd14c1604d115cea325a65e19cbae530282bd36cb9d21f6be",
        ],
        form: Form::Pattern { markers: &["dop_v1_", "doo_v1_", "dor_v1_"], pattern: "do[opr]_v1_[0-9a-f]{64}" },
    },
    // Source: RFC 5321 and 6531, without quoted local parts and without addresses in brackets.
    Known {
        name: "email",
        what: "e-mail addresses",
        found: &[
            "jane.doe+tag@example.com",
            "x@mail.example.co.uk",
            "build@my-project.iam.gserviceaccount.com",
            "jürgen@müller.de",
        ],
        not_found: &[
            "icon@2x.png",
            "foo@bar",
            "lodash@4.17.21",
            "a@b.c",
            "@example.com",
            "https://user@example.com/",
            "redacted-abcdefgh23456723@example.com",
        ],
        form: Form::Address(Address::Email),
    },
    // Source: Google's documentation of API keys.
    Known {
        name: "gcp-api-key",
        what: "API keys of Google",
        found: &[
            concat!("AIza", "Ypu8D0fzFwE7IHgYIruiqFhojmAIDdN87xg"),
            concat!("https://maps.googleapis.com/maps/api/js?key=AIza", "3_Q_XBmTepo6uKZyUf0IE9pU2NJhKaM1_5W&v=3"),
        ],
        not_found: &["AIza", "AIzaOIadn5rPvi2xqwHx1SSR", concat!("xAIza", "kRXQvQMcPLPPJS46lMUEZQPghOpzGpdCGAe")],
        form: Form::Pattern { markers: &["AIza"], pattern: "AIza[A-Za-z0-9_-]{35}" },
    },
    Known {
        name: "gcp-oauth-secret",
        what: "client secrets of Google's OAuth",
        found: &[
            concat!("GOCSPX-", "d5vFldPGYYJvW5hANsbEvrSFagEa"),
            concat!(r#""client_secret":"GOCSPX-"#, r#"Bp0vXnJaE_9I0MyTLUyi0kn1Gnt1""#),
        ],
        not_found: &["GOCSPX-", "GOCSPX-aB3xzXpMZuZN"],
        form: Form::Pattern { markers: &["GOCSPX-"], pattern: "GOCSPX-[A-Za-z0-9_-]{28}" },
    },
    // Source: Google's documentation of OAuth: at most 2,048 bytes. Those of service accounts have a letter and a dot
    // behind the prefix, and the metadata server fills them up with dots.
    Known {
        name: "gcp-oauth-token",
        what: "access tokens of Google",
        found: &[
            concat!("ya29.", "a0A3U2OLzu6UQBGSyLvVSskUVINx-ZmQF9oGxLUczZ8XbFzUxtPTfYFEpPx6n1"),
            concat!("ya29.", "c.b0nf2xv54WCA-7e56W8zNIQt3uL4FFQKoKGwRDIOYQ-kVcIsgUpj...."),
        ],
        not_found: &["ya29.", "ya29.short", "xya29.50dJQg96eNlQngPUXCMLZKo7RrU5YKyyQHxhDo2X"],
        form: Form::Pattern { markers: &["ya29."], pattern: r"ya29\.(?:[a-z]\.)?[A-Za-z0-9_-]{20,}(?:\.{2,})?" },
    },
    // Source: Google's documentation of OAuth: at most 512 bytes, and what its examples begin with.
    Known {
        name: "gcp-refresh-token",
        what: "refresh tokens of Google's OAuth",
        found: &[
            concat!("1//0", "gT7mWcQ4bX9zRkYVhJpL2sNdF6aEuKiO3xPvGtB8nHyUe5Wq"),
            concat!("refresh_token=1//0", "eN4vKcR2tYwQ8mZbXpLhG6sDfJ3aUiO7xBnMkE9rTqWzVyCgPdHs"),
        ],
        not_found: &[
            "1//0",
            "1//0gshort",
            concat!("https://example.com/v1//0", "gT7mWcQ4bX9zRkYVhJpL2sNdF6aEuKiO3xPvGtB8nHyUe5Wq"),
        ],
        form: Form::Pattern { markers: &["1//0"], pattern: "1//0[A-Za-z0-9_-]{40,}" },
    },
    // Source: Google's documentation of service account keys. The key itself is a `private-key`; this is what it is
    // called.
    Known {
        name: "gcp-service-account-key",
        what: "identifiers of private keys in the key files of Google's service accounts",
        found: &[
            r#""private_key_id": "e38cb8cb4ba2e751989a01749ddb14f71010b93b""#,
            r#"{\"private_key_id\":\"7d946bf54074e3248c801bef750110c57513064d\"}"#,
        ],
        not_found: &[
            r#""private_key_id": """#,
            r#""private_key_id": "some-key""#,
            r#""private_key_id": "6d59291f0cde2e5738713a818d8962058765a6ca7cff00d7""#,
        ],
        form: Form::Pattern {
            markers: &["te_key_id"],
            pattern: r#"te_key_id\\*["']?\s*[:=]\s*\\*["']?([0-9a-f]{40})"#,
        },
    },
    // Source: "GitHub's token formats". 36 characters behind the prefix, of which GitHub says that there may be up to
    // 255; 82 in tokens that are limited to some repositories.
    Known {
        name: "github-token",
        what: "tokens of GitHub",
        found: &[
            concat!("ghp_", "k4TyNZnlEk6KJCBHGn7KWJsBBCIspoCsEvCE"),
            concat!("ghs_", "2lwXM090i5qE43w6t8YGPNNHCC826zwoF0wo"),
            concat!(
                "github_pat_",
                "oSeGIGywpNSUVbQBWQ7SDt_wX6Ux9mge2SnvByaBbhxGWetDikNt30Fk0SKbAhMSwwDAWfGfsy0L9flW91"
            ),
        ],
        not_found: &[
            "ghp_",
            "ghp_gQk8KS0N8sOfKH8oxFfy",
            "ghx_sjyGoUWGZ7Z54vFb4pBXNTQb5igKY4oO8dIi",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ],
        form: Form::Pattern {
            markers: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
            pattern: "(?:gh[oprsu]|github_pat)_[A-Za-z0-9_]{36,255}",
        },
    },
    // Source: "Token prefixes" of GitLab's documentation. Routable tokens end with `.`, a length and a checksum.
    Known {
        name: "gitlab-token",
        what: "tokens of GitLab",
        found: &[
            concat!("glpat-", "EspT5pV74gdQq7eYimTT"),
            concat!("glpat-", "fpsUepYhNVNZxTSmm3jZNNjax7E.01.az1o6s3bj"),
            concat!("glrt-", "gzAf31ddXP63ohM1fzUg"),
        ],
        not_found: &["glpat-", "glpat-short", "glxyz-2bedBn2ahrq73L5pUxAY"],
        form: Form::Pattern {
            markers: &["glpat-", "gldt-", "glrt-", "glptt-"],
            pattern: r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,250}(?:\.[0-9a-z]{2}\.?[0-9a-z]{9})?",
        },
    },
    // Source: "Vault tokens". Service, batch and recovery tokens.
    Known {
        name: "hashicorp-vault-token",
        what: "tokens of HashiCorp Vault",
        found: &[
            concat!(
                "hvs.",
                "azVLmZ_bK4OPh1dR8_H97S-f_VAUp7_l7v21JXuDCFqM9-SEb1QrMur8ak3r2gGllt_zqisa_PqYomQLFzzGzmNAFY8HwSK"
            ),
            concat!("hvb.", "6gGEBHBKxnnV-Hov48VSOuU19x5iqljHqBTn2fwxwd5kAphi2UFkSSj_sK-w"),
        ],
        not_found: &["hvs.", "hvs.short", "hvx.Mywu7OTmDrZdtN7QlwAyYdiFizWxEOZlh5Q41hUe"],
        form: Form::Pattern { markers: &["hvs.", "hvb.", "hvr."], pattern: r"hv[brs]\.[A-Za-z0-9_-]{24,}" },
    },
    Known {
        name: "huggingface-token",
        what: "tokens of Hugging Face",
        found: &[
            concat!("hf_", "glMMNMFLzsSXkkWZxh2JPC7fX3GXodyFJU"),
            concat!("HF_TOKEN=hf_", "mBWRhmBGCN33kflkNQ7xRbG8cxl0m9IQ1C"),
        ],
        not_found: &[
            "hf_",
            "hf_transformers",
            concat!("hf_", "VMLYFBDCjX3tdf8265E3moZ7Ht9FQUkOpF96qgZL"),
            concat!("self_", "c2KX9PuOLC8Q8WD5j5B16DQygtvpweDGJU"),
        ],
        form: Form::Pattern { markers: &["hf_"], pattern: "hf_[A-Za-z0-9]{34}" },
    },
    // Source: RFC 1122 for what is no host's own address, RFC 5737 for what stands in documentation.
    Known {
        name: "ipv4",
        what: "IPv4 addresses that are those of one machine",
        found: &["10.1.2.3", "8.8.8.8", "peer=34.120.8.17:443"],
        not_found: &[
            "0.0.0.0",
            "127.0.0.1",
            "169.254.169.254",
            "255.255.255.0",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "10.0.0.0/8",
            "Chrome/120.0.0.0",
            "1.2.3",
            "1.2.3.4.5",
            "v1.2.3.4",
            "1.2.3.256",
            "01.2.3.4",
            "1..2.3.4",
        ],
        form: Form::Address(Address::Ipv4),
    },
    // Source: IANA's registry of IPv6 address space. Only there do machines have addresses of their own, which keeps
    // `dead::beef`, times and fingerprints out; RFC 3849 and 9637 for what stands in documentation.
    Known {
        name: "ipv6",
        what: "IPv6 addresses that are those of one machine",
        found: &[
            "2a00:1450:4001:81b::200e",
            "fe80::1ff:fe23:4567:890a",
            "fd12:3456:789a:1::1",
            "::ffff:10.1.2.3",
            "[2600:1901:0:38d7::]:443",
        ],
        not_found: &[
            "::",
            "::1",
            "a::b",
            "dead::beef",
            "std::vec",
            "12:30:45",
            "2001:db8::1",
            "00:1a:2b:3c:4d:5e",
            "aa:bb:cc:dd:ee:ff:00:11",
            "::ffff:127.0.0.1",
            "ff02::1",
        ],
        form: Form::Address(Address::Ipv6),
    },
    // Source: RFC 7515 and 7516. `eyJ` is `{"` in base64url; a header names an `alg`. Three parts, five if it is
    // encrypted.
    Known {
        name: "jwt",
        what: "JSON Web Tokens, signed or encrypted",
        found: &[
            concat!(
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
                ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.AZm4N8pvgxPv9wV4eSB7YEUcJvR5MxCJ5rpd9OuSqcH"
            ),
            concat!(
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0",
                "..X5S4Ti10fTDilqVh.jXRXdWZKL_jWaRYnZBI0Hsqk_LB09RifXuEUvAt5.JPtfpwHlN_5DRCfLcXVNng"
            ),
        ],
        not_found: &[
            "eyJ",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
            "eyJmb28iOiJiYXIifQ.eyJzdWIiOiIxIn0.c2ln",
        ],
        form: Form::Reader { markers: &["eyJ"], read: credentials::jwt },
    },
    Known {
        name: "npm-token",
        what: "tokens of npm",
        found: &[
            concat!("npm_", "j09BBG7svMQB1mokdhPscGW3GtLCRHdflgwR"),
            concat!("//registry.npmjs.org/:_authToken=npm_", "VZP1Vtb1kz6U0Z2jDUhJ9r7WP3bqoAXGhLEU"),
        ],
        not_found: &["npm_", "npm_config_registry", concat!("npm_", "bMgqBOIaZx7doCz44CC3pnR6rnRoiz7CnGQHhAbP")],
        form: Form::Pattern { markers: &["npm_"], pattern: "npm_[A-Za-z0-9]{36}" },
    },
    // Those of today name what they are for; older ones are 48 letters and digits. Services with the same interface
    // hand out shorter ones.
    Known {
        name: "openai-key",
        what: "keys of OpenAI's API, and of services that imitate it",
        found: &[
            concat!("sk-", "proj-FkOnsVPHiK7S4PQl0kjfLk6cxZu6m98nT3BlbkFJDfqcYxyBtUepp-ikblHCUIs4Hx4tNcT1"),
            concat!("sk-", "VqWIrMnn2R01hGv2v7weT3BlbkFJRyoto6tIa3GAaxjlHfZ9"),
            concat!("sk-", "4d83cee9b9bcca0fce9594dc72aa7a6d"),
        ],
        not_found: &[
            "sk-",
            "sk-proj-short",
            concat!("task-", "569ABDQk5fT6ixTinbh0hurbYdWCmrWc8ArEhOGaXgZpj7kJ"),
            "sk-folding-cube",
            concat!("sk-ant-", "api03-Y1-z4rLVuouJnWOlr1UlaY0XHNtF0BAnAmyMBDZW_iSZ0PSUAA"),
        ],
        form: Form::Pattern {
            markers: &["sk-"],
            pattern: "sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}|[A-Za-z0-9]{32,64})",
        },
    },
    // Source: RFC 7468, and RFC 4880 for those of PGP.
    Known {
        name: "private-key",
        what: "private keys in PEM, with the lines around them",
        found: &[
            concat!(
                "-----BEGIN PRIVATE",
                " KEY-----\nMC4CAQAwBQYDK2VwBCIEINDMJV+73HBpSetjVEiMIsY5xCGcyF4GefcFUWoA6m1\n-----END PRIVATE KEY-----"
            ),
            concat!(
                r"-----BEGIN RSA PRIVATE",
                r" KEY-----\nMIIEpAIBAAKCAQEAg/Ifxc0nz+CfLWVtwXAlyuOq\n-----END RSA PRIVATE KEY-----"
            ),
            concat!(
                "-----BEGIN PGP PRIVATE",
                " KEY BLOCK-----\n\nlQOYBFxqzIP2sfxY7kse3EjDrTeQLZiQ47eU\n-----END PGP PRIVATE KEY BLOCK-----"
            ),
        ],
        not_found: &[
            "-----BEGIN CERTIFICATE-----\nMIICvtbzwam8ad5Qh4vfzbQPLixDSnBxLWdpYNIumYIn\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEALckQzktz7QjWDus0D7fz\n-----END PUBLIC KEY-----",
            "-----BEGIN PRIVATE KEY-----\nredacted-abcdefgh23456723\n-----END PRIVATE KEY-----",
            "a file that begins with -----BEGIN PRIVATE KEY-----",
        ],
        form: Form::Reader { markers: &["-----BEGIN "], read: credentials::private_key },
    },
    // Source: PyPI's documentation of API tokens. A macaroon in base64url: version 2, a location.
    Known {
        name: "pypi-token",
        what: "tokens of PyPI",
        found: &[
            concat!("pypi-", "AgEIcHlwaS5vcmc9eeA4RsmRSeqP2VT7zaOlBu-aFHjmZOn5OUp47ulVJFB7-KqhN-3-YpBtLkgfKRDDySlvX"),
            concat!(
                "pypi-",
                "AgENdGVzdC5weXBpLm9yZwVNnpwXtodvRvgeHFNzGb_2_UmKSdUR4zLF49YbvAE2SkJH1rI4BWVwlA4sZ8Kp62TzKHqm"
            ),
        ],
        not_found: &[
            "pypi-AgE",
            "pypi-AgEIcHlwaS5vcmc",
            "pypi-kka8XeqpIT3Vh4oB2MOrvcsFJqlXjl8aXhPkcZQHOL94MjvHO31QpGMhqQtf",
        ],
        form: Form::Pattern { markers: &["pypi-AgE"], pattern: "pypi-AgE[A-Za-z0-9_-]{50,500}" },
    },
    Known {
        name: "sendgrid-key",
        what: "API keys of SendGrid",
        found: &[
            concat!("SG.", "d6cOK0J4RON6yVY8LRvHze.GvFBb6mPR2LZOtVurBgPevt-FtMtpOEfgtY5C4OC-OJ"),
            concat!("SENDGRID_API_KEY=SG.", "hXTlwSgi4BDrT-9EEJXy8U.5ydJuqbnQFbVu7q7xtoAq9qdCf6FSSixiIhtREMZ2Mu"),
        ],
        not_found: &[
            "SG.",
            "SG.1.2",
            concat!("MSG.", "keSJmrufszqHrp9vfesTRa.A6z5ymVISmngrJYKWmt7t2I-oWjgCVieCbGz5ZkMZeH"),
        ],
        form: Form::Pattern { markers: &["SG."], pattern: r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" },
    },
    // Source: "Token types" of Slack's documentation.
    Known {
        name: "slack-token",
        what: "tokens of Slack",
        found: &[
            concat!("xoxb-", "290119520348-0503550769520-3ayCFonVxfmZQ8d3AB7UkpUD"),
            concat!(
                "xapp-",
                "1-A6952102328-1556589829953-8f19e8b8480f3b47c20431658b4550b7ef6bce6a0302cb17cdc70808d77b6ad8"
            ),
        ],
        not_found: &[
            "xoxb-",
            "xoxb-short",
            "xoxq-473927424415-Af35PKUrnm9cNlD4yN24vXCx",
            "xoxb-xxxxxxxxxxxx-xxxxxxxxxxxx",
        ],
        form: Form::Pattern { markers: &["xox", "xapp-"], pattern: "(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{20,250}" },
    },
    // Source: "Sending messages using incoming webhooks". What stands behind the host lets anybody post.
    Known {
        name: "slack-webhook",
        what: "what lets anybody post to a webhook of Slack",
        found: &[
            concat!("https://hooks.slack.com/services/", "T4L3ITBHJ/BAITJWGK5/rZFaVp6qtZ4V5ClPMyosACIg"),
            concat!(
                "https://hooks.slack.com/workflows/",
                "TO3GBDUEH/AH7I3ALOJ/881857153314204410/MgDayj8XRAUsCpdiSjVsa3vt"
            ),
        ],
        not_found: &[
            "https://hooks.slack.com/",
            "https://hooks.slack.com/services/T0/B0/x",
            "https://slack.com/services/TRZ3U2YJY/BY2JAPQYP/0MqHF1nyC6tDZsjUrpcjqUdk",
        ],
        form: Form::Pattern {
            markers: &["hooks.slack.com/"],
            pattern: r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9]{8,20}/[A-Za-z0-9/]{20,100})",
        },
    },
    // Source: "API keys" of Stripe's documentation. Keys that are published (`pk_`) are no secrets.
    Known {
        name: "stripe-key",
        what: "secret and restricted keys of Stripe",
        found: &[
            concat!("sk_", "live_Aevp2egVliYP0oyv3YWtEZhR"),
            concat!("rk_", "test_nqr0UEoziqO7nwQQ61e2uWhlekOJE7whXhNhK0XP"),
        ],
        not_found: &[
            "sk_live_",
            "sk_live_short",
            concat!("pk_", "live_rLJ0qdLo8025p36CUYX130bH"),
            concat!("task_", "live_aJsQYGXWqzhhTcqFRZScsHco"),
        ],
        form: Form::Pattern {
            markers: &["sk_live_", "sk_test_", "rk_live_", "rk_test_"],
            pattern: "[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}",
        },
    },
    // Source: Telegram's Bot API, "Authorizing your bot": the bot's number, a colon and 35 characters.
    Known {
        name: "telegram-bot-token",
        what: "tokens of Telegram's bots",
        found: &[
            concat!("110201543:", "AA9WTAQu-evrwgCZAhHWnjpgeh4L_LZQ2lv"),
            concat!("https://api.telegram.org/bot7110201543:", "AAF4wuFl03gtexQYvIaqJK5wy1_DN77318W/getMe"),
        ],
        not_found: &[
            ":AA",
            "110201543:AA4EcZfIgw0A",
            "12:AAqOvMZiC7rSjVxYxdHFO2Ek0AGfF2wNkdD",
            concat!("x110201543:", "AA0rMtVe3Djsva1lIa0D3oJUVMhALiRhQFU"),
        ],
        form: Form::Reader { markers: &[":AA"], read: credentials::telegram },
    },
    // Source: "API keys" of Twilio's documentation.
    Known {
        name: "twilio-key",
        what: "identifiers of API keys of Twilio",
        found: &[
            concat!("SK", "c89cd1997cd896416bef4ba6e1a02da1"),
            concat!("TWILIO_API_KEY=SK", "87e966ece6615d3142f505f7965463e3"),
        ],
        not_found: &[
            "SK",
            "SK621d78ed41415e97a498",
            concat!("SK", "a647c1ac49726e45dac31b3629fb0f26f89264f8"),
            concat!("TASK", "d4db2b5b52a0f94833734f83ae7518b6"),
        ],
        form: Form::Pattern { markers: &["SK"], pattern: "SK[0-9a-f]{32}" },
    },
    // Source: RFC 3986, `userinfo`.
    Known {
        name: "url-password",
        what: "passwords in URLs",
        found: &[
            "postgres://admin:hunter2@db.internal:5432/app",
            "redis://:p%40ss@cache",
            "https://user:a@b@example.com/?q=1",
        ],
        not_found: &[
            "https://user@example.com/",
            "https://host:8080/path@x",
            "://a:b@c",
            "https://u:redacted-abcdefgh23456723@h/",
            "https://u:****@h/",
            "https://u:${PASSWORD}@h/",
            "https://u:xxxxx@h/",
            "https://u:<password>@h/",
            "https://u:@h/",
        ],
        form: Form::Reader { markers: &["://"], read: credentials::url_password },
    },
];
