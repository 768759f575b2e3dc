//! Holds each hook, and each tenant over all of its hooks, to a rate of requests: a flood costs its own hook, and no work.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use domain::egress::Pace;
use domain::hook::Hook;
use domain::{HookId, TenantId};
use tokio::time::Instant;

/// Above this number, those that have been at rest are forgotten: their bucket is full again.
const SWEPT_ABOVE: usize = 1_024;
/// Requests of one tenant in a second, over all of its hooks.
const TENANT_PER_SECOND: u32 = 1_000;
const TENANT_BURST: u32 = 5_000;

pub(crate) struct HookPaces {
    since: Instant,
    /// Only hooks that exist get here, so nobody can fill it with names. Never held across an await.
    hooks: Mutex<HashMap<HookId, (u32, u32, Pace)>>,
    tenants: Mutex<HashMap<TenantId, (u32, u32, Pace)>>,
}

impl Default for HookPaces {
    fn default() -> Self {
        Self { since: Instant::now(), hooks: Mutex::default(), tenants: Mutex::default() }
    }
}

impl HookPaces {
    /// Takes one request, or says after how many seconds there may be one.
    pub(crate) fn take(&self, tenant: &TenantId, hook: &Hook) -> Result<(), u32> {
        let now_us = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        let limits = hook.limits;
        take(&self.hooks, &hook.id, (limits.per_second, limits.burst), now_us)?;
        take(&self.tenants, tenant, (TENANT_PER_SECOND, TENANT_BURST), now_us)
    }
}

fn take<K: Clone + Eq + Hash>(
    paces: &Mutex<HashMap<K, (u32, u32, Pace)>>,
    key: &K,
    (per_second, burst): (u32, u32),
    now_us: u64,
) -> Result<(), u32> {
    let mut paces = paces.lock().unwrap_or_else(PoisonError::into_inner);
    if paces.len() > SWEPT_ABOVE {
        paces.retain(|_, (_, _, pace)| !pace.is_rested(now_us));
    }
    let fresh = || (per_second, burst, Pace::new(per_second, burst));
    let known = paces.entry(key.clone()).or_insert_with(fresh);
    if (known.0, known.1) != (per_second, burst) {
        *known = fresh();
    }
    known
        .2
        .take(now_us)
        .map_err(|wait_us| u32::try_from(wait_us.div_ceil(1_000_000)).unwrap_or(u32::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_held_to_its_rate_and_another_is_not() {
        let paces = Mutex::default();
        for _ in 0..3 {
            take(&paces, &"one", (2, 3), 0).unwrap();
        }
        assert_eq!(take(&paces, &"one", (2, 3), 0), Err(1));
        take(&paces, &"other", (2, 3), 0).unwrap();
        take(&paces, &"one", (2, 3), 500_000).unwrap();
        // Other limits begin anew.
        take(&paces, &"one", (2, 4), 500_000).unwrap();
    }
}
