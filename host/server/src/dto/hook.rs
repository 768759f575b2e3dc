//! Hooks as the API shows them.

use std::collections::BTreeMap;
use std::fmt;

use domain::Secret;
use domain::hook as rows;
use lockgate::{HookAnswer, KeepOld, MadeHook, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// A hook to be made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHook {
    /// For which profile it takes events.
    pub profile: String,
    /// One of the connector's webhook triggers.
    pub trigger: String,
    /// What the sender signs with. Absent: the host makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The largest body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes_max: Option<u64>,
    /// Requests in a second, good or bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// Requests at once, after a rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
}

/// Another secret for a hook.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHookSecret {
    /// What the sender will sign with. Absent: the host makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// For how long the one before stays good, in milliseconds; 0: not at all. Absent: until it is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_old_ms: Option<u64>,
}

/// Neither is ever logged with what is in it.
impl fmt::Debug for NewHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewHook").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewHookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewHookSecret").field("keep_old_ms", &self.keep_old_ms).finish_non_exhaustive()
    }
}

/// A sample to be sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HookSample {
    /// The body. Absent: a small JSON object whose `id` is new each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What became of a sample.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HookTested {
    /// `taken`, `again` (taken before) or `challenge` (answered, and nothing to deliver).
    pub outcome: String,
}

/// An address that one system sends to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Hook {
    /// Its id, also the end of its address.
    pub id: String,
    /// Where events are sent to.
    pub url: String,
    /// For which profile it takes events.
    pub profile: String,
    /// One of the connector's webhook triggers.
    pub trigger: String,
    /// A disabled one answers 410.
    pub enabled: bool,
    /// The largest body.
    pub body_bytes_max: u64,
    /// Requests in a second, good or bad.
    pub per_second: u32,
    /// Requests at once, after a rest.
    pub burst: u32,
    /// When it was made.
    pub created_at: String,
    /// When its secret was replaced last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<String>,
    /// Whether the secret before is still good.
    pub old_secret: bool,
    /// Until when it is; absent: until it is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<String>,
}

/// A hook that was made or given another secret.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HookMade {
    /// The hook.
    pub hook: Hook,
    /// The secret, where the host made it. It cannot be shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A hook, with what happened at it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HookShown {
    /// The hook.
    pub hook: Hook,
    /// Events that were taken.
    pub accepted: u64,
    /// Events that came again.
    pub duplicates: u64,
    /// When the last one was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_accepted_at: Option<String>,
    /// Refused requests, by the check that failed.
    pub refused: BTreeMap<String, u64>,
    /// The last ones, newest first.
    pub refusals: Vec<HookRefusal>,
}

/// A request that was refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HookRefusal {
    /// When.
    pub at: String,
    /// Which check failed; stable.
    pub code: String,
    /// For people.
    pub message: String,
    /// The address that sent it.
    pub from: String,
    /// What the sender calls itself.
    pub agent: String,
}

impl TryFrom<NewHook> for lockgate::NewHook {
    type Error = Problem;

    fn try_from(new: NewHook) -> Result<Self, Problem> {
        let usual = rows::HookLimits::default();
        Ok(Self {
            profile: new.profile.parse()?,
            trigger: new.trigger,
            limits: rows::HookLimits {
                body_bytes_max: new.body_bytes_max.unwrap_or(usual.body_bytes_max),
                per_second: new.per_second.unwrap_or(usual.per_second),
                burst: new.burst.unwrap_or(usual.burst),
            },
            secret: new.secret.map(Secret::new),
        })
    }
}

impl NewHookSecret {
    pub(crate) fn keep(&self) -> KeepOld {
        match self.keep_old_ms {
            None => KeepOld::UntilRetired,
            Some(0) => KeepOld::No,
            Some(ms) => KeepOld::ForMs(ms),
        }
    }

    pub(crate) fn secret(self) -> Option<Secret> {
        self.secret.map(Secret::new)
    }
}

impl Hook {
    pub(crate) fn of(tenant: &Tenant, hook: rows::Hook) -> Self {
        let good = tenant.is_old_secret_good(&hook);
        Self {
            url: tenant.hook_url(&hook.id),
            id: hook.id.to_string(),
            profile: hook.profile.to_string(),
            trigger: hook.trigger,
            enabled: hook.enabled,
            body_bytes_max: hook.limits.body_bytes_max,
            per_second: hook.limits.per_second,
            burst: hook.limits.burst,
            created_at: hook.created_at.to_string(),
            rotated_at: hook.rotated_at.map(|at| at.to_string()),
            old_secret: good,
            old_secret_until: hook
                .previous
                .filter(|_| good)
                .and_then(|previous| previous.until)
                .map(|until| until.to_string()),
        }
    }
}

impl HookMade {
    pub(crate) fn of(tenant: &Tenant, made: MadeHook) -> Self {
        let secret = made.secret.map(|secret| String::from_utf8_lossy(secret.expose()).into_owned());
        Self { hook: Hook::of(tenant, made.hook), secret }
    }
}

impl HookShown {
    pub(crate) fn of(tenant: &Tenant, hook: rows::Hook, notes: rows::HookNotes) -> Self {
        Self {
            hook: Hook::of(tenant, hook),
            accepted: notes.accepted,
            duplicates: notes.duplicates,
            last_accepted_at: notes.last_accepted_at.map(|at| at.to_string()),
            refused: notes.refused,
            refusals: notes.refusals.into_iter().map(HookRefusal::from).collect(),
        }
    }
}

impl From<rows::HookRefusal> for HookRefusal {
    fn from(refusal: rows::HookRefusal) -> Self {
        let rows::HookRefusal { at, code, message, from, agent } = refusal;
        Self { at: at.to_string(), code, message, from, agent }
    }
}

impl From<HookAnswer> for HookTested {
    fn from(answer: HookAnswer) -> Self {
        let outcome = match answer {
            HookAnswer::Taken => "taken",
            HookAnswer::Again => "again",
            HookAnswer::Challenge(_) => "challenge",
        };
        Self { outcome: outcome.to_owned() }
    }
}
