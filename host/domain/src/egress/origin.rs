//! Scheme, host and port: the unit in which hosts are requested, granted and capped.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Longer than any host name with a scheme and a port.
const TEXT_BYTES_MAX: usize = 300;
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Where a request goes, in the one spelling in which two origins can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    scheme: Scheme,
    /// Lower-case A-labels without a trailing dot, or the canonical text of an address (IPv6 in brackets).
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    #[error("an origin is written as https://host or https://host:port")]
    Syntax,
    #[error("only http and https are known")]
    Scheme,
    #[error("an origin has no user, path, query or fragment: only scheme, host and port")]
    MoreThanOrigin,
    #[error(
        "the host is not a plain host name: use labels of letters, digits and hyphens, without a trailing dot"
    )]
    Host,
    #[error("a port is a number from 1 to 65535 without leading zeros")]
    Port,
}

impl Origin {
    /// The origin of a parsed URL.
    pub fn of(url: &Url) -> Result<Self, InvalidOrigin> {
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(InvalidOrigin::Scheme),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) if is_host_name(name) => name.to_owned(),
            Some(Host::Domain(_)) | None => return Err(InvalidOrigin::Host),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => format!("[{address}]"),
        };
        match url.port_or_known_default() {
            Some(0) | None => Err(InvalidOrigin::Port),
            Some(port) => Ok(Self { scheme, host, port }),
        }
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the `host` header says: the port is named where it is not the scheme's own.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The address, where the host is one. A resolver is never asked for it.
    pub fn literal(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

/// Whether a name consists of labels that a resolver and a certificate both understand.
pub(super) fn is_host_name(name: &str) -> bool {
    name.len() <= HOST_BYTES_MAX && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.chars().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether an authority has no port or one in its only spelling: other programs read `:007` and `:` as they like.
pub(super) fn has_plain_port(authority: &str) -> bool {
    let after_host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(_, after)| after),
        None => authority.find(':').and_then(|at| authority.get(at..)).unwrap_or_default(),
    };
    match after_host.strip_prefix(':') {
        None => after_host.is_empty(),
        Some(port) => {
            (1..=5).contains(&port.len())
                && !port.starts_with('0')
                && port.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        if text.len() > TEXT_BYTES_MAX
            || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\')
        {
            return Err(InvalidOrigin::Syntax);
        }
        let (_, rest) = text.split_once("://").ok_or(InvalidOrigin::Syntax)?;
        if rest.contains(['@', '?', '#']) {
            return Err(InvalidOrigin::MoreThanOrigin);
        }
        let authority = match rest.split_once('/') {
            None => rest,
            Some((authority, "")) => authority,
            Some(_) => return Err(InvalidOrigin::MoreThanOrigin),
        };
        // The URL standard skips further slashes and decodes percent signs; an origin has neither.
        if authority.is_empty() || authority.contains('%') {
            return Err(InvalidOrigin::Host);
        }
        if !has_plain_port(authority) {
            return Err(InvalidOrigin::Port);
        }
        let url = Url::parse(text).map_err(|_| InvalidOrigin::Syntax)?;
        Self::of(&url)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if self.port == self.scheme.default_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, InvalidOrigin> {
        text.parse::<Origin>().map(|origin| origin.to_string())
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, expected) in [
            ("https://api.stripe.com", "https://api.stripe.com"),
            ("HTTPS://API.Stripe.com:443/", "https://api.stripe.com"),
            ("http://localhost:4010", "http://localhost:4010"),
            ("http://example.com:80", "http://example.com"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://0x7f.1:4010", "http://127.0.0.1:4010"),
            ("http://[0:0::1]:4010", "http://[::1]:4010"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "*",
            "example.com",
            "https://",
            "https:///example.com",
            "https:example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://user@example.com",
            "https://user:pw@example.com",
            "https://example.com/v1",
            "https://example.com?x",
            "https://example.com#x",
            "https://example.com.",
            "https://a..b",
            "https://a,b",
            "https://*.example.com",
            "https://_x.example.com",
            "https://-a.com",
            "https://example.com:",
            "https://example.com:0",
            "https://example.com:0443",
            "https://example.com:+443",
            "https://example.com:443,80",
            "https://example.com:65536",
            "https://[::1]:",
            "https://[::1]:080",
            "https://[::1]x",
            "https://[::1%eth0]",
            "https://xn--zz.example",
            "https://xn--.example",
            "https://.*\\.example\\.com",
            "https://exam\u{200b}ple.com/x",
            "https://com*",
            "https://example.com:1-2",
            "https://10.0.0.0/8",
            "https:\\\\example.com",
            "https://exa mple.com",
            "https://example.com\n",
            "https://ex%61mple.com",
            "https://[::1%25eth0]",
            "https://xn--a.example",
            "https://256.256.256.256",
        ] {
            assert!(shown(text).is_err(), "{text:?} became {:?}", shown(text));
        }
        assert!(shown(&format!("https://{}.com", "a".repeat(64))).is_err());
    }

    #[test]
    fn an_address_is_recognised_in_any_spelling() {
        for text in ["http://127.1", "http://2130706433", "http://0177.0.0.1", "http://①②⑦.⓪.⓪.①"]
        {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.literal(), Some("127.0.0.1".parse().unwrap()), "{text}");
        }
        assert_eq!("http://[::1]".parse::<Origin>().unwrap().literal(), Some("::1".parse().unwrap()));
        assert_eq!("https://example.com".parse::<Origin>().unwrap().literal(), None);
    }
}
