//! The authentication schemes of a manifest.

use wit::{AuthScheme, Manifest, Placement};

use super::problems::Problems;
use crate::egress::{is_token, refused_header};

const SCHEMES_MAX: usize = 8;
const PARAMETER_BYTES_MAX: usize = 64;
const PREFIX_BYTES_MAX: usize = 64;
const WORD_BYTES_MAX: usize = 64;
const REALM_BYTES_MAX: usize = 128;

pub(super) fn check(problems: &mut Problems, manifest: &Manifest) {
    if !problems.at_most("/auth", manifest.auth.len(), SCHEMES_MAX) {
        return;
    }
    for (i, scheme) in manifest.auth.iter().enumerate() {
        let place = format!("/auth/{i}");
        match scheme {
            AuthScheme::ApiKey { place: of, name, prefix } => key(problems, &place, *of, name, prefix),
            AuthScheme::Basic | AuthScheme::Bearer => {}
            AuthScheme::Oauth2(oauth2) => super::oauth2::check(problems, manifest, &place, oauth2),
            AuthScheme::AwsSigv4 { region, service, .. } => {
                for (field, text) in [("region", region), ("service", service)] {
                    let field = format!("{place}/{field}");
                    match property(text) {
                        Some(name) => declared(problems, manifest, &field, name),
                        None if is_word(text) => {}
                        None => problems.add(
                            &field,
                            "it has 1 to 64 lower-case letters, digits and `-`, or names a property as `{name}`",
                        ),
                    }
                }
            }
            AuthScheme::Oauth1 { realm, realm_is_account } => {
                let field = format!("{place}/realm");
                match realm.as_deref().map(|realm| (realm, property(realm))) {
                    Some((_, Some(name))) => declared(problems, manifest, &field, name),
                    Some((realm, None)) if !is_realm(realm) => problems.add(
                        &field,
                        "a realm has 1 to 128 visible ASCII characters without quotes and backslashes",
                    ),
                    None if *realm_is_account => {
                        problems.add(&field, "name the account, as a text or as `{name}`")
                    }
                    _ => {}
                }
            }
        }
        if manifest.auth.iter().take(i).any(|earlier| earlier == scheme) {
            problems.add(&place, "the scheme is given twice; give it once");
        }
    }
}

fn key(problems: &mut Problems, place: &str, of: Placement, name: &str, prefix: &str) {
    let field = format!("{place}/name");
    match of {
        Placement::Header if may_carry(name) => {}
        Placement::Header => problems
            .add(&field, "the key cannot go into this header; name one that the host does not use itself"),
        Placement::Query if is_parameter(name) => {}
        Placement::Query => problems.add(&field, "a query parameter has 1 to 64 letters, digits and `_-.`"),
        Placement::JsonField | Placement::FormField if is_parameter(name) => {}
        Placement::JsonField | Placement::FormField => {
            problems.add(&field, "a field of the body has 1 to 64 letters, digits and `_-.`");
        }
    }
    if prefix.len() > PREFIX_BYTES_MAX || !prefix.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        problems.add(&format!("{place}/prefix"), "a prefix has at most 64 visible ASCII characters");
    }
}

/// The name of a property of the configuration that a text stands for.
fn property(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

fn declared(problems: &mut Problems, manifest: &Manifest, place: &str, name: &str) {
    let properties = manifest.config.get("properties");
    if properties.and_then(|properties| properties.get(name)).is_none() {
        problems
            .add(place, format_args!("the configuration has no property {name:?}; declare it in `config`"));
    }
}

/// A guest may not set `authorization`; the host may.
pub(super) fn may_carry(header: &str) -> bool {
    is_token(header) && (header.eq_ignore_ascii_case("authorization") || refused_header(header).is_none())
}

fn is_parameter(name: &str) -> bool {
    (1..=PARAMETER_BYTES_MAX).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn is_word(text: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_realm(text: &str) -> bool {
    (1..=REALM_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
}
