//! Ways to authenticate: the document's security schemes as those that a host applies.

mod credentials;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wit::{AuthScheme, Oauth2, Oauth2Grant, Placement};

use crate::document::{Document, shown};
use crate::project::Notes;
use crate::servers::{Server, split};

/// What became of the security schemes.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    /// By their name in the document, in its order.
    schemes: BTreeMap<String, AuthScheme>,
    /// Names of others that come to the same.
    others: BTreeSet<String>,
    /// Where credentials go: parameters there are the host's.
    pub(crate) places: BTreeSet<(String, String)>,
}

impl Auth {
    pub(crate) fn of(document: &Document, server: Option<&Server>, notes: &mut Notes) -> Self {
        let mut auth = Self::default();
        let schemes = document.get("/components/securitySchemes").and_then(Value::as_object);
        let mut schemes: Vec<(&String, &Value)> = schemes.into_iter().flatten().collect();
        // Of a kind the one that most operations ask for is offered.
        let asked = credentials::asked_for(document);
        schemes.sort_by_key(|(name, _)| Reverse(asked.get(name.as_str()).copied().unwrap_or_default()));
        for (name, scheme) in schemes {
            let place = format!("/components/securitySchemes/{name}");
            let scheme = match document.resolve(scheme) {
                Ok(scheme) => scheme,
                Err(error) => {
                    notes.add(&place, error.to_string());
                    continue;
                }
            };
            let text = |member: &str| scheme.get(member).and_then(Value::as_str).unwrap_or_default();
            if text("type") == "apiKey" {
                auth.places.insert((text("in").to_owned(), text("name").to_ascii_lowercase()));
            }
            let Some(carried) = carried(scheme, server, &place, notes) else { continue };
            // A profile chooses by kind.
            if let Some((other, same)) = auth.schemes.iter().find(|(_, other)| other.kind() == carried.kind())
            {
                if *same == carried {
                    auth.others.insert(name.clone());
                } else {
                    notes.add(
                        &place,
                        format!(
                            "of several schemes of the kind {} only {:?} is offered",
                            carried.kind(),
                            shown(other)
                        ),
                    );
                }
                continue;
            }
            auth.schemes.insert(name.clone(), carried);
        }
        auth.read_parameters(document, notes);
        auth
    }

    /// Parameters that are credentials: no input holds one. Where the document names no scheme that can be offered, the
    /// one that most operations have is the scheme.
    fn read_parameters(&mut self, document: &Document, notes: &mut Notes) {
        const PLACE: &str = "/components/securitySchemes";
        let found = credentials::among_parameters(document);
        for ((at, name), count) in found {
            let is_new = self.places.insert((at.clone(), name.to_ascii_lowercase()));
            let parameter = format!("the {at} parameter {:?} of {count} operations", shown(&name));
            if self.schemes.is_empty() {
                notes.add(PLACE, format!("{parameter} is taken for the key that a profile gives"));
                let place = if at == "query" { Placement::Query } else { Placement::Header };
                self.schemes.insert(name.clone(), AuthScheme::ApiKey { place, name, prefix: String::new() });
            } else if is_new {
                notes
                    .add(PLACE, format!("{parameter} is a credential: no input holds it, the host adds one"));
            }
        }
        if self.schemes.is_empty() {
            notes.add(
                PLACE,
                "no way to authenticate is described that a host applies; where the API needs one, add it to `auth` in \
                 src/manifest.json, as in {\"kind\": \"bearer\"}",
            );
        }
    }

    /// What the provider's scopes are for a list of requirements, of which each is enough. None where nothing is said of
    /// them.
    pub(crate) fn provider_scopes(&self, security: Option<&Value>) -> Vec<String> {
        let requirements =
            security.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        let oauth2 = |name: &str| matches!(self.schemes.get(name), Some(AuthScheme::Oauth2(_)));
        for requirement in requirements {
            let scopes: Vec<String> = requirement
                .iter()
                .filter(|(name, _)| oauth2(name))
                .flat_map(|(_, scopes)| scopes.as_array().into_iter().flatten())
                .filter_map(|scope| scope.as_str().map(str::to_owned))
                .collect();
            if !scopes.is_empty() {
                return scopes;
            }
        }
        Vec::new()
    }

    /// Why none of the requirements can be met, if so.
    pub(crate) fn unmet(&self, security: Option<&Value>) -> Option<String> {
        let requirements: Vec<&serde_json::Map<String, Value>> =
            security.and_then(Value::as_array)?.iter().filter_map(Value::as_object).collect();
        let met = |requirement: &&serde_json::Map<String, Value>| {
            let offered = |name: &String| self.schemes.contains_key(name) || self.others.contains(name);
            requirement.len() <= 1 && requirement.keys().all(offered)
        };
        if requirements.is_empty() || requirements.iter().any(met) {
            return None;
        }
        let names: Vec<String> = requirements
            .iter()
            .map(|requirement| requirement.keys().map(|name| shown(name)).collect::<Vec<_>>().join(" with "))
            .collect();
        Some(format!("it asks for credentials that a profile cannot give alone: {}", names.join(", or ")))
    }

    /// For the manifest, with the provider's names for its scopes.
    pub(crate) fn schemes(&self, scopes: &BTreeMap<String, Vec<String>>) -> Vec<AuthScheme> {
        let named = |scheme: &AuthScheme| match scheme {
            AuthScheme::Oauth2(oauth2) => {
                AuthScheme::Oauth2(Box::new(Oauth2 { scopes: scopes.clone(), ..(**oauth2).clone() }))
            }
            scheme => scheme.clone(),
        };
        self.schemes.values().map(named).collect()
    }

    /// Origins at which tokens are had.
    pub(crate) fn token_hosts(&self) -> Vec<String> {
        let host = |scheme: &AuthScheme| match scheme {
            AuthScheme::Oauth2(oauth2) => template_host(&oauth2.token_url),
            _ => None,
        };
        self.schemes.values().filter_map(host).collect()
    }
}

/// The part of a URL that is written like a host of the manifest.
fn template_host(url: &str) -> Option<String> {
    match split(url) {
        Some((origin, _)) => Some(origin),
        None => url.split('/').next().map(str::to_owned),
    }
}

fn carried(scheme: &Value, server: Option<&Server>, place: &str, notes: &mut Notes) -> Option<AuthScheme> {
    let text = |member: &str| scheme.get(member).and_then(Value::as_str).unwrap_or_default();
    let key_at = |place: Placement| {
        Some(AuthScheme::ApiKey { place, name: text("name").to_owned(), prefix: String::new() })
    };
    let carried = match text("type") {
        "http" => match text("scheme").to_ascii_lowercase().as_str() {
            "bearer" => Some(AuthScheme::Bearer),
            "basic" => Some(AuthScheme::Basic),
            _ => None,
        },
        "apiKey" => match text("in") {
            "header" => key_at(Placement::Header),
            "query" => key_at(Placement::Query),
            _ => None,
        },
        "oauth2" => return oauth2(scheme.get("flows"), server, place, notes),
        _ => None,
    };
    if carried.is_none() {
        let detail = [text("type"), text("scheme"), text("in")].join(" ");
        notes.add(place, format!("the way to authenticate {:?} is not supported", shown(detail.trim())));
    }
    carried
}

fn oauth2(
    flows: Option<&Value>,
    server: Option<&Server>,
    place: &str,
    notes: &mut Notes,
) -> Option<AuthScheme> {
    let flows = flows.and_then(Value::as_object)?;
    let known = [
        ("authorizationCode", Oauth2Grant::AuthorizationCode),
        ("clientCredentials", Oauth2Grant::ClientCredentials),
    ];
    let (name, grant) = match known.into_iter().find(|(name, _)| flows.contains_key(*name)) {
        Some(known) => known,
        None => {
            let names: Vec<String> = flows.keys().map(|name| shown(name)).collect();
            notes.add(place, format!("of OAuth 2 the flow {} is not supported", names.join(" and ")));
            return None;
        }
    };
    for other in flows.keys().filter(|other| *other != name && !other.starts_with("x-")) {
        notes.add(place, format!("of the flows of OAuth 2 {name} is offered and {} is not", shown(other)));
    }
    let flow = flows.get(name)?;
    let url = |member: &str| -> Option<String> {
        let url = flow.get(member).and_then(Value::as_str)?;
        match (split(url), server) {
            (Some((origin, _)), _) => {
                let path = url.split_once("://")?.1;
                let path = path.find('/').and_then(|start| path.get(start..)).unwrap_or("/");
                Some(format!("{origin}{path}"))
            }
            // It is meant from where the API is.
            (None, Some(server)) if url.starts_with('/') => Some(format!("{}{url}", server.host)),
            _ => None,
        }
    };
    let Some(token_url) = url("tokenUrl") else {
        notes.add(place, "the URL at which tokens are had cannot be read");
        return None;
    };
    let mut scheme = Oauth2::new(grant, token_url);
    if grant == Oauth2Grant::AuthorizationCode {
        let Some(authorize_url) = url("authorizationUrl") else {
            notes.add(place, "the URL at which people consent cannot be read");
            return None;
        };
        scheme.authorize_url = Some(authorize_url);
    }
    Some(AuthScheme::Oauth2(Box::new(scheme)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(schemes: Value) -> (Auth, Vec<String>) {
        let document = json!({"openapi": "3.1.0", "components": {"securitySchemes": schemes}});
        let document = Document::read(document.to_string().as_bytes()).unwrap();
        let mut notes = Notes::default();
        let server = Server { host: "https://api.example.com".to_owned(), base: String::new() };
        let auth = Auth::of(&document, Some(&server), &mut notes);
        (auth, notes.into_list().into_iter().map(|note| note.what).collect())
    }

    #[test]
    fn each_scheme_becomes_the_hosts_own_or_is_said_to_be_left_out() {
        for (scheme, kind) in [
            (json!({"type": "http", "scheme": "Bearer"}), Some("bearer")),
            (json!({"type": "http", "scheme": "basic"}), Some("basic")),
            (json!({"type": "http", "scheme": "digest"}), None),
            (json!({"type": "apiKey", "in": "header", "name": "X-Key"}), Some("api_key")),
            (json!({"type": "apiKey", "in": "query", "name": "key"}), Some("api_key")),
            (json!({"type": "apiKey", "in": "cookie", "name": "sid"}), None),
            (json!({"type": "openIdConnect", "openIdConnectUrl": "https://x.example"}), None),
            (json!({"type": "mutualTLS"}), None),
            (
                json!({"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://x.example/a"}}}),
                None,
            ),
            (
                json!({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token"}}}),
                Some("oauth2"),
            ),
            (
                json!({"type": "oauth2", "flows": {"authorizationCode": {"tokenUrl": "https://x.example/t", "authorizationUrl": "https://x.example/a"}}}),
                Some("oauth2"),
            ),
        ] {
            let (auth, notes) = read(json!({"one": scheme}));
            assert_eq!(auth.schemes(&BTreeMap::new()).first().map(AuthScheme::kind), kind, "{scheme}");
            assert_eq!(notes.len(), if kind.is_some() { 0 } else { 2 }, "{scheme} {notes:?}");
        }
    }

    #[test]
    fn the_hosts_of_tokens_and_the_scopes_of_providers_are_found() {
        let (auth, _) = read(
            json!({"o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://Login.example/t"}}}}),
        );
        assert_eq!(auth.token_hosts(), ["https://login.example"]);
        let security = json!([{}, {"o": ["pets.r", "pets.w"]}, {"o": ["all"]}]);
        assert_eq!(auth.provider_scopes(Some(&security)), ["pets.r", "pets.w"]);
        assert!(auth.unmet(Some(&json!([{"other": []}]))).is_some());
        assert!(auth.unmet(Some(&json!([{"o": [], "other": []}]))).is_some());
        assert!(auth.unmet(Some(&security)).is_none() && auth.unmet(None).is_none());
    }
}
