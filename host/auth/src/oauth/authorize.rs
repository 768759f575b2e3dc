//! The link to the provider's consent: state, PKCE (RFC 7636) and what is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Randomness;
use domain::oauth::HandOff;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::case::Case;
use super::error::OauthError;

const RANDOM_BYTES: usize = 32;

/// 256 bits, in base64url.
pub(crate) fn chance(randomness: &dyn Randomness) -> String {
    let mut bytes = [0; RANDOM_BYTES];
    randomness.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is derived from the one secret that the browser holds, so that the host keeps none of it: state and verifier.
pub(crate) struct FromBrowser<'a> {
    pub(crate) hand_off: &'a str,
    pub(crate) secret: &'a str,
}

impl FromBrowser<'_> {
    /// `ID.PROOF`: the first part finds the row, the second proves that it was given out by this host to this browser.
    pub(crate) fn state(&self) -> String {
        format!("{}.{}", self.hand_off, self.derived("state"))
    }

    pub(crate) fn verifier(&self) -> String {
        self.derived("pkce verifier")
    }

    fn derived(&self, purpose: &str) -> String {
        let mut hash = Sha256::new();
        for part in ["lockgate hand-off", purpose, self.hand_off, self.secret] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}

/// The identifier in a state.
pub(crate) fn hand_off_of(state: &str) -> Option<&str> {
    state.split_once('.').map(|(id, _)| id)
}

/// `S256` of a verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Where the browser goes.
pub(crate) fn url(case: &Case, hand_off: &HandOff, browser: &FromBrowser<'_>) -> Result<Url, OauthError> {
    let scheme = &case.scheme;
    let at = case.endpoint(scheme.authorize_url.as_deref().ok_or(OauthError::NoConsent)?)?.url();
    let mut url = Url::parse(&at).map_err(|error| OauthError::Config(error.to_string()))?;
    let scopes: Vec<_> = hand_off.scopes.iter().map(String::as_str).collect();
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code");
        query.append_pair("client_id", &case.client_id);
        query.append_pair("redirect_uri", &hand_off.redirect_uri);
        if !scopes.is_empty() {
            query.append_pair("scope", &scopes.join(&scheme.scope_separator));
        }
        query.append_pair("state", &browser.state());
        if !scheme.disable_pkce {
            query.append_pair("code_challenge", &challenge(&browser.verifier()));
            query.append_pair("code_challenge_method", "S256");
        }
        for (name, value) in &scheme.authorize_params {
            query.append_pair(name, &case.text(value)?);
        }
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn state_and_verifier_follow_from_the_browser_and_say_nothing_of_each_other() {
        let one = FromBrowser { hand_off: "aa", secret: "s" };
        let (state, verifier) = (one.state(), one.verifier());
        assert_eq!(hand_off_of(&state), Some("aa"));
        assert_eq!(
            (verifier.len(), state.len()),
            (43, 46),
            "256 bits each; a verifier has 43 to 128 characters"
        );
        assert!(!state.contains(&verifier));
        for other in
            [FromBrowser { hand_off: "ab", secret: "s" }, FromBrowser { hand_off: "aa", secret: "t" }]
        {
            assert!(other.state() != state && other.verifier() != verifier);
        }
    }
}
