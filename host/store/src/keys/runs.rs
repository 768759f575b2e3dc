//! Keys of runs: the rows, and the indexes by which a run is found that is open, ready, held, asleep or cancelled.

use domain::{FlowName, ProfileName, RunId, TenantId, Timestamp};

use super::{Key, Prefix, SYSTEM, sorted_time};

pub(crate) fn runs(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "runs", &[])
}

pub(crate) fn run(tenant: &TenantId, id: &RunId) -> Key {
    Key::new(tenant.as_str(), "runs", &[id.as_str()])
}

pub(crate) fn runs_by_flow(tenant: &TenantId, flow: &FlowName) -> Prefix {
    Prefix::new(tenant.as_str(), "runs-by-flow", &[flow.as_str()])
}

/// Of every flow.
pub(crate) fn all_runs_by_flow(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "runs-by-flow", &[])
}

pub(crate) fn run_by_flow(tenant: &TenantId, flow: &FlowName, id: &RunId) -> Key {
    Key::new(tenant.as_str(), "runs-by-flow", &[flow.as_str(), id.as_str()])
}

pub(crate) fn open_runs(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "open-runs", &[])
}

pub(crate) fn open_run(tenant: &TenantId, id: &RunId) -> Key {
    Key::new(tenant.as_str(), "open-runs", &[id.as_str()])
}

pub(crate) fn open_runs_of(tenant: &TenantId, flow: &FlowName) -> Prefix {
    Prefix::new(tenant.as_str(), "open-runs-by-flow", &[flow.as_str()])
}

pub(crate) fn open_run_of(tenant: &TenantId, flow: &FlowName, id: &RunId) -> Key {
    Key::new(tenant.as_str(), "open-runs-by-flow", &[flow.as_str(), id.as_str()])
}

/// Of all tenants.
pub(crate) fn ready_runs() -> Prefix {
    Prefix::new(SYSTEM, "ready-runs", &[])
}

pub(crate) fn ready_runs_of(tenant: &TenantId) -> Prefix {
    Prefix::new(SYSTEM, "ready-runs", &[tenant.as_str()])
}

pub(crate) fn ready_run(tenant: &TenantId, id: &RunId) -> Key {
    Key::new(SYSTEM, "ready-runs", &[tenant.as_str(), id.as_str()])
}

/// Sorts behind every ready run of the tenant, and before those of every other that comes later.
pub(crate) fn behind_ready_runs_of(tenant: &TenantId) -> Key {
    Key::new(SYSTEM, "ready-runs", &[&format!("{tenant}\u{1}")])
}

/// Of all tenants.
pub(crate) fn held_runs() -> Prefix {
    Prefix::new(SYSTEM, "held-runs", &[])
}

pub(crate) fn held_run(tenant: &TenantId, id: &RunId) -> Key {
    Key::new(SYSTEM, "held-runs", &[tenant.as_str(), id.as_str()])
}

/// Of all tenants, by the time at which they wake.
pub(crate) fn sleeping_runs() -> Prefix {
    Prefix::new(SYSTEM, "sleeping-runs", &[])
}

pub(crate) fn sleeping_run(at: Timestamp, tenant: &TenantId, id: &RunId) -> Key {
    Key::new(SYSTEM, "sleeping-runs", &[&sorted_time(at), tenant.as_str(), id.as_str()])
}

/// Those that wait for the recovery of a profile.
pub(crate) fn sleeping_for(tenant: &TenantId, profile: &ProfileName) -> Prefix {
    Prefix::new(tenant.as_str(), "sleeping-for", &[profile.as_str()])
}

pub(crate) fn sleeper_for(tenant: &TenantId, profile: &ProfileName, id: &RunId) -> Key {
    Key::new(tenant.as_str(), "sleeping-for", &[profile.as_str(), id.as_str()])
}

pub(crate) fn cancel(tenant: &TenantId, run: &RunId) -> Key {
    Key::new(tenant.as_str(), "cancels", &[run.as_str()])
}
