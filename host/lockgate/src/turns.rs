//! One at a time for each tenant, where something is counted before it is added.
//!
//! A count and the write that follows from it belong together: without this, a hundred requests at once would all find
//! the last place free. The rooms' locks order processes too: a data folder has one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;
use tokio::sync::OwnedMutexGuard;

/// Above this number, turns that nobody holds or waits for are forgotten.
const SWEPT_ABOVE: usize = 256;

#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits, first come, first served, until no other holds the tenant's turn.
    pub(crate) async fn take(&self, tenant: &TenantId) -> OwnedMutexGuard<()> {
        self.of(tenant).lock_owned().await
    }

    fn of(&self, tenant: &TenantId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > SWEPT_ABOVE {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        turns.entry(tenant.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_tenants_turn_does_not_hold_up_another_and_is_not_forgotten_while_held() {
        let turns = Turns::default();
        let acme: TenantId = "acme".parse().unwrap();
        let held = turns.take(&acme).await;
        for at in 0..=SWEPT_ABOVE * 2 {
            drop(turns.take(&format!("t{at}").parse().unwrap()).await);
        }
        assert!(turns.of(&acme).try_lock().is_err());
        drop(held);
        assert!(turns.of(&acme).try_lock().is_ok());
        assert!(turns.0.lock().unwrap().len() <= SWEPT_ABOVE + 2);
    }
}
