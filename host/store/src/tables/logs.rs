//! What guests said and sent, in the order of writing, up to a bound for each tenant.
//!
//! The committer numbers the rows, so that a reader who goes on from a number misses none and sees none twice.

use domain::log::LogEntry;
use domain::{CorrelationId, ProfileName, RecordKey, RunId, TenantId};

use crate::backend::Order;
use crate::commit::{Commit, Expect};
use crate::committer::last_log;
use crate::error::StoreError;
use crate::page::{PAGE_ITEMS_MAX, PAGE_ROWS_MAX, Page, Paging};
use crate::{Store, keys};

/// Rows that one pruning removes at most, so that it never becomes a long write.
const PRUNED_MAX: usize = 2_000;

/// Which entries; an empty one means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    pub run: Option<RunId>,
    pub profile: Option<ProfileName>,
    pub record: Option<RecordKey>,
    pub correlation: Option<CorrelationId>,
    /// Only what became of records, attempt by attempt.
    pub settled: bool,
}

/// What has been written since a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogTail {
    /// Oldest first.
    pub entries: Vec<LogEntry>,
    /// From where to go on.
    pub position: u64,
    /// Rows behind the number that had been removed before they were read.
    pub missed: u64,
}

impl LogFilter {
    fn matches(&self, entry: &LogEntry) -> bool {
        (self.run.is_none() || entry.run == self.run)
            && (self.profile.is_none() || entry.profile == self.profile)
            && self.correlation.as_ref().is_none_or(|correlation| entry.correlation == *correlation)
            && self.record.as_ref().is_none_or(|record| entry.is_about(record))
            && (!self.settled || matches!(entry.event, domain::log::LogEvent::Settled { .. }))
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
    /// The entries behind a number, oldest first. Few or none may come although there are more: the position says how
    /// far the look went.
    fn logs_after(
        &self,
        tenant: &TenantId,
        number: u64,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<LogTail, StoreError>;
    /// The number of the newest entry; 0 where there is none.
    fn last_log(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    /// A commit that removes the oldest entries beyond `keep`, or a part of them; an empty one when there are none. The
    /// newest stays, since the next number follows from it.
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
            let entry = self.log_entry(key, row)?;
            Ok(filter.matches(&entry).then_some(entry))
        })
    }

    fn logs_after(
        &self,
        tenant: &TenantId,
        number: u64,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<LogTail, StoreError> {
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let mut tail = LogTail { position: number, ..LogTail::default() };
        let mut rows = 0;
        self.walk_behind(&keys::logs(tenant), Some(&keys::log(tenant, number)), false, |key, row| {
            let entry = self.log_entry(key, row)?;
            if rows == 0 && number > 0 {
                tail.missed = entry.number.saturating_sub(number.saturating_add(1));
            }
            rows += 1;
            tail.position = entry.number;
            tail.entries.extend(Some(entry).filter(|entry| filter.matches(entry)));
            Ok(rows < PAGE_ROWS_MAX && tail.entries.len() < limit)
        })?;
        Ok(tail)
    }

    fn last_log(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        last_log(&*self.inner().backend, tenant)
    }

    fn prune_logs(&self, tenant: &TenantId, keep: usize) -> Result<Commit, StoreError> {
        let prefix = keys::logs(tenant);
        let keep = u64::try_from(keep.max(1)).unwrap_or(u64::MAX);
        let surplus = self.count(&prefix)?.saturating_sub(keep);
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

impl Store {
    fn log_entry(&self, key: &[u8], row: &[u8]) -> Result<LogEntry, StoreError> {
        let entry: LogEntry = self.decode(key, row)?.value;
        Ok(LogEntry { number: keys::log_number(key), ..entry })
    }
}

impl Commit {
    pub fn append_logs(&mut self, tenant: &TenantId, entries: &[LogEntry]) {
        for entry in entries {
            if let Some(json) = self.json(&keys::log(tenant, 0), entry) {
                self.logs.push((tenant.clone(), json));
            }
        }
    }
}
