//! Profiles: the rows, what they may do, their secrets, and calls through them.

pub(crate) mod calls;
pub(crate) mod canary;
pub(crate) mod consents;
pub(crate) mod drift;
pub(crate) mod policy;
pub(crate) mod rights;
pub(crate) mod rows;
pub(crate) mod secrets;
pub(crate) mod versions;

use domain::retry::State;
use lockgate::Tenant;

use crate::dto;
use crate::problem::Problem;

/// A profile as it is shown: with what its connector asks for beside what was granted.
fn shown(tenant: &Tenant, profile: domain::profile::Profile) -> Result<dto::Profile, Problem> {
    let reference = &profile.connector;
    let connector = tenant.connector(&reference.name, Some(&reference.version.to_string()))?;
    let requested = tenant.requested_hosts(&profile)?;
    let held = tenant.secret_names(&profile.name)?;
    let update = tenant.update(&profile)?.map(Into::into);
    let canary = tenant.trial(&profile)?.map(|trial| dto::Canary::new(trial, &profile));
    let circuit_open_until = match tenant.circuit(&profile.name) {
        State::Open { until } => Some(until.to_string()),
        State::Closed | State::HalfOpen => None,
    };
    let now = tenant.now();
    let shown = dto::Profile::new(profile, &connector.manifest, &requested, &held, now);
    Ok(dto::Profile { circuit_open_until, update, canary, ..shown })
}
