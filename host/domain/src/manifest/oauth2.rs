//! The OAuth 2 scheme of a manifest.

use wit::{Assertion, ClientAuth, Manifest, Oauth2, Oauth2Grant};

use super::auth::may_carry;
use super::problems::Problems;
use crate::egress::HostTemplate;
use crate::oauth;

const ITEMS_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 1 << 10;
const PATTERN_BYTES_MAX: usize = 256;
const LIFETIME_S_MAX: u32 = 366 * 24 * 3_600;
const ASSERTION_S_MAX: u32 = 3_600;
/// The host writes these itself.
const RESERVED: [&str; 16] = [
    "response_type",
    "client_id",
    "client_secret",
    "redirect_uri",
    "state",
    "scope",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "refresh_token",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "subject_token",
];

pub(super) fn check(problems: &mut Problems, manifest: &Manifest, at: &str, scheme: &Oauth2) {
    for (name, url) in [("token_url", Some(&scheme.token_url)), ("revoke_url", scheme.revoke_url.as_ref())] {
        let Some(url) = url else { continue };
        match oauth::split(url) {
            Err(error) => problems.add(&format!("{at}/{name}"), error),
            Ok((host, _)) if !manifest.hosts.iter().any(|known| known == host) => problems.add(
                &format!("{at}/{name}"),
                "it does not begin with one of `hosts`, word for word; the host asks there for tokens, so it is granted like any other",
            ),
            Ok(_) => {}
        }
    }
    let by_person = scheme.grant == Oauth2Grant::AuthorizationCode;
    match &scheme.authorize_url {
        Some(url) if by_person => {
            let template = oauth::split(url).map_err(|error| error.to_string()).and_then(|(host, _)| {
                HostTemplate::parse(host, &manifest.inputs).map_err(|error| error.to_string())
            });
            if let Err(error) = template {
                problems.add(&format!("{at}/authorize_url"), error);
            }
        }
        Some(_) => {
            problems.add(&format!("{at}/authorize_url"), "nobody consents with this grant; leave it out")
        }
        None if by_person => {
            problems.add(&format!("{at}/authorize_url"), "a person consents somewhere; say where")
        }
        None => {}
    }
    needed_parts(problems, at, scheme);
    lists(problems, manifest, at, scheme);
    numbers(problems, at, scheme);
    if !may_carry(&scheme.header) {
        problems.add(&format!("{at}/header"), "the token cannot go into this header");
    }
    if scheme.prefix.len() > ITEMS_MAX || !scheme.prefix.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        problems.add(&format!("{at}/prefix"), "a prefix has at most 64 visible ASCII characters");
    }
}

fn needed_parts(problems: &mut Problems, at: &str, scheme: &Oauth2) {
    let signs = scheme.grant == Oauth2Grant::JwtBearer || scheme.client_auth == ClientAuth::PrivateKeyJwt;
    if signs != scheme.assertion.is_some() {
        let what = if signs { "say what is signed, and how" } else { "nothing is signed; leave it out" };
        problems.add(&format!("{at}/assertion"), what);
    }
    let exchanges = scheme.grant == Oauth2Grant::TokenExchange;
    if exchanges != scheme.exchange.is_some() {
        let what = if exchanges { "say what is exchanged" } else { "nothing is exchanged; leave it out" };
        problems.add(&format!("{at}/exchange"), what);
    }
    // One secret is stored for a profile: a key that signs, a client's secret, or what is exchanged.
    let secret = matches!(scheme.client_auth, ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost);
    if secret && matches!(scheme.grant, Oauth2Grant::JwtBearer | Oauth2Grant::TokenExchange) {
        problems.add(
            &format!("{at}/client_auth"),
            "with this grant the stored credential is the key or the token, so the client has no secret; say `none`",
        );
    }
    if scheme.grant == Oauth2Grant::ClientCredentials && scheme.client_auth == ClientAuth::None {
        problems.add(&format!("{at}/client_auth"), "a client that speaks for itself must prove itself");
    }
    if let Some(Assertion { lifetime_s, .. }) = &scheme.assertion
        && !(1..=ASSERTION_S_MAX).contains(lifetime_s)
    {
        problems.add(&format!("{at}/assertion/lifetime_s"), "an assertion is good for 1 to 3,600 seconds");
    }
}

fn lists(problems: &mut Problems, manifest: &Manifest, at: &str, scheme: &Oauth2) {
    if problems.at_most(&format!("{at}/scopes"), scheme.scopes.len(), ITEMS_MAX * 2) {
        for (scope, names) in &scheme.scopes {
            if !manifest.scopes.iter().any(|known| known.name == *scope) {
                problems.add(
                    &format!("{at}/scopes"),
                    format_args!("no scope is named {scope:?}; declare it in `scopes`"),
                );
            }
            provider_scopes(problems, &format!("{at}/scopes"), names, &scheme.scope_separator);
        }
    }
    provider_scopes(problems, &format!("{at}/base_scopes"), &scheme.base_scopes, &scheme.scope_separator);
    if !matches!(scheme.scope_separator.as_str(), " " | "," | ";" | "+" | "|") {
        problems.add(&format!("{at}/scope_separator"), "a separator is a space or one of `,;+|`");
    }
    for (name, map) in [
        ("authorize_params", &scheme.authorize_params),
        ("token_params", &scheme.token_params),
        ("save_callback", &scheme.save_callback),
        ("save_token", &scheme.save_token),
    ] {
        let place = format!("{at}/{name}");
        if !problems.at_most(&place, map.len(), ITEMS_MAX) {
            continue;
        }
        for (key, value) in map {
            if key.is_empty() || key.len() > ITEMS_MAX * 2 || value.len() > TEXT_BYTES_MAX {
                problems.add(&place, "a name has 1 to 128 bytes and a value at most 1 KiB");
            }
            if name.starts_with("save_") {
                if key.contains("token") || RESERVED.contains(&key.as_str()) {
                    problems
                        .add(&place, format_args!("{key:?} is a secret or the host's own; it is not saved"));
                }
            } else if RESERVED.contains(&key.as_str()) {
                problems.add(&place, format_args!("{key:?} is written by the host itself"));
            } else if let Err(error) = oauth::names(value) {
                problems.add(&place, error);
            }
        }
    }
}

fn provider_scopes(problems: &mut Problems, place: &str, names: &[String], separator: &str) {
    if !problems.at_most(place, names.len(), ITEMS_MAX) {
        return;
    }
    let wrong = |name: &String| {
        name.is_empty()
            || name.len() > 256
            || !name.bytes().all(|b| b.is_ascii_graphic())
            || name.contains(separator)
    };
    if names.iter().any(wrong) {
        problems.add(place, "a scope has 1 to 256 visible ASCII characters, and not the separator");
    }
}

fn numbers(problems: &mut Problems, at: &str, scheme: &Oauth2) {
    for (name, seconds) in [("refresh_margin_s", scheme.refresh_margin_s), ("lifetime_s", scheme.lifetime_s)]
    {
        if seconds.is_some_and(|seconds| !(1..=LIFETIME_S_MAX).contains(&seconds)) {
            problems.add(&format!("{at}/{name}"), "it is between one second and a year");
        }
    }
    let statuses = &scheme.auth_error_statuses;
    if statuses.len() > 8 || !statuses.iter().all(|status| (400..=499).contains(status)) {
        problems.add(&format!("{at}/auth_error_statuses"), "at most 8 statuses from 400 to 499");
    }
    if let Some(pattern) = &scheme.detect_on {
        if pattern.is_empty() || pattern.len() > PATTERN_BYTES_MAX {
            problems.add(&format!("{at}/detect_on"), "a pattern has 1 to 256 bytes");
        } else if let Err(reason) = oauth::Pattern::parse(pattern) {
            problems.add(&format!("{at}/detect_on"), reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut manifest = json!({
            "name": "crm", "version": "1.0.0", "title": "CRM", "category": "marketing",
            "hosts": ["https://api.example.com"],
            "scopes": [{ "name": "a:read", "title": "Read", "rules": [{ "method": "GET", "path": "/a" }] }],
            "auth": [{
                "kind": "oauth2", "grant": "authorization_code",
                "authorize_url": "https://app.example.com/oauth/authorize",
                "token_url": "https://api.example.com/oauth/token",
                "scopes": { "a:read": ["crm.a.read"] },
            }],
        });
        change(&mut manifest);
        match crate::manifest::parse(&manifest.to_string()) {
            Ok(_) => Vec::new(),
            Err(error) => error.problems.into_iter().map(|problem| problem.place).collect(),
        }
    }

    #[test]
    fn a_plain_scheme_is_taken_and_read_back_as_it_was_written() {
        assert!(problems(|_| ()).is_empty());
        let scheme = json!({
            "kind": "oauth2", "grant": "client_credentials", "token_url": "https://api.example.com/token",
            "client_auth": "client_secret_post",
        });
        let parsed: wit::AuthScheme = serde_json::from_value(scheme.clone()).unwrap();
        assert_eq!(serde_json::to_value(parsed).unwrap(), scheme, "what is a default is not written");
        let misspelt =
            json!({ "kind": "oauth2", "grant": "client_credentials", "token_url": "x", "scope": [] });
        assert!(serde_json::from_value::<wit::AuthScheme>(misspelt).is_err());
    }

    #[test]
    fn every_mistake_is_named_by_its_place() {
        let set = |pointer: &'static str, value: Value| {
            problems(move |manifest| {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                let parent = manifest.pointer_mut(&format!("/auth/0{parent}")).unwrap();
                parent[name] = value;
            })
        };
        for (pointer, value) in [
            ("/token_url", json!("https://elsewhere.example.com/token")),
            ("/token_url", json!("https://api.example.com")),
            ("/revoke_url", json!("https://elsewhere.example.com/revoke")),
            ("/authorize_url", json!("javascript:alert(1)/")),
            ("/authorize_url", json!("https://{nobody}.example.com/x")),
            ("/scopes", json!({ "unknown": ["x"] })),
            ("/base_scopes", json!(["two words"])),
            ("/scope_separator", json!("&")),
            ("/authorize_params", json!({ "redirect_uri": "https://evil.example" })),
            ("/token_params", json!({ "x": "{" })),
            ("/save_token", json!({ "refresh_token": "shown" })),
            ("/assertion", json!({ "alg": "RS256" })),
            ("/exchange", json!({})),
            ("/refresh_margin_s", json!(0)),
            ("/auth_error_statuses", json!([200])),
            ("/header", json!("host")),
            ("/prefix", json!("a\nb")),
            ("/detect_on", json!("")),
            ("/detect_on", json!("(unclosed")),
            ("/detect_on", json!("a(?=b)")),
        ] {
            let found = set(pointer, value.clone());
            assert!(found.contains(&format!("/auth/0{pointer}")), "{pointer} {value}: {found:?}");
        }
        assert!(set("/client_auth", json!("private_key_jwt")).contains(&"/auth/0/assertion".to_owned()));
    }
}
