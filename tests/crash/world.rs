//! The vendors of one folder: what they have to offer, and what they count.

mod town;

use vendors::Depot;

use crate::judge::Known;
use crate::plan::Chain;
pub use town::Town;

/// New records of the depot before each life.
const RECORDS: u64 = 60;

pub enum World {
    Ferry(Depot),
    Crm(Town),
}

/// What went in and out so far.
pub struct Counts {
    /// Records that have taken effect.
    pub records: u64,
    pub requests: u64,
    pub tokens: u64,
}

impl World {
    pub async fn start(chain: Chain) -> Self {
        match chain {
            Chain::Ferry => Self::Ferry(Depot::start(false).await.unwrap()),
            Chain::Crm => Self::Crm(Town::start().await),
        }
    }

    /// As the worker is told them.
    pub fn urls(&self) -> Vec<String> {
        match self {
            Self::Ferry(depot) => vec![depot.url()],
            Self::Crm(town) => town.urls(),
        }
    }

    /// There is more to carry.
    pub fn offer(&self) {
        match self {
            Self::Ferry(depot) => depot.offer(depot.available() + RECORDS),
            Self::Crm(town) => town.offer(),
        }
    }

    /// Nothing fails any more.
    pub fn mend(&self) {
        match self {
            Self::Ferry(depot) => depot.mend(),
            Self::Crm(town) => town.mend(),
        }
    }

    /// What has been acknowledged may be relied on.
    pub fn expect(&self, known: &Known) {
        match self {
            Self::Ferry(depot) => depot.expect_credential(known.credential),
            Self::Crm(_) => {}
        }
    }

    pub fn counts(&self) -> Counts {
        match self {
            Self::Ferry(depot) => {
                Counts { records: depot.delivered() as u64, requests: depot.requests(), tokens: 0 }
            }
            Self::Crm(town) => town.counts(),
        }
    }
}
