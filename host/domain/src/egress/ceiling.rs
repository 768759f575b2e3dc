//! The operator's ceiling: beyond it nobody on this host can be granted anything.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::origin::{InvalidOrigin, Origin, Scheme};
use super::public_suffix::PublicSuffix;
use crate::denial::{Denial, Gate};

/// Which hosts may be granted at all. The default lets every public https host be granted, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ceiling {
    /// Public hosts, https only. An empty list allows none.
    pub hosts: Vec<HostPattern>,
    /// Origins for which plain http, address literals and private addresses are allowed, one by one.
    pub private: BTreeSet<Origin>,
}

impl Default for Ceiling {
    fn default() -> Self {
        Self { hosts: vec![HostPattern { host: Hosts::Any, port: HTTPS_PORT }], private: BTreeSet::new() }
    }
}

const HTTPS_PORT: u16 = 443;

/// Names that never mean a public host; the last label decides.
const LOCAL_NAMES: [&str; 13] = [
    "alt",
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
];

/// `https://api.stripe.com`, `https://*.stripe.com` or `https://*`, each with an optional port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    host: Hosts,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hosts {
    /// Every public host.
    Any,
    Exactly(String),
    /// Every host below this name, the name itself excluded.
    Below(String),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    #[error("a host pattern is https://host, https://*.example.com or https://*: {0}")]
    Origin(#[from] InvalidOrigin),
    #[error(
        "a wildcard stands for the first labels only and needs a name of its own after it, as in https://*.example.com"
    )]
    Wildcard,
    #[error(
        "{0} is a public suffix: strangers own the names below it. Name the hosts, or names below it that have one owner"
    )]
    PublicSuffix(String),
    #[error("plain http is allowed only to origins in `private`")]
    Http,
    #[error("an address is allowed only as an origin in `private`")]
    Address,
}

impl Ceiling {
    /// Whether anybody may be granted this origin.
    pub fn allows(&self, origin: &Origin) -> Result<(), Denial> {
        if self.allows_private(origin) {
            return Ok(());
        }
        let private = format!("ceiling.private = [\"{origin}\"]");
        let refuse = |what: &str, remedy: String| {
            let remedy = format!("the operator can allow it with `{remedy}`");
            Err(Denial::new(Gate::Ceiling, format!("{origin} {what}"), remedy))
        };
        if origin.literal().is_some() {
            return refuse("is an address, which the operator's ceiling does not name", private);
        }
        if origin.scheme() != Scheme::Https {
            return refuse("is plain http, which the operator's ceiling does not name", private);
        }
        if is_local_name(origin.host()) {
            return refuse("is a local name, which the operator's ceiling does not name", private);
        }
        if PublicSuffix::is_registry(origin.host()) {
            return Err(Denial::new(
                Gate::Ceiling,
                format!("{origin} is a public suffix, which nobody owns"),
                "no policy allows it: use a host below it",
            ));
        }
        if self.hosts.iter().any(|pattern| pattern.covers(origin)) {
            return Ok(());
        }
        refuse("is above the operator's ceiling", format!("ceiling.hosts = [\"{origin}\"]"))
    }

    /// Whether plain http and private addresses are allowed for this origin.
    pub fn allows_private(&self, origin: &Origin) -> bool {
        self.private.contains(origin)
    }

    /// Whether the operator wrote down this very origin, and not only a pattern that covers it.
    pub fn names(&self, origin: &Origin) -> bool {
        self.allows_private(origin)
            || self
                .hosts
                .iter()
                .any(|pattern| matches!(pattern.host, Hosts::Exactly(_)) && pattern.covers(origin))
    }

    /// The line of the ceiling that lets this origin pass, for explanations.
    pub(super) fn line(&self, origin: &Origin) -> String {
        if self.allows_private(origin) {
            return format!("ceiling.private names {origin}");
        }
        match self.hosts.iter().find(|pattern| pattern.covers(origin)) {
            Some(pattern) => format!("ceiling.hosts has {pattern}"),
            None => "no line of the ceiling".to_owned(),
        }
    }
}

fn is_local_name(host: &str) -> bool {
    match host.rsplit_once('.') {
        None => true,
        Some((_, last)) => LOCAL_NAMES.contains(&last),
    }
}

impl HostPattern {
    fn covers(&self, origin: &Origin) -> bool {
        let host = origin.host();
        origin.scheme() == Scheme::Https
            && origin.port() == self.port
            && origin.literal().is_none()
            && match &self.host {
                Hosts::Any => true,
                Hosts::Exactly(name) => host == name,
                Hosts::Below(name) => host
                    .strip_suffix(name.as_str())
                    .is_some_and(|labels| labels.len() > 1 && labels.ends_with('.')),
            }
    }
}

impl FromStr for HostPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let Some((scheme, rest)) = text.split_once("://*") else {
            let origin = https(text)?;
            if PublicSuffix::is_registry(origin.host()) {
                return Err(InvalidPattern::PublicSuffix(origin.host().to_owned()));
            }
            return Ok(Self { port: origin.port(), host: Hosts::Exactly(origin.host().to_owned()) });
        };
        if rest.is_empty() || rest.starts_with(':') {
            let origin = https(&format!("{scheme}://any.example{rest}"))?;
            return Ok(Self { port: origin.port(), host: Hosts::Any });
        }
        let name = rest.strip_prefix('.').ok_or(InvalidPattern::Wildcard)?;
        let origin = https(&format!("{scheme}://{name}"))?;
        if PublicSuffix::of(origin.host()).is_some() {
            return Err(InvalidPattern::PublicSuffix(origin.host().to_owned()));
        }
        Ok(Self { port: origin.port(), host: Hosts::Below(origin.host().to_owned()) })
    }
}

fn https(text: &str) -> Result<Origin, InvalidPattern> {
    let origin: Origin = text.parse()?;
    if origin.literal().is_some() {
        return Err(InvalidPattern::Address);
    }
    if origin.scheme() == Scheme::Https { Ok(origin) } else { Err(InvalidPattern::Http) }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Hosts::Any => f.write_str("https://*")?,
            Hosts::Exactly(name) => write!(f, "https://{name}")?,
            Hosts::Below(name) => write!(f, "https://*.{name}")?,
        }
        if self.port == HTTPS_PORT { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl TryFrom<String> for HostPattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    fn ceiling(hosts: &[&str], private: &[&str]) -> Ceiling {
        Ceiling {
            hosts: hosts.iter().map(|text| text.parse().unwrap()).collect(),
            private: private.iter().map(|text| origin(text)).collect(),
        }
    }

    #[test]
    fn the_default_allows_public_https_and_nothing_else() {
        let ceiling = Ceiling::default();
        assert_eq!(ceiling.allows(&origin("https://api.stripe.com")), Ok(()));
        for text in [
            "http://api.stripe.com",
            "https://api.stripe.com:8443",
            "https://localhost",
            "https://metadata.google.internal",
            "https://printer.local",
            "https://intranet",
            "https://127.0.0.1",
            "https://8.8.8.8",
            "https://[::1]",
            "http://127.0.0.1:4010",
            "https://app.localhost",
            "https://router.home.arpa",
            "https://wiki.intranet",
            "https://co.uk",
        ] {
            assert_eq!(
                ceiling.allows(&origin(text)).map_err(|denial| denial.gate),
                Err(Gate::Ceiling),
                "{text}"
            );
        }
    }

    #[test]
    fn a_wildcard_ends_at_a_label() {
        let ceiling = ceiling(&["https://*.stripe.com"], &[]);
        assert_eq!(ceiling.allows(&origin("https://api.stripe.com")), Ok(()));
        assert_eq!(ceiling.allows(&origin("https://a.b.stripe.com")), Ok(()));
        for text in [
            "https://stripe.com",
            "https://evilstripe.com",
            "https://api.stripe.com.evil.io",
            "https://api.stripe.com:444",
        ] {
            assert!(ceiling.allows(&origin(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_private_origin_is_allowed_exactly() {
        let ceiling = ceiling(&[], &["http://127.0.0.1:4010"]);
        assert_eq!(ceiling.allows(&origin("http://127.0.0.1:4010")), Ok(()));
        for text in [
            "http://127.0.0.1:4011",
            "https://127.0.0.1:4010",
            "http://localhost:4010",
            "https://example.com",
        ] {
            assert!(ceiling.allows(&origin(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_line_that_would_allow_it() {
        let denial = ceiling(&[], &[]).allows(&origin("http://127.0.0.1:4010")).unwrap_err();
        assert!(denial.remedy.contains("ceiling.private = [\"http://127.0.0.1:4010\"]"), "{denial}");
        let denial = ceiling(&[], &[]).allows(&origin("https://erp.example.com:8443")).unwrap_err();
        assert!(denial.remedy.contains("ceiling.hosts = [\"https://erp.example.com:8443\"]"), "{denial}");
    }

    #[test]
    fn only_a_written_origin_is_named() {
        let ceiling =
            ceiling(&["https://*.stripe.com", "https://erp.example.com:8443"], &["http://127.0.0.1:1"]);
        for (text, named) in [
            ("https://api.stripe.com", false),
            ("https://erp.example.com:8443", true),
            ("https://erp.example.com", false),
            ("http://127.0.0.1:1", true),
        ] {
            assert_eq!(ceiling.names(&origin(text)), named, "{text}");
        }
    }

    #[test]
    fn a_pattern_that_covers_strangers_or_means_nothing_is_refused() {
        for text in [
            "",
            "*",
            "*.com",
            "https://*.com",
            "https://*.co.uk",
            "https://*.com.au",
            "https://*.github.io",
            "https://*.s3.amazonaws.com",
            "https://*.anything.ck",
            "https://*.xn--p1ai",
            "https://*.рф",
            "https://*.nosuchregistry",
            "https://*.CO.UK",
            "https://co.uk",
            "https://com",
            "https://example.com:0443",
            "https://example.com:",
            "https://a.*.com",
            "https://*x.com",
            "https://**.example.com",
            "https://*.*.com",
            "https://a,b",
            "http://*.example.com",
            "http://example.com",
            "https://10.0.0.1",
            "https://10.0.0.0/8",
            "https://[::1]",
            "https://example.com.",
            "https://example.com:1-2",
            "https://.*\\.example\\.com",
            "https://*.",
            "https://*/",
            "ftp://*.example.com",
            "https://*.127.0.0.1",
        ] {
            assert!(
                text.parse::<HostPattern>().is_err(),
                "{text:?} became {:?}",
                text.parse::<HostPattern>()
            );
        }
    }

    #[test]
    fn a_ceiling_is_written_as_plain_text_and_knows_its_fields() {
        let ceiling = ceiling(&["https://*", "https://*.example.com:8443"], &["http://localhost:4010"]);
        let text = serde_json::to_string(&ceiling).unwrap();
        assert_eq!(
            text,
            r#"{"hosts":["https://*","https://*.example.com:8443"],"private":["http://localhost:4010"]}"#
        );
        assert_eq!(serde_json::from_str::<Ceiling>(&text).unwrap(), ceiling);
        assert_eq!(serde_json::from_str::<Ceiling>("{}").unwrap(), Ceiling::default());
        assert!(serde_json::from_str::<Ceiling>(r#"{"host":[]}"#).is_err());
    }
}
