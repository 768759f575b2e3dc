//! Host templates: `https://{shop}.myshopify.com` or `{base_url}`, filled from a profile's configuration.
//!
//! The configuration can choose a label, a host name or an origin, as the manifest declares; it can never add to one
//! what belongs to the next, because every value is checked before it is put in.

use std::fmt;

use serde_json::Value;
use wit::{HostInput, InputKind};

use super::origin::{InvalidOrigin, Origin, is_host_name};
use super::public_suffix::PublicSuffix;

const TEXT_BYTES_MAX: usize = 300;

/// A parsed template with the inputs that it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostTemplate {
    text: String,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Fixed(Origin),
    /// `{name}`: the configuration gives the whole origin.
    Whole(HostInput),
    Filled(Vec<Piece>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Input(HostInput),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHostTemplate {
    #[error("a host is written as https://host, https://{{input}}.host or {{input}}, in at most 300 bytes")]
    Syntax,
    #[error("it uses the input {0:?}, which `inputs` does not declare")]
    Undeclared(String),
    #[error("the input {0:?} is a whole origin, so the host must be just {{{0}}}")]
    OriginInside(String),
    #[error("the input {0:?} is no origin, so a scheme must stand before it: https://{{{0}}}")]
    SchemeMissing(String),
    #[error("the input {0:?} is a whole host name, so nothing but a scheme and a port may stand around it")]
    HostNameInside(String),
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    #[error(
        "{0:?} is or covers a public suffix: strangers own such names; name hosts below one that has one owner"
    )]
    PublicSuffix(String),
}

/// Why a configuration does not fill a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnresolvedHost {
    #[error("the configuration has no text at `{input}`, which {template} needs")]
    Missing { input: String, template: String },
    #[error(
        "the value of `{input}` is no host label: use lower-case letters, digits and hyphens, at most 63"
    )]
    Label { input: String },
    #[error(
        "the value of `{input}` is no host name: use lower-case labels with dots, for instance shop.example.com"
    )]
    HostName { input: String },
    #[error("the value of `{input}` is no origin: {error}")]
    Origin { input: String, error: InvalidOrigin },
    #[error("{template} does not become a host with this configuration: {error}")]
    Filled { template: String, error: InvalidOrigin },
    #[error("{template} becomes an address with this configuration; it must become a name")]
    Address { template: String },
    #[error("{template} becomes {host} with this configuration, which is a public suffix: nobody owns it")]
    PublicSuffix { template: String, host: String },
}

impl HostTemplate {
    pub fn parse(text: &str, inputs: &[HostInput]) -> Result<Self, InvalidHostTemplate> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(InvalidHostTemplate::Syntax);
        }
        let shape =
            if text.contains(['{', '}']) { placeholders(text, inputs)? } else { Shape::Fixed(text.parse()?) };
        if let Shape::Fixed(origin) = &shape
            && PublicSuffix::is_registry(origin.host())
        {
            return Err(InvalidHostTemplate::PublicSuffix(origin.host().to_owned()));
        }
        Ok(Self { text: text.to_owned(), shape })
    }

    /// The template as the manifest spells it; rules refer to it word for word.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin that the template means for one configuration.
    pub fn resolve(&self, config: &Value) -> Result<Origin, UnresolvedHost> {
        let origin = self.filled(config)?;
        if PublicSuffix::is_registry(origin.host()) {
            let (template, host) = (self.text.clone(), origin.host().to_owned());
            return Err(UnresolvedHost::PublicSuffix { template, host });
        }
        Ok(origin)
    }

    fn filled(&self, config: &Value) -> Result<Origin, UnresolvedHost> {
        match &self.shape {
            Shape::Fixed(origin) => Ok(origin.clone()),
            Shape::Whole(input) => {
                let value = self.value(input, config)?;
                value.parse().map_err(|error| UnresolvedHost::Origin { input: input.name.clone(), error })
            }
            Shape::Filled(pieces) => {
                let mut filled = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => filled.push_str(text),
                        Piece::Input(input) => filled.push_str(checked(input, self.value(input, config)?)?),
                    }
                }
                let origin: Origin = filled
                    .parse()
                    .map_err(|error| UnresolvedHost::Filled { template: self.text.clone(), error })?;
                // Labels of digits could add up to an address, which no granted name means.
                match origin.literal() {
                    Some(_) => Err(UnresolvedHost::Address { template: self.text.clone() }),
                    None => Ok(origin),
                }
            }
        }
    }

    /// Whether a value is what an input may be.
    pub fn accepts(input: &HostInput, value: &str) -> Result<(), UnresolvedHost> {
        match input.kind {
            InputKind::Origin => match value.parse::<Origin>() {
                Ok(_) => Ok(()),
                Err(error) => Err(UnresolvedHost::Origin { input: input.name.clone(), error }),
            },
            InputKind::Label | InputKind::HostName => checked(input, value).map(|_| ()),
        }
    }

    fn value<'a>(&self, input: &'a HostInput, config: &'a Value) -> Result<&'a str, UnresolvedHost> {
        let configured = match config.get(&input.name) {
            None | Some(Value::Null) => input.default.as_deref(),
            Some(value) => value.as_str(),
        };
        configured
            .ok_or_else(|| UnresolvedHost::Missing { input: input.name.clone(), template: self.text.clone() })
    }
}

fn placeholders(text: &str, inputs: &[HostInput]) -> Result<Shape, InvalidHostTemplate> {
    let mut pieces = Vec::new();
    let mut left = text;
    while let Some((before, rest)) = left.split_once('{') {
        let (name, after) = rest.split_once('}').ok_or(InvalidHostTemplate::Syntax)?;
        let input = inputs
            .iter()
            .find(|input| input.name == name)
            .ok_or_else(|| InvalidHostTemplate::Undeclared(name.chars().take(80).collect()))?;
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Input(input.clone()));
        left = after;
    }
    pieces.push(Piece::Text(left.to_owned()));
    shape(text, pieces)
}

fn shape(text: &str, pieces: Vec<Piece>) -> Result<Shape, InvalidHostTemplate> {
    let scheme_first = text.starts_with("https://") || text.starts_with("http://");
    let mut probe = String::new();
    for piece in &pieces {
        match piece {
            Piece::Text(text) => probe.push_str(text),
            Piece::Input(input) => {
                let name = || input.name.clone();
                match input.kind {
                    InputKind::Origin if text == format!("{{{}}}", input.name) => {
                        return Ok(Shape::Whole(input.clone()));
                    }
                    InputKind::Origin => return Err(InvalidHostTemplate::OriginInside(name())),
                    _ if !scheme_first => return Err(InvalidHostTemplate::SchemeMissing(name())),
                    InputKind::HostName if !stands_alone(text, &input.name) => {
                        return Err(InvalidHostTemplate::HostNameInside(name()));
                    }
                    InputKind::HostName => probe.push_str("host.example"),
                    InputKind::Label => probe.push('a'),
                }
            }
        }
    }
    // With a harmless value in each place, the template itself must be an origin: no path, no user, no second host.
    let origin: Origin = probe.parse()?;
    if origin.literal().is_some() {
        return Err(InvalidHostTemplate::Syntax);
    }
    if covers_a_registry(&pieces) {
        return Err(InvalidHostTemplate::PublicSuffix(text.to_owned()));
    }
    Ok(Shape::Filled(pieces))
}

/// Whether a label of the configuration's choice stands directly below a registry, or is one: `https://{shop}.com`,
/// `https://shop.{land}`. Every name of the registry would be one configuration away.
fn covers_a_registry(pieces: &[Piece]) -> bool {
    match pieces {
        [.., Piece::Input(input), Piece::Text(text)] if input.kind == InputKind::Label => {
            let host = text.split_once(':').map_or(text.as_str(), |(host, _)| host);
            host.split_once('.').is_none_or(|(_, tail)| PublicSuffix::is_registry(tail))
        }
        _ => false,
    }
}

fn stands_alone(text: &str, name: &str) -> bool {
    let placeholder = format!("://{{{name}}}");
    text.split_once(&placeholder).is_some_and(|(_, after)| after.is_empty() || after.starts_with(':'))
}

/// The value, if it is what its input may be.
fn checked<'a>(input: &HostInput, value: &'a str) -> Result<&'a str, UnresolvedHost> {
    let name = || input.name.clone();
    match input.kind {
        InputKind::Label if is_input_label(value) => Ok(value),
        InputKind::Label => Err(UnresolvedHost::Label { input: name() }),
        InputKind::HostName if is_host_name(value) => Ok(value),
        InputKind::HostName => Err(UnresolvedHost::HostName { input: name() }),
        InputKind::Origin => {
            Err(UnresolvedHost::Origin { input: name(), error: InvalidOrigin::MoreThanOrigin })
        }
    }
}

fn is_input_label(value: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    value.len() <= 63 && value.starts_with(first) && value.chars().all(|c| first(c) || c == '-')
}

impl fmt::Display for HostTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(name: &str, kind: InputKind, default: Option<&str>) -> HostInput {
        HostInput { name: name.to_owned(), kind, default: default.map(str::to_owned) }
    }

    fn inputs() -> Vec<HostInput> {
        vec![
            input("shop", InputKind::Label, None),
            input("region", InputKind::Label, Some("eu")),
            input("server", InputKind::HostName, None),
            input("base", InputKind::Origin, Some("https://api.example.com")),
        ]
    }

    fn resolve(template: &str, config: Value) -> Result<String, UnresolvedHost> {
        HostTemplate::parse(template, &inputs()).unwrap().resolve(&config).map(|origin| origin.to_string())
    }

    #[test]
    fn a_template_becomes_one_origin() {
        for (template, config, expected) in [
            ("https://api.stripe.com", json!({}), "https://api.stripe.com"),
            ("https://{shop}.myshopify.com", json!({ "shop": "acme-2" }), "https://acme-2.myshopify.com"),
            (
                "https://{shop}.{region}.example.com:8443",
                json!({ "shop": "a" }),
                "https://a.eu.example.com:8443",
            ),
            ("https://{shop}-api.example.com", json!({ "shop": "a" }), "https://a-api.example.com"),
            ("https://{server}", json!({ "server": "erp.example.com" }), "https://erp.example.com"),
            ("https://{server}:8443", json!({ "server": "erp.example.com" }), "https://erp.example.com:8443"),
            ("{base}", json!({}), "https://api.example.com"),
            ("{base}", json!({ "base": "http://127.0.0.1:4010" }), "http://127.0.0.1:4010"),
        ] {
            assert_eq!(resolve(template, config).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn a_label_can_never_bring_more_than_a_label() {
        for value in [
            "",
            "a.b",
            "evil.com/",
            "a/b",
            "a@b",
            "a#",
            "a?",
            "a:1",
            "a%2e",
            "A",
            "-a",
            "a\u{430}",
            "a b",
            "a\n",
            "..",
            "*",
            "a\\b",
            "é",
        ] {
            let refused = resolve("https://{shop}.myshopify.com", json!({ "shop": value }));
            assert_eq!(refused, Err(UnresolvedHost::Label { input: "shop".into() }), "{value:?}");
        }
        let long = "a".repeat(64);
        assert!(resolve("https://{shop}.myshopify.com", json!({ "shop": long })).is_err());
        assert!(resolve("https://{shop}.myshopify.com", json!({ "shop": 7 })).is_err());
        assert!(resolve("https://{shop}.myshopify.com", json!({})).is_err());
        assert!(resolve("https://{shop}.myshopify.com", json!([])).is_err());
    }

    #[test]
    fn a_host_name_is_only_a_host_name() {
        for value in
            ["a.com/x", "a.com:1", "u@a.com", "a..com", "a.com.", "A.com", "127.0.0.1", "2130706433", ""]
        {
            assert!(resolve("https://{server}", json!({ "server": value })).is_err(), "{value:?}");
        }
    }

    #[test]
    fn an_origin_is_only_an_origin() {
        for value in ["a.com", "https://a.com/x", "https://u@a.com", "ftp://a.com", "https://a.com?x"] {
            assert!(resolve("{base}", json!({ "base": value })).is_err(), "{value:?}");
        }
    }

    #[test]
    fn digits_never_add_up_to_an_address() {
        let refused = resolve("https://{server}", json!({ "server": "127.1" }));
        assert!(matches!(refused, Err(UnresolvedHost::Address { .. })), "{refused:?}");
    }

    #[test]
    fn a_configuration_cannot_name_a_registry() {
        for (template, config) in [
            ("https://{server}", json!({ "server": "co.uk" })),
            ("https://{server}", json!({ "server": "com" })),
            ("{base}", json!({ "base": "https://com.au" })),
        ] {
            let refused = resolve(template, config);
            assert!(matches!(refused, Err(UnresolvedHost::PublicSuffix { .. })), "{refused:?}");
        }
        // A name that a company lets strangers have names below is one host, chosen by name.
        assert!(HostTemplate::parse("https://{shop}.github.io", &inputs()).is_ok());
        assert!(HostTemplate::parse("https://s3.amazonaws.com", &inputs()).is_ok());
    }

    #[test]
    fn a_template_that_is_no_host_is_refused() {
        for template in [
            "",
            "*",
            "https://*",
            "https://*.example.com",
            "{shop}",
            "{server}",
            "{nobody}",
            "https://{nobody}.example.com",
            "https://{base}",
            "{base}/v1",
            "https://{server}.example.com",
            "https://x.{server}",
            "https://{shop}.example.com/v1",
            "https://{shop}@example.com",
            "https://example.com?{shop}",
            "https://example.com#{shop}",
            "{shop}://example.com",
            "https://{shop",
            "https://shop}.example.com",
            "https://example.com:{shop}",
            "https://{}.example.com",
            "ftp://{shop}.example.com",
            "https://{shop}.0x7f",
            "https://{shop}..com",
            "https://{shop}.com",
            "https://{shop}.com:8443",
            "https://api-{shop}.co.uk",
            "https://{shop}.{region}",
            "https://api.{region}",
            "https://{shop}",
            "https://co.uk",
            "https://com",
        ] {
            assert!(HostTemplate::parse(template, &inputs()).is_err(), "{template}");
        }
    }
}
