//! The ways to authenticate: a profile has chosen one, and its credential has to go on fitting.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use wit::{AuthScheme, Manifest, Oauth2};

use super::{Found, Kind, part};

/// Where a credential goes, or where people are sent: somebody agreed to the old places.
const PLACES: [&str; 6] = ["authorize_url", "token_url", "revoke_url", "header", "prefix", "detect_on"];
/// Nobody who has a token notices these.
const UPKEEP: [&str; 4] = ["refresh_margin_s", "lifetime_s", "keep_alive_hours", "issuer"];

pub(super) fn compare(found: &mut Found, old: &Manifest, new: &Manifest) {
    let gone: Vec<&AuthScheme> = old.auth.iter().filter(|scheme| !new.auth.contains(scheme)).collect();
    let mut came: Vec<&AuthScheme> = new.auth.iter().filter(|scheme| !old.auth.contains(scheme)).collect();
    for scheme in gone {
        let place = place(scheme);
        let successor = came.iter().position(|other| is_same_way(scheme, other));
        match (scheme, successor.map(|at| came.swap_remove(at))) {
            (AuthScheme::Oauth2(old), Some(AuthScheme::Oauth2(new))) => oauth2(found, &place, old, new),
            (_, Some(_)) => found.add(
                Kind::Breaking,
                &place,
                "cannot tell: the credential is applied otherwise; offer both for a while",
            ),
            (_, None) => found.add(
                Kind::Breaking,
                &place,
                "this way to authenticate is gone: profiles that chose it have no credential that fits",
            ),
        }
    }
    for scheme in came {
        let place = place(scheme);
        if old.auth.is_empty() {
            found.add(Kind::Breaking, &place, "a credential is needed: profiles were made without one");
        } else {
            found.add(Kind::Permission, &place, "another way to authenticate");
        }
    }
    if new.auth.is_empty() && !old.auth.is_empty() {
        found.add(Kind::Neutral, "/auth", "no credential is asked for any more");
    }
}

/// Whether the second may be the first with other details.
fn is_same_way(one: &AuthScheme, other: &AuthScheme) -> bool {
    match (one, other) {
        (AuthScheme::Oauth2(one), AuthScheme::Oauth2(other)) => one.grant == other.grant,
        // A key elsewhere is another way.
        (AuthScheme::ApiKey { .. }, _) => false,
        (one, other) => one.kind() == other.kind(),
    }
}

fn place(scheme: &AuthScheme) -> String {
    match scheme {
        AuthScheme::ApiKey { name, .. } => format!("/auth/api_key {}", part(name)),
        scheme => format!("/auth/{}", scheme.kind()),
    }
}

fn oauth2(found: &mut Found, place: &str, old: &Oauth2, new: &Oauth2) {
    let fields = |scheme: &Oauth2| match serde_json::to_value(scheme) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (before, after) = (fields(old), fields(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        if before.get(name) == after.get(name) {
            continue;
        }
        let place = format!("{place}/{}", part(name));
        match name.as_str() {
            "scopes" | "base_scopes" => provider_scopes(found, &place, old, new),
            name if PLACES.contains(&name) => {
                found.add(Kind::Permission, &place, "tokens are had, or sent, in another place or way");
            }
            name if UPKEEP.contains(&name) => {
                found.add(Kind::Neutral, &place, "tokens are kept alive otherwise")
            }
            "client_auth" => found.add(
                Kind::Breaking,
                &place,
                "the client proves itself otherwise: the stored secret may not fit",
            ),
            _ => found.add(Kind::Breaking, &place, "cannot tell: tokens are asked for otherwise"),
        }
    }
}

fn provider_scopes(found: &mut Found, place: &str, old: &Oauth2, new: &Oauth2) {
    fn all(scheme: &Oauth2) -> BTreeSet<&String> {
        scheme.scopes.values().flatten().chain(&scheme.base_scopes).collect()
    }
    let (before, after) = (all(old), all(new));
    for name in after.difference(&before) {
        found.add(
            Kind::Permission,
            place,
            format_args!("asks the provider for {name:?}: people consent again"),
        );
    }
    for name in before.difference(&after) {
        found.add(Kind::Neutral, place, format_args!("does not ask the provider for {name:?} any more"));
    }
    if before == after {
        found.add(Kind::Permission, place, "asks the provider for the same under other scopes");
    }
}
