//! Where a response sends its client, as far as it may be followed.

use domain::egress::{Credential, CredentialPlace, Permit, Wire};
use url::form_urlencoded;

use crate::scrub::Scrubber;

/// The target of a redirect that this request may follow. Neither the credential nor the parameter that carried it
/// is part of it: whether the new origin gets one is decided anew.
pub(crate) fn target(
    permit: &Permit<Wire>,
    status: u16,
    location: Option<&[u8]>,
    credential: Option<&Credential>,
    scrubber: &Scrubber,
) -> Option<String> {
    if !permit.may_follow(status) {
        return None;
    }
    let location = String::from_utf8_lossy(location?);
    let mut location = location.into_owned();
    for placed in credential.iter().flat_map(|credential| &credential.placed) {
        if let CredentialPlace::Query(name) = &placed.place {
            location = without_parameter(&location, name);
        }
    }
    Some(scrubber.text(&location))
}

fn without_parameter(location: &str, name: &str) -> String {
    let (location, fragment) = match location.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (location, None),
    };
    let Some((path, query)) = location.split_once('?') else { return location.to_owned() };
    let carries = |pair: &&str| {
        form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !carries(pair)).collect();
    let mut out = path.to_owned();
    if !kept.is_empty() {
        out.push('?');
        out.push_str(&kept.join("&"));
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credentials_parameter_is_taken_out_and_nothing_else() {
        for (location, expected) in [
            ("/a?api_key=1&b=2", "/a?b=2"),
            ("/a?b=2&API%5Fkey=1", "/a?b=2"),
            ("/a?api_key=1", "/a"),
            ("/a?b=%20+&c", "/a?b=%20+&c"),
            ("https://x.test/api_key?my_api_key=1", "https://x.test/api_key?my_api_key=1"),
            ("/a?api_key#f", "/a#f"),
            ("/a", "/a"),
        ] {
            assert_eq!(without_parameter(location, "api_key"), expected);
        }
    }
}
