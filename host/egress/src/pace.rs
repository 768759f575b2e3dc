//! Holds a profile's requests to the rate that its connector declared, first come, first served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ProfileName;
use domain::egress::{Pace, Policy};
use tokio::time::{Instant, sleep, timeout_at};

use crate::tenants::TooBusy;

/// Above this number, lanes that have been at rest are forgotten.
const LANES_SWEPT_ABOVE: usize = 256;
const AT_REST: Duration = Duration::from_secs(600);

/// One tenant's lanes.
pub(crate) struct Paces {
    since: Instant,
    lanes: Mutex<HashMap<LaneKey, Lane>>,
}

/// A new version of a connector may declare another rate; a running call still keeps to the old one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct LaneKey {
    profile: ProfileName,
    per_second: u32,
    burst: u32,
}

struct Lane {
    /// Held by the request whose turn is next; the lock's queue is the order of the others.
    pace: Arc<tokio::sync::Mutex<Pace>>,
    last_use: Instant,
}

impl Paces {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), lanes: Mutex::default() }
    }

    /// Waits until the profile may send a request that counts for so many.
    pub(crate) async fn wait(
        &self,
        profile: &ProfileName,
        policy: &Policy,
        cost: u32,
        deadline: Instant,
    ) -> Result<(), TooBusy> {
        let Some(rate) = policy.rate() else { return Ok(()) };
        let key = LaneKey { profile: profile.clone(), per_second: rate.per_second, burst: rate.burst };
        let lane = self.lane(key, || Pace::from(rate));
        let turn = async {
            let mut pace = lane.lock().await;
            while let Err(wait_us) = pace.take_for(cost, self.now_us()) {
                sleep(Duration::from_micros(wait_us)).await;
            }
        };
        timeout_at(deadline, turn).await.map_err(|_| TooBusy::Pace)
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn lane(&self, key: LaneKey, full: impl FnOnce() -> Pace) -> Arc<tokio::sync::Mutex<Pace>> {
        let now = Instant::now();
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= LANES_SWEPT_ABOVE {
            lanes.retain(|_, lane| now.duration_since(lane.last_use) < AT_REST);
        }
        let lane = lanes
            .entry(key)
            .or_insert_with(|| Lane { pace: Arc::new(tokio::sync::Mutex::new(full())), last_use: now });
        lane.last_use = now;
        Arc::clone(&lane.pace)
    }
}
