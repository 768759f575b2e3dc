//! What a connector can be written in.

use std::fmt;
use std::str::FromStr;

/// A language with an SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// `sdk-guest/rust`, compiled by cargo.
    Rust,
    /// `sdk-guest/js`, compiled by componentize-js.
    JavaScript,
    /// `sdk-guest/python`, compiled by componentize-py.
    Python,
}

impl Language {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// Its name on the command line, and the folder of its templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    /// The folders of this repository that a project in it needs.
    pub(crate) fn sdk(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["wit/", "sdk-guest/rust/", "sdk-guest/testing/"],
            Self::JavaScript => &["wit/v0/", "sdk-guest/js/", "sdk-guest/testing/README.md"],
            Self::Python => &["wit/v0/", "sdk-guest/python/", "sdk-guest/testing/README.md"],
        }
    }

    /// The guides that every project brings: what to do about a message, and how a recorded call is played again.
    pub(crate) const GUIDES: &[&str] = &["sdk-guest/messages.md", "sdk-guest/cassettes.md"];

    /// Names that its tools refuse, or that would hide something of theirs.
    pub(crate) fn reserved(self) -> &'static [&'static str] {
        match self {
            // Its keywords, the crates that every program has, and what the template depends on.
            Self::Rust => &[
                "abstract",
                "alloc",
                "as",
                "async",
                "await",
                "become",
                "box",
                "break",
                "build",
                "const",
                "continue",
                "core",
                "crate",
                "deps",
                "do",
                "dyn",
                "else",
                "enum",
                "examples",
                "extern",
                "false",
                "final",
                "fn",
                "for",
                "gen",
                "if",
                "impl",
                "in",
                "incremental",
                "let",
                "lockgate-sdk",
                "lockgate-testing",
                "lockgate-wit",
                "loop",
                "macro",
                "match",
                "mod",
                "move",
                "mut",
                "override",
                "priv",
                "proc-macro",
                "pub",
                "ref",
                "return",
                "schemars",
                "self",
                "serde",
                "serde-json",
                "static",
                "std",
                "struct",
                "super",
                "test",
                "trait",
                "true",
                "try",
                "type",
                "typeof",
                "unsafe",
                "unsized",
                "use",
                "virtual",
                "where",
                "while",
                "yield",
            ],
            Self::JavaScript => &["lockgate", "node-modules", "lockgate-sdk"],
            Self::Python => &[
                "and",
                "app",
                "as",
                "assert",
                "async",
                "await",
                "break",
                "class",
                "componentize-py",
                "continue",
                "def",
                "del",
                "elif",
                "else",
                "except",
                "finally",
                "for",
                "from",
                "global",
                "if",
                "import",
                "in",
                "is",
                "lambda",
                "lockgate",
                "lockgate-sdk",
                "nonlocal",
                "not",
                "or",
                "pass",
                "raise",
                "return",
                "test",
                "tests",
                "try",
                "while",
                "with",
                "wit-world",
                "yield",
            ],
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No language of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a connector is written in `rust`, `js` or `python`")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.name() == text).ok_or(UnknownLanguage)
    }
}
