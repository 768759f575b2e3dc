//! Keys of hooks, of the marks by which an event is known again, and of the inbox.

use domain::hook::Mark;
use domain::{FlowName, HookId, InboxId, ProfileName, TenantId, Timestamp};

use super::{Key, Prefix, SYSTEM, sorted};

/// The flows that get their records from one trigger of a profile.
pub(crate) fn flows_by_source(tenant: &TenantId, profile: &ProfileName, trigger: &str) -> Prefix {
    Prefix::new(tenant.as_str(), "flows-by-source", &[profile.as_str(), trigger])
}

pub(crate) fn flow_by_source(
    tenant: &TenantId,
    profile: &ProfileName,
    trigger: &str,
    name: &FlowName,
) -> Key {
    Key::new(tenant.as_str(), "flows-by-source", &[profile.as_str(), trigger, name.as_str()])
}

pub(crate) fn hooks(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "hooks", &[])
}

pub(crate) fn hook(tenant: &TenantId, id: &HookId) -> Key {
    Key::new(tenant.as_str(), "hooks", &[id.as_str()])
}

/// Whose a hook is: a request that comes in knows nothing but its id.
pub(crate) fn hook_tenant(id: &HookId) -> Key {
    Key::new(SYSTEM, "hook-tenants", &[id.as_str()])
}

pub(crate) fn hook_notes(tenant: &TenantId, id: &HookId) -> Key {
    Key::new(tenant.as_str(), "hook-notes", &[id.as_str()])
}

pub(crate) fn hook_mark(tenant: &TenantId, id: &HookId, mark: &Mark) -> Key {
    Key::new(tenant.as_str(), "hook-marks", &[id.as_str(), mark.as_str()])
}

pub(crate) fn hook_mark_named(tenant: &TenantId, hook: &str, mark: &str) -> Key {
    Key::new(tenant.as_str(), "hook-marks", &[hook, mark])
}

pub(crate) fn hook_marks_by_time(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "hook-marks-by-time", &[])
}

pub(crate) fn hook_mark_by_time(tenant: &TenantId, at: Timestamp, id: &HookId, mark: &Mark) -> Key {
    let at = sorted(u64::try_from(at.as_ms()).unwrap_or(0));
    Key::new(tenant.as_str(), "hook-marks-by-time", &[&at, id.as_str(), mark.as_str()])
}

pub(crate) fn hook_mark_by_time_named(tenant: &TenantId, rest: &[&str]) -> Key {
    Key::new(tenant.as_str(), "hook-marks-by-time", rest)
}

/// Of every flow.
pub(crate) fn all_events(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "inbox", &[])
}

pub(crate) fn events(tenant: &TenantId, flow: &FlowName) -> Prefix {
    Prefix::new(tenant.as_str(), "inbox", &[flow.as_str()])
}

pub(crate) fn event(tenant: &TenantId, flow: &FlowName, id: &InboxId) -> Key {
    Key::new(tenant.as_str(), "inbox", &[flow.as_str(), id.as_str()])
}

/// Behind every event of the flow, and before those of any other.
pub(crate) fn behind_events(tenant: &TenantId, flow: &str) -> Key {
    Key::new(tenant.as_str(), "inbox", &[flow, "~"])
}

/// The number that `sorted` wrote.
pub(crate) fn unsorted(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}
