//! Moving a profile to another version: with consent to exactly the difference that was shown, or without where
//! nothing more is asked for.

use std::collections::BTreeSet;

use super::{Diff, Subject, diff};
use crate::connector::Connector;
use crate::egress::{Ceiling, Origin};
use crate::grant::{self, GrantError};
use crate::ids::{Digest, ScopeName};
use crate::injected::Timestamp;
use crate::manifest::{self, ConfigError, requested_hosts};
use crate::profile::Profile;

/// Why a profile stays with its version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdopted {
    #[error("the profile {profile} uses {to} already")]
    Already { profile: String, to: String },
    #[error(
        "{to} asks for more than the profile {profile} uses now; look at it with `lockgate profiles diff {profile} {version}`, then `lockgate profiles consent {profile} {version}`"
    )]
    ConsentNeeded { profile: String, to: String, version: String },
    #[error(
        "the difference is not the one that was shown: look again with `lockgate profiles diff {profile} {version}`"
    )]
    OtherDiff { profile: String, version: String },
    #[error(
        "{to} does not offer the way in which the profile {profile} authenticates; make a new profile of it"
    )]
    OtherAuth { profile: String, to: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Grant(#[from] GrantError),
}

/// The profile on another version. `consent` is the digest of the difference that somebody agreed to: what is added
/// there is granted, what is widened goes on under its name. Without it, only a version that asks for no more is
/// taken up. Grants of what the new version no longer requests end, so that a later one cannot find them again.
pub fn adopt(
    profile: &Profile,
    old: &Connector,
    new: &Connector,
    consent: Option<&Digest>,
    ceiling: &Ceiling,
    at: Timestamp,
) -> Result<Profile, NotAdopted> {
    let (name, version) = (profile.name.to_string(), new.version.to_string());
    let difference = diff(old, new, &profile.config)?;
    let to = difference.to.to_string();
    if difference.from == difference.to {
        return Err(NotAdopted::Already { profile: name, to });
    }
    match consent {
        Some(shown) if *shown != difference.digest() => {
            return Err(NotAdopted::OtherDiff { profile: name, version });
        }
        None if difference.asks_more() => {
            return Err(NotAdopted::ConsentNeeded { profile: name, to, version });
        }
        _ => {}
    }
    if profile.auth.as_ref().is_some_and(|auth| !new.manifest.auth.contains(&auth.scheme)) {
        return Err(NotAdopted::OtherAuth { profile: name, to });
    }
    let config = manifest::config(&new.manifest, profile.config.clone())?;
    let requested = requested_hosts(&new.manifest, &config)?;
    let (hosts, scopes) = granted(profile, new, &difference, &requested);
    let mut moved = profile.clone();
    moved.grant = grant::check(&new.manifest, &config, ceiling, hosts, scopes, at)?;
    moved.connector = difference.to;
    moved.config = config;
    // A trial was of another step.
    moved.canary = None;
    moved.needs_no_host = new.manifest.hosts.is_empty();
    moved.updated_at = at;
    Ok(moved)
}

fn granted(
    profile: &Profile,
    new: &Connector,
    difference: &Diff,
    requested: &BTreeSet<Origin>,
) -> (BTreeSet<Origin>, BTreeSet<ScopeName>) {
    let hosts = profile.grant.hosts.iter().filter(|host| requested.contains(host)).cloned();
    let added = difference.added(Subject::Host).filter_map(|host| host.parse().ok());
    let still = |scope: &&ScopeName| new.manifest.scopes.iter().any(|asked| asked.name == scope.as_str());
    let scopes = profile.grant.scopes.iter().filter(still).cloned();
    let added_scopes = difference.added(Subject::Scope).filter_map(|scope| scope.parse().ok());
    (hosts.chain(added).collect(), scopes.chain(added_scopes).collect())
}
