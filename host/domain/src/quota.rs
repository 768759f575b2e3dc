//! What one tenant may hold and do at once: the limits, and the refusal that names the one that was met.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The limits of each tenant of a host. The defaults fit a busy tenant and keep a hostile one from filling the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Connectors, by name.
    pub connectors: u64,
    /// Versions of one connector.
    pub versions_per_connector: u64,
    /// Bytes of all components together.
    pub component_bytes: u64,
    pub profiles: u64,
    pub flows: u64,
    /// Addresses that systems send webhooks to.
    pub hooks: u64,
    /// Secrets of all profiles together, credentials included.
    pub secrets: u64,
    /// Tokens that have not been revoked.
    pub tokens: u64,
    /// Subscriptions to events.
    pub subscriptions: u64,
    /// Calls that the API runs at the same time; runs of flows have a bound of their own.
    pub calls_at_once: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            connectors: 100,
            versions_per_connector: 50,
            component_bytes: 1 << 30,
            profiles: 1_000,
            flows: 1_000,
            hooks: 1_000,
            secrets: 5_000,
            tokens: 100,
            subscriptions: 20,
            calls_at_once: 32,
        }
    }
}

/// One of the limits. The names are stable: programs may decide by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    Connectors,
    VersionsPerConnector,
    ComponentBytes,
    Profiles,
    Flows,
    Hooks,
    Secrets,
    Tokens,
    Subscriptions,
    CallsAtOnce,
}

/// A limit that would be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant is at its quota {quota}: {held} of at most {limit}; {}", .quota.remedy())]
pub struct QuotaExceeded {
    pub quota: Quota,
    pub held: u64,
    pub limit: u64,
}

impl Quota {
    pub const ALL: [Self; 10] = [
        Self::Connectors,
        Self::VersionsPerConnector,
        Self::ComponentBytes,
        Self::Profiles,
        Self::Flows,
        Self::Hooks,
        Self::Secrets,
        Self::Tokens,
        Self::Subscriptions,
        Self::CallsAtOnce,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connectors => "connectors",
            Self::VersionsPerConnector => "versions_per_connector",
            Self::ComponentBytes => "component_bytes",
            Self::Profiles => "profiles",
            Self::Flows => "flows",
            Self::Hooks => "hooks",
            Self::Secrets => "secrets",
            Self::Tokens => "tokens",
            Self::Subscriptions => "subscriptions",
            Self::CallsAtOnce => "calls_at_once",
        }
    }

    /// Whether it comes back by itself, without anything being removed.
    pub fn passes(self) -> bool {
        self == Self::CallsAtOnce
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::CallsAtOnce => "wait for a call to end, or ask the operator for more",
            Self::Tokens => "revoke a token that is not needed, or raise the quota",
            _ => "remove what is not needed, or ask the operator for more",
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Quotas {
    pub fn limit(&self, quota: Quota) -> u64 {
        match quota {
            Quota::Connectors => self.connectors,
            Quota::VersionsPerConnector => self.versions_per_connector,
            Quota::ComponentBytes => self.component_bytes,
            Quota::Profiles => self.profiles,
            Quota::Flows => self.flows,
            Quota::Hooks => self.hooks,
            Quota::Secrets => self.secrets,
            Quota::Tokens => self.tokens,
            Quota::Subscriptions => self.subscriptions,
            Quota::CallsAtOnce => self.calls_at_once,
        }
    }

    /// Whether so many more fit beside those that are there.
    pub fn check(&self, quota: Quota, held: u64, adding: u64) -> Result<(), QuotaExceeded> {
        let limit = self.limit(quota);
        if held.saturating_add(adding) <= limit { Ok(()) } else { Err(QuotaExceeded { quota, held, limit }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_fits_and_the_next_is_refused_by_name() {
        let quotas = Quotas { flows: 3, ..Quotas::default() };
        assert_eq!(quotas.check(Quota::Flows, 2, 1), Ok(()));
        let refused = quotas.check(Quota::Flows, 3, 1).unwrap_err();
        assert_eq!((refused.held, refused.limit), (3, 3));
        assert!(refused.to_string().contains("quota flows: 3 of at most 3"), "{refused}");
        assert!(quotas.check(Quota::ComponentBytes, 1, u64::MAX).is_err());
        // A limit that was lowered below what is there refuses the next and takes nothing away.
        assert!(quotas.check(Quota::Flows, 9, 1).is_err());
    }

    #[test]
    fn an_operator_names_only_what_differs_and_a_wrong_name_is_an_error() {
        let quotas: Quotas = serde_json::from_str(r#"{"flows": 7}"#).unwrap();
        assert_eq!(quotas, Quotas { flows: 7, ..Quotas::default() });
        assert!(serde_json::from_str::<Quotas>(r#"{"flow": 7}"#).is_err());
        let written = serde_json::to_value(quotas).unwrap();
        for quota in Quota::ALL {
            assert_eq!(written[quota.as_str()], quotas.limit(quota), "{quota}");
        }
        assert_eq!(written.as_object().unwrap().len(), Quota::ALL.len());
    }
}
