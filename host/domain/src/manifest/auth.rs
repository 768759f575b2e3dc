//! The authentication schemes of a manifest.

use wit::{AuthScheme, Manifest, Placement};

use super::problems::Problems;
use crate::egress::{is_token, refused_header};

const SCHEMES_MAX: usize = 8;
const PARAMETER_BYTES_MAX: usize = 64;
const PREFIX_BYTES_MAX: usize = 64;

pub(super) fn check(problems: &mut Problems, manifest: &Manifest) {
    if !problems.at_most("/auth", manifest.auth.len(), SCHEMES_MAX) {
        return;
    }
    for (i, scheme) in manifest.auth.iter().enumerate() {
        if let AuthScheme::ApiKey { place, name, prefix } = scheme {
            match place {
                Placement::Header if may_carry(name) => {}
                Placement::Header => problems.add(
                    &format!("/auth/{i}/name"),
                    "the key cannot go into this header; name one that the host does not use itself",
                ),
                Placement::Query if is_parameter(name) => {}
                Placement::Query => problems.add(
                    &format!("/auth/{i}/name"),
                    "a query parameter has 1 to 64 letters, digits and `_-.`",
                ),
            }
            if prefix.len() > PREFIX_BYTES_MAX || !prefix.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                problems
                    .add(&format!("/auth/{i}/prefix"), "a prefix has at most 64 visible ASCII characters");
            }
        }
        if let AuthScheme::Oauth2(scheme) = scheme {
            super::oauth2::check(problems, manifest, &format!("/auth/{i}"), scheme);
        }
        if manifest.auth.iter().take(i).any(|earlier| earlier == scheme) {
            problems.add(&format!("/auth/{i}"), "the scheme is given twice; give it once");
        }
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
