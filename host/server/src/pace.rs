//! Holds each tenant to its rate of requests, over all of its tokens: more tokens do not make it faster.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use domain::TenantId;
use domain::egress::Pace;
use tokio::time::Instant;

use crate::problem::Problem;

/// Above this number, tenants that have been at rest are forgotten: their bucket is full again.
const SWEPT_ABOVE: usize = 1_024;

pub(crate) struct Paces {
    per_second: u32,
    burst: u32,
    since: Instant,
    /// Only tenants with a good token get here, so nobody can fill it with names. Never held across an await.
    tenants: Mutex<HashMap<TenantId, Pace>>,
}

impl Paces {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second, burst, since: Instant::now(), tenants: Mutex::default() }
    }

    pub(crate) fn take(&self, tenant: &TenantId) -> Result<(), Problem> {
        self.take_at(tenant, u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn take_at(&self, tenant: &TenantId, now_us: u64) -> Result<(), Problem> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() > SWEPT_ABOVE {
            tenants.retain(|_, pace| !pace.is_rested(now_us));
        }
        let pace = tenants.entry(tenant.clone()).or_insert_with(|| Pace::new(self.per_second, self.burst));
        pace.take(now_us).map_err(|wait_us| {
            let detail = format!(
                "the tenant asks more often than {} times a second (quota requests_per_second); wait as long as \
                 `retry-after` says, or ask the operator for more",
                self.per_second
            );
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", detail);
            Problem { retry_after_s: u32::try_from(wait_us.div_ceil(1_000_000)).ok(), ..problem }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_is_held_and_another_is_not_and_time_brings_more() {
        let paces = Paces::new(2, 3);
        let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
        for _ in 0..3 {
            paces.take_at(&a, 0).unwrap();
        }
        let problem = paces.take_at(&a, 0).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (429, "quota_exceeded"));
        assert_eq!(problem.retry_after_s, Some(1));
        paces.take_at(&b, 0).unwrap();
        paces.take_at(&a, 500_000).unwrap();
        assert!(paces.take_at(&a, 500_000).is_err());
    }

    #[test]
    fn tenants_at_rest_are_forgotten() {
        let paces = Paces::new(1, 1);
        for at in 0..=SWEPT_ABOVE {
            paces.take_at(&format!("t{at}").parse().unwrap(), 0).unwrap();
        }
        paces.take_at(&"late".parse().unwrap(), 2_000_000).unwrap();
        assert_eq!(paces.tenants.lock().unwrap().len(), 1);
    }
}
