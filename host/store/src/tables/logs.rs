//! What guests said and sent, newest first, up to a bound for each tenant.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::log::LogEntry;
use domain::{ProfileName, RunId, TenantId};

use crate::backend::Order;
use crate::commit::{Commit, Expect};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

/// Rows that one pruning removes at most, so that it never becomes a long write.
const PRUNED_MAX: usize = 2_000;

/// Orders what was logged in the same millisecond.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Which entries; an empty one means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    pub run: Option<RunId>,
    pub profile: Option<ProfileName>,
}

impl LogFilter {
    fn matches(&self, entry: &LogEntry) -> bool {
        let run = self.run.is_none() || entry.run == self.run;
        run && (self.profile.is_none() || entry.profile == self.profile)
    }
}

pub trait Logs {
    /// Newest first.
    fn logs(
        &self,
        tenant: &TenantId,
        filter: &LogFilter,
        paging: &Paging,
    ) -> Result<Page<LogEntry>, StoreError>;
    /// A commit that removes the oldest entries beyond `keep`, or a part of them; an empty one when there are none.
    fn prune_logs(&self, tenant: &TenantId, keep: usize) -> Result<Commit, StoreError>;
}

impl Logs for Store {
    fn logs(
        &self,
        tenant: &TenantId,
        filter: &LogFilter,
        paging: &Paging,
    ) -> Result<Page<LogEntry>, StoreError> {
        self.page(&keys::logs(tenant), Order::Descending, paging, |key, row| {
            let entry = self.decode::<LogEntry>(key, row)?.value;
            Ok(filter.matches(&entry).then_some(entry))
        })
    }

    fn prune_logs(&self, tenant: &TenantId, keep: usize) -> Result<Commit, StoreError> {
        let prefix = keys::logs(tenant);
        let surplus = self.count(&prefix)?.saturating_sub(u64::try_from(keep).unwrap_or(u64::MAX));
        let surplus = usize::try_from(surplus).unwrap_or(PRUNED_MAX).min(PRUNED_MAX);
        let mut commit = Commit::new();
        if surplus > 0 {
            for rest in self.names(&prefix, surplus)? {
                commit.delete(keys::log_named(tenant, &rest), Expect::Any);
            }
        }
        Ok(commit)
    }
}

impl Commit {
    pub fn append_logs(&mut self, tenant: &TenantId, entries: &[LogEntry]) {
        for entry in entries {
            // After a restart the counter begins again, and the clock may have been set back.
            let mark = match serde_json::to_vec(entry) {
                Ok(json) => blake3::hash(&json).to_hex().chars().take(16).collect::<String>(),
                Err(_) => String::new(),
            };
            let key = keys::log(tenant, entry.at, COUNTER.fetch_add(1, Ordering::Relaxed), &mark);
            self.put(key, entry, Expect::Any);
        }
    }
}
