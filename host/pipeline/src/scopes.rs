//! Whether a profile was granted what an action or a trigger says that it needs: asked before anything is started.
//!
//! Two have to have said yes: whoever owns the profile, and the provider of its tokens, where that has said what it granted.

use domain::profile::Profile;
use domain::{grant, oauth};
use wit::AuthScheme;

use crate::ready::NotReady;

/// `call` is named in the refusal, with every scope that is missing.
pub fn granted(profile: &Profile, call: &str, needed: &[String]) -> Result<(), NotReady> {
    let missing = grant::missing(needed, &profile.grant.scopes);
    if !missing.is_empty() {
        return Err(NotReady::ScopeMissing {
            profile: profile.name.clone(),
            call: call.to_owned(),
            scopes: missing.into_iter().map(str::to_owned).collect(),
        });
    }
    let Some(AuthScheme::Oauth2(scheme)) = profile.auth.as_ref().map(|auth| &auth.scheme) else {
        return Ok(());
    };
    let held = profile.credential.provider_scopes.as_ref();
    oauth::covered(scheme, needed.iter().map(String::as_str), held).map_err(|missing| {
        NotReady::ProviderScopeMissing {
            profile: profile.name.clone(),
            call: call.to_owned(),
            scopes: missing.into_iter().collect(),
        }
    })
}
