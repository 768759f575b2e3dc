//! Takes down what a watched profile tried. It judges nothing: what is noted has been allowed or denied already.

use domain::ProfileKey;
use domain::egress::Policy;
use domain::exchange::Exchange;
use store::{Commit, Expect, Observations as _, Store, StoreError};

/// Calls of one profile that end together write to one row; each failure is somebody else's progress.
const TRIES_MAX: usize = 64;

/// A commit of its own: the summary must never be what a delivery waits for a second time. A crash between the two
/// loses the counts of one call.
pub(crate) async fn note(store: &Store, of: &ProfileKey, policy: &Policy, exchanges: &[Exchange]) {
    if exchanges.is_empty() {
        return;
    }
    for _ in 0..TRIES_MAX {
        match try_note(store, of, policy, exchanges).await {
            Ok(()) => return,
            Err(error) if error.is_conflict() => {}
            Err(error) => {
                tracing::warn!(tenant = %of.tenant, profile = %of.profile, %error, "an observation could not be kept");
                return;
            }
        }
    }
    tracing::warn!(tenant = %of.tenant, profile = %of.profile, "an observation is being written by too many at once");
}

async fn try_note(
    store: &Store,
    of: &ProfileKey,
    policy: &Policy,
    exchanges: &[Exchange],
) -> Result<(), StoreError> {
    let Some(mut row) = store.observation(&of.tenant, &of.profile)? else { return Ok(()) };
    if !row.value.note(exchanges, policy) {
        return Ok(());
    }
    let mut commit = Commit::new();
    commit.put_observation(&of.tenant, &of.profile, &row.value, Expect::Version(row.version));
    store.commit(commit).await
}
